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
	unsigned int no_conn;	/* after so many; 0: never */
	bool clash[REALS];
	bool sent[REALS];
	bool lost_race;
	union {
		struct lbvs_conn ours;
		u8 room[256];
	};
	struct lbvs_conn theirs;
	struct lbvs_real *inserted;
	const struct lbvs_packet *pkt;
	u32 word;
	u8 method;
	bool allocated;
	unsigned int tries;
	unsigned int allocations;
	unsigned int discarded;
	unsigned int advanced;
} fake;

static struct lbvs_net net;
static struct lbvs_service svc = { .ln = &net };

/* Room for a connection is of its method's size, so it isn't used for others. */
struct lbvs_conn *lbvs_conn_alloc(struct lbvs_net *ln,
				  const struct lbvs_tuple *tuple, u8 method,
				  enum lbvs_drop *why)
{
	struct lbvs_conn_entry *entry = (void *)fake.ours.entries;

	CHECK(ln == &net && tuple == &fake.pkt->tuple, "%p, %p", (void *)ln,
	      (void *)tuple);
	CHECK(!fake.allocated, "the connection before is lost");
	if (fake.no_conn && !--fake.no_conn) {
		*why = LBVS_DROP_CONN_LIMIT;
		return NULL;
	}
	fake.allocated = true;
	fake.allocations++;
	fake.method = method;
	entry->af = AF_INET;
	entry->method = method;
	return &fake.ours;
}

void lbvs_conn_discard(struct lbvs_net *ln, struct lbvs_conn *conn)
{
	CHECK(ln == &net, "%p", (void *)ln);
	CHECK(conn == &fake.ours, "another one's connection is discarded");
	CHECK(fake.allocated, "discarded twice");
	fake.allocated = false;
	fake.discarded++;
}

/* Its own first packet a connection has accounted already. */
void lbvs_conn_advance(struct lbvs_net *ln, struct lbvs_conn *conn,
		       enum lbvs_dir dir, const struct lbvs_packet *pkt)
{
	CHECK(ln == &net && pkt == fake.pkt && dir == LBVS_DIR_IN,
	      "%p, %p, %d", (void *)ln, (void *)pkt, dir);
	CHECK(conn == &fake.theirs, "the packet is accounted twice");
	fake.advanced++;
}

struct lbvs_conn *lbvs_conn_insert(struct lbvs_net *ln, struct lbvs_conn *conn,
				   const struct lbvs_tuple *in,
				   struct lbvs_real *real, u32 word)
{
	unsigned int i = real - svc.pool->slot[0].real;

	CHECK(ln == &net && conn == &fake.ours && fake.allocated, "%p, %p",
	      (void *)ln, (void *)conn);
	CHECK(in == &fake.pkt->tuple, "%p", (void *)in);
	CHECK(fake.method == real->method, "method %u, not %u", fake.method,
	      real->method);
	fake.tries++;
	if (fake.clash[i])
		return ERR_PTR(-EEXIST);
	if (fake.lost_race)
		return &fake.theirs;
	fake.inserted = real;
	fake.word = word;
	fake.allocated = false;
	return conn;
}

bool lbvs_real_sent(struct lbvs_real *real, const struct lbvs_packet *pkt)
{
	CHECK(pkt == fake.pkt, "%p", (void *)pkt);
	return fake.sent[real - svc.pool->slot[0].real];
}

/* A round-robin service of so many reals at 10.0.0.N:80; the first turn is 0. */
static void service(unsigned int num)
{
	static const u32 weight[REALS];
	struct lbvs_pool *pool = pool_make(&lbvs_sched_rr, weight, num);
	unsigned int i;

	for (i = 0; i < num; i++) {
		pool->slot[i].real->svc = &svc;
		pool->slot[i].real->method = LBVS_METHOD_NAT;
		pool->slot[i].real->key.port = htons(80);
		pool->slot[i].real->key.addr[0] = htonl(0x0a000000 + i);
	}
	pool->cursor.counter = -1;
	svc.pool = pool;
	svc.locals = 0;
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
	struct lbvs_conn *conn;

	fake.pkt = pkt;
	conn = lbvs_schedule(&svc, pkt, &why);
	CHECK(conn == want, "%p, not %p", (void *)conn, (void *)want);
	CHECK(conn || why, "no connection, and no reason");
	CHECK(!fake.allocated, "a connection is lost");
	return why;
}

