/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that wait, without the C library in between: 64-bit ones,
 * and 32-bit ones by int $0x80, which a 64-bit program may use as long as what
 * it points to lies below 4 GiB. A static program is linked to lie there. The
 * other 32-bit entries are wait-32's.
 */
#ifndef WAIT_CALLS_H
#define WAIT_CALLS_H

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOREVER	(-1LL)

struct wait_call {
	const char *name;
	/* Waits for input, at most so long; returns what the kernel returned. */
	long (*wait)(int64_t timeout_ns);
	/* Which one it waits on, whose timeout is in ticks; else on the pipe. */
	enum { NO_SOCKET, UNIX_SOCKET, UDP_SOCKET, TCP_SOCKET, NR_SOCKETS } socket;
};

/* Of arch/x86/entry/syscalls/syscall_32.tbl */
enum {
	IA32_SELECT = 82, IA32_SOCKETCALL = 102, IA32_NEWSELECT = 142, IA32_POLL = 168,
	IA32_EPOLL_WAIT = 256, IA32_PSELECT6 = 308, IA32_PPOLL = 309, IA32_EPOLL_PWAIT = 319,
	IA32_RECVMMSG = 337, IA32_RECVFROM = 371, IA32_RECVMSG = 372, IA32_PSELECT6_TIME64 = 413,
	IA32_PPOLL_TIME64 = 414, IA32_RECVMMSG_TIME64 = 417, IA32_EPOLL_PWAIT2 = 441,
};

enum { SOCKETCALL_RECV = 10, SOCKETCALL_RECVFROM = 12, SOCKETCALL_RECVMSG = 17, SOCKETCALL_RECVMMSG = 19 };

#define NS_PER_S	1000000000LL

static int pipe_fds[2], socket_fds[NR_SOCKETS][2], epoll_fd;

/* All arguments are static: below 4 GiB. */
static struct pollfd pollfd;
static fd_set fds;
static struct epoll_event event;
static char byte;
static struct { int64_t s, sub; } time_64;
static struct { int32_t s, sub; } time_32;
static struct { uint32_t n, in, out, ex, time; } select_args;
static struct { uint32_t fd, buf, len, flags, from, from_len; } recv_args;
static struct { uint32_t fd, msg, flags; } recvmsg_args;
static struct { uint32_t fd, msgs, nr, flags, timeout; } recvmmsg_args;
static struct iovec iov_64;
static struct { uint32_t base, len; } iov_32;
static struct mmsghdr msg_64;
static struct {
	uint32_t name, name_len, iov, iov_len, control, control_len, flags, received;
} msg_32;

static uint32_t low(const void *p)
{
	if ((uintptr_t)p >> 32)
		errx(2, "linked above 4 GiB: build with -static, not -static-pie");
	return (uintptr_t)p;
}

/* The red zone is stepped over; the kernel may clear r8 to r11. */
static long __attribute__((noinline)) ia32(long nr, long a, long b, long c, long d, long e)
{
	long ret;

	asm volatile("lea -128(%%rsp), %%rsp; push %%rbp; xor %%ebp, %%ebp; int $0x80;"
		     "pop %%rbp; lea 128(%%rsp), %%rsp"
		     : "=a" (ret) : "0" (nr), "b" (a), "c" (b), "d" (c), "S" (d), "D" (e)
		     : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static int to_ms(int64_t ns)
{
	return ns == FOREVER ? -1 : (int)(ns / 1000000);
}

/* The timeout as a time of 64 bits, unit: nanoseconds per unit of the fraction. */
static void *to_64(int64_t ns, int unit)
{
	time_64.s = ns / NS_PER_S;
	time_64.sub = ns % NS_PER_S / unit;
	return ns == FOREVER ? NULL : &time_64;
}

static long to_32(int64_t ns, int unit)
{
	time_32.s = ns / NS_PER_S;
	time_32.sub = ns % NS_PER_S / unit;
	return ns == FOREVER ? 0 : low(&time_32);
}

static void set_pollfd(void)
{
	pollfd = (struct pollfd){ .fd = pipe_fds[0], .events = POLLIN };
}

static int set_fds(void)
{
	FD_ZERO(&fds);
	FD_SET(pipe_fds[0], &fds);
	return pipe_fds[0] + 1;
}

/* Returns the socket of that kind. */
static int set_timeout(int kind, int64_t ns)
{
	const int fd = socket_fds[kind][0];
	struct timeval tv = { ns / NS_PER_S, ns % NS_PER_S / 1000 };

	if (ns == FOREVER)
		tv = (struct timeval){ 0 };
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)))
		err(2, "SO_RCVTIMEO");
	return fd;
}

