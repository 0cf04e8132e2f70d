// SPDX-License-Identifier: GPL-2.0
/* Method nat: other addresses and ports, and the checksums to match. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/udp.h>

#include "compat.h"
#include "lbvs.h"

/*
 * The transport checksum covers the address as part of the pseudo header, and
 * with it does what a device has summed up or is still to sum up.
 */
static void addr_replace4(struct sk_buff *skb, struct iphdr *iph,
			  __sum16 *check, __be32 *addr, __be32 to)
{
	if (*addr == to)
		return;
	csum_replace4(&iph->check, *addr, to);
	if (check)
		inet_proto_csum_replace4(check, skb, *addr, to, true);
	*addr = to;
}

static void addr_replace6(struct sk_buff *skb, __sum16 *check,
			  struct in6_addr *addr, const __be32 *to)
{
	if (lbvs_addr_equal(AF_INET6, addr->s6_addr32, to))
		return;
	if (check)
		inet_proto_csum_replace16(check, skb, addr->s6_addr32, to,
					  true);
	lbvs_addr_copy(AF_INET6, addr->s6_addr32, to);
}

static void port_replace(struct sk_buff *skb, __sum16 *check, __be16 *port,
			 __be16 to)
{
	if (*port == to)
		return;
	if (check)
		inet_proto_csum_replace2(check, skb, *port, to, false);
	*port = to;
}

static void mss_replace(struct sk_buff *skb, __sum16 *check,
			const struct lbvs_packet *pkt, u16 mss)
{
	u8 *at = skb->data + pkt->mss_off;
	__be16 from = htons(pkt->mss), to = htons(mss);

	/* At an odd offset its bytes count for the other half of a word. */
	if ((pkt->mss_off - pkt->l4_off) % 2) {
		from = (__force __be16)swab16((__force u16)from);
		to = (__force __be16)swab16((__force u16)to);
	}
	inet_proto_csum_replace2(check, skb, from, to, false);
	put_unaligned_be16(mss, at);
}

/* NULL if the packet has none: UDP may do without. */
static __sum16 *l4_check(struct sk_buff *skb, const struct lbvs_packet *pkt)
{
	void *l4 = skb->data + pkt->l4_off;
	struct udphdr *uh = l4;

	if (pkt->tuple.proto == IPPROTO_TCP)
		return &((struct tcphdr *)l4)->check;
	return uh->check ? &uh->check : NULL;
}

/* Whether the sum that a device is to complete is that of an inner header. */
static bool partial_inside(const struct sk_buff *skb,
			   const struct lbvs_packet *pkt)
{
	return skb->ip_summed == CHECKSUM_PARTIAL && !skb_is_gso(skb) &&
	       skb_checksum_start_offset(skb) != pkt->l4_off;
}

/**
 * lbvs_nat_rewrite() - give a packet other addresses and ports
 * @skb: the packet. Its data may be reallocated.
 * @pkt: what it looks like
 * @to: what it is to look like
 * @mss: what a SYN may announce at most, or 0
 *
 * Return: 0; or -ENOMEM with the packet unchanged
 */
int lbvs_nat_rewrite(struct sk_buff *skb, const struct lbvs_packet *pkt,
		     const struct lbvs_tuple *to, u16 mss)
{
	unsigned int len = pkt->l4_off + pkt->l4_len;
	__sum16 *check;
	__be16 *ports;
	bool inside;

	if (!mss || !pkt->mss_off || pkt->mss <= mss)
		mss = 0;
	else
		len = pkt->mss_off + sizeof(mss);
	if (skb_ensure_writable(skb, len))
		return -ENOMEM;
	check = l4_check(skb, pkt);
	/* Then ours is complete, and has to stay so. */
	inside = partial_inside(skb, pkt);
	if (inside)
		skb->ip_summed = CHECKSUM_NONE;
	ports = (__be16 *)(skb->data + pkt->l4_off);

	if (to->af == AF_INET) {
		struct iphdr *iph = ip_hdr(skb);

		addr_replace4(skb, iph, check, &iph->saddr, to->saddr[0]);
		addr_replace4(skb, iph, check, &iph->daddr, to->daddr[0]);
	} else {
		struct ipv6hdr *ip6h = ipv6_hdr(skb);

		addr_replace6(skb, check, &ip6h->saddr, to->saddr);
		addr_replace6(skb, check, &ip6h->daddr, to->daddr);
	}
	/* Source and destination port come first in TCP and in UDP. */
	port_replace(skb, check, &ports[0], to->sport);
	port_replace(skb, check, &ports[1], to->dport);
	if (mss)
		mss_replace(skb, check, pkt, mss);
	if (check && !*check && pkt->tuple.proto == IPPROTO_UDP)
		*check = CSUM_MANGLED_0;
	if (inside)
		skb->ip_summed = CHECKSUM_PARTIAL;
	return 0;
}
