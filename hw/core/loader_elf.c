/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF executables of either class and byte order.  Spec: System V ABI, chapters 4 and 5. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "hw/core/loader_internal.h"
#include "util/error.h"

enum { MAX_STRING_TABLE = 256 * 1024 * 1024, SYMBOLS_AT_ONCE = 4096, MAX_NOTES = 1 << 20 };

/* The class- and order-independent part of what a header says. */
typedef struct {
    bool is_64, is_big;
    uint16_t type, machine;
    uint64_t entry, phoff, shoff;
    uint16_t phentsize, phnum, shentsize, shnum;
} ElfInfo;

typedef struct {
    uint32_t type;
    uint64_t offset, vaddr, paddr, file_bytes, memory_bytes;
} ElfSegment;

/* A note that is looked for, and room for its contents. */
typedef struct {
    const char *name;
    uint32_t type;
    void *contents;
    size_t max;
} LoaderNote;

/* A number of @size bytes at @at in the file's byte order. */
static uint64_t number(const ElfInfo *elf, const uint8_t *at, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)at[i] << 8 * (elf->is_big ? size - 1 - i : i);
    }
    return value;
}

#define FIELD(elf, raw, S32, S64, f)                                             \
    ((elf)->is_64 ? number(elf, (raw) + offsetof(S64, f), sizeof(((S64 *)0)->f)) \
                  : number(elf, (raw) + offsetof(S32, f), sizeof(((S32 *)0)->f)))

static bool read_header(LoaderFile *file, ElfInfo *elf, GError **errp)
{
    uint8_t raw[sizeof(Elf64_Ehdr)] = { 0 };
    if (!loader_read(file, 0, raw, MIN(sizeof(raw), MAX(file->bytes, sizeof(Elf32_Ehdr))), errp)) {
        return false;
    }
    elf->is_64 = raw[EI_CLASS] == ELFCLASS64;
    elf->is_big = raw[EI_DATA] == ELFDATA2MSB;
    if (memcmp(raw, ELFMAG, SELFMAG) || (!elf->is_64 && raw[EI_CLASS] != ELFCLASS32) ||
        (!elf->is_big && raw[EI_DATA] != ELFDATA2LSB)) {
        loader_error(file, errp, "its ELF header is damaged");
        return false;
    }
    elf->type = FIELD(elf, raw, Elf32_Ehdr, Elf64_Ehdr, e_type);
    elf->machine = FIELD(elf, raw, Elf32_Ehdr, Elf64_Ehdr, e_machine);
    elf->entry = FIELD(elf, raw, Elf32_Ehdr, Elf64_Ehdr, e_entry);
    elf->phoff = FIELD(elf, raw, Elf32_Ehdr, Elf64_Ehdr, e_phoff);
    elf->shoff = FIELD(elf, raw, Elf32_Ehdr, Elf64_Ehdr, e_shoff);
    elf->phentsize = FIELD(elf, raw, Elf32_Ehdr, Elf64_Ehdr, e_phentsize);
    elf->phnum = FIELD(elf, raw, Elf32_Ehdr, Elf64_Ehdr, e_phnum);
    elf->shentsize = FIELD(elf, raw, Elf32_Ehdr, Elf64_Ehdr, e_shentsize);
    elf->shnum = FIELD(elf, raw, Elf32_Ehdr, Elf64_Ehdr, e_shnum);
    return true;
}

static bool check_header(const Loader *loader, LoaderFile *file, const ElfInfo *elf, GError **errp)
{
    unsigned bits = loader->elf_class == ELFCLASS64 ? 64 : 32;
    if (elf->machine != loader->elf_machine) {
        loader_error(file, errp,
                     "it is for another architecture (ELF machine %u, this guest is %u)",
                     elf->machine, loader->elf_machine);
    } else if (elf->is_64 != (bits == 64)) {
        loader_error(file, errp, "it is a %u-bit program and this CPU is %u-bit",
                     elf->is_64 ? 64 : 32, bits);
    } else if (elf->type != ET_EXEC && elf->type != ET_DYN) {
        loader_error(file, errp, "it is an ELF file but not a program (type %u)", elf->type);
    } else if (elf->phentsize != (elf->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) ||
               elf->phnum == PN_XNUM) {
        loader_error(file, errp, "its program headers are of an unknown form");
    } else {
        return true;
    }
    return false;
}

