/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio devices, apart from how the guest reaches them: a device is written once and plugged into
 * the bus of a transport (virtio-mmio; PCI).  Spec: VIRTIO 1.2.
 */
#pragma once

#include "hw/core/device.h"
#include "hw/virtio/virtqueue.h"
#include "util/timer.h"

enum { VIRTIO_MAX_QUEUES = 64, VIRTIO_CONFIG_BYTES = 256 };

/* Requests served at one go; then others get the machine lock. See virtio_notify_again(). */
enum { VIRTIO_BATCH = 256 };

/* 2.1 */
enum {
    VIRTIO_STATUS_ACKNOWLEDGE = 0x01,
    VIRTIO_STATUS_DRIVER = 0x02,
    VIRTIO_STATUS_DRIVER_OK = 0x04,
    VIRTIO_STATUS_FEATURES_OK = 0x08,
    VIRTIO_STATUS_NEEDS_RESET = 0x40,
    VIRTIO_STATUS_FAILED = 0x80,
};

/* 6: feature bits that belong to rings and transport */
enum {
    VIRTIO_F_ANY_LAYOUT = 27, /* legacy */
    VIRTIO_F_INDIRECT_DESC = 28,
    VIRTIO_F_EVENT_IDX = 29,
    VIRTIO_F_VERSION_1 = 32,
    VIRTIO_F_RING_PACKED = 34,
};

enum { VIRTIO_ID_BLOCK = 2, VIRTIO_ID_CONSOLE = 3, VIRTIO_ID_ENTROPY = 4 };

typedef struct VirtioDevice VirtioDevice;
typedef struct VirtioBus VirtioBus;

/* What a transport does for the device plugged into it. */
typedef struct {
    void (*queue_interrupt)(VirtioBus *bus, unsigned queue);
    void (*config_interrupt)(VirtioBus *bus);
    bool (*is_legacy)(VirtioBus *bus);
} VirtioTransportOps;

/* Embedded by the transport; takes one device. */
struct VirtioBus {
    Bus bus;
    const VirtioTransportOps *ops;
    VirtioDevice *device; /* NULL: the slot is empty */
};

typedef struct {
    BusClass bus;
} VirtioBusClass;

extern const VirtioBusClass virtio_bus_class;

/* A kind of device fills these and leaves realize and reset alone. Slots may be empty unless said
 * otherwise. */
typedef struct {
    DeviceClass device;
    uint16_t id;                                      /* section 5 */
    bool (*setup)(VirtioDevice *vdev, GError **errp); /* must be there: adds the queues */
    void (*cleanup)(VirtioDevice *vdev);
    uint64_t (*features)(VirtioDevice *vdev); /* bits of its own that it offers */
    void (*read_config)(VirtioDevice *vdev,
                        uint8_t config[VIRTIO_CONFIG_BYTES]); /* zeroed before */
    void (*write_config)(VirtioDevice *vdev, unsigned offset, unsigned size, uint32_t value);
    void (*start)(VirtioDevice *vdev); /* the driver is ready */
    /* before saving: give back (virtqueue_unpop) what was taken and not answered */
    void (*quiesce)(VirtioDevice *vdev);
    void (*stop)(VirtioDevice *vdev); /* reset: drop every request */
    void (*queue_notify)(VirtioDevice *vdev,
                         unsigned queue); /* must be there; only while the driver is ready */
} VirtioDeviceClass;

/* Guarded by the machine lock. */
struct VirtioDevice {
    Device device;
    VirtioBus *bus;
    VirtQueue queues[VIRTIO_MAX_QUEUES];
    unsigned queue_count;
    unsigned config_bytes;
    bool offer_indirect, offer_event_idx, offer_packed; /* properties */
    /* guest state */
    uint8_t status;
    uint64_t driver_features;
    uint32_t config_generation;
    uint64_t again; /* queues with more to do, by bit */
    Timer again_timer;
};

extern const VirtioDeviceClass virtio_device_class;

/* For devices */
VirtQueue *virtio_add_queue(VirtioDevice *vdev, uint16_t max_size);
/** virtio_interrupt - requests were pushed to @queue: tell the driver if it wants to know */
void virtio_interrupt(VirtioDevice *vdev, unsigned queue);
/** virtio_notify_again - queue_notify(@queue) once more, soon: after VIRTIO_BATCH requests */
void virtio_notify_again(VirtioDevice *vdev, unsigned queue);
/** virtio_config_changed - read_config() answers differently from now on */
void virtio_config_changed(VirtioDevice *vdev);
bool virtio_has_feature(const VirtioDevice *vdev, unsigned bit);
bool virtio_is_running(const VirtioDevice *vdev);

/* For transports; @vdev is never NULL */
void virtio_bus_init(VirtioBus *bus, const VirtioTransportOps *ops, Device *transport,
                     const char *name);
uint16_t virtio_id(const VirtioDevice *vdev);
uint64_t virtio_offered_features(VirtioDevice *vdev);
void virtio_set_driver_features(VirtioDevice *vdev, uint64_t features);
void virtio_set_status(VirtioDevice *vdev, uint8_t status);
void virtio_notify(VirtioDevice *vdev, unsigned queue);
/** virtio_start_queue - addresses and size are in the queue; a refused queue stays off and is
 * logged */
void virtio_start_queue(VirtioDevice *vdev, unsigned queue);
uint64_t virtio_read_config(VirtioDevice *vdev, unsigned offset, unsigned size);
void virtio_write_config(VirtioDevice *vdev, unsigned offset, unsigned size, uint64_t value);
