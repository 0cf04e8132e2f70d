/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Results as TAP. tap_ok() counts; tap_end() gives the plan and the exit code.
 */
#ifndef LBCTL_TEST_TAP_H
#define LBCTL_TEST_TAP_H

#include <stdbool.h>
#include <stdio.h>

static unsigned int tap_count;
static unsigned int tap_failed;

static inline void tap_ok(bool ok, const char *what)
{
	tap_count++;
	tap_failed += !ok;
	printf("%sok %u - %s\n", ok ? "" : "not ", tap_count, what);
}

static inline int tap_end(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
