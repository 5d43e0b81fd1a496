/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Latch between FERR# of the processor and interrupt line 13, which software clears at port 0xf0.
 * Spec: SDM vol. 1, D.2 "implementation of the MS-DOS compatibility sub-mode"; PIIX3 data sheet
 * (290550), 2.5.5 "coprocessor error register".
 */
#include "hw/isa/isa.h"

enum { PORT = 0xf0, PORTS = 2, LINE = 13 };

typedef struct {
    IsaDevice isa;
    MemoryRegion ports;
    Irq *irq;
    bool latched; /* guest state */
} FpuError;

static void latch(FpuError *dev, bool level)
{
    dev->latched = level;
    irq_set(dev->irq, level);
}

static void ferr_changed(void *opaque, unsigned line, int level)
{
    latch(opaque, level);
}

static uint64_t fpu_error_read(void *opaque, hwaddr port, unsigned size)
{
    return UINT8_MAX;
}

static void fpu_error_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    latch(opaque, false);
}

static const MemoryOps fpu_error_ops = {
    .read = fpu_error_read, .write = fpu_error_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

static bool fpu_error_setup(IsaDevice *isa, GError **errp)
{
    FpuError *dev = container_of(isa, FpuError, isa);
    dev->irq = isa_irq(isa, LINE);
    device_add_irq_inputs(&isa->device, NULL, ferr_changed, dev, 1);
    memory_region_init_io(&dev->ports, &isa->device.object, &fpu_error_ops, dev, "fpu-error",
                          PORTS);
    isa_add_ports(isa, &dev->ports, PORT);
    return true;
}

static void fpu_error_reset(Device *dev)
{
    latch(container_of(dev, FpuError, isa.device), false);
}

static bool fpu_error_post_load(void *opaque, uint32_t version, GError **errp)
{
    FpuError *dev = opaque;
    latch(dev, dev->latched);
    return true;
}

static const VmState fpu_error_vmstate = {
    .version = 1,
    .post_load = fpu_error_post_load,
    .fields = (const VmField[]){ VM_BOOL(FpuError, latched), {} },
};

static const IsaDeviceClass fpu_error_class = {
    .device = { .object = { .name = "fpu-error",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(FpuError) },
                .summary = "Interrupt of floating point errors",
                .reset = fpu_error_reset,
                .vmstate = &fpu_error_vmstate },
    .setup = fpu_error_setup,
};
CLASS_REGISTER(fpu_error_class);
