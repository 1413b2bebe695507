// SPDX-License-Identifier: GPL-2.0-only
/*
 * When a source of interrupts is expected to interrupt next.
 *
 * By the order of the last interval two kinds of intervals are known that may
 * follow it. With a burst of packets each 5 ms and a pause of 100 ms behind it:
 * behind 5 ms there are 5 ms mostly, and 100 where these have passed; behind
 * 100 ms there are 5. Of a Poisson stream's intervals no kind is frequent enough
 * to be believed.
 */
#include <linux/bitops.h>

#include "expect.h"

#define SHARE_ALL	256
/* A new kind is believed within six intervals. */
#define SHARE_SHIFT	3
/*
 * A rhythm that changes is followed with a quarter of each difference, which
 * makes of one that jitters a twelfth more.
 */
#define MEAN_SHIFT	2
/* As in TCP's round-trip estimate (RFC 6298). */
#define DEV_SHIFT	2
/* Windows of two deviations on both sides are a quarter of the mean at most. */
#define BELIEVED_SHIFT	4
/* Intervals within a quarter of the mean are of the same kind. */
#define ALIKE_SHIFT	2

static u64 difference(u64 a_ns, u64 b_ns)
{
	return a_ns > b_ns ? a_ns - b_ns : b_ns - a_ns;
}

static unsigned int order_of(u64 interval_ns)
{
	unsigned int order = fls64(interval_ns >> SCHED_HINT_ORDER_MIN) - 1;

	return order < SCHED_HINT_ORDERS ? order : SCHED_HINT_ORDERS - 1;
}

static bool is_of(const struct sched_hint_mode *mode, u64 interval_ns)
{
	return mode->share &&
	       difference(interval_ns, mode->mean_ns) <= mode->mean_ns >> ALIKE_SHIFT;
}

/* The kind that an interval is of; a new one takes the place of the rarer. */
static struct sched_hint_mode *mode_of(struct sched_hint_mode *modes, u64 interval_ns)
{
	struct sched_hint_mode *rarer = &modes[modes[1].share < modes[0].share];
	bool first = is_of(&modes[0], interval_ns), second = is_of(&modes[1], interval_ns);

	if (first && second)
		return &modes[difference(interval_ns, modes[1].mean_ns) <
			      difference(interval_ns, modes[0].mean_ns)];
	if (first || second)
		return &modes[second];
	rarer->mean_ns = interval_ns;
	rarer->dev_ns = interval_ns >> ALIKE_SHIFT;
	rarer->share = 0;
	return rarer;
}

static void learn_interval(struct sched_hint_mode *modes, u64 interval_ns)
{
	struct sched_hint_mode *mode = mode_of(modes, interval_ns);
	u64 error_ns = difference(interval_ns, mode->mean_ns);
	unsigned int i;

	/* One that is rare is not forgotten: less than 1 << SHARE_SHIFT stays. */
	for (i = 0; i < SCHED_HINT_MODES; i++)
		modes[i].share -= modes[i].share >> SHARE_SHIFT;
	mode->share += SHARE_ALL >> SHARE_SHIFT;

	mode->dev_ns -= mode->dev_ns >> DEV_SHIFT;
	mode->dev_ns += error_ns >> DEV_SHIFT;
	if (interval_ns > mode->mean_ns)
		mode->mean_ns += error_ns >> MEAN_SHIFT;
	else
		mode->mean_ns -= error_ns >> MEAN_SHIFT;
}

/**
 * sched_hint_source_learn() - learn from an interrupt
 * @source: what interrupted
 * @now_ns: when, on a clock that does not go back
 */
void sched_hint_source_learn(struct sched_hint_source *source, u64 now_ns)
{
	u64 interval_ns = now_ns - source->last_ns;

	/* Shared handlers, and a queue that is looked at once more. */
	if (interval_ns >> SCHED_HINT_ORDER_MIN == 0)
		return;
	if (source->last_ns) {
		learn_interval(source->modes[source->order], interval_ns);
		source->order = order_of(interval_ns);
	}
	source->last_ns = now_ns;
}

/**
 * sched_hint_source_expects() - when the next interrupt is expected
 * @source: what is to interrupt
 * @now_ns: now, on the clock of the interrupts
 * @expected: out
 *
 * Return: whether that can be told: of the intervals that have not passed half
 * are of a kind, and differ little enough.
 */
bool sched_hint_source_expects(const struct sched_hint_source *source, u64 now_ns,
			       struct sched_hint_expected *expected)
{
	const struct sched_hint_mode *modes = source->modes[source->order];
	bool swap = modes[1].mean_ns < modes[0].mean_ns;
	u32 left = SHARE_ALL;
	unsigned int i;

	for (i = 0; i < SCHED_HINT_MODES; i++) {
		const struct sched_hint_mode *mode = &modes[i ^ swap];

		expected->at_ns = source->last_ns + mode->mean_ns;
		expected->dev_ns = mode->dev_ns;
		if (!mode->share || sched_hint_expected_until_ns(expected) < now_ns) {
			left -= mode->share < left ? mode->share : left;
			continue;
		}
		if (2 * mode->share >= left && mode->dev_ns <= mode->mean_ns >> BELIEVED_SHIFT)
			return true;
	}
	return false;
}
