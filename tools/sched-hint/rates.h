/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened between two looks at the counters. Pure.
 */
#ifndef SHINT_TOOL_RATES_H
#define SHINT_TOOL_RATES_H

#include "counters.h"

/**
 * struct rate - a counter's growth
 * @key: of the counter
 * @per_s: per second
 */
struct rate {
	const char *key;
	double per_s;
};

/**
 * struct rates - those of a VM or a vCPU
 * @list: all its counters, in their order; keys live as long as the counters
 * @nr: how many
 * @known: there is an earlier look to compare with
 */
struct rates {
	struct rate *list;
	size_t nr;
	bool known;
};

int rates_of(const struct fields *before, const struct fields *now, double seconds,
	     struct rates *rates);
void rates_free(struct rates *rates);
double rates_get(const struct rates *rates, const char *key);
size_t rates_stock(const struct rates *rates, const struct rate **list, size_t max);
const struct counters_vm *rates_same_vm(const struct counters *counters, const char *name,
					size_t hint);
const struct fields *rates_same_vcpu(const struct counters_vm *vm, unsigned int id);

#endif /* SHINT_TOOL_RATES_H */
