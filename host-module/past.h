/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the last halt was like.
 */
#ifndef SHINT_PAST_H
#define SHINT_PAST_H

#include <linux/types.h>

#include "arrival_learn.h"

struct shint_gaps;
struct shint_vcpu;
struct shint_vm;

/* So many announced events more than others, and the guest's word is not heard. */
#define SHINT_ANNOUNCED_MOST	4

/**
 * struct shint_past - what the time since the last halt tells
 * @halt_ns: how long that halt took
 * @end_ns: when it ended
 * @polled_ns: of it, polled
 * @met: it ended while polling
 * @known: the above are: there was a last halt, and nobody reset KVM's account
 */
struct shint_past {
	u64 halt_ns;
	u64 end_ns;
	u64 polled_ns;
	bool met;
	bool known;
};

void shint_past_look(struct shint_vcpu *vcpu, struct shint_past *past);
void shint_past_settle(struct shint_vm *vm, struct shint_vcpu *vcpu,
		       const struct shint_past *past, u64 now_ns);
void shint_past_learn(struct shint_vm *vm, struct shint_vcpu *vcpu,
		      const struct shint_past *past, u64 now_ns);
bool shint_past_wake_cost(struct shint_vcpu *vcpu, const struct shint_past *past, u64 fired_ns);
void shint_past_judge_arrival(struct shint_vm *vm, struct shint_vcpu *vcpu, enum shint_role role,
			      bool hit, u64 now_ns);
struct shint_gaps *shint_past_gaps(struct shint_vcpu *vcpu);

#endif /* SHINT_PAST_H */
