// SPDX-License-Identifier: GPL-2.0
/* What the programs share. */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util.h"

#define BLOCK	65536

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

atomic_bool stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = true;
}

void stop_at_sigterm(void)
{
	signal(SIGTERM, stop);
}

__u64 rnd_state = 1;

__u32 rnd(__u32 below)
{
	__u64 z = rnd_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z >> 32) % below;
}

__u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

bool address_parse(struct address *address, const char *host, const char *port)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, host, &address->in.sin_addr) == 1) {
		address->sa.sa_family = AF_INET;
		address->in.sin_port = htons(atoi(port));
		return true;
	}
	if (inet_pton(AF_INET6, host, &address->in6.sin6_addr) == 1) {
		address->sa.sa_family = AF_INET6;
		address->in6.sin6_port = htons(atoi(port));
		return true;
	}
	return false;
}

socklen_t address_len(const struct address *address)
{
	return address->sa.sa_family == AF_INET ? sizeof(address->in) : sizeof(address->in6);
}

void set_flag(int fd, int level, int option)
{
	int one = 1;

	if (setsockopt(fd, level, option, &one, sizeof(one)))
		die("setsockopt %d/%d: %s", level, option, strerror(errno));
}

/* As recv(), but not beyond the next newline: a bulk transfer's bytes may follow it. */
ssize_t recv_line(int fd, char *text, size_t room)
{
	ssize_t len;
	char *end;

	len = recv(fd, text, room, MSG_PEEK | MSG_DONTWAIT);
	if (len <= 0)
		return len;
	end = memchr(text, '\n', len);
	return recv(fd, text, end ? end + 1 - text : len, 0);
}

__u32 sum_words(const void *data, size_t len, __u32 sum)
{
	const __u8 *bytes = data;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += bytes[i] << 8 | bytes[i + 1];
	return len % 2 ? sum + (bytes[i] << 8) : sum;
}

__u16 sum_fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* Of what TCP, UDP and ICMPv6 have a checksum of: with the addresses. */
__u16 l4_checksum(const struct address *from, const struct address *to, __u8 protocol,
		  const void *data, size_t len)
{
	__u32 sum = protocol + len;

	if (from->sa.sa_family == AF_INET) {
		sum = sum_words(&from->in.sin_addr, 4, sum);
		sum = sum_words(&to->in.sin_addr, 4, sum);
	} else {
		sum = sum_words(&from->in6.sin6_addr, 16, sum);
		sum = sum_words(&to->in6.sin6_addr, 16, sum);
	}
	return sum_fold(sum_words(data, len, sum));
}

static void bulk_fill(unsigned char *table, __u64 seed)
{
	size_t i;

	for (i = 0; i < BLOCK; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		table[i] = seed >> 32;
		table[i + BLOCK] = table[i];
	}
}

/* Each block begins elsewhere in the table, so that no two places look alike for long. */
const unsigned char *bulk_at(enum direction direction, __u64 place, size_t *room)
{
	static unsigned char tables[2][2 * BLOCK];
	static bool filled;

	if (!filled) {
		bulk_fill(tables[TO_SERVER], 0x9e3779b97f4a7c15ULL);
		bulk_fill(tables[TO_CLIENT], 0xd1b54a32d192ed03ULL);
		filled = true;
	}
	*room = BLOCK - place % BLOCK;
	return tables[direction] + place / BLOCK * 4099 % BLOCK + place % BLOCK;
}

ssize_t bulk_send(int fd, enum direction direction, __u64 place, __u64 end)
{
	const unsigned char *data;
	size_t room;

	data = bulk_at(direction, place, &room);
	if (room > end - place)
		room = end - place;
	return send(fd, data, room, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool bulk_same(enum direction direction, __u64 place, const unsigned char *data, size_t len)
{
	const unsigned char *expected;
	size_t room;

	while (len) {
		expected = bulk_at(direction, place, &room);
		if (room > len)
			room = len;
		if (memcmp(data, expected, room))
			return false;
		place += room;
		data += room;
		len -= room;
	}
	return true;
}

struct nlattr *find_attr(void *start, size_t len, __u16 type)
{
	struct nlattr *attr = start;
	void *end = start + len;

	while ((void *)attr + NLA_HDRLEN <= end && attr->nla_len >= NLA_HDRLEN) {
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		attr = (void *)attr + NLA_ALIGN(attr->nla_len);
	}
	return NULL;
}
