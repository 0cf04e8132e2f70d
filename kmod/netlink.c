// SPDX-License-Identifier: GPL-2.0
/* The generic netlink family: what changes something. */
#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "compat.h"
#include "netlink.h"

static struct lbvs_net *info_ln(struct genl_info *info)
{
	return lbvs_net(genl_info_net(info));
}

/* The service that a request names, or an error. */
static struct lbvs_service *service_named(struct lbvs_net *ln,
					  const struct lbvs_service_key *key,
					  const struct genl_info *info)
{
	struct lbvs_service *svc = lbvs_service_get(ln, key);

	if (svc)
		return svc;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[LBVS_A_SERVICE],
			    "there is no such service");
	return ERR_PTR(-ENOENT);
}

static int service_new(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[LBVS_SVC_A_MAX + 1];
	struct lbvs_net *ln = info_ln(info);
	struct lbvs_service want = {
		.sched = lbvs_scheduler_find(NULL),
	};
	struct lbvs_service *svc = NULL;
	int err;

	err = lbvs_parse_service_key(info->attrs[LBVS_A_SERVICE], &want.key, tb,
				     info->extack);
	if (!err)
		err = lbvs_parse_service(tb, &want, info->extack);
	if (err)
		return err;
	mutex_lock(&ln->lock);
	if (info->attrs[LBVS_A_REPLACE])
		svc = lbvs_service_get(ln, &want.key);
	err = svc ? lbvs_service_edit(svc, &want, info->extack) :
		    lbvs_service_add(ln, &want);
	mutex_unlock(&ln->lock);
	lbvs_fast_wait(ln);
	if (!svc && err == -EEXIST)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[LBVS_A_SERVICE],
				    "there is such a service already");
	return err;
}

static int service_change(struct lbvs_net *ln, struct nlattr **tb,
			  const struct lbvs_service_key *key,
			  struct genl_info *info)
{
	struct lbvs_service *svc, want;
	int err;

	svc = service_named(ln, key, info);
	if (IS_ERR(svc))
		return PTR_ERR(svc);
	memset(&want, 0, sizeof(want));
	want.key = svc->key;
	want.sched = svc->sched;
	want.flags = svc->flags;
	want.on_remove = svc->on_remove;
	want.mss = svc->mss;
	memcpy(want.timeout, svc->timeout, sizeof(want.timeout));
	err = lbvs_parse_service(tb, &want, info->extack);
	return err ?: lbvs_service_edit(svc, &want, info->extack);
}

static int service_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[LBVS_SVC_A_MAX + 1];
	struct lbvs_net *ln = info_ln(info);
	struct lbvs_service_key key;
	int err;

	err = lbvs_parse_service_key(info->attrs[LBVS_A_SERVICE], &key, tb,
				     info->extack);
	if (err)
		return err;
	mutex_lock(&ln->lock);
	err = service_change(ln, tb, &key, info);
	mutex_unlock(&ln->lock);
	return err;
}

static int service_del(struct sk_buff *skb, struct genl_info *info)
{
	struct lbvs_net *ln = info_ln(info);
	struct lbvs_service_key key;
	struct lbvs_service *svc;
	int err;

	err = lbvs_parse_service_id(info->attrs[LBVS_A_SERVICE], &key,
				    info->extack);
	if (err)
		return err;
	mutex_lock(&ln->lock);
	svc = service_named(ln, &key, info);
	if (!IS_ERR(svc))
		lbvs_service_del(svc);
	mutex_unlock(&ln->lock);
	return PTR_ERR_OR_ZERO(svc);
}

static bool forwarding_off(const struct net *net, u8 af)
{
	if (af == AF_INET)
		return !IPV4_DEVCONF_ALL(net, FORWARDING);
	return !READ_ONCE(net->ipv6.devconf_all->forwarding);
}