/* The same for a packet of a one-packet service. */
static enum lbvs_drop one(const struct lbvs_packet *pkt,
			  const struct lbvs_real *want)
{
	enum lbvs_drop why = LBVS_DROP_NONE;
	struct lbvs_real *real;

	fake.pkt = pkt;
	real = lbvs_schedule_packet(&svc, pkt, &why);
	CHECK(real == want, "%p, not %p", (void *)real, (void *)want);
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

/* Whose replies go past us, his handshake is done with his ACK. */
static void states(const void *arg)
{
	static const struct {
		u8 proto;
		enum lbvs_tcp_event event;
		u8 state;
		u8 state_alone;
	} first[] = {
		{ IPPROTO_TCP, LBVS_TCP_SYN, LBVS_STATE_TCP_SYN_SENT,
		  LBVS_STATE_TCP_SYN_SENT },
		{ IPPROTO_TCP, LBVS_TCP_ACK, LBVS_STATE_TCP_ESTABLISHED,
		  LBVS_STATE_TCP_ESTABLISHED },
		{ IPPROTO_TCP, LBVS_TCP_FIN, LBVS_STATE_TCP_FIN_WAIT,
		  LBVS_STATE_TCP_TIME_WAIT },
		{ IPPROTO_UDP, LBVS_TCP_NONE, LBVS_STATE_UDP_NEW,
		  LBVS_STATE_UDP_NEW },
	};
	unsigned int i;
	u8 method;

	service(1);
	for (i = 0; i < ARRAY_SIZE(first) * __LBVS_METHOD_MAX; i++) {
		unsigned int row = i % ARRAY_SIZE(first);
		struct lbvs_packet pkt = packet(first[row].proto,
						first[row].event);
		u8 state;

		method = i / ARRAY_SIZE(first);
		svc.pool->slot[0].real->method = method;
		schedule(&pkt, &fake.ours);
		state = method == LBVS_METHOD_NAT ? first[row].state :
						    first[row].state_alone;
		CHECK((fake.word & LBVS_CONN_STATE) == state,
		      "method %u: word %#x, not state %u", method, fake.word,
		      state);
		CHECK(!(fake.word & LBVS_CONN_ACTIVE) ==
		      lbvs_state_closing(state), "word %#x", fake.word);
	}
	pool_free(svc.pool);
}

static void none(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_SYN);

	service(0);
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_NO_REAL, "empty pool");
	CHECK(one(&pkt, NULL) == LBVS_DROP_NO_REAL, "one packet, empty pool");
	pool_free(svc.pool);
	service(2);
	fake.no_conn = 1;
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_CONN_LIMIT, "no connection");
	CHECK(!fake.discarded && !fake.tries, "%u, %u", fake.discarded,
	      fake.tries);
	/* Neither is there one for the next try, by another method. */
	svc.pool->slot[1].real->method = LBVS_METHOD_DR;
	svc.pool->cursor.counter = -1;
	fake.no_conn = 2;
	fake.clash[0] = true;
	fake.clash[1] = true;
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_CONN_LIMIT, "no second one");
	CHECK(fake.discarded == 1 && fake.tries == 1, "%u, %u", fake.discarded,
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

	/* Each allocation may put another connection out. */
	fake.clash[0] = true;
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_CLASH, "all clash");
	CHECK(fake.discarded == 1, "%u", fake.discarded);
	CHECK(fake.allocations == 3, "%u", fake.allocations);
	CHECK(!fake.advanced, "%u", fake.advanced);
	pool_free(svc.pool);
}

/* Each try is of the method of its real. */
static void mixed_methods(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_FIN);

	service(2);
	svc.pool->slot[1].real->method = LBVS_METHOD_TUNNEL;
	fake.clash[0] = true;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 1 && fake.method == LBVS_METHOD_TUNNEL,
	      "real %u, method %u", inserted(), fake.method);
	CHECK(fake.word == LBVS_STATE_TCP_TIME_WAIT, "%#x", fake.word);
	svc.pool->cursor.counter = 0;
	fake.clash[0] = false;
	fake.clash[1] = true;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 0 && fake.method == LBVS_METHOD_NAT,
	      "real %u, method %u", inserted(), fake.method);
	CHECK(fake.word == (LBVS_STATE_TCP_FIN_WAIT | LBVS_CONN_ACTIVE),
	      "%#x", fake.word);
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
	CHECK(!fake.discarded && !fake.tries, "%u, %u", fake.discarded,
	      fake.tries);
	real->key.port = htons(81);
	schedule(&pkt, &fake.ours);
	/* Nothing is rewritten there. */
	real->key.port = htons(80);
	real->method = LBVS_METHOD_DR;
	schedule(&pkt, &fake.ours);
	real->method = LBVS_METHOD_TUNNEL;
	schedule(&pkt, &fake.ours);
	pool_free(svc.pool);

	service(2);
	svc.pool->slot[0].real->key.addr[0] = pkt.tuple.daddr[0];
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 1, "real %u", inserted());
	pool_free(svc.pool);
}

