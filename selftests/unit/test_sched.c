// SPDX-License-Identifier: GPL-2.0
/* The schedulers' picks, kmod/sched_*.c. */
#include <stdio.h>

#include "pools.h"
#include "tap.h"

#define REALS_MAX 65535

static unsigned int picks[REALS_MAX];

/* The pool that a service would have. */
static struct lbvs_pool *ready(const struct lbvs_scheduler *sched,
			       const u32 *weight, unsigned int num)
{
	struct lbvs_pool *pool = pool_make(sched, weight, num);
	int res = pool_prepare(pool);

	CHECK(!res, "prepare: %d", res);
	return pool;
}

/* Pick that often, and count in picks. */
static void count(struct lbvs_pool *pool, unsigned int rounds)
{
	memset(picks, 0, pool->num * sizeof(picks[0]));
	while (rounds--)
		picks[pool_pick(pool)]++;
}

/**
 * struct weights - weights whose turns are exact
 * @num: how many reals
 * @weight: theirs
 * @turns: how many of @rounds picks each is to have
 * @rounds: length of a round
 */
struct weights {
	unsigned int num;
	u32 weight[6];
	unsigned int turns[6];
	unsigned int rounds;
};

static const struct weights exact[] = {
	{ 1, { 1 }, { 1 }, 1 },
	{ 1, { 65535 }, { 1 }, 1 },
	{ 2, { 1, 1 }, { 1, 1 }, 2 },
	{ 3, { 3, 2, 1 }, { 3, 2, 1 }, 6 },
	{ 3, { 1, 2, 3 }, { 1, 2, 3 }, 6 },
	{ 3, { 300, 200, 100 }, { 3, 2, 1 }, 6 },
	{ 3, { 65535, 65535, 65535 }, { 1, 1, 1 }, 3 },
	{ 3, { 5, 1, 1 }, { 5, 1, 1 }, 7 },
	{ 4, { 6, 10, 15, 30 }, { 6, 10, 15, 30 }, 61 },
	{ 2, { 4095, 1 }, { 4095, 1 }, 4096 },
	{ 6, { 1, 2, 3, 4, 5, 6 }, { 1, 2, 3, 4, 5, 6 }, 21 },
};

static void wrr_exact(const void *arg)
{
	const struct weights *w = arg;
	struct lbvs_pool *pool = ready(&lbvs_sched_wrr, w->weight, w->num);
	unsigned int i, start;

	CHECK(pool->seq_len == w->rounds, "a sequence of %u, not of %u",
	      pool->seq_len, w->rounds);
	/* A round may begin anywhere. */
	for (start = 0; start <= w->rounds; start++) {
		count(pool, w->rounds);
		for (i = 0; i < w->num; i++)
			CHECK(picks[i] == w->turns[i],
			      "round %u, real %u: %u turns, not %u", start, i,
			      picks[i], w->turns[i]);
		pool_pick(pool);
	}
	pool_free(pool);
}

/* The longest run of picks of one real, round the end as well. */
static unsigned int longest_run(struct lbvs_pool *pool, unsigned int rounds)
{
	unsigned int i, pick, last = UINT_MAX, run = 0, longest = 0;

	for (i = 0; i < 2 * rounds; i++) {
		pick = pool_pick(pool);
		run = pick == last ? run + 1 : 1;
		last = pick;
		if (run > longest)
			longest = run;
	}
	return longest;
}

static void wrr_apart(const void *arg)
{
	static const u32 few[] = { 5, 1, 1 };
	struct lbvs_pool *pool = ready(&lbvs_sched_wrr, few, 3);
	static u32 many[101];
	unsigned int i, run;

	run = longest_run(pool, 7);
	pool_free(pool);
	CHECK(run < 5, "5:1:1: %u turns in a row", run);

	/* Every other turn is the heavy one's; 4 in a row are leeway. */
	many[0] = 100;
	for (i = 1; i < ARRAY_SIZE(many); i++)
		many[i] = 1;
	pool = ready(&lbvs_sched_wrr, many, ARRAY_SIZE(many));
	run = longest_run(pool, 200);
	pool_free(pool);
	CHECK(run <= 4, "100 and 100 times 1: %u turns in a row", run);
}

/* Turns in a scaled sequence are the nearest whole number to a share of it. */
static void check_scaled(const u32 *weight, unsigned int num)
{
	struct lbvs_pool *pool = ready(&lbvs_sched_wrr, weight, num);
	double sum = 0, want;
	unsigned int i;

	for (i = 0; i < num; i++)
		sum += weight[i];
	count(pool, pool->seq_len);
	for (i = 0; i < num; i++) {
		want = weight[i] * 4096.0 / sum;
		CHECK(picks[i], "real %u has no turn", i);
		CHECK(picks[i] < want + 0.51 || picks[i] == 1,
		      "real %u of %u: %u turns for %g", i, num, picks[i], want);
		CHECK(picks[i] > want - 0.51, "real %u of %u: %u turns for %g",
		      i, num, picks[i], want);
	}
	pool_free(pool);
}

