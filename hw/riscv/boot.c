/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spec: OpenSBI docs/firmware/fw_dynamic.md; Linux Documentation/arch/riscv/boot.rst.
 */
#include "hw/riscv/boot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/host_input.h"
#include "hw/riscv/harts.h"
#include "util/datadir.h"
#include "util/error.h"
#include "util/fdset.h"

enum { KIB = 1024, MIB = 1024 * KIB };
enum {
    UIMAGE_ARCH_RISCV = 26,
    FDT_ALIGN = 2 * MIB,
    FDT_MAX_BYTES = 1 * MIB,
    FW_DYNAMIC_MAGIC = 0x4942534f, /* "OSBI" */
    FW_DYNAMIC_VERSION = 2,
    FW_DYNAMIC_MODE_S = 1,
};

static unsigned xlen(const Machine *machine)
{
    return riscv_hart(machine, 0)->xlen;
}

bool riscv_boot_check_ram(const Machine *machine, uint64_t max_bytes, GError **errp)
{
    if (machine->ram_bytes > max_bytes) {
        error_set(errp,
                  "-m: %" PRIu64 " MiB of memory are more than the %" PRIu64
                  " MiB that %s can have",
                  machine->ram_bytes / MIB, max_bytes / MIB, machine->object.class->name);
        return false;
    }
    return true;
}

static char *find_firmware(const RiscvBoot *boot, GError **errp)
{
    for (const char *const *name = boot->default_firmware; *name; name++) {
        char *path = datadir_find(*name);
        if (path) {
            return path;
        }
    }
    error_set(errp,
              "could not load firmware: no OpenSBI (%s) in the data folders; install the package "
              "opensbi, or "
              "use -bios FILE, -bios none or -L FOLDER",
              boot->default_firmware[0]);
    return NULL;
}

static bool load_firmware(Machine *machine, RiscvBoot *boot, Loader *loader, GError **errp)
{
    const char *name = machine->boot.firmware ? machine->boot.firmware : "default";
    boot->firmware = (LoadedImage){ .start = loader->ram_start, .end = loader->ram_start };
    if (strcmp(name, "none") == 0) {
        return true;
    }
    boot->firmware_path = strcmp(name, "default") ? g_strdup(name) : find_firmware(boot, errp);
    if (!boot->firmware_path) {
        return false;
    }
    if (loader_is_elf(boot->firmware_path)) {
        return loader_load_elf(loader, "firmware", boot->firmware_path, &boot->firmware, errp);
    }
    return loader_load_raw(loader, "firmware", boot->firmware_path, loader->ram_start,
                           &boot->firmware, errp);
}

static hwaddr align_up(hwaddr address, uint64_t to)
{
    return (address + to - 1) & ~(to - 1);
}

/* Linux wants to start on a boundary of its largest page below the firmware's protection: 2 MiB, or
 * 4 MiB with RV32. */
static bool load_kernel(Machine *machine, RiscvBoot *boot, Loader *loader, GError **errp)
{
    hwaddr at = align_up(MAX(boot->firmware.end, loader->ram_start),
                         xlen(machine) == 32 ? 4 * MIB : 2 * MIB);
    if (!machine->boot.kernel) {
        boot->kernel = (LoadedImage){ .start = at, .end = at, .entry = boot->payload };
        return true;
    }
    return loader_load_kernel(loader, "kernel", machine->boot.kernel, at, &boot->kernel, errp);
}

/* The device tree goes to the end of the memory that 32-bit code can reach, the initrd well behind
 * the kernel. */
static hwaddr fdt_address(const Loader *loader, size_t length)
{
    hwaddr end = MIN(loader->ram_end, 3072ull * MIB);
    uint64_t align = end - loader->ram_start >= 8 * FDT_ALIGN ? FDT_ALIGN : 4 * KIB;
    if (end - loader->ram_start < length) {
        return loader->ram_start;
    }
    return (end - length) & ~(align - 1);
}

