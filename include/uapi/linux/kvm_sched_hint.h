/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note OR BSD-3-Clause */
/*
 * /dev/kvm-sched-hint: a VMM attaches a VM's table of scheduling hints (see
 * virtio_sched_hint.h) to the VM's halts.
 *
 * One open file attaches at most one VM, and a VM is attached at most once.
 * Closing the file detaches. poll() reports EPOLLPRI when the answer of
 * KVM_SCHED_HINT_GET_STATUS has changed since it was last asked, and EPOLLHUP
 * when the module is being drained: the VMM is expected to close the file, and
 * may open and attach again when the node is back.
 */
#ifndef _UAPI_LINUX_KVM_SCHED_HINT_H
#define _UAPI_LINUX_KVM_SCHED_HINT_H

#include <linux/ioctl.h>
#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#endif

#define KVM_SCHED_HINT_NODE		"/dev/kvm-sched-hint"
#define KVM_SCHED_HINT_API_VERSION	1

/* The bounds of what the longest keep of a halt may be set to. KVM's own shortest poll is 10 us. */
#define KVM_SCHED_HINT_MIN_KEEP_US		10
#define KVM_SCHED_HINT_MAX_KEEP_US		1000000
#define KVM_SCHED_HINT_DEFAULT_KEEP_US		20000
/* Time kept over any window of one second, in per cent of one pCPU. */
#define KVM_SCHED_HINT_MAX_BUDGET_PERCENT	100
#define KVM_SCHED_HINT_DEFAULT_BUDGET_PERCENT	25

/* What a VM's halts are put through. */
/* follow the module's parameter "mode" */
#define KVM_SCHED_HINT_MODE_DEFAULT	0
/* stock: KVM is not touched */
#define KVM_SCHED_HINT_MODE_OFF		1
/* decide and count, change nothing */
#define KVM_SCHED_HINT_MODE_OBSERVE	2
/* keep on every halt while no other task wants the pCPU; no budget */
#define KVM_SCHED_HINT_MODE_ALWAYS	3
/* what the guest's hints call for, within the budget */
#define KVM_SCHED_HINT_MODE_HINT	4

/*
 * Why nothing happens when nothing happens. Codes may be added; where several
 * hold, one is told.
 */
#define KVM_SCHED_HINT_STATUS_OK		0
/* the module is being drained */
#define KVM_SCHED_HINT_STATUS_DRAINING		1
/* no VM is attached through this file, or its process is gone */
#define KVM_SCHED_HINT_STATUS_DETACHED		2
/* the mode asked for is off */
#define KVM_SCHED_HINT_STATUS_MODE_OFF		3
/* halts happen and the probe does not see them (kprobes or ftrace disabled) */
#define KVM_SCHED_HINT_STATUS_DISARMED		4
/* the guest switched host polling off (cpuidle-haltpoll): KVM will not keep */
#define KVM_SCHED_HINT_STATUS_NO_POLL		5
/* no halt has reached KVM so far (cpu-pm=on, userspace irqchip, idle=poll) */
#define KVM_SCHED_HINT_STATUS_NO_HALTS		6
/* halts are seen, and no valid publish with them */
#define KVM_SCHED_HINT_STATUS_NO_PUBLISHER	7
/* grants are refused because the budget is spent, or 0 */
#define KVM_SCHED_HINT_STATUS_BUDGET		8
/* somebody used KVM_CAP_HALT_POLL, and it leaves no time to be kept */
#define KVM_SCHED_HINT_STATUS_CEILING		9
/* the mode in force is observe: halts are decided and counted, and stay stock */
#define KVM_SCHED_HINT_STATUS_OBSERVING		10
/* a CPU quota (cpu.max) bounds the VM: time kept would count against it */
#define KVM_SCHED_HINT_STATUS_QUOTA		11
/* all halts are nested guests' or Xen event channel polls, which stay KVM's */
#define KVM_SCHED_HINT_STATUS_NESTED		12
/* the host is short of CPU where the VM's vCPUs run: nothing is kept */
#define KVM_SCHED_HINT_STATUS_CONTENDED		13

