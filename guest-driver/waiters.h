/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks that wait in poll() and the like, or for I/O: how many there are per CPU,
 * and when the first of them gives up.
 *
 * waiters.c counts them, wait_calls.c knows which system calls these are, and
 * deadlines.c until when a task that is about to block will wait.
 */
#ifndef SCHED_HINT_WAITERS_H
#define SCHED_HINT_WAITERS_H

#include <linux/ktime.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/types.h>

#include <asm/thread_info.h>

/* waiters.c: process context, serialised by sched_hint.lock; no CPU publishes */
int sched_hint_waiters_start(void);
void sched_hint_waiters_stop(void);

/* waiters.c: of this CPU, between start and stop, interrupts disabled */
u16 sched_hint_waiters_nr(void);
u16 sched_hint_waiters_io(void);
ktime_t sched_hint_waiters_earliest(void);

/* waiters.c: waits that were not counted, for there were too many at a time */
u64 sched_hint_waiters_missed(void);

/* wait_calls.c */
#define SCHED_HINT_NR_CALLS	512
extern u8 sched_hint_wait_calls[SCHED_HINT_NR_CALLS];
void sched_hint_wait_calls_init(void);
bool sched_hint_in_wait_call(struct task_struct *task);

/*
 * Whether the number of @task's system call looks like one of these: numbers out
 * of range are for sched_hint_in_wait_call() to tell. The task is current, or
 * known to be blocked for as long as this takes.
 */
static inline bool sched_hint_may_wait(struct task_struct *task)
{
	unsigned int nr = task_pt_regs(task)->orig_ax % SCHED_HINT_NR_CALLS;
	unsigned int entry = READ_ONCE(task_thread_info(task)->status) & TS_COMPAT;

	return sched_hint_wait_calls[nr] >> entry & 1;
}

/* deadlines.c: process context, serialised by sched_hint.lock */
int sched_hint_deadlines_start(void);
void sched_hint_deadlines_stop(void);

/* deadlines.c: for the task that is being switched out, on its CPU, interrupts disabled */
ktime_t sched_hint_deadline(const struct task_struct *task);
void sched_hint_deadline_keep(struct task_struct *task);

#endif /* SCHED_HINT_WAITERS_H */
