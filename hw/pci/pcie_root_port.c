/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PCI Express root port with a slot, "pcie-root-port".  Spec: PCIe Base 3.1; PCI-to-PCI
 * Bridge 1.2.
 */
#include "hw/pci/msi.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pcie.h"
#include "util/error.h"

enum { SLOT_MAX = 0x1fff };
enum { AER_ID = 0x0001, AER_VERSION = 2, AER_AT = 0x100, AER_BYTES = 0x48 };

/* 7.10: advanced error reporting; no error ever happens, yet guests set it up */
enum {
    AER_UNCORRECTABLE_STATUS = AER_AT + 0x04,
    AER_UNCORRECTABLE_MASK = AER_AT + 0x08,
    AER_UNCORRECTABLE_SEVERITY = AER_AT + 0x0c,
    AER_CORRECTABLE_STATUS = AER_AT + 0x10,
    AER_CORRECTABLE_MASK = AER_AT + 0x14,
    AER_ROOT_COMMAND = AER_AT + 0x2c,
    AER_ROOT_STATUS = AER_AT + 0x30,
    AER_UNCORRECTABLE_BITS = 0x01fff030,
    AER_CORRECTABLE_BITS = 0xf1c1,
    AER_SEVERITY_FIRST = 0x00462030,
    AER_CORRECTABLE_MASK_FIRST = 0xe000,
};

typedef struct {
    PciBridge bridge;
    uint16_t slot;   /* property */
    uint8_t port;    /* property */
    uint8_t chassis; /* property */
    bool hotplug;    /* property */
    bool irq_level;  /* derived */
} RootPort;

static RootPort *root_port_of(PciDevice *dev)
{
    return container_of(dev, RootPort, bridge.pci);
}

static void update_irq(PciDevice *dev)
{
    RootPort *port = root_port_of(dev);
    bool level = port->hotplug && pcie_slot_interrupt(dev);

    if (pci_uses_intx(dev)) {
        pci_set_irq(dev, level);
    } else if (level && !port->irq_level) {
        pci_msi_notify(dev, 0);
    }
    port->irq_level = level;
}

static void eject(PciDevice *dev)
{
    PciBus *secondary = &root_port_of(dev)->bridge.secondary;

    for (unsigned i = PCI_FUNCTIONS; i-- > 0;) {
        PciDevice *child = secondary->devices[i];
        if (child) {
            device_unrealize(&child->device);
            object_unparent(&child->device.object);
        }
    }
    pcie_slot_emptied(dev);
}

static void root_port_config_write(PciDevice *dev, unsigned offset, uint32_t value, unsigned size)
{
    unsigned control = pcie_cap(dev) + PCIE_SLOT_CONTROL;
    uint32_t before = pci_config_get(dev, control, 4);

    pci_default_config_write(dev, offset, value, size);
    if (root_port_of(dev)->hotplug) {
        if (pcie_slot_write(dev, before)) {
            eject(dev);
        }
        update_irq(dev);
    }
}

static bool add_error_reporting(PciDevice *dev, GError **errp)
{
    if (!pcie_add_extended(dev, AER_ID, AER_VERSION, AER_AT, AER_BYTES, errp)) {
        return false;
    }
    pci_config_clearable(dev, AER_UNCORRECTABLE_STATUS, 4, AER_UNCORRECTABLE_BITS);
    pci_config_writable(dev, AER_UNCORRECTABLE_MASK, 4, AER_UNCORRECTABLE_BITS);
    pci_config_set(dev, AER_UNCORRECTABLE_SEVERITY, 4, AER_SEVERITY_FIRST);
    pci_config_writable(dev, AER_UNCORRECTABLE_SEVERITY, 4, AER_UNCORRECTABLE_BITS);
    pci_config_clearable(dev, AER_CORRECTABLE_STATUS, 4, AER_CORRECTABLE_BITS);
    pci_config_set(dev, AER_CORRECTABLE_MASK, 4, AER_CORRECTABLE_MASK_FIRST);
    pci_config_writable(dev, AER_CORRECTABLE_MASK, 4, AER_CORRECTABLE_BITS);
    pci_config_writable(dev, AER_ROOT_COMMAND, 4, 0x7);
    pci_config_clearable(dev, AER_ROOT_STATUS, 4, 0x7f);
    return true;
}

