/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pipeline that packets of known connections pass: find, path, state,
 * rewrite, transmit. It is compiled into each door, so that what a door knows
 * (whether it is the fast one before all) is decided there once, and what is
 * found stays in registers. What few packets need is called, and stands
 * elsewhere.
 */
#ifndef _LBVS_PIPELINE_H
#define _LBVS_PIPELINE_H

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rculist.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "compat.h"
#include "forward_nat.h"
#include "forward_tunnel.h"
#include "lbvs.h"

/* A VRF has routes of its own, which are not looked up: it is left alone. */
static __always_inline bool lbvs_in_vrf(const struct net_device *dev)
{
	return netif_is_l3_master(dev) || netif_is_l3_slave(dev);
}

/* --- find --- */

static __always_inline struct lbvs_conn_family *lbvs_conn_family(struct lbvs_net *ln,
								 u8 af)
{
	return &ln->conns.family[lbvs_family_index(af)];
}

static __always_inline bool lbvs_conn_expired(const struct lbvs_conn *conn)
{
	return (s32)((u32)jiffies - READ_ONCE(conn->expires)) >= 0;
}

static __always_inline bool lbvs_conn_forgotten(const struct lbvs_conn *conn)
{
	return READ_ONCE(conn->real->down) &&
	       lbvs_closes(conn->real->svc,
			   lbvs_conn_entry(conn, LBVS_DIR_IN)->proto);
}

static __always_inline bool lbvs_conn_alive(const struct lbvs_conn *conn)
{
	return !(READ_ONCE(conn->word) & LBVS_CONN_DEAD);
}

/* See lbvs_conn_usable(). */
static __always_inline bool lbvs_conn_passable(const struct lbvs_conn *conn)
{
	return lbvs_conn_alive(conn) && !lbvs_conn_expired(conn) &&
	       !lbvs_conn_forgotten(conn);
}

/* The connection of a tuple, if it passes the test. Context: RCU. */
static __always_inline struct lbvs_conn *
lbvs_conn_lookup(struct lbvs_conn_family *fam, const struct lbvs_tuple *tuple,
		 u32 hash, enum lbvs_dir *dir,
		 bool (*test)(const struct lbvs_conn *conn))
{
	struct lbvs_conn_entry *entry;
	struct lbvs_conn_table *tbl;
	struct lbvs_conn *conn;

	for (tbl = rcu_dereference(fam->table); tbl;
	     tbl = rcu_dereference(tbl->next)) {
		hlist_for_each_entry_rcu(entry, &tbl->bucket[hash & tbl->mask],
					 node) {
			if (!lbvs_entry_equal(entry, tuple))
				continue;
			conn = lbvs_entry_conn(entry, tuple->af);
			if (unlikely(!test(conn)))
				continue;
			*dir = entry->dir;
			return conn;
		}
		/* Pairs with the release in entry_move(). */
		smp_rmb();
	}
	return NULL;
}

/* See lbvs_conn_find(). */
static __always_inline struct lbvs_conn *
lbvs_conn_of(struct lbvs_net *ln, const struct lbvs_tuple *tuple,
	     enum lbvs_dir *dir)
{
	struct lbvs_conn_family *fam = lbvs_conn_family(ln, tuple->af);

	return lbvs_conn_lookup(fam, tuple, lbvs_table_hash(fam, tuple), dir,
				lbvs_conn_passable);
}

/* --- state --- */

/*
 * Where replies go past the director, a client's packets are all there is to
 * tell the state from.
 */
static __always_inline enum lbvs_dir lbvs_seen_dir(u8 method, enum lbvs_dir dir)
{
	return lbvs_method_replies(method) ? dir : LBVS_DIR_ALONE;
}

static __always_inline u32 lbvs_next_word(u32 word, u8 method,
					  enum lbvs_dir dir,
					  const struct lbvs_packet *pkt)
{
	return pkt->tuple.proto == IPPROTO_TCP ?
	       lbvs_tcp_next(word, lbvs_seen_dir(method, dir), pkt->event) :
	       lbvs_udp_next(word);
}

