/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI buses: slots, bus numbers, interrupt lines. */
#include "hw/pci/pci_bus.h"

#include <string.h>

#include "hw/core/machine.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_internal.h"
#include "util/error.h"

static const char *bus_name(const PciBus *bus)
{
    return bus->bus.object.name ? bus->bus.object.name : "";
}

static bool slot_is_empty(const PciBus *bus, unsigned slot)
{
    for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
        if (bus->devices[PCI_DEVFN(slot, i)]) {
            return false;
        }
    }
    return true;
}

/* A slot has one device, or several functions, of which number 0 must say so (3.0, 6.2.1). */
static bool check_function(const PciBus *bus, const PciDevice *dev, unsigned devfn, GError **errp)
{
    const PciDevice *there = bus->devices[devfn], *zero = bus->devices[devfn & ~7u];
    const char *name = dev->device.object.class->name;

    if (there) {
        error_set(errp, "%s: address %02x.%x of bus '%s' is in use by %s", name, devfn >> 3,
                  devfn & 7, bus_name(bus), there->device.object.class->name);
        return false;
    }
    if ((devfn & 7) && zero && !zero->multifunction) {
        error_set(errp, "%s: address %02x.%x needs multifunction=on at %02x.0, which is %s", name,
                  devfn >> 3, devfn & 7, devfn >> 3, zero->device.object.class->name);
        return false;
    }
    if ((devfn & 7) == 0 && !dev->multifunction && !slot_is_empty(bus, devfn >> 3)) {
        error_set(errp, "%s: slot %02x of bus '%s' has other functions: multifunction=on is needed",
                  name, devfn >> 3, bus_name(bus));
        return false;
    }
    return true;
}

static bool check_address(Bus *base, Device *device, GError **errp)
{
    PciBus *bus = container_of(base, PciBus, bus);
    PciDevice *dev = container_of(device, PciDevice, device);

    if (dev->wanted_devfn >= 0) {
        unsigned slot = dev->wanted_devfn >> 3;
        if (slot >= bus->slots) {
            error_set(errp, "%s: bus '%s' has no slot %02x", device->object.class->name,
                      bus_name(bus), slot);
            return false;
        }
        dev->devfn = dev->wanted_devfn;
        return check_function(bus, dev, dev->devfn, errp);
    }
    for (unsigned slot = bus->first_slot; slot < bus->slots; slot++) {
        if (slot_is_empty(bus, slot)) {
            dev->devfn = PCI_DEVFN(slot, 0);
            return true;
        }
    }
    error_set(errp, "%s: every slot of bus '%s' is in use", device->object.class->name,
              bus_name(bus));
    return false;
}

static char *describe(Bus *bus, Device *device)
{
    const PciDevice *dev = container_of(device, PciDevice, device);
    return g_strdup_printf("addr %02x.%x, id %04x:%04x", dev->devfn >> 3, dev->devfn & 7,
                           pci_config_get(dev, PCI_VENDOR_ID, 2),
                           pci_config_get(dev, PCI_DEVICE_ID, 2));
}

const PciBusClass pci_bus_class = {
    .bus = { .object = { .name = "PCI",
                         .parent = &bus_class.object,
                         .instance_size = sizeof(PciBus) },
             .check_address = check_address,
             .describe = describe },
};
CLASS_REGISTER(pci_bus_class);

const PciBusClass pcie_bus_class = {
    .bus = { .object = { .name = "PCIE", .parent = &pci_bus_class.bus.object } },
};
CLASS_REGISTER(pcie_bus_class);

void pci_bus_init(PciBus *bus, const PciBusClass *class, Device *owner, const char *name,
                  MemoryRegion *memory, MemoryRegion *io)
{
    bus_init(&bus->bus, &class->bus, owner, name);
    bus->memory = memory;
    bus->io = io;
    bus->slots = PCI_SLOTS;
}

PciBus *pci_bus_root(PciBus *bus)
{
    while (bus->bridge) {
        bus = bus->bridge->bus;
    }
    return bus;
}

bool pci_bus_is_express(const PciBus *bus)
{
    return object_class_is_a(bus->bus.object.class, &pcie_bus_class.bus.object);
}

uint8_t pci_bus_number(const PciBus *bus)
{
    return bus->bridge ? bus->bridge->config[PCI_SECONDARY_BUS] : 0;
}

uint16_t pci_requester_id(const PciDevice *dev)
{
    return (dev->bus ? pci_bus_number(dev->bus) << 8 : 0) | dev->devfn;
}

/* Configuration cycles go down where the numbers say (bridge 1.2, 3.1.2.1); a guest may number
 * buses as it likes, but the tree ends. */
