// SPDX-License-Identifier: GPL-2.0
/*
 * UDP has no connections. What tells a flow from a stray packet is that it
 * goes on.
 */
#include "lbvs.h"

/**
 * lbvs_udp_next() - the state of a UDP connection after a packet
 * @word: &lbvs_conn.word before; 0 for a connection that is being made
 *
 * Return: &lbvs_conn.word after
 */
u32 lbvs_udp_next(u32 word)
{
	u8 state = word & LBVS_CONN_STATE;

	word &= ~LBVS_CONN_STATE;
	return word | LBVS_CONN_ACTIVE |
	       (state == LBVS_STATE_NONE ? LBVS_STATE_UDP_NEW :
					   LBVS_STATE_UDP);
}
