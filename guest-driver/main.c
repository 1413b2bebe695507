// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio-sched-hint guest driver: tells the hypervisor what this guest's vCPUs
 * wait for, through a table in guest memory that it reads when a vCPU halts.
 *
 * This file owns the device: it hands the table over, takes it back before the
 * memory is freed, and starts and stops publishing as the host listens. On
 * shutdown and kexec there is nothing to do: a reset makes the device forget the
 * table. The virtio bus resets it (in Debian's 6.1.192 and 6.12.117; it did not
 * always); else the next kernel's bus does, before it looks for a driver. Until
 * then the host, which only reads, finds garbage at worst.
 */
#include <linux/cc_platform.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/virtio_config.h>

#include "sched_hint.h"

/* How long a command may take before the device counts as broken. */
#define CTL_TIMEOUT_S	10

/* A command and its answer: a kmalloc'ed buffer of their own, fit for DMA. */
struct sched_hint_ctl {
	struct virtio_sched_hint_cmd cmd;
	struct virtio_sched_hint_status status;
};

/*
 * The device that is driven; more than one makes no sense, for a vCPU halts in
 * one hypervisor. Claimed by cmpxchg() in probe, released by remove.
 */
static struct virtio_device *the_device;

static void ctl_interrupt(struct virtqueue *vq)
{
	struct sched_hint *sh = vq->vdev->priv;

	complete(&sh->ctl_done);
}

/* Waits for the answer without relying on the interrupt of a broken device. */
static int ctl_wait(struct sched_hint *sh, unsigned int *len)
{
	int slices = CTL_TIMEOUT_S;

	while (!virtqueue_get_buf(sh->vq, len)) {
		if (virtqueue_is_broken(sh->vq) || !slices)
			return -EIO;
		if (!wait_for_completion_timeout(&sh->ctl_done, HZ))
			slices--;
	}
	return 0;
}

/*
 * Returns the device's VIRTIO_SCHED_HINT_S_*, or an errno. After a command that
 * was not answered the device still owns the buffer: no other is sent until the
 * next reset. Caller holds sh->lock.
 */
static int ctl_command(struct sched_hint *sh, u32 cmd, phys_addr_t addr, u32 nr_slots)
{
	struct scatterlist out, in, *sgs[] = { &out, &in };
	struct sched_hint_ctl *ctl = sh->ctl;
	unsigned int len;
	int ret;

	if (sh->ctl_dead || virtqueue_is_broken(sh->vq))
		return -EIO;

	*ctl = (struct sched_hint_ctl) {
		.cmd.cmd = cpu_to_le32(cmd),
		.cmd.table_addr = cpu_to_le64(addr),
		.cmd.nr_slots = cpu_to_le32(nr_slots),
		.cmd.slot_stride = cpu_to_le32(nr_slots ? VIRTIO_SCHED_HINT_SLOT_SIZE : 0),
	};
	sg_init_one(&out, &ctl->cmd, sizeof(ctl->cmd));
	sg_init_one(&in, &ctl->status, sizeof(ctl->status));

	reinit_completion(&sh->ctl_done);
	ret = virtqueue_add_sgs(sh->vq, sgs, 1, 1, ctl, GFP_KERNEL);
	if (ret)
		return ret;
	virtqueue_kick(sh->vq);
	ret = ctl_wait(sh, &len);
	if (ret) {
		sh->ctl_dead = true;
		return ret;
	}
	if (len < sizeof(ctl->status))
		return -EPROTO;
	return le32_to_cpu(ctl->status.status);
}

static const char *ctl_reason(int ret)
{
	switch (ret) {
	case VIRTIO_SCHED_HINT_S_UNSUPP:
		return "the device refused the table: unknown command";
	case VIRTIO_SCHED_HINT_S_RESERVED:
		return "the device refused the table: reserved field not zero";
	case VIRTIO_SCHED_HINT_S_ALIGN:
		return "the device refused the table: misaligned address";
	case VIRTIO_SCHED_HINT_S_SIZE:
		return "the device refused the table: wrong number or size of slots";
	case VIRTIO_SCHED_HINT_S_NOT_RAM:
		return "the device refused the table: not in one region of guest RAM";
	default:
		return ret < 0 ? "the device does not answer" :
				 "the device refused the table: unknown status";
	}
}

/* A refused table is not an error of probe: the driver stays, and is off. */
static void set_table(struct sched_hint *sh)
{
	int ret;

	mutex_lock(&sh->lock);
	ret = ctl_command(sh, VIRTIO_SCHED_HINT_CMD_SET_TABLE, sched_hint_table_addr(),
			  sched_hint_table_nr_slots());
	sh->table_set = ret == VIRTIO_SCHED_HINT_S_OK;
	if (!sh->table_set) {
		sh->trouble = ctl_reason(ret);
		dev_err(&sh->vdev->dev, "%s (%d): nothing is published\n", sh->trouble, ret);
	}
	mutex_unlock(&sh->lock);
}

