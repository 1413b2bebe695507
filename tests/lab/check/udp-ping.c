// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp-ping [-t] ADDRESS PORT COUNT GAP_MS [MAX_GAP_MS]: requests to an echo, each so long
 * after the one before, or after a time at random between the two; -t prints how long each
 * answer took, in ns. Fails if one does not come.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* A socket to the echo, or -1. */
static int connected(const char *address, const char *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (inet_pton(AF_INET, address, &addr.sin_addr) != 1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	return fd;
}

/* How long the answer took, or -1. */
static long long request(int fd)
{
	long long sent_ns = now_ns();
	char data;

	if (send(fd, "", 1, 0) != 1 || recv(fd, &data, 1, 0) != 1)
		return -1;
	return now_ns() - sent_ns;
}

/* Sleeps until so long after the last call. What is late does not make the next one late. */
static void sleep_on(long long ns)
{
	static struct timespec until;

	if (!until.tv_sec)
		clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ns;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

int main(int argc, char **argv)
{
	bool times = getopt(argc, argv, "t") == 't';
	int min_us, span_us, fd;

	argc -= optind;
	argv += optind;
	if (argc != 4 && argc != 5)
		return 2;
	min_us = atoi(argv[3]) * 1000;
	span_us = argc == 5 ? atoi(argv[4]) * 1000 - min_us : 1;
	if (min_us < 0 || span_us <= 0)
		return 2;
	fd = connected(argv[0], argv[1]);
	if (fd < 0) {
		perror("udp-ping: connect");
		return 1;
	}
	srandom(now_ns());
	for (int i = 0; i < atoi(argv[2]); i++) {
		long long took_ns;

		sleep_on((min_us + random() % span_us) * 1000LL);
		took_ns = request(fd);
		if (took_ns < 0) {
			perror("udp-ping");
			return 1;
		}
		if (times)
			printf("%lld\n", took_ns);
	}
	return 0;
}
