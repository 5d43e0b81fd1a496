/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all PCs with PCI are assembled from, in the order in which the parts need each other. */
#include "hw/x86/pc.h"

#include <inttypes.h>

#include "chardev/chardev.h"
#include "hw/intc/i8259.h"
#include "util/error.h"

enum { SERIAL_PORTS = 4 };

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
    memory_region_init(&pc->smm_root, &machine->object, "smm", UINT64_MAX);
    memory_region_init_alias(&pc->smm_system, &machine->object, "smm-system",
                             &machine->system_memory, 0, UINT64_MAX);
    memory_region_add(&pc->smm_root, 0, &pc->smm_system);
    address_space_init(&x86->smm_memory, &pc->smm_root, "smm");
    x86->has_smm_memory = true;
    return true;
}

static bool add_interrupts(Pc *pc, GError **errp)
{
    Device *pic = x86_add_isa(&pc->x86, "pic", "isa-i8259", errp);
    if (!pic) {
        return false;
    }
    x86_connect_i8259(&pc->x86, pic);
    if (!x86_add_io_apic(&pc->x86, "ioapic", X86_IO_APIC_BASE, 0, errp)) {
        return false;
    }
    x86_connect_isa_lines(&pc->x86);
    return true;
}

static bool add_serial(Pc *pc, unsigned index, GError **errp)
{
    Machine *machine = &pc->x86.machine;
    g_autofree char *name = g_strdup_printf("serial%u", index);
    Device *uart = x86_add_device(machine, name, "isa-serial", errp);
    return uart && property_set_u64(&uart->object, "index", index, errp) &&
           property_set_link(&uart->object, "chardev", &machine->serial[index]->object, errp) &&
           x86_realize_isa(&pc->x86, uart, errp);
}

static bool add_isa_devices(Pc *pc, GError **errp)
{
    X86Machine *x86 = &pc->x86;
    Machine *machine = &x86->machine;
    if (!x86_add_pit(x86, errp) || !x86_add_isa(x86, "port92", "port92", errp)) {
        return false;
    }
    pc->rtc = x86_add_isa(x86, "rtc", "mc146818rtc", errp);
    for (unsigned i = 0; pc->rtc && i < SERIAL_PORTS; i++) {
        if (machine->serial[i] && !add_serial(pc, i, errp)) {
            return false;
        }
    }
    return pc->rtc != NULL;
}

/* SMM is entered on the first processor; every other one has its own SMI line from its APIC. */
static void connect_smi(Pc *pc)
{
    X86Cpu *first = x86_machine_cpu(&pc->x86.machine, 0);
    memory_region_add_overlap(&pc->smm_root, 0, &pc->host->smram, 1);
    device_connect_irq(&pc->pm->device, "smi", 0, device_irq_input(&first->cpu.device, "smi", 0));
}

bool pc_build(Pc *pc, const PcKind *kind, GError **errp)
{
    X86Machine *x86 = &pc->x86;
    pc->kind = kind;
    SmbiosBoard board = { .product = kind->product, .version = x86->machine.object.class->name };
    if (!smbios_build(&x86->smbios, &x86->machine, &board, errp) || !add_memory(pc, errp) ||
        !x86_add_cpus(x86, errp) || !kind->add_chipset(pc, errp)) {
        return false;
    }
    if (pc->smm) {
        connect_smi(pc);
    }
    return add_interrupts(pc, errp) && add_isa_devices(pc, errp) && x86_add_fw_cfg(x86, errp) &&
           pc_add_firmware(pc, errp);
}

static bool pc_load(Machine *machine, GError **errp)
{
    Pc *pc = pc_of(machine);
    pc_set_cmos(pc);
    if (!pc->direct) {
        bool filled = pc->fw_cfg_filled;
        pc->fw_cfg_filled = true;
        return filled || pc_fill_fw_cfg(pc, errp);
    }
    pc->kind->set_up_chipset(pc);
    if (pc->x86.acpi) {
        pc_make_tables(pc);
    }
    hwaddr hole = pc->x86.low_ram_bytes > 0xc0000000u   ? 0xe0000000u
                  : pc->x86.low_ram_bytes > 0x80000000u ? 0xc0000000u
                                                        : 0x80000000u;
    return !machine->boot.kernel || x86_start_kernel(&pc->x86, NULL, hole, errp);
}

static void pc_finalize(Object *obj)
{
    Pc *pc = pc_of(container_of(obj, Machine, object));
    for (unsigned i = 0; i < PC_FLASH_BANKS; i++) {
        g_free(pc->flash_file[i]);
    }
    x86_machine_finalize(obj);
}

static const Property pc_properties[] = {
    PROPERTY_BOOL("acpi", Pc, x86.acpi, true, .help = "describe the machine by ACPI tables"),
    PROPERTY_BOOL("smm", Pc, smm, true, .help = "system management interrupts"),
    PROPERTY_SIZE("max-ram-below-4g", Pc, max_low, 0, .help = "less RAM below the PCI hole"),
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
                .finalize = pc_finalize },
    .load = pc_load,
};
CLASS_REGISTER(pc_base_class);
