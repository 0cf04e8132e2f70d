/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection table: how it is found, made, forgotten and walked.
 */
#ifndef _LBVS_CONN_H
#define _LBVS_CONN_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include <uapi/linux/lbvs.h>

#include "packet.h"

struct lbvs_net;
struct lbvs_real;
struct lbvs_real_key;

#define LBVS_CONN_ALIGN		32

/*
 * &lbvs_conn.word: the state in the low byte, and flags. One word, so that a
 * change of state, the death of the connection and its being counted as active
 * exclude each other without a lock.
 */
#define LBVS_CONN_STATE		0xffU
#define LBVS_CONN_DEAD		BIT(8)	/* unlinked, or about to be */
#define LBVS_CONN_ACTIVE	BIT(9)	/* counted in &lbvs_real.active */
#define LBVS_CONN_RST_OUT	BIT(10)	/* in TCP_CLOSE: the real sent the RST */

/**
 * struct lbvs_conn_entry - a tuple that a connection is found by
 * @node: in a bucket
 * @af: AF_INET or AF_INET6
 * @dir: the direction of the packets that are found by it
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @method: &enum lbvs_method of the connection
 * @sport: source port of a packet that is found by it
 * @dport: destination port
 * @ports: both, as they stand in a header
 * @addr: source and destination address: 2 words or, for IPv6, 8
 */
struct lbvs_conn_entry {
	struct hlist_node node;
	u8 af;
	u8 dir;
	u8 proto;
	u8 method;
	union {
		struct {
			__be16 sport;
			__be16 dport;
		};
		__be32 ports;
	};
	__be32 addr[];
};

/**
 * struct lbvs_conn - a connection
 * @real: where it goes; never changes, and is referenced
 * @word: state and flags, changed by cmpxchg only
 * @expires: when it is forgotten, in jiffies (the low 32 bits)
 * @rcu: for freeing it
 * @reply_way: while it isn't dead: the way that replies took last, see route.c, or
 *	0. Written under the locks of its chains.
 * @entries: struct lbvs_conn_entry, of the family's size: the client's packets'
 *	and, where replies pass the director, the real's. They never change.
 *
 * An IPv4 connection without replies is one cache line, with them two.
 */
struct lbvs_conn {
	struct lbvs_real *real;
	u32 word;
	u32 expires;
	union {
		struct rcu_head rcu;
		unsigned long reply_way;
	};
	u8 entries[] __aligned(LBVS_CONN_ALIGN);
};

/**
 * struct lbvs_conn_table - the buckets of one family
 * @mask: number of buckets - 1
 * @bucket: heads of chains; apart, so that their size is a power of two
 * @next: the table that this one's entries are being moved to, or NULL
 */
struct lbvs_conn_table {
	unsigned int mask;
	struct hlist_head *bucket;
	struct lbvs_conn_table __rcu *next;
};

/* Words of &lbvs_conn_family.key. */
#define LBVS_HASH_WORDS		6

/**
 * struct lbvs_conn_family - the connections of one family
 * @table: the oldest table that has entries; NULL before the first service.
 *	Read under RCU; replaced under @lock.
 * @count: connections, until they are freed
 * @key: of the hash; never changes
 * @resize: grows or shrinks the table, in process context
 * @failed: when there was no memory for that, in jiffies; or 0
 * @lock: serialises changes of @table and of its next one
 * @ln: the namespace
 */
struct lbvs_conn_family {
	struct lbvs_conn_table __rcu *table;
	atomic_t count;
	u64 key[LBVS_HASH_WORDS];
	struct work_struct resize;
	unsigned long failed;
	struct mutex lock;	/* see above */
	struct lbvs_net *ln;
};

/**
 * struct lbvs_conns - the connections of a namespace
 * @family: IPv4's and IPv6's
 * @limit: how many there may be of both together; written under
 *	&lbvs_net.lock, read anywhere
 * @cursor: where the collector is, for each family; its own
 */
struct lbvs_conns {
	struct lbvs_conn_family family[2];
	u32 limit;
	u32 cursor[2];
};

/*
 * Called by lbvs_conn_walk() for each connection, under RCU. It may kill the
 * connection, and mustn't sleep. Non-zero ends the walk.
 */
typedef int (*lbvs_conn_fn)(struct lbvs_conn *conn, void *arg);

/* conn.c */
int lbvs_conn_init(void);
void lbvs_conn_exit(void);
u32 lbvs_conn_limit_default(void);
unsigned int lbvs_conn_bytes(void);
unsigned int lbvs_conn_count(const struct lbvs_net *ln);

