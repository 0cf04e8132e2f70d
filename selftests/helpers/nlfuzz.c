// SPDX-License-Identifier: GPL-2.0
/*
 * nlfuzz each|random|read|nobody|unprivileged [SECONDS] [SEED]
 *
 * Netlink requests of the lbvs family that are wrong in some way: each attribute of
 * each command missing, too short, too long, twice, wrongly nested, out of range,
 * without its NUL (each), or anything that looks like a request (random). A request
 * that is refused must change nothing, and say why; what is dumped must be what the
 * header promises, to the last byte of padding. unprivileged: the caller may not: what
 * changes something, and reading connections, is refused. nobody: the same, after
 * giving up root. read: everything there is.
 *
 * The configuration that "each" and "random" find goes. Prints "# ..." lines about what
 * is wrong, and "messages=N ok=N refused=N bytes=N wrong=N".
 */

#include <errno.h>
#include <grp.h>
#include <linux/genetlink.h>
#include <linux/lbvs.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "nldump.h"
#include "util.h"

#define ROOM		65536
/* The kernel makes its messages as long as this; they are to be from its slabs. */
#define ANSWER_ROOM	4096
#define NODES_MAX	40
#define DATA_MAX	32
#define WRONG_MAX	10
#define NOBODY		65534

/**
 * struct node - an attribute of a request
 * @type: its number
 * @depth: how deep it is nested; 0 at the top
 * @nest: it has others inside: those that follow and are deeper
 * @string: it is a string
 * @any: any value may be right, the highest one, too
 * @len: length of @data
 * @data: its value
 */
struct node {
	__u16 type;
	__u8 depth;
	bool nest;
	bool string;
	bool any;
	__u16 len;
	__u8 data[DATA_MAX];
};

struct message {
	__u8 command;
	bool dump;
	int num;
	struct node node[NODES_MAX];
};

enum damage {
	NOTHING, MISSING, EMPTY, SHORTER, LONGER, MUCH_LONGER, TWICE, NESTED, NOT_NESTED, ZERO,
	ONES, INT_MAX_VALUE, RANDOM_VALUE, NO_NUL, TOO_LONG_STRING, BEYOND, TINY, UNKNOWN, DAMAGES,
};

static const char *const damage_names[DAMAGES] = {
	"as it is", "missing", "empty", "shorter", "longer", "much longer", "twice", "nested",
	"not nested", "0", "all ones", "INT_MAX", "random", "without its NUL", "a long string",
	"beyond the message", "shorter than its header", "of an unknown type",
};

static int fd;
static __u16 family;
static struct { unsigned long messages, ok, refused, bytes, wrong; } result;
/* The request that was sent last, that which is tried, and the answer to the last one. */
static union { struct nlmsghdr header; __u8 bytes[ROOM]; } request, tried;
static union { struct nlmsghdr header; __u8 bytes[ANSWER_ROOM]; } answer;
static char sentence[512];

static void wrong(const struct message *message, const char *format, ...)
{
	va_list args;
	size_t i;

	if (result.wrong++ >= WRONG_MAX)
		return;
	printf("# command %u: ", message->command);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n# sent:");
	for (i = NLMSG_HDRLEN; i < tried.header.nlmsg_len && i < 200; i++)
		printf("%s%02x", i % 4 ? "" : " ", tried.bytes[i]);
	printf("\n");
}

/* The request that is there is one that something is to be said of. */
static void count(void)
{
	memcpy(tried.bytes, request.bytes, request.header.nlmsg_len);
	result.messages++;
}

/* --- requests --- */

static struct message begin(__u8 command)
{
	return (struct message) { .command = command };
}

static struct node *add(struct message *m, __u8 depth, __u16 type, const void *data, size_t len)
{
	struct node *node = &m->node[m->num++];

	*node = (struct node) { .type = type, .depth = depth, .len = len };
	memcpy(node->data, data, len);
	return node;
}

static void nest(struct message *m, __u8 depth, __u16 type)
{
	add(m, depth, type, "", 0)->nest = true;
}

