// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only file that knows KVM's internals.
 *
 * A kprobe on kvm_vcpu_halt() sees every halt on the vCPU's own thread, before
 * KVM polls. It does not poll itself: it writes vcpu->halt_poll_ns, and KVM's
 * own loop, with KVM's own guards (single_task_running(), need_resched(),
 * signals) and KVM's own statistics, does the rest. KVM clamps that value to
 * the VM's KVM_CAP_HALT_POLL or, without one, to kvm.halt_poll_ns; so as long
 * as grants may be given the VM's maximum is overridden.
 *
 * Read in Debian's 6.1 and 6.12: virt/kvm/kvm_main.c, arch/x86/kvm/x86.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/file.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/module.h>

#include "compat.h"
#include "halt.h"
#include "kvm.h"
#include "vm.h"

/* Runs with preemption disabled and interrupts on (kprobes on ftrace). */
static int kvm_on_halt(struct kprobe *probe, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (void *)regs_get_kernel_argument(regs, 0);
	struct shint_entry *entry;

	rcu_read_lock();
	entry = shint_registry_find(vcpu->kvm);
	if (entry)
		shint_halt(container_of(entry, struct shint_vm, entry), vcpu, vcpu->vcpu_id);
	rcu_read_unlock();
	return 0;
}

static struct kprobe kvm_halt_probe = {
	.symbol_name = "kvm_vcpu_halt",
	.pre_handler = kvm_on_halt,
};

/*
 * How long the probe stays without a VM: registering it patches the kernel's
 * text, and a guest can make its VMM detach and attach in a loop.
 */
#define PROBE_LINGER		(5 * HZ)

static void kvm_probe_drop(struct work_struct *work);
static DECLARE_DELAYED_WORK(kvm_probe_drop_work, kvm_probe_drop);
static DEFINE_MUTEX(kvm_probe_lock);	/* the two below, and the probe with them */
static unsigned int kvm_probe_users;
static bool kvm_probe_registered;

/* A kprobe remembers its address and flags: forget them before each use. */
static int kvm_probe_register(u32 flags)
{
	kvm_halt_probe.addr = NULL;
	kvm_halt_probe.flags = flags;
	return register_kprobe(&kvm_halt_probe);
}

static void kvm_probe_drop(struct work_struct *work)
{
	mutex_lock(&kvm_probe_lock);
	if (!kvm_probe_users && kvm_probe_registered) {
		unregister_kprobe(&kvm_halt_probe);
		kvm_probe_registered = false;
	}
	mutex_unlock(&kvm_probe_lock);
}

/**
 * shint_kvm_check() - whether this kernel can be worked with
 *
 * Context: may sleep.
 * Return: 0, or an errno after having logged what is missing.
 */
int shint_kvm_check(void)
{
	int ret = kvm_probe_register(KPROBE_FLAG_DISABLED);

	if (ret) {
		pr_err("cannot probe %s: error %d; is CONFIG_KPROBES off, or this kernel unsupported?\n",
		       kvm_halt_probe.symbol_name, ret);
		return ret;
	}
	unregister_kprobe(&kvm_halt_probe);
	return 0;
}

/**
 * shint_kvm_probe_get() - one more VM needs its halts seen
 *
 * Context: may sleep.
 * Return: 0 or an errno.
 */
int shint_kvm_probe_get(void)
{
	int ret = 0;

	mutex_lock(&kvm_probe_lock);
	if (!kvm_probe_registered)
		ret = kvm_probe_register(0);
	if (!ret) {
		kvm_probe_registered = true;
		kvm_probe_users++;
	}
	mutex_unlock(&kvm_probe_lock);
	return ret;
}

/**
 * shint_kvm_probe_put() - one VM less; soon after the last a host pays nothing
 *
 * Context: may sleep.
 */
void shint_kvm_probe_put(void)
{
	mutex_lock(&kvm_probe_lock);
	if (!--kvm_probe_users)
		mod_delayed_work(system_wq, &kvm_probe_drop_work, PROBE_LINGER);
	mutex_unlock(&kvm_probe_lock);
}

