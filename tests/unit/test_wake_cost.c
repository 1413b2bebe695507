// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What waking costs after sleeps that were not measured, against a search.
 */
#include <string.h>

#include "unit.h"

#include "wake_cost.h"

/* The shortest sleep of a class. */
static u64 sleep_of(int class)
{
	return class ? 1ULL << (SHINT_SLEEP_SHIFT + class - 1) : 0;
}

/* A class that was not measured: like the next longer one, else the next shorter. */
static void test_others(void **state)
{
	u64 rnd = 5;
	int n, i, class;

	for (n = 0; n < 2000; n++) {
		struct shint_wake_costs costs = { 0 }, own;
		u64 known[SHINT_SLEEP_CLASSES] = { 0 };

		for (i = 0; i < 12; i++) {
			u64 sample_ns = SHINT_COST_MIN_NS + random_below(&rnd, MS);

			class = random_below(&rnd, SHINT_SLEEP_CLASSES);
			memset(&own, 0, sizeof(own));
			own.ns[class] = known[class];
			own.measured = known[class] ? BIT(class) : 0;
			shint_wake_cost_learn(&costs, sleep_of(class), sample_ns);
			shint_wake_cost_learn(&own, sleep_of(class), sample_ns);
			known[class] = own.ns[class];
			for (class = 0; class < SHINT_SLEEP_CLASSES; class++) {
				int like = class;

				while (like < SHINT_SLEEP_CLASSES && !known[like])
					like++;
				if (like == SHINT_SLEEP_CLASSES)
					while (!known[--like])
						;
				assert_int_equal(shint_wake_cost_ns(&costs, sleep_of(class)),
						 known[like]);
			}
		}
	}
}

/* No sample counts for less, or more, than any wake-up takes. */
static void test_range(void **state)
{
	static const struct {
		u64 sample_ns, cost_ns;
	} samples[] = {
		{ 0, SHINT_COST_MIN_NS }, { 1, SHINT_COST_MIN_NS }, { 3 * US, 3 * US },
		{ MS, SHINT_COST_MAX_NS }, { ~0ULL, SHINT_COST_MAX_NS },
	};
	size_t i;
	int n;

	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		struct shint_wake_costs costs = { 0 };

		for (n = 0; n < 100; n++)
			shint_wake_cost_learn(&costs, 10 * US, samples[i].sample_ns);
		assert_int_equal(shint_wake_cost_ns(&costs, 10 * US), samples[i].cost_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
