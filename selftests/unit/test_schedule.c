// SPDX-License-Identifier: GPL-2.0
/*
 * A new connection's real, kmod/schedule.c. The connection table is a fake that
 * answers as the case says.
 */
#include <stdio.h>

#include "pools.h"
#include "tap.h"

#define REALS 40

/* What the fake answers, and what it was asked. */
static struct {
	bool no_conn;
	bool clash[REALS];
	bool lost_race;
	struct lbvs_conn ours;
	struct lbvs_conn theirs;
	struct lbvs_real *inserted;
	u32 word;
	unsigned int tries;
	unsigned int discarded;
} fake;

static struct lbvs_service svc;

struct lbvs_conn *lbvs_conn_alloc(struct lbvs_net *ln,
				  const struct lbvs_tuple *tuple,
				  enum lbvs_drop *why)
{
	if (!fake.no_conn)
		return &fake.ours;
	*why = LBVS_DROP_CONN_LIMIT;
	return NULL;
}

void lbvs_conn_discard(struct lbvs_net *ln, struct lbvs_conn *conn)
{
	CHECK(conn == &fake.ours, "another one's connection is discarded");
	fake.discarded++;
}

struct lbvs_conn *lbvs_conn_insert(struct lbvs_net *ln, struct lbvs_conn *conn,
				   struct lbvs_real *real, u32 word)
{
	unsigned int i = real - svc.pool->slot[0].real;

	fake.tries++;
	if (fake.clash[i])
		return ERR_PTR(-EEXIST);
	if (fake.lost_race)
		return &fake.theirs;
	fake.inserted = real;
	fake.word = word;
	return conn;
}

/* A round-robin service of so many reals at 10.0.0.N:80; the first turn is 0. */
static void service(unsigned int num)
{
	static const u32 weight[REALS];
	struct lbvs_pool *pool = pool_make(&lbvs_sched_rr, weight, num);
	unsigned int i;

	for (i = 0; i < num; i++) {
		pool->slot[i].real->svc = &svc;
		pool->slot[i].real->key.port = htons(80);
		pool->slot[i].real->key.addr[0] = htonl(0x0a000000 + i);
	}
	pool->cursor.counter = -1;
	svc.pool = pool;
}

static struct lbvs_packet packet(u8 proto, enum lbvs_tcp_event event)
{
	return (struct lbvs_packet) {
		.tuple = { .saddr = { htonl(0xc0000201) },
			   .daddr = { htonl(0xc0000202) },
			   .sport = htons(1234), .dport = htons(80),
			   .proto = proto, .af = AF_INET },
		.event = event,
	};
}

/* Schedule it; the reason why not. */
static enum lbvs_drop schedule(const struct lbvs_packet *pkt,
			       struct lbvs_conn *want)
{
	enum lbvs_drop why = LBVS_DROP_NONE;
	struct lbvs_conn *conn = lbvs_schedule(&svc, pkt, &why);

	CHECK(conn == want, "%p, not %p", (void *)conn, (void *)want);
	CHECK(conn || why, "no connection, and no reason");
	return why;
}

static unsigned int inserted(void)
{
	return fake.inserted - svc.pool->slot[0].real;
}

static void in_turn(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_SYN);
	unsigned int i;

	service(3);
	for (i = 0; i < 7; i++) {
		schedule(&pkt, &fake.ours);
		CHECK(inserted() == i % 3, "pick %u: real %u", i, inserted());
	}
	CHECK(!fake.discarded && fake.tries == 7, "%u, %u", fake.discarded,
	      fake.tries);
	pool_free(svc.pool);
}

static void states(const void *arg)
{
	static const struct {
		u8 proto;
		enum lbvs_tcp_event event;
		u8 state;
	} first[] = {
		{ IPPROTO_TCP, LBVS_TCP_SYN, LBVS_STATE_TCP_SYN_SENT },
		{ IPPROTO_TCP, LBVS_TCP_ACK, LBVS_STATE_TCP_ESTABLISHED },
		{ IPPROTO_TCP, LBVS_TCP_FIN, LBVS_STATE_TCP_FIN_WAIT },
		{ IPPROTO_UDP, LBVS_TCP_NONE, LBVS_STATE_UDP_NEW },
	};
	unsigned int i;

	service(1);
	for (i = 0; i < ARRAY_SIZE(first); i++) {
		struct lbvs_packet pkt = packet(first[i].proto, first[i].event);

		schedule(&pkt, &fake.ours);
		CHECK(fake.word == (first[i].state | LBVS_CONN_ACTIVE),
		      "word %#x, not state %u", fake.word, first[i].state);
	}
	pool_free(svc.pool);
}

static void none(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_SYN);

	service(0);
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_NO_REAL, "empty pool");
	CHECK(!lbvs_schedule_packet(&svc), "one packet, empty pool");
	pool_free(svc.pool);
	service(1);
	fake.no_conn = true;
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_CONN_LIMIT, "no connection");
	CHECK(!fake.discarded && !fake.tries, "%u, %u", fake.discarded,
	      fake.tries);
	pool_free(svc.pool);
}

