// SPDX-License-Identifier: GPL-2.0
/*
 * Reals: added, edited, removed, and freed when the last connection is gone.
 */
#include <linux/slab.h>

#include "lbvs.h"

static const struct rhashtable_params one_packet_params = {
	.key_len = sizeof(struct lbvs_real_key),
	.key_offset = offsetof(struct lbvs_real, key),
	.head_offset = offsetof(struct lbvs_real, one_packet),
	.automatic_shrinking = true,
};

const struct rhashtable_params *lbvs_one_packet_params(void)
{
	return &one_packet_params;
}

/**
 * lbvs_one_packet_find() - find the one-packet real that a reply is from
 * @ln: the namespace
 * @pkt: a UDP packet that belongs to no connection
 *
 * Context: RCU.
 * Return: the real, under RCU; or NULL
 */
struct lbvs_real *lbvs_one_packet_find(struct lbvs_net *ln,
				       const struct lbvs_packet *pkt)
{
	struct lbvs_real_key key = {
		.af = pkt->tuple.af,
		.port = pkt->tuple.sport,
	};

	lbvs_addr_copy(key.af, key.addr, pkt->tuple.saddr);
	return rhashtable_lookup(&ln->one_packet, &key, one_packet_params);
}

static int one_packet_enter(struct lbvs_real *real,
			    struct netlink_ext_ack *extack)
{
	struct lbvs_net *ln = real->svc->ln;
	int err;

	err = rhashtable_lookup_insert_fast(&ln->one_packet, &real->one_packet,
					    one_packet_params);
	if (err == -EEXIST)
		NL_SET_ERR_MSG(extack,
			       "another one-packet service has this real: its replies could not be told apart");
	if (err)
		return err;
	real->in_one_packet = true;
	WRITE_ONCE(ln->one_packets, ln->one_packets + 1);
	return 0;
}

/* If its replies pass the director at all. */
static int one_packet_join(struct lbvs_real *real,
			   struct netlink_ext_ack *extack)
{
	return lbvs_method_replies(real->method) ?
	       one_packet_enter(real, extack) : 0;
}

static void one_packet_leave(struct lbvs_real *real)
{
	struct lbvs_net *ln = real->svc->ln;

	if (!real->in_one_packet)
		return;
	rhashtable_remove_fast(&ln->one_packet, &real->one_packet,
			       one_packet_params);
	real->in_one_packet = false;
	WRITE_ONCE(ln->one_packets, ln->one_packets - 1);
}

/**
 * lbvs_one_packet_set() - have replies of a service's reals told, or not
 * @svc: the service
 * @on: whether it is a one-packet service
 * @extack: for the reason of a refusal
 *
 * Return: 0; -EEXIST or -ENOMEM, with nothing changed
 */
int lbvs_one_packet_set(struct lbvs_service *svc, bool on,
			struct netlink_ext_ack *extack)
{
	struct lbvs_real *real;
	int err;

	lockdep_assert_held(&svc->ln->lock);
	list_for_each_entry(real, &svc->reals, list) {
		if (!on) {
			one_packet_leave(real);
			continue;
		}
		err = one_packet_join(real, extack);
		if (err)
			goto undo;
	}
	return 0;

undo:
	list_for_each_entry_continue_reverse(real, &svc->reals, list)
		one_packet_leave(real);
	return err;
}

/**
 * lbvs_closes() - are the connections of a service's removed reals forgotten
 * @svc: the service
 * @proto: the connections' protocol
 *
 * TCP ends by itself. UDP doesn't: a client that keeps sending from one port
 * would stay on a dead real for ever.
 */
bool lbvs_closes(const struct lbvs_service *svc, u8 proto)
{
	u8 on_remove = READ_ONCE(svc->on_remove);

	if (on_remove == LBVS_ON_REMOVE_DEFAULT)
		return proto == IPPROTO_UDP;
	return on_remove == LBVS_ON_REMOVE_CLOSE;
}

/**
 * lbvs_real_conns() - how many connections go to a real
 * @real: the real
 *
 * The configuration's reference isn't any.
 */
unsigned int lbvs_real_conns(const struct lbvs_real *real)
{
	lockdep_assert_held(&real->svc->ln->lock);
	return refcount_read(&real->ref) - !list_empty(&real->list);
}

/* Whether any connections to a service's reals are forgotten when these go down. */
static bool forgets(const struct lbvs_service *svc)
{
	return svc->key.mark ? lbvs_closes(svc, IPPROTO_TCP) ||
			       lbvs_closes(svc, IPPROTO_UDP) :
			       lbvs_closes(svc, svc->key.proto);
}

/**
 * lbvs_real_get() - find a configured real
 * @svc: the service
 * @key: address and port
 *
 * Return: the real, or NULL
 */
struct lbvs_real *lbvs_real_get(struct lbvs_service *svc,
				const struct lbvs_real_key *key)
{
	struct lbvs_real *real;

	lockdep_assert_held(&svc->ln->lock);
	list_for_each_entry(real, &svc->reals, list)
		if (!memcmp(&real->key, key, sizeof(*key)))
			return real;
	return NULL;
}

