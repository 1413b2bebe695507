/*
 * virtio-sched-hint for the monitor: show what the guest publishes and what the
 * host makes of it, and change what the VM may use
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/core/cpu.h"
#include "hw/virtio/virtio-sched-hint.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-sched-hint.h"
#include "qemu/atomic.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"

typedef struct virtio_sched_hint_slot Slot;

static const char *const feature_names[] = {
    [VIRTIO_SCHED_HINT_F_TIMER] = "timer",
    [VIRTIO_SCHED_HINT_F_RUNNABLE] = "runnable",
    [VIRTIO_SCHED_HINT_F_POLL] = "poll",
    [VIRTIO_SCHED_HINT_F_WAKE_PEER] = "wake-peer",
    [VIRTIO_SCHED_HINT_F_EVENT] = "event",
    [VIRTIO_SCHED_HINT_F_HOST_LINE] = "host-line",
};

static bool has_feature(VirtIOSchedHint *s, unsigned bit)
{
    return virtio_vdev_has_feature(VIRTIO_DEVICE(s), bit);
}

static strList *query_features(VirtIOSchedHint *s)
{
    strList *list = NULL, **tail = &list;

    for (unsigned i = 0; i < ARRAY_SIZE(feature_names); i++) {
        if (has_feature(s, i)) {
            QAPI_LIST_APPEND(tail, g_strdup(feature_names[i]));
        }
    }
    return list;
}

/*
 * Copy a slot, in the CPU's byte order.  The guest may be writing it: the words
 * can be those of two publishes, but not older than the state's.
 */
static void read_slot(VirtIOSchedHint *s, uint32_t id, Slot *slot)
{
    const uint8_t *from = (uint8_t *)s->table + id * sizeof(*slot);
    uint64_t *to = (uint64_t *)slot;

    QEMU_BUILD_BUG_ON(offsetof(Slot, state) != 0);
    to[0] = ldq_le_p(from);
    /* pairs with the guest's release store of the state word */
    smp_rmb();
    for (int i = 1; i < sizeof(*slot) / sizeof(*to); i++) {
        to[i] = ldq_le_p(from + i * sizeof(*to));
    }
}

static SchedHintSlotState slot_state(uint64_t word)
{
    switch (word >> VIRTIO_SCHED_HINT_STATE_SHIFT &
            VIRTIO_SCHED_HINT_STATE_MASK) {
    case VIRTIO_SCHED_HINT_STATE_OFF:
        return SCHED_HINT_SLOT_STATE_OFF;
    case VIRTIO_SCHED_HINT_STATE_RUNNING:
        return SCHED_HINT_SLOT_STATE_RUNNING;
    case VIRTIO_SCHED_HINT_STATE_IDLE:
        return SCHED_HINT_SLOT_STATE_IDLE;
    default:
        return SCHED_HINT_SLOT_STATE_INVALID;
    }
}

/* What lies in a slot that is off is left over, or was never written. */
static bool is_published(VirtIOSchedHint *s, const SchedHintSlot *slot,
                         unsigned feature)
{
    return slot->state != SCHED_HINT_SLOT_STATE_OFF && has_feature(s, feature);
}

static void decode_state_word(VirtIOSchedHint *s, uint64_t word,
                              SchedHintSlot *to)
{
    uint64_t flags = word >> VIRTIO_SCHED_HINT_FLAGS_SHIFT &
                     VIRTIO_SCHED_HINT_FLAGS_MASK;

    to->raw_state = word;
    to->state = slot_state(word);
    to->has_tick = is_published(s, to, VIRTIO_SCHED_HINT_F_TIMER);
    to->tick = to->has_tick && (flags & VIRTIO_SCHED_HINT_SLOT_F_TICK);
    to->has_poll_waiters = is_published(s, to, VIRTIO_SCHED_HINT_F_POLL);
    to->poll_waiters = word >> VIRTIO_SCHED_HINT_POLL_WAITERS_SHIFT &
                       VIRTIO_SCHED_HINT_POLL_WAITERS_MASK;
    to->wake_peer = word >> VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT &
                    VIRTIO_SCHED_HINT_WAKE_PEER_MASK;
    to->has_wake_peer = is_published(s, to, VIRTIO_SCHED_HINT_F_WAKE_PEER) &&
        to->wake_peer != VIRTIO_SCHED_HINT_NO_PEER;
    to->has_overloaded = is_published(s, to, VIRTIO_SCHED_HINT_F_RUNNABLE);
    to->overloaded = word >> VIRTIO_SCHED_HINT_OVERLOADED_SHIFT &
                     VIRTIO_SCHED_HINT_OVERLOADED_MASK;
}

