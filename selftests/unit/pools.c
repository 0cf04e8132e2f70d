// SPDX-License-Identifier: GPL-2.0
/* Pools for the schedulers, without the configuration that makes them. */
#include <malloc.h>

#include "pools.h"
#include "tap.h"

unsigned int kernel_alloc_fails;

static void *zalloc(size_t align, size_t size)
{
	void *mem = memalign(align, size);

	CHECK(mem, "no memory");
	return memset(mem, 0, size);
}

int pool_prepare(struct lbvs_pool *pool)
{
	return pool->sched->prepare ? pool->sched->prepare(pool) : 0;
}

/* A pool that isn't prepared yet; its reals are idle. */
struct lbvs_pool *pool_make(const struct lbvs_scheduler *sched,
			    const u32 *weight, unsigned int num)
{
	struct lbvs_real *reals = num ? zalloc(64, num * sizeof(*reals)) : NULL;
	struct lbvs_pool *pool;
	unsigned int i;

	pool = zalloc(64, sizeof(*pool) + num * sizeof(pool->slot[0]));
	pool->sched = sched;
	pool->num = num;
	for (i = 0; i < num; i++) {
		pool->slot[i].real = &reals[i];
		pool->slot[i].weight = weight[i];
	}
	return pool;
}

void pool_free(struct lbvs_pool *pool)
{
	/* The reals are one block. */
	if (pool->num)
		free(pool->slot[0].real);
	kvfree(pool->seq);
	free(pool);
}

unsigned int pool_pick(struct lbvs_pool *pool)
{
	unsigned int pick = pool->sched->pick(pool);

	CHECK(pick < pool->num, "real %u of %u", pick, pool->num);
	return pick;
}
