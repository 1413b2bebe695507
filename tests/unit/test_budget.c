// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The budget: whatever is granted and kept, no window of one second holds more
 * kept time than the limit.
 */
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#include "budget.h"

#define WINDOW	SEC
/* How long after a second a charge may still count: the budget's coarseness. */
#define GRAIN	(WINDOW / 16)

/* A grant that is known to fit. */
static void reserve(struct shint_budget *b, u64 now_ns, u64 grant_ns)
{
	assert_true(shint_budget_reserve(b, SEC, now_ns, grant_ns));
}

static void check_sum(const struct shint_budget *b)
{
	u64 sum = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(b->cell_ns); i++) {
		expect(b->cell_ns[i] < 1ULL << 62, "cell %zu: %llu", i, b->cell_ns[i]);
		sum += b->cell_ns[i];
	}
	assert_true(b->used_ns == sum);
}

/* What does not fit is refused, and leaves no trace. */
static void test_refused(void **state)
{
	struct shint_budget b = { 0 };
	u64 t = 77 * SEC;

	assert_true(shint_budget_reserve(&b, 50 * MS, t, 30 * MS));
	assert_false(shint_budget_reserve(&b, 50 * MS, t, 20 * MS + 1));
	assert_false(shint_budget_reserve(&b, 29 * MS, t, 1));
	assert_int_equal(shint_budget_left_ns(&b, 50 * MS, t), 20 * MS);
	assert_true(shint_budget_reserve(&b, 50 * MS, t, 20 * MS));
	assert_false(shint_budget_reserve(&b, 50 * MS, t + 500 * MS, 1));
	assert_false(shint_budget_reserve(&b, 0, t + 10 * SEC, 1));
	check_sum(&b);
}

/* A VM that is attached anew has nothing until a second is over, and then all, whatever the limits are. */
static void test_new(void **state)
{
	static const u64 limits[] = { 1, 50 * MS, SEC };
	u64 t = 77 * SEC + 13 * MS, at;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		struct shint_budget b = { 0 };

		shint_budget_init(&b, SEC, t);
		for (at = t; at <= t + SEC; at += 7 * MS) {
			assert_int_equal(shint_budget_left_ns(&b, limits[i], at), 0);
			assert_int_equal(shint_budget_used_ns(&b, at), SEC);
		}
		assert_int_equal(shint_budget_left_ns(&b, limits[i], t + SEC + 2 * GRAIN), limits[i]);
		check_sum(&b);
	}
}

/* Looking at the use changes nothing, and tells what cannot be granted. */
static void test_used(void **state)
{
	struct shint_budget b = { 0 }, before;
	u64 t = 33 * SEC, at;

	assert_int_equal(shint_budget_used_ns(&b, 0), 0);
	assert_int_equal(shint_budget_used_ns(&b, t), 0);
	reserve(&b, t, 30 * MS);
	reserve(&b, t + 400 * MS, 200 * MS);
	for (at = t; at < t + 3 * SEC; at += 7 * MS) {
		struct shint_budget copy = b;

		before = b;
		expect(shint_budget_used_ns(&b, at) == SEC - shint_budget_left_ns(&copy, SEC, at),
		       "at %llu: used %llu", at - t, shint_budget_used_ns(&b, at));
		assert_memory_equal(&b, &before, sizeof(b));
	}
	assert_int_equal(shint_budget_used_ns(&b, t + 500 * MS), 230 * MS);
	assert_int_equal(shint_budget_used_ns(&b, t + 3 * SEC), 0);
}

/* It cannot be had to give back more than it took. */
static void test_settled_twice(void **state)
{
	struct shint_budget b = { 0 };

	reserve(&b, 5 * SEC, 100 * MS);
	reserve(&b, 5 * SEC, 10 * MS);
	shint_budget_settle(&b, 5 * SEC, 100 * MS, 0, 5 * SEC + MS);
	shint_budget_settle(&b, 5 * SEC, 100 * MS, 0, 5 * SEC + 2 * MS);
	check_sum(&b);
	assert_int_equal(shint_budget_left_ns(&b, SEC, 5 * SEC + 3 * MS), SEC);
}

