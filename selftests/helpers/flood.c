// SPDX-License-Identifier: GPL-2.0
/*
 * flood [OPTION...] DEVICE COUNT ADDRESS PORT
 *
 * Make a tun device and let COUNT packets come in by it, each from another address
 * and port of 10.128.0.0/9, or 2001:db8:80::/64; says how many the device took, and the
 * milliseconds. One write is one pass through the receive path, so none is lost in a queue.
 *
 *   -k KIND	udp (the default), syn, ack, rst, icmp: errors that quote answers of
 *		ADDRESS and PORT to such clients, by TCP; IPv4 only
 *   -e		a tap device, by which frames come in
 *   -m MAC		send frames to that address by DEVICE, an Ethernet device that exists
 *   -c ADDRESS	all from that client, or about him; only ports differ. IPv4 only
 *   -r		tuples at random, in place of one after the other
 *   -n TUPLES	so many, then the first again
 *   -t SECONDS	no longer than that; then COUNT may be 0, without end
 *   -R RATE	no more packets a second than that
 *   -f		let each of the kernel's allocations on the way of a packet fail
 *		once, until one comes through; says how often that was
 *
 * SIGTERM ends it early, with its figures.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

#define PORT_FIRST	1024
#define PORTS		60000
#define CLIENT_FIRST	0x0a800001 /* 10.128.0.1 */
#define CLIENTS		0x7ffffe
#define CLIENTS6	"2001:db8:80::"

enum kind { UDP, SYN, ACK, RST, ICMP };

static const char *const kind_names[] = { "udp", "syn", "ack", "rst", "icmp" };

/**
 * union transport - what is behind the IP header
 * @udp: of a UDP packet
 * @number: its payload
 * @tcp: of a TCP segment
 * @icmp: of an error
 * @quoted: the packet that it is about
 * @quoted_tcp: its ports and sequence number
 */
union transport {
	struct {
		struct udphdr udp;
		__u32 number;
	};
	struct tcphdr tcp;
	struct {
		struct icmphdr icmp;
		struct iphdr quoted;
		__u8 quoted_tcp[8];
	};
};

/**
 * struct packet - what is sent, with room for an Ethernet header before it
 * @align: has the rest be without gaps
 * @ether: that
 * @ip: the outer header
 * @over4: what follows it
 * @ip6: or this
 * @over6: what follows that
 */
struct packet {
	__u16 align;
	struct ethhdr ether;
	union {
		struct {
			struct iphdr ip;
			union transport over4;
		};
		struct {
			struct ip6_hdr ip6;
			union transport over6;
		};
	};
};

struct plan {
	enum kind kind;
	const char *device;
	const char *mac;
	bool tap;
	struct address service;
	__u32 client;
	bool random;
	bool faults;
	unsigned long count;
	unsigned long tuples;
	unsigned long rate;
	__u64 ms;
};

static int open_tun(const char *device, bool tap, struct ethhdr *ether)
{
	struct ifreq request = { .ifr_flags = (tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI };
	int fd, control;

	fd = open("/dev/net/tun", O_RDWR);
	if (fd < 0)
		die("/dev/net/tun: %s", strerror(errno));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	if (ioctl(fd, TUNSETIFF, &request))
		die("%s: %s", device, strerror(errno));
	control = socket(AF_INET, SOCK_DGRAM, 0);
	request.ifr_flags = IFF_UP;
	if (ioctl(control, SIOCSIFFLAGS, &request))
		die("%s: %s", device, strerror(errno));
	if (tap && ioctl(control, SIOCGIFHWADDR, &request))
		die("%s: %s", device, strerror(errno));
	if (tap)
		memcpy(ether->h_dest, request.ifr_hwaddr.sa_data, sizeof(ether->h_dest));
	close(control);
	return fd;
}

/* Bound to the device, write() sends a frame by it; nothing is to be received. */
static int open_ethernet(const char *device)
{
	struct sockaddr_ll own = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex(device),
	};
	int fd;

	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || !own.sll_ifindex || bind(fd, (struct sockaddr *)&own, sizeof(own)))
		die("%s: %s", device, strerror(errno));
	return fd;
}

static void parse_mac(struct ethhdr *ether, const char *text)
{
	if (!ether_aton_r(text, (struct ether_addr *)ether->h_dest))
		die("%s is no hardware address", text);
}

static __u32 random_word(void)
{
	static __u64 state;

	if (!state)
		state = now_ms() << 20 | getpid();
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 32;
}

static __u16 checksum(const void *data, size_t len)
{
	return sum_fold(sum_words(data, len, 0));
}

