// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When what brings packets is woken ahead of them, and when not.
 */
#include "unit.h"

#include "ahead.h"

/* What waking costs, and how far ahead of a window one begins with it. */
#define COST_NS	(400 * US)
#define LEAD_NS	(COST_NS * 3 / 2)
#define GAP_NS	(40 * MS)
/* Of a window: ten costs. */
#define WAKES_MAX	7

u64 fake_now_ns;

static struct wait_queue_head queue;
static struct shint_ahead ahead;
static struct shint_wake_costs costs;
static bool refused;
static u64 woken_ns;	/* when last */
static unsigned int woken;

void wake_up_locked_poll(struct wait_queue_head *of, unsigned int events)
{
	assert_ptr_equal(of, &queue);
	assert_true(queue.lock);
	assert_int_equal(events, EPOLLIN | EPOLLRDNORM | SHINT_AHEAD_MARK);
	woken_ns = fake_now_ns;
	woken++;
}

static bool expect_wake(struct shint_ahead *of)
{
	assert_true(queue.lock);
	return !refused;
}

static int setup(void **state)
{
	unsigned int class;

	memset(&ahead, 0, sizeof(ahead));
	for (class = 0; class < SHINT_SLEEP_CLASSES; class++)
		costs.ns[class] = COST_NS;
	costs.measured = UINT8_MAX;
	fake_now_ns = SEC;
	woken_ns = 0;
	woken = 0;
	refused = false;
	shint_ahead_init(&ahead, &queue, expect_wake);
	return 0;
}

static void fire(void)
{
	ahead.timer.queued = false;
	assert_int_equal(ahead.timer.function(&ahead.timer), HRTIMER_NORESTART);
	assert_false(queue.lock);
}

static void run_until(u64 ns)
{
	unsigned int fired = 0;

	while (ahead.timer.queued && ahead.timer.due_ns <= ns) {
		fake_now_ns = ahead.timer.due_ns;
		fire();
		/* Its own plans end: nobody else's events make it go on. */
		expect(++fired <= (SHINT_ECHOES + 1) * (WAKES_MAX + 1), "at %llu", fake_now_ns);
	}
	fake_now_ns = ns;
}

/* Whether it was gone ahead of. */
static bool packet(u64 ns)
{
	bool met;

	run_until(ns);
	queue.lock = 1;
	met = shint_ahead_meets(&ahead, ns);
	shint_ahead_arrived(&ahead, &costs, ns);
	queue.lock = 0;
	return met;
}

/* Packets at one distance, from now on; returns how many were gone ahead of. */
static unsigned int rhythm_of(unsigned int count, u64 gap_ns)
{
	unsigned int met = 0;

	while (count--)
		met += packet(fake_now_ns + gap_ns);
	return met;
}

static void rhythm(unsigned int count)
{
	rhythm_of(count, GAP_NS);
}

/* From the fourth packet on, for two intervals say it all; so late that the sleep is light. */
static void test_rhythm(void **state)
{
	unsigned int n, before;

	for (n = 1; n <= 100; n++) {
		before = woken;
		assert_int_equal(packet(fake_now_ns + GAP_NS), n > 3);
		if (n <= 3)
			continue;
		assert_int_equal(woken - before, 1);
		assert_in_range(fake_now_ns - woken_ns, COST_NS, LEAD_NS + 2 * SHINT_SLACK_MIN_NS);
	}
	assert_int_equal(ahead.windows, 97);
	assert_int_equal(ahead.hits, 97);
	assert_int_equal(ahead.wakes, woken);
}

/* Another one is known as soon, be it slower or faster; one pause changes nothing. */
static void test_change(void **state)
{
	rhythm(50);
	assert_int_equal(rhythm_of(10, GAP_NS * 10), 8);
	assert_int_equal(rhythm_of(10, GAP_NS / 4), 8);
	run_until(fake_now_ns + SEC);
	/* But for the packet that ends it. */
	assert_int_equal(rhythm_of(10, GAP_NS / 4), 9);
}

/* Without packets no more than the windows that are known, one of which was the last's. */
static void test_ends(void **state)
{
	rhythm(50);
	woken = 0;
	run_until(fake_now_ns + 10 * SEC);
	assert_false(ahead.timer.queued);
	assert_in_range(woken, 1, WAKES_MAX);
	assert_int_equal(ahead.windows, ahead.hits + 1);
}

/* A packet that is left out of a pattern, or one too many, hides none of the others. */
static void test_left_out(void **state)
{
	unsigned int n, met = 0;

	for (n = 0; n < 100; n++) {
		u64 begin = fake_now_ns;

		/* Each 40 ms, and one 13 ms behind it; but for each tenth. */
		met += packet(begin + 27 * MS) && n > 50;
		if (n % 10 != 9)
			packet(begin + GAP_NS);
		run_until(begin + GAP_NS);
	}
	expect(met >= 48, "%u of 49 were gone ahead of", met);
}

