/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages to the module and back. It knows netlink, not what services are.
 */
#ifndef LBCTL_NL_H
#define LBCTL_NL_H

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "lbctl.h"

struct channel {
	struct nl_sock *sock;
	int fd;
	int family;
	char *buffer;
};

/* A message, and the user's words that its attributes came from. */
#define MARK_MAX 40

struct request {
	struct nl_msg *msg;
	bool too_long;
	unsigned int marks;
	struct {
		u32 offset;
		struct arg arg;
	} mark[MARK_MAX];
};

#define SENTENCE_ROOM 256

/* How a request ended. */
struct outcome {
	u32 sequence;
	int error;		/* errno, or 0 */
	bool interrupted;	/* the dump is torn */
	u32 offset;		/* of the attribute that the module blames, or 0 */
	char sentence[SENTENCE_ROOM];	/* the module's, or "" */
};

/*
 * Called for each answer with its attributes; anything but 0 ends listening.
 */
typedef int (*answer_fn)(struct nlattr **attrs, void *data);

/* Opens a socket and looks for the module. Returns 0, or -errno; -ENOENT: no module. */
int channel_open(struct channel *channel);
void channel_close(struct channel *channel);

int request_begin(struct request *request, const struct channel *channel, u8 command, int flags);
void request_end(struct request *request);

/* Each notes @arg, which may be NULL, as what the attribute came from. */
void put_u8(struct request *request, int type, u8 value, const struct arg *arg);
void put_u16_net(struct request *request, int type, u16 value, const struct arg *arg);
void put_u32(struct request *request, int type, u32 value, const struct arg *arg);
void put_bytes(struct request *request, int type, const void *bytes, int len,
	       const struct arg *arg);
struct nlattr *put_nest(struct request *request, int type, const struct arg *arg);
void put_nest_end(struct request *request, struct nlattr *nest);

/* Sends, and waits for the end. Returns 0 when @outcome says how it ended, or -errno. */
int channel_call(struct channel *channel, struct request *request, answer_fn answer, void *data,
		 struct outcome *outcome);

/* The halves of it, for many requests at a time: */

/* Returns 0 with the sequence number that the outcome will have, or -errno. */
int channel_send(struct channel *channel, struct request *request, u32 *sequence);

/* Takes the next outcome, of whichever request. Returns 0; -EAGAIN: none yet; or -errno. */
int channel_outcome(struct channel *channel, bool wait, struct outcome *outcome);

/* The user's words at @offset of the message, or NULL. */
const struct arg *request_blamed(const struct request *request, u32 offset);

#endif
