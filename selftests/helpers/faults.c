// SPDX-License-Identifier: GPL-2.0
/*
 * faults module FILE
 * faults netns
 *
 * Load a module, or make a network namespace, again and again, and have the kernel
 * refuse another of the allocations on the way each time, until it comes through
 * without. A line for each: "ok", or the error's name; then "done" and the last one's.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

static int file = -1;

static int load(void)
{
	return syscall(SYS_finit_module, file, "", 0);
}

static int unload(void)
{
	return syscall(SYS_delete_module, "lbvs", O_NONBLOCK);
}

static int make_netns(void)
{
	return unshare(CLONE_NEWNET);
}

static int leave_netns(void)
{
	return setns(file, CLONE_NEWNET);
}

static void each(int (*make)(void), int (*undo)(void))
{
	bool failed = true;
	unsigned int nth;
	int error;

	for (nth = 1; failed; nth++) {
		fail_nth(nth);
		error = make() ? errno : 0;
		failed = fail_happened();
		printf("%s%s\n", failed ? "" : "done ", error ? strerrorname_np(error) : "ok");
		if (!error && undo())
			die("allocation %u: undo: %s", nth, strerror(errno));
	}
}

int main(int argc, char **argv)
{
	bool module = argc == 3 && !strcmp(argv[1], "module");

	if (!module && (argc != 2 || strcmp(argv[1], "netns")))
		die("usage: faults module FILE | netns");
	setlinebuf(stdout);
	file = open(module ? argv[2] : "/proc/self/ns/net", O_RDONLY);
	if (file < 0)
		die("%s", strerror(errno));
	if (module)
		each(load, unload);
	else
		each(make_netns, leave_netns);
	return 0;
}
