/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one door to KVM's internals.
 */
#ifndef SHINT_KVM_H
#define SHINT_KVM_H

#include <linux/types.h>

#include "policy.h"
#include "stock.h"

struct kvm;
struct kvm_vcpu;
struct shint_polled;
struct shint_vm;
struct task_struct;

int shint_kvm_check(void);
int shint_kvm_probe_get(void);
void shint_kvm_probe_put(void);
void shint_kvm_probe_stop(void);

struct kvm *shint_kvm_get(int vm_fd, struct module **owner);
void shint_kvm_hold(struct kvm *kvm, struct module *owner);
void shint_kvm_put(struct kvm *kvm, struct module *owner);
struct mm_struct *shint_kvm_mm(struct kvm *kvm);
int shint_kvm_max_vcpu_id(struct kvm *kvm);

void shint_kvm_override(struct shint_vm *vm, u32 max_ns);
void shint_kvm_restore(struct shint_vm *vm);
u32 shint_kvm_ceiling_ns(const struct shint_vm *vm);
u64 shint_kvm_halt_exits(struct kvm *kvm);
bool shint_kvm_any_thread(struct kvm *kvm, bool (*holds)(struct task_struct *task));

u64 shint_kvm_vcpu_halt_exits(const struct kvm_vcpu *vcpu);
void shint_kvm_polled(const struct kvm_vcpu *vcpu, struct shint_polled *polled);
void shint_kvm_stock_params(const struct shint_vm *vm, struct shint_stock_params *params);
u32 shint_kvm_poll_ns(const struct kvm_vcpu *vcpu);
void shint_kvm_set_poll_ns(struct kvm_vcpu *vcpu, u32 poll_ns);
bool shint_kvm_must_be_stock(struct kvm_vcpu *vcpu, enum shint_verdict *verdict);
bool shint_kvm_halted(const struct kvm_vcpu *vcpu);
bool shint_kvm_blocking(struct kvm_vcpu *vcpu);
void shint_kvm_wake(struct kvm_vcpu *vcpu);

#endif /* SHINT_KVM_H */
