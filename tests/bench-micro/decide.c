// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decisions: one situation for each rule, and the dearest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learned.h"

/* A halt @ns after the last event, of which the guest has been idle since. */
static void halt_after(u64 ns, enum shint_verdict expected)
{
	vcpu.situation.now_ns = vcpu.at_ns + ns;
	vcpu.situation.published_ns = vcpu.situation.now_ns;
	shint_policy_decide(&vcpu.situation, &vcpu.decision);
	if (vcpu.decision.verdict == expected)
		return;
	fprintf(stderr, "pure: %s, not %s\n", shint_verdict_name(vcpu.decision.verdict),
		shint_verdict_name(expected));
	exit(1);
}

static void decide(void)
{
	shint_policy_decide(&vcpu.situation, &vcpu.decision);
}

static void nothing_known(void)
{
	fresh();
	halt_after(0, SHINT_YIELD_FAR);
}

static void nothing_but_timer(void)
{
	fresh();
	vcpu.hint.next_timer_ns = 4 * MS;
	halt_after(0, SHINT_WAKE_TIMER);
}

static void timer_near(void)
{
	fresh();
	vcpu.hint.next_timer_ns = 60 * US;
	halt_after(0, SHINT_KEEP_TIMER);
}

static void period_ahead(void)
{
	learn_period();
	halt_after(5 * MS, SHINT_WAKE_EVENT);
}

static void period_due(void)
{
	learn_period();
	halt_after(20 * MS - 40 * US, SHINT_KEEP_EVENT);
}

static void pattern_gap(void)
{
	learn_pattern(1, 1);
	halt_after(0, SHINT_WAKE_EVENT);
}

static void pattern_ahead(void)
{
	learn_pattern(1, 1);
	vcpu.situation.idle_ns = 3 * MS;
	halt_after(3 * MS, SHINT_WAKE_EVENT);
}

static void gaps_keep(void)
{
	learn_gaps(1, 1);
	halt_after(0, SHINT_KEEP_GAP);
}

/* Woken early, in the same halt: what is next is asked in the middle of a gap. */
static void gaps_rehalt(void)
{
	learn_gaps(1, 1);
	vcpu.situation.idle_ns = 1600 * US;
	halt_after(1600 * US, SHINT_KEEP_GAP);
}

static void gaps_no_budget(void)
{
	learn_gaps(1, 1);
	vcpu.situation.budget_left_ns = 0;
	halt_after(0, SHINT_STOCK_BUDGET);
}

/* The dearest that a table of costs can be: one class measured, the others asked for. */
static void pattern_one_cost(void)
{
	learn_pattern(1, 1);
	memset(&vcpu.costs, 0, sizeof(vcpu.costs));
	vcpu.costs.ns[0] = 40000;
	vcpu.situation.idle_ns = 3 * MS;
	halt_after(3 * MS, SHINT_WAKE_EVENT);
}

/* As the request is due, by the last interval. */
static void drift_ahead(void)
{
	learn_drift();
	if (vcpu.predictor.slack_ns && vcpu.predictor.slack_ns <= vcpu.predictor.recent_slack_ns)
		die("a period is believed where there is none");
	halt_after(5 * MS, SHINT_WAKE_EVENT);
}

static void drift_due(void)
{
	learn_drift();
	halt_after(30 * MS - 300 * US, SHINT_KEEP_EVENT);
}

/* The guest expects the event itself: its word is heard before the pattern. */
static void told(u64 event_ns, u64 idle_ns, enum shint_verdict expected)
{
	learn_pattern(1, 1);
	vcpu.hint.event_ns = event_ns;
	vcpu.hint.event_dev_ns = 40 * US;
	vcpu.situation.idle_ns = idle_ns;
	halt_after(idle_ns, expected);
}

static void told_ahead(void)
{
	told(6 * MS, 3 * MS, SHINT_WAKE_EVENT);
}

static void told_due(void)
{
	told(100 * US, 3 * MS, SHINT_KEEP_EVENT);
}

