// SPDX-License-Identifier: GPL-2.0
/*
 * parse.c: which words are understood, as what, and what is said of the others.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "../grammar.h"
#include "../parse.h"
#include "tap.h"

#define WORDS 64

static char line_room[1024];
static const char *word[WORDS];

static int parse_line(const char *line, struct command *cmd, struct parse_error *error)
{
	int count;

	snprintf(line_room, sizeof(line_room), "%s", line);
	error->text[0] = '\0';
	count = parse_split(line_room, word, WORDS);
	return count <= 0 ? -2 : parse_command(count, word, cmd, error);
}

static struct command understood(const char *line)
{
	struct parse_error error;
	struct command cmd;
	char what[1200];
	int status = parse_line(line, &cmd, &error);

	snprintf(what, sizeof(what), "taken: %s%s%s", line, status ? ": " : "", error.text);
	tap_ok(!status, what);
	return cmd;
}

static void refused(const char *line, const char *because)
{
	struct parse_error error;
	struct command cmd;
	char what[1400];
	int status = parse_line(line, &cmd, &error);

	snprintf(what, sizeof(what), "turned down: %s: %s", line, error.text);
	tap_ok(status == -1 && strstr(error.text, because), what);
}

static bool is_address(const struct address *address, const char *text)
{
	char room[INET6_ADDRSTRLEN];

	return inet_ntop(address->family, address->bytes, room, sizeof(room)) &&
	       !strcmp(room, text);
}

static void test_services(void)
{
	struct command cmd;

	cmd = understood("add-service tcp 192.0.2.10:80");
	tap_ok(is_address(&cmd.service.address, "192.0.2.10") && cmd.service.port == 80 &&
	       cmd.service.protocol == IPPROTO_TCP && !cmd.service.mark, "tcp, IPv4");
	cmd = understood("add-service udp [2001:db8::1]:53");
	tap_ok(is_address(&cmd.service.address, "2001:db8::1") && cmd.service.port == 53 &&
	       cmd.service.protocol == IPPROTO_UDP, "udp, IPv6");
	cmd = understood("del-service tcp 192.0.2.10:http");
	tap_ok(cmd.service.port == 80, "a port's name");
	cmd = understood("add-service fwmark 7");
	tap_ok(cmd.service.mark == 7 && cmd.service.address.family == AF_INET, "a mark is inet");
	cmd = understood("add-service fwmark 0xffffffff inet6 --scheduler rr");
	tap_ok(cmd.service.mark == 0xffffffff && cmd.service.address.family == AF_INET6,
	       "a hexadecimal mark, inet6");
	cmd = understood("show tcp 192.0.2.10:65535");
	tap_ok(cmd.service.port == 65535, "the highest port");

	refused("add-service", "no service given");
	refused("add-service sctp 192.0.2.10:80", "expected a service");
	refused("add-service tcp", "needs ADDR:PORT");
	refused("add-service tcp 192.0.2.10", "has no port");
	refused("add-service tcp 2001:db8::1", "has no port");
	refused("add-service tcp [2001:db8::1]", "has no port");
	refused("add-service tcp [2001:db8::1", "expected [ADDR]:PORT");
	refused("add-service tcp [2001:db8::1]80", "expected [ADDR]:PORT");
	refused("add-service tcp [192.0.2.10]:80", "brackets are for IPv6");
	refused("add-service tcp 192.0.2.10:0", "no port");
	refused("add-service tcp 192.0.2.10:65536", "no port");
	refused("add-service tcp 192.0.2.10:80x", "no port");
	refused("add-service tcp 192.0.2.10:", "no port");
	refused("add-service tcp 192.0.2.10:no-such-port", "no port");
	refused("add-service tcp 192.0.2.010:80", "no IPv4 or IPv6 address");
	refused("add-service tcp 192.0.2.256:80", "no IPv4 or IPv6 address");
	refused("add-service tcp 192.0.2:80", "no IPv4 or IPv6 address");
	refused("add-service tcp www.example.org:80", "host names aren't looked up");
	refused("add-service tcp [fe80::1%eth0]:80", "no IPv4 or IPv6 address");
	refused("add-service tcp :80", "no IPv4 or IPv6 address");
	refused("add-service fwmark", "needs a number");
	refused("add-service fwmark 0", "no firewall mark");
	refused("add-service fwmark 4294967296", "no firewall mark");
	refused("add-service fwmark 0x100000000", "no firewall mark");
	refused("add-service fwmark 0x", "no firewall mark");
	refused("add-service fwmark 0x7g", "no firewall mark");
	refused("add-service fwmark -1", "no firewall mark");
	refused("add-service fwmark 7 inet4", "one word too many");
}

static void test_service_options(void)
{
	struct command cmd;

	cmd = understood("add-service --adopt tcp 192.0.2.10:80 --scheduler=wrr --on-remove close");
	tap_ok(cmd.flags == LBVS_SVC_F_ADOPT && cmd.flags_mask == LBVS_SVC_F_ADOPT &&
	       !strcmp(cmd.arg[ARG_SCHEDULER].second, "wrr") &&
	       cmd.on_remove == LBVS_ON_REMOVE_CLOSE, "options before and behind");
	cmd = understood("edit-service tcp 192.0.2.10:80 --no-adopt --no-one-packet");
	tap_ok(!cmd.flags && cmd.flags_mask == LBVS_SVC_F_ALL, "flags taken back");
	cmd = understood("add-service tcp 1.2.3.4:80 --timeout tcp-close=1 --timeout=udp=1000000");
	tap_ok(cmd.timeouts.given == (1U << LBVS_STATE_TCP_CLOSE | 1U << LBVS_STATE_UDP) &&
	       cmd.timeouts.seconds[LBVS_STATE_TCP_CLOSE] == 1 &&
	       cmd.timeouts.seconds[LBVS_STATE_UDP] == 1000000, "two timeouts");
	cmd = understood("edit-service tcp 192.0.2.10:80 --timeout tcp-close=0");
	tap_ok(cmd.timeouts.given == 1U << LBVS_STATE_TCP_CLOSE &&
	       !cmd.timeouts.seconds[LBVS_STATE_TCP_CLOSE], "a timeout given back");

	refused("edit-service tcp 192.0.2.10:80", "nothing to change");
	refused("add-service tcp 192.0.2.10:80 --no-adopt", "no option of add-service");
	refused("add-service tcp 192.0.2.10:80 --shedular rr", "did you mean '--scheduler'");
	refused("add-service tcp 192.0.2.10:80 --scheduler", "needs a value");
	refused("add-service tcp 192.0.2.10:80 --scheduler=", "no scheduler");
	refused("add-service tcp 192.0.2.10:80 --scheduler sixteen-letters-", "no scheduler");
	refused("add-service tcp 192.0.2.10:80 --scheduler rr --scheduler rr", "given twice");
	refused("add-service tcp 192.0.2.10:80 --adopt=1", "takes no value");
	refused("edit-service tcp 192.0.2.10:80 --adopt --no-adopt", "opposite");
	refused("add-service tcp 192.0.2.10:80 --on-remove drop", "expected default, keep, close");
	refused("add-service tcp 192.0.2.10:80 --timeout udp", "expected STATE=SECONDS");
	refused("add-service tcp 192.0.2.10:80 --timeout tcp=1", "is no state");
	refused("add-service tcp 192.0.2.10:80 --timeout udp=1000001", "0 to 1000000");
	refused("add-service tcp 192.0.2.10:80 --timeout udp=1s", "0 to 1000000");
	refused("add-service tcp 192.0.2.10:80 --timeout udp=1 --timeout udp=2", "two timeouts");
	refused("add-service tcp 192.0.2.10:80 --weight 1", "no option of add-service");
}

#define GUE " --method tunnel --encap gue --encap-port 65535 --encap-csum on"

static void test_reals(void)
{
	struct command cmd;

	cmd = understood("add-real tcp 192.0.2.10:80 10.0.0.11:8080 --method nat --weight 65535");
	tap_ok(is_address(&cmd.real, "10.0.0.11") && cmd.real_port == 8080 &&
	       cmd.weight == 65535 && cmd.method == LBVS_METHOD_NAT &&
	       given(&cmd, ARG_METHOD), "a real");
	cmd = understood("del-real tcp 192.0.2.10:80 10.0.0.11");
	tap_ok(cmd.real_port == 80, "without a port, the service's");
	cmd = understood("add-real fwmark 7 10.0.0.11");
	tap_ok(!cmd.real_port, "without a port, a mark's is 0");
	cmd = understood("add-real fwmark 7 inet6 2001:db8::b --state drain");
	tap_ok(is_address(&cmd.real, "2001:db8::b") && !cmd.real_port &&
	       cmd.state == LBVS_REAL_DRAIN, "IPv6 without a port needs no brackets");
	cmd = understood("add-real tcp 192.0.2.10:80 2001:db8::b" GUE);
	tap_ok(cmd.method == LBVS_METHOD_TUNNEL && cmd.encap == LBVS_ENCAP_GUE &&
	       cmd.encap_port == 65535 && cmd.encap_csum && is_address(&cmd.real, "2001:db8::b") &&
	       cmd.real_port == 80, "a tunnel to the other family");
	cmd = understood("edit-real tcp 192.0.2.10:80 10.0.0.11 --encap-csum off");
	tap_ok(!cmd.encap_csum && given(&cmd, ARG_ENCAP_CSUM) && !given(&cmd, ARG_ENCAP),
	       "the checksum alone is a change");
	understood("edit-real tcp 192.0.2.10:80 10.0.0.11 --encap-port 1");
	understood("edit-real tcp 192.0.2.10:80 10.0.0.11 --encap gre");
	cmd = understood("add-real tcp [2001:db8::1]:80 [2001:db8::b]:8080 --weight 0");
	tap_ok(cmd.real_port == 8080 && !cmd.weight && given(&cmd, ARG_WEIGHT), "weight 0");

	refused("add-real tcp 192.0.2.10:80", "no real given");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 10.0.0.12", "one word too many");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 --weight 65536", "0 to 65535");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 --weight -1", "0 to 65535");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 --weight +1", "0 to 65535");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 --weight 1.5", "0 to 65535");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 --weight 18446744073709551617", "0 to 65535");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 --method teleport",
		"expected nat, dr, tunnel");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 --encap vxlan", "expected ipip, gue, gre");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 --encap-port 0", "1 to 65535");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 --encap-port 65536", "1 to 65535");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 --encap-csum yes", "expected off, on");
	refused("add-service tcp 192.0.2.10:80 --encap gue", "no option of add-service");
	refused("add-real tcp 192.0.2.10:80 10.0.0.11 --state off", "expected up, drain, down");
	refused("edit-real tcp 192.0.2.10:80 10.0.0.11", "nothing to change");
	refused("del-real tcp 192.0.2.10:80 10.0.0.11 --weight 1", "no option of del-real");
}

static void test_filters(void)
{
	struct command cmd;

	cmd = understood("connections --client 10.0.0.0/8");
	tap_ok(is_address(&cmd.client, "10.0.0.0") && cmd.client_prefix == 8, "a prefix");
	cmd = understood("connections --client 2001:db8::1");
	tap_ok(cmd.client_prefix == 128, "a whole IPv6 address");
	cmd = understood("connections --client 0.0.0.0/0");
	tap_ok(!cmd.client_prefix && given(&cmd, ARG_CLIENT), "every IPv4 client");
	cmd = understood("connections --client 2001:db8:8000::/33");
	tap_ok(cmd.client_prefix == 33, "a prefix inside a byte");
	cmd = understood("del-connection --real 10.0.0.11");
	tap_ok(!cmd.real_port, "a real with any port");
	cmd = understood("del-connection --all");
	tap_ok(given(&cmd, ARG_ALL), "all");

	refused("del-connection", "which connections?");
	refused("del-connection --all --real 10.0.0.11", "exclude each other");
	refused("connections --all", "no option of connections");
	refused("connections --client 10.0.0.1/8", "did you mean 10.0.0.0/8");
	refused("connections --client 2001:db8:c000::/33", "did you mean 2001:db8:8000::/33");
	refused("connections --client 10.0.0.0/33", "0 to 32");
	refused("connections --client 10.0.0.0/", "0 to 32");
	refused("connections --client 2001:db8::/129", "0 to 128");
	refused("connections --client /8", "no IPv4 or IPv6 address");
	refused("connections --real 10.0.0.11:0", "no port");
}

static void test_settings(void)
{
	struct command cmd;

	cmd = understood("set conn-limit 100000000");
	tap_ok(cmd.conn_limit == 100000000, "the highest limit");
	cmd = understood("set tcp-unknown local");
	tap_ok(cmd.tcp_unknown == LBVS_TCP_UNKNOWN_LOCAL, "tcp-unknown");
	cmd = understood("set tunnel-df never");
	tap_ok(cmd.tunnel_df == LBVS_TUNNEL_DF_NEVER && given(&cmd, ARG_TUNNEL_DF), "tunnel-df");
	cmd = understood("set timeout udp-new 5");
	tap_ok(cmd.timeouts.given == 1U << LBVS_STATE_UDP_NEW &&
	       cmd.timeouts.seconds[LBVS_STATE_UDP_NEW] == 5, "a timeout");

	refused("set", "no setting given");
	refused("set colour blue", "no setting");
	refused("set conn-limit", "needs a value");
	refused("set conn-limit 0", "1 to 100000000");
	refused("set conn-limit 100000001", "1 to 100000000");
	refused("set tcp-unknown ignore", "expected reset, drop, local");
	cmd = understood("set conntrack on");
	tap_ok(cmd.conntrack && given(&cmd, ARG_CONNTRACK), "conntrack");
	refused("set conntrack perhaps", "expected off, on");
	cmd = understood("add-service tcp 192.0.2.10:80 --mss 1360");
	tap_ok(cmd.mss == 1360 && given(&cmd, ARG_MSS), "mss");
	refused("add-service tcp 192.0.2.10:80 --mss 65536", "0 to 65535");
	refused("set tunnel-df always", "expected inherit, never");
	refused("set tunnel-df", "needs a value");
	refused("set timeout", "needs STATE SECONDS");
	refused("set timeout udp", "needs STATE SECONDS");
	refused("set timeout udp 0", "1 to 1000000");
	refused("set timeout tcp 5", "no state");
	refused("set timeout udp 5 6", "one word too many");
}

/* Its devices, with a blank behind each. */
static bool is_fast(const struct command *cmd, u8 path, const char *want)
{
	char devices[1024] = "";
	const char *name;
	u32 at = 0;

	while ((name = command_device(cmd, &at))) {
		strcat(devices, name);
		strcat(devices, " ");
	}
	return given(cmd, ARG_FAST_PATH) && cmd->fast_path == path && !strcmp(devices, want);
}

