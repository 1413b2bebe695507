/*
 * The host's side of virtio-sched-hint: a client of /dev/kvm-sched-hint
 *
 * This file owns the node's file descriptor.  It is open as long as possible
 * even without a table, so that a missing host side is found at start-up and
 * not when the guest's driver loads.  The module can be taken away at any
 * time: it then raises EPOLLHUP and waits until everybody has closed.  A node
 * that was opened by its path is looked for again once per second, so that
 * neither replacing the module nor loading it late needs anything done here.
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

QEMU_BUILD_BUG_ON(SCHED_HINT_MAX_KEEP_US != KVM_SCHED_HINT_MAX_KEEP_US);
QEMU_BUILD_BUG_ON(SCHED_HINT_DEFAULT_KEEP_US != KVM_SCHED_HINT_DEFAULT_KEEP_US);
QEMU_BUILD_BUG_ON(SCHED_HINT_MAX_BUDGET_PERCENT !=
                  KVM_SCHED_HINT_MAX_BUDGET_PERCENT);
QEMU_BUILD_BUG_ON(SCHED_HINT_DEFAULT_BUDGET_PERCENT !=
                  KVM_SCHED_HINT_DEFAULT_BUDGET_PERCENT);

/* Often enough for an operator who waits, rare enough to cost nothing. */
#define SCHED_HINT_RETRY_MS 1000

static bool sched_hint_backend_open(SchedHintBackend *b, Error **errp);

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
    [KVM_SCHED_HINT_STATUS_BUDGET] = "the budget is spent",
    [KVM_SCHED_HINT_STATUS_CEILING] =
        "KVM_CAP_HALT_POLL leaves no time to be kept",
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
    sched_hint_backend_set_status(b, "%s", text);
}

/* The module goes away: let go of it, and look out for the next one. */
static void sched_hint_backend_drained(SchedHintBackend *b)
{
    sched_hint_backend_close(b);
    if (b->retry) {
        sched_hint_backend_set_status(b, "the host's module is being drained");
        timer_mod(b->retry, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
                  SCHED_HINT_RETRY_MS);
    } else {
        sched_hint_backend_set_status(b, "the host's module was drained, "
                                      "and fd=%s cannot be opened again",
                                      b->fdname);
    }
}

static void sched_hint_backend_attach(SchedHintBackend *b)
{
    struct kvm_sched_hint_attach attach = {
        .table_addr = (uintptr_t)b->table.addr,
        .features = b->table.features,
        .nr_slots = b->table.nr_slots,
        .slot_stride = VIRTIO_SCHED_HINT_SLOT_SIZE,
        .max_keep_us = b->max_keep_us,
        .budget_percent = b->budget_percent,
        .mode = KVM_SCHED_HINT_MODE_DEFAULT,
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
        return;
    }
    b->attached = true;
    b->warned = false;
    sched_hint_backend_get_status(b);
}

static gboolean sched_hint_backend_event(gint fd, GIOCondition revents,
                                         gpointer opaque)
{
    SchedHintBackend *b = opaque;
    bool was_listening = b->listening;

    trace_sched_hint_backend_event(b, fd, revents);
    if (revents & (G_IO_HUP | G_IO_ERR | G_IO_NVAL)) {
        sched_hint_backend_drained(b);
    } else {
        sched_hint_backend_get_status(b);
    }
    if (b->listening != was_listening) {
        b->changed(b->opaque);
    }
    /* Where the source is gone already this is not looked at. */
    return G_SOURCE_CONTINUE;
}

static void sched_hint_backend_retry(void *opaque)
{
    SchedHintBackend *b = opaque;
    Error *err = NULL;

    if (!sched_hint_backend_open(b, &err)) {
        sched_hint_backend_set_status(b, "%s", error_get_pretty(err));
        error_free(err);
        timer_mod(b->retry, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
                  SCHED_HINT_RETRY_MS);
        return;
    }
    sched_hint_backend_attach(b);
    if (b->listening) {
        b->changed(b->opaque);
    }
}

static int sched_hint_backend_open_path(Error **errp)
{
    ERRP_GUARD();
    int fd = qemu_open_old(KVM_SCHED_HINT_NODE, O_RDWR);

    if (fd >= 0) {
        return fd;
    }
    switch (errno) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
        error_setg(errp, KVM_SCHED_HINT_NODE " is missing: run 'modprobe "
                   "kvm_sched_hint' on the host");
        break;
    case EACCES:
    case EPERM:
        error_setg_errno(errp, errno, KVM_SCHED_HINT_NODE " cannot be opened "
                         "(add QEMU's user to the group kvm)");
        break;
    case ESHUTDOWN:
        error_setg(errp, KVM_SCHED_HINT_NODE " is being drained: write 0 to "
                   "/sys/class/misc/kvm-sched-hint/drain");
        break;
    default:
        error_setg_errno(errp, errno, KVM_SCHED_HINT_NODE " cannot be opened");
        break;
    }
    return -1;
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

static bool sched_hint_backend_open(SchedHintBackend *b, Error **errp)
{
    g_autofree char *name = NULL;
    /* A bare number may be anybody's: hands off it until it is known. */
    bool owned = !b->fdname || !qemu_isdigit(b->fdname[0]);
    int fd;

    if (b->fdname) {
        name = g_strdup_printf("fd=%s", b->fdname);
        fd = monitor_fd_param(monitor_cur(), b->fdname, errp);
    } else {
        name = g_strdup(KVM_SCHED_HINT_NODE);
        fd = sched_hint_backend_open_path(errp);
    }
    if (fd < 0) {
        return false;
    }
    if (!sched_hint_backend_check_version(fd, name, errp)) {
        if (owned) {
            close(fd);
        }
        return false;
    }
    qemu_set_cloexec(fd);

    trace_sched_hint_backend_open(b, fd);
    b->fd = fd;
    /* QEMU's own fd handlers do not know of G_IO_PRI. */
    b->watch = g_unix_fd_add(fd, G_IO_PRI | G_IO_HUP | G_IO_ERR,
                             sched_hint_backend_event, b);
    sched_hint_backend_set_status(b, "the guest has set no table");
    return true;
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

    b->fd = -1;
    if (b->mode == SCHED_HINT_BACKEND_OFF) {
        sched_hint_backend_set_status(b, "backend=off");
        return true;
    }

    possible = sched_hint_backend_possible(&err);
    if (possible && sched_hint_backend_open(b, &err)) {
        goto opened;
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
    if (!b->fdname) {
        b->retry = timer_new_ms(QEMU_CLOCK_REALTIME, sched_hint_backend_retry,
                                b);
        if (b->fd < 0) {
            timer_mod(b->retry, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
                      SCHED_HINT_RETRY_MS);
        }
    }
    return true;
}

void sched_hint_backend_cleanup(SchedHintBackend *b)
{
    timer_free(b->retry);
    b->retry = NULL;
    sched_hint_backend_close(b);
    g_clear_pointer(&b->status, g_free);
}

void sched_hint_backend_set_table(SchedHintBackend *b,
                                  const SchedHintTable *table)
{
    sched_hint_backend_detach(b);
    b->table = *table;
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

const char *sched_hint_backend_status(const SchedHintBackend *b)
{
    return b->status ?: "not realized";
}
