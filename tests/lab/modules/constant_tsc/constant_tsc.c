// SPDX-License-Identifier: GPL-2.0-only
/*
 * Says that the TSC ticks at a constant rate. KVM refuses PREEMPT_RT without;
 * the emulated CPU's does so, but TCG has no CPUID bit for it. For KVM, which
 * is loaded after this: what the kernel decided at boot stays decided.
 */
#include <linux/cpumask.h>
#include <linux/module.h>

#include <asm/cpufeature.h>
#include <asm/processor.h>

static int __init constant_tsc_init(void)
{
	unsigned int cpu;

	set_cpu_cap(&boot_cpu_data, X86_FEATURE_CONSTANT_TSC);
	for_each_online_cpu(cpu)
		set_cpu_cap(&cpu_data(cpu), X86_FEATURE_CONSTANT_TSC);
	return 0;
}
module_init(constant_tsc_init);

MODULE_DESCRIPTION("for the emulated lab: the TSC is a constant one");
MODULE_LICENSE("GPL");
