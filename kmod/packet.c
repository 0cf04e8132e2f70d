// SPDX-License-Identifier: GPL-2.0
/*
 * The parser: the one place that reads bytes which somebody else has sent.
 * It also compiles in userspace, see selftests/unit.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/socket.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "packet.h"

/* The last header that is looked at must be the transport's. */
#define HEADERS_MAX 8

static enum lbvs_tcp_event tcp_event(const struct tcphdr *th)
{
	if (th->rst)
		return th->syn || th->fin ? LBVS_TCP_NONE : LBVS_TCP_RST;
	if (th->syn)
		return th->fin ? LBVS_TCP_NONE :
		       th->ack ? LBVS_TCP_SYNACK : LBVS_TCP_SYN;
	if (th->fin)
		return LBVS_TCP_FIN;
	return th->ack ? LBVS_TCP_ACK : LBVS_TCP_NONE;
}

static bool parse_l4(const struct sk_buff *skb, struct lbvs_packet *pkt)
{
	union {
		struct tcphdr tcp;
		struct udphdr udp;
	} buf;
	const struct tcphdr *th;
	const struct udphdr *uh;

	switch (pkt->tuple.proto) {
	case IPPROTO_TCP:
		th = skb_header_pointer(skb, pkt->l4_off, sizeof(*th), &buf);
		if (!th || th->doff < sizeof(*th) / 4)
			return false;
		pkt->event = tcp_event(th);
		pkt->l4_len = sizeof(*th);
		pkt->tuple.sport = th->source;
		pkt->tuple.dport = th->dest;
		return true;
	case IPPROTO_UDP:
		uh = skb_header_pointer(skb, pkt->l4_off, sizeof(*uh), &buf);
		if (!uh)
			return false;
		pkt->event = LBVS_TCP_NONE;
		pkt->l4_len = sizeof(*uh);
		pkt->tuple.sport = uh->source;
		pkt->tuple.dport = uh->dest;
		return true;
	default:
		return false;
	}
}

static bool parse_ipv4(const struct sk_buff *skb, struct lbvs_packet *pkt)
{
	unsigned int off = skb_network_offset(skb);
	const struct iphdr *iph;
	struct iphdr buf;

	iph = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!iph || iph->version != 4 || iph->ihl < sizeof(buf) / 4)
		return false;
	/* Ports are in the first fragment alone: reassemble, or leave it. */
	if (iph->frag_off & htons(IP_MF | IP_OFFSET))
		return false;

	pkt->tuple.proto = iph->protocol;
	pkt->tuple.saddr[0] = iph->saddr;
	pkt->tuple.daddr[0] = iph->daddr;
	pkt->tos = iph->tos;
	pkt->ttl = iph->ttl;
	pkt->df = iph->frag_off & htons(IP_DF);
	pkt->l4_off = off + iph->ihl * 4;
	return true;
}

/*
 * Finds the upper-layer header. False for fragments, for what has yet to be
 * routed elsewhere, and for what can't be read past.
 */
static bool skip_exthdrs(const struct sk_buff *skb, u8 *nexthdr,
			 unsigned int *off)
{
	const struct ipv6_opt_hdr *oh;
	struct ipv6_rt_hdr buf;
	int i;

	for (i = 0; i < HEADERS_MAX; i++) {
		switch (*nexthdr) {
		case NEXTHDR_ROUTING: {
			const struct ipv6_rt_hdr *rh;

			rh = skb_header_pointer(skb, *off, sizeof(*rh), &buf);
			if (!rh || rh->segments_left)
				return false;
			break;
		}
		case NEXTHDR_HOP:
		case NEXTHDR_DEST:
			break;
		default:
			return true;
		}
		oh = skb_header_pointer(skb, *off, sizeof(*oh), &buf);
		if (!oh)
			return false;
		*nexthdr = oh->nexthdr;
		*off += (oh->hdrlen + 1) * 8;
	}
	return false;
}

static bool parse_ipv6(const struct sk_buff *skb, struct lbvs_packet *pkt)
{
	unsigned int off = skb_network_offset(skb);
	const struct ipv6hdr *ip6h;
	struct ipv6hdr buf;

	ip6h = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!ip6h || ip6h->version != 6)
		return false;
	pkt->tuple.proto = ip6h->nexthdr;
	pkt->l4_off = off + sizeof(buf);
	if (!skip_exthdrs(skb, &pkt->tuple.proto, &pkt->l4_off))
		return false;

	pkt->tos = ipv6_get_dsfield(ip6h);
	pkt->ttl = ip6h->hop_limit;
	pkt->df = true;
	memcpy(pkt->tuple.saddr, &ip6h->saddr, sizeof(pkt->tuple.saddr));
	memcpy(pkt->tuple.daddr, &ip6h->daddr, sizeof(pkt->tuple.daddr));
	return true;
}

/**
 * lbvs_packet_parse() - read the headers of a packet
 * @skb: the packet; its network header is set. It isn't written to, so it may
 *	be shared and cloned.
 * @af: the family of its network header
 * @pkt: filled in
 *
 * Return: whether it is a whole TCP or UDP packet that can be told apart by
 * ports; otherwise it is none of our business, and @pkt means nothing.
 */
bool lbvs_packet_parse(const struct sk_buff *skb, u8 af,
		       struct lbvs_packet *pkt)
{
	pkt->tuple.af = af;
	pkt->len = skb->len - skb_network_offset(skb);
	if (af == AF_INET ? !parse_ipv4(skb, pkt) : !parse_ipv6(skb, pkt))
		return false;
	return parse_l4(skb, pkt);
}
