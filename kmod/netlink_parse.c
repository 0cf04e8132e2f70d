// SPDX-License-Identifier: GPL-2.0
/*
 * Requests, read and checked. Policies see to widths and to what may be there;
 * values are checked here, where there are words to say what is wrong.
 */
#include <linux/inet.h>
#include <linux/inetdevice.h>
#include <net/ipv6.h>

#include "netlink.h"

/*
 * A second is long for a packet. In debug kernels, of which this option is one, it can
 * be made as short as a jiffy, for a test whose connections are to expire in the midst
 * of being looked up.
 */
#ifdef CONFIG_DEBUG_NET
static unsigned int timeout_second = HZ;
module_param(timeout_second, uint, 0600);
MODULE_PARM_DESC(timeout_second,
		 "jiffies in each second of a timeout that is set from now on (debug kernels only)");
#else
enum { timeout_second = HZ };
#endif

static const struct nla_policy policy_timeouts[LBVS_STATE_MAX + 1] = {
	[LBVS_STATE_TCP_SYN_SENT ... LBVS_STATE_MAX] = { .type = NLA_U32 },
};

#define POLICY_SVC_ID							\
	[LBVS_SVC_A_AF]		= { .type = NLA_U8 },			\
	[LBVS_SVC_A_PROTOCOL]	= { .type = NLA_U8 },			\
	[LBVS_SVC_A_ADDR]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),	\
	[LBVS_SVC_A_PORT]	= { .type = NLA_U16 },			\
	[LBVS_SVC_A_FWMARK]	= { .type = NLA_U32 }

const struct nla_policy lbvs_policy_svc_id[LBVS_SVC_A_MAX + 1] = {
	POLICY_SVC_ID,
};

const struct nla_policy lbvs_policy_svc[LBVS_SVC_A_MAX + 1] = {
	POLICY_SVC_ID,
	[LBVS_SVC_A_SCHEDULER]	= { .type = NLA_NUL_STRING,
				    .len = LBVS_SCHED_NAME_MAX - 1 },
	[LBVS_SVC_A_FLAGS]	= NLA_POLICY_BITFIELD32(U32_MAX),
	[LBVS_SVC_A_ON_REMOVE]	= { .type = NLA_U8 },
	[LBVS_SVC_A_TIMEOUTS]	= NLA_POLICY_NESTED(policy_timeouts),
	[LBVS_SVC_A_MSS]	= { .type = NLA_U32 },
};

const struct nla_policy lbvs_policy_real[LBVS_REAL_A_MAX + 1] = {
	[LBVS_REAL_A_AF]	= { .type = NLA_U8 },
	[LBVS_REAL_A_ADDR]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[LBVS_REAL_A_PORT]	= { .type = NLA_U16 },
	[LBVS_REAL_A_METHOD]	= { .type = NLA_U8 },
	[LBVS_REAL_A_WEIGHT]	= { .type = NLA_U32 },
	[LBVS_REAL_A_STATE]	= { .type = NLA_U8 },
	[LBVS_REAL_A_ENCAP]	= { .type = NLA_U8 },
	[LBVS_REAL_A_ENCAP_PORT] = { .type = NLA_U16 },
	[LBVS_REAL_A_ENCAP_CSUM] = { .type = NLA_U8 },
};

const struct nla_policy lbvs_policy_real_id[LBVS_REAL_A_MAX + 1] = {
	[LBVS_REAL_A_AF]	= { .type = NLA_U8 },
	[LBVS_REAL_A_ADDR]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[LBVS_REAL_A_PORT]	= { .type = NLA_U16 },
};

const struct nla_policy lbvs_policy_filter[LBVS_FILTER_A_MAX + 1] = {
	[LBVS_FILTER_A_CLIENT]	= NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[LBVS_FILTER_A_PREFIX_LEN] = { .type = NLA_U8 },
	[LBVS_FILTER_A_SERVICE]	= NLA_POLICY_NESTED(lbvs_policy_svc_id),
	[LBVS_FILTER_A_REAL]	= NLA_POLICY_NESTED(lbvs_policy_real_id),
};

