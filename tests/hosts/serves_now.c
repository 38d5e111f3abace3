// link: now
/* SPDX-License-Identifier: MIT */
/* The same server with every function looked up before main. */
#include "serves.c" /* NOLINT(bugprone-suspicious-include): the program itself */
