// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holds the driver's counts of runnable tasks against what is known to be
 * runnable:
 *
 *	runnable show			each vCPU's words, a line each
 *	runnable spinners		0 to 8 spinners on every vCPU
 *	runnable overloaded		vCPU 0 says on how many others two spinners compete
 *	runnable storm SECONDS		tasks come, go and change
 *	runnable counts [MS]		nothing runs: are the counts right after that? MS: how
 *					soon, default 10; by a clock that runs while vCPUs
 *					stand still, better seconds
 *	runnable pingpong N [BATCH]	two processes and two pipes: ns per round trip, in the
 *					fastest BATCH of them (default N)
 *
 * The table is read as the driver shows it in sysfs. The slots' indices are the
 * APIC ids, which /proc/cpuinfo has. The reader is a realtime task, so that what
 * it measures does not keep it from reading in time; it counts itself.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runnable-look.h"
#include "runnable-storm.h"

#define MAX_SPINNERS	8
#define LIMIT_NS	10000000

static int64_t limit_ns = LIMIT_NS;

static int show(void)
{
	for (int cpu = 0; cpu < nr_cpus; cpu++) {
		struct virtio_sched_hint_slot slot = read_slot(cpu);
		unsigned int peer = slot.state >> VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT &
				    VIRTIO_SCHED_HINT_WAKE_PEER_MASK;

		printf("cpu=%d apic=%u state=%u nr_runnable=%llu seq=%llu nr_overloaded=%u peer=",
		       cpu, apic_id[cpu], (unsigned int)(slot.state & 0xff),
		       (unsigned long long)slot.nr_runnable,
		       (unsigned long long)slot.runnable_seq,
		       (unsigned int)(slot.state >> VIRTIO_SCHED_HINT_OVERLOADED_SHIFT));
		if (peer == VIRTIO_SCHED_HINT_NO_PEER)
			printf("none\n");
		else
			printf("%u\n", peer);
	}
	return 0;
}

/* A word that threads wait for: 0 wait, 1 spin, 2 end. */
static uint32_t phase;

static void *spinner(void *cpu)
{
	run_on((intptr_t)cpu);
	while (!__atomic_load_n(&phase, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &phase, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) == 1)
		;
	return NULL;
}

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
 * Waits until all counts are those wanted, one more on the reader's CPU, and at
 * most @others above. On the reader's CPU it is the reader that others wait for:
 * so it sleeps in between.
 */
static void expect_counts(int reader, unsigned int wanted, unsigned int others, const char *when)
{
	int64_t start = now_ns();

	for (int cpu = 0; cpu < nr_cpus; cpu++) {
		unsigned int want = wanted + (cpu == reader);
		int64_t late = now_ns() - start;
		uint64_t said;

		for (;;) {
			said = read_slot(cpu).nr_runnable;
			if ((said >= want && said <= want + others) || late > limit_ns)
				break;
			sleep_ns(200000);
			late = now_ns() - start;
		}
		if (said < want || said > want + others) {
			tell_tasks();
			die("%s: CPU %d has %u to run, its slot says %llu (after %lld us)", when, cpu,
			    want, (unsigned long long)said, (long long)late / 1000);
		}
	}
}

/*
 * The kernel's own number, of all CPUs together. Those of each are in debugfs only, in
 * sched/debug: reading that in 6.12.117 writes to the runqueues without their locks
 * (print_cfs_rq() calls avg_vruntime()), and ends in an oops of pick_task_fair().
 */
static unsigned int read_truth(void)
{
	FILE *stat = fopen("/proc/stat", "r");
	unsigned int running;
	char line[4096];

	while (stat && fgets(line, sizeof(line), stat)) {
		if (sscanf(line, "procs_running %u", &running) != 1)
			continue;
		fclose(stat);
		return running;
	}
	die("no procs_running in /proc/stat");
	return 0;
}

/*
 * Where nothing changed while the kernel was asked, both have to say the same; unless
 * a vCPU stood still between the kernel's change and the driver's word of it.
 */
