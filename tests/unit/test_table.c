// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's side of the table: what it stores, where, and in which order.
 */
#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "sched_hint.h"
#include "table.h"

#define NONE	VIRTIO_SCHED_HINT_NS_NONE

unsigned int shim_cpu;

/* The fake machine: APIC ids with gaps, a clock, and who looks on. */
static const u32 apic_ids[SHIM_NR_CPUS] = { 0, 1, 4, 9 };
static u64 tsc;
static unsigned int warnings;
static unsigned int releases;
static unsigned char line_before_release[64];

u32 cpu_physical_id(unsigned int cpu)
{
	return apic_ids[cpu];
}

u64 rdtsc(void)
{
	return tsc;
}

void shim_warn(const char *fmt, ...)
{
	(void)fmt;
	warnings++;
}

void shim_before_release(const void *p)
{
	releases++;
	memcpy(line_before_release, p, sizeof(line_before_release));
}

/* Publishes no more than the next timer. */
static bool publish_timer(u64 next_timer_ns)
{
	struct sched_hint_publish hint = {
		.state = SCHED_HINT_PUBLISH_IDLE,
		.next_timer_ns = next_timer_ns,
	};

	return sched_hint_table_publish(&hint);
}

static const struct virtio_sched_hint_slot *slot(u32 id)
{
	u64 addr = sched_hint_table_addr();

	return (const struct virtio_sched_hint_slot *)(uintptr_t)addr + id;
}

static int setup(void **state)
{
	warnings = 0;
	releases = 0;
	tsc = 0;
	return sched_hint_table_alloc(8);
}

static int teardown(void **state)
{
	for (shim_cpu = SHIM_NR_CPUS; shim_cpu--;)
		sched_hint_table_unbind(shim_cpu);
	shim_cpu = 0;
	sched_hint_table_free();
	return 0;
}

static bool is_zero(const void *p, size_t size)
{
	const unsigned char *c = p;

	while (size--)
		if (*c++)
			return false;
	return true;
}

static void test_alloc(void **state)
{
	assert_int_equal(sched_hint_table_nr_slots(), 8);
	assert_int_equal(sched_hint_table_addr() % 4096, 0);
	assert_true(is_zero(slot(0), 8 * 256));
	assert_int_equal(sched_hint_table_publishes(), 0);
}

static void test_not_bound(void **state)
{
	assert_false(publish_timer(1000));
	sched_hint_table_running();
	sched_hint_table_unbind(0);
	assert_true(is_zero(slot(0), 8 * 256));
}

static void test_bind(void **state)
{
	static const unsigned char running[64] = { 1, 0, 0, 0, 0xff, 0xff };

	shim_cpu = 2;
	assert_true(sched_hint_table_bind(2));
	/* slot 4 is its APIC id's, and the others are nobody's */
	assert_memory_equal(slot(4), running, sizeof(running));
	assert_true(is_zero(slot(0), 4 * 256));
	assert_true(is_zero(slot(5), 3 * 256));
	assert_true(is_zero((const char *)slot(4) + 64, 192));

	sched_hint_table_unbind(2);
	assert_true(slot(4)->state == 0);
	assert_false(publish_timer(1000));
}

/* APIC id 9 in a table of 8. */
static void test_no_slot(void **state)
{
	shim_cpu = 3;
	assert_false(sched_hint_table_bind(3));
	assert_int_equal(warnings, 1);
	assert_false(publish_timer(1000));
	assert_true(is_zero(slot(0), 8 * 256));
}

/* A publish with distinct values, byte by byte. */
static void test_golden(void **state)
{
	static const unsigned char golden[64] = {
		/* idle, tick, waiters, peer, overloaded */
		0x02, 0x01, 0xc1, 0xc2, 0xd1, 0xd2, 0xe1, 0xe2,
		/* next_timer_ns */
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		/* poll_timeout_ns */
		0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11,
		/* event_ns, event_dev_ns */
		0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21,
		0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31,
		/* tsc */
		0xb8, 0xb7, 0xb6, 0xb5, 0xb4, 0xb3, 0xb2, 0xb1,
		/* publish_seq: the first */
		0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x04, 0x03, 0, 0, 0, 0, 0, 0,
	};
	struct sched_hint_publish hint = {
		.state = SCHED_HINT_PUBLISH_IDLE,
		.next_timer_ns = 0x0102030405060708,
	};

	sched_hint_set_flags(&hint, VIRTIO_SCHED_HINT_SLOT_F_TICK);
	sched_hint_set_poll_waiters(&hint, 0xc2c1);
	sched_hint_set_wake_peer(&hint, sched_hint_wake_peer_bits(0xd2d1));
	sched_hint_set_overloaded(&hint, 0xe2e1);
	shim_cpu = 1;
	assert_true(sched_hint_table_bind(1));
	tsc = 0xb1b2b3b4b5b6b7b8;
	sched_hint_table_waiters(0x1112131415161718, 0x0304);
	sched_hint_table_event(0x2122232425262728, 0x3132333435363738);
	assert_true(sched_hint_table_publish(&hint));
	assert_memory_equal(slot(1), golden, sizeof(golden));
	assert_true(is_zero(slot(0), 256));
	assert_true(is_zero((const char *)slot(1) + 64, 192));
}