/* Brings publishing in line with what the device says. Caller holds sh->lock. */
static void follow_listening(struct sched_hint *sh, bool listening)
{
	int ret;

	if (listening == sh->listening)
		return;
	sh->listening = listening;
	if (!listening) {
		sched_hint_idle_stop();
		sh->trouble = NULL;
		return;
	}

	sh->trouble = sched_hint_idle_unfit();
	if (sh->trouble)
		return;
	ret = sched_hint_idle_start(sh->vdev->features);
	if (ret) {
		sh->trouble = "cannot hook the idle loop (see the kernel's log)";
		dev_err(&sh->vdev->dev, "cannot hook the idle loop: %d\n", ret);
	}
}

static void listen_work(struct work_struct *work)
{
	struct sched_hint *sh = container_of(work, struct sched_hint, listen_work);
	u32 listening, acting;

	mutex_lock(&sh->lock);
	if (sh->table_set) {
		virtio_cread_le(sh->vdev, struct virtio_sched_hint_config, listening, &listening);
		virtio_cread_le(sh->vdev, struct virtio_sched_hint_config, acting, &acting);
		/* Not just non-zero: a device that is gone reads as all ones. */
		follow_listening(sh, listening == 1);
		sh->acting = acting == 1;
	}
	mutex_unlock(&sh->lock);
}

/* A grace period per CPU may pass in the cpuidle core: not for system_wq. */
static void queue_listen_work(struct sched_hint *sh)
{
	queue_work(system_long_wq, &sh->listen_work);
}

/* Interrupt context; the static key and the cpuidle core want to sleep. */
static void sched_hint_config_changed(struct virtio_device *vdev)
{
	queue_listen_work(vdev->priv);
}

/*
 * Whether all is published that was negotiated: what is missing by mishap, and needs a
 * remedy, comes first. Returns the length of what is written to @buf.
 */
static int emit_degraded(char *buf)
{
	unsigned int unpublished = sched_hint_idle_unpublished();
	u64 failed = sched_hint_idle_failed();
	int len;

	if (unpublished)
		return sysfs_emit(buf,
				  "degraded: %u CPUs are not published (see the kernel's log)\n",
				  unpublished);
	if (!failed)
		return sysfs_emit(buf, "%s\n", sched_hint_idle_degraded() ?: "ok");
	len = sysfs_emit(buf, "degraded: not published: ");
	len += sched_hint_emit_features(buf, len, failed);
	return len + sysfs_emit_at(buf, len, " (see the kernel's log)\n");
}

static const char not_acting[] =
	"host not acting: it observes, is short of CPU, has no budget, or sees no halt";

/* Returns the length of what is written to @buf, a page of sysfs'. */
int sched_hint_status(struct sched_hint *sh, char *buf)
{
	const char *why = sh->trouble;

	lockdep_assert_held(&sh->lock);
	/* The host would gain nothing by listening to who is unfit: that comes first. */
	if (!why && !sh->listening)
		why = sched_hint_idle_unfit() ?: "host not listening";
	if (!why && !sh->acting)
		why = not_acting;
	return why ? sysfs_emit(buf, "%s\n", why) : emit_degraded(buf);
}

static int find_queue(struct sched_hint *sh)
{
	struct virtqueue *vq = virtio_find_single_vq(sh->vdev, ctl_interrupt, "control");

	if (IS_ERR(vq))
		return PTR_ERR(vq);
	sh->vq = vq;
	sh->ctl_dead = false;
	return 0;
}

