/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What firmware is and what it finds: ROM or flash at the end of the first 4 GiB, CMOS, fw_cfg.
 * Spec: SeaBIOS docs/Runtime_config.rst; QEMU docs/specs/fw_cfg.rst; the CMOS cells are those of
 * the IBM AT and of Bochs' BIOS.
 */
#include <inttypes.h>
#include <string.h>

#include "hw/block/fdc.h"
#include "hw/core/loader.h"
#include "hw/misc/vmgenid.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/rtc/mc146818.h"
#include "hw/southbridge/acpi_pm.h"
#include "hw/x86/pc.h"
#include "util/datadir.h"
#include "util/error.h"
#include "util/keyval.h"

#define FOUR_GIB (1ull << 32)
enum {
    MAX_BIOS = 16 << 20,
    BIOS_UNIT = 64 << 10,
    LOW_BIOS_MAX = 128 << 10,
    ONE_MIB = 1 << 20,
    FLASH_SECTOR = 4096,
    MAX_OPTION_ROM = 128 << 10,
};
#define ISA_VGA_ROM "vgabios-isavga.bin"

/* The last 128 KiB of the firmware are below 1 MiB too; without PAM, firmware needs RAM there.
 * @rom: all of it */
static bool shadow_bios(Pc *pc, const void *rom, uint64_t bytes, GError **errp)
{
    Object *owner = &pc->x86.machine.object;
    uint64_t low = MIN(bytes, LOW_BIOS_MAX);
    bool made = pc->host ? memory_region_init_rom(&pc->low_bios, owner, "isa-bios", low, errp)
                         : memory_region_init_ram(&pc->low_bios, owner, "isa-bios", low, errp);
    if (!made) {
        return false;
    }
    memcpy(memory_region_ram_pointer(&pc->low_bios), (const uint8_t *)rom + bytes - low, low);
    memory_region_add_overlap(pc->roms, ONE_MIB - low, &pc->low_bios, 1);
    return true;
}

void pc_restore_bios(Pc *pc)
{
    if (!pc->host && pc->bios_bytes) {
        uint64_t low = MIN(pc->bios_bytes, LOW_BIOS_MAX);
        const uint8_t *rom = memory_region_ram_pointer(&pc->bios);
        address_space_write(&pc->x86.machine.memory, ONE_MIB - low, rom + pc->bios_bytes - low, low,
                            (MemTxAttrs){});
    }
}

static bool add_rom(Pc *pc, const char *path, GError **errp)
{
    size_t bytes;
    g_autofree void *contents = loader_read_file("firmware", path, MAX_BIOS, &bytes, errp);
    if (!contents) {
        return false;
    }
    if (bytes % BIOS_UNIT) {
        error_set(errp, "could not load firmware '%s': its %zu bytes are no multiple of 64 KiB",
                  path, bytes);
        return false;
    }
    if (!memory_region_init_rom(&pc->bios, &pc->x86.machine.object, "bios", bytes, errp)) {
        return false;
    }
    memcpy(memory_region_ram_pointer(&pc->bios), contents, bytes);
    memory_region_add_overlap(pc->roms, FOUR_GIB - bytes, &pc->bios, 1);
    pc->bios_bytes = bytes;
    return shadow_bios(pc, contents, bytes, errp);
}

/* Bank 0 ends at 4 GiB, bank 1 where bank 0 begins. */
static bool add_flash(Pc *pc, unsigned bank, hwaddr *end, GError **errp)
{
    const char *path = pc->flash_file[bank];
    g_autofree char *name = g_strdup_printf("flash%u", bank);
    uint64_t bytes;
    if (!loader_file_bytes("flash contents", path, &bytes, errp)) {
        return false;
    }
    if (bytes % FLASH_SECTOR || bytes > MAX_BIOS) {
        error_set(errp,
                  "pflash%u: the %" PRIu64 " bytes of '%s' are no multiple of 4 KiB up to "
                  "16 MiB",
                  bank, bytes, path);
        return false;
    }
    Device *dev = x86_add_device(&pc->x86.machine, name, "cfi-pflash01", errp);
    if (!dev || !property_set(&dev->object, "file", path, errp) ||
        !property_set_bool(&dev->object, "readonly", pc->flash_readonly[bank], errp) ||
        !property_set_u64(&dev->object, "size", bytes, errp) ||
        !property_set_u64(&dev->object, "sector-length", FLASH_SECTOR, errp) ||
        !property_set_u64(&dev->object, "width", 1, errp) ||
        !property_set_u64(&dev->object, "device-width", 1, errp) ||
        !device_realize(dev, NULL, errp)) {
        return false;
    }
    *end -= bytes;
    sysbus_map(container_of(dev, SysbusDevice, device), 0, &pc->x86.machine.system_memory, *end);
    pc->flash[bank] = dev;
    return true;
}

