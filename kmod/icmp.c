// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors that quote a packet of a known connection. They go where that
 * packet came from, and quote it as it was there.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "forward_tunnel.h"
#include "lbvs.h"

/* An error that was damaged on its way must not be given a good checksum. */
static bool sum_ok(struct sk_buff *skb, const struct lbvs_packet *pkt,
		   unsigned int hook)
{
	return !nf_checksum(skb, hook, pkt->l4_off, pkt->tuple.proto,
			    pkt->tuple.af == AF_INET ? NFPROTO_IPV4 :
						       NFPROTO_IPV6);
}

static void sum_renew(struct sk_buff *skb, unsigned int off, u8 af)
{
	struct icmphdr *icmp = (struct icmphdr *)(skb->data + off);
	unsigned int len = skb->len - off;
	__wsum sum;

	icmp->checksum = 0;
	sum = skb_checksum(skb, off, len, 0);
	icmp->checksum = af == AF_INET ? csum_fold(sum) :
			 csum_ipv6_magic(&ipv6_hdr(skb)->saddr,
					 &ipv6_hdr(skb)->daddr, len,
					 IPPROTO_ICMPV6, sum);
	skb->ip_summed = CHECKSUM_NONE;
}

static void addrs_set(void *ip, const struct lbvs_tuple *to)
{
	struct ipv6hdr *ip6h = ip;
	struct iphdr *iph = ip;

	if (to->af == AF_INET) {
		csum_replace4(&iph->check, iph->saddr, to->saddr[0]);
		csum_replace4(&iph->check, iph->daddr, to->daddr[0]);
		iph->saddr = to->saddr[0];
		iph->daddr = to->daddr[0];
	} else {
		lbvs_addr_copy(AF_INET6, ip6h->saddr.s6_addr32, to->saddr);
		lbvs_addr_copy(AF_INET6, ip6h->daddr.s6_addr32, to->daddr);
	}
}

/*
 * Where the quoted checksum of TCP or UDP stands from skb->data; 0 if there is
 * none: TCP's is more than routers have to quote.
 */
static unsigned int quoted_sum(const struct sk_buff *skb,
			       const struct lbvs_quote *quote)
{
	unsigned int off = quote->l4_off;

	off += quote->tuple.proto == IPPROTO_TCP ?
	       offsetof(struct tcphdr, check) : offsetof(struct udphdr, check);
	return off + sizeof(__sum16) <= skb->len ? off : 0;
}

static void quoted_sum_renew(__sum16 *sum, const struct lbvs_quote *quote)
{
	const struct lbvs_tuple *from = &quote->tuple, *to = &quote->to;
	bool udp = from->proto == IPPROTO_UDP;
	unsigned int i;

	if (udp && !*sum)
		return;
	for (i = 0; i < lbvs_addr_words(from->af); i++) {
		csum_replace4(sum, from->saddr[i], to->saddr[i]);
		csum_replace4(sum, from->daddr[i], to->daddr[i]);
	}
	csum_replace2(sum, from->sport, to->sport);
	csum_replace2(sum, from->dport, to->dport);
	if (udp && !*sum)
		*sum = CSUM_MANGLED_0;
}

/**
 * lbvs_icmp_rewrite() - give an ICMP error, and its quote, other addresses
 * @skb: the error. Its data may be reallocated.
 * @pkt: what it looks like; with its quote
 * @to: what its addresses are to be
 *
 * Return: 0; or -ENOMEM with the packet unchanged
 */
int lbvs_icmp_rewrite(struct sk_buff *skb, const struct lbvs_packet *pkt,
		      const struct lbvs_tuple *to)
{
	const struct lbvs_quote *quote = pkt->quote;
	unsigned int sum = quoted_sum(skb, quote);
	__be16 *ports;

	if (skb_ensure_writable(skb, sum ? sum + sizeof(__sum16) :
					   quote->l4_off + 2 * sizeof(*ports)))
		return -ENOMEM;
	addrs_set(skb_network_header(skb), to);
	addrs_set(skb->data + quote->off, &quote->to);
	if (sum)
		quoted_sum_renew((__sum16 *)(skb->data + sum), quote);
	ports = (__be16 *)(skb->data + quote->l4_off);
	ports[0] = quote->to.sport;
	ports[1] = quote->to.dport;
	sum_renew(skb, pkt->l4_off, to->af);
	return 0;
}

