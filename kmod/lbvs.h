/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lbvs: the objects. What a packet is to us stands in packet.h, and the
 * connection table in conn.h.
 */
#ifndef _LBVS_H
#define _LBVS_H

#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/proc_fs.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/dst.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <uapi/linux/lbvs.h>

#include "conn.h"
#include "packet.h"

/**
 * struct lbvs_stats - counters of one CPU; 40 bytes where a long has 64 bits
 * @conns: connections made
 * @pkts_in: packets from clients
 * @bytes_in: their bytes
 * @pkts_out: packets to clients
 * @bytes_out: their bytes
 * @syncp: makes 64-bit reads whole on 32-bit machines
 */
struct lbvs_stats {
	u64_stats_t conns;
	u64_stats_t pkts_in;
	u64_stats_t bytes_in;
	u64_stats_t pkts_out;
	u64_stats_t bytes_out;
	struct u64_stats_sync syncp;
};

/* Reals that share an allocation of counters: each is dear, and looks for its place. */
#define LBVS_STATS_BLOCK	16

/**
 * struct lbvs_stats_block - the counters of several reals
 * @stats: theirs, %LBVS_STATS_BLOCK of them
 * @used: how many of them were ever given out; under &lbvs_net.lock
 * @ref: of reals that have counters of it, and of the namespace while there are more
 */
struct lbvs_stats_block {
	struct lbvs_stats __percpu *stats;
	unsigned int used;
	refcount_t ref;
};

/**
 * struct lbvs_sum - counters, summed by a reader
 * @conns: connections made
 * @pkts_in: packets from clients
 * @bytes_in: their bytes
 * @pkts_out: packets to clients
 * @bytes_out: their bytes
 */
struct lbvs_sum {
	u64 conns;
	u64 pkts_in;
	u64 bytes_in;
	u64 pkts_out;
	u64 bytes_out;
};

/* Indices into &lbvs_cpu.count. */
#define LBVS_COUNT_DROP(why)	(why)
#define LBVS_COUNT_FAST(what)	(__LBVS_DROP_MAX + (what))
#define LBVS_COUNT_EVICTED	LBVS_COUNT_FAST(__LBVS_FAST_MAX)
#define LBVS_COUNTS		(LBVS_COUNT_EVICTED + 1)

/* Packets of a CPU that are remembered; a NIC hands them up in lists of some eight. */
#define LBVS_NOTES		16

/**
 * struct lbvs_note - what the fast path knows of a packet that it leaves to the stack
 * @skb: the packet; never dereferenced
 * @made: the connection that it has made; never dereferenced. NULL: it is of none.
 * @ends: its addresses, see lbvs_ends(), if it is of none
 */
struct lbvs_note {
	const struct sk_buff *skb;
	const struct lbvs_conn *made;
	u64 ends;
};

/**
 * struct lbvs_cpu - what a namespace counts on one CPU
 * @count: packets by &enum lbvs_drop and &enum lbvs_fast, and connections that
 *	were evicted; written by that CPU with BH off
 * @gone: counters of reals that exist no more; under &lbvs_net.lock
 * @base: what @gone plus the reals' counters were when they were zeroed
 *	last; under &lbvs_net.lock
 * @count_base: what @count was then; under &lbvs_net.lock
 * @note: what the fast path has left to the stack lately; that CPU's own, with BH
 *	off
 */
struct lbvs_cpu {
	u64 count[LBVS_COUNTS];
	struct lbvs_note note[LBVS_NOTES];
	struct lbvs_sum gone;
	struct lbvs_sum base;
	u64 count_base[LBVS_COUNTS];
};

/**
 * struct lbvs_fast_settings - where and how the fast path works
 * @path: &enum lbvs_fast_path
 * @transmit: &enum lbvs_transmit
 * @num_devices: length of @device; 0: all Ethernet devices
 * @device: names of devices
 */
struct lbvs_fast_settings {
	u8 path;
	u8 transmit;
	u8 num_devices;
	char device[LBVS_FAST_DEVICES_MAX][IFNAMSIZ];
};

/* Slots of &lbvs_net.addr_count. */
#define LBVS_ADDR_BITS		12

/* Netfilter hooks of a namespace; from LBVS_HOOKS_TRACKED on see @conntrack. */
#define LBVS_HOOKS_TRACKED	4
#define LBVS_HOOKS		6

/* Slots for ways to clients. */
#define LBVS_CLIENT_WAY_BITS	6
#define LBVS_CLIENT_WAYS	BIT(LBVS_CLIENT_WAY_BITS)

/**
 * struct lbvs_client_ways - ways to clients
 * @slot: cached routes; read under RCU, replaced under @lock
 * @last_id: number of the newest, without its slot; under @lock
 * @lock: serialises changes
 */
