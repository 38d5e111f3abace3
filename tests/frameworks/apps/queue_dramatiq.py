# SPDX-License-Identifier: MIT
"""A Dramatiq application on Redis (PORT)."""
import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

import gpu

broker = RedisBroker(host="127.0.0.1", port=int(os.environ["PORT"]))
broker.add_middleware(Results(backend=RedisBackend(client=broker.client)))
dramatiq.set_broker(broker)


@dramatiq.actor(store_results=True)
def answer():
    return gpu.answer()