static void add_flag(struct message *m, __u16 type)
{
	add(m, 0, type, "", 0);
}

static void add_u8(struct message *m, __u8 depth, __u16 type, __u8 value)
{
	add(m, depth, type, &value, 1);
}

static struct node *add_u32(struct message *m, __u8 depth, __u16 type, __u32 value)
{
	return add(m, depth, type, &value, 4);
}

static void add_port(struct message *m, __u8 depth, __u16 type, __u16 value)
{
	value = htons(value);
	add(m, depth, type, &value, 2)->any = true;
}

static void add_string(struct message *m, __u8 depth, __u16 type, const char *text)
{
	add(m, depth, type, text, strlen(text) + 1)->string = true;
}

static void add_bits(struct message *m, __u8 depth, __u16 type, __u32 value, __u32 selector)
{
	struct nla_bitfield32 bits = { value, selector };

	add(m, depth, type, &bits, sizeof(bits));
}

/* Services: TCP over IPv4, UDP over IPv6, a firewall mark. */
#define SERVICES 3

static const __u8 addr6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x10 };
static const __u8 real6[16] = { 0x20, 0x01, 0x0d, 0xb8, [7] = 1, [15] = 0x11 };

static void add_id(struct message *m, __u8 depth, __u16 type, int service)
{
	nest(m, depth++, type);
	add_u8(m, depth, LBVS_SVC_A_AF, service == 1 ? AF_INET6 : AF_INET);
	if (service == 2) {
		add_u32(m, depth, LBVS_SVC_A_FWMARK, 7)->any = true;
		return;
	}
	add_u8(m, depth, LBVS_SVC_A_PROTOCOL, service ? IPPROTO_UDP : IPPROTO_TCP);
	add(m, depth, LBVS_SVC_A_ADDR, service ? addr6 : (__u8 [4]) { 192, 0, 2, 10 },
	    service ? 16 : 4);
	add_port(m, depth, LBVS_SVC_A_PORT, 80);
}

static void add_service_options(struct message *m, int service)
{
	add_string(m, 1, LBVS_SVC_A_SCHEDULER, "wrr");
	add_bits(m, 1, LBVS_SVC_A_FLAGS, service == 1 ? LBVS_SVC_F_ONE_PACKET : LBVS_SVC_F_ADOPT,
		 service == 1 ? LBVS_SVC_F_ONE_PACKET : LBVS_SVC_F_ADOPT);
	add_u8(m, 1, LBVS_SVC_A_ON_REMOVE, LBVS_ON_REMOVE_KEEP);
	if (service != 1)
		add_u32(m, 1, LBVS_SVC_A_MSS, 1400);
	nest(m, 1, LBVS_SVC_A_TIMEOUTS);
	add_u32(m, 2, service == 1 ? LBVS_STATE_UDP : LBVS_STATE_TCP_ESTABLISHED, 77);
}

/* Returns the address. */
static struct node *add_real_id(struct message *m, __u8 depth, __u16 type, int service)
{
	struct node *addr;

	nest(m, depth++, type);
	addr = add(m, depth, LBVS_REAL_A_ADDR,
		   service == 1 ? real6 : (__u8 [4]) { 10, 0, 0, 11 }, service == 1 ? 16 : 4);
	add_port(m, depth, LBVS_REAL_A_PORT, service == 2 ? 0 : 80);
	return addr;
}

static void add_real_options(struct message *m, int service)
{
	add_u8(m, 1, LBVS_REAL_A_AF, service == 1 ? AF_INET6 : AF_INET);
	add_u8(m, 1, LBVS_REAL_A_METHOD, LBVS_METHOD_TUNNEL);
	add_u32(m, 1, LBVS_REAL_A_WEIGHT, 3);
	add_u8(m, 1, LBVS_REAL_A_STATE, LBVS_REAL_DRAIN);
	add_u8(m, 1, LBVS_REAL_A_ENCAP, LBVS_ENCAP_GUE);
	add_port(m, 1, LBVS_REAL_A_ENCAP_PORT, 6081);
	add_u8(m, 1, LBVS_REAL_A_ENCAP_CSUM, 1);
}

