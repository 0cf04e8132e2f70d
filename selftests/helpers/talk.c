// SPDX-License-Identifier: GPL-2.0
/*
 * talk
 *
 * A client for the tests, told what to do by lines on standard input. Each line
 * has one line for an answer: what was asked for, or "error: WORDS". HOW is
 * "tcp|udp ADDRESS PORT [from=ADDRESS] [sport=PORT] [timeout=MS] [ttl=N] [nocheck]
 * [errors] [whole]".
 *
 *   open ID HOW	connect and say the first message: the real's name
 *   connect ID HOW	connect only: "connected"
 *   say ID [COUNT]	one message: who answered; COUNT: how often who, "r1=3 r2=2"
 *   burst ID COUNT	UDP, without waiting between: "lost=0", in order
 *   send ID BYTES	UDP, one datagram, no answer: "sent"
 *   big ID BYTES	UDP, one datagram, and one as large back: the real's name
 *   error ID		with "errors": the next ICMP error: "type=3 code=3 info=0 from=..."
 *   many ID COUNT HOW	open ID1, ID2 ...: how often who, and "failed=N" if any did
 *   sayall ID		a message on all of them at a time: "same=60 moved=0 failed=0"
 *   prune ID		close those of them that failed then: "closed=0"
 *   each COUNT HOW	open, say, finish one after the other: how often who
 *   load HOW		as each, until the next line: "requests=N failed=N r1=N ..."; UDP's
 *			answers count if they have come by then, in time or late
 *   late		of the last load: "again=N took=MS failed=MS": how many had an answer,
 *			but not to their first SYN, and what they took, and those without
 *   bulk ID BYTES	so many bytes each way, checked at both ends: "good"
 *   ask ID WORD	see server.c: hold, close, reset
 *   half ID		the client's FIN
 *   finish ID		the client's FIN, the server's last words, its FIN: "finished"
 *   end ID		wait for the server's FIN: "ended"
 *   close ID, rst ID	end it in one stroke; "close *" for all
 *   sport ID		the client's port
 *   took		milliseconds that the last command took
 *   raw ...		see raw.c
 *   icmp ..., frag ..., craft ..., frame ...	see craft.c
 *   tap ..., seen ..., xdp ..., passed ...	see watch.c
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "craft.h"
#include "flow.h"
#include "raw.h"
#include "watch.h"

#define WORDS_MAX	16
#define REALS_MAX	8

/**
 * struct tally - how often who answered
 * @names: of the reals
 * @counts: of their answers
 * @n: how many reals there are
 * @failed: how many had no answer
 * @wrong: what went wrong last
 */
struct tally {
	char names[REALS_MAX][NAME_MAX_LEN];
	unsigned int counts[REALS_MAX];
	unsigned int n;
	unsigned int failed;
	const char *wrong;
};

#define WAITING_MAX	256

/**
 * struct waiting - UDP requests of a load that had no answer in time
 * @flow: they, and room for the next request
 * @n: how many
 */
struct waiting {
	struct flow flow[WAITING_MAX + 1];
	unsigned int n;
};

/* See "late". */
static struct {
	unsigned int again;
	__u64 took;
	__u64 failed;
} late;

static struct flow *flows;

static struct flow *find_flow(const char *id)
{
	struct flow *flow;

	for (flow = flows; flow; flow = flow->next)
		if (!strcmp(flow->id, id))
			break;
	return flow;
}

static struct flow *add_flow(const char *id)
{
	struct flow *flow;

	flow = calloc(1, sizeof(*flow));
	if (!flow)
		die("no memory");
	snprintf(flow->id, sizeof(flow->id), "%s", id);
	flow->fd = -1;
	flow->next = flows;
	flows = flow;
	return flow;
}

static void remove_flow(struct flow *flow)
{
	struct flow **link;

	for (link = &flows; *link != flow; link = &(*link)->next)
		;
	*link = flow->next;
	if (flow->fd >= 0)
		close(flow->fd);
	free(flow);
}

