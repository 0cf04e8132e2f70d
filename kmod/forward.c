// SPDX-License-Identifier: GPL-2.0
/*
 * The way out: route, TTL, MTU, transmit. Whatever is wrong with a packet is
 * found before it is rewritten, so that an ICMP error quotes what its sender
 * has sent.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
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

/* LBVS_DROP_NONE, or why the packet can't go that way. */
static enum lbvs_drop check_path(struct lbvs_net *ln, struct sk_buff *skb,
				 const struct lbvs_packet *pkt,
				 const struct lbvs_path *path)
{
	bool tunnel = path->method == LBVS_METHOD_TUNNEL;

	if (path->method == LBVS_METHOD_DR &&
	    lbvs_way_gateway(&path->way, path->real->key.af))
		return LBVS_DROP_GATEWAY;
	if (!pkt->local && pkt->ttl <= 1)
		return LBVS_DROP_TTL;
	if (skb_warn_if_lro(skb))
		return LBVS_DROP_LRO;
	/* On the fast path there are no policies. */
	if (!pkt->local && !pkt->fast && !policy_lets_in(skb, pkt->tuple.af))
		return LBVS_DROP_POLICY;
	if (must_fit(ln, pkt, tunnel) &&
	    too_big(skb, pkt, path_mtu(path->real, pkt, &path->way, tunnel)))
		return LBVS_DROP_TOO_BIG;
	return LBVS_DROP_NONE;
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
			   path_mtu(path->real, pkt, &path->way,
				    path->method == LBVS_METHOD_TUNNEL));
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
		/* The stack puts itself into record route and time stamps. */
		if (pkt->options && IPCB(skb)->opt.is_changed)
			ip_send_check(ip_hdr(skb));
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
		     const struct lbvs_path *path)
{
	struct lbvs_real *real = path->real;
	int err = 0;
	bool df;

	if (path->method == LBVS_METHOD_NAT)
		err = pkt->quote ? lbvs_icmp_rewrite(skb, pkt, &path->to) :
				   lbvs_nat_rewrite(skb, pkt, &path->to,
						    READ_ONCE(real->svc->mss));
	err = err ?: age(skb, pkt);
	if (err || path->method != LBVS_METHOD_TUNNEL)
		return err;
	df = must_fit(ln, pkt, true) &&
	     (skb_is_gso(skb) || pkt->len <= tunnel_mtu(real, &path->way));
	return lbvs_tunnel_push(ln->net, skb, pkt, real, &path->way, df);
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

/* What a device can send as it is. */
static bool is_finished(const struct sk_buff *skb)
{
	return !skb_is_nonlinear(skb) && !skb_is_gso(skb) &&
	       skb->ip_summed != CHECKSUM_PARTIAL &&
	       !skb_vlan_tag_present(skb);
}

/*
 * The hardware header, if it is short and its owner was heard of lately; another
 * is for neigh_output(), which has it asked for.
 */
static bool push_header(struct sk_buff *skb, const struct neighbour *n)
{
	const struct hh_cache *hh = &n->hh;
	unsigned int seq, len;

	if (!(READ_ONCE(n->nud_state) & NUD_CONNECTED) ||
	    skb_headroom(skb) < HH_DATA_MOD)
		return false;
	do {
		seq = read_seqbegin(&hh->hh_lock);
		len = READ_ONCE(hh->hh_len);
		if (!len || len > HH_DATA_MOD)
			return false;
		memcpy(skb->data - HH_DATA_MOD, hh->hh_data, HH_DATA_MOD);
	} while (read_seqretry(&hh->hh_lock, seq));
	__skb_push(skb, len);
	skb_reset_mac_header(skb);
	return true;
}

/* The caller drops the packet if the device doesn't take it. */
static unsigned int transmit_direct(struct lbvs_net *ln, struct sk_buff *skb)
{
	int res = __dev_direct_xmit(skb, netdev_pick_tx(skb->dev, skb, NULL));

	return dev_xmit_complete(res) ? NF_STOLEN :
					lbvs_drop(ln, skb, LBVS_DROP_BUSY);
}

/* Past the stack's output: what that would do is done, or isn't needed. */
static unsigned int transmit_fast(struct lbvs_net *ln, struct sk_buff *skb,
				  const struct lbvs_path *path)
{
	skb->dev = path->way.dst->dev;
	lbvs_way_put(&path->way);
	if (READ_ONCE(ln->fast.transmit) == LBVS_TRANSMIT_DIRECT &&
	    is_finished(skb) && push_header(skb, path->neigh))
		return transmit_direct(ln, skb);
	neigh_output(path->neigh, skb, false);
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
 * lbvs_path_find() - find out where a packet is to go, and whether it can
 * @ln: the namespace
 * @skb: the packet
 * @pkt: what it looks like
 * @path: with its real, method and direction, and what the packet is to look
 *	like if the method is nat; the rest is filled in
 *
 * Context: RCU, BH off.
 * Return: LBVS_DROP_NONE, or why it can't; lbvs_path_take() is to be called in
 * either case
 */
enum lbvs_drop lbvs_path_find(struct lbvs_net *ln, struct sk_buff *skb,
			      const struct lbvs_packet *pkt,
			      struct lbvs_path *path)
{
	struct lbvs_way *way = &path->way;

	path->local = false;
	if (path->dir == LBVS_DIR_IN ?
	    !lbvs_route_real(path->real, path->method, way) :
	    !lbvs_route_client(ln->net, &path->to, skb->mark, pkt->tos, way)) {
		way->ref = false;
		return LBVS_DROP_NO_ROUTE;
	}
	if (path->method == LBVS_METHOD_DR &&
	    way->dst->dev->flags & IFF_LOOPBACK) {
		path->local = true;
		return LBVS_DROP_NONE;
	}
	return check_path(ln, skb, pkt, path);
}

static bool has_policies(const struct net *net)
{
#ifdef CONFIG_XFRM
	return net->xfrm.policy_count[XFRM_POLICY_FWD] ||
	       net->xfrm.policy_count[XFRM_POLICY_OUT] ||
	       net->xfrm.policy_default[XFRM_POLICY_FWD] !=
	       XFRM_USERPOLICY_ACCEPT ||
	       net->xfrm.policy_default[XFRM_POLICY_OUT] !=
	       XFRM_USERPOLICY_ACCEPT;
#else
	return false;
#endif
}

static bool find_next_hop(struct lbvs_path *path)
{
	const struct lbvs_real_key *key = &path->real->key;

	path->neigh = path->dir == LBVS_DIR_IN ?
		      lbvs_way_neigh(&path->way, key->af, key->addr) :
		      lbvs_way_neigh(&path->way, path->to.af, path->to.daddr);
	return path->neigh;
}

/* A director that is a dr real gets nothing back; the slow path sees to that. */
static bool goes_back(const struct lbvs_path *path,
		      const struct lbvs_packet *pkt)
{
	return path->method == LBVS_METHOD_DR &&
	       ether_addr_equal(path->neigh->ha, pkt->sender);
}

/**
 * lbvs_path_fast() - find out whether a packet can pass by the stack
 * @ln: the namespace
 * @skb: the packet
 * @pkt: what it looks like
 * @path: from lbvs_path_find(); the next hop is filled in
 * @why: what that returned
 *
 * Return: LBVS_FAST_TAKEN if so; or why not, and then @path is done with
 */
enum lbvs_fast lbvs_path_fast(struct lbvs_net *ln, const struct sk_buff *skb,
			      const struct lbvs_packet *pkt,
			      struct lbvs_path *path, enum lbvs_drop why)
{
	static const u8 fate[__LBVS_DROP_MAX] = {
		[LBVS_DROP_NO_ROUTE]	= LBVS_FAST_ROUTE,
		[LBVS_DROP_TTL]		= LBVS_FAST_TTL,
		[LBVS_DROP_TOO_BIG]	= LBVS_FAST_TOO_BIG,
		[LBVS_DROP_GATEWAY]	= LBVS_FAST_ROUTE,
		[LBVS_DROP_LRO]		= LBVS_FAST_HEADER,
	};
	const struct dst_entry *dst = path->way.dst;
	enum lbvs_fast res = fate[why];
	const struct net_device *dev;

	if (why)
		goto out;
	dev = dst->dev;
	if (dev->flags & IFF_LOOPBACK)
		res = LBVS_FAST_LOCAL;
	else if (dev->type != ARPHRD_ETHER || dst->lwtstate)
		res = LBVS_FAST_ROUTE;
	else if (has_policies(ln->net))
		res = LBVS_FAST_POLICY;
	else if (skb_headroom(skb) < LL_RESERVED_SPACE(dev))
		res = LBVS_FAST_NO_MEMORY;
	else
		res = find_next_hop(path) && !goes_back(path, pkt) ?
		      LBVS_FAST_TAKEN : LBVS_FAST_NEIGHBOUR;
out:
	if (res != LBVS_FAST_TAKEN)
		lbvs_way_put(&path->way);
	return res;
}

/**
 * lbvs_path_take() - send a packet to a real, or back to a client
 * @ln: the namespace
 * @skb: the packet
 * @pkt: what it looks like
 * @path: from lbvs_path_find(), and on the fast path from lbvs_path_fast()
 * @why: what lbvs_path_find() returned
 *
 * Context: RCU, BH off.
 * Return: a netfilter verdict: NF_STOLEN, NF_ACCEPT for a local real, or NF_DROP
 * after counting why
 */
unsigned int lbvs_path_take(struct lbvs_net *ln, struct sk_buff *skb,
			    const struct lbvs_packet *pkt,
			    struct lbvs_path *path, enum lbvs_drop why)
{
	bool tracked = lbvs_tracked(ln, path->method) && !pkt->early;

	if (path->local) {
		lbvs_way_put(&path->way);
		return deliver(skb, pkt, path->real);
	}
	if (!why) {
		scrub(skb, pkt, tracked);
		if (transform(ln, skb, pkt, path))
			why = LBVS_DROP_NO_MEMORY;
	} else {
		tell_sender(ln, skb, pkt, path, why);
	}
	if (why) {
		lbvs_way_put(&path->way);
		return lbvs_drop(ln, skb, why);
	}
	lbvs_count_packet(path->real, path->dir, skb, pkt->len);
	return pkt->fast ? transmit_fast(ln, skb, path) :
			   transmit(ln, skb, &path->way);
}
