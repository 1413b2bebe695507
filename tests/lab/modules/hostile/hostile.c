// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile guest's driver for virtio-sched-hint, for the tests in the lab: it
 * asks for every kind of impossible table and complains if the device does not
 * refuse it as the ABI says, then sets a good one and keeps filling its slots
 * with garbage: nonsense, and lies that look like sense. Or with nothing but one
 * state: of a driver that hands over a table and publishes nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_sched_hint.h>
#include <linux/workqueue.h>

#define ANSWER_TIMEOUT	(10 * HZ)

static unsigned int flood;
module_param(flood, uint, 0444);
MODULE_PARM_DESC(flood, "how often to set the table once more");

static int state = -1;
module_param(state, int, 0444);
MODULE_PARM_DESC(state, "what all slots say, and nothing else: VIRTIO_SCHED_HINT_STATE_* (-1: garbage)");

struct hostile_ctl {
	struct virtio_sched_hint_cmd cmd;
	struct virtio_sched_hint_status status;
};

struct hostile {
	struct virtqueue *vq;
	struct completion done;
	struct hostile_ctl *ctl;
	__le64 *table;
	u32 nr_slots;
	struct delayed_work scribble;
};

static size_t hostile_table_size(const struct hostile *h)
{
	return (size_t)h->nr_slots * VIRTIO_SCHED_HINT_SLOT_SIZE;
}

static void hostile_answered(struct virtqueue *vq)
{
	struct hostile *h = vq->vdev->priv;

	complete(&h->done);
}

/* Returns the device's status, or an errno. */
static int hostile_command(struct hostile *h, const struct virtio_sched_hint_cmd *cmd)
{
	struct scatterlist out, in, *sgs[] = { &out, &in };
	unsigned int len;
	int ret;

	h->ctl->cmd = *cmd;
	sg_init_one(&out, &h->ctl->cmd, sizeof(h->ctl->cmd));
	sg_init_one(&in, &h->ctl->status, sizeof(h->ctl->status));
	reinit_completion(&h->done);
	ret = virtqueue_add_sgs(h->vq, sgs, 1, 1, h->ctl, GFP_KERNEL);
	if (ret)
		return ret;
	virtqueue_kick(h->vq);
	if (!wait_for_completion_timeout(&h->done, ANSWER_TIMEOUT) ||
	    !virtqueue_get_buf(h->vq, &len))
		return -ETIMEDOUT;
	return le32_to_cpu(h->ctl->status.status);
}

static void hostile_expect(struct hostile *h, const char *what, int want, u32 code, u64 addr,
			   u32 nr_slots, u32 stride)
{
	const struct virtio_sched_hint_cmd cmd = {
		.cmd = cpu_to_le32(code),
		.table_addr = cpu_to_le64(addr),
		.nr_slots = cpu_to_le32(nr_slots),
		.slot_stride = cpu_to_le32(stride),
	};
	int got = hostile_command(h, &cmd);

	if (got != want)
		pr_warn("FAILED: %s: status %d, expected %d\n", what, got, want);
}

static void hostile_refusals(struct hostile *h)
{
	u64 addr = virt_to_phys(h->table);
	struct virtio_sched_hint_cmd cmd = {
		.cmd = cpu_to_le32(VIRTIO_SCHED_HINT_CMD_SET_TABLE),
		.flags = cpu_to_le32(1),
		.table_addr = cpu_to_le64(addr),
		.nr_slots = cpu_to_le32(h->nr_slots),
		.slot_stride = cpu_to_le32(VIRTIO_SCHED_HINT_SLOT_SIZE),
	};
	int got = hostile_command(h, &cmd);

	if (got != VIRTIO_SCHED_HINT_S_RESERVED)
		pr_warn("FAILED: a flag: status %d\n", got);
	hostile_expect(h, "unknown command", VIRTIO_SCHED_HINT_S_UNSUPP, 77, 0, 0, 0);
	hostile_expect(h, "misaligned", VIRTIO_SCHED_HINT_S_ALIGN, VIRTIO_SCHED_HINT_CMD_SET_TABLE,
		       addr + 8, h->nr_slots, VIRTIO_SCHED_HINT_SLOT_SIZE);
	hostile_expect(h, "no slots", VIRTIO_SCHED_HINT_S_SIZE, VIRTIO_SCHED_HINT_CMD_SET_TABLE,
		       addr, 0, VIRTIO_SCHED_HINT_SLOT_SIZE);
	hostile_expect(h, "too many slots", VIRTIO_SCHED_HINT_S_SIZE,
		       VIRTIO_SCHED_HINT_CMD_SET_TABLE, addr, VIRTIO_SCHED_HINT_MAX_SLOTS + 1,
		       VIRTIO_SCHED_HINT_SLOT_SIZE);
	hostile_expect(h, "wrong stride", VIRTIO_SCHED_HINT_S_SIZE,
		       VIRTIO_SCHED_HINT_CMD_SET_TABLE, addr, h->nr_slots, 64);
	hostile_expect(h, "far outside RAM", VIRTIO_SCHED_HINT_S_NOT_RAM,
		       VIRTIO_SCHED_HINT_CMD_SET_TABLE, 1ULL << 40, h->nr_slots,
		       VIRTIO_SCHED_HINT_SLOT_SIZE);
	hostile_expect(h, "the end of the address space", VIRTIO_SCHED_HINT_S_NOT_RAM,
		       VIRTIO_SCHED_HINT_CMD_SET_TABLE, -4096ULL, VIRTIO_SCHED_HINT_MAX_SLOTS,
		       VIRTIO_SCHED_HINT_SLOT_SIZE);
	/* the I/O APIC's registers on x86 */
	hostile_expect(h, "device registers", VIRTIO_SCHED_HINT_S_NOT_RAM,
		       VIRTIO_SCHED_HINT_CMD_SET_TABLE, 0xfec00000, h->nr_slots,
		       VIRTIO_SCHED_HINT_SLOT_SIZE);
	hostile_expect(h, "CLEAR_TABLE with an address", VIRTIO_SCHED_HINT_S_RESERVED,
		       VIRTIO_SCHED_HINT_CMD_CLEAR_TABLE, addr, 0, 0);
	hostile_expect(h, "CLEAR_TABLE without a table", VIRTIO_SCHED_HINT_S_OK,
		       VIRTIO_SCHED_HINT_CMD_CLEAR_TABLE, 0, 0, 0);
}

