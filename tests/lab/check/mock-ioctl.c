// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mock-ioctl PID attach|status ERRNO
 * mock-ioctl PID limits MODE
 *
 * Has the next such ioctl of /dev/kvm-sched-hint that a process's first thread calls fail with ERRNO,
 * without its being made; or the next GET_LIMITS say MODE. Prints "ready" when it looks on, and ends
 * when it is done.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <linux/kvm_sched_hint.h>

static pid_t pid;

/* Goes on to the next entry or exit of a system call. */
static void next_stop(struct user_regs_struct *regs)
{
	int status, sig = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (long)sig) < 0 || waitpid(pid, &status, __WALL) < 0)
			err(2, "ptrace");
		if (!WIFSTOPPED(status))
			errx(2, "the process has ended");
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			break;
		sig = status >> 16 ? 0 : WSTOPSIG(status);
	}
	if (ptrace(PTRACE_GETREGS, pid, NULL, regs) < 0)
		err(2, "registers");
}

static void set_regs(struct user_regs_struct *regs)
{
	if (ptrace(PTRACE_SETREGS, pid, NULL, regs) < 0)
		err(2, "registers");
}

/* The word before it is kept. */
static void set_mode(unsigned long long limits, unsigned int mode)
{
	void *at = (void *)(limits + offsetof(struct kvm_sched_hint_limits, vm_budget_percent));
	unsigned long words = (unsigned int)ptrace(PTRACE_PEEKDATA, pid, at, NULL);

	if (ptrace(PTRACE_POKEDATA, pid, at, words | (unsigned long)mode << 32) < 0)
		err(2, "memory");
}

static unsigned long request_named(const char *name)
{
	if (!strcmp(name, "attach"))
		return KVM_SCHED_HINT_ATTACH;
	if (!strcmp(name, "status"))
		return KVM_SCHED_HINT_GET_STATUS;
	if (!strcmp(name, "limits"))
		return KVM_SCHED_HINT_GET_LIMITS;
	errx(2, "%s: attach, status or limits, please", name);
}

int main(int argc, char **argv)
{
	struct user_regs_struct regs;
	unsigned long request;
	int status, value;

	if (argc != 4)
		errx(2, "usage: mock-ioctl PID attach|status|limits ERRNO|MODE");
	pid = atoi(argv[1]);
	request = request_named(argv[2]);
	value = atoi(argv[3]);
	if (ptrace(PTRACE_SEIZE, pid, NULL, (long)PTRACE_O_TRACESYSGOOD) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 || waitpid(pid, &status, __WALL) < 0)
		err(2, "%s", argv[1]);
	puts("ready");
	fflush(stdout);

	/* Interrupted within a call, its exit comes first: that is the entry of none. */
	do
		next_stop(&regs);
	while (regs.orig_rax != SYS_ioctl || regs.rsi != request || (long)regs.rax != -ENOSYS);
	if (request != KVM_SCHED_HINT_GET_LIMITS) {
		regs.orig_rax = -1;
		set_regs(&regs);
	}
	next_stop(&regs);
	if (request == KVM_SCHED_HINT_GET_LIMITS) {
		set_mode(regs.rdx, value);
	} else {
		regs.rax = -value;
		set_regs(&regs);
	}
	return ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0;
}
