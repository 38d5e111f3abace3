/* SPDX-License-Identifier: MIT */
/*
 * gpu.c for Serve.java. Its two functions exchange ints only, which needs nothing of JNI's table of functions and so
 * none of a JDK's headers: use() makes an answer, character() gives it away byte by byte.
 */
#include "gpu.h"

static char line[1024];

int JNI_OnLoad(void *machine, void *reserved);
void Java_Serve_use(void *environment, void *class);
int Java_Serve_character(void *environment, void *class, int index);

/* The version of JNI that is needed: 1.8. */
int JNI_OnLoad(void *machine, void *reserved)
{
    (void)machine, (void)reserved;
    gpu_load();
    return 0x00010008;
}

void Java_Serve_use(void *environment, void *class)
{
    (void)environment, (void)class;
    gpu_answer(gpu_now(), line, sizeof line);
}

int Java_Serve_character(void *environment, void *class, int index)
{
    (void)environment, (void)class;
    return index >= 0 && index < (int)sizeof line ? (unsigned char)line[index] : 0;
}
