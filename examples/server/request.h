/* SPDX-License-Identifier: MIT */
/* One request to the example server, timed as its user sees it: from connecting to the last byte of the answer. */
#ifndef EXAMPLE_REQUEST_H
#define EXAMPLE_REQUEST_H

#include <stdbool.h>

/* Sends 4096 numbers. false when no whole answer came. *doubled: every number was doubled (a GPU did the work). */
bool request_send(int port, double *ms, bool *doubled);

#endif
