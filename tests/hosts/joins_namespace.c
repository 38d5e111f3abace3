// link: cuda
/* SPDX-License-Identifier: MIT */
/* A CUDA executable that joins a mount namespace (its own) first, which the kernel allows only to a single thread. */
#include "cuda_abi.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    int error = setns(fd, CLONE_NEWNS) == 0 ? 0 : errno;
    close(fd);
    printf("error %d, cuInit %d\n", error, cuInit(0));
    return 0;
}
