// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a VM may use, and its mode: what is asked for, by ioctl or sysfs, is checked,
 * and put into force as far as it can be.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kvm_host.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "attach.h"
#include "halt.h"
#include "kvm.h"
#include "limits.h"
#include "main.h"
#include "quota.h"
#include "vm.h"
#include "watchdog.h"

/**
 * shint_check_range() - refuse what is out of its range
 * @what: its name, for the log: -EINVAL alone sends people guessing
 * @value: what was asked for
 * @min: the least
 * @max: the most
 *
 * Context: a caller's task. Return: 0 or -EINVAL.
 */
int shint_check_range(const char *what, u32 value, u32 min, u32 max)
{
	if (value >= min && value <= max)
		return 0;
	pr_warn_ratelimited("%s[%d]: %s is %u, must be %u to %u\n", current->comm,
			    task_tgid_nr(current), what, value, min, max);
	return -EINVAL;
}

/**
 * shint_check_zero() - refuse what is not zero
 * @what: its name, for the log
 * @zero: whether it is
 *
 * Context: a caller's task. Return: 0 or -EINVAL.
 */
int shint_check_zero(const char *what, bool zero)
{
	if (zero)
		return 0;
	pr_warn_ratelimited("%s[%d]: %s must be 0\n", current->comm, task_tgid_nr(current), what);
	return -EINVAL;
}

/**
 * shint_check_limits() - refuse limits and modes that are none
 * @max_keep_us: as in the ioctls
 * @budget_percent: likewise
 * @vm_budget_percent: likewise
 * @mode: likewise
 *
 * Context: a caller's task. Return: 0 or -EINVAL.
 */
int shint_check_limits(u32 max_keep_us, u32 budget_percent, u32 vm_budget_percent, u32 mode)
{
	return shint_check_range("max_keep_us", max_keep_us, KVM_SCHED_HINT_MIN_KEEP_US,
				 KVM_SCHED_HINT_MAX_KEEP_US) ?:
	       shint_check_range("budget_percent", budget_percent, 0,
				 KVM_SCHED_HINT_MAX_BUDGET_PERCENT) ?:
	       shint_check_range("vm_budget_percent", vm_budget_percent, 0,
				 KVM_SCHED_HINT_MAX_BUDGET_PERCENT * KVM_MAX_VCPUS) ?:
	       shint_check_range("mode", mode, 0, KVM_SCHED_HINT_MODE_HINT);
}

/**
 * shint_vm_set_limits() - store what a VM may use
 * @vm: the VM
 * @max_keep_us: checked, as the rest
 * @budget_percent: of one pCPU, for each vCPU
 * @vm_budget_percent: for all together, or 0
 *
 * Context: under shint_lock, or nobody else knows the VM yet.
 */
void shint_vm_set_limits(struct shint_vm *vm, u32 max_keep_us, u32 budget_percent,
			 u32 vm_budget_percent)
{
	vm->max_keep_us = max_keep_us;
	vm->budget_percent = budget_percent;
	vm->vm_budget_percent = vm_budget_percent;
	WRITE_ONCE(vm->limits.max_keep_ns, max_keep_us * 1000ULL);
	WRITE_ONCE(vm->limits.vcpu_budget_ns, shint_budget_limit_ns(budget_percent));
	WRITE_ONCE(vm->limits.vm_budget_ns, shint_budget_limit_ns(vm_budget_percent));
}

/**
 * shint_mode_resolved() - what a requested mode comes to
 * @requested: KVM_SCHED_HINT_MODE_*
 *
 * Return: a mode other than KVM_SCHED_HINT_MODE_DEFAULT.
 */
u32 shint_mode_resolved(u32 requested)
{
	u32 mode = requested == KVM_SCHED_HINT_MODE_DEFAULT ? READ_ONCE(shint_default_mode) :
							       requested;

	if (mode == KVM_SCHED_HINT_MODE_HINT && READ_ONCE(shint_test_blind_period_us))
		mode = SHINT_MODE_BLIND;
	return mode;
}

/*
 * What is kept counts against a quota, so there mode hint would have the VM
 * throttled more often than stock KVM. Mode always is for whoever knows better.
 */
static bool vm_bounded_by_quota(const struct shint_vm *vm, u32 mode)
{
	return mode != KVM_SCHED_HINT_MODE_OFF && mode != KVM_SCHED_HINT_MODE_ALWAYS &&
	       shint_quota_in_force(vm->kvm);
}