static void test_limit(void **state)
{
	static const struct {
		u64 percent, limit_ns;
	} cases[] = {
		{ 0, 0 }, { 1, 10 * MS }, { 25, 250 * MS }, { 100, SEC }, { 409600, 4096 * SEC },
	};
	struct shint_budget b = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 limit_ns = shint_budget_limit_ns(cases[i].percent);

		assert_true(limit_ns == cases[i].limit_ns);
		assert_true(shint_budget_left_ns(&b, limit_ns, i * MS) == limit_ns);
	}
}

static void test_refund(void **state)
{
	struct shint_budget b = { 0 };
	u64 t = 123 * SEC + 7 * MS;

	reserve(&b, t, 20 * MS);
	assert_int_equal(shint_budget_left_ns(&b, 250 * MS, t), 230 * MS);
	/* an event came after 1 ms */
	shint_budget_settle(&b, t, 20 * MS, 1 * MS, t + 5 * MS);
	assert_int_equal(shint_budget_left_ns(&b, 250 * MS, t + 5 * MS), 249 * MS);
	/* at once */
	reserve(&b, t + 5 * MS, 20 * MS);
	shint_budget_settle(&b, t + 5 * MS, 20 * MS, 0, t + 6 * MS);
	assert_int_equal(shint_budget_left_ns(&b, 250 * MS, t + 6 * MS), 249 * MS);
	/* not at all */
	reserve(&b, t + 6 * MS, 20 * MS);
	shint_budget_settle(&b, t + 6 * MS, 20 * MS, 20 * MS, t + 40 * MS);
	assert_int_equal(shint_budget_left_ns(&b, 250 * MS, t + 40 * MS), 229 * MS);
	check_sum(&b);
}

/* The vCPU never halted again. */
static void test_never_settled(void **state)
{
	u64 start;

	for (start = 5 * SEC; start < 5 * SEC + 2 * GRAIN; start += GRAIN / 7) {
		struct shint_budget b = { 0 };
		u64 t;

		assert_int_equal(shint_budget_left_ns(&b, 50 * MS, start), 50 * MS);
		reserve(&b, start, 50 * MS);
		for (t = start; t < start + WINDOW; t += 3 * MS)
			expect(!shint_budget_left_ns(&b, 50 * MS, t), "%llu", t - start);
		t = start + WINDOW + 50 * MS + 2 * GRAIN;
		assert_int_equal(shint_budget_left_ns(&b, 50 * MS, t), 50 * MS);
		check_sum(&b);
	}
}

/* Settled so late that its cell belongs to a later time, and to another grant. */
static void test_settled_late(void **state)
{
	u64 late;

	for (late = WINDOW; late < 4 * WINDOW; late += GRAIN / 2) {
		struct shint_budget b = { 0 };
		u64 t = 9 * SEC;

		reserve(&b, t, 40 * MS);
		reserve(&b, t + late, 30 * MS);
		shint_budget_settle(&b, t, 40 * MS, 40 * MS, t + late);
		check_sum(&b);
		/* the second one's charge stands */
		assert_in_range(shint_budget_left_ns(&b, 200 * MS, t + late),
				late > WINDOW + 2 * GRAIN ? 170 * MS : 130 * MS, 170 * MS);
		shint_budget_settle(&b, t + late, 30 * MS, 0, t + late + MS);
		t += late + 2 * WINDOW + MS;
		assert_int_equal(shint_budget_left_ns(&b, 200 * MS, t), 200 * MS);
		check_sum(&b);
	}
}

/* A keep of 500 ms is given back as it leaves the window, not all at once. */
static void test_long_keep(void **state)
{
	struct shint_budget b = { 0 };
	u64 t, start = 30 * SEC + 10 * MS;
	u64 limit = 500 * MS;

	reserve(&b, start, 500 * MS);
	shint_budget_settle(&b, start, 500 * MS, 500 * MS, start + 600 * MS);
	for (t = start + 600 * MS; t < start + 2 * SEC; t += MS) {
		u64 left = shint_budget_left_ns(&b, limit, t);
		u64 gone = t > start + WINDOW ? t - WINDOW - start : 0;
		u64 most = gone < limit ? gone : limit;
		u64 late = gone > GRAIN ? gone - GRAIN : 0;
		u64 least = late < limit ? late : limit;

		expect(left <= most, "after %llu: %llu", t - start, left);
		expect(left >= least, "after %llu: %llu", t - start, left);
	}
}