struct lbvs_conn *lbvs_conn_find(struct lbvs_net *ln,
				 const struct lbvs_tuple *tuple,
				 enum lbvs_dir *dir);
struct lbvs_conn *lbvs_conn_alloc(struct lbvs_net *ln,
				  const struct lbvs_tuple *tuple, u8 method,
				  enum lbvs_drop *why);
void lbvs_conn_discard(struct lbvs_net *ln, struct lbvs_conn *conn);
struct lbvs_conn *lbvs_conn_insert(struct lbvs_net *ln, struct lbvs_conn *conn,
				   const struct lbvs_tuple *in,
				   struct lbvs_real *real, u32 word);
bool lbvs_conn_kill(struct lbvs_net *ln, struct lbvs_conn *conn);
void lbvs_conn_advance(struct lbvs_net *ln, struct lbvs_conn *conn,
		       enum lbvs_dir dir, const struct lbvs_packet *pkt);
void lbvs_conn_reply_way(struct lbvs_net *ln, struct lbvs_conn *conn,
			 unsigned long way);
void lbvs_conn_real(const struct lbvs_conn *conn, struct lbvs_real_key *key);
bool lbvs_conn_usable(const struct lbvs_conn *conn);
void lbvs_conn_collect(struct lbvs_net *ln);
int lbvs_conn_visit(struct lbvs_net *ln, lbvs_conn_fn fn, void *arg);
void lbvs_conn_kill_unusable(struct lbvs_net *ln);
void lbvs_conn_kill_all(struct lbvs_net *ln);

/* evict.c */
struct lbvs_conn *lbvs_evict_find(const struct lbvs_conn_family *family, u64 place,
				  u32 *word);

/* conn_table.c */
void lbvs_table_locks_init(void);
void lbvs_table_init(struct lbvs_net *ln);
int lbvs_table_start(struct lbvs_net *ln, u8 af);
void lbvs_table_stop(struct lbvs_net *ln);
void lbvs_table_free(struct lbvs_net *ln);
void lbvs_table_lock(u32 hash_a, u32 hash_b);
void lbvs_table_unlock(u32 hash_a, u32 hash_b);
void lbvs_table_link(struct lbvs_conn_family *fam,
		     struct lbvs_conn_entry *entry, u32 hash);
void lbvs_table_check(struct lbvs_conn_family *fam);
int lbvs_table_walk(struct lbvs_conn_family *fam, u32 *cursor, lbvs_conn_fn fn,
		    void *arg);
unsigned int lbvs_table_buckets(const struct lbvs_net *ln);
bool lbvs_tables_due(const struct lbvs_net *ln);

/*
 * Both halves of a product, folded. Where the compiler is to make it, it has the
 * stack aligned for 128 bits, by each packet, in whatever this is compiled into.
 */
static __always_inline u64 lbvs_hash_mix(u64 a, u64 b)
{
#ifdef CONFIG_X86_64
	u64 high;

	asm("mulq %[b]" : "+a" (a), "=d" (high) : [b] "rm" (b) : "cc");
	return high ^ a;
#else
	return mul_u64_u64_shr(a, b, 64) ^ a * b;
#endif
}

static __always_inline u64 lbvs_hash_pair(const __be32 *words, u64 key)
{
	return lbvs_word_pair(words[0], words[1]) ^ key;
}

/*
 * The keyed hash of a tuple: products of what is known to everybody and what is
 * known to nobody, folded. Who doesn't learn which tuples share a chain can't
 * do better than guess; that takes him longer than filling the table honestly.
 * It is a third of what siphash would cost, which alone would be a sixth of an
 * established packet's way through here.
 *
 * One product is linear: tuples in sequence land at even distances, which for one
 * key in a hundred makes long chains of a single client's ports, and one collision
 * tells where to find others. Of the second product's result the first one's
 * can't be told any more. selftests/unit/test_hash.c tries.
 *
 * The protocol is left to the comparison: a client that uses one port for both
 * is rare, and its two connections may share a chain.
 */
static __always_inline u32 lbvs_table_hash(const struct lbvs_conn_family *fam,
					   const struct lbvs_tuple *tuple)
{
	u64 ports = (__force u32)tuple->ports;
	const u64 *key = fam->key;
	u64 ends;

	if (tuple->af == AF_INET) {
		__be32 addrs[2] = { tuple->saddr[0], tuple->daddr[0] };

		ends = lbvs_hash_pair(addrs, key[0]);
	} else {
		ends = lbvs_hash_mix(lbvs_hash_pair(&tuple->saddr[0], key[0]),
				     lbvs_hash_pair(&tuple->saddr[2], key[2])) ^
		       lbvs_hash_mix(lbvs_hash_pair(&tuple->daddr[0], key[3]),
				     lbvs_hash_pair(&tuple->daddr[2], key[4]));
	}
	return lbvs_hash_mix(lbvs_hash_mix(ends, ports ^ key[1]), key[5]);
}

