// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the last halt was like: what was granted in it is accounted for, and what
 * it tells is learned.
 */
#include <linux/minmax.h>
#include <linux/spinlock.h>

#include "arrival.h"
#include "kvm.h"
#include "past.h"
#include "vm.h"

/* An event that was there when KVM looked, before it would have polled: no gap. */
#define GAP_MIN_NS	1000

/**
 * shint_past_look() - what the time since the last halt tells
 * @vcpu: the vCPU whose thread runs
 * @past: zeroed; out
 *
 * Context: the probe, as all here; once per call of kvm_vcpu_halt().
 */
void shint_past_look(struct shint_vcpu *vcpu, struct shint_past *past)
{
	struct shint_polled now, *last = &vcpu->polled;

	shint_kvm_polled(vcpu->kvm_vcpu, &now);
	past->known = vcpu->synced && now.success_ns >= last->success_ns &&
		      now.fail_ns >= last->fail_ns && now.wait_ns >= last->wait_ns;
	if (past->known) {
		u64 wait_ns = now.wait_ns - last->wait_ns;

		past->polled_ns = now.success_ns - last->success_ns +
				  now.fail_ns - last->fail_ns;
		past->halt_ns = past->polled_ns + wait_ns;
		past->met = !wait_ns;
	}
	past->end_ns = vcpu->hit_ns + past->halt_ns;
	vcpu->polled = now;
	vcpu->synced = true;
}

/**
 * shint_past_judge_arrival() - count what came of having been woken for a packet
 * @vm: the VM
 * @vcpu: the vCPU whose thread runs
 * @role: what it had to do with the packet
 * @hit: an event came in time
 * @now_ns: now
 */
void shint_past_judge_arrival(struct shint_vm *vm, struct shint_vcpu *vcpu, enum shint_role role,
			      bool hit, u64 now_ns)
{
	if (hit)
		vcpu->counters.arrivals[role].hits++;
	else
		vcpu->counters.arrivals[role].misses++;
	shint_arrival_judge(vm, role, hit, now_ns);
}

/* By another task that wanted the pCPU: it blocked before what was granted was over. */
static bool past_was_cut(const struct shint_vm *vm, const struct shint_grant *grant,
			 const struct shint_past *past)
{
	u64 granted_ns = min_t(u64, grant->ns, READ_ONCE(vm->override.max_ns));

	return past->halt_ns > past->polled_ns && past->polled_ns < granted_ns;
}

/*
 * What the guest had announced as a timer is no device's event. What is that much sooner may be it,
 * for the timer is reckoned from the halt, and was told before.
 */
static bool past_was_timer(const struct shint_vcpu *vcpu, u64 event_ns, u64 sooner_ns)
{
	return vcpu->timer_ns != VIRTIO_SCHED_HINT_NS_NONE &&
	       event_ns + sooner_ns >= vcpu->timer_ns;
}

/*
 * What came of a keep, for whether others are to follow. Those for packets are
 * judged by the arrivals' own measure: what cuts them off may be the very worker
 * that brings the packet. Other modes do not back off.
 */
static void past_judge_keep(struct shint_vm *vm, struct shint_vcpu *vcpu,
			    const struct shint_past *past, u64 spent_ns, u64 now_ns)
{
	const struct shint_grant *grant = &vcpu->grant;
	enum shint_reason reason;
	enum shint_met met = SHINT_MET_NOTHING;

	if (!past->known)
		return;
	switch (grant->verdict) {
	case SHINT_KEEP_TIMER:
		reason = SHINT_FOR_TIMER;
		break;
	case SHINT_KEEP_EVENT:
		reason = SHINT_FOR_EVENT;
		break;
	case SHINT_KEEP_GAP:
		reason = SHINT_FOR_GAP;
		break;
	default:
		return;
	}
	if (past->met)
		met = past_was_timer(vcpu, past->end_ns, SHINT_SLACK_MIN_NS) ?
		      SHINT_MET_TIMER : SHINT_MET_EVENT;
	vcpu->counters.pauses += shint_backoff_cut(&vcpu->backoff, past_was_cut(vm, grant, past),
						   now_ns);
	vcpu->counters.pauses +=
		shint_backoff_spent(&vcpu->backoff, reason, met, spent_ns,
				    shint_policy_start_gap_ns(&vcpu->wake_costs), now_ns);
}

/**
 * shint_past_settle() - account for the grant that is out, if one is
 * @vm: the VM
 * @vcpu: the vCPU whose thread runs
 * @past: what came of it
 * @now_ns: now
 */
void shint_past_settle(struct shint_vm *vm, struct shint_vcpu *vcpu,
		       const struct shint_past *past, u64 now_ns)
{
	struct shint_counters *counters = &vcpu->counters;
	struct shint_grant *grant = &vcpu->grant;
	/* If KVM's account was reset, what was kept is not known: charge all. */
	u64 kept_ns = past->known ? past->polled_ns : grant->ns;
	u64 free_ns = min(kept_ns, grant->free_ns);
	u64 reserved_ns = grant->ns - grant->free_ns;

	if (!grant->ns)
		return;

	counters->kept_ns += kept_ns;
	counters->free_ns += free_ns;
	if (!past->met)
		counters->wasted_ns += kept_ns;
	if (grant->early && past->met)
		counters->early_hits++;
	else if (grant->early)
		counters->early_misses++;
	if (grant->arrival)
		shint_past_judge_arrival(vm, vcpu, grant->role, past->met, now_ns);
	past_judge_keep(vm, vcpu, past, kept_ns - free_ns, now_ns);

	if (grant->charged)
		shint_budget_settle(&vcpu->budget, grant->at_ns, reserved_ns, kept_ns - free_ns,
				    now_ns);
	if (grant->charged_to_vm) {
		raw_spin_lock(&vm->budget_lock);
		shint_budget_settle(&vm->budget, grant->at_ns, reserved_ns, kept_ns - free_ns,
				    now_ns);
		raw_spin_unlock(&vm->budget_lock);
	}
	grant->ns = 0;
}

