// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm_sched_hint: keep or wake early, by the guest's own hints, a vCPU that
 * KVM would let go at HLT. This file: the module, its parameters and
 * /dev/kvm-sched-hint.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "attach.h"
#include "kvm.h"
#include "limits.h"
#include "main.h"
#include "stats.h"
#include "sysfs.h"
#include "taps.h"
#include "vm.h"
#include "watchdog.h"

const char *const shint_mode_names[] = {
	[KVM_SCHED_HINT_MODE_DEFAULT] = "default",
	[KVM_SCHED_HINT_MODE_OFF] = "off",
	[KVM_SCHED_HINT_MODE_OBSERVE] = "observe",
	[KVM_SCHED_HINT_MODE_ALWAYS] = "always",
	[KVM_SCHED_HINT_MODE_HINT] = "hint",
	NULL
};

u32 shint_default_mode = KVM_SCHED_HINT_MODE_HINT;

static int mode_set(const char *buf, const struct kernel_param *kp)
{
	int mode = __sysfs_match_string(shint_mode_names, KVM_SCHED_HINT_MODE_HINT + 1, buf);

	if (mode <= KVM_SCHED_HINT_MODE_DEFAULT) {
		pr_err("mode: off, observe, always or hint, please\n");
		return -EINVAL;
	}
	WRITE_ONCE(shint_default_mode, mode);
	shint_apply_modes();
	return 0;
}

static int mode_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", shint_mode_names[READ_ONCE(shint_default_mode)]);
}

static const struct kernel_param_ops mode_ops = {
	.set = mode_set,
	.get = mode_get,
};
module_param_cb(mode, &mode_ops, NULL, 0644);
MODULE_PARM_DESC(mode, "off, observe (decide and count only), always (keep on every halt), hint (default)");

bool shint_worker_ahead = true;
module_param_named(worker_ahead, shint_worker_ahead, bool, 0644);
MODULE_PARM_DESC(worker_ahead, "in mode hint wake what brings packets to the guest (vhost, QEMU) ahead of those that are predicted (default Y)");

u32 shint_test_blind_period_us;
u32 shint_test_blind_keep_us = 1000;

static int blind_set(const char *buf, const struct kernel_param *kp)
{
	int ret = param_set_uint_minmax(buf, kp, 0, KVM_SCHED_HINT_MAX_KEEP_US);

	if (ret)
		pr_err("%s: 0 to %u, please\n", kp->name, KVM_SCHED_HINT_MAX_KEEP_US);
	else
		shint_apply_modes();
	return ret;
}

static const struct kernel_param_ops blind_ops = {
	.set = blind_set,
	.get = param_get_uint,
};
module_param_cb(test_blind_period_us, &blind_ops, &shint_test_blind_period_us, 0600);
MODULE_PARM_DESC(test_blind_period_us, "test only: in mode hint read no slots, wake with this period (0: off)");
module_param_cb(test_blind_keep_us, &blind_ops, &shint_test_blind_keep_us, 0600);
MODULE_PARM_DESC(test_blind_keep_us, "test only: and keep for this long each time");

u32 shint_test_without;

static int without_set(const char *buf, const struct kernel_param *kp)
{
	int ret = param_set_uint_minmax(buf, kp, 0, SHINT_WITHOUT_ALL);

	if (ret)
		pr_err("%s: 0 to %lu, please\n", kp->name, SHINT_WITHOUT_ALL);
	return ret;
}

static const struct kernel_param_ops without_ops = {
	.set = without_set,
	.get = param_get_uint,
};
module_param_cb(test_without, &without_ops, &shint_test_without, 0600);
MODULE_PARM_DESC(test_without, "test only: in mode hint decide without: 1 timers, 2 I/O in flight, 4 wake peers, 8 the predictor of starts, 16 the plan for gaps, 32 packet arrivals, 64 what the guest expects of devices, 128 backing off, 256 waking what brings packets ahead");

bool shint_test_shuffled;
module_param_named(test_shuffled, shint_test_shuffled, bool, 0600);
MODULE_PARM_DESC(test_shuffled, "test only: in mode hint read another vCPU's slot for each");

/* Woken when draining begins: files without a VM have to be closed, too. */
static DECLARE_WAIT_QUEUE_HEAD(main_drain_wait);

/**
 * struct shint_file - an open /dev/kvm-sched-hint
 * @lock: guards the rest
 * @vm: what it attaches, or NULL
 * @wait: for a change of status; here because poll() may outlast the VM
 * @drains: shint_drains() at open: a later one means that this file is stale
 * @told: the status last told
 */
struct shint_file {
	struct mutex lock;	/* the rest, against concurrent ioctls */
	struct shint_vm *vm;
	wait_queue_head_t wait;
	u32 drains;
	struct kvm_sched_hint_status told;
};