static int set_socket(int64_t ns)
{
	return set_timeout(UNIX_SOCKET, ns);
}

static void set_msgs(void)
{
	iov_64 = (struct iovec){ &byte, 1 };
	msg_64.msg_hdr = (struct msghdr){ .msg_iov = &iov_64, .msg_iovlen = 1 };
	iov_32.base = low(&byte);
	iov_32.len = 1;
	memset(&msg_32, 0, sizeof(msg_32));
	msg_32.iov = low(&iov_32);
	msg_32.iov_len = 1;
}

static long do_poll(int64_t ns)
{
	set_pollfd();
	return syscall(SYS_poll, &pollfd, 1, to_ms(ns));
}

static long do_ppoll(int64_t ns)
{
	set_pollfd();
	return syscall(SYS_ppoll, &pollfd, 1, to_64(ns, 1), NULL, 8);
}

static long do_select(int64_t ns)
{
	return syscall(SYS_select, set_fds(), &fds, NULL, NULL, to_64(ns, 1000));
}

static long do_pselect6(int64_t ns)
{
	return syscall(SYS_pselect6, set_fds(), &fds, NULL, NULL, to_64(ns, 1), NULL);
}

static long do_epoll_wait(int64_t ns)
{
	return syscall(SYS_epoll_wait, epoll_fd, &event, 1, to_ms(ns));
}

static long do_epoll_pwait(int64_t ns)
{
	return syscall(SYS_epoll_pwait, epoll_fd, &event, 1, to_ms(ns), NULL, 8);
}

static long do_epoll_pwait2(int64_t ns)
{
	return syscall(SYS_epoll_pwait2, epoll_fd, &event, 1, to_64(ns, 1), NULL, 8);
}

/* Each protocol has its own way to sleep. */
static long recvfrom_on(int kind, int64_t ns)
{
	return syscall(SYS_recvfrom, set_timeout(kind, ns), &byte, 1, 0, NULL, NULL);
}

static long do_recvfrom(int64_t ns)
{
	return recvfrom_on(UNIX_SOCKET, ns);
}

static long do_recvfrom_udp(int64_t ns)
{
	return recvfrom_on(UDP_SOCKET, ns);
}

static long do_recvfrom_tcp(int64_t ns)
{
	return recvfrom_on(TCP_SOCKET, ns);
}

static long do_recvmsg(int64_t ns)
{
	set_msgs();
	return syscall(SYS_recvmsg, set_socket(ns), &msg_64.msg_hdr, 0);
}

static long do_recvmmsg(int64_t ns)
{
	set_msgs();
	return syscall(SYS_recvmmsg, set_socket(ns), &msg_64, 1, 0, NULL);
}

static long do_poll_32(int64_t ns)
{
	set_pollfd();
	return ia32(IA32_POLL, low(&pollfd), 1, to_ms(ns), 0, 0);
}

static long do_ppoll_32(int64_t ns)
{
	set_pollfd();
	return ia32(IA32_PPOLL, low(&pollfd), 1, to_32(ns, 1), 0, 8);
}

static long do_ppoll_time64_32(int64_t ns)
{
	set_pollfd();
	return ia32(IA32_PPOLL_TIME64, low(&pollfd), 1, low(to_64(ns, 1)), 0, 8);
}

static long do_select_32(int64_t ns)
{
	select_args.n = set_fds();
	select_args.in = low(&fds);
	select_args.time = to_32(ns, 1000);
	return ia32(IA32_SELECT, low(&select_args), 0, 0, 0, 0);
}

