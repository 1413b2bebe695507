/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What packets that arrive at a VM's taps lead to: which vCPU, after how long,
 * and whether it pays to wake that ahead. Pure: values in, values out.
 */
#ifndef SHINT_ARRIVAL_LEARN_H
#define SHINT_ARRIVAL_LEARN_H

#include <linux/kvm_sched_hint.h>
#include <linux/types.h>

/**
 * struct shint_arrival_taker - which vCPU takes one queue's interrupts
 * @vcpu_id: the one most arrivals led to
 * @votes: for it
 */
struct shint_arrival_taker {
	u32 vcpu_id;
	u8 votes;
};

/**
 * struct shint_arrivals - what is known of a VM's arrivals
 * @takers: per watched queue
 * @at_ns: the arrival that is being followed, or 0
 * @queue: where that was
 * @end_ns: the first halt to end after it did so then, or 0
 * @vcpu_id: that halt's vCPU
 * @way_ns: mean time from an arrival to the end of the halt; 0: not known
 * @wakes: wake-ups judged in this round
 * @misses: of these, without an event
 * @paused_until_ns: no wake-ups before
 *
 * The owner serialises all calls but those that say otherwise.
 */
struct shint_arrivals {
	struct shint_arrival_taker takers[KVM_SCHED_HINT_MAX_WATCHES];
	u64 at_ns;
	u32 queue;
	u64 end_ns;
	u32 vcpu_id;
	u64 way_ns;
	u32 wakes;
	u32 misses;
	u64 paused_until_ns;
};

bool shint_arrivals_followed(const struct shint_arrivals *arrivals, u64 now_ns);
void shint_arrivals_follow(struct shint_arrivals *arrivals, u32 queue, u64 now_ns);
bool shint_arrivals_concerned(const struct shint_arrivals *arrivals, u64 halted_ns, u64 end_ns);
void shint_arrivals_halt_ended(struct shint_arrivals *arrivals, u32 vcpu_id, u64 halted_ns,
			       u64 end_ns);
bool shint_arrivals_taker(const struct shint_arrivals *arrivals, u32 queue, u32 *vcpu_id);
void shint_arrivals_judge(struct shint_arrivals *arrivals, bool hit, u64 now_ns);
bool shint_arrivals_pay(const struct shint_arrivals *arrivals, u64 now_ns);
u64 shint_arrivals_keep_ns(const struct shint_arrivals *arrivals);

#endif /* SHINT_ARRIVAL_LEARN_H */