static bool add_flash_banks(Pc *pc, GError **errp)
{
    hwaddr end = FOUR_GIB;
    size_t bytes;
    g_autofree void *contents =
        loader_read_file("firmware", pc->flash_file[0], MAX_BIOS, &bytes, errp);
    if (!contents || !add_flash(pc, 0, &end, errp) ||
        (pc->flash_file[1] && !add_flash(pc, 1, &end, errp))) {
        return false;
    }
    return shadow_bios(pc, contents, bytes, errp);
}

bool pc_add_firmware(Pc *pc, GError **errp)
{
    const MachineBoot *boot = &pc->x86.machine.boot;
    const char *wanted = boot->firmware ? boot->firmware : "default";
    if (pc->flash_file[0]) {
        return add_flash_banks(pc, errp);
    }
    if (pc->flash_file[1]) {
        error_set(errp, "pflash1 alone holds no firmware; pflash0 is missing");
        return false;
    }
    if (strcmp(wanted, "none") == 0 || (boot->kernel && !pc_kernel_is_linux(boot->kernel))) {
        pc->direct = true;
        return true;
    }
    if (strcmp(wanted, "default") != 0) {
        return add_rom(pc, wanted, errp);
    }
    g_autofree char *found = datadir_find(pc->kind->bios);
    if (found) {
        return add_rom(pc, found, errp);
    }
    if (!boot->kernel) {
        error_set(errp,
                  "no firmware '%s' was found and no kernel is given; '-L help' lists where it "
                  "was looked for",
                  pc->kind->bios);
        return false;
    }
    pc->direct = true;
    return true;
}

/* -boot order=: what BIOSes know as a code each */
static unsigned boot_code(char letter)
{
    switch (letter) {
    case 'a':
    case 'b': return 1;
    case 'c': return 2;
    case 'd': return 3;
    case 'n': return 4;
    }
    return 0;
}

static const char *boot_option(const Pc *pc, const char *key)
{
    const GPtrArray *options = pc->x86.machine.options[MACHINE_OPTION_BOOT];
    for (guint i = options ? options->len : 0; i-- > 0;) {
        const char *value = keyval_get(g_ptr_array_index(options, i), key);
        if (value) {
            return value;
        }
    }
    return NULL;
}

static bool check_order(const char *key, const char *order, GError **errp)
{
    unsigned seen = 0;
    for (const char *p = order; p && *p; p++) {
        if (*p < 'a' || *p > 'p') {
            error_set(errp, "-boot %s=%s: '%c' is no drive, these are a to p", key, order, *p);
            return false;
        }
        if (seen & 1u << (*p - 'a')) {
            error_set(errp, "-boot %s=%s: drive '%c' is there twice", key, order, *p);
            return false;
        }
        seen |= 1u << (*p - 'a');
    }
    return true;
}

/* Types of the floppy drives as CMOS has them; how many there are. */
static unsigned floppy_types(const X86Machine *x86, uint8_t types[FDC_DRIVES])
{
    unsigned drives = 0;
    for (guint i = 0; i < x86->isa->bus.devices->len; i++) {
        Device *dev = g_ptr_array_index(x86->isa->bus.devices, i);
        bool fdc = object_class_is_a(dev->object.class, &fdc_class.device.object);
        for (unsigned unit = 0; fdc && unit < FDC_DRIVES; unit++) {
            types[unit] = fdc_cmos_type(dev, unit);
            drives += types[unit] != 0;
        }
    }
    return drives;
}

