// SPDX-License-Identifier: GPL-2.0
/*
 * Answers of the module, held against the header to the last byte: each attribute is
 * one that may be there, of just its length, each string ends where its attribute does,
 * and what stands between is 0. So nothing of the kernel's memory gets out beside them.
 */

#include <linux/genetlink.h>
#include <linux/lbvs.h>
#include <string.h>
#include <sys/socket.h>

#include "nldump.h"
#include "util.h"

/*
 * What an attribute is; a number is its length. ADDR: of the family that stands before
 * it; ANY_ADDR: of any.
 */
enum form {
	NO = 0, U8 = 1, BE16 = 2, U32 = 4, U64 = 8, BITS = 8, FAMILY = 800, ADDR, ANY_ADDR,
	STRING, PAD, NEST, EACH,
};

/**
 * struct rule - what an attribute may be
 * @form: see there; EACH: a nest of any number of @form_inside
 * @nest: rules for what is inside
 * @max: the last of them
 * @inside: of EACH
 */
struct rule {
	enum form form;
	const struct rule *nest;
	__u16 max;
	enum form inside;
};

static const struct rule stats[] = {
	[LBVS_STATS_A_CONNS ... LBVS_STATS_A_BYTES_OUT] = { U64 },
	[LBVS_STATS_A_PAD] = { PAD },
};

static const struct rule service[] = {
	[LBVS_SVC_A_AF] = { FAMILY }, [LBVS_SVC_A_PROTOCOL] = { U8 }, [LBVS_SVC_A_ADDR] = { ADDR },
	[LBVS_SVC_A_PORT] = { BE16 }, [LBVS_SVC_A_FWMARK] = { U32 },
	[LBVS_SVC_A_SCHEDULER] = { STRING }, [LBVS_SVC_A_FLAGS] = { BITS },
	[LBVS_SVC_A_ON_REMOVE] = { U8 },
	[LBVS_SVC_A_TIMEOUTS] = { EACH, .max = LBVS_STATE_MAX, .inside = U32 },
	[LBVS_SVC_A_NUM_REALS] = { U32 },
	[LBVS_SVC_A_STATS] = { NEST, stats, ARRAY_SIZE(stats) - 1 },
	[LBVS_SVC_A_MSS] = { U32 },
};

static const struct rule real[] = {
	[LBVS_REAL_A_AF] = { FAMILY }, [LBVS_REAL_A_ADDR] = { ADDR }, [LBVS_REAL_A_PORT] = { BE16 },
	[LBVS_REAL_A_METHOD] = { U8 }, [LBVS_REAL_A_WEIGHT] = { U32 }, [LBVS_REAL_A_STATE] = { U8 },
	[LBVS_REAL_A_ACTIVE] = { U32 }, [LBVS_REAL_A_CONNS] = { U32 },
	[LBVS_REAL_A_STATS] = { NEST, stats, ARRAY_SIZE(stats) - 1 }, [LBVS_REAL_A_ENCAP] = { U8 },
	[LBVS_REAL_A_ENCAP_PORT] = { BE16 }, [LBVS_REAL_A_ENCAP_CSUM] = { U8 },
};

static const struct rule conn[] = {
	[LBVS_CONN_A_AF] = { FAMILY }, [LBVS_CONN_A_PROTOCOL] = { U8 },
	[LBVS_CONN_A_CLIENT_ADDR] = { ADDR }, [LBVS_CONN_A_CLIENT_PORT] = { BE16 },
	[LBVS_CONN_A_VIRT_ADDR] = { ADDR }, [LBVS_CONN_A_VIRT_PORT] = { BE16 },
	[LBVS_CONN_A_REAL_ADDR] = { ANY_ADDR }, [LBVS_CONN_A_REAL_PORT] = { BE16 },
	[LBVS_CONN_A_METHOD] = { U8 }, [LBVS_CONN_A_STATE] = { U8 },
	[LBVS_CONN_A_EXPIRES] = { U32 }, [LBVS_CONN_A_FWMARK] = { U32 },
};

static const struct rule settings[] = {
	[LBVS_SETTINGS_A_CONN_LIMIT] = { U32 }, [LBVS_SETTINGS_A_TCP_UNKNOWN] = { U8 },
	[LBVS_SETTINGS_A_TIMEOUTS] = { EACH, .max = LBVS_STATE_MAX, .inside = U32 },
	[LBVS_SETTINGS_A_TUNNEL_DF] = { U8 }, [LBVS_SETTINGS_A_CONNTRACK] = { U8 },
	[LBVS_SETTINGS_A_FAST_PATH] = { U8 },
	[LBVS_SETTINGS_A_FAST_DEVICES] = { EACH, .max = LBVS_DEVICES_A_MAX, .inside = STRING },
	[LBVS_SETTINGS_A_TRANSMIT] = { U8 },
};

static const struct rule info[] = {
	[LBVS_INFO_A_VERSION] = { STRING }, [LBVS_INFO_A_CONNS] = { U32 },
	[LBVS_INFO_A_SERVICES] = { U32 }, [LBVS_INFO_A_REALS] = { U32 },
	[LBVS_INFO_A_BUCKETS] = { U32 }, [LBVS_INFO_A_CONN_BYTES] = { U32 },
	[LBVS_INFO_A_SCHEDULERS] = { STRING },
};

