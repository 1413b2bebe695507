/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest driver's files owe each other.
 *
 * main.c knows the device, table.c the shared table, idle.c the idle loop,
 * runnable.c the runqueues, waiters.c who waits in poll, peer.c who is woken by whose interrupts,
 * events.c the interrupts of devices.
 * There is one table because there is at most one device.
 */
#ifndef SCHED_HINT_H
#define SCHED_HINT_H

#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/workqueue.h>

#include <linux/virtio_sched_hint.h>

struct sched_hint_ctl;
struct sched_hint_runnable_line;

struct sched_hint {
	struct virtio_device *vdev;

	/* The control queue; used by whoever holds @lock. */
	struct virtqueue *vq;
	struct sched_hint_ctl *ctl;
	struct completion ctl_done;	/* completed by the queue's interrupt */
	bool ctl_dead;			/* a command was never answered */

	/* Protects everything above and below; starts and stops publishing. */
	struct mutex lock;
	struct work_struct listen_work;
	bool table_set;			/* the device knows the table */
	bool listening;			/* the configuration fields, last read */
	bool acting;
	const char *trouble;		/* why nothing is published, or NULL */
};

/* main.c: one line for the user, "ok" or why nothing, or less, comes of it */
int sched_hint_status(struct sched_hint *sh, char *buf);

/* sysfs.c */
extern const struct attribute_group *sched_hint_groups[];
int sched_hint_emit_features(char *buf, int at, u64 features);

/* idle.c: process context, serialised by sched_hint.lock */
const char *sched_hint_idle_unfit(void);
const char *sched_hint_idle_degraded(void);
unsigned int sched_hint_idle_unpublished(void);
u64 sched_hint_idle_failed(void);
int sched_hint_idle_start(u64 features);
void sched_hint_idle_stop(void);
const char *sched_hint_idle_mode(void);
u64 sched_hint_idle_in_use(u64 negotiated);

/* runnable.c: start and stop in process context, serialised by sched_hint.lock */
int sched_hint_runnable_start(void);
void sched_hint_runnable_stop(void);
u64 sched_hint_runnable_corrections(void);

/* runnable.c: between start and stop, from the idle loop, interrupts disabled */
void sched_hint_runnable_idle(void);
u16 sched_hint_runnable_overloaded(void);

/* events.c: the same */
int sched_hint_events_start(void);
void sched_hint_events_stop(void);
void sched_hint_events_next(u64 now_ns, u64 *in_ns, u64 *dev_ns);

/* table.c: allocation, process context, serialised by sched_hint.lock */
int sched_hint_table_alloc(u32 nr_slots);
void sched_hint_table_free(void);
phys_addr_t sched_hint_table_addr(void);
u32 sched_hint_table_nr_slots(void);
u64 sched_hint_table_publishes(void);
ssize_t sched_hint_table_read(char *buf, loff_t pos, size_t count);
struct sched_hint_runnable_line *sched_hint_table_runnable_line(unsigned int cpu);

/* table.c: on the CPU itself, from its hotplug thread */
bool sched_hint_table_bind(unsigned int cpu);
void sched_hint_table_unbind(unsigned int cpu);

/* table.c: on the CPU itself, from its idle loop, interrupts disabled; publish is in table.h */
void sched_hint_table_running(void);

#endif /* SCHED_HINT_H */
