// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gaps and their plan, and what waking costs.
 *
 * A plan is judged by what it does to the gaps it was learned from: its time
 * kept, its wake-ups and the events it meets asleep, summed up as the plan's own
 * measure does, against doing nothing, keeping always, and every single
 * "sleep until X, then keep until Y".
 */
#include <string.h>

#include "unit.h"

#include "gaps.h"

#define WORTH(times)	((times) * SHINT_HIT_WORTH_ONE)

static struct shint_wake_costs flat(u64 cost_ns)
{
	struct shint_wake_costs costs = { 0 };
	int i;

	for (i = 0; i < SHINT_SLEEP_CLASSES; i++)
		costs.ns[i] = cost_ns;
	return costs;
}

/* A whole plan, from the gaps as they are now. */
static void plan(struct shint_gaps *gaps, const struct shint_wake_costs *costs, u32 hit_worth)
{
	unsigned int calls;

	gaps->draft.todo = 0;
	gaps->unplanned = SHINT_GAPS_PER_PLAN;
	for (calls = 1; !shint_gaps_plan(gaps, costs, hit_worth); calls++)
		;
	/* complete before the next is due */
	assert_true(calls <= SHINT_GAPS_PER_PLAN);
}

static void learn(struct shint_gaps *gaps, const u64 *lengths, unsigned int nr)
{
	unsigned int n;

	memset(gaps, 0, sizeof(*gaps));
	for (n = 0; n < 200; n++)
		shint_gaps_learn(gaps, lengths[n % nr]);
}

/* What one gap costs a vCPU that does as the plan says. */
static u64 cost_of_plan(const struct shint_gaps *gaps, const struct shint_wake_costs *costs,
			u32 times, u64 gap_ns, u64 *kept_ns, bool *met)
{
	u64 idle_ns = 0, cost_ns = 0;
	unsigned int steps = 0;

	*kept_ns = 0;
	for (;;) {
		struct shint_gap_step step;
		u64 slept_from;

		shint_gaps_step(gaps, idle_ns, &step);
		assert_true(++steps <= SHINT_GAP_BUCKETS);
		*met = gap_ns <= idle_ns + step.keep_ns;
		*kept_ns += *met ? gap_ns - idle_ns : step.keep_ns;
		if (*met)
			return cost_ns + *kept_ns;
		slept_from = idle_ns + step.keep_ns;
		if (!step.awake_in_ns || gap_ns < idle_ns + step.awake_in_ns)
			return cost_ns + *kept_ns +
			       times * shint_wake_cost_ns(costs, gap_ns - slept_from);
		assert_true(step.awake_in_ns > step.keep_ns);
		idle_ns += step.awake_in_ns;
		cost_ns += shint_wake_cost_ns(costs, 0);
	}
}

static u64 sum_of_plan(const struct shint_gaps *gaps, const struct shint_wake_costs *costs,
		       u32 times, const u64 *lengths, unsigned int nr)
{
	u64 sum = 0, kept_ns;
	unsigned int i;
	bool met;

	for (i = 0; i < nr; i++)
		sum += cost_of_plan(gaps, costs, times, lengths[i], &kept_ns, &met);
	return sum;
}

/* The best that "sleep until, then keep until" does, at powers of two and 1.5 of them. */
static u64 sum_of_best_simple(const struct shint_wake_costs *costs, u32 times,
			      const u64 *lengths, unsigned int nr)
{
	u64 best = ~0ULL;
	int from, until;

	for (from = 0; from < 30; from++) {
		for (until = from; until < 30; until++) {
			u64 a = from ? (2ULL + from % 2) << (12 + from / 2) : 0;
			u64 b = (2ULL + until % 2) << (12 + until / 2), sum = 0;
			unsigned int i;

			for (i = 0; i < nr; i++) {
				u64 g = lengths[i];

				if (g < a || until == from) {
					sum += times * shint_wake_cost_ns(costs, g);
					continue;
				}
				sum += a ? shint_wake_cost_ns(costs, 0) : 0;
				sum += g <= b ? g - a :
				       b - a + times * shint_wake_cost_ns(costs, g - b);
			}
			best = sum < best ? sum : best;
		}
	}
	return best;
}

