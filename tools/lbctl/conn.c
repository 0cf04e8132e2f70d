// SPDX-License-Identifier: GPL-2.0
/*
 * Connections in messages, and what they are filtered by.
 */
#include <errno.h>
#include <string.h>

#include "wire.h"

static void put_filter_real(struct request *request, const struct command *cmd)
{
	const struct arg *arg = &cmd->arg[ARG_REAL];
	struct nlattr *nest = put_nest(request, LBVS_FILTER_A_REAL, arg);

	put_bytes(request, LBVS_REAL_A_ADDR, cmd->real.bytes, address_size(&cmd->real), arg);
	if (cmd->real_port)
		put_u16_net(request, LBVS_REAL_A_PORT, cmd->real_port, arg);
	put_nest_end(request, nest);
}

void put_filter(struct request *request, const struct command *cmd)
{
	const struct arg *client = &cmd->arg[ARG_CLIENT];
	struct nlattr *nest = put_nest(request, LBVS_A_FILTER, NULL);

	if (given(cmd, ARG_CLIENT)) {
		put_bytes(request, LBVS_FILTER_A_CLIENT, cmd->client.bytes,
			  address_size(&cmd->client), client);
		put_u8(request, LBVS_FILTER_A_PREFIX_LEN, cmd->client_prefix, client);
	}
	if (given(cmd, ARG_SERVICE))
		put_service_id(request, LBVS_FILTER_A_SERVICE, cmd);
	if (given(cmd, ARG_REAL))
		put_filter_real(request, cmd);
	put_nest_end(request, nest);
}

int get_conn(struct nlattr *attr, struct conn *conn)
{
	struct nlattr *attrs[LBVS_CONN_A_MAX + 1];

	if (!attr || nla_parse_nested(attrs, LBVS_CONN_A_MAX, attr, NULL) ||
	    get_address(attrs[LBVS_CONN_A_CLIENT_ADDR], &conn->client) ||
	    get_address(attrs[LBVS_CONN_A_VIRT_ADDR], &conn->virtual) ||
	    get_address(attrs[LBVS_CONN_A_REAL_ADDR], &conn->real))
		return -EBADMSG;
	conn->protocol = get_u8(attrs[LBVS_CONN_A_PROTOCOL]);
	conn->method = get_u8(attrs[LBVS_CONN_A_METHOD]);
	conn->state = get_u8(attrs[LBVS_CONN_A_STATE]);
	conn->client_port = get_u16_net(attrs[LBVS_CONN_A_CLIENT_PORT]);
	conn->virtual_port = get_u16_net(attrs[LBVS_CONN_A_VIRT_PORT]);
	conn->real_port = get_u16_net(attrs[LBVS_CONN_A_REAL_PORT]);
	conn->expires_ms = get_u32(attrs[LBVS_CONN_A_EXPIRES]);
	conn->mark = get_u32(attrs[LBVS_CONN_A_FWMARK]);
	return 0;
}
