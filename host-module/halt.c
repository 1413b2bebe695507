// SPDX-License-Identifier: GPL-2.0-only
/*
 * One halt, from the probe on: settle what was granted last time, learn from
 * it, read the slot, decide, act.
 *
 * One halt of the guest can be several calls of kvm_vcpu_halt(): each early
 * wake makes KVM call it again. Those belong together ("re-halt"): the stock
 * shadow and the predictor see the guest's halts, not KVM's calls.
 */
#include <linux/nospec.h>
#include <linux/ktime.h>
#include <linux/string.h>

#include "arrival.h"
#include "halt.h"
#include "kvm.h"
#include "main.h"
#include "past.h"
#include "steal.h"
#include "trace.h"
#include "vm.h"
#include "wake.h"

/*
 * What a halt of KVM's is to us.
 *
 * @now_ns: now
 * @rehalt: the guest has not run since the last one
 * @woken: because we woke the vCPU
 * @fired_ns: when its timer was due, or when it was woken ahead of a packet, if that was since
 *	the last halt, or 0
 * @arrived_ns: when the packet arrived, if one woke it since, or 0
 * @role: if so, what the vCPU has to do with it
 * @stock_poll_ns: what KVM would poll in it without us
 * @free_ns: of that, what no budget is charged with
 */
struct halt_moment {
	u64 now_ns;
	bool rehalt;
	bool woken;
	u64 fired_ns;
	u64 arrived_ns;
	enum shint_role role;
	u64 stock_poll_ns;
	u64 free_ns;
};

/*
 * The budgets: a vCPU's own, which only its thread touches, and the VM's, if
 * it has one, under a lock that is held for a few instructions. What meeting an
 * event is worth goes by the scarcer one.
 */
static u64 halt_budget_left_ns(struct shint_vm *vm, struct shint_vcpu *vcpu, u64 now_ns,
			       u32 *hit_worth)
{
	u64 limit_ns = READ_ONCE(vm->limits.vcpu_budget_ns);
	u64 left_ns = shint_budget_left_ns(&vcpu->budget, limit_ns, now_ns);
	u64 vm_limit_ns = READ_ONCE(vm->limits.vm_budget_ns);
	u64 vm_left_ns;

	*hit_worth = shint_policy_hit_worth(left_ns, limit_ns);
	if (!vm_limit_ns)
		return left_ns;

	raw_spin_lock(&vm->budget_lock);
	vm_left_ns = shint_budget_left_ns(&vm->budget, vm_limit_ns, now_ns);
	raw_spin_unlock(&vm->budget_lock);
	*hit_worth = min(*hit_worth, shint_policy_hit_worth(vm_left_ns, vm_limit_ns));
	return min(left_ns, vm_left_ns);
}

/* Charges a grant. False: other vCPUs have been quicker to spend the VM's. */
static bool halt_charge(struct shint_vm *vm, struct shint_vcpu *vcpu, struct shint_grant *grant)
{
	u64 vm_limit_ns = READ_ONCE(vm->limits.vm_budget_ns);

	if (vm_limit_ns) {
		raw_spin_lock(&vm->budget_lock);
		grant->charged_to_vm = shint_budget_reserve(&vm->budget, vm_limit_ns, grant->at_ns,
							    grant->ns - grant->free_ns);
		raw_spin_unlock(&vm->budget_lock);
		if (!grant->charged_to_vm)
			return false;
	}
	/* Its own it does not share: what the policy was told is left is left. */
	grant->charged = shint_budget_reserve(&vcpu->budget, U64_MAX, grant->at_ns,
					      grant->ns - grant->free_ns);
	return true;
}

/* Being woken takes a pCPU, too, whatever it is for. It has happened: no limit. */
static void halt_charge_wakes(struct shint_vm *vm, struct shint_vcpu *vcpu, u32 wakes, u64 now_ns)
{
	u64 cost_ns = wakes * shint_wake_cost_ns(&vcpu->wake_costs, 0);

	if (!wakes)
		return;
	shint_budget_reserve(&vcpu->budget, U64_MAX, now_ns, cost_ns);
	if (!READ_ONCE(vm->limits.vm_budget_ns))
		return;
	raw_spin_lock(&vm->budget_lock);
	shint_budget_reserve(&vm->budget, U64_MAX, now_ns, cost_ns);
	raw_spin_unlock(&vm->budget_lock);
}

