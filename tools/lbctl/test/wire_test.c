// SPDX-License-Identifier: GPL-2.0
/*
 * What goes to the module, against the rules of linux/lbvs.h, and what is made
 * of its answers. The messages are walked here byte by byte, without the code
 * that wrote them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "../ask.h"
#include "../parse.h"
#include "../wire.h"
#include "tap.h"

#define FAMILY 0x21

static char line_room[512];

static void build_line(const char *line, struct request *request)
{
	const struct channel channel = { .family = FAMILY };
	struct parse_error error;
	struct command cmd;
	const char *word[32];
	int count;

	snprintf(line_room, sizeof(line_room), "%s", line);
	count = parse_split(line_room, word, 32);
	if (parse_command(count, word, &cmd, &error) || build_change(&channel, &cmd, request)) {
		printf("Bail out! %s: %s\n", line, error.text);
		exit(1);
	}
}

/* The attribute of @type in [@at, @at + @len), or NULL; NESTED must be as @nested says. */
static const char *find(const char *at, int len, unsigned int type, bool nested, int *found_len)
{
	while (len >= (int)sizeof(struct nlattr)) {
		struct nlattr attr;

		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_len < sizeof(attr) || attr.nla_len > len)
			return NULL;
		if (attr.nla_type == (type | (nested ? NLA_F_NESTED : 0))) {
			*found_len = attr.nla_len - sizeof(attr);
			return at + sizeof(attr);
		}
		at += NLA_ALIGN(attr.nla_len);
		len -= NLA_ALIGN(attr.nla_len);
	}
	return NULL;
}

static int count_attrs(const char *at, int len)
{
	int count = 0;

	while (len >= (int)sizeof(struct nlattr)) {
		struct nlattr attr;

		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_len < sizeof(attr) || attr.nla_len > len)
			return -1;
		at += NLA_ALIGN(attr.nla_len);
		len -= NLA_ALIGN(attr.nla_len);
		count++;
	}
	return len ? -1 : count;
}

static const char *body(const struct request *request, int *len)
{
	const struct nlmsghdr *header = nlmsg_hdr(request->msg);

	*len = header->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	return (const char *)header + NLMSG_HDRLEN + GENL_HDRLEN;
}

static bool is_bytes(const char *nest, int len, unsigned int type, const void *want, int want_len)
{
	const char *found = find(nest, len, type, false, &len);

	return found && len == want_len && !memcmp(found, want, want_len);
}

static bool is_u8(const char *nest, int len, unsigned int type, u8 want)
{
	return is_bytes(nest, len, type, &want, sizeof(want));
}

static bool is_port(const char *nest, int len, unsigned int type, u16 want)
{
	want = htons(want);
	return is_bytes(nest, len, type, &want, sizeof(want));
}

static bool is_u32(const char *nest, int len, unsigned int type, u32 want)
{
	return is_bytes(nest, len, type, &want, sizeof(want));
}

#define TIMEOUTS "--timeout tcp-close=0 --timeout tcp-established=900"
#define EDIT "edit-service tcp 192.0.2.10:80 --scheduler rr --no-adopt --on-remove close " \
	     "--mss 1360 " TIMEOUTS

