// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy: keep, yield, or yield and wake early.
 *
 * The rules stand in the order in which they are asked. Each is a function
 * that returns whether it applies; the first that does decides.
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include "policy.h"

/*
 * An event met while kept saves its waiter one wake-up, and what was pushed
 * out of the caches meanwhile. How many wake-ups' worth of kept time that may
 * cost, while the budget is untouched, is the price of steadiness:
 * docs/policy.md has the figures.
 */
#define HIT_WORTH_WAKE_COSTS	16

/*
 * Blocking and waking again costs about two switches: a timer nearer than this
 * many wake-ups is not worth yielding for.
 */
#define NEAR_WAKE_COSTS		2

/*
 * What brings packets is woken for such as come after more than this. A pCPU
 * sleeps lightly for less. Nor is what comes within a few slacks predicted.
 */
#define WORKER_GAP_WAKE_COSTS	4
#define WORKER_GAP_MIN_NS	(4 * SHINT_SLACK_MIN_NS)

/*
 * Windows that are wider are not gone ahead of: seven wake-ups cover one, each of the
 * worker and of a vCPU. So many are what a hit is worth.
 */
#define WORKER_WINDOW_WAKE_COSTS	10

/* Never near, nor within a lead of it: most of what is asked about. */
#define FAR_NS			((NEAR_WAKE_COSTS + 2) * SHINT_COST_MAX_NS)

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
	[SHINT_STOCK_CONTENDED] = "stock_contended",
	[SHINT_STOCK_BLIND] = "stock_blind",
	[SHINT_YIELD_FAR] = "yield_far",
	[SHINT_WAKE_TIMER] = "wake_timer",
	[SHINT_WAKE_EVENT] = "wake_event",
	[SHINT_KEEP_TIMER] = "keep_timer",
	[SHINT_KEEP_EVENT] = "keep_event",
	[SHINT_KEEP_GAP] = "keep_gap",
	[SHINT_KEEP_ARRIVAL] = "keep_arrival",
	[SHINT_KEEP_PEER] = "keep_peer",
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

/* What waking costs at the end of a sleep of @in_ns. */
static u64 policy_wake_cost_ns(const struct shint_situation *situation, u64 in_ns)
{
	return shint_wake_cost_ns(situation->wake_costs, in_ns);
}

/* How much ahead to wake what that costs so much: half as margin. */
static u64 lead_ns_of(u64 cost_ns)
{
	return cost_ns + cost_ns / 2;
}

/* The same of something that is due @in_ns from now. */
static u64 policy_lead_ns(const struct shint_situation *situation, u64 in_ns)
{
	return lead_ns_of(policy_wake_cost_ns(situation, in_ns));
}

static bool policy_is_near(const struct shint_situation *situation, u64 in_ns)
{
	return in_ns < FAR_NS &&
	       in_ns <= NEAR_WAKE_COSTS * policy_wake_cost_ns(situation, in_ns);
}

/**
 * shint_policy_hit_worth() - kept time that it is worth to meet an event
 * @budget_left_ns: what may still be kept
 * @budget_limit_ns: of so much
 *
 * The less is left the dearer is what is kept: else all would be spent on
 * whatever comes first in a second, and nothing be left for the gaps that give
 * most for it.
 *
 * Return: as for shint_gaps_plan().
 */
u32 shint_policy_hit_worth(u64 budget_left_ns, u64 budget_limit_ns)
{
	if (!budget_limit_ns)
		return 0;
	return HIT_WORTH_WAKE_COSTS * SHINT_HIT_WORTH_ONE * budget_left_ns / budget_limit_ns;
}

/**
 * shint_policy_start_gap_ns() - an event after more than this starts something
 * @costs: what waking the vCPU costs
 *
 * So much is never kept through, however sure the event: it is what a hit is
 * worth.
 */
u64 shint_policy_start_gap_ns(const struct shint_wake_costs *costs)
{
	return HIT_WORTH_WAKE_COSTS * shint_wake_cost_ns(costs, VIRTIO_SCHED_HINT_NS_NONE);
}

static __always_inline void decide(struct shint_decision *decision, enum shint_verdict verdict,
				   u64 keep_ns, u64 wake_in_ns)
{
	decision->verdict = verdict;
	decision->keep_ns = keep_ns;
	decision->wake_in_ns = wake_in_ns;
}

