// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the tests in the lab: while it is loaded a virtio-sched-hint device gets
 * no virtqueues, as where memory is short: vp_find_vqs() returns at once. And it
 * is counted how often the driver empties a queue that was deleted before.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/virtio.h>
#include <linux/virtio_sched_hint.h>

#include "../replace.h"

static unsigned int stale;
module_param(stale, uint, 0444);
MODULE_PARM_DESC(stale, "uses of a deleted queue so far");

/* The device's last one; no other driver empties its queues but to suspend or to go. */
static const struct virtqueue *deleted;

static int refuse(struct kprobe *probe, struct pt_regs *regs)
{
	const struct virtio_device *vdev = (void *)regs_get_kernel_argument(regs, 0);

	return vdev->id.device != VIRTIO_ID_SCHED_HINT ? 0 : replace_by(regs, no_memory);
}

static int note_deleted(struct kprobe *probe, struct pt_regs *regs)
{
	const struct virtqueue *vq = (void *)regs_get_kernel_argument(regs, 0);

	if (vq->vdev->id.device == VIRTIO_ID_SCHED_HINT)
		deleted = vq;
	return 0;
}

static int count_stale(struct kprobe *probe, struct pt_regs *regs)
{
	if (deleted && deleted == (void *)regs_get_kernel_argument(regs, 0))
		stale++;
	return 0;
}

static struct kprobe find_probe = {
	.symbol_name = "vp_find_vqs",
	.pre_handler = refuse,
	.post_handler = replaced,
};

static struct kprobe delete_probe = {
	.symbol_name = "vring_del_virtqueue",
	.pre_handler = note_deleted,
};

static struct kprobe use_probe = {
	.symbol_name = "virtqueue_detach_unused_buf",
	.pre_handler = count_stale,
};

static struct kprobe *probes[] = { &find_probe, &delete_probe, &use_probe };

static int __init no_queue_init(void)
{
	return register_kprobes(probes, ARRAY_SIZE(probes));
}
module_init(no_queue_init);

static void __exit no_queue_exit(void)
{
	unregister_kprobes(probes, ARRAY_SIZE(probes));
}
module_exit(no_queue_exit);

MODULE_DESCRIPTION("Test: virtio-sched-hint devices get no queues");
MODULE_LICENSE("GPL");
