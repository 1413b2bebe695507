// SPDX-License-Identifier: GPL-2.0-only
/*
 * The predictor of starts: between transactions (a request and its answers)
 * gaps are long. Where a pattern of starts repeats (one start each 20 ms, or a
 * request and 9 ms later its acknowledgment, each 33 ms), each start is echoed
 * one period later. The period is the distance at which most starts have another
 * one before them.
 *
 * A rhythm of one start that changes, of 20 ms now and of 22 in a second, has no
 * such period for long, but each interval is like the one before.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>

#include "predict.h"

/* The binary logarithm of SHINT_DISTANCE_STEPS. */
#define DISTANCE_STEP_SHIFT	4

/*
 * All votes halve when so many starts have voted: a new rate wins within these.
 * A start has SHINT_ECHOES votes, and a u8 holds all.
 */
#define VOTERS_MAX	24
#define VOTERS_MIN	4

/*
 * A period is believed while 5/8 of the starts are echoes. It begins somewhat
 * below that, so that it has to prove itself.
 */
#define ECHOED_ALL	256
#define ECHOED_ENOUGH	(ECHOED_ALL * 5 / 8)
#define ECHOED_INITIAL	(ECHOED_ALL / 2)

/* As in TCP's round-trip estimate (RFC 6298): 1/8 for the mean, 1/4 beside. */
#define MEAN_SHIFT	3
#define DEV_SHIFT	2
/* A rhythm that changes is followed with half of each difference. */
#define RECENT_SHIFT	1
/* Longer than those of late by so much is a pause, shorter by so much a stray start. */
#define FAR		4
/* The same where the rhythm is believed: what no window of its reaches. */
#define RECENT_FAR_SHIFT	3
/* In the mean of all a pause counts for as many times that, at most. */
#define PAUSE_SHIFT	4
/* Errors beyond three mean deviations are one in fifty, if they are normal. */
#define RECENT_SLACK	3

static u64 distance(u64 a_ns, u64 b_ns)
{
	return a_ns > b_ns ? a_ns - b_ns : b_ns - a_ns;
}

static unsigned int nr_remembered(const struct shint_predictor *predictor)
{
	return predictor->nr_starts < SHINT_ECHOES ? predictor->nr_starts : SHINT_ECHOES;
}

/* SHINT_DISTANCES if it is too long or too short to be a period. */
static unsigned int distance_bucket(u64 ns)
{
	unsigned int order;

	if (ns >> SHINT_DISTANCE_SHIFT == 0 ||
	    ns >> (SHINT_DISTANCE_SHIFT + SHINT_DISTANCE_ORDERS))
		return SHINT_DISTANCES;
	order = fls64(ns >> SHINT_DISTANCE_SHIFT) - 1;
	return order * SHINT_DISTANCE_STEPS +
	       (ns >> (SHINT_DISTANCE_SHIFT + order - DISTANCE_STEP_SHIFT)) % SHINT_DISTANCE_STEPS;
}

static u64 distance_bucket_end_ns(unsigned int bucket)
{
	unsigned int order = bucket / SHINT_DISTANCE_STEPS;

	return (u64)(SHINT_DISTANCE_STEPS + bucket % SHINT_DISTANCE_STEPS + 1) <<
	       (SHINT_DISTANCE_SHIFT + order - DISTANCE_STEP_SHIFT);
}

static void vote(struct shint_predictor *predictor, u64 event_ns)
{
	unsigned int i, bucket;

	for (i = 0; i < nr_remembered(predictor); i++) {
		bucket = distance_bucket(event_ns - predictor->start_ns[i]);
		if (bucket < SHINT_DISTANCES)
			predictor->distance_votes[bucket]++;
	}
	if (++predictor->voters < VOTERS_MAX)
		return;
	predictor->voters /= 2;
	for (i = 0; i < SHINT_DISTANCES; i++)
		predictor->distance_votes[i] /= 2;
}

/*
 * A distance near the edge of a bucket has its votes in two: they count
 * together. Two distances in them have no more votes than all starts: one echo
 * is enough for each.
 */
static u32 votes_for(const struct shint_predictor *predictor, unsigned int bucket)
{
	u32 votes = predictor->distance_votes[bucket] +
		    predictor->distance_votes[bucket + 1];

	return min(votes, predictor->voters);
}

/*
 * The shortest distance with (nearly) the most votes, and the votes of half the
 * starts: of a period's multiples, itself; of a pattern's inner distances, none.
 * The edge between the two buckets is the period until echoes tell it better.
 */
static u64 elect_period_ns(const struct shint_predictor *predictor)
{
	u32 most = 1, i;

	if (predictor->voters < VOTERS_MIN)
		return 0;
	for (i = 0; i < SHINT_DISTANCES - 1; i++)
		most = max(most, votes_for(predictor, i));
	if (most * 2 < predictor->voters)
		return 0;
	for (i = 0; votes_for(predictor, i) * 8 < most * 7; i++)
		;
	return distance_bucket_end_ns(i);
}

