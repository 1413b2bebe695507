/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels this module builds for: all of them.
 */
#ifndef SHINT_COMPAT_H
#define SHINT_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "kvm_sched_hint needs Linux 6.1 or later: kvm_vcpu_halt() has not been read in older ones"
#endif

/* hrtimer_setup() came with 6.13, hrtimer_init() went with 6.15. */
static inline void shint_hrtimer_setup(struct hrtimer *timer,
				       enum hrtimer_restart (*function)(struct hrtimer *))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer->function = function;
#endif
}

#endif /* SHINT_COMPAT_H */
