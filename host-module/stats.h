/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHINT_STATS_H
#define SHINT_STATS_H

struct kvm_sched_hint_use;
struct shint_vm;

int shint_stats_use(struct shint_vm *vm, struct kvm_sched_hint_use *use);
int shint_stats_start(void);
void shint_stats_stop(void);

#endif /* SHINT_STATS_H */
