// SPDX-License-Identifier: GPL-2.0
/*
 * What goes when the table is full: a connection of little use, and never one that
 * lives. Documentation/under-attack.md has what is promised of it.
 */
#include <linux/jiffies.h>
#include <linux/rculist.h>

#include "lbvs.h"

/*
 * How far the search goes. In a table that is as full as it should be, the first bound
 * ends it, or the sample; in a sparse one (a low limit) the second lets it see the whole
 * of a smallest table, if none is wider. The third is for when there is a closing one
 * already, but maybe a half-open one.
 */
#define EVICT_CONNS	64
#define EVICT_CHAINS	4096
#define EVICT_BETTER	16U
/* Chains with half-open ones, each from a line of its own. */
#define EVICT_SAMPLE	5
/* The chains whose heads are in one cache line. */
#define EVICT_LINE	8

/* What a search has found. */
struct evict_search {
	struct lbvs_conn *conn;		/* what is to go, unless there is a better one */
	s32 silent;			/* of the half-open ones the longest, or S32_MIN */
	u32 word;			/* as it was seen */
	u32 mask;			/* of the widest table */
	unsigned int left;		/* how many may be looked at */
	bool met;			/* a half-open one, in this line */
};

/*
 * Whether a closing connection is so by more than what came in the client's name,
 * which anybody can send who guesses his port: a RST, or, where the real isn't heard, a
 * FIN. A client that lives sends on; so it takes the silence after which a
 * connection with a RST is forgotten.
 */
static bool surely_closed(const struct lbvs_conn *conn, u32 word)
{
	const struct lbvs_service *svc = conn->real->svc;
	u8 state = word & LBVS_CONN_STATE;
	s32 left, more;

	if (!lbvs_state_closing(state))
		return false;
	if (state == LBVS_STATE_TCP_CLOSE ?
	    word & LBVS_CONN_RST_OUT :
	    lbvs_method_replies(lbvs_conn_method(conn)))
		return true;
	left = READ_ONCE(conn->expires) - (u32)jiffies;
	more = lbvs_state_timeout(svc, state) -
	       lbvs_state_timeout(svc, LBVS_STATE_TCP_CLOSE);
	return left <= more;
}

/*
 * For how long a connection has been silent, in jiffies. By the timeout of now: where
 * that was shortened since, what is older looks as if it came from the future, and
 * has been silent for as long as can be.
 */
static s32 silence(const struct lbvs_conn *conn, u8 state)
{
	s32 silent = (u32)jiffies + lbvs_state_timeout(conn->real->svc, state) -
		     READ_ONCE(conn->expires);

	/* A little: another CPU's packet, of this moment. */
	return silent < -HZ ? S32_MAX : silent;
}

static void consider_half_open(struct evict_search *search, struct lbvs_conn *conn,
			       u32 word)
{
	s32 silent = silence(conn, word & LBVS_CONN_STATE);

	search->met = true;
	if (search->silent == S32_MIN)
		search->left = EVICT_CONNS;
	if (silent <= search->silent)
		return;
	search->conn = conn;
	search->silent = silent;
	search->word = word;
}

static void consider(struct evict_search *search, struct lbvs_conn *conn)
{
	u32 word = READ_ONCE(conn->word);

	search->left--;
	if (!lbvs_conn_usable(conn)) {
		if (word & LBVS_CONN_DEAD)
			return;
		search->left = 0;
	} else if (lbvs_state_half_open(word & LBVS_CONN_STATE)) {
		consider_half_open(search, conn, word);
		return;
	} else if (!search->conn && surely_closed(conn, word)) {
		search->left = min(search->left, EVICT_BETTER);
	} else {
		return;
	}
	search->conn = conn;
	search->word = word;
}

/*
 * A chain of the widest table, and those of the others that are there, if theirs are
 * spread evenly over its. While they are moved, an entry may be missed.
 */
static void look_at(struct evict_search *search,
		    const struct lbvs_conn_family *fam, u32 chain)
{
	struct lbvs_conn_entry *entry;
	struct lbvs_conn_table *tbl;
	int shift;

	for (tbl = rcu_dereference(fam->table); tbl;
	     tbl = rcu_dereference(tbl->next)) {
		shift = fls(search->mask) - fls(tbl->mask);
		/* Less than none: it is younger than the search. */
		if (shift < 0 || chain & (BIT(shift) - 1))
			continue;
		hlist_for_each_entry_rcu(entry, &tbl->bucket[chain >> shift], node) {
			if (!search->left)
				return;
			if (entry->dir == LBVS_DIR_IN)
				consider(search, lbvs_entry_conn(entry, entry->af));
		}
	}
}

/* The chains of a line, up to one with half-open ones. Anyone may be the first. */
static void look_in_line(struct evict_search *search,
			 const struct lbvs_conn_family *family, u32 chain, u32 turn)
{
	unsigned int i;

	search->met = false;
	for (i = 0; i < EVICT_LINE && search->left && !search->met; i++) {
		look_at(search, &family[0], chain + (i ^ turn));
		look_at(search, &family[1], chain + (i ^ turn));
	}
}

static u32 family_mask(const struct lbvs_conn_family *fam)
{
	struct lbvs_conn_table *tbl;
	u32 mask = 0;

	for (tbl = rcu_dereference(fam->table); tbl;
	     tbl = rcu_dereference(tbl->next))
		mask |= tbl->mask;
	return mask;
}

/**
 * lbvs_evict_find() - find a connection that is of little use
 * @family: both families
 * @place: where to begin, at random
 * @word: set to its word, as it was seen; by that it was chosen
 *
 * One that is expired, half-open, or UDP that was never answered or continued, or
 * else one that is closing, unless that may be forged.
 *
 * Of what is half-open the longest silent of a sample, lest a flood put out those
 * whose handshake is on its way: that takes longer than the flood needs for a large
 * part of the table only where the network is slow. The sample is of whole chains, as
 * the newest are at their heads, and of no two of one line: what has been looked at
 * together before has lost its oldest. (Of a line with one chain to look at, that one
 * is looked at more often; so it is one chain more than Documentation/under-attack.md
 * reckons with.) From line to line the search leaps, by the same odd number: so it sees
 * all, and no part of the table is emptied before others; whoever came to such a part
 * would be the next to go. It leaps through the widest of the tables, with the chains of
 * the others in between: so each chain is met as often as any, and neither family can keep
 * the other out.
 *
 * Context: RCU.
 * Return: the connection, whose word may have changed since; or NULL
 */
struct lbvs_conn *lbvs_evict_find(const struct lbvs_conn_family *family, u64 place,
				  u32 *word)
{
	struct evict_search search = {
		.silent = S32_MIN,
		.mask = family_mask(&family[0]) | family_mask(&family[1]),
		.left = EVICT_CONNS,
	};
	u32 line = place, leap = place >> 32 | 1, turn = place >> 61;
	unsigned int i, sample = 0;

	for (i = 0; i < EVICT_CHAINS / EVICT_LINE && search.left; i++) {
		look_in_line(&search, family, line * EVICT_LINE & search.mask,
			     turn);
		sample += search.met;
		if (sample == EVICT_SAMPLE)
			break;
		line += leap;
	}
	*word = search.word;
	return search.conn;
}