static void tally_add(struct tally *tally, const char *name)
{
	unsigned int i;

	for (i = 0; i < tally->n && strcmp(tally->names[i], name); i++)
		;
	if (i == REALS_MAX)
		die("too many reals");
	if (i == tally->n) {
		snprintf(tally->names[i], NAME_MAX_LEN, "%s", name);
		tally->counts[i] = 0;
		tally->n++;
	}
	tally->counts[i]++;
}

static void tally_fail(struct tally *tally, const char *wrong)
{
	tally->failed++;
	tally->wrong = wrong;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void tally_print(const struct tally *tally)
{
	char parts[REALS_MAX][NAME_MAX_LEN + 16];
	unsigned int i;

	for (i = 0; i < tally->n; i++)
		snprintf(parts[i], sizeof(parts[i]), "%s=%u", tally->names[i], tally->counts[i]);
	qsort(parts, tally->n, sizeof(parts[0]), by_name);
	for (i = 0; i < tally->n; i++)
		printf("%s%s", i ? " " : "", parts[i]);
	if (tally->failed)
		printf("%sfailed=%u (%s)", tally->n ? " " : "", tally->failed, tally->wrong);
	else if (!tally->n)
		printf("nothing");
	printf("\n");
}

static const char *parse_option(struct flow_options *options, const char **from, const char **sport,
				const char *word)
{
	if (!strncmp(word, "from=", 5))
		*from = word + 5;
	else if (!strncmp(word, "sport=", 6))
		*sport = word + 6;
	else if (!strncmp(word, "timeout=", 8))
		options->timeout = atoi(word + 8);
	else if (!strcmp(word, "nocheck"))
		options->no_checksum = true;
	else if (!strcmp(word, "errors"))
		options->errors = true;
	else if (!strcmp(word, "whole"))
		options->whole = true;
	else if (!strncmp(word, "ttl=", 4))
		options->ttl = atoi(word + 4);
	else
		return "unknown option";
	return NULL;
}

static const char *parse_how(struct flow_options *options, int n, char **words)
{
	const char *from, *sport = "0", *wrong;
	int i;

	memset(options, 0, sizeof(*options));
	if (n < 3)
		return "want tcp|udp, address, port";
	options->type = strcmp(words[0], "udp") ? SOCK_STREAM : SOCK_DGRAM;
	options->timeout = 5000;
	if (!address_parse(&options->to, words[1], words[2]))
		return "bad address";
	from = options->to.sa.sa_family == AF_INET ? "0.0.0.0" : "::";
	for (i = 3; i < n; i++) {
		wrong = parse_option(options, &from, &sport, words[i]);
		if (wrong)
			return wrong;
	}
	return address_parse(&options->from, from, sport) ? NULL : "bad address";
}

static const char *open_and_say(struct flow *flow, const struct flow_options *options)
{
	const char *wrong;

	wrong = flow_open(flow, options);
	return wrong ?: flow_say(flow);
}

static const char *do_open(int n, char **words)
{
	struct flow_options options;
	struct flow *flow;
	const char *wrong;

	wrong = parse_how(&options, n - 2, words + 2);
	if (wrong)
		return wrong;
	flow = add_flow(words[1]);
	if (!strcmp(words[0], "connect"))
		wrong = flow_open(flow, &options);
	else
		wrong = open_and_say(flow, &options);
	if (wrong)
		remove_flow(flow);
	else
		printf("%s\n", flow->real[0] ? flow->real : "connected");
	return wrong;
}

static const char *do_say(int n, char **words)
{
	struct flow *flow = find_flow(words[1]);
	struct tally tally = { .n = 0 };
	const char *wrong;
	int count;

	if (!flow)
		return "no such flow";
	if (n == 2) {
		wrong = flow_say(flow);
		if (!wrong)
			printf("%s\n", flow->real);
		return wrong;
	}
	for (count = atoi(words[2]); count; count--) {
		wrong = flow_say(flow);
		if (wrong)
			tally_fail(&tally, wrong);
		else
			tally_add(&tally, flow->real);
	}
	tally_print(&tally);
	return NULL;
}

static const char *do_burst(int n, char **words)
{
	struct flow *flow = find_flow(words[1]);
	unsigned int lost;
	const char *wrong;

	if (!flow || n < 3)
		return "no such flow, or no count";
	wrong = flow_burst(flow, atoi(words[2]), &lost);
	if (!wrong)
		printf("lost=%u\n", lost);
	return wrong;
}

static const char *do_datagram(int n, char **words)
{
	struct flow *flow = find_flow(words[1]);
	bool answered = !strcmp(words[0], "big");
	const char *wrong;
	size_t len;

	if (!flow || n < 3)
		return "no such flow, or no length";
	len = atoi(words[2]);
	if (len > DATAGRAM_MAX_LEN - 100)
		return "too long";
	wrong = answered ? flow_big(flow, len) : flow_send(flow, len);
	if (!wrong)
		printf("%s\n", answered ? flow->real : "sent");
	return wrong;
}

static const char *do_error(int n, char **words)
{
	struct flow *flow = find_flow(words[n - 1]);
	char text[128] = "nothing";
	const char *wrong;

	if (!flow)
		return "no such flow";
	wrong = flow_error(flow, text, sizeof(text));
	if (!wrong)
		printf("%s\n", text);
	return wrong;
}

static const char *do_many(int n, char **words)
{
	struct flow_options options;
	struct tally tally = { .n = 0 };
	struct flow *flow;
	const char *wrong;
	char id[32];
	int i, sport;

	wrong = parse_how(&options, n - 3, words + 3);
	if (wrong)
		return wrong;
	sport = ntohs(options.from.in.sin_port);
	for (i = 1; i <= atoi(words[2]); i++) {
		snprintf(id, sizeof(id), "%s%d", words[1], i);
		flow = add_flow(id);
		if (sport)
			options.from.in.sin_port = htons(sport++);
		wrong = open_and_say(flow, &options);
		if (wrong) {
			tally_fail(&tally, wrong);
			remove_flow(flow);
		} else {
			tally_add(&tally, flow->real);
		}
	}
	tally_print(&tally);
	return NULL;
}

/* One of the many that "many" has made under that name. */
static bool is_one_of(const struct flow *flow, const char *name)
{
	return !strncmp(flow->id, name, strlen(name));
}

/* All have the same time from the last question on: many that are dead cost no more than one. */
static const char *answer_until(struct flow *flow, __u64 start)
{
	int timeout = flow->timeout, gone = now_ms() - start;
	const char *wrong;

	flow->timeout = gone < timeout ? timeout - gone : 0;
	wrong = flow_answer(flow);
	flow->timeout = timeout;
	return wrong;
}

static const char *do_sayall(int n, char **words)
{
	unsigned int same = 0, moved = 0, failed = 0;
	char before[NAME_MAX_LEN];
	struct flow *flow;
	__u64 start;

	for (flow = flows; flow; flow = flow->next)
		if (is_one_of(flow, words[n - 1]))
			flow->wrong = flow_question(flow);
	start = now_ms();
	for (flow = flows; flow; flow = flow->next) {
		if (!is_one_of(flow, words[n - 1]))
			continue;
		memcpy(before, flow->real, sizeof(before));
		if (!flow->wrong)
			flow->wrong = answer_until(flow, start);
		if (flow->wrong)
			failed++;
		else if (strcmp(before, flow->real))
			moved++;
		else
			same++;
	}
	printf("same=%u moved=%u failed=%u\n", same, moved, failed);
	return NULL;
}

static const char *do_prune(int n, char **words)
{
	struct flow *flow, *next;
	unsigned int count = 0;

	for (flow = flows; flow; flow = next) {
		next = flow->next;
		if (!flow->wrong || !is_one_of(flow, words[n - 1]))
			continue;
		remove_flow(flow);
		count++;
	}
	printf("closed=%u\n", count);
	return NULL;
}

static void request_end(struct tally *tally, const struct flow *flow, const char *wrong)
{
	if (wrong)
		tally_fail(tally, wrong);
	else
		tally_add(tally, flow->real);
	close(flow->fd);
}

/* @again: whether its SYN was sent more than once; if it could be opened. */
static const char *request(struct flow *flow, const struct flow_options *options, bool *again)
{
	const char *wrong;

	wrong = flow_open(flow, options);
	if (wrong)
		return wrong;
	*again = flow_sent_again(flow);
	return flow_say(flow) ?: flow_finish(flow);
}

static void request_once(struct tally *tally, const struct flow_options *options)
{
	struct flow flow;
	bool again;

	request_end(tally, &flow, request(&flow, options, &again));
}

/* Of a UDP request, no answer in time may be a late one: it is kept, and asked in the end. */
static void request_for_load(struct tally *tally, const struct flow_options *options,
			     struct waiting *waiting)
{
	struct flow *flow = &waiting->flow[waiting->n];
	__u64 start = now_ms(), took;
	bool again = false;
	const char *wrong;

	wrong = request(flow, options, &again);
	took = now_ms() - start;
	if (wrong) {
		late.failed += took;
	} else if (again) {
		late.took += took;
		late.again++;
	}
	if (wrong && flow->type == SOCK_DGRAM && !strcmp(wrong, "timeout") &&
	    waiting->n < WAITING_MAX)
		waiting->n++;
	else
		request_end(tally, flow, wrong);
}

static void end_waiting(struct tally *tally, struct waiting *waiting)
{
	__u64 start = now_ms();
	unsigned int i;

	for (i = 0; i < waiting->n; i++)
		request_end(tally, &waiting->flow[i], answer_until(&waiting->flow[i], start));
	waiting->n = 0;
}

static const char *do_each(int n, char **words)
{
	struct flow_options options;
	struct tally tally = { .n = 0 };
	const char *wrong;
	int i;

	wrong = parse_how(&options, n - 2, words + 2);
	if (wrong)
		return wrong;
	for (i = 0; i < atoi(words[1]); i++)
		request_once(&tally, &options);
	tally_print(&tally);
	return NULL;
}

static const char *do_load(int n, char **words)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	struct flow_options options;
	static struct waiting waiting;
	struct tally tally = { .n = 0 };
	const char *wrong;
	char line[64];
	unsigned int requests = 0;

	wrong = parse_how(&options, n - 1, words + 1);
	if (wrong)
		return wrong;
	memset(&late, 0, sizeof(late));
	while (!poll(&input, 1, 0)) {
		request_for_load(&tally, &options, &waiting);
		requests++;
	}
	end_waiting(&tally, &waiting);
	if (!fgets(line, sizeof(line), stdin))
		die("no end of the load");
	printf("requests=%u failed=%u ", requests, tally.failed);
	tally_print(&tally);
	return NULL;
}

