// SPDX-License-Identifier: GPL-2.0
/*
 * list, show and save: the configuration, to three readers.
 */
#include <errno.h>

#include "ask.h"
#include "format.h"
#include "names.h"
#include "print.h"
#include "report.h"
#include "run.h"

static int fetch(struct channel *channel, const struct command *cmd, struct config *config)
{
	int status = config_fetch(channel, cmd, false, config);

	if (!status && config->torn)
		report_warning("the configuration changed while it was read; old and new may be mixed");
	return status;
}

int run_list(struct channel *channel, const struct command *cmd)
{
	struct config config;
	int status = fetch(channel, cmd, &config);

	if (status)
		return status;
	if (cmd->json)
		json_list(&config);
	else
		text_list(&config);
	config_free(&config);
	return EXIT_DONE;
}

int run_show(struct channel *channel, const struct command *cmd)
{
	struct config config;
	int status = fetch(channel, cmd, &config);

	if (status)
		return status;
	if (config.num_services != 1)
		status = report_unavailable(EBADMSG);
	else if (cmd->json)
		json_show(&config.services[0]);
	else
		text_show(&config.services[0]);
	config_free(&config);
	return status;
}

/* A newer module's, which a file couldn't have back. */
static int refuse_unknown(const struct command *cmd, const struct config *config)
{
	char id[SERVICE_ROOM], what[SERVICE_ROOM + 128];

	for (size_t i = 0; i < config->num_services; i++) {
		const struct service *service = &config->services[i].service;
		u32 unknown = service->flags >> flag_names.count << flag_names.count;

		if (!unknown)
			continue;
		snprintf(what, sizeof(what),
			 "%s has flags that this lbctl doesn't know (0x%x): it is older than the module",
			 format_service(&service->id, id), unknown);
		return report_failure(cmd->verb, what, 0);
	}
	return EXIT_DONE;
}

int run_save(struct channel *channel, const struct command *cmd)
{
	struct info info = { 0 };
	struct config config;
	int status = ask_info(channel, cmd, &info);

	if (!status)
		status = config_fetch(channel, cmd, true, &config);
	if (status)
		return status;
	/* Half a configuration in a file is worse than none. */
	status = config.torn ? report_torn(cmd->verb) : refuse_unknown(cmd, &config);
	if (status) {
		config_free(&config);
		return status;
	}
	line_settings(&info.settings);
	for (size_t i = 0; i < config.num_services; i++) {
		line_service(&config.services[i].service);
		for (size_t j = 0; j < config.services[i].num_reals; j++)
			line_real(&config.services[i].reals[j]);
	}
	config_free(&config);
	return EXIT_DONE;
}
