// SPDX-License-Identifier: GPL-2.0
/*
 * The buckets under the connections: a power-of-two table of plain chains for
 * each family, resized while it is in use.
 *
 * A resize moves chains from the old table to the new one, always the last
 * entry first. So a reader who stands on an entry that is being moved misses
 * nothing of the old chain: nothing came after it. And an entry is reachable
 * through the new table before it leaves the old one, so a reader who looks
 * into the old and then into the new table finds it in one of them. Readers
 * take no lock and never start again.
 *
 * Entries are freed after a grace period and never reused before, which is
 * what makes the above sufficient.
 */
#include <linux/bitrev.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "lbvs.h"

/* Not above the smallest table, so that a lock covers whole chains of any. */
#define LOCKS		1024
#define BUCKETS_MIN	4096
#define BUCKETS_MAX	BIT(27)

/* Memory that wasn't there isn't asked for again before. */
#define RETRY_AFTER	(5 * HZ)

static spinlock_t table_locks[LOCKS];

void __init lbvs_table_locks_init(void)
{
	int i;

	/* In a loop, so that lockdep takes them for one class. */
	for (i = 0; i < LOCKS; i++)
		spin_lock_init(&table_locks[i]);
}

/**
 * lbvs_table_lock() - lock the chains that two hashes fall into
 * @hash_a: the one
 * @hash_b: the other
 */
void lbvs_table_lock(u32 hash_a, u32 hash_b)
	__acquires(table_locks) __acquires(table_locks)
{
	unsigned int a = hash_a % LOCKS, b = hash_b % LOCKS;

	spin_lock_bh(&table_locks[min(a, b)]);
	if (a != b)
		spin_lock_nested(&table_locks[max(a, b)], SINGLE_DEPTH_NESTING);
	else
		__acquire(table_locks);
}

/**
 * lbvs_table_unlock() - undo lbvs_table_lock()
 * @hash_a: the one
 * @hash_b: the other
 */
void lbvs_table_unlock(u32 hash_a, u32 hash_b)
	__releases(table_locks) __releases(table_locks)
{
	unsigned int a = hash_a % LOCKS, b = hash_b % LOCKS;

	if (a != b)
		spin_unlock(&table_locks[max(a, b)]);
	else
		__release(table_locks);
	spin_unlock_bh(&table_locks[min(a, b)]);
}

/**
 * lbvs_table_link() - make an entry findable
 * @fam: the connections of its family
 * @entry: the entry
 * @hash: its hash, locked
 *
 * Context: RCU. The lock decides which table: a resize that has passed this
 * chain had the lock after it published the new table.
 */
void lbvs_table_link(struct lbvs_conn_family *fam,
		     struct lbvs_conn_entry *entry, u32 hash)
{
	struct lbvs_conn_table *tbl = rcu_dereference(fam->table);
	struct lbvs_conn_table *next = rcu_dereference(tbl->next);

	if (next)
		tbl = next;
	hlist_add_head_rcu(&entry->node, &tbl->bucket[hash & tbl->mask]);
}

static unsigned int buckets_wanted(const struct lbvs_conn_family *fam)
{
	unsigned int entries = 2 * atomic_read(&fam->count);

	return clamp_t(unsigned long, roundup_pow_of_two(entries + 1),
		       BUCKETS_MIN, BUCKETS_MAX);
}

static bool resize_due(const struct lbvs_conn_family *fam,
		       const struct lbvs_conn_table *tbl)
{
	unsigned int entries = 2 * atomic_read(&fam->count);
	unsigned int have = tbl->mask + 1;

	/* Shrinking is for after a flood, and not worth it soon. */
	return (entries >= have && have < BUCKETS_MAX) ||
	       (entries < have / 16 && have > BUCKETS_MIN);
}

/**
 * lbvs_table_check() - resize the table if it has become too small or too big
 * @fam: the connections of a family
 *
 * Context: RCU, any.
 */
void lbvs_table_check(struct lbvs_conn_family *fam)
{
	const struct lbvs_conn_table *tbl = rcu_dereference(fam->table);
	unsigned long failed;

	if (!tbl || !resize_due(fam, tbl) || work_pending(&fam->resize))
		return;
	failed = READ_ONCE(fam->failed);
	if (!failed || time_after(jiffies, failed + RETRY_AFTER))
		queue_work(system_unbound_wq, &fam->resize);
}

