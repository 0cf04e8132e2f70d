// SPDX-License-Identifier: GPL-2.0
/* The parser, kmod/packet.c. */
#include <stdio.h>
#include <linux/ip.h>

#include "packets.h"
#include "tap.h"

#define CHAIN_MAX 9
#define DATA_LEN 5
#define TOS 0xc9
#define TTL 0x9e

/* In a row 0 stands for the right value, and this for 0. */
#define ZERO 0xff

/**
 * struct row - a packet, and whether it is to be taken
 * @name: what is special about it
 * @af: its family
 * @proto: what its IP header, or its last extension header, names
 * @taken: is the parser to take it
 * @version: instead of the right one
 * @ihl: instead of 5; options are added to fit
 * @doff: instead of 5; likewise
 * @frag: flags and offset of the IPv4 header
 * @chain: extension headers; NEXTHDR_HOP is 0, so @chain_len counts
 * @chain_len: how many
 * @hdrlen: the length field of each
 * @segments_left: of routing headers
 */
struct row {
	const char *name;
	u8 af;
	u8 proto;
	bool taken;
	u8 version;
	u8 ihl;
	u8 doff;
	u16 frag;
	u8 chain[CHAIN_MAX];
	u8 chain_len;
	u8 hdrlen;
	u8 segments_left;
};

#define V4(what, is_taken, ...) \
	{ .name = "IPv4, " what, .af = AF_INET, .taken = is_taken, \
	  .proto = IPPROTO_TCP, __VA_ARGS__ }
#define V6(what, is_taken, ...) \
	{ .name = "IPv6, " what, .af = AF_INET6, .taken = is_taken, \
	  .proto = IPPROTO_TCP, __VA_ARGS__ }
#define UDP .proto = IPPROTO_UDP
#define CHAIN(len, ...) .chain_len = len, .chain = { __VA_ARGS__ }

#define HOP NEXTHDR_HOP
#define DST NEXTHDR_DEST
#define RTH NEXTHDR_ROUTING

static const struct row rows[] = {
	V4("TCP", true),
	V4("UDP", true, UDP),
	V4("TCP with options", true, .doff = 8),
	V4("TCP, IP options of one word", true, .ihl = 6),
	V4("UDP, the most IP options", true, .ihl = 15, UDP),
	V4("don't fragment", true, .frag = 0x4000),
	V4("the reserved bit", true, .frag = 0x8000),
	V4("first fragment", false, .frag = 0x2000),
	V4("middle fragment", false, .frag = 0x2001),
	V4("last fragment", false, .frag = 0x0001),
	V4("last fragment, far off", false, .frag = 0x1000),
	V4("UDP, first fragment", false, .frag = 0x2000, UDP),
	V4("version 0", false, .version = ZERO),
	V4("version 5", false, .version = 5),
	V4("version 6", false, .version = 6),
	V4("header of no words", false, .ihl = ZERO),
	V4("header of four words", false, .ihl = 4),
	V4("TCP header of no words", false, .doff = ZERO),
	V4("TCP header of four words", false, .doff = 4),
	V4("protocol 0", false, .proto = ZERO),
	V4("ICMP", false, .proto = IPPROTO_ICMP),
	V4("IPIP", false, .proto = IPPROTO_IPIP),
	V4("GRE", false, .proto = IPPROTO_GRE),
	V4("ESP", false, .proto = IPPROTO_ESP),
	V4("AH", false, .proto = IPPROTO_AH),
	V4("SCTP", false, .proto = IPPROTO_SCTP),
	V4("UDP-Lite", false, .proto = IPPROTO_UDPLITE),

	V6("TCP", true),
	V6("UDP", true, UDP),
	V6("TCP with options", true, .doff = 15),
	V6("hop-by-hop options", true, CHAIN(1, HOP)),
	V6("destination options", true, CHAIN(1, DST), UDP),
	V6("routing header that is used up", true, CHAIN(1, RTH)),
	V6("routing header that isn't", false, CHAIN(1, RTH),
	   .segments_left = 1),
	V6("routing header that isn't, second", false, CHAIN(2, HOP, RTH),
	   .segments_left = 255),
	V6("one extension header of each kind", true, CHAIN(3, HOP, DST, RTH),
	   UDP),
	V6("extension headers of three words", true, CHAIN(2, HOP, RTH),
	   .hdrlen = 2),
	V6("longest extension headers", true, CHAIN(2, RTH, DST), UDP,
	   .hdrlen = 255),
	V6("most extension headers", true,
	   CHAIN(7, HOP, DST, RTH, DST, DST, DST, DST)),
	V6("one extension header too many", false,
	   CHAIN(8, HOP, DST, RTH, DST, DST, DST, DST, DST)),
	V6("two extension headers too many", false,
	   CHAIN(9, HOP, DST, RTH, DST, DST, DST, DST, DST, DST)),
	V6("fragment header, atomic", false, CHAIN(1, NEXTHDR_FRAGMENT)),
	V6("fragment header, fragmented", false, CHAIN(1, NEXTHDR_FRAGMENT),
	   .segments_left = 1),
	V6("fragment header, second", false, CHAIN(2, HOP, NEXTHDR_FRAGMENT)),
	V6("ESP", false, .proto = NEXTHDR_ESP),
	V6("AH before TCP", false, CHAIN(1, NEXTHDR_AUTH)),
	V6("no next header", false, .proto = NEXTHDR_NONE),
	V6("no next header, second", false, CHAIN(1, DST),
	   .proto = NEXTHDR_NONE),
	V6("mobility header", false, CHAIN(1, 135)),
	V6("HIP", false, CHAIN(1, 139)),
	V6("ICMPv6", false, .proto = IPPROTO_ICMPV6),
	V6("IPv4 inside", false, .proto = IPPROTO_IPIP),
	V6("SCTP", false, .proto = IPPROTO_SCTP),
	V6("TCP header of four words", false, .doff = 4),
	V6("version 0", false, .version = ZERO),
	V6("version 4", false, .version = 4),
	V6("version 7", false, .version = 7),
};

