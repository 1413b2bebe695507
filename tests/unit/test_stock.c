// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shadow of KVM's adaptive polling, against a model of kvm_vcpu_halt() that
 * was written down separately from the sources of 6.1 and 6.12, and against a
 * table worked out by hand.
 */
#include "unit.h"

#include "stock.h"

/* The model: what KVM keeps, and what one halt does to it. */
struct model {
	u32 halt_poll_ns;
};

static u32 model_begin(struct model *m, const struct shint_stock_params *p)
{
	if (m->halt_poll_ns > p->max_ns)
		m->halt_poll_ns = p->max_ns;
	return m->halt_poll_ns;
}

static void model_end(struct model *m, const struct shint_stock_params *p, u64 halt_ns)
{
	enum { LEAVE, GROW, SHRINK, RESET } what = LEAVE;
	u32 val = m->halt_poll_ns;

	if (p->max_ns == 0)
		what = RESET;
	else if (halt_ns > val && val > 0 && halt_ns > p->max_ns)
		what = SHRINK;
	else if (halt_ns > val && val < p->max_ns && halt_ns < p->max_ns)
		what = GROW;

	switch (what) {
	case GROW:
		if (p->grow == 0)
			break;
		val = (u32)((u64)val * p->grow & 0xffffffff);
		m->halt_poll_ns = val > p->grow_start_ns ? val : p->grow_start_ns;
		break;
	case SHRINK:
		val = p->shrink == 0 ? 0 : val / p->shrink;
		m->halt_poll_ns = val >= p->grow_start_ns ? val : 0;
		break;
	case RESET:
		m->halt_poll_ns = 0;
		break;
	case LEAVE:
		break;
	}
}

static const struct shint_stock_params defaults_6_1 = { 200000, 2, 10000, 0 };
static const struct shint_stock_params defaults_6_12 = { 200000, 2, 10000, 2 };

/* Halts in their order: how long, and how long each kernel polls in the next. */
static const struct {
	u64 halt_ns;
	u32 next_6_1;
	u32 next_6_12;
} golden[] = {
	{ 5000000,	0,	0 },		/* long, and nothing to shrink */
	{ 200000,	0,	0 },		/* the maximum itself is not short */
	{ 199999,	10000,	10000 },	/* short: the start value */
	{ 10000,	10000,	10000 },	/* met while polling */
	{ 10001,	20000,	20000 },
	{ 150000,	40000,	40000 },
	{ 150000,	80000,	80000 },
	{ 80000,	80000,	80000 },
	{ 80001,	160000,	160000 },
	{ 160001,	200000,	200000 },	/* doubled past the maximum, and cut */
	{ 200000,	200000,	200000 },
	{ 1,		200000,	200000 },
	{ 200001,	0,	100000 },	/* long: here the kernels differ */
	{ 4294967296,	0,	50000 },	/* does not fit 32 bits */
	{ 200001,	0,	25000 },
	{ 200001,	0,	12500 },
	{ 200001,	0,	0 },		/* 6250 is below the start value */
	{ 200001,	0,	0 },
	{ 1,		10000,	10000 },
};

static void test_golden(void **state)
{
	struct shint_stock s61 = { 0 }, s612 = { 0 };
	size_t i;

	assert_int_equal(shint_stock_poll_ns(&s61, &defaults_6_1), 0);
	for (i = 0; i < ARRAY_SIZE(golden); i++) {
		u32 got61, got612;

		shint_stock_replay(&s61, &defaults_6_1, golden[i].halt_ns);
		shint_stock_replay(&s612, &defaults_6_12, golden[i].halt_ns);
		got61 = shint_stock_poll_ns(&s61, &defaults_6_1);
		got612 = shint_stock_poll_ns(&s612, &defaults_6_12);
		expect(got61 == golden[i].next_6_1, "6.1, halt %zu: %u", i, got61);
		expect(got612 == golden[i].next_6_12, "6.12, halt %zu: %u", i, got612);
	}
}