static void test_time_jumps(void **state)
{
	static const u64 jumps[] = {
		0, 1, GRAIN, WINDOW - 1, WINDOW, WINDOW + GRAIN, 3600 * SEC, 1ULL << 62, 1ULL << 62,
	};
	struct shint_budget b = { 0 };
	u64 t = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(jumps); i++) {
		t += jumps[i];
		shint_budget_left_ns(&b, SEC, t);
		reserve(&b, t, 10 * MS);
		if (jumps[i] > WINDOW + GRAIN)
			assert_int_equal(shint_budget_left_ns(&b, SEC, t), 990 * MS);
		check_sum(&b);
	}
}

/* Another vCPU of the VM has looked at its clock a little later. */
static void test_clock_a_little_back(void **state)
{
	struct shint_budget b = { 0 };
	u64 edge = 160 * GRAIN;

	assert_int_equal(shint_budget_left_ns(&b, SEC, edge), SEC);
	assert_int_equal(shint_budget_left_ns(&b, SEC, edge - 10), SEC);
	reserve(&b, edge - 10, 20 * MS);
	assert_int_equal(shint_budget_left_ns(&b, SEC, edge), 980 * MS);
	shint_budget_settle(&b, edge - 10, 20 * MS, 5 * MS, edge - 5);
	assert_int_equal(shint_budget_left_ns(&b, SEC, edge), 995 * MS);
	check_sum(&b);
}

/*
 * The reference: every interval that was really kept. Kept time up to t is a
 * piecewise linear function; what a window holds is extreme where the window
 * begins or ends at one of its corners.
 */
#define MAX_CORNERS	2100000

static struct corner {
	u64 t;
	u64 kept_ns;	/* before t, over all vCPUs */
	int slope;	/* first: change at t; then: from t on */
} *corners;
static size_t nr_corners;

static void log_keep(u64 from, u64 until)
{
	if (from == until)
		return;
	assert_true(nr_corners + 2 <= MAX_CORNERS);
	corners[nr_corners++] = (struct corner){ .t = from, .slope = 1 };
	corners[nr_corners++] = (struct corner){ .t = until, .slope = -1 };
}

static int corner_cmp(const void *a, const void *b)
{
	const struct corner *x = a, *y = b;

	return x->t < y->t ? -1 : x->t > y->t;
}

/* Kept time before t; *i is where the last call with a smaller t was. */
static u64 kept_before(u64 t, size_t *i)
{
	while (*i + 1 < nr_corners && corners[*i + 1].t <= t)
		++*i;
	if (t <= corners[*i].t)
		return corners[*i].kept_ns;
	return corners[*i].kept_ns + corners[*i].slope * (t - corners[*i].t);
}

static u64 fullest_window(void)
{
	size_t i, begin = 0, begin_of_end = 0, end = 0, end_of_begin = 0;
	u64 most = 0;

	if (!nr_corners)
		return 0;
	qsort(corners, nr_corners, sizeof(*corners), corner_cmp);
	corners[0].kept_ns = 0;
	for (i = 1; i < nr_corners; i++) {
		corners[i].slope += corners[i - 1].slope;
		corners[i].kept_ns = corners[i - 1].kept_ns +
			corners[i - 1].slope * (corners[i].t - corners[i - 1].t);
	}
	for (i = 0; i < nr_corners; i++) {
		u64 t = corners[i].t, from = t > WINDOW ? t - WINDOW : 0;
		u64 ends = kept_before(t, &end) - kept_before(from, &begin_of_end);
		u64 begins = kept_before(t + WINDOW, &end_of_begin) - kept_before(t, &begin);

		most = ends > most ? ends : most;
		most = begins > most ? begins : most;
	}
	return most;
}

