// SPDX-License-Identifier: GPL-2.0
/* What ICMP errors quote, and what is inside of that: kmod/packet.c. */
#include <stdio.h>

#include "build.h"
#include "packets.h"
#include "tap.h"

#define SHIM_MAX 12

/**
 * struct layer - a quoted header
 * @ip: it
 * @shim_len: length of @shim
 * @shim: what stands between it and the next one
 */
struct layer {
	struct headers ip;
	u8 shim_len;
	u8 shim[SHIM_MAX];
};

/**
 * struct row - an error
 * @name: what is special about it
 * @depth: so many of its layers can be read
 * @error: its own headers
 * @layers: how many there are
 * @layer: what is quoted, and what is inside of that
 */
struct row {
	const char *name;
	unsigned int depth;
	struct headers error;
	unsigned int layers;
	struct layer layer[DEPTH_MAX];
};

#define ERROR4(...) IPV4(.proto = IPPROTO_ICMP, .type = 3, __VA_ARGS__)
#define ERROR6(...) IPV6(.proto = IPPROTO_ICMPV6, .type = 1, __VA_ARGS__)
#define PROTO(name) .proto = IPPROTO_ ## name
#define ESP .proto = NEXTHDR_ESP

/* A quoted header as it is, and one with something before the next header. */
#define L4(...) { .ip = IPV4(__VA_ARGS__) }
#define L6(...) { .ip = IPV6(__VA_ARGS__) }
#define GUE(...) .shim_len = 12, \
	.shim = { 0xc3, 0x21, 0x17, 0xc0, 0, 99, 0, 0, __VA_ARGS__ }
#define GRE(...) .shim_len = 4, .shim = { __VA_ARGS__ }
#define GUE4(...) { .ip = IPV4(UDP), GUE(__VA_ARGS__) }
#define GUE6(...) { .ip = IPV6(UDP), GUE(__VA_ARGS__) }
#define GRE4(...) { .ip = IPV4(PROTO(GRE)), GRE(__VA_ARGS__) }
#define GRE6(...) { .ip = IPV6(PROTO(GRE)), GRE(__VA_ARGS__) }

/* A plain quote, a tunnel's, and one tunnel's in another. */
#define ONE(what, is_read, error, quote) \
	{ what, is_read, error, 1, { quote } }
#define TWO(what, depth, error, outer, inner) \
	{ what, depth, error, 2, { outer, inner } }
#define THREE(what, depth, error, outer, middle, inner) \
	{ what, depth, error, 3, { outer, middle, inner } }

