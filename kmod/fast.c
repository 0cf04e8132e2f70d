// SPDX-License-Identifier: GPL-2.0
/*
 * The fast path: a door at netdev ingress, as soon as a device hands packets up
 * and before the stack has looked at them. What is odd or unknown is left to the
 * stack, and comes to the other doors.
 *
 * The door is attached to each Ethernet device, or to those that the operator
 * names, while the namespace has a service. Devices come and go under the RTNL;
 * commands hold the namespace's lock, which nobody waits for under the RTNL, nor the
 * other way round. So what they change is carried out by a work item, which they
 * wait for.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/netfilter_bridge.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/sock.h>
#include <net/xfrm.h>

#include "packet_parse.h"
#include "pipeline.h"

/* After the operator's own netdev chains. */
#define PRIORITY_FAST	100

/**
 * struct fast_device - a device with the door, in &lbvs_net.fast_devices
 * @ops: the door
 * @rcu: for freeing it: who lists hooks reads @ops under RCU
 */
struct fast_device {
	struct nf_hook_ops ops;
	struct rcu_head rcu;
};

/* A sender's socket, by a veth device, is no mark: the stack drops that, too. */
static noinline bool marked(struct sk_buff *skb)
{
	return (skb->sk && skb_sk_is_prefetched(skb)) ||
	       skb->_skb_refdst | skb->_nfct;
}

/* Why a packet isn't as the fast path wants it, or LBVS_FAST_TAKEN. */
static __always_inline enum lbvs_fast unfit(struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;

	/* Whoever is above such a device hands the packet up once more. */
	if (unlikely(skb->pkt_type != PACKET_HOST ||
		     skb_vlan_tag_present(skb) ||
		     rcu_access_pointer(dev->rx_handler) || lbvs_in_vrf(dev)))
		return LBVS_FAST_DEVICE;
	if (unlikely(skb_shared(skb)))
		return LBVS_FAST_SHARED;
	if (unlikely((unsigned long)skb->sk | skb->_skb_refdst | skb->_nfct) &&
	    marked(skb))
		return LBVS_FAST_MARKED;
	if (unlikely(skb_sec_path(skb)))
		return LBVS_FAST_MARKED;
	return LBVS_FAST_TAKEN;
}

/* Whether the stack takes IPv6 from a device. */
static __always_inline bool speaks_ipv6(const struct net_device *dev)
{
	const struct inet6_dev *idev = __in6_dev_get(dev);

	return idev && !READ_ONCE(idev->cnf.disable_ipv6);
}

/* Read the headers, as the stack would check them, and take off padding. */
static __always_inline enum lbvs_fast
read_headers(struct sk_buff *skb, u8 af, struct lbvs_packet *pkt)
{
	enum lbvs_fast fate;

	if (unlikely(lbvs_parse(skb, af, pkt, true) != LBVS_KIND_FLOW))
		return LBVS_FAST_HEADER;
	fate = unfit(skb);
	if (unlikely(fate != LBVS_FAST_TAKEN))
		return fate;
	if (af == AF_INET6 && unlikely(!speaks_ipv6(skb->dev)))
		return LBVS_FAST_DEVICE;
	if (unlikely(pkt->ttl <= 1))
		return LBVS_FAST_TTL;
	if (unlikely(skb->len != pkt->len && pskb_trim_rcsum(skb, pkt->len)))
		return LBVS_FAST_NO_MEMORY;
	pkt->local = false;
	pkt->input = false;
	pkt->early = true;
	pkt->fate = LBVS_FAST_UNKNOWN;
	pkt->dev = skb->dev;
	return LBVS_FAST_TAKEN;
}

/*
 * Whether the stack would drop a packet for its header or for where it comes from, or
 * nobody has sent it.
 */
static bool martian(const struct sk_buff *skb, const struct lbvs_tuple *tuple)
{
	const struct in6_addr *in6 = (const struct in6_addr *)tuple->saddr;
	__be32 addr = tuple->saddr[0];

	if (lbvs_addr_equal(tuple->af, tuple->saddr, tuple->daddr))
		return true;
	if (tuple->af == AF_INET)
		return ip_fast_csum(skb->data, sizeof(struct iphdr) / 4) ||
		       ipv4_is_zeronet(addr) || ipv4_is_loopback(addr) ||
		       ipv4_is_multicast(addr) || ipv4_is_lbcast(addr);
	return ipv6_addr_any(in6) || ipv6_addr_loopback(in6) ||
	       ipv6_addr_is_multicast(in6);
}