/* Whether a device is the only one that has addresses and neighbours. */
static bool only_arm(struct net *net, const struct net_device *arm)
{
	struct net_device *dev;

	for_each_netdev_rcu(net, dev) {
		struct in_device *in_dev = __in_dev_get_rcu(dev);

		if (dev != arm && dev->flags & IFF_UP &&
		    !(dev->flags & (IFF_LOOPBACK | IFF_NOARP)) &&
		    in_dev && rcu_access_pointer(in_dev->ifa_list))
			return false;
	}
	return !(arm->flags & (IFF_LOOPBACK | IFF_NOARP));
}

/* Whether the stack could send a real redirects past the director. */
static bool redirects(struct net *net, const struct lbvs_real_key *real)
{
	struct flowi4 fl4 = { .daddr = real->addr[0] };
	struct in_device *in_dev;
	struct rtable *rt;
	bool res;

	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return false;
	rcu_read_lock();
	in_dev = __in_dev_get_rcu(rt->dst.dev);
	res = in_dev && IN_DEV_TX_REDIRECTS(in_dev) &&
	      only_arm(net, rt->dst.dev);
	rcu_read_unlock();
	ip_rt_put(rt);
	return res;
}

/* What is likely to go wrong with a nat real here, as a warning. */
static void nat_warn(struct net *net, const struct lbvs_real_key *real,
		     struct netlink_ext_ack *extack)
{
	if (forwarding_off(net, real->af)) {
		if (real->af == AF_INET)
			NL_SET_ERR_MSG(extack,
				       "IPv4 forwarding is off: packets of connections that the director has forgotten are lost, and devices may merge packets (LRO) that nat must not; sysctl net.ipv4.ip_forward=1");
		else
			NL_SET_ERR_MSG(extack,
				       "IPv6 forwarding is off: packets of connections that the director has forgotten are lost; sysctl net.ipv6.conf.all.forwarding=1");
		return;
	}
	if (real->af == AF_INET && redirects(net, real))
		NL_SET_ERR_MSG(extack,
			       "this director has one arm and send_redirects is on: it may tell reals a way past itself; sysctl net.ipv4.conf.all.send_redirects=0, and the device's");
}

/* A request about a real, read. */
struct real_request {
	struct lbvs_service_key svc_key;
	struct lbvs_real_key key;
	struct nlattr *tb[LBVS_REAL_A_MAX + 1];
};

static int real_request_parse(struct genl_info *info, struct real_request *req)
{
	int err;

	err = lbvs_parse_service_id(info->attrs[LBVS_A_SERVICE], &req->svc_key,
				    info->extack);
	return err ?: lbvs_parse_real_key(info->attrs[LBVS_A_REAL],
					  &req->svc_key, &req->key, req->tb,
					  info->extack);
}

static int real_insert(struct lbvs_net *ln, struct real_request *req,
		       struct genl_info *info)
{
	struct lbvs_real_conf conf = {
		.weight = 1,
		.method = LBVS_METHOD_NAT,
		.state = LBVS_REAL_UP,
		.encap = LBVS_ENCAP_IPIP,
		.encap_port = htons(LBVS_GUE_PORT),
	};
	struct lbvs_service *svc;
	struct lbvs_real *real;
	int err;

	svc = service_named(ln, &req->svc_key, info);
	if (IS_ERR(svc))
		return PTR_ERR(svc);
	real = lbvs_real_get(svc, &req->key);
	if (real && !info->attrs[LBVS_A_REPLACE]) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[LBVS_A_REAL],
				    "the service has this real already");
		return -EEXIST;
	}
	err = lbvs_parse_real(req->tb, &req->svc_key, &req->key, &conf,
			      info->extack);
	if (err)
		return err;
	err = real ? lbvs_real_edit(real, &conf, info->extack) :
		     lbvs_real_add(svc, &req->key, &conf, info->extack);
	if (!err && conf.method == LBVS_METHOD_NAT)
		nat_warn(ln->net, &req->key, info->extack);
	return err;
}

