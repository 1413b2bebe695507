// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The predictor: what it must learn, what it must not believe.
 *
 * Expectations are relative to the streams of events it is fed and to what a
 * met event is worth; they hold for any sensible choice of its constants.
 */
#include <math.h>
#include <string.h>

#include "unit.h"

#include "policy.h"
#include "predict.h"

/* The longest keep the histogram can call for: its buckets end there. */
#define LONGEST_GAP	(1ULL << (SHINT_GAP_SHIFT + SHINT_GAP_BUCKETS))

/* A stream of transactions, as a vCPU's events. */
struct stream {
	u64 now_ns;
	u64 gap_ns;	/* within a transaction */
	unsigned int answers;
	u64 worth_ns;
	u64 rnd;
};

/* One transaction: its first event, start_ns after the last one, and answers. */
static void stream_transaction(struct stream *s, struct shint_predictor *p, u64 start_ns)
{
	u64 idle_ns = s->now_ns < start_ns ? start_ns - s->now_ns : 1;
	unsigned int i;

	s->now_ns = start_ns;
	shint_predict_event(p, idle_ns, s->now_ns, s->worth_ns);
	for (i = 0; i < s->answers; i++) {
		s->now_ns += s->gap_ns;
		shint_predict_event(p, s->gap_ns, s->now_ns, s->worth_ns);
	}
}

static void test_nothing_known(void **state)
{
	struct shint_predictor p = { 0 };
	struct shint_window window;
	u64 t;

	for (t = 0; t < 10 * SEC; t += 100 * MS) {
		assert_false(shint_predict_window(&p, t, &window));
		assert_int_equal(shint_predict_gap_ns(&p, SEC), 0);
	}
}

static const struct {
	const char *what;
	u64 period_ns;
	u64 jitter_ns;	/* of each start, evenly spread, on both sides */
	u64 gap_ns;
	unsigned int answers;
	u64 wake_cost_ns;
	unsigned int at_least;	/* per cent of starts inside a predicted window */
} steady[] = {
	{ "50 ms",			50 * MS, 0, 0, 0, 100 * US, 100 },
	{ "20 ms, answers",		20 * MS, 0, 60 * US, 3, 100 * US, 100 },
	{ "100 ms, slow machine",	100 * MS, 0, 900 * US, 2, 500 * US, 100 },
	{ "10 ms, fast machine",	10 * MS, 0, 20 * US, 4, 10 * US, 100 },
	{ "50 ms, 2 % jitter",		50 * MS, 1 * MS, 100 * US, 3, 100 * US, 70 },
	{ "100 ms, 1 % jitter",		100 * MS, 1 * MS, 100 * US, 3, 100 * US, 70 },
};

#define LEARNING	60	/* transactions until a steady period is known */
#define JUDGED		300

static void test_steady(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steady); i++) {
		struct stream s = {
			.now_ns = 1000 * SEC,
			.gap_ns = steady[i].gap_ns,
			.answers = steady[i].answers,
			.worth_ns = shint_policy_hit_worth_ns(steady[i].wake_cost_ns),
			.rnd = i,
		};
		struct shint_predictor p = { 0 };
		u64 n, inside = 0, wide_ns = 0;

		for (n = 1; n <= LEARNING + JUDGED; n++) {
			u64 start_ns = 1000 * SEC + n * steady[i].period_ns;
			struct shint_window window;
			bool known;

			start_ns += random_below(&s.rnd, 2 * steady[i].jitter_ns + 1);
			start_ns -= steady[i].jitter_ns;
			known = shint_predict_window(&p, s.now_ns, &window);
			if (known && n > LEARNING) {
				assert_true(window.from_ns <= window.until_ns);
				wide_ns += window.until_ns - window.from_ns;
				inside += window.from_ns <= start_ns && start_ns <= window.until_ns;
			}
			stream_transaction(&s, &p, start_ns);
		}
		expect(inside * 100 >= JUDGED * steady[i].at_least, "%s: %llu of %u",
		       steady[i].what, inside, JUDGED);
		/* Not by taking in everything. */
		expect(wide_ns / JUDGED <= steady[i].period_ns / 2, "%s: %llu ns wide",
		       steady[i].what, wide_ns / JUDGED);
	}
}

static const struct {
	const char *what;
	u64 period_ns;
	u64 offsets_ns[4];	/* of a period's starts */
	unsigned int nr;
	u64 jitter_ns;
	unsigned int strays;	/* per cent of periods with one start more, anywhere */
	unsigned int at_least;	/* per cent of the pattern's starts inside a window */
} patterns[] = {
	{ "request, acknowledgment",	33 * MS, { 0, 9 * MS }, 2, 0, 0, 100 },
	{ "the same, unsteady",		33 * MS, { 0, 9 * MS }, 2, MS / 2, 0, 70 },
	{ "the same, with strays",	33 * MS, { 0, 9 * MS }, 2, MS / 2, 20, 60 },
	{ "three in 50 ms",		50 * MS, { 0, 16 * MS, 32 * MS }, 3, 0, 0, 100 },
	{ "burst of four in 100 ms",	100 * MS, { 0, 10 * MS, 20 * MS, 30 * MS }, 4, 0, 0, 100 },
};

