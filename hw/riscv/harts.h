/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The harts of a board: making them, their place in the device tree, their first instructions. */
#pragma once

#include "hw/core/device_tree.h"
#include "hw/core/machine.h"
#include "target/riscv/cpu.h"

enum {
    RISCV_HARTS_TIMEBASE_HZ = 10000000,
    RISCV_HARTS_MROM_BASE = 0x1000,
    RISCV_HARTS_MROM_BYTES = 0xf000,
};

RiscvCpu *riscv_hart(const Machine *machine, unsigned index);

/** riscv_board_add_device - child @name of the machine, which is reset with it; not yet realized */
Device *riscv_board_add_device(Machine *machine, const char *name, const char *class_name);
/** riscv_board_place_device - realize @dev, with its registers at @base */
bool riscv_board_place_device(Machine *machine, Device *dev, hwaddr base, GError **errp);
/** riscv_board_add_memory - RAM, and @mrom for the first instructions */
bool riscv_board_add_memory(Machine *machine, MemoryRegion *mrom, hwaddr ram_base, GError **errp);

/**
 * riscv_harts_create - topology.cpus harts that start at the MROM, and a CLINT at @clint
 *
 * The CLINT is two devices: software interrupts, and the timer that the harts read time from. On
 * return the harts' interrupt inputs "ssi", "sei" and "mei" can be connected.
 */
bool riscv_harts_create(Machine *machine, hwaddr clint, GError **errp);

/** riscv_harts_connect - output i of @dev to input @name of hart i; @first + i * @stride is the
 * number of the output */
void riscv_harts_connect(Machine *machine, Device *dev, unsigned first, unsigned stride,
                         const char *name);

/** riscv_harts_fdt - the cpus node */
void riscv_harts_fdt(Machine *machine, DeviceTree *tree);
/** riscv_hart_intc - phandle of hart @index's interrupt controller; phandles up to twice the number
 * of harts are taken */
uint32_t riscv_hart_intc(unsigned index);
/** riscv_harts_fdt_interrupts - "interrupts-extended": for each hart, each of @lines (ends with 0)
 */
void riscv_harts_fdt_interrupts(Machine *machine, DeviceTree *tree, const uint32_t *lines);

/** riscv_harts_fdt_timer - the nodes of ACLINT (mswi, mtimer and sswi at @sswi, 0: none) or,
 * without, of a CLINT */
void riscv_harts_fdt_timer(Machine *machine, DeviceTree *tree, bool aclint, hwaddr base,
                           hwaddr sswi);
