// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy: keep, yield, or yield and wake early.
 *
 * The rules stand in the order in which they are asked. Each is a function
 * that returns whether it applies; the first that does decides.
 */
#include "policy.h"

/*
 * An event met while kept saves its waiter one wake-up, and what was pushed
 * out of the caches meanwhile. How many wake-ups' worth of kept time that may
 * cost is the price of steadiness: docs/policy.md has the figures.
 */
#define HIT_WORTH_WAKE_COSTS	16

/*
 * Blocking and waking again costs about two switches: a timer nearer than this
 * many wake-ups is not worth yielding for.
 */
#define NEAR_WAKE_COSTS		2

static const char *const verdict_names[SHINT_NR_VERDICTS] = {
	[SHINT_STOCK_OFF] = "stock_off",
	[SHINT_STOCK_QUOTA] = "stock_quota",
	[SHINT_STOCK_ABSENT] = "stock_absent",
	[SHINT_STOCK_BAD_SLOT] = "stock_bad_slot",
	[SHINT_STOCK_NO_SLOT] = "stock_no_slot",
	[SHINT_STOCK_NOT_IDLE] = "stock_not_idle",
	[SHINT_STOCK_STALE] = "stock_stale",
	[SHINT_STOCK_NO_POLL] = "stock_no_poll",
	[SHINT_STOCK_NESTED] = "stock_nested",
	[SHINT_STOCK_XEN] = "stock_xen",
	[SHINT_STOCK_BUDGET] = "stock_budget",
	[SHINT_STOCK_BLIND] = "stock_blind",
	[SHINT_YIELD_FAR] = "yield_far",
	[SHINT_WAKE_TIMER] = "wake_timer",
	[SHINT_WAKE_EVENT] = "wake_event",
	[SHINT_KEEP_TIMER] = "keep_timer",
	[SHINT_KEEP_EVENT] = "keep_event",
	[SHINT_KEEP_GAP] = "keep_gap",
	[SHINT_KEEP_ALWAYS] = "keep_always",
	[SHINT_KEEP_BLIND] = "keep_blind",
};

/**
 * shint_verdict_name() - a verdict's name, as counters and trace events use it
 * @verdict: which
 */
const char *shint_verdict_name(enum shint_verdict verdict)
{
	return verdict_names[verdict];
}

/* How much ahead of an event to wake, in wake-ups: half of one as margin. */
static u64 policy_lead_ns(const struct shint_situation *situation)
{
	return situation->wake_cost_ns + situation->wake_cost_ns / 2;
}

/**
 * shint_policy_hit_worth_ns() - kept time an event met while kept is worth
 * @wake_cost_ns: what waking this vCPU costs
 */
u64 shint_policy_hit_worth_ns(u64 wake_cost_ns)
{
	return HIT_WORTH_WAKE_COSTS * wake_cost_ns;
}

static void decide(struct shint_decision *decision, enum shint_verdict verdict,
		   u64 keep_ns, u64 wake_in_ns)
{
	decision->verdict = verdict;
	decision->keep_ns = keep_ns;
	decision->wake_in_ns = wake_in_ns;
}

/* The time to the next timer that is worth waking for, or NS_NONE. */
static u64 policy_timer_in_ns(const struct shint_situation *situation)
{
	u64 passed_ns = situation->now_ns - situation->published_ns;
	u64 timer_ns = situation->hint->next_timer_ns;

	if (situation->hint->tick || timer_ns == VIRTIO_SCHED_HINT_NS_NONE)
		return VIRTIO_SCHED_HINT_NS_NONE;
	return timer_ns > passed_ns ? timer_ns - passed_ns : 0;
}

static bool rule_slot(const struct shint_situation *situation,
		      struct shint_decision *decision)
{
	const struct shint_hint *hint = situation->hint;

	if (hint->state != VIRTIO_SCHED_HINT_STATE_IDLE)
		decide(decision, SHINT_STOCK_NOT_IDLE, 0, 0);
	else if (hint->next_timer_ns != VIRTIO_SCHED_HINT_NS_NONE &&
		 situation->now_ns - situation->published_ns >
		 hint->next_timer_ns + policy_lead_ns(situation))
		decide(decision, SHINT_STOCK_STALE, 0, 0);
	else
		return false;
	return true;
}

