// SPDX-License-Identifier: GPL-2.0
/*
 * From a struct command to a message, and to its end.
 */
#include <errno.h>
#include <linux/netlink.h>

#include "ask.h"
#include "report.h"
#include "wire.h"

static const struct question changes[VERB_COUNT] = {
	[VERB_ADD_SERVICE] = { LBVS_CMD_SERVICE_NEW, .parts = PART_SERVICE },
	[VERB_EDIT_SERVICE] = { LBVS_CMD_SERVICE_SET, .parts = PART_SERVICE },
	[VERB_DEL_SERVICE] = { LBVS_CMD_SERVICE_DEL, .parts = PART_SERVICE_ID },
	[VERB_ADD_REAL] = { LBVS_CMD_REAL_NEW, .parts = PART_SERVICE_ID | PART_REAL },
	[VERB_EDIT_REAL] = { LBVS_CMD_REAL_SET, .parts = PART_SERVICE_ID | PART_REAL },
	[VERB_DEL_REAL] = { LBVS_CMD_REAL_DEL, .parts = PART_SERVICE_ID | PART_REAL },
	[VERB_ZERO] = { LBVS_CMD_ZERO, .parts = PART_SERVICE_ID },
	[VERB_FLUSH] = { LBVS_CMD_FLUSH },
	[VERB_SET] = { LBVS_CMD_SETTINGS_SET, .parts = PART_SETTINGS },
};

static int build(const struct channel *channel, const struct command *cmd,
		 const struct question *question, struct request *request)
{
	int status = request_begin(request, channel, question->command,
				   question->dump ? NLM_F_DUMP : 0);

	if (status)
		return status;
	if (question->parts & PART_SERVICE)
		put_service(request, cmd);
	if (question->parts & PART_SERVICE_ID && given(cmd, ARG_SERVICE))
		put_service_id(request, LBVS_A_SERVICE, cmd);
	if (question->parts & PART_REAL)
		put_real(request, cmd);
	if (cmd->replace)
		put_bytes(request, LBVS_A_REPLACE, NULL, 0, NULL);
	if (question->parts & PART_SETTINGS)
		put_settings(request, cmd);
	if (question->parts & PART_FILTER_ALWAYS ||
	    (question->parts & PART_FILTER &&
	     (given(cmd, ARG_SERVICE) || given(cmd, ARG_CLIENT) || given(cmd, ARG_REAL))))
		put_filter(request, cmd);
	return 0;
}

int build_change(const struct channel *channel, const struct command *cmd,
		 struct request *request)
{
	return build(channel, cmd, &changes[verb_id(cmd->verb)], request);
}

int ask(struct channel *channel, const struct command *cmd, const struct question *question,
	bool *interrupted)
{
	struct outcome outcome;
	struct request request;
	int status = build(channel, cmd, question, &request);

	if (status)
		return report_unavailable(-status);
	status = channel_call(channel, &request, question->answer, question->data, &outcome);
	if (interrupted)
		*interrupted = outcome.interrupted;
	status = status ? report_unavailable(-status) :
		 report_outcome("", cmd->verb, &request, &outcome);
	request_end(&request);
	return status;
}

static int read_info(struct nlattr **attrs, void *data)
{
	return get_info(attrs, data);
}

int ask_info(struct channel *channel, const struct command *cmd, struct info *info)
{
	const struct question question = {
		.command = LBVS_CMD_INFO_GET, .answer = read_info, .data = info,
	};

	return ask(channel, cmd, &question, NULL);
}

int run_change(struct channel *channel, const struct command *cmd)
{
	return ask(channel, cmd, &changes[verb_id(cmd->verb)], NULL);
}
