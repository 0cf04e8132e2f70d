// SPDX-License-Identifier: GPL-2.0
/*
 * The way out: route, TTL, MTU, transmit. Whatever is wrong with a packet is
 * found before it is rewritten, so that an ICMP error quotes what its sender
 * has sent.
 */
#include <linux/etherdevice.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <net/dst_metadata.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "pipeline.h"
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
	this_cpu_inc(ln->cpu->count[LBVS_COUNT_DROP(why)]);
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

/**
 * lbvs_policy_lets_in() - do IPsec policies let a packet be forwarded
 * @skb: the packet
 * @af: its family
 */
bool lbvs_policy_lets_in(struct sk_buff *skb, u8 af)
{
	return af == AF_INET ?
	       xfrm4_policy_check(NULL, XFRM_POLICY_FWD, skb) :
	       xfrm6_policy_check(NULL, XFRM_POLICY_FWD, skb);
}

/* Let a packet's sender know, if that is for the director to say. */
static void tell_sender(struct lbvs_net *ln, struct sk_buff *skb,
			const struct lbvs_packet *pkt,
			const struct lbvs_path *path, enum lbvs_drop why)
{
	if (why == LBVS_DROP_TTL)
		icmp_error(ln, skb, pkt, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL,
			   ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, 0);
	else if (why == LBVS_DROP_TOO_BIG)
		icmp_error(ln, skb, pkt, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
			   ICMPV6_PKT_TOOBIG, 0,
			   lbvs_path_mtu(path->real, pkt, &path->way,
					 path->method == LBVS_METHOD_TUNNEL, false));
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

/**
 * lbvs_transmit() - have the stack send a packet
 * @ln: the namespace
 * @skb: the packet
 * @way: the way that it takes
 *
 * Return: a netfilter verdict
 */
unsigned int lbvs_transmit(struct lbvs_net *ln, struct sk_buff *skb,
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

/**
 * lbvs_transmit_neigh() - have a neighbour's hardware header asked for
 * @skb: the packet that is to have it
 * @n: the next hop
 *
 * Return: NF_STOLEN
 */
unsigned int lbvs_transmit_neigh(struct sk_buff *skb, struct neighbour *n)
{
	neigh_output(n, skb, false);
	return NF_STOLEN;
}

/**
 * lbvs_transmit_direct() - have a device send a packet now, past its queue
 * @ln: the namespace
 * @skb: the packet, as it is to leave
 *
 * Return: a netfilter verdict: NF_DROP if the device doesn't take it
 */
unsigned int lbvs_transmit_direct(struct lbvs_net *ln, struct sk_buff *skb)
{
	int res;

	skb_reset_mac_header(skb);
	res = __dev_direct_xmit(skb, netdev_pick_tx(skb->dev, skb, NULL));
	return dev_xmit_complete(res) ? NF_STOLEN :
					lbvs_drop(ln, skb, LBVS_DROP_BUSY);
}

/**
 * lbvs_deliver() - leave a packet to this host's own stack
 * @skb: the packet
 * @pkt: what it looks like
 * @path: to a real that is the director itself, and has the VIP
 *
 * A packet comes through here at several doors, and is counted at the last.
 *
 * Return: NF_ACCEPT
 */
unsigned int lbvs_deliver(struct sk_buff *skb, const struct lbvs_packet *pkt,
			  const struct lbvs_path *path)
{
	lbvs_way_put(&path->way);
	if (pkt->input)
		lbvs_count_packet(path->real, LBVS_DIR_IN, skb, pkt->len);
	return NF_ACCEPT;
}

/**
 * lbvs_refuse() - drop a packet that can't go where it is to go
 * @ln: the namespace
 * @skb: the packet
 * @pkt: what it looks like
 * @path: where it was to go
 * @why: why it can't
 *
 * Return: NF_DROP
 */
unsigned int lbvs_refuse(struct lbvs_net *ln, struct sk_buff *skb,
			 const struct lbvs_packet *pkt,
			 const struct lbvs_path *path, enum lbvs_drop why)
{
	tell_sender(ln, skb, pkt, path, why);
	lbvs_way_put(&path->way);
	return lbvs_drop(ln, skb, why);
}

/**
 * lbvs_take_apart() - send what a packet stands for, each by itself
 * @ln: the namespace
 * @skb: the packet: it is a tunnel's, and is to go into another one
 * @pkt: what it looks like
 * @path: where it is to go, and can
 *
 * Return: a netfilter verdict
 */
unsigned int lbvs_take_apart(struct lbvs_net *ln, struct sk_buff *skb,
			     const struct lbvs_packet *pkt,
			     const struct lbvs_path *path)
{
	struct sk_buff *segs, *seg, *next;

	segs = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segs)) {
		lbvs_way_put(&path->way);
		return lbvs_drop(ln, skb, PTR_ERR(segs) == -ENOMEM ?
					  LBVS_DROP_NO_MEMORY : LBVS_DROP_LRO);
	}
	skb_list_walk_safe(segs, seg, next) {
		struct lbvs_packet part = *pkt;
		struct lbvs_path way = *path;

		skb_mark_not_on_list(seg);
		part.len = seg->len;
		/* The reference is ours as long as this takes. */
		way.way.ref = false;
		if (lbvs_path_take(ln, seg, &part, &way, LBVS_DROP_NONE,
				   false) == NF_DROP)
			kfree_skb(seg);
	}
	lbvs_way_put(&path->way);
	consume_skb(skb);
	return NF_STOLEN;
}

/**
 * lbvs_forward() - send a packet to a real, or back to a client
 * @ln: the namespace
 * @skb: the packet, not on the fast path
 * @pkt: what it looks like
 * @path: with its real, method and direction, with its connection if there is one,
 *	and with what the packet is to look like if the method is nat
 *
 * Context: RCU, BH off.
 * Return: a netfilter verdict: NF_STOLEN, NF_ACCEPT for a local real, or NF_DROP
 * after counting why
 */
unsigned int lbvs_forward(struct lbvs_net *ln, struct sk_buff *skb,
			  struct lbvs_packet *pkt, struct lbvs_path *path)
{
	enum lbvs_drop why = lbvs_path_find(ln, skb, pkt, path, false);

	return lbvs_path_take(ln, skb, pkt, path, why, false);
}
