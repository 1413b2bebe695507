// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets KVM_CAP_HALT_POLL of a running QEMU's VM, which QEMU itself has no option
 * for and KVM allows its own process only: the main thread is stopped, has to
 * do the ioctl, and goes on where it was.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kvm.h>

/* The instruction SYSCALL. */
#define SYSCALL_BYTES	0x050fUL
/* Below the stack's red zone of 128 bytes. */
#define BELOW_STACK	1024

static pid_t pid;

static void check(int failed, const char *what)
{
	if (!failed)
		return;
	perror(what);
	exit(1);
}

static int vm_descriptor(void)
{
	char path[64], target[64];
	ssize_t len;
	int fd;

	for (fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (!strcmp(target, "anon_inode:kvm-vm"))
			return fd;
	}
	fprintf(stderr, "process %d has no VM\n", pid);
	exit(1);
}

static void stopped(void)
{
	int status;

	check(waitpid(pid, &status, __WALL) != pid, "waitpid");
	if (!WIFSTOPPED(status)) {
		fprintf(stderr, "process %d is gone\n", pid);
		exit(1);
	}
}

static void write_words(unsigned long to, const void *from, size_t size)
{
	unsigned long word;
	size_t i;

	for (i = 0; i < size; i += sizeof(word)) {
		memcpy(&word, (const char *)from + i, sizeof(word));
		check(ptrace(PTRACE_POKEDATA, pid, to + i, word) < 0, "PTRACE_POKEDATA");
	}
}

/* What ioctl(fd, KVM_ENABLE_CAP, cap) returns there. */
static long enable_cap(int fd, const struct kvm_enable_cap *cap)
{
	struct user_regs_struct before, regs;
	unsigned long text;

	check(ptrace(PTRACE_GETREGS, pid, 0, &before) < 0, "PTRACE_GETREGS");
	regs = before;
	regs.rax = SYS_ioctl;
	/* Not a system call that was interrupted and has to be done again. */
	regs.orig_rax = -1;
	regs.rdi = fd;
	regs.rsi = KVM_ENABLE_CAP;
	regs.rdx = (before.rsp - BELOW_STACK) & -16UL;
	write_words(regs.rdx, cap, sizeof(*cap));

	errno = 0;
	text = ptrace(PTRACE_PEEKTEXT, pid, before.rip, 0);
	check(errno, "PTRACE_PEEKTEXT");
	check(ptrace(PTRACE_POKETEXT, pid, before.rip, (text & ~0xffffUL) | SYSCALL_BYTES) < 0,
	      "PTRACE_POKETEXT");
	check(ptrace(PTRACE_SETREGS, pid, 0, &regs) < 0, "PTRACE_SETREGS");
	check(ptrace(PTRACE_SINGLESTEP, pid, 0, 0) < 0, "PTRACE_SINGLESTEP");
	stopped();
	check(ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0, "PTRACE_GETREGS");
	check(ptrace(PTRACE_POKETEXT, pid, before.rip, text) < 0, "PTRACE_POKETEXT");
	check(ptrace(PTRACE_SETREGS, pid, 0, &before) < 0, "PTRACE_SETREGS");
	return regs.rax;
}

int main(int argc, char **argv)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_HALT_POLL };
	long ret;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: halt-poll-cap PID NS\n");
		return 2;
	}
	pid = atoi(argv[1]);
	cap.args[0] = strtoul(argv[2], NULL, 10);
	fd = vm_descriptor();
	check(ptrace(PTRACE_SEIZE, pid, 0, 0) < 0, "PTRACE_SEIZE");
	check(ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0, "PTRACE_INTERRUPT");
	stopped();
	ret = enable_cap(fd, &cap);
	check(ptrace(PTRACE_DETACH, pid, 0, 0) < 0, "PTRACE_DETACH");
	if (ret)
		fprintf(stderr, "KVM_CAP_HALT_POLL: %s\n", strerror(-ret));
	return ret ? 1 : 0;
}
