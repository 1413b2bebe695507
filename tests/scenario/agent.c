// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs commands in a guest for the host:
 *
 *	agent serve PORT READY-MESSAGE		in the guest, as its init process
 *	agent run ADDRESS PORT COMMAND...	on the host
 *
 * "run" joins its arguments with blanks, as ssh does, has the guest's shell run
 * that, passes on what it prints, and exits with its status. When the host's end
 * goes away, the guest kills the command. An idle agent costs nothing: it
 * sleeps in accept().
 *
 * On the wire: the length of the command (32 bits, network order) and the
 * command; back come frames of a type byte, a length, and that many bytes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRAME_STDOUT = 1, FRAME_STDERR = 2, FRAME_EXIT = 3 };

#define MAX_COMMAND	65536
/* The agent itself failed; ssh uses the same status. */
#define EXIT_AGENT	255

static int write_all(int fd, const void *data, size_t len)
{
	const char *from = data;

	while (len) {
		ssize_t done = write(fd, from, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		from += done;
		len -= done;
	}
	return 0;
}

static int read_all(int fd, void *data, size_t len)
{
	char *to = data;

	while (len) {
		ssize_t done = read(fd, to, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		to += done;
		len -= done;
	}
	return 0;
}

static int send_frame(int fd, unsigned char type, const void *data, uint32_t len)
{
	unsigned char head[5] = { type };
	uint32_t net = htonl(len);

	memcpy(head + 1, &net, sizeof(net));
	if (write_all(fd, head, sizeof(head)))
		return -1;
	return write_all(fd, data, len);
}

/* Passes on what is there; 0 once the command has closed its end. */
static int relay(int from, int to, unsigned char type)
{
	char data[65536];
	ssize_t len = read(from, data, sizeof(data));

	if (len < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (len <= 0)
		return 0;
	return send_frame(to, type, data, len) ? -1 : 1;
}

static pid_t start_command(const char *command, int out[2], int err[2])
{
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		setpgid(0, 0);
		dup2(null, 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	return pid;
}

/* One connection, one command. A background process may outlive it. */
static void serve_one(int conn)
{
	struct pollfd fds[4];
	int out[2], err[2], status, code;
	uint32_t len;
	char *command;
	pid_t pid;

	if (read_all(conn, &len, sizeof(len)) || ntohl(len) > MAX_COMMAND)
		return;
	command = calloc(1, ntohl(len) + 1);
	if (!command || read_all(conn, command, ntohl(len)))
		return;
	pid = start_command(command, out, err);
	if (pid < 0)
		return;
	fds[0] = (struct pollfd){ .fd = out[0], .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = err[0], .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = pidfd_open(pid, 0), .events = POLLIN };
	fds[3] = (struct pollfd){ .fd = conn, .events = POLLIN };
	for (;;) {
		if (poll(fds, 4, -1) < 0 && errno != EINTR)
			break;
		for (int i = 0; i < 2; i++) {
			int more = fds[i].revents ? relay(fds[i].fd, conn, FRAME_STDOUT + i) : 1;

			if (more < 0)
				fds[3].revents = POLLHUP;
			else if (!more)
				fds[i].fd = -1;
		}
		if (fds[3].revents) {
			kill(-pid, SIGKILL);
			return;
		}
		if (fds[2].revents)
			break;
	}
	/* what it wrote last may still be in the pipes */
	for (int i = 0; i < 2; i++) {
		struct pollfd last = { .fd = i ? err[0] : out[0], .events = POLLIN };

		while (poll(&last, 1, 0) > 0 && relay(last.fd, conn, FRAME_STDOUT + i) > 0)
			;
	}
	waitpid(pid, &status, 0);
	code = htonl(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	send_frame(conn, FRAME_EXIT, &code, sizeof(code));
}

static int serve(int port, const char *ready)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port) };
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(sock, (struct sockaddr *)&any, sizeof(any)) || listen(sock, 16)) {
		perror("agent: cannot listen");
		return EXIT_AGENT;
	}
	/* as init it inherits orphans: have the kernel reap them */
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	puts(ready);
	fflush(stdout);
	for (;;) {
		int conn = accept4(sock, NULL, NULL, SOCK_CLOEXEC);

		if (conn < 0)
			continue;
		if (fork() == 0) {
			signal(SIGCHLD, SIG_DFL);
			setsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
			serve_one(conn);
			_exit(0);
		}
		close(conn);
	}
}

static int run(const char *address, int port, char *const words[], int nr_words)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	static char command[MAX_COMMAND], data[65536];
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = 0;
	uint32_t net;

	for (int i = 0; i < nr_words; i++) {
		size_t word = strlen(words[i]);

		if (len + word + 2 > sizeof(command)) {
			fputs("agent: command too long\n", stderr);
			return EXIT_AGENT;
		}
		if (i)
			command[len++] = ' ';
		memcpy(command + len, words[i], word);
		len += word;
	}
	net = htonl(len);
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    connect(sock, (struct sockaddr *)&to, sizeof(to)) ||
	    write_all(sock, &net, sizeof(net)) || write_all(sock, command, len)) {
		fprintf(stderr, "agent: no guest at %s: %s\n", address, strerror(errno));
		return EXIT_AGENT;
	}
	for (;;) {
		unsigned char head[5];

		if (read_all(sock, head, sizeof(head)))
			break;
		memcpy(&net, head + 1, sizeof(net));
		len = ntohl(net);
		if (len > sizeof(data) || read_all(sock, data, len))
			break;
		if (head[0] == FRAME_EXIT) {
			memcpy(&net, data, sizeof(net));
			return ntohl(net);
		}
		if (write_all(head[0] == FRAME_STDERR ? 2 : 1, data, len))
			return EXIT_AGENT;
	}
	fprintf(stderr, "agent: the guest at %s went away\n", address);
	return EXIT_AGENT;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "serve"))
		return serve(atoi(argv[2]), argv[3]);
	if (argc > 4 && !strcmp(argv[1], "run"))
		return run(argv[2], atoi(argv[3]), argv + 4, argc - 4);
	fputs("usage: agent serve PORT MESSAGE | agent run ADDRESS PORT COMMAND...\n", stderr);
	return 2;
}
