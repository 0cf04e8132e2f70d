/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a struct command to a message, and to its end.
 */
#ifndef LBCTL_ASK_H
#define LBCTL_ASK_H

#include "lbctl.h"
#include "nl.h"

/* What of a command goes into the message. */
enum part {
	PART_SERVICE_ID = 1 << 0,
	PART_SERVICE = 1 << 1,
	PART_REAL = 1 << 2,
	PART_SETTINGS = 1 << 3,
	PART_FILTER = 1 << 4,	/* only if there is one */
	PART_FILTER_ALWAYS = 1 << 5,
};

struct question {
	u8 command;		/* enum lbvs_cmd */
	bool dump;
	unsigned int parts;
	answer_fn answer;	/* or NULL */
	void *data;
};

/* Asks, and reports what goes wrong. Returns an exit code; @interrupted may be NULL. */
int ask(struct channel *channel, const struct command *cmd, const struct question *question,
	bool *interrupted);

/* The module's facts and settings. */
int ask_info(struct channel *channel, const struct command *cmd, struct info *info);

/* The message of a verb that changes something. Returns 0 or -errno. */
int build_change(const struct channel *channel, const struct command *cmd,
		 struct request *request);

/* Does such a verb. Returns an exit code. */
int run_change(struct channel *channel, const struct command *cmd);

#endif
