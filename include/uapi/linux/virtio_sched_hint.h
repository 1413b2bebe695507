/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note OR BSD-3-Clause */
/*
 * virtio-sched-hint: a guest tells its hypervisor what its vCPUs wait for.
 *
 * The guest driver owns a table in guest RAM with one 256-byte slot per vCPU
 * and hands its guest-physical address to the device over the control queue.
 * From then on the guest publishes with plain stores and the host reads when a
 * vCPU halts, or when somebody asks QEMU's monitor: there is no exit and no
 * doorbell per publish.
 *
 * All multi-byte fields are little-endian. docs/abi.md is the specification.
 */
#ifndef _UAPI_LINUX_VIRTIO_SCHED_HINT_H
#define _UAPI_LINUX_VIRTIO_SCHED_HINT_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#endif

/*
 * EXPERIMENTAL: 63 is not allocated by the OASIS virtio committee. It is the
 * last id with a valid modern PCI device id (0x1040 + 63 = 0x107f). This is
 * the one place that defines it.
 */
#define VIRTIO_ID_SCHED_HINT		63

/* The table layout's version; a device offers exactly one. */
#define VIRTIO_SCHED_HINT_ABI_VERSION	1

/*
 * Feature bits: which words of a slot mean anything. A word whose feature was
 * not negotiated is zero, wake_peer VIRTIO_SCHED_HINT_NO_PEER or zero, and is
 * ignored. State, TSC and publish_seq need none.
 */
/* next_timer_ns, VIRTIO_SCHED_HINT_SLOT_F_TICK */
#define VIRTIO_SCHED_HINT_F_TIMER	0
/* nr_runnable, runnable_seq and nr_overloaded */
#define VIRTIO_SCHED_HINT_F_RUNNABLE	1
/* nr_poll_waiters, poll_timeout_ns and nr_iowait */
#define VIRTIO_SCHED_HINT_F_POLL	2
/* wake_peer */
#define VIRTIO_SCHED_HINT_F_WAKE_PEER	3
/* event_ns and event_dev_ns */
#define VIRTIO_SCHED_HINT_F_EVENT	4
/* the host line is written for the guest to read */
#define VIRTIO_SCHED_HINT_F_HOST_LINE	5

/* Device configuration space; read-only for the driver. */
struct virtio_sched_hint_config {
	/* VIRTIO_SCHED_HINT_ABI_VERSION of the slot layout */
	__le32 abi_version;
	/* slots a table must have: the largest possible vCPU id, plus one */
	__le32 nr_slots;
	/* bytes from one slot to the next: VIRTIO_SCHED_HINT_SLOT_SIZE */
	__le32 slot_stride;
	/*
	 * 1 while the host reads the table, else 0. A change raises a
	 * configuration interrupt. While it is 0 the driver need not publish.
	 */
	__le32 listening;
	/*
	 * 1 while the host may keep a vCPU or wake it early by what it reads,
	 * else 0: it only looks on, may spend nothing on this guest, or is short
	 * of CPU. 0 while listening is. A change raises a configuration
	 * interrupt, too.
	 */
	__le32 acting;
};

/* The only queue: the driver's commands. */
#define VIRTIO_SCHED_HINT_VQ_CONTROL	0

/*
 * Use the table at table_addr. At most one table is set: a new one takes the
 * place of the old one when, and only when, the command succeeds.
 */
#define VIRTIO_SCHED_HINT_CMD_SET_TABLE		1
/*
 * Forget the table. When the command has completed, the device does not touch
 * the memory any more. Without a table it succeeds and does nothing.
 */
#define VIRTIO_SCHED_HINT_CMD_CLEAR_TABLE	2

/* A command: the device-readable part of a descriptor chain. */
struct virtio_sched_hint_cmd {
	__le32 cmd;		/* VIRTIO_SCHED_HINT_CMD_* */
	__le32 flags;		/* zero */
	__le64 table_addr;	/* guest-physical, VIRTIO_SCHED_HINT_TABLE_ALIGN */
	__le32 nr_slots;	/* at least the configuration's nr_slots */
	__le32 slot_stride;	/* the configuration's slot_stride */
	__le64 reserved;	/* zero */
};

/* CLEAR_TABLE: every field but cmd is zero. */

/* The answer: the device-writable part of the chain. */
struct virtio_sched_hint_status {
	__le32 status;		/* VIRTIO_SCHED_HINT_S_* */
	__le32 reserved;	/* zero */
};