/* How the echo that is nearest to a start fits it. */
static void check_echo(struct shint_predictor *predictor, u64 event_ns)
{
	u64 error_ns = ~0ULL, echo_ns = 0;
	unsigned int i;

	for (i = 0; i < nr_remembered(predictor); i++) {
		u64 due_ns = predictor->start_ns[i] + predictor->period_ns;

		if (distance(event_ns, due_ns) < error_ns) {
			error_ns = distance(event_ns, due_ns);
			echo_ns = due_ns;
		}
	}

	predictor->echoed -= predictor->echoed >> MEAN_SHIFT;
	/* Chance makes echoes, too: by this measure for two starts of five. */
	if (error_ns > predictor->interval_ns / 4)
		return;
	predictor->echoed += ECHOED_ALL >> MEAN_SHIFT;
	if (event_ns > echo_ns)
		predictor->period_ns += error_ns >> MEAN_SHIFT;
	else
		predictor->period_ns -= error_ns >> MEAN_SHIFT;
	predictor->error_ns -= predictor->error_ns >> DEV_SHIFT;
	predictor->error_ns += error_ns >> DEV_SHIFT;
}

/* The votes are for another period than the one that fits ill: try that. */
static void reconsider_period(struct shint_predictor *predictor)
{
	u64 elected_ns = elect_period_ns(predictor);

	/* Nothing new: a bucket is no wider. */
	if (distance(elected_ns, predictor->period_ns) <=
	    predictor->period_ns / SHINT_DISTANCE_STEPS)
		return;
	predictor->period_ns = elected_ns;
	predictor->error_ns = elected_ns / SHINT_DISTANCE_STEPS;
	predictor->echoed = ECHOED_INITIAL;
}

/* Half a window, or 0 where none is worth it: starts are rarer than decisions. */
static u64 believed_slack_ns(const struct shint_predictor *predictor)
{
	u64 slack_ns = max(2 * predictor->error_ns, SHINT_SLACK_MIN_NS);

	/* Windows of more than half the time would be hardly better than keeping always. */
	if (!predictor->period_ns || predictor->echoed < ECHOED_ENOUGH ||
	    slack_ns > predictor->interval_ns / 4 || slack_ns > predictor->period_ns / 4)
		return 0;
	return slack_ns;
}

/*
 * An eighth of the interval: wider than that, the odds of gaps tell as well when
 * to be awake. One interval may be far from it, two are the end of the rhythm.
 */
static u64 believed_recent_slack_ns(const struct shint_predictor *predictor)
{
	u64 slack_ns = max(RECENT_SLACK * predictor->recent_dev_ns, SHINT_SLACK_MIN_NS);

	if (predictor->nr_far > 1 || slack_ns > predictor->recent_ns >> RECENT_FAR_SHIFT)
		return 0;
	return slack_ns;
}

static bool is_far(const struct shint_predictor *predictor, u64 interval_ns)
{
	u64 recent_ns = predictor->recent_ns;

	/* Or was, until the last two. */
	if (predictor->recent_slack_ns || predictor->nr_far > 1)
		return distance(interval_ns, recent_ns) > recent_ns >> RECENT_FAR_SHIFT;
	return interval_ns > recent_ns * FAR || interval_ns < recent_ns / FAR;
}

/*
 * One that is far from those of late. With a like one before it, it begins another rhythm; a
 * third one does in any case, but if it is not alike the deviation is such that nobody believes it.
 */
static void learn_far(struct shint_predictor *predictor, u64 interval_ns)
{
	u64 error_ns = distance(interval_ns, predictor->far_ns);

	if (predictor->nr_far > 1 ||
	    (predictor->nr_far && error_ns <= interval_ns >> RECENT_FAR_SHIFT)) {
		predictor->recent_ns = interval_ns;
		predictor->recent_dev_ns = min(error_ns, interval_ns);
		predictor->nr_far = 0;
		return;
	}
	predictor->far_ns = interval_ns;
	predictor->nr_far++;
}

/* Follows within a few starts; the deviation is what following leaves. */
static void learn_near(struct shint_predictor *predictor, u64 interval_ns)
{
	u64 error_ns = distance(interval_ns, predictor->recent_ns);

	predictor->nr_far = 0;
	predictor->recent_dev_ns -= predictor->recent_dev_ns >> DEV_SHIFT;
	predictor->recent_dev_ns += error_ns >> DEV_SHIFT;
	if (interval_ns > predictor->recent_ns)
		predictor->recent_ns += error_ns >> RECENT_SHIFT;
	else
		predictor->recent_ns -= error_ns >> RECENT_SHIFT;
}

