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
#include <net/inet_dscp.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
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

static struct dst_entry *route_lookup4(struct net *net,
				       const struct lbvs_tuple *to, u32 mark,
				       u8 tos)
{
	struct flowi4 fl4 = {
		.daddr = to->daddr[0],
		.saddr = to->saddr[0],
		.flowi4_mark = mark,
		.flowi4_tos = tos & INET_DSCP_MASK,
		.flowi4_proto = to->proto,
		/* The VIP may be an address that no device here holds. */
		.flowi4_flags = FLOWI_FLAG_ANYSRC,
		.fl4_sport = to->sport,
		.fl4_dport = to->dport,
	};
	struct rtable *rt = ip_route_output_key(net, &fl4);

	return IS_ERR(rt) ? NULL : &rt->dst;
}

static struct dst_entry *route_lookup6(struct net *net,
				       const struct lbvs_tuple *to, u32 mark,
				       u8 tos)
{
	struct flowi6 fl6 = {
		.flowi6_mark = mark,
		.flowi6_proto = to->proto,
		.flowi6_flags = FLOWI_FLAG_ANYSRC,
		.flowlabel = ip6_make_flowinfo(tos & INET_DSCP_MASK, 0),
		.fl6_sport = to->sport,
		.fl6_dport = to->dport,
	};
	struct dst_entry *dst;

	lbvs_addr_copy(AF_INET6, fl6.daddr.s6_addr32, to->daddr);
	lbvs_addr_copy(AF_INET6, fl6.saddr.s6_addr32, to->saddr);
	dst = ip6_route_output(net, NULL, &fl6);
	if (dst->error) {
		dst_release(dst);
		return NULL;
	}
	return dst;
}

/* Returns a reference, or NULL. */
static struct dst_entry *route_lookup(struct net *net,
				      const struct lbvs_tuple *to, u32 mark,
				      u8 tos)
{
	return to->af == AF_INET ? route_lookup4(net, to, mark, tos) :
				   route_lookup6(net, to, mark, tos);
}

/* The way to a real doesn't depend on who sends, or on marks and DSCP. */
static struct dst_entry *route_lookup_real(struct lbvs_net *ln,
					   const struct lbvs_tuple *to)
{
	struct lbvs_tuple any = { .af = to->af, .proto = to->proto };

	lbvs_addr_copy(to->af, any.daddr, to->daddr);
	return route_lookup(ln->net, &any, 0, 0);
}

static u32 dst_cookie(const struct dst_entry *dst, u8 af)
{
	return af == AF_INET6 ? rt6_get_cookie(dst_rt6_info(dst)) : 0;
}

/* Have the cache keep a route; it gets the reference. */
static void route_keep(struct lbvs_route *route, struct dst_entry *dst, u8 af)
{
	struct dst_entry *old;

	WRITE_ONCE(route->cookie, dst_cookie(dst, af));
	old = rcu_replace_pointer(route->dst, dst,
				  lockdep_is_held(&route->lock));
	/* Readers are safe: a route is freed behind a grace period. */
	dst_release(old);
}

/**
 * lbvs_route_flush() - forget a cached route
 * @route: the cache; nobody adds to it any more
 */
void lbvs_route_flush(struct lbvs_route *route)
{
	spin_lock_bh(&route->lock);
	dst_release(rcu_replace_pointer(route->dst, NULL,
					lockdep_is_held(&route->lock)));
	spin_unlock_bh(&route->lock);
}

/*
 * Set the packet's route to a real, from the real's cache if it is still good.
 * It is held under RCU only, as long as nobody queues the packet.
 */