struct lbvs_client_ways {
	struct lbvs_route_entry __rcu *slot[LBVS_CLIENT_WAYS];
	unsigned long last_id;
	spinlock_t lock;	/* see above */
};

/**
 * struct lbvs_net - what lbvs holds for a network namespace
 * @net: the namespace
 * @services: rhashtable of &struct lbvs_service; read under RCU, changed under
 *	@lock
 * @one_packet: rhashtable of the reals of one-packet services, by address and
 *	port; read under RCU, changed under @lock
 * @addrs: rhashtable of the addresses of services and reals; likewise
 * @addr_count: how many of @addrs fall into each slot, so that most packets that
 *	are none of ours are told at a glance. To firewall-mark services packets
 *	may have any address: they count in each slot, deleted ones until their
 *	connections are gone. NULL before the first service; written under @lock,
 *	read anywhere.
 * @nats: number of reals that are, or have been, nat reals: packets may come from
 *	them; written under @lock
 * @marks: number of firewall-mark services; written under @lock
 * @one_packets: number of reals in @one_packet; written under @lock
 * @timeout: jiffies for each state; written under @lock, read anywhere
 * @tcp_unknown: &enum lbvs_tcp_unknown; written under @lock, read anywhere
 * @tunnel_df: &enum lbvs_tunnel_df; likewise
 * @conntrack: nat connections have conntrack entries; likewise
 * @fast: settings of the fast path; likewise
 * @fast_devices: where the fast path is attached, by the device's index; under the
 *	RTNL
 * @fast_now: as @fast was when @fast_work ran last, its path %LBVS_FAST_PATH_OFF
 *	where no device is to have it; under the RTNL
 * @fast_work: attaches it to devices, or detaches it, after a change
 * @client_ways: ways that replies take
 * @route_work: forgets cached routes that are good no longer, after a device has
 *	changed
 * @local_work: finds out anew which reals are this host itself
 * @conns: the connections
 * @cpu: per-CPU counters; NULL before the first service
 * @hooks: the doors; never change
 * @lock: serialises changes of the configuration, and everything else that may
 *	sleep. Nobody waits for it under the RTNL, nor for that inside it; nothing
 *	but allocation, hook registration and the tables' own locks nests inside it.
 * @list: services in the order of their creation; under @lock
 * @removed: services that were deleted, kept until their last real is gone;
 *	under @lock
 * @vips_changed: a VIP has come or gone since tunnels' ways were looked up; under
 *	@lock
 * @num_services: length of @list; under @lock
 * @num_reals: reals of services in @list; under @lock
 * @num_objects: reals that exist, those removed included; under @lock
 * @config_seq: changes with each change of services and reals; under @lock
 * @hooked: the netfilter hooks are registered; under @lock
 * @dead: the namespace is going away: nothing may be queued or added; set
 *	under @lock
 * @stats_block: counters for the next reals, or NULL; under @lock
 * @detached: reals that were removed, until nobody can find them in a pool any
 *	more; under @lock
 * @freed_reals: reals whose last reference is gone, for @worker to free
 * @worker: collects expired connections and frees reals; runs while there is
 *	a service or a real, or a table that is to shrink
 * @proc: /proc/net/lbvs
 */
struct lbvs_net {
	struct net *net;
	struct rhashtable services;
	struct rhashtable one_packet;
	struct rhashtable addrs;
	u32 *addr_count;
	unsigned int nats;
	unsigned int marks;
	unsigned int one_packets;
	u32 timeout[__LBVS_STATE_MAX];
	u8 tcp_unknown;
	u8 tunnel_df;
	bool conntrack;
	struct lbvs_fast_settings fast;
	struct xarray fast_devices;
	struct lbvs_fast_settings fast_now;
	struct work_struct fast_work;
	struct lbvs_client_ways client_ways;
	struct work_struct route_work;
	struct work_struct local_work;
	struct lbvs_conns conns;
	struct lbvs_cpu __percpu *cpu;
	struct nf_hook_ops hooks[LBVS_HOOKS];

	struct mutex lock;	/* see above */
	struct list_head list;
	struct list_head removed;
	bool vips_changed;
	unsigned int num_services;
	unsigned int num_reals;
	unsigned int num_objects;
	unsigned int config_seq;
	bool hooked;
	bool dead;
	struct lbvs_stats_block *stats_block;
	struct list_head detached;
	struct llist_head freed_reals;
	struct delayed_work worker;
	struct proc_dir_entry *proc;
};

/**
 * struct lbvs_service_key - what a service is found by; compared and hashed as
 *	words, so what is unused is 0
 * @af: AF_INET or AF_INET6
 * @proto: IPPROTO_TCP or IPPROTO_UDP; 0 for a firewall mark
 * @port: the virtual port; 0 for a firewall mark
 * @mark: the firewall mark, or 0
 * @addr: the VIP, an IPv4 one in the first word; 0 for a firewall mark
 */
