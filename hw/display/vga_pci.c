/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard VGA as PCI device "VGA": memory in BAR 0, registers in BAR 2, and everything where
 * PCs have had it since 1987.  Spec: the public "standard VGA" document. */
#include "hw/display/edid.h"
#include "hw/display/vga.h"
#include "hw/pci/pci_bus.h"
#include "ui/screen.h"
#include "util/error.h"

enum { BAR_MEMORY = 0, BAR_REGISTERS = 2, REGISTER_BYTES = 4096 };

/* Inside BAR 2 */
enum {
    AT_EDID = 0x000,
    EDID_ROOM = 0x100,
    AT_PORTS = 0x400, /* ports 0x3c0 to 0x3df */
    PORT_BYTES = 0x20,
    AT_DISPI = 0x500,
    AT_EXTENSION = 0x600,
    EXTENSION_BYTES = 8,
};
enum { FIRST_PORT = 0x3c0, LITTLE = 0x1e1e1e1e };

typedef struct {
    PciDevice pci;
    Vga vga;
    MemoryRegion registers, ports, dispi, extension, edid_region;
    uint8_t edid[EDID_ROOM]; /* constant after realize */
    bool has_edid;           /* properties */
    uint32_t width, height;
    uint32_t memory_mb; /* property */
    bool has_registers; /* property */
} VgaPci;

static uint64_t ports_read(void *opaque, hwaddr offset, unsigned size)
{
    return vga_port_read(opaque, FIRST_PORT + offset);
}

static void ports_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    vga_port_write(opaque, FIRST_PORT + offset, value);
}

static uint64_t dispi_read(void *opaque, hwaddr offset, unsigned size)
{
    return vga_dispi_read(opaque, offset / 2);
}

static void dispi_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    vga_dispi_write(opaque, offset / 2, value);
}

/* Its size, and the byte order of the frame buffer, which never changes here. */
static uint64_t extension_read(void *opaque, hwaddr offset, unsigned size)
{
    return offset == 0 ? EXTENSION_BYTES : LITTLE;
}

static void extension_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
}

static uint64_t edid_read(void *opaque, hwaddr offset, unsigned size)
{
    return ((const VgaPci *)opaque)->edid[offset];
}

static const MemoryOps edid_ops = {
    .read = edid_read,
    .write = extension_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 1,
    .impl_max = 1,
};

static const MemoryOps ports_ops = {
    .read = ports_read,
    .write = ports_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 1,
    .impl_max = 1,
};

static const MemoryOps dispi_ops = {
    .read = dispi_read,
    .write = dispi_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 2,
    .impl_max = 2,
};

static const MemoryOps extension_ops = {
    .read = extension_read,
    .write = extension_write,
    .min_access = 4,
    .max_access = 4,
};

static void add_registers(VgaPci *dev)
{
    Object *owner = &dev->pci.device.object;

    memory_region_init(&dev->registers, owner, "vga-bar", REGISTER_BYTES);
    memory_region_init_io(&dev->ports, owner, &ports_ops, &dev->vga, "vga-bar-ports", PORT_BYTES);
    memory_region_init_io(&dev->dispi, owner, &dispi_ops, &dev->vga, "vga-bar-dispi",
                          VGA_DISPI_REGS * 2);
    memory_region_init_io(&dev->extension, owner, &extension_ops, dev, "vga-bar-extension",
                          EXTENSION_BYTES);
    if (dev->has_edid) {
        edid_make(dev->edid, dev->width, dev->height);
        memory_region_init_io(&dev->edid_region, owner, &edid_ops, dev, "vga-bar-edid", EDID_ROOM);
        memory_region_add(&dev->registers, AT_EDID, &dev->edid_region);
    }
    memory_region_add(&dev->registers, AT_PORTS, &dev->ports);
    memory_region_add(&dev->registers, AT_DISPI, &dev->dispi);
    memory_region_add(&dev->registers, AT_EXTENSION, &dev->extension);
    pci_add_bar(&dev->pci, BAR_REGISTERS, PCI_BAR_MEM32, &dev->registers);
}

static bool vga_pci_setup(PciDevice *pci, GError **errp)
{
    VgaPci *dev = container_of(pci, VgaPci, pci);
    uint32_t mb = dev->memory_mb;

    if (mb & (mb - 1)) {
        error_set(errp, "VGA: vgamem_mb %u is not a power of two", mb);
        return false;
    }
    if (!vga_init(&dev->vga, &pci->device, mb << 20, errp)) {
        return false;
    }
    pci_add_bar(pci, BAR_MEMORY, PCI_BAR_MEM32 | PCI_BAR_PREFETCH, &dev->vga.vram);
    if (dev->has_registers) {
        add_registers(dev);
    }
    vga_add_legacy(&dev->vga, pci->bus->memory, pci->bus->io);
    return true;
}

static void vga_pci_reset(PciDevice *pci)
{
    vga_reset(&container_of(pci, VgaPci, pci)->vga);
}

static void render(Object *screen, Surface *surface)
{
    vga_render(&container_of(screen, VgaPci, pci.device.object)->vga, surface);
}

static const ScreenOps vga_screen_ops = { .render = render };

static const InterfaceEntry vga_pci_interfaces[] = { { &screen_interface, &vga_screen_ops }, {} };

static const Property vga_pci_properties[] = {
    PROPERTY_U32("vgamem_mb", VgaPci, memory_mb, 16, .min = 1, .max = 512,
                 .help = "display memory in MiB, a power of two"),
    PROPERTY_BOOL("edid", VgaPci, has_edid, true, .help = "what the monitor tells of itself"),
    PROPERTY_U32("xres", VgaPci, width, 1280, .min = 320, .max = EDID_MAX_PIXELS,
                 .help = "width that it prefers"),
    PROPERTY_U32("yres", VgaPci, height, 800, .min = 200, .max = EDID_MAX_PIXELS,
                 .help = "height that it prefers"),
    PROPERTY_BOOL("mmio", VgaPci, has_registers, true, .help = "registers in BAR 2"),
    {},
};

static const VmState vga_pci_vmstate = {
    .version = 1,
    .fields = (const VmField[]){ VM_STRUCT(VgaPci, vga, vga_vmstate), {} },
};

static const PciDeviceClass vga_pci_class = {
    .device = { .object = { .name = "VGA",
                            .parent = &pci_device_class.device.object,
                            .instance_size = sizeof(VgaPci),
                            .properties = vga_pci_properties,
                            .interfaces = vga_pci_interfaces },
                .summary = "standard VGA with Bochs VBE extensions",
                .category = DEVICE_CATEGORY_DISPLAY,
                .user_creatable = true,
                .vmstate = &vga_pci_vmstate },
    .vendor = 0x1234,
    .id = 0x1111,
    .revision = 2,
    .class = PCI_CLASS_DISPLAY_VGA,
    .romfile = "vgabios-stdvga.bin",
    .setup = vga_pci_setup,
    .reset = vga_pci_reset,
};
CLASS_REGISTER(vga_pci_class);
