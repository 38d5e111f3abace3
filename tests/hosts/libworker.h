/* SPDX-License-Identifier: MIT */
/* What thin_main.c calls. */
#ifndef HOST_LIBWORKER_H
#define HOST_LIBWORKER_H

void work(void);

#endif
