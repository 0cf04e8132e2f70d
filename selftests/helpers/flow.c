// SPDX-License-Identifier: GPL-2.0
/* One TCP connection or UDP socket, and the messages on it; see server.c. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/udp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow.h"

const char *error_word(int error)
{
	switch (error) {
	case 0:
		return NULL;
	case EAGAIN:
	case ETIMEDOUT:
		return "timeout";
	case ECONNREFUSED:
		return "refused";
	case ECONNRESET:
	case EPIPE:
		return "reset";
	default:
		return strerror(error);
	}
}

static const char *wait_for(struct flow *flow, short events)
{
	struct pollfd poll_fd = { .fd = flow->fd, .events = events };

	return poll(&poll_fd, 1, flow->timeout) == 1 ? NULL : "timeout";
}

static int pending_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

static const char *connect_flow(struct flow *flow, const struct address *to)
{
	const char *wrong;

	fcntl(flow->fd, F_SETFL, O_NONBLOCK);
	if (connect(flow->fd, &to->sa, address_len(to))) {
		if (errno != EINPROGRESS)
			return error_word(errno);
		wrong = wait_for(flow, POLLOUT);
		if (wrong)
			return wrong;
	}
	return error_word(pending_error(flow->fd));
}

static void set_number(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		die("setsockopt %d/%d: %s", level, option, strerror(errno));
}

static void set_options(struct flow *flow, const struct flow_options *options, int family)
{
	bool v6 = family == AF_INET6;

	/* UDP would share a port that the kernel chooses with another of our sockets. */
	if (flow->type == SOCK_STREAM || options->from.in.sin_port)
		set_flag(flow->fd, SOL_SOCKET, SO_REUSEADDR);
	if (flow->type == SOCK_STREAM)
		set_flag(flow->fd, IPPROTO_TCP, TCP_NODELAY);
	if (options->no_checksum && !v6)
		set_flag(flow->fd, SOL_SOCKET, SO_NO_CHECK);
	if (options->no_checksum && v6)
		set_flag(flow->fd, IPPROTO_UDP, UDP_NO_CHECK6_TX);
	if (options->errors)
		set_flag(flow->fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR);
	if (options->whole)
		set_number(flow->fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			   v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
			   v6 ? IPV6_PMTUDISC_PROBE : IP_PMTUDISC_PROBE);
	if (options->ttl)
		set_number(flow->fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			   v6 ? IPV6_UNICAST_HOPS : IP_TTL, options->ttl);
}

const char *flow_open(struct flow *flow, const struct flow_options *options)
{
	int family = options->to.sa.sa_family;

	flow->type = options->type;
	flow->timeout = options->timeout;
	flow->number = 0;
	flow->real[0] = '\0';
	flow->fd = socket(family, flow->type, 0);
	if (flow->fd < 0)
		return error_word(errno);
	set_options(flow, options, family);
	if (bind(flow->fd, &options->from.sa, address_len(&options->from)))
		return error_word(errno);
	return connect_flow(flow, &options->to);
}

bool flow_sent_again(const struct flow *flow)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	return !getsockopt(flow->fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
	       info.tcpi_total_retrans;
}

/* Without the newline. A length of 0 says that the other side has closed. */
static const char *receive(struct flow *flow, char *answer, size_t *got)
{
	size_t have = 0;
	ssize_t len;
	const char *wrong;

	for (;;) {
		if (flow->type == SOCK_DGRAM)
			len = recv(flow->fd, answer, LINE_MAX_LEN - 1, 0);
		else
			len = recv_line(flow->fd, answer + have, LINE_MAX_LEN - 1 - have);
		if (len < 0 && errno == EAGAIN) {
			wrong = wait_for(flow, POLLIN);
			if (wrong)
				return wrong;
			continue;
		}
		if (len < 0)
			return error_word(errno);
		have += len;
		if (!len || flow->type == SOCK_DGRAM || answer[have - 1] == '\n')
			break;
		if (have == LINE_MAX_LEN - 1)
			return "endless answer";
	}
	if (have && answer[have - 1] == '\n')
		have--;
	answer[have] = '\0';
	*got = have;
	return NULL;
}

static const char *transmit(struct flow *flow, const char *text, size_t len)
{
	ssize_t sent;

	sent = send(flow->fd, text, len, MSG_NOSIGNAL);
	if (sent < 0)
		return error_word(errno);
	return (size_t)sent == len ? NULL : "short send";
}

