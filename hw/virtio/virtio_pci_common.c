/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The common configuration structure of virtio over PCI.  Spec: VIRTIO 1.2, 4.1.4.3. */
#include <inttypes.h>

#include "hw/virtio/virtio_pci.h"
#include "util/log.h"

enum {
    REG_DEVICE_FEATURES_SEL = 0x00,
    REG_DEVICE_FEATURES = 0x04,
    REG_DRIVER_FEATURES_SEL = 0x08,
    REG_DRIVER_FEATURES = 0x0c,
    REG_CONFIG_VECTOR = 0x10,
    REG_QUEUES = 0x12,
    REG_STATUS = 0x14,
    REG_GENERATION = 0x15,
    REG_QUEUE_SELECT = 0x16,
    REG_QUEUE_SIZE = 0x18,
    REG_QUEUE_VECTOR = 0x1a,
    REG_QUEUE_ENABLE = 0x1c,
    REG_QUEUE_NOTIFY_OFFSET = 0x1e,
    REG_QUEUE_DESC = 0x20,
    REG_QUEUE_DRIVER = 0x28,
    REG_QUEUE_DEVICE = 0x30,
};

/* The part of @features that selector @sel shows. */
static uint32_t half(uint64_t features, uint32_t sel)
{
    return sel == 0 ? features : sel == 1 ? features >> 32 : 0;
}

/* One half of @value; narrower writes are not allowed (4.1.3.1). */
static void set_half(uint64_t *value, bool high, uint32_t part)
{
    *value = high ? (*value & UINT32_MAX) | (uint64_t)part << 32
                  : (*value & ~(uint64_t)UINT32_MAX) | part;
}

static uint64_t read_queue_register(const VirtioPci *dev, const VirtQueue *vq, hwaddr offset)
{
    switch (offset) {
    case REG_QUEUE_SIZE: return vq->size ? vq->size : vq->max_size;
    case REG_QUEUE_VECTOR: return dev->queue_vector[dev->queue_sel];
    case REG_QUEUE_ENABLE: return vq->ready;
    case REG_QUEUE_NOTIFY_OFFSET: return dev->queue_sel;
    case REG_QUEUE_DESC: return (uint32_t)vq->desc;
    case REG_QUEUE_DESC + 4: return vq->desc >> 32;
    case REG_QUEUE_DRIVER: return (uint32_t)vq->driver;
    case REG_QUEUE_DRIVER + 4: return vq->driver >> 32;
    case REG_QUEUE_DEVICE: return (uint32_t)vq->device;
    case REG_QUEUE_DEVICE + 4: return vq->device >> 32;
    default: return 0;
    }
}

static uint64_t common_read(void *opaque, hwaddr offset, unsigned size)
{
    VirtioPci *dev = opaque;
    VirtioDevice *vdev = dev->vdev;
    VirtQueue *vq = virtio_pci_queue(dev);

    dev->legacy_driver = false;
    switch (offset) {
    case REG_DEVICE_FEATURES_SEL: return dev->device_features_sel;
    case REG_DEVICE_FEATURES: return half(virtio_offered_features(vdev), dev->device_features_sel);
    case REG_DRIVER_FEATURES_SEL: return dev->driver_features_sel;
    case REG_DRIVER_FEATURES: return half(dev->driver_features, dev->driver_features_sel);
    case REG_CONFIG_VECTOR: return dev->config_vector;
    case REG_QUEUES: return vdev->queue_count;
    case REG_STATUS: return vdev->status;
    case REG_GENERATION: return vdev->config_generation & 0xff;
    case REG_QUEUE_SELECT: return dev->queue_sel;
    default: return vq ? read_queue_register(dev, vq, offset) : 0;
    }
}

/* Registers of the selected queue; false if @offset is none that may be written now. */
static bool write_queue_register(VirtioPci *dev, VirtQueue *vq, hwaddr offset, uint32_t value)
{
    if (offset == REG_QUEUE_VECTOR) {
        dev->queue_vector[dev->queue_sel] = virtio_pci_valid_vector(dev, value);
        return true;
    }
    if (vq->ready) {
        return false;
    }
    switch (offset) {
    case REG_QUEUE_SIZE:
        if (value == 0 || value > vq->max_size) {
            return false;
        }
        vq->size = value;
        return true;
    case REG_QUEUE_ENABLE:
        if (value & 1) {
            vq->size = vq->size ? vq->size : vq->max_size;
            virtio_start_queue(dev->vdev, dev->queue_sel);
        }
        return true;
    case REG_QUEUE_DESC:
    case REG_QUEUE_DESC + 4: set_half(&vq->desc, offset & 4, value); return true;
    case REG_QUEUE_DRIVER:
    case REG_QUEUE_DRIVER + 4: set_half(&vq->driver, offset & 4, value); return true;
    case REG_QUEUE_DEVICE:
    case REG_QUEUE_DEVICE + 4: set_half(&vq->device, offset & 4, value); return true;
    default: return false;
    }
}

static void common_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VirtioPci *dev = opaque;
    VirtQueue *vq = virtio_pci_queue(dev);

    dev->legacy_driver = false;
    switch (offset) {
    case REG_DEVICE_FEATURES_SEL: dev->device_features_sel = value; return;
    case REG_DRIVER_FEATURES_SEL: dev->driver_features_sel = value; return;
    case REG_DRIVER_FEATURES:
        if (dev->driver_features_sel <= 1) {
            set_half(&dev->driver_features, dev->driver_features_sel, value);
            virtio_set_driver_features(dev->vdev, dev->driver_features);
        }
        return;
    case REG_CONFIG_VECTOR: dev->config_vector = virtio_pci_valid_vector(dev, value); return;
    case REG_STATUS: virtio_pci_set_status(dev, value); return;
    case REG_QUEUE_SELECT: dev->queue_sel = value; return;
    }
    if (!vq || !write_queue_register(dev, vq, offset, value)) {
        log_guest_error("virtio-pci: %#" PRIx64 " cannot be written to common register %#" PRIx64
                        " now\n",
                        value, offset);
    }
}

const MemoryOps virtio_pci_common_ops = {
    .read = common_read,
    .write = common_write,
    .min_access = 1,
    .max_access = 8,
    .impl_min = 1,
    .impl_max = 4,
};
