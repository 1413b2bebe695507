// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry of attached VMs.
 *
 * While a VM is attached every halt on the host looks here once, those of other
 * VMs too, so the lookup takes no lock and, for them, as a rule reads one empty
 * bucket. Changes are rare.
 */
#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/mutex.h>
#include <linux/rculist.h>

#include "registry.h"

/* 4096 buckets, 32 KiB: short chains with ten thousand VMs. */
#define REGISTRY_BITS	12

static struct hlist_head registry[1 << REGISTRY_BITS];
static DEFINE_MUTEX(registry_lock);	/* serialises changes */

static struct hlist_head *registry_bucket(const void *key)
{
	return &registry[hash_ptr(key, REGISTRY_BITS)];
}

/**
 * shint_registry_find() - look a VM up
 * @key: its struct kvm
 *
 * Context: any, within an RCU read-side critical section, which also bounds
 * the life of what is returned.
 * Return: the entry, or NULL.
 */
struct shint_entry *shint_registry_find(const void *key)
{
	struct shint_entry *entry;

	hlist_for_each_entry_rcu(entry, registry_bucket(key), node)
		if (entry->key == key)
			return entry;
	return NULL;
}

/**
 * shint_registry_add() - make a VM findable
 * @entry: with its key set; all that readers need is initialised
 *
 * Context: may sleep.
 * Return: 0, or -EBUSY if the key is there already.
 */
int shint_registry_add(struct shint_entry *entry)
{
	struct hlist_head *bucket = registry_bucket(entry->key);
	struct shint_entry *other;
	int ret = 0;

	mutex_lock(&registry_lock);
	hlist_for_each_entry(other, bucket, node)
		if (other->key == entry->key)
			ret = -EBUSY;
	if (!ret)
		hlist_add_head_rcu(&entry->node, bucket);
	mutex_unlock(&registry_lock);
	return ret;
}

/**
 * shint_registry_del() - make a VM unfindable
 * @entry: one that was added
 *
 * Readers may still hold it: free it after synchronize_rcu().
 *
 * Context: may sleep.
 */
void shint_registry_del(struct shint_entry *entry)
{
	mutex_lock(&registry_lock);
	hlist_del_rcu(&entry->node);
	mutex_unlock(&registry_lock);
}
