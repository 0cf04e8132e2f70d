/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lbctl's parts tell each other: what the user asked for (struct command),
 * and what the module answered (struct service, real, conn, counters, info).
 */
#ifndef LBCTL_H
#define LBCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/lbvs.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A device's name: IFNAMSIZ, which is in two headers that don't go together. */
#define DEVICE_ROOM 16

enum exit_code {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	EXIT_UNAVAILABLE = 3,
};

struct address {
	u8 family;		/* AF_INET or AF_INET6 */
	u8 bytes[16];
};

/* Either protocol, address.bytes and port, or mark. */
struct service_id {
	struct address address;
	u8 protocol;
	u16 port;
	u32 mark;
};

struct counters {
	u64 value[LBVS_STATS_A_BYTES_OUT + 1];
};

struct drops {
	u64 value[LBVS_DROP_MAX + 1];
};

/* By what the fast path did with a packet. */
struct fates {
	u64 value[LBVS_FAST_MAX + 1];
};

struct timeouts {
	u32 given;		/* bit N: seconds[N] holds */
	u32 seconds[LBVS_STATE_MAX + 1];
};

struct service {
	struct service_id id;
	char scheduler[LBVS_SCHED_NAME_MAX];
	u32 flags;
	u8 on_remove;
	u16 mss;
	struct timeouts timeouts;
	u32 num_reals;
	struct counters stats;
};

struct real {
	struct service_id service;
	struct address address;
	u16 port;
	u8 method;
	u8 encap;		/* for tunnel */
	bool encap_csum;	/* these two for gue */
	u16 encap_port;
	u8 state;
	u32 weight;
	u32 active;
	u32 conns;
	struct counters stats;
};

struct conn {
	u8 protocol;
	u8 method;
	u8 state;
	u16 client_port;
	u16 virtual_port;
	u16 real_port;
	u32 expires_ms;
	u32 mark;
	struct address client;
	struct address virtual;
	struct address real;
};

struct settings {
	u32 conn_limit;
	u8 tcp_unknown;
	u8 tunnel_df;
	u8 conntrack;
	u8 fast_path;
	u8 transmit;
	u32 num_fast_devices;	/* 0: every Ethernet device */
	char fast_device[LBVS_FAST_DEVICES_MAX][DEVICE_ROOM];
	struct timeouts timeouts;
};

struct info {
	char version[32];
	char schedulers[256];
	u32 conns;
	u32 services;
	u32 reals;
	u32 buckets;
	u32 conn_bytes;
	struct settings settings;
};

/* The user's words for one thing: "--weight" "2", "tcp" "192.0.2.10:80", "--adopt" NULL. */
struct arg {
	const char *first;
	const char *second;
};

enum arg_id {
	ARG_SERVICE,
	ARG_SCHEDULER,
	ARG_FLAGS,
	ARG_ON_REMOVE,
	ARG_MSS,
	ARG_REAL,
	ARG_METHOD,
	ARG_ENCAP,
	ARG_ENCAP_PORT,
	ARG_ENCAP_CSUM,
	ARG_WEIGHT,
	ARG_STATE,
	ARG_CLIENT,
	ARG_CONN_LIMIT,
	ARG_TCP_UNKNOWN,
	ARG_TUNNEL_DF,
	ARG_CONNTRACK,
	ARG_FAST_PATH,
	ARG_TRANSMIT,
	ARG_FILE,
	ARG_TOPIC,
	ARG_ALL,
	ARG_PER_CPU,
	ARG_REPLACE,
	ARG_VIPS,
	ARG_DEVICE,
	ARG_OUTER,
	ARG_DRY_RUN,
	ARG_PERSIST,
	ARG_COUNT,
};

/* One command line, or one line of a rules file. arg[] tells what was given. */
struct command {
	const struct verb *verb;
	bool json;
	bool help;
	bool replace;	/* add: change it if it's there */
	u8 on_remove;
	u8 method;
	u8 encap;
	u8 encap_csum;
	u8 state;
	u8 tcp_unknown;
	u8 tunnel_df;
	u8 conntrack;
	u8 fast_path;
	u8 transmit;
	u8 client_prefix;
	u8 outer;
	u16 real_port;	/* 0: none given */
	u32 flags;
	u32 flags_mask;
	u32 weight;
	u32 mss;
	u32 encap_port;
	u32 conn_limit;
	u32 num_vips;
	const char *const *vips;	/* among the words that were parsed */
	u32 num_device_words;
	const char *const *device_words;	/* likewise; see command_device() */
	struct service_id service;
	struct address real;
	struct address client;
	struct timeouts timeouts;
	struct arg arg[ARG_COUNT];
	struct arg timeout_arg[LBVS_STATE_MAX + 1];
};

static inline bool given(const struct command *cmd, enum arg_id id)
{
	return cmd->arg[id].first;
}

#endif
