// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many tasks each vCPU has to run.
 *
 * The kernel tells of each change of a runqueue's nr_running, under that
 * runqueue's lock, through the tracepoint sched_update_nr_running_tp; it does
 * not tell the number, and struct rq is opaque. So the changes are added up.
 * What they start from is counted once, while stop_machine() holds all CPUs
 * still. What is counted is what the kernel counts: the tasks of all scheduling
 * classes that wait for the CPU or run on it, throttled groups left out; since
 * 6.12 with the fair tasks that sleep but whose dequeue is delayed.
 *
 * Whose runqueue it is follows from its address: runqueues are a per-CPU
 * variable of the kernel's, the counts are one of ours, so from a CPU's
 * runqueue to its count it is the same distance on every CPU. The distance is
 * learned from a change that this thread makes to its own CPU's runqueue.
 *
 * A count is written under the runqueue's lock, by whatever CPU holds it, and
 * by the exceptions named below. An idle CPU finds its count 0. If not, the sum
 * has drifted, and is corrected, and that is counted. No tracepoint at the
 * switch to idle is taken for that: it would be paid for at every switch.
 *
 * Not covered: a group that is throttled when the host starts to listen is
 * counted until its CPU is idle next; core scheduling's forced idle, in which
 * runnable tasks are left waiting, is taken for a drift.
 */
#include <linux/bitmap.h>
#include <linux/cpuhotplug.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "sched_hint.h"

/* The scheduler's own name for it is private: the task is on a runqueue. */
#define ON_RQ_QUEUED	1

struct runnable {
	int nr;
	u64 seq;	/* changes so far */
	u64 idle_seq;	/* @seq at the last idle entry; the CPU's own */
	struct virtio_sched_hint_slot *slot;	/* NULL: not published */
	u8 *overloaded;	/* this CPU's byte of the array below */
};

static DEFINE_PER_CPU_ALIGNED(struct runnable, runnable);

/* From a CPU's struct rq to its struct runnable. */
static long distance __read_mostly;

/*
 * One byte per CPU, 1 while it has more than one task to run: whoever publishes
 * looks at all of them, and few cache lines hold them. Not one number: CPUs
 * that switch between one task and two would fight for it.
 */
static u8 *overloaded __read_mostly;

static enum cpuhp_state hotplug_state;
static atomic64_t corrections;

/* Caller holds the runqueue's lock, or is an exception. */
static void set_count(struct runnable *r, int nr)
{
	bool was = r->nr > 1, is = nr > 1;

	r->nr = nr;
	r->seq++;
	if (was != is)
		WRITE_ONCE(*r->overloaded, is);
	if (r->slot)
		sched_hint_table_runnable(r->slot, max(nr, 0), r->seq);
}

/* Under the lock of @rq, interrupts disabled, on any CPU. */
static void update(void *unused, struct rq *rq, int change)
{
	struct runnable *r = (void *)rq + distance;

	set_count(r, r->nr + change);
}

/**
 * sched_hint_runnable_idle() - the CPU is idle: nothing can be runnable
 *
 * A remote CPU may be in the middle of adding a task, so a count that is not 0
 * is believed once. If the next idle entry meets it unchanged, no task has come
 * or gone in between. This is the one writer without the runqueue's lock; if it
 * meets another after all, the idle entry after the next finds out.
 *
 * Context: the CPU's idle task, interrupts disabled.
 */
void sched_hint_runnable_idle(void)
{
	struct runnable *r = this_cpu_ptr(&runnable);

	if (unlikely(r->nr) && r->seq == r->idle_seq) {
		set_count(r, 0);
		atomic64_inc(&corrections);
	}
	r->idle_seq = r->seq;
}

/* CPUs that have more than one task to run, by now. */
u16 sched_hint_runnable_overloaded(void)
{
	return bitmap_weight((unsigned long *)overloaded, nr_cpu_ids * BITS_PER_BYTE);
}

u64 sched_hint_runnable_corrections(void)
{
	return atomic64_read(&corrections);
}

/* What a thread learns about its CPU's runqueue while it is @armed. */
struct lesson {
	struct task_struct *pupil;
	bool armed;
	bool doubt;		/* more than one runqueue */
	int changes;
	int sum;
	struct rq *rq;
};

