/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For runnable: the published counts against what has to run, and against the
 * kernel's own. The reader is a realtime task, so that what it measures does not keep
 * it from reading in time; it counts itself.
 */
#ifndef RUNNABLE_TRUTH_H
#define RUNNABLE_TRUTH_H

#include <glob.h>

#include "runnable-look.h"

#define LIMIT_NS	10000000

static int64_t limit_ns = LIMIT_NS;

/* Who wants to run, so that a failure can be told from other work. */
static void tell_tasks(void)
{
	char stat[512], name[64], state;
	glob_t found;
	FILE *file;

	glob("/proc/[0-9]*/stat", 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		file = fopen(found.gl_pathv[i], "r");
		if (!file)
			continue;
		if (fgets(stat, sizeof(stat), file) &&
		    sscanf(stat, "%*d (%63[^)]) %c", name, &state) == 2 && state == 'R')
			fprintf(stderr, "%s: %s\n", found.gl_pathv[i], name);
		fclose(file);
	}
	globfree(&found);
}

/*
 * Waits until a count is that wanted, or at most @others above. On the reader's CPU
 * it is the reader that others wait for: so it sleeps in between.
 */
static void expect_count(int cpu, unsigned int wanted, unsigned int others, const char *when)
{
	int64_t start = now_ns(), late;
	uint64_t said;

	for (;;) {
		said = read_slot(cpu).nr_runnable;
		late = now_ns() - start;
		if (said >= wanted && said <= wanted + others)
			return;
		if (late > limit_ns)
			break;
		sleep_ns(200000);
	}
	tell_tasks();
	die("%s: CPU %d has %u to run, its slot says %llu (after %lld us)", when, cpu, wanted,
	    (unsigned long long)said, (long long)late / 1000);
}

static void expect_reader_alone(int reader, const char *when)
{
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		expect_count(cpu, cpu == reader, 0, when);
}

/*
 * The kernel's own number, of all online CPUs together. Those of each are in debugfs
 * only, in sched/debug: reading that in 6.12.117 writes to the runqueues without their
 * locks (print_cfs_rq() calls avg_vruntime()), and ends in an oops of pick_task_fair().
 */
static unsigned int read_truth(void)
{
	unsigned int running;
	char line[128];

	/* "0.00 0.01 0.05 2/123 4567": 2 */
	read_file(&loadavg_fd, "/proc/loadavg", line, sizeof(line));
	if (sscanf(line, "%*s %*s %*s %u/", &running) != 1)
		die("/proc/loadavg says: %s", line);
	return running;
}

struct look {
	bool quiet;		/* nothing changed while the kernel was asked */
	unsigned int said;	/* by the slots */
	unsigned int truth;
};

/* Slots of CPUs that are offline are left out, as the kernel does. */
static struct look look_once(void)
{
	static struct virtio_sched_hint_slot before[MAX_CPUS];
	char online[2][64];
	struct look look = { .quiet = true };
	int cpu;

	read_online(online[0], sizeof(online[0]));
	for (cpu = 0; cpu < nr_cpus; cpu++)
		before[cpu] = read_slot(cpu);
	look.truth = read_truth();
	for (cpu = 0; cpu < nr_cpus; cpu++) {
		if (!is_online(online[0], cpu))
			continue;
		look.quiet = look.quiet && read_slot(cpu).runnable_seq == before[cpu].runnable_seq;
		look.said += before[cpu].nr_runnable;
	}
	read_online(online[1], sizeof(online[1]));
	look.quiet = look.quiet && !strcmp(online[0], online[1]);
	return look;
}

/*
 * Where nothing changed while the kernel was asked, both have to say the same; unless
 * a vCPU stood still between the kernel's change and the driver's word of it.
 */
static void expect_truth(const char *when)
{
	int64_t end = now_ns() + limit_ns;

	for (int tries = 0; tries < 200 || now_ns() < end; tries++) {
		struct look look = look_once();

		if (look.quiet && look.said == look.truth)
			return;
		if (look.quiet && now_ns() >= end) {
			tell_tasks();
			die("%s: %u tasks have to run, the slots say %u", when, look.truth,
			    look.said);
		}
		sleep_ns(1000000);
	}
	die("%s: no quiet moment", when);
}

/* The reader's priority is higher than anything else's but deadline tasks' and the stoppers'. */
static void become_reader(int cpu)
{
	run_on(cpu);
	if (set_policy(SCHED_FIFO, 90))
		die("no realtime priority: %s", strerror(errno));
}

/* From where it is looked makes a difference: which runqueue stands still. */
#define LOOKS_ON_A_CPU	100
/* So few quiet moments would tell nothing. */
#define MIN_LOOKS	100

/*
 * Until then the counts are the kernel's; but for limit_ns at most at a time, for a change is
 * told after it was made. Of changes that are just being made one look in hundreds is.
 */
static void watch(int64_t until_ns)
{
	int looks = 0, quiet = 0, wrong = 0;
	int64_t wrong_since_ns = 0;

	become_reader(0);
	while (now_ns() < until_ns) {
		struct look look;

		/* fails while that CPU is offline */
		if (looks++ % LOOKS_ON_A_CPU == 0)
			move_to(looks / LOOKS_ON_A_CPU % nr_cpus);
		look = look_once();
		quiet += look.quiet;
		if (look.quiet && look.said == look.truth)
			wrong_since_ns = 0;
		if (look.quiet && look.said != look.truth) {
			wrong++;
			wrong_since_ns = wrong_since_ns ?: now_ns();
			if (now_ns() - wrong_since_ns > limit_ns)
				die("in a storm: %u tasks have to run, the slots say %u",
				    look.truth, look.said);
		}
		sleep_ns(300000);
	}
	printf("%d looks in a storm: %d quiet, of these %d just before a change was told\n",
	       looks, quiet, wrong);
	if (quiet < MIN_LOOKS)
		die("too few quiet moments in a storm to tell");
}

/* Where nobody is to look. */
static void watch_nothing(int64_t until_ns)
{
	(void)until_ns;
}

#endif /* RUNNABLE_TRUTH_H */
