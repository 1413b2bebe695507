// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits in poll() and the like, or for I/O, per CPU, and the earliest deadline.
 *
 * A wait begins when the task is switched out, blocked, and is over when it is
 * switched in again: after data, its timeout, a signal, or to die. Until then
 * it counts where it blocked. So no wait can be left over, whatever ends it,
 * and one hook is enough: a second one on wake-ups would cost as much, and tell
 * no more to a CPU that comes to idle, which has run all that was woken there.
 *
 * The hook runs with interrupts disabled under the lock of the CPU's runqueue.
 * Ours nest inside: a bucket's, then a CPU's. Nothing is allocated in there.
 * With more waiters at a time than there is room for, the rest is not counted.
 */
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timerqueue.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "compat.h"
#include "tracepoints.h"
#include "waiters.h"

/* Room for waiters: of a guest at least, and of each CPU at least. */
#define MIN_WAITERS		4096
#define MIN_WAITERS_PER_CPU	512

struct waiter {
	struct hlist_node node;		/* in its bucket, or among its CPU's unused */
	struct timerqueue_node timeout;	/* in its CPU's queue, if not KTIME_MAX */
	const struct task_struct *task;	/* compared only */
	unsigned int cpu;		/* whose it always is */
	bool io;
};

/* The waiters whose task hashes to it. */
struct bucket {
	raw_spinlock_t lock;
	struct hlist_head waiters;	/* looked at without the lock for being empty */
};

struct waiter_cpu {
	raw_spinlock_t lock;		/* guards the rest */
	struct hlist_head unused;
	struct timerqueue_head timeouts;
	unsigned int nr;		/* in poll() and the like; read without the lock */
	unsigned int nr_io;		/* for I/O; likewise */
	ktime_t earliest;		/* KTIME_MAX: none; read without the lock */
	u64 missed;
};

static DEFINE_PER_CPU(struct waiter_cpu, waiter_cpu) = { .earliest = KTIME_MAX };

/*
 * One to a waiter in guests of up to 8 CPUs, and up to 32 in one of 255. A constant,
 * for each context switch looks up one.
 */
#define BUCKET_BITS		12

/* Made before the hooks are set, and freed after they are gone. */
static struct waiter *waiters;
static struct bucket *buckets __read_mostly;

static struct bucket *bucket_of(struct bucket *all, const struct task_struct *task)
{
	return &all[hash_ptr(task, BUCKET_BITS)];
}

static struct waiter *find_waiter(const struct bucket *bucket, const struct task_struct *task)
{
	struct waiter *waiter;

	hlist_for_each_entry(waiter, &bucket->waiters, node)
		if (waiter->task == task)
			return waiter;
	return NULL;
}

/* Caller holds wcpu->lock. */
static void set_earliest(struct waiter_cpu *wcpu)
{
	struct timerqueue_node *first = timerqueue_getnext(&wcpu->timeouts);

	WRITE_ONCE(wcpu->earliest, first ? first->expires : KTIME_MAX);
}

/* Caller holds wcpu->lock. */
static void count_waiter(struct waiter_cpu *wcpu, const struct waiter *waiter, int change)
{
	unsigned int *nr = waiter->io ? &wcpu->nr_io : &wcpu->nr;

	WRITE_ONCE(*nr, *nr + change);
}

/* Caller holds bucket->lock. */
static void add_waiter(struct bucket *bucket, const struct task_struct *task, unsigned int cpu,
		       bool io, ktime_t deadline)
{
	struct waiter_cpu *wcpu = per_cpu_ptr(&waiter_cpu, cpu);
	struct waiter *waiter;

	raw_spin_lock(&wcpu->lock);
	waiter = hlist_entry_safe(wcpu->unused.first, struct waiter, node);
	if (!waiter) {
		wcpu->missed++;
		goto out;
	}
	hlist_del(&waiter->node);
	waiter->task = task;
	waiter->io = io;
	waiter->timeout.expires = deadline;
	if (deadline != KTIME_MAX && timerqueue_add(&wcpu->timeouts, &waiter->timeout))
		set_earliest(wcpu);
	count_waiter(wcpu, waiter, 1);
	hlist_add_head(&waiter->node, &bucket->waiters);
out:
	raw_spin_unlock(&wcpu->lock);
}

