/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What to do with a halt. Pure: values in, values out.
 */
#ifndef SHINT_POLICY_H
#define SHINT_POLICY_H

#include <linux/types.h>

#include "arrival_learn.h"
#include "backoff.h"
#include "gaps.h"
#include "predict.h"
#include "slot.h"
#include "wake_cost.h"

/*
 * Every halt of an attached VM ends in exactly one verdict; each is a counter.
 * "Stock" verdicts leave the halt to KVM's own adaptive polling.
 */
enum shint_verdict {
	SHINT_STOCK_OFF,	/* mode off */
	SHINT_STOCK_QUOTA,	/* off because a CPU quota bounds the VM */
	SHINT_STOCK_ABSENT,	/* the slot is not in memory */
	SHINT_STOCK_BAD_SLOT,	/* the slot is nonsense */
	SHINT_STOCK_NO_SLOT,	/* the guest publishes nothing for this vCPU */
	SHINT_STOCK_NOT_IDLE,	/* the guest did not say that it is idle */
	SHINT_STOCK_STALE,	/* what it published is over, or is not this halt's */
	SHINT_STOCK_NO_POLL,	/* the guest forbids host polling */
	SHINT_STOCK_NESTED,	/* a nested guest's halt */
	SHINT_STOCK_XEN,	/* a Xen event channel poll */
	SHINT_STOCK_BUDGET,	/* the budget is spent */
	SHINT_STOCK_CONTENDED,	/* the host is short of CPU */
	SHINT_STOCK_BLIND,	/* test, mode blind: not woken by the period */
	SHINT_YIELD_FAR,	/* yield: nothing is near */
	SHINT_WAKE_TIMER,	/* yield, wake before the guest's timer */
	SHINT_WAKE_EVENT,	/* yield, wake before an event that is due */
	SHINT_KEEP_TIMER,	/* keep: the guest's timer is near */
	SHINT_KEEP_EVENT,	/* keep: an event is due */
	SHINT_KEEP_GAP,		/* keep: a gap within a transaction */
	SHINT_KEEP_ARRIVAL,	/* keep: a packet is on its way */
	SHINT_KEEP_PEER,	/* keep: a packet is on its way to this vCPU's task */
	SHINT_KEEP_ALWAYS,	/* keep: mode always; not charged to a budget */
	SHINT_KEEP_BLIND,	/* keep: test, mode blind; not charged either */
	SHINT_NR_VERDICTS
};

/**
 * struct shint_situation - what is known when a vCPU halts
 * @hint: its slot's snapshot
 * @now_ns: now
 * @published_ns: when this publish was first seen
 * @idle_ns: since the guest halted; more than 0 if that is not its first halt
 *	since it ran: woken early, a signal
 * @wake_costs: what waking the vCPU costs
 * @gaps: how long it idles, with a plan
 * @predictor: when transactions start
 * @announced: most of its events are announced by their packets' arrival: there
 *	is no need to be awake when the guest expects one
 * @arrived_ns: when the packet arrived that the vCPU was woken for, or 0
 * @role: if so, what the vCPU has to do with it
 * @arrival_keep_ns: by role, how long after an arrival its event is waited for,
 *	or 0 if that is not known
 * @backoff: whether keeps pay
 * @max_keep_ns: the VM's limit for one grant
 * @budget_left_ns: what the budgets allow now
 * @free_ns: what KVM would poll in this halt without us, which no budget is
 *	charged with
 */
struct shint_situation {
	const struct shint_hint *hint;
	u64 now_ns;
	u64 published_ns;
	u64 idle_ns;
	const struct shint_wake_costs *wake_costs;
	const struct shint_gaps *gaps;
	struct shint_predictor *predictor;
	bool announced;
	u64 arrived_ns;
	enum shint_role role;
	u64 arrival_keep_ns[SHINT_NR_ROLES];
	const struct shint_backoff *backoff;
	u64 max_keep_ns;
	u64 budget_left_ns;
	u64 free_ns;
};

/**
 * struct shint_decision - what is to be done
 * @verdict: why
 * @keep_ns: poll for this long; meaningless for a stock verdict
 * @wake_in_ns: wake the vCPU after this long if it has yielded by then, or 0
 * @on_arrival: by role, wake it if a packet arrives and it has yielded by then
 */
struct shint_decision {
	enum shint_verdict verdict;
	u64 keep_ns;
	u64 wake_in_ns;
	bool on_arrival[SHINT_NR_ROLES];
};

static inline bool shint_verdict_is_stock(enum shint_verdict verdict)
{
	return verdict <= SHINT_STOCK_BLIND;
}

/**
 * struct shint_worker_plan - wake-ups ahead of a packet
 * @in_ns: the first is so far away; 0: there is none
 * @waking_ns: the first one is the wake-up from a long sleep, and takes so long
 * @again_ns: from its end to the next, and from each further one to the next
 * @last_ns: none after this
 * @until_ns: a packet up to then is what they are for; 0 if there is none
 */
struct shint_worker_plan {
	u64 in_ns;
	u64 waking_ns;
	u64 again_ns;
	u64 last_ns;
	u64 until_ns;
};

const char *shint_verdict_name(enum shint_verdict verdict);
u32 shint_policy_hit_worth(u64 budget_left_ns, u64 budget_limit_ns);
u64 shint_policy_start_gap_ns(const struct shint_wake_costs *costs);
u64 shint_policy_worker_gap_ns(const struct shint_wake_costs *costs);
void shint_policy_worker(struct shint_predictor *starts, const struct shint_wake_costs *costs,
			 u64 now_ns, struct shint_worker_plan *plan);
void shint_policy_decide(const struct shint_situation *situation,
			 struct shint_decision *decision);

#endif /* SHINT_POLICY_H */
