/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BUILD_H
#define _BUILD_H

#include "packet.h"

#define CHAIN_MAX 9
#define DATA_LEN 5
#define TOS 0xc9
#define TTL 0x9e

/* In struct headers 0 stands for the right value, and this for 0. */
#define ZERO 0xff

/**
 * struct headers - what a packet is to look like
 * @af: its family
 * @proto: what its IP header, or its last extension header, names
 * @version: instead of the right one
 * @ihl: instead of 5; options are added to fit
 * @doff: instead of 5; likewise
 * @frag: flags and offset of the IPv4 header, or of fragment headers
 * @chain: extension headers; NEXTHDR_HOP is 0, so @chain_len counts
 * @chain_len: how many
 * @hdrlen: the length field of each
 * @segments_left: of routing headers
 * @type: of ICMP; what 0 stands for is 0
 */
struct headers {
	u8 af;
	u8 proto;
	u8 version;
	u8 ihl;
	u8 doff;
	u16 frag;
	u8 chain[CHAIN_MAX];
	u8 chain_len;
	u8 hdrlen;
	u8 segments_left;
	u8 type;
};

#define IPV4(...) { .af = AF_INET, .proto = IPPROTO_TCP, __VA_ARGS__ }
#define IPV6(...) { .af = AF_INET6, .proto = IPPROTO_TCP, __VA_ARGS__ }
#define UDP .proto = IPPROTO_UDP
#define CHAIN(len, ...) .chain_len = len, .chain = { __VA_ARGS__ }

#define HOP NEXTHDR_HOP
#define DST NEXTHDR_DEST
#define RTH NEXTHDR_ROUTING
#define FRG NEXTHDR_FRAGMENT

/**
 * struct built - a packet as it goes over the wire
 * @bytes: it
 * @len: its length
 * @l4: where its last header begins
 * @frag: so many bytes of it tell that it is an IPv6 fragment
 */
struct built {
	u8 bytes[8192];
	unsigned int len;
	unsigned int l4;
	unsigned int frag;
};

void add_bytes(struct built *b, unsigned int len);
void add_ip(struct built *b, const struct headers *h);
void add_l4(struct built *b, const struct headers *h);
void build(struct built *b, const struct headers *h);

u32 rnd(u32 below);
void mutate(struct built *b);

#endif /* _BUILD_H */
