// SPDX-License-Identifier: GPL-2.0
/*
 * Packets to inject: of a connection, from a client or a real, right or with something
 * odd about them; see inject.c.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "inject.h"
#include "util.h"

#define PAYLOAD_MAX	1380
#define GSO_PAYLOAD_MAX	16000
/* Errors teach smaller MTUs, but none so small, not even in a tunnel. */
#define PATH_MTU_MIN	500
#define FLAG_FIN	0x01
#define FLAG_SYN	0x02
#define FLAG_RST	0x04
#define FLAG_ACK	0x10

/* A place in the packet that is being made. */
static __u8 *at;

static const __u8 *address(const char *v4, const char *v6, __u8 af, unsigned int number)
{
	static __u8 room[16][16];
	static unsigned int next;
	__u8 *res = room[next++ % 16];

	inet_pton(af, af == AF_INET ? v4 : v6, res);
	res[addr_size(af) - 1] += number;
	return res;
}

const __u8 *vip_of(__u8 af, const struct kind *kind)
{
	return address("203.0.113.1", "2001:db8:f::1", af, kind - kinds);
}

const __u8 *real_of(__u8 af, unsigned int number)
{
	return address("10.0.0.11", "2001:db8:10::11", af, number);
}

const __u8 *client_of(__u8 af, unsigned int number)
{
	return address("198.51.100.1", "2001:db8:2::1", af, number);
}

const __u8 *own_of(__u8 af, enum side side)
{
	if (side == CLIENT_SIDE)
		return address("192.0.2.1", "2001:db8:1::1", af, 0);
	return address("10.0.0.1", "2001:db8:10::1", af, 0);
}

static void add(const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	at += len;
}

static void add_rubbish(size_t len)
{
	while (len--)
		*at++ = rnd(256);
}

/* --- the IP header --- */

static size_t option_len(void)
{
	static const __u8 record_route[8] = { 7, 7, 4 };
	static const __u8 time_stamp[8] = { 0x44, 8, 5 };
	static const __u8 router_alert[4] = { 0x94, 4 };
	__u8 *begin = at;

	switch (rnd(5)) {
	case 0:
		add(record_route, sizeof(record_route));
		break;
	case 1:
		add(time_stamp, sizeof(time_stamp));
		break;
	case 2:
		add(router_alert, sizeof(router_alert));
		break;
	case 3:
		memset(at, 1, 8);
		at += 8;
		break;
	default:
		add_rubbish(4 * (1 + rnd(10)));
	}
	return at - begin;
}

static void add_ipv4(const __u8 *src, const __u8 *dst, __u8 proto, bool options)
{
	__u8 *ip = at;

	memset(ip, 0, 20);
	at += 20;
	ip[0] = 0x45;
	ip[1] = chance(20) ? rnd(256) : 0;
	put16(ip + 4, rnd(65536));
	put16(ip + 6, chance(50) ? 0x4000 : 0);
	ip[8] = chance(5) ? rnd(3) : 64;
	ip[9] = proto;
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	if (options)
		ip[0] += option_len() / 4;
}

/* Extension headers: right ones, in any order. Returns where the last one names the next. */
static __u8 *add_extensions(__u8 *next)
{
	static const __u8 types[] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING };
	unsigned int i, n = 1 + rnd(chance(10) ? 10 : 3);

	for (i = 0; i < n; i++) {
		__u8 more = chance(10) ? rnd(4) : 0, type = types[chance(70) ? 1 : rnd(3)];

		*next = type;
		next = at;
		memset(at, 0, (more + 1) * 8);
		at[1] = more;
		if (type != IPPROTO_ROUTING && !more) {
			at[2] = 1;
			at[3] = 4;
		}
		at += (more + 1) * 8;
	}
	return next;
}

static void add_ipv6(const __u8 *src, const __u8 *dst, __u8 proto, bool options)
{
	__u8 *ip = at, *next = ip + 6;

	memset(ip, 0, 40);
	at += 40;
	ip[0] = 0x60;
	if (chance(20)) {
		ip[0] |= rnd(16);
		put16(ip + 2, rnd(65536));
	}
	ip[7] = chance(5) ? rnd(3) : 64;
	memcpy(ip + 8, src, 16);
	memcpy(ip + 24, dst, 16);
	if (options)
		next = add_extensions(next);
	*next = proto;
}

