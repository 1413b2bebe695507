// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp-server PORT WORK_US TIMEOUT_MS: answers each request with itself, after
 * WORK_US of work. It waits in poll(), as servers with timers of their own do.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void work(long us)
{
	long long end = now_ns() + us * 1000LL;

	while (us && now_ns() < end)
		;
}

static void answer(int fd, long work_us)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char data[2048];
	ssize_t got = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (got < 0)
		return;
	work(work_us);
	sendto(fd, data, got, 0, (struct sockaddr *)&from, len);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct pollfd pollfd = { .fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN };

	if (argc != 4) {
		fprintf(stderr, "usage: udp-server PORT WORK_US TIMEOUT_MS\n");
		return 2;
	}
	addr.sin_port = htons(atoi(argv[1]));
	if (bind(pollfd.fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("udp-server");
		return 1;
	}
	for (;;) {
		if (poll(&pollfd, 1, atoi(argv[3])) > 0)
			answer(pollfd.fd, atol(argv[2]));
	}
}
