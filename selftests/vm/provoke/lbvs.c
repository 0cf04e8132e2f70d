// SPDX-License-Identifier: GPL-2.0
/*
 * Not the load balancer: a module of its name that misbehaves on demand, so that
 * selfcheck can see whether the VM's runner, and the kernel, take notice.
 */
#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static bool warn;
module_param(warn, bool, 0);
MODULE_PARM_DESC(warn, "have the kernel warn");

static bool pin;
module_param(pin, bool, 0);
MODULE_PARM_DESC(pin, "keep a reference, so that the module cannot be unloaded");

static char *fault;
module_param(fault, charp, 0);
MODULE_PARM_DESC(fault, "what only a debug kernel sees; and what is left behind");

static void read_beyond(void)
{
	char *eight = kzalloc(8, GFP_KERNEL);
	int i = 8;

	OPTIMIZER_HIDE_VAR(i);
	if (eight)
		pr_info("the ninth is %d\n", eight[i]);
	kfree(eight);
}

static void shift_too_far(void)
{
	int by = 40;

	OPTIMIZER_HIDE_VAR(by);
	pr_info("1 shifted by 40 is %u\n", 1U << by);
}

static noinline void leave_memory(void)
{
	if (!kmalloc(64, GFP_KERNEL))
		pr_info("no memory\n");
}

/* Of a kind that is never merged with another. */
static void leave_slab(void)
{
	if (!kmem_cache_create("lbvs_left", 64, 0, SLAB_TYPESAFE_BY_RCU, NULL))
		pr_info("no memory\n");
}

static void lock_both_ways(void)
{
	static DEFINE_MUTEX(one);
	static DEFINE_MUTEX(other);

	mutex_lock(&one);
	mutex_lock(&other);
	mutex_unlock(&other);
	mutex_unlock(&one);
	mutex_lock(&other);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&other);
}

static void sleep_under_lock(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static void read_without_rcu(void)
{
	static char __rcu *shared;

	if (!rcu_dereference(shared))
		pr_info("nothing shared\n");
}

static void nothing(struct timer_list *timer)
{
}

static void free_armed_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, nothing, 0);
	mod_timer(timer, jiffies + HZ);
	kfree(timer);
}

static int shared;
static int turn;

static int write_shared(void *me)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

/* Each writes in his turn; that the turn is handed on by no release lets the write be late. */
static int write_in_turn(void *me)
{
	while (!kthread_should_stop()) {
		/* What the other one has forgotten. */
		if (smp_load_acquire(&turn) == (long)me) {
			shared++;
			WRITE_ONCE(turn, !me);
		}
		cond_resched();
	}
	return 0;
}

static void run_twice(int (*run)(void *me))
{
	struct task_struct *one = kthread_run(run, (void *)0L, "provoke-0");
	struct task_struct *other = kthread_run(run, (void *)1L, "provoke-1");

	ssleep(3);
	if (!IS_ERR(one))
		kthread_stop(one);
	if (!IS_ERR(other))
		kthread_stop(other);
}

static void race(void)
{
	run_twice(write_shared);
}

static void forget_barrier(void)
{
	run_twice(write_in_turn);
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "beyond", read_beyond },
	{ "shift", shift_too_far },
	{ "memory", leave_memory },
	{ "slab", leave_slab },
	{ "order", lock_both_ways },
	{ "sleep", sleep_under_lock },
	{ "rcu", read_without_rcu },
	{ "timer", free_armed_timer },
	{ "race", race },
	{ "barrier", forget_barrier },
};

static int __init provoke_init(void)
{
	int i;

	WARN_ON(warn);
	if (pin)
		__module_get(THIS_MODULE);
	for (i = 0; i < ARRAY_SIZE(faults); i++)
		if (fault && !strcmp(fault, faults[i].name))
			faults[i].commit();
	return 0;
}

static void __exit provoke_exit(void)
{
}

module_init(provoke_init);
module_exit(provoke_exit);
MODULE_DESCRIPTION("Misbehaves on demand, to test the VM's runner");
MODULE_LICENSE("GPL");
