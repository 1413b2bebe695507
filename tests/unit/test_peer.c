// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The wake peer: which CPU a CPU's interrupts lead to, how soon that follows a change, and
 * what does not count.
 */
#include "unit.h"

#include "peer.h"
#include "table.h"
#include "tracepoints.h"

/* So many wake-ups after any change it is right, or none: what docs/abi.md promises. */
#define SOON	20
/* Idle entries after the last wake-up for which it is told. */
#define LIFE	64

#define OWN	1
#define NONE	SHIM_NR_CPUS

unsigned int shim_cpu = OWN;
bool fake_preempt_rt, fake_in_softirq;

static struct task_struct idle_task = { .cpu = OWN, .idle = true };
static struct task_struct kernel_thread = { .cpu = OWN, .flags = PF_KTHREAD };
static struct task_struct user_task = { .cpu = OWN };
struct task_struct *current = &idle_task;

static void (*probe)(void *data, struct task_struct *task);

/* APIC ids that are no CPU numbers. */
u32 cpu_physical_id(unsigned int cpu)
{
	return 0x100 + 3 * cpu;
}

int sched_hint_tracepoint_register(const char *name, void *new, void *data)
{
	assert_string_equal(name, "sched_waking");
	assert_null(probe);
	probe = (void (*)(void *, struct task_struct *))new;
	return 0;
}

void sched_hint_tracepoint_unregister(const char *name, void *old, void *data)
{
	assert_true(probe == (void (*)(void *, struct task_struct *))old);
	probe = NULL;
}

/* A task is woken that last ran on @cpu. */
static void wake_flags(unsigned int cpu, unsigned int flags)
{
	struct task_struct task = { .cpu = cpu, .flags = flags };

	probe(NULL, &task);
}

static void wake(unsigned int cpu)
{
	wake_flags(cpu, 0);
}

/* What an idle entry would publish: a CPU, or NONE. */
static unsigned int peer(void)
{
	const u64 none = SCHED_HINT_PUBLISH_IDLE;
	struct sched_hint_publish hint = { .state = none };
	unsigned int cpu;
	u16 id;

	sched_hint_set_wake_peer(&hint, sched_hint_peer());
	id = hint.state >> VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT;
	/* and nothing else of the word */
	assert_int_equal((hint.state ^ none) & ~((u64)0xffff << VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT), 0);
	if (id == VIRTIO_SCHED_HINT_NO_PEER)
		return NONE;
	for (cpu = 0; cpu < SHIM_NR_CPUS; cpu++)
		if (id == cpu_physical_id(cpu))
			return cpu;
	fail_msg("APIC id %#x", id);
	return NONE;
}

/* As many wake-ups as it takes to be known. */
static unsigned int peer_after_two(unsigned int cpu)
{
	wake(cpu);
	wake(cpu);
	return peer();
}

static int setup(void **state)
{
	current = &idle_task;
	fake_preempt_rt = false;
	fake_in_softirq = false;
	return sched_hint_peer_start();
}

static int teardown(void **state)
{
	sched_hint_peer_stop();
	return 0;
}

static void test_learned(void **state)
{
	assert_int_equal(peer(), NONE);
	wake(3);
	assert_int_equal(peer(), NONE);
	wake(3);
	assert_int_equal(peer(), 3);
	wake(3);
	assert_int_equal(peer(), 3);
}

static void test_own_cpu(void **state)
{
	int i;

	for (i = 0; i < SOON; i++)
		wake(OWN);
	assert_int_equal(peer(), NONE);
}

/* After any past, and with idle entries between. */
static void test_follows(void **state)
{
	u64 seed = 1;
	int past, i;

	for (past = 0; past < 2000; past++) {
		unsigned int now = random_below(&seed, SHIM_NR_CPUS);

		for (i = random_below(&seed, 50); i; i--)
			wake(random_below(&seed, 4) ? 2 : random_below(&seed, SHIM_NR_CPUS));
		for (i = 0; i < SOON; i++) {
			wake(now);
			if (random_below(&seed, 2))
				peer();
		}
		assert_int_equal(peer(), now == OWN ? NONE : now);
	}
}

/* One stray wake-up in four does not turn it. */
static void test_majority(void **state)
{
	int i;

	for (i = 0; i < 8; i++)
		wake(2);
	for (i = 0; i < 100; i++) {
		wake(i % 4 ? 2 : 0);
		assert_int_equal(peer(), 2);
	}
}

static void test_forgotten(void **state)
{
	int i;

	for (i = 0; i < 8; i++)
		wake(2);
	for (i = 0; i < LIFE; i++)
		assert_int_equal(peer(), 2);
	assert_int_equal(peer(), NONE);
	assert_int_equal(peer(), NONE);
	/* the votes, too */
	wake(2);
	assert_int_equal(peer(), NONE);
	wake(2);
	assert_int_equal(peer(), 2);
}

static void test_what_counts(void **state)
{
	/* kernel threads that are woken */
	wake_flags(2, PF_KTHREAD);
	wake_flags(2, PF_KTHREAD);
	assert_int_equal(peer(), NONE);

	/* whom a task wakes, or an interrupt on top of one */
	current = &user_task;
	assert_int_equal(peer_after_two(2), NONE);

	/* whom a thread of the kernel wakes: with PREEMPT_RT it may be an interrupt's */
	current = &kernel_thread;
	fake_in_softirq = true;
	assert_int_equal(peer_after_two(2), NONE);
	fake_preempt_rt = true;
	kernel_thread.flags |= PF_WQ_WORKER;
	assert_int_equal(peer_after_two(2), NONE);
	kernel_thread.flags &= ~PF_WQ_WORKER;
	fake_in_softirq = false;
	assert_int_equal(peer_after_two(2), NONE);
	fake_in_softirq = true;
	assert_int_equal(peer_after_two(2), 2);
}

/* What was known before a stop is not, after a start. */
static void test_started_anew(void **state)
{
	wake(2);
	wake(2);
	sched_hint_peer_stop();
	assert_int_equal(sched_hint_peer_start(), 0);
	assert_int_equal(peer(), NONE);
	wake(2);
	assert_int_equal(peer(), NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_learned, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_cpu, setup, teardown),
		cmocka_unit_test_setup_teardown(test_follows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_majority, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_started_anew, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
