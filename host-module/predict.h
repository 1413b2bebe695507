/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a vCPU's next device event is due. Pure: values in, values out.
 */
#ifndef SHINT_PREDICT_H
#define SHINT_PREDICT_H

#include <linux/types.h>

/* Idle gaps by their binary logarithm: below 16 us, 32 us, ... 512 ms, longer. */
#define SHINT_GAP_BUCKETS	17
#define SHINT_GAP_SHIFT		14

/**
 * struct shint_predictor - what one vCPU's events were like
 * @gap_weight: how often an idle gap fell into each bucket; decays
 * @gap_total: sum of @gap_weight
 * @start_ns: when the last transaction started
 * @period_ns: mean time between starts of transactions
 * @period_dev_ns: mean deviation of that
 * @nr_starts: starts seen, as far as it matters
 *
 * A transaction starts with an event after a gap that was longer than those
 * worth keeping through; see shint_predict_gap_ns().
 */
struct shint_predictor {
	u32 gap_weight[SHINT_GAP_BUCKETS];
	u32 gap_total;
	u32 nr_starts;
	u64 start_ns;
	u64 period_ns;
	u64 period_dev_ns;
};

/**
 * struct shint_window - when an event is due
 * @from_ns: not before this
 * @until_ns: not after this
 */
struct shint_window {
	u64 from_ns;
	u64 until_ns;
};

void shint_predict_event(struct shint_predictor *predictor, u64 gap_ns, u64 event_ns,
			 u64 hit_worth_ns);
u64 shint_predict_gap_ns(const struct shint_predictor *predictor, u64 hit_worth_ns);
bool shint_predict_window(const struct shint_predictor *predictor, u64 now_ns,
			  struct shint_window *window);

#endif /* SHINT_PREDICT_H */
