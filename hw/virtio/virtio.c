/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/virtio/virtio.h"

#include <inttypes.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/error.h"
#include "util/log.h"

#define BIT(n) (1ull << (n))

const VirtioBusClass virtio_bus_class = {
    .bus = { .object = { .name = "virtio-bus",
                         .parent = &bus_class.object,
                         .instance_size = sizeof(VirtioBus) },
             .max_devices = 1 },
};
CLASS_REGISTER(virtio_bus_class);

void virtio_bus_init(VirtioBus *bus, const VirtioTransportOps *ops, Device *transport,
                     const char *name)
{
    bus_init(&bus->bus, &virtio_bus_class.bus, transport, name);
    bus->ops = ops;
}

static const char *name_of(const VirtioDevice *vdev)
{
    return vdev->device.object.class->name;
}

bool virtio_has_feature(const VirtioDevice *vdev, unsigned bit)
{
    return vdev->driver_features & BIT(bit);
}

bool virtio_is_running(const VirtioDevice *vdev)
{
    return (vdev->status & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_NEEDS_RESET)) ==
           VIRTIO_STATUS_DRIVER_OK;
}

/* 2.1.2: the device has met an error that it cannot recover from by itself. */
static void ring_broken(void *opaque, const char *why)
{
    VirtioDevice *vdev = opaque;
    log_guest_error("%s: %s; the driver has to reset the device\n", name_of(vdev), why);
    if (!(vdev->status & VIRTIO_STATUS_NEEDS_RESET)) {
        vdev->status |= VIRTIO_STATUS_NEEDS_RESET;
        vdev->bus->ops->config_interrupt(vdev->bus);
    }
}

VirtQueue *virtio_add_queue(VirtioDevice *vdev, uint16_t max_size)
{
    g_assert(vdev->queue_count < VIRTIO_MAX_QUEUES);
    VirtQueue *vq = &vdev->queues[vdev->queue_count++];
    virtqueue_init(vq, &device_machine(&vdev->device)->memory, max_size, ring_broken, vdev);
    return vq;
}

void virtio_interrupt(VirtioDevice *vdev, unsigned queue)
{
    if (virtio_is_running(vdev) && virtqueue_wants_interrupt(&vdev->queues[queue])) {
        vdev->bus->ops->queue_interrupt(vdev->bus, queue);
    }
}

void virtio_config_changed(VirtioDevice *vdev)
{
    vdev->config_generation++;
    if (vdev->status & VIRTIO_STATUS_DRIVER_OK) {
        vdev->bus->ops->config_interrupt(vdev->bus);
    }
}

uint16_t virtio_id(const VirtioDevice *vdev)
{
    return container_of(vdev->device.object.class, VirtioDeviceClass, device.object)->id;
}

uint64_t virtio_offered_features(VirtioDevice *vdev)
{
    uint64_t (*own)(VirtioDevice *) =
        CLASS_METHOD(&vdev->device.object, virtio_device_class, VirtioDeviceClass, features);
    uint64_t offered = own ? own(vdev) : 0;
    bool legacy = vdev->bus->ops->is_legacy(vdev->bus);
    offered |= vdev->offer_indirect ? BIT(VIRTIO_F_INDIRECT_DESC) : 0;
    offered |= vdev->offer_event_idx ? BIT(VIRTIO_F_EVENT_IDX) : 0;
    if (legacy) {
        return (offered | BIT(VIRTIO_F_ANY_LAYOUT)) & UINT32_MAX;
    }
    return offered | BIT(VIRTIO_F_VERSION_1) | (vdev->offer_packed ? BIT(VIRTIO_F_RING_PACKED) : 0);
}

void virtio_set_driver_features(VirtioDevice *vdev, uint64_t features)
{
    if (vdev->status & (VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK)) {
        log_guest_error("%s: features cannot change any more\n", name_of(vdev));
        return;
    }
    vdev->driver_features = features;
}

