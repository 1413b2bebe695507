/*
 * virtio-sched-hint: the guest tells KVM what its idle vCPUs wait for
 *
 * The guest driver keeps a table of per-vCPU slots in its own RAM and hands
 * over its address on the control queue.  From then on the guest stores and
 * the host kernel reads; QEMU takes no part.  What is left to do is to check
 * the address (virtio-sched-hint-control.c), to attach the memory behind it
 * (sched-hint-backend.c), and to tell the guest whether anybody reads it.
 *
 * A table may be set without a host that reads it: the device works the same,
 * and a host side that appears later, or after migration, is attached then.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "exec/address-spaces.h"
#include "hw/boards.h"
#include "hw/qdev-properties.h"
#include "hw/virtio/virtio.h"
#include "hw/virtio/virtio-sched-hint.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "standard-headers/linux/virtio_ids.h"
#include "trace.h"

#define SCHED_HINT_QUEUE_SIZE 16

/*
 * The features that can be offered. Those that hook the guest's scheduler or
 * its interrupts are to be asked for: each context switch pays for them.
 */
#define SCHED_HINT_FEATURES (1ULL << VIRTIO_SCHED_HINT_F_TIMER | \
                             1ULL << VIRTIO_SCHED_HINT_F_RUNNABLE | \
                             1ULL << VIRTIO_SCHED_HINT_F_POLL | \
                             1ULL << VIRTIO_SCHED_HINT_F_WAKE_PEER | \
                             1ULL << VIRTIO_SCHED_HINT_F_EVENT)

void virtio_sched_hint_update(VirtIOSchedHint *s)
{
    bool listening = sched_hint_backend_listening(&s->backend);
    bool acting = sched_hint_backend_acting(&s->backend);

    if (listening == s->listening && acting == s->acting) {
        return;
    }
    trace_virtio_sched_hint_listening(s, listening, acting);
    s->listening = listening;
    s->acting = acting;
    virtio_notify_config(VIRTIO_DEVICE(s));
}

/*
 * An interrupt of a VM that is stopped may be in no state that is saved then.
 * set_status() tells the guest when it goes on.
 */
static void virtio_sched_hint_backend_changed(void *opaque)
{
    if (VIRTIO_DEVICE(opaque)->vm_running) {
        virtio_sched_hint_update(opaque);
    }
}

void virtio_sched_hint_attach(VirtIOSchedHint *s)
{
    SchedHintTable table = {
        .addr = s->table,
        .nr_slots = s->nr_slots,
        .features = VIRTIO_DEVICE(s)->guest_features & SCHED_HINT_FEATURES,
    };

    sched_hint_backend_set_table(&s->backend, &table);
}

void virtio_sched_hint_forget_table(VirtIOSchedHint *s)
{
    if (!s->nr_slots) {
        return;
    }
    trace_virtio_sched_hint_forget_table(s, s->table_addr);
    sched_hint_backend_clear_table(&s->backend);
    s->table_addr = 0;
    s->nr_slots = 0;
    s->table = NULL;
    memory_region_unref(s->mr);
    s->mr = NULL;
}

static void virtio_sched_hint_later(void *opaque)
{
    VirtIODevice *vdev = opaque;

    /* If it is stopped: set_status() comes back to this when it goes on. */
    if (vdev->vm_running) {
        virtio_sched_hint_update(VIRTIO_SCHED_HINT(vdev));
        virtio_sched_hint_handle_control(vdev, VIRTIO_SCHED_HINT(vdev)->vq);
    }
}

/*
 * The guest can place a table in memory that goes away: in a DIMM, or behind a
 * BAR.  It is not ours to hold on to that, nor to have the host read it when
 * it is elsewhere.
 */
static void virtio_sched_hint_memory_changed(MemoryListener *listener)
{
    VirtIOSchedHint *s = container_of(listener, VirtIOSchedHint, listener);
    void *table = NULL;
    MemoryRegion *mr;

    if (!s->nr_slots) {
        return;
    }
    mr = virtio_sched_hint_find_table(s->table_addr, s->nr_slots, &table);
    if (mr != s->mr || table != s->table) {
        qemu_log_mask(LOG_GUEST_ERROR, "virtio-sched-hint: the table's memory "
                      "at 0x%" PRIx64 " went away\n", s->table_addr);
        virtio_sched_hint_forget_table(s);
        /* An interrupt is a store to memory, and that is being changed. */
        qemu_bh_schedule(s->later);
    }
    memory_region_unref(mr);
}

