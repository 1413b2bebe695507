/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The publish: what the idle loop stores to its CPU's slot, and the count of
 * runnable tasks. Inline, because each halt, or context switch, waits for it, and
 * so no structure is built. Who may store what to the
 * table stands in table.c, which has the rest.
 */
#ifndef SCHED_HINT_TABLE_H
#define SCHED_HINT_TABLE_H

#include <linux/percpu.h>
#include <linux/types.h>

#include <asm/barrier.h>
#include <asm/msr.h>

#include <linux/virtio_sched_hint.h>

/* What is published at idle entry; durations in ns from the publish. */
struct sched_hint_publish {
	u64 state;	/* as the slot has it: begin with SCHED_HINT_PUBLISH_IDLE */
	u64 next_timer_ns;
};

/* No flags, nobody waits, no peer, nobody is overloaded. */
#define SCHED_HINT_PUBLISH_IDLE							\
	((u64)VIRTIO_SCHED_HINT_STATE_IDLE << VIRTIO_SCHED_HINT_STATE_SHIFT |	\
	 (u64)VIRTIO_SCHED_HINT_NO_PEER << VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT)

/* Each at most once: what a feature that is off would say costs nothing. */
static inline void sched_hint_set_flags(struct sched_hint_publish *hint, u8 flags)
{
	hint->state |= (u64)flags << VIRTIO_SCHED_HINT_FLAGS_SHIFT;
}

static inline void sched_hint_set_poll_waiters(struct sched_hint_publish *hint, u16 nr)
{
	hint->state |= (u64)nr << VIRTIO_SCHED_HINT_POLL_WAITERS_SHIFT;
}

/* What a state word that names a peer differs by from one that names none. */
static inline u64 sched_hint_wake_peer_bits(u16 peer)
{
	return (u64)(VIRTIO_SCHED_HINT_NO_PEER ^ peer) << VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT;
}

static inline void sched_hint_set_wake_peer(struct sched_hint_publish *hint, u64 bits)
{
	hint->state ^= bits;
}

static inline void sched_hint_set_overloaded(struct sched_hint_publish *hint, u16 nr)
{
	hint->state |= (u64)nr << VIRTIO_SCHED_HINT_OVERLOADED_SHIFT;
}

/* The CPU's slot while it may publish. Written by bind and unbind only. */
DECLARE_PER_CPU(struct virtio_sched_hint_slot *, sched_hint_own_slot);

/* Stored whole, as the other words, but by one instruction in place of three. */
static inline void sched_hint_increment(__le64 *word)
{
	asm volatile("incq %0" : "+m" (*word));
}

static inline void sched_hint_store_state(struct virtio_sched_hint_slot *slot, u64 word)
{
	/*
	 * Orders the words of this publish before the state that makes them
	 * valid. Pairs with the host's acquire of the state word.
	 */
	smp_store_release(&slot->state, cpu_to_le64(word));
}

/*
 * On the CPU itself, interrupts disabled, before the publish. Apart from that, so
 * that a guest which publishes nothing about who waits does not pay for it.
 */
static inline void sched_hint_table_waiters(u64 poll_timeout_ns, u64 nr_iowait)
{
	struct virtio_sched_hint_slot *slot = this_cpu_read(sched_hint_own_slot);

	if (!slot)
		return;
	WRITE_ONCE(slot->poll_timeout_ns, cpu_to_le64(poll_timeout_ns));
	WRITE_ONCE(slot->nr_iowait, cpu_to_le64(nr_iowait));
}

/* The same. */
static inline void sched_hint_table_event(u64 event_ns, u64 event_dev_ns)
{
	struct virtio_sched_hint_slot *slot = this_cpu_read(sched_hint_own_slot);

	if (!slot)
		return;
	WRITE_ONCE(slot->event_ns, cpu_to_le64(event_ns));
	WRITE_ONCE(slot->event_dev_ns, cpu_to_le64(event_dev_ns));
}

/*
 * On the CPU itself, at idle entry, interrupts disabled. False: this CPU has no
 * slot, and owes no call of running.
 */
static inline bool sched_hint_table_publish(const struct sched_hint_publish *hint)
{
	struct virtio_sched_hint_slot *slot = this_cpu_read(sched_hint_own_slot);

	if (!slot)
		return false;
	WRITE_ONCE(slot->next_timer_ns, cpu_to_le64(hint->next_timer_ns));
	WRITE_ONCE(slot->tsc, cpu_to_le64(rdtsc()));
	sched_hint_increment(&slot->publish_seq);
	sched_hint_store_state(slot, hint->state);
	return true;
}

/* What a slot says about runnable tasks, or memory of the same kind. */
struct sched_hint_runnable_line {
	__le64 nr_runnable;
	__le64 runnable_seq;
};

static inline u64 sched_hint_table_nr_runnable(const struct sched_hint_runnable_line *line)
{
	return le64_to_cpu(READ_ONCE(line->nr_runnable));
}

static inline u64 sched_hint_table_runnable_seq(const struct sched_hint_runnable_line *line)
{
	return le64_to_cpu(READ_ONCE(line->runnable_seq));
}

/*
 * The number of tasks has changed. Under the lock of the runqueue of the line's
 * CPU, or by one of the exceptions in runnable.c. Inline: in each context switch.
 */
static inline void sched_hint_table_runnable(struct sched_hint_runnable_line *line, u64 nr)
{
	WRITE_ONCE(line->nr_runnable, cpu_to_le64(nr));
	sched_hint_increment(&line->runnable_seq);
}

#endif /* SCHED_HINT_TABLE_H */
