// SPDX-License-Identifier: GPL-2.0
/*
 * Others who look at a device's packets.
 *
 * tap ID DEVICE
 *	A packet socket, which keeps what it is given and reads it later only.
 * seen ID
 *	TCP and UDP that it has been given since, each sort as
 *	"in|out|other MAC>MAC ttl=N ADDRESS>ADDRESS xCOUNT"; and it is closed.
 * xdp ID DEVICE native|generic
 *	A program that counts packets and lets them pass.
 * passed ID
 *	How many it has counted; and it is taken off.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"
#include "watch.h"

#define WATCHERS	8
#define SORTS		64
#define SORT_LEN	200

/**
 * struct watcher - a packet socket, or a program
 * @id: what the tests call it
 * @fd: the socket, or what keeps the program where it is
 * @map: its counter
 */
static struct watcher {
	char id[32];
	int fd;
	int map;
} watchers[WATCHERS];

static struct watcher *find_watcher(const char *id)
{
	int i;

	for (i = 0; i < WATCHERS; i++)
		if (!strcmp(watchers[i].id, id))
			return &watchers[i];
	return NULL;
}

static const char *add_watcher(const char *id, int fd, int map)
{
	struct watcher *watcher = find_watcher("");

	if (!watcher || find_watcher(id))
		return "one too many";
	snprintf(watcher->id, sizeof(watcher->id), "%s", id);
	watcher->fd = fd;
	watcher->map = map;
	printf("watching\n");
	return NULL;
}

const char *do_tap(int n, char **words)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd, room = 1 << 20;

	at.sll_ifindex = if_nametoindex(words[n - 1]);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return strerror(errno);
	return add_watcher(words[1], fd, -1);
}

static void write_mac(char *text, const __u8 *mac)
{
	sprintf(text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		mac[5]);
}

/* What is to be said of an Ethernet frame; false if it is neither TCP nor UDP. */
static bool describe_frame(const __u8 *frame, int type, char *text)
{
	const struct ether_header *eth = (const void *)frame;
	const struct iphdr *ip4 = (const void *)(eth + 1);
	const struct ip6_hdr *ip6 = (const void *)(eth + 1);
	bool v4 = eth->ether_type == htons(ETHERTYPE_IP);
	int proto = v4 ? ip4->protocol : ip6->ip6_nxt, family = v4 ? AF_INET : AF_INET6;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN], from_mac[18], to_mac[18];

	if ((!v4 && eth->ether_type != htons(ETHERTYPE_IPV6)) ||
	    (proto != IPPROTO_TCP && proto != IPPROTO_UDP))
		return false;
	inet_ntop(family, v4 ? (const void *)&ip4->saddr : &ip6->ip6_src, from, sizeof(from));
	inet_ntop(family, v4 ? (const void *)&ip4->daddr : &ip6->ip6_dst, to, sizeof(to));
	write_mac(from_mac, eth->ether_shost);
	write_mac(to_mac, eth->ether_dhost);
	snprintf(text, SORT_LEN, "%s %s>%s ttl=%d %s>%s",
		 type == PACKET_OUTGOING ? "out" : type == PACKET_HOST ? "in" : "other",
		 from_mac, to_mac, v4 ? ip4->ttl : ip6->ip6_hlim, from, to);
	return true;
}

const char *do_seen(int n, char **words)
{
	struct watcher *watcher = find_watcher(words[n - 1]);
	static char sorts[SORTS][SORT_LEN];
	unsigned int counts[SORTS] = { 0 }, found = 0, i;
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	char text[SORT_LEN];
	__u8 frame[65536];

	if (!watcher)
		return "no such tap";
	while (recvfrom(watcher->fd, frame, sizeof(frame), MSG_DONTWAIT, (void *)&from, &len) > 0) {
		if (!describe_frame(frame, from.sll_pkttype, text))
			continue;
		for (i = 0; i < found && strcmp(sorts[i], text); i++)
			;
		if (i == SORTS)
			return "too many sorts";
		if (i == found)
			strcpy(sorts[found++], text);
		counts[i]++;
	}
	for (i = 0; i < found; i++)
		printf("%s%s x%u", i ? "; " : "", sorts[i], counts[i]);
	printf(found ? "\n" : "nothing\n");
	close(watcher->fd);
	watcher->id[0] = '\0';
	return NULL;
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

#define INSN(c, d, s, o, i) \
	{ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }

/* Counts one more in the map, and returns XDP_PASS. */
static int load_program(int map)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1),
		INSN(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, 0, BPF_ADD),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, XDP_PASS),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP, .insns = (unsigned long)insns,
		.insn_cnt = ARRAY_SIZE(insns), .license = (unsigned long)"GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

const char *do_xdp(int n, char **words)
{
	union bpf_attr attr = { .link_create.attach_type = BPF_XDP };
	int map, program, link;

	if (n != 4)
		return "want id, device, native or generic";
	map = make_map();
	program = map < 0 ? -1 : load_program(map);
	if (program < 0)
		return strerror(errno);
	attr.link_create.prog_fd = program;
	attr.link_create.target_ifindex = if_nametoindex(words[2]);
	attr.link_create.flags = strcmp(words[3], "native") ? XDP_FLAGS_SKB_MODE :
							      XDP_FLAGS_DRV_MODE;
	link = bpf(BPF_LINK_CREATE, &attr);
	if (link < 0)
		return strerror(errno);
	close(program);
	return add_watcher(words[1], link, map);
}

const char *do_passed(int n, char **words)
{
	struct watcher *watcher = find_watcher(words[n - 1]);
	union bpf_attr attr = { .map_fd = watcher ? watcher->map : -1 };
	__u64 count = 0;
	__u32 key = 0;

	if (!watcher || watcher->map < 0)
		return "no such program";
	attr.key = (unsigned long)&key;
	attr.value = (unsigned long)&count;
	if (bpf(BPF_MAP_LOOKUP_ELEM, &attr))
		return strerror(errno);
	printf("%llu\n", count);
	close(watcher->fd);
	close(watcher->map);
	watcher->id[0] = '\0';
	return NULL;
}