void pc_set_cmos(Pc *pc)
{
    uint8_t floppies[FDC_DRIVES] = { 0 };
    unsigned drives = floppy_types(&pc->x86, floppies);
    const X86Machine *x86 = &pc->x86;
    Device *rtc = pc->rtc;
    const char *order = boot_option(pc, "order"), *once = boot_option(pc, "once");
    const char *now = once && !pc->started ? once : order ? order : "cad";
    uint64_t kib = MIN((x86->low_ram_bytes >> 10) - 1024, 65535);
    uint64_t above_16m = x86->low_ram_bytes > 16 << 20 ? (x86->low_ram_bytes >> 16) - 256 : 0;
    uint64_t units = MIN(above_16m, 65535);
    uint64_t high = x86->high_ram_bytes >> 16;
    const struct {
        uint8_t at, value;
    } cells[] = {
        { 0x10, floppies[0] << 4 | floppies[1] },
        { 0x14, 0x06 | (drives ? 0x01 | (drives - 1) << 6 : 0) }, /* has an FPU, a mouse, drives */
        { 0x15, 640 & 0xff },
        { 0x16, 640 >> 8 },
        { 0x17, kib },
        { 0x18, kib >> 8 },
        { 0x30, kib },
        { 0x31, kib >> 8 },
        { 0x34, units },
        { 0x35, units >> 8 },
        { 0x5b, high },
        { 0x5c, high >> 8 },
        { 0x5d, high >> 16 },
        { 0x5f, x86->machine.topology.cpus - 1 },
        { 0x3d, boot_code(now[0]) | (now[0] ? boot_code(now[1]) : 0) << 4 },
        { 0x38, (now[0] && now[1] ? boot_code(now[2]) : 0) << 4 },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++) {
        mc146818_set_cmos(rtc, cells[i].at, cells[i].value);
    }
    pc->started = true;
}

static bool add_map(Pc *pc, GError **errp)
{
    E820Map map;
    e820_init(&map);
    x86_boot_map_ram(&map, pc->x86.low_ram_bytes, pc->x86.high_ram_bytes);
    bool ok = fw_cfg_add_file(pc->x86.fw_cfg, "etc/e820", map.entries->data,
                              map.entries->len * sizeof(E820Entry), errp);
    e820_cleanup(&map);
    return ok;
}

static GByteArray *tables_bytes(const AcpiTables *tables)
{
    GByteArray *copy = g_byte_array_new();
    g_byte_array_append(copy, tables->bytes->data, tables->bytes->len);
    return copy;
}

static GByteArray *rsdp_bytes(const AcpiTables *tables)
{
    GByteArray *copy = g_byte_array_new();
    g_byte_array_append(copy, tables->rsdp, sizeof(tables->rsdp));
    return copy;
}

enum { ACPI_RSDP_INDEX = 1, ACPI_ROOM = 4096 };
static const struct {
    const char *name;
    GByteArray *(*make)(const AcpiTables *tables);
} acpi_files[] = {
    { ACPI_TABLES_FILE, tables_bytes },
    { ACPI_RSDP_FILE, rsdp_bytes },
    { ACPI_SCRIPT_FILE, acpi_tables_script },
};

/* Tables tell of ports that firmware chooses: they are made when it asks. A file never grows beyond
 * what its entry says, since numbers only become as wide as addresses are. */
static void update_tables(void *opaque)
{
    Pc *pc = opaque;
    pc_make_tables(pc);
    for (unsigned i = 0; i < G_N_ELEMENTS(acpi_files); i++) {
        g_autoptr(GByteArray) bytes = acpi_files[i].make(&pc->x86.acpi_tables);
        fw_cfg_update_file(pc->x86.fw_cfg, acpi_files[i].name, bytes->data, bytes->len);
    }
}

/* Firmware writes where the number lies. */
static void vmgenid_told(void *opaque)
{
    Pc *pc = opaque;
    uint32_t length;
    const uint64_t *address = fw_cfg_file(pc->x86.fw_cfg, VMGENID_ADDRESS_FILE, &length);
    vmgenid_placed(vmgenid_find(&pc->x86.machine), GUINT64_FROM_LE(*address));
}

static bool add_vmgenid(Pc *pc, GError **errp)
{
    const uint64_t nowhere = 0;
    Device *vmgenid = vmgenid_find(&pc->x86.machine);
    if (!vmgenid) {
        return true;
    }
    if (!fw_cfg_add_file(pc->x86.fw_cfg, VMGENID_ADDRESS_FILE, &nowhere, sizeof(nowhere), errp)) {
        return false;
    }
    fw_cfg_on_write(pc->x86.fw_cfg, VMGENID_ADDRESS_FILE, vmgenid_told, pc);
    return true;
}

