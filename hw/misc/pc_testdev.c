/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests of x86 emulators expect at fixed places: registers at ports 0xe0 (any size) and 0xe8
 * (bytes), an accepted write at 0xe4, interrupt lines at 0x2000 and memory at 0xff000000 that is
 * MMIO. Spec: kvm-unit-tests, lib/x86 and x86/README.
 */
#include <string.h>

#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "util/log.h"

enum { IO_BYTES = 4, LINES = 24, MEMORY_BASE = 0xff000000, MEMORY_BYTES = 0x10000 };

typedef struct {
    IsaDevice isa;
    MemoryRegion io, io_bytes, flush, lines, memory;
    uint8_t io_data[IO_BYTES];
    uint8_t memory_data[MEMORY_BYTES];
} PcTestdev;

static uint64_t bytes_read(const uint8_t *data, hwaddr offset, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)data[offset + i] << 8 * i;
    }
    return value;
}

static void bytes_write(uint8_t *data, hwaddr offset, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        data[offset + i] = value >> 8 * i;
    }
}

static uint64_t io_read(void *opaque, hwaddr offset, unsigned size)
{
    return bytes_read(((PcTestdev *)opaque)->io_data, offset, size);
}

static void io_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    bytes_write(((PcTestdev *)opaque)->io_data, offset, value, size);
}

/* The page whose address is written is to be mapped anew: nothing here keeps mappings. */
static uint64_t flush_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0;
}

static void flush_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    TRACE(pc_testdev_flush, "page=%#llx", (unsigned long long)value);
}

static void line_write(void *opaque, hwaddr line, uint64_t value, unsigned size)
{
    PcTestdev *dev = opaque;
    if (line >= ISA_IRQ_COUNT) {
        log_guest_error("pc-testdev: line %u is not on the bus\n", (unsigned)line);
        return;
    }
    irq_set(isa_irq(&dev->isa, line), value != 0);
}

static uint64_t memory_read(void *opaque, hwaddr offset, unsigned size)
{
    return bytes_read(((PcTestdev *)opaque)->memory_data, offset, size);
}

static void memory_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    bytes_write(((PcTestdev *)opaque)->memory_data, offset, value, size);
}

static const MemoryOps io_ops = { .read = io_read, .write = io_write, .max_access = 4 };
static const MemoryOps io_bytes_ops = {
    .read = io_read, .write = io_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};
static const MemoryOps flush_ops = { .read = flush_read, .write = flush_write, .max_access = 4 };
static const MemoryOps lines_ops = {
    .read = flush_read, .write = line_write, .max_access = 4, .unaligned = true
};
static const MemoryOps memory_ops = { .read = memory_read, .write = memory_write };

static bool testdev_setup(IsaDevice *isa, GError **errp)
{
    PcTestdev *dev = container_of(isa, PcTestdev, isa);
    Object *obj = &isa->device.object;
    memory_region_init_io(&dev->io, obj, &io_ops, dev, "pc-testdev-ioport", IO_BYTES);
    memory_region_init_io(&dev->flush, obj, &flush_ops, dev, "pc-testdev-flush-page", 4);
    memory_region_init_io(&dev->io_bytes, obj, &io_bytes_ops, dev, "pc-testdev-ioport-byte",
                          IO_BYTES);
    memory_region_init_io(&dev->lines, obj, &lines_ops, dev, "pc-testdev-irq-line", LINES);
    memory_region_init_io(&dev->memory, obj, &memory_ops, dev, "pc-testdev-iomem", MEMORY_BYTES);
    isa_add_ports(isa, &dev->io, 0xe0);
    isa_add_ports(isa, &dev->flush, 0xe4);
    isa_add_ports(isa, &dev->io_bytes, 0xe8);
    isa_add_ports(isa, &dev->lines, 0x2000);
    isa_add_memory(isa, &dev->memory, MEMORY_BASE);
    return true;
}

static void testdev_reset(Device *dev)
{
    PcTestdev *testdev = container_of(dev, PcTestdev, isa.device);
    memset(testdev->io_data, 0, sizeof(testdev->io_data));
    memset(testdev->memory_data, 0, sizeof(testdev->memory_data));
}

static const VmState testdev_vmstate = {
    .version = 1,
    .fields =
        (const VmField[]){
            VM_BUFFER(PcTestdev, io_data),
            VM_BUFFER(PcTestdev, memory_data),
            {},
        },
};

static const IsaDeviceClass testdev_class = {
    .device = { .object = { .name = "pc-testdev",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(PcTestdev) },
                .summary = "Ports, lines and memory for tests of the emulator",
                .user_creatable = true,
                .reset = testdev_reset,
                .vmstate = &testdev_vmstate },
    .setup = testdev_setup,
};
CLASS_REGISTER(testdev_class);
