/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Beside the shim: what host-module/ahead.c wants of the kernel, a timer, a clock and a wait
 * queue. test_ahead.c moves the clock and is woken.
 */
#ifndef FAKE_TIMER_H
#define FAKE_TIMER_H

#include <shim.h>
#include <sys/epoll.h>

/* compat.h is about more of the kernel than that. */
#define SHINT_COMPAT_H

#define container_of(ptr, type, member)	((type *)((char *)(ptr) - offsetof(type, member)))

extern u64 fake_now_ns;
#define ktime_get_ns()		fake_now_ns
#define ns_to_ktime(ns)		(ns)

enum hrtimer_restart { HRTIMER_NORESTART };
enum hrtimer_mode { HRTIMER_MODE_REL_PINNED_SOFT };

struct hrtimer {
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	bool queued;
	u64 due_ns;
};

static inline void shint_hrtimer_setup(struct hrtimer *timer,
				       enum hrtimer_restart (*function)(struct hrtimer *),
				       enum hrtimer_mode mode)
{
	timer->function = function;
}

static inline void hrtimer_start(struct hrtimer *timer, u64 in_ns, enum hrtimer_mode mode)
{
	timer->queued = true;
	timer->due_ns = fake_now_ns + in_ns;
}

static inline void hrtimer_cancel(struct hrtimer *timer)
{
	timer->queued = false;
}

#define hrtimer_try_to_cancel	hrtimer_cancel
#define hrtimer_is_queued(t)	((t)->queued)

struct wait_queue_head {
	int lock;	/* whether it is held */
};

#define spin_lock_irqsave(held, flags)		(assert(!*(held)), *(held) = 1, (flags) = 0)
#define spin_unlock_irqrestore(held, flags)	((void)(flags), assert(*(held)), *(held) = 0)

void wake_up_locked_poll(struct wait_queue_head *queue, unsigned int events);

#endif /* FAKE_TIMER_H */
