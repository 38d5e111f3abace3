/* SPDX-License-Identifier: MIT */
#ifndef GPUWARM_VERSION_H
#define GPUWARM_VERSION_H

#define GPUWARM_VERSION "0.1.0"

#endif
