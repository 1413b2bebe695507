/*
 * virtio-sched-hint's control queue
 *
 * Whatever comes from the queue is the guest's, and may have been chosen with
 * malice: this file has it copied once, checked once, and answered.  The rest
 * of the device only sees tables that have passed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "exec/address-spaces.h"
#include "hw/virtio/virtio.h"
#include "hw/virtio/virtio-sched-hint.h"
#include "qemu/iov.h"
#include "trace.h"

typedef struct virtio_sched_hint_cmd SchedHintCmd;

/*
 * Commands that are handled in one go.  Each may take the host a while, in
 * which a guest can queue the next one, so that there would be no end.
 */
#define SCHED_HINT_COMMANDS_AT_ONCE 2

/*
 * Find the table in guest RAM: whole, in one region, and writable, so that
 * neither a hole, nor ROM, nor a device's registers are taken for a table.
 * The address is guest-physical even behind a vIOMMU, because it is the vCPUs
 * that store there.  Returns the region with a reference held, or NULL.
 */
MemoryRegion *virtio_sched_hint_find_table(uint64_t addr, uint32_t nr_slots,
                                           void **table)
{
    uint64_t size = (uint64_t)nr_slots * VIRTIO_SCHED_HINT_SLOT_SIZE;
    MemoryRegionSection section;
    bool whole;

    if (addr > UINT64_MAX - size) {
        return NULL;
    }

    section = memory_region_find(get_system_memory(), addr, size);
    if (!section.mr) {
        return NULL;
    }
    whole = section.offset_within_address_space == addr &&
            int128_eq(section.size, int128_make64(size));
    if (!whole || section.readonly ||
        !memory_access_is_direct(section.mr, true, MEMTXATTRS_UNSPECIFIED)) {
        memory_region_unref(section.mr);
        return NULL;
    }

    *table = memory_region_get_ram_ptr(section.mr) +
             section.offset_within_region;
    return section.mr;
}

/* The checks stand in the order of the status codes; the first one counts. */
static uint32_t virtio_sched_hint_set_table(VirtIOSchedHint *s,
                                            const SchedHintCmd *cmd)
{
    uint64_t addr = le64_to_cpu(cmd->table_addr);
    uint32_t nr_slots = le32_to_cpu(cmd->nr_slots);
    MemoryRegion *mr;
    void *table;

    if (cmd->flags || cmd->reserved) {
        return VIRTIO_SCHED_HINT_S_RESERVED;
    }
    if (!QEMU_IS_ALIGNED(addr, VIRTIO_SCHED_HINT_TABLE_ALIGN)) {
        return VIRTIO_SCHED_HINT_S_ALIGN;
    }
    if (nr_slots < s->min_slots || nr_slots > VIRTIO_SCHED_HINT_MAX_SLOTS ||
        le32_to_cpu(cmd->slot_stride) != VIRTIO_SCHED_HINT_SLOT_SIZE) {
        return VIRTIO_SCHED_HINT_S_SIZE;
    }
    mr = virtio_sched_hint_find_table(addr, nr_slots, &table);
    if (!mr) {
        return VIRTIO_SCHED_HINT_S_NOT_RAM;
    }

    virtio_sched_hint_forget_table(s);
    trace_virtio_sched_hint_set_table(s, addr, nr_slots);
    s->table_addr = addr;
    s->nr_slots = nr_slots;
    s->mr = mr;
    s->table = table;
    virtio_sched_hint_attach(s);
    virtio_sched_hint_update(s);
    return VIRTIO_SCHED_HINT_S_OK;
}

static uint32_t virtio_sched_hint_clear_table(VirtIOSchedHint *s,
                                              const SchedHintCmd *cmd)
{
    if (cmd->flags || cmd->table_addr || cmd->nr_slots || cmd->slot_stride ||
        cmd->reserved) {
        return VIRTIO_SCHED_HINT_S_RESERVED;
    }
    virtio_sched_hint_forget_table(s);
    virtio_sched_hint_update(s);
    return VIRTIO_SCHED_HINT_S_OK;
}

static uint32_t virtio_sched_hint_command(VirtIOSchedHint *s,
                                          const SchedHintCmd *cmd)
{
    switch (le32_to_cpu(cmd->cmd)) {
    case VIRTIO_SCHED_HINT_CMD_SET_TABLE:
        return virtio_sched_hint_set_table(s, cmd);
    case VIRTIO_SCHED_HINT_CMD_CLEAR_TABLE:
        return virtio_sched_hint_clear_table(s, cmd);
    default:
        return VIRTIO_SCHED_HINT_S_UNSUPP;
    }
}

/* False: there was none, or the queue is broken. */
static bool virtio_sched_hint_handle_command(VirtIODevice *vdev, VirtQueue *vq)
{
    VirtIOSchedHint *s = VIRTIO_SCHED_HINT(vdev);
    g_autofree VirtQueueElement *elem = virtqueue_pop(vq, sizeof(*elem));
    struct virtio_sched_hint_status answer = {};
    SchedHintCmd cmd;

    if (!elem) {
        return false;
    }
    if (iov_size(elem->out_sg, elem->out_num) != sizeof(cmd) ||
        iov_size(elem->in_sg, elem->in_num) != sizeof(answer)) {
        virtio_error(vdev, "virtio-sched-hint: a command has %zu bytes "
                     "and its answer %zu", sizeof(cmd), sizeof(answer));
        virtqueue_detach_element(vq, elem, 0);
        return false;
    }

    iov_to_buf(elem->out_sg, elem->out_num, 0, &cmd, sizeof(cmd));
    answer.status = cpu_to_le32(virtio_sched_hint_command(s, &cmd));
    trace_virtio_sched_hint_command(s, le32_to_cpu(cmd.cmd),
                                    le32_to_cpu(answer.status));

    iov_from_buf(elem->in_sg, elem->in_num, 0, &answer, sizeof(answer));
    virtqueue_push(vq, elem, sizeof(answer));
    virtio_notify(vdev, vq);
    return true;
}

void virtio_sched_hint_handle_control(VirtIODevice *vdev, VirtQueue *vq)
{
    for (int i = 0; i < SCHED_HINT_COMMANDS_AT_ONCE; i++) {
        if (!virtio_sched_hint_handle_command(vdev, vq)) {
            return;
        }
    }
    /* The rest, if there is one, behind whoever else waits for the BQL. */
    qemu_bh_schedule(VIRTIO_SCHED_HINT(vdev)->later);
}
