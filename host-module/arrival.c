// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet arrival: a vCPU is woken when a packet for it is at the tap, while the
 * vhost worker, or QEMU, wakes to bring it there. So the two leave their pCPUs'
 * idle states at the same time, and not one after the other. If the task that
 * the packet is for runs on another vCPU, by the guest's word, that one is woken
 * as well (peer wake): it would be the third in the row.
 *
 * It is seen where those see it: by an entry of our own in the wait queue of
 * the tap's socket. We hold the socket, as the tap itself does, and not the
 * file: its wait queue lives as long, yet who closes the last descriptor finds
 * the device gone. A socket that only we hold is let go by the watchdog. The
 * wait queue is a part of the socket, so nobody tears it down before we have
 * left it, and POLLFREE is not met here.
 *
 * The entry's function runs with the wait queue's lock held: once
 * remove_wait_queue() is back, no function runs any more.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/if_tap.h>
#include <linux/if_tun.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/sock.h>

#include "ahead.h"
#include "arrival.h"
#include "attach.h"
#include "kvm.h"
#include "main.h"
#include "trace.h"
#include "vm.h"

/*
 * A vCPU that does not halt pays for no wake-up of a worker: there are no more until it does.
 * A window of predicted packets takes up to seven.
 */
#define UNPAID_WAKES_MAX	8

/**
 * struct shint_watch - one queue of a tap
 * @wait: in @sk's wait queue
 * @sk: we hold a reference
 * @vm: whose; outlives the watch
 * @twins: other VMs' watches of the same queue; under shint_lock
 * @queue: our place in vm->watches
 * @arrivals: packets; written by the entry's function only, so serialised
 * @ahead: of the next packet; likewise
 */
struct shint_watch {
	struct wait_queue_entry wait;
	struct sock *sk;
	struct shint_vm *vm;
	struct list_head twins;
	u32 queue;
	u64 arrivals;
	struct shint_ahead ahead;
};

const char *const shint_arrival_roles[SHINT_NR_ROLES] = {
	[SHINT_TAKER] = "arrival",
	[SHINT_PEER] = "peer",
};

static struct shint_vcpu *arrival_vcpu(struct shint_vm *vm, u32 id)
{
	return &vm->vcpus[array_index_nospec(id, vm->table.nr_slots)];
}

/* Which vCPU takes a packet's interrupt, if that is known. */
static bool arrival_taker(const struct shint_vm *vm, u32 queue, u32 *id)
{
	/* A VM with one vCPU needs no vote. */
	if (READ_ONCE(vm->nr_used) == 1) {
		*id = 0;
		return true;
	}
	return shint_arrivals_taker(&vm->arrivals, queue, id);
}

/* The vCPUs that a packet is for, or SHINT_NO_VCPU. */
static void arrival_ids(struct shint_vm *vm, u32 queue, u32 ids[SHINT_NR_ROLES])
{
	u16 peer;

	ids[SHINT_PEER] = SHINT_NO_VCPU;
	if (!arrival_taker(vm, queue, &ids[SHINT_TAKER])) {
		ids[SHINT_TAKER] = SHINT_NO_VCPU;
		return;
	}
	peer = READ_ONCE(arrival_vcpu(vm, ids[SHINT_TAKER])->wake_peer);
	if (peer != VIRTIO_SCHED_HINT_NO_PEER && peer != ids[SHINT_TAKER])
		ids[SHINT_PEER] = peer;
}

static void arrival_wake_vcpu(struct shint_vcpu *vcpu, u64 *why_ns, const char *cause, u64 now_ns)
{
	/* Before the wake-up, which is a full barrier: the probe must see why. */
	WRITE_ONCE(*why_ns, now_ns);
	trace_sched_hint_wake(vcpu->kvm_vcpu, cause);
	shint_kvm_wake(vcpu->kvm_vcpu);
}

/* Whether the probe's last decision lets the vCPU be woken: it has seen to the budget. */
static bool arrival_may_wake(const struct shint_vcpu *vcpu, enum shint_role role)
{
	/* Pairs with the release in shint_arrival_allow(): kvm_vcpu is set. */
	return smp_load_acquire(&vcpu->waker.on_arrival[role]);
}

