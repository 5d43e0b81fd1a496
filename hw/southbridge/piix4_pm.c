/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 82371AB (PIIX4), function 3: power management and SMBus, beside a PIIX3 as virtual PCs have
 * it. General purpose events sit at fixed port 0xafe0, where the firmware of such PCs looks for
 * them.  Spec: 290562-001, 7.
 */
#include "hw/core/machine.h"
#include "hw/pci/pci_bus.h"
#include "hw/southbridge/acpi_pm.h"
#include "hw/southbridge/smbus_host.h"

enum {
    REG_PMBA = 0x40,
    REG_DEVACTB = 0x58,
    REG_PMREGMISC = 0x80,
    REG_SMBBA = 0x90,
    REG_SMBHSTCFG = 0xd2,
    REG_SMBSLVC = 0xd3,
};
enum { PMBA_IO = 0x01, PMREGMISC_ENABLE = 0x01, SMBHSTCFG_ENABLE = 0x01, DEVACTB_SMI = 1 << 25 };
enum { PM_BYTES = 64, SMBUS_BYTES = 16, GPE_BYTES = 2 };
enum { PORT_GPE = 0xafe0, PORT_COMMAND = 0xb2 };
enum { AT_EVENT = 0x00, AT_CONTROL = 0x04, AT_TIMER = 0x08 };

typedef struct {
    PciDevice pci;
    AcpiPm pm;
    SmbusHost smbus;
    MemoryRegion pm_ports;
    hwaddr pm_at, smbus_at; /* as mapped; derived */
} Piix4Pm;

static void place(MemoryRegion *io, MemoryRegion *mr, hwaddr *at, hwaddr address)
{
    if (*at == address) {
        return;
    }
    if (*at != PCI_UNMAPPED) {
        memory_region_remove(io, mr);
    }
    if (address != PCI_UNMAPPED) {
        memory_region_add_overlap(io, address, mr, 1);
    }
    *at = address;
}

static void update_ports(Piix4Pm *dev)
{
    const PciDevice *pci = &dev->pci;
    bool pm_on = pci->config[REG_PMREGMISC] & PMREGMISC_ENABLE;
    bool smbus_on = pci->config[REG_SMBHSTCFG] & SMBHSTCFG_ENABLE;
    hwaddr pm_at = pci_config_get(pci, REG_PMBA, 4) & 0xffc0;
    hwaddr smbus_at = pci_config_get(pci, REG_SMBBA, 4) & 0xfff0;

    memory_transaction_begin();
    place(pci->bus->io, &dev->pm_ports, &dev->pm_at, pm_on ? pm_at : PCI_UNMAPPED);
    place(pci->bus->io, &dev->smbus.ports, &dev->smbus_at, smbus_on ? smbus_at : PCI_UNMAPPED);
    memory_transaction_commit();
    dev->pm.smi_on_command = pci_config_get(pci, REG_DEVACTB, 4) & DEVACTB_SMI;
}

static void piix4_pm_config_write(PciDevice *pci, unsigned offset, uint32_t value, unsigned size)
{
    pci_default_config_write(pci, offset, value, size);
    update_ports(container_of(pci, Piix4Pm, pci));
}

static void init_config(PciDevice *pci)
{
    pci_config_writable(pci, PCI_COMMAND, 2, PCI_COMMAND_IO);
    pci_config_set(pci, PCI_STATUS, 2, PCI_STATUS_FAST_BACK | PCI_STATUS_DEVSEL_MEDIUM);
    pci_set_interrupt_pin(pci, 1);
    pci_config_set(pci, REG_PMBA, 4, PMBA_IO);
    pci_config_writable(pci, REG_PMBA, 4, 0xffc0);
    for (unsigned at = REG_PMBA + 4; at < REG_PMREGMISC; at += 4) {
        pci_config_writable(pci, at, 4, UINT32_MAX); /* timers and activity of devices not here */
    }
    pci_config_writable(pci, REG_PMREGMISC, 1, PMREGMISC_ENABLE);
    pci_config_set(pci, REG_SMBBA, 4, PMBA_IO);
    pci_config_writable(pci, REG_SMBBA, 4, 0xfff0);
    pci_config_writable(pci, REG_SMBHSTCFG, 1, 0x0f);
    pci_config_writable(pci, REG_SMBSLVC, 1, 0xff);
}

