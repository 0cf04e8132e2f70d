// SPDX-License-Identifier: GPL-2.0
/*
 * From words to a struct command. Nothing here talks to the kernel or prints.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "grammar.h"
#include "names.h"
#include "parse.h"

#define DEVICE_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

/* The words that are left, and where to complain. */
struct words {
	const char *const *word;
	int left;
	struct parse_error *error;
};

static __printf(2, 3) int fail(struct parse_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -1;
}

static const char *next(struct words *words)
{
	if (!words->left)
		return NULL;
	words->left--;
	return *words->word++;
}

/* A dash alone isn't one. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

int parse_number(const char *word, u32 min, u32 max, u32 *value)
{
	u64 sum = 0;

	if (!*word)
		return -1;
	for (; *word; word++) {
		if (*word < '0' || *word > '9')
			return -1;
		sum = sum * 10 + (*word - '0');
		if (sum > max)
			return -1;
	}
	if (sum < min)
		return -1;
	*value = sum;
	return 0;
}

/* Marks are written in hexadecimal by other tools. */
static int parse_mark(const char *word, u32 *mark)
{
	u64 sum = 0;

	if (strncmp(word, "0x", 2) && strncmp(word, "0X", 2))
		return parse_number(word, 1, UINT32_MAX, mark);
	for (word += 2; isxdigit((unsigned char)*word); word++) {
		sum = sum * 16 + (isdigit((unsigned char)*word) ? *word - '0' :
				  (*word | 0x20) - 'a' + 10);
		if (sum > UINT32_MAX)
			return -1;
	}
	if (*word || !sum)
		return -1;
	*mark = sum;
	return 0;
}

/* A number, or a name of /etc/services. */
static int parse_port(const char *word, const char *protocol, u16 *port)
{
	struct servent entry, *found = NULL;
	char room[1024];
	u32 number;

	if (!parse_number(word, 1, 65535, &number)) {
		*port = number;
		return 0;
	}
	if (!isalpha((unsigned char)*word))
		return -1;
	if (getservbyname_r(word, protocol, &entry, room, sizeof(room), &found) || !found)
		return -1;
	*port = ntohs(found->s_port);
	return 0;
}

static int parse_address(const char *text, size_t len, struct address *address)
{
	char copy[INET6_ADDRSTRLEN];

	if (len >= sizeof(copy))
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	memset(address, 0, sizeof(*address));
	address->family = memchr(text, ':', len) ? AF_INET6 : AF_INET;
	return inet_pton(address->family, copy, address->bytes) == 1 ? 0 : -1;
}

/* ADDR, ADDR:PORT, [ADDR] or [ADDR]:PORT: where the address is and the port begins. */
static const char *find_port(const char *word, const char **address, size_t *len)
{
	const char *end;

	*address = word;
	if (*word == '[') {
		end = strchr(word, ']');
		if (!end || (end[1] && end[1] != ':'))
			return NULL;
		*address = word + 1;
		*len = end - *address;
		return end + 1;
	}
	end = strchr(word, ':');
	if (!end || strchr(end + 1, ':'))
		end = word + strlen(word);
	*len = end - word;
	return end;
}

int parse_endpoint(const char *word, const char *protocol, struct address *address,
		   u16 *port, struct parse_error *error)
{
	const char *text, *rest;
	size_t len;

	*port = 0;
	rest = find_port(word, &text, &len);
	if (!rest)
		return fail(error, "'%s': expected [ADDR]:PORT, such as [2001:db8::1]:80", word);
	if (parse_address(text, len, address))
		return fail(error,
			    "'%.*s' is no IPv4 or IPv6 address (host names aren't looked up)",
			    (int)len, text);
	if (*word == '[' && address->family != AF_INET6)
		return fail(error, "'%s': brackets are for IPv6 addresses", word);
	if (*rest == ':' && parse_port(rest + 1, protocol, port))
		return fail(error,
			    "'%s' is no port: expected 1 to 65535, or a name of /etc/services",
			    rest + 1);
	return 0;
}

