// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ABI, byte by byte: every offset, size and number as a literal.
 *
 * A failure here means that guests, hosts and VMMs already built would not
 * understand each other any more. The numbers below are never to be adapted to
 * the headers.
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#include <linux/kvm_sched_hint.h>
#include <linux/virtio_sched_hint.h>

struct field {
	const char *name;
	size_t offset;
	size_t expected;
};

#define FIELD(type, member, at)	{ #type "." #member, offsetof(struct type, member), at }

static const struct field fields[] = {
	FIELD(virtio_sched_hint_config, abi_version, 0),
	FIELD(virtio_sched_hint_config, nr_slots, 4),
	FIELD(virtio_sched_hint_config, slot_stride, 8),
	FIELD(virtio_sched_hint_config, listening, 12),
	FIELD(virtio_sched_hint_config, acting, 16),
	FIELD(virtio_sched_hint_cmd, cmd, 0),
	FIELD(virtio_sched_hint_cmd, flags, 4),
	FIELD(virtio_sched_hint_cmd, table_addr, 8),
	FIELD(virtio_sched_hint_cmd, nr_slots, 16),
	FIELD(virtio_sched_hint_cmd, slot_stride, 20),
	FIELD(virtio_sched_hint_cmd, reserved, 24),
	FIELD(virtio_sched_hint_status, status, 0),
	FIELD(virtio_sched_hint_status, reserved, 4),
	FIELD(virtio_sched_hint_slot, state, 0),
	FIELD(virtio_sched_hint_slot, next_timer_ns, 8),
	FIELD(virtio_sched_hint_slot, poll_timeout_ns, 16),
	FIELD(virtio_sched_hint_slot, event_ns, 24),
	FIELD(virtio_sched_hint_slot, event_dev_ns, 32),
	FIELD(virtio_sched_hint_slot, tsc, 40),
	FIELD(virtio_sched_hint_slot, publish_seq, 48),
	FIELD(virtio_sched_hint_slot, nr_iowait, 56),
	FIELD(virtio_sched_hint_slot, nr_runnable, 64),
	FIELD(virtio_sched_hint_slot, runnable_seq, 72),
	FIELD(virtio_sched_hint_slot, runnable_reserved, 80),
	FIELD(virtio_sched_hint_slot, host_grant_ns, 128),
	FIELD(virtio_sched_hint_slot, host_halts, 136),
	FIELD(virtio_sched_hint_slot, host_grants, 144),
	FIELD(virtio_sched_hint_slot, host_kept_ns, 152),
	FIELD(virtio_sched_hint_slot, host_wasted_ns, 160),
	FIELD(virtio_sched_hint_slot, host_reserved, 168),
	FIELD(virtio_sched_hint_slot, reserved, 192),
	FIELD(kvm_sched_hint_attach, vm_fd, 0),
	FIELD(kvm_sched_hint_attach, flags, 4),
	FIELD(kvm_sched_hint_attach, table_addr, 8),
	FIELD(kvm_sched_hint_attach, features, 16),
	FIELD(kvm_sched_hint_attach, nr_slots, 24),
	FIELD(kvm_sched_hint_attach, slot_stride, 28),
	FIELD(kvm_sched_hint_attach, max_keep_us, 32),
	FIELD(kvm_sched_hint_attach, budget_percent, 36),
	FIELD(kvm_sched_hint_attach, vm_budget_percent, 40),
	FIELD(kvm_sched_hint_attach, mode, 44),
	FIELD(kvm_sched_hint_attach, reserved, 48),
	FIELD(kvm_sched_hint_limits, max_keep_us, 0),
	FIELD(kvm_sched_hint_limits, budget_percent, 4),
	FIELD(kvm_sched_hint_limits, vm_budget_percent, 8),
	FIELD(kvm_sched_hint_limits, mode, 12),
	FIELD(kvm_sched_hint_limits, reserved, 16),
	FIELD(kvm_sched_hint_status, status, 0),
	FIELD(kvm_sched_hint_status, mode, 4),
	FIELD(kvm_sched_hint_status, listening, 8),
	FIELD(kvm_sched_hint_status, acting, 12),
	FIELD(kvm_sched_hint_status, reserved, 16),
	FIELD(kvm_sched_hint_use, vcpu_id, 0),
	FIELD(kvm_sched_hint_use, flags, 4),
	FIELD(kvm_sched_hint_use, budget_ns, 8),
	FIELD(kvm_sched_hint_use, used_ns, 16),
	FIELD(kvm_sched_hint_use, halts, 24),
	FIELD(kvm_sched_hint_use, grants, 32),
	FIELD(kvm_sched_hint_use, refused, 40),
	FIELD(kvm_sched_hint_use, kept_ns, 48),
	FIELD(kvm_sched_hint_use, wasted_ns, 56),
	FIELD(kvm_sched_hint_use, early_sent, 64),
	FIELD(kvm_sched_hint_use, early_hits, 72),
	FIELD(kvm_sched_hint_use, early_misses, 80),
	FIELD(kvm_sched_hint_use, reserved, 88),
	FIELD(kvm_sched_hint_watch, fd, 0),
	FIELD(kvm_sched_hint_watch, flags, 4),
	FIELD(kvm_sched_hint_watch, reserved, 8),
	FIELD(kvm_sched_hint_arrivals, fd, 0),
	FIELD(kvm_sched_hint_arrivals, flags, 4),
	FIELD(kvm_sched_hint_arrivals, arrivals, 8),
	FIELD(kvm_sched_hint_arrivals, vcpu_id, 16),
	FIELD(kvm_sched_hint_arrivals, reserved, 20),
};