static void add_filter(struct message *m)
{
	nest(m, 0, LBVS_A_FILTER);
	add(m, 1, LBVS_FILTER_A_CLIENT, (__u8 [4]) { 10 }, 4)->any = true;
	add_u8(m, 1, LBVS_FILTER_A_PREFIX_LEN, 8);
	add_id(m, 1, LBVS_FILTER_A_SERVICE, 0);
	/* There may be no such real. */
	add_real_id(m, 1, LBVS_FILTER_A_REAL, 0)->any = true;
}

static void add_settings(struct message *m)
{
	nest(m, 0, LBVS_A_SETTINGS);
	add_u32(m, 1, LBVS_SETTINGS_A_CONN_LIMIT, 54321);
	add_u8(m, 1, LBVS_SETTINGS_A_TCP_UNKNOWN, LBVS_TCP_UNKNOWN_DROP);
	add_u8(m, 1, LBVS_SETTINGS_A_TUNNEL_DF, LBVS_TUNNEL_DF_NEVER);
	add_u8(m, 1, LBVS_SETTINGS_A_CONNTRACK, 0);
	add_u8(m, 1, LBVS_SETTINGS_A_FAST_PATH, LBVS_FAST_PATH_ALL);
	add_u8(m, 1, LBVS_SETTINGS_A_TRANSMIT, LBVS_TRANSMIT_DIRECT);
	nest(m, 1, LBVS_SETTINGS_A_FAST_DEVICES);
	add_string(m, 2, LBVS_DEVICES_A_NAME, "eth0");
	add_string(m, 2, LBVS_DEVICES_A_NAME, "bond0.17");
	nest(m, 1, LBVS_SETTINGS_A_TIMEOUTS);
	add_u32(m, 2, LBVS_STATE_UDP_NEW, 5);
}

/* A right request, with all that the command takes. */
static struct message make(__u8 command, int service)
{
	struct message m = begin(command);

	switch (command) {
	case LBVS_CMD_SETTINGS_SET:
		add_settings(&m);
		break;
	case LBVS_CMD_SERVICE_NEW:
	case LBVS_CMD_SERVICE_SET:
		add_id(&m, 0, LBVS_A_SERVICE, service);
		add_service_options(&m, service);
		if (command == LBVS_CMD_SERVICE_NEW)
			add_flag(&m, LBVS_A_REPLACE);
		break;
	case LBVS_CMD_SERVICE_DEL:
	case LBVS_CMD_SERVICE_GET:
	case LBVS_CMD_ZERO:
		add_id(&m, 0, LBVS_A_SERVICE, service);
		break;
	case LBVS_CMD_REAL_GET:
		m.dump = true;
		add_id(&m, 0, LBVS_A_SERVICE, service);
		break;
	case LBVS_CMD_REAL_NEW:
	case LBVS_CMD_REAL_SET:
	case LBVS_CMD_REAL_DEL:
		add_id(&m, 0, LBVS_A_SERVICE, service);
		add_real_id(&m, 0, LBVS_A_REAL, service);
		if (command != LBVS_CMD_REAL_DEL)
			add_real_options(&m, service);
		if (command == LBVS_CMD_REAL_NEW)
			add_flag(&m, LBVS_A_REPLACE);
		break;
	case LBVS_CMD_CONN_GET:
		m.dump = true;
		add_filter(&m);
		break;
	case LBVS_CMD_CONN_DEL:
		add_filter(&m);
		break;
	}
	return m;
}

/* --- on the wire --- */

static struct nlattr *reserve(size_t len)
{
	size_t at = NLMSG_ALIGN(request.header.nlmsg_len);

	request.header.nlmsg_len = at + NLA_HDRLEN + len;
	memset(request.bytes + at, 0, NLA_ALIGN(NLA_HDRLEN + len));
	return (void *)request.bytes + at;
}