static const char *do_bulk(int n, char **words)
{
	struct flow *flow = find_flow(words[1]);
	const char *wrong;

	if (!flow || n < 3)
		return "no such flow, or no count";
	wrong = flow_bulk(flow, strtoull(words[2], NULL, 10));
	if (!wrong)
		printf("good\n");
	return wrong;
}

static const char *do_ask(int n, char **words)
{
	struct flow *flow = find_flow(words[1]);
	const char *wrong;

	if (!flow || n < 3)
		return "no such flow, or no word";
	wrong = flow_ask(flow, words[2], !strcmp(words[2], "hold"));
	if (!wrong)
		printf("asked\n");
	return wrong;
}

static const char *do_half(int n, char **words)
{
	struct flow *flow = find_flow(words[n - 1]);

	if (!flow)
		return "no such flow";
	shutdown(flow->fd, SHUT_WR);
	printf("half\n");
	return NULL;
}

static const char *do_finish(int n, char **words)
{
	struct flow *flow = find_flow(words[n - 1]);
	const char *wrong;

	if (!flow)
		return "no such flow";
	wrong = flow_finish(flow);
	remove_flow(flow);
	if (!wrong)
		printf("finished\n");
	return wrong;
}

static const char *do_end(int n, char **words)
{
	struct flow *flow = find_flow(words[n - 1]);
	const char *wrong;

	if (!flow)
		return "no such flow";
	wrong = flow_wait_end(flow);
	if (!wrong)
		printf("ended\n");
	return wrong;
}

