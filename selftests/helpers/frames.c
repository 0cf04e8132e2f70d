// SPDX-License-Identifier: GPL-2.0
/*
 * frames DEVICE in|out
 *
 * Print what comes in by a device, or goes out, a line for a frame, a word
 * "LAYER.FIELD=VALUE" for each field, in their order. What is in a tunnel has "in."
 * before its words, what an ICMP error quotes "q.". Checksums are computed: "good",
 * "bad", "none"; "cut" where the packet isn't all there, as in a fragment, "later"
 * where a device is to fill it in. The first line is "ready". Of ICMPv6 only errors are shown.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "util.h"

#define GUE_PORT_1	6080
#define GUE_PORT_2	6081
/* One frame in each. */
#define BLOCK_SIZE	16384
#define BLOCKS		256

/**
 * struct view - a part of a frame
 * @data: where it begins
 * @len: how much of it is there
 * @prefix: before the names of its fields
 */
struct view {
	const __u8 *data;
	size_t len;
	char prefix[32];
};

/**
 * struct ends - whose a transport header is: its checksum covers that
 * @from: source
 * @to: destination
 * @len: how long the transport header and its data are
 */
struct ends {
	struct address from;
	struct address to;
	size_t len;
};

/* The checksum of the frame is to be filled in by a device. */
static bool later;

static void show_ip(struct view view);

