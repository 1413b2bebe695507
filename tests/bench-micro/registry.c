// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The product's registry, and how many VMs share a bucket: the dearest lookup
 * is that in the longest chain. pure.c calls what is in here from outside, so
 * that nothing of it is inlined.
 */
#include "../../host-module/registry.c"
#include "bench.h"

unsigned int bench_chain_length(const void *key)
{
	struct shint_entry *entry;
	unsigned int length = 0;

	hlist_for_each_entry(entry, registry_bucket(key), node)
		length++;
	return length;
}
