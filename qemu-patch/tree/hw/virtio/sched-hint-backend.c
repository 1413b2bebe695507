/*
 * The host's side of virtio-sched-hint: a client of /dev/kvm-sched-hint
 *
 * This file owns the node's file descriptor.  It is open as long as possible
 * even without a table, so that a missing host side is found at start-up and
 * not when the guest's driver loads.  The module can be taken away at any
 * time: it then raises EPOLLHUP and waits until everybody has closed.  A node
 * that was opened by its path is looked for again once per second, so that
 * neither replacing the module nor loading it late needs anything done here.
 * Attaching that has failed is tried again as often; opening that was denied
 * ever less often, for each attempt may be audited.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib-unix.h>
#include <linux/kvm_sched_hint.h>
#include <sys/ioctl.h>
#include "hw/boards.h"
#include "hw/virtio/sched-hint-backend.h"
#include "monitor/monitor.h"
#include "qapi/error.h"
#include "qemu/ctype.h"
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "standard-headers/linux/virtio_sched_hint.h"
#include "system/kvm.h"
#include "system/kvm_int.h"
#include "system/system.h"
#include "trace.h"

QEMU_BUILD_BUG_ON(SCHED_HINT_MIN_KEEP_US != KVM_SCHED_HINT_MIN_KEEP_US);
QEMU_BUILD_BUG_ON(SCHED_HINT_MAX_KEEP_US != KVM_SCHED_HINT_MAX_KEEP_US);
QEMU_BUILD_BUG_ON(SCHED_HINT_DEFAULT_KEEP_US != KVM_SCHED_HINT_DEFAULT_KEEP_US);
QEMU_BUILD_BUG_ON(SCHED_HINT_MAX_BUDGET_PERCENT !=
                  KVM_SCHED_HINT_MAX_BUDGET_PERCENT);
QEMU_BUILD_BUG_ON(SCHED_HINT_DEFAULT_BUDGET_PERCENT !=
                  KVM_SCHED_HINT_DEFAULT_BUDGET_PERCENT);

QEMU_BUILD_BUG_ON(SCHED_HINT_USE_VM != KVM_SCHED_HINT_USE_VM);
QEMU_BUILD_BUG_ON((int)SCHED_HINT_MODE_DEFAULT !=
                  KVM_SCHED_HINT_MODE_DEFAULT);
QEMU_BUILD_BUG_ON((int)SCHED_HINT_MODE_OFF != KVM_SCHED_HINT_MODE_OFF);
QEMU_BUILD_BUG_ON((int)SCHED_HINT_MODE_OBSERVE !=
                  KVM_SCHED_HINT_MODE_OBSERVE);
QEMU_BUILD_BUG_ON((int)SCHED_HINT_MODE_ALWAYS != KVM_SCHED_HINT_MODE_ALWAYS);
QEMU_BUILD_BUG_ON((int)SCHED_HINT_MODE_HINT != KVM_SCHED_HINT_MODE_HINT);

/* Often enough for an operator who waits, rare enough to cost nothing. */
#define SCHED_HINT_RETRY_MS 1000
/* So 16 s at most: rare in an audit log, soon for who has just allowed it. */
#define SCHED_HINT_DENIED_DOUBLINGS 4

static int sched_hint_backend_open(const char *fdname, Error **errp);
static void sched_hint_backend_adopt(SchedHintBackend *b, int fd);

static void G_GNUC_PRINTF(2, 3)
sched_hint_backend_set_status(SchedHintBackend *b, const char *fmt, ...)
{
    va_list ap;

    g_free(b->status);
    va_start(ap, fmt);
    b->status = g_strdup_vprintf(fmt, ap);
    va_end(ap);
}

