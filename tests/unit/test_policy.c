// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy: situations and what must come of them, then properties that hold
 * for whatever a guest says.
 *
 * Expectations are relative to the situation (its wake cost, its limits), not
 * to the policy's constants.
 */
#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "policy.h"

#define NONE	VIRTIO_SCHED_HINT_NS_NONE
#define COST	(100 * US)
#define NOW	(1000 * SEC)

static bool is_keep(enum shint_verdict v)
{
	return v == SHINT_KEEP_TIMER || v == SHINT_KEEP_EVENT || v == SHINT_KEEP_GAP ||
	       v == SHINT_KEEP_ARRIVAL || v == SHINT_KEEP_PEER;
}

static bool is_wake(enum shint_verdict v)
{
	return v == SHINT_WAKE_TIMER || v == SHINT_WAKE_EVENT;
}

/* What a vCPU's past has taught. */
struct past {
	struct shint_predictor predictor;
	struct shint_backoff backoff;
	struct shint_gaps gaps;
	struct shint_wake_costs costs;
};

static void wake_costs(struct past *past, u64 cost_ns)
{
	int i;

	for (i = 0; i < SHINT_SLEEP_CLASSES; i++)
		past->costs.ns[i] = cost_ns;
}

/* An event, as halt.c learns from it while the budget is untouched. */
static void event(struct past *past, u64 gap_ns, u64 at_ns)
{
	shint_gaps_learn(&past->gaps, gap_ns);
	if (gap_ns > shint_policy_start_gap_ns(&past->costs))
		shint_predict_start(&past->predictor, at_ns);
	while (!shint_gaps_plan(&past->gaps, &past->costs, shint_policy_hit_worth(1, 1)))
		;
}

/* The situation all cases start from: idle, no timer, nothing known. */
static struct shint_situation plain(struct shint_hint *hint)
{
	memset(hint, 0, sizeof(*hint));
	hint->publish_seq = 1;
	hint->state = VIRTIO_SCHED_HINT_STATE_IDLE;
	hint->next_timer_ns = NONE;
	hint->event_ns = NONE;
	return (struct shint_situation) {
		.hint = hint,
		.now_ns = NOW,
		.published_ns = NOW,
		.max_keep_ns = 20 * MS,
		.budget_left_ns = 250 * MS,
	};
}

/* past: NULL for nothing known but that a wake-up costs COST. */
static struct shint_decision decide(struct shint_situation *s, struct past *past)
{
	struct shint_decision d = { SHINT_NR_VERDICTS, 77, 88, { true, true } };
	struct past nothing = { 0 };

	wake_costs(&nothing, COST);
	past = past ?: &nothing;
	s->predictor = &past->predictor;
	s->gaps = &past->gaps;
	s->backoff = &past->backoff;
	s->wake_costs = &past->costs;
	shint_policy_decide(s, &d);
	return d;
}

/* Each is told apart by what the guest says and how long ago it said so. */
static const struct {
	const char *what;
	u8 state;
	bool tick;
	u64 next_timer_ns;
	u64 passed_ns;		/* since the publish */
	enum shint_verdict verdict;
	u64 keep_min_ns, keep_max_ns;
	u64 wake_min_ns, wake_max_ns;
} cases[] = {
	{ "running", 1, false, NONE, 0, SHINT_STOCK_NOT_IDLE, 0, 0, 0, 0 },
	{ "running, near timer", 1, false, COST, 0, SHINT_STOCK_NOT_IDLE, 0, 0, 0, 0 },
	{ "no timer", 2, false, NONE, 0, SHINT_YIELD_FAR, 0, 0, 0, 0 },
	{ "no timer, long ago", 2, false, NONE, 100 * SEC, SHINT_YIELD_FAR, 0, 0, 0, 0 },
	{ "timer now", 2, false, 0, 0, SHINT_KEEP_TIMER, 1, 4 * COST, 0, 0 },
	{ "timer at once", 2, false, COST / 10, 0, SHINT_KEEP_TIMER, COST / 10, 4 * COST, 0, 0 },
	{ "timer within a wake cost", 2, false, COST, 0, SHINT_KEEP_TIMER, COST, 5 * COST, 0, 0 },
	{ "timer far", 2, false, 100 * COST, 0, SHINT_WAKE_TIMER, 0, 0, 95 * COST, 99 * COST },
	{ "timer very far", 2, false, 3600 * SEC, 0, SHINT_WAKE_TIMER, 0, 0,
	  3600 * SEC - 5 * COST, 3600 * SEC - COST },
	{ "timer far, half passed", 2, false, 100 * COST, 50 * COST, SHINT_WAKE_TIMER, 0, 0,
	  45 * COST, 49 * COST },
	{ "timer was far, is near", 2, false, 100 * COST, 99 * COST, SHINT_KEEP_TIMER,
	  COST, 5 * COST, 0, 0 },
	{ "timer is due", 2, false, 100 * COST, 100 * COST, SHINT_KEEP_TIMER, 1, 4 * COST, 0, 0 },
	{ "timer a little late", 2, false, 100 * COST, 100 * COST + COST / 2, SHINT_KEEP_TIMER,
	  1, 4 * COST, 0, 0 },
	{ "timer is over", 2, false, 100 * COST, 110 * COST, SHINT_STOCK_STALE, 0, 0, 0, 0 },
	{ "timer is long over", 2, false, COST, 3600 * SEC, SHINT_STOCK_STALE, 0, 0, 0, 0 },
	{ "tick near", 2, true, COST, 0, SHINT_YIELD_FAR, 0, 0, 0, 0 },
	{ "tick now", 2, true, 0, 0, SHINT_YIELD_FAR, 0, 0, 0, 0 },
	{ "tick far", 2, true, 40 * COST, 0, SHINT_YIELD_FAR, 0, 0, 0, 0 },
	{ "tick is over", 2, true, 40 * COST, 60 * COST, SHINT_STOCK_STALE, 0, 0, 0, 0 },
};

