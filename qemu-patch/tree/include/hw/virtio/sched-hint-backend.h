/*
 * The host's side of virtio-sched-hint: a client of /dev/kvm-sched-hint
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_VIRTIO_SCHED_HINT_BACKEND_H
#define HW_VIRTIO_SCHED_HINT_BACKEND_H

/* The same on hosts without <linux/kvm_sched_hint.h> */
#define SCHED_HINT_MAX_KEEP_US              1000000
#define SCHED_HINT_DEFAULT_KEEP_US          20000
#define SCHED_HINT_MAX_BUDGET_PERCENT       100
#define SCHED_HINT_DEFAULT_BUDGET_PERCENT   25

typedef enum SchedHintBackendMode {
    /* never open the node */
    SCHED_HINT_BACKEND_OFF,
    /* use it when it is there, now or later */
    SCHED_HINT_BACKEND_AUTO,
    /* refuse to start without it */
    SCHED_HINT_BACKEND_REQUIRED,
} SchedHintBackendMode;

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
    uint32_t max_keep_us;
    uint32_t budget_percent;
    /* called when sched_hint_backend_listening() changed by itself */
    void (*changed)(void *opaque);
    void *opaque;

    int fd;                     /* -1 while closed */
    guint watch;                /* GSource of fd */
    QEMUTimer *retry;           /* only where opening again makes sense */
    SchedHintTable table;       /* what to attach; addr NULL: nothing */
    bool attached;
    bool listening;
    bool warned;                /* about a failing attach */
    char *status;               /* one line for people */
} SchedHintBackend;

bool sched_hint_backend_init(SchedHintBackend *b, Error **errp);
void sched_hint_backend_cleanup(SchedHintBackend *b);

/*
 * Attach @table in place of the one before.  A host that does not take it now
 * may do so later; that it does not is warned about here, once.
 */
void sched_hint_backend_set_table(SchedHintBackend *b,
                                  const SchedHintTable *table);
/* After this the host does not look at the table any more. */
void sched_hint_backend_clear_table(SchedHintBackend *b);

/* Whether the host reads the table now. */
bool sched_hint_backend_listening(const SchedHintBackend *b);
/* Why it does, or does not. */
const char *sched_hint_backend_status(const SchedHintBackend *b);

#endif
