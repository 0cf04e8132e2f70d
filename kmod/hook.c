// SPDX-License-Identifier: GPL-2.0
/*
 * The doors. A packet of a known connection is taken before conntrack sees it,
 * at PRE_ROUTING or, from a local socket, at LOCAL_OUT. A new one passes the
 * stack and the operator's firewall first and is taken at LOCAL_IN, or late at
 * LOCAL_OUT. Behind the doors there is one pipeline.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <net/ip.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/ipv6/nf_reject.h>

#include "packet_parse.h"
#include "pipeline.h"

/* After defragmentation and raw, before conntrack. */
#define PRIORITY_KNOWN	(NF_IP_PRI_CONNTRACK - 1)
/* After conntrack and destination NAT, for connections that have entries. */
#define PRIORITY_TRACKED (NF_IP_PRI_NAT_DST + 1)
/* After filter and security, before source NAT of local input. */
#define PRIORITY_NEW	(NF_IP_PRI_NAT_SRC - 3)

/*
 * br_netfilter shows us frames that are on their way through a bridge. Only
 * what is addressed to the bridge itself is the director's.
 */
static bool merely_bridged(const struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	return nf_bridge_info_exists(skb) && state->in &&
	       !ether_addr_equal(eth_hdr(skb)->h_dest, state->in->dev_addr);
}

/* What the packet may be to us; @pkt is filled in. Most are plain, and read here. */
static __always_inline enum lbvs_kind look(const struct sk_buff *skb, u8 af,
					   const struct nf_hook_state *state,
					   struct lbvs_packet *pkt)
{
	if (skb->pkt_type != PACKET_HOST || skb_vlan_tag_present(skb) ||
	    merely_bridged(skb, state) ||
	    (state->in && lbvs_in_vrf(state->in)) ||
	    (state->out && lbvs_in_vrf(state->out)))
		return LBVS_KIND_OTHER;
	pkt->local = state->hook == NF_INET_LOCAL_OUT;
	pkt->input = state->hook == NF_INET_LOCAL_IN;
	pkt->early = false;
	pkt->dev = state->in;
	pkt->sender = pkt->dev && pkt->dev->type == ARPHRD_ETHER &&
		      skb_mac_header_was_set(skb) ?
		      eth_hdr(skb)->h_source : NULL;
	return lbvs_parse(skb, af, pkt, true) == LBVS_KIND_FLOW ?
	       LBVS_KIND_FLOW : lbvs_packet_parse(skb, af, pkt);
}

/*
 * Whether a fragment could be of a connection. The stack puts IPv4 together
 * before it delivers, but not what it forwards, such as the answers of reals;
 * and IPv6 after LOCAL_IN.
 */
static bool gatherable(struct lbvs_net *ln, const struct lbvs_packet *pkt)
{
	if (pkt->local)
		return false;
	if (pkt->tuple.af == AF_INET)
		return lbvs_addr_ours(ln, AF_INET, pkt->tuple.saddr);
	return lbvs_addr_ours(ln, AF_INET6, pkt->tuple.saddr) ||
	       lbvs_addr_ours(ln, AF_INET6, pkt->tuple.daddr) ||
	       (pkt->input && READ_ONCE(ln->marks));
}

/*
 * What has come in fragments may leave in such, of the size that they had: DF was
 * about the fragments. ip_fragment() keeps to that.
 */
static void come_in_pieces(struct sk_buff *skb)
{
	if (IPCB(skb)->frag_max_size)
		skb->ignore_df = 1;
}

/*
 * Put fragments together. NF_ACCEPT: the packet is whole, and ours to look at
 * again; otherwise it is gone, or broken.
 */
static unsigned int gather(struct lbvs_net *ln, struct sk_buff *skb, u8 af)
{
	int err, next;

	if (af == AF_INET) {
		if (ip_defrag(ln->net, skb, IP_DEFRAG_VS_OUT))
			return NF_STOLEN;
		come_in_pieces(skb);
		return NF_ACCEPT;
	}
	next = skb_transport_offset(skb) - skb_network_offset(skb);
	err = nf_ct_frag6_gather(ln->net, skb, IP6_DEFRAG_CONNTRACK_IN);
	if (err)
		return err == -EINPROGRESS ? NF_STOLEN : NF_DROP;
	/* Where the stack goes on reading: what was before the fragment's header is yet to come. */
	skb_set_transport_header(skb, skb_network_offset(skb) + next);
	return NF_ACCEPT;
}