static void test_nothing_known(void **state)
{
	struct shint_wake_costs costs = flat(100 * US);
	struct shint_gaps gaps = { 0 };
	struct shint_gap_step step = { .keep_ns = 1, .awake_in_ns = 1 };
	u64 t;

	for (t = 0; t < 10 * SEC; t = 2 * t + 1) {
		shint_gaps_step(&gaps, t, &step);
		assert_true(!step.keep_ns && !step.awake_in_ns);
	}
	/* two are no past */
	shint_gaps_learn(&gaps, 10 * US);
	shint_gaps_learn(&gaps, 10 * US);
	assert_true(shint_gaps_plan(&gaps, &costs, WORTH(1000)));
	shint_gaps_step(&gaps, 0, &step);
	assert_true(!step.keep_ns && !step.awake_in_ns);
}

static void plan_of(struct shint_gaps *gaps, u64 cost_ns, u32 times, const u64 *lengths,
		    unsigned int nr, struct shint_gap_step *first)
{
	struct shint_wake_costs costs = flat(cost_ns);

	learn(gaps, lengths, nr);
	plan(gaps, &costs, WORTH(times));
	shint_gaps_step(gaps, 0, first);
}

static void test_shapes(void **state)
{
	static const u64 costs[] = { 10 * US, 50 * US, 200 * US, MS };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(costs); i++) {
		u64 c = costs[i];
		u64 brief[] = { 4 * c }, endless[] = { 200 * c + SEC };
		u64 mixed[] = { 3 * c, 3 * c, 3 * c, 3 * c, 400 * c };
		u64 later[] = { 60 * c, 62 * c, 65 * c, 68 * c }, kept_ns;
		struct shint_wake_costs known = flat(c);
		struct shint_gap_step step;
		struct shint_gaps gaps;
		bool met;

		/* always brief: kept through, or slept through and then met, not for ever */
		plan_of(&gaps, c, 16, brief, 1, &step);
		assert_true(step.keep_ns || step.awake_in_ns);
		assert_in_range(step.keep_ns + step.awake_in_ns, c, 10 * c);
		/* a bound of the histogram: never kept for */
		plan_of(&gaps, c, 16, endless, 1, &step);
		assert_true(!step.keep_ns);
		/* mostly brief: the brief ones are met, for no longer */
		plan_of(&gaps, c, 16, mixed, 5, &step);
		cost_of_plan(&gaps, &known, 16, 3 * c, &kept_ns, &met);
		assert_true(met);
		cost_of_plan(&gaps, &known, 16, 400 * c, &kept_ns, &met);
		assert_false(met);
		assert_true(kept_ns <= 8 * c);
		/* all of them after a while: asleep until then, then kept */
		plan_of(&gaps, c, 40, later, 4, &step);
		assert_int_equal(step.keep_ns, 0);
		assert_in_range(step.awake_in_ns, 30 * c, 60 * c);
		shint_gaps_step(&gaps, step.awake_in_ns, &step);
		assert_in_range(step.keep_ns, 8 * c, 50 * c);
		/* met events are worth nothing */
		plan_of(&gaps, c, 0, brief, 1, &step);
		assert_true(!step.keep_ns && !step.awake_in_ns);
	}
}

/* What is dear after a long sleep only: the sleep is cut short. */
static void test_deep_sleep(void **state)
{
	u64 lengths[] = { 3 * MS, 5 * MS, 9 * MS, 14 * MS, 20 * MS, 26 * MS };
	struct shint_wake_costs costs = flat(10 * US);
	struct shint_gap_step step;
	struct shint_gaps gaps;

	learn(&gaps, lengths, ARRAY_SIZE(lengths));
	plan(&gaps, &costs, WORTH(4));
	shint_gaps_step(&gaps, 0, &step);
	assert_true(!step.keep_ns && !step.awake_in_ns);

	costs.ns[SHINT_SLEEP_CLASSES - 1] = MS;	/* from 2 ms on */
	plan(&gaps, &costs, WORTH(4));
	shint_gaps_step(&gaps, 0, &step);
	assert_int_equal(step.keep_ns, 0);
	assert_in_range(step.awake_in_ns, MS / 2, 3 * MS);
}

