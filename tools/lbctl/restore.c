// SPDX-License-Identifier: GPL-2.0
/*
 * restore: a file of verbs, understood as a whole and then sent one after the
 * other without waiting for each answer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "parse.h"
#include "report.h"
#include "rules.h"
#include "run.h"

/* Requests on their way at a time; their acks must fit the socket's buffer. */
#define WINDOW 64

#define LINE_WORDS 64

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

static int refuse_line(const struct command *cmd, const char *name, unsigned int line,
		       const char *sentence, const char *text)
{
	fprintf(stderr, "lbctl: %s: %s:%u: %s\n  %s\n", cmd->verb->name, name, line, sentence,
		text);
	return EXIT_USAGE;
}

static const char *check_rule(const struct command *cmd, struct parse_error *error)
{
	if (cmd->verb->traits & VERB_IS_LINE)
		return NULL;
	snprintf(error->text, sizeof(error->text), "'%s' has no place in a file", cmd->verb->name);
	return error->text;
}

static void free_rule(struct rule *rule)
{
	free(rule->text);
	free(rule->split);
	free(rule->words);
}

/* Splits the line. Returns how many words it has; or -1: too many; or -ENOMEM. */
static int split_line(struct rule *rule)
{
	const char *word[LINE_WORDS];
	int count;

	rule->words = NULL;
	rule->split = strdup(rule->text);
	count = rule->split ? parse_split(rule->split, word, LINE_WORDS) : -ENOMEM;
	if (count <= 0)
		return count;
	rule->words = malloc(count * sizeof(*word));
	if (!rule->words)
		return -ENOMEM;
	memcpy(rule->words, word, count * sizeof(*word));
	return count;
}

int rules_add(const struct command *cmd, struct rules *rules, unsigned int line, char *text)
{
	struct parse_error error;
	struct rule *rule;
	const char *wrong;
	int count;

	if (!text)
		return report_failure(cmd->verb, rules->name, ENOMEM);
	if (!(rules->count & (rules->count - 1))) {
		size_t room = rules->count ? rules->count * 2 : 1;

		rule = realloc(rules->rule, room * sizeof(*rule));
		if (!rule) {
			free(text);
			return report_failure(cmd->verb, rules->name, ENOMEM);
		}
		rules->rule = rule;
	}
	rule = &rules->rule[rules->count];
	rule->line = line;
	rule->text = text;
	rules->count++;
	count = split_line(rule);
	if (count == -ENOMEM)
		return report_failure(cmd->verb, rules->name, ENOMEM);
	if (count < 0)
		return refuse_line(cmd, rules->name, line, "too many words", text);
	if (!count) {
		free_rule(rule);
		rules->count--;
		return 0;
	}
	wrong = parse_command(count, rule->words, &rule->cmd, &error) ? error.text :
		check_rule(&rule->cmd, &error);
	return wrong ? refuse_line(cmd, rules->name, line, wrong, text) : 0;
}

static int read_lines(const struct command *cmd, struct rules *rules, FILE *file)
{
	unsigned int line = 0;
	size_t room = 0;
	char *text = NULL;
	int status = 0;
	ssize_t len;

	while (!status && (len = getline(&text, &room, file)) >= 0) {
		line++;
		if (memchr(text, '\0', len))
			status = refuse_line(cmd, rules->name, line, "this is no text", "");
		else
			text[strcspn(text, "\n")] = '\0';
		if (!status)
			status = rules_add(cmd, rules, line, strdup(text));
	}
	free(text);
	if (!status && ferror(file)) {
		report_failure(cmd->verb, rules->name, errno);
		status = EXIT_USAGE;
	}
	return status;
}

static FILE *open_rules(const struct command *cmd, struct rules *rules)
{
	const char *name = cmd->arg[ARG_FILE].first;
	FILE *file;

	if (name && strcmp(name, "-")) {
		rules->name = name;
		file = fopen(name, "re");
		if (!file)
			report_failure(cmd->verb, name, errno);
		return file;
	}
	rules->name = "standard input";
	if (isatty(STDIN_FILENO))
		fputs("lbctl: reading lines from the terminal; end them with Ctrl-D\n", stderr);
	return stdin;
}

int rules_read(const struct command *cmd, struct rules **result)
{
	struct rules *rules = calloc(1, sizeof(*rules));
	FILE *file;
	int status;

	if (!rules)
		return report_failure(cmd->verb, "reading", ENOMEM);
	*result = rules;
	file = open_rules(cmd, rules);
	if (!file)
		return EXIT_USAGE;
	status = read_lines(cmd, rules, file);
	if (file != stdin)
		fclose(file);
	return status;
}

void rules_empty(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free_rule(&rules->rule[i]);
	free(rules->rule);
	rules->rule = NULL;
	rules->count = 0;
}

void rules_free(struct rules *rules)
{
	if (rules)
		rules_empty(rules);
	free(rules);
}

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
		fprintf(stderr, "lbctl: restore: ended here; %zu of %zu lines were done\n",
			window->accepted, rules->count);
	for (; window->done < window->sent; window->done++)
		request_end(&oldest(window)->request);
	free(window);
	return status;
}

int rules_apply(struct channel *channel, const struct command *cmd, struct rules *rules)
{
	struct rules before = { .name = "what the file doesn't name" };
	struct rules after = before;
	int status = 0;

	if (given(cmd, ARG_REPLACE))
		status = rules_replace(channel, cmd, rules, &before, &after);
	status = status ?: send_rules(channel, cmd, &before) ?:
		 send_rules(channel, cmd, rules) ?: send_rules(channel, cmd, &after);
	rules_empty(&before);
	rules_empty(&after);
	return status;
}
