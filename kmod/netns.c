// SPDX-License-Identifier: GPL-2.0
/*
 * A network namespace's lbvs: how it starts, and how it goes.
 *
 * It goes in this order. pre_exit: it is marked dead, so that nothing is added
 * or queued any more, and its hooks are unregistered. The core then waits one
 * grace period, for all namespaces that go at a time: no packet is inside any
 * more. exit: the workers are stopped, services deleted and connections killed;
 * then one rcu_barrier() waits for their callbacks, which drop the last
 * references of reals, and what the worker would have freed is freed.
 */
#include <net/netns/generic.h>

#include "lbvs.h"

unsigned int lbvs_net_id __read_mostly;

/* How often the worker runs, and when the table is nearly full. */
#define WORKER_PERIOD		(HZ / 4)
#define WORKER_PERIOD_FULL	(HZ / 20)

/* A namespace that an unprivileged user can make gets no more by itself. */
#define USERNS_CONN_LIMIT	65536

static const u32 timeout_default[__LBVS_STATE_MAX] = {
	[LBVS_STATE_TCP_SYN_SENT]	= 60,
	[LBVS_STATE_TCP_SYN_RECV]	= 60,
	[LBVS_STATE_TCP_ESTABLISHED]	= 900,
	[LBVS_STATE_TCP_FIN_WAIT]	= 120,
	[LBVS_STATE_TCP_CLOSE_WAIT]	= 120,
	[LBVS_STATE_TCP_LAST_ACK]	= 30,
	[LBVS_STATE_TCP_TIME_WAIT]	= 60,
	[LBVS_STATE_TCP_CLOSE]		= 10,
	[LBVS_STATE_UDP_NEW]		= 30,
	[LBVS_STATE_UDP]		= 300,
};

/**
 * lbvs_net_limit_max() - how many connections a namespace's owner may allow
 * @ln: the namespace
 *
 * Packets' memory is charged to nobody, so only the host's root may give a
 * user's namespace more than a little of it.
 */
u32 lbvs_net_limit_max(const struct lbvs_net *ln)
{
	if (ln->net->user_ns == &init_user_ns)
		return LBVS_CONN_LIMIT_MAX;
	return min_t(u32, USERNS_CONN_LIMIT, lbvs_conn_limit_default());
}

static bool net_in_use(const struct lbvs_net *ln)
{
	return ln->num_services || ln->num_objects;
}

/*
 * A slice of the table may take a while: on a queue that is bound to a CPU, as most
 * are, other work of that CPU would wait for it.
 */
static void worker(struct work_struct *work)
{
	struct lbvs_net *ln = container_of(to_delayed_work(work),
					   struct lbvs_net, worker);
	unsigned long period = WORKER_PERIOD;
	bool again;

	lbvs_conn_collect(ln);

	mutex_lock(&ln->lock);
	lbvs_reals_reap(ln, false);
	lbvs_route_flush_tunnels(ln);
	/* A big table would be there for nothing until the next service. */
	again = (net_in_use(ln) || lbvs_tables_due(ln)) && !ln->dead;
	if (!again && ln->hooked && !ln->dead) {
		lbvs_hooks_unregister(ln);
		ln->hooked = false;
		lbvs_fast_update(ln);
	}
	mutex_unlock(&ln->lock);

	if (lbvs_conn_count(ln) > READ_ONCE(ln->conns.limit) / 8 * 7)
		period = WORKER_PERIOD_FULL;
	if (again)
		queue_delayed_work(system_unbound_wq, &ln->worker, period);
}

/**
 * lbvs_net_start() - have everything run that a service needs
 * @ln: the namespace
 * @af: the service's family
 *
 * Return: 0, also if it runs already; or a negative error
 */
int lbvs_net_start(struct lbvs_net *ln, u8 af)
{
	int err;

	lockdep_assert_held(&ln->lock);
	err = lbvs_table_start(ln, af) ?: lbvs_addrs_start(ln) ?:
	      lbvs_stats_start(ln);
	if (err)
		return err;
	if (!ln->hooked) {
		err = lbvs_hooks_register(ln);
		if (err)
			return err;
		ln->hooked = true;
		lbvs_fast_update(ln);
	}
	queue_delayed_work(system_unbound_wq, &ln->worker, WORKER_PERIOD);
	return 0;
}