/**
 * struct built - a packet as it goes over the wire
 * @bytes: it
 * @len: its length
 * @l4: where its last header begins
 * @need: so many bytes of it the parser needs
 */
struct built {
	u8 bytes[8192];
	unsigned int len;
	unsigned int l4;
	unsigned int need;
};

static u8 given(u8 field, u8 right)
{
	return field == ZERO ? 0 : field ? field : right;
}

/* Bytes that differ from each other and from other numbers in the packet. */
static void add(struct built *b, unsigned int len)
{
	for (; len; len--, b->len++)
		b->bytes[b->len] = 0x61 + b->len % 89;
}

static void add_ipv4(struct built *b, const struct row *row)
{
	u8 ihl = given(row->ihl, 5);

	add(b, ihl < 5 ? 20 : ihl * 4);
	b->bytes[0] = given(row->version, 4) << 4 | ihl;
	b->bytes[1] = TOS;
	b->bytes[6] = row->frag >> 8;
	b->bytes[7] = row->frag;
	b->bytes[8] = TTL;
	b->bytes[9] = given(row->proto, 0);
}

static void add_ipv6(struct built *b, const struct row *row)
{
	unsigned int i, next = 6;

	add(b, 40);
	b->bytes[0] = given(row->version, 6) << 4 | TOS >> 4;
	b->bytes[1] = (TOS & 0xf) << 4 | 0xf;
	b->bytes[7] = TTL;
	for (i = 0; i < row->chain_len; i++) {
		b->bytes[next] = row->chain[i];
		next = b->len;
		add(b, (row->hdrlen + 1) * 8);
		b->bytes[next + 1] = row->hdrlen;
		b->bytes[next + 3] = row->segments_left;
	}
	b->bytes[next] = row->proto;
}

static void build(struct built *b, const struct row *row)
{
	bool tcp = row->proto == IPPROTO_TCP;
	u8 doff = given(row->doff, 5);

	memset(b, 0, sizeof(*b));
	if (row->af == AF_INET)
		add_ipv4(b, row);
	else
		add_ipv6(b, row);
	b->l4 = b->len;
	b->need = b->l4 + (tcp ? 20 : 8);
	add(b, doff < 5 || !tcp ? 20 : doff * 4);
	if (tcp) {
		b->bytes[b->l4 + 12] = doff << 4;
		b->bytes[b->l4 + 13] = 0x10;
	}
	add(b, DATA_LEN);
}

/* The whole packet, in one piece and split anywhere. */
static void whole(const void *arg)
{
	const struct row *row = arg;
	bool tcp = row->proto == IPPROTO_TCP;
	struct lbvs_packet pkt;
	unsigned int split;
	struct built b;

	build(&b, row);
	for (split = 0; split <= b.len; split++)
		CHECK(packet_check(b.bytes, b.len, split, row->af) ==
		      row->taken, "split at %u", split);
	if (!row->taken)
		return;
	packet_parse(b.bytes, b.len, b.len, 0, row->af, &pkt);
	CHECK(pkt.l4_off == b.l4, "%u, not %u", pkt.l4_off, b.l4);
	CHECK(pkt.tuple.proto == row->proto, "%u", pkt.tuple.proto);
	CHECK(pkt.l4_len == (tcp ? 20 : 8), "%u", pkt.l4_len);
	CHECK(pkt.tos == TOS && pkt.ttl == TTL, "%#x, %#x", pkt.tos, pkt.ttl);
	CHECK(pkt.df == (row->af == AF_INET6 || row->frag & 0x4000), "%d",
	      pkt.df);
	CHECK(pkt.event == (tcp ? LBVS_TCP_ACK : LBVS_TCP_NONE), "%d",
	      pkt.event);
}

/* Every shorter packet; its end is the end of a heap block. */
static void truncated(const void *arg)
{
	const struct row *row = arg;
	unsigned int len, split;
	struct built b;

	build(&b, row);
	for (len = 0; len <= b.len; len++) {
		/* All splits of a long one take long, and show no more. */
		for (split = len > 200 ? len - 50 : 0; split <= len; split++)
			CHECK(packet_check(b.bytes, len, split, row->af) ==
			      (len >= b.need), "%u of %u bytes, split at %u",
			      len, b.len, split);
	}
}

