/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/x86/boot.h"

#include <string.h>

#include "hw/x86/boot_internal.h"
#include "util/error.h"

enum { EBDA_KIB = 1, BASE_KIB = 639 };

void x86_boot_map_ram(E820Map *map, hwaddr low_ram_end, uint64_t high_ram_bytes)
{
    e820_add(map, 0, low_ram_end, E820_RAM);
    e820_add(map, 1ull << 32, high_ram_bytes, E820_RAM);
}

static void make_map(X86Boot *boot)
{
    const X86BootBoard *board = boot->board;
    e820_add(&boot->map, 0, BOOT_EBDA, E820_RAM);
    e820_add(&boot->map, BOOT_EBDA, BOOT_VIDEO - BOOT_EBDA, E820_RESERVED);
    e820_add(&boot->map, BOOT_RSDP, BOOT_HIGH - BOOT_RSDP, E820_RESERVED);
    e820_add(&boot->map, BOOT_HIGH, boot->top - BOOT_HIGH, E820_RAM);
    e820_add(&boot->map, boot->top, board->low_ram_end - boot->top, E820_ACPI);
    e820_add(&boot->map, board->reserved_base, board->reserved_bytes, E820_RESERVED);
    e820_add(&boot->map, 1ull << 32, board->high_ram_bytes, E820_RAM);
}

/* The tables lie at the end of low RAM, what leads to them where BIOSes put it. */
static bool put_acpi(X86Boot *boot, GError **errp)
{
    AcpiTables *acpi = boot->board->acpi;
    if (!acpi) {
        return true;
    }
    hwaddr base = (boot->top - acpi->bytes->len) & ~(hwaddr)0xfff;
    acpi_tables_place(acpi, base);
    boot->top = base;
    boot->rsdp = BOOT_RSDP;
    return loader_load_bytes(&boot->loader, "ACPI tables", acpi->bytes->data, acpi->bytes->len,
                             base, errp) &&
           loader_load_bytes(&boot->loader, "ACPI root pointer", acpi->rsdp, sizeof(acpi->rsdp),
                             BOOT_RSDP, errp);
}

static bool put_smbios(X86Boot *boot, GError **errp)
{
    const GByteArray *anchor = boot->board->smbios_anchor, *tables = boot->board->smbios_tables;
    if (!anchor) {
        return true;
    }
    g_autofree uint8_t *copy = g_memdup2(anchor->data, anchor->len);
    hwaddr at = (boot->top - tables->len) & ~(hwaddr)0xfff;
    uint64_t address = GUINT64_TO_LE(at);
    uint8_t sum = 0;
    boot->top = at;
    memcpy(copy + 16, &address, sizeof(address)); /* of the 64-bit entry point: SMBIOS 3.0, 5.2.2 */
    copy[5] = 0;
    for (guint i = 0; i < anchor->len; i++) {
        sum += copy[i];
    }
    copy[5] = -sum;
    return loader_load_bytes(&boot->loader, "SMBIOS tables", tables->data, tables->len, at, errp) &&
           loader_load_bytes(&boot->loader, "SMBIOS entry point", copy, anchor->len, BOOT_SMBIOS,
                             errp);
}

/* What kernels read of the BIOS data area: where conventional memory ends. */
static void put_bios_data(X86Boot *boot)
{
    AddressSpace *memory = &boot->machine->memory;
    MemTxAttrs attrs = { 0 };
    address_space_store(memory, BOOT_BDA_EBDA_SEGMENT, 2, ENDIAN_LITTLE, BOOT_EBDA >> 4, attrs);
    address_space_store(memory, BOOT_BDA_BASE_KIB, 2, ENDIAN_LITTLE, BASE_KIB, attrs);
    address_space_store(memory, BOOT_EBDA, 1, ENDIAN_LITTLE, EBDA_KIB, attrs);
}

bool boot_put_line(X86Boot *boot, const char *text, GError **errp)
{
    size_t bytes = strlen(text) + 1;
    if (bytes > BOOT_COMMAND_LINE_END - BOOT_COMMAND_LINE) {
        error_set(errp, "-append: the command line has %zu characters, %d are possible", bytes - 1,
                  BOOT_COMMAND_LINE_END - BOOT_COMMAND_LINE - 1);
        return false;
    }
    return loader_load_bytes(&boot->loader, "command line", text, bytes, BOOT_COMMAND_LINE, errp);
}

void boot_set_elf(X86Boot *boot)
{
    boot->loader.elf_class = boot->head[EI_CLASS];
    boot->loader.elf_machine = boot->head[EI_CLASS] == ELFCLASS64 ? EM_X86_64 : EM_386;
}

static bool start_kernel(X86Boot *boot, GError **errp)
{
    uint32_t where;
    if (linux_boot_is(boot)) {
        return linux_boot(boot, errp);
    }
    if (pvh_find(boot, &where)) {
        return pvh_boot(boot, where, errp);
    }
    if (multiboot_find(boot, &where)) {
        return multiboot_boot(boot, where, errp);
    }
    if (memcmp(boot->head, ELFMAG, SELFMAG) == 0) {
        return plain_elf_boot(boot, errp);
    }
    error_set(errp,
              "could not load kernel '%s': it is neither a Linux kernel (bzImage), nor a "
              "Multiboot or PVH kernel, nor an ELF program",
              boot->machine->boot.kernel);
    return false;
}

static bool boot_everything(X86Boot *boot, GError **errp)
{
    Machine *machine = boot->machine;
    if (!loader_read_head("kernel", machine->boot.kernel, boot->head, sizeof(boot->head),
                          &boot->head_bytes, errp) ||
        !put_acpi(boot, errp) || !put_smbios(boot, errp)) {
        return false;
    }
    put_bios_data(boot);
    make_map(boot);
    if (!start_kernel(boot, errp)) {
        return false;
    }
    x86_entry_write_tables(&machine->memory, boot->entry->mode);
    return true;
}

bool x86_boot(Machine *machine, const X86BootBoard *board, X86Entry *entry, GError **errp)
{
    const char *append = machine->boot.append ? machine->boot.append : "";
    g_autofree X86Boot *boot = g_new0(X86Boot, 1);
    *entry = (X86Entry){ 0 };
    boot->machine = machine;
    boot->board = board;
    boot->entry = entry;
    boot->top = board->low_ram_end;
    boot->append = board->more_append && *board->more_append
                       ? g_strconcat(append, *append ? " " : "", board->more_append, NULL)
                       : g_strdup(append);
    e820_init(&boot->map);
    loader_init(&boot->loader, &machine->memory, 0, board->low_ram_end);
    bool done = boot_everything(boot, errp);
    loader_cleanup(&boot->loader);
    e820_cleanup(&boot->map);
    g_free(boot->append);
    return done;
}