static unsigned int pass(struct lbvs_net *ln, struct sk_buff *skb,
			 struct lbvs_packet *pkt, struct lbvs_conn *conn,
			 enum lbvs_dir dir, bool first)
{
	return lbvs_pass(ln, skb, pkt, conn, dir, lbvs_conn_method(conn), first,
			 false);
}

/* A packet to a one-packet service: scheduled by itself. */
static unsigned int pass_one(struct lbvs_net *ln, struct sk_buff *skb,
			     struct lbvs_packet *pkt,
			     struct lbvs_real *real)
{
	struct lbvs_tuple to = pkt->tuple;
	struct lbvs_path path = {
		.real = real,
		.method = READ_ONCE(real->method),
		.dir = LBVS_DIR_IN,
		.to = &to,
	};

	lbvs_addr_copy(to.af, to.daddr, real->key.addr);
	to.dport = real->key.port;
	return lbvs_forward(ln, skb, pkt, &path);
}

/* The answer of a one-packet service's real. */
static unsigned int pass_one_reply(struct lbvs_net *ln, struct sk_buff *skb,
				   struct lbvs_packet *pkt,
				   struct lbvs_real *real)
{
	const struct lbvs_service_key *key = &real->svc->key;
	struct lbvs_tuple to = pkt->tuple;
	struct lbvs_path path = {
		.real = real,
		.method = LBVS_METHOD_NAT,
		.dir = LBVS_DIR_OUT,
		.to = &to,
	};

	lbvs_addr_copy(to.af, to.saddr, key->addr);
	to.sport = key->port;
	return lbvs_forward(ln, skb, pkt, &path);
}

/* The reply of a one-packet service's real, if the packet is one. */
static unsigned int known_one(struct lbvs_net *ln, struct sk_buff *skb,
			      struct lbvs_packet *pkt)
{
	struct lbvs_real *real;

	if (!READ_ONCE(ln->one_packets) || pkt->tuple.proto != IPPROTO_UDP)
		return NF_ACCEPT;
	real = lbvs_one_packet_find(ln, pkt);
	/* The director's own clients ask reals directly, too. */
	if (!real || lbvs_addr_local(ln->net, pkt->tuple.af, pkt->tuple.daddr))
		return NF_ACCEPT;
	return pass_one_reply(ln, skb, pkt, real);
}

/*
 * An answer by dr or tunnel that comes by here all the same, since the client is
 * behind the director. The stack would take it for one of its own, with the VIP for
 * its source, and a firewall for one to nothing.
 */
static unsigned int known_answer(struct lbvs_net *ln, struct sk_buff *skb,
				 struct lbvs_packet *pkt)
{
	struct lbvs_tuple request, to = pkt->tuple;
	struct lbvs_path path = {
		.method = LBVS_METHOD_NAT,
		.dir = LBVS_DIR_OUT,
		.to = &to,
	};
	enum lbvs_dir dir;

	/* What comes back by the loopback device has been here. */
	if (pkt->local || pkt->dev->flags & IFF_LOOPBACK ||
	    !lbvs_addr_maybe(ln, pkt->tuple.af, pkt->tuple.saddr))
		return NF_ACCEPT;
	lbvs_tuple_reverse(&pkt->tuple, &request);
	path.conn = lbvs_conn_find(ln, &request, &dir);
	if (!path.conn || lbvs_method_replies(lbvs_conn_method(path.conn)))
		return NF_ACCEPT;
	path.real = path.conn->real;
	return lbvs_forward(ln, skb, pkt, &path);
}

/*
 * Whether a connection is none any more to a packet: it is outdated, or its real is
 * a director that has picked us meanwhile, and gets nothing sent back. (The fast
 * path asks that when it knows the neighbour.)
 */
