// link: cuda O0
/* SPDX-License-Identifier: MIT */
/* Not optimised: gcc keeps what is copied in instructions, 8 bytes in each. */
#include "copies_name.c" /* NOLINT(bugprone-suspicious-include): the program itself */