/* Who is told of a packet is who sent it: other errors are on their way elsewhere. */
static bool to_sender(const struct lbvs_packet *pkt,
		      const struct lbvs_quote *quote)
{
	return lbvs_addr_equal(pkt->tuple.af, pkt->tuple.daddr,
			       quote->tuple.saddr);
}

/**
 * lbvs_icmp_known() - pass on an error about a packet of a known connection
 * @ln: the namespace
 * @skb: the error
 * @pkt: what it looks like
 * @hook: the netfilter hook
 *
 * Context: RCU, BH off.
 * Return: a netfilter verdict; NF_ACCEPT if it isn't about one
 */
unsigned int lbvs_icmp_known(struct lbvs_net *ln, struct sk_buff *skb,
			     struct lbvs_packet *pkt, unsigned int hook)
{
	struct lbvs_tuple answer, out, to = pkt->tuple;
	struct lbvs_path path = { .to = &to };
	struct lbvs_quote quote;
	struct lbvs_conn *conn;
	enum lbvs_dir dir;
	u8 method;

	if (!lbvs_packet_quote(skb, pkt, &quote) || !to_sender(pkt, &quote))
		return NF_ACCEPT;
	/* The error goes the way that answers to the quoted packet go. */
	lbvs_tuple_reverse(&quote.tuple, &answer);
	conn = lbvs_conn_find(ln, &answer, &dir);
	if (!conn || !sum_ok(skb, pkt, hook))
		return NF_ACCEPT;

	method = lbvs_conn_method(conn);
	if (pkt->early && lbvs_tracked(ln, method))
		return NF_ACCEPT;
	if (lbvs_unjudged(pkt, dir))
		return NF_ACCEPT;
	/* An error has no ports, but there are routing rules that ask. */
	to.sport = 0;
	to.dport = 0;
	if (lbvs_method_replies(method)) {
		lbvs_conn_rewritten(conn, answer.af, dir, &out);
		lbvs_tuple_reverse(&out, &quote.to);
		/* The ends are renamed; a router in between keeps its name. */
		if (lbvs_addr_equal(to.af, to.saddr, answer.saddr))
			lbvs_addr_copy(to.af, to.saddr, out.saddr);
		lbvs_addr_copy(to.af, to.daddr, out.daddr);
		pkt->quote = &quote;
	}
	path.real = conn->real;
	path.method = method;
	path.dir = dir;
	return lbvs_forward(ln, skb, pkt, &path);
}

static bool tells_mtu(const struct lbvs_packet *pkt,
		      const struct lbvs_quote *quote)
{
	if (pkt->tuple.af == AF_INET)
		return quote->type == ICMP_DEST_UNREACH &&
		       quote->code == ICMP_FRAG_NEEDED && quote->info;
	return quote->type == ICMPV6_PKT_TOOBIG;
}

/* Have the route to a real know the MTU; skb->data is the quoted IP header. */
static void mtu_learn(struct net *net, struct sk_buff *skb, u8 af, u32 mtu,
		      u8 proto)
{
	if (af == AF_INET)
		ipv4_update_pmtu(skb, net, mtu, 0, proto);
	else
		ip6_update_pmtu(skb, net, htonl(mtu), 0, 0,
				sock_net_uid(net, NULL));
}

/* ICMP wants a route of the packet that it is about, as if it had come in. */
static bool inner_route(struct net *net, struct sk_buff *skb,
			const struct lbvs_tuple *tuple)
{
	struct flowi4 fl4 = { .daddr = tuple->daddr[0] };
	struct rtable *rt;

	skb_dst_drop(skb);
	if (tuple->af == AF_INET6)
		return true;
	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return false;
	skb_dst_set(skb, &rt->dst);
	return true;
}

/*
 * Tell the client. What is in the tunnel is nothing to him: all he can learn is
 * that the VIP can't be reached, or not with packets as long as that.
 */
