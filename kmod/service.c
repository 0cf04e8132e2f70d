// SPDX-License-Identifier: GPL-2.0
/* Services: found, added, edited, deleted. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/net.h>
#include <linux/slab.h>

#include "lbvs.h"

/* For rhashtable. */
static u32 key_hash(const void *data, u32 len, u32 seed)
{
	return lbvs_service_hash(data, seed);
}

/* Likewise: 0 if the service has the key. */
static int key_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct lbvs_service *svc = obj;
	const u64 *a = arg->key, *b = (const u64 *)&svc->key;

	BUILD_BUG_ON(LBVS_SERVICE_KEY_WORDS != 3);
	return !!((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]));
}

static const struct rhashtable_params service_params = {
	.key_len = sizeof(struct lbvs_service_key),
	.key_offset = offsetof(struct lbvs_service, key),
	.head_offset = offsetof(struct lbvs_service, node),
	.hashfn = key_hash,
	.obj_cmpfn = key_differs,
	.automatic_shrinking = true,
};

const struct rhashtable_params *lbvs_service_params(void)
{
	return &service_params;
}

/**
 * lbvs_service_find() - find the service that a packet is for
 * @ln: the namespace
 * @mark: the packet's firewall mark, which goes before its address
 * @pkt: the packet
 *
 * Context: RCU.
 * Return: the service, under RCU; or NULL
 */
struct lbvs_service *lbvs_service_find(struct lbvs_net *ln, u32 mark,
				       const struct lbvs_packet *pkt)
{
	struct lbvs_service_key key = { .af = pkt->tuple.af };
	struct lbvs_service *svc;

	if (mark && READ_ONCE(ln->marks)) {
		key.mark = mark;
		svc = rhashtable_lookup(&ln->services, &key, service_params);
		if (svc)
			return svc;
		key.mark = 0;
	}
	key.proto = pkt->tuple.proto;
	key.port = pkt->tuple.dport;
	lbvs_addr_copy(key.af, key.addr, pkt->tuple.daddr);
	return rhashtable_lookup(&ln->services, &key, service_params);
}

/**
 * lbvs_service_get() - find a service by its key
 * @ln: the namespace
 * @key: the key
 *
 * Return: the service, or NULL
 */
struct lbvs_service *lbvs_service_get(struct lbvs_net *ln,
				      const struct lbvs_service_key *key)
{
	lockdep_assert_held(&ln->lock);
	return rhashtable_lookup_fast(&ln->services, key, service_params);
}

static int vip_add(struct lbvs_service *svc)
{
	if (!svc->key.mark)
		return lbvs_addr_add(svc->ln, svc->key.af, svc->key.addr, true);
	/* It has any address that its packets come for. */
	lbvs_addr_any(svc->ln, 1);
	return 0;
}

static void vip_del(struct lbvs_service *svc)
{
	if (svc->key.mark)
		lbvs_addr_any(svc->ln, -1);
	else
		lbvs_addr_del(svc->ln, svc->key.af, svc->key.addr, true);
}

static void set_life(struct lbvs_service *svc)
{
	u32 timeout;
	int i;

	for (i = 0; i < ARRAY_SIZE(svc->life); i++) {
		timeout = svc->timeout[i] ?: svc->ln->timeout[i];
		WRITE_ONCE(svc->life[i].timeout, timeout);
		WRITE_ONCE(svc->life[i].slack, min_t(u32, HZ, timeout / 8));
	}
}

/**
 * lbvs_service_lives() - have services heed the namespace's timeouts
 * @ln: the namespace, whose timeouts have changed
 */
void lbvs_service_lives(struct lbvs_net *ln)
{
	struct lbvs_service *svc;

	lockdep_assert_held(&ln->lock);
	list_for_each_entry(svc, &ln->list, list) {
		set_life(svc);
		cond_resched();
	}
	list_for_each_entry(svc, &ln->removed, list) {
		set_life(svc);
		cond_resched();
	}
}

/**
 * lbvs_service_add() - add a service
 * @ln: the namespace
 * @want: what it is to be: its key, sched, flags, on_remove, mss and timeout;
 *	the rest is 0
 *
 * Return: 0; or a negative error with nothing changed
 */
int lbvs_service_add(struct lbvs_net *ln, const struct lbvs_service *want)
{
	struct lbvs_service *svc;
	struct lbvs_pool *pool;
	int err;

	lockdep_assert_held(&ln->lock);
	svc = kmemdup(want, sizeof(*want), GFP_KERNEL_ACCOUNT);
	if (!svc)
		return -ENOMEM;
	svc->ln = ln;
	set_life(svc);
	INIT_LIST_HEAD(&svc->reals);
	INIT_LIST_HEAD(&svc->objects);
	pool = lbvs_pool_build(svc, svc->sched);
	if (!pool) {
		err = -ENOMEM;
		goto err_free;
	}
	rcu_assign_pointer(svc->pool, pool);

	err = lbvs_net_start(ln, svc->key.af);
	if (err)
		goto err_pool;
	err = vip_add(svc);
	if (err)
		goto err_stop;
	err = rhashtable_lookup_insert_fast(&ln->services, &svc->node,
					    service_params);
	if (err)
		goto err_vip;

	list_add_tail(&svc->list, &ln->list);
	ln->num_services++;
	ln->config_seq++;
	if (svc->key.mark)
		WRITE_ONCE(ln->marks, ln->marks + 1);
	return 0;

err_vip:
	vip_del(svc);
err_stop:
	lbvs_net_kick(ln);
err_pool:
	lbvs_pool_discard(pool);
err_free:
	kfree(svc);
	return err;
}

