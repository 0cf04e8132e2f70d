// SPDX-License-Identifier: GPL-2.0
/* The states of connections, kmod/tcp.c and udp.c. */
#include <stdio.h>

#include "lbvs.h"
#include "tap.h"

#define S(state) LBVS_STATE_TCP_##state
#define NONE LBVS_STATE_NONE
#define IN LBVS_DIR_IN
#define OUT LBVS_DIR_OUT
#define ALONE LBVS_DIR_ALONE
#define SYN LBVS_TCP_SYN
#define SYNACK LBVS_TCP_SYNACK
#define ACK LBVS_TCP_ACK
#define FIN LBVS_TCP_FIN
#define RST LBVS_TCP_RST
#define ODD LBVS_TCP_NONE

/* All but what lbvs_tcp_next() is there to change. */
#define OTHER_BITS (~(LBVS_CONN_STATE | LBVS_CONN_ACTIVE | LBVS_CONN_RST_OUT))

struct step {
	enum lbvs_dir dir;
	enum lbvs_tcp_event event;
	u8 state;
};

/**
 * struct walk - what passes, and the state after each step
 * @name: what it is
 * @after: steps that come before; without, there is no connection yet
 * @step: the steps
 */
struct walk {
	const char *name;
	const struct step *after;
	struct step step[17];
};

static const struct step handshake[] = {
	{ IN, SYN, S(SYN_SENT) },
	{ OUT, SYNACK, S(SYN_RECV) },
	{ IN, ACK, S(ESTABLISHED) },
	{ }
};

/* Replies go past the director. */
static const struct step alone[] = {
	{ ALONE, SYN, S(SYN_SENT) },
	{ ALONE, ACK, S(ESTABLISHED) },
	{ }
};

