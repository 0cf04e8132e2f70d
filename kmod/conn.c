// SPDX-License-Identifier: GPL-2.0
/*
 * Connections: found, made, advanced, forgotten.
 *
 * A connection belongs to the table. Whoever sets LBVS_CONN_DEAD unlinks it
 * and frees it behind a grace period; everybody else holds it under RCU only.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "compat.h"
#include "pipeline.h"

/* How much memory the default limit lets connections take: 1/8 of it. */
#define LIMIT_SHARE	8
/* What a connection takes with its share of the table, rounded up. */
#define LIMIT_BYTES	192

/* By family, and whether replies have a tuple of their own. */
static struct kmem_cache *conn_cache[2][2];

/*
 * Connections of all namespaces that users own. Each has a limit, but a user can
 * have many, and what softirqs allocate is charged to nobody: so there is one for
 * all of them together, too, which is the host's to set.
 */
static atomic_t user_conns;
static unsigned int user_conn_limit;
module_param(user_conn_limit, uint, 0644);
MODULE_PARM_DESC(user_conn_limit,
		 "connections of all namespaces that other user namespaces own together (default: as many as the host's own namespace may have)");

static struct kmem_cache **conn_cache_of(u8 af, u8 method)
{
	return &conn_cache[lbvs_family_index(af)][lbvs_method_replies(method)];
}

static int __init cache_create(const char *name, u8 af, u8 method)
{
	size_t size = sizeof(struct lbvs_conn) + lbvs_conn_entry_size(af);
	struct kmem_cache *cache;

	if (lbvs_method_replies(method))
		size += lbvs_conn_entry_size(af);
	cache = kmem_cache_create(name, size, LBVS_CONN_ALIGN, SLAB_NO_MERGE,
				  NULL);
	*conn_cache_of(af, method) = cache;
	return cache ? 0 : -ENOMEM;
}

int __init lbvs_conn_init(void)
{
	int err;

	if (!user_conn_limit)
		user_conn_limit = lbvs_conn_limit_default();
	lbvs_table_locks_init();
	err = cache_create("lbvs_conn4", AF_INET, LBVS_METHOD_DR) ?:
	      cache_create("lbvs_conn4_nat", AF_INET, LBVS_METHOD_NAT) ?:
	      cache_create("lbvs_conn6", AF_INET6, LBVS_METHOD_DR) ?:
	      cache_create("lbvs_conn6_nat", AF_INET6, LBVS_METHOD_NAT);
	if (err)
		lbvs_conn_exit();
	return err;
}

/* The caller has done rcu_barrier(). */
void lbvs_conn_exit(void)
{
	int i;

	for (i = 0; i < 4; i++)
		kmem_cache_destroy(conn_cache[i / 2][i % 2]);
}

/**
 * lbvs_conn_limit_default() - how many connections there may be by default
 *
 * Return: as many as an eighth of the memory holds
 */
u32 lbvs_conn_limit_default(void)
{
	u64 bytes = (u64)totalram_pages() << PAGE_SHIFT;

	return clamp_t(u64, div_u64(bytes, LIMIT_SHARE * LIMIT_BYTES),
		       LBVS_CONN_LIMIT_MIN, LBVS_CONN_LIMIT_MAX);
}

/**
 * lbvs_conn_bytes() - the size of an IPv4 nat connection
 */
unsigned int lbvs_conn_bytes(void)
{
	return kmem_cache_size(*conn_cache_of(AF_INET, LBVS_METHOD_NAT));
}

/**
 * lbvs_conn_count() - how many connections there are
 * @ln: the namespace
 *
 * Return: those of both families, not yet freed ones included
 */
unsigned int lbvs_conn_count(const struct lbvs_net *ln)
{
	return atomic_read(&ln->conns.family[0].count) +
	       atomic_read(&ln->conns.family[1].count);
}

/**
 * lbvs_conn_usable() - may packets use a connection
 * @conn: the connection, under RCU
 *
 * Return: false if it has expired, was killed, or goes to a real whose
 * connections are to be forgotten
 */
bool lbvs_conn_usable(const struct lbvs_conn *conn)
{
	return lbvs_conn_passable(conn);
}

