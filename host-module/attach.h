/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of an attached VM.
 */
#ifndef SHINT_ATTACH_H
#define SHINT_ATTACH_H

#include <linux/kvm_sched_hint.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/wait.h>

struct shint_vm;

/* Guards shint_vms and every struct shint_vm's members that say so. */
extern struct mutex shint_lock;
extern struct list_head shint_vms;

struct shint_vm *shint_attach(const struct kvm_sched_hint_attach *arg, wait_queue_head_t *wait);
void shint_detach(struct shint_vm *vm);
bool shint_draining(void);
u32 shint_drains(void);
void shint_drain(bool drain);

#endif /* SHINT_ATTACH_H */
