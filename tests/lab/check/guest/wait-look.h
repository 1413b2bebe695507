/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who looks on: the publishes of a CPU at idle entry, as the host would read them,
 * against the clock, and what is expected of them.
 */
#ifndef WAIT_LOOK_H
#define WAIT_LOOK_H

#include <err.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include <linux/virtio_sched_hint.h>

#define NONE		VIRTIO_SCHED_HINT_NS_NONE
#define MS		1000000LL
#define PATIENCE_MS	3000
#define TOLERANCE_NS	50000

static int table;
static int failures;

/* One publish at idle entry, as the host would read it. */
struct view {
	unsigned int waiters;
	uint64_t timeout_ns, timer_ns, tsc, seq;
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 * MS + ts.tv_nsec;
}

static void nap(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * MS };

	nanosleep(&ts, NULL);
}

static void run_on(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(pid, sizeof(set), &set))
		err(2, "CPU %d", cpu);
}

/* False: that CPU does not idle now. */
static bool read_idle(unsigned int id, struct view *view)
{
	struct virtio_sched_hint_slot a, b;

	if (pread(table, &a, sizeof(a), id * sizeof(a)) != sizeof(a) ||
	    pread(table, &b, sizeof(b), id * sizeof(b)) != sizeof(b))
		err(2, "table");
	if (memcmp(&a, &b, 64) || (a.state & 0xff) != VIRTIO_SCHED_HINT_STATE_IDLE)
		return false;
	view->waiters = a.state >> VIRTIO_SCHED_HINT_POLL_WAITERS_SHIFT & 0xffff;
	view->timeout_ns = a.poll_timeout_ns;
	view->timer_ns = a.next_timer_ns;
	view->tsc = a.tsc;
	view->seq = a.publish_seq;
	return true;
}

static struct view look(unsigned int id)
{
	struct view view = { 0 };
	int ms;

	for (ms = 0; ms < PATIENCE_MS && !read_idle(id, &view); ms++)
		nap(1);
	if (ms == PATIENCE_MS)
		errx(1, "vCPU %u does not idle", id);
	return view;
}

static void check(bool ok, const char *name, const char *what, const struct view *view)
{
	if (ok)
		return;
	failures++;
	printf("FAIL %s: %s: waiters=%u timeout_ns=%" PRId64 "\n", name, what, view->waiters,
	       (int64_t)view->timeout_ns);
}

/* Waits until that many wait there; or says what is wrong. */
static struct view expect(unsigned int id, unsigned int waiters, const char *name, const char *what)
{
	struct view view = look(id);
	int ms;

	for (ms = 0; ms < PATIENCE_MS && view.waiters != waiters; ms++) {
		nap(1);
		view = look(id);
	}
	check(view.waiters == waiters, name, what, &view);
	return view;
}

/* Makes a CPU publish afresh, and tells how many wait there. */
static unsigned int stir(int cpu)
{
	pid_t pid = fork();

	if (!pid) {
		run_on(0, cpu);
		nap(2);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	nap(5);
	return look(cpu).waiters;
}

/* The TSC and the clock at one moment, as near as can be. */
struct moment {
	uint64_t tsc;
	int64_t ns;
};

static struct moment moment(void)
{
	struct moment best = { 0 };
	uint64_t width = UINT64_MAX;
	int i;

	for (i = 0; i < 50; i++) {
		uint64_t before = __rdtsc();
		int64_t ns = now_ns();
		uint64_t after = __rdtsc();

		if (after - before < width) {
			width = after - before;
			best.tsc = before + width / 2;
			best.ns = ns;
		}
	}
	return best;
}

static int64_t clock_at(uint64_t tsc, const struct moment *a, const struct moment *b)
{
	return a->ns + (int64_t)((double)(int64_t)(tsc - a->tsc) * (b->ns - a->ns) /
				 (double)(b->tsc - a->tsc));
}

#endif /* WAIT_LOOK_H */
