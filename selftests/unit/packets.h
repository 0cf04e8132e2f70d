/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _PACKETS_H
#define _PACKETS_H

#include "packet.h"

bool packet_parse(const u8 *bytes, unsigned int len, unsigned int split,
		  unsigned int network, u8 af, struct lbvs_packet *pkt);
bool packet_check(const u8 *bytes, unsigned int len, unsigned int split,
		  u8 af);

#endif /* _PACKETS_H */
