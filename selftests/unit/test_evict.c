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

#define CONNS_MAX	24000
/* How often the flood goes through the table first, and then while it is counted. */
#define WARM		8
#define ROUNDS		20

/* How many connections a search looks at until it meets a half-open one. */
#define LOOKED_AT	64
/* How many chains with half-open ones make a sample. */
#define SAMPLE		5

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
 * @other_share: how many of a hundred established ones
 */
struct flood {
	const char *name;
	u8 method;
	unsigned int buckets[2];
	unsigned int old[2];
	unsigned int half_open;
	unsigned int other;
	unsigned int share;
	unsigned int other_share;
};

static unsigned long looked_at;
/* A table that another CPU makes known while a search goes on, and where. */
static struct lbvs_conn_table *published, **publish_at;

/* See kmod/conn.c; here no real is ever down. */
bool lbvs_conn_usable(const struct lbvs_conn *conn)
{
	looked_at++;
	if (published)
		*publish_at = published;
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

/* Of an old table half of the chains have been moved. */
static void link_entry(const struct flood *flood, struct lbvs_conn_entry *entry,
		       unsigned int f)
{
	struct lbvs_conn_table *tbl = &table[f][!flood->old[f] || rnd64() & 1];

	hlist_add_head(&entry->node, &tbl->bucket[rnd64() & tbl->mask]);
}

static void conn_make(const struct flood *flood, struct conn *c, u32 word,
		      unsigned int share)
{
	unsigned int f = rnd64() % 100 < share, dir;
	u8 af = f ? AF_INET6 : AF_INET;

	memset(c, 0, sizeof(*c));
	c->born = jiffies;
	c->conn.real = &real;
	c->conn.word = word;
	c->conn.expires = (u32)jiffies + TIMEOUT;
	for (dir = 0; dir <= lbvs_method_replies(flood->method); dir++) {
		struct lbvs_conn_entry *entry = lbvs_conn_entry_of(&c->conn, af, dir);

		entry->af = af;
		entry->dir = dir;
		entry->method = flood->method;
		link_entry(flood, entry, f);
	}
}

static void conn_unlink(const struct flood *flood, struct conn *c)
{
	hlist_del(&lbvs_conn_entry(&c->conn, LBVS_DIR_IN)->node);
	if (lbvs_method_replies(flood->method))
		hlist_del(&lbvs_conn_entry(&c->conn, LBVS_DIR_OUT)->node);
}

/* Empty tables, and the timeout of all states. */
static void tables_make(const struct flood *flood, u32 timeout)
{
	unsigned int i;

	jiffies = 0;
	for (i = 0; i < __LBVS_STATE_MAX; i++)
		svc.life[i].timeout = timeout;
	for (i = 0; i < 2; i++)
		table_make(flood, i);
}

static void table_fill(const struct flood *flood)
{
	unsigned int i, num = flood->half_open + flood->other;

	CHECK(num <= CONNS_MAX, "%u connections", num);
	tables_make(flood, TIMEOUT);
	for (i = 0; i < flood->other; i++)
		conn_make(flood, &conns[i], LBVS_STATE_TCP_ESTABLISHED,
			  flood->other_share);
	for (; i < num; i++, jiffies++)
		conn_make(flood, &conns[i], LBVS_STATE_TCP_SYN_SENT, flood->share);
}

/* One more, for which another goes. At what age, and of which family; or NONE. */
static u32 flood_one(const struct flood *flood, u8 *af)
{
	struct lbvs_conn *found;
	struct conn *c;
	u32 word, age;

	looked_at = 0;
	found = lbvs_evict_find(family, rnd64(), &word);
	CHECK(looked_at <= 2 * LOOKED_AT, "%lu are looked at", looked_at);
	jiffies++;
	if (!found)
		return NONE;
	CHECK(word == LBVS_STATE_TCP_SYN_SENT, "it was in state %u", word);
	c = (struct conn *)((char *)found - offsetof(struct conn, conn));
	age = jiffies - 1 - c->born;
	*af = lbvs_conn_entry(found, LBVS_DIR_IN)->af;
	conn_unlink(flood, c);
	conn_make(flood, c, LBVS_STATE_TCP_SYN_SENT, flood->share);
	return age;
}

/* A number that isn't expected to be more, with four standard deviations. */
static bool at_most(unsigned int num, double expected)
{
	return num <= expected + 4 * sqrt(expected) + 1;
}

/*
 * How many a search should look at, at most: the chains that it wants, and as many others as
 * it meets between their half-open ones. In a chain are more where there are more in all;
 * at worst they are all in the narrowest table.
 */
static double work(const struct flood *flood)
{
	double half_open = flood->half_open;
	unsigned int narrowest = UINT_MAX, f;

	for (f = 0; f < 2; f++) {
		if (flood->buckets[f])
			narrowest = min(narrowest, flood->buckets[f]);
		if (flood->old[f])
			narrowest = min(narrowest, flood->old[f]);
	}
	return SAMPLE * (1 + half_open / narrowest) * (1 + flood->other / half_open);
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
	unsigned int young[2][10] = {}, num[2], i, tenth, rounds, none = 0;
	const struct flood *flood = arg;
	unsigned long looked = 0;
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
		looked += looked_at;
		if (age == NONE) {
			none++;
			continue;
		}
		for (tenth = 1; tenth < 10; tenth++)
			young[lbvs_family_index(af)][tenth] +=
				age <= flood->half_open * tenth / 10;
	}
	other = (double)flood->other / (flood->other + flood->half_open);
	CHECK(at_most(none, rounds * pow(other, LOOKED_AT)),
	      "of %u searches, %u find none", rounds, none);
	CHECK(looked <= rounds * work(flood) * 1.1,
	      "%lu are looked at by %u searches, not %.1f by each", looked, rounds,
	      work(flood));
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
	{ .name = "dr, eight in all", .method = LBVS_METHOD_DR,
	  .buckets = { 4096 }, .half_open = 8 },
	{ .name = "dr, few IPv6", .method = LBVS_METHOD_DR,
	  .buckets = { 8192, 4096 }, .half_open = 3000, .share = 10 },
	{ .name = "dr, few IPv4", .method = LBVS_METHOD_DR,
	  .buckets = { 4096, 8192 }, .half_open = 3000, .share = 90 },
	{ .name = "dr, IPv4's table four times as wide", .method = LBVS_METHOD_DR,
	  .buckets = { 16384, 4096 }, .half_open = 5700, .share = 33 },
	{ .name = "dr, 16 times as wide", .method = LBVS_METHOD_DR,
	  .buckets = { 65536, 4096 }, .half_open = 4000, .share = 47 },
	{ .name = "dr, IPv6 in a narrow table among established IPv4", .method = LBVS_METHOD_DR,
	  .buckets = { 65536, 4096 }, .half_open = 1900, .other = 20000, .share = 100 },
	{ .name = "nat, IPv4 in a narrow table among established IPv6", .method = LBVS_METHOD_NAT,
	  .buckets = { 4096, 32768 }, .half_open = 950, .other = 10000, .other_share = 100 },
	{ .name = "nat, while the table grows", .method = LBVS_METHOD_NAT,
	  .buckets = { 8192 }, .old = { 4096 }, .half_open = 2000, .other = 2000 },
	{ .name = "nat, while it shrinks", .method = LBVS_METHOD_NAT,
	  .buckets = { 4096 }, .old = { 8192 }, .half_open = 1000 },
	{ .name = "dr, IPv6 alone", .method = LBVS_METHOD_DR,
	  .buckets = { 0, 4096 }, .half_open = 1000, .share = 100 },
	{ .name = "nat, four tables", .method = LBVS_METHOD_NAT,
	  .buckets = { 16384, 8192 }, .old = { 8192, 4096 }, .half_open = 3000, .share = 40 },
};

