/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU, what it is taught, and what all benches share.
 */
#ifndef LEARNED_H
#define LEARNED_H

#include "policy.h"

#define US		1000ULL
#define MS		(1000 * US)
#define SEC		(1000 * MS)
#define NONE		VIRTIO_SCHED_HINT_NS_NONE
#define START		(1000 * SEC)

struct vcpu {
	struct shint_predictor predictor;
	struct shint_backoff backoff;
	struct shint_gaps gaps;
	struct shint_wake_costs costs;
	struct shint_hint hint;
	struct shint_situation situation;
	struct shint_decision decision;
	u64 at_ns;	/* the last event's */
};

extern struct vcpu vcpu;

struct bench {
	const char *name;
	unsigned int calls;
	const char *what;
	void (*prepare)(void);
	void (*call)(void);
};

/* decide.c's; ends with one that has no name. */
extern const struct bench decide_benches[];

u64 random_u64(void);
u64 between(u64 low, u64 high);
void die(const char *what);

void fresh(void);
void event(u64 gap_ns, u64 left, u64 limit);
void learn_period(void);
void learn_drift(void);
void learn_pattern(u64 left, u64 limit);
void learn_gaps(u64 left, u64 limit);

#endif /* LEARNED_H */