static void word(const struct view *view, const char *name, const char *format, ...)
{
	va_list args;

	printf(" %s%s=", view->prefix, name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

static void show_bytes(const struct view *view, const char *name, const __u8 *bytes, size_t len)
{
	printf(" %s%s=", view->prefix, name);
	while (len--)
		printf("%02x", *bytes++);
}

static void show_address(const struct view *view, const char *name, int family, const void *address)
{
	char text[INET6_ADDRSTRLEN];

	word(view, name, "%s", inet_ntop(family, address, text, sizeof(text)));
}

static __u16 word_at(const __u8 *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

static unsigned long long_at(const __u8 *bytes)
{
	return (unsigned long)word_at(bytes) << 16 | word_at(bytes + 2);
}

/* What is behind the first bytes of a view; its fields' names get a longer prefix. */
static struct view inside(const struct view *view, size_t off, const char *prefix)
{
	struct view res = { .data = view->data + off, .len = view->len - off };

	snprintf(res.prefix, sizeof(res.prefix), "%.20s%s", view->prefix, prefix);
	return res;
}

/* The sum as it stands in the packet is part of what is summed up: so 0 is right. */
static void show_sum(const struct view *view, const char *name, const struct ends *ends,
		     __u8 protocol, bool present)
{
	bool outermost = !strchr(view->prefix, '.');

	if (!present)
		word(view, name, "none");
	else if (ends->len > view->len)
		word(view, name, "cut");
	else if (!l4_checksum(&ends->from, &ends->to, protocol, view->data, ends->len))
		word(view, name, "good");
	else
		word(view, name, later && outermost ? "later" : "bad");
}

static void show_gue(struct view view)
{
	if (view.len < 4)
		return;
	show_bytes(&view, "gue", view.data, 4);
	show_ip(inside(&view, 4, "in."));
}

static void show_udp(struct view view, const struct ends *ends)
{
	struct udphdr header;

	if (view.len < sizeof(header))
		return;
	memcpy(&header, view.data, sizeof(header));
	word(&view, "udp.sport", "%u", ntohs(header.source));
	word(&view, "udp.dport", "%u", ntohs(header.dest));
	word(&view, "udp.len", "%u", ntohs(header.len));
	show_sum(&view, "udp.sum", ends, IPPROTO_UDP, header.check);
	if (ntohs(header.dest) == GUE_PORT_1 || ntohs(header.dest) == GUE_PORT_2)
		show_gue(inside(&view, sizeof(header), ""));
}

static void show_tcp(struct view view, const struct ends *ends)
{
	struct tcphdr header;

	if (view.len < 8)
		return;
	word(&view, "tcp.sport", "%u", word_at(view.data));
	word(&view, "tcp.dport", "%u", word_at(view.data + 2));
	word(&view, "tcp.seq", "%lu", long_at(view.data + 4));
	if (view.len < sizeof(header))
		return;
	memcpy(&header, view.data, sizeof(header));
	word(&view, "tcp.flags", "%02x", view.data[13]);
	show_sum(&view, "tcp.sum", ends, IPPROTO_TCP, true);
	if (header.doff > 5 && view.len >= header.doff * 4U)
		show_bytes(&view, "tcp.options", view.data + sizeof(header),
			   header.doff * 4U - sizeof(header));
}

static void show_gre(struct view view)
{
	if (view.len < 4)
		return;
	show_bytes(&view, "gre", view.data, 4);
	show_ip(inside(&view, 4, "in."));
}

static void show_icmp(struct view view, const struct ends *ends, __u8 protocol)
{
	const __u8 *data = view.data;
	bool error;

	if (view.len < 8)
		return;
	word(&view, "icmp.type", "%u", data[0]);
	word(&view, "icmp.code", "%u", data[1]);
	word(&view, "icmp.info", "%lu", long_at(data + 4));
	if (protocol == IPPROTO_ICMPV6) {
		show_sum(&view, "icmp.sum", ends, protocol, true);
		error = data[0] < 128;
	} else {
		word(&view, "icmp.sum", sum_fold(sum_words(data, view.len, 0)) ? "bad" : "good");
		error = data[0] == ICMP_DEST_UNREACH || data[0] == ICMP_TIME_EXCEEDED ||
			data[0] == ICMP_PARAMETERPROB;
	}
	if (error)
		show_ip(inside(&view, 8, "q."));
}

static void show_inner(struct view view, const struct ends *ends, __u8 protocol)
{
	switch (protocol) {
	case IPPROTO_UDP:
		return show_udp(view, ends);
	case IPPROTO_TCP:
		return show_tcp(view, ends);
	case IPPROTO_GRE:
		return show_gre(view);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return show_icmp(view, ends, protocol);
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		return show_ip(inside(&view, 0, "in."));
	}
}

/* What is behind the IP header and belongs to the packet: frames may be padded. */
static struct view payload(const struct view *view, size_t header, const struct ends *ends)
{
	struct view res = inside(view, header, "");

	if (res.len > ends->len)
		res.len = ends->len;
	return res;
}

static void show_ip4(struct view view)
{
	struct ends ends = { .from.sa.sa_family = AF_INET, .to.sa.sa_family = AF_INET };
	struct iphdr header;
	size_t size;

	if (view.len < sizeof(header))
		return;
	memcpy(&header, view.data, sizeof(header));
	size = header.ihl * 4U;
	if (size < sizeof(header) || view.len < size || ntohs(header.tot_len) < size)
		return;
	word(&view, "ip.v", "4");
	word(&view, "ip.tos", "%02x", header.tos);
	word(&view, "ip.len", "%u", ntohs(header.tot_len));
	word(&view, "ip.id", "%u", ntohs(header.id));
	word(&view, "ip.frag", "%04x", ntohs(header.frag_off));
	word(&view, "ip.ttl", "%u", header.ttl);
	word(&view, "ip.proto", "%u", header.protocol);
	word(&view, "ip.sum", sum_fold(sum_words(view.data, size, 0)) ? "bad" : "good");
	show_address(&view, "ip.src", AF_INET, &header.saddr);
	show_address(&view, "ip.dst", AF_INET, &header.daddr);
	if (size > sizeof(header))
		show_bytes(&view, "ip.options", view.data + sizeof(header), size - sizeof(header));
	ends.from.in.sin_addr.s_addr = header.saddr;
	ends.to.in.sin_addr.s_addr = header.daddr;
	ends.len = header.frag_off & htons(IP_MF) ? SIZE_MAX : ntohs(header.tot_len) - size;
	if (!(header.frag_off & htons(IP_OFFMASK)))
		show_inner(payload(&view, size, &ends), &ends, header.protocol);
}

/*
 * Extension headers are shown whole. Returns where what they are before begins; 0 if
 * that isn't here. @part: it is a fragment.
 */
static size_t show_extensions(const struct view *view, __u8 *protocol, bool *part)
{
	size_t off = sizeof(struct ip6_hdr), len;
	bool first = true;

	while (first && (*protocol == IPPROTO_HOPOPTS || *protocol == IPPROTO_DSTOPTS ||
			 *protocol == IPPROTO_ROUTING || *protocol == IPPROTO_FRAGMENT)) {
		if (view->len < off + 8)
			return 0;
		len = *protocol == IPPROTO_FRAGMENT ? 8 : (view->data[off + 1] + 1) * 8;
		if (view->len < off + len)
			return 0;
		if (*protocol == IPPROTO_FRAGMENT) {
			*part = true;
			first = !(word_at(view->data + off + 2) & ~7);
		}
		*protocol = view->data[off];
		off += len;
	}
	if (off > sizeof(struct ip6_hdr))
		show_bytes(view, "ip.ext", view->data + sizeof(struct ip6_hdr),
			   off - sizeof(struct ip6_hdr));
	return first ? off : 0;
}

static void show_ip6(struct view view)
{
	struct ends ends = { .from.sa.sa_family = AF_INET6, .to.sa.sa_family = AF_INET6 };
	struct ip6_hdr header;
	bool part = false;
	__u8 protocol;
	size_t off;

	if (view.len < sizeof(header))
		return;
	memcpy(&header, view.data, sizeof(header));
	protocol = header.ip6_nxt;
	word(&view, "ip.v", "6");
	word(&view, "ip.tos", "%02x", ntohl(header.ip6_flow) >> 20 & 0xff);
	word(&view, "ip.flow", "%05x", ntohl(header.ip6_flow) & 0xfffff);
	word(&view, "ip.len", "%u", ntohs(header.ip6_plen));
	word(&view, "ip.ttl", "%u", header.ip6_hlim);
	word(&view, "ip.proto", "%u", protocol);
	show_address(&view, "ip.src", AF_INET6, &header.ip6_src);
	show_address(&view, "ip.dst", AF_INET6, &header.ip6_dst);
	off = show_extensions(&view, &protocol, &part);
	if (!off)
		return;
	ends.from.in6.sin6_addr = header.ip6_src;
	ends.to.in6.sin6_addr = header.ip6_dst;
	ends.len = part ? SIZE_MAX : ntohs(header.ip6_plen) + sizeof(header) - off;
	show_inner(payload(&view, off, &ends), &ends, protocol);
}

static void show_ip(struct view view)
{
	if (view.len && view.data[0] >> 4 == 4)
		show_ip4(view);
	else if (view.len && view.data[0] >> 4 == 6)
		show_ip6(view);
}

static bool is_chatter(const __u8 *frame, size_t len)
{
	const __u8 *ip6 = frame + ETH_HLEN;

	switch (word_at(frame + 12)) {
	case ETH_P_IP:
		return false;
	case ETH_P_IPV6:
		/* Multicast listener reports come after a hop-by-hop header. */
		return len < ETH_HLEN + 41 || (ip6[6] == IPPROTO_ICMPV6 && ip6[40] >= 128) ||
		       (ip6[6] == IPPROTO_HOPOPTS && ip6[40] == IPPROTO_ICMPV6);
	default:
		return true;
	}
}

static void show_frame(const __u8 *frame, size_t len)
{
	struct view view = { .data = frame, .len = len };

	if (len < ETH_HLEN + 1 || is_chatter(frame, len))
		return;
	printf("frame");
	show_bytes(&view, "eth.dst", frame, ETH_ALEN);
	show_bytes(&view, "eth.src", frame + ETH_ALEN, ETH_ALEN);
	show_ip(inside(&view, ETH_HLEN, ""));
	printf("\n");
}

/*
 * A ring, since the kernel copies into it at once: what a socket is handed later may
 * have been changed meanwhile by who got the packet, such as fou.
 */
static __u8 *open_ring(int fd)
{
	struct tpacket_req req = {
		.tp_block_size = BLOCK_SIZE, .tp_block_nr = BLOCKS,
		.tp_frame_size = BLOCK_SIZE, .tp_frame_nr = BLOCKS,
	};
	int version = TPACKET_V2;
	void *ring;

	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		die("no ring: %s", strerror(errno));
	ring = mmap(NULL, BLOCK_SIZE * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		die("cannot map the ring: %s", strerror(errno));
	return ring;
}

static int open_socket(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0)
		die("no socket: %s", strerror(errno));
	return fd;
}

/* Only now, so that the ring has them all. */
static void listen_on(int fd, const char *device)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(device),
	};

	if (!at.sll_ifindex)
		die("no device %s", device);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die("cannot listen on %s: %s", device, strerror(errno));
}

static void show_slot(struct tpacket2_hdr *slot, bool out)
{
	const struct sockaddr_ll *from = (void *)slot + TPACKET_ALIGN(sizeof(*slot));

	bool is_out = from->sll_pkttype == PACKET_OUTGOING;

	if (is_out != out)
		return;
	later = slot->tp_status & TP_STATUS_CSUMNOTREADY;
	show_frame((__u8 *)slot + slot->tp_mac, slot->tp_snaplen);
}

int main(int argc, char **argv)
{
	struct pollfd poll_fd = { .events = POLLIN };
	struct tpacket2_hdr *slot;
	unsigned int i;
	__u8 *ring;
	bool out;

	if (argc != 3 || (strcmp(argv[2], "in") && strcmp(argv[2], "out")))
		die("usage: frames DEVICE in|out");
	out = !strcmp(argv[2], "out");
	setlinebuf(stdout);
	poll_fd.fd = open_socket();
	ring = open_ring(poll_fd.fd);
	listen_on(poll_fd.fd, argv[1]);
	printf("ready\n");
	for (i = 0;; i = (i + 1) % BLOCKS) {
		slot = (void *)ring + i * BLOCK_SIZE;
		while (!(__atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			poll(&poll_fd, 1, -1);
		show_slot(slot, out);
		__atomic_store_n(&slot->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	}
}
