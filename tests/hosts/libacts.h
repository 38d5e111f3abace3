/* SPDX-License-Identifier: MIT */
/* What ends or divides a process (libacts.c), by name, for a program that does so at a moment of its own choice. */
#ifndef HOSTS_LIBACTS_H
#define HOSTS_LIBACTS_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

/* How the processes end, so that who started them can tell: by exit, by _exit, as the child of an action. */
enum { ENDS_MAIN = 5, ENDS_EXIT = 7, ENDS_EXIT_NOW = 8, ENDS_CHILD = 9, ENDS_CHILD_WRONG = 11 };

/* Waits for a child, which may have been killed by us or not; what ended in any other way than it should ends us. */
void child_wait(pid_t child, bool killed);

/*
 * `exit`, `_exit`, `abort`, `terminate` (SIGTERM to itself), `exec` (/bin/true), `again` (this program anew, to end at
 * once), `fork` (a child that exits), `fork-now` (one that calls _exit), `fork-exec` (one that becomes /bin/true), or
 * nothing. The children are waited for.
 */
void act(const char *what);

/* Acts on a thread of its own after so many microseconds. */
pthread_t act_later(const char *what, const char *microseconds);

/* The thread of the constructor, where the program asked for it; false: there is none. */
bool act_started_at_load(pthread_t *thread);

#endif
