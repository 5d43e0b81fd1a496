/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Legacy registers of virtio over PCI, in I/O space.  Spec: VIRTIO 1.2, 4.1.4.10. */
#include <inttypes.h>

#include "hw/pci/msi.h"
#include "hw/virtio/virtio_pci.h"
#include "util/log.h"

enum {
    REG_DEVICE_FEATURES = 0x00,
    REG_DRIVER_FEATURES = 0x04,
    REG_QUEUE_ADDRESS = 0x08,
    REG_QUEUE_SIZE = 0x0c,
    REG_QUEUE_SELECT = 0x0e,
    REG_QUEUE_NOTIFY = 0x10,
    REG_STATUS = 0x12,
    REG_ISR = 0x13,
    REG_CONFIG_VECTOR = 0x14, /* the two are there while MSI-X is on */
    REG_QUEUE_VECTOR = 0x16,
    REG_CONFIG = 0x14,
    VECTOR_BYTES = 4,
};
enum { PAGE_BITS = 12, RING_ALIGN = 1 << PAGE_BITS };

/* Where device configuration starts. */
static hwaddr config_start(const VirtioPci *dev)
{
    return REG_CONFIG + (pci_msix_enabled(&dev->pci) ? VECTOR_BYTES : 0);
}

static uint64_t legacy_read(void *opaque, hwaddr offset, unsigned size)
{
    VirtioPci *dev = opaque;
    VirtQueue *vq = virtio_pci_queue(dev);

    dev->legacy_driver = true;
    if (offset >= config_start(dev)) {
        return virtio_read_config(dev->vdev, offset - config_start(dev), size);
    }
    switch (offset) {
    case REG_DEVICE_FEATURES: return virtio_offered_features(dev->vdev);
    case REG_DRIVER_FEATURES: return (uint32_t)dev->driver_features;
    case REG_QUEUE_ADDRESS: return vq ? dev->queue_pfn[dev->queue_sel] : 0;
    case REG_QUEUE_SIZE: return vq ? vq->max_size : 0;
    case REG_QUEUE_SELECT: return dev->queue_sel;
    case REG_STATUS: return dev->vdev->status;
    case REG_ISR: return virtio_pci_read_isr(dev);
    case REG_CONFIG_VECTOR: return dev->config_vector;
    case REG_QUEUE_VECTOR: return vq ? dev->queue_vector[dev->queue_sel] : 0xffff;
    default: return 0;
    }
}

/* 2.7.2: one address for the whole ring, whose parts follow each other. */
static void write_queue_address(VirtioPci *dev, VirtQueue *vq, uint32_t pfn)
{
    if (pfn == 0) {
        virtio_pci_set_status(dev, 0);
        return;
    }
    if (vq->ready) {
        log_guest_error("virtio-pci: the address of a queue in use cannot change\n");
        return;
    }
    dev->queue_pfn[dev->queue_sel] = pfn;
    vq->size = vq->max_size;
    vq->desc = (uint64_t)pfn << PAGE_BITS;
    vq->driver = vq->desc + 16ull * vq->size;
    vq->device = (vq->driver + 6 + 2ull * vq->size + RING_ALIGN - 1) & ~(RING_ALIGN - 1ull);
    virtio_start_queue(dev->vdev, dev->queue_sel);
}

static void legacy_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VirtioPci *dev = opaque;
    VirtQueue *vq = virtio_pci_queue(dev);

    dev->legacy_driver = true;
    if (offset >= config_start(dev)) {
        virtio_write_config(dev->vdev, offset - config_start(dev), size, value);
        return;
    }
    switch (offset) {
    case REG_DRIVER_FEATURES:
        dev->driver_features = value & UINT32_MAX;
        virtio_set_driver_features(dev->vdev, dev->driver_features);
        return;
    case REG_QUEUE_SELECT: dev->queue_sel = value; return;
    case REG_QUEUE_NOTIFY: virtio_notify(dev->vdev, value & 0xffff); return;
    case REG_STATUS: virtio_pci_set_status(dev, value); return;
    case REG_CONFIG_VECTOR: dev->config_vector = virtio_pci_valid_vector(dev, value); return;
    }
    if (vq && offset == REG_QUEUE_ADDRESS) {
        write_queue_address(dev, vq, value);
    } else if (vq && offset == REG_QUEUE_VECTOR) {
        dev->queue_vector[dev->queue_sel] = virtio_pci_valid_vector(dev, value);
    } else {
        log_guest_error("virtio-pci: %#" PRIx64 " cannot be written to legacy register %#" PRIx64
                        "\n",
                        value, offset);
    }
}

const MemoryOps virtio_pci_legacy_ops = {
    .read = legacy_read,
    .write = legacy_write,
    .min_access = 1,
    .max_access = 4,
};
