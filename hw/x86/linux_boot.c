/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux's own boot protocols. Spec: Linux Documentation/arch/x86/boot.rst and zero-page.rst;
 * offsets are those of the header in the file, which are the same in the zero page.
 */
#include <inttypes.h>
#include <string.h>

#include "hw/x86/boot_internal.h"
#include "util/error.h"

enum {
    SETUP_SECTS = 0x1f1,
    SYSSIZE = 0x1f4,
    HEADER_JUMP = 0x201, /* its second byte says where the header ends */
    HEADER_MAGIC = 0x202,
    VERSION = 0x206,
    TYPE_OF_LOADER = 0x210,
    LOADFLAGS = 0x211,
    CODE32_START = 0x214,
    RAMDISK_IMAGE = 0x218,
    RAMDISK_SIZE = 0x21c,
    CMD_LINE_PTR = 0x228,
    INITRD_ADDR_MAX = 0x22c,
    RELOCATABLE = 0x234,
    XLOADFLAGS = 0x236,
    CMDLINE_SIZE = 0x238,
    PREF_ADDRESS = 0x258,
    INIT_SIZE = 0x260,
    HEADER_MAX_END = 0x290,
};
/* fields of the zero page that are not in the file */
enum {
    EXT_MEM_K = 0x002,
    ACPI_RSDP_ADDR = 0x070,
    ALT_MEM_K = 0x1e0,
    E820_ENTRIES = 0x1e8,
    E820_TABLE = 0x2d0,
    E820_MAX = 128,
    ZERO_PAGE_BYTES = 4096,
};
enum {
    LOADED_HIGH = 1,
    CAN_USE_HEAP = 0x80,
    XLF_KERNEL_64 = 1,
    XLF_ABOVE_4G = 2,
    LOADER_UNDEFINED = 0xff
};
enum { PROTOCOL_BZIMAGE = 0x200, PROTOCOL_RELOCATABLE = 0x205, PROTOCOL_LINE = 0x206 };
enum { PROTOCOL_PREFERRED = 0x20a, PROTOCOL_64 = 0x20c, ENTRY_64 = 0x200 };
enum { OLD_INITRD_MAX = 0x37ffffff, OLD_LINE_BYTES = 255, SECTOR = 512 };

static uint32_t field(const X86Boot *boot, unsigned offset, unsigned bytes)
{
    uint32_t value = 0;
    memcpy(&value, boot->head + offset, bytes);
    return GUINT32_FROM_LE(value);
}

bool linux_boot_is(const X86Boot *boot)
{
    return boot->head_bytes > HEADER_MAX_END && memcmp(boot->head + HEADER_MAGIC, "HdrS", 4) == 0;
}

/* Where the protected-mode part goes, and what it needs there. */
static hwaddr kernel_address(const X86Boot *boot, uint64_t file_bytes, uint64_t *bytes)
{
    unsigned version = field(boot, VERSION, 2);
    hwaddr preferred = 0;
    *bytes = file_bytes;
    if (version >= PROTOCOL_PREFERRED) {
        preferred = field(boot, PREF_ADDRESS, 4);
        *bytes = MAX(file_bytes, field(boot, INIT_SIZE, 4));
    }
    bool relocatable = version >= PROTOCOL_RELOCATABLE && field(boot, RELOCATABLE, 1);
    bool fits = preferred >= BOOT_HIGH && preferred < boot->top && *bytes <= boot->top - preferred;
    return relocatable && fits ? preferred : BOOT_HIGH;
}

static bool load_kernel(X86Boot *boot, hwaddr *address, GError **errp)
{
    const char *path = boot->machine->boot.kernel;
    uint64_t file_bytes, bytes;
    unsigned sectors = field(boot, SETUP_SECTS, 1);
    uint64_t offset = ((sectors ? sectors : 4) + 1) * SECTOR;
    if (field(boot, VERSION, 2) < PROTOCOL_BZIMAGE || !(field(boot, LOADFLAGS, 1) & LOADED_HIGH)) {
        error_set(errp, "could not load kernel '%s': it is a zImage, which needs firmware", path);
        return false;
    }
    if (!loader_file_bytes("kernel", path, &file_bytes, errp)) {
        return false;
    }
    if (file_bytes <= offset) {
        error_set(errp,
                  "could not load kernel '%s': the file is truncated: it ends before its code",
                  path);
        return false;
    }
    file_bytes -= offset;
    *address = kernel_address(boot, file_bytes, &bytes);
    LoaderPart part = { .offset = offset, .bytes = file_bytes, .memory_bytes = bytes };
    return loader_load_part(&boot->loader, "kernel", path, &part, *address, errp);
}