static SchedHintSlot *decode_slot(VirtIOSchedHint *s, uint32_t id,
                                  const Slot *slot)
{
    SchedHintSlot *to = g_new0(SchedHintSlot, 1);

    to->id = id;
    decode_state_word(s, slot->state, to);
    to->publish_seq = slot->publish_seq;
    to->tsc = slot->tsc;
    to->has_next_timer_ns = is_published(s, to, VIRTIO_SCHED_HINT_F_TIMER) &&
        slot->next_timer_ns != VIRTIO_SCHED_HINT_NS_NONE;
    to->next_timer_ns = slot->next_timer_ns;
    to->has_poll_timeout_ns = is_published(s, to, VIRTIO_SCHED_HINT_F_POLL) &&
        slot->poll_timeout_ns != VIRTIO_SCHED_HINT_NS_NONE;
    to->poll_timeout_ns = slot->poll_timeout_ns;
    to->has_iowait = is_published(s, to, VIRTIO_SCHED_HINT_F_POLL);
    to->iowait = slot->nr_iowait;
    to->has_event_ns = is_published(s, to, VIRTIO_SCHED_HINT_F_EVENT) &&
        slot->event_ns != VIRTIO_SCHED_HINT_NS_NONE;
    to->event_ns = slot->event_ns;
    to->has_event_dev_ns = to->has_event_ns;
    to->event_dev_ns = slot->event_dev_ns;
    to->has_runnable = is_published(s, to, VIRTIO_SCHED_HINT_F_RUNNABLE);
    to->runnable = slot->nr_runnable;
    return to;
}

static SchedHintSlotList *query_slots(VirtIOSchedHint *s)
{
    SchedHintSlotList *list = NULL, **tail = &list;

    for (uint32_t id = 0; id < s->nr_slots; id++) {
        CPUState *cpu = cpu_by_arch_id(id);
        SchedHintSlot *entry;
        Slot slot;

        read_slot(s, id, &slot);
        if (!cpu && buffer_is_zero(&slot, sizeof(slot))) {
            continue;
        }
        entry = decode_slot(s, id, &slot);
        if (cpu) {
            entry->has_cpu_index = true;
            entry->cpu_index = cpu->cpu_index;
        }
        entry->use = sched_hint_backend_get_use(&s->backend, id);
        QAPI_LIST_APPEND(tail, entry);
    }
    return list;
}

typedef struct QueryQueues {
    VirtIOSchedHint *s;
    SchedHintQueueList **tail;
} QueryQueues;

static void query_nic(NICState *nic, void *opaque)
{
    QueryQueues *query = opaque;
    int queues = MAX(1, nic->conf->peers.queues);

    for (int i = 0; i < queues; i++) {
        NetClientState *nc = qemu_get_subqueue(nic, i), *peer = nc->peer;
        SchedHintQueue *queue = g_new0(SchedHintQueue, 1);

        queue->nic = g_strdup(nc->name);
        queue->index = i;
        if (!peer) {
            queue->reason = g_strdup("the NIC has no backend");
        } else if (peer->info->type != NET_CLIENT_DRIVER_TAP) {
            queue->reason = g_strdup_printf("%s is no tap", NetClientDriver_str(
                                            peer->info->type));
        } else {
            sched_hint_backend_get_arrivals(&query->s->backend, peer, queue);
        }
        if (peer) {
            queue->netdev = g_strdup(peer->name);
        }
        QAPI_LIST_APPEND(query->tail, queue);
    }
}

static SchedHintQueueList *query_queues(VirtIOSchedHint *s)
{
    SchedHintQueueList *list = NULL;
    QueryQueues query = { .s = s, .tail = &list };

    qemu_foreach_nic(query_nic, &query);
    return list;
}

static SchedHintInfo *query_device(VirtIOSchedHint *s)
{
    SchedHintInfo *info = g_new0(SchedHintInfo, 1);

    info->path = object_get_canonical_path(OBJECT(s));
    info->features = query_features(s);
    info->backend = s->backend.mode;
    info->status = g_strdup(sched_hint_backend_status(&s->backend));
    info->attached = s->backend.attached;
    info->listening = s->listening;
    info->acting = s->acting;
    info->limits = g_new0(SchedHintLimits, 1);
    sched_hint_backend_get_limits(&s->backend, info->limits);
    info->table_address = s->table_addr;
    info->table_slots = s->nr_slots;
    info->use = sched_hint_backend_get_use(&s->backend, SCHED_HINT_USE_VM);
    info->slots = query_slots(s);
    info->queues = query_queues(s);
    return info;
}