/* Whether the guest is to publish: not where nothing could come of it. */
static bool main_listens(const struct shint_vm *vm, u32 mode)
{
	if (READ_ONCE(vm->gone) || READ_ONCE(vm->disarmed) || READ_ONCE(vm->quota) ||
	    READ_ONCE(vm->status) == KVM_SCHED_HINT_STATUS_CEILING)
		return false;
	/* Mode blind reads no slot; but its guest is to differ in nothing. */
	return mode == KVM_SCHED_HINT_MODE_OBSERVE || mode == KVM_SCHED_HINT_MODE_HINT ||
	       mode == SHINT_MODE_BLIND;
}

/* Whether anything may come of what it publishes. */
static bool main_acts(const struct shint_vm *vm, u32 mode, u32 status)
{
	switch (status) {
	case KVM_SCHED_HINT_STATUS_NO_POLL:
	case KVM_SCHED_HINT_STATUS_NO_PUBLISHER:
	case KVM_SCHED_HINT_STATUS_NESTED:
	case KVM_SCHED_HINT_STATUS_CONTENDED:
		return false;
	}
	/* With a budget of 0 all that is left is to yield at once. */
	return mode != KVM_SCHED_HINT_MODE_OBSERVE && READ_ONCE(vm->limits.vcpu_budget_ns);
}

static void main_status(const struct shint_file *sfile, struct kvm_sched_hint_status *status)
{
	struct shint_vm *vm = sfile->vm;

	memset(status, 0, sizeof(*status));
	status->status = KVM_SCHED_HINT_STATUS_DETACHED;
	status->mode = READ_ONCE(shint_default_mode);
	if (vm) {
		u32 mode = shint_mode_resolved(READ_ONCE(vm->requested_mode));

		status->status = shint_vm_status(vm);
		status->listening = main_listens(vm, mode);
		status->acting = status->listening && main_acts(vm, mode, status->status);
		status->mode = mode == SHINT_MODE_BLIND ? KVM_SCHED_HINT_MODE_HINT : mode;
	}
	if (shint_draining())
		status->status = KVM_SCHED_HINT_STATUS_DRAINING;
}

static long main_attach(struct shint_file *sfile, void __user *uarg)
{
	struct kvm_sched_hint_attach arg;
	struct shint_vm *vm;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (sfile->vm)
		return -EBUSY;
	vm = shint_attach(&arg, &sfile->wait);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	sfile->vm = vm;
	return 0;
}

static long main_detach(struct shint_file *sfile)
{
	if (!sfile->vm)
		return -ENOTCONN;
	shint_detach(sfile->vm);
	sfile->vm = NULL;
	return 0;
}

static long main_set_limits(struct shint_file *sfile, void __user *uarg)
{
	struct kvm_sched_hint_limits limits;

	if (copy_from_user(&limits, uarg, sizeof(limits)))
		return -EFAULT;
	return sfile->vm ? shint_set_limits(sfile->vm, &limits) : -ENOTCONN;
}

static long main_get_status(struct shint_file *sfile, void __user *uarg)
{
	main_status(sfile, &sfile->told);
	return copy_to_user(uarg, &sfile->told, sizeof(sfile->told)) ? -EFAULT : 0;
}

static long main_get_limits(struct shint_file *sfile, void __user *uarg)
{
	struct kvm_sched_hint_limits limits;

	if (!sfile->vm)
		return -ENOTCONN;
	shint_get_limits(sfile->vm, &limits);
	return copy_to_user(uarg, &limits, sizeof(limits)) ? -EFAULT : 0;
}

static long main_get_use(struct shint_file *sfile, void __user *uarg)
{
	struct kvm_sched_hint_use use;
	int ret;

	if (copy_from_user(&use, uarg, sizeof(use)))
		return -EFAULT;
	ret = sfile->vm ? shint_stats_use(sfile->vm, &use) : -ENOTCONN;
	if (ret)
		return ret;
	return copy_to_user(uarg, &use, sizeof(use)) ? -EFAULT : 0;
}

static long main_watch(struct shint_file *sfile, void __user *uarg)
{
	struct kvm_sched_hint_watch watch;

	if (copy_from_user(&watch, uarg, sizeof(watch)))
		return -EFAULT;
	return sfile->vm ? shint_taps_watch(sfile->vm, &watch) : -ENOTCONN;
}

static long main_get_arrivals(struct shint_file *sfile, void __user *uarg)
{
	struct kvm_sched_hint_arrivals arrivals;
	int ret;

	if (copy_from_user(&arrivals, uarg, sizeof(arrivals)))
		return -EFAULT;
	ret = sfile->vm ? shint_taps_query(sfile->vm, &arrivals) : -ENOTCONN;
	if (ret)
		return ret;
	return copy_to_user(uarg, &arrivals, sizeof(arrivals)) ? -EFAULT : 0;
}