static bool load_initrd(X86Boot *boot, uint8_t *zero_page, GError **errp)
{
    const char *path = boot->machine->boot.initrd;
    uint64_t bytes, max = OLD_INITRD_MAX;
    LoadedImage image;
    if (!path) {
        return true;
    }
    if (field(boot, VERSION, 2) >= 0x203) {
        max = field(boot, INITRD_ADDR_MAX, 4);
    }
    if (field(boot, VERSION, 2) >= PROTOCOL_64 && field(boot, XLOADFLAGS, 2) & XLF_ABOVE_4G) {
        max = UINT32_MAX;
    }
    if (!loader_file_bytes("initial ramdisk", path, &bytes, errp)) {
        return false;
    }
    hwaddr end = MIN(boot->top, max + 1);
    if (bytes > end || end - bytes < BOOT_HIGH) {
        error_set(errp,
                  "could not load initial ramdisk '%s': its %" PRIu64 " bytes do not fit in "
                  "%" PRIu64 " bytes of RAM",
                  path, bytes, (uint64_t)end);
        return false;
    }
    hwaddr address = (end - bytes) & ~(hwaddr)0xfff;
    uint32_t start = GUINT32_TO_LE((uint32_t)address), length = GUINT32_TO_LE((uint32_t)bytes);
    memcpy(zero_page + RAMDISK_IMAGE, &start, 4);
    memcpy(zero_page + RAMDISK_SIZE, &length, 4);
    return loader_load_raw(&boot->loader, "initial ramdisk", path, address, &image, errp);
}

static bool put_line(X86Boot *boot, uint8_t *zero_page, GError **errp)
{
    unsigned version = field(boot, VERSION, 2);
    uint32_t max = version >= PROTOCOL_LINE ? field(boot, CMDLINE_SIZE, 4) : OLD_LINE_BYTES;
    uint32_t address = GUINT32_TO_LE(BOOT_COMMAND_LINE);
    if (strlen(boot->append) > max) {
        error_set(errp, "-append: the command line has %zu characters, this kernel takes %u",
                  strlen(boot->append), max);
        return false;
    }
    memcpy(zero_page + CMD_LINE_PTR, &address, 4);
    return boot_put_line(boot, boot->append, errp);
}

static void put_map(const X86Boot *boot, uint8_t *zero_page)
{
    unsigned count = MIN(e820_count(&boot->map), E820_MAX);
    uint32_t high_kib = GUINT32_TO_LE((uint32_t)((boot->top - BOOT_HIGH) >> 10));
    uint64_t rsdp = GUINT64_TO_LE(boot->rsdp);
    zero_page[E820_ENTRIES] = count;
    for (unsigned i = 0; i < count; i++) {
        memcpy(zero_page + E820_TABLE + i * sizeof(E820Entry), e820_entry(&boot->map, i),
               sizeof(E820Entry));
    }
    memcpy(zero_page + ALT_MEM_K, &high_kib, 4);
    zero_page[EXT_MEM_K] = zero_page[EXT_MEM_K + 1] = 0xff;
    memcpy(zero_page + ACPI_RSDP_ADDR, &rsdp, 8);
}

bool linux_boot(X86Boot *boot, GError **errp)
{
    uint8_t zero_page[ZERO_PAGE_BYTES] = { 0 };
    unsigned header_end = HEADER_MAGIC + boot->head[HEADER_JUMP];
    hwaddr address;
    if (header_end > HEADER_MAX_END) {
        header_end = HEADER_MAX_END;
    }
    memcpy(zero_page + SETUP_SECTS, boot->head + SETUP_SECTS, header_end - SETUP_SECTS);
    if (!load_kernel(boot, &address, errp)) {
        return false;
    }
    uint32_t code32 = GUINT32_TO_LE((uint32_t)address);
    zero_page[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    zero_page[LOADFLAGS] &= ~CAN_USE_HEAP;
    memcpy(zero_page + CODE32_START, &code32, 4);
    put_map(boot, zero_page);
    if (!load_initrd(boot, zero_page, errp) || !put_line(boot, zero_page, errp) ||
        !loader_load_bytes(&boot->loader, "boot parameters", zero_page, sizeof(zero_page),
                           BOOT_ZERO_PAGE, errp)) {
        return false;
    }
    bool is_64 = boot->board->has_64 && field(boot, VERSION, 2) >= PROTOCOL_64 &&
                 field(boot, XLOADFLAGS, 2) & XLF_KERNEL_64;
    boot->entry->mode = is_64 ? X86_ENTRY_LONG : X86_ENTRY_PROTECTED;
    boot->entry->pc = address + (is_64 ? ENTRY_64 : 0);
    boot->entry->rsi = BOOT_ZERO_PAGE;
    return true;
}
