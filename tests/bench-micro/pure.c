// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The product's pure functions, one at a time, for a count of instructions and
 * for the clock.
 *
 *	pure			lists the benches: name, calls for a count, whether these
 *				take an input each, what it is
 *	pure NAME CALLS		calls it so often; callgrind counts measured_call()
 *	pure NAME		prints ns per call: the least of many rounds
 *
 * The benches `empty` and, with an input, `empty_input` call a function that does
 * nothing: what is to be subtracted. What a bench prepares is not counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "policy.h"
#include "registry.h"
#include "slot.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define US		1000ULL
#define MS		(1000 * US)
#define SEC		(1000 * MS)
#define NONE		VIRTIO_SCHED_HINT_NS_NONE
#define START		(1000 * SEC)

#define NS_ROUNDS	200
#define NS_CALLS	2000
#define VMS_MAX		10000
#define INPUTS		1024

static struct {
	struct shint_predictor predictor;
	struct shint_backoff backoff;
	struct shint_gaps gaps;
	struct shint_wake_costs costs;
	struct shint_hint hint;
	struct shint_situation situation;
	struct shint_decision decision;
	u64 at_ns;	/* the last event's */
} vcpu;

/* What stateful functions are fed with; a bench may be called without end. */
static u64 inputs[INPUTS];
static unsigned int input;
static u64 seed;