static void test_service(void)
{
	static const u8 address[] = { 192, 0, 2, 10 };
	const struct nla_bitfield32 flags = { 0, LBVS_SVC_F_ADOPT };
	struct request request;
	const struct nlmsghdr *header;
	const struct genlmsghdr *genl;
	const char *nest, *timeouts;
	int len, nest_len, timeouts_len;

	build_line(EDIT, &request);
	header = nlmsg_hdr(request.msg);
	genl = nlmsg_data(header);
	tap_ok(header->nlmsg_type == FAMILY &&
	       header->nlmsg_flags == (NLM_F_REQUEST | NLM_F_ACK), "service: header");
	tap_ok(genl->cmd == LBVS_CMD_SERVICE_SET && genl->version == LBVS_GENL_VERSION,
	       "service: command");
	nest = body(&request, &len);
	tap_ok(count_attrs(nest, len) == 1, "service: one top-level attribute");
	nest = find(nest, len, LBVS_A_SERVICE, true, &nest_len);
	tap_ok(nest && count_attrs(nest, nest_len) == 9, "service: a nest of nine");
	tap_ok(is_u8(nest, nest_len, LBVS_SVC_A_AF, AF_INET) &&
	       is_u8(nest, nest_len, LBVS_SVC_A_PROTOCOL, IPPROTO_TCP) &&
	       is_bytes(nest, nest_len, LBVS_SVC_A_ADDR, address, sizeof(address)) &&
	       is_port(nest, nest_len, LBVS_SVC_A_PORT, 80), "service: id");
	tap_ok(is_bytes(nest, nest_len, LBVS_SVC_A_SCHEDULER, "rr", 3), "service: scheduler");
	tap_ok(is_bytes(nest, nest_len, LBVS_SVC_A_FLAGS, &flags, sizeof(flags)),
	       "service: a flag taken back");
	tap_ok(is_u8(nest, nest_len, LBVS_SVC_A_ON_REMOVE, LBVS_ON_REMOVE_CLOSE),
	       "service: on-remove");
	tap_ok(is_u32(nest, nest_len, LBVS_SVC_A_MSS, 1360), "service: mss");
	timeouts = find(nest, nest_len, LBVS_SVC_A_TIMEOUTS, true, &timeouts_len);
	tap_ok(timeouts && count_attrs(timeouts, timeouts_len) == 2 &&
	       is_u32(timeouts, timeouts_len, LBVS_STATE_TCP_CLOSE, 0) &&
	       is_u32(timeouts, timeouts_len, LBVS_STATE_TCP_ESTABLISHED, 900),
	       "service: timeouts");
	request_end(&request);
}

static void test_mark(void)
{
	struct request request;
	const char *nest;
	int len;

	build_line("del-service fwmark 7 inet6", &request);
	nest = body(&request, &len);
	nest = find(nest, len, LBVS_A_SERVICE, true, &len);
	tap_ok(nest && count_attrs(nest, len) == 2 && is_u8(nest, len, LBVS_SVC_A_AF, AF_INET6) &&
	       is_u32(nest, len, LBVS_SVC_A_FWMARK, 7), "a mark's id");
	request_end(&request);
}

static void test_real(void)
{
	static const u8 address[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x0b };
	struct request request;
	const char *nest, *weight;
	const struct arg *arg;
	int len, nest_len, weight_len;

	build_line("add-real tcp [2001:db8::1]:80 2001:db8::b --weight 3 --state down", &request);
	nest = body(&request, &len);
	tap_ok(count_attrs(nest, len) == 2, "real: service and real");
	nest = find(nest, len, LBVS_A_REAL, true, &nest_len);
	tap_ok(nest && count_attrs(nest, nest_len) == 5 &&
	       is_u8(nest, nest_len, LBVS_REAL_A_AF, AF_INET6) &&
	       is_bytes(nest, nest_len, LBVS_REAL_A_ADDR, address, sizeof(address)) &&
	       is_port(nest, nest_len, LBVS_REAL_A_PORT, 80) &&
	       is_u32(nest, nest_len, LBVS_REAL_A_WEIGHT, 3) &&
	       is_u8(nest, nest_len, LBVS_REAL_A_STATE, LBVS_REAL_DOWN), "real: what was given");
	weight = find(nest, nest_len, LBVS_REAL_A_WEIGHT, false, &weight_len);
	arg = !weight ? NULL :
	      request_blamed(&request, weight - sizeof(struct nlattr) -
			     (const char *)nlmsg_hdr(request.msg));
	tap_ok(arg && !strcmp(arg->first, "--weight") && !strcmp(arg->second, "3"),
	       "real: the weight's place leads to its words");
	tap_ok(!request_blamed(&request, 1), "a place between attributes leads nowhere");
	request_end(&request);

	build_line("del-real tcp [2001:db8::1]:80 10.0.0.11", &request);
	nest = body(&request, &len);
	nest = find(nest, len, LBVS_A_REAL, true, &nest_len);
	tap_ok(nest && count_attrs(nest, nest_len) == 3 &&
	       is_u8(nest, nest_len, LBVS_REAL_A_AF, AF_INET) &&
	       is_port(nest, nest_len, LBVS_REAL_A_PORT, 80),
	       "real: del-real says who, and no more");
	request_end(&request);
}

