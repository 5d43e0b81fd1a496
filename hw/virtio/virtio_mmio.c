/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over memory-mapped registers, version 2 and legacy version 1. A slot without a device
 * answers with device id 0.  Spec: VIRTIO 1.2, section 4.2.
 */
#include <inttypes.h>

#include "hw/core/sysbus.h"
#include "hw/virtio/virtio.h"
#include "util/error.h"
#include "util/log.h"

/* 4.2.2 and 4.2.4 (legacy) */
enum {
    REG_MAGIC = 0x000,
    REG_VERSION = 0x004,
    REG_DEVICE_ID = 0x008,
    REG_VENDOR_ID = 0x00c,
    REG_DEVICE_FEATURES = 0x010,
    REG_DEVICE_FEATURES_SEL = 0x014,
    REG_DRIVER_FEATURES = 0x020,
    REG_DRIVER_FEATURES_SEL = 0x024,
    REG_GUEST_PAGE_SIZE = 0x028, /* legacy */
    REG_QUEUE_SEL = 0x030,
    REG_QUEUE_NUM_MAX = 0x034,
    REG_QUEUE_NUM = 0x038,
    REG_QUEUE_ALIGN = 0x03c, /* legacy */
    REG_QUEUE_PFN = 0x040,   /* legacy */
    REG_QUEUE_READY = 0x044,
    REG_QUEUE_NOTIFY = 0x050,
    REG_INTERRUPT_STATUS = 0x060,
    REG_INTERRUPT_ACK = 0x064,
    REG_STATUS = 0x070,
    REG_QUEUE_DESC_LOW = 0x080,
    REG_QUEUE_DESC_HIGH = 0x084,
    REG_QUEUE_DRIVER_LOW = 0x090,
    REG_QUEUE_DRIVER_HIGH = 0x094,
    REG_QUEUE_DEVICE_LOW = 0x0a0,
    REG_QUEUE_DEVICE_HIGH = 0x0a4,
    REG_SHM_SEL = 0x0ac,
    REG_SHM_LEN_LOW = 0x0b0,
    REG_SHM_BASE_HIGH = 0x0bc,
    REG_CONFIG_GENERATION = 0x0fc,
    REG_CONFIG = 0x100,
    REGION_BYTES = 0x200,
};
enum {
    MAGIC = 0x74726976 /* "virt" */,
    VENDOR = 0x554d4551 /* "QEMU", which some drivers look for */
};
enum { INTERRUPT_QUEUE = 1, INTERRUPT_CONFIG = 2, MAX_LEGACY_ALIGN = 1 << 16 };

typedef struct {
    SysbusDevice sysbus;
    MemoryRegion mmio;
    Irq *irq;
    VirtioBus bus;
    bool legacy;     /* property */
    uint32_t number; /* property */
    /* guest state */
    uint32_t interrupts; /* INTERRUPT_* */
    uint32_t device_features_sel, driver_features_sel, queue_sel;
    uint64_t driver_features;               /* as written so far */
    uint32_t guest_page_bytes, queue_align; /* legacy */
    uint32_t queue_pfn[VIRTIO_MAX_QUEUES];  /* legacy */
} VirtioMmio;

static void update_irq(VirtioMmio *slot)
{
    irq_set(slot->irq, slot->interrupts != 0);
}

static void queue_interrupt(VirtioBus *bus, unsigned queue)
{
    VirtioMmio *slot = container_of(bus, VirtioMmio, bus);
    slot->interrupts |= INTERRUPT_QUEUE;
    update_irq(slot);
}

static void config_interrupt(VirtioBus *bus)
{
    VirtioMmio *slot = container_of(bus, VirtioMmio, bus);
    slot->interrupts |= INTERRUPT_CONFIG;
    update_irq(slot);
}

static bool is_legacy(VirtioBus *bus)
{
    return container_of(bus, VirtioMmio, bus)->legacy;
}

static const VirtioTransportOps mmio_transport_ops = {
    .queue_interrupt = queue_interrupt,
    .config_interrupt = config_interrupt,
    .is_legacy = is_legacy,
};

/* The selected queue; one that does not exist has max_size 0 and takes no writes. */
static VirtQueue *selected(VirtioMmio *slot)
{
    VirtioDevice *vdev = slot->bus.device;
    return slot->queue_sel < vdev->queue_count ? &vdev->queues[slot->queue_sel] : NULL;
}

static uint32_t read_features(VirtioMmio *slot)
{
    uint64_t features = virtio_offered_features(slot->bus.device);
    return slot->device_features_sel == 0   ? features
           : slot->device_features_sel == 1 ? features >> 32
                                            : 0;
}

