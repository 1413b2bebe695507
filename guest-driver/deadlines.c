// SPDX-License-Identifier: GPL-2.0-only
/*
 * Until when a task that is about to block will wait.
 *
 * Timeouts come in registers, in user memory or in a socket; but what ends each
 * of them is a timer that lies on the waiting task's own kernel stack: an
 * hrtimer in poll, select and epoll_wait, a timer of the wheel in recv. So each
 * timer on its starter's stack is noted when it is started, and when the task
 * is switched out it is looked at whether that timer is still on.
 *
 * A CPU's note is written and read by that CPU only, with interrupts disabled.
 */
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/sched/task_stack.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <trace/events/timer.h>

#include "tracepoints.h"
#include "waiters.h"

/*
 * A timer that a task started on its stack; @hrtimer or @timer is NULL. The
 * call that started it may be over, and the stack hold anything, by the time
 * that the note is looked at: what the timer must still be is noted as well.
 */
struct note {
	const struct task_struct *task;	/* compared only */
	struct hrtimer *hrtimer;
	struct timer_list *timer;
	u64 expires;		/* the timer's own, with slack; or in jiffies */
	const void *function;
	const void *base;	/* of an hrtimer */
	ktime_t deadline;
	ktime_t over;		/* by then it has expired */
};

/* The last one on this CPU. */
static DEFINE_PER_CPU(struct note, latest);

/*
 * Notes of tasks that were preempted after the timer was started and before
 * they blocked, for they may block on another CPU. That window is so short that
 * few are enough: the oldest gives way, and its task waits without a deadline.
 * Only a kernel with full preemption has any.
 */
#define NR_KEPT	16
static struct note kept[NR_KEPT];
static unsigned int next_kept;
static unsigned int nr_kept;
static DEFINE_RAW_SPINLOCK(kept_lock);

/*
 * When jiffies were 0. The tick advances them at multiples of TICK_NSEC, but
 * may be late to do so: the earliest time seen is right. Not guarded: what a
 * race can lose is one of many samples.
 */
static s64 jiffy_zero_ns = S64_MAX;

static void sample_jiffies(void)
{
	unsigned long now_jiffies = READ_ONCE(jiffies);
	s64 now_ticks = ktime_to_ns(ktime_get()) / TICK_NSEC;
	s64 zero_ns = (now_ticks - (s64)now_jiffies) * TICK_NSEC;

	if (zero_ns < READ_ONCE(jiffy_zero_ns))
		WRITE_ONCE(jiffy_zero_ns, zero_ns);
}

/*
 * Called with a timer base's lock held. An interrupt's own timers do not lie
 * on the stack of the task it interrupted.
 *
 * The deadline is what the task asked for. The kernel may let it wait longer,
 * by the task's timer slack.
 */
static void on_hrtimer_start(void *unused, struct hrtimer *timer, enum hrtimer_mode mode)
{
	struct note *note;

	if (!object_is_on_stack(timer))
		return;
	note = this_cpu_ptr(&latest);
	note->task = current;
	note->hrtimer = timer;
	note->timer = NULL;
	note->expires = hrtimer_get_expires_tv64(timer);
	note->function = timer->function;
	note->base = timer->base;
	note->deadline = hrtimer_get_softexpires(timer);
	note->over = hrtimer_get_expires(timer);
}

static void on_hrtimer_start_armed(void *unused, struct hrtimer *timer, enum hrtimer_mode mode,
				   bool was_armed)
{
	on_hrtimer_start(unused, timer, mode);
}

/*
 * Called with a timer base's lock held. The deadline is the tick at which the
 * wheel looks at the timer's bucket: the kernel keeps no finer one.
 */
static void on_timer_start_bucket(void *unused, struct timer_list *timer,
				  unsigned long bucket_expiry)
{
	struct note *note;

	if (!object_is_on_stack(timer))
		return;
	sample_jiffies();
	note = this_cpu_ptr(&latest);
	note->task = current;
	note->hrtimer = NULL;
	note->timer = timer;
	note->expires = timer->expires;
	note->function = timer->function;
	note->base = NULL;
	note->deadline = READ_ONCE(jiffy_zero_ns) + (s64)bucket_expiry * TICK_NSEC;
	/* the tick may be late */
	note->over = ktime_add_ns(note->deadline, TICK_NSEC);
}

/*
 * Kernels that do not tell the bucket's expiry tell its index: 64 buckets to a
 * level, each level 8 times as coarse as the one before, rounded up.
 */
static void on_timer_start_flags(void *unused, struct timer_list *timer, unsigned long expires,
				 unsigned int flags)
{
	unsigned int shift = 3 * ((flags >> TIMER_ARRAYSHIFT) / 64);

	on_timer_start_bucket(unused, timer, ((expires >> shift) + 1) << shift);
}

/*
 * Whether the task that is current still has that timer. A timer that is over or
 * was cancelled says so, unless that very word of the stack was used since for
 * something else: so one that must have expired is not believed.
 */
