// link: cuda standins
/* SPDX-License-Identifier: MIT */
/*
 * A CUDA executable that links cuBLAS, opens the libraries that are its arguments, and then looks at a socket that
 * listens. It has functions with cuBLAS's and cuDNN's names, which nobody but itself may call.
 */
#include <dlfcn.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

int cublasSgemm_v2(void);
int cublasSgemm_v2(void)
{
    puts("the program's own cublasSgemm_v2 was called");
    return 0;
}

int cudnnCreate(void);
int cudnnCreate(void)
{
    puts("the program's own cudnnCreate was called");
    return 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&loopback, sizeof loopback) != 0 || listen(listener, 1) != 0)
        perror("listen");
    for (int i = 1; i < argc; i++)
        if (!dlopen(argv[i], RTLD_NOW))
            puts(dlerror());
    for (int i = 0; i < 3; i++)
        printf("poll %d\n", poll(&(struct pollfd){.fd = listener, .events = POLLIN}, 1, 0));
    return 3;
}