/* Clears what is beyond the prefix. Returns whether anything was there. */
static bool mask_address(struct address *address, unsigned int length)
{
	unsigned int size = address->family == AF_INET ? 4 : 16;
	bool changed = false;

	for (unsigned int i = 0; i < size; i++) {
		unsigned int bits = length > i * 8 ? length - i * 8 : 0;
		u8 masked = bits >= 8 ? address->bytes[i] :
				 address->bytes[i] & (0xff00 >> bits);

		changed |= masked != address->bytes[i];
		address->bytes[i] = masked;
	}
	return changed;
}

int parse_prefix(const char *word, struct address *address, u8 *length,
		 struct parse_error *error)
{
	const char *slash = strchr(word, '/');
	size_t len = slash ? (size_t)(slash - word) : strlen(word);
	char network[INET6_ADDRSTRLEN];
	u32 max, number;

	if (parse_address(word, len, address))
		return fail(error,
			    "'%.*s' is no IPv4 or IPv6 address (host names aren't looked up)",
			    (int)len, word);
	max = address->family == AF_INET ? 32 : 128;
	number = max;
	if (slash && parse_number(slash + 1, 0, max, &number))
		return fail(error, "'%s' is no prefix length: expected 0 to %u", slash + 1, max);
	*length = number;
	/* Cutting in silence could delete more than was meant. */
	if (!mask_address(address, number))
		return 0;
	inet_ntop(address->family, address->bytes, network, sizeof(network));
	return fail(error, "'%s' has bits beyond its prefix: did you mean %s/%u?",
		    word, network, number);
}

static bool is_unicast(const struct address *address)
{
	static const u8 none[16], loopback[16] = { [15] = 1 };
	const u8 *bytes = address->bytes;

	if (address->family == AF_INET)
		return bytes[0] && bytes[0] != 127 && bytes[0] < 224;
	return memcmp(bytes, none, sizeof(none)) && memcmp(bytes, loopback, sizeof(loopback)) &&
	       bytes[0] != 0xff && (bytes[0] != 0xfe || (bytes[1] & 0xc0) != 0x80);
}

int parse_vip(const char *word, struct address *address, struct parse_error *error)
{
	if (parse_address(word, strlen(word), address))
		return fail(error,
			    "'%s' is no IPv4 or IPv6 address (a VIP stands here without a port)",
			    word);
	if (!is_unicast(address))
		return fail(error, "'%s' can't be a VIP: it's no global unicast address", word);
	return 0;
}

static int parse_service_address(const char *protocol, const char *word, struct command *cmd,
				 struct parse_error *error)
{
	struct service_id *id = &cmd->service;

	if (!word)
		return fail(error, "'%s' needs ADDR:PORT, such as '%s 192.0.2.10:80'",
			    protocol, protocol);
	if (parse_endpoint(word, protocol, &id->address, &id->port, error))
		return -1;
	if (!id->port)
		return fail(error,
			    "'%s' has no port: expected ADDR:PORT, such as 192.0.2.10:80 or [2001:db8::1]:80",
			    word);
	id->protocol = strcmp(protocol, "udp") ? IPPROTO_TCP : IPPROTO_UDP;
	return 0;
}

static int parse_service_mark(const char *word, struct words *words, struct command *cmd)
{
	struct service_id *id = &cmd->service;

	if (!word)
		return fail(words->error, "'fwmark' needs a number, such as 'fwmark 7'");
	if (parse_mark(word, &id->mark))
		return fail(words->error,
			    "'%s' is no firewall mark: expected 1 to %u, or 0x1 to 0x%x",
			    word, UINT32_MAX, UINT32_MAX);
	id->address.family = AF_INET;
	if (words->left && !strcmp(*words->word, "inet6"))
		id->address.family = AF_INET6;
	else if (!words->left || strcmp(*words->word, "inet"))
		return 0;
	next(words);
	return 0;
}

static int parse_service(struct words *words, struct command *cmd)
{
	const char *kind = next(words);
	const char *word = kind ? next(words) : NULL;

	if (!kind)
		return fail(words->error,
			    "no service given: expected tcp ADDR:PORT, udp ADDR:PORT or fwmark N [inet|inet6]");
	cmd->arg[ARG_SERVICE] = (struct arg){ kind, word };
	if (!strcmp(kind, "tcp") || !strcmp(kind, "udp"))
		return parse_service_address(kind, word, cmd, words->error);
	if (!strcmp(kind, "fwmark"))
		return parse_service_mark(word, words, cmd);
	return fail(words->error,
		    "'%s': expected a service: tcp ADDR:PORT, udp ADDR:PORT or fwmark N [inet|inet6]",
		    kind);
}

