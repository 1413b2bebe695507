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
 */
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "peer.h"
#include "table.h"
#include "tracepoints.h"

/*
 * A majority vote. An affinity that changes is followed after at most MAX_VOTES
 * wake-ups against the old CPU, ENOUGH for the new one, and the one by which
 * what is known lags behind.
 */
#define MAX_VOTES	8
#define ENOUGH		2

/* Idle entries without a wake-up that counts, after which nothing is known. */
#define LIFE		64

/* A CPU's own, as what comes of it. */
struct vote_count {
	unsigned int cpu;
	u8 votes;
};

static DEFINE_PER_CPU(struct vote_count, votes_of_cpu);
DEFINE_PER_CPU(struct sched_hint_peer, sched_hint_own_peer);

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

static void vote(struct vote_count *count, unsigned int cpu)
{
	if (cpu == count->cpu) {
		count->votes = min(count->votes + 1, MAX_VOTES);
	} else if (count->votes) {
		count->votes--;
	} else {
		count->cpu = cpu;
		count->votes = 1;
	}
}

/*
 * On the waker's CPU, the task's pi_lock held and interrupts disabled; but not so
 * where a task wakes itself, which is not looked at: current is the idle task, or
 * a kernel thread.
 */
static notrace void waking(void *unused, struct task_struct *task)
{
	struct sched_hint_peer *peer;
	struct vote_count *count;

	if (!from_interrupt() || (task->flags & PF_KTHREAD))
		return;

	count = this_cpu_ptr(&votes_of_cpu);
	peer = this_cpu_ptr(&sched_hint_own_peer);
	if (!peer->life)
		count->votes = 0;
	peer->life = LIFE;
	vote(count, task_cpu(task));
	/* A CPU that is unplugged meanwhile is still named, for LIFE entries at most. */
	peer->bits = count->votes < ENOUGH || count->cpu == smp_processor_id() ?
		     0 : sched_hint_wake_peer_bits(cpu_physical_id(count->cpu));
}

int sched_hint_peer_start(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(sched_hint_own_peer, cpu).life = 0;
	check_trace_callback_type_sched_waking(waking);
	return sched_hint_tracepoint_register("sched_waking", waking, NULL);
}

void sched_hint_peer_stop(void)
{
	sched_hint_tracepoint_unregister("sched_waking", waking, NULL);
	tracepoint_synchronize_unregister();
}
