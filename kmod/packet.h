/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LBVS_PACKET_H
#define _LBVS_PACKET_H

#include <linux/bitops.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/types.h>

/*
 * For what is filled in before it is read: kernels that clear the stack would
 * spend more on that than on most of what is done with it.
 */
#if __has_attribute(__uninitialized__)
#define __lbvs_uninitialized __attribute__((__uninitialized__))
#else
#define __lbvs_uninitialized
#endif

/**
 * enum lbvs_tcp_event - what a TCP header's flags mean to a connection's state
 * @LBVS_TCP_NONE: not TCP, or flags that no stack sends; the state stays
 * @LBVS_TCP_SYN: SYN without ACK
 * @LBVS_TCP_SYNACK: SYN with ACK
 * @LBVS_TCP_ACK: ACK, perhaps with data
 * @LBVS_TCP_FIN: FIN
 * @LBVS_TCP_RST: RST
 */
enum lbvs_tcp_event {
	LBVS_TCP_NONE,
	LBVS_TCP_SYN,
	LBVS_TCP_SYNACK,
	LBVS_TCP_ACK,
	LBVS_TCP_FIN,
	LBVS_TCP_RST,

	__LBVS_TCP_EVENT_MAX
};

/**
 * enum lbvs_dir - which way a packet of a connection goes
 * @LBVS_DIR_IN: client to real
 * @LBVS_DIR_OUT: real to client
 * @LBVS_DIR_ALONE: client to real, where replies go past the director; to the
 *	state only
 */
enum lbvs_dir {
	LBVS_DIR_IN,
	LBVS_DIR_OUT,
	LBVS_DIR_ALONE,
};

/**
 * struct lbvs_tuple - what a connection is found by
 * @sport: source port
 * @dport: destination port
 * @ports: both, as they stand in a header
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @af: AF_INET or AF_INET6
 * @saddr: source, an IPv4 address in the first word
 * @daddr: destination, likewise
 *
 * If 16 bytes came first, gcc would align it to as many, and the stack with it.
 */
struct lbvs_tuple {
	union {
		struct {
			__be16 sport;
			__be16 dport;
		};
		__be32 ports;
	};
	u8 proto;
	u8 af;
	__be32 saddr[4];
	__be32 daddr[4];
};

/**
 * enum lbvs_kind - what a packet may be to us
 * @LBVS_KIND_OTHER: none of our business
 * @LBVS_KIND_FLOW: TCP or UDP, told apart by ports
 * @LBVS_KIND_ERROR: an ICMP or ICMPv6 error, which quotes a packet
 * @LBVS_KIND_FRAGMENT: a part of a packet, of which addresses alone are known
 */
enum lbvs_kind {
	LBVS_KIND_OTHER,
	LBVS_KIND_FLOW,
	LBVS_KIND_ERROR,
	LBVS_KIND_FRAGMENT,
};

/**
 * struct lbvs_packet - all that lbvs knows of a packet
 * @tuple: addresses and ports
 * @event: what its TCP flags mean
 * @l4_off: offset of the TCP or UDP header from skb->data
 * @l4_len: length of the part of that header that was looked at
 * @dev: the device that it came by; set by the hook, not by the parser
 * @sender: the hardware address that sent it, or NULL; likewise
 * @len: bytes from the IP header on
 * @tos: type of service, or traffic class
 * @ttl: time to live, or hop limit
 * @df: it mustn't be fragmented on the way
 * @options: it has IPv4 options
 * @local: a socket of this host sends it; set by the hook
 * @input: the stack is about to deliver it here; set by the hook
 * @early: conntrack hasn't seen it yet; set by the hook
 * @fate: &enum lbvs_fast, on the fast path: why the packet is left to the stack,
 *	if it is; changed by whoever knows more
 * @quote: what an error quotes, once that is known to be a connection's
 */
struct lbvs_packet {
	struct lbvs_tuple tuple;
	enum lbvs_tcp_event event;
	unsigned int l4_off;
	unsigned int l4_len;
	const struct net_device *dev;
	const u8 *sender;
	unsigned int len;
	u8 tos;
	u8 ttl;
	bool df;
	bool options;
	bool local;
	bool input;
	bool early;
	u8 fate;
	const struct lbvs_quote *quote;
};

/* Whether IPv4 options are still the stack's to judge, before it delivers. */
static __always_inline bool lbvs_unjudged(const struct lbvs_packet *pkt, enum lbvs_dir dir)
{
	return pkt->options && dir == LBVS_DIR_IN && !pkt->local && !pkt->input;
}