/**
 * lbvs_net_kick() - let the worker see at once that nothing is in use any more
 * @ln: the namespace, where that may be so
 */
void lbvs_net_kick(struct lbvs_net *ln)
{
	lockdep_assert_held(&ln->lock);
	if (!ln->dead && !net_in_use(ln))
		mod_delayed_work(system_unbound_wq, &ln->worker, 0);
}

static int __net_init net_init(struct net *net)
{
	struct lbvs_net *ln = lbvs_net(net);
	int i, err;

	ln->net = net;
	mutex_init(&ln->lock);
	INIT_LIST_HEAD(&ln->list);
	INIT_LIST_HEAD(&ln->removed);
	INIT_LIST_HEAD(&ln->detached);
	init_llist_head(&ln->freed_reals);
	INIT_DELAYED_WORK(&ln->worker, worker);
	lbvs_route_net_init(ln);
	lbvs_local_net_init(ln);
	lbvs_table_init(ln);
	lbvs_hooks_init(ln);
	lbvs_fast_net_init(ln);
	ln->conns.limit = min(lbvs_conn_limit_default(),
			      lbvs_net_limit_max(ln));
	for (i = 0; i < ARRAY_SIZE(ln->timeout); i++)
		ln->timeout[i] = timeout_default[i] * HZ;

	err = rhashtable_init(&ln->services, lbvs_service_params());
	if (err)
		return err;
	err = rhashtable_init(&ln->one_packet, lbvs_one_packet_params());
	if (err)
		goto err_services;
	err = lbvs_addrs_init(ln);
	if (err)
		goto err_one_packet;
	err = lbvs_proc_init(ln);
	if (err)
		goto err_addrs;
	return 0;

err_addrs:
	lbvs_addrs_exit(ln);
err_one_packet:
	rhashtable_destroy(&ln->one_packet);
err_services:
	rhashtable_destroy(&ln->services);
	return err;
}

static void __net_exit net_pre_exit(struct net *net)
{
	struct lbvs_net *ln = lbvs_net(net);

	lbvs_proc_exit(ln);
	mutex_lock(&ln->lock);
	ln->dead = true;
	if (ln->hooked)
		lbvs_hooks_unregister(ln);
	mutex_unlock(&ln->lock);
	lbvs_fast_net_exit(ln);
}

/* Everything that callbacks are still to come for. */
static void net_drain(struct lbvs_net *ln)
{
	cancel_delayed_work_sync(&ln->worker);
	lbvs_local_net_exit(ln);
	lbvs_table_stop(ln);
	mutex_lock(&ln->lock);
	lbvs_service_flush(ln);
	mutex_unlock(&ln->lock);
	lbvs_route_net_exit(ln);
	lbvs_conn_kill_all(ln);
}

static void net_free(struct lbvs_net *ln)
{
	mutex_lock(&ln->lock);
	lbvs_reals_reap(ln, true);
	WARN_ON(net_in_use(ln) || !list_empty(&ln->removed) ||
		lbvs_conn_count(ln));
	mutex_unlock(&ln->lock);
	lbvs_stats_put(ln->stats_block);
	lbvs_table_free(ln);
	lbvs_addrs_exit(ln);
	rhashtable_destroy(&ln->one_packet);
	rhashtable_destroy(&ln->services);
	free_percpu(ln->cpu);
}

static void __net_exit net_exit_batch(struct list_head *nets)
{
	struct net *net;

	list_for_each_entry(net, nets, exit_list)
		net_drain(lbvs_net(net));
	rcu_barrier();
	list_for_each_entry(net, nets, exit_list)
		net_free(lbvs_net(net));
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit_batch = net_exit_batch,
	.id = &lbvs_net_id,
	.size = sizeof(struct lbvs_net),
};

int __init lbvs_netns_init(void)
{
	return register_pernet_subsys(&net_ops);
}

void lbvs_netns_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
