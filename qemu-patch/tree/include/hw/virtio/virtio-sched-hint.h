/*
 * virtio-sched-hint: the guest tells KVM what its idle vCPUs wait for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_VIRTIO_SCHED_HINT_H
#define HW_VIRTIO_SCHED_HINT_H

#include "exec/memory.h"
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
    uint64_t host_features;     /* offered; properties named like them */

    /* Slots a table must have: the largest possible vCPU id, plus one. */
    uint32_t min_slots;

    /* The guest's table, as the last successful SET_TABLE gave it. */
    uint64_t table_addr;
    uint32_t nr_slots;          /* 0: no table is set */

    /* What config space says, that is what the guest was last told. */
    bool listening;
    bool acting;

    /* The region that holds the table, referenced while a table is set. */
    MemoryRegion *mr;
    void *table;

    /* Notices when the table's address comes to mean something else. */
    MemoryListener listener;
    /* Tells the guest, and goes on with the queue, while the VM runs. */
    QEMUBH *later;
};

/* virtio-sched-hint-control.c */

/*
 * Returns the region that holds the table, with a reference, and in @table
 * where it is mapped; or NULL if it is not, whole, in writable guest RAM.
 */
MemoryRegion *virtio_sched_hint_find_table(uint64_t addr, uint32_t nr_slots,
                                           void **table);
void virtio_sched_hint_handle_control(VirtIODevice *vdev, VirtQueue *vq);

/* virtio-sched-hint.c */

/* Hand the table that is set to the backend. */
void virtio_sched_hint_attach(VirtIOSchedHint *s);
/* Detach and release the table, if one is set; the guest is not told. */
void virtio_sched_hint_forget_table(VirtIOSchedHint *s);
/* Whether each of them is in its range, for this machine. */
bool virtio_sched_hint_check_limits(const SchedHintLimits *limits,
                                    Error **errp);
/* Bring config space in line with the backend, and tell the guest. */
void virtio_sched_hint_update(VirtIOSchedHint *s);

#endif