static void expect_truth(const char *when)
{
	static struct virtio_sched_hint_slot before[MAX_CPUS];
	int64_t end = now_ns() + limit_ns;

	for (int tries = 0; tries < 200 || now_ns() < end; tries++) {
		unsigned int truth, said = 0;
		bool quiet = true;

		for (int cpu = 0; cpu < nr_cpus; cpu++)
			before[cpu] = read_slot(cpu);
		truth = read_truth();
		for (int cpu = 0; cpu < nr_cpus; cpu++) {
			quiet = quiet && read_slot(cpu).runnable_seq == before[cpu].runnable_seq;
			said += before[cpu].nr_runnable;
		}
		if (quiet && said == truth)
			return;
		if (quiet && now_ns() >= end) {
			tell_tasks();
			die("%s: %u tasks have to run, the slots say %u", when, truth, said);
		}
		sleep_ns(1000000);
	}
	die("%s: no quiet moment", when);
}

static void start_spinners(pthread_t *threads, int k, int policy)
{
	struct sched_param param = { .sched_priority = policy == SCHED_OTHER ? 0 : 1 };
	pthread_attr_t attr;
	int n = 0;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, policy);
	pthread_attr_setschedparam(&attr, &param);
	phase = 0;
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		for (int i = 0; i < k; i++)
			if (pthread_create(&threads[n++], &attr, spinner, (void *)(intptr_t)cpu))
				die("cannot create %d threads", n);
	/* until they wait */
	sleep_ns(50000000);
}

/* A thread that has been joined may still have to run to its end. */
static void wait_alone(void)
{
	glob_t tasks;
	int n;

	do {
		sleep_ns(1000000);
		glob("/proc/self/task/*", 0, NULL, &tasks);
		n = tasks.gl_pathc;
		globfree(&tasks);
	} while (n > 1);
}

/*
 * k spinners on every CPU: within 10 ms of being let go they are seen. A thread
 * of the kernel's may wait for its turn among them, and has to be counted, too:
 * what the kernel counts decides.
 */
static void spin(int reader, int k, int policy)
{
	static pthread_t threads[MAX_CPUS * MAX_SPINNERS];
	char when[64];

	snprintf(when, sizeof(when), "%d %s spinners, read on CPU %d", k,
		 policy == SCHED_OTHER ? "fair" : "realtime", reader);
	start_spinners(threads, k, policy);
	__atomic_store_n(&phase, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &phase, FUTEX_WAKE_PRIVATE, nr_cpus * k, NULL, NULL, 0);
	expect_counts(reader, k, 2, when);
	expect_truth(when);

	__atomic_store_n(&phase, 2, __ATOMIC_RELEASE);
	for (int i = 0; i < nr_cpus * k; i++)
		pthread_join(threads[i], NULL);
	wait_alone();
	/* who had to wait for realtime spinners has to catch up first */
	sleep_ns(policy == SCHED_OTHER ? 0 : 50000000);
	expect_counts(reader, 0, 0, "after the spinners' end");
}

/* The reader's priority is higher than anything else's but the stoppers'. */
static void become_reader(int cpu)
{
	run_on(cpu);
	if (set_policy(SCHED_FIFO, 90))
		die("no realtime priority: %s", strerror(errno));
}

static int spinners(void)
{
	for (int reader = 0; reader < nr_cpus; reader++) {
		become_reader(reader);
		for (int k = 0; k <= MAX_SPINNERS; k++) {
			spin(reader, k, SCHED_OTHER);
			if (k)
				spin(reader, k, SCHED_FIFO);
		}
		printf("read on CPU %d: 0 to %d spinners on each of %d CPUs\n", reader,
		       MAX_SPINNERS, nr_cpus);
	}
	return 0;
}

