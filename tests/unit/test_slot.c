// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader of the shared table, against well-meaning and hostile guests.
 */
#include <errno.h>
#include <string.h>

#include "unit.h"

#include "slot.h"

#define NONE	VIRTIO_SCHED_HINT_NS_NONE
#define TIMER	BIT_ULL(VIRTIO_SCHED_HINT_F_TIMER)
#define PEER	BIT_ULL(VIRTIO_SCHED_HINT_F_WAKE_PEER)
#define EVENT	BIT_ULL(VIRTIO_SCHED_HINT_F_EVENT)
#define POLL	BIT_ULL(VIRTIO_SCHED_HINT_F_POLL)

/* The fake user space: one copy at a time is seen and written down. */
static struct {
	unsigned int calls;
	const void *src;
	size_t size;
	bool absent;
	bool scribble;	/* the guest overwrites the line right behind the copy */
} user;

long copy_from_user_nofault(void *dst, const void __user *src, size_t size)
{
	user.calls++;
	user.src = src;
	user.size = size;
	if (user.absent)
		return -EFAULT;
	memcpy(dst, src, size);
	if (user.scribble)
		memset((void *)src, 0xff, size);
	return 0;
}

static struct virtio_sched_hint_slot slots[16];

static const struct shint_table table = {
	.slots = slots,
	.features = TIMER,
	.nr_slots = ARRAY_SIZE(slots),
};

static int reset(void **state)
{
	memset(&user, 0, sizeof(user));
	memset(slots, 0, sizeof(slots));
	return 0;
}

/* Reads a slot whose idle line has only these words, with these features. */
static int read_words(u64 word, u64 next_timer_ns, u64 seq, u64 features,
		      struct shint_hint *hint)
{
	struct shint_table one = { .slots = slots, .features = features, .nr_slots = 1 };

	slots[0].state = htole64(word);
	slots[0].next_timer_ns = htole64(next_timer_ns);
	slots[0].publish_seq = htole64(seq);
	memset(hint, 0xee, sizeof(*hint));
	return shint_slot_read(&one, 0, hint);
}

static const struct {
	const char *what;
	u64 word;
	u64 next_timer_ns;
	u64 features;
	int ret;
	u8 state;
	bool tick;
	u64 expected_timer_ns;
} cases[] = {
	{ "zeroed slot", 0, 0, TIMER, 0, 0, false, 0 },
	{ "running", 0x0000ffff00000001, 5, TIMER, 0, 1, false, 5 },
	{ "idle, timer", 0x0000ffff00000002, 123456, TIMER, 0, 2, false, 123456 },
	{ "idle, tick", 0x0000ffff00000102, 123456, TIMER, 0, 2, true, 123456 },
	{ "idle, no timer", 0x0000ffff00000002, NONE, TIMER, 0, 2, false, NONE },
	{ "other words of the state are not ours", 0xffffffffffff0002, 7, TIMER, 0, 2, false, 7 },
	{ "no feature: no timer", 0x2, 123456, 0, 0, 2, false, NONE },
	{ "no feature: no tick", 0x102, 123456, 0, 0, 2, false, NONE },
	{ "all features but the timer", 0x102, 1, ~TIMER, 0, 2, false, NONE },
	{ "all features", 0x102, 1, ~0ULL, 0, 2, true, 1 },
	{ "no feature: nonsense stays nonsense", 0x202, 1, 0, -EPROTO, 0, false, 0 },
	{ "state unknown", 0x3, 1, TIMER, -EPROTO, 0, false, 0 },
	{ "state all ones", 0xff, 1, TIMER, -EPROTO, 0, false, 0 },
	{ "flag unknown", 0x202, 1, TIMER, -EPROTO, 0, false, 0 },
	{ "flag unknown beside tick", 0x8102, 1, TIMER, -EPROTO, 0, false, 0 },
	{ "flag unknown, running", 0x8001, 1, TIMER, -EPROTO, 0, false, 0 },
	{ "timer now", 0x2, 0, TIMER, 0, 2, false, 0 },
	{ "timer an hour off", 0x2, 3600000000000, TIMER, 0, 2, false, 3600000000000 },
	{ "timer past an hour", 0x2, 3600000000001, TIMER, 0, 2, false, NONE },
	{ "timer at the sign", 0x2, 1ULL << 63, TIMER, 0, 2, false, NONE },
	{ "timer just below none", 0x2, NONE - 1, TIMER, 0, 2, false, NONE },
};

