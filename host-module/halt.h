/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHINT_HALT_H
#define SHINT_HALT_H

#include <linux/types.h>

struct kvm_vcpu;
struct shint_vm;

/* Mode always: how soon a vCPU that was cut off and blocks is taken back. */
#define SHINT_ALWAYS_REARM_NS	1000000
/* Mode always: re-granted at the end, so any long time; KVM's clock is u32. */
#define SHINT_ALWAYS_KEEP_NS	1000000000

void shint_halt(struct shint_vm *vm, struct kvm_vcpu *kvm_vcpu, u32 id);

#endif /* SHINT_HALT_H */
