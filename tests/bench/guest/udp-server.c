// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp-server PORT WORK_US TIMEOUT_MS [DEVICE]: answers each request with itself,
 * after as much work as takes WORK_US undisturbed, and with a DEVICE after one
 * direct read of 4 KiB at a random place of it. It waits in poll(), as servers with
 * timers of their own do.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		4096
#define CALIBRATE_NS	200000000

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Neither inlined nor cloned: the turns that are worked are those that were timed. */
static __attribute__((noipa)) void spin(long turns)
{
	for (long i = 0; i < turns; i++)
		asm volatile("" : : : "memory");
}

/*
 * How many turns of spin() take a microsecond, by the fastest of batches; it is over
 * when none has been faster for a while, so that a CPU has its frequency by then. Work
 * is counted in turns, not timed: time for which this task or its vCPU was taken from
 * its CPU is no work done.
 */
static long calibrate(void)
{
	const long batch = 20000;
	long long best_ns = 0, best_at = now_ns(), begun, ended;

	do {
		begun = now_ns();
		spin(batch);
		ended = now_ns();
		if (ended > begun && (!best_ns || ended - begun < best_ns)) {
			best_ns = ended - begun;
			best_at = ended;
		}
	} while (ended - best_at < CALIBRATE_NS);
	return best_ns ? batch * 1000 / best_ns : batch;
}

static struct {
	int fd;
	off_t nr_blocks;
	void *data;
} disk = { .fd = -1 };

static void open_disk(const char *device)
{
	disk.fd = open(device, O_RDONLY | O_DIRECT);
	disk.nr_blocks = disk.fd < 0 ? 0 : lseek(disk.fd, 0, SEEK_END) / BLOCK;
	if (disk.nr_blocks < 1 || posix_memalign(&disk.data, BLOCK, BLOCK)) {
		perror(device);
		exit(1);
	}
}

static void read_disk(void)
{
	if (disk.fd < 0)
		return;
	if (pread(disk.fd, disk.data, BLOCK, lrand48() % disk.nr_blocks * BLOCK) != BLOCK) {
		perror("udp-server: read");
		exit(1);
	}
}

static void answer(int fd, long turns)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char data[2048];
	ssize_t got = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (got < 0)
		return;
	read_disk();
	spin(turns);
	sendto(fd, data, got, 0, (struct sockaddr *)&from, len);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct pollfd pollfd = { .fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN };
	long turns;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: udp-server PORT WORK_US TIMEOUT_MS [DEVICE]\n");
		return 2;
	}
	addr.sin_port = htons(atoi(argv[1]));
	turns = calibrate() * atol(argv[2]);
	if (bind(pollfd.fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("udp-server");
		return 1;
	}
	if (argc == 5)
		open_disk(argv[4]);
	for (;;) {
		if (poll(&pollfd, 1, atoi(argv[3])) > 0)
			answer(pollfd.fd, turns);
	}
}