/**
 * lbvs_service_edit() - change a service
 * @svc: the service
 * @want: what it is to be: its sched, flags, on_remove, mss and timeout
 * @extack: for the reason of a refusal
 *
 * Return: 0; or a negative error with nothing changed
 */
int lbvs_service_edit(struct lbvs_service *svc,
		      const struct lbvs_service *want,
		      struct netlink_ext_ack *extack)
{
	u32 changed = svc->flags ^ want->flags;
	struct lbvs_pool *pool = NULL;
	int i, err;

	lockdep_assert_held(&svc->ln->lock);
	if (want->sched != svc->sched) {
		pool = lbvs_pool_build(svc, want->sched);
		if (!pool)
			return -ENOMEM;
	}
	if (changed & LBVS_SVC_F_ONE_PACKET) {
		err = lbvs_one_packet_set(svc, want->flags &
					       LBVS_SVC_F_ONE_PACKET, extack);
		if (err) {
			if (pool)
				lbvs_pool_discard(pool);
			return err;
		}
	}

	/* What was forgotten by the old rule doesn't come back by the new one. */
	if (svc->on_remove != want->on_remove)
		lbvs_conn_kill_unusable(svc->ln);
	svc->sched = want->sched;
	if (pool)
		lbvs_pool_publish(svc, pool);
	WRITE_ONCE(svc->flags, want->flags);
	WRITE_ONCE(svc->on_remove, want->on_remove);
	WRITE_ONCE(svc->mss, want->mss);
	for (i = 0; i < ARRAY_SIZE(svc->timeout); i++)
		WRITE_ONCE(svc->timeout[i], want->timeout[i]);
	set_life(svc);
	svc->ln->config_seq++;
	return 0;
}

/**
 * lbvs_service_del() - delete a service
 * @svc: the service; it is gone when its last connection is
 */
void lbvs_service_del(struct lbvs_service *svc)
{
	struct lbvs_net *ln = svc->ln;
	struct lbvs_real *real, *next;

	lockdep_assert_held(&ln->lock);
	rhashtable_remove_fast(&ln->services, &svc->node, service_params);
	if (svc->key.mark)
		WRITE_ONCE(ln->marks, ln->marks - 1);
	lbvs_pool_publish(svc, NULL);
	list_for_each_entry_safe(real, next, &svc->reals, list) {
		lbvs_real_detach(real);
		cond_resched();
	}
	ln->num_services--;
	ln->config_seq++;
	svc->deleted = true;
	list_move_tail(&svc->list, &ln->removed);
	if (list_empty(&svc->objects))
		lbvs_service_free(svc);
	lbvs_net_kick(ln);
}

/**
 * lbvs_service_free() - free a deleted service that has no reals any more
 * @svc: the service
 */
void lbvs_service_free(struct lbvs_service *svc)
{
	lockdep_assert_held(&svc->ln->lock);
	list_del(&svc->list);
	vip_del(svc);
	kfree_rcu(svc, rcu);
}

/**
 * lbvs_service_flush() - delete every service
 * @ln: the namespace
 */
void lbvs_service_flush(struct lbvs_net *ln)
{
	struct lbvs_service *svc, *next;

	list_for_each_entry_safe(svc, next, &ln->list, list) {
		lbvs_service_del(svc);
		cond_resched();
	}
}

/**
 * lbvs_service_warn() - tell the log that a service can't take a connection
 * @svc: the service
 * @why: the reason
 *
 * Context: any. Ratelimited together with the rest of networking.
 */
void lbvs_service_warn(const struct lbvs_service *svc, enum lbvs_drop why)
{
	static const char *const text[__LBVS_DROP_MAX] = {
		[LBVS_DROP_NO_REAL] = "no real takes connections",
		[LBVS_DROP_CONN_LIMIT] = "connection limit reached",
		[LBVS_DROP_NO_MEMORY] = "no memory for a connection",
		[LBVS_DROP_CLASH] = "no real without a clash of replies",
		[LBVS_DROP_LOOP] = "a real is the service's own address",
	};
	const struct lbvs_service_key *key = &svc->key;
	const char *proto = key->proto == IPPROTO_TCP ? "tcp" : "udp";

	if (!text[why] || !net_ratelimit())
		return;
	if (key->mark)
		pr_warn("fwmark %u: %s\n", key->mark, text[why]);
	else if (key->af == AF_INET)
		pr_warn("%s %pI4:%u: %s\n", proto, key->addr,
			ntohs(key->port), text[why]);
	else
		pr_warn("%s [%pI6c]:%u: %s\n", proto, key->addr,
			ntohs(key->port), text[why]);
}
