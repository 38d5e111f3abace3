# SPDX-License-Identifier: MIT
"""What numba's own bindings of the driver API do with it: devices, copies, a module, a launch, a reset.

The kernel is PTX, because numba needs NVIDIA's libNVVM to compile Python, and Debian has none. What is someone else's
is numba and the Python interpreter. The simulated driver runs no kernel, so the array comes back as it was.
"""
import sys

import numpy
from numba import cuda
from numba.cuda.cudadrv import driver

PTX = b"""
.version 6.0
.target sm_50
.address_size 64
.visible .global .align 4 .u32 counts[4];
.visible .entry twice(.param .u64 values) { ret; }
"""


def launch_and_copy(values):
    """A launch on a stream between two copies; whether the array came back."""
    context = cuda.current_context()
    module = context.create_module_ptx(PTX)
    kernel = module.get_function("twice")
    _, counts_bytes = module.get_global_symbol("counts")
    stream = cuda.stream()
    there = cuda.to_device(values, stream=stream)
    driver.launch_kernel(kernel.handle, 8, 1, 1, 128, 1, 1, 0, stream.handle, [there.device_ctypes_pointer])
    back = there.copy_to_host(stream=stream)
    stream.synchronize()
    cuda.synchronize()
    return context.device.name.decode(), kernel.attrs.maxthreads, counts_bytes, bool((back == values).all())


array = numpy.arange(1024, dtype=numpy.int32)
print(len(cuda.gpus), "device, compute capability", cuda.get_current_device().compute_capability)
print(*launch_and_copy(array))
cuda.get_current_device().reset()
print("after a reset:", *launch_and_copy(array))
sys.exit(6)
