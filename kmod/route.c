// SPDX-License-Identifier: GPL-2.0
/*
 * Routes. The one to a real is kept with it, and looked up again when it has
 * aged.
 *
 * Clients are many, but the ways to them are few: they differ by device, gateway
 * and metrics. The namespace keeps each such way once, under a number that is
 * never used again, and a connection notes the number of the way that its replies
 * took. So it pins nothing, and what it notes is good as long as the way that has
 * this number is: until any route changes.
 */
#include <linux/etherdevice.h>
#include <linux/hash.h>
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/inet_dscp.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ndisc.h>
#include <net/route.h>

#include "pipeline.h"

/* The module is going: nothing may be kept any more. */
static bool closed;

static bool lookup4(struct net *net, struct flowi4 *fl4, struct lbvs_way *way)
{
	/* Without IPsec: that is for transmit() to see to, packet by packet. */
	struct rtable *rt = __ip_route_output_key(net, fl4);

	if (IS_ERR(rt))
		return false;
	/* A client that says it is all of a link is none. */
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return false;
	}
	way->dst = &rt->dst;
	way->saddr[0] = fl4->saddr;
	return true;
}

static bool lookup6(struct net *net, struct flowi6 *fl6, struct lbvs_way *way)
{
	struct dst_entry *dst = ip6_route_output(net, NULL, fl6);

	if (dst->error) {
		dst_release(dst);
		return false;
	}
	way->dst = dst;
	return true;
}

static bool client_lookup4(struct net *net, const struct lbvs_tuple *to,
			   u32 mark, u8 tos, struct lbvs_way *way)
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

	return lookup4(net, &fl4, way);
}

static bool client_lookup6(struct net *net, const struct lbvs_tuple *to,
			   u32 mark, u8 tos, struct lbvs_way *way)
{
	struct flowi6 fl6 = {
		.flowi6_mark = mark,
		.flowi6_proto = to->proto,
		.flowi6_flags = FLOWI_FLAG_ANYSRC,
		.flowlabel = ip6_make_flowinfo(tos & INET_DSCP_MASK, 0),
		.fl6_sport = to->sport,
		.fl6_dport = to->dport,
	};

	lbvs_addr_copy(AF_INET6, fl6.daddr.s6_addr32, to->daddr);
	lbvs_addr_copy(AF_INET6, fl6.saddr.s6_addr32, to->saddr);
	return lookup6(net, &fl6, way);
}

/*
 * Under dr the neighbour is the real, whatever the packet's destination: that
 * has to be known when the route is made.
 */
static u8 flow_flags(u8 method)
{
	return method == LBVS_METHOD_DR ? FLOWI_FLAG_KNOWN_NH : 0;
}

/* Another address of a device's, no VIP; or 0. */
static __be32 other_source4(struct lbvs_net *ln, const struct net_device *dev)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return 0;
	in_dev_for_each_ifa_rcu(ifa, in_dev)
		if (ifa->ifa_scope < RT_SCOPE_LINK &&
		    !lbvs_addr_vip(ln, AF_INET, &ifa->ifa_local))
			return ifa->ifa_local;
	return 0;
}

/* The same for IPv6; or NULL. */
static const struct in6_addr *other_source6(struct lbvs_net *ln,
					    const struct net_device *dev)
{
	const struct inet6_dev *idev = __in6_dev_get(dev);
	const struct inet6_ifaddr *ifa;

	if (!idev)
		return NULL;
	list_for_each_entry_rcu(ifa, &idev->addr_list, if_list)
		if (!(ifa->scope & (IFA_HOST | IFA_LINK)) &&
		    !(ifa->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED |
				    IFA_F_DEPRECATED)) &&
		    !lbvs_addr_vip(ln, AF_INET6, ifa->addr.s6_addr32))
			return &ifa->addr;
	return NULL;
}

/*
 * A tunnel's outer source must not be a VIP: a real that has it, too, drops what
 * comes from an address of its own. If there is no other one, it has to do.
 */
