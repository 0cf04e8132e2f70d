// SPDX-License-Identifier: GPL-2.0
/*
 * Packets made by hand, IP header and all, sent from whatever address.
 *
 * icmp FROM TO TYPE CODE INFO PROTOCOL QUOTED-FROM PORT QUOTED-TO PORT [badsum] [quote=BYTES]
 *	[options=HEX]
 *	An ICMP error about a packet; badsum: its checksum is wrong; quote: so many
 *	bytes of the packet only; options: the error's own, of IPv4.
 * frag FROM PORT TO PORT BYTES [reverse] [overlap] [df] [dest]
 *	A datagram "1:..." in fragments; reverse: the last one first; overlap: a
 *	part of the second fragment comes twice, and differs; df: IPv4 fragments say
 *	that they mustn't be fragmented; dest: IPv6 fragments have destination options
 *	before their header.
 * craft udp|tcp FROM PORT TO PORT BYTES [OPTION...]
 *	A datagram "1:...", or a SYN. Options: ttl=N, tos=HEX, id=N, df; options=HEX:
 *	IPv4's; ext=TYPE:HEX: IPv6 extension headers, the first one's type and all
 *	bytes; nosum: UDP without a checksum.
 * frame DEVICE MAC FROM PORT TO PORT [badsum] [pad=BYTES]
 *	A datagram "1:" in a frame to that hardware address; badsum: the IPv4
 *	header's checksum is wrong; pad: so many bytes of something behind it.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "craft.h"
#include "util.h"

#define FRAGMENT	1400

struct packet {
	const struct address *from;
	const struct address *to;
	size_t len;
	__u8 data[2048];
};

static void add(struct packet *packet, const void *data, size_t len)
{
	memcpy(packet->data + packet->len, data, len);
	packet->len += len;
}

static void add_ip4(struct packet *packet, __u8 protocol, size_t payload, __u16 offset, __u16 id)
{
	struct iphdr header = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = protocol, .id = id,
		.tot_len = htons(sizeof(header) + payload), .frag_off = htons(offset),
		.saddr = packet->from->in.sin_addr.s_addr,
		.daddr = packet->to->in.sin_addr.s_addr,
	};

	header.check = sum_fold(sum_words(&header, sizeof(header), 0));
	add(packet, &header, sizeof(header));
}

static void add_ip6(struct packet *packet, __u8 protocol, size_t payload)
{
	struct ip6_hdr header = { .ip6_flow = htonl(6 << 28) };

	header.ip6_plen = htons(payload);
	header.ip6_nxt = protocol;
	header.ip6_hlim = 64;
	header.ip6_src = packet->from->in6.sin6_addr;
	header.ip6_dst = packet->to->in6.sin6_addr;
	add(packet, &header, sizeof(header));
}

static bool is_v4(const struct packet *packet)
{
	return packet->from->sa.sa_family == AF_INET;
}

static const char *transmit(const struct packet *packet)
{
	struct address to = *packet->to;
	const char *wrong = NULL;
	int fd;

	to.in.sin_port = 0;
	fd = socket(to.sa.sa_family, SOCK_RAW, IPPROTO_RAW);
	if (fd < 0 || sendto(fd, packet->data, packet->len, 0, &to.sa, address_len(&to)) < 0)
		wrong = strerror(errno);
	if (fd >= 0)
		close(fd);
	return wrong;
}

/* The quoted packet: an IP header, and 8 bytes of what is behind it. */
static void make_quote(struct packet *quote, __u8 protocol)
{
	const __u16 ports[4] = { quote->from->in.sin_port, quote->to->in.sin_port, htons(1000) };

	if (is_v4(quote))
		add_ip4(quote, protocol, 1000, 0, htons(7));
	else
		add_ip6(quote, protocol, 1000);
	add(quote, ports, sizeof(ports));
}

/**
 * struct extras - what is special about a packet
 * @ttl: its TTL or hop limit
 * @tos: its type of service or traffic class
 * @id: its ID
 * @df: it may not be fragmented
 * @no_sum: UDP without a checksum
 * @ext: type of the first extension header, or 0
 * @more: IPv4 options, or extension headers
 * @more_len: length of @more
 */
