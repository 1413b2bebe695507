// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many tasks each vCPU has to run: the nr_running of its runqueue.
 *
 * The kernel tells of each change of it, under that runqueue's lock and after
 * the fact, through the tracepoint sched_update_nr_running_tp. It does not tell
 * the number, and struct rq is opaque. Adding up the changes would do if one
 * knew what they start from, and if all were told. But which tasks count cannot
 * be seen from outside: one that ends is off the list of tasks before it is off
 * its runqueue, a deadline task that has used up its runtime still looks
 * queued. And a tracepoint is silent on a CPU that is not online: since 6.12 a
 * CPU on its way there puts the stopper of each other CPU on its runqueue. A
 * sum that is wrong once stays wrong until its CPU is idle. So the number
 * itself is read.
 *
 * Where it lies is learned from changes that this thread makes to its own CPU's
 * runqueue: the word of struct rq that follows them. Runqueues are a per-CPU
 * variable of the kernel's, what we keep of each is one of ours, so from a
 * CPU's runqueue to that it is the same distance on every CPU.
 *
 * What is published is what the kernel counts: the tasks of all scheduling
 * classes that wait for the CPU or run on it, throttled groups left out; since
 * 6.12 with the fair tasks that sleep but whose dequeue is delayed.
 *
 * It is written under the runqueue's lock, by whatever CPU holds it, and by the
 * exceptions named below. A change that was not told is published with the next
 * one, or when its CPU is idle; the latter is counted as a correction.
 */
#include <linux/bitmap.h>
#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "sched_hint.h"
#include "table.h"

/*
 * So much of struct rq is searched for its nr_running: in both kernels that
 * follows the lock, which is larger in debugging kernels.
 */
#define HEAD_WORDS	32

struct runnable {
	struct sched_hint_runnable_line *line;	/* the CPU's in the table, or @unpublished */
	bool is_overloaded;
	u8 *overloaded;	/* where that is told: this CPU's byte of the array below */
	u64 idle_seq;	/* the line's when an idle entry met another number; the CPU's own */
	struct sched_hint_runnable_line unpublished;
};

static DEFINE_PER_CPU_ALIGNED(struct runnable, runnable);

/* From a CPU's struct rq to its struct runnable, and to the word nr_running. */
static long distance __read_mostly;
static unsigned long nr_offset __read_mostly;

/*
 * One byte per CPU, 1 while it has more than one task to run: whoever publishes
 * looks at all of them, and few cache lines hold them. Not one number: CPUs
 * that switch between one task and two would fight for it.
 */
static u8 *overloaded __read_mostly;

static enum cpuhp_state hotplug_state;
static atomic64_t corrections;

/* What lies there is stable under the runqueue's lock only. @offset: nr_offset */
static const unsigned int *nr_running(const struct rq *rq, unsigned long offset)
{
	return (const void *)rq + offset;
}

static const struct rq *rq_of(const struct runnable *r)
{
	return (const void *)r - distance;
}

/* Caller holds the runqueue's lock, or is an exception. */
static void set_count(struct runnable *r, unsigned int nr)
{
	bool is_overloaded = nr > 1;

	sched_hint_table_runnable(r->line, nr);
	if (unlikely(r->is_overloaded != is_overloaded)) {
		r->is_overloaded = is_overloaded;
		WRITE_ONCE(*r->overloaded, is_overloaded);
	}
}

/*
 * Under the lock of @rq, interrupts disabled, on any CPU. Twice in a task's
 * sleep: each instruction shows. So nr_offset comes in a register, as what the
 * hook was registered with.
 */
static notrace void update(void *offset, struct rq *rq, int change)
{
	set_count((void *)rq + distance, *nr_running(rq, (unsigned long)offset));
}

/**
 * sched_hint_runnable_idle() - the CPU is idle: publish what was not told
 *
 * A remote CPU may be in the middle of adding a task, so a difference is
 * believed if the idle entry before met it, too, and nothing was published in
 * between. This is the one writer without the runqueue's lock; what it loses if
 * it meets another after all, the next change brings back.
 *
 * Context: the CPU's idle task, interrupts disabled.
 */
void sched_hint_runnable_idle(void)
{
	struct runnable *r = this_cpu_ptr(&runnable);
	unsigned int nr = READ_ONCE(*nr_running(rq_of(r), nr_offset));
	u64 seq = sched_hint_table_runnable_seq(r->line);

	if (likely(sched_hint_table_nr_runnable(r->line) == nr)) {
		r->idle_seq = 0;
	} else if (seq != r->idle_seq) {
		r->idle_seq = seq;
	} else {
		set_count(r, nr);
		atomic64_inc(&corrections);
	}
}

/* CPUs that have more than one task to run, by now; others may be changing that. */
u16 sched_hint_runnable_overloaded(void)
{
	return bitmap_weight((unsigned long *)overloaded, nr_cpu_ids * BITS_PER_BYTE);
}

u64 sched_hint_runnable_corrections(void)
{
	return atomic64_read(&corrections);
}

#define LESSON_CHANGES	4

/* What a thread learns about its CPU's runqueue while it is @armed. */
struct lesson {
	struct task_struct *pupil;
	bool armed;
	bool doubt;		/* more than one runqueue */
	unsigned int changes;
	int change[LESSON_CHANGES];
	struct rq *rq;
	u32 head[LESSON_CHANGES][HEAD_WORDS];	/* of @rq, after each change */
};

