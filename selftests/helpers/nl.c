// SPDX-License-Identifier: GPL-2.0
/*
 * nl [-v VERSION] COMMAND [ATTRIBUTES]
 * nl -t SECONDS [-i MICROSECONDS] [-d] [-b BYTES] COMMAND ATTRIBUTES [COMMAND ATTRIBUTES]...
 * nl -f NTH COMMAND [ATTRIBUTES]
 * nl -w SECONDS -d -b BYTES COMMAND [ATTRIBUTES]
 *
 * Send one netlink request of the lbvs family just as it is written, since lbctl
 * catches much before the kernel sees it. Commands and attributes have the names
 * of the header without what all of a kind begin with, or are numbers:
 *
 *   nl SERVICE_DEL 'SERVICE{ AF=u8:2 PROTOCOL=u8:6 ADDR=x:cb00710a PORT=be16:80 }'
 *
 * Types: u8: u32: be16: x: (bytes) s: (string) bits:VALUE/SELECTOR. Prints the
 * answer: "ok", or the error's name, the attribute to blame and the kernel's
 * sentence: "EEXIST SERVICE: ...". Status 0 when there was an answer.
 *
 * With -t several requests go in turn, one each so many microseconds or as fast as
 * they are answered, and what is printed is how often which answer came:
 * "sent=1000 ms=1003 ok=998 ENOENT=2". SIGTERM ends it early. -d asks for dumps; -b
 * is the size of the receive buffer and of each read. -w waits before it reads.
 *
 * With -f the NTH allocation that the kernel makes on the way fails; status 2 if
 * there were fewer. "ENOBUFS lost" if it had none for the answer.
 */

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/lbvs.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

#define REQUEST_MAX	4096
#define REQUESTS_MAX	16
#define ANSWER_MAX	65536
#define DEPTH_MAX	8
#define ERRNO_MAX	256

struct name {
	const char *name;
	__u16 number;
	const struct name *nest;
};

#define COMMAND(word)		{ #word, LBVS_CMD_##word, NULL }
#define SVC(word)		{ #word, LBVS_SVC_A_##word, NULL }
#define REAL(word)		{ #word, LBVS_REAL_A_##word, NULL }
#define SETTING(word)		{ #word, LBVS_SETTINGS_A_##word, NULL }
#define FILTER(word)		{ #word, LBVS_FILTER_A_##word, NULL }
#define TOP(word, nest)		{ #word, LBVS_A_##word, nest }

static const struct name command_names[] = {
	COMMAND(INFO_GET), COMMAND(SETTINGS_SET), COMMAND(SERVICE_NEW), COMMAND(SERVICE_SET),
	COMMAND(SERVICE_DEL), COMMAND(SERVICE_GET), COMMAND(REAL_NEW), COMMAND(REAL_SET),
	COMMAND(REAL_DEL), COMMAND(REAL_GET), COMMAND(CONN_GET), COMMAND(CONN_DEL),
	COMMAND(STATS_GET), COMMAND(ZERO), COMMAND(FLUSH), { .name = NULL },
};

static const struct name svc_names[] = {
	SVC(AF), SVC(PROTOCOL), SVC(ADDR), SVC(PORT), SVC(FWMARK), SVC(SCHEDULER), SVC(FLAGS),
	SVC(ON_REMOVE), SVC(TIMEOUTS), SVC(NUM_REALS), SVC(STATS), { .name = NULL },
};

static const struct name real_names[] = {
	REAL(AF), REAL(ADDR), REAL(PORT), REAL(METHOD), REAL(WEIGHT), REAL(STATE),
	REAL(ENCAP), REAL(ENCAP_CSUM), { .name = NULL },
};

static const struct name setting_names[] = {
	SETTING(CONN_LIMIT), SETTING(TCP_UNKNOWN), SETTING(TIMEOUTS), SETTING(TUNNEL_DF),
	SETTING(CONNTRACK),
	SETTING(FAST_PATH), SETTING(FAST_DEVICES), SETTING(TRANSMIT), { .name = NULL },
};