static void decide_stock(struct shint_decision *decision, enum shint_verdict verdict)
{
	decide(decision, verdict, 0, 0);
	memset(decision->on_arrival, 0, sizeof(decision->on_arrival));
}

static bool policy_pays(const struct shint_situation *situation, enum shint_reason reason)
{
	return shint_backoff_pays(situation->backoff, reason, situation->now_ns);
}

/* The time to the next timer that is worth waking for, or NS_NONE. */
static u64 policy_timer_in_ns(const struct shint_situation *situation)
{
	u64 passed_ns = situation->now_ns - situation->published_ns;
	u64 timer_ns = situation->hint->next_timer_ns;

	if (situation->hint->tick || timer_ns == VIRTIO_SCHED_HINT_NS_NONE ||
	    !policy_pays(situation, SHINT_FOR_TIMER))
		return VIRTIO_SCHED_HINT_NS_NONE;
	return timer_ns > passed_ns ? timer_ns - passed_ns : 0;
}

static bool rule_slot(const struct shint_situation *situation,
		      struct shint_decision *decision)
{
	const struct shint_hint *hint = situation->hint;
	u64 passed_ns = situation->now_ns - situation->published_ns;

	if (hint->state != VIRTIO_SCHED_HINT_STATE_IDLE)
		decide_stock(decision, SHINT_STOCK_NOT_IDLE);
	else if (passed_ns > hint->next_timer_ns &&
		 passed_ns > hint->next_timer_ns + policy_lead_ns(situation, passed_ns))
		decide_stock(decision, SHINT_STOCK_STALE);
	else
		return false;
	return true;
}

/* What brings the packet is awake, or about to be: nothing is as sure as this. */
static bool rule_arrival(const struct shint_situation *situation,
			 struct shint_decision *decision)
{
	u64 until_ns = situation->arrived_ns + situation->arrival_keep_ns[situation->role];

	if (!situation->arrived_ns || until_ns <= situation->now_ns)
		return false;
	decide(decision, situation->role == SHINT_PEER ? SHINT_KEEP_PEER : SHINT_KEEP_ARRIVAL,
	       until_ns - situation->now_ns, 0);
	return true;
}

static bool rule_timer_near(const struct shint_situation *situation, u64 timer_in_ns,
			    struct shint_decision *decision)
{
	if (!policy_is_near(situation, timer_in_ns))
		return false;
	/* Timers fire late rather than early. */
	decide(decision, SHINT_KEEP_TIMER,
	       timer_in_ns + policy_wake_cost_ns(situation, timer_in_ns), 0);
	return true;
}

static bool rule_event_due(const struct shint_situation *situation,
			   const struct shint_window *window, u64 event_in_ns,
			   struct shint_decision *decision)
{
	u64 lead_ns, until_ns;

	if (event_in_ns >= FAR_NS)
		return false;
	lead_ns = policy_lead_ns(situation, event_in_ns);
	if (event_in_ns > lead_ns && !policy_is_near(situation, event_in_ns - lead_ns))
		return false;
	until_ns = window->until_ns + policy_wake_cost_ns(situation, event_in_ns);
	decide(decision, SHINT_KEEP_EVENT, until_ns - situation->now_ns, 0);
	return true;
}

/*
 * What the gaps advise. What is near is kept for: a vCPU that was woken for
 * something is a little early.
 */
static void policy_gap_step(const struct shint_situation *situation,
			    struct shint_gap_step *step)
{
	shint_gaps_step(situation->gaps, situation->idle_ns, step);
	if (!step->keep_ns && step->awake_in_ns && policy_is_near(situation, step->awake_in_ns))
		shint_gaps_step_ahead(situation->gaps, situation->idle_ns, step);
}

/*
 * Where a window tells better when a transaction starts, gaps tell only about
 * what happens within one.
 */
static bool rule_gap(const struct shint_situation *situation, u64 event_in_ns,
		     struct shint_decision *decision)
{
	struct shint_gap_step step;
	u64 wake_in_ns = 0;