/* What most packets find, and leave. */
static __always_inline bool lbvs_usual_state(u8 state, const struct lbvs_packet *pkt)
{
	return state == LBVS_STATE_UDP ||
	       (state == LBVS_STATE_TCP_ESTABLISHED &&
		pkt->event == LBVS_TCP_ACK);
}

/* Find the state after a packet; @word is the one before. Whether that changed. */
static __always_inline bool lbvs_transition(struct lbvs_conn *conn,
					    enum lbvs_dir dir, u8 method,
					    const struct lbvs_packet *pkt,
					    u32 *word)
{
	u32 next;

	if (likely(lbvs_usual_state(*word & LBVS_CONN_STATE, pkt)))
		return false;
	do {
		next = lbvs_next_word(*word, method, dir, pkt);
		if (next == *word || *word & LBVS_CONN_DEAD)
			return false;
	} while (!try_cmpxchg(&conn->word, word, next));

	if ((*word ^ next) & LBVS_CONN_ACTIVE)
		atomic_add(next & LBVS_CONN_ACTIVE ? 1 : -1,
			   &conn->real->active);
	*word = next;
	return true;
}

/* See lbvs_conn_advance(). */
static __always_inline void lbvs_advance(struct lbvs_conn *conn,
					 enum lbvs_dir dir, u8 method,
					 const struct lbvs_packet *pkt)
{
	u32 word = READ_ONCE(conn->word);
	bool changed = lbvs_transition(conn, dir, method, pkt, &word);
	const struct lbvs_life *life;
	u32 expires, slack;

	life = &conn->real->svc->life[word & LBVS_CONN_STATE];
	expires = (u32)jiffies + READ_ONCE(life->timeout);
	slack = READ_ONCE(life->slack);
	/* In either direction: a timeout may have been shortened. */
	if (unlikely(changed || expires - READ_ONCE(conn->expires) + slack >=
				2 * slack))
		WRITE_ONCE(conn->expires, expires);
}

/* --- path --- */

/* Whether a route is as good as on the day when it was looked up. */
static __always_inline bool
lbvs_entry_fresh(const struct lbvs_route_entry *entry,
		 const struct lbvs_net *ln)
{
	const struct dst_entry *dst = entry->dst;

	if (entry->flags & LBVS_WAY_IPV6)
		return dst_check(entry->dst, entry->cookie);
	/* That is what dst_check() would ask, two calls further on. */
	return READ_ONCE(dst->obsolete) == DST_OBSOLETE_FORCE_CHK &&
	       entry->cookie == (u32)rt_genid_ipv4(ln->net);
}

/*
 * Whether packets may take a cached route. To a gateway that doesn't answer the fast
 * path sends nothing; then the slow one asks, by looking up, whether there is another.
 */
static __always_inline bool lbvs_entry_good(const struct lbvs_route_entry *entry,
					    const struct lbvs_net *ln, bool fast)
{
	return lbvs_entry_fresh(entry, ln) &&
	       (fast || !lbvs_gateway_failed(entry));
}

static __always_inline void lbvs_entry_use(struct lbvs_route_entry *entry,
					   struct lbvs_way *way)
{
	way->dst = entry->dst;
	way->entry = entry;
	way->flags = entry->flags;
	way->ref = false;
}

/*
 * Find the way to a real, from its cache if that is good still. It doesn't depend
 * on who sends, or on marks and DSCP. False if there is none, or on the fast path
 * if it can't be cached.
 */
static __always_inline bool lbvs_way_real(struct lbvs_net *ln,
					  struct lbvs_real *real, u8 method,
					  struct lbvs_way *way, bool fast)
{
	struct lbvs_route_entry *entry =
		rcu_dereference(real->route[method].entry);