static const struct nla_policy policy_devices[LBVS_DEVICES_A_MAX + 1] = {
	[LBVS_DEVICES_A_NAME]	= { .type = NLA_NUL_STRING,
				    .len = IFNAMSIZ - 1 },
};

const struct nla_policy lbvs_policy_settings[LBVS_SETTINGS_A_MAX + 1] = {
	[LBVS_SETTINGS_A_CONN_LIMIT]	= { .type = NLA_U32 },
	[LBVS_SETTINGS_A_TCP_UNKNOWN]	= { .type = NLA_U8 },
	[LBVS_SETTINGS_A_TIMEOUTS]	= NLA_POLICY_NESTED(policy_timeouts),
	[LBVS_SETTINGS_A_TUNNEL_DF]	= { .type = NLA_U8 },
	[LBVS_SETTINGS_A_CONNTRACK]	= { .type = NLA_U8 },
	[LBVS_SETTINGS_A_FAST_PATH]	= { .type = NLA_U8 },
	[LBVS_SETTINGS_A_FAST_DEVICES]	= NLA_POLICY_NESTED(policy_devices),
	[LBVS_SETTINGS_A_TRANSMIT]	= { .type = NLA_U8 },
};

/* The family that an address's length tells, or 0. */
static u8 addr_af(const struct nlattr *attr)
{
	return nla_len(attr) == 4 ? AF_INET :
	       nla_len(attr) == 16 ? AF_INET6 : 0;
}

static bool addr_unicast(u8 af, const __be32 *addr)
{
	const struct in6_addr *in6 = (const struct in6_addr *)addr;

	if (af == AF_INET)
		return !ipv4_is_zeronet(*addr) && !ipv4_is_multicast(*addr) &&
		       !ipv4_is_lbcast(*addr);
	return !ipv6_addr_any(in6) && !ipv6_addr_is_multicast(in6) &&
	       !(ipv6_addr_type(in6) & (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_MAPPED));
}

static int parse_addr(const struct nlattr *attr, u8 af, __be32 *addr,
		      struct netlink_ext_ack *extack)
{
	if (addr_af(attr) != af) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the address is not of the address family");
		return -EINVAL;
	}
	memcpy(addr, nla_data(attr), nla_len(attr));
	if (!addr_unicast(af, addr)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the address must be a unicast one, and not link-local");
		return -EINVAL;
	}
	return 0;
}

static int parse_key_mark(struct nlattr **tb, struct lbvs_service_key *key,
			  struct netlink_ext_ack *extack)
{
	if (tb[LBVS_SVC_A_PROTOCOL] || tb[LBVS_SVC_A_ADDR] ||
	    tb[LBVS_SVC_A_PORT]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SVC_A_FWMARK],
				    "a firewall mark goes without protocol, address and port");
		return -EINVAL;
	}
	key->mark = nla_get_u32(tb[LBVS_SVC_A_FWMARK]);
	if (!key->mark) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SVC_A_FWMARK],
				    "the firewall mark must not be 0");
		return -EINVAL;
	}
	return 0;
}

static int parse_key_addr(struct nlattr **tb, struct lbvs_service_key *key,
			  struct netlink_ext_ack *extack)
{
	if (!tb[LBVS_SVC_A_PROTOCOL] || !tb[LBVS_SVC_A_ADDR] ||
	    !tb[LBVS_SVC_A_PORT]) {
		NL_SET_ERR_MSG(extack,
			       "a service needs protocol, address and port, or a firewall mark");
		return -EINVAL;
	}
	key->proto = nla_get_u8(tb[LBVS_SVC_A_PROTOCOL]);
	if (key->proto != IPPROTO_TCP && key->proto != IPPROTO_UDP) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SVC_A_PROTOCOL],
				    "the protocol must be TCP or UDP");
		return -EPROTONOSUPPORT;
	}
	key->port = nla_get_be16(tb[LBVS_SVC_A_PORT]);
	if (!key->port) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SVC_A_PORT],
				    "the port must be 1 to 65535");
		return -EINVAL;
	}
	return parse_addr(tb[LBVS_SVC_A_ADDR], key->af, key->addr, extack);
}

