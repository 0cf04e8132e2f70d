/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBCTL_PARSE_H
#define LBCTL_PARSE_H

#include "lbctl.h"

struct parse_error {
	char text[512];
};

/*
 * Understands @count words, the verb first, and keeps pointers to them in @cmd.
 * Returns 0, or -1 with a sentence in @error; @cmd->verb is set as soon as it's
 * known. Touches nothing but its arguments.
 */
int parse_command(int count, const char *const *words, struct command *cmd,
		  struct parse_error *error);

/*
 * The next device that @cmd names for the fast path, or NULL. *@at is where to go
 * on, 0 at first.
 */
const char *command_device(const struct command *cmd, u32 *at);

/* Whether the parser would take a device's name for another word without "dev". */
bool device_needs_dev(const char *name);

/*
 * Splits @line at blanks, in place, up to a '#' that begins a word. Returns how
 * many words it has, or -1 when more than @max.
 */
int parse_split(char *line, const char **words, int max);

/* These are parse_command()'s parts, to be tested by themselves. */
int parse_number(const char *word, u32 min, u32 max, u32 *value);
int parse_endpoint(const char *word, const char *protocol, struct address *address,
		   u16 *port, struct parse_error *error);
int parse_vip(const char *word, struct address *address, struct parse_error *error);
int parse_prefix(const char *word, struct address *address, u8 *length,
		 struct parse_error *error);

#endif
