/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all PCs with PCI are assembled from, in the order in which the parts need each other. */
#include "hw/x86/pc.h"

#include <inttypes.h>

#include "hw/core/numa.h"
#include "hw/intc/i8259.h"
#include "hw/misc/vmgenid.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/hpet.h"
#include "hw/x86/at_devices.h"
#include "util/error.h"

enum { RTC_IRQ = 8, HPET_PINS = 0x00ff0104 };

static bool add_memory(Pc *pc, GError **errp)
{
    X86Machine *x86 = &pc->x86;
    Machine *machine = &x86->machine;
    const PcKind *kind = pc->kind;
    uint64_t low = machine->ram_bytes >= kind->many ? kind->low_max_of_many : kind->low_max;
    if (pc->max_low) {
        if (pc->max_low < (1 << 20) || pc->max_low > kind->low_max) {
            error_set(errp, "max-ram-below-4g: %" PRIu64 " bytes; possible are 1M to %" PRIu64 "M",
                      pc->max_low, kind->low_max >> 20);
            return false;
        }
        low = pc->max_low & ~(uint64_t)0xfff;
    }
    if (!x86_add_ram(x86, low, errp)) {
        return false;
    }
    if (kind->isa_only) {
        return true;
    }
    memory_region_init(&pc->smm_root, &machine->object, "smm", UINT64_MAX);
    memory_region_init_alias(&pc->smm_system, &machine->object, "smm-system",
                             &machine->system_memory, 0, UINT64_MAX);
    memory_region_add(&pc->smm_root, 0, &pc->smm_system);
    address_space_init(&x86->smm_memory, &pc->smm_root, "smm");
    x86->has_smm_memory = true;
    return true;
}

static bool add_hpet(Pc *pc, GError **errp)
{
    Machine *machine = &pc->x86.machine;
    Device *hpet = x86_add_device(machine, "hpet", "hpet", errp);
    if (!hpet || !device_realize(hpet, NULL, errp)) {
        return false;
    }
    sysbus_map(container_of(hpet, SysbusDevice, device), 0, &machine->system_memory, HPET_BASE);
    for (unsigned i = 0; i < HPET_INPUTS; i++) {
        Irq *input = HPET_PINS >> i & 1 ? x86_share_gsi(&pc->x86, i) : NULL;
        if (input) {
            device_connect_irq(hpet, NULL, i, input);
        }
    }
    pc->hpet_dev = hpet;
    return true;
}

static bool add_interrupts(Pc *pc, GError **errp)
{
    if (pc->pic != X86_CHOICE_OFF) {
        Device *pic = x86_add_isa(&pc->x86, "pic", "isa-i8259", errp);
        if (!pic) {
            return false;
        }
        x86_connect_i8259(&pc->x86, pic);
    }
    if (!pc->kind->isa_only && (!x86_add_io_apic(&pc->x86, "ioapic", X86_IO_APIC_BASE, 0, errp) ||
                                (pc->hpet && !add_hpet(pc, errp)))) {
        return false;
    }
    x86_connect_isa_lines(&pc->x86);
    return true;
}

/* In legacy mode the lines of interval timer and clock are the HPET's. */
static void connect_hpet(Pc *pc, Device *pit)
{
    Device *hpet = pc->hpet_dev;
    if (pit) {
        device_connect_irq(pit, NULL, 0, device_irq_input(hpet, NULL, HPET_LEGACY_PIT));
    }
    device_connect_irq(pc->rtc, NULL, 0, device_irq_input(hpet, NULL, HPET_LEGACY_RTC));
    device_connect_irq(hpet, "legacy", HPET_LEGACY_PIT, pc->x86.isa->irq_in[0]);
    device_connect_irq(hpet, "legacy", HPET_LEGACY_RTC, pc->x86.isa->irq_in[RTC_IRQ]);
}

