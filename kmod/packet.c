// SPDX-License-Identifier: GPL-2.0
/*
 * The parser: the one place that reads bytes which somebody else has sent.
 * It also compiles in userspace, see selftests/unit.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/socket.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "compat.h"
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

/* How many bytes of a transport header have to be there; 0: not ours. */
static unsigned int l4_size(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return sizeof(struct tcphdr);
	case IPPROTO_UDP:
		return sizeof(struct udphdr);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return sizeof(struct icmphdr);
	default:
		return 0;
	}
}

/* An ICMPv4 and an ICMPv6 header begin alike: type, code, checksum. */
static bool is_error(u8 af, u8 proto, u8 type)
{
	if (af == AF_INET)
		return proto == IPPROTO_ICMP && (type == ICMP_DEST_UNREACH ||
						 type == ICMP_TIME_EXCEEDED ||
						 type == ICMP_PARAMETERPROB);
	return proto == IPPROTO_ICMPV6 && !(type & ICMPV6_INFOMSG_MASK);
}

/* Where a SYN says how long its sender's segments may be. */
static void parse_mss(const struct sk_buff *skb, unsigned int len,
		      struct lbvs_packet *pkt)
{
	unsigned int off = pkt->l4_off + sizeof(struct tcphdr);
	u8 buf[MAX_TCP_OPTION_SPACE];
	const u8 *opt;
	unsigned int i;

	len -= sizeof(struct tcphdr);
	opt = skb_header_pointer(skb, off, len, buf);
	if (!opt)
		return;
	for (i = 0; i + TCPOLEN_MSS <= len; ) {
		if (opt[i] == TCPOPT_EOL)
			return;
		if (opt[i] == TCPOPT_NOP) {
			i++;
			continue;
		}
		if (opt[i] == TCPOPT_MSS && opt[i + 1] == TCPOLEN_MSS) {
			pkt->mss_off = off + i + 2;
			pkt->mss = get_unaligned_be16(opt + i + 2);
			return;
		}
		if (opt[i + 1] < 2)
			return;
		i += opt[i + 1];
	}
}

static enum lbvs_kind parse_l4(const struct sk_buff *skb,
			       struct lbvs_packet *pkt)
{
	union {
		struct tcphdr tcp;
		struct udphdr udp;
		struct icmphdr icmp;
	} buf, *h;

	pkt->event = LBVS_TCP_NONE;
	pkt->l4_len = l4_size(pkt->tuple.proto);
	if (!pkt->l4_len)
		return LBVS_KIND_OTHER;
	h = skb_header_pointer(skb, pkt->l4_off, pkt->l4_len, &buf);
	if (!h)
		return LBVS_KIND_OTHER;

	switch (pkt->tuple.proto) {
	case IPPROTO_TCP:
		if (h->tcp.doff < sizeof(h->tcp) / 4)
			return LBVS_KIND_OTHER;
		pkt->event = tcp_event(&h->tcp);
		if (pkt->event == LBVS_TCP_SYN || pkt->event == LBVS_TCP_SYNACK)
			parse_mss(skb, h->tcp.doff * 4, pkt);
		fallthrough;
	case IPPROTO_UDP:
		/* Both begin with their ports. */
		pkt->tuple.sport = h->udp.source;
		pkt->tuple.dport = h->udp.dest;
		return LBVS_KIND_FLOW;
	default:
		return is_error(pkt->tuple.af, pkt->tuple.proto,
				h->icmp.type) ?
		       LBVS_KIND_ERROR : LBVS_KIND_OTHER;
	}
}

static enum lbvs_kind parse_ipv4(const struct sk_buff *skb, unsigned int off,
				 struct lbvs_packet *pkt)
{
	const struct iphdr *iph;
	struct iphdr buf;