/* Where packets come sooner or later by chance it is woken again until they come, not too soon. */
static void test_again(void **state)
{
	u64 seed = 1, due_ns = fake_now_ns;
	unsigned int n, most = 0, met = 0;

	for (n = 0; n < 200; n++) {
		u64 at_ns = (due_ns += GAP_NS) + random_below(&seed, MS);
		unsigned int before;

		if (ahead.timer.queued && ahead.timer.due_ns < at_ns) {
			u64 first_ns = ahead.timer.due_ns;

			run_until(first_ns);
			before = woken;
			run_until(min(first_ns + 2 * COST_NS, at_ns - 1));
			assert_int_equal(woken, before);
			run_until(at_ns - 1);
			most = max(most, woken - before + 1);
			expect(at_ns > ahead.plan.until_ns || at_ns - woken_ns <= 3 * COST_NS,
			       "%llu ns after it", at_ns - woken_ns);
		}
		met += packet(at_ns);
	}
	assert_in_range(most, 3, WAKES_MAX);
	expect(met >= 180, "%u of 200 were gone ahead of", met);
}

/* The host was busy: a timer that fires when its window has passed wakes nobody. */
static void test_late(void **state)
{
	rhythm(50);
	woken = 0;
	fake_now_ns += GAP_NS + MS;
	fire();
	assert_int_equal(woken, 0);
	assert_int_equal(ahead.windows, ahead.hits);
}

static void test_stray(void **state)
{
	rhythm(50);
	packet(fake_now_ns + 13 * MS);
	assert_true(packet(fake_now_ns + GAP_NS - 13 * MS));
	/* The stray's echo is waited for in vain. */
	assert_true(packet(fake_now_ns + GAP_NS));
}

/* A packet a little late is met: what was woken for it sleeps lightly for longer than a narrow window. */
static void test_little_late(void **state)
{
	rhythm(50);
	assert_true(packet(fake_now_ns + GAP_NS + COST_NS / 2));
	assert_int_equal(ahead.windows, ahead.hits);
}

/* What follows a packet closely is not what the next wake-up is for. */
static void test_close(void **state)
{
	rhythm(50);
	packet(fake_now_ns + 100 * US);
	assert_true(packet(fake_now_ns + GAP_NS - 100 * US));
}

/* Of eight windows most in vain, without a packet: none for a second. */
static void test_vain(void **state)
{
	unsigned int before;

	rhythm(50);
	/* As if four of seven had been. */
	ahead.way = (struct shint_way){ .wakes = 7, .misses = 4, .judged_ns = fake_now_ns };
	run_until(fake_now_ns + 500 * MS);
	assert_true(shint_way_paused(&ahead.way, fake_now_ns));
	before = woken;
	rhythm(5);
	assert_int_equal(woken, before);
	run_until(fake_now_ns + SEC);
	rhythm(5);
	assert_true(woken > before);
}

/* What was in vain as another load ended is not held against the next one. */
static void test_vain_before(void **state)
{
	unsigned int before;

	rhythm(50);
	run_until(fake_now_ns + 3 * SEC);
	ahead.way.wakes = 7;
	ahead.way.misses = 7;
	rhythm(5);
	before = ahead.hits;
	rhythm(20);
	assert_int_equal(ahead.hits - before, 20);
}

/* Where it may not be: nothing is on until the next packet, which is asked about anew. */
static void test_refused(void **state)
{
	rhythm(50);
	woken = 0;
	refused = true;
	assert_false(packet(fake_now_ns + GAP_NS));
	assert_int_equal(woken, 0);
	run_until(fake_now_ns + GAP_NS - LEAD_NS / 2);
	assert_false(ahead.timer.queued);
	assert_false(packet(fake_now_ns + LEAD_NS / 2));
	refused = false;
	assert_true(packet(fake_now_ns + GAP_NS));
}

/* A timer that has fired waits for the lock, which the packet has. */
static void test_race(void **state)
{
	u64 due_ns;

	rhythm(50);
	woken = 0;
	ahead.timer.queued = false;
	packet(ahead.timer.due_ns + LEAD_NS);
	due_ns = ahead.timer.due_ns;
	assert_true(ahead.timer.queued);
	/* Not by fire(): the next plan's timer is on. */
	ahead.timer.function(&ahead.timer);
	assert_int_equal(woken, 0);
	assert_true(ahead.timer.queued && ahead.timer.due_ns == due_ns);

	/* And where there is no next plan. */
	memset(&ahead.starts, 0, sizeof(ahead.starts));
	packet(fake_now_ns + GAP_NS / 2);
	woken = 0;
	fire();
	assert_int_equal(woken, 0);
	assert_false(ahead.timer.queued);
}

static void test_stop(void **state)
{
	rhythm(50);
	assert_true(ahead.timer.queued);
	shint_ahead_stop(&ahead);
	assert_false(ahead.timer.queued);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rhythm, setup),
		cmocka_unit_test_setup(test_change, setup),
		cmocka_unit_test_setup(test_ends, setup),
		cmocka_unit_test_setup(test_left_out, setup),
		cmocka_unit_test_setup(test_again, setup),
		cmocka_unit_test_setup(test_late, setup),
		cmocka_unit_test_setup(test_stray, setup),
		cmocka_unit_test_setup(test_little_late, setup),
		cmocka_unit_test_setup(test_close, setup),
		cmocka_unit_test_setup(test_vain, setup),
		cmocka_unit_test_setup(test_vain_before, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_race, setup),
		cmocka_unit_test_setup(test_stop, setup),
	};

	return cmocka_run_group_tests_name("ahead", tests, NULL, NULL);
}
