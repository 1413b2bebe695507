/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For runnable: tasks that come, go and change, for a while.
 */
#ifndef RUNNABLE_STORM_H
#define RUNNABLE_STORM_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "runnable-look.h"

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
	int i = rand() % 6;

	/* the shares of many deadline tasks may not fit: refused, then */
	if (i == 5)
		set_deadline(300000, 10000000);
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

static bool all_online(void)
{
	char list[256];

	read_online(list, sizeof(list));
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		if (!is_online(list, cpu))
			return false;
	return true;
}

/*
 * Debian's 6.1 and 6.12 now and then leave a deadline task that has used up its runtime
 * throttled for good, also where the driver hooks nothing. Another policy sets it free: not
 * while the CPU on whose runqueue it was left is offline, for then 6.12.117 divides by the
 * number of that root domain's active CPUs, 0 (task_non_contending()).
 */
static void free_forgotten(const pid_t *workers, int n)
{
	int64_t until_ns = now_ns() + 10 * PATIENCE_NS;
	struct sched_param param = { 0 };
	int i, freed = 0;

	while (!all_online() && now_ns() < until_ns)
		sleep_ns(10000000);
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

/* Two workers of a kind per CPU, for a while. @watch: is called meanwhile */
static int storm(int seconds, void (*watch)(int64_t until_ns))
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
		/* none is left behind where a watch has failed */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		srand(i);
		while (now_ns() < end)
			kinds[i % NR_KINDS]();
		_exit(0);
	}
	watch(end);
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

#endif /* RUNNABLE_STORM_H */