/* Caller holds its bucket's lock. */
static void del_waiter(struct waiter *waiter)
{
	struct waiter_cpu *wcpu = per_cpu_ptr(&waiter_cpu, waiter->cpu);

	hlist_del(&waiter->node);
	raw_spin_lock(&wcpu->lock);
	if (waiter->timeout.expires != KTIME_MAX) {
		timerqueue_del(&wcpu->timeouts, &waiter->timeout);
		set_earliest(wcpu);
	}
	count_waiter(wcpu, waiter, -1);
	hlist_add_head(&waiter->node, &wcpu->unused);
	raw_spin_unlock(&wcpu->lock);
}

/* Interrupts disabled. */
static void wait_ends(const struct task_struct *task)
{
	struct bucket *bucket = bucket_of(buckets, task);
	struct waiter *waiter;

	raw_spin_lock(&bucket->lock);
	waiter = find_waiter(bucket, task);
	if (waiter)
		del_waiter(waiter);
	raw_spin_unlock(&bucket->lock);
}

/* Interrupts disabled. A task that counts already is left as it is. */
static void wait_begins(const struct task_struct *task, unsigned int cpu, bool io, ktime_t deadline)
{
	struct bucket *bucket = bucket_of(buckets, task);

	raw_spin_lock(&bucket->lock);
	if (!find_waiter(bucket, task))
		add_waiter(bucket, task, cpu, io, deadline);
	raw_spin_unlock(&bucket->lock);
}

static bool sleeps(const struct task_struct *task)
{
	/*
	 * Not TASK_UNINTERRUPTIBLE, which is how the same call waits for a page or a
	 * lock. A wake-up may change it meanwhile: as if that were a moment later.
	 */
	return data_race(task->__state & TASK_INTERRUPTIBLE);
}

static bool may_wait(struct task_struct *task)
{
	return sleeps(task) && sched_hint_may_wait(task);
}

/* As the kernel's own nr_iowait: whoever called io_schedule(), or said so itself. */
static bool waits_for_io(const struct task_struct *task)
{
	return task->in_iowait && READ_ONCE(task->__state);
}

static bool waits(struct bucket *all, const struct task_struct *task)
{
	/* Without the bucket's lock, and only for being there. */
	return data_race(bucket_of(all, task)->waiters.first);
}

/* @prev begins to wait, or @next ends it, if either is as it seems. */
static noinline void switch_waiters(void *all, bool preempt, struct task_struct *prev,
				    struct task_struct *next)
{
	if (waits(all, next))
		wait_ends(next);
	if (preempt) {
		/* One that was woken meanwhile does not block. */
		if (sleeps(prev))
			sched_hint_deadline_keep(prev);
	} else if (waits_for_io(prev)) {
		wait_begins(prev, smp_processor_id(), true, KTIME_MAX);
	} else if (may_wait(prev) && sched_hint_in_wait_call(prev)) {
		wait_begins(prev, smp_processor_id(), false, sched_hint_deadline(prev));
	}
}

/*
 * In every context switch, each instruction of which shows: what most of them
 * do not need is not in here, nothing is called but at the end and with the same
 * arguments, and the buckets come in a register, as what the hook was registered
 * with. That a task waits is seen without its bucket's lock, for whoever makes it
 * run is ordered behind its being switched out by its on_cpu. The state is looked
 * at afresh: @prev_state may tell of a sleep that a signal or a wake-up has
 * already prevented. One that is preempted on its way to sleep has its state, too.
 */
static notrace void on_switch(void *all, bool preempt, struct task_struct *prev,
			      struct task_struct *next, unsigned int prev_state)
{
	if (unlikely(waits(all, next) || prev->in_iowait || may_wait(prev)))
		switch_waiters(all, preempt, prev, next);
}

/*
 * The waiters that blocked before there were hooks. Whoever holds a blocked
 * task's pi_lock keeps it from being woken. Their deadlines stay unknown.
 */
