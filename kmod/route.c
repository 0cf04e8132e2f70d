// SPDX-License-Identifier: GPL-2.0
/*
 * Routes: to a real, kept with it and looked up again when it has aged; to a
 * client, looked up for each packet, since a reference per client would be many.
 */
#include <linux/etherdevice.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/inet_dscp.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ndisc.h>
#include <net/route.h>

#include "compat.h"
#include "lbvs.h"

/**
 * struct lbvs_route_entry - a cached route; never changes
 * @dst: the route, referenced
 * @cookie: for dst_check()
 * @saddr: the source address that goes with it
 * @rcu: for freeing it
 */
struct lbvs_route_entry {
	struct dst_entry *dst;
	u32 cookie;
	__be32 saddr[4];
	struct rcu_head rcu;
};

static bool lookup4(struct net *net, struct flowi4 *fl4, struct lbvs_way *way)
{
	/* Without IPsec: that is for transmit() to see to, packet by packet. */
	struct rtable *rt = __ip_route_output_key(net, fl4);

	if (IS_ERR(rt))
		return false;
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

/**
 * lbvs_route_client() - look up the way to a client
 * @net: the namespace
 * @to: what the packet will look like
 * @mark: its firewall mark
 * @tos: its type of service
 * @way: filled in
 *
 * Return: whether there is a way
 */
bool lbvs_route_client(struct net *net, const struct lbvs_tuple *to, u32 mark,
		       u8 tos, struct lbvs_way *way)
{
	way->ref = true;
	return to->af == AF_INET ? client_lookup4(net, to, mark, tos, way) :
				   client_lookup6(net, to, mark, tos, way);
}

/*
 * Under dr the neighbour is the real, whatever the packet's destination: that
 * has to be known when the route is made.
 */
static u8 flow_flags(u8 method)
{
	return method == LBVS_METHOD_DR ? FLOWI_FLAG_KNOWN_NH : 0;
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
	struct in6_addr *saddr = (struct in6_addr *)way->saddr;

	lbvs_addr_copy(AF_INET6, fl6.daddr.s6_addr32, real->key.addr);
	if (!lookup6(net, &fl6, way))
		return false;
	if (method != LBVS_METHOD_TUNNEL ||
	    !ipv6_dev_get_saddr(net, way->dst->dev, &fl6.daddr, 0, saddr))
		return true;
	dst_release(way->dst);
	return false;
}

static u32 dst_cookie(const struct dst_entry *dst, u8 af)
{
	return af == AF_INET6 ? rt6_get_cookie(dst_rt6_info(dst)) : 0;
}

static void entry_free_rcu(struct rcu_head *rcu)
{
	struct lbvs_route_entry *entry =
		container_of(rcu, struct lbvs_route_entry, rcu);

	dst_release(entry->dst);
	kfree(entry);
}

static void entry_replace(struct lbvs_route *route,
			  struct lbvs_route_entry *entry)
{
	entry = rcu_replace_pointer(route->entry, entry,
				    lockdep_is_held(&route->lock));
	if (entry)
		call_rcu_hurry(&entry->rcu, entry_free_rcu);
}

/* Keep a way, with its reference, for the next packet; if there is memory. */
static void way_keep(struct lbvs_route *route, struct lbvs_way *way, u8 af)
{
	struct lbvs_route_entry *entry;

	entry = kmalloc(sizeof(*entry), GFP_ATOMIC | __GFP_NOWARN);
	if (!entry)
		return;
	entry->dst = way->dst;
	entry->cookie = dst_cookie(way->dst, af);
	memcpy(entry->saddr, way->saddr, sizeof(entry->saddr));
	entry_replace(route, entry);
	way->ref = false;
}

/**
 * lbvs_route_real() - find the way to a real
 * @real: the real
 * @method: how packets get there
 * @way: filled in
 *
 * From the real's cache if that is good still. The way to a real doesn't depend
 * on who sends, or on marks and DSCP.
 *
 * Context: RCU, BH off.
 * Return: whether there is a way
 */
bool lbvs_route_real(struct lbvs_real *real, u8 method, struct lbvs_way *way)
{
	struct lbvs_route *route = &real->route;
	struct lbvs_route_entry *entry = rcu_dereference(route->entry);
	struct net *net = real->svc->ln->net;

	if (entry && dst_check(entry->dst, entry->cookie)) {
		way->dst = entry->dst;
		way->ref = false;
		memcpy(way->saddr, entry->saddr, sizeof(way->saddr));
		return true;
	}

	way->ref = true;
	if (real->key.af == AF_INET ? !real_lookup4(net, real, method, way) :
				      !real_lookup6(net, real, method, way)) {
		if (entry)
			lbvs_route_flush(route);
		return false;
	}
	/* One CPU renews the cache; meanwhile others do without. */
	if (spin_trylock(&route->lock)) {
		way_keep(route, way, real->key.af);
		spin_unlock(&route->lock);
	}
	return true;
}

/**
 * lbvs_route_flush() - forget a cached route
 * @route: the cache
 */
void lbvs_route_flush(struct lbvs_route *route)
{
	spin_lock_bh(&route->lock);
	entry_replace(route, NULL);
	spin_unlock_bh(&route->lock);
}

static void flush_stale(struct lbvs_real *real, const struct net_device *dev)
{
	struct lbvs_route_entry *entry;
	bool stale;

	rcu_read_lock();
	entry = rcu_dereference(real->route.entry);
	stale = entry && (entry->dst->dev == dev ||
			  !dst_check(entry->dst, entry->cookie));
	rcu_read_unlock();
	if (stale)
		lbvs_route_flush(&real->route);
}

static void flush_stale_of(const struct list_head *services,
			   const struct net_device *dev)
{
	struct lbvs_service *svc;
	struct lbvs_real *real;

	list_for_each_entry(svc, services, list)
		list_for_each_entry(real, &svc->objects, object)
			flush_stale(real, dev);
}

/*
 * A route that the stack has taken off a device still holds what it was made
 * of, and for IPv6 that holds the device. So it must not lie in a cache until
 * the next packet comes.
 */
static int netdev_event(struct notifier_block *nb, unsigned long event,
			void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct lbvs_net *ln = lbvs_net(dev_net(dev));

	if (event != NETDEV_DOWN && event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	mutex_lock(&ln->lock);
	flush_stale_of(&ln->list, dev);
	flush_stale_of(&ln->removed, dev);
	mutex_unlock(&ln->lock);
	return NOTIFY_DONE;
}

static struct notifier_block netdev_notifier = {
	.notifier_call = netdev_event,
};

int __init lbvs_route_init(void)
{
	return register_netdevice_notifier(&netdev_notifier);
}

void lbvs_route_exit(void)
{
	unregister_netdevice_notifier(&netdev_notifier);
}

/**
 * lbvs_way_gateway() - does a way lead through a gateway
 * @way: the way
 * @af: the family of its destination
 */
bool lbvs_way_gateway(const struct lbvs_way *way, u8 af)
{
	if (af == AF_INET)
		return container_of(way->dst, struct rtable,
				    dst)->rt_uses_gateway;
	return dst_rt6_info(way->dst)->rt6i_flags & RTF_GATEWAY;
}

static struct neighbour *neigh4(struct rtable *rt, const __be32 *daddr)
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
 * lbvs_way_neigh() - find the next hop of a way
 * @way: the way
 * @af: the family of its destination
 * @daddr: its destination
 *
 * A neighbour that is to be asked again is good still, and is asked by using it.
 * One that was flushed may look good, but for being dead.
 *
 * Context: RCU, BH off.
 * Return: the neighbour, or NULL if its hardware address isn't known
 */
struct neighbour *lbvs_way_neigh(const struct lbvs_way *way, u8 af,
				 const __be32 *daddr)
{
	struct neighbour *n;

	n = af == AF_INET ? neigh4(container_of(way->dst, struct rtable, dst),
				   daddr) :
			    neigh6(dst_rt6_info(way->dst), daddr);
	if (!n || READ_ONCE(n->dead) || !(READ_ONCE(n->nud_state) & NUD_VALID))
		return NULL;
	return n;
}

/**
 * lbvs_addr_local() - is an address one of this host's own
 * @net: the namespace
 * @af: its family
 * @addr: the address
 */
bool lbvs_addr_local(struct net *net, u8 af, const __be32 *addr)
{
	if (af == AF_INET)
		return inet_addr_type(net, *addr) == RTN_LOCAL;
	return ipv6_chk_addr(net, (const struct in6_addr *)addr, NULL, 0);
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
	struct neighbour *n = NULL;
	struct lbvs_way way;

	if (!pkt->sender || !lbvs_route_real(real, LBVS_METHOD_DR, &way))
		return false;
	if (way.dst->dev == pkt->dev && !lbvs_way_gateway(&way, real->key.af)) {
		n = lbvs_way_neigh(&way, real->key.af, real->key.addr);
		if (!n)
			real_resolve(real, way.dst->dev);
	}
	lbvs_way_put(&way);
	return n && ether_addr_equal(n->ha, pkt->sender);
}
