// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A 32-bit program that waits by the entry that the kernel offers it, the vDSO's: SYSCALL
 * on AMD, SYSENTER on Intel. From a 64-bit program one can only take int $0x80, for the
 * kernel returns to the vDSO from the others.
 *
 *	wait-32 poll|recv
 *
 * Says which entry that is, and waits: poll for 30 s, recv (by socketcall) for 30 s and
 * what the kernel adds. Without a C library, which this machine may not have for 32 bits:
 * built with -m32 -nostdlib.
 */
#define NR_EXIT		1
#define NR_WRITE	4
#define NR_SOCKETCALL	102
#define NR_POLL		168

#define SC_SOCKETPAIR	8
#define SC_RECV		10
#define SC_SETSOCKOPT	14

#define AF_UNIX		1
#define SOCK_DGRAM	2
#define SOL_SOCKET	1
#define SO_RCVTIMEO	20	/* with 32-bit times */

#define AT_SYSINFO	32

static unsigned long vdso_entry;

static long call(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("call *%[entry]" : "=a" (ret)
		     : "0" (nr), "b" (a), "c" (b), "d" (c), [entry] "m" (vdso_entry)
		     : "memory", "cc");
	return ret;
}

static void say(const char *text)
{
	int len = 0;

	while (text[len])
		len++;
	call(NR_WRITE, 1, (long)text, len);
}

/* The kernel has made the entry one for this CPU. */
static void tell_entry(void)
{
	const unsigned char *code = (const unsigned char *)vdso_entry;
	int i;

	for (i = 0; i < 32; i++) {
		if (code[i] != 0x0f)
			continue;
		if (code[i + 1] == 0x34) {
			say("by SYSENTER\n");
			return;
		}
		if (code[i + 1] == 0x05) {
			say("by SYSCALL\n");
			return;
		}
	}
	say("by int 0x80\n");
}

static void wait_in_recv(void)
{
	static int fds[2];
	static long timeout[2] = { 30, 0 };
	static char byte;
	static long pair[4], option[5], receive[4];

	pair[0] = AF_UNIX;
	pair[1] = SOCK_DGRAM;
	pair[3] = (long)fds;
	if (call(NR_SOCKETCALL, SC_SOCKETPAIR, (long)pair, 0))
		return;
	option[0] = fds[0];
	option[1] = SOL_SOCKET;
	option[2] = SO_RCVTIMEO;
	option[3] = (long)timeout;
	option[4] = sizeof(timeout);
	if (call(NR_SOCKETCALL, SC_SETSOCKOPT, (long)option, 0))
		return;
	receive[0] = fds[0];
	receive[1] = (long)&byte;
	receive[2] = 1;
	call(NR_SOCKETCALL, SC_RECV, (long)receive, 0);
}

/* The stack as the kernel leaves it: argc, argv, 0, environment, 0, auxiliary vector. */
static void __attribute__((used)) begin(const unsigned long *stack)
{
	const char *what = stack[0] > 1 ? (const char *)stack[2] : "";
	const unsigned long *aux = stack + 1 + stack[0] + 1;

	while (*aux++)
		;
	for (; aux[0]; aux += 2)
		if (aux[0] == AT_SYSINFO)
			vdso_entry = aux[1];
	tell_entry();
	if (*what == 'p')
		call(NR_POLL, 0, 0, 30000);
	else if (*what == 'r')
		wait_in_recv();
	say("did not wait\n");
	call(NR_EXIT, 1, 0, 0);
}

asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %esp, %eax\n\tand $-16, %esp\n"
    "\tsub $12, %esp\n\tpush %eax\n\tcall begin\n");
