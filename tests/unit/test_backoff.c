// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Backing off: when keeps are given up, for how long, and that they are not
 * where they pay.
 */
#include <string.h>

#include "unit.h"

#include "backoff.h"

#define NOW	(1000 * SEC)
#define WORTH	(800 * US)

/* So many keeps, of which every n-th is cut off; whether there was a pause. */
static bool cut_every(struct shint_backoff *b, unsigned int n, unsigned int keeps, u64 *now)
{
	bool paused = false;
	unsigned int i;

	for (i = 0; i < keeps; i++, *now += MS) {
		bool begins = shint_backoff_cut(b, n && i % n == 0, *now);

		assert_int_equal(begins, shint_backoff_contended(b, *now));
		paused |= begins;
		if (begins)
			*now += 2 * SEC;
	}
	return paused;
}

static void test_contended(void **state)
{
	struct shint_backoff b = { 0 };
	u64 now = NOW;
	unsigned int i;

	assert_false(shint_backoff_contended(&b, now));
	/* none, a third, half: others are there now and then */
	assert_false(cut_every(&b, 0, 1000, &now));
	assert_false(cut_every(&b, 3, 1000, &now));
	assert_false(cut_every(&b, 2, 1000, &now));
	/* all: within a few keeps, for about a second */
	for (i = 1; !shint_backoff_cut(&b, true, now); i++)
		assert_true(i < 20);
	assert_true(shint_backoff_contended(&b, now));
	assert_true(shint_backoff_contended(&b, now + 900 * MS));
	assert_false(shint_backoff_contended(&b, now + 1100 * MS));
	/* then it is tried anew, and given up anew */
	now += 2 * SEC;
	assert_true(cut_every(&b, 1, 20, &now));
}

static enum shint_met met_if(bool met)
{
	return met ? SHINT_MET_EVENT : SHINT_MET_NOTHING;
}

static void test_pays(void **state)
{
	struct shint_backoff b = { 0 };
	unsigned int i;

	/* a hit of six, for a sixth of its worth each: it just pays */
	for (i = 0; i < 6000; i++)
		assert_false(shint_backoff_spent(&b, SHINT_FOR_GAP, met_if(i % 6 == 0), WORTH / 6,
						 WORTH, NOW + i * MS));
	/* hits that cost nothing are not hoarded for ever */
	for (i = 0; i < 6000; i++)
		assert_false(shint_backoff_spent(&b, SHINT_FOR_GAP, SHINT_MET_EVENT, 0, WORTH, NOW));
	for (i = 0; !shint_backoff_spent(&b, SHINT_FOR_GAP, SHINT_MET_NOTHING, WORTH, WORTH,
					 NOW); i++)
		assert_true(i < 30);
	assert_true(i > 2);
}

static void test_does_not_pay(void **state)
{
	struct shint_backoff b = { 0 };
	unsigned int i;

	for (i = 0; !shint_backoff_spent(&b, SHINT_FOR_EVENT, SHINT_MET_NOTHING, WORTH, WORTH,
					 NOW); i++)
		assert_true(i < 20);
	assert_true(i > 2);
	assert_false(shint_backoff_pays(&b, SHINT_FOR_EVENT, NOW));
	assert_false(shint_backoff_pays(&b, SHINT_FOR_EVENT, NOW + 900 * MS));
	assert_true(shint_backoff_pays(&b, SHINT_FOR_EVENT, NOW + 1100 * MS));
	/* it is no other reason's doing */
	assert_true(shint_backoff_pays(&b, SHINT_FOR_TIMER, NOW));
	assert_true(shint_backoff_pays(&b, SHINT_FOR_GAP, NOW));
	assert_false(shint_backoff_contended(&b, NOW));
	/* and a hit now and then does not save it */
	for (i = 0; !shint_backoff_spent(&b, SHINT_FOR_EVENT, met_if(i % 10 == 0), WORTH,
					 WORTH, NOW); i++)
		assert_true(i < 40);
}

/* A timer ends what is kept for an event: that is none, though the vCPU was awake for it. */
static void test_timers(void **state)
{
	struct shint_backoff b = { 0 };
	unsigned int i;

	for (i = 0; i < 1000; i++)
		assert_false(shint_backoff_spent(&b, SHINT_FOR_TIMER, SHINT_MET_TIMER, WORTH / 2,
						 WORTH, NOW));
	for (i = 0; !shint_backoff_spent(&b, SHINT_FOR_EVENT, SHINT_MET_TIMER, WORTH / 2, WORTH,
					 NOW); i++)
		assert_true(i < 40);
	for (i = 0; !shint_backoff_spent(&b, SHINT_FOR_GAP, SHINT_MET_TIMER, WORTH / 2, WORTH,
					 NOW); i++)
		assert_true(i < 40);
}

/* Whatever is kept and worth: what is kept in vain in a row is bounded. */
static void test_bounded(void **state)
{
	u64 seed;

	for (seed = 1; seed <= 1000; seed++) {
		u64 rnd = seed, worth = 1 + random_below(&rnd, 16 * MS), vain = 0;
		struct shint_backoff b = { 0 };
		unsigned int i;

		for (i = 0; i < 100; i++)
			shint_backoff_spent(&b, SHINT_FOR_TIMER, random_below(&rnd, 3),
					    random_below(&rnd, SEC), worth, NOW);
		for (;;) {
			u64 kept = 1 + random_below(&rnd, worth);

			vain += kept;
			if (shint_backoff_spent(&b, SHINT_FOR_TIMER, SHINT_MET_NOTHING, kept, worth,
						NOW))
				break;
		}
		expect(vain <= 20 * worth, "%llu of %llu", vain, worth);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contended),
		cmocka_unit_test(test_pays),
		cmocka_unit_test(test_does_not_pay),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
