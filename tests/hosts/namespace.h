/* SPDX-License-Identifier: MIT */
/* Joins the mount namespace that the process is in already, which the kernel allows to a single thread. */
#ifndef HOST_NAMESPACE_H
#define HOST_NAMESPACE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

/*
 * 0, or the error. Whoever joins is moved to the root directory of the namespace, which leads out of a chroot: to other
 * files than the test's. So the process goes back to where it was.
 */
static inline int namespace_join(void)
{
    int namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    int root = open("/", O_PATH | O_CLOEXEC);
    int folder = open(".", O_PATH | O_CLOEXEC);
    int error = setns(namespace, CLONE_NEWNS) == 0 ? 0 : errno;
    if (error == 0 && (fchdir(root) != 0 || chroot(".") != 0 || fchdir(folder) != 0))
        error = errno;
    close(folder);
    close(root);
    close(namespace);
    return error;
}

#endif
