// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest's driver shares its place with, for the tests in the lab: a
 * cpuidle driver that comes and goes, and switches the host's polling off while
 * it is there, as cpuidle-haltpoll does (which Debian's kernels have built in); and
 * a kernel that has no place left in the CPUs' hotplug.
 */
#include <linux/cpu.h>
#include <linux/cpuidle.h>
#include <linux/cpuidle_haltpoll.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/kvm_para.h>
#include <linux/module.h>
#include <linux/string.h>

#include <asm/cpuidle_haltpoll.h>

/* No device is registered for it: the guest idles as it does without. */
static int never_entered(struct cpuidle_device *dev, struct cpuidle_driver *drv, int index)
{
	return index;
}

static struct cpuidle_driver mock_driver = {
	.name = "haltpoll_mock",
	.states = { { .enter = never_entered, .name = "MOCK", .desc = "is never entered" } },
	.state_count = 1,
};

static bool is_driver;

/* The kernel serialises the parameters. */
static int set_driver(const char *val, const struct kernel_param *kp)
{
	unsigned int cpu;
	bool wanted;
	int ret;

	ret = kstrtobool(val, &wanted);
	if (ret || wanted == is_driver)
		return ret;
	if (wanted) {
		ret = cpuidle_register_driver(&mock_driver);
		if (ret)
			return ret;
	}
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		if (wanted)
			arch_haltpoll_enable(cpu);
		else
			arch_haltpoll_disable(cpu);
	}
	cpus_read_unlock();
	if (!wanted)
		cpuidle_unregister_driver(&mock_driver);
	is_driver = wanted;
	return 0;
}

static const struct kernel_param_ops driver_ops = {
	.set = set_driver,
	.get = param_get_bool,
};
module_param_cb(driver, &driver_ops, &is_driver, 0644);

/* 1 if the host may poll for this CPU */
static int get_host_polls(char *buf, const struct kernel_param *kp)
{
	u64 allowed;
	int ret = rdmsrl_safe(MSR_KVM_POLL_CONTROL, &allowed);

	return ret ? ret : sysfs_emit(buf, "%d\n", (int)(allowed & 1));
}

static const struct kernel_param_ops host_polls_ops = {
	.get = get_host_polls,
};
module_param_cb(host_polls, &host_polls_ops, NULL, 0444);

/* Has the driver's cpuhp_setup_state() fail, as if there were no place left. */
static int refuse(struct kprobe *probe, struct pt_regs *regs)
{
	const char *name = (const char *)regs->si;

	if (strncmp(name, "virtio_sched_hint:", strlen("virtio_sched_hint:")))
		return 0;
	/* return from the function that has just been called */
	regs->ax = -ENOSPC;
	regs->ip = *(unsigned long *)regs->sp;
	regs->sp += sizeof(long);
	return 1;
}

static struct kprobe refusal;
static bool refuses;

static int set_refuses(const char *val, const struct kernel_param *kp)
{
	bool wanted;
	int ret;

	ret = kstrtobool(val, &wanted);
	if (ret || wanted == refuses)
		return ret;
	if (wanted) {
		refusal = (struct kprobe) {
			.symbol_name = "__cpuhp_setup_state",
			.pre_handler = refuse,
		};
		ret = register_kprobe(&refusal);
		if (ret)
			return ret;
	} else {
		unregister_kprobe(&refusal);
	}
	refuses = wanted;
	return 0;
}

static const struct kernel_param_ops refuses_ops = {
	.set = set_refuses,
	.get = param_get_bool,
};
module_param_cb(refuses, &refuses_ops, &refuses, 0644);

static int __init haltpoll_mock_init(void)
{
	return 0;
}
module_init(haltpoll_mock_init);

static void __exit haltpoll_mock_exit(void)
{
	set_driver("0", NULL);
	set_refuses("0", NULL);
}
module_exit(haltpoll_mock_exit);

MODULE_DESCRIPTION("stands in the way of virtio_sched_hint, for its tests");
MODULE_LICENSE("GPL");