/* Whatever the gaps: near the best, never worse than nothing, or for ever. */
static void test_random(void **state)
{
	u64 rnd = 6, lengths[20];
	unsigned int n, i, some = 0;

	for (n = 0; n < 2000; n++) {
		u32 times = random_below(&rnd, 32);
		struct shint_wake_costs costs = flat(10 * US + random_below(&rnd, MS / 2));
		u64 scale = 20 * US << random_below(&rnd, 10), planned, best, none = 0, always = 0;
		struct shint_gap_step step;
		struct shint_gaps gaps;

		for (i = 0; i < ARRAY_SIZE(lengths); i++)
			lengths[i] = 20 * US + random_below(&rnd, scale << random_below(&rnd, 4));
		learn(&gaps, lengths, ARRAY_SIZE(lengths));
		plan(&gaps, &costs, WORTH(times));
		planned = sum_of_plan(&gaps, &costs, times, lengths, ARRAY_SIZE(lengths));
		best = sum_of_best_simple(&costs, times, lengths, ARRAY_SIZE(lengths));
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			none += times * shint_wake_cost_ns(&costs, lengths[i]);
			always += lengths[i];
		}
		/* A bucket does not tell its gaps apart: a quarter of their length. */
		expect(planned <= none + always / 8, "%u: %llu, for nothing %llu", n, planned, none);
		expect(planned <= always + always / 4, "%u: %llu, always %llu", n, planned, always);
		expect(planned <= best + always / 4, "%u: %llu, best %llu", n, planned, best);
		shint_gaps_step(&gaps, 0, &step);
		some += step.keep_ns || step.awake_in_ns;
	}
	assert_in_range(some, 500, 1950);
}

/* Every bucket's plan leads forward, whatever was learned in whatever order. */
static void test_sane(void **state)
{
	static const u64 extreme[] = { 0, 1, (1ULL << 32) - 1, 1ULL << 63, ~0ULL };
	struct shint_wake_costs costs = { 0 };
	struct shint_gaps gaps = { 0 };
	u64 rnd = 3;
	unsigned int n, i;

	for (n = 0; n < 100000; n++) {
		u64 gap = random_size(&rnd);
		u32 sum = 0;

		if (!random_below(&rnd, 10))
			gap = extreme[random_below(&rnd, ARRAY_SIZE(extreme))];
		shint_gaps_learn(&gaps, gap);
		shint_wake_cost_learn(&costs, random_size(&rnd), random_size(&rnd));
		if (random_below(&rnd, 8))
			continue;
		plan(&gaps, &costs, random_below(&rnd, WORTH(32)));
		assert_int_equal(gaps.unplanned, 0);
		for (i = 0; i < SHINT_GAP_BUCKETS; i++) {
			sum += gaps.weight[i];
			assert_in_range(gaps.plan.keep_until[i], i, SHINT_GAP_BUCKETS - 1);
			assert_true(!gaps.plan.wake_at[i] ||
				    gaps.plan.wake_at[i] > gaps.plan.keep_until[i]);
			assert_in_range(gaps.plan.wake_at[i], 0, SHINT_GAP_BUCKETS - 1);
		}
		assert_int_equal(sum, gaps.total);
	}
}

static void test_another_past(void **state)
{
	u64 brief = 100 * US, lengthy = 300 * MS;
	struct shint_wake_costs costs = flat(50 * US);
	struct shint_gap_step step;
	struct shint_gaps gaps;
	unsigned int n;

	learn(&gaps, &brief, 1);
	for (n = 0; n < 500; n++)
		shint_gaps_learn(&gaps, lengthy);
	plan(&gaps, &costs, WORTH(16));
	shint_gaps_step(&gaps, 0, &step);
	assert_int_equal(step.keep_ns, 0);
}

static bool meets(struct shint_gaps *gaps, u64 gap_ns)
{
	struct shint_wake_costs costs = flat(50 * US);
	u64 kept_ns;
	bool met;

	plan(gaps, &costs, WORTH(16));
	cost_of_plan(gaps, &costs, 16, gap_ns, &kept_ns, &met);
	return met;
}

/* Gaps that need nobody awake at their end: one for one of the others of their length. */
static void test_unlearn(void **state)
{
	u64 brief = 100 * US, lengthy = 20 * MS;
	struct shint_gaps gaps;
	unsigned int n;

	learn(&gaps, &brief, 1);
	assert_true(meets(&gaps, brief));
	/* of other lengths: nothing to take away */
	for (n = 0; n < 1000; n++)
		shint_gaps_unlearn(&gaps, lengthy);
	assert_true(meets(&gaps, brief));
	/* two thirds need nobody */
	for (n = 0; n < 300; n++) {
		shint_gaps_learn(&gaps, brief);
		shint_gaps_unlearn(&gaps, brief);
		shint_gaps_unlearn(&gaps, brief);
	}
	assert_false(meets(&gaps, brief));
	/* one third */
	for (n = 0; n < 300; n++) {
		shint_gaps_unlearn(&gaps, brief);
		shint_gaps_learn(&gaps, brief);
		shint_gaps_learn(&gaps, brief);
	}
	assert_true(meets(&gaps, brief));
}

