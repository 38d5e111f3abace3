# SPDX-License-Identifier: MIT
"""Opens the driver when it is imported, as `import torch` does, without initialising it; use() is a first use of it.
Imported by bystanders.py, and by the processes that multiprocessing makes for it."""
import ctypes
import os

driver = ctypes.CDLL("libcuda.so.1")
opened_by = os.getpid()


def use():
    """What each call gave, and whether what was copied to the GPU came back."""
    context, memory = ctypes.c_void_p(), ctypes.c_uint64()
    sent, back = os.urandom(4096), ctypes.create_string_buffer(4096)
    size = ctypes.c_size_t(4096)
    results = [
        driver.cuInit(0),
        driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0),
        driver.cuCtxPushCurrent_v2(context),
        driver.cuMemAlloc_v2(ctypes.byref(memory), size),
        driver.cuMemcpyHtoD_v2(memory, sent, size),
        driver.cuMemcpyDtoH_v2(back, memory, size),
        driver.cuMemFree_v2(memory),
        driver.cuCtxPopCurrent_v2(ctypes.byref(context)),
    ]
    return f"{results}, {'same' if back.raw == sent else 'different'}"


def tell(connection):
    """In a process of its own: was the driver opened by another one, from which it was forked; and does CUDA work?"""
    connection.send(f"opened here: {opened_by == os.getpid()}, {use()}")
