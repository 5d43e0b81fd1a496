/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/virtio/virtio_pci.h"

#include <string.h>

#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"
#include "util/error.h"
#include "util/log.h"

enum {
    ID_BASE = 0x1040,
    TRANSITIONAL_REVISION = 0,
    MODERN_REVISION = 1,
    MODERN_SUBSYSTEM = 0x1100
};
enum { BAR_LEGACY = 0, BAR_MSIX = 1, BAR_MODERN = 4 };
enum { LEGACY_HEAD_BYTES = 0x18, NO_VECTOR = 0xffff };

/* Inside BAR 4 */
enum {
    AT_COMMON = 0x0000,
    AT_ISR = 0x1000,
    AT_DEVICE = 0x2000,
    AT_NOTIFY = 0x3000,
    PART_BYTES = 0x1000,
    COMMON_BYTES = 0x40,
    MODERN_BYTES = 0x4000,
    NOTIFY_MULTIPLIER = 4,
};

/* 4.1.4: structures that capabilities point to */
enum { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4, CAP_ACCESS = 5 };
enum { CAP_BYTES = 16, CAP_LONG_BYTES = 20, CAP_BAR = 4, CAP_OFFSET = 8, CAP_LENGTH = 12 };
enum { CAP_EXTRA = 16 }; /* notify multiplier, or data of the access capability */

enum { ISR_QUEUE = 1, ISR_CONFIG = 2 };

/* 4.1.2.1: ids that devices had before version 1, by the number of the device */
static uint16_t transitional_id(uint16_t id)
{
    static const uint16_t ids[] = { [1] = 0x1000, [2] = 0x1001, [3] = 0x1003, [4] = 0x1005,
                                    [5] = 0x1002, [8] = 0x1004, [9] = 0x1009 };
    return id < G_N_ELEMENTS(ids) ? ids[id] : 0;
}

/* Interrupts */

static void interrupt(VirtioPci *dev, uint16_t vector, uint8_t isr)
{
    if (pci_msix_enabled(&dev->pci)) {
        if (vector != NO_VECTOR) {
            pci_msix_notify(&dev->pci, vector);
        }
        return;
    }
    dev->isr |= isr;
    pci_set_irq(&dev->pci, 1);
}

static void queue_interrupt(VirtioBus *bus, unsigned queue)
{
    VirtioPci *dev = container_of(bus, VirtioPci, bus);
    interrupt(dev, dev->queue_vector[queue], ISR_QUEUE);
}

static void config_interrupt(VirtioBus *bus)
{
    VirtioPci *dev = container_of(bus, VirtioPci, bus);
    interrupt(dev, dev->config_vector, ISR_CONFIG);
}

/* A transitional device is what its driver takes it for. */
static bool is_legacy(VirtioBus *bus)
{
    const VirtioPci *dev = container_of(bus, VirtioPci, bus);
    return !dev->has_modern || (dev->has_legacy && dev->legacy_driver);
}

static const VirtioTransportOps pci_transport_ops = {
    .queue_interrupt = queue_interrupt,
    .config_interrupt = config_interrupt,
    .is_legacy = is_legacy,
};

uint8_t virtio_pci_read_isr(VirtioPci *dev)
{
    uint8_t isr = dev->isr;
    dev->isr = 0;
    pci_set_irq(&dev->pci, 0);
    return isr;
}

uint16_t virtio_pci_valid_vector(VirtioPci *dev, uint16_t vector)
{
    return vector < pci_msix_vectors(&dev->pci) ? vector : NO_VECTOR;
}

VirtQueue *virtio_pci_queue(VirtioPci *dev)
{
    return dev->queue_sel < dev->vdev->queue_count ? &dev->vdev->queues[dev->queue_sel] : NULL;
}

void virtio_pci_reset_transport(VirtioPci *dev)
{
    dev->isr = 0;
    dev->device_features_sel = dev->driver_features_sel = 0;
    dev->driver_features = 0;
    dev->config_vector = NO_VECTOR;
    memset(dev->queue_vector, 0xff, sizeof(dev->queue_vector));
    memset(dev->queue_pfn, 0, sizeof(dev->queue_pfn));
    pci_set_irq(&dev->pci, 0);
}

void virtio_pci_set_status(VirtioPci *dev, uint8_t status)
{
    virtio_set_status(dev->vdev, status);
    if (status == 0) {
        virtio_pci_reset_transport(dev);
    }
}

/* The small structures */

static uint64_t isr_read(void *opaque, hwaddr offset, unsigned size)
{
    return offset == 0 ? virtio_pci_read_isr(opaque) : 0;
}

