/* SPDX-License-Identifier: GPL-2.0 */
#ifndef UTIL_H
#define UTIL_H

#include <linux/types.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdnoreturn.h>
#include <sys/socket.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/** NAME_MAX_LEN: longest name of a real, its NUL included. */
#define NAME_MAX_LEN	16
/** LINE_MAX_LEN: longest message or answer, its NUL included. */
#define LINE_MAX_LEN	1400
/** DATAGRAM_MAX_LEN: longest datagram that "send" and "big" make, or its answer. */
#define DATAGRAM_MAX_LEN	65536

/**
 * struct address - a socket's address of either family
 * @sa: what socket calls take
 * @in: the same, IPv4
 * @in6: the same, IPv6
 * @storage: makes it large enough
 */
struct address {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	};
};

noreturn void die(const char *format, ...);
__u64 now_ms(void);

/* A number less than @below, of a sequence that @rnd_state begins. */
__u32 rnd(__u32 below);
extern __u64 rnd_state;

/* Set by SIGTERM once that has been asked for: come to an end in good order. */
extern atomic_bool stopped;
void stop_at_sigterm(void);

bool address_parse(struct address *address, const char *host, const char *port);
socklen_t address_len(const struct address *address);
void set_flag(int fd, int level, int option);
ssize_t recv_line(int fd, char *text, size_t room);
__u32 sum_words(const void *data, size_t len, __u32 sum);
__u16 sum_fold(__u32 sum);
__u16 l4_checksum(const struct address *from, const struct address *to, __u8 protocol,
		  const void *data, size_t len);

/*
 * What goes through a bulk transfer: bytes told by their direction and place, so
 * that any that is lost, doubled, changed or out of order is noticed.
 */
enum direction { TO_SERVER, TO_CLIENT };

const unsigned char *bulk_at(enum direction direction, __u64 place, size_t *room);
ssize_t bulk_send(int fd, enum direction direction, __u64 place, __u64 end);
bool bulk_same(enum direction direction, __u64 place, const unsigned char *data, size_t len);

/* The first attribute of a type among @len bytes of them, or NULL. */
struct nlattr *find_attr(void *start, size_t len, __u16 type);

#endif /* UTIL_H */
