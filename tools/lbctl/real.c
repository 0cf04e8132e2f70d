// SPDX-License-Identifier: GPL-2.0
/*
 * Reals in messages.
 */
#include <errno.h>
#include <string.h>

#include "wire.h"

static void put_encap(struct request *request, const struct command *cmd)
{
	const struct arg *arg = cmd->arg;

	if (given(cmd, ARG_ENCAP))
		put_u8(request, LBVS_REAL_A_ENCAP, cmd->encap, &arg[ARG_ENCAP]);
	if (given(cmd, ARG_ENCAP_PORT))
		put_u16_net(request, LBVS_REAL_A_ENCAP_PORT, cmd->encap_port, &arg[ARG_ENCAP_PORT]);
	if (given(cmd, ARG_ENCAP_CSUM))
		put_u8(request, LBVS_REAL_A_ENCAP_CSUM, cmd->encap_csum, &arg[ARG_ENCAP_CSUM]);
}

void put_real(struct request *request, const struct command *cmd)
{
	const struct arg *arg = cmd->arg;
	struct nlattr *nest = put_nest(request, LBVS_A_REAL, &arg[ARG_REAL]);

	put_u8(request, LBVS_REAL_A_AF, cmd->real.family, &arg[ARG_REAL]);
	put_bytes(request, LBVS_REAL_A_ADDR, cmd->real.bytes, address_size(&cmd->real),
		  &arg[ARG_REAL]);
	put_u16_net(request, LBVS_REAL_A_PORT, cmd->real_port, &arg[ARG_REAL]);
	if (given(cmd, ARG_METHOD))
		put_u8(request, LBVS_REAL_A_METHOD, cmd->method, &arg[ARG_METHOD]);
	put_encap(request, cmd);
	if (given(cmd, ARG_WEIGHT))
		put_u32(request, LBVS_REAL_A_WEIGHT, cmd->weight, &arg[ARG_WEIGHT]);
	if (given(cmd, ARG_STATE))
		put_u8(request, LBVS_REAL_A_STATE, cmd->state, &arg[ARG_STATE]);
	put_nest_end(request, nest);
}

int get_real(struct nlattr **top, struct real *real)
{
	struct nlattr *attrs[LBVS_REAL_A_MAX + 1];
	struct service service;

	memset(real, 0, sizeof(*real));
	if (get_service(top[LBVS_A_SERVICE], &service) || !top[LBVS_A_REAL] ||
	    nla_parse_nested(attrs, LBVS_REAL_A_MAX, top[LBVS_A_REAL], NULL) ||
	    get_address(attrs[LBVS_REAL_A_ADDR], &real->address))
		return -EBADMSG;
	real->service = service.id;
	real->port = get_u16_net(attrs[LBVS_REAL_A_PORT]);
	real->method = get_u8(attrs[LBVS_REAL_A_METHOD]);
	real->encap = get_u8(attrs[LBVS_REAL_A_ENCAP]);
	real->encap_port = get_u16_net(attrs[LBVS_REAL_A_ENCAP_PORT]);
	real->encap_csum = get_u8(attrs[LBVS_REAL_A_ENCAP_CSUM]);
	real->weight = get_u32(attrs[LBVS_REAL_A_WEIGHT]);
	real->state = get_u8(attrs[LBVS_REAL_A_STATE]);
	real->active = get_u32(attrs[LBVS_REAL_A_ACTIVE]);
	real->conns = get_u32(attrs[LBVS_REAL_A_CONNS]);
	return get_counters(attrs[LBVS_REAL_A_STATS], &real->stats);
}