struct lbvs_service_key {
	u8 af;
	u8 proto;
	__be16 port;
	u32 mark;
	__be32 addr[4];
} __aligned(sizeof(u64));

/**
 * struct lbvs_life - how long a connection lives on in a state
 * @timeout: the service's own timeout, or the namespace's, in jiffies
 * @slack: a life that can't be prolonged by that much isn't worth a write
 */
struct lbvs_life {
	u32 timeout;
	u32 slack;
};

/**
 * struct lbvs_service - a virtual service
 * @node: in &lbvs_net.services
 * @key: never changes
 * @ln: its namespace; never changes
 * @pool: what new connections pick from, NULL once the service is deleted;
 *	replaced under &lbvs_net.lock
 * @flags: LBVS_SVC_F_*; written under &lbvs_net.lock, read anywhere
 * @on_remove: %LBVS_ON_REMOVE_KEEP, _CLOSE or _DEFAULT; likewise
 * @mss: what a SYN may announce at most, or 0; likewise
 * @timeout: jiffies for each state, 0 for the namespace's; likewise
 * @life: what follows from the timeouts; likewise
 * @sched: the scheduler of @pool; under &lbvs_net.lock
 * @list: in &lbvs_net.list or &lbvs_net.removed; under &lbvs_net.lock
 * @reals: configured reals in the order of their creation; likewise
 * @objects: every real that exists, removed ones included; likewise
 * @num_reals: length of @reals; likewise
 * @locals: how many of them are this host itself; written under &lbvs_net.lock,
 *	read anywhere
 * @deleted: it is in &lbvs_net.removed; likewise
 * @gone: counters of reals that exist no more; likewise
 * @base: what the counters were when they were zeroed last; likewise
 * @rcu: for freeing it behind readers of &lbvs_net.services
 */
struct lbvs_service {
	struct rhash_head node;
	struct lbvs_service_key key;
	struct lbvs_net *ln;
	struct lbvs_pool __rcu *pool;
	u32 flags;
	u8 on_remove;
	u16 mss;
	u32 timeout[__LBVS_STATE_MAX];
	struct lbvs_life life[__LBVS_STATE_MAX];

	const struct lbvs_scheduler *sched;
	struct list_head list;
	struct list_head reals;
	struct list_head objects;
	unsigned int num_reals;
	unsigned int locals;
	bool deleted;
	struct lbvs_sum gone;
	struct lbvs_sum base;
	struct rcu_head rcu;
};

/**
 * struct lbvs_route - a cached route
 * @entry: may be stale: dst_check() tells; read under RCU, replaced under @lock
 * @lock: one CPU renews it, others do without meanwhile
 */
struct lbvs_route {
	struct lbvs_route_entry __rcu *entry;
	spinlock_t lock;	/* see above */
};

#define LBVS_WAY_IPV6		BIT(0)	/* it is an IPv6 route */
#define LBVS_WAY_LOCAL		BIT(1)	/* to this host */
#define LBVS_WAY_GATEWAY	BIT(2)	/* by a gateway */
#define LBVS_WAY_PLAIN		BIT(3)	/* by Ethernet, as it is */
#define LBVS_WAY_ONE_HOP	BIT(4)	/* one next hop, whatever the destination */

/**
 * struct lbvs_way - the way that a packet takes
 * @dst: the route
 * @entry: where it is cached, or NULL; under RCU
 * @flags: LBVS_WAY_*
 * @ref: @dst is referenced; otherwise it is there under RCU
 * @saddr: the source address of an outer header, for a tunnel
 */
struct lbvs_way {
	struct dst_entry *dst;
	struct lbvs_route_entry *entry;
	u8 flags;
	bool ref;
	__be32 saddr[4];
};

/**
 * struct lbvs_route_entry - a cached route; never changes, but for its neighbour
 * @dst: the route, referenced
 * @neigh: the next hop, referenced, if it is the same for all packets and was
 *	known once; changed by cmpxchg
 * @cookie: for lbvs_entry_fresh()
 * @mtu: its MTU, 0 if that isn't known to stay
 * @headroom: LL_RESERVED_SPACE() of its device. One that has come to want more
 *	finds room itself, as it always may have to.
 * @flags: LBVS_WAY_*
 * @id: its number, for the way to a client
 * @saddr: the source address that goes with it
 * @rcu: for freeing it
 */
struct lbvs_route_entry {
	struct dst_entry *dst;
	struct neighbour *neigh;
	u32 cookie;
	u32 mtu;
	u32 headroom;
	u8 flags;
	unsigned long id;
	__be32 saddr[4];
	struct rcu_head rcu;
};

