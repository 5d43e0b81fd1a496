/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a RISC-V board does at each reset: load firmware, kernel and device tree, and write the
 * first instructions. */
#pragma once

#include "hw/core/device_tree.h"
#include "hw/core/loader.h"
#include "hw/core/machine.h"

enum { RISCV_BOOT_DRAM_BASE = 0x80000000u };

/* How a board starts; filled by the board, completed by riscv_boot(). */
typedef struct {
    const char *const *default_firmware; /* data files to look for in turn; ends with NULL */
    const char *stdout_path;             /* of /chosen */
    hwaddr payload; /* what firmware starts when there is no kernel, such as flash; 0: nothing */
    /* writes the root's properties and all nodes but chosen */
    void (*write_fdt)(Machine *machine, DeviceTree *tree);
    /* out: where things went */
    LoadedImage firmware, kernel;
    char *firmware_path; /* NULL: none */
} RiscvBoot;

/** riscv_boot_check - whether DRAM of this size can be had; before it is made */
bool riscv_boot_check_ram(const Machine *machine, uint64_t max_bytes, GError **errp);
bool riscv_boot(Machine *machine, RiscvBoot *boot, GError **errp);
void riscv_boot_cleanup(RiscvBoot *boot);

/** riscv_boot_find_htif - addresses of tohost and fromhost in the firmware or kernel that was
 * loaded */
bool riscv_boot_find_htif(const Machine *machine, const RiscvBoot *boot, hwaddr *tohost,
                          hwaddr *fromhost);