static const char *const sched_hint_status_text[] = {
    [KVM_SCHED_HINT_STATUS_OK] = "ok",
    [KVM_SCHED_HINT_STATUS_DRAINING] = "the host's module is being drained",
    [KVM_SCHED_HINT_STATUS_DETACHED] = "the host has no VM attached",
    [KVM_SCHED_HINT_STATUS_MODE_OFF] = "the host's mode is off",
    [KVM_SCHED_HINT_STATUS_DISARMED] =
        "the host does not see halts: kprobes or ftrace are disabled",
    [KVM_SCHED_HINT_STATUS_NO_POLL] =
        "the guest has switched host polling off (cpuidle-haltpoll)",
    [KVM_SCHED_HINT_STATUS_NO_HALTS] = "no halt has reached the host",
    [KVM_SCHED_HINT_STATUS_NO_PUBLISHER] = "the guest publishes nothing",
    [KVM_SCHED_HINT_STATUS_BUDGET] = "the budget is spent, or 0",
    [KVM_SCHED_HINT_STATUS_CEILING] =
        "KVM_CAP_HALT_POLL leaves no time to be kept",
    [KVM_SCHED_HINT_STATUS_OBSERVING] =
        "the host's mode is observe, it changes nothing",
    [KVM_SCHED_HINT_STATUS_QUOTA] = "a CPU quota (cpu.max) bounds the VM",
    [KVM_SCHED_HINT_STATUS_NESTED] =
        "all halts are nested guests' or Xen's, which are left to KVM",
    [KVM_SCHED_HINT_STATUS_CONTENDED] =
        "other tasks want the host's CPUs",
};

static void sched_hint_backend_detach(SchedHintBackend *b)
{
    if (!b->attached) {
        return;
    }
    trace_sched_hint_backend_detach(b, b->fd);
    /* This fails only where the host has let go of the VM by itself. */
    ioctl(b->fd, KVM_SCHED_HINT_DETACH, 0);
    b->attached = false;
    b->listening = false;
    b->acting = false;
}

static void sched_hint_backend_close(SchedHintBackend *b)
{
    if (b->fd < 0) {
        return;
    }
    sched_hint_backend_detach(b);
    trace_sched_hint_backend_close(b, b->fd);
    g_source_remove(b->watch);
    close(b->fd);
    b->fd = -1;
}

/* Open the node, if that can be done, and attach the table once more. */
static void sched_hint_backend_retry_later(SchedHintBackend *b)
{
    timer_mod(b->retry, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
              (SCHED_HINT_RETRY_MS << b->denied));
}

/* Ask the host what it does with the table; this also clears EPOLLPRI. */
static void sched_hint_backend_get_status(SchedHintBackend *b)
{
    struct kvm_sched_hint_status st = {};
    const char *text = "the host gives a reason that this QEMU does not know";

    if (ioctl(b->fd, KVM_SCHED_HINT_GET_STATUS, &st) < 0) {
        sched_hint_backend_set_status(b, "GET_STATUS failed: %s",
                                      strerror(errno));
        /* EPOLLPRI would come again and again. */
        sched_hint_backend_close(b);
        sched_hint_backend_retry_later(b);
        return;
    }
    trace_sched_hint_backend_status(b, st.status, st.mode, st.listening);
    if (!b->attached) {
        return;
    }
    if (st.status < ARRAY_SIZE(sched_hint_status_text)) {
        text = sched_hint_status_text[st.status];
    }
    b->listening = st.listening;
    b->acting = st.acting;
    sched_hint_backend_set_status(b, "%s", text);
}

/* The module goes away: let go of it, and look out for the next one. */
static void sched_hint_backend_drained(SchedHintBackend *b)
{
    sched_hint_backend_close(b);
    if (!b->fdname) {
        sched_hint_backend_set_status(b, "the host's module is being drained");
        sched_hint_backend_retry_later(b);
    } else {
        sched_hint_backend_set_status(b, "the host's module was drained, "
                                      "and fd=%s cannot be opened again",
                                      b->fdname);
    }
}

static void sched_hint_backend_device_came(DeviceListener *listener,
                                           DeviceState *dev)
{
    sched_hint_backend_watch_nics(container_of(listener, SchedHintBackend,
                                               listener));
}

static void sched_hint_backend_attach(SchedHintBackend *b)
{
    struct kvm_sched_hint_attach attach = {
        .table_addr = (uintptr_t)b->table.addr,
        .features = b->table.features,
        .nr_slots = b->table.nr_slots,
        .slot_stride = VIRTIO_SCHED_HINT_SLOT_SIZE,
        .max_keep_us = b->limits.max_keep_us,
        .budget_percent = b->limits.budget_percent,
        .vm_budget_percent = b->limits.vm_budget_percent,
        .mode = b->limits.mode,
    };
    int err;

    if (b->fd < 0 || !b->table.addr) {
        return;
    }

    /* An open node means that there is KVM, and so a VM. */
    attach.vm_fd = kvm_state->vmfd;
    err = ioctl(b->fd, KVM_SCHED_HINT_ATTACH, &attach) < 0 ? errno : 0;
    trace_sched_hint_backend_attach(b, b->fd, attach.nr_slots, attach.features,
                                    err);
    if (err == ESHUTDOWN) {
        sched_hint_backend_drained(b);
        return;
    }
    if (err) {
        sched_hint_backend_set_status(b, "attaching the VM failed: %s%s",
                                      strerror(err), err == EBUSY ?
                                      " (it is attached already)" : "");
        if (!b->warned) {
            warn_report("virtio-sched-hint: the host will not listen: %s",
                        b->status);
            b->warned = true;
        }
        /* What is wrong with an argument stays wrong; the rest may pass. */
        if (err != EINVAL) {
            sched_hint_backend_retry_later(b);
        }
        return;
    }
    b->attached = true;
    b->attached_ms = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
    b->warned = false;
    sched_hint_backend_watch_nics(b);
    sched_hint_backend_get_status(b);
}

