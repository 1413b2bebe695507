// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watchdog: once a second, is the probe still hit, and does a VM gain
 * anything?
 *
 * Whoever disables kprobes or ftrace leaves our maximum in force in KVM with
 * nobody to write what it bounds. When HLT exits go on and hits do not, the
 * VM's override is lifted; when the hits are back, it is put in force again.
 * Likewise when a CPU quota begins or ceases to bound a VM.
 */
#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include "attach.h"
#include "kvm.h"
#include "limits.h"
#include "main.h"
#include "steal.h"
#include "taps.h"
#include "vm.h"
#include "watchdog.h"

/*
 * HLT exits without a hit that are taken for a disarmed probe. A few are
 * ordinary: an exit that finds an interrupt pending never halts.
 */
#define WATCHDOG_MISSED_EXITS	64

static void watchdog_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(watchdog_work, watchdog_look);

/* In a second, and then every second while VMs are attached. */
static void watchdog_start(void)
{
	queue_delayed_work(system_power_efficient_wq, &watchdog_work, HZ);
}

/* Maxima below this are as good as none. */
#define WATCHDOG_MIN_CEILING_NS	(KVM_SCHED_HINT_MIN_KEEP_US * 1000U)

static void watchdog_sum(const struct shint_vm *vm, struct shint_watched *sum)
{
	u32 i, nr_used = READ_ONCE(vm->nr_used);

	*sum = (struct shint_watched){ .hits = READ_ONCE(vm->stray_hits) };
	for (i = 0; i < nr_used; i++) {
		sum->hits += READ_ONCE(vm->vcpus[i].hits);
		shint_watched_add(sum, vm->vcpus[i].counters.verdicts);
	}
}

static u32 watchdog_status(struct shint_vm *vm)
{
	u32 mode = shint_mode_resolved(vm->requested_mode);

	if (vm->gone)
		return KVM_SCHED_HINT_STATUS_DETACHED;
	if (mode == KVM_SCHED_HINT_MODE_OFF)
		return KVM_SCHED_HINT_STATUS_MODE_OFF;
	if (vm->disarmed)
		return KVM_SCHED_HINT_STATUS_DISARMED;
	if (vm->quota)
		return KVM_SCHED_HINT_STATUS_QUOTA;
	if (vm->override.installed && shint_kvm_ceiling_ns(vm) < WATCHDOG_MIN_CEILING_NS)
		return KVM_SCHED_HINT_STATUS_CEILING;
	if (vm->finding != KVM_SCHED_HINT_STATUS_OK)
		return vm->finding;
	if (mode == KVM_SCHED_HINT_MODE_OBSERVE)
		return KVM_SCHED_HINT_STATUS_OBSERVING;
	/* Also where nothing was asked for that could have been refused. */
	if (mode == KVM_SCHED_HINT_MODE_HINT && !vm->budget_percent)
		return KVM_SCHED_HINT_STATUS_BUDGET;
	return KVM_SCHED_HINT_STATUS_OK;
}

/**
 * shint_vm_status() - why a VM gains nothing, if it does not
 * @vm: an attached VM
 *
 * Context: any; no older than a second.
 * Return: KVM_SCHED_HINT_STATUS_*
 */
u32 shint_vm_status(struct shint_vm *vm)
{
	if (shint_draining())
		return KVM_SCHED_HINT_STATUS_DRAINING;
	return READ_ONCE(vm->gone) ? KVM_SCHED_HINT_STATUS_DETACHED : READ_ONCE(vm->status);
}

/**
 * shint_watchdog_refresh() - find a VM's status anew and tell who waits for it
 * @vm: an attached VM
 *
 * Context: under shint_lock.
 */
void shint_watchdog_refresh(struct shint_vm *vm)
{
	u32 status = watchdog_status(vm);
	u32 mode = shint_mode_resolved(vm->requested_mode);

	if (status == vm->status && mode == vm->told_mode)
		return;
	WRITE_ONCE(vm->status, status);
	vm->told_mode = mode;
	wake_up_interruptible_all(vm->wait);
}

/**
 * shint_watchdog_begin() - begin to watch a VM
 * @vm: about to be attached
 *
 * Context: under shint_lock.
 */
void shint_watchdog_begin(struct shint_vm *vm)
{
	/* Exits are counted from the VM's creation, hits from now. */
	vm->watched.exits = shint_kvm_halt_exits(vm->kvm);
	vm->finding = KVM_SCHED_HINT_STATUS_NO_HALTS;
	watchdog_start();
}

static void watchdog_look_at(struct shint_vm *vm)
{
	u64 exits = shint_kvm_halt_exits(vm->kvm);
	struct shint_watched now;

	watchdog_sum(vm, &now);
	vm->finding = shint_finding(&vm->watched, &now, vm->finding);

	now.exits = vm->watched.exits;
	if (now.hits != vm->watched.hits || exits < now.exits) {
		now.exits = exits;
		vm->disarmed = false;
	} else if (exits - now.exits >= WATCHDOG_MISSED_EXITS) {
		vm->disarmed = true;
	}
	vm->watched = now;

	/* Also follows CPU quotas, kvm.halt_poll_ns and KVM_CAP_HALT_POLL. */
	shint_apply_mode(vm);
	shint_taps_prune(vm);
	/* There may be many. */
	cond_resched();
}

static void watchdog_look(struct work_struct *work)
{
	struct shint_vm *vm;

	mutex_lock(&shint_lock);
	shint_steal_look();
	list_for_each_entry(vm, &shint_vms, list)
		watchdog_look_at(vm);
	if (!list_empty(&shint_vms))
		watchdog_start();
	mutex_unlock(&shint_lock);
}

/**
 * shint_watchdog_stop() - the end of it
 *
 * Context: may sleep; no VM is attached, and none can be.
 */
void shint_watchdog_stop(void)
{
	cancel_delayed_work_sync(&watchdog_work);
}
