/*
 * QTest testcase for virtio-sched-hint
 *
 * What needs KVM and the host's module is not tested here: under qtest the
 * device never has a host that listens.  It has to work all the same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "libqtest.h"
#include "libqos/libqos-pc.h"
#include "libqos/virtio-pci.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "qobject/qnum.h"
#include "qobject/qstring.h"
#include "qemu/bswap.h"
#include "qemu/units.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_sched_hint.h"

#define DEVICE          "virtio-sched-hint-pci"
#define ID              "sh0"
#define PATH            "/machine/peripheral/" ID
#define PCI_SLOT        0x04
#define PCI_SLOT_HP     0x06
#define PCI_SLOT_VRAM   0x07
#define TIMEOUT_US      (30 * 1000 * 1000)
#define RAM_SIZE        (128 * MiB)
#define TABLE_ADDR      (64 * MiB)
#define OPTION_ROM_ADDR 0xc0000
#define PCI_HOLE_ADDR   0xd0000000
#define IOAPIC_ADDR     0xfec00000
#define BIOS_ADDR       0xffff0000
#define DIMM_ADDR       0x100000000

/* ACPI's memory hotplug on the PC: the slot, and what is done with it */
#define ACPI_DIMM_SLOT  0xa00
#define ACPI_DIMM_DO    0xa14
#define ACPI_DIMM_EJECT 0x08

typedef struct TestState {
    QOSState *qs;
    QVirtioPCIDevice *dev;
    QVirtQueue *vq;
} TestState;

static void start_driver(TestState *t)
{
    QVirtioDevice *vdev = &t->dev->vdev;
    uint64_t features;

    qvirtio_start_device(vdev);
    features = qvirtio_get_features(vdev);
    features &= ~(QVIRTIO_F_BAD_FEATURE | (1ull << VIRTIO_RING_F_INDIRECT_DESC)
                  | (1ull << VIRTIO_RING_F_EVENT_IDX));
    qvirtio_set_features(vdev, features);
    t->vq = qvirtqueue_setup(vdev, &t->qs->alloc,
                             VIRTIO_SCHED_HINT_VQ_CONTROL);
    qvirtio_set_driver_ok(vdev);
}

static void find_device(TestState *t)
{
    QPCIAddress addr = { .devfn = QPCI_DEVFN(PCI_SLOT, 0) };

    t->dev = virtio_pci_new(t->qs->pcibus, &addr);
    g_assert_nonnull(t->dev);
    qvirtio_pci_device_enable(t->dev);
}

static TestState *boot(const char *args)
{
    TestState *t = g_new0(TestState, 1);

    t->qs = qtest_pc_boot("-M pc -m 128M -nodefaults -device " DEVICE ",id=" ID
                          ",addr=%x,backend=off %s", PCI_SLOT, args);
    find_device(t);
    start_driver(t);
    return t;
}

static void stop_driver(TestState *t)
{
    qvirtqueue_cleanup(t->dev->vdev.bus, t->vq, &t->qs->alloc);
    t->vq = NULL;
}

static void shut_down(TestState *t)
{
    if (t->vq) {
        stop_driver(t);
    }
    qvirtio_pci_device_disable(t->dev);
    g_free(t->dev->pdev);
    g_free(t->dev);
    qtest_shutdown(t->qs);
    g_free(t);
}

static uint64_t get_uint(QTestState *qts, const char *property)
{
    g_autoptr(QDict) rsp = qtest_qmp(qts, "{ 'execute': 'qom-get', 'arguments':"
                                     " { 'path': '" PATH "', "
                                     "'property': %s } }", property);

    g_assert_true(qdict_haskey(rsp, "return"));
    return qdict_get_int(rsp, "return");
}

static void assert_table(TestState *t, uint64_t addr, uint32_t nr_slots)
{
    g_assert_cmphex(get_uint(t->qs->qts, "table-address"), ==, addr);
    g_assert_cmpuint(get_uint(t->qs->qts, "table-slots"), ==, nr_slots);
}

/* In the CPU's byte order */
static const struct virtio_sched_hint_cmd good_set = {
    .cmd = VIRTIO_SCHED_HINT_CMD_SET_TABLE,
    .table_addr = TABLE_ADDR,
    .nr_slots = 1,
    .slot_stride = VIRTIO_SCHED_HINT_SLOT_SIZE,
};

static const struct virtio_sched_hint_cmd good_clear = {
    .cmd = VIRTIO_SCHED_HINT_CMD_CLEAR_TABLE,
};

/* Puts a command with @out bytes, and @in bytes for its answer, in the queue */
static uint32_t queue_command(TestState *t,
                              const struct virtio_sched_hint_cmd *cmd,
                              uint32_t out, uint32_t in, uint64_t *answer)
{
    QTestState *qts = t->qs->qts;
    struct virtio_sched_hint_cmd le = {
        .cmd = cpu_to_le32(cmd->cmd),
        .flags = cpu_to_le32(cmd->flags),
        .table_addr = cpu_to_le64(cmd->table_addr),
        .nr_slots = cpu_to_le32(cmd->nr_slots),
        .slot_stride = cpu_to_le32(cmd->slot_stride),
        .reserved = cpu_to_le64(cmd->reserved),
    };
    uint64_t addr = guest_alloc(&t->qs->alloc, 4 * KiB);
    uint32_t head;

    *answer = addr + 2 * KiB;
    qtest_memset(qts, addr, 0xaa, 4 * KiB);
    qtest_memwrite(qts, addr, &le, sizeof(le));
    head = qvirtqueue_add(qts, t->vq, addr, out, false, in > 0);
    if (in) {
        qvirtqueue_add(qts, t->vq, *answer, in, true, false);
    }
    qvirtqueue_kick(qts, &t->dev->vdev, t->vq, head);
    return head;
}

static uint32_t send_command(TestState *t,
                             const struct virtio_sched_hint_cmd *cmd)
{
    QTestState *qts = t->qs->qts;
    struct virtio_sched_hint_status st;
    uint64_t answer;
    uint32_t head, len;

    head = queue_command(t, cmd, sizeof(*cmd), sizeof(st), &answer);
    qvirtio_wait_used_elem(qts, &t->dev->vdev, t->vq, head, &len, TIMEOUT_US);
    g_assert_cmpuint(len, ==, sizeof(st));
    qtest_memread(qts, answer, &st, sizeof(st));
    guest_free(&t->qs->alloc, answer - 2 * KiB);
    g_assert_cmphex(st.reserved, ==, 0);
    return le32_to_cpu(st.status);
}

static void set_good_table(TestState *t)
{
    g_assert_cmpuint(send_command(t, &good_set), ==, VIRTIO_SCHED_HINT_S_OK);
    assert_table(t, TABLE_ADDR, 1);
}

/* Offers all that can be. */
#define ALL_FEATURES "-global virtio-sched-hint-device.runnable=on " \
                     "-global virtio-sched-hint-device.poll=on " \
                     "-global virtio-sched-hint-device.wake-peer=on " \
                     "-global virtio-sched-hint-device.event=on"

