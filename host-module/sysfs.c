// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an operator can see and set, below /sys/class/misc/kvm-sched-hint:
 * drain, and vms/<pid>-<n>/ with a VM's mode, limits and status.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "attach.h"
#include "limits.h"
#include "main.h"
#include "sysfs.h"
#include "vm.h"
#include "watchdog.h"

static struct kobject *sysfs_vms;

static const char *const sysfs_status[] = {
	[KVM_SCHED_HINT_STATUS_OK] = "ok",
	[KVM_SCHED_HINT_STATUS_DRAINING] = "draining: the module is about to be unloaded",
	[KVM_SCHED_HINT_STATUS_DETACHED] = "detached: no VM is attached",
	[KVM_SCHED_HINT_STATUS_MODE_OFF] = "off: mode is off",
	[KVM_SCHED_HINT_STATUS_DISARMED] =
		"disarmed: halts are not seen; are kprobes or ftrace disabled?",
	[KVM_SCHED_HINT_STATUS_NO_POLL] =
		"no-poll: the guest forbids host polling (cpuidle-haltpoll)",
	[KVM_SCHED_HINT_STATUS_NO_HALTS] =
		"no-halts: no halt reaches KVM (cpu-pm=on, kernel-irqchip=off, idle=poll?)",
	[KVM_SCHED_HINT_STATUS_NO_PUBLISHER] =
		"no-publisher: no halt has a valid publish; is virtio_sched_hint loaded in the guest?",
	[KVM_SCHED_HINT_STATUS_CEILING] =
		"ceiling: KVM_CAP_HALT_POLL leaves this VM no time to be kept",
	[KVM_SCHED_HINT_STATUS_BUDGET] = "budget: grants are refused, the budget is spent or 0",
	[KVM_SCHED_HINT_STATUS_QUOTA] =
		"quota: a CPU quota (cpu.max) bounds the VM, nothing is kept",
	[KVM_SCHED_HINT_STATUS_OBSERVING] =
		"observe: mode observe decides and counts, and changes nothing",
	[KVM_SCHED_HINT_STATUS_NESTED] =
		"nested: all halts are nested guests' or Xen's, which are left to KVM",
	[KVM_SCHED_HINT_STATUS_CONTENDED] =
		"contended: other tasks want the pCPUs, so nothing is kept",
};

/**
 * shint_status_text() - a status in words, its first one fit for a program
 * @status: KVM_SCHED_HINT_STATUS_*
 */
const char *shint_status_text(u32 status)
{
	return status < ARRAY_SIZE(sysfs_status) ? sysfs_status[status] : "?";
}

static struct shint_vm *to_vm(struct kobject *kobj)
{
	return container_of(kobj, struct shint_vm, kobj);
}

static ssize_t mode_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", shint_mode_names[READ_ONCE(to_vm(kobj)->requested_mode)]);
}

static ssize_t mode_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			  size_t count)
{
	int mode = __sysfs_match_string(shint_mode_names, KVM_SCHED_HINT_MODE_HINT + 1, buf);
	int ret;

	if (mode < 0) {
		pr_warn_ratelimited("%s/mode: default, off, observe, always or hint, please\n",
				    to_vm(kobj)->name);
		return -EINVAL;
	}
	ret = shint_set_limit(to_vm(kobj), offsetof(struct kvm_sched_hint_limits, mode), mode);
	return ret ?: count;
}

static ssize_t status_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", shint_status_text(shint_vm_status(to_vm(kobj))));
}

/* One of the limits: a u32 at @offset in struct kvm_sched_hint_limits. */
struct limit_attribute {
	struct kobj_attribute kobj_attr;
	size_t offset;
};

static size_t limit_offset(struct kobj_attribute *attr)
{
	return container_of(attr, struct limit_attribute, kobj_attr)->offset;
}

static ssize_t limit_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct kvm_sched_hint_limits limits;

	shint_get_limits(to_vm(kobj), &limits);
	return sysfs_emit(buf, "%u\n", *(u32 *)((void *)&limits + limit_offset(attr)));
}

