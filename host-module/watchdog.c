// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watchdog: once a second, is the probe still hit, and does a VM gain
 * anything?
 *
 * Whoever disables kprobes or ftrace leaves our maximum in force in KVM with
 * nobody to write what it bounds. When HLT exits go on and hits do not, the
 * VM's override is lifted; when the hits are back, it is put in force again.
 */
#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include "attach.h"
#include "kvm.h"
#include "main.h"
#include "vm.h"
#include "watchdog.h"

/*
 * HLT exits without a hit that are taken for a disarmed probe. A few are
 * ordinary: an exit that finds an interrupt pending never halts.
 */
#define WATCHDOG_MISSED_EXITS	64

static void watchdog_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(watchdog_work, watchdog_look);

static u64 watchdog_sum(const struct shint_vm *vm, u64 *refused, bool *no_poll, bool *publisher)
{
	u64 hits = 0;
	u32 i;

	*refused = 0;
	for (i = 0; i < vm->table.nr_slots; i++) {
		const struct shint_vcpu *vcpu = &vm->vcpus[i];

		hits += READ_ONCE(vcpu->hits);
		*refused += READ_ONCE(vcpu->counters.verdicts[SHINT_STOCK_BUDGET]);
		*no_poll |= READ_ONCE(vcpu->no_poll);
		*publisher |= READ_ONCE(vcpu->publisher);
	}
	return hits;
}

static u32 watchdog_status(struct shint_vm *vm)
{
	bool no_poll = false, publisher = false;
	u64 refused, hits;

	if (vm->gone)
		return KVM_SCHED_HINT_STATUS_DETACHED;
	if (vm->disarmed)
		return KVM_SCHED_HINT_STATUS_DISARMED;
	if (vm->mode == KVM_SCHED_HINT_MODE_OFF)
		return KVM_SCHED_HINT_STATUS_MODE_OFF;

	hits = watchdog_sum(vm, &refused, &no_poll, &publisher);
	if (no_poll)
		return KVM_SCHED_HINT_STATUS_NO_POLL;
	if (!hits)
		return KVM_SCHED_HINT_STATUS_NO_HALTS;
	if (!publisher && (vm->mode == KVM_SCHED_HINT_MODE_HINT ||
			   vm->mode == KVM_SCHED_HINT_MODE_OBSERVE))
		return KVM_SCHED_HINT_STATUS_NO_PUBLISHER;
	if (vm->refusing)
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
	WRITE_ONCE(vm->status, watchdog_status(vm));
	wake_up_interruptible_all(vm->wait);
}

static void watchdog_look_at(struct shint_vm *vm)
{
	bool no_poll, publisher, disarmed = vm->disarmed;
	u64 exits = shint_kvm_halt_exits(vm->kvm);
	u64 refused, hits;

	hits = watchdog_sum(vm, &refused, &no_poll, &publisher);
	vm->refusing = refused != vm->watched_refused;
	vm->watched_refused = refused;

	if (hits != vm->watched_hits || exits < vm->watched_exits) {
		vm->watched_hits = hits;
		vm->watched_exits = exits;
		vm->disarmed = false;
	} else if (exits - vm->watched_exits >= WATCHDOG_MISSED_EXITS) {
		vm->disarmed = true;
	}

	if (vm->disarmed != disarmed)
		shint_apply_mode(vm);
	else if (vm->status != watchdog_status(vm))
		shint_watchdog_refresh(vm);
}

static void watchdog_look(struct work_struct *work)
{
	struct shint_vm *vm;

	mutex_lock(&shint_lock);
	list_for_each_entry(vm, &shint_vms, list)
		watchdog_look_at(vm);
	if (!list_empty(&shint_vms))
		shint_watchdog_start();
	mutex_unlock(&shint_lock);
}

/**
 * shint_watchdog_start() - look in a second, and then while VMs are attached
 *
 * Context: under shint_lock.
 */
void shint_watchdog_start(void)
{
	queue_delayed_work(system_power_efficient_wq, &watchdog_work, HZ);
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
