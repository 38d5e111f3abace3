// link: opens
/* SPDX-License-Identifier: MIT */
/* A program whose library opens the driver, and that says which one that is. */
#include "libopens.h"
#include <stdio.h>

int main(void)
{
    puts(opens_driver());
    return 0;
}