static bool given_up(const struct lbvs_conn *conn, enum lbvs_dir dir,
		     const struct lbvs_packet *pkt)
{
	return lbvs_outdated(conn, dir, pkt) ||
	       (dir == LBVS_DIR_IN &&
		lbvs_conn_method(conn) == LBVS_METHOD_DR &&
		lbvs_real_sent(conn->real, pkt));
}

static unsigned int known_flow(struct lbvs_net *ln, struct sk_buff *skb,
			       struct lbvs_packet *pkt)
{
	struct lbvs_conn *conn;
	unsigned int verdict;
	enum lbvs_dir dir;

	conn = lbvs_conn_find(ln, &pkt->tuple, &dir);
	if (conn)
		return given_up(conn, dir, pkt) ? NF_ACCEPT :
		       lbvs_pass_known(ln, skb, pkt, conn, dir,
				       lbvs_conn_method(conn),
				       lbvs_has_made(ln, skb, conn), false);
	verdict = known_one(ln, skb, pkt);
	return verdict == NF_ACCEPT ? known_answer(ln, skb, pkt) : verdict;
}

/*
 * Errors about outer packets of tunnels are taken here, too: conntrack knows
 * nothing of those packets, so a firewall would take the errors for invalid.
 */
static unsigned int known_error(struct lbvs_net *ln, struct sk_buff *skb,
				struct lbvs_packet *pkt,
				const struct nf_hook_state *state)
{
	unsigned int verdict = lbvs_icmp_known(ln, skb, pkt, state->hook);

	if (verdict != NF_ACCEPT || pkt->local)
		return verdict;
	return lbvs_icmp_tunnel(ln, skb, pkt);
}

static noinline unsigned int known(struct lbvs_net *ln, struct sk_buff *skb,
				   const struct nf_hook_state *state,
				   bool early)
{
	u8 af = state->pf == NFPROTO_IPV4 ? AF_INET : AF_INET6;
	struct lbvs_packet pkt;
	enum lbvs_kind kind;

	kind = look(skb, af, state, &pkt);
	if (kind == LBVS_KIND_FRAGMENT && gatherable(ln, &pkt)) {
		unsigned int verdict = gather(ln, skb, af);

		if (verdict != NF_ACCEPT)
			return verdict;
		kind = look(skb, af, state, &pkt);
	}
	pkt.early = early;
	if (kind == LBVS_KIND_FLOW)
		return known_flow(ln, skb, &pkt);
	return kind == LBVS_KIND_ERROR ? known_error(ln, skb, &pkt, state) :
					 NF_ACCEPT;
}

/* TCP without a connection, and no SYN that would make one. */
static unsigned int unknown_tcp(struct lbvs_net *ln, struct sk_buff *skb,
				const struct lbvs_packet *pkt,
				const struct nf_hook_state *state)
{
	switch (READ_ONCE(ln->tcp_unknown)) {
	case LBVS_TCP_UNKNOWN_LOCAL:
		return NF_ACCEPT;
	case LBVS_TCP_UNKNOWN_RESET:
		if (pkt->tuple.af == AF_INET)
			nf_send_reset(state->net, state->sk, skb, state->hook);
		else
			nf_send_reset6(state->net, state->sk, skb, state->hook);
		break;
	}
	return lbvs_drop(ln, skb, LBVS_DROP_TCP_UNKNOWN);
}

static bool opens(const struct lbvs_service *svc,
		  const struct lbvs_packet *pkt)
{
	if (pkt->tuple.proto == IPPROTO_UDP || pkt->event == LBVS_TCP_SYN)
		return true;
	return READ_ONCE(svc->flags) & LBVS_SVC_F_ADOPT &&
	       (pkt->event == LBVS_TCP_ACK || pkt->event == LBVS_TCP_FIN);
}

static unsigned int refuse(struct lbvs_net *ln, struct sk_buff *skb,
			   const struct lbvs_packet *pkt,
			   const struct lbvs_service *svc, enum lbvs_drop why)
{
	lbvs_service_warn(svc, why);
	if (why == LBVS_DROP_NO_REAL)
		lbvs_unreachable(ln, skb, pkt);
	return lbvs_drop(ln, skb, why);
}