/* A walk ends where a step has no state. */
static const struct walk walks[] = {
	{ "client closes first", handshake, {
		{ IN, ACK, S(ESTABLISHED) },
		{ OUT, ACK, S(ESTABLISHED) },
		{ IN, FIN, S(FIN_WAIT) },
		{ OUT, ACK, S(FIN_WAIT) },
		{ OUT, FIN, S(LAST_ACK) },
		{ IN, ACK, S(TIME_WAIT) } } },
	{ "real closes first", handshake, {
		{ OUT, FIN, S(CLOSE_WAIT) },
		{ IN, ACK, S(CLOSE_WAIT) },
		{ IN, FIN, S(LAST_ACK) },
		{ OUT, ACK, S(TIME_WAIT) } } },
	{ "half-closed by the client, data go on", handshake, {
		{ IN, FIN, S(FIN_WAIT) },
		{ OUT, ACK, S(FIN_WAIT) },
		{ IN, ACK, S(FIN_WAIT) },
		{ OUT, ACK, S(FIN_WAIT) },
		{ OUT, FIN, S(LAST_ACK) } } },
	{ "half-closed by the real, data go on", handshake, {
		{ OUT, FIN, S(CLOSE_WAIT) },
		{ IN, ACK, S(CLOSE_WAIT) },
		{ OUT, ACK, S(CLOSE_WAIT) },
		{ IN, ACK, S(CLOSE_WAIT) },
		{ IN, FIN, S(LAST_ACK) } } },
	{ "both close at once, client's FIN seen first", handshake, {
		{ IN, FIN, S(FIN_WAIT) },
		{ OUT, FIN, S(LAST_ACK) },
		{ OUT, ACK, S(TIME_WAIT) },
		{ IN, ACK, S(TIME_WAIT) } } },
	{ "both close at once, real's FIN seen first", handshake, {
		{ OUT, FIN, S(CLOSE_WAIT) },
		{ IN, FIN, S(LAST_ACK) },
		{ IN, ACK, S(TIME_WAIT) },
		{ OUT, ACK, S(TIME_WAIT) } } },
	{ "everything sent twice", NULL, {
		{ IN, SYN, S(SYN_SENT) },
		{ IN, SYN, S(SYN_SENT) },
		{ OUT, SYNACK, S(SYN_RECV) },
		{ OUT, SYNACK, S(SYN_RECV) },
		{ IN, SYN, S(SYN_RECV) },
		{ IN, ACK, S(ESTABLISHED) },
		{ OUT, SYNACK, S(ESTABLISHED) },
		{ IN, ACK, S(ESTABLISHED) },
		{ IN, FIN, S(FIN_WAIT) },
		{ IN, FIN, S(FIN_WAIT) },
		{ OUT, FIN, S(LAST_ACK) },
		{ OUT, FIN, S(LAST_ACK) },
		{ IN, FIN, S(LAST_ACK) },
		{ IN, ACK, S(TIME_WAIT) },
		{ OUT, FIN, S(TIME_WAIT) },
		{ IN, ACK, S(TIME_WAIT) } } },
	{ "client closes right after the SYN-ACK", NULL, {
		{ IN, SYN, S(SYN_SENT) },
		{ OUT, SYNACK, S(SYN_RECV) },
		{ IN, FIN, S(FIN_WAIT) } } },
	{ "real closes, the client's ACK was lost", NULL, {
		{ IN, SYN, S(SYN_SENT) },
		{ OUT, SYNACK, S(SYN_RECV) },
		{ OUT, FIN, S(CLOSE_WAIT) } } },
	{ "real refuses", NULL, {
		{ IN, SYN, S(SYN_SENT) },
		{ OUT, RST, S(CLOSE) },
		{ IN, SYN, S(CLOSE) } } },
	{ "client gives up during the handshake", NULL, {
		{ IN, SYN, S(SYN_SENT) },
		{ IN, RST, S(SYN_SENT) },
		{ OUT, SYNACK, S(SYN_RECV) },
		{ IN, RST, S(SYN_RECV) } } },
	{ "a RST and an ACK don't make up for the SYN-ACK", NULL, {
		{ IN, SYN, S(SYN_SENT) },
		{ IN, RST, S(SYN_SENT) },
		{ IN, ACK, S(SYN_SENT) } } },
	{ "RST during the handshake, then he goes on", NULL, {
		{ IN, SYN, S(SYN_SENT) },
		{ OUT, SYNACK, S(SYN_RECV) },
		{ IN, RST, S(SYN_RECV) },
		{ IN, ACK, S(ESTABLISHED) } } },
	{ "adopted at an ACK", NULL, {
		{ IN, ACK, S(ESTABLISHED) },
		{ OUT, ACK, S(ESTABLISHED) },
		{ OUT, FIN, S(CLOSE_WAIT) } } },
	{ "adopted at a FIN", NULL, {
		{ IN, FIN, S(FIN_WAIT) },
		{ OUT, FIN, S(LAST_ACK) },
		{ IN, ACK, S(TIME_WAIT) } } },
	{ "adopted at a RST", NULL, {
		{ IN, RST, S(CLOSE) } } },
	{ "RST by the client, then he goes on", handshake, {
		{ IN, RST, S(CLOSE) },
		{ OUT, ACK, S(CLOSE) },
		{ IN, ACK, S(ESTABLISHED) },
		{ OUT, RST, S(CLOSE) } } },
	{ "RST by the real, then it goes on", handshake, {
		{ OUT, RST, S(CLOSE) },
		{ IN, ACK, S(CLOSE) },
		{ OUT, ACK, S(ESTABLISHED) },
		{ IN, RST, S(CLOSE) },
		{ OUT, ACK, S(CLOSE) },
		{ IN, ACK, S(ESTABLISHED) } } },
	{ "RST by the real, then the client: the real's counts", handshake, {
		{ OUT, RST, S(CLOSE) },
		{ IN, RST, S(CLOSE) },
		{ IN, ACK, S(CLOSE) },
		{ OUT, ACK, S(ESTABLISHED) } } },
	{ "RST by the client, then the real: the real's counts", handshake, {
		{ IN, RST, S(CLOSE) },
		{ OUT, RST, S(CLOSE) },
		{ IN, ACK, S(CLOSE) },
		{ OUT, ACK, S(ESTABLISHED) } } },
	{ "only an ACK takes back a RST", handshake, {
		{ IN, RST, S(CLOSE) },
		{ IN, ODD, S(CLOSE) },
		{ IN, SYN, S(CLOSE) },
		{ IN, SYNACK, S(CLOSE) },
		{ IN, FIN, S(CLOSE) } } },
	{ "odd flags and wrong directions change nothing", NULL, {
		{ IN, SYN, S(SYN_SENT) },
		{ IN, ODD, S(SYN_SENT) },
		{ OUT, SYN, S(SYN_SENT) },
		{ IN, SYNACK, S(SYN_SENT) },
		{ OUT, SYNACK, S(SYN_RECV) },
		{ OUT, ACK, S(SYN_RECV) },
		{ OUT, ODD, S(SYN_RECV) } } },
	{ "alone: client closes", alone, {
		{ ALONE, ACK, S(ESTABLISHED) },
		{ ALONE, FIN, S(TIME_WAIT) },
		{ ALONE, ACK, S(TIME_WAIT) } } },
	{ "alone: half-closed by the client, or closed, he sends on", alone, {
		{ ALONE, FIN, S(TIME_WAIT) },
		{ ALONE, ACK, S(TIME_WAIT) },
		{ ALONE, ACK, S(TIME_WAIT) },
		{ ALONE, RST, S(TIME_WAIT) } } },
	{ "alone: everything sent twice", NULL, {
		{ ALONE, SYN, S(SYN_SENT) },
		{ ALONE, SYN, S(SYN_SENT) },
		{ ALONE, ACK, S(ESTABLISHED) },
		{ ALONE, SYN, S(ESTABLISHED) },
		{ ALONE, ACK, S(ESTABLISHED) },
		{ ALONE, FIN, S(TIME_WAIT) },
		{ ALONE, FIN, S(TIME_WAIT) },
		{ ALONE, ACK, S(TIME_WAIT) } } },
	{ "alone: the ACK of the handshake was lost, FIN first", NULL, {
		{ ALONE, SYN, S(SYN_SENT) },
		{ ALONE, FIN, S(TIME_WAIT) } } },
	{ "alone: client gives up during the handshake", NULL, {
		{ ALONE, SYN, S(SYN_SENT) },
		{ ALONE, RST, S(SYN_SENT) },
		{ ALONE, SYN, S(SYN_SENT) } } },
	{ "alone: adopted at an ACK", NULL, {
		{ ALONE, ACK, S(ESTABLISHED) },
		{ ALONE, RST, S(CLOSE) } } },
	{ "alone: adopted at a FIN", NULL, {
		{ ALONE, FIN, S(TIME_WAIT) } } },
	{ "alone: RST, then he goes on", alone, {
		{ ALONE, RST, S(CLOSE) },
		{ ALONE, FIN, S(CLOSE) },
		{ ALONE, ACK, S(ESTABLISHED) },
		{ ALONE, FIN, S(TIME_WAIT) } } },
	{ "alone: what only a real sends, and odd flags", NULL, {
		{ ALONE, SYN, S(SYN_SENT) },
		{ ALONE, SYNACK, S(SYN_SENT) },
		{ ALONE, ODD, S(SYN_SENT) },
		{ ALONE, ACK, S(ESTABLISHED) },
		{ ALONE, SYNACK, S(ESTABLISHED) } } },
};

