// SPDX-License-Identifier: GPL-2.0
/*
 * realside.c: what is found wrong on machines that are made up here, and which
 * commands mend it.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../parse.h"
#include "../realside.h"
#include "tap.h"

static int all_ignore, all_announce, all_rp, eth_ignore, own_rp;

static int made_up_sysctl(const char *key, const char *name)
{
	bool all = !strcmp(name, "all");

	if (strstr(key, "arp_ignore"))
		return all ? all_ignore : !strcmp(name, "eth0") ? eth_ignore : 0;
	if (strstr(key, "arp_announce"))
		return all ? all_announce : 0;
	if (strstr(key, "rp_filter"))
		return all ? all_rp : own_rp;
	return 0;
}

static struct host_link links[] = {
	{ .index = 1, .name = "lo", .up = true, .loopback = true, .tunnel_proto = -1 },
	{ .index = 2, .name = "eth0", .up = true, .arp = true, .tunnel_proto = -1 },
	{ .index = 3, .name = "tunl0", .kind = "ipip", .up = true, .tunnel_proto = -1 },
	{ .index = 4, .name = "ip6tnl0", .kind = "ip6tnl", .up = true,
	  .tunnel_proto = IPPROTO_IPV6 },
	{ .index = 5, .name = "dummy0", .kind = "dummy", .up = true, .tunnel_proto = -1 },
};

static struct host_address addresses[4] = {
	{ .address = { AF_INET, { 127, 0, 0, 1 } }, .length = 8, .index = 1 },
	{ .address = { AF_INET, { 10, 0, 0, 11 } }, .length = 24, .index = 2 },
};

static struct host_fou fous[] = { { .port = 6080, .family = AF_INET, .gue = true } };

static struct host host = {
	.links = links, .num_links = ARRAY_SIZE(links),
	.addresses = addresses, .num_addresses = 2,
	.fous = fous, .num_fous = 1, .has_fou = true,
	.sysctl = made_up_sysctl,
};

static void add_address(const char *text, u8 length, int index)
{
	struct host_address *address = &addresses[host.num_addresses++];
	struct parse_error error;

	parse_vip(text, &address->address, &error);
	address->length = length;
	address->index = index;
}

/* All as a real of dr and of 4-in-4 tunnels should be, but for the VIP. */
static void reset(void)
{
	all_ignore = 1;
	all_announce = 2;
	all_rp = 0;
	eth_ignore = 0;
	own_rp = 0;
	links[0].up = true;
	links[2].up = true;
	host.num_links = ARRAY_SIZE(links);
	host.num_addresses = 2;
	host.num_fous = 1;
	host.has_fou = true;
	fous[0].gue = true;
}

static char commands[2048];

/* The commands for @line with a "; " between; those by hand in parentheses. */
static const char *judged(const char *line)
{
	char room[256];
	const char *word[16];
	struct points points = { NULL, 0 };
	struct parse_error error;
	struct command cmd;
	int count;

	snprintf(room, sizeof(room), "%s", line);
	count = parse_split(room, word, 16);
	if (parse_command(count, word, &cmd, &error)) {
		printf("Bail out! %s: %s\n", line, error.text);
		exit(1);
	}
	commands[0] = '\0';
	(strstr(line, "teardown") ? judge_teardown : judge_setup)(&cmd, &host, &points);
	for (size_t i = 0; i < points.count; i++) {
		const struct point *point = &points.point[i];
		size_t len = strlen(commands);

		if (!point->ok)
			snprintf(commands + len, sizeof(commands) - len, "%s%s%s%s",
				 len ? "; " : "", point->by_hand ? "(" : "", point->command,
				 point->by_hand ? ")" : "");
	}
	points_free(&points);
	return commands;
}

static void wants(const char *line, const char *want, const char *what)
{
	bool same = !strcmp(judged(line), want);

	tap_ok(same, what);
	if (!same)
		printf("#   got:    %s\n#   wanted: %s\n", commands, want);
}

#define CHECK "check-real dr 192.0.2.10"
#define ADD "ip addr add 192.0.2.10/32 dev lo"

static void test_vip(void)
{
	reset();
	wants(CHECK, ADD, "the VIP is missing");
	wants("check-real dr 2001:db8::1", "ip addr add 2001:db8::1/128 dev lo nodad",
	      "an IPv6 VIP is missing; ARP plays no part");
	links[0].up = false;
	wants(CHECK, "ip link set lo up; " ADD, "lo is down");
	reset();
	add_address("192.0.2.10", 32, 1);
	wants(CHECK, "", "the VIP is on lo");
	wants(CHECK " --device dummy0", "", "on lo is as good as on the dummy device");
	wants(CHECK " 192.0.2.11", "ip addr add 192.0.2.11/32 dev lo", "one of two VIPs");
	reset();
	add_address("192.0.2.10", 32, 5);
	wants(CHECK, "", "on a dummy device");
	reset();
	add_address("192.0.2.10", 24, 1);
	wants(CHECK, "ip addr del 192.0.2.10/24 dev lo; " ADD, "with a network's prefix");
	reset();
	wants("check-real dr 10.0.0.11",
	      "(ip addr del 10.0.0.11/24 dev eth0); ip addr add 10.0.0.11/32 dev lo",
	      "this machine's own address is for hands only");
	wants(CHECK " --device eth0", "(); ip addr add 192.0.2.10/32 dev eth0",
	      "a device that does ARP is for hands only");
	wants(CHECK " --device lbvs0", "ip link add name lbvs0 type dummy; ip link set lbvs0 up; "
	      "ip addr add 192.0.2.10/32 dev lbvs0", "a dummy device is made");
}