/* Features that cost a guest's context switches are to be asked for. */
static void test_features(void)
{
    const uint64_t timer = 1ull << VIRTIO_SCHED_HINT_F_TIMER;
    const uint64_t peer = 1ull << VIRTIO_SCHED_HINT_F_WAKE_PEER;
    const uint64_t asked_for = 1ull << VIRTIO_SCHED_HINT_F_RUNNABLE |
                               1ull << VIRTIO_SCHED_HINT_F_POLL |
                               1ull << VIRTIO_SCHED_HINT_F_EVENT;
    TestState *t = boot(ALL_FEATURES);

    g_assert_cmphex(t->dev->vdev.features & asked_for, ==, asked_for);
    shut_down(t);

    t = boot("");
    g_assert_cmphex(t->dev->vdev.features & (timer | peer | asked_for), ==,
                    timer | peer);
    shut_down(t);

    t = boot("-global virtio-sched-hint-device.wake-peer=off");
    g_assert_cmphex(t->dev->vdev.features & (timer | peer), ==, timer);
    shut_down(t);
}

static void test_config(void)
{
    TestState *t = boot("");
    QVirtioDevice *vdev = &t->dev->vdev;

    g_assert_cmpuint(vdev->device_type, ==, VIRTIO_ID_SCHED_HINT);
    g_assert_true(vdev->features & (1ull << VIRTIO_SCHED_HINT_F_TIMER));
    g_assert_true(vdev->features & (1ull << VIRTIO_F_VERSION_1));
    g_assert_cmpuint(qvirtio_config_readl(vdev, 0), ==,
                     VIRTIO_SCHED_HINT_ABI_VERSION);
    g_assert_cmpuint(qvirtio_config_readl(vdev, 4), ==, 1);
    g_assert_cmpuint(qvirtio_config_readl(vdev, 8), ==,
                     VIRTIO_SCHED_HINT_SLOT_SIZE);
    g_assert_cmpuint(qvirtio_config_readl(vdev, 12), ==, 0);
    g_assert_cmpuint(qvirtio_config_readl(vdev, 16), ==, 0);
    shut_down(t);
}

static void test_pci_id(void)
{
    TestState *t = boot("");

    g_assert_cmphex(qpci_config_readw(t->dev->pdev, 0), ==, 0x1af4);
    g_assert_cmphex(qpci_config_readw(t->dev->pdev, 2), ==, 0x107f);
    shut_down(t);
}

/* APIC ids have gaps: the last of six CPUs in two sockets of three has id 6. */
static void test_config_apic_gaps(void)
{
    TestState *t = boot("-smp 1,maxcpus=6,sockets=2,cores=3,threads=1");

    g_assert_cmpuint(qvirtio_config_readl(&t->dev->vdev, 4), ==, 7);
    shut_down(t);
}

/* Up to 4096 slots; a machine that needs more has to do without the device. */
static void test_most_slots(void)
{
    g_autoptr(QDict) rsp = NULL;
    QTestState *qts;
    TestState *t;

    t = boot("-smp 1,maxcpus=255,sockets=85,cores=3,threads=1");
    g_assert_cmpuint(qvirtio_config_readl(&t->dev->vdev, 4), ==, 339);
    shut_down(t);

    qts = qtest_init("-M q35 -nodefaults -device pcie-root-port,id=port0 "
                     "-smp 1,maxcpus=3072,sockets=1024,cores=3,threads=1");
    qtest_qmp_device_add(qts, DEVICE, ID, "{'bus': 'port0', 'backend': 'off'}");
    qtest_quit(qts);

    qts = qtest_init("-M q35 -nodefaults -device pcie-root-port,id=port0 "
                     "-smp 1,maxcpus=3075,sockets=1025,cores=3,threads=1");
    rsp = qtest_qmp(qts, "{ 'execute': 'device_add', 'arguments': { 'driver': '"
                    DEVICE "', 'bus': 'port0', 'backend': 'off' } }");
    g_assert_nonnull(strstr(qdict_get_str(qdict_get_qdict(rsp, "error"),
                                          "desc"),
                            "largest APIC id is 4098, but a table has at most "
                            "4096 slots: use a smaller -smp"));
    qtest_quit(qts);
}

static void test_set_table(void)
{
    struct virtio_sched_hint_cmd larger = good_set;
    TestState *t = boot("");

    assert_table(t, 0, 0);
    set_good_table(t);

    /* A new table takes the place of the old one. */
    larger.table_addr += VIRTIO_SCHED_HINT_TABLE_ALIGN;
    larger.nr_slots = VIRTIO_SCHED_HINT_MAX_SLOTS;
    g_assert_cmpuint(send_command(t, &larger), ==, VIRTIO_SCHED_HINT_S_OK);
    assert_table(t, larger.table_addr, larger.nr_slots);

    /* Nobody listens: config space still says so. */
    g_assert_cmpuint(qvirtio_config_readl(&t->dev->vdev, 12), ==, 0);
    shut_down(t);
}

static void test_set_table_end_of_ram(void)
{
    struct virtio_sched_hint_cmd last = good_set;
    TestState *t = boot("");

    last.table_addr = RAM_SIZE - VIRTIO_SCHED_HINT_TABLE_ALIGN;
    last.nr_slots = VIRTIO_SCHED_HINT_TABLE_ALIGN / VIRTIO_SCHED_HINT_SLOT_SIZE;
    g_assert_cmpuint(send_command(t, &last), ==, VIRTIO_SCHED_HINT_S_OK);
    shut_down(t);
}

static void test_clear_table(void)
{
    TestState *t = boot("");

    g_assert_cmpuint(send_command(t, &good_clear), ==, VIRTIO_SCHED_HINT_S_OK);
    set_good_table(t);
    g_assert_cmpuint(send_command(t, &good_clear), ==, VIRTIO_SCHED_HINT_S_OK);
    assert_table(t, 0, 0);
    shut_down(t);
}

/* A refused command is answered with @status and changes nothing. */
typedef struct Refusal {
    const char *name;
    uint32_t status;
    struct virtio_sched_hint_cmd cmd;
} Refusal;

#define SET(...) { .cmd = VIRTIO_SCHED_HINT_CMD_SET_TABLE, \
                   .table_addr = TABLE_ADDR, .nr_slots = 1, \
                   .slot_stride = VIRTIO_SCHED_HINT_SLOT_SIZE, __VA_ARGS__ }
