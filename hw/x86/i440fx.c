/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "pc": a PC of 1996, with 440FX host bridge, PIIX3 and the power management of PIIX4. */
#include "hw/x86/pc.h"

enum { SOUTH_SLOT = 1, IDE_FUNCTION = 1, PM_FUNCTION = 3 };
enum { PIIX3_PIRQ = 0x60, PIIX4_PMBA = 0x40, PIIX4_PMREGMISC = 0x80, PIIX4_SMBBA = 0x90 };
enum { PIIX4_SMBHSTCFG = 0xd2, I440FX_PAM = 0x59, ELCR_PORT = 0x4d0, GPE_PORT = 0xafe0 };
enum { PIIX_IDETIM = 0x40 };
enum { LINKS = 4, PIC_ROUTES = 0x0b0b0a0a, PIC_LEVELS = 1 << 10 | 1 << 11 };

static bool add_chipset(Pc *pc, GError **errp)
{
    X86Machine *x86 = &pc->x86;
    Machine *machine = &x86->machine;
    Device *host = x86_add_device(machine, "i440fx", "i440FX-pcihost", errp);
    if (!host || !property_set_u64(&host->object, "below-4g-mem-size", x86->low_ram_bytes, errp) ||
        !device_realize(host, NULL, errp)) {
        return false;
    }
    pc->host = container_of(host, PciHost, sysbus.device);
    pc->roms = &pc->host->memory;
    pc->south = pci_add(machine, &pc->host->bus, "PIIX3", PCI_DEVFN(SOUTH_SLOT, 0), errp);
    bool ide = pc->south && pci_add(machine, &pc->host->bus, "piix3-ide",
                                    PCI_DEVFN(SOUTH_SLOT, IDE_FUNCTION), errp);
    pc->pm =
        ide ? pci_add(machine, &pc->host->bus, "PIIX4_PM", PCI_DEVFN(SOUTH_SLOT, PM_FUNCTION), errp)
            : NULL;
    Bus *isa = pc->pm ? bus_find(&machine->object, NULL, &isa_bus_class.bus, errp) : NULL;
    if (!isa) {
        return false;
    }
    x86->isa = container_of(isa, IsaBus, bus);
    device_connect_irq(&pc->pm->device, "sci", 0, x86->isa->irq_in[PC_SCI]);
    return true;
}

static void set_up_chipset(Pc *pc)
{
    AddressSpace *io = &pc->x86.machine.io;
    for (unsigned i = 0; i < PAM_REGISTERS; i++) {
        pc_config(pc, 0, 0, I440FX_PAM + i, 1, i ? 0x33 : 0x30);
    }
    pc_config(pc, SOUTH_SLOT, 0, PIIX3_PIRQ, 4, PIC_ROUTES);
    address_space_store(io, ELCR_PORT, 1, ENDIAN_LITTLE, PIC_LEVELS & 0xff, (MemTxAttrs){});
    address_space_store(io, ELCR_PORT + 1, 1, ENDIAN_LITTLE, PIC_LEVELS >> 8, (MemTxAttrs){});
    pc_config(pc, SOUTH_SLOT, IDE_FUNCTION, PIIX_IDETIM, 4, 0x80008000);
    pc_config(pc, SOUTH_SLOT, PM_FUNCTION, PCI_INTERRUPT_LINE, 1, PC_SCI);
    pc_config(pc, SOUTH_SLOT, PM_FUNCTION, PIIX4_PMBA, 4, PC_PM_PORT | 1);
    pc_config(pc, SOUTH_SLOT, PM_FUNCTION, PIIX4_PMREGMISC, 1, 1);
    pc_config(pc, SOUTH_SLOT, PM_FUNCTION, PIIX4_SMBBA, 4, PC_SMBUS_PORT | 1);
    pc_config(pc, SOUTH_SLOT, PM_FUNCTION, PIIX4_SMBHSTCFG, 1, 9);
}