static void put_value(const struct node *node, enum damage damage)
{
	static const __u8 room[400];
	struct nlattr *attr;
	size_t len = node->len;
	__u8 *data;

	switch (damage) {
	case EMPTY:
		len = 0;
		break;
	case SHORTER:
	case NO_NUL:
		len = len ? len - 1 : 0;
		break;
	case LONGER:
		len++;
		break;
	case MUCH_LONGER:
	case TOO_LONG_STRING:
		len += 300;
		break;
	default:
		break;
	}
	attr = reserve(len);
	attr->nla_type = node->type;
	attr->nla_len = NLA_HDRLEN + len;
	data = (void *)attr + NLA_HDRLEN;
	memcpy(data, room, len < sizeof(room) ? len : sizeof(room));
	memcpy(data, node->data, len < node->len ? len : node->len);
	switch (damage) {
	case NESTED:
		attr->nla_type |= NLA_F_NESTED;
		break;
	case ZERO:
		memset(data, 0, len);
		break;
	case ONES:
		memset(data, 0xff, len);
		break;
	case INT_MAX_VALUE:
		memset(data, 0xff, len);
		if (len)
			data[len - 1] = 0x7f;
		break;
	case RANDOM_VALUE:
		while (len)
			data[--len] = rnd(256);
		break;
	case TOO_LONG_STRING:
		memset(data, 'a', len);
		break;
	case BEYOND:
		attr->nla_len += 4 + rnd(1000);
		break;
	case TINY:
		attr->nla_len = rnd(NLA_HDRLEN);
		break;
	case UNKNOWN:
		attr->nla_type = 77;
		break;
	default:
		break;
	}
}

static int put_node(const struct message *m, int i, int bad, enum damage damage);

/* Returns which node comes after what is inside. */
static int put_nest(const struct message *m, int i, int bad, enum damage damage)
{
	const struct node *node = &m->node[i];
	enum damage here = i == bad ? damage : NOTHING;
	struct nlattr *attr = reserve(0);
	size_t at = (__u8 *)attr - request.bytes;
	int next = i + 1;

	while (next < m->num && m->node[next].depth > node->depth)
		next = put_node(m, next, here == EMPTY ? next : bad,
				here == EMPTY ? MISSING : damage);
	attr->nla_type = node->type | (here == NOT_NESTED ? 0 : NLA_F_NESTED);
	if (here == UNKNOWN)
		attr->nla_type = 77 | NLA_F_NESTED;
	attr->nla_len = request.header.nlmsg_len - at;
	if (here == SHORTER && attr->nla_len > NLA_HDRLEN)
		attr->nla_len -= 1;
	if (here == BEYOND || here == LONGER)
		attr->nla_len += here == LONGER ? 1 : 4 + rnd(1000);
	if (here == TINY)
		attr->nla_len = rnd(NLA_HDRLEN);
	return next;
}

static int put_node(const struct message *m, int i, int bad, enum damage damage)
{
	enum damage here = i == bad ? damage : NOTHING;
	int next = i + 1;

	if (here == MISSING) {
		while (next < m->num && m->node[next].depth > m->node[i].depth)
			next++;
		return next;
	}
	if (m->node[i].nest) {
		if (here == TWICE)
			put_nest(m, i, -1, NOTHING);
		return put_nest(m, i, bad, damage);
	}
	if (here == TWICE)
		put_value(&m->node[i], NOTHING);
	put_value(&m->node[i], here);
	return next;
}

static void put_message(const struct message *m, int bad, enum damage damage)
{
	struct genlmsghdr *genl;
	int i = 0;

	request.header = (struct nlmsghdr) {
		.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN, .nlmsg_type = family,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (m->dump ? NLM_F_DUMP : 0),
		.nlmsg_seq = request.header.nlmsg_seq + 1,
	};
	genl = NLMSG_DATA(&request.header);
	*genl = (struct genlmsghdr) { .cmd = m->command, .version = LBVS_GENL_VERSION };
	while (i < m->num)
		i = put_node(m, i, bad, damage);
}

