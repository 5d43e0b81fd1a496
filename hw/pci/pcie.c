/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pcie.h"

/* 7.8.2 */
enum { FLAGS_VERSION = 2, FLAGS_TYPE_SHIFT = 4, FLAGS_SLOT = 0x100 };
/* 7.8.3 to 7.8.5 */
enum { DEVICE_CAP_ROLE_ERRORS = 0x8000, DEVICE_CONTROL_BITS = 0x7fff, DEVICE_STATUS_ERRORS = 0xf };
/* 7.8.6 to 7.8.8: one lane of 2.5 GT/s, as nothing is sent over it */
enum {
    LINK_SPEED_WIDTH = 0x11,
    LINK_CAP_ACTIVE_REPORTING = 1 << 20,
    LINK_CAP_PORT_SHIFT = 24,
    LINK_CONTROL_BITS = 0x0fdb,
    LINK_STATUS_ACTIVE = 0x2000,
};
/* 7.8.9 to 7.8.11 */
enum {
    SLOT_CAP_BUTTON = 0x01,
    SLOT_CAP_POWER_CONTROL = 0x02,
    SLOT_CAP_ATTENTION_LIGHT = 0x08,
    SLOT_CAP_POWER_LIGHT = 0x10,
    SLOT_CAP_HOTPLUG = 0x40,
    SLOT_CAP_NUMBER_SHIFT = 19,
    SLOT_CONTROL_IRQ = 0x0020,
    SLOT_CONTROL_EVENTS = 0x101f, /* that may interrupt, at the same bits as below but the last */
    SLOT_CONTROL_COMMAND_IRQ = 0x0010,
    SLOT_CONTROL_POWER_LIGHT = 0x0300,
    SLOT_CONTROL_POWER_LIGHT_OFF = 0x0300,
    SLOT_CONTROL_POWER_OFF = 0x0400,
    SLOT_CONTROL_LINK_IRQ = 0x1000,
    SLOT_CONTROL_BITS = 0x17ff,
    SLOT_CONTROL_LIGHTS_OFF = 0x03c0,
    SLOT_STATUS_BUTTON = 0x0001,
    SLOT_STATUS_PRESENCE_CHANGED = 0x0008,
    SLOT_STATUS_COMMAND_DONE = 0x0010,
    SLOT_STATUS_PRESENT = 0x0040,
    SLOT_STATUS_LINK_CHANGED = 0x0100,
    SLOT_STATUS_EVENTS = 0x011f,
};
enum { ROOT_CONTROL_BITS = 0x1f, ROOT_STATUS_PME = 1 << 16 };

unsigned pcie_cap(const PciDevice *dev)
{
    return pci_find_capability(dev, PCI_CAP_EXPRESS);
}

bool pcie_cap_init(PciDevice *dev, unsigned offset, PcieType type, uint8_t port, GError **errp)
{
    bool link = type != PCIE_INTEGRATED_ENDPOINT;
    unsigned at = pci_add_capability(dev, PCI_CAP_EXPRESS, offset, PCIE_CAP_BYTES, errp);

    if (!at) {
        return false;
    }
    dev->config_bytes = PCIE_CONFIG_BYTES;
    pci_config_set(dev, at + PCIE_CAP_FLAGS, 2, FLAGS_VERSION | type << FLAGS_TYPE_SHIFT);
    pci_config_set(dev, at + PCIE_DEVICE_CAP, 4, DEVICE_CAP_ROLE_ERRORS);
    pci_config_writable(dev, at + PCIE_DEVICE_CONTROL, 2, DEVICE_CONTROL_BITS);
    pci_config_clearable(dev, at + PCIE_DEVICE_STATUS, 2, DEVICE_STATUS_ERRORS);
    if (link) {
        pci_config_set(dev, at + PCIE_LINK_CAP, 4,
                       LINK_SPEED_WIDTH | (uint32_t)port << LINK_CAP_PORT_SHIFT);
        pci_config_writable(dev, at + PCIE_LINK_CONTROL, 2, LINK_CONTROL_BITS);
        pci_config_set(dev, at + PCIE_LINK_STATUS, 2, LINK_SPEED_WIDTH);
        pci_config_set(dev, at + PCIE_LINK_CAP2, 4, 0x2); /* 2.5 GT/s */
        pci_config_set(dev, at + PCIE_LINK_CONTROL2, 2, 0x1);
        pci_config_writable(dev, at + PCIE_LINK_CONTROL2, 2, 0x000f);
    }
    if (type == PCIE_ROOT_PORT) {
        pci_config_writable(dev, at + PCIE_ROOT_CONTROL, 2, ROOT_CONTROL_BITS);
        pci_config_clearable(dev, at + PCIE_ROOT_STATUS, 4, ROOT_STATUS_PME);
    }
    return true;
}

bool pcie_endpoint_init(PciDevice *dev, GError **errp)
{
    if (!pci_bus_is_express(dev->bus)) {
        return true;
    }
    return pcie_cap_init(dev, 0, dev->bus->bridge ? PCIE_ENDPOINT : PCIE_INTEGRATED_ENDPOINT, 0,
                         errp);
}

