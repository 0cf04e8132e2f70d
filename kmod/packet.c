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
#include "packet_parse.h"

const u8 lbvs_tcp_events[LBVS_TCP_FLAGS + 1] = {
	[LBVS_TCP_FLAG_FIN]			 = LBVS_TCP_FIN,
	[LBVS_TCP_FLAG_FIN | LBVS_TCP_FLAG_ACK] = LBVS_TCP_FIN,
	[LBVS_TCP_FLAG_SYN]			 = LBVS_TCP_SYN,
	[LBVS_TCP_FLAG_SYN | LBVS_TCP_FLAG_ACK] = LBVS_TCP_SYNACK,
	[LBVS_TCP_FLAG_RST]			 = LBVS_TCP_RST,
	[LBVS_TCP_FLAG_RST | LBVS_TCP_FLAG_ACK] = LBVS_TCP_RST,
	[LBVS_TCP_FLAG_ACK]			 = LBVS_TCP_ACK,
};

/* The last header that is looked at must be the transport's. */
#define HEADERS_MAX 8

/* The MSS among TCP options. */
static struct lbvs_mss find_mss(const u8 *opt, unsigned int len)
{
	struct lbvs_mss none = {};
	unsigned int i;

	for (i = 0; i + TCPOLEN_MSS <= len; ) {
		if (opt[i] == TCPOPT_EOL)
			return none;
		if (opt[i] == TCPOPT_NOP) {
			i++;
			continue;
		}
		if (opt[i] == TCPOPT_MSS && opt[i + 1] == TCPOLEN_MSS)
			return (struct lbvs_mss){
				.off = i + 2,
				.value = get_unaligned_be16(opt + i + 2),
			};
		if (opt[i + 1] < 2)
			return none;
		i += opt[i + 1];
	}
	return none;
}

/**
 * lbvs_packet_mss() - find where a SYN says how long its sender's segments may be
 * @skb: the packet: a SYN, by lbvs_packet_parse()
 * @l4_off: offset of its TCP header from skb->data
 *
 * Return: where, and what it says
 */
struct lbvs_mss lbvs_packet_mss(const struct sk_buff *skb, unsigned int l4_off)
{
	unsigned int off = l4_off + sizeof(struct tcphdr), len;
	u8 buf[MAX_TCP_OPTION_SPACE];
	const struct tcphdr *th;
	struct lbvs_mss mss = {};
	const u8 *opt;
	struct tcphdr thbuf;

	th = skb_header_pointer(skb, l4_off, sizeof(thbuf), &thbuf);
	if (!th || th->doff < sizeof(thbuf) / 4)
		return mss;
	len = th->doff * 4 - sizeof(thbuf);
	opt = skb_header_pointer(skb, off, len, buf);
	if (!opt)
		return mss;
	mss = find_mss(opt, len);
	if (mss.off)
		mss.off += off;
	return mss;
}

/**
 * lbvs_packet_skip() - find the header behind IPv6 extension headers
 * @skb: the packet
 * @nexthdr: the first one; set to what it is
 * @off: its offset from skb->data; set likewise
 *
 * Return: false for what has yet to be routed elsewhere, and for what can't be
 * read past
 */
bool lbvs_packet_skip(const struct sk_buff *skb, u8 *nexthdr, unsigned int *off)
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
	return lbvs_parse(skb, af, pkt, false);
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
	return lbvs_packet_skip(skb, &pkt->tuple.proto, &pkt->l4_off) &&
	       pkt->tuple.proto != NEXTHDR_FRAGMENT;
}

/* A quoted IP header, and the ports behind it, if it has them. */
static bool parse_quoted(const struct sk_buff *skb, u8 af, unsigned int off,
			 struct lbvs_quote *quote)
{
	struct lbvs_packet pkt;
	__be16 buf[2], *ports;

	switch (lbvs_parse_ip(skb, af, off, &pkt, false)) {
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