static void virtio_sched_hint_get_config(VirtIODevice *vdev, uint8_t *config)
{
    VirtIOSchedHint *s = VIRTIO_SCHED_HINT(vdev);
    /* It may just have been forgotten, and the change not be told yet. */
    bool set = s->nr_slots;
    struct virtio_sched_hint_config cfg = {
        .abi_version = cpu_to_le32(VIRTIO_SCHED_HINT_ABI_VERSION),
        .nr_slots = cpu_to_le32(s->min_slots),
        .slot_stride = cpu_to_le32(VIRTIO_SCHED_HINT_SLOT_SIZE),
        .listening = cpu_to_le32(s->listening && set),
        .acting = cpu_to_le32(s->acting && set),
    };

    memcpy(config, &cfg, sizeof(cfg));
}

static uint64_t virtio_sched_hint_get_features(VirtIODevice *vdev,
                                               uint64_t features, Error **errp)
{
    return features | VIRTIO_SCHED_HINT(vdev)->host_features;
}

/* Silently: a driver that goes away wants no interrupt. */
static void virtio_sched_hint_reset(VirtIODevice *vdev)
{
    VirtIOSchedHint *s = VIRTIO_SCHED_HINT(vdev);

    virtio_sched_hint_forget_table(s);
    s->listening = false;
    s->acting = false;
}

/*
 * Also called when the VM starts and stops.  So this is where a table that
 * came with migration is attached: not before the destination runs, when the
 * interrupt that tells the guest about a change cannot get lost any more.
 */
static void virtio_sched_hint_set_status(VirtIODevice *vdev, uint8_t status)
{
    VirtIOSchedHint *s = VIRTIO_SCHED_HINT(vdev);

    if (!(status & VIRTIO_CONFIG_S_DRIVER_OK)) {
        virtio_sched_hint_reset(vdev);
        return;
    }
    if (!vdev->vm_running) {
        return;
    }
    if (s->nr_slots && !s->backend.table.addr) {
        virtio_sched_hint_attach(s);
    }
    /*
     * The migration's source may have listened where we do not, and commands
     * may be left that came before the VM was stopped.
     */
    qemu_bh_schedule(s->later);
}

/*
 * A table that no SET_TABLE here would have passed is a mistake of whoever
 * started this machine.  What memory it lies in was the guest's choice, and
 * must not keep it from being migrated: behind a BAR that is not mapped yet,
 * say.
 */
static int virtio_sched_hint_post_load(void *opaque, int version_id)
{
    VirtIOSchedHint *s = opaque;

    if (!s->nr_slots) {
        return 0;
    }
    if (s->nr_slots < s->min_slots ||
        s->nr_slots > VIRTIO_SCHED_HINT_MAX_SLOTS ||
        !QEMU_IS_ALIGNED(s->table_addr, VIRTIO_SCHED_HINT_TABLE_ALIGN)) {
        error_report("virtio-sched-hint: a table of %" PRIu32 " slots at "
                     "0x%" PRIx64 " is not possible in this machine",
                     s->nr_slots, s->table_addr);
        s->nr_slots = 0;
        return -EINVAL;
    }
    s->mr = virtio_sched_hint_find_table(s->table_addr, s->nr_slots,
                                         &s->table);
    if (!s->mr) {
        warn_report("virtio-sched-hint: no RAM at 0x%" PRIx64 ", where the "
                    "guest had its table: it is told that nobody listens",
                    s->table_addr);
        s->table_addr = 0;
        s->nr_slots = 0;
    }
    return 0;
}

static int virtio_sched_hint_pre_load(void *opaque)
{
    virtio_sched_hint_forget_table(opaque);
    return 0;
}

bool virtio_sched_hint_check_limits(const SchedHintLimits *limits, Error **errp)
{
    uint32_t vm_max = SCHED_HINT_MAX_BUDGET_PERCENT *
                      current_machine->smp.max_cpus;

    if (limits->max_keep_us < SCHED_HINT_MIN_KEEP_US ||
        limits->max_keep_us > SCHED_HINT_MAX_KEEP_US) {
        error_setg(errp, "max-keep-us=%" PRIu32 " is out of range: "
                   "use %d to %d", limits->max_keep_us,
                   SCHED_HINT_MIN_KEEP_US, SCHED_HINT_MAX_KEEP_US);
        return false;
    }
    if (limits->budget_percent > SCHED_HINT_MAX_BUDGET_PERCENT) {
        error_setg(errp, "budget-percent=%" PRIu32 " is out of range: "
                   "use 0 to %d", limits->budget_percent,
                   SCHED_HINT_MAX_BUDGET_PERCENT);
        return false;
    }
    if (limits->vm_budget_percent > vm_max) {
        error_setg(errp, "vm-budget-percent=%" PRIu32 " is out of range: "
                   "use 0 to %" PRIu32, limits->vm_budget_percent, vm_max);
        return false;
    }
    return true;
}