/* Slots */

static void set_bits(PciDevice *dev, unsigned offset, unsigned size, uint32_t clear, uint32_t set)
{
    pci_config_set(dev, offset, size, (pci_config_get(dev, offset, size) & ~clear) | set);
}

void pcie_slot_init(PciDevice *port, uint16_t number)
{
    unsigned at = pcie_cap(port);

    set_bits(port, at + PCIE_CAP_FLAGS, 2, 0, FLAGS_SLOT);
    set_bits(port, at + PCIE_LINK_CAP, 4, 0, LINK_CAP_ACTIVE_REPORTING);
    pci_config_set(port, at + PCIE_SLOT_CAP, 4,
                   SLOT_CAP_BUTTON | SLOT_CAP_POWER_CONTROL | SLOT_CAP_ATTENTION_LIGHT |
                       SLOT_CAP_POWER_LIGHT | SLOT_CAP_HOTPLUG |
                       (uint32_t)number << SLOT_CAP_NUMBER_SHIFT);
    pci_config_set(port, at + PCIE_SLOT_CONTROL, 2, SLOT_CONTROL_LIGHTS_OFF);
    pci_config_writable(port, at + PCIE_SLOT_CONTROL, 2, SLOT_CONTROL_BITS);
    pci_config_clearable(port, at + PCIE_SLOT_STATUS, 2, SLOT_STATUS_EVENTS);
    port->keep_mask[at + PCIE_SLOT_STATUS] = 0xff;
    port->keep_mask[at + PCIE_SLOT_STATUS + 1] = 0xff;
    port->keep_mask[at + PCIE_LINK_STATUS + 1] = LINK_STATUS_ACTIVE >> 8;
}

static void set_present(PciDevice *port, bool occupied)
{
    unsigned at = pcie_cap(port);
    set_bits(port, at + PCIE_SLOT_STATUS, 2, SLOT_STATUS_PRESENT,
             occupied ? SLOT_STATUS_PRESENT : 0);
    set_bits(port, at + PCIE_LINK_STATUS, 2, LINK_STATUS_ACTIVE, occupied ? LINK_STATUS_ACTIVE : 0);
}

void pcie_slot_reset(PciDevice *port, bool occupied)
{
    unsigned at = pcie_cap(port);
    set_present(port, occupied);
    if (occupied) { /* power on, and its light */
        set_bits(port, at + PCIE_SLOT_CONTROL, 2, SLOT_CONTROL_POWER_LIGHT | SLOT_CONTROL_POWER_OFF,
                 0x0100);
    } else {
        set_bits(port, at + PCIE_SLOT_CONTROL, 2, 0, SLOT_CONTROL_POWER_OFF);
    }
}

void pcie_slot_plugged(PciDevice *port)
{
    set_present(port, true);
    set_bits(port, pcie_cap(port) + PCIE_SLOT_STATUS, 2, 0,
             SLOT_STATUS_PRESENCE_CHANGED | SLOT_STATUS_LINK_CHANGED | SLOT_STATUS_BUTTON);
}

void pcie_slot_press_button(PciDevice *port)
{
    set_bits(port, pcie_cap(port) + PCIE_SLOT_STATUS, 2, 0, SLOT_STATUS_BUTTON);
}

void pcie_slot_emptied(PciDevice *port)
{
    set_present(port, false);
    set_bits(port, pcie_cap(port) + PCIE_SLOT_STATUS, 2, 0,
             SLOT_STATUS_PRESENCE_CHANGED | SLOT_STATUS_LINK_CHANGED);
}

/* 6.7.3.2, 6.7.1.1.2: each write of slot control is a command, done at once. */
bool pcie_slot_write(PciDevice *port, uint32_t before)
{
    unsigned at = pcie_cap(port);
    uint16_t old = before, now = pci_config_get(port, at + PCIE_SLOT_CONTROL, 2);
    uint16_t status = pci_config_get(port, at + PCIE_SLOT_STATUS, 2);

    if (old == now) {
        return false;
    }
    set_bits(port, at + PCIE_SLOT_STATUS, 2, 0, SLOT_STATUS_COMMAND_DONE);
    return (now & ~old & SLOT_CONTROL_POWER_OFF) && (status & SLOT_STATUS_PRESENT) &&
           (now & SLOT_CONTROL_POWER_LIGHT) == SLOT_CONTROL_POWER_LIGHT_OFF;
}

bool pcie_slot_interrupt(const PciDevice *port)
{
    unsigned at = pcie_cap(port);
    uint16_t control = pci_config_get(port, at + PCIE_SLOT_CONTROL, 2);
    uint16_t status = pci_config_get(port, at + PCIE_SLOT_STATUS, 2);
    uint16_t wanted = (control & SLOT_CONTROL_EVENTS & 0x1f) |
                      (control & SLOT_CONTROL_LINK_IRQ ? SLOT_STATUS_LINK_CHANGED : 0);

    return (control & SLOT_CONTROL_IRQ) && (status & wanted);
}