static bool add_isa_devices(Pc *pc, GError **errp)
{
    X86Machine *x86 = &pc->x86;
    bool wants_pit = pc->pit != X86_CHOICE_OFF;
    Device *pit = wants_pit ? x86_add_pit(x86, errp) : NULL;
    pc->rtc = !wants_pit || pit ? x86_add_isa(x86, "rtc", "mc146818rtc", errp) : NULL;
    if (pc->rtc && pc->hpet_dev) {
        connect_hpet(pc, pit);
    }
    return pc->rtc && at_add_dma(x86, errp) && at_add_keyboard(x86, pc->i8042, errp) &&
           at_add_fpu_error(x86, errp) && at_add_ports(x86, errp);
}

/* SMM is entered on the first processor; every other one has its own SMI line from its APIC. */
static void connect_smi(Pc *pc)
{
    X86Cpu *first = x86_machine_cpu(&pc->x86.machine, 0);
    memory_region_add_overlap(&pc->smm_root, 0, &pc->host->smram, 1);
    device_connect_irq(&pc->pm->device, "smi", 0, device_irq_input(&first->cpu.device, "smi", 0));
}

static bool add_usb(Pc *pc, GError **errp)
{
    if (!pc->kind->usb || !object_class_by_name(pc->kind->usb)) {
        error_set(errp, "this board has no USB controller");
        return false;
    }
    return pci_add(&pc->x86.machine, &pc->host->bus, pc->kind->usb, pc->kind->usb_devfn, errp);
}

bool pc_build(Pc *pc, const PcKind *kind, GError **errp)
{
    X86Machine *x86 = &pc->x86;
    pc->kind = kind;
    pc->smm = pc->smm_choice != X86_CHOICE_OFF;
    x86->acpi = pc->acpi_choice != X86_CHOICE_OFF;
    if (pc->vmport == X86_CHOICE_ON) {
        error_set(errp, "vmport=on: VMware's port is not there yet; off and auto are accepted");
        return false;
    }
    SmbiosBoard board = { .product = kind->product, .version = x86->machine.object.class->name };
    if (!numa_setup(&x86->machine, errp) || !pc_check_tables(pc, errp) ||
        !smbios_build(&x86->smbios, &x86->machine, &board, errp) || !add_memory(pc, errp) ||
        !x86_add_cpus(x86, errp) || !kind->add_chipset(pc, errp)) {
        return false;
    }
    if (pc->pm) {
        x86->machine.can_suspend = pc_has_sleep(pc, "disable_s3");
        x86->machine.power_button = device_irq_input(&pc->pm->device, "power-button", 0);
    }
    if (pc->pm && pc->smm) {
        connect_smi(pc);
    }
    if (x86->machine.usb && !add_usb(pc, errp)) {
        error_prefix(errp, "-machine usb=on: ");
        return false;
    }
    return add_interrupts(pc, errp) && add_isa_devices(pc, errp) && x86_add_fw_cfg(x86, errp) &&
           pc_add_firmware(pc, errp);
}

/* Firmware finds in CMOS that it is not a start; without firmware the processor goes where the
 * guest said (ACPI 6.5, 5.2.10). */
static bool pc_wake(Pc *pc, GError **errp)
{
    enum { SHUTDOWN_STATUS = 0x0f, RESUME = 0xfe, WAKING_VECTOR = 12 };
    mc146818_set_cmos(pc->rtc, SHUTDOWN_STATUS, RESUME);
    if (!pc->direct) {
        return true;
    }
    AcpiTables *tables = &pc->x86.acpi_tables;
    uint64_t vector = 0;
    if (pc->kind->set_up_chipset) {
        pc->kind->set_up_chipset(pc);
    }
    if (!pc->x86.acpi_ready ||
        address_space_load(&pc->x86.machine.memory, tables->base + tables->facs + WAKING_VECTOR, 4,
                           ENDIAN_LITTLE, &vector, (MemTxAttrs){}) != MEMTX_OK ||
        vector == 0 || vector >= 1 << 20) {
        error_set(errp, "the guest sleeps and left no address to go on at");
        return false;
    }
    x86_entry_set_real(x86_machine_cpu(&pc->x86.machine, 0), vector);
    return true;
}

