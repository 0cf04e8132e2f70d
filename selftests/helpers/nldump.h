/* SPDX-License-Identifier: GPL-2.0 */
/* What the module answers, read byte for byte; see nlfuzz.c. */
#ifndef NLDUMP_H
#define NLDUMP_H

#include <linux/netlink.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define DUMP_ROOM 1048576

/**
 * struct dump - answers to compare, one behind the other
 * @wrong: what is wrong with one of them, or NULL
 * @len: how many bytes of @bytes there are
 * @bytes: the answers, without their headers and without what changes by itself
 */
struct dump {
	const char *wrong;
	size_t len;
	__u8 bytes[DUMP_ROOM];
};

void dump_begin(struct dump *dump);
void dump_message(struct dump *dump, const struct nlmsghdr *header);
bool dump_same(const struct dump *a, const struct dump *b);

#endif
