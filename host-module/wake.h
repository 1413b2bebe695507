/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Early wake: a vCPU's thread woken before the event it waits for.
 */
#ifndef SHINT_WAKE_H
#define SHINT_WAKE_H

#include <linux/types.h>

struct shint_vcpu;

void shint_wake_init(struct shint_vcpu *vcpu);
void shint_wake_arm(struct shint_vcpu *vcpu, u64 in_ns, u64 until_ns);
void shint_wake_disarm(struct shint_vcpu *vcpu);
void shint_wake_stop(struct shint_vcpu *vcpu);
u64 shint_wake_taken_ns(struct shint_vcpu *vcpu);

#endif /* SHINT_WAKE_H */