static void test_patterns(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct stream s = {
			.now_ns = SEC,
			.worth_ns = shint_policy_hit_worth_ns(100 * US),
			.rnd = 70 + i,
		};
		struct shint_predictor p = { 0 };
		u64 n, k, inside = 0, wide_ns = 0, all = 0;

		for (n = 0; n < LEARNING + JUDGED; n++) {
			for (k = 0; k < patterns[i].nr; k++) {
				u64 start_ns = SEC + n * patterns[i].period_ns +
					       patterns[i].offsets_ns[k];
				struct shint_window window = { 0 };
				bool known;

				start_ns += random_below(&s.rnd, 2 * patterns[i].jitter_ns + 1);
				known = shint_predict_window(&p, s.now_ns, &window);
				if (known && n > LEARNING) {
					wide_ns += window.until_ns - window.from_ns;
					inside += window.from_ns <= start_ns &&
						  start_ns <= window.until_ns;
				}
				all += n > LEARNING;
				stream_transaction(&s, &p, start_ns);
			}
			if (random_below(&s.rnd, 100) < patterns[i].strays)
				stream_transaction(&s, &p, s.now_ns + MS +
						   random_below(&s.rnd, 10 * MS));
		}
		expect(inside * 100 >= all * patterns[i].at_least, "%s: %llu of %llu",
		       patterns[i].what, inside, all);
		/* Not by taking in everything. */
		expect(wide_ns <= JUDGED * patterns[i].period_ns / 3, "%s: %llu ns wide",
		       patterns[i].what, wide_ns);
	}
}

/* A stream without memory tells nothing about when its next event comes. */
static void test_poisson(void **state)
{
	static const u64 means[] = { 5 * MS, 20 * MS, 100 * MS };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(means); i++) {
		struct shint_predictor p = { 0 };
		u64 now = 50 * SEC, rnd = 40 + i;
		unsigned int n, known = 0;

		for (n = 0; n < 5000; n++) {
			u64 gap = 1 + -log(random_unit(&rnd)) * means[i];
			struct shint_window window;

			known += shint_predict_window(&p, now, &window);
			now += gap;
			shint_predict_event(&p, gap, now, shint_policy_hit_worth_ns(100 * US));
		}
		expect(known <= 5000 / 20, "mean %llu ns: %u of 5000", means[i], known);
	}
}

/* Each window ends; after a pause there is none, until starts are seen again. */
static void test_window_passes(void **state)
{
	struct stream s = { .now_ns = SEC, .worth_ns = shint_policy_hit_worth_ns(50 * US) };
	struct shint_predictor p = { 0 };
	struct shint_window window;
	u64 t, last = 0;
	unsigned int n;

	for (n = 1; n <= LEARNING; n++)
		stream_transaction(&s, &p, SEC + n * 50 * MS);
	for (t = s.now_ns; shint_predict_window(&p, t, &window); t += 100 * US) {
		assert_true(t < window.until_ns);
		assert_true(!last || window.until_ns == last);
		assert_in_range(window.from_ns, s.now_ns, s.now_ns + 50 * MS);
		assert_in_range(window.until_ns, s.now_ns + 50 * MS, s.now_ns + 75 * MS);
		last = window.until_ns;
	}
	assert_int_not_equal(last, 0);
	assert_true(t >= last);
	for (; t < 100 * SEC; t += 7 * MS)
		assert_false(shint_predict_window(&p, t, &window));
}

/* Another rate is learned, too. */
static void test_rate_changes(void **state)
{
	struct stream s = { .now_ns = SEC, .worth_ns = shint_policy_hit_worth_ns(50 * US) };
	struct shint_predictor p = { 0 };
	struct shint_window window;
	unsigned int n;
	u64 start = SEC;

	for (n = 0; n < LEARNING; n++)
		stream_transaction(&s, &p, start += 20 * MS);
	assert_true(shint_predict_window(&p, s.now_ns, &window));
	for (n = 0; n < 2 * LEARNING; n++)
		stream_transaction(&s, &p, start += 70 * MS);
	assert_true(shint_predict_window(&p, s.now_ns, &window));
	assert_in_range(start + 70 * MS, window.from_ns, window.until_ns);
}

