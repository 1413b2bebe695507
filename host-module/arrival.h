/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packet arrival: a vCPU woken when a packet for it is at the tap.
 */
#ifndef SHINT_ARRIVAL_H
#define SHINT_ARRIVAL_H

#include <linux/types.h>

#include "arrival_learn.h"

struct kvm_sched_hint_arrivals;
struct kvm_sched_hint_watch;
struct shint_tap_counts;
struct shint_vcpu;
struct shint_vm;

/* By role, as counters and trace events use them. */
extern const char *const shint_arrival_roles[SHINT_NR_ROLES];

int shint_arrival_watch(struct shint_vm *vm, const struct kvm_sched_hint_watch *arg);
int shint_arrival_query(struct shint_vm *vm, struct kvm_sched_hint_arrivals *arg);
void shint_arrival_prune(struct shint_vm *vm);
void shint_arrival_unwatch(struct shint_vm *vm);
void shint_arrival_count(const struct shint_vm *vm, struct shint_tap_counts *counts);

u64 shint_arrival_taken_ns(struct shint_vcpu *vcpu, enum shint_role *role);
u32 shint_arrival_worker_wakes(struct shint_vcpu *vcpu);
void shint_arrival_allow(struct shint_vcpu *vcpu, const bool allowed[SHINT_NR_ROLES]);
void shint_arrival_judge(struct shint_vm *vm, enum shint_role role, bool hit, u64 now_ns);
void shint_arrival_halt_ended(struct shint_vm *vm, u32 vcpu_id, u64 halted_ns, u64 end_ns);

#endif /* SHINT_ARRIVAL_H */