static gboolean sched_hint_backend_event(gint fd, GIOCondition revents,
                                         gpointer opaque)
{
    SchedHintBackend *b = opaque;

    trace_sched_hint_backend_event(b, fd, revents);
    if (revents & (G_IO_HUP | G_IO_ERR | G_IO_NVAL)) {
        sched_hint_backend_drained(b);
    } else {
        sched_hint_backend_get_status(b);
    }
    b->changed(b->opaque);
    /* Where the source is gone already this is not looked at. */
    return G_SOURCE_CONTINUE;
}

static void sched_hint_backend_retry(void *opaque)
{
    SchedHintBackend *b = opaque;
    Error *err = NULL;
    int fd;

    if (b->attached) {
        return;
    }
    if (b->fd < 0 && !b->fdname) {
        fd = sched_hint_backend_open(NULL, &err);
        if (fd < 0) {
            bool denied = fd == -EACCES || fd == -EPERM;

            b->denied = denied ? MIN(b->denied + 1,
                                     SCHED_HINT_DENIED_DOUBLINGS) : 0;
            sched_hint_backend_set_status(b, "%s", error_get_pretty(err));
            error_free(err);
            sched_hint_backend_retry_later(b);
            return;
        }
        sched_hint_backend_adopt(b, fd);
    }
    sched_hint_backend_attach(b);
    b->changed(b->opaque);
}

static int sched_hint_backend_open_path(Error **errp)
{
    int fd = qemu_open(KVM_SCHED_HINT_NODE, O_RDWR, NULL);
    int err = errno;

    if (fd >= 0) {
        return fd;
    }
    switch (err) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
        error_setg(errp, KVM_SCHED_HINT_NODE " is missing: run 'modprobe "
                   "kvm_sched_hint' on the host");
        break;
    case EACCES:
        error_setg_errno(errp, err, KVM_SCHED_HINT_NODE " cannot be opened "
                         "(add QEMU's user to the group kvm)");
        break;
    case EPERM:
        error_setg_errno(errp, err, KVM_SCHED_HINT_NODE " cannot be opened "
                         "(add it to the device ACL of QEMU's cgroup)");
        break;
    case ESHUTDOWN:
        error_setg(errp, KVM_SCHED_HINT_NODE " is being drained: write 0 to "
                   "/sys/class/misc/kvm-sched-hint/drain");
        break;
    default:
        error_setg_errno(errp, err, KVM_SCHED_HINT_NODE " cannot be opened");
        break;
    }
    return -err;
}

/* Whether @fd is the node, and of our version. */
static bool sched_hint_backend_check_version(int fd, const char *name,
                                             Error **errp)
{
    int version = ioctl(fd, KVM_SCHED_HINT_GET_API_VERSION, 0);

    if (version == KVM_SCHED_HINT_API_VERSION) {
        return true;
    }
    if (version < 0) {
        error_setg_errno(errp, errno, "%s does not lead to the module "
                         "kvm_sched_hint", name);
    } else {
        error_setg(errp, "%s has API version %d, but this QEMU speaks %d: "
                   "update the older of the two", name, version,
                   KVM_SCHED_HINT_API_VERSION);
    }
    return false;
}

/* The file descriptor @fdname, or of the node's path; or why not: -errno. */
static int sched_hint_backend_open(const char *fdname, Error **errp)
{
    g_autofree char *name = NULL;
    /* A bare number may be anybody's: hands off it until it is known. */
    bool owned = !fdname || !qemu_isdigit(fdname[0]);
    int fd;

    if (fdname) {
        name = g_strdup_printf("fd=%s", fdname);
        fd = monitor_fd_param(monitor_cur(), fdname, errp);
        if (fd < 0) {
            return -EBADF;
        }
    } else {
        name = g_strdup(KVM_SCHED_HINT_NODE);
        fd = sched_hint_backend_open_path(errp);
        if (fd < 0) {
            return fd;
        }
    }
    if (!sched_hint_backend_check_version(fd, name, errp)) {
        if (owned) {
            close(fd);
        }
        return -EPROTO;
    }
    qemu_set_cloexec(fd);
    return fd;
}

