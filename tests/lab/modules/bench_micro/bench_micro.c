// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a call of the drivers' own functions takes, for tests/bench-micro: in a
 * guest, publishing; on a host, the slot's snapshot, the registry, decisions and
 * what a packet's arrival runs. It calls the very code that is loaded, many times
 * in a row with interrupts off, when it is inserted, and says in the log what the
 * fastest row took, less that of a function that does nothing. In the lab's
 * virtual time a cycle of the TSC is an instruction.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include <asm/tsc.h>

#include "policy.h"
#include "vm.h"

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

static noinline void call_fast_clock(void)
{
	ktime_get_mono_fast_ns();
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

static void (*policy_decide)(const struct shint_situation *situation,
			     struct shint_decision *decision);
static void (*predict_start)(struct shint_predictor *predictor, u64 event_ns);
static struct shint_situation situation;
static struct shint_decision decision;

static noinline void call_decide(void)
{
	policy_decide(&situation, &decision);
}

static wait_queue_func_t taps_woken;
static struct wait_queue_entry *watch;

static noinline void call_arrival(void)
{
	taps_woken(watch, TASK_NORMAL, 0, poll_to_key(EPOLLIN));
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
	report("fast_clock", call_fast_clock);
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

/* As tests/bench-micro has them, for what another compiler and its options change. */
static int bench_decide(void)
{
	static struct shint_backoff backoff;
	static struct shint_predictor predictor;
	static struct shint_wake_costs costs;
	static struct shint_gaps gaps;
	u64 at_ns = NSEC_PER_SEC;
	int i;

	hint = (struct shint_hint) {
		.state = VIRTIO_SCHED_HINT_STATE_IDLE,
		.next_timer_ns = 4 * NSEC_PER_MSEC,
		.event_ns = VIRTIO_SCHED_HINT_NS_NONE,
	};
	situation = (struct shint_situation) {
		.hint = &hint,
		.wake_costs = &costs,
		.gaps = &gaps,
		.predictor = &predictor,
		.backoff = &backoff,
		.max_keep_ns = 20 * NSEC_PER_MSEC,
		.budget_left_ns = 250 * NSEC_PER_MSEC,
	};
	report("decide_timer", call_decide);
	for (i = 0; i < 200; i++) {
		at_ns += 20 * NSEC_PER_MSEC;
		predict_start(&predictor, at_ns);
	}
	hint.next_timer_ns = 100 * NSEC_PER_MSEC;
	situation.now_ns = at_ns + 5 * NSEC_PER_MSEC;
	situation.published_ns = situation.now_ns;
	report("decide_period", call_decide);
	return decision.verdict == SHINT_WAKE_EVENT ? 0 : -EINVAL;
}

/*
 * The first watch of a VM, which stays attached meanwhile. In the fastest row no vCPU
 * is woken: it is once per halt of its, and what that takes is the scheduler's.
 */
static int bench_arrival(void)
{
	struct list_head *vms = (void *)lookup_name("kvm_sched_hint:shint_vms");
	struct shint_vm *vm;

	taps_woken = (void *)lookup_name("kvm_sched_hint:taps_woken");
	if (!vms || !taps_woken)
		return -ENOENT;
	list_for_each_entry(vm, vms, list) {
		/* The entry is what a watch begins with. */
		watch = (void *)vm->watches[0];
		if (!watch)
			continue;
		if (watch->func != taps_woken)
			return -EINVAL;
		report("arrival", call_arrival);
		return 0;
	}
	return -ENODEV;
}

static int bench_host(void)
{
	int ret;

	slot_read = (void *)lookup_name("kvm_sched_hint:shint_slot_read");
	registry_find = (void *)lookup_name("kvm_sched_hint:shint_registry_find");
	policy_decide = (void *)lookup_name("kvm_sched_hint:shint_policy_decide");
	predict_start = (void *)lookup_name("kvm_sched_hint:shint_predict_start");
	if (!slot_read || !registry_find || !policy_decide || !predict_start)
		return -ENOENT;
	report("miss", call_find);
	ret = bench_decide();
	if (!ret)
		ret = bench_snapshot();
	return ret ?: bench_arrival();
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