static const struct rule top[] = {
	[LBVS_A_UNSPEC] = { PAD },
	[LBVS_A_SERVICE] = { NEST, service, ARRAY_SIZE(service) - 1 },
	[LBVS_A_REAL] = { NEST, real, ARRAY_SIZE(real) - 1 },
	[LBVS_A_CONN] = { NEST, conn, ARRAY_SIZE(conn) - 1 },
	[LBVS_A_SETTINGS] = { NEST, settings, ARRAY_SIZE(settings) - 1 },
	[LBVS_A_INFO] = { NEST, info, ARRAY_SIZE(info) - 1 },
	[LBVS_A_STATS] = { NEST, stats, ARRAY_SIZE(stats) - 1 },
	[LBVS_A_DROPS] = { EACH, .max = LBVS_DROP_MAX, .inside = U64 },
	[LBVS_A_COUNT] = { U32 }, [LBVS_A_CPU] = { U32 },
	[LBVS_A_FAST] = { EACH, .max = LBVS_FAST_MAX, .inside = U64 },
	[LBVS_A_EVICTED] = { U64 },
};

static const char *check_all(const __u8 *bytes, size_t len, const struct rule *rules, __u16 max,
			     enum form each);

/* With slub_debug=P, of memory that nobody has written since. */
static bool is_poison(const __u8 *data, size_t len)
{
	return len >= 4 && (data[0] == 0x5a || data[0] == 0x6b) && !memcmp(data, data + 1, len - 1);
}

/* @family: that of addresses; set by one */
static const char *check_value(const __u8 *data, size_t len, const struct rule *rule,
			       enum form form, __u8 *family)
{
	switch (form) {
	case NO:
		return "an attribute that isn't to be there";
	case FAMILY:
		*family = len == 1 ? *data : 0;
		return *family == AF_INET || *family == AF_INET6 ? NULL : "no family";
	case ADDR:
		return len == (*family == AF_INET ? 4 : *family ? 16 : 0) ? NULL :
		       "an address of another length";
	case ANY_ADDR:
		return len == 4 || len == 16 ? NULL : "an address of another length";
	case PAD:
		return len ? "padding with something in it" : NULL;
	case STRING:
		return len && strnlen((char *)data, len) == len - 1 ? NULL :
		       "a string that ends elsewhere";
	case NEST:
		return check_all(data, len, rule->nest, rule->max, NO);
	case EACH:
		return check_all(data, len, NULL, rule->max, rule->inside);
	default:
		return len == form ? NULL : "a number of another length";
	}
}

static const char *check_attr(const struct nlattr *attr, const struct rule *rules, __u16 max,
			      enum form each, __u8 *family)
{
	__u16 type = attr->nla_type & NLA_TYPE_MASK;
	size_t len = attr->nla_len - NLA_HDRLEN;
	const __u8 *data = (void *)attr + NLA_HDRLEN;
	enum form form;

	if (type > max)
		return "an attribute of an unknown type";
	/* Numbers of 8 bytes are aligned by empty attributes of type 0. */
	if (!rules)
		form = type ? each : each == U64 ? PAD : NO;
	else
		form = rules[type].form;
	if (!(attr->nla_type & NLA_F_NESTED) != (form != NEST && form != EACH))
		return "the flag of nests where it doesn't belong, or not where it does";
	if (is_poison(data, len))
		return "memory that nobody has written";
	return check_value(data, len, rules ? &rules[type] : NULL, form, family);
}

static const char *check_all(const __u8 *bytes, size_t len, const struct rule *rules, __u16 max,
			     enum form each)
{
	size_t at = 0, pad;
	const char *said;
	__u8 family = 0;

	while (at < len) {
		const struct nlattr *attr = (const void *)bytes + at;

		if (len - at < NLA_HDRLEN || attr->nla_len < NLA_HDRLEN || attr->nla_len > len - at)
			return "an attribute that isn't all there";
		said = check_attr(attr, rules, max, each, &family);
		if (said)
			return said;
		at += attr->nla_len;
		for (pad = NLA_ALIGN(at) - at; pad && at < len; pad--)
			if (bytes[at++])
				return "padding that isn't 0";
	}
	return NULL;
}

static void add_bytes(struct dump *dump, const __u8 *bytes, size_t len)
{
	if (len > DUMP_ROOM - dump->len) {
		dump->wrong = "more than there is room for";
		return;
	}
	memcpy(dump->bytes + dump->len, bytes, len);
	dump->len += len;
}

void dump_begin(struct dump *dump)
{
	dump->wrong = NULL;
	dump->len = 0;
}

void dump_message(struct dump *dump, const struct nlmsghdr *header)
{
	const struct genlmsghdr *genl = NLMSG_DATA(header);
	const __u8 *attrs = (const __u8 *)genl + GENL_HDRLEN;
	size_t len = header->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	const char *said = check_all(attrs, len, top, ARRAY_SIZE(top) - 1, NO);

	if (genl->reserved || genl->version != LBVS_GENL_VERSION)
		said = "the header";
	if (said)
		dump->wrong = said;
	add_bytes(dump, attrs, len);
}

bool dump_same(const struct dump *a, const struct dump *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}
