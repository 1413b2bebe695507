/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What to do with a halt. Pure: values in, values out.
 */
#ifndef SHINT_POLICY_H
#define SHINT_POLICY_H

#include <linux/types.h>

#include "predict.h"
#include "slot.h"

/*
 * Every halt of an attached VM ends in exactly one verdict; each is a counter.
 * "stock" verdicts leave the halt to KVM's own adaptive polling.
 */
#define SHINT_VERDICTS(V)							\
	V(STOCK_OFF,		stock_off,	  "mode off")			\
	V(STOCK_ABSENT,		stock_absent,	  "slot not in memory")		\
	V(STOCK_BAD_SLOT,	stock_bad_slot,	  "slot is nonsense")		\
	V(STOCK_NOT_IDLE,	stock_not_idle,	  "guest did not say idle")	\
	V(STOCK_STALE,		stock_stale,	  "what was published is over")	\
	V(STOCK_NO_POLL,	stock_no_poll,	  "guest forbids host polling")	\
	V(STOCK_NESTED,		stock_nested,	  "nested guest")		\
	V(STOCK_XEN,		stock_xen,	  "Xen event channel poll")	\
	V(STOCK_BUDGET,		stock_budget,	  "budget spent")		\
	V(STOCK_UNKNOWN,	stock_unknown,	  "nothing known yet")		\
	V(YIELD_FAR,		yield_far,	  "next event far away")	\
	V(WAKE_TIMER,		wake_timer,	  "yield, wake before timer")	\
	V(WAKE_EVENT,		wake_event,	  "yield, wake before event")	\
	V(KEEP_TIMER,		keep_timer,	  "timer is near")		\
	V(KEEP_EVENT,		keep_event,	  "event is due")		\
	V(KEEP_GAP,		keep_gap,	  "gap within a transaction")	\
	V(KEEP_ALWAYS,		keep_always,	  "mode always")		\
	V(KEEP_BLIND,		keep_blind,	  "test: blind period")

#define SHINT_VERDICT_ENUM(id, name, text)	SHINT_##id,
enum shint_verdict {
	SHINT_VERDICTS(SHINT_VERDICT_ENUM)
	SHINT_NR_VERDICTS
};

/**
 * struct shint_situation - what is known when a vCPU halts
 * @hint: its slot's snapshot
 * @now_ns: now
 * @published_ns: when this publish was first seen
 * @rehalt: the guest has not run since its last halt: woken early, a signal
 * @wake_cost_ns: from waking the vCPU's thread to its being back here
 * @max_keep_ns: the VM's limit for one grant
 * @budget_left_ns: what the budgets allow now
 */
struct shint_situation {
	const struct shint_hint *hint;
	u64 now_ns;
	u64 published_ns;
	bool rehalt;
	u64 wake_cost_ns;
	u64 max_keep_ns;
	u64 budget_left_ns;
};

/**
 * struct shint_decision - what is to be done
 * @verdict: why
 * @keep_ns: poll for this long; meaningless for a stock verdict
 * @wake_in_ns: wake the vCPU after this long if it has yielded by then, or 0
 */
struct shint_decision {
	enum shint_verdict verdict;
	u64 keep_ns;
	u64 wake_in_ns;
};

static inline bool shint_verdict_is_stock(enum shint_verdict verdict)
{
	return verdict <= SHINT_STOCK_UNKNOWN;
}

u64 shint_policy_hit_worth_ns(u64 wake_cost_ns);
void shint_policy_decide(const struct shint_situation *situation,
			 const struct shint_predictor *predictor,
			 struct shint_decision *decision);

#endif /* SHINT_POLICY_H */