#define CLEAR(...) { .cmd = VIRTIO_SCHED_HINT_CMD_CLEAR_TABLE, __VA_ARGS__ }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const Refusal refusals[] = {
    { "cmd-zero", VIRTIO_SCHED_HINT_S_UNSUPP, SET(.cmd = 0) },
    { "cmd-unknown", VIRTIO_SCHED_HINT_S_UNSUPP, SET(.cmd = 3) },
    { "cmd-before-flags", VIRTIO_SCHED_HINT_S_UNSUPP,
      SET(.cmd = 3, .flags = 1) },
    { "flags", VIRTIO_SCHED_HINT_S_RESERVED, SET(.flags = 1) },
    { "reserved", VIRTIO_SCHED_HINT_S_RESERVED,
      SET(.reserved = 1ull << 63) },
    { "flags-before-align", VIRTIO_SCHED_HINT_S_RESERVED,
      SET(.flags = 1, .table_addr = 1) },
    { "clear-flags", VIRTIO_SCHED_HINT_S_RESERVED, CLEAR(.flags = 1) },
    { "clear-addr", VIRTIO_SCHED_HINT_S_RESERVED,
      CLEAR(.table_addr = TABLE_ADDR) },
    { "clear-slots", VIRTIO_SCHED_HINT_S_RESERVED, CLEAR(.nr_slots = 1) },
    { "clear-stride", VIRTIO_SCHED_HINT_S_RESERVED, CLEAR(.slot_stride = 1) },
    { "clear-reserved", VIRTIO_SCHED_HINT_S_RESERVED, CLEAR(.reserved = 1) },
    { "misaligned", VIRTIO_SCHED_HINT_S_ALIGN,
      SET(.table_addr = TABLE_ADDR + VIRTIO_SCHED_HINT_SLOT_SIZE) },
    { "align-before-size", VIRTIO_SCHED_HINT_S_ALIGN,
      SET(.table_addr = TABLE_ADDR + 1, .nr_slots = 0) },
    { "no-slots", VIRTIO_SCHED_HINT_S_SIZE, SET(.nr_slots = 0) },
    { "too-many-slots", VIRTIO_SCHED_HINT_S_SIZE,
      SET(.nr_slots = VIRTIO_SCHED_HINT_MAX_SLOTS + 1) },
    { "slots-overflow", VIRTIO_SCHED_HINT_S_SIZE,
      SET(.nr_slots = UINT32_MAX) },
    { "stride-small", VIRTIO_SCHED_HINT_S_SIZE,
      SET(.slot_stride = VIRTIO_SCHED_HINT_SLOT_SIZE / 2) },
    { "stride-large", VIRTIO_SCHED_HINT_S_SIZE,
      SET(.slot_stride = VIRTIO_SCHED_HINT_SLOT_SIZE * 2) },
    { "size-before-ram", VIRTIO_SCHED_HINT_S_SIZE,
      SET(.table_addr = PCI_HOLE_ADDR, .nr_slots = 0) },
    { "outside-ram", VIRTIO_SCHED_HINT_S_NOT_RAM,
      SET(.table_addr = PCI_HOLE_ADDR) },
    { "above-ram", VIRTIO_SCHED_HINT_S_NOT_RAM, SET(.table_addr = 1ull << 40) },
    { "end-of-ram", VIRTIO_SCHED_HINT_S_NOT_RAM, SET(.table_addr = RAM_SIZE) },
    { "across-end-of-ram", VIRTIO_SCHED_HINT_S_NOT_RAM,
      SET(.table_addr = RAM_SIZE - VIRTIO_SCHED_HINT_TABLE_ALIGN,
          .nr_slots = VIRTIO_SCHED_HINT_TABLE_ALIGN /
                      VIRTIO_SCHED_HINT_SLOT_SIZE + 1) },
    { "across-option-rom", VIRTIO_SCHED_HINT_S_NOT_RAM,
      SET(.table_addr = OPTION_ROM_ADDR - VIRTIO_SCHED_HINT_TABLE_ALIGN,
          .nr_slots = 256) },
    { "option-rom", VIRTIO_SCHED_HINT_S_NOT_RAM,
      SET(.table_addr = OPTION_ROM_ADDR) },
    { "mmio", VIRTIO_SCHED_HINT_S_NOT_RAM, SET(.table_addr = IOAPIC_ADDR) },
    { "rom", VIRTIO_SCHED_HINT_S_NOT_RAM, SET(.table_addr = BIOS_ADDR) },
    { "wrap-around", VIRTIO_SCHED_HINT_S_NOT_RAM,
      SET(.table_addr = -(uint64_t)VIRTIO_SCHED_HINT_TABLE_ALIGN,
          .nr_slots = 32) },
    { "last-page", VIRTIO_SCHED_HINT_S_NOT_RAM,
      SET(.table_addr = -(uint64_t)VIRTIO_SCHED_HINT_TABLE_ALIGN) },
};
#pragma GCC diagnostic pop

static void test_refusal(const void *data)
{
    const Refusal *r = data;
    TestState *t = boot("");

    set_good_table(t);
    g_assert_cmpuint(send_command(t, &r->cmd), ==, r->status);
    assert_table(t, TABLE_ADDR, 1);

    g_assert_cmpuint(send_command(t, &good_clear), ==, VIRTIO_SCHED_HINT_S_OK);
    g_assert_cmpuint(send_command(t, &r->cmd), ==, r->status);
    assert_table(t, 0, 0);
    shut_down(t);
}

/* With six CPUs a table for one is too short. */
static void test_refuse_short_table(void)
{
    TestState *t = boot("-smp 6");
    struct virtio_sched_hint_cmd cmd = good_set;

    cmd.nr_slots = 5;
    g_assert_cmpuint(send_command(t, &cmd), ==, VIRTIO_SCHED_HINT_S_SIZE);
    cmd.nr_slots = 6;
    g_assert_cmpuint(send_command(t, &cmd), ==, VIRTIO_SCHED_HINT_S_OK);
    shut_down(t);
}

/* A chain of another shape than a command's: the driver has to reset. */
typedef struct Malformed {
    const char *name;
    uint32_t out;
    uint32_t in;
} Malformed;

static const Malformed malformed[] = {
    { "no-answer", sizeof(struct virtio_sched_hint_cmd), 0 },
    { "short-answer", sizeof(struct virtio_sched_hint_cmd),
      sizeof(struct virtio_sched_hint_status) - 1 },
    { "long-answer", sizeof(struct virtio_sched_hint_cmd),
      sizeof(struct virtio_sched_hint_status) + 1 },
    { "short-command", sizeof(struct virtio_sched_hint_cmd) - 1,
      sizeof(struct virtio_sched_hint_status) },
    { "long-command", sizeof(struct virtio_sched_hint_cmd) + 1,
      sizeof(struct virtio_sched_hint_status) },
};

static void test_malformed(const void *data)
{
    const Malformed *m = data;
    TestState *t = boot("");
    QVirtioDevice *vdev = &t->dev->vdev;
    uint64_t answer;

    queue_command(t, &good_set, m->out, m->in, &answer);
    g_assert_cmphex(vdev->bus->get_status(vdev) & VIRTIO_CONFIG_S_NEEDS_RESET,
                    !=, 0);
    g_assert_cmphex(qtest_readb(t->qs->qts, answer), ==, 0xaa);
    assert_table(t, 0, 0);

    /* After a reset it works again. */
    qvirtio_reset(vdev);
    stop_driver(t);
    start_driver(t);
    set_good_table(t);
    shut_down(t);
}

static void test_driver_reset(void)
{
    TestState *t = boot("");

    set_good_table(t);
    qvirtio_reset(&t->dev->vdev);
    assert_table(t, 0, 0);

    stop_driver(t);
    start_driver(t);
    assert_table(t, 0, 0);
    set_good_table(t);
    shut_down(t);
}

static void test_system_reset(void)
{
    TestState *t = boot("");

    set_good_table(t);
    qtest_system_reset(t->qs->qts);
    assert_table(t, 0, 0);
    shut_down(t);
}

/* Stopping the VM is not a reset. */
static void test_stop_cont(void)
{
    TestState *t = boot("");

    set_good_table(t);
    qtest_qmp_assert_success(t->qs->qts, "{ 'execute': 'stop' }");
    assert_table(t, TABLE_ADDR, 1);
    qtest_qmp_assert_success(t->qs->qts, "{ 'execute': 'cont' }");
    assert_table(t, TABLE_ADDR, 1);
    shut_down(t);
}

