// SPDX-License-Identifier: GPL-2.0
/*
 * stats, settings and version: what the module says of itself.
 */
#include <errno.h>
#include <stdlib.h>

#include "ask.h"
#include "print.h"
#include "run.h"
#include "wire.h"

static int read_totals(struct nlattr **attrs, void *data)
{
	struct totals *totals = data;

	totals->evicted = get_u64(attrs[LBVS_A_EVICTED]);
	return get_counters(attrs[LBVS_A_STATS], &totals->stats) ?:
	       get_drops(attrs[LBVS_A_DROPS], &totals->drops) ?:
	       get_fates(attrs[LBVS_A_FAST], &totals->fates);
}

static int read_cpu(struct nlattr **attrs, void *data)
{
	struct totals *totals = data;
	struct cpu_stats *cpus;

	cpus = realloc(totals->cpus, (totals->num_cpus + 1) * sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	totals->cpus = cpus;
	cpus += totals->num_cpus++;
	cpus->cpu = get_u32(attrs[LBVS_A_CPU]);
	return get_counters(attrs[LBVS_A_STATS], &cpus->stats) ?:
	       get_drops(attrs[LBVS_A_DROPS], &cpus->drops) ?:
	       get_fates(attrs[LBVS_A_FAST], &cpus->fates);
}

static int fetch_totals(struct channel *channel, const struct command *cmd, struct totals *totals)
{
	struct question question = {
		.command = LBVS_CMD_STATS_GET, .answer = read_totals, .data = totals,
	};
	int status = ask_info(channel, cmd, &totals->info);

	if (!status)
		status = ask(channel, cmd, &question, NULL);
	if (status || !totals->per_cpu)
		return status;
	question.dump = true;
	question.answer = read_cpu;
	return ask(channel, cmd, &question, NULL);
}

int run_stats(struct channel *channel, const struct command *cmd)
{
	struct totals totals = { .per_cpu = given(cmd, ARG_PER_CPU) };
	int status = fetch_totals(channel, cmd, &totals);

	if (!status && cmd->json)
		json_totals(&totals);
	else if (!status)
		text_totals(&totals);
	free(totals.cpus);
	return status;
}

int run_settings(struct channel *channel, const struct command *cmd)
{
	struct info info = { 0 };
	int status = ask_info(channel, cmd, &info);

	if (status)
		return status;
	if (cmd->json)
		json_settings(&info.settings);
	else
		text_settings(&info.settings);
	return EXIT_DONE;
}

int run_version(struct channel *channel, const struct command *cmd)
{
	struct info info = { 0 };
	int status = ask_info(channel, cmd, &info);

	if (status)
		return status;
	if (cmd->json)
		json_version(LBCTL_VERSION, &info);
	else
		text_version(LBCTL_VERSION, &info);
	return EXIT_DONE;
}
