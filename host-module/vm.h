/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An attached VM and its vCPUs.
 */
#ifndef SHINT_VM_H
#define SHINT_VM_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/hrtimer.h>
#include <linux/kobject.h>
#include <linux/kvm_sched_hint.h>
#include <linux/list.h>
#include <linux/mmu_notifier.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "arrival_learn.h"
#include "budget.h"
#include "finding.h"
#include "policy.h"
#include "gaps.h"
#include "predict.h"
#include "registry.h"
#include "slot.h"
#include "stock.h"

struct kvm;
struct kvm_vcpu;
struct shint_watch;

/* Beside the modes of the ABI: hint's ablation, by the test_blind_* parameters. */
#define SHINT_MODE_BLIND	(KVM_SCHED_HINT_MODE_HINT + 1)

/* Whether what KVM polls is ours in a mode: in the others it is not touched. */
static inline bool shint_mode_overrides(u32 mode)
{
	return mode != KVM_SCHED_HINT_MODE_OFF && mode != KVM_SCHED_HINT_MODE_OBSERVE;
}

/**
 * struct shint_arrival_counters - what came of being woken because a packet arrived
 * @wakes: vCPU threads woken
 * @hits: of these, the packet's event, or another, came within the grant that
 *	followed, or before
 * @misses: of these, none did
 */
struct shint_arrival_counters {
	u64 wakes;
	u64 hits;
	u64 misses;
};

/**
 * struct shint_counters - what became of a vCPU's halts
 * @verdicts: halts by verdict; with early wakes one halt of the guest may be
 *	several of KVM's
 * @grants: halts that were granted time
 * @kept_ns: polled within grants
 * @free_ns: of it, what KVM would have polled without us
 * @wasted_ns: polled within grants without an event
 * @pauses: how often keeps were given up for a while: see backoff.c
 * @early_sent: vCPU threads woken before the awaited event
 * @early_hits: of these, the event came within the grant that followed
 * @early_misses: of these, it did not
 * @arrivals: by role, of vCPU threads woken because a packet arrived
 *
 * Written by the vCPU's own thread, under the vCPU's mutex; read by anyone.
 */
struct shint_counters {
	u64 verdicts[SHINT_NR_VERDICTS];
	u64 grants;
	u64 kept_ns;
	u64 free_ns;
	u64 wasted_ns;
	u64 pauses;
	u64 early_sent;
	u64 early_hits;
	u64 early_misses;
	struct shint_arrival_counters arrivals[SHINT_NR_ROLES];
};

/**
 * struct shint_polled - KVM's own account of a vCPU's halts
 * @success_ns: halt_poll_success_ns: polled, then an event
 * @fail_ns: halt_poll_fail_ns: polled in vain
 * @wait_ns: halt_wait_ns: blocked
 */
struct shint_polled {
	u64 success_ns;
	u64 fail_ns;
	u64 wait_ns;
};

/**
 * struct shint_grant - the grant that is out
 * @ns: how long; 0 if none is
 * @free_ns: of it, what KVM would have polled without us: not charged
 * @at_ns: when it was given
 * @verdict: why
 * @charged: to the vCPU's budget
 * @charged_to_vm: to the VM's budget, too
 * @early: it follows an early wake
 * @arrival: it follows the arrival of a packet
 * @role: if so, the vCPU's
 */
struct shint_grant {
	u64 ns;
	u64 free_ns;
	u64 at_ns;
	enum shint_verdict verdict;
	bool charged;
	bool charged_to_vm;
	bool early;
	bool arrival;
	enum shint_role role;
};

/**
 * struct shint_waker - a vCPU's early wake
 * @timer: fires on the pCPU it was armed on, in hard interrupt context
 * @fired_ns: when it was due that last woke the vCPU, or when that was woken ahead of a
 *	packet; the probe takes it back to 0. Of two writers at once either will do
 * @until_ns: mode always: until then only wake the vCPU if it blocks, else 0
 * @armed: cleared before a cancel that the firing timer would not notice
 * @on_arrival: by role, set by the probe: an arrival may wake the vCPU, which
 *	clears it
 * @arrived_ns: by role, when the packet arrived that last woke the vCPU; the
 *	probe takes it back to 0
 * @announced_ns: when the first packet for it arrived in a halt
 * @expected_ns: when what brings the next packet was last woken ahead of it, and the vCPU
 *	with it, if it was asleep
 * @met_ns: when in a halt the first packet came that this was for
 * @worker_wakes: how often, for packets whose interrupt the vCPU takes; the probe takes it
 *	back to 0, and charges for it
 */
