// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scheduler's trace events are compiled into the kernel, but not exported
 * to modules; the list of all tracepoints is. A tracepoint's prototype is not
 * checked by name: each caller has the compiler check its probe's arguments, by
 * check_trace_callback_type_EVENT(), against the headers of the kernel it is
 * built for.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "tracepoints.h"

struct lookup {
	const char *name;
	struct tracepoint *found;
};

static void match(struct tracepoint *tp, void *data)
{
	struct lookup *lookup = data;

	if (!strcmp(tp->name, lookup->name))
		lookup->found = tp;
}

/* The kernel's own only: those of modules may go away with their module. */
static struct tracepoint *find(const char *name)
{
	struct lookup lookup = { .name = name };

	for_each_kernel_tracepoint(match, &lookup);
	return lookup.found;
}

int sched_hint_tracepoint_register(const char *name, void *probe, void *data)
{
	struct tracepoint *tp = find(name);

	return tp ? tracepoint_probe_register(tp, probe, data) : -ENOENT;
}

void sched_hint_tracepoint_unregister(const char *name, void *probe, void *data)
{
	struct tracepoint *tp = find(name);

	if (tp)
		tracepoint_probe_unregister(tp, probe, data);
}