static unsigned int open_conn(struct lbvs_net *ln, struct sk_buff *skb,
			      struct lbvs_packet *pkt,
			      struct lbvs_service *svc)
{
	enum lbvs_drop why = LBVS_DROP_NONE;
	struct lbvs_conn *conn;
	struct lbvs_real *real;

	if (READ_ONCE(svc->flags) & LBVS_SVC_F_ONE_PACKET && !pkt->local) {
		real = lbvs_schedule_packet(svc, pkt, &why);
		return real ? pass_one(ln, skb, pkt, real) :
			      refuse(ln, skb, pkt, svc, why);
	}
	conn = lbvs_schedule(svc, pkt, &why);
	return conn ? pass(ln, skb, pkt, conn, LBVS_DIR_IN, true) :
		      refuse(ln, skb, pkt, svc, why);
}

/*
 * A link-local client's packets must not leave its link, and from no address nobody's
 * may. (What is from this host itself may go to a real that is this host.)
 */
static bool unroutable(const struct lbvs_tuple *tuple)
{
	int type;

	if (tuple->af == AF_INET)
		return false;
	type = ipv6_addr_type((const struct in6_addr *)tuple->saddr);
	return type == IPV6_ADDR_ANY || type & IPV6_ADDR_LINKLOCAL;
}

static struct lbvs_service *service_of(struct lbvs_net *ln,
				       const struct sk_buff *skb,
				       const struct lbvs_packet *pkt)
{
	return unroutable(&pkt->tuple) ? NULL :
					 lbvs_service_find(ln, skb->mark, pkt);
}

/* Whether another attempt, at a later door, would be one too many. */
static bool is_final(enum lbvs_drop why)
{
	return why == LBVS_DROP_CONN_LIMIT || why == LBVS_DROP_NO_MEMORY;
}

/**
 * lbvs_fresh_conn() - make a connection for a packet on the fast path
 * @ln: the namespace
 * @skb: the packet
 * @pkt: what it looks like
 * @outdated: the connection that its tuple has, or NULL
 * @verdict: NF_ACCEPT; set to NF_DROP if there is no room for one
 *
 * Context: RCU, BH off.
 * Return: the connection; NULL if there is none: then the packet is for the stack
 * and the later doors, unless it is to be dropped
 */
struct lbvs_conn *lbvs_fresh_conn(struct lbvs_net *ln, struct sk_buff *skb,
				  const struct lbvs_packet *pkt,
				  struct lbvs_conn *outdated,
				  unsigned int *verdict)
{
	struct lbvs_service *svc = service_of(ln, skb, pkt);
	enum lbvs_drop why = LBVS_DROP_NONE;
	struct lbvs_conn *conn;

	if (!svc || !opens(svc, pkt) ||
	    READ_ONCE(svc->flags) & LBVS_SVC_F_ONE_PACKET)
		return NULL;
	if (READ_ONCE(ln->fast.path) != LBVS_FAST_PATH_ALL &&
	    !lbvs_route_delivers(skb, pkt))
		return NULL;
	if (outdated)
		lbvs_conn_kill(ln, outdated);
	conn = lbvs_schedule(svc, pkt, &why);
	if (!conn && is_final(why))
		*verdict = refuse(ln, skb, pkt, svc, why);
	return conn;
}

/* A packet that may begin a connection, or that comes by late. */
static unsigned int fresh_flow(struct lbvs_net *ln, struct sk_buff *skb,
			       struct lbvs_packet *pkt,
			       const struct nf_hook_state *state)
{
	struct lbvs_service *svc;
	struct lbvs_conn *conn;
	enum lbvs_dir dir;

	/* Put together on the way here, or another CPU was quicker. */
	conn = lbvs_conn_find(ln, &pkt->tuple, &dir);
	if (conn && !given_up(conn, dir, pkt))
		return pass(ln, skb, pkt, conn, dir,
			    lbvs_has_made(ln, skb, conn));
	svc = service_of(ln, skb, pkt);
	if (!svc)
		return NF_ACCEPT;
	if (opens(svc, pkt)) {
		if (conn)
			lbvs_conn_kill(ln, conn);
		return open_conn(ln, skb, pkt, svc);
	}
	/* Another director knows that it is ours. */
	return lbvs_schedule_picked(svc, pkt) ? NF_ACCEPT :
	       unknown_tcp(ln, skb, pkt, state);
}