/* The vCPU if it may be woken for a queue's packets and that pays, or NULL. */
static struct shint_vcpu *arrival_wakeable(struct shint_vm *vm, u32 id, enum shint_role role,
					   u64 now_ns)
{
	struct shint_vcpu *vcpu;

	if (id == SHINT_NO_VCPU || !shint_way_pays(&vm->arrivals.ways[role], now_ns))
		return NULL;
	vcpu = arrival_vcpu(vm, id);
	return arrival_may_wake(vcpu, role) ? vcpu : NULL;
}

/*
 * One wake-up per decision of the probe's and role.
 * @met: what brings the packet was woken ahead of it
 */
static void arrival_wake(struct shint_vm *vm, u32 id, enum shint_role role, bool met, u64 now_ns)
{
	struct shint_vcpu *vcpu = arrival_wakeable(vm, id, role, now_ns);
	struct shint_waker *waker;
	u64 halted_ns;

	if (!vcpu)
		return;
	waker = &vcpu->waker;
	/* Whether or not it is asleep: it could have been. Arrivals may race; either will do. */
	halted_ns = READ_ONCE(vcpu->halted_ns);
	if (!met && READ_ONCE(waker->announced_ns) < halted_ns)
		WRITE_ONCE(waker->announced_ns, now_ns);
	if (met && READ_ONCE(waker->expected_ns) > halted_ns &&
	    READ_ONCE(waker->met_ns) < halted_ns)
		WRITE_ONCE(waker->met_ns, now_ns);
	if (!shint_kvm_blocking(vcpu->kvm_vcpu) || !xchg(&waker->on_arrival[role], false))
		return;
	arrival_wake_vcpu(vcpu, &waker->arrived_ns[role], shint_arrival_roles[role], now_ns);
}

/* Whether what brings packets is to be woken ahead. With a budget of 0 nothing is. */
static bool arrival_goes_ahead(const struct shint_vm *vm)
{
	return READ_ONCE(vm->mode) == KVM_SCHED_HINT_MODE_HINT && READ_ONCE(shint_worker_ahead) &&
	       READ_ONCE(vm->limits.vcpu_budget_ns) &&
	       likely(!(READ_ONCE(shint_test_without) &
			(SHINT_WITHOUT_ARRIVAL | SHINT_WITHOUT_WORKER)));
}

/*
 * Whatever sends the packet, mostly softirqs; the wait queue's lock held. That lock disables
 * interrupts, or on PREEMPT_RT lets this be preempted, and then no hard interrupt comes here. So
 * either way arrivals_lock is taken by nothing that can interrupt its holder.
 */
static void arrival_came(struct shint_watch *watch)
{
	static const u32 nobody[SHINT_NR_ROLES] = { SHINT_NO_VCPU, SHINT_NO_VCPU };
	struct shint_vm *vm = watch->vm;
	u32 ids[SHINT_NR_ROLES];
	u64 now_ns;
	bool met;
	int role;

	WRITE_ONCE(watch->arrivals, watch->arrivals + 1);
	if (READ_ONCE(vm->mode) != KVM_SCHED_HINT_MODE_HINT)
		return;
	now_ns = ktime_get_ns();
	arrival_ids(vm, watch->queue, ids);
	met = shint_ahead_meets(&watch->ahead, now_ns);
	if (!shint_arrivals_followed(&vm->arrivals, now_ns)) {
		raw_spin_lock(&vm->arrivals_lock);
		/* How long it takes is not learned where what brings it is awake already. */
		shint_arrivals_follow(&vm->arrivals, watch->queue, met ? nobody : ids, now_ns);
		raw_spin_unlock(&vm->arrivals_lock);
	}
	for (role = 0; role < SHINT_NR_ROLES; role++)
		arrival_wake(vm, ids[role], role, met, now_ns);
	/* Last, for nothing waits for it. The costs are written meanwhile: either value will do. */
	if (arrival_goes_ahead(vm) && ids[SHINT_TAKER] != SHINT_NO_VCPU)
		shint_ahead_arrived(&watch->ahead,
				    &arrival_vcpu(vm, ids[SHINT_TAKER])->wake_costs, now_ns);
}