/*
 * Of a pause nothing is learned, nor of a start that is early: the rhythm may go on behind
 * it. So the next one is still due where it was, and if it comes there the early one was a
 * stray: a broadcast, say, between a client's requests. Two intervals in a row do not have
 * one each: those are starts of a rhythm that is twice as fast.
 */
static void learn_recent(struct shint_predictor *predictor, u64 event_ns)
{
	u64 interval_ns = event_ns - predictor->beat_ns;
	bool strayed = predictor->last_ns != predictor->beat_ns;

	if (strayed && is_far(predictor, interval_ns)) {
		strayed = false;
		interval_ns = event_ns - predictor->last_ns;
	}
	if (!is_far(predictor, interval_ns)) {
		learn_near(predictor, interval_ns);
	} else {
		learn_far(predictor, interval_ns);
		if (predictor->nr_far == 1 && interval_ns < predictor->recent_ns &&
		    !predictor->strayed)
			return;
	}
	predictor->strayed = strayed;
	predictor->beat_ns = event_ns;
}

/* A pause counts, but not so much that the mean is of nothing else for long. */
static void learn_interval(struct shint_predictor *predictor, u64 interval_ns)
{
	if (predictor->interval_ns)
		interval_ns = min(interval_ns, predictor->interval_ns << PAUSE_SHIFT);
	predictor->interval_ns -= predictor->interval_ns >> MEAN_SHIFT;
	predictor->interval_ns += interval_ns >> MEAN_SHIFT;
}

/* Behind the others, if it ends behind them: else it will have passed when they have. */
static void window_ahead(struct shint_predictor *predictor, u64 until_ns, u64 slack_ns)
{
	unsigned int nr = predictor->nr_ahead;

	/* The latter: a broken clock. */
	if ((nr && until_ns <= predictor->ahead[nr - 1].until_ns) || until_ns < 2 * slack_ns)
		return;
	predictor->ahead[nr].from_ns = until_ns - 2 * slack_ns;
	predictor->ahead[nr].until_ns = until_ns;
	predictor->nr_ahead = nr + 1;
}

/* One period after each start, as far as they end before that. */
static void echo_windows(struct shint_predictor *predictor, u64 before_ns)
{
	u64 slack_ns = predictor->slack_ns, ahead_ns = predictor->period_ns + slack_ns;
	unsigned int nr = nr_remembered(predictor), i;

	if (!slack_ns)
		return;
	for (i = predictor->nr_starts - nr; i != predictor->nr_starts; i++) {
		u64 until_ns = predictor->start_ns[i % SHINT_ECHOES] + ahead_ns;

		/*
		 * That an echo was early makes the window behind it no less over.
		 * The latter: a broken clock.
		 */
		if (until_ns > predictor->last_ns + 2 * slack_ns && until_ns >= ahead_ns &&
		    until_ns < before_ns)
			window_ahead(predictor, until_ns, slack_ns);
	}
}

/*
 * One recent interval after the last beat. Where the two ways to tell are about the same
 * start, it is by the narrower window.
 */
static void look_ahead(struct shint_predictor *predictor)
{
	u64 recent_slack_ns = predictor->recent_slack_ns;
	u64 recent_until_ns = predictor->beat_ns + predictor->recent_ns + recent_slack_ns;

	predictor->nr_ahead = 0;
	predictor->next = 0;
	if (recent_slack_ns && (!predictor->slack_ns || recent_slack_ns < predictor->slack_ns)) {
		echo_windows(predictor, recent_until_ns - 2 * recent_slack_ns);
		window_ahead(predictor, recent_until_ns, recent_slack_ns);
	}
	echo_windows(predictor, ~0ULL);
	if (recent_slack_ns)
		window_ahead(predictor, recent_until_ns, recent_slack_ns);
}

/**
 * shint_predict_start() - learn from the start of a transaction
 * @predictor: the vCPU's
 * @event_ns: when it came
 */
void shint_predict_start(struct shint_predictor *predictor, u64 event_ns)
{
	u64 interval_ns = event_ns - predictor->last_ns;

	if (predictor->nr_starts) {
		learn_interval(predictor, interval_ns);
		learn_recent(predictor, event_ns);
		vote(predictor, event_ns);
	} else {
		predictor->beat_ns = event_ns;
	}
	if (predictor->period_ns)
		check_echo(predictor, event_ns);
	/* Where it fits, only now and then: it may be a part of the pattern's. */
	if (predictor->echoed < ECHOED_ENOUGH || predictor->voters == VOTERS_MAX / 2)
		reconsider_period(predictor);
	predictor->start_ns[predictor->nr_starts % SHINT_ECHOES] = event_ns;
	predictor->last_ns = event_ns;
	predictor->nr_starts++;
	predictor->slack_ns = believed_slack_ns(predictor);
	predictor->recent_slack_ns = believed_recent_slack_ns(predictor);
	look_ahead(predictor);
}
