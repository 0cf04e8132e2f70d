// SPDX-License-Identifier: GPL-2.0
/*
 * Our own addresses: those of services and of reals. Packets from and to others
 * are left alone after a glance, and fragments of theirs aren't put together.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "lbvs.h"

struct addr_key {
	u32 af;
	__be32 addr[4];
};

/**
 * struct addr - an address that services or reals have
 * @node: in &lbvs_net.addrs
 * @key: the address
 * @users: how many have it; under &lbvs_net.lock
 * @vips: how many of them are services; written under &lbvs_net.lock
 * @tunnels: how many are reals that are, or have been, reached by tunnel; likewise
 * @rcu: for freeing it
 */
struct addr {
	struct rhash_head node;
	struct addr_key key;
	unsigned int users;
	unsigned int vips;
	unsigned int tunnels;
	struct rcu_head rcu;
};

static const struct rhashtable_params addr_params = {
	.key_len = sizeof(struct addr_key),
	.key_offset = offsetof(struct addr, key),
	.head_offset = offsetof(struct addr, node),
	.automatic_shrinking = true,
};

static struct addr *addr_find(struct lbvs_net *ln, u8 af, const __be32 *addr)
{
	struct addr_key key = { .af = af };

	lbvs_addr_copy(af, key.addr, addr);
	return rhashtable_lookup_fast(&ln->addrs, &key, addr_params);
}

static void addr_count(struct lbvs_net *ln, const struct addr *a, int more)
{
	u32 *slot = &ln->addr_count[lbvs_addr_slot(a->key.af, a->key.addr)];

	WRITE_ONCE(*slot, *slot + more);
}

/**
 * lbvs_addr_ours() - is an address one of a service or a real
 * @ln: the namespace
 * @af: its family
 * @addr: the address
 */
bool lbvs_addr_ours(struct lbvs_net *ln, u8 af, const __be32 *addr)
{
	return addr_find(ln, af, addr);
}

/**
 * lbvs_addr_vip() - is an address one of a service
 * @ln: the namespace
 * @af: its family
 * @addr: the address
 */
bool lbvs_addr_vip(struct lbvs_net *ln, u8 af, const __be32 *addr)
{
	const struct addr *a = addr_find(ln, af, addr);

	return a && READ_ONCE(a->vips);
}

/**
 * lbvs_addr_tunnel() - is an address one of a real that is reached by tunnel
 * @ln: the namespace
 * @af: its family
 * @addr: the address
 */
bool lbvs_addr_tunnel(struct lbvs_net *ln, u8 af, const __be32 *addr)
{
	const struct addr *a = addr_find(ln, af, addr);

	return a && READ_ONCE(a->tunnels);
}

static void vip_count(struct lbvs_net *ln, struct addr *a, int more)
{
	bool was = a->vips;

	WRITE_ONCE(a->vips, a->vips + more);
	if (was != !!a->vips)
		ln->vips_changed = true;
}

/**
 * lbvs_addr_add() - note an address
 * @ln: the namespace
 * @af: its family
 * @addr: the address
 * @vip: it is a service's
 *
 * Return: 0 or a negative error
 */
int lbvs_addr_add(struct lbvs_net *ln, u8 af, const __be32 *addr, bool vip)
{
	struct addr *a = addr_find(ln, af, addr);
	int err;

	lockdep_assert_held(&ln->lock);
	if (a) {
		a->users++;
		vip_count(ln, a, vip);
		return 0;
	}
	a = kzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);
	if (!a)
		return -ENOMEM;
	a->key.af = af;
	a->users = 1;
	lbvs_addr_copy(af, a->key.addr, addr);
	err = rhashtable_insert_fast(&ln->addrs, &a->node, addr_params);
	if (err) {
		kfree(a);
		return err;
	}
	addr_count(ln, a, 1);
	vip_count(ln, a, vip);
	return 0;
}

/**
 * lbvs_addr_del() - undo lbvs_addr_add()
 * @ln: the namespace
 * @af: its family
 * @addr: the address
 * @vip: as then
 */
void lbvs_addr_del(struct lbvs_net *ln, u8 af, const __be32 *addr, bool vip)
{
	struct addr *a = addr_find(ln, af, addr);

	lockdep_assert_held(&ln->lock);
	if (WARN_ON_ONCE(!a))
		return;
	vip_count(ln, a, -vip);
	if (--a->users)
		return;
	addr_count(ln, a, -1);
	rhashtable_remove_fast(&ln->addrs, &a->node, addr_params);
	kfree_rcu(a, rcu);
}

/**
 * lbvs_addr_count_tunnel() - note that a real is reached by tunnel, or undo it
 * @ln: the namespace
 * @af: the family of its address
 * @addr: the address, from lbvs_addr_add()
 * @more: 1, or -1
 */
void lbvs_addr_count_tunnel(struct lbvs_net *ln, u8 af, const __be32 *addr,
			    int more)
{
	struct addr *a = addr_find(ln, af, addr);

	lockdep_assert_held(&ln->lock);
	if (!WARN_ON_ONCE(!a))
		WRITE_ONCE(a->tunnels, a->tunnels + more);
}

/**
 * lbvs_addrs_start() - have what every packet is looked at with
 * @ln: the namespace, before its hooks are registered
 *
 * Return: 0, also if it is there; or a negative error
 */
int lbvs_addrs_start(struct lbvs_net *ln)
{
	lockdep_assert_held(&ln->lock);
	if (!ln->addr_count)
		ln->addr_count = kvcalloc(BIT(LBVS_ADDR_BITS),
					  sizeof(*ln->addr_count),
					  GFP_KERNEL_ACCOUNT);
	return ln->addr_count ? 0 : -ENOMEM;
}

/**
 * lbvs_addr_any() - note that any address may be a service's, or undo it
 * @ln: the namespace
 * @more: 1, or -1
 */
void lbvs_addr_any(struct lbvs_net *ln, int more)
{
	unsigned int slot;

	lockdep_assert_held(&ln->lock);
	for (slot = 0; slot < BIT(LBVS_ADDR_BITS); slot++)
		WRITE_ONCE(ln->addr_count[slot], ln->addr_count[slot] + more);
}

int lbvs_addrs_init(struct lbvs_net *ln)
{
	return rhashtable_init(&ln->addrs, &addr_params);
}

void lbvs_addrs_exit(struct lbvs_net *ln)
{
	rhashtable_destroy(&ln->addrs);
	kvfree(ln->addr_count);
}
