# SPDX-License-Identifier: MIT
"""Puts CUDA into every Python process of a run, as importing a CUDA framework does, without using it."""

import ctypes

ctypes.CDLL("libcuda.so.1")
