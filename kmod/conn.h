/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection table: how it is found, made, forgotten and walked.
 */
#ifndef _LBVS_CONN_H
#define _LBVS_CONN_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/siphash.h>
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
 * @addr: source and destination address: 2 words or, for IPv6, 8
 */
struct lbvs_conn_entry {
	struct hlist_node node;
	u8 af;
	u8 dir;
	u8 proto;
	u8 method;
	__be16 sport;
	__be16 dport;
	__be32 addr[];
};

/**
 * struct lbvs_conn - a connection
 * @real: where it goes; never changes, and is referenced
 * @word: state and flags, changed by cmpxchg only
 * @expires: when it is forgotten, in jiffies (the low 32 bits)
 * @rcu: for freeing it
 * @entries: struct lbvs_conn_entry, of the family's size: the client's packets'
 *	and, where replies pass the director, the real's. They never change.
 *
 * An IPv4 connection without replies is one cache line, with them two.
 */
struct lbvs_conn {
	struct lbvs_real *real;
	u32 word;
	u32 expires;
	struct rcu_head rcu;
	u8 entries[] __aligned(LBVS_CONN_ALIGN);
};

/**
 * struct lbvs_conn_table - the buckets of one family
 * @mask: number of buckets - 1
 * @next: the table that this one's entries are being moved to, or NULL
 * @rcu: for freeing it
 * @bucket: heads of chains
 */
struct lbvs_conn_table {
	unsigned int mask;
	struct lbvs_conn_table __rcu *next;
	struct rcu_head rcu;
	struct hlist_head bucket[];
};

/**
 * struct lbvs_conn_family - the connections of one family
 * @table: the oldest table that has entries; NULL before the first service.
 *	Read under RCU; replaced under @lock.
 * @count: connections, until they are freed
 * @key: of the hash; never changes
 * @resize: grows or shrinks the table, in process context
 * @lock: serialises changes of @table and of its next one
 * @ln: the namespace
 */
struct lbvs_conn_family {
	struct lbvs_conn_table __rcu *table;
	atomic_t count;
	hsiphash_key_t key;
	struct work_struct resize;
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
				   struct lbvs_real *real, u32 word);
bool lbvs_conn_kill(struct lbvs_net *ln, struct lbvs_conn *conn);
void lbvs_conn_advance(struct lbvs_net *ln, struct lbvs_conn *conn,
		       enum lbvs_dir dir, const struct lbvs_packet *pkt);
void lbvs_conn_tuple(const struct lbvs_conn *conn, enum lbvs_dir dir,
		     struct lbvs_tuple *tuple);
void lbvs_conn_rewritten(const struct lbvs_conn *conn, enum lbvs_dir dir,
			 struct lbvs_tuple *tuple);
void lbvs_conn_real(const struct lbvs_conn *conn, struct lbvs_real_key *key);
bool lbvs_conn_usable(const struct lbvs_conn *conn);
void lbvs_conn_collect(struct lbvs_net *ln);
void lbvs_conn_visit(struct lbvs_net *ln, lbvs_conn_fn fn, void *arg);
void lbvs_conn_kill_unusable(struct lbvs_net *ln);
void lbvs_conn_kill_all(struct lbvs_net *ln);

/* conn_table.c */
void lbvs_table_locks_init(void);
void lbvs_table_init(struct lbvs_net *ln);
int lbvs_table_start(struct lbvs_net *ln, u8 af);
void lbvs_table_stop(struct lbvs_net *ln);
void lbvs_table_free(struct lbvs_net *ln);
u32 lbvs_table_hash(const struct lbvs_conn_family *fam,
		    const struct lbvs_tuple *tuple);
void lbvs_table_lock(u32 hash_a, u32 hash_b);
void lbvs_table_unlock(u32 hash_a, u32 hash_b);
void lbvs_table_link(struct lbvs_conn_family *fam,
		     struct lbvs_conn_entry *entry, u32 hash);
void lbvs_table_check(struct lbvs_conn_family *fam);
int lbvs_table_walk(struct lbvs_conn_family *fam, u32 *cursor, lbvs_conn_fn fn,
		    void *arg);
unsigned int lbvs_table_buckets(const struct lbvs_net *ln);

static inline unsigned int lbvs_family_index(u8 af)
{
	return af == AF_INET ? 0 : 1;
}

static inline size_t lbvs_conn_entry_size(u8 af)
{
	return sizeof(struct lbvs_conn_entry) +
	       2 * lbvs_addr_words(af) * sizeof(__be32);
}

static inline struct lbvs_conn_entry *
lbvs_conn_entry(const struct lbvs_conn *conn, enum lbvs_dir dir)
{
	struct lbvs_conn_entry *in = (void *)conn->entries;

	return (void *)in + dir * lbvs_conn_entry_size(in->af);
}

static inline u8 lbvs_conn_method(const struct lbvs_conn *conn)
{
	return lbvs_conn_entry(conn, LBVS_DIR_IN)->method;
}

/* Whether replies pass the director, and have a tuple of their own. */
static inline bool lbvs_method_replies(u8 method)
{
	return method == LBVS_METHOD_NAT;
}

static inline struct lbvs_conn *
lbvs_entry_conn(const struct lbvs_conn_entry *entry)
{
	const u8 *entries = (const u8 *)entry -
			    entry->dir * lbvs_conn_entry_size(entry->af);

	return (void *)(entries - offsetof(struct lbvs_conn, entries));
}

static inline bool lbvs_entry_equal(const struct lbvs_conn_entry *entry,
				    const struct lbvs_tuple *tuple)
{
	unsigned int words = lbvs_addr_words(tuple->af);

	return entry->sport == tuple->sport && entry->dport == tuple->dport &&
	       entry->proto == tuple->proto &&
	       lbvs_addr_equal(tuple->af, entry->addr, tuple->saddr) &&
	       lbvs_addr_equal(tuple->af, entry->addr + words, tuple->daddr);
}

static inline u8 lbvs_conn_state(const struct lbvs_conn *conn)
{
	return READ_ONCE(conn->word) & LBVS_CONN_STATE;
}

#endif /* _LBVS_CONN_H */
