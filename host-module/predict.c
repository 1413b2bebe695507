// SPDX-License-Identifier: GPL-2.0-only
/*
 * The predictor: two questions about the next event, one record of the past.
 *
 * Within a transaction (a request and its answers) gaps are short
 * and alike: a histogram tells how long it pays to keep through one.
 * Between transactions they are long, and at a steady rate their starts are
 * evenly spaced: mean and mean deviation tell when the next is due.
 */
#include "predict.h"

/* The weight of a new gap; all weights halve when their sum reaches the cap. */
#define GAP_UNIT	16
#define GAP_TOTAL_MAX	(64 * GAP_UNIT)
/* Below this, the past is too short to tell. */
#define GAP_TOTAL_MIN	(4 * GAP_UNIT)
#define STARTS_MIN	4

/* As in TCP's round-trip estimate (RFC 6298): 1/8 for the mean, 1/4 beside. */
#define MEAN_SHIFT	3
#define DEV_SHIFT	2

static unsigned int gap_bucket(u64 gap_ns)
{
	unsigned int bucket = 0;

	for (gap_ns >>= SHINT_GAP_SHIFT; gap_ns && bucket < SHINT_GAP_BUCKETS - 1; gap_ns >>= 1)
		bucket++;
	return bucket;
}

static u64 gap_bucket_end_ns(unsigned int bucket)
{
	return 1ULL << (bucket + SHINT_GAP_SHIFT);
}

static void predict_gap(struct shint_predictor *predictor, u64 gap_ns)
{
	int i;

	predictor->gap_weight[gap_bucket(gap_ns)] += GAP_UNIT;
	predictor->gap_total += GAP_UNIT;
	if (predictor->gap_total < GAP_TOTAL_MAX)
		return;

	predictor->gap_total = 0;
	for (i = 0; i < SHINT_GAP_BUCKETS; i++) {
		predictor->gap_weight[i] /= 2;
		predictor->gap_total += predictor->gap_weight[i];
	}
}

static void predict_start(struct shint_predictor *predictor, u64 event_ns)
{
	u64 period_ns = event_ns - predictor->start_ns;
	u64 error_ns;

	predictor->start_ns = event_ns;
	if (predictor->nr_starts < STARTS_MIN)
		predictor->nr_starts++;
	if (predictor->nr_starts == 1)
		return;

	if (!predictor->period_ns) {
		predictor->period_ns = period_ns;
		predictor->period_dev_ns = period_ns / 2;
		return;
	}

	if (period_ns > predictor->period_ns) {
		error_ns = period_ns - predictor->period_ns;
		predictor->period_ns += error_ns >> MEAN_SHIFT;
	} else {
		error_ns = predictor->period_ns - period_ns;
		predictor->period_ns -= error_ns >> MEAN_SHIFT;
	}
	predictor->period_dev_ns -= predictor->period_dev_ns >> DEV_SHIFT;
	predictor->period_dev_ns += error_ns >> DEV_SHIFT;
}

/**
 * shint_predict_event() - learn from an event that was not a timer
 * @predictor: the vCPU's
 * @gap_ns: how long the vCPU had been idle before it
 * @event_ns: when it came
 * @hit_worth_ns: as for shint_predict_gap_ns()
 */
void shint_predict_event(struct shint_predictor *predictor, u64 gap_ns, u64 event_ns,
			 u64 hit_worth_ns)
{
	bool starts = gap_ns > shint_predict_gap_ns(predictor, hit_worth_ns);

	predict_gap(predictor, gap_ns);
	if (starts)
		predict_start(predictor, event_ns);
}

/**
 * shint_predict_gap_ns() - how long keeping from the halt on pays
 * @predictor: the vCPU's
 * @hit_worth_ns: kept time that an event met while kept is worth
 *
 * Keeping for K meets the gaps that are at most K long and costs, on average,
 * the mean of min(gap, K). Of all bucket ends the one with the largest net
 * worth is taken, or none.
 *
 * Return: K, or 0 if keeping does not pay.
 */
u64 shint_predict_gap_ns(const struct shint_predictor *predictor, u64 hit_worth_ns)
{
	u64 hits = 0, spent_ns = 0, best = 0, best_ns = 0;
	unsigned int i;

	if (predictor->gap_total < GAP_TOTAL_MIN)
		return 0;

	/* The last bucket has no end and is never kept through. */
	for (i = 0; i < SHINT_GAP_BUCKETS - 1; i++) {
		u64 end_ns = gap_bucket_end_ns(i);
		u64 worth, cost;

		hits += predictor->gap_weight[i];
		spent_ns += predictor->gap_weight[i] * (end_ns - end_ns / 4);
		worth = hits * hit_worth_ns;
		cost = spent_ns + (predictor->gap_total - hits) * end_ns;
		if (worth > cost && worth - cost > best) {
			best = worth - cost;
			best_ns = end_ns;
		}
	}
	return best_ns;
}

/**
 * shint_predict_window() - when the next transaction is due to start
 * @predictor: the vCPU's
 * @now_ns: now, on the clock of the events
 * @window: out
 *
 * Return: whether the starts are steady enough to tell, and the window has
 * not passed.
 */
bool shint_predict_window(const struct shint_predictor *predictor, u64 now_ns,
			  struct shint_window *window)
{
	u64 due_ns = predictor->start_ns + predictor->period_ns;
	u64 slack_ns = 2 * predictor->period_dev_ns;

	/* A window over half the period is hardly better than keeping always. */
	if (predictor->nr_starts < STARTS_MIN || slack_ns > predictor->period_ns / 4)
		return false;

	window->from_ns = due_ns - slack_ns;
	window->until_ns = due_ns + slack_ns;
	return now_ns < window->until_ns;
}