static u64 keep_for(const u64 *gaps, unsigned int nr, u64 worth_ns)
{
	struct shint_predictor p = { 0 };
	u64 now = SEC;
	unsigned int n;

	for (n = 0; n < 200; n++) {
		now += gaps[n % nr];
		shint_predict_event(&p, gaps[n % nr], now, worth_ns);
	}
	return shint_predict_gap_ns(&p, worth_ns);
}

/* What keeping for keep_ns costs over these gaps, and what it meets. */
static void check_pays(const u64 *gaps, unsigned int nr, u64 keep_ns, u64 worth_ns)
{
	u64 hits = 0, spent_ns = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		hits += gaps[i] <= keep_ns;
		spent_ns += gaps[i] <= keep_ns ? gaps[i] : keep_ns;
	}
	/* Buckets are coarse: they may mistake a gap's length for twice it. */
	expect(spent_ns <= 2 * hits * worth_ns, "keep %llu: %llu hits at %llu, spent %llu", keep_ns,
	       hits, worth_ns, spent_ns);
}

static void test_gaps(void **state)
{
	static const u64 costs[] = { 10 * US, 50 * US, 200 * US, MS };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(costs); i++) {
		u64 worth = shint_policy_hit_worth_ns(costs[i]);
		u64 brief[] = { worth / 4 };
		u64 endless[] = { 40 * worth };
		u64 mixed[] = { worth / 8, worth / 8, worth / 8, worth / 8, 100 * worth };
		u64 rare[] = { worth / 4, 50 * worth, 50 * worth, 50 * worth, 50 * worth,
			       50 * worth, 50 * worth, 50 * worth, 50 * worth, 50 * worth };
		u64 keep;

		/* always brief: all of them are met, and not by keeping forever */
		keep = keep_for(brief, 1, worth);
		assert_in_range(keep, brief[0], 16 * worth);
		/* never worth it */
		assert_int_equal(keep_for(endless, 1, worth), 0);
		/* mostly brief: through the brief ones, and no longer */
		keep = keep_for(mixed, 5, worth);
		assert_in_range(keep, mixed[0], 8 * worth);
		check_pays(mixed, 5, keep, worth);
		/* seldom brief: what is kept for nothing eats it up */
		keep = keep_for(rare, 10, worth);
		check_pays(rare, 10, keep, worth);
		/* met events are worth nothing */
		assert_int_equal(keep_for(brief, 1, 0), 0);
	}
}

/* Whatever mixture of gaps: if keeping is advised, it pays. */
static void test_gaps_random(void **state)
{
	u64 rnd = 6, gaps[20], kept = 0;
	unsigned int n, i;

	for (n = 0; n < 3000; n++) {
		u64 worth = shint_policy_hit_worth_ns(10 * US + random_below(&rnd, MS));
		u64 scale = 20 * US << random_below(&rnd, 10), keep;

		/* The histogram cannot tell the shortest gaps apart. */
		for (i = 0; i < ARRAY_SIZE(gaps); i++)
			gaps[i] = 16 * US + random_below(&rnd, scale << random_below(&rnd, 5));
		keep = keep_for(gaps, ARRAY_SIZE(gaps), worth);
		kept += keep > 0;
		if (keep)
			check_pays(gaps, ARRAY_SIZE(gaps), keep, worth);
	}
	assert_in_range(kept, 300, 2900);
}

static void check_sane(const struct shint_predictor *p, u64 now, u64 worth)
{
	struct shint_window window = { 0 };
	u64 sum = 0, keep = shint_predict_gap_ns(p, worth);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(p->gap_weight); i++)
		sum += p->gap_weight[i];
	assert_int_equal(sum, p->gap_total);
	assert_true(keep <= LONGEST_GAP);
	if (shint_predict_window(p, now, &window)) {
		assert_true(window.from_ns <= window.until_ns);
		assert_true(now < window.until_ns);
	}
}

/* Times of all magnitudes, as a broken clock or a hostile guest make them. */
static void test_hostile(void **state)
{
	static const u64 extreme[] = { 0, 1, 2, (1ULL << 32) - 1, 1ULL << 63, ~0ULL - 1, ~0ULL };
	struct shint_predictor p = { 0 };
	u64 rnd = 3, now = 0;
	unsigned int n;

	for (n = 0; n < 1000000; n++) {
		u64 gap = random_size(&rnd), worth;

		worth = shint_policy_hit_worth_ns(random_below(&rnd, MS));
		if (!random_below(&rnd, 10))
			gap = extreme[random_below(&rnd, ARRAY_SIZE(extreme))];
		now += n & 1 ? gap : random_below(&rnd, 100 * MS);
		shint_predict_event(&p, gap, now, worth);
		check_sane(&p, now, worth);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_poisson),
		cmocka_unit_test(test_window_passes),
		cmocka_unit_test(test_rate_changes),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_gaps_random),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests_name("predict", tests, NULL, NULL);
}
