/* SPDX-License-Identifier: MIT */
#ifndef HOST_LIBOPENS_H
#define HOST_LIBOPENS_H

/* Opens the driver, and says which it got. */
const char *opens_driver(void);

#endif
