// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <net/genetlink.h>

#include "lbvs.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static int __init lbvs_init(void)
{
	int err;

	err = lbvs_conn_init();
	if (err)
		return err;
	err = lbvs_netns_init();
	if (err)
		goto err_conn;
	err = lbvs_route_init();
	if (err)
		goto err_netns;
	err = lbvs_local_init();
	if (err)
		goto err_route;
	err = lbvs_fast_init();
	if (err)
		goto err_local;
	err = lbvs_netlink_init();
	if (err)
		goto err_fast;
	pr_info("version %s, %u connections of %u bytes at most by default\n",
		LBVS_VERSION, lbvs_conn_limit_default(), lbvs_conn_bytes());
	return 0;

err_fast:
	lbvs_fast_exit();
err_local:
	lbvs_local_exit();
err_route:
	lbvs_route_exit();
err_netns:
	lbvs_netns_exit();
	rcu_barrier();
err_conn:
	lbvs_conn_exit();
	return err;
}

static void __exit lbvs_exit(void)
{
	lbvs_netlink_exit();
	lbvs_fast_exit();
	lbvs_local_exit();
	lbvs_route_exit();
	lbvs_netns_exit();
	/* Reals and services are freed by callbacks of this module, too. */
	rcu_barrier();
	lbvs_conn_exit();
	pr_info("unloaded\n");
}

module_init(lbvs_init);
module_exit(lbvs_exit);

MODULE_DESCRIPTION("Layer-4 virtual server");
MODULE_VERSION(LBVS_VERSION);
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(LBVS_GENL_NAME);