static int parse_key(struct nlattr **tb, struct lbvs_service_key *key,
		     struct netlink_ext_ack *extack)
{
	memset(key, 0, sizeof(*key));
	if (!tb[LBVS_SVC_A_AF]) {
		NL_SET_ERR_MSG(extack, "a service needs an address family");
		return -EINVAL;
	}
	key->af = nla_get_u8(tb[LBVS_SVC_A_AF]);
	if (key->af != AF_INET && key->af != AF_INET6) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SVC_A_AF],
				    "the address family must be AF_INET or AF_INET6");
		return -EAFNOSUPPORT;
	}
	if (key->af == AF_INET6 && !ipv6_mod_enabled()) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SVC_A_AF],
				    "IPv6 is disabled in this kernel");
		return -EAFNOSUPPORT;
	}
	return tb[LBVS_SVC_A_FWMARK] ? parse_key_mark(tb, key, extack) :
				       parse_key_addr(tb, key, extack);
}

/**
 * lbvs_parse_service_key() - read a service's attributes, and who it is
 * @attr: %LBVS_A_SERVICE, or NULL if it was missing
 * @key: set
 * @tb: set to the attributes, %LBVS_SVC_A_MAX + 1 of them
 * @extack: for the reason of a refusal
 *
 * Return: 0 or a negative error
 */
int lbvs_parse_service_key(const struct nlattr *attr,
			   struct lbvs_service_key *key, struct nlattr **tb,
			   struct netlink_ext_ack *extack)
{
	int err;

	if (!attr) {
		NL_SET_ERR_MSG(extack, "the service is missing");
		return -EINVAL;
	}
	err = nla_parse_nested(tb, LBVS_SVC_A_MAX, attr, lbvs_policy_svc,
			       extack);
	return err ?: parse_key(tb, key, extack);
}

/**
 * lbvs_parse_service_id() - read who a service is, and nothing else
 * @attr: %LBVS_A_SERVICE, or NULL if it was missing
 * @key: set
 * @extack: for the reason of a refusal
 *
 * Return: 0 or a negative error
 */
int lbvs_parse_service_id(const struct nlattr *attr,
			  struct lbvs_service_key *key,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *tb[LBVS_SVC_A_MAX + 1];
	int err;

	if (!attr) {
		NL_SET_ERR_MSG(extack, "the service is missing");
		return -EINVAL;
	}
	err = nla_parse_nested(tb, LBVS_SVC_A_MAX, attr, lbvs_policy_svc_id,
			       extack);
	return err ?: parse_key(tb, key, extack);
}

/**
 * lbvs_parse_timeouts() - read timeouts
 * @attr: nested, by state
 * @timeout: those that are named are set, in jiffies
 * @min: the lowest that is allowed, in seconds
 * @extack: for the reason of a refusal
 *
 * Return: 0 or a negative error
 */
int lbvs_parse_timeouts(const struct nlattr *attr, u32 *timeout, u32 min,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[LBVS_STATE_MAX + 1];
	int i, err;
	u32 secs;

	err = nla_parse_nested(tb, LBVS_STATE_MAX, attr, policy_timeouts,
			       extack);
	if (err)
		return err;
	for (i = 1; i <= LBVS_STATE_MAX; i++) {
		if (!tb[i])
			continue;
		secs = nla_get_u32(tb[i]);
		if (secs < min || secs > LBVS_TIMEOUT_MAX) {
			NL_SET_ERR_MSG_ATTR(extack, tb[i],
					    "a timeout must be 1 to 1000000 seconds");
			return -ERANGE;
		}
		timeout[i] = secs * timeout_second;
	}
	return 0;
}