static PciBus *find_bus(PciBus *bus, uint8_t number)
{
    for (unsigned i = 0; i < PCI_DEVFNS; i++) {
        PciBridge *bridge = bus->devices[i] ? pci_bridge_of(bus->devices[i]) : NULL;
        const uint8_t *config = bridge ? bridge->pci.config : NULL;
        if (!bridge || number < config[PCI_SECONDARY_BUS] || number > config[PCI_SUBORDINATE_BUS]) {
            continue;
        }
        PciBus *below = number == config[PCI_SECONDARY_BUS] ? &bridge->secondary
                                                            : find_bus(&bridge->secondary, number);
        if (below) {
            return below;
        }
    }
    return NULL;
}

PciDevice *pci_find_device(PciBus *root, uint8_t bus_number, uint8_t devfn)
{
    PciBus *bus = bus_number ? find_bus(root, bus_number) : root;
    return bus ? bus->devices[devfn] : NULL;
}

PciBus *pci_bus_default(Machine *machine)
{
    Bus *bus = bus_find(&machine->object, NULL, &pci_bus_class.bus, NULL);
    return bus ? pci_bus_root(container_of(bus, PciBus, bus)) : NULL;
}

PciDevice *pci_new(Machine *machine, const char *class_name, int devfn, GError **errp)
{
    const ObjectClass *class = object_class_by_name(class_name);

    if (!class || class->abstract || !object_class_is_a(class, &pci_device_class.device.object)) {
        error_set(errp, "there is no PCI device '%s'", class_name);
        return NULL;
    }
    Object *obj = object_new_child(&machine->object, "pci[*]", class, errp);
    PciDevice *dev = obj ? container_of(obj, PciDevice, device.object) : NULL;
    if (dev) {
        dev->wanted_devfn = devfn;
    }
    return dev;
}

PciDevice *pci_add(Machine *machine, PciBus *bus, const char *class_name, int devfn, GError **errp)
{
    PciDevice *dev = pci_new(machine, class_name, devfn, errp);
    if (dev && !device_realize(&dev->device, &bus->bus, errp)) {
        object_unparent(&dev->device.object);
        return NULL;
    }
    return dev;
}

/* Interrupts: each bridge turns the pins by the slot (bridge 1.2, 9.1), the root maps them. */

static PciBus *route(const PciDevice *dev, unsigned *line)
{
    unsigned pin = dev->config[PCI_INTERRUPT_PIN] - 1, devfn = dev->devfn;
    PciBus *bus = dev->bus;

    while (bus->bridge) {
        pin = (pin + (devfn >> 3)) % PCI_PINS;
        devfn = bus->bridge->devfn;
        bus = bus->bridge->bus;
    }
    if (!bus->ops) {
        return NULL;
    }
    *line = bus->ops->map_irq(bus->opaque, devfn, pin % PCI_PINS) % PCI_MAX_IRQ_LINES;
    return bus;
}

void pci_bus_intx(PciDevice *dev, bool level)
{
    unsigned line;
    PciBus *root = dev->bus ? route(dev, &line) : NULL;

    if (root && level != dev->intx_sent) {
        root->line_count[line] += level ? 1 : -1;
    }
    dev->intx_sent = level;
    if (root) {
        root->ops->set_irq(root->opaque, line, root->line_count[line] != 0);
    }
}

static void count_lines(PciBus *root, PciBus *bus)
{
    for (unsigned i = 0; i < PCI_DEVFNS; i++) {
        PciDevice *dev = bus->devices[i];
        PciBridge *bridge = dev ? pci_bridge_of(dev) : NULL;
        unsigned line;
        if (dev && dev->intx_sent && route(dev, &line)) {
            root->line_count[line]++;
        }
        if (bridge) {
            count_lines(root, &bridge->secondary);
        }
    }
}

void pci_bus_remap_irqs(PciBus *bus)
{
    PciBus *root = pci_bus_root(bus);
    unsigned before[PCI_MAX_IRQ_LINES];

    memcpy(before, root->line_count, sizeof(before));
    memset(root->line_count, 0, sizeof(root->line_count));
    count_lines(root, root);
    for (unsigned i = 0; root->ops && i < PCI_MAX_IRQ_LINES; i++) {
        if (!before[i] != !root->line_count[i]) {
            root->ops->set_irq(root->opaque, i, root->line_count[i] != 0);
        }
    }
}

void pci_bus_set_root_ops(PciBus *bus, const PciRootOps *ops, void *opaque)
{
    bus->ops = ops;
    bus->opaque = opaque;
    pci_bus_remap_irqs(bus);
}
