// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What arrivals lead to: the vCPU, the way, and whether it pays to wake that ahead.
 */
#include <string.h>

#include "unit.h"

#include "arrival_learn.h"

/* Longer than any arrival is followed. */
#define APART	(300 * MS)
#define WAY	(200 * US)

static struct shint_arrivals arrivals;
static struct shint_way *const way = &arrivals.ways[SHINT_TAKER];
static u64 now;

static const u32 nobody[SHINT_NR_ROLES] = { SHINT_NO_VCPU, SHINT_NO_VCPU };

static void reset(void)
{
	memset(&arrivals, 0, sizeof(arrivals));
	now = 1000 * SEC;
}

/* As the module does it: what is expected is what has been learned. */
static void follow(u32 queue)
{
	u32 ids[SHINT_NR_ROLES] = { SHINT_NO_VCPU, SHINT_NO_VCPU };

	if (!shint_arrivals_taker(&arrivals, queue, &ids[SHINT_TAKER]))
		ids[SHINT_TAKER] = SHINT_NO_VCPU;
	shint_arrivals_follow(&arrivals, queue, ids, now);
}

/* An arrival that ends the halt of a vCPU, and one of another a little later. */
static void arrival(u32 queue, u32 vcpu_id, u64 way_ns)
{
	now += APART;
	follow(queue);
	shint_arrivals_halt_ended(&arrivals, vcpu_id + 1, now - MS, now + way_ns + 100 * US);
	shint_arrivals_halt_ended(&arrivals, vcpu_id, now - MS, now + way_ns);
	shint_arrivals_halt_ended(&arrivals, vcpu_id + 2, now - MS, now + way_ns + 50 * US);
}

/* What is known of the arrivals before: the next one makes it known. */
static int taker(u32 queue)
{
	u32 id = 0;

	now += APART;
	shint_arrivals_follow(&arrivals, KVM_SCHED_HINT_MAX_WATCHES - 1, nobody, now);
	return shint_arrivals_taker(&arrivals, queue, &id) ? (int)id : -1;
}

static void test_taker(void **state)
{
	int i;

	reset();
	assert_int_equal(taker(0), -1);
	arrival(0, 3, WAY);
	assert_int_equal(taker(0), -1);
	arrival(0, 3, WAY);
	assert_int_equal(taker(0), 3);
	assert_int_equal(taker(1), -1);
	for (i = 0; i < 50; i++)
		arrival(0, 3, WAY);
	/* one that strays changes nothing */
	arrival(0, 5, WAY);
	assert_int_equal(taker(0), 3);
	/* an affinity that changes is followed */
	for (i = 0; i < 10; i++)
		arrival(0, 5, WAY);
	assert_int_equal(taker(0), 5);
	/* each queue has its own */
	arrival(1, 7, WAY);
	arrival(1, 7, WAY);
	assert_int_equal(taker(1), 7);
	assert_int_equal(taker(0), 5);
}

static void test_not_concerned(void **state)
{
	reset();
	assert_false(shint_arrivals_concerned(&arrivals, now - MS, now + US));
	now += APART;
	shint_arrivals_follow(&arrivals, 0, nobody, now);
	assert_true(shint_arrivals_concerned(&arrivals, now - MS, now + US));
	/* began later, ended before or with it, ended long after */
	assert_false(shint_arrivals_concerned(&arrivals, now + 1, now + US));
	assert_false(shint_arrivals_concerned(&arrivals, now - MS, now - US));
	assert_false(shint_arrivals_concerned(&arrivals, now - MS, now));
	assert_false(shint_arrivals_concerned(&arrivals, now - MS, now + SEC));
	shint_arrivals_halt_ended(&arrivals, 1, now - MS, now + SEC);
	assert_int_equal(arrivals.first.at_ns, 0);
}

/* A burst is one arrival, and its first packet's. */
static void test_burst(void **state)
{
	u64 first;

	reset();
	assert_false(shint_arrivals_followed(&arrivals, now));
	shint_arrivals_follow(&arrivals, 0, nobody, now);
	first = now;
	for (; now < first + MS; now += 10 * US) {
		assert_true(shint_arrivals_followed(&arrivals, now));
		shint_arrivals_follow(&arrivals, 1, nobody, now);
	}
	assert_true(arrivals.at_ns == first);
	assert_int_equal(arrivals.queue, 0);
	assert_false(shint_arrivals_followed(&arrivals, first + SEC));
}

static void test_way(void **state)
{
	int i;

	reset();
	assert_int_equal(shint_way_keep_ns(way), 0);
	assert_false(shint_way_pays(way, now));
	/* which vCPU it leads to is to be known first */
	arrival(0, 0, WAY);
	arrival(0, 0, WAY);
	taker(0);
	assert_false(shint_way_pays(way, now));
	arrival(0, 0, WAY);
	taker(0);
	assert_true(shint_way_pays(way, now));
	assert_true(shint_way_keep_ns(way) > WAY);
	assert_true(shint_way_keep_ns(way) <= 3 * WAY);
	/* an arrival that ends no halt teaches nothing */
	taker(0);
	taker(0);
	assert_true(way->mean_ns == WAY);
	for (i = 0; i < 50; i++)
		arrival(0, 0, WAY / 2);
	expect(way->mean_ns > WAY / 2 - 8 && way->mean_ns < WAY * 6 / 10,
	       "way %llu", (unsigned long long)way->mean_ns);
}