/**
 * lbvs_parse_choice() - read one of several values
 * @attr: a u8, or NULL: no change
 * @max: the last of them
 * @value: set to it, also if it isn't one of them
 *
 * Return: whether it is
 */
bool lbvs_parse_choice(const struct nlattr *attr, u8 max, u8 *value)
{
	if (attr)
		*value = nla_get_u8(attr);
	return *value <= max;
}

/**
 * lbvs_parse_devices() - read which devices take part in the fast path
 * @attr: nested names, or NULL: no change
 * @fast: its devices are set
 * @extack: for the reason of a refusal
 *
 * Return: 0 or a negative error
 */
int lbvs_parse_devices(const struct nlattr *attr,
		       struct lbvs_fast_settings *fast,
		       struct netlink_ext_ack *extack)
{
	const struct nlattr *name;
	int rem;

	if (!attr)
		return 0;
	fast->num_devices = 0;
	nla_for_each_nested(name, attr, rem) {
		if (fast->num_devices == LBVS_FAST_DEVICES_MAX) {
			NL_SET_ERR_MSG_ATTR(extack, name,
					    "no more than 32 devices can be named");
			return -E2BIG;
		}
		if (!dev_valid_name(nla_data(name))) {
			NL_SET_ERR_MSG_ATTR(extack, name,
					    "no device can have this name");
			return -EINVAL;
		}
		strscpy(fast->device[fast->num_devices++], nla_data(name),
			IFNAMSIZ);
	}
	return 0;
}

static int parse_flags(struct nlattr **tb, struct lbvs_service *want,
		       struct netlink_ext_ack *extack)
{
	struct nla_bitfield32 flags;

	if (tb[LBVS_SVC_A_FLAGS]) {
		flags = nla_get_bitfield32(tb[LBVS_SVC_A_FLAGS]);
		if (flags.selector & ~LBVS_SVC_F_ALL) {
			NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SVC_A_FLAGS],
					    "a flag that this module does not know");
			return -EOPNOTSUPP;
		}
		want->flags &= ~flags.selector;
		want->flags |= flags.value;
	}
	if (want->flags & LBVS_SVC_F_ONE_PACKET &&
	    want->key.proto != IPPROTO_UDP) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SVC_A_FLAGS],
				    "one-packet is for UDP services");
		return -EINVAL;
	}
	if (want->flags & LBVS_SVC_F_ADOPT && want->key.proto == IPPROTO_UDP) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_SVC_A_FLAGS],
				    "adopt is for TCP services");
		return -EINVAL;
	}
	return 0;
}

static int parse_scheduler(const struct nlattr *attr,
			   struct lbvs_service *want,
			   struct netlink_ext_ack *extack)
{
	const struct lbvs_scheduler *sched;

	sched = lbvs_scheduler_find(nla_data(attr));
	if (!sched) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "no such scheduler: rr, wrr, lc and wlc there are");
		return -ENOENT;
	}
	want->sched = sched;
	return 0;
}

static int parse_on_remove(const struct nlattr *attr, struct lbvs_service *want,
			   struct netlink_ext_ack *extack)
{
	if (lbvs_parse_choice(attr, LBVS_ON_REMOVE_MAX, &want->on_remove))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "on-remove must be default, keep or close");
	return -EINVAL;
}

static int parse_mss(const struct nlattr *attr, struct lbvs_service *want,
		     struct netlink_ext_ack *extack)
{
	u32 mss = nla_get_u32(attr);

	if (mss && (mss < LBVS_MSS_MIN || mss > U16_MAX)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the MSS must be 88 to 65535, or 0 for none");
		return -ERANGE;
	}
	if (mss && want->key.proto == IPPROTO_UDP) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an MSS is for TCP services");
		return -EINVAL;
	}
	want->mss = mss;
	return 0;
}

/* A service has the states of its protocol; a firewall mark, of both. */
static int parse_service_timeouts(const struct nlattr *attr,
				  struct lbvs_service *want,
				  struct netlink_ext_ack *extack)
{
	u8 proto = want->key.proto;
	int i, err;

