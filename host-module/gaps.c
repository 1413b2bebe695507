// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gaps: the times from a halt to the event that ends it, as a histogram, and
 * what that says of the gap to come.
 *
 * While a gap lasts the odds change: of gaps that are about 0.1 or about 2 ms
 * long, one that has lasted 0.3 ms will hardly end before 2. So the question is
 * not for how long to keep, but when. And an event met asleep costs the less
 * the shorter the sleep was, so that there may be reason to be woken when
 * nothing is near.
 *
 * A plan says, for each bucket at whose begin the vCPU may be found awake, what
 * is best: to keep through it, to sleep until another, or to sleep on. From the
 * last to the first, as the best of the rest is known then: dynamic programming.
 */
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/minmax.h>

#include "gaps.h"

/* The weight of a new gap; all weights halve when their sum reaches the cap. */
#define GAP_UNIT	16
#define GAP_TOTAL_MAX	(64 * GAP_UNIT)
/* So a plan is complete before the next one is due. */
#define BUCKETS_PER_CALL	4

/*
 * Where the buckets begin: those of a binary order at four to seven quarters of
 * it. A plan asks for them by the thousand.
 */
const u64 shint_gap_start_ns[] = {
	0,
	4ULL << 12, 5ULL << 12, 6ULL << 12, 7ULL << 12,
	4ULL << 13, 5ULL << 13, 6ULL << 13, 7ULL << 13,
	4ULL << 14, 5ULL << 14, 6ULL << 14, 7ULL << 14,
	4ULL << 15, 5ULL << 15, 6ULL << 15, 7ULL << 15,
	4ULL << 16, 5ULL << 16, 6ULL << 16, 7ULL << 16,
	4ULL << 17, 5ULL << 17, 6ULL << 17, 7ULL << 17,
	4ULL << 18, 5ULL << 18, 6ULL << 18, 7ULL << 18,
	4ULL << 19, 5ULL << 19, 6ULL << 19, 7ULL << 19,
	4ULL << 20, 5ULL << 20, 6ULL << 20, 7ULL << 20,
	4ULL << 21, 5ULL << 21, 6ULL << 21, 7ULL << 21,
	4ULL << 22, 5ULL << 22, 6ULL << 22, 7ULL << 22,
	4ULL << 23, 5ULL << 23, 6ULL << 23, 7ULL << 23,
	4ULL << 24, 5ULL << 24, 6ULL << 24, 7ULL << 24,
	4ULL << 25, 5ULL << 25, 6ULL << 25, 7ULL << 25,
	4ULL << 26, 5ULL << 26, 6ULL << 26, 7ULL << 26,
	4ULL << 27, 5ULL << 27, 6ULL << 27, 7ULL << 27
};

static_assert(SHINT_GAP_SHIFT == 14 && SHINT_GAP_STEP_SHIFT == 2);
static_assert(sizeof(shint_gap_start_ns) > SHINT_GAP_BUCKETS * sizeof(shint_gap_start_ns[0]));

static void gap_note(struct shint_gaps *gaps, u16 *weight)
{
	int i;

	gaps->unplanned++;
	*weight += GAP_UNIT;
	gaps->total += GAP_UNIT;
	if (gaps->total < GAP_TOTAL_MAX)
		return;

	gaps->total = 0;
	for (i = 0; i < SHINT_GAP_BUCKETS; i++) {
		gaps->weight[i] /= 2;
		gaps->timed[i] /= 2;
		gaps->total += gaps->weight[i] + gaps->timed[i];
	}
}

/**
 * shint_gaps_learn() - note a gap
 * @gaps: the vCPU's
 * @gap_ns: how long it was
 */
void shint_gaps_learn(struct shint_gaps *gaps, u64 gap_ns)
{
	gap_note(gaps, &gaps->weight[shint_gap_bucket(gap_ns)]);
}

/**
 * shint_gaps_learn_timed() - note a gap that a timer ended, which had been told
 * @gaps: the vCPU's
 * @gap_ns: how long it was
 *
 * Until then no event had come: without these, where events are rare, each gap
 * would look as if it were to end with one.
 */
void shint_gaps_learn_timed(struct shint_gaps *gaps, u64 gap_ns)
{
	gap_note(gaps, &gaps->timed[shint_gap_bucket(gap_ns)]);
}

/**
 * shint_gaps_unlearn() - note a gap at whose end there was no gain in being awake
 * @gaps: the vCPU's
 * @gap_ns: how long it was
 *
 * So of gaps of one length the plan sees by how many more are of the other kind.
 */
void shint_gaps_unlearn(struct shint_gaps *gaps, u64 gap_ns)
{
	u16 *weight = &gaps->weight[shint_gap_bucket(gap_ns)];
	u16 less = min_t(u16, *weight, GAP_UNIT);

	gaps->unplanned++;
	*weight -= less;
	gaps->total -= less;
}

/*
 * Asleep from the begin of bucket @from on: what the events of bucket @in cost.
 * Half its width is the mean.
 */
