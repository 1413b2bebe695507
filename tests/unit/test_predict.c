// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The predictor: what it must learn, what it must not believe.
 *
 * Expectations are relative to the streams of events it is fed; they hold for
 * any sensible choice of its constants.
 */
#include <math.h>
#include <string.h>

#include "unit.h"

#include "predict.h"

static void test_nothing_known(void **state)
{
	struct shint_predictor p = { 0 };
	struct shint_window window;
	u64 t;

	for (t = 0; t < 10 * SEC; t += 100 * MS) {
		assert_false(shint_predict_window(&p, t, &window));
	}
}

static bool is_inside(const struct shint_window *window, u64 at_ns)
{
	return window->from_ns <= at_ns && at_ns <= window->until_ns;
}

static const struct {
	const char *what;
	u64 period_ns;
	u64 jitter_ns;	/* of each start, evenly spread, on both sides */
	unsigned int at_least;	/* per cent of starts inside a predicted window */
} steady[] = {
	{ "50 ms",		50 * MS, 0, 100 },
	{ "20 ms",		20 * MS, 0, 100 },
	{ "100 ms",		100 * MS, 0, 100 },
	{ "10 ms",		10 * MS, 0, 100 },
	{ "50 ms, 2 % jitter",	50 * MS, 1 * MS, 70 },
	{ "100 ms, 1 % jitter",	100 * MS, 1 * MS, 70 },
};

#define LEARNING	60	/* transactions until a steady period is known */
#define JUDGED		300

static void test_steady(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steady); i++) {
		struct shint_predictor p = { 0 };
		u64 n, inside = 0, wide_ns = 0, now_ns = 1000 * SEC, rnd = i;

		for (n = 1; n <= LEARNING + JUDGED; n++) {
			u64 start_ns = 1000 * SEC + n * steady[i].period_ns;
			struct shint_window window;
			bool known;

			start_ns += random_below(&rnd, 2 * steady[i].jitter_ns + 1);
			start_ns -= steady[i].jitter_ns;
			known = shint_predict_window(&p, now_ns, &window);
			if (known && n > LEARNING) {
				assert_true(window.from_ns <= window.until_ns);
				wide_ns += window.until_ns - window.from_ns;
				inside += is_inside(&window, start_ns);
			}
			now_ns = start_ns;
			shint_predict_start(&p, now_ns);
		}
		expect(inside * 100 >= JUDGED * steady[i].at_least, "%s: %llu of %u",
		       steady[i].what, inside, JUDGED);
		/* Not by taking in everything. */
		expect(wide_ns / JUDGED <= steady[i].period_ns / 2, "%s: %llu ns wide",
		       steady[i].what, wide_ns / JUDGED);
	}
}

/* The first echo that has not passed at @now. */
static u64 next_echo(const struct shint_predictor *p, u64 now)
{
	u64 passed = p->last_ns + 2 * p->slack_ns;
	unsigned int i = p->nr_starts < SHINT_ECHOES ? 0 : p->nr_starts - SHINT_ECHOES;

	for (passed = passed < now ? now : passed; p->slack_ns && i < p->nr_starts; i++) {
		u64 until = p->start_ns[i % SHINT_ECHOES] + p->period_ns + p->slack_ns;

		if (until > passed)
			return until;
	}
	return 0;
}

static u64 next_recent(const struct shint_predictor *p, u64 now)
{
	u64 until = p->beat_ns + p->recent_ns + p->recent_slack_ns;

	return p->recent_slack_ns && until > now ? until : 0;
}

/*
 * When the next window ends, or 0: that of the narrower kind, while there are any, and before it
 * an echo's that is over when it begins.
 */
static u64 next_window(const struct shint_predictor *p, u64 now, u64 *slack)
{
	bool echo_first = p->slack_ns && p->slack_ns <= p->recent_slack_ns;
	u64 echo = next_echo(p, now), recent = next_recent(p, now);
	bool is_echo = echo && (echo_first || !recent || echo < recent - 2 * p->recent_slack_ns);

	*slack = is_echo ? p->slack_ns : p->recent_slack_ns;
	return is_echo ? echo : recent;
}

