// SPDX-License-Identifier: GPL-2.0
/*
 * Which reals are this host itself: a director may be a real of its own service, or
 * of another director's. Services are configured before addresses come, and failover
 * moves addresses, so this follows them. A local route that no address has made (ip
 * route add local PREFIX dev lo) counts if it is there when the real is added.
 */
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/route.h>

#include "lbvs.h"

/**
 * lbvs_addr_local() - is an address one of this host's own
 * @net: the namespace
 * @af: its family
 * @addr: the address. One whose duplicates are still being looked for will be ours
 *	in a second, and counts.
 *
 * Context: any.
 */
bool lbvs_addr_local(struct net *net, u8 af, const __be32 *addr)
{
	if (af == AF_INET)
		return inet_addr_type(net, *addr) == RTN_LOCAL;
	return ipv6_chk_addr_and_flags(net, (const struct in6_addr *)addr, NULL,
				       false, 0, 0);
}

static void set_local(struct lbvs_real *real, bool local)
{
	struct lbvs_service *svc = real->svc;

	if (local == real->local)
		return;
	WRITE_ONCE(svc->locals, svc->locals + (local ? 1 : -1));
	WRITE_ONCE(real->local, local);
}

/**
 * lbvs_local_find() - find out whether a real is this host itself
 * @real: the real, in its service's list
 */
void lbvs_local_find(struct lbvs_real *real)
{
	lockdep_assert_held(&real->svc->ln->lock);
	set_local(real, lbvs_addr_local(real->svc->ln->net, real->key.af,
					real->key.addr));
}

/**
 * lbvs_local_forget() - undo lbvs_local_find() when a real is removed
 * @real: the real
 */
void lbvs_local_forget(struct lbvs_real *real)
{
	lockdep_assert_held(&real->svc->ln->lock);
	set_local(real, false);
}

static void local_work(struct work_struct *work)
{
	struct lbvs_net *ln = container_of(work, struct lbvs_net, local_work);
	struct lbvs_service *svc;
	struct lbvs_real *real;

	mutex_lock(&ln->lock);
	list_for_each_entry(svc, &ln->list, list) {
		list_for_each_entry(real, &svc->reals, list) {
			lbvs_local_find(real);
			cond_resched();
		}
	}
	mutex_unlock(&ln->lock);
}

/* Under the RTNL, where nobody waits for the namespace's lock; IPv6's is atomic. */
static void look_again(const struct net_device *dev)
{
	queue_work(system_unbound_wq, &lbvs_net(dev_net(dev))->local_work);
}

static int inetaddr_event(struct notifier_block *nb, unsigned long event,
			  void *ptr)
{
	const struct in_ifaddr *ifa = ptr;

	look_again(ifa->ifa_dev->dev);
	return NOTIFY_DONE;
}

static int inet6addr_event(struct notifier_block *nb, unsigned long event,
			   void *ptr)
{
	const struct inet6_ifaddr *ifa = ptr;

	look_again(ifa->idev->dev);
	return NOTIFY_DONE;
}

static struct notifier_block inetaddr_notifier = {
	.notifier_call = inetaddr_event,
};

static struct notifier_block inet6addr_notifier = {
	.notifier_call = inet6addr_event,
};

/**
 * lbvs_local_net_init() - set up a namespace's knowledge of itself
 * @ln: the namespace
 */
void lbvs_local_net_init(struct lbvs_net *ln)
{
	INIT_WORK(&ln->local_work, local_work);
}

/**
 * lbvs_local_net_exit() - look no more
 * @ln: the namespace, which has no devices any more, or nobody who tells of them; its
 *	lock isn't held
 */
void lbvs_local_net_exit(struct lbvs_net *ln)
{
	cancel_work_sync(&ln->local_work);
}

int __init lbvs_local_init(void)
{
	int err = register_inetaddr_notifier(&inetaddr_notifier);

	if (err)
		return err;
	err = register_inet6addr_notifier(&inet6addr_notifier);
	if (err)
		unregister_inetaddr_notifier(&inetaddr_notifier);
	return err;
}

void lbvs_local_exit(void)
{
	unregister_inet6addr_notifier(&inet6addr_notifier);
	unregister_inetaddr_notifier(&inetaddr_notifier);
}