	if (!policy_pays(situation, SHINT_FOR_GAP))
		return false;
	policy_gap_step(situation, &step);
	if (event_in_ns != VIRTIO_SCHED_HINT_NS_NONE) {
		u64 start_gap_ns = shint_policy_start_gap_ns(situation->wake_costs);
		u64 rest_ns = start_gap_ns > situation->idle_ns ?
			      start_gap_ns - situation->idle_ns : 0;

		step.keep_ns = min(step.keep_ns, rest_ns);
		if (step.awake_in_ns > rest_ns)
			step.awake_in_ns = 0;
	}
	if (step.awake_in_ns) {
		u64 lead_ns = policy_lead_ns(situation, step.awake_in_ns - step.keep_ns);

		wake_in_ns = step.awake_in_ns > lead_ns + step.keep_ns ?
			     step.awake_in_ns - lead_ns : step.keep_ns;
	}
	if (!step.keep_ns && !wake_in_ns)
		return false;
	decide(decision, step.keep_ns ? SHINT_KEEP_GAP : SHINT_WAKE_EVENT, step.keep_ns,
	       wake_in_ns);
	return true;
}

/*
 * When the guest expects a device's event, by what it published. It tells a
 * device's from other CPUs' calls, and sees those that find it busy.
 */
static bool policy_told_window(const struct shint_situation *situation,
			       struct shint_window *window)
{
	const struct shint_hint *hint = situation->hint;
	u64 due_ns, slack_ns;

	if (hint->event_ns == VIRTIO_SCHED_HINT_NS_NONE || situation->announced)
		return false;
	due_ns = situation->published_ns + hint->event_ns;
	slack_ns = max(2 * hint->event_dev_ns, SHINT_SLACK_MIN_NS);
	if (due_ns + slack_ns <= situation->now_ns)
		return false;
	window->from_ns = due_ns > slack_ns ? due_ns - slack_ns : 0;
	window->until_ns = due_ns + slack_ns;
	return true;
}

/* One that is so vague that it would not be worth being kept for, or could not be, is none. */
static bool policy_is_worth_it(const struct shint_situation *situation,
			       const struct shint_window *window)
{
	return window->until_ns - window->from_ns <=
	       min(shint_policy_start_gap_ns(situation->wake_costs), situation->max_keep_ns);
}

static bool policy_window(const struct shint_situation *situation, struct shint_window *window)
{
	if (!policy_pays(situation, SHINT_FOR_EVENT))
		return false;
	if (policy_told_window(situation, window) && policy_is_worth_it(situation, window))
		return true;
	if (!shint_predict_window(situation->predictor, situation->now_ns, window))
		return false;
	/* One that is none hides no other. They are few. */
	while (!policy_is_worth_it(situation, window))
		if (!shint_predict_window_behind(situation->predictor, window))
			return false;
	return true;
}

/* The time to the window in which an event is due, 0 within it; NS_NONE: none is. */
static u64 policy_event_in_ns(const struct shint_situation *situation,
			      struct shint_window *window)
{
	u64 now_ns = situation->now_ns;

	if (!policy_window(situation, window))
		return VIRTIO_SCHED_HINT_NS_NONE;
	return window->from_ns > now_ns ? window->from_ns - now_ns : 0;
}

/* Whatever else is done: be back before the next thing that is known to come. */
static void add_early_wake(const struct shint_situation *situation, u64 timer_in_ns,
			   u64 event_in_ns, struct shint_decision *decision)
{
	u64 first_ns, lead_ns;

	/* Within its window it is either kept for, or something else is nearer. */
	event_in_ns = event_in_ns ?: VIRTIO_SCHED_HINT_NS_NONE;
	first_ns = min(event_in_ns, timer_in_ns);
	if (first_ns == VIRTIO_SCHED_HINT_NS_NONE)
		return;
	lead_ns = policy_lead_ns(situation, first_ns);
	if (decision->wake_in_ns && decision->wake_in_ns + lead_ns <= first_ns)
		return;

	/* Too near behind the keep: it comes by itself. */
	decision->wake_in_ns = first_ns > lead_ns + decision->keep_ns ? first_ns - lead_ns : 0;
	if (!decision->keep_ns && decision->wake_in_ns)
		decision->verdict = event_in_ns < timer_in_ns ? SHINT_WAKE_EVENT : SHINT_WAKE_TIMER;
}