static const struct row rows[] = {
	ONE("IPv4, TCP", 1, ERROR4(), L4()),
	ONE("IPv4, UDP", 1, ERROR4(.type = 11), L4(UDP)),
	ONE("IPv4, TCP, don't fragment", 1, ERROR4(), L4(.frag = 0x4000)),
	ONE("IPv4, the reserved bit", 1, ERROR4(), L4(.frag = 0x8000)),
	ONE("IPv4, options", 1, ERROR4(.type = 12), L4(.ihl = 6)),
	ONE("IPv4, the most options", 1, ERROR4(), L4(.ihl = 15, UDP)),
	ONE("IPv4, options of the error", 1, ERROR4(.ihl = 9), L4()),
	ONE("IPv4, SCTP", 1, ERROR4(), L4(PROTO(SCTP))),
	ONE("IPv4, ICMP echo", 1, ERROR4(), L4(PROTO(ICMP), .type = 8)),
	ONE("IPv4, TCP header of no words", 1, ERROR4(), L4(.doff = ZERO)),
	ONE("IPv4, first fragment", 1, ERROR4(), L4(.frag = 0x2000)),
	ONE("IPv4, middle fragment", 0, ERROR4(), L4(.frag = 0x2001)),
	ONE("IPv4, last fragment", 0, ERROR4(), L4(.frag = 0x0100, UDP)),
	ONE("IPv4, version 0", 0, ERROR4(), L4(.version = ZERO)),
	ONE("IPv4, version 6", 0, ERROR4(), L4(.version = 6)),
	ONE("IPv4, an IPv6 header", 0, ERROR4(), L6()),
	ONE("IPv4, header of no words", 0, ERROR4(), L4(.ihl = ZERO)),
	ONE("IPv4, header of four words", 0, ERROR4(), L4(.ihl = 4)),

	ONE("IPv6, TCP", 1, ERROR6(), L6()),
	ONE("IPv6, UDP", 1, ERROR6(.type = 2), L6(UDP)),
	ONE("IPv6, SCTP", 1, ERROR6(.type = 3), L6(PROTO(SCTP))),
	ONE("IPv6, AH", 1, ERROR6(), L6(PROTO(AH))),
	ONE("IPv6, extension headers", 1, ERROR6(.type = 4),
	    L6(CHAIN(3, HOP, DST, RTH), UDP)),
	ONE("IPv6, long extension headers", 1, ERROR6(),
	    L6(CHAIN(2, RTH, DST), .hdrlen = 9)),
	ONE("IPv6, most extension headers", 1, ERROR6(),
	    L6(CHAIN(7, HOP, DST, RTH, DST, DST, DST, DST))),
	ONE("IPv6, one extension header too many", 0, ERROR6(),
	    L6(CHAIN(8, HOP, DST, RTH, DST, DST, DST, DST, DST))),
	ONE("IPv6, extension headers of the error", 1,
	    ERROR6(CHAIN(2, HOP, DST)), L6(CHAIN(1, HOP))),
	ONE("IPv6, routing header that isn't used up", 0, ERROR6(),
	    L6(CHAIN(1, RTH), .segments_left = 1)),
	ONE("IPv6, first fragment", 1, ERROR6(),
	    L6(CHAIN(1, FRG), .frag = 0x0001)),
	ONE("IPv6, first fragment, extension headers", 1, ERROR6(),
	    L6(CHAIN(3, HOP, FRG, DST), .frag = 0x0001)),
	ONE("IPv6, first fragment, one within the other", 0, ERROR6(),
	    L6(CHAIN(2, FRG, FRG), .frag = 0x0001)),
	ONE("IPv6, all of it in one fragment", 1, ERROR6(),
	    L6(CHAIN(1, FRG))),
	ONE("IPv6, middle fragment", 0, ERROR6(),
	    L6(CHAIN(1, FRG), .frag = 0x0009)),
	ONE("IPv6, last fragment, after another header", 0, ERROR6(),
	    L6(CHAIN(2, DST, FRG), .frag = 0x8000)),
	ONE("IPv6, version 4", 0, ERROR6(), L6(.version = 4)),
	ONE("IPv6, an IPv4 header", 0, ERROR6(), L4()),

	TWO("IPv4, an error", 1, ERROR4(), L4(PROTO(ICMP), .type = 3), L4()),
	TWO("IPv6, an error", 1, ERROR6(), L6(PROTO(ICMPV6), .type = 1),
	    L6()),

	TWO("IPIP", 2, ERROR4(), L4(PROTO(IPIP)), L4()),
	TWO("IPIP, don't fragment outside", 2, ERROR4(),
	    L4(PROTO(IPIP), .frag = 0x4000), L4(UDP)),
	TWO("IPIP, don't fragment inside", 2, ERROR4(), L4(PROTO(IPIP)),
	    L4(UDP, .frag = 0x4000)),
	TWO("IPIP, options", 2, ERROR4(.ihl = 6), L4(PROTO(IPIP), .ihl = 7),
	    L4(.ihl = 8)),
	TWO("IPIP, first fragment inside", 2, ERROR4(), L4(PROTO(IPIP)),
	    L4(.frag = 0x2000)),
	TWO("IPIP, middle fragment inside", 1, ERROR4(), L4(PROTO(IPIP)),
	    L4(.frag = 0x2010)),
	TWO("IPIP, first fragment outside", 2, ERROR4(),
	    L4(PROTO(IPIP), .frag = 0x2000), L4()),
	TWO("IPIP, last fragment outside", 0, ERROR4(),
	    L4(PROTO(IPIP), .frag = 0x0010), L4()),
	TWO("IPIP, IPv6 inside", 1, ERROR4(), L4(PROTO(IPIP)), L6()),
	TWO("IPIP, header of four words inside", 1, ERROR4(),
	    L4(PROTO(IPIP)), L4(.ihl = 4)),
	TWO("6in4", 2, ERROR4(), L4(PROTO(IPV6)), L6()),
	TWO("6in4, extension headers inside", 2, ERROR4(), L4(PROTO(IPV6)),
	    L6(CHAIN(2, HOP, RTH), UDP)),
	TWO("6in4, middle fragment inside", 1, ERROR4(), L4(PROTO(IPV6)),
	    L6(CHAIN(1, FRG), .frag = 0x0011)),
	TWO("6in4, IPv4 inside", 1, ERROR4(), L4(PROTO(IPV6)), L4()),
	TWO("6in4, version 7 inside", 1, ERROR4(), L4(PROTO(IPV6)),
	    L6(.version = 7)),
	TWO("4in6", 2, ERROR6(), L6(PROTO(IPIP)), L4(UDP)),
	TWO("4in6, extension headers outside", 2, ERROR6(),
	    L6(PROTO(IPIP), CHAIN(1, DST)), L4(.ihl = 15)),
	TWO("4in6, IPv6 inside", 1, ERROR6(), L6(PROTO(IPIP)), L6()),
	TWO("6in6", 2, ERROR6(), L6(PROTO(IPV6)), L6()),
	TWO("6in6, first fragment outside", 2, ERROR6(),
	    L6(PROTO(IPV6), CHAIN(1, FRG), .frag = 0x0001), L6()),
	TWO("6in6, last fragment outside", 0, ERROR6(),
	    L6(PROTO(IPV6), CHAIN(1, FRG), .frag = 0x0010), L6()),

	TWO("GUE, 4 in 4", 2, ERROR4(), GUE4(0, IPPROTO_IPIP), L4()),
	TWO("GUE, 6 in 4", 2, ERROR4(), GUE4(0, IPPROTO_IPV6), L6()),
	TWO("GUE, 4 in 6", 2, ERROR6(), GUE6(0, IPPROTO_IPIP), L4(UDP)),
	TWO("GUE, 6 in 6", 2, ERROR6(), GUE6(0, IPPROTO_IPV6), L6(UDP)),
	TWO("GUE, version 1", 1, ERROR4(), GUE4(0x40, IPPROTO_IPIP), L4()),
	TWO("GUE, version 3", 1, ERROR4(), GUE4(0xc0, IPPROTO_IPIP), L4()),
	TWO("GUE, control message", 1, ERROR4(), GUE4(0x20, IPPROTO_IPIP),
	    L4()),
	TWO("GUE, longer header", 1, ERROR4(), GUE4(0x01, IPPROTO_IPIP),
	    L4()),
	TWO("GUE, longest header", 1, ERROR4(), GUE4(0x1f, IPPROTO_IPIP),
	    L4()),
	TWO("GUE, first flag", 1, ERROR4(),
	    GUE4(0, IPPROTO_IPIP, 0x80, 0), L4()),
	TWO("GUE, last flag", 1, ERROR6(), GUE6(0, IPPROTO_IPV6, 0, 0x01),
	    L6()),
	TWO("GUE, nothing inside", 1, ERROR4(), GUE4(0, IPPROTO_NONE), L4()),
	TWO("GUE, protocol 0", 1, ERROR4(), GUE4(0, 0), L4()),
	TWO("GUE, UDP inside", 1, ERROR4(), GUE4(0, IPPROTO_UDP), L4()),
	TWO("GUE, GRE inside", 1, ERROR4(), GUE4(0, IPPROTO_GRE), L4()),
	TWO("GUE, the other family inside", 1, ERROR6(),
	    GUE6(0, IPPROTO_IPIP), L6()),
	TWO("GUE, middle fragment inside", 1, ERROR4(), GUE4(0, IPPROTO_IPIP),
	    L4(.frag = 0x2010)),

	TWO("GRE, 4 in 4", 2, ERROR4(), GRE4(0, 0, 0x08, 0x00), L4()),
	TWO("GRE, 6 in 4", 2, ERROR4(), GRE4(0, 0, 0x86, 0xdd), L6()),
	TWO("GRE, 4 in 6", 2, ERROR6(), GRE6(0, 0, 0x08, 0x00), L4(UDP)),
	TWO("GRE, 6 in 6", 2, ERROR6(), GRE6(0, 0, 0x86, 0xdd), L6(UDP)),
	TWO("GRE with a checksum", 1, ERROR4(), GRE4(0x80, 0, 0x08, 0x00),
	    L4()),
	TWO("GRE with a key", 1, ERROR4(), GRE4(0x20, 0, 0x08, 0x00), L4()),
	TWO("GRE with a sequence number", 1, ERROR6(),
	    GRE6(0x10, 0, 0x86, 0xdd), L6()),
	TWO("GRE, version 1", 1, ERROR4(), GRE4(0, 1, 0x08, 0x00), L4()),
	TWO("GRE, Ethernet inside", 1, ERROR4(), GRE4(0, 0, 0x65, 0x58),
	    L4()),
	TWO("GRE, ARP inside", 1, ERROR4(), GRE4(0, 0, 0x08, 0x06), L4()),
	TWO("GRE, protocol 0", 1, ERROR4(), GRE4(0, 0, 0, 0), L4()),
	TWO("GRE, IPIP's number, no Ethertype", 1, ERROR4(),
	    GRE4(0, 0, 0, IPPROTO_IPIP), L4()),
	TWO("GRE, IPv6's number, no Ethertype", 1, ERROR4(),
	    GRE4(0, 0, 0, IPPROTO_IPV6), L6()),
	TWO("GRE, IPv6 said to be inside", 1, ERROR4(),
	    GRE4(0, 0, 0x86, 0xdd), L4()),
	TWO("GRE, first fragment inside", 2, ERROR6(),
	    GRE6(0, 0, 0x86, 0xdd), L6(CHAIN(1, FRG), .frag = 0x0001)),

	TWO("no tunnel: TCP", 1, ERROR4(), L4(), L4()),
	TWO("no tunnel: ESP", 1, ERROR4(), L4(ESP), L4()),
	TWO("no tunnel: IPv6, ESP", 1, ERROR6(), L6(ESP), L6()),
	TWO("no tunnel: SCTP", 1, ERROR6(), L6(PROTO(SCTP)), L6()),

	THREE("IPIP in IPIP", 3, ERROR4(), L4(PROTO(IPIP)), L4(PROTO(IPIP)),
	      L4()),
	THREE("4in6 in 6in4", 3, ERROR4(), L4(PROTO(IPV6)), L6(PROTO(IPIP)),
	      L4()),
	THREE("GUE in GRE", 3, ERROR4(), GRE4(0, 0, 0x86, 0xdd),
	      GUE6(0, IPPROTO_IPIP), L4(UDP)),
	THREE("GRE in GUE", 3, ERROR6(), GUE6(0, IPPROTO_IPIP),
	      GRE4(0, 0, 0x86, 0xdd), L6()),
	THREE("GRE in GUE with a key", 2, ERROR6(), GUE6(0, IPPROTO_IPIP),
	      GRE4(0x20, 0, 0x86, 0xdd), L6()),
};

