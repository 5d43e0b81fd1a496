/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF programs: with the note of PVH in its way, others at their entry point. A 64-bit program
 * starts in long mode, a 32-bit one in protected mode, neither with a stack.
 * Spec: Xen docs/misc/pvh.pandoc and public/arch-x86/hvm/start_info.h.
 */
#include <string.h>

#include "hw/x86/boot_internal.h"
#include "util/error.h"

enum { NOTE_PHYS32_ENTRY = 18, START_MAGIC = 0x336ec578, START_VERSION = 1 };
enum {
    START_INFO = BOOT_INFO,
    MODULE_LIST = START_INFO + 0x80,
    MEMORY_MAP = START_INFO + 0x100,
};

/* Little endian in guest memory. */
typedef struct {
    uint32_t magic, version, flags, modules;
    uint64_t module_list, command_line, rsdp, memory_map;
    uint32_t memory_entries, reserved;
} StartInfo;

typedef struct {
    uint64_t address, bytes, command_line, reserved;
} StartModule;

typedef struct {
    uint64_t address, bytes;
    uint32_t type, reserved;
} StartMemory;

static bool is_elf(const X86Boot *boot)
{
    return boot->head_bytes > sizeof(Elf32_Ehdr) && memcmp(boot->head, ELFMAG, SELFMAG) == 0;
}

bool pvh_find(const X86Boot *boot, uint32_t *entry)
{
    uint8_t value[8] = { 0 };
    if (!is_elf(boot) || !loader_elf_note(boot->machine->boot.kernel, "Xen", NOTE_PHYS32_ENTRY,
                                          value, sizeof(value))) {
        return false;
    }
    *entry = boot_le32(value);
    return true;
}

/* The initial ramdisk goes to the end of RAM. */
static bool load_module(X86Boot *boot, StartInfo *info, GError **errp)
{
    const char *path = boot->machine->boot.initrd;
    LoadedImage image;
    uint64_t bytes;
    if (!path) {
        return true;
    }
    if (!loader_file_bytes("initial ramdisk", path, &bytes, errp)) {
        return false;
    }
    if (bytes > boot->top - BOOT_HIGH) {
        error_set(errp, "could not load initial ramdisk '%s': it does not fit in RAM", path);
        return false;
    }
    hwaddr address = (boot->top - bytes) & ~(hwaddr)0xfff;
    StartModule module = { .address = GUINT64_TO_LE(address), .bytes = GUINT64_TO_LE(bytes) };
    info->modules = GUINT32_TO_LE(1);
    info->module_list = GUINT64_TO_LE(MODULE_LIST);
    return loader_load_raw(&boot->loader, "initial ramdisk", path, address, &image, errp) &&
           loader_load_bytes(&boot->loader, "module list", &module, sizeof(module), MODULE_LIST,
                             errp);
}

static bool put_map(X86Boot *boot, StartInfo *info, GError **errp)
{
    unsigned count = e820_count(&boot->map);
    g_autofree StartMemory *memory = g_new0(StartMemory, count);
    for (unsigned i = 0; i < count; i++) {
        const E820Entry *entry = e820_entry(&boot->map, i);
        memory[i] = (StartMemory){ entry->base, entry->bytes, entry->type, 0 };
    }
    info->memory_map = GUINT64_TO_LE(MEMORY_MAP);
    info->memory_entries = GUINT32_TO_LE(count);
    return loader_load_bytes(&boot->loader, "memory map", memory, count * sizeof(StartMemory),
                             MEMORY_MAP, errp);
}

bool pvh_boot(X86Boot *boot, uint32_t entry, GError **errp)
{
    LoadedImage image;
    StartInfo info = {
        .magic = GUINT32_TO_LE(START_MAGIC),
        .version = GUINT32_TO_LE(START_VERSION),
        .command_line = GUINT64_TO_LE(BOOT_COMMAND_LINE),
        .rsdp = GUINT64_TO_LE(boot->rsdp),
    };
    boot_set_elf(boot);
    if (!loader_load_elf(&boot->loader, "kernel", boot->machine->boot.kernel, &image, errp) ||
        !load_module(boot, &info, errp) || !put_map(boot, &info, errp) ||
        !boot_put_line(boot, boot->append, errp) ||
        !loader_load_bytes(&boot->loader, "start info", &info, sizeof(info), START_INFO, errp)) {
        return false;
    }
    *boot->entry = (X86Entry){ .mode = X86_ENTRY_PROTECTED, .pc = entry, .rbx = START_INFO };
    return true;
}

bool plain_elf_boot(X86Boot *boot, GError **errp)
{
    LoadedImage image;
    bool is_64 = boot->head[EI_CLASS] == ELFCLASS64;
    const char *path = boot->machine->boot.kernel;
    if (is_64 && !boot->board->has_64) {
        error_set(errp, "could not load kernel '%s': it is a 64-bit program and this CPU is 32-bit",
                  path);
        return false;
    }
    boot_set_elf(boot);
    if (!loader_load_elf(&boot->loader, "kernel", path, &image, errp)) {
        return false;
    }
    *boot->entry =
        (X86Entry){ .mode = is_64 ? X86_ENTRY_LONG : X86_ENTRY_PROTECTED, .pc = image.entry };
    return true;
}