static void clashes(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_SYN);

	service(3);
	fake.clash[0] = true;
	fake.clash[1] = true;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 2, "real %u", inserted());
	/* From the last one on it goes round. */
	svc.pool->cursor.counter = 1;
	fake.clash[0] = false;
	fake.clash[2] = true;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 0, "real %u", inserted());
	CHECK(!fake.discarded, "%u", fake.discarded);

	fake.clash[0] = true;
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_CLASH, "all clash");
	CHECK(fake.discarded == 1, "%u", fake.discarded);
	pool_free(svc.pool);
}

/* With many reals it gives up: not every real costs every such packet. */
static void gives_up(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_SYN);
	unsigned int i;

	service(REALS);
	for (i = 0; i < 32; i++)
		fake.clash[i] = true;
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_CLASH, "32 clash");
	CHECK(fake.tries == 32, "%u tries", fake.tries);
	svc.pool->cursor.counter = -1;
	fake.clash[31] = false;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 31, "real %u", inserted());
	pool_free(svc.pool);
}

/* A real that the packet is for already: rewriting would change nothing. */
static void loop(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_SYN);
	struct lbvs_real *real;

	service(1);
	real = svc.pool->slot[0].real;
	real->key.addr[0] = pkt.tuple.daddr[0];
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_LOOP, "own address");
	real->key.port = 0;
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_LOOP, "own address, any port");
	CHECK(fake.discarded == 2 && !fake.tries, "%u, %u", fake.discarded,
	      fake.tries);
	real->key.port = htons(81);
	schedule(&pkt, &fake.ours);
	pool_free(svc.pool);

	service(2);
	svc.pool->slot[0].real->key.addr[0] = pkt.tuple.daddr[0];
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 1, "real %u", inserted());
	pool_free(svc.pool);
}

static void race(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_SYN);

	service(1);
	fake.lost_race = true;
	schedule(&pkt, &fake.theirs);
	CHECK(fake.discarded == 1, "%u", fake.discarded);
	pool_free(svc.pool);
}

static void one_packet(const void *arg)
{
	unsigned int i;

	service(3);
	for (i = 0; i < 6; i++) {
		struct lbvs_real *real = lbvs_schedule_packet(&svc);

		CHECK(real == svc.pool->slot[i % 3].real, "packet %u", i);
	}
	pool_free(svc.pool);
}

/* A packet that stands for several segments counts as so many. */
static void counters(const void *arg)
{
	struct lbvs_stats got = { 0 };
	struct lbvs_real real = { .stats = &got };
	struct sk_buff skb = { 0 };

	lbvs_count_conn(&real);
	lbvs_count_packet(&real, LBVS_DIR_IN, &skb, 100);
	lbvs_count_packet(&real, LBVS_DIR_OUT, &skb, 2000);
	skb.shinfo.gso_segs = 45;
	lbvs_count_packet(&real, LBVS_DIR_OUT, &skb, 65000);
	CHECK(got.conns == 1, "%llu", got.conns);
	CHECK(got.pkts_in == 1 && got.bytes_in == 100, "%llu, %llu",
	      got.pkts_in, got.bytes_in);
	CHECK(got.pkts_out == 46 && got.bytes_out == 67000, "%llu, %llu",
	      got.pkts_out, got.bytes_out);
}

static void names(const void *arg)
{
	unsigned int i, num;

	for (num = 0; lbvs_scheduler_name(num); num++) {
		const char *name = lbvs_scheduler_name(num);

		CHECK(strlen(name) < LBVS_SCHED_NAME_MAX, "%s", name);
		CHECK(lbvs_scheduler_find(name) &&
		      !strcmp(lbvs_scheduler_find(name)->name, name), "%s",
		      name);
		for (i = 0; i < num; i++)
			CHECK(strcmp(lbvs_scheduler_name(i), name), "%s twice",
			      name);
	}
	CHECK(num == 4, "%u", num);
	CHECK(lbvs_scheduler_find(NULL) == &lbvs_sched_wlc, "default");
	CHECK(lbvs_scheduler_find("rr") == &lbvs_sched_rr, "rr");
	CHECK(lbvs_scheduler_find("wrr") == &lbvs_sched_wrr, "wrr");
	CHECK(lbvs_scheduler_find("lc") == &lbvs_sched_lc, "lc");
	CHECK(!lbvs_scheduler_find("w") && !lbvs_scheduler_find("wlcx") &&
	      !lbvs_scheduler_find(""), "what isn't there is found");
}

int main(void)
{
	tap_case(in_turn, NULL, "connections go where the scheduler says");
	tap_case(states, NULL, "first packets and their states");
	tap_case(none, NULL, "no real, no connection");
	tap_case(clashes, NULL, "replies that clash: another real");
	tap_case(gives_up, NULL, "replies that clash: 32 tries");
	tap_case(loop, NULL, "the real is where the packet goes already");
	tap_case(race, NULL, "another CPU made the connection");
	tap_case(one_packet, NULL, "one-packet services");
	tap_case(counters, NULL, "counters of a real");
	tap_case(names, NULL, "schedulers by name");
	return tap_end();
}
