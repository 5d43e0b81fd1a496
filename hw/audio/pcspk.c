/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PC speaker and the system control port beside it: gate and output of timer counter 2, refresh
 * toggle. Nothing is heard: there is no sound back end yet. Spec: PIIX3 data sheet (290550),
 * 2.5.4.1 "NMI status and control register".
 */
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "hw/timer/i8254.h"
#include "util/error.h"

enum { GATE = 0x01, SPEAKER = 0x02, KEPT = 0x0f, REFRESH = 0x10, OUTPUT = 0x20 };
enum { REFRESH_NS = 15085 };

typedef struct {
    IsaDevice isa;
    MemoryRegion port;
    Object *pit;     /* property */
    uint16_t iobase; /* property */
    uint8_t control; /* guest state: bits 0 to 3 as written */
} Pcspk;

static Device *pit_of(const Pcspk *pcspk)
{
    return container_of(pcspk->pit, Device, object);
}

static uint64_t pcspk_read(void *opaque, hwaddr port, unsigned size)
{
    Pcspk *pcspk = opaque;
    int64_t now_ns = clock_ns(device_machine(&pcspk->isa.device)->clocks, CLOCK_KIND_VIRTUAL);
    return pcspk->control | (now_ns / REFRESH_NS % 2 ? REFRESH : 0) |
           (i8254_output(pit_of(pcspk)) ? OUTPUT : 0);
}

static void pcspk_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    Pcspk *pcspk = opaque;
    pcspk->control = value & KEPT;
    i8254_set_gate(pit_of(pcspk), value & GATE);
}

static const MemoryOps pcspk_ops = {
    .read = pcspk_read, .write = pcspk_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

static bool pcspk_setup(IsaDevice *isa, GError **errp)
{
    Pcspk *pcspk = container_of(isa, Pcspk, isa);
    if (!pcspk->pit) {
        error_set(errp, "isa-pcspk: property 'pit' must name the interval timer");
        return false;
    }
    memory_region_init_io(&pcspk->port, &isa->device.object, &pcspk_ops, pcspk, "pcspk", 1);
    isa_add_ports(isa, &pcspk->port, pcspk->iobase);
    return true;
}

static void pcspk_reset(Device *dev)
{
    Pcspk *pcspk = container_of(dev, Pcspk, isa.device);
    pcspk->control = 0;
    i8254_set_gate(pit_of(pcspk), false);
}

static bool pcspk_post_load(void *opaque, uint32_t version, GError **errp)
{
    ((Pcspk *)opaque)->control &= KEPT;
    return true;
}

static const Property pcspk_properties[] = {
    PROPERTY_LINK("pit", Pcspk, pit, i8254_class, .help = "interval timer whose tone it plays"),
    PROPERTY_U16("iobase", Pcspk, iobase, 0x61, .min = 0, .max = 0xffff, .help = "port"),
    {},
};

static const VmState pcspk_vmstate = {
    .version = 1,
    .post_load = pcspk_post_load,
    .fields = (const VmField[]){ VM_U8(Pcspk, control), {} },
};

static const IsaDeviceClass pcspk_class = {
    .device = { .object = { .name = "isa-pcspk",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(Pcspk),
                            .properties = pcspk_properties },
                .summary = "PC speaker",
                .category = DEVICE_CATEGORY_SOUND,
                .reset = pcspk_reset,
                .vmstate = &pcspk_vmstate },
    .setup = pcspk_setup,
};
CLASS_REGISTER(pcspk_class);
