// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a call of the drivers' own functions takes, for tests/bench-micro: in a
 * guest, publishing; on a host, the slot's snapshot and the registry. It calls
 * the very code that is loaded, many times in a row with interrupts off, when it
 * is inserted, and says in the log what the fastest row took, less that of a
 * function that does nothing. In the lab's virtual time a cycle of the TSC is
 * an instruction.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include <asm/tsc.h>

#include "slot.h"

/* A row is short, so that nothing interrupts the fastest on the host. */
#define CALLS	100
#define ROWS	400

/* Beyond a tick, and within one: then it has to be told from the tick. */
#define FAR_NS		(50 * NSEC_PER_MSEC)
#define NEAR_NS		(TICK_NSEC / 2)

static unsigned long (*lookup_name)(const char *name);

/* kallsyms_lookup_name() is not exported; a kprobe finds it, not armed. */
static int find_lookup_name(void)
{
	struct kprobe probe = {
		.symbol_name = "kallsyms_lookup_name",
		.flags = KPROBE_FLAG_DISABLED,
	};
	int ret = register_kprobe(&probe);

	if (ret)
		return ret;
	lookup_name = (void *)probe.addr;
	unregister_kprobe(&probe);
	return 0;
}

static noinline void call_nothing(void)
{
	barrier();
}

static bool (*publish_idle)(ktime_t next);
static void (*table_running)(void);
static ktime_t next_timer;

static noinline void call_publish(void)
{
	publish_idle(next_timer);
}

static noinline void call_clock(void)
{
	ktime_get();
}

static noinline void call_running(void)
{
	table_running();
}

static int (*slot_read)(const struct shint_table *table, u32 index, struct shint_hint *hint);
static void *(*registry_find)(const void *key);
static struct shint_table table = { .features = ~0ULL, .nr_slots = 1 };
static struct shint_hint hint;

static noinline void call_slot_read(void)
{
	slot_read(&table, 0, &hint);
}

static noinline void call_find(void)
{
	registry_find(&table);
}

static u64 row_cycles(void (*call)(void))
{
	u64 begin = rdtsc_ordered();
	int i;

	for (i = 0; i < CALLS; i++)
		call();
	return rdtsc_ordered() - begin;
}

static u64 fastest_row(void (*call)(void))
{
	u64 least = U64_MAX;
	unsigned long flags;
	int i;

	for (i = 0; i < ROWS; i++) {
		local_irq_save(flags);
		least = min(least, row_cycles(call));
		local_irq_restore(flags);
	}
	return least;
}

static void report(const char *name, void (*call)(void))
{
	u64 cycles = fastest_row(call) - fastest_row(call_nothing);

	pr_info("%s %llu/%d\n", name, cycles, CALLS);
}

static int bench_guest(void)
{
	table_running = (void *)lookup_name("virtio_sched_hint:sched_hint_table_running");
	if (!table_running)
		return -ENOENT;
	next_timer = ktime_add_ns(ktime_get(), FAR_NS);
	report("publish", call_publish);
	next_timer = ktime_add_ns(ktime_get(), NEAR_NS);
	report("publish_near", call_publish);
	report("clock", call_clock);
	report("running", call_running);
	return 0;
}

/* A page of this process stands for the VM's. */
static int bench_snapshot(void)
{
	unsigned long page = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, 0);
	u64 idle = (u64)VIRTIO_SCHED_HINT_STATE_IDLE << VIRTIO_SCHED_HINT_STATE_SHIFT;
	int ret = -EFAULT;

	if (IS_ERR_VALUE(page))
		return page;
	table.slots = (void __user *)page;
	if (!put_user(idle, (u64 __user *)page))
		ret = slot_read(&table, 0, &hint);
	if (!ret)
		report("snapshot", call_slot_read);
	vm_munmap(page, PAGE_SIZE);
	return ret;
}

static int bench_host(void)
{
	slot_read = (void *)lookup_name("kvm_sched_hint:shint_slot_read");
	registry_find = (void *)lookup_name("kvm_sched_hint:shint_registry_find");
	if (!slot_read || !registry_find)
		return -ENOENT;
	report("miss", call_find);
	return bench_snapshot();
}

static int __init bench_micro_init(void)
{
	int ret = find_lookup_name();

	if (ret)
		return ret;
	publish_idle = (void *)lookup_name("virtio_sched_hint:publish_idle");
	return publish_idle ? bench_guest() : bench_host();
}
module_init(bench_micro_init);

static void __exit bench_micro_exit(void)
{
}
module_exit(bench_micro_exit);

MODULE_DESCRIPTION("Test: instructions of the drivers' own functions");
MODULE_LICENSE("GPL");
