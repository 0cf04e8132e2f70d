// SPDX-License-Identifier: GPL-2.0
/*
 * The verbs and their options: what parse.c accepts is what help.c shows.
 */
#include <stdio.h>
#include <string.h>

#include "grammar.h"
#include "lbctl.h"

#define REAL_SIDE_NOTES \
	"Run it on the real server (or in its network namespace: ip netns exec). It needs\n" \
	"no module of lbvs. A VIP is an address without a port.\n"

const struct verb verbs[VERB_COUNT] = {
	[VERB_ADD_SERVICE] = {
		.name = "add-service", .operands = OPERAND_SERVICE,
		.options = OPTIONS_SERVICE, .traits = VERB_IS_LINE,
		.synopsis = "SERVICE [OPTION]...",
		.summary = "make a service that clients can connect to",
		.examples = "lbctl add-service tcp 192.0.2.10:80 --scheduler wlc\n"
			    "lbctl add-service udp [2001:db8::1]:53 --one-packet\n"
			    "lbctl add-service fwmark 7 --timeout tcp-established=900\n",
	},
	[VERB_EDIT_SERVICE] = {
		.name = "edit-service", .operands = OPERAND_SERVICE,
		.options = OPTIONS_SERVICE | OPTIONS_SERVICE_EDIT,
		.traits = VERB_IS_LINE | VERB_NEEDS_CHANGE,
		.synopsis = "SERVICE OPTION...",
		.summary = "change a service; what isn't named stays as it is",
		.notes = "--timeout STATE=0 gives the namespace's value back.",
		.examples = "lbctl edit-service tcp 192.0.2.10:80 --scheduler rr\n"
			    "lbctl edit-service tcp 192.0.2.10:80 --no-adopt --timeout tcp-established=0\n",
	},
	[VERB_DEL_SERVICE] = {
		.name = "del-service", .operands = OPERAND_SERVICE, .traits = VERB_IS_LINE,
		.synopsis = "SERVICE",
		.summary = "delete a service and its reals",
		.examples = "lbctl del-service tcp 192.0.2.10:80\n",
	},
	[VERB_ADD_REAL] = {
		.name = "add-real", .operands = OPERAND_SERVICE | OPERAND_REAL,
		.options = OPTIONS_REAL, .traits = VERB_IS_LINE,
		.synopsis = "SERVICE REAL [OPTION]...",
		.summary = "give a service one more real server",
		.examples =
			"lbctl add-real tcp 192.0.2.10:80 10.0.0.11:8080 --method nat --weight 2\n"
			    "lbctl add-real tcp [2001:db8::1]:80 2001:db8:1::11 --method dr\n"
			    "lbctl add-real udp 192.0.2.10:53 2001:db8:2::7 --method tunnel --encap gue\n"
			    "lbctl add-real fwmark 7 10.0.0.11\n",
	},
	[VERB_EDIT_REAL] = {
		.name = "edit-real", .operands = OPERAND_SERVICE | OPERAND_REAL,
		.options = OPTIONS_REAL, .traits = VERB_IS_LINE | VERB_NEEDS_CHANGE,
		.synopsis = "SERVICE REAL OPTION...",
		.summary = "change a real; what isn't named stays as it is",
		.examples = "lbctl edit-real tcp 192.0.2.10:80 10.0.0.11:8080 --weight 5\n"
			    "lbctl edit-real tcp 192.0.2.10:80 10.0.0.11:8080 --state drain\n",
	},
	[VERB_DEL_REAL] = {
		.name = "del-real", .operands = OPERAND_SERVICE | OPERAND_REAL,
		.traits = VERB_IS_LINE,
		.synopsis = "SERVICE REAL",
		.summary =
			"take a real from a service; --on-remove of the service says what becomes of its connections",
		.examples = "lbctl del-real tcp 192.0.2.10:80 10.0.0.11:8080\n",
	},
	[VERB_LIST] = {
		.name = "list", .operands = OPERAND_SERVICE_MAYBE,
		.synopsis = "[SERVICE]",
		.summary = "services and their reals, with counters",
		.examples = "lbctl list\n"
			    "lbctl list tcp 192.0.2.10:80\n"
			    "lbctl --json list\n",
	},
	[VERB_SHOW] = {
		.name = "show", .operands = OPERAND_SERVICE,
		.synopsis = "SERVICE",
		.summary = "everything about one service",
		.examples = "lbctl show tcp 192.0.2.10:80\n",
	},
	[VERB_CONNECTIONS] = {
		.name = "connections", .operands = OPERAND_SERVICE_MAYBE,
		.options = OPTIONS_FILTER,
		.synopsis = "[SERVICE] [FILTER]...",
		.summary = "connections, as they are read from the kernel",
		.examples = "lbctl connections\n"
			    "lbctl connections tcp 192.0.2.10:80 --client 198.51.100.0/24\n"
			    "lbctl connections --real 10.0.0.11:8080 --json\n",
	},
	[VERB_DEL_CONNECTION] = {
		.name = "del-connection", .operands = OPERAND_SERVICE_MAYBE,
		.options = OPTIONS_FILTER | OPTIONS_ALL, .traits = VERB_NEEDS_FILTER,
		.synopsis = "[SERVICE] [FILTER]... | --all",
		.summary = "forget connections and say how many they were",
		.examples = "lbctl del-connection --client 198.51.100.7\n"
			    "lbctl del-connection tcp 192.0.2.10:80 --real 10.0.0.11\n"
			    "lbctl del-connection --all\n",
	},
	[VERB_STATS] = {
		.name = "stats", .options = OPTIONS_STATS,
		.synopsis = "[--per-cpu]",
		.summary = "totals, drops by reason, and what there is against the limits",
		.examples = "lbctl stats\n"
			    "lbctl stats --per-cpu --json\n",
	},
	[VERB_ZERO] = {
		.name = "zero", .operands = OPERAND_SERVICE_MAYBE, .traits = VERB_IS_LINE,
		.synopsis = "[SERVICE]",
		.summary = "let a service's counters, or all counters, begin at 0 again",
		.examples = "lbctl zero\n"
			    "lbctl zero tcp 192.0.2.10:80\n",
	},
	[VERB_FLUSH] = {
		.name = "flush", .traits = VERB_IS_LINE,
		.synopsis = "",
		.summary = "delete every service, real and connection; settings stay",
		.examples = "lbctl flush\n",
	},
	[VERB_SETTINGS] = {
		.name = "settings",
		.synopsis = "",
		.summary = "the settings of this network namespace",
		.examples = "lbctl settings\n",
	},
	[VERB_SET] = {
		.name = "set", .operands = OPERAND_SETTING, .traits = VERB_IS_LINE,
		.synopsis = "SETTING VALUE | timeout STATE SECONDS |\n"
			    "       fast-path on|off|all [DEVICE]...",
		.summary = "change a setting of this network namespace",
		.notes =
			"conn-limit: no more connections than this. tcp-unknown reset|drop|local: what is\n"
			 "done with a TCP packet in mid-stream that no connection is known for.\n"
			 "tunnel-df inherit|never: whether a tunnel's outer packet must stay whole: when\n"
			 "the inner one must, or never. conntrack on|off: whether connections by nat have\n"
			 "conntrack entries. timeout: how long a connection without packets is kept, where\n"
			 "its service says nothing else.\n\n"
			 "fast-path on|off|all [DEVICE]...: which packets are passed on as soon as an Ethernet\n"
			 "device hands them up. on: those of known connections, and those that begin one unless\n"
			 "your firewall has a chain that would see them. all: whatever it has; YOUR FIREWALL\n"
			 "DOESN'T SEE THEM, but for chains at netdev ingress. With devices, only what these\n"
			 "hand up; without, all do. Devices alone mean 'on'. A device with a name such as\n"
			 "'off' is written 'dev off'.\n"
			 "transmit queue|direct: how the fast path hands packets to a device. direct: past\n"
			 "queueing discipline, tc egress and tcpdump; what the device can't take is lost.",
		.examples = "lbctl set conn-limit 2000000\n"
			    "lbctl set tcp-unknown drop\n"
			    "lbctl set tunnel-df never\n"
			    "lbctl set conntrack on\n"
			    "lbctl set fast-path off\n"
			    "lbctl set fast-path eth0 eth1\n"
			    "lbctl set fast-path all eth0\n"
			    "lbctl set transmit direct\n"
			    "lbctl set timeout tcp-established 900\n",
	},
	[VERB_REAL_SETUP] = {
		.name = "real-setup", .operands = OPERAND_METHOD | OPERAND_VIPS,
		.options = OPTIONS_REAL_SIDE | OPTIONS_REAL_CHANGE | OPTIONS_REAL_SETUP,
		.traits = VERB_NO_JSON,
		.synopsis = "dr|tunnel VIP... [OPTION]...",
		.summary = "make this machine a real server of these VIPs, for dr or tunnel",
		.notes = REAL_SIDE_NOTES
			 "Each change is shown before it's made, as the command that makes it.",
		.examples = "lbctl real-setup dr 192.0.2.10 2001:db8::1\n"
			    "lbctl real-setup dr 192.0.2.10 --dry-run\n"
			    "lbctl real-setup tunnel 192.0.2.10 --encap gue --device dummy0\n"
			    "lbctl real-setup tunnel 2001:db8::1 --outer inet --persist\n",
	},
	[VERB_REAL_TEARDOWN] = {
		.name = "real-teardown", .operands = OPERAND_METHOD | OPERAND_VIPS,
		.options = OPTIONS_REAL_SIDE | OPTIONS_REAL_CHANGE, .traits = VERB_NO_JSON,
		.synopsis = "dr|tunnel VIP... [OPTION]...",
		.summary = "undo real-setup; sysctls, and what other VIPs need, stay",
		.notes = REAL_SIDE_NOTES
			 "Give it the options that real-setup was given.",
		.examples = "lbctl real-teardown dr 192.0.2.10 2001:db8::1\n"
			    "lbctl real-teardown tunnel 192.0.2.10 --encap gue --device dummy0\n",
	},
	[VERB_CHECK_REAL] = {
		.name = "check-real", .operands = OPERAND_METHOD | OPERAND_VIPS,
		.options = OPTIONS_REAL_SIDE,
		.synopsis = "dr|tunnel VIP... [OPTION]...",
		.summary = "is this machine a good real server of these VIPs?",
		.notes = REAL_SIDE_NOTES
			 "The exit code is 0 when it is and 1 when it isn't. It says what is wrong, why, and how to mend it.",
		.examples = "lbctl check-real dr 192.0.2.10 2001:db8::1\n"
			    "lbctl check-real tunnel 192.0.2.10 --encap gue\n"
			    "lbctl --json check-real dr 192.0.2.10\n",
	},
	[VERB_SAVE] = {
		.name = "save", .traits = VERB_NO_JSON,
		.synopsis = "",
		.summary = "print the verbs that build what there is, a line each, for restore",
		.examples = "lbctl save > lbvs.new && mv lbvs.new /etc/lbvs/lbvs.rules\n",
	},
	[VERB_RESTORE] = {
		.name = "restore", .operands = OPERAND_FILE_MAYBE,
		.options = OPTIONS_RESTORE, .traits = VERB_NO_JSON,
		.synopsis = "[FILE|-] [--replace]",
		.summary =
			"do what the lines of a file say: verbs as on the command line, without 'lbctl'",
		.notes =
			"The whole file is read and understood before anything is sent. Blank lines, and\n"
			 "what follows a '#' at a line's start or after a blank, are skipped. It ends at the\n"
			 "first line that the kernel refuses; the lines before it are in force.\n"
			 "With --replace, what is there already becomes what its line says, with the\n"
			 "defaults for what the line leaves out; services and reals without a line are\n"
			 "deleted in the end. Settings without a line stay.",
		.examples = "lbctl restore /etc/lbvs/lbvs.rules\n"
			    "lbctl restore --replace /etc/lbvs/lbvs.rules\n"
			    "lbctl save | ip netns exec other lbctl restore --replace\n",
	},
	[VERB_VERSION] = {
		.name = "version",
		.synopsis = "",
		.summary = "lbctl's version, the module's, and what the module can do",
		.examples = "lbctl version\n",
	},
	[VERB_HELP] = {
		.name = "help", .operands = OPERAND_VERB_MAYBE, .traits = VERB_NO_JSON,
		.synopsis = "[VERB]",
		.summary = "the verbs, or all about one",
		.examples = "lbctl help add-real\n",
	},
};