static void add_ip(__u8 af, const __u8 *src, const __u8 *dst, __u8 proto, bool options)
{
	if (af == AF_INET)
		add_ipv4(src, dst, proto, options);
	else
		add_ipv6(src, dst, proto, options);
}

/* The checksum of an IPv4 header that is otherwise done. */
static void sum_ipv4(__u8 *ip)
{
	__u16 sum;

	put16(ip + 10, 0);
	sum = sum_fold(sum_words(ip, (ip[0] & 0xf) * 4, 0));
	memcpy(ip + 10, &sum, 2);
}

/* Its length and checksum, when all of it is there. */
static void end_ip(__u8 *ip, __u8 af)
{
	size_t len = at - ip;

	if (af == AF_INET) {
		put16(ip + 2, len);
		sum_ipv4(ip);
	} else {
		put16(ip + 4, len - 40);
	}
}

/* The checksum of the transport's header of a packet that is otherwise done. */
static void sum_l4(__u8 *ip, size_t len)
{
	struct view view = view_packet(ip, len);
	size_t off = csum_at(view.proto);
	__u16 sum;

	if (!view.l4 || !off)
		return;
	put16(ip + view.l4 + off, 0);
	sum = ~l4_residue(&view);
	put16(ip + view.l4 + off, sum ? sum : 0xffff);
}

/* --- TCP, UDP and ICMP --- */

static void add_ports(__u16 sport, __u16 dport)
{
	put16(at, sport);
	put16(at + 2, dport);
	at += 4;
}

static __u8 random_flags(enum side side)
{
	static const __u8 usual[] = {
		FLAG_ACK, FLAG_ACK, FLAG_ACK, FLAG_ACK | 8, FLAG_FIN | FLAG_ACK, FLAG_RST,
		FLAG_RST | FLAG_ACK,
	};

	if (chance(30))
		return FLAG_SYN | (side == REAL_SIDE ? FLAG_ACK : 0);
	return chance(5) ? rnd(256) : usual[rnd(ARRAY_SIZE(usual))];
}

static void add_tcp(enum side side, __u16 sport, __u16 dport, size_t payload)
{
	static const __u8 mss[] = { 2, 4, 0x05, 0xb4 }, nops[] = { 1, 1, 1, 1 };
	__u8 *tcp = at;

	add_ports(sport, dport);
	add_rubbish(8);
	add("\x50\x00\x10\x00\x00\x00\x00\x00", 8);
	tcp[13] = random_flags(side);
	if (tcp[13] & FLAG_SYN && chance(50)) {
		tcp[12] += 0x20;
		add(chance(50) ? nops : mss, 4);
		add(chance(50) ? nops : mss, 4);
	} else if (chance(10)) {
		tcp[12] += 0x10;
		add_rubbish(4);
	}
	add_rubbish(payload);
}

static void add_udp(__u16 sport, __u16 dport, size_t payload)
{
	add_ports(sport, dport);
	put16(at, payload + 8);
	put16(at + 2, 0);
	at += 4;
	add_rubbish(payload);
}

static void add_l4(enum side side, __u8 proto, __u16 sport, __u16 dport, size_t payload)
{
	if (proto == IPPROTO_TCP)
		add_tcp(side, sport, dport, payload);
	else
		add_udp(sport, dport, payload);
}

/**
 * struct flow - whose packet it is
 * @af: its family
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @client: address of the client
 * @real: of the real, and @vip of the VIP
 * @cport: the client's port
 */
struct flow {
	__u8 af;
	__u8 proto;
	const __u8 *client;
	const __u8 *real;
	const __u8 *vip;
	__u16 cport;
};

/* A packet of the flow, as it is on that side, on its way to the real or from it. */
static void add_packet(const struct flow *flow, enum side side, bool to_real, size_t payload,
		       bool options)
{
	const __u8 *far = side == CLIENT_SIDE ? flow->vip : flow->real;
	__u16 port = side == CLIENT_SIDE ? VIP_PORT : NAT_PORT;
	__u8 *ip = at;

	if (to_real) {
		add_ip(flow->af, flow->client, far, flow->proto, options);
		add_l4(CLIENT_SIDE, flow->proto, flow->cport, port, payload);
	} else {
		add_ip(flow->af, far, flow->client, flow->proto, options);
		add_l4(REAL_SIDE, flow->proto, port, flow->cport, payload);
	}
	end_ip(ip, flow->af);
	sum_l4(ip, at - ip);
}