/* That the first packet found its vCPU just waking is soon forgotten. */
static void test_way_begins(void **state)
{
	reset();
	arrival(0, 0, WAY);
	arrival(0, 0, WAY);
	arrival(0, 0, WAY / 16);
	arrival(0, 0, WAY);
	arrival(0, 0, WAY);
	taker(0);
	expect(shint_way_keep_ns(way) > WAY, "%llu", (unsigned long long)shint_way_keep_ns(way));
}

/* That another vCPU wakes in between makes the way no shorter. */
static void test_way_of_its_own(void **state)
{
	int i;

	reset();
	arrival(0, 0, WAY);
	arrival(0, 0, WAY);
	for (i = 0; i < 50; i++) {
		now += APART;
		follow(0);
		/* one of three, so the vote stands */
		if (i % 3 == 0)
			shint_arrivals_halt_ended(&arrivals, 1, now - MS, now + WAY / 16);
		shint_arrivals_halt_ended(&arrivals, 0, now - MS, now + WAY);
	}
	assert_int_equal(taker(0), 0);
	assert_true(way->mean_ns == WAY);
}

/* The way to the peer is measured apart from the taker's, and only where there is one. */
static void test_peer(void **state)
{
	struct shint_way *peer_way = &arrivals.ways[SHINT_PEER];
	const u32 ids[SHINT_NR_ROLES] = { [SHINT_TAKER] = 1, [SHINT_PEER] = 2 };

	reset();
	arrival(0, 1, WAY);
	arrival(0, 1, WAY);
	taker(0);
	assert_int_equal(peer_way->mean_ns, 0);

	now += APART;
	shint_arrivals_follow(&arrivals, 0, ids, now);
	/* reported late; of the peer's halts the first one to end counts */
	shint_arrivals_halt_ended(&arrivals, 2, now - MS, now + 5 * WAY);
	shint_arrivals_halt_ended(&arrivals, 2, now - MS, now + 3 * WAY);
	shint_arrivals_halt_ended(&arrivals, 3, now - MS, now + 2 * WAY);
	shint_arrivals_halt_ended(&arrivals, 1, now - MS, now + WAY);
	/* not over yet */
	assert_int_equal(peer_way->mean_ns, 0);
	assert_int_equal(taker(0), 1);
	assert_true(peer_way->mean_ns == 3 * WAY);
	assert_true(way->mean_ns == WAY);

	/* what does not pay for one of them may for the other */
	assert_true(shint_way_pays(peer_way, now));
	while (shint_way_pays(peer_way, now))
		shint_way_judge(peer_way, false, now);
	assert_true(shint_way_pays(way, now));
}

/* Wake-ups of which a share is in vain, 10 ms apart for 10 s; returns how many there were. */
static unsigned int wakes(unsigned int misses_of_8)
{
	unsigned int n = 0;
	u64 end;

	reset();
	way->mean_ns = WAY;
	for (end = now + 10 * SEC; now < end; now += 10 * MS) {
		if (!shint_way_pays(way, now))
			continue;
		shint_way_judge(way, n % 8 >= misses_of_8, now);
		n++;
	}
	return n;
}

/* Another tap in the place of one that is gone. */
static void test_forget(void **state)
{
	int i;

	reset();
	for (i = 0; i < 10; i++) {
		arrival(0, 3, WAY);
		arrival(1, 5, WAY);
	}
	assert_int_equal(taker(0), 3);
	now += APART;
	follow(0);
	shint_arrivals_forget(&arrivals, 0);
	assert_false(shint_arrivals_followed(&arrivals, now));
	/* Nor does what was followed count for the new one. */
	shint_arrivals_halt_ended(&arrivals, 3, now - MS, now + WAY);
	assert_int_equal(taker(0), -1);
	assert_int_equal(taker(1), 5);
	for (i = 0; i < 3; i++)
		arrival(0, 7, WAY);
	assert_int_equal(taker(0), 7);
}

static void test_pay(void **state)
{
	assert_int_equal(wakes(0), 1000);
	assert_int_equal(wakes(4), 1000);
	expect(wakes(5) < 150, "%u", wakes(5));
	expect(wakes(8) < 150, "%u", wakes(8));
	/* it is tried again */
	expect(wakes(8) >= 50, "%u", wakes(8));
}

/* Misses count as long as others follow within a second. */
static void test_pay_anew(void **state)
{
	int i;

	reset();
	for (i = 0; i < 7; i++)
		shint_way_judge(way, false, now);
	now += SEC;
	shint_way_judge(way, false, now);
	assert_true(shint_way_paused(way, now));
	reset();
	for (i = 0; i < 7; i++)
		shint_way_judge(way, false, now);
	now += SEC + 1;
	shint_way_judge(way, false, now);
	assert_false(shint_way_paused(way, now));
	for (i = 0; i < 6; i++)
		shint_way_judge(way, false, now);
	assert_false(shint_way_paused(way, now));
	shint_way_judge(way, false, now);
	assert_true(shint_way_paused(way, now));
}

/* Two vCPUs judge by turns, one by a clock that was looked at before the other's: misses all the same. */
static void test_clocks(void **state)
{
	int i;

	reset();
	for (i = 0; i < 8; i++) {
		assert_false(shint_way_paused(way, now));
		shint_way_judge(way, false, i % 2 ? now - 1 : now);
	}
	assert_true(shint_way_paused(way, now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taker),
		cmocka_unit_test(test_not_concerned),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_way),
		cmocka_unit_test(test_way_begins),
		cmocka_unit_test(test_way_of_its_own),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_pay),
		cmocka_unit_test(test_pay_anew),
		cmocka_unit_test(test_clocks),
	};

	return cmocka_run_group_tests_name("arrival", tests, NULL, NULL);
}