/* Migrates to a machine with the same @args, which takes over the driver. */
static TestState *migrate_to(TestState *from, const char *args)
{
    g_autofree char *uri = g_strdup_printf("unix:%s/sched-hint-%d",
                                           g_get_tmp_dir(), getpid());
    TestState *to = g_new0(TestState, 1);

    to->qs = qtest_pc_boot("-M pc -m 128M -nodefaults -device " DEVICE ",id="
                           ID ",addr=%x,backend=off -incoming %s %s", PCI_SLOT,
                           uri, args);
    migrate(from->qs, to->qs, uri);

    /* migrate() moved the allocations to @to, and the queue is one of them. */
    find_device(to);
    to->dev->vdev.features = from->dev->vdev.features;
    to->dev->vdev.features_negotiated = true;
    to->vq = g_steal_pointer(&from->vq);
    to->vq->vdev = &to->dev->vdev;
    return to;
}

/* The table goes along, and the driver goes on without noticing. */
static void test_migrate(void)
{
    TestState *from = boot("");
    TestState *to;

    set_good_table(from);
    to = migrate_to(from, "");
    assert_table(to, TABLE_ADDR, 1);
    g_assert_cmpuint(send_command(to, &good_clear), ==, VIRTIO_SCHED_HINT_S_OK);
    assert_table(to, 0, 0);

    shut_down(to);
    shut_down(from);
}

/* A display whose memory lies behind a BAR, which the guest places */
#define VRAM_ARGS "-device bochs-display,addr=" stringify(PCI_SLOT_VRAM)

static QPCIDevice *set_table_in_vram(TestState *t)
{
    struct virtio_sched_hint_cmd cmd = good_set;
    QPCIDevice *display = qpci_device_find(t->qs->pcibus,
                                           QPCI_DEVFN(PCI_SLOT_VRAM, 0));

    g_assert_nonnull(display);
    qpci_device_enable(display);
    cmd.table_addr = qpci_iomap(display, 0, NULL).addr;
    g_assert_cmpuint(send_command(t, &cmd), ==, VIRTIO_SCHED_HINT_S_OK);
    assert_table(t, cmd.table_addr, 1);
    return display;
}

/* A guest cannot keep itself from being migrated by where its table lies. */
static void test_migrate_vram(void)
{
    TestState *from = boot(VRAM_ARGS);
    TestState *to;

    g_free(set_table_in_vram(from));
    to = migrate_to(from, VRAM_ARGS);
    assert_table(to, 0, 0);
    set_good_table(to);

    shut_down(to);
    shut_down(from);
}

/* A BAR that is moved takes the table's memory along. */
static void test_move_vram(void)
{
    TestState *t = boot(VRAM_ARGS);
    QPCIDevice *display = set_table_in_vram(t);
    uint32_t bar = qpci_config_readl(display, PCI_BASE_ADDRESS_0);

    /* Other memory may come and go. */
    g_assert_cmpuint(send_command(t, &good_set), ==, VIRTIO_SCHED_HINT_S_OK);
    qpci_config_writel(display, PCI_BASE_ADDRESS_0, bar + 256 * MiB);
    qpci_config_writel(display, PCI_BASE_ADDRESS_0, bar);
    assert_table(t, TABLE_ADDR, 1);

    g_free(display);
    display = set_table_in_vram(t);
    bar = qpci_config_readl(display, PCI_BASE_ADDRESS_0);
    qpci_config_writel(display, PCI_BASE_ADDRESS_0, bar + 256 * MiB);
    assert_table(t, 0, 0);
    set_good_table(t);

    g_free(display);
    shut_down(t);
}

static bool has_dimm_memory(QTestState *qts)
{
    g_autofree char *blocks = qtest_hmp(qts, "info ramblock");

    return strstr(blocks, "dimm-memory");
}

/* A table does not hold on to a DIMM that the guest ejects. */
static void test_eject_dimm(void)
{
    TestState *t = boot("-m 128M,slots=1,maxmem=256M "
                        "-object memory-backend-ram,id=dimm-memory,size=128M "
                        "-device pc-dimm,id=dimm0,memdev=dimm-memory,addr="
                        stringify(DIMM_ADDR));
    QTestState *qts = t->qs->qts;
    struct virtio_sched_hint_cmd cmd = good_set;
    gint64 end;

    cmd.table_addr = DIMM_ADDR;
    g_assert_cmpuint(send_command(t, &cmd), ==, VIRTIO_SCHED_HINT_S_OK);
    assert_table(t, DIMM_ADDR, 1);
    g_assert_true(has_dimm_memory(qts));

    qtest_outl(qts, ACPI_DIMM_SLOT, 0);
    qtest_outb(qts, ACPI_DIMM_DO, ACPI_DIMM_EJECT);
    qtest_qmp_eventwait(qts, "DEVICE_DELETED");
    assert_table(t, 0, 0);
    qtest_qmp_assert_success(qts, "{ 'execute': 'object-del', "
                             "'arguments': { 'id': 'dimm-memory' } }");
    /* An RCU grace period has to pass. */
    end = g_get_monotonic_time() + TIMEOUT_US;
    while (has_dimm_memory(qts)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(10000);
    }
    shut_down(t);
}

/*
 * Commands in one go are few; the others' turn comes later, though not while
 * the VM is stopped.
 */
static void test_many_commands(void)
{
    const unsigned few = 2, all = 8;
    TestState *t = boot("");
    QTestState *qts = t->qs->qts;
    uint64_t used = t->vq->used + offsetof(struct vring_used, idx);
    uint64_t answer;
    gint64 end;

    qtest_qmp_assert_success(qts, "{ 'execute': 'stop' }");
    /* Ask the driver in libqos not to notify, but of the last one. */
    qtest_writew(qts, t->vq->used, VRING_USED_F_NO_NOTIFY);
    for (unsigned i = 0; i < all; i++) {
        if (i == all - 1) {
            qtest_writew(qts, t->vq->used, 0);
        }
        queue_command(t, &good_set, sizeof(good_set),
                      sizeof(struct virtio_sched_hint_status), &answer);
    }
    qtest_qmp_assert_success(qts, "{ 'execute': 'query-status' }");
    g_assert_cmpuint(qtest_readw(qts, used), ==, few);

    qtest_qmp_assert_success(qts, "{ 'execute': 'cont' }");
    end = g_get_monotonic_time() + TIMEOUT_US;
    while (qtest_readw(qts, used) != all) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(1000);
    }
    g_assert_cmphex(qtest_readl(qts, answer), ==, VIRTIO_SCHED_HINT_S_OK);
    shut_down(t);
}

static void test_hotplug(void)
{
    QTestState *qts = qtest_init("-M pc -nodefaults");

    qtest_qmp_device_add(qts, DEVICE, ID, "{'addr': %s, 'backend': 'off'}",
                         stringify(PCI_SLOT_HP));
    g_assert_cmpuint(get_uint(qts, "table-slots"), ==, 0);
    qpci_unplug_acpi_device_test(qts, ID, PCI_SLOT_HP);
    qtest_quit(qts);
}

/* x-query-virtio-status knows the device and its features. */
static void test_query_virtio(void)
{
    TestState *t = boot("");
    g_autoptr(QDict) rsp = NULL;
    QDict *ret;

    rsp = qtest_qmp(t->qs->qts, "{ 'execute': 'x-query-virtio-status', "
                    "'arguments': { 'path': '" PATH "/virtio-backend' } }");
    ret = qdict_get_qdict(rsp, "return");
    g_assert_nonnull(ret);
    g_assert_cmpstr(qdict_get_str(ret, "name"), ==, "virtio-sched-hint");
    ret = qdict_get_qdict(ret, "host-features");
    g_assert_cmphex(qdict_get_try_int(ret, "unknown-dev-features", 0) &
                    ~QVIRTIO_F_BAD_FEATURE, ==, 0);
    shut_down(t);
}

