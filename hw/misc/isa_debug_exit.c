/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port with which guest test programs end the emulator: its exit status is twice the value, plus
 * one. */
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "util/error.h"

typedef struct {
    IsaDevice isa;
    MemoryRegion ports;
    uint32_t iobase, iosize; /* properties */
} IsaDebugExit;

static uint64_t debug_exit_read(void *opaque, hwaddr port, unsigned size)
{
    return 0;
}

static void debug_exit_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    IsaDebugExit *dev = opaque;
    machine_request_shutdown(device_machine(&dev->isa.device), SHUTDOWN_GUEST_EXIT,
                             (value << 1 | 1) & 0xff);
}

static const MemoryOps debug_exit_ops = {
    .read = debug_exit_read,
    .write = debug_exit_write,
    .max_access = 4,
    .unaligned = true,
};

static bool debug_exit_setup(IsaDevice *isa, GError **errp)
{
    IsaDebugExit *dev = container_of(isa, IsaDebugExit, isa);
    if (dev->iobase + dev->iosize > 0x10000) {
        error_set(errp, "isa-debug-exit: %u ports do not fit at iobase %#x", dev->iosize,
                  dev->iobase);
        return false;
    }
    memory_region_init_io(&dev->ports, &isa->device.object, &debug_exit_ops, dev, "isa-debug-exit",
                          dev->iosize);
    isa_add_ports(isa, &dev->ports, dev->iobase);
    return true;
}

static const Property debug_exit_properties[] = {
    PROPERTY_U32("iobase", IsaDebugExit, iobase, 0x501, .min = 0, .max = 0xffff, .help = "port"),
    PROPERTY_U32("iosize", IsaDebugExit, iosize, 2, .min = 1, .max = 16, .help = "ports"),
    {},
};

static const IsaDeviceClass debug_exit_class = {
    .device = { .object = { .name = "isa-debug-exit",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(IsaDebugExit),
                            .properties = debug_exit_properties },
                .summary = "Ends the emulator with a status that the guest gives",
                .user_creatable = true },
    .setup = debug_exit_setup,
};
CLASS_REGISTER(debug_exit_class);
