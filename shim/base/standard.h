/* SPDX-License-Identifier: MIT */
/*
 * The standard descriptors of a program that was started without some of them. The driver opens files and keeps them;
 * on a free 0, 1 or 2 they would be the program's standard input or output, and what it prints would go to the GPU's
 * device file. So free ones are taken while we warm, and freed after.
 */
#ifndef GPUWARM_STANDARD_H
#define GPUWARM_STANDARD_H

/* Opens /dev/null on each of 0, 1 and 2 that is closed. Gives a bit for each that it took, for standard_free. */
unsigned standard_take(void);

void standard_free(unsigned taken);

#endif