static void test_cases(void **state)
{
	struct shint_hint hint;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ret = read_words(cases[i].word, cases[i].next_timer_ns, 1000 + i,
				 cases[i].features, &hint);
		expect(ret == cases[i].ret, "%s: %d", cases[i].what, ret);
		if (ret)
			continue;
		expect(hint.state == cases[i].state, "%s: %u", cases[i].what, hint.state);
		expect(hint.tick == cases[i].tick, "%s", cases[i].what);
		expect(hint.next_timer_ns == cases[i].expected_timer_ns, "%s: %llu",
		       cases[i].what, hint.next_timer_ns);
		expect(hint.publish_seq == 1000 + i, "%s", cases[i].what);
	}
}

/* An index that a guest gives is below the table's end, or none. */
static void test_wake_peer(void **state)
{
	static const struct {
		u64 peer;
		u64 features;
		u16 expected;
	} peers[] = {
		{ 0, ~0ULL, 0 },
		{ 2, PEER, 2 },
		{ 3, PEER, VIRTIO_SCHED_HINT_NO_PEER },
		{ 0xfffe, PEER, VIRTIO_SCHED_HINT_NO_PEER },
		{ 0xffff, PEER, VIRTIO_SCHED_HINT_NO_PEER },
		{ 0, TIMER, VIRTIO_SCHED_HINT_NO_PEER },
		{ 1, ~PEER, VIRTIO_SCHED_HINT_NO_PEER },
	};
	struct shint_table three = { .slots = slots, .nr_slots = 3 };
	struct shint_hint hint;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(peers); i++) {
		slots[0].state = htole64(peers[i].peer << VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT | 2);
		three.features = peers[i].features;
		assert_int_equal(shint_slot_read(&three, 0, &hint), 0);
		expect(hint.wake_peer == peers[i].expected, "%zu: %u", i, hint.wake_peer);
	}
}

/* Of the number of tasks only whether there are any, and only if that is published. */
static void test_io_in_flight(void **state)
{
	static const struct {
		u64 nr_iowait;
		u64 features;
		bool expected;
	} waits[] = {
		{ 0, POLL, false },
		{ 1, POLL, true },
		{ 1ULL << 63, POLL, true },
		{ 1, ~POLL, false },
		{ 1, 0, false },
	};
	struct shint_hint hint;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		slots[0].nr_iowait = htole64(waits[i].nr_iowait);
		assert_int_equal(read_words(0x2, NONE, 1, waits[i].features, &hint), 0);
		expect(hint.io_in_flight == waits[i].expected, "%zu: %d", i, hint.io_in_flight);
	}
}

/* When an event is expected: in an hour at most, both words, and only if negotiated. */
static void test_event(void **state)
{
	static const struct {
		u64 event_ns, dev_ns;
		u64 features;
		u64 expected_ns, expected_dev_ns;
	} events[] = {
		{ 0, 0, EVENT, 0, 0 },
		{ 5 * MS, 7, EVENT, 5 * MS, 7 },
		{ SHINT_HINT_MAX_NS, 1, EVENT, SHINT_HINT_MAX_NS, 1 },
		{ 1, SHINT_HINT_MAX_NS, EVENT, 1, SHINT_HINT_MAX_NS },
		{ SHINT_HINT_MAX_NS + 1, 7, EVENT, NONE, 0 },
		{ 5 * MS, SHINT_HINT_MAX_NS + 1, EVENT, NONE, 0 },
		{ NONE, 0, EVENT, NONE, 0 },
		{ 5 * MS, NONE, EVENT, NONE, 0 },
		{ 5 * MS, 7, ~EVENT, NONE, 0 },
	};
	struct shint_hint hint;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		slots[0].event_ns = htole64(events[i].event_ns);
		slots[0].event_dev_ns = htole64(events[i].dev_ns);
		assert_int_equal(read_words(0x2, NONE, 1, events[i].features, &hint), 0);
		expect(hint.event_ns == events[i].expected_ns, "%zu: %llu", i, hint.event_ns);
		if (events[i].expected_ns != NONE)
			expect(hint.event_dev_ns == events[i].expected_dev_ns, "%zu: %llu", i,
			       hint.event_dev_ns);
	}
}

