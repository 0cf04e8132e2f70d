// SPDX-License-Identifier: GPL-2.0
/*
 * grace SECONDS
 *
 * How long memory takes to come back that RCU has: waits for grace periods, one after the
 * other, for that time, and prints the milliseconds that the longest wait took. Like whoever
 * frees, each may begin within a period, and wait for that and the next one.
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
	__u64 begin = now_ms(), start, took, longest = 0;

	if (argc != 2)
		die("usage: grace SECONDS");
	do {
		start = now_ms();
		if (syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
			die("membarrier: %s", strerror(errno));
		took = now_ms() - start;
		if (took > longest)
			longest = took;
	} while (now_ms() - begin < atoi(argv[1]) * 1000ULL);
	printf("%llu\n", longest);
	return 0;
}