static bool rule_timer_near(const struct shint_situation *situation, u64 timer_in_ns,
			    struct shint_decision *decision)
{
	u64 near_ns = NEAR_WAKE_COSTS * situation->wake_cost_ns;

	if (timer_in_ns > near_ns)
		return false;
	/* Timers fire late rather than early. */
	decide(decision, SHINT_KEEP_TIMER, timer_in_ns + situation->wake_cost_ns, 0);
	return true;
}

static bool rule_event_due(const struct shint_situation *situation,
			   const struct shint_window *window, bool expected,
			   struct shint_decision *decision)
{
	u64 from_ns, until_ns;

	if (!expected)
		return false;

	from_ns = window->from_ns - policy_lead_ns(situation);
	until_ns = window->until_ns + situation->wake_cost_ns;
	if (situation->now_ns + NEAR_WAKE_COSTS * situation->wake_cost_ns < from_ns)
		return false;
	decide(decision, SHINT_KEEP_EVENT, until_ns - situation->now_ns, 0);
	return true;
}

static bool rule_gap(const struct shint_situation *situation,
		     const struct shint_predictor *predictor,
		     struct shint_decision *decision)
{
	u64 gap_ns = shint_predict_gap_ns(predictor,
					  shint_policy_hit_worth_ns(situation->wake_cost_ns));

	/* A halt that goes on has had its gap already. */
	if (!gap_ns || situation->rehalt)
		return false;
	decide(decision, SHINT_KEEP_GAP, gap_ns, 0);
	return true;
}

/* Whatever else is done: be back before the next thing that is known to come. */
static void add_early_wake(const struct shint_situation *situation, u64 timer_in_ns,
			   const struct shint_window *window, bool expected,
			   struct shint_decision *decision)
{
	u64 lead_ns = policy_lead_ns(situation);
	u64 event_in_ns = VIRTIO_SCHED_HINT_NS_NONE;
	enum shint_verdict verdict = SHINT_WAKE_TIMER;
	u64 first_ns = timer_in_ns;

	if (expected && window->from_ns > situation->now_ns)
		event_in_ns = window->from_ns - situation->now_ns;
	if (event_in_ns < first_ns) {
		first_ns = event_in_ns;
		verdict = SHINT_WAKE_EVENT;
	}
	if (first_ns == VIRTIO_SCHED_HINT_NS_NONE || first_ns <= lead_ns + decision->keep_ns)
		return;

	decision->wake_in_ns = first_ns - lead_ns;
	if (decision->verdict == SHINT_YIELD_FAR)
		decision->verdict = verdict;
}

/* An early wake is followed by a keep: without the means for one, no wake. */
static void apply_limits(const struct shint_situation *situation,
			 struct shint_decision *decision)
{
	u64 needed_ns;

	if (decision->keep_ns > situation->max_keep_ns)
		decision->keep_ns = situation->max_keep_ns;

	needed_ns = decision->keep_ns;
	if (decision->wake_in_ns)
		needed_ns += policy_lead_ns(situation);
	if (needed_ns > situation->budget_left_ns)
		decide(decision, SHINT_STOCK_BUDGET, 0, 0);
}

/**
 * shint_policy_decide() - decide about a halt
 * @situation: what is known
 * @predictor: the vCPU's past
 * @decision: out
 *
 * Context: any; takes no lock and no clock, and no time that depends on its
 * input.
 */
void shint_policy_decide(const struct shint_situation *situation,
			 const struct shint_predictor *predictor,
			 struct shint_decision *decision)
{
	struct shint_window window = {};
	bool expected;
	u64 timer_in_ns;

	if (rule_slot(situation, decision))
		return;

	timer_in_ns = policy_timer_in_ns(situation);
	expected = shint_predict_window(predictor, situation->now_ns, &window);

	if (!rule_timer_near(situation, timer_in_ns, decision) &&
	    !rule_event_due(situation, &window, expected, decision) &&
	    !rule_gap(situation, predictor, decision))
		decide(decision, SHINT_YIELD_FAR, 0, 0);

	add_early_wake(situation, timer_in_ns, &window, expected, decision);
	apply_limits(situation, decision);
}