static void test_cases(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct shint_decision d;
		struct shint_hint hint;
		struct shint_situation s = plain(&hint);

		hint.state = cases[i].state;
		hint.tick = cases[i].tick;
		hint.next_timer_ns = cases[i].next_timer_ns;
		s.published_ns = NOW - cases[i].passed_ns;
		d = decide(&s, NULL);
		expect(d.verdict == cases[i].verdict, "%s: %s", cases[i].what,
		       shint_verdict_name(d.verdict));
		expect(d.keep_ns >= cases[i].keep_min_ns && d.keep_ns <= cases[i].keep_max_ns,
		       "%s: keep %llu", cases[i].what, d.keep_ns);
		expect(d.wake_in_ns >= cases[i].wake_min_ns && d.wake_in_ns <= cases[i].wake_max_ns,
		       "%s: wake in %llu", cases[i].what, d.wake_in_ns);
	}
}

/* From afar to the timer: wakes only get nearer, then it is kept, once. */
static void test_timer_comes_nearer(void **state)
{
	u64 passed, timer = 50 * COST, near = 0;
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);

	hint.next_timer_ns = timer;
	for (passed = 0; passed <= timer; passed += COST / 7) {
		struct shint_decision d;

		s.published_ns = NOW - passed;
		d = decide(&s, NULL);
		if (is_keep(d.verdict)) {
			near = near ? near : timer - passed;
			assert_true(d.keep_ns >= timer - passed);
			continue;
		}
		expect(!near, "%s after a keep, %llu before", shint_verdict_name(d.verdict),
		       timer - passed);
		/* Woken, it finds the timer near, so that it is then kept. */
		assert_true(d.wake_in_ns < timer - passed || d.verdict == SHINT_YIELD_FAR);
	}
	assert_in_range(near, COST / 2, 20 * COST);
}

/* The rules are in multiples of the wake cost: a slow machine is one stretched. */
static void test_scales(void **state)
{
	u64 cost, n;

	for (cost = 10 * US; cost <= MS; cost *= 10) {
		struct shint_decision near, far;
		struct shint_hint hint;
		struct shint_situation s = plain(&hint);
		struct past past = { 0 };

		wake_costs(&past, cost);
		s.max_keep_ns = SEC;
		s.budget_left_ns = SEC;
		hint.next_timer_ns = cost / 2;
		near = decide(&s, &past);
		assert_int_equal(near.verdict, SHINT_KEEP_TIMER);
		for (n = 30; n <= 100; n++) {
			hint.next_timer_ns = n * cost;
			far = decide(&s, &past);
			assert_int_equal(far.verdict, SHINT_WAKE_TIMER);
			assert_in_range(far.wake_in_ns, (n - 5) * cost, (n - 1) * cost);
		}
	}
}

static void test_limits(void **state)
{
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);
	struct shint_decision d;

	/* a grant is cut to the VM's maximum */
	hint.next_timer_ns = COST;
	s.max_keep_ns = COST / 4;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_KEEP_TIMER);
	assert_int_equal(d.keep_ns, COST / 4);
	/* but nothing is granted that the budget does not hold */
	s.budget_left_ns = 0;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_STOCK_BUDGET);
	assert_int_equal(d.keep_ns, 0);
	assert_int_equal(d.wake_in_ns, 0);
	s.budget_left_ns = COST / 4;
	d = decide(&s, NULL);
	assert_true(is_keep(d.verdict));
	/* yielding needs no budget */
	hint.next_timer_ns = NONE;
	s.budget_left_ns = 0;
	assert_int_equal(decide(&s, NULL).verdict, SHINT_YIELD_FAR);
	/* an early wake does: it is followed by a keep */
	hint.next_timer_ns = 100 * COST;
	assert_int_equal(decide(&s, NULL).wake_in_ns, 0);
}