	err = lbvs_parse_timeouts(attr, want->timeout, 0, extack);
	if (err || !proto)
		return err;
	for (i = 1; i <= LBVS_STATE_MAX; i++) {
		u8 owner = i >= LBVS_STATE_UDP_NEW ? IPPROTO_UDP : IPPROTO_TCP;

		if (!want->timeout[i] || owner == proto)
			continue;
		NL_SET_ERR_MSG_ATTR(extack, nla_find_nested(attr, i),
				    "a timeout of a state that the service's protocol does not have");
		return -EINVAL;
	}
	return 0;
}

/**
 * lbvs_parse_service() - read what a service is to be
 * @tb: its attributes
 * @want: its key and what it is so far; changed to what it is to be
 * @extack: for the reason of a refusal
 *
 * Return: 0 or a negative error
 */
int lbvs_parse_service(struct nlattr **tb, struct lbvs_service *want,
		       struct netlink_ext_ack *extack)
{
	int err;

	err = parse_flags(tb, want, extack);
	if (!err && tb[LBVS_SVC_A_SCHEDULER])
		err = parse_scheduler(tb[LBVS_SVC_A_SCHEDULER], want, extack);
	if (!err && tb[LBVS_SVC_A_ON_REMOVE])
		err = parse_on_remove(tb[LBVS_SVC_A_ON_REMOVE], want, extack);
	if (!err && tb[LBVS_SVC_A_MSS])
		err = parse_mss(tb[LBVS_SVC_A_MSS], want, extack);
	if (!err && tb[LBVS_SVC_A_TIMEOUTS])
		err = parse_service_timeouts(tb[LBVS_SVC_A_TIMEOUTS], want,
					     extack);
	return err;
}

/**
 * lbvs_parse_real_key() - read a real's attributes, and who it is
 * @attr: %LBVS_A_REAL, or NULL if it was missing
 * @svc: its service
 * @key: set
 * @tb: set to the attributes, %LBVS_REAL_A_MAX + 1 of them
 * @extack: for the reason of a refusal
 *
 * Return: 0 or a negative error
 */
int lbvs_parse_real_key(const struct nlattr *attr,
			const struct lbvs_service_key *svc,
			struct lbvs_real_key *key, struct nlattr **tb,
			struct netlink_ext_ack *extack)
{
	int err;

	if (!attr) {
		NL_SET_ERR_MSG(extack, "the real is missing");
		return -EINVAL;
	}
	err = nla_parse_nested(tb, LBVS_REAL_A_MAX, attr, lbvs_policy_real,
			       extack);
	if (err)
		return err;
	if (!tb[LBVS_REAL_A_ADDR]) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a real needs an address");
		return -EINVAL;
	}
	memset(key, 0, sizeof(*key));
	key->af = svc->af;
	if (tb[LBVS_REAL_A_AF])
		key->af = nla_get_u8(tb[LBVS_REAL_A_AF]);
	if (key->af != AF_INET &&
	    (key->af != AF_INET6 || !ipv6_mod_enabled())) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_AF],
				    "the address family must be AF_INET, or AF_INET6 where that is enabled");
		return -EAFNOSUPPORT;
	}
	key->port = svc->port;
	if (tb[LBVS_REAL_A_PORT])
		key->port = nla_get_be16(tb[LBVS_REAL_A_PORT]);
	if (!key->port && !svc->mark) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_PORT],
				    "the port must be 1 to 65535");
		return -EINVAL;
	}
	err = parse_addr(tb[LBVS_REAL_A_ADDR], key->af, key->addr, extack);
	if (err)
		return err;
	if (!svc->mark && key->port == svc->port && key->af == svc->af &&
	    lbvs_addr_equal(key->af, key->addr, svc->addr)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_ADDR],
				    "the real is the service's own address and port");
		return -EINVAL;
	}
	return 0;
}

