// SPDX-License-Identifier: GPL-2.0-only
/*
 * Early wake: a timer per vCPU, in hard interrupt context (PREEMPT_RT too).
 *
 * The vCPU's own thread arms it in the probe; it fires on that pCPU. It touches
 * nothing but the vCPU, and takes no lock but those of a wake-up.
 *
 * Teardown: the VM is taken from the registry, a grace period passes (the probe
 * runs with preemption disabled), so nobody arms any more; then the timers are
 * cancelled for good.
 */
#include <linux/ktime.h>

#include "compat.h"
#include "halt.h"
#include "kvm.h"
#include "trace.h"
#include "vm.h"
#include "wake.h"

static enum hrtimer_restart wake_fire(struct hrtimer *timer)
{
	struct shint_vcpu *vcpu = container_of(timer, struct shint_vcpu, waker.timer);

	u64 now_ns = ktime_get_ns();

	/* Not halted any more: the event was first, and the timer is moot. */
	if (!READ_ONCE(vcpu->waker.armed) || !shint_kvm_halted(vcpu->kvm_vcpu))
		return HRTIMER_NORESTART;

	/*
	 * Mode always: nothing to do until a cut-off has made the vCPU block.
	 * Not hrtimer_forward(): the vCPU may halt again on another pCPU and
	 * start the timer at the same time; hrtimer_start() is serialised with
	 * that. A vCPU that went to user space while halted is let go in the end.
	 */
	if (now_ns < READ_ONCE(vcpu->waker.until_ns) && !shint_kvm_blocking(vcpu->kvm_vcpu)) {
		hrtimer_start(timer, ns_to_ktime(SHINT_ALWAYS_REARM_NS),
			      HRTIMER_MODE_REL_PINNED_HARD);
		return HRTIMER_NORESTART;
	}

	/*
	 * When it was due, not now: that it is later, because the pCPU had to
	 * leave a sleep state, is part of what a wake-up costs.
	 *
	 * Before the wake-up, which is a full barrier: the probe that follows
	 * it must see why.
	 */
	WRITE_ONCE(vcpu->waker.fired_ns, ktime_to_ns(hrtimer_get_expires(timer)));
	trace_sched_hint_wake(vcpu->kvm_vcpu, "timer");
	shint_kvm_wake(vcpu->kvm_vcpu);
	return HRTIMER_NORESTART;
}

/**
 * shint_wake_init() - prepare a vCPU's timer
 * @vcpu: zeroed
 */
void shint_wake_init(struct shint_vcpu *vcpu)
{
	shint_hrtimer_setup(&vcpu->waker.timer, wake_fire, HRTIMER_MODE_REL_PINNED_HARD);
}

/**
 * shint_wake_arm() - wake a vCPU unless something else does
 * @vcpu: the vCPU whose thread runs
 * @in_ns: after this long
 * @until_ns: if not 0, until then only wake it when it blocks, and look again
 *	every SHINT_ALWAYS_REARM_NS when it does not
 *
 * Context: the probe.
 */
void shint_wake_arm(struct shint_vcpu *vcpu, u64 in_ns, u64 until_ns)
{
	WRITE_ONCE(vcpu->waker.until_ns, until_ns);
	WRITE_ONCE(vcpu->waker.armed, true);
	hrtimer_start(&vcpu->waker.timer, ns_to_ktime(in_ns), HRTIMER_MODE_REL_PINNED_HARD);
}

/**
 * shint_wake_disarm() - do not wake a vCPU any more
 * @vcpu: the vCPU whose thread runs
 *
 * A timer that is just firing on another pCPU is let be: it costs one turn of
 * KVM's run loop.
 *
 * Context: the probe.
 */
void shint_wake_disarm(struct shint_vcpu *vcpu)
{
	if (!vcpu->waker.armed)
		return;
	WRITE_ONCE(vcpu->waker.armed, false);
	hrtimer_try_to_cancel(&vcpu->waker.timer);
}

/**
 * shint_wake_stop() - the end of a vCPU's timer
 * @vcpu: nobody can arm it any more
 *
 * Context: may sleep.
 */
void shint_wake_stop(struct shint_vcpu *vcpu)
{
	hrtimer_cancel(&vcpu->waker.timer);
}

/**
 * shint_wake_taken_ns() - for when the timer woke the vCPU since the last call
 * @vcpu: the vCPU whose thread runs
 *
 * Return: when it was due, or 0 if it did not wake the vCPU.
 */
u64 shint_wake_taken_ns(struct shint_vcpu *vcpu)
{
	if (!READ_ONCE(vcpu->waker.fired_ns))
		return 0;
	return xchg(&vcpu->waker.fired_ns, 0);
}
