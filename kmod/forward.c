// SPDX-License-Identifier: GPL-2.0
/*
 * The way out: route, TTL, MTU, transmit. Whatever is wrong with a packet is
 * found before it is rewritten, so that an ICMP error quotes what its sender
 * has sent.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <net/dst_metadata.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "compat.h"
#include "lbvs.h"
#include "trace.h"

/**
 * lbvs_drop() - count a dropped packet
 * @ln: the namespace
 * @skb: the packet
 * @why: the reason
 *
 * Context: BH off.
 * Return: NF_DROP
 */
unsigned int lbvs_drop(struct lbvs_net *ln, struct sk_buff *skb,
		       enum lbvs_drop why)
{
	this_cpu_inc(ln->cpu->drops[why]);
	trace_lbvs_drop(skb, why);
	return NF_DROP;
}

/* ICMP needs a device and, for IPv4, a route of the packet that it is about. */
static bool icmp_prepare(struct lbvs_net *ln, struct sk_buff *skb,
			 const struct lbvs_packet *pkt)
{
	if (!skb->dev)
		skb->dev = ln->net->loopback_dev;
	if (pkt->tuple.af == AF_INET6 || skb_valid_dst(skb))
		return true;
	skb_dst_drop(skb);
	return !ip_route_input_noref(skb, pkt->tuple.daddr[0],
				     pkt->tuple.saddr[0], pkt->tos, skb->dev);
}

static void icmp_error(struct lbvs_net *ln, struct sk_buff *skb,
		       const struct lbvs_packet *pkt, u8 type4, u8 code4,
		       u8 type6, u8 code6, u32 info)
{
	if (!icmp_prepare(ln, skb, pkt))
		return;
	if (pkt->tuple.af == AF_INET)
		icmp_send(skb, type4, code4, htonl(info));
	else
		icmpv6_send(skb, type6, code6, info);
}

/**
 * lbvs_unreachable() - tell a client that nobody serves it
 * @ln: the namespace
 * @skb: its packet
 * @pkt: what that looks like
 */
void lbvs_unreachable(struct lbvs_net *ln, struct sk_buff *skb,
		      const struct lbvs_packet *pkt)
{
	icmp_error(ln, skb, pkt, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH,
		   ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, 0);
}

/* What fits into a tunnel's outer packet. */
static unsigned int tunnel_mtu(const struct lbvs_real *real,
			       const struct lbvs_way *way)
{
	return dst_mtu(way->dst) - lbvs_tunnel_overhead(real);
}

/* Whether a packet may not be fragmented for its way. */
static bool must_fit(const struct lbvs_net *ln, const struct lbvs_packet *pkt,
		     bool tunnel)
{
	return pkt->df && !(tunnel && READ_ONCE(ln->tunnel_df) ==
				      LBVS_TUNNEL_DF_NEVER);
}

static unsigned int path_mtu(const struct lbvs_real *real,
			     const struct lbvs_packet *pkt,
			     const struct lbvs_way *way, bool tunnel)
{
	/* No IPv6 host has to send less: the outer packet is fragmented. */
	if (tunnel)
		return max_t(unsigned int, tunnel_mtu(real, way),
			     pkt->tuple.af == AF_INET ? 0 : IPV6_MIN_MTU);
	return pkt->tuple.af == AF_INET ?
	       ip_dst_mtu_maybe_forward(way->dst, !pkt->local) :
	       ip6_dst_mtu_maybe_forward(way->dst, !pkt->local);
}

static bool too_big(const struct sk_buff *skb, const struct lbvs_packet *pkt,
		    unsigned int mtu)
{
	if (pkt->len <= mtu || skb->ignore_df)
		return false;
	return !skb_is_gso(skb) || !skb_gso_validate_network_len(skb, mtu);
}

static bool policy_lets_in(struct sk_buff *skb, u8 af)
{
	return af == AF_INET ?
	       xfrm4_policy_check(NULL, XFRM_POLICY_FWD, skb) :
	       xfrm6_policy_check(NULL, XFRM_POLICY_FWD, skb);
}

/* LBVS_DROP_NONE, or why the packet can't go; its sender has been told then. */
static enum lbvs_drop check_path(struct lbvs_net *ln, struct sk_buff *skb,
				 const struct lbvs_packet *pkt,
				 const struct lbvs_real *real,
				 const struct lbvs_way *way, bool tunnel)
{
	unsigned int mtu;

	if (!pkt->local && pkt->ttl <= 1) {
		icmp_error(ln, skb, pkt, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL,
			   ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, 0);
		return LBVS_DROP_TTL;
	}
	if (skb_warn_if_lro(skb))
		return LBVS_DROP_LRO;
	if (!pkt->local && !policy_lets_in(skb, pkt->tuple.af))
		return LBVS_DROP_POLICY;
	if (!must_fit(ln, pkt, tunnel))
		return LBVS_DROP_NONE;
	mtu = path_mtu(real, pkt, way, tunnel);
	if (too_big(skb, pkt, mtu)) {
		icmp_error(ln, skb, pkt, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
			   ICMPV6_PKT_TOOBIG, 0, mtu);
		return LBVS_DROP_TOO_BIG;
	}
	return LBVS_DROP_NONE;
}

