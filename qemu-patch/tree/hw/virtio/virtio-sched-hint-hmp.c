/*
 * "info sched-hint"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "monitor/hmp.h"
#include "monitor/monitor.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-sched-hint.h"

static void print_use(Monitor *mon, const char *indent, const SchedHintUse *use)
{
    if (!use) {
        return;
    }
    monitor_printf(mon, "%s%" PRIu64 " halts, %" PRIu64 " kept for %" PRIu64
                   " ns (%" PRIu64 " ns in vain), %" PRIu64 " refused\n",
                   indent, use->halts, use->grants, use->kept_ns,
                   use->wasted_ns, use->refused);
    monitor_printf(mon, "%s%" PRIu64 " early wakes, %" PRIu64 " in time, %"
                   PRIu64 " in vain\n", indent, use->early_wakes,
                   use->early_hits, use->early_misses);
    monitor_printf(mon, "%sbudget: %" PRIu64 " ns used", indent, use->used_ns);
    if (use->budget_ns) {
        monitor_printf(mon, " of %" PRIu64 " ns", use->budget_ns);
    }
    monitor_printf(mon, "\n");
}

static void print_slot(Monitor *mon, const SchedHintSlot *slot)
{
    monitor_printf(mon, "  slot %" PRIu32, slot->id);
    if (slot->has_cpu_index) {
        monitor_printf(mon, " (CPU %" PRIi64 ")", slot->cpu_index);
    } else {
        monitor_printf(mon, " (no CPU)");
    }
    monitor_printf(mon, ": %s, publish %" PRIu64,
                   SchedHintSlotState_str(slot->state), slot->publish_seq);
    if (slot->has_next_timer_ns) {
        monitor_printf(mon, ", %s in %" PRIu64 " ns",
                       slot->tick ? "tick" : "timer", slot->next_timer_ns);
    }
    if (slot->has_poll_waiters) {
        monitor_printf(mon, ", %" PRIu16 " wait in poll", slot->poll_waiters);
    }
    if (slot->has_poll_timeout_ns) {
        monitor_printf(mon, ", poll timeout in %" PRIu64 " ns",
                       slot->poll_timeout_ns);
    }
    if (slot->has_iowait) {
        monitor_printf(mon, ", %" PRIu64 " wait for I/O", slot->iowait);
    }
    if (slot->has_wake_peer) {
        monitor_printf(mon, ", wakes slot %" PRIu16, slot->wake_peer);
    }
    if (slot->has_event_ns) {
        monitor_printf(mon, ", event in %" PRIu64 " +- %" PRIu64 " ns",
                       slot->event_ns, slot->event_dev_ns);
    }
    if (slot->has_runnable) {
        monitor_printf(mon, ", %" PRIu64 " runnable, %" PRIu16 " overloaded",
                       slot->runnable, slot->overloaded);
    }
    monitor_printf(mon, "\n");
    print_use(mon, "    ", slot->use);
}

static void print_queue(Monitor *mon, const SchedHintQueue *queue)
{
    monitor_printf(mon, "  %s queue %" PRIu32, queue->nic, queue->index);
    if (queue->netdev) {
        monitor_printf(mon, " (%s)", queue->netdev);
    }
    if (queue->watched) {
        monitor_printf(mon, ": watched");
    } else {
        monitor_printf(mon, ": not watched: %s", queue->reason);
    }
    if (queue->has_arrivals) {
        monitor_printf(mon, ", %" PRIu64 " packets", queue->arrivals);
    }
    if (queue->has_vcpu_id) {
        monitor_printf(mon, ", for slot %" PRIu32, queue->vcpu_id);
    }
    monitor_printf(mon, "\n");
}

static void print_device(Monitor *mon, const SchedHintInfo *info)
{
    const SchedHintLimits *limits = info->limits;
    strList *name;

    monitor_printf(mon, "%s: %s\n", info->path, info->status);
    monitor_printf(mon, "  features:");
    for (name = info->features; name; name = name->next) {
        monitor_printf(mon, " %s", name->value);
    }
    monitor_printf(mon, "\n  backend: %s, %s, %s, %s\n",
                   SchedHintBackendMode_str(info->backend),
                   info->attached ? "attached" : "not attached",
                   info->listening ? "listening" : "not listening",
                   info->acting ? "acting" : "not acting");
    monitor_printf(mon, "  limits: mode %s, max-keep-us %" PRIu32
                   ", budget-percent %" PRIu32 ", vm-budget-percent %" PRIu32
                   "\n", SchedHintMode_str(limits->mode), limits->max_keep_us,
                   limits->budget_percent, limits->vm_budget_percent);
    monitor_printf(mon, "  table: %" PRIu32 " slots at 0x%" PRIx64 "\n",
                   info->table_slots, info->table_address);
    print_use(mon, "  ", info->use);
    for (SchedHintSlotList *slot = info->slots; slot; slot = slot->next) {
        print_slot(mon, slot->value);
    }
    for (SchedHintQueueList *q = info->queues; q; q = q->next) {
        print_queue(mon, q->value);
    }
}

void hmp_info_sched_hint(Monitor *mon, const QDict *qdict)
{
    Error *err = NULL;
    SchedHintInfoList *list = qmp_x_query_sched_hint(&err);

    if (hmp_handle_error(mon, err)) {
        return;
    }
    if (!list) {
        monitor_printf(mon, "no virtio-sched-hint device\n");
    }
    for (SchedHintInfoList *entry = list; entry; entry = entry->next) {
        print_device(mon, entry->value);
    }
    qapi_free_SchedHintInfoList(list);
}
