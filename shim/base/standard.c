/* SPDX-License-Identifier: MIT */
/* See standard.h. */
#include "base/standard.h"
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

/* Not what another thread has put there meanwhile: dup2 clears the flag, and open cannot give a number that is taken.
 */
void standard_free(unsigned taken)
{
    for (int fd = 0; fd <= 2; fd++)
        if (taken & 1u << fd && fcntl(fd, F_GETFD) == FD_CLOEXEC)
            close(fd);
}
