// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pass-fd SOCKET FILE NAME [COMMAND...]
 *
 * Opens FILE, passes the descriptor to the QEMU whose QMP monitor listens at SOCKET, as NAME by
 * "getfd", and then gives it each COMMAND, a line of JSON: a descriptor belongs to the monitor that
 * it was passed to. Prints the answers; exits 1 at the first that is an error.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* One line with a descriptor, or -1 for without. */
static void tell(int monitor, const char *line, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = "";
	struct iovec iov = { (char *)line, strlen(line) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	if (sendmsg(monitor, &msg, 0) != (ssize_t)iov.iov_len)
		err(2, "sendmsg");
}

/* The next line that answers a command: events and the greeting do not. */
static void answered(FILE *from)
{
	static char line[65536];

	while (fgets(line, sizeof(line), from)) {
		if (strstr(line, "\"error\"")) {
			fputs(line, stdout);
			exit(1);
		}
		if (strstr(line, "\"return\"")) {
			fputs(line, stdout);
			return;
		}
	}
	errx(2, "the monitor has closed, or does not answer");
}

int main(int argc, char **argv)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 10 };
	int monitor, fd;
	char getfd[256];
	FILE *from;

	if (argc < 4)
		errx(2, "usage: pass-fd SOCKET FILE NAME [COMMAND...]");
	fd = open(argv[2], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(2, "%s", argv[2]);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", argv[1]);
	monitor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (monitor < 0 || connect(monitor, (struct sockaddr *)&at, sizeof(at)) < 0)
		err(2, "%s", argv[1]);
	setsockopt(monitor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	from = fdopen(monitor, "r");
	if (!from)
		err(2, "fdopen");
	tell(monitor, "{\"execute\": \"qmp_capabilities\"}\n", -1);
	answered(from);
	snprintf(getfd, sizeof(getfd),
		 "{\"execute\": \"getfd\", \"arguments\": {\"fdname\": \"%s\"}}\n", argv[3]);
	tell(monitor, getfd, fd);
	answered(from);
	close(fd);
	for (int i = 4; i < argc; i++) {
		tell(monitor, argv[i], -1);
		tell(monitor, "\n", -1);
		answered(from);
	}
	return 0;
}
