/* SPDX-License-Identifier: MIT */
/* See standard.h. */
#include "standard.h"
#include <fcntl.h>
#include <unistd.h>

unsigned standard_take(void)
{
    unsigned taken = 0;
    for (int wanted = 0; wanted <= 2; wanted++) {
        if (fcntl(wanted, F_GETFD) >= 0)
            continue;
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd == wanted)
            taken |= 1u << fd;
        else if (fd >= 0)
            close(fd);
    }
    return taken;
}

void standard_free(unsigned taken)
{
    for (int fd = 0; fd <= 2; fd++)
        if (taken & 1u << fd)
            close(fd);
}
