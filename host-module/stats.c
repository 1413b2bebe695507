// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counters: /proc/kvm-sched-hint, a line per VM and one per vCPU that has
 * halted, "key=value" each. sysfs would need a folder per vCPU, and debugfs is
 * not everywhere. docs/counters.md explains the keys.
 *
 * Each counter has one writer and is read without a lock: a line is not one
 * moment's snapshot, each value in it is right.
 */
#include <linux/nospec.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "arrival.h"
#include "attach.h"
#include "main.h"
#include "stats.h"
#include "sysfs.h"
#include "taps.h"
#include "vm.h"
#include "watchdog.h"

#define STATS_NAME	"kvm-sched-hint"

static void stats_add(struct shint_counters *sum, const struct shint_counters *counters)
{
	int i;

	for (i = 0; i < SHINT_NR_VERDICTS; i++)
		sum->verdicts[i] += READ_ONCE(counters->verdicts[i]);
	sum->grants += READ_ONCE(counters->grants);
	sum->kept_ns += READ_ONCE(counters->kept_ns);
	sum->free_ns += READ_ONCE(counters->free_ns);
	sum->wasted_ns += READ_ONCE(counters->wasted_ns);
	sum->pauses += READ_ONCE(counters->pauses);
	sum->early_sent += READ_ONCE(counters->early_sent);
	sum->early_hits += READ_ONCE(counters->early_hits);
	sum->early_misses += READ_ONCE(counters->early_misses);
	for (i = 0; i < SHINT_NR_ROLES; i++) {
		sum->arrivals[i].wakes += READ_ONCE(counters->arrivals[i].wakes);
		sum->arrivals[i].hits += READ_ONCE(counters->arrivals[i].hits);
		sum->arrivals[i].misses += READ_ONCE(counters->arrivals[i].misses);
	}
}

static void stats_show_counters(struct seq_file *seq, const struct shint_counters *counters)
{
	u64 halts = 0;
	int i;

	for (i = 0; i < SHINT_NR_VERDICTS; i++)
		halts += counters->verdicts[i];
	seq_printf(seq, " halts=%llu grants=%llu kept_ns=%llu free_ns=%llu wasted_ns=%llu", halts,
		   counters->grants, counters->kept_ns, counters->free_ns, counters->wasted_ns);
	seq_printf(seq, " pauses=%llu", counters->pauses);
	seq_printf(seq, " early_wakes_sent=%llu early_hits=%llu early_misses=%llu",
		   counters->early_sent, counters->early_hits, counters->early_misses);
	for (i = 0; i < SHINT_NR_ROLES; i++)
		seq_printf(seq, " %s_wakes=%llu %s_hits=%llu %s_misses=%llu",
			   shint_arrival_roles[i], counters->arrivals[i].wakes,
			   shint_arrival_roles[i], counters->arrivals[i].hits,
			   shint_arrival_roles[i], counters->arrivals[i].misses);
	for (i = 0; i < SHINT_NR_VERDICTS; i++)
		seq_printf(seq, " %s=%llu", shint_verdict_name(i), counters->verdicts[i]);
}

static void stats_show_vcpu(struct seq_file *seq, const struct shint_vm *vm, u32 id)
{
	const struct shint_vcpu *vcpu = &vm->vcpus[id];
	struct shint_counters counters = {};

	stats_add(&counters, &vcpu->counters);
	seq_printf(seq, "vcpu %s %u publish_seq=%llu wake_cost_ns=%llu stock_poll_ns=%u", vm->name,
		   id, READ_ONCE(vcpu->publish_seq), shint_wake_cost_ns(&vcpu->wake_costs, U64_MAX),
		   READ_ONCE(vcpu->stock.poll_ns));
	seq_printf(seq, " period_ns=%llu period_dev_ns=%llu",
		   READ_ONCE(vcpu->predictor.period_ns),
		   READ_ONCE(vcpu->predictor.error_ns));
	stats_show_counters(seq, &counters);
	seq_putc(seq, '\n');
}

