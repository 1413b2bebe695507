// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded into sipp: a clock without the tick's grain.
 *
 * sipp schedules calls by CLOCK_MONOTONIC_COARSE, which advances at the
 * kernel's tick, each 4 ms where HZ is 250. 60 calls a second would then come
 * 16, 16 and 20 ms apart, and so would its BYEs: a rhythm of the load
 * generator's that no load of a constant rate has.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock == CLOCK_MONOTONIC_COARSE)
		clock = CLOCK_MONOTONIC;
	return syscall(SYS_clock_gettime, clock, now);
}