/* The one device of x-query-sched-hint */
static QDict *query_sched_hint(QTestState *qts, QDict **rsp)
{
    QList *devices;

    *rsp = qtest_qmp(qts, "{ 'execute': 'x-query-sched-hint' }");
    devices = qdict_get_qlist(*rsp, "return");
    g_assert_nonnull(devices);
    g_assert_cmpuint(qlist_size(devices), ==, 1);
    return qobject_to(QDict, qlist_peek(devices));
}

static void write_word(TestState *t, uint32_t id, size_t offset, uint64_t word)
{
    uint64_t le = cpu_to_le64(word);

    qtest_memwrite(t->qs->qts, TABLE_ADDR + id * VIRTIO_SCHED_HINT_SLOT_SIZE +
                   offset, &le, sizeof(le));
}

#define WRITE_WORD(t, id, word, value) \
    write_word(t, id, offsetof(struct virtio_sched_hint_slot, word), value)

static uint64_t get_word(QDict *slot, const char *name)
{
    uint64_t word;

    g_assert_true(qdict_haskey(slot, name));
    g_assert_true(qnum_get_try_uint(qobject_to(QNum, qdict_get(slot, name)),
                                    &word));
    return word;
}

/* Without a driver and without a table there is little to tell. */
static void test_query_empty(void)
{
    QTestState *qts = qtest_init("-M pc -nodefaults -device " DEVICE ",id=" ID
                                 ",backend=off,max-keep-us=17,"
                                 "budget-percent=8,vm-budget-percent=9");
    g_autoptr(QDict) rsp = NULL;
    QDict *info = query_sched_hint(qts, &rsp), *limits;

    g_assert_cmpstr(qdict_get_str(info, "path"), ==, PATH "/virtio-backend");
    g_assert_cmpstr(qdict_get_str(info, "backend"), ==, "off");
    g_assert_cmpstr(qdict_get_str(info, "status"), ==, "backend=off");
    g_assert_true(qlist_empty(qdict_get_qlist(info, "features")));
    g_assert_true(qlist_empty(qdict_get_qlist(info, "slots")));
    g_assert_false(qdict_get_bool(info, "attached"));
    g_assert_false(qdict_get_bool(info, "listening"));
    g_assert_false(qdict_get_bool(info, "acting"));
    g_assert_cmpuint(qdict_get_int(info, "table-slots"), ==, 0);
    g_assert_false(qdict_haskey(info, "use"));
    limits = qdict_get_qdict(info, "limits");
    g_assert_cmpstr(qdict_get_str(limits, "mode"), ==, "default");
    g_assert_cmpuint(qdict_get_int(limits, "max-keep-us"), ==, 17);
    g_assert_cmpuint(qdict_get_int(limits, "budget-percent"), ==, 8);
    g_assert_cmpuint(qdict_get_int(limits, "vm-budget-percent"), ==, 9);
    qtest_quit(qts);
}

static void test_query_no_device(void)
{
    QTestState *qts = qtest_init("-M pc -nodefaults");
    g_autoptr(QDict) rsp = qtest_qmp(qts,
                                     "{ 'execute': 'x-query-sched-hint' }");
    g_autoptr(QDict) set = NULL;
    g_autofree char *text = qtest_hmp(qts, "info sched-hint");

    g_assert_true(qlist_empty(qdict_get_qlist(rsp, "return")));
    g_assert_nonnull(strstr(text, "no virtio-sched-hint device"));
    set = qtest_qmp(qts, "{ 'execute': 'x-sched-hint-set' }");
    g_assert_nonnull(qdict_get_qdict(set, "error"));
    qtest_quit(qts);
}

/*
 * Six CPUs in two sockets of three: ids 0, 1, 2, 4, 5, 6.  What lies in the
 * slots of other ids is shown if it is not zero.
 */
static void test_query_slots(void)
{
    static const int ids[] = { 0, 1, 2, 4, 5, 6, 7 };
    TestState *t = boot("-smp 6,sockets=2,cores=3,threads=1");
    struct virtio_sched_hint_cmd cmd = good_set;
    g_autoptr(QDict) rsp = NULL;
    g_autofree char *text = NULL;
    QDict *info, *slots[G_N_ELEMENTS(ids)];
    const QListEntry *entry;
    int n = 0;

    cmd.nr_slots = 9;
    g_assert_cmpuint(send_command(t, &cmd), ==, VIRTIO_SCHED_HINT_S_OK);
    qtest_memset(t->qs->qts, TABLE_ADDR, 0, 9 * VIRTIO_SCHED_HINT_SLOT_SIZE);
    /* idle, with its tick, and words of features that were not negotiated */
    WRITE_WORD(t, 4, state, 0x0003002100050102);
    WRITE_WORD(t, 4, next_timer_ns, 123456789);
    WRITE_WORD(t, 4, poll_timeout_ns, 5);
    WRITE_WORD(t, 4, event_ns, 6);
    WRITE_WORD(t, 4, tsc, UINT64_MAX);
    WRITE_WORD(t, 4, publish_seq, 77);
    WRITE_WORD(t, 4, nr_runnable, 8);
    WRITE_WORD(t, 5, state, VIRTIO_SCHED_HINT_STATE_IDLE);
    WRITE_WORD(t, 5, next_timer_ns, VIRTIO_SCHED_HINT_NS_NONE);
    WRITE_WORD(t, 6, state, VIRTIO_SCHED_HINT_STATE_RUNNING);
    WRITE_WORD(t, 7, state, 0x99);

    info = query_sched_hint(t->qs->qts, &rsp);
    g_assert_cmpuint(qdict_get_int(info, "table-slots"), ==, 9);
    g_assert_cmphex(qdict_get_int(info, "table-address"), ==, TABLE_ADDR);
    QLIST_FOREACH_ENTRY(qdict_get_qlist(info, "slots"), entry) {
        g_assert_cmpint(n, <, G_N_ELEMENTS(ids));
        slots[n] = qobject_to(QDict, qlist_entry_obj(entry));
        g_assert_cmpint(qdict_get_int(slots[n], "id"), ==, ids[n]);
        g_assert_cmpint(qdict_haskey(slots[n], "cpu-index"), ==, ids[n] != 7);
        n++;
    }
    g_assert_cmpint(n, ==, G_N_ELEMENTS(ids));

    g_assert_cmpstr(qdict_get_str(slots[0], "state"), ==, "off");
    g_assert_cmpint(qdict_get_int(slots[3], "cpu-index"), ==, 3);
    g_assert_cmpstr(qdict_get_str(slots[3], "state"), ==, "idle");
    g_assert_cmphex(get_word(slots[3], "raw-state"), ==, 0x0003002100050102);
    g_assert_true(qdict_get_bool(slots[3], "tick"));
    g_assert_cmpuint(get_word(slots[3], "next-timer-ns"), ==, 123456789);
    g_assert_cmpuint(get_word(slots[3], "publish-seq"), ==, 77);
    g_assert_cmphex(get_word(slots[3], "tsc"), ==, UINT64_MAX);
    g_assert_false(qdict_haskey(slots[3], "use"));
    g_assert_cmpstr(qdict_get_str(slots[4], "state"), ==, "idle");
    g_assert_false(qdict_get_bool(slots[4], "tick"));
    g_assert_false(qdict_haskey(slots[4], "next-timer-ns"));
    g_assert_cmpstr(qdict_get_str(slots[5], "state"), ==, "running");
    g_assert_cmpstr(qdict_get_str(slots[6], "state"), ==, "invalid");

    text = qtest_hmp(t->qs->qts, "info sched-hint");
    g_assert_nonnull(strstr(text, "backend=off"));
    g_assert_nonnull(strstr(text, "slot 4 (CPU 3): idle, publish 77, "
                            "tick in 123456789 ns"));
    g_assert_nonnull(strstr(text, "slot 7 (no CPU): invalid"));
    shut_down(t);
}