static uint16_t pm_port(const Pc *pc)
{
    return pci_config_get(pc->pm, PIIX4_PMBA, 2) & 0xffc0;
}

/* Pins turn from slot to slot; slot 1 begins with link A. */
static void put_routing(Aml *aml)
{
    aml_name(aml, "_PRT");
    aml_begin_package(aml, (PCI_SLOTS - 1) * PCI_PINS);
    for (unsigned slot = 1; slot < PCI_SLOTS; slot++) {
        for (unsigned pin = 0; pin < PCI_PINS; pin++) {
            char link[] = "ISA.LNKA";
            link[7] += (slot + pin + LINKS - 1) % LINKS;
            aml_begin_package(aml, 4);
            aml_int(aml, slot << 16 | 0xffff);
            aml_int(aml, pin);
            aml_path(aml, link);
            aml_int(aml, 0);
            aml_end(aml);
        }
    }
    aml_end(aml);
}

static void put_pci(const Pc *pc, Aml *aml)
{
    aml_begin_device(aml, "ISA");
    aml_name_int(aml, "_ADR", SOUTH_SLOT << 16);
    aml_region(aml, "PIRQ", AML_PCI_CONFIG, PIIX3_PIRQ, LINKS);
    aml_begin_field(aml, "PIRQ", AML_ACCESS_BYTE);
    for (unsigned i = 0; i < LINKS; i++) {
        char route[] = "PRQ0";
        route[3] += i;
        aml_field(aml, route, 8);
    }
    aml_end(aml);
    for (unsigned i = 0; i < LINKS; i++) {
        acpi_parts_link(aml, i);
    }
    acpi_parts_isa(aml, &pc->x86);
    aml_end(aml);
    put_routing(aml);
}

static const PcKind kind = {
    .bios = "bios-256k.bin",
    .usb = "piix3-usb-uhci",
    .usb_devfn = PCI_DEVFN(SOUTH_SLOT, 2),
    .product = "Standard PC (i440FX + PIIX, 1996)",
    .low_max = 0xe0000000u,
    .low_max_of_many = 0xc0000000u,
    .many = 0xe0000000u,
    .add_chipset = add_chipset,
    .set_up_chipset = set_up_chipset,
    .put_pci = put_pci,
    .pm_port = pm_port,
    .gpe_port = GPE_PORT,
    .gpe_bytes = 4,
};

static bool i440fx_build(Machine *machine, GError **errp)
{
    return pc_build(pc_of(machine), &kind, errp);
}

static const char *const aliases[] = {
    "pc-i440fx-7.2", "pc-i440fx-10.0", "pc-i440fx-9.2",
    "pc-i440fx-9.1", "pc-i440fx-9.0",  "pc-i440fx-8.2",
    "pc-i440fx-8.1", "pc-i440fx-8.0",  "pc-i440fx-7.1",
    "pc-i440fx-7.0", "pc-i440fx-6.2",  "pc-i440fx-6.1",
    "pc-i440fx-6.0", "pc-i440fx-5.2",  "pc-i440fx-5.1",
    "pc-i440fx-5.0", "pc-i440fx-4.2",  NULL,
};

static const MachineClass i440fx_machine_class = {
    .object = { .name = "pc-machine", .parent = &pc_base_class.object },
    .summary = "PC of 1996: 440FX, PIIX3, PIIX4 power management",
    .arch = "x86_64",
    .aliases = aliases,
    .default_cpu = "qemu64-x86_64-cpu",
    .cpu_base = &x86_cpu_class.cpu.device.object,
    .default_display = "VGA",
    .default_ports = true,
    .default_ram_bytes = X86_RAM_DEFAULT,
    .max_cpus = 255,
    .options = PC_PCI_OPTIONS,
    .is_default = true,
    .build = i440fx_build,
};
CLASS_REGISTER(i440fx_machine_class);