/**
 * struct quoting - an error as it goes over the wire
 * @b: it
 * @icmp: where its ICMP header begins
 * @off: where each layer begins
 * @l4: where what follows the layer's header begins
 */
struct quoting {
	struct built b;
	unsigned int icmp;
	unsigned int off[DEPTH_MAX];
	unsigned int l4[DEPTH_MAX];
};

static void add_icmp(struct built *b, u8 type)
{
	u8 icmp[8] = { type, 4, 0, 0, 0x12, 0x34, 0x56, 0x78 };

	memcpy(b->bytes + b->len, icmp, sizeof(icmp));
	b->len += sizeof(icmp);
}

static void build_error(struct quoting *q, const struct row *row)
{
	const struct layer *layer = row->layer;
	unsigned int i;

	memset(q, 0, sizeof(*q));
	add_ip(&q->b, &row->error);
	q->icmp = q->b.len;
	add_icmp(&q->b, row->error.type);
	for (i = 0; i < row->layers; i++, layer++) {
		q->off[i] = q->b.len;
		add_ip(&q->b, &layer->ip);
		q->l4[i] = q->b.len;
		memcpy(q->b.bytes + q->b.len, layer->shim, layer->shim_len);
		q->b.len += layer->shim_len;
		if (i + 1 < row->layers &&
		    (layer->ip.proto == IPPROTO_ICMP ||
		     layer->ip.proto == IPPROTO_ICMPV6))
			add_icmp(&q->b, layer->ip.type);
	}
	add_l4(&q->b, &layer[-1].ip);
}