/* A VM whose vCPUs halt at random, and keep as much as they get. */
struct world {
	const char *what;
	u64 seed;
	unsigned int nr_vcpus;
	u64 limit_ns;
	u64 max_keep_ns;
	bool late;	/* vCPUs run for long between halts, or never halt again */
	bool greedy;	/* all that is left is asked for */
};

#define MAX_VCPUS	8

struct grant {
	u64 at_ns, ns, kept_ns;
	u64 busy_until_ns;	/* no halt before this */
	bool out;
};

static u64 random_pause(const struct world *w, u64 *rnd)
{
	u64 r = random_below(rnd, 1000);

	if (r == 0)
		return random_below(rnd, 3 * SEC);
	if (r < 20)
		return random_below(rnd, 100 * MS);
	return random_below(rnd, w->greedy ? 50 * US : 2 * MS);
}

static void world_halt(const struct world *w, struct shint_budget *b, struct grant *g, u64 now,
		       u64 *rnd)
{
	u64 left;

	if (g->out)
		shint_budget_settle(b, g->at_ns, g->ns, g->kept_ns, now);
	g->out = false;

	left = shint_budget_left_ns(b, w->limit_ns, now);
	assert_true(left <= w->limit_ns);
	g->at_ns = now;
	g->ns = left < w->max_keep_ns ? left : w->max_keep_ns;
	if (!w->greedy && g->ns && random_below(rnd, 3))
		g->ns = random_below(rnd, g->ns + 1);
	if (!g->ns)
		return;
	assert_true(shint_budget_reserve(b, w->limit_ns, now, g->ns));
	g->kept_ns = g->ns;
	if (!w->greedy && random_below(rnd, 2))
		g->kept_ns = random_below(rnd, g->ns + 1);
	g->out = true;
	g->busy_until_ns = now + g->kept_ns;
	if (w->late && !random_below(rnd, 4))
		g->busy_until_ns += random_below(rnd, 3 * SEC);
	log_keep(now, now + g->kept_ns);
}

/* Returns the time it took. */
static u64 world_run(const struct world *w, unsigned int steps)
{
	struct grant grants[MAX_VCPUS] = { 0 };
	struct shint_budget b = { 0 };
	u64 rnd = w->seed, now = 3 * SEC, begun = now;
	unsigned int i, v;

	nr_corners = 0;
	for (i = 0; i < steps; i++) {
		struct grant *g = &grants[random_below(&rnd, w->nr_vcpus)];

		now += random_pause(w, &rnd);
		if (w->nr_vcpus == 1 && now < g->busy_until_ns)
			now = g->busy_until_ns;
		for (v = 0; v < w->nr_vcpus && !w->late; v++) {
			struct grant *other = &grants[v];

			if (!other->out || other->at_ns + other->kept_ns > now)
				continue;
			shint_budget_settle(&b, other->at_ns, other->ns, other->kept_ns, now);
			other->out = false;
		}
		if (now < g->busy_until_ns)
			continue;
		world_halt(w, &b, g, now, &rnd);
		if (!(i % 1000))
			check_sum(&b);
	}
	return now - begun;
}

static const struct world worlds[] = {
	{ "default", 1, 1, 250 * MS, 20 * MS, true, false },
	{ "default, greedy", 2, 1, 250 * MS, 20 * MS, true, true },
	{ "small", 3, 1, 10 * MS, 20 * MS, true, false },
	{ "odd", 4, 1, 123456789, 7654321, true, false },
	{ "long keeps", 5, 1, 900 * MS, SEC, true, false },
	{ "long keeps, greedy", 6, 1, 500 * MS, SEC, true, true },
	{ "all of a pCPU", 7, 1, SEC, SEC, true, true },
	{ "1 ns", 8, 1, 1, SEC, true, true },
	{ "VM", 9, 4, 250 * MS, 20 * MS, false, false },
	{ "VM, greedy", 10, 8, 500 * MS, 20 * MS, false, true },
	{ "VM, long keeps", 11, 8, 2 * SEC, SEC, false, true },
	{ "VM, settled late", 12, 4, 250 * MS, 20 * MS, true, false },
	{ "VM, settled late, greedy", 13, 8, 500 * MS, 20 * MS, true, true },
	{ "VM, long keeps, settled late", 14, 8, 2 * SEC, SEC, true, true },
};

