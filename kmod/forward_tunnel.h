/* SPDX-License-Identifier: GPL-2.0 */
/* Method tunnel: how much longer packets get. */
#ifndef _LBVS_FORWARD_TUNNEL_H
#define _LBVS_FORWARD_TUNNEL_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/gre.h>
#include <net/gue.h>

#include "lbvs.h"

/* The most that a packet gets longer: by GUE over IPv6. */
#define LBVS_OVERHEAD_MAX	(sizeof(struct ipv6hdr) + sizeof(struct udphdr) + \
				 sizeof(struct guehdr))

static __always_inline unsigned int lbvs_encap_overhead(u8 af, u8 encap)
{
	unsigned int len = af == AF_INET ? sizeof(struct iphdr) :
					   sizeof(struct ipv6hdr);

	if (likely(encap == LBVS_ENCAP_IPIP))
		return len;
	return len + (encap == LBVS_ENCAP_GRE ?
		      sizeof(struct gre_base_hdr) :
		      sizeof(struct udphdr) + sizeof(struct guehdr));
}

static __always_inline unsigned int lbvs_tunnel_overhead(const struct lbvs_real *real)
{
	return lbvs_encap_overhead(real->key.af, READ_ONCE(real->encap));
}

#endif /* _LBVS_FORWARD_TUNNEL_H */