struct extras {
	__u8 ttl;
	__u8 tos;
	__u16 id;
	bool df;
	bool no_sum;
	__u8 ext;
	__u8 more[40];
	size_t more_len;
};

static const char *parse_hex(struct extras *extras, const char *text)
{
	unsigned int byte;

	for (; *text; text += 2) {
		if (extras->more_len == sizeof(extras->more) || sscanf(text, "%2x", &byte) != 1 ||
		    !text[1])
			return "bad bytes";
		extras->more[extras->more_len++] = byte;
	}
	return extras->more_len % 4 ? "no whole words" : NULL;
}

static void make_error(struct packet *error, const struct packet *quote, char **words, bool bad,
		       const struct extras *extras)
{
	struct {
		__u8 type, code;
		__u16 sum;
		__u32 info;
		__u8 quote[1024];
	} body = {
		.type = atoi(words[0]), .code = atoi(words[1]), .info = htonl(atoi(words[2])),
	};
	size_t len = 8 + quote->len;

	memcpy(body.quote, quote->data, quote->len);
	body.sum = is_v4(error) ? sum_fold(sum_words(&body, len, 0)) :
		   l4_checksum(error->from, error->to, IPPROTO_ICMPV6, &body, len);
	if (bad)
		body.sum ^= htons(0x100);
	if (is_v4(error)) {
		add_ip4(error, IPPROTO_ICMP, extras->more_len + len, 0, 0);
		((struct iphdr *)error->data)->ihl += extras->more_len / 4;
		add(error, extras->more, extras->more_len);
	} else {
		add_ip6(error, IPPROTO_ICMPV6, len);
	}
	add(error, &body, len);
}

const char *do_icmp(int n, char **words)
{
	struct address from, to, quoted_from, quoted_to;
	struct packet error = { .from = &from, .to = &to };
	struct packet quote = { .from = &quoted_from, .to = &quoted_to };
	struct extras extras = { .ttl = 64 };
	const char *wrong = NULL;
	bool bad = false;
	int i;

	if (n < 11 || !address_parse(&from, words[1], "0") || !address_parse(&to, words[2], "0") ||
	    !address_parse(&quoted_from, words[7], words[8]) ||
	    !address_parse(&quoted_to, words[9], words[10]))
		return "want from, to, type, code, info, protocol, and both ends quoted";
	make_quote(&quote, atoi(words[6]));
	for (i = 11; i < n; i++) {
		if (!strcmp(words[i], "badsum"))
			bad = true;
		else if (!strncmp(words[i], "quote=", 6) && (size_t)atoi(words[i] + 6) < quote.len)
			quote.len = atoi(words[i] + 6);
		else if (!strncmp(words[i], "options=", 8))
			wrong = parse_hex(&extras, words[i] + 8);
		else
			wrong = "unknown option";
		if (wrong)
			return wrong;
	}
	make_error(&error, &quote, words + 3, bad, &extras);
	wrong = transmit(&error);
	if (!wrong)
		printf("sent\n");
	return wrong;
}

/* How all fragments of a datagram are. */
struct fragments {
	__u16 id;
	bool df;
	bool dest;
};

/* A part of a datagram, as a fragment. */
static const char *send_part(const struct address *from, const struct address *to,
			     const struct fragments *how, const __u8 *data, size_t offset,
			     size_t len, bool more)
{
	static const __u8 options[8] = { IPPROTO_FRAGMENT, 0, IP6OPT_PADN, 4 };
	struct packet packet = { .from = from, .to = to };
	size_t before = how->dest ? sizeof(options) : 0;
	struct ip6_frag header = {
		.ip6f_nxt = IPPROTO_UDP, .ip6f_ident = htonl(how->id),
		.ip6f_offlg = htons(offset) | (more ? IP6F_MORE_FRAG : 0),
	};

	if (is_v4(&packet)) {
		add_ip4(&packet, IPPROTO_UDP, len,
			offset / 8 | (more ? IP_MF : 0) | (how->df ? IP_DF : 0), htons(how->id));
	} else {
		add_ip6(&packet, before ? IPPROTO_DSTOPTS : IPPROTO_FRAGMENT,
			before + sizeof(header) + len);
		add(&packet, options, before);
		add(&packet, &header, sizeof(header));
	}
	add(&packet, data + offset, len);
	return transmit(&packet);
}