static size_t header_len(enum kind kind)
{
	switch (kind) {
	case UDP:
		return sizeof(struct udphdr) + sizeof(__u32);
	case ICMP:
		return sizeof(struct icmphdr) + sizeof(struct iphdr) + 8;
	default:
		return sizeof(struct tcphdr);
	}
}

static bool over_ipv6(const struct plan *plan)
{
	return plan->service.sa.sa_family == AF_INET6;
}

static union transport *transport(struct packet *packet, const struct plan *plan)
{
	return over_ipv6(plan) ? &packet->over6 : &packet->over4;
}

static size_t packet_len(const struct plan *plan)
{
	return header_len(plan->kind) +
	       (over_ipv6(plan) ? sizeof(struct ip6_hdr) : sizeof(struct iphdr));
}

static void prepare_ip(struct packet *packet, const struct plan *plan)
{
	__u8 protocol = plan->kind == UDP ? IPPROTO_UDP :
			plan->kind == ICMP ? IPPROTO_ICMP : IPPROTO_TCP;

	packet->ether.h_source[0] = 2;
	packet->ether.h_source[5] = 0x99;
	packet->ether.h_proto = htons(over_ipv6(plan) ? ETH_P_IPV6 : ETH_P_IP);
	if (over_ipv6(plan)) {
		packet->ip6.ip6_vfc = 6 << 4;
		packet->ip6.ip6_plen = htons(header_len(plan->kind));
		packet->ip6.ip6_nxt = protocol;
		packet->ip6.ip6_hlim = 64;
		packet->ip6.ip6_dst = plan->service.in6.sin6_addr;
		inet_pton(AF_INET6, CLIENTS6, &packet->ip6.ip6_src);
		return;
	}
	packet->ip.version = 4;
	packet->ip.ihl = 5;
	packet->ip.ttl = 64;
	packet->ip.tot_len = htons(packet_len(plan));
	packet->ip.daddr = plan->service.in.sin_addr.s_addr;
	packet->ip.protocol = protocol;
}

static void prepare(struct packet *packet, const struct plan *plan)
{
	__be16 port = over_ipv6(plan) ? plan->service.in6.sin6_port : plan->service.in.sin_port;
	union transport *l4 = transport(packet, plan);

	prepare_ip(packet, plan);
	if (plan->kind == UDP) {
		l4->udp.dest = port;
		l4->udp.len = htons(header_len(UDP));
		return;
	}
	if (plan->kind == ICMP) {
		l4->icmp.type = ICMP_DEST_UNREACH;
		l4->icmp.code = ICMP_HOST_UNREACH;
		l4->quoted = packet->ip;
		l4->quoted.protocol = IPPROTO_TCP;
		l4->quoted.tot_len = htons(40);
		l4->quoted.saddr = packet->ip.daddr;
		memcpy(l4->quoted_tcp, &port, 2);
		return;
	}
	l4->tcp.dest = port;
	l4->tcp.doff = 5;
	l4->tcp.window = htons(64000);
	l4->tcp.syn = plan->kind == SYN;
	l4->tcp.ack = plan->kind == ACK;
	l4->tcp.rst = plan->kind == RST;
}

/* UDP goes without a checksum by IPv4, which it may. */
static __u16 checksum_of(const struct packet *packet, const struct plan *plan, __u8 protocol,
			 const union transport *l4)
{
	struct address from = { .sa.sa_family = plan->service.sa.sa_family };

	if (over_ipv6(plan))
		from.in6.sin6_addr = packet->ip6.ip6_src;
	else
		from.in.sin_addr.s_addr = packet->ip.saddr;
	return l4_checksum(&from, &plan->service, protocol, l4, header_len(plan->kind));
}

static void fill_icmp(struct packet *packet, union transport *l4, __u16 port)
{
	l4->quoted.daddr = packet->ip.saddr;
	l4->quoted.check = 0;
	l4->quoted.check = checksum(&l4->quoted, sizeof(l4->quoted));
	memcpy(l4->quoted_tcp + 2, &port, 2);
	l4->icmp.checksum = 0;
	l4->icmp.checksum = checksum(&l4->icmp, header_len(ICMP));
}

static void fill_client(struct packet *packet, const struct plan *plan, __u32 client)
{
	if (over_ipv6(plan)) {
		packet->ip6.ip6_src.s6_addr32[3] = htonl(client + 1);
		return;
	}
	packet->ip.saddr = plan->client ?: htonl(CLIENT_FIRST + client);
	packet->ip.check = 0;
	packet->ip.check = checksum(&packet->ip, sizeof(packet->ip));
}