/* From now on @fd is ours. */
static void sched_hint_backend_adopt(SchedHintBackend *b, int fd)
{
    trace_sched_hint_backend_open(b, fd);
    b->fd = fd;
    b->denied = 0;
    /* QEMU's own fd handlers do not know of G_IO_PRI. */
    b->watch = g_unix_fd_add(fd, G_IO_PRI | G_IO_HUP | G_IO_ERR,
                             sched_hint_backend_event, b);
    sched_hint_backend_set_status(b, "the guest has set no table");
}

/* What no module on the host could change: halts do not get that far. */
static bool sched_hint_backend_possible(Error **errp)
{
    if (!kvm_enabled()) {
        error_setg(errp, "the accelerator is not KVM: use -accel kvm");
        return false;
    }
    if (!kvm_irqchip_in_kernel()) {
        error_setg(errp, "with kernel-irqchip=off halts do not reach KVM: "
                   "use kernel-irqchip=on or split");
        return false;
    }
    if (enable_cpu_pm) {
        error_setg(errp, "with cpu-pm=on halts do not leave the guest: "
                   "use -overcommit cpu-pm=off");
        return false;
    }
    if (current_machine->cgs) {
        error_setg(errp, "the host cannot read the memory of a confidential "
                   "guest: leave out confidential-guest-support");
        return false;
    }
    return true;
}

bool sched_hint_backend_init(SchedHintBackend *b, Error **errp)
{
    Error *err = NULL;
    bool possible;
    int fd;

    b->fd = -1;
    if (b->mode == SCHED_HINT_BACKEND_OFF) {
        sched_hint_backend_set_status(b, "backend=off");
        return true;
    }

    possible = sched_hint_backend_possible(&err);
    if (possible) {
        fd = sched_hint_backend_open(b->fdname, &err);
        if (fd >= 0) {
            sched_hint_backend_adopt(b, fd);
            goto opened;
        }
    } else if (b->fdname) {
        /* Left open it would keep the module from being drained. */
        fd = sched_hint_backend_open(b->fdname, NULL);
        if (fd >= 0) {
            close(fd);
        }
    }
    /* A descriptor that was named and is none is a mistake in any mode. */
    if (b->mode == SCHED_HINT_BACKEND_REQUIRED || (possible && b->fdname)) {
        if (b->mode == SCHED_HINT_BACKEND_REQUIRED) {
            error_append_hint(&err, "A device with backend=auto starts "
                              "without the host's side.\n");
        }
        error_propagate(errp, err);
        return false;
    }
    sched_hint_backend_set_status(b, "%s", error_get_pretty(err));
    warn_reportf_err(err, "virtio-sched-hint: the host does not listen: ");
    if (!possible) {
        return true;
    }

opened:
    /* Whoever plugs a NIC later does not tell us. */
    b->listener.realize = sched_hint_backend_device_came;
    device_listener_register(&b->listener);
    b->retry = timer_new_ms(QEMU_CLOCK_REALTIME, sched_hint_backend_retry, b);
    if (b->fd < 0) {
        sched_hint_backend_retry_later(b);
    }
    return true;
}

void sched_hint_backend_cleanup(SchedHintBackend *b)
{
    if (b->listener.realize) {
        device_listener_unregister(&b->listener);
        b->listener.realize = NULL;
    }
    timer_free(b->retry);
    b->retry = NULL;
    sched_hint_backend_close(b);
    g_clear_pointer(&b->status, g_free);
}

void sched_hint_backend_set_table(SchedHintBackend *b,
                                  const SchedHintTable *table)
{
    int64_t now_ms = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);

    sched_hint_backend_detach(b);
    b->table = *table;
    /*
     * A guest that sets tables without end must not have the host attach it
     * as often, which takes locks and time of more than its own.
     */
    if (b->fd >= 0 && now_ms < b->attached_ms + SCHED_HINT_RETRY_MS) {
        sched_hint_backend_set_status(b, "the guest has set its table less "
                                      "than a second after the last one");
        sched_hint_backend_retry_later(b);
        return;
    }
    sched_hint_backend_attach(b);
}

