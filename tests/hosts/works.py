# SPDX-License-Identifier: MIT
"""works.py PROGRAM STEP...: a Python program that does the steps in this order and prints what CUDA gave in each, with
PROGRAM for a CUDA executable that it starts. tests/e2e/works_python.c compares what it prints with and without the library.
"""
import ctypes
import multiprocessing
import os
import socket
import subprocess
import sys
import threading

BYTES = 64
program = None
workers = []
listeners = []


def load():
    """Opens the driver, as `import torch` does; nothing is initialised."""
    return ctypes.CDLL("libcuda.so.1")


def gpu():
    """A whole use of the first GPU: its name and that what was copied there came back, or the first call that failed."""
    driver = load()
    context, memory = ctypes.c_void_p(), ctypes.c_uint64()
    sent, back, name = os.urandom(BYTES), ctypes.create_string_buffer(BYTES), ctypes.create_string_buffer(64)
    for call, *arguments in (("cuInit", 0),
                             ("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0),
                             ("cuCtxPushCurrent_v2", context),
                             ("cuMemAlloc_v2", ctypes.byref(memory), ctypes.c_size_t(BYTES)),
                             ("cuMemcpyHtoD_v2", memory, sent, ctypes.c_size_t(BYTES)),
                             ("cuMemcpyDtoH_v2", back, memory, ctypes.c_size_t(BYTES)),
                             ("cuMemFree_v2", memory),
                             ("cuDeviceGetName", name, 64, 0)):
        result = getattr(driver, call)(*arguments)
        if result:
            return f"{call} {result}"
    return f"{name.value.decode()}: {'same' if back.raw == sent else 'different'}"


def use():
    print("itself:", gpu())


def work(end):
    """A worker: waits until it is asked."""
    end.recv()
    end.send(gpu())


def start(method):
    context = multiprocessing.get_context(method)
    os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
    multiprocessing.set_forkserver_preload(["works"])
    for _ in range(2):
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs,))
        process.start()
        theirs.close()
        workers.append((process, ours))


def ask():
    while workers:
        process, end = workers.pop()
        end.send("use the GPU")
        print("worker:", end.recv())
        process.join()


def pool(method):
    with multiprocessing.get_context(method).Pool(1) as one:
        print("pool:", one.apply(gpu))


def listen():
    listeners.append(socket.create_server(("127.0.0.1", 0)))


def serve():
    """One connection over TCP, on the initial thread; to the socket that listens already, where there is one."""
    with listeners.pop() if listeners else socket.create_server(("127.0.0.1", 0)) as listener:
        client = threading.Thread(target=lambda: socket.create_connection(listener.getsockname()).close())
        client.start()
        listener.accept()[0].close()
        client.join()
    print("served")


def aside():
    """The same on another thread, as what shows metrics does."""
    thread = threading.Thread(target=serve)
    thread.start()
    thread.join()


def run(what, **options):
    ended = subprocess.run([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False, text=True, **options)
    print(f"{what}: {ended.returncode} {ended.stdout.strip()}")


def preexec():
    """Python code that runs in the child between fork and exec."""
    def between():
        os.setsid()
        os.write(1, f"in between: {len([str(number) for number in range(1000)])}, ".encode())

    run("after preexec_fn", preexec_fn=between)
    run("after preexec_fn, nothing closed", preexec_fn=between, close_fds=False)
    try:
        run("not run", preexec_fn=lambda: 1 // 0)
    except subprocess.SubprocessError as error:
        print("preexec_fn raised:", error)


def closing():
    run("descriptors closed", close_fds=True)
    run("descriptors kept", close_fds=False)
    run("a session of its own", start_new_session=True)


def spawning():
    print("posix_spawn:", os.waitpid(os.posix_spawn(program, [program], os.environ), 0)[1])
    print("system:", os.system(f"exec {program}"))


def launch():
    run("launched")


def ranks(variable, *alone):
    """Four at a time, each with its rank in the variable, on the GPU of its rank; or each with that alone visible."""
    started = []
    for rank in map(str, range(4)):
        variables = {**os.environ, variable: rank, **({"CUDA_VISIBLE_DEVICES": rank} if alone else {})}
        started.append(subprocess.Popen([program, "0" if alone else rank], env=variables, stdout=subprocess.PIPE, text=True))
    for rank, process in enumerate(started):
        print(f"rank {rank}: {process.communicate()[0].strip()}")


def choose(device):
    os.environ["CUDA_VISIBLE_DEVICES"] = device


STEPS = {step.__name__: step for step in (load, use, start, ask, pool, listen, serve, aside, preexec, closing, spawning,
                                          launch, ranks, choose)}

if __name__ != "__main__":
    # As in a program that begins with `import torch`: where multiprocessing imports it, in a new process.
    load()
else:
    program = sys.argv[1]
    sys.stdout.reconfigure(line_buffering=True)
    for text in sys.argv[2:]:
        word, *given = text.split("=")
        STEPS[word](*given)
