// SPDX-License-Identifier: GPL-2.0
/* A new connection's real. */
#include <net/ipv6.h>

#include "lbvs.h"

/* More reals than this are not tried when a packet can't go to the first. */
#define TRIES_MAX 32

static const struct lbvs_scheduler *const schedulers[] = {
	&lbvs_sched_wlc,	/* the default */
	&lbvs_sched_lc,
	&lbvs_sched_wrr,
	&lbvs_sched_rr,
};

/**
 * lbvs_scheduler_find() - find a scheduler
 * @name: its name; NULL for the default one
 *
 * Return: the scheduler, or NULL
 */
const struct lbvs_scheduler *lbvs_scheduler_find(const char *name)
{
	int i;

	if (!name)
		return schedulers[0];
	for (i = 0; i < ARRAY_SIZE(schedulers); i++)
		if (!strcmp(schedulers[i]->name, name))
			return schedulers[i];
	return NULL;
}

/**
 * lbvs_scheduler_name() - name the schedulers
 * @i: 0 and on
 *
 * Return: the name of the @i-th, or NULL behind the last
 */
const char *lbvs_scheduler_name(unsigned int i)
{
	return i < ARRAY_SIZE(schedulers) ? schedulers[i]->name : NULL;
}

/* A local real may be anywhere in the pool. */
static unsigned int tries(const struct lbvs_pool *pool, bool local_only)
{
	return local_only ? pool->num :
			    min_t(unsigned int, pool->num, TRIES_MAX);
}

/* Whether rewriting a packet for a real would change nothing. */
static bool real_is_target(const struct lbvs_real *real,
			   const struct lbvs_tuple *tuple)
{
	return READ_ONCE(real->method) == LBVS_METHOD_NAT &&
	       (!real->key.port || real->key.port == tuple->dport) &&
	       lbvs_addr_equal(tuple->af, real->key.addr, tuple->daddr);
}

static u32 first_word(const struct lbvs_packet *pkt, u8 method)
{
	if (pkt->tuple.proto == IPPROTO_UDP)
		return lbvs_udp_next(0);
	return lbvs_tcp_next(0, lbvs_method_replies(method) ? LBVS_DIR_IN :
							      LBVS_DIR_ALONE,
			     pkt->event);
}

/*
 * A connection for this real: @spare, if that was made for one of the same method,
 * since each that is allocated may put another one out.
 */
static struct lbvs_conn *conn_for(struct lbvs_net *ln,
				  const struct lbvs_packet *pkt, u8 method,
				  struct lbvs_conn *spare, enum lbvs_drop *why)
{
	if (spare && lbvs_conn_method(spare) == method)
		return spare;
	if (spare)
		lbvs_conn_discard(ln, spare);
	return lbvs_conn_alloc(ln, &pkt->tuple, method, why);
}

/*
 * A connection to this real, or one that another CPU has made meanwhile; an
 * error if its replies would clash: then @spare is what could be had for the next
 * real.
 */
static struct lbvs_conn *conn_to(struct lbvs_real *real,
				 const struct lbvs_packet *pkt,
				 struct lbvs_conn **spare, enum lbvs_drop *why)
{
	struct lbvs_net *ln = real->svc->ln;
	u8 method = READ_ONCE(real->method);
	struct lbvs_conn *conn, *res;

	conn = conn_for(ln, pkt, method, *spare, why);
	*spare = NULL;
	if (!conn)
		return NULL;
	res = lbvs_conn_insert(ln, conn, &pkt->tuple, real,
			       first_word(pkt, method));
	if (res == conn)
		return conn;
	if (IS_ERR(res)) {
		*spare = conn;
		return res;
	}
	lbvs_conn_discard(ln, conn);
	lbvs_conn_advance(ln, res, LBVS_DIR_IN, pkt);
	return res;
}

/*
 * Whether a packet comes from one of the pool's reals by dr. Such a real has the
 * VIP and would not pass it on, were it not a director too that has picked us.
 * Nobody asks where no real is this host itself.
 */
static bool picked_already(const struct lbvs_service *svc,
			   const struct lbvs_pool *pool,
			   const struct lbvs_packet *pkt)
{
	bool here = false, sent = false;
	struct lbvs_real *real;
	unsigned int i;

	if (!READ_ONCE(svc->locals) || !pkt->sender)
		return false;
	for (i = 0; i < pool->num && !(here && sent); i++) {
		real = pool->slot[i].real;
		if (READ_ONCE(real->local))
			here = true;
		else if (!sent && READ_ONCE(real->method) == LBVS_METHOD_DR)
			sent = lbvs_real_sent(real, pkt);
	}
	return here && sent;
}