static size_t make_text(char *text, __u64 number, size_t more)
{
	size_t len = sprintf(text, "%llu:", number), end = len + more;

	for (; len < end; len++)
		text[len] = 'a' + (number + len) % 26;
	return len;
}

/* Their lengths differ, so that an answer to another one is not taken for it. */
static size_t make_message(char *text, __u64 number, int type)
{
	size_t len = make_text(text, number, number * 37 % 900);

	if (type == SOCK_STREAM)
		text[len++] = '\n';
	text[len] = '\0';
	return len;
}

static const char *check_answer(struct flow *flow, const char *answer, __u64 number)
{
	char message[LINE_MAX_LEN];
	size_t len, name;

	len = make_message(message, number, SOCK_DGRAM);
	name = strcspn(answer, " ");
	if (!answer[name] || name >= sizeof(flow->real) || strlen(answer + name + 1) != len ||
	    memcmp(answer + name + 1, message, len))
		return "wrong answer";
	snprintf(flow->real, sizeof(flow->real), "%.*s", (int)name, answer);
	return NULL;
}

const char *flow_question(struct flow *flow)
{
	char text[LINE_MAX_LEN];
	size_t len;

	flow->number++;
	len = make_message(text, flow->number, flow->type);
	return transmit(flow, text, len);
}

const char *flow_answer(struct flow *flow)
{
	char text[LINE_MAX_LEN];
	const char *wrong;
	size_t len;

	wrong = receive(flow, text, &len);
	if (!wrong && !len)
		wrong = "closed";
	return wrong ?: check_answer(flow, text, flow->number);
}

const char *flow_say(struct flow *flow)
{
	return flow_question(flow) ?: flow_answer(flow);
}

/* UDP: all questions, then all answers, which have to be in the same order. */
const char *flow_burst(struct flow *flow, unsigned int count, unsigned int *lost)
{
	char text[LINE_MAX_LEN];
	const char *wrong = NULL;
	__u64 last = flow->number, number;
	unsigned int i;
	size_t len;

	for (i = 0; i < count && !wrong; i++)
		wrong = flow_question(flow);
	for (*lost = 0; !wrong && last < flow->number; last = number) {
		wrong = receive(flow, text, &len);
		if (wrong && !strcmp(wrong, "timeout")) {
			*lost += flow->number - last;
			return NULL;
		}
		if (wrong)
			break;
		number = strtoull(text + strcspn(text, " "), NULL, 10);
		if (number <= last)
			return "out of order";
		*lost += number - last - 1;
		wrong = check_answer(flow, text, number);
	}
	return wrong;
}

/* One datagram of so many bytes, no answer awaited. */
const char *flow_send(struct flow *flow, size_t len)
{
	static char text[DATAGRAM_MAX_LEN];

	flow->number++;
	make_text(text, flow->number, len);
	return transmit(flow, text, len);
}

/* One datagram of so many bytes, and its answer; both are larger than a packet. */
const char *flow_big(struct flow *flow, size_t len)
{
	static char text[DATAGRAM_MAX_LEN], answer[DATAGRAM_MAX_LEN + NAME_MAX_LEN];
	const char *wrong;
	size_t name;
	ssize_t got;

	wrong = flow_send(flow, len) ?: wait_for(flow, POLLIN);
	if (wrong)
		return wrong;
	got = recv(flow->fd, answer, sizeof(answer) - 1, 0);
	if (got < 0)
		return error_word(errno);
	answer[got] = '\0';
	name = strcspn(answer, " ");
	make_text(text, flow->number, len);
	if (name >= sizeof(flow->real) || got != (ssize_t)(name + 1 + len) ||
	    memcmp(answer + name + 1, text, len))
		return "wrong answer";
	snprintf(flow->real, sizeof(flow->real), "%.*s", (int)name, answer);
	return NULL;
}

static void describe_error(const struct sock_extended_err *error, char *text, size_t size)
{
	const struct sockaddr *from = SO_EE_OFFENDER(error);
	char name[INET6_ADDRSTRLEN] = "nobody";

	if (from->sa_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)from)->sin_addr, name, sizeof(name));
	else if (from->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)from)->sin6_addr, name, sizeof(name));
	snprintf(text, size, "type=%u code=%u info=%u from=%s", error->ee_type, error->ee_code,
		 error->ee_info, name);
}