/* The quotes that got has are those of the row, which begins at before. */
static void check_layers(const struct quoting *q, const struct row *row,
			 const struct reading *got, unsigned int before)
{
	unsigned int i;

	CHECK(got->depth == row->depth, "%s: depth %u", row->name,
	      got->depth);
	for (i = 0; i < row->depth; i++) {
		const struct lbvs_quote *quote = &got->quote[i];
		const struct headers *ip = &row->layer[i].ip;

		CHECK(quote->off == before + q->off[i] &&
		      quote->l4_off == before + q->l4[i],
		      "%s, %u: %u and %u, not %u and %u", row->name, i,
		      quote->off, quote->l4_off, before + q->off[i],
		      before + q->l4[i]);
		CHECK(quote->tuple.af == ip->af &&
		      quote->tuple.proto == ip->proto, "%s, %u: %u, %u",
		      row->name, i, quote->tuple.af, quote->tuple.proto);
		CHECK(!memcmp(&quote->tuple.sport, q->b.bytes + q->l4[i], 4),
		      "%s, %u: %#x, %#x", row->name, i, quote->tuple.sport,
		      quote->tuple.dport);
		CHECK(quote->df == (ip->af == AF_INET6 || ip->frag & IP_DF),
		      "%s, %u: %d", row->name, i, quote->df);
	}
}