static bool load_initrd(Machine *machine, const RiscvBoot *boot, Loader *loader,
                        LoadedImage *initrd, GError **errp)
{
    uint64_t bytes;
    if (!machine->boot.initrd) {
        return true;
    }
    if (!loader_file_bytes("initial ramdisk", machine->boot.initrd, &bytes, errp)) {
        return false;
    }
    hwaddr limit = fdt_address(loader, FDT_MAX_BYTES),
           behind_kernel = align_up(boot->kernel.end, 4 * KIB);
    hwaddr at = align_up(
        MAX(boot->kernel.start + MIN(machine->ram_bytes / 2, 128 * MIB), behind_kernel), 4 * KIB);
    if (at > limit || bytes > limit - at) {
        at = behind_kernel;
    }
    if (at > limit || bytes > limit - at) {
        error_set(errp,
                  "could not load initial ramdisk '%s': %" PRIu64
                  " bytes do not fit between kernel and "
                  "device tree; more memory may help (-m)",
                  machine->boot.initrd, bytes);
        return false;
    }
    return loader_load_raw(loader, "initial ramdisk", machine->boot.initrd, at, initrd, errp);
}

static void write_chosen(Machine *machine, const RiscvBoot *boot, const LoadedImage *initrd,
                         DeviceTree *tree)
{
    uint8_t seed[32];
    device_tree_open_node(tree, "chosen");
    if (machine->boot.append) {
        device_tree_string(tree, "bootargs", machine->boot.append);
    }
    device_tree_string(tree, "stdout-path", boot->stdout_path);
    if (initrd->end) {
        device_tree_u64(tree, "linux,initrd-start", initrd->start);
        device_tree_u64(tree, "linux,initrd-end", initrd->end);
    }
    host_input_random(machine, seed, sizeof(seed));
    device_tree_bytes(tree, "rng-seed", seed, sizeof(seed));
    device_tree_close_node(tree);
}

static bool set_chosen_u64(DeviceTree *tree, const char *name, uint64_t value, GError **errp)
{
    uint64_t big = GUINT64_TO_BE(value);
    return device_tree_set(tree, "/chosen", name, &big, sizeof(big), errp);
}

/* The user's tree, with what only we know put into its chosen node. */
static void *complete_user_fdt(Machine *machine, const LoadedImage *initrd, size_t *length,
                               GError **errp)
{
    DeviceTree tree;
    uint8_t seed[32];
    const char *append = machine->boot.append;
    g_autofree void *blob =
        loader_read_file("device tree", machine->boot.dtb, FDT_MAX_BYTES, length, errp);
    if (!blob || !device_tree_check(blob, *length, machine->boot.dtb, errp)) {
        error_prefix(errp, blob ? "could not load device tree: " : "");
        return NULL;
    }
    device_tree_edit(&tree, blob);
    host_input_random(machine, seed, sizeof(seed));
    bool complete =
        device_tree_set(&tree, "/chosen", "rng-seed", seed, sizeof(seed), errp) &&
        (!append ||
         device_tree_set(&tree, "/chosen", "bootargs", append, strlen(append) + 1, errp)) &&
        (!initrd->end || (set_chosen_u64(&tree, "linux,initrd-start", initrd->start, errp) &&
                          set_chosen_u64(&tree, "linux,initrd-end", initrd->end, errp)));
    g_autofree void *packed = device_tree_pack(&tree, length);
    return complete ? g_steal_pointer(&packed) : NULL;
}

static void *make_fdt(Machine *machine, const RiscvBoot *boot, const LoadedImage *initrd,
                      size_t *length, GError **errp)
{
    DeviceTree tree;
    if (machine->boot.dtb) {
        return complete_user_fdt(machine, initrd, length, errp);
    }
    device_tree_begin(&tree);
    boot->write_fdt(machine, &tree);
    write_chosen(machine, boot, initrd, &tree);
    return device_tree_finish(&tree, length);
}

static bool dump_fdt(Machine *machine, const void *blob, size_t length, GError **errp)
{
    if (!machine->boot.dump_dtb) {
        return true;
    }
    /* Written in place: it may be a device or a pipe, which a renamed file would take away. */
    FILE *file = fdset_fopen(machine->boot.dump_dtb, "w");
    bool written = file && fwrite(blob, 1, length, file) == length;
    int err = errno;
    if (file && fclose(file) != 0 && written) {
        err = errno;
        written = false;
    }
    if (!written) {
        error_set_errno(errp, err, "dumpdtb: cannot write '%s'", machine->boot.dump_dtb);
        return false;
    }
    machine_request_shutdown(machine, SHUTDOWN_HOST_QUIT, 0);
    return true;
}

/*
 * The first instructions: a0 = hart, a1 = device tree, a2 = fw_dynamic_info, then jump to what is
 * stored behind them. The loads are "lw" or "ld" by XLEN.
 */
