// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a VM's halts tell of whether it gains anything: from one look of the
 * watchdog's to the next, was there a halt that the guest's hints decided?
 */
#include <linux/compiler.h>
#include <linux/kvm_sched_hint.h>
#include <linux/minmax.h>

#include "finding.h"
#include "policy.h"

/**
 * shint_watched_add() - add a vCPU's halts to its VM's sums
 * @sum: the VM's
 * @verdicts: the vCPU's counters; its thread may be counting
 *
 * Each counter is read once: a halt that is in one sum is in the other.
 */
void shint_watched_add(struct shint_watched *sum, const u64 *verdicts)
{
	int verdict;

	for (verdict = SHINT_STOCK_QUOTA + 1; verdict < SHINT_NR_VERDICTS; verdict++) {
		u64 halts = READ_ONCE(verdicts[verdict]);

		sum->decided += halts;
		switch (verdict) {
		case SHINT_STOCK_ABSENT:
		case SHINT_STOCK_BAD_SLOT:
		case SHINT_STOCK_NO_SLOT:
		case SHINT_STOCK_NOT_IDLE:
		case SHINT_STOCK_STALE:
			sum->silent += halts;
			break;
		case SHINT_STOCK_NO_POLL:
			sum->no_poll += halts;
			break;
		case SHINT_STOCK_NESTED:
		case SHINT_STOCK_XEN:
			sum->foreign += halts;
			break;
		case SHINT_STOCK_CONTENDED:
			sum->contended += halts;
			break;
		case SHINT_STOCK_BUDGET:
			sum->refused += halts;
			break;
		}
	}
}

/* None of the halts was decided by a hint: what kept most of them from it? */
static u32 finding_of_most(u64 silent, u64 no_poll, u64 foreign, u64 contended)
{
	u64 most = max(max(silent, no_poll), max(foreign, contended));

	if (no_poll == most)
		return KVM_SCHED_HINT_STATUS_NO_POLL;
	if (silent == most)
		return KVM_SCHED_HINT_STATUS_NO_PUBLISHER;
	return foreign == most ? KVM_SCHED_HINT_STATUS_NESTED :
				 KVM_SCHED_HINT_STATUS_CONTENDED;
}

/**
 * shint_finding() - the status as far as it follows from the halts
 * @last: the sums at the last look
 * @now: the sums now
 * @so_far: what was found then, which stays if there was no halt since
 *
 * Return: KVM_SCHED_HINT_STATUS_*
 */
u32 shint_finding(const struct shint_watched *last, const struct shint_watched *now, u32 so_far)
{
	u64 decided = now->decided - last->decided;
	u64 silent = now->silent - last->silent;
	u64 no_poll = now->no_poll - last->no_poll;
	u64 foreign = now->foreign - last->foreign;
	u64 contended = now->contended - last->contended;

	if (!now->hits)
		return KVM_SCHED_HINT_STATUS_NO_HALTS;
	if (!decided)
		return so_far;
	/* Not all: once a second it is tried whether a few keeps are let be. */
	if (2 * contended > decided)
		return KVM_SCHED_HINT_STATUS_CONTENDED;
	if (silent + no_poll + foreign + contended == decided)
		return finding_of_most(silent, no_poll, foreign, contended);
	if (now->refused != last->refused)
		return KVM_SCHED_HINT_STATUS_BUDGET;
	return KVM_SCHED_HINT_STATUS_OK;
}