static size_t make_datagram(__u8 *data, const struct address *from, const struct address *to,
			    size_t bytes)
{
	size_t len = sizeof(struct udphdr) + bytes;
	struct udphdr header = {
		.source = from->in.sin_port, .dest = to->in.sin_port, .len = htons(len),
	};

	memset(data + sizeof(header), 'x', bytes);
	memcpy(data + sizeof(header), "1:", 2);
	memcpy(data, &header, sizeof(header));
	header.check = l4_checksum(from, to, IPPROTO_UDP, data, len);
	memcpy(data, &header, sizeof(header));
	return len;
}

const char *do_frag(int n, char **words)
{
	static __u8 data[DATAGRAM_MAX_LEN];
	static __u16 id;
	bool reverse = false, overlap = false;
	struct fragments how = {};
	struct address from, to;
	size_t len, count, i, at, part;
	const char *wrong = NULL;
	__u8 *other;

	if (n < 6 || !address_parse(&from, words[1], words[2]) ||
	    !address_parse(&to, words[3], words[4]) || atoi(words[5]) > DATAGRAM_MAX_LEN - 100)
		return "want from, port, to, port, bytes";
	for (i = 6; i < (size_t)n; i++) {
		reverse |= !strcmp(words[i], "reverse");
		overlap |= !strcmp(words[i], "overlap");
		how.df |= !strcmp(words[i], "df");
		how.dest |= !strcmp(words[i], "dest");
	}
	len = make_datagram(data, &from, &to, atoi(words[5]));
	count = (len + FRAGMENT - 1) / FRAGMENT;
	how.id = ++id;
	for (i = 0; i < count && !wrong; i++) {
		at = (reverse ? count - 1 - i : i) * FRAGMENT;
		part = len - at < FRAGMENT ? len - at : FRAGMENT;
		wrong = send_part(&from, &to, &how, data, at, part, at + FRAGMENT < len);
		if (overlap && !i && !wrong) {
			/* What the first one says, and 8 bytes of the next, otherwise. */
			other = data + (at ? at - 8 : FRAGMENT - 8);
			memset(other, 'y', 16);
			wrong = send_part(&from, &to, &how, data, other - data, 16, true);
			memset(other, 'x', 16);
		}
	}
	if (!wrong)
		printf("sent\n");
	return wrong;
}

static const char *parse_extra(struct extras *extras, const char *word)
{
	const char *colon = strchr(word, ':');

	if (!strncmp(word, "options=", 8))
		return parse_hex(extras, word + 8);
	if (!strncmp(word, "ext=", 4) && colon) {
		extras->ext = atoi(word + 4);
		return parse_hex(extras, colon + 1);
	}
	if (!strcmp(word, "df"))
		extras->df = true;
	else if (!strcmp(word, "nosum"))
		extras->no_sum = true;
	else if (!strncmp(word, "ttl=", 4))
		extras->ttl = atoi(word + 4);
	else if (!strncmp(word, "tos=", 4))
		extras->tos = strtoul(word + 4, NULL, 16);
	else if (!strncmp(word, "id=", 3))
		extras->id = htons(atoi(word + 3));
	else
		return "unknown option";
	return NULL;
}

/* The IP header, as plain as ever, then what is special about it. */
static void add_special_ip(struct packet *packet, __u8 protocol, size_t payload,
			   const struct extras *extras)
{
	struct ip6_hdr *ip6 = (void *)packet->data;
	struct iphdr *ip4 = (void *)packet->data;

	if (is_v4(packet)) {
		add_ip4(packet, protocol, extras->more_len + payload, extras->df ? IP_DF : 0,
			extras->id);
		ip4->ihl += extras->more_len / 4;
		ip4->tos = extras->tos;
		ip4->ttl = extras->ttl;
	} else {
		add_ip6(packet, extras->more_len ? extras->ext : protocol,
			extras->more_len + payload);
		ip6->ip6_flow |= htonl(extras->tos << 20);
		ip6->ip6_hlim = extras->ttl;
	}
	add(packet, extras->more, extras->more_len);
}