#define GUE " --method tunnel --encap gue --encap-port 5555 --encap-csum on"

static void test_tunnel(void)
{
	struct request request;
	const char *nest;
	int len, nest_len;

	build_line("add-real tcp [2001:db8::1]:80 10.0.0.11" GUE, &request);
	nest = body(&request, &len);
	nest = find(nest, len, LBVS_A_REAL, true, &nest_len);
	tap_ok(nest && count_attrs(nest, nest_len) == 7 &&
	       is_u8(nest, nest_len, LBVS_REAL_A_AF, AF_INET) &&
	       is_u8(nest, nest_len, LBVS_REAL_A_METHOD, LBVS_METHOD_TUNNEL) &&
	       is_u8(nest, nest_len, LBVS_REAL_A_ENCAP, LBVS_ENCAP_GUE) &&
	       is_port(nest, nest_len, LBVS_REAL_A_ENCAP_PORT, 5555) &&
	       is_u8(nest, nest_len, LBVS_REAL_A_ENCAP_CSUM, 1),
	       "tunnel: to the other family, by gue");
	request_end(&request);

	build_line("edit-real tcp [2001:db8::1]:80 10.0.0.11 --encap-csum off", &request);
	nest = body(&request, &len);
	nest = find(nest, len, LBVS_A_REAL, true, &nest_len);
	tap_ok(nest && count_attrs(nest, nest_len) == 4 &&
	       is_u8(nest, nest_len, LBVS_REAL_A_ENCAP_CSUM, 0), "tunnel: only what changes");
	request_end(&request);
}

static void test_fast_path(void)
{
	struct request request;
	const char *nest, *devices;
	const struct arg *arg;
	int len, devices_len;

	build_line("set fast-path all eth0 dev off", &request);
	nest = body(&request, &len);
	nest = find(nest, len, LBVS_A_SETTINGS, true, &len);
	tap_ok(nest && count_attrs(nest, len) == 2 &&
	       is_u8(nest, len, LBVS_SETTINGS_A_FAST_PATH, LBVS_FAST_PATH_ALL), "fast-path: all");
	devices = find(nest, len, LBVS_SETTINGS_A_FAST_DEVICES, true, &devices_len);
	tap_ok(devices && count_attrs(devices, devices_len) == 2 &&
	       is_bytes(devices, devices_len, LBVS_DEVICES_A_NAME, "eth0", 5) &&
	       is_bytes(devices + NLA_ALIGN(NLA_HDRLEN + 5), 8, LBVS_DEVICES_A_NAME, "off", 4),
	       "fast-path: both devices, and no more words");
	arg = !devices ? NULL :
	      request_blamed(&request, devices + NLA_ALIGN(NLA_HDRLEN + 5) -
			     (const char *)nlmsg_hdr(request.msg));
	tap_ok(arg && !strcmp(arg->first, "fast-path") && !strcmp(arg->second, "off"),
	       "fast-path: a device's place leads to its name");
	request_end(&request);

	build_line("set fast-path on", &request);
	nest = body(&request, &len);
	nest = find(nest, len, LBVS_A_SETTINGS, true, &len);
	tap_ok(nest && is_u8(nest, len, LBVS_SETTINGS_A_FAST_PATH, LBVS_FAST_PATH_ON) &&
	       find(nest, len, LBVS_SETTINGS_A_FAST_DEVICES, true, &devices_len) && !devices_len,
	       "fast-path: without devices, the old ones go");
	request_end(&request);

	build_line("set transmit direct", &request);
	nest = body(&request, &len);
	nest = find(nest, len, LBVS_A_SETTINGS, true, &len);
	tap_ok(nest && count_attrs(nest, len) == 1 &&
	       is_u8(nest, len, LBVS_SETTINGS_A_TRANSMIT, LBVS_TRANSMIT_DIRECT), "transmit");
	request_end(&request);
}

