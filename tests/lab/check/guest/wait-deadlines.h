/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The deadlines that are published, against the clock and against the kernel's own
 * timers.
 */
#ifndef WAIT_DEADLINES_H
#define WAIT_DEADLINES_H

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "wait-waiter.h"

/* A task on CPU 0 that can be woken there, and sleeps without a timer. */
static int kick_fd;

static pid_t start_kicked(void)
{
	int fds[2];
	pid_t pid;
	char c;

	if (pipe(fds))
		err(2, "pipe");
	kick_fd = fds[1];
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_on(0, 0);
	for (;;)
		if (read(fds[0], &c, 1) != 1)
			_exit(1);
}

/* Makes CPU 0 publish afresh, and leaves no timer behind. */
static void kick(void)
{
	if (write(kick_fd, "x", 1) != 1)
		err(2, "kick");
}

/* Runs until killed: CPU 0 publishes again and again. */
static pid_t start_stirrer(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_on(0, 0);
	for (;;)
		nap(7);
}

struct error {
	int64_t low, high;	/* of the published deadline, against the clock; ns */
	int64_t spread;		/* among the publishes of one wait */
	int64_t off_tick;	/* from the nearest tick, at most */
	int publishes;
};

/* At 250 Hz the kernel's ticks are at multiples of this, on the clock that is monotonic. */
#define TICK_NS		(4 * MS)

static int64_t off_tick(int64_t ns)
{
	int64_t behind = ns % TICK_NS;

	return behind < TICK_NS / 2 ? behind : TICK_NS - behind;
}

/* Which of a wait's publishes differ, and by how much: what is to be known of a failure. */
static void print_publishes(const char *name, const struct view *views, int n,
			    const struct moment *before, const struct moment *after)
{
	int i;

	for (i = 0; i < n; i++) {
		int64_t at_ns = clock_at(views[i].tsc, before, after);

		printf("%s: publish %" PRIu64 " at %.1f us: deadline %.1f us behind it, %.1f behind a tick; next timer %.1f\n",
		       name, views[i].seq, (at_ns - shared->began_ns) / 1e3, views[i].timeout_ns / 1e3,
		       (at_ns + (int64_t)views[i].timeout_ns) % TICK_NS / 1e3,
		       (int64_t)views[i].timer_ns / 1e3);
	}
}

/*
 * One wait: its publishes, each with the deadline it comes to. The truth lies
 * between two clock readings: the timeout counts from a moment within the call,
 * after began_ns; and it does not return before its deadline.
 */
static struct error deadline_try(int64_t timeout_ns, unsigned int others, const char *name)
{
	struct moment before = moment(), after;
	struct view views[64], view;
	struct error error = { 0 };
	int64_t first = INT64_MAX, last = INT64_MIN, due = INT64_MAX;
	int calls = shared->calls, n = 0, i;

	while (shared->calls == calls) {
		nap(1);
		if (shared->began_ns < before.ns || !read_idle(0, &view) || n == 64 ||
		    view.waiters != others + 1 || view.timeout_ns == NONE)
			continue;
		if (!n || views[n - 1].seq != view.seq)
			views[n++] = view;
	}
	after = moment();
	for (i = 0; i < n; i++) {
		int64_t deadline = clock_at(views[i].tsc, &before, &after) + views[i].timeout_ns;

		/* of a wait that was over, or had not begun */
		if (deadline < shared->began_ns)
			continue;
		/*
		 * It has passed, it does not say by how much: the CPU's tick came before
		 * the other CPU had counted that in jiffies, and the timer waits for the next.
		 */
		if (!views[i].timeout_ns) {
			due = deadline < due ? deadline : due;
			continue;
		}
		first = deadline < first ? deadline : first;
		last = deadline > last ? deadline : last;
		error.off_tick = off_tick(deadline) > error.off_tick ? off_tick(deadline) :
				 error.off_tick;
		error.publishes++;
	}
	if (shared->result != 0 && shared->result != -1 && shared->result != -EAGAIN)
		errx(1, "%s returns %ld", name, shared->result);
	error.low = first - (shared->began_ns + timeout_ns);
	error.high = shared->ended_ns - last;
	/* Nor may it have passed before it does. */
	error.spread = last - (due < first ? due : first);
	if (error.publishes && error.spread > TOLERANCE_NS)
		print_publishes(name, views, n, &before, &after);
	return error;
}

/*
 * How long the call takes that does not wait: so much later than the clock was
 * read may the kernel have begun to count. 0 for a socket, which would wait.
 */
static int64_t call_cost(const struct wait_call *call, int tries)
{
	int64_t best = INT64_MAX;
	pid_t pid;
	int i;

	if (call->socket)
		return 0;
	pid = start_waiter(call, 0, tries);
	for (i = 1; i <= tries; i++) {
		int64_t took;

		await_calls(i, call->name);
		took = shared->ended_ns - shared->began_ns;
		best = took < best ? took : best;
	}
	stop_waiter(pid);
	return best;
}

