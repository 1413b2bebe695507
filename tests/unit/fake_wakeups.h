/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Beside the shim: what guest-driver/peer.c wants of the kernel. There is one CPU, shim_cpu,
 * whose variables these are; test_peer.c wakes.
 */
#ifndef FAKE_WAKEUPS_H
#define FAKE_WAKEUPS_H

#include <shim.h>

#define notrace

#undef DECLARE_PER_CPU
#undef DEFINE_PER_CPU
#undef this_cpu_read
#define DECLARE_PER_CPU(type, name)	extern __typeof__(type) name
#define DEFINE_PER_CPU(type, name)	__typeof__(type) name
#define this_cpu_read(x)		(x)
#define this_cpu_dec(x)			((x)--)
#define this_cpu_ptr(p)			(p)
#define per_cpu(x, cpu)			(*((void)(cpu), &(x)))
#define smp_processor_id()		shim_cpu
#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < SHIM_NR_CPUS; (cpu)++)

#define PF_KTHREAD	1
#define PF_WQ_WORKER	2

struct task_struct {
	unsigned int cpu;	/* where it last ran */
	unsigned int flags;
	bool idle;
};

extern struct task_struct *current;
#define is_idle_task(task)	((task)->idle)
#define task_cpu(task)		((task)->cpu)

/* How the kernel is configured: the only option that is asked for. */
extern bool fake_preempt_rt, fake_in_softirq;
#define IS_ENABLED(option)	fake_preempt_rt
#define in_softirq()		fake_in_softirq

static inline void
check_trace_callback_type_sched_waking(void (*probe)(void *data, struct task_struct *task))
{
	(void)probe;
}

#define tracepoint_synchronize_unregister()	((void)0)

#endif /* FAKE_WAKEUPS_H */
