/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "spike": the board that the RISC-V ISA simulator shows: harts, CLINT, memory and HTIF, which is
 * its console and its way out. See docs/user/machine-riscv.rst.
 */
#include <inttypes.h>

#include "chardev/chardev.h"
#include "hw/char/riscv_htif.h"
#include "hw/riscv/boot.h"
#include "hw/riscv/harts.h"

enum { HTIF_BASE = 0x1000000, HTIF_TOHOST = HTIF_BASE + 8, CLINT_BASE = 0x2000000, MAX_CPUS = 512 };
enum { MAX_RAM_GIB = 1024, FDT_HTIF_BYTES = 0x1000 };

typedef struct {
    Machine machine;
    MemoryRegion mrom;
    RiscvBoot boot;
    Device *htif;
} SpikeMachine;

/* The ELF form first: it says where its tohost and fromhost are. */
static const char *const firmware[] = { "fw_dynamic.elf", "opensbi-riscv64-generic-fw_dynamic.elf",
                                        "fw_dynamic.bin", NULL };

static void spike_write_fdt(Machine *machine, DeviceTree *tree)
{
    DEVICE_TREE_CELLS(tree, "#address-cells", 2);
    DEVICE_TREE_CELLS(tree, "#size-cells", 2);
    device_tree_string(tree, "compatible", "ucbbar,spike-bare-dev");
    device_tree_string(tree, "model", "ucbbar,spike-bare,qemu");
    device_tree_open_node(tree, "memory@%x", RISCV_BOOT_DRAM_BASE);
    device_tree_string(tree, "device_type", "memory");
    device_tree_reg(tree, RISCV_BOOT_DRAM_BASE, machine->ram_bytes);
    device_tree_close_node(tree);
    riscv_harts_fdt(machine, tree);
    device_tree_open_node(tree, "soc");
    DEVICE_TREE_CELLS(tree, "#address-cells", 2);
    DEVICE_TREE_CELLS(tree, "#size-cells", 2);
    device_tree_string(tree, "compatible", "simple-bus");
    device_tree_flag(tree, "ranges");
    riscv_harts_fdt_timer(machine, tree, false, CLINT_BASE, 0);
    device_tree_close_node(tree);
    device_tree_open_node(tree, "htif");
    device_tree_string(tree, "compatible", "ucb,htif0");
    device_tree_reg(tree, HTIF_BASE, FDT_HTIF_BYTES);
    device_tree_close_node(tree);
}

static bool spike_build(Machine *machine, GError **errp)
{
    SpikeMachine *spike = container_of(machine, SpikeMachine, machine);
    if (!riscv_boot_check_ram(machine, (uint64_t)MAX_RAM_GIB << 30, errp) ||
        !riscv_board_add_memory(machine, &spike->mrom, RISCV_BOOT_DRAM_BASE, errp) ||
        !riscv_harts_create(machine, CLINT_BASE, errp)) {
        return false;
    }

    spike->htif = riscv_board_add_device(machine, "htif", "riscv-htif");
    Object *chardev = machine->serial[0] ? &machine->serial[0]->object : NULL;
    if ((chardev && !property_set_link(&spike->htif->object, "chardev", chardev, errp)) ||
        !device_realize(spike->htif, NULL, errp)) {
        return false;
    }
    spike->boot = (RiscvBoot){
        .default_firmware = firmware,
        .stdout_path = "/htif",
        .write_fdt = spike_write_fdt,
    };
    return true;
}

static bool spike_load(Machine *machine, GError **errp)
{
    SpikeMachine *spike = container_of(machine, SpikeMachine, machine);
    hwaddr tohost = HTIF_TOHOST, fromhost = HTIF_BASE;
    riscv_boot_cleanup(&spike->boot);
    if (!riscv_boot(machine, &spike->boot, errp)) {
        return false;
    }
    riscv_boot_find_htif(machine, &spike->boot, &tohost, &fromhost);
    riscv_htif_place(spike->htif, tohost, fromhost);
    return true;
}

static void spike_finalize(Object *obj)
{
    riscv_boot_cleanup(&container_of(obj, SpikeMachine, machine.object)->boot);
}

static const MachineClass spike_machine_class = {
    .object = { .name = "spike-machine",
                .parent = &machine_class.object,
                .instance_size = sizeof(SpikeMachine),
                .finalize = spike_finalize },
    .summary = "RISC-V ISA simulator board with HTIF",
    .arch = "riscv64",
    .default_cpu = "rv64-riscv-cpu",
    .cpu_base = &riscv_cpu_class.cpu.device.object,
    .default_ram_bytes = 128 << 20,
    .max_cpus = MAX_CPUS,
    .build = spike_build,
    .load = spike_load,
};
CLASS_REGISTER(spike_machine_class);

static const char *const spike32_aliases[] = { "spike", NULL };

static const MachineClass spike32_machine_class = {
    .object = { .name = "spike-riscv32-machine", .parent = &spike_machine_class.object },
    .summary = "RISC-V ISA simulator board with HTIF",
    .arch = "riscv32",
    .aliases = spike32_aliases,
    .default_cpu = "rv32-riscv-cpu",
    .cpu_base = &riscv_cpu_class.cpu.device.object,
    .default_ram_bytes = 128 << 20,
    .max_cpus = MAX_CPUS,
    .build = spike_build,
    .load = spike_load,
};
CLASS_REGISTER(spike32_machine_class);
