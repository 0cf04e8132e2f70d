/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _POOLS_H
#define _POOLS_H

#include "lbvs.h"

struct lbvs_pool *pool_make(const struct lbvs_scheduler *sched,
			    const u32 *weight, unsigned int num);
void pool_free(struct lbvs_pool *pool);
int pool_prepare(struct lbvs_pool *pool);
unsigned int pool_pick(struct lbvs_pool *pool);

#endif /* _POOLS_H */
