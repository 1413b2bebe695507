/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a VM's halts tell of whether it gains anything. Pure: values in, values
 * out.
 */
#ifndef SHINT_FINDING_H
#define SHINT_FINDING_H

#include <linux/types.h>

/**
 * struct shint_watched - sums over a VM's vCPUs at the watchdog's last look
 * @exits: halt exits when @hits last grew
 * @hits: halts seen
 * @decided: halts in a mode that decides
 * @silent: of these, stock because there was no valid publish
 * @no_poll: of these, stock because the guest forbids host polling
 * @foreign: of these, stock because they are not this guest's own
 * @contended: of these, stock because the host is short of CPU
 * @refused: of these, stock because a budget was spent
 */
struct shint_watched {
	u64 exits;
	u64 hits;
	u64 decided;
	u64 silent;
	u64 no_poll;
	u64 foreign;
	u64 contended;
	u64 refused;
};

void shint_watched_add(struct shint_watched *sum, const u64 *verdicts);
u32 shint_finding(const struct shint_watched *last, const struct shint_watched *now, u32 so_far);

#endif /* SHINT_FINDING_H */
