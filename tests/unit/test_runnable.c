// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The counts of runnable tasks: what an idle CPU makes of a change that the kernel did
 * not tell, and who is overloaded.
 */
#include <string.h>

#include "unit.h"

#include "sched_hint.h"
#include "table.h"

/* nr_running among the words of struct rq, behind the lock. */
#define NR_WORD	3

unsigned int shim_cpu;

static struct task_struct pupil;
struct task_struct *current = &pupil;

static struct rq rqs[SHIM_NR_CPUS];
static void (*probe)(void *data, struct rq *rq, int change);
static void *probe_data;

u32 cpu_physical_id(unsigned int cpu)
{
	return cpu;
}

u64 rdtsc(void)
{
	return 0;
}

void shim_warn(const char *fmt, ...)
{
	(void)fmt;
}

void shim_before_release(const void *p)
{
	(void)p;
}

int register_trace_sched_update_nr_running_tp(void (*new)(void *, struct rq *, int), void *data)
{
	assert_null(probe);
	probe = new;
	probe_data = data;
	return 0;
}

int unregister_trace_sched_update_nr_running_tp(void (*old)(void *, struct rq *, int), void *data)
{
	assert_true(probe == old && probe_data == data);
	probe = NULL;
	return 0;
}

static int (*cpu_comes)(unsigned int cpu);
static int (*cpu_has_gone)(unsigned int cpu);

int cpuhp_setup_state_nocalls(enum cpuhp_state state, const char *name,
			      int (*up)(unsigned int cpu), int (*down)(unsigned int cpu))
{
	assert_null(cpu_comes);
	cpu_comes = up;
	cpu_has_gone = down;
	return state;
}

void cpuhp_remove_state_nocalls(enum cpuhp_state state)
{
	assert_int_equal(state, CPUHP_BP_PREPARE_DYN);
	cpu_comes = NULL;
	cpu_has_gone = NULL;
}

/* What the kernel counts changes, and it tells that or does not. */
static void change(unsigned int cpu, int by, bool told)
{
	rqs[cpu].words[NR_WORD] += by;
	if (told)
		probe(probe_data, &rqs[cpu], by);
}

void set_user_nice(struct task_struct *task, long nice)
{
	task->nice = nice;
	change(shim_cpu, -1, true);
	change(shim_cpu, 1, true);
}

static u64 published(unsigned int cpu)
{
	return sched_hint_table_nr_runnable(sched_hint_table_runnable_line(cpu));
}

static void idle(unsigned int cpu)
{
	shim_cpu = cpu;
	sched_hint_runnable_idle();
}

static u64 corrections_before;

static u64 corrections(void)
{
	return sched_hint_runnable_corrections() - corrections_before;
}

/* A thread runs on each CPU. */
static int setup(void **state)
{
	unsigned int cpu;

	shim_cpu = 1;
	for (cpu = 0; cpu < SHIM_NR_CPUS; cpu++) {
		memset(&rqs[cpu], 0xee, sizeof(rqs[cpu]));
		rqs[cpu].words[NR_WORD] = 1;
	}
	corrections_before = sched_hint_runnable_corrections();
	return sched_hint_table_alloc(SHIM_NR_CPUS) ?: sched_hint_runnable_start();
}

static int teardown(void **state)
{
	sched_hint_runnable_stop();
	sched_hint_table_free();
	return 0;
}

static void test_told(void **state)
{
	unsigned int cpu;

	for (cpu = 0; cpu < SHIM_NR_CPUS; cpu++)
		assert_int_equal(published(cpu), 1);
	change(2, 3, true);
	assert_int_equal(published(2), 4);
	assert_int_equal(published(1), 1);
	change(2, -4, true);
	assert_int_equal(published(2), 0);
	idle(2);
	idle(2);
	assert_int_equal(corrections(), 0);
}

/* Met once it may be a remote CPU in the middle of a change; met twice it is none. */
static void test_untold(void **state)
{
	change(2, -1, false);
	idle(2);
	assert_int_equal(published(2), 1);
	assert_int_equal(corrections(), 0);
	idle(2);
	assert_int_equal(published(2), 0);
	assert_int_equal(corrections(), 1);
	idle(2);
	idle(2);
	assert_int_equal(published(2), 0);
	assert_int_equal(corrections(), 1);
}

/* A publish between the two, and what was met before says nothing. */
static void test_told_between(void **state)
{
	change(2, -1, false);
	idle(2);
	change(2, 1, true);
	change(2, -1, false);
	idle(2);
	assert_int_equal(published(2), 1);
	assert_int_equal(corrections(), 0);
	/* the remote CPU has told, late */
	change(2, 0, true);
	idle(2);
	assert_int_equal(published(2), 0);
	assert_int_equal(corrections(), 0);
	/* and after an idle entry that agreed it takes two again */
	change(2, 1, false);
	idle(2);
	assert_int_equal(corrections(), 0);
	idle(2);
	assert_int_equal(published(2), 1);
	assert_int_equal(corrections(), 1);
}

/* Each CPU's own. */
static void test_other_cpu(void **state)
{
	change(2, -1, false);
	change(3, -1, false);
	idle(2);
	idle(3);
	assert_int_equal(corrections(), 0);
	idle(3);
	assert_int_equal(published(3), 0);
	assert_int_equal(published(2), 1);
	assert_int_equal(corrections(), 1);
}

static void test_overloaded(void **state)
{
	assert_int_equal(sched_hint_runnable_overloaded(), 0);
	change(0, 1, true);
	change(3, 7, true);
	assert_int_equal(sched_hint_runnable_overloaded(), 2);
	change(3, -5, true);
	assert_int_equal(sched_hint_runnable_overloaded(), 2);
	change(3, -2, true);
	change(0, -2, true);
	assert_int_equal(sched_hint_runnable_overloaded(), 0);
	change(0, 1, true);
	assert_int_equal(sched_hint_runnable_overloaded(), 0);
	/* a correction is a change like another */
	change(1, 1, false);
	idle(1);
	idle(1);
	assert_int_equal(sched_hint_runnable_overloaded(), 1);
}

/* What a CPU does on its way offline is not told, nor what is on its runqueue before it is online. */
static void test_hotplug(void **state)
{
	change(2, 3, true);
	assert_int_equal(published(2), 4);
	assert_int_equal(sched_hint_runnable_overloaded(), 1);
	change(2, -4, false);
	assert_int_equal(cpu_has_gone(2), 0);
	assert_int_equal(published(2), 0);
	assert_int_equal(sched_hint_runnable_overloaded(), 0);

	change(2, 1, true);
	assert_int_equal(published(2), 1);
	change(2, -1, false);
	assert_int_equal(cpu_comes(2), 0);
	assert_int_equal(published(2), 0);
	assert_int_equal(published(1), 1);
	assert_int_equal(corrections(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_untold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_told_between, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_cpu, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overloaded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hotplug, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