static void test_no_window_above(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(worlds); i++) {
		u64 took = world_run(&worlds[i], 80000);
		u64 most = fullest_window();

		if (getenv("VERBOSE"))
			printf("# %s: %llu of %llu ns, %zu keeps in %llu s\n", worlds[i].what, most,
			       worlds[i].limit_ns, nr_corners / 2, took / SEC);
		expect(most <= worlds[i].limit_ns, "%s: a window holds %llu of %llu ns",
		       worlds[i].what, most, worlds[i].limit_ns);
		/* and it is no budget that refuses all */
		expect(most >= worlds[i].limit_ns / 2, "%s: the fullest window holds %llu of %llu",
		       worlds[i].what, most, worlds[i].limit_ns);
	}
}

/*
 * A vCPU of a VM was kept and then runs on for a second. Its charge is not
 * settled, and what it was kept still counts when others halt.
 */
static void test_unsettled_still_counts(void **state)
{
	u64 start, after, most;
	unsigned int i;

	for (start = 100 * GRAIN; start < 101 * GRAIN; start += GRAIN / 25) {
		for (after = start + WINDOW; after < start + WINDOW + 2 * GRAIN; after += MS) {
			struct shint_budget b = { 0 };

			nr_corners = 0;
			reserve(&b, start, 100 * MS);
			log_keep(start, start + 100 * MS);
			for (i = 0; i < 5; i++) {
				u64 left = shint_budget_left_ns(&b, 100 * MS, after);
				u64 grant = left < 20 * MS ? left : 20 * MS;

				reserve(&b, after, grant);
				log_keep(after, after + grant);
			}
			most = fullest_window();
			expect(most <= 100 * MS, "%llu and %llu: %llu", start, after, most);
		}
	}
}

static void test_long_run(void **state)
{
	static const struct world w = { "long run", 77, 1, 250 * MS, 20 * MS, true, false };

	world_run(&w, 1000000);
	assert_in_range(fullest_window(), 200 * MS, 250 * MS);
}

/* Who asks for all gets nearly all, second for second. */
static void test_not_stingy(void **state)
{
	static const u64 limits[] = { 10 * MS, 250 * MS, SEC };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		struct shint_budget b = { 0 };
		u64 now = 0, kept = 0;

		while (now < 100 * SEC) {
			u64 left = shint_budget_left_ns(&b, limits[i], now);
			u64 grant = left < MS ? left : MS;

			reserve(&b, now, grant);
			now += grant ? grant : 100 * US;
			shint_budget_settle(&b, now - grant, grant, grant, now);
			kept += grant;
		}
		assert_in_range(kept, limits[i] * 90, limits[i] * 101);
	}
}

static void test_limit_zero(void **state)
{
	static const struct world w = { "limit 0", 5, 4, 0, 20 * MS, true, true };

	world_run(&w, 10000);
	assert_int_equal(nr_corners, 0);
}

static int setup(void **state)
{
	corners = calloc(MAX_CORNERS, sizeof(*corners));
	return !corners;
}

static int teardown(void **state)
{
	free(corners);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_used),
		cmocka_unit_test(test_refund),
		cmocka_unit_test(test_settled_twice),
		cmocka_unit_test(test_never_settled),
		cmocka_unit_test(test_settled_late),
		cmocka_unit_test(test_long_keep),
		cmocka_unit_test(test_time_jumps),
		cmocka_unit_test(test_clock_a_little_back),
		cmocka_unit_test(test_no_window_above),
		cmocka_unit_test(test_unsettled_still_counts),
		cmocka_unit_test(test_long_run),
		cmocka_unit_test(test_not_stingy),
		cmocka_unit_test(test_limit_zero),
	};

	return cmocka_run_group_tests_name("budget", tests, setup, teardown);
}
