// SPDX-License-Identifier: GPL-2.0
/* Packets, right or wrong as a case wants them. */
#include "build.h"

static u8 given(u8 field, u8 right)
{
	return field == ZERO ? 0 : field ? field : right;
}

/* Bytes that differ from each other and from other numbers in the packet. */
void add_bytes(struct built *b, unsigned int len)
{
	for (; len; len--, b->len++)
		b->bytes[b->len] = 0x61 + b->len % 89;
}

static void add_ipv4(struct built *b, const struct headers *h)
{
	u8 *header = b->bytes + b->len, ihl = given(h->ihl, 5);

	add_bytes(b, ihl < 5 ? 20 : ihl * 4);
	header[0] = given(h->version, 4) << 4 | ihl;
	header[1] = TOS;
	header[6] = h->frag >> 8;
	header[7] = h->frag;
	header[8] = TTL;
	header[9] = given(h->proto, 0);
}

static void add_ipv6(struct built *b, const struct headers *h)
{
	u8 *header = b->bytes + b->len, *next = header + 6;
	unsigned int i;

	add_bytes(b, 40);
	header[0] = given(h->version, 6) << 4 | TOS >> 4;
	header[1] = (TOS & 0xf) << 4 | 0xf;
	header[7] = TTL;
	b->frag = b->len;
	for (i = 0; i < h->chain_len; i++) {
		*next = h->chain[i];
		next = b->bytes + b->len;
		if (h->chain[i] == FRG)
			b->frag = b->len;
		else
			b->frag = b->len + (h->chain[i] == RTH ? 4 : 2);
		add_bytes(b, (h->hdrlen + 1) * 8);
		next[1] = h->hdrlen;
		next[3] = h->segments_left;
		if (h->chain[i] == FRG) {
			next[2] = h->frag >> 8;
			next[3] = h->frag;
		}
	}
	*next = h->proto;
}

/* An IP header, with options or extension headers. The first states no length. */
void add_ip(struct built *b, const struct headers *h)
{
	u8 *header = b->bytes + b->len;
	bool first = !b->len;

	if (h->af == AF_INET)
		add_ipv4(b, h);
	else
		add_ipv6(b, h);
	if (first)
		memset(header + (h->af == AF_INET ? 2 : 4), 0, 2);
	b->l4 = b->len;
}

/* What stands behind the last IP header, and data. */
void add_l4(struct built *b, const struct headers *h)
{
	u8 *header = b->bytes + b->len, doff = given(h->doff, 5);

	if (h->proto == IPPROTO_TCP) {
		add_bytes(b, doff < 5 ? 20 : doff * 4);
		header[12] = doff << 4;
		header[13] = 0x10;
	} else {
		add_bytes(b, 20);
	}
	if (h->proto == IPPROTO_ICMP || h->proto == IPPROTO_ICMPV6)
		header[0] = h->type;
	add_bytes(b, DATA_LEN);
}

void build(struct built *b, const struct headers *h)
{
	memset(b, 0, sizeof(*b));
	add_ip(b, h);
	add_l4(b, h);
}

/* The same numbers on each run. */
u32 rnd(u32 below)
{
	static u64 state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % below;
}

void mutate(struct built *b)
{
	/* Headers count; long chains would hide them. */
	unsigned int i, span = b->len < 160 ? b->len : 160;

	for (i = rnd(4); i < 4; i++) {
		u8 *byte = &b->bytes[rnd(span)];

		*byte = rnd(2) ? rnd(256) : *byte ^ 1 << rnd(8);
	}
	if (!rnd(4))
		b->len = rnd(b->len + 1);
}
