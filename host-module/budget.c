// SPDX-License-Identifier: GPL-2.0-only
/*
 * Budget: bounds the time kept over any window of one second.
 *
 * A grant is charged whole when it is given, because nothing tells when the
 * vCPU will be back; the next halt replaces the charge by what was really
 * kept. A charge that is never settled ages out with its window.
 */
#include "budget.h"

/* Empties the cells that time has passed over. At most one turn of the ring. */
static void budget_advance(struct shint_budget *budget, u64 now_ns)
{
	u64 newest = now_ns / SHINT_BUDGET_CELL_NS;
	u64 steps, i;

	if (newest <= budget->newest)
		return;

	steps = newest - budget->newest;
	if (steps > SHINT_BUDGET_RING)
		steps = SHINT_BUDGET_RING;

	for (i = 0; i < steps; i++) {
		u64 *cell = &budget->cell_ns[(newest - i) % SHINT_BUDGET_RING];

		budget->used_ns -= *cell;
		*cell = 0;
	}
	budget->newest = newest;
}

/* Charges one cell, which is dropped if the ring has moved past it. */
static void budget_charge(struct shint_budget *budget, u64 cell_nr, u64 ns)
{
	if (cell_nr > budget->newest)
		cell_nr = budget->newest;
	if (cell_nr + SHINT_BUDGET_RING <= budget->newest)
		return;

	budget->cell_ns[cell_nr % SHINT_BUDGET_RING] += ns;
	budget->used_ns += ns;
}

static void budget_refund(struct shint_budget *budget, u64 cell_nr, u64 ns)
{
	u64 *cell = &budget->cell_ns[cell_nr % SHINT_BUDGET_RING];

	if (cell_nr > budget->newest || cell_nr + SHINT_BUDGET_RING <= budget->newest)
		return;
	if (ns > *cell)
		ns = *cell;

	*cell -= ns;
	budget->used_ns -= ns;
}

/**
 * shint_budget_left_ns() - time that may still be granted now
 * @budget: the budget
 * @limit_ns: kept time allowed per window
 * @now_ns: a clock that does not go back
 */
u64 shint_budget_left_ns(struct shint_budget *budget, u64 limit_ns, u64 now_ns)
{
	budget_advance(budget, now_ns);
	return budget->used_ns < limit_ns ? limit_ns - budget->used_ns : 0;
}

/**
 * shint_budget_reserve() - charge a grant as it is given
 * @budget: the budget
 * @now_ns: now
 * @grant_ns: the grant
 */
void shint_budget_reserve(struct shint_budget *budget, u64 now_ns, u64 grant_ns)
{
	budget_advance(budget, now_ns);
	budget_charge(budget, now_ns / SHINT_BUDGET_CELL_NS, grant_ns);
}

/**
 * shint_budget_settle() - replace a grant's charge by the time really kept
 * @budget: the budget
 * @reserved_at_ns: @now_ns of the shint_budget_reserve()
 * @grant_ns: @grant_ns of the shint_budget_reserve()
 * @kept_ns: time the vCPU was kept, from @reserved_at_ns on
 * @now_ns: now
 */
void shint_budget_settle(struct shint_budget *budget, u64 reserved_at_ns, u64 grant_ns,
			 u64 kept_ns, u64 now_ns)
{
	u64 cell_nr = reserved_at_ns / SHINT_BUDGET_CELL_NS;
	u64 in_cell = (cell_nr + 1) * SHINT_BUDGET_CELL_NS - reserved_at_ns;
	int i;

	budget_advance(budget, now_ns);
	budget_refund(budget, cell_nr, grant_ns);

	/* A keep is at most a second long: it touches no more than the ring. */
	for (i = 0; i < SHINT_BUDGET_RING && kept_ns; i++) {
		u64 part = kept_ns < in_cell ? kept_ns : in_cell;

		budget_charge(budget, cell_nr + i, part);
		kept_ns -= part;
		in_cell = SHINT_BUDGET_CELL_NS;
	}
}