static void test_arp(void)
{
	static const int bad[] = { 0, 3, 4, 7, 9 }, good[] = { 1, 2, 8 };

	reset();
	add_address("192.0.2.10", 32, 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		all_ignore = bad[i];
		wants(CHECK, "sysctl -qw net.ipv4.conf.all.arp_ignore=1",
		      "arp_ignore of all is bad");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		all_ignore = good[i];
		wants(CHECK, "", "arp_ignore of all is good");
	}
	reset();
	add_address("192.0.2.10", 32, 1);
	eth_ignore = 3;
	wants(CHECK, "sysctl -qw net.ipv4.conf.eth0.arp_ignore=1", "a device's own is larger");
	eth_ignore = 8;
	wants(CHECK, "", "a device's own is larger, and good");
	eth_ignore = 1;
	all_ignore = 0;
	wants(CHECK, "sysctl -qw net.ipv4.conf.all.arp_ignore=1",
	      "a device's own isn't enough: others may come");
	reset();
	add_address("192.0.2.10", 32, 1);
	all_announce = 1;
	wants(CHECK, "sysctl -qw net.ipv4.conf.all.arp_announce=2", "arp_announce 1");
	all_announce = 3;
	wants(CHECK, "sysctl -qw net.ipv4.conf.all.arp_announce=2", "arp_announce 3 counts as 0");
}

#define ADD_TUNNEL "ip addr add 192.0.2.10/32 dev tunl0"
#define TUNNEL "check-real tunnel 192.0.2.10"

static void test_tunnel(void)
{
	static const int all[] = { 0, 0, 0, 1, 1, 1, 2, 2, 2 };
	static const int own[] = { 0, 1, 2, 0, 1, 2, 0, 1, 2 };

	reset();
	add_address("192.0.2.10", 32, 1);
	add_address("192.0.2.10", 32, 3);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool strict = (all[i] == 1 && own[i] < 2) || (own[i] == 1 && all[i] < 2);

		all_rp = all[i];
		own_rp = own[i];
		host.num_addresses = 4;
		wants(TUNNEL, strict ? "sysctl -qw net.ipv4.conf.tunl0.rp_filter=2" : "",
		      "rp_filter of all and of tunl0");
		host.num_addresses = 3;
		wants(TUNNEL, !all[i] && !own[i] ? "" : strict ?
		      "sysctl -qw net.ipv4.conf.tunl0.rp_filter=2; " ADD_TUNNEL : ADD_TUNNEL,
		      "the same with a tunl0 that has no address");
	}
	reset();
	add_address("192.0.2.10", 32, 1);
	links[2].up = false;
	wants(TUNNEL, "ip link set tunl0 up", "tunl0 is down");
	wants(TUNNEL " --outer inet6", "ip -6 tunnel change ip6tnl0 mode any",
	      "ip6tnl0 takes only IPv6 of itself");
	links[2].up = true;
	wants(TUNNEL " --encap gue", "", "GUE at its usual port");
	wants(TUNNEL " --encap gue --encap-port 7", "ip fou add port 7 gue", "GUE at another port");
	fous[0].gue = false;
	wants(TUNNEL " --encap gue", "(ip fou del port 6080)", "the port is somebody else's");
	host.num_fous = 0;
	host.has_fou = false;
	wants(TUNNEL " --encap gue", "modprobe fou; ip fou add port 6080 gue", "no module fou");
	wants(TUNNEL " --encap gue --outer inet6",
	      "ip -6 tunnel change ip6tnl0 mode any; modprobe fou; ip fou add port 6080 gue -6",
	      "GUE over IPv6");
}

static void test_teardown(void)
{
	reset();
	wants("real-teardown dr 192.0.2.10", "", "nothing to undo");
	wants("real-teardown dr 10.0.0.11", "", "this machine's own address stays");
	add_address("192.0.2.10", 32, 1);
	wants("real-teardown dr 192.0.2.10", "ip addr del 192.0.2.10/32 dev lo", "the VIP goes");
	wants("real-teardown tunnel 192.0.2.10 --encap gue",
	      "ip addr del 192.0.2.10/32 dev lo; ip fou del port 6080; ip link set tunl0 down",
	      "the last VIP takes the tunnel along");
	add_address("192.0.2.10", 32, 3);
	wants("real-teardown tunnel 192.0.2.10", "ip addr del 192.0.2.10/32 dev lo; "
	      "ip addr del 192.0.2.10/32 dev tunl0; ip link set tunl0 down",
	      "the VIP goes from the tunnel, too");
	host.num_addresses--;
	add_address("192.0.2.11", 32, 1);
	wants("real-teardown tunnel 192.0.2.10", "ip addr del 192.0.2.10/32 dev lo",
	      "another VIP keeps the tunnel");
	host.num_addresses--;
	add_address("10.9.9.9", 32, 3);
	wants("real-teardown tunnel 192.0.2.10", "ip addr del 192.0.2.10/32 dev lo",
	      "a tunnel with an address of its own stays");
	reset();
	add_address("192.0.2.10", 32, 5);
	wants("real-teardown dr 192.0.2.10 --device dummy0",
	      "ip addr del 192.0.2.10/32 dev dummy0; ip link del dummy0",
	      "the dummy device goes, too");
}

int main(void)
{
	test_vip();
	test_arp();
	test_tunnel();
	test_teardown();
	return tap_end();
}
