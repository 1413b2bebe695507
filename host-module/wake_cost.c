// SPDX-License-Identifier: GPL-2.0-only
/*
 * What waking a vCPU costs: from when it was due until it has left the halt.
 *
 * The longer the pCPU sleeps, the deeper the idle state it is found in, and the
 * longer it takes to leave that: 2 us to more than 100 on one processor. So a
 * vCPU that is woken now and then, or is known to be soon, is cheap to wake.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>

#include "wake_cost.h"

#define SLEEP_SHIFT	15

/* Until the first early wake: of the order of one on any machine of today. */
#define COST_UNKNOWN_NS	50000

/* One outlier (the pCPU was busy) must not make every event worth a fortune. */
#define COST_MAX_NS	1000000

/* As in TCP's round-trip estimate (RFC 6298): 1/8. */
#define MEAN_SHIFT	3

static unsigned int sleep_class(u64 slept_ns)
{
	return min_t(unsigned int, fls64(slept_ns >> SLEEP_SHIFT), SHINT_SLEEP_CLASSES - 1);
}

/**
 * shint_wake_cost_learn() - note what a wake-up cost
 * @costs: the vCPU's
 * @slept_ns: how long it had slept
 * @cost_ns: from when the wake-up was due to the end of the halt
 */
void shint_wake_cost_learn(struct shint_wake_costs *costs, u64 slept_ns, u64 cost_ns)
{
	u32 *mean_ns = &costs->ns[sleep_class(slept_ns)];
	u32 sample_ns = clamp_t(u64, cost_ns, 1, COST_MAX_NS);

	if (!*mean_ns)
		*mean_ns = sample_ns;
	else
		*mean_ns += sample_ns / (1 << MEAN_SHIFT) - *mean_ns / (1 << MEAN_SHIFT);
}

/**
 * shint_wake_cost_ns() - what waking will cost
 * @costs: the vCPU's
 * @slept_ns: after how long a sleep
 *
 * A class that was not measured is held to be like the next longer one: a sleep
 * that looks dear is cut short, and so becomes measured. If there is none, like
 * the next shorter one.
 *
 * Return: the cost, never 0.
 */
u64 shint_wake_cost_ns(const struct shint_wake_costs *costs, u64 slept_ns)
{
	int class = sleep_class(slept_ns), i;

	for (i = class; i < SHINT_SLEEP_CLASSES; i++)
		if (costs->ns[i])
			return costs->ns[i];
	for (i = class - 1; i >= 0; i--)
		if (costs->ns[i])
			return costs->ns[i];
	return COST_UNKNOWN_NS;
}
