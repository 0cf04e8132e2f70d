/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FLOW_H
#define FLOW_H

#include "util.h"

/**
 * struct flow - a TCP connection, or a UDP socket, to a service
 * @next: the following flow of the list
 * @id: what the tests call it
 * @fd: its socket
 * @type: SOCK_STREAM or SOCK_DGRAM
 * @number: of the last message
 * @real: who answered the last message
 * @timeout: how long to wait for an answer, in milliseconds
 * @wrong: what "sayall" has found wrong with it
 */
struct flow {
	struct flow *next;
	char id[32];
	int fd;
	int type;
	__u64 number;
	char real[NAME_MAX_LEN];
	int timeout;
	const char *wrong;
};

/**
 * struct flow_options - how a flow is to be opened
 * @type: SOCK_STREAM or SOCK_DGRAM
 * @to: the service
 * @from: the client's own address and port, or zeros
 * @timeout: see &struct flow
 * @no_checksum: UDP without checksums
 * @errors: ICMP errors are to be kept for flow_error()
 * @whole: may not be fragmented, nor is any route's MTU heeded
 * @ttl: TTL or hop limit, or 0
 */
struct flow_options {
	int type;
	struct address to;
	struct address from;
	int timeout;
	bool no_checksum;
	bool errors;
	bool whole;
	int ttl;
};

/*
 * All of these return NULL, or a word for what went wrong. flow_say() sends one
 * numbered message, checks the answer and puts the name into flow->real;
 * flow_question() and flow_answer() are its two halves.
 */
const char *flow_open(struct flow *flow, const struct flow_options *options);
const char *flow_say(struct flow *flow);
const char *flow_question(struct flow *flow);
const char *flow_answer(struct flow *flow);
const char *flow_burst(struct flow *flow, unsigned int count, unsigned int *lost);
const char *flow_send(struct flow *flow, size_t len);
const char *flow_big(struct flow *flow, size_t len);
const char *flow_error(struct flow *flow, char *text, size_t size);
const char *flow_ask(struct flow *flow, const char *word, bool answered);
const char *flow_bulk(struct flow *flow, __u64 bytes);
const char *flow_finish(struct flow *flow);
const char *flow_wait_end(struct flow *flow);
void flow_reset(struct flow *flow);
/* Whether TCP has, up to now; right after flow_open() that is its SYN. */
bool flow_sent_again(const struct flow *flow);
const char *error_word(int error);

#endif /* FLOW_H */