static void stats_show_vm(struct seq_file *seq, struct shint_vm *vm)
{
	struct shint_counters sum = {};
	struct shint_tap_counts counts;
	u32 i, nr_used = READ_ONCE(vm->nr_used), nr_watches = 0;

	for (i = 0; i < nr_used; i++)
		stats_add(&sum, &vm->vcpus[i].counters);
	for (i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++)
		nr_watches += !!vm->watches[i];

	seq_printf(seq, "vm %s mode=%s slots=%u features=%#llx", vm->name,
		   vm->mode == SHINT_MODE_BLIND ? "blind" : shint_mode_names[vm->mode],
		   vm->table.nr_slots, vm->table.features);
	seq_printf(seq, " max_keep_us=%u budget_percent=%u vm_budget_percent=%u", vm->max_keep_us,
		   vm->budget_percent, vm->vm_budget_percent);
	seq_printf(seq, " watches=%u", nr_watches);
	for (i = 0; i < SHINT_NR_ROLES; i++)
		seq_printf(seq, " %s_way_ns=%llu", shint_arrival_roles[i],
			   READ_ONCE(vm->arrivals.ways[i].mean_ns));
	stats_show_counters(seq, &sum);
	shint_taps_count(vm, &counts);
	seq_printf(seq, " arrivals=%llu worker_wakes=%llu worker_windows=%llu worker_hits=%llu\n",
		   counts.arrivals, counts.worker_wakes, counts.worker_windows, counts.worker_hits);
	seq_printf(seq, "status %s %s\n", vm->name, shint_status_text(shint_vm_status(vm)));

	for (i = 0; i < nr_used; i++)
		if (READ_ONCE(vm->vcpus[i].hits))
			stats_show_vcpu(seq, vm, i);
}

/* Adds a vCPU's use to @sum, and what its budget has been charged to @use. */
static void stats_add_use(struct shint_vcpu *vcpu, struct shint_counters *sum,
			  struct kvm_sched_hint_use *use)
{
	stats_add(sum, &vcpu->counters);
	use->used_ns += shint_budget_used_ns(&vcpu->budget, ktime_get_ns());
}

/**
 * shint_stats_use() - the counters and budget of a vCPU, or of the VM
 * @vm: an attached VM, or one that is gone but not freed
 * @use: the ioctl's argument and answer
 *
 * Context: may sleep.
 * Return: 0 or -EINVAL.
 */
int shint_stats_use(struct shint_vm *vm, struct kvm_sched_hint_use *use)
{
	u32 id = use->vcpu_id, i, nr_used = READ_ONCE(vm->nr_used);
	struct shint_counters sum = {};

	if (use->flags || memchr_inv(use->reserved, 0, sizeof(use->reserved)))
		return -EINVAL;
	if (id != KVM_SCHED_HINT_USE_VM && id >= vm->table.nr_slots)
		return -EINVAL;

	*use = (struct kvm_sched_hint_use){ .vcpu_id = id };
	if (id == KVM_SCHED_HINT_USE_VM) {
		for (i = 0; i < nr_used; i++)
			stats_add_use(&vm->vcpus[i], &sum, use);
		use->budget_ns = READ_ONCE(vm->limits.vm_budget_ns);
	} else {
		stats_add_use(&vm->vcpus[array_index_nospec(id, vm->table.nr_slots)], &sum, use);
		use->budget_ns = READ_ONCE(vm->limits.vcpu_budget_ns);
	}
	for (i = 0; i < SHINT_NR_VERDICTS; i++)
		use->halts += sum.verdicts[i];
	use->grants = sum.grants;
	use->refused = sum.verdicts[SHINT_STOCK_BUDGET];
	use->kept_ns = sum.kept_ns;
	use->wasted_ns = sum.wasted_ns;
	use->early_sent = sum.early_sent;
	use->early_hits = sum.early_hits;
	use->early_misses = sum.early_misses;
	return 0;
}

static void *stats_start(struct seq_file *seq, loff_t *pos)
{
	mutex_lock(&shint_lock);
	return seq_list_start(&shint_vms, *pos);
}

static void *stats_next(struct seq_file *seq, void *entry, loff_t *pos)
{
	return seq_list_next(entry, &shint_vms, pos);
}

static void stats_end(struct seq_file *seq, void *entry)
{
	mutex_unlock(&shint_lock);
}

static int stats_show(struct seq_file *seq, void *entry)
{
	stats_show_vm(seq, list_entry(entry, struct shint_vm, list));
	return 0;
}

static const struct seq_operations stats_ops = {
	.start = stats_start,
	.next = stats_next,
	.stop = stats_end,
	.show = stats_show,
};

/**
 * shint_stats_start() - show the counters
 *
 * To root only: how often a VM halts, and when, is nobody else's business.
 *
 * Return: 0 or -ENOMEM.
 */
int shint_stats_start(void)
{
	return proc_create_seq(STATS_NAME, 0400, NULL, &stats_ops) ? 0 : -ENOMEM;
}

/**
 * shint_stats_stop() - do not show them any more; waits for who reads them
 */
void shint_stats_stop(void)
{
	remove_proc_entry(STATS_NAME, NULL);
}