static void real_configure(struct lbvs_real *real,
			   const struct lbvs_real_conf *conf)
{
	real->weight = conf->weight;
	real->state = conf->state;
	WRITE_ONCE(real->method, conf->method);
	WRITE_ONCE(real->encap, conf->encap);
	WRITE_ONCE(real->encap_csum, conf->encap_csum);
	WRITE_ONCE(real->encap_port, conf->encap_port);
	WRITE_ONCE(real->down, conf->state == LBVS_REAL_DOWN);
}

/* Packets may come from it, from now on and as long as it exists. */
static void expect_replies(struct lbvs_real *real, u8 method)
{
	struct lbvs_net *ln = real->svc->ln;

	if (!lbvs_method_replies(method) || real->replies)
		return;
	real->replies = true;
	WRITE_ONCE(ln->nats, ln->nats + 1);
}

/* Errors may come about what is sent to it in tunnels, likewise. */
static void expect_errors(struct lbvs_real *real, u8 method)
{
	if (method != LBVS_METHOD_TUNNEL || real->tunnel)
		return;
	real->tunnel = true;
	lbvs_addr_count_tunnel(real->svc->ln, real->key.af, real->key.addr, 1);
}

static void real_free_rcu(struct rcu_head *rcu)
{
	struct lbvs_real *real = container_of(rcu, struct lbvs_real, rcu);

	lbvs_stats_put(real->stats_block);
	kfree(real);
}

/* Behind a grace period: a reply may be on its way through one_packet_find. */
static void real_free(struct lbvs_real *real)
{
	lbvs_route_flush_real(real);
	call_rcu(&real->rcu, real_free_rcu);
}

/* The one-packet table has nat reals alone: enter or leave it. */
static int one_packet_edit(struct lbvs_real *real, u8 method,
			   struct netlink_ext_ack *extack)
{
	if (!(real->svc->flags & LBVS_SVC_F_ONE_PACKET) ||
	    real->in_one_packet == lbvs_method_replies(method))
		return 0;
	if (lbvs_method_replies(method))
		return one_packet_enter(real, extack);
	one_packet_leave(real);
	return 0;
}

/* A pool with the real as it is to be; the real itself stays as it is. */
static struct lbvs_pool *pool_with(struct lbvs_real *real,
				   const struct lbvs_real_conf *conf)
{
	u32 weight = real->weight;
	u8 state = real->state;
	struct lbvs_pool *pool;

	real->weight = conf->weight;
	real->state = conf->state;
	pool = lbvs_pool_build(real->svc, real->svc->sched);
	real->weight = weight;
	real->state = state;
	return pool;
}

/**
 * lbvs_real_edit() - change a real
 * @real: the real
 * @conf: what it is to be
 * @extack: for the reason of a refusal
 *
 * Return: 0; or a negative error with nothing changed
 */
int lbvs_real_edit(struct lbvs_real *real, const struct lbvs_real_conf *conf,
		   struct netlink_ext_ack *extack)
{
	struct lbvs_service *svc = real->svc;
	struct lbvs_pool *pool;
	int err;

	lockdep_assert_held(&svc->ln->lock);
	pool = pool_with(real, conf);
	if (!pool)
		return -ENOMEM;
	err = one_packet_edit(real, conf->method, extack);
	if (err) {
		lbvs_pool_discard(pool);
		return err;
	}
	/*
	 * A real that comes back doesn't get its forgotten connections back. That
	 * takes a walk through the table, with others waiting for the lock.
	 */
	if (real->down && conf->state != LBVS_REAL_DOWN && forgets(svc) &&
	    lbvs_real_conns(real))
		lbvs_conn_kill_unusable(svc->ln);
	expect_replies(real, conf->method);
	expect_errors(real, conf->method);
	real_configure(real, conf);
	lbvs_pool_publish(svc, pool);
	svc->ln->config_seq++;
	return 0;
}

static struct lbvs_real *real_make(struct lbvs_service *svc,
				   const struct lbvs_real_key *key)
{
	struct lbvs_real *real = kzalloc(sizeof(*real), GFP_KERNEL_ACCOUNT);
	struct lbvs_net *ln = svc->ln;
	int err;

	if (!real)
		return ERR_PTR(-ENOMEM);
	real->svc = svc;
	real->key = *key;
	real->down = true;
	refcount_set(&real->ref, 1);
	INIT_LIST_HEAD(&real->list);
	lbvs_route_real_init(real);
	err = lbvs_stats_make(real);
	if (err)
		goto err_free;
	err = lbvs_addr_add(ln, key->af, key->addr, false);
	if (err)
		goto err_stats;
	list_add_tail(&real->object, &svc->objects);
	ln->num_objects++;
	return real;

err_stats:
	lbvs_stats_put(real->stats_block);
err_free:
	kfree(real);
	return ERR_PTR(err);
}

/*
 * A removed real of that key whose connections go on, with a reference again. They
 * are load that a scheduler has to know of.
 */