static const struct name filter_names[] = {
	FILTER(CLIENT), FILTER(PREFIX_LEN),
	{ "SERVICE", LBVS_FILTER_A_SERVICE, svc_names },
	{ "REAL", LBVS_FILTER_A_REAL, real_names },
	{ .name = NULL },
};

static const struct name top_names[] = {
	TOP(SERVICE, svc_names), TOP(REAL, real_names), TOP(SETTINGS, setting_names),
	TOP(FILTER, filter_names), TOP(CONN, NULL), TOP(INFO, NULL), TOP(REPLACE, NULL),
	{ .name = NULL },
};

static const struct name no_names[] = { { .name = NULL } };

/**
 * struct request - a message, and what it is made of
 * @header: of the message
 * @bytes: all of it
 * @names: of the attribute at an offset, so that an answer's offset can be told
 */
struct request {
	union {
		struct nlmsghdr header;
		char bytes[REQUEST_MAX];
	};
	const char *names[REQUEST_MAX];
};

static const struct name *find_name(const struct name *names, const char *word)
{
	static struct name numeric;

	for (; names->name; names++)
		if (!strcmp(names->name, word))
			return names;
	numeric.number = strtoul(word, NULL, 0);
	numeric.nest = NULL;
	if (!numeric.number && strcmp(word, "0"))
		die("nl: what is %s?", word);
	return &numeric;
}

static void *reserve(struct request *request, size_t len)
{
	void *place = request->bytes + NLMSG_ALIGN(request->header.nlmsg_len);

	if (NLMSG_ALIGN(request->header.nlmsg_len) + len > REQUEST_MAX)
		die("nl: too long");
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + len;
	return place;
}

static struct nlattr *add_attr(struct request *request, const char *name, __u16 type,
			       const void *data, size_t len)
{
	struct nlattr *attr = reserve(request, NLA_HDRLEN + len);

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, data, len);
	request->names[(char *)attr - request->bytes] = name;
	return attr;
}

static size_t parse_hex(__u8 *bytes, const char *text)
{
	unsigned int byte;
	size_t len = 0;

	for (; sscanf(text, "%2x", &byte) == 1; text += 2)
		bytes[len++] = byte;
	return len;
}

static size_t parse_value(__u8 *bytes, const char *text)
{
	struct nla_bitfield32 bits;
	__u32 number;
	__u16 port;
	char *end;

	if (!strncmp(text, "u8:", 3)) {
		bytes[0] = strtoul(text + 3, NULL, 0);
		return 1;
	}
	if (!strncmp(text, "u32:", 4)) {
		number = strtoul(text + 4, NULL, 0);
		memcpy(bytes, &number, sizeof(number));
		return sizeof(number);
	}
	if (!strncmp(text, "be16:", 5)) {
		port = htons(strtoul(text + 5, NULL, 0));
		memcpy(bytes, &port, sizeof(port));
		return sizeof(port);
	}
	if (!strncmp(text, "bits:", 5)) {
		bits.value = strtoul(text + 5, &end, 0);
		bits.selector = strtoul(end + 1, NULL, 0);
		memcpy(bytes, &bits, sizeof(bits));
		return sizeof(bits);
	}
	if (!strncmp(text, "s:", 2)) {
		memcpy(bytes, text + 2, strlen(text + 2) + 1);
		return strlen(text + 2) + 1;
	}
	if (!strncmp(text, "x:", 2))
		return parse_hex(bytes, text + 2);
	die("nl: of what type is %s?", text);
}

static void add_value(struct request *request, const struct name *names, char *word)
{
	char *value = strchr(word, '=');
	const struct name *name;
	__u8 bytes[256];
	size_t len;

	if (!value)
		die("nl: %s has no value", word);
	*value++ = '\0';
	len = parse_value(bytes, value);
	name = find_name(names, word);
	add_attr(request, word, name->number, bytes, len);
}

