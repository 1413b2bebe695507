// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does what the vCPUs publish about waiting tasks fit what waits?
 *
 *	wait-test TABLE deadlines [TRIES]	each call with a timeout, against the clock
 *	wait-test TABLE timers			the same, against the kernel's timers
 *	wait-test TABLE wakes			each call: forever, timeout 0, data, signals, kill
 *	wait-test TABLE moves			a waiter whose CPUs change, or go away
 *	wait-test TABLE crowd N ROOM		many at a time; the driver has room for so many
 *	wait-test TABLE rebind			who waits already when the driver starts
 *	wait-test TABLE nothing			the feature is off: the words are 0
 *
 * TABLE is the driver's attribute "table". Waiters live on CPU 0, whose APIC id
 * is 0; this program looks on from CPU 1. What it expects it expects of the next
 * publish of CPU 0 at idle entry; those who wait there anyway are counted first.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include <linux/virtio_sched_hint.h>

#include "wait-calls.h"

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

/* What the waiter tells the one who looks on. */
static struct shared {
	volatile int64_t began_ns;	/* just before the call */
	volatile int64_t ended_ns;
	volatile long result;
	volatile int calls;		/* ended so far */
	int threads;			/* begun so far */
} *shared;

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

static pid_t start_waiter(const struct wait_call *call, int64_t timeout_ns, int calls)
{
	pid_t pid;

	shared->calls = 0;
	shared->began_ns = 0;
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_on(0, 0);
	/* not the first time: page faults are over */
	call->wait(MS);
	while (calls--) {
		nap(20);
		shared->began_ns = now_ns();
		shared->result = call->wait(timeout_ns);
		shared->ended_ns = now_ns();
		shared->calls++;
	}
	for (;;)
		nap(1000);
}

/* As start_waiter(); returns when it is about to wait. */
static pid_t begin_waiter(const struct wait_call *call, int64_t timeout_ns, int calls)
{
	pid_t pid = start_waiter(call, timeout_ns, calls);

	while (!shared->began_ns)
		nap(1);
	return pid;
}

static void stop_waiter(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void await_calls(int calls, const char *name)
{
	int ms;

	for (ms = 0; ms < PATIENCE_MS && shared->calls < calls; ms++)
		nap(1);
	if (shared->calls < calls)
		errx(1, "%s does not return", name);
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
	int publishes;
};

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
	int64_t first = INT64_MAX, last = INT64_MIN;
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
		first = deadline < first ? deadline : first;
		last = deadline > last ? deadline : last;
		error.publishes++;
	}
	if (shared->result != 0 && shared->result != -1 && shared->result != -EAGAIN)
		errx(1, "%s returns %ld", name, shared->result);
	error.low = first - (shared->began_ns + timeout_ns);
	error.high = shared->ended_ns - last;
	error.spread = last - first;
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
 * The best of the tries is the one that was disturbed least, between the clock's
 * reading and the call's own, say; an error of the driver's is in each of them.
 */
static void deadlines(int tries)
{
	const struct wait_call *call;
	pid_t stirrer = start_stirrer();

	printf("%-20s %9s %9s %9s %9s %9s %9s (us)\n", "call", "late", "median", "cost",
	       "spread", "returned", "publishes");
	for (call = wait_calls; call->name; call++) {
		const int64_t timeout_ns = 60 * MS;
		int64_t low[tries], spread[tries], best = INT64_MAX, high = INT64_MAX;
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
			spread[seen++] = error.spread;
			best = nearest(error.low, best);
			high = nearest(error.high, high);
			publishes += error.publishes;
		}
		stop_waiter(pid);
		if (seen < (tries + 1) / 2) {
			check(false, call->name, "its deadline is not published", &view);
			continue;
		}
		qsort(low, seen, sizeof(*low), compare);
		qsort(spread, seen, sizeof(*spread), compare);
		printf("%-20s %9.1f %9.1f %9.1f %9.1f %9.1f %9d\n", call->name, best / 1e3,
		       low[seen / 2] / 1e3, cost / 1e3, spread[seen / 2] / 1e3, high / 1e3,
		       publishes);
		/* A socket's timeout ends at a tick, one more than asked for: at 250 Hz. */
		check(low[seen / 2] >= -TOLERANCE_NS && best >= -TOLERANCE_NS &&
		      best <= TOLERANCE_NS + cost + (call->socket ? 8 * MS : 0),
		      call->name, "deadline against clock", &view);
		/*
		 * A return has the timer's slack, its interrupt and a wake-up
		 * before it; but no tick, by which a socket's could be wrong.
		 */
		check(high >= -TOLERANCE_NS && high <= 3 * MS, call->name,
		      "return against deadline", &view);
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

	printf("%-20s %9s (us)\n", "call", "to timer");
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
		printf("%-20s %9.1f\n", call->name, distance / 1e3);
		check(llabs(distance) <= TOLERANCE_NS, call->name,
		      "deadline against the kernel's next timer", &none);
	}
	stop_waiter(kicked);
}