static const char *service_protocol(const struct command *cmd)
{
	if (!cmd->service.protocol)
		return NULL;
	return cmd->service.protocol == IPPROTO_UDP ? "udp" : "tcp";
}

/* Without a port the service's is meant; a firewall mark's real keeps the client's: 0. */
static int parse_real(struct words *words, struct command *cmd)
{
	const char *word = next(words);

	if (!word)
		return fail(words->error,
			    "no real given: expected ADDR or ADDR:PORT, such as 10.0.0.11:8080");
	cmd->arg[ARG_REAL].first = word;
	if (parse_endpoint(word, service_protocol(cmd), &cmd->real, &cmd->real_port, words->error))
		return -1;
	if (!cmd->real_port)
		cmd->real_port = cmd->service.port;
	return 0;
}

static int parse_name(const struct names *names, const char *what, const char *word,
		      u8 *value, struct parse_error *error)
{
	int number = name_value(names, word, strlen(word));
	char list[256];

	if (number < 0)
		return fail(error, "'%s' is no %s: expected %s", word, what,
			    name_list(names, ", ", list, sizeof(list)));
	*value = number;
	return 0;
}

static int parse_ranged(const char *what, const char *word, u32 min, u32 max,
			u32 *value, struct parse_error *error)
{
	if (parse_number(word, min, max, value))
		return fail(error, "'%s' is no %s: expected a number from %u to %u",
			    word, what, min, max);
	return 0;
}

/* @min is 0 where that gives the namespace's value back. */
static int parse_timeout(struct command *cmd, const char *word, size_t state_len,
			 const char *seconds, u32 min, struct parse_error *error)
{
	int state = name_value(&state_names, word, state_len);
	char list[256];

	if (state < 0)
		return fail(error, "'%.*s' is no state: expected one of %s", (int)state_len, word,
			    name_list(&state_names, ", ", list, sizeof(list)));
	if (cmd->timeouts.given & 1U << state)
		return fail(error, "two timeouts for %s", state_names.word[state]);
	cmd->timeouts.given |= 1U << state;
	return parse_ranged("timeout in seconds", seconds, min, LBVS_TIMEOUT_MAX,
			    &cmd->timeouts.seconds[state], error);
}

static int parse_service_timeout(struct command *cmd, const char *word, struct parse_error *error)
{
	const char *equals = strchr(word, '=');
	int state;

	if (!equals)
		return fail(error,
			    "'%s': expected STATE=SECONDS, such as tcp-established=900",
			    word);
	if (parse_timeout(cmd, word, equals - word, equals + 1, 0, error))
		return -1;
	state = name_value(&state_names, word, equals - word);
	cmd->timeout_arg[state] = (struct arg){ "--timeout", word };
	return 0;
}

static int parse_setting_timeout(struct command *cmd, const char *state, struct words *words)
{
	const char *seconds = next(words);

	if (!seconds)
		return fail(words->error,
			    "'timeout' needs STATE SECONDS, such as 'timeout udp 30'");
	if (parse_timeout(cmd, state, strlen(state), seconds, 1, words->error))
		return -1;
	cmd->timeout_arg[name_value(&state_names, state, strlen(state))] =
		(struct arg){ state, seconds };
	return 0;
}

const char *command_device(const struct command *cmd, u32 *at)
{
	if (*at < cmd->num_device_words && !strcmp(cmd->device_words[*at], "dev"))
		(*at)++;
	return *at < cmd->num_device_words ? cmd->device_words[(*at)++] : NULL;
}

bool device_needs_dev(const char *name)
{
	return name_value(&fast_path_names, name, strlen(name)) >= 0 || name[0] == '-' ||
	       !strcmp(name, "dev");
}

static bool names_device(const struct command *cmd, const char *name)
{
	const char *device;
	u32 at = 0;

	while ((device = command_device(cmd, &at)))
		if (!strcmp(device, name))
			return true;
	return false;
}