/* Transactions each period, with answers gap apart. */
static u64 train(struct past *past, u64 period_ns, u64 gap_ns, unsigned int answers)
{
	u64 start = NOW - 100 * period_ns, t = start;
	unsigned int n, i;

	memset(past, 0, sizeof(*past));
	wake_costs(past, COST);
	for (n = 0; n <= 100; n++, start += period_ns) {
		event(past, n ? start - t : period_ns, start);
		for (t = start, i = 0; i < answers; i++) {
			t += gap_ns;
			event(past, gap_ns, t);
		}
	}
	return t;	/* the last event */
}

/* One steady period: yield, wake ahead of the start, keep through it. */
static void test_expected_event(void **state)
{
	static const u64 periods[] = { 20 * MS, 50 * MS, 200 * MS };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(periods); i++) {
		struct shint_window window;
		struct past p;
		struct shint_hint hint;
		struct shint_situation s = plain(&hint);
		struct shint_decision d;
		u64 due;

		train(&p, periods[i], 0, 0);
		due = NOW + periods[i];

		s.now_ns = NOW + 1 * MS;
		s.idle_ns = 1 * MS;
		s.published_ns = s.now_ns;
		d = decide(&s, &p);
		expect(d.verdict == SHINT_WAKE_EVENT, "%s", shint_verdict_name(d.verdict));
		assert_int_equal(d.keep_ns, 0);
		assert_in_range(s.now_ns + d.wake_in_ns, due - periods[i] / 2, due - COST);

		/* woken: kept from there through when it is due */
		s.now_ns += d.wake_in_ns + COST;
		s.idle_ns = s.now_ns - NOW;
		d = decide(&s, &p);
		expect(d.verdict == SHINT_KEEP_EVENT, "%s", shint_verdict_name(d.verdict));
		assert_in_range(s.now_ns + d.keep_ns, due, due + periods[i] / 2);
		assert_int_equal(d.wake_in_ns, 0);

		/* it did not come: not kept for it again */
		assert_true(shint_predict_window(&p.predictor, s.now_ns, &window));
		s.now_ns = window.until_ns + 10 * COST;
		s.idle_ns = s.now_ns - NOW;
		d = decide(&s, &p);
		expect(d.verdict == SHINT_YIELD_FAR, "%s", shint_verdict_name(d.verdict));
		assert_int_equal(d.wake_in_ns, 0);
	}
}

/* The same by what the guest expects, of which the host has learned nothing. */
static void test_told_event(void **state)
{
	u64 due = NOW + 30 * MS, dev = 2 * COST;
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);
	struct shint_decision d;

	hint.event_ns = 30 * MS;
	hint.event_dev_ns = dev;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_WAKE_EVENT);
	assert_in_range(s.now_ns + d.wake_in_ns, due - 10 * dev, due - dev - COST);

	/* woken: kept from there through when it is due, and a little longer */
	s.now_ns += d.wake_in_ns + COST;
	s.idle_ns = s.now_ns - NOW;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_KEEP_EVENT);
	assert_in_range(s.now_ns + d.keep_ns, due + dev, due + 10 * dev);
	assert_int_equal(d.wake_in_ns, 0);

	/* it did not come: not kept for it again */
	s.now_ns = due + 10 * dev;
	s.idle_ns = s.now_ns - NOW;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_YIELD_FAR);
	assert_int_equal(d.wake_in_ns, 0);

	/* its packet will be seen to arrive: nothing to be awake for */
	s = plain(&hint);
	hint.event_ns = 30 * MS;
	s.announced = true;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_YIELD_FAR);
	assert_int_equal(d.wake_in_ns, 0);
}

/* What the guest says goes before what the host has learned, until it has passed. */
static void test_told_and_learned(void **state)
{
	struct past p;
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);

	train(&p, 50 * MS, 0, 0);
	s.now_ns = NOW + 1 * MS;
	s.published_ns = s.now_ns;
	hint.event_ns = 10 * MS;
	assert_in_range(decide(&s, &p).wake_in_ns, 5 * MS, 10 * MS - COST);
	hint.event_ns = 100 * MS;
	assert_in_range(decide(&s, &p).wake_in_ns, 90 * MS, 100 * MS - COST);
	hint.event_ns = 10 * MS;
	s.now_ns += 20 * MS;
	s.idle_ns = 21 * MS;
	assert_in_range(decide(&s, &p).wake_in_ns, 5 * MS, 29 * MS - COST);
}

