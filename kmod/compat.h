/* SPDX-License-Identifier: GPL-2.0 */
/* Every difference between the kernels that lbvs builds for, and nothing else. */
#ifndef _LBVS_COMPAT_H
#define _LBVS_COMPAT_H

#include <linux/slab.h>
#include <linux/version.h>
#include <net/genetlink.h>
#include <net/route.h>

#if KERNEL_VERSION(6, 5, 0) <= LINUX_VERSION_CODE
#include <net/gso.h>
#endif

#if KERNEL_VERSION(6, 12, 0) <= LINUX_VERSION_CODE
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* 6.10 has a name for it. */
#ifndef dst_rtable
#define dst_rtable(ptr) container_of_const(ptr, struct rtable, dst)
#endif

/* 6.7 folded the attributes of a dump request into struct genl_info. */
static inline struct nlattr **lbvs_dump_attrs(struct netlink_callback *cb)
{
#if KERNEL_VERSION(6, 7, 0) <= LINUX_VERSION_CODE
	return genl_dumpit_info(cb)->info.attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* 6.5 can keep a cache from being merged with others of its size. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE 0
#endif

/*
 * 6.3 made lazy RCU callbacks wait up to 10 s. Those of connections hold the
 * count that the limit is judged by.
 */
#if KERNEL_VERSION(6, 3, 0) > LINUX_VERSION_CODE
#define call_rcu_hurry call_rcu
#endif

#endif /* _LBVS_COMPAT_H */
