// SPDX-License-Identifier: GPL-2.0
/* The generic netlink family: what reads. */
#include <linux/slab.h>
#include <net/ipv6.h>

#include "compat.h"
#include "netlink.h"

/* Chains that one call of a connection dump looks at, at most. */
#define DUMP_CHAINS 65536

static int put_sum(struct sk_buff *skb, int type, const struct lbvs_sum *sum)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest ||
	    nla_put_u64_64bit(skb, LBVS_STATS_A_CONNS, sum->conns,
			      LBVS_STATS_A_PAD) ||
	    nla_put_u64_64bit(skb, LBVS_STATS_A_PKTS_IN, sum->pkts_in,
			      LBVS_STATS_A_PAD) ||
	    nla_put_u64_64bit(skb, LBVS_STATS_A_BYTES_IN, sum->bytes_in,
			      LBVS_STATS_A_PAD) ||
	    nla_put_u64_64bit(skb, LBVS_STATS_A_PKTS_OUT, sum->pkts_out,
			      LBVS_STATS_A_PAD) ||
	    nla_put_u64_64bit(skb, LBVS_STATS_A_BYTES_OUT, sum->bytes_out,
			      LBVS_STATS_A_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Of one CPU or, if @cpu is negative, of all. */
static u64 count_of(struct lbvs_net *ln, unsigned int i, int cpu)
{
	return cpu < 0 ? lbvs_stats_count(ln, i) :
			 lbvs_stats_count_cpu(ln, i, cpu);
}

/* The counters that come after the @first one of &lbvs_cpu.count. */
static int put_counts(struct sk_buff *skb, struct lbvs_net *ln, int cpu,
		      int type, unsigned int first, unsigned int num)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 1; i < num; i++)
		/* 0 isn't counted, so it serves as padding. */
		if (nla_put_u64_64bit(skb, i, count_of(ln, first + i, cpu), 0))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_timeouts(struct sk_buff *skb, int type, const u32 *timeout)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 1; i <= LBVS_STATE_MAX; i++)
		if (timeout[i] && nla_put_u32(skb, i, timeout[i] / HZ))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_addr(struct sk_buff *skb, int type, u8 af, const __be32 *addr)
{
	return nla_put(skb, type, lbvs_addr_words(af) * sizeof(*addr), addr);
}

static int put_service_key(struct sk_buff *skb,
			   const struct lbvs_service_key *key)
{
	if (nla_put_u8(skb, LBVS_SVC_A_AF, key->af))
		return -EMSGSIZE;
	if (key->mark)
		return nla_put_u32(skb, LBVS_SVC_A_FWMARK, key->mark);
	if (nla_put_u8(skb, LBVS_SVC_A_PROTOCOL, key->proto) ||
	    put_addr(skb, LBVS_SVC_A_ADDR, key->af, key->addr) ||
	    nla_put_be16(skb, LBVS_SVC_A_PORT, key->port))
		return -EMSGSIZE;
	return 0;
}