/* Who asks goes on from where the last one was; by the definition it is the same. */
static void test_asking_often(void **state)
{
	unsigned int found = 0, echoes = 0;
	u64 seed;

	for (seed = 1; seed <= 100; seed++) {
		struct shint_predictor p = { 0 };
		u64 rnd = seed, at_ns = 1000 * SEC, now_ns;
		unsigned int n, apart = 1 + seed % 5;

		for (n = 0; n < 200; n++) {
			u64 gap_ns = (n % apart ? 3 : 40) * MS + random_below(&rnd, MS / 4);

			/* a rhythm that changes */
			if (seed % 10 == 0)
				gap_ns = 40 * MS + n * MS / 8;
			for (now_ns = at_ns; now_ns < at_ns + gap_ns;
			     now_ns += 1 + random_below(&rnd, 8 * MS)) {
				struct shint_window window = { 0 };
				bool known = shint_predict_window(&p, now_ns, &window);
				u64 slack, until = next_window(&p, now_ns, &slack);

				assert_int_equal(known, !!until);
				if (!known)
					continue;
				assert_true(window.until_ns == until);
				assert_true(window.from_ns == until - 2 * slack);
				found++;
				echoes += slack == p.slack_ns;
			}
			at_ns += gap_ns;
			shint_predict_start(&p, at_ns);
		}
	}
	assert_true(echoes > 1000);
	assert_true(found - echoes > 1000);
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
		u64 n, k, inside = 0, wide_ns = 0, all = 0, now_ns = SEC, rnd = 70 + i;
		struct shint_predictor p = { 0 };

		for (n = 0; n < LEARNING + JUDGED; n++) {
			for (k = 0; k < patterns[i].nr; k++) {
				u64 start_ns = SEC + n * patterns[i].period_ns +
					       patterns[i].offsets_ns[k];
				struct shint_window window = { 0 };
				bool known;

				start_ns += random_below(&rnd, 2 * patterns[i].jitter_ns + 1);
				known = shint_predict_window(&p, now_ns, &window);
				if (known && n > LEARNING) {
					wide_ns += window.until_ns - window.from_ns;
					inside += window.from_ns <= start_ns &&
						  start_ns <= window.until_ns;
				}
				all += n > LEARNING;
				now_ns = start_ns;
				shint_predict_start(&p, now_ns);
			}
			if (random_below(&rnd, 100) < patterns[i].strays) {
				now_ns += MS + random_below(&rnd, 10 * MS);
				shint_predict_start(&p, now_ns);
			}
		}
		expect(inside * 100 >= all * patterns[i].at_least, "%s: %llu of %llu",
		       patterns[i].what, inside, all);
		/* Not by taking in everything. */
		expect(wide_ns <= JUDGED * patterns[i].period_ns / 3, "%s: %llu ns wide",
		       patterns[i].what, wide_ns);
	}
}

/* 20 ms, but 30 % more or less within seconds */
static u64 drifting_interval(unsigned int n, u64 *rnd)
{
	return 20 * MS + 6 * MS * sin(n / 80.0) + random_below(rnd, 100 * US);
}

/* That is followed, closely. */
static void test_drifting(void **state)
{
	unsigned int n, known = 0, inside = 0;
	struct shint_predictor p = { 0 };
	u64 now = SEC, wide_ns = 0, rnd = 9;

	for (n = 0; n < 2000; n++) {
		struct shint_window window = { 0 };
		u64 interval = drifting_interval(n, &rnd);

		if (n >= LEARNING && shint_predict_window(&p, now, &window)) {
			known++;
			inside += is_inside(&window, now + interval);
			wide_ns += window.until_ns - window.from_ns;
		}
		now += interval;
		shint_predict_start(&p, now);
	}
	assert_in_range(known, 1800, 2000);
	expect(inside * 100 >= known * 97, "%u of %u", inside, known);
	expect(wide_ns / known <= 2 * MS, "%llu ns wide", wide_ns / known);
}

/* The same, in bursts with pauses of any length: behind each pause it is known where it was. */
static void test_pauses(void **state)
{
	unsigned int n, inside = 0, judged = 0;
	struct shint_predictor p = { 0 };
	u64 now = SEC, wide_ns = 0, rnd = 9;

	for (n = 0; n < 2000; n++) {
		struct shint_window window = { 0 };
		u64 interval = drifting_interval(n, &rnd);

		if (n >= LEARNING && n % 20) {
			judged++;
			inside += shint_predict_window(&p, now, &window) &&
				  is_inside(&window, now + interval);
			wide_ns += window.until_ns - window.from_ns;
		}
		now += n % 20 ? interval : 100 * MS + random_below(&rnd, 60 * SEC);
		shint_predict_start(&p, now);
	}
	expect(inside * 100 >= judged * 97, "%u of %u", inside, judged);
	expect(wide_ns / judged <= MS, "%llu ns wide", wide_ns / judged);
}

/* A millisecond before: whether it is in the window that is told then. */
static bool is_foreseen(struct shint_predictor *p, u64 at_ns, struct shint_window *window)
{
	return shint_predict_window(p, at_ns - MS, window) && is_inside(window, at_ns);
}

/* Another load, behind a pause of any length: as soon as two intervals have been seen. */
static void test_resumed(void **state)
{
	unsigned int n, k, met = 0;
	u64 now = SEC, rnd = 4;

	for (k = 0; k < 100; k++) {
		struct shint_predictor p = { 0 };
		struct shint_window window;
		u64 gap = 5 * MS + random_below(&rnd, 50 * MS);

		for (n = 0; n < LEARNING; n++)
			shint_predict_start(&p, now += gap + random_below(&rnd, 10 * US));
		now += random_below(&rnd, 10) * SEC;
		gap = 5 * MS + random_below(&rnd, 50 * MS);
		for (n = 0; n < 3; n++)
			shint_predict_start(&p, now += gap + random_below(&rnd, 10 * US));
		met += is_foreseen(&p, now + gap, &window);
	}
	expect(met >= 90, "%u of 100", met);
}

