// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A vCPU that has learned from one kind of load or another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learned.h"

struct vcpu vcpu;

static u64 seed;

u64 random_u64(void)
{
	u64 x = seed += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

u64 between(u64 low, u64 high)
{
	return low + random_u64() % (high - low);
}

void die(const char *what)
{
	fprintf(stderr, "pure: %s\n", what);
	exit(1);
}

/*
 * As the module learns: gaps and, after the longer ones, starts. A part of the
 * plan is made each time, the budget as full as @left of @limit says.
 */
void event(u64 gap_ns, u64 left, u64 limit)
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

/* The load comes through a tap: how long its packets take is known, to the task's vCPU as well. */
static void measured_ways(void)
{
	vcpu.situation.arrival_keep_ns[SHINT_TAKER] = 150 * US;
	vcpu.situation.arrival_keep_ns[SHINT_PEER] = 250 * US;
}

void fresh(void)
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

/* A request each 20 ms, the guest's timer beyond. */
void learn_period(void)
{
	int i;

	fresh();
	measured_costs();
	measured_ways();
	for (i = 0; i < 200; i++)
		event(20 * MS, 1, 1);
	vcpu.hint.next_timer_ns = 100 * MS;
}

/* A request each 20 ms at first, each 50 us later than the one before: no period lasts. */
void learn_drift(void)
{
	int i;

	fresh();
	measured_costs();
	measured_ways();
	for (i = 0; i < 200; i++)
		event(20 * MS + i * 50 * US, 1, 1);
	vcpu.hint.next_timer_ns = 100 * MS;
}

/*
 * A transaction each 33 ms: a request, its acknowledgment 9 ms later, and within
 * both a few packets after gaps that vary.
 */
void learn_pattern(u64 left, u64 limit)
{
	int i, j;

	fresh();
	measured_costs();
	measured_ways();
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

/* Gaps of two lengths, and no pattern. */
void learn_gaps(u64 left, u64 limit)
{
	int i, j;

	fresh();
	measured_costs();
	measured_ways();
	for (i = 0; i < 200; i++) {
		for (j = 0; j < 3; j++)
			event(between(10 * US, 60 * US), left, limit);
		event(between(1500 * US, 1800 * US), left, limit);
	}
	vcpu.hint.next_timer_ns = 3 * MS;
}