static void learn(void *data, struct rq *rq, int change)
{
	struct lesson *lesson = data;

	if (current != lesson->pupil || !lesson->armed)
		return;
	lesson->doubt |= lesson->rq && lesson->rq != rq;
	lesson->rq = rq;
	lesson->changes++;
	lesson->sum += change;
}

/*
 * A new nice value takes a running fair task off its runqueue and puts it back,
 * at once and under the one lock. With interrupts disabled nothing else that
 * this thread is current for can come in between.
 */
static int learn_distance(void)
{
	struct lesson lesson = { .pupil = current };
	unsigned long flags;
	int ret, nice;

	ret = register_trace_sched_update_nr_running_tp(learn, &lesson);
	if (ret)
		return ret;

	local_irq_save(flags);
	nice = task_nice(current);
	lesson.armed = true;
	set_user_nice(current, nice < MAX_NICE ? nice + 1 : nice - 1);
	set_user_nice(current, nice);
	lesson.armed = false;
	distance = (long)this_cpu_ptr(&runnable) - (long)lesson.rq;
	local_irq_restore(flags);

	unregister_trace_sched_update_nr_running_tp(learn, &lesson);
	tracepoint_synchronize_unregister();
	return lesson.doubt || lesson.changes != 4 || lesson.sum ? -EOPNOTSUPP : 0;
}

/*
 * Runs while all other CPUs wait with interrupts disabled: runqueues are not
 * locked and do not change. A task that has left the list of tasks on its way
 * to the end is missed, which its CPU's next idle entry corrects.
 */
static int count_all(void *unused)
{
	struct task_struct *process, *task;
	unsigned int cpu;

	for_each_online_cpu(cpu)
		per_cpu(runnable, cpu).nr = 0;
	rcu_read_lock();
	for_each_process_thread(process, task)
		if (READ_ONCE(task->on_rq) == ON_RQ_QUEUED)
			per_cpu(runnable, task_cpu(task)).nr++;
	rcu_read_unlock();

	for_each_online_cpu(cpu) {
		struct runnable *r = per_cpu_ptr(&runnable, cpu);

		*r->overloaded = r->nr > 1;
		r->slot = sched_hint_table_slot(cpu);
		set_count(r, r->nr);
	}
	return 0;
}

/*
 * Before a CPU comes online, and after it is gone: nothing is runnable there,
 * and nobody else writes. What a CPU does between leaving the online mask and
 * its end is not traced.
 */
static int reset_cpu(unsigned int cpu)
{
	struct runnable *r = per_cpu_ptr(&runnable, cpu);

	r->slot = sched_hint_table_slot(cpu);
	set_count(r, 0);
	return 0;
}

int sched_hint_runnable_start(void)
{
	unsigned int cpu;
	int ret;

	ret = learn_distance();
	if (ret)
		return ret;

	overloaded = kcalloc(BITS_TO_LONGS(nr_cpu_ids * BITS_PER_BYTE), sizeof(long), GFP_KERNEL);
	if (!overloaded)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		per_cpu(runnable, cpu) = (struct runnable) { .overloaded = &overloaded[cpu] };
	}

	/* Slots are NULL: from here to count_all() the sums mean nothing. */
	ret = register_trace_sched_update_nr_running_tp(update, NULL);
	if (ret)
		goto err_free;
	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "virtio_sched_hint:prepare",
					reset_cpu, reset_cpu);
	if (ret < 0)
		goto err_trace;
	hotplug_state = ret;
	ret = stop_machine(count_all, NULL, NULL);
	if (ret)
		goto err_hotplug;
	return 0;

err_hotplug:
	cpuhp_remove_state_nocalls(hotplug_state);
err_trace:
	unregister_trace_sched_update_nr_running_tp(update, NULL);
	tracepoint_synchronize_unregister();
err_free:
	kfree(overloaded);
	return ret;
}

/* No CPU may be about to publish any more. The slots are left at zero tasks. */
void sched_hint_runnable_stop(void)
{
	unsigned int cpu;

	unregister_trace_sched_update_nr_running_tp(update, NULL);
	tracepoint_synchronize_unregister();
	cpuhp_remove_state_nocalls(hotplug_state);
	for_each_possible_cpu(cpu)
		set_count(per_cpu_ptr(&runnable, cpu), 0);
	kfree(overloaded);
}
