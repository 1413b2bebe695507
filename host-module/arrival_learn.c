// SPDX-License-Identifier: GPL-2.0-only
/*
 * What packets that arrive at a VM's taps lead to.
 *
 * Nothing says which vCPU takes a device's interrupts, and a guest may change
 * that at any time. So one arrival at a time is followed: the first vCPU whose
 * halt ends after it, if that halt had begun before, is held to be the one.
 * Other events end halts, too: it takes a majority. How long the way takes is
 * learned from that vCPU's own halts, once it is known: the first halt to end may
 * be that of another one, whose timer has expired.
 *
 * Where the packet's task runs is the guest's to say: the taker's wake peer.
 * When that runs after an arrival is measured alike.
 */
#include <linux/compiler.h>
#include <linux/minmax.h>

#include "arrival_learn.h"

/*
 * A halt that ends later has another reason; and until then a burst is one
 * arrival. Many times what the longest way takes.
 */
#define FOLLOW_NS	10000000

/* As in the guest driver's vote on wake peers: a change is followed within ten. */
#define MAX_VOTES	8
#define ENOUGH		2

/*
 * As in TCP's round-trip estimate (RFC 6298): 1/8. Before there are some, more: the
 * first one may be of a packet that met its vCPU just waking.
 */
#define MEAN_SHIFT	3

/*
 * How many wake-ups make a judgement, and how long none follow if most were in
 * vain: what does not pay then costs ROUND short keeps a second. Those before such a
 * time without any were of another load.
 */
#define ROUND		8
#define PAUSE_NS	1000000000

static void arrivals_vote(struct shint_arrival_taker *taker, u32 vcpu_id)
{
	if (taker->votes && taker->vcpu_id == vcpu_id) {
		WRITE_ONCE(taker->votes, min(taker->votes + 1, MAX_VOTES));
	} else if (taker->votes) {
		WRITE_ONCE(taker->votes, taker->votes - 1);
	} else {
		WRITE_ONCE(taker->vcpu_id, vcpu_id);
		WRITE_ONCE(taker->votes, 1);
	}
}

static void way_learn(struct shint_way *way, u64 ns)
{
	if (way->mean_ns) {
		way->shift = min(way->shift + 1, MEAN_SHIFT);
		ns = way->mean_ns - (way->mean_ns >> way->shift) + (ns >> way->shift);
	}
	WRITE_ONCE(way->mean_ns, max(ns, 1ULL));
}

/**
 * shint_arrivals_followed() - whether an earlier arrival is still being followed
 * @arrivals: of a VM; may be changing
 * @now_ns: now
 */
bool shint_arrivals_followed(const struct shint_arrivals *arrivals, u64 now_ns)
{
	u64 at_ns = READ_ONCE(arrivals->at_ns);

	return at_ns && now_ns < at_ns + FOLLOW_NS;
}

/**
 * shint_arrivals_follow() - conclude about the last arrival and follow another one
 * @arrivals: of a VM
 * @queue: below KVM_SCHED_HINT_MAX_WATCHES
 * @ids: by role, the vCPUs that it is expected to lead to, or SHINT_NO_VCPU
 * @now_ns: now, when it arrived
 *
 * Does nothing while an earlier one is still followed.
 */
void shint_arrivals_follow(struct shint_arrivals *arrivals, u32 queue,
			   const u32 ids[SHINT_NR_ROLES], u64 now_ns)
{
	struct shint_arrival_end *ends = arrivals->ends;
	int role;

	if (shint_arrivals_followed(arrivals, now_ns))
		return;
	if (arrivals->first.at_ns)
		arrivals_vote(&arrivals->takers[arrivals->queue], arrivals->first.vcpu_id);
	arrivals->first.at_ns = 0;
	for (role = 0; role < SHINT_NR_ROLES; role++) {
		if (ends[role].at_ns)
			way_learn(&arrivals->ways[role], ends[role].at_ns - arrivals->at_ns);
		ends[role] = (struct shint_arrival_end){ .vcpu_id = ids[role] };
	}
	arrivals->queue = queue;
	WRITE_ONCE(arrivals->at_ns, now_ns);
}

/**
 * shint_arrivals_concerned() - whether a halt may have ended by the arrival
 * @arrivals: of a VM; may be changing
 * @halted_ns: when it began
 * @end_ns: when it ended
 */
bool shint_arrivals_concerned(const struct shint_arrivals *arrivals, u64 halted_ns, u64 end_ns)
{
	u64 at_ns = READ_ONCE(arrivals->at_ns);

	return at_ns && halted_ns <= at_ns && end_ns > at_ns && end_ns - at_ns < FOLLOW_NS;
}

