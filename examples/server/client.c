/* SPDX-License-Identifier: MIT */
/*
 * Sends requests to the example server and prints what each took.
 *
 *     client PORT [COUNT]      (10 requests by default, 1000 at most)
 */
#include "request.h"
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int port = argc > 1 ? atoi(argv[1]) : 0, count = argc > 2 ? atoi(argv[2]) : 10;
    if (port <= 0 || port > 65535 || count < 1 || count > 1000) {
        fprintf(stderr, "usage: client PORT [COUNT]\n");
        return 2;
    }
    for (int i = 1; i <= count; i++) {
        double ms;
        bool doubled;
        if (!request_send(port, &ms, &doubled)) {
            fprintf(stderr, "client: no answer to request %d\n", i);
            return 1;
        }
        printf("request %3d  %9.2f ms%s\n", i, ms, doubled ? "" : "  (not doubled: no kernel ran)");
    }
    return 0;
}
