/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packet arrival: a vCPU woken when a packet for it is at the tap.
 */
#ifndef SHINT_ARRIVAL_H
#define SHINT_ARRIVAL_H

#include <linux/types.h>

#include "arrival_learn.h"

struct shint_ahead;
struct shint_vcpu;
struct shint_vm;
struct shint_watch;

/* By role, as counters and trace events use them. */
extern const char *const shint_arrival_roles[SHINT_NR_ROLES];

bool shint_arrival_taker(const struct shint_vm *vm, u32 queue, u32 *id);
void shint_arrival_came(struct shint_watch *watch);
bool shint_arrival_expect(struct shint_ahead *ahead);

u64 shint_arrival_taken_ns(struct shint_vcpu *vcpu, enum shint_role *role);
u32 shint_arrival_worker_wakes(struct shint_vcpu *vcpu);
void shint_arrival_allow(struct shint_vcpu *vcpu, const bool allowed[SHINT_NR_ROLES]);
void shint_arrival_judge(struct shint_vm *vm, enum shint_role role, bool hit, u64 now_ns);
void shint_arrival_halt_ended(struct shint_vm *vm, u32 vcpu_id, u64 halted_ns, u64 end_ns);

#endif /* SHINT_ARRIVAL_H */
