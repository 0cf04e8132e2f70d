/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LBCTL_NAMES_H
#define LBCTL_NAMES_H

#include <stddef.h>

/* The words for an enum of the kernel interface; a hole is NULL. */
struct names {
	const char *noun;
	const char *const *word;
	unsigned int count;
};

/* Room for the name of a value that this lbctl doesn't know yet. */
#define NAME_ROOM 24

extern const struct names state_names;
extern const struct names real_state_names;
extern const struct names method_names;
extern const struct names encap_names;
extern const struct names on_remove_names;
extern const struct names tcp_unknown_names;
extern const struct names tunnel_df_names;
extern const struct names family_names;
extern const struct names fast_path_names;
extern const struct names transmit_names;
extern const struct names switch_names;	/* off and on */
extern const struct names drop_names;
extern const struct names fate_names;	/* of packets in the fast path */
extern const struct names flag_names;	/* by number of the bit */
extern const struct names counter_names;

/* The word for @value; for one that has none, the noun and the number, in @room. */
const char *name_of(const struct names *names, unsigned int value, char room[NAME_ROOM]);

/* The value of a word of @len bytes, or -1. */
int name_value(const struct names *names, const char *word, size_t len);

/* All words with @between between, for messages. Returns @buf. */
const char *name_list(const struct names *names, const char *between, char *buf, size_t size);

/* What a drop reason means, in a sentence. */
const char *drop_meaning(unsigned int reason);

/* What the fast path did with a packet, or why it didn't, likewise. */
const char *fate_meaning(unsigned int fate);

#endif