/**
 * struct lbvs_path - how a packet goes on
 * @conn: its connection, under RCU; or NULL
 * @real: the real that it goes to, or comes from
 * @method: &enum lbvs_method
 * @dir: &enum lbvs_dir
 * @local: it stays as it is, for this host to deliver
 * @to: what it is to look like, if the method is nat; NULL if @conn says so, see
 *	lbvs_path_to()
 * @way: the way
 * @neigh: the next hop under RCU, on the fast path
 */
struct lbvs_path {
	struct lbvs_conn *conn;
	struct lbvs_real *real;
	u8 method;
	u8 dir;
	bool local;
	struct lbvs_tuple *to;
	struct lbvs_way way;
	struct neighbour *neigh;
};

static __always_inline void lbvs_way_put(const struct lbvs_way *way)
{
	if (way->ref)
		dst_release(way->dst);
}

/**
 * struct lbvs_real_conf - what can be changed of a real
 * @weight: its weight
 * @method: &enum lbvs_method
 * @state: &enum lbvs_real_state
 * @encap: &enum lbvs_encap, for tunnel
 * @encap_csum: GUE's outer UDP header has a checksum
 * @encap_port: GUE's destination port
 */
struct lbvs_real_conf {
	u32 weight;
	u8 method;
	u8 state;
	u8 encap;
	bool encap_csum;
	__be16 encap_port;
};

/**
 * struct lbvs_real_key - what a one-packet real is found by when it replies
 * @af: its family
 * @port: its port
 * @addr: its address
 */
struct lbvs_real_key {
	u16 af;
	__be16 port;
	__be32 addr[4];
};

/**
 * struct lbvs_real - a real server of one service
 * @svc: its service, which exists as long as the real does
 * @key: address and port; never changes. Port 0, in firewall-mark services
 *	only: the destination port of the client's packet.
 * @method: &enum lbvs_method, of new connections; written under
 *	&lbvs_net.lock, read anywhere
 * @encap: &enum lbvs_encap; likewise
 * @encap_csum: GUE's outer UDP header has a checksum; likewise
 * @encap_port: GUE's destination port; likewise
 * @down: it was removed or set down; likewise
 * @local: it is this host itself, see local.c; likewise
 * @replies: it is, or has been, a nat real; under &lbvs_net.lock
 * @tunnel: it is, or has been, a tunnel real; likewise
 * @stats: per-CPU counters
 * @stats_block: where they are
 * @route: the ways to it by &enum lbvs_method: when its method changes, its
 *	connections keep theirs
 * @active: connections that aren't closing
 * @ref: one of the configuration and one of each connection. They are dropped a
 *	grace period after the real is found no more, so whoever finds it under RCU
 *	may take another.
 * @weight: under &lbvs_net.lock; pools have copies
 * @state: &enum lbvs_real_state; under &lbvs_net.lock
 * @list: in &lbvs_service.reals, or &lbvs_net.detached; empty once the
 *	configuration's reference is dropped; under &lbvs_net.lock
 * @grace: the grace period after which that is; likewise
 * @object: in &lbvs_service.objects; under &lbvs_net.lock
 * @one_packet: in &lbvs_net.one_packet
 * @in_one_packet: it is there; under &lbvs_net.lock
 * @base: what the counters were when they were zeroed last; likewise
 * @freed: in &lbvs_net.freed_reals
 * @rcu: for freeing it behind readers of &lbvs_net.one_packet
 */
struct lbvs_real {
	struct lbvs_service *svc;
	struct lbvs_real_key key;
	u8 method;
	u8 encap;
	bool encap_csum;
	bool down;
	bool local;
	bool replies;
	bool tunnel;
	__be16 encap_port;
	struct lbvs_stats __percpu *stats;
	struct lbvs_stats_block *stats_block;
	struct lbvs_route route[__LBVS_METHOD_MAX];

	atomic_t active ____cacheline_aligned_in_smp;
	refcount_t ref;

	u32 weight;
	u8 state;
	bool in_one_packet;
	struct list_head list;
	unsigned long grace;
	struct list_head object;
	struct rhash_head one_packet;
	struct lbvs_sum base;
	struct llist_node freed;
	struct rcu_head rcu;
};

/**
 * struct lbvs_pool - the snapshot of a service's reals that new connections
 *	pick from; nothing but @cursor changes once it is published
 * @sched: picks from it
 * @num: length of @slot: the reals that are up and whose weight isn't 0
 * @seq_len: length of @seq
 * @seq: indices into @slot, for a scheduler that computed an order
 * @cursor: where round robin is
 * @rcu: for freeing it, behind a grace period
 * @slot: the reals, each with its weight
 */
struct lbvs_pool {
	const struct lbvs_scheduler *sched;
	unsigned int num;
	unsigned int seq_len;
	u16 *seq;
	struct rcu_head rcu;
	atomic_t cursor ____cacheline_aligned_in_smp;
	struct lbvs_slot {
		struct lbvs_real *real;
		u32 weight;
	} slot[] ____cacheline_aligned_in_smp;
};

