/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FAIL_H
#define FAIL_H

#include <stdbool.h>

/*
 * Have the kernel refuse the nth allocation that this thread makes from now on;
 * and has it? That ends it. Fault injection must be in the kernel.
 */
void fail_nth(unsigned int nth);
bool fail_happened(void);

/* How many allocations that thread is to be granted yet; ends it, too. */
unsigned int fail_left(void);

#endif /* FAIL_H */
