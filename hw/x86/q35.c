/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "q35": a PC of 2009, with the Q35 host bridge, PCI Express, and ICH9. */
#include "hw/x86/pc.h"

enum { LPC_SLOT = 31, SATA_FUNCTION = 2, SMBUS_FUNCTION = 3, PIRQS = 8, FIRST_PIRQ_GSI = 16 };
enum { LPC_PMBASE = 0x40, LPC_ACPI_CNTL = 0x44, LPC_PIRQA = 0x60, LPC_PIRQE = 0x68 };
enum { MCH_PCIEXBAR = 0x60, MCH_PAM = 0x90, ELCR_PORT = 0x4d0, SMB_BASE = 0x20, SMB_HOSTC = 0x40 };
enum { PIC_ROUTES = 0x0b0b0a0a, PIC_LEVELS = 1 << 9 | 1 << 10 | 1 << 11 };
enum { FIRST_ROUTED_SLOT = 25, DMI_SLOT = 30 };
#define ECAM_BASE  0xb0000000u
#define ECAM_BYTES 0x10000000u

static bool add_chipset(Pc *pc, GError **errp)
{
    X86Machine *x86 = &pc->x86;
    Machine *machine = &x86->machine;
    Device *host = x86_add_device(machine, "q35", "q35-pcihost", errp);
    if (!host || !property_set_u64(&host->object, "below-4g-mem-size", x86->low_ram_bytes, errp) ||
        !device_realize(host, NULL, errp)) {
        return false;
    }
    pc->host = container_of(host, PciHost, sysbus.device);
    pc->roms = &pc->host->memory;
    pc->south = pci_new(machine, "ICH9-LPC", PCI_DEVFN(LPC_SLOT, 0), errp);
    if (!pc->south) {
        return false;
    }
    pc->south->multifunction = true;
    if (!device_realize(&pc->south->device, &pc->host->bus.bus, errp) ||
        (pc->sata && !pci_add(machine, &pc->host->bus, "ich9-ahci",
                              PCI_DEVFN(LPC_SLOT, SATA_FUNCTION), errp)) ||
        (pc->smbus && !pci_add(machine, &pc->host->bus, "ICH9-SMB",
                               PCI_DEVFN(LPC_SLOT, SMBUS_FUNCTION), errp))) {
        return false;
    }
    pc->pm = pc->south;
    x86->reserved_base = ECAM_BASE;
    x86->reserved_bytes = ECAM_BYTES;
    Bus *isa = bus_find(&machine->object, NULL, &isa_bus_class.bus, errp);
    x86->isa = isa ? container_of(isa, IsaBus, bus) : NULL;
    return isa != NULL;
}

static void set_up_chipset(Pc *pc)
{
    AddressSpace *io = &pc->x86.machine.io;
    pc_config(pc, 0, 0, MCH_PCIEXBAR + 4, 4, 0);
    pc_config(pc, 0, 0, MCH_PCIEXBAR, 4, ECAM_BASE | 1);
    for (unsigned i = 0; i < PAM_REGISTERS; i++) {
        pc_config(pc, 0, 0, MCH_PAM + i, 1, i ? 0x33 : 0x30);
    }
    pc_config(pc, LPC_SLOT, 0, LPC_PIRQA, 4, PIC_ROUTES);
    pc_config(pc, LPC_SLOT, 0, LPC_PIRQE, 4, PIC_ROUTES);
    address_space_store(io, ELCR_PORT, 1, ENDIAN_LITTLE, PIC_LEVELS & 0xff, (MemTxAttrs){});
    address_space_store(io, ELCR_PORT + 1, 1, ENDIAN_LITTLE, PIC_LEVELS >> 8, (MemTxAttrs){});
    pc_config(pc, LPC_SLOT, 0, LPC_PMBASE, 4, PC_PM_PORT | 1);
    pc_config(pc, LPC_SLOT, 0, LPC_ACPI_CNTL, 1, 0x80); /* ports on; SCI is line 9 */
    pc_config(pc, LPC_SLOT, SMBUS_FUNCTION, SMB_BASE, 4, PC_SMBUS_PORT | 1);
    pc_config(pc, LPC_SLOT, SMBUS_FUNCTION, SMB_HOSTC, 1, 1);
    pc_config(pc, LPC_SLOT, SMBUS_FUNCTION, PCI_COMMAND, 2, PCI_COMMAND_IO);
}

static uint16_t pm_port(const Pc *pc)
{
    return pci_config_get(pc->pm, LPC_PMBASE, 2) & 0xff80;
}

/* The PIRQ, 0 for A, of a pin of a slot: those of slots 25 to 31 but 30 are A to D in order. */
static unsigned pirq_of(unsigned slot, unsigned pin)
{
    bool routed = slot >= FIRST_ROUTED_SLOT && slot != DMI_SLOT;
    return routed ? pin : 4 + (slot + pin) % 4;
}