static bool is_on(const struct note *note)
{
	const struct hrtimer *hrtimer = note->hrtimer;
	const struct timer_list *timer = note->timer;

	if (hrtimer) {
		if (!object_is_on_stack(hrtimer) || !hrtimer_is_queued(note->hrtimer) ||
		    hrtimer_get_expires_tv64(hrtimer) != note->expires ||
		    hrtimer->function != note->function || hrtimer->base != note->base)
			return false;
	} else if (!object_is_on_stack(timer) || !timer_pending(timer) ||
		   timer->expires != note->expires || timer->function != note->function) {
		return false;
	}
	return ktime_before(ktime_get(), note->over);
}

/* Caller holds kept_lock. */
static void drop_kept(struct note *note)
{
	note->task = NULL;
	WRITE_ONCE(nr_kept, nr_kept - 1);
}

static bool take_kept(const struct task_struct *task, struct note *note)
{
	const ktime_t now = ktime_get();
	bool found = false;
	unsigned int i;

	raw_spin_lock(&kept_lock);
	for (i = 0; i < NR_KEPT; i++) {
		if (!kept[i].task)
			continue;
		if (kept[i].task == task) {
			*note = kept[i];
			found = true;
			drop_kept(&kept[i]);
		} else if (!ktime_before(now, kept[i].over)) {
			/* its task did not block, after all */
			drop_kept(&kept[i]);
		}
	}
	raw_spin_unlock(&kept_lock);
	return found;
}

/*
 * When @task, current, which blocks now, gives up; KTIME_MAX: never, or unknown.
 * Each time that such a call blocks it has started a timer for it, so a note
 * serves once: of a timer that was cancelled since nothing is to be believed.
 */
ktime_t sched_hint_deadline(const struct task_struct *task)
{
	struct note *here = this_cpu_ptr(&latest);
	ktime_t deadline = KTIME_MAX;
	struct note note;

	if (here->task == task) {
		if (is_on(here))
			deadline = here->deadline;
		here->task = NULL;
	}
	if (unlikely(READ_ONCE(nr_kept)) && take_kept(task, &note) && deadline == KTIME_MAX &&
	    is_on(&note))
		deadline = note.deadline;
	return deadline;
}

/* Where @task's note is to be kept. Caller holds kept_lock. */
static struct note *place_to_keep(const struct task_struct *task)
{
	struct note *place = NULL;
	unsigned int i;

	for (i = 0; i < NR_KEPT; i++) {
		if (kept[i].task == task)
			return &kept[i];
		if (!kept[i].task)
			place = &kept[i];
	}
	if (place)
		return place;
	next_kept = (next_kept + 1) % NR_KEPT;
	return &kept[next_kept];
}

/* @task, current, is preempted and may have been about to block. */
void sched_hint_deadline_keep(struct task_struct *task)
{
	const struct note *note = this_cpu_ptr(&latest);
	struct note *place;

	if (note->task != task || !is_on(note) || !sched_hint_in_wait_call(task))
		return;
	raw_spin_lock(&kept_lock);
	place = place_to_keep(task);
	if (!place->task)
		WRITE_ONCE(nr_kept, nr_kept + 1);
	*place = *note;
	raw_spin_unlock(&kept_lock);
}

/* The prototypes changed within stable series: no version tells them. */
#define takes(event, ...)								\
	__builtin_types_compatible_p(typeof(check_trace_callback_type_##event),		\
				     void(void (*)(void *, __VA_ARGS__)))

static void *hrtimer_start_probe(void)
{
	bool armed = takes(hrtimer_start, struct hrtimer *, enum hrtimer_mode, bool);

	BUILD_BUG_ON(!takes(hrtimer_start, struct hrtimer *, enum hrtimer_mode, bool) &&
		     !takes(hrtimer_start, struct hrtimer *, enum hrtimer_mode));
	return armed ? (void *)on_hrtimer_start_armed : (void *)on_hrtimer_start;
}

static void *timer_start_probe(void)
{
	bool bucket = takes(timer_start, struct timer_list *, unsigned long);

	BUILD_BUG_ON(!takes(timer_start, struct timer_list *, unsigned long) &&
		     !takes(timer_start, struct timer_list *, unsigned long, unsigned int));
	return bucket ? (void *)on_timer_start_bucket : (void *)on_timer_start_flags;
}

int sched_hint_deadlines_start(void)
{
	int ret;

	sample_jiffies();
	ret = sched_hint_tracepoint_register("hrtimer_start", hrtimer_start_probe(), NULL);
	if (ret)
		return ret;
	ret = sched_hint_tracepoint_register("timer_start", timer_start_probe(), NULL);
	if (ret)
		sched_hint_tracepoint_unregister("hrtimer_start", hrtimer_start_probe(), NULL);
	return ret;
}

/* The caller waits for hooks that are under way. */
void sched_hint_deadlines_stop(void)
{
	sched_hint_tracepoint_unregister("timer_start", timer_start_probe(), NULL);
	sched_hint_tracepoint_unregister("hrtimer_start", hrtimer_start_probe(), NULL);
}