/* What a router in front of a tunnel's real would quote: our outer packet. */
static void add_outer_quote(const struct flow *flow, const struct kind *kind, size_t payload)
{
	bool v4 = flow->af == AF_INET;
	__u8 af = kind->outer_af, *ip = at;
	__u8 inner = v4 ? IPPROTO_IPIP : IPPROTO_IPV6;

	add_ip(af, own_of(af, REAL_SIDE), real_of(af, rnd(REALS)),
	       kind->outer == IPPROTO_IPIP ? inner : kind->outer, false);
	if (kind->outer == IPPROTO_UDP) {
		add_ports(40000, GUE_PORT);
		add("\0\0\0\0\0", 5);
		*at++ = inner;
		add("\0\0", 2);
	} else if (kind->outer == IPPROTO_GRE) {
		add(v4 ? "\0\0\x08\0" : "\0\0\x86\xdd", 4);
	}
	add_packet(flow, CLIENT_SIDE, true, payload, false);
	end_ip(ip, af);
}

static void add_icmp_header(__u8 af)
{
	static const __u8 types4[] = { 3, 3, 3, 11, 12, 5, 8 };
	static const __u8 types6[] = { 1, 1, 2, 3, 4, 128 };

	*at++ = af == AF_INET ? types4[rnd(sizeof(types4))] : types6[rnd(sizeof(types6))];
	*at++ = rnd(chance(10) ? 256 : 6);
	put16(at, 0);
	memset(at + 2, 0, 4);
	put16(at + 4, chance(50) ? 0 : rnd(1500));
	if (af == AF_INET6 || chance(50))
		put16(at + 4, 68 + rnd(1500));
	if (af == AF_INET6) {
		put16(at + 4, 0);
		memcpy(at + 4, (__u8 [4]) { 0, 0, 2 + rnd(4), rnd(256) }, 4);
	}
	at += 6;
}

/* An error about a packet of the flow that went out on that side. */
static void add_error(const struct flow *flow, const struct kind *kind, enum side side)
{
	bool outer = side == REAL_SIDE && kind->outer;
	__u8 af = outer ? kind->outer_af : flow->af;
	__u8 *ip = at, *quote;
	const __u8 *src, *dst;

	if (side == CLIENT_SIDE) {
		src = flow->client;
		dst = flow->vip;
	} else {
		src = chance(50) ? real_of(af, 90) : outer ? real_of(af, 0) : flow->real;
		dst = outer ? own_of(af, REAL_SIDE) : flow->client;
	}
	add_ip(af, src, dst, af == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6, chance(5));
	add_icmp_header(af);
	quote = at;
	if (outer)
		add_outer_quote(flow, kind, rnd(100));
	else
		add_packet(flow, side, side == REAL_SIDE, rnd(100), chance(10));
	/* Not all quote as much. And some quote an error, which nobody should. */
	if (chance(30))
		at = quote + rnd(at - quote + 1);
	if (chance(5)) {
		memmove(quote + (quote - ip), quote, at - quote);
		memcpy(quote, ip, quote - ip);
		at += quote - ip;
	}
	end_ip(ip, af);
	sum_l4(ip, at - ip);
}

/* --- what is odd about it --- */

/* The header's checksum fits again, so that more is looked at. */
static void renew_ip_sum(struct shot *shot)
{
	size_t header = (shot->bytes[0] & 0xf) * 4;

	if (shot->bytes[0] >> 4 == 4 && header >= 20 && header <= shot->len)
		sum_ipv4(shot->bytes);
}

/* It says that it ends within its transport's header. */
static void end_early(struct shot *shot)
{
	if (shot->len < 40)
		return;
	if (shot->bytes[0] >> 4 == 4)
		put16(shot->bytes + 2, (shot->bytes[0] & 0xf) * 4 + rnd(20));
	else
		put16(shot->bytes + 4, rnd(20));
}

static void mutate(struct shot *shot)
{
	unsigned int i, n = 1 + rnd(4), span = shot->len < 120 ? shot->len : 120;

	shot->must_pass = false;
	for (i = 0; i < n && span; i++) {
		__u8 *byte = &shot->bytes[rnd(span)];

		switch (rnd(4)) {
		case 0:
			*byte ^= 1 << rnd(8);
			break;
		case 1:
			*byte = chance(50) ? 0 : 0xff;
			break;
		case 2:
			*byte += chance(50) ? 1 : -1;
			break;
		default:
			*byte = rnd(256);
		}
	}
	switch (rnd(8)) {
	case 0:
		shot->len = rnd(shot->len + 1);
		break;
	case 1:
		at = shot->bytes + shot->len;
		add_rubbish(rnd(40));
		shot->len = at - shot->bytes;
		break;
	case 2:
		end_early(shot);
		renew_ip_sum(shot);
		break;
	case 3:
		renew_ip_sum(shot);
	}
}

