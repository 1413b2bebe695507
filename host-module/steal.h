/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a pCPU of this host, itself a guest's, taken away much?
 */
#ifndef SHINT_STEAL_H
#define SHINT_STEAL_H

#include <linux/percpu.h>

DECLARE_PER_CPU(bool, shint_stolen);

void shint_steal_look(void);

#endif /* SHINT_STEAL_H */
