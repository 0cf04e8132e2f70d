// SPDX-License-Identifier: GPL-2.0
/*
 * Hand bytes to the parser as a packet, and see to what holds for any packet.
 * Each piece is a heap block of just its size, so that ASAN notices a read past
 * its end.
 */
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

	CHECK(offset >= 0 && len > 0, "offset %d, len %d", offset, len);
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

/*
 * Parse bytes, the first split of which are linear. The IP header is at network;
 * pkt is filled with rubbish before.
 */
bool packet_parse(const u8 *bytes, unsigned int len, unsigned int split,
		  unsigned int network, u8 af, struct lbvs_packet *pkt)
{
	struct sk_buff skb = {
		.data = block(bytes, split),
		.frag = block(bytes + split, len - split),
		.len = len,
		.data_len = len - split,
		.network_offset = network,
	};
	bool taken;

	memset(pkt, 0xa5, sizeof(*pkt));
	taken = lbvs_packet_parse(&skb, af, pkt);
	free(skb.data);
	free(skb.frag);
	return taken;
}

static bool same(const struct lbvs_packet *a, const struct lbvs_packet *b)
{
	return a->event == b->event && a->l4_off == b->l4_off &&
	       a->l4_len == b->l4_len && a->len == b->len &&
	       a->tos == b->tos && a->ttl == b->ttl && a->df == b->df &&
	       !memcmp(&a->tuple, &b->tuple, sizeof(a->tuple));
}

/*
 * What holds for any bytes: in one piece or in two they mean the same, and what
 * is reported was read where it stands.
 */
bool packet_check(const u8 *bytes, unsigned int len, unsigned int split,
		  u8 af)
{
	unsigned int addrs = af == AF_INET ? 12 : 8;
	unsigned int words = af == AF_INET ? 4 : 16;
	struct lbvs_packet pkt, pieces;
	bool taken;

	taken = packet_parse(bytes, len, len, 0, af, &pkt);

	CHECK(packet_parse(bytes, len, split, 0, af, &pieces) == taken,
	      "%u bytes split at %u: in one piece %d", len, split, taken);
	if (!taken)
		return false;
	CHECK(same(&pkt, &pieces), "%u bytes split at %u", len, split);
	CHECK(pkt.len == len && pkt.l4_len >= 8 &&
	      pkt.l4_off + pkt.l4_len <= len,
	      "len %u, l4_off %u, l4_len %u", pkt.len, pkt.l4_off, pkt.l4_len);
	CHECK(pkt.tuple.af == af && bytes[0] >> 4 == (af == AF_INET ? 4 : 6),
	      "af %u, version %u", pkt.tuple.af, bytes[0] >> 4);
	CHECK(pkt.tuple.proto == IPPROTO_TCP || pkt.tuple.proto == IPPROTO_UDP,
	      "proto %u", pkt.tuple.proto);
	CHECK(!memcmp(pkt.tuple.saddr, bytes + addrs, words) &&
	      !memcmp(pkt.tuple.daddr, bytes + addrs + words, words) &&
	      !memcmp(&pkt.tuple.sport, bytes + pkt.l4_off, 2) &&
	      !memcmp(&pkt.tuple.dport, bytes + pkt.l4_off + 2, 2),
	      "addresses or ports are not those of the packet");
	return true;
}
