// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wait-often poll|recv MS: waits again and again for MS milliseconds, with a timer of
 * the kernel's high-resolution ones (poll) or of its timer wheel (recv).
 */
#include <err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

int main(int argc, char **argv)
{
	struct timeval timeout = {};
	int pair[2], ms;
	char byte;

	if (argc != 3 || (ms = atoi(argv[2])) <= 0)
		errx(2, "usage: wait-often poll|recv MS");
	timeout.tv_sec = ms / 1000;
	timeout.tv_usec = ms % 1000 * 1000;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) ||
	    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		err(1, "socketpair");
	for (;;) {
		if (!strcmp(argv[1], "poll"))
			poll(NULL, 0, ms);
		else
			recv(pair[0], &byte, 1, 0);
	}
}
