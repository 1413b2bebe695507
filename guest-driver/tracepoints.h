/* SPDX-License-Identifier: GPL-2.0-only */
/* Hooks on the kernel's tracepoints, by name. Process context. */
#ifndef SCHED_HINT_TRACEPOINTS_H
#define SCHED_HINT_TRACEPOINTS_H

/*
 * Calls @probe(@data, the tracepoint's arguments...) from now on. -ENOENT: this
 * kernel has no such tracepoint. @probe runs with preemption disabled, and in
 * whatever context the tracepoint is hit.
 */
int sched_hint_tracepoint_register(const char *name, void *probe, void *data);

/*
 * No call of @probe starts after this, but one may be under way: what it uses
 * may go away after tracepoint_synchronize_unregister(), once for all of a
 * caller's hooks. The kernel warns about a hook that was never registered.
 */
void sched_hint_tracepoint_unregister(const char *name, void *probe, void *data);

#endif /* SCHED_HINT_TRACEPOINTS_H */