static void avoid_vip(struct lbvs_net *ln, u8 af, struct lbvs_way *way)
{
	const struct in6_addr *addr;

	if (!lbvs_addr_vip(ln, af, way->saddr))
		return;
	if (af == AF_INET) {
		way->saddr[0] = other_source4(ln, way->dst->dev) ?:
				way->saddr[0];
		return;
	}
	addr = other_source6(ln, way->dst->dev);
	if (addr)
		lbvs_addr_copy(af, way->saddr, addr->s6_addr32);
}

static bool real_lookup4(struct net *net, const struct lbvs_real *real,
			 u8 method, struct lbvs_way *way)
{
	struct flowi4 fl4 = {
		.daddr = real->key.addr[0],
		.flowi4_flags = flow_flags(method),
	};

	return lookup4(net, &fl4, way);
}

static bool real_lookup6(struct net *net, const struct lbvs_real *real,
			 u8 method, struct lbvs_way *way)
{
	struct flowi6 fl6 = { .flowi6_flags = flow_flags(method) };

	lbvs_addr_copy(AF_INET6, fl6.daddr.s6_addr32, real->key.addr);
	if (method != LBVS_METHOD_TUNNEL)
		return lookup6(net, &fl6, way);
	/* With a source address. */
	if (ip6_dst_lookup(net, NULL, &way->dst, &fl6))
		return false;
	lbvs_addr_copy(AF_INET6, way->saddr, fl6.saddr.s6_addr32);
	return true;
}

static bool has_gateway(const struct lbvs_way *way, u8 af)
{
	if (af == AF_INET)
		return dst_rtable(way->dst)->rt_uses_gateway;
	return dst_rt6_info(way->dst)->rt6i_flags & RTF_GATEWAY;
}

/* IPv4 by an IPv6 neighbour, whose cached hardware header says IPv6. */
static bool other_family(const struct lbvs_way *way, u8 af)
{
	return af == AF_INET && dst_rtable(way->dst)->rt_gw_family == AF_INET6;
}

/* What is asked of a way again and again, of one that was looked up. */
static void way_judge(struct lbvs_way *way, u8 af)
{
	const struct net_device *dev = way->dst->dev;

	way->entry = NULL;
	way->ref = true;
	way->flags = af == AF_INET ? 0 : LBVS_WAY_IPV6;
	if (dev->flags & IFF_LOOPBACK)
		way->flags |= LBVS_WAY_LOCAL;
	else if (dev->type == ARPHRD_ETHER && !way->dst->lwtstate &&
		 !other_family(way, af))
		way->flags |= LBVS_WAY_PLAIN;
	if (has_gateway(way, af))
		way->flags |= LBVS_WAY_GATEWAY | LBVS_WAY_ONE_HOP;
}

static void entry_free_rcu(struct rcu_head *rcu)
{
	struct lbvs_route_entry *entry =
		container_of(rcu, struct lbvs_route_entry, rcu);

	if (entry->neigh)
		neigh_release(entry->neigh);
	dst_release(entry->dst);
	kfree(entry);
}

static void entry_retire(struct lbvs_route_entry *entry)
{
	if (entry)
		call_rcu_hurry(&entry->rcu, entry_free_rcu);
}

/* What was learnt of one destination alone, such as its MTU, and for a time. */
static bool learnt(const struct lbvs_way *way, u8 af)
{
	const struct rtable *rt;

	if (af == AF_INET) {
		/* A failed neighbour has all routes by a device expire, too. */
		rt = dst_rtable(way->dst);
		return rt->rt_pmtu || rt->rt_flags & RTCF_REDIRECTED;
	}
	return dst_rt6_info(way->dst)->rt6i_flags & RTF_CACHE;
}

/*
 * A learnt MTU ends some day, and IPv6 has further settings. The rest changes
 * with the route or with the device, which netdev_event() hears of.
 */
static u32 lasting_mtu(const struct lbvs_way *way, u8 af)
{
	return af == AF_INET && !learnt(way, af) ? dst_mtu(way->dst) : 0;
}

