// SPDX-License-Identifier: GPL-2.0
/*
 * The states of TCP under libFuzzer. The first byte of an input says whether replies
 * pass the director, and which other bits of the word are set; each other byte is a
 * segment: its event, and in bit 7 its direction. What was seen is kept beside, and
 * the state is held against that.
 */
#include "lbvs.h"
#include "tap.h"

#define OTHER_BITS (~(LBVS_CONN_STATE | LBVS_CONN_ACTIVE | LBVS_CONN_RST_OUT))

/**
 * struct seen - what has passed
 * @fin: a FIN, by direction, since the connection was (re)opened
 * @syn: a SYN
 * @synack: a SYN-ACK
 * @ack: an ACK of the client's
 * @rst: a RST; @rst_dir is that of the one that closed the connection
 * @rst_out: a RST of the real's
 */
struct seen {
	bool fin[3];
	bool syn;
	bool synack;
	bool ack;
	bool rst;
	bool rst_out;
	enum lbvs_dir rst_dir;
};

static void see(struct seen *seen, enum lbvs_dir dir, enum lbvs_tcp_event event)
{
	switch (event) {
	case LBVS_TCP_SYN:
		seen->syn = true;
		break;
	case LBVS_TCP_SYNACK:
		seen->synack |= dir == LBVS_DIR_OUT;
		break;
	case LBVS_TCP_ACK:
		seen->ack |= dir != LBVS_DIR_OUT;
		break;
	case LBVS_TCP_FIN:
		seen->fin[dir] = true;
		break;
	case LBVS_TCP_RST:
		seen->rst = true;
		seen->rst_out |= dir == LBVS_DIR_OUT;
		break;
	default:
		break;
	}
}

/* Each state has its reasons. */
static void check_state(u8 state, const struct seen *seen, bool alone, bool adopted)
{
	const bool *fin = seen->fin;

	switch (state) {
	case LBVS_STATE_NONE:
		break;
	case LBVS_STATE_TCP_SYN_SENT:
		CHECK(seen->syn, "SYN_SENT without a SYN");
		break;
	case LBVS_STATE_TCP_SYN_RECV:
		CHECK(seen->syn && seen->synack && !alone, "SYN_RECV without a SYN-ACK");
		break;
	case LBVS_STATE_TCP_ESTABLISHED:
		CHECK(seen->ack || seen->rst_out, "ESTABLISHED without an ACK");
		CHECK(adopted || alone || seen->synack || seen->rst_out,
		      "ESTABLISHED without a SYN-ACK");
		break;
	case LBVS_STATE_TCP_FIN_WAIT:
		CHECK(fin[LBVS_DIR_IN] && !alone, "FIN_WAIT without the client's FIN");
		break;
	case LBVS_STATE_TCP_CLOSE_WAIT:
		CHECK(fin[LBVS_DIR_OUT] && !alone, "CLOSE_WAIT without the real's FIN");
		break;
	case LBVS_STATE_TCP_LAST_ACK:
		CHECK(fin[LBVS_DIR_IN] && fin[LBVS_DIR_OUT], "LAST_ACK without two FINs");
		break;
	case LBVS_STATE_TCP_TIME_WAIT:
		CHECK(alone ? fin[LBVS_DIR_ALONE] : fin[LBVS_DIR_IN] && fin[LBVS_DIR_OUT],
		      "TIME_WAIT without FINs");
		break;
	case LBVS_STATE_TCP_CLOSE:
		CHECK(seen->rst, "CLOSE without a RST");
		break;
	default:
		CHECK(false, "state %u", state);
	}
}

/* What may not happen from one segment to the next. */
static void check_step(u32 from, u32 to, enum lbvs_dir dir,
		       enum lbvs_tcp_event event, struct seen *seen)
{
	u8 old = from & LBVS_CONN_STATE, new = to & LBVS_CONN_STATE;
	u32 rst_out = to & LBVS_CONN_RST_OUT;

	CHECK(!((from ^ to) & OTHER_BITS), "other bits change: %x to %x", from, to);
	CHECK(event != LBVS_TCP_NONE || from == to, "%x to %x for nothing", from, to);
	CHECK(!old || new, "state %u goes", old);
	CHECK(old != LBVS_STATE_TCP_TIME_WAIT || from == to, "TIME_WAIT ends");
	CHECK(!new || !(to & LBVS_CONN_ACTIVE) == lbvs_state_closing(new),
	      "state %u, word %x: active or not?", new, to);
	CHECK(!rst_out || new == LBVS_STATE_TCP_CLOSE, "state %u, word %x", new, to);
	CHECK(event != LBVS_TCP_RST || !old || lbvs_state_closing(new) ||
	      (dir != LBVS_DIR_OUT && lbvs_state_half_open(old)) ||
	      (dir == LBVS_DIR_ALONE && old > LBVS_STATE_TCP_ESTABLISHED),
	      "a RST leaves state %u open", old);
	CHECK(dir == LBVS_DIR_OUT || !lbvs_state_half_open(old) || event != LBVS_TCP_RST ||
	      from == to, "a RST of the client's: half-open %u becomes %u", old, new);
	CHECK(dir != LBVS_DIR_OUT || event != LBVS_TCP_RST ||
	      new != LBVS_STATE_TCP_CLOSE || rst_out, "the real's RST isn't noted");
	if (new == LBVS_STATE_TCP_CLOSE && from != to) {
		CHECK(event == LBVS_TCP_RST, "event %d closes", event);
		CHECK(!rst_out == (dir != LBVS_DIR_OUT), "who sent the RST? %x", to);
		seen->rst_dir = dir;
	}
	if (old == LBVS_STATE_TCP_CLOSE && new != old) {
		CHECK(event == LBVS_TCP_ACK && dir == seen->rst_dir &&
		      new == LBVS_STATE_TCP_ESTABLISHED,
		      "event %d in direction %d brings state %u back", event, dir, new);
		memset(seen->fin, 0, sizeof(seen->fin));
	}
}

int fuzz_one(const u8 *data, size_t size)
{
	struct seen seen = { 0 };
	bool alone, adopted = true;
	u32 word, next;
	size_t i;

	if (!size)
		return 0;
	alone = data[0] & 1;
	word = data[0] & 2 ? LBVS_CONN_DEAD : 0;
	word |= (u32)(data[0] >> 2) << 16;
	for (i = 1; i < size; i++) {
		enum lbvs_tcp_event event = (data[i] & 0x7f) % __LBVS_TCP_EVENT_MAX;
		enum lbvs_dir dir = alone ? LBVS_DIR_ALONE : data[i] >> 7;

		/* Who opens it is a client: a connection is never made by an answer. */
		if (!(word & LBVS_CONN_STATE)) {
			if (dir == LBVS_DIR_OUT)
				continue;
			adopted = event != LBVS_TCP_SYN;
		}
		see(&seen, dir, event);
		next = lbvs_tcp_next(word, dir, event);
		check_step(word, next, dir, event, &seen);
		word = next;
		check_state(word & LBVS_CONN_STATE, &seen, alone, adopted);
	}
	return 0;
}