/* The vCPU was woken for a packet. If the guest has run since, it was worth it. */
static void halt_arrival(struct shint_vm *vm, struct shint_vcpu *vcpu,
			 const struct shint_past *past, const struct halt_moment *moment)
{
	vcpu->counters.arrivals[moment->role].wakes++;
	shint_past_wake_cost(vcpu, past, moment->arrived_ns);
	if (!moment->rehalt)
		shint_past_judge_arrival(vm, vcpu, moment->role, true, moment->now_ns);
}

/* Test only: what the guest says is not heard. */
static void halt_without_words(struct shint_hint *hint, u32 without)
{
	if (without & SHINT_WITHOUT_TIMER) {
		hint->next_timer_ns = VIRTIO_SCHED_HINT_NS_NONE;
		hint->tick = false;
	}
	if (without & SHINT_WITHOUT_TOLD)
		hint->event_ns = VIRTIO_SCHED_HINT_NS_NONE;
	if (without & SHINT_WITHOUT_IO)
		hint->io_in_flight = false;
	if (without & SHINT_WITHOUT_PEER)
		hint->wake_peer = VIRTIO_SCHED_HINT_NO_PEER;
}

/* Test only: nor is what was learned. These know nothing, and are never written. */
static void halt_without_rules(struct shint_situation *situation, u32 without)
{
	static const struct shint_gaps no_gaps;
	static const struct shint_backoff no_backoff;
	static struct shint_predictor no_starts;

	if (without & SHINT_WITHOUT_EVENT)
		situation->predictor = &no_starts;
	if (without & SHINT_WITHOUT_BACKOFF)
		situation->backoff = &no_backoff;
	if (without & SHINT_WITHOUT_GAP)
		situation->gaps = &no_gaps;
	if (without & SHINT_WITHOUT_ARRIVAL)
		memset(situation->arrival_keep_ns, 0, sizeof(situation->arrival_keep_ns));
}

static int halt_read_slot(struct shint_vm *vm, u32 id, struct shint_hint *hint)
{
	int ret;

	if (unlikely(READ_ONCE(shint_test_shuffled)))
		id = id + 1 < READ_ONCE(vm->nr_used) ? id + 1 : 0;
	ret = shint_slot_read(&vm->table, array_index_nospec(id, vm->table.nr_slots), hint);
	if (unlikely(READ_ONCE(shint_test_without)))
		halt_without_words(hint, READ_ONCE(shint_test_without));
	return ret;
}

/* Says why if nothing can be made of the slot. */
static bool halt_read(struct shint_vm *vm, struct shint_vcpu *vcpu, u32 id,
		      const struct halt_moment *moment, struct shint_hint *hint,
		      enum shint_verdict *verdict)
{
	int ret = halt_read_slot(vm, id, hint);

	if (ret) {
		*verdict = ret == -EFAULT ? SHINT_STOCK_ABSENT : SHINT_STOCK_BAD_SLOT;
		return false;
	}
	if (hint->state != VIRTIO_SCHED_HINT_STATE_IDLE) {
		*verdict = hint->state == VIRTIO_SCHED_HINT_STATE_OFF ? SHINT_STOCK_NO_SLOT :
									SHINT_STOCK_NOT_IDLE;
		return false;
	}

	if (hint->publish_seq != vcpu->publish_seq) {
		vcpu->publish_seq = hint->publish_seq;
		vcpu->published_ns = moment->now_ns;
		vcpu->timer_ns = VIRTIO_SCHED_HINT_NS_NONE;
		if (hint->next_timer_ns != VIRTIO_SCHED_HINT_NS_NONE)
			vcpu->timer_ns = moment->now_ns + hint->next_timer_ns;
		WRITE_ONCE(vcpu->wake_peer, hint->wake_peer);
		vcpu->io_in_flight = hint->io_in_flight;
	} else if (!moment->rehalt) {
		/* The guest ran, halted again and did not say so. */
		*verdict = SHINT_STOCK_STALE;
		return false;
	}
	vcpu->published_idle = true;
	return true;
}

/* Whether the host is short of CPU where this vCPU runs. */
static bool halt_is_contended(const struct shint_vcpu *vcpu, u64 now_ns)
{
	if (unlikely(READ_ONCE(shint_test_without) & SHINT_WITHOUT_BACKOFF))
		return false;
	return shint_backoff_contended(&vcpu->backoff, now_ns) || this_cpu_read(shint_stolen);
}

