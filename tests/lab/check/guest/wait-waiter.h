/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who waits, on CPU 0, in one of wait_calls: a process of its own.
 */
#ifndef WAIT_WAITER_H
#define WAIT_WAITER_H

#include <signal.h>
#include <sys/prctl.h>

#include "wait-calls.h"
#include "wait-look.h"

/* What the waiter tells the one who looks on. */
static struct shared {
	volatile int64_t began_ns;	/* just before the call */
	volatile int64_t ended_ns;
	volatile long result;
	volatile int calls;		/* ended so far */
	int threads;			/* begun so far */
} *shared;

/* The calls begin at 20 ms and more from each other: not all at one phase of the tick. */
static pid_t start_waiter(const struct wait_call *call, int64_t timeout_ns, int calls)
{
	pid_t pid;
	int i;

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
	for (i = 0; i < calls; i++) {
		nap(20 + i);
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

#endif /* WAIT_WAITER_H */
