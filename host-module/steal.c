// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is a pCPU of this host, itself a guest's, taken away much?
 *
 * What is kept there is not even known to have been had, and what the host
 * above gives is wanted by others. KVM of s390 draws the line at a tenth, too
 * (halt_poll_max_steal, arch/s390/kvm/kvm-s390.c).
 */
#include <linux/cpumask.h>
#include <linux/kernel_stat.h>
#include <linux/ktime.h>

#include "steal.h"

#define MOST_PERCENT	10

/* Of the pCPU, as last found. Written by the watchdog, read by the probe. */
DEFINE_PER_CPU(bool, shint_stolen);

static DEFINE_PER_CPU(u64, steal_last_ns);
static u64 steal_looked_ns;

/**
 * shint_steal_look() - find out about all pCPUs, from the last look to this
 *
 * The first look is at all the time since boot.
 *
 * Context: the watchdog; under shint_lock.
 */
void shint_steal_look(void)
{
	u64 now_ns = ktime_get_ns(), passed_ns = now_ns - steal_looked_ns;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		u64 steal_ns = kcpustat_cpu(cpu).cpustat[CPUTIME_STEAL];
		u64 stolen_ns = steal_ns - per_cpu(steal_last_ns, cpu);

		/* The former: not where somebody set the count back. */
		WRITE_ONCE(per_cpu(shint_stolen, cpu),
			   stolen_ns <= passed_ns && stolen_ns * 100 >= passed_ns * MOST_PERCENT);
		per_cpu(steal_last_ns, cpu) = steal_ns;
	}
	steal_looked_ns = now_ns;
}
