// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet arrival: a vCPU is woken when a packet for it is at the tap, while the
 * vhost worker, or QEMU, wakes to bring it there. So the two leave their pCPUs'
 * idle states at the same time, and not one after the other. If the task that
 * the packet is for runs on another vCPU, by the guest's word, that one is woken
 * as well (peer wake): it would be the third in the row.
 *
 * Ahead of packets that are predicted (ahead.c) the same vCPUs are woken, and here
 * it is said whether the vhost worker may be.
 *
 * Where packets are seen is taps.c, what they lead to arrival_learn.c.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/kvm_sched_hint.h>
#include <linux/ktime.h>
#include <linux/nospec.h>
#include <linux/spinlock.h>
#include <linux/virtio_sched_hint.h>

#include "ahead.h"
#include "arrival.h"
#include "kvm.h"
#include "main.h"
#include "taps.h"
#include "trace.h"
#include "vm.h"

/*
 * A vCPU pays for wake-ups of a worker when it halts: until it does there are so many at most.
 * A window of predicted packets takes up to seven.
 */
#define UNPAID_WAKES_MAX	8

const char *const shint_arrival_roles[SHINT_NR_ROLES] = {
	[SHINT_TAKER] = "arrival",
	[SHINT_PEER] = "peer",
};

static struct shint_vcpu *arrival_vcpu(struct shint_vm *vm, u32 id)
{
	return &vm->vcpus[array_index_nospec(id, vm->table.nr_slots)];
}

/**
 * shint_arrival_taker() - which vCPU takes the interrupts of a watched queue
 * @vm: the VM
 * @queue: the place of its watch
 * @id: out: the vCPU's
 *
 * Context: any.
 * Return: whether that is known.
 */
bool shint_arrival_taker(const struct shint_vm *vm, u32 queue, u32 *id)
{
	/* A VM with one vCPU needs no vote. */
	if (READ_ONCE(vm->nr_used) == 1) {
		*id = 0;
		return true;
	}
	return shint_arrivals_taker(&vm->arrivals, queue, id);
}

/* The vCPUs that a packet is for, or SHINT_NO_VCPU. */
static void arrival_ids(struct shint_vm *vm, u32 queue, u32 ids[SHINT_NR_ROLES])
{
	u16 peer;

	ids[SHINT_PEER] = SHINT_NO_VCPU;
	if (!shint_arrival_taker(vm, queue, &ids[SHINT_TAKER])) {
		ids[SHINT_TAKER] = SHINT_NO_VCPU;
		return;
	}
	peer = READ_ONCE(arrival_vcpu(vm, ids[SHINT_TAKER])->wake_peer);
	if (peer != VIRTIO_SCHED_HINT_NO_PEER && peer != ids[SHINT_TAKER])
		ids[SHINT_PEER] = peer;
}

static void arrival_wake_vcpu(struct shint_vcpu *vcpu, u64 *why_ns, const char *cause, u64 now_ns)
{
	/* Before the wake-up, which is a full barrier: the probe must see why. */
	WRITE_ONCE(*why_ns, now_ns);
	trace_sched_hint_wake(vcpu->kvm_vcpu, cause);
	shint_kvm_wake(vcpu->kvm_vcpu);
}

/* Whether the probe's last decision lets the vCPU be woken: it has seen to the budget. */
static bool arrival_may_wake(const struct shint_vcpu *vcpu, enum shint_role role)
{
	/* Pairs with the release in shint_arrival_allow(): kvm_vcpu is set. */
	return smp_load_acquire(&vcpu->waker.on_arrival[role]);
}

/* The vCPU if it may be woken for a queue's packets and that pays, or NULL. */
static struct shint_vcpu *arrival_wakeable(struct shint_vm *vm, u32 id, enum shint_role role,
					   u64 now_ns)
{
	struct shint_vcpu *vcpu;

	if (id == SHINT_NO_VCPU || !shint_way_pays(&vm->arrivals.ways[role], now_ns))
		return NULL;
	vcpu = arrival_vcpu(vm, id);
	return arrival_may_wake(vcpu, role) ? vcpu : NULL;
}

/*
 * One wake-up per decision of the probe's and role.
 * @met: what brings the packet was woken ahead of it
 */