static uint64_t read_register(VirtioMmio *slot, hwaddr offset)
{
    VirtioDevice *vdev = slot->bus.device;
    VirtQueue *vq = selected(slot);
    switch (offset) {
    case REG_DEVICE_FEATURES: return read_features(slot);
    case REG_QUEUE_NUM_MAX: return vq ? vq->max_size : 0;
    case REG_QUEUE_READY: return !slot->legacy && vq && vq->ready;
    case REG_QUEUE_PFN: return slot->legacy && vq ? slot->queue_pfn[slot->queue_sel] : 0;
    case REG_INTERRUPT_STATUS: return slot->interrupts;
    case REG_STATUS: return vdev->status;
    case REG_CONFIG_GENERATION: return slot->legacy ? 0 : vdev->config_generation;
    }
    if (offset >= REG_SHM_LEN_LOW && offset <= REG_SHM_BASE_HIGH) {
        return UINT32_MAX; /* no such shared memory region */
    }
    log_guest_error("virtio-mmio: read of write-only or reserved register %#" PRIx64 "\n", offset);
    return 0;
}

static uint64_t virtio_mmio_read(void *opaque, hwaddr offset, unsigned size)
{
    VirtioMmio *slot = opaque;
    VirtioDevice *vdev = slot->bus.device;
    if (offset >= REG_CONFIG) {
        return vdev ? virtio_read_config(vdev, offset - REG_CONFIG, size) : 0;
    }
    if (size != 4) {
        log_guest_error("virtio-mmio: %u-byte read of register %#" PRIx64 "\n", size, offset);
        return 0;
    }
    switch (offset) {
    case REG_MAGIC: return MAGIC;
    case REG_VERSION: return slot->legacy ? 1 : 2;
    case REG_DEVICE_ID: return vdev ? virtio_id(vdev) : 0;
    case REG_VENDOR_ID: return VENDOR;
    }
    return vdev ? read_register(slot, offset) : 0;
}

static void set_half(uint64_t *value, bool high, uint32_t half)
{
    *value = high ? (*value & UINT32_MAX) | (uint64_t)half << 32
                  : (*value & ~(uint64_t)UINT32_MAX) | half;
}

/* A driver's reset. The legacy page size stays: it belongs to the slot, and drivers write it once
 * (4.2.4), before they reset the device they find. */
static void clear_transport(VirtioMmio *slot)
{
    slot->interrupts = 0;
    slot->device_features_sel = slot->driver_features_sel = slot->queue_sel = 0;
    slot->driver_features = 0;
    slot->queue_align = 0;
    for (unsigned i = 0; i < VIRTIO_MAX_QUEUES; i++) {
        slot->queue_pfn[i] = 0;
    }
    update_irq(slot);
}

static void write_status(VirtioMmio *slot, uint32_t status)
{
    VirtioDevice *vdev = slot->bus.device;
    virtio_set_status(vdev, status);
    if ((uint8_t)status == 0) {
        clear_transport(slot);
    }
}

static bool is_power_of_two(uint32_t n)
{
    return n && (n & (n - 1)) == 0;
}

/* 4.2.4: one address for the whole ring, whose parts follow each other. */
static void write_queue_pfn(VirtioMmio *slot, VirtQueue *vq, uint32_t pfn)
{
    if (pfn == 0) {
        uint32_t queue = slot->queue_sel;
        write_status(slot, 0);
        slot->queue_sel = queue;
        return;
    }
    if (!is_power_of_two(slot->guest_page_bytes) || !is_power_of_two(slot->queue_align) ||
        slot->queue_align > MAX_LEGACY_ALIGN) {
        log_guest_error("virtio-mmio: queue address without valid page size and alignment\n");
        return;
    }
    slot->queue_pfn[slot->queue_sel] = pfn;
    vq->desc = (uint64_t)pfn * slot->guest_page_bytes;
    vq->driver = vq->desc + 16ull * vq->size;
    vq->device = (vq->driver + 6 + 2ull * vq->size + slot->queue_align - 1) &
                 ~((uint64_t)slot->queue_align - 1);
    virtio_start_queue(slot->bus.device, slot->queue_sel);
}

/* Registers of the selected queue; true if @offset is one. */
static bool write_queue_register(VirtioMmio *slot, hwaddr offset, uint32_t value)
{
    VirtQueue *vq = selected(slot);
    bool modern = !slot->legacy;
    if (!vq || (vq->ready && offset != REG_QUEUE_READY && offset != REG_QUEUE_PFN)) {
        return false;
    }
    if (offset == REG_QUEUE_NUM && value && value <= vq->max_size) {
        vq->size = value;
    } else if (offset == REG_QUEUE_PFN && slot->legacy) {
        write_queue_pfn(slot, vq, value);
    } else if (offset == REG_QUEUE_READY && modern && (value & 1)) {
        virtio_start_queue(slot->bus.device, slot->queue_sel);
    } else if (offset == REG_QUEUE_READY && modern) {
        vq->ready = false;
    } else if ((offset | 4) == REG_QUEUE_DESC_HIGH && modern) {
        set_half(&vq->desc, offset & 4, value);
    } else if ((offset | 4) == REG_QUEUE_DRIVER_HIGH && modern) {
        set_half(&vq->driver, offset & 4, value);
    } else if ((offset | 4) == REG_QUEUE_DEVICE_HIGH && modern) {
        set_half(&vq->device, offset & 4, value);
    } else {
        return false;
    }
    return true;
}

