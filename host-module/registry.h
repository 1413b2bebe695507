/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which VMs are attached: from struct kvm to struct shint_vm.
 */
#ifndef SHINT_REGISTRY_H
#define SHINT_REGISTRY_H

#include <linux/rculist.h>
#include <linux/types.h>

/**
 * struct shint_entry - what makes an object findable
 * @node: in the registry's hash
 * @key: address of the VM's struct kvm; never dereferenced here
 */
struct shint_entry {
	struct hlist_node node;
	const void *key;
};

int shint_registry_add(struct shint_entry *entry);
void shint_registry_del(struct shint_entry *entry);
struct shint_entry *shint_registry_find(const void *key);

#endif /* SHINT_REGISTRY_H */
