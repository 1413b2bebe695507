// SPDX-License-Identifier: GPL-2.0-only
/*
 * What brings a packet from the tap to the guest sleeps, too: the vhost worker,
 * or QEMU. Where the next packet is predicted it is woken a little before: it finds
 * nothing and sleeps again, so lightly for a while that its pCPU is there at once
 * when the packet comes. While the window lasts that is repeated.
 *
 * That is a wake-up of the tap's wait queue, as a packet's would be. Whoever
 * waits there must look what there is, as after any wake-up; vhost and QEMU do.
 *
 * Nothing is done but after a packet that others were far away from, and no more
 * than a wait is worth (policy.c): it is no load, whatever the packets are like.
 */
#include <linux/ktime.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "ahead.h"
#include "compat.h"
#include "policy.h"

/*
 * In softirq context, on PREEMPT_RT in a thread: a wait queue's lock must not be
 * taken in hard interrupts there.
 */
static enum hrtimer_restart ahead_fire(struct hrtimer *timer)
{
	struct shint_ahead *ahead = container_of(timer, struct shint_ahead, timer);
	const struct shint_worker_plan *plan = &ahead->plan;
	unsigned long flags;

	spin_lock_irqsave(&ahead->queue->lock, flags);
	WRITE_ONCE(ahead->wakes, ahead->wakes + 1);
	/* If it is on, a packet has come since it fired, and the plan is for the next. */
	if (!hrtimer_is_queued(timer) && ktime_get_ns() + plan->again_ns <= plan->last_ns)
		hrtimer_start(timer, ns_to_ktime(plan->again_ns), HRTIMER_MODE_REL_PINNED_SOFT);
	spin_unlock_irqrestore(&ahead->queue->lock, flags);

	ahead->fired(ahead);
	wake_up_interruptible_poll(ahead->queue, EPOLLIN | EPOLLRDNORM | SHINT_AHEAD_MARK);
	return HRTIMER_NORESTART;
}

/**
 * shint_ahead_init() - begin with a queue
 * @ahead: zeroed
 * @queue: its wait queue; outlives @ahead
 * @fired: called at each wake-up, before it, in softirq context
 */
void shint_ahead_init(struct shint_ahead *ahead, struct wait_queue_head *queue,
		      void (*fired)(struct shint_ahead *ahead))
{
	ahead->queue = queue;
	ahead->fired = fired;
	shint_hrtimer_setup(&ahead->timer, ahead_fire, HRTIMER_MODE_REL_PINNED_SOFT);
}

/* A packet: was it the one that was waited for? */
static void ahead_judge(struct shint_ahead *ahead, u64 now_ns)
{
	bool hit = shint_ahead_meets(ahead, now_ns);

	/* If it came before the wake-up, that is moot. If that is under way it is let be. */
	hrtimer_try_to_cancel(&ahead->timer);
	if (ahead->plan.until_ns && ahead->wakes != ahead->judged) {
		shint_way_judge(&ahead->way, hit, now_ns);
		WRITE_ONCE(ahead->hits, ahead->hits + hit);
	}
	ahead->judged = ahead->wakes;
	memset(&ahead->plan, 0, sizeof(ahead->plan));
}

/**
 * shint_ahead_arrived() - learn from a packet, and prepare for the next
 * @ahead: of its queue
 * @costs: what waking costs the vCPU that takes the queue's interrupts: what brings
 *	the packet is assumed to sleep as deep
 * @now_ns: now
 *
 * Context: an entry's function of the wait queue: its lock is held.
 */
void shint_ahead_arrived(struct shint_ahead *ahead, const struct shint_wake_costs *costs,
			 u64 now_ns)
{
	u64 gap_ns = now_ns - ahead->last_ns;

	ahead_judge(ahead, now_ns);
	ahead->last_ns = now_ns;
	if (gap_ns <= shint_policy_worker_gap_ns(costs))
		return;
	shint_predict_start(&ahead->starts, now_ns);
	if (shint_way_paused(&ahead->way, now_ns))
		return;
	shint_policy_worker(&ahead->starts, costs, now_ns, &ahead->plan);
	if (ahead->plan.in_ns)
		hrtimer_start(&ahead->timer, ns_to_ktime(ahead->plan.in_ns),
			      HRTIMER_MODE_REL_PINNED_SOFT);
}

/**
 * shint_ahead_stop() - no more wake-ups
 * @ahead: no entry's function calls shint_ahead_arrived() any more
 *
 * Context: may sleep; not under the wait queue's lock.
 */
void shint_ahead_stop(struct shint_ahead *ahead)
{
	hrtimer_cancel(&ahead->timer);
}
