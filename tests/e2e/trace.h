/* SPDX-License-Identifier: MIT */
/*
 * Counting what a traced program does between two stops that it makes itself (SIGSTOP): exact, and the same at each
 * run. Used by the tests of what the library costs, and by `make bench`.
 */
#ifndef E2E_TRACE_H
#define E2E_TRACE_H

#include <sys/types.h>

enum trace { TRACE_SYSTEM_CALLS, TRACE_INSTRUCTIONS };

/* In a child, before it becomes the program. Ends the child with TRACE_REFUSED where nothing may be traced. */
void trace_me(void);
enum { TRACE_REFUSED = 126 };

/*
 * Lets the child run to its end and returns the count for its first thread; -1 when it did not stop twice. *status is
 * how it ended, as a shell tells it.
 */
long trace_count(pid_t child, enum trace what, int *status);

#endif