static bool closing(u8 state)
{
	return state == S(LAST_ACK) || state == S(TIME_WAIT) ||
	       state == S(CLOSE);
}

static u32 take_steps(u32 word, const struct step *steps)
{
	const struct step *step;

	for (step = steps; step->state; step++) {
		word = lbvs_tcp_next(word, step->dir, step->event);
		CHECK((word & LBVS_CONN_STATE) == step->state,
		      "step %td: state %u, not %u", step - steps,
		      word & LBVS_CONN_STATE, step->state);
		CHECK(!(word & LBVS_CONN_ACTIVE) == closing(step->state),
		      "step %td: word %#x", step - steps, word);
	}
	return word;
}

static void walk(const void *arg)
{
	const struct walk *walk = arg;
	u32 word = 0;

	if (walk->after)
		word = take_steps(word, walk->after);
	take_steps(word, walk->step);
}

/**
 * struct change - an event that changes the state; every other leaves it
 * @event: it
 * @dir: its direction
 * @from: the state before
 * @to: the state after
 */
struct change {
	enum lbvs_tcp_event event;
	enum lbvs_dir dir;
	u8 from;
	u8 to;
};

/* RST, and the ACK after it, are in next_state(). */
static const struct change changes[] = {
	{ SYN,    IN,  NONE,           S(SYN_SENT) },
	{ ACK,    IN,  NONE,           S(ESTABLISHED) },
	{ FIN,    IN,  NONE,           S(FIN_WAIT) },
	{ SYNACK, OUT, S(SYN_SENT),    S(SYN_RECV) },
	{ ACK,    IN,  S(SYN_RECV),    S(ESTABLISHED) },
	{ FIN,    IN,  S(SYN_RECV),    S(FIN_WAIT) },
	{ FIN,    OUT, S(SYN_RECV),    S(CLOSE_WAIT) },
	{ FIN,    IN,  S(ESTABLISHED), S(FIN_WAIT) },
	{ FIN,    OUT, S(ESTABLISHED), S(CLOSE_WAIT) },
	{ FIN,    OUT, S(FIN_WAIT),    S(LAST_ACK) },
	{ FIN,    IN,  S(CLOSE_WAIT),  S(LAST_ACK) },
	{ ACK,    IN,  S(LAST_ACK),    S(TIME_WAIT) },
	{ ACK,    OUT, S(LAST_ACK),    S(TIME_WAIT) },
	{ SYN,    ALONE, NONE,           S(SYN_SENT) },
	{ ACK,    ALONE, NONE,           S(ESTABLISHED) },
	{ FIN,    ALONE, NONE,           S(TIME_WAIT) },
	{ ACK,    ALONE, S(SYN_SENT),    S(ESTABLISHED) },
	{ FIN,    ALONE, S(SYN_SENT),    S(TIME_WAIT) },
	{ FIN,    ALONE, S(ESTABLISHED), S(TIME_WAIT) },
};

