// SPDX-License-Identifier: GPL-2.0-only
/*
 * The taps that a VM watches: where a packet for it is seen, by an entry of our own
 * in the wait queue of the tap's socket, beside that of the vhost worker or QEMU.
 *
 * We hold the socket, as the tap itself does, and not the file: its wait queue
 * lives as long, yet who closes the last descriptor finds the device gone. A
 * socket that only we hold is let go by the watchdog. The wait queue is a part of
 * the socket, so nobody tears it down before we have left it, and POLLFREE is not
 * met here.
 *
 * The entry's function runs with the wait queue's lock held: once
 * remove_wait_queue() is back, no function runs any more.
 */
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/if_tap.h>
#include <linux/if_tun.h>
#include <linux/kvm_sched_hint.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <net/sock.h>

#include "ahead.h"
#include "arrival.h"
#include "attach.h"
#include "taps.h"
#include "vm.h"

static int taps_woken(struct wait_queue_entry *wait, unsigned int mode, int flags, void *key)
{
	struct shint_watch *watch = container_of(wait, struct shint_watch, wait);
	__poll_t what = key_to_poll(key);

	/* Also woken for room to send. The end of a device looks like a packet. */
	if (!(what & EPOLLIN) || what & SHINT_AHEAD_MARK)
		return 0;
	WRITE_ONCE(watch->arrivals, watch->arrivals + 1);
	shint_arrival_came(watch);
	return 0;
}

/*
 * The drivers are asked by name, lest this module loads them where nobody has a
 * tap: if the file is theirs, they are there.
 */
static struct sock *taps_sock(struct file *file)
{
	struct socket *socket = ERR_PTR(-EINVAL);
	struct socket *(*of_file)(struct file *file);

#if IS_ENABLED(CONFIG_TUN)
	of_file = symbol_get(tun_get_socket);
	if (of_file) {
		socket = of_file(file);
		symbol_put(tun_get_socket);
	}
#endif
#if IS_ENABLED(CONFIG_TAP)
	of_file = IS_ERR(socket) ? symbol_get(tap_get_socket) : NULL;
	if (of_file) {
		socket = of_file(file);
		symbol_put(tap_get_socket);
	}
#endif
	return IS_ERR(socket) ? NULL : socket->sk;
}

/*
 * The file of a tap's descriptor, which the caller puts, and its socket; or an error.
 * @zero: whether of the ioctl's argument that is zero which has to be
 */
static struct file *taps_file(s32 fd, bool zero, struct sock **sk)
{
	struct file *file;

	if (!zero)
		return ERR_PTR(-EINVAL);
	file = fget(fd);
	if (!file)
		return ERR_PTR(-EBADF);
	*sk = taps_sock(file);
	if (*sk)
		return file;
	fput(file);
	return ERR_PTR(-EINVAL);
}

/* A VM's watch of a queue, or NULL. Under shint_lock. */
static struct shint_watch *taps_watch_of(const struct shint_vm *vm, const struct sock *sk)
{
	u32 i;

	for (i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++)
		if (vm->watches[i] && vm->watches[i]->sk == sk)
			return vm->watches[i];
	return NULL;
}

/* Another VM's watch of the same queue, or NULL. Under shint_lock. */
static struct shint_watch *taps_twin(const struct sock *sk)
{
	struct shint_watch *watch;
	struct shint_vm *vm;

	list_for_each_entry(vm, &shint_vms, list) {
		/* cppcheck-suppress uninitvar; the loop sets it */
		watch = taps_watch_of(vm, sk);
		if (watch)
			return watch;
	}
	return NULL;
}

/* The first that is free, or KVM_SCHED_HINT_MAX_WATCHES. Under shint_lock. */
static u32 taps_free_place(const struct shint_vm *vm)
{
	u32 queue = 0;

	while (queue < KVM_SCHED_HINT_MAX_WATCHES && vm->watches[queue])
		queue++;
	return queue;
}

/* Under shint_lock. Takes @watch if it succeeds. */
static int taps_add(struct shint_vm *vm, struct sock *sk, struct shint_watch *watch)
{
	struct shint_watch *twin;
	u32 queue;

	if (vm->gone)
		return -ENOTCONN;
	if (taps_watch_of(vm, sk))
		return -EEXIST;
	queue = taps_free_place(vm);
	if (queue == KVM_SCHED_HINT_MAX_WATCHES) {
		/* the watchdog may not have come by since some were closed */
		shint_taps_prune(vm);
		queue = taps_free_place(vm);
	}
	if (queue == KVM_SCHED_HINT_MAX_WATCHES)
		return -ENOSPC;

	raw_spin_lock_irq(&vm->arrivals_lock);
	shint_arrivals_forget(&vm->arrivals, queue);
	raw_spin_unlock_irq(&vm->arrivals_lock);
	INIT_LIST_HEAD(&watch->twins);
	twin = taps_twin(sk);
	if (twin)
		list_add(&watch->twins, &twin->twins);
	sock_hold(sk);
	watch->sk = sk;
	watch->vm = vm;
	watch->queue = queue;
	shint_ahead_init(&watch->ahead, sk_sleep(sk), shint_arrival_expect);
	vm->watches[queue] = watch;
	init_waitqueue_func_entry(&watch->wait, taps_woken);
	add_wait_queue(sk_sleep(sk), &watch->wait);
	return 0;
}