/* A window that would cost more to be kept through than a hit is worth, or may not be, is none. */
static void test_vague(void **state)
{
	u64 worth = 16 * COST, rnd = 5;
	struct shint_window window;
	struct shint_decision d;
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);
	struct past p;
	int i;

	hint.event_ns = 30 * MS;
	hint.event_dev_ns = worth / 4 - 1;
	assert_int_equal(decide(&s, NULL).verdict, SHINT_WAKE_EVENT);
	s.max_keep_ns = worth / 2;
	assert_int_equal(decide(&s, NULL).verdict, SHINT_YIELD_FAR);
	s.max_keep_ns = 20 * MS;
	hint.event_dev_ns = worth / 4 + 1;
	assert_int_equal(decide(&s, NULL).verdict, SHINT_YIELD_FAR);

	/* what the host has learned is then heard, if it is not as vague */
	train(&p, 50 * MS, 0, 0);
	assert_int_equal(decide(&s, &p).verdict, SHINT_WAKE_EVENT);

	hint.event_ns = NONE;
	memset(&p, 0, sizeof(p));
	wake_costs(&p, COST);
	for (i = 60; i > 0; i--)
		shint_predict_start(&p.predictor, NOW - i * 100 * MS + random_below(&rnd, 8 * MS));
	assert_true(shint_predict_window(&p.predictor, NOW, &window));
	assert_true(window.until_ns - window.from_ns > worth);
	assert_int_equal(decide(&s, &p).verdict, SHINT_YIELD_FAR);

	/* nor does it hide another one behind it */
	p.predictor.ahead[0] = (struct shint_window){ NOW + 20 * MS, NOW + 21 * MS + worth };
	p.predictor.ahead[1] = (struct shint_window){ NOW + 50 * MS, NOW + 50 * MS + worth };
	p.predictor.nr_ahead = 2;
	p.predictor.next = 0;
	d = decide(&s, &p);
	assert_int_equal(d.verdict, SHINT_WAKE_EVENT);
	assert_in_range(d.wake_in_ns, 49 * MS, 50 * MS);
}

/* A reason that does not pay is not heard, the others are. */
static void test_paused(void **state)
{
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);
	struct past p;

	train(&p, 50 * MS, 0, 0);
	s.now_ns = NOW + 1 * MS;
	s.published_ns = s.now_ns;
	hint.next_timer_ns = COST;
	assert_int_equal(decide(&s, &p).verdict, SHINT_KEEP_TIMER);
	p.backoff.paused_until_ns[SHINT_FOR_TIMER] = s.now_ns + 1;
	assert_int_equal(decide(&s, &p).verdict, SHINT_WAKE_EVENT);
	p.backoff.paused_until_ns[SHINT_FOR_EVENT] = s.now_ns + 1;
	p.backoff.paused_until_ns[SHINT_FOR_GAP] = s.now_ns + 1;
	hint.event_ns = 30 * MS;
	assert_int_equal(decide(&s, &p).verdict, SHINT_YIELD_FAR);
	p.backoff.paused_until_ns[SHINT_FOR_TIMER] = s.now_ns;
	assert_int_equal(decide(&s, &p).verdict, SHINT_KEEP_TIMER);

	/* within a transaction */
	s.now_ns = train(&p, 200 * MS, 2 * COST, 6) + COST / 2;
	s.published_ns = s.now_ns;
	hint.next_timer_ns = NONE;
	hint.event_ns = NONE;
	assert_int_equal(decide(&s, &p).verdict, SHINT_KEEP_GAP);
	p.backoff.paused_until_ns[SHINT_FOR_GAP] = s.now_ns + 1;
	assert_int_equal(decide(&s, &p).verdict, SHINT_WAKE_EVENT);
}

/* Of a timer and an event that are both far, the nearer one is woken for. */
static void test_timer_and_event(void **state)
{
	struct past p;
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);
	struct shint_decision d;

	train(&p, 50 * MS, 0, 0);
	s.now_ns = NOW + 1 * MS;
	s.published_ns = s.now_ns;

	hint.next_timer_ns = 20 * MS;
	d = decide(&s, &p);
	assert_int_equal(d.verdict, SHINT_WAKE_TIMER);
	assert_in_range(d.wake_in_ns, 20 * MS - 5 * COST, 20 * MS - COST);

	hint.next_timer_ns = 500 * MS;
	d = decide(&s, &p);
	assert_int_equal(d.verdict, SHINT_WAKE_EVENT);
	assert_in_range(d.wake_in_ns, 25 * MS, 49 * MS - COST);

	/* the tick is none of them */
	hint.next_timer_ns = 4 * MS;
	hint.tick = true;
	d = decide(&s, &p);
	assert_int_equal(d.verdict, SHINT_WAKE_EVENT);
	assert_in_range(d.wake_in_ns, 25 * MS, 49 * MS - COST);
}

/* Within a transaction: kept through gaps that tend to be brief. */
static void test_gap(void **state)
{
	struct past p;
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);
	struct shint_decision d;
	u64 last;

	last = train(&p, 200 * MS, 2 * COST, 6);
	s.now_ns = last + COST / 2;
	s.published_ns = s.now_ns;
	d = decide(&s, &p);
	expect(d.verdict == SHINT_KEEP_GAP, "%s", shint_verdict_name(d.verdict));
	assert_in_range(d.keep_ns, 2 * COST, shint_policy_start_gap_ns(&p.costs) * 2);
	/* and woken for the next start if this was the last answer */
	assert_in_range(s.now_ns + d.wake_in_ns, NOW + 100 * MS, NOW + 200 * MS - COST);

	/* the gap is over: the guest has not run since */
	s.idle_ns = d.keep_ns + 10 * COST;
	s.now_ns += s.idle_ns;
	d = decide(&s, &p);
	assert_int_equal(d.verdict, SHINT_WAKE_EVENT);
}

