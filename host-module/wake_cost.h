/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What waking a vCPU costs, by how long it has slept. Pure: values in, values
 * out.
 */
#ifndef SHINT_WAKE_COST_H
#define SHINT_WAKE_COST_H

#include <linux/types.h>

/* Below 32 us, then by binary orders, up to 2 ms; the last has all longer. */
#define SHINT_SLEEP_CLASSES	8

/**
 * struct shint_wake_costs - measured, per class of sleep
 * @ns: moving average; 0 until measured
 */
struct shint_wake_costs {
	u32 ns[SHINT_SLEEP_CLASSES];
};

void shint_wake_cost_learn(struct shint_wake_costs *costs, u64 slept_ns, u64 cost_ns);
u64 shint_wake_cost_ns(const struct shint_wake_costs *costs, u64 slept_ns);

#endif /* SHINT_WAKE_COST_H */
