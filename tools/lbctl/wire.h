/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The nouns of the interface as attributes: put_...() writes what a command
 * says, get_...() reads what the module answers (0, or -EBADMSG).
 */
#ifndef LBCTL_WIRE_H
#define LBCTL_WIRE_H

#include "lbctl.h"
#include "nl.h"

void put_service_id(struct request *request, int type, const struct command *cmd);
void put_service(struct request *request, const struct command *cmd);
int get_service(struct nlattr *attr, struct service *service);

void put_real(struct request *request, const struct command *cmd);
int get_real(struct nlattr **attrs, struct real *real);

void put_filter(struct request *request, const struct command *cmd);
int get_conn(struct nlattr *attr, struct conn *conn);

void put_settings(struct request *request, const struct command *cmd);
int get_info(struct nlattr **attrs, struct info *info);

int get_counters(struct nlattr *attr, struct counters *counters);
int get_drops(struct nlattr *attr, struct drops *drops);
int get_fates(struct nlattr *attr, struct fates *fates);

/* Parts that more than one noun has. */
void put_timeouts(struct request *request, int type, const struct command *cmd);
int get_timeouts(struct nlattr *attr, struct timeouts *timeouts);
int address_size(const struct address *address);
int get_address(struct nlattr *attr, struct address *address);

/* An attribute that may be missing, as 0. */
u8 get_u8(struct nlattr *attr);
u16 get_u16_net(struct nlattr *attr);
u32 get_u32(struct nlattr *attr);
u64 get_u64(struct nlattr *attr);

#endif