/**
 * lbvs_schedule_picked() - has another director picked this one
 * @svc: the service that the packet is for
 * @pkt: the packet
 *
 * Context: RCU, BH off.
 * Return: whether it is for this host's own stack: one of its reals
 */
bool lbvs_schedule_picked(const struct lbvs_service *svc,
			  const struct lbvs_packet *pkt)
{
	const struct lbvs_pool *pool = rcu_dereference(svc->pool);

	return pool && picked_already(svc, pool, pkt);
}

/* Who has the VIP himself drops what comes from it. */
static bool real_is_sender(u8 method, const struct lbvs_tuple *tuple)
{
	return !lbvs_method_replies(method) &&
	       lbvs_addr_equal(tuple->af, tuple->saddr, tuple->daddr);
}

/* Addresses of a host's own mean nothing elsewhere. */
static bool stays_here(const struct lbvs_tuple *tuple)
{
	return tuple->af == AF_INET ?
	       ipv4_is_loopback(tuple->saddr[0]) :
	       ipv6_addr_loopback((const struct in6_addr *)tuple->saddr);
}

/*
 * Whether a packet would come back from a real, be changed by nothing, or be
 * nothing that a real takes.
 */
static bool would_loop(struct lbvs_real *real, const struct lbvs_packet *pkt,
		       bool local_only)
{
	u8 method = READ_ONCE(real->method);
	bool local = READ_ONCE(real->local);

	if (local && !lbvs_method_replies(method))
		return false;
	if (!local && stays_here(&pkt->tuple))
		return true;
	return local_only || real_is_target(real, &pkt->tuple) ||
	       real_is_sender(method, &pkt->tuple) ||
	       (method == LBVS_METHOD_DR && lbvs_real_sent(real, pkt));
}

/**
 * lbvs_schedule_packet() - pick a real for a single packet
 * @svc: the service
 * @pkt: the packet
 * @why: set to the reason when there is none
 *
 * Context: RCU, BH off.
 * Return: the real, under RCU; or NULL
 */
struct lbvs_real *lbvs_schedule_packet(struct lbvs_service *svc,
				       const struct lbvs_packet *pkt,
				       enum lbvs_drop *why)
{
	struct lbvs_pool *pool = rcu_dereference(svc->pool);
	struct lbvs_real *real;
	unsigned int i, first;
	bool local_only;

	*why = LBVS_DROP_NO_REAL;
	if (!pool || !pool->num)
		return NULL;
	first = pool->sched->pick(pool);
	local_only = picked_already(svc, pool, pkt);
	for (i = 0; i < tries(pool, local_only); i++) {
		real = pool->slot[(first + i) % pool->num].real;
		if (!would_loop(real, pkt, local_only))
			return real;
		*why = LBVS_DROP_LOOP;
	}
	return NULL;
}

/**
 * lbvs_schedule() - make a connection
 * @svc: the service that the packet is for
 * @pkt: its first packet, or one in mid-stream to adopt
 * @why: set to the reason when there is none
 *
 * The scheduler's pick is tried first, and those that follow it in the pool if
 * the connection can't go there.
 *
 * Context: RCU, BH off.
 * Return: the connection, with this packet accounted to its state; it may be
 * one that another CPU made for the same tuple meanwhile. Or NULL.
 */
struct lbvs_conn *lbvs_schedule(struct lbvs_service *svc,
				const struct lbvs_packet *pkt,
				enum lbvs_drop *why)
{
	struct lbvs_pool *pool = rcu_dereference(svc->pool);
	struct lbvs_conn *conn, *spare = NULL;
	struct lbvs_real *real;
	unsigned int i, first;
	bool local_only;

	if (!pool || !pool->num) {
		*why = LBVS_DROP_NO_REAL;
		return NULL;
	}
	first = pool->sched->pick(pool);
	local_only = picked_already(svc, pool, pkt);
	for (i = 0; i < tries(pool, local_only); i++) {
		real = pool->slot[(first + i) % pool->num].real;
		if (would_loop(real, pkt, local_only)) {
			*why = LBVS_DROP_LOOP;
			continue;
		}
		conn = conn_to(real, pkt, &spare, why);
		if (!IS_ERR(conn))
			return conn;
		*why = LBVS_DROP_CLASH;
	}
	if (spare)
		lbvs_conn_discard(svc->ln, spare);
	return NULL;
}