static void isr_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
}

static uint64_t device_config_read(void *opaque, hwaddr offset, unsigned size)
{
    VirtioPci *dev = opaque;
    dev->legacy_driver = false;
    return virtio_read_config(dev->vdev, offset, size);
}

static void device_config_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VirtioPci *dev = opaque;
    dev->legacy_driver = false;
    virtio_write_config(dev->vdev, offset, size, value);
}

static uint64_t notify_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0;
}

static void notify_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    virtio_notify(((VirtioPci *)opaque)->vdev, offset / NOTIFY_MULTIPLIER);
}

static const MemoryOps isr_ops = { .read = isr_read, .write = isr_write, .max_access = 4 };
static const MemoryOps device_config_ops = {
    .read = device_config_read,
    .write = device_config_write,
    .max_access = 4,
};
static const MemoryOps notify_ops = { .read = notify_read, .write = notify_write, .max_access = 4 };

/* 4.1.4.9: a window through configuration space into BAR 4, for firmware that cannot map it. */

typedef struct {
    const MemoryOps *ops; /* NULL: nothing is there */
    hwaddr offset;
    unsigned size;
} Window;

static Window access_window(VirtioPci *dev)
{
    static const MemoryOps *const parts[] = { &virtio_pci_common_ops, &isr_ops, &device_config_ops,
                                              &notify_ops };
    unsigned cap = dev->access_cap;
    uint32_t offset = pci_config_get(&dev->pci, cap + CAP_OFFSET, 4);
    uint32_t size = pci_config_get(&dev->pci, cap + CAP_LENGTH, 4);
    bool valid = pci_config_get(&dev->pci, cap + CAP_BAR, 1) == BAR_MODERN &&
                 (size == 1 || size == 2 || size == 4) && offset % size == 0 &&
                 offset < MODERN_BYTES;
    return (Window){ valid ? parts[offset / PART_BYTES] : NULL, offset % PART_BYTES, size };
}

static bool touches_window(const VirtioPci *dev, unsigned offset)
{
    return dev->access_cap && (offset & ~3u) == dev->access_cap + CAP_EXTRA;
}

static uint32_t virtio_pci_config_read(PciDevice *pci, unsigned offset, unsigned size)
{
    VirtioPci *dev = container_of(pci, VirtioPci, pci);
    if (touches_window(dev, offset)) {
        Window window = access_window(dev);
        if (window.ops) {
            pci_config_set(pci, dev->access_cap + CAP_EXTRA, window.size,
                           window.ops->read(dev, window.offset, window.size));
        }
    }
    return pci_default_config_read(pci, offset, size);
}

static void virtio_pci_config_write(PciDevice *pci, unsigned offset, uint32_t value, unsigned size)
{
    VirtioPci *dev = container_of(pci, VirtioPci, pci);
    pci_default_config_write(pci, offset, value, size);
    if (touches_window(dev, offset)) {
        Window window = access_window(dev);
        if (window.ops) {
            window.ops->write(dev, window.offset,
                              pci_config_get(pci, dev->access_cap + CAP_EXTRA, window.size),
                              window.size);
        }
    }
}

/* Life */

typedef struct {
    unsigned type, offset, length, size; /* of the capability itself */
} Structure;

static unsigned add_structure(VirtioPci *dev, const Structure *s, GError **errp)
{
    PciDevice *pci = &dev->pci;
    unsigned at = pci_add_capability(pci, PCI_CAP_VENDOR, 0, s->size, errp);
    if (at) {
        pci_config_set(pci, at + 2, 1, s->size);
        pci_config_set(pci, at + 3, 1, s->type);
        pci_config_set(pci, at + CAP_BAR, 1, s->type == CAP_ACCESS ? 0 : BAR_MODERN);
        pci_config_set(pci, at + CAP_OFFSET, 4, s->offset);
        pci_config_set(pci, at + CAP_LENGTH, 4, s->length);
    }
    return at;
}

