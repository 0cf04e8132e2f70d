// SPDX-License-Identifier: GPL-2.0
/* Round robin: each real in turn. */
#include "lbvs.h"

static unsigned int rr_pick(struct lbvs_pool *pool)
{
	return (unsigned int)atomic_inc_return(&pool->cursor) % pool->num;
}

const struct lbvs_scheduler lbvs_sched_rr = {
	.name = "rr",
	.pick = rr_pick,
};
