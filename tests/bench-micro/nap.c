// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nap COUNT US: sleeps that often, for so long, and prints what each took in ns, waking and
 * falling asleep included. In a guest each is a halt; others may come between, for the tick.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[1]) : 0;
	const struct timespec nap = { .tv_nsec = argc > 2 ? atol(argv[2]) * 1000 : 0 };

	struct timespec begun, ended;
	long i;

	if (count <= 0 || nap.tv_nsec <= 0)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (i = 0; i < count; i++)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	printf("%lld\n", ((ended.tv_sec - begun.tv_sec) * 1000000000LL + ended.tv_nsec - begun.tv_nsec) / count);
	return 0;
}
