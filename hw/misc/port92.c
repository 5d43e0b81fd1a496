/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System control port A: the fast A20 gate and the fast reset. Named output "a20" follows bit 1.
 * Spec: ICH9 data sheet (316972), 13.7.3 "PORT92".
 */
#include "hw/core/machine.h"
#include "hw/isa/isa.h"

enum { PORT = 0x92, RESET = 0x01, A20 = 0x02, WRITABLE = 0x03 };

typedef struct {
    IsaDevice isa;
    MemoryRegion port;
    Irq *a20;
    uint8_t value;
} Port92;

static uint64_t port92_read(void *opaque, hwaddr port, unsigned size)
{
    return ((Port92 *)opaque)->value;
}

static void port92_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    Port92 *dev = opaque;
    bool resets = value & ~dev->value & RESET;
    dev->value = value & WRITABLE;
    irq_set(dev->a20, !!(value & A20));
    if (resets) {
        machine_request_reset(device_machine(&dev->isa.device), true);
    }
}

static const MemoryOps port92_ops = {
    .read = port92_read, .write = port92_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

static bool port92_setup(IsaDevice *isa, GError **errp)
{
    Port92 *dev = container_of(isa, Port92, isa);
    memory_region_init_io(&dev->port, &isa->device.object, &port92_ops, dev, "port92", 1);
    isa_add_ports(isa, &dev->port, PORT);
    device_add_irq_outputs(&isa->device, "a20", &dev->a20, 1);
    return true;
}

/* The line itself is left to who else drives it: all of them start alike. */
static void port92_reset(Device *dev)
{
    container_of(dev, Port92, isa.device)->value = 0;
}

static bool port92_post_load(void *opaque, uint32_t version, GError **errp)
{
    ((Port92 *)opaque)->value &= WRITABLE;
    return true;
}

static const VmState port92_vmstate = {
    .version = 1,
    .post_load = port92_post_load,
    .fields = (const VmField[]){ VM_U8(Port92, value), {} },
};

static const IsaDeviceClass port92_class = {
    .device = { .object = { .name = "port92",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(Port92) },
                .summary = "Fast A20 gate and reset",
                .reset = port92_reset,
                .vmstate = &port92_vmstate },
    .setup = port92_setup,
};
CLASS_REGISTER(port92_class);