static void test_fast_path(void)
{
	char line[512];
	struct command cmd;

	cmd = understood("set fast-path on");
	tap_ok(is_fast(&cmd, LBVS_FAST_PATH_ON, ""), "on, for all devices");
	cmd = understood("set fast-path off");
	tap_ok(is_fast(&cmd, LBVS_FAST_PATH_OFF, ""), "off");
	cmd = understood("set fast-path eth0 eth1.7");
	tap_ok(is_fast(&cmd, LBVS_FAST_PATH_ON, "eth0 eth1.7 "), "devices alone mean on");
	cmd = understood("set fast-path all eth0");
	tap_ok(is_fast(&cmd, LBVS_FAST_PATH_ALL, "eth0 "), "all, for one device");
	cmd = understood("set fast-path dev off x dev all dev -y");
	tap_ok(is_fast(&cmd, LBVS_FAST_PATH_ON, "off x all -y "),
	       "devices whose names mean something else");
	snprintf(line, sizeof(line), "set fast-path all %s %s", "dev", "dev");
	cmd = understood(line);
	tap_ok(is_fast(&cmd, LBVS_FAST_PATH_ALL, "dev "), "even this one's");
	cmd = understood("set fast-path on dev on");
	tap_ok(is_fast(&cmd, LBVS_FAST_PATH_ON, "on "), "on, for a device of that name");
	snprintf(line, sizeof(line), "set fast-path");
	for (int i = 0; i < LBVS_FAST_DEVICES_MAX; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), " abc%u", i);
	cmd = understood(line);
	tap_ok(given(&cmd, ARG_FAST_PATH) && cmd.num_device_words == LBVS_FAST_DEVICES_MAX,
	       "as many devices as there may be");
	strcat(line, " abc");
	refused(line, "no more than 32 devices");

	refused("set fast-path", "needs a value");
	refused("set fast-path off eth0", "for all devices, not for 'eth0'");
	refused("set fast-path on all", "is written 'dev all'");
	refused("set fast-path eth0 off", "is written 'dev off'");
	refused("set fast-path eth0 --x", "is written 'dev --x'");
	refused("set fast-path dev", "needs the name of a device");
	refused("set fast-path on eth0 dev", "needs the name of a device");
	refused("set fast-path eth0 dev eth0", "given twice");
	refused("set fast-path all sixteen-letters-", "is no device");
	cmd = understood("set fast-path fifteen-letters");
	tap_ok(is_fast(&cmd, LBVS_FAST_PATH_ON, "fifteen-letters "), "the longest name");

	cmd = understood("set transmit direct");
	tap_ok(cmd.transmit == LBVS_TRANSMIT_DIRECT && given(&cmd, ARG_TRANSMIT), "transmit");
	refused("set transmit", "needs a value");
	refused("set transmit quickly", "expected queue, direct");
	refused("set transmit queue eth0", "one word too many");
}