static __always_inline unsigned int lbvs_family_index(u8 af)
{
	return af == AF_INET ? 0 : 1;
}

static __always_inline size_t lbvs_conn_entry_size(u8 af)
{
	return sizeof(struct lbvs_conn_entry) +
	       2 * lbvs_addr_words(af) * sizeof(__be32);
}

/* For who knows the connection's family. */
static __always_inline struct lbvs_conn_entry *
lbvs_conn_entry_of(const struct lbvs_conn *conn, u8 af, enum lbvs_dir dir)
{
	struct lbvs_conn_entry *in = (void *)conn->entries;

	return dir == LBVS_DIR_IN ? in : (void *)in + lbvs_conn_entry_size(af);
}

static __always_inline struct lbvs_conn_entry *
lbvs_conn_entry(const struct lbvs_conn *conn, enum lbvs_dir dir)
{
	const struct lbvs_conn_entry *in = (const void *)conn->entries;

	return lbvs_conn_entry_of(conn, in->af, dir);
}

static __always_inline u8 lbvs_conn_method(const struct lbvs_conn *conn)
{
	return lbvs_conn_entry(conn, LBVS_DIR_IN)->method;
}

/* Whether replies pass the director, and have a tuple of their own. */
static __always_inline bool lbvs_method_replies(u8 method)
{
	return method == LBVS_METHOD_NAT;
}

static __always_inline struct lbvs_conn *
lbvs_entry_conn(const struct lbvs_conn_entry *entry, u8 af)
{
	const u8 *entries = (const u8 *)entry;

	if (entry->dir == LBVS_DIR_OUT)
		entries -= lbvs_conn_entry_size(af);
	return (void *)(entries - offsetof(struct lbvs_conn, entries));
}

static __always_inline bool lbvs_entry_equal(const struct lbvs_conn_entry *entry,
					     const struct lbvs_tuple *tuple)
{
	if (entry->ports != tuple->ports || entry->proto != tuple->proto)
		return false;
	if (tuple->af == AF_INET)
		return lbvs_word_pair(entry->addr[0], entry->addr[1]) ==
		       lbvs_word_pair(tuple->saddr[0], tuple->daddr[0]);
	return lbvs_addr_equal(AF_INET6, entry->addr, tuple->saddr) &&
	       lbvs_addr_equal(AF_INET6, entry->addr + 4, tuple->daddr);
}

/* The tuple of an entry, or of what answers to it. */
static __always_inline void
lbvs_entry_tuple(const struct lbvs_conn_entry *entry, u8 af, bool answer,
		 struct lbvs_tuple *tuple)
{
	const __be32 *saddr = entry->addr;
	const __be32 *daddr = saddr + lbvs_addr_words(af);

	tuple->af = af;
	tuple->proto = entry->proto;
	tuple->ports = answer ? lbvs_ports_swap(entry->ports) : entry->ports;
	lbvs_addr_copy(af, tuple->saddr, answer ? daddr : saddr);
	lbvs_addr_copy(af, tuple->daddr, answer ? saddr : daddr);
}

/*
 * What a connection's packets in one direction look like as they arrive, before
 * they are rewritten. LBVS_DIR_OUT only where replies pass the director.
 */
static __always_inline void lbvs_conn_tuple(const struct lbvs_conn *conn,
					    enum lbvs_dir dir,
					    struct lbvs_tuple *tuple)
{
	const struct lbvs_conn_entry *entry = lbvs_conn_entry(conn, dir);

	lbvs_entry_tuple(entry, entry->af, false, tuple);
}

/*
 * What a connection's packets look like afterwards: the answer to what leaves is
 * what arrives from the other side. @af: the connection's family.
 */
static __always_inline void lbvs_conn_rewritten(const struct lbvs_conn *conn,
						u8 af, enum lbvs_dir dir,
						struct lbvs_tuple *tuple)
{
	enum lbvs_dir other = dir == LBVS_DIR_IN ? LBVS_DIR_OUT : LBVS_DIR_IN;

	lbvs_entry_tuple(lbvs_conn_entry_of(conn, af, other), af, true, tuple);
}

static __always_inline u8 lbvs_conn_state(const struct lbvs_conn *conn)
{
	return READ_ONCE(conn->word) & LBVS_CONN_STATE;
}

#endif /* _LBVS_CONN_H */