/**
 * struct lbvs_mss - the MSS that a SYN announces
 * @off: its offset from skb->data; 0 if there is none
 * @value: the MSS
 */
struct lbvs_mss {
	unsigned int off;
	u16 value;
};

/**
 * struct lbvs_quote - the packet that an ICMP error is about
 * @tuple: its addresses and ports, as the error's sender saw them
 * @to: what they are to look like to the error's receiver
 * @type: type of the error
 * @code: code of the error
 * @info: the MTU that the error tells, if it does
 * @off: offset of the quoted IP header from skb->data
 * @l4_off: offset of what follows that
 * @df: it mustn't be fragmented on the way
 */
struct lbvs_quote {
	struct lbvs_tuple tuple;
	struct lbvs_tuple to;
	u8 type;
	u8 code;
	u32 info;
	unsigned int off;
	unsigned int l4_off;
	bool df;
};

/**
 * struct lbvs_glance - the ends of a packet
 * @saddr: source address
 * @daddr: destination address
 */
struct lbvs_glance {
	const __be32 *saddr;
	const __be32 *daddr;
};

/*
 * Look at nothing but a packet's ends, where they are: for most packets that is
 * enough. On its way up a packet's data begins with the IP header. False if it
 * isn't TCP or UDP, or not evidently.
 */
static __always_inline bool lbvs_packet_glance(const struct sk_buff *skb, u8 af,
					       struct lbvs_glance *glance)
{
	const struct ipv6hdr *ip6h = (const void *)skb->data;
	const struct iphdr *iph = (const void *)skb->data;
	unsigned int there = skb_headlen(skb);
	u8 proto;

	if (af == AF_INET) {
		if (there < sizeof(*iph))
			return false;
		proto = iph->protocol;
		glance->saddr = &iph->saddr;
		glance->daddr = &iph->daddr;
	} else {
		if (there < sizeof(*ip6h))
			return false;
		proto = ip6h->nexthdr;
		glance->saddr = ip6h->saddr.s6_addr32;
		glance->daddr = ip6h->daddr.s6_addr32;
	}
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

enum lbvs_kind lbvs_packet_parse(const struct sk_buff *skb, u8 af,
				 struct lbvs_packet *pkt);
struct lbvs_mss lbvs_packet_mss(const struct sk_buff *skb, unsigned int off);
bool lbvs_packet_skip(const struct sk_buff *skb, u8 *nexthdr,
		      unsigned int *off);
bool lbvs_packet_quote(const struct sk_buff *skb,
		       const struct lbvs_packet *pkt, struct lbvs_quote *quote);
bool lbvs_packet_unwrap(const struct sk_buff *skb,
			const struct lbvs_quote *outer,
			struct lbvs_quote *inner);

static __always_inline unsigned int lbvs_addr_words(u8 af)
{
	return af == AF_INET ? 1 : 4;
}

static __always_inline void lbvs_addr_copy(u8 af, __be32 *to, const __be32 *from)
{
	to[0] = from[0];
	if (af == AF_INET)
		return;
	to[1] = from[1];
	to[2] = from[2];
	to[3] = from[3];
}

/* From where they are side by side, that is one load. */
static __always_inline u64 lbvs_word_pair(__be32 first, __be32 second)
{
	return (u64)(__force u32)second << 32 | (__force u32)first;
}

static __always_inline bool lbvs_addr_equal(u8 af, const __be32 *a, const __be32 *b)
{
	if (af == AF_INET)
		return a[0] == b[0];
	return lbvs_word_pair(a[0], a[1]) == lbvs_word_pair(b[0], b[1]) &&
	       lbvs_word_pair(a[2], a[3]) == lbvs_word_pair(b[2], b[3]);
}

static __always_inline __be32 lbvs_ports_swap(__be32 ports)
{
	return (__force __be32)rol32((__force u32)ports, 16);
}

/* The tuple of what answers to a packet. */
static inline void lbvs_tuple_reverse(const struct lbvs_tuple *tuple,
				      struct lbvs_tuple *reverse)
{
	reverse->af = tuple->af;
	reverse->proto = tuple->proto;
	reverse->ports = lbvs_ports_swap(tuple->ports);
	lbvs_addr_copy(tuple->af, reverse->saddr, tuple->daddr);
	lbvs_addr_copy(tuple->af, reverse->daddr, tuple->saddr);
}

#endif /* _LBVS_PACKET_H */