#define STATE_IS_SECONDS "STATE=SECONDS"

const struct option options[OPTION_COUNT] = {
	[OPTION_SCHEDULER] = { "--scheduler", OPTION_SCHEDULER, OPTIONS_SERVICE,
		"rr|wrr|lc|wlc", "who gets the next connection (wlc)" },
	[OPTION_ONE_PACKET] = { "--one-packet", OPTION_ONE_PACKET, OPTIONS_SERVICE,
		NULL, "UDP: each packet by itself, no connection kept" },
	[OPTION_NO_ONE_PACKET] = { "--no-one-packet", OPTION_NO_ONE_PACKET, OPTIONS_SERVICE_EDIT,
		NULL, "takes --one-packet back" },
	[OPTION_ADOPT] = { "--adopt", OPTION_ADOPT, OPTIONS_SERVICE,
		NULL, "TCP: schedule a connection met in mid-stream, too" },
	[OPTION_NO_ADOPT] = { "--no-adopt", OPTION_NO_ADOPT, OPTIONS_SERVICE_EDIT,
		NULL, "takes --adopt back" },
	[OPTION_ON_REMOVE] = { "--on-remove", OPTION_ON_REMOVE, OPTIONS_SERVICE,
		"default|keep|close",
		"connections of a removed or downed real (default: keep TCP, close UDP)",
	},
	[OPTION_MSS] = { "--mss", OPTION_MSS, OPTIONS_SERVICE,
		"88..65535",
		"nat: the largest TCP segment that either side may announce (0: as they like)",
	},
	[OPTION_TIMEOUT] = { "--timeout", OPTION_TIMEOUT, OPTIONS_SERVICE,
		STATE_IS_SECONDS,
		"how long an idle connection in that state is kept; once for each state",
	},
	[OPTION_METHOD] = { "--method", OPTION_METHOD, OPTIONS_REAL,
		"nat|dr|tunnel", "how packets get to the real (nat)" },
	[OPTION_ENCAP] = { "--encap", OPTION_ENCAP, OPTIONS_REAL | OPTIONS_REAL_SIDE,
		"ipip|gue|gre", "tunnel: what a packet is wrapped in (ipip)" },
	[OPTION_ENCAP_PORT] = { "--encap-port", OPTION_ENCAP_PORT,
		OPTIONS_REAL | OPTIONS_REAL_SIDE,
		"1..65535", "gue: the UDP port that the real unwraps (6080)" },
	[OPTION_ENCAP_CSUM] = { "--encap-csum", OPTION_ENCAP_CSUM, OPTIONS_REAL,
		"on|off", "gue: a checksum in the outer UDP header (off)" },
	[OPTION_WEIGHT] = { "--weight", OPTION_WEIGHT, OPTIONS_REAL,
		"0..65535", "its share of new connections (1); 0: none" },
	[OPTION_STATE] = { "--state", OPTION_STATE, OPTIONS_REAL,
		"up|drain|down",
		"drain: no new connections; down: as --on-remove says for the old, too (up)",
	},
	[OPTION_CLIENT] = { "--client", OPTION_CLIENT, OPTIONS_FILTER,
		"ADDR[/LENGTH]", "of clients in this network" },
	[OPTION_REAL] = { "--real", OPTION_REAL, OPTIONS_FILTER,
		"ADDR[:PORT]", "on this real" },
	[OPTION_ALL] = { "--all", OPTION_ALL, OPTIONS_ALL,
		NULL, "all there are; in place of a filter" },
	[OPTION_PER_CPU] = { "--per-cpu", OPTION_PER_CPU, OPTIONS_STATS,
		NULL, "each CPU's counters, too" },
	[OPTION_REPLACE] = { "--replace", OPTION_REPLACE, OPTIONS_RESTORE,
		NULL, "delete what the file doesn't name; what is in both keeps its connections" },
	[OPTION_DEVICE] = { "--device", OPTION_DEVICE, OPTIONS_REAL_SIDE,
		"NAME", "the dummy device that holds the VIPs (lo)" },
	[OPTION_OUTER] = { "--outer", OPTION_OUTER, OPTIONS_REAL_SIDE,
		"inet|inet6",
		"tunnel: family of the address that the director has for this real (the VIP's)",
	},
	[OPTION_DRY_RUN] = { "--dry-run", OPTION_DRY_RUN, OPTIONS_REAL_CHANGE,
		NULL, "show the changes and make none" },
	[OPTION_PERSIST] = { "--persist", OPTION_PERSIST, OPTIONS_REAL_SETUP,
		NULL, "print files that do it at boot, and change nothing" },
};

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