/* One start more now and then, anywhere between two, or one less: the next is known all the same. */
static void test_strays(void **state)
{
	unsigned int n, inside = 0, judged = 0, after = 0, after_inside = 0;
	struct shint_predictor p = { 0 };
	u64 now = SEC, wide_ns = 0, rnd = 9;

	for (n = 0; n < 4000; n++) {
		struct shint_window window = { 0 };
		u64 interval = drifting_interval(n, &rnd);
		bool stray = n % 40 == 20, met;

		if (n % 40 == 30) {	/* lost */
			now += interval;
			continue;
		}
		if (stray)
			shint_predict_start(&p, now + MS + random_below(&rnd, interval * 3 / 4));
		met = is_foreseen(&p, now + interval, &window);
		if (n >= LEARNING && n % 40 != 31) {
			judged++;
			inside += met;
			after += stray;
			after_inside += stray && met;
			wide_ns += window.until_ns - window.from_ns;
		}
		now += interval;
		shint_predict_start(&p, now);
	}
	expect(inside * 100 >= judged * 96, "%u of %u", inside, judged);
	expect(after_inside * 100 >= after * 94, "%u of %u behind a stray", after_inside, after);
	expect(wide_ns / judged <= MS, "%llu ns wide", wide_ns / judged);
}

/* A rhythm that becomes twice as fast, or half: its starts are no strays, nor are some lost. */
static void test_doubled(void **state)
{
	unsigned int n, k, late = 0;
	u64 now = SEC, rnd = 11;

	for (k = 0; k < 100; k++) {
		struct shint_predictor p = { 0 };
		struct shint_window window;

		for (n = 0; n < LEARNING + 10; n++) {
			bool changed = n >= LEARNING;
			u64 interval = (changed ^ (k & 1) ? 10 : 20) * MS +
				       random_below(&rnd, 10 * US);

			if (n >= LEARNING + 4)
				late += !is_foreseen(&p, now + interval, &window);
			now += interval;
			shint_predict_start(&p, now);
		}
	}
	expect(late <= 6, "%u of 600", late);
}

/* In a pattern the two intervals that happen to be alike do not stand for all. */
static void test_alike(void **state)
{
	static const u64 gaps[] = { 20 * MS, 20 * MS, 3 * MS, 3 * MS };
	struct shint_predictor p = { 0 };
	unsigned int n, met = 0;
	u64 now = SEC, seed = 7;

	for (n = 0; n < 1000; n++) {
		u64 next = now + gaps[n % ARRAY_SIZE(gaps)] + random_below(&seed, 50 * US);
		struct shint_window window;

		if (shint_predict_window(&p, next - 1, &window))
			met += n >= 100 && window.from_ns <= next;
		now = next;
		shint_predict_start(&p, now);
	}
	expect(met >= 750, "%u of 900 were within a window", met);
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
			shint_predict_start(&p, now);
		}
		expect(known <= 5000 / 20, "mean %llu ns: %u of 5000", means[i], known);
	}
}

/* Each window ends; after a pause there is none, until starts are seen again. */
static void test_window_passes(void **state)
{
	u64 t, last = 0, start = SEC + LEARNING * 50 * MS;
	struct shint_predictor p = { 0 };
	struct shint_window window;
	unsigned int n;

	for (n = 1; n <= LEARNING; n++)
		shint_predict_start(&p, SEC + n * 50 * MS);
	for (t = start; shint_predict_window(&p, t, &window); t += 100 * US) {
		assert_true(t < window.until_ns);
		assert_true(!last || window.until_ns == last);
		assert_in_range(window.from_ns, start, start + 50 * MS);
		assert_in_range(window.until_ns, start + 50 * MS, start + 75 * MS);
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
	struct shint_predictor p = { 0 };
	struct shint_window window;
	unsigned int n;
	u64 start = SEC;

	for (n = 0; n < LEARNING; n++)
		shint_predict_start(&p, start += 20 * MS);
	assert_true(shint_predict_window(&p, start, &window));
	for (n = 0; n < 2 * LEARNING; n++)
		shint_predict_start(&p, start += 70 * MS);
	assert_true(shint_predict_window(&p, start, &window));
	assert_in_range(start + 70 * MS, window.from_ns, window.until_ns);
}

static void check_sane(struct shint_predictor *p, u64 now)
{
	struct shint_window window = { 0 };

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
		u64 gap = random_size(&rnd);

		if (!random_below(&rnd, 10))
			gap = extreme[random_below(&rnd, ARRAY_SIZE(extreme))];
		now += n & 1 ? gap : random_below(&rnd, 100 * MS);
		shint_predict_start(&p, now);
		check_sane(&p, now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_asking_often),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_drifting),
		cmocka_unit_test(test_pauses),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_strays),
		cmocka_unit_test(test_doubled),
		cmocka_unit_test(test_alike),
		cmocka_unit_test(test_poisson),
		cmocka_unit_test(test_window_passes),
		cmocka_unit_test(test_rate_changes),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests_name("predict", tests, NULL, NULL);
}
