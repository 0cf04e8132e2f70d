// SPDX-License-Identifier: GPL-2.0
/*
 * real-setup, real-teardown and check-real: run on a real server.
 *
 * What is shown is what is run: every change is a command of ip(8), sysctl(8) or
 * modprobe(8), with its words as they stand there and no shell between. So an
 * operator can do it by hand, or take it into whatever sets the machine up.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json.h"
#include "parse.h"
#include "realside.h"
#include "report.h"
#include "run.h"

extern char **environ;

typedef void (*judge_fn)(const struct command *cmd, const struct host *host,
			 struct points *points);

static int judge(const struct command *cmd, judge_fn judge_now, struct points *points)
{
	struct host host;
	int status = host_read(&host);

	memset(points, 0, sizeof(*points));
	if (status)
		report_failure(cmd->verb, "reading devices and addresses", -status);
	else
		judge_now(cmd, &host, points);
	host_free(&host);
	/* It isn't known to be no good real. */
	return status ? EXIT_UNAVAILABLE : EXIT_DONE;
}

static const struct point *first_wrong(const struct points *points, bool by_hand)
{
	for (size_t i = 0; i < points->count; i++)
		if (!points->point[i].ok && points->point[i].by_hand == by_hand)
			return &points->point[i];
	return NULL;
}

static void show(const struct point *point)
{
	printf("# %s: %s\n%s\n", point->found, point->why, point->command);
	/* Before the change, not with the last one. */
	fflush(stdout);
}

/* Where an administrator's PATH may not look. */
static void widen_path(void)
{
	const char *path = getenv("PATH");
	char wider[4096];

	snprintf(wider, sizeof(wider), "%s:/usr/local/sbin:/usr/sbin:/sbin", path ? path : "/bin");
	setenv("PATH", wider, 1);
}

#define COMMAND_WORDS 20

static int run_command(const struct command *cmd, const char *line)
{
	const char *word[COMMAND_WORDS + 1];
	char room[COMMAND_ROOM], what[COMMAND_ROOM + 96];
	int status, count, error;
	pid_t pid;

	snprintf(room, sizeof(room), "%s", line);
	count = parse_split(room, word, COMMAND_WORDS);
	if (count <= 0)
		return report_failure(cmd->verb, line, EINVAL);
	word[count] = NULL;
	widen_path();
	error = posix_spawnp(&pid, word[0], NULL, NULL, (char **)word, environ);
	if (error)
		return report_failure(cmd->verb, word[0], error);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return report_failure(cmd->verb, word[0], errno);
	if (!status)
		return EXIT_DONE;
	snprintf(what, sizeof(what), "'%s' failed%s; what was done before it stays", line,
		 geteuid() ? ", and this user isn't root" : "");
	report_failure(cmd->verb, what, 0);
	return geteuid() ? EXIT_UNAVAILABLE : EXIT_REFUSED;
}

/*
 * Mends what is wrong first and looks again, since one change may make others
 * needless: a module brings its device along.
 */
static int mend_all(const struct command *cmd, judge_fn judge_now)
{
	char last[COMMAND_ROOM] = "";

	for (;;) {
		const struct point *wrong;
		struct points points;
		int status = judge(cmd, judge_now, &points);

		wrong = status ? NULL : first_wrong(&points, false);
		if (wrong && !strcmp(wrong->command, last))
			status = report_failure(cmd->verb, wrong->found, 0);
		else if (wrong)
			show(wrong);
		if (wrong && !status) {
			memcpy(last, wrong->command, sizeof(last));
			status = run_command(cmd, last);
		}
		points_free(&points);
		if (status || !wrong) {
			if (!status && !*last)
				puts("Nothing to change.");
			return status;
		}
	}
}

static void show_all(const struct points *points)
{
	for (size_t i = 0; i < points->count; i++)
		if (!points->point[i].ok)
			show(&points->point[i]);
	if (first_wrong(points, false))
		puts("# --dry-run: nothing was changed");
	else
		puts("Nothing to change.");
}

static int refuse_by_hand(const struct command *cmd, const struct point *point)
{
	fprintf(stderr, "lbctl: %s: %s: %s\n  nothing was changed%s%s\n", cmd->verb->name,
		point->found, point->why, *point->command ? "; if it is to go: " : "",
		point->command);
	return EXIT_REFUSED;
}

static int change(const struct command *cmd, judge_fn judge_now)
{
	struct points points;
	int status = judge(cmd, judge_now, &points);

	if (!status && first_wrong(&points, true))
		status = refuse_by_hand(cmd, first_wrong(&points, true));
	if (!status && given(cmd, ARG_DRY_RUN)) {
		show_all(&points);
		points_free(&points);
		return EXIT_DONE;
	}
	points_free(&points);
	return status ? status : mend_all(cmd, judge_now);
}

int run_real_setup(const struct command *cmd)
{
	if (!given(cmd, ARG_PERSIST))
		return change(cmd, judge_setup);
	persist(cmd);
	return EXIT_DONE;
}

int run_real_teardown(const struct command *cmd)
{
	int status = change(cmd, judge_teardown);

	if (!status)
		puts("# sysctls stay as they are: other VIPs of this machine may need them");
	return status;
}

static void print_point(const struct point *point)
{
	printf("%-6s %s\n", point->ok ? "good" : "WRONG", point->found);
	if (point->ok)
		return;
	printf("       why:  %s\n", point->why);
	if (*point->command)
		printf("       mend: %s\n", point->command);
}

static void json_point(struct json *json, const struct point *point)
{
	json_object(json, NULL);
	json_string(json, "point", point->name);
	json_string(json, "subject", point->subject);
	json_bool(json, "ok", point->ok);
	json_string(json, "found", point->found);
	json_string(json, "why", point->why);
	if (!point->ok && *point->command)
		json_string(json, "mend", point->command);
	json_object_end(json);
}

static void json_points(const struct points *points, bool ok)
{
	struct json json = { 0 };

	json_object(&json, NULL);
	json_bool(&json, "ok", ok);
	json_array(&json, "points");
	for (size_t i = 0; i < points->count; i++)
		json_point(&json, &points->point[i]);
	json_array_end(&json);
	json_object_end(&json);
}

int run_check_real(const struct command *cmd)
{
	struct points points;
	int status = judge(cmd, judge_setup, &points);
	bool ok = !first_wrong(&points, false) && !first_wrong(&points, true);

	if (status)
		return status;
	if (cmd->json)
		json_points(&points, ok);
	for (size_t i = 0; i < points.count && !cmd->json; i++)
		print_point(&points.point[i]);
	points_free(&points);
	return ok ? EXIT_DONE : EXIT_REFUSED;
}