/**
 * struct kvm_sched_hint_attach - argument of KVM_SCHED_HINT_ATTACH
 * @vm_fd: in: file descriptor of the VM; its address space must be the caller's
 * @flags: in: zero
 * @table_addr: in: user address of slot 0, aligned to 4096
 * @features: in: the virtio feature bits the guest driver negotiated
 * @nr_slots: in: 1 to VIRTIO_SCHED_HINT_MAX_SLOTS
 * @slot_stride: in: VIRTIO_SCHED_HINT_SLOT_SIZE
 * @max_keep_us: in: longest keep, KVM_SCHED_HINT_MIN_KEEP_US to _MAX_KEEP_US
 * @budget_percent: in: each vCPU's budget, 0 to 100
 * @vm_budget_percent: in: the VM's budget, or 0 for the sum of its vCPUs'
 * @mode: in: KVM_SCHED_HINT_MODE_*
 * @reserved: in: zero
 *
 * The table may be unmapped at any time: a halt that finds it absent is stock.
 *
 * Errors: EINVAL (a field is out of its range, a reserved one is not zero, or
 * vm_fd is no VM), EBADF, EFAULT (the table is not in user space), EPERM (the
 * VM belongs to another process), EBUSY (the VM is attached already, or so is
 * this file), ESHUTDOWN (draining), EINTR (a signal), ENOMEM, or what
 * register_kprobe() says.
 */
struct kvm_sched_hint_attach {
	__s32 vm_fd;
	__u32 flags;
	__u64 table_addr;
	__u64 features;
	__u32 nr_slots;
	__u32 slot_stride;
	__u32 max_keep_us;
	__u32 budget_percent;
	__u32 vm_budget_percent;
	__u32 mode;
	__u64 reserved[4];
};

/**
 * struct kvm_sched_hint_limits - argument of KVM_SCHED_HINT_SET_LIMITS
 * @max_keep_us: in: as in struct kvm_sched_hint_attach
 * @budget_percent: in: likewise
 * @vm_budget_percent: in: likewise
 * @mode: in: likewise
 * @reserved: in: zero
 *
 * Errors: EINVAL, ENOTCONN (no VM attached).
 */
struct kvm_sched_hint_limits {
	__u32 max_keep_us;
	__u32 budget_percent;
	__u32 vm_budget_percent;
	__u32 mode;
	__u64 reserved[2];
};

/**
 * struct kvm_sched_hint_status - answer of KVM_SCHED_HINT_GET_STATUS
 * @status: KVM_SCHED_HINT_STATUS_*
 * @mode: the mode asked for, KVM_SCHED_HINT_MODE_DEFAULT resolved; also while the VM is
 *	treated as in mode off (STATUS_QUOTA, _DISARMED)
 * @listening: 1 if slots are read, else 0
 * @acting: 1 if a vCPU may be kept or woken early by what is read, else 0; also 0 while
 *	@status says that none is (STATUS_NO_POLL, _NO_PUBLISHER, _NESTED, _CONTENDED)
 * @reserved: zero
 */
struct kvm_sched_hint_status {
	__u32 status;
	__u32 mode;
	__u32 listening;
	__u32 acting;
	__u32 reserved[4];
};

/* kvm_sched_hint_use.vcpu_id: of all vCPUs together */
#define KVM_SCHED_HINT_USE_VM	0xffffffffU

/**
 * struct kvm_sched_hint_use - argument of KVM_SCHED_HINT_GET_USE
 * @vcpu_id: in: KVM's id of a vCPU, below nr_slots, or KVM_SCHED_HINT_USE_VM
 * @flags: in: zero
 * @budget_ns: out: what may be kept in any second beyond what KVM would have
 *	polled; 0 for a VM without a budget of its own
 * @used_ns: out: what of it is used up: kept in the last second, or granted
 *	and not yet over, and what wake-ups in that second cost. More than all of
 *	it in the first second of an attachment
 * @halts: out: halts seen since the attachment
 * @grants: out: of these, kept
 * @refused: out: of these, stock because the budget was spent
 * @kept_ns: out: polled within grants, what KVM would have polled included
 * @wasted_ns: out: polled within grants without an event
 * @early_sent: out: vCPUs woken before the awaited event
 * @early_hits: out: of these, the event came within the grant that followed
 * @early_misses: out: of these, it did not
 * @reserved: in: zero; out: zero
 *
 * The values are not one moment's snapshot, each of them is right.
 *
 * Errors: EINVAL, ENOTCONN (no VM attached), ENOTTY (an older module).
 */
struct kvm_sched_hint_use {
	__u32 vcpu_id;
	__u32 flags;
	__u64 budget_ns;
	__u64 used_ns;
	__u64 halts;
	__u64 grants;
	__u64 refused;
	__u64 kept_ns;
	__u64 wasted_ns;
	__u64 early_sent;
	__u64 early_hits;
	__u64 early_misses;
	__u64 reserved[5];
};

/* Queues of taps that are watched for a VM, at most. */
#define KVM_SCHED_HINT_MAX_WATCHES	64