/* Each word that a feature brings, and what write_distinct() has put there */
static const struct {
    const char *feature;
    unsigned bit;
    struct {
        const char *name;
        uint64_t value;
    } words[4];
} features[] = {
    { "timer", VIRTIO_SCHED_HINT_F_TIMER,
      { { "next-timer-ns", 0x101010101 } } },
    { "runnable", VIRTIO_SCHED_HINT_F_RUNNABLE,
      { { "runnable", 0x202020202 }, { "overloaded", 0x1122 } } },
    { "poll", VIRTIO_SCHED_HINT_F_POLL,
      { { "poll-waiters", 0x5566 }, { "poll-timeout-ns", 0x303030303 },
        { "iowait", 0x404040404 } } },
    { "wake-peer", VIRTIO_SCHED_HINT_F_WAKE_PEER,
      { { "wake-peer", 0x3344 } } },
    { "event", VIRTIO_SCHED_HINT_F_EVENT,
      { { "event-ns", 0x505050505 }, { "event-dev-ns", 0x606060606 } } },
};

/* No two words of slot 0, nor two bytes of its state, are alike. */
static void write_distinct(TestState *t)
{
    qtest_memset(t->qs->qts, TABLE_ADDR, 0xaa, VIRTIO_SCHED_HINT_SLOT_SIZE);
    WRITE_WORD(t, 0, state, 0x1122334455660102);
    WRITE_WORD(t, 0, next_timer_ns, 0x101010101);
    WRITE_WORD(t, 0, nr_runnable, 0x202020202);
    WRITE_WORD(t, 0, poll_timeout_ns, 0x303030303);
    WRITE_WORD(t, 0, nr_iowait, 0x404040404);
    WRITE_WORD(t, 0, event_ns, 0x505050505);
    WRITE_WORD(t, 0, event_dev_ns, 0x606060606);
    WRITE_WORD(t, 0, publish_seq, 0x707070707);
    WRITE_WORD(t, 0, tsc, 0x808080808);
}

static bool is_named(QList *names, const char *name)
{
    const QListEntry *entry;

    QLIST_FOREACH_ENTRY(names, entry) {
        if (g_str_equal(qstring_get_str(qobject_to(QString,
                                                   qlist_entry_obj(entry))),
                        name)) {
            return true;
        }
    }
    return false;
}

/* The words of all features are there with their values, and no others. */
static void assert_words(TestState *t, uint64_t negotiated)
{
    g_autoptr(QDict) rsp = NULL;
    QDict *info = query_sched_hint(t->qs->qts, &rsp);
    QDict *slot = qobject_to(QDict,
                             qlist_peek(qdict_get_qlist(info, "slots")));

    for (int i = 0; i < G_N_ELEMENTS(features); i++) {
        bool wanted = negotiated & (1ull << features[i].bit);

        g_assert_cmpint(is_named(qdict_get_qlist(info, "features"),
                                 features[i].feature), ==, wanted);
        for (int j = 0; features[i].words[j].name; j++) {
            const char *name = features[i].words[j].name;

            g_assert_cmpint(qdict_haskey(slot, name), ==, wanted);
            if (wanted) {
                g_assert_cmphex(get_word(slot, name), ==,
                                features[i].words[j].value);
            }
        }
    }
    g_assert_true(qdict_get_bool(slot, "tick"));
    g_assert_cmphex(get_word(slot, "publish-seq"), ==, 0x707070707);
    g_assert_cmphex(get_word(slot, "tsc"), ==, 0x808080808);
}

static void assert_slot_line(TestState *t, const char *line)
{
    g_autofree char *text = qtest_hmp(t->qs->qts, "info sched-hint");
    g_autofree char *all = g_strconcat("  slot 0 (CPU 0): ", line, "\r\n",
                                       NULL);

    g_assert_nonnull(strstr(text, all));
}

/* Words are decoded if, and only if, their feature was negotiated. */
static void test_query_features(void)
{
    static const uint64_t by_default = 1ull << VIRTIO_SCHED_HINT_F_TIMER |
                                       1ull << VIRTIO_SCHED_HINT_F_WAKE_PEER;
    TestState *t = boot(ALL_FEATURES);

    set_good_table(t);
    write_distinct(t);
    assert_words(t, UINT64_MAX);
    assert_slot_line(t, "idle, publish 30182672135, tick in 4311810305 ns, "
                     "21862 wait in poll, poll timeout in 12935430915 ns, "
                     "17247241220 wait for I/O, wakes slot 13124, "
                     "event in 21559051525 +- 25870861830 ns, "
                     "8623620610 runnable, 4386 overloaded");
    shut_down(t);

    t = boot("");
    set_good_table(t);
    write_distinct(t);
    assert_words(t, by_default);
    assert_slot_line(t, "idle, publish 30182672135, tick in 4311810305 ns, "
                     "wakes slot 13124");
    shut_down(t);
}

/* Of a slot that is off no word is shown. */
static void test_query_off(void)
{
    TestState *t = boot(ALL_FEATURES);
    g_autoptr(QDict) rsp = NULL;
    QDict *slot;

    set_good_table(t);
    write_distinct(t);
    WRITE_WORD(t, 0, state, 0x1122334455660100);
    slot = qobject_to(QDict, qlist_peek(qdict_get_qlist(
        query_sched_hint(t->qs->qts, &rsp), "slots")));
    g_assert_cmpstr(qdict_get_str(slot, "state"), ==, "off");
    g_assert_false(qdict_haskey(slot, "tick"));
    for (int i = 0; i < G_N_ELEMENTS(features); i++) {
        for (int j = 0; features[i].words[j].name; j++) {
            g_assert_false(qdict_haskey(slot, features[i].words[j].name));
        }
    }
    assert_slot_line(t, "off, publish 30182672135");
    shut_down(t);
}

/* What there is none of is not shown. */
static void test_query_none(void)
{
    TestState *t = boot(ALL_FEATURES);
    g_autoptr(QDict) rsp = NULL;
    QDict *info, *slot;

    set_good_table(t);
    write_distinct(t);
    WRITE_WORD(t, 0, state, 0x1122ffff55660002);
    WRITE_WORD(t, 0, next_timer_ns, VIRTIO_SCHED_HINT_NS_NONE);
    WRITE_WORD(t, 0, poll_timeout_ns, VIRTIO_SCHED_HINT_NS_NONE);
    WRITE_WORD(t, 0, event_ns, VIRTIO_SCHED_HINT_NS_NONE);
    info = query_sched_hint(t->qs->qts, &rsp);
    slot = qobject_to(QDict, qlist_peek(qdict_get_qlist(info, "slots")));
    g_assert_false(qdict_get_bool(slot, "tick"));
    g_assert_false(qdict_haskey(slot, "next-timer-ns"));
    g_assert_false(qdict_haskey(slot, "poll-timeout-ns"));
    g_assert_false(qdict_haskey(slot, "event-ns"));
    g_assert_false(qdict_haskey(slot, "event-dev-ns"));
    g_assert_false(qdict_haskey(slot, "wake-peer"));
    assert_slot_line(t, "idle, publish 30182672135, 21862 wait in poll, "
                     "17247241220 wait for I/O, 8623620610 runnable, "
                     "4386 overloaded");
    shut_down(t);
}