/* The kernel knows best what a name may be; it must fit, and be saved as a word. */
static int check_fast_device(const struct command *cmd, const char *word, bool quoted,
			     struct parse_error *error)
{
	size_t len = strlen(word);

	if (!len || len >= DEVICE_ROOM || word[0] == '#')
		return fail(error,
			    "'%s' is no device: expected a name of 1 to %d letters, such as eth0",
			    word, DEVICE_ROOM - 1);
	if (!quoted && device_needs_dev(word))
		return fail(error, "'%s': a device of this name is written 'dev %s'", word, word);
	if (names_device(cmd, word))
		return fail(error, "'%s' is given twice", word);
	return 0;
}

static int parse_fast_devices(struct words *words, struct command *cmd)
{
	u32 count = 0;

	cmd->device_words = words->word;
	while (words->left) {
		bool quoted = !strcmp(*words->word, "dev");
		const char *word;

		if (quoted)
			next(words);
		word = next(words);
		if (!word)
			return fail(words->error, "'dev' needs the name of a device");
		if (check_fast_device(cmd, word, quoted, words->error))
			return -1;
		if (count++ == LBVS_FAST_DEVICES_MAX)
			return fail(words->error, "no more than %u devices can be named",
				    LBVS_FAST_DEVICES_MAX);
		cmd->num_device_words += quoted + 1;
	}
	return 0;
}

/* [on|off|all] [[dev] NAME]...: all that there is to say, so what isn't said goes. */
static int parse_fast_path(struct words *words, struct command *cmd, const char *word)
{
	int value = name_value(&fast_path_names, word, strlen(word));

	cmd->arg[ARG_FAST_PATH] = (struct arg){ "fast-path", word };
	cmd->fast_path = value < 0 ? LBVS_FAST_PATH_ON : value;
	if (value < 0) {
		words->word--;
		words->left++;
	}
	if (cmd->fast_path == LBVS_FAST_PATH_OFF && words->left)
		return fail(words->error, "'fast-path off' is for all devices, not for '%s'",
			    *words->word);
	return parse_fast_devices(words, cmd);
}

#define SETTINGS "conn-limit, tcp-unknown, tunnel-df, conntrack, fast-path, transmit or timeout"

static int parse_setting(struct words *words, struct command *cmd)
{
	const char *name = next(words);
	const char *value = name ? next(words) : NULL;

	if (!name)
		return fail(words->error,
			    "no setting given: expected " SETTINGS);
	if (strcmp(name, "conn-limit") && strcmp(name, "tcp-unknown") &&
	    strcmp(name, "tunnel-df") && strcmp(name, "conntrack") &&
	    strcmp(name, "fast-path") && strcmp(name, "transmit") && strcmp(name, "timeout"))
		return fail(words->error, "'%s' is no setting: expected " SETTINGS, name);
	if (!strcmp(name, "timeout"))
		return parse_setting_timeout(cmd, value ? value : "", words);
	if (!value)
		return fail(words->error, "'%s' needs a value", name);
	if (!strcmp(name, "tcp-unknown")) {
		cmd->arg[ARG_TCP_UNKNOWN] = (struct arg){ name, value };
		return parse_name(&tcp_unknown_names, "way with unknown TCP", value,
				  &cmd->tcp_unknown, words->error);
	}
	if (!strcmp(name, "tunnel-df")) {
		cmd->arg[ARG_TUNNEL_DF] = (struct arg){ name, value };
		return parse_name(&tunnel_df_names, "way with tunnels' DF", value,
				  &cmd->tunnel_df, words->error);
	}
	if (!strcmp(name, "conntrack")) {
		cmd->arg[ARG_CONNTRACK] = (struct arg){ name, value };
		return parse_name(&switch_names, "switch", value, &cmd->conntrack, words->error);
	}
	if (!strcmp(name, "fast-path"))
		return parse_fast_path(words, cmd, value);
	if (!strcmp(name, "transmit")) {
		cmd->arg[ARG_TRANSMIT] = (struct arg){ name, value };
		return parse_name(&transmit_names, "way to transmit", value, &cmd->transmit,
				  words->error);
	}
	cmd->arg[ARG_CONN_LIMIT] = (struct arg){ name, value };
	return parse_ranged("connection limit", value, LBVS_CONN_LIMIT_MIN, LBVS_CONN_LIMIT_MAX,
			    &cmd->conn_limit, words->error);
}

