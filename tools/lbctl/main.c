// SPDX-License-Identifier: GPL-2.0
/*
 * lbctl: configures and shows lbvs, a layer-4 virtual server in the kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "parse.h"
#include "print.h"
#include "report.h"
#include "run.h"

static int (*const runners[VERB_COUNT])(struct channel *, const struct command *) = {
	[VERB_ADD_SERVICE] = run_change,
	[VERB_EDIT_SERVICE] = run_change,
	[VERB_DEL_SERVICE] = run_change,
	[VERB_ADD_REAL] = run_change,
	[VERB_EDIT_REAL] = run_change,
	[VERB_DEL_REAL] = run_change,
	[VERB_LIST] = run_list,
	[VERB_SHOW] = run_show,
	[VERB_CONNECTIONS] = run_connections,
	[VERB_DEL_CONNECTION] = run_del_connection,
	[VERB_STATS] = run_stats,
	[VERB_ZERO] = run_change,
	[VERB_FLUSH] = run_change,
	[VERB_SETTINGS] = run_settings,
	[VERB_SET] = run_set,
	[VERB_SAVE] = run_save,
	[VERB_VERSION] = run_version,
};

/* These may stand anywhere; the rest keeps its order. Returns how many are left. */
static int take_globals(int argc, char **argv, const char **words, bool *json, bool *help)
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			*json = true;
		else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			*help = true;
		else
			words[count++] = argv[i];
	}
	return count;
}

static int run_restore(const struct command *cmd)
{
	struct rules *rules = NULL;
	struct channel channel;
	int status = rules_read(cmd, &rules);

	if (status)
		goto out;
	status = channel_open(&channel);
	if (status) {
		status = report_unavailable(-status);
		goto out;
	}
	status = rules_apply(&channel, cmd, rules);
	channel_close(&channel);
out:
	rules_free(rules);
	return status;
}

/* lbctl's own is known without a module. */
static int show_own_version(bool json)
{
	if (json)
		json_version(LBCTL_VERSION, NULL);
	else
		printf("lbctl %s\n", LBCTL_VERSION);
	return EXIT_DONE;
}

static int run_verb(const struct command *cmd)
{
	struct channel channel;
	int status;

	switch (verb_id(cmd->verb)) {
	case VERB_HELP:
		return run_help(cmd);
	case VERB_RESTORE:
		return run_restore(cmd);
	case VERB_REAL_SETUP:
		return run_real_setup(cmd);
	case VERB_REAL_TEARDOWN:
		return run_real_teardown(cmd);
	case VERB_CHECK_REAL:
		return run_check_real(cmd);
	default:
		break;
	}
	status = channel_open(&channel);
	if (status) {
		if (verb_id(cmd->verb) == VERB_VERSION)
			show_own_version(cmd->json);
		return report_unavailable(-status);
	}
	status = runners[verb_id(cmd->verb)](&channel, cmd);
	channel_close(&channel);
	return status;
}

/* Who asks for help may have the words in any order. */
static const struct verb *verb_among(int count, const char *const *words)
{
	const struct verb *verb = NULL;

	for (int i = 0; i < count && !verb; i++)
		verb = verb_find(words[i]);
	return verb;
}

static int refuse_json(const struct verb *verb)
{
	if (verb_id(verb) == VERB_SAVE)
		return report_usage(verb,
				    "there is no JSON of this; '--json list' and '--json settings' have it");
	return report_usage(verb, "there is no JSON of this");
}

static int run_words(int count, const char *const *words, bool json, bool help)
{
	const struct verb *verb = help ? verb_among(count, words) : NULL;
	struct parse_error error;
	struct command cmd;

	if (verb) {
		help_verb(verb);
		return EXIT_DONE;
	}
	if (parse_command(count, words, &cmd, &error))
		return report_usage(cmd.verb, error.text);
	if (json && cmd.verb->traits & VERB_NO_JSON)
		return refuse_json(cmd.verb);
	cmd.json = json;
	return run_verb(&cmd);
}

/* What was printed counts only when it got to where it should. */
static int finish_output(int status)
{
	bool failed = ferror(stdout);

	if (!fclose(stdout) && !failed)
		return status;
	fprintf(stderr, "lbctl: the output could not be written: %s\n",
		errno ? strerror(errno) : "an earlier error");
	return status ? status : EXIT_REFUSED;
}

int main(int argc, char **argv)
{
	static const char *const help_words[] = { "help" };
	const char **words = calloc(argc + 1, sizeof(*words));
	bool json = false, help = false;
	int count, status;

	if (!words) {
		perror("lbctl");
		return EXIT_REFUSED;
	}
	count = take_globals(argc, argv, words, &json, &help);
	if (count == 1 && !strcmp(words[0], "--version"))
		status = show_own_version(json);
	else if (count)
		status = run_words(count, words, json, help);
	else if (help)
		status = run_words(1, help_words, false, false);
	else
		status = report_usage(NULL, "no verb given; 'lbctl help' lists them");
	free(words);
	return finish_output(status);
}