	if (unlikely(!entry || !lbvs_entry_good(entry, ln, fast))) {
		struct lbvs_way found = {};

		if (!fast) {
			if (!lbvs_route_real(real, method, &found))
				return false;
			*way = found;
			return true;
		}
		entry = lbvs_route_renew(real, method);
		if (!entry)
			return false;
	}
	lbvs_entry_use(entry, way);
	return true;
}

/*
 * What a packet is to look like, for each who asks: to be kept until it is written,
 * it would have to leave the registers.
 */
static __always_inline void lbvs_path_to(const struct lbvs_path *path, u8 af,
					 struct lbvs_tuple *to)
{
	if (path->to)
		*to = *path->to;
	else
		lbvs_conn_rewritten(path->conn, af, path->dir, to);
}

/* The cached way that a connection's replies took last, or NULL. */
static __always_inline struct lbvs_route_entry *
lbvs_way_noted(struct lbvs_net *ln, const struct lbvs_conn *conn, bool fast)
{
	struct lbvs_client_ways *ways = &ln->client_ways;
	/* Of a dead connection it is anything, and no way's number. */
	unsigned long id = READ_ONCE(conn->reply_way);
	struct lbvs_route_entry *entry;

	entry = rcu_dereference(ways->slot[id % LBVS_CLIENT_WAYS]);
	return entry && entry->id == id && lbvs_entry_good(entry, ln, fast) ?
	       entry : NULL;
}

/*
 * Find the way to a client. What its first reply has found by mark and DSCP, the
 * rest of a connection takes, until a route changes. False if there is none.
 */
static __always_inline bool lbvs_way_client(struct lbvs_net *ln,
					    const struct sk_buff *skb,
					    const struct lbvs_packet *pkt,
					    const struct lbvs_path *path,
					    struct lbvs_way *way, bool fast)
{
	struct lbvs_route_entry *entry = NULL;

	if (path->conn)
		entry = lbvs_way_noted(ln, path->conn, fast);
	if (unlikely(!entry)) {
		struct lbvs_tuple to __lbvs_uninitialized;
		struct lbvs_way found = {};

		lbvs_path_to(path, pkt->tuple.af, &to);
		if (!lbvs_route_client(ln, path->conn, &to, skb->mark,
				       pkt->tos, &found))
			return false;
		*way = found;
		return true;
	}
	lbvs_entry_use(entry, way);
	return true;
}

/*
 * A neighbour that is to be asked again is good still, and is asked by using it.
 * One that was flushed may look good, but for being dead.
 */
static __always_inline bool lbvs_neigh_good(const struct neighbour *n)
{
	return n && !READ_ONCE(n->dead) && READ_ONCE(n->nud_state) & NUD_VALID;
}

static __always_inline struct neighbour *
lbvs_way_neigh_known(const struct lbvs_way *way)
{
	struct neighbour *n = way->entry ? READ_ONCE(way->entry->neigh) : NULL;

	return likely(lbvs_neigh_good(n)) ? n : NULL;
}

/* The next hop of a way, or NULL if its hardware address isn't known. */
static __always_inline struct neighbour *
lbvs_way_neigh(const struct lbvs_way *way, const __be32 *daddr)
{
	struct neighbour *n = lbvs_way_neigh_known(way);

	return n ?: lbvs_neigh_find(way->dst, way->entry, way->flags, daddr);
}

static __always_inline struct neighbour *
lbvs_path_neigh(const struct lbvs_path *path, u8 af)
{
	struct neighbour *n = lbvs_way_neigh_known(&path->way);
	const struct lbvs_way *way = &path->way;
	struct lbvs_tuple to __lbvs_uninitialized;

	if (likely(n))
		return n;
	if (path->dir == LBVS_DIR_IN)
		return lbvs_neigh_find(way->dst, way->entry, way->flags,
				       path->real->key.addr);
	lbvs_path_to(path, af, &to);
	return lbvs_neigh_find(way->dst, way->entry, way->flags, to.daddr);
}

