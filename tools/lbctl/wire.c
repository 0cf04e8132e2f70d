// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of messages that more than one noun has.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "wire.h"

int address_size(const struct address *address)
{
	return address->family == AF_INET ? 4 : 16;
}

int get_address(struct nlattr *attr, struct address *address)
{
	memset(address, 0, sizeof(*address));
	if (!attr)
		return -EBADMSG;
	switch (nla_len(attr)) {
	case 4:
		address->family = AF_INET;
		break;
	case 16:
		address->family = AF_INET6;
		break;
	default:
		return -EBADMSG;
	}
	memcpy(address->bytes, nla_data(attr), nla_len(attr));
	return 0;
}

u8 get_u8(struct nlattr *attr)
{
	return attr && nla_len(attr) >= (int)sizeof(u8) ? nla_get_u8(attr) : 0;
}

u16 get_u16_net(struct nlattr *attr)
{
	return attr && nla_len(attr) >= (int)sizeof(u16) ? ntohs(nla_get_u16(attr)) : 0;
}

u32 get_u32(struct nlattr *attr)
{
	return attr && nla_len(attr) >= (int)sizeof(u32) ? nla_get_u32(attr) : 0;
}

u64 get_u64(struct nlattr *attr)
{
	return attr && nla_len(attr) >= (int)sizeof(u64) ? nla_get_u64(attr) : 0;
}

void put_timeouts(struct request *request, int type, const struct command *cmd)
{
	struct nlattr *nest;

	if (!cmd->timeouts.given)
		return;
	nest = put_nest(request, type, NULL);
	for (int state = 1; state <= LBVS_STATE_MAX; state++)
		if (cmd->timeouts.given & 1U << state)
			put_u32(request, state, cmd->timeouts.seconds[state],
				&cmd->timeout_arg[state]);
	put_nest_end(request, nest);
}

int get_timeouts(struct nlattr *attr, struct timeouts *timeouts)
{
	struct nlattr *attrs[LBVS_STATE_MAX + 1];

	memset(timeouts, 0, sizeof(*timeouts));
	if (!attr)
		return 0;
	if (nla_parse_nested(attrs, LBVS_STATE_MAX, attr, NULL))
		return -EBADMSG;
	for (int state = 1; state <= LBVS_STATE_MAX; state++) {
		if (!attrs[state])
			continue;
		timeouts->given |= 1U << state;
		timeouts->seconds[state] = get_u32(attrs[state]);
	}
	return 0;
}

/* Attribute N, a u64, into values[N]; what is missing is 0. */
static int get_values(struct nlattr *attr, u64 *values, int max)
{
	struct nlattr *attrs[32];

	memset(values, 0, (max + 1) * sizeof(*values));
	if (!attr)
		return 0;
	if (max >= (int)ARRAY_SIZE(attrs) || nla_parse_nested(attrs, max, attr, NULL))
		return -EBADMSG;
	for (int i = 1; i <= max; i++)
		values[i] = get_u64(attrs[i]);
	return 0;
}

int get_counters(struct nlattr *attr, struct counters *counters)
{
	return get_values(attr, counters->value, ARRAY_SIZE(counters->value) - 1);
}

int get_drops(struct nlattr *attr, struct drops *drops)
{
	return get_values(attr, drops->value, LBVS_DROP_MAX);
}

int get_fates(struct nlattr *attr, struct fates *fates)
{
	return get_values(attr, fates->value, LBVS_FAST_MAX);
}
