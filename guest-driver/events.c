// SPDX-License-Identifier: GPL-2.0-only
/*
 * When this CPU's next device interrupt is expected.
 *
 * The host sees what ends a halt; the guest sees every interrupt, also those
 * that find the CPU busy, and knows a device's from timers, which the kernel
 * takes from the local APIC, and from other CPUs' calls: only handlers of
 * devices are run by the generic layer, whose tracepoint this is.
 *
 * Each line of interrupts is a source of its own: a disk's would else be noise
 * in a network's rhythm. Where a CPU has more lines than there is room for, the
 * one that has been silent longest makes room; which, decides its last event.
 *
 * All is a CPU's own: written with interrupts disabled, by the probe in its hard
 * interrupts, on PREEMPT_RT too, and by its idle loop.
 */
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/irq.h>

#include "expect.h"
#include "sched_hint.h"
#include "tracepoints.h"

#define NR_LINES	4

struct line {
	int irq;
	struct sched_hint_source source;
};

struct events {
	struct line lines[NR_LINES];
	/* The first that is expected of all lines; at_ns is 0 if none is. */
	struct sched_hint_expected next;
};

/* NULL while nothing is hooked. */
static struct events __percpu *events;

static struct line *line_of(struct events *e, int irq)
{
	struct line *oldest = &e->lines[0];
	unsigned int i;

	for (i = 0; i < NR_LINES; i++) {
		struct line *line = &e->lines[i];

		if (line->irq == irq && line->source.last_ns)
			return line;
		if (line->source.last_ns < oldest->source.last_ns)
			oldest = line;
	}
	/* Not by a compound literal, which may be made on the interrupt's stack first. */
	memset(oldest, 0, sizeof(*oldest));
	oldest->irq = irq;
	return oldest;
}

static void find_next(struct events *e, u64 now_ns)
{
	struct sched_hint_expected expected;
	unsigned int i;

	e->next.at_ns = 0;
	for (i = 0; i < NR_LINES; i++) {
		if (!sched_hint_source_expects(&e->lines[i].source, now_ns, &expected))
			continue;
		if (!e->next.at_ns || expected.at_ns < e->next.at_ns)
			e->next = expected;
	}
}

/* In hard interrupt context, before the handler. */
static void interrupted(void *unused, int irq, struct irqaction *action)
{
	struct events *e = this_cpu_ptr(events);
	u64 now_ns = ktime_get_ns();

	sched_hint_source_learn(&line_of(e, irq)->source, now_ns);
	find_next(e, now_ns);
}

/**
 * sched_hint_events_next() - the next device interrupt that is expected
 * @now_ns: ktime_get()
 * @in_ns: out: how long from now, or VIRTIO_SCHED_HINT_NS_NONE
 * @dev_ns: out: mean deviation from that, 0 if none is
 *
 * Context: the CPU's idle task, interrupts disabled, between start and stop.
 */
void sched_hint_events_next(u64 now_ns, u64 *in_ns, u64 *dev_ns)
{
	struct events *e = this_cpu_ptr(events);

	if (e->next.at_ns && sched_hint_expected_until_ns(&e->next) < now_ns)
		find_next(e, now_ns);
	*in_ns = VIRTIO_SCHED_HINT_NS_NONE;
	*dev_ns = 0;
	if (!e->next.at_ns)
		return;
	*in_ns = e->next.at_ns > now_ns ? e->next.at_ns - now_ns : 0;
	*dev_ns = e->next.dev_ns;
}

int sched_hint_events_start(void)
{
	int ret;

	events = alloc_percpu(struct events);
	if (!events)
		return -ENOMEM;
	check_trace_callback_type_irq_handler_entry(interrupted);
	ret = sched_hint_tracepoint_register("irq_handler_entry", interrupted, NULL);
	if (ret) {
		free_percpu(events);
		events = NULL;
	}
	return ret;
}

void sched_hint_events_stop(void)
{
	sched_hint_tracepoint_unregister("irq_handler_entry", interrupted, NULL);
	tracepoint_synchronize_unregister();
	free_percpu(events);
	events = NULL;
}
