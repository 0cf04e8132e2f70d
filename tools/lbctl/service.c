// SPDX-License-Identifier: GPL-2.0
/*
 * Services in messages.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "wire.h"

void put_service_id(struct request *request, int type, const struct command *cmd)
{
	const struct service_id *id = &cmd->service;
	const struct arg *arg = &cmd->arg[ARG_SERVICE];
	struct nlattr *nest = put_nest(request, type, arg);

	put_u8(request, LBVS_SVC_A_AF, id->address.family, arg);
	if (id->mark) {
		put_u32(request, LBVS_SVC_A_FWMARK, id->mark, arg);
	} else {
		put_u8(request, LBVS_SVC_A_PROTOCOL, id->protocol, arg);
		put_bytes(request, LBVS_SVC_A_ADDR, id->address.bytes,
			  address_size(&id->address), arg);
		put_u16_net(request, LBVS_SVC_A_PORT, id->port, arg);
	}
	put_nest_end(request, nest);
}

static void put_options(struct request *request, const struct command *cmd)
{
	const struct arg *arg = cmd->arg;

	if (given(cmd, ARG_SCHEDULER))
		put_bytes(request, LBVS_SVC_A_SCHEDULER, arg[ARG_SCHEDULER].second,
			  strlen(arg[ARG_SCHEDULER].second) + 1, &arg[ARG_SCHEDULER]);
	if (given(cmd, ARG_FLAGS)) {
		struct nla_bitfield32 flags = { cmd->flags, cmd->flags_mask };

		put_bytes(request, LBVS_SVC_A_FLAGS, &flags, sizeof(flags), &arg[ARG_FLAGS]);
	}
	if (given(cmd, ARG_ON_REMOVE))
		put_u8(request, LBVS_SVC_A_ON_REMOVE, cmd->on_remove, &arg[ARG_ON_REMOVE]);
	if (given(cmd, ARG_MSS))
		put_u32(request, LBVS_SVC_A_MSS, cmd->mss, &arg[ARG_MSS]);
	put_timeouts(request, LBVS_SVC_A_TIMEOUTS, cmd);
}

/* The options share the id's nest. */
void put_service(struct request *request, const struct command *cmd)
{
	struct nlattr *nest = nlmsg_tail(nlmsg_hdr(request->msg));

	put_service_id(request, LBVS_A_SERVICE, cmd);
	put_options(request, cmd);
	put_nest_end(request, nest);
}

static int get_id(struct nlattr **attrs, struct service_id *id)
{
	memset(id, 0, sizeof(*id));
	if (attrs[LBVS_SVC_A_ADDR] && get_address(attrs[LBVS_SVC_A_ADDR], &id->address))
		return -EBADMSG;
	id->address.family = get_u8(attrs[LBVS_SVC_A_AF]);
	id->mark = get_u32(attrs[LBVS_SVC_A_FWMARK]);
	id->protocol = get_u8(attrs[LBVS_SVC_A_PROTOCOL]);
	id->port = get_u16_net(attrs[LBVS_SVC_A_PORT]);
	return id->mark || attrs[LBVS_SVC_A_ADDR] ? 0 : -EBADMSG;
}

static u32 get_flags(struct nlattr *attr)
{
	const struct nla_bitfield32 *flags;

	if (!attr || nla_len(attr) < (int)sizeof(*flags))
		return 0;
	flags = nla_data(attr);
	return flags->value;
}

int get_service(struct nlattr *attr, struct service *service)
{
	struct nlattr *attrs[LBVS_SVC_A_MAX + 1];

	memset(service, 0, sizeof(*service));
	if (!attr || nla_parse_nested(attrs, LBVS_SVC_A_MAX, attr, NULL) ||
	    get_id(attrs, &service->id))
		return -EBADMSG;
	if (attrs[LBVS_SVC_A_SCHEDULER])
		nla_strlcpy(service->scheduler, attrs[LBVS_SVC_A_SCHEDULER],
			    sizeof(service->scheduler));
	service->flags = get_flags(attrs[LBVS_SVC_A_FLAGS]);
	service->on_remove = get_u8(attrs[LBVS_SVC_A_ON_REMOVE]);
	service->mss = get_u32(attrs[LBVS_SVC_A_MSS]);
	service->num_reals = get_u32(attrs[LBVS_SVC_A_NUM_REALS]);
	if (get_timeouts(attrs[LBVS_SVC_A_TIMEOUTS], &service->timeouts))
		return -EBADMSG;
	return get_counters(attrs[LBVS_SVC_A_STATS], &service->stats);
}
