/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets for a director that has nothing but two tap devices, and what it may make of
 * them. See inject.c.
 */
#ifndef INJECT_H
#define INJECT_H

#include <linux/types.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <stdbool.h>
#include <stddef.h>

#define PACKET_MAX	24000
#define FRAMES_MAX	8
#define PIECES_MAX	8
#define CLIENTS		4
#define CLIENT_PORTS	32
#define CLIENT_PORT	20000
#define REALS		2
#define VIP_PORT	80
#define NAT_PORT	8080
#define GUE_PORT	6080
/* What nat lets clients announce. */
#define NAT_MSS		1200

/** enum side - of the director: its two devices */
enum side { CLIENT_SIDE, REAL_SIDE, SIDES };

/**
 * struct kind - how a service's packets get to its reals; each kind has a VIP
 * @name: as tests call it
 * @outer: a tunnel's protocol: IPPROTO_IPIP, _UDP, _GRE; or 0
 * @outer_af: family of the outer header
 */
struct kind {
	const char *name;
	__u8 outer;
	__u8 outer_af;
};

#define KIND_NAT	0
#define KIND_DR		1
#define KINDS		8
extern const struct kind kinds[KINDS];

/**
 * struct view - a packet, read
 * @bytes: it
 * @len: its length, as its header tells
 * @af: its family; 0: it is none
 * @proto: of its last header
 * @l4: offset of that; 0: it isn't there
 * @fragment: it is one
 * @cut: its header tells of more than there is
 * @src: its source address
 * @dst: its destination
 */
struct view {
	const __u8 *bytes;
	size_t len;
	__u8 af;
	__u8 proto;
	size_t l4;
	bool fragment;
	bool cut;
	const __u8 *src;
	const __u8 *dst;
};

/**
 * struct shot - a packet to be injected, perhaps in fragments
 * @kind: of the service that it is for
 * @side: where it comes in
 * @bytes: the packet
 * @len: its length
 * @vnet: what the device is told of it
 * @to_us: its hardware address is the device's
 * @vlan: it has a VLAN tag
 * @ethertype: of the frames
 * @mutated: bytes of it were changed
 * @noise: it is nothing but random bytes
 * @partial: the transport's checksum is to be filled in, in the right place
 * @odd_csum: a checksum is to be filled in, anywhere
 * @gso: it is to be segmented
 * @fragments: in so many fragments it comes, 0: whole
 * @id: what they have in common, and no others
 * @must_pass: nothing is odd about it
 * @passed: it was passed on, whole or in parts
 */
struct shot {
	const struct kind *kind;
	enum side side;
	__u8 bytes[PACKET_MAX];
	size_t len;
	struct virtio_net_hdr vnet;
	bool to_us;
	bool vlan;
	__u16 ethertype;
	bool mutated;
	bool noise;
	bool partial;
	bool odd_csum;
	bool gso;
	unsigned int fragments;
	__u32 id;
	bool must_pass;
	bool passed;
};

/**
 * enum finding - what a packet that leaves is
 * @CHATTER: neighbour discovery and the like
 * @FORWARD: the injected packet, to a real or a client, as it has to be
 * @SEGMENT: a part of it, likewise
 * @ANSWER: an error, a RST or an echo
 * @ROUTED: the injected packet as any router would pass it on
 * @WRONG: none of these
 */
enum finding { CHATTER, FORWARD, SEGMENT, ANSWER, ROUTED, WRONG, FINDINGS };

/* inject.c */
extern __u8 device_mac[SIDES][ETH_ALEN];
bool chance(unsigned int percent);

/* inject_make.c */
const __u8 *vip_of(__u8 af, const struct kind *kind);
const __u8 *real_of(__u8 af, unsigned int number);
const __u8 *client_of(__u8 af, unsigned int number);
const __u8 *own_of(__u8 af, enum side side);
void make_shot(struct shot *shot);
size_t make_fragment(const struct shot *shot, unsigned int number, __u8 *fragment);

/* inject_view.c */
struct view view_packet(const __u8 *bytes, size_t len);
size_t addr_size(__u8 af);
__u16 ip_residue(const struct view *view);
__u16 l4_residue(const struct view *view);
size_t csum_at(__u8 proto);
void put16(__u8 *to, __u16 value);
__u16 get16(const __u8 *from);

/* inject_judge.c */
enum finding judge(const struct shot *shot, enum side side, const __u8 *frame, size_t len,
		   const char **why);

#endif
