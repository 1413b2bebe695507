/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Beside the shim: what guest-driver/runnable.c wants of the kernel's scheduler. There is
 * one thread; test_runnable.c is the scheduler.
 */
#ifndef FAKE_SCHED_H
#define FAKE_SCHED_H

#include <shim.h>

#define notrace
#define __read_mostly
#define likely(x)		(x)
#define unlikely(x)		(x)
#define BITS_PER_BYTE		8
#define BITS_TO_LONGS(nr)	(((nr) + 63) / 64)
#define kzalloc(size, gfp)	calloc(1, size)
#define kcalloc(n, size, gfp)	calloc(n, size)
#define kfree(p)		free(p)

struct task_struct {
	int nice;
};

/* From each to its CPU's variable below it is the same distance. */
#define FAKE_STRIDE	256

struct rq {
	unsigned int words[FAKE_STRIDE / sizeof(unsigned int)];
};

#define DEFINE_PER_CPU_ALIGNED(type, name)						\
	union { type it; char room[FAKE_STRIDE]; } name[SHIM_NR_CPUS]
#define per_cpu_ptr(p, cpu)	(&(*(p))[cpu].it)
#define this_cpu_ptr(p)		per_cpu_ptr(p, shim_cpu)

#define nr_cpu_ids			((unsigned int)SHIM_NR_CPUS)
#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < SHIM_NR_CPUS; (cpu)++)
#define for_each_online_cpu(cpu)	for_each_possible_cpu(cpu)

static inline unsigned int bitmap_weight(const unsigned long *bits, unsigned int nr)
{
	unsigned int i, weight = 0;

	for (i = 0; i < nr; i++)
		weight += bits[i / 64] >> i % 64 & 1;
	return weight;
}

typedef struct { u64 counter; } atomic64_t;
#define atomic64_read(v)	((v)->counter)
#define atomic64_inc(v)		((v)->counter++)

#define MAX_NICE	19
extern struct task_struct *current;
#define task_nice(task)	((task)->nice)
void set_user_nice(struct task_struct *task, long nice);
#define local_irq_save(flags)		((flags) = 0)
#define local_irq_restore(flags)	((void)(flags))
#define msleep(ms)			((void)0)

int register_trace_sched_update_nr_running_tp(void (*probe)(void *, struct rq *, int), void *data);
int unregister_trace_sched_update_nr_running_tp(void (*probe)(void *, struct rq *, int),
						void *data);
#define tracepoint_synchronize_unregister()	((void)0)

enum cpuhp_state { CPUHP_BP_PREPARE_DYN = 1 };
/* Calls neither; the test does, as a CPU comes and goes. */
int cpuhp_setup_state_nocalls(enum cpuhp_state state, const char *name,
			      int (*up)(unsigned int cpu), int (*down)(unsigned int cpu));
void cpuhp_remove_state_nocalls(enum cpuhp_state state);
#define stop_machine(fn, data, cpus)				(fn)(data)

#endif /* FAKE_SCHED_H */