/**
 * lbvs_conn_find() - find the connection of a packet
 * @ln: the namespace
 * @tuple: of the packet
 * @dir: set to the packet's direction
 *
 * Context: RCU.
 * Return: a usable connection, or NULL
 */
struct lbvs_conn *lbvs_conn_find(struct lbvs_net *ln,
				 const struct lbvs_tuple *tuple,
				 enum lbvs_dir *dir)
{
	return lbvs_conn_of(ln, tuple, dir);
}

/**
 * lbvs_conn_real() - where a connection's packets arrive in the end
 * @conn: the connection
 * @key: set to the address and port
 */
void lbvs_conn_real(const struct lbvs_conn *conn, struct lbvs_real_key *key)
{
	*key = conn->real->key;
	if (!key->port)
		key->port = lbvs_conn_entry(conn, LBVS_DIR_IN)->dport;
}

static void entry_fill(struct lbvs_conn_entry *entry, enum lbvs_dir dir,
		       const struct lbvs_tuple *tuple, u8 method)
{
	entry->af = tuple->af;
	entry->dir = dir;
	entry->proto = tuple->proto;
	entry->method = method;
	entry->ports = tuple->ports;
	lbvs_addr_copy(tuple->af, entry->addr, tuple->saddr);
	lbvs_addr_copy(tuple->af, entry->addr + lbvs_addr_words(tuple->af),
		       tuple->daddr);
}

/* Count one more. Returns how many users have together, if it is one of theirs. */
static unsigned int count_up(struct lbvs_net *ln, struct lbvs_conn_family *fam)
{
	atomic_inc(&fam->count);
	return ln->net->user_ns == &init_user_ns ?
	       0 : atomic_inc_return(&user_conns);
}

static void count_down(struct lbvs_net *ln, struct lbvs_conn_family *fam)
{
	atomic_dec(&fam->count);
	if (ln->net->user_ns != &init_user_ns)
		atomic_dec(&user_conns);
}

static void conn_free_rcu(struct rcu_head *rcu)
{
	struct lbvs_conn *conn = container_of(rcu, struct lbvs_conn, rcu);
	struct lbvs_real *real = conn->real;

	lbvs_conn_discard(real->svc->ln, conn);
	lbvs_real_put(real);
}

/* Of the chains that a connection is in; the same twice if it is in one. */
static void conn_hashes(struct lbvs_net *ln, const struct lbvs_conn *conn,
			u32 *hash_in, u32 *hash_out)
{
	struct lbvs_conn_family *fam;
	struct lbvs_tuple tuple;

	lbvs_conn_tuple(conn, LBVS_DIR_IN, &tuple);
	fam = lbvs_conn_family(ln, tuple.af);
	*hash_in = lbvs_table_hash(fam, &tuple);
	*hash_out = *hash_in;
	if (!lbvs_method_replies(lbvs_conn_method(conn)))
		return;
	lbvs_conn_tuple(conn, LBVS_DIR_OUT, &tuple);
	*hash_out = lbvs_table_hash(fam, &tuple);
}

/* Whether it was alive, and of the bits "same" as it was seen. */
static bool conn_mark_dead(struct lbvs_conn *conn, u32 seen, u32 same)
{
	u32 word = READ_ONCE(conn->word);

	do {
		if (word & LBVS_CONN_DEAD || (word ^ seen) & same)
			return false;
	} while (!try_cmpxchg(&conn->word, &word, word | LBVS_CONN_DEAD));

	if (word & LBVS_CONN_ACTIVE)
		atomic_dec(&conn->real->active);
	return true;
}

static bool conn_kill(struct lbvs_net *ln, struct lbvs_conn *conn, u32 seen,
		      u32 same)
{
	bool replies = lbvs_method_replies(lbvs_conn_method(conn));
	u32 hash_in, hash_out;

	if (!conn_mark_dead(conn, seen, same))
		return false;

	conn_hashes(ln, conn, &hash_in, &hash_out);
	lbvs_table_lock(hash_in, hash_out);
	hlist_del_rcu(&lbvs_conn_entry(conn, LBVS_DIR_IN)->node);
	if (replies)
		hlist_del_rcu(&lbvs_conn_entry(conn, LBVS_DIR_OUT)->node);
	lbvs_table_unlock(hash_in, hash_out);
	call_rcu_hurry(&conn->rcu, conn_free_rcu);
	return true;
}

