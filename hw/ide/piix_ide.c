/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IDE function of the PIIX south bridges: two channels at the ports and lines of old.
 * Spec: Intel 290550-002 (PIIX3), 2.3 and 2.7. */
#include "hw/core/machine.h"
#include "hw/ide/bus_master.h"
#include "hw/isa/isa.h"
#include "hw/pci/pci_bus.h"

enum { CHANNELS = 2 };
enum { REG_TIMING = 0x40, REG_SLAVE_TIMING = 0x44, REG_ULTRA = 0x48 };
enum { TIMING_DECODE = 0x8000, BUS_MASTER_BAR = 4 };

static const struct {
    const char *name;
    uint16_t command, control;
    unsigned irq;
} legacy[CHANNELS] = {
    { "ide.0", 0x1f0, 0x3f6, 14 },
    { "ide.1", 0x170, 0x376, 15 },
};

typedef struct {
    PciDevice pci;
    BusMaster master[CHANNELS];
    MemoryRegion bar;
} PiixIde;

/* Each channel answers if the function has I/O space at all, and its timing register says so. */
static void update_decode(PiixIde *ide)
{
    bool io = pci_config_get(&ide->pci, PCI_COMMAND, 2) & PCI_COMMAND_IO;

    memory_transaction_begin();
    for (unsigned i = 0; i < CHANNELS; i++) {
        bool on = io && pci_config_get(&ide->pci, REG_TIMING + 2 * i, 2) & TIMING_DECODE;
        memory_region_set_enabled(&ide->master[i].channel.command_ports, on);
        memory_region_set_enabled(&ide->master[i].channel.control_port, on);
    }
    memory_transaction_commit();
}

static void piix_ide_config_write(PciDevice *dev, unsigned offset, uint32_t value, unsigned size)
{
    pci_default_config_write(dev, offset, value, size);
    update_decode(container_of(dev, PiixIde, pci));
}

static bool piix_ide_setup(PciDevice *dev, GError **errp)
{
    PiixIde *ide = container_of(dev, PiixIde, pci);
    Machine *machine = device_machine(&dev->device);
    Bus *bus = bus_find(&machine->object, NULL, &isa_bus_class.bus, errp);

    if (!bus) {
        return false;
    }
    IsaBus *isa = container_of(bus, IsaBus, bus);
    pci_config_set(dev, PCI_STATUS, 2, PCI_STATUS_DEVSEL_MEDIUM | PCI_STATUS_FAST_BACK);
    /* open from the start, unlike a real one: OVMF relies on it */
    pci_config_set(dev, REG_TIMING, 4, (uint32_t)TIMING_DECODE << 16 | TIMING_DECODE);
    pci_config_writable(dev, REG_TIMING, 4, 0xf3fff3ff);
    pci_config_writable(dev, REG_SLAVE_TIMING, 1, 0xff);
    memory_region_init(&ide->bar, &dev->device.object, "bus-masters", CHANNELS * BUS_MASTER_PORTS);
    for (unsigned i = 0; i < CHANNELS; i++) {
        BusMaster *master = &ide->master[i];
        bus_master_init(master, dev, legacy[i].name);
        master->channel.irq = isa->irq_in[legacy[i].irq];
        memory_region_add(&ide->bar, i * BUS_MASTER_PORTS, &master->ports);
        memory_region_add(dev->bus->io, legacy[i].command, &master->channel.command_ports);
        memory_region_add(dev->bus->io, legacy[i].control, &master->channel.control_port);
    }
    pci_add_bar(dev, BUS_MASTER_BAR, PCI_BAR_IO, &ide->bar);
    update_decode(ide);
    return true;
}

static void piix_ide_reset(PciDevice *dev)
{
    PiixIde *ide = container_of(dev, PiixIde, pci);

    for (unsigned i = 0; i < CHANNELS; i++) {
        bus_master_reset(&ide->master[i]);
    }
    update_decode(ide);
}

static bool piix_ide_post_load(PciDevice *dev, GError **errp)
{
    update_decode(container_of(dev, PiixIde, pci));
    return true;
}

static const VmState piix_ide_vmstate = {
    .version = 1,
    .fields =
        (const VmField[]){ VM_STRUCT_ARRAY(PiixIde, master, bus_master_vmstate, BusMaster), {} },
};

#define PIIX_IDE(symbol, class_name, text, device_id)                           \
    static const PciDeviceClass symbol = {                                      \
        .device = { .object = { .name = class_name,                             \
                                .parent = &pci_device_class.device.object,      \
                                .instance_size = sizeof(PiixIde) },             \
                    .summary = text,                                            \
                    .category = DEVICE_CATEGORY_STORAGE,                        \
                    .vmstate = &piix_ide_vmstate },                             \
        .vendor = PCI_VENDOR_INTEL,                                             \
        .id = device_id,                                                        \
        .class = PCI_CLASS_STORAGE_IDE,                                         \
        .prog_interface = 0x80, /* bus master; both channels at legacy ports */ \
        .setup = piix_ide_setup,                                                \
        .reset = piix_ide_reset,                                                \
        .config_write = piix_ide_config_write,                                  \
        .post_load = piix_ide_post_load,                                        \
    };                                                                          \
    CLASS_REGISTER(symbol)

PIIX_IDE(piix3_ide_class, "piix3-ide", "Intel PIIX3 IDE, two channels", 0x7010);