static bool add_tables(Pc *pc, GError **errp)
{
    const Smbios *smbios = &pc->x86.smbios;
    const GByteArray *anchor = pc->x86.smbios_entry ? smbios->entry_32 : smbios->entry_64;
    Device *cfg = pc->x86.fw_cfg;
    if (!fw_cfg_add_file(cfg, "etc/smbios/smbios-anchor", anchor->data, anchor->len, errp) ||
        !fw_cfg_add_file(cfg, "etc/smbios/smbios-tables", smbios->tables->data, smbios->tables->len,
                         errp)) {
        return false;
    }
    if (!pc->x86.acpi || pc->kind->isa_only) {
        return true;
    }
    pc_make_tables(pc);
    for (unsigned i = 0; i < G_N_ELEMENTS(acpi_files); i++) {
        g_autoptr(GByteArray) bytes = acpi_files[i].make(&pc->x86.acpi_tables);
        g_byte_array_set_size(bytes, (bytes->len + ACPI_ROOM) & ~(ACPI_ROOM - 1));
        if (i == ACPI_RSDP_INDEX) {
            g_byte_array_set_size(bytes, ACPI_RSDP_BYTES);
        }
        if (!fw_cfg_add_file(cfg, acpi_files[i].name, bytes->data, bytes->len, errp)) {
            return false;
        }
        fw_cfg_on_select(cfg, acpi_files[i].name, update_tables, pc);
    }
    update_tables(pc);
    return add_vmgenid(pc, errp);
}

/* A picture for the boot menu: JPEG or BMP of 24 bits, as SeaBIOS can show. */
static bool add_splash(Pc *pc, const char *path, GError **errp)
{
    enum { MAX_SPLASH = 8 << 20, BMP_DEPTH = 28 };
    size_t bytes;
    if (!path) {
        return true;
    }
    g_autofree uint8_t *picture = loader_read_file("boot splash", path, MAX_SPLASH, &bytes, errp);
    if (!picture) {
        return false;
    }
    bool jpeg = bytes > 2 && picture[0] == 0xff && picture[1] == 0xd8;
    bool bmp =
        bytes > BMP_DEPTH && picture[0] == 'B' && picture[1] == 'M' && picture[BMP_DEPTH] == 24;
    if (!jpeg && !bmp) {
        error_set(errp, "-boot splash=%s: it is neither a JPEG nor a BMP of 24 bits", path);
        return false;
    }
    return fw_cfg_add_file(pc->x86.fw_cfg, jpeg ? "bootsplash.jpg" : "bootsplash.bmp", picture,
                           bytes, errp);
}

/* -option-rom: firmware runs what it finds in this folder. */
static bool add_option_roms(Pc *pc, GError **errp)
{
    const GPtrArray *options = pc->x86.machine.options[MACHINE_OPTION_ROM];
    for (guint i = 0; options && i < options->len; i++) {
        const char *path = keyval_get(g_ptr_array_index(options, i), "file");
        size_t bytes;
        if (!path) {
            error_set(errp, "-option-rom: file= is missing");
            return false;
        }
        g_autofree char *found = g_file_test(path, G_FILE_TEST_EXISTS) ? NULL : datadir_find(path);
        g_autofree uint8_t *rom =
            loader_read_file("option ROM", found ? found : path, MAX_OPTION_ROM, &bytes, errp);
        if (!rom) {
            return false;
        }
        if (bytes < 3 || rom[0] != 0x55 || rom[1] != 0xaa) {
            error_set(errp, "-option-rom %s: an option ROM begins with 55 aa", path);
            return false;
        }
        g_autofree char *base = g_path_get_basename(path);
        g_autofree char *name = g_strconcat("genroms/", base, NULL);
        if (!fw_cfg_add_file(pc->x86.fw_cfg, name, rom, bytes, errp)) {
            return false;
        }
    }
    return true;
}