/* An entry with a reference of its own to a way's route; or NULL. */
static struct lbvs_route_entry *entry_make(const struct lbvs_way *way, u8 af)
{
	struct lbvs_route_entry *entry;

	if (READ_ONCE(closed))
		return NULL;
	entry = kmalloc(sizeof(*entry), GFP_ATOMIC | __GFP_NOWARN);
	if (!entry)
		return NULL;
	dst_hold(way->dst);
	entry->dst = way->dst;
	entry->neigh = NULL;
	entry->cookie = af == AF_INET ? dst_rtable(way->dst)->rt_genid :
					rt6_get_cookie(dst_rt6_info(way->dst));
	entry->mtu = lasting_mtu(way, af);
	entry->headroom = LL_RESERVED_SPACE(way->dst->dev);
	entry->flags = way->flags;
	entry->id = 0;
	memcpy(entry->saddr, way->saddr, sizeof(entry->saddr));
	return entry;
}

static void flush(struct lbvs_route *route)
{
	struct lbvs_route_entry *entry;

	if (!rcu_access_pointer(route->entry))
		return;
	spin_lock_bh(&route->lock);
	entry = rcu_replace_pointer(route->entry, NULL,
				    lockdep_is_held(&route->lock));
	spin_unlock_bh(&route->lock);
	entry_retire(entry);
}

/* Keep a way for the next packet to a real, if there is memory. */
static void real_keep(struct lbvs_route *route, struct lbvs_way *way, u8 af)
{
	struct lbvs_route_entry *entry = entry_make(way, af);

	if (!entry)
		return;
	entry->flags |= LBVS_WAY_ONE_HOP;
	way->entry = entry;
	entry = rcu_replace_pointer(route->entry, entry,
				    lockdep_is_held(&route->lock));
	entry_retire(entry);
}

/**
 * lbvs_route_real() - look up the way to a real
 * @real: the real
 * @method: how packets get there
 * @way: filled in
 *
 * For the next packet the real's cache has it. A tunnel has nowhere else to have
 * its outer source address.
 *
 * Context: RCU, BH off.
 * Return: whether there is a way
 */
bool lbvs_route_real(struct lbvs_real *real, u8 method, struct lbvs_way *way)
{
	struct lbvs_route *route = &real->route[method];
	bool tunnel = method == LBVS_METHOD_TUNNEL;
	struct lbvs_net *ln = real->svc->ln;
	u8 af = real->key.af;

	if (af == AF_INET ? !real_lookup4(ln->net, real, method, way) :
			    !real_lookup6(ln->net, real, method, way)) {
		flush(route);
		return false;
	}
	way_judge(way, af);
	if (tunnel)
		avoid_vip(ln, af, way);
	/* One CPU renews the cache; meanwhile others do without. */
	if (tunnel)
		spin_lock(&route->lock);
	else if (!spin_trylock(&route->lock))
		return true;
	real_keep(route, way, af);
	spin_unlock(&route->lock);
	if (way->entry || !tunnel)
		return true;
	lbvs_way_put(way);
	return false;
}

/**
 * lbvs_route_renew() - look up the way to a real, for its cache
 * @real: the real
 * @method: how packets get there
 *
 * Context: RCU, BH off.
 * Return: the cached route, under RCU; NULL if there is none, or no memory, or if
 * another CPU is about to renew it
 */
struct lbvs_route_entry *lbvs_route_renew(struct lbvs_real *real, u8 method)
{
	struct lbvs_way way = {};

	if (!lbvs_route_real(real, method, &way))
		return NULL;
	/* The cache has a reference of its own. */
	lbvs_way_put(&way);
	return way.entry;
}

