// SPDX-License-Identifier: GPL-2.0
/*
 * help, and --help behind a verb.
 */
#include <stdio.h>
#include <string.h>

#include "grammar.h"
#include "report.h"
#include "run.h"

static const char words_help[] =
	"SERVICE  tcp ADDR:PORT | udp ADDR:PORT | fwmark N [inet|inet6]\n"
	"REAL     ADDR:PORT | ADDR   (without a port: the service's; fwmark: the client's)\n"
	"An IPv6 address with a port is written [2001:db8::1]:80.\n";

static void print_indented(const char *lines)
{
	while (*lines) {
		int len = strcspn(lines, "\n");

		printf("  %.*s\n", len, lines);
		lines += len + (lines[len] == '\n');
	}
}

static void print_options(const struct verb *verb)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		char left[48];

		if (!(option->groups & verb->options))
			continue;
		snprintf(left, sizeof(left), "%s%s%s", option->name, option->value ? " " : "",
			 option->value ? option->value : "");
		printf("  %-33s  %s\n", left, option->help);
	}
}

void help_verb(const struct verb *verb)
{
	printf("usage: lbctl %s%s%s%s\n%s.\n", verb->traits & VERB_NO_JSON ? "" : "[--json] ",
	       verb->name, *verb->synopsis ? " " : "", verb->synopsis, verb->summary);
	if (verb->notes)
		printf("\n%s\n", verb->notes);
	if (verb->options) {
		puts("\noptions:");
		print_options(verb);
	}
	if (verb->operands & (OPERAND_SERVICE | OPERAND_SERVICE_MAYBE))
		printf("\n%s", words_help);
	puts("\nfor example:");
	print_indented(verb->examples);
}

static void help_all(void)
{
	puts("usage: lbctl [--json] VERB ...\n\nverbs:");
	for (size_t i = 0; i < VERB_COUNT; i++)
		printf("  %-15s %s\n", verbs[i].name, verbs[i].summary);
	printf("\n%s\n", words_help);
	puts("'lbctl help VERB' shows its options and examples; lbctl(8) is the manual.");
	puts("exit code: 0 done, 1 refused, 2 usage, 3 module not loaded or no permission");
}

int run_help(const struct command *cmd)
{
	const char *topic = cmd->arg[ARG_TOPIC].first;
	const struct verb *verb = topic ? verb_find(topic) : NULL;
	const char *nearest = topic ? verb_nearest(topic) : NULL;
	char sentence[256];

	if (!topic) {
		help_all();
		return EXIT_DONE;
	}
	if (verb) {
		help_verb(verb);
		return EXIT_DONE;
	}
	snprintf(sentence, sizeof(sentence), "'%s' is no verb%s%s%s", topic,
		 nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
	return report_usage(cmd->verb, sentence);
}
