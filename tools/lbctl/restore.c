// SPDX-License-Identifier: GPL-2.0
/*
 * restore: lines of verbs, sent one after the other without waiting for each
 * answer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "report.h"
#include "rules.h"
#include "run.h"

/* Requests on their way at a time; their acks must fit the socket's buffer. */
#define WINDOW 64

struct pending {
	size_t index;
	u32 sequence;
	struct request request;
};

struct window {
	struct pending pending[WINDOW];
	size_t sent;	/* pending[sent % WINDOW] is free when sent - done < WINDOW */
	size_t done;
	size_t accepted;
	char warned[SENTENCE_ROOM];
	size_t alike;	/* warnings left out, of the same words */
	time_t ticked;
	bool shown;	/* there is a progress line */
};

static struct pending *oldest(struct window *window)
{
	return &window->pending[window->done % WINDOW];
}

/* One forgotten setting can make the module warn of each real. */
static bool is_told(struct window *window, const struct outcome *outcome)
{
	if (outcome->error || !outcome->sentence[0])
		return false;
	if (!strcmp(window->warned, outcome->sentence)) {
		window->alike++;
		return true;
	}
	memcpy(window->warned, outcome->sentence, sizeof(window->warned));
	return false;
}

static void tell_alike(const struct window *window)
{
	char sentence[64];

	if (!window->alike)
		return;
	snprintf(sentence, sizeof(sentence), "restore: the same for %zu more line%s",
		 window->alike, window->alike == 1 ? "" : "s");
	report_warning(sentence);
}

/* The module answers in the order of the questions. */
static int take_outcome(struct channel *channel, struct rules *rules, struct window *window,
			bool wait)
{
	struct pending *pending = oldest(window);
	const struct rule *rule = &rules->rule[pending->index];
	struct outcome outcome;
	char place[512];
	int status = channel_outcome(channel, wait, &outcome);

	if (status == -EAGAIN)
		return status;
	if (!status && outcome.sequence != pending->sequence)
		status = -EBADMSG;
	if (status)
		return report_unavailable(-status);
	if (rules->deletions && outcome.error == ENOENT)
		outcome = (struct outcome){ 0 };
	snprintf(place, sizeof(place), "restore: %s:%u: ", rules->name, rule->line);
	if (!is_told(window, &outcome))
		status = report_outcome(place, rule->cmd.verb, &pending->request, &outcome);
	if (status)
		fprintf(stderr, "  %s\n", rule->text);
	request_end(&pending->request);
	window->done++;
	window->accepted += !status;
	return status;
}

/*
 * Takes what is there. The module mostly has answered by the time that sending
 * returns, so nothing after a refused line is sent in vain; when it hasn't,
 * sending goes on until the window is full.
 */
static int take_outcomes(struct channel *channel, struct rules *rules, struct window *window,
			 bool all)
{
	while (window->done < window->sent) {
		bool wait = all || window->sent - window->done == WINDOW;
		int status = take_outcome(channel, rules, window, wait);

		if (status == -EAGAIN)
			return 0;
		if (status)
			return status;
	}
	return 0;
}

static int send_rule(struct channel *channel, struct rules *rules, struct window *window)
{
	struct pending *pending = &window->pending[window->sent % WINDOW];
	int status;

	pending->index = window->sent;
	status = build_change(channel, &rules->rule[pending->index].cmd, &pending->request);
	if (!status)
		status = channel_send(channel, &pending->request, &pending->sequence);
	if (status)
		return report_unavailable(-status);
	window->sent++;
	return 0;
}

/* For people only: in a file such lines are of no use. Nothing for the first second. */
static void show_progress(struct window *window, size_t count)
{
	time_t now;

	if (window->done % 256 || !isatty(STDERR_FILENO))
		return;
	now = time(NULL);
	if (window->ticked && now != window->ticked) {
		fprintf(stderr, "%zu of %zu lines\r", window->done, count);
		window->shown = true;
	}
	window->ticked = now;
}

static void clear_progress(const struct window *window)
{
	if (window->shown)
		fprintf(stderr, "%40s\r", "");
}

static int send_rules(struct channel *channel, const struct command *cmd, struct rules *rules)
{
	struct window *window = calloc(1, sizeof(*window));
	int status = 0;

	if (!window)
		return report_failure(cmd->verb, rules->name, ENOMEM);
	while (!status && window->sent < rules->count) {
		status = send_rule(channel, rules, window);
		if (!status)
			status = take_outcomes(channel, rules, window, false);
		show_progress(window, rules->count);
	}
	if (!status)
		status = take_outcomes(channel, rules, window, true);
	clear_progress(window);
	tell_alike(window);
	if (status && window->sent)
		fprintf(stderr, "lbctl: restore: ended here; %zu of %zu %s\n", window->accepted,
			rules->count, rules->deletions ? "deletions were made" : "lines were done");
	for (; window->done < window->sent; window->done++)
		request_end(&oldest(window)->request);
	free(window);
	return status;
}

/* What a refusal has left undone beside the lines that are counted. */
static void tell_rest(const char *what, size_t count)
{
	if (count)
		fprintf(stderr, "lbctl: restore: %s\n", what);
}

static int replace(struct channel *channel, const struct command *cmd, struct rules *rules,
		   struct rules *before, struct rules *after)
{
	int status = rules_replace(channel, cmd, rules, before, after);

	if (status)
		return status;
	status = send_rules(channel, cmd, before);
	if (status) {
		tell_rest("no line of the file was sent", rules->count);
		return status;
	}
	status = send_rules(channel, cmd, rules);
	if (status) {
		tell_rest("what the file doesn't name is still there", after->count);
		return status;
	}
	status = send_rules(channel, cmd, after);
	if (status)
		tell_rest("all lines of the file were done", rules->count);
	return status;
}

int rules_apply(struct channel *channel, const struct command *cmd, struct rules *rules)
{
	struct rules before = { .name = "what the file doesn't name", .deletions = true };
	struct rules after = before;
	int status;

	if (!given(cmd, ARG_REPLACE))
		return send_rules(channel, cmd, rules);
	status = replace(channel, cmd, rules, &before, &after);
	rules_empty(&before);
	rules_empty(&after);
	return status;
}
