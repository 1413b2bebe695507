// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/bus/virtio/drivers/virtio_sched_hint/virtioN/: what the driver does, and
 * why it does nothing. The driver core removes the files before the device is
 * torn down, so they need no more than the device's lock.
 */
#include <linux/device.h>
#include <linux/sysfs.h>
#include <linux/virtio_config.h>

#include "sched_hint.h"
#include "waiters.h"

static struct sched_hint *to_sched_hint(struct device *dev)
{
	return dev_to_virtio(dev)->priv;
}

/* 1 while the host reads the table, else 0 */
static ssize_t listening_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sched_hint *sh = to_sched_hint(dev);
	bool listening;

	mutex_lock(&sh->lock);
	listening = sh->listening;
	mutex_unlock(&sh->lock);
	return sysfs_emit(buf, "%d\n", listening);
}
static DEVICE_ATTR_RO(listening);

static const struct {
	unsigned int bit;
	const char *name;
} feature_names[] = {
	{ VIRTIO_SCHED_HINT_F_TIMER, "timer" },
	{ VIRTIO_SCHED_HINT_F_RUNNABLE, "runnable" },
	{ VIRTIO_SCHED_HINT_F_POLL, "poll" },
	{ VIRTIO_SCHED_HINT_F_WAKE_PEER, "wake_peer" },
	{ VIRTIO_SCHED_HINT_F_EVENT, "event" },
};

/* Their names, at @at of a page of sysfs'. Returns the length of what it wrote. */
int sched_hint_emit_features(char *buf, int at, u64 features)
{
	int i, len = 0;

	for (i = 0; i < ARRAY_SIZE(feature_names); i++)
		if (features & BIT_ULL(feature_names[i].bit))
			len += sysfs_emit_at(buf, at + len, "%s%s", len ? " " : "",
					     feature_names[i].name);
	return len;
}

/* what is published, by the names of the feature bits */
static ssize_t features_in_use_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sched_hint *sh = to_sched_hint(dev);
	u64 in_use;
	int len;

	mutex_lock(&sh->lock);
	in_use = sched_hint_idle_in_use(sh->vdev->features);
	mutex_unlock(&sh->lock);
	len = sched_hint_emit_features(buf, 0, in_use);
	return len + sysfs_emit_at(buf, len, "%s\n", len ? "" : "none");
}
static DEVICE_ATTR_RO(features_in_use);

/* how idle entry is seen: cpuidle, tracepoint or off */
static ssize_t idle_mode_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sched_hint *sh = to_sched_hint(dev);
	const char *mode;

	mutex_lock(&sh->lock);
	mode = sched_hint_idle_mode();
	mutex_unlock(&sh->lock);
	return sysfs_emit(buf, "%s\n", mode);
}
static DEVICE_ATTR_RO(idle_mode);

/* publishes of all vCPUs since the driver took the device */
static ssize_t publishes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", sched_hint_table_publishes());
}
static DEVICE_ATTR_RO(publishes);

/* "ok", or why nothing comes of it; virtio's own "status" is in the same place */
static ssize_t hint_status_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sched_hint *sh = to_sched_hint(dev);
	int len;

	mutex_lock(&sh->lock);
	len = sched_hint_status(sh, buf);
	mutex_unlock(&sh->lock);
	return len;
}
static DEVICE_ATTR_RO(hint_status);

/* how often a runnable count of an idle CPU was not the kernel's, since the driver was loaded */
static ssize_t runnable_corrections_show(struct device *dev, struct device_attribute *attr,
					 char *buf)
{
	return sysfs_emit(buf, "%llu\n", sched_hint_runnable_corrections());
}
static DEVICE_ATTR_RO(runnable_corrections);

/* waits that were not counted, for there were too many at a time, since the driver was loaded */
static ssize_t poll_waiters_missed_show(struct device *dev, struct device_attribute *attr,
					char *buf)
{
	return sysfs_emit(buf, "%llu\n", sched_hint_waiters_missed());
}
static DEVICE_ATTR_RO(poll_waiters_missed);

/* the table itself, as the host sees it: slots of 256 bytes, see docs/abi.md */
static ssize_t table_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			  char *buf, loff_t pos, size_t count)
{
	return sched_hint_table_read(buf, pos, count);
}
static BIN_ATTR_ADMIN_RO(table, 0);

static struct attribute *sched_hint_attrs[] = {
	&dev_attr_listening.attr,
	&dev_attr_features_in_use.attr,
	&dev_attr_idle_mode.attr,
	&dev_attr_publishes.attr,
	&dev_attr_runnable_corrections.attr,
	&dev_attr_poll_waiters_missed.attr,
	&dev_attr_hint_status.attr,
	NULL
};

static struct bin_attribute *sched_hint_bin_attrs[] = {
	&bin_attr_table,
	NULL
};

static const struct attribute_group sched_hint_group = {
	.attrs = sched_hint_attrs,
	.bin_attrs = sched_hint_bin_attrs,
};

const struct attribute_group *sched_hint_groups[] = {
	&sched_hint_group,
	NULL
};