/**
 * lbvs_tables_due() - is a table of another size than it should be
 * @ln: the namespace
 */
bool lbvs_tables_due(const struct lbvs_net *ln)
{
	const struct lbvs_conn_family *fam;
	const struct lbvs_conn_table *tbl;
	bool due = false;
	int i;

	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(ln->conns.family); i++) {
		fam = &ln->conns.family[i];
		tbl = rcu_dereference(fam->table);
		due |= tbl && resize_due(fam, tbl);
	}
	rcu_read_unlock();
	return due;
}

static void table_free(struct lbvs_conn_table *tbl)
{
	if (!tbl)
		return;
	kvfree(tbl->bucket);
	kfree(tbl);
}

static struct lbvs_conn_table *table_alloc(unsigned int buckets)
{
	struct lbvs_conn_table *tbl = kzalloc(sizeof(*tbl), GFP_KERNEL_ACCOUNT);

	if (!tbl)
		return NULL;
	/* Not at any price: whoever asks can do without. */
	tbl->bucket = kvcalloc(buckets, sizeof(*tbl->bucket),
			       GFP_KERNEL_ACCOUNT | __GFP_NOWARN |
			       __GFP_RETRY_MAYFAIL);
	if (!tbl->bucket) {
		kfree(tbl);
		return NULL;
	}
	tbl->mask = buckets - 1;
	return tbl;
}

static u32 entry_hash(const struct lbvs_conn_family *fam,
		      const struct lbvs_conn_entry *entry)
{
	struct lbvs_tuple tuple;

	lbvs_conn_tuple(lbvs_entry_conn(entry, entry->af), entry->dir, &tuple);
	return lbvs_table_hash(fam, &tuple);
}

/* Move the last entry of a chain to the head of one in the new table. */
static void entry_move(struct lbvs_conn_entry *entry, struct hlist_head *to)
{
	struct hlist_node **pprev = entry->node.pprev;
	struct hlist_node *first = to->first;

	/* Whoever stands on the entry walks on into the new chain: harmless. */
	rcu_assign_pointer(hlist_next_rcu(&entry->node), first);
	rcu_assign_pointer(hlist_first_rcu(to), &entry->node);
	entry->node.pprev = &to->first;
	if (first)
		first->pprev = &entry->node.next;
	/*
	 * Release: who no longer finds it here finds it there. Pairs with the
	 * smp_rmb() in lbvs_conn_find().
	 */
	smp_store_release(pprev, NULL);
}

static void chain_move(struct lbvs_conn_family *fam, struct hlist_head *from,
		       struct lbvs_conn_table *to)
{
	struct lbvs_conn_entry *entry;
	struct hlist_node *last;

	while ((last = from->first)) {
		while (last->next)
			last = last->next;
		entry = hlist_entry(last, struct lbvs_conn_entry, node);
		entry_move(entry, &to->bucket[entry_hash(fam, entry) & to->mask]);
	}
}

static void table_resize(struct work_struct *work)
{
	struct lbvs_conn_family *fam =
		container_of(work, struct lbvs_conn_family, resize);
	struct lbvs_conn_table *old, *new;
	unsigned int i;

	mutex_lock(&fam->lock);
	old = rcu_dereference_protected(fam->table,
					lockdep_is_held(&fam->lock));
	if (!resize_due(fam, old))
		goto out;
	new = table_alloc(buckets_wanted(fam));
	/* The old one goes on serving, only with longer chains. */
	WRITE_ONCE(fam->failed, new ? 0 : jiffies | 1);
	if (!new)
		goto out;

	rcu_assign_pointer(old->next, new);
	for (i = 0; i <= old->mask; i++) {
		lbvs_table_lock(i, i);
		chain_move(fam, &old->bucket[i], new);
		lbvs_table_unlock(i, i);
		if (i % 64 == 0)
			cond_resched();
	}
	rcu_assign_pointer(fam->table, new);
	/* No reader ever has more than two tables before it. */
	synchronize_rcu();
	table_free(old);
out:
	mutex_unlock(&fam->lock);
}