static u64 missed_cost(const struct shint_gap_draft *draft,
		       const struct shint_wake_costs *costs, unsigned int from,
		       unsigned int in)
{
	u64 slept_ns;

	if (!draft->weight[in])
		return 0;
	slept_ns = shint_gap_start_ns[in] - shint_gap_start_ns[from];
	if (in < SHINT_GAP_BUCKETS - 1)
		slept_ns += (shint_gap_start_ns[in + 1] - shint_gap_start_ns[in]) / 2;
	return draft->weight[in] * shint_wake_cost_ns(costs, slept_ns) *
	       draft->hit_worth / SHINT_HIT_WORTH_ONE;
}

static void draft_keep(struct shint_gap_draft *draft, unsigned int i)
{
	u64 width_ns = shint_gap_start_ns[i + 1] - shint_gap_start_ns[i];

	draft->least[i] = draft->outlasting[i + 1] * width_ns +
			  (draft->weight[i] + draft->timed[i]) * (width_ns / 2) +
			  draft->least[i + 1];
	/* And then on as from there. */
	draft->plan.keep_until[i] = max(draft->plan.keep_until[i + 1], i + 1);
	draft->plan.wake_at[i] = draft->plan.wake_at[i + 1];
}

/* Asleep from the begin of bucket @i on, if that is better than what was found for it. */
static void draft_sleep(struct shint_gap_draft *draft, const struct shint_wake_costs *costs,
			unsigned int i)
{
	/* What a vCPU that is woken uses of the pCPU, asleep or not. */
	u64 wake_ns = shint_wake_cost_ns(costs, 0);
	u64 least = draft->least[i], asleep = 0;
	unsigned int wake, best = i;

	for (wake = i + 1; wake <= draft->last; wake++) {
		u64 cost;

		asleep += missed_cost(draft, costs, i, wake - 1);
		/* What is beyond does not cost less than nothing. */
		if (asleep >= least)
			break;
		cost = asleep + draft->outlasting[wake] * wake_ns + draft->least[wake];
		if (cost < least) {
			least = cost;
			best = wake;
		}
	}
	if (wake > draft->last) {
		asleep += missed_cost(draft, costs, i, draft->last);
		if (asleep < least) {
			least = asleep;
			best = 0;
		}
	}
	if (least == draft->least[i])
		return;
	draft->least[i] = least;
	draft->plan.keep_until[i] = i;
	draft->plan.wake_at[i] = best;
}

static void draft_bucket(struct shint_gap_draft *draft, const struct shint_wake_costs *costs,
			 unsigned int i)
{
	draft_keep(draft, i);
	draft_sleep(draft, costs, i);
	draft->outlasting[i] = draft->outlasting[i + 1] + draft->weight[i] + draft->timed[i];
}

/* From the bucket of the last events on, whoever is still awake sleeps on. */
static void draft_begin(struct shint_gap_draft *draft, const struct shint_gaps *gaps,
			const struct shint_wake_costs *costs, u32 hit_worth)
{
	unsigned int i, last = SHINT_GAP_BUCKETS - 1;
	u32 outlasting = 0;

	while (last && !gaps->weight[last])
		last--;
	draft->last = last;
	draft->hit_worth = hit_worth;
	for (i = 0; i < SHINT_GAP_BUCKETS; i++) {
		draft->weight[i] = gaps->weight[i];
		draft->timed[i] = gaps->timed[i];
	}
	for (i = SHINT_GAP_BUCKETS; i-- > last;) {
		draft->plan.keep_until[i] = i;
		draft->plan.wake_at[i] = 0;
		outlasting += draft->weight[i] + draft->timed[i];
		draft->outlasting[i] = outlasting;
		draft->least[i] = 0;
	}
	draft->todo = last + 1;
	if (last < SHINT_GAP_BUCKETS - 1)
		return;
	/* This one has no end and is never kept through. */
	draft->todo = last;
	draft->least[last] = missed_cost(draft, costs, last, last);
}

/**
 * shint_gaps_plan() - find what is best at each moment of a gap, a part of it
 * @gaps: the vCPU's
 * @costs: what waking it costs
 * @hit_worth: kept time that it is worth to meet an event, as a multiple of
 *	what waking for it would cost, in 1/SHINT_HIT_WORTH_ONE
 *
 * To be called after each gap, or whenever there is time: a plan takes some ten
 * thousand instructions, and is made of BUCKETS_PER_CALL buckets at a time. It
 * is in force when it is complete.
 *
 * Context: any, also with preemption disabled.
 * Return: whether no plan is under way, nor due.
 */
bool shint_gaps_plan(struct shint_gaps *gaps, const struct shint_wake_costs *costs,
		     u32 hit_worth)
{
	struct shint_gap_draft *draft = &gaps->draft;
	unsigned int n;

	if (!draft->todo) {
		if (gaps->unplanned < SHINT_GAPS_PER_PLAN)
			return true;
		gaps->unplanned = 0;
		draft_begin(draft, gaps, costs, hit_worth);
	}
	for (n = 0; n < BUCKETS_PER_CALL && draft->todo; n++)
		draft_bucket(draft, costs, --draft->todo);
	if (draft->todo)
		return false;
	gaps->plan = draft->plan;
	return true;
}