void sched_hint_backend_clear_table(SchedHintBackend *b)
{
    sched_hint_backend_detach(b);
    b->table = (SchedHintTable) {};
    if (b->fd >= 0) {
        sched_hint_backend_set_status(b, "the guest has set no table");
    }
}

bool sched_hint_backend_listening(const SchedHintBackend *b)
{
    return b->listening;
}

bool sched_hint_backend_acting(const SchedHintBackend *b)
{
    return b->acting;
}

const char *sched_hint_backend_status(const SchedHintBackend *b)
{
    return b->status ?: "not realized";
}

void sched_hint_backend_get_limits(const SchedHintBackend *b,
                                   SchedHintLimits *limits)
{
    struct kvm_sched_hint_limits host;

    *limits = b->limits;
    if (!b->attached || ioctl(b->fd, KVM_SCHED_HINT_GET_LIMITS, &host) < 0) {
        return;
    }
    /* A mode that a later module has we cannot name. */
    if (host.mode < SCHED_HINT_MODE__MAX) {
        limits->mode = host.mode;
    }
    limits->max_keep_us = host.max_keep_us;
    limits->budget_percent = host.budget_percent;
    limits->vm_budget_percent = host.vm_budget_percent;
}

bool sched_hint_backend_set_limits(SchedHintBackend *b,
                                   const SchedHintLimits *now,
                                   const SchedHintLimits *lasting, Error **errp)
{
    struct kvm_sched_hint_limits host = {
        .mode = now->mode,
        .max_keep_us = now->max_keep_us,
        .budget_percent = now->budget_percent,
        .vm_budget_percent = now->vm_budget_percent,
    };

    if (b->attached) {
        if (ioctl(b->fd, KVM_SCHED_HINT_SET_LIMITS, &host) < 0) {
            error_setg_errno(errp, errno, "the host refuses the limits");
            return false;
        }
        sched_hint_backend_get_status(b);
        b->changed(b->opaque);
    }
    b->limits = *lasting;
    return true;
}

static bool sched_hint_backend_can_reattach(const SchedHintBackend *b,
                                            const char *fdname, Error **errp)
{
    /* A number could be the very descriptor that is about to be closed. */
    if (fdname && qemu_isdigit(fdname[0])) {
        error_setg(errp, "fd=%s is a number: pass a descriptor with getfd, "
                   "and name it", fdname);
        return false;
    }
    if (b->mode == SCHED_HINT_BACKEND_OFF) {
        error_setg(errp, "the device has backend=off: it never attaches");
        return false;
    }
    if (!sched_hint_backend_possible(errp)) {
        return false;
    }
    if (b->fdname && !fdname && b->fd < 0) {
        error_setg(errp, "fd=%s was closed and cannot be opened again: pass "
                   "another one with getfd, and name it", b->fdname);
        return false;
    }
    return true;
}

bool sched_hint_backend_reattach(SchedHintBackend *b, const char *fdname,
                                 Error **errp)
{
    int fd;

    if (!sched_hint_backend_can_reattach(b, fdname, errp)) {
        return false;
    }
    if (b->fdname && !fdname) {
        sched_hint_backend_detach(b);
    } else {
        fd = sched_hint_backend_open(fdname, errp);
        if (fd < 0) {
            return false;
        }
        sched_hint_backend_close(b);
        if (fdname) {
            g_free(b->fdname);
            b->fdname = g_strdup(fdname);
        }
        sched_hint_backend_adopt(b, fd);
    }
    timer_del(b->retry);
    b->warned = false;
    sched_hint_backend_attach(b);
    b->changed(b->opaque);
    if (b->table.addr && !b->attached) {
        error_setg(errp, "%s", b->status);
        return false;
    }
    return true;
}

SchedHintUse *sched_hint_backend_get_use(const SchedHintBackend *b,
                                         uint32_t vcpu_id)
{
    struct kvm_sched_hint_use use = { .vcpu_id = vcpu_id };
    SchedHintUse *ret;

    if (!b->attached || ioctl(b->fd, KVM_SCHED_HINT_GET_USE, &use) < 0) {
        return NULL;
    }
    ret = g_new(SchedHintUse, 1);
    *ret = (SchedHintUse) {
        .budget_ns = use.budget_ns,
        .used_ns = use.used_ns,
        .halts = use.halts,
        .grants = use.grants,
        .refused = use.refused,
        .kept_ns = use.kept_ns,
        .wasted_ns = use.wasted_ns,
        .early_wakes = use.early_sent,
        .early_hits = use.early_hits,
        .early_misses = use.early_misses,
    };
    return ret;
}