#define VIRTIO_SCHED_HINT_S_OK		0
/* cmd is unknown */
#define VIRTIO_SCHED_HINT_S_UNSUPP	1
/* flags, reserved, or a field the command does not use is not zero */
#define VIRTIO_SCHED_HINT_S_RESERVED	2
/* table_addr is not aligned to VIRTIO_SCHED_HINT_TABLE_ALIGN */
#define VIRTIO_SCHED_HINT_S_ALIGN	3
/* nr_slots is too small or above VIRTIO_SCHED_HINT_MAX_SLOTS, or wrong stride */
#define VIRTIO_SCHED_HINT_S_SIZE	4
/* the table does not lie, whole and contiguous, in one region of guest RAM */
#define VIRTIO_SCHED_HINT_S_NOT_RAM	5

#define VIRTIO_SCHED_HINT_TABLE_ALIGN	4096
#define VIRTIO_SCHED_HINT_SLOT_SIZE	256
#define VIRTIO_SCHED_HINT_MAX_SLOTS	4096

/* A duration that is not known, or an event that is not expected at all. */
#define VIRTIO_SCHED_HINT_NS_NONE	0xffffffffffffffffULL

/*
 * The state word, from the least significant bit: state (8), flags (8),
 * nr_poll_waiters (16), wake_peer (16), nr_overloaded (16).
 */
#define VIRTIO_SCHED_HINT_STATE_SHIFT		0
#define VIRTIO_SCHED_HINT_FLAGS_SHIFT		8
#define VIRTIO_SCHED_HINT_POLL_WAITERS_SHIFT	16
#define VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT	32
#define VIRTIO_SCHED_HINT_OVERLOADED_SHIFT	48
#define VIRTIO_SCHED_HINT_STATE_MASK		0xffULL
#define VIRTIO_SCHED_HINT_FLAGS_MASK		0xffULL
#define VIRTIO_SCHED_HINT_POLL_WAITERS_MASK	0xffffULL
#define VIRTIO_SCHED_HINT_WAKE_PEER_MASK	0xffffULL
#define VIRTIO_SCHED_HINT_OVERLOADED_MASK	0xffffULL

/* Nothing is published for this vCPU: its halts are none of our business. */
#define VIRTIO_SCHED_HINT_STATE_OFF	0
/* The vCPU runs. A halt in this state is not an idle one (pv spinlock, ...). */
#define VIRTIO_SCHED_HINT_STATE_RUNNING	1
/* The vCPU is about to halt because it has no task to run. */
#define VIRTIO_SCHED_HINT_STATE_IDLE	2

/*
 * The timer behind next_timer_ns is the tick, periodic or for a timer of no
 * finer grain: not worth waking for.
 */
#define VIRTIO_SCHED_HINT_SLOT_F_TICK	0x01

#define VIRTIO_SCHED_HINT_NO_PEER	0xffff

/*
 * A vCPU's slot; its index is the vCPU's id (on x86 the APIC id, so there may
 * be gaps). Each line of 64 bytes has one writer at a time. Every word is
 * loaded and stored whole. Durations count from the publish.
 */
struct virtio_sched_hint_slot {
	/*
	 * Line 0, idle: written by the vCPU itself with interrupts disabled, at
	 * idle entry and exit. The state word is stored last, with release
	 * semantics, after all other words of the line.
	 */
	__le64 state;			/* VIRTIO_SCHED_HINT_STATE_SHIFT etc. */
	__le64 next_timer_ns;		/* until the next timer, or NS_NONE */
	__le64 poll_timeout_ns;		/* until the earliest poll timeout, or NS_NONE */
	__le64 event_ns;		/* until the expected device event, or NS_NONE */
	__le64 event_dev_ns;		/* mean deviation of that expectation */
	__le64 tsc;			/* guest TSC at the publish */
	__le64 publish_seq;		/* +1 per publish at idle entry */
	__le64 nr_iowait;		/* tasks that wait for I/O */

	/*
	 * Line 1, runnable: written by whoever holds the lock of this vCPU's
	 * runqueue.
	 */
	__le64 nr_runnable;
	__le64 runnable_seq;		/* +1 per store of nr_runnable */
	__le64 runnable_reserved[6];	/* zero */

	/* Line 2, host: written by the host, advisory; the guest only reads. */
	__le64 host_grant_ns;		/* the last grant */
	__le64 host_halts;		/* halts the host has seen */
	__le64 host_grants;		/* of these, kept or woken early */
	__le64 host_kept_ns;
	__le64 host_wasted_ns;		/* kept without an event */
	__le64 host_reserved[3];	/* zero */

	/* Line 3: zero. */
	__le64 reserved[8];
};

static_assert(sizeof(struct virtio_sched_hint_config) == 20, "config space is ABI");
static_assert(sizeof(struct virtio_sched_hint_cmd) == 32, "control command is ABI");
static_assert(sizeof(struct virtio_sched_hint_status) == 8, "control status is ABI");
static_assert(sizeof(struct virtio_sched_hint_slot) == VIRTIO_SCHED_HINT_SLOT_SIZE, "slot is ABI");

#endif /* _UAPI_LINUX_VIRTIO_SCHED_HINT_H */