static bool pc_load(Machine *machine, GError **errp)
{
    Pc *pc = pc_of(machine);
    pc_set_cmos(pc);
    if (machine->waking) {
        return pc_wake(pc, errp);
    }
    pc_restore_bios(pc);
    if (!pc->direct) {
        bool filled = pc->fw_cfg_filled;
        pc->fw_cfg_filled = true;
        return filled || pc_fill_fw_cfg(pc, errp);
    }
    if (pc->kind->set_up_chipset) {
        pc->kind->set_up_chipset(pc);
    }
    if (pc->x86.acpi && !pc->kind->isa_only) {
        pc_make_tables(pc);
    }
    hwaddr hole = pc->x86.low_ram_bytes > 0xc0000000u   ? 0xe0000000u
                  : pc->x86.low_ram_bytes > 0x80000000u ? 0xc0000000u
                                                        : 0x80000000u;
    if (machine->boot.kernel && !x86_start_kernel(&pc->x86, NULL, hole, errp)) {
        return false;
    }
    Device *vmgenid = vmgenid_find(machine);
    if (vmgenid && pc->x86.acpi_ready) {
        const AcpiTables *tables = &pc->x86.acpi_tables;
        vmgenid_placed(vmgenid, tables->base ? tables->base + tables->told_offset : 0);
    }
    return true;
}

static void pc_init(Object *obj)
{
    Pc *pc = pc_of(container_of(obj, Machine, object));
    pc->user_tables = g_ptr_array_new_with_free_func(g_free);
    pc->user_table_bytes = g_array_new(false, false, sizeof(size_t));
}

static void pc_finalize(Object *obj)
{
    Pc *pc = pc_of(container_of(obj, Machine, object));
    g_ptr_array_unref(pc->user_tables);
    g_array_unref(pc->user_table_bytes);
    for (unsigned i = 0; i < PC_FLASH_BANKS; i++) {
        g_free(pc->flash_file[i]);
    }
    x86_machine_finalize(obj);
}

static const char *const smbios_entries[] = { "64", "32", NULL };

static const Property pc_properties[] = {
    PROPERTY_ENUM("acpi", Pc, acpi_choice, x86_choices, X86_CHOICE_AUTO,
                  .help = "describe the machine by ACPI tables"),
    PROPERTY_BOOL("hpet", Pc, hpet, true, .help = "high precision event timers"),
    PROPERTY_BOOL("i8042", Pc, i8042, true, .help = "keyboard and mouse controller"),
    PROPERTY_ENUM("pic", Pc, pic, x86_choices, X86_CHOICE_AUTO, .help = "pair of 8259"),
    PROPERTY_ENUM("pit", Pc, pit, x86_choices, X86_CHOICE_AUTO, .help = "8254 timer"),
    PROPERTY_BOOL("sata", Pc, sata, true, .help = "q35: AHCI controller"),
    PROPERTY_BOOL("smbus", Pc, smbus, true, .help = "q35: SMBus controller"),
    PROPERTY_ENUM("smm", Pc, smm_choice, x86_choices, X86_CHOICE_AUTO,
                  .help = "system management interrupts"),
    PROPERTY_ENUM("vmport", Pc, vmport, x86_choices, X86_CHOICE_AUTO,
                  .help = "port of VMware's guest tools"),
    PROPERTY_SIZE("max-ram-below-4g", Pc, max_low, 0, .help = "less RAM below the PCI hole"),
    PROPERTY_ENUM("smbios-entry-point-type", Pc, x86.smbios_entry, smbios_entries, 1,
                  .help = "width of the address in the entry point that firmware places"),
    PROPERTY_STRING("pflash0", Pc, flash_file[0], NULL, .help = "firmware in flash: its file"),
    PROPERTY_STRING("pflash1", Pc, flash_file[1], NULL, .help = "the file of its variables"),
    PROPERTY_BOOL("pflash0-readonly", Pc, flash_readonly[0], false,
                  .help = "refuse writes to the firmware's flash"),
    PROPERTY_BOOL("pflash1-readonly", Pc, flash_readonly[1], false,
                  .help = "refuse writes to the variables' flash"),
    {},
};

const MachineClass pc_base_class = {
    .object = { .name = "pc-base",
                .parent = &machine_class.object,
                .abstract = true,
                .instance_size = sizeof(Pc),
                .properties = pc_properties,
                .init = pc_init,
                .finalize = pc_finalize },
    .load = pc_load,
};
CLASS_REGISTER(pc_base_class);
