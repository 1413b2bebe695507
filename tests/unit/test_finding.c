// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the halts of a second say of a VM: "ok" only if a hint decided one.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#include <linux/kvm_sched_hint.h>

#include "finding.h"
#include "policy.h"

#define STATUS(name)	KVM_SCHED_HINT_STATUS_##name

/* Halts by verdict, as many as are not 0, and what they are to come to. */
static const struct {
	const char *what;
	struct {
		enum shint_verdict verdict;
		u64 halts;
	} counted[4];
	u32 finding;
} cases[] = {
	{ "the page is not there", { { SHINT_STOCK_ABSENT, 1 } }, STATUS(NO_PUBLISHER) },
	{ "nonsense", { { SHINT_STOCK_BAD_SLOT, 1 } }, STATUS(NO_PUBLISHER) },
	{ "no slot", { { SHINT_STOCK_NO_SLOT, 9 } }, STATUS(NO_PUBLISHER) },
	{ "not idle", { { SHINT_STOCK_NOT_IDLE, 9 } }, STATUS(NO_PUBLISHER) },
	{ "stale", { { SHINT_STOCK_STALE, 9 } }, STATUS(NO_PUBLISHER) },
	{ "polling forbidden", { { SHINT_STOCK_NO_POLL, 9 } }, STATUS(NO_POLL) },
	{ "nested", { { SHINT_STOCK_NESTED, 9 } }, STATUS(NESTED) },
	{ "Xen", { { SHINT_STOCK_XEN, 9 } }, STATUS(NESTED) },
	{ "contended", { { SHINT_STOCK_CONTENDED, 9 } }, STATUS(CONTENDED) },
	{ "most are contended",
	  { { SHINT_STOCK_NOT_IDLE, 2 }, { SHINT_STOCK_CONTENDED, 3 } }, STATUS(CONTENDED) },
	{ "more than half are contended", { { SHINT_STOCK_CONTENDED, 9 }, { SHINT_KEEP_GAP, 8 } },
	  STATUS(CONTENDED) },
	{ "half are contended", { { SHINT_STOCK_CONTENDED, 9 }, { SHINT_KEEP_GAP, 9 } }, STATUS(OK) },
	{ "a refusal", { { SHINT_STOCK_BUDGET, 9 } }, STATUS(BUDGET) },

	{ "all that is silent",
	  { { SHINT_STOCK_ABSENT, 1 }, { SHINT_STOCK_NOT_IDLE, 1 }, { SHINT_STOCK_STALE, 1 },
	    { SHINT_STOCK_BAD_SLOT, 1 } }, STATUS(NO_PUBLISHER) },
	{ "most are silent",
	  { { SHINT_STOCK_NO_SLOT, 4 }, { SHINT_STOCK_NO_POLL, 3 }, { SHINT_STOCK_XEN, 3 } },
	  STATUS(NO_PUBLISHER) },
	{ "most forbid polling",
	  { { SHINT_STOCK_NO_SLOT, 3 }, { SHINT_STOCK_NO_POLL, 4 }, { SHINT_STOCK_NESTED, 3 } },
	  STATUS(NO_POLL) },
	{ "most are nested or Xen's",
	  { { SHINT_STOCK_NOT_IDLE, 3 }, { SHINT_STOCK_NO_POLL, 3 }, { SHINT_STOCK_NESTED, 2 },
	    { SHINT_STOCK_XEN, 2 } }, STATUS(NESTED) },
	{ "as many of each",
	  { { SHINT_STOCK_NOT_IDLE, 1 }, { SHINT_STOCK_NO_POLL, 1 }, { SHINT_STOCK_XEN, 1 } },
	  STATUS(NO_POLL) },
	{ "as many silent as nested",
	  { { SHINT_STOCK_NOT_IDLE, 1 }, { SHINT_STOCK_NESTED, 1 } }, STATUS(NO_PUBLISHER) },
	{ "a refusal among silent ones",
	  { { SHINT_STOCK_NO_SLOT, 99 }, { SHINT_STOCK_BUDGET, 1 } }, STATUS(BUDGET) },

	{ "one keep among all",
	  { { SHINT_STOCK_NO_SLOT, 99 }, { SHINT_STOCK_NESTED, 99 }, { SHINT_KEEP_TIMER, 1 } },
	  STATUS(OK) },
	{ "a keep and a refusal",
	  { { SHINT_KEEP_GAP, 99 }, { SHINT_STOCK_BUDGET, 1 } }, STATUS(BUDGET) },
	{ "yields", { { SHINT_YIELD_FAR, 1 } }, STATUS(OK) },
	{ "mode always", { { SHINT_KEEP_ALWAYS, 1 } }, STATUS(OK) },
	{ "test, mode blind, between two wakes", { { SHINT_STOCK_BLIND, 1 } }, STATUS(OK) },
};