/* What fits into a tunnel's outer packet. */
static __always_inline unsigned int lbvs_tunnel_mtu(const struct lbvs_real *real,
						    const struct lbvs_way *way)
{
	return (way->entry->mtu ?: dst_mtu(way->dst)) - lbvs_tunnel_overhead(real);
}

/* Whether a packet may not be fragmented for its way. */
static __always_inline bool lbvs_must_fit(const struct lbvs_net *ln,
					  const struct lbvs_packet *pkt, bool tunnel)
{
	/* IPv4's sockets don't heed an MTU on the way to their own host. */
	if (!pkt->df || (pkt->local && pkt->tuple.af == AF_INET))
		return false;
	return !tunnel || READ_ONCE(ln->tunnel_df) != LBVS_TUNNEL_DF_NEVER;
}

static __always_inline unsigned int
lbvs_path_mtu(const struct lbvs_real *real, const struct lbvs_packet *pkt,
	      const struct lbvs_way *way, bool tunnel, bool fast)
{
	unsigned int mtu;

	/*
	 * No IPv6 host has to send less: the outer packet is fragmented, but not
	 * on the fast path.
	 */
	if (tunnel)
		return max_t(unsigned int, lbvs_tunnel_mtu(real, way),
			     fast || pkt->tuple.af == AF_INET ? 0 :
								IPV6_MIN_MTU);
	if (likely(way->entry && way->entry->mtu))
		return way->entry->mtu;
	if (pkt->tuple.af == AF_INET)
		return ip_dst_mtu_maybe_forward(way->dst, !pkt->local);
	/*
	 * The stack asks for the one before output, and for the other in it. They
	 * are the device's both unless the route has one.
	 */
	mtu = ip6_dst_mtu_maybe_forward(way->dst, !pkt->local);
	return likely(!dst_metric_raw(way->dst, RTAX_MTU)) ?
	       mtu : min(mtu, dst_mtu(way->dst));
}

/*
 * Whether each segment is no larger. The transport header may be where a tunnel's was
 * that the packet has come out of, or where IPv6 has options; there it has to be
 * for the stack, too, if that goes on.
 */
static __always_inline bool lbvs_segments_fit(struct sk_buff *skb,
					      const struct lbvs_packet *pkt,
					      unsigned int mtu)
{
	u16 transport = skb->transport_header;
	bool res;

	skb_set_transport_header(skb, pkt->l4_off);
	res = skb_gso_validate_network_len(skb, mtu);
	skb->transport_header = transport;
	return res;
}

/* Whether a packet, or each of its segments, is no larger. */
static __always_inline bool lbvs_fits(struct sk_buff *skb,
				      const struct lbvs_packet *pkt, unsigned int mtu)
{
	return pkt->len <= mtu ||
	       (skb_is_gso(skb) && lbvs_segments_fit(skb, pkt, mtu));
}

static __always_inline bool lbvs_too_big(struct sk_buff *skb,
					 const struct lbvs_packet *pkt, unsigned int mtu)
{
	return !lbvs_fits(skb, pkt, mtu) && !skb->ignore_df;
}

/*
 * Whether a packet stands for several, and can't get an outer header as a whole: it
 * has one already, and no layer that segments knows of two; or its length with one
 * would be no IP packet's.
 */
static __always_inline bool lbvs_unwrappable(const struct sk_buff *skb,
					     const struct lbvs_packet *pkt)
{
	return (skb->encapsulation || pkt->len > IP_MAX_MTU - LBVS_OVERHEAD_MAX) &&
	       skb_is_gso(skb);
}

