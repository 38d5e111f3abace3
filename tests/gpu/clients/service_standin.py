# SPDX-License-Identifier: MIT
"""What service.py computes on the simulated driver, where PyTorch cannot run: numbers are doubled by a stand-in for
cuBLAS, in the simulated GPU's memory. The driver and the library are loaded before the service listens, as `import torch`
loads them. `standin` uses the GPU when it is asked first, `standin-model` copies its matrix there before it listens."""

import ctypes

SIZE, NUMBERS = 4, 16
Pointer = ctypes.c_uint64


class Work:
    def __init__(self, work, cublas):
        self.cuda = ctypes.CDLL("libcuda.so.1")
        self.cublas = ctypes.CDLL(cublas, ctypes.RTLD_GLOBAL)
        self.handle = ctypes.c_void_p()
        self.matrix = None
        if work == "standin-model":
            self.prepare()

    def call(self, library, name, *arguments):
        result = getattr(library, name)(*arguments)
        if result != 0:
            raise RuntimeError(f"{name} gave {result}")

    def copied(self, numbers):
        """The numbers in memory of the GPU."""
        memory, array = Pointer(), (ctypes.c_float * len(numbers))(*numbers)
        self.call(self.cuda, "cuMemAlloc_v2", ctypes.byref(memory), ctypes.c_size_t(ctypes.sizeof(array)))
        self.call(self.cuda, "cuMemcpyHtoD_v2", memory, array, ctypes.c_size_t(ctypes.sizeof(array)))
        return memory

    def prepare(self):
        context = ctypes.c_void_p()
        self.call(self.cuda, "cuInit", 0)
        self.call(self.cuda, "cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
        self.call(self.cuda, "cuCtxPushCurrent_v2", context)
        self.matrix = self.copied([2 if row == column else 0 for column in range(SIZE) for row in range(SIZE)])

    def product(self, given, made):
        """made = matrix * given, column by column."""
        if not self.handle:
            self.call(self.cublas, "cublasCreate_v2", ctypes.byref(self.handle))
        one, zero = ctypes.c_float(1), ctypes.c_float(0)
        columns = NUMBERS // SIZE
        self.call(
            self.cublas,
            "cublasSgemm_v2",
            *(self.handle, 0, 0, SIZE, columns, SIZE, ctypes.byref(one), self.matrix, SIZE, given, SIZE),
            *(ctypes.byref(zero), made, SIZE),
        )

    def answer(self):
        if not self.matrix:
            self.prepare()
        given, made = self.copied(range(NUMBERS)), self.copied([0] * NUMBERS)
        back = (ctypes.c_float * NUMBERS)()
        self.product(given, made)
        self.call(self.cuda, "cuMemcpyDtoH_v2", back, made, ctypes.c_size_t(ctypes.sizeof(back)))
        for memory in (given, made):
            self.call(self.cuda, "cuMemFree_v2", memory)
        return list(back)

    def expected(self):
        return [2.0 * number for number in range(NUMBERS)]

    def versions(self):
        return {}