/**
 * shint_kvm_probe_stop() - the end of the probe; there are no users
 *
 * Context: may sleep.
 */
void shint_kvm_probe_stop(void)
{
	cancel_delayed_work_sync(&kvm_probe_drop_work);
	kvm_probe_drop(NULL);
}

/**
 * shint_kvm_get() - the VM behind a file descriptor, with a reference
 * @vm_fd: as KVM_CREATE_VM returned it
 * @owner: set to the module that shint_kvm_put() lets go of
 *
 * A reference to the VM does not keep kvm_intel or kvm_amd loaded, whose code
 * destroys it: in 6.12 only the VM's open files do. So the files' module is pinned;
 * in 6.1 they have none, and the VM does.
 *
 * Return: the VM, or ERR_PTR(-EBADF), or ERR_PTR(-EINVAL) if it is no VM.
 */
struct kvm *shint_kvm_get(int vm_fd, struct module **owner)
{
	struct file *file = fget(vm_fd);
	struct kvm *kvm = ERR_PTR(-EINVAL);

	if (!file)
		return ERR_PTR(-EBADF);
	if (file_is_kvm(file) && try_module_get(file->f_op->owner)) {
		*owner = file->f_op->owner;
		kvm = file->private_data;
		if (!kvm_get_kvm_safe(kvm)) {
			module_put(*owner);
			kvm = ERR_PTR(-EINVAL);
		}
	}
	fput(file);
	return kvm;
}

/**
 * shint_kvm_hold() - another reference, for who has one
 * @kvm: the VM
 * @owner: as shint_kvm_get() set it
 */
void shint_kvm_hold(struct kvm *kvm, struct module *owner)
{
	__module_get(owner);
	kvm_get_kvm(kvm);
}

/**
 * shint_kvm_put() - drop a reference
 * @kvm: the VM
 * @owner: as shint_kvm_get() set it
 *
 * Context: may sleep, and for the last reference destroys the VM: in the VM's
 * own process where that can be, for only there KVM unmaps what it mapped.
 */
void shint_kvm_put(struct kvm *kvm, struct module *owner)
{
	kvm_put_kvm(kvm);
	module_put(owner);
}

/**
 * shint_kvm_mm() - the address space a VM belongs to
 * @kvm: the VM
 */
struct mm_struct *shint_kvm_mm(struct kvm *kvm)
{
	return kvm->mm;
}

/**
 * shint_kvm_max_vcpu_id() - the largest vCPU id there is
 * @kvm: the VM
 *
 * Return: the id, or -1 if there is no vCPU.
 */
int shint_kvm_max_vcpu_id(struct kvm *kvm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;
	int max = -1;

	kvm_for_each_vcpu(i, vcpu, kvm)
		max = max_t(int, max, vcpu->vcpu_id);
	return max;
}

/**
 * shint_kvm_override() - put our maximum of polling in force
 * @vm: an attached VM
 * @max_ns: the longest poll that we, or stock, may want
 *
 * A maximum that somebody set by KVM_CAP_HALT_POLL, before or since, stays in
 * force, and bounds grants. (One that is set to just our value is taken for
 * ours, and goes when we go: KVM has no lock that would tell.)
 *
 * Context: under shint_lock.
 */
void shint_kvm_override(struct shint_vm *vm, u32 max_ns)
{
	struct shint_override *override = &vm->override;
	struct kvm *kvm = vm->kvm;
	unsigned int found_ns = READ_ONCE(kvm->max_halt_poll_ns);

	if (!override->installed) {
		override->users = READ_ONCE(kvm->override_halt_poll_ns);
		WRITE_ONCE(override->installed, true);
	} else if (found_ns != override->max_ns) {
		override->users = true;
	}
	if (!override->users) {
		WRITE_ONCE(override->max_ns, max_ns);
		/*
		 * Not what somebody has set since. (Of one that was set just before, and is
		 * not in force yet, nothing tells: at the first time it is lost.)
		 */
		override->users = cmpxchg(&kvm->max_halt_poll_ns, found_ns, max_ns) != found_ns;
	}
	if (override->users) {
		WRITE_ONCE(override->max_ns, READ_ONCE(kvm->max_halt_poll_ns));
		return;
	}
	/* Pairs with the smp_rmb() in kvm_vcpu_max_halt_poll_ns(). */
	smp_wmb();
	WRITE_ONCE(kvm->override_halt_poll_ns, true);
}

