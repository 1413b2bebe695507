// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's only reader of the shared table.
 *
 * A hostile guest owns this memory and may write it while we look. So the idle
 * line is copied once and only the copy is looked at; nothing in it is used as
 * a pointer or a length, what is used as an index is below the table's end, and
 * every value is brought into a range in which all that can follow is bounded by
 * the caller. The copy need not load words whole: the one who writes this line is
 * the vCPU that has halted, unless it is hostile, and then the words are no worse
 * torn than not.
 */
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>

#include "slot.h"

/* The first line of struct virtio_sched_hint_slot, all that a halt reads. */
struct idle_line {
	__le64 state;
	__le64 next_timer_ns;
	__le64 poll_timeout_ns;
	__le64 event_ns;
	__le64 event_dev_ns;
	__le64 tsc;
	__le64 publish_seq;
	__le64 nr_iowait;
};

static_assert(sizeof(struct idle_line) == offsetof(struct virtio_sched_hint_slot, nr_runnable));
static_assert(offsetof(struct idle_line, publish_seq) ==
	      offsetof(struct virtio_sched_hint_slot, publish_seq));

static u64 slot_duration_ns(__le64 word)
{
	u64 ns = le64_to_cpu(word);

	return ns > SHINT_HINT_MAX_NS ? VIRTIO_SCHED_HINT_NS_NONE : ns;
}

/* Takes the copy of an idle line apart. -EPROTO for what no driver writes. */
static int slot_decode(const struct idle_line *line, const struct shint_table *table,
		       struct shint_hint *hint)
{
	u64 word = le64_to_cpu(line->state);
	u8 flags = (word >> VIRTIO_SCHED_HINT_FLAGS_SHIFT) & VIRTIO_SCHED_HINT_FLAGS_MASK;

	hint->state = (word >> VIRTIO_SCHED_HINT_STATE_SHIFT) & VIRTIO_SCHED_HINT_STATE_MASK;
	if (hint->state > VIRTIO_SCHED_HINT_STATE_IDLE ||
	    (flags & ~VIRTIO_SCHED_HINT_SLOT_F_TICK))
		return -EPROTO;

	hint->publish_seq = le64_to_cpu(line->publish_seq);
	hint->next_timer_ns = VIRTIO_SCHED_HINT_NS_NONE;
	hint->tick = false;
	if (table->features & BIT_ULL(VIRTIO_SCHED_HINT_F_TIMER)) {
		hint->next_timer_ns = slot_duration_ns(line->next_timer_ns);
		hint->tick = flags & VIRTIO_SCHED_HINT_SLOT_F_TICK;
	}
	hint->event_ns = VIRTIO_SCHED_HINT_NS_NONE;
	if (table->features & BIT_ULL(VIRTIO_SCHED_HINT_F_EVENT)) {
		hint->event_ns = slot_duration_ns(line->event_ns);
		hint->event_dev_ns = slot_duration_ns(line->event_dev_ns);
		/* One that may come at any time is not expected. */
		if (hint->event_dev_ns == VIRTIO_SCHED_HINT_NS_NONE)
			hint->event_ns = VIRTIO_SCHED_HINT_NS_NONE;
	}
	hint->io_in_flight = table->features & BIT_ULL(VIRTIO_SCHED_HINT_F_POLL) && line->nr_iowait;
	hint->wake_peer = VIRTIO_SCHED_HINT_NO_PEER;
	if (table->features & BIT_ULL(VIRTIO_SCHED_HINT_F_WAKE_PEER)) {
		u32 peer = (word >> VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT) &
			   VIRTIO_SCHED_HINT_WAKE_PEER_MASK;

		if (peer < table->nr_slots)
			hint->wake_peer = peer;
	}
	return 0;
}

/**
 * shint_slot_read() - take a validated snapshot of a vCPU's idle line
 * @table: the VM's table
 * @index: the vCPU's id; below table->nr_slots
 * @hint: out
 *
 * Context: the VM's own address space is current; atomic is fine, interrupts
 * on; does not fault: an absent page is an error.
 * Return: 0, -EFAULT if the page is not there, -EPROTO for nonsense.
 */
int shint_slot_read(const struct shint_table *table, u32 index, struct shint_hint *hint)
{
	struct idle_line line;

	if (copy_from_user_nofault(&line, &table->slots[index], sizeof(line)))
		return -EFAULT;
	return slot_decode(&line, table, hint);
}