static bool virtio_sched_hint_check_properties(VirtIOSchedHint *s,
                                               Error **errp)
{
    if (!s->backend_name || !strcmp(s->backend_name, "auto")) {
        s->backend.mode = SCHED_HINT_BACKEND_AUTO;
    } else if (!strcmp(s->backend_name, "required")) {
        s->backend.mode = SCHED_HINT_BACKEND_REQUIRED;
    } else if (!strcmp(s->backend_name, "off")) {
        s->backend.mode = SCHED_HINT_BACKEND_OFF;
    } else {
        error_setg(errp, "backend=%s is unknown: use off, auto or required",
                   s->backend_name);
        return false;
    }
    if (s->backend.mode == SCHED_HINT_BACKEND_OFF && s->backend.fdname) {
        error_setg(errp, "fd=%s is of no use with backend=off: "
                   "leave out one of them", s->backend.fdname);
        return false;
    }
    return virtio_sched_hint_check_limits(&s->backend.limits, errp);
}

/* A vCPU's slot is found by its id in KVM, which on x86 is the APIC id. */
static uint64_t virtio_sched_hint_count_slots(void)
{
    MachineState *ms = MACHINE(qdev_get_machine());
    MachineClass *mc = MACHINE_GET_CLASS(ms);
    const CPUArchIdList *cpus;
    uint64_t max_id = 0;

    if (!mc->possible_cpu_arch_ids) {
        return ms->smp.max_cpus;
    }
    cpus = mc->possible_cpu_arch_ids(ms);
    for (int i = 0; i < cpus->len; i++) {
        max_id = MAX(max_id, cpus->cpus[i].arch_id);
    }
    return max_id + 1;
}

static void virtio_sched_hint_realize(DeviceState *dev, Error **errp)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    VirtIOSchedHint *s = VIRTIO_SCHED_HINT(dev);
    uint64_t nr_slots = virtio_sched_hint_count_slots();

    if (!virtio_sched_hint_check_properties(s, errp)) {
        return;
    }
    if (nr_slots > VIRTIO_SCHED_HINT_MAX_SLOTS) {
        error_setg(errp, "the machine's largest APIC id is %" PRIu64 ", but a "
                   "table has at most %d slots: use a smaller -smp topology",
                   nr_slots - 1, VIRTIO_SCHED_HINT_MAX_SLOTS);
        return;
    }
    s->min_slots = nr_slots;
    s->host_features |= 1ULL << VIRTIO_SCHED_HINT_F_TIMER;

    s->backend.changed = virtio_sched_hint_backend_changed;
    s->backend.opaque = s;
    if (!sched_hint_backend_init(&s->backend, errp)) {
        return;
    }

    virtio_init(vdev, VIRTIO_ID_SCHED_HINT,
                sizeof(struct virtio_sched_hint_config));
    s->vq = virtio_add_queue(vdev, SCHED_HINT_QUEUE_SIZE,
                             virtio_sched_hint_handle_control);
    s->later = virtio_bh_new_guarded(dev, virtio_sched_hint_later, vdev);
    s->listener = (MemoryListener) {
        .commit = virtio_sched_hint_memory_changed,
        .name = "virtio-sched-hint",
    };
    memory_listener_register(&s->listener, &address_space_memory);
}

static void virtio_sched_hint_unrealize(DeviceState *dev)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    VirtIOSchedHint *s = VIRTIO_SCHED_HINT(dev);

    memory_listener_unregister(&s->listener);
    virtio_sched_hint_forget_table(s);
    sched_hint_backend_cleanup(&s->backend);
    g_clear_pointer(&s->later, qemu_bh_delete);
    virtio_delete_queue(s->vq);
    virtio_cleanup(vdev);
}

static char *virtio_sched_hint_get_backend_status(Object *obj, Error **errp)
{
    VirtIOSchedHint *s = VIRTIO_SCHED_HINT(obj);

    return g_strdup(sched_hint_backend_status(&s->backend));
}

static void virtio_sched_hint_get_table_address(Object *obj, Visitor *v,
                                                const char *name, void *opaque,
                                                Error **errp)
{
    visit_type_uint64(v, name, &VIRTIO_SCHED_HINT(obj)->table_addr, errp);
}