static void test_cases(void **state)
{
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* What was counted before does not matter: a second of another kind. */
		u64 verdicts[SHINT_NR_VERDICTS] = {
			[SHINT_STOCK_OFF] = 7, [SHINT_STOCK_NO_POLL] = 5, [SHINT_STOCK_BUDGET] = 3,
			[SHINT_KEEP_EVENT] = 11,
		};
		struct shint_watched last = { .hits = 1 }, now = { .hits = 2 };
		u32 got;

		shint_watched_add(&last, verdicts);
		for (n = 0; n < ARRAY_SIZE(cases[i].counted); n++)
			verdicts[cases[i].counted[n].verdict] += cases[i].counted[n].halts;
		shint_watched_add(&now, verdicts);
		got = shint_finding(&last, &now, STATUS(DISARMED));
		expect(got == cases[i].finding, "%s: %u", cases[i].what, got);
	}
}

/* Each verdict alone: "ok" exactly if the halt was not left to KVM. */
static void test_every_verdict(void **state)
{
	int verdict;

	for (verdict = SHINT_STOCK_QUOTA + 1; verdict < SHINT_NR_VERDICTS; verdict++) {
		struct shint_watched last = { 0 }, now = { .hits = 1 };
		u64 verdicts[SHINT_NR_VERDICTS] = { 0 };
		bool ok;

		if (verdict == SHINT_STOCK_BLIND)
			continue;
		verdicts[verdict] = 1;
		shint_watched_add(&now, verdicts);
		assert_int_equal(now.decided, 1);
		ok = shint_finding(&last, &now, STATUS(NO_HALTS)) == STATUS(OK);
		expect(ok == !shint_verdict_is_stock(verdict), "verdict %d", verdict);
	}
}

/* The sums are of all vCPUs. */
static void test_vcpus(void **state)
{
	u64 one[SHINT_NR_VERDICTS] = { [SHINT_STOCK_NO_POLL] = 2 };
	u64 other[SHINT_NR_VERDICTS] = { [SHINT_STOCK_NOT_IDLE] = 3 };
	u64 third[SHINT_NR_VERDICTS] = { [SHINT_KEEP_TIMER] = 1 };
	struct shint_watched last = { 0 }, now = { .hits = 6 };

	shint_watched_add(&now, one);
	shint_watched_add(&now, other);
	assert_int_equal(shint_finding(&last, &now, STATUS(OK)), STATUS(NO_PUBLISHER));
	shint_watched_add(&now, third);
	assert_int_equal(shint_finding(&last, &now, STATUS(NO_HALTS)), STATUS(OK));
}

/* Nothing new without halts, in mode off either; and none at all is a finding. */
static void test_no_halts(void **state)
{
	u64 off[SHINT_NR_VERDICTS] = { [SHINT_STOCK_OFF] = 5, [SHINT_STOCK_QUOTA] = 5 };
	struct shint_watched last = { .hits = 9 }, now = { .hits = 9 };

	assert_int_equal(shint_finding(&last, &now, STATUS(BUDGET)), STATUS(BUDGET));
	shint_watched_add(&now, off);
	now.hits = 19;
	assert_int_equal(shint_finding(&last, &now, STATUS(OK)), STATUS(OK));
	last.hits = 0;
	now.hits = 0;
	assert_int_equal(shint_finding(&last, &now, STATUS(OK)), STATUS(NO_HALTS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_every_verdict),
		cmocka_unit_test(test_vcpus),
		cmocka_unit_test(test_no_halts),
	};

	return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
