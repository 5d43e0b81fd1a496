/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port by which a guest kernel says that it crashed. Spec: QEMU docs/specs/pvpanic.rst. */
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "util/log.h"

enum { PANICKED = 1 << 0, CRASH_LOADED = 1 << 1, EVENTS = PANICKED | CRASH_LOADED };

typedef struct {
    IsaDevice isa;
    MemoryRegion port;
    uint16_t ioport; /* properties */
    uint8_t events;
} Pvpanic;

static uint64_t pvpanic_read(void *opaque, hwaddr port, unsigned size)
{
    return ((Pvpanic *)opaque)->events;
}

static void pvpanic_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    Pvpanic *pvpanic = opaque;
    if (value & ~(uint64_t)EVENTS) {
        log_guest_error("pvpanic: unknown event %#x\n", (unsigned)value);
    }
    if (value & PANICKED & pvpanic->events) {
        machine_request_shutdown(device_machine(&pvpanic->isa.device), SHUTDOWN_GUEST_PANIC, 0);
    } else if (value & CRASH_LOADED & pvpanic->events) {
        TRACE(pvpanic_crash_loaded, "the guest starts its crash kernel");
    }
}

static const MemoryOps pvpanic_ops = {
    .read = pvpanic_read, .write = pvpanic_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

static bool pvpanic_setup(IsaDevice *isa, GError **errp)
{
    Pvpanic *pvpanic = container_of(isa, Pvpanic, isa);
    memory_region_init_io(&pvpanic->port, &isa->device.object, &pvpanic_ops, pvpanic, "pvpanic", 1);
    isa_add_ports(isa, &pvpanic->port, pvpanic->ioport);
    return true;
}

static const Property pvpanic_properties[] = {
    PROPERTY_U16("ioport", Pvpanic, ioport, 0x505, .min = 0, .max = 0xffff, .help = "port"),
    PROPERTY_U8("events", Pvpanic, events, EVENTS, .min = 0, .max = EVENTS,
                .help = "what is understood: 1 a panic, 2 that a crash kernel starts"),
    {},
};

static const IsaDeviceClass pvpanic_class = {
    .device = { .object = { .name = "pvpanic",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(Pvpanic),
                            .properties = pvpanic_properties },
                .summary = "Lets the guest report its crash",
                .user_creatable = true },
    .setup = pvpanic_setup,
};
CLASS_REGISTER(pvpanic_class);