/* As a sender leaves it to its device: the pseudo header's sum is there. */
static void make_partial(struct shot *shot)
{
	struct view view = view_packet(shot->bytes, shot->len);
	size_t off = csum_at(view.proto);
	__u32 sum;

	if (!view.l4 || !off || view.fragment || view.proto == IPPROTO_ICMP)
		return;
	sum = sum_words(view.src, 2 * addr_size(view.af), view.proto);
	sum += view.len - view.l4;
	put16(shot->bytes + view.l4 + off, ~ntohs(sum_fold(sum)));
	shot->vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	shot->vnet.csum_start = ETH_HLEN + view.l4;
	shot->vnet.csum_offset = off;
	shot->partial = true;
}

static void make_gso(struct shot *shot)
{
	struct view view = view_packet(shot->bytes, shot->len);

	if (view.proto != IPPROTO_TCP || view.fragment || !view.l4 || !shot->partial)
		return;
	shot->gso = true;
	shot->must_pass = false;
	shot->vnet.gso_type = view.af == AF_INET ? VIRTIO_NET_HDR_GSO_TCPV4 :
						   VIRTIO_NET_HDR_GSO_TCPV6;
	shot->vnet.gso_size = 400 + rnd(1000);
	shot->vnet.hdr_len = ETH_HLEN + view.l4 + 20;
	if (chance(20))
		shot->vnet.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
}

/* What the device says of it is anything. */
static void confuse_vnet(struct shot *shot)
{
	static const __u8 types[] = { 0, 0, 1, 3, 4, 5, 0x81 };

	shot->must_pass = false;
	shot->partial = false;
	shot->odd_csum = true;
	shot->gso = false;
	shot->vnet.flags = rnd(3);
	shot->vnet.gso_type = types[rnd(sizeof(types))];
	shot->vnet.gso_size = chance(50) ? rnd(65536) : rnd(300);
	shot->vnet.hdr_len = rnd(200);
	shot->vnet.csum_start = rnd(chance(10) ? 2000 : 120);
	shot->vnet.csum_offset = rnd(40);
}

/*
 * In fragments, unless it is one. Those of a packet that the device took in part still
 * wait for the rest.
 */
static void tear(struct shot *shot)
{
	static __u32 last_id;
	struct view view;

	shot->id = ++last_id;
	if (shot->len > 8 && shot->bytes[0] >> 4 == 4) {
		put16(shot->bytes + 4, shot->id);
		put16(shot->bytes + 6, get16(shot->bytes + 6) & 0x4000);
	}
	view = view_packet(shot->bytes, shot->len);
	if (view.fragment)
		return;
	shot->fragments = 2 + rnd(FRAMES_MAX - 2);
	shot->must_pass = false;
}

static void dress(struct shot *shot)
{
	unsigned int luck = rnd(100);

	if (luck < 30)
		make_partial(shot);
	if (luck < 12)
		make_gso(shot);
	if (luck >= 30 && luck < 34)
		confuse_vnet(shot);
	if (chance(4)) {
		shot->to_us = false;
		shot->must_pass = false;
	}
	if (chance(2)) {
		shot->vlan = true;
		shot->must_pass = false;
	}
	if (chance(2)) {
		shot->ethertype = chance(50) ? ETHERTYPE_IP : ETHERTYPE_IPV6;
		shot->must_pass = false;
	}
	if (!shot->vnet.flags && !shot->vnet.gso_type && chance(8))
		tear(shot);
}

/* Random bytes behind the Ethernet header; of some the first is as it would be. */
static void make_noise(struct shot *shot)
{
	__u16 family = chance(50) ? ETHERTYPE_IP : ETHERTYPE_IPV6;

	shot->noise = true;
	shot->must_pass = false;
	at = shot->bytes;
	add_rubbish(rnd(chance(10) ? PAYLOAD_MAX : 120));
	shot->len = at - shot->bytes;
	shot->ethertype = chance(10) ? rnd(65536) : family;
	if (chance(50))
		shot->bytes[0] = family == ETHERTYPE_IP ? 0x45 : 0x60;
}

