// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of an attached VM, from ATTACH to the last reference.
 *
 * A VM leaves the registry, and KVM gets its own back, as soon as its address
 * space goes away, the module is drained, or the file is closed or told to
 * detach, whichever is first: vm_unlink(). What may sleep long or must not run
 * under the address space's notifier lock, above all the last kvm_put_kvm(),
 * which unregisters KVM's own notifier, follows in vm_teardown(). The memory
 * goes with the file.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "attach.h"
#include "kvm.h"
#include "limits.h"
#include "main.h"
#include "sysfs.h"
#include "taps.h"
#include "vm.h"
#include "wake.h"
#include "watchdog.h"

DEFINE_MUTEX(shint_lock);	/* see attach.h */
LIST_HEAD(shint_vms);

/* Under shint_lock. Until the module is ready it is as if it were being left. */
static bool attach_draining = true;
static u32 attach_drains;		/* how often draining began; under shint_lock */
static unsigned int attach_count;	/* under shint_lock; for names */

/* Takes a VM out of the halt path. Idempotent. Under shint_lock. */
static void vm_unlink(struct shint_vm *vm)
{
	if (vm->gone)
		return;
	vm->gone = true;
	list_del_init(&vm->list);
	shint_registry_del(&vm->entry);
	shint_taps_unwatch(vm);
	shint_kvm_restore(vm);
	wake_up_interruptible_all(vm->wait);
	queue_work(system_unbound_wq, &vm->teardown);
}

static void vm_teardown(struct work_struct *work)
{
	struct shint_vm *vm = container_of(work, struct shint_vm, teardown);
	u32 i;

	/* The probe runs with preemption disabled: after this, none is in there. */
	synchronize_rcu();
	for (i = 0; i < vm->table.nr_slots; i++)
		shint_wake_stop(&vm->vcpus[i]);
	shint_sysfs_del(vm);
	shint_kvm_put(vm->kvm, vm->kvm_owner);
	shint_kvm_probe_put();
}

static void vm_mm_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct shint_vm *vm = container_of(notifier, struct shint_vm, notifier);

	mutex_lock(&shint_lock);
	vm_unlink(vm);
	mutex_unlock(&shint_lock);
}

static const struct mmu_notifier_ops vm_notifier_ops = {
	.release = vm_mm_release,
};

static int attach_check(const struct kvm_sched_hint_attach *arg)
{
	u64 size = (u64)arg->nr_slots * arg->slot_stride;
	int ret;

	ret = shint_check_zero("flags", !arg->flags) ?:
	      shint_check_zero("reserved", !memchr_inv(arg->reserved, 0,
						       sizeof(arg->reserved))) ?:
	      shint_check_range("nr_slots", arg->nr_slots, 1, VIRTIO_SCHED_HINT_MAX_SLOTS) ?:
	      shint_check_range("slot_stride", arg->slot_stride, VIRTIO_SCHED_HINT_SLOT_SIZE,
				VIRTIO_SCHED_HINT_SLOT_SIZE);
	if (ret)
		return ret;
	if (!IS_ALIGNED(arg->table_addr, VIRTIO_SCHED_HINT_TABLE_ALIGN)) {
		pr_warn_ratelimited("%s[%d]: table_addr is %#llx, must be a multiple of %d\n",
				    current->comm, task_tgid_nr(current), arg->table_addr,
				    VIRTIO_SCHED_HINT_TABLE_ALIGN);
		return -EINVAL;
	}
	if (!access_ok(u64_to_user_ptr(arg->table_addr), size))
		return -EFAULT;
	return shint_check_limits(arg->max_keep_us, arg->budget_percent,
				  arg->vm_budget_percent, arg->mode);
}

static struct shint_vm *vm_alloc(const struct kvm_sched_hint_attach *arg, struct kvm *kvm,
				 wait_queue_head_t *wait)
{
	struct shint_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	u64 now_ns = ktime_get_ns();
	u32 i;

	if (!vm)
		return NULL;
	vm->vcpus = kvcalloc(arg->nr_slots, sizeof(*vm->vcpus), GFP_KERNEL_ACCOUNT);
	if (!vm->vcpus) {
		kfree(vm);
		return NULL;
	}
	for (i = 0; i < arg->nr_slots; i++) {
		shint_wake_init(&vm->vcpus[i]);
		shint_budget_init(&vm->vcpus[i].budget, SHINT_BUDGET_WINDOW_NS, now_ns);
		vm->vcpus[i].timer_ns = VIRTIO_SCHED_HINT_NS_NONE;
		vm->vcpus[i].wake_peer = VIRTIO_SCHED_HINT_NO_PEER;
	}

	shint_budget_init(&vm->budget, (u64)arg->nr_slots * SHINT_BUDGET_WINDOW_NS, now_ns);
	vm->gone = true;
	vm->kvm = kvm;
	vm->entry.key = kvm;
	vm->mm = current->mm;
	vm->notifier.ops = &vm_notifier_ops;
	vm->table.slots = u64_to_user_ptr(arg->table_addr);
	vm->table.features = arg->features;
	vm->table.nr_slots = arg->nr_slots;
	vm->requested_mode = arg->mode;
	vm->mode = KVM_SCHED_HINT_MODE_OFF;
	shint_vm_set_limits(vm, arg->max_keep_us, arg->budget_percent, arg->vm_budget_percent);
	INIT_LIST_HEAD(&vm->list);
	INIT_WORK(&vm->teardown, vm_teardown);
	vm->wait = wait;
	shint_sysfs_init(vm);
	raw_spin_lock_init(&vm->budget_lock);
	raw_spin_lock_init(&vm->arrivals_lock);
	return vm;
}

