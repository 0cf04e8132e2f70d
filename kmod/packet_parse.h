/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parser itself: it is compiled into whatever reads packets, so that what it
 * finds stays in registers where that matters. Nothing else looks at bytes that
 * somebody else has sent.
 */
#ifndef _LBVS_PACKET_PARSE_H
#define _LBVS_PACKET_PARSE_H

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "packet.h"

/* The flags that count, as they stand in the header; PSH, URG, ECE, CWR don't. */
#define LBVS_TCP_FLAG_FIN	BIT(0)
#define LBVS_TCP_FLAG_SYN	BIT(1)
#define LBVS_TCP_FLAG_RST	BIT(2)
#define LBVS_TCP_FLAG_ACK	BIT(4)
#define LBVS_TCP_FLAGS		(LBVS_TCP_FLAG_FIN | LBVS_TCP_FLAG_SYN | \
				 LBVS_TCP_FLAG_RST | LBVS_TCP_FLAG_ACK)

/* &enum lbvs_tcp_event by flags. */
extern const u8 lbvs_tcp_events[LBVS_TCP_FLAGS + 1];

/*
 * Find a header; false if it isn't there. @plain: only where it can stay where it
 * is; otherwise it is put together in @buf if it has to be.
 */
static __always_inline bool lbvs_header(const struct sk_buff *skb,
					unsigned int off, unsigned int len,
					void *buf, bool plain,
					const void **header)
{
	if (plain) {
		*header = skb->data + off;
		return off + len <= skb_headlen(skb);
	}
	*header = skb_header_pointer(skb, off, len, buf);
	return *header;
}

/* What may stand between an IPv6 header and the transport's. */
static __always_inline bool lbvs_is_exthdr(u8 nexthdr)
{
	return nexthdr == NEXTHDR_HOP || nexthdr == NEXTHDR_ROUTING ||
	       nexthdr == NEXTHDR_DEST;
}

/* An ICMPv4 and an ICMPv6 header begin alike: type, code, checksum. */
static __always_inline bool lbvs_is_error(u8 af, u8 proto, u8 type)
{
	if (af == AF_INET)
		return proto == IPPROTO_ICMP && (type == ICMP_DEST_UNREACH ||
						 type == ICMP_TIME_EXCEEDED ||
						 type == ICMP_PARAMETERPROB);
	return proto == IPPROTO_ICMPV6 && !(type & ICMPV6_INFOMSG_MASK);
}

/*
 * The transport's header, of which @len bytes have to be there. @end: of the
 * packet, as its IP header says: what is behind it is padding.
 */
static __always_inline bool
lbvs_l4_header(const struct sk_buff *skb, struct lbvs_packet *pkt,
	       unsigned int len, unsigned int end, void *buf, bool plain,
	       const void **header)
{
	pkt->l4_len = len;
	return pkt->l4_off + len <= end &&
	       lbvs_header(skb, pkt->l4_off, len, buf, plain, header);
}

/* Source and destination port come first in TCP and in UDP. */
static __always_inline enum lbvs_kind
lbvs_parse_udp(const struct sk_buff *skb, struct lbvs_packet *pkt,
	       unsigned int end, bool plain)
{
	struct udphdr buf __lbvs_uninitialized __aligned(sizeof(__be32));
	const void *header;

	if (!lbvs_l4_header(skb, pkt, sizeof(buf), end, &buf, plain, &header))
		return LBVS_KIND_OTHER;
	pkt->tuple.ports = *(const __be32 *)header;
	return LBVS_KIND_FLOW;
}

static __always_inline enum lbvs_kind
lbvs_parse_tcp(const struct sk_buff *skb, struct lbvs_packet *pkt,
	       unsigned int end, bool plain)
{
	struct tcphdr buf __lbvs_uninitialized;
	const struct tcphdr *th;
	const void *header;

	if (!lbvs_l4_header(skb, pkt, sizeof(buf), end, &buf, plain, &header))
		return LBVS_KIND_OTHER;
	th = header;
	pkt->tuple.ports = *(const __be32 *)header;
	if (th->doff < sizeof(*th) / 4)
		return LBVS_KIND_OTHER;
	pkt->event = lbvs_tcp_events[((const u8 *)th)[13] & LBVS_TCP_FLAGS];
	return LBVS_KIND_FLOW;
}

static __always_inline enum lbvs_kind
lbvs_parse_icmp(const struct sk_buff *skb, struct lbvs_packet *pkt,
		unsigned int end)
{
	struct icmphdr buf __lbvs_uninitialized;
	const struct icmphdr *h;
	const void *header;

	if (!lbvs_l4_header(skb, pkt, sizeof(buf), end, &buf, false, &header))
		return LBVS_KIND_OTHER;
	h = header;
	return lbvs_is_error(pkt->tuple.af, pkt->tuple.proto, h->type) ?
	       LBVS_KIND_ERROR : LBVS_KIND_OTHER;
}

static __always_inline enum lbvs_kind
lbvs_parse_l4(const struct sk_buff *skb, struct lbvs_packet *pkt,
	      unsigned int end, bool plain)
{
	u8 proto = pkt->tuple.proto;

	pkt->event = LBVS_TCP_NONE;
	if (proto == IPPROTO_TCP)
		return lbvs_parse_tcp(skb, pkt, end, plain);
	if (proto == IPPROTO_UDP)
		return lbvs_parse_udp(skb, pkt, end, plain);
	if (!plain && (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6))
		return lbvs_parse_icmp(skb, pkt, end);
	return LBVS_KIND_OTHER;
}

