/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHINT_MAIN_H
#define SHINT_MAIN_H

#include <linux/bits.h>
#include <linux/types.h>

/* The modes' names, by KVM_SCHED_HINT_MODE_*; NULL-terminated. */
extern const char *const shint_mode_names[];

/*
 * What a decision can do without, for a test: to see what it is worth. The first
 * three, and TOLD, what it expects of devices, are the guest's words.
 */
#define SHINT_WITHOUT_TIMER	BIT(0)
#define SHINT_WITHOUT_IO	BIT(1)
#define SHINT_WITHOUT_PEER	BIT(2)
#define SHINT_WITHOUT_EVENT	BIT(3)
#define SHINT_WITHOUT_GAP	BIT(4)
#define SHINT_WITHOUT_ARRIVAL	BIT(5)
#define SHINT_WITHOUT_TOLD	BIT(6)
#define SHINT_WITHOUT_BACKOFF	BIT(7)
#define SHINT_WITHOUT_WORKER	BIT(8)
#define SHINT_WITHOUT_ALL	GENMASK(8, 0)

/* Module parameters. Written under the kernel's parameter lock. */
extern u32 shint_default_mode;
extern u32 shint_test_blind_period_us;
extern u32 shint_test_blind_keep_us;
extern u32 shint_test_without;
extern bool shint_test_shuffled;
extern bool shint_worker_ahead;

void shint_wake_drained(void);

#endif /* SHINT_MAIN_H */