static int put_service(struct sk_buff *skb, const struct lbvs_service *svc)
{
	struct nlattr *nest = nla_nest_start(skb, LBVS_A_SERVICE);
	struct lbvs_sum sum;

	lbvs_stats_service(&sum, svc);
	if (!nest || put_service_key(skb, &svc->key) ||
	    nla_put_string(skb, LBVS_SVC_A_SCHEDULER, svc->sched->name) ||
	    nla_put_bitfield32(skb, LBVS_SVC_A_FLAGS, svc->flags,
			       LBVS_SVC_F_ALL) ||
	    nla_put_u8(skb, LBVS_SVC_A_ON_REMOVE, svc->on_remove) ||
	    put_timeouts(skb, LBVS_SVC_A_TIMEOUTS, svc->timeout) ||
	    nla_put_u32(skb, LBVS_SVC_A_MSS, svc->mss) ||
	    nla_put_u32(skb, LBVS_SVC_A_NUM_REALS, svc->num_reals) ||
	    put_sum(skb, LBVS_SVC_A_STATS, &sum))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_encap(struct sk_buff *skb, const struct lbvs_real *real)
{
	if (real->method != LBVS_METHOD_TUNNEL)
		return 0;
	if (nla_put_u8(skb, LBVS_REAL_A_ENCAP, real->encap))
		return -EMSGSIZE;
	if (real->encap != LBVS_ENCAP_GUE)
		return 0;
	return nla_put_be16(skb, LBVS_REAL_A_ENCAP_PORT, real->encap_port) ?:
	       nla_put_u8(skb, LBVS_REAL_A_ENCAP_CSUM, real->encap_csum);
}

static int put_real(struct sk_buff *skb, const struct lbvs_real *real)
{
	struct nlattr *svc, *nest;
	struct lbvs_sum sum;

	lbvs_stats_real(&sum, real);
	svc = nla_nest_start(skb, LBVS_A_SERVICE);
	if (!svc || put_service_key(skb, &real->svc->key))
		return -EMSGSIZE;
	nla_nest_end(skb, svc);

	nest = nla_nest_start(skb, LBVS_A_REAL);
	if (!nest || nla_put_u8(skb, LBVS_REAL_A_AF, real->key.af) ||
	    put_addr(skb, LBVS_REAL_A_ADDR, real->key.af, real->key.addr) ||
	    nla_put_be16(skb, LBVS_REAL_A_PORT, real->key.port) ||
	    nla_put_u8(skb, LBVS_REAL_A_METHOD, real->method) ||
	    nla_put_u32(skb, LBVS_REAL_A_WEIGHT, real->weight) ||
	    nla_put_u8(skb, LBVS_REAL_A_STATE, real->state) ||
	    nla_put_u32(skb, LBVS_REAL_A_ACTIVE,
			max(atomic_read(&real->active), 0)) ||
	    nla_put_u32(skb, LBVS_REAL_A_CONNS, lbvs_real_conns(real)) ||
	    put_encap(skb, real) || put_sum(skb, LBVS_REAL_A_STATS, &sum))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_schedulers(struct sk_buff *skb)
{
	char names[128];
	const char *name;
	int i, len = 0;

	for (i = 0; (name = lbvs_scheduler_name(i)); i++)
		len += scnprintf(names + len, sizeof(names) - len, "%s%s",
				 i ? " " : "", name);
	return nla_put_string(skb, LBVS_INFO_A_SCHEDULERS, names);
}

static int put_info(struct sk_buff *skb, const struct lbvs_net *ln)
{
	struct nlattr *nest = nla_nest_start(skb, LBVS_A_INFO);

	if (!nest || nla_put_string(skb, LBVS_INFO_A_VERSION, LBVS_VERSION) ||
	    nla_put_u32(skb, LBVS_INFO_A_CONNS, lbvs_conn_count(ln)) ||
	    nla_put_u32(skb, LBVS_INFO_A_SERVICES, ln->num_services) ||
	    nla_put_u32(skb, LBVS_INFO_A_REALS, ln->num_reals) ||
	    nla_put_u32(skb, LBVS_INFO_A_BUCKETS, lbvs_table_buckets(ln)) ||
	    nla_put_u32(skb, LBVS_INFO_A_CONN_BYTES, lbvs_conn_bytes()) ||
	    put_schedulers(skb))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_devices(struct sk_buff *skb, const struct lbvs_fast_settings *fast)
{
	struct nlattr *nest = nla_nest_start(skb, LBVS_SETTINGS_A_FAST_DEVICES);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < fast->num_devices; i++)
		if (nla_put_string(skb, LBVS_DEVICES_A_NAME, fast->device[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_settings(struct sk_buff *skb, const struct lbvs_net *ln)
{
	struct nlattr *nest = nla_nest_start(skb, LBVS_A_SETTINGS);

	if (!nest ||
	    nla_put_u32(skb, LBVS_SETTINGS_A_CONN_LIMIT, ln->conns.limit) ||
	    nla_put_u8(skb, LBVS_SETTINGS_A_TCP_UNKNOWN, ln->tcp_unknown) ||
	    nla_put_u8(skb, LBVS_SETTINGS_A_TUNNEL_DF, ln->tunnel_df) ||
	    nla_put_u8(skb, LBVS_SETTINGS_A_CONNTRACK, ln->conntrack) ||
	    nla_put_u8(skb, LBVS_SETTINGS_A_FAST_PATH, ln->fast.path) ||
	    put_devices(skb, &ln->fast) ||
	    nla_put_u8(skb, LBVS_SETTINGS_A_TRANSMIT, ln->fast.transmit) ||
	    put_timeouts(skb, LBVS_SETTINGS_A_TIMEOUTS, ln->timeout))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_stats(struct sk_buff *skb, struct lbvs_net *ln, int cpu)
{
	struct lbvs_sum sum;

	if (cpu < 0)
		lbvs_stats_net(&sum, ln);
	else
		lbvs_stats_net_cpu(&sum, ln, cpu);
	return put_sum(skb, LBVS_A_STATS, &sum) ?:
	       put_counts(skb, ln, cpu, LBVS_A_DROPS,
			  LBVS_COUNT_DROP(LBVS_DROP_NONE), __LBVS_DROP_MAX) ?:
	       put_counts(skb, ln, cpu, LBVS_A_FAST,
			  LBVS_COUNT_FAST(LBVS_FAST_NONE), __LBVS_FAST_MAX) ?:
	       nla_put_u64_64bit(skb, LBVS_A_EVICTED,
				 count_of(ln, LBVS_COUNT_EVICTED, cpu),
				 LBVS_A_UNSPEC);
}

/* An answer that has been begun, or NULL. */
static struct sk_buff *reply_begin(struct genl_info *info, void **hdr)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	if (!msg)
		return NULL;
	*hdr = genlmsg_put_reply(msg, info, &lbvs_genl_family, 0,
				 info->genlhdr->cmd);
	return msg;
}

static int reply_end(struct genl_info *info, struct sk_buff *msg, void *hdr,
		     int err)
{
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

int lbvs_nl_info_get(struct sk_buff *skb, struct genl_info *info)
{
	struct lbvs_net *ln = lbvs_net(genl_info_net(info));
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = reply_begin(info, &hdr);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&ln->lock);
	err = put_info(msg, ln) ?: put_settings(msg, ln);
	mutex_unlock(&ln->lock);
	return reply_end(info, msg, hdr, err);
}

int lbvs_nl_stats_get(struct sk_buff *skb, struct genl_info *info)
{
	struct lbvs_net *ln = lbvs_net(genl_info_net(info));
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = reply_begin(info, &hdr);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&ln->lock);
	err = put_stats(msg, ln, -1);
	mutex_unlock(&ln->lock);
	return reply_end(info, msg, hdr, err);
}

int lbvs_nl_service_get(struct sk_buff *skb, struct genl_info *info)
{
	struct lbvs_net *ln = lbvs_net(genl_info_net(info));
	struct lbvs_service_key key;
	struct lbvs_service *svc;
	struct sk_buff *msg;
	void *hdr;
	int err;

	err = lbvs_parse_service_id(info->attrs[LBVS_A_SERVICE], &key,
				    info->extack);
	if (err)
		return err;
	msg = reply_begin(info, &hdr);
	if (!msg)
		return -ENOMEM;
	mutex_lock(&ln->lock);
	svc = lbvs_service_get(ln, &key);
	err = svc ? put_service(msg, svc) : -ENOENT;
	mutex_unlock(&ln->lock);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[LBVS_A_SERVICE],
				    "there is no such service");
	return reply_end(info, msg, hdr, err);
}

/* A message of a dump that has been begun, or NULL when it doesn't fit. */
static void *dump_begin(struct sk_buff *skb, struct netlink_callback *cb,
			u8 cmd)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &lbvs_genl_family,
				NLM_F_MULTI, cmd);

	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

static int dump_end(struct sk_buff *skb, void *hdr, int err)
{
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

static int dump_stats_cpu(struct sk_buff *skb, struct netlink_callback *cb,
			  struct lbvs_net *ln, int cpu)
{
	void *hdr = dump_begin(skb, cb, LBVS_CMD_STATS_GET);

	if (!hdr)
		return -EMSGSIZE;
	return dump_end(skb, hdr, nla_put_u32(skb, LBVS_A_CPU, cpu) ?:
				  put_stats(skb, ln, cpu));
}

int lbvs_nl_stats_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct lbvs_net *ln = lbvs_net(sock_net(cb->skb->sk));
	int cpu;

	mutex_lock(&ln->lock);
	for (cpu = cpumask_next(cb->args[0] - 1, cpu_possible_mask);
	     cpu < nr_cpu_ids; cpu = cpumask_next(cpu, cpu_possible_mask))
		if (dump_stats_cpu(skb, cb, ln, cpu))
			break;
	mutex_unlock(&ln->lock);
	cb->args[0] = cpu;
	return skb->len;
}

static int dump_service(struct sk_buff *skb, struct netlink_callback *cb,
			const struct lbvs_service *svc)
{
	void *hdr = dump_begin(skb, cb, LBVS_CMD_SERVICE_GET);

	return hdr ? dump_end(skb, hdr, put_service(skb, svc)) : -EMSGSIZE;
}

int lbvs_nl_service_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct lbvs_net *ln = lbvs_net(sock_net(cb->skb->sk));
	const struct lbvs_service *svc;
	long i = 0;

	if (lbvs_dump_attrs(cb)[LBVS_A_SERVICE]) {
		NL_SET_ERR_MSG(cb->extack, "a dump is of every service");
		return -EINVAL;
	}
	mutex_lock(&ln->lock);
	cb->seq = ln->config_seq;
	list_for_each_entry(svc, &ln->list, list) {
		if (i++ < cb->args[0])
			continue;
		if (dump_service(skb, cb, svc))
			break;
		cb->args[0] = i;
	}
	mutex_unlock(&ln->lock);
	return skb->len;
}

/**
 * struct real_dump - where a dump of reals is; in &netlink_callback.ctx
 * @key: of the service that is dumped; its @af is 0 for all services
 * @begun: @key has been read
 * @svc: services dumped
 * @real: reals of the next one dumped
 */
struct real_dump {
	struct lbvs_service_key key;
	bool begun;
	unsigned int svc;
	unsigned int real;
};

static int dump_real(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct lbvs_real *real)
{
	void *hdr = dump_begin(skb, cb, LBVS_CMD_REAL_GET);

	return hdr ? dump_end(skb, hdr, put_real(skb, real)) : -EMSGSIZE;
}

static int dump_reals(struct sk_buff *skb, struct netlink_callback *cb,
		      const struct lbvs_service *svc)
{
	struct real_dump *ctx = (struct real_dump *)cb->ctx;
	const struct lbvs_real *real;
	unsigned int i = 0;

	list_for_each_entry(real, &svc->reals, list) {
		if (i++ < ctx->real)
			continue;
		if (dump_real(skb, cb, real))
			return -EMSGSIZE;
		ctx->real = i;
	}
	ctx->real = 0;
	ctx->svc++;
	return 0;
}

/* Not at the start of the dump: 6.1 has no extack there. */
static int real_dump_begin(struct netlink_callback *cb)
{
	struct nlattr *attr = lbvs_dump_attrs(cb)[LBVS_A_SERVICE];
	struct real_dump *ctx = (struct real_dump *)cb->ctx;

	BUILD_BUG_ON(sizeof(*ctx) > sizeof(cb->ctx));
	if (ctx->begun)
		return 0;
	ctx->begun = true;
	return attr ? lbvs_parse_service_id(attr, &ctx->key, cb->extack) : 0;
}

static int dump_reals_of(struct sk_buff *skb, struct netlink_callback *cb,
			 struct lbvs_net *ln, const struct lbvs_service_key *key)
{
	struct real_dump *ctx = (struct real_dump *)cb->ctx;
	const struct lbvs_service *svc;

	if (ctx->svc)
		return 0;
	svc = lbvs_service_get(ln, key);
	if (svc) {
		dump_reals(skb, cb, svc);
		return 0;
	}
	NL_SET_ERR_MSG(cb->extack, "there is no such service");
	return -ENOENT;
}

int lbvs_nl_real_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct lbvs_net *ln = lbvs_net(sock_net(cb->skb->sk));
	struct real_dump *ctx = (struct real_dump *)cb->ctx;
	const struct lbvs_service *svc;
	unsigned int i = 0;
	int err;

	err = real_dump_begin(cb);
	if (err)
		return err;
	mutex_lock(&ln->lock);
	cb->seq = ln->config_seq;
	if (ctx->key.af) {
		err = dump_reals_of(skb, cb, ln, &ctx->key);
		goto out;
	}
	list_for_each_entry(svc, &ln->list, list)
		if (i++ == ctx->svc && dump_reals(skb, cb, svc))
			break;
out:
	mutex_unlock(&ln->lock);
	return err ?: skb->len;
}

static bool prefix_match(const __be32 *a, const __be32 *b, unsigned int len)
{
	unsigned int i;

	for (i = 0; len >= 32; i++, len -= 32)
		if (a[i] != b[i])
			return false;
	return !len || !((a[i] ^ b[i]) & htonl(~0U << (32 - len)));
}

/**
 * lbvs_filter_match() - is a connection one of those that are meant
 * @filter: which are
 * @conn: the connection
 */
bool lbvs_filter_match(const struct lbvs_filter *filter,
		       const struct lbvs_conn *conn)
{
	struct lbvs_real_key real;
	struct lbvs_tuple in;

	lbvs_conn_tuple(conn, LBVS_DIR_IN, &in);
	if (filter->client_af &&
	    (filter->client_af != in.af ||
	     !prefix_match(filter->client, in.saddr, filter->client_len)))
		return false;
	if (filter->by_service &&
	    memcmp(&filter->service, &conn->real->svc->key,
		   sizeof(filter->service)))
		return false;
	if (!filter->real.af)
		return true;
	lbvs_conn_real(conn, &real);
	return filter->real.af == real.af &&
	       lbvs_addr_equal(real.af, filter->real.addr, real.addr) &&
	       (!filter->by_port || filter->real.port == real.port);
}

static int put_conn(struct sk_buff *skb, const struct lbvs_conn *conn)
{
	s32 left = READ_ONCE(conn->expires) - (u32)jiffies;
	u32 mark = conn->real->svc->key.mark;
	struct lbvs_real_key real;
	struct lbvs_tuple in;
	struct nlattr *nest;

	lbvs_conn_tuple(conn, LBVS_DIR_IN, &in);
	lbvs_conn_real(conn, &real);
	nest = nla_nest_start(skb, LBVS_A_CONN);
	if (!nest || nla_put_u8(skb, LBVS_CONN_A_AF, in.af) ||
	    nla_put_u8(skb, LBVS_CONN_A_PROTOCOL, in.proto) ||
	    put_addr(skb, LBVS_CONN_A_CLIENT_ADDR, in.af, in.saddr) ||
	    nla_put_be16(skb, LBVS_CONN_A_CLIENT_PORT, in.sport) ||
	    put_addr(skb, LBVS_CONN_A_VIRT_ADDR, in.af, in.daddr) ||
	    nla_put_be16(skb, LBVS_CONN_A_VIRT_PORT, in.dport) ||
	    put_addr(skb, LBVS_CONN_A_REAL_ADDR, real.af, real.addr) ||
	    nla_put_be16(skb, LBVS_CONN_A_REAL_PORT, real.port) ||
	    nla_put_u8(skb, LBVS_CONN_A_METHOD, lbvs_conn_method(conn)) ||
	    nla_put_u8(skb, LBVS_CONN_A_STATE, lbvs_conn_state(conn)) ||
	    nla_put_u32(skb, LBVS_CONN_A_EXPIRES,
			left > 0 ? jiffies_to_msecs(left) : 0) ||
	    (mark && nla_put_u32(skb, LBVS_CONN_A_FWMARK, mark)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * struct conn_dump - where a dump of connections is
 * @begun: @filter has been read
 * @filter: which are wanted
 * @family: index of the family being dumped
 * @cursor: the chain being dumped
 * @skip: connections of that chain dumped already
 * @pos: those visited in this call
 * @skb: the message of this call
 * @cb: the callback of this call
 */
struct conn_dump {
	bool begun;
	struct lbvs_filter filter;
	unsigned int family;
	u32 cursor;
	unsigned int skip;
	unsigned int pos;
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

int lbvs_nl_conn_start(struct netlink_callback *cb)
{
	struct conn_dump *dump = kzalloc(sizeof(*dump),
					 GFP_KERNEL_ACCOUNT);

	cb->args[0] = (long)dump;
	return dump ? 0 : -ENOMEM;
}

int lbvs_nl_conn_done(struct netlink_callback *cb)
{
	kfree((struct conn_dump *)cb->args[0]);
	return 0;
}

static int conn_dump_one(struct lbvs_conn *conn, void *arg)
{
	struct conn_dump *dump = arg;
	void *hdr;

	if (!lbvs_conn_usable(conn) || !lbvs_filter_match(&dump->filter, conn))
		return 0;
	if (dump->pos < dump->skip) {
		dump->pos++;
		return 0;
	}
	hdr = dump_begin(dump->skb, dump->cb, LBVS_CMD_CONN_GET);
	if (!hdr || dump_end(dump->skb, hdr, put_conn(dump->skb, conn)))
		return -EMSGSIZE;
	dump->pos++;
	return 0;
}

/*
 * One more chain; -EMSGSIZE when the message is full. A chain goes into a
 * message whole, so that nothing is missed when it changes before the next one;
 * unless it is alone in the message and still doesn't fit.
 */
static int conn_dump_chain(struct conn_dump *dump, struct lbvs_net *ln)
{
	unsigned int len = dump->skb->len;
	int err;

	dump->pos = 0;
	err = lbvs_table_walk(&ln->conns.family[dump->family], &dump->cursor,
			      conn_dump_one, dump);
	if (!err)
		dump->skip = 0;
	else if (len)
		skb_trim(dump->skb, len);
	else
		dump->skip = dump->pos;
	return err;
}

int lbvs_nl_conn_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct conn_dump *dump = (struct conn_dump *)cb->args[0];
	struct lbvs_net *ln = lbvs_net(sock_net(cb->skb->sk));
	unsigned int chains = 0;
	int err;

	if (!dump->begun) {
		dump->begun = true;
		err = lbvs_parse_filter(lbvs_dump_attrs(cb)[LBVS_A_FILTER],
					&dump->filter, cb->extack);
		if (err)
			return err;
	}
	dump->skb = skb;
	dump->cb = cb;
	while (dump->family < ARRAY_SIZE(ln->conns.family)) {
		if (conn_dump_chain(dump, ln))
			break;
		if (!dump->cursor)
			dump->family++;
		if (++chains % 64 == 0)
			cond_resched();
		/* A filter that nothing matches has all of the table looked at. */
		if (fatal_signal_pending(current))
			return -EINTR;
		if (chains >= DUMP_CHAINS && skb->len)
			break;
	}
	return skb->len;
}