/* What the module answers: a service's id and a real. */
static void test_get_real(void)
{
	static const u8 address[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x0b };
	const struct channel channel = { .family = FAMILY };
	struct nlattr *attrs[LBVS_A_MAX + 1] = { NULL };
	struct request request;
	struct nlattr *nest;
	struct real real;

	request_begin(&request, &channel, LBVS_CMD_REAL_GET, NLM_F_DUMP);
	attrs[LBVS_A_SERVICE] = put_nest(&request, LBVS_A_SERVICE, NULL);
	put_u8(&request, LBVS_SVC_A_AF, AF_INET, NULL);
	put_u32(&request, LBVS_SVC_A_FWMARK, 9, NULL);
	put_nest_end(&request, attrs[LBVS_A_SERVICE]);
	nest = put_nest(&request, LBVS_A_REAL, NULL);
	attrs[LBVS_A_REAL] = nest;
	put_u8(&request, LBVS_REAL_A_AF, AF_INET6, NULL);
	put_bytes(&request, LBVS_REAL_A_ADDR, address, sizeof(address), NULL);
	put_u8(&request, LBVS_REAL_A_METHOD, LBVS_METHOD_TUNNEL, NULL);
	put_u8(&request, LBVS_REAL_A_ENCAP, LBVS_ENCAP_GUE, NULL);
	put_u16_net(&request, LBVS_REAL_A_ENCAP_PORT, 6080, NULL);
	put_u8(&request, LBVS_REAL_A_ENCAP_CSUM, 1, NULL);
	put_nest_end(&request, nest);
	tap_ok(!get_real(attrs, &real) && real.service.mark == 9 &&
	       real.address.family == AF_INET6 && real.method == LBVS_METHOD_TUNNEL &&
	       real.encap == LBVS_ENCAP_GUE && real.encap_port == 6080 && real.encap_csum,
	       "answer: a tunnel");
	request_end(&request);
}

static void test_rest(void)
{
	struct request request;
	const char *nest;
	int len, nest_len;

	build_line("set conn-limit 5", &request);
	nest = body(&request, &len);
	nest = find(nest, len, LBVS_A_SETTINGS, true, &nest_len);
	tap_ok(nest && count_attrs(nest, nest_len) == 1 &&
	       is_u32(nest, nest_len, LBVS_SETTINGS_A_CONN_LIMIT, 5), "set");
	request_end(&request);

	build_line("set tunnel-df never", &request);
	nest = body(&request, &len);
	nest = find(nest, len, LBVS_A_SETTINGS, true, &nest_len);
	tap_ok(nest && count_attrs(nest, nest_len) == 1 &&
	       is_u8(nest, nest_len, LBVS_SETTINGS_A_TUNNEL_DF, LBVS_TUNNEL_DF_NEVER),
	       "set tunnel-df");
	request_end(&request);

	build_line("set conntrack on", &request);
	nest = body(&request, &len);
	nest = find(nest, len, LBVS_A_SETTINGS, true, &nest_len);
	tap_ok(nest && count_attrs(nest, nest_len) == 1 &&
	       is_u8(nest, nest_len, LBVS_SETTINGS_A_CONNTRACK, 1), "set conntrack");
	request_end(&request);

	build_line("zero", &request);
	body(&request, &len);
	tap_ok(!len, "zero without a service names none");
	request_end(&request);
}