/* One halt with unusual parameters. */
static const struct {
	const char *what;
	struct shint_stock_params params;
	u32 poll_ns;
	u64 halt_ns;
	u32 next_ns;
} single[] = {
	{ "grow 0 grows nothing", { 200000, 0, 10000, 2 }, 0, 500, 0 },
	{ "grow 0 keeps what is there", { 200000, 0, 10000, 2 }, 20000, 30000, 20000 },
	{ "grow 1 stays at its start", { 200000, 1, 10000, 2 }, 10000, 30000, 10000 },
	{ "grow start 0 stays at 0", { 200000, 2, 0, 2 }, 0, 500, 0 },
	{ "shrink 0 is to nothing", { 200000, 2, 10000, 0 }, 160000, 300000, 0 },
	{ "shrink 1 stays", { 200000, 2, 10000, 1 }, 160000, 300000, 160000 },
	{ "shrink below the start value", { 200000, 2, 10000, 16 }, 159999, 300000, 0 },
	{ "shrink to the start value", { 200000, 2, 10000, 16 }, 160000, 300000, 10000 },
	{ "32 bits wrap", { 4000000000, 2, 10000, 2 }, 2147483648, 2500000000, 10000 },
	{ "32 bits wrap, some left", { 4000000000, 3, 10000, 2 }, 1500000000, 1600000000,
	  205032704 },
	{ "maximum 0", { 0, 2, 10000, 2 }, 50000, 10, 0 },
	{ "maximum lowered", { 30000, 0, 10000, 2 }, 50000, 10, 30000 },
	{ "start value above the maximum", { 5000, 2, 10000, 2 }, 0, 10, 5000 },
};

static void test_single(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(single); i++) {
		struct shint_stock stock = { .poll_ns = single[i].poll_ns };
		u32 got;

		shint_stock_poll_ns(&stock, &single[i].params);
		shint_stock_replay(&stock, &single[i].params, single[i].halt_ns);
		got = shint_stock_poll_ns(&stock, &single[i].params);
		expect(got == single[i].next_ns, "%s: %u", single[i].what, got);
	}
}

static u32 random_param(u64 *seed, u32 usual)
{
	switch (random_below(seed, 4)) {
	case 0:
		return random_below(seed, 4);
	case 1:
		return random_size(seed);
	default:
		return usual;
	}
}

/* A halt that is near what decides, or of any length. */
static u64 random_halt(u64 *seed, u32 poll_ns, const struct shint_stock_params *p)
{
	switch (random_below(seed, 4)) {
	case 0:
		return poll_ns + random_below(seed, 3);
	case 1:
		return (u64)p->max_ns + random_below(seed, 3);
	case 2:
		return 1 + random_below(seed, (u64)p->max_ns + 2);
	default:
		return random_size(seed);
	}
}

/* KVM's parameters are writable at run time; the model and the shadow agree. */
static void test_against_model(void **state)
{
	u64 seed, polled = 0;
	int i;

	for (seed = 1; seed <= 20; seed++) {
		struct shint_stock_params p = defaults_6_12;
		struct shint_stock stock = { 0 };
		struct model model = { 0 };
		u64 rnd = seed;

		for (i = 0; i < 50000; i++) {
			u32 want = model_begin(&model, &p);
			u32 got = shint_stock_poll_ns(&stock, &p);
			u64 halt_ns = random_halt(&rnd, want, &p);

			expect(got == want, "seed %llu, halt %d: polls %u, KVM would %u",
			       seed, i, got, want);
			polled += !!got;
			model_end(&model, &p, halt_ns);
			shint_stock_replay(&stock, &p, halt_ns);
			if (random_below(&rnd, 50))
				continue;
			p.max_ns = random_param(&rnd, 200000);
			p.grow = random_param(&rnd, 2);
			p.grow_start_ns = random_param(&rnd, 10000);
			p.shrink = random_param(&rnd, seed & 1 ? 0 : 2);
		}
	}
	/* Not just two zeros that agree. */
	assert_in_range(polled, 300000, 1000000);
}

/*
 * A halt for which a grant was in force: nobody asks how long stock would have
 * polled, only its end is replayed.
 */
static void test_halts_not_asked_for(void **state)
{
	struct shint_stock_params p = defaults_6_12;
	struct shint_stock stock = { 0 };
	struct model model = { 0 };
	u64 rnd = 99;
	int i;

	for (i = 0; i < 100000; i++) {
		u64 halt_ns;

		model_begin(&model, &p);
		halt_ns = random_halt(&rnd, model.halt_poll_ns, &p);
		model_end(&model, &p, halt_ns);
		shint_stock_replay(&stock, &p, halt_ns);
		if (!random_below(&rnd, 10))
			p.max_ns = random_below(&rnd, 400000);
	}
	assert_int_equal(shint_stock_poll_ns(&stock, &p), model_begin(&model, &p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_halts_not_asked_for),
	};

	return cmocka_run_group_tests_name("stock", tests, NULL, NULL);
}
