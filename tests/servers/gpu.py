# SPDX-License-Identifier: MIT
"""What a service does with CUDA, for the Python servers: opens the driver when it is imported, as `import torch` would,
without initialising it, and uses it in each request. With SERVER_LAZY set it is opened in the first request instead;
with SERVER_PAUSE each answer but the first takes so many seconds more, in which other processes get requests.
gpu.c is the same in C, and answers in the same words.
"""
import ctypes
import os
import time

BYTES = 65536
Pointer = ctypes.c_uint64


def load():
    return ctypes.CDLL("libcuda.so.1")


driver = None if os.environ.get("SERVER_LAZY") else load()
first = True


def answer():
    """One line: the process, when it began (CLOCK_MONOTONIC, ns), and what each call gave."""
    global driver, first
    before, first = first, False
    began = time.monotonic_ns()
    driver = driver or load()
    context, memory, given = ctypes.c_void_p(), Pointer(), []
    sent, back = os.urandom(BYTES), ctypes.create_string_buffer(BYTES)

    def call(name, *arguments):
        given.append(f"{name} {getattr(driver, name)(*arguments)}")

    def current():
        call("cuCtxGetCurrent", ctypes.byref(context))
        given.append("a context" if context else "no context")

    call("cuInit", 0)
    current()
    call("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
    call("cuCtxPushCurrent_v2", context)
    call("cuMemAlloc_v2", ctypes.byref(memory), ctypes.c_size_t(BYTES))
    call("cuMemcpyHtoD_v2", memory, sent, ctypes.c_size_t(BYTES))
    call("cuMemcpyDtoH_v2", back, memory, ctypes.c_size_t(BYTES))
    call("cuMemFree_v2", memory)
    call("cuCtxPopCurrent_v2", ctypes.byref(context))
    current()
    given.append("same" if back.raw == sent else "different")
    time.sleep(0 if before else float(os.environ.get("SERVER_PAUSE", "0")))
    return f"{os.getpid()} {began} {', '.join(given)}\n"