/* How many connections below the limit the eviction begins; of a limit of 1, too. */
static u32 limit_headroom(u32 limit)
{
	return max3(limit / 16, min(limit / 2, 64U), 1U);
}

/*
 * Anywhere, so that nobody can aim, and who sends his SYN again has another chance
 * of finding one. If another CPU took what was found, or it isn't of little use any
 * more, once more.
 */
static bool evict(struct lbvs_net *ln)
{
	unsigned int tries = 2;
	struct lbvs_conn *conn;
	u32 word;

	do {
		conn = lbvs_evict_find(ln->conns.family, get_random_u64(), &word);
		if (!conn)
			return false;
		if (conn_kill(ln, conn, word,
			      LBVS_CONN_STATE | LBVS_CONN_RST_OUT)) {
			this_cpu_inc(ln->cpu->count[LBVS_COUNT_EVICTED]);
			return true;
		}
	} while (--tries);
	return false;
}

/*
 * What is evicted counts until nobody can be looking at it any more, so who takes its
 * place may go beyond the limit for that time, but no farther than by the headroom.
 */
static bool beyond_room(unsigned int count, u32 limit)
{
	return count > limit && count - limit > limit_headroom(limit);
}

/*
 * Whether there may be one more; it is counted already. @users: how many users have
 * together. Where that is too many, a namespace still may put one of its own in the
 * place of another.
 */
static bool admit(struct lbvs_net *ln, unsigned int users)
{
	u32 users_limit = READ_ONCE(user_conn_limit);
	u32 limit = READ_ONCE(ln->conns.limit);
	unsigned int count = lbvs_conn_count(ln);
	bool full = count > limit || users > users_limit;

	/* The headroom is no more than half of it, but for a limit of 1. */
	if (!full && (likely(count <= limit / 2) ||
		      count <= limit - limit_headroom(limit)))
		return true;
	/* Who is refused all the same puts nobody out. */
	if (beyond_room(count, limit) || beyond_room(users, users_limit))
		return false;
	return evict(ln) || !full;
}

/**
 * lbvs_conn_alloc() - make a connection that isn't in the table yet
 * @ln: the namespace
 * @tuple: of the client's packet
 * @method: &enum lbvs_method
 * @why: set to the reason when there is none
 *
 * Near the limit, one that is of little use goes for it; an established one
 * never does.
 *
 * Context: RCU, BH off.
 * Return: the connection, for lbvs_conn_insert() or lbvs_conn_discard(); NULL
 */
struct lbvs_conn *lbvs_conn_alloc(struct lbvs_net *ln,
				  const struct lbvs_tuple *tuple, u8 method,
				  enum lbvs_drop *why)
{
	struct lbvs_conn_family *fam = lbvs_conn_family(ln, tuple->af);
	struct lbvs_conn *conn;

	if (!admit(ln, count_up(ln, fam))) {
		*why = LBVS_DROP_CONN_LIMIT;
		goto refuse;
	}

	conn = kmem_cache_alloc(*conn_cache_of(tuple->af, method),
				GFP_ATOMIC | __GFP_NOWARN);
	if (!conn) {
		*why = LBVS_DROP_NO_MEMORY;
		goto refuse;
	}
	entry_fill((void *)conn->entries, LBVS_DIR_IN, tuple, method);
	return conn;

refuse:
	count_down(ln, fam);
	return NULL;
}

/**
 * lbvs_conn_discard() - free a connection that never got into the table
 * @ln: the namespace
 * @conn: the connection
 */
void lbvs_conn_discard(struct lbvs_net *ln, struct lbvs_conn *conn)
{
	const struct lbvs_conn_entry *in = lbvs_conn_entry(conn, LBVS_DIR_IN);

	count_down(ln, lbvs_conn_family(ln, in->af));
	kmem_cache_free(*conn_cache_of(in->af, in->method), conn);
}