/* Take off what the packet's way in has put on it. */
static void scrub(struct sk_buff *skb, const struct lbvs_packet *pkt,
		  bool tracked)
{
	if (!tracked) {
		nf_reset_ct(skb);
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	}
	skb_forward_csum(skb);
	secpath_reset(skb);
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	skb_ext_del(skb, SKB_EXT_BRIDGE_NF);
#endif
	/* A sender's socket waits for its packets, and paces them. */
	if (pkt->local)
		return;
	skb_orphan(skb);
	skb_clear_tstamp(skb);
}

/* One hop. The packet's data may be reallocated. */
static int age(struct sk_buff *skb, const struct lbvs_packet *pkt)
{
	if (pkt->local)
		return 0;
	if (pkt->tuple.af == AF_INET) {
		if (skb_ensure_writable(skb, sizeof(struct iphdr)))
			return -ENOMEM;
		IPCB(skb)->flags |= IPSKB_FORWARDED;
		ip_decrease_ttl(ip_hdr(skb));
	} else {
		if (skb_ensure_writable(skb, sizeof(struct ipv6hdr)))
			return -ENOMEM;
		IP6CB(skb)->flags |= IP6SKB_FORWARDED;
		ipv6_hdr(skb)->hop_limit--;
	}
	return 0;
}

/* Make of the packet what is to leave. */
static int transform(const struct lbvs_net *ln, struct sk_buff *skb,
		     const struct lbvs_packet *pkt,
		     const struct lbvs_real *real, u8 method,
		     const struct lbvs_tuple *to, const struct lbvs_way *way)
{
	int err = 0;
	bool df;

	if (method == LBVS_METHOD_NAT)
		err = pkt->quote ? lbvs_icmp_rewrite(skb, pkt, to) :
				   lbvs_nat_rewrite(skb, pkt, to,
						    READ_ONCE(real->svc->mss));
	err = err ?: age(skb, pkt);
	if (err || method != LBVS_METHOD_TUNNEL)
		return err;
	df = must_fit(ln, pkt, true) &&
	     (skb_is_gso(skb) || pkt->len <= tunnel_mtu(real, way));
	return lbvs_tunnel_push(ln->net, skb, pkt, real, way, df);
}

/* May give the packet another route. */
static bool policy_lets_out(struct sk_buff *skb)
{
	u8 af = skb->protocol == htons(ETH_P_IP) ? AF_INET : AF_INET6;
	struct net_device *dev = skb->dev;
	bool res;

	/* From a local socket it has no device yet, but xfrm asks for one. */
	if (!dev)
		skb->dev = skb_dst(skb)->dev;
	res = xfrm_route_forward(skb, af);
	skb->dev = dev;
	return res;
}

static unsigned int transmit(struct lbvs_net *ln, struct sk_buff *skb,
			     const struct lbvs_way *way)
{
	skb_dst_drop(skb);
	if (way->ref)
		skb_dst_set(skb, way->dst);
	else
		skb_dst_set_noref(skb, way->dst);
	if (!policy_lets_out(skb))
		return lbvs_drop(ln, skb, LBVS_DROP_POLICY);
	dst_output(ln->net, skb->sk, skb);
	return NF_STOLEN;
}

/*
 * The real is the director itself, and has the VIP: the stack delivers. A
 * packet comes through here at several doors then, and is counted at the last.
 */
static unsigned int deliver(struct sk_buff *skb, const struct lbvs_packet *pkt,
			    struct lbvs_real *real)
{
	if (pkt->input)
		lbvs_count_packet(real, LBVS_DIR_IN, skb, pkt->len);
	return NF_ACCEPT;
}

/**
 * lbvs_forward() - send a packet to a real, or back to a client
 * @ln: the namespace
 * @skb: the packet
 * @pkt: what it looks like
 * @real: the real
 * @method: how it gets there, or comes from there
 * @dir: its direction
 * @to: what it is to look like, if the method is nat
 *
 * Context: RCU, BH off.
 * Return: a netfilter verdict: NF_STOLEN, NF_ACCEPT for a local real, or NF_DROP
 * after counting why
 */
unsigned int lbvs_forward(struct lbvs_net *ln, struct sk_buff *skb,
			  const struct lbvs_packet *pkt, struct lbvs_real *real,
			  u8 method, enum lbvs_dir dir,
			  const struct lbvs_tuple *to)
{
	bool tunnel = method == LBVS_METHOD_TUNNEL;
	enum lbvs_drop why = LBVS_DROP_NONE;
	struct lbvs_way way;

	if (dir == LBVS_DIR_IN ?
	    !lbvs_route_real(real, method, &way) :
	    !lbvs_route_client(ln->net, to, skb->mark, pkt->tos, &way))
		return lbvs_drop(ln, skb, LBVS_DROP_NO_ROUTE);
	if (method == LBVS_METHOD_DR) {
		if (way.dst->dev->flags & IFF_LOOPBACK) {
			lbvs_way_put(&way);
			return deliver(skb, pkt, real);
		}
		if (lbvs_way_gateway(&way, real->key.af))
			why = LBVS_DROP_GATEWAY;
	}
	if (!why)
		why = check_path(ln, skb, pkt, real, &way, tunnel);
	if (!why) {
		scrub(skb, pkt, lbvs_tracked(ln, method) && !pkt->early);
		if (transform(ln, skb, pkt, real, method, to, &way))
			why = LBVS_DROP_NO_MEMORY;
	}
	if (why) {
		lbvs_way_put(&way);
		return lbvs_drop(ln, skb, why);
	}
	lbvs_count_packet(real, dir, skb, pkt->len);
	return transmit(ln, skb, &way);
}