	iph = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!iph || iph->version != 4 || iph->ihl < sizeof(buf) / 4)
		return LBVS_KIND_OTHER;
	pkt->tuple.proto = iph->protocol;
	pkt->tuple.saddr[0] = iph->saddr;
	pkt->tuple.daddr[0] = iph->daddr;
	pkt->len = ntohs(iph->tot_len);
	pkt->tos = iph->tos;
	pkt->ttl = iph->ttl;
	pkt->df = iph->frag_off & htons(IP_DF);
	pkt->options = iph->ihl > sizeof(buf) / 4;
	pkt->l4_off = off + iph->ihl * 4;
	return iph->frag_off & htons(IP_MF | IP_OFFSET) ? LBVS_KIND_FRAGMENT :
							  LBVS_KIND_FLOW;
}

/*
 * Finds the upper-layer header. False for what has yet to be routed elsewhere,
 * and for what can't be read past.
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

static enum lbvs_kind parse_ipv6(const struct sk_buff *skb, unsigned int off,
				 struct lbvs_packet *pkt)
{
	const struct ipv6hdr *ip6h;
	struct ipv6hdr buf;

	ip6h = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!ip6h || ip6h->version != 6)
		return LBVS_KIND_OTHER;
	memcpy(pkt->tuple.saddr, &ip6h->saddr, sizeof(pkt->tuple.saddr));
	memcpy(pkt->tuple.daddr, &ip6h->daddr, sizeof(pkt->tuple.daddr));
	pkt->len = ntohs(ip6h->payload_len);
	if (pkt->len)
		pkt->len += sizeof(*ip6h);
	pkt->tos = ipv6_get_dsfield(ip6h);
	pkt->ttl = ip6h->hop_limit;
	pkt->df = true;
	pkt->options = false;
	pkt->tuple.proto = ip6h->nexthdr;
	pkt->l4_off = off + sizeof(buf);
	if (!skip_exthdrs(skb, &pkt->tuple.proto, &pkt->l4_off))
		return LBVS_KIND_OTHER;
	return pkt->tuple.proto == NEXTHDR_FRAGMENT ? LBVS_KIND_FRAGMENT :
						      LBVS_KIND_FLOW;
}

static enum lbvs_kind parse_ip(const struct sk_buff *skb, u8 af,
			       unsigned int off, struct lbvs_packet *pkt)
{
	pkt->tuple.af = af;
	return af == AF_INET ? parse_ipv4(skb, off, pkt) :
			       parse_ipv6(skb, off, pkt);
}

/**
 * lbvs_packet_parse() - read the headers of a packet
 * @skb: the packet; its network header is set. It isn't written to, so it may
 *	be shared and cloned.
 * @af: the family of its network header
 * @pkt: filled in
 *
 * Return: what it may be to us. @pkt means nothing for LBVS_KIND_OTHER, has no
 * ports for LBVS_KIND_ERROR, and addresses alone for LBVS_KIND_FRAGMENT.
 */
enum lbvs_kind lbvs_packet_parse(const struct sk_buff *skb, u8 af,
				 struct lbvs_packet *pkt)
{
	unsigned int there = skb->len - skb_network_offset(skb);
	enum lbvs_kind kind;

	pkt->mss_off = 0;
	pkt->quote = NULL;
	kind = parse_ip(skb, af, skb_network_offset(skb), pkt);
	if (kind == LBVS_KIND_OTHER)
		return kind;
	/* What is longer than 64 KB can't say so there. */
	if (!pkt->len)
		pkt->len = there;
	if (pkt->len > there || pkt->len < pkt->l4_off - skb_network_offset(skb))
		return LBVS_KIND_OTHER;
	return kind == LBVS_KIND_FLOW ? parse_l4(skb, pkt) : kind;
}

/* Whether a fragment has the ports, since it is the first one; finds them. */
static bool first_fragment(const struct sk_buff *skb, unsigned int off,
			   struct lbvs_packet *pkt)
{
	const struct frag_hdr *fh;
	const struct iphdr *iph;
	union {
		struct frag_hdr fh;
		struct iphdr iph;
	} buf;

	if (pkt->tuple.af == AF_INET) {
		iph = skb_header_pointer(skb, off, sizeof(*iph), &buf);
		return iph && !(iph->frag_off & htons(IP_OFFSET));
	}
	fh = skb_header_pointer(skb, pkt->l4_off, sizeof(*fh), &buf);
	if (!fh || fh->frag_off & htons(IP6_OFFSET))
		return false;
	pkt->tuple.proto = fh->nexthdr;
	pkt->l4_off += sizeof(*fh);
	return skip_exthdrs(skb, &pkt->tuple.proto, &pkt->l4_off) &&
	       pkt->tuple.proto != NEXTHDR_FRAGMENT;
}