static bool add_modern(VirtioPci *dev, GError **errp)
{
    static const Structure structures[] = {
        { CAP_COMMON, AT_COMMON, PART_BYTES, CAP_BYTES },
        { CAP_ISR, AT_ISR, PART_BYTES, CAP_BYTES },
        { CAP_DEVICE, AT_DEVICE, PART_BYTES, CAP_BYTES },
        { CAP_NOTIFY, AT_NOTIFY, PART_BYTES, CAP_LONG_BYTES },
        { CAP_ACCESS, 0, 0, CAP_LONG_BYTES },
    };
    PciDevice *pci = &dev->pci;
    Object *owner = &pci->device.object;
    unsigned at = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(structures); i++) {
        at = add_structure(dev, &structures[i], errp);
        if (!at) {
            return false;
        }
        if (structures[i].type == CAP_NOTIFY) {
            pci_config_set(pci, at + CAP_EXTRA, 4, NOTIFY_MULTIPLIER);
        }
    }
    dev->access_cap = at;
    pci_config_writable(pci, at + CAP_BAR, 1, 0xff);
    pci_config_writable(pci, at + CAP_OFFSET, 4, UINT32_MAX);
    pci_config_writable(pci, at + CAP_LENGTH, 4, UINT32_MAX);
    pci_config_writable(pci, at + CAP_EXTRA, 4, UINT32_MAX);
    memory_region_init(&dev->modern, owner, "virtio-modern", MODERN_BYTES);
    memory_region_init_io(&dev->common, owner, &virtio_pci_common_ops, dev, "virtio-common",
                          COMMON_BYTES);
    memory_region_init_io(&dev->isr_register, owner, &isr_ops, dev, "virtio-isr", PART_BYTES);
    memory_region_init_io(&dev->device_config, owner, &device_config_ops, dev, "virtio-device",
                          PART_BYTES);
    memory_region_init_io(&dev->notify, owner, &notify_ops, dev, "virtio-notify", PART_BYTES);
    memory_region_add(&dev->modern, AT_COMMON, &dev->common);
    memory_region_add(&dev->modern, AT_ISR, &dev->isr_register);
    memory_region_add(&dev->modern, AT_DEVICE, &dev->device_config);
    memory_region_add(&dev->modern, AT_NOTIFY, &dev->notify);
    pci_add_bar(pci, BAR_MODERN, PCI_BAR_MEM64 | PCI_BAR_PREFETCH, &dev->modern);
    return true;
}

static void add_legacy(VirtioPci *dev)
{
    uint64_t size = 32;
    while (size < LEGACY_HEAD_BYTES + dev->vdev->config_bytes) {
        size *= 2;
    }
    memory_region_init_io(&dev->legacy_ports, &dev->pci.device.object, &virtio_pci_legacy_ops, dev,
                          "virtio-legacy", size);
    pci_add_bar(&dev->pci, BAR_LEGACY, PCI_BAR_IO, &dev->legacy_ports);
}

/* Behind a root port there is no driver old enough to need legacy registers. */
static bool choose_generations(VirtioPci *dev, GError **errp)
{
    const char *name = dev->pci.device.object.class->name;
    bool port = pci_bus_is_express(dev->pci.bus) && dev->pci.bus->bridge;
    int disable = dev->disable_legacy;

    if (g_str_has_suffix(name, "-non-transitional")) {
        disable = VIRTIO_PCI_LEGACY_ON;
    } else if (g_str_has_suffix(name, "-transitional")) {
        disable = VIRTIO_PCI_LEGACY_OFF;
    } else if (disable == VIRTIO_PCI_LEGACY_AUTO) {
        disable = port ? VIRTIO_PCI_LEGACY_ON : VIRTIO_PCI_LEGACY_OFF;
    }
    dev->has_modern = !dev->disable_modern;
    dev->has_legacy = disable == VIRTIO_PCI_LEGACY_OFF && transitional_id(virtio_id(dev->vdev));
    if (!dev->has_legacy && !dev->has_modern) {
        error_set(errp, "%s: neither a legacy nor a modern device is left", name);
        return false;
    }
    return true;
}

static void set_ids(VirtioPci *dev)
{
    PciDevice *pci = &dev->pci;
    uint16_t id = virtio_id(dev->vdev);

    pci_config_set(pci, PCI_VENDOR_ID, 2, PCI_VENDOR_QUMRANET);
    pci_config_set(pci, PCI_DEVICE_ID, 2, dev->has_legacy ? transitional_id(id) : ID_BASE + id);
    pci_config_set(pci, PCI_REVISION, 1, dev->has_legacy ? TRANSITIONAL_REVISION : MODERN_REVISION);
    pci_config_set(pci, PCI_SUBSYSTEM_VENDOR, 2, PCI_VENDOR_QUMRANET);
    pci_config_set(pci, PCI_SUBSYSTEM_ID, 2, dev->has_legacy ? id : MODERN_SUBSYSTEM);
}