/*
 * Whether new connections are made here: where the operator says so, or where nobody
 * on the stack's way would have a say. What begins a connection is seen by conntrack
 * first, if that is to know it.
 */
static bool takes_fresh(const struct lbvs_net *ln, u8 af)
{
	return !READ_ONCE(ln->conntrack) &&
	       (READ_ONCE(ln->fast.path) == LBVS_FAST_PATH_ALL ||
		lbvs_hooks_alone(ln, af));
}

/* What isn't TCP or UDP is nothing that could have been taken. */
static noinline enum lbvs_fast header_fate(const struct sk_buff *skb, u8 af)
{
	struct lbvs_packet pkt;

	pkt.tuple.proto = 0;
	switch (lbvs_packet_parse(skb, af, &pkt)) {
	case LBVS_KIND_FRAGMENT:
		return LBVS_FAST_FRAGMENT;
	case LBVS_KIND_FLOW:
		return LBVS_FAST_HEADER;
	default:
		return pkt.tuple.proto == IPPROTO_TCP ||
		       pkt.tuple.proto == IPPROTO_UDP ? LBVS_FAST_HEADER :
							LBVS_FAST_NONE;
	}
}

static void count(struct lbvs_net *ln, enum lbvs_fast fate)
{
	this_cpu_inc(ln->cpu->count[LBVS_COUNT_FAST(fate)]);
}

/*
 * A packet that isn't of a known connection, or not to be passed on here. (What
 * br_netfilter has shown to PRE_ROUTING doesn't come there again.)
 */
static noinline unsigned int leave(struct lbvs_net *ln, struct sk_buff *skb,
				   u8 af, enum lbvs_fast fate)
{
	if (fate == LBVS_FAST_HEADER)
		fate = header_fate(skb, af);
	else if (fate == LBVS_FAST_UNKNOWN && !nf_bridge_info_exists(skb))
		lbvs_note_unknown(ln, skb, af);
	count(ln, fate);
	return NF_ACCEPT;
}

/* Each way with what is known of it. */
static __always_inline unsigned int pass(struct lbvs_net *ln,
					 struct sk_buff *skb,
					 struct lbvs_packet *pkt,
					 struct lbvs_conn *conn,
					 enum lbvs_dir dir, bool first)
{
	switch (lbvs_conn_method(conn)) {
	case LBVS_METHOD_DR:
		return lbvs_pass_known(ln, skb, pkt, conn, LBVS_DIR_IN,
				       LBVS_METHOD_DR, first, true);
	case LBVS_METHOD_TUNNEL:
		return lbvs_pass_known(ln, skb, pkt, conn, LBVS_DIR_IN,
				       LBVS_METHOD_TUNNEL, first, true);
	default:
		if (dir == LBVS_DIR_IN)
			return lbvs_pass_known(ln, skb, pkt, conn, LBVS_DIR_IN,
					       LBVS_METHOD_NAT, first, true);
		return lbvs_pass_known(ln, skb, pkt, conn, LBVS_DIR_OUT,
				       LBVS_METHOD_NAT, false, true);
	}
}

/*
 * Pass a packet on; @first: it has made the connection. What becomes of the packet
 * is counted here, whatever it is.
 */
static __always_inline unsigned int take(struct lbvs_net *ln,
					 struct sk_buff *skb,
					 struct lbvs_packet *pkt,
					 struct lbvs_conn *conn,
					 enum lbvs_dir dir, bool first)
{
	unsigned int verdict = pass(ln, skb, pkt, conn, dir, first);

	if (unlikely(verdict == NF_ACCEPT)) {
		lbvs_note_made(ln, skb, first ? conn : NULL);
		return leave(ln, skb, pkt->tuple.af, pkt->fate);
	}
	count(ln, LBVS_FAST_TAKEN);
	return verdict;
}

/* A packet that is of no connection, or of one that is outdated. */
static noinline unsigned int enter_fresh(struct lbvs_net *ln,
					 struct sk_buff *skb,
					 struct lbvs_packet *pkt,
					 struct lbvs_conn *outdated)
{
	unsigned int verdict = NF_ACCEPT;
	struct lbvs_conn *conn = NULL;