/* The module knows which schedulers there are; this only keeps the name sendable. */
static int parse_scheduler(const char *word, struct parse_error *error)
{
	size_t len = strlen(word);

	if (!len || len >= LBVS_SCHED_NAME_MAX)
		return fail(error,
			    "'%s' is no scheduler: expected such as rr, wrr, lc or wlc",
			    word);
	return 0;
}

static int set_flag(struct command *cmd, const char *name, u32 flag, bool on,
		    struct parse_error *error)
{
	struct arg *arg = &cmd->arg[ARG_FLAGS];

	if (cmd->flags_mask & flag)
		return fail(error, "'%s' after its opposite, or twice", name);
	cmd->flags_mask |= flag;
	if (on)
		cmd->flags |= flag;
	*(arg->first ? &arg->second : &arg->first) = name;
	return 0;
}

/* It becomes part of a path and of commands. */
static int parse_device(const char *word, struct parse_error *error)
{
	size_t len = strlen(word);

	if (len && len < DEVICE_ROOM && word[0] != '-' && word[0] != '.' &&
	    strspn(word, DEVICE_LETTERS) == len && strcmp(word, "all") && strcmp(word, "default"))
		return 0;
	return fail(error, "'%s' is no device: expected lo, or a name such as dummy0", word);
}

static const enum arg_id option_args[OPTION_COUNT] = {
	[OPTION_SCHEDULER] = ARG_SCHEDULER,
	[OPTION_ONE_PACKET] = ARG_FLAGS,
	[OPTION_NO_ONE_PACKET] = ARG_FLAGS,
	[OPTION_ADOPT] = ARG_FLAGS,
	[OPTION_NO_ADOPT] = ARG_FLAGS,
	[OPTION_ON_REMOVE] = ARG_ON_REMOVE,
	[OPTION_MSS] = ARG_MSS,
	[OPTION_TIMEOUT] = ARG_COUNT,	/* timeout_arg[] */
	[OPTION_METHOD] = ARG_METHOD,
	[OPTION_ENCAP] = ARG_ENCAP,
	[OPTION_ENCAP_PORT] = ARG_ENCAP_PORT,
	[OPTION_ENCAP_CSUM] = ARG_ENCAP_CSUM,
	[OPTION_WEIGHT] = ARG_WEIGHT,
	[OPTION_STATE] = ARG_STATE,
	[OPTION_CLIENT] = ARG_CLIENT,
	[OPTION_REAL] = ARG_REAL,
	[OPTION_ALL] = ARG_ALL,
	[OPTION_PER_CPU] = ARG_PER_CPU,
	[OPTION_REPLACE] = ARG_REPLACE,
	[OPTION_DEVICE] = ARG_DEVICE,
	[OPTION_OUTER] = ARG_OUTER,
	[OPTION_DRY_RUN] = ARG_DRY_RUN,
	[OPTION_PERSIST] = ARG_PERSIST,
};

static int set_option(struct command *cmd, const struct option *option, const char *value,
		      struct parse_error *error)
{
	switch (option->id) {
	case OPTION_ONE_PACKET:
	case OPTION_NO_ONE_PACKET:
		return set_flag(cmd, option->name, LBVS_SVC_F_ONE_PACKET,
				option->id == OPTION_ONE_PACKET, error);
	case OPTION_ADOPT:
	case OPTION_NO_ADOPT:
		return set_flag(cmd, option->name, LBVS_SVC_F_ADOPT,
				option->id == OPTION_ADOPT, error);
	case OPTION_TIMEOUT:
		return parse_service_timeout(cmd, value, error);
	default:
		break;
	}