static void test_offsets(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];

		expect(f->offset == f->expected, "%s is at %zu", f->name, f->offset);
	}
}

static void test_sizes(void **state)
{
	assert_int_equal(sizeof(struct virtio_sched_hint_config), 20);
	assert_int_equal(sizeof(struct virtio_sched_hint_cmd), 32);
	assert_int_equal(sizeof(struct virtio_sched_hint_status), 8);
	assert_int_equal(sizeof(struct virtio_sched_hint_slot), 256);
	assert_int_equal(sizeof(struct kvm_sched_hint_attach), 80);
	assert_int_equal(sizeof(struct kvm_sched_hint_limits), 32);
	assert_int_equal(sizeof(struct kvm_sched_hint_status), 32);
	assert_int_equal(sizeof(struct kvm_sched_hint_use), 128);
	assert_int_equal(sizeof(struct kvm_sched_hint_watch), 32);
	assert_int_equal(sizeof(struct kvm_sched_hint_arrivals), 32);
}

/* Each structure is filled with these: the byte at offset n is n. */
static const unsigned char golden[256] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
	0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
	0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
	0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
	0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27,
	0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f,
	0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37,
	0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
	0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
	0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f,
	0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57,
	0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f,
	0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67,
	0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
	0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77,
	0x78, 0x79, 0x7a, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f,
	0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
	0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f,
	0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97,
	0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f,
	0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
	0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf,
	0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7,
	0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf,
	0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7,
	0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf,
	0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7,
	0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf,
	0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7,
	0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef,
	0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7,
	0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff,
};

static void test_virtio_sched_hint_config(void **state)
{
	struct virtio_sched_hint_config s = {
		.abi_version = htole32(0x03020100),
		.nr_slots = htole32(0x07060504),
		.slot_stride = htole32(0x0b0a0908),
		.listening = htole32(0x0f0e0d0c),
		.acting = htole32(0x13121110),
	};

	assert_memory_equal(&s, golden, 20);
}

static void test_virtio_sched_hint_cmd(void **state)
{
	struct virtio_sched_hint_cmd s = {
		.cmd = htole32(0x03020100),
		.flags = htole32(0x07060504),
		.table_addr = htole64(0x0f0e0d0c0b0a0908ULL),
		.nr_slots = htole32(0x13121110),
		.slot_stride = htole32(0x17161514),
		.reserved = htole64(0x1f1e1d1c1b1a1918ULL),
	};

	assert_memory_equal(&s, golden, 32);
}

static void test_virtio_sched_hint_status(void **state)
{
	struct virtio_sched_hint_status s = {
		.status = htole32(0x03020100),
		.reserved = htole32(0x07060504),
	};

	assert_memory_equal(&s, golden, 8);
}

