// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the tests in the lab: while it is loaded the guest's driver meets what a
 * kernel that refuses it something, or a device that does not fit it, would
 * have it meet. Each parameter is one fault; a parameter that is not given is none.
 */
#include <linux/cpuidle.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/tracepoint.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_sched_hint.h>

#include "../replace.h"

static char *tracepoint = "";
module_param(tracepoint, charp, 0444);
MODULE_PARM_DESC(tracepoint, "which one takes no probe");

static bool hotplug;
module_param(hotplug, bool, 0444);
MODULE_PARM_DESC(hotplug, "the driver gets no CPU hotplug state");

static bool cpuidle;
module_param(cpuidle, bool, 0444);
MODULE_PARM_DESC(cpuidle, "the driver's cpuidle driver is refused");

static bool silent;
module_param(silent, bool, 0444);
MODULE_PARM_DESC(silent, "the device's answers are not seen");

static char *spoil = "";
module_param(spoil, charp, 0444);
MODULE_PARM_DESC(spoil, "what the device finds wrong with a table: command, reserved, address, slots or memory");

static char *config = "";
module_param(config, charp, 0444);
MODULE_PARM_DESC(config, "which field of the device's configuration does not fit the driver: version, stride or slots");

/* Like no_memory(), what a probed function is replaced by. */
static notrace void *nothing(void)
{
	return NULL;
}

static int at_tracepoint(struct kprobe *probe, struct pt_regs *regs)
{
	const struct tracepoint *tp = (void *)regs_get_kernel_argument(regs, 0);

	return strcmp(tp->name, tracepoint) ? 0 : replace_by(regs, no_memory);
}

static int at_hotplug(struct kprobe *probe, struct pt_regs *regs)
{
	const char *name = (void *)regs_get_kernel_argument(regs, 1);

	if (!hotplug || strcmp(name, "virtio_sched_hint:online"))
		return 0;
	return replace_by(regs, no_memory);
}

static int at_cpuidle(struct kprobe *probe, struct pt_regs *regs)
{
	const struct cpuidle_driver *driver = (void *)regs_get_kernel_argument(regs, 0);

	if (!cpuidle || strcmp(driver->name, "sched_hint"))
		return 0;
	return replace_by(regs, no_memory);
}

static int at_answer(struct kprobe *probe, struct pt_regs *regs)
{
	const struct virtqueue *vq = (void *)regs_get_kernel_argument(regs, 0);

	if (!silent || vq->vdev->id.device != VIRTIO_ID_SCHED_HINT)
		return 0;
	return replace_by(regs, nothing);
}

/* A command begins the buffer that is the queue's token. */
static int at_command(struct kprobe *probe, struct pt_regs *regs)
{
	const struct virtqueue *vq = (void *)regs_get_kernel_argument(regs, 0);
	struct virtio_sched_hint_cmd *cmd = (void *)regs_get_kernel_argument(regs, 4);

	if (vq->vdev->id.device != VIRTIO_ID_SCHED_HINT ||
	    cmd->cmd != cpu_to_le32(VIRTIO_SCHED_HINT_CMD_SET_TABLE))
		return 0;
	if (!strcmp(spoil, "command"))
		cmd->cmd = cpu_to_le32(U32_MAX);
	else if (!strcmp(spoil, "reserved"))
		cmd->reserved = cpu_to_le64(1);
	else if (!strcmp(spoil, "address"))
		le64_add_cpu(&cmd->table_addr, 1);
	else if (!strcmp(spoil, "slots"))
		cmd->nr_slots = 0;
	else if (!strcmp(spoil, "memory"))
		cmd->table_addr = cpu_to_le64(1ULL << 50);
	return 0;
}

/* The device whose configuration is read through us, and how it was read before. */
static struct virtio_device *the_device;
static const struct virtio_config_ops *real_ops;
static struct virtio_config_ops our_ops;

static void get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int len)
{
	static const struct {
		const char *name;
		unsigned int offset;
		u32 value;
	} fields[] = {
		{ "version", offsetof(struct virtio_sched_hint_config, abi_version), 77 },
		{ "stride", offsetof(struct virtio_sched_hint_config, slot_stride), 78 },
		{ "slots", offsetof(struct virtio_sched_hint_config, nr_slots), 79000 },
	};
	unsigned int i;

	real_ops->get(vdev, offset, buf, len);
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strcmp(config, fields[i].name) && offset == fields[i].offset)
			*(__le32 *)buf = cpu_to_le32(fields[i].value);
}

static int at_bus_probe(struct kprobe *probe, struct pt_regs *regs)
{
	struct device *dev = (void *)regs_get_kernel_argument(regs, 0);
	struct virtio_device *vdev = dev_to_virtio(dev);

	if (!*config || vdev->id.device != VIRTIO_ID_SCHED_HINT || the_device)
		return 0;
	the_device = vdev;
	real_ops = vdev->config;
	our_ops = *real_ops;
	our_ops.get = get;
	vdev->config = &our_ops;
	return 0;
}

#define PROBE(function, handler) \
	(&(struct kprobe){ \
		.symbol_name = function, .pre_handler = handler, .post_handler = replaced \
	})

static struct kprobe *probes[] = {
	PROBE("tracepoint_probe_register", at_tracepoint),
	PROBE("__cpuhp_setup_state", at_hotplug),
	PROBE("cpuidle_register_driver", at_cpuidle),
	PROBE("virtqueue_get_buf", at_answer),
	PROBE("virtqueue_add_sgs", at_command),
	PROBE("virtio_dev_probe", at_bus_probe),
};

static int __init faults_init(void)
{
	return register_kprobes(probes, ARRAY_SIZE(probes));
}
module_init(faults_init);

/* The device is bound to no driver by then, or to one that reads its configuration no more. */
static void __exit faults_exit(void)
{
	unregister_kprobes(probes, ARRAY_SIZE(probes));
	if (the_device)
		the_device->config = real_ops;
}
module_exit(faults_exit);

MODULE_DESCRIPTION("Test: what the virtio-sched-hint driver may be refused");
MODULE_LICENSE("GPL");
