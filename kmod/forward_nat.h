/* SPDX-License-Identifier: GPL-2.0 */
/* Method nat: other addresses and ports, and the checksums to match. */
#ifndef _LBVS_FORWARD_NAT_H
#define _LBVS_FORWARD_NAT_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/udp.h>

#include "lbvs.h"

/*
 * What changes, as a sum: of the addresses, which the transport's checksum covers
 * as part of its pseudo header, and of the ports.
 */
struct lbvs_sum_change {
	__wsum addrs;
	__wsum ports;
};

static __always_inline __wsum lbvs_sum_change(__wsum sum, __be32 from, __be32 to)
{
	return csum_add(sum, csum_sub((__force __wsum)to, (__force __wsum)from));
}

/* An IPv4 header has a sum of its own. */
static __always_inline __wsum lbvs_addrs_replace4(struct iphdr *iph, const struct lbvs_tuple *to)
{
	__wsum sum = lbvs_sum_change(0, iph->saddr, to->saddr[0]);

	sum = lbvs_sum_change(sum, iph->daddr, to->daddr[0]);
	iph->saddr = to->saddr[0];
	iph->daddr = to->daddr[0];
	iph->check = csum_fold(csum_add(~csum_unfold(iph->check), sum));
	return sum;
}

/*
 * Two words at once, since an address has many. What is carried out of a sum at the
 * top goes in again at the bottom.
 */
static __always_inline u64 lbvs_sum_change64(u64 sum, u64 from, u64 to)
{
	sum += to;
	sum += sum < to;
	return sum - from - (sum < from);
}

static __always_inline u64 lbvs_addr_replace6(u64 sum, __be32 *addr, const __be32 *to)
{
	sum = lbvs_sum_change64(sum, lbvs_word_pair(addr[0], addr[1]),
				lbvs_word_pair(to[0], to[1]));
	sum = lbvs_sum_change64(sum, lbvs_word_pair(addr[2], addr[3]),
				lbvs_word_pair(to[2], to[3]));
	lbvs_addr_copy(AF_INET6, addr, to);
	return sum;
}

static __always_inline __wsum lbvs_addrs_replace6(struct ipv6hdr *ip6h, const struct lbvs_tuple *to)
{
	u64 sum = lbvs_addr_replace6(0, ip6h->saddr.s6_addr32, to->saddr);

	sum = lbvs_addr_replace6(sum, ip6h->daddr.s6_addr32, to->daddr);
	return csum_add((__force __wsum)(u32)(sum >> 32), (__force __wsum)(u32)sum);
}

/* Source and destination port come first in TCP and in UDP. */
static __always_inline __wsum lbvs_ports_replace(__be32 *ports, const struct lbvs_tuple *to)
{
	__wsum sum = lbvs_sum_change(0, *ports, to->ports);

	*ports = to->ports;
	return sum;
}

/* What a device is still to sum up has the pseudo header's sum there, and only it. */
static __always_inline void lbvs_check_renew(const struct sk_buff *skb, __sum16 *check,
					     const struct lbvs_sum_change *change)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		*check = ~csum_fold(csum_add(csum_unfold(*check),
					     change->addrs));
	else
		*check = csum_fold(csum_add(~csum_unfold(*check),
					    csum_add(change->addrs,
						     change->ports)));
}

/* NULL if the packet has none: UDP may do without. */
static __always_inline __sum16 *lbvs_l4_check(struct sk_buff *skb, const struct lbvs_packet *pkt)
{
	void *l4 = skb->data + pkt->l4_off;
	struct udphdr *uh = l4;

	if (pkt->tuple.proto == IPPROTO_TCP)
		return &((struct tcphdr *)l4)->check;
	return uh->check ? &uh->check : NULL;
}

/* Whether the sum that a device is to complete is that of an inner header. */
static __always_inline bool lbvs_partial_inside(const struct sk_buff *skb,
						const struct lbvs_packet *pkt)
{
	return skb->ip_summed == CHECKSUM_PARTIAL && !skb_is_gso(skb) &&
	       skb_checksum_start_offset(skb) != pkt->l4_off;
}

/*
 * Give a packet other addresses and ports, and another MSS unless @mss is 0. It is
 * writable as far as its transport header goes, and as @old, the MSS that it has.
 */
static __always_inline void lbvs_nat_rewrite(struct sk_buff *skb,
					     const struct lbvs_packet *pkt,
					     const struct lbvs_tuple *to,
					     struct lbvs_mss old, u16 mss)
{
	struct lbvs_sum_change change;
	__sum16 *check = lbvs_l4_check(skb, pkt);
	/* Then ours is complete, and has to stay so. */
	bool inside = lbvs_partial_inside(skb, pkt);

	if (inside)
		skb->ip_summed = CHECKSUM_NONE;
	change.addrs = to->af == AF_INET ?
		       lbvs_addrs_replace4(ip_hdr(skb), to) :
		       lbvs_addrs_replace6(ipv6_hdr(skb), to);
	change.ports = lbvs_ports_replace((__be32 *)(skb->data + pkt->l4_off),
					  to);
	if (check)
		lbvs_check_renew(skb, check, &change);
	if (mss)
		lbvs_mss_replace(skb, check, pkt->l4_off, old, mss);
	if (check && !*check && pkt->tuple.proto == IPPROTO_UDP)
		*check = CSUM_MANGLED_0;
	if (inside)
		skb->ip_summed = CHECKSUM_PARTIAL;
}

#endif /* _LBVS_FORWARD_NAT_H */
