// SPDX-License-Identifier: GPL-2.0-only
/*
 * When not to keep: because the host is short of CPU, or because it does not pay.
 *
 * KVM ends a poll when another task wants the pCPU. So on a pCPU that is wanted
 * keeping gains nothing, and an early wake only takes from the others: after a
 * round of keeps that were mostly cut off there is none for a while.
 *
 * Each hit is worth what the policy holds it to be worth in kept time. A reason
 * whose hits have been worth less than was kept for them is not heard for a
 * while either. What the odds of the past say is right on average, and so does
 * not come here; what has changed since, or a guest that announces what does
 * not come, does.
 */
#include <linux/minmax.h>

#include "backoff.h"

/*
 * How many keeps make a judgement, and how long none follow: what is cut off, or
 * does not pay, then costs about ROUND keeps a second.
 */
#define ROUND		8
#define PAUSE_NS	1000000000ULL

/*
 * So many hits' worth may be kept in vain in a row; so many at most are held
 * against that. As the balance is of the last few it is forgotten soon.
 */
#define CREDIT_HITS	8

/**
 * shint_backoff_cut() - judge how a keep ended
 * @backoff: the vCPU's
 * @cut: by another task that wanted the pCPU, before its end and without an event
 * @now_ns: now
 *
 * Return: whether a pause begins.
 */
bool shint_backoff_cut(struct shint_backoff *backoff, bool cut, u64 now_ns)
{
	bool mostly;

	backoff->keeps++;
	backoff->cut += cut;
	if (backoff->keeps < ROUND)
		return false;
	mostly = 2 * backoff->cut > backoff->keeps;
	if (mostly)
		backoff->contended_until_ns = now_ns + PAUSE_NS;
	backoff->keeps = 0;
	backoff->cut = 0;
	return mostly;
}

/**
 * shint_backoff_spent() - judge whether a keep was worth it
 * @backoff: the vCPU's
 * @reason: what it was for
 * @met: what ended it
 * @kept_ns: how long it was, beyond what KVM would have polled
 * @worth_ns: kept time that a hit is worth
 * @now_ns: now
 *
 * Return: whether a pause begins.
 */
bool shint_backoff_spent(struct shint_backoff *backoff, enum shint_reason reason,
			 enum shint_met met, u64 kept_ns, u64 worth_ns, u64 now_ns)
{
	s64 credit_ns = CREDIT_HITS * worth_ns;
	s64 balance_ns = backoff->balance_ns[reason] - (s64)kept_ns;
	bool pause;

	/* A timer would have been kept for anyway, and not for so long. */
	if (met == SHINT_MET_EVENT || (met == SHINT_MET_TIMER && reason == SHINT_FOR_TIMER))
		balance_ns += worth_ns;
	pause = balance_ns < -credit_ns;
	if (pause) {
		backoff->paused_until_ns[reason] = now_ns + PAUSE_NS;
		balance_ns = 0;
	}
	backoff->balance_ns[reason] = min(balance_ns, credit_ns);
	return pause;
}
