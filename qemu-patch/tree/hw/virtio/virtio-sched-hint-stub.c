/*
 * The monitor's commands for virtio-sched-hint in a QEMU without the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-sched-hint.h"

SchedHintInfoList *qmp_x_query_sched_hint(Error **errp)
{
    return NULL;
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
    error_setg(errp, "this QEMU is built without virtio-sched-hint");
}
