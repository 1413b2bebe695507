/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When not to keep: because the host is short of CPU, or because it does not
 * pay. Pure: values in, values out.
 */
#ifndef SHINT_BACKOFF_H
#define SHINT_BACKOFF_H

#include <linux/types.h>

/* What keeps are given for, each judged apart. Packets' arrivals: arrival_learn.h. */
enum shint_reason {
	SHINT_FOR_TIMER,
	SHINT_FOR_EVENT,
	SHINT_FOR_GAP,
	SHINT_NR_REASONS
};

/* What ends a keep: none but its end; a timer that the guest had announced; any other event. */
enum shint_met {
	SHINT_MET_NOTHING,
	SHINT_MET_TIMER,
	SHINT_MET_EVENT
};

/**
 * struct shint_backoff - what came of one vCPU's keeps
 * @keeps: judged in this round
 * @cut: of these, cut off by another task
 * @contended_until_ns: no keeps, and no early wakes, before
 * @balance_ns: by reason, what its hits were worth, less what was kept
 * @paused_until_ns: by reason, no keeps for it before
 */
struct shint_backoff {
	u32 keeps;
	u32 cut;
	u64 contended_until_ns;
	s64 balance_ns[SHINT_NR_REASONS];
	u64 paused_until_ns[SHINT_NR_REASONS];
};

bool shint_backoff_cut(struct shint_backoff *backoff, bool cut, u64 now_ns);
bool shint_backoff_spent(struct shint_backoff *backoff, enum shint_reason reason,
			 enum shint_met met, u64 kept_ns, u64 worth_ns, u64 now_ns);

/* Whether other tasks want the pCPU: what is kept would be cut off. */
static inline bool shint_backoff_contended(const struct shint_backoff *backoff, u64 now_ns)
{
	return now_ns < backoff->contended_until_ns;
}

/* Whether keeps for this reason pay, as far as that is known. */
static inline bool shint_backoff_pays(const struct shint_backoff *backoff,
				      enum shint_reason reason, u64 now_ns)
{
	return now_ns >= backoff->paused_until_ns[reason];
}

#endif /* SHINT_BACKOFF_H */
