// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blk-read DEVICE SECONDS SEED: direct reads of 4 KiB at random places, one
 * after the other. Prints "elapsed NS", then how long each read took, in ns.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		4096
#define MAX_READS	(1 << 20)

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int read_one(int fd, void *data, off_t nr_blocks)
{
	off_t block = (((off_t)lrand48() << 31) | lrand48()) % nr_blocks;

	return pread(fd, data, BLOCK, block * BLOCK) == BLOCK ? 0 : -1;
}

int main(int argc, char **argv)
{
	static unsigned int took[MAX_READS];
	long long begun, before, after;
	long nr_reads = 0;
	off_t nr_blocks;
	void *data;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: blk-read DEVICE SECONDS SEED\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY | O_DIRECT);
	nr_blocks = fd < 0 ? 0 : lseek(fd, 0, SEEK_END) / BLOCK;
	if (nr_blocks < 1 || posix_memalign(&data, BLOCK, BLOCK)) {
		perror("blk-read");
		return 1;
	}
	srand48(atol(argv[3]));
	begun = now_ns();
	after = begun;
	while (nr_reads < MAX_READS && after < begun + atol(argv[2]) * 1000000000LL) {
		before = after;
		if (read_one(fd, data, nr_blocks)) {
			perror("blk-read");
			return 1;
		}
		after = now_ns();
		took[nr_reads++] = after - before;
	}
	printf("elapsed %lld\n", after - begun);
	for (long i = 0; i < nr_reads; i++)
		printf("%u\n", took[i]);
	return 0;
}
