// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When the guest expects an interrupt: what it must learn, what it must not
 * believe. Expectations are relative to the streams it is fed.
 */
#include <math.h>
#include <string.h>

#include "unit.h"

#include "expect.h"

#define START	(1000 * SEC)

/* What came of asking right behind each interrupt, and of asking again where it did not come. */
struct score {
	unsigned int asked;
	unsigned int met;	/* within two deviations of what was expected */
	unsigned int missed;
	u64 wide_ns;		/* sum of four deviations each */
};

struct stream {
	struct sched_hint_source source;
	u64 now_ns;
	u64 seed;
	struct score score;
};

static bool is_met(const struct sched_hint_expected *expected, u64 at_ns)
{
	u64 slack_ns = 2 * expected->dev_ns + 20 * US;

	return at_ns + slack_ns >= expected->at_ns && at_ns <= expected->at_ns + slack_ns;
}

/* The next interrupt; as an idle guest does, asks anew once an expectation has passed. */
static void interrupt(struct stream *s, u64 interval_ns)
{
	u64 at_ns = s->now_ns + interval_ns, ask_ns = s->now_ns;
	struct sched_hint_expected expected;
	bool known = false, met = false;

	while (!met && sched_hint_source_expects(&s->source, ask_ns, &expected)) {
		assert_true(sched_hint_expected_until_ns(&expected) >= ask_ns);
		known = true;
		met = is_met(&expected, at_ns);
		s->score.wide_ns += 4 * expected.dev_ns;
		ask_ns = sched_hint_expected_until_ns(&expected) + 1;
		if (ask_ns > at_ns)
			break;
	}
	s->score.asked++;
	s->score.met += met;
	s->score.missed += known && !met;
	s->now_ns = at_ns;
	sched_hint_source_learn(&s->source, at_ns);
}

static u64 around(struct stream *s, u64 interval_ns, u64 jitter_ns)
{
	return interval_ns - jitter_ns + random_below(&s->seed, 2 * jitter_ns + 1);
}

static void forget_score(struct stream *s)
{
	memset(&s->score, 0, sizeof(s->score));
}

#define LEARNING	100
#define JUDGED		500

static void test_nothing_known(void **state)
{
	struct stream s = { .now_ns = START };
	struct sched_hint_expected expected;

	assert_false(sched_hint_source_expects(&s.source, START, &expected));
	interrupt(&s, 0);
	assert_false(sched_hint_source_expects(&s.source, START, &expected));
	interrupt(&s, 20 * MS);
	assert_false(sched_hint_source_expects(&s.source, s.now_ns, &expected));
}

static const struct {
	const char *what;
	u64 interval_ns;
	u64 jitter_ns;
	unsigned int at_least;	/* per cent of interrupts that are met */
} steady[] = {
	{ "50 us", 50 * US, 0, 100 },
	{ "5 ms", 5 * MS, 0, 100 },
	{ "20 ms", 20 * MS, 0, 100 },
	{ "1 s", SEC, 0, 100 },
	{ "20 ms, 1 % jitter", 20 * MS, 200 * US, 85 },
	{ "20 ms, 5 % jitter", 20 * MS, MS, 85 },
	/* on the edge of two orders */
	{ "16.8 ms, 1 % jitter", 16777 * US, 168 * US, 85 },
};

static void test_steady(void **state)
{
	size_t i;
	int n;

	for (i = 0; i < ARRAY_SIZE(steady); i++) {
		struct stream s = { .now_ns = START, .seed = i };

		for (n = 0; n < LEARNING; n++)
			interrupt(&s, around(&s, steady[i].interval_ns, steady[i].jitter_ns));
		forget_score(&s);
		for (n = 0; n < JUDGED; n++)
			interrupt(&s, around(&s, steady[i].interval_ns, steady[i].jitter_ns));
		expect(s.score.met * 100 >= JUDGED * steady[i].at_least, "%s: %u of %u",
		       steady[i].what, s.score.met, JUDGED);
		/* Not by taking in everything. */
		expect(s.score.wide_ns / JUDGED <= steady[i].interval_ns / 4, "%s: %llu ns wide",
		       steady[i].what, s.score.wide_ns / JUDGED);
	}
}

/* A rhythm that goes from 14 to 26 ms and back, over all orders in between. */
static void test_drifting(void **state)
{
	struct stream s = { .now_ns = START };
	int n;

	for (n = 0; n < LEARNING + JUDGED; n++) {
		if (n == LEARNING)
			forget_score(&s);
		interrupt(&s, (20 + 6 * sin(2 * M_PI * n / 500)) * MS);
	}
	expect(s.score.met * 100 >= JUDGED * 90, "%u of %u", s.score.met, JUDGED);
}