struct shint_waker {
	struct hrtimer timer;
	u64 fired_ns;
	u64 until_ns;
	bool armed;
	bool on_arrival[SHINT_NR_ROLES];
	u64 arrived_ns[SHINT_NR_ROLES];
	u64 announced_ns;
	u64 expected_ns;
	u64 met_ns;
	atomic_t worker_wakes;
};

/**
 * struct shint_vcpu - one slot's vCPU
 *
 * Written by the vCPU's own thread in the probe, which KVM runs under the
 * vCPU's mutex, so one at a time. Of @waker, the timer writes fired_ns; what happens at
 * the taps, fired_ns and all from on_arrival on.
 *
 * @kvm_vcpu: set at the first halt; valid as long as the VM's reference to kvm
 * @waker: early wake
 * @hits: halts seen; the watchdog compares them with KVM's halt exits
 * @polled: KVM's account at the last halt
 * @synced: @polled belongs to the last halt
 * @poll_written: vcpu->halt_poll_ns holds a value of ours
 * @halt_exits: KVM's count of HLT exits at the last halt: the same again means
 *	that the guest has not run since
 * @no_poll: in the last halt the guest forbade host polling
 * @hit_ns: when the last halt was seen
 * @halted_ns: when the guest halted; early wakes do not count
 * @halt_ns: time since then that was spent halted
 * @published_idle: the guest published that it halts because it is idle; of other
 *	halts nothing is learned
 * @publish_seq: the publish last seen
 * @published_ns: when it was first seen
 * @timer_ns: when its next timer fires, or NS_NONE
 * @wake_peer: slot of its wake peer, or VIRTIO_SCHED_HINT_NO_PEER; arrivals read it
 * @announced: of the last events, more were announced by their packets' arrival
 *	than not, by so many
 * @delivery_ns: from a packet's arrival to its event, mean; 0: not known
 * @wake_costs: from an early wake to the end of the halt
 * @blind_ns: mode blind: when the next wake is due
 * @grant: the grant that is out
 * @budget: this vCPU's
 * @stock: KVM's adaptive polling, replayed
 * @io_in_flight: the guest went idle while tasks waited for I/O
 * @gaps: how long it idles until an event: with nothing in flight, and with I/O
 * @predictor: when transactions start
 * @backoff: what came of its keeps
 * @counters: for stats.c
 */
struct shint_vcpu {
	struct kvm_vcpu *kvm_vcpu;
	struct shint_waker waker;
	u64 hits;
	struct shint_polled polled;
	bool synced;
	bool poll_written;
	bool no_poll;
	u64 halt_exits;
	u64 hit_ns;
	u64 halted_ns;
	u64 halt_ns;
	bool published_idle;
	u64 publish_seq;
	u64 published_ns;
	u64 timer_ns;
	u16 wake_peer;
	u8 announced;
	u64 delivery_ns;
	struct shint_wake_costs wake_costs;
	u64 blind_ns;
	struct shint_grant grant;
	struct shint_budget budget;
	struct shint_stock stock;
	bool io_in_flight;
	struct shint_gaps gaps[2];
	struct shint_predictor predictor;
	struct shint_backoff backoff;
	struct shint_counters counters;
} ____cacheline_aligned;

/**
 * struct shint_tap_counts - of taps
 * @arrivals: packets
 * @worker_wakes: wake-ups of what brings them, ahead of one
 * @worker_windows: times one was predicted and gone ahead of, with some of these
 * @worker_hits: of these, it came in time
 */
struct shint_tap_counts {
	u64 arrivals;
	u64 worker_wakes;
	u64 worker_windows;
	u64 worker_hits;
};