/* The weight of a new sample of how long packets take. */
#define DELIVERY_SHIFT	3

/* How long a packet took from its arrival to its event, which an awake vCPU met. */
static void past_learn_delivery(struct shint_vcpu *vcpu, u64 took_ns)
{
	if (!vcpu->delivery_ns)
		vcpu->delivery_ns = took_ns;
	vcpu->delivery_ns -= vcpu->delivery_ns >> DELIVERY_SHIFT;
	vcpu->delivery_ns += took_ns >> DELIVERY_SHIFT;
}

/*
 * Whether a packet's arrival announced the event so early that a vCPU that slept
 * was awake in time, or nearly: what is less than a quarter of a wake-up late is
 * not worth being kept for. When the event came is known only of a vCPU that was
 * awake; of another one it is supposed that it took as long as those before.
 */
static bool past_was_announced(struct shint_vcpu *vcpu, bool met, u64 event_ns)
{
	u64 announced_ns = READ_ONCE(vcpu->waker.announced_ns);
	u64 met_ns = READ_ONCE(vcpu->waker.met_ns);
	u64 cost_ns, took_ns;

	cost_ns = shint_wake_cost_ns(&vcpu->wake_costs, event_ns - vcpu->halted_ns);
	/* It was woken ahead of the packet. Much later it was perhaps another event. */
	if (met_ns > vcpu->halted_ns && met_ns <= event_ns && event_ns - met_ns <= 2 * cost_ns)
		return true;
	if (announced_ns <= vcpu->halted_ns || announced_ns > event_ns)
		return false;
	took_ns = vcpu->delivery_ns;
	if (met) {
		took_ns = event_ns - announced_ns;
		/* If it took much longer it was perhaps another one. */
		past_learn_delivery(vcpu, min(took_ns, 2 * cost_ns));
	}
	return took_ns >= cost_ns - cost_ns / 4;
}

#define ANNOUNCED_MAX	(2 * SHINT_ANNOUNCED_MOST)

/* Whether most are: a majority vote of the last events. */
static void past_count_announced(struct shint_vcpu *vcpu, bool announced)
{
	if (announced)
		vcpu->announced = min(vcpu->announced + 1, ANNOUNCED_MAX);
	else if (vcpu->announced)
		vcpu->announced--;
}

/**
 * shint_past_gaps() - the gaps that the present one is one of
 * @vcpu: the vCPU whose thread runs
 *
 * I/O takes as long as its device takes, whatever the time between requests is
 * like: where the guest says that some is in flight, the gap is one of these.
 */
struct shint_gaps *shint_past_gaps(struct shint_vcpu *vcpu)
{
	return &vcpu->gaps[vcpu->io_in_flight];
}

/**
 * shint_past_learn() - learn from a halt that is complete: the guest halted anew
 * @vm: the VM
 * @vcpu: the vCPU whose thread runs
 * @past: the last of it
 * @now_ns: now
 */
void shint_past_learn(struct shint_vm *vm, struct shint_vcpu *vcpu,
		      const struct shint_past *past, u64 now_ns)
{
	/* What lies between KVM's halts is no part of halt_ns. */
	u64 event_ns = past->end_ns;
	u64 gap_ns = event_ns - vcpu->halted_ns;
	struct shint_gaps *gaps = shint_past_gaps(vcpu);
	struct shint_stock_params params;
	bool announced;

	if (!past->known)
		goto out;

	/* KVM adapts nothing while the guest forbids it to poll. */
	if (!vcpu->no_poll) {
		shint_kvm_stock_params(vm, &params);
		/* KVM measures something even when the event was there first. */
		shint_stock_replay(&vcpu->stock, &params, vcpu->halt_ns ?: 1);
	}

	if (!vcpu->published_idle || gap_ns < GAP_MIN_NS)
		goto out;
	if (past_was_timer(vcpu, event_ns, shint_wake_cost_ns(&vcpu->wake_costs, gap_ns))) {
		shint_gaps_learn_timed(gaps, gap_ns);
		goto out;
	}
	announced = past_was_announced(vcpu, past->met, event_ns);
	past_count_announced(vcpu, announced);
	/* There is no need to be awake before. */
	if (announced) {
		shint_gaps_unlearn(gaps, gap_ns);
		goto out;
	}
	shint_gaps_learn(gaps, gap_ns);
	if (gap_ns > shint_policy_start_gap_ns(&vcpu->wake_costs))
		shint_predict_start(&vcpu->predictor, event_ns);
out:
	vcpu->halt_ns = 0;
	WRITE_ONCE(vcpu->halted_ns, now_ns);
}

/**
 * shint_past_wake_cost() - learn what waking costs
 * @vcpu: the vCPU whose thread runs
 * @past: what the last halt was like
 * @fired_ns: when the timer that woke it was due, or the packet arrived
 *
 * From then to the end of the halt, whether or not the event came meanwhile.
 *
 * Return: whether there was something to wake: if the event came first, or if
 * the vCPU was still kept, there was not.
 */
bool shint_past_wake_cost(struct shint_vcpu *vcpu, const struct shint_past *past, u64 fired_ns)
{
	u64 slept_from_ns = vcpu->hit_ns + past->polled_ns;

	if (!past->known || past->met || past->end_ns <= fired_ns || fired_ns <= slept_from_ns)
		return false;
	shint_wake_cost_learn(&vcpu->wake_costs, fired_ns - slept_from_ns,
			      past->end_ns - fired_ns);
	return true;
}
