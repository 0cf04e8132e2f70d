// SPDX-License-Identifier: GPL-2.0
/*
 * Hand bytes to the parser as a packet, and see to what holds for any packet.
 * Each piece is a heap block of just its size, so that ASAN notices a read past
 * its end.
 */
#include "packet_parse.h"
#include "packets.h"
#include "tap.h"

static void copy_bits(const struct sk_buff *skb, unsigned int offset, u8 *to,
		      unsigned int len)
{
	unsigned int headlen = skb->len - skb->data_len;

	for (; len; len--, offset++)
		*to++ = offset < headlen ? skb->data[offset] :
					   skb->frag[offset - headlen];
}

void *skb_header_pointer(const struct sk_buff *skb, int offset, int len,
			 void *buffer)
{
	int headlen = skb->len - skb->data_len;

	CHECK(offset >= 0 && len >= 0, "offset %d, len %d", offset, len);
	if (offset + len <= headlen)
		return skb->data + offset;
	if (offset + len > (int)skb->len)
		return NULL;
	copy_bits(skb, offset, buffer, len);
	return buffer;
}

static u8 *block(const u8 *bytes, unsigned int len)
{
	u8 *copy = malloc(len);

	CHECK(copy, "no memory");
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

static unsigned int read_quotes(const struct sk_buff *skb, struct reading *got)
{
	unsigned int depth = 0;

	if (!lbvs_packet_quote(skb, &got->pkt, &got->quote[0]))
		return depth;
	while (++depth < DEPTH_MAX)
		if (!lbvs_packet_unwrap(skb, &got->quote[depth - 1],
					&got->quote[depth]))
			break;
	return depth;
}

/* As lbvs does: of a SYN alone. */
static struct lbvs_mss read_mss(const struct sk_buff *skb,
				const struct reading *got)
{
	struct lbvs_mss none = {};

	if (got->kind != LBVS_KIND_FLOW || (got->pkt.event != LBVS_TCP_SYN &&
					    got->pkt.event != LBVS_TCP_SYNACK))
		return none;
	return lbvs_packet_mss(skb, got->pkt.l4_off);
}

/* Bytes, the first split of which are linear. The IP header is at network. */
static struct sk_buff make_skb(const u8 *bytes, unsigned int len,
			       unsigned int split, unsigned int network)
{
	return (struct sk_buff) {
		.data = block(bytes, split),
		.frag = block(bytes + split, len - split),
		.len = len,
		.data_len = len - split,
		.network_offset = network,
	};
}

static void free_skb(struct sk_buff *skb)
{
	free(skb->data);
	free(skb->frag);
}

/* Parse such bytes; what the parser fills in is rubbish before. */
struct reading packet_read(const u8 *bytes, unsigned int len,
			   unsigned int split, unsigned int network, u8 af)
{
	struct sk_buff skb = make_skb(bytes, len, split, network);
	struct reading got;

	memset(&got, 0xa5, sizeof(got));
	got.kind = lbvs_packet_parse(&skb, af, &got.pkt);
	got.mss = read_mss(&skb, &got);
	got.depth = got.kind == LBVS_KIND_ERROR ? read_quotes(&skb, &got) : 0;
	free_skb(&skb);
	return got;
}

static bool same_tuple(const struct lbvs_tuple *a, const struct lbvs_tuple *b)
{
	return a->af == b->af && a->proto == b->proto &&
	       a->sport == b->sport && a->dport == b->dport &&
	       lbvs_addr_equal(a->af, a->saddr, b->saddr) &&
	       lbvs_addr_equal(a->af, a->daddr, b->daddr);
}

static bool same_packet(const struct lbvs_packet *a,
			const struct lbvs_packet *b)
{
	return a->event == b->event && a->l4_off == b->l4_off &&
	       a->l4_len == b->l4_len && a->len == b->len &&
	       a->tos == b->tos && a->ttl == b->ttl && a->df == b->df &&
	       a->options == b->options && same_tuple(&a->tuple, &b->tuple);
}

static bool same(const struct reading *a, const struct reading *b)
{
	unsigned int i;

	if (a->kind != b->kind || a->depth != b->depth ||
	    a->mss.off != b->mss.off || a->mss.value != b->mss.value)
		return false;
	if (a->kind == LBVS_KIND_OTHER)
		return true;
	for (i = 0; i < a->depth; i++)
		if (!same_tuple(&a->quote[i].tuple, &b->quote[i].tuple) ||
		    a->quote[i].off != b->quote[i].off ||
		    a->quote[i].l4_off != b->quote[i].l4_off ||
		    a->quote[i].df != b->quote[i].df)
			return false;
	return same_packet(&a->pkt, &b->pkt);
}

/* The addresses of the IP header at off, and that it is one. */
static void check_addresses(const u8 *bytes, unsigned int len,
			    unsigned int off, const struct lbvs_tuple *tuple)
{
	bool ipv4 = tuple->af == AF_INET;
	const u8 *addrs = bytes + off + (ipv4 ? 12 : 8);
	unsigned int size = ipv4 ? 4 : 16;

	CHECK(ipv4 || tuple->af == AF_INET6, "af %u", tuple->af);
	CHECK(len >= off && len - off >= (ipv4 ? 20 : 40),
	      "a header at %u of %u", off, len);
	CHECK(bytes[off] >> 4 == (ipv4 ? 4 : 6), "version %u",
	      bytes[off] >> 4);
	CHECK(!memcmp(tuple->saddr, addrs, size) &&
	      !memcmp(tuple->daddr, addrs + size, size),
	      "addresses are not those of the packet");
}

static void check_ports(const u8 *bytes, unsigned int len, unsigned int off,
			const struct lbvs_tuple *tuple)
{
	CHECK(len >= off && len - off >= 4, "ports at %u of %u", off, len);
	CHECK(!memcmp(&tuple->sport, bytes + off, 2) &&
	      !memcmp(&tuple->dport, bytes + off + 2, 2),
	      "ports are not those of the packet");
}

static void check_quote(const u8 *bytes, unsigned int len,
			const struct lbvs_quote *quote)
{
	const u8 *header = bytes + quote->off;
	bool ipv4 = quote->tuple.af == AF_INET;

	check_addresses(bytes, len, quote->off, &quote->tuple);
	CHECK(quote->l4_off >= quote->off + (ipv4 ? 20 : 40),
	      "l4_off %u, off %u", quote->l4_off, quote->off);
	check_ports(bytes, len, quote->l4_off, &quote->tuple);
	CHECK(quote->df == (!ipv4 || header[6] & 0x40), "df %d", quote->df);
	CHECK(!ipv4 || !(header[6] & 0x1f || header[7]),
	      "not the first fragment");
}

static void check_error(const u8 *bytes, unsigned int len,
			const struct reading *got)
{
	const u8 *icmp = bytes + got->pkt.l4_off;
	bool ipv4 = got->pkt.tuple.af == AF_INET;
	unsigned int i, from = got->pkt.l4_off + 8;
	u32 info = icmp[6] << 8 | icmp[7];

	if (!ipv4)
		info |= (u32)icmp[4] << 24 | icmp[5] << 16;
	CHECK(got->pkt.tuple.proto == (ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6),
	      "proto %u", got->pkt.tuple.proto);
	if (!got->depth)
		return;
	CHECK(got->quote[0].off == from &&
	      got->quote[0].tuple.af == got->pkt.tuple.af,
	      "quote at %u, not %u; af %u", got->quote[0].off, from,
	      got->quote[0].tuple.af);
	CHECK(got->quote[0].type == icmp[0] && got->quote[0].code == icmp[1] &&
	      got->quote[0].info == info, "type %u, code %u, info %u",
	      got->quote[0].type, got->quote[0].code, got->quote[0].info);
	for (i = 0; i < got->depth; i++) {
		CHECK(got->quote[i].off >= from, "depth %u at %u", i,
		      got->quote[i].off);
		check_quote(bytes, len, &got->quote[i]);
		from = got->quote[i].l4_off;
	}
}

static void check_mss(const u8 *bytes, unsigned int len, unsigned int l4_off,
		      const struct lbvs_mss *mss)
{
	const u8 *tcp = bytes + l4_off, *there = bytes + mss->off;
	unsigned int end = l4_off + (tcp[12] >> 4) * 4;

	CHECK(mss->off >= l4_off + 22 && mss->off + 2 <= end && end <= len,
	      "MSS at %u, options end at %u of %u", mss->off, end, len);
	CHECK(there[-2] == 2 && there[-1] == 4, "option %u of length %u",
	      there[-2], there[-1]);
	CHECK(mss->value == (there[0] << 8 | there[1]), "MSS %u", mss->value);
}

static void check_flow(const u8 *bytes, unsigned int len,
		       const struct lbvs_packet *pkt)
{
	CHECK(pkt->tuple.proto == IPPROTO_TCP ||
	      pkt->tuple.proto == IPPROTO_UDP, "proto %u", pkt->tuple.proto);
	check_ports(bytes, len, pkt->l4_off, &pkt->tuple);
}

/* What the IP header says; 0 stands for all that is there. */
static unsigned int stated_len(const u8 *bytes, unsigned int len, u8 af)
{
	unsigned int stated = af == AF_INET ? get_unaligned_be16(bytes + 2) :
					      get_unaligned_be16(bytes + 4);

	if (!stated)
		return len;
	return af == AF_INET ? stated : stated + 40;
}

/* Whether the fast path has to understand it: nothing is odd, all is in one piece. */
static bool is_plain(const struct reading *got, unsigned int split, u8 af,
		     unsigned int stated)
{
	unsigned int ip_len = af == AF_INET ? 20 : 40;

	return got->kind == LBVS_KIND_FLOW && got->pkt.l4_off == ip_len &&
	       split >= ip_len + got->pkt.l4_len && stated;
}

/*
 * The fast path's reading is the full one's, or none. Where it takes a packet for a
 * fragment, so does the other.
 */
static void check_plain(const struct sk_buff *skb, u8 af,
			const struct reading *got, bool plain)
{
	struct lbvs_packet pkt;
	enum lbvs_kind kind;

	memset(&pkt, 0x5a, sizeof(pkt));
	kind = lbvs_parse(skb, af, &pkt, true);
	CHECK(kind == LBVS_KIND_OTHER || kind == got->kind,
	      "kind %d on the fast path, %d beside it", kind, got->kind);
	CHECK(kind == LBVS_KIND_FLOW || !plain,
	      "kind %d on the fast path: a plain packet", kind);
	CHECK(kind != LBVS_KIND_FLOW || same_packet(&pkt, &got->pkt),
	      "the fast path reads something else");
	CHECK(kind != LBVS_KIND_FLOW || (!pkt.options && !pkt.quote),
	      "the fast path takes IP options");
}

/* The first glance lets nothing pass that is a flow with other ends. */
static void check_glance(const struct sk_buff *skb, u8 af,
			 const struct reading *got, bool plain)
{
	struct lbvs_glance glance;

	if (!lbvs_packet_glance(skb, af, &glance)) {
		CHECK(!plain, "no glance at a plain packet");
		return;
	}
	CHECK(got->kind != LBVS_KIND_FLOW ||
	      (lbvs_addr_equal(af, glance.saddr, got->pkt.tuple.saddr) &&
	       lbvs_addr_equal(af, glance.daddr, got->pkt.tuple.daddr)),
	      "a glance sees other addresses");
}

static void check_fast(const u8 *bytes, unsigned int len, unsigned int split,
		       u8 af, const struct reading *got)
{
	struct sk_buff skb = make_skb(bytes, len, split, 0);
	bool plain = is_plain(got, split, af, len < 6 ? 0 :
			      get_unaligned_be16(bytes + (af == AF_INET ? 2 : 4)));

	check_plain(&skb, af, got, plain);
	check_glance(&skb, af, got, plain);
	free_skb(&skb);
}

/* A hardware header; aligned, as some CPUs want the IP header behind it. */
#define BEHIND 16

/* Behind something else it means the same. */
static void check_behind(const u8 *bytes, unsigned int len, u8 af,
			 const struct reading *got)
{
	u8 *behind = malloc(len + BEHIND);
	struct reading other;
	unsigned int i;

	CHECK(behind, "no memory");
	memset(behind, 0x45, BEHIND);
	if (len)
		memcpy(behind + BEHIND, bytes, len);
	other = packet_read(behind, len + BEHIND, len + BEHIND, BEHIND, af);
	free(behind);
	if (other.kind != LBVS_KIND_OTHER) {
		other.pkt.l4_off -= BEHIND;
		if (other.mss.off)
			other.mss.off -= BEHIND;
	}
	for (i = 0; i < other.depth; i++) {
		other.quote[i].off -= BEHIND;
		other.quote[i].l4_off -= BEHIND;
	}
	CHECK(same(got, &other), "kind %d, not %d, at an offset; depth %u, not %u",
	      other.kind, got->kind, other.depth, got->depth);
}

/*
 * What holds for any bytes: in one piece or in two they mean the same, at any
 * place, and to the fast path if that takes them; and what is reported was read
 * where it stands.
 */
struct reading packet_check(const u8 *bytes, unsigned int len,
			    unsigned int split, u8 af)
{
	struct reading got = packet_read(bytes, len, len, 0, af);
	struct reading pieces = packet_read(bytes, len, split, 0, af);
	const struct lbvs_packet *pkt = &got.pkt;

	CHECK(same(&got, &pieces),
	      "%u bytes split at %u: kind %d, not %d; depth %u, not %u", len,
	      split, pieces.kind, got.kind, pieces.depth, got.depth);
	check_fast(bytes, len, len, af, &got);
	check_fast(bytes, len, split, af, &got);
	check_behind(bytes, len, af, &got);
	if (got.kind == LBVS_KIND_OTHER)
		return got;
	CHECK(pkt->len <= len && pkt->len == stated_len(bytes, len, af) &&
	      pkt->tuple.af == af && !pkt->quote,
	      "len %u, af %u", pkt->len, pkt->tuple.af);
	if (got.mss.off)
		check_mss(bytes, len, pkt->l4_off, &got.mss);
	check_addresses(bytes, len, 0, &pkt->tuple);
	if (got.kind == LBVS_KIND_FRAGMENT)
		return got;
	CHECK(pkt->l4_len >= 8 && pkt->l4_off + pkt->l4_len <= pkt->len,
	      "l4_off %u, l4_len %u of %u", pkt->l4_off, pkt->l4_len, pkt->len);
	if (got.kind == LBVS_KIND_ERROR)
		check_error(bytes, len, &got);
	else
		check_flow(bytes, len, pkt);
	return got;
}
