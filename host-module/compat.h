/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels this module builds for: all of them.
 */
#ifndef SHINT_COMPAT_H
#define SHINT_COMPAT_H

#include <linux/cgroup.h>
#include <linux/hrtimer.h>
#include <linux/kvm_host.h>
#include <linux/pid.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "kvm_sched_hint needs Linux 6.1 or later: kvm_vcpu_halt() has not been read in older ones"
#endif

/* hrtimer_setup() came with 6.13, hrtimer_init() went with 6.15. */
static inline void shint_hrtimer_setup(struct hrtimer *timer,
				       enum hrtimer_restart (*function)(struct hrtimer *),
				       enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, mode);
	timer->function = function;
#endif
}

/* A vCPU's thread, or NULL. Under rcu_read_lock(). vcpu->pid got a lock with 6.13. */
static inline struct task_struct *shint_vcpu_thread(struct kvm_vcpu *vcpu)
{
	struct task_struct *task;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	read_lock(&vcpu->pid_lock);
	task = pid_task(vcpu->pid, PIDTYPE_PID);
	read_unlock(&vcpu->pid_lock);
#else
	task = pid_task(rcu_dereference(vcpu->pid), PIDTYPE_PID);
#endif
	return task;
}

/* A task's group of the cpu controller, or NULL. Under rcu_read_lock(). */
static inline struct cgroup_subsys_state *shint_cpu_group(struct task_struct *task)
{
#ifdef CONFIG_CGROUP_SCHED
	return task_css(task, cpu_cgrp_id);
#else
	return NULL;
#endif
}

#endif /* SHINT_COMPAT_H */