/* Bursts: within one the next packet is expected, behind it the next burst. */
static void test_bursts(void **state)
{
	struct stream s = { .now_ns = START };
	unsigned int n, i;

	for (n = 0; n < 20; n++) {
		if (n == 10)
			forget_score(&s);
		for (i = 0; i < 19; i++)
			interrupt(&s, 5 * MS);
		interrupt(&s, 105 * MS);
	}
	expect(s.score.met * 100 >= 200 * 95, "%u of 200", s.score.met);
}

/* A request each 33 ms, its acknowledgment after 9, within them packets 100 us apart. */
static void test_transactions(void **state)
{
	struct stream s = { .now_ns = START };
	unsigned int n;

	for (n = 0; n < LEARNING + JUDGED; n++) {
		if (n == LEARNING)
			forget_score(&s);
		interrupt(&s, around(&s, 100 * US, 5 * US));
		interrupt(&s, around(&s, 9 * MS, 200 * US));
		interrupt(&s, around(&s, 23900 * US, 200 * US));
	}
	expect(s.score.met * 100 >= 3 * JUDGED * 85, "%u of %u", s.score.met, 3 * JUDGED);
}

/* Another rate is believed soon, the old one no more. */
static void test_change(void **state)
{
	struct stream s = { .now_ns = START };
	unsigned int n;

	for (n = 0; n < LEARNING; n++)
		interrupt(&s, 20 * MS);
	for (n = 0; n < 12; n++)
		interrupt(&s, 30 * MS);
	forget_score(&s);
	for (n = 0; n < JUDGED; n++)
		interrupt(&s, 30 * MS);
	expect(s.score.met == JUDGED && !s.score.missed, "%u met, %u missed", s.score.met,
	       s.score.missed);
}

/* What comes at random is not expected. */
static void test_memoryless(void **state)
{
	struct stream poisson = { .now_ns = START, .seed = 1 };
	struct stream uniform = { .now_ns = START, .seed = 2 };
	unsigned int n;

	for (n = 0; n < 20 * JUDGED; n++) {
		interrupt(&poisson, 16 * US - 10 * MS * log(random_unit(&poisson.seed)));
		interrupt(&uniform, 16 * US + random_below(&uniform.seed, 20 * MS));
	}
	expect(poisson.score.missed * 20 <= poisson.score.asked, "poisson: %u of %u",
	       poisson.score.missed, poisson.score.asked);
	expect(uniform.score.missed * 20 <= uniform.score.asked, "uniform: %u of %u",
	       uniform.score.missed, uniform.score.asked);
}

/* A queue that is looked at twice is one event; silence is waited through in vain once. */
static void test_echo_and_silence(void **state)
{
	struct stream s = { .now_ns = START };
	struct sched_hint_expected expected;
	unsigned int n;

	for (n = 0; n < LEARNING; n++) {
		interrupt(&s, 20 * MS);
		sched_hint_source_learn(&s.source, s.now_ns + 3 * US);
	}
	assert_true(sched_hint_source_expects(&s.source, s.now_ns, &expected));
	assert_true(is_met(&expected, s.now_ns + 20 * MS));
	assert_false(sched_hint_source_expects(&s.source, s.now_ns + SEC, &expected));
}

/* Any interrupts at any time: what is expected is ahead, or a little late, and not beyond. */
static void test_anything(void **state)
{
	struct stream s = { .now_ns = START, .seed = 3 };
	struct sched_hint_expected expected;
	unsigned int n;

	for (n = 0; n < 200000; n++) {
		u64 ask_ns = s.now_ns + random_size(&s.seed) % (10 * SEC);

		if (!sched_hint_source_expects(&s.source, ask_ns, &expected)) {
			s.now_ns += random_size(&s.seed) % (100 * SEC);
		} else {
			assert_true(sched_hint_expected_until_ns(&expected) >= ask_ns);
			assert_true(expected.at_ns - s.now_ns <= 200 * SEC);
			s.now_ns += random_below(&s.seed, 2) ? expected.at_ns - s.source.last_ns : 1;
		}
		sched_hint_source_learn(&s.source, s.now_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_drifting),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_memoryless),
		cmocka_unit_test(test_echo_and_silence),
		cmocka_unit_test(test_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
