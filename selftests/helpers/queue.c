// SPDX-License-Identifier: GPL-2.0
/*
 * queue NUMBER
 *
 * A firewall's program: lets every packet by that nftables queues for it. Prints
 * "ready", and at SIGTERM how many there were.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "util.h"

/* A message with one attribute, which is all that is ever said. */
struct message {
	struct nlmsghdr header;
	struct nfgenmsg nf;
	struct nlattr attr;
	char value[16];
};

static void say(int fd, int queue, int type, int attr, const void *value, size_t len)
{
	struct message m = {
		.header = {
			.nlmsg_len = offsetof(struct message, value) + len,
			.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | type,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.nf = { .version = NFNETLINK_V0, .res_id = htons(queue) },
		.attr = { .nla_len = NLA_HDRLEN + len, .nla_type = attr },
	};

	memcpy(m.value, value, len);
	if (send(fd, &m, m.header.nlmsg_len, 0) < 0)
		die("queue: %s", strerror(errno));
}

static int open_queue(int queue)
{
	const struct nfqnl_msg_config_cmd bind_it = { .command = NFQNL_CFG_CMD_BIND };
	const struct nfqnl_msg_config_params no_data = { .copy_mode = NFQNL_COPY_META };
	const struct timeval moment = { .tv_usec = 100000 };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment)))
		die("queue: %s", strerror(errno));
	say(fd, queue, NFQNL_MSG_CONFIG, NFQA_CFG_CMD, &bind_it, sizeof(bind_it));
	say(fd, queue, NFQNL_MSG_CONFIG, NFQA_CFG_PARAMS, &no_data, sizeof(no_data));
	return fd;
}

static const struct nfqnl_msg_packet_hdr *packet_header(const struct nlmsghdr *header)
{
	const char *at = (const char *)header + NLMSG_SPACE(sizeof(struct nfgenmsg));
	const char *end = (const char *)header + header->nlmsg_len;

	while (at + NLA_HDRLEN <= end) {
		const struct nlattr *attr = (const struct nlattr *)at;

		if ((attr->nla_type & NLA_TYPE_MASK) == NFQA_PACKET_HDR)
			return (const void *)(at + NLA_HDRLEN);
		at += NLA_ALIGN(attr->nla_len);
	}
	die("queue: a message without a packet (type %#x)", header->nlmsg_type);
}

static void let_by(int fd, int queue, const struct nlmsghdr *header)
{
	struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT) };

	if (header->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		die("queue: refused");
	verdict.id = packet_header(header)->packet_id;
	say(fd, queue, NFQNL_MSG_VERDICT, NFQA_VERDICT_HDR, &verdict, sizeof(verdict));
}

int main(int argc, char **argv)
{
	static struct nlmsghdr buffer[4096];
	unsigned long packets = 0;
	int queue, fd;
	ssize_t len;

	if (argc != 2)
		die("usage: queue NUMBER");
	queue = atoi(argv[1]);
	fd = open_queue(queue);
	stop_at_sigterm();
	puts("ready");
	fflush(stdout);
	while (!stopped) {
		const struct nlmsghdr *header = buffer;

		len = recv(fd, buffer, sizeof(buffer), 0);
		/* Nothing for a moment, or packets were lost, which the test notices. */
		for (; len > 0 && NLMSG_OK(header, len); header = NLMSG_NEXT(header, len)) {
			let_by(fd, queue, header);
			packets++;
		}
	}
	printf("packets=%lu\n", packets);
	return 0;
}