static void test_filter(void)
{
	static const u8 network[] = { 10, 0, 0, 0 };
	const struct channel channel = { .family = FAMILY };
	struct command cmd = { .client = { AF_INET, { 10 } }, .client_prefix = 8 };
	struct request request;
	const char *nest;
	int len, nest_len;

	request_begin(&request, &channel, LBVS_CMD_CONN_DEL, 0);
	put_filter(&request, &cmd);
	nest = body(&request, &len);
	tap_ok(count_attrs(nest, len) == 1 && find(nest, len, LBVS_A_FILTER, true, &nest_len) &&
	       !nest_len, "filter: empty for all");
	request_end(&request);

	cmd.arg[ARG_CLIENT].first = "--client";
	request_begin(&request, &channel, LBVS_CMD_CONN_GET, NLM_F_DUMP);
	put_filter(&request, &cmd);
	nest = body(&request, &len);
	nest = find(nest, len, LBVS_A_FILTER, true, &nest_len);
	tap_ok(nest && count_attrs(nest, nest_len) == 2 &&
	       is_bytes(nest, nest_len, LBVS_FILTER_A_CLIENT, network, sizeof(network)) &&
	       is_u8(nest, nest_len, LBVS_FILTER_A_PREFIX_LEN, 8), "filter: a client's network");
	request_end(&request);
}

static struct nlattr *first_attr(const struct request *request)
{
	return (struct nlattr *)((char *)nlmsg_hdr(request->msg) + NLMSG_HDRLEN + GENL_HDRLEN);
}

static void test_get_service(void)
{
	const struct channel channel = { .family = FAMILY };
	const struct nla_bitfield32 flags = { LBVS_SVC_F_ADOPT, LBVS_SVC_F_ALL };
	const u64 bytes_in = 1ULL << 40;
	struct service service;
	struct request request;
	struct nlattr *nest, *stats;

	request_begin(&request, &channel, LBVS_CMD_SERVICE_GET, 0);
	nest = put_nest(&request, LBVS_A_SERVICE, NULL);
	put_u8(&request, LBVS_SVC_A_AF, AF_INET, NULL);
	put_u32(&request, LBVS_SVC_A_FWMARK, 9, NULL);
	put_bytes(&request, LBVS_SVC_A_SCHEDULER, "wlc", 4, NULL);
	put_bytes(&request, LBVS_SVC_A_FLAGS, &flags, sizeof(flags), NULL);
	put_u32(&request, LBVS_SVC_A_NUM_REALS, 3, NULL);
	stats = put_nest(&request, LBVS_SVC_A_STATS, NULL);
	put_bytes(&request, LBVS_STATS_A_BYTES_IN, &bytes_in, sizeof(bytes_in), NULL);
	put_bytes(&request, LBVS_STATS_A_PAD, NULL, 0, NULL);
	/* A newer module counts more. */
	put_bytes(&request, LBVS_STATS_A_MAX + 1, &bytes_in, sizeof(bytes_in), NULL);
	put_nest_end(&request, stats);
	put_nest_end(&request, nest);
	tap_ok(!get_service(first_attr(&request), &service) && service.id.mark == 9 &&
	       service.flags == LBVS_SVC_F_ADOPT && service.num_reals == 3 &&
	       !strcmp(service.scheduler, "wlc") &&
	       service.stats.value[LBVS_STATS_A_BYTES_IN] == bytes_in &&
	       !service.stats.value[LBVS_STATS_A_CONNS], "answer: a service");
	request_end(&request);
	tap_ok(get_service(NULL, &service) == -EBADMSG, "answer: no service");
}

static void test_get_conn(void)
{
	static const u8 address[16] = { 10, 0, 0, 7 };
	const struct channel channel = { .family = FAMILY };
	struct request request;
	struct nlattr *nest;
	struct conn conn;

	for (int size = 3; size <= 4; size++) {
		request_begin(&request, &channel, LBVS_CMD_CONN_GET, 0);
		nest = put_nest(&request, LBVS_A_CONN, NULL);
		put_bytes(&request, LBVS_CONN_A_CLIENT_ADDR, address, size, NULL);
		put_bytes(&request, LBVS_CONN_A_VIRT_ADDR, address, 4, NULL);
		put_bytes(&request, LBVS_CONN_A_REAL_ADDR, address, 16, NULL);
		put_u16_net(&request, LBVS_CONN_A_CLIENT_PORT, 4097, NULL);
		put_nest_end(&request, nest);
		if (size == 3)
			tap_ok(get_conn(first_attr(&request), &conn) == -EBADMSG,
			       "answer: three bytes are no address");
		else
			tap_ok(!get_conn(first_attr(&request), &conn) &&
			       conn.client.family == AF_INET && conn.real.family == AF_INET6 &&
			       conn.client_port == 4097 && !conn.mark, "answer: a connection");
		request_end(&request);
	}
}