static struct nlattr *ack_attr(struct nlmsghdr *header, __u16 type)
{
	struct nlmsgerr *ack = NLMSG_DATA(header);
	size_t skip = sizeof(*ack);

	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	/* A dump's last message has the error, and no copy of the request. */
	if (header->nlmsg_type == NLMSG_DONE)
		skip = sizeof(int);
	else if (!(header->nlmsg_flags & NLM_F_CAPPED))
		skip += ack->msg.nlmsg_len - NLMSG_HDRLEN;
	skip = NLMSG_HDRLEN + NLMSG_ALIGN(skip);
	return find_attr((void *)header + skip, header->nlmsg_len - skip, type);
}

/*
 * Send what is there and read answers up to the last one. @dump: what to do with each
 * other one. Returns the error, or 0.
 */
static int exchange(const struct message *m, struct dump *dump)
{
	struct nlmsghdr *header;
	struct nlattr *attr;
	int len;

	if (send(fd, request.bytes, request.header.nlmsg_len, 0) < 0)
		die("nlfuzz: %s", strerror(errno));
	for (;;) {
		len = recv(fd, answer.bytes, sizeof(answer.bytes), 0);
		if (len < 0)
			die("nlfuzz: no answer to command %u: %s", m->command, strerror(errno));
		result.bytes += len;
		for (header = &answer.header; NLMSG_OK(header, len);
		     header = NLMSG_NEXT(header, len)) {
			if (header->nlmsg_seq != request.header.nlmsg_seq)
				continue;
			if (header->nlmsg_type != NLMSG_ERROR && header->nlmsg_type != NLMSG_DONE) {
				if (dump)
					dump_message(dump, header);
				continue;
			}
			attr = ack_attr(header, NLMSGERR_ATTR_MSG);
			snprintf(sentence, sizeof(sentence), "%s",
				 attr ? (char *)attr + NLA_HDRLEN : "");
			return -*(int *)NLMSG_DATA(header);
		}
	}
}

/* --- what there is --- */

static struct dump before, after;

/* Everything that can be read, but for what changes by itself. */
static void snapshot(struct dump *dump)
{
	static const __u8 commands[] = {
		LBVS_CMD_INFO_GET, LBVS_CMD_SERVICE_GET, LBVS_CMD_REAL_GET, LBVS_CMD_STATS_GET,
	};
	size_t i;

	dump_begin(dump);
	for (i = 0; i < sizeof(commands); i++) {
		struct message m = begin(commands[i]);

		m.dump = commands[i] == LBVS_CMD_SERVICE_GET || commands[i] == LBVS_CMD_REAL_GET;
		put_message(&m, -1, NOTHING);
		if (exchange(&m, dump))
			wrong(&m, "can't read: %s", sentence);
		if (dump->wrong)
			wrong(&m, "an answer: %s", dump->wrong);
	}
}

static void restore(void)
{
	struct message m = begin(LBVS_CMD_FLUSH);
	int service;

	put_message(&m, -1, NOTHING);
	exchange(&m, NULL);
	m = make(LBVS_CMD_SETTINGS_SET, 0);
	put_message(&m, -1, NOTHING);
	if (exchange(&m, NULL))
		wrong(&m, "right settings are refused: %s", sentence);
	for (service = 0; service < SERVICES; service++) {
		m = make(LBVS_CMD_SERVICE_NEW, service);
		put_message(&m, -1, NOTHING);
		if (exchange(&m, NULL))
			wrong(&m, "a right service is refused: %s", sentence);
		m = make(LBVS_CMD_REAL_NEW, service);
		put_message(&m, -1, NOTHING);
		if (exchange(&m, NULL))
			wrong(&m, "a right real is refused: %s", sentence);
	}
	snapshot(&before);
}

/* The request that is there: refused with words and without effect, or done. */
static void try(const struct message *m, const char *what)
{
	static struct dump dump;
	int error;

	count();
	dump_begin(&dump);
	error = exchange(m, &dump);
	if (dump.wrong)
		wrong(m, "%s: an answer: %s", what, dump.wrong);
	if (!error) {
		result.ok++;
		snapshot(&after);
		if (!dump_same(&before, &after))
			restore();
		return;
	}
	result.refused++;
	/* The kernel refuses what isn't a command of ours in its own way. */
	if (!sentence[0] && error != EOPNOTSUPP && error != EPERM)
		wrong(m, "%s: %s, and no word why", what, strerrorname_np(error));
	snapshot(&after);
	if (!dump_same(&before, &after)) {
		wrong(m, "%s: %s, and something has changed", what, strerrorname_np(error));
		restore();
	}
}

