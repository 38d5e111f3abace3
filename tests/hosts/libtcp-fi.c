/* SPDX-License-Identifier: MIT */
/* As libfabric's provider for TCP in Intel MPI: ranks meet at its socket, and nobody is served. */
#include "libtorch_cpu.c" /* NOLINT(bugprone-suspicious-include): a library that does the same */