static void wrr_scaled(const void *arg)
{
	static const u32 lopsided[] = { 65535, 1 };
	static u32 weight[1000];
	unsigned int i;

	check_scaled(lopsided, 2);
	for (i = 0; i < ARRAY_SIZE(weight); i++)
		weight[i] = 1 + i;
	check_scaled(weight, ARRAY_SIZE(weight));
	for (i = 0; i < ARRAY_SIZE(weight); i++)
		weight[i] = 30 * (1 + i * i % 2003);
	check_scaled(weight, ARRAY_SIZE(weight));
	for (i = 0; i < ARRAY_SIZE(weight); i++)
		weight[i] = i % 100 ? 1 : 65535;
	check_scaled(weight, ARRAY_SIZE(weight));
}

/* As many as a service may have. */
static void wrr_most(const void *arg)
{
	static u32 weight[REALS_MAX];
	struct lbvs_pool *pool;
	unsigned int i;

	for (i = 0; i < REALS_MAX; i++)
		weight[i] = LBVS_WEIGHT_MAX;
	pool = ready(&lbvs_sched_wrr, weight, REALS_MAX);
	count(pool, REALS_MAX);
	for (i = 0; i < REALS_MAX; i++)
		CHECK(picks[i] == 1, "real %u: %u turns", i, picks[i]);
	pool_free(pool);

	for (i = 0; i < REALS_MAX; i++)
		weight[i] = 1 + i;
	check_scaled(weight, REALS_MAX);
}

static void wrr_empty(const void *arg)
{
	pool_free(ready(&lbvs_sched_wrr, NULL, 0));
}

/* Whatever it had by then is freed with the pool: the leak checker looks. */
static void wrr_no_memory(const void *arg)
{
	static const u32 weight[] = { 3, 2, 1 };
	struct lbvs_pool *pool;
	unsigned int nth;
	int res = -ENOMEM;

	for (nth = 1; res; nth++) {
		kernel_alloc_fails = nth;
		pool = pool_make(&lbvs_sched_wrr, weight, 3);
		res = pool_prepare(pool);
		CHECK(res == (kernel_alloc_fails ? 0 : -ENOMEM),
		      "allocation %u failed: %d", nth, res);
		pool_free(pool);
	}
	CHECK(nth > 2, "nothing was allocated");
}

static void rr_turns(const void *arg)
{
	static const u32 weight[] = { 1, 9, 5 };
	struct lbvs_pool *pool = ready(&lbvs_sched_rr, weight, 3);
	unsigned int i, first = pool_pick(pool);

	for (i = 1; i < 30; i++)
		CHECK(pool_pick(pool) == (first + i) % 3, "pick %u", i);
	pool_free(pool);
}

/* Where the cursor becomes negative, and where it becomes 0 again. */
static void wraps(const void *arg)
{
	const struct lbvs_scheduler *sched = arg;
	static const u32 weight[] = { 1, 1, 1, 1, 1 };
	static const int starts[] = { INT_MAX - 50, INT_MIN, -50 };
	struct lbvs_pool *pool = ready(sched, weight, 5);
	unsigned int i, start;

	for (start = 0; start < ARRAY_SIZE(starts); start++) {
		pool->cursor.counter = starts[start];
		count(pool, 100);
		for (i = 0; i < 5; i++)
			CHECK(picks[i] >= 19 && picks[i] <= 21,
			      "from %d: real %u: %u of 100", starts[start], i,
			      picks[i]);
	}
	pool_free(pool);
}

/**
 * struct load - what the reals have to do, and who has least
 * @sched: who is to judge
 * @name: what the case shows
 * @num: how many reals
 * @weight: their weights
 * @active: their connections
 * @among: a bit for each real that is to be picked; no other is. If that is all
 *	of them, then in turn.
 */
struct load {
	const struct lbvs_scheduler *sched;
	const char *name;
	unsigned int num;
	u32 weight[4];
	int active[4];
	u32 among;
};

