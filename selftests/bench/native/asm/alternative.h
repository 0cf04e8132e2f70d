/* SPDX-License-Identifier: GPL-2.0 */
/*
 * User-mode Linux has one CPU, for which x86 leaves the lock prefixes out. This
 * file is found ahead of x86's: atomic operations cost what they cost in a kernel
 * for several CPUs.
 */

#include_next <asm/alternative.h>

#ifndef __ASSEMBLY__
#undef LOCK_PREFIX
#define LOCK_PREFIX "lock; "
#endif