static bool read_segment(LoaderFile *file, const ElfInfo *elf, unsigned index, ElfSegment *segment,
                         GError **errp)
{
    uint8_t raw[sizeof(Elf64_Phdr)];
    if (elf->phoff > file->bytes ||
        !loader_read(file, elf->phoff + (uint64_t)index * elf->phentsize, raw, elf->phentsize,
                     errp)) {
        if (elf->phoff > file->bytes) {
            loader_error(file, errp, "the file is truncated: its program headers are missing");
        }
        return false;
    }
    *segment = (ElfSegment){
        .type = FIELD(elf, raw, Elf32_Phdr, Elf64_Phdr, p_type),
        .offset = FIELD(elf, raw, Elf32_Phdr, Elf64_Phdr, p_offset),
        .vaddr = FIELD(elf, raw, Elf32_Phdr, Elf64_Phdr, p_vaddr),
        .paddr = FIELD(elf, raw, Elf32_Phdr, Elf64_Phdr, p_paddr),
        .file_bytes = FIELD(elf, raw, Elf32_Phdr, Elf64_Phdr, p_filesz),
        .memory_bytes = FIELD(elf, raw, Elf32_Phdr, Elf64_Phdr, p_memsz),
    };
    if (segment->type == PT_LOAD && segment->file_bytes > segment->memory_bytes) {
        loader_error(file, errp, "segment %u has more contents than memory", index);
        return false;
    }
    return true;
}

static bool load_segment(Loader *loader, LoaderFile *file, const ElfSegment *segment, GError **errp)
{
    if (!loader_claim(loader, file, segment->paddr, segment->memory_bytes, errp)) {
        return false;
    }
    if (segment->file_bytes &&
        (segment->offset > file->bytes || segment->file_bytes > file->bytes - segment->offset)) {
        loader_error(file, errp, "the file is truncated (%" PRIu64 " bytes)", file->bytes);
        return false;
    }
    if (!loader_copy(loader, file, segment->offset, segment->file_bytes, segment->paddr, errp)) {
        return false;
    }
    address_space_fill(loader->memory, segment->paddr + segment->file_bytes, 0,
                       segment->memory_bytes - segment->file_bytes, (MemTxAttrs){});
    return true;
}

bool loader_elf(Loader *loader, LoaderFile *file, LoadedImage *image, GError **errp)
{
    ElfInfo elf;
    if (!read_header(file, &elf, errp) || !check_header(loader, file, &elf, errp)) {
        return false;
    }
    *image = (LoadedImage){ .start = UINT64_MAX, .entry = elf.entry, .is_elf = true };
    bool entry_found = false;
    for (unsigned i = 0; i < elf.phnum; i++) {
        ElfSegment segment;
        if (!read_segment(file, &elf, i, &segment, errp)) {
            return false;
        }
        if (segment.type != PT_LOAD || segment.memory_bytes == 0) {
            continue;
        }
        if (!load_segment(loader, file, &segment, errp)) {
            return false;
        }
        image->start = MIN(image->start, segment.paddr);
        image->end = MAX(image->end, segment.paddr + segment.memory_bytes);
        /* the entry is a virtual address; code runs with translation off at first */
        if (!entry_found && elf.entry - segment.vaddr < segment.memory_bytes) {
            image->entry = elf.entry - segment.vaddr + segment.paddr;
            entry_found = true;
        }
    }
    if (image->end == 0) {
        loader_error(file, errp, "it has nothing to load");
        return false;
    }
    return true;
}

bool loader_load_elf(Loader *loader, const char *role, const char *path, LoadedImage *image,
                     GError **errp)
{
    LoaderFile file;
    bool loaded = loader_open(&file, role, path, errp) && loader_elf(loader, &file, image, errp);
    loader_close(&file);
    return loaded;
}

bool loader_is_elf(const char *path)
{
    LoaderFile file;
    char magic[SELFMAG];
    bool is_elf = loader_open(&file, "file", path, NULL) &&
                  loader_read(&file, 0, magic, sizeof(magic), NULL) &&
                  memcmp(magic, ELFMAG, SELFMAG) == 0;
    loader_close(&file);
    return is_elf;
}

/* Notes are small: one that claims to be large is not looked at. */
static bool search_notes(LoaderFile *file, const ElfInfo *elf, const ElfSegment *segment,
                         const LoaderNote *wanted)
{
    if (segment->offset > file->bytes || segment->file_bytes > MAX_NOTES) {
        return false;
    }
    g_autofree uint8_t *notes = g_malloc(segment->file_bytes);
    if (!loader_read(file, segment->offset, notes, segment->file_bytes, NULL)) {
        return false;
    }
    for (uint64_t at = 0; at + sizeof(Elf32_Nhdr) <= segment->file_bytes;) {
        uint32_t name_bytes = number(elf, notes + at, 4), bytes = number(elf, notes + at + 4, 4);
        uint32_t type = number(elf, notes + at + 8, 4);
        uint64_t name_at = at + sizeof(Elf32_Nhdr);
        uint64_t contents_at = name_at + (((uint64_t)name_bytes + 3) & ~3ull);
        if (contents_at > segment->file_bytes || bytes > segment->file_bytes - contents_at) {
            return false;
        }
        if (type == wanted->type && name_bytes == strlen(wanted->name) + 1 &&
            memcmp(notes + name_at, wanted->name, name_bytes) == 0) {
            memcpy(wanted->contents, notes + contents_at, MIN(bytes, wanted->max));
            return true;
        }
        at = contents_at + (((uint64_t)bytes + 3) & ~3ull);
    }
    return false;
}

