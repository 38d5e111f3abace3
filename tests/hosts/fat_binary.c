/* SPDX-License-Identifier: MIT */
/* An executable that links no CUDA library and carries a fat binary. */
#include "fat_binary.h"
#include <stdio.h>

int main(void)
{
    puts("fat binary");
    return 0;
}