/* Waits until CPU 0, which idles every few milliseconds, says that many. */
static void expect_overloaded(unsigned int wanted, const char *when)
{
	int64_t start = now_ns(), late;
	unsigned int said = 0;

	do {
		uint64_t state = read_slot(0).state;

		late = now_ns() - start;
		/* its slot says it while it is idle only */
		if ((state & VIRTIO_SCHED_HINT_STATE_MASK) == VIRTIO_SCHED_HINT_STATE_IDLE) {
			said = state >> VIRTIO_SCHED_HINT_OVERLOADED_SHIFT &
			       VIRTIO_SCHED_HINT_OVERLOADED_MASK;
			if (said == wanted)
				return;
		}
		sleep_ns(200000);
	} while (late <= limit_ns);
	tell_tasks();
	die("%s: %u CPUs are overloaded, CPU 0 says %u (after %lld us)", when, wanted, said,
	    (long long)late / 1000);
}

/* Each on its CPU, until they are told to end. */
static int start_two(pthread_t *threads, int cpu)
{
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, spinner, (void *)(intptr_t)cpu))
			die("cannot create threads");
	return 2;
}

/* The reader is on the last CPU, and in no one's way: alone there, or before all others. */
static int tell_overloaded(void)
{
	struct sched_param low = { 0 };
	pthread_t threads[4];
	pid_t napper;
	int n = 0;

	if (nr_cpus < 3)
		die("three CPUs are wanted");
	napper = fork();
	if (napper == 0) {
		run_on(0);
		for (;;)
			sleep_ns(1000000);
	}
	become_reader(nr_cpus - 1);
	sleep_ns(50000000);
	expect_overloaded(0, "nobody spins");
	for (int cpus = 1; cpus <= 2; cpus++) {
		phase = 0;
		sched_setscheduler(0, SCHED_OTHER, &low);
		n = start_two(threads, 1);
		if (cpus > 1)
			n += start_two(threads + n, 2);
		sleep_ns(50000000);
		become_reader(nr_cpus - 1);
		__atomic_store_n(&phase, 1, __ATOMIC_RELEASE);
		syscall(SYS_futex, &phase, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
		expect_overloaded(cpus, "two spin on a CPU");
		__atomic_store_n(&phase, 2, __ATOMIC_RELEASE);
		while (n)
			pthread_join(threads[--n], NULL);
		expect_overloaded(0, "they have ended");
	}
	kill(napper, SIGKILL);
	printf("CPU 0 says which CPUs are overloaded\n");
	return 0;
}

static int counts(void)
{
	become_reader(0);
	expect_counts(0, 0, 0, "after a storm");
	expect_truth("after a storm");
	spin(0, 3, SCHED_OTHER);
	printf("after a storm the counts are right\n");
	return 0;
}

static void pass_on(int from, int to, int times)
{
	char byte = 0;

	while (times--)
		if (read(from, &byte, 1) != 1 || write(to, &byte, 1) != 1)
			die("the pipe broke");
}

/* All on CPU 0: each step is a wake-up and a switch, and nothing idles. */
static int pingpong(int times, int batch)
{
	int64_t fastest = INT64_MAX;
	int there[2], back[2];
	pid_t pid;

	run_on(0);
	if (pipe(there) || pipe(back))
		die("no pipes");
	pid = fork();
	if (pid == 0) {
		pass_on(there[0], back[1], times);
		_exit(0);
	}
	if (write(there[1], "", 1) != 1)
		die("the pipe broke");
	for (; times >= batch; times -= batch) {
		int64_t start = now_ns(), took;

		pass_on(back[0], there[1], batch);
		took = now_ns() - start;
		fastest = took < fastest ? took : fastest;
	}
	kill(pid, SIGKILL);
	printf("%lld\n", (long long)fastest / batch);
	waitpid(pid, NULL, 0);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 0;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (!strcmp(what, "pingpong") && number > 1)
		return pingpong(number, argc > 3 && atoi(argv[3]) > 0 ? atoi(argv[3]) : number);
	open_table();
	if (!strcmp(what, "show"))
		return show();
	if (!strcmp(what, "spinners"))
		return spinners();
	if (!strcmp(what, "overloaded"))
		return tell_overloaded();
	if (!strcmp(what, "counts")) {
		limit_ns = number > 0 ? number * 1000000LL : LIMIT_NS;
		return counts();
	}
	if (!strcmp(what, "storm") && number > 0)
		return storm(number);
	die("usage: runnable show|spinners|overloaded|storm SECONDS|counts [MS]|pingpong N");
}