/* The IP header isn't at the beginning of the data. */
static void offset(const void *arg)
{
	static const u8 outer[20];
	const struct row *row;
	struct lbvs_packet pkt;
	struct built b, in;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		build(&b, row);
		memcpy(in.bytes, outer, sizeof(outer));
		memcpy(in.bytes + sizeof(outer), b.bytes, b.len);
		in.len = b.len + sizeof(outer);
		CHECK(packet_parse(in.bytes, in.len, in.len, sizeof(outer),
				   row->af, &pkt) == row->taken,
		      "%s", row->name);
		if (!row->taken)
			continue;
		CHECK(pkt.l4_off == b.l4 + sizeof(outer), "%s: %u", row->name,
		      pkt.l4_off);
		CHECK(pkt.len == b.len, "%s: %u", row->name, pkt.len);
		CHECK(!memcmp(&pkt.tuple.sport, b.bytes + b.l4, 2), "%s",
		      row->name);
	}
}

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

/* By ACK, RST, SYN, FIN. What isn't named no stack sends. */
static enum lbvs_tcp_event event_of(u8 flags)
{
	switch (flags & (ACK | RST | SYN | FIN)) {
	case SYN:
		return LBVS_TCP_SYN;
	case SYN | ACK:
		return LBVS_TCP_SYNACK;
	case ACK:
		return LBVS_TCP_ACK;
	case FIN:
	case FIN | ACK:
		return LBVS_TCP_FIN;
	case RST:
	case RST | ACK:
		return LBVS_TCP_RST;
	default:
		return LBVS_TCP_NONE;
	}
}

/* All of them: what PSH, URG, ECE and CWR say is no concern of ours. */
static void all_flags(const void *arg)
{
	const struct row *row = arg;
	struct lbvs_packet pkt;
	unsigned int set;
	struct built b;

	build(&b, row);
	for (set = 0; set < 256; set++) {
		b.bytes[b.l4 + 13] = set;
		CHECK(packet_parse(b.bytes, b.len, b.len, 0, row->af, &pkt),
		      "flags %#x", set);
		CHECK(pkt.event == event_of(set), "flags %#x: %d, not %d", set,
		      pkt.event, event_of(set));
	}
}

/* The same numbers on each run. */
static u32 rnd(u32 below)
{
	static u64 state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % below;
}

static void mutate(struct built *b)
{
	/* Headers count; long chains would hide them. */
	unsigned int i, span = b->len < 120 ? b->len : 120;

	for (i = rnd(4); i < 4; i++) {
		u8 *byte = &b->bytes[rnd(span)];

		*byte = rnd(2) ? rnd(256) : *byte ^ 1 << rnd(8);
	}
	if (!rnd(4))
		b->len = rnd(b->len + 1);
}

static void random_packets(const void *arg)
{
	static struct built seeds[ARRAY_SIZE(rows)];
	unsigned int i, taken = 0, rounds = 200000;
	struct built b;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		build(&seeds[i], &rows[i]);
	for (i = 0; i < rounds; i++) {
		u32 seed = rnd(ARRAY_SIZE(rows));

		b.len = seeds[seed].len;
		memcpy(b.bytes, seeds[seed].bytes, b.len);
		mutate(&b);
		taken += packet_check(b.bytes, b.len, rnd(b.len + 1),
				      rows[seed].af);
	}
	printf("# %u of %u random packets taken\n", taken, rounds);
	CHECK(taken > rounds / 20 && taken < rounds / 20 * 19,
	      "%u of %u taken: they try one side only", taken, rounds);
}

/* A difference in any bit of an address counts, and none behind it. */
static void addresses(const void *arg)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		u8 af = families[i];
		unsigned int bits = af == AF_INET ? 32 : 128;

		for (bit = 0; bit < 128; bit++) {
			__be32 a[4] = { 1, 2, 3, 4 }, b[4] = { 1, 2, 3, 4 };

			b[bit / 32] ^= 1U << bit % 32;
			CHECK(lbvs_addr_equal(af, a, b) == (bit >= bits),
			      "af %u, bit %u", af, bit);
			lbvs_addr_copy(af, a, b);
			CHECK(a[bit / 32] == (bit < bits ? b[bit / 32] :
					      1 + bit / 32),
			      "copy: af %u, bit %u", af, bit);
			CHECK(lbvs_addr_equal(af, a, b), "af %u", af);
		}
	}
}

int main(void)
{
	const struct row *row;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		tap_case(whole, row, "%s is %s", row->name,
			 row->taken ? "taken" : "declined");
		if (row->taken)
			tap_case(truncated, row, "%s, cut short", row->name);
		if (row->taken && row->proto == IPPROTO_TCP && !row->chain_len)
			tap_case(all_flags, row, "%s, all flags", row->name);
	}
	tap_case(offset, NULL, "IP header after other data");
	tap_case(random_packets, NULL, "random packets");
	tap_case(addresses, NULL, "comparing and copying addresses");
	return tap_end();
}
