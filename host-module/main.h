/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHINT_MAIN_H
#define SHINT_MAIN_H

#include <linux/types.h>

/* The modes' names, by KVM_SCHED_HINT_MODE_*; NULL-terminated. */
extern const char *const shint_mode_names[];

/* Module parameters. Written under the kernel's parameter lock. */
extern u32 shint_default_mode;
extern u32 shint_test_blind_period_us;
extern u32 shint_test_blind_keep_us;
extern bool shint_test_zeroed;
extern bool shint_test_shuffled;

void shint_wake_drained(void);

#endif /* SHINT_MAIN_H */
