// SPDX-License-Identifier: GPL-2.0
/*
 * What ICMP errors quote, under libFuzzer: an input is a quote, and an error of the
 * right form is put in front of it, which a fuzzer would have to find first. The first
 * byte: the family (bit 0), the type of the error, whether its own header has options
 * (bit 7); the second is where the packet is split.
 */
#include "packets.h"
#include "tap.h"

#define QUOTE_MAX 512
#define HEADERS_MAX (40 + 8 + 8)

/* Returns its length; lengths and checksums are left out: the parser doesn't ask. */
static unsigned int add_ipv4_error(u8 *packet, u8 what)
{
	static const u8 types[] = { 3, 11, 12, 3 };
	unsigned int ip_len = what & 0x80 ? 24 : 20;

	packet[0] = 0x40 | ip_len / 4;
	packet[8] = 64;
	packet[9] = IPPROTO_ICMP;
	packet[ip_len] = types[what >> 1 & 3];
	packet[ip_len + 1] = what >> 3 & 7;
	return ip_len + 8;
}

static unsigned int add_ipv6_error(u8 *packet, u8 what)
{
	unsigned int ip_len = what & 0x80 ? 48 : 40;

	packet[0] = 0x60;
	packet[6] = what & 0x80 ? NEXTHDR_DEST : IPPROTO_ICMPV6;
	packet[7] = 64;
	packet[40] = IPPROTO_ICMPV6;
	packet[41] = 0;
	memset(packet + ip_len, 0, 8);
	packet[ip_len] = 1 + (what >> 1 & 3);
	packet[ip_len + 1] = what >> 3 & 7;
	return ip_len + 8;
}

int fuzz_one(const u8 *data, size_t size)
{
	u8 packet[HEADERS_MAX + QUOTE_MAX] = { 0 };
	u8 af = size && data[0] & 1 ? AF_INET6 : AF_INET;
	struct reading got;
	unsigned int len;

	if (size < 2 || size - 2 > QUOTE_MAX)
		return 0;
	len = af == AF_INET ? add_ipv4_error(packet, data[0]) :
			      add_ipv6_error(packet, data[0]);
	memcpy(packet + len, data + 2, size - 2);
	len += size - 2;
	got = packet_check(packet, len, data[1] < len ? data[1] : len, af);
	CHECK(got.kind == LBVS_KIND_ERROR, "kind %d: no error", got.kind);
	return 0;
}
