/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The "virt" board: state, memory map and interrupt numbers, shared by the board and its device
 * tree. */
#pragma once

#include "hw/core/device_tree.h"
#include "hw/core/machine.h"
#include "hw/riscv/boot.h"

typedef enum {
    VIRT_MROM,
    VIRT_TEST,
    VIRT_RTC,
    VIRT_CLINT,
    VIRT_SSWI,
    VIRT_PLIC,
    VIRT_UART,
    VIRT_VIRTIO,
    VIRT_FW_CFG,
    VIRT_FLASH,
    VIRT_DRAM,
    VIRT_REGIONS,
} VirtRegion;

typedef struct {
    hwaddr base;
    uint64_t bytes; /* of one where there are several; 0: as large as the machine's memory */
} VirtPlace;

enum {
    VIRT_VIRTIO_SLOTS = 8,
    VIRT_FLASH_BANKS = 2,
    VIRT_IRQ_VIRTIO = 1, /* to 8 */
    VIRT_IRQ_UART = 10,
    VIRT_IRQ_RTC = 11,
    VIRT_IRQ_SOURCES = 96,
    VIRT_MAX_CPUS = 512,
    VIRT_UART_CLOCK_HZ = 3686400,
};

typedef struct {
    Machine machine;
    MemoryRegion mrom;
    RiscvBoot boot;
    Device *htif; /* NULL: the program has no tohost symbol */
    /* properties */
    bool aclint, virtio_legacy;
    int aia;
    char *flash_file[VIRT_FLASH_BANKS];
    bool flash_readonly[VIRT_FLASH_BANKS];
} VirtMachine;

extern const VirtPlace virt_map[VIRT_REGIONS];

/** virt_write_fdt - the root's properties and every node but chosen */
void virt_write_fdt(Machine *machine, DeviceTree *tree);
