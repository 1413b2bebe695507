// SPDX-License-Identifier: GPL-2.0-only
/*
 * Budget: bounds the time kept over any window of one second.
 *
 * A grant is charged whole, over the time it may last, when it is given,
 * because nothing tells when the vCPU will be back; the next halt replaces the
 * charge by what was really kept. A charge that is never settled ages out.
 */
#include "budget.h"

/* Empties the cells that leave the past; they become the future's last. */
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
		u64 entering = newest - i + SHINT_BUDGET_CELLS;
		u64 *cell = &budget->cell_ns[entering % SHINT_BUDGET_RING];

		budget->used_ns -= *cell;
		*cell = 0;
	}
	budget->newest = newest;
}

static bool budget_covers(const struct shint_budget *budget, u64 cell_nr)
{
	return cell_nr + SHINT_BUDGET_CELLS >= budget->newest &&
	       cell_nr <= budget->newest + SHINT_BUDGET_CELLS;
}

static void budget_change(struct shint_budget *budget, u64 cell_nr, u64 ns, bool charge)
{
	u64 *cell = &budget->cell_ns[cell_nr % SHINT_BUDGET_RING];

	if (!budget_covers(budget, cell_nr))
		return;
	if (charge) {
		*cell += ns;
		budget->used_ns += ns;
		return;
	}
	if (ns > *cell)
		ns = *cell;
	*cell -= ns;
	budget->used_ns -= ns;
}

/* Charges or refunds @ns from @start_ns on, cell by cell. */
static void budget_spread(struct shint_budget *budget, u64 start_ns, u64 ns, bool charge)
{
	u64 cell_nr = start_ns / SHINT_BUDGET_CELL_NS;
	u64 in_cell_ns = (cell_nr + 1) * SHINT_BUDGET_CELL_NS - start_ns;
	int i;

	/* A grant is at most a second long: it touches no more than the ring. */
	for (i = 0; i < SHINT_BUDGET_RING && ns; i++) {
		u64 part_ns = ns < in_cell_ns ? ns : in_cell_ns;

		budget_change(budget, cell_nr + i, part_ns, charge);
		ns -= part_ns;
		in_cell_ns = SHINT_BUDGET_CELL_NS;
	}
}

/**
 * shint_budget_init() - begin with nothing left, until a second is over
 * @budget: zeroed
 * @most_ns: kept time allowed per window, at most
 * @now_ns: now
 *
 * A guest can have its VMM attach it anew as often as it likes. What it had before is not known.
 */
void shint_budget_init(struct shint_budget *budget, u64 most_ns, u64 now_ns)
{
	budget_advance(budget, now_ns);
	budget_change(budget, budget->newest, most_ns, true);
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
 * shint_budget_reserve() - charge a grant as it is given, if it fits
 * @budget: the budget
 * @limit_ns: kept time allowed per window
 * @now_ns: now
 * @grant_ns: the grant; at most SHINT_BUDGET_WINDOW_NS
 *
 * Return: whether it fits; if not, nothing has changed.
 */
bool shint_budget_reserve(struct shint_budget *budget, u64 limit_ns, u64 now_ns, u64 grant_ns)
{
	if (grant_ns > shint_budget_left_ns(budget, limit_ns, now_ns))
		return false;
	budget_spread(budget, now_ns, grant_ns, true);
	return true;
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
	budget_advance(budget, now_ns);
	budget_spread(budget, reserved_at_ns, grant_ns, false);
	budget_spread(budget, reserved_at_ns, kept_ns, true);
}

/**
 * shint_budget_used_ns() - time kept in the last window, or granted
 * @budget: the budget; its owner may be changing it
 * @now_ns: now
 *
 * Return: what shint_budget_left_ns() subtracts from the limit. While the owner
 * changes it, a charge may be counted at two moments or at none.
 */
u64 shint_budget_used_ns(const struct shint_budget *budget, u64 now_ns)
{
	u64 newest = budget->newest;
	u64 from = now_ns / SHINT_BUDGET_CELL_NS, used_ns = 0;
	u64 nr;

	if (from < newest)
		from = newest;
	from = from > SHINT_BUDGET_CELLS ? from - SHINT_BUDGET_CELLS : 0;
	for (nr = from; nr <= newest + SHINT_BUDGET_CELLS; nr++)
		used_ns += budget->cell_ns[nr % SHINT_BUDGET_RING];
	return used_ns;
}