/**
 * lbvs_table_walk() - visit the connections of one more chain
 * @fam: the connections of a family
 * @cursor: 0 to begin with; 0 afterwards when that was the last chain
 * @fn: called for each connection there
 * @arg: passed to @fn
 *
 * The cursor counts in bit-reversed order. So the chains that a chain has been
 * split into, or was split from, by a resize between two calls were either
 * visited all with it or none: whatever exists from the first call to the last
 * is visited.
 *
 * Return: what @fn returned; if that isn't 0 the cursor stays.
 */
int lbvs_table_walk(struct lbvs_conn_family *fam, u32 *cursor, lbvs_conn_fn fn,
		    void *arg)
{
	struct lbvs_conn_table *tbl, *next;
	struct lbvs_conn_entry *entry;
	u32 mask, i;
	int err = 0;

	rcu_read_lock();
	tbl = rcu_dereference(fam->table);
	if (!tbl) {
		*cursor = 0;
		goto out;
	}
	next = rcu_dereference(tbl->next);
	mask = next ? min(tbl->mask, next->mask) : tbl->mask;

	for (; tbl; tbl = rcu_dereference(tbl->next)) {
		/* The next table may be a smaller one than there was above. */
		for (i = *cursor & mask & tbl->mask; i <= tbl->mask;
		     i += mask + 1) {
			hlist_for_each_entry_rcu(entry, &tbl->bucket[i], node) {
				if (entry->dir != LBVS_DIR_IN)
					continue;
				err = fn(lbvs_entry_conn(entry, entry->af), arg);
				if (err)
					goto out;
			}
		}
		/* What has left this table meanwhile is in the next one. */
		smp_rmb();
	}
	*cursor = bitrev32(bitrev32(*cursor | ~mask) + 1);
out:
	rcu_read_unlock();
	return err;
}

/**
 * lbvs_table_start() - have a table for a family
 * @ln: the namespace; its lock is held
 * @af: the family
 *
 * Return: 0, also if there was one; -ENOMEM
 */
int lbvs_table_start(struct lbvs_net *ln, u8 af)
{
	struct lbvs_conn_family *fam = &ln->conns.family[lbvs_family_index(af)];
	struct lbvs_conn_table *tbl;

	lockdep_assert_held(&ln->lock);
	if (rcu_access_pointer(fam->table))
		return 0;
	tbl = table_alloc(BUCKETS_MIN);
	if (!tbl)
		return -ENOMEM;
	rcu_assign_pointer(fam->table, tbl);
	return 0;
}

/* A factor must not be 0, whatever the other side of its XOR is made to be. */
static void hash_key_init(u64 *key)
{
	int i;

	get_random_bytes(key, LBVS_HASH_WORDS * sizeof(*key));
	for (i = 0; i < LBVS_HASH_WORDS; i++)
		key[i] |= BIT_ULL(63);
}

/**
 * lbvs_table_init() - set up a namespace's connections
 * @ln: the namespace
 */
void lbvs_table_init(struct lbvs_net *ln)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(ln->conns.family); i++) {
		struct lbvs_conn_family *fam = &ln->conns.family[i];

		fam->ln = ln;
		hash_key_init(fam->key);
		mutex_init(&fam->lock);
		INIT_WORK(&fam->resize, table_resize);
	}
}

/**
 * lbvs_table_stop() - wait for a resize to end
 * @ln: the namespace; nobody can make connections in it any more
 */
void lbvs_table_stop(struct lbvs_net *ln)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(ln->conns.family); i++)
		cancel_work_sync(&ln->conns.family[i].resize);
}

/**
 * lbvs_table_free() - free the tables
 * @ln: the namespace; stopped, and without connections
 */
void lbvs_table_free(struct lbvs_net *ln)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(ln->conns.family); i++)
		table_free(rcu_dereference_protected(ln->conns.family[i].table,
						     true));
}

/**
 * lbvs_table_buckets() - how many buckets there are
 * @ln: the namespace
 *
 * Return: those of both families
 */
unsigned int lbvs_table_buckets(const struct lbvs_net *ln)
{
	const struct lbvs_conn_table *tbl;
	unsigned int sum = 0;
	int i;

	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(ln->conns.family); i++) {
		tbl = rcu_dereference(ln->conns.family[i].table);
		if (tbl)
			sum += tbl->mask + 1;
	}
	rcu_read_unlock();
	return sum;
}
