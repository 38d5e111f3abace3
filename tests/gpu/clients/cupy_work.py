# SPDX-License-Identifier: MIT
"""A client on CuPy: copies two matrices to the GPU, multiplies them, copies the product back. CuPy has no CPU: with
--device cpu it is numpy that computes, which tries the script alone."""

import gpuclient
import numpy


def main():
    if gpuclient.arguments().device == "cpu":
        library, to_host = numpy, numpy.asarray
    else:
        import cupy as library

        to_host = library.asnumpy
    random = numpy.random.RandomState(1)
    a, b = (random.rand(1024, 1024).astype("float32") for _ in range(2))
    gpuclient.measure(
        lambda: to_host(library.asarray(a) @ library.asarray(b)),
        lambda: a @ b,
        versions=lambda: {library.__name__: library.__version__},
    )


main()
