/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What packets that arrive at a VM's taps lead to: which vCPUs, after how long,
 * and whether it pays to wake those ahead. Pure: values in, values out.
 */
#ifndef SHINT_ARRIVAL_LEARN_H
#define SHINT_ARRIVAL_LEARN_H

#include <linux/kvm_sched_hint.h>
#include <linux/limits.h>
#include <linux/types.h>

/* What a vCPU has to do with an arrival. */
enum shint_role {
	SHINT_TAKER,	/* it takes the queue's interrupts */
	SHINT_PEER,	/* the taker's wake peer: it runs the task that the packet is for */
	SHINT_NR_ROLES
};

#define SHINT_NO_VCPU	U32_MAX

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
 * struct shint_way - from an arrival to a vCPU
 * @mean_ns: mean time to the end of its halt; 0: not known
 * @shift: the weight of the last sample in it, 2^-shift
 * @wakes: wake-ups, or windows of ahead.c's, judged in this round
 * @misses: of these, without an event
 * @judged_ns: when the last one was
 * @paused_until_ns: no wake-ups before
 */
struct shint_way {
	u64 mean_ns;
	u8 shift;
	u32 wakes;
	u32 misses;
	u64 judged_ns;
	u64 paused_until_ns;
};

/**
 * struct shint_arrival_end - the first halt to end after a followed arrival
 * @vcpu_id: whose
 * @at_ns: when it ended, or 0
 */
struct shint_arrival_end {
	u32 vcpu_id;
	u64 at_ns;
};

/**
 * struct shint_arrivals - what is known of a VM's arrivals
 * @takers: per watched queue
 * @at_ns: the arrival that is being followed, or 0
 * @queue: where that was
 * @first: of all vCPUs
 * @ends: of each role's vCPU, which is known beforehand, or SHINT_NO_VCPU
 * @ways: to each role's vCPU
 *
 * The owner serialises all calls but those that say otherwise.
 */
struct shint_arrivals {
	struct shint_arrival_taker takers[KVM_SCHED_HINT_MAX_WATCHES];
	u64 at_ns;
	u32 queue;
	struct shint_arrival_end first;
	struct shint_arrival_end ends[SHINT_NR_ROLES];
	struct shint_way ways[SHINT_NR_ROLES];
};

bool shint_arrivals_followed(const struct shint_arrivals *arrivals, u64 now_ns);
void shint_arrivals_follow(struct shint_arrivals *arrivals, u32 queue,
			   const u32 ids[SHINT_NR_ROLES], u64 now_ns);
bool shint_arrivals_concerned(const struct shint_arrivals *arrivals, u64 halted_ns, u64 end_ns);
void shint_arrivals_halt_ended(struct shint_arrivals *arrivals, u32 vcpu_id, u64 halted_ns,
			       u64 end_ns);
void shint_arrivals_forget(struct shint_arrivals *arrivals, u32 queue);
bool shint_arrivals_taker(const struct shint_arrivals *arrivals, u32 queue, u32 *vcpu_id);
void shint_way_judge(struct shint_way *way, bool hit, u64 now_ns);
bool shint_way_paused(const struct shint_way *way, u64 now_ns);
bool shint_way_pays(const struct shint_way *way, u64 now_ns);
u64 shint_way_keep_ns(const struct shint_way *way);

#endif /* SHINT_ARRIVAL_LEARN_H */