/**
 * shint_taps_watch() - watch a tap for a VM
 * @vm: an attached VM
 * @arg: the ioctl's argument
 *
 * Context: may sleep; takes shint_lock.
 * Return: 0 or an errno, as at struct kvm_sched_hint_watch.
 */
int shint_taps_watch(struct shint_vm *vm, const struct kvm_sched_hint_watch *arg)
{
	struct shint_watch *watch;
	struct file *file;
	struct sock *sk;
	int ret;

	file = taps_file(arg->fd, !arg->flags &&
			 !memchr_inv(arg->reserved, 0, sizeof(arg->reserved)), &sk);
	if (IS_ERR(file))
		return PTR_ERR(file);
	/* Not under the lock, which the end of any VM's address space waits for. */
	watch = kzalloc(sizeof(*watch), GFP_KERNEL_ACCOUNT);
	ret = -ENOMEM;
	if (!watch)
		goto out;
	mutex_lock(&shint_lock);
	ret = taps_add(vm, sk, watch);
	mutex_unlock(&shint_lock);
	if (ret)
		kfree(watch);
out:
	fput(file);
	return ret;
}

/* Under shint_lock. */
static int taps_find(const struct shint_vm *vm, const struct sock *sk,
		     struct kvm_sched_hint_arrivals *arg)
{
	const struct shint_watch *watch;

	if (vm->gone)
		return -ENOTCONN;
	watch = taps_watch_of(vm, sk);
	if (!watch)
		return -ENOENT;
	arg->arrivals = READ_ONCE(watch->arrivals);
	if (!shint_arrival_taker(vm, watch->queue, &arg->vcpu_id))
		arg->vcpu_id = KVM_SCHED_HINT_NO_VCPU;
	return 0;
}

/**
 * shint_taps_query() - what has arrived at a tap that a VM watches
 * @vm: an attached VM
 * @arg: the ioctl's argument and answer
 *
 * Context: may sleep; takes shint_lock.
 * Return: 0 or an errno, as at struct kvm_sched_hint_arrivals.
 */
int shint_taps_query(struct shint_vm *vm, struct kvm_sched_hint_arrivals *arg)
{
	struct file *file;
	struct sock *sk;
	int ret;

	file = taps_file(arg->fd, !arg->flags &&
			 !memchr_inv(arg->reserved, 0, sizeof(arg->reserved)), &sk);
	if (IS_ERR(file))
		return PTR_ERR(file);
	mutex_lock(&shint_lock);
	ret = taps_find(vm, sk, arg);
	mutex_unlock(&shint_lock);
	fput(file);
	return ret;
}

static void taps_add_counts(const struct shint_watch *watch, struct shint_tap_counts *sum)
{
	sum->arrivals += READ_ONCE(watch->arrivals);
	sum->worker_wakes += READ_ONCE(watch->ahead.wakes);
	sum->worker_windows += READ_ONCE(watch->ahead.windows);
	sum->worker_hits += READ_ONCE(watch->ahead.hits);
}

/* Under shint_lock. */
static void taps_remove(struct shint_vm *vm, u32 queue)
{
	struct shint_watch *watch = vm->watches[queue];

	if (!watch)
		return;
	remove_wait_queue(sk_sleep(watch->sk), &watch->wait);
	shint_ahead_stop(&watch->ahead);
	list_del(&watch->twins);
	taps_add_counts(watch, &vm->past_arrivals);
	vm->watches[queue] = NULL;
	sock_put(watch->sk);
	kfree(watch);
}

/* Whether only watches have the queue: it was closed. Under shint_lock. */
static bool taps_closed(const struct shint_watch *watch)
{
	const struct list_head *twin;
	unsigned int watches = 1;

	list_for_each(twin, &watch->twins)
		watches++;
	return refcount_read(&watch->sk->sk_refcnt) == watches;
}

/**
 * shint_taps_prune() - forget the taps that nobody but us holds any more
 * @vm: an attached VM
 *
 * Context: under shint_lock; waits for a tap's wait queue.
 */
void shint_taps_prune(struct shint_vm *vm)
{
	u32 i;

	for (i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++)
		if (vm->watches[i] && taps_closed(vm->watches[i]))
			taps_remove(vm, i);
}

/**
 * shint_taps_unwatch() - the end of all watches of a VM
 * @vm: a VM that is not attached any more
 *
 * When it is back nothing wakes the VM's vCPUs from here.
 *
 * Context: under shint_lock; waits for the taps' wait queues.
 */
void shint_taps_unwatch(struct shint_vm *vm)
{
	u32 i;

	for (i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++)
		taps_remove(vm, i);
}

/**
 * shint_taps_count() - packets that have arrived, and what was done ahead of them
 * @vm: an attached VM
 * @counts: out
 *
 * Context: under shint_lock.
 */
void shint_taps_count(const struct shint_vm *vm, struct shint_tap_counts *counts)
{
	u32 i;

	*counts = vm->past_arrivals;
	for (i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++)
		if (vm->watches[i])
			taps_add_counts(vm->watches[i], counts);
}

