// SPDX-License-Identifier: GPL-2.0
/*
 * Each case runs in a process of its own: what a sanitizer stops is that case's
 * failure, and the others go on.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* Seconds; a case takes one or two at most. */
#define CASE_TIMEOUT 20

static unsigned int cases, failed;

void tap_fail(const char *file, int line, const char *cond,
	      const char *format, ...)
{
	va_list args;

	printf("# %s:%d: %s is not true: ", file, line, cond);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	abort();
}

static void run_child(void (*run)(const void *arg), const void *arg)
{
	alarm(CASE_TIMEOUT);
	run(arg);
	/* Here the leak checker looks. */
	exit(0);
}

void tap_case(void (*run)(const void *arg), const void *arg,
	      const char *format, ...)
{
	int status = -1;
	va_list args;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run_child(run, arg);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status)
		failed++;
	printf("%s %u - ", status ? "not ok" : "ok", ++cases);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* Return: the exit status */
int tap_end(void)
{
	printf("1..%u\n", cases);
	return failed || !cases;
}