static struct lbvs_real *real_revive(struct lbvs_service *svc,
				     const struct lbvs_real_key *key)
{
	struct lbvs_real *real;

	if (forgets(svc) || svc->ln->num_objects == svc->ln->num_reals)
		return NULL;
	list_for_each_entry(real, &svc->objects, object) {
		if (memcmp(&real->key, key, sizeof(*key)))
			continue;
		if (list_empty(&real->list) &&
		    !refcount_inc_not_zero(&real->ref))
			continue;
		lbvs_stats_zero_real(real);
		return real;
	}
	return NULL;
}

/* The configuration's reference is dropped when nobody can pick the real any more. */
static void real_drop(struct lbvs_real *real)
{
	lbvs_local_forget(real);
	list_move_tail(&real->list, &real->svc->ln->detached);
	real->grace = start_poll_synchronize_rcu();
}

/**
 * lbvs_real_add() - add a real to a service
 * @svc: the service
 * @key: its address and port, not in the service yet
 * @conf: the rest of it
 * @extack: for the reason of a refusal
 *
 * One that was removed and still has connections comes back with them.
 *
 * Return: 0, -ENOMEM, -E2BIG, or -EEXIST for a one-packet service's reply clash;
 * in case of an error nothing has changed
 */
int lbvs_real_add(struct lbvs_service *svc, const struct lbvs_real_key *key,
		  const struct lbvs_real_conf *conf,
		  struct netlink_ext_ack *extack)
{
	struct lbvs_real *real;
	int err;

	lockdep_assert_held(&svc->ln->lock);
	if (svc->num_reals == LBVS_REALS_MAX) {
		NL_SET_ERR_MSG(extack, "the service has 65535 reals already");
		return -E2BIG;
	}
	real = real_revive(svc, key) ?: real_make(svc, key);
	if (IS_ERR(real))
		return PTR_ERR(real);
	list_move_tail(&real->list, &svc->reals);
	lbvs_local_find(real);
	err = lbvs_real_edit(real, conf, extack);
	if (err) {
		real_drop(real);
		return err;
	}
	svc->num_reals++;
	svc->ln->num_reals++;
	return 0;
}

/**
 * lbvs_real_detach() - take a real out of the configuration
 * @real: the real; the caller sees to the pool
 */
void lbvs_real_detach(struct lbvs_real *real)
{
	struct lbvs_service *svc = real->svc;

	lockdep_assert_held(&svc->ln->lock);
	one_packet_leave(real);
	svc->num_reals--;
	svc->ln->num_reals--;
	svc->ln->config_seq++;
	WRITE_ONCE(real->down, true);
	real_drop(real);
}

/**
 * lbvs_real_del() - remove a real from its service
 * @real: the real
 *
 * Return: 0; or -ENOMEM with nothing changed
 */
int lbvs_real_del(struct lbvs_real *real)
{
	struct lbvs_service *svc = real->svc;
	u8 state = real->state;
	struct lbvs_pool *pool;

	lockdep_assert_held(&svc->ln->lock);
	real->state = LBVS_REAL_DOWN;
	pool = lbvs_pool_build(svc, svc->sched);
	if (!pool) {
		real->state = state;
		return -ENOMEM;
	}
	lbvs_pool_publish(svc, pool);
	lbvs_real_detach(real);
	return 0;
}

/**
 * lbvs_real_put() - drop a reference of a real
 * @real: the real
 *
 * The last one leaves the rest to the namespace's worker, since that takes
 * &lbvs_net.lock. Context: any.
 */
void lbvs_real_put(struct lbvs_real *real)
{
	if (refcount_dec_and_test(&real->ref))
		llist_add(&real->freed, &real->svc->ln->freed_reals);
}

/* Those that nobody can find in a pool any more. */
static void release_detached(struct lbvs_net *ln, bool quiet)
{
	struct lbvs_real *real, *next;

	list_for_each_entry_safe(real, next, &ln->detached, list) {
		if (!quiet && !poll_state_synchronize_rcu(real->grace))
			break;
		list_del_init(&real->list);
		lbvs_real_put(real);
		cond_resched();
	}
}

/**
 * lbvs_reals_reap() - free the reals whose last reference is gone
 * @ln: the namespace
 * @quiet: no packet is on its way in it any more
 */
void lbvs_reals_reap(struct lbvs_net *ln, bool quiet)
{
	struct lbvs_real *real, *next;
	struct llist_node *freed;

	lockdep_assert_held(&ln->lock);
	release_detached(ln, quiet);
	freed = llist_del_all(&ln->freed_reals);
	llist_for_each_entry_safe(real, next, freed, freed) {
		struct lbvs_service *svc = real->svc;

		lbvs_stats_retire(real);
		if (real->tunnel)
			lbvs_addr_count_tunnel(ln, real->key.af,
					       real->key.addr, -1);
		lbvs_addr_del(ln, real->key.af, real->key.addr, false);
		list_del(&real->object);
		ln->num_objects--;
		if (real->replies)
			WRITE_ONCE(ln->nats, ln->nats - 1);
		real_free(real);
		if (svc->deleted && list_empty(&svc->objects))
			lbvs_service_free(svc);
		cond_resched();
	}
}
