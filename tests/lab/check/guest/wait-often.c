// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wait-often poll|recv MS: waits again and again for MS milliseconds, with a timer of
 * the kernel's high-resolution ones (poll) or of its timer wheel (recv).
 * wait-often round MS US: to US microseconds after each multiple of MS of CLOCK_MONOTONIC, by a
 * timerfd, which has no slack.
 */
#include <err.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static void round_times(long long period_ns, long phase_ns)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec at = {};
	struct timespec now;
	long long next_ns;
	uint64_t expirations;

	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		next_ns = now.tv_sec * 1000000000LL + now.tv_nsec;
		next_ns += period_ns - next_ns % period_ns + phase_ns;
		at.it_value.tv_sec = next_ns / 1000000000;
		at.it_value.tv_nsec = next_ns % 1000000000;
		if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL) ||
		    read(fd, &expirations, sizeof(expirations)) != sizeof(expirations))
			err(1, "timerfd");
	}
}

int main(int argc, char **argv)
{
	struct timeval timeout = {};
	int pair[2], ms;
	char byte;

	if (argc < 3 || (ms = atoi(argv[2])) <= 0 || (argc == 4) != !strcmp(argv[1], "round"))
		errx(2, "usage: wait-often poll|recv MS, or round MS US");
	if (argc == 4)
		round_times(ms * 1000000LL, atol(argv[3]) * 1000);
	timeout.tv_sec = ms / 1000;
	timeout.tv_usec = ms % 1000 * 1000;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) ||
	    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		err(1, "socketpair");
	for (;;) {
		if (!strcmp(argv[1], "poll"))
			poll(NULL, 0, ms);
		else
			recv(pair[0], &byte, 1, 0);
	}
}