/**
 * shint_vm_free() - free a VM's memory
 * @vm: nothing refers to it any more: its directory in sysfs has been released,
 *	or was never made
 */
void shint_vm_free(struct shint_vm *vm)
{
	kvfree(vm->vcpus);
	kfree(vm);
}

/* Puts a VM into the halt path. */
static int vm_link(struct shint_vm *vm)
{
	int ret;

	mutex_lock(&shint_lock);
	if (attach_draining) {
		ret = -ESHUTDOWN;
		goto out;
	}
	ret = shint_registry_add(&vm->entry);
	if (ret)
		goto out;
	vm->gone = false;
	list_add_tail(&vm->list, &shint_vms);
	shint_watchdog_begin(vm);
	shint_apply_mode(vm);
out:
	mutex_unlock(&shint_lock);
	return ret;
}

/**
 * shint_attach() - attach a VM's table to its halts
 * @arg: the ioctl's argument
 * @wait: woken when the VM's status changes; outlives the VM
 *
 * Context: the VM's own process; may sleep.
 * Return: the VM, which the caller owns until shint_detach(), or ERR_PTR();
 * the errors are listed at struct kvm_sched_hint_attach.
 */
struct shint_vm *shint_attach(const struct kvm_sched_hint_attach *arg, wait_queue_head_t *wait)
{
	struct module *owner;
	struct shint_vm *vm;
	struct kvm *kvm;
	int ret;

	ret = attach_check(arg);
	if (ret)
		return ERR_PTR(ret);
	kvm = shint_kvm_get(arg->vm_fd, &owner);
	if (IS_ERR(kvm))
		return ERR_CAST(kvm);

	ret = -EPERM;
	if (shint_kvm_mm(kvm) != current->mm)
		goto err_kvm;
	/* vCPU ids are below KVM_MAX_VCPU_IDS, so this fits. */
	ret = shint_check_range("nr_slots", arg->nr_slots, shint_kvm_max_vcpu_id(kvm) + 1,
				VIRTIO_SCHED_HINT_MAX_SLOTS);
	if (ret)
		goto err_kvm;
	ret = -ENOMEM;
	vm = vm_alloc(arg, kvm, wait);
	if (!vm)
		goto err_kvm;
	vm->kvm_owner = owner;
	ret = shint_kvm_probe_get();
	if (ret)
		goto err_vm;

	mutex_lock(&shint_lock);
	snprintf(vm->name, sizeof(vm->name), "%d-%u", current->tgid, attach_count++);
	mutex_unlock(&shint_lock);
	ret = mmu_notifier_register(&vm->notifier, vm->mm);
	if (ret)
		goto err_probe;
	ret = shint_sysfs_add(vm);
	if (ret)
		goto err_notifier;
	ret = vm_link(vm);
	if (ret)
		goto err_sysfs;
	return vm;

err_sysfs:
	shint_sysfs_del(vm);
err_notifier:
	/* Calls vm_mm_release(), which finds that the VM is not linked. */
	mmu_notifier_unregister(&vm->notifier, vm->mm);
err_probe:
	shint_kvm_probe_put();
err_vm:
	shint_sysfs_put(vm);
err_kvm:
	shint_kvm_put(kvm, owner);
	return ERR_PTR(ret);
}

/**
 * shint_detach() - the end of what shint_attach() began
 * @vm: not to be used any more
 *
 * Context: may sleep; not under shint_lock.
 */
void shint_detach(struct shint_vm *vm)
{
	struct module *owner = vm->kvm_owner;
	struct kvm *kvm = NULL;

	mutex_lock(&shint_lock);
	if (!vm->gone) {
		/* Lest the work drops the last one: see shint_kvm_put(). */
		kvm = vm->kvm;
		shint_kvm_hold(kvm, owner);
	}
	mutex_unlock(&shint_lock);
	/* Calls vm_mm_release(), if the address space is still there. */
	mmu_notifier_unregister(&vm->notifier, vm->mm);
	flush_work(&vm->teardown);
	shint_sysfs_put(vm);
	if (kvm)
		shint_kvm_put(kvm, owner);
}

/**
 * shint_draining() - whether the module is to be left
 *
 * Context: any.
 */
bool shint_draining(void)
{
	return READ_ONCE(attach_draining);
}

/**
 * shint_drains() - how often draining has begun
 *
 * Context: any. A file from before the last time has to be closed.
 */
u32 shint_drains(void)
{
	/* Before attach_draining is read; pairs with the release in shint_drain(). */
	return smp_load_acquire(&attach_drains);
}

/**
 * shint_drain() - end all grants and turn attaches away, or allow them again
 * @drain: which
 *
 * Files that are open report EPOLLHUP; once they are closed, rmmod works.
 *
 * Context: may sleep.
 */
void shint_drain(bool drain)
{
	struct shint_vm *vm, *next;
	bool begins;

	mutex_lock(&shint_lock);
	begins = drain && !attach_draining;
	WRITE_ONCE(attach_draining, drain);
	if (begins) {
		/* Who sees the new count sees why; pairs with the acquire in shint_drains(). */
		smp_store_release(&attach_drains, attach_drains + 1);
	}
	if (drain)
		list_for_each_entry_safe(vm, next, &shint_vms, list)
			vm_unlink(vm);
	mutex_unlock(&shint_lock);
	if (drain)
		shint_wake_drained();
}
