// SPDX-License-Identifier: GPL-2.0
/* The parser, kmod/packet.c. */
#include <stdio.h>

#include "build.h"
#include "packets.h"
#include "tap.h"

#define OTHER LBVS_KIND_OTHER
#define FLOW LBVS_KIND_FLOW
#define ERROR LBVS_KIND_ERROR
#define FRAGMENT LBVS_KIND_FRAGMENT

/**
 * struct row - a packet, and what it is to be taken for
 * @name: what is special about it
 * @kind: what the parser is to say
 * @h: its headers
 */
struct row {
	const char *name;
	enum lbvs_kind kind;
	struct headers h;
};

#define V4(what, is, ...) { "IPv4, " what, is, IPV4(__VA_ARGS__) }
#define V6(what, is, ...) { "IPv6, " what, is, IPV6(__VA_ARGS__) }
#define ICMP4(is) .proto = IPPROTO_ICMP, .type = is
#define ICMP6(is) .proto = IPPROTO_ICMPV6, .type = is

static const struct row rows[] = {
	V4("TCP", FLOW),
	V4("UDP", FLOW, UDP),
	V4("TCP with options", FLOW, .doff = 8),
	V4("TCP, IP options of one word", FLOW, .ihl = 6),
	V4("UDP, the most IP options", FLOW, .ihl = 15, UDP),
	V4("don't fragment", FLOW, .frag = 0x4000),
	V4("the reserved bit", FLOW, .frag = 0x8000),
	V4("first fragment", FRAGMENT, .frag = 0x2000),
	V4("middle fragment", FRAGMENT, .frag = 0x2001),
	V4("last fragment", FRAGMENT, .frag = 0x0001),
	V4("last fragment, far off", FRAGMENT, .frag = 0x1000),
	V4("UDP, first fragment", FRAGMENT, .frag = 0x2000, UDP),
	V4("first fragment, don't fragment", FRAGMENT, .frag = 0x6000),
	V4("last fragment, IP options", FRAGMENT, .frag = 0x0001, .ihl = 7),
	V4("first fragment of ICMP", FRAGMENT, .frag = 0x2000, ICMP4(3)),
	V4("last fragment of ESP", FRAGMENT, .frag = 0x0010,
	   .proto = IPPROTO_ESP),
	V4("fragment, version 6", OTHER, .frag = 0x2000, .version = 6),
	V4("fragment, header of four words", OTHER, .frag = 1, .ihl = 4),
	V4("version 0", OTHER, .version = ZERO),
	V4("version 5", OTHER, .version = 5),
	V4("version 6", OTHER, .version = 6),
	V4("header of no words", OTHER, .ihl = ZERO),
	V4("header of four words", OTHER, .ihl = 4),
	V4("TCP header of no words", OTHER, .doff = ZERO),
	V4("TCP header of four words", OTHER, .doff = 4),
	V4("protocol 0", OTHER, .proto = ZERO),
	V4("ICMP error", ERROR, ICMP4(3)),
	V4("ICMP error, the most IP options", ERROR, ICMP4(11), .ihl = 15),
	V4("ICMP echo", OTHER, ICMP4(8)),
	V4("ICMPv6 error", OTHER, ICMP6(3)),
	V4("IPIP", OTHER, .proto = IPPROTO_IPIP),
	V4("GRE", OTHER, .proto = IPPROTO_GRE),
	V4("ESP", OTHER, .proto = IPPROTO_ESP),
	V4("AH", OTHER, .proto = IPPROTO_AH),
	V4("SCTP", OTHER, .proto = IPPROTO_SCTP),
	V4("UDP-Lite", OTHER, .proto = IPPROTO_UDPLITE),

	V6("TCP", FLOW),
	V6("UDP", FLOW, UDP),
	V6("TCP with options", FLOW, .doff = 15),
	V6("hop-by-hop options", FLOW, CHAIN(1, HOP)),
	V6("destination options", FLOW, CHAIN(1, DST), UDP),
	V6("routing header that is used up", FLOW, CHAIN(1, RTH)),
	V6("routing header that isn't", OTHER, CHAIN(1, RTH),
	   .segments_left = 1),
	V6("routing header that isn't, second", OTHER, CHAIN(2, HOP, RTH),
	   .segments_left = 255),
	V6("one extension header of each kind", FLOW, CHAIN(3, HOP, DST, RTH),
	   UDP),
	V6("extension headers of three words", FLOW, CHAIN(2, HOP, RTH),
	   .hdrlen = 2),
	V6("longest extension headers", FLOW, CHAIN(2, RTH, DST), UDP,
	   .hdrlen = 255),
	V6("most extension headers", FLOW,
	   CHAIN(7, HOP, DST, RTH, DST, DST, DST, DST)),
	V6("one extension header too many", OTHER,
	   CHAIN(8, HOP, DST, RTH, DST, DST, DST, DST, DST)),
	V6("two extension headers too many", OTHER,
	   CHAIN(9, HOP, DST, RTH, DST, DST, DST, DST, DST, DST)),
	V6("fragment header, atomic", FRAGMENT, CHAIN(1, FRG)),
	V6("fragment header, fragmented", FRAGMENT, CHAIN(1, FRG),
	   .frag = 0x0001),
	V6("fragment header, second", FRAGMENT, CHAIN(2, HOP, FRG)),
	V6("fragment header after a routing header", FRAGMENT,
	   CHAIN(3, DST, RTH, FRG), UDP),
	V6("fragment header after a routing header that isn't used up", OTHER,
	   CHAIN(2, RTH, FRG), .segments_left = 1),
	V6("fragment header after the most extension headers", FRAGMENT,
	   CHAIN(8, HOP, DST, RTH, DST, DST, DST, DST, FRG)),
	V6("fragment header after one too many", OTHER,
	   CHAIN(9, HOP, DST, RTH, DST, DST, DST, DST, DST, FRG)),
	V6("fragment header after AH", OTHER, CHAIN(2, NEXTHDR_AUTH, FRG)),
	V6("fragment of ICMPv6", FRAGMENT, CHAIN(1, FRG), ICMP6(1)),
	V6("fragment, version 4", OTHER, CHAIN(1, FRG), .version = 4),
	V6("ESP", OTHER, .proto = NEXTHDR_ESP),
	V6("AH before TCP", OTHER, CHAIN(1, NEXTHDR_AUTH)),
	V6("no next header", OTHER, .proto = NEXTHDR_NONE),
	V6("no next header, second", OTHER, CHAIN(1, DST),
	   .proto = NEXTHDR_NONE),
	V6("mobility header", OTHER, CHAIN(1, 135)),
	V6("HIP", OTHER, CHAIN(1, 139)),
	V6("ICMPv6 error", ERROR, ICMP6(1)),
	V6("ICMPv6 error after extension headers", ERROR, ICMP6(2),
	   CHAIN(3, HOP, DST, RTH)),
	V6("ICMPv6 echo", OTHER, ICMP6(128)),
	V6("ICMP error", OTHER, ICMP4(3)),
	V6("IPv4 inside", OTHER, .proto = IPPROTO_IPIP),
	V6("SCTP", OTHER, .proto = IPPROTO_SCTP),
	V6("TCP header of four words", OTHER, .doff = 4),
	V6("version 0", OTHER, .version = ZERO),
	V6("version 4", OTHER, .version = 4),
	V6("version 7", OTHER, .version = 7),
};