static void count_blocked(void)
{
	struct task_struct *process, *task;
	unsigned long flags;

	rcu_read_lock();
	for_each_process_thread(process, task) {
		raw_spin_lock_irqsave(&task->pi_lock, flags);
		if (sched_hint_is_blocked(task) && waits_for_io(task))
			wait_begins(task, task_cpu(task), true, KTIME_MAX);
		else if (sched_hint_is_blocked(task) && sleeps(task) &&
			 sched_hint_in_wait_call(task))
			wait_begins(task, task_cpu(task), false, KTIME_MAX);
		raw_spin_unlock_irqrestore(&task->pi_lock, flags);
	}
	rcu_read_unlock();
}

static int make_room(void)
{
	unsigned int per_cpu_room = max_t(unsigned int, MIN_WAITERS / num_possible_cpus(),
					  MIN_WAITERS_PER_CPU);
	size_t room = (size_t)per_cpu_room * num_possible_cpus(), i;
	struct waiter *waiter;
	unsigned int cpu;

	buckets = kvcalloc(1UL << BUCKET_BITS, sizeof(*buckets), GFP_KERNEL);
	waiters = kvcalloc(room, sizeof(*waiters), GFP_KERNEL);
	if (!buckets || !waiters)
		return -ENOMEM;

	for (i = 0; i < 1UL << BUCKET_BITS; i++)
		raw_spin_lock_init(&buckets[i].lock);
	waiter = waiters;
	for_each_possible_cpu(cpu) {
		struct waiter_cpu *wcpu = per_cpu_ptr(&waiter_cpu, cpu);

		raw_spin_lock_init(&wcpu->lock);
		INIT_HLIST_HEAD(&wcpu->unused);
		timerqueue_init_head(&wcpu->timeouts);
		for (i = 0; i < per_cpu_room; i++, waiter++) {
			waiter->cpu = cpu;
			timerqueue_init(&waiter->timeout);
			hlist_add_head(&waiter->node, &wcpu->unused);
		}
	}
	return 0;
}

static void free_room(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		per_cpu(waiter_cpu, cpu).nr = 0;
		per_cpu(waiter_cpu, cpu).nr_io = 0;
		per_cpu(waiter_cpu, cpu).earliest = KTIME_MAX;
	}
	kvfree(waiters);
	kvfree(buckets);
	waiters = NULL;
	buckets = NULL;
}

/* On failure nobody waits, and no deadline is known. */
int sched_hint_waiters_start(void)
{
	int ret;

	sched_hint_wait_calls_init();
	ret = make_room();
	if (ret)
		goto err_room;
	ret = sched_hint_deadlines_start();
	if (ret)
		goto err_room;
	check_trace_callback_type_sched_switch(on_switch);
	ret = sched_hint_tracepoint_register("sched_switch", on_switch, buckets);
	if (ret)
		goto err_deadlines;
	count_blocked();
	return 0;

err_deadlines:
	sched_hint_deadlines_stop();
	tracepoint_synchronize_unregister();
err_room:
	free_room();
	return ret;
}

void sched_hint_waiters_stop(void)
{
	sched_hint_tracepoint_unregister("sched_switch", on_switch, buckets);
	sched_hint_deadlines_stop();
	tracepoint_synchronize_unregister();
	free_room();
}

/*
 * Without a lock: a waiter that is switched in elsewhere at this moment counts,
 * or does not. Those that blocked here did it before this CPU came to idle.
 */
u16 sched_hint_waiters_nr(void)
{
	return min_t(unsigned int, __this_cpu_read(waiter_cpu.nr), U16_MAX);
}

u16 sched_hint_waiters_io(void)
{
	return min_t(unsigned int, __this_cpu_read(waiter_cpu.nr_io), U16_MAX);
}

/* KTIME_MAX: nobody waits with a deadline that is known. */
ktime_t sched_hint_waiters_earliest(void)
{
	return __this_cpu_read(waiter_cpu.earliest);
}

u64 sched_hint_waiters_missed(void)
{
	u64 sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(waiter_cpu, cpu).missed);
	return sum;
}