static void write_register(VirtioMmio *slot, hwaddr offset, uint32_t value)
{
    VirtioDevice *vdev = slot->bus.device;
    switch (offset) {
    case REG_DEVICE_FEATURES_SEL: slot->device_features_sel = value; return;
    case REG_DRIVER_FEATURES_SEL: slot->driver_features_sel = value; return;
    case REG_DRIVER_FEATURES:
        if (slot->driver_features_sel <= 1) {
            set_half(&slot->driver_features, slot->driver_features_sel, value);
            virtio_set_driver_features(vdev, slot->driver_features);
        }
        return;
    case REG_GUEST_PAGE_SIZE: slot->guest_page_bytes = value; return;
    case REG_QUEUE_ALIGN: slot->queue_align = value; return;
    case REG_QUEUE_SEL: slot->queue_sel = value; return;
    case REG_QUEUE_NOTIFY: virtio_notify(vdev, value); return;
    case REG_INTERRUPT_ACK:
        slot->interrupts &= ~value;
        update_irq(slot);
        return;
    case REG_STATUS: write_status(slot, value & 0xff); return;
    case REG_SHM_SEL: return; /* whatever is selected, there is none */
    }
    if (!write_queue_register(slot, offset, value)) {
        log_guest_error("virtio-mmio: %#x cannot be written to register %#" PRIx64 " now\n", value,
                        offset);
    }
}

static void virtio_mmio_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VirtioMmio *slot = opaque;
    if (!slot->bus.device) {
        return; /* 4.2.3.1.1: an empty slot ignores the driver */
    }
    if (offset >= REG_CONFIG) {
        virtio_write_config(slot->bus.device, offset - REG_CONFIG, size, value);
    } else if (size != 4) {
        log_guest_error("virtio-mmio: %u-byte write of register %#" PRIx64 "\n", size, offset);
    } else {
        write_register(slot, offset, value);
    }
}

static const MemoryOps virtio_mmio_ops = {
    .read = virtio_mmio_read,
    .write = virtio_mmio_write,
    .min_access = 1,
    .max_access = 8,
};

static bool virtio_mmio_realize(Device *dev, GError **errp)
{
    VirtioMmio *slot = container_of(dev, VirtioMmio, sysbus.device);
    memory_region_init_io(&slot->mmio, &dev->object, &virtio_mmio_ops, slot, "virtio-mmio",
                          REGION_BYTES);
    sysbus_add_mmio(&slot->sysbus, &slot->mmio);
    sysbus_add_irq(&slot->sysbus, &slot->irq);
    g_autofree char *bus_name = g_strdup_printf("virtio-mmio-bus.%u", slot->number);
    virtio_bus_init(&slot->bus, &mmio_transport_ops, dev, bus_name);
    return true;
}

static void virtio_mmio_reset(Device *dev)
{
    VirtioMmio *slot = container_of(dev, VirtioMmio, sysbus.device);
    clear_transport(slot);
    slot->guest_page_bytes = 0;
}

static bool virtio_mmio_post_load(void *opaque, uint32_t version, GError **errp)
{
    update_irq(opaque);
    return true;
}

static const Property virtio_mmio_properties[] = {
    PROPERTY_U32("slot", VirtioMmio, number, 0, .help = "number in the name of its bus"),
    PROPERTY_BOOL("force-legacy", VirtioMmio, legacy, true,
                  .help = "registers of version 1 instead of version 2"),
    {},
};

static const VmState virtio_mmio_vmstate = {
    .version = 1,
    .post_load = virtio_mmio_post_load,
    .fields =
        (const VmField[]){
            VM_U32(VirtioMmio, interrupts),
            VM_U32(VirtioMmio, device_features_sel),
            VM_U32(VirtioMmio, driver_features_sel),
            VM_U32(VirtioMmio, queue_sel),
            VM_U64(VirtioMmio, driver_features),
            VM_U32(VirtioMmio, guest_page_bytes),
            VM_U32(VirtioMmio, queue_align),
            VM_U32_ARRAY(VirtioMmio, queue_pfn),
            {},
        },
};

static const DeviceClass virtio_mmio_class = {
    .object = { .name = "virtio-mmio",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(VirtioMmio),
                .properties = virtio_mmio_properties },
    .summary = "virtio transport on the memory bus",
    .category = DEVICE_CATEGORY_BRIDGE,
    .realize = virtio_mmio_realize,
    .reset = virtio_mmio_reset,
    .vmstate = &virtio_mmio_vmstate,
};
CLASS_REGISTER(virtio_mmio_class);