/* What the real's packets to the client will look like. */
static void reply_tuple(const struct lbvs_real *real,
			const struct lbvs_tuple *in, struct lbvs_tuple *out)
{
	out->af = in->af;
	out->proto = in->proto;
	out->sport = real->key.port ?: in->dport;
	out->dport = in->sport;
	lbvs_addr_copy(in->af, out->saddr, real->key.addr);
	lbvs_addr_copy(in->af, out->daddr, in->saddr);
}

/*
 * What stands in the way of a connection with these tuples, both locked: the
 * connection that the client's packets have already; one that is to be killed,
 * lest it comes back to life beside the new one; or -EADDRINUSE, if replies
 * would look like something else's. NULL: nothing does.
 */
static struct lbvs_conn *conflict(struct lbvs_conn_family *fam,
				  const struct lbvs_tuple *in, u32 hash_in,
				  const struct lbvs_tuple *out, u32 hash_out)
{
	struct lbvs_conn *found;
	enum lbvs_dir dir;

	found = lbvs_conn_lookup(fam, in, hash_in, &dir, lbvs_conn_alive);
	if (found && dir == LBVS_DIR_IN)
		return found;
	if (!found && out)
		found = lbvs_conn_lookup(fam, out, hash_out, &dir, lbvs_conn_alive);
	if (!found || !lbvs_conn_usable(found))
		return found;
	return ERR_PTR(-EADDRINUSE);
}

/**
 * lbvs_conn_insert() - put a connection into the table, by all tuples or none
 * @ln: the namespace
 * @conn: from lbvs_conn_alloc()
 * @in: the tuple that it has from there
 * @real: where it goes, held by the caller's pool
 * @word: state and flags to begin with
 *
 * Context: RCU, BH off.
 * Return: @conn; or the one that another CPU has put there for the same client
 * packet; or -EADDRINUSE if replies from @real would look like those of another
 * connection. Unless it is @conn, that is still the caller's.
 */
struct lbvs_conn *lbvs_conn_insert(struct lbvs_net *ln, struct lbvs_conn *conn,
				   const struct lbvs_tuple *in,
				   struct lbvs_real *real, u32 word)
{
	bool replies = lbvs_method_replies(lbvs_conn_method(conn));
	struct lbvs_conn_family *fam = lbvs_conn_family(ln, in->af);
	u32 hash_in = lbvs_table_hash(fam, in), hash_out = hash_in;
	struct lbvs_tuple out __lbvs_uninitialized;
	struct lbvs_conn *found;

	if (replies) {
		reply_tuple(real, in, &out);
		entry_fill(lbvs_conn_entry(conn, LBVS_DIR_OUT), LBVS_DIR_OUT,
			   &out, lbvs_conn_method(conn));
		hash_out = lbvs_table_hash(fam, &out);
	}
	conn->real = real;
	conn->word = word;
	conn->reply_way = 0;
	conn->expires = (u32)jiffies +
			lbvs_state_timeout(real->svc, word & LBVS_CONN_STATE);

again:
	lbvs_table_lock(hash_in, hash_out);
	found = conflict(fam, in, hash_in, replies ? &out : NULL, hash_out);
	if (!found) {
		refcount_inc(&real->ref);
		if (word & LBVS_CONN_ACTIVE)
			atomic_inc(&real->active);
		/* Replies first: none is missed once the request is out. */
		if (replies)
			lbvs_table_link(fam,
					lbvs_conn_entry(conn, LBVS_DIR_OUT),
					hash_out);
		lbvs_table_link(fam, lbvs_conn_entry(conn, LBVS_DIR_IN),
				hash_in);
	}
	lbvs_table_unlock(hash_in, hash_out);

	if (!found) {
		lbvs_count_conn(real);
		lbvs_table_check(fam);
		return conn;
	}
	if (!IS_ERR(found) && !lbvs_conn_usable(found)) {
		lbvs_conn_kill(ln, found);
		goto again;
	}
	return found;
}