/* It did not come, and the pattern is asked. */
static void told_passed(void)
{
	told(6 * MS, 3 * MS, SHINT_WAKE_EVENT);
	vcpu.situation.published_ns -= 7 * MS;
	shint_policy_decide(&vcpu.situation, &vcpu.decision);
	if (vcpu.decision.verdict != SHINT_WAKE_EVENT)
		die("not woken for the pattern");
}

/* Woken for a packet, on the way to the vCPU that takes its interrupt, or runs its task. */
static void arrived(enum shint_role role, enum shint_verdict expected)
{
	learn_pattern(1, 1);
	vcpu.situation.idle_ns = 3 * MS;
	vcpu.situation.role = role;
	vcpu.situation.arrived_ns = vcpu.at_ns + 3 * MS - 40 * US;
	halt_after(3 * MS, expected);
}

static void arrival_keep(void)
{
	arrived(SHINT_TAKER, SHINT_KEEP_ARRIVAL);
}

static void peer_keep(void)
{
	arrived(SHINT_PEER, SHINT_KEEP_PEER);
}

/*
 * All is asked, and nothing is near enough: what the guest expected did not come, the
 * pattern's event and the timer are not far, and the plan wakes at any moment, for what
 * has to be asked once more.
 */
static void all_near(void)
{
	int i;

	learn_pattern(1, 1);
	for (i = 0; i < 4; i++)
		event(between(10 * US, 80 * US), 1, 1);
	vcpu.hint.event_ns = MS;
	vcpu.hint.event_dev_ns = 40 * US;
	vcpu.hint.next_timer_ns = 3 * MS;
	vcpu.situation.idle_ns = 8376 * US;
	halt_after(8376 * US, SHINT_WAKE_EVENT);
	vcpu.situation.published_ns -= 2 * MS;
}

/* In a pause, when a burst of seven starts is due: the first that asks after six were. */
static void six_passed(void)
{
	int i, j;

	fresh();
	for (i = 0; i < 60; i++) {
		for (j = 0; j < 6; j++)
			event(5 * MS, 1, 1);
		event(100 * MS, 1, 1);
	}
	vcpu.hint.next_timer_ns = 500 * MS;
	vcpu.situation.now_ns = vcpu.at_ns + 27 * MS;
	vcpu.situation.published_ns = vcpu.situation.now_ns;
}

const struct bench decide_benches[] = {
	{ "decide_nothing", 100, "nothing known", nothing_known, decide },
	{ "decide_timer", 100, "nothing known, a timer", nothing_but_timer, decide },
	{ "decide_timer_near", 100, "nothing known, a near timer", timer_near, decide },
	{ "decide_period_ahead", 100, "steady period, event ahead", period_ahead, decide },
	{ "decide_period_due", 100, "steady period, event due", period_due, decide },
	{ "decide_pattern_gap", 100, "pattern of starts, within a gap", pattern_gap, decide },
	{ "decide_pattern_ahead", 100, "pattern of starts, event ahead", pattern_ahead, decide },
	{ "decide_pattern_one_cost", 100, "the same, one class of costs measured",
	  pattern_one_cost, decide },
	{ "decide_gaps", 100, "learned gaps", gaps_keep, decide },
	{ "decide_gaps_rehalt", 100, "learned gaps, woken within one", gaps_rehalt, decide },
	{ "decide_gaps_no_budget", 100, "learned gaps, budget spent", gaps_no_budget, decide },
	{ "decide_drift_ahead", 100, "changing rhythm, event ahead", drift_ahead, decide },
	{ "decide_drift_due", 100, "changing rhythm, event due", drift_due, decide },
	{ "decide_told_ahead", 100, "the guest expects an event, ahead", told_ahead, decide },
	{ "decide_told_due", 100, "the guest expects an event, due", told_due, decide },
	{ "decide_told_passed", 100, "it did not come; pattern of starts, event ahead",
	  told_passed, decide },
	{ "decide_arrival", 100, "a packet is on its way", arrival_keep, decide },
	{ "decide_peer", 100, "a packet is on its way to this vCPU's task", peer_keep, decide },
	{ "decide_all_near", 100, "all is asked and nothing is near enough", all_near, decide },
	{ "decide_passed", 1, "windows have passed unasked, single call", six_passed, decide },
	{}
};
