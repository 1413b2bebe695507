// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shared table: this file and table.h are all that stores to it.
 *
 * A slot's idle line is written by its own CPU alone: by the idle loop with
 * interrupts disabled (publish, running), or by the CPU's hotplug thread (bind,
 * unbind), which never runs while the idle task is in the middle of a publish.
 * So there is no lock. Its runnable line is written under the lock of that
 * CPU's runqueue (see runnable.c). The host may read at any time: every word is
 * stored whole, and the state word last, with release.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "sched_hint.h"
#include "table.h"

/* Set before the device learns the address, cleared after it forgot it. */
static struct virtio_sched_hint_slot *table;
static u32 table_nr_slots;

DEFINE_PER_CPU(struct virtio_sched_hint_slot *, sched_hint_own_slot);

static size_t table_size(void)
{
	return (size_t)table_nr_slots * sizeof(*table);
}

int sched_hint_table_alloc(u32 nr_slots)
{
	BUILD_BUG_ON(VIRTIO_SCHED_HINT_TABLE_ALIGN > PAGE_SIZE);

	table_nr_slots = nr_slots;
	/* Zero is VIRTIO_SCHED_HINT_STATE_OFF. */
	table = alloc_pages_exact(table_size(), GFP_KERNEL | __GFP_ZERO);
	return table ? 0 : -ENOMEM;
}

/* The caller has made sure that neither the host nor a CPU uses it any more. */
void sched_hint_table_free(void)
{
	free_pages_exact(table, table_size());
	table = NULL;
}

phys_addr_t sched_hint_table_addr(void)
{
	return virt_to_phys(table);
}

u32 sched_hint_table_nr_slots(void)
{
	return table_nr_slots;
}

/* How often a vCPU has published since the table was allocated. */
u64 sched_hint_table_publishes(void)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < table_nr_slots; i++)
		sum += le64_to_cpu(READ_ONCE(table[i].publish_seq));
	return sum;
}

/* For whoever wants to see what the host sees. */
ssize_t sched_hint_table_read(char *buf, loff_t pos, size_t count)
{
	return memory_read_from_buffer(buf, count, &pos, table, table_size());
}

/* The slot of a CPU that is present, or NULL if the table has none for it. */
static struct virtio_sched_hint_slot *slot_of(unsigned int cpu)
{
	u32 id = cpu_physical_id(cpu);

	return id < table_nr_slots ? &table[id] : NULL;
}

/* The same of what it says about runnable tasks. */
struct sched_hint_runnable_line *sched_hint_table_runnable_line(unsigned int cpu)
{
	struct virtio_sched_hint_slot *slot = slot_of(cpu);

	BUILD_BUG_ON(offsetof(struct virtio_sched_hint_slot, runnable_seq) -
		     offsetof(struct virtio_sched_hint_slot, nr_runnable) !=
		     offsetof(struct sched_hint_runnable_line, runnable_seq));
	return slot ? (void *)&slot->nr_runnable : NULL;
}

/* No peer, no flags. */
static u64 state_word(u8 state)
{
	return (u64)state << VIRTIO_SCHED_HINT_STATE_SHIFT |
	       (u64)VIRTIO_SCHED_HINT_NO_PEER << VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT;
}

/* From now on this CPU's idle loop may publish. False: it has no slot. */
bool sched_hint_table_bind(unsigned int cpu)
{
	struct virtio_sched_hint_slot *slot = slot_of(cpu);

	if (!slot) {
		pr_warn_once("virtio_sched_hint: CPU %u has APIC id %u, the table has %u slots: not published\n",
			     cpu, cpu_physical_id(cpu), table_nr_slots);
		return false;
	}
	sched_hint_store_state(slot, state_word(VIRTIO_SCHED_HINT_STATE_RUNNING));
	this_cpu_write(sched_hint_own_slot, slot);
	return true;
}

/* From now on it does not, and its halts are none of the host's business. */
void sched_hint_table_unbind(unsigned int cpu)
{
	struct virtio_sched_hint_slot *slot = this_cpu_read(sched_hint_own_slot);

	if (!slot)
		return;
	this_cpu_write(sched_hint_own_slot, NULL);
	sched_hint_store_state(slot, VIRTIO_SCHED_HINT_STATE_OFF);
}

/*
 * Idle exit: a later halt that is not an idle one (a paravirtual spinlock's)
 * must not be taken for one.
 */
void sched_hint_table_running(void)
{
	struct virtio_sched_hint_slot *slot = this_cpu_read(sched_hint_own_slot);

	if (slot)
		WRITE_ONCE(slot->state, cpu_to_le64(state_word(VIRTIO_SCHED_HINT_STATE_RUNNING)));
}