static void test_real_side(void)
{
	struct command cmd;

	cmd = understood("real-setup dr 192.0.2.10 2001:db8::1 --device dummy0 --dry-run");
	tap_ok(cmd.method == LBVS_METHOD_DR && cmd.num_vips == 2 &&
	       !strcmp(cmd.vips[1], "2001:db8::1") && given(&cmd, ARG_DRY_RUN), "two VIPs");
	cmd = understood("check-real --outer inet6 tunnel --encap gue 192.0.2.10 --encap-port 5");
	tap_ok(cmd.method == LBVS_METHOD_TUNNEL && cmd.outer == AF_INET6 && cmd.num_vips == 1 &&
	       cmd.encap == LBVS_ENCAP_GUE && cmd.encap_port == 5, "options between the words");

	refused("real-setup", "no method given");
	refused("real-setup nat 192.0.2.10", "nat needs no setup");
	refused("real-setup by-bicycle 192.0.2.10", "expected dr or tunnel");
	refused("real-setup dr", "no VIP given");
	refused("real-setup dr 192.0.2.10 --dry-run 192.0.2.11", "stand together");
	refused("real-setup dr 192.0.2.10:80", "without a port");
	refused("real-setup dr 192.0.2.10/32", "no IPv4 or IPv6 address");
	refused("real-setup dr 127.0.0.1", "can't be a VIP");
	refused("real-setup dr 0.0.0.0", "can't be a VIP");
	refused("real-setup dr -", "no IPv4 or IPv6 address");
	refused("real-setup dr 224.0.0.1", "can't be a VIP");
	refused("real-setup dr 192.0.2.10 ::", "can't be a VIP");
	refused("real-setup dr ::1", "can't be a VIP");
	refused("real-setup dr fe80::1", "can't be a VIP");
	refused("real-setup dr ff02::1", "can't be a VIP");
	refused("real-setup dr 192.0.2.10 --device ../x", "is no device");
	refused("real-setup dr 192.0.2.10 --device all", "is no device");
	refused("real-setup dr 192.0.2.10 --device sixteen-letters-", "is no device");
	refused("real-setup dr 192.0.2.10 --encap ipip", "is for tunnel");
	refused("real-setup dr 192.0.2.10 --outer inet", "is for tunnel");
	refused("real-setup tunnel 192.0.2.10 --encap-port 5", "is for '--encap gue'");
	refused("real-setup tunnel 192.0.2.10 --outer ipv6", "expected inet, inet6");
	refused("real-teardown dr 192.0.2.10 --persist", "no option of real-teardown");
	refused("check-real dr 192.0.2.10 --dry-run", "no option of check-real");
}

