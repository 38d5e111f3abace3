/* SPDX-License-Identifier: MIT */
/* The empty library that others are compared with: what preloading anything costs. */
typedef int nothing;