static void handler(int sig)
{
	(void)sig;
}

static void wakes_of(const struct wait_call *call, unsigned int others)
{
	struct view view;
	pid_t pid;
	int i;

	/* forever, until there is data, twice */
	pid = begin_waiter(call, FOREVER, 2);
	for (i = 0; i < 2; i++) {
		view = expect(0, others + 1, call->name, "waits forever");
		check(view.timeout_ns == NONE, call->name, "no timeout", &view);
		wait_calls_wake(call);
		await_calls(i + 1, call->name);
		if (shared->result != 1)
			errx(1, "%s returns %ld", call->name, shared->result);
		wait_calls_drain(call);
	}
	expect(0, others, call->name, "woken by data");
	stop_waiter(pid);

	/* a signal with a handler, before the timeout */
	pid = begin_waiter(call, 30000 * MS, 1);
	view = expect(0, others + 1, call->name, "waits for long");
	/* a socket's ends at the next multiple of 512 ticks */
	check(view.timeout_ns <= (call->socket ? 33000 : 30000) * MS &&
	      view.timeout_ns >= 25000 * MS, call->name, "a long timeout", &view);
	kill(pid, SIGUSR1);
	view = expect(0, others, call->name, "woken by a signal");
	check(view.timeout_ns == NONE, call->name, "after a signal", &view);
	stop_waiter(pid);

	/* killed */
	pid = begin_waiter(call, 30000 * MS, 1);
	expect(0, others + 1, call->name, "waits before it is killed");
	stop_waiter(pid);
	view = expect(0, others, call->name, "killed");
	check(view.timeout_ns == NONE, call->name, "after a kill", &view);

	/* does not wait; a socket's timeout of 0 is for ever */
	if (call->socket)
		return;
	pid = begin_waiter(call, 0, 1);
	await_calls(1, call->name);
	nap(10);
	view = expect(0, others, call->name, "timeout 0");
	check(view.timeout_ns == NONE, call->name, "timeout 0", &view);
	stop_waiter(pid);
}

/* Stopped, a task does not wait; continued, it goes on in restart_syscall() or anew. */
static void stop_and_go(const struct wait_call *call, unsigned int others)
{
	struct view before, after;
	struct moment a = moment(), b;
	int64_t moved;
	pid_t pid = begin_waiter(call, 2500 * MS, 1);

	before = expect(0, others + 1, call->name, "waits before it is stopped");
	kill(pid, SIGSTOP);
	expect(0, others, call->name, "stopped");
	kill(pid, SIGCONT);
	after = expect(0, others + 1, call->name, "continued");
	nap(100);
	b = moment();
	moved = clock_at(after.tsc, &a, &b) + after.timeout_ns -
		clock_at(before.tsc, &a, &b) - before.timeout_ns;
	printf("%s: stopped and continued, deadline moved by %.1f us\n", call->name, moved / 1e3);
	check(moved > -MS && moved < MS, call->name, "deadline after a stop", &after);
	stop_waiter(pid);
}

static void wakes(void)
{
	const struct wait_call *call;
	const unsigned int at_first = stir(0);
	struct sigaction action = { .sa_handler = handler };

	sigaction(SIGUSR1, &action, NULL);
	for (call = wait_calls; call->name; call++) {
		wakes_of(call, at_first);
		if (!strcmp(call->name, "poll") || !strcmp(call->name, "poll/32"))
			stop_and_go(call, at_first);
	}
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err(2, "%s", path);
	close(fd);
}

static void set_online(int cpu, int online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	write_to(path, online ? "1" : "0");
}

static void moves(void)
{
	const struct wait_call *call = wait_calls;
	unsigned int others_0 = stir(0), others_1;
	struct view view;
	pid_t pid = begin_waiter(call, FOREVER, 3);

	expect(0, others_0 + 1, "moves", "waits on CPU 0");

	/* Its CPUs change while it waits: it counts where it blocked, until it is woken. */
	run_on(0, 0);
	others_1 = stir(1);
	run_on(pid, 1);
	nap(50);
	view = look(1);
	check(view.waiters == others_1, "moves", "not on CPU 1 before it ran there", &view);
	wait_calls_wake(call);
	await_calls(1, call->name);
	wait_calls_drain(call);
	expect(1, others_1 + 1, "moves", "waits on CPU 1");
	run_on(0, 1);
	expect(0, others_0, "moves", "no more on CPU 0");

	/* CPU 1 goes away, and the waiter with its data later. */
	run_on(0, 0);
	set_online(1, 0);
	wait_calls_wake(call);
	await_calls(2, call->name);
	wait_calls_drain(call);
	nap(100);
	set_online(1, 1);
	run_on(pid, 0);
	wait_calls_wake(call);
	await_calls(3, call->name);
	wait_calls_drain(call);
	stop_waiter(pid);
	expect(1, others_1, "moves", "nobody on CPU 1 when it is back");
	run_on(0, 1);
	expect(0, others_0, "moves", "nobody on CPU 0 in the end");
}