static void test_virtio_sched_hint_slot(void **state)
{
	struct virtio_sched_hint_slot s = {
		.state = htole64(0x0706050403020100ULL),
		.next_timer_ns = htole64(0x0f0e0d0c0b0a0908ULL),
		.poll_timeout_ns = htole64(0x1716151413121110ULL),
		.event_ns = htole64(0x1f1e1d1c1b1a1918ULL),
		.event_dev_ns = htole64(0x2726252423222120ULL),
		.tsc = htole64(0x2f2e2d2c2b2a2928ULL),
		.publish_seq = htole64(0x3736353433323130ULL),
		.nr_iowait = htole64(0x3f3e3d3c3b3a3938ULL),
		.nr_runnable = htole64(0x4746454443424140ULL),
		.runnable_seq = htole64(0x4f4e4d4c4b4a4948ULL),
		.runnable_reserved = {
			htole64(0x5756555453525150ULL),
			htole64(0x5f5e5d5c5b5a5958ULL),
			htole64(0x6766656463626160ULL),
			htole64(0x6f6e6d6c6b6a6968ULL),
			htole64(0x7776757473727170ULL),
			htole64(0x7f7e7d7c7b7a7978ULL),
		},
		.host_grant_ns = htole64(0x8786858483828180ULL),
		.host_halts = htole64(0x8f8e8d8c8b8a8988ULL),
		.host_grants = htole64(0x9796959493929190ULL),
		.host_kept_ns = htole64(0x9f9e9d9c9b9a9998ULL),
		.host_wasted_ns = htole64(0xa7a6a5a4a3a2a1a0ULL),
		.host_reserved = {
			htole64(0xafaeadacabaaa9a8ULL),
			htole64(0xb7b6b5b4b3b2b1b0ULL),
			htole64(0xbfbebdbcbbbab9b8ULL),
		},
		.reserved = {
			htole64(0xc7c6c5c4c3c2c1c0ULL),
			htole64(0xcfcecdcccbcac9c8ULL),
			htole64(0xd7d6d5d4d3d2d1d0ULL),
			htole64(0xdfdedddcdbdad9d8ULL),
			htole64(0xe7e6e5e4e3e2e1e0ULL),
			htole64(0xefeeedecebeae9e8ULL),
			htole64(0xf7f6f5f4f3f2f1f0ULL),
			htole64(0xfffefdfcfbfaf9f8ULL),
		},
	};

	assert_memory_equal(&s, golden, 256);
}

static void test_kvm_sched_hint_attach(void **state)
{
	struct kvm_sched_hint_attach s = {
		.vm_fd = 0x03020100,
		.flags = 0x07060504,
		.table_addr = 0x0f0e0d0c0b0a0908ULL,
		.features = 0x1716151413121110ULL,
		.nr_slots = 0x1b1a1918,
		.slot_stride = 0x1f1e1d1c,
		.max_keep_us = 0x23222120,
		.budget_percent = 0x27262524,
		.vm_budget_percent = 0x2b2a2928,
		.mode = 0x2f2e2d2c,
		.reserved = {
			0x3736353433323130ULL,
			0x3f3e3d3c3b3a3938ULL,
			0x4746454443424140ULL,
			0x4f4e4d4c4b4a4948ULL,
		},
	};

	assert_memory_equal(&s, golden, 80);
}

static void test_kvm_sched_hint_limits(void **state)
{
	struct kvm_sched_hint_limits s = {
		.max_keep_us = 0x03020100,
		.budget_percent = 0x07060504,
		.vm_budget_percent = 0x0b0a0908,
		.mode = 0x0f0e0d0c,
		.reserved = {
			0x1716151413121110ULL,
			0x1f1e1d1c1b1a1918ULL,
		},
	};

	assert_memory_equal(&s, golden, 32);
}

static void test_kvm_sched_hint_watch(void **state)
{
	struct kvm_sched_hint_watch s = {
		.fd = 0x03020100,
		.flags = 0x07060504,
		.reserved = {
			0x0f0e0d0c0b0a0908ULL,
			0x1716151413121110ULL,
			0x1f1e1d1c1b1a1918ULL,
		},
	};

	assert_memory_equal(&s, golden, 32);
}

static void test_kvm_sched_hint_arrivals(void **state)
{
	struct kvm_sched_hint_arrivals s = {
		.fd = 0x03020100,
		.flags = 0x07060504,
		.arrivals = 0x0f0e0d0c0b0a0908ULL,
		.vcpu_id = 0x13121110,
		.reserved = { 0x17161514, 0x1b1a1918, 0x1f1e1d1c },
	};

	assert_memory_equal(&s, golden, 32);
}

static void test_kvm_sched_hint_status(void **state)
{
	struct kvm_sched_hint_status s = {
		.status = 0x03020100,
		.mode = 0x07060504,
		.listening = 0x0b0a0908,
		.acting = 0x0f0e0d0c,
		.reserved = {
			0x13121110,
			0x17161514,
			0x1b1a1918,
			0x1f1e1d1c,
		},
	};

	assert_memory_equal(&s, golden, 32);
}