static long main_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct shint_file *sfile = file->private_data;
	void __user *uarg = (void __user *)arg;
	long ret;

	/* What takes no argument ignores it, as ioctl(fd, cmd) passes anything. */
	if (cmd == KVM_SCHED_HINT_GET_API_VERSION)
		return KVM_SCHED_HINT_API_VERSION;

	if (mutex_lock_killable(&sfile->lock))
		return -EINTR;
	switch (cmd) {
	case KVM_SCHED_HINT_ATTACH:
		ret = main_attach(sfile, uarg);
		break;
	case KVM_SCHED_HINT_DETACH:
		ret = main_detach(sfile);
		break;
	case KVM_SCHED_HINT_SET_LIMITS:
		ret = main_set_limits(sfile, uarg);
		break;
	case KVM_SCHED_HINT_GET_STATUS:
		ret = main_get_status(sfile, uarg);
		break;
	case KVM_SCHED_HINT_GET_LIMITS:
		ret = main_get_limits(sfile, uarg);
		break;
	case KVM_SCHED_HINT_GET_USE:
		ret = main_get_use(sfile, uarg);
		break;
	case KVM_SCHED_HINT_WATCH:
		ret = main_watch(sfile, uarg);
		break;
	case KVM_SCHED_HINT_GET_ARRIVALS:
		ret = main_get_arrivals(sfile, uarg);
		break;
	default:
		ret = -ENOTTY;
	}
	mutex_unlock(&sfile->lock);
	/* For a poll() that found the lock taken. */
	wake_up_interruptible_all(&sfile->wait);
	return ret;
}

static __poll_t main_poll(struct file *file, poll_table *table)
{
	struct shint_file *sfile = file->private_data;
	struct kvm_sched_hint_status status;
	__poll_t mask = 0;

	poll_wait(file, &main_drain_wait, table);
	poll_wait(file, &sfile->wait, table);

	if (sfile->drains != shint_drains())
		mask |= EPOLLHUP;
	/* Not waiting: an ioctl holds it, perhaps for long, and wakes us then. */
	if (!mutex_trylock(&sfile->lock))
		return mask;
	main_status(sfile, &status);
	if (sfile->vm && memcmp(&status, &sfile->told, sizeof(status)))
		mask |= EPOLLPRI;
	mutex_unlock(&sfile->lock);
	return mask;
}

static int main_open(struct inode *inode, struct file *file)
{
	struct shint_file *sfile;
	u32 drains = shint_drains();

	/* The count first: of a drain that begins meanwhile this file has to be told. */
	if (shint_draining())
		return -ESHUTDOWN;
	sfile = kzalloc(sizeof(*sfile), GFP_KERNEL_ACCOUNT);
	if (!sfile)
		return -ENOMEM;
	mutex_init(&sfile->lock);
	init_waitqueue_head(&sfile->wait);
	sfile->drains = drains;
	file->private_data = sfile;
	return nonseekable_open(inode, file);
}

static int main_release(struct inode *inode, struct file *file)
{
	struct shint_file *sfile = file->private_data;

	if (sfile->vm)
		shint_detach(sfile->vm);
	kfree(sfile);
	return 0;
}

static const struct file_operations main_fops = {
	.owner = THIS_MODULE,
	.open = main_open,
	.release = main_release,
	.unlocked_ioctl = main_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = main_poll,
};

/* As /dev/kvm: the udev rule gives it to group kvm. */
static struct miscdevice main_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kvm-sched-hint",
	.fops = &main_fops,
	.mode = 0660,
	.groups = shint_device_groups,
};

/**
 * shint_wake_drained() - tell all open files that draining has begun
 *
 * Context: any.
 */
void shint_wake_drained(void)
{
	wake_up_interruptible_all(&main_drain_wait);
}

static int __init shint_init(void)
{
	int ret = shint_kvm_check();

	if (ret)
		return ret;
	ret = shint_stats_start();
	if (ret)
		return ret;
	ret = misc_register(&main_device);
	if (ret)
		goto err_stats;
	ret = shint_sysfs_start(&main_device.this_device->kobj);
	if (ret)
		goto err_misc;
	/* Only from here on can the node be opened. */
	shint_drain(false);
	return 0;

err_misc:
	misc_deregister(&main_device);
err_stats:
	shint_stats_stop();
	return ret;
}

/* Every open file holds the module, so no VM is attached here. */
static void __exit shint_exit(void)
{
	shint_sysfs_stop();
	misc_deregister(&main_device);
	shint_stats_stop();
	shint_watchdog_stop();
	shint_kvm_probe_stop();
}

module_init(shint_init);
module_exit(shint_exit);
MODULE_DESCRIPTION("Guest scheduling hints for KVM's halt handling");
MODULE_LICENSE("GPL");