/**
 * struct shint_limits - what an operator may change while the VM runs
 * @max_keep_ns: limit of one grant
 * @vcpu_budget_ns: kept time per vCPU and window
 * @vm_budget_ns: kept time per VM and window, or 0 for no limit of its own
 */
struct shint_limits {
	u64 max_keep_ns;
	u64 vcpu_budget_ns;
	u64 vm_budget_ns;
};

/**
 * struct shint_override - what we put in place of KVM's maximum; see kvm.c
 * @installed: grants may be given
 * @users: KVM_CAP_HALT_POLL was used: the maximum in force is the user's
 * @max_ns: the maximum in force
 */
struct shint_override {
	bool installed;
	bool users;
	u32 max_ns;
};

/**
 * struct shint_vm - an attached VM
 * @entry: in the registry; key is @kvm
 * @kobj: its directory in sysfs; owns the memory
 * @list: in shint_vms, under shint_lock
 * @kvm: we hold a reference until @teardown has run
 * @kvm_owner: the module of @kvm's files, pinned; may be NULL
 * @mm: the address space of the VM and of @table
 * @notifier: says when @mm goes away
 * @teardown: drops what needs process context
 * @gone: not in the registry, not yet or no longer; under shint_lock
 * @table: the guest's slots; fixed
 * @name: process id and a running number
 * @requested_mode: KVM_SCHED_HINT_MODE_*, under shint_lock
 * @mode: the one in force; written under shint_lock, read by the probe
 * @limits: written under shint_lock word by word, read by the probe
 * @max_keep_us: as set; under shint_lock, like the two percentages
 * @budget_percent: as set
 * @vm_budget_percent: as set
 * @override: under shint_lock; the probe reads it
 * @disarmed: the watchdog found that the probe is not hit; under shint_lock
 * @quota: the mode is off because a CPU quota bounds the VM; written under
 *	shint_lock, read by the probe
 * @watched: what the watchdog found when it last looked; under shint_lock
 * @finding: the status as far as it follows from @watched; under shint_lock
 * @told_mode: what @requested_mode came to when @wait was last woken; under shint_lock
 * @status: KVM_SCHED_HINT_STATUS_*, as the watchdog or a change last found it
 * @wait: whoever polls the file, which outlives us
 * @budget_lock: @budget, among vCPUs; raw: taken with preemption disabled
 * @budget: the VM's, if limits.vm_budget_ns is set
 * @nr_used: one more than the largest vCPU id that has halted; under budget_lock
 * @watches: taps that are watched; under shint_lock
 * @past_arrivals: of taps that are not watched any more; under shint_lock
 * @arrivals_lock: @arrivals, among vCPUs and arrivals; raw, and with interrupts
 *	disabled, in which packets arrive
 * @arrivals: what arrivals lead to
 * @stray_hits: halts of vCPUs without a slot; any vCPU's thread, so inexact
 * @vcpus: one per slot
 */
struct shint_vm {
	struct shint_entry entry;
	struct kobject kobj;
	struct list_head list;
	struct kvm *kvm;
	struct module *kvm_owner;
	struct mm_struct *mm;
	struct mmu_notifier notifier;
	struct work_struct teardown;
	bool gone;
	struct shint_table table;
	char name[24];
	u32 requested_mode;
	u32 mode;
	struct shint_limits limits;
	u32 max_keep_us;
	u32 budget_percent;
	u32 vm_budget_percent;
	struct shint_override override;
	bool disarmed;
	bool quota;
	struct shint_watched watched;
	u32 finding;
	u32 told_mode;
	u32 status;
	wait_queue_head_t *wait;
	raw_spinlock_t budget_lock;
	struct shint_budget budget;
	u32 nr_used;
	struct shint_watch *watches[KVM_SCHED_HINT_MAX_WATCHES];
	struct shint_tap_counts past_arrivals;
	raw_spinlock_t arrivals_lock;
	struct shint_arrivals arrivals;
	u64 stray_hits;
	struct shint_vcpu *vcpus;
};

void shint_vm_free(struct shint_vm *vm);

#endif /* SHINT_VM_H */