/* What must not be done, whatever is there. */
static bool must_refuse(const struct node *node, enum damage damage)
{
	if (node->nest)
		return damage == UNKNOWN || damage == NOT_NESTED || damage == BEYOND ||
		       damage == TINY;
	/* A flag has no value that could be wrong. */
	if (!node->len && (damage == ONES || damage == EMPTY || damage == SHORTER))
		return false;
	switch (damage) {
	case LONGER:
		/* The kernel doesn't mind what is behind a string's NUL. */
		return !node->string;
	case ONES:
		return !node->any;
	case EMPTY:
	case SHORTER:
	case MUCH_LONGER:
	case NESTED:
	case NO_NUL:
	case TOO_LONG_STRING:
	case BEYOND:
	case TINY:
	case UNKNOWN:
		return true;
	default:
		return false;
	}
}

static void try_damage(const struct message *m, int bad, enum damage damage)
{
	unsigned long ok = result.ok;
	char what[80];

	if ((damage == NO_NUL || damage == TOO_LONG_STRING) && !m->node[bad].string)
		return;
	snprintf(what, sizeof(what), "attribute %u at depth %u %s", m->node[bad].type,
		 m->node[bad].depth, damage_names[damage]);
	put_message(m, bad, damage);
	try(m, what);
	if (result.ok != ok && must_refuse(&m->node[bad], damage))
		wrong(m, "%s: it is done", what);
}

/* Each command with each other's attributes, and with each that is for replies only. */
static void try_foreign(__u8 command)
{
	__u16 type;
	int dump;

	for (type = 0; type <= LBVS_A_MAX + 1; type++) {
		for (dump = 0; dump < 2; dump++) {
			struct message m = begin(command);

			m.dump = dump;
			nest(&m, 0, type);
			put_message(&m, -1, NOTHING);
			try(&m, "an empty attribute");
			m.node[0].nest = false;
			m.node[0].len = 4;
			put_message(&m, -1, NOTHING);
			try(&m, "an attribute of 4 bytes");
		}
	}
}

/* Whether a request is another one for another service. */
static bool names_service(__u8 command)
{
	struct message m = make(command, 0);

	return m.num && m.node[0].type == LBVS_A_SERVICE;
}

static void each(void)
{
	enum damage damage;
	int command, service, i;

	for (command = 0; command <= LBVS_CMD_MAX + 1; command++) {
		try_foreign(command);
		for (service = 0; service < (names_service(command) ? SERVICES : 1); service++) {
			struct message m = make(command, service);

			for (i = 0; i < m.num; i++)
				for (damage = MISSING; damage < DAMAGES; damage++)
					try_damage(&m, i, damage);
			m.dump = !m.dump;
			put_message(&m, -1, NOTHING);
			try(&m, "as a dump, or not as one");
		}
	}
}

/* A request whose attributes are other requests', moved, copied and changed. */
static struct message scramble(void)
{
	struct message m = make(1 + rnd(LBVS_CMD_MAX), rnd(SERVICES));
	struct message other = make(1 + rnd(LBVS_CMD_MAX), rnd(SERVICES));
	unsigned int n = rnd(4);

	if (!rnd(8))
		m.dump = !m.dump;
	while (n-- && m.num) {
		struct node *node = &m.node[rnd(m.num)];

		switch (rnd(5)) {
		case 0:
			if (other.num)
				*node = other.node[rnd(other.num)];
			break;
		case 1:
			node->type = rnd(16);
			break;
		case 2:
			node->depth = rnd(4);
			break;
		case 3:
			if (node->len)
				node->data[rnd(node->len)] = rnd(256);
			break;
		default:
			if (m.num < NODES_MAX)
				m.node[m.num++] = *node;
		}
	}
	return m;
}

