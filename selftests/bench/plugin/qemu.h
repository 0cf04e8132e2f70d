/* SPDX-License-Identifier: GPL-2.0 */
/* What we need of QEMU's interface for plugins; QEMU itself has it to link with. */
#ifndef _BENCH_QEMU_H
#define _BENCH_QEMU_H

#include <stddef.h>

/* The oldest version of the interface that QEMU 7.2 to 9.0 take. */
#define QEMU_PLUGIN_VERSION 1
/* The callback doesn't look at registers. */
#define QEMU_PLUGIN_CB_NO_REGS 0

struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void (*tb_trans_cb)(unsigned long long id, struct qemu_plugin_tb *tb);
typedef void (*exec_cb)(unsigned int cpu, void *data);
typedef void (*exit_cb)(unsigned long long id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(unsigned long long id, tb_trans_cb cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, exec_cb cb,
					  int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    exec_cb cb, int flags, void *data);
void qemu_plugin_register_atexit_cb(unsigned long long id, exit_cb cb, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t i);
unsigned long long qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

#endif /* _BENCH_QEMU_H */