static int collect_device(Object *child, void *opaque)
{
    GSList **devices = opaque;

    if (object_dynamic_cast(child, TYPE_VIRTIO_SCHED_HINT) &&
        DEVICE(child)->realized) {
        *devices = g_slist_prepend(*devices, child);
    }
    return 0;
}

static GSList *find_devices(void)
{
    GSList *devices = NULL;

    object_child_foreach_recursive(object_get_root(), collect_device, &devices);
    return devices;
}

SchedHintInfoList *qmp_x_query_sched_hint(Error **errp)
{
    g_autoptr(GSList) devices = find_devices();
    SchedHintInfoList *list = NULL;

    for (GSList *entry = devices; entry; entry = entry->next) {
        QAPI_LIST_PREPEND(list, query_device(entry->data));
    }
    return list;
}

/* The device, or the PCI device around it, at @path; the only one if NULL. */
static VirtIOSchedHint *find_device(const char *path, Error **errp)
{
    g_autoptr(GSList) devices = find_devices();
    Object *obj;

    if (!path) {
        if (!devices || devices->next) {
            error_setg(errp, devices ?
                       "there is more than one virtio-sched-hint device: "
                       "name one by path" :
                       "there is no virtio-sched-hint device");
            return NULL;
        }
        return VIRTIO_SCHED_HINT(devices->data);
    }
    obj = object_resolve_path(path, NULL);
    if (obj && !g_slist_find(devices, obj)) {
        obj = object_resolve_path_component(obj, "virtio-backend");
    }
    if (!obj || !g_slist_find(devices, obj)) {
        error_setg(errp, "there is no virtio-sched-hint device at '%s'", path);
        return NULL;
    }
    return VIRTIO_SCHED_HINT(obj);
}

/* What x-sched-hint-set was given; NULL: not that. */
typedef struct GivenLimits {
    const SchedHintMode *mode;
    const uint32_t *max_keep_us;
    const uint32_t *budget_percent;
    const uint32_t *vm_budget_percent;
} GivenLimits;

static void merge_limits(SchedHintLimits *to, const GivenLimits *given)
{
    if (given->mode) {
        to->mode = *given->mode;
    }
    if (given->max_keep_us) {
        to->max_keep_us = *given->max_keep_us;
    }
    if (given->budget_percent) {
        to->budget_percent = *given->budget_percent;
    }
    if (given->vm_budget_percent) {
        to->vm_budget_percent = *given->vm_budget_percent;
    }
}

void qmp_x_sched_hint_set(const char *path,
                          bool has_mode, SchedHintMode mode,
                          bool has_max_keep_us, uint32_t max_keep_us,
                          bool has_budget_percent, uint32_t budget_percent,
                          bool has_vm_budget_percent,
                          uint32_t vm_budget_percent,
                          bool has_reattach, bool reattach,
                          const char *fd, Error **errp)
{
    VirtIOSchedHint *s = find_device(path, errp);
    const GivenLimits given = {
        .mode = has_mode ? &mode : NULL,
        .max_keep_us = has_max_keep_us ? &max_keep_us : NULL,
        .budget_percent = has_budget_percent ? &budget_percent : NULL,
        .vm_budget_percent = has_vm_budget_percent ? &vm_budget_percent : NULL,
    };
    SchedHintLimits now, now_before, lasting, lasting_before;

    if (!s) {
        return;
    }
    if (fd && !reattach) {
        error_setg(errp, "fd is of use with reattach only");
        return;
    }
    /* What was set in the host's sysfs is this attachment's, and stays so. */
    sched_hint_backend_get_limits(&s->backend, &now);
    now_before = now;
    lasting = s->backend.limits;
    lasting_before = lasting;
    merge_limits(&now, &given);
    merge_limits(&lasting, &given);
    if (!virtio_sched_hint_check_limits(&lasting, errp) ||
        !sched_hint_backend_set_limits(&s->backend, &now, &lasting, errp)) {
        return;
    }
    if (reattach && !sched_hint_backend_reattach(&s->backend, fd, errp)) {
        sched_hint_backend_set_limits(&s->backend, &now_before,
                                      &lasting_before, NULL);
    }
}