/**
 * struct kvm_sched_hint_watch - argument of KVM_SCHED_HINT_WATCH
 * @fd: in: a queue of a tap or macvtap device that feeds the VM
 * @flags: in: zero
 * @reserved: in: zero
 *
 * From now on a packet that arrives there may wake the vCPU that takes the
 * device's interrupts, before the interrupt. A watch ends with the attachment,
 * or when the queue's last descriptor is closed, which it does not delay.
 *
 * Errors: EINVAL (a field that must be zero is not, or fd is no such queue),
 * EBADF, EEXIST (it is watched already), ENOSPC (KVM_SCHED_HINT_MAX_WATCHES
 * are), ENOTCONN (no VM attached, or its process is gone), ENOMEM, ENOTTY (an
 * older module).
 */
struct kvm_sched_hint_watch {
	__s32 fd;
	__u32 flags;
	__u64 reserved[3];
};

/* kvm_sched_hint_arrivals.vcpu_id: it is not known which one */
#define KVM_SCHED_HINT_NO_VCPU	0xffffffffU

/**
 * struct kvm_sched_hint_arrivals - argument of KVM_SCHED_HINT_GET_ARRIVALS
 * @fd: in: as in struct kvm_sched_hint_watch
 * @flags: in: zero
 * @arrivals: out: packets that have arrived since it is watched
 * @vcpu_id: out: KVM's id of the vCPU that takes the queue's interrupts, or
 *	KVM_SCHED_HINT_NO_VCPU
 * @reserved: in: zero; out: zero
 *
 * Errors: EINVAL (a field that must be zero is not, or fd is no such queue),
 * EBADF, ENOENT (the VM does not watch it), ENOTCONN (no VM attached), ENOTTY
 * (an older module).
 */
struct kvm_sched_hint_arrivals {
	__s32 fd;
	__u32 flags;
	__u64 arrivals;
	__u32 vcpu_id;
	__u32 reserved[3];
};

/* Not registered; nothing else uses it (Documentation/userspace-api/ioctl/ioctl-number.rst). */
#define KVM_SCHED_HINT_IOC	0xBD

/* Returns KVM_SCHED_HINT_API_VERSION. Anything else: do not go on. */
#define KVM_SCHED_HINT_GET_API_VERSION	_IO(KVM_SCHED_HINT_IOC, 0x00)
#define KVM_SCHED_HINT_ATTACH		_IOW(KVM_SCHED_HINT_IOC, 0x01, struct kvm_sched_hint_attach)
/* Errors: ENOTCONN (no VM attached). */
#define KVM_SCHED_HINT_DETACH		_IO(KVM_SCHED_HINT_IOC, 0x02)
#define KVM_SCHED_HINT_SET_LIMITS	_IOW(KVM_SCHED_HINT_IOC, 0x03, struct kvm_sched_hint_limits)
#define KVM_SCHED_HINT_GET_STATUS	_IOR(KVM_SCHED_HINT_IOC, 0x04, struct kvm_sched_hint_status)
/*
 * What may be missing in a module of the same API version, which then answers
 * ENOTTY: GET_LIMITS tells what SET_LIMITS and sysfs set; errors: ENOTCONN.
 */
#define KVM_SCHED_HINT_GET_LIMITS	_IOR(KVM_SCHED_HINT_IOC, 0x05, struct kvm_sched_hint_limits)
#define KVM_SCHED_HINT_GET_USE		_IOWR(KVM_SCHED_HINT_IOC, 0x06, struct kvm_sched_hint_use)
#define KVM_SCHED_HINT_WATCH		_IOW(KVM_SCHED_HINT_IOC, 0x07, struct kvm_sched_hint_watch)
#define KVM_SCHED_HINT_GET_ARRIVALS	\
	_IOWR(KVM_SCHED_HINT_IOC, 0x08, struct kvm_sched_hint_arrivals)

static_assert(sizeof(struct kvm_sched_hint_attach) == 80, "attach is ABI");
static_assert(sizeof(struct kvm_sched_hint_limits) == 32, "limits is ABI");
static_assert(sizeof(struct kvm_sched_hint_status) == 32, "status is ABI");
static_assert(sizeof(struct kvm_sched_hint_use) == 128, "use is ABI");
static_assert(sizeof(struct kvm_sched_hint_watch) == 32, "watch is ABI");
static_assert(sizeof(struct kvm_sched_hint_arrivals) == 32, "arrivals is ABI");

#endif /* _UAPI_LINUX_KVM_SCHED_HINT_H */