/* What comes from an address that means nothing elsewhere. */
static void loopback(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_SYN);

	service(2);
	pkt.tuple.saddr[0] = htonl(0x7f000001);
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_LOOP, "a real elsewhere");
	svc.pool->slot[1].real->local = true;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 1, "real %u", inserted());
	pool_free(svc.pool);
}

/* A real that is a director, too, doesn't get back by dr what it sent. */
static void sent_back(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_SYN);
	struct lbvs_real *real;

	service(1);
	real = svc.pool->slot[0].real;
	fake.sent[0] = true;
	schedule(&pkt, &fake.ours);
	real->method = LBVS_METHOD_TUNNEL;
	schedule(&pkt, &fake.ours);
	real->method = LBVS_METHOD_DR;
	CHECK(schedule(&pkt, NULL) == LBVS_DROP_LOOP, "by dr");
	CHECK(one(&pkt, NULL) == LBVS_DROP_LOOP, "one packet by dr");
	fake.sent[0] = false;
	schedule(&pkt, &fake.ours);
	pool_free(svc.pool);

	service(2);
	real = svc.pool->slot[0].real;
	real->method = LBVS_METHOD_DR;
	fake.sent[0] = true;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 1, "real %u", inserted());
	svc.pool->cursor.counter = -1;
	one(&pkt, svc.pool->slot[1].real);
	pool_free(svc.pool);
}

/* A pool with a real that is this host, the last one. */
static void local_service(void)
{
	struct lbvs_slot *slot;

	service(REALS);
	for (slot = svc.pool->slot; slot < svc.pool->slot + REALS; slot++)
		slot->real->method = LBVS_METHOD_DR;
	slot[-1].real->local = true;
	svc.locals = 1;
}

/* What another director has sent here, its real, stays here. */
static void picked(const void *arg)
{
	static const u8 sender[6];
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_SYN);

	local_service();
	fake.sent[1] = true;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 0, "no sender: real %u", inserted());
	CHECK(!lbvs_schedule_picked(&svc, &pkt), "no sender");
	pkt.sender = sender;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == REALS - 1, "real %u", inserted());
	one(&pkt, svc.pool->slot[REALS - 1].real);
	CHECK(lbvs_schedule_picked(&svc, &pkt), "sent by a real");
	fake.clash[REALS - 1] = true;
	CHECK(schedule(&pkt, NULL), "clash here");
	CHECK(fake.tries == 3, "%u tries", fake.tries);
	fake.clash[REALS - 1] = false;
	svc.locals = 0;
	CHECK(!lbvs_schedule_picked(&svc, &pkt), "no real is here");
	svc.locals = 1;
	svc.pool->slot[REALS - 1].real->local = false;
	CHECK(!lbvs_schedule_picked(&svc, &pkt), "the real that is here is down");
	svc.pool->slot[REALS - 1].real->local = true;

	/* The client is no director; and we may pick ourselves. */
	fake.sent[1] = false;
	CHECK(!lbvs_schedule_picked(&svc, &pkt), "sent by none");
	svc.pool->cursor.counter = -1;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 0, "sent by none: real %u", inserted());
	fake.sent[REALS - 1] = true;
	svc.pool->cursor.counter = -1;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == 0, "sent by us: real %u", inserted());
	svc.pool->cursor.counter = REALS - 2;
	schedule(&pkt, &fake.ours);
	CHECK(inserted() == REALS - 1, "sent by us, our turn: real %u",
	      inserted());
	pool_free(svc.pool);
}

static void race(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_TCP, LBVS_TCP_SYN);

	service(1);
	fake.lost_race = true;
	schedule(&pkt, &fake.theirs);
	CHECK(fake.discarded == 1, "%u", fake.discarded);
	CHECK(fake.advanced == 1, "accounted %u times", fake.advanced);
	pool_free(svc.pool);
}

static void one_packet(const void *arg)
{
	struct lbvs_packet pkt = packet(IPPROTO_UDP, LBVS_TCP_NONE);
	unsigned int i;

	service(3);
	for (i = 0; i < 6; i++)
		one(&pkt, svc.pool->slot[i % 3].real);
	/* Not to where it is already. */
	svc.pool->slot[0].real->key.addr[0] = pkt.tuple.daddr[0];
	one(&pkt, svc.pool->slot[1].real);
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
	tap_case(loopback, NULL, "from an address of the director's own");
	tap_case(mixed_methods, NULL, "replies that clash: another method");
	tap_case(sent_back, NULL, "the real is where the packet comes from");
	tap_case(picked, NULL, "another director has picked this one");
	tap_case(race, NULL, "another CPU made the connection");
	tap_case(one_packet, NULL, "one-packet services");
	tap_case(counters, NULL, "counters of a real");
	tap_case(names, NULL, "schedulers by name");
	return tap_end();
}