static void halt_decide_hint(struct shint_vm *vm, struct shint_vcpu *vcpu, u32 id,
			     const struct halt_moment *moment, struct shint_decision *decision)
{
	struct shint_hint hint;
	struct shint_situation situation = {
		.hint = &hint,
		.now_ns = moment->now_ns,
		.idle_ns = moment->now_ns - vcpu->halted_ns,
		.wake_costs = &vcpu->wake_costs,
		.predictor = &vcpu->predictor,
		.announced = vcpu->announced > SHINT_ANNOUNCED_MOST,
		.backoff = &vcpu->backoff,
		/* If the guest has run since, it has the packet. */
		.arrived_ns = moment->rehalt ? moment->arrived_ns : 0,
		.role = moment->role,
		.max_keep_ns = READ_ONCE(vm->limits.max_keep_ns),
		.free_ns = moment->free_ns,
	};
	u32 hit_worth;
	int role;

	if (!halt_read(vm, vcpu, id, moment, &hint, &decision->verdict))
		return;
	if (halt_is_contended(vcpu, moment->now_ns)) {
		decision->verdict = SHINT_STOCK_CONTENDED;
		return;
	}
	situation.published_ns = vcpu->published_ns;
	for (role = 0; role < SHINT_NR_ROLES; role++)
		situation.arrival_keep_ns[role] = shint_way_keep_ns(&vm->arrivals.ways[role]);
	situation.budget_left_ns = halt_budget_left_ns(vm, vcpu, moment->now_ns, &hit_worth);
	situation.gaps = shint_past_gaps(vcpu);
	shint_gaps_plan(shint_past_gaps(vcpu), &vcpu->wake_costs, hit_worth);
	if (unlikely(READ_ONCE(shint_test_without)))
		halt_without_rules(&situation, READ_ONCE(shint_test_without));
	shint_policy_decide(&situation, decision);
}

static void halt_decide_always(struct shint_decision *decision)
{
	decision->verdict = SHINT_KEEP_ALWAYS;
	decision->keep_ns = SHINT_ALWAYS_KEEP_NS;
	decision->wake_in_ns = SHINT_ALWAYS_REARM_NS;
}

static void halt_decide_blind(struct shint_vcpu *vcpu, bool woken, u64 now_ns,
			      struct shint_decision *decision)
{
	if (vcpu->blind_ns <= now_ns)
		vcpu->blind_ns = now_ns + READ_ONCE(shint_test_blind_period_us) * 1000ULL;
	decision->wake_in_ns = vcpu->blind_ns - now_ns;

	decision->verdict = woken ? SHINT_KEEP_BLIND : SHINT_STOCK_BLIND;
	decision->keep_ns = READ_ONCE(shint_test_blind_keep_us) * 1000ULL;
}

static void halt_decide(struct shint_vm *vm, struct shint_vcpu *vcpu, u32 id, u32 mode,
			const struct halt_moment *moment, struct shint_decision *decision)
{
	bool stock = shint_kvm_must_be_stock(vcpu->kvm_vcpu, &decision->verdict);

	vcpu->no_poll = stock && decision->verdict == SHINT_STOCK_NO_POLL;
	if (stock)
		return;

	switch (mode) {
	case KVM_SCHED_HINT_MODE_ALWAYS:
		halt_decide_always(decision);
		break;
	case SHINT_MODE_BLIND:
		halt_decide_blind(vcpu, moment->woken, moment->now_ns, decision);
		break;
	default:
		halt_decide_hint(vm, vcpu, id, moment, decision);
	}
}

static bool halt_is_for_arrival(const struct shint_decision *decision)
{
	return decision->verdict == SHINT_KEEP_ARRIVAL || decision->verdict == SHINT_KEEP_PEER;
}

/* Stock polls once per halt: not again because we woke the vCPU. */
static u64 halt_stock_poll_ns(struct shint_vm *vm, struct shint_vcpu *vcpu, bool woken)
{
	struct shint_stock_params params;

	if (!vcpu->poll_written)
		vcpu->stock.poll_ns = shint_kvm_poll_ns(vcpu->kvm_vcpu);
	if (woken)
		return 0;
	shint_kvm_stock_params(vm, &params);
	return shint_stock_poll_ns(&vcpu->stock, &params);
}

/*
 * Grants what was decided, or changes the decision. The budget is for what we
 * keep beyond what KVM would have polled: were that charged, too, short gaps
 * alone would use it up, and be met less often than by stock.
 */
