// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nap COUNT US: sleeps that often, for so long. In a guest each is a halt.
 */
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[1]) : 0;
	const struct timespec nap = { .tv_nsec = argc > 2 ? atol(argv[2]) * 1000 : 0 };

	if (count <= 0 || nap.tv_nsec <= 0)
		return 2;
	while (count--)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
	return 0;
}