static void end_note(struct shint_arrival_end *end, u32 vcpu_id, u64 end_ns)
{
	if (!end->at_ns || end_ns < end->at_ns)
		*end = (struct shint_arrival_end){ .vcpu_id = vcpu_id, .at_ns = end_ns };
}

/**
 * shint_arrivals_halt_ended() - note the end of a halt
 * @arrivals: of a VM
 * @vcpu_id: whose
 * @halted_ns: when it began
 * @end_ns: when it ended
 *
 * vCPUs report when they halt anew, so not in the order of the ends.
 */
void shint_arrivals_halt_ended(struct shint_arrivals *arrivals, u32 vcpu_id, u64 halted_ns,
			       u64 end_ns)
{
	struct shint_arrival_end *ends = arrivals->ends;
	int role;

	if (!shint_arrivals_concerned(arrivals, halted_ns, end_ns))
		return;
	end_note(&arrivals->first, vcpu_id, end_ns);
	for (role = 0; role < SHINT_NR_ROLES; role++)
		if (ends[role].vcpu_id == vcpu_id)
			end_note(&ends[role], vcpu_id, end_ns);
}

/**
 * shint_arrivals_forget() - a queue begins anew: where its predecessor led is nothing to go by
 * @arrivals: of a VM
 * @queue: below KVM_SCHED_HINT_MAX_WATCHES
 *
 * The arrival that is being followed may be of any queue, and is let go.
 */
void shint_arrivals_forget(struct shint_arrivals *arrivals, u32 queue)
{
	int role;

	arrivals->takers[queue] = (struct shint_arrival_taker){};
	WRITE_ONCE(arrivals->at_ns, 0);
	arrivals->first.at_ns = 0;
	for (role = 0; role < SHINT_NR_ROLES; role++)
		arrivals->ends[role] = (struct shint_arrival_end){ .vcpu_id = SHINT_NO_VCPU };
}

/**
 * shint_arrivals_taker() - which vCPU an arrival will lead to
 * @arrivals: of a VM; may be changing
 * @queue: where it arrived
 * @vcpu_id: out
 *
 * Return: whether that is known.
 */
bool shint_arrivals_taker(const struct shint_arrivals *arrivals, u32 queue, u32 *vcpu_id)
{
	const struct shint_arrival_taker *taker = &arrivals->takers[queue];

	*vcpu_id = READ_ONCE(taker->vcpu_id);
	return READ_ONCE(taker->votes) >= ENOUGH;
}

/**
 * shint_way_judge() - note what came of a wake-up
 * @way: to what was woken; the owner serialises
 * @hit: it was of use: an event within the keep that followed, a packet within the window
 * @now_ns: now
 */
void shint_way_judge(struct shint_way *way, bool hit, u64 now_ns)
{
	/* Another vCPU, which looked at the clock later, may have been here before. */
	if (now_ns > way->judged_ns) {
		if (now_ns - way->judged_ns > PAUSE_NS) {
			way->wakes = 0;
			way->misses = 0;
		}
		way->judged_ns = now_ns;
	}
	way->wakes++;
	if (!hit)
		way->misses++;
	if (way->wakes < ROUND)
		return;
	if (2 * way->misses > way->wakes)
		WRITE_ONCE(way->paused_until_ns, now_ns + PAUSE_NS);
	way->wakes = 0;
	way->misses = 0;
}

/**
 * shint_way_paused() - whether most of the last wake-ups were in vain
 * @way: may be changing
 * @now_ns: now
 */
bool shint_way_paused(const struct shint_way *way, u64 now_ns)
{
	return now_ns < READ_ONCE(way->paused_until_ns);
}

/**
 * shint_way_pays() - whether to wake the vCPU for packets
 * @way: to it; may be changing
 * @now_ns: now
 */
bool shint_way_pays(const struct shint_way *way, u64 now_ns)
{
	return READ_ONCE(way->mean_ns) && !shint_way_paused(way, now_ns);
}

/**
 * shint_way_keep_ns() - how long after an arrival to wait for its event
 * @way: to the vCPU; may be changing
 *
 * Ways differ by where the worker's pCPU sleeps: twice the mean has nearly all.
 *
 * Return: counted from the arrival; 0: not known.
 */
u64 shint_way_keep_ns(const struct shint_way *way)
{
	return 2 * READ_ONCE(way->mean_ns);
}
