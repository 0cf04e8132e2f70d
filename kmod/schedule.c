// SPDX-License-Identifier: GPL-2.0
/* A new connection's real. */
#include "lbvs.h"

/* More reals than this are not tried when replies would clash. */
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

/**
 * lbvs_schedule_packet() - pick a real for a single packet
 * @svc: the service
 *
 * Context: RCU, BH off.
 * Return: the real, under RCU; or NULL
 */
struct lbvs_real *lbvs_schedule_packet(struct lbvs_service *svc)
{
	struct lbvs_pool *pool = rcu_dereference(svc->pool);

	return pool && pool->num ? pool->slot[pool->sched->pick(pool)].real : NULL;
}

/* Whether rewriting a packet for a real would change nothing. */
static bool real_is_target(const struct lbvs_real *real,
			   const struct lbvs_tuple *tuple)
{
	return (!real->key.port || real->key.port == tuple->dport) &&
	       lbvs_addr_equal(tuple->af, real->key.addr, tuple->daddr);
}

/* The first real from the scheduler's pick on that the connection can go to. */
static struct lbvs_conn *insert_somewhere(struct lbvs_pool *pool,
					  struct lbvs_conn *conn,
					  const struct lbvs_packet *pkt,
					  u32 word, enum lbvs_drop *why)
{
	unsigned int i, tries = min_t(unsigned int, pool->num, TRIES_MAX);
	unsigned int first = pool->sched->pick(pool);
	struct lbvs_conn *res;

	for (i = 0; i < tries; i++) {
		struct lbvs_real *real =
			pool->slot[(first + i) % pool->num].real;

		if (real_is_target(real, &pkt->tuple)) {
			*why = LBVS_DROP_LOOP;
			continue;
		}
		res = lbvs_conn_insert(real->svc->ln, conn, real, word);
		if (!IS_ERR(res))
			return res;
		*why = LBVS_DROP_CLASH;
	}
	return NULL;
}

/**
 * lbvs_schedule() - make a connection
 * @svc: the service that the packet is for
 * @pkt: its first packet, or one in mid-stream to adopt
 * @why: set to the reason when there is none
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
	struct lbvs_conn *conn, *res;
	u32 word;

	if (!pool || !pool->num) {
		*why = LBVS_DROP_NO_REAL;
		return NULL;
	}
	word = pkt->tuple.proto == IPPROTO_TCP ?
	       lbvs_tcp_next(0, LBVS_DIR_IN, pkt->event) : lbvs_udp_next(0);
	conn = lbvs_conn_alloc(svc->ln, &pkt->tuple, why);
	if (!conn)
		return NULL;
	res = insert_somewhere(pool, conn, pkt, word, why);
	if (res == conn)
		return conn;
	lbvs_conn_discard(svc->ln, conn);
	if (res)
		lbvs_conn_advance(svc->ln, res, LBVS_DIR_IN, pkt);
	return res;
}