static long do_newselect_32(int64_t ns)
{
	return ia32(IA32_NEWSELECT, set_fds(), low(&fds), 0, 0, to_32(ns, 1000));
}

static long do_pselect6_32(int64_t ns)
{
	return ia32(IA32_PSELECT6, set_fds(), low(&fds), 0, 0, to_32(ns, 1));
}

static long do_pselect6_time64_32(int64_t ns)
{
	return ia32(IA32_PSELECT6_TIME64, set_fds(), low(&fds), 0, 0, low(to_64(ns, 1)));
}

static long do_epoll_wait_32(int64_t ns)
{
	return ia32(IA32_EPOLL_WAIT, epoll_fd, low(&event), 1, to_ms(ns), 0);
}

static long do_epoll_pwait_32(int64_t ns)
{
	return ia32(IA32_EPOLL_PWAIT, epoll_fd, low(&event), 1, to_ms(ns), 0);
}

static long do_epoll_pwait2_32(int64_t ns)
{
	return ia32(IA32_EPOLL_PWAIT2, epoll_fd, low(&event), 1, low(to_64(ns, 1)), 0);
}

static long socketcall_32(int what, const void *args)
{
	return ia32(IA32_SOCKETCALL, what, low(args), 0, 0, 0);
}

static void set_recv_args(int64_t ns)
{
	recv_args.fd = set_socket(ns);
	recv_args.buf = low(&byte);
	recv_args.len = 1;
}

static long do_socketcall_recv(int64_t ns)
{
	set_recv_args(ns);
	return socketcall_32(SOCKETCALL_RECV, &recv_args);
}

static long do_socketcall_recvfrom(int64_t ns)
{
	set_recv_args(ns);
	return socketcall_32(SOCKETCALL_RECVFROM, &recv_args);
}

static long do_socketcall_recvmsg(int64_t ns)
{
	set_msgs();
	recvmsg_args.fd = set_socket(ns);
	recvmsg_args.msg = low(&msg_32);
	return socketcall_32(SOCKETCALL_RECVMSG, &recvmsg_args);
}

static long do_socketcall_recvmmsg(int64_t ns)
{
	set_msgs();
	recvmmsg_args.fd = set_socket(ns);
	recvmmsg_args.msgs = low(&msg_32);
	recvmmsg_args.nr = 1;
	return socketcall_32(SOCKETCALL_RECVMMSG, &recvmmsg_args);
}

static long do_recvfrom_32(int64_t ns)
{
	return ia32(IA32_RECVFROM, set_socket(ns), low(&byte), 1, 0, 0);
}

static long do_recvmsg_32(int64_t ns)
{
	set_msgs();
	return ia32(IA32_RECVMSG, set_socket(ns), low(&msg_32), 0, 0, 0);
}

static long do_recvmmsg_32(int64_t ns)
{
	set_msgs();
	return ia32(IA32_RECVMMSG, set_socket(ns), low(&msg_32), 1, 0, 0);
}

static long do_recvmmsg_time64_32(int64_t ns)
{
	set_msgs();
	return ia32(IA32_RECVMMSG_TIME64, set_socket(ns), low(&msg_32), 1, 0, 0);
}

