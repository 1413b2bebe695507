/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much time a vCPU, or a VM, may be kept. Pure: values in, values out.
 */
#ifndef SHINT_BUDGET_H
#define SHINT_BUDGET_H

#include <linux/types.h>

#define SHINT_BUDGET_WINDOW_NS	1000000000ULL
#define SHINT_BUDGET_CELLS	16
#define SHINT_BUDGET_CELL_NS	(SHINT_BUDGET_WINDOW_NS / SHINT_BUDGET_CELLS)
/*
 * The cell that fills now and a window's before it, which it overlaps only in
 * part; and a window's after it, for a grant is at most that long.
 */
#define SHINT_BUDGET_RING	(1 + 2 * SHINT_BUDGET_CELLS)

/**
 * struct shint_budget - time kept over the last second, and granted ahead
 * @cell_ns: time per cell of SHINT_BUDGET_CELL_NS, a ring around @newest
 * @used_ns: sum of @cell_ns
 * @newest: number of the cell that fills now: time / SHINT_BUDGET_CELL_NS
 *
 * The ring covers at least the last SHINT_BUDGET_WINDOW_NS and all that is
 * granted ahead. A grant that fits what is left therefore cannot take any
 * window of one second over the limit. The owner serialises all calls but
 * shint_budget_used_ns(), which changes nothing.
 */
struct shint_budget {
	u64 cell_ns[SHINT_BUDGET_RING];
	u64 used_ns;
	u64 newest;
};

void shint_budget_init(struct shint_budget *budget, u64 most_ns, u64 now_ns);
u64 shint_budget_left_ns(struct shint_budget *budget, u64 limit_ns, u64 now_ns);
bool shint_budget_reserve(struct shint_budget *budget, u64 limit_ns, u64 now_ns, u64 grant_ns);
u64 shint_budget_used_ns(const struct shint_budget *budget, u64 now_ns);
void shint_budget_settle(struct shint_budget *budget, u64 reserved_at_ns, u64 grant_ns,
			 u64 kept_ns, u64 now_ns);

/**
 * shint_budget_limit_ns() - what a percentage of one pCPU allows per window
 * @percent: of one pCPU; above 100 for a VM of several vCPUs
 */
static inline u64 shint_budget_limit_ns(u64 percent)
{
	return percent * (SHINT_BUDGET_WINDOW_NS / 100);
}

#endif /* SHINT_BUDGET_H */
