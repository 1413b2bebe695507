// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes a share of each CPU's time away, by the kernel's account: for a host that
 * is no guest of a hypervisor which does. While it is loaded.
 */
#include <linux/cpumask.h>
#include <linux/kernel_stat.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/workqueue.h>

static unsigned int percent = 20;
module_param(percent, uint, 0444);
MODULE_PARM_DESC(percent, "of each CPU's time; 20 if it is not said");

static u64 last_ns;

static void steal(struct work_struct *work);
static DECLARE_DELAYED_WORK(steal_work, steal);

/* The account's own writer is the CPU's tick, which adds what is stolen: nothing, here. */
static void steal(struct work_struct *work)
{
	u64 now_ns = ktime_get_ns();
	unsigned int cpu;

	for_each_online_cpu(cpu)
		kcpustat_cpu(cpu).cpustat[CPUTIME_STEAL] += (now_ns - last_ns) * percent / 100;
	last_ns = now_ns;
	schedule_delayed_work(&steal_work, HZ / 20);
}

static int __init steal_init(void)
{
	last_ns = ktime_get_ns();
	steal(&steal_work.work);
	return 0;
}
module_init(steal_init);

static void __exit steal_exit(void)
{
	cancel_delayed_work_sync(&steal_work);
}
module_exit(steal_exit);

MODULE_DESCRIPTION("Test: a host that is short of CPU time");
MODULE_LICENSE("GPL");