/*
 * Gaps of about 10 ms, too uneven for a window: asleep through the first part,
 * awake when the first of them end.
 */
static void test_gap_to_come(void **state)
{
	struct past past = { 0 };
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);
	struct shint_decision d;
	u64 rnd = 8, at = SEC;
	unsigned int n;

	wake_costs(&past, 10 * COST);
	for (n = 0; n < 200; n++) {
		u64 gap = 9 * MS + random_below(&rnd, 2 * MS);

		at += gap;
		event(&past, gap, at);
	}
	d = decide(&s, &past);
	expect(d.verdict == SHINT_WAKE_EVENT, "%s", shint_verdict_name(d.verdict));
	assert_in_range(d.wake_in_ns, 5 * MS, 9 * MS - 10 * COST);
	/* woken: kept until the last of them are over */
	s.idle_ns = d.wake_in_ns + 10 * COST;
	s.now_ns += s.idle_ns;
	d = decide(&s, &past);
	expect(d.verdict == SHINT_KEEP_GAP, "%s", shint_verdict_name(d.verdict));
	assert_in_range(s.idle_ns + d.keep_ns, 10 * MS, 13 * MS);
	/* in vain */
	s.idle_ns = 14 * MS;
	s.now_ns = NOW + s.idle_ns;
	assert_int_equal(decide(&s, &past).verdict, SHINT_YIELD_FAR);
}

/* What KVM would poll anyway needs no budget; what goes beyond does. */
static void test_stock_polls(void **state)
{
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);
	struct shint_decision d;

	hint.next_timer_ns = COST;
	s.budget_left_ns = 0;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_STOCK_BUDGET);
	s.free_ns = 4 * COST;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_KEEP_TIMER);
	s.free_ns = d.keep_ns - 1;
	assert_int_equal(decide(&s, NULL).verdict, SHINT_STOCK_BUDGET);
	s.budget_left_ns = 1;
	assert_int_equal(decide(&s, NULL).verdict, SHINT_KEEP_TIMER);
}

/* Woken for a packet: until it should have come, whatever else is known. */
static void test_arrival(void **state)
{
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);
	struct shint_decision d;

	/* nothing is known about arrivals */
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_YIELD_FAR);
	assert_false(d.on_arrival[SHINT_TAKER] || d.on_arrival[SHINT_PEER]);

	s.arrival_keep_ns[SHINT_TAKER] = 3 * COST;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_YIELD_FAR);
	assert_true(d.on_arrival[SHINT_TAKER] && !d.on_arrival[SHINT_PEER]);

	s.arrived_ns = NOW - COST;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_KEEP_ARRIVAL);
	assert_true(d.keep_ns == 2 * COST);
	/* a timer that is near does not end it earlier */
	hint.next_timer_ns = 10;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_KEEP_ARRIVAL);
	assert_true(d.keep_ns == 2 * COST);
	hint.next_timer_ns = NONE;

	/* it has not come */
	s.arrived_ns = NOW - 3 * COST;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_YIELD_FAR);

	/* no budget for the keep, none for being woken again, a keep that is too short */
	s.arrived_ns = NOW - COST;
	s.budget_left_ns = COST;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_STOCK_BUDGET);
	assert_false(d.on_arrival[SHINT_TAKER] || d.on_arrival[SHINT_PEER]);
	s.arrived_ns = 0;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_YIELD_FAR);
	assert_false(d.on_arrival[SHINT_TAKER] || d.on_arrival[SHINT_PEER]);
	s.budget_left_ns = SEC;
	s.max_keep_ns = COST;
	d = decide(&s, NULL);
	assert_false(d.on_arrival[SHINT_TAKER] || d.on_arrival[SHINT_PEER]);
	/* the guest runs, so says the slot */
	s.max_keep_ns = SEC;
	hint.state = VIRTIO_SCHED_HINT_STATE_RUNNING;
	d = decide(&s, NULL);
	assert_false(d.on_arrival[SHINT_TAKER] || d.on_arrival[SHINT_PEER]);
}

/* Woken for the task that a packet is for: the interrupt is another vCPU's. */
static void test_peer(void **state)
{
	struct shint_hint hint;
	struct shint_situation s = plain(&hint);
	struct shint_decision d;

	s.arrival_keep_ns[SHINT_TAKER] = 2 * COST;
	s.arrival_keep_ns[SHINT_PEER] = 5 * COST;
	d = decide(&s, NULL);
	assert_true(d.on_arrival[SHINT_TAKER] && d.on_arrival[SHINT_PEER]);

	s.role = SHINT_PEER;
	s.arrived_ns = NOW - 3 * COST;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_KEEP_PEER);
	assert_true(d.keep_ns == 2 * COST);
	/* the taker's way is the shorter one */
	s.role = SHINT_TAKER;
	d = decide(&s, NULL);
	assert_int_equal(d.verdict, SHINT_YIELD_FAR);

	/* each by what it needs */
	s.arrived_ns = 0;
	s.max_keep_ns = 3 * COST;
	d = decide(&s, NULL);
	assert_true(d.on_arrival[SHINT_TAKER] && !d.on_arrival[SHINT_PEER]);
	s.max_keep_ns = SEC;
	s.budget_left_ns = 6 * COST;
	d = decide(&s, NULL);
	assert_true(d.on_arrival[SHINT_TAKER] && !d.on_arrival[SHINT_PEER]);
}