static const char *do_close(int n, char **words)
{
	struct flow *flow, *next;
	unsigned int count = 0;

	for (flow = flows; flow; flow = next) {
		next = flow->next;
		if (strcmp(words[n - 1], "*") && strcmp(words[n - 1], flow->id))
			continue;
		if (!strcmp(words[0], "rst"))
			flow_reset(flow);
		remove_flow(flow);
		count++;
	}
	printf("closed=%u\n", count);
	return NULL;
}

static const char *do_sport(int n, char **words)
{
	struct flow *flow = find_flow(words[n - 1]);
	struct address own;
	socklen_t len = sizeof(own);

	if (!flow)
		return "no such flow";
	getsockname(flow->fd, &own.sa, &len);
	printf("%u\n", ntohs(own.in.sin_port));
	return NULL;
}

static const struct command {
	const char *name;
	int words;
	const char *(*run)(int n, char **words);
} commands[] = {
	{ "open", 2, do_open },
	{ "connect", 2, do_open },
	{ "say", 2, do_say },
	{ "burst", 2, do_burst },
	{ "send", 3, do_datagram },
	{ "big", 3, do_datagram },
	{ "error", 2, do_error },
	{ "many", 3, do_many },
	{ "sayall", 2, do_sayall },
	{ "prune", 2, do_prune },
	{ "each", 2, do_each },
	{ "load", 1, do_load },
	{ "bulk", 2, do_bulk },
	{ "ask", 2, do_ask },
	{ "half", 2, do_half },
	{ "finish", 2, do_finish },
	{ "end", 2, do_end },
	{ "close", 2, do_close },
	{ "rst", 2, do_close },
	{ "sport", 2, do_sport },
	{ "raw", 1, do_raw },
	{ "icmp", 1, do_icmp },
	{ "frag", 1, do_frag },
	{ "craft", 1, do_craft },
	{ "frame", 1, do_frame },
	{ "tap", 3, do_tap },
	{ "seen", 2, do_seen },
	{ "xdp", 3, do_xdp },
	{ "passed", 2, do_passed },
};

static const char *run_line(int n, char **words)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, words[0]))
			return n < commands[i].words ? "too few words" : commands[i].run(n, words);
	return "unknown command";
}

static int split(char *line, char **words)
{
	int n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (n < WORDS_MAX) {
		line += strspn(line, " ");
		if (!*line)
			break;
		words[n++] = line;
		line += strcspn(line, " ");
		if (*line)
			*line++ = '\0';
	}
	return n;
}

int main(void)
{
	char line[256], *words[WORDS_MAX];
	const char *wrong;
	__u64 start, took = 0;
	int n;

	setlinebuf(stdout);
	/* Lines are polled for (see load): none may wait in stdio's buffer. */
	setvbuf(stdin, NULL, _IONBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		n = split(line, words);
		if (!n)
			continue;
		if (!strcmp(words[0], "took")) {
			printf("%llu\n", took);
			continue;
		}
		if (!strcmp(words[0], "late")) {
			printf("again=%u took=%llu failed=%llu\n", late.again, late.took,
			       late.failed);
			continue;
		}
		start = now_ms();
		wrong = run_line(n, words);
		took = now_ms() - start;
		if (wrong)
			printf("error: %s\n", wrong);
	}
	return 0;
}
