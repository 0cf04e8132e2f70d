// SPDX-License-Identifier: GPL-2.0
/*
 * server NAME COUNTS PORT...
 *
 * A real server for the tests, one process for TCP and UDP, IPv4 and IPv6. The
 * file COUNTS holds what came: "tcp=N lines=N http=N udp=N errors=N", and exists
 * once the server is ready. SIGHUP sets the counts to 0.
 *
 * A message is "N:TEXT", N counting from 1 in a TCP connection; the answer is
 * "NAME N:TEXT". A TCP message ends with a newline; one out of its turn is an
 * error, and closes the connection. Further lines that it knows:
 *   GET ...	an HTTP request; the answer's body is the name
 *   bulk N	from here on N bytes each way, see util.h; then "NAME bulk good"
 *   close	the server closes, first
 *   reset	the server closes by a RST
 *   hold	stays open after the client's FIN until SIGUSR1
 * At the client's FIN it says "NAME bye N" with the last message's number.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/udp.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "util.h"

/**
 * struct peer - something that epoll watches
 * @fd: its socket
 * @handle: what is done when it is readable or writable
 * @next: number of the next message
 * @len: how much of @line is there
 * @line: the line that is coming
 * @http: the request's headers are still coming
 * @hold: see above
 * @ended: the client has sent its FIN
 * @received: bytes of a bulk transfer
 * @sent: bytes of a bulk transfer
 * @bulk: how many it shall be each way; 0: no bulk transfer
 * @held_next: the next one in the list of held connections
 */
struct peer {
	int fd;
	void (*handle)(struct peer *peer);
	__u64 next;
	size_t len;
	char line[LINE_MAX_LEN];
	bool http;
	bool hold;
	bool ended;
	__u64 received;
	__u64 sent;
	__u64 bulk;
	struct peer *held_next;
};

static const char *name;
static int poll_fd;
static struct peer *held;
static struct {
	unsigned long tcp, lines, http, udp, errors;
} counts;

static void write_counts(int fd)
{
	char text[128];
	int len;

	len = snprintf(text, sizeof(text),
		       "tcp=%-8lu lines=%-8lu http=%-8lu udp=%-8lu errors=%-8lu\n",
		       counts.tcp, counts.lines, counts.http, counts.udp, counts.errors);
	if (pwrite(fd, text, len, 0) != len)
		die("cannot write counts: %s", strerror(errno));
}

static void watch(int fd, void (*handle)(struct peer *peer))
{
	struct epoll_event event = { .events = EPOLLIN };
	struct peer *peer;

	peer = calloc(1, sizeof(*peer));
	if (!peer)
		die("no memory");
	peer->fd = fd;
	peer->handle = handle;
	peer->next = 1;
	event.data.ptr = peer;
	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl: %s", strerror(errno));
}

static void watch_for(struct peer *peer, __u32 events)
{
	struct epoll_event event = { .events = events, .data.ptr = peer };

	epoll_ctl(poll_fd, EPOLL_CTL_MOD, peer->fd, &event);
}

static void drop(struct peer *peer)
{
	close(peer->fd);
	free(peer);
}

static void reset(struct peer *peer)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	drop(peer);
}

static void say(struct peer *peer, const char *text)
{
	char answer[LINE_MAX_LEN + NAME_MAX_LEN + 2];
	int len;

	len = snprintf(answer, sizeof(answer), "%s %s\n", name, text);
	/* Our lines are short and answered one by one: a full buffer is an error. */
	if (send(peer->fd, answer, len, MSG_NOSIGNAL) != len)
		counts.errors++;
}

static void answer_http(struct peer *peer)
{
	char page[256];
	int len;

	counts.http++;
	len = snprintf(page, sizeof(page),
		       "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
		       strlen(name) + 1, name);
	if (send(peer->fd, page, len, MSG_NOSIGNAL) != len)
		counts.errors++;
}

static void handle_bulk(struct peer *peer)
{
	static unsigned char data[65536];
	ssize_t len;

	if (peer->received < peer->bulk) {
		len = recv(peer->fd, data, sizeof(data), MSG_DONTWAIT);
		if (!len || (len < 0 && errno != EAGAIN)) {
			counts.errors++;
			return reset(peer);
		}
		if (len > 0) {
			if (!bulk_same(TO_SERVER, peer->received, data, len)) {
				counts.errors++;
				return reset(peer);
			}
			peer->received += len;
		}
	}
	if (peer->sent < peer->bulk) {
		len = bulk_send(peer->fd, TO_CLIENT, peer->sent, peer->bulk);
		if (len > 0)
			peer->sent += len;
	}
	if (peer->received == peer->bulk && peer->sent == peer->bulk) {
		peer->bulk = 0;
		say(peer, "bulk good");
	}
	watch_for(peer, (peer->sent < peer->bulk ? EPOLLOUT : 0) |
			(peer->received < peer->bulk || !peer->bulk ? EPOLLIN : 0));
}

/* Returns false when the connection is gone. */
static bool handle_message(struct peer *peer)
{
	counts.lines++;
	if (strtoull(peer->line, NULL, 10) != peer->next) {
		counts.errors++;
		reset(peer);
		return false;
	}
	peer->next++;
	say(peer, peer->line);
	return true;
}

