/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * lbvs: a layer-4 virtual server. The generic netlink interface.
 *
 * Family LBVS_GENL_NAME, version LBVS_GENL_VERSION, no user header. Everything
 * is per network namespace: a socket configures the namespace it was opened in.
 *
 * Words
 * -----
 * service   what clients see: an address family, a protocol, an address (the
 *           VIP) and a port; or an address family and a firewall mark
 * real      a real server of a service: an address, a port, a method, a weight
 * connection what binds a client's address and port to one real
 *
 * Commands
 * --------
 * Each request is NLM_F_REQUEST, with NLM_F_ACK when an answer is wanted. "id"
 * is LBVS_A_SERVICE with the attributes that name a service: AF, and either
 * PROTOCOL + ADDR + PORT or FWMARK. Changes need CAP_NET_ADMIN in the user
 * namespace that owns the network namespace, and so does reading connections.
 *
 * INFO_GET     -> LBVS_A_INFO, LBVS_A_SETTINGS
 * SETTINGS_SET LBVS_A_SETTINGS with what is to change; the rest stays
 * SERVICE_NEW  id + SCHEDULER (default "wlc"), FLAGS, ON_REMOVE, TIMEOUTS, MSS.
 *              -EEXIST when it is there already, unless there is REPLACE: then
 *              it becomes what the request says, with the defaults for the rest;
 *              its reals and connections stay.
 * SERVICE_SET  id + the attributes to change. -ENOENT when there is none.
 * SERVICE_DEL  id
 * SERVICE_GET  id -> LBVS_A_SERVICE; as a dump: every service
 * REAL_NEW     id + LBVS_A_REAL: ADDR, and PORT (default: the service's; for a
 *              firewall mark 0, the client's destination port is kept), METHOD
 *              (default nat), WEIGHT (default 1), STATE (default up), and for
 *              tunnels AF, ENCAP, ENCAP_PORT and ENCAP_CSUM; REPLACE likewise
 * REAL_SET     id + LBVS_A_REAL: ADDR, PORT and the attributes to change
 * REAL_DEL     id + LBVS_A_REAL: ADDR, PORT
 * REAL_GET     as a dump: LBVS_A_SERVICE (id) + LBVS_A_REAL for each real of
 *              the service named in the request, or of all services
 * CONN_GET     as a dump: LBVS_A_CONN each, of those that LBVS_A_FILTER lets by.
 *              A connection that exists during the whole dump is in it; the
 *              table may grow meanwhile. It may be listed twice if it shrinks.
 * CONN_DEL     LBVS_A_FILTER (required; empty means all) -> LBVS_A_COUNT
 * STATS_GET    -> LBVS_A_STATS (sum of everything since load), LBVS_A_DROPS,
 *              LBVS_A_FAST, LBVS_A_EVICTED; as a dump: one message a CPU with
 *              LBVS_A_CPU too
 * ZERO         id, or nothing for every service: its counters begin at 0 again;
 *              with nothing, the totals, drops and the fast path's too
 * FLUSH        deletes every service, real and connection
 *
 * A request with an attribute that isn't named for it, a duplicate key, a value
 * out of range or a flag that this module doesn't know is refused and changes
 * nothing. The answer to a refused request carries an extended ack with a
 * sentence for people and, where one attribute is to blame, its offset. An
 * answer with error 0 may carry a sentence too: a warning.
 *
 * Service and real dumps carry NLM_F_DUMP_INTR when the configuration changed
 * while they ran: ask again.
 */
#ifndef _UAPI_LINUX_LBVS_H
#define _UAPI_LINUX_LBVS_H

#include <linux/types.h>

#define LBVS_GENL_NAME		"lbvs"
#define LBVS_GENL_VERSION	1

/** LBVS_SCHED_NAME_MAX: longest scheduler name, its NUL included. */
#define LBVS_SCHED_NAME_MAX	16
/** LBVS_WEIGHT_MAX: weights are 0 (no new connections) to this. */
#define LBVS_WEIGHT_MAX		65535
/** LBVS_TIMEOUT_MAX: timeouts are 1 to this many seconds. */
#define LBVS_TIMEOUT_MAX	1000000
/** LBVS_REALS_MAX: reals a service. */
#define LBVS_REALS_MAX		65535
/** LBVS_MSS_MIN: no TCP has to be told a smaller segment size. */
#define LBVS_MSS_MIN		88
/** LBVS_GUE_PORT: where GUE is expected, unless a real says otherwise. */
#define LBVS_GUE_PORT		6080
/** LBVS_CONN_LIMIT_MIN: lowest connection limit of a namespace. */
#define LBVS_CONN_LIMIT_MIN	1
/** LBVS_CONN_LIMIT_MAX: highest connection limit of a namespace. */
#define LBVS_CONN_LIMIT_MAX	100000000

/**
 * enum lbvs_cmd - commands; see the head of this file
 */
enum lbvs_cmd {
	LBVS_CMD_UNSPEC,
	LBVS_CMD_INFO_GET,
	LBVS_CMD_SETTINGS_SET,
	LBVS_CMD_SERVICE_NEW,
	LBVS_CMD_SERVICE_SET,
	LBVS_CMD_SERVICE_DEL,
	LBVS_CMD_SERVICE_GET,
	LBVS_CMD_REAL_NEW,
	LBVS_CMD_REAL_SET,
	LBVS_CMD_REAL_DEL,
	LBVS_CMD_REAL_GET,
	LBVS_CMD_CONN_GET,
	LBVS_CMD_CONN_DEL,
	LBVS_CMD_STATS_GET,
	LBVS_CMD_ZERO,
	LBVS_CMD_FLUSH,

	__LBVS_CMD_MAX
};

#define LBVS_CMD_MAX (__LBVS_CMD_MAX - 1)

/**
 * enum lbvs_attr - top-level attributes of a message
 * @LBVS_A_SERVICE: nested &enum lbvs_svc_attr
 * @LBVS_A_REAL: nested &enum lbvs_real_attr
 * @LBVS_A_CONN: nested &enum lbvs_conn_attr
 * @LBVS_A_FILTER: nested &enum lbvs_filter_attr
 * @LBVS_A_SETTINGS: nested &enum lbvs_settings_attr
 * @LBVS_A_INFO: nested &enum lbvs_info_attr
 * @LBVS_A_STATS: nested &enum lbvs_stats_attr
 * @LBVS_A_DROPS: nested; attribute N is a u64, packets dropped for
 *	&enum lbvs_drop N; attribute 0 is never sent
 * @LBVS_A_COUNT: u32, how many objects a command touched
 * @LBVS_A_CPU: u32, the CPU that the counters of this message are of
 * @LBVS_A_FAST: nested; attribute N is a u64, packets that the fast path did
 *	with as &enum lbvs_fast N says; attribute 0 is never sent
 * @LBVS_A_EVICTED: u64, connections that had to make room for others near the
 *	limit
 * @LBVS_A_REPLACE: flag, of SERVICE_NEW and REAL_NEW: what is there already is
 *	changed, not refused
 */
enum lbvs_attr {
	LBVS_A_UNSPEC,
	LBVS_A_SERVICE,
	LBVS_A_REAL,
	LBVS_A_CONN,
	LBVS_A_FILTER,
	LBVS_A_SETTINGS,
	LBVS_A_INFO,
	LBVS_A_STATS,
	LBVS_A_DROPS,
	LBVS_A_COUNT,
	LBVS_A_CPU,
	LBVS_A_FAST,
	LBVS_A_EVICTED,
	LBVS_A_REPLACE,

	__LBVS_A_MAX
};

#define LBVS_A_MAX (__LBVS_A_MAX - 1)

/**
 * enum lbvs_svc_attr - a service
 * @LBVS_SVC_A_AF: u8, AF_INET or AF_INET6
 * @LBVS_SVC_A_PROTOCOL: u8, IPPROTO_TCP or IPPROTO_UDP
 * @LBVS_SVC_A_ADDR: 4 or 16 bytes, network order: the VIP, unicast
 * @LBVS_SVC_A_PORT: be16, 1 to 65535
 * @LBVS_SVC_A_FWMARK: u32, not 0; in place of PROTOCOL, ADDR and PORT
 * @LBVS_SVC_A_SCHEDULER: string: "rr", "wrr", "lc" or "wlc"
 * @LBVS_SVC_A_FLAGS: struct nla_bitfield32 of LBVS_SVC_F_*
 * @LBVS_SVC_A_ON_REMOVE: u8, &enum lbvs_on_remove
 * @LBVS_SVC_A_TIMEOUTS: nested; attribute N is a u32, seconds in &enum
 *	lbvs_state N; in a request 0 gives the namespace's value back, and a
 *	state that isn't named stays; in a reply only this service's own
 * @LBVS_SVC_A_NUM_REALS: u32, reply only
 * @LBVS_SVC_A_STATS: nested &enum lbvs_stats_attr, reply only
 * @LBVS_SVC_A_PAD: alignment
 * @LBVS_SVC_A_MSS: u32, the largest segment that either side of a TCP connection
 *	by nat may announce, %LBVS_MSS_MIN to 65535 bytes; 0 (the default) leaves
 *	it to them. Not for dr and tunnel: replies, which are to be cut shorter,
 *	don't pass the director. Set advmss on the reals' routes there.
 */
enum lbvs_svc_attr {
	LBVS_SVC_A_UNSPEC,
	LBVS_SVC_A_AF,
	LBVS_SVC_A_PROTOCOL,
	LBVS_SVC_A_ADDR,
	LBVS_SVC_A_PORT,
	LBVS_SVC_A_FWMARK,
	LBVS_SVC_A_SCHEDULER,
	LBVS_SVC_A_FLAGS,
	LBVS_SVC_A_ON_REMOVE,
	LBVS_SVC_A_TIMEOUTS,
	LBVS_SVC_A_NUM_REALS,
	LBVS_SVC_A_STATS,
	LBVS_SVC_A_PAD,
	LBVS_SVC_A_MSS,

	__LBVS_SVC_A_MAX
};

#define LBVS_SVC_A_MAX (__LBVS_SVC_A_MAX - 1)

/**
 * LBVS_SVC_F_ONE_PACKET: UDP only: each packet is scheduled by itself and no
 * connection is kept (but for the director's own clients). Replies are told by
 * the real's address and port: so a nat real can be in one such service only,
 * and whoever asks it directly through the director gets the VIP's answer.
 */
#define LBVS_SVC_F_ONE_PACKET	(1U << 0)
/**
 * LBVS_SVC_F_ADOPT: TCP only: a packet in mid-stream that no connection is
 * known for is scheduled as if it were a SYN.
 */
#define LBVS_SVC_F_ADOPT	(1U << 1)
#define LBVS_SVC_F_ALL		(LBVS_SVC_F_ONE_PACKET | LBVS_SVC_F_ADOPT)

/**
 * enum lbvs_on_remove - what becomes of the connections of a real that is
 *	removed or set down, or whose service is deleted
 * @LBVS_ON_REMOVE_DEFAULT: keep for TCP, close for UDP
 * @LBVS_ON_REMOVE_KEEP: they go on to the real until they end or time out
 * @LBVS_ON_REMOVE_CLOSE: they are forgotten; the client's next packet is
 *	treated as that of an unknown connection
 */
enum lbvs_on_remove {
	LBVS_ON_REMOVE_DEFAULT,
	LBVS_ON_REMOVE_KEEP,
	LBVS_ON_REMOVE_CLOSE,

	__LBVS_ON_REMOVE_MAX
};

#define LBVS_ON_REMOVE_MAX (__LBVS_ON_REMOVE_MAX - 1)

/**
 * enum lbvs_real_attr - a real server
 * @LBVS_REAL_A_AF: u8, AF_INET or AF_INET6; default the service's, and for
 *	nat and dr it must be. Needed to name a real of the other family.
 * @LBVS_REAL_A_ADDR: 4 or 16 bytes, network order, unicast
 * @LBVS_REAL_A_PORT: be16; for dr and tunnel the service's, or 0 for a
 *	firewall mark, since they leave the packet as it is
 * @LBVS_REAL_A_METHOD: u8, &enum lbvs_method
 * @LBVS_REAL_A_WEIGHT: u32, 0 to %LBVS_WEIGHT_MAX
 * @LBVS_REAL_A_STATE: u8, &enum lbvs_real_state
 * @LBVS_REAL_A_ACTIVE: u32, connections not yet closing, reply only
 * @LBVS_REAL_A_CONNS: u32, all its connections, reply only
 * @LBVS_REAL_A_STATS: nested &enum lbvs_stats_attr, reply only
 * @LBVS_REAL_A_PAD: alignment
 * @LBVS_REAL_A_ENCAP: u8, &enum lbvs_encap, for tunnel; default ipip
 * @LBVS_REAL_A_ENCAP_PORT: be16, destination port, for GUE, 1 to 65535; default
 *	%LBVS_GUE_PORT
 * @LBVS_REAL_A_ENCAP_CSUM: u8, for GUE: 1 when the outer UDP header is to
 *	have a checksum, 0 when not (the default; over IPv6, RFC 6935 allows it)
 */
enum lbvs_real_attr {
	LBVS_REAL_A_UNSPEC,
	LBVS_REAL_A_AF,
	LBVS_REAL_A_ADDR,
	LBVS_REAL_A_PORT,
	LBVS_REAL_A_METHOD,
	LBVS_REAL_A_WEIGHT,
	LBVS_REAL_A_STATE,
	LBVS_REAL_A_ACTIVE,
	LBVS_REAL_A_CONNS,
	LBVS_REAL_A_STATS,
	LBVS_REAL_A_PAD,
	LBVS_REAL_A_ENCAP,
	LBVS_REAL_A_ENCAP_PORT,
	LBVS_REAL_A_ENCAP_CSUM,

	__LBVS_REAL_A_MAX
};

#define LBVS_REAL_A_MAX (__LBVS_REAL_A_MAX - 1)

/**
 * enum lbvs_method - how a packet gets to a real
 * @LBVS_METHOD_NAT: its destination is rewritten; replies come back through
 *	the director, which rewrites their source
 * @LBVS_METHOD_DR: as it is, to the real's hardware address; the real has the
 *	VIP, too, and answers the client itself
 * @LBVS_METHOD_TUNNEL: as it is, in an outer packet to the real, which
 *	unpacks it, has the VIP, too, and answers the client itself
 */
enum lbvs_method {
	LBVS_METHOD_NAT,
	LBVS_METHOD_DR,
	LBVS_METHOD_TUNNEL,

	__LBVS_METHOD_MAX
};

#define LBVS_METHOD_MAX (__LBVS_METHOD_MAX - 1)

/**
 * enum lbvs_encap - what a tunnelled packet is wrapped in
 * @LBVS_ENCAP_IPIP: an IP header of the real's family
 * @LBVS_ENCAP_GUE: IP, UDP and a GUE header (version 0, as fou devices take it)
 * @LBVS_ENCAP_GRE: IP and a GRE header without options
 */
enum lbvs_encap {
	LBVS_ENCAP_IPIP,
	LBVS_ENCAP_GUE,
	LBVS_ENCAP_GRE,

	__LBVS_ENCAP_MAX
};

#define LBVS_ENCAP_MAX (__LBVS_ENCAP_MAX - 1)

/**
 * enum lbvs_real_state - may a real have connections
 * @LBVS_REAL_UP: yes
 * @LBVS_REAL_DRAIN: those that it has; no new ones
 * @LBVS_REAL_DOWN: no new ones; those that it has as the service's ON_REMOVE
 */
enum lbvs_real_state {
	LBVS_REAL_UP,
	LBVS_REAL_DRAIN,
	LBVS_REAL_DOWN,

	__LBVS_REAL_STATE_MAX
};

#define LBVS_REAL_STATE_MAX (__LBVS_REAL_STATE_MAX - 1)

/**
 * enum lbvs_state - the state of a connection
 * @LBVS_STATE_NONE: never sent
 * @LBVS_STATE_TCP_SYN_SENT: the client's SYN was seen
 * @LBVS_STATE_TCP_SYN_RECV: the real's SYN-ACK was seen
 * @LBVS_STATE_TCP_ESTABLISHED: the client's ACK was seen, or data
 * @LBVS_STATE_TCP_FIN_WAIT: the client has sent a FIN, the real hasn't
 * @LBVS_STATE_TCP_CLOSE_WAIT: the real has sent a FIN, the client hasn't
 * @LBVS_STATE_TCP_LAST_ACK: both have, the last ACK is outstanding
 * @LBVS_STATE_TCP_TIME_WAIT: closed in order
 * @LBVS_STATE_TCP_CLOSE: closed by a RST
 * @LBVS_STATE_UDP_NEW: one packet seen
 * @LBVS_STATE_UDP: more than one
 */
enum lbvs_state {
	LBVS_STATE_NONE,
	LBVS_STATE_TCP_SYN_SENT,
	LBVS_STATE_TCP_SYN_RECV,
	LBVS_STATE_TCP_ESTABLISHED,
	LBVS_STATE_TCP_FIN_WAIT,
	LBVS_STATE_TCP_CLOSE_WAIT,
	LBVS_STATE_TCP_LAST_ACK,
	LBVS_STATE_TCP_TIME_WAIT,
	LBVS_STATE_TCP_CLOSE,
	LBVS_STATE_UDP_NEW,
	LBVS_STATE_UDP,

	__LBVS_STATE_MAX
};

#define LBVS_STATE_MAX (__LBVS_STATE_MAX - 1)

/**
 * enum lbvs_conn_attr - a connection
 * @LBVS_CONN_A_AF: u8
 * @LBVS_CONN_A_PROTOCOL: u8
 * @LBVS_CONN_A_CLIENT_ADDR: 4 or 16 bytes
 * @LBVS_CONN_A_CLIENT_PORT: be16
 * @LBVS_CONN_A_VIRT_ADDR: 4 or 16 bytes: the address that the client talks to
 * @LBVS_CONN_A_VIRT_PORT: be16
 * @LBVS_CONN_A_REAL_ADDR: 4 or 16 bytes; a tunnel's may be of the other family
 * @LBVS_CONN_A_REAL_PORT: be16
 * @LBVS_CONN_A_METHOD: u8, &enum lbvs_method
 * @LBVS_CONN_A_STATE: u8, &enum lbvs_state
 * @LBVS_CONN_A_EXPIRES: u32, milliseconds until it is forgotten
 * @LBVS_CONN_A_FWMARK: u32, of the service, when it is a firewall mark's
 */
enum lbvs_conn_attr {
	LBVS_CONN_A_UNSPEC,
	LBVS_CONN_A_AF,
	LBVS_CONN_A_PROTOCOL,
	LBVS_CONN_A_CLIENT_ADDR,
	LBVS_CONN_A_CLIENT_PORT,
	LBVS_CONN_A_VIRT_ADDR,
	LBVS_CONN_A_VIRT_PORT,
	LBVS_CONN_A_REAL_ADDR,
	LBVS_CONN_A_REAL_PORT,
	LBVS_CONN_A_METHOD,
	LBVS_CONN_A_STATE,
	LBVS_CONN_A_EXPIRES,
	LBVS_CONN_A_FWMARK,

	__LBVS_CONN_A_MAX
};

#define LBVS_CONN_A_MAX (__LBVS_CONN_A_MAX - 1)

/**
 * enum lbvs_filter_attr - which connections; all that are given must fit
 * @LBVS_FILTER_A_CLIENT: 4 or 16 bytes, the client's network
 * @LBVS_FILTER_A_PREFIX_LEN: u8, its prefix length; default the full address
 * @LBVS_FILTER_A_SERVICE: nested &enum lbvs_svc_attr: an id. It also fits
 *	connections of a deleted service of that id.
 * @LBVS_FILTER_A_REAL: nested &enum lbvs_real_attr: ADDR, and AF and PORT
 *	if given. It also fits connections of a removed real.
 */
enum lbvs_filter_attr {
	LBVS_FILTER_A_UNSPEC,
	LBVS_FILTER_A_CLIENT,
	LBVS_FILTER_A_PREFIX_LEN,
	LBVS_FILTER_A_SERVICE,
	LBVS_FILTER_A_REAL,

	__LBVS_FILTER_A_MAX
};

#define LBVS_FILTER_A_MAX (__LBVS_FILTER_A_MAX - 1)

/**
 * enum lbvs_settings_attr - settings of a network namespace
 * @LBVS_SETTINGS_A_CONN_LIMIT: u32, %LBVS_CONN_LIMIT_MIN to
 *	%LBVS_CONN_LIMIT_MAX. Lowering it below what is there closes nothing: new
 *	connections are refused until there is room.
 * @LBVS_SETTINGS_A_TCP_UNKNOWN: u8, &enum lbvs_tcp_unknown
 * @LBVS_SETTINGS_A_TIMEOUTS: nested; attribute N is a u32, seconds in &enum
 *	lbvs_state N, 1 to %LBVS_TIMEOUT_MAX; a state that isn't named stays
 * @LBVS_SETTINGS_A_TUNNEL_DF: u8, &enum lbvs_tunnel_df
 * @LBVS_SETTINGS_A_CONNTRACK: u8. 0 (the default): balanced connections have no
 *	conntrack entry, and no packet of theirs is judged by conntrack. 1: those
 *	by nat have one, with the real's answer as the reply, for rules on their
 *	state and marks; the packets then pass conntrack and nat at prerouting
 *	and postrouting. Those by dr and tunnel, of which only one side passes
 *	here, never have one.
 * @LBVS_SETTINGS_A_FAST_PATH: u8, &enum lbvs_fast_path
 * @LBVS_SETTINGS_A_FAST_DEVICES: nested &enum lbvs_devices_attr: the devices
 *	whose packets take the fast path; empty (the default): all Ethernet ones.
 *	A device that isn't there takes part once it is.
 * @LBVS_SETTINGS_A_TRANSMIT: u8, &enum lbvs_transmit
 */
enum lbvs_settings_attr {
	LBVS_SETTINGS_A_UNSPEC,
	LBVS_SETTINGS_A_CONN_LIMIT,
	LBVS_SETTINGS_A_TCP_UNKNOWN,
	LBVS_SETTINGS_A_TIMEOUTS,
	LBVS_SETTINGS_A_TUNNEL_DF,
	LBVS_SETTINGS_A_CONNTRACK,
	LBVS_SETTINGS_A_FAST_PATH,
	LBVS_SETTINGS_A_FAST_DEVICES,
	LBVS_SETTINGS_A_TRANSMIT,

	__LBVS_SETTINGS_A_MAX
};

#define LBVS_SETTINGS_A_MAX (__LBVS_SETTINGS_A_MAX - 1)

/**
 * enum lbvs_tcp_unknown - what is done with a TCP packet to a service that
 *	isn't a SYN, and that no connection is known for
 * @LBVS_TCP_UNKNOWN_RESET: a RST answers it (the default: a client whose
 *	connection is lost learns so at once)
 * @LBVS_TCP_UNKNOWN_DROP: dropped in silence
 * @LBVS_TCP_UNKNOWN_LOCAL: left to the director's own sockets
 */
enum lbvs_tcp_unknown {
	LBVS_TCP_UNKNOWN_RESET,
	LBVS_TCP_UNKNOWN_DROP,
	LBVS_TCP_UNKNOWN_LOCAL,

	__LBVS_TCP_UNKNOWN_MAX
};

#define LBVS_TCP_UNKNOWN_MAX (__LBVS_TCP_UNKNOWN_MAX - 1)

/**
 * enum lbvs_tunnel_df - may the outer packet of a tunnel be fragmented
 * @LBVS_TUNNEL_DF_INHERIT: if the inner one may (the default). A client that
 *	sends too much learns the path's MTU, less the outer headers, by ICMP.
 * @LBVS_TUNNEL_DF_NEVER: always: clients learn nothing, reals reassemble
 */
enum lbvs_tunnel_df {
	LBVS_TUNNEL_DF_INHERIT,
	LBVS_TUNNEL_DF_NEVER,

	__LBVS_TUNNEL_DF_MAX
};

#define LBVS_TUNNEL_DF_MAX (__LBVS_TUNNEL_DF_MAX - 1)

/**
 * enum lbvs_fast_path - which packets are taken as soon as a device hands them up
 * @LBVS_FAST_PATH_OFF: none: every packet passes the stack's prerouting
 * @LBVS_FAST_PATH_ON: those of known connections (the default). What their first
 *	packet has passed, the rest of a connection passes by: routing rules,
 *	reverse-path filter, netfilter but for netdev ingress. Those that begin one,
 *	too, as long as the stack would deliver them here and nobody else has a
 *	netfilter hook at prerouting, input or postrouting.
 * @LBVS_FAST_PATH_ALL: all that begin a connection. They pass by the firewall: for
 *	directors that have it at netdev ingress.
 */
enum lbvs_fast_path {
	LBVS_FAST_PATH_OFF,
	LBVS_FAST_PATH_ON,
	LBVS_FAST_PATH_ALL,

	__LBVS_FAST_PATH_MAX
};

#define LBVS_FAST_PATH_MAX (__LBVS_FAST_PATH_MAX - 1)

/** LBVS_FAST_DEVICES_MAX: how many devices can be named for the fast path. */
#define LBVS_FAST_DEVICES_MAX	32

/**
 * enum lbvs_devices_attr - devices
 * @LBVS_DEVICES_A_NAME: string of 1 to 15 bytes; any number of them, up to
 *	%LBVS_FAST_DEVICES_MAX
 */
enum lbvs_devices_attr {
	LBVS_DEVICES_A_UNSPEC,
	LBVS_DEVICES_A_NAME,

	__LBVS_DEVICES_A_MAX
};

#define LBVS_DEVICES_A_MAX (__LBVS_DEVICES_A_MAX - 1)

/**
 * enum lbvs_transmit - how the fast path hands packets to a device
 * @LBVS_TRANSMIT_QUEUE: by its queueing discipline (the default)
 * @LBVS_TRANSMIT_DIRECT: past queueing discipline, tc, netfilter egress and
 *	packet taps, where a packet needs neither segmentation nor a checksum; what
 *	the device can't take at once is lost
 */
enum lbvs_transmit {
	LBVS_TRANSMIT_QUEUE,
	LBVS_TRANSMIT_DIRECT,

	__LBVS_TRANSMIT_MAX
};

#define LBVS_TRANSMIT_MAX (__LBVS_TRANSMIT_MAX - 1)

/**
 * enum lbvs_info_attr - the module and what it holds, in this namespace
 * @LBVS_INFO_A_VERSION: string
 * @LBVS_INFO_A_CONNS: u32, connections there are
 * @LBVS_INFO_A_SERVICES: u32
 * @LBVS_INFO_A_REALS: u32
 * @LBVS_INFO_A_BUCKETS: u32, of the connection tables, both families
 * @LBVS_INFO_A_CONN_BYTES: u32, one IPv4 nat connection, table slots excluded
 * @LBVS_INFO_A_SCHEDULERS: string, the names with a blank between
 */
enum lbvs_info_attr {
	LBVS_INFO_A_UNSPEC,
	LBVS_INFO_A_VERSION,
	LBVS_INFO_A_CONNS,
	LBVS_INFO_A_SERVICES,
	LBVS_INFO_A_REALS,
	LBVS_INFO_A_BUCKETS,
	LBVS_INFO_A_CONN_BYTES,
	LBVS_INFO_A_SCHEDULERS,

	__LBVS_INFO_A_MAX
};

#define LBVS_INFO_A_MAX (__LBVS_INFO_A_MAX - 1)

/**
 * enum lbvs_stats_attr - counters, each a u64
 * @LBVS_STATS_A_CONNS: connections made
 * @LBVS_STATS_A_PKTS_IN: packets, client to real (segments, when offloads
 *	hand several over as one)
 * @LBVS_STATS_A_BYTES_IN: their bytes, from the IP header on
 * @LBVS_STATS_A_PKTS_OUT: packets, real to client
 * @LBVS_STATS_A_BYTES_OUT: their bytes
 * @LBVS_STATS_A_PAD: alignment
 */
enum lbvs_stats_attr {
	LBVS_STATS_A_UNSPEC,
	LBVS_STATS_A_CONNS,
	LBVS_STATS_A_PKTS_IN,
	LBVS_STATS_A_BYTES_IN,
	LBVS_STATS_A_PKTS_OUT,
	LBVS_STATS_A_BYTES_OUT,
	LBVS_STATS_A_PAD,

	__LBVS_STATS_A_MAX
};

#define LBVS_STATS_A_MAX (__LBVS_STATS_A_MAX - 1)

/**
 * enum lbvs_drop - why a packet wasn't passed on
 * @LBVS_DROP_NONE: never counted
 * @LBVS_DROP_NO_REAL: the service has no real that takes new connections; the
 *	client got an ICMP port unreachable
 * @LBVS_DROP_CONN_LIMIT: the namespace's connection limit is reached
 * @LBVS_DROP_NO_MEMORY: no memory for a connection or a packet
 * @LBVS_DROP_CLASH: every real has a connection already whose replies would
 *	look like those of this new one
 * @LBVS_DROP_TCP_UNKNOWN: TCP in mid-stream without a connection; dropped or
 *	answered by a RST as set
 * @LBVS_DROP_NO_ROUTE: no route to the real, or to the client
 * @LBVS_DROP_TTL: its TTL or hop limit ran out here; an ICMP told the sender
 * @LBVS_DROP_TOO_BIG: larger than the path takes, and not to be fragmented; an
 *	ICMP told the sender
 * @LBVS_DROP_LOOP: the chosen real is the address that the packet came for, or
 *	the director that it came from; or the packet comes from the very VIP
 *	(a client on the director that is bound to it), which a real that is
 *	reached by dr or tunnel has, too
 * @LBVS_DROP_GATEWAY: the real is to be reached by its hardware address (dr),
 *	but its route leads through a gateway
 * @LBVS_DROP_LRO: a device has merged packets in a way that can't be undone:
 *	turn its large-receive-offload off
 * @LBVS_DROP_POLICY: an IPsec policy doesn't let it pass
 * @LBVS_DROP_BUSY: the device couldn't take it, and past its queue nothing waits
 */
enum lbvs_drop {
	LBVS_DROP_NONE,
	LBVS_DROP_NO_REAL,
	LBVS_DROP_CONN_LIMIT,
	LBVS_DROP_NO_MEMORY,
	LBVS_DROP_CLASH,
	LBVS_DROP_TCP_UNKNOWN,
	LBVS_DROP_NO_ROUTE,
	LBVS_DROP_TTL,
	LBVS_DROP_TOO_BIG,
	LBVS_DROP_LOOP,
	LBVS_DROP_GATEWAY,
	LBVS_DROP_LRO,
	LBVS_DROP_POLICY,
	LBVS_DROP_BUSY,

	__LBVS_DROP_MAX
};

#define LBVS_DROP_MAX (__LBVS_DROP_MAX - 1)

/**
 * enum lbvs_fast - what the fast path did with a TCP or UDP packet from or to an
 *	address of ours. It passes on, or leaves to the stack; then the slow path
 *	decides, with the same result.
 * @LBVS_FAST_NONE: never counted
 * @LBVS_FAST_TAKEN: passed on
 * @LBVS_FAST_UNKNOWN: left: no connection is known for it, or it begins one
 * @LBVS_FAST_FRAGMENT: left: a fragment
 * @LBVS_FAST_HEADER: left: IPv4 options, IPv6 extension headers, headers that
 *	aren't as they should be, or an unsegmented packet of a tunnel that is to go
 *	into another one
 * @LBVS_FAST_DEVICE: left: for another host, tagged for a VLAN, or from a port
 *	of a bridge, a bond, a VRF or the like. Those devices hand it up again.
 * @LBVS_FAST_SHARED: left: somebody else has the packet, too
 * @LBVS_FAST_MARKED: left: another part of the stack has a claim on it (a socket,
 *	a route, IPsec)
 * @LBVS_FAST_TRACKED: left: conntrack is to see it
 * @LBVS_FAST_TTL: left: its TTL runs out here
 * @LBVS_FAST_TOO_BIG: left: too big for its path
 * @LBVS_FAST_ROUTE: left: there is no route, or one that has to be taken by the
 *	stack
 * @LBVS_FAST_LOCAL: left: it goes to this host
 * @LBVS_FAST_NEIGHBOUR: left: the next hop's hardware address isn't known
 * @LBVS_FAST_POLICY: left: the namespace has IPsec policies
 * @LBVS_FAST_NO_MEMORY: left: no room for its headers
 */
enum lbvs_fast {
	LBVS_FAST_NONE,
	LBVS_FAST_TAKEN,
	LBVS_FAST_UNKNOWN,
	LBVS_FAST_FRAGMENT,
	LBVS_FAST_HEADER,
	LBVS_FAST_DEVICE,
	LBVS_FAST_SHARED,
	LBVS_FAST_MARKED,
	LBVS_FAST_TRACKED,
	LBVS_FAST_TTL,
	LBVS_FAST_TOO_BIG,
	LBVS_FAST_ROUTE,
	LBVS_FAST_LOCAL,
	LBVS_FAST_NEIGHBOUR,
	LBVS_FAST_POLICY,
	LBVS_FAST_NO_MEMORY,

	__LBVS_FAST_MAX
};

#define LBVS_FAST_MAX (__LBVS_FAST_MAX - 1)

#endif /* _UAPI_LINUX_LBVS_H */
