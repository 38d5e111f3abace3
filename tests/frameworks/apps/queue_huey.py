# SPDX-License-Identifier: MIT
"""A Huey application. Its queue is a file."""
import os

import huey as library

import gpu

huey = library.SqliteHuey(filename=os.environ["SCRATCH"] + "/huey.db")


@huey.task()
def answer():
    return gpu.answer()