/**
 * struct lbvs_scheduler - how a real is picked for a new connection
 * @name: what operators call it
 * @prepare: fills in what @pick needs; the pool isn't published yet. May
 *	sleep. 0 or -ENOMEM. Optional.
 * @pick: an index into &lbvs_pool.slot. RCU, BH off, any number of CPUs at a
 *	time; the pool isn't empty.
 */
struct lbvs_scheduler {
	const char *name;
	int (*prepare)(struct lbvs_pool *pool);
	unsigned int (*pick)(struct lbvs_pool *pool);
};

extern unsigned int lbvs_net_id;

static inline struct lbvs_net *lbvs_net(const struct net *net)
{
	return net_generic(net, lbvs_net_id);
}

/* netns.c */
int lbvs_netns_init(void);
void lbvs_netns_exit(void);
int lbvs_net_start(struct lbvs_net *ln, u8 af);
void lbvs_net_kick(struct lbvs_net *ln);
u32 lbvs_net_limit_max(const struct lbvs_net *ln);

/* hook.c */
void lbvs_hooks_init(struct lbvs_net *ln);
int lbvs_hooks_register(struct lbvs_net *ln);
void lbvs_hooks_unregister(struct lbvs_net *ln);
int lbvs_hooks_track(struct lbvs_net *ln, bool on);
bool lbvs_hooks_alone(const struct lbvs_net *ln, u8 af);
struct lbvs_conn *lbvs_fresh_conn(struct lbvs_net *ln, struct sk_buff *skb,
				  const struct lbvs_packet *pkt,
				  struct lbvs_conn *outdated,
				  unsigned int *verdict);

/* fast.c */
int lbvs_fast_init(void);
void lbvs_fast_exit(void);
void lbvs_fast_net_init(struct lbvs_net *ln);
void lbvs_fast_net_exit(struct lbvs_net *ln);
void lbvs_fast_set(struct lbvs_net *ln, const struct lbvs_fast_settings *want);
void lbvs_fast_update(struct lbvs_net *ln);
void lbvs_fast_wait(struct lbvs_net *ln);

/* schedule.c */
const struct lbvs_scheduler *lbvs_scheduler_find(const char *name);
const char *lbvs_scheduler_name(unsigned int i);
bool lbvs_schedule_picked(const struct lbvs_service *svc,
			  const struct lbvs_packet *pkt);
struct lbvs_real *lbvs_schedule_packet(struct lbvs_service *svc,
				       const struct lbvs_packet *pkt,
				       enum lbvs_drop *why);
struct lbvs_conn *lbvs_schedule(struct lbvs_service *svc,
				const struct lbvs_packet *pkt,
				enum lbvs_drop *why);
extern const struct lbvs_scheduler lbvs_sched_rr;
extern const struct lbvs_scheduler lbvs_sched_wrr;
extern const struct lbvs_scheduler lbvs_sched_lc;
extern const struct lbvs_scheduler lbvs_sched_wlc;

/* route.c */
int lbvs_route_init(void);
void lbvs_route_exit(void);
bool lbvs_route_client(struct lbvs_net *ln, struct lbvs_conn *conn,
		       const struct lbvs_tuple *to, u32 mark, u8 tos,
		       struct lbvs_way *way);
bool lbvs_route_real(struct lbvs_real *real, u8 method, struct lbvs_way *way);
struct lbvs_route_entry *lbvs_route_renew(struct lbvs_real *real, u8 method);
void lbvs_route_real_init(struct lbvs_real *real);
void lbvs_route_flush_real(struct lbvs_real *real);
void lbvs_route_flush_tunnels(struct lbvs_net *ln);
bool lbvs_gateway_failed(const struct lbvs_route_entry *entry);
void lbvs_route_net_init(struct lbvs_net *ln);
void lbvs_route_net_exit(struct lbvs_net *ln);
bool lbvs_real_sent(struct lbvs_real *real, const struct lbvs_packet *pkt);
bool lbvs_route_delivers(struct sk_buff *skb, const struct lbvs_packet *pkt);
struct neighbour *lbvs_neigh_find(const struct dst_entry *dst,
				  struct lbvs_route_entry *entry, u8 flags,
				  const __be32 *daddr);

/* local.c; who calls lbvs_local_find() or _forget() holds lbvs_net.lock */
bool lbvs_addr_local(struct net *net, u8 af, const __be32 *addr);
int lbvs_local_init(void);
void lbvs_local_exit(void);
void lbvs_local_net_init(struct lbvs_net *ln);
void lbvs_local_net_exit(struct lbvs_net *ln);
void lbvs_local_find(struct lbvs_real *real);
void lbvs_local_forget(struct lbvs_real *real);

/* forward.c, forward_nat.c, icmp.c, forward_tunnel.c */
unsigned int lbvs_drop(struct lbvs_net *ln, struct sk_buff *skb,
		       enum lbvs_drop why);