static int real_new(struct sk_buff *skb, struct genl_info *info)
{
	struct lbvs_net *ln = info_ln(info);
	struct real_request req;
	int err;

	err = real_request_parse(info, &req);
	if (err)
		return err;
	mutex_lock(&ln->lock);
	err = real_insert(ln, &req, info);
	mutex_unlock(&ln->lock);
	return err;
}

/* The real that a request names, or an error. */
static struct lbvs_real *real_named(struct lbvs_net *ln,
				    const struct real_request *req,
				    const struct genl_info *info)
{
	struct lbvs_service *svc = service_named(ln, &req->svc_key, info);
	struct lbvs_real *real;

	if (IS_ERR(svc))
		return ERR_CAST(svc);
	real = lbvs_real_get(svc, &req->key);
	if (real)
		return real;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[LBVS_A_REAL],
			    "the service has no such real");
	return ERR_PTR(-ENOENT);
}

static int real_change(struct lbvs_net *ln, struct real_request *req,
		       struct genl_info *info)
{
	struct lbvs_real *real = real_named(ln, req, info);
	struct lbvs_real_conf conf;
	bool nat;
	int err;

	if (IS_ERR(real))
		return PTR_ERR(real);
	conf = (struct lbvs_real_conf){
		.weight = real->weight,
		.method = real->method,
		.state = real->state,
		.encap = real->encap,
		.encap_csum = real->encap_csum,
		.encap_port = real->encap_port,
	};
	err = lbvs_parse_real(req->tb, &req->svc_key, &req->key, &conf,
			      info->extack);
	if (err)
		return err;
	nat = conf.method == LBVS_METHOD_NAT && real->method != conf.method;
	err = lbvs_real_edit(real, &conf, info->extack);
	if (!err && nat)
		nat_warn(ln->net, &req->key, info->extack);
	return err;
}

static int real_set(struct sk_buff *skb, struct genl_info *info)
{
	struct lbvs_net *ln = info_ln(info);
	struct real_request req;
	int err;

	err = real_request_parse(info, &req);
	if (err)
		return err;
	mutex_lock(&ln->lock);
	err = real_change(ln, &req, info);
	mutex_unlock(&ln->lock);
	return err;
}

static int real_del(struct sk_buff *skb, struct genl_info *info)
{
	struct lbvs_net *ln = info_ln(info);
	struct real_request req;
	struct lbvs_real *real;
	int err;

	err = real_request_parse(info, &req);
	if (err)
		return err;
	mutex_lock(&ln->lock);
	real = real_named(ln, &req, info);
	err = IS_ERR(real) ? PTR_ERR(real) : lbvs_real_del(real);
	mutex_unlock(&ln->lock);
	return err;
}

struct conn_del {
	struct lbvs_net *ln;
	struct lbvs_filter filter;
	u32 count;
};

