/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACLINT software interrupts: MSWI (a level that software sets and clears) and SSWI (an edge that
 * sets SSIP in the hart, which software clears there). Spec: RISC-V Advanced Core Local
 * Interruptor 1.0-rc4, chapters 3 and 4.
 */
#include "hw/core/machine.h"
#include "hw/core/sysbus.h"
#include "hw/intc/riscv_aclint.h"
#include "util/error.h"
#include "util/log.h"

typedef struct {
    SysbusDevice sysbus;
    MemoryRegion mmio;
    Irq **irqs;
    uint32_t hart_count; /* property */
    bool is_supervisor;
    uint8_t *pending; /* MSIP by hart; unused by SSWI, whose registers read zero */
    uint32_t pending_bytes;
} RiscvAclintSwi;

static uint64_t swi_read(void *opaque, hwaddr offset, unsigned size)
{
    RiscvAclintSwi *swi = opaque;
    if (offset / 4 >= swi->hart_count) {
        log_guest_error("riscv-aclint-swi: read of register %u, there are %u\n",
                        (unsigned)(offset / 4), swi->hart_count);
        return 0;
    }
    return swi->pending[offset / 4];
}

static void swi_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    RiscvAclintSwi *swi = opaque;
    unsigned hart = offset / 4;
    if (hart >= swi->hart_count) {
        log_guest_error("riscv-aclint-swi: write of register %u, there are %u\n", hart,
                        swi->hart_count);
    } else if (!swi->is_supervisor) {
        swi->pending[hart] = value & 1;
        irq_set(swi->irqs[hart], value & 1);
    } else if (value & 1) {
        irq_pulse(swi->irqs[hart]);
    }
}

static const MemoryOps swi_ops = {
    .read = swi_read, .write = swi_write, .min_access = 4, .max_access = 4
};

static bool swi_realize(Device *dev, GError **errp)
{
    RiscvAclintSwi *swi = container_of(dev, RiscvAclintSwi, sysbus.device);
    swi->is_supervisor = object_class_is_a(dev->object.class, &riscv_aclint_sswi_class.object);
    swi->irqs = g_new0(Irq *, swi->hart_count);
    swi->pending = g_new0(uint8_t, swi->hart_count);
    swi->pending_bytes = swi->hart_count;
    device_add_irq_outputs(dev, NULL, swi->irqs, swi->hart_count);
    memory_region_init_io(&swi->mmio, &dev->object, &swi_ops, swi, dev->object.class->name,
                          RISCV_ACLINT_SWI_BYTES);
    sysbus_add_mmio(&swi->sysbus, &swi->mmio);
    return true;
}

static void swi_unrealize(Device *dev)
{
    RiscvAclintSwi *swi = container_of(dev, RiscvAclintSwi, sysbus.device);
    g_clear_pointer(&swi->irqs, g_free);
    g_clear_pointer(&swi->pending, g_free);
}

static void swi_reset(Device *dev)
{
    RiscvAclintSwi *swi = container_of(dev, RiscvAclintSwi, sysbus.device);
    for (unsigned i = 0; i < swi->hart_count; i++) {
        swi->pending[i] = 0;
        irq_lower(swi->irqs[i]);
    }
}

static bool swi_post_load(void *opaque, uint32_t version, GError **errp)
{
    RiscvAclintSwi *swi = opaque;
    if (swi->pending_bytes != swi->hart_count) {
        error_set(errp, "%s: saved with %u harts, this machine has %u",
                  swi->sysbus.device.object.class->name, swi->pending_bytes, swi->hart_count);
        swi->pending_bytes = swi->hart_count;
        return false;
    }
    for (unsigned i = 0; i < swi->hart_count && !swi->is_supervisor; i++) {
        swi->pending[i] &= 1;
        irq_set(swi->irqs[i], swi->pending[i]);
    }
    return true;
}

static const Property swi_properties[] = {
    PROPERTY_U32("num-harts", RiscvAclintSwi, hart_count, 1, .min = 1,
                 .max = RISCV_ACLINT_MAX_HARTS, .help = "number of registers"),
    {},
};

static const VmState swi_vmstate = {
    .version = 1,
    .post_load = swi_post_load,
    .fields =
        (const VmField[]){
            VM_VBUFFER(RiscvAclintSwi, pending, pending_bytes, RISCV_ACLINT_MAX_HARTS),
            {},
        },
};

#define SWI_CLASS(class_name, text)                                                                \
    {                                                                                              \
        .object = { .name = (class_name),                                                          \
                    .parent = &sysbus_device_class.device.object,                                  \
                    .instance_size = sizeof(RiscvAclintSwi),                                       \
                    .properties = swi_properties },                                                \
        .summary = (text), .realize = swi_realize, .unrealize = swi_unrealize, .reset = swi_reset, \
        .vmstate = &swi_vmstate,                                                                   \
    }
const DeviceClass riscv_aclint_mswi_class =
    SWI_CLASS("riscv-aclint-mswi", "RISC-V ACLINT machine software interrupts");
CLASS_REGISTER(riscv_aclint_mswi_class);
const DeviceClass riscv_aclint_sswi_class =
    SWI_CLASS("riscv-aclint-sswi", "RISC-V ACLINT supervisor software interrupts");
CLASS_REGISTER(riscv_aclint_sswi_class);
