/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a source of interrupts is expected to interrupt next. Pure: values in,
 * values out.
 */
#ifndef SCHED_HINT_EXPECT_H
#define SCHED_HINT_EXPECT_H

#include <linux/types.h>

/* Intervals by their binary order, from 16 us to 1 s; shorter is the same event. */
#define SCHED_HINT_ORDER_MIN	14
#define SCHED_HINT_ORDERS	16

/* What mostly follows, and what follows where that did not. */
#define SCHED_HINT_MODES	2

/**
 * struct sched_hint_mode - intervals that are alike
 * @mean_ns: how long they are
 * @dev_ns: mean deviation from that
 * @share: of the intervals, in 256ths; 0: there were none
 */
struct sched_hint_mode {
	u64 mean_ns;
	u64 dev_ns;
	u32 share;
};

/**
 * struct sched_hint_source - what one source's interrupts were like
 * @last_ns: when the last one came; 0: none did
 * @order: of the interval before it
 * @modes: by the order of an interval, how long the one behind it was
 *
 * What comes next depends on what was before: within a burst the next packet,
 * behind a request its acknowledgment, behind that the next request.
 */
struct sched_hint_source {
	u64 last_ns;
	unsigned int order;
	struct sched_hint_mode modes[SCHED_HINT_ORDERS][SCHED_HINT_MODES];
};

/**
 * struct sched_hint_expected - an interrupt that is expected
 * @at_ns: when
 * @dev_ns: mean deviation from that
 */
struct sched_hint_expected {
	u64 at_ns;
	u64 dev_ns;
};

void sched_hint_source_learn(struct sched_hint_source *source, u64 now_ns);
bool sched_hint_source_expects(const struct sched_hint_source *source, u64 now_ns,
			       struct sched_hint_expected *expected);

/* Behind this nobody expects it any more. */
static inline u64 sched_hint_expected_until_ns(const struct sched_hint_expected *expected)
{
	return expected->at_ns + 2 * expected->dev_ns;
}

#endif /* SCHED_HINT_EXPECT_H */
