/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs that attach a VM of their own ask for, unless they change it: a table of
 * one slot in which nothing is published, the default limits, the module's mode.
 */
#ifndef USUAL_ATTACH_H
#define USUAL_ATTACH_H

#include <sys/mman.h>

#include <linux/kvm_sched_hint.h>
#include <linux/virtio_sched_hint.h>

static struct kvm_sched_hint_attach usual_attach(int vm)
{
	return (struct kvm_sched_hint_attach) {
		.vm_fd = vm,
		.table_addr = (unsigned long)mmap(NULL, 4096, PROT_READ | PROT_WRITE,
						  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		.features = 1 << VIRTIO_SCHED_HINT_F_TIMER,
		.nr_slots = 1,
		.slot_stride = VIRTIO_SCHED_HINT_SLOT_SIZE,
		.max_keep_us = KVM_SCHED_HINT_DEFAULT_KEEP_US,
		.budget_percent = KVM_SCHED_HINT_DEFAULT_BUDGET_PERCENT,
	};
}

#endif /* USUAL_ATTACH_H */