/* Nothing is refused silently: the device and this driver must agree. */
static int check_device(struct virtio_device *vdev, u32 *nr_slots)
{
	u32 version, stride;

	if (!virtio_has_feature(vdev, VIRTIO_F_VERSION_1)) {
		dev_err(&vdev->dev, "the device is not a virtio 1.0 device\n");
		return -EINVAL;
	}
	virtio_cread_le(vdev, struct virtio_sched_hint_config, abi_version, &version);
	if (version != VIRTIO_SCHED_HINT_ABI_VERSION) {
		dev_err(&vdev->dev, "the device has table version %u, this driver %u: update the older one\n",
			version, VIRTIO_SCHED_HINT_ABI_VERSION);
		return -EINVAL;
	}
	virtio_cread_le(vdev, struct virtio_sched_hint_config, slot_stride, &stride);
	if (stride != VIRTIO_SCHED_HINT_SLOT_SIZE) {
		dev_err(&vdev->dev, "the device wants slots of %u bytes, not %u\n",
			stride, VIRTIO_SCHED_HINT_SLOT_SIZE);
		return -EINVAL;
	}
	virtio_cread_le(vdev, struct virtio_sched_hint_config, nr_slots, nr_slots);
	if (!*nr_slots || *nr_slots > VIRTIO_SCHED_HINT_MAX_SLOTS) {
		dev_err(&vdev->dev, "the device wants %u slots, not 1 to %u\n",
			*nr_slots, VIRTIO_SCHED_HINT_MAX_SLOTS);
		return -EINVAL;
	}
	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT)) {
		dev_err(&vdev->dev, "the host cannot read an encrypted guest's table\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int sched_hint_probe(struct virtio_device *vdev)
{
	struct sched_hint *sh;
	u32 nr_slots;
	int ret;

	ret = check_device(vdev, &nr_slots);
	if (ret)
		return ret;

	/* Which one it is may not be looked at: it may be on its way out. */
	if (cmpxchg(&the_device, NULL, vdev)) {
		dev_err(&vdev->dev, "another one is in use: give the guest one device only\n");
		return -EBUSY;
	}

	ret = -ENOMEM;
	sh = kzalloc(sizeof(*sh), GFP_KERNEL);
	if (!sh)
		goto err_release;
	sh->ctl = kzalloc(sizeof(*sh->ctl), GFP_KERNEL);
	if (!sh->ctl)
		goto err_free;
	ret = sched_hint_table_alloc(nr_slots);
	if (ret)
		goto err_free;

	sh->vdev = vdev;
	mutex_init(&sh->lock);
	init_completion(&sh->ctl_done);
	INIT_WORK(&sh->listen_work, listen_work);
	vdev->priv = sh;
	ret = find_queue(sh);
	if (ret)
		goto err_table;

	virtio_device_ready(vdev);
	set_table(sh);
	/* The host may listen already; what changes later raises an interrupt. */
	queue_listen_work(sh);
	return 0;

err_table:
	sched_hint_table_free();
err_free:
	kfree(sh->ctl);
	kfree(sh);
err_release:
	WRITE_ONCE(the_device, NULL);
	return ret;
}

/*
 * The order matters: no CPU publishes, then the host forgets the table, then
 * the device stops. virtio has seen to it that config_changed is not called.
 * A device that does not answer forgets the table at the reset.
 */
static void shut_down(struct sched_hint *sh)
{
	cancel_work_sync(&sh->listen_work);
	mutex_lock(&sh->lock);
	follow_listening(sh, false);
	if (sh->table_set)
		ctl_command(sh, VIRTIO_SCHED_HINT_CMD_CLEAR_TABLE, 0, 0);
	sh->table_set = false;
	mutex_unlock(&sh->lock);

	virtio_reset_device(sh->vdev);
	/* A command that was not answered: sh->ctl is not the device's any more. */
	while (sh->vq && virtqueue_detach_unused_buf(sh->vq))
		;
	/* It may not come back: sched_hint_restore() */
	sh->vq = NULL;
	sh->vdev->config->del_vqs(sh->vdev);
}

static void sched_hint_remove(struct virtio_device *vdev)
{
	struct sched_hint *sh = vdev->priv;

	shut_down(sh);
	sched_hint_table_free();
	kfree(sh->ctl);
	kfree(sh);
	WRITE_ONCE(the_device, NULL);
}

#ifdef CONFIG_PM_SLEEP
static int sched_hint_freeze(struct virtio_device *vdev)
{
	struct sched_hint *sh = vdev->priv;

	shut_down(sh);
	/* Until sched_hint_restore(), which is not called if the device has other features then. */
	sh->trouble = "the device did not come back at resume (see the kernel's log)";
	return 0;
}

static int sched_hint_restore(struct virtio_device *vdev)
{
	struct sched_hint *sh = vdev->priv;
	int ret;

	ret = find_queue(sh);
	if (ret)
		return ret;
	sh->trouble = NULL;
	virtio_device_ready(vdev);
	set_table(sh);
	queue_listen_work(sh);
	return 0;
}
#endif

static const unsigned int sched_hint_features[] = {
	VIRTIO_SCHED_HINT_F_TIMER,
	VIRTIO_SCHED_HINT_F_RUNNABLE,
	VIRTIO_SCHED_HINT_F_POLL,
	VIRTIO_SCHED_HINT_F_WAKE_PEER,
	VIRTIO_SCHED_HINT_F_EVENT,
};

static const struct virtio_device_id sched_hint_ids[] = {
	{ VIRTIO_ID_SCHED_HINT, VIRTIO_DEV_ANY_ID },
	{ }
};
MODULE_DEVICE_TABLE(virtio, sched_hint_ids);

static struct virtio_driver sched_hint_driver = {
	.driver.name = "virtio_sched_hint",
	.driver.owner = THIS_MODULE,
	.driver.dev_groups = sched_hint_groups,
	.id_table = sched_hint_ids,
	.feature_table = sched_hint_features,
	.feature_table_size = ARRAY_SIZE(sched_hint_features),
	.probe = sched_hint_probe,
	.remove = sched_hint_remove,
	.config_changed = sched_hint_config_changed,
#ifdef CONFIG_PM_SLEEP
	.freeze = sched_hint_freeze,
	.restore = sched_hint_restore,
#endif
};
module_virtio_driver(sched_hint_driver);

MODULE_DESCRIPTION("virtio scheduling hints: tells the host what halted vCPUs wait for");
MODULE_LICENSE("GPL");