static void halt_grant(struct shint_vm *vm, struct shint_vcpu *vcpu,
		       const struct halt_moment *moment, struct shint_decision *decision)
{
	struct shint_grant grant = {
		.ns = decision->keep_ns,
		.free_ns = min(decision->keep_ns, moment->free_ns),
		.at_ns = moment->now_ns,
		.verdict = decision->verdict,
	};

	if (decision->verdict < SHINT_KEEP_ALWAYS && !halt_charge(vm, vcpu, &grant)) {
		*decision = (struct shint_decision){ .verdict = SHINT_STOCK_BUDGET };
		return;
	}
	grant.arrival = halt_is_for_arrival(decision);
	grant.role = moment->role;
	grant.early = moment->woken && !grant.arrival;
	vcpu->grant = grant;
	vcpu->counters.grants++;
}

/* Puts a decision into force. */
static void halt_act(struct shint_vm *vm, struct shint_vcpu *vcpu,
		     const struct halt_moment *moment, struct shint_decision *decision)
{
	u64 poll_ns;

	vcpu->poll_written = true;

	if (!shint_verdict_is_stock(decision->verdict) && decision->keep_ns)
		halt_grant(vm, vcpu, moment, decision);
	poll_ns = decision->keep_ns;
	if (shint_verdict_is_stock(decision->verdict))
		poll_ns = moment->stock_poll_ns;
	shint_kvm_set_poll_ns(vcpu->kvm_vcpu, poll_ns);
	shint_arrival_allow(vcpu, decision->on_arrival);

	if (!decision->wake_in_ns)
		shint_wake_disarm(vcpu);
	else if (decision->verdict == SHINT_KEEP_ALWAYS)
		shint_wake_arm(vcpu, decision->wake_in_ns,
			       moment->now_ns + SHINT_ALWAYS_KEEP_NS + SHINT_ALWAYS_REARM_NS);
	else
		shint_wake_arm(vcpu, decision->wake_in_ns, 0);
}

/* Mode off, or a mode that only looks: KVM's own value is the one in force. */
static void halt_leave_to_kvm(struct shint_vm *vm, struct shint_vcpu *vcpu)
{
	static const bool never[SHINT_NR_ROLES];
	struct shint_stock_params params;

	if (vcpu->poll_written) {
		shint_kvm_stock_params(vm, &params);
		shint_kvm_set_poll_ns(vcpu->kvm_vcpu, shint_stock_poll_ns(&vcpu->stock, &params));
		shint_wake_disarm(vcpu);
		shint_arrival_allow(vcpu, never);
		vcpu->poll_written = false;
		return;
	}
	vcpu->stock.poll_ns = shint_kvm_poll_ns(vcpu->kvm_vcpu);
}

static void halt_off(struct shint_vm *vm, struct shint_vcpu *vcpu)
{
	struct shint_past past = {};
	enum shint_role role;

	if (vcpu->grant.ns) {
		shint_past_look(vcpu, &past);
		shint_past_settle(vm, vcpu, &past, ktime_get_ns());
	}
	vcpu->synced = false;
	shint_arrival_taken_ns(vcpu, &role);
	halt_leave_to_kvm(vm, vcpu);
	vcpu->counters.verdicts[READ_ONCE(vm->quota) ? SHINT_STOCK_QUOTA : SHINT_STOCK_OFF]++;
}

/*
 * A vCPU that the VMM gave no slot. What KVM would poll is not known without a
 * shadow, for with our maximum in force its adaptation works on wrong numbers:
 * so it does not poll.
 */
static void halt_stray(struct shint_vm *vm, struct kvm_vcpu *kvm_vcpu, u32 mode)
{
	WRITE_ONCE(vm->stray_hits, READ_ONCE(vm->stray_hits) + 1);
	if (shint_mode_overrides(mode))
		shint_kvm_set_poll_ns(kvm_vcpu, 0);
}

static struct shint_vcpu *halt_vcpu(struct shint_vm *vm, struct kvm_vcpu *kvm_vcpu, u32 id)
{
	struct shint_vcpu *vcpu = &vm->vcpus[array_index_nospec(id, vm->table.nr_slots)];