static int conn_del_one(struct lbvs_conn *conn, void *arg)
{
	struct conn_del *del = arg;

	if (lbvs_conn_usable(conn) && lbvs_filter_match(&del->filter, conn))
		del->count += lbvs_conn_kill(del->ln, conn);
	/* There may be many millions. */
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int conn_del_reply(struct genl_info *info, u32 count)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &lbvs_genl_family, 0,
				LBVS_CMD_CONN_DEL);
	if (!hdr || nla_put_u32(msg, LBVS_A_COUNT, count)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

static int conn_del(struct sk_buff *skb, struct genl_info *info)
{
	struct conn_del del = { .ln = info_ln(info) };
	int err;

	if (!info->attrs[LBVS_A_FILTER]) {
		GENL_SET_ERR_MSG(info, "the filter is missing");
		return -EINVAL;
	}
	err = lbvs_parse_filter(info->attrs[LBVS_A_FILTER], &del.filter,
				info->extack);
	if (err)
		return err;
	err = lbvs_conn_visit(del.ln, conn_del_one, &del);
	if (err)
		return err;
	return conn_del_reply(info, del.count);
}

static int settings_limit(struct sk_buff *skb, struct lbvs_net *ln,
			  const struct nlattr *attr, u32 *limit,
			  struct netlink_ext_ack *extack)
{
	*limit = nla_get_u32(attr);
	if (*limit < LBVS_CONN_LIMIT_MIN || *limit > LBVS_CONN_LIMIT_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the connection limit must be 1 to 100000000");
		return -ERANGE;
	}
	/* What the host's root has allowed, who restores what he has saved may say again. */
	if (*limit > max(lbvs_net_limit_max(ln), ln->conns.limit) &&
	    !netlink_capable(skb, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a user namespace may have no more than 65536 connections, unless the host's root allows it");
		return -EPERM;
	}
	return 0;
}

struct settings {
	u32 limit;
	u8 unknown;
	u8 tunnel_df;
	u8 conntrack;
	struct lbvs_fast_settings fast;
	u32 timeout[__LBVS_STATE_MAX];
};

static int settings_fast(struct nlattr **tb, struct lbvs_fast_settings *fast,
			 struct netlink_ext_ack *extack)
{
	if (!lbvs_parse_choice(tb[LBVS_SETTINGS_A_FAST_PATH], LBVS_FAST_PATH_MAX,
			       &fast->path)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SETTINGS_A_FAST_PATH],
				    "fast-path must be on, off or all");
		return -EINVAL;
	}
	if (!lbvs_parse_choice(tb[LBVS_SETTINGS_A_TRANSMIT], LBVS_TRANSMIT_MAX,
			       &fast->transmit)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SETTINGS_A_TRANSMIT],
				    "transmit must be queue or direct");
		return -EINVAL;
	}
	return lbvs_parse_devices(tb[LBVS_SETTINGS_A_FAST_DEVICES], fast,
				  extack);
}

static int settings_parse(struct sk_buff *skb, struct lbvs_net *ln,
			  struct nlattr **tb, struct settings *want,
			  struct netlink_ext_ack *extack)
{
	int err = 0;

	if (tb[LBVS_SETTINGS_A_CONN_LIMIT])
		err = settings_limit(skb, ln, tb[LBVS_SETTINGS_A_CONN_LIMIT],
				     &want->limit, extack);
	if (err)
		return err;
	if (!lbvs_parse_choice(tb[LBVS_SETTINGS_A_TCP_UNKNOWN], LBVS_TCP_UNKNOWN_MAX,
			       &want->unknown)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SETTINGS_A_TCP_UNKNOWN],
				    "tcp-unknown must be reset, drop or local");
		return -EINVAL;
	}
	if (!lbvs_parse_choice(tb[LBVS_SETTINGS_A_TUNNEL_DF], LBVS_TUNNEL_DF_MAX,
			       &want->tunnel_df)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SETTINGS_A_TUNNEL_DF],
				    "tunnel-df must be inherit or never");
		return -EINVAL;
	}
	if (!lbvs_parse_choice(tb[LBVS_SETTINGS_A_CONNTRACK], 1,
			       &want->conntrack)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SETTINGS_A_CONNTRACK],
				    "conntrack must be 1 for on or 0 for off");
		return -EINVAL;
	}
	err = settings_fast(tb, &want->fast, extack);
	if (err)
		return err;
	if (tb[LBVS_SETTINGS_A_TIMEOUTS])
		err = lbvs_parse_timeouts(tb[LBVS_SETTINGS_A_TIMEOUTS],
					  want->timeout, 1, extack);
	return err;
}

static int settings_change(struct sk_buff *skb, struct lbvs_net *ln,
			   struct nlattr **tb,
			   struct netlink_ext_ack *extack)
{
	struct settings want = {
		.limit = ln->conns.limit,
		.unknown = ln->tcp_unknown,
		.tunnel_df = ln->tunnel_df,
		.conntrack = ln->conntrack,
		.fast = ln->fast,
	};
	int i, err;