struct number {
	const char *name;
	u64 value;
	u64 expected;
};

#define NUMBER(id, value)	{ #id, id, value }

static const struct number numbers[] = {
	NUMBER(VIRTIO_ID_SCHED_HINT, 63),
	NUMBER(VIRTIO_SCHED_HINT_ABI_VERSION, 1),
	NUMBER(VIRTIO_SCHED_HINT_F_TIMER, 0),
	NUMBER(VIRTIO_SCHED_HINT_F_RUNNABLE, 1),
	NUMBER(VIRTIO_SCHED_HINT_F_POLL, 2),
	NUMBER(VIRTIO_SCHED_HINT_F_WAKE_PEER, 3),
	NUMBER(VIRTIO_SCHED_HINT_F_EVENT, 4),
	NUMBER(VIRTIO_SCHED_HINT_F_HOST_LINE, 5),
	NUMBER(VIRTIO_SCHED_HINT_VQ_CONTROL, 0),
	NUMBER(VIRTIO_SCHED_HINT_CMD_SET_TABLE, 1),
	NUMBER(VIRTIO_SCHED_HINT_CMD_CLEAR_TABLE, 2),
	NUMBER(VIRTIO_SCHED_HINT_S_OK, 0),
	NUMBER(VIRTIO_SCHED_HINT_S_UNSUPP, 1),
	NUMBER(VIRTIO_SCHED_HINT_S_RESERVED, 2),
	NUMBER(VIRTIO_SCHED_HINT_S_ALIGN, 3),
	NUMBER(VIRTIO_SCHED_HINT_S_SIZE, 4),
	NUMBER(VIRTIO_SCHED_HINT_S_NOT_RAM, 5),
	NUMBER(VIRTIO_SCHED_HINT_TABLE_ALIGN, 4096),
	NUMBER(VIRTIO_SCHED_HINT_SLOT_SIZE, 256),
	NUMBER(VIRTIO_SCHED_HINT_MAX_SLOTS, 4096),
	NUMBER(VIRTIO_SCHED_HINT_NS_NONE, 18446744073709551615ULL),
	NUMBER(VIRTIO_SCHED_HINT_STATE_SHIFT, 0),
	NUMBER(VIRTIO_SCHED_HINT_FLAGS_SHIFT, 8),
	NUMBER(VIRTIO_SCHED_HINT_POLL_WAITERS_SHIFT, 16),
	NUMBER(VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT, 32),
	NUMBER(VIRTIO_SCHED_HINT_OVERLOADED_SHIFT, 48),
	NUMBER(VIRTIO_SCHED_HINT_STATE_MASK, 255),
	NUMBER(VIRTIO_SCHED_HINT_FLAGS_MASK, 255),
	NUMBER(VIRTIO_SCHED_HINT_POLL_WAITERS_MASK, 65535),
	NUMBER(VIRTIO_SCHED_HINT_WAKE_PEER_MASK, 65535),
	NUMBER(VIRTIO_SCHED_HINT_OVERLOADED_MASK, 65535),
	NUMBER(VIRTIO_SCHED_HINT_STATE_OFF, 0),
	NUMBER(VIRTIO_SCHED_HINT_STATE_RUNNING, 1),
	NUMBER(VIRTIO_SCHED_HINT_STATE_IDLE, 2),
	NUMBER(VIRTIO_SCHED_HINT_SLOT_F_TICK, 1),
	NUMBER(VIRTIO_SCHED_HINT_NO_PEER, 65535),
	NUMBER(KVM_SCHED_HINT_API_VERSION, 1),
	NUMBER(KVM_SCHED_HINT_MAX_KEEP_US, 1000000),
	NUMBER(KVM_SCHED_HINT_DEFAULT_KEEP_US, 20000),
	NUMBER(KVM_SCHED_HINT_MAX_BUDGET_PERCENT, 100),
	NUMBER(KVM_SCHED_HINT_DEFAULT_BUDGET_PERCENT, 25),
	NUMBER(KVM_SCHED_HINT_MODE_DEFAULT, 0),
	NUMBER(KVM_SCHED_HINT_MODE_OFF, 1),
	NUMBER(KVM_SCHED_HINT_MODE_OBSERVE, 2),
	NUMBER(KVM_SCHED_HINT_MODE_ALWAYS, 3),
	NUMBER(KVM_SCHED_HINT_MODE_HINT, 4),
	NUMBER(KVM_SCHED_HINT_STATUS_OK, 0),
	NUMBER(KVM_SCHED_HINT_STATUS_DRAINING, 1),
	NUMBER(KVM_SCHED_HINT_STATUS_DETACHED, 2),
	NUMBER(KVM_SCHED_HINT_STATUS_MODE_OFF, 3),
	NUMBER(KVM_SCHED_HINT_STATUS_DISARMED, 4),
	NUMBER(KVM_SCHED_HINT_STATUS_NO_POLL, 5),
	NUMBER(KVM_SCHED_HINT_STATUS_NO_HALTS, 6),
	NUMBER(KVM_SCHED_HINT_STATUS_NO_PUBLISHER, 7),
	NUMBER(KVM_SCHED_HINT_STATUS_BUDGET, 8),
	NUMBER(KVM_SCHED_HINT_STATUS_CEILING, 9),
	NUMBER(KVM_SCHED_HINT_STATUS_OBSERVING, 10),
	NUMBER(KVM_SCHED_HINT_STATUS_QUOTA, 11),
	NUMBER(KVM_SCHED_HINT_STATUS_NESTED, 12),
	NUMBER(KVM_SCHED_HINT_STATUS_CONTENDED, 13),
	NUMBER(KVM_SCHED_HINT_GET_API_VERSION, 0x0000bd00),
	NUMBER(KVM_SCHED_HINT_ATTACH, 0x4050bd01),
	NUMBER(KVM_SCHED_HINT_DETACH, 0x0000bd02),
	NUMBER(KVM_SCHED_HINT_SET_LIMITS, 0x4020bd03),
	NUMBER(KVM_SCHED_HINT_GET_STATUS, 0x8020bd04),
	NUMBER(KVM_SCHED_HINT_WATCH, 0x4020bd07),
	NUMBER(KVM_SCHED_HINT_GET_ARRIVALS, 0xc020bd08),
	NUMBER(KVM_SCHED_HINT_MAX_WATCHES, 64),
	NUMBER(KVM_SCHED_HINT_NO_VCPU, 0xffffffff),
};