static void virtio_sched_hint_get_table_slots(Object *obj, Visitor *v,
                                              const char *name, void *opaque,
                                              Error **errp)
{
    visit_type_uint32(v, name, &VIRTIO_SCHED_HINT(obj)->nr_slots, errp);
}

static const VMStateDescription vmstate_virtio_sched_hint_device = {
    .name = "virtio-sched-hint-device",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = virtio_sched_hint_pre_load,
    .post_load = virtio_sched_hint_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(table_addr, VirtIOSchedHint),
        VMSTATE_UINT32(nr_slots, VirtIOSchedHint),
        VMSTATE_BOOL(listening, VirtIOSchedHint),
        VMSTATE_BOOL(acting, VirtIOSchedHint),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_virtio_sched_hint = {
    .name = "virtio-sched-hint",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_VIRTIO_DEVICE,
        VMSTATE_END_OF_LIST()
    },
};

static const Property virtio_sched_hint_properties[] = {
    DEFINE_PROP_STRING("backend", VirtIOSchedHint, backend_name),
    DEFINE_PROP_STRING("fd", VirtIOSchedHint, backend.fdname),
    DEFINE_PROP_UINT32("max-keep-us", VirtIOSchedHint,
                       backend.limits.max_keep_us,
                       SCHED_HINT_DEFAULT_KEEP_US),
    DEFINE_PROP_UINT32("budget-percent", VirtIOSchedHint,
                       backend.limits.budget_percent,
                       SCHED_HINT_DEFAULT_BUDGET_PERCENT),
    DEFINE_PROP_UINT32("vm-budget-percent", VirtIOSchedHint,
                       backend.limits.vm_budget_percent, 0),
    DEFINE_PROP_BOOL("packet-arrival", VirtIOSchedHint,
                     backend.packet_arrival, true),
    DEFINE_PROP_BIT64("runnable", VirtIOSchedHint, host_features,
                      VIRTIO_SCHED_HINT_F_RUNNABLE, false),
    DEFINE_PROP_BIT64("poll", VirtIOSchedHint, host_features,
                      VIRTIO_SCHED_HINT_F_POLL, false),
    DEFINE_PROP_BIT64("wake-peer", VirtIOSchedHint, host_features,
                      VIRTIO_SCHED_HINT_F_WAKE_PEER, true),
    DEFINE_PROP_BIT64("event", VirtIOSchedHint, host_features,
                      VIRTIO_SCHED_HINT_F_EVENT, false),
};

static void virtio_sched_hint_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtioDeviceClass *vdc = VIRTIO_DEVICE_CLASS(klass);

    device_class_set_props(dc, virtio_sched_hint_properties);
    dc->vmsd = &vmstate_virtio_sched_hint;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);

    vdc->realize = virtio_sched_hint_realize;
    vdc->unrealize = virtio_sched_hint_unrealize;
    vdc->get_config = virtio_sched_hint_get_config;
    vdc->get_features = virtio_sched_hint_get_features;
    vdc->set_status = virtio_sched_hint_set_status;
    vdc->reset = virtio_sched_hint_reset;
    vdc->vmsd = &vmstate_virtio_sched_hint_device;

    object_class_property_set_description(klass, "backend",
                                          "off/auto/required (default auto)");
    object_class_property_add_str(klass, "backend-status",
                                  virtio_sched_hint_get_backend_status, NULL);
    object_class_property_set_description(klass, "backend-status",
                                          "Whether the host reads the table, "
                                          "or why not");
    object_class_property_add(klass, "table-address", "uint64",
                              virtio_sched_hint_get_table_address, NULL, NULL,
                              NULL);
    object_class_property_set_description(klass, "table-address",
                                          "The table's guest-physical address");
    object_class_property_add(klass, "table-slots", "uint32",
                              virtio_sched_hint_get_table_slots, NULL, NULL,
                              NULL);
    object_class_property_set_description(klass, "table-slots",
                                          "The table's slots, 0 without one");
}

static const TypeInfo virtio_sched_hint_info = {
    .name = TYPE_VIRTIO_SCHED_HINT,
    .parent = TYPE_VIRTIO_DEVICE,
    .instance_size = sizeof(VirtIOSchedHint),
    .class_init = virtio_sched_hint_class_init,
};

static void virtio_sched_hint_register_types(void)
{
    type_register_static(&virtio_sched_hint_info);
}
type_init(virtio_sched_hint_register_types)