	if (given(cmd, option_args[option->id]))
		return fail(error, "'%s' is given twice", option->name);
	cmd->arg[option_args[option->id]] = (struct arg){ option->name, value };
	switch (option->id) {
	case OPTION_SCHEDULER:
		return parse_scheduler(value, error);
	case OPTION_ON_REMOVE:
		return parse_name(&on_remove_names, "way to remove", value, &cmd->on_remove, error);
	case OPTION_MSS:
		return parse_ranged("MSS", value, 0, 65535, &cmd->mss, error);
	case OPTION_METHOD:
		return parse_name(&method_names, "method", value, &cmd->method, error);
	case OPTION_ENCAP:
		return parse_name(&encap_names, "encapsulation", value, &cmd->encap, error);
	case OPTION_ENCAP_PORT:
		return parse_ranged("port", value, 1, 65535, &cmd->encap_port, error);
	case OPTION_ENCAP_CSUM:
		return parse_name(&switch_names, "switch", value, &cmd->encap_csum, error);
	case OPTION_WEIGHT:
		return parse_ranged("weight", value, 0, LBVS_WEIGHT_MAX, &cmd->weight, error);
	case OPTION_STATE:
		return parse_name(&real_state_names, "state of a real", value, &cmd->state, error);
	case OPTION_CLIENT:
		return parse_prefix(value, &cmd->client, &cmd->client_prefix, error);
	case OPTION_REAL:
		return parse_endpoint(value, service_protocol(cmd), &cmd->real, &cmd->real_port,
				      error);
	case OPTION_DEVICE:
		return parse_device(value, error);
	case OPTION_OUTER:
		return parse_name(&family_names, "family", value, &cmd->outer, error);
	default:
		return 0;
	}
}

static int parse_option(struct words *words, struct command *cmd, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct option *option = option_find(cmd->verb, word, len);
	const char *value = equals ? equals + 1 : NULL;
	const char *nearest;

	if (!option) {
		nearest = option_nearest(cmd->verb, word, len);
		return fail(words->error, "'%.*s' is no option of %s%s%s%s", (int)len, word,
			    cmd->verb->name, nearest ? "; did you mean '" : "",
			    nearest ? nearest : "", nearest ? "'?" : "");
	}
	if (!option->value && equals)
		return fail(words->error, "'%s' takes no value", option->name);
	if (option->value && !equals)
		value = next(words);
	if (option->value && !value)
		return fail(words->error, "'%s' needs a value: %s", option->name, option->value);
	return set_option(cmd, option, value, words->error);
}

/* nat asks nothing of a real but its route back. */
static int parse_side(struct words *words, struct command *cmd)
{
	const char *word = next(words);

	if (!word)
		return fail(words->error, "no method given: expected dr or tunnel");
	if (!strcmp(word, "nat"))
		return fail(words->error,
			    "nat needs no setup, but a route to clients through the director");
	if (strcmp(word, "dr") && strcmp(word, "tunnel"))
		return fail(words->error, "'%s' is no method: expected dr or tunnel", word);
	return parse_name(&method_names, "method", word, &cmd->method, words->error);
}

static int parse_vips(struct words *words, struct command *cmd)
{
	struct address address;
	const char *word;

	if (!words->left)
		return fail(words->error, "no VIP given: expected addresses, such as 192.0.2.10");
	if (given(cmd, ARG_VIPS))
		return fail(words->error, "'%s': the VIPs stand together", *words->word);
	cmd->vips = words->word;
	while (words->left && !is_option(*words->word)) {
		word = next(words);
		if (parse_vip(word, &address, words->error))
			return -1;
		cmd->num_vips++;
		cmd->arg[ARG_VIPS].first = word;
	}
	return 0;
}

/* What is due next of what the verb takes, in order. */
static int parse_operand(struct words *words, struct command *cmd, unsigned int *due)
{
	static const unsigned int service = OPERAND_SERVICE | OPERAND_SERVICE_MAYBE;
	unsigned int now = *due;

	if (now & service) {
		*due &= ~service;
		return parse_service(words, cmd);
	}
	if (now & OPERAND_METHOD) {
		*due &= ~OPERAND_METHOD;
		return parse_side(words, cmd);
	}
	/* A second run of VIPs has a refusal of its own. */
	if (now & OPERAND_VIPS)
		return parse_vips(words, cmd);
	*due = 0;
	if (now & OPERAND_REAL)
		return parse_real(words, cmd);
	if (now & OPERAND_SETTING)
		return parse_setting(words, cmd);
	if (now & OPERAND_FILE_MAYBE)
		cmd->arg[ARG_FILE].first = next(words);
	else if (now & OPERAND_VERB_MAYBE)
		cmd->arg[ARG_TOPIC].first = next(words);
	else
		return fail(words->error, "'%s' is one word too many", *words->word);
	return 0;
}

