// SPDX-License-Identifier: GPL-2.0
/*
 * Whom a flood puts out, kmod/evict.c: no more of those whose handshake is on its way than
 * Documentation/under-attack.md says. Here a full table is flooded, with one new connection
 * in a jiffy, and it is counted at what age each is put out.
 */
#include <math.h>
#include <stdio.h>

#include "lbvs.h"
#include "rnd.h"
#include "tap.h"

#define CONNS_MAX	6000
/* How often the flood goes through the table first, and then while it is counted. */
#define WARM		8
#define ROUNDS		20

/* How many connections a search looks at until it meets a half-open one. */
#define LOOKED_AT	64

#define NONE		U32_MAX

/* Long enough that none expires. */
#define TIMEOUT		10000000U

unsigned long jiffies;

static struct lbvs_service svc;
static struct lbvs_real real = { .svc = &svc };
static struct lbvs_conn_table table[2][2];
static struct lbvs_conn_family family[2];

/* What a connection takes here, of either family, with both entries. */
static struct conn {
	struct lbvs_conn conn;
	char entries[2 * (sizeof(struct lbvs_conn_entry) + 8 * sizeof(__be32))];
	u32 born;
} conns[CONNS_MAX] __aligned(LBVS_CONN_ALIGN);

/**
 * struct flood - a table, and what comes
 * @name: what it is
 * @method: of all connections: with replies each is in two chains
 * @buckets: of each family's table; 0: none
 * @old: of the table that is being moved to that one, for each family; 0: none
 * @half_open: how many of these there are, flood and all
 * @other: how many established ones
 * @share: how many of a hundred new ones are IPv6
 */
struct flood {
	const char *name;
	u8 method;
	unsigned int buckets[2];
	unsigned int old[2];
	unsigned int half_open;
	unsigned int other;
	unsigned int share;
};

/* See kmod/conn.c; here no real is ever down. */
bool lbvs_conn_usable(const struct lbvs_conn *conn)
{
	return !(conn->word & LBVS_CONN_DEAD) &&
	       (s32)((u32)jiffies - conn->expires) < 0;
}

static void table_make(const struct flood *flood, unsigned int f)
{
	unsigned int t, buckets;

	for (t = 0; t < 2; t++) {
		buckets = t ? flood->buckets[f] : flood->old[f];
		free(table[f][t].bucket);
		table[f][t] = (struct lbvs_conn_table){
			.mask = buckets - 1,
			.bucket = calloc(buckets, sizeof(struct hlist_head)),
		};
	}
	table[f][0].next = &table[f][1];
	family[f].table = &table[f][!flood->old[f]];
	if (!flood->buckets[f])
		family[f].table = NULL;
}

/* Its chain: of the old table, as long as that has not been moved. */
static void link_entry(struct lbvs_conn_entry *entry, unsigned int f, bool old)
{
	struct lbvs_conn_table *tbl = &table[f][!old];

	hlist_add_head(&entry->node, &tbl->bucket[rnd64() & tbl->mask]);
}

static void conn_make(const struct flood *flood, struct conn *c, u8 state, bool old)
{
	unsigned int f = rnd64() % 100 < flood->share, dir;
	u8 af = f ? AF_INET6 : AF_INET;

	old = old && flood->old[f];
	memset(c, 0, sizeof(*c));
	c->born = jiffies;
	c->conn.real = &real;
	c->conn.word = state;
	c->conn.expires = (u32)jiffies + TIMEOUT;
	for (dir = 0; dir <= lbvs_method_replies(flood->method); dir++) {
		struct lbvs_conn_entry *entry = lbvs_conn_entry_of(&c->conn, af, dir);

		entry->af = af;
		entry->dir = dir;
		entry->method = flood->method;
		link_entry(entry, f, old);
	}
}

static void conn_unlink(const struct flood *flood, struct conn *c)
{
	hlist_del(&lbvs_conn_entry(&c->conn, LBVS_DIR_IN)->node);
	if (lbvs_method_replies(flood->method))
		hlist_del(&lbvs_conn_entry(&c->conn, LBVS_DIR_OUT)->node);
}

static void table_fill(const struct flood *flood)
{
	unsigned int i, num = flood->half_open + flood->other;

	CHECK(num <= CONNS_MAX, "%u connections", num);
	jiffies = 0;
	for (i = 0; i < __LBVS_STATE_MAX; i++)
		svc.life[i].timeout = TIMEOUT;
	for (i = 0; i < 2; i++)
		table_make(flood, i);
	for (i = 0; i < num; i++) {
		conn_make(flood, &conns[i], i < flood->other ?
			  LBVS_STATE_TCP_ESTABLISHED : LBVS_STATE_TCP_SYN_SENT, true);
		jiffies += i >= flood->other;
	}
}