/* Of each queue of each NIC: why it is not watched */
static void test_query_queues(void)
{
    static const struct {
        const char *nic;
        const char *netdev;
        const char *reason;
    } queues[] = {
        { "nic0", "n0", "hubport is no tap" },
        { "nic1", NULL, "the NIC has no backend" },
    };
    TestState *t = boot("-netdev hubport,id=n0,hubid=0 "
                        "-device virtio-net-pci,id=nic0,netdev=n0,romfile= "
                        "-device e1000,id=nic1,romfile=");
    g_autoptr(QDict) rsp = NULL;
    g_autofree char *text = NULL;
    QDict *info = query_sched_hint(t->qs->qts, &rsp);
    const QListEntry *entry;
    int n = 0;

    QLIST_FOREACH_ENTRY(qdict_get_qlist(info, "queues"), entry) {
        QDict *queue = qobject_to(QDict, qlist_entry_obj(entry));

        g_assert_cmpint(n, <, G_N_ELEMENTS(queues));
        g_assert_cmpstr(qdict_get_str(queue, "nic"), ==, queues[n].nic);
        g_assert_cmpint(qdict_get_int(queue, "index"), ==, 0);
        g_assert_cmpstr(qdict_get_try_str(queue, "netdev"), ==,
                        queues[n].netdev);
        g_assert_false(qdict_get_bool(queue, "watched"));
        g_assert_cmpstr(qdict_get_str(queue, "reason"), ==, queues[n].reason);
        g_assert_false(qdict_haskey(queue, "arrivals"));
        g_assert_false(qdict_haskey(queue, "vcpu-id"));
        n++;
    }
    g_assert_cmpint(n, ==, G_N_ELEMENTS(queues));

    text = qtest_hmp(t->qs->qts, "info sched-hint");
    g_assert_nonnull(strstr(text, "nic0 queue 0 (n0): not watched: "
                            "hubport is no tap"));
    g_assert_nonnull(strstr(text, "nic1 queue 0: not watched: "
                            "the NIC has no backend"));
    shut_down(t);
}

static void assert_limits(QTestState *qts, const char *mode,
                          int max_keep_us, int budget, int vm_budget)
{
    g_autoptr(QDict) rsp = NULL;
    QDict *limits = qdict_get_qdict(query_sched_hint(qts, &rsp), "limits");

    g_assert_cmpstr(qdict_get_str(limits, "mode"), ==, mode);
    g_assert_cmpint(qdict_get_int(limits, "max-keep-us"), ==, max_keep_us);
    g_assert_cmpint(qdict_get_int(limits, "budget-percent"), ==, budget);
    g_assert_cmpint(qdict_get_int(limits, "vm-budget-percent"), ==, vm_budget);
}

/* What is set stays set; what is not named stays what it was. */
static void test_set(void)
{
    TestState *t = boot("");
    QTestState *qts = t->qs->qts;

    assert_limits(qts, "default", 20000, 25, 0);
    qtest_qmp_assert_success(qts, "{ 'execute': 'x-sched-hint-set', "
                             "'arguments': { 'mode': 'observe' } }");
    assert_limits(qts, "observe", 20000, 25, 0);
    qtest_qmp_assert_success(qts, "{ 'execute': 'x-sched-hint-set', "
                             "'arguments': { 'path': '" PATH "', "
                             "'max-keep-us': 10, 'budget-percent': 0 } }");
    assert_limits(qts, "observe", 10, 0, 0);
    qtest_qmp_assert_success(qts, "{ 'execute': 'x-sched-hint-set', "
                             "'arguments': { 'path': '" PATH "/virtio-backend',"
                             "'vm-budget-percent': 100 } }");
    assert_limits(qts, "observe", 10, 0, 100);
    qtest_system_reset(qts);
    assert_limits(qts, "observe", 10, 0, 100);
    shut_down(t);
}

/* Arguments that are refused, and what the message has to name */
typedef struct BadSet {
    const char *name;
    const char *arguments;
    const char *names;
} BadSet;

static const BadSet bad_sets[] = {
    { "path", "'path': '/machine'", "no virtio-sched-hint device at" },
    { "path-nowhere", "'path': 'nowhere'", "no virtio-sched-hint device at" },
    { "mode", "'mode': 'maybe'", "mode" },
    { "max-keep-small", "'max-keep-us': 9, 'mode': 'off'",
      "use 10 to 1000000" },
    { "max-keep-large", "'max-keep-us': 1000001, 'mode': 'off'",
      "use 10 to 1000000" },
    { "budget", "'budget-percent': 101, 'mode': 'off'", "use 0 to 100" },
    { "vm-budget", "'vm-budget-percent': 101, 'mode': 'off'", "use 0 to 100" },
    { "fd-without-reattach", "'fd': 'x', 'mode': 'off'", "reattach" },
    { "fd-number", "'fd': '9', 'reattach': true", "getfd" },
    { "reattach-off", "'reattach': true, 'mode': 'off'", "backend=off" },
};

static void test_bad_set(const void *data)
{
    const BadSet *bad = data;
    QTestState *qts = qtest_init("-M pc -nodefaults -device " DEVICE ",id=" ID
                                 ",backend=off");
    g_autofree char *cmd = NULL;
    g_autoptr(QDict) rsp = NULL;
    QDict *error;

    cmd = g_strdup_printf("{ 'execute': 'x-sched-hint-set', 'arguments': "
                          "{ %s } }", bad->arguments);
    qtest_qmp_send_raw(qts, "%s", cmd);
    rsp = qtest_qmp_receive(qts);
    error = qdict_get_qdict(rsp, "error");
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(qdict_get_str(error, "desc"), bad->names));
    assert_limits(qts, "default", 20000, 25, 0);
    qtest_quit(qts);
}

/* What cannot be attached says why, whatever the backend was asked for. */
static void test_reattach_without_kvm(void)
{
    QTestState *qts = qtest_init("-M pc -nodefaults -device " DEVICE ",id=" ID);
    g_autoptr(QDict) rsp = NULL;
    QDict *error;

    rsp = qtest_qmp(qts, "{ 'execute': 'x-sched-hint-set', 'arguments': "
                    "{ 'reattach': true, 'budget-percent': 3 } }");
    error = qdict_get_qdict(rsp, "error");
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(qdict_get_str(error, "desc"), "KVM"));
    assert_limits(qts, "default", 20000, 25, 0);
    qtest_quit(qts);
}

/* With two devices it has to be said which. */
static void test_set_two_devices(void)
{
    QTestState *qts = qtest_init("-M pc -nodefaults "
                                 "-device " DEVICE ",id=" ID ",backend=off "
                                 "-device " DEVICE ",id=sh1,backend=off");
    g_autoptr(QDict) rsp = NULL;
    g_autoptr(QDict) all = NULL;
    QDict *error;

    rsp = qtest_qmp(qts, "{ 'execute': 'x-sched-hint-set', 'arguments': "
                    "{ 'mode': 'off' } }");
    error = qdict_get_qdict(rsp, "error");
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(qdict_get_str(error, "desc"), "path"));
    qtest_qmp_assert_success(qts, "{ 'execute': 'x-sched-hint-set', "
                             "'arguments': { 'path': '" PATH "', "
                             "'mode': 'off' } }");
    all = qtest_qmp(qts, "{ 'execute': 'x-query-sched-hint' }");
    g_assert_cmpuint(qlist_size(qdict_get_qlist(all, "return")), ==, 2);
    qtest_quit(qts);
}

