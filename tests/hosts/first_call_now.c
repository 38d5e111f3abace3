// link: cuda no-pie now
/* SPDX-License-Identifier: MIT */
/* The same at a fixed address, with every function looked up before main, our hooks included. */
#include "first_call.c" /* NOLINT(bugprone-suspicious-include): the program itself */