	if (unlikely(!vcpu->kvm_vcpu)) {
		vcpu->kvm_vcpu = kvm_vcpu;
		raw_spin_lock(&vm->budget_lock);
		if (id >= vm->nr_used)
			WRITE_ONCE(vm->nr_used, id + 1);
		raw_spin_unlock(&vm->budget_lock);
	}
	WRITE_ONCE(vcpu->hits, vcpu->hits + 1);
	return vcpu;
}

/* What the halt before came to: settled, charged and learned from. */
static void halt_look_back(struct shint_vm *vm, struct shint_vcpu *vcpu, u32 id, u32 mode,
			   const struct halt_moment *moment)
{
	struct shint_past past = {};

	shint_past_look(vcpu, &past);
	/* Nor was there an event where it was our own wake-up, or a signal, that ended a poll. */
	if (moment->rehalt)
		past.met = false;
	shint_past_settle(vm, vcpu, &past, moment->now_ns);
	vcpu->halt_ns += past.halt_ns;
	if (moment->fired_ns && shint_past_wake_cost(vcpu, &past, moment->fired_ns))
		vcpu->counters.early_sent++;
	if (moment->arrived_ns)
		halt_arrival(vm, vcpu, &past, moment);
	if (!moment->rehalt && past.known && vcpu->published_idle)
		shint_arrival_halt_ended(vm, id, vcpu->halted_ns, past.end_ns);
	if (mode != SHINT_MODE_BLIND && mode != KVM_SCHED_HINT_MODE_ALWAYS)
		halt_charge_wakes(vm, vcpu, moment->woken + shint_arrival_worker_wakes(vcpu),
				  moment->now_ns);
	if (!moment->rehalt)
		shint_past_learn(vm, vcpu, &past, moment->now_ns);
}

/**
 * shint_halt() - a vCPU of an attached VM halts
 * @vm: the VM
 * @kvm_vcpu: the vCPU, whose thread runs
 * @id: its id
 *
 * Context: the probe: preemption disabled, RCU read side.
 */
void shint_halt(struct shint_vm *vm, struct kvm_vcpu *kvm_vcpu, u32 id)
{
	struct shint_decision decision = {};
	u32 mode = READ_ONCE(vm->mode);
	struct halt_moment moment = {};
	struct shint_vcpu *vcpu;
	u64 exits;

	if (unlikely(id >= vm->table.nr_slots)) {
		halt_stray(vm, kvm_vcpu, mode);
		return;
	}
	vcpu = halt_vcpu(vm, kvm_vcpu, id);
	if (mode == KVM_SCHED_HINT_MODE_OFF) {
		halt_off(vm, vcpu);
		return;
	}

	moment.now_ns = ktime_get_ns();
	moment.fired_ns = shint_wake_taken_ns(vcpu);
	moment.arrived_ns = shint_arrival_taken_ns(vcpu, &moment.role);
	exits = shint_kvm_vcpu_halt_exits(kvm_vcpu);
	moment.rehalt = vcpu->synced && exits == vcpu->halt_exits;
	/* If the guest has run since, the event was there before the wake-up. */
	moment.woken = moment.rehalt && (moment.fired_ns || moment.arrived_ns);

	halt_look_back(vm, vcpu, id, mode, &moment);
	vcpu->halt_exits = exits;
	vcpu->hit_ns = moment.now_ns;
	vcpu->published_idle = false;

	moment.stock_poll_ns = halt_stock_poll_ns(vm, vcpu, moment.woken);
	/*
	 * Once per halt of the guest's, whatever ends KVM's calls, for the
	 * shadow adapts but then. A budget of 0 is to keep nothing.
	 */
	if (!moment.rehalt && READ_ONCE(vm->limits.vcpu_budget_ns))
		moment.free_ns = moment.stock_poll_ns;
	halt_decide(vm, vcpu, id, mode, &moment, &decision);
	if (mode == KVM_SCHED_HINT_MODE_OBSERVE)
		halt_leave_to_kvm(vm, vcpu);
	else
		halt_act(vm, vcpu, &moment, &decision);
	/* So late that the packet's event should have come: not worth it either. */
	if (moment.rehalt && moment.arrived_ns && !shint_verdict_is_stock(decision.verdict) &&
	    !halt_is_for_arrival(&decision))
		shint_past_judge_arrival(vm, vcpu, moment.role, false, moment.now_ns);
	vcpu->counters.verdicts[decision.verdict]++;
	trace_sched_hint_halt(kvm_vcpu, id, &decision, moment.rehalt);
}