/* LBVS_DROP_NONE, or why the packet can't go that way. */
static __always_inline enum lbvs_drop
lbvs_path_check(struct lbvs_net *ln, struct sk_buff *skb,
		const struct lbvs_packet *pkt, const struct lbvs_path *path, bool fast)
{
	bool tunnel = path->method == LBVS_METHOD_TUNNEL;

	if (path->method == LBVS_METHOD_DR &&
	    path->way.flags & LBVS_WAY_GATEWAY)
		return LBVS_DROP_GATEWAY;
	if (!fast && !pkt->local && pkt->ttl <= 1)
		return LBVS_DROP_TTL;
	if (unlikely(skb_is_nonlinear(skb) && skb_warn_if_lro(skb)))
		return LBVS_DROP_LRO;
	/* On the fast path there are no policies. */
	if (!pkt->local && !fast &&
	    !lbvs_policy_lets_in(skb, pkt->tuple.af))
		return LBVS_DROP_POLICY;
	/* The fast path doesn't fragment. */
	if ((fast || lbvs_must_fit(ln, pkt, tunnel)) &&
	    lbvs_too_big(skb, pkt, lbvs_path_mtu(path->real, pkt, &path->way,
						 tunnel, fast)))
		return LBVS_DROP_TOO_BIG;
	return LBVS_DROP_NONE;
}

static __always_inline bool lbvs_has_policies(const struct net *net)
{
#ifdef CONFIG_XFRM
	return net->xfrm.policy_count[XFRM_POLICY_FWD] |
	       net->xfrm.policy_count[XFRM_POLICY_OUT] ||
	       net->xfrm.policy_default[XFRM_POLICY_FWD] !=
	       XFRM_USERPOLICY_ACCEPT ||
	       net->xfrm.policy_default[XFRM_POLICY_OUT] !=
	       XFRM_USERPOLICY_ACCEPT;
#else
	return false;
#endif
}

/* A director that is a dr real gets nothing back; the slow path sees to that. */
static __always_inline bool lbvs_goes_back(const struct lbvs_path *path,
					   const struct sk_buff *skb)
{
	return path->method == LBVS_METHOD_DR &&
	       ether_addr_equal_64bits(path->neigh->ha,
				       eth_hdr(skb)->h_source);
}

/* The fast path leaves to the stack what can't be passed on. */
static __always_inline enum lbvs_fast lbvs_fate_of(enum lbvs_drop why)
{
	return why == LBVS_DROP_TTL ? LBVS_FAST_TTL :
	       why == LBVS_DROP_TOO_BIG ? LBVS_FAST_TOO_BIG :
	       why == LBVS_DROP_LRO ? LBVS_FAST_HEADER : LBVS_FAST_ROUTE;
}

/* What the stack would leave for the hardware header; for that it is enough. */
static __always_inline unsigned int lbvs_way_headroom(const struct lbvs_way *way)
{
	return way->entry ? way->entry->headroom :
			    LL_RESERVED_SPACE(way->dst->dev);
}

/* Whether a packet can pass by the stack's output, and why not. */
static __always_inline enum lbvs_fast
lbvs_path_fast(struct lbvs_net *ln, struct sk_buff *skb,
	       const struct lbvs_packet *pkt, struct lbvs_path *path)
{
	const struct lbvs_way *way = &path->way;
	enum lbvs_drop why;

	if (unlikely(!(way->flags & LBVS_WAY_PLAIN)))
		return way->flags & LBVS_WAY_LOCAL ? LBVS_FAST_LOCAL :
						     LBVS_FAST_ROUTE;
	why = lbvs_path_check(ln, skb, pkt, path, true);
	if (unlikely(why))
		return lbvs_fate_of(why);
	if (path->method == LBVS_METHOD_TUNNEL && unlikely(lbvs_unwrappable(skb, pkt)))
		return LBVS_FAST_HEADER;
	if (unlikely(lbvs_has_policies(ln->net)))
		return LBVS_FAST_POLICY;
	if (unlikely(skb_headroom(skb) < lbvs_way_headroom(way)))
		return LBVS_FAST_NO_MEMORY;
	path->neigh = lbvs_path_neigh(path, pkt->tuple.af);
	return likely(path->neigh && !lbvs_goes_back(path, skb)) ?
	       LBVS_FAST_TAKEN : LBVS_FAST_NEIGHBOUR;
}