	lockdep_assert_held(&ln->lock);
	memcpy(want.timeout, ln->timeout, sizeof(want.timeout));
	err = settings_parse(skb, ln, tb, &want, extack);
	err = err ?: lbvs_hooks_track(ln, want.conntrack);
	if (err)
		return err;
	WRITE_ONCE(ln->conns.limit, want.limit);
	WRITE_ONCE(ln->tcp_unknown, want.unknown);
	WRITE_ONCE(ln->tunnel_df, want.tunnel_df);
	lbvs_fast_set(ln, &want.fast);
	for (i = 0; i < ARRAY_SIZE(want.timeout); i++)
		WRITE_ONCE(ln->timeout[i], want.timeout[i]);
	lbvs_service_lives(ln);
	return 0;
}

static int settings_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[LBVS_SETTINGS_A_MAX + 1];
	struct lbvs_net *ln = info_ln(info);
	int err;

	if (!info->attrs[LBVS_A_SETTINGS]) {
		GENL_SET_ERR_MSG(info, "the settings are missing");
		return -EINVAL;
	}
	err = nla_parse_nested(tb, LBVS_SETTINGS_A_MAX,
			       info->attrs[LBVS_A_SETTINGS],
			       lbvs_policy_settings, info->extack);
	if (err)
		return err;
	mutex_lock(&ln->lock);
	err = settings_change(skb, ln, tb, info->extack);
	mutex_unlock(&ln->lock);
	lbvs_fast_wait(ln);
	return err;
}

static int zero_service(struct lbvs_net *ln, struct genl_info *info)
{
	struct lbvs_service_key key;
	struct lbvs_service *svc;
	int err;

	err = lbvs_parse_service_id(info->attrs[LBVS_A_SERVICE], &key,
				    info->extack);
	if (err)
		return err;
	svc = service_named(ln, &key, info);
	if (IS_ERR(svc))
		return PTR_ERR(svc);
	lbvs_stats_zero_service(svc);
	return 0;
}

static int zero(struct sk_buff *skb, struct genl_info *info)
{
	struct lbvs_net *ln = info_ln(info);
	int err = 0;

	mutex_lock(&ln->lock);
	if (info->attrs[LBVS_A_SERVICE])
		err = zero_service(ln, info);
	else
		lbvs_stats_zero(ln);
	mutex_unlock(&ln->lock);
	return err;
}

static int flush(struct sk_buff *skb, struct genl_info *info)
{
	struct lbvs_net *ln = info_ln(info);

	mutex_lock(&ln->lock);
	lbvs_service_flush(ln);
	mutex_unlock(&ln->lock);
	/* Packets that found a service before may still make connections. */
	synchronize_rcu();
	lbvs_conn_kill_all(ln);
	/* So that who counts them afterwards finds none. */
	rcu_barrier();
	return 0;
}

/* For commands that have none: any attribute is refused. */
static const struct nla_policy policy_none[LBVS_A_MAX + 1];

/* REPLACE is for new ones: the others' requests end before it. */
static const struct nla_policy policy_service[LBVS_A_REPLACE + 1] = {
	[LBVS_A_SERVICE] = NLA_POLICY_NESTED(lbvs_policy_svc),
	[LBVS_A_REPLACE] = { .type = NLA_FLAG },
};

static const struct nla_policy policy_service_id[LBVS_A_SERVICE + 1] = {
	[LBVS_A_SERVICE] = NLA_POLICY_NESTED(lbvs_policy_svc_id),
};

static const struct nla_policy policy_real[LBVS_A_REPLACE + 1] = {
	[LBVS_A_SERVICE] = NLA_POLICY_NESTED(lbvs_policy_svc_id),
	[LBVS_A_REAL] = NLA_POLICY_NESTED(lbvs_policy_real),
	[LBVS_A_REPLACE] = { .type = NLA_FLAG },
};