static void add_attributes(struct request *request, char *text)
{
	const struct name *names[DEPTH_MAX] = { top_names }, *name;
	size_t open[DEPTH_MAX];
	struct nlattr *attr;
	int depth = 0;
	char *word, *rest;

	for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (!strcmp(word, "}") && depth > 0) {
			attr = (struct nlattr *)(request->bytes + open[--depth]);
			attr->nla_len = request->bytes + request->header.nlmsg_len - (char *)attr;
		} else if (word[strlen(word) - 1] == '{' && depth < DEPTH_MAX - 1) {
			word[strlen(word) - 1] = '\0';
			name = find_name(names[depth], word);
			attr = add_attr(request, word, name->number | NLA_F_NESTED, NULL, 0);
			open[depth++] = (char *)attr - request->bytes;
			names[depth] = name->nest ?: no_names;
		} else {
			add_value(request, names[depth], word);
		}
	}
	if (depth)
		die("nl: unbalanced braces");
}

static void begin(struct request *request, __u16 family, __u8 command, __u8 version)
{
	struct genlmsghdr *genl;

	memset(request, 0, sizeof(*request));
	request->header.nlmsg_len = NLMSG_HDRLEN;
	request->header.nlmsg_type = family;
	request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl = reserve(request, GENL_HDRLEN);
	genl->cmd = command;
	genl->version = version;
}

static int open_netlink(int room)
{
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (fd < 0)
		die("nl: %s", strerror(errno));
	set_flag(fd, SOL_NETLINK, NETLINK_EXT_ACK);
	if (room && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)))
		die("nl: %s", strerror(errno));
	return fd;
}

