// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holds the driver's counts of runnable tasks against what is known to be
 * runnable:
 *
 *	runnable show			each vCPU's words, a line each
 *	runnable spinners		0 to 8 spinners on every vCPU
 *	runnable storm SECONDS		tasks come, go and change
 *	runnable counts [MS]		nothing runs: are the counts right after that? MS: how
 *					soon, default 10; by a clock that runs while vCPUs
 *					stand still, better seconds
 *	runnable pingpong N		two processes and two pipes: ns per round trip
 *
 * The table is read as the driver shows it in sysfs. The slots' indices are the
 * APIC ids, which /proc/cpuinfo has. The reader is a realtime task, so that what
 * it measures does not keep it from reading in time; it counts itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/virtio_sched_hint.h>

#define TABLE		"/sys/bus/virtio/drivers/virtio_sched_hint/virtio*/table"
#define MAX_CPUS	256
#define MAX_SPINNERS	8
#define LIMIT_NS	10000000

static int64_t limit_ns = LIMIT_NS;

static int table_fd;
static int nr_cpus;
static unsigned int apic_id[MAX_CPUS];

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void sleep_ns(int64_t ns)
{
	struct timespec gap = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&gap, NULL);
}

static void open_table(void)
{
	FILE *cpuinfo = fopen("/proc/cpuinfo", "r");
	char line[256];
	glob_t found;

	if (glob(TABLE, 0, NULL, &found) || found.gl_pathc != 1)
		die("no %s", TABLE);
	table_fd = open(found.gl_pathv[0], O_RDONLY);
	if (table_fd < 0)
		die("%s: %s", found.gl_pathv[0], strerror(errno));
	while (cpuinfo && fgets(line, sizeof(line), cpuinfo))
		if (!strncmp(line, "apicid", 6) && nr_cpus < MAX_CPUS)
			apic_id[nr_cpus++] = atoi(strchr(line, ':') + 1);
	if (!nr_cpus)
		die("no APIC ids in /proc/cpuinfo");
}

static struct virtio_sched_hint_slot read_slot(int cpu)
{
	struct virtio_sched_hint_slot slot;

	if (pread(table_fd, &slot, sizeof(slot), (off_t)apic_id[cpu] * sizeof(slot)) !=
	    sizeof(slot))
		die("the table has no slot %u", apic_id[cpu]);
	return slot;
}

static int move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static void run_on(int cpu)
{
	if (move_to(cpu))
		die("cannot run on CPU %d: %s", cpu, strerror(errno));
}

static int set_policy(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return sched_setscheduler(0, policy, &param);
}

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
			if (k == 1 || k == MAX_SPINNERS)
				spin(reader, k, SCHED_FIFO);
		}
		printf("read on CPU %d: 0 to %d spinners on each of %d CPUs\n", reader,
		       MAX_SPINNERS, nr_cpus);
	}
	return 0;
}

static void burn(int64_t ns)
{
	int64_t end = now_ns() + ns;

	while (now_ns() < end)
		;
}

static void forks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* Nobody waits for them: they are gone as soon as they are done. */
static void orphans(void)
{
	signal(SIGCHLD, SIG_IGN);
	if (fork() == 0) {
		burn(rand() % 100000);
		_exit(0);
	}
	/* not faster than they can end */
	sleep_ns(30000000);
}

static void *nothing(void *unused)
{
	return unused;
}

static void threads(void)
{
	pthread_t thread[4];
	int n = 0;

	while (n < 4 && !pthread_create(&thread[n], NULL, nothing, NULL))
		n++;
	while (n)
		pthread_join(thread[--n], NULL);
}

static void hops(void)
{
	/* fails while that CPU is offline */
	move_to(rand() % nr_cpus);
	burn(rand() % 200000);
}

static void policies(void)
{
	static const struct { int policy, priority; } all[] = {
		{ SCHED_OTHER, 0 }, { SCHED_FIFO, 3 }, { SCHED_BATCH, 0 }, { SCHED_RR, 5 },
		{ SCHED_IDLE, 0 },
	};
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime_ns, deadline_ns, period_ns;
	} deadline = { sizeof(deadline), SCHED_DEADLINE, 0, 0, 0, 300000, 10000000, 10000000 };
	int i = rand() % 6;

	/* the shares of many deadline tasks may not fit: refused, then */
	if (i == 5)
		syscall(SYS_sched_setattr, 0, &deadline, 0);
	else
		set_policy(all[i].policy, all[i].priority);
	burn(rand() % 500000);
	sleep_ns(rand() % 1000000);
}