static int parse_encap(struct nlattr **tb, struct lbvs_real_conf *conf,
		       struct netlink_ext_ack *extack)
{
	u8 csum = conf->encap_csum;

	if (!lbvs_parse_choice(tb[LBVS_REAL_A_ENCAP], LBVS_ENCAP_MAX,
			       &conf->encap)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_ENCAP],
				    "the encapsulation must be ipip, gue or gre");
		return -EINVAL;
	}
	if (conf->encap != LBVS_ENCAP_GUE &&
	    (tb[LBVS_REAL_A_ENCAP_PORT] || tb[LBVS_REAL_A_ENCAP_CSUM])) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_ENCAP_PORT] ?:
				    tb[LBVS_REAL_A_ENCAP_CSUM],
				    "an encapsulation port and checksum are for gue");
		return -EINVAL;
	}
	if (tb[LBVS_REAL_A_ENCAP_PORT])
		conf->encap_port = nla_get_be16(tb[LBVS_REAL_A_ENCAP_PORT]);
	if (!conf->encap_port) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_ENCAP_PORT],
				    "the encapsulation port must be 1 to 65535");
		return -EINVAL;
	}
	if (!lbvs_parse_choice(tb[LBVS_REAL_A_ENCAP_CSUM], 1, &csum)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_ENCAP_CSUM],
				    "the encapsulation checksum must be 1 for on or 0 for off");
		return -EINVAL;
	}
	conf->encap_csum = csum;
	return 0;
}

/* What the methods ask of a real. */
static int check_method(struct nlattr **tb, const struct lbvs_service_key *svc,
			const struct lbvs_real_key *key,
			const struct lbvs_real_conf *conf,
			struct netlink_ext_ack *extack)
{
	if (conf->method != LBVS_METHOD_TUNNEL && key->af != svc->af) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_METHOD] ?:
				    tb[LBVS_REAL_A_ADDR],
				    "with nat and dr, a real is of its service's family");
		return -EAFNOSUPPORT;
	}
	if (conf->method != LBVS_METHOD_NAT && key->port != svc->port) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_METHOD] ?:
				    tb[LBVS_REAL_A_PORT],
				    "dr and tunnel leave the port as it is: the real's must be the service's");
		return -EINVAL;
	}
	if (conf->method != LBVS_METHOD_TUNNEL &&
	    (tb[LBVS_REAL_A_ENCAP] || tb[LBVS_REAL_A_ENCAP_PORT] ||
	     tb[LBVS_REAL_A_ENCAP_CSUM])) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_ENCAP] ?:
				    tb[LBVS_REAL_A_ENCAP_PORT] ?:
				    tb[LBVS_REAL_A_ENCAP_CSUM],
				    "an encapsulation is for tunnel");
		return -EINVAL;
	}
	return 0;
}

/**
 * lbvs_parse_real() - read what a real is to be
 * @tb: its attributes
 * @svc: its service
 * @key: who it is
 * @conf: what it is so far; changed to what it is to be
 * @extack: for the reason of a refusal
 *
 * Return: 0 or a negative error
 */
int lbvs_parse_real(struct nlattr **tb, const struct lbvs_service_key *svc,
		    const struct lbvs_real_key *key,
		    struct lbvs_real_conf *conf, struct netlink_ext_ack *extack)
{
	if (!lbvs_parse_choice(tb[LBVS_REAL_A_METHOD], LBVS_METHOD_MAX,
			       &conf->method)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_METHOD],
				    "the method must be nat, dr or tunnel");
		return -EOPNOTSUPP;
	}
	if (tb[LBVS_REAL_A_WEIGHT])
		conf->weight = nla_get_u32(tb[LBVS_REAL_A_WEIGHT]);
	if (conf->weight > LBVS_WEIGHT_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_WEIGHT],
				    "the weight must be 0 to 65535");
		return -ERANGE;
	}
	if (!lbvs_parse_choice(tb[LBVS_REAL_A_STATE], LBVS_REAL_STATE_MAX,
			       &conf->state)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_STATE],
				    "the state must be up, drain or down");
		return -EINVAL;
	}
	return check_method(tb, svc, key, conf, extack) ?:
	       parse_encap(tb, conf, extack);
}

