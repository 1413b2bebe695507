/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHINT_QUOTA_H
#define SHINT_QUOTA_H

#include <linux/types.h>

struct kvm;

bool shint_quota_in_force(struct kvm *kvm);

#endif /* SHINT_QUOTA_H */