static u64 random_u64(void)
{
	u64 x = seed += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

static u64 between(u64 low, u64 high)
{
	return low + random_u64() % (high - low);
}

static void die(const char *what)
{
	fprintf(stderr, "pure: %s\n", what);
	exit(1);
}

/*
 * As the module learns: gaps and, after the longer ones, starts. A part of the
 * plan is made each time, the budget as full as @left of @limit says.
 */
static void event(u64 gap_ns, u64 left, u64 limit)
{
	vcpu.at_ns += gap_ns;
	shint_gaps_learn(&vcpu.gaps, gap_ns);
	if (gap_ns > shint_policy_start_gap_ns(&vcpu.costs))
		shint_predict_start(&vcpu.predictor, vcpu.at_ns);
	shint_gaps_plan(&vcpu.gaps, &vcpu.costs, shint_policy_hit_worth(left, limit));
}

/* A measured vCPU on a pCPU with idle states: 2 us to a tenth of a millisecond. */
static void measured_costs(void)
{
	static const u32 ns[SHINT_SLEEP_CLASSES] = {
		8000, 15000, 30000, 60000, 90000, 110000, 110000, 110000
	};

	memcpy(vcpu.costs.ns, ns, sizeof(ns));
}

static void fresh(void)
{
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.at_ns = START;
	vcpu.hint.publish_seq = 1;
	vcpu.hint.state = VIRTIO_SCHED_HINT_STATE_IDLE;
	vcpu.hint.next_timer_ns = NONE;
	vcpu.hint.event_ns = NONE;
	vcpu.situation = (struct shint_situation) {
		.hint = &vcpu.hint,
		.wake_costs = &vcpu.costs,
		.gaps = &vcpu.gaps,
		.predictor = &vcpu.predictor,
		.backoff = &vcpu.backoff,
		.max_keep_ns = 20 * MS,
		.budget_left_ns = 250 * MS,
	};
}

/* A halt @ns after the last event, of which the guest has been idle since. */
static void halt_after(u64 ns, enum shint_verdict expected)
{
	vcpu.situation.now_ns = vcpu.at_ns + ns;
	vcpu.situation.published_ns = vcpu.situation.now_ns;
	shint_policy_decide(&vcpu.situation, &vcpu.decision);
	if (vcpu.decision.verdict == expected)
		return;
	fprintf(stderr, "pure: %s, not %s\n", shint_verdict_name(vcpu.decision.verdict),
		shint_verdict_name(expected));
	exit(1);
}

static void decide(void)
{
	shint_policy_decide(&vcpu.situation, &vcpu.decision);
}

static void nothing_known(void)
{
	fresh();
	halt_after(0, SHINT_YIELD_FAR);
}

static void nothing_but_timer(void)
{
	fresh();
	vcpu.hint.next_timer_ns = 4 * MS;
	halt_after(0, SHINT_WAKE_TIMER);
}

static void timer_near(void)
{
	fresh();
	vcpu.hint.next_timer_ns = 60 * US;
	halt_after(0, SHINT_KEEP_TIMER);
}

/* A request each 20 ms, the guest's timer beyond. */
static void learn_period(void)
{
	int i;

	fresh();
	measured_costs();
	for (i = 0; i < 200; i++)
		event(20 * MS, 1, 1);
	vcpu.hint.next_timer_ns = 100 * MS;
}

static void period_ahead(void)
{
	learn_period();
	halt_after(5 * MS, SHINT_WAKE_EVENT);
}

static void period_due(void)
{
	learn_period();
	halt_after(20 * MS - 40 * US, SHINT_KEEP_EVENT);
}

/*
 * A transaction each 33 ms: a request, its acknowledgment 9 ms later, and within
 * both a few packets after gaps that vary.
 */
static void learn_pattern(u64 left, u64 limit)
{
	int i, j;

	fresh();
	measured_costs();
	for (i = 0; i < 200; i++) {
		u64 begin_ns = vcpu.at_ns;

		for (j = 0; j < 4; j++)
			event(between(10 * US, 80 * US), left, limit);
		event(begin_ns + 9 * MS - vcpu.at_ns, left, limit);
		for (j = 0; j < 4; j++)
			event(between(10 * US, 80 * US), left, limit);
		event(begin_ns + 33 * MS - vcpu.at_ns, left, limit);
	}
	vcpu.hint.next_timer_ns = 50 * MS;
}

static void pattern_gap(void)
{
	learn_pattern(1, 1);
	halt_after(0, SHINT_WAKE_EVENT);
}

static void pattern_ahead(void)
{
	learn_pattern(1, 1);
	vcpu.situation.idle_ns = 3 * MS;
	halt_after(3 * MS, SHINT_WAKE_EVENT);
}

/* Gaps of two lengths, and no pattern. */
static void learn_gaps(u64 left, u64 limit)
{
	int i, j;

	fresh();
	measured_costs();
	for (i = 0; i < 200; i++) {
		for (j = 0; j < 3; j++)
			event(between(10 * US, 60 * US), left, limit);
		event(between(1500 * US, 1800 * US), left, limit);
	}
	vcpu.hint.next_timer_ns = 3 * MS;
}

static void gaps_keep(void)
{
	learn_gaps(1, 1);
	halt_after(0, SHINT_KEEP_GAP);
}

/* Woken early, in the same halt: what is next is asked in the middle of a gap. */
static void gaps_rehalt(void)
{
	learn_gaps(1, 1);
	vcpu.situation.idle_ns = 1600 * US;
	halt_after(1600 * US, SHINT_KEEP_GAP);
}

static void gaps_no_budget(void)
{
	learn_gaps(1, 1);
	vcpu.situation.budget_left_ns = 0;
	halt_after(0, SHINT_STOCK_BUDGET);
}

/* The dearest that a table of costs can be: one class measured, the others asked for. */
static void pattern_one_cost(void)
{
	learn_pattern(1, 1);
	memset(&vcpu.costs, 0, sizeof(vcpu.costs));
	vcpu.costs.ns[0] = 40000;
	vcpu.situation.idle_ns = 3 * MS;
	halt_after(3 * MS, SHINT_WAKE_EVENT);
}

/* Planning: all calls of halt.c that make a plan together. */
static u32 plan_worth;

static void plan(void)
{
	vcpu.gaps.draft.todo = 0;
	vcpu.gaps.unplanned = SHINT_GAPS_PER_PLAN;
	while (!shint_gaps_plan(&vcpu.gaps, &vcpu.costs, plan_worth))
		;
}

/* The dearest of these calls: the last, for the first buckets, which may sleep until any. */
static void plan_call(void)
{
	vcpu.gaps.draft.todo = 4;
	if (!shint_gaps_plan(&vcpu.gaps, &vcpu.costs, plan_worth))
		die("four buckets are more than a call's");
}

static void plan_period(void)
{
	learn_period();
	plan_worth = shint_policy_hit_worth(1, 1);
}

static void plan_gaps(void)
{
	learn_gaps(1, 1);
	plan_worth = shint_policy_hit_worth(1, 1);
}

static void plan_pattern(void)
{
	learn_pattern(1, 1);
	plan_worth = shint_policy_hit_worth(1, 1);
}

static void plan_pattern_spent(void)
{
	learn_pattern(1, 1);
	plan_worth = shint_policy_hit_worth(1, 16);
}

/* Gaps of all lengths alike, the budget all but spent, and no cost known. */
static void plan_worst(void)
{
	int i;

	fresh();
	for (i = 0; i < 62 * 8; i++)
		event((20 * US) << (i % 15), 1, 1);
	for (i = 0; i < SHINT_GAP_BUCKETS; i++)
		vcpu.gaps.weight[i] = 16;
	vcpu.gaps.total = SHINT_GAP_BUCKETS * 16;
	plan_worth = 1;
}

static void plan_call_pattern(void)
{
	plan_pattern();
	plan();
}

static void plan_call_worst(void)
{
	plan_worst();
	plan();
}

/* Learning. Each input once before the first comes again. */
static void learn(void)
{
	shint_gaps_learn(&vcpu.gaps, inputs[input++ % INPUTS]);
}

static void learn_prepare(void)
{
	unsigned int i;

	learn_gaps(1, 1);
	for (i = 0; i < INPUTS; i++)
		inputs[i] = between(10 * US, 5 * MS);
}

/* The next gap makes all weights halve. */
static void learn_halving(void)
{
	u16 total;

	learn_prepare();
	do {
		total = vcpu.gaps.total;
		shint_gaps_learn(&vcpu.gaps, 100 * US);
	} while (vcpu.gaps.total > total);
	while (vcpu.gaps.total < 1024 - 16)
		shint_gaps_learn(&vcpu.gaps, 100 * US);
}

static void start(void)
{
	vcpu.at_ns += inputs[input++ % INPUTS];
	shint_predict_start(&vcpu.predictor, vcpu.at_ns);
}

static void start_period(void)
{
	unsigned int i;

	learn_period();
	for (i = 0; i < INPUTS; i++)
		inputs[i] = 20 * MS;
}

static void start_random(void)
{
	unsigned int i;

	fresh();
	for (i = 0; i < INPUTS; i++)
		inputs[i] = between(2 * MS, 200 * MS);
	for (i = 0; i < 200; i++)
		start();
}

/* The next start makes votes halve, and the period be elected. */
static void start_halving(void)
{
	start_random();
	while (vcpu.predictor.voters != 23)
		start();
}

/* The slot's snapshot; the copy stands for the kernel's. */
static struct virtio_sched_hint_slot slots[4];
static const struct shint_table table = {
	.slots = slots,
	.features = BIT_ULL(VIRTIO_SCHED_HINT_F_TIMER),
	.nr_slots = ARRAY_SIZE(slots),
};

long copy_from_user_nofault(void *dst, const void __user *src, size_t size)
{
	memcpy(dst, src, size);
	return 0;
}

static void snapshot(void)
{
	if (shint_slot_read(&table, 1, &vcpu.hint))
		die("a good slot was refused");
}

static void snapshot_prepare(void)
{
	fresh();
	slots[1].state = htole64((u64)VIRTIO_SCHED_HINT_STATE_IDLE << VIRTIO_SCHED_HINT_STATE_SHIFT);
	slots[1].next_timer_ns = htole64(3 * MS);
	slots[1].publish_seq = htole64(77);
}

/*
 * The registry. The kernel takes struct kvm from vmalloc: pages, some 10 of them
 * and a guard apart, where others allocate in between. Every second is attached.
 */
static struct shint_entry entries[VMS_MAX];
static const void *keys[INPUTS];

static void attach(unsigned int nr, bool hit)
{
	const void *others[VMS_MAX];
	u64 address = 0xffffc90000000000ULL;
	unsigned int i;

	for (i = 0; i < VMS_MAX; i++) {
		address += between(11, 64) << 12;
		entries[i].key = (const void *)address;
		address += between(11, 64) << 12;
		others[i] = (const void *)address;
		if (i < nr && shint_registry_add(&entries[i]))
			die("a VM was refused");
	}
	for (i = 0; i < INPUTS; i++) {
		u64 which = random_u64();

		keys[i] = hit ? entries[which % nr].key : others[which % VMS_MAX];
		if (hit != !!shint_registry_find(keys[i]))
			die("a VM is attached that is not, or the reverse");
	}
}

static void lookup(void)
{
	shint_registry_find(keys[input++ % INPUTS]);
}

static void miss_1(void)
{
	attach(1, false);
}

static void miss_100(void)
{
	attach(100, false);
}

static void miss_10000(void)
{
	attach(10000, false);
}

/* One key over and over: the address, of all that a VM may have, in the longest chain. */
static void miss_longest(void)
{
	u64 address = 0xffffd00000000000ULL;
	unsigned int i, longest = 0;
	const void *worst = NULL;

	attach(10000, false);
	for (i = 0; i < 100000; i++, address += 4096) {
		unsigned int length = bench_chain_length((const void *)address);

		if (length > longest) {
			longest = length;
			worst = (const void *)address;
		}
	}
	for (i = 0; i < INPUTS; i++)
		keys[i] = worst;
}

static void hit_1(void)
{
	attach(1, true);
}

static void hit_100(void)
{
	attach(100, true);
}

static void hit_10000(void)
{
	attach(10000, true);
}

static void nothing(void)
{
}

/* What a bench has to subtract that takes its input from a ring. */
static volatile u64 sink;

static void nothing_with_input(void)
{
	sink = inputs[input++ % INPUTS];
}

static const struct bench {
	const char *name;
	unsigned int calls;
	const char *what;
	void (*prepare)(void);
	void (*call)(void);
} benches[] = {
	{ "empty", 1000, "", fresh, nothing },
	{ "empty_input", 1000, "", fresh, nothing_with_input },
	{ "decide_nothing", 100, "nothing known", nothing_known, decide },
	{ "decide_timer", 100, "nothing known, a timer", nothing_but_timer, decide },
	{ "decide_timer_near", 100, "nothing known, a near timer", timer_near, decide },
	{ "decide_period_ahead", 100, "steady period, event ahead", period_ahead, decide },
	{ "decide_period_due", 100, "steady period, event due", period_due, decide },
	{ "decide_pattern_gap", 100, "pattern of starts, within a gap", pattern_gap, decide },
	{ "decide_pattern_ahead", 100, "pattern of starts, event ahead", pattern_ahead, decide },
	{ "decide_pattern_one_cost", 100, "the same, one class of costs measured",
	  pattern_one_cost, decide },
	{ "decide_gaps", 100, "learned gaps", gaps_keep, decide },
	{ "decide_gaps_rehalt", 100, "learned gaps, woken within one", gaps_rehalt, decide },
	{ "decide_gaps_no_budget", 100, "learned gaps, budget spent", gaps_no_budget, decide },
	{ "plan_period", 20, "steady period", plan_period, plan },
	{ "plan_gaps", 20, "learned gaps", plan_gaps, plan },
	{ "plan_pattern", 20, "pattern of starts", plan_pattern, plan },
	{ "plan_pattern_spent", 20, "the same, budget nearly spent", plan_pattern_spent, plan },
	{ "plan_worst", 20, "all lengths alike, no cost known, budget spent", plan_worst, plan },
	{ "plancall_pattern", 20, "pattern of starts", plan_call_pattern, plan_call },
	{ "plancall_worst", 20, "as the worst plan", plan_call_worst, plan_call },
	{ "learn", 1024, "mean", learn_prepare, learn },
	{ "learn_halving", 1, "worst single call", learn_halving, learn },
	{ "start_period", 1024, "steady period, mean", start_period, start },
	{ "start_random", 1024, "starts at random, mean", start_random, start },
	{ "start_halving", 1, "worst single call", start_halving, start },
	{ "snapshot", 1000, "", snapshot_prepare, snapshot },
	{ "miss_1", 1024, "miss, 1 VM", miss_1, lookup },
	{ "miss_100", 1024, "miss, 100 VMs", miss_100, lookup },
	{ "miss_10000", 1024, "miss, 10000 VMs", miss_10000, lookup },
	{ "miss_longest", 1024, "miss, 10000 VMs, the longest chain", miss_longest, lookup },
	{ "hit_1", 1024, "hit, 1 VM", hit_1, lookup },
	{ "hit_100", 1024, "hit, 100 VMs", hit_100, lookup },
	{ "hit_10000", 1024, "hit, 10000 VMs", hit_10000, lookup },
};

static bool takes_input(void (*call)(void))
{
	return call == learn || call == start || call == lookup;
}

/* What callgrind counts, with all it calls. */
static void __attribute__((noinline)) measured_call(void (*call)(void))
{
	call();
	asm volatile("");	/* no tail call: the end of this is the end of the count */
}

static u64 clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SEC + now.tv_nsec;
}

static double least_ns(void (*call)(void))
{
	u64 least = ~0ULL;
	int round, i;

	for (round = 0; round < NS_ROUNDS; round++) {
		u64 begin = clock_ns(), took;

		for (i = 0; i < NS_CALLS; i++)
			measured_call(call);
		took = clock_ns() - begin;
		if (took < least)
			least = took;
	}
	return (double)least / NS_CALLS;
}

static int run(const struct bench *bench, long calls)
{
	bench->prepare();
	if (!calls)
		printf("%.2f\n", least_ns(bench->call));
	while (calls-- > 0)
		measured_call(bench->call);
	return 0;
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(benches); i++) {
		if (argc < 2)
			printf("%s\t%u\t%d\t%s\n", benches[i].name, benches[i].calls,
			       takes_input(benches[i].call), benches[i].what);
		else if (!strcmp(benches[i].name, argv[1]))
			return run(&benches[i], argc > 2 ? atol(argv[2]) : 0);
	}
	return argc < 2 ? 0 : 2;
}
