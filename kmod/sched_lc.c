// SPDX-License-Identifier: GPL-2.0
/*
 * Least connections, plain and weighted: the real with the fewest connections
 * that aren't closing, for its weight. Between equals it goes round.
 */
#include "lbvs.h"

static u32 slot_active(const struct lbvs_slot *slot)
{
	int active = atomic_read(&slot->real->active);

	return max(active, 0);
}

/*
 * Whether a would have less to do for its weight than b, with the new one: so
 * weights count between idle reals, too.
 */
static bool slot_less(const struct lbvs_slot *a, const struct lbvs_slot *b,
		      bool weighted)
{
	u64 load_a = slot_active(a), load_b = slot_active(b);

	if (!weighted)
		return load_a < load_b;
	return (load_a + 1) * b->weight < (load_b + 1) * a->weight;
}

static unsigned int least(struct lbvs_pool *pool, bool weighted)
{
	unsigned int first = (unsigned int)atomic_inc_return(&pool->cursor);
	unsigned int i, pos, best;

	first %= pool->num;
	best = first;
	for (i = 1; i < pool->num; i++) {
		pos = first + i;
		if (pos >= pool->num)
			pos -= pool->num;
		if (slot_less(&pool->slot[pos], &pool->slot[best], weighted))
			best = pos;
	}
	return best;
}

static unsigned int lc_pick(struct lbvs_pool *pool)
{
	return least(pool, false);
}

static unsigned int wlc_pick(struct lbvs_pool *pool)
{
	return least(pool, true);
}

const struct lbvs_scheduler lbvs_sched_lc = {
	.name = "lc",
	.pick = lc_pick,
};

const struct lbvs_scheduler lbvs_sched_wlc = {
	.name = "wlc",
	.pick = wlc_pick,
};