/* Whether a RST ends a connection that isn't over yet. */
static bool rst_counts(u8 state, enum lbvs_dir dir)
{
	switch (dir) {
	case IN:
		return !lbvs_state_half_open(state);
	case OUT:
		return state != NONE;
	default:
		/* The other states alone are never reached. */
		return state == S(ESTABLISHED);
	}
}

static u8 next_state(u32 word, enum lbvs_dir dir, enum lbvs_tcp_event event)
{
	u8 state = word & LBVS_CONN_STATE;
	bool rst_out = word & LBVS_CONN_RST_OUT, out = dir == OUT;
	unsigned int i;

	if (event == RST)
		return !closing(state) && rst_counts(state, dir) ? S(CLOSE) :
								   state;
	if (event == ACK && state == S(CLOSE) && rst_out == out)
		return S(ESTABLISHED);
	for (i = 0; i < ARRAY_SIZE(changes); i++)
		if (changes[i].event == event && changes[i].dir == dir &&
		    changes[i].from == state)
			return changes[i].to;
	return state;
}

static u32 word_of(u8 state, bool rst_out, u32 others)
{
	u32 word = state | others;

	if (state != NONE && !closing(state))
		word |= LBVS_CONN_ACTIVE;
	if (rst_out)
		word |= LBVS_CONN_RST_OUT;
	return word;
}