static void reset(VirtioDevice *vdev)
{
    void (*stop)(VirtioDevice *) =
        CLASS_METHOD(&vdev->device.object, virtio_device_class, VirtioDeviceClass, stop);
    vdev->status = 0;
    vdev->again = 0;
    timer_cancel(&vdev->again_timer);
    if (stop) {
        stop(vdev);
    }
    vdev->driver_features = 0;
    for (unsigned i = 0; i < vdev->queue_count; i++) {
        virtqueue_reset(&vdev->queues[i]);
    }
}

/* 3.1.1 step 5: FEATURES_OK stays clear when the driver took what was not offered, or not what must
 * be taken. */
static bool features_acceptable(VirtioDevice *vdev)
{
    uint64_t offered = virtio_offered_features(vdev);
    bool legacy = vdev->bus->ops->is_legacy(vdev->bus);
    return !(vdev->driver_features & ~offered) &&
           (legacy || virtio_has_feature(vdev, VIRTIO_F_VERSION_1));
}

void virtio_set_status(VirtioDevice *vdev, uint8_t status)
{
    uint8_t old = vdev->status;
    if (status == 0) {
        reset(vdev);
        return;
    }
    if ((status & ~old & VIRTIO_STATUS_FEATURES_OK) && !features_acceptable(vdev)) {
        log_guest_error("%s: driver features %#" PRIx64 " are not acceptable\n", name_of(vdev),
                        vdev->driver_features);
        status &= ~VIRTIO_STATUS_FEATURES_OK;
    }
    vdev->status = status | (old & VIRTIO_STATUS_NEEDS_RESET);
    void (*start)(VirtioDevice *) =
        CLASS_METHOD(&vdev->device.object, virtio_device_class, VirtioDeviceClass, start);
    if (start && (status & ~old & VIRTIO_STATUS_DRIVER_OK)) {
        start(vdev);
    }
}

void virtio_notify(VirtioDevice *vdev, unsigned queue)
{
    void (*notify)(VirtioDevice *, unsigned) =
        CLASS_METHOD(&vdev->device.object, virtio_device_class, VirtioDeviceClass, queue_notify);
    if (queue >= vdev->queue_count) {
        log_guest_error("%s: notification of queue %u, there are %u\n", name_of(vdev), queue,
                        vdev->queue_count);
    } else if (virtio_is_running(vdev)) {
        notify(vdev, queue);
    }
}

static void arm_again(VirtioDevice *vdev)
{
    if (vdev->again) {
        timer_set_ns(&vdev->again_timer, clock_ns(vdev->again_timer.clocks, CLOCK_KIND_VIRTUAL));
    }
}

void virtio_notify_again(VirtioDevice *vdev, unsigned queue)
{
    vdev->again |= BIT(queue);
    arm_again(vdev);
}

static void notify_again(void *opaque)
{
    VirtioDevice *vdev = opaque;
    uint64_t queues = vdev->again;
    vdev->again = 0;
    for (unsigned i = 0; i < vdev->queue_count; i++) {
        if (queues & BIT(i)) {
            virtio_notify(vdev, i);
        }
    }
}

void virtio_start_queue(VirtioDevice *vdev, unsigned queue)
{
    VirtQueue *vq = &vdev->queues[queue];
    vq->packed = virtio_has_feature(vdev, VIRTIO_F_RING_PACKED);
    vq->event_idx = virtio_has_feature(vdev, VIRTIO_F_EVENT_IDX);
    vq->indirect = virtio_has_feature(vdev, VIRTIO_F_INDIRECT_DESC);
    if (!virtqueue_start(vq)) {
        log_guest_error("%s: queue %u: size %u or addresses cannot be\n", name_of(vdev), queue,
                        vq->size);
    }
}

uint64_t virtio_read_config(VirtioDevice *vdev, unsigned offset, unsigned size)
{
    void (*read_config)(VirtioDevice *, uint8_t *) =
        CLASS_METHOD(&vdev->device.object, virtio_device_class, VirtioDeviceClass, read_config);
    uint8_t config[VIRTIO_CONFIG_BYTES] = { 0 };
    uint64_t value = 0;
    if (offset > vdev->config_bytes || size > vdev->config_bytes - offset || !read_config) {
        log_guest_error("%s: read behind the configuration space, at %u\n", name_of(vdev), offset);
        return 0;
    }
    read_config(vdev, config);
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)config[offset + i] << 8 * i;
    }
    return value;
}

