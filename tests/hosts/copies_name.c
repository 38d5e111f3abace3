// link: cuda
/* SPDX-License-Identifier: MIT */
/*
 * copies_name WAY DEVICE [serve]: as chooses_by, but nowhere in the program does the name of the variable stand as a
 * whole: what is copied, gcc keeps as constants of 16 bytes.
 */
#include <stdlib.h>

static int choose_by_copy(const char *device)
{
    char name[] = "CUDA_VISIBLE_DEVICES";
    return setenv(name, device, 1);
}

#define CHOOSE(way, device) ((void)(way), choose_by_copy(device))
#include "chooses_by.c" /* NOLINT(bugprone-suspicious-include): the program itself */