static void one_event(u32 word, enum lbvs_dir dir, enum lbvs_tcp_event event)
{
	u8 from = word & LBVS_CONN_STATE;
	u8 want = next_state(word, dir, event);
	u32 next = lbvs_tcp_next(word, dir, event);
	bool rst_out = (from == S(CLOSE) && word & LBVS_CONN_RST_OUT) ||
		       (event == RST && dir == OUT);

	CHECK((next & LBVS_CONN_STATE) == want,
	      "word %#x, dir %d, event %d: %#x, not %u", word, dir, event,
	      next, want);
	CHECK(next == word_of(want, want == S(CLOSE) && rst_out,
			      word & OTHER_BITS),
	      "word %#x, dir %d, event %d: %#x", word, dir, event, next);
}

static void every_event(u32 word)
{
	unsigned int dir, event;

	for (dir = IN; dir <= ALONE; dir++)
		for (event = 0; event < __LBVS_TCP_EVENT_MAX; event++)
			one_event(word, dir, event);
}

/* Every direction and event, in the state that arg names. */
static void from_state(const void *arg)
{
	static const u32 others[] = { 0, LBVS_CONN_DEAD, OTHER_BITS };
	u8 state = *(const u8 *)arg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		every_event(word_of(state, false, others[i]));
		if (state == S(CLOSE))
			every_event(word_of(state, true, others[i]));
	}
}

static unsigned int reached_from(u8 state)
{
	u32 word = word_of(state, false, 0);
	unsigned int event, reached = 0;

	for (event = 0; event < __LBVS_TCP_EVENT_MAX; event++)
		reached |= BIT(lbvs_tcp_next(word, ALONE, event) &
			       LBVS_CONN_STATE);
	return reached;
}

/* The client alone tells of no state that takes a real's segment. */
static void reached_alone(const void *arg)
{
	unsigned int reached = BIT(NONE), before = 0;
	u8 state;

	while (reached != before) {
		before = reached;
		for (state = NONE; state <= S(CLOSE); state++)
			if (before & BIT(state))
				reached |= reached_from(state);
	}
	CHECK(reached == (BIT(NONE) | BIT(S(SYN_SENT)) | BIT(S(ESTABLISHED)) |
			  BIT(S(TIME_WAIT)) | BIT(S(CLOSE))),
	      "states %#x", reached);
}

static void udp(const void *arg)
{
	static const u8 walk[] = { LBVS_STATE_UDP_NEW, LBVS_STATE_UDP,
				   LBVS_STATE_UDP };
	static const u32 others[] = { 0, LBVS_CONN_DEAD,
				      ~(LBVS_CONN_STATE | LBVS_CONN_ACTIVE) };
	unsigned int i, k;
	u32 word;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		word = others[i];
		for (k = 0; k < ARRAY_SIZE(walk); k++) {
			word = lbvs_udp_next(word);
			CHECK(word == (walk[k] | LBVS_CONN_ACTIVE | others[i]),
			      "packet %u: word %#x", k + 1, word);
		}
	}
}

/* What the table of connections goes by. */
static void kinds(const void *arg)
{
	unsigned int state;

	for (state = NONE; state < __LBVS_STATE_MAX; state++) {
		bool half = state == S(SYN_SENT) || state == S(SYN_RECV) ||
			    state == LBVS_STATE_UDP_NEW;

		CHECK(lbvs_state_closing(state) == closing(state), "state %u",
		      state);
		CHECK(lbvs_state_half_open(state) == half, "state %u", state);
	}
}

int main(void)
{
	static const char *const names[] = {
		"none", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT",
		"CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",
	};
	unsigned int i;
	u8 state;

	for (i = 0; i < ARRAY_SIZE(walks); i++)
		tap_case(walk, &walks[i], "TCP: %s", walks[i].name);
	for (state = NONE; state <= S(CLOSE); state++)
		tap_case(from_state, &state, "TCP: every event in state %s",
			 names[state]);
	tap_case(reached_alone, NULL, "TCP: the states that a client alone reaches");
	tap_case(udp, NULL, "UDP: the second packet makes it a flow");
	tap_case(kinds, NULL, "which states are closing, which may go first");
	return tap_end();
}