static void fill(struct packet *packet, const struct plan *plan, __u32 number)
{
	__u32 client = plan->random ? random_word() % CLIENTS : number / PORTS;
	__u16 port = htons(PORT_FIRST + (plan->random ? random_word() : number) % PORTS);
	union transport *l4 = transport(packet, plan);

	fill_client(packet, plan, client);
	switch (plan->kind) {
	case UDP:
		l4->number = htonl(number);
		l4->udp.source = port;
		l4->udp.check = 0;
		if (over_ipv6(plan))
			l4->udp.check = checksum_of(packet, plan, IPPROTO_UDP, l4) ?: 0xffff;
		break;
	case ICMP:
		fill_icmp(packet, l4, port);
		break;
	default:
		l4->tcp.source = port;
		l4->tcp.seq = random_word();
		l4->tcp.check = 0;
		l4->tcp.check = checksum_of(packet, plan, IPPROTO_TCP, l4);
	}
}

static bool send_one(int fd, const struct packet *packet, const struct plan *plan)
{
	size_t skip = plan->mac || plan->tap ? 0 : sizeof(packet->ether);
	const char *frame = (const char *)packet + offsetof(struct packet, ether);
	size_t len = sizeof(packet->ether) + packet_len(plan) - skip;

	return write(fd, frame + skip, len) == (ssize_t)len;
}

/* What it may make up for at a time, having been held up. */
#define LATE_MS	100

/*
 * Not before it is the next one's turn, a millisecond more or less. What was missed is not
 * made up for, but for LATE_MS: that would be another rate, for as long. @lost:
 * milliseconds of such.
 */
static void keep_rate(const struct plan *plan, unsigned long sent, __u64 start, __u64 *lost)
{
	__u64 due = sent * 1000 / plan->rate + *lost, gone = now_ms() - start;

	if (due > gone)
		usleep((due - gone) * 1000);
	else if (gone > due + LATE_MS)
		*lost += gone - due - LATE_MS;
}

static void send_all(int fd, struct packet *packet, const struct plan *plan)
{
	unsigned long i, taken = 0;
	__u64 start = now_ms(), lost = 0;

	for (i = 0; !stopped && (!plan->count || i < plan->count); i++) {
		if (plan->ms && i % 64 == 0 && now_ms() - start >= plan->ms)
			break;
		if (plan->rate && i % 16 == 0)
			keep_rate(plan, i, start, &lost);
		fill(packet, plan, plan->tuples ? i % plan->tuples : i);
		taken += send_one(fd, packet, plan);
	}
	printf("%lu %llu\n", taken, now_ms() - start);
}

static void send_failing(int fd, struct packet *packet, const struct plan *plan)
{
	unsigned int nth;

	for (nth = 1; !stopped; nth++) {
		fill(packet, plan, nth);
		fail_nth(nth);
		send_one(fd, packet, plan);
		if (!fail_happened())
			break;
	}
	printf("%u\n", nth - 1);
}

static enum kind parse_kind(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kind_names); i++)
		if (!strcmp(kind_names[i], name))
			return i;
	die("flood: no kind %s", name);
}

static void parse_options(struct plan *plan, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "k:em:c:rn:t:R:f")) != -1) {
		switch (option) {
		case 'k':
			plan->kind = parse_kind(optarg);
			break;
		case 'e':
			plan->tap = true;
			break;
		case 'm':
			plan->mac = optarg;
			break;
		case 'c':
			plan->client = inet_addr(optarg);
			break;
		case 'r':
			plan->random = true;
			break;
		case 'n':
			plan->tuples = strtoul(optarg, NULL, 10);
			break;
		case 't':
			plan->ms = strtod(optarg, NULL) * 1000;
			break;
		case 'R':
			plan->rate = strtoul(optarg, NULL, 10);
			break;
		case 'f':
			plan->faults = true;
			break;
		default:
			exit(1);
		}
	}
	argv += optind;
	if (argc - optind != 4 || !address_parse(&plan->service, argv[2], argv[3]) ||
	    (over_ipv6(plan) && (plan->kind == ICMP || plan->client)))
		die("usage: flood [OPTION...] DEVICE COUNT ADDRESS PORT");
	plan->device = argv[0];
	plan->count = strtoul(argv[1], NULL, 10);
}

int main(int argc, char **argv)
{
	struct plan plan = { .kind = UDP };
	struct packet packet = { .align = 0 };
	int fd;

	parse_options(&plan, argc, argv);
	stop_at_sigterm();
	if (plan.mac) {
		parse_mac(&packet.ether, plan.mac);
		fd = open_ethernet(plan.device);
	} else {
		fd = open_tun(plan.device, plan.tap, &packet.ether);
	}
	prepare(&packet, &plan);
	if (plan.faults)
		send_failing(fd, &packet, &plan);
	else
		send_all(fd, &packet, &plan);
	return 0;
}
