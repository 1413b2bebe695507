/*
 * The host's side of virtio-sched-hint where QEMU is built without KVM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/virtio/sched-hint-backend.h"
#include "qapi/error.h"
#include "qemu/error-report.h"

#define NO_KVM "this QEMU is built without KVM"

bool sched_hint_backend_init(SchedHintBackend *b, Error **errp)
{
    if (b->mode == SCHED_HINT_BACKEND_REQUIRED) {
        error_setg(errp, "backend=required is not possible: " NO_KVM);
        return false;
    }
    if (b->mode == SCHED_HINT_BACKEND_AUTO) {
        warn_report("virtio-sched-hint: the host will not listen: " NO_KVM);
    }
    return true;
}

void sched_hint_backend_cleanup(SchedHintBackend *b)
{
}

void sched_hint_backend_set_table(SchedHintBackend *b,
                                  const SchedHintTable *table)
{
    b->table = *table;
}

void sched_hint_backend_clear_table(SchedHintBackend *b)
{
    b->table = (SchedHintTable) {};
}

bool sched_hint_backend_listening(const SchedHintBackend *b)
{
    return false;
}

bool sched_hint_backend_acting(const SchedHintBackend *b)
{
    return false;
}

const char *sched_hint_backend_status(const SchedHintBackend *b)
{
    return NO_KVM;
}

void sched_hint_backend_get_limits(const SchedHintBackend *b,
                                   SchedHintLimits *limits)
{
    *limits = b->limits;
}

bool sched_hint_backend_set_limits(SchedHintBackend *b,
                                   const SchedHintLimits *now,
                                   const SchedHintLimits *lasting, Error **errp)
{
    b->limits = *lasting;
    return true;
}

bool sched_hint_backend_reattach(SchedHintBackend *b, const char *fdname,
                                 Error **errp)
{
    error_setg(errp, NO_KVM);
    return false;
}

SchedHintUse *sched_hint_backend_get_use(const SchedHintBackend *b,
                                         uint32_t vcpu_id)
{
    return NULL;
}

void sched_hint_backend_get_arrivals(const SchedHintBackend *b,
                                     NetClientState *tap, SchedHintQueue *to)
{
    to->reason = g_strdup(NO_KVM);
}
