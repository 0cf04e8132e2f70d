/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The verbs. Each returns an exit code and reports what goes wrong.
 */
#ifndef LBCTL_RUN_H
#define LBCTL_RUN_H

#include "nl.h"

int run_list(struct channel *channel, const struct command *cmd);
int run_show(struct channel *channel, const struct command *cmd);
int run_save(struct channel *channel, const struct command *cmd);
int run_connections(struct channel *channel, const struct command *cmd);
int run_del_connection(struct channel *channel, const struct command *cmd);
int run_stats(struct channel *channel, const struct command *cmd);
int run_set(struct channel *channel, const struct command *cmd);
int run_settings(struct channel *channel, const struct command *cmd);
int run_version(struct channel *channel, const struct command *cmd);

/* Without a module, too. */
int run_help(const struct command *cmd);
void help_verb(const struct verb *verb);

int run_real_setup(const struct command *cmd);
int run_real_teardown(const struct command *cmd);
int run_check_real(const struct command *cmd);

/* In two steps, so that what is wrong with the file shows without a module. */
struct rules;

int rules_read(const struct command *cmd, struct rules **rules);
int rules_apply(struct channel *channel, const struct command *cmd, struct rules *rules);
void rules_free(struct rules *rules);

#endif
