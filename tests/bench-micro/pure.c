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
 * The benches `empty`, with an input `empty_input`, and for single calls
 * `empty_single` call a function that does nothing: what is to be subtracted. What a
 * bench prepares is not counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "learned.h"
#include "registry.h"
#include "slot.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* A round is short, so that other load is not in the least of them. */
#define NS_ROUNDS	400
#define NS_CALLS	2000
#define NS_CALLS_DEAR	20
#define VMS_MAX		10000
#define INPUTS		1024

/* What stateful functions are fed with; a bench may be called without end. */
static u64 inputs[INPUTS];
static unsigned int input;
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

static const struct bench benches[] = {
	{ "empty", 1000, "", fresh, nothing },
	{ "empty_single", 1, "", fresh, nothing },
	{ "empty_input", 1000, "", fresh, nothing_with_input },
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
	{}
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

static double least_ns(const struct bench *bench)
{
	int nr = bench->calls < 100 ? NS_CALLS_DEAR : NS_CALLS;
	u64 least = ~0ULL;
	int round, i;

	for (round = 0; round < NS_ROUNDS; round++) {
		u64 begin = clock_ns(), took;

		for (i = 0; i < nr; i++)
			measured_call(bench->call);
		took = clock_ns() - begin;
		if (took < least)
			least = took;
	}
	return (double)least / nr;
}

/* Repeated it would be another: prepared for each time. With what the clock takes. */
static u64 least_single_ns(const struct bench *bench)
{
	u64 least = ~0ULL;
	int round;

	for (round = 0; round < NS_ROUNDS; round++) {
		u64 begin, took;

		bench->prepare();
		begin = clock_ns();
		measured_call(bench->call);
		took = clock_ns() - begin;
		if (took < least)
			least = took;
	}
	return least;
}

static int run(const struct bench *bench, long calls)
{
	if (!calls && bench->calls == 1) {
		printf("%llu\n", (unsigned long long)least_single_ns(bench));
		return 0;
	}
	bench->prepare();
	if (!calls)
		printf("%.2f\n", least_ns(bench));
	while (calls-- > 0)
		measured_call(bench->call);
	return 0;
}

static int list_or_run(const struct bench *bench, int argc, char **argv)
{
	for (; bench->name; bench++) {
		if (argc < 2)
			printf("%s\t%u\t%d\t%s\n", bench->name, bench->calls,
			       takes_input(bench->call), bench->what);
		else if (!strcmp(bench->name, argv[1]))
			return run(bench, argc > 2 ? atol(argv[2]) : 0);
	}
	return argc < 2 ? 0 : 2;
}

int main(int argc, char **argv)
{
	int ret = list_or_run(decide_benches, argc, argv);

	return argc < 2 || ret == 2 ? list_or_run(benches, argc, argv) : ret;
}
