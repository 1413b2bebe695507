/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a vCPU idles until an event, and what is best done meanwhile. Pure:
 * values in, values out.
 */
#ifndef SHINT_GAPS_H
#define SHINT_GAPS_H

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "wake_cost.h"

/*
 * Gaps by length: below 16 us, then four buckets to each binary order, up to
 * 537 ms; the last has all that are longer.
 */
#define SHINT_GAP_BUCKETS	62
#define SHINT_GAP_SHIFT		14
#define SHINT_GAP_STEP_SHIFT	2
#define SHINT_GAP_STEPS		BIT_ULL(SHINT_GAP_STEP_SHIFT)

/* Gaps after which it is time for a new plan. */
#define SHINT_GAPS_PER_PLAN	16

/* shint_gaps_plan()'s hit_worth: of a wake-up's cost, so many times as much. */
#define SHINT_HIT_WORTH_ONE	1024

/**
 * struct shint_gap_plan - what is best at each moment of a gap
 * @keep_until: awake at this bucket's begin: keep until the begin of that one
 * @wake_at: then sleep, and be awake at the begin of that one; 0: sleep on
 *
 * All zero is a plan, too: to sleep.
 */
struct shint_gap_plan {
	u8 keep_until[SHINT_GAP_BUCKETS];
	u8 wake_at[SHINT_GAP_BUCKETS];
};

/**
 * struct shint_gap_draft - a plan that is being made
 * @plan: of the buckets above @todo
 * @todo: so many are left to do, from the first on
 * @last: the bucket of the longest gaps
 * @hit_worth: as for shint_gaps_plan()
 * @weight: the gaps when it was begun
 * @timed: likewise
 * @outlasting: weight of the gaps that last beyond a bucket's begin
 * @least: what these gaps cost at best from there on, awake then
 */
struct shint_gap_draft {
	struct shint_gap_plan plan;
	u8 todo;
	u8 last;
	u32 hit_worth;
	u16 weight[SHINT_GAP_BUCKETS];
	u16 timed[SHINT_GAP_BUCKETS];
	u32 outlasting[SHINT_GAP_BUCKETS];
	u64 least[SHINT_GAP_BUCKETS];
};

/**
 * struct shint_gaps - what one vCPU's gaps were like, and what to do in one
 * @weight: how often a gap that an event ended fell into each bucket; decays
 * @timed: the same of gaps that ended with a timer that was known of
 * @total: sum of @weight and @timed
 * @unplanned: gaps since the last plan was begun
 * @plan: the plan in force
 * @draft: the next one
 */
struct shint_gaps {
	u16 weight[SHINT_GAP_BUCKETS];
	u16 timed[SHINT_GAP_BUCKETS];
	u16 total;
	u16 unplanned;
	struct shint_gap_plan plan;
	struct shint_gap_draft draft;
};

/**
 * struct shint_gap_step - what to do at a moment of a gap
 * @keep_ns: keep for this long, if not 0
 * @awake_in_ns: then sleep, and be awake again in so long, if not 0
 * @awake_at: which is at the begin of this bucket, or 0
 */
struct shint_gap_step {
	u64 keep_ns;
	u64 awake_in_ns;
	u8 awake_at;
};

void shint_gaps_learn(struct shint_gaps *gaps, u64 gap_ns);
void shint_gaps_learn_timed(struct shint_gaps *gaps, u64 gap_ns);
void shint_gaps_unlearn(struct shint_gaps *gaps, u64 gap_ns);
bool shint_gaps_plan(struct shint_gaps *gaps, const struct shint_wake_costs *costs,
		     u32 hit_worth);

extern const u64 shint_gap_start_ns[];

/* From here on inline: each decision waits for it. */
static inline unsigned int shint_gap_bucket(u64 gap_ns)
{
	u64 quarters = gap_ns >> (SHINT_GAP_SHIFT - SHINT_GAP_STEP_SHIFT);
	unsigned int order = __fls(quarters | SHINT_GAP_STEPS) - SHINT_GAP_STEP_SHIFT;
	/* What is shorter than the first bucket with quarters is in bucket 0. */
	u64 bucket = order * SHINT_GAP_STEPS +
		     (max(quarters, SHINT_GAP_STEPS - 1) >> order) - (SHINT_GAP_STEPS - 1);

	return min_t(unsigned int, bucket, SHINT_GAP_BUCKETS - 1);
}

static inline void shint_gaps_step_from(const struct shint_gaps *gaps, unsigned int bucket,
					u64 idle_ns, struct shint_gap_step *step)
{
	unsigned int until = gaps->plan.keep_until[bucket];

	step->awake_at = gaps->plan.wake_at[bucket];
	step->keep_ns = until > bucket ? shint_gap_start_ns[until] - idle_ns : 0;
	step->awake_in_ns = step->awake_at ? shint_gap_start_ns[step->awake_at] - idle_ns : 0;
}

/**
 * shint_gaps_step() - what is best at a moment of a gap
 * @gaps: the vCPU's
 * @idle_ns: how long the gap has lasted
 * @step: out
 */
static inline void shint_gaps_step(const struct shint_gaps *gaps, u64 idle_ns,
				   struct shint_gap_step *step)
{
	shint_gaps_step_from(gaps, shint_gap_bucket(idle_ns), idle_ns, step);
}

/**
 * shint_gaps_step_ahead() - what is best for who is awake already where a step would have it
 * @gaps: the vCPU's
 * @idle_ns: how long the gap has lasted
 * @step: of that moment; out: what is best at the end of its sleep, as of now
 */
static inline void shint_gaps_step_ahead(const struct shint_gaps *gaps, u64 idle_ns,
					 struct shint_gap_step *step)
{
	shint_gaps_step_from(gaps, step->awake_at, idle_ns, step);
}

#endif /* SHINT_GAPS_H */
