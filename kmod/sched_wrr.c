// SPDX-License-Identifier: GPL-2.0
/*
 * Weighted round robin: each real as often as its weight says, its turns spread
 * evenly. The order is computed once for a pool, so that a pick costs the same
 * as in round robin.
 */
#include <linux/gcd.h>
#include <linux/mm.h>
#include <linux/sort.h>

#include "lbvs.h"

/* Longer sequences are scaled down to this, but to no less than a turn each. */
#define SEQ_MAX 4096

/**
 * struct turn - one turn of a real
 * @when: its place in the sequence, relative to others
 * @index: the real
 */
struct turn {
	u64 when;
	u16 index;
};

static int turn_cmp(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	return (int)x->index - (int)y->index;
}

/* How many turns a real has in a sequence. */
static u32 turns(const struct lbvs_pool *pool, unsigned int i, u64 sum, u32 div)
{
	u32 weight = pool->slot[i].weight;

	if (sum <= SEQ_MAX)
		return weight / div;
	return max_t(u64, 1, div64_u64((u64)weight * SEQ_MAX + sum * div / 2,
				       sum * div));
}

static void turns_fill(const struct lbvs_pool *pool, struct turn *turn, u64 sum,
		       u32 div)
{
	unsigned int i;
	u32 k, n;

	for (i = 0; i < pool->num; i++) {
		n = turns(pool, i, sum, div);
		for (k = 0; k < n; k++, turn++) {
			/*
			 * In the k-th of n equal parts; in each real's at
			 * another place (a golden section further on), or
			 * reals of equal weight would all come at once.
			 */
			turn->when = div64_u64(((u64)k << 32) + i * 0x9e3779b9U,
					       n);
			turn->index = i;
		}
	}
}

static int wrr_prepare(struct lbvs_pool *pool)
{
	unsigned int i, len = 0;
	struct turn *turn;
	u64 sum = 0;
	u32 div = 0;

	for (i = 0; i < pool->num; i++) {
		div = gcd(div, pool->slot[i].weight);
		sum += pool->slot[i].weight;
	}
	if (!pool->num)
		return 0;
	sum = div64_u64(sum, div);
	for (i = 0; i < pool->num; i++)
		len += turns(pool, i, sum, div);

	turn = kvmalloc_array(len, sizeof(*turn), GFP_KERNEL_ACCOUNT);
	pool->seq = kvmalloc_array(len, sizeof(*pool->seq), GFP_KERNEL_ACCOUNT);
	if (!turn || !pool->seq) {
		kvfree(turn);
		return -ENOMEM;
	}
	turns_fill(pool, turn, sum, div);
	sort(turn, len, sizeof(*turn), turn_cmp, NULL);
	for (i = 0; i < len; i++)
		pool->seq[i] = turn[i].index;
	pool->seq_len = len;
	kvfree(turn);
	return 0;
}

static unsigned int wrr_pick(struct lbvs_pool *pool)
{
	unsigned int turn = atomic_inc_return(&pool->cursor);

	return pool->seq[turn % pool->seq_len];
}

const struct lbvs_scheduler lbvs_sched_wrr = {
	.name = "wrr",
	.prepare = wrr_prepare,
	.pick = wrr_pick,
};
