/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -kernel with firmware: kernel, initial ramdisk and command line as items of fw_cfg, which OVMF
 * reads itself and a BIOS through our option ROM (firmware/kernel_rom.S).
 * Spec: QEMU docs/specs/fw_cfg.rst; Linux Documentation/arch/x86/boot.rst.
 */
#include <inttypes.h>
#include <string.h>

#include "hw/core/loader.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/x86/kernel_rom.h"
#include "hw/x86/pc.h"
#include "util/error.h"

enum {
    SETUP_SECTS = 0x1f1,
    MAGIC = 0x202,
    VERSION = 0x206,
    TYPE_OF_LOADER = 0x210,
    LOADFLAGS = 0x211,
    RAMDISK_IMAGE = 0x218,
    RAMDISK_SIZE = 0x21c,
    HEAP_END = 0x224,
    CMD_LINE_PTR = 0x228,
    INITRD_ADDR_MAX = 0x22c,
    HEADER_END = 0x268,
};
enum { LOADED_HIGH = 1, CAN_USE_HEAP = 0x80, LOADER_QEMU = 0xb0, SECTOR = 512, PAGE = 4096 };
enum { SETUP_ADDRESS = 0x10000, LINE_ADDRESS = 0x20000, LINE_MAX_BYTES = 0x10000 };
enum { KERNEL_ADDRESS = 0x100000, OLD_INITRD_MAX = 0x37ffffff };
/* What firmware itself takes at the end of RAM. */
enum { FIRMWARE_BYTES = 0x100000 };
#define MAX_FILE (1ull << 31)
#define ROM_FILE PC_KERNEL_ROM

static void put_le(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = value >> 8 * i;
    }
}

static uint32_t get_le(const uint8_t *at, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint32_t)at[i] << 8 * i;
    }
    return value;
}

bool pc_kernel_is_linux(const char *path)
{
    uint8_t head[HEADER_END];
    size_t length;
    return loader_read_head("kernel", path, head, sizeof(head), &length, NULL) &&
           length == sizeof(head) && memcmp(head + MAGIC, "HdrS", 4) == 0 &&
           head[LOADFLAGS] & LOADED_HIGH;
}

static bool add_initrd(Pc *pc, uint8_t *setup, GError **errp)
{
    const char *path = pc->x86.machine.boot.initrd;
    Device *cfg = pc->x86.fw_cfg;
    size_t bytes;
    uint32_t max =
        get_le(setup + VERSION, 2) >= 0x203 ? get_le(setup + INITRD_ADDR_MAX, 4) : OLD_INITRD_MAX;
    if (!path) {
        return true;
    }
    g_autofree void *contents = loader_read_file("initial ramdisk", path, MAX_FILE, &bytes, errp);
    if (!contents) {
        return false;
    }
    uint64_t end =
        MIN(pc->x86.low_ram_bytes - MIN(pc->x86.low_ram_bytes, FIRMWARE_BYTES), (uint64_t)max + 1);
    if (bytes > end || end - bytes < KERNEL_ADDRESS) {
        error_set(errp,
                  "could not load initial ramdisk '%s': its %zu bytes do not fit in RAM; more "
                  "memory may help (-m)",
                  path, bytes);
        return false;
    }
    uint32_t address = (end - bytes) & ~(uint64_t)(PAGE - 1);
    put_le(setup + RAMDISK_IMAGE, address, 4);
    put_le(setup + RAMDISK_SIZE, bytes, 4);
    fw_cfg_add_u32(cfg, FW_CFG_INITRD_ADDRESS, address);
    fw_cfg_add_u32(cfg, FW_CFG_INITRD_BYTES, bytes);
    fw_cfg_add(cfg, FW_CFG_INITRD_DATA, contents, bytes);
    return true;
}

static bool add_line(Pc *pc, GError **errp)
{
    const char *line = pc->x86.machine.boot.append ? pc->x86.machine.boot.append : "";
    size_t bytes = strlen(line) + 1;
    Device *cfg = pc->x86.fw_cfg;
    if (bytes > LINE_MAX_BYTES) {
        error_set(errp, "-append: the command line has %zu characters, %d are possible", bytes - 1,
                  LINE_MAX_BYTES - 1);
        return false;
    }
    fw_cfg_add_u32(cfg, FW_CFG_LINE_ADDRESS, LINE_ADDRESS);
    fw_cfg_add_u32(cfg, FW_CFG_LINE_BYTES, bytes);
    fw_cfg_add(cfg, FW_CFG_LINE_DATA, line, bytes);
    return true;
}

bool pc_add_kernel(Pc *pc, GError **errp)
{
    const char *path = pc->x86.machine.boot.kernel;
    Device *cfg = pc->x86.fw_cfg;
    size_t bytes;
    g_autofree uint8_t *kernel = loader_read_file("kernel", path, MAX_FILE, &bytes, errp);
    if (!kernel) {
        return false;
    }
    size_t setup_bytes = ((kernel[SETUP_SECTS] ? kernel[SETUP_SECTS] : 4) + 1) * SECTOR;
    if (setup_bytes >= bytes) {
        error_set(errp,
                  "could not load kernel '%s': the file is truncated: it ends before its code",
                  path);
        return false;
    }
    kernel[TYPE_OF_LOADER] = LOADER_QEMU;
    kernel[LOADFLAGS] |= CAN_USE_HEAP;
    put_le(kernel + HEAP_END, LINE_ADDRESS - SETUP_ADDRESS - 0x200, 2);
    put_le(kernel + CMD_LINE_PTR, LINE_ADDRESS, 4);
    if (!add_initrd(pc, kernel, errp) || !add_line(pc, errp)) {
        return false;
    }
    fw_cfg_add_u32(cfg, FW_CFG_SETUP_ADDRESS, SETUP_ADDRESS);
    fw_cfg_add_u32(cfg, FW_CFG_SETUP_BYTES, setup_bytes);
    fw_cfg_add(cfg, FW_CFG_SETUP_DATA, kernel, setup_bytes);
    fw_cfg_add_u32(cfg, FW_CFG_KERNEL_ADDRESS, KERNEL_ADDRESS);
    fw_cfg_add_u32(cfg, FW_CFG_KERNEL_BYTES, bytes - setup_bytes);
    fw_cfg_add(cfg, FW_CFG_KERNEL_DATA, kernel + setup_bytes, bytes - setup_bytes);
    return fw_cfg_add_file(cfg, ROM_FILE, kernel_rom, sizeof(kernel_rom), errp);
}
