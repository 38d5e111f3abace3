// link: cuda
/* SPDX-License-Identifier: MIT */
/*
 * chooses_by WAY DEVICE [serve]: a CUDA executable that sets CUDA_VISIBLE_DEVICES itself, by setenv, putenv or a list
 * of variables of its own, and uses the first GPU that it then sees; with `serve`, in answer to a connection that it
 * makes itself. Built as chooses_in_library too, which leaves setting it to libchooses.so and so does not have its
 * name; copies_name.c has it in pieces.
 */
#include "uses_gpu.h"
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef IN_LIBRARY
void library_choose(const char *device);
#define CHOOSE(way, device) ((void)(way), library_choose(device))
#endif

#ifndef CHOOSE
#define CHOOSE choose
static void choose(const char *way, const char *device)
{
    static char entry[64];
    snprintf(entry, sizeof entry, "CUDA_VISIBLE_DEVICES=%s", device);
    if (strcmp(way, "putenv") == 0) {
        putenv(entry);
    } else if (strcmp(way, "environ") == 0) {
        static char *list[256];
        size_t count = 0;
        list[count++] = entry;
        for (char **from = environ; *from && count < sizeof list / sizeof *list - 1; from++)
            list[count++] = *from;
        environ = list;
    } else {
        setenv("CUDA_VISIBLE_DEVICES", device, 1);
    }
}
#endif

static int serve_once(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
        connect(client, (struct sockaddr *)&address, length) != 0)
        return -1;
    return accept(listener, NULL, NULL);
}

int main(int argc, char **argv)
{
    char line[128];
    if (argc < 3)
        return 2;
    CHOOSE(argv[1], argv[2]);
    if (argc > 3 && serve_once() < 0)
        return 3;
    gpu_use(line, sizeof line);
    puts(line);
    return 0;
}