static void test_verbs(void)
{
	struct command cmd;

	cmd = understood("list");
	tap_ok(!given(&cmd, ARG_SERVICE), "list needs no service");
	cmd = understood("restore - --replace");
	tap_ok(!strcmp(cmd.arg[ARG_FILE].first, "-") && given(&cmd, ARG_REPLACE), "restore -");
	refused("add-sevrice", "did you mean 'add-service'");
	refused("ste", "did you mean 'set'");
	refused("conn", "did you mean 'connections'");
	refused("frobnicate", "'lbctl help' lists them");
	refused("zap", "'lbctl help' lists them");
	refused("flush all", "one word too many");
	refused("show", "no service given");
	refused("restore a b", "one word too many");
	refused("stats --percpu", "did you mean '--per-cpu'");
}

static void test_split(void)
{
	char line[] = " add-real\ttcp  1#2 # comment\r\n";
	char empty[] = "\t # only a comment";
	char many[] = "a b c";

	tap_ok(parse_split(line, word, WORDS) == 3 && !strcmp(word[2], "1#2"),
	       "split: blanks, and a # inside a word");
	tap_ok(!parse_split(empty, word, WORDS), "split: nothing but a comment");
	tap_ok(parse_split(many, word, 2) == -1, "split: too many words");
}