static const struct wait_call wait_calls[] = {
	{ .name = "poll", .wait = do_poll },
	{ .name = "ppoll", .wait = do_ppoll },
	{ .name = "select", .wait = do_select },
	{ .name = "pselect6", .wait = do_pselect6 },
	{ .name = "epoll_wait", .wait = do_epoll_wait },
	{ .name = "epoll_pwait", .wait = do_epoll_pwait },
	{ .name = "epoll_pwait2", .wait = do_epoll_pwait2 },
	{ .name = "recvfrom", .wait = do_recvfrom, .socket = UNIX_SOCKET },
	{ .name = "recvfrom, UDP", .wait = do_recvfrom_udp, .socket = UDP_SOCKET },
	{ .name = "recvfrom, TCP", .wait = do_recvfrom_tcp, .socket = TCP_SOCKET },
	{ .name = "recvmsg", .wait = do_recvmsg, .socket = UNIX_SOCKET },
	{ .name = "recvmmsg", .wait = do_recvmmsg, .socket = UNIX_SOCKET },
	{ .name = "poll/32", .wait = do_poll_32 },
	{ .name = "ppoll/32", .wait = do_ppoll_32 },
	{ .name = "ppoll_time64/32", .wait = do_ppoll_time64_32 },
	{ .name = "select/32", .wait = do_select_32 },
	{ .name = "_newselect/32", .wait = do_newselect_32 },
	{ .name = "pselect6/32", .wait = do_pselect6_32 },
	{ .name = "pselect6_time64/32", .wait = do_pselect6_time64_32 },
	{ .name = "epoll_wait/32", .wait = do_epoll_wait_32 },
	{ .name = "epoll_pwait/32", .wait = do_epoll_pwait_32 },
	{ .name = "epoll_pwait2/32", .wait = do_epoll_pwait2_32 },
	{ .name = "socketcall recv/32", .wait = do_socketcall_recv, .socket = UNIX_SOCKET },
	{ .name = "socketcall recvfrom/32", .wait = do_socketcall_recvfrom, .socket = UNIX_SOCKET },
	{ .name = "socketcall recvmsg/32", .wait = do_socketcall_recvmsg, .socket = UNIX_SOCKET },
	{ .name = "socketcall recvmmsg/32", .wait = do_socketcall_recvmmsg, .socket = UNIX_SOCKET },
	{ .name = "recvfrom/32", .wait = do_recvfrom_32, .socket = UNIX_SOCKET },
	{ .name = "recvmsg/32", .wait = do_recvmsg_32, .socket = UNIX_SOCKET },
	{ .name = "recvmmsg/32", .wait = do_recvmmsg_32, .socket = UNIX_SOCKET },
	{ .name = "recvmmsg_time64/32", .wait = do_recvmmsg_time64_32, .socket = UNIX_SOCKET },
	{ .name = NULL }
};

static int open_inet(int type, struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, type, 0);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) || getsockname(fd, (struct sockaddr *)addr, &len))
		err(2, "a socket on the loopback device");
	return fd;
}

static void connect_inet(int fd, const struct sockaddr_in *addr)
{
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		err(2, "connect");
}

static void open_udp(int fds[2])
{
	struct sockaddr_in addr[2];

	for (int i = 0; i < 2; i++)
		fds[i] = open_inet(SOCK_DGRAM, &addr[i]);
	for (int i = 0; i < 2; i++)
		connect_inet(fds[i], &addr[!i]);
}

static void open_tcp(int fds[2])
{
	struct sockaddr_in addr;
	int listener = open_inet(SOCK_STREAM, &addr);

	if (listen(listener, 1))
		err(2, "listen");
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	connect_inet(fds[1], &addr);
	fds[0] = accept(listener, NULL, NULL);
	if (fds[0] < 0)
		err(2, "accept");
	close(listener);
}

static void wait_calls_open(void)
{
	struct epoll_event in = { .events = EPOLLIN };

	epoll_fd = epoll_create1(0);
	if (pipe2(pipe_fds, O_NONBLOCK) || epoll_fd < 0 ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, socket_fds[UNIX_SOCKET]) ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pipe_fds[0], &in))
		err(2, "pipe, socket or epoll");
	open_udp(socket_fds[UDP_SOCKET]);
	open_tcp(socket_fds[TCP_SOCKET]);
}

static void wait_calls_wake(const struct wait_call *call)
{
	if (write(call->socket ? socket_fds[call->socket][1] : pipe_fds[1], "x", 1) != 1)
		err(2, "write");
}

/* So that nothing is left of a wake. */
static void wait_calls_drain(const struct wait_call *call)
{
	char c;

	if (call->socket)
		while (recv(socket_fds[call->socket][0], &c, 1, MSG_DONTWAIT) == 1)
			;
	else
		while (read(pipe_fds[0], &c, 1) == 1)
			;
}

#endif /* WAIT_CALLS_H */
