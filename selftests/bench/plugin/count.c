// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU: how often each block of instructions was executed between
 * the two marks of module/measure.c. One virtual CPU only.
 *
 *	-plugin count.so,out=FILE
 *
 * A line of FILE: the block's address (hexadecimal), its instructions, how often.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../module/mark.h"
#include "qemu.h"

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

struct block {
	struct block *next;
	unsigned long long address;
	size_t insns;
	unsigned long long count;
};

static struct block *blocks;
static bool counting;
static char *path;

static void on_block(unsigned int cpu, void *data)
{
	struct block *block = data;

	(void)cpu;
	block->count += counting;
}

static void on_begin(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	counting = true;
}

static void on_end(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	counting = false;
}

/* An instruction that loads @magic has it as its last bytes. */
static bool loads(const struct qemu_plugin_insn *insn, unsigned int magic)
{
	size_t size = qemu_plugin_insn_size(insn);
	const unsigned char *data = qemu_plugin_insn_data(insn);

	return size > sizeof(magic) &&
	       !memcmp(data + size - sizeof(magic), &magic, sizeof(magic));
}

static void watch_marks(struct qemu_plugin_tb *tb, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		exec_cb cb = loads(insn, BENCH_MARK_BEGIN) ? on_begin :
			     loads(insn, BENCH_MARK_END) ? on_end : NULL;

		if (cb)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, cb,
							       QEMU_PLUGIN_CB_NO_REGS,
							       NULL);
	}
}

/* The same address may be translated again: each time is a block of its own. */
static void on_translation(unsigned long long id, struct qemu_plugin_tb *tb)
{
	struct block *block = calloc(1, sizeof(*block));

	(void)id;
	if (!block)
		abort();
	block->address = qemu_plugin_tb_vaddr(tb);
	block->insns = qemu_plugin_tb_n_insns(tb);
	block->next = blocks;
	blocks = block;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block,
					     QEMU_PLUGIN_CB_NO_REGS, block);
	watch_marks(tb, block->insns);
}

static void on_exit_of_qemu(unsigned long long id, void *data)
{
	FILE *out = fopen(path, "w");
	struct block *block;

	(void)id;
	(void)data;
	if (!out) {
		perror(path);
		return;
	}
	for (block = blocks; block; block = block->next)
		if (block->count)
			fprintf(out, "%llx %zu %llu\n",
				block->address, block->insns, block->count);
	if (fclose(out))
		perror(path);
}

int qemu_plugin_install(unsigned long long id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "count.so: say out=FILE\n");
		return -1;
	}
	path = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
