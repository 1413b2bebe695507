/*
 * virtio-sched-hint: the guest tells KVM what its idle vCPUs wait for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_VIRTIO_SCHED_HINT_H
#define HW_VIRTIO_SCHED_HINT_H

#include "hw/virtio/sched-hint-backend.h"
#include "hw/virtio/virtio.h"
#include "qom/object.h"
#include "standard-headers/linux/virtio_sched_hint.h"

#define TYPE_VIRTIO_SCHED_HINT "virtio-sched-hint-device"

OBJECT_DECLARE_SIMPLE_TYPE(VirtIOSchedHint, VIRTIO_SCHED_HINT)

struct VirtIOSchedHint {
    VirtIODevice parent_obj;

    VirtQueue *vq;
    char *backend_name;         /* property "backend" */
    SchedHintBackend backend;

    /* Slots a table must have: the largest possible vCPU id, plus one. */
    uint32_t min_slots;

    /* The guest's table, as the last successful SET_TABLE gave it. */
    uint64_t table_addr;
    uint32_t nr_slots;          /* 0: no table is set */

    /* What config space says, that is what the guest was last told. */
    bool listening;

    /* The region that holds the table, referenced while a table is set. */
    MemoryRegion *mr;
    void *table;
};

#endif