static __u16 find_family(int fd)
{
	struct request request;
	struct nlattr *attr;
	ssize_t len;

	begin(&request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	request.header.nlmsg_flags = NLM_F_REQUEST;
	add_attr(&request, "name", CTRL_ATTR_FAMILY_NAME, LBVS_GENL_NAME, sizeof(LBVS_GENL_NAME));
	send(fd, request.bytes, request.header.nlmsg_len, 0);
	len = recv(fd, request.bytes, sizeof(request.bytes), 0);
	if (len < NLMSG_HDRLEN || request.header.nlmsg_type == NLMSG_ERROR)
		die("nl: there is no family lbvs");
	attr = find_attr(request.bytes + NLMSG_HDRLEN + GENL_HDRLEN,
			 len - NLMSG_HDRLEN - GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);
	if (!attr)
		die("nl: the family has no number");
	return *(__u16 *)((char *)attr + NLA_HDRLEN);
}

static void print_ack(const struct request *request, struct nlmsghdr *header)
{
	struct nlmsgerr *ack = NLMSG_DATA(header);
	size_t skip = sizeof(*ack);
	struct nlattr *attr;
	char *attrs;
	__u32 offset;

	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		skip += ack->msg.nlmsg_len - NLMSG_HDRLEN;
	attrs = (char *)ack + NLMSG_ALIGN(skip);
	skip = attrs - (char *)header;
	printf("%s", ack->error ? strerrorname_np(-ack->error) : "ok");
	if (header->nlmsg_flags & NLM_F_ACK_TLVS) {
		attr = find_attr(attrs, header->nlmsg_len - skip, NLMSGERR_ATTR_OFFS);
		if (attr) {
			offset = *(__u32 *)((char *)attr + NLA_HDRLEN);
			printf(" %s", offset < REQUEST_MAX && request->names[offset] ?
			       request->names[offset] : "?");
		}
		attr = find_attr(attrs, header->nlmsg_len - skip, NLMSGERR_ATTR_MSG);
		if (attr)
			printf(": %s", (char *)attr + NLA_HDRLEN);
	}
	printf("\n");
}

/*
 * Whatever data comes before the final word is passed over. The answer's error, or
 * that of the socket.
 */
static int wait_ack(int fd, size_t room, const struct request *request, bool print)
{
	static char answer[ANSWER_MAX];
	struct nlmsghdr *header;
	int len;

	for (;;) {
		len = recv(fd, answer, room, 0);
		if (len < 0) {
			if (print)
				printf("%s lost\n", strerrorname_np(errno));
			return errno;
		}
		for (header = (struct nlmsghdr *)answer; NLMSG_OK(header, len);
		     header = NLMSG_NEXT(header, len)) {
			if (header->nlmsg_type == NLMSG_DONE)
				return 0;
			if (header->nlmsg_type != NLMSG_ERROR)
				continue;
			if (print)
				print_ack(request, header);
			return -((struct nlmsgerr *)NLMSG_DATA(header))->error;
		}
	}
}

/**
 * struct plan - what is to be asked, and how
 * @fd: the socket
 * @room: for a read
 * @requests: in turn
 * @num: how many
 * @ms: for how long
 * @interval: microseconds from one to the next
 * @wait: seconds before an answer is read
 */
struct plan {
	int fd;
	size_t room;
	struct request requests[REQUESTS_MAX];
	unsigned int num;
	__u64 ms;
	unsigned long interval;
	unsigned int wait;
};

static int ask(const struct plan *plan, const struct request *request, bool print)
{
	if (send(plan->fd, request->bytes, request->header.nlmsg_len, 0) < 0) {
		if (print)
			printf("%s\n", strerrorname_np(errno));
		return errno;
	}
	if (plan->wait)
		sleep(plan->wait);
	return wait_ack(plan->fd, plan->room, request, print);
}

static void repeat(const struct plan *plan)
{
	static unsigned long tally[ERRNO_MAX];
	__u64 start = now_ms(), now = start, due;
	unsigned long i;
	int error;

	for (i = 0; !stopped && now - start < plan->ms; i++) {
		tally[ask(plan, &plan->requests[i % plan->num], false) % ERRNO_MAX]++;
		due = start + i * plan->interval / 1000;
		now = now_ms();
		if (now < due) {
			usleep((due - now) * 1000);
			now = due;
		}
	}
	printf("sent=%lu ms=%llu", i, now_ms() - start);
	for (error = 0; error < ERRNO_MAX; error++)
		if (tally[error])
			printf(" %s=%lu", error ? strerrorname_np(error) : "ok", tally[error]);
	printf("\n");
}

/* Whether one of its allocations failed. */
static bool ask_failing(const struct plan *plan, unsigned int nth)
{
	fail_nth(nth);
	ask(plan, &plan->requests[0], true);
	return fail_happened();
}

static void add_request(struct plan *plan, __u16 family, __u8 version, __u16 flags, char **words)
{
	struct request *request = &plan->requests[plan->num++];

	begin(request, family, find_name(command_names, words[0])->number, version);
	request->header.nlmsg_flags |= flags;
	if (words[1])
		add_attributes(request, words[1]);
}

/**
 * struct options - of the command line, but for those of &struct plan
 * @version: of the family
 * @flags: of requests
 * @buffer: size of the socket's, or 0
 * @nth: of -f, or 0
 */
struct options {
	__u8 version;
	__u16 flags;
	int buffer;
	unsigned int nth;
};

static void parse_options(struct options *options, struct plan *plan, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "v:t:i:b:df:w:")) != -1) {
		switch (option) {
		case 'v':
			options->version = atoi(optarg);
			break;
		case 't':
			plan->ms = strtod(optarg, NULL) * 1000;
			break;
		case 'i':
			plan->interval = atoi(optarg);
			break;
		case 'b':
			options->buffer = atoi(optarg);
			plan->room = options->buffer < ANSWER_MAX ? options->buffer : ANSWER_MAX;
			break;
		case 'd':
			options->flags = NLM_F_DUMP;
			break;
		case 'w':
			plan->wait = atoi(optarg);
			break;
		case 'f':
			options->nth = atoi(optarg);
			break;
		default:
			exit(1);
		}
	}
	if (optind >= argc || argc - optind > 2 * REQUESTS_MAX || (!plan->ms && argc - optind > 2))
		die("usage: nl [OPTION...] COMMAND [ATTRIBUTES]...");
}

int main(int argc, char **argv)
{
	struct options options = { .version = LBVS_GENL_VERSION };
	static struct plan plan = { .room = ANSWER_MAX };
	__u16 family;

	parse_options(&options, &plan, argc, argv);
	plan.fd = open_netlink(options.buffer);
	family = find_family(plan.fd);
	for (; optind < argc; optind += 2)
		add_request(&plan, family, options.version, options.flags, argv + optind);
	stop_at_sigterm();
	if (options.nth)
		return ask_failing(&plan, options.nth) ? 0 : 2;
	if (plan.ms)
		repeat(&plan);
	else
		ask(&plan, &plan.requests[0], true);
	return 0;
}
