// SPDX-License-Identifier: GPL-2.0-or-later
/* udp-ping ADDRESS PORT COUNT GAP_MS: requests to an echo; fails if an answer does not come. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char data;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &addr.sin_addr) != 1)
		return 2;
	addr.sin_port = htons(atoi(argv[2]));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("udp-ping: connect");
		return 1;
	}
	for (int i = 0; i < atoi(argv[3]); i++) {
		if (send(fd, "", 1, 0) != 1 || recv(fd, &data, 1, 0) != 1) {
			perror("udp-ping");
			return 1;
		}
		usleep(atoi(argv[4]) * 1000);
	}
	return 0;
}