void virtio_write_config(VirtioDevice *vdev, unsigned offset, unsigned size, uint64_t value)
{
    void (*write_config)(VirtioDevice *, unsigned, unsigned, uint32_t) =
        CLASS_METHOD(&vdev->device.object, virtio_device_class, VirtioDeviceClass, write_config);
    if (offset > vdev->config_bytes || size > vdev->config_bytes - offset || size > 4 ||
        !write_config) {
        log_guest_error("%s: no configuration field of %u bytes to write at %u\n", name_of(vdev),
                        size, offset);
        return;
    }
    write_config(vdev, offset, size, value);
}

static bool virtio_realize(Device *dev, GError **errp)
{
    VirtioDevice *vdev = container_of(dev, VirtioDevice, device);
    bool (*setup)(VirtioDevice *, GError **) =
        CLASS_METHOD(&dev->object, virtio_device_class, VirtioDeviceClass, setup);
    vdev->bus = container_of(dev->bus, VirtioBus, bus);
    timer_init(&vdev->again_timer, device_machine(dev)->clocks, CLOCK_KIND_VIRTUAL, notify_again,
               vdev);
    if (!setup(vdev, errp)) {
        return false;
    }
    vdev->bus->device = vdev;
    return true;
}

static void virtio_unrealize(Device *dev)
{
    VirtioDevice *vdev = container_of(dev, VirtioDevice, device);
    void (*cleanup)(VirtioDevice *) =
        CLASS_METHOD(&dev->object, virtio_device_class, VirtioDeviceClass, cleanup);
    reset(vdev);
    vdev->bus->device = NULL;
    if (cleanup) {
        cleanup(vdev);
    }
}

static void virtio_reset(Device *dev)
{
    VirtioDevice *vdev = container_of(dev, VirtioDevice, device);
    reset(vdev);
    vdev->config_generation = 0;
}

static bool virtio_pre_save(void *opaque)
{
    VirtioDevice *vdev = opaque;
    void (*quiesce)(VirtioDevice *) =
        CLASS_METHOD(&vdev->device.object, virtio_device_class, VirtioDeviceClass, quiesce);
    if (quiesce) {
        quiesce(vdev);
    }
    return true;
}

static bool virtio_post_load(void *opaque, uint32_t version, GError **errp)
{
    VirtioDevice *vdev = opaque;
    for (unsigned i = vdev->queue_count; i < VIRTIO_MAX_QUEUES; i++) {
        if (vdev->queues[i].ready) {
            error_set(errp, "%s: saved with more queues than %u", name_of(vdev), vdev->queue_count);
            return false;
        }
    }
    arm_again(vdev);
    return true;
}

static const Property virtio_properties[] = {
    PROPERTY_BOOL("indirect_desc", VirtioDevice, offer_indirect, true,
                  .help = "offer indirect descriptors"),
    PROPERTY_BOOL("event_idx", VirtioDevice, offer_event_idx, true,
                  .help = "offer event suppression"),
    PROPERTY_BOOL("packed", VirtioDevice, offer_packed, false, .help = "offer packed rings"),
    {},
};

static const VmState virtio_vmstate = {
    .name = "virtio",
    .version = 1,
    .pre_save = virtio_pre_save,
    .post_load = virtio_post_load,
    .fields =
        (const VmField[]){
            VM_U8(VirtioDevice, status),
            VM_U64(VirtioDevice, driver_features),
            VM_U32(VirtioDevice, config_generation),
            VM_U64(VirtioDevice, again),
            VM_STRUCT_ARRAY(VirtioDevice, queues, virtqueue_vmstate, VirtQueue),
            {},
        },
};

const VirtioDeviceClass virtio_device_class = {
    .device = { .object = { .name = "virtio-device",
                            .parent = &device_class.object,
                            .abstract = true,
                            .instance_size = sizeof(VirtioDevice),
                            .properties = virtio_properties },
                .bus = &virtio_bus_class.bus,
                .realize = virtio_realize,
                .unrealize = virtio_unrealize,
                .reset = virtio_reset,
                .vmstate = &virtio_vmstate },
};
CLASS_REGISTER(virtio_device_class);