/* An early wake is followed by a keep: without the means for one, no wake. Says on_arrival. */
static void apply_limits(const struct shint_situation *situation,
			 struct shint_decision *decision)
{
	u64 needed_ns, left_ns, cost_ns, most_ns;
	int role;

	if (decision->keep_ns > situation->max_keep_ns)
		decision->keep_ns = situation->max_keep_ns;

	needed_ns = decision->keep_ns - min(decision->keep_ns, situation->free_ns);
	if (decision->wake_in_ns)
		needed_ns += policy_lead_ns(situation, decision->wake_in_ns);
	if (needed_ns > situation->budget_left_ns) {
		decide_stock(decision, SHINT_STOCK_BUDGET);
		return;
	}
	left_ns = situation->budget_left_ns - needed_ns;
	/* Of a packet's wake-up; and of one ahead of it, with the worker's. */
	cost_ns = 3 * policy_wake_cost_ns(situation, 0);
	/* No longer than a keep may be: it would end before the event. */
	most_ns = min(left_ns - min(left_ns, cost_ns), situation->max_keep_ns);
	for (role = 0; role < SHINT_NR_ROLES; role++) {
		u64 keep_ns = situation->arrival_keep_ns[role];

		/* Also not if it is 0. */
		decision->on_arrival[role] = keep_ns - 1 < most_ns;
	}
}

/**
 * shint_policy_worker_gap_ns() - a packet after more than this is worth going ahead of
 * @costs: what waking costs
 */
u64 shint_policy_worker_gap_ns(const struct shint_wake_costs *costs)
{
	return max(WORKER_GAP_WAKE_COSTS * shint_wake_cost_ns(costs, VIRTIO_SCHED_HINT_NS_NONE),
		   WORKER_GAP_MIN_NS);
}

/**
 * shint_policy_worker() - when to wake what brings packets, ahead of the next
 * @starts: when packets have come
 * @costs: what waking costs
 * @now_ns: now; a packet has just come, or a window has passed without
 * @plan: out
 *
 * What is woken sleeps again at once. Idle states are chosen for sleeps of several
 * times what leaving them takes: so it sleeps lightly for a while. Before that is
 * over it is woken again, until the window has passed.
 */
void shint_policy_worker(struct shint_predictor *starts, const struct shint_wake_costs *costs,
			 u64 now_ns, struct shint_worker_plan *plan)
{
	u64 cost_ns = shint_wake_cost_ns(costs, VIRTIO_SCHED_HINT_NS_NONE);
	u64 lead_ns = lead_ns_of(cost_ns), soonest_ns = now_ns + lead_ns;
	struct shint_window window = { 0 };

	memset(plan, 0, sizeof(*plan));
	/* One that is too near or too wide hides no other. They are few. */
	do {
		if (!shint_predict_window(starts, max(window.until_ns, soonest_ns), &window))
			return;
	} while (window.from_ns <= soonest_ns ||
		 window.until_ns - window.from_ns > WORKER_WINDOW_WAKE_COSTS * cost_ns);
	plan->in_ns = window.from_ns - soonest_ns;
	plan->waking_ns = cost_ns;
	plan->again_ns = lead_ns;
	/* Half a wake-up more is slept lightly, too. */
	plan->last_ns = window.until_ns - cost_ns / 2;
	/* So it is after the first one, however narrow the window. */
	plan->until_ns = max(window.until_ns, window.from_ns + cost_ns);
}

/**
 * shint_policy_decide() - decide about a halt
 * @situation: what is known
 * @decision: out
 *
 * Context: any; takes no lock and no clock, and no time that depends on its
 * input.
 */
void shint_policy_decide(const struct shint_situation *situation,
			 struct shint_decision *decision)
{
	struct shint_window window;
	u64 timer_in_ns, event_in_ns;

	if (rule_slot(situation, decision))
		return;

	timer_in_ns = policy_timer_in_ns(situation);
	event_in_ns = policy_event_in_ns(situation, &window);

	if (!rule_arrival(situation, decision) &&
	    !rule_timer_near(situation, timer_in_ns, decision) &&
	    !rule_event_due(situation, &window, event_in_ns, decision) &&
	    !rule_gap(situation, event_in_ns, decision))
		decide(decision, SHINT_YIELD_FAR, 0, 0);

	add_early_wake(situation, timer_in_ns, event_in_ns, decision);
	apply_limits(situation, decision);
}