/* Whether packets that go one way could as well go the other: CPUs have theirs. */
static bool same_way(const struct lbvs_route_entry *entry,
		     const struct lbvs_way *way)
{
	const struct dst_entry *a = entry->dst, *b = way->dst;
	const struct rtable *rt_a, *rt_b;

	if (a == b)
		return true;
	if (a->dev != b->dev || a->_metrics != b->_metrics ||
	    a->lwtstate != b->lwtstate || entry->flags != way->flags)
		return false;
	/* The gateways of a nexthop group are of one route. */
	if (way->flags & LBVS_WAY_IPV6)
		return rcu_access_pointer(dst_rt6_info(a)->from) ==
		       rcu_access_pointer(dst_rt6_info(b)->from) &&
		       (!(way->flags & LBVS_WAY_GATEWAY) ||
			ipv6_addr_equal(&dst_rt6_info(a)->rt6i_gateway,
					&dst_rt6_info(b)->rt6i_gateway));
	rt_a = dst_rtable(a);
	rt_b = dst_rtable(b);
	if (rt_a->rt_gw_family != rt_b->rt_gw_family)
		return false;
	return rt_a->rt_gw_family == AF_INET6 ?
	       ipv6_addr_equal(&rt_a->rt_gw6, &rt_b->rt_gw6) :
	       rt_a->rt_gw4 == rt_b->rt_gw4;
}

/* Whose slot a way is in depends on what same_way() compares first. */
static unsigned int client_slot(const struct lbvs_way *way)
{
	unsigned long word = (unsigned long)way->dst->dev;

	if (way->flags & LBVS_WAY_IPV6) {
		word ^= (unsigned long)rcu_access_pointer(dst_rt6_info(way->dst)->from);
		if (way->flags & LBVS_WAY_GATEWAY)
			word ^= ipv6_addr_hash(&dst_rt6_info(way->dst)->rt6i_gateway);
	} else if (dst_rtable(way->dst)->rt_gw_family == AF_INET) {
		word ^= (__force u32)dst_rtable(way->dst)->rt_gw4;
	}
	return hash_long(word, LBVS_CLIENT_WAY_BITS);
}

/* The number of a way, which it gets now unless it has one; 0: it has none. */
static unsigned long client_keep(struct lbvs_net *ln, struct lbvs_way *way,
				 u8 af)
{
	struct lbvs_client_ways *ways = &ln->client_ways;
	unsigned int slot = client_slot(way);
	struct lbvs_route_entry *entry;
	unsigned long id = 0;

	entry = rcu_dereference(ways->slot[slot]);
	if (entry && lbvs_entry_fresh(entry, ln) && same_way(entry, way))
		return entry->id;
	if (!spin_trylock(&ways->lock))
		return 0;
	entry = entry_make(way, af);
	if (entry) {
		/* Its slot is the number's end. */
		ways->last_id += BIT(LBVS_CLIENT_WAY_BITS);
		id = ways->last_id | slot;
		entry->id = id;
		entry = rcu_replace_pointer(ways->slot[slot], entry,
					    lockdep_is_held(&ways->lock));
		entry_retire(entry);
	}
	spin_unlock(&ways->lock);
	return id;
}

/**
 * lbvs_route_client() - look up the way to a client
 * @ln: the namespace
 * @conn: the connection, which notes the way; or NULL
 * @to: what the packet will look like
 * @mark: its firewall mark
 * @tos: its type of service
 * @way: filled in
 *
 * Context: RCU, BH off.
 * Return: whether there is a way
 */
bool lbvs_route_client(struct lbvs_net *ln, struct lbvs_conn *conn,
		       const struct lbvs_tuple *to, u32 mark, u8 tos,
		       struct lbvs_way *way)
{
	unsigned long id;

	if (to->af == AF_INET ? !client_lookup4(ln->net, to, mark, tos, way) :
				!client_lookup6(ln->net, to, mark, tos, way))
		return false;
	way_judge(way, to->af);
	if (!conn || learnt(way, to->af))
		return true;
	id = client_keep(ln, way, to->af);
	if (id)
		lbvs_conn_reply_way(ln, conn, id);
	return true;
}

/**
 * lbvs_route_real_init() - set up the caches of the ways to a real
 * @real: the real
 */
void lbvs_route_real_init(struct lbvs_real *real)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(real->route); i++)
		spin_lock_init(&real->route[i].lock);
}