/* How often a vCPU that does as the plan says is woken in a gap that does not end. */
static unsigned int wakes_of(const struct shint_gaps *gaps)
{
	struct shint_gap_step step;
	u64 idle_ns = 0;
	unsigned int wakes = 0;

	for (;;) {
		shint_gaps_step(gaps, idle_ns, &step);
		if (!step.awake_in_ns)
			return wakes;
		idle_ns += step.awake_in_ns;
		wakes++;
	}
}

/*
 * Events that come at any moment, after sleeps that are the dearer the longer they
 * are, are reason to cut a sleep short. Where 49 of 50 gaps end with a timer that was
 * told, and no event has come, they are not.
 */
static void test_timed(void **state)
{
	static const u64 lengths[] = { 2 * MS, 5 * MS, 9 * MS, 14 * MS, 18 * MS };
	struct shint_wake_costs costs = flat(10 * US);
	struct shint_gap_step step;
	struct shint_gaps gaps;
	u64 brief = 100 * US;
	unsigned int n;

	costs.ns[SHINT_SLEEP_CLASSES - 1] = 200 * US;	/* from 2 ms on */
	learn(&gaps, lengths, ARRAY_SIZE(lengths));
	plan(&gaps, &costs, WORTH(2));
	assert_true(wakes_of(&gaps) > 1);
	for (n = 0; n < 2000; n++) {
		if (n % 50)
			shint_gaps_learn_timed(&gaps, 20 * MS);
		else
			shint_gaps_learn(&gaps, lengths[n / 50 % ARRAY_SIZE(lengths)]);
	}
	plan(&gaps, &costs, WORTH(2));
	shint_gaps_step(&gaps, 0, &step);
	assert_int_equal(step.keep_ns, 0);
	assert_int_equal(wakes_of(&gaps), 0);

	/* no event at all */
	for (n = 0; n < 2000; n++)
		shint_gaps_learn_timed(&gaps, 20 * MS);
	plan(&gaps, &costs, WORTH(2));
	assert_int_equal(wakes_of(&gaps), 0);

	/* one in 50 hides nothing */
	for (n = 0; n < 2000; n++) {
		if (n % 50)
			shint_gaps_learn(&gaps, brief);
		else
			shint_gaps_learn_timed(&gaps, 20 * MS);
	}
	assert_true(meets(&gaps, brief));
}

static void test_wake_costs(void **state)
{
	struct shint_wake_costs costs = { 0 };
	u64 slept, before;
	unsigned int n;

	/* some cost, before anything is known */
	assert_in_range(shint_wake_cost_ns(&costs, 0), US, MS);
	/* one class tells about the others, until they were measured themselves */
	shint_wake_cost_learn(&costs, 5 * MS, 300 * US);
	for (slept = 0; slept < SEC; slept = 2 * slept + 1)
		assert_int_equal(shint_wake_cost_ns(&costs, slept), 300 * US);
	shint_wake_cost_learn(&costs, 10 * US, 20 * US);
	assert_int_equal(shint_wake_cost_ns(&costs, 0), 20 * US);
	assert_int_equal(shint_wake_cost_ns(&costs, 5 * MS), 300 * US);
	/* between them: like the longer, so that it is measured */
	assert_int_equal(shint_wake_cost_ns(&costs, 300 * US), 300 * US);
	/* a change is followed, an outlier hardly */
	before = shint_wake_cost_ns(&costs, 5 * MS);
	shint_wake_cost_learn(&costs, 5 * MS, 100 * SEC);
	assert_in_range(shint_wake_cost_ns(&costs, 5 * MS), before + 1, 2 * before);
	for (n = 0; n < 100; n++)
		shint_wake_cost_learn(&costs, 5 * MS, 50 * US);
	assert_in_range(shint_wake_cost_ns(&costs, 5 * MS), 45 * US, 60 * US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_unlearn),
		cmocka_unit_test(test_timed),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_deep_sleep),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_sane),
		cmocka_unit_test(test_another_past),
		cmocka_unit_test(test_wake_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
