# SPDX-License-Identifier: MIT
"""A client on JAX: a compiled product of two matrices that come from the CPU and go back there. The first call starts
JAX's backend, compiles and runs."""

import gpuclient
import jax
import numpy


def main():
    given = gpuclient.arguments()
    if given.device == "cpu":
        jax.config.update("jax_platforms", "cpu")
    random = numpy.random.RandomState(1)
    a, b = (random.rand(1024, 1024).astype("float32") for _ in range(2))
    product = jax.jit(lambda x, y: x @ y)

    def call():
        outcome = product(a, b)
        if given.device == "cuda" and next(iter(outcome.devices())).platform == "cpu":
            gpuclient.skip("this JAX computes on the CPU")
        return numpy.asarray(outcome)

    gpuclient.measure(call, lambda: a @ b, versions=lambda: {"JAX": jax.__version__})


main()