/* People find a slot by its chassis and number, if the chassis has one. */
static bool check_slot(RootPort *port, GError **errp)
{
    PciBus *bus = port->bridge.pci.bus;

    for (unsigned i = 0; port->chassis && i < PCI_DEVFNS; i++) {
        Object *obj = bus->devices[i] ? &bus->devices[i]->device.object : NULL;
        RootPort *other = object_cast(obj, port->bridge.pci.device.object.class);
        if (other && other->chassis == port->chassis && other->slot == port->slot) {
            error_set(errp, "pcie-root-port: slot %u of chassis %u is there already", port->slot,
                      port->chassis);
            return false;
        }
    }
    return true;
}

static bool root_port_setup(PciBridge *bridge, GError **errp)
{
    PciDevice *dev = &bridge->pci;
    RootPort *port = root_port_of(dev);
    const PciMsiConfig msi = { .vectors = 1, .maskable = true };

    if (!check_slot(port, errp)) {
        return false;
    }

    pci_set_interrupt_pin(dev, 1);
    if (!pcie_cap_init(dev, 0, PCIE_ROOT_PORT, port->port, errp) ||
        !pci_msi_init(dev, &msi, errp) || !add_error_reporting(dev, errp)) {
        return false;
    }
    if (port->hotplug) {
        pcie_slot_init(dev, port->slot);
        bridge->secondary.bus.hotplug_handler = &dev->device.object;
    }
    return true;
}

static void root_port_reset(PciDevice *dev)
{
    RootPort *port = root_port_of(dev);
    if (port->hotplug) {
        pcie_slot_reset(dev, port->bridge.secondary.devices[0] != NULL);
        update_irq(dev);
    }
}

static bool root_port_post_load(void *opaque, uint32_t version, GError **errp)
{
    RootPort *port = opaque;
    port->irq_level = port->hotplug && pcie_slot_interrupt(&port->bridge.pci);
    return true;
}

static const VmState root_port_vmstate = {
    .version = 1,
    .post_load = root_port_post_load,
    .fields = (const VmField[]){ {} },
};

/* The slot as hot-plug handler: the guest hears of a device at once, and is asked to let it go. */

static bool plug(Object *handler, Device *device, GError **errp)
{
    PciDevice *dev = container_of(handler, PciDevice, device.object);
    if (device->hotplugged && container_of(device, PciDevice, device)->devfn == 0) {
        pcie_slot_plugged(dev);
        update_irq(dev);
    }
    return true;
}

static bool unplug_request(Object *handler, Device *device, GError **errp)
{
    PciDevice *dev = container_of(handler, PciDevice, device.object);
    pcie_slot_press_button(dev);
    update_irq(dev);
    return true;
}

static const HotplugOps root_port_hotplug_ops = {
    .plug = plug,
    .unplug_request = unplug_request,
};

static const InterfaceEntry root_port_interfaces[] = {
    { &hotplug_interface, &root_port_hotplug_ops },
    {},
};

static const Property root_port_properties[] = {
    PROPERTY_U8("port", RootPort, port, 0, .help = "port number in the link capability"),
    PROPERTY_U8("chassis", RootPort, chassis, 0, .help = "chassis the slot is in"),
    PROPERTY_U16("slot", RootPort, slot, 0, .max = SLOT_MAX, .help = "number of the slot"),
    PROPERTY_BOOL("hotplug", RootPort, hotplug, true,
                  .help = "devices may come and go while the guest runs"),
    {},
};

static const PciBridgeClass root_port_class = {
    .pci = { .device = { .object = { .name = "pcie-root-port",
                                     .parent = &pci_bridge_base_class.pci.device.object,
                                     .instance_size = sizeof(RootPort),
                                     .properties = root_port_properties,
                                     .interfaces = root_port_interfaces },
                         .summary = "PCI Express root port",
                         .category = DEVICE_CATEGORY_BRIDGE,
                         .bus = &pcie_bus_class.bus,
                         .user_creatable = true,
                         .vmstate = &root_port_vmstate },
             .vendor = PCI_VENDOR_RED_HAT,
             .id = 0x000c,
             .class = PCI_CLASS_BRIDGE_PCI,
             .express = true,
             .bridge = true,
             .reset = root_port_reset,
             .config_write = root_port_config_write },
    .express_bus = true,
    .bridge_setup = root_port_setup,
};
CLASS_REGISTER(root_port_class);