static void power_button(void *opaque, unsigned line, int level)
{
    if (level) {
        acpi_pm_power_button(&((Piix4Pm *)opaque)->pm);
    }
}

static bool piix4_pm_setup(PciDevice *pci, GError **errp)
{
    Piix4Pm *dev = container_of(pci, Piix4Pm, pci);
    Device *owner = &pci->device;

    init_config(pci);
    acpi_pm_init(&dev->pm, owner, GPE_BYTES);
    smbus_host_init(&dev->smbus, owner, SMBUS_BYTES, NULL, NULL);
    memory_region_init(&dev->pm_ports, &owner->object, "piix4-pm", PM_BYTES);
    memory_region_add(&dev->pm_ports, AT_EVENT, &dev->pm.event);
    memory_region_add(&dev->pm_ports, AT_CONTROL, &dev->pm.control);
    memory_region_add(&dev->pm_ports, AT_TIMER, &dev->pm.timer);
    memory_region_add(pci->bus->io, PORT_GPE, &dev->pm.gpe);
    memory_region_add(pci->bus->io, PORT_COMMAND, &dev->pm.command);
    dev->pm_at = dev->smbus_at = PCI_UNMAPPED;
    device_add_irq_outputs(owner, "sci", &dev->pm.sci, 1);
    device_add_irq_outputs(owner, "smi", &dev->pm.smi, 1);
    acpi_pm_add_gpe_inputs(&dev->pm, owner);
    device_add_irq_inputs(owner, "power-button", power_button, dev, 1);
    return true;
}

static void piix4_pm_cleanup(PciDevice *pci)
{
    acpi_pm_cleanup(&container_of(pci, Piix4Pm, pci)->pm);
}

static void piix4_pm_reset(PciDevice *pci)
{
    Piix4Pm *dev = container_of(pci, Piix4Pm, pci);
    acpi_pm_reset(&dev->pm);
    smbus_host_reset(&dev->smbus);
    if (!dev->pm.smi) { /* no system management mode: firmware shall take it for set up */
        pci_config_set(pci, REG_DEVACTB, 4, DEVACTB_SMI);
    }
    update_ports(dev);
}

static bool piix4_pm_post_load(void *opaque, uint32_t version, GError **errp)
{
    update_ports(opaque);
    return true;
}

static const Property piix4_pm_properties[] = {
    PROPERTY_U8("disable_s3", Piix4Pm, pm.disable_s3, 0, .min = 0, .max = 1,
                .help = "1: no suspend to RAM"),
    PROPERTY_U8("disable_s4", Piix4Pm, pm.disable_s4, 0, .min = 0, .max = 1,
                .help = "1: no suspend to disk"),
    {},
};

static const VmState piix4_pm_vmstate = {
    .version = 1,
    .post_load = piix4_pm_post_load,
    .fields =
        (const VmField[]){
            VM_STRUCT(Piix4Pm, pm, acpi_pm_vmstate),
            VM_STRUCT(Piix4Pm, smbus, smbus_host_vmstate),
            {},
        },
};

static const PciDeviceClass piix4_pm_class = {
    .device = { .object = { .name = "PIIX4_PM",
                            .parent = &pci_device_class.device.object,
                            .instance_size = sizeof(Piix4Pm),
                            .properties = piix4_pm_properties },
                .summary = "Intel PIIX4 power management and SMBus",
                .category = DEVICE_CATEGORY_BRIDGE,
                .vmstate = &piix4_pm_vmstate },
    .vendor = PCI_VENDOR_INTEL,
    .id = 0x7113,
    .revision = 3,
    .class = PCI_CLASS_BRIDGE_OTHER,
    .setup = piix4_pm_setup,
    .cleanup = piix4_pm_cleanup,
    .reset = piix4_pm_reset,
    .config_write = piix4_pm_config_write,
};
CLASS_REGISTER(piix4_pm_class);
