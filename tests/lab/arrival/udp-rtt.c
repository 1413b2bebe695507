// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp-rtt ADDRESS PORT COUNT MIN_MS MAX_MS: requests to an echo at random gaps; prints how
 * long each answer took, in ns. Fails if one does not come.
 */
#include <arpa/inet.h>
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

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int min_us, max_us;
	char data;

	if (argc != 6 || inet_pton(AF_INET, argv[1], &addr.sin_addr) != 1)
		return 2;
	min_us = atoi(argv[4]) * 1000;
	max_us = atoi(argv[5]) * 1000;
	if (max_us <= min_us)
		return 2;
	addr.sin_port = htons(atoi(argv[2]));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("udp-rtt: connect");
		return 1;
	}
	srandom(now_ns());
	for (int i = 0; i < atoi(argv[3]); i++) {
		long long sent_ns;

		usleep(min_us + random() % (max_us - min_us));
		sent_ns = now_ns();
		if (send(fd, "", 1, 0) != 1 || recv(fd, &data, 1, 0) != 1) {
			perror("udp-rtt");
			return 1;
		}
		printf("%lld\n", now_ns() - sent_ns);
	}
	return 0;
}
