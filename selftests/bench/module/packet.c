// SPDX-License-Identifier: GPL-2.0
/* A packet as a NIC's driver hands it over. */
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "bench.h"

struct ends {
	struct in6_addr src;
	struct in6_addr dst;
	__be16 sport;
	__be16 dport;
};

/* The clients' addresses count up in their last 32 bits. */
static void find_ends(const struct bench_case *bc, u32 flow, struct ends *ends)
{
	struct in6_addr client = bc->client;
	int word = bc->af == 4 ? 0 : 3;
	__be16 cport, sport;

	be32_add_cpu(&client.s6_addr32[word], flow / bc->cports);
	cport = cpu_to_be16(bc->cport + flow % bc->cports);
	sport = cpu_to_be16(bc->sport + flow % bc->sports);
	if (bc->reply)
		*ends = (struct ends){ bc->server, client, sport, cport };
	else
		*ends = (struct ends){ client, bc->server, cport, sport };
}

static u8 protocol(const struct bench_case *bc)
{
	return bc->kind == BENCH_UDP ? IPPROTO_UDP : IPPROTO_TCP;
}

static void put_ipv4(struct sk_buff *skb, const struct bench_case *bc,
		     const struct ends *ends, unsigned int len)
{
	struct iphdr *iph = skb_put_zero(skb, sizeof(*iph));

	iph->version = 4;
	iph->ihl = 5;
	iph->tot_len = cpu_to_be16(len);
	iph->frag_off = cpu_to_be16(IP_DF);
	iph->ttl = 64;
	iph->protocol = protocol(bc);
	iph->saddr = ends->src.s6_addr32[0];
	iph->daddr = ends->dst.s6_addr32[0];
	ip_send_check(iph);
}

static void put_ipv6(struct sk_buff *skb, const struct bench_case *bc,
		     const struct ends *ends, unsigned int len)
{
	struct ipv6hdr *ip6h = skb_put_zero(skb, sizeof(*ip6h));

	ip6h->version = 6;
	ip6h->payload_len = cpu_to_be16(len - sizeof(*ip6h));
	ip6h->hop_limit = 64;
	ip6h->nexthdr = protocol(bc);
	ip6h->saddr = ends->src;
	ip6h->daddr = ends->dst;
}

static void put_udp(struct sk_buff *skb, const struct ends *ends,
		    unsigned int len)
{
	struct udphdr *uh = skb_put_zero(skb, sizeof(*uh));

	uh->source = ends->sport;
	uh->dest = ends->dport;
	uh->len = cpu_to_be16(len);
}

static void put_tcp(struct sk_buff *skb, const struct bench_case *bc,
		    const struct ends *ends)
{
	struct tcphdr *th = skb_put_zero(skb, sizeof(*th));

	th->source = ends->sport;
	th->dest = ends->dport;
	th->seq = cpu_to_be32(bc->kind == BENCH_ACK ? 1 : 0);
	th->ack_seq = cpu_to_be32(bc->kind == BENCH_SYN ? 0 : 1);
	th->doff = sizeof(*th) / 4;
	th->syn = bc->kind != BENCH_ACK;
	th->ack = bc->kind != BENCH_SYN;
	th->window = cpu_to_be16(0xffff);
}

/* The sum over the pseudo header alone; @len is of all that is behind IP. */
static __sum16 pseudo(const struct bench_case *bc, const struct ends *ends,
		      unsigned int len, __wsum data)
{
	if (bc->af == 4)
		return csum_tcpudp_magic(ends->src.s6_addr32[0],
					 ends->dst.s6_addr32[0], len,
					 protocol(bc), data);
	return csum_ipv6_magic(&ends->src, &ends->dst, len, protocol(bc), data);
}

