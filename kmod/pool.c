// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: what a service's reals looked like when they were changed last.
 * A pool is built, published, and never changed again, so that picking a real
 * takes no lock and an edit that fails has touched nothing. It holds no references:
 * a real that is removed keeps its own until nobody can have the pool any more.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "lbvs.h"

static bool real_in_pool(const struct lbvs_real *real)
{
	return real->state == LBVS_REAL_UP && real->weight;
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
		pool->slot[pool->num].real = real;
		pool->slot[pool->num++].weight = real->weight;
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

/**
 * lbvs_pool_discard() - free a pool that wasn't published
 * @pool: the pool
 */
void lbvs_pool_discard(struct lbvs_pool *pool)
{
	kvfree(pool->seq);
	kvfree(pool);
}

static void pool_free_rcu(struct rcu_head *rcu)
{
	lbvs_pool_discard(container_of(rcu, struct lbvs_pool, rcu));
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