bool loader_elf_note(const char *path, const char *name, uint32_t type, void *contents, size_t max)
{
    LoaderFile file;
    ElfInfo elf;
    LoaderNote wanted = { name, type, contents, max };
    bool found = false;
    if (loader_open(&file, "program", path, NULL) && read_header(&file, &elf, NULL) &&
        elf.phentsize == (elf.is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr))) {
        ElfSegment segment;
        for (unsigned i = 0;
             !found && i < elf.phnum && read_segment(&file, &elf, i, &segment, NULL); i++) {
            found = segment.type == PT_NOTE && search_notes(&file, &elf, &segment, &wanted);
        }
    }
    loader_close(&file);
    return found;
}

static bool read_section(LoaderFile *file, const ElfInfo *elf, unsigned index,
                         uint8_t raw[sizeof(Elf64_Shdr)])
{
    return index < elf->shnum && elf->shoff <= file->bytes &&
           loader_read(file, elf->shoff + (uint64_t)index * elf->shentsize, raw, elf->shentsize,
                       NULL);
}

/* The string table @index, zero-terminated whatever the file says; NULL when it cannot be had. */
static char *read_strings(LoaderFile *file, const ElfInfo *elf, unsigned index, uint64_t *length)
{
    uint8_t raw[sizeof(Elf64_Shdr)];
    if (!read_section(file, elf, index, raw)) {
        return NULL;
    }
    *length = FIELD(elf, raw, Elf32_Shdr, Elf64_Shdr, sh_size);
    uint64_t offset = FIELD(elf, raw, Elf32_Shdr, Elf64_Shdr, sh_offset);
    if (*length > MAX_STRING_TABLE || *length > file->bytes) {
        return NULL;
    }
    g_autofree char *strings = g_malloc0(*length + 1);
    return loader_read(file, offset, strings, *length, NULL) ? g_steal_pointer(&strings) : NULL;
}

static bool search_symbols(LoaderFile *file, const ElfInfo *elf, const uint8_t *section,
                           const char *name, uint64_t *value)
{
    uint64_t offset = FIELD(elf, section, Elf32_Shdr, Elf64_Shdr, sh_offset);
    uint64_t bytes = FIELD(elf, section, Elf32_Shdr, Elf64_Shdr, sh_size);
    size_t entry = elf->is_64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
    uint64_t strings_length;
    g_autofree char *strings = read_strings(
        file, elf, FIELD(elf, section, Elf32_Shdr, Elf64_Shdr, sh_link), &strings_length);
    if (!strings || offset > file->bytes || bytes > file->bytes - offset) {
        return false;
    }
    g_autofree uint8_t *part = g_malloc(SYMBOLS_AT_ONCE * entry);
    for (uint64_t left = bytes / entry; left;) {
        uint64_t count = MIN(left, SYMBOLS_AT_ONCE);
        if (!loader_read(file, offset, part, count * entry, NULL)) {
            return false;
        }
        for (uint64_t i = 0; i < count; i++) {
            const uint8_t *raw = part + i * entry;
            uint64_t at = FIELD(elf, raw, Elf32_Sym, Elf64_Sym, st_name);
            if (at < strings_length && strcmp(strings + at, name) == 0 &&
                FIELD(elf, raw, Elf32_Sym, Elf64_Sym, st_shndx) != SHN_UNDEF) {
                *value = FIELD(elf, raw, Elf32_Sym, Elf64_Sym, st_value);
                return true;
            }
        }
        offset += count * entry;
        left -= count;
    }
    return false;
}

bool loader_elf_symbol(const char *path, const char *name, uint64_t *value)
{
    LoaderFile file;
    ElfInfo elf;
    uint8_t section[sizeof(Elf64_Shdr)];
    bool found = false;
    if (loader_open(&file, "program", path, NULL) && read_header(&file, &elf, NULL) &&
        elf.shentsize == (elf.is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr))) {
        for (unsigned i = 0; !found && i < elf.shnum && read_section(&file, &elf, i, section);
             i++) {
            found = FIELD(&elf, section, Elf32_Shdr, Elf64_Shdr, sh_type) == SHT_SYMTAB &&
                    search_symbols(&file, &elf, section, name, value);
        }
    }
    loader_close(&file);
    return found;
}