/*
 * Find out where a packet is to go, and whether it can. On the fast path that is
 * the packet's fate, and what isn't LBVS_FAST_TAKEN is done with. Otherwise it is
 * LBVS_DROP_NONE, or why it can't; lbvs_path_take() comes next.
 */
static __always_inline enum lbvs_drop
lbvs_path_find(struct lbvs_net *ln, struct sk_buff *skb,
	       struct lbvs_packet *pkt, struct lbvs_path *path, bool fast)
{
	struct lbvs_way *way = &path->way;

	path->local = false;
	if (path->dir == LBVS_DIR_IN ?
	    !lbvs_way_real(ln, path->real, path->method, way, fast) :
	    !lbvs_way_client(ln, skb, pkt, path, way, fast)) {
		way->ref = false;
		pkt->fate = LBVS_FAST_ROUTE;
		return LBVS_DROP_NO_ROUTE;
	}
	if (fast) {
		pkt->fate = lbvs_path_fast(ln, skb, pkt, path);
		if (unlikely(pkt->fate != LBVS_FAST_TAKEN))
			lbvs_way_put(way);
		return LBVS_DROP_NONE;
	}
	if (!lbvs_method_replies(path->method) &&
	    way->flags & LBVS_WAY_LOCAL) {
		path->local = true;
		return LBVS_DROP_NONE;
	}
	return lbvs_path_check(ln, skb, pkt, path, false);
}

/* --- rewrite --- */

/* Take off what the packet's way in has put on it. */
static __always_inline void lbvs_scrub(struct sk_buff *skb,
				       const struct lbvs_packet *pkt,
				       bool tracked, bool fast)
{
	skb_forward_csum(skb);
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	skb_ext_del(skb, SKB_EXT_BRIDGE_NF);
#endif
	/* A sender's socket waits for its packets, and paces them. */
	if (!pkt->local) {
		skb_clear_tstamp(skb);
		skb_orphan(skb);
	}
	/* Nothing else is on it before the fast path, which has looked. */
	if (fast) {
		skb_reset_redirect(skb);
		return;
	}
	if (!tracked) {
		nf_reset_ct(skb);
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	}
	secpath_reset(skb);
}

/* Have the beginning of a packet be the packet's own. Its data may move. */
static __always_inline int lbvs_writable(struct sk_buff *skb,
					 unsigned int len, bool fast)
{
	/* The fast path has seen that its headers are in one piece. */
	if (fast && !skb->cloned)
		return 0;
	return skb_ensure_writable(skb, len);
}

/* One hop. The packet's data may be reallocated. */
static __always_inline int lbvs_age(struct sk_buff *skb,
				    const struct lbvs_packet *pkt, bool fast)
{
	/* IPv6's sockets allow that themselves; see lbvs_must_fit(). */
	if (pkt->local) {
		skb->ignore_df = 1;
		return 0;
	}
	if (pkt->tuple.af == AF_INET) {
		if (lbvs_writable(skb, sizeof(struct iphdr), fast))
			return -ENOMEM;
		if (!fast)
			IPCB(skb)->flags |= IPSKB_FORWARDED;
		ip_decrease_ttl(ip_hdr(skb));
		/* The stack puts itself into record route and time stamps. */
		if (!fast && pkt->options && IPCB(skb)->opt.is_changed)
			ip_send_check(ip_hdr(skb));
	} else {
		if (lbvs_writable(skb, sizeof(struct ipv6hdr), fast))
			return -ENOMEM;
		if (!fast)
			IP6CB(skb)->flags |= IP6SKB_FORWARDED;
		ipv6_hdr(skb)->hop_limit--;
	}
	return 0;
}