const struct option *option_find(const struct verb *verb, const char *name, size_t len)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (options[i].groups & verb->options && strlen(options[i].name) == len &&
		    !memcmp(options[i].name, name, len))
			return &options[i];
	return NULL;
}

#define WORD_MAX 24

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

/* How many letters must be put in, taken out, changed or swapped with the next. */
static unsigned int distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int cost[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a_len; i++)
		cost[i][0] = i;
	for (size_t j = 0; j <= b_len; j++)
		cost[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			cost[i][j] = least(cost[i - 1][j] + 1, cost[i][j - 1] + 1,
					   cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost[i][j] = least(cost[i][j], cost[i - 2][j - 2] + 1, ~0U);
		}
	}
	return cost[a_len][b_len];
}

/* 0 is alike; the beginning of a word counts as nearly alike. */
static unsigned int unlikeness(const char *word, size_t len, const char *candidate)
{
	size_t candidate_len = strlen(candidate);

	if (len > WORD_MAX || candidate_len > WORD_MAX)
		return ~0U;
	if (len >= 3 && len < candidate_len && !memcmp(word, candidate, len))
		return 1;
	return distance(word, len, candidate, candidate_len);
}

/* More than this, or half the word, is no typing mistake. */
static bool is_near(unsigned int unlike, size_t len)
{
	return unlike <= 3 && unlike * 2 <= len;
}

const char *verb_nearest(const char *name)
{
	const char *nearest = NULL;
	unsigned int best = ~0U;

	for (size_t i = 0; i < VERB_COUNT; i++) {
		unsigned int unlike = unlikeness(name, strlen(name), verbs[i].name);

		if (unlike < best && is_near(unlike, strlen(name))) {
			best = unlike;
			nearest = verbs[i].name;
		}
	}
	return nearest;
}

const char *option_nearest(const struct verb *verb, const char *name, size_t len)
{
	const char *nearest = NULL;
	unsigned int best = ~0U;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		unsigned int unlike;

		if (!(options[i].groups & verb->options))
			continue;
		unlike = unlikeness(name, len, options[i].name);
		if (unlike < best && is_near(unlike, len)) {
			best = unlike;
			nearest = options[i].name;
		}
	}
	return nearest;
}