/* One more, for which another goes. At what age, and of which family; or NONE. */
static u32 flood_one(const struct flood *flood, u8 *af)
{
	struct lbvs_conn *found;
	struct conn *c;
	u32 word, age;

	found = lbvs_evict_find(family, rnd64(), &word);
	jiffies++;
	if (!found)
		return NONE;
	CHECK(word == LBVS_STATE_TCP_SYN_SENT, "it was in state %u", word);
	c = (struct conn *)((char *)found - offsetof(struct conn, conn));
	age = jiffies - 1 - c->born;
	*af = lbvs_conn_entry(found, LBVS_DIR_IN)->af;
	conn_unlink(flood, c);
	conn_make(flood, c, LBVS_STATE_TCP_SYN_SENT, false);
	return age;
}

/* A number that isn't expected to be more, with four standard deviations. */
static bool at_most(unsigned int num, double expected)
{
	return num <= expected + 4 * sqrt(expected) + 1;
}

/*
 * How many are put out before an age: at most that part of all new ones that the flood goes
 * through in that time, to the fourth power; and that part itself where a search meets only
 * one that is half-open. @other: the part of all connections that are established.
 */
static void check_ages(const unsigned int *young, unsigned int num, double other,
		       const char *what)
{
	unsigned int tenth;

	for (tenth = 1; tenth < 10; tenth++) {
		double part = tenth / 10.0, promised;

		promised = num * (pow(part, 4) +
				  part * exp(-LOOKED_AT * (1 - other) * (1 - part)));
		CHECK(at_most(young[tenth], promised),
		      "%s: %u of %u are put out within %u/10 of the table, %.0f promised",
		      what, young[tenth], num, tenth, promised);
	}
}

static void check_flood(const void *arg)
{
	unsigned int young[2][11] = {}, num[2], i, tenth, rounds, none = 0;
	const struct flood *flood = arg;
	double other;
	u32 age;
	u8 af;

	rnd_state = 1;
	table_fill(flood);
	for (i = 0; i < WARM * flood->half_open; i++)
		flood_one(flood, &af);
	rounds = ROUNDS * flood->half_open;
	for (i = 0; i < rounds; i++) {
		age = flood_one(flood, &af);
		if (age == NONE) {
			none++;
			continue;
		}
		for (tenth = 1; tenth <= 10; tenth++)
			young[lbvs_family_index(af)][tenth] +=
				age <= flood->half_open * tenth / 10;
	}
	other = (double)flood->other / (flood->other + flood->half_open);
	CHECK(at_most(none, rounds * pow(other, LOOKED_AT)),
	      "of %u searches, %u find none", rounds, none);
	num[1] = rounds / 100 * flood->share;
	num[0] = rounds - num[1];
	check_ages(young[0], num[0], other, "IPv4");
	check_ages(young[1], num[1], other, "IPv6");
}

static const struct flood floods[] = {
	{ .name = "dr, half as many as buckets", .method = LBVS_METHOD_DR,
	  .buckets = { 4096 }, .half_open = 2000 },
	{ .name = "nat, half as many entries", .method = LBVS_METHOD_NAT,
	  .buckets = { 4096 }, .half_open = 1000 },
	{ .name = "nat, a sparse table", .method = LBVS_METHOD_NAT,
	  .buckets = { 4096 }, .half_open = 200 },
	{ .name = "dr, a full table", .method = LBVS_METHOD_DR,
	  .buckets = { 4096 }, .half_open = 6000 },
	{ .name = "nat, half of all established", .method = LBVS_METHOD_NAT,
	  .buckets = { 4096 }, .half_open = 1000, .other = 1000 },
	{ .name = "dr, one in 12 half-open", .method = LBVS_METHOD_DR,
	  .buckets = { 8192 }, .half_open = 400, .other = 4400 },
	{ .name = "dr, one in 25 half-open", .method = LBVS_METHOD_DR,
	  .buckets = { 8192 }, .half_open = 200, .other = 4800 },
	{ .name = "dr, few IPv6", .method = LBVS_METHOD_DR,
	  .buckets = { 8192, 4096 }, .half_open = 3000, .share = 10 },
	{ .name = "dr, few IPv4", .method = LBVS_METHOD_DR,
	  .buckets = { 4096, 8192 }, .half_open = 3000, .share = 90 },
	{ .name = "nat, while the table grows", .method = LBVS_METHOD_NAT,
	  .buckets = { 8192 }, .old = { 4096 }, .half_open = 2000, .other = 2000 },
};

int main(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(floods); i++)
		tap_case(check_flood, &floods[i],
			 "evict, %s: as few of the young go as is promised",
			 floods[i].name);
	return tap_end();
}
