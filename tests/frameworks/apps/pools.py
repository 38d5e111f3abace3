# SPDX-License-Identifier: MIT
"""A FastAPI service whose GPU work is done by other processes. POOL says by whom: `spawn` and `fork` are pools that are
started before it serves, `fork-late` a pool made by the first request, `process` a forked process for each job. CUDA is
loaded in the service too, since such a service and its workers are one file that says `import torch`."""
import concurrent.futures
import contextlib
import multiprocessing
import os

import fastapi
from fastapi.responses import PlainTextResponse

import gpu

POOL = os.environ["POOL"]
METHOD = "spawn" if POOL == "spawn" else "fork"
pool = None


def make_pool():
    return concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context(METHOD))


def start_process(queue):
    queue.put(gpu.answer())


@contextlib.asynccontextmanager
async def lifespan(_):
    global pool
    if POOL in ("spawn", "fork"):
        pool = make_pool()
        pool.submit(os.getpid).result()
    yield
    if pool:
        pool.shutdown()


app = fastapi.FastAPI(lifespan=lifespan)


@app.get("/", response_class=PlainTextResponse)
def answer():
    global pool
    if POOL == "process":
        context = multiprocessing.get_context("fork")
        queue = context.SimpleQueue()
        job = context.Process(target=start_process, args=(queue,))
        job.start()
        text = queue.get()
        job.join()
        return text
    pool = pool or make_pool()
    return pool.submit(gpu.answer).result()