static void client_tell(struct net *net, struct sk_buff *skb,
			const struct lbvs_quote *inner, u32 mtu)
{
	u8 af = inner->tuple.af;

	skb_reset_network_header(skb);
	skb_set_transport_header(skb, inner->l4_off - inner->off);
	skb->protocol = af == AF_INET ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	if (!inner_route(net, skb, &inner->tuple))
		return;
	if (af == AF_INET) {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		if (!mtu)
			icmp_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
		else if (inner->df)
			icmp_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
				  htonl(mtu));
	} else {
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		IP6CB(skb)->iif = skb->dev->ifindex;
		if (!mtu)
			icmpv6_send(skb, ICMPV6_DEST_UNREACH,
				    ICMPV6_ADDR_UNREACH, 0);
		else if (mtu >= IPV6_MIN_MTU)
			icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
	}
}

/* Whether a packet was an outer one of ours, as far as its outer header tells. */
static bool outer_ours(struct lbvs_net *ln, const struct lbvs_tuple *tuple)
{
	return (tuple->proto == IPPROTO_IPIP || tuple->proto == IPPROTO_IPV6 ||
		tuple->proto == IPPROTO_UDP || tuple->proto == IPPROTO_GRE) &&
	       lbvs_addr_tunnel(ln, tuple->af, tuple->daddr) &&
	       lbvs_addr_local(ln->net, tuple->af, tuple->saddr);
}

/*
 * Routers needn't quote more than 8 bytes of what is in an outer packet. Nobody knows
 * then whose packet that was; but the MTU of the way to the real is the same for all,
 * and the next client whose packet doesn't fit is told here. The stack may have
 * tunnels of its own to there, so it gets the error, too.
 */
static unsigned int short_quote(struct lbvs_net *ln, struct sk_buff *skb,
				const struct lbvs_packet *pkt,
				const struct lbvs_quote *outer)
{
	if (!tells_mtu(pkt, outer) || !outer_ours(ln, &outer->tuple) ||
	    !sum_ok(skb, pkt, NF_INET_PRE_ROUTING) ||
	    !pskb_may_pull(skb, outer->l4_off))
		return NF_ACCEPT;
	__skb_pull(skb, outer->off);
	mtu_learn(ln->net, skb, outer->tuple.af, outer->info,
		  outer->tuple.proto);
	__skb_push(skb, outer->off);
	return NF_ACCEPT;
}

/**
 * lbvs_icmp_tunnel() - take an error about an outer packet of ours
 * @ln: the namespace
 * @skb: the error, before it is routed
 * @pkt: what it looks like
 *
 * Context: RCU, BH off.
 * Return: NF_DROP if it was one, since nobody else knows what to do with it; or
 * NF_ACCEPT, also if that couldn't be told for sure
 */
unsigned int lbvs_icmp_tunnel(struct lbvs_net *ln, struct sk_buff *skb,
			      const struct lbvs_packet *pkt)
{
	struct lbvs_quote outer, inner;
	struct lbvs_conn *conn;
	enum lbvs_dir dir;
	u32 mtu = 0;

	if (!lbvs_packet_quote(skb, pkt, &outer) || !to_sender(pkt, &outer))
		return NF_ACCEPT;
	if (!lbvs_packet_unwrap(skb, &outer, &inner))
		return short_quote(ln, skb, pkt, &outer);
	conn = lbvs_conn_find(ln, &inner.tuple, &dir);
	/* What isn't about a packet that we sent there, somebody made up. */
	if (!conn || lbvs_conn_method(conn) != LBVS_METHOD_TUNNEL ||
	    conn->real->key.af != outer.tuple.af ||
	    !lbvs_addr_equal(outer.tuple.af, conn->real->key.addr,
			     outer.tuple.daddr) ||
	    !sum_ok(skb, pkt, NF_INET_PRE_ROUTING) ||
	    !pskb_may_pull(skb, inner.l4_off + 8))
		return NF_ACCEPT;

	__skb_pull(skb, outer.off);
	if (tells_mtu(pkt, &outer)) {
		unsigned int overhead = lbvs_tunnel_overhead(conn->real);

		if (outer.info <= overhead)
			return NF_DROP;
		mtu = outer.info - overhead;
		mtu_learn(ln->net, skb, outer.tuple.af, outer.info,
			  outer.tuple.proto);
		/* From now on the outer packets are fragmented. */
		if (READ_ONCE(ln->tunnel_df) == LBVS_TUNNEL_DF_NEVER)
			return NF_DROP;
	}
	__skb_pull(skb, inner.off - outer.off);
	client_tell(ln->net, skb, &inner, mtu);
	return NF_DROP;
}
