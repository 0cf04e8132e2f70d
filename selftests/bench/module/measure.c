// SPDX-License-Identifier: GPL-2.0
/* Batches of packets into a device, and the clock around them. */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "bench.h"
#include "mark.h"

/**
 * struct run - a case on its way
 * @bc: the case
 * @dev: where its packets come from
 * @rnd: for their order
 * @counts: those that have come to their end
 * @list: the packets of a batch, when they are received as a list
 * @skbs: the same as an array
 */
struct run {
	const struct bench_case *bc;
	struct net_device *dev;
	struct rnd_state rnd;
	struct bench_counts counts;
	struct list_head list;
	struct sk_buff *skbs[BENCH_BATCH_MAX];
};

/* See mark.h. */
static noinline void mark_begin(void)
{
	asm volatile("" : : "r" (BENCH_MARK_BEGIN));
}

static noinline void mark_end(void)
{
	asm volatile("" : : "r" (BENCH_MARK_END));
}

static u32 next_flow(struct run *run, u32 i)
{
	const struct bench_case *bc = run->bc;

	return (bc->random ? prandom_u32_state(&run->rnd) : i) % bc->flows;
}

static int make_batch(struct run *run, u32 first, u32 n)
{
	u32 i;

	INIT_LIST_HEAD(&run->list);
	for (i = 0; i < n; i++) {
		struct sk_buff *skb;

		skb = bench_packet(run->bc, run->dev, next_flow(run, first + i));
		if (!skb) {
			while (i--)
				kfree_skb(run->skbs[i]);
			return -ENOMEM;
		}
		run->skbs[i] = skb;
	}
	for (i = 0; run->bc->list && i < n; i++)
		list_add_tail(&run->skbs[i]->list, &run->list);
	return 0;
}

static void receive(struct run *run, u32 n)
{
	u32 i;

	if (run->bc->list) {
		netif_receive_skb_list(&run->list);
		return;
	}
	for (i = 0; i < n; i++)
		netif_receive_skb(run->skbs[i]);
}

/* As in softirq context, and nothing else on this CPU. Returns nanoseconds. */
static u64 time_batch(struct run *run, u32 n)
{
	unsigned long flags;
	u64 ns;

	local_bh_disable();
	local_irq_save(flags);
	bench_counts_add(&run->counts, -1);
	ns = ktime_get_ns();
	if (run->bc->mark)
		mark_begin();
	receive(run, n);
	if (run->bc->mark)
		mark_end();
	ns = ktime_get_ns() - ns;
	bench_counts_add(&run->counts, 1);
	local_irq_restore(flags);
	local_bh_enable();
	return ns;
}

static int by_size(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* All of @bc's batches: @times gets what a packet took in each, in 0.1 ns. */
static int run_batches(struct run *run, struct bench_result *result, u32 *times)
{
	const struct bench_case *bc = run->bc;
	u32 done = 0, i = 0;

	while (done < bc->count) {
		u32 n = min(bc->batch, bc->count - done);
		u64 ns;

		if (fatal_signal_pending(current))
			return -EINTR;
		if (make_batch(run, done, n))
			return -ENOMEM;
		ns = time_batch(run, n);
		result->ns += ns;
		times[i++] = div_u64(10 * ns, n);
		done += n;
		cond_resched();
	}
	sort(times, i, sizeof(*times), by_size, NULL);
	result->min = times[0];
	result->median = times[i / 2];
	result->max = times[i - 1];
	result->counts = run->counts;
	return 0;
}

int bench_measure(const struct bench_case *bc, struct bench_result *result)
{
	struct run *run;
	u32 *times;
	int err = -ENOMEM;

	run = kzalloc(sizeof(*run), GFP_KERNEL);
	times = kvmalloc_array(DIV_ROUND_UP(bc->count, bc->batch),
			       sizeof(*times), GFP_KERNEL);
	if (run && times) {
		run->bc = bc;
		run->dev = bench_device(bc->reply);
		prandom_seed_state(&run->rnd, 1);
		err = run_batches(run, result, times);
	}
	kvfree(times);
	kfree(run);
	return err;
}