/* A publish leaves the words of who waits as they are: 0, or what was last said of them. */
static void test_waiters(void **state)
{
	struct sched_hint_publish hint = { .state = SCHED_HINT_PUBLISH_IDLE };

	/* no slot, no words */
	sched_hint_table_waiters(5, 6);
	assert_true(sched_hint_table_bind(0));
	assert_true(sched_hint_table_publish(&hint));
	assert_true(!slot(0)->poll_timeout_ns && !slot(0)->nr_iowait);
	sched_hint_table_waiters(VIRTIO_SCHED_HINT_NS_NONE, 6);
	assert_true(sched_hint_table_publish(&hint));
	assert_true(slot(0)->poll_timeout_ns == VIRTIO_SCHED_HINT_NS_NONE);
	assert_true(slot(0)->nr_iowait == htole64(6));
}

/* What is known of an idle vCPU is not known of one that runs. */
static void test_running_forgets(void **state)
{
	struct sched_hint_publish hint = { .state = SCHED_HINT_PUBLISH_IDLE };

	sched_hint_set_flags(&hint, 1);
	sched_hint_set_poll_waiters(&hint, 7);
	sched_hint_set_wake_peer(&hint, sched_hint_wake_peer_bits(3));
	sched_hint_set_overloaded(&hint, 2);
	assert_true(sched_hint_table_bind(0));
	assert_true(sched_hint_table_publish(&hint));
	assert_true(le64toh(slot(0)->state) == 0x0002000300070102);
	sched_hint_table_running();
	assert_true(le64toh(slot(0)->state) == 0x0000ffff00000001);
}

static void test_runnable(void **state)
{
	static const unsigned char golden[16] = {
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	};
	struct sched_hint_runnable_line *line = sched_hint_table_runnable_line(2);

	assert_null(sched_hint_table_runnable_line(3));
	sched_hint_table_runnable(line, 1);
	sched_hint_table_runnable(line, 0x0102030405060708);
	assert_true(sched_hint_table_nr_runnable(line) == 0x0102030405060708);
	assert_int_equal(sched_hint_table_runnable_seq(line), 2);
	assert_memory_equal((const char *)slot(4) + 64, golden, sizeof(golden));
	assert_true(is_zero(slot(0), 4 * 256 + 64));
	assert_true(is_zero((const char *)slot(4) + 80, 176));
}

static void test_read(void **state)
{
	struct virtio_sched_hint_slot copy[2];

	assert_true(sched_hint_table_bind(2));
	assert_int_equal(sched_hint_table_read((char *)copy, 4 * 256, 256), 256);
	assert_memory_equal(copy, slot(4), 256);
	/* to the end, and not past it */
	assert_int_equal(sched_hint_table_read((char *)copy, 7 * 256 + 128, 512), 128);
	assert_int_equal(sched_hint_table_read((char *)copy, 8 * 256, 256), 0);
}

/* All other words are in memory before the state is stored, with release. */
static void test_state_last(void **state)
{
	struct virtio_sched_hint_slot before;

	assert_true(sched_hint_table_bind(0));
	releases = 0;
	tsc = 33;
	assert_true(publish_timer(44));
	assert_int_equal(releases, 1);

	memset(&before, 0, sizeof(before));
	memcpy(&before, line_before_release, sizeof(line_before_release));
	assert_int_equal(le64toh(before.state) & 0xff, VIRTIO_SCHED_HINT_STATE_RUNNING);
	assert_int_equal(le64toh(before.next_timer_ns), 44);
	assert_int_equal(le64toh(before.tsc), 33);
	assert_int_equal(le64toh(before.publish_seq), 1);
	assert_int_equal(le64toh(slot(0)->state) & 0xff, VIRTIO_SCHED_HINT_STATE_IDLE);
}

static void test_idle_and_running(void **state)
{
	u64 i;

	assert_true(sched_hint_table_bind(0));
	for (i = 1; i <= 1000; i++) {
		assert_true(publish_timer(i % 7 ? i : NONE));
		assert_int_equal(le64toh(slot(0)->publish_seq), i);
		assert_int_equal(le64toh(slot(0)->next_timer_ns), i % 7 ? i : NONE);
		assert_true(le64toh(slot(0)->state) == 0x0000ffff00000002);
		sched_hint_table_running();
		assert_true(le64toh(slot(0)->state) == 0x0000ffff00000001);
		/* no publish of its own */
		assert_int_equal(le64toh(slot(0)->publish_seq), i);
	}
	shim_cpu = 2;
	assert_true(sched_hint_table_bind(2));
	assert_true(publish_timer(1));
	assert_int_equal(sched_hint_table_publishes(), 1001);
	assert_int_equal(le64toh(slot(0)->publish_seq), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_alloc, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_slot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_golden, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waiters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_running_forgets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_runnable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_state_last, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle_and_running, setup, teardown),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
