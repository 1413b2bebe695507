// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded into sipp: a clock and waits without a grain of milliseconds.
 *
 * sipp schedules calls by CLOCK_MONOTONIC_COARSE, which advances at the
 * kernel's tick, each 4 ms where HZ is 250. 60 calls a second would then come
 * 16, 16 and 20 ms apart, and so would its BYEs: a rhythm of the load
 * generator's that no load of a constant rate has.
 *
 * Since it uses epoll (3.4) it waits in each of its rounds for up to a
 * millisecond, also while calls have something to send, and a call sends one
 * message a round: from an answer to the call's BYE 3 to 5 ms pass, in which
 * the server meets the next call's INVITE. sipp 3.3, which the paper used, did
 * not wait then. Here the rounds after a message do not wait, and the others do
 * not for long.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* From a 200 on: ACK, pause, end of pause, BYE. */
#define ROUNDS_PER_MESSAGE	4
#define LONGEST_WAIT_NS		100000

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock == CLOCK_MONOTONIC_COARSE)
		clock = CLOCK_MONOTONIC;
	return syscall(SYS_clock_gettime, clock, now);
}

int epoll_wait(int epoll_fd, struct epoll_event *events, int max, int timeout_ms)
{
	static int busy_rounds;
	struct timespec wait = { 0, busy_rounds || !timeout_ms ? 0 : LONGEST_WAIT_NS };
	int nr_events = syscall(SYS_epoll_pwait2, epoll_fd, events, max, &wait, NULL, 0);

	if (busy_rounds)
		busy_rounds--;
	if (nr_events > 0)
		busy_rounds = ROUNDS_PER_MESSAGE;
	return nr_events;
}
