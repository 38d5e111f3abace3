# SPDX-License-Identifier: MIT
"""Processes and threads of Python programs that wait for connections without being the service: bystanders.py WHAT,
where WHAT is a function below. Prints what came of it, and whether CUDA works in the processes that are to use it."""
import http.client
import http.server
import multiprocessing
import multiprocessing.managers
import multiprocessing.reduction
import os
import signal
import sys
import threading

fork = multiprocessing.get_context("fork")


def child_uses_cuda(context=fork):
    import uses_cuda

    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=uses_cuda.tell, args=(sender,))
    child.start()
    print("child:", receiver.recv())
    child.join()
    print("child ended with", child.exitcode)


def forkserver():
    """The fork server has opened the driver and waits on a local socket, on its initial thread."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["uses_cuda"])
    child_uses_cuda(context)
    child_uses_cuda(context)


def fill(shared):
    shared["child"] = len(shared)


def managed(manager):
    shared = manager.dict(main=0)
    child = fork.Process(target=fill, args=(shared,))
    child.start()
    child.join()
    print("shared:", shared.copy())
    child_uses_cuda()


def manager():
    """Forked from a process that has opened the driver; its server accepts on a thread."""
    import uses_cuda

    with fork.Manager() as local:
        managed(local)
    remote = multiprocessing.managers.SyncManager(address=("127.0.0.1", 0), ctx=fork)
    with remote:
        managed(remote)
    print("main:", uses_cuda.use())


def answer_descriptor(connection):
    os.write(connection.recv().detach(), b"written by the worker")
    ours, theirs = os.pipe()
    connection.send(multiprocessing.reduction.DupFd(ours))
    os.write(theirs, b"read by main")
    connection.recv()


def descriptors():
    """As the workers of a DataLoader: whoever passes a descriptor has a thread that listens on a local socket. It blocks
    all signals; without a handler for Ctrl-C, as scripts have it that are to end at once, that is nothing to go by."""
    import uses_cuda

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ours, theirs = fork.Pipe()
    worker = fork.Process(target=answer_descriptor, args=(theirs,))
    worker.start()
    reading, writing = os.pipe()
    ours.send(multiprocessing.reduction.DupFd(writing))
    print(os.read(reading, 99), os.read(ours.recv().detach(), 99))
    child_uses_cuda()
    ours.send("end")
    worker.join()
    print("worker ended with", worker.exitcode, "main:", uses_cuda.use())


class Metrics(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def ask(server):
    """So often that the server is looked at: of one that has accepted without CUDA every sixteenth wait is."""
    for _ in range(20):
        connection = http.client.HTTPConnection(*server.server_address, timeout=20)
        connection.request("GET", "/metrics")
        print("metrics:", connection.getresponse().status)
        connection.close()


def metrics(opened_first=False):
    """The service is ready for questions about it, on a thread, before it forks the processes that use CUDA."""
    if opened_first:
        import uses_cuda
    server = http.server.HTTPServer(("127.0.0.1", 0), Metrics)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    ask(server)
    import uses_cuda
    ask(server)
    child_uses_cuda()
    child_uses_cuda()
    print("main:", uses_cuda.use())
    ask(server)
    server.shutdown()
    thread.join()


def metrics_after_cuda():
    metrics(opened_first=True)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