static ssize_t limit_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			   size_t count)
{
	u32 value;
	int ret = kstrtou32(buf, 0, &value);

	if (ret)
		pr_warn_ratelimited("%s/%s: a number, please\n", to_vm(kobj)->name,
				    attr->attr.name);
	else
		ret = shint_set_limit(to_vm(kobj), limit_offset(attr), value);
	return ret ?: count;
}

static struct limit_attribute max_keep_us_attr = {
	.kobj_attr = __ATTR(max_keep_us, 0644, limit_show, limit_store),
	.offset = offsetof(struct kvm_sched_hint_limits, max_keep_us),
};

static struct limit_attribute budget_percent_attr = {
	.kobj_attr = __ATTR(budget_percent, 0644, limit_show, limit_store),
	.offset = offsetof(struct kvm_sched_hint_limits, budget_percent),
};

static struct limit_attribute vm_budget_percent_attr = {
	.kobj_attr = __ATTR(vm_budget_percent, 0644, limit_show, limit_store),
	.offset = offsetof(struct kvm_sched_hint_limits, vm_budget_percent),
};

static struct kobj_attribute mode_attr = __ATTR_RW(mode);
static struct kobj_attribute status_attr = __ATTR_RO(status);

static struct attribute *vm_attrs[] = {
	&mode_attr.attr,
	&status_attr.attr,
	&max_keep_us_attr.kobj_attr.attr,
	&budget_percent_attr.kobj_attr.attr,
	&vm_budget_percent_attr.kobj_attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(vm);

static void vm_release(struct kobject *kobj)
{
	shint_vm_free(to_vm(kobj));
}

static const struct kobj_type vm_type = {
	.sysfs_ops = &kobj_sysfs_ops,
	.release = vm_release,
	.default_groups = vm_groups,
};

/**
 * shint_sysfs_init() - make a VM's directory the owner of its memory
 * @vm: new; from now on shint_sysfs_put() frees it
 */
void shint_sysfs_init(struct shint_vm *vm)
{
	kobject_init(&vm->kobj, &vm_type);
}

/**
 * shint_sysfs_add() - show a VM
 * @vm: about to be attached
 *
 * Context: may sleep.
 * Return: 0 or an errno.
 */
int shint_sysfs_add(struct shint_vm *vm)
{
	return kobject_add(&vm->kobj, sysfs_vms, "%s", vm->name);
}

/**
 * shint_sysfs_del() - do not show a VM any more; waits for who looks at it
 * @vm: no longer attached
 *
 * Context: may sleep; not under shint_lock.
 */
void shint_sysfs_del(struct shint_vm *vm)
{
	if (vm->kobj.state_in_sysfs)
		kobject_del(&vm->kobj);
}

/**
 * shint_sysfs_put() - give a VM's memory back
 * @vm: not to be used any more
 */
void shint_sysfs_put(struct shint_vm *vm)
{
	kobject_put(&vm->kobj);
}

static ssize_t drain_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", shint_draining());
}

static ssize_t drain_store(struct device *dev, struct device_attribute *attr, const char *buf,
			   size_t count)
{
	bool drain;
	int ret = kstrtobool(buf, &drain);

	if (ret) {
		pr_warn_ratelimited("drain: 0 or 1, please\n");
		return ret;
	}
	/* The node may not be opened before there is a place to show VMs. */
	if (!sysfs_vms)
		return -EAGAIN;
	shint_drain(drain);
	return count;
}
static DEVICE_ATTR_RW(drain);

static struct attribute *shint_device_attrs[] = {
	&dev_attr_drain.attr,
	NULL
};

static const struct attribute_group shint_device_group = {
	.attrs = shint_device_attrs,
};

const struct attribute_group *shint_device_groups[] = {
	&shint_device_group,
	NULL
};

/**
 * shint_sysfs_start() - make the folder of the VMs
 * @device: the misc device
 *
 * Return: 0 or -ENOMEM.
 */
int shint_sysfs_start(struct kobject *device)
{
	sysfs_vms = kobject_create_and_add("vms", device);
	return sysfs_vms ? 0 : -ENOMEM;
}

/**
 * shint_sysfs_stop() - remove it; no VM is in it any more
 */
void shint_sysfs_stop(void)
{
	kobject_put(sysfs_vms);
}
