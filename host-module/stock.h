/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shadow of KVM's adaptive halt polling. Pure: values in, values out.
 */
#ifndef SHINT_STOCK_H
#define SHINT_STOCK_H

#include <linux/types.h>

/**
 * struct shint_stock_params - what KVM's halt polling would go by
 * @max_ns: the VM's KVM_CAP_HALT_POLL, else kvm.halt_poll_ns
 * @grow: kvm.halt_poll_ns_grow
 * @grow_start_ns: kvm.halt_poll_ns_grow_start
 * @shrink: kvm.halt_poll_ns_shrink
 */
struct shint_stock_params {
	u32 max_ns;
	u32 grow;
	u32 grow_start_ns;
	u32 shrink;
};

/**
 * struct shint_stock - one vCPU's shadow
 * @poll_ns: what vcpu->halt_poll_ns would be had nobody interfered
 */
struct shint_stock {
	u32 poll_ns;
};

u32 shint_stock_poll_ns(struct shint_stock *stock, const struct shint_stock_params *params);
void shint_stock_replay(struct shint_stock *stock, const struct shint_stock_params *params,
			u64 halt_ns);

#endif /* SHINT_STOCK_H */