	if (!martian(skb, &pkt->tuple))
		conn = lbvs_fresh_conn(ln, skb, pkt, outdated, &verdict);
	if (conn)
		return take(ln, skb, pkt, conn, LBVS_DIR_IN, true);
	if (verdict == NF_ACCEPT)
		return leave(ln, skb, pkt->tuple.af, LBVS_FAST_UNKNOWN);
	count(ln, LBVS_FAST_TAKEN);
	return verdict;
}

static __always_inline unsigned int enter(struct lbvs_net *ln,
					  struct sk_buff *skb, u8 af)
{
	struct lbvs_packet pkt __lbvs_uninitialized;
	struct lbvs_packet copy __lbvs_uninitialized;
	struct lbvs_conn *conn;
	enum lbvs_fast fate;
	enum lbvs_dir dir;

	fate = read_headers(skb, af, &pkt);
	if (unlikely(fate != LBVS_FAST_TAKEN))
		return leave(ln, skb, af, fate);
	conn = lbvs_conn_of(ln, &pkt.tuple, &dir);
	if (likely(conn && !lbvs_outdated(conn, dir, &pkt)))
		return take(ln, skb, &pkt, conn, dir, false);
	if (!takes_fresh(ln, af))
		return leave(ln, skb, af, LBVS_FAST_UNKNOWN);
	/* So that what is read for known connections stays in registers. */
	copy = pkt;
	copy.sender = eth_hdr(skb)->h_source;
	return enter_fresh(ln, skb, &copy, conn);
}

/*
 * Whatever the kernel's headers have inline is to be so here, too, for each way
 * and both families: gcc finds that too much.
 */
#define __flat __attribute__((__flatten__))

static noinline __flat unsigned int enter4(struct lbvs_net *ln, struct sk_buff *skb)
{
	return enter(ln, skb, AF_INET);
}

static noinline __flat unsigned int enter6(struct lbvs_net *ln, struct sk_buff *skb)
{
	return enter(ln, skb, AF_INET6);
}

static unsigned int hook_fast(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	struct lbvs_net *ln = priv;

	if (skb->protocol == htons(ETH_P_IP))
		return lbvs_addr_glance(ln, skb, AF_INET, false) ?
		       enter4(ln, skb) : NF_ACCEPT;
	if (skb->protocol == htons(ETH_P_IPV6))
		return lbvs_addr_glance(ln, skb, AF_INET6, false) ?
		       enter6(ln, skb) : NF_ACCEPT;
	return NF_ACCEPT;
}

static void attach(struct lbvs_net *ln, struct net_device *dev)
{
	struct fast_device *fd = kzalloc(sizeof(*fd), GFP_KERNEL_ACCOUNT);
	int err = -ENOMEM;

	if (!fd)
		goto fail;
	err = xa_insert(&ln->fast_devices, dev->ifindex, fd, GFP_KERNEL);
	if (err)
		goto fail;
	fd->ops.hook = hook_fast;
	fd->ops.dev = dev;
	fd->ops.priv = ln;
	fd->ops.pf = NFPROTO_NETDEV;
	fd->ops.hooknum = NF_NETDEV_INGRESS;
	fd->ops.priority = PRIORITY_FAST;
	err = nf_register_net_hook(ln->net, &fd->ops);
	if (err)
		goto fail_erase;
	/* The stack has it off only where it forwards. */
	dev_disable_lro(dev);
	return;

fail_erase:
	xa_erase(&ln->fast_devices, dev->ifindex);
fail:
	kfree(fd);
	/* A user in a namespace of his own can have that happen as often as he likes. */
	net_warn_ratelimited("no fast path from %s: error %d\n",
			     netdev_name(dev), err);
}

static void detach(struct lbvs_net *ln, struct fast_device *fd)
{
	nf_unregister_net_hook(ln->net, &fd->ops);
	/* It has kept its index: who leaves a namespace is told of before. */
	xa_erase(&ln->fast_devices, fd->ops.dev->ifindex);
	kfree_rcu(fd, rcu);
}

/* By any of its names: udev gives a device several. */
static bool named(const struct lbvs_fast_settings *fast,
		  const struct net_device *dev)
{
	unsigned int i;

	ASSERT_RTNL();
	for (i = 0; i < fast->num_devices; i++)
		if (__dev_get_by_name(dev_net(dev), fast->device[i]) == dev)
			return true;
	return !fast->num_devices;
}

static bool wanted(const struct lbvs_net *ln, const struct net_device *dev)
{
	return ln->fast_now.path != LBVS_FAST_PATH_OFF &&
	       dev->type == ARPHRD_ETHER && !(dev->flags & IFF_LOOPBACK) &&
	       named(&ln->fast_now, dev);
}