static void arrival_wake(struct shint_vm *vm, u32 id, enum shint_role role, bool met, u64 now_ns)
{
	struct shint_vcpu *vcpu = arrival_wakeable(vm, id, role, now_ns);
	struct shint_waker *waker;
	u64 halted_ns;

	if (!vcpu)
		return;
	waker = &vcpu->waker;
	/* Whether or not it is asleep: it could have been. Arrivals may race; either will do. */
	halted_ns = READ_ONCE(vcpu->halted_ns);
	if (!met && READ_ONCE(waker->announced_ns) < halted_ns)
		WRITE_ONCE(waker->announced_ns, now_ns);
	if (met && READ_ONCE(waker->expected_ns) > halted_ns &&
	    READ_ONCE(waker->met_ns) < halted_ns)
		WRITE_ONCE(waker->met_ns, now_ns);
	if (!shint_kvm_blocking(vcpu->kvm_vcpu) || !xchg(&waker->on_arrival[role], false))
		return;
	arrival_wake_vcpu(vcpu, &waker->arrived_ns[role], shint_arrival_roles[role], now_ns);
}

/* Whether what brings packets is to be woken ahead. With a budget of 0 nothing is. */
static bool arrival_goes_ahead(const struct shint_vm *vm)
{
	return READ_ONCE(vm->mode) == KVM_SCHED_HINT_MODE_HINT && READ_ONCE(shint_worker_ahead) &&
	       READ_ONCE(vm->limits.vcpu_budget_ns) &&
	       likely(!(READ_ONCE(shint_test_without) &
			(SHINT_WITHOUT_ARRIVAL | SHINT_WITHOUT_WORKER)));
}

/**
 * shint_arrival_came() - a packet is at a tap
 * @watch: of its queue
 *
 * Context: whatever sends the packet, mostly softirqs; the wait queue's lock held. That lock
 * disables interrupts, or on PREEMPT_RT lets this be preempted, and then no hard interrupt comes
 * here. So either way arrivals_lock is taken by nothing that can interrupt its holder.
 */
void shint_arrival_came(struct shint_watch *watch)
{
	static const u32 nobody[SHINT_NR_ROLES] = { SHINT_NO_VCPU, SHINT_NO_VCPU };
	struct shint_vm *vm = watch->vm;
	u32 ids[SHINT_NR_ROLES];
	u64 now_ns;
	bool met;
	int role;

	if (READ_ONCE(vm->mode) != KVM_SCHED_HINT_MODE_HINT)
		return;
	now_ns = ktime_get_ns();
	arrival_ids(vm, watch->queue, ids);
	met = shint_ahead_meets(&watch->ahead, now_ns);
	if (!shint_arrivals_followed(&vm->arrivals, now_ns)) {
		raw_spin_lock(&vm->arrivals_lock);
		/* How long it takes is not learned where what brings it is awake already. */
		shint_arrivals_follow(&vm->arrivals, watch->queue, met ? nobody : ids, now_ns);
		raw_spin_unlock(&vm->arrivals_lock);
	}
	for (role = 0; role < SHINT_NR_ROLES; role++)
		arrival_wake(vm, ids[role], role, met, now_ns);
	/* Last, for nothing waits for it. The costs are written meanwhile: either value will do. */
	if (arrival_goes_ahead(vm) && ids[SHINT_TAKER] != SHINT_NO_VCPU)
		shint_ahead_arrived(&watch->ahead,
				    &arrival_vcpu(vm, ids[SHINT_TAKER])->wake_costs, now_ns);
}

/* It is not kept: like the worker's pCPU, the vCPU's then sleeps lightly for a while. */
static void arrival_wake_ahead(struct shint_vm *vm, u32 id, enum shint_role role, u64 now_ns)
{
	struct shint_vcpu *vcpu = arrival_wakeable(vm, id, role, now_ns);

	if (!vcpu)
		return;
	WRITE_ONCE(vcpu->waker.expected_ns, now_ns);
	if (shint_kvm_blocking(vcpu->kvm_vcpu))
		arrival_wake_vcpu(vcpu, &vcpu->waker.fired_ns, "ahead", now_ns);
}

/**
 * shint_arrival_expect() - what brings the next packet is about to be woken ahead of it
 * @ahead: the watch's
 *
 * So are the vCPUs, and the one that takes the interrupt is charged for both when it halts.
 * Where that may not be woken, because the budget is spent, say, or the host is short of CPU,
 * the worker is not either; nor where it has not halted for UNPAID_WAKES_MAX of them.
 *
 * Context: softirqs, on PREEMPT_RT a thread; the wait queue's lock held.
 * Return: whether the worker may be woken.
 */
