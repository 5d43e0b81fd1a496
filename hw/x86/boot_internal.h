/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the boot protocols share: where things go in low memory, and the kernel's file. */
#pragma once

#include "hw/core/loader.h"
#include "hw/x86/boot.h"

/* Low memory, below what entry.h takes and above the BIOS data area. */
enum {
    BOOT_BDA_EBDA_SEGMENT = 0x40e,
    BOOT_BDA_BASE_KIB = 0x413,
    BOOT_ZERO_PAGE = 0x10000,
    BOOT_INFO = 0x18000, /* PVH or Multiboot structures */
    BOOT_INFO_END = 0x20000,
    BOOT_COMMAND_LINE = 0x20000,
    BOOT_COMMAND_LINE_END = 0x30000,
    BOOT_EBDA = 0x9fc00,
    BOOT_VIDEO = 0xa0000,
    BOOT_RSDP = 0xe0000,
    BOOT_SMBIOS = 0xf0000,
    BOOT_HIGH = 0x100000,
    BOOT_HEAD_BYTES = 8192 + 48, /* a Multiboot header starts in the first 8 KiB */
};

typedef struct {
    Machine *machine;
    const X86BootBoard *board;
    Loader loader;
    E820Map map;
    hwaddr top;                    /* end of the low RAM that is left: tables lie above */
    hwaddr rsdp;                   /* 0: none */
    char *append;                  /* whole command line */
    uint8_t head[BOOT_HEAD_BYTES]; /* start of the kernel's file, zeros behind its end */
    size_t head_bytes;
    X86Entry *entry;
} X86Boot;

static inline uint32_t boot_le32(const uint8_t *at)
{
    return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

/** boot_put_line - the command line @text at BOOT_COMMAND_LINE */
bool boot_put_line(X86Boot *boot, const char *text, GError **errp);
/** boot_set_elf - accept either width of x86 program, whichever the file is */
void boot_set_elf(X86Boot *boot);

bool linux_boot_is(const X86Boot *boot);
bool linux_boot(X86Boot *boot, GError **errp);
bool multiboot_find(const X86Boot *boot, uint32_t *offset);
bool multiboot_boot(X86Boot *boot, uint32_t offset, GError **errp);
bool pvh_find(const X86Boot *boot, uint32_t *entry);
bool pvh_boot(X86Boot *boot, uint32_t entry, GError **errp);
bool plain_elf_boot(X86Boot *boot, GError **errp);
