// SPDX-License-Identifier: GPL-2.0-only
/*
 * What waking a vCPU costs: from when it was due until it has left the halt.
 *
 * The longer the pCPU sleeps, the deeper the idle state it is found in, and the
 * longer it takes to leave that: 2 us to more than 100 on one processor. So a
 * vCPU that is woken now and then, or is known to be soon, is cheap to wake.
 */
#include <linux/bits.h>
#include <linux/minmax.h>

#include "wake_cost.h"

/* As in TCP's round-trip estimate (RFC 6298): 1/8. */
#define MEAN_SHIFT	3

/* Tells the classes that go by this one, because they were not measured. */
static void wake_cost_spread(struct shint_wake_costs *costs, unsigned int class)
{
	unsigned int i;

	for (i = class; i > 0 && !(costs->measured & BIT(i - 1)); i--)
		WRITE_ONCE(costs->ns[i - 1], costs->ns[class]);
	if (costs->measured >> (class + 1))
		return;
	for (i = class + 1; i < SHINT_SLEEP_CLASSES; i++)
		WRITE_ONCE(costs->ns[i], costs->ns[class]);
}

/**
 * shint_wake_cost_learn() - note what a wake-up cost
 * @costs: the vCPU's
 * @slept_ns: how long it had slept
 * @cost_ns: from when the wake-up was due to the end of the halt
 */
void shint_wake_cost_learn(struct shint_wake_costs *costs, u64 slept_ns, u64 cost_ns)
{
	unsigned int class = shint_sleep_class(slept_ns);
	u32 *mean_ns = &costs->ns[class];
	u32 sample_ns = clamp_t(u64, cost_ns, SHINT_COST_MIN_NS, SHINT_COST_MAX_NS);

	if (costs->measured & BIT(class))
		sample_ns = *mean_ns + sample_ns / (1 << MEAN_SHIFT) -
			    *mean_ns / (1 << MEAN_SHIFT);
	WRITE_ONCE(*mean_ns, sample_ns);
	costs->measured |= BIT(class);
	wake_cost_spread(costs, class);
}
