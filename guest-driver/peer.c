// SPDX-License-Identifier: GPL-2.0-only
/*
 * On which vCPU the tasks run that this vCPU's interrupts wake.
 *
 * If another vCPU has to run for the answer, the host may wake it along with
 * the one that takes the interrupt. sched_waking is hit in the waker's context,
 * before a CPU is chosen for the task; where the task last ran is known, so
 * what is learned from a wake-up is where the wake-up before led.
 *
 * Only wake-ups on top of the idle task count: they are what a halt was about
 * to end with. Softirqs that a task's own sending to the loopback device runs
 * are none. Kernel threads do not count either: those that an interrupt wakes
 * are mostly its own CPU's.
 *
 * The words are a CPU's own: written with interrupts disabled, by the probe in
 * its interrupts and by its idle loop.
 */
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "sched_hint.h"
#include "tracepoints.h"

/*
 * A majority vote. An affinity that changes is followed after at most MAX_VOTES
 * wake-ups against the old CPU, ENOUGH for the new one, and the one by which
 * what is known lags behind.
 */
#define MAX_VOTES	8
#define ENOUGH		2

/* Idle entries without a wake-up that counts, after which nothing is known. */
#define MAX_AGE		64

struct peer {
	unsigned int cpu;
	u8 votes;
	u8 age;
};

static DEFINE_PER_CPU(struct peer, peer);

/*
 * With PREEMPT_RT threads of the kernel's run handlers, with softirqs disabled,
 * and the softirqs that those raise. Whether the CPU was idle before is not
 * known then: those of a busy one count, too.
 */
static bool from_interrupt(void)
{
	return is_idle_task(current) ||
	       (IS_ENABLED(CONFIG_PREEMPT_RT) && (current->flags & PF_KTHREAD) &&
		!(current->flags & PF_WQ_WORKER) && in_softirq());
}

/*
 * On the waker's CPU, the task's pi_lock held and interrupts disabled; but not so
 * where a task wakes itself, which is not looked at: current is the idle task, or
 * a kernel thread.
 */
static notrace void waking(void *unused, struct task_struct *task)
{
	struct peer *p;
	unsigned int cpu;

	if (!from_interrupt() || (task->flags & PF_KTHREAD))
		return;

	p = this_cpu_ptr(&peer);
	p->age = 0;
	cpu = task_cpu(task);
	if (cpu == p->cpu) {
		p->votes = min(p->votes + 1, MAX_VOTES);
	} else if (p->votes) {
		p->votes--;
	} else {
		p->cpu = cpu;
		p->votes = 1;
	}
}

/* At idle entry, interrupts disabled: the peer's APIC id, or that there is none. */
u16 sched_hint_peer(void)
{
	struct peer *p = this_cpu_ptr(&peer);

	if (p->age < MAX_AGE)
		p->age++;
	else
		p->votes = 0;
	if (p->votes < ENOUGH || p->cpu == smp_processor_id())
		return VIRTIO_SCHED_HINT_NO_PEER;
	return cpu_physical_id(p->cpu);
}

int sched_hint_peer_start(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(peer, cpu) = (struct peer) { .votes = 0 };
	check_trace_callback_type_sched_waking(waking);
	return sched_hint_tracepoint_register("sched_waking", waking, NULL);
}

void sched_hint_peer_stop(void)
{
	sched_hint_tracepoint_unregister("sched_waking", waking, NULL);
	tracepoint_synchronize_unregister();
}
