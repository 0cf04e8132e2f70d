// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: what a service's reals looked like when they were changed last.
 * A pool is built, published, and never changed again, so that picking a real
 * takes no lock and an edit that fails has touched nothing.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "lbvs.h"

static bool real_in_pool(const struct lbvs_real *real)
{
	return real->state == LBVS_REAL_UP && real->weight;
}

static void slot_fill(struct lbvs_pool *pool, struct lbvs_slot *slot,
		      struct lbvs_real *real)
{
	slot->real = real;
	slot->weight = real->weight;
	slot->local = lbvs_addr_local(real->svc->ln->net, real->key.af,
				      real->key.addr);
	pool->local |= slot->local;
}

/**
 * lbvs_pool_build() - make a pool of a service's reals as they are now
 * @svc: the service
 * @sched: the scheduler that is to pick from it
 *
 * Return: the pool, to be published or discarded; NULL without memory
 */
struct lbvs_pool *lbvs_pool_build(struct lbvs_service *svc,
				  const struct lbvs_scheduler *sched)
{
	struct lbvs_pool *pool, *old;
	struct lbvs_real *real;
	unsigned int n = 0;

	lockdep_assert_held(&svc->ln->lock);
	list_for_each_entry(real, &svc->reals, list)
		n += real_in_pool(real);
	pool = kvzalloc(struct_size(pool, slot, n), GFP_KERNEL_ACCOUNT);
	if (!pool)
		return NULL;

	pool->sched = sched;
	list_for_each_entry(real, &svc->reals, list) {
		if (!real_in_pool(real))
			continue;
		refcount_inc(&real->ref);
		atomic_inc(&real->pools);
		slot_fill(pool, &pool->slot[pool->num++], real);
		cond_resched();
	}
	/* Each edit would begin with the first real again otherwise. */
	old = rcu_dereference_protected(svc->pool,
					lockdep_is_held(&svc->ln->lock));
	if (old)
		atomic_set(&pool->cursor, atomic_read(&old->cursor));
	if (sched->prepare && sched->prepare(pool)) {
		lbvs_pool_discard(pool);
		return NULL;
	}
	return pool;
}

static void pool_free(struct lbvs_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->num; i++) {
		atomic_dec(&pool->slot[i].real->pools);
		lbvs_real_put(pool->slot[i].real);
		cond_resched();
	}
	kvfree(pool->seq);
	kvfree(pool);
}

/* Its reals may be many thousands: too much for a callback. */
static void pool_free_rcu(struct rcu_head *rcu)
{
	struct lbvs_pool *pool = container_of(rcu, struct lbvs_pool, rcu);

	if (pool->num)
		llist_add(&pool->freed,
			  &pool->slot[0].real->svc->ln->freed_pools);
	else
		pool_free(pool);
}

/**
 * lbvs_pools_reap() - free the pools that nobody picks from any more
 * @ln: the namespace
 *
 * As long as there are any, there are reals, so the worker runs.
 */
void lbvs_pools_reap(struct lbvs_net *ln)
{
	struct llist_node *freed = llist_del_all(&ln->freed_pools);
	struct lbvs_pool *pool, *next;

	llist_for_each_entry_safe(pool, next, freed, freed)
		pool_free(pool);
}

/**
 * lbvs_pool_discard() - free a pool that wasn't published
 * @pool: the pool
 */
void lbvs_pool_discard(struct lbvs_pool *pool)
{
	/* Its reals are configured, so these aren't their last references. */
	pool_free(pool);
}

/**
 * lbvs_pool_publish() - have new connections pick from a pool
 * @svc: the service
 * @pool: the pool; NULL when the service is about to go
 */
void lbvs_pool_publish(struct lbvs_service *svc, struct lbvs_pool *pool)
{
	struct lbvs_pool *old;

	old = rcu_replace_pointer(svc->pool, pool,
				  lockdep_is_held(&svc->ln->lock));
	if (old)
		call_rcu_hurry(&old->rcu, pool_free_rcu);
}
