// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the tests in the lab: on one CPU cpuidle devices are refused, as they are
 * where memory is short. cpuidle_register_device() is called on the CPU itself,
 * and gets NULL there, which it answers with -EINVAL.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/smp.h>

static unsigned int cpu;
module_param(cpu, uint, 0444);
MODULE_PARM_DESC(cpu, "which one");

static int refuse(struct kprobe *probe, struct pt_regs *regs)
{
	if (smp_processor_id() == cpu)
		regs->di = 0;
	return 0;
}

static struct kprobe refuse_probe = {
	.symbol_name = "cpuidle_register_device",
	.pre_handler = refuse,
};

static int __init no_cpuidle_init(void)
{
	return register_kprobe(&refuse_probe);
}
module_init(no_cpuidle_init);

static void __exit no_cpuidle_exit(void)
{
	unregister_kprobe(&refuse_probe);
}
module_exit(no_cpuidle_exit);

MODULE_DESCRIPTION("Test: a CPU gets no cpuidle device");
MODULE_LICENSE("GPL");
