// SPDX-License-Identifier: GPL-2.0
/*
 * The parser of lbctl's words under libFuzzer. An input is a line as it stands in a
 * rules file or, if its first byte is a NUL, words with NULs between, as a shell hands
 * them over. fuzz_one() is to be compiled under the name that libFuzzer calls.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../format.h"
#include "../grammar.h"
#include "../parse.h"

#define WORDS 64

#define CHECK(cond, ...) \
	do { \
		if (!(cond)) { \
			printf("%s:%d: %s is not true: ", __FILE__, __LINE__, #cond); \
			printf(__VA_ARGS__); \
			printf("\n"); \
			abort(); \
		} \
	} while (0)

/* Instead of the C library's, which would read a file each time. */
int fuzz_getservbyname_r(const char *name, const char *protocol, struct servent *entry,
			 char *room, size_t size, struct servent **found)
{
	(void)protocol;
	(void)room;
	(void)size;
	*found = strcmp(name, "http") ? NULL : entry;
	entry->s_port = htons(80);
	return 0;
}

static int split_nul(char *bytes, size_t size, const char **words)
{
	int count = 0;
	size_t at;

	for (at = 0; at < size && count < WORDS; at += strlen(bytes + at) + 1)
		words[count++] = bytes + at;
	return count;
}

/* An address is one, and what is printed of it is understood as the same. */
static void check_address(const struct address *address, u16 port)
{
	char text[ENDPOINT_ROOM];
	struct parse_error error;
	struct address again;
	u16 port_again;

	CHECK(address->family == AF_INET || address->family == AF_INET6, "family %u",
	      address->family);
	format_endpoint(address, port, text);
	CHECK(!parse_endpoint(text, "tcp", &again, &port_again, &error), "%s: %s", text,
	      error.text);
	CHECK(!memcmp(&again, address, sizeof(again)) && port_again == port,
	      "%s is not understood as it was meant", text);
}

static void check_prefix(const struct command *cmd)
{
	unsigned int max = cmd->client.family == AF_INET ? 32 : 128;
	char text[INET6_ADDRSTRLEN + 4], address[INET6_ADDRSTRLEN];
	struct parse_error error;
	struct address again;
	u8 length;

	check_address(&cmd->client, 0);
	CHECK(cmd->client_prefix <= max, "prefix length %u", cmd->client_prefix);
	snprintf(text, sizeof(text), "%s/%u", format_address(&cmd->client, address),
		 cmd->client_prefix);
	CHECK(!parse_prefix(text, &again, &length, &error), "%s: %s", text, error.text);
	CHECK(!memcmp(&again, &cmd->client, sizeof(again)) && length == cmd->client_prefix,
	      "%s is not understood as it was meant", text);
}

static void check_service(const struct service_id *id)
{
	if (id->mark) {
		CHECK(!id->protocol && !id->port, "a mark and a port %u", id->port);
		CHECK(id->address.family == AF_INET || id->address.family == AF_INET6,
		      "family %u", id->address.family);
		return;
	}
	CHECK(id->protocol == IPPROTO_TCP || id->protocol == IPPROTO_UDP, "protocol %u",
	      id->protocol);
	CHECK(id->port, "no port");
	check_address(&id->address, id->port);
}

static void check_timeouts(const struct timeouts *timeouts)
{
	for (int i = 0; i <= LBVS_STATE_MAX; i++)
		CHECK(timeouts->seconds[i] <= LBVS_TIMEOUT_MAX &&
		      (timeouts->given & 1U << i || !timeouts->seconds[i]),
		      "timeout %u of state %d", timeouts->seconds[i], i);
	CHECK(!(timeouts->given & ~((2U << LBVS_STATE_MAX) - 2)), "states %x", timeouts->given);
}

static void check_numbers(const struct command *cmd)
{
	CHECK(cmd->method <= LBVS_METHOD_MAX, "method %u", cmd->method);
	CHECK(cmd->encap <= LBVS_ENCAP_MAX, "encapsulation %u", cmd->encap);
	CHECK(cmd->state <= LBVS_REAL_STATE_MAX, "state %u", cmd->state);
	CHECK(cmd->on_remove <= LBVS_ON_REMOVE_MAX, "on-remove %u", cmd->on_remove);
	CHECK(cmd->tcp_unknown <= LBVS_TCP_UNKNOWN_MAX, "tcp-unknown %u", cmd->tcp_unknown);
	CHECK(cmd->tunnel_df <= LBVS_TUNNEL_DF_MAX, "tunnel-df %u", cmd->tunnel_df);
	CHECK(cmd->fast_path <= LBVS_FAST_PATH_MAX, "fast-path %u", cmd->fast_path);
	CHECK(cmd->transmit <= LBVS_TRANSMIT_MAX, "transmit %u", cmd->transmit);
	CHECK(cmd->conntrack <= 1 && cmd->encap_csum <= 1, "a switch");
	CHECK(cmd->weight <= LBVS_WEIGHT_MAX, "weight %u", cmd->weight);
	CHECK(cmd->mss <= 65535 && cmd->encap_port <= 65535, "MSS %u, port %u", cmd->mss,
	      cmd->encap_port);
	CHECK(cmd->conn_limit <= LBVS_CONN_LIMIT_MAX, "limit %u", cmd->conn_limit);
	CHECK(!(cmd->flags & ~cmd->flags_mask) && !(cmd->flags_mask & ~LBVS_SVC_F_ALL),
	      "flags %x of %x", cmd->flags, cmd->flags_mask);
	check_timeouts(&cmd->timeouts);
}

static void check_devices(const struct command *cmd)
{
	const char *device;
	u32 at = 0, count = 0;

	while ((device = command_device(cmd, &at))) {
		CHECK(*device && strlen(device) < DEVICE_ROOM, "device '%s'", device);
		count++;
	}
	CHECK(count <= LBVS_FAST_DEVICES_MAX, "%u devices", count);
}

static void check_vips(const struct command *cmd)
{
	struct parse_error error;
	struct address address;

	CHECK(!given(cmd, ARG_VIPS) == !cmd->num_vips, "%u VIPs", cmd->num_vips);
	for (u32 i = 0; i < cmd->num_vips; i++)
		CHECK(!parse_vip(cmd->vips[i], &address, &error), "%s", error.text);
}

static void check_command(const struct command *cmd)
{
	if (given(cmd, ARG_SERVICE))
		check_service(&cmd->service);
	if (given(cmd, ARG_REAL))
		check_address(&cmd->real, cmd->real_port);
	if (given(cmd, ARG_CLIENT))
		check_prefix(cmd);
	check_numbers(cmd);
	check_devices(cmd);
	check_vips(cmd);
	for (int i = 0; i < ARG_COUNT; i++)
		CHECK(cmd->arg[i].first || !cmd->arg[i].second, "argument %d", i);
}

int fuzz_one(const u8 *data, size_t size)
{
	const char *words[WORDS];
	struct parse_error error;
	struct command cmd;
	char *copy;
	int count;

	copy = malloc(size + 1);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	if (size && !data[0])
		count = split_nul(copy + 1, size - 1, words);
	else
		count = parse_split(copy, words, WORDS);
	if (count > 0) {
		memset(&error, 0x5a, sizeof(error));
		if (!parse_command(count, words, &cmd, &error)) {
			CHECK(cmd.verb, "no verb");
			check_command(&cmd);
		} else {
			CHECK(memchr(error.text, '\0', sizeof(error.text)) && error.text[0],
			      "nothing is said");
		}
	}
	free(copy);
	return 0;
}