/* A met event is worth something, the less the scarcer the budget, and nothing without. */
static void test_hit_worth(void **state)
{
	u32 last = ~0U;
	u64 left;

	for (left = 250 * MS; left; left -= 25 * MS) {
		u32 worth = shint_policy_hit_worth(left, 250 * MS);

		assert_true(worth < last);
		assert_in_range(worth, 1, 1000 * SHINT_HIT_WORTH_ONE);
		last = worth;
	}
	assert_int_equal(shint_policy_hit_worth(0, 250 * MS), 0);
	assert_int_equal(shint_policy_hit_worth(0, 0), 0);
	/* the largest budget of the largest VM */
	assert_int_equal(shint_policy_hit_worth(4096 * SEC, 4096 * SEC),
			 shint_policy_hit_worth(1, 1));
}

/* The names are an interface: of /proc/kvm-sched-hint and of trace events. */
static void test_names(void **state)
{
	static const struct {
		enum shint_verdict verdict;
		const char *name;
	} names[] = {
		{ SHINT_STOCK_OFF, "stock_off" },
		{ SHINT_STOCK_QUOTA, "stock_quota" },
		{ SHINT_STOCK_ABSENT, "stock_absent" },
		{ SHINT_STOCK_BAD_SLOT, "stock_bad_slot" },
		{ SHINT_STOCK_NO_SLOT, "stock_no_slot" },
		{ SHINT_STOCK_NOT_IDLE, "stock_not_idle" },
		{ SHINT_STOCK_STALE, "stock_stale" },
		{ SHINT_STOCK_NO_POLL, "stock_no_poll" },
		{ SHINT_STOCK_NESTED, "stock_nested" },
		{ SHINT_STOCK_XEN, "stock_xen" },
		{ SHINT_STOCK_BUDGET, "stock_budget" },
		{ SHINT_STOCK_CONTENDED, "stock_contended" },
		{ SHINT_STOCK_BLIND, "stock_blind" },
		{ SHINT_YIELD_FAR, "yield_far" },
		{ SHINT_WAKE_TIMER, "wake_timer" },
		{ SHINT_WAKE_EVENT, "wake_event" },
		{ SHINT_KEEP_TIMER, "keep_timer" },
		{ SHINT_KEEP_EVENT, "keep_event" },
		{ SHINT_KEEP_GAP, "keep_gap" },
		{ SHINT_KEEP_ARRIVAL, "keep_arrival" },
		{ SHINT_KEEP_PEER, "keep_peer" },
		{ SHINT_KEEP_ALWAYS, "keep_always" },
		{ SHINT_KEEP_BLIND, "keep_blind" },
	};
	size_t i;

	assert_int_equal(ARRAY_SIZE(names), SHINT_NR_VERDICTS);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_string_equal(shint_verdict_name(names[i].verdict), names[i].name);
		assert_int_equal(shint_verdict_is_stock(names[i].verdict),
				 !strncmp(names[i].name, "stock_", 6));
	}
}

static u64 random_of(u64 *rnd, u64 usual)
{
	switch (random_below(rnd, 4)) {
	case 0:
		return random_size(rnd);
	case 1:
		return random_below(rnd, 3);
	default:
		return random_below(rnd, 2 * usual + 1);
	}
}

/* What the slot's reader lets through, whatever the guest wrote. */
static void random_hint(u64 *rnd, struct shint_hint *hint)
{
	hint->publish_seq = random_u64(rnd);
	hint->state = random_below(rnd, 8) ? VIRTIO_SCHED_HINT_STATE_IDLE : random_below(rnd, 3);
	hint->next_timer_ns = random_of(rnd, 10 * MS);
	if (hint->next_timer_ns > SHINT_HINT_MAX_NS)
		hint->next_timer_ns = NONE;
	hint->event_ns = random_of(rnd, 10 * MS);
	hint->event_dev_ns = random_of(rnd, MS);
	if (hint->event_ns > SHINT_HINT_MAX_NS || hint->event_dev_ns > SHINT_HINT_MAX_NS)
		hint->event_ns = NONE;
	hint->tick = !random_below(rnd, 4);
}

/* When the guest expects an event. */
static bool told_window(const struct shint_situation *s, struct shint_window *window)
{
	u64 due = s->published_ns + s->hint->event_ns, slack = 2 * s->hint->event_dev_ns;

	if (s->hint->event_ns == NONE || s->announced)
		return false;
	slack = slack < SHINT_SLACK_MIN_NS ? SHINT_SLACK_MIN_NS : slack;
	window->from_ns = due > slack ? due - slack : 0;
	window->until_ns = due + slack;
	return window->until_ns > s->now_ns;
}