/* The state alone, for good. */
static void hostile_keep_silent(struct hostile *h)
{
	struct virtio_sched_hint_slot *slots = (void *)h->table;
	u32 i;

	for (i = 0; i < h->nr_slots; i++)
		slots[i].state = cpu_to_le64(state | (u64)VIRTIO_SCHED_HINT_NO_PEER <<
						     VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT);
	pr_info("state %d, and nothing else\n", state);
}

/* Noise everywhere; half of the time the state word is plausible, so the rest is read. */
static void hostile_scribble(struct work_struct *work)
{
	struct hostile *h = container_of(work, struct hostile, scribble.work);
	u32 i;

	get_random_bytes(h->table, hostile_table_size(h));
	for (i = 0; i < h->nr_slots; i++) {
		struct virtio_sched_hint_slot *slot = (void *)h->table;
		u8 dice;

		slot += i;
		get_random_bytes(&dice, sizeof(dice));
		if (dice & 1)
			slot->state = cpu_to_le64(VIRTIO_SCHED_HINT_STATE_IDLE |
						  (u64)VIRTIO_SCHED_HINT_NO_PEER <<
						  VIRTIO_SCHED_HINT_WAKE_PEER_SHIFT);
		/* "my timer fires in dice us", again and again */
		if (dice & 2)
			slot->next_timer_ns = cpu_to_le64(dice * 1000ULL);
		if (dice & 4)
			slot->publish_seq = cpu_to_le64(1);
	}
	schedule_delayed_work(&h->scribble, 1);
}

static int hostile_probe(struct virtio_device *vdev)
{
	struct hostile *h = kzalloc(sizeof(*h), GFP_KERNEL);
	struct virtqueue *vqs;
	int ret = -ENOMEM;
	unsigned int i;

	if (!h)
		return ret;
	vdev->priv = h;
	init_completion(&h->done);
	INIT_DELAYED_WORK(&h->scribble, hostile_scribble);
	virtio_cread_le(vdev, struct virtio_sched_hint_config, nr_slots, &h->nr_slots);
	h->ctl = kzalloc(sizeof(*h->ctl), GFP_KERNEL);
	h->table = alloc_pages_exact(hostile_table_size(h), GFP_KERNEL | __GFP_ZERO);
	if (!h->ctl || !h->table)
		goto err;
	vqs = virtio_find_single_vq(vdev, hostile_answered, "control");
	if (IS_ERR(vqs)) {
		ret = PTR_ERR(vqs);
		goto err;
	}
	h->vq = vqs;
	virtio_device_ready(vdev);

	hostile_refusals(h);
	hostile_expect(h, "a good table", VIRTIO_SCHED_HINT_S_OK, VIRTIO_SCHED_HINT_CMD_SET_TABLE,
		       virt_to_phys(h->table), h->nr_slots, VIRTIO_SCHED_HINT_SLOT_SIZE);
	for (i = 0; i < flood; i++)
		hostile_expect(h, "once more", VIRTIO_SCHED_HINT_S_OK,
			       VIRTIO_SCHED_HINT_CMD_SET_TABLE, virt_to_phys(h->table),
			       h->nr_slots, VIRTIO_SCHED_HINT_SLOT_SIZE);
	if (state >= 0) {
		hostile_keep_silent(h);
		return 0;
	}
	schedule_delayed_work(&h->scribble, 1);
	pr_info("garbage from now on\n");
	return 0;

err:
	if (h->table)
		free_pages_exact(h->table, hostile_table_size(h));
	kfree(h->ctl);
	kfree(h);
	return ret;
}

static void hostile_remove(struct virtio_device *vdev)
{
	struct hostile *h = vdev->priv;

	cancel_delayed_work_sync(&h->scribble);
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
	free_pages_exact(h->table, hostile_table_size(h));
	kfree(h->ctl);
	kfree(h);
}

static const unsigned int hostile_features[] = { VIRTIO_SCHED_HINT_F_TIMER };

static const struct virtio_device_id hostile_ids[] = {
	{ VIRTIO_ID_SCHED_HINT, VIRTIO_DEV_ANY_ID },
	{ 0 },
};

static struct virtio_driver hostile_driver = {
	.driver.name = KBUILD_MODNAME,
	.driver.owner = THIS_MODULE,
	.id_table = hostile_ids,
	.feature_table = hostile_features,
	.feature_table_size = ARRAY_SIZE(hostile_features),
	.probe = hostile_probe,
	.remove = hostile_remove,
};
module_virtio_driver(hostile_driver);
MODULE_DESCRIPTION("Test: a hostile guest's driver for virtio-sched-hint");
MODULE_LICENSE("GPL");
