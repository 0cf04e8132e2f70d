// SPDX-License-Identifier: GPL-2.0
/*
 * Settings of the namespace and facts about the module, in messages.
 */
#include <errno.h>
#include <string.h>

#include "parse.h"
#include "wire.h"

/* Without any, the list that was there goes. */
static void put_devices(struct request *request, const struct command *cmd)
{
	struct nlattr *nest = put_nest(request, LBVS_SETTINGS_A_FAST_DEVICES, NULL);
	const char *name;
	u32 at = 0;

	while ((name = command_device(cmd, &at))) {
		const struct arg arg = { "fast-path", name };

		put_bytes(request, LBVS_DEVICES_A_NAME, name, strlen(name) + 1, &arg);
	}
	put_nest_end(request, nest);
}

void put_settings(struct request *request, const struct command *cmd)
{
	const struct arg *arg = cmd->arg;
	struct nlattr *nest = put_nest(request, LBVS_A_SETTINGS, NULL);

	if (given(cmd, ARG_CONN_LIMIT))
		put_u32(request, LBVS_SETTINGS_A_CONN_LIMIT, cmd->conn_limit,
			&arg[ARG_CONN_LIMIT]);
	if (given(cmd, ARG_TCP_UNKNOWN))
		put_u8(request, LBVS_SETTINGS_A_TCP_UNKNOWN, cmd->tcp_unknown,
		       &arg[ARG_TCP_UNKNOWN]);
	if (given(cmd, ARG_TUNNEL_DF))
		put_u8(request, LBVS_SETTINGS_A_TUNNEL_DF, cmd->tunnel_df, &arg[ARG_TUNNEL_DF]);
	if (given(cmd, ARG_CONNTRACK))
		put_u8(request, LBVS_SETTINGS_A_CONNTRACK, cmd->conntrack, &arg[ARG_CONNTRACK]);
	if (given(cmd, ARG_FAST_PATH)) {
		put_u8(request, LBVS_SETTINGS_A_FAST_PATH, cmd->fast_path, &arg[ARG_FAST_PATH]);
		put_devices(request, cmd);
	}
	if (given(cmd, ARG_TRANSMIT))
		put_u8(request, LBVS_SETTINGS_A_TRANSMIT, cmd->transmit, &arg[ARG_TRANSMIT]);
	put_timeouts(request, LBVS_SETTINGS_A_TIMEOUTS, cmd);
	put_nest_end(request, nest);
}

static int get_devices(struct nlattr *attr, struct settings *settings)
{
	struct nlattr *name;
	int left;

	settings->num_fast_devices = 0;
	if (!attr)
		return 0;
	nla_for_each_nested(name, attr, left) {
		if (nla_type(name) != LBVS_DEVICES_A_NAME)
			continue;
		if (settings->num_fast_devices == ARRAY_SIZE(settings->fast_device))
			return -EBADMSG;
		nla_strlcpy(settings->fast_device[settings->num_fast_devices++], name, DEVICE_ROOM);
	}
	return 0;
}

static int get_settings(struct nlattr *attr, struct settings *settings)
{
	struct nlattr *attrs[LBVS_SETTINGS_A_MAX + 1];

	if (!attr || nla_parse_nested(attrs, LBVS_SETTINGS_A_MAX, attr, NULL))
		return -EBADMSG;
	settings->conn_limit = get_u32(attrs[LBVS_SETTINGS_A_CONN_LIMIT]);
	settings->tcp_unknown = get_u8(attrs[LBVS_SETTINGS_A_TCP_UNKNOWN]);
	settings->tunnel_df = get_u8(attrs[LBVS_SETTINGS_A_TUNNEL_DF]);
	settings->conntrack = get_u8(attrs[LBVS_SETTINGS_A_CONNTRACK]);
	settings->fast_path = get_u8(attrs[LBVS_SETTINGS_A_FAST_PATH]);
	settings->transmit = get_u8(attrs[LBVS_SETTINGS_A_TRANSMIT]);
	return get_devices(attrs[LBVS_SETTINGS_A_FAST_DEVICES], settings) ?:
	       get_timeouts(attrs[LBVS_SETTINGS_A_TIMEOUTS], &settings->timeouts);
}

int get_info(struct nlattr **top, struct info *info)
{
	struct nlattr *attrs[LBVS_INFO_A_MAX + 1];

	memset(info, 0, sizeof(*info));
	if (!top[LBVS_A_INFO] ||
	    nla_parse_nested(attrs, LBVS_INFO_A_MAX, top[LBVS_A_INFO], NULL))
		return -EBADMSG;
	if (attrs[LBVS_INFO_A_VERSION])
		nla_strlcpy(info->version, attrs[LBVS_INFO_A_VERSION], sizeof(info->version));
	if (attrs[LBVS_INFO_A_SCHEDULERS])
		nla_strlcpy(info->schedulers, attrs[LBVS_INFO_A_SCHEDULERS],
			    sizeof(info->schedulers));
	info->conns = get_u32(attrs[LBVS_INFO_A_CONNS]);
	info->services = get_u32(attrs[LBVS_INFO_A_SERVICES]);
	info->reals = get_u32(attrs[LBVS_INFO_A_REALS]);
	info->buckets = get_u32(attrs[LBVS_INFO_A_BUCKETS]);
	info->conn_bytes = get_u32(attrs[LBVS_INFO_A_CONN_BYTES]);
	return get_settings(top[LBVS_A_SETTINGS], &info->settings);
}
