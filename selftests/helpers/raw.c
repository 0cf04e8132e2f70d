// SPDX-License-Identifier: GPL-2.0
/*
 * raw FROM PORT TO PORT FLAGS [seq=N] [ack=N] [wait=MS]
 *
 * Send a single TCP segment without data, FLAGS out of "SAFRP", and say what the
 * first answer to it is: its flags, "seq=N ack=N", or "none".
 */

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "raw.h"
#include "util.h"

static const char flag_letters[] = "FSRPA";

static __u8 parse_flags(const char *text)
{
	const char *letter;
	__u8 flags = 0;

	for (; *text; text++) {
		letter = strchr(flag_letters, *text);
		if (letter)
			flags |= 1 << (letter - flag_letters);
	}
	return flags;
}

static const char *send_segment(int fd, const struct address *from, const struct address *to,
				struct tcphdr *header)
{
	struct address target = *to;

	header->source = from->in.sin_port;
	header->dest = to->in.sin_port;
	header->doff = sizeof(*header) / 4;
	header->window = htons(64000);
	header->check = l4_checksum(from, to, IPPROTO_TCP, header, sizeof(*header));
	/* A raw IPv6 socket wants no port there. */
	target.in.sin_port = 0;
	if (sendto(fd, header, sizeof(*header), 0, &target.sa, address_len(&target)) < 0)
		return strerror(errno);
	return NULL;
}

/* IPv4's raw sockets hand out the IP header as well. */
static bool is_answer(const __u8 *packet, ssize_t len, const struct address *from,
		      const struct address *to, struct tcphdr *answer)
{
	size_t skip = from->sa.sa_family == AF_INET ? (packet[0] & 15) * 4 : 0;

	if (len < (ssize_t)(skip + sizeof(*answer)))
		return false;
	memcpy(answer, packet + skip, sizeof(*answer));
	return answer->source == to->in.sin_port && answer->dest == from->in.sin_port;
}

static void print_answer(const struct tcphdr *answer)
{
	const __u8 flags = ((const __u8 *)answer)[13];
	int i;

	for (i = 0; flag_letters[i]; i++)
		if (flags & 1 << i)
			putchar(flag_letters[i]);
	printf(" seq=%u ack=%u\n", ntohl(answer->seq), ntohl(answer->ack_seq));
}

static void wait_answer(int fd, const struct address *from, const struct address *to, int wait)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	__u64 end = now_ms() + wait;
	struct tcphdr answer;
	__u8 packet[2048];
	ssize_t len;

	while (now_ms() < end) {
		if (poll(&poll_fd, 1, end - now_ms()) != 1)
			break;
		len = recv(fd, packet, sizeof(packet), 0);
		if (len > 0 && is_answer(packet, len, from, to, &answer))
			return print_answer(&answer);
	}
	printf("none\n");
}

const char *do_raw(int n, char **words)
{
	struct tcphdr header = { .seq = 0 };
	struct address from, to;
	const char *wrong;
	int i, fd, wait = 500;

	if (n < 6 || !address_parse(&from, words[1], words[2]) ||
	    !address_parse(&to, words[3], words[4]))
		return "want from, port, to, port, flags";
	((__u8 *)&header)[13] = parse_flags(words[5]);
	for (i = 6; i < n; i++) {
		if (!strncmp(words[i], "seq=", 4))
			header.seq = htonl(strtoul(words[i] + 4, NULL, 10));
		else if (!strncmp(words[i], "ack=", 4))
			header.ack_seq = htonl(strtoul(words[i] + 4, NULL, 10));
		else if (!strncmp(words[i], "wait=", 5))
			wait = atoi(words[i] + 5);
		else
			return "unknown option";
	}
	fd = socket(from.sa.sa_family, SOCK_RAW, IPPROTO_TCP);
	if (fd < 0)
		return strerror(errno);
	wrong = send_segment(fd, &from, &to, &header);
	if (!wrong)
		wait_answer(fd, &from, &to, wait);
	close(fd);
	return wrong;
}