static const char *const kinds[] = {
	[OTHER] = "none of our business",
	[FLOW] = "of a flow",
	[ERROR] = "an error",
	[FRAGMENT] = "a fragment",
};

/* So many bytes of it the parser needs. */
static unsigned int need(const struct row *row, const struct built *b)
{
	if (row->kind == FRAGMENT)
		return row->h.af == AF_INET ? b->l4 : b->frag;
	return b->l4 + (row->h.proto == IPPROTO_TCP ? 20 : 8);
}

static bool has_addresses(const struct row *row, const struct lbvs_packet *pkt)
{
	/* See add_bytes(): the source's first byte. */
	u8 first = 0x61 + (row->h.af == AF_INET ? 12 : 8);

	return *(const u8 *)pkt->tuple.saddr == first;
}

/* The whole packet, in one piece and split anywhere. */
static void whole(const void *arg)
{
	const struct row *row = arg;
	bool tcp = row->h.proto == IPPROTO_TCP, ipv4 = row->h.af == AF_INET;
	struct lbvs_packet pkt;
	struct reading got;
	unsigned int split;
	struct built b;

	build(&b, &row->h);
	for (split = 0; split <= b.len; split++) {
		got = packet_check(b.bytes, b.len, split, row->h.af);
		CHECK(got.kind == row->kind, "%d, split at %u", got.kind,
		      split);
	}
	if (row->kind == OTHER)
		return;
	pkt = got.pkt;
	CHECK(has_addresses(row, &pkt), "%#x", pkt.tuple.saddr[0]);
	CHECK(pkt.tos == TOS && pkt.ttl == TTL, "%#x, %#x", pkt.tos, pkt.ttl);
	CHECK(pkt.df == (!ipv4 || row->h.frag & 0x4000), "%d", pkt.df);
	CHECK(pkt.options == (ipv4 && row->h.ihl > 5), "%d", pkt.options);
	if (row->kind == FRAGMENT)
		return;
	CHECK(pkt.l4_off == b.l4, "%u, not %u", pkt.l4_off, b.l4);
	CHECK(pkt.tuple.proto == row->h.proto, "%u", pkt.tuple.proto);
	CHECK(pkt.l4_len == (tcp ? 20 : 8), "%u", pkt.l4_len);
	CHECK(pkt.event == (tcp ? LBVS_TCP_ACK : LBVS_TCP_NONE), "%d",
	      pkt.event);
}

