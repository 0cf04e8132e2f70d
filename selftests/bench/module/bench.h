/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lbvs_bench: packets out of nowhere into a device's receive path, and what
 * leaves by another device counted and dropped. See main.c for how it is told.
 */
#ifndef _LBVS_BENCH_H
#define _LBVS_BENCH_H

#include <linux/in6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

/* Clients are beyond the first, reals beyond the second. */
#define BENCH_DEVICES	2
/* The headers that a packet begins with: Ethernet, IPv6, TCP. */
#define BENCH_HEAD_MAX	(14 + 40 + 20)
#define BENCH_BATCH_MAX	1024

enum bench_kind {
	BENCH_UDP,
	BENCH_SYN,
	BENCH_SYNACK,
	BENCH_ACK,
	/* Not IP: taken and freed at once by us, the cost of being received. */
	BENCH_SINK,
};

/**
 * struct bench_case - what is to be received
 * @af: 4 or 6
 * @kind: &enum bench_kind
 * @reply: from the servers to the clients, by the second device
 * @list: received as lists
 * @random: flows in random order, else one after the other
 * @client: address of the first client
 * @server: address of the servers
 * @cport: a client's first port
 * @cports: flows of a client, before the next one's turn
 * @sport: port of the first server
 * @sports: so many ports; flows go round
 * @flows: number of flows
 * @count: number of packets
 * @batch: packets between two looks at the clock
 * @len: bytes of a frame; for GSO those above the headers are in pages
 * @mark: to be watched by a profiler
 * @gso: bytes of data in a segment, 0: one packet as it is
 */
struct bench_case {
	u32 af;
	u32 kind;
	u32 reply;
	u32 list;
	u32 random;
	struct in6_addr client;
	struct in6_addr server;
	u32 cport;
	u32 cports;
	u32 sport;
	u32 sports;
	u32 flows;
	u32 count;
	u32 batch;
	u32 len;
	u32 mark;
	u32 gso;
};

/**
 * struct bench_counts - packets that have come to an end on one CPU
 * @left: transmitted by either device
 * @bytes: their lengths
 * @sunk: &BENCH_SINK
 */
struct bench_counts {
	u64 left[BENCH_DEVICES];
	u64 bytes[BENCH_DEVICES];
	u64 sunk;
};

/**
 * struct bench_result - what a case came to
 * @counts: of all its batches
 * @ns: of all its batches
 * @min: tenths of a nanosecond a packet, in the quickest batch
 * @median: the same in the middle one
 * @max: the same in the slowest one
 */
struct bench_result {
	struct bench_counts counts;
	u64 ns;
	u32 min;
	u32 median;
	u32 max;
};

int bench_devices_add(void);
void bench_devices_remove(void);
struct net_device *bench_device(unsigned int i);
void bench_counts_add(struct bench_counts *sum, int sign);

struct sk_buff *bench_packet(const struct bench_case *bc,
			     struct net_device *dev, u32 flow);

int bench_measure(const struct bench_case *bc, struct bench_result *result);

#endif /* _LBVS_BENCH_H */