/* A property that is refused, and what the message has to name */
typedef struct BadProperty {
    const char *name;
    const char *properties;
    const char *names;
} BadProperty;

static void assert_packet_arrival(const char *args, bool wanted)
{
    TestState *t = boot(args);
    g_autoptr(QDict) rsp = qtest_qmp(t->qs->qts, "{ 'execute': 'qom-get', "
                                     "'arguments': { 'path': '" PATH "', "
                                     "'property': 'packet-arrival' } }");

    g_assert_true(qdict_haskey(rsp, "return"));
    g_assert_cmpint(qdict_get_bool(rsp, "return"), ==, wanted);
    shut_down(t);
}

/* On unless switched off; a NIC beside it makes no difference without a host */
static void test_packet_arrival(void)
{
    assert_packet_arrival("", true);
    assert_packet_arrival("-global virtio-sched-hint-device."
                          "packet-arrival=off", false);
    assert_packet_arrival("-netdev hubport,id=n0,hubid=0 "
                          "-device virtio-net-pci,netdev=n0,romfile=", true);
}

static const BadProperty bad_properties[] = {
    { "backend", "'backend': 'maybe'", "use off, auto or required" },
    { "required-without-kvm", "'backend': 'required'", "KVM" },
    { "fd-with-off", "'backend': 'off', 'fd': '3'", "leave out one of them" },
    { "max-keep-small", "'max-keep-us': 0", "use 10 to 1000000" },
    { "max-keep-large", "'max-keep-us': 1000001", "use 10 to 1000000" },
    { "max-keep-negative", "'max-keep-us': -1", "max-keep-us" },
    { "budget-large", "'budget-percent': 101", "use 0 to 100" },
    { "vm-budget-large", "'vm-budget-percent': 101", "use 0 to 100" },
    { "packet-arrival", "'packet-arrival': 'maybe'", "packet-arrival" },
};

static void test_bad_property(const void *data)
{
    const BadProperty *bad = data;
    QTestState *qts = qtest_init("-M pc -nodefaults");
    g_autofree char *cmd = NULL;
    g_autoptr(QDict) rsp = NULL;
    QDict *error;

    cmd = g_strdup_printf("{ 'execute': 'device_add', 'arguments': { "
                          "'driver': '" DEVICE "', 'id': '" ID "', %s } }",
                          bad->properties);
    qtest_qmp_send_raw(qts, "%s", cmd);
    rsp = qtest_qmp_receive(qts);
    error = qdict_get_qdict(rsp, "error");
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(qdict_get_str(error, "desc"), bad->names));

    /* Nothing is left behind: the id can be used. */
    qtest_qmp_device_add(qts, DEVICE, ID, "{'backend': 'off'}");
    qtest_quit(qts);
}

/* backend=auto starts without a host side, and says why nobody listens. */
static void test_auto_without_kvm(void)
{
    QTestState *qts = qtest_init("-M pc -nodefaults -device " DEVICE ",id=" ID);
    g_autoptr(QDict) rsp = NULL;

    rsp = qtest_qmp(qts, "{ 'execute': 'qom-get', 'arguments': { 'path': '"
                    PATH "', 'property': 'backend-status' } }");
    g_assert_nonnull(strstr(qdict_get_str(rsp, "return"), "KVM"));
    qtest_quit(qts);
}

static void add_table_driven_tests(void)
{
    for (int i = 0; i < ARRAY_SIZE(bad_sets); i++) {
        g_autofree char *path = g_strdup_printf("/virtio-sched-hint/bad-set/%s",
                                                bad_sets[i].name);
        qtest_add_data_func(path, &bad_sets[i], test_bad_set);
    }
    for (int i = 0; i < ARRAY_SIZE(refusals); i++) {
        g_autofree char *path = g_strdup_printf("/virtio-sched-hint/refuse/%s",
                                                refusals[i].name);
        qtest_add_data_func(path, &refusals[i], test_refusal);
    }
    for (int i = 0; i < ARRAY_SIZE(malformed); i++) {
        g_autofree char *path =
            g_strdup_printf("/virtio-sched-hint/malformed/%s",
                            malformed[i].name);
        qtest_add_data_func(path, &malformed[i], test_malformed);
    }
    for (int i = 0; i < ARRAY_SIZE(bad_properties); i++) {
        g_autofree char *path =
            g_strdup_printf("/virtio-sched-hint/bad-property/%s",
                            bad_properties[i].name);
        qtest_add_data_func(path, &bad_properties[i], test_bad_property);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/virtio-sched-hint/features", test_features);
    qtest_add_func("/virtio-sched-hint/config", test_config);
    qtest_add_func("/virtio-sched-hint/config-apic-gaps",
                   test_config_apic_gaps);
    qtest_add_func("/virtio-sched-hint/config-most-slots", test_most_slots);
    qtest_add_func("/virtio-sched-hint/pci-id", test_pci_id);
    qtest_add_func("/virtio-sched-hint/packet-arrival", test_packet_arrival);
    qtest_add_func("/virtio-sched-hint/auto-without-kvm",
                   test_auto_without_kvm);
    qtest_add_func("/virtio-sched-hint/set-table", test_set_table);
    qtest_add_func("/virtio-sched-hint/set-table-end-of-ram",
                   test_set_table_end_of_ram);
    qtest_add_func("/virtio-sched-hint/clear-table", test_clear_table);
    qtest_add_func("/virtio-sched-hint/short-table", test_refuse_short_table);
    qtest_add_func("/virtio-sched-hint/driver-reset", test_driver_reset);
    qtest_add_func("/virtio-sched-hint/system-reset", test_system_reset);
    qtest_add_func("/virtio-sched-hint/stop-cont", test_stop_cont);
    qtest_add_func("/virtio-sched-hint/migrate", test_migrate);
    qtest_add_func("/virtio-sched-hint/migrate-vram", test_migrate_vram);
    qtest_add_func("/virtio-sched-hint/move-vram", test_move_vram);
    qtest_add_func("/virtio-sched-hint/eject-dimm", test_eject_dimm);
    qtest_add_func("/virtio-sched-hint/many-commands", test_many_commands);
    qtest_add_func("/virtio-sched-hint/hotplug", test_hotplug);
    qtest_add_func("/virtio-sched-hint/query-virtio", test_query_virtio);
    qtest_add_func("/virtio-sched-hint/query-empty", test_query_empty);
    qtest_add_func("/virtio-sched-hint/query-no-device", test_query_no_device);
    qtest_add_func("/virtio-sched-hint/query-slots", test_query_slots);
    qtest_add_func("/virtio-sched-hint/query-features", test_query_features);
    qtest_add_func("/virtio-sched-hint/query-none", test_query_none);
    qtest_add_func("/virtio-sched-hint/query-off", test_query_off);
    qtest_add_func("/virtio-sched-hint/query-queues", test_query_queues);
    qtest_add_func("/virtio-sched-hint/set", test_set);
    qtest_add_func("/virtio-sched-hint/set-two-devices", test_set_two_devices);
    qtest_add_func("/virtio-sched-hint/reattach-without-kvm",
                   test_reattach_without_kvm);
    add_table_driven_tests();

    return g_test_run();
}