/**
 * lbvs_route_flush_real() - forget the cached ways to a real
 * @real: the real
 */
void lbvs_route_flush_real(struct lbvs_real *real)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(real->route); i++)
		flush(&real->route[i]);
}

/*
 * Have something done with each real that exists, those of deleted services
 * included: connections use them still.
 */
static void visit_reals(struct lbvs_net *ln,
			void (*fn)(struct lbvs_real *real))
{
	const struct list_head *const lists[] = { &ln->list, &ln->removed };
	struct lbvs_service *svc;
	struct lbvs_real *real;
	int i;

	lockdep_assert_held(&ln->lock);
	for (i = 0; i < ARRAY_SIZE(lists); i++)
		list_for_each_entry(svc, lists[i], list)
			list_for_each_entry(real, &svc->objects, object) {
				fn(real);
				cond_resched();
			}
}

static void flush_tunnel(struct lbvs_real *real)
{
	flush(&real->route[LBVS_METHOD_TUNNEL]);
}

/**
 * lbvs_route_flush_tunnels() - forget the ways of tunnels if VIPs have changed
 * @ln: the namespace; its lock is held
 *
 * A source address that was none may be a VIP now, or the other way round. The
 * worker does that, once for however many changes.
 */
void lbvs_route_flush_tunnels(struct lbvs_net *ln)
{
	lockdep_assert_held(&ln->lock);
	if (!ln->vips_changed)
		return;
	ln->vips_changed = false;
	visit_reals(ln, flush_tunnel);
}

/*
 * Whether a cached route is of no use any more, since it or its device has changed or
 * is gone.
 */
static bool entry_stale(const struct lbvs_route_entry *entry,
			const struct lbvs_net *ln)
{
	const struct net_device *dev = READ_ONCE(entry->dst->dev);

	/* What is unregistered was closed before. */
	return !(READ_ONCE(dev->flags) & IFF_UP) ||
	       (entry->mtu && entry->mtu != dst_mtu(entry->dst)) ||
	       !lbvs_entry_fresh(entry, ln);
}

/* Forget ways to clients; @all: those that are good still, too. */
static void flush_clients(struct lbvs_net *ln, bool all)
{
	struct lbvs_client_ways *ways = &ln->client_ways;
	struct lbvs_route_entry *entry;
	int i;

	spin_lock_bh(&ways->lock);
	for (i = 0; i < LBVS_CLIENT_WAYS; i++) {
		entry = rcu_dereference_protected(ways->slot[i],
						  lockdep_is_held(&ways->lock));
		if (!entry || !(all || entry_stale(entry, ln)))
			continue;
		RCU_INIT_POINTER(ways->slot[i], NULL);
		entry_retire(entry);
	}
	spin_unlock_bh(&ways->lock);
}

static void flush_stale(struct lbvs_real *real)
{
	struct lbvs_route_entry *entry;
	struct lbvs_route *route;
	bool stale;
	int i;

	for (i = 0; i < ARRAY_SIZE(real->route); i++) {
		route = &real->route[i];
		rcu_read_lock();
		entry = rcu_dereference(route->entry);
		stale = entry && entry_stale(entry, real->svc->ln);
		rcu_read_unlock();
		if (stale)
			flush(route);
	}
}

static void route_work(struct work_struct *work)
{
	struct lbvs_net *ln = container_of(work, struct lbvs_net, route_work);

	mutex_lock(&ln->lock);
	visit_reals(ln, flush_stale);
	mutex_unlock(&ln->lock);
	flush_clients(ln, false);
}

/**
 * lbvs_route_net_init() - set up a namespace's routes
 * @ln: the namespace
 */
void lbvs_route_net_init(struct lbvs_net *ln)
{
	spin_lock_init(&ln->client_ways.lock);
	INIT_WORK(&ln->route_work, route_work);
}

