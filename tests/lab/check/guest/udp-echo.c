// SPDX-License-Identifier: GPL-2.0-or-later
/* udp-echo PORT: sends back what comes. It does nothing but wait in recvfrom(). */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET }, from;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char data[64];

	addr.sin_port = htons(argc > 1 ? atoi(argv[1]) : 0);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("udp-echo");
		return 1;
	}
	for (;;) {
		socklen_t len = sizeof(from);
		ssize_t got = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &len);

		if (got > 0)
			sendto(fd, data, got, 0, (struct sockaddr *)&from, len);
	}
}
