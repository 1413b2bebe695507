/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHINT_WATCHDOG_H
#define SHINT_WATCHDOG_H

#include <linux/types.h>

struct shint_vm;

void shint_watchdog_begin(struct shint_vm *vm);
void shint_watchdog_stop(void);
void shint_watchdog_refresh(struct shint_vm *vm);
u32 shint_vm_status(struct shint_vm *vm);

#endif /* SHINT_WATCHDOG_H */