void lbvs_unreachable(struct lbvs_net *ln, struct sk_buff *skb,
		      const struct lbvs_packet *pkt);
bool lbvs_policy_lets_in(struct sk_buff *skb, u8 af);
unsigned int lbvs_transmit(struct lbvs_net *ln, struct sk_buff *skb,
			   const struct lbvs_way *way);
unsigned int lbvs_transmit_neigh(struct sk_buff *skb, struct neighbour *n);
unsigned int lbvs_transmit_direct(struct lbvs_net *ln, struct sk_buff *skb);
unsigned int lbvs_deliver(struct sk_buff *skb, const struct lbvs_packet *pkt,
			  const struct lbvs_path *path);
unsigned int lbvs_refuse(struct lbvs_net *ln, struct sk_buff *skb,
			 const struct lbvs_packet *pkt,
			 const struct lbvs_path *path, enum lbvs_drop why);
unsigned int lbvs_take_apart(struct lbvs_net *ln, struct sk_buff *skb,
			     const struct lbvs_packet *pkt,
			     const struct lbvs_path *path);
unsigned int lbvs_forward(struct lbvs_net *ln, struct sk_buff *skb,
			  struct lbvs_packet *pkt, struct lbvs_path *path);
void lbvs_mss_replace(struct sk_buff *skb, __sum16 *check, unsigned int l4_off,
		      struct lbvs_mss old, u16 mss);
int lbvs_icmp_rewrite(struct sk_buff *skb, const struct lbvs_packet *pkt,
		      const struct lbvs_tuple *to);
int lbvs_tunnel_push(struct net *net, struct sk_buff *skb, u8 af, u8 tos,
		     const struct lbvs_real *real,
		     const struct lbvs_route_entry *route, bool df);

/* conntrack.c */
bool lbvs_conntrack_keeps(const struct sk_buff *skb, enum lbvs_dir dir);
void lbvs_conntrack_reply(struct sk_buff *skb, const struct lbvs_conn *conn);

/* icmp.c */
unsigned int lbvs_icmp_known(struct lbvs_net *ln, struct sk_buff *skb,
			     struct lbvs_packet *pkt, unsigned int hook);
unsigned int lbvs_icmp_tunnel(struct lbvs_net *ln, struct sk_buff *skb,
			      const struct lbvs_packet *pkt);

/* addr.c; the callers hold lbvs_net.lock, except of _ours and _vip */
bool lbvs_addr_ours(struct lbvs_net *ln, u8 af, const __be32 *addr);
bool lbvs_addr_vip(struct lbvs_net *ln, u8 af, const __be32 *addr);
bool lbvs_addr_tunnel(struct lbvs_net *ln, u8 af, const __be32 *addr);
void lbvs_addr_count_tunnel(struct lbvs_net *ln, u8 af, const __be32 *addr,
			    int more);
int lbvs_addr_add(struct lbvs_net *ln, u8 af, const __be32 *addr, bool vip);
void lbvs_addr_del(struct lbvs_net *ln, u8 af, const __be32 *addr, bool vip);
int lbvs_addrs_start(struct lbvs_net *ln);
void lbvs_addr_any(struct lbvs_net *ln, int more);
int lbvs_addrs_init(struct lbvs_net *ln);
void lbvs_addrs_exit(struct lbvs_net *ln);

/* service.c; the callers hold lbvs_net.lock, except of _find */
struct lbvs_service *lbvs_service_find(struct lbvs_net *ln, u32 mark,
				       const struct lbvs_packet *pkt);
struct lbvs_service *lbvs_service_get(struct lbvs_net *ln,
				      const struct lbvs_service_key *key);
int lbvs_service_add(struct lbvs_net *ln, const struct lbvs_service *want);
int lbvs_service_edit(struct lbvs_service *svc,
		      const struct lbvs_service *want,
		      struct netlink_ext_ack *extack);
void lbvs_service_del(struct lbvs_service *svc);
void lbvs_service_free(struct lbvs_service *svc);
void lbvs_service_flush(struct lbvs_net *ln);
void lbvs_service_lives(struct lbvs_net *ln);
void lbvs_service_warn(const struct lbvs_service *svc, enum lbvs_drop why);
const struct rhashtable_params *lbvs_service_params(void);

/* real.c; the callers hold lbvs_net.lock, except of _put and _one_packet_find */
struct lbvs_real *lbvs_real_get(struct lbvs_service *svc,
				const struct lbvs_real_key *key);
int lbvs_real_add(struct lbvs_service *svc, const struct lbvs_real_key *key,
		  const struct lbvs_real_conf *conf,
		  struct netlink_ext_ack *extack);
int lbvs_real_edit(struct lbvs_real *real, const struct lbvs_real_conf *conf,
		   struct netlink_ext_ack *extack);