/**
 * shint_apply_mode() - put into force what was asked for, and what can be
 * @vm: an attached VM
 *
 * Context: under shint_lock.
 */
void shint_apply_mode(struct shint_vm *vm)
{
	u32 mode = shint_mode_resolved(vm->requested_mode);
	u32 max_ns = max(vm->max_keep_us * 1000U, READ_ONCE(halt_poll_ns));

	if (mode == KVM_SCHED_HINT_MODE_ALWAYS)
		max_ns = SHINT_ALWAYS_KEEP_NS;
	if (mode == SHINT_MODE_BLIND)
		max_ns = max(max_ns, READ_ONCE(shint_test_blind_keep_us) * 1000U);

	WRITE_ONCE(vm->quota, vm_bounded_by_quota(vm, mode));
	if (vm->disarmed || vm->quota)
		mode = KVM_SCHED_HINT_MODE_OFF;

	if (!shint_mode_overrides(mode)) {
		/* In this order: the probe must not write what KVM will not clamp. */
		WRITE_ONCE(vm->mode, mode);
		shint_kvm_restore(vm);
	} else {
		shint_kvm_override(vm, max_ns);
		WRITE_ONCE(vm->mode, mode);
	}
	shint_watchdog_refresh(vm);
}

/**
 * shint_apply_modes() - the same for every VM, after a module parameter changed
 *
 * Context: may sleep.
 */
void shint_apply_modes(void)
{
	struct shint_vm *vm;

	mutex_lock(&shint_lock);
	list_for_each_entry(vm, &shint_vms, list) {
		/* cppcheck-suppress uninitvar; the loop sets it */
		shint_apply_mode(vm);
		cond_resched();
	}
	mutex_unlock(&shint_lock);
}

/* Puts checked limits and a mode into force. Under shint_lock. */
static int vm_change(struct shint_vm *vm, const struct kvm_sched_hint_limits *limits)
{
	int ret;

	if (vm->gone)
		return -ENOTCONN;
	ret = shint_check_limits(limits->max_keep_us, limits->budget_percent,
				 limits->vm_budget_percent, limits->mode);
	if (ret)
		return ret;
	shint_vm_set_limits(vm, limits->max_keep_us, limits->budget_percent,
			    limits->vm_budget_percent);
	vm->requested_mode = limits->mode;
	shint_apply_mode(vm);
	/* Whoever polls: a budget of 0, or no longer, may be all that has changed. */
	wake_up_interruptible_all(vm->wait);
	return 0;
}

/* Under shint_lock. */
static void vm_get_limits(const struct shint_vm *vm, struct kvm_sched_hint_limits *limits)
{
	*limits = (struct kvm_sched_hint_limits){
		.max_keep_us = vm->max_keep_us,
		.budget_percent = vm->budget_percent,
		.vm_budget_percent = vm->vm_budget_percent,
		.mode = vm->requested_mode,
	};
}

/**
 * shint_get_limits() - what a VM may use, and its mode
 * @vm: an attached VM
 * @limits: out
 *
 * Context: may sleep.
 */
void shint_get_limits(struct shint_vm *vm, struct kvm_sched_hint_limits *limits)
{
	mutex_lock(&shint_lock);
	vm_get_limits(vm, limits);
	mutex_unlock(&shint_lock);
}

/**
 * shint_set_limits() - change what a VM may use, and its mode
 * @vm: an attached VM
 * @limits: the ioctl's argument
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL or -ENOTCONN, and then nothing has changed.
 */
int shint_set_limits(struct shint_vm *vm, const struct kvm_sched_hint_limits *limits)
{
	int ret = shint_check_zero("reserved", !memchr_inv(limits->reserved, 0,
							   sizeof(limits->reserved)));

	if (ret)
		return ret;
	mutex_lock(&shint_lock);
	ret = vm_change(vm, limits);
	mutex_unlock(&shint_lock);
	return ret;
}

/**
 * shint_set_limit() - change one of them
 * @vm: an attached VM
 * @offset: of a u32 in struct kvm_sched_hint_limits
 * @value: its new value
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL or -ENOTCONN, and then nothing has changed.
 */
int shint_set_limit(struct shint_vm *vm, size_t offset, u32 value)
{
	struct kvm_sched_hint_limits limits;
	int ret;

	mutex_lock(&shint_lock);
	vm_get_limits(vm, &limits);
	*(u32 *)((void *)&limits + offset) = value;
	ret = vm_change(vm, &limits);
	mutex_unlock(&shint_lock);
	return ret;
}
