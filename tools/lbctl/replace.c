// SPDX-License-Identifier: GPL-2.0
/*
 * restore --replace: from what there is to what a file says, without taking away
 * what is in both, since connections hang on that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "format.h"
#include "report.h"
#include "rules.h"

/* What a line adds: a real, or a service, whose real has no family. */
struct name {
	struct service_id service;
	struct address real;
	u16 port;
	struct rule *rule;
};

struct name_list {
	struct name *name;	/* in order */
	size_t count;
};

static int compare_names(const void *left, const void *right)
{
	const struct name *a = left, *b = right;

	return compare_ids(&a->service, &b->service) ?:
	       compare_endpoints(&a->real, a->port, &b->real, b->port);
}

/* Of two lines for the same, the first comes first. */
static int compare_lines(const void *left, const void *right)
{
	const struct name *a = left, *b = right;

	return compare_names(a, b) ?: (a->rule > b->rule) - (a->rule < b->rule);
}

static void name_rule(struct name_list *names, struct rule *rule)
{
	struct name *name = &names->name[names->count];
	enum verb_id verb = verb_id(rule->cmd.verb);

	if (verb != VERB_ADD_SERVICE && verb != VERB_ADD_REAL)
		return;
	name->service = rule->cmd.service;
	if (verb == VERB_ADD_REAL) {
		name->real = rule->cmd.real;
		name->port = rule->cmd.real_port;
	}
	name->rule = rule;
	names->count++;
}

/* A second line for the same is refused as ever, which the module sees to. */
static void mark_first(struct name_list *names)
{
	for (size_t i = 0; i < names->count; i++)
		names->name[i].rule->cmd.replace =
			!i || compare_names(&names->name[i - 1], &names->name[i]);
}

static bool has_name(const struct name_list *names, const struct name *name)
{
	return names->count && bsearch(name, names->name, names->count, sizeof(*name),
				       compare_names);
}

static int add_deletion(const struct command *cmd, struct rules *rules,
			const struct service_id *service, const struct real *real)
{
	char id[SERVICE_ROOM], endpoint[ENDPOINT_ROOM];
	char *text;
	int len;

	format_service(service, id);
	if (real)
		len = asprintf(&text, "del-real %s %s", id,
			       format_endpoint(&real->address, real->port, endpoint));
	else
		len = asprintf(&text, "del-service %s", id);
	return rules_add(cmd, rules, rules->count + 1, len < 0 ? NULL : text);
}

static int delete_reals(const struct command *cmd, const struct name_list *names,
			const struct config_service *entry, struct rules *rules)
{
	struct name name = { .service = entry->service.id };
	int status = 0;

	for (size_t i = 0; !status && i < entry->num_reals; i++) {
		const struct real *real = &entry->reals[i];

		name.real = real->address;
		name.port = real->port;
		if (!has_name(names, &name))
			status = add_deletion(cmd, rules, &name.service, real);
	}
	return status;
}

/*
 * What goes does so when what comes in its place is there, so that there is always
 * a real for a new client, and a line that is refused has taken nothing away. But for
 * one-packet services: a real that moves from one to another can't be in both, and
 * has no connections.
 */
static int delete_rest(const struct command *cmd, const struct name_list *names,
		       const struct config *config, struct rules *before, struct rules *after)
{
	int status = 0;

	for (size_t i = 0; !status && i < config->num_services; i++) {
		const struct config_service *entry = &config->services[i];
		bool early = entry->service.flags & LBVS_SVC_F_ONE_PACKET;
		struct name name = { .service = entry->service.id };

		if (has_name(names, &name))
			status = delete_reals(cmd, names, entry, early ? before : after);
		else
			status = add_deletion(cmd, early ? before : after, &name.service, NULL);
	}
	return status;
}

/* A "lbctl save > FILE" that failed leaves such a file. */
static int refuse_nothing(const struct command *cmd, const char *file)
{
	fprintf(stderr, "lbctl: %s: %s adds no service; to delete all there are: lbctl flush\n",
		cmd->verb->name, file);
	return EXIT_USAGE;
}

static int compare_with_kernel(struct channel *channel, const struct command *cmd,
			       const struct name_list *names, const char *file,
			       struct rules *before, struct rules *after)
{
	struct config config;
	int status = config_fetch(channel, cmd, true, &config);

	if (status)
		return status;
	/* What was missed wouldn't be deleted. */
	if (config.torn)
		status = report_torn(cmd->verb);
	else if (!names->count && config.num_services)
		status = refuse_nothing(cmd, file);
	else
		status = delete_rest(cmd, names, &config, before, after);
	config_free(&config);
	return status;
}

/* It would end the connections that are to be kept. */
static int refuse_flush(const struct command *cmd, const struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		if (verb_id(rules->rule[i].cmd.verb) == VERB_FLUSH)
			return rules_refuse(cmd, rules->name, rules->rule[i].line,
					    "flush has no place with --replace: what the file doesn't name is deleted anyway",
					    rules->rule[i].text);
	return 0;
}

int rules_replace(struct channel *channel, const struct command *cmd, struct rules *rules,
		  struct rules *before, struct rules *after)
{
	struct name_list names = { NULL, 0 };
	int status = refuse_flush(cmd, rules);

	if (status)
		return status;
	names.name = calloc(rules->count + 1, sizeof(*names.name));
	if (!names.name)
		return report_failure(cmd->verb, rules->name, ENOMEM);
	for (size_t i = 0; i < rules->count; i++)
		name_rule(&names, &rules->rule[i]);
	qsort(names.name, names.count, sizeof(*names.name), compare_lines);
	mark_first(&names);
	status = compare_with_kernel(channel, cmd, &names, rules->name, before, after);
	free(names.name);
	return status;
}