/**
 * lbvs_route_net_exit() - forget a namespace's ways for good
 * @ln: the namespace, which has no packets and no devices any more; its lock isn't held
 *
 * The reals' with the clients': what goes only after the namespace's last
 * rcu_barrier() may be counted down in what IPv6 has freed by then.
 */
void lbvs_route_net_exit(struct lbvs_net *ln)
{
	cancel_work_sync(&ln->route_work);
	mutex_lock(&ln->lock);
	visit_reals(ln, lbvs_route_flush_real);
	mutex_unlock(&ln->lock);
	flush_clients(ln, true);
}

/*
 * A route that the stack has taken off a device still holds what it was made
 * of, and for IPv6 that holds the device. So it must not lie in a cache until
 * the next packet comes. Reals may be many, and who lists them holds the lock: that
 * is nothing to wait for under the RTNL, once for each of a thousand devices. Who
 * waits for the device to become free has dropped that.
 */
static int netdev_event(struct notifier_block *nb, unsigned long event,
			void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	if (event == NETDEV_DOWN || event == NETDEV_UNREGISTER ||
	    event == NETDEV_CHANGEMTU)
		queue_work(system_unbound_wq,
			   &lbvs_net(dev_net(dev))->route_work);
	return NOTIFY_DONE;
}

static struct notifier_block netdev_notifier = {
	.notifier_call = netdev_event,
};

int __init lbvs_route_init(void)
{
	return register_netdevice_notifier(&netdev_notifier);
}

/*
 * Packets come until all namespaces are left. Nothing that they keep from here on would
 * be heard of again by who waits for a device, and that might be who has to be
 * waited for.
 */
void lbvs_route_exit(void)
{
	WRITE_ONCE(closed, true);
	synchronize_rcu();
	/* With events for each device, as if it went. */
	unregister_netdevice_notifier(&netdev_notifier);
}

static struct neighbour *neigh4(const struct rtable *rt, const __be32 *daddr)
{
	if (rt->rt_gw_family == AF_INET6)
		return __ipv6_neigh_lookup_noref(rt->dst.dev, &rt->rt_gw6);
	return __ipv4_neigh_lookup_noref(rt->dst.dev,
					 (__force u32)rt_nexthop(rt, *daddr));
}

static struct neighbour *neigh6(const struct rt6_info *rt, const __be32 *daddr)
{
	return __ipv6_neigh_lookup_noref(rt->dst.dev,
					 rt6_nexthop(rt, (struct in6_addr *)daddr));
}

/**
 * lbvs_gateway_failed() - does the gateway of a cached route not answer
 * @entry: the route
 *
 * Who looks up again may get another one, if the route has more than one. It is
 * failed until the next packet by it, which has it asked again.
 *
 * Context: RCU, BH off.
 */
bool lbvs_gateway_failed(const struct lbvs_route_entry *entry)
{
	static const __be32 nowhere[4];
	const struct neighbour *n;

	if (!(entry->flags & LBVS_WAY_GATEWAY))
		return false;
	n = entry->flags & LBVS_WAY_IPV6 ?
	    neigh6(dst_rt6_info(entry->dst), nowhere) :
	    neigh4(dst_rtable(entry->dst), nowhere);
	return n && READ_ONCE(n->nud_state) & NUD_FAILED;
}

/* Have a cached route know its next hop, in place of the one that it knew. */
static void neigh_keep(struct lbvs_route_entry *entry, struct neighbour *n)
{
	struct neighbour *old = READ_ONCE(entry->neigh);

	if (old == n || !refcount_inc_not_zero(&n->refcnt))
		return;
	if (!try_cmpxchg(&entry->neigh, &old, n))
		old = n;
	if (old)
		neigh_release(old);
}

/**
 * lbvs_neigh_find() - look up the next hop of a way
 * @dst: the route
 * @entry: where that is cached, or NULL
 * @flags: LBVS_WAY_*
 * @daddr: the packet's destination
 *
 * If it is the same for all packets, the cache knows it from now on.
 *
 * Context: RCU, BH off.
 * Return: the neighbour, or NULL if its hardware address isn't known
 */