static bool add_registers(VirtioPci *dev, GError **errp)
{
    PciDevice *pci = &dev->pci;
    unsigned wanted = dev->vectors == UINT32_MAX ? dev->vdev->queue_count + 1 : dev->vectors;
    const PciMsixConfig msix = { .vectors = MIN(wanted, PCI_MSIX_MAX_VECTORS), .bar = BAR_MSIX };

    set_ids(dev);
    pci_set_interrupt_pin(pci, 1);
    if ((msix.vectors && !pci_msix_init(pci, &msix, errp)) ||
        (dev->has_modern && !add_modern(dev, errp)) || !pcie_endpoint_init(pci, errp)) {
        return false;
    }
    if (dev->has_legacy) {
        add_legacy(dev);
    }
    return true;
}

static bool virtio_pci_setup(PciDevice *pci, GError **errp)
{
    VirtioPci *dev = container_of(pci, VirtioPci, pci);

    if (!choose_generations(dev, errp)) {
        return false;
    }
    virtio_bus_init(&dev->bus, &pci_transport_ops, &pci->device, "virtio-bus");
    dev->vdev->device.id = g_strdup(pci->device.id); /* buses of the device are named after it */
    if (!device_realize(&dev->vdev->device, &dev->bus.bus, errp)) {
        return false;
    }
    virtio_pci_reset_transport(dev);
    if (!add_registers(dev, errp)) {
        device_unrealize(&dev->vdev->device);
        return false;
    }
    return true;
}

static void virtio_pci_reset(PciDevice *pci)
{
    VirtioPci *dev = container_of(pci, VirtioPci, pci);
    dev->legacy_driver = false;
    dev->queue_sel = 0;
    virtio_pci_reset_transport(dev);
}

static Object *virtio_pci_front_of(Object *obj)
{
    return &container_of(obj, VirtioPci, pci.device.object)->vdev->device.object;
}

static void virtio_pci_object_init(Object *obj)
{
    VirtioPci *dev = container_of(obj, VirtioPci, pci.device.object);
    Object *child =
        object_new_child(obj, "virtio-backend", object_class_by_name(obj->class->front_for), NULL);
    dev->vdev = container_of(child, VirtioDevice, device.object);
}

static bool virtio_pci_post_load(void *opaque, uint32_t version, GError **errp)
{
    VirtioPci *dev = opaque;
    unsigned vectors = pci_msix_vectors(&dev->pci);

    dev->isr &= ISR_QUEUE | ISR_CONFIG;
    if (dev->config_vector >= vectors) {
        dev->config_vector = NO_VECTOR;
    }
    for (unsigned i = 0; i < VIRTIO_MAX_QUEUES; i++) {
        if (dev->queue_vector[i] >= vectors) {
            dev->queue_vector[i] = NO_VECTOR;
        }
    }
    return true;
}

static const VmState virtio_pci_vmstate = {
    .name = "virtio-pci",
    .version = 1,
    .post_load = virtio_pci_post_load,
    .fields =
        (const VmField[]){
            VM_BOOL(VirtioPci, legacy_driver),
            VM_U8(VirtioPci, isr),
            VM_U32(VirtioPci, device_features_sel),
            VM_U32(VirtioPci, driver_features_sel),
            VM_U64(VirtioPci, driver_features),
            VM_U16(VirtioPci, queue_sel),
            VM_U16(VirtioPci, config_vector),
            VM_U16_ARRAY(VirtioPci, queue_vector),
            VM_U32_ARRAY(VirtioPci, queue_pfn),
            {},
        },
};

static const char *const legacy_names[] = { "auto", "off", "on", NULL };

static const Property virtio_pci_properties[] = {
    PROPERTY_ENUM("disable-legacy", VirtioPci, disable_legacy, legacy_names, VIRTIO_PCI_LEGACY_AUTO,
                  .help = "no registers for drivers from before version 1"),
    PROPERTY_BOOL("disable-modern", VirtioPci, disable_modern, false,
                  .help = "no registers for drivers of version 1"),
    PROPERTY_U32("vectors", VirtioPci, vectors, UINT32_MAX, .help = "MSI-X vectors; 0: no MSI-X"),
    {},
};

const PciDeviceClass virtio_pci_class = {
    .device = { .object = { .name = "virtio-pci",
                            .parent = &pci_device_class.device.object,
                            .abstract = true,
                            .instance_size = sizeof(VirtioPci),
                            .properties = virtio_pci_properties,
                            .front_of = virtio_pci_front_of,
                            .init = virtio_pci_object_init },
                .vmstate = &virtio_pci_vmstate },
    .setup = virtio_pci_setup,
    .reset = virtio_pci_reset,
    .config_read = virtio_pci_config_read,
    .config_write = virtio_pci_config_write,
};
CLASS_REGISTER(virtio_pci_class);