static void update(struct lbvs_net *ln, struct net_device *dev, bool want)
{
	struct fast_device *fd = xa_load(&ln->fast_devices, dev->ifindex);

	ASSERT_RTNL();
	if (want && !fd)
		attach(ln, dev);
	else if (!want && fd)
		detach(ln, fd);
}

static void fast_work(struct work_struct *work)
{
	struct lbvs_net *ln = container_of(work, struct lbvs_net, fast_work);
	struct lbvs_fast_settings fast;
	struct net_device *dev;

	mutex_lock(&ln->lock);
	fast = ln->fast;
	if (!ln->hooked || ln->dead)
		fast.path = LBVS_FAST_PATH_OFF;
	mutex_unlock(&ln->lock);

	rtnl_lock();
	ln->fast_now = fast;
	for_each_netdev(ln->net, dev) {
		update(ln, dev, wanted(ln, dev));
		cond_resched();
	}
	rtnl_unlock();
}

/**
 * lbvs_fast_update() - attach the fast path to devices, or detach it
 * @ln: the namespace; its lock is held
 *
 * That is done when lbvs_fast_wait() returns.
 */
void lbvs_fast_update(struct lbvs_net *ln)
{
	lockdep_assert_held(&ln->lock);
	if (!ln->dead)
		queue_work(system_unbound_wq, &ln->fast_work);
}

/**
 * lbvs_fast_wait() - wait until devices are as they should be
 * @ln: the namespace; its lock isn't held, and neither is the RTNL
 */
void lbvs_fast_wait(struct lbvs_net *ln)
{
	flush_work(&ln->fast_work);
}

/**
 * lbvs_fast_set() - change settings of the fast path
 * @ln: the namespace; its lock is held
 * @want: the settings
 */
void lbvs_fast_set(struct lbvs_net *ln, const struct lbvs_fast_settings *want)
{
	lockdep_assert_held(&ln->lock);
	if (!memcmp(&ln->fast, want, sizeof(*want)))
		return;
	WRITE_ONCE(ln->fast.path, want->path);
	WRITE_ONCE(ln->fast.transmit, want->transmit);
	ln->fast.num_devices = want->num_devices;
	memcpy(ln->fast.device, want->device, sizeof(ln->fast.device));
	lbvs_fast_update(ln);
}

/**
 * lbvs_fast_net_init() - set up a namespace's fast path
 * @ln: the namespace
 */
void lbvs_fast_net_init(struct lbvs_net *ln)
{
	xa_init_flags(&ln->fast_devices, XA_FLAGS_ACCOUNT);
	INIT_WORK(&ln->fast_work, fast_work);
	ln->fast.path = LBVS_FAST_PATH_ON;
}

/**
 * lbvs_fast_net_exit() - detach a namespace's fast path for good
 * @ln: the namespace, marked dead; its lock isn't held
 */
void lbvs_fast_net_exit(struct lbvs_net *ln)
{
	struct fast_device *fd;
	unsigned long i;

	cancel_work_sync(&ln->fast_work);
	/* Most namespaces never had a service, and needn't wait for the RTNL. */
	if (ln->fast_now.path == LBVS_FAST_PATH_OFF)
		return;
	rtnl_lock();
	ln->fast_now.path = LBVS_FAST_PATH_OFF;
	xa_for_each(&ln->fast_devices, i, fd)
		detach(ln, fd);
	rtnl_unlock();
}

/*
 * A device leaves a namespace with UNREGISTER, and enters one with REGISTER. That it
 * has one more alternative name is a CHANGE, and untold while it is down.
 */
static int netdev_event(struct notifier_block *nb, unsigned long event,
			void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct lbvs_net *ln = lbvs_net(dev_net(dev));

	switch (event) {
	case NETDEV_REGISTER:
	case NETDEV_CHANGENAME:
	case NETDEV_CHANGE:
	case NETDEV_UP:
		update(ln, dev, wanted(ln, dev));
		break;
	case NETDEV_UNREGISTER:
		update(ln, dev, false);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block netdev_notifier = {
	.notifier_call = netdev_event,
};

int __init lbvs_fast_init(void)
{
	return register_netdevice_notifier(&netdev_notifier);
}

void lbvs_fast_exit(void)
{
	unregister_netdevice_notifier(&netdev_notifier);
}