/* With the I/O APIC a pin's line is known; with the 8259s it is that of a link device. */
static void put_table(Aml *aml, const char *name, bool with_links)
{
    aml_name(aml, name);
    aml_begin_package(aml, (PCI_SLOTS - 1) * PCI_PINS);
    for (unsigned slot = 1; slot < PCI_SLOTS; slot++) {
        for (unsigned pin = 0; pin < PCI_PINS; pin++) {
            unsigned pirq = pirq_of(slot, pin);
            char link[] = "LPC.LNKA";
            link[7] += pirq;
            aml_begin_package(aml, 4);
            aml_int(aml, slot << 16 | 0xffff);
            aml_int(aml, pin);
            if (with_links) {
                aml_path(aml, link);
                aml_int(aml, 0);
            } else {
                aml_int(aml, 0);
                aml_int(aml, FIRST_PIRQ_GSI + pirq);
            }
            aml_end(aml);
        }
    }
    aml_end(aml);
}

/* PCI Firmware 3.3, 4.5.1: the system may have all of native hot-plug, PME, capabilities. */
static void put_osc(Aml *aml)
{
    aml_begin_method(aml, "_OSC", 4, false);
    aml_op(aml, AML_RETURN);
    aml_op(aml, AML_ARG3);
    aml_end(aml);
}

static void put_pci(const Pc *pc, Aml *aml)
{
    aml_begin_device(aml, "LPC");
    aml_name_int(aml, "_ADR", LPC_SLOT << 16);
    aml_region(aml, "PIRQ", AML_PCI_CONFIG, LPC_PIRQA, 12);
    aml_begin_field(aml, "PIRQ", AML_ACCESS_BYTE);
    for (unsigned i = 0; i < PIRQS; i++) {
        char route[] = "PRQ0";
        route[3] += i;
        if (i == 4) {
            aml_field_skip(aml, 32);
        }
        aml_field(aml, route, 8);
    }
    aml_end(aml);
    for (unsigned i = 0; i < PIRQS; i++) {
        acpi_parts_link(aml, i);
    }
    acpi_parts_isa(aml, &pc->x86);
    aml_end(aml);
    put_osc(aml);
    put_table(aml, "PRTP", true);
    put_table(aml, "PRTA", false);
    aml_begin_method(aml, "_PRT", 0, false);
    aml_begin_if(aml);
    aml_op(aml, AML_EQUAL);
    aml_path(aml, "PICM");
    aml_int(aml, 0);
    aml_op(aml, AML_RETURN);
    aml_path(aml, "PRTP");
    aml_end(aml);
    aml_op(aml, AML_RETURN);
    aml_path(aml, "PRTA");
    aml_end(aml);
}

static const PcKind kind = {
    .bios = "bios-256k.bin",
    .usb = "ich9-usb-ehci1",
    .usb_devfn = PCI_DEVFN(29, 7),
    .product = "Standard PC (Q35 + ICH9, 2009)",
    .low_max = 0xb0000000u,
    .low_max_of_many = 0x80000000u,
    .many = 0xb0000000u,
    .add_chipset = add_chipset,
    .set_up_chipset = set_up_chipset,
    .put_pci = put_pci,
    .pm_port = pm_port,
    .gpe_bytes = 16,
    .ecam_base = ECAM_BASE,
    .ecam_bytes = ECAM_BYTES,
};

/* The I/O APIC comes after the bridge: its lines 16 to 23 are connected at the end. */
static bool q35_build(Machine *machine, GError **errp)
{
    Pc *pc = pc_of(machine);
    if (!pc_build(pc, &kind, errp)) {
        return false;
    }
    for (unsigned i = 0; i < PIRQS; i++) {
        device_connect_irq(&pc->south->device, "gsi", i, pc->x86.gsi[FIRST_PIRQ_GSI + i]);
    }
    return true;
}

static const char *const aliases[] = {
    "pc-q35-7.2", "pc-q35-10.0", "pc-q35-9.2", "pc-q35-9.1", "pc-q35-9.0", "pc-q35-8.2",
    "pc-q35-8.1", "pc-q35-8.0",  "pc-q35-7.1", "pc-q35-7.0", "pc-q35-6.2", "pc-q35-6.1",
    "pc-q35-6.0", "pc-q35-5.2",  "pc-q35-5.1", "pc-q35-5.0", "pc-q35-4.2", NULL,
};

static const MachineClass q35_machine_class = {
    .object = { .name = "q35-machine", .parent = &pc_base_class.object },
    .summary = "PC of 2009: Q35 with PCI Express, ICH9",
    .arch = "x86_64",
    .aliases = aliases,
    .default_cpu = "qemu64-x86_64-cpu",
    .cpu_base = &x86_cpu_class.cpu.device.object,
    .default_display = "VGA",
    .default_ports = true,
    .drive_units = 1,
    .default_ram_bytes = X86_RAM_DEFAULT,
    .max_cpus = X86_MAX_CPUS,
    .options = PC_PCI_OPTIONS,
    .build = q35_build,
};
CLASS_REGISTER(q35_machine_class);
