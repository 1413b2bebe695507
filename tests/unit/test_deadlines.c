// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Until when a task that blocks will wait: by the timer on its stack, also where it is preempted
 * between starting that and blocking, as only kernels with full preemption do.
 */
#include <string.h>

#include "unit.h"

#include "tracepoints.h"
#include "waiters.h"

/* How many notes of preempted tasks are kept. */
#define NR_KEPT	16

unsigned int shim_cpu;
ktime_t fake_now;
unsigned long fake_jiffies;

static struct task_struct tasks[NR_KEPT + 2];
struct task_struct *current;

u8 sched_hint_wait_calls[SCHED_HINT_NR_CALLS];

bool sched_hint_in_wait_call(struct task_struct *task)
{
	return task->in_wait_call;
}

static void (*hrtimer_start)(void *data, struct hrtimer *timer, enum hrtimer_mode mode, bool armed);
static void (*timer_start)(void *data, struct timer_list *timer, unsigned long bucket_expiry);
static const char *refused;

static void **probe_of(const char *name)
{
	return strcmp(name, "hrtimer_start") ? (void **)&timer_start : (void **)&hrtimer_start;
}

int sched_hint_tracepoint_register(const char *name, void *probe, void *data)
{
	if (refused && !strcmp(refused, name))
		return -ENOENT;
	assert_null(*probe_of(name));
	*probe_of(name) = probe;
	return 0;
}

void sched_hint_tracepoint_unregister(const char *name, void *probe, void *data)
{
	assert_ptr_equal(*probe_of(name), probe);
	*probe_of(name) = NULL;
}

static void other(void)
{
}

/* Which of them runs now, and where. */
static void run(unsigned int task, unsigned int cpu)
{
	current = &tasks[task];
	shim_cpu = cpu;
}

/* The running task calls poll(), say, and has 50 us of slack. */
static void wait_until(ktime_t deadline)
{
	current->in_wait_call = true;
	current->hrtimer = (struct hrtimer) {
		.softexpires = deadline, .expires = deadline + 50000, .base = tasks, .queued = true,
	};
	hrtimer_start(NULL, &current->hrtimer, HRTIMER_MODE_ABS, false);
}

static ktime_t block(void)
{
	return sched_hint_deadline(current);
}

static void preempt(void)
{
	sched_hint_deadline_keep(current);
}

static int setup(void **state)
{
	memset(tasks, 0, sizeof(tasks));
	fake_now = 1000 * TICK_NSEC;
	fake_jiffies = 5000;
	run(0, 0);
	return sched_hint_deadlines_start();
}

/* Notes of the test before are of timers that are over. */
static int teardown(void **state)
{
	fake_now += 1000 * NSEC_PER_SEC;
	run(0, 0);
	block();
	sched_hint_deadlines_stop();
	return 0;
}

static void test_blocks(void **state)
{
	assert_int_equal(block(), KTIME_MAX);
	wait_until(fake_now + 700);
	assert_int_equal(block(), fake_now + 700);
	/* what it waits for next has no timeout */
	assert_int_equal(block(), KTIME_MAX);
}

static void test_not_its_own(void **state)
{
	struct hrtimer elsewhere = { .softexpires = fake_now + 700, .expires = fake_now + 700, .queued = true };

	hrtimer_start(NULL, &elsewhere, HRTIMER_MODE_ABS, false);
	assert_int_equal(block(), KTIME_MAX);
	/* another task's, that ran here before */
	wait_until(fake_now + 700);
	run(1, 0);
	assert_int_equal(block(), KTIME_MAX);
}

static void test_over(void **state)
{
	wait_until(fake_now + 700);
	current->hrtimer.queued = false;
	assert_int_equal(block(), KTIME_MAX);

	/* the stack holds something else by now */
	wait_until(fake_now + 700);
	current->hrtimer.function = other;
	assert_int_equal(block(), KTIME_MAX);
	wait_until(fake_now + 700);
	current->hrtimer.base = NULL;
	assert_int_equal(block(), KTIME_MAX);
	wait_until(fake_now + 700);
	current->hrtimer.expires++;
	assert_int_equal(block(), KTIME_MAX);

	wait_until(fake_now + 700);
	fake_now += 700 + 50000 - 1;
	assert_int_equal(block(), fake_now - 50000 + 1);
	wait_until(fake_now + 700);
	fake_now += 700 + 50000;
	assert_int_equal(block(), KTIME_MAX);
}