static __always_inline int lbvs_translate(struct sk_buff *skb,
					  const struct lbvs_packet *pkt,
					  const struct lbvs_path *path, bool fast)
{
	u16 mss = READ_ONCE(path->real->svc->mss);
	unsigned int len = pkt->l4_off + pkt->l4_len;
	struct lbvs_tuple to __lbvs_uninitialized;
	struct lbvs_mss old __lbvs_uninitialized;

	if (!fast && pkt->quote)
		return lbvs_icmp_rewrite(skb, pkt, path->to);
	if (pkt->event != LBVS_TCP_SYN && pkt->event != LBVS_TCP_SYNACK)
		mss = 0;
	if (mss) {
		old = lbvs_packet_mss(skb, pkt->l4_off);
		if (old.value <= mss)
			mss = 0;
		else
			len = old.off + sizeof(mss);
	}
	if (mss ? skb_ensure_writable(skb, len) : lbvs_writable(skb, len, fast))
		return -ENOMEM;
	lbvs_path_to(path, pkt->tuple.af, &to);
	lbvs_nat_rewrite(skb, pkt, &to, old, mss);
	return 0;
}

/* Make of the packet what is to leave. */
static __always_inline int lbvs_transform(const struct lbvs_net *ln,
					  struct sk_buff *skb,
					  const struct lbvs_packet *pkt,
					  const struct lbvs_path *path, bool fast)
{
	int err = 0;
	bool df;

	if (path->method == LBVS_METHOD_NAT)
		err = lbvs_translate(skb, pkt, path, fast);
	err = err ?: lbvs_age(skb, pkt, fast);
	if (err || path->method != LBVS_METHOD_TUNNEL)
		return err;
	if (fast)
		skb_set_transport_header(skb, pkt->l4_off);
	/* On the fast path it fits, unless that wasn't asked. */
	df = lbvs_must_fit(ln, pkt, true) &&
	     ((fast && !skb->ignore_df) ||
	      lbvs_fits(skb, pkt, lbvs_tunnel_mtu(path->real, &path->way)));
	return lbvs_tunnel_push(ln->net, skb, pkt->tuple.af, pkt->tos,
				path->real, path->way.entry, df);
}

/* --- transmit --- */

/* What a device can send as it is. */
static __always_inline bool lbvs_finished(const struct sk_buff *skb)
{
	return !skb_is_nonlinear(skb) && !skb_is_gso(skb) &&
	       skb->ip_summed != CHECKSUM_PARTIAL &&
	       !skb_vlan_tag_present(skb);
}

/*
 * The hardware header, if it is short and its owner was heard of lately; another
 * is for neigh_output(), which has it asked for.
 */
static __always_inline bool lbvs_push_header(struct sk_buff *skb,
					     const struct neighbour *n)
{
	const struct hh_cache *hh = &n->hh;
	unsigned int seq, len;

	if (unlikely(!(READ_ONCE(n->nud_state) & NUD_CONNECTED)))
		return false;
	do {
		seq = read_seqbegin(&hh->hh_lock);
		len = READ_ONCE(hh->hh_len);
		if (unlikely(!len || len > HH_DATA_MOD))
			return false;
		/* There is room: see lbvs_way_headroom(). */
		memcpy(skb->data - HH_DATA_MOD, hh->hh_data, HH_DATA_MOD);
	} while (read_seqretry(&hh->hh_lock, seq));
	__skb_push(skb, len);
	return true;
}

/*
 * Past the stack's output: what that would do is done, or isn't needed. The route
 * and its device are there under RCU.
 */
static __always_inline unsigned int
lbvs_transmit_fast(struct lbvs_net *ln, struct sk_buff *skb,
		   const struct lbvs_path *path)
{
	skb->dev = path->way.dst->dev;
	lbvs_way_put(&path->way);
	if (unlikely(!lbvs_push_header(skb, path->neigh)))
		return lbvs_transmit_neigh(skb, path->neigh);
	if (READ_ONCE(ln->fast.transmit) == LBVS_TRANSMIT_DIRECT &&
	    lbvs_finished(skb))
		return lbvs_transmit_direct(ln, skb);
	dev_queue_xmit(skb);
	return NF_STOLEN;
}