/* Every shorter packet; its end is the end of a heap block. */
static void truncated(const void *arg)
{
	const struct row *row = arg;
	unsigned int len, split;
	struct built b;

	build(&b, &row->h);
	for (len = 0; len <= b.len; len++) {
		enum lbvs_kind kind = len >= need(row, &b) ? row->kind : OTHER;

		/* All splits of a long one take long, and show no more. */
		for (split = len > 200 ? len - 50 : 0; split <= len; split++)
			CHECK(packet_check(b.bytes, len, split,
					   row->h.af).kind == kind,
			      "%u of %u bytes, split at %u", len, b.len,
			      split);
	}
}

/* The IP header isn't at the beginning of the data. */
static void offset(const void *arg)
{
	const unsigned int before = 20;
	const struct row *row;
	struct built b, in = { .len = 0 };

	add_bytes(&in, before);
	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		struct reading got;

		build(&b, &row->h);
		memcpy(in.bytes + before, b.bytes, b.len);
		in.len = b.len + before;
		got = packet_read(in.bytes, in.len, in.len, before,
				  row->h.af);
		CHECK(got.kind == row->kind, "%s: %d", row->name, got.kind);
		if (row->kind == OTHER)
			continue;
		CHECK(got.pkt.len == b.len, "%s: %u", row->name, got.pkt.len);
		CHECK(has_addresses(row, &got.pkt), "%s", row->name);
		if (row->kind == FRAGMENT)
			continue;
		CHECK(got.pkt.l4_off == b.l4 + before, "%s: %u", row->name,
		      got.pkt.l4_off);
		CHECK(row->kind == ERROR ||
		      !memcmp(&got.pkt.tuple.sport, b.bytes + b.l4, 2), "%s",
		      row->name);
	}
}

/*
 * Padding isn't the packet's, not even if it looks like the header's rest; one that
 * says it is longer than it is, isn't one.
 */
static void stated(const void *arg)
{
	static const struct headers tcp4 = IPV4(), tcp6 = IPV6(CHAIN(1, HOP));
	static const struct headers *const h[] = { &tcp4, &tcp6 };
	struct built b;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(h); i++) {
		unsigned int base = h[i]->af == AF_INET ? 0 : 40;
		unsigned int at = h[i]->af == AF_INET ? 2 : 4;
		unsigned int len;

		build(&b, h[i]);
		for (len = base + 1; len <= b.len + 2; len++) {
			enum lbvs_kind kind = len >= b.l4 + 20 && len <= b.len ?
					      FLOW : OTHER;

			b.bytes[at] = (len - base) >> 8;
			b.bytes[at + 1] = len - base;
			CHECK(packet_check(b.bytes, b.len, b.l4,
					   h[i]->af).kind == kind,
			      "%u of %u bytes", len, b.len);
		}
	}
}

