# SPDX-License-Identifier: MIT
"""A worker program for RQ, which imports what its jobs need before it forks for them, as RQ's documentation advises."""
import os

import redis
import rq

import gpu

assert gpu.driver
rq.Worker(["default"], connection=redis.Redis("127.0.0.1", int(os.environ["PORT"]))).work()
