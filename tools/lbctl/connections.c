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

struct listing {
	bool as_json;
	bool begun;
	struct json json;
};

/* A refusal comes in place of the first connection, and leaves no heading behind. */
static void begin(struct listing *listing)
{
	if (listing->begun)
		return;
	listing->begun = true;
	if (!listing->as_json) {
		text_conn_head();
		return;
	}
	json_object(&listing->json, NULL);
	json_array(&listing->json, "connections");
}

/* An error of the output ends reading; main() reports it. */
static int print_conn(struct nlattr **attrs, void *data)
{
	struct listing *listing = data;
	struct conn conn;
	int status = get_conn(attrs[LBVS_A_CONN], &conn);

	if (status)
		return status;
	begin(listing);
	if (listing->as_json)
		json_conn(&listing->json, &conn);
	else
		text_conn(&conn);
	return ferror(stdout) ? -ECANCELED : 0;
}

int run_connections(struct channel *channel, const struct command *cmd)
{
	struct listing listing = { .as_json = cmd->json };
	struct question question = {
		.command = LBVS_CMD_CONN_GET,
		.dump = true,
		.parts = PART_FILTER,
		.answer = print_conn,
		.data = &listing,
	};
	int status = ask(channel, cmd, &question, NULL);

	/* Without its end nobody takes the JSON for whole. */
	if (status)
		return status;
	begin(&listing);
	if (cmd->json) {
		json_array_end(&listing.json);
		json_object_end(&listing.json);
	}
	return EXIT_DONE;
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