int lbvs_real_del(struct lbvs_real *real);
void lbvs_real_detach(struct lbvs_real *real);
void lbvs_real_put(struct lbvs_real *real);
void lbvs_reals_reap(struct lbvs_net *ln, bool quiet);
bool lbvs_closes(const struct lbvs_service *svc, u8 proto);
unsigned int lbvs_real_conns(const struct lbvs_real *real);
struct lbvs_real *lbvs_one_packet_find(struct lbvs_net *ln,
				       const struct lbvs_packet *pkt);
int lbvs_one_packet_set(struct lbvs_service *svc, bool on,
			struct netlink_ext_ack *extack);
const struct rhashtable_params *lbvs_one_packet_params(void);

/* pool.c; the callers hold lbvs_net.lock */
struct lbvs_pool *lbvs_pool_build(struct lbvs_service *svc,
				  const struct lbvs_scheduler *sched);
void lbvs_pool_publish(struct lbvs_service *svc, struct lbvs_pool *pool);
void lbvs_pool_discard(struct lbvs_pool *pool);

/* stats.c; the callers hold lbvs_net.lock */
void lbvs_stats_add(struct lbvs_sum *sum, const struct lbvs_sum *more);
void lbvs_stats_real(struct lbvs_sum *sum, const struct lbvs_real *real);
void lbvs_stats_service(struct lbvs_sum *sum, const struct lbvs_service *svc);
void lbvs_stats_net(struct lbvs_sum *sum, struct lbvs_net *ln);
void lbvs_stats_net_cpu(struct lbvs_sum *sum, struct lbvs_net *ln, int cpu);
u64 lbvs_stats_count(struct lbvs_net *ln, unsigned int i);
u64 lbvs_stats_count_cpu(struct lbvs_net *ln, unsigned int i, int cpu);
int lbvs_stats_start(struct lbvs_net *ln);
int lbvs_stats_make(struct lbvs_real *real);
void lbvs_stats_put(struct lbvs_stats_block *block);
void lbvs_stats_retire(struct lbvs_real *real);
void lbvs_stats_zero_real(struct lbvs_real *real);
void lbvs_stats_zero_service(struct lbvs_service *svc);
void lbvs_stats_zero(struct lbvs_net *ln);

/* netlink.c, netlink_dump.c */
int lbvs_netlink_init(void);
void lbvs_netlink_exit(void);

/* procfs.c */
int lbvs_proc_init(struct lbvs_net *ln);
void lbvs_proc_exit(struct lbvs_net *ln);

/* tcp.c, udp.c */
u32 lbvs_tcp_next(u32 word, enum lbvs_dir dir, enum lbvs_tcp_event event);
u32 lbvs_udp_next(u32 word);

static __always_inline u32 lbvs_addr_fold(u8 af, const __be32 *addr)
{
	u32 word = (__force u32)addr[0];

	if (af == AF_INET6)
		word ^= (__force u32)(addr[1] ^ addr[2] ^ addr[3]);
	return word;
}

#define LBVS_SERVICE_KEY_WORDS	(sizeof(struct lbvs_service_key) / sizeof(u64))

/* Packets don't choose the keys, so this needn't be more than even, and quick. */
static __always_inline u32 lbvs_service_hash(const struct lbvs_service_key *key,
					     u32 seed)
{
	const u64 *word = (const u64 *)key;
	u64 hash = seed;
	unsigned int i;

	for (i = 0; i < LBVS_SERVICE_KEY_WORDS; i++)
		hash = lbvs_hash_mix(hash ^ word[i], GOLDEN_RATIO_64);
	return hash;
}

/* Who can aim at a slot can have his packets looked at more closely, no more. */
static __always_inline unsigned int lbvs_addr_slot(u8 af, const __be32 *addr)
{
	return hash_32(lbvs_addr_fold(af, addr), LBVS_ADDR_BITS);
}

static __always_inline u64 lbvs_ends(u8 af, const __be32 *saddr,
				     const __be32 *daddr)
{
	return (u64)lbvs_addr_fold(af, saddr) << 32 | lbvs_addr_fold(af, daddr);
}

/* Whether an address may be a service's, or a real's. */
static __always_inline bool lbvs_addr_maybe(const struct lbvs_net *ln, u8 af,
					    const __be32 *addr)
{
	return READ_ONCE(ln->addr_count[lbvs_addr_slot(af, addr)]);
}

/*
 * Whether a packet could be of a connection: false if it is TCP or UDP between
 * addresses that aren't ours. There is a service, or was one a moment ago.
 * @answers: it could be an answer that needn't have come by here, too.
 */