static bool handle_line(struct peer *peer)
{
	if (peer->http) {
		if (peer->line[0])
			return true;
		answer_http(peer);
		drop(peer);
		return false;
	}
	if (!strncmp(peer->line, "GET ", 4)) {
		peer->http = true;
	} else if (!strncmp(peer->line, "bulk ", 5)) {
		peer->bulk = strtoull(peer->line + 5, NULL, 10);
		peer->received = 0;
		peer->sent = 0;
	} else if (!strcmp(peer->line, "hold")) {
		peer->hold = true;
		say(peer, "hold");
	} else if (!strcmp(peer->line, "close")) {
		drop(peer);
		return false;
	} else if (!strcmp(peer->line, "reset")) {
		reset(peer);
		return false;
	} else {
		return handle_message(peer);
	}
	return true;
}

static void say_bye(struct peer *peer)
{
	char text[32];

	snprintf(text, sizeof(text), "bye %llu", peer->next - 1);
	say(peer, text);
	drop(peer);
}

static void handle_end(struct peer *peer)
{
	if (!peer->hold)
		return say_bye(peer);
	peer->ended = true;
	peer->held_next = held;
	held = peer;
	epoll_ctl(poll_fd, EPOLL_CTL_DEL, peer->fd, NULL);
}

static void release_held(void)
{
	struct peer *next;

	for (; held; held = next) {
		next = held->held_next;
		say_bye(held);
	}
}

static void handle_connection(struct peer *peer)
{
	ssize_t len;
	char *end;

	if (peer->bulk)
		return handle_bulk(peer);
	len = recv_line(peer->fd, peer->line + peer->len, sizeof(peer->line) - peer->len - 1);
	if (len < 0)
		return errno == EAGAIN ? (void)0 : drop(peer);
	if (!len)
		return handle_end(peer);
	peer->len += len;
	end = peer->line + peer->len - 1;
	if (*end != '\n') {
		if (peer->len == sizeof(peer->line) - 1) {
			counts.errors++;
			reset(peer);
		}
		return;
	}
	if (end > peer->line && end[-1] == '\r')
		end--;
	*end = '\0';
	peer->len = 0;
	if (handle_line(peer) && peer->bulk)
		watch_for(peer, EPOLLIN | EPOLLOUT);
}

static void handle_listener(struct peer *peer)
{
	int fd;

	fd = accept(peer->fd, NULL, NULL);
	if (fd < 0)
		return;
	counts.tcp++;
	set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
	watch(fd, handle_connection);
}

/* The answer leaves from the address that was asked, whatever the route says. */
static void handle_datagram(struct peer *peer)
{
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	static char text[DATAGRAM_MAX_LEN], answer[DATAGRAM_MAX_LEN + NAME_MAX_LEN + 1];
	struct address from;
	struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) - 1 };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	ssize_t len;

	len = recvmsg(peer->fd, &msg, MSG_DONTWAIT);
	if (len < 0)
		return;
	counts.udp++;
	text[len] = '\0';
	for (header = CMSG_FIRSTHDR(&msg); header; header = CMSG_NXTHDR(&msg, header))
		if (header->cmsg_type == IPV6_PKTINFO)
			((struct in6_pktinfo *)CMSG_DATA(header))->ipi6_ifindex = 0;
	iov.iov_base = answer;
	iov.iov_len = snprintf(answer, sizeof(answer), "%s %s", name, text);
	if (sendmsg(peer->fd, &msg, 0) < 0)
		counts.errors++;
}

static void handle_signal(struct peer *peer)
{
	struct signalfd_siginfo info;

	if (read(peer->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1)
		release_held();
	else
		memset(&counts, 0, sizeof(counts));
}

static void bind_port(const char *port, int type)
{
	struct address any;
	int fd;

	address_parse(&any, "::", port);
	fd = socket(AF_INET6, type, 0);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
	if (type == SOCK_DGRAM) {
		set_flag(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
		set_flag(fd, IPPROTO_UDP, UDP_NO_CHECK6_RX);
	}
	if (bind(fd, &any.sa, address_len(&any)))
		die("cannot bind to port %s: %s", port, strerror(errno));
	if (type == SOCK_STREAM && listen(fd, 4096))
		die("listen: %s", strerror(errno));
	watch(fd, type == SOCK_STREAM ? handle_listener : handle_datagram);
}

static void watch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	watch(signalfd(-1, &set, 0), handle_signal);
}

int main(int argc, char **argv)
{
	struct epoll_event events[64];
	struct peer *peer;
	int file, i, n;

	if (argc < 4)
		die("usage: server NAME COUNTS PORT...");
	name = argv[1];
	poll_fd = epoll_create1(0);
	watch_signals();
	for (i = 3; i < argc; i++) {
		bind_port(argv[i], SOCK_STREAM);
		bind_port(argv[i], SOCK_DGRAM);
	}
	file = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (file < 0)
		die("%s: %s", argv[2], strerror(errno));
	for (;;) {
		write_counts(file);
		n = epoll_wait(poll_fd, events, 64, -1);
		for (i = 0; i < n; i++) {
			peer = events[i].data.ptr;
			peer->handle(peer);
		}
	}
}
