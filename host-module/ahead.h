/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What brings packets from a tap to the guest, woken ahead of a predicted one.
 */
#ifndef SHINT_AHEAD_H
#define SHINT_AHEAD_H

#include <linux/hrtimer.h>
#include <linux/poll.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "arrival_learn.h"
#include "policy.h"
#include "predict.h"
#include "wake_cost.h"

/* In a wake-up's key: it is ours, and no packet. Nobody else uses the bit. */
#define SHINT_AHEAD_MARK	EPOLLMSG

/**
 * struct shint_ahead - of one queue of a tap
 * @timer: for the next wake-up
 * @queue: the tap's wait queue, whose lock guards all but @timer itself
 * @expect: called before each wake-up; false: none until a packet has come
 * @costs: what waking costs; outlives @timer
 * @starts: when packets come that something starts with
 * @way: what came of the last wake-ups; its mean is not used
 * @last_ns: the last packet
 * @plan: for the next one
 * @woken: some of its wake-ups have been
 * @wakes: wake-ups; read without the lock, as @windows and @hits are
 * @windows: plans of which one or more were
 * @hits: of these, those that a packet came within
 */
struct shint_ahead {
	struct hrtimer timer;
	struct wait_queue_head *queue;
	bool (*expect)(struct shint_ahead *ahead);
	const struct shint_wake_costs *costs;
	struct shint_predictor starts;
	struct shint_way way;
	u64 last_ns;
	struct shint_worker_plan plan;
	bool woken;
	u64 wakes;
	u64 windows;
	u64 hits;
};

/**
 * shint_ahead_meets() - whether a packet is the one that a wake-up was for
 * @ahead: of its queue, not yet told of it
 * @now_ns: now
 *
 * Context: as shint_ahead_arrived().
 */
static inline bool shint_ahead_meets(const struct shint_ahead *ahead, u64 now_ns)
{
	return ahead->woken && now_ns <= ahead->plan.until_ns;
}

void shint_ahead_init(struct shint_ahead *ahead, struct wait_queue_head *queue,
		      bool (*expect)(struct shint_ahead *ahead));
void shint_ahead_arrived(struct shint_ahead *ahead, const struct shint_wake_costs *costs,
			 u64 now_ns);
void shint_ahead_stop(struct shint_ahead *ahead);

#endif /* SHINT_AHEAD_H */
