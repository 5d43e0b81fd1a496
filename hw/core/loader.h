/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting files into guest memory: raw, ELF, Linux Image (also gzip-compressed, or inside an EFI
 * zboot image) and uImage. Files are hostile; every load is checked against RAM and against what
 * was loaded before.
 */
#pragma once

#include "memory/address_space.h"
#include <elf.h>

/* One start of a machine: where things may go, and what went where. */
typedef struct {
    AddressSpace *memory;
    hwaddr ram_start, ram_end; /* exclusive */
    uint16_t elf_machine;      /* EM_*: the only one accepted */
    uint8_t elf_class;         /* ELFCLASS32 or ELFCLASS64: likewise */
    uint8_t uimage_arch;       /* IH_ARCH_* of U-Boot */
    GArray *ranges;            /* LoaderRange, private */
} Loader;

typedef struct {
    hwaddr start, end; /* exclusive; includes memory that the image only reserves */
    hwaddr entry;      /* physical */
    bool is_elf;
} LoadedImage;

void loader_init(Loader *loader, AddressSpace *memory, hwaddr ram_start, uint64_t ram_bytes);
void loader_cleanup(Loader *loader);

/*
 * @role is what error messages call the file: "kernel", "firmware". Messages read
 * "could not load kernel 'vmlinux': No such file or directory".
 */
/** loader_is_elf - whether the file can be read and starts like an ELF file */
bool loader_is_elf(const char *path);
bool loader_load_elf(Loader *loader, const char *role, const char *path, LoadedImage *image,
                     GError **errp);
/** loader_load_raw - the bytes of the file, at @address */
bool loader_load_raw(Loader *loader, const char *role, const char *path, hwaddr address,
                     LoadedImage *image, GError **errp);
/** loader_load_kernel - any known format; those without an address of their own go to @address */
bool loader_load_kernel(Loader *loader, const char *role, const char *path, hwaddr address,
                        LoadedImage *image, GError **errp);
/** loader_load_bytes - what the emulator made itself, such as a device tree; may lie in ROM */
bool loader_load_bytes(Loader *loader, const char *role, const void *bytes, size_t length,
                       hwaddr address, GError **errp);

/* A piece of a file, and the memory that it takes: at least as much. */
typedef struct {
    uint64_t offset, bytes, memory_bytes;
} LoaderPart;

/** loader_load_part - @part of the file, at @address; memory beyond its bytes is only reserved */
bool loader_load_part(Loader *loader, const char *role, const char *path, const LoaderPart *part,
                      hwaddr address, GError **errp);
/** loader_read_head - the first @max bytes of the file, or as many as it has: *@length */
bool loader_read_head(const char *role, const char *path, void *head, size_t max, size_t *length,
                      GError **errp);

/** loader_file_bytes - size of a regular file that can be read */
bool loader_file_bytes(const char *role, const char *path, uint64_t *bytes, GError **errp);
/** loader_read_file - whole file, at most @max bytes; caller frees */
void *loader_read_file(const char *role, const char *path, uint64_t max, size_t *length,
                       GError **errp);

/** loader_elf_note - contents of the note @name of type @type of an ELF file, at most @max bytes;
 * false when it has none */
bool loader_elf_note(const char *path, const char *name, uint32_t type, void *contents, size_t max);
/** loader_elf_symbol - value of a symbol of an ELF file; false when it has none of that name */
bool loader_elf_symbol(const char *path, const char *name, uint64_t *value);