static bool is_worth_it(const struct shint_situation *s, const struct past *p,
			const struct shint_window *window)
{
	u64 wide = window->until_ns - window->from_ns;

	return wide <= s->max_keep_ns && wide <= shint_policy_start_gap_ns(&p->costs);
}

static bool learned_window(const struct shint_situation *s, struct past *p,
			   struct shint_window *window)
{
	int i;

	for (i = 0; i < p->predictor.nr_ahead; i++) {
		*window = p->predictor.ahead[i];
		if (window->until_ns > s->now_ns && is_worth_it(s, p, window))
			return true;
	}
	return false;
}

static void check_invariants(const struct shint_situation *s, struct past *p,
			     const struct shint_decision *d)
{
	struct shint_window window = { 0 };
	bool expected = (told_window(s, &window) && is_worth_it(s, p, &window)) ||
			learned_window(s, p, &window);
	u64 timer_at = NONE, first;
	int role;

	assert_true(d->verdict < SHINT_NR_VERDICTS);
	assert_true(d->verdict != SHINT_KEEP_ALWAYS && d->verdict != SHINT_KEEP_BLIND);
	assert_true(d->keep_ns <= s->max_keep_ns);
	assert_true(d->keep_ns <= s->budget_left_ns + s->free_ns);
	if (s->hint->state == VIRTIO_SCHED_HINT_STATE_RUNNING)
		assert_int_equal(d->verdict, SHINT_STOCK_NOT_IDLE);
	if (s->hint->state == VIRTIO_SCHED_HINT_STATE_OFF)
		assert_true(shint_verdict_is_stock(d->verdict));
	if (shint_verdict_is_stock(d->verdict))
		assert_true(!d->keep_ns && !d->wake_in_ns);
	if (is_keep(d->verdict))
		assert_true(d->keep_ns);
	if (is_wake(d->verdict))
		assert_true(!d->keep_ns && d->wake_in_ns);
	if (d->verdict == SHINT_YIELD_FAR)
		assert_true(!d->keep_ns && !d->wake_in_ns);
	if (!expected)
		assert_true(d->verdict != SHINT_KEEP_EVENT);
	if (s->hint->tick)
		assert_true(d->verdict != SHINT_KEEP_TIMER && d->verdict != SHINT_WAKE_TIMER);
	if (!s->arrived_ns)
		assert_true(d->verdict != SHINT_KEEP_ARRIVAL && d->verdict != SHINT_KEEP_PEER);
	/* To be woken must fit, with what is kept anyway and the keep that follows. */
	for (role = 0; role < SHINT_NR_ROLES; role++) {
		u64 keep_ns = s->arrival_keep_ns[role];

		if (!d->on_arrival[role])
			continue;
		assert_false(shint_verdict_is_stock(d->verdict));
		assert_true(keep_ns && keep_ns <= s->max_keep_ns);
		assert_true(d->keep_ns + keep_ns <= s->budget_left_ns + s->free_ns);
	}
	if (!d->wake_in_ns)
		return;

	/* Ahead of whatever is known to come, and not while being kept anyway. */
	assert_true(d->wake_in_ns >= d->keep_ns);
	if (!s->hint->tick && s->hint->next_timer_ns != NONE)
		timer_at = s->published_ns + s->hint->next_timer_ns;
	first = expected && window.from_ns > s->now_ns && window.from_ns < timer_at ?
		window.from_ns : timer_at;
	if (first == NONE || first <= s->now_ns + d->keep_ns)
		return;
	assert_true(d->wake_in_ns <= first - s->now_ns);
}

/* A guest that says anything at any time; events at any time, too. */
static void test_invariants(void **state)
{
	unsigned int seen[SHINT_NR_VERDICTS] = { 0 };
	unsigned int n;
	int role;
	u64 seed;

	for (seed = 1; seed <= 10; seed++) {
		u64 rnd = seed, now = NOW;
		struct past p;

		now = train(&p, (5 + 10 * seed) * MS, random_below(&rnd, MS), seed % 4);
		for (n = 0; n < 100000; n++) {
			struct shint_hint hint;
			struct shint_situation s = plain(&hint);
			struct shint_decision d;

			random_hint(&rnd, &hint);
			s.now_ns = now;
			s.published_ns = now - random_of(&rnd, 10 * MS) % now;
			s.idle_ns = random_below(&rnd, 2) ? random_of(&rnd, 10 * MS) : 0;
			wake_costs(&p, 1 + random_below(&rnd, MS));
			s.max_keep_ns = US * (1 + random_below(&rnd, 1000000));
			s.budget_left_ns = random_of(&rnd, 250 * MS);
			s.free_ns = random_below(&rnd, 2) * random_below(&rnd, MS);
			for (role = 0; role < SHINT_NR_ROLES; role++)
				s.arrival_keep_ns[role] = random_below(&rnd, 2) *
							  random_below(&rnd, 2 * MS);
			s.announced = random_below(&rnd, 2);
			s.role = random_below(&rnd, SHINT_NR_ROLES);
			if (!random_below(&rnd, 4))
				s.arrived_ns = now - random_below(&rnd, MS);
			d = decide(&s, &p);
			check_invariants(&s, &p, &d);
			seen[d.verdict]++;

			now += random_below(&rnd, MS);
			if (!random_below(&rnd, 200))
				event(&p, random_of(&rnd, 10 * MS), now);
			/* now and then the traffic is regular again */
			if (!random_below(&rnd, 500)) {
				train(&p, (5 + 10 * seed) * MS, 50 * US, seed % 4);
				now = NOW + random_below(&rnd, (5 + 10 * seed) * MS);
			}
		}
	}
	/* All that the policy can say was said. */
	for (n = SHINT_YIELD_FAR; n <= SHINT_KEEP_PEER; n++)
		expect(seen[n] >= 100, "%s: %u times", shint_verdict_name(n), seen[n]);
	assert_true(seen[SHINT_STOCK_NOT_IDLE] && seen[SHINT_STOCK_STALE] &&
		    seen[SHINT_STOCK_BUDGET]);
}

