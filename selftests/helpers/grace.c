// SPDX-License-Identifier: GPL-2.0
/*
 * grace SECONDS
 *
 * How long memory takes to come back that RCU has: waits for grace periods, one after the
 * other, for that time, and prints how many milliseconds each took that took any. Like
 * whoever frees, it may begin within a period, and wait for that and the next one.
 */
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

int main(int argc, char **argv)
{
	__u64 begin = now_ms(), start, took, ms;

	if (argc != 2)
		die("usage: grace SECONDS");
	ms = strtod(argv[1], NULL) * 1000;
	do {
		start = now_ms();
		if (syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
			die("membarrier: %s", strerror(errno));
		took = now_ms() - start;
		if (took)
			printf("%llu\n", took);
		else
			usleep(1000);
	} while (now_ms() - begin < ms);
	return 0;
}