/*
 * Send a packet to a real, or back to a client. @why: what lbvs_path_find()
 * returned.
 *
 * Context: RCU, BH off. A netfilter verdict: NF_STOLEN, NF_ACCEPT for a local
 * real, or NF_DROP after counting why.
 */
static __always_inline unsigned int
lbvs_path_take(struct lbvs_net *ln, struct sk_buff *skb,
	       struct lbvs_packet *pkt, struct lbvs_path *path,
	       enum lbvs_drop why, bool fast)
{
	bool tracked = !fast && !pkt->early && lbvs_tracked(ln, path->method) &&
		       lbvs_conntrack_keeps(skb, path->dir);

	if (!fast) {
		if (path->local)
			return lbvs_deliver(skb, pkt, path);
		if (why)
			return lbvs_refuse(ln, skb, pkt, path, why);
	}
	lbvs_scrub(skb, pkt, tracked, fast);
	if (!fast && path->method == LBVS_METHOD_TUNNEL &&
	    lbvs_unwrappable(skb, pkt))
		return lbvs_take_apart(ln, skb, pkt, path);
	if (unlikely(lbvs_transform(ln, skb, pkt, path, fast))) {
		lbvs_way_put(&path->way);
		return lbvs_drop(ln, skb, LBVS_DROP_NO_MEMORY);
	}
	lbvs_count_packet(path->real, path->dir, skb, pkt->len);
	return fast ? lbvs_transmit_fast(ln, skb, path) :
		      lbvs_transmit(ln, skb, &path->way);
}

/* --- all of it --- */

/*
 * Whether the connection that has a packet's tuple is another one's: it is
 * closing, and the packet opens one, so the client has forgotten it.
 */
static __always_inline bool lbvs_outdated(const struct lbvs_conn *conn,
					  enum lbvs_dir dir,
					  const struct lbvs_packet *pkt)
{
	return unlikely(pkt->event == LBVS_TCP_SYN) && dir == LBVS_DIR_IN &&
	       lbvs_state_closing(lbvs_conn_state(conn));
}

/*
 * Path, state, rewrite, transmit. On the fast path all doubts come before the
 * state, so that a packet that is left to the stack is accounted once. @first: the
 * packet has made the connection, and is accounted already.
 */
static __always_inline unsigned int
lbvs_pass(struct lbvs_net *ln, struct sk_buff *skb, struct lbvs_packet *pkt,
	  struct lbvs_conn *conn, enum lbvs_dir dir, u8 method, bool first,
	  bool fast)
{
	struct lbvs_path path __lbvs_uninitialized;
	enum lbvs_drop why;

	path.conn = conn;
	path.real = conn->real;
	path.method = method;
	path.dir = dir;
	path.to = NULL;
	why = lbvs_path_find(ln, skb, pkt, &path, fast);
	if (fast && unlikely(pkt->fate != LBVS_FAST_TAKEN))
		return NF_ACCEPT;
	if (!first)
		lbvs_advance(conn, dir, method, pkt);
	if (!fast && dir == LBVS_DIR_IN && lbvs_tracked(ln, path.method))
		lbvs_conntrack_reply(skb, conn);
	return lbvs_path_take(ln, skb, pkt, &path, why, fast);
}

/*
 * A packet of a known connection, or on the fast path the @first of a new one.
 * NF_ACCEPT if it is to come again at a later door.
 */
static __always_inline unsigned int
lbvs_pass_known(struct lbvs_net *ln, struct sk_buff *skb,
		struct lbvs_packet *pkt, struct lbvs_conn *conn,
		enum lbvs_dir dir, u8 method, bool first, bool fast)
{
	/* Not before conntrack has seen it. */
	if (pkt->early && unlikely(lbvs_tracked(ln, method))) {
		pkt->fate = LBVS_FAST_TRACKED;
		return NF_ACCEPT;
	}
	if (lbvs_unjudged(pkt, dir))
		return NF_ACCEPT;
	return lbvs_pass(ln, skb, pkt, conn, dir, method, first, fast);
}

#endif /* _LBVS_PIPELINE_H */
