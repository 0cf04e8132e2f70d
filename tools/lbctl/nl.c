// SPDX-License-Identifier: GPL-2.0
/*
 * Messages to the module and back. libnl builds and parses them and finds the
 * family; the receive loop is here because libnl's hides the extended ack.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nl.h"

/* The kernel fills dumps up to 32 KiB when the reader's buffer takes as much. */
#define BUFFER_SIZE (64 * 1024)

/* The acks of all requests that restore keeps under way must fit. */
#define SOCKET_BUFFER (4 * 1024 * 1024)

#define MESSAGE_SIZE 2048

static void set_option(int fd, int level, int name, int value)
{
	/* Each is an improvement only: without it there are fewer words or more reads. */
	setsockopt(fd, level, name, &value, sizeof(value));
}

static int find_family(struct channel *channel)
{
	int family = genl_ctrl_resolve(channel->sock, LBVS_GENL_NAME);

	if (family == -NLE_OBJ_NOTFOUND)
		return -ENOENT;
	if (family < 0)
		return family == -NLE_PERM ? -EPERM : -EPROTO;
	channel->family = family;
	return 0;
}

int channel_open(struct channel *channel)
{
	int status;

	memset(channel, 0, sizeof(*channel));
	channel->buffer = malloc(BUFFER_SIZE);
	channel->sock = nl_socket_alloc();
	if (!channel->buffer || !channel->sock) {
		channel_close(channel);
		return -ENOMEM;
	}
	/* libnl's own codes say less than errno does here. */
	errno = 0;
	if (genl_connect(channel->sock)) {
		status = errno ? -errno : -EPROTONOSUPPORT;
		channel_close(channel);
		return status;
	}
	channel->fd = nl_socket_get_fd(channel->sock);
	status = find_family(channel);
	if (status) {
		channel_close(channel);
		return status;
	}
	set_option(channel->fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	set_option(channel->fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
	set_option(channel->fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
	set_option(channel->fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER);
	return 0;
}

void channel_close(struct channel *channel)
{
	if (channel->sock)
		nl_socket_free(channel->sock);
	free(channel->buffer);
	memset(channel, 0, sizeof(*channel));
}

int request_begin(struct request *request, const struct channel *channel, u8 command, int flags)
{
	memset(request, 0, sizeof(*request));
	request->msg = nlmsg_alloc_size(MESSAGE_SIZE);
	if (!request->msg)
		return -ENOMEM;
	if (!genlmsg_put(request->msg, 0, 0, channel->family, 0, NLM_F_REQUEST | NLM_F_ACK | flags,
			 command, LBVS_GENL_VERSION))
		request->too_long = true;
	return 0;
}

void request_end(struct request *request)
{
	nlmsg_free(request->msg);
	request->msg = NULL;
}

void put_bytes(struct request *request, int type, const void *bytes, int len,
	       const struct arg *arg)
{
	u32 offset = NLMSG_ALIGN(nlmsg_hdr(request->msg)->nlmsg_len);

	if (nla_put(request->msg, type, len, bytes)) {
		request->too_long = true;
		return;
	}
	if (!arg || request->marks == MARK_MAX)
		return;
	request->mark[request->marks].offset = offset;
	request->mark[request->marks++].arg = *arg;
}

void put_u8(struct request *request, int type, u8 value, const struct arg *arg)
{
	put_bytes(request, type, &value, sizeof(value), arg);
}

void put_u16_net(struct request *request, int type, u16 value, const struct arg *arg)
{
	value = htons(value);
	put_bytes(request, type, &value, sizeof(value), arg);
}

void put_u32(struct request *request, int type, u32 value, const struct arg *arg)
{
	put_bytes(request, type, &value, sizeof(value), arg);
}

struct nlattr *put_nest(struct request *request, int type, const struct arg *arg)
{
	struct nlattr *nest = nlmsg_tail(nlmsg_hdr(request->msg));

	put_bytes(request, type | NLA_F_NESTED, NULL, 0, arg);
	return nest;
}

void put_nest_end(struct request *request, struct nlattr *nest)
{
	if (!request->too_long && nla_nest_end_keep_empty(request->msg, nest))
		request->too_long = true;
}

const struct arg *request_blamed(const struct request *request, u32 offset)
{
	for (unsigned int i = 0; i < request->marks; i++)
		if (request->mark[i].offset == offset)
			return &request->mark[i].arg;
	return NULL;
}

int channel_send(struct channel *channel, struct request *request, u32 *sequence)
{
	struct nlmsghdr *header = nlmsg_hdr(request->msg);

	if (request->too_long)
		return -EMSGSIZE;
	*sequence = nl_socket_use_seq(channel->sock);
	header->nlmsg_seq = *sequence;
	while (send(channel->fd, header, header->nlmsg_len, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* The next datagram from the kernel; other processes may send to this socket, too. */
static ssize_t receive(struct channel *channel, int flags)
{
	struct sockaddr_nl from;
	socklen_t from_len;
	ssize_t len;

	do {
		from_len = sizeof(from);
		len = recvfrom(channel->fd, channel->buffer, BUFFER_SIZE, flags | MSG_TRUNC,
			       (struct sockaddr *)&from, &from_len);
		if (len < 0 && errno != EINTR)
			return -errno;
	} while (len < 0 || from_len != sizeof(from) || from.nl_pid);
	return len > BUFFER_SIZE ? -EMSGSIZE : len;
}

static void read_extended_ack(const char *data, int len, struct outcome *outcome)
{
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1];

	if (nla_parse(attrs, NLMSGERR_ATTR_MAX, (struct nlattr *)data, len, NULL))
		return;
	if (attrs[NLMSGERR_ATTR_MSG])
		nla_strlcpy(outcome->sentence, attrs[NLMSGERR_ATTR_MSG],
			    sizeof(outcome->sentence));
	if (attrs[NLMSGERR_ATTR_OFFS] && nla_len(attrs[NLMSGERR_ATTR_OFFS]) == sizeof(u32))
		outcome->offset = nla_get_u32(attrs[NLMSGERR_ATTR_OFFS]);
}

/* An error, an ack, or the end of a dump. */
static void read_end(const struct nlmsghdr *header, struct outcome *outcome)
{
	const char *data = nlmsg_data(header);
	int len = nlmsg_datalen(header);
	int skip = header->nlmsg_type == NLMSG_DONE ? sizeof(int) : sizeof(struct nlmsgerr);
	int error = 0;

	outcome->sequence = header->nlmsg_seq;
	if (len >= (int)sizeof(error))
		memcpy(&error, data, sizeof(error));
	outcome->error = error < 0 ? -error : 0;
	if (header->nlmsg_type == NLMSG_ERROR && len >= skip &&
	    !(header->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(((const struct nlmsgerr *)data)->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (header->nlmsg_flags & NLM_F_ACK_TLVS && len > skip)
		read_extended_ack(data + skip, len - skip, outcome);
}

static int read_answer(struct nlmsghdr *header, answer_fn answer, void *data)
{
	struct nlattr *attrs[LBVS_A_MAX + 1];

	if (!genlmsg_valid_hdr(header, 0) ||
	    genlmsg_parse(header, 0, attrs, LBVS_A_MAX, NULL))
		return -EBADMSG;
	return answer ? answer(attrs, data) : 0;
}

/* Goes through the datagram. Returns 1 at the end of the request, 0 before, -errno. */
static int read_datagram(struct channel *channel, ssize_t len, u32 sequence, answer_fn answer,
			 void *data, struct outcome *outcome)
{
	struct nlmsghdr *header = (struct nlmsghdr *)channel->buffer;
	int left = len;
	int status;

	for (; nlmsg_ok(header, left); header = nlmsg_next(header, &left)) {
		/* What is left of a dump that nobody listened to any more. */
		if (sequence && header->nlmsg_seq != sequence)
			continue;
		if (header->nlmsg_flags & NLM_F_DUMP_INTR)
			outcome->interrupted = true;
		if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
			read_end(header, outcome);
			return 1;
		}
		if (header->nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		status = read_answer(header, answer, data);
		if (status)
			return status;
	}
	return 0;
}

int channel_call(struct channel *channel, struct request *request, answer_fn answer, void *data,
		 struct outcome *outcome)
{
	u32 sequence;
	int status;

	memset(outcome, 0, sizeof(*outcome));
	status = channel_send(channel, request, &sequence);
	while (!status) {
		ssize_t len = receive(channel, 0);

		status = len < 0 ? len : read_datagram(channel, len, sequence, answer, data,
						       outcome);
	}
	return status == 1 ? 0 : status;
}

int channel_outcome(struct channel *channel, bool wait, struct outcome *outcome)
{
	int status = 0;

	memset(outcome, 0, sizeof(*outcome));
	while (!status) {
		ssize_t len = receive(channel, wait ? 0 : MSG_DONTWAIT);

		status = len < 0 ? len : read_datagram(channel, len, 0, NULL, NULL, outcome);
	}
	return status == 1 ? 0 : status;
}
