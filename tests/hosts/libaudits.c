/* SPDX-License-Identifier: MIT */
/* An audit library (rtld-audit(7)) that asks to be told nothing; preloaded it is a library that does nothing. */
#include <link.h>

unsigned int la_version(unsigned int version)
{
    return version;
}
