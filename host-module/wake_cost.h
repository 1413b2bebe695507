/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What waking a vCPU costs, by how long it has slept. Pure: values in, values
 * out.
 */
#ifndef SHINT_WAKE_COST_H
#define SHINT_WAKE_COST_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/types.h>

/* Below 32 us, then by binary orders, up to 2 ms; the last has all longer. */
#define SHINT_SLEEP_CLASSES	8

#define SHINT_SLEEP_SHIFT	15

/* One outlier (the pCPU was busy) must not make every event worth a fortune. */
#define SHINT_COST_MAX_NS	1000000

/*
 * Nor does any take less: a guest that has its vCPUs woken just as they are would find its early
 * wakes free of charge.
 */
#define SHINT_COST_MIN_NS	1000

/* Until the first early wake: of the order of one on any machine of today. */
#define SHINT_COST_UNKNOWN_NS	50000

/**
 * struct shint_wake_costs - per class of sleep
 * @ns: what waking will cost; 0 until any class was measured
 * @measured: the classes that were themselves: theirs is a moving average
 *
 * A class that was not measured is held to be like the next longer one that was:
 * a sleep that looks dear is cut short, and so becomes measured. If there is
 * none, like the next shorter one.
 */
struct shint_wake_costs {
	u32 ns[SHINT_SLEEP_CLASSES];
	u8 measured;
};

static inline unsigned int shint_sleep_class(u64 slept_ns)
{
	/* fls64(slept_ns >> SHINT_SLEEP_SHIFT), without its case of zero */
	return min_t(unsigned int, __fls(slept_ns >> (SHINT_SLEEP_SHIFT - 1) | 1),
		     SHINT_SLEEP_CLASSES - 1);
}

/**
 * shint_wake_cost_ns() - what waking will cost
 * @costs: the vCPU's
 * @slept_ns: after how long a sleep
 *
 * Each decision asks several times, and who goes ahead of packets, on other CPUs.
 *
 * Return: the cost, never 0.
 */
static inline u64 shint_wake_cost_ns(const struct shint_wake_costs *costs, u64 slept_ns)
{
	return READ_ONCE(costs->ns[shint_sleep_class(slept_ns)]) ?: SHINT_COST_UNKNOWN_NS;
}

void shint_wake_cost_learn(struct shint_wake_costs *costs, u64 slept_ns, u64 cost_ns);

#endif /* SHINT_WAKE_COST_H */