static int64_t nearest(int64_t a, int64_t b)
{
	return llabs(a) < llabs(b) ? a : b;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/*
 * Of the tries the median is judged: one or the other is disturbed, between the clock's
 * reading and the call's own, say. Of the returns, which have a wake-up in them, the best.
 */
static void deadlines(int tries)
{
	const struct wait_call *call;
	pid_t stirrer = start_stirrer();

	printf("%-22s %9s %9s %9s %9s %9s %9s (us)\n", "call", "late", "median", "cost",
	       "spread", "returned", "publishes");
	for (call = wait_calls; call->name; call++) {
		const int64_t timeout_ns = 60 * MS;
		int64_t low[tries], spread[tries], off[tries], best = INT64_MAX, high = INT64_MAX;
		int64_t cost = call_cost(call, tries);
		unsigned int others = stir(0);
		int publishes = 0, seen = 0, i;
		pid_t pid = start_waiter(call, timeout_ns, tries);
		struct view view = { 0 };

		for (i = 0; i < tries; i++) {
			struct error error = deadline_try(timeout_ns, others, call->name);

			if (!error.publishes)
				continue;
			low[seen] = error.low;
			off[seen] = error.off_tick;
			spread[seen++] = error.spread;
			best = nearest(error.low, best);
			high = nearest(error.high, high);
			publishes += error.publishes;
		}
		stop_waiter(pid);
		if (seen < (tries + 1) / 2) {
			view = look(0);
			printf("%s: published in %d of %d waits; %u waited before\n", call->name, seen,
			       tries, others);
			check(false, call->name, "its deadline is not published", &view);
			continue;
		}
		qsort(low, seen, sizeof(*low), compare);
		qsort(spread, seen, sizeof(*spread), compare);
		qsort(off, seen, sizeof(*off), compare);
		printf("%-22s %9.1f %9.1f %9.1f %9.1f %9.1f %9d\n", call->name, best / 1e3,
		       low[seen / 2] / 1e3, cost / 1e3, spread[seen / 2] / 1e3, high / 1e3,
		       publishes);
		/* A socket's timeout ends at a tick, one more than asked for. */
		check(low[seen / 2] >= -TOLERANCE_NS && best >= -TOLERANCE_NS &&
		      low[seen / 2] <= TOLERANCE_NS + cost + (call->socket ? 2 * TICK_NS : 0),
		      call->name, "deadline against clock", &view);
		/*
		 * A return has the timer's slack, its interrupt and a wake-up
		 * before it; but no tick, by which a socket's could be wrong.
		 */
		check(high >= -TOLERANCE_NS && high <= 3 * MS, call->name,
		      "return against deadline", &view);
		/* which tick it is, the return has told */
		if (call->socket) {
			printf("%-22s %9.1f from its tick\n", "", off[seen / 2] / 1e3);
			check(off[seen / 2] <= TOLERANCE_NS, call->name, "deadline against tick",
			      &view);
		}
		check(spread[seen / 2] <= TOLERANCE_NS, call->name,
		      "deadline differs from publish to publish", &view);
	}
	stop_waiter(stirrer);
}

/*
 * The kernel's own next timer, when nothing else is due before: the very one that
 * ends the wait. It is later by the timer's slack, 0.1 % of the time. Not for
 * sockets: since 6.12 an idle CPU leaves such timers to another one.
 * Tells how far the published deadline was from that, at best, in one wait.
 */
static int64_t timer_try(const struct wait_call *call, unsigned int others)
{
	const int64_t timeout_ns = 200 * MS, slack_ns = timeout_ns / 1000;
	pid_t pid = begin_waiter(call, timeout_ns, 1);
	int64_t best = INT64_MAX;
	struct view view;

	while (!shared->calls) {
		nap(5);
		if (read_idle(0, &view) && view.timeout_ns != NONE && view.waiters == others + 1)
			best = nearest((int64_t)(view.timer_ns - view.timeout_ns) - slack_ns, best);
		kick();
	}
	stop_waiter(pid);
	return best;
}

static void timers(void)
{
	const struct view none = { 0 };
	const struct wait_call *call;
	pid_t kicked = start_kicked();

	printf("%-22s %9s (us)\n", "call", "to timer");
	for (call = wait_calls; call->name; call++) {
		int64_t distance = INT64_MAX;
		unsigned int others;
		int i;

		if (call->socket)
			continue;
		others = stir(0);
		/* the tick, or another timer, may come before it in one wait or the other */
		for (i = 0; i < 15 && llabs(distance) > TOLERANCE_NS; i++)
			distance = nearest(timer_try(call, others), distance);
		printf("%-22s %9.1f\n", call->name, distance / 1e3);
		check(llabs(distance) <= TOLERANCE_NS, call->name,
		      "deadline against the kernel's next timer", &none);
	}
	stop_waiter(kicked);
}

#endif /* WAIT_DEADLINES_H */
