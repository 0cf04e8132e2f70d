/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _PACKETS_H
#define _PACKETS_H

#include "packet.h"

/* An error's quote, what that has inside, and once more. */
#define DEPTH_MAX 3

/**
 * struct reading - what the parser makes of some bytes
 * @kind: from lbvs_packet_parse()
 * @pkt: likewise
 * @mss: what a SYN announces; none for anything else
 * @depth: how many of @quote could be read
 * @quote: what an error quotes; each next is from within the one before
 */
struct reading {
	enum lbvs_kind kind;
	struct lbvs_packet pkt;
	struct lbvs_mss mss;
	unsigned int depth;
	struct lbvs_quote quote[DEPTH_MAX];
};

struct reading packet_read(const u8 *bytes, unsigned int len,
			   unsigned int split, unsigned int network, u8 af);
struct reading packet_check(const u8 *bytes, unsigned int len,
			    unsigned int split, u8 af);

#endif /* _PACKETS_H */
