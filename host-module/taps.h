/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The taps that a VM watches for packets.
 */
#ifndef SHINT_TAPS_H
#define SHINT_TAPS_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "ahead.h"

struct kvm_sched_hint_arrivals;
struct kvm_sched_hint_watch;
struct shint_tap_counts;
struct shint_vm;
struct sock;

/**
 * struct shint_watch - one queue of a tap
 * @wait: in @sk's wait queue
 * @sk: we hold a reference
 * @vm: whose; outlives the watch
 * @twins: other VMs' watches of the same queue; under shint_lock
 * @queue: our place in vm->watches
 * @arrivals: packets; written by the entry's function only, so serialised
 * @ahead: of the next packet; under the wait queue's lock
 */
struct shint_watch {
	struct wait_queue_entry wait;
	struct sock *sk;
	struct shint_vm *vm;
	struct list_head twins;
	u32 queue;
	u64 arrivals;
	struct shint_ahead ahead;
};

int shint_taps_watch(struct shint_vm *vm, const struct kvm_sched_hint_watch *arg);
int shint_taps_query(struct shint_vm *vm, struct kvm_sched_hint_arrivals *arg);
void shint_taps_prune(struct shint_vm *vm);
void shint_taps_unwatch(struct shint_vm *vm);
void shint_taps_count(const struct shint_vm *vm, struct shint_tap_counts *counts);

#endif /* SHINT_TAPS_H */