static void nices(void)
{
	setpriority(PRIO_PROCESS, 0, rand() % 40 - 20);
	burn(rand() % 200000);
	sched_yield();
}

static void naps(void)
{
	sleep_ns(rand() % 3000000);
	burn(rand() % 100000);
}

static void (*const kinds[])(void) = { forks, orphans, threads, hops, policies, nices, naps };

#define NR_KINDS	(int)(sizeof(kinds) / sizeof(kinds[0]))

/* What a worker may take to end after its time. */
#define PATIENCE_NS	3000000000LL

/*
 * Debian's 6.1 and 6.12 now and then leave a deadline task that has used up its runtime
 * throttled for good, also where the driver hooks nothing. Another policy sets it free.
 */
static void free_forgotten(const pid_t *workers, int n)
{
	struct sched_param param = { 0 };
	int i, freed = 0;

	for (i = 0; i < n; i++)
		if (workers[i] && !sched_setscheduler(workers[i], SCHED_OTHER, &param))
			freed++;
	printf("%d workers did not end by themselves\n", freed);
}

/* Waits for the workers that are left; how many have failed. */
static int reap(pid_t *workers, int n, int64_t until_ns)
{
	int i, status, failed = 0, left = n;

	while (left && now_ns() < until_ns) {
		left = 0;
		for (i = 0; i < n; i++) {
			if (workers[i] && waitpid(workers[i], &status, WNOHANG) == workers[i]) {
				workers[i] = 0;
				failed += !!status;
			}
			left += !!workers[i];
		}
		sleep_ns(10000000);
	}
	return failed;
}

static int nr_left(const pid_t *workers, int n)
{
	int left = 0;

	while (n--)
		left += !!workers[n];
	return left;
}

/* Two workers of a kind per CPU, for a while. */
static int storm(int seconds)
{
	static pid_t workers[2 * MAX_CPUS * sizeof(kinds) / sizeof(kinds[0])];
	int64_t end = now_ns() + seconds * 1000000000LL;
	int i, failed, n = 2 * nr_cpus * NR_KINDS;

	for (i = 0; i < n; i++) {
		workers[i] = fork();
		if (workers[i] < 0)
			die("cannot fork %d workers", n);
		if (workers[i])
			continue;
		srand(i);
		while (now_ns() < end)
			kinds[i % NR_KINDS]();
		_exit(0);
	}
	failed = reap(workers, n, end + PATIENCE_NS);
	if (nr_left(workers, n)) {
		free_forgotten(workers, n);
		failed += reap(workers, n, now_ns() + 10 * PATIENCE_NS);
	}
	if (failed || nr_left(workers, n))
		die("of %d workers %d failed, and %d do not end", n, failed, nr_left(workers, n));
	/* the last orphans end by themselves */
	sleep_ns(300000000);
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
static int pingpong(int times)
{
	int there[2], back[2];
	int64_t start;
	pid_t pid;

	run_on(0);
	if (pipe(there) || pipe(back))
		die("no pipes");
	pid = fork();
	if (pid == 0) {
		pass_on(there[0], back[1], times);
		_exit(0);
	}
	start = now_ns();
	if (write(there[1], "", 1) != 1)
		die("the pipe broke");
	pass_on(back[0], there[1], times - 1);
	if (read(back[0], &(char){ 0 }, 1) != 1)
		die("the pipe broke");
	printf("%lld\n", (long long)(now_ns() - start) / times);
	waitpid(pid, NULL, 0);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 0;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (!strcmp(what, "pingpong") && number > 1)
		return pingpong(number);
	open_table();
	if (!strcmp(what, "show"))
		return show();
	if (!strcmp(what, "spinners"))
		return spinners();
	if (!strcmp(what, "counts")) {
		limit_ns = number > 0 ? number * 1000000LL : LIMIT_NS;
		return counts();
	}
	if (!strcmp(what, "storm") && number > 0)
		return storm(number);
	die("usage: runnable show|spinners|storm SECONDS|counts [MS]|pingpong N");
}