static unsigned int fresh(struct lbvs_net *ln, struct sk_buff *skb,
			  const struct nf_hook_state *state)
{
	u8 af = state->pf == NFPROTO_IPV4 ? AF_INET : AF_INET6;
	struct lbvs_packet pkt;
	enum lbvs_kind kind = look(skb, af, state, &pkt);

	if (kind == LBVS_KIND_FRAGMENT && af == AF_INET6 &&
	    gatherable(ln, &pkt)) {
		unsigned int verdict = gather(ln, skb, AF_INET6);

		if (verdict != NF_ACCEPT)
			return verdict;
		kind = look(skb, af, state, &pkt);
	}
	/* Left to the stack by an earlier door, for its options. */
	if (kind == LBVS_KIND_ERROR && pkt.input && pkt.options)
		return lbvs_icmp_known(ln, skb, &pkt, state->hook);
	if (kind != LBVS_KIND_FLOW)
		return NF_ACCEPT;
	if (pkt.input && af == AF_INET)
		come_in_pieces(skb);
	return fresh_flow(ln, skb, &pkt, state);
}

/*
 * The pipeline counts on BH off. LOCAL_OUT runs in process context, too, and so does
 * every hook behind one that has queued a packet to a program (nf_reinject()). In a
 * softirq, where most packets come by, they are off. Returns whether they were.
 */
static bool bh_off(void)
{
	if (likely(softirq_count()))
		return true;
	local_bh_disable();
	return false;
}

static void bh_on(bool nested)
{
	if (unlikely(!nested))
		local_bh_enable();
}

static unsigned int known_bh(struct lbvs_net *ln, struct sk_buff *skb,
			     const struct nf_hook_state *state, bool early)
{
	bool nested = bh_off();
	unsigned int verdict = known(ln, skb, state, early);

	bh_on(nested);
	return verdict;
}

/*
 * Most packets are none of ours, and shall not pay for those that are. And what the
 * fast path has just looked for isn't looked for again.
 */
static __always_inline unsigned int
known_at_once(struct lbvs_net *ln, struct sk_buff *skb,
	      const struct nf_hook_state *state, u8 af)
{
	unsigned int verdict = NF_ACCEPT;
	bool nested;

	if (!lbvs_addr_glance(ln, skb, af, true))
		return NF_ACCEPT;
	nested = bh_off();
	if (!lbvs_is_unknown(ln, skb, af))
		verdict = known(ln, skb, state, true);
	bh_on(nested);
	return verdict;
}

static unsigned int hook_known(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	return state->pf == NFPROTO_IPV4 ? known_at_once(priv, skb, state, AF_INET) :
					   known_at_once(priv, skb, state, AF_INET6);
}

static unsigned int hook_known_local(void *priv, struct sk_buff *skb,
				     const struct nf_hook_state *state)
{
	return known_bh(priv, skb, state, true);
}

static unsigned int hook_tracked(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	return known_bh(priv, skb, state, false);
}

static unsigned int hook_fresh(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	bool nested = bh_off();
	unsigned int verdict = fresh(priv, skb, state);

	bh_on(nested);
	return verdict;
}

/* Those from LBVS_HOOKS_TRACKED on only while nat connections have conntrack entries. */
static const struct nf_hook_ops hooks[LBVS_HOOKS] = {
	{
		.hook = hook_known,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_KNOWN,
	}, {
		.hook = hook_known_local,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_KNOWN,
	}, {
		.hook = hook_fresh,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = PRIORITY_NEW,
	}, {
		.hook = hook_fresh,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_NEW,
	}, {
		.hook = hook_tracked,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_TRACKED,
	}, {
		.hook = hook_tracked,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_TRACKED,
	},
};

/**
 * lbvs_hooks_init() - have a namespace's doors know it
 * @ln: the namespace
 */
void lbvs_hooks_init(struct lbvs_net *ln)
{
	int i;

	memcpy(ln->hooks, hooks, sizeof(hooks));
	for (i = 0; i < LBVS_HOOKS; i++)
		ln->hooks[i].priv = ln;
}