static void add_syn(struct packet *packet, const struct extras *extras)
{
	struct tcphdr header = {
		.source = packet->from->in.sin_port, .dest = packet->to->in.sin_port,
		.doff = sizeof(header) / 4, .syn = 1, .window = htons(64000),
	};

	header.check = l4_checksum(packet->from, packet->to, IPPROTO_TCP, &header, sizeof(header));
	add_special_ip(packet, IPPROTO_TCP, sizeof(header), extras);
	add(packet, &header, sizeof(header));
}

static void add_datagram(struct packet *packet, size_t bytes, const struct extras *extras)
{
	__u8 data[2048];
	size_t len = make_datagram(data, packet->from, packet->to, bytes);

	if (extras->no_sum)
		memset(data + offsetof(struct udphdr, check), 0, sizeof(__u16));
	add_special_ip(packet, IPPROTO_UDP, len, extras);
	add(packet, data, len);
}

const char *do_craft(int n, char **words)
{
	struct extras extras = { .ttl = 64 };
	struct address from, to;
	struct packet packet = { .from = &from, .to = &to };
	const char *wrong = NULL;
	int i;

	if (n < 7 || !address_parse(&from, words[2], words[3]) ||
	    !address_parse(&to, words[4], words[5]) || atoi(words[6]) > FRAGMENT)
		return "want udp|tcp, from, port, to, port, bytes";
	for (i = 7; i < n && !wrong; i++)
		wrong = parse_extra(&extras, words[i]);
	if (wrong)
		return wrong;
	if (strcmp(words[1], "udp"))
		add_syn(&packet, &extras);
	else
		add_datagram(&packet, atoi(words[6]), &extras);
	wrong = transmit(&packet);
	if (!wrong)
		printf("sent\n");
	return wrong;
}

static const char *send_frame(const char *device, const struct ether_addr *mac,
			      const struct packet *packet)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_halen = ETH_ALEN,
		.sll_protocol = htons(is_v4(packet) ? ETH_P_IP : ETH_P_IPV6),
		.sll_ifindex = if_nametoindex(device),
	};
	const char *wrong = NULL;
	int fd;

	memcpy(to.sll_addr, mac, ETH_ALEN);
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (fd < 0 || sendto(fd, packet->data, packet->len, 0, (void *)&to, sizeof(to)) < 0)
		wrong = strerror(errno);
	if (fd >= 0)
		close(fd);
	return wrong;
}

const char *do_frame(int n, char **words)
{
	struct address from, to;
	struct packet packet = { .from = &from, .to = &to };
	const struct ether_addr *mac;
	const char *wrong;
	__u8 datagram[64];
	size_t len;
	int i;

	mac = n > 2 ? ether_aton(words[2]) : NULL;
	if (n < 7 || !mac || !address_parse(&from, words[3], words[4]) ||
	    !address_parse(&to, words[5], words[6]))
		return "want device, hardware address, from, port, to, port";
	len = make_datagram(datagram, &from, &to, 2);
	if (is_v4(&packet))
		add_ip4(&packet, IPPROTO_UDP, len, 0, 0);
	else
		add_ip6(&packet, IPPROTO_UDP, len);
	add(&packet, datagram, len);
	for (i = 7; i < n; i++) {
		if (!strcmp(words[i], "badsum") && is_v4(&packet)) {
			packet.data[10] ^= 1;
		} else if (!strncmp(words[i], "pad=", 4) && atoi(words[i] + 4) < 1000) {
			memset(packet.data + packet.len, 0xee, atoi(words[i] + 4));
			packet.len += atoi(words[i] + 4);
		} else {
			return "unknown option";
		}
	}
	wrong = send_frame(words[1], mac, &packet);
	if (!wrong)
		printf("sent\n");
	return wrong;
}