static bool add_boot_options(Pc *pc, GError **errp)
{
    Device *cfg = pc->x86.fw_cfg;
    const char *menu = boot_option(pc, "menu"), *wait = boot_option(pc, "splash-time");
    const char *timeout = boot_option(pc, "reboot-timeout");
    if (!check_order("order", boot_option(pc, "order"), errp) ||
        !check_order("once", boot_option(pc, "once"), errp)) {
        return false;
    }
    if (!add_splash(pc, boot_option(pc, "splash"), errp)) {
        return false;
    }
    fw_cfg_add_u16(cfg, FW_CFG_BOOT_MENU, menu && strcmp(menu, "on") == 0);
    if (wait) {
        uint64_t ms = g_ascii_strtoull(wait, NULL, 10);
        if (ms > 0xffff) {
            error_set(errp, "-boot splash-time=%s: possible are 0 to 65535", wait);
            return false;
        }
        uint16_t value = GUINT16_TO_LE((uint16_t)ms);
        if (!fw_cfg_add_file(cfg, "etc/boot-menu-wait", &value, sizeof(value), errp)) {
            return false;
        }
    }
    gint64 ms = -1;
    if (timeout && !g_ascii_string_to_signed(timeout, 10, -1, 0xffff, &ms, NULL)) {
        error_set(errp, "-boot reboot-timeout=%s: possible are -1 to 65535", timeout);
        return false;
    }
    uint32_t value = GUINT32_TO_LE((uint32_t)ms);
    return !timeout || fw_cfg_add_file(cfg, "etc/boot-fail-wait", &value, sizeof(value), errp);
}

static bool is_isa_vga(Object *obj)
{
    return strcmp(obj->class->name, "isa-vga") == 0;
}

static bool has_child(Object *parent, bool (*match)(Object *obj))
{
    for (guint i = 0; parent->children && i < parent->children->len; i++) {
        Object *child = g_ptr_array_index(parent->children, i);
        if (match(child) || has_child(child, match)) {
            return true;
        }
    }
    return false;
}

/* A graphics card without a BAR for its BIOS. */
static bool add_vga_rom(Pc *pc, GError **errp)
{
    g_autofree char *path = datadir_find(ISA_VGA_ROM);
    size_t bytes;
    if (!path || !has_child(&pc->x86.machine.object, is_isa_vga)) {
        return true;
    }
    g_autofree void *rom = loader_read_file("option ROM", path, MAX_OPTION_ROM, &bytes, errp);
    return rom && fw_cfg_add_file(pc->x86.fw_cfg, "vgaroms/" ISA_VGA_ROM, rom, bytes, errp);
}

/* A kernel comes first. */
static bool add_boot_order(Pc *pc, GError **errp)
{
    const char *strict = boot_option(pc, "strict");
    const char *kernel = pc->x86.machine.boot.kernel ? PC_KERNEL_BOOT_LINE : NULL;

    return pc_add_boot_order(pc, kernel, strict && strcmp(strict, "on") == 0, errp);
}

bool pc_fill_fw_cfg(Pc *pc, GError **errp)
{
    /* Which sleep states there are, and their types, high bit: enabled (S3, S4, S5 at 3 to 5) */
    uint8_t states[6] = { 0x80, 0, 0, ACPI_SLEEP_SUSPEND, ACPI_SLEEP_DISK, 0x80 };
    static const char irq0_override[] = { 1, 0, 0, 0 };
    const uint64_t serial_port = GUINT64_TO_LE(0x3f8);
    Machine *machine = &pc->x86.machine;
    Device *cfg = pc->x86.fw_cfg;
    states[3] |= pc->pm && pc_has_sleep(pc, "disable_s3") ? 0x80 : 0;
    states[4] |= pc->pm && pc_has_sleep(pc, "disable_s4") ? 0x80 : 0;
    fw_cfg_add_u16(cfg, FW_CFG_NOGRAPHIC, machine->no_graphics);
    fw_cfg_add_local(cfg, FW_CFG_LOCAL_IRQ0_OVERRIDE, irq0_override, sizeof(irq0_override));
    return add_map(pc, errp) && add_tables(pc, errp) && add_vga_rom(pc, errp) &&
           add_option_roms(pc, errp) && add_boot_options(pc, errp) &&
           (!machine->boot.kernel || pc_add_kernel(pc, errp)) && add_boot_order(pc, errp) &&
           fw_cfg_add_file(cfg, "etc/system-states", states, sizeof(states), errp) &&
           (!machine->no_graphics ||
            fw_cfg_add_file(cfg, "etc/sercon-port", &serial_port, sizeof(serial_port), errp));
}
