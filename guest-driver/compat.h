/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels this driver is built for (6.1 and 6.12):
 * the only file that asks for the version.
 */
#ifndef SCHED_HINT_COMPAT_H
#define SCHED_HINT_COMPAT_H

#include <linux/context_tracking.h>
#include <linux/cpu.h>
#include <linux/cpuidle.h>
#include <linux/sched.h>
#include <linux/sched/idle.h>
#include <linux/version.h>

#ifndef CONFIG_X86_64
#error "virtio_sched_hint supports x86-64 guests only"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "virtio_sched_hint needs Linux 6.1 or newer"
#endif

/*
 * Halt the way a kernel without a cpuidle driver does, for a state that has
 * CPUIDLE_FLAG_RCU_IDLE: called and left with interrupts disabled and RCU
 * watching. RCU does not watch while the vCPU halts, so nothing in here may
 * be traced.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
static __maybe_unused noinstr void sched_hint_arch_idle(void)
{
	ct_cpuidle_enter();
	arch_cpu_idle();
	ct_cpuidle_exit();
}
#else
/*
 * arch_cpu_idle() is not exported, and returns with interrupts enabled. What
 * it does in a guest that idles with HLT (no other is let through, see
 * sched_hint_idle_unfit()) is this.
 */
static __maybe_unused noinstr void sched_hint_arch_idle(void)
{
	ct_idle_enter();
	arch_safe_halt();
	raw_local_irq_disable();
	ct_idle_exit();
}
#endif

/* Tasks that never come from user space, whatever their saved registers say. */
#ifdef PF_USER_WORKER
#define SCHED_HINT_PF_NO_USER	(PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER)
#else
#define SCHED_HINT_PF_NO_USER	(PF_KTHREAD | PF_IO_WORKER)
#endif

/*
 * Whether a task has been switched out and will not run before it is woken.
 * Caller holds its pi_lock, so the answer lasts.
 */
static inline bool sched_hint_is_blocked(const struct task_struct *task)
{
	/* Pairs with the release when the task is off its CPU: what it stored is seen. */
	if (smp_load_acquire(&task->on_cpu))
		return false;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	if (task->se.sched_delayed)
		return true;
#endif
	return !READ_ONCE(task->on_rq);
}

#endif /* SCHED_HINT_COMPAT_H */
