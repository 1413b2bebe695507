/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vCPU that runs what this vCPU's interrupts wake: what is known of it, and how
 * the idle loop asks. peer.c learns it.
 */
#ifndef SCHED_HINT_PEER_H
#define SCHED_HINT_PEER_H

#include <linux/percpu.h>
#include <linux/types.h>

/*
 * A CPU's own: written with interrupts disabled, by the probe in its interrupts
 * and, the life, by its idle loop.
 */
struct sched_hint_peer {
	u64 bits;	/* for sched_hint_set_wake_peer(); 0: there is none */
	u8 life;	/* for how many idle entries more that is worth saying */
};

DECLARE_PER_CPU(struct sched_hint_peer, sched_hint_own_peer);

/* At idle entry, interrupts disabled: bits. Inline, for each halt waits for it. */
static inline u64 sched_hint_peer(void)
{
	if (!this_cpu_read(sched_hint_own_peer.life))
		return 0;
	this_cpu_dec(sched_hint_own_peer.life);
	return this_cpu_read(sched_hint_own_peer.bits);
}

/* Process context, serialised by sched_hint.lock. */
int sched_hint_peer_start(void);
void sched_hint_peer_stop(void);

#endif /* SCHED_HINT_PEER_H */