/* Every beginning of a line, and every line with one letter changed, ends in words. */
static void test_mutations(void)
{
	static const char *const line[] = {
		"add-service tcp [2001:db8::1]:80 --scheduler wlc --timeout tcp-established=900",
		"add-real fwmark 0x7 inet6 2001:db8::b --weight 2 --state drain",
		"connections udp 192.0.2.10:53 --client 10.0.0.0/8 --real [2001:db8::b]:80",
		"set fast-path all eth0 dev off eth1.7",
	};
	static const char letters[] = "\x01:[]=/-0#\xff ";
	struct parse_error error;
	struct command cmd;
	unsigned int silent = 0;
	char changed[256];

	for (size_t i = 0; i < ARRAY_SIZE(line); i++) {
		for (size_t at = 0; at < strlen(line[i]); at++) {
			snprintf(changed, sizeof(changed), "%.*s", (int)at, line[i]);
			silent += parse_line(changed, &cmd, &error) == -1 && !error.text[0];
			for (size_t j = 0; letters[j]; j++) {
				snprintf(changed, sizeof(changed), "%s", line[i]);
				changed[at] = letters[j];
				silent += parse_line(changed, &cmd, &error) == -1 && !error.text[0];
			}
		}
	}
	tap_ok(!silent, "no broken line is refused without a word");
}

int main(void)
{
	test_services();
	test_service_options();
	test_reals();
	test_filters();
	test_settings();
	test_fast_path();
	test_real_side();
	test_verbs();
	test_split();
	test_mutations();
	return tap_end();
}