#define NOBODY		-1
#define FEW		3

/**
 * struct few - some connections, and who of them goes
 * @name: what it is
 * @method: of all
 * @conn: their words, and in how many tenths of a second they expire
 * @found: who goes, or NOBODY
 */
struct few {
	const char *name;
	u8 method;
	struct {
		u32 word;
		int left;
	} conn[FEW];
	int found;
};

/* Of the timeouts in few_make(). */
#define NEW		600
#define AGO(tenths)	(NEW - (tenths))

#define S(state)	LBVS_STATE_##state

static const struct few fews[] = {
	{ "what is established stays", LBVS_METHOD_NAT,
	  { { S(TCP_ESTABLISHED), 1 }, { S(UDP), 1 }, { S(TCP_FIN_WAIT), 1 } }, NOBODY },
	{ "what is half-open goes", LBVS_METHOD_NAT,
	  { { S(TCP_ESTABLISHED), 1 }, { S(TCP_SYN_SENT), NEW }, { S(UDP), 1 } }, 1 },
	{ "a SYN-ACK was seen", LBVS_METHOD_NAT, { { S(TCP_SYN_RECV), NEW } }, 0 },
	{ "UDP of one packet", LBVS_METHOD_DR, { { S(UDP), 1 }, { S(UDP_NEW), NEW } }, 1 },
	{ "the longest silent", LBVS_METHOD_DR,
	  { { S(TCP_SYN_SENT), AGO(2) }, { S(TCP_SYN_RECV), AGO(4) },
	    { S(UDP_NEW), AGO(3) } }, 1 },
	{ "who is dead already stays", LBVS_METHOD_NAT,
	  { { S(TCP_SYN_SENT) | LBVS_CONN_DEAD, AGO(9) }, { S(TCP_SYN_SENT), NEW } }, 1 },
	{ "what has expired, before what is half-open", LBVS_METHOD_NAT,
	  { { S(TCP_SYN_SENT), 1 }, { S(TCP_ESTABLISHED), 0 } }, 1 },
	{ "what is half-open, before what is closing", LBVS_METHOD_NAT,
	  { { S(TCP_TIME_WAIT), 1 }, { S(TCP_SYN_SENT), NEW } }, 1 },
	{ "closed by both", LBVS_METHOD_NAT, { { S(TCP_TIME_WAIT), NEW } }, 0 },
	{ "closed by the real's RST", LBVS_METHOD_NAT,
	  { { S(TCP_CLOSE) | LBVS_CONN_RST_OUT, NEW } }, 0 },
	{ "by a RST of the client's: stays", LBVS_METHOD_NAT, { { S(TCP_CLOSE), 1 } }, NOBODY },
	{ "dr, by a FIN of the client's: stays", LBVS_METHOD_DR,
	  { { S(TCP_TIME_WAIT), AGO(99) } }, NOBODY },
	{ "dr, and he has been silent since", LBVS_METHOD_DR,
	  { { S(TCP_TIME_WAIT), AGO(100) } }, 0 },
	{ "dr, by a RST: stays", LBVS_METHOD_DR, { { S(TCP_CLOSE), 1 } }, NOBODY },
	{ "from before a timeout was shortened", LBVS_METHOD_NAT,
	  { { S(TCP_SYN_SENT), AGO(50) }, { S(TCP_SYN_SENT), AGO(-11) } }, 1 },
	{ "another CPU's packet of this moment", LBVS_METHOD_NAT,
	  { { S(TCP_SYN_SENT), AGO(50) }, { S(TCP_SYN_SENT), AGO(-9) } }, 0 },
};