/* Wait for an ICMP error, as the socket has it. */
const char *flow_error(struct flow *flow, char *text, size_t size)
{
	char control[512];
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	const char *wrong;

	wrong = wait_for(flow, 0);
	if (wrong)
		return wrong;
	pending_error(flow->fd);
	if (recvmsg(flow->fd, &msg, MSG_ERRQUEUE) < 0)
		return error_word(errno);
	for (header = CMSG_FIRSTHDR(&msg); header; header = CMSG_NXTHDR(&msg, header))
		if (header->cmsg_type == IP_RECVERR || header->cmsg_type == IPV6_RECVERR)
			describe_error((void *)CMSG_DATA(header), text, size);
	return NULL;
}

/* "close" and "reset" are done, not answered. */
const char *flow_ask(struct flow *flow, const char *word, bool answered)
{
	char text[LINE_MAX_LEN], expected[64];
	const char *wrong;
	size_t len;

	wrong = transmit(flow, text, snprintf(text, sizeof(text), "%s\n", word));
	if (wrong || !answered)
		return wrong;
	wrong = receive(flow, text, &len);
	if (wrong)
		return wrong;
	snprintf(expected, sizeof(expected), "%s %s", flow->real, word);
	return strcmp(text, expected) ? "wrong answer" : NULL;
}

/* One step each way, without waiting. */
static const char *bulk_step(struct flow *flow, __u64 bytes, __u64 *sent, __u64 *received)
{
	static unsigned char data[65536];
	size_t room = sizeof(data);
	ssize_t len;

	if (*sent < bytes) {
		len = bulk_send(flow->fd, TO_SERVER, *sent, bytes);
		if (len < 0 && errno != EAGAIN)
			return error_word(errno);
		*sent += len > 0 ? len : 0;
	}
	if (room > bytes - *received)
		room = bytes - *received;
	if (!room)
		return NULL;
	len = recv(flow->fd, data, room, MSG_DONTWAIT);
	if (len < 0)
		return errno == EAGAIN ? NULL : error_word(errno);
	if (!len)
		return "closed";
	if (!bulk_same(TO_CLIENT, *received, data, len))
		return "bytes differ";
	*received += len;
	return NULL;
}

const char *flow_bulk(struct flow *flow, __u64 bytes)
{
	__u64 sent = 0, received = 0;
	const char *wrong = NULL;
	char text[LINE_MAX_LEN], expected[64];
	size_t len;

	len = snprintf(text, sizeof(text), "bulk %llu\n", bytes);
	wrong = transmit(flow, text, len);
	while (!wrong && (sent < bytes || received < bytes)) {
		wrong = wait_for(flow, (sent < bytes ? POLLOUT : 0) |
				       (received < bytes ? POLLIN : 0));
		if (!wrong)
			wrong = bulk_step(flow, bytes, &sent, &received);
	}
	if (!wrong)
		wrong = receive(flow, text, &len);
	if (wrong)
		return wrong;
	snprintf(expected, sizeof(expected), "%s bulk good", flow->real);
	return strcmp(text, expected) ? "the server's verdict is bad" : NULL;
}

/* Wait for the server's FIN; what it still says is dropped. */
const char *flow_wait_end(struct flow *flow)
{
	char text[LINE_MAX_LEN];
	const char *wrong;
	size_t len;

	do {
		wrong = receive(flow, text, &len);
	} while (!wrong && len);
	return wrong;
}

/* The client's FIN first; the server still speaks, then closes. */
const char *flow_finish(struct flow *flow)
{
	char text[LINE_MAX_LEN], expected[64];
	const char *wrong;
	size_t len;

	if (flow->type == SOCK_DGRAM)
		return NULL;
	shutdown(flow->fd, SHUT_WR);
	wrong = receive(flow, text, &len);
	if (wrong)
		return wrong;
	snprintf(expected, sizeof(expected), "%s bye %llu", flow->real, flow->number);
	if (strcmp(text, expected))
		return "wrong good-bye";
	return flow_wait_end(flow);
}

void flow_reset(struct flow *flow)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(flow->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(flow->fd);
	flow->fd = -1;
}