/* It is not kept: like the worker's pCPU, the vCPU's then sleeps lightly for a while. */
static void arrival_wake_ahead(struct shint_vm *vm, u32 id, enum shint_role role, u64 now_ns)
{
	struct shint_vcpu *vcpu = arrival_wakeable(vm, id, role, now_ns);

	if (!vcpu)
		return;
	WRITE_ONCE(vcpu->waker.expected_ns, now_ns);
	if (shint_kvm_blocking(vcpu->kvm_vcpu))
		arrival_wake_vcpu(vcpu, &vcpu->waker.fired_ns, "ahead", now_ns);
}

/*
 * What brings the next packet is about to be woken ahead of it: so are the vCPUs, and the
 * one that takes the interrupt is charged for both when it halts. Where that may not be woken,
 * because the budget is spent, say, or the host is short of CPU, or where it does not halt,
 * the worker is not either.
 */
static bool arrival_expect(struct shint_ahead *ahead)
{
	struct shint_watch *watch = container_of(ahead, struct shint_watch, ahead);
	struct shint_vm *vm = watch->vm;
	u32 ids[SHINT_NR_ROLES];
	u64 now_ns = ktime_get_ns();
	struct shint_vcpu *taker;
	int role;

	if (!arrival_goes_ahead(vm))
		return false;
	arrival_ids(vm, watch->queue, ids);
	if (ids[SHINT_TAKER] == SHINT_NO_VCPU)
		return false;
	taker = arrival_vcpu(vm, ids[SHINT_TAKER]);
	if (!arrival_may_wake(taker, SHINT_TAKER) ||
	    atomic_read(&taker->waker.worker_wakes) >= UNPAID_WAKES_MAX)
		return false;
	atomic_inc(&taker->waker.worker_wakes);
	for (role = 0; role < SHINT_NR_ROLES; role++)
		arrival_wake_ahead(vm, ids[role], role, now_ns);
	return true;
}

static int arrival_woken(struct wait_queue_entry *wait, unsigned int mode, int flags, void *key)
{
	__poll_t what = key_to_poll(key);

	/* Also woken for room to send. The end of a device looks like a packet. */
	if (what & EPOLLIN && !(what & SHINT_AHEAD_MARK))
		arrival_came(container_of(wait, struct shint_watch, wait));
	return 0;
}

/*
 * The drivers are asked by name, lest this module loads them where nobody has a
 * tap: if the file is theirs, they are there.
 */
static struct sock *arrival_sock(struct file *file)
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

/* The file of a tap's descriptor, which the caller puts, and its socket; or an error. */
static struct file *arrival_tap(s32 fd, struct sock **sk)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	*sk = arrival_sock(file);
	if (*sk)
		return file;
	fput(file);
	return ERR_PTR(-EINVAL);
}

/* Another VM's watch of the same queue, or NULL. Under shint_lock. */
static struct shint_watch *arrival_twin(const struct sock *sk)
{
	struct shint_vm *vm;
	u32 i;

	list_for_each_entry(vm, &shint_vms, list)
		for (i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++)
			if (vm->watches[i] && vm->watches[i]->sk == sk)
				return vm->watches[i];
	return NULL;
}

/* Under shint_lock. Takes @watch if it succeeds. */
static int arrival_add(struct shint_vm *vm, struct sock *sk, struct shint_watch *watch)
{
	u32 i, queue = KVM_SCHED_HINT_MAX_WATCHES;
	struct shint_watch *twin;

	if (vm->gone)
		return -ENOTCONN;
	for (i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++) {
		if (vm->watches[i] && vm->watches[i]->sk == sk)
			return -EEXIST;
		if (!vm->watches[i] && queue == KVM_SCHED_HINT_MAX_WATCHES)
			queue = i;
	}
	if (queue == KVM_SCHED_HINT_MAX_WATCHES)
		return -ENOSPC;

	/* Whom this queue's predecessor led to is nothing to go by. */
	raw_spin_lock_irq(&vm->arrivals_lock);
	vm->arrivals.takers[queue] = (struct shint_arrival_taker){};
	vm->arrivals.at_ns = 0;
	vm->arrivals.first.at_ns = 0;
	memset(vm->arrivals.ends, 0, sizeof(vm->arrivals.ends));
	raw_spin_unlock_irq(&vm->arrivals_lock);
	INIT_LIST_HEAD(&watch->twins);
	twin = arrival_twin(sk);
	if (twin)
		list_add(&watch->twins, &twin->twins);
	sock_hold(sk);
	watch->sk = sk;
	watch->vm = vm;
	watch->queue = queue;
	shint_ahead_init(&watch->ahead, sk_sleep(sk), arrival_expect);
	vm->watches[queue] = watch;
	init_waitqueue_func_entry(&watch->wait, arrival_woken);
	add_wait_queue(sk_sleep(sk), &watch->wait);
	return 0;
}

