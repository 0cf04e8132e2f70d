// SPDX-License-Identifier: GPL-2.0
/*
 * Counters, as they are read. Packets write per-CPU counters of their real;
 * what a service or the namespace has counted is summed up here. Counters are
 * never reset: zeroing remembers what they were.
 */
#include <linux/slab.h>

#include "lbvs.h"

/* lbvs_sum is nothing but counters: added and subtracted as an array. */
#define SUM_WORDS (sizeof(struct lbvs_sum) / sizeof(u64))

/**
 * lbvs_stats_start() - have counters for packets that are of no real
 * @ln: the namespace, before its hooks are registered
 *
 * Namespaces that never have a service are many, and do without.
 *
 * Return: 0, also if they are there; or -ENOMEM
 */
int lbvs_stats_start(struct lbvs_net *ln)
{
	lockdep_assert_held(&ln->lock);
	if (!ln->cpu)
		ln->cpu = alloc_percpu_gfp(struct lbvs_cpu, GFP_KERNEL_ACCOUNT);
	return ln->cpu ? 0 : -ENOMEM;
}

static struct lbvs_stats_block *block_make(void)
{
	struct lbvs_stats_block *block = kzalloc(sizeof(*block), GFP_KERNEL_ACCOUNT);
	int cpu, i;

	if (!block)
		return NULL;
	block->stats = __alloc_percpu_gfp(LBVS_STATS_BLOCK *
					  sizeof(struct lbvs_stats),
					  __alignof__(struct lbvs_stats),
					  GFP_KERNEL_ACCOUNT);
	if (!block->stats) {
		kfree(block);
		return NULL;
	}
	for_each_possible_cpu(cpu)
		for (i = 0; i < LBVS_STATS_BLOCK; i++)
			u64_stats_init(&per_cpu_ptr(block->stats + i, cpu)->syncp);
	refcount_set(&block->ref, 1);
	return block;
}

/**
 * lbvs_stats_make() - give a real its counters
 * @real: the real, of a service
 *
 * They aren't given to another one after it: who has one real added and removed
 * again and again gets new blocks, and the old ones are freed.
 *
 * Return: 0 or -ENOMEM
 */
int lbvs_stats_make(struct lbvs_real *real)
{
	struct lbvs_net *ln = real->svc->ln;
	struct lbvs_stats_block *block = ln->stats_block;

	lockdep_assert_held(&ln->lock);
	if (!block) {
		block = block_make();
		if (!block)
			return -ENOMEM;
		ln->stats_block = block;
	}
	refcount_inc(&block->ref);
	real->stats_block = block;
	real->stats = block->stats + block->used++;
	if (block->used == LBVS_STATS_BLOCK) {
		ln->stats_block = NULL;
		lbvs_stats_put(block);
	}
	return 0;
}

/**
 * lbvs_stats_put() - drop a reference of a block of counters
 * @block: the block, or NULL
 *
 * Context: any.
 */
void lbvs_stats_put(struct lbvs_stats_block *block)
{
	if (!block || !refcount_dec_and_test(&block->ref))
		return;
	free_percpu(block->stats);
	kfree(block);
}

/**
 * lbvs_stats_add() - add counters to a sum
 * @sum: the sum
 * @more: what is added
 */
void lbvs_stats_add(struct lbvs_sum *sum, const struct lbvs_sum *more)
{
	const u64 *from = (const u64 *)more;
	u64 *to = (u64 *)sum;
	int i;

	for (i = 0; i < SUM_WORDS; i++)
		to[i] += from[i];
}

static void stats_sub(struct lbvs_sum *sum, const struct lbvs_sum *less)
{
	const u64 *from = (const u64 *)less;
	u64 *to = (u64 *)sum;
	int i;

	for (i = 0; i < SUM_WORDS; i++)
		to[i] -= from[i];
}

static void stats_cpu(struct lbvs_sum *sum, const struct lbvs_real *real,
		      int cpu)
{
	const struct lbvs_stats *stats = per_cpu_ptr(real->stats, cpu);
	struct lbvs_sum now;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&stats->syncp);
		now.conns = u64_stats_read(&stats->conns);
		now.pkts_in = u64_stats_read(&stats->pkts_in);
		now.bytes_in = u64_stats_read(&stats->bytes_in);
		now.pkts_out = u64_stats_read(&stats->pkts_out);
		now.bytes_out = u64_stats_read(&stats->bytes_out);
	} while (u64_stats_fetch_retry(&stats->syncp, start));
	lbvs_stats_add(sum, &now);
}

static void real_raw(struct lbvs_sum *sum, const struct lbvs_real *real)
{
	int cpu;

	for_each_possible_cpu(cpu)
		stats_cpu(sum, real, cpu);
}

static void service_raw(struct lbvs_sum *sum, const struct lbvs_service *svc)
{
	const struct lbvs_real *real;

	lbvs_stats_add(sum, &svc->gone);
	list_for_each_entry(real, &svc->objects, object) {
		real_raw(sum, real);
		cond_resched();
	}
}

static void list_raw_cpu(struct lbvs_sum *sum, const struct list_head *services,
			 int cpu)
{
	const struct lbvs_service *svc;
	const struct lbvs_real *real;

	list_for_each_entry(svc, services, list) {
		list_for_each_entry(real, &svc->objects, object)
			stats_cpu(sum, real, cpu);
		cond_resched();
	}
}