static void test_numbers(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		expect(numbers[i].value == numbers[i].expected, "%s is %#llx", numbers[i].name,
		       numbers[i].value);
	assert_string_equal(KVM_SCHED_HINT_NODE, "/dev/kvm-sched-hint");
}

#define PACK(field, value)						\
	(((u64)(value) & VIRTIO_SCHED_HINT_##field##_MASK) <<		\
	 VIRTIO_SCHED_HINT_##field##_SHIFT)

/* The state word's parts: where each lies, and that they do not overlap. */
static void test_state_word(void **state)
{
	static const unsigned char packed[8] = {
		0x02, 0x01, 0x34, 0x12, 0xcd, 0xab, 0x78, 0x56,
	};
	u64 word = htole64(PACK(STATE, VIRTIO_SCHED_HINT_STATE_IDLE) |
			   PACK(FLAGS, VIRTIO_SCHED_HINT_SLOT_F_TICK) |
			   PACK(POLL_WAITERS, 0x1234) | PACK(WAKE_PEER, 0xabcd) |
			   PACK(OVERLOADED, 0x5678));
	u64 all = 0;

	assert_memory_equal(&word, packed, sizeof(packed));

	all += PACK(STATE, ~0ULL);
	all += PACK(FLAGS, ~0ULL);
	all += PACK(POLL_WAITERS, ~0ULL);
	all += PACK(WAKE_PEER, ~0ULL);
	all += PACK(OVERLOADED, ~0ULL);
	assert_true(all == 0xffffffffffffffffULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_virtio_sched_hint_config),
		cmocka_unit_test(test_virtio_sched_hint_cmd),
		cmocka_unit_test(test_virtio_sched_hint_status),
		cmocka_unit_test(test_virtio_sched_hint_slot),
		cmocka_unit_test(test_kvm_sched_hint_attach),
		cmocka_unit_test(test_kvm_sched_hint_limits),
		cmocka_unit_test(test_kvm_sched_hint_status),
		cmocka_unit_test(test_kvm_sched_hint_watch),
		cmocka_unit_test(test_kvm_sched_hint_arrivals),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_state_word),
	};

	return cmocka_run_group_tests_name("abi", tests, NULL, NULL);
}