/* Settings with @devices devices; what get_info() makes of them. */
static int answer_settings(unsigned int devices, struct info *info)
{
	const struct channel channel = { .family = FAMILY };
	struct nlattr *attrs[LBVS_A_MAX + 1] = { NULL };
	struct request request;
	struct nlattr *nest;
	int status;

	request_begin(&request, &channel, LBVS_CMD_INFO_GET, 0);
	attrs[LBVS_A_INFO] = put_nest(&request, LBVS_A_INFO, NULL);
	put_nest_end(&request, attrs[LBVS_A_INFO]);
	attrs[LBVS_A_SETTINGS] = put_nest(&request, LBVS_A_SETTINGS, NULL);
	put_u8(&request, LBVS_SETTINGS_A_FAST_PATH, LBVS_FAST_PATH_ALL, NULL);
	put_u8(&request, LBVS_SETTINGS_A_TRANSMIT, LBVS_TRANSMIT_DIRECT, NULL);
	nest = put_nest(&request, LBVS_SETTINGS_A_FAST_DEVICES, NULL);
	/* Something that a newer module says of devices. */
	put_u8(&request, LBVS_DEVICES_A_MAX + 1, 1, NULL);
	while (devices--)
		put_bytes(&request, LBVS_DEVICES_A_NAME, "fifteen-letters", 16, NULL);
	put_nest_end(&request, nest);
	put_nest_end(&request, attrs[LBVS_A_SETTINGS]);
	status = request.too_long ? -EMSGSIZE : get_info(attrs, info);
	request_end(&request);
	return status;
}

static void test_get_settings(void)
{
	const struct settings *settings;
	struct info info;

	settings = &info.settings;
	tap_ok(!answer_settings(2, &info) && settings->fast_path == LBVS_FAST_PATH_ALL &&
	       settings->transmit == LBVS_TRANSMIT_DIRECT && settings->num_fast_devices == 2 &&
	       !strcmp(settings->fast_device[1], "fifteen-letters"), "answer: settings");
	tap_ok(!answer_settings(LBVS_FAST_DEVICES_MAX, &info) &&
	       settings->num_fast_devices == LBVS_FAST_DEVICES_MAX &&
	       !strcmp(settings->fast_device[LBVS_FAST_DEVICES_MAX - 1], "fifteen-letters"),
	       "answer: as many devices as there may be");
	tap_ok(answer_settings(LBVS_FAST_DEVICES_MAX + 1, &info) == -EBADMSG,
	       "answer: more than that");
}

static void test_get_fates(void)
{
	const struct channel channel = { .family = FAMILY };
	const u64 taken = 1ULL << 40, none = 7;
	struct request request;
	struct nlattr *nest;
	struct fates fates;

	request_begin(&request, &channel, LBVS_CMD_STATS_GET, 0);
	nest = put_nest(&request, LBVS_A_FAST, NULL);
	put_bytes(&request, LBVS_FAST_TAKEN, &taken, sizeof(taken), NULL);
	put_bytes(&request, LBVS_FAST_NO_MEMORY, &none, sizeof(none), NULL);
	put_nest_end(&request, nest);
	tap_ok(!get_fates(nest, &fates) && fates.value[LBVS_FAST_TAKEN] == taken &&
	       fates.value[LBVS_FAST_NO_MEMORY] == none && !fates.value[LBVS_FAST_TTL],
	       "answer: the fast path's counters");
	request_end(&request);
}

int main(void)
{
	test_service();
	test_mark();
	test_real();
	test_tunnel();
	test_rest();
	test_fast_path();
	test_filter();
	test_get_service();
	test_get_real();
	test_get_conn();
	test_get_settings();
	test_get_fates();
	return tap_end();
}
