# SPDX-License-Identifier: MIT
"""spawns.py METHOD STEP...: a program whose workers multiprocessing starts by that method ("spawn", "forkserver"). Each
worker prints what CUDA gave in it. The fork server imports this file when it is named in preload(), and forks then."""
import concurrent.futures
import multiprocessing
import os
import selectors
import socket
import sys

WORKERS = 2
method = sys.argv[1] if __name__ == "__main__" else None
context = multiprocessing.get_context(method) if method else multiprocessing


def use(*_):
    import uses_cuda

    return uses_cuda.use()


def tell(end):
    end.send(use())


def ask(what, *arguments):
    """What a worker that does this tells; it has ended then."""
    ours, theirs = context.Pipe()
    worker = context.Process(target=what, args=(theirs, *arguments))
    worker.start()
    told = ours.recv()
    worker.join()
    return f"{told}, {worker.exitcode}"


def nest(end, how):
    """A worker with a worker of its own."""
    global context
    context = multiprocessing.get_context(how)
    end.send(f"{use()}; below: {ask(tell)}")


def wait(end, listener):
    """A server's worker, to whom nobody comes. It has opened the driver, as `import torch` does."""
    import uses_cuda

    uses_cuda.opened_by = None
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        end.send(f"connections: {len(selector.select(0.01))}")


def itself():
    print("itself:", use())


def process():
    for _ in range(WORKERS):
        print("worker:", ask(tell))


def pool():
    with context.Pool(WORKERS) as workers:
        print("pool:", workers.map(use, range(WORKERS)))
        workers.close()
        workers.join()


def executor():
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as workers:
        print("executor:", list(workers.map(use, range(WORKERS))))


def nested():
    print("worker:", ask(nest, method))


def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        print("worker:", ask(wait, server))


def preload():
    context.set_forkserver_preload(["spawns"])


if __name__ == "__main__":
    for step in sys.argv[2:]:
        globals()[step]()
elif __name__ == "spawns" and not multiprocessing.parent_process():
    # As a module that starts programs when it is imported, with a Python that has no vfork(2) for that.
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
