/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's words about a vCPU, copied and validated.
 */
#ifndef SHINT_SLOT_H
#define SHINT_SLOT_H

#include <linux/types.h>
#include <linux/virtio_sched_hint.h>

/* Durations above this say nothing: longer than any timer worth waking for. */
#define SHINT_HINT_MAX_NS	(3600ULL * 1000000000ULL)

/**
 * struct shint_hint - a slot's idle line, after validation
 * @publish_seq: which publish this is
 * @next_timer_ns: from the publish to the next timer, or NS_NONE
 * @event_ns: from the publish to the device's event that the guest expects, or NS_NONE
 * @event_dev_ns: mean deviation from that; meaningless without
 * @wake_peer: slot of the vCPU on which the tasks run that this one's interrupts
 *	wake: below the table's nr_slots, or VIRTIO_SCHED_HINT_NO_PEER
 * @state: VIRTIO_SCHED_HINT_STATE_*
 * @tick: the next timer is only the tick
 * @io_in_flight: tasks of this vCPU wait for I/O that was submitted
 *
 * A word whose feature was not negotiated reads as if the guest knew nothing.
 */
struct shint_hint {
	u64 publish_seq;
	u64 next_timer_ns;
	u64 event_ns;
	u64 event_dev_ns;
	u16 wake_peer;
	u8 state;
	bool tick;
	bool io_in_flight;
};

/**
 * struct shint_table - where a VM's slots are
 * @slots: user address of slot 0
 * @features: negotiated virtio feature bits
 * @nr_slots: slots there are
 */
struct shint_table {
	const struct virtio_sched_hint_slot __user *slots;
	u64 features;
	u32 nr_slots;
};

int shint_slot_read(const struct shint_table *table, u32 index, struct shint_hint *hint);

#endif /* SHINT_SLOT_H */
