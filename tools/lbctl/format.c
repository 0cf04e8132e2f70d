// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses and services as the user writes them.
 */
#include <netinet/in.h>
#include <stdio.h>

#include "format.h"

const char *format_address(const struct address *address, char buf[INET6_ADDRSTRLEN])
{
	if (!inet_ntop(address->family, address->bytes, buf, INET6_ADDRSTRLEN))
		snprintf(buf, INET6_ADDRSTRLEN, "?");
	return buf;
}

const char *format_endpoint(const struct address *address, u16 port, char buf[ENDPOINT_ROOM])
{
	char text[INET6_ADDRSTRLEN];
	bool brackets = port && address->family == AF_INET6;

	format_address(address, text);
	if (port)
		snprintf(buf, ENDPOINT_ROOM, brackets ? "[%s]:%u" : "%s:%u", text, port);
	else
		snprintf(buf, ENDPOINT_ROOM, "%s", text);
	return buf;
}

const char *format_service(const struct service_id *id, char buf[SERVICE_ROOM])
{
	char endpoint[ENDPOINT_ROOM];

	if (id->mark)
		snprintf(buf, SERVICE_ROOM, "fwmark %u%s", id->mark,
			 id->address.family == AF_INET6 ? " inet6" : "");
	else
		snprintf(buf, SERVICE_ROOM, "%s %s", format_protocol(id->protocol),
			 format_endpoint(&id->address, id->port, endpoint));
	return buf;
}

const char *format_family(const struct address *address)
{
	return address->family == AF_INET6 ? "inet6" : "inet";
}

const char *format_protocol(u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	default:
		return "?";
	}
}