static int parse_filter_client(struct nlattr **tb, struct lbvs_filter *filter,
			       struct netlink_ext_ack *extack)
{
	const struct nlattr *addr = tb[LBVS_FILTER_A_CLIENT];
	const struct nlattr *len = tb[LBVS_FILTER_A_PREFIX_LEN];

	if (!addr) {
		NL_SET_ERR_MSG_ATTR(extack, len,
				    "a prefix length goes with a client address");
		return -EINVAL;
	}
	filter->client_af = addr_af(addr);
	if (!filter->client_af) {
		NL_SET_ERR_MSG_ATTR(extack, addr,
				    "a client address has 4 or 16 bytes");
		return -EINVAL;
	}
	filter->client_len = len ? nla_get_u8(len) : nla_len(addr) * 8;
	if (filter->client_len > nla_len(addr) * 8) {
		NL_SET_ERR_MSG_ATTR(extack, len,
				    "the prefix is longer than the address");
		return -ERANGE;
	}
	memcpy(filter->client, nla_data(addr), nla_len(addr));
	return 0;
}

static int parse_filter_real(const struct nlattr *attr,
			     struct lbvs_filter *filter,
			     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[LBVS_REAL_A_MAX + 1];
	int err;

	err = nla_parse_nested(tb, LBVS_REAL_A_MAX, attr, lbvs_policy_real_id,
			       extack);
	if (err)
		return err;
	if (!tb[LBVS_REAL_A_ADDR] || !addr_af(tb[LBVS_REAL_A_ADDR])) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a real needs an address, of 4 or 16 bytes");
		return -EINVAL;
	}
	filter->real.af = addr_af(tb[LBVS_REAL_A_ADDR]);
	if (tb[LBVS_REAL_A_AF] &&
	    nla_get_u8(tb[LBVS_REAL_A_AF]) != filter->real.af) {
		NL_SET_ERR_MSG_ATTR(extack, tb[LBVS_REAL_A_AF],
				    "the address is not of the address family");
		return -EINVAL;
	}
	memcpy(filter->real.addr, nla_data(tb[LBVS_REAL_A_ADDR]),
	       nla_len(tb[LBVS_REAL_A_ADDR]));
	filter->by_port = tb[LBVS_REAL_A_PORT];
	if (filter->by_port)
		filter->real.port = nla_get_be16(tb[LBVS_REAL_A_PORT]);
	return 0;
}

/**
 * lbvs_parse_filter() - read which connections are meant
 * @attr: %LBVS_A_FILTER, or NULL: all
 * @filter: set
 * @extack: for the reason of a refusal
 *
 * Return: 0 or a negative error
 */
int lbvs_parse_filter(const struct nlattr *attr, struct lbvs_filter *filter,
		      struct netlink_ext_ack *extack)
{
	struct nlattr *tb[LBVS_FILTER_A_MAX + 1];
	int err;

	memset(filter, 0, sizeof(*filter));
	if (!attr)
		return 0;
	err = nla_parse_nested(tb, LBVS_FILTER_A_MAX, attr, lbvs_policy_filter,
			       extack);
	if (!err && (tb[LBVS_FILTER_A_CLIENT] || tb[LBVS_FILTER_A_PREFIX_LEN]))
		err = parse_filter_client(tb, filter, extack);
	if (!err && tb[LBVS_FILTER_A_SERVICE]) {
		filter->by_service = true;
		err = lbvs_parse_service_id(tb[LBVS_FILTER_A_SERVICE],
					    &filter->service, extack);
	}
	if (!err && tb[LBVS_FILTER_A_REAL])
		err = parse_filter_real(tb[LBVS_FILTER_A_REAL], filter, extack);
	return err;
}