static void few_make(const struct few *few)
{
	const struct flood both = { .method = few->method, .buckets = { 4096, 4096 } };
	unsigned int i;

	tables_make(&both, NEW * HZ / 10);
	svc.life[S(TCP_CLOSE)].timeout = 100 * HZ / 10;
	for (i = 0; i < FEW && few->conn[i].word; i++) {
		conn_make(&both, &conns[i], few->conn[i].word, 50);
		conns[i].conn.expires = few->conn[i].left * HZ / 10;
	}
}

/* Wherever the chains are, and the search begins. */
static void check_few(const void *arg)
{
	const struct few *few = arg;
	unsigned int i;
	u32 word;

	rnd_state = 1;
	for (i = 0; i < 100; i++) {
		const struct lbvs_conn *found;

		few_make(few);
		found = lbvs_evict_find(family, rnd64(), &word);
		if (few->found == NOBODY)
			CHECK(!found, "one in state %u is found", word);
		else
			CHECK(found == &conns[few->found].conn && word == found->word,
			      "another is found");
	}
}

/* It might go on until it has met a half-open one, but not for long. */
static void check_closing(const void *arg)
{
	static const struct flood flood = {
		.method = LBVS_METHOD_NAT, .buckets = { 4096 }, .other = 100,
	};
	unsigned int i;
	u32 word;

	rnd_state = 1;
	table_fill(&flood);
	for (i = 0; i < flood.other; i++)
		conns[i].conn.word = LBVS_STATE_TCP_TIME_WAIT;
	for (i = 0; i < 100; i++) {
		looked_at = 0;
		CHECK(lbvs_evict_find(family, rnd64(), &word), "none is found");
		CHECK(looked_at <= 1 + 16, "%lu are looked at", looked_at);
	}
}

/* As in a resize that begins while a search goes on; the search may not know of it. */
static void check_published(const void *arg)
{
	static const struct flood flood = {
		.method = LBVS_METHOD_DR, .buckets = { 4096 }, .half_open = 1000,
	};
	struct lbvs_conn_table *first = &table[0][1], wide = { .mask = 65535 };
	unsigned int i;
	u32 word;

	rnd_state = 1;
	table_fill(&flood);
	published = &wide;
	for (i = 0; i < 1000; i++) {
		family[0].table = first;
		family[1].table = NULL;
		first->next = NULL;
		/* A second one of this family, or the first one of the other. */
		publish_at = i & 1 ? &first->next : &family[1].table;
		CHECK(lbvs_evict_find(family, rnd64(), &word), "none is found");
	}
	published = NULL;
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fews); i++)
		tap_case(check_few, &fews[i], "evict: %s", fews[i].name);

	for (i = 0; i < ARRAY_SIZE(floods); i++)
		tap_case(check_flood, &floods[i],
			 "evict, %s: as few of the young go as is promised",
			 floods[i].name);
	tap_case(check_closing, NULL,
		 "evict: after a closing one no more than 16 are looked at");
	tap_case(check_published, NULL,
		 "evict: a table that is wider, and there only since, is left alone");
	return tap_end();
}