static __always_inline enum lbvs_kind
lbvs_parse_ipv4(const struct sk_buff *skb, unsigned int off,
		struct lbvs_packet *pkt, bool plain)
{
	const struct iphdr *iph;
	struct iphdr buf __lbvs_uninitialized;
	const void *header;

	if (!lbvs_header(skb, off, sizeof(buf), &buf, plain, &header))
		return LBVS_KIND_OTHER;
	iph = header;
	if (plain ? *(const u8 *)iph != 0x45 :
		    iph->version != 4 || iph->ihl < sizeof(buf) / 4)
		return LBVS_KIND_OTHER;
	pkt->tuple.proto = iph->protocol;
	pkt->tuple.saddr[0] = iph->saddr;
	pkt->tuple.daddr[0] = iph->daddr;
	pkt->len = ntohs(iph->tot_len);
	pkt->tos = iph->tos;
	pkt->ttl = iph->ttl;
	pkt->df = iph->frag_off & htons(IP_DF);
	pkt->options = !plain && iph->ihl > sizeof(buf) / 4;
	pkt->l4_off = off + (plain ? sizeof(buf) : iph->ihl * 4);
	return iph->frag_off & htons(IP_MF | IP_OFFSET) ? LBVS_KIND_FRAGMENT :
							  LBVS_KIND_FLOW;
}

static __always_inline enum lbvs_kind
lbvs_parse_ipv6(const struct sk_buff *skb, unsigned int off,
		struct lbvs_packet *pkt, bool plain)
{
	const struct ipv6hdr *ip6h;
	struct ipv6hdr buf __lbvs_uninitialized;
	const void *header;

	if (!lbvs_header(skb, off, sizeof(buf), &buf, plain, &header))
		return LBVS_KIND_OTHER;
	ip6h = header;
	if (ip6h->version != 6)
		return LBVS_KIND_OTHER;
	/* Word by word, so that gcc keeps the rest of @pkt in registers. */
	lbvs_addr_copy(AF_INET6, pkt->tuple.saddr, ip6h->saddr.s6_addr32);
	lbvs_addr_copy(AF_INET6, pkt->tuple.daddr, ip6h->daddr.s6_addr32);
	pkt->len = ntohs(ip6h->payload_len);
	if (pkt->len)
		pkt->len += sizeof(*ip6h);
	pkt->tos = ipv6_get_dsfield(ip6h);
	pkt->ttl = ip6h->hop_limit;
	pkt->df = true;
	pkt->options = false;
	pkt->tuple.proto = ip6h->nexthdr;
	pkt->l4_off = off + sizeof(buf);
	if (!plain && lbvs_is_exthdr(pkt->tuple.proto)) {
		unsigned int l4_off = pkt->l4_off;
		u8 proto = pkt->tuple.proto;

		if (!lbvs_packet_skip(skb, &proto, &l4_off))
			return LBVS_KIND_OTHER;
		pkt->tuple.proto = proto;
		pkt->l4_off = l4_off;
	}
	/* A plain one isn't TCP or UDP, and is told from that. */
	return !plain && pkt->tuple.proto == NEXTHDR_FRAGMENT ?
	       LBVS_KIND_FRAGMENT : LBVS_KIND_FLOW;
}

static __always_inline enum lbvs_kind
lbvs_parse_ip(const struct sk_buff *skb, u8 af, unsigned int off,
	      struct lbvs_packet *pkt, bool plain)
{
	pkt->tuple.af = af;
	return af == AF_INET ? lbvs_parse_ipv4(skb, off, pkt, plain) :
			       lbvs_parse_ipv6(skb, off, pkt, plain);
}

/*
 * Read the headers of a packet, see lbvs_packet_parse(). @plain, a constant: only
 * TCP and UDP right behind the IP header and in one piece with it, which is where
 * the data begins, as the stack sees to before it hands a packet up; everything
 * else is LBVS_KIND_OTHER, but for plain fragments of IPv4.
 */
static __always_inline enum lbvs_kind lbvs_parse(const struct sk_buff *skb,
						 u8 af, struct lbvs_packet *pkt,
						 bool plain)
{
	unsigned int off = plain ? 0 : skb_network_offset(skb);
	unsigned int there = skb->len - off;
	enum lbvs_kind kind;

	pkt->quote = NULL;
	kind = lbvs_parse_ip(skb, af, off, pkt, plain);
	if (kind == LBVS_KIND_OTHER)
		return kind;
	/*
	 * What is longer than 64 KB can't say so there. The stack takes an IPv6
	 * packet that doesn't for an empty one, and judges before the slow path.
	 */
	if (!pkt->len) {
		if (plain && (af != AF_INET || !skb_is_gso(skb)))
			return LBVS_KIND_OTHER;
		pkt->len = there;
	}
	if (pkt->len > there)
		return LBVS_KIND_OTHER;
	if (kind == LBVS_KIND_FLOW)
		return lbvs_parse_l4(skb, pkt, off + pkt->len, plain);
	return pkt->len < pkt->l4_off - off ? LBVS_KIND_OTHER : kind;
}

#endif /* _LBVS_PACKET_PARSE_H */
