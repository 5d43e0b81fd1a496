/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiboot kernels; -initrd "FILE ARGUMENTS,FILE ARGUMENTS" are their modules.
 * Spec: Multiboot Specification 0.6.96, chapter 3.
 */
#include <inttypes.h>
#include <string.h>

#include "hw/x86/boot_internal.h"
#include "util/error.h"

enum {
    HEADER_MAGIC = 0x1badb002,
    HEADER_BYTES = 12,
    HEADER_SEARCH = 8192,
    HAS_ADDRESSES = 1 << 16
};
enum { UNSUPPORTED = 0xfff8, LOADER_MAGIC = 0x2badb002 };
/* bits of the information's flags */
enum {
    INFO_MEMORY = 1 << 0,
    INFO_LINE = 1 << 2,
    INFO_MODULES = 1 << 3,
    INFO_MAP = 1 << 6,
    INFO_NAME = 1 << 9
};
enum {
    INFO = BOOT_INFO,
    INFO_BYTES = 0x80,
    LOADER_NAME = INFO + INFO_BYTES,
    MEMORY_MAP = INFO + 0x100,
    MODULE_LIST = INFO + 0x1000,
    MODULE_BYTES = 16,
    MAX_MODULES = 0x1000 / MODULE_BYTES,
    MODULE_LINES = INFO + 0x2000,
    PAGE = 4096,
};

/* Little endian in guest memory. */
typedef struct {
    uint32_t flags, memory_lower, memory_upper, boot_device, line, module_count, modules;
    uint32_t symbols[4], map_bytes, map, drives_bytes, drives, config, loader_name;
} Info;

typedef struct {
    uint32_t size; /* of the rest */
    E820Entry range;
} __attribute__((packed)) MapEntry;

typedef struct {
    uint32_t start, end, line, reserved;
} Module;

bool multiboot_find(const X86Boot *boot, uint32_t *offset)
{
    for (uint32_t at = 0; at + HEADER_BYTES <= MIN(boot->head_bytes, HEADER_SEARCH); at += 4) {
        const uint8_t *h = boot->head + at;
        if (boot_le32(h) == HEADER_MAGIC &&
            (uint32_t)(boot_le32(h) + boot_le32(h + 4) + boot_le32(h + 8)) == 0) {
            *offset = at;
            return true;
        }
    }
    return false;
}

/* 3.1.3: the kernel is a plain image with its addresses in the header. */
static bool load_image(X86Boot *boot, uint32_t offset, LoadedImage *image, GError **errp)
{
    const char *path = boot->machine->boot.kernel;
    const uint8_t *header = boot->head + offset;
    uint32_t header_address = boot_le32(header + 12), load = boot_le32(header + 16);
    uint32_t load_end = boot_le32(header + 20), bss_end = boot_le32(header + 24);
    uint64_t file_bytes;
    if (!loader_file_bytes("kernel", path, &file_bytes, errp)) {
        return false;
    }
    if (load > header_address || header_address - load > offset || (load_end && load_end < load) ||
        (bss_end && bss_end < load_end)) {
        error_set(errp,
                  "could not load kernel '%s': the addresses in its Multiboot header "
                  "contradict each other",
                  path);
        return false;
    }
    uint64_t start = offset - (header_address - load);
    uint64_t bytes = load_end ? load_end - load : file_bytes - start;
    uint64_t memory = bss_end ? MAX(bss_end - load, bytes) : bytes;
    LoaderPart part = { .offset = start, .bytes = bytes, .memory_bytes = memory };
    *image = (LoadedImage){ load, load + memory, boot_le32(header + 28), false };
    return loader_load_part(&boot->loader, "kernel", path, &part, load, errp);
}

static bool load_kernel(X86Boot *boot, uint32_t offset, LoadedImage *image, GError **errp)
{
    uint32_t flags = boot_le32(boot->head + offset + 4);
    const char *path = boot->machine->boot.kernel;
    if (flags & UNSUPPORTED) {
        error_set(errp,
                  "could not load kernel '%s': its Multiboot header demands features %#x, "
                  "which nobody knows",
                  path, flags & UNSUPPORTED);
        return false;
    }
    if (flags & HAS_ADDRESSES) {
        return load_image(boot, offset, image, errp);
    }
    if (boot->head[EI_CLASS] == ELFCLASS64) {
        error_set(errp,
                  "could not load kernel '%s': a Multiboot kernel of 64-bit ELF must give "
                  "its addresses in the header",
                  path);
        return false;
    }
    boot_set_elf(boot);
    return loader_load_elf(&boot->loader, "kernel", path, image, errp);
}