static const struct load loads[] = {
	{ &lbvs_sched_lc, "first", 3, { 1, 1, 1 }, { 1, 2, 3 }, BIT(0) },
	{ &lbvs_sched_lc, "middle", 3, { 1, 1, 1 }, { 3, 1, 2 }, BIT(1) },
	{ &lbvs_sched_lc, "last", 3, { 1, 1, 1 }, { 3, 2, 1 }, BIT(2) },
	{ &lbvs_sched_lc, "weights are nothing to it", 3,
	  { 1, 100, 100 }, { 1, 2, 3 }, BIT(0) },
	{ &lbvs_sched_lc, "all equal", 4, { 1, 1, 1, 1 }, { 7, 7, 7, 7 }, 0xf },
	{ &lbvs_sched_lc, "two equal", 4, { 1, 1, 1, 1 }, { 7, 9, 7, 9 }, 0x5 },
	{ &lbvs_sched_lc, "below 0 is 0", 3, { 1, 1, 1 }, { 0, -1, 5 }, 0x3 },
	{ &lbvs_sched_lc, "one real", 1, { 1 }, { 99 }, BIT(0) },
	{ &lbvs_sched_lc, "most connections", 2, { 1, 1 },
	  { INT_MAX, INT_MAX - 1 }, BIT(1) },
	{ &lbvs_sched_wlc, "as lc", 3, { 4, 4, 4 }, { 3, 1, 2 }, BIT(1) },
	{ &lbvs_sched_wlc, "heavy", 3, { 1, 10, 1 }, { 2, 19, 2 }, BIT(1) },
	{ &lbvs_sched_wlc, "heavy has enough", 3, { 1, 10, 2 }, { 2, 30, 5 },
	  0x5 },
	{ &lbvs_sched_wlc, "equal for their weights", 4, { 1, 2, 3, 4 },
	  { 1, 3, 5, 7 }, 0xf },
	{ &lbvs_sched_wlc, "idle", 3, { 1, 3, 2 }, { 0, 0, 0 }, BIT(1) },
	{ &lbvs_sched_wlc, "most connections, most weight", 2,
	  { LBVS_WEIGHT_MAX, LBVS_WEIGHT_MAX - 1 }, { INT_MAX, INT_MAX },
	  BIT(0) },
};

static void least(const void *arg)
{
	const struct load *load = arg;
	struct lbvs_pool *pool = ready(load->sched, load->weight, load->num);
	unsigned int i;

	for (i = 0; i < load->num; i++)
		pool->slot[i].real->active.counter = load->active[i];
	count(pool, 100 * load->num);
	for (i = 0; i < load->num; i++)
		CHECK(!picks[i] == !(load->among & BIT(i)),
		      "real %u: %u picks", i, picks[i]);
	if (load->among == BIT(load->num) - 1)
		for (i = 0; i < load->num; i++)
			CHECK(picks[i] == 100, "real %u: %u of 100 picks", i,
			      picks[i]);
	pool_free(pool);
}

/* Connections that stay share out as the weights say, however many there are. */
static void fill(const void *arg)
{
	const struct lbvs_scheduler *sched = arg;
	static const u32 weight[] = { 3, 1, 2 };
	struct lbvs_pool *pool = ready(sched, weight, 3);
	bool weighted = sched == &lbvs_sched_wlc;
	unsigned int i, n;

	for (n = 1; n <= 600; n++) {
		pool->slot[pool_pick(pool)].real->active.counter++;
		for (i = 0; i < 3; i++) {
			double share = weighted ? weight[i] / 6.0 : 1 / 3.0;
			double off = pool->slot[i].real->active.counter -
				     n * share;

			CHECK(off < 2 && off > -2, "%u, real %u: %g too many",
			      n, i, off);
		}
	}
	pool_free(pool);
}

int main(void)
{
	static const struct lbvs_scheduler *const all[] = {
		&lbvs_sched_rr, &lbvs_sched_wrr, &lbvs_sched_lc,
		&lbvs_sched_wlc,
	};
	unsigned int i;

	tap_case(rr_turns, NULL, "rr: each in turn");
	for (i = 0; i < ARRAY_SIZE(exact); i++)
		tap_case(wrr_exact, &exact[i],
			 "wrr: %u reals, the first of weight %u: exact turns",
			 exact[i].num, exact[i].weight[0]);
	tap_case(wrr_apart, NULL, "wrr: turns of a heavy real are spread");
	tap_case(wrr_scaled, NULL, "wrr: weights that are scaled");
	tap_case(wrr_most, NULL, "wrr: as many reals as there can be");
	tap_case(wrr_empty, NULL, "wrr: no reals");
	tap_case(wrr_no_memory, NULL, "wrr: no memory");
	for (i = 0; i < ARRAY_SIZE(loads); i++)
		tap_case(least, &loads[i], "%s: %s", loads[i].sched->name,
			 loads[i].name);
	for (i = 2; i < ARRAY_SIZE(all); i++)
		tap_case(fill, all[i], "%s: connections add up", all[i]->name);
	for (i = 0; i < ARRAY_SIZE(all); i++)
		tap_case(wraps, all[i], "%s: the cursor wraps", all[i]->name);
	return tap_end();
}
