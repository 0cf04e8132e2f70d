// SPDX-License-Identifier: GPL-2.0
/* The kernel's fail-nth. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

/* Opened once: that, too, allocates. */
static int fail_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fd < 0)
		die("fail-nth: %s", strerror(errno));
	return fd;
}

void fail_nth(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(fail_fd(), text, len, 0) != len)
		die("fail-nth: %s", strerror(errno));
}

unsigned int fail_left(void)
{
	char text[16] = "";
	unsigned int left;

	if (pread(fail_fd(), text, sizeof(text) - 1, 0) <= 0)
		die("fail-nth: %s", strerror(errno));
	left = strtoul(text, NULL, 10);
	if (left)
		fail_nth(0);
	return left;
}

/* It counts down to 0, which is when it fails. */
bool fail_happened(void)
{
	return !fail_left();
}