/**
 * shint_arrival_watch() - watch a tap for a VM
 * @vm: an attached VM
 * @arg: the ioctl's argument
 *
 * Context: may sleep.
 * Return: 0 or an errno, as at struct kvm_sched_hint_watch.
 */
int shint_arrival_watch(struct shint_vm *vm, const struct kvm_sched_hint_watch *arg)
{
	struct shint_watch *watch;
	struct file *file;
	struct sock *sk;
	int ret;

	if (arg->flags || memchr_inv(arg->reserved, 0, sizeof(arg->reserved)))
		return -EINVAL;
	file = arrival_tap(arg->fd, &sk);
	if (IS_ERR(file))
		return PTR_ERR(file);
	/* Not under the lock, which the end of any VM's address space waits for. */
	watch = kzalloc(sizeof(*watch), GFP_KERNEL_ACCOUNT);
	ret = -ENOMEM;
	if (!watch)
		goto out;
	mutex_lock(&shint_lock);
	ret = arrival_add(vm, sk, watch);
	mutex_unlock(&shint_lock);
	if (ret)
		kfree(watch);
out:
	fput(file);
	return ret;
}

/* Under shint_lock. */
static int arrival_find(const struct shint_vm *vm, const struct sock *sk,
			struct kvm_sched_hint_arrivals *arg)
{
	u32 i;

	if (vm->gone)
		return -ENOTCONN;
	for (i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++) {
		if (!vm->watches[i] || vm->watches[i]->sk != sk)
			continue;
		arg->arrivals = READ_ONCE(vm->watches[i]->arrivals);
		if (!arrival_taker(vm, i, &arg->vcpu_id))
			arg->vcpu_id = KVM_SCHED_HINT_NO_VCPU;
		return 0;
	}
	return -ENOENT;
}

/**
 * shint_arrival_query() - what has arrived at a tap that a VM watches
 * @vm: an attached VM
 * @arg: the ioctl's argument and answer
 *
 * Context: may sleep.
 * Return: 0 or an errno, as at struct kvm_sched_hint_arrivals.
 */
int shint_arrival_query(struct shint_vm *vm, struct kvm_sched_hint_arrivals *arg)
{
	struct file *file;
	struct sock *sk;
	int ret;

	if (arg->flags || memchr_inv(arg->reserved, 0, sizeof(arg->reserved)))
		return -EINVAL;
	file = arrival_tap(arg->fd, &sk);
	if (IS_ERR(file))
		return PTR_ERR(file);
	mutex_lock(&shint_lock);
	ret = arrival_find(vm, sk, arg);
	mutex_unlock(&shint_lock);
	fput(file);
	return ret;
}

static void arrival_add_counts(const struct shint_watch *watch, struct shint_tap_counts *sum)
{
	sum->arrivals += READ_ONCE(watch->arrivals);
	sum->worker_wakes += READ_ONCE(watch->ahead.wakes);
	sum->worker_windows += READ_ONCE(watch->ahead.windows);
	sum->worker_hits += READ_ONCE(watch->ahead.hits);
}

/* Under shint_lock. */
static void arrival_remove(struct shint_vm *vm, u32 queue)
{
	struct shint_watch *watch = vm->watches[queue];

	if (!watch)
		return;
	remove_wait_queue(sk_sleep(watch->sk), &watch->wait);
	shint_ahead_stop(&watch->ahead);
	list_del(&watch->twins);
	arrival_add_counts(watch, &vm->past_arrivals);
	vm->watches[queue] = NULL;
	sock_put(watch->sk);
	kfree(watch);
}

/* Whether only watches have the queue: it was closed. Under shint_lock. */
static bool arrival_closed(const struct shint_watch *watch)
{
	const struct list_head *twin;
	unsigned int watches = 1;

	list_for_each(twin, &watch->twins)
		watches++;
	return refcount_read(&watch->sk->sk_refcnt) == watches;
}

/**
 * shint_arrival_prune() - forget the taps that nobody but us holds any more
 * @vm: an attached VM
 *
 * Context: under shint_lock.
 */
