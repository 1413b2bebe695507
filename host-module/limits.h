/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a VM may use, and its mode.
 */
#ifndef SHINT_LIMITS_H
#define SHINT_LIMITS_H

#include <linux/kvm_sched_hint.h>
#include <linux/types.h>

struct shint_vm;

int shint_check_range(const char *what, u32 value, u32 min, u32 max);
int shint_check_zero(const char *what, bool zero);
int shint_check_limits(u32 max_keep_us, u32 budget_percent, u32 vm_budget_percent, u32 mode);

void shint_vm_set_limits(struct shint_vm *vm, u32 max_keep_us, u32 budget_percent,
			 u32 vm_budget_percent);
int shint_set_limits(struct shint_vm *vm, const struct kvm_sched_hint_limits *limits);
void shint_get_limits(struct shint_vm *vm, struct kvm_sched_hint_limits *limits);
int shint_set_limit(struct shint_vm *vm, size_t offset, u32 value);

u32 shint_mode_resolved(u32 requested);
void shint_apply_mode(struct shint_vm *vm);
void shint_apply_modes(void);

#endif /* SHINT_LIMITS_H */