struct neighbour *lbvs_neigh_find(const struct dst_entry *dst,
				  struct lbvs_route_entry *entry, u8 flags,
				  const __be32 *daddr)
{
	struct neighbour *n;

	n = flags & LBVS_WAY_IPV6 ?
	    neigh6(dst_rt6_info(dst), daddr) :
	    neigh4(dst_rtable(dst), daddr);
	if (!lbvs_neigh_good(n))
		return NULL;
	if (entry && entry->flags & LBVS_WAY_ONE_HOP)
		neigh_keep(entry, n);
	return n;
}

static bool delivers4(struct sk_buff *skb, const struct lbvs_packet *pkt)
{
	bool res = !ip_route_input_noref(skb, pkt->tuple.daddr[0],
					 pkt->tuple.saddr[0], pkt->tos,
					 skb->dev) &&
		   skb_rtable(skb)->rt_type == RTN_LOCAL;

	skb_dst_drop(skb);
	return res;
}

static bool delivers6(struct sk_buff *skb, const struct lbvs_packet *pkt)
{
	const struct ipv6hdr *ip6h = (const void *)skb->data;
	const struct inet6_dev *idev = __in6_dev_get(skb->dev);
	struct flowi6 fl6 = {
		.flowi6_iif = skb->dev->ifindex,
		.flowi6_mark = skb->mark,
		.flowi6_proto = pkt->tuple.proto,
		.daddr = ip6h->daddr,
		.saddr = ip6h->saddr,
		.flowlabel = ip6_flowinfo(ip6h),
		.fl6_sport = pkt->tuple.sport,
		.fl6_dport = pkt->tuple.dport,
	};
	const struct dst_entry *dst;

	if (!idev || READ_ONCE(idev->cnf.disable_ipv6))
		return false;
	dst = ip6_route_input_lookup(dev_net(skb->dev), skb->dev, &fl6, skb,
				     RT6_LOOKUP_F_HAS_SADDR |
				     RT6_LOOKUP_F_DST_NOREF);
	return !dst->error && dst_rt6_info(dst)->rt6i_flags & RTF_LOCAL;
}

/**
 * lbvs_route_delivers() - would the stack deliver a packet here
 * @skb: the packet, as a device has handed it up, without a route
 * @pkt: what it looks like
 *
 * It is asked as the stack asks: with rules, marks and rp_filter.
 *
 * Context: RCU, BH off.
 */
bool lbvs_route_delivers(struct sk_buff *skb, const struct lbvs_packet *pkt)
{
	return pkt->tuple.af == AF_INET ? delivers4(skb, pkt) :
					  delivers6(skb, pkt);
}

/* Have a real's hardware address be known soon. */
static void real_resolve(const struct lbvs_real *real, struct net_device *dev)
{
	struct neighbour *n;

	n = real->key.af == AF_INET ?
	    ip_neigh_gw4(dev, real->key.addr[0]) :
	    ip_neigh_gw6(dev, (const struct in6_addr *)real->key.addr);
	if (!IS_ERR(n))
		neigh_event_send(n, NULL);
}

/**
 * lbvs_real_sent() - was a packet sent by a dr real, as far as neighbours tell
 * @real: the real
 * @pkt: the packet
 *
 * A director that is the real of another one must not send back what it gets.
 *
 * Context: RCU, BH off.
 */
bool lbvs_real_sent(struct lbvs_real *real, const struct lbvs_packet *pkt)
{
	struct lbvs_way way __lbvs_uninitialized;
	struct neighbour *n = NULL;

	if (!pkt->sender || !lbvs_way_real(real->svc->ln, real, LBVS_METHOD_DR, &way, false))
		return false;
	if (way.dst->dev == pkt->dev && !(way.flags & LBVS_WAY_GATEWAY)) {
		n = lbvs_way_neigh(&way, real->key.addr);
		if (!n)
			real_resolve(real, way.dst->dev);
	}
	lbvs_way_put(&way);
	return n && ether_addr_equal(n->ha, pkt->sender);
}
