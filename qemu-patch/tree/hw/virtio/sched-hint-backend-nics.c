/*
 * What the NICs of the VM are fed from, which the host watches for packets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <linux/kvm_sched_hint.h>
#include <sys/ioctl.h>
#include "hw/virtio/sched-hint-backend.h"
#include "net/net.h"
#include "net/tap.h"
#include "trace.h"

/*
 * Have the host watch what a NIC is fed from.  Only taps: what arrives at other
 * backends the host's kernel does not see, or sees no earlier than the guest.
 */
static void sched_hint_watch_nic(NICState *nic, void *opaque)
{
    SchedHintBackend *b = opaque;
    int queues = MAX(1, nic->conf->peers.queues);

    for (int i = 0; i < queues; i++) {
        NetClientState *peer = qemu_get_subqueue(nic, i)->peer;
        struct kvm_sched_hint_watch watch = {};
        int err;

        if (!peer || peer->info->type != NET_CLIENT_DRIVER_TAP) {
            continue;
        }
        watch.fd = tap_get_fd(peer);
        err = ioctl(b->fd, KVM_SCHED_HINT_WATCH, &watch) < 0 ? errno : 0;
        /* EEXIST: it was there before a device that has just come. */
        if (err != EEXIST) {
            trace_sched_hint_backend_watch(b, watch.fd, err);
            b->watch_err = err ?: b->watch_err;
        }
    }
}

void sched_hint_backend_watch_nics(SchedHintBackend *b)
{
    if (b->attached && b->packet_arrival) {
        b->watch_err = 0;
        qemu_foreach_nic(sched_hint_watch_nic, b);
    }
}

/* Why a tap is not watched that could be: @err is what the host says of it. */
static char *sched_hint_watch_reason(const SchedHintBackend *b, int err)
{
    if (!b->packet_arrival) {
        return g_strdup("packet-arrival=off");
    }
    if (err == ENOTCONN) {
        return g_strdup("the VM is not attached");
    }
    switch (err == ENOENT ? b->watch_err : err) {
    case 0:
        return g_strdup("the host has forgotten it");
    case ENOSPC:
        return g_strdup_printf("%d others are watched, the host takes no more",
                               KVM_SCHED_HINT_MAX_WATCHES);
    case ENOTTY:
        return g_strdup("the host's module is too old");
    default:
        return g_strdup_printf("the host refuses it: %s",
                               strerror(err == ENOENT ? b->watch_err : err));
    }
}

void sched_hint_backend_get_arrivals(const SchedHintBackend *b,
                                     NetClientState *tap, SchedHintQueue *to)
{
    struct kvm_sched_hint_arrivals got = { .fd = tap_get_fd(tap) };
    int err = ENOTCONN;

    if (b->attached) {
        err = ioctl(b->fd, KVM_SCHED_HINT_GET_ARRIVALS, &got) < 0 ? errno : 0;
    }
    /* A module that does not tell: go by what it said when it was asked to. */
    to->watched = !err ||
                  (err == ENOTTY && b->packet_arrival && !b->watch_err);
    if (!to->watched) {
        to->reason = sched_hint_watch_reason(b, err);
    }
    if (!err) {
        to->has_arrivals = true;
        to->arrivals = got.arrivals;
        to->has_vcpu_id = got.vcpu_id != KVM_SCHED_HINT_NO_VCPU;
        to->vcpu_id = got.vcpu_id;
    }
}