static int register_tracked(struct lbvs_net *ln)
{
	return nf_register_net_hooks(ln->net, &ln->hooks[LBVS_HOOKS_TRACKED],
				     LBVS_HOOKS - LBVS_HOOKS_TRACKED);
}

static void unregister_tracked(struct lbvs_net *ln)
{
	nf_unregister_net_hooks(ln->net, &ln->hooks[LBVS_HOOKS_TRACKED],
				LBVS_HOOKS - LBVS_HOOKS_TRACKED);
}

/**
 * lbvs_hooks_register() - open the doors
 * @ln: the namespace; its lock is held
 *
 * Return: 0 or a negative error
 */
int lbvs_hooks_register(struct lbvs_net *ln)
{
	int err;

	err = nf_register_net_hooks(ln->net, ln->hooks, LBVS_HOOKS_TRACKED);
	if (err || !ln->conntrack)
		return err;
	err = register_tracked(ln);
	if (err)
		nf_unregister_net_hooks(ln->net, ln->hooks, LBVS_HOOKS_TRACKED);
	return err;
}

/**
 * lbvs_hooks_unregister() - shut the doors; packets may be inside still
 * @ln: the namespace; its lock is held
 */
void lbvs_hooks_unregister(struct lbvs_net *ln)
{
	nf_unregister_net_hooks(ln->net, ln->hooks, LBVS_HOOKS_TRACKED);
	if (ln->conntrack)
		unregister_tracked(ln);
}

/*
 * Whether something at a netfilter hook has no say about a whole packet that no socket
 * of this host has sent: what puts fragments together, and AppArmor's, which is
 * everywhere. They are known by their places, where nobody else has anything.
 */
static bool has_no_say(const struct nf_hook_ops *ops)
{
	return (ops->priority == NF_IP_PRI_CONNTRACK_DEFRAG ||
		ops->priority == NF_IP_PRI_SELINUX_FIRST) &&
	       ops->hook_ops_type == NF_HOOK_OP_UNDEFINED;
}

/* Whether nobody else at a hook has a say, and @door: there is one of ours. */
static bool alone(const struct lbvs_net *ln,
		  const struct nf_hook_entries *entries, bool door)
{
	struct nf_hook_ops *const *ops;
	unsigned int i;

	if (!entries)
		return !door;
	ops = nf_hook_entries_get_hook_ops(entries);
	for (i = 0; i < entries->num_hook_entries; i++) {
		if (entries->hooks[i].priv == ln)
			door = false;
		/* Whoever unregisters one puts something else there. */
		else if (!has_no_say(READ_ONCE(ops[i])))
			return false;
	}
	return !door;
}

/**
 * lbvs_hooks_alone() - would nobody else see what begins a connection
 * @ln: the namespace
 * @af: the packet's family
 *
 * Context: RCU.
 * Return: whether a packet that the stack delivers here, and that we pass on, meets
 * no hook but our own that could tell it from others
 */
bool lbvs_hooks_alone(const struct lbvs_net *ln, u8 af)
{
	const struct netns_nf *nf = &ln->net->nf;
	struct nf_hook_entries __rcu *const *hooks =
		af == AF_INET ? nf->hooks_ipv4 : nf->hooks_ipv6;

	return alone(ln, rcu_dereference(hooks[NF_INET_PRE_ROUTING]), true) &&
	       alone(ln, rcu_dereference(hooks[NF_INET_LOCAL_IN]), true) &&
	       alone(ln, rcu_dereference(hooks[NF_INET_POST_ROUTING]), false);
}

/**
 * lbvs_hooks_track() - have nat connections pass conntrack, or not
 * @ln: the namespace; its lock is held
 * @on: whether they are to
 *
 * Return: 0 or a negative error
 */
int lbvs_hooks_track(struct lbvs_net *ln, bool on)
{
	int err;

	lockdep_assert_held(&ln->lock);
	if (on == ln->conntrack)
		return 0;
	/* The later door is open as long as the earlier one lets packets by. */
	if (on && ln->hooked) {
		err = register_tracked(ln);
		if (err)
			return err;
	}
	WRITE_ONCE(ln->conntrack, on);
	if (!on && ln->hooked)
		unregister_tracked(ln);
	return 0;
}