/**
 * shint_kvm_restore() - put KVM's own maximum back in force
 * @vm: an attached VM
 *
 * max_halt_poll_ns keeps our value: KVM ignores it without the override, and a
 * vCPU that has just seen the override must not find something else there.
 * KVM clamps each vCPU's halt_poll_ns to its maximum at the vCPU's next halt.
 *
 * Context: under shint_lock.
 */
void shint_kvm_restore(struct shint_vm *vm)
{
	struct shint_override *override = &vm->override;
	struct kvm *kvm = vm->kvm;

	if (!override->installed)
		return;
	WRITE_ONCE(override->installed, false);
	/* If someone used KVM_CAP_HALT_POLL, that stays. */
	if (override->users || READ_ONCE(kvm->max_halt_poll_ns) != override->max_ns)
		return;
	WRITE_ONCE(kvm->override_halt_poll_ns, false);
	/* Or does so now: KVM stores the maximum first, and then the other. */
	smp_mb();
	if (READ_ONCE(kvm->max_halt_poll_ns) != override->max_ns)
		WRITE_ONCE(kvm->override_halt_poll_ns, true);
}

/**
 * shint_kvm_ceiling_ns() - the longest poll KVM will let anybody have
 * @vm: an attached VM, under shint_kvm_override()
 */
u32 shint_kvm_ceiling_ns(const struct shint_vm *vm)
{
	return READ_ONCE(vm->kvm->max_halt_poll_ns);
}

/**
 * shint_kvm_halt_exits() - HLT exits so far that lead to kvm_vcpu_halt()
 * @kvm: the VM
 *
 * With the interrupt controller in user space HLT goes there instead.
 *
 * Context: the caller holds a reference to @kvm; vCPUs live as long as it.
 */
u64 shint_kvm_halt_exits(struct kvm *kvm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;
	u64 exits = 0;

	kvm_for_each_vcpu(i, vcpu, kvm)
		if (vcpu->arch.apic)
			exits += READ_ONCE(vcpu->stat.halt_exits);
	return exits;
}

/**
 * shint_kvm_any_thread() - whether something holds for a thread of any vCPU
 * @kvm: the VM
 * @holds: asked under rcu_read_lock(), for the task that last ran the vCPU
 *
 * Context: the caller holds a reference to @kvm; may sleep, on PREEMPT_RT.
 */
bool shint_kvm_any_thread(struct kvm *kvm, bool (*holds)(struct task_struct *task))
{
	struct task_struct *task;
	struct kvm_vcpu *vcpu;
	bool any = false;
	unsigned long i;

	rcu_read_lock();
	kvm_for_each_vcpu(i, vcpu, kvm) {
		task = shint_vcpu_thread(vcpu);
		any = task && holds(task);
		if (any)
			break;
	}
	rcu_read_unlock();
	return any;
}

/**
 * shint_kvm_vcpu_halt_exits() - a vCPU's HLT exits so far
 * @vcpu: the vCPU whose thread runs
 */
u64 shint_kvm_vcpu_halt_exits(const struct kvm_vcpu *vcpu)
{
	return vcpu->stat.halt_exits;
}

/**
 * shint_kvm_polled() - KVM's account of how a vCPU spent its halts
 * @vcpu: the vCPU whose thread runs
 * @polled: out; debugfs can set it back to zero at any time
 */
void shint_kvm_polled(const struct kvm_vcpu *vcpu, struct shint_polled *polled)
{
	polled->success_ns = READ_ONCE(vcpu->stat.generic.halt_poll_success_ns);
	polled->fail_ns = READ_ONCE(vcpu->stat.generic.halt_poll_fail_ns);
	polled->wait_ns = READ_ONCE(vcpu->stat.generic.halt_wait_ns);
}