/* The data are zeros, so they don't change the sum. */
static void check(struct sk_buff *skb, const struct bench_case *bc,
		  const struct ends *ends, void *l4, unsigned int len)
{
	unsigned int at = bc->kind == BENCH_UDP ?
			  offsetof(struct udphdr, check) :
			  offsetof(struct tcphdr, check);
	unsigned int head = skb_tail_pointer(skb) - (u8 *)l4;
	__sum16 *sum = l4 + at;

	if (bc->gso) {
		*sum = ~pseudo(bc, ends, len, 0);
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = (u8 *)l4 - skb->head;
		skb->csum_offset = at;
		return;
	}
	*sum = pseudo(bc, ends, len, csum_partial(l4, head, 0));
	if (!*sum)
		*sum = CSUM_MANGLED_0;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
}

static void put_ip(struct sk_buff *skb, const struct bench_case *bc, u32 flow)
{
	unsigned int len = bc->len - ETH_HLEN;
	struct ends ends;
	void *l4;

	find_ends(bc, flow, &ends);
	if (bc->af == 4) {
		put_ipv4(skb, bc, &ends, len);
		len -= sizeof(struct iphdr);
	} else {
		put_ipv6(skb, bc, &ends, len);
		len -= sizeof(struct ipv6hdr);
	}
	l4 = skb_tail_pointer(skb);
	if (bc->kind == BENCH_UDP)
		put_udp(skb, &ends, len);
	else
		put_tcp(skb, bc, &ends);
	check(skb, bc, &ends, l4, len);
}

static __be16 ether_type(const struct bench_case *bc)
{
	if (bc->kind == BENCH_SINK)
		return cpu_to_be16(ETH_P_802_EX1);
	return cpu_to_be16(bc->af == 4 ? ETH_P_IP : ETH_P_IPV6);
}

static void put_ethernet(struct sk_buff *skb, const struct bench_case *bc,
			 const struct net_device *dev)
{
	struct ethhdr *eth = skb_put(skb, sizeof(*eth));

	ether_addr_copy(eth->h_dest, dev->dev_addr);
	ether_addr_copy(eth->h_source, dev->dev_addr);
	eth->h_source[ETH_ALEN - 1] = 0xff;
	eth->h_proto = ether_type(bc);
}

/* As GRO would leave it: the data in pages, and how they were cut. */
static int put_pages(struct sk_buff *skb, const struct bench_case *bc)
{
	unsigned int left = bc->len - skb->len;
	struct page *page;
	int i;

	skb_shinfo(skb)->gso_size = bc->gso;
	skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(left, bc->gso);
	skb_shinfo(skb)->gso_type = bc->af == 4 ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
	for (i = 0; left; i++) {
		unsigned int part = min_t(unsigned int, left, PAGE_SIZE);

		page = dev_alloc_page();
		if (!page)
			return -ENOMEM;
		skb_add_rx_frag(skb, i, page, 0, part, PAGE_SIZE);
		left -= part;
	}
	return 0;
}

/* Linear, in a part of a page: what drivers of today do. */
static struct sk_buff *alloc(unsigned int len)
{
	unsigned int size = SKB_DATA_ALIGN(NET_SKB_PAD + len) +
			    SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	struct sk_buff *skb;
	void *data;

	data = netdev_alloc_frag(size);
	if (!data)
		return NULL;
	skb = build_skb(data, size);
	if (!skb) {
		skb_free_frag(data);
		return NULL;
	}
	skb_reserve(skb, NET_SKB_PAD);
	return skb;
}

/* The packet of @flow, as received by @dev; NULL when there is no memory. */
struct sk_buff *bench_packet(const struct bench_case *bc,
			     struct net_device *dev, u32 flow)
{
	struct sk_buff *skb;

	skb = alloc(bc->gso ? BENCH_HEAD_MAX : bc->len);
	if (!skb)
		return NULL;
	put_ethernet(skb, bc, dev);
	if (bc->kind != BENCH_SINK)
		put_ip(skb, bc, flow);
	if (bc->gso && put_pages(skb, bc)) {
		kfree_skb(skb);
		return NULL;
	}
	if (!bc->gso)
		skb_put_zero(skb, bc->len - skb->len);
	skb->protocol = eth_type_trans(skb, dev);
	skb_set_hash(skb, flow * 0x9e3779b1U, PKT_HASH_TYPE_L4);
	return skb;
}
