// SPDX-License-Identifier: GPL-2.0
/*
 * connections and del-connection.
 */
#include <errno.h>
#include <stdio.h>

#include "ask.h"
#include "print.h"
#include "run.h"
#include "wire.h"

/* An error of the output ends reading; main() reports it. */
static int print_text(struct nlattr **attrs, void *data)
{
	struct conn conn;
	int status = get_conn(attrs[LBVS_A_CONN], &conn);

	(void)data;
	if (!status)
		text_conn(&conn);
	return status ? status : ferror(stdout) ? -ECANCELED : 0;
}

static int print_json(struct nlattr **attrs, void *data)
{
	struct conn conn;
	int status = get_conn(attrs[LBVS_A_CONN], &conn);

	if (!status)
		json_conn(data, &conn);
	return status ? status : ferror(stdout) ? -ECANCELED : 0;
}

int run_connections(struct channel *channel, const struct command *cmd)
{
	struct json json = { 0 };
	struct question question = {
		.command = LBVS_CMD_CONN_GET,
		.dump = true,
		.parts = PART_FILTER,
		.answer = cmd->json ? print_json : print_text,
		.data = &json,
	};
	int status;

	if (cmd->json) {
		json_object(&json, NULL);
		json_array(&json, "connections");
	} else {
		text_conn_head();
	}
	status = ask(channel, cmd, &question, NULL);
	/* Without its end nobody takes the JSON for whole. */
	if (cmd->json && !status) {
		json_array_end(&json);
		json_object_end(&json);
	}
	return status;
}

static int read_count(struct nlattr **attrs, void *data)
{
	u32 *count = data;

	*count = get_u32(attrs[LBVS_A_COUNT]);
	return attrs[LBVS_A_COUNT] ? 0 : -EBADMSG;
}

int run_del_connection(struct channel *channel, const struct command *cmd)
{
	u32 count = 0;
	struct question question = {
		.command = LBVS_CMD_CONN_DEL,
		.parts = PART_FILTER_ALWAYS,
		.answer = read_count,
		.data = &count,
	};
	int status = ask(channel, cmd, &question, NULL);

	if (status)
		return status;
	if (cmd->json)
		json_deleted(count);
	else
		text_deleted(count);
	return EXIT_DONE;
}