static struct dst_entry *route_to_real(struct lbvs_net *ln,
				       struct lbvs_real *real,
				       const struct lbvs_tuple *to, bool *ref)
{
	struct lbvs_route *route = &real->route;
	struct dst_entry *dst = rcu_dereference(route->dst);

	*ref = false;
	if (dst && dst_check(dst, READ_ONCE(route->cookie)))
		return dst;

	dst = route_lookup_real(ln, to);
	if (!dst)
		return NULL;
	/* Somebody else is at it: let him keep his. */
	if (!spin_trylock(&route->lock)) {
		*ref = true;
		return dst;
	}
	route_keep(route, dst, to->af);
	spin_unlock(&route->lock);
	return dst;
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

static bool too_big(const struct sk_buff *skb, const struct lbvs_packet *pkt,
		    unsigned int mtu)
{
	if (pkt->len <= mtu || !pkt->df || skb->ignore_df)
		return false;
	return !skb_is_gso(skb) || !skb_gso_validate_network_len(skb, mtu);
}

static unsigned int path_mtu(const struct dst_entry *dst,
			     const struct lbvs_packet *pkt)
{
	return pkt->tuple.af == AF_INET ?
	       ip_dst_mtu_maybe_forward(dst, !pkt->local) :
	       ip6_dst_mtu_maybe_forward(dst, !pkt->local);
}

/* LBVS_DROP_NONE, or why the packet can't go; its sender has been told then. */
static enum lbvs_drop check_path(struct lbvs_net *ln, struct sk_buff *skb,
				 const struct lbvs_packet *pkt,
				 const struct dst_entry *dst)
{
	unsigned int mtu = path_mtu(dst, pkt);

	if (!pkt->local && pkt->ttl <= 1) {
		icmp_error(ln, skb, pkt, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL,
			   ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, 0);
		return LBVS_DROP_TTL;
	}
	if (too_big(skb, pkt, mtu)) {
		icmp_error(ln, skb, pkt, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
			   ICMPV6_PKT_TOOBIG, 0, mtu);
		return LBVS_DROP_TOO_BIG;
	}
	return LBVS_DROP_NONE;
}

/* Take off what the packet's way in has put on it. */
static void scrub(struct sk_buff *skb, const struct lbvs_packet *pkt)
{
	nf_reset_ct(skb);
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
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

static void age(struct sk_buff *skb, const struct lbvs_packet *pkt)
{
	if (pkt->local)
		return;
	if (pkt->tuple.af == AF_INET) {
		IPCB(skb)->flags |= IPSKB_FORWARDED;
		ip_decrease_ttl(ip_hdr(skb));
	} else {
		IP6CB(skb)->flags |= IP6SKB_FORWARDED;
		ipv6_hdr(skb)->hop_limit--;
	}
}

static unsigned int transmit(struct lbvs_net *ln, struct sk_buff *skb,
			     const struct lbvs_packet *pkt,
			     struct dst_entry *dst, bool ref)
{
	scrub(skb, pkt);
	skb_dst_drop(skb);
	if (ref)
		skb_dst_set(skb, dst);
	else
		skb_dst_set_noref(skb, dst);
	age(skb, pkt);
	dst_output(ln->net, skb->sk, skb);
	return NF_STOLEN;
}

/**
 * lbvs_forward() - send a packet to a real, or back to a client
 * @ln: the namespace
 * @skb: the packet
 * @pkt: what it looks like
 * @real: the real
 * @dir: its direction
 * @to: what it is to look like
 *
 * Context: RCU, BH off.
 * Return: a netfilter verdict: NF_STOLEN, or NF_DROP after counting why
 */
unsigned int lbvs_forward(struct lbvs_net *ln, struct sk_buff *skb,
			  const struct lbvs_packet *pkt, struct lbvs_real *real,
			  enum lbvs_dir dir, const struct lbvs_tuple *to)
{
	struct dst_entry *dst;
	enum lbvs_drop why;
	bool ref = true;

	dst = dir == LBVS_DIR_IN ?
	      route_to_real(ln, real, to, &ref) :
	      route_lookup(ln->net, to, skb->mark, pkt->tos);
	if (!dst)
		return lbvs_drop(ln, skb, LBVS_DROP_NO_ROUTE);

	why = check_path(ln, skb, pkt, dst);
	if (!why && lbvs_nat_rewrite(skb, pkt, to))
		why = LBVS_DROP_NO_MEMORY;
	if (why) {
		if (ref)
			dst_release(dst);
		return lbvs_drop(ln, skb, why);
	}
	lbvs_count_packet(real, dir, skb, pkt->len);
	return transmit(ln, skb, pkt, dst, ref);
}