/* The whole error, in one piece and split anywhere. */
static void whole(const void *arg)
{
	const struct row *row = arg;
	const struct lbvs_quote *quote;
	struct reading got;
	unsigned int split;
	struct quoting q;

	build_error(&q, row);
	for (split = 0; split <= q.b.len; split++) {
		got = packet_check(q.b.bytes, q.b.len, split, row->error.af);
		CHECK(got.kind == LBVS_KIND_ERROR, "kind %d", got.kind);
		check_layers(&q, row, &got, 0);
	}
	if (!row->depth)
		return;
	quote = &got.quote[0];
	CHECK(quote->type == row->error.type && quote->code == 4, "%u, %u",
	      quote->type, quote->code);
	CHECK(quote->info == (row->error.af == AF_INET ? 0x5678 : 0x12345678),
	      "%#x", quote->info);
}

/* Every shorter error: routers needn't quote much. */
static void truncated(const void *arg)
{
	const struct row *row = arg;
	unsigned int len, split;
	struct quoting q;

	build_error(&q, row);
	for (len = 0; len <= q.b.len; len++) {
		bool error = len >= q.icmp + 8;
		unsigned int depth = 0;

		while (depth < row->depth && len >= q.l4[depth] + 4)
			depth++;
		/* All splits of a long one take long, and show no more. */
		for (split = len > 200 ? len - 50 : 0; split <= len; split++) {
			struct reading got =
				packet_check(q.b.bytes, len, split,
					     row->error.af);

			CHECK(error == (got.kind == LBVS_KIND_ERROR),
			      "%u of %u bytes: kind %d", len, q.b.len,
			      got.kind);
			CHECK(got.depth == depth,
			      "%u of %u bytes, split at %u: depth %u, not %u",
			      len, q.b.len, split, got.depth, depth);
		}
	}
}

/* Offsets are from the beginning of the data, not of the error. */
static void offset(const void *arg)
{
	const unsigned int before = 14;
	struct built in = { .len = 0 };
	const struct row *row;
	struct quoting q;

	add_bytes(&in, before);
	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		struct reading got;

		build_error(&q, row);
		memcpy(in.bytes + before, q.b.bytes, q.b.len);
		got = packet_read(in.bytes, before + q.b.len, before, before,
				  row->error.af);
		check_layers(&q, row, &got, before);
	}
}

/* What is behind an outer header is nothing but the protocols we send. */
static void protocols(const void *arg)
{
	static const struct row inner4 = TWO("", 1, ERROR4(), L4(), L4());
	static const struct row inner6 = TWO("", 1, ERROR4(), L4(), L6());
	struct quoting q4, q6;
	unsigned int proto;

	build_error(&q4, &inner4);
	build_error(&q6, &inner6);
	for (proto = 0; proto < 256; proto++) {
		struct reading got;

		q4.b.bytes[q4.off[0] + 9] = proto;
		got = packet_check(q4.b.bytes, q4.b.len, 0, AF_INET);
		CHECK(got.depth == (proto == IPPROTO_IPIP ? 2 : 1),
		      "IPv4 behind protocol %u: %u", proto, got.depth);
		q6.b.bytes[q6.off[0] + 9] = proto;
		got = packet_check(q6.b.bytes, q6.b.len, 0, AF_INET);
		CHECK(got.depth == (proto == IPPROTO_IPV6 ? 2 : 1),
		      "IPv6 behind protocol %u: %u", proto, got.depth);
	}
}

static void random_errors(const void *arg)
{
	static struct quoting seeds[ARRAY_SIZE(rows)];
	unsigned int i, rounds = 200000, count[DEPTH_MAX + 1] = { 0 };
	struct built b;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		build_error(&seeds[i], &rows[i]);
	for (i = 0; i < rounds; i++) {
		u32 seed = rnd(ARRAY_SIZE(rows));

		b.len = seeds[seed].b.len;
		memcpy(b.bytes, seeds[seed].b.bytes, b.len);
		mutate(&b);
		count[packet_check(b.bytes, b.len, rnd(b.len + 1),
				   rows[seed].error.af).depth]++;
	}
	for (i = 0; i <= DEPTH_MAX; i++) {
		printf("# %u of %u random errors are read to depth %u\n",
		       count[i], rounds, i);
		CHECK(count[i] > rounds / 200, "%u: hardly tried", count[i]);
	}
}

int main(void)
{
	const struct row *row;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		tap_case(whole, row, "%s: %u of %u quoted headers are read",
			 row->name, row->depth, row->layers);
		tap_case(truncated, row, "%s, cut short", row->name);
	}
	tap_case(offset, NULL, "error after other data");
	tap_case(protocols, NULL, "every protocol of an outer packet");
	tap_case(random_errors, NULL, "random errors");
	return tap_end();
}
