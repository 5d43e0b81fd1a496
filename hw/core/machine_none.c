/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The empty machine of every architecture: memory at address 0 if any was asked for, nothing else.
 */
#include "hw/core/machine.h"

static bool none_build(Machine *machine, GError **errp)
{
    if (!machine->ram_bytes) {
        return true;
    }
    if (!machine_init_ram(machine, "ram", errp)) {
        return false;
    }
    memory_region_add(&machine->system_memory, 0, &machine->ram);
    return true;
}

static const MachineClass none_machine_class = {
    .object = { .name = "none-machine", .parent = &machine_class.object },
    .summary = "empty machine",
    .max_cpus = 1,
    .build = none_build,
};
CLASS_REGISTER(none_machine_class);
