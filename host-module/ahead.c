// SPDX-License-Identifier: GPL-2.0-only
/*
 * What brings a packet from the tap to the guest sleeps, too: the vhost worker,
 * or QEMU. Where the next packet is predicted it is woken a little before: it finds
 * nothing and sleeps again, so lightly for a while that its pCPU is there at once
 * when the packet comes. While the window lasts that is repeated.
 *
 * That is a wake-up of the tap's wait queue, as a packet's would be. vhost, QEMU,
 * poll() and epoll then look whether there is one. Who asked for such a wake-up by
 * io_uring or aio gets it unseen, and must be ready to find nothing.
 *
 * A few wake-ups to a packet (policy.c), and those before it are paid for (halt.c):
 * it is no load, whatever the packets are like.
 */
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/ktime.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "ahead.h"
#include "compat.h"
#include "policy.h"

/* What is left of the plan is moot. Was it of use? */
static void ahead_judge(struct shint_ahead *ahead, bool hit, u64 now_ns)
{
	if (ahead->woken) {
		shint_way_judge(&ahead->way, hit, now_ns);
		WRITE_ONCE(ahead->hits, ahead->hits + hit);
	}
	ahead->woken = false;
	memset(&ahead->plan, 0, sizeof(ahead->plan));
}

static void ahead_start(struct shint_ahead *ahead, u64 in_ns)
{
	hrtimer_start(&ahead->timer, ns_to_ktime(in_ns), HRTIMER_MODE_REL_PINNED_SOFT);
}

/* For the next window that is known, if any. */
static void ahead_plan(struct shint_ahead *ahead, u64 now_ns)
{
	if (shint_way_paused(&ahead->way, now_ns))
		return;
	shint_policy_worker(&ahead->starts, ahead->costs, now_ns, &ahead->plan);
	if (ahead->plan.in_ns)
		ahead_start(ahead, ahead->plan.in_ns);
}

static void ahead_wake(struct shint_ahead *ahead, u64 now_ns)
{
	const struct shint_worker_plan *plan = &ahead->plan;
	u64 again_ns = plan->again_ns;

	if (!ahead->expect(ahead))
		return;
	if (!ahead->woken) {
		ahead->woken = true;
		WRITE_ONCE(ahead->windows, ahead->windows + 1);
		again_ns += plan->waking_ns;
	}
	WRITE_ONCE(ahead->wakes, ahead->wakes + 1);
	ahead_start(ahead, now_ns + again_ns <= plan->last_ns ? again_ns : plan->until_ns - now_ns);
	wake_up_locked_poll(ahead->queue, EPOLLIN | EPOLLRDNORM | SHINT_AHEAD_MARK);
}

/*
 * In softirq context, on PREEMPT_RT in a thread: a wait queue's lock must not be
 * taken in hard interrupts there.
 */
static enum hrtimer_restart ahead_fire(struct hrtimer *timer)
{
	struct shint_ahead *ahead = container_of(timer, struct shint_ahead, timer);
	unsigned long flags;
	u64 now_ns;

	spin_lock_irqsave(&ahead->queue->lock, flags);
	/* If a packet has come since it fired, that is over. Another plan's timer may be on. */
	if (hrtimer_is_queued(timer) || !ahead->plan.until_ns)
		goto out;
	now_ns = ktime_get_ns();
	if (now_ns < ahead->plan.until_ns) {
		ahead_wake(ahead, now_ns);
	} else {
		/* None came. A pattern has several: one that is left out hides no other. */
		ahead_judge(ahead, false, now_ns);
		ahead_plan(ahead, now_ns);
	}
out:
	spin_unlock_irqrestore(&ahead->queue->lock, flags);
	return HRTIMER_NORESTART;
}

/**
 * shint_ahead_init() - begin with a queue
 * @ahead: zeroed
 * @queue: its wait queue; outlives @ahead
 * @expect: called before each wake-up, under the queue's lock in softirq context; false:
 *	none until a packet has come
 *
 * Context: any; before anything can call shint_ahead_arrived().
 */
void shint_ahead_init(struct shint_ahead *ahead, struct wait_queue_head *queue,
		      bool (*expect)(struct shint_ahead *ahead))
{
	ahead->queue = queue;
	ahead->expect = expect;
	shint_hrtimer_setup(&ahead->timer, ahead_fire, HRTIMER_MODE_REL_PINNED_SOFT);
}

/**
 * shint_ahead_arrived() - learn from a packet, and prepare for the next
 * @ahead: of its queue
 * @costs: what waking costs the vCPU that takes the queue's interrupts: what brings
 *	the packet is assumed to sleep as deep; asked until shint_ahead_stop()
 * @now_ns: now
 *
 * Context: an entry's function of the wait queue: its lock is held.
 */
void shint_ahead_arrived(struct shint_ahead *ahead, const struct shint_wake_costs *costs,
			 u64 now_ns)
{
	bool starts = now_ns - ahead->last_ns > shint_policy_worker_gap_ns(costs);

	ahead->last_ns = now_ns;
	/* One that follows another closely is none of those that the plan is for. */
	if (!starts && !ahead->woken)
		return;
	/* A timer that is just firing sees that the plan is over. */
	hrtimer_try_to_cancel(&ahead->timer);
	ahead_judge(ahead, shint_ahead_meets(ahead, now_ns), now_ns);
	if (starts)
		shint_predict_start(&ahead->starts, now_ns);
	ahead->costs = costs;
	ahead_plan(ahead, now_ns);
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
