// SPDX-License-Identifier: GPL-2.0
/*
 * The operators' words for the kernel interface's numbers.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lbctl.h"
#include "names.h"

static const char *const states[] = {
	[LBVS_STATE_TCP_SYN_SENT] = "tcp-syn-sent",
	[LBVS_STATE_TCP_SYN_RECV] = "tcp-syn-recv",
	[LBVS_STATE_TCP_ESTABLISHED] = "tcp-established",
	[LBVS_STATE_TCP_FIN_WAIT] = "tcp-fin-wait",
	[LBVS_STATE_TCP_CLOSE_WAIT] = "tcp-close-wait",
	[LBVS_STATE_TCP_LAST_ACK] = "tcp-last-ack",
	[LBVS_STATE_TCP_TIME_WAIT] = "tcp-time-wait",
	[LBVS_STATE_TCP_CLOSE] = "tcp-close",
	[LBVS_STATE_UDP_NEW] = "udp-new",
	[LBVS_STATE_UDP] = "udp",
};

static const char *const real_states[] = {
	[LBVS_REAL_UP] = "up",
	[LBVS_REAL_DRAIN] = "drain",
	[LBVS_REAL_DOWN] = "down",
};

static const char *const methods[] = {
	[LBVS_METHOD_NAT] = "nat",
	[LBVS_METHOD_DR] = "dr",
	[LBVS_METHOD_TUNNEL] = "tunnel",
};

static const char *const encaps[] = {
	[LBVS_ENCAP_IPIP] = "ipip",
	[LBVS_ENCAP_GUE] = "gue",
	[LBVS_ENCAP_GRE] = "gre",
};

static const char *const on_removes[] = {
	[LBVS_ON_REMOVE_DEFAULT] = "default",
	[LBVS_ON_REMOVE_KEEP] = "keep",
	[LBVS_ON_REMOVE_CLOSE] = "close",
};

static const char *const tcp_unknowns[] = {
	[LBVS_TCP_UNKNOWN_RESET] = "reset",
	[LBVS_TCP_UNKNOWN_DROP] = "drop",
	[LBVS_TCP_UNKNOWN_LOCAL] = "local",
};

static const char *const tunnel_dfs[] = {
	[LBVS_TUNNEL_DF_INHERIT] = "inherit",
	[LBVS_TUNNEL_DF_NEVER] = "never",
};

static const char *const fast_paths[] = {
	[LBVS_FAST_PATH_OFF] = "off",
	[LBVS_FAST_PATH_ON] = "on",
	[LBVS_FAST_PATH_ALL] = "all",
};

static const char *const transmits[] = {
	[LBVS_TRANSMIT_QUEUE] = "queue",
	[LBVS_TRANSMIT_DIRECT] = "direct",
};

static const char *const families[] = { [AF_INET] = "inet", [AF_INET6] = "inet6" };

static const char *const switches[] = { "off", "on" };

static const char *const drops[] = {
	[LBVS_DROP_NO_REAL] = "no_real",
	[LBVS_DROP_CONN_LIMIT] = "conn_limit",
	[LBVS_DROP_NO_MEMORY] = "no_memory",
	[LBVS_DROP_CLASH] = "clash",
	[LBVS_DROP_TCP_UNKNOWN] = "tcp_unknown",
	[LBVS_DROP_NO_ROUTE] = "no_route",
	[LBVS_DROP_TTL] = "ttl",
	[LBVS_DROP_TOO_BIG] = "too_big",
	[LBVS_DROP_LOOP] = "loop",
	[LBVS_DROP_GATEWAY] = "gateway",
	[LBVS_DROP_LRO] = "lro",
	[LBVS_DROP_POLICY] = "policy",
	[LBVS_DROP_BUSY] = "busy",
};

static const char *const drop_meanings[] = {
	[LBVS_DROP_NO_REAL] = "no real of the service takes connections; see weights, states",
	[LBVS_DROP_CONN_LIMIT] = "the connection limit is reached; 'set conn-limit' raises it",
	[LBVS_DROP_NO_MEMORY] = "the kernel had no memory for a connection or a packet",
	[LBVS_DROP_CLASH] = "every real has a connection whose replies would look the same",
	[LBVS_DROP_TCP_UNKNOWN] = "TCP in mid-stream that no connection is known for",
	[LBVS_DROP_NO_ROUTE] = "no route to the real, or back to the client",
	[LBVS_DROP_TTL] = "its TTL or hop limit ran out here",
	[LBVS_DROP_TOO_BIG] = "larger than the path takes, and not to be fragmented",
	[LBVS_DROP_LOOP] = "the chosen real is where the packet came from, or was for already",
	[LBVS_DROP_GATEWAY] = "a dr real behind a gateway; it must be on a LAN of the director",
	[LBVS_DROP_LRO] = "merged by a device for good; 'ethtool -K DEVICE lro off' ends that",
	[LBVS_DROP_POLICY] = "an IPsec policy doesn't let it pass; see 'ip xfrm policy'",
	[LBVS_DROP_BUSY] = "the device was busy; 'lbctl set transmit queue' lets packets wait",
};

static const char *const fates[] = {
	[LBVS_FAST_TAKEN] = "taken",
	[LBVS_FAST_UNKNOWN] = "unknown",
	[LBVS_FAST_FRAGMENT] = "fragment",
	[LBVS_FAST_HEADER] = "header",
	[LBVS_FAST_DEVICE] = "device",
	[LBVS_FAST_SHARED] = "shared",
	[LBVS_FAST_MARKED] = "marked",
	[LBVS_FAST_TRACKED] = "tracked",
	[LBVS_FAST_TTL] = "ttl",
	[LBVS_FAST_TOO_BIG] = "too_big",
	[LBVS_FAST_ROUTE] = "route",
	[LBVS_FAST_LOCAL] = "local",
	[LBVS_FAST_NEIGHBOUR] = "neighbour",
	[LBVS_FAST_POLICY] = "policy",
	[LBVS_FAST_NO_MEMORY] = "no_memory",
};

static const char *const fate_meanings[] = {
	[LBVS_FAST_TAKEN] = "passed on as soon as their device handed them up",
	[LBVS_FAST_UNKNOWN] = "left: of no known connection, or the first of one",
	[LBVS_FAST_FRAGMENT] = "left: fragments, which are put together first",
	[LBVS_FAST_HEADER] = "left: IPv4 options, IPv6 extension headers, or broken headers",
	[LBVS_FAST_DEVICE] = "left: to another host, or a VLAN, bridge, bond or VRF has its turn",
	[LBVS_FAST_SHARED] = "left: somebody else holds the packet, too, such as pktgen",
	[LBVS_FAST_MARKED] = "left: a socket, a tunnel or IPsec has a claim on the packet",
	[LBVS_FAST_TRACKED] = "left: conntrack is to see it; see 'set conntrack'",
	[LBVS_FAST_TTL] = "left: its TTL or hop limit runs out here",
	[LBVS_FAST_TOO_BIG] = "left: larger than the path takes",
	[LBVS_FAST_ROUTE] = "left: no route, or one that only the stack can take",
	[LBVS_FAST_LOCAL] = "left: this machine itself is where it goes",
	[LBVS_FAST_NEIGHBOUR] = "left: the next hop's hardware address isn't known yet",
	[LBVS_FAST_POLICY] = "left: there are IPsec policies; see 'ip xfrm policy'",
	[LBVS_FAST_NO_MEMORY] = "left: no room in the packet for the headers of its way out",
};

static const char *const flags[] = { "one-packet", "adopt" };

static const char *const counters[] = {
	[LBVS_STATS_A_CONNS] = "connections",
	[LBVS_STATS_A_PKTS_IN] = "packets_in",
	[LBVS_STATS_A_BYTES_IN] = "bytes_in",
	[LBVS_STATS_A_PKTS_OUT] = "packets_out",
	[LBVS_STATS_A_BYTES_OUT] = "bytes_out",
};

const struct names state_names = { "state", states, ARRAY_SIZE(states) };
const struct names real_state_names = { "state", real_states, ARRAY_SIZE(real_states) };
const struct names method_names = { "method", methods, ARRAY_SIZE(methods) };
const struct names encap_names = { "encap", encaps, ARRAY_SIZE(encaps) };
const struct names on_remove_names = { "on_remove", on_removes, ARRAY_SIZE(on_removes) };
const struct names tcp_unknown_names = { "tcp_unknown", tcp_unknowns, ARRAY_SIZE(tcp_unknowns) };
const struct names tunnel_df_names = { "tunnel_df", tunnel_dfs, ARRAY_SIZE(tunnel_dfs) };
const struct names fast_path_names = { "fast_path", fast_paths, ARRAY_SIZE(fast_paths) };
const struct names transmit_names = { "transmit", transmits, ARRAY_SIZE(transmits) };
const struct names family_names = { "family", families, ARRAY_SIZE(families) };
const struct names switch_names = { "switch", switches, ARRAY_SIZE(switches) };
const struct names flag_names = { "flag", flags, ARRAY_SIZE(flags) };
const struct names drop_names = { "drop", drops, ARRAY_SIZE(drops) };
const struct names fate_names = { "fate", fates, ARRAY_SIZE(fates) };
const struct names counter_names = { "counter", counters, ARRAY_SIZE(counters) };

const char *name_of(const struct names *names, unsigned int value, char room[NAME_ROOM])
{
	if (value < names->count && names->word[value])
		return names->word[value];
	snprintf(room, NAME_ROOM, "%s_%u", names->noun, value);
	return room;
}

int name_value(const struct names *names, const char *word, size_t len)
{
	for (unsigned int i = 0; i < names->count; i++)
		if (names->word[i] && strlen(names->word[i]) == len &&
		    !memcmp(names->word[i], word, len))
			return i;
	return -1;
}

const char *name_list(const struct names *names, const char *between, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < names->count && len < size; i++)
		if (names->word[i])
			len += snprintf(buf + len, size - len, "%s%s", len ? between : "",
					names->word[i]);
	return buf;
}

const char *drop_meaning(unsigned int reason)
{
	return reason < ARRAY_SIZE(drop_meanings) && drop_meanings[reason] ?
		drop_meanings[reason] : "a reason that this lbctl doesn't know";
}

const char *fate_meaning(unsigned int fate)
{
	return fate < ARRAY_SIZE(fate_meanings) && fate_meanings[fate] ?
		fate_meanings[fate] : "something that this lbctl doesn't know";
}