static void random_ones(unsigned int seconds)
{
	__u64 end = now_ms() + seconds * 1000ULL;

	while (now_ms() < end && result.wrong < WRONG_MAX) {
		struct message m = scramble();

		put_message(&m, m.num ? (int)rnd(m.num) : -1, rnd(2) ? NOTHING : rnd(DAMAGES));
		try(&m, "a random one");
	}
}

static bool may_read(__u8 command)
{
	return command == LBVS_CMD_INFO_GET || command == LBVS_CMD_SERVICE_GET ||
	       command == LBVS_CMD_REAL_GET || command == LBVS_CMD_STATS_GET;
}

/* Whoever may not is told so, before anything else is looked at. */
static void unprivileged(void)
{
	int command, service, error;

	snapshot(&before);
	for (command = 1; command <= LBVS_CMD_MAX; command++) {
		for (service = 0; service < SERVICES; service++) {
			struct message m = make(command, service);

			put_message(&m, -1, NOTHING);
			count();
			error = exchange(&m, NULL);
			if (error)
				result.refused++;
			else
				result.ok++;
			if (may_read(command) ? error == EPERM : error != EPERM)
				wrong(&m, "error %d", error);
		}
	}
	snapshot(&after);
	if (dump_same(&before, &after))
		return;
	printf("# something has changed\n");
	result.wrong++;
}

static void drop_root(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		die("nlfuzz: cannot become nobody: %s", strerror(errno));
}

/* What can be read: of connections, too, and of each CPU. */
static void read_all(void)
{
	static const __u8 commands[] = {
		LBVS_CMD_INFO_GET, LBVS_CMD_SERVICE_GET, LBVS_CMD_REAL_GET, LBVS_CMD_CONN_GET,
		LBVS_CMD_STATS_GET,
	};
	static struct dump dump;
	size_t i;

	for (i = 0; i < sizeof(commands); i++) {
		struct message m = begin(commands[i]);

		m.dump = commands[i] != LBVS_CMD_INFO_GET;
		put_message(&m, -1, NOTHING);
		count();
		dump_begin(&dump);
		if (exchange(&m, &dump) || dump.wrong || !dump.len)
			wrong(&m, "%s%s", sentence, dump.wrong ?: "nothing at all");
		else
			result.ok++;
	}
}

static void open_netlink(void)
{
	struct timeval patience = { .tv_sec = 20 };
	struct message m = begin(CTRL_CMD_GETFAMILY);
	struct nlattr *attr;

	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (fd < 0)
		die("nlfuzz: %s", strerror(errno));
	set_flag(fd, SOL_NETLINK, NETLINK_EXT_ACK);
	set_flag(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	family = GENL_ID_CTRL;
	add_string(&m, 0, CTRL_ATTR_FAMILY_NAME, LBVS_GENL_NAME);
	put_message(&m, -1, NOTHING);
	send(fd, request.bytes, request.header.nlmsg_len, 0);
	recv(fd, answer.bytes, sizeof(answer.bytes), 0);
	attr = find_attr(answer.bytes + NLMSG_HDRLEN + GENL_HDRLEN,
			 answer.header.nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);
	if (answer.header.nlmsg_type == NLMSG_ERROR || !attr)
		die("nlfuzz: there is no family lbvs");
	family = *(__u16 *)((void *)attr + NLA_HDRLEN);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc > 3)
		rnd_state = strtoull(argv[3], NULL, 0);
	open_netlink();
	if (!strcmp(what, "nobody"))
		drop_root();
	if (!strcmp(what, "unprivileged") || !strcmp(what, "nobody")) {
		unprivileged();
	} else if (!strcmp(what, "read")) {
		read_all();
	} else {
		restore();
		if (!strcmp(what, "each"))
			each();
		else if (!strcmp(what, "random") && argc > 2)
			random_ones(atoi(argv[2]));
		else
			die("usage: nlfuzz each|random|read|nobody|unprivileged [SECONDS] [SEED]");
	}
	printf("messages=%lu ok=%lu refused=%lu bytes=%lu wrong=%lu\n", result.messages, result.ok,
	       result.refused, result.bytes, result.wrong);
	return 0;
}