static void net_raw_cpu(struct lbvs_sum *sum, struct lbvs_net *ln, int cpu)
{
	lbvs_stats_add(sum, &per_cpu_ptr(ln->cpu, cpu)->gone);
	list_raw_cpu(sum, &ln->list, cpu);
	list_raw_cpu(sum, &ln->removed, cpu);
}

/**
 * lbvs_stats_real() - what a real has counted
 * @sum: set to it
 * @real: the real
 */
void lbvs_stats_real(struct lbvs_sum *sum, const struct lbvs_real *real)
{
	lockdep_assert_held(&real->svc->ln->lock);
	*sum = (struct lbvs_sum){};
	real_raw(sum, real);
	stats_sub(sum, &real->base);
}

/**
 * lbvs_stats_service() - what a service has counted, removed reals included
 * @sum: set to it
 * @svc: the service
 */
void lbvs_stats_service(struct lbvs_sum *sum, const struct lbvs_service *svc)
{
	lockdep_assert_held(&svc->ln->lock);
	*sum = (struct lbvs_sum){};
	service_raw(sum, svc);
	stats_sub(sum, &svc->base);
}

/**
 * lbvs_stats_net_cpu() - what a CPU has counted, deleted services included
 * @sum: set to it
 * @ln: the namespace
 * @cpu: the CPU
 */
void lbvs_stats_net_cpu(struct lbvs_sum *sum, struct lbvs_net *ln, int cpu)
{
	lockdep_assert_held(&ln->lock);
	*sum = (struct lbvs_sum){};
	if (!ln->cpu)
		return;
	net_raw_cpu(sum, ln, cpu);
	stats_sub(sum, &per_cpu_ptr(ln->cpu, cpu)->base);
}

/**
 * lbvs_stats_net() - what a namespace has counted, deleted services included
 * @sum: set to it
 * @ln: the namespace
 */
void lbvs_stats_net(struct lbvs_sum *sum, struct lbvs_net *ln)
{
	struct lbvs_sum one;
	int cpu;

	*sum = (struct lbvs_sum){};
	for_each_possible_cpu(cpu) {
		lbvs_stats_net_cpu(&one, ln, cpu);
		lbvs_stats_add(sum, &one);
	}
}

/**
 * lbvs_stats_count_cpu() - what a CPU has counted of one kind of event
 * @ln: the namespace
 * @i: LBVS_COUNT_DROP(), LBVS_COUNT_FAST() or LBVS_COUNT_EVICTED
 * @cpu: the CPU
 *
 * Return: packets, or connections
 */
u64 lbvs_stats_count_cpu(struct lbvs_net *ln, unsigned int i, int cpu)
{
	const struct lbvs_cpu *c;

	lockdep_assert_held(&ln->lock);
	if (!ln->cpu)
		return 0;
	c = per_cpu_ptr(ln->cpu, cpu);
	return READ_ONCE(c->count[i]) - c->count_base[i];
}

/**
 * lbvs_stats_count() - what a namespace has counted of one kind of event
 * @ln: the namespace
 * @i: LBVS_COUNT_DROP(), LBVS_COUNT_FAST() or LBVS_COUNT_EVICTED
 *
 * Return: packets, or connections
 */
u64 lbvs_stats_count(struct lbvs_net *ln, unsigned int i)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += lbvs_stats_count_cpu(ln, i, cpu);
	return sum;
}

/**
 * lbvs_stats_retire() - keep what a real has counted when it goes
 * @real: the real; nobody counts on it any more
 */
void lbvs_stats_retire(struct lbvs_real *real)
{
	struct lbvs_service *svc = real->svc;
	int cpu;

	lockdep_assert_held(&svc->ln->lock);
	real_raw(&svc->gone, real);
	for_each_possible_cpu(cpu)
		stats_cpu(&per_cpu_ptr(svc->ln->cpu, cpu)->gone, real, cpu);
}

/**
 * lbvs_stats_zero_real() - let a real count from 0 again
 * @real: the real
 */
void lbvs_stats_zero_real(struct lbvs_real *real)
{
	lockdep_assert_held(&real->svc->ln->lock);
	real->base = (struct lbvs_sum){};
	real_raw(&real->base, real);
}

/**
 * lbvs_stats_zero_service() - let a service and its reals count from 0 again
 * @svc: the service
 */
void lbvs_stats_zero_service(struct lbvs_service *svc)
{
	struct lbvs_real *real;

	lockdep_assert_held(&svc->ln->lock);
	svc->base = (struct lbvs_sum){};
	service_raw(&svc->base, svc);
	list_for_each_entry(real, &svc->objects, object) {
		lbvs_stats_zero_real(real);
		cond_resched();
	}
}

/**
 * lbvs_stats_zero() - let everything count from 0 again
 * @ln: the namespace
 */
void lbvs_stats_zero(struct lbvs_net *ln)
{
	struct lbvs_service *svc;
	int cpu, i;

	lockdep_assert_held(&ln->lock);
	if (!ln->cpu)
		return;
	list_for_each_entry(svc, &ln->list, list)
		lbvs_stats_zero_service(svc);
	for_each_possible_cpu(cpu) {
		struct lbvs_cpu *c = per_cpu_ptr(ln->cpu, cpu);

		c->base = (struct lbvs_sum){};
		net_raw_cpu(&c->base, ln, cpu);
		for (i = 0; i < ARRAY_SIZE(c->count); i++)
			c->count_base[i] = READ_ONCE(c->count[i]);
	}
}