static void test_wheel(void **state)
{
	current->in_wait_call = true;
	current->timer = (struct timer_list) { .expires = 5006, .pending = true };
	timer_start(NULL, &current->timer, 5008);
	assert_int_equal(block(), fake_now + 8 * TICK_NSEC);

	timer_start(NULL, &current->timer, 5008);
	current->timer.pending = false;
	assert_int_equal(block(), KTIME_MAX);
}

/* It may block on another CPU, and others block meanwhile. */
static void test_preempted(void **state)
{
	wait_until(fake_now + 700);
	preempt();
	run(1, 0);
	assert_int_equal(block(), KTIME_MAX);
	wait_until(fake_now + 900);
	assert_int_equal(block(), fake_now + 900);
	run(0, 1);
	assert_int_equal(block(), fake_now + 700);
	assert_int_equal(block(), KTIME_MAX);

	/* it goes on where it was, and does without what was kept */
	wait_until(fake_now + 700);
	preempt();
	assert_int_equal(block(), fake_now + 700);
	assert_int_equal(block(), KTIME_MAX);
}

static void test_preempted_and_cancelled(void **state)
{
	wait_until(fake_now + 700);
	preempt();
	current->hrtimer.queued = false;
	run(1, 0);
	block();
	run(0, 1);
	assert_int_equal(block(), KTIME_MAX);
}

/* A task that sleeps in nanosleep(), say, is no waiter. */
static void test_preempted_elsewhere(void **state)
{
	wait_until(fake_now + 700);
	current->in_wait_call = false;
	preempt();
	run(0, 1);
	assert_int_equal(block(), KTIME_MAX);
}

static void preempt_all(unsigned int from, unsigned int to, ktime_t deadline)
{
	unsigned int task;

	for (task = from; task <= to; task++) {
		run(task, 0);
		wait_until(deadline + task);
		preempt();
	}
}

static unsigned int known(unsigned int from, unsigned int to, ktime_t deadline)
{
	unsigned int task, nr = 0;

	for (task = from; task <= to; task++) {
		run(task, 1);
		nr += block() == deadline + task;
	}
	return nr;
}

/* As many as there is room for; one that is preempted again has its room. */
static void test_crowd(void **state)
{
	const ktime_t deadline = fake_now + 700;

	preempt_all(1, NR_KEPT, deadline);
	preempt_all(3, 5, deadline);
	assert_int_equal(known(1, NR_KEPT, deadline), NR_KEPT);

	preempt_all(1, NR_KEPT + 1, deadline);
	assert_int_equal(known(1, NR_KEPT + 1, deadline), NR_KEPT);
}

/* Those that did not block after all do not stay. */
static void test_crowd_over(void **state)
{
	preempt_all(2, NR_KEPT + 1, fake_now + 700);
	fake_now += NSEC_PER_SEC;
	run(0, 0);
	assert_int_equal(block(), KTIME_MAX);
	preempt_all(1, NR_KEPT, fake_now + 700);
	assert_int_equal(known(1, NR_KEPT, fake_now + 700), NR_KEPT);
}

static void test_refused(void **state)
{
	sched_hint_deadlines_stop();
	refused = "timer_start";
	assert_int_equal(sched_hint_deadlines_start(), -ENOENT);
	assert_null(hrtimer_start);
	refused = "hrtimer_start";
	assert_int_equal(sched_hint_deadlines_start(), -ENOENT);
	assert_null(timer_start);
	refused = NULL;
	assert_int_equal(sched_hint_deadlines_start(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_over, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wheel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preempted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preempted_and_cancelled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preempted_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crowd, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crowd_over, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
