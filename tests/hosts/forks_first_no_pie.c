// link: cuda no-pie
/* SPDX-License-Identifier: MIT */
/* The same at a fixed address: GNU ld then writes a hash table that covers none of the imports. */
#include "forks_first.c" /* NOLINT(bugprone-suspicious-include): the program itself */