static bool is_change(const struct command *cmd)
{
	return cmd->timeouts.given || cmd->flags_mask || given(cmd, ARG_SCHEDULER) ||
	       given(cmd, ARG_ON_REMOVE) || given(cmd, ARG_MSS) ||
	       given(cmd, ARG_METHOD) || given(cmd, ARG_ENCAP) ||
	       given(cmd, ARG_ENCAP_PORT) || given(cmd, ARG_ENCAP_CSUM) ||
	       given(cmd, ARG_WEIGHT) || given(cmd, ARG_STATE);
}

/* To the kernel this is add-real's; on the real server nobody else looks. */
static int check_side(const struct command *cmd, struct parse_error *error)
{
	static const enum arg_id for_tunnels[] = { ARG_ENCAP, ARG_ENCAP_PORT, ARG_OUTER };

	for (size_t i = 0; i < ARRAY_SIZE(for_tunnels); i++)
		if (cmd->method != LBVS_METHOD_TUNNEL && given(cmd, for_tunnels[i]))
			return fail(error, "'%s' is for tunnel", cmd->arg[for_tunnels[i]].first);
	if (given(cmd, ARG_ENCAP_PORT) && cmd->encap != LBVS_ENCAP_GUE)
		return fail(error, "'--encap-port' is for '--encap gue'");
	return 0;
}

static int check_enough(const struct command *cmd, unsigned int due, struct words *words)
{
	bool filter = given(cmd, ARG_SERVICE) || given(cmd, ARG_CLIENT) || given(cmd, ARG_REAL);
	struct command scratch = *cmd;

	/* What is missing complains best when it's looked for. */
	if (due & (OPERAND_SERVICE | OPERAND_REAL | OPERAND_SETTING))
		return parse_operand(words, &scratch, &due);
	if (due & OPERAND_METHOD || (due & OPERAND_VIPS && !given(cmd, ARG_VIPS)))
		return parse_operand(words, &scratch, &due);
	if (cmd->verb->operands & OPERAND_VIPS && check_side(cmd, words->error))
		return -1;
	if (cmd->verb->traits & VERB_NEEDS_CHANGE && !is_change(cmd))
		return fail(words->error, "nothing to change: no option given");
	if (!(cmd->verb->traits & VERB_NEEDS_FILTER))
		return 0;
	if (filter && given(cmd, ARG_ALL))
		return fail(words->error, "'--all' and a filter exclude each other");
	if (!filter && !given(cmd, ARG_ALL))
		return fail(words->error,
			    "which connections? Give a service, --client or --real; or --all");
	return 0;
}

static int parse_verb(struct words *words, struct command *cmd)
{
	const char *name = next(words);
	const char *nearest;

	cmd->verb = verb_find(name);
	if (cmd->verb)
		return 0;
	nearest = verb_nearest(name);
	if (nearest)
		return fail(words->error, "'%s' is no verb; did you mean '%s'?", name, nearest);
	return fail(words->error, "'%s' is no verb; 'lbctl help' lists them", name);
}

int parse_command(int count, const char *const *word, struct command *cmd,
		  struct parse_error *error)
{
	struct words words = { word, count, error };
	unsigned int due;

	memset(cmd, 0, sizeof(*cmd));
	if (parse_verb(&words, cmd))
		return -1;
	due = cmd->verb->operands;
	while (words.left) {
		int status;

		if (is_option(*words.word))
			status = parse_option(&words, cmd, next(&words));
		else
			status = parse_operand(&words, cmd, &due);
		if (status)
			return -1;
	}
	return check_enough(cmd, due, &words);
}

int parse_split(char *line, const char **words, int max)
{
	static const char blanks[] = " \t\r\n\v\f";
	int count = 0;

	for (;;) {
		line += strspn(line, blanks);
		if (!*line || *line == '#')
			return count;
		if (count == max)
			return -1;
		words[count++] = line;
		line += strcspn(line, blanks);
		if (*line)
			*line++ = '\0';
	}
}