/*
 * One of a connection's packets, or an error about one; half of them with something
 * odd. Replies pass the director by nat only. A few are none at all.
 */
void make_shot(struct shot *shot)
{
	bool options = chance(10), error = chance(15), big = chance(12);
	struct flow flow = {
		.af = chance(50) ? AF_INET : AF_INET6,
		.proto = chance(50) ? IPPROTO_TCP : IPPROTO_UDP,
		.cport = CLIENT_PORT + rnd(CLIENT_PORTS),
	};
	size_t payload = big ? rnd(GSO_PAYLOAD_MAX) : rnd(PAYLOAD_MAX);

	if (chance(50))
		payload = rnd(64);
	memset(shot, 0, offsetof(struct shot, bytes));
	memset(&shot->len, 0, sizeof(*shot) - offsetof(struct shot, len));
	shot->to_us = true;
	shot->ethertype = flow.af == AF_INET ? ETHERTYPE_IP : ETHERTYPE_IPV6;
	shot->kind = &kinds[chance(35) ? KIND_NAT : rnd(KINDS)];
	shot->side = chance(30) && (shot->kind == &kinds[KIND_NAT] || error) ? REAL_SIDE :
									  CLIENT_SIDE;
	flow.client = client_of(flow.af, rnd(CLIENTS));
	flow.vip = vip_of(flow.af, shot->kind);
	flow.real = real_of(flow.af, rnd(REALS));
	at = shot->bytes;
	if (error)
		add_error(&flow, shot->kind, shot->side);
	else
		add_packet(&flow, shot->side, shot->side == CLIENT_SIDE, payload, options);
	if (error && shot->side == REAL_SIDE && shot->kind->outer)
		shot->ethertype = shot->kind->outer_af == AF_INET ? ETHERTYPE_IP :
								    ETHERTYPE_IPV6;
	shot->len = at - shot->bytes;
	shot->must_pass = !error && !options && flow.proto == IPPROTO_UDP &&
			  shot->side == CLIENT_SIDE && shot->len <= PATH_MTU_MIN &&
			  shot->bytes[flow.af == AF_INET ? 8 : 7] == 64;
	if (chance(3)) {
		make_noise(shot);
		return;
	}
	shot->mutated = chance(40);
	if (shot->mutated)
		mutate(shot);
	dress(shot);
}

static size_t make_fragment4(const struct shot *shot, const struct view *view,
			     unsigned int number, __u8 *fragment)
{
	size_t header = (view->bytes[0] & 0xf) * 4, rest = view->len - header, size, off, len;

	size = (rest / shot->fragments + 7) & ~7UL;
	off = size * number;
	if (off >= rest)
		return 0;
	len = rest - off < size ? rest - off : size;
	memcpy(fragment, view->bytes, header);
	memcpy(fragment + header, view->bytes + header + off, len);
	put16(fragment + 2, header + len);
	put16(fragment + 6, off / 8 | (off + len < rest ? 0x2000 : 0));
	sum_ipv4(fragment);
	return header + len;
}

static size_t make_fragment6(const struct shot *shot, const struct view *view,
			     unsigned int number, __u8 *fragment)
{
	size_t rest = view->len - 40, size, off, len;

	size = (rest / shot->fragments + 7) & ~7UL;
	off = size * number;
	if (off >= rest)
		return 0;
	len = rest - off < size ? rest - off : size;
	memcpy(fragment, view->bytes, 40);
	memset(fragment + 40, 0, 8);
	fragment[40] = fragment[6];
	fragment[6] = IPPROTO_FRAGMENT;
	put16(fragment + 42, off | (off + len < rest));
	put16(fragment + 44, shot->id >> 16);
	put16(fragment + 46, shot->id);
	memcpy(fragment + 48, view->bytes + 40 + off, len);
	put16(fragment + 4, 8 + len);
	return 48 + len;
}

/* Returns its length, or 0 if there isn't that many. */
size_t make_fragment(const struct shot *shot, unsigned int number, __u8 *fragment)
{
	struct view view = view_packet(shot->bytes, shot->len);

	if (view.af == AF_INET)
		return make_fragment4(shot, &view, number, fragment);
	if (view.af == AF_INET6)
		return make_fragment6(shot, &view, number, fragment);
	if (number)
		return 0;
	memcpy(fragment, shot->bytes, shot->len);
	return shot->len;
}
