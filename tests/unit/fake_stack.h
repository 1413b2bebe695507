/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Beside the shim: what guest-driver/deadlines.c wants of the kernel, timers, a clock, and tasks
 * with a stack. test_deadlines.c moves the clock and is the scheduler.
 */
#ifndef FAKE_STACK_H
#define FAKE_STACK_H

#include <shim.h>

#define unlikely(x)	(x)
#define data_race(x)	(x)
#define S64_MAX		INT64_MAX

typedef s64 ktime_t;
#define KTIME_MAX		S64_MAX
#define NSEC_PER_SEC		1000000000L
#define TICK_NSEC		4000000L
#define ktime_to_ns(t)		(t)
#define ktime_add_ns(t, ns)	((t) + (ns))
#define ktime_before(a, b)	((a) < (b))

extern ktime_t fake_now;
#define ktime_get()	fake_now
#define jiffies		fake_jiffies
extern unsigned long fake_jiffies;

#define this_cpu_ptr(p)	(&(*(p))[shim_cpu])

#define DEFINE_RAW_SPINLOCK(name)	int name
#define raw_spin_lock(held)		(assert(!*(held)), *(held) = 1)
#define raw_spin_unlock(held)		(assert(*(held)), *(held) = 0)

enum hrtimer_mode { HRTIMER_MODE_ABS };

struct hrtimer {
	ktime_t expires, softexpires;
	void (*function)(void);
	const void *base;
	bool queued;
};

#define hrtimer_get_expires(t)		((t)->expires)
#define hrtimer_get_expires_tv64(t)	((u64)(t)->expires)
#define hrtimer_get_softexpires(t)	((t)->softexpires)
#define hrtimer_is_queued(t)		((t)->queued)

struct timer_list {
	unsigned long expires;
	void (*function)(void);
	bool pending;
};

#define TIMER_ARRAYSHIFT	22
#define timer_pending(t)	((t)->pending)

struct pt_regs {
	unsigned long orig_ax;
};

struct thread_info {
	unsigned int status;
};

#define TS_COMPAT	2

struct task_struct {
	struct pt_regs regs;
	struct thread_info info;
	bool in_wait_call;
	/* its stack */
	struct hrtimer hrtimer;
	struct timer_list timer;
};

#define task_pt_regs(task)	(&(task)->regs)
#define task_thread_info(task)	(&(task)->info)

extern struct task_struct *current;

static inline bool object_is_on_stack(const void *object)
{
	return object == &current->hrtimer || object == &current->timer;
}

/* Of kernels that tell whether a timer was armed before, and when its bucket expires. */
void check_trace_callback_type_hrtimer_start(void (*probe)(void *, struct hrtimer *, enum hrtimer_mode, bool));
void check_trace_callback_type_timer_start(void (*probe)(void *, struct timer_list *, unsigned long));

#endif /* FAKE_STACK_H */
