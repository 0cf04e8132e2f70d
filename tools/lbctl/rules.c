// SPDX-License-Identifier: GPL-2.0
/*
 * A file of verbs, understood as a whole before any of it is sent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"
#include "report.h"
#include "rules.h"
#include "run.h"

/* 32 devices, each with the word dev before it, behind three words are 67. */
#define LINE_WORDS 128

int rules_refuse(const struct command *cmd, const char *name, unsigned int line,
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
		return rules_refuse(cmd, rules->name, line, "too many words", text);
	if (!count) {
		free_rule(rule);
		rules->count--;
		return 0;
	}
	wrong = parse_command(count, rule->words, &rule->cmd, &error) ? error.text :
		check_rule(&rule->cmd, &error);
	return wrong ? rules_refuse(cmd, rules->name, line, wrong, text) : 0;
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
			status = rules_refuse(cmd, rules->name, line, "this is no text", "");
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
