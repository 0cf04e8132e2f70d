// SPDX-License-Identifier: GPL-2.0
/*
 * faults module FILE
 *
 * Load lbvs again and again, and have the kernel refuse another of the allocations on
 * the way each time: first one that it doesn't get to, then from the last one on back to
 * where the module's own part begins, as a trace event tells. (Before that it is all the
 * loader's, parts of which don't take it well.) A line for each, "ok" or the error's name.
 *
 * faults netns
 *
 * Make network namespaces, and have another allocation fail each time until one comes
 * through; and say likewise how each went. The stack filter of failslab and
 * fail_page_alloc tells whose allocations count.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

#define TRACING	"/sys/kernel/tracing/"
#define MANY	1000000

static void say(int error)
{
	printf("%s\n", error ? strerrorname_np(error) : "ok");
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

/* Whether the loader has come as far as the module's own part. */
static bool was_begun(void)
{
	static char text[65536];
	int fd = open(TRACING "trace", O_RDONLY);
	ssize_t len = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return strstr(text, "module_load: lbvs");
}

/* Whether it has begun; how many allocations were left of @nth into @left. */
static bool load(int fd, unsigned int nth, unsigned int *left)
{
	int error;

	write_file(TRACING "trace", "");
	fail_nth(nth);
	error = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	*left = fail_left();
	say(error);
	if (!error && syscall(SYS_delete_module, "lbvs", O_NONBLOCK))
		die("allocation %u: cannot unload: %s", nth, strerror(errno));
	return was_begun();
}

static void each_of_module(const char *path)
{
	int fd = open(path, O_RDONLY);
	unsigned int nth, left;

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	write_file(TRACING "events/module/module_load/enable", "1");
	if (!load(fd, MANY, &left))
		die("there is no trace of the module");
	for (nth = MANY - left; nth; nth--)
		if (!load(fd, nth, &left))
			break;
	write_file(TRACING "events/module/module_load/enable", "0");
}

static void namespaces(void)
{
	int own = open("/proc/self/ns/net", O_RDONLY);
	unsigned int nth = 0;
	bool failed;
	int error;

	do {
		fail_nth(++nth);
		error = unshare(CLONE_NEWNET) ? errno : 0;
		failed = fail_happened();
		say(error);
		if (setns(own, CLONE_NEWNET))
			die("%s", strerror(errno));
	} while (failed);
}

int main(int argc, char **argv)
{
	setlinebuf(stdout);
	if (argc == 3 && !strcmp(argv[1], "module"))
		each_of_module(argv[2]);
	else if (argc == 2 && !strcmp(argv[1], "netns"))
		namespaces();
	else
		die("usage: faults module FILE | netns");
	return 0;
}
