// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/lbvs_bench: open it, write the words of a case, read what it came to.
 *
 *	exec 3<> /proc/lbvs_bench
 *	echo "kind=udp server=10.0.0.11 count=64000" >&3
 *	read -r result <&3
 *
 * The words, with their defaults: kind=udp (udp, syn, synack, ack, sink) af=4
 * client=100.64.0.1 cport=1024 cports=32768 server=203.0.113.10 sport=80
 * sports=1 flows=1 count=64 batch=64 len=128 reply=0 list=0 random=0 mark=0
 * gso=0; struct bench_case says what they are. The result: "sent=64 left=64
 * bytes=8192 back=0 sunk=0 ns=170624 min=2660.1 median=2666.0 max=2668.2":
 * packets sent, those that left by the other device and their bytes, that went
 * back by the one they came from, that were taken as kind=sink; nanoseconds of
 * all batches, and of a packet in the quickest, middle and slowest batch.
 */
#include <linux/fs.h>
#include <linux/inet.h>
#include <linux/module.h>
#include <linux/proc_fs.h>

#include "bench.h"

static const char *const kinds[] = {
	[BENCH_UDP]	= "udp",
	[BENCH_SYN]	= "syn",
	[BENCH_SYNACK]	= "synack",
	[BENCH_ACK]	= "ack",
	[BENCH_SINK]	= "sink",
};

static const struct bench_case defaults = {
	.af = 4,
	.client.s6_addr = { 100, 64, 0, 1 },
	.server.s6_addr = { 203, 0, 113, 10 },
	.cport = 1024,
	.cports = 32768,
	.sport = 80,
	.sports = 1,
	.flows = 1,
	.count = 64,
	.batch = 64,
	.len = 128,
};

#define NUMBER(field, low, high) \
	{ #field, offsetof(struct bench_case, field), low, high }

static const struct number {
	const char *name;
	size_t offset;
	u32 min;
	u32 max;
} numbers[] = {
	NUMBER(af, 4, 6),
	NUMBER(reply, 0, 1),
	NUMBER(list, 0, 1),
	NUMBER(random, 0, 1),
	NUMBER(cport, 1, 65535),
	NUMBER(cports, 1, 65535),
	NUMBER(sport, 1, 65535),
	NUMBER(sports, 1, 65535),
	NUMBER(flows, 1, 100000000),
	NUMBER(count, 1, 100000000),
	NUMBER(batch, 1, BENCH_BATCH_MAX),
	NUMBER(len, BENCH_HEAD_MAX, 65535),
	NUMBER(mark, 0, 1),
	NUMBER(gso, 0, 65535),
};

static int parse_number(struct bench_case *bc, const char *name,
			const char *value)
{
	u32 number;
	int i;

	if (kstrtou32(value, 10, &number))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strcmp(name, numbers[i].name))
			continue;
		if (number < numbers[i].min || number > numbers[i].max)
			return -ERANGE;
		*(u32 *)((void *)bc + numbers[i].offset) = number;
		return 0;
	}
	return -EINVAL;
}

static int parse_address(struct in6_addr *addr, const char *value)
{
	if (in4_pton(value, -1, addr->s6_addr, -1, NULL) ||
	    in6_pton(value, -1, addr->s6_addr, -1, NULL))
		return 0;
	return -EINVAL;
}

static int parse_word(struct bench_case *bc, char *word)
{
	const char *name = strsep(&word, "=");
	int kind;

	if (!word)
		return -EINVAL;
	if (!strcmp(name, "client"))
		return parse_address(&bc->client, word);
	if (!strcmp(name, "server"))
		return parse_address(&bc->server, word);
	if (strcmp(name, "kind"))
		return parse_number(bc, name, word);
	kind = match_string(kinds, ARRAY_SIZE(kinds), word);
	if (kind < 0)
		return kind;
	bc->kind = kind;
	return 0;
}

static bool plausible(const struct bench_case *bc)
{
	if (bc->gso && (bc->kind != BENCH_ACK ||
			bc->len - BENCH_HEAD_MAX > MAX_SKB_FRAGS * PAGE_SIZE))
		return false;
	return bc->af != 5 && (bc->gso || bc->len <= 1514) &&
	       bc->cport + bc->cports <= 65536 &&
	       bc->sport + bc->sports <= 65536;
}

static int parse(struct bench_case *bc, char *words)
{
	char *word;
	int err;

	*bc = defaults;
	while ((word = strsep(&words, "\n "))) {
		if (!*word)
			continue;
		err = parse_word(bc, word);
		if (err) {
			pr_err("lbvs_bench: what is '%s'?\n", word);
			return err;
		}
	}
	if (!plausible(bc)) {
		pr_err("lbvs_bench: words that contradict each other\n");
		return -EINVAL;
	}
	return 0;
}

static size_t print(char *to, const struct bench_case *bc,
		    const struct bench_result *result)
{
	const struct bench_counts *counts = &result->counts;

	return scnprintf(to, SIMPLE_TRANSACTION_LIMIT,
			 "sent=%u left=%llu bytes=%llu back=%llu sunk=%llu ns=%llu min=%u.%u median=%u.%u max=%u.%u\n",
			 bc->count, counts->left[!bc->reply],
			 counts->bytes[!bc->reply], counts->left[bc->reply],
			 counts->sunk, result->ns,
			 result->min / 10, result->min % 10,
			 result->median / 10, result->median % 10,
			 result->max / 10, result->max % 10);
}

static ssize_t write(struct file *file, const char __user *from, size_t len,
		     loff_t *pos)
{
	struct bench_result result = { };
	struct bench_case bc;
	char *words;
	int err;

	words = simple_transaction_get(file, from, len);
	if (IS_ERR(words))
		return PTR_ERR(words);
	err = parse(&bc, words);
	if (!err)
		err = bench_measure(&bc, &result);
	if (err)
		return err;
	simple_transaction_set(file, print(words, &bc, &result));
	return len;
}

static const struct proc_ops proc_ops = {
	.proc_read = simple_transaction_read,
	.proc_write = write,
	.proc_lseek = default_llseek,
	.proc_release = simple_transaction_release,
};

static int __init bench_init(void)
{
	int err;

	err = bench_devices_add();
	if (err)
		return err;
	if (!proc_create("lbvs_bench", 0600, NULL, &proc_ops)) {
		bench_devices_remove();
		return -ENOMEM;
	}
	return 0;
}

static void __exit bench_exit(void)
{
	remove_proc_entry("lbvs_bench", NULL);
	bench_devices_remove();
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Packets for measuring what a director does with them");