/* A quoted IP header, and the ports behind it, if it has them. */
static bool parse_quoted(const struct sk_buff *skb, u8 af, unsigned int off,
			 struct lbvs_quote *quote)
{
	struct lbvs_packet pkt;
	__be16 buf[2], *ports;

	switch (parse_ip(skb, af, off, &pkt)) {
	case LBVS_KIND_FLOW:
		break;
	case LBVS_KIND_FRAGMENT:
		if (first_fragment(skb, off, &pkt))
			break;
		fallthrough;
	default:
		return false;
	}
	quote->off = off;
	quote->l4_off = pkt.l4_off;
	quote->df = pkt.df;
	quote->tuple = pkt.tuple;
	ports = skb_header_pointer(skb, pkt.l4_off, sizeof(buf), buf);
	if (!ports)
		return false;
	quote->tuple.sport = ports[0];
	quote->tuple.dport = ports[1];
	return true;
}

/**
 * lbvs_packet_quote() - read what an ICMP error is about
 * @skb: the error
 * @pkt: from lbvs_packet_parse(), which said LBVS_KIND_ERROR
 * @quote: filled in, but for its @to
 *
 * Return: whether it quotes the beginning of a packet. What are called ports are
 * the first 4 bytes behind the quoted IP header, whatever the protocol.
 */
bool lbvs_packet_quote(const struct sk_buff *skb,
		       const struct lbvs_packet *pkt, struct lbvs_quote *quote)
{
	const struct icmphdr *icmp;
	struct icmphdr buf;

	icmp = skb_header_pointer(skb, pkt->l4_off, sizeof(buf), &buf);
	if (!icmp)
		return false;
	quote->type = icmp->type;
	quote->code = icmp->code;
	quote->info = pkt->tuple.af == AF_INET ? ntohs(icmp->un.frag.mtu) :
						 ntohl(icmp->un.gateway);
	return parse_quoted(skb, pkt->tuple.af, pkt->l4_off + sizeof(*icmp),
			    quote);
}

/* The family that a protocol number stands for, or 0. */
static u8 proto_af(u8 proto)
{
	return proto == IPPROTO_IPIP ? AF_INET :
	       proto == IPPROTO_IPV6 ? AF_INET6 : 0;
}

/* The family that an Ethertype stands for, or 0. */
static u8 ethertype_af(__be16 type)
{
	return type == htons(ETH_P_IP) ? AF_INET :
	       type == htons(ETH_P_IPV6) ? AF_INET6 : 0;
}

/**
 * lbvs_packet_unwrap() - read what a quoted outer packet has inside
 * @skb: the error
 * @outer: from lbvs_packet_quote()
 * @inner: its addresses, offsets and @df are set
 *
 * Return: whether that could be read: not all routers quote that much
 */
bool lbvs_packet_unwrap(const struct sk_buff *skb,
			const struct lbvs_quote *outer,
			struct lbvs_quote *inner)
{
	unsigned int off = outer->l4_off;
	__be16 buf[2], *words;
	u8 af;

	switch (outer->tuple.proto) {
	case IPPROTO_UDP:
		/* GUE as we send it: nothing set but the inner protocol. */
		off += sizeof(struct udphdr);
		words = skb_header_pointer(skb, off, sizeof(buf), buf);
		if (!words || ntohs(words[0]) >> 8 || words[1])
			return false;
		af = proto_af(ntohs(words[0]) & 0xff);
		off += sizeof(buf);
		break;
	case IPPROTO_GRE:
		words = skb_header_pointer(skb, off, sizeof(buf), buf);
		if (!words || words[0])
			return false;
		af = ethertype_af(words[1]);
		off += sizeof(buf);
		break;
	default:
		af = proto_af(outer->tuple.proto);
	}
	return af && parse_quoted(skb, af, off, inner);
}
