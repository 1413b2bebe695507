/*
 * The host's side of virtio-sched-hint: a client of /dev/kvm-sched-hint
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_VIRTIO_SCHED_HINT_BACKEND_H
#define HW_VIRTIO_SCHED_HINT_BACKEND_H

#include "hw/qdev-core.h"
#include "net/net.h"
#include "qapi/qapi-types-sched-hint.h"

/* The same on hosts without <linux/kvm_sched_hint.h> */
#define SCHED_HINT_MIN_KEEP_US              10
#define SCHED_HINT_MAX_KEEP_US              1000000
#define SCHED_HINT_DEFAULT_KEEP_US          20000
#define SCHED_HINT_MAX_BUDGET_PERCENT       100
#define SCHED_HINT_DEFAULT_BUDGET_PERCENT   25

/* sched_hint_backend_get_use(): of all vCPUs together */
#define SCHED_HINT_USE_VM                   UINT32_MAX

typedef struct SchedHintTable {
    void *addr;
    uint32_t nr_slots;
    uint64_t features;
} SchedHintTable;

/* All of it is protected by the BQL. */
typedef struct SchedHintBackend {
    /* Set by the owner before sched_hint_backend_init() */
    SchedHintBackendMode mode;
    char *fdname;               /* NULL: open the node by its path */
    SchedHintLimits limits;     /* what is asked for at the next attach */
    bool packet_arrival;        /* have the host watch the NICs' taps */
    /*
     * called when sched_hint_backend_listening() or _acting() may have changed
     * by itself
     */
    void (*changed)(void *opaque);
    void *opaque;

    int fd;                     /* -1 while closed */
    guint watch;                /* GSource of fd */
    QEMUTimer *retry;           /* NULL where attaching is never possible */
    int denied;                 /* how often opening was, in a row */
    DeviceListener listener;    /* for NICs that are plugged */
    SchedHintTable table;       /* what to attach; addr NULL: nothing */
    bool attached;
    int64_t attached_ms;        /* when last, of QEMU_CLOCK_REALTIME */
    bool listening;
    bool acting;
    bool warned;                /* about a failing attach */
    int watch_err;              /* errno of the last tap that was refused */
    char *status;               /* one line for people */
} SchedHintBackend;

bool sched_hint_backend_init(SchedHintBackend *b, Error **errp);
void sched_hint_backend_cleanup(SchedHintBackend *b);

/*
 * Attach @table in place of the one before, no sooner than a second after that
 * was attached.  A host that does not take it now may do so later; that it does
 * not is warned about here, once.
 */
void sched_hint_backend_set_table(SchedHintBackend *b,
                                  const SchedHintTable *table);
/* After this the host does not look at the table any more. */
void sched_hint_backend_clear_table(SchedHintBackend *b);

/*
 * What the VM may use: what the host says, if it is attached and says it, which
 * is not what was asked for where somebody used the host's sysfs.
 */
void sched_hint_backend_get_limits(const SchedHintBackend *b,
                                   SchedHintLimits *limits);
/*
 * Put limits into force: @now at this attachment, if there is one, and
 * @lasting, which are in their ranges, at each one from the next on.  If that
 * fails, nothing has changed.
 */
bool sched_hint_backend_set_limits(SchedHintBackend *b,
                                   const SchedHintLimits *now,
                                   const SchedHintLimits *lasting,
                                   Error **errp);
/*
 * Open the host's side anew, through the file descriptor @fdname from now on if
 * that is not NULL, and attach the table, if one is set.  If nothing could be
 * opened, nothing has changed.
 */
bool sched_hint_backend_reattach(SchedHintBackend *b, const char *fdname,
                                 Error **errp);
/* NULL if the host does not tell. */
SchedHintUse *sched_hint_backend_get_use(const SchedHintBackend *b,
                                         uint32_t vcpu_id);

/*
 * Have the host watch what the NICs are fed from, if the VM is attached.  A tap
 * that is closed it forgets by itself.
 */
void sched_hint_backend_watch_nics(SchedHintBackend *b);
/* Whether the host watches @tap, or why not, and what has arrived there. */
void sched_hint_backend_get_arrivals(const SchedHintBackend *b,
                                     NetClientState *tap, SchedHintQueue *to);

/* Whether the host reads the table now. */
bool sched_hint_backend_listening(const SchedHintBackend *b);
/* Whether it may keep or wake vCPUs by what it reads. */
bool sched_hint_backend_acting(const SchedHintBackend *b);
/* Why it does, or does not. */
const char *sched_hint_backend_status(const SchedHintBackend *b);

#endif