/**
 * shint_kvm_stock_params() - what KVM would go by without us
 * @vm: an attached VM
 * @params: out
 *
 * Context: any; the values may change at any time, which does no harm.
 */
void shint_kvm_stock_params(const struct shint_vm *vm, struct shint_stock_params *params)
{
	const struct shint_override *override = &vm->override;
	u32 max_ns = READ_ONCE(vm->kvm->max_halt_poll_ns);
	bool users = READ_ONCE(vm->kvm->override_halt_poll_ns);

	/* The override that is in force is ours, unless its value is not. */
	if (users && READ_ONCE(override->installed))
		users = READ_ONCE(override->users) || max_ns != READ_ONCE(override->max_ns);
	params->max_ns = users ? max_ns : READ_ONCE(halt_poll_ns);
	params->grow = READ_ONCE(halt_poll_ns_grow);
	params->grow_start_ns = READ_ONCE(halt_poll_ns_grow_start);
	params->shrink = READ_ONCE(halt_poll_ns_shrink);
}

/**
 * shint_kvm_poll_ns() - how long KVM would poll in the halt that begins
 * @vcpu: the vCPU whose thread runs
 */
u32 shint_kvm_poll_ns(const struct kvm_vcpu *vcpu)
{
	return vcpu->halt_poll_ns;
}

/**
 * shint_kvm_set_poll_ns() - how long KVM is to poll in the halt that begins
 * @vcpu: the vCPU whose thread runs, at the entry of kvm_vcpu_halt()
 * @poll_ns: bounded by KVM's maximum
 */
void shint_kvm_set_poll_ns(struct kvm_vcpu *vcpu, u32 poll_ns)
{
	vcpu->halt_poll_ns = poll_ns;
}

/**
 * shint_kvm_must_be_stock() - whether a halt is none of our business
 * @vcpu: the vCPU whose thread runs
 * @verdict: out: why
 */
bool shint_kvm_must_be_stock(struct kvm_vcpu *vcpu, enum shint_verdict *verdict)
{
	if (kvm_arch_no_poll(vcpu)) {
		*verdict = SHINT_STOCK_NO_POLL;
		return true;
	}
	if (vcpu->arch.hflags & HF_GUEST_MASK) {
		*verdict = SHINT_STOCK_NESTED;
		return true;
	}
#ifdef CONFIG_KVM_XEN
	if (vcpu->arch.xen.poll_evtchn) {
		*verdict = SHINT_STOCK_XEN;
		return true;
	}
#endif
	return false;
}

/**
 * shint_kvm_halted() - whether a vCPU's guest has halted, and no event ended that
 * @vcpu: any vCPU of an attached VM
 *
 * Not whether it is in the guest: what asks, a timer's interrupt on its own pCPU,
 * has just made it leave.
 */
bool shint_kvm_halted(const struct kvm_vcpu *vcpu)
{
	return READ_ONCE(vcpu->arch.mp_state) == KVM_MP_STATE_HALTED;
}

/**
 * shint_kvm_blocking() - whether a vCPU has yielded, or is about to
 * @vcpu: any vCPU of an attached VM
 */
bool shint_kvm_blocking(struct kvm_vcpu *vcpu)
{
	return kvm_vcpu_is_blocking(vcpu);
}

/**
 * shint_kvm_wake() - end a vCPU's block without an event
 * @vcpu: any vCPU of an attached VM
 *
 * kvm_vcpu_block() returns, the vCPU is still halted, and KVM calls
 * kvm_vcpu_halt() again. A request that meets no block costs one turn of
 * KVM's run loop, which clears it.
 *
 * Context: any, hard interrupts too: KVM's LAPIC timer does the same.
 */
void shint_kvm_wake(struct kvm_vcpu *vcpu)
{
	kvm_make_request(KVM_REQ_UNBLOCK, vcpu);
	__kvm_vcpu_wake_up(vcpu);
}