static void test_page_absent(void **state)
{
	struct shint_hint hint;

	user.absent = true;
	assert_int_equal(shint_slot_read(&table, 3, &hint), -EFAULT);
	assert_int_equal(user.calls, 1);
}

/* One copy, of the whole idle line and nothing else, from this vCPU's slot. */
static void test_one_copy(void **state)
{
	struct shint_hint hint;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		slots[i].state = htole64(VIRTIO_SCHED_HINT_STATE_IDLE);
		slots[i].publish_seq = htole64(i + 1);
	}
	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		user.calls = 0;
		assert_int_equal(shint_slot_read(&table, i, &hint), 0);
		assert_int_equal(user.calls, 1);
		assert_ptr_equal(user.src, (char *)slots + 256 * i);
		assert_int_equal(user.size, 64);
		assert_int_equal(hint.publish_seq, i + 1);
	}
}

/* What the guest writes after the copy is not looked at. */
static void test_overwritten_behind(void **state)
{
	struct shint_hint hint;

	user.scribble = true;
	assert_int_equal(read_words(0x102, 77, 9, TIMER, &hint), 0);
	assert_int_equal(hint.state, VIRTIO_SCHED_HINT_STATE_IDLE);
	assert_int_equal(hint.next_timer_ns, 77);
	assert_int_equal(hint.publish_seq, 9);
	assert_true(hint.tick);
	/* and the next look sees it */
	assert_int_equal(shint_slot_read(&table, 0, &hint), -EPROTO);
}

static void test_all_states_and_flags(void **state)
{
	u64 seed = 1, upper;
	struct shint_hint hint;
	u32 low;
	int ret;

	for (low = 0; low < 1 << 16; low++) {
		bool valid = (low & 0xff) <= 2 && (low >> 8) <= 1;

		upper = random_u64(&seed) << 16;
		ret = read_words(upper | low, 42, low, TIMER, &hint);
		expect(ret == (valid ? 0 : -EPROTO), "state word ...%04x: %d", low, ret);
		if (!valid)
			continue;
		assert_int_equal(hint.state, low & 0xff);
		assert_int_equal(hint.tick, low >> 8);
	}
}

static void test_garbage(void **state)
{
	struct shint_hint hint;
	u64 seed = 2;
	u64 *words = (u64 *)slots;
	int i, j, good = 0;

	for (i = 0; i < 1000000; i++) {
		int ret;

		for (j = 0; j < 8; j++)
			words[j] = random_size(&seed);
		/* Purely random, hardly one would get past the state. */
		if (i & 1)
			words[0] &= ~0xfcfcULL;
		memset(&hint, 0xee, sizeof(hint));
		ret = shint_slot_read(&table, 0, &hint);
		if (ret) {
			assert_int_equal(ret, -EPROTO);
			continue;
		}
		good++;
		assert_in_range(hint.state, 0, 2);
		assert_true(hint.next_timer_ns == NONE || hint.next_timer_ns <= 3600 * SEC);
		assert_in_range(*(u8 *)&hint.tick, 0, 1);
		assert_in_range(*(u8 *)&hint.io_in_flight, 0, 1);
	}
	assert_in_range(good, 100000, 900000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cases, reset),
		cmocka_unit_test_setup(test_wake_peer, reset),
		cmocka_unit_test_setup(test_event, reset),
		cmocka_unit_test_setup(test_io_in_flight, reset),
		cmocka_unit_test_setup(test_page_absent, reset),
		cmocka_unit_test_setup(test_one_copy, reset),
		cmocka_unit_test_setup(test_overwritten_behind, reset),
		cmocka_unit_test_setup(test_all_states_and_flags, reset),
		cmocka_unit_test_setup(test_garbage, reset),
	};

	return cmocka_run_group_tests_name("slot", tests, NULL, NULL);
}
