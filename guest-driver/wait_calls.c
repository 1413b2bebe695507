// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which system calls wait: poll, select, epoll_wait and recv, in all variants.
 *
 * A task that blocks in one is recognised by the number in the registers it
 * entered the kernel with. Exceptions and interrupts store -1 there, so that a
 * page fault of user code is no call 7. read() is not in the list: one cannot
 * tell by the number a socket from a file.
 */
#include <linux/bits.h>
#include <linux/kprobes.h>
#include <linux/net.h>
#include <linux/restart_block.h>
#include <linux/sched.h>

#include <asm/unistd.h>
#include <asm/unistd_32_ia32.h>

#include "compat.h"
#include "waiters.h"

static const u16 calls_64[] = {
	__NR_poll, __NR_ppoll, __NR_select, __NR_pselect6,
	__NR_epoll_wait, __NR_epoll_pwait, __NR_epoll_pwait2,
	__NR_recvfrom, __NR_recvmsg, __NR_recvmmsg,
	__NR_restart_syscall,
};

static const u16 calls_32[] = {
	__NR_ia32_poll, __NR_ia32_ppoll, __NR_ia32_ppoll_time64,
	__NR_ia32_select, __NR_ia32__newselect,
	__NR_ia32_pselect6, __NR_ia32_pselect6_time64,
	__NR_ia32_epoll_wait, __NR_ia32_epoll_pwait, __NR_ia32_epoll_pwait2,
	__NR_ia32_recvfrom, __NR_ia32_recvmsg,
	__NR_ia32_recvmmsg, __NR_ia32_recvmmsg_time64,
	__NR_ia32_restart_syscall, __NR_ia32_socketcall,
};

/*
 * By number: bit 0 is set if that of a 64-bit entry waits, bit TS_COMPAT if that of
 * a 32-bit one does. Written before the first hook is set.
 */
u8 sched_hint_wait_calls[SCHED_HINT_NR_CALLS] __read_mostly;

/* What restart_syscall() calls for a poll() that a signal interrupted, or 0. */
static unsigned long restart_poll;

static void set_calls(unsigned int entry, const u16 *calls, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		sched_hint_wait_calls[calls[i]] |= BIT(entry);
}

/*
 * The function is not exported. A kprobe that is never armed finds it, if the
 * kernel has kprobes.
 */
static void find_restart_poll(void)
{
	struct kprobe probe = {
		.symbol_name = "do_restart_poll",
		.flags = KPROBE_FLAG_DISABLED,
	};

	if (register_kprobe(&probe))
		return;
	restart_poll = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
}

void sched_hint_wait_calls_init(void)
{
	set_calls(0, calls_64, ARRAY_SIZE(calls_64));
	set_calls(TS_COMPAT, calls_32, ARRAY_SIZE(calls_32));
	if (!restart_poll)
		find_restart_poll();
}

/* A kprobe may stand behind the landing pad that begins a function. */
static bool restarts_poll(const struct task_struct *task)
{
	return restart_poll && restart_poll - (unsigned long)task->restart_block.fn <= 4;
}

static bool receives(unsigned long socketcall)
{
	return socketcall == SYS_RECV || socketcall == SYS_RECVFROM ||
	       socketcall == SYS_RECVMSG || socketcall == SYS_RECVMMSG;
}

/* As sched_hint_may_wait(); the answer is final. */
bool sched_hint_in_wait_call(struct task_struct *task)
{
	const struct pt_regs *regs = task_pt_regs(task);
	bool ia32 = READ_ONCE(task_thread_info(task)->status) & TS_COMPAT;

	if (!sched_hint_may_wait(task) || regs->orig_ax >= SCHED_HINT_NR_CALLS ||
	    (task->flags & SCHED_HINT_PF_NO_USER))
		return false;
	if (regs->orig_ax == (ia32 ? __NR_ia32_restart_syscall : __NR_restart_syscall))
		return restarts_poll(task);
	if (ia32 && regs->orig_ax == __NR_ia32_socketcall)
		return receives(regs->bx);
	return true;
}