static const struct nla_policy policy_real_id[LBVS_A_REAL + 1] = {
	[LBVS_A_SERVICE] = NLA_POLICY_NESTED(lbvs_policy_svc_id),
	[LBVS_A_REAL] = NLA_POLICY_NESTED(lbvs_policy_real_id),
};

static const struct nla_policy policy_conn[LBVS_A_FILTER + 1] = {
	[LBVS_A_FILTER] = NLA_POLICY_NESTED(lbvs_policy_filter),
};

static const struct nla_policy policy_settings[LBVS_A_SETTINGS + 1] = {
	[LBVS_A_SETTINGS] = NLA_POLICY_NESTED(lbvs_policy_settings),
};

#define CHANGE(_cmd, _doit, _policy, _max) {	\
	.cmd = (_cmd),				\
	.flags = GENL_UNS_ADMIN_PERM,		\
	.doit = (_doit),			\
	.policy = (_policy),			\
	.maxattr = (_max),			\
}

static const struct genl_ops ops[] = {
	CHANGE(LBVS_CMD_SETTINGS_SET, settings_set, policy_settings,
	       LBVS_A_SETTINGS),
	CHANGE(LBVS_CMD_SERVICE_NEW, service_new, policy_service,
	       LBVS_A_REPLACE),
	CHANGE(LBVS_CMD_SERVICE_SET, service_set, policy_service,
	       LBVS_A_SERVICE),
	CHANGE(LBVS_CMD_SERVICE_DEL, service_del, policy_service_id,
	       LBVS_A_SERVICE),
	CHANGE(LBVS_CMD_REAL_NEW, real_new, policy_real, LBVS_A_REPLACE),
	CHANGE(LBVS_CMD_REAL_SET, real_set, policy_real, LBVS_A_REAL),
	CHANGE(LBVS_CMD_REAL_DEL, real_del, policy_real_id, LBVS_A_REAL),
	CHANGE(LBVS_CMD_CONN_DEL, conn_del, policy_conn, LBVS_A_FILTER),
	CHANGE(LBVS_CMD_ZERO, zero, policy_service_id, LBVS_A_SERVICE),
	CHANGE(LBVS_CMD_FLUSH, flush, policy_none, LBVS_A_MAX),
	{
		.cmd = LBVS_CMD_INFO_GET,
		.doit = lbvs_nl_info_get,
	}, {
		.cmd = LBVS_CMD_SERVICE_GET,
		.doit = lbvs_nl_service_get,
		.dumpit = lbvs_nl_service_dump,
		.policy = policy_service_id,
		.maxattr = LBVS_A_SERVICE,
	}, {
		.cmd = LBVS_CMD_REAL_GET,
		.dumpit = lbvs_nl_real_dump,
		.policy = policy_service_id,
		.maxattr = LBVS_A_SERVICE,
	}, {
		.cmd = LBVS_CMD_CONN_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.start = lbvs_nl_conn_start,
		.dumpit = lbvs_nl_conn_dump,
		.done = lbvs_nl_conn_done,
		.policy = policy_conn,
		.maxattr = LBVS_A_FILTER,
	}, {
		.cmd = LBVS_CMD_STATS_GET,
		.doit = lbvs_nl_stats_get,
		.dumpit = lbvs_nl_stats_dump,
	},
};

struct genl_family lbvs_genl_family __ro_after_init = {
	.name = LBVS_GENL_NAME,
	.version = LBVS_GENL_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	/* Each namespace has a lock of its own: none waits for another's. */
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.policy = policy_none,
	.maxattr = LBVS_A_MAX,
};

int __init lbvs_netlink_init(void)
{
	return genl_register_family(&lbvs_genl_family);
}

void lbvs_netlink_exit(void)
{
	genl_unregister_family(&lbvs_genl_family);
}
