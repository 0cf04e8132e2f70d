// SPDX-License-Identifier: GPL-2.0
/*
 * enter SPACE COMMAND...
 *
 * Run a command in the network namespace that ip(8) knows as SPACE. The tests do
 * it so often that it shows: static, it takes half of nsenter's time.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

int main(int argc, char **argv)
{
	char path[256];
	int fd;

	if (argc < 3)
		die("usage: enter SPACE COMMAND...");
	snprintf(path, sizeof(path), "/run/netns/%s", argv[1]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("%s: %s", path, strerror(errno));
	execvp(argv[2], argv + 2);
	die("%s: %s", argv[2], strerror(errno));
}