/* ICMP's errors are three, ICMPv6's the lower half; codes don't matter. */
static void icmp_types(const void *arg)
{
	static const struct headers icmp = IPV4(.proto = IPPROTO_ICMP);
	static const struct headers icmpv6 = IPV6(.proto = IPPROTO_ICMPV6);
	struct built b4, b6;
	unsigned int i;

	build(&b4, &icmp);
	build(&b6, &icmpv6);
	for (i = 0; i < 256 * 256; i++) {
		unsigned int type = i >> 8;
		bool error4 = type == 3 || type == 11 || type == 12;
		enum lbvs_kind kind;

		b4.bytes[b4.l4] = type;
		b4.bytes[b4.l4 + 1] = i;
		kind = packet_read(b4.bytes, b4.len, b4.len, 0, AF_INET).kind;
		CHECK(kind == (error4 ? ERROR : OTHER),
		      "ICMP, type %u, code %u: %d", type, i & 255, kind);
		b6.bytes[b6.l4] = type;
		b6.bytes[b6.l4 + 1] = i;
		kind = packet_read(b6.bytes, b6.len, b6.len, 0, AF_INET6).kind;
		CHECK(kind == (type < 128 ? ERROR : OTHER),
		      "ICMPv6, type %u, code %u: %d", type, i & 255, kind);
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
	struct reading got;
	unsigned int set;
	struct built b;

	build(&b, &row->h);
	for (set = 0; set < 256; set++) {
		b.bytes[b.l4 + 13] = set;
		got = packet_read(b.bytes, b.len, b.len, 0, row->h.af);
		CHECK(got.kind == FLOW, "flags %#x: %d", set, got.kind);
		CHECK(got.pkt.event == event_of(set),
		      "flags %#x: %d, not %d", set, got.pkt.event,
		      event_of(set));
	}
}

static void random_packets(const void *arg)
{
	static struct built seeds[ARRAY_SIZE(rows)];
	unsigned int i, rounds = 200000, count[ARRAY_SIZE(kinds)] = { 0 };
	struct built b;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		build(&seeds[i], &rows[i].h);
	for (i = 0; i < rounds; i++) {
		u32 seed = rnd(ARRAY_SIZE(rows));

		b.len = seeds[seed].len;
		memcpy(b.bytes, seeds[seed].bytes, b.len);
		mutate(&b);
		count[packet_check(b.bytes, b.len, rnd(b.len + 1),
				   rows[seed].h.af).kind]++;
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		printf("# %u of %u random packets are %s\n", count[i], rounds,
		       kinds[i]);
		CHECK(count[i] > rounds / 100, "%u: hardly tried", count[i]);
	}
}

#define OPTIONS_MAX 40

/**
 * struct options - options of a TCP header
 * @name: what is special about them
 * @flags: of the header
 * @off: offset of the MSS in @bytes; 0 if there is none to be found
 * @len: how many @bytes belong to the header
 * @bytes: they
 */
struct options {
	const char *name;
	u8 flags;
	u8 off;
	u8 len;
	u8 bytes[OPTIONS_MAX];
};

#define MSS "\2\4\5\xb4"
#define NOP "\1"
#define NOP4 "\1\1\1\1"
#define EOL "\0"
#define SCALE "\3\3\7"
#define SACK "\4\2"
#define TIMES "\10\12\2\4\3\4\5\6\7\10"

static const struct options options[] = {
	{ "SYN, first", SYN, 2, 4, MSS },
	{ "SYN-ACK, first", SYN | ACK, 2, 4, MSS },
	{ "SYN, as Linux sends it", SYN, 2, 20, MSS SACK TIMES NOP SCALE },
	{ "SYN, 0", SYN, 2, 4, "\2\4\0\0" },
	{ "SYN, the greatest", SYN, 2, 4, "\2\4\xff\xff" },
	{ "SYN, after a NOP", SYN, 3, 8, NOP MSS },
	{ "SYN, after NOPs, at the end", SYN, 6, 8, NOP4 MSS },
	{ "SYN, after others", SYN, 17, 20, SCALE SACK TIMES MSS NOP },
	{ "SYN, last of the most", SYN, 38, 40,
	  TIMES TIMES TIMES SCALE SCALE MSS },
	{ "SYN, the first of two", SYN, 2, 8, MSS "\2\4\1\2" },
	{ "SYN, after one of 3 bytes", SYN, 5, 8, "\2\3\11" MSS },
	{ "SYN, none", SYN, 0, 12, SCALE NOP SACK NOP NOP NOP4 },
	{ "SYN, no options", SYN, 0, 0, MSS },
	{ "SYN, after the end", SYN, 0, 8, EOL MSS },
	{ "SYN, after the header", SYN, 0, 4, NOP4 MSS },
	{ "SYN, half behind the header", SYN, 0, 8, NOP4 NOP NOP MSS },
	{ "SYN, a byte behind the header", SYN, 0, 8, NOP4 NOP MSS },
	{ "SYN, after an option of no length", SYN, 0, 8, "\11\0" MSS },
	{ "SYN, after an option of length 1", SYN, 0, 8, "\11\1" MSS },
	{ "SYN, after an option that is too long", SYN, 0, 8, "\11\xff" MSS },
	{ "SYN, inside another", SYN, 0, 8, "\11\10" MSS },
	{ "SYN, of 5 bytes", SYN, 0, 8, "\2\5\5\xb4\0" },
	{ "SYN, of no length", SYN, 0, 8, "\2\0\5\xb4" },
	{ "ACK", ACK, 0, 4, MSS },
	{ "FIN", FIN | ACK, 0, 4, MSS },
	{ "RST", RST, 0, 4, MSS },
	{ "SYN and FIN", SYN | FIN, 0, 4, MSS },
	{ "no flags", 0, 0, 4, MSS },
};

/* A packet with such options, at every length and split. */
static void mss_of(const struct options *o, const struct headers *h)
{
	unsigned int len, split, end;
	struct built b;

	build(&b, h);
	b.bytes[b.l4 + 12] = (5 + o->len / 4) << 4;
	b.bytes[b.l4 + 13] = o->flags;
	memcpy(b.bytes + b.l4 + 20, o->bytes, OPTIONS_MAX);
	end = b.l4 + 20 + o->len;
	for (len = b.l4 + 20; len <= b.len; len++) {
		unsigned int off = o->off && len >= end ?
				   b.l4 + 20 + o->off : 0;

		for (split = 0; split <= len; split++) {
			struct lbvs_mss got =
				packet_check(b.bytes, len, split, h->af).mss;

			CHECK(got.off == off,
			      "af %u, %u bytes split at %u: at %u, not %u",
			      h->af, len, split, got.off, off);
		}
	}
}

static void mss(const void *arg)
{
	static const struct headers ipv4 = IPV4(.doff = 15, .ihl = 6);
	static const struct headers ipv6 = IPV6(.doff = 15, CHAIN(1, DST));

	mss_of(arg, &ipv4);
	mss_of(arg, &ipv6);
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
	unsigned int i;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		tap_case(whole, row, "%s is %s", row->name, kinds[row->kind]);
		if (row->kind != OTHER)
			tap_case(truncated, row, "%s, cut short", row->name);
		if (row->kind == FLOW && row->h.proto == IPPROTO_TCP &&
		    !row->h.chain_len)
			tap_case(all_flags, row, "%s, all flags", row->name);
	}
	for (i = 0; i < ARRAY_SIZE(options); i++)
		tap_case(mss, &options[i], "TCP MSS in a %s: %s", options[i].name,
			 options[i].off ? "found" : "not found");
	tap_case(stated, NULL, "the length that the IP header states");
	tap_case(icmp_types, NULL, "every ICMP and ICMPv6 type");
	tap_case(offset, NULL, "IP header after other data");
	tap_case(random_packets, NULL, "random packets");
	tap_case(addresses, NULL, "comparing and copying addresses");
	return tap_end();
}
