// SPDX-License-Identifier: GPL-2.0
/*
 * Not the load balancer: a module of its name that misbehaves on demand, so that
 * selfcheck can see whether the VM's runner takes notice.
 */
#include <linux/bug.h>
#include <linux/module.h>

static bool warn;
module_param(warn, bool, 0);
MODULE_PARM_DESC(warn, "have the kernel warn");

static bool pin;
module_param(pin, bool, 0);
MODULE_PARM_DESC(pin, "keep a reference, so that the module cannot be unloaded");

static int __init provoke_init(void)
{
	WARN_ON(warn);
	if (pin)
		__module_get(THIS_MODULE);
	return 0;
}

static void __exit provoke_exit(void)
{
}

module_init(provoke_init);
module_exit(provoke_exit);
MODULE_DESCRIPTION("Misbehaves on demand, to test the VM's runner");
MODULE_LICENSE("GPL");