/**
 * lbvs_conn_kill() - forget a connection
 * @ln: the namespace
 * @conn: the connection, under RCU
 *
 * Context: any; no table lock is held.
 * Return: whether it was there
 */
bool lbvs_conn_kill(struct lbvs_net *ln, struct lbvs_conn *conn)
{
	return conn_kill(ln, conn, 0, 0);
}

/**
 * lbvs_conn_advance() - account a packet to its connection's state and timeout
 * @ln: the namespace
 * @conn: the connection
 * @dir: the packet's direction
 * @pkt: the packet
 *
 * Writes nothing as long as the state stays, but for the timeout once a second
 * at most (more often only where the timeout itself is short).
 */
void lbvs_conn_advance(struct lbvs_net *ln, struct lbvs_conn *conn,
		       enum lbvs_dir dir, const struct lbvs_packet *pkt)
{
	lbvs_advance(conn, dir, lbvs_conn_method(conn), pkt);
}

/**
 * lbvs_conn_reply_way() - note the way that a connection's replies take
 * @ln: the namespace
 * @conn: the connection, under RCU; replies pass the director
 * @way: to be found in &lbvs_conn.reply_way
 *
 * Who kills a connection takes the locks in between, so it is dead before its
 * @way becomes its RCU head.
 */
void lbvs_conn_reply_way(struct lbvs_net *ln, struct lbvs_conn *conn,
			 unsigned long way)
{
	u32 hash_in, hash_out;

	conn_hashes(ln, conn, &hash_in, &hash_out);
	lbvs_table_lock(hash_in, hash_out);
	if (lbvs_conn_alive(conn))
		WRITE_ONCE(conn->reply_way, way);
	lbvs_table_unlock(hash_in, hash_out);
}

static int forget_one(struct lbvs_conn *conn, void *arg)
{
	if (!lbvs_conn_usable(conn))
		lbvs_conn_kill(arg, conn);
	return 0;
}

/**
 * lbvs_conn_collect() - kill what has expired in the next slice of the table
 * @ln: the namespace
 *
 * Sixteen calls see all of it. Context: process; one at a time.
 */
void lbvs_conn_collect(struct lbvs_net *ln)
{
	unsigned int i, n = lbvs_table_buckets(ln) / 16;
	int f;

	for (f = 0; f < ARRAY_SIZE(ln->conns.family); f++) {
		struct lbvs_conn_family *fam = &ln->conns.family[f];

		for (i = 0; i <= n; i++) {
			lbvs_table_walk(fam, &ln->conns.cursor[f], forget_one, ln);
			if (!ln->conns.cursor[f])
				break;
			if (i % 64 == 0)
				cond_resched();
		}
		rcu_read_lock();
		lbvs_table_check(fam);
		rcu_read_unlock();
	}
}

static int kill_one(struct lbvs_conn *conn, void *arg)
{
	lbvs_conn_kill(arg, conn);
	return 0;
}

/**
 * lbvs_conn_visit() - call a function for each connection
 * @ln: the namespace
 * @fn: the function
 * @arg: passed to @fn
 *
 * Context: process.
 * Return: 0; or what else @fn has returned, which ends it
 */
int lbvs_conn_visit(struct lbvs_net *ln, lbvs_conn_fn fn, void *arg)
{
	u32 cursor;
	int err, f;

	for (f = 0; f < ARRAY_SIZE(ln->conns.family); f++) {
		cursor = 0;
		do {
			err = lbvs_table_walk(&ln->conns.family[f], &cursor,
					      fn, arg);
			if (err)
				return err;
			cond_resched();
		} while (cursor);
	}
	return 0;
}

/**
 * lbvs_conn_kill_unusable() - forget for good what packets may not use now
 * @ln: the namespace
 *
 * Context: process.
 */
void lbvs_conn_kill_unusable(struct lbvs_net *ln)
{
	lbvs_conn_visit(ln, forget_one, ln);
}

/**
 * lbvs_conn_kill_all() - forget every connection
 * @ln: the namespace
 *
 * Context: process.
 */
void lbvs_conn_kill_all(struct lbvs_net *ln)
{
	lbvs_conn_visit(ln, kill_one, ln);
}