/* Packets each 20 ms, by turns so much too early and too late. */
static struct shint_predictor packets(u64 jitter_ns)
{
	struct shint_predictor starts = { 0 };
	unsigned int i;

	for (i = 0; i <= 60; i++)
		shint_predict_start(&starts, NOW - (60 - i) * 20 * MS +
				    (i < 60 ? (i % 2 ? jitter_ns : -jitter_ns) : 0));
	return starts;
}

/* What brings the next packet is to be awake, and asleep again, when it comes. */
static void test_worker(void **state)
{
	struct shint_predictor none = { 0 }, steady = packets(0);
	struct shint_worker_plan plan = { .until_ns = 1, .last_ns = 1 };
	struct past past;

	wake_costs(&past, COST);
	shint_policy_worker(&none, &past.costs, NOW, &plan);
	assert_int_equal(plan.in_ns, 0);
	assert_int_equal(plan.last_ns, 0);
	assert_int_equal(plan.until_ns, 0);

	shint_policy_worker(&steady, &past.costs, NOW, &plan);
	assert_in_range(plan.in_ns, 20 * MS - 3 * COST, 20 * MS - COST);
	assert_in_range(plan.until_ns, NOW + 20 * MS, NOW + 20 * MS + COST);
	/* it sleeps lightly until the window is over: once is enough */
	assert_true(NOW + plan.in_ns + plan.waking_ns + plan.again_ns > plan.last_ns);
	/* a long wait begins with the packet: much later there is nothing to be ahead of */
	shint_policy_worker(&steady, &past.costs, NOW + 25 * MS, &plan);
	assert_int_equal(plan.in_ns, 0);
	assert_int_equal(plan.until_ns, 0);

	/* it would have to be woken before now */
	steady = packets(0);
	wake_costs(&past, 20 * MS);
	shint_policy_worker(&steady, &past.costs, NOW, &plan);
	assert_int_equal(plan.in_ns, 0);
}

/* In a window that is wider it is woken again, a few times. */
static void test_worker_again(void **state)
{
	struct shint_predictor restless = packets(MS / 20);
	struct shint_worker_plan plan;
	unsigned int wakes;
	struct past past;
	u64 at_ns;

	wake_costs(&past, MS / 4);
	shint_policy_worker(&restless, &past.costs, NOW, &plan);
	assert_true(plan.in_ns);
	assert_int_equal(plan.waking_ns, MS / 4);
	at_ns = NOW + plan.in_ns + plan.waking_ns;
	for (wakes = 0; !wakes || at_ns <= plan.last_ns; at_ns += plan.again_ns)
		wakes++;
	assert_in_range(wakes, 2, 5);
	/* the first before the window, none so late that the packet would find it asleep deeply */
	assert_in_range(NOW + plan.in_ns, plan.until_ns - 8 * MS / 4, plan.until_ns - MS / 2);
	assert_in_range(plan.until_ns - (at_ns - plan.again_ns), 1, 2 * MS / 4);
	assert_in_range(plan.again_ns, MS / 4, 2 * MS / 4);

	wake_costs(&past, MS / 100);
	shint_policy_worker(&restless, &past.costs, NOW, &plan);
	assert_int_equal(plan.in_ns, 0);
	assert_int_equal(plan.until_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_timer_comes_nearer),
		cmocka_unit_test(test_scales),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_expected_event),
		cmocka_unit_test(test_told_event),
		cmocka_unit_test(test_told_and_learned),
		cmocka_unit_test(test_vague),
		cmocka_unit_test(test_paused),
		cmocka_unit_test(test_timer_and_event),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_gap_to_come),
		cmocka_unit_test(test_stock_polls),
		cmocka_unit_test(test_arrival),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_hit_worth),
		cmocka_unit_test(test_worker),
		cmocka_unit_test(test_worker_again),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_invariants),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
