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
 *	wait-test TABLE entry PROGRAM		wait-32, a 32-bit program, waits by the vDSO's entry
 *	wait-test TABLE nothing			the feature is off: the words are 0
 *
 * TABLE is the driver's attribute "table". Waiters live on CPU 0, whose APIC id
 * is 0; this program looks on from CPU 1. What it expects it expects of the next
 * publish of CPU 0 at idle entry; those who wait there anyway are counted first.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wait-deadlines.h"
#include "wait-waiter.h"

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

/* What it says goes to @said: whoever reads our output waits in poll(), on CPU 0 perhaps. */
static pid_t start_program(const char *program, const char *what, FILE *said)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fileno(said), STDOUT_FILENO);
	run_on(0, 0);
	execl(program, program, what, NULL);
	err(2, "%s", program);
}

/* By int $0x80, whatever the first entry was: the kernel sets that up for restarts. */
static void stop_and_continue(pid_t pid, const char *name, unsigned int others)
{
	struct view view;

	kill(pid, SIGSTOP);
	expect(0, others, name, "stopped");
	kill(pid, SIGCONT);
	view = expect(0, others + 1, name, "continued");
	check(view.timeout_ns != NONE, name, "continued with its timeout", &view);
}

/* How many wait on CPU 0 when whoever started this program has come to rest: the same for a second. */
static unsigned int settled(void)
{
	unsigned int others = stir(0), same = 0, i;

	for (i = 0; i < 50 && same < 5; i++) {
		unsigned int now;

		nap(200);
		now = stir(0);
		same = now == others ? same + 1 : 0;
		others = now;
	}
	return others;
}

/* Registers as SYSCALL or SYSENTER leave them. */
static void entry(const char *program)
{
	static const char * const waits[] = { "poll", "recv" };
	FILE *said = tmpfile();
	unsigned int others, i;
	struct view view;
	char line[64];
	pid_t pid;

	if (!said)
		err(2, "a temporary file");
	for (i = 0; i < 2; i++) {
		others = settled();
		pid = start_program(program, waits[i], said);
		view = expect(0, others + 1, waits[i], "waits");
		check(view.timeout_ns <= (i ? 33000 : 30000) * MS && view.timeout_ns >= 25000 * MS,
		      waits[i], "timeout", &view);
		/* a stop ends a receive that has a timeout */
		if (!i)
			stop_and_continue(pid, waits[i], others);
		stop_waiter(pid);
		view = expect(0, others, waits[i], "killed");
		check(view.timeout_ns == NONE, waits[i], "after a kill", &view);
	}
	rewind(said);
	while (fgets(line, sizeof(line), said))
		fputs(line, stdout);
	fclose(said);
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
	settled();

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
	else if (!strcmp(what, "entry") && argc > 3)
		entry(argv[3]);
	else if (!strcmp(what, "nothing"))
		nothing();
	else
		errx(2, "what? deadlines, timers, wakes, moves, crowd, rebind, entry or nothing");
	if (failures)
		printf("%d failures\n", failures);
	return failures != 0;
}