void shint_arrival_prune(struct shint_vm *vm)
{
	u32 i;

	for (i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++)
		if (vm->watches[i] && arrival_closed(vm->watches[i]))
			arrival_remove(vm, i);
}

/**
 * shint_arrival_unwatch() - the end of all watches of a VM
 * @vm: a VM that is not attached any more
 *
 * When it is back nothing wakes the VM's vCPUs from here.
 *
 * Context: under shint_lock.
 */
void shint_arrival_unwatch(struct shint_vm *vm)
{
	u32 i;

	for (i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++)
		arrival_remove(vm, i);
}

/**
 * shint_arrival_count() - packets that have arrived, and what was done ahead of them
 * @vm: an attached VM
 * @counts: out
 *
 * Context: under shint_lock.
 */
void shint_arrival_count(const struct shint_vm *vm, struct shint_tap_counts *counts)
{
	u32 i;

	*counts = vm->past_arrivals;
	for (i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++)
		if (vm->watches[i])
			arrival_add_counts(vm->watches[i], counts);
}

/**
 * shint_arrival_taken_ns() - the arrival that woke the vCPU since the last call
 * @vcpu: the vCPU whose thread runs
 * @role: out: why it was this one; if there were two arrivals, the taker's counts
 *
 * Context: the probe.
 * Return: when it was, or 0 if none did.
 */
u64 shint_arrival_taken_ns(struct shint_vcpu *vcpu, enum shint_role *role)
{
	u64 taken_ns = 0;
	int i;

	for (i = SHINT_NR_ROLES - 1; i >= 0; i--) {
		if (!READ_ONCE(vcpu->waker.arrived_ns[i]))
			continue;
		taken_ns = xchg(&vcpu->waker.arrived_ns[i], 0);
		*role = i;
	}
	return taken_ns;
}

/**
 * shint_arrival_worker_wakes() - wake-ups of workers ahead of its packets, since the last call
 * @vcpu: the vCPU whose thread runs
 *
 * Context: the probe.
 */
u32 shint_arrival_worker_wakes(struct shint_vcpu *vcpu)
{
	if (!atomic_read(&vcpu->waker.worker_wakes))
		return 0;
	return atomic_xchg(&vcpu->waker.worker_wakes, 0);
}

/**
 * shint_arrival_allow() - whether arrivals may wake the vCPU from now on
 * @vcpu: the vCPU whose thread runs
 * @allowed: by role
 *
 * Context: the probe.
 */
void shint_arrival_allow(struct shint_vcpu *vcpu, const bool allowed[SHINT_NR_ROLES])
{
	int role;

	for (role = 0; role < SHINT_NR_ROLES; role++) {
		/* Orders kvm_vcpu, of its first halt. Pairs with the acquire in arrival_wake(). */
		smp_store_release(&vcpu->waker.on_arrival[role], allowed[role]);
	}
}

/**
 * shint_arrival_judge() - note what came of a wake-up
 * @vm: the VM
 * @role: of the vCPU that was woken
 * @hit: an event within the keep that followed
 * @now_ns: now
 *
 * Context: the probe.
 */
void shint_arrival_judge(struct shint_vm *vm, enum shint_role role, bool hit, u64 now_ns)
{
	unsigned long flags;

	/* An arrival may come in an interrupt. */
	raw_spin_lock_irqsave(&vm->arrivals_lock, flags);
	shint_way_judge(&vm->arrivals.ways[role], hit, now_ns);
	raw_spin_unlock_irqrestore(&vm->arrivals_lock, flags);
}

/**
 * shint_arrival_halt_ended() - a vCPU's halt has ended, and it has run
 * @vm: the VM
 * @vcpu_id: whose
 * @halted_ns: when the halt began
 * @end_ns: when it ended
 *
 * Context: the probe.
 */
void shint_arrival_halt_ended(struct shint_vm *vm, u32 vcpu_id, u64 halted_ns, u64 end_ns)
{
	unsigned long flags;

	if (!shint_arrivals_concerned(&vm->arrivals, halted_ns, end_ns))
		return;
	raw_spin_lock_irqsave(&vm->arrivals_lock, flags);
	shint_arrivals_halt_ended(&vm->arrivals, vcpu_id, halted_ns, end_ns);
	raw_spin_unlock_irqrestore(&vm->arrivals_lock, flags);
}