bool shint_arrival_expect(struct shint_ahead *ahead)
{
	struct shint_watch *watch = container_of(ahead, struct shint_watch, ahead);
	struct shint_vm *vm = watch->vm;
	u32 ids[SHINT_NR_ROLES];
	u64 now_ns = ktime_get_ns();
	struct shint_vcpu *taker;
	int role;

	if (!arrival_goes_ahead(vm))
		return false;
	arrival_ids(vm, watch->queue, ids);
	if (ids[SHINT_TAKER] == SHINT_NO_VCPU)
		return false;
	taker = arrival_vcpu(vm, ids[SHINT_TAKER]);
	if (!arrival_may_wake(taker, SHINT_TAKER) ||
	    atomic_read(&taker->waker.worker_wakes) >= UNPAID_WAKES_MAX)
		return false;
	atomic_inc(&taker->waker.worker_wakes);
	for (role = 0; role < SHINT_NR_ROLES; role++)
		arrival_wake_ahead(vm, ids[role], role, now_ns);
	return true;
}

/**
 * shint_arrival_taken_ns() - the arrival that woke the vCPU since the last call
 * @vcpu: the vCPU whose thread runs
 * @role: out: why it was this one; if there were two arrivals, the taker's counts
 *
 * Context: the probe.
 * Return: when it was, or 0 if none did.
 */
u64 shint_arrival_taken_ns(struct shint_vcpu *vcpu, enum shint_role *role)
{
	u64 taken_ns = 0;
	int i;

	for (i = SHINT_NR_ROLES - 1; i >= 0; i--) {
		if (!READ_ONCE(vcpu->waker.arrived_ns[i]))
			continue;
		taken_ns = xchg(&vcpu->waker.arrived_ns[i], 0);
		*role = i;
	}
	return taken_ns;
}

/**
 * shint_arrival_worker_wakes() - wake-ups of workers ahead of its packets, since the last call
 * @vcpu: the vCPU whose thread runs
 *
 * Context: the probe.
 * Return: how many.
 */
u32 shint_arrival_worker_wakes(struct shint_vcpu *vcpu)
{
	if (!atomic_read(&vcpu->waker.worker_wakes))
		return 0;
	return atomic_xchg(&vcpu->waker.worker_wakes, 0);
}

/**
 * shint_arrival_allow() - whether arrivals may wake the vCPU from now on
 * @vcpu: the vCPU whose thread runs
 * @allowed: by role
 *
 * Context: the probe.
 */
void shint_arrival_allow(struct shint_vcpu *vcpu, const bool allowed[SHINT_NR_ROLES])
{
	int role;

	for (role = 0; role < SHINT_NR_ROLES; role++) {
		/*
		 * Orders kvm_vcpu, of its first halt. Pairs with the acquire in
		 * arrival_may_wake().
		 */
		smp_store_release(&vcpu->waker.on_arrival[role], allowed[role]);
	}
}

/**
 * shint_arrival_judge() - note what came of a wake-up
 * @vm: the VM
 * @role: of the vCPU that was woken
 * @hit: an event within the keep that followed
 * @now_ns: now
 *
 * Context: the probe.
 */
void shint_arrival_judge(struct shint_vm *vm, enum shint_role role, bool hit, u64 now_ns)
{
	unsigned long flags;

	/* An arrival may come in an interrupt. */
	raw_spin_lock_irqsave(&vm->arrivals_lock, flags);
	shint_way_judge(&vm->arrivals.ways[role], hit, now_ns);
	raw_spin_unlock_irqrestore(&vm->arrivals_lock, flags);
}

/**
 * shint_arrival_halt_ended() - a vCPU's halt has ended, and it has run
 * @vm: the VM
 * @vcpu_id: whose
 * @halted_ns: when the halt began
 * @end_ns: when it ended
 *
 * Context: the probe.
 */
void shint_arrival_halt_ended(struct shint_vm *vm, u32 vcpu_id, u64 halted_ns, u64 end_ns)
{
	unsigned long flags;

	if (!shint_arrivals_concerned(&vm->arrivals, halted_ns, end_ns))
		return;
	raw_spin_lock_irqsave(&vm->arrivals_lock, flags);
	shint_arrivals_halt_ended(&vm->arrivals, vcpu_id, halted_ns, end_ns);
	raw_spin_unlock_irqrestore(&vm->arrivals_lock, flags);
}