static bool write_reset_vector(Machine *machine, const RiscvBoot *boot, Loader *loader,
                               hwaddr start, hwaddr fdt, GError **errp)
{
    enum { START_AT = 24, FDT_AT = 32, INFO_AT = 40 };
    bool is_64 = xlen(machine) == 64;
    uint32_t load = is_64 ? 3 << 12 : 2 << 12;
    const uint32_t code[] = {
        0x00000297,                         /* auipc t0, 0 */
        INFO_AT << 20 | 0x00028613,         /* addi  a2, t0, INFO_AT */
        0xf1402573,                         /* csrr  a0, mhartid */
        FDT_AT << 20 | 0x00028583 | load,   /* lx    a1, FDT_AT(t0) */
        START_AT << 20 | 0x00028283 | load, /* lx    t0, START_AT(t0) */
        0x00028067,                         /* jr    t0 */
    };
    const uint64_t info[] = {
        FW_DYNAMIC_MAGIC,  FW_DYNAMIC_VERSION, boot->kernel.entry,
        FW_DYNAMIC_MODE_S, 0 /* options */,    0 /* boot hart */,
    };
    uint8_t rom[INFO_AT + sizeof(info)] = { 0 };
    unsigned word = is_64 ? 8 : 4;

    for (unsigned i = 0; i < G_N_ELEMENTS(code); i++) {
        *(uint32_t *)(rom + 4 * i) = GUINT32_TO_LE(code[i]);
    }
    *(uint64_t *)(rom + START_AT) = GUINT64_TO_LE(start);
    *(uint64_t *)(rom + FDT_AT) = GUINT64_TO_LE(fdt);
    for (unsigned i = 0; i < G_N_ELEMENTS(info); i++) {
        uint64_t value = GUINT64_TO_LE(info[i]);
        memcpy(rom + INFO_AT + word * i, &value, word);
    }
    return loader_load_bytes(loader, "reset vector", rom, sizeof(rom), RISCV_HARTS_MROM_BASE, errp);
}

/* Without firmware the kernel starts in M-mode, without a kernel what lies in flash or at the start
 * of RAM. */
static hwaddr start_address(const Machine *machine, const RiscvBoot *boot)
{
    if (boot->firmware_path) {
        return boot->firmware.entry;
    }
    if (machine->boot.kernel || boot->payload) {
        return boot->kernel.entry;
    }
    return RISCV_BOOT_DRAM_BASE;
}

static bool load_everything(Machine *machine, RiscvBoot *boot, Loader *loader, GError **errp)
{
    LoadedImage initrd = { 0 };
    size_t length = 0;
    if (!load_firmware(machine, boot, loader, errp) || !load_kernel(machine, boot, loader, errp) ||
        !load_initrd(machine, boot, loader, &initrd, errp)) {
        return false;
    }
    g_autofree void *blob = make_fdt(machine, boot, &initrd, &length, errp);
    if (!blob || !dump_fdt(machine, blob, length, errp)) {
        return false;
    }
    hwaddr fdt = fdt_address(loader, length);
    return loader_load_bytes(loader, "device tree", blob, length, fdt, errp) &&
           write_reset_vector(machine, boot, loader, start_address(machine, boot), fdt, errp);
}

bool riscv_boot(Machine *machine, RiscvBoot *boot, GError **errp)
{
    Loader loader;
    loader_init(&loader, &machine->memory, RISCV_BOOT_DRAM_BASE, machine->ram_bytes);
    loader.elf_machine = EM_RISCV;
    loader.elf_class = xlen(machine) == 64 ? ELFCLASS64 : ELFCLASS32;
    loader.uimage_arch = UIMAGE_ARCH_RISCV;
    bool loaded = load_everything(machine, boot, &loader, errp);
    loader_cleanup(&loader);
    return loaded;
}

void riscv_boot_cleanup(RiscvBoot *boot)
{
    g_clear_pointer(&boot->firmware_path, g_free);
}

bool riscv_boot_find_htif(const Machine *machine, const RiscvBoot *boot, hwaddr *tohost,
                          hwaddr *fromhost)
{
    const char *paths[] = { boot->kernel.is_elf ? machine->boot.kernel : NULL,
                            boot->firmware.is_elf ? boot->firmware_path : NULL };
    for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
        hwaddr to, from;
        if (paths[i] && loader_elf_symbol(paths[i], "tohost", &to) &&
            loader_elf_symbol(paths[i], "fromhost", &from) && to % 8 == 0 && from % 8 == 0 &&
            to != from) {
            *tohost = to;
            *fromhost = from;
            return true;
        }
    }
    return false;
}
