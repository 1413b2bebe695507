/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a vCPU's next device event is due. Pure: values in, values out.
 */
#ifndef SHINT_PREDICT_H
#define SHINT_PREDICT_H

#include <linux/types.h>

/* Starts that are remembered; so, how many a repeating pattern may have. */
#define SHINT_ECHOES		8

/* No two starts are alike to better than that. */
#define SHINT_SLACK_MIN_NS	16384ULL

/*
 * Distances between starts: sixteen buckets to each binary order, from 1 ms to
 * 1 s. A shorter period is kept through as gaps, a longer one is not worth much.
 */
#define SHINT_DISTANCE_STEPS	16
#define SHINT_DISTANCE_ORDERS	10
#define SHINT_DISTANCE_SHIFT	20
#define SHINT_DISTANCES		(SHINT_DISTANCE_STEPS * SHINT_DISTANCE_ORDERS)

/**
 * struct shint_window - when an event is due
 * @from_ns: not before this
 * @until_ns: not after this
 */
struct shint_window {
	u64 from_ns;
	u64 until_ns;
};

/**
 * struct shint_predictor - what one vCPU's events were like
 * @start_ns: when the last transactions started; a ring
 * @nr_starts: starts seen; the ring's next place, modulo its size
 * @last_ns: the last of them, or 0
 * @ahead: the windows that a decision may still be about, each ends after the one before
 * @nr_ahead: so many
 * @next: the first of these that had not passed when last asked
 * @distance_votes: how often two of the last starts were that far apart; decays
 * @voters: starts that have voted; decays alike
 * @interval_ns: mean time from one start to the next
 * @period_ns: the time after which the pattern of starts repeats, or 0
 * @error_ns: mean deviation of a start from the echo of an earlier one
 * @slack_ns: half of what a window is wide; 0: the starts do not repeat well enough
 * @beat_ns: the last start that the next is due @recent_ns after: not one that came early
 * @strayed: one came early before that, and was none of the rhythm's
 * @recent_ns: the time from one start to the next, as it was of late
 * @recent_dev_ns: mean deviation of a start from that
 * @recent_slack_ns: as @slack_ns, if it is to be expected after @recent_ns
 * @far_ns: the last interval that was far from @recent_ns: nothing was learned of it
 * @nr_far: so many were in a row, 2 at most
 * @echoed: share of the starts that were echoes, of ECHOED_ALL
 *
 * A transaction starts with an event after a gap that was too long to be within
 * one; see shint_policy_start_gap_ns(). An echo of a start is what is due one
 * period after it.
 */
struct shint_predictor {
	u32 nr_starts;
	u8 nr_ahead;
	u8 next;
	u64 last_ns;
	struct shint_window ahead[SHINT_ECHOES + 1];
	u64 start_ns[SHINT_ECHOES];
	u8 distance_votes[SHINT_DISTANCES];
	u32 voters;
	u32 echoed;
	u64 interval_ns;
	u64 period_ns;
	u64 error_ns;
	u64 slack_ns;
	u64 beat_ns;
	u64 recent_ns;
	u64 recent_dev_ns;
	u64 recent_slack_ns;
	u64 far_ns;
	u8 nr_far;
	bool strayed;
};

void shint_predict_start(struct shint_predictor *predictor, u64 event_ns);

/**
 * shint_predict_window() - when the next transaction is due to start
 * @predictor: the vCPU's
 * @now_ns: now, on the clock of the events
 * @window: out
 *
 * Decisions are many, and mostly about the same window: who asks goes on from
 * where the last one was.
 *
 * Return: whether the starts repeat well enough to tell, and a window has not
 * passed: where the two ways to tell are about the same start, the narrower is @window.
 */
static inline bool shint_predict_window(struct shint_predictor *predictor, u64 now_ns,
					struct shint_window *window)
{
	unsigned int next = predictor->next, nr = predictor->nr_ahead;

	while (next < nr && predictor->ahead[next].until_ns <= now_ns)
		predictor->next = ++next;
	if (next == nr)
		return false;
	*window = predictor->ahead[next];
	return true;
}

/**
 * shint_predict_window_behind() - the one behind a window
 * @predictor: the vCPU's
 * @window: of shint_predict_window(); out, if there is one
 */
static inline bool shint_predict_window_behind(const struct shint_predictor *predictor,
					       struct shint_window *window)
{
	unsigned int i;

	for (i = predictor->next; i < predictor->nr_ahead; i++) {
		if (predictor->ahead[i].until_ns <= window->until_ns)
			continue;
		*window = predictor->ahead[i];
		return true;
	}
	return false;
}

#endif /* SHINT_PREDICT_H */