/* A thread with nothing but a stack. Timeouts of 21 to 40 s. */
static int member(void *nr)
{
	/* not one of wait_calls: their arguments would be shared */
	struct timespec ts = { 40 - (intptr_t)nr % 20, 0 };

	run_on(0, 0);
	__atomic_add_fetch(&shared->threads, 1, __ATOMIC_RELAXED);
	syscall(SYS_ppoll, NULL, 0, &ts, NULL, 8);
	return 0;
}

static void crowd(unsigned int size, unsigned int room)
{
	unsigned int others = stir(0);
	struct view view;
	intptr_t i;
	pid_t pid;

	write_to("/proc/sys/kernel/threads-max", "10000");
	pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (i = 0; i < (intptr_t)size; i++) {
			char *stack = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (stack == MAP_FAILED ||
			    clone(member, stack + 8192, CLONE_VM | CLONE_FS | CLONE_FILES |
				  CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, (void *)i) < 0)
				err(2, "thread %d", (int)i);
		}
		for (;;)
			nap(1000);
	}
	for (i = 0; i < 10 * PATIENCE_MS; i++) {
		if (__atomic_load_n(&shared->threads, __ATOMIC_RELAXED) == (int)size)
			break;
		nap(1);
	}
	nap(20);
	stir(0);
	view = look(0);
	check(view.waiters == (others + size < room ? others + size : room), "crowd",
	      "all that fit", &view);
	check(view.timeout_ns <= 21000 * MS && view.timeout_ns >= 10000 * MS, "crowd",
	      "the shortest timeout", &view);
	stop_waiter(pid);
	view = expect(0, others, "crowd", "all killed");
	check(view.timeout_ns == NONE, "crowd", "no timeout left", &view);
}

/* Those who wait while the driver comes are counted; their timeouts are not known. */
static void rebind(const char *path)
{
	char dir[256], *device;
	const struct wait_call *call;
	pid_t pids[8];
	unsigned int others;
	struct view view;
	int i;

	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = 0;
	device = strrchr(dir, '/') + 1;
	for (i = 0, call = wait_calls; i < 8; i++, call++)
		pids[i] = begin_waiter(call, 30000 * MS, 1);
	write_to("/sys/bus/virtio/drivers/virtio_sched_hint/unbind", device);
	close(table);
	write_to("/sys/bus/virtio/drivers/virtio_sched_hint/bind", device);
	nap(2000);
	table = open(path, O_RDONLY);
	if (table < 0)
		err(2, "%s", path);
	stir(0);
	view = look(0);
	for (i = 0; i < 8; i++)
		stop_waiter(pids[i]);
	others = stir(0);
	check(view.waiters == others + 8, "rebind", "who waited already", &view);
	check(view.timeout_ns == NONE, "rebind", "whose timeouts are not known", &view);
}

static void nothing(void)
{
	pid_t pid = begin_waiter(wait_calls, 30000 * MS, 1);
	struct view view;

	nap(100);
	view = look(0);
	check(view.waiters == 0 && view.timeout_ns == 0, "nothing", "words that are not in use", &view);
	stop_waiter(pid);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";

	/* Nobody is to be woken by what it prints before the end. */
	setvbuf(stdout, NULL, _IOFBF, 65536);
	table = open(argc > 1 ? argv[1] : "", O_RDONLY);
	if (table < 0)
		err(2, "%s", argc > 1 ? argv[1] : "which table?");
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(2, "mmap");
	wait_calls_open();
	run_on(0, 1);

	if (!strcmp(what, "deadlines"))
		deadlines(argc > 3 ? atoi(argv[3]) : 8);
	else if (!strcmp(what, "timers"))
		timers();
	else if (!strcmp(what, "wakes"))
		wakes();
	else if (!strcmp(what, "moves"))
		moves();
	else if (!strcmp(what, "crowd"))
		crowd(argc > 3 ? atoi(argv[3]) : 100, argc > 4 ? atoi(argv[4]) : 512);
	else if (!strcmp(what, "rebind"))
		rebind(argv[1]);
	else if (!strcmp(what, "nothing"))
		nothing();
	else
		errx(2, "what? deadlines, timers, wakes, moves, crowd, rebind or nothing");
	if (failures)
		printf("%d failures\n", failures);
	return failures != 0;
}