/* "FILE ARGUMENTS": the whole text is the module's line. */
static bool load_module(X86Boot *boot, const char *text, Module *module, hwaddr *next, hwaddr *line,
                        GError **errp)
{
    g_autofree char *path = g_strndup(text, strcspn(text, " "));
    LoadedImage image;
    size_t line_bytes = strlen(text) + 1;
    if (line_bytes > BOOT_INFO_END - *line) {
        error_set(errp, "-initrd: the lines of the modules are too long");
        return false;
    }
    if (!loader_load_raw(&boot->loader, "module", path, *next, &image, errp) ||
        !loader_load_bytes(&boot->loader, "module line", text, line_bytes, *line, errp)) {
        return false;
    }
    *module = (Module){ .start = GUINT32_TO_LE((uint32_t)image.start),
                        .end = GUINT32_TO_LE((uint32_t)image.end),
                        .line = GUINT32_TO_LE((uint32_t)*line) };
    *next = (image.end + PAGE - 1) & ~(hwaddr)(PAGE - 1);
    *line += line_bytes;
    return true;
}

static bool load_modules(X86Boot *boot, hwaddr next, Info *info, GError **errp)
{
    hwaddr line = MODULE_LINES;
    if (!boot->machine->boot.initrd) {
        return true;
    }
    g_auto(GStrv) texts = g_strsplit(boot->machine->boot.initrd, ",", -1);
    unsigned count = g_strv_length(texts);
    if (count > MAX_MODULES) {
        error_set(errp, "-initrd: %u modules are more than the %d that are possible", count,
                  MAX_MODULES);
        return false;
    }
    g_autofree Module *modules = g_new0(Module, count);
    for (unsigned i = 0; i < count; i++) {
        if (!load_module(boot, texts[i], &modules[i], &next, &line, errp)) {
            return false;
        }
    }
    info->module_count = GUINT32_TO_LE(count);
    info->modules = GUINT32_TO_LE(MODULE_LIST);
    return loader_load_bytes(&boot->loader, "module list", modules, count * sizeof(Module),
                             MODULE_LIST, errp);
}

static bool put_map(X86Boot *boot, Info *info, GError **errp)
{
    unsigned count = e820_count(&boot->map);
    g_autofree MapEntry *map = g_new0(MapEntry, count);
    for (unsigned i = 0; i < count; i++) {
        map[i] =
            (MapEntry){ GUINT32_TO_LE((uint32_t)sizeof(E820Entry)), *e820_entry(&boot->map, i) };
    }
    info->map = GUINT32_TO_LE(MEMORY_MAP);
    info->map_bytes = GUINT32_TO_LE((uint32_t)(count * sizeof(MapEntry)));
    return loader_load_bytes(&boot->loader, "memory map", map, count * sizeof(MapEntry), MEMORY_MAP,
                             errp);
}

bool multiboot_boot(X86Boot *boot, uint32_t offset, GError **errp)
{
    static const char name[] = "rhea";
    LoadedImage image;
    g_autofree char *line =
        g_strconcat(boot->machine->boot.kernel, *boot->append ? " " : "", boot->append, NULL);
    Info info = {
        .flags = GUINT32_TO_LE(INFO_MEMORY | INFO_LINE | INFO_MODULES | INFO_MAP | INFO_NAME),
        .memory_lower = GUINT32_TO_LE(BOOT_EBDA >> 10),
        .memory_upper = GUINT32_TO_LE((uint32_t)((boot->top - BOOT_HIGH) >> 10)),
        .line = GUINT32_TO_LE(BOOT_COMMAND_LINE),
        .loader_name = GUINT32_TO_LE(LOADER_NAME),
    };
    if (!load_kernel(boot, offset, &image, errp)) {
        return false;
    }
    hwaddr next = (image.end + PAGE - 1) & ~(hwaddr)(PAGE - 1);
    if (!load_modules(boot, MAX(next, BOOT_HIGH), &info, errp) || !put_map(boot, &info, errp) ||
        !boot_put_line(boot, line, errp) ||
        !loader_load_bytes(&boot->loader, "loader name", name, sizeof(name), LOADER_NAME, errp) ||
        !loader_load_bytes(&boot->loader, "Multiboot information", &info, sizeof(info), INFO,
                           errp)) {
        return false;
    }
    *boot->entry = (X86Entry){
        .mode = X86_ENTRY_PROTECTED, .pc = image.entry, .rax = LOADER_MAGIC, .rbx = INFO
    };
    return true;
}
