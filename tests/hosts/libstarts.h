/* SPDX-License-Identifier: MIT */
#ifndef HOST_LIBSTARTS_H
#define HOST_LIBSTARTS_H

/* Runs another program; what waitpid(2) said of it. */
int library_start(void);

#endif
