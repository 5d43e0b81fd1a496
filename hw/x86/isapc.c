/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "isapc": a PC of the time before PCI. */
#include "hw/x86/pc.h"

static bool add_chipset(Pc *pc, GError **errp)
{
    X86Machine *x86 = &pc->x86;
    Machine *machine = &x86->machine;
    Device *bridge = x86_add_device(machine, "isa", "isabus-bridge", errp);
    if (!bridge || !device_realize(bridge, NULL, errp)) {
        return false;
    }
    Bus *isa = bus_find(&machine->object, NULL, &isa_bus_class.bus, errp);
    x86->isa = isa ? container_of(isa, IsaBus, bus) : NULL;
    pc->roms = &machine->system_memory;
    return isa != NULL;
}

static const PcKind kind = {
    .product = "Standard PC (ISA only)",
    .bios = "bios.bin",
    .low_max = 0xe0000000u,
    .low_max_of_many = 0xc0000000u,
    .many = 0xe0000000u,
    .isa_only = true,
    .add_chipset = add_chipset,
};

static bool isapc_build(Machine *machine, GError **errp)
{
    return pc_build(pc_of(machine), &kind, errp);
}

static const MachineClass isapc_machine_class = {
    .object = { .name = "isapc-machine", .parent = &pc_base_class.object },
    .summary = "PC without PCI",
    .arch = "x86_64",
    .default_cpu = "486-x86_64-cpu",
    .default_display = "isa-vga",
    .default_ports = true,
    .cpu_base = &x86_cpu_class.cpu.device.object,
    .default_ram_bytes = X86_RAM_DEFAULT,
    .max_cpus = 1,
    .options = PC_OPTIONS,
    .build = isapc_build,
};
CLASS_REGISTER(isapc_machine_class);
