// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holds the driver's counts of runnable tasks against what is known to be
 * runnable:
 *
 *	runnable show			each vCPU's words, a line each
 *	runnable spinners		0 to 8 spinners on every vCPU
 *	runnable overloaded		vCPU 0 says on how many others two spinners compete
 *	runnable storm SECONDS [MS]	tasks come, go and change, and meanwhile the counts
 *					are the kernel's. MS: as below; 0: nobody looks
 *	runnable counts [MS]		nothing runs: are the counts right after that? MS: how
 *					soon, default 10; by a clock that runs while vCPUs
 *					stand still, better seconds
 *	runnable pingpong N [BATCH]	two processes and two pipes: ns per round trip, in the
 *					fastest BATCH of them (default N)
 *
 * The table is read as the driver shows it in sysfs. The slots' indices are the
 * APIC ids, which /proc/cpuinfo has.
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
#include "runnable-truth.h"

#define MAX_SPINNERS	8

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

struct policy {
	int id;
	const char *name;
};

static const struct policy fair = { SCHED_OTHER, "fair" };
static const struct policy realtime = { SCHED_FIFO, "realtime" };
static const struct policy deadline = { SCHED_DEADLINE, "deadline" };

/* A word that threads wait for: 0 wait, 1 spin, 2 end. */
static uint32_t phase;

/* A whole CPU for each: where all have that, none is ever throttled. */
#define SPINNER_PERIOD_NS	10000000

static int spin_policy = SCHED_OTHER;

static void *spinner(void *cpu)
{
	run_on((intptr_t)cpu);
	if (spin_policy == SCHED_DEADLINE && set_deadline(SPINNER_PERIOD_NS, SPINNER_PERIOD_NS))
		die("no deadline task: %s", strerror(errno));
	while (!__atomic_load_n(&phase, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &phase, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) == 1)
		;
	return NULL;
}

/* On each CPU but @spared, -1 for none; how many. */
static int start_spinners(pthread_t *threads, int k, int policy, int spared)
{
	struct sched_param param = { .sched_priority = policy == SCHED_FIFO };
	pthread_attr_t attr;
	int n = 0;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	/* pthreads know nothing of the other: a spinner sets it */
	pthread_attr_setschedpolicy(&attr, policy == SCHED_FIFO ? SCHED_FIFO : SCHED_OTHER);
	pthread_attr_setschedparam(&attr, &param);
	phase = 0;
	spin_policy = policy;
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		for (int i = 0; cpu != spared && i < k; i++)
			if (pthread_create(&threads[n++], &attr, spinner, (void *)(intptr_t)cpu))
				die("cannot create %d threads", n);
	/* until they wait */
	sleep_ns(50000000);
	return n;
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
static void spin(int reader, int k, const struct policy *policy)
{
	static pthread_t threads[MAX_CPUS * MAX_SPINNERS];
	/* they would keep it from running */
	int spared = policy->id == SCHED_DEADLINE ? reader : -1;
	char when[64];
	int i, n;

	snprintf(when, sizeof(when), "%d %s spinners, read on CPU %d", k, policy->name, reader);
	n = start_spinners(threads, k, policy->id, spared);
	__atomic_store_n(&phase, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &phase, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		expect_count(cpu, (cpu == spared ? 0 : k) + (cpu == reader), 2, when);
	expect_truth(when);

	__atomic_store_n(&phase, 2, __ATOMIC_RELEASE);
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	wait_alone();
	/* who had to wait for such spinners has to catch up first */
	sleep_ns(policy->id == SCHED_OTHER ? 0 : 50000000);
	expect_reader_alone(reader, "after the spinners' end");
}

/*
 * Without limit for realtime and deadline tasks: else the latter may not be pinned. The
 * kernel's other tasks can wait for so long.
 */
static void limit_realtime(const char *us)
{
	FILE *file = fopen("/proc/sys/kernel/sched_rt_runtime_us", "w");

	if (!file || fprintf(file, "%s\n", us) < 0 || fclose(file))
		die("sched_rt_runtime_us: %s", strerror(errno));
}

static int spinners(void)
{
	limit_realtime("-1");
	for (int reader = 0; reader < nr_cpus; reader++) {
		become_reader(reader);
		for (int k = 0; k <= MAX_SPINNERS; k++) {
			spin(reader, k, &fair);
			if (k) {
				spin(reader, k, &realtime);
				spin(reader, k, &deadline);
			}
		}
		printf("read on CPU %d: 0 to %d spinners on each of %d CPUs\n", reader,
		       MAX_SPINNERS, nr_cpus);
	}
	limit_realtime("950000");
	return 0;
}

/* CPU 0 publishes each millisecond; by the clock it may have to wait for a pCPU first. */
#define PUBLISHES_MAX	10
#define CPU0_LIMIT_NS	1000000000

/* Waits until CPU 0 says that many in one of its next publishes. */
static void expect_overloaded(unsigned int wanted, const char *when)
{
	uint64_t publishes, begun = read_slot(0).publish_seq;
	int64_t start = now_ns();
	unsigned int said = 0;

	do {
		struct virtio_sched_hint_slot slot = read_slot(0);

		publishes = slot.publish_seq - begun;
		/* its slot says it while it is idle only */
		if ((slot.state & VIRTIO_SCHED_HINT_STATE_MASK) == VIRTIO_SCHED_HINT_STATE_IDLE) {
			said = slot.state >> VIRTIO_SCHED_HINT_OVERLOADED_SHIFT &
			       VIRTIO_SCHED_HINT_OVERLOADED_MASK;
			if (said == wanted)
				return;
		}
		sleep_ns(200000);
	} while (publishes <= PUBLISHES_MAX && now_ns() - start < CPU0_LIMIT_NS);
	tell_tasks();
	die("%s: %u CPUs are overloaded, CPU 0 says %u (after %llu publishes)", when, wanted, said,
	    (unsigned long long)publishes);
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
		expect_count(1, 2, 1, "two spin on CPU 1");
		if (cpus > 1)
			expect_count(2, 3, 1, "two spin beside the reader");
		expect_overloaded(cpus, "two spin on a CPU");
		__atomic_store_n(&phase, 2, __ATOMIC_RELEASE);
		while (n)
			pthread_join(threads[--n], NULL);
		wait_alone();
		expect_overloaded(0, "they have ended");
	}
	kill(napper, SIGKILL);
	printf("CPU 0 says which CPUs are overloaded\n");
	return 0;
}

static int counts(void)
{
	become_reader(0);
	expect_reader_alone(0, "after a storm");
	expect_truth("after a storm");
	spin(0, 3, &fair);
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
	if (!strcmp(what, "storm") && number > 0) {
		limit_ns = argc > 3 ? atoi(argv[3]) * 1000000LL : LIMIT_NS;
		return storm(number, limit_ns ? watch : watch_nothing);
	}
	die("usage: runnable show|spinners|overloaded|storm SECONDS [MS]|counts [MS]|pingpong N");
}