static void learn(void *data, struct rq *rq, int change)
{
	struct lesson *lesson = data;
	unsigned int n = lesson->changes;

	if (current != lesson->pupil || !lesson->armed)
		return;
	lesson->doubt |= lesson->rq && lesson->rq != rq;
	lesson->rq = rq;
	lesson->changes++;
	if (n >= LESSON_CHANGES)
		return;
	lesson->change[n] = change;
	memcpy(lesson->head[n], rq, sizeof(lesson->head[n]));
}

/* Whether a word of the head was a number of tasks, and followed each change. */
static bool follows(const struct lesson *lesson, unsigned int word)
{
	unsigned int n;

	for (n = 1; n < LESSON_CHANGES; n++)
		if (lesson->head[n][word] != lesson->head[n - 1][word] + lesson->change[n])
			return false;
	return (int)lesson->head[0][word] >= 0;
}

/*
 * Taken off and put back, twice. NUMA balancing keeps numbers of its own next
 * to it, which do not count kernel threads; if two words follow after all, what
 * they are is not known.
 */
static int find_nr_running(const struct lesson *lesson)
{
	unsigned int word, found = 0;

	if (lesson->doubt || lesson->changes != LESSON_CHANGES || lesson->change[0] != -1 ||
	    lesson->change[1] != 1 || lesson->change[2] != -1 || lesson->change[3] != 1)
		return -EOPNOTSUPP;
	for (word = 0; word < HEAD_WORDS; word++) {
		if (!follows(lesson, word))
			continue;
		found++;
		nr_offset = word * sizeof(u32);
	}
	return found == 1 ? 0 : -EOPNOTSUPP;
}

/*
 * A scheduler's server that leaves the runqueue meanwhile changes its number, too
 * (the fair server, since 6.12, where realtime tasks have starved others).
 */
#define LESSONS		5
#define LESSON_APART_MS	20

/*
 * A new nice value takes a running fair task off its runqueue and puts it back,
 * at once and under the one lock. With interrupts disabled nothing else that
 * this thread is current for can come in between.
 */
static int learn_runqueue(void)
{
	struct lesson *lesson = kzalloc(sizeof(*lesson), GFP_KERNEL);
	unsigned long flags;
	int ret, nice;

	if (!lesson)
		return -ENOMEM;
	lesson->pupil = current;
	ret = register_trace_sched_update_nr_running_tp(learn, lesson);
	if (ret)
		goto out;

	local_irq_save(flags);
	nice = task_nice(current);
	lesson->armed = true;
	set_user_nice(current, nice < MAX_NICE ? nice + 1 : nice - 1);
	set_user_nice(current, nice);
	lesson->armed = false;
	distance = (long)this_cpu_ptr(&runnable) - (long)lesson->rq;
	local_irq_restore(flags);

	unregister_trace_sched_update_nr_running_tp(learn, lesson);
	tracepoint_synchronize_unregister();
	ret = find_nr_running(lesson);
out:
	kfree(lesson);
	return ret;
}

/* Nobody else writes. */
static void begin_count(struct runnable *r, unsigned int cpu, unsigned int nr)
{
	r->line = sched_hint_table_runnable_line(cpu) ?: &r->unpublished;
	set_count(r, nr);
}

/* Runs while all other CPUs wait with interrupts disabled: no runqueue is locked. */
static int publish_all(void *unused)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct runnable *r = per_cpu_ptr(&runnable, cpu);

		begin_count(r, cpu, *nr_running(rq_of(r), nr_offset));
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
	begin_count(per_cpu_ptr(&runnable, cpu), cpu, 0);
	return 0;
}

int sched_hint_runnable_start(void)
{
	unsigned int cpu;
	int ret, i;

	ret = learn_runqueue();
	for (i = 1; ret == -EOPNOTSUPP && i < LESSONS; i++) {
		msleep(LESSON_APART_MS);
		ret = learn_runqueue();
	}
	if (ret)
		return ret;

	overloaded = kcalloc(BITS_TO_LONGS(nr_cpu_ids * BITS_PER_BYTE), sizeof(long), GFP_KERNEL);
	if (!overloaded)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct runnable *r = per_cpu_ptr(&runnable, cpu);

		/* Nothing is published before publish_all(). */
		*r = (struct runnable) {
			.line = &r->unpublished,
			.overloaded = &overloaded[cpu],
		};
	}

	ret = register_trace_sched_update_nr_running_tp(update, (void *)nr_offset);
	if (ret)
		goto err_free;
	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "virtio_sched_hint:prepare",
					reset_cpu, reset_cpu);
	if (ret < 0)
		goto err_trace;
	hotplug_state = ret;
	ret = stop_machine(publish_all, NULL, NULL);
	if (ret)
		goto err_hotplug;
	return 0;

err_hotplug:
	cpuhp_remove_state_nocalls(hotplug_state);
err_trace:
	unregister_trace_sched_update_nr_running_tp(update, (void *)nr_offset);
	tracepoint_synchronize_unregister();
err_free:
	kfree(overloaded);
	return ret;
}

/* No CPU may be about to publish any more. The slots are left at zero tasks. */
void sched_hint_runnable_stop(void)
{
	unsigned int cpu;

	unregister_trace_sched_update_nr_running_tp(update, (void *)nr_offset);
	tracepoint_synchronize_unregister();
	cpuhp_remove_state_nocalls(hotplug_state);
	for_each_possible_cpu(cpu)
		set_count(per_cpu_ptr(&runnable, cpu), 0);
	kfree(overloaded);
}