static __always_inline bool lbvs_addr_glance(const struct lbvs_net *ln,
					     const struct sk_buff *skb, u8 af,
					     bool answers)
{
	struct lbvs_glance glance;

	if (!lbvs_packet_glance(skb, af, &glance))
		return true;
	return lbvs_addr_maybe(ln, af, glance.daddr) ||
	       ((answers || READ_ONCE(ln->nats)) &&
		lbvs_addr_maybe(ln, af, glance.saddr));
}

/* Packets that came together are side by side in memory, as a rule, 256 bytes each. */
static __always_inline struct lbvs_note *
lbvs_note_of(struct lbvs_net *ln, const struct sk_buff *skb)
{
	unsigned long place = (unsigned long)skb / 256;

	return &this_cpu_ptr(ln->cpu)->note[place % LBVS_NOTES];
}

/* Note that a client's packet is of no connection. Context: BH off. */
static __always_inline void lbvs_note_unknown(struct lbvs_net *ln,
					      const struct sk_buff *skb, u8 af)
{
	struct lbvs_note *note = lbvs_note_of(ln, skb);
	struct lbvs_glance glance;

	if (!lbvs_packet_glance(skb, af, &glance) ||
	    lbvs_addr_maybe(ln, af, glance.saddr))
		return;
	note->skb = skb;
	note->made = NULL;
	note->ends = lbvs_ends(af, glance.saddr, glance.daddr);
}

/*
 * Whether this packet was noted just now. At worst it is another one (the noted one
 * was dropped in between, and its memory has one with the same ends that hasn't come
 * by the fast path), and is looked for at a later door only. Context: BH off.
 */
static __always_inline bool lbvs_is_unknown(struct lbvs_net *ln,
					    const struct sk_buff *skb, u8 af)
{
	struct lbvs_note *note = lbvs_note_of(ln, skb);
	struct lbvs_glance glance;

	if (note->skb != skb || note->made)
		return false;
	note->skb = NULL;
	return lbvs_packet_glance(skb, af, &glance) &&
	       note->ends == lbvs_ends(af, glance.saddr, glance.daddr);
}

/*
 * Note that a packet on its way to the stack is accounted to its connection, since it
 * has made that; or NULL, that it hasn't. Context: BH off.
 */
static inline void lbvs_note_made(struct lbvs_net *ln, const struct sk_buff *skb,
				  const struct lbvs_conn *made)
{
	struct lbvs_note *note = lbvs_note_of(ln, skb);

	note->skb = made ? skb : NULL;
	note->made = made;
}

/*
 * Whether that was noted. At worst it was of another packet, whose memory this one has,
 * and a connection's second packet isn't accounted. Context: BH off.
 */
static inline bool lbvs_has_made(struct lbvs_net *ln, const struct sk_buff *skb,
				 const struct lbvs_conn *conn)
{
	const struct lbvs_note *note = lbvs_note_of(ln, skb);

	return note->skb == skb && note->made == conn;
}

static inline u32 lbvs_state_timeout(const struct lbvs_service *svc, u8 state)
{
	return READ_ONCE(svc->life[state].timeout);
}

/* Whether packets that go this way have conntrack entries. */
static __always_inline bool lbvs_tracked(const struct lbvs_net *ln, u8 method)
{
	return lbvs_method_replies(method) && READ_ONCE(ln->conntrack);
}

/* Count a new connection. Context: BH off. */
static inline void lbvs_count_conn(struct lbvs_real *real)
{
	struct lbvs_stats *stats = this_cpu_ptr(real->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->conns);
	u64_stats_update_end(&stats->syncp);
}

/* Count a packet, or the segments that it stands for. Context: BH off. */
static __always_inline void lbvs_count_packet(struct lbvs_real *real, enum lbvs_dir dir,
					      const struct sk_buff *skb, u32 len)
{
	struct lbvs_stats *stats = this_cpu_ptr(real->stats);
	unsigned int pkts = max_t(unsigned int, skb_shinfo(skb)->gso_segs, 1);

	u64_stats_update_begin(&stats->syncp);
	if (dir == LBVS_DIR_IN) {
		u64_stats_add(&stats->pkts_in, pkts);
		u64_stats_add(&stats->bytes_in, len);
	} else {
		u64_stats_add(&stats->pkts_out, pkts);
		u64_stats_add(&stats->bytes_out, len);
	}
	u64_stats_update_end(&stats->syncp);
}

/* True if a connection in this state is over, but for stragglers. */
static inline bool lbvs_state_closing(u8 state)
{
	return state == LBVS_STATE_TCP_LAST_ACK ||
	       state == LBVS_STATE_TCP_TIME_WAIT ||
	       state == LBVS_STATE_TCP_CLOSE;
}

/* True if a connection in this state may never have been one. */
static inline bool lbvs_state_half_open(u8 state)
{
	return state == LBVS_STATE_TCP_SYN_SENT ||
	       state == LBVS_STATE_TCP_SYN_RECV ||
	       state == LBVS_STATE_UDP_NEW;
}

#endif /* _LBVS_H */
