/*
 * virtio-sched-hint PCI proxy
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/qdev-properties.h"
#include "hw/virtio/virtio-pci.h"
#include "hw/virtio/virtio-sched-hint.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "qom/object.h"

#define TYPE_VIRTIO_SCHED_HINT_PCI "virtio-sched-hint-pci"

OBJECT_DECLARE_SIMPLE_TYPE(VirtIOSchedHintPCI, VIRTIO_SCHED_HINT_PCI)

struct VirtIOSchedHintPCI {
    VirtIOPCIProxy parent_obj;
    VirtIOSchedHint vdev;
};

static const Property virtio_sched_hint_pci_properties[] = {
    /* one for configuration changes, one for the control queue */
    DEFINE_PROP_UINT32("vectors", VirtIOPCIProxy, nvectors, 2),
};

static void virtio_sched_hint_pci_realize(VirtIOPCIProxy *vpci_dev,
                                          Error **errp)
{
    VirtIOSchedHintPCI *dev = VIRTIO_SCHED_HINT_PCI(vpci_dev);

    virtio_pci_force_virtio_1(vpci_dev);
    qdev_realize(DEVICE(&dev->vdev), BUS(&vpci_dev->bus), errp);
}

static void virtio_sched_hint_pci_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtioPCIClass *k = VIRTIO_PCI_CLASS(klass);
    PCIDeviceClass *pcidev_k = PCI_DEVICE_CLASS(klass);

    k->realize = virtio_sched_hint_pci_realize;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    device_class_set_props(dc, virtio_sched_hint_pci_properties);
    pcidev_k->revision = VIRTIO_PCI_ABI_VERSION;
    pcidev_k->class_id = PCI_CLASS_OTHERS;
}

static void virtio_sched_hint_pci_instance_init(Object *obj)
{
    VirtIOSchedHintPCI *dev = VIRTIO_SCHED_HINT_PCI(obj);

    virtio_instance_init_common(obj, &dev->vdev, sizeof(dev->vdev),
                                TYPE_VIRTIO_SCHED_HINT);
}

static const VirtioPCIDeviceTypeInfo virtio_sched_hint_pci_info = {
    .generic_name  = TYPE_VIRTIO_SCHED_HINT_PCI,
    .instance_size = sizeof(VirtIOSchedHintPCI),
    .instance_init = virtio_sched_hint_pci_instance_init,
    .class_init    = virtio_sched_hint_pci_class_init,
};

static void virtio_sched_hint_pci_register_types(void)
{
    virtio_pci_types_register(&virtio_sched_hint_pci_info);
}
type_init(virtio_sched_hint_pci_register_types)
