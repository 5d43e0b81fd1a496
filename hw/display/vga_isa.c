/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard VGA on the ISA bus, "isa-vga". The linear frame buffer is at a fixed address, where
 * the BIOS extensions of Bochs have it. Spec: the public "VBE Display API" document. */
#include "hw/core/machine.h"
#include "hw/display/vga.h"
#include "hw/isa/isa.h"
#include "ui/screen.h"
#include "util/error.h"

enum { FRAME_BUFFER = 0xe0000000u };

typedef struct {
    IsaDevice isa;
    Vga vga;
    uint32_t memory_mb; /* property */
} VgaIsa;

static bool vga_isa_setup(IsaDevice *isa, GError **errp)
{
    VgaIsa *dev = container_of(isa, VgaIsa, isa);
    IsaBus *bus = isa_bus_of(isa);
    if (dev->memory_mb & (dev->memory_mb - 1)) {
        error_set(errp, "isa-vga: vgamem_mb %u is not a power of two", dev->memory_mb);
        return false;
    }
    if (!vga_init(&dev->vga, &isa->device, dev->memory_mb << 20, errp)) {
        return false;
    }
    memory_region_add_overlap(bus->memory, FRAME_BUFFER, &dev->vga.vram, 1);
    vga_add_legacy(&dev->vga, bus->memory, bus->io);
    return true;
}

static void vga_isa_reset(Device *dev)
{
    vga_reset(&container_of(dev, VgaIsa, isa.device)->vga);
}

static void render(Object *screen, Surface *surface)
{
    vga_render(&container_of(screen, VgaIsa, isa.device.object)->vga, surface);
}

static const ScreenOps vga_screen_ops = { .render = render };

static const InterfaceEntry vga_isa_interfaces[] = { { &screen_interface, &vga_screen_ops }, {} };

static const Property vga_isa_properties[] = {
    PROPERTY_U32("vgamem_mb", VgaIsa, memory_mb, 8, .min = 1, .max = 256,
                 .help = "display memory in MiB, a power of two"),
    {},
};

static const VmState vga_isa_vmstate = {
    .version = 1,
    .fields = (const VmField[]){ VM_STRUCT(VgaIsa, vga, vga_vmstate), {} },
};

static const IsaDeviceClass vga_isa_class = {
    .device = { .object = { .name = "isa-vga",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(VgaIsa),
                            .properties = vga_isa_properties,
                            .interfaces = vga_isa_interfaces },
                .summary = "standard VGA with Bochs VBE extensions",
                .category = DEVICE_CATEGORY_DISPLAY,
                .user_creatable = true,
                .reset = vga_isa_reset,
                .vmstate = &vga_isa_vmstate },
    .setup = vga_isa_setup,
};
CLASS_REGISTER(vga_isa_class);
