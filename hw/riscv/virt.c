/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "virt": a RISC-V board made of virtual devices, with the addresses and bindings that firmware and
 * kernels for QEMU's board of this name expect. See docs/user/machine-riscv.rst.
 */
#include <inttypes.h>
#include <string.h>

#include "chardev/chardev.h"
#include "hw/char/riscv_htif.h"
#include "hw/core/sysbus.h"
#include "hw/intc/riscv_aclint.h"
#include "hw/intc/sifive_plic.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/riscv/harts.h"
#include "hw/riscv/virt_internal.h"
#include "util/error.h"

const VirtPlace virt_map[VIRT_REGIONS] = {
    [VIRT_MROM] = { RISCV_HARTS_MROM_BASE, RISCV_HARTS_MROM_BYTES },
    [VIRT_TEST] = { 0x100000, 0x1000 },
    [VIRT_RTC] = { 0x101000, 0x1000 },
    [VIRT_CLINT] = { 0x2000000, 0x10000 },
    [VIRT_SSWI] = { 0x2f00000, 0x4000 },
    [VIRT_PLIC] = { 0xc000000, 0x600000 },
    [VIRT_UART] = { 0x10000000, 0x100 },
    [VIRT_VIRTIO] = { 0x10001000, 0x1000 }, /* eight, one behind the other */
    [VIRT_FW_CFG] = { 0x10100000, 0x18 },
    [VIRT_FLASH] = { 0x20000000, 0x2000000 }, /* two */
    [VIRT_DRAM] = { RISCV_BOOT_DRAM_BASE, 0 },
};

/* Memory beyond 1 TiB has no use yet; RV32 reaches 34 bits. */
enum { MAX_RAM_GIB_32 = 14, MAX_RAM_GIB_64 = 1024 };

static const char *const aia_names[] = { "none", "aplic", "aplic-imsic", NULL };
static const char *const firmware_64[] = { "fw_dynamic.bin",
                                           "opensbi-riscv64-generic-fw_dynamic.bin", NULL };
static const char *const firmware_32[] = { "opensbi-riscv32-generic-fw_dynamic.bin", NULL };

static void connect(Device *dev, Device *plic, unsigned irq)
{
    sysbus_connect_irq(container_of(dev, SysbusDevice, device), 0,
                       device_irq_input(plic, NULL, irq));
}

static bool add_harts(Machine *machine, GError **errp)
{
    VirtMachine *virt = container_of(machine, VirtMachine, machine);
    if (!riscv_harts_create(machine, virt_map[VIRT_CLINT].base, errp)) {
        return false;
    }
    if (virt->aclint) {
        Device *sswi = riscv_board_add_device(machine, "sswi", "riscv-aclint-sswi");
        if (!property_set_u64(&sswi->object, "num-harts", machine->topology.cpus, errp) ||
            !riscv_board_place_device(machine, sswi, virt_map[VIRT_SSWI].base, errp)) {
            return false;
        }
        riscv_harts_connect(machine, sswi, 0, 1, "ssi");
    }
    return true;
}

static Device *add_plic(Machine *machine, GError **errp)
{
    Device *plic = riscv_board_add_device(machine, "plic", "sifive-plic");
    if (!property_set_u64(&plic->object, "num-sources", VIRT_IRQ_SOURCES, errp) ||
        !property_set_u64(&plic->object, "num-contexts", 2 * machine->topology.cpus, errp) ||
        !riscv_board_place_device(machine, plic, virt_map[VIRT_PLIC].base, errp)) {
        return NULL;
    }
    riscv_harts_connect(machine, plic, 0, 2, "mei");
    riscv_harts_connect(machine, plic, 1, 2, "sei");
    return plic;
}

/* A program that runs without firmware and has HTIF's symbols talks and exits through HTIF. */
static bool wants_htif(const Machine *machine)
{
    uint64_t address;
    return g_strcmp0(machine->boot.firmware, "none") == 0 && machine->boot.kernel &&
           loader_elf_symbol(machine->boot.kernel, "tohost", &address) &&
           loader_elf_symbol(machine->boot.kernel, "fromhost", &address);
}

static bool add_console(Machine *machine, Device *dev, Chardev *chardev, GError **errp)
{
    return !chardev || property_set_link(&dev->object, "chardev", &chardev->object, errp);
}

/* Where there is HTIF it is the first serial line, and the UART the second. */
static bool add_serial(Machine *machine, Device *plic, GError **errp)
{
    VirtMachine *virt = container_of(machine, VirtMachine, machine);
    unsigned line = 0;
    if (wants_htif(machine)) {
        virt->htif = riscv_board_add_device(machine, "htif", "riscv-htif");
        if (!add_console(machine, virt->htif, machine->serial[line++], errp) ||
            !device_realize(virt->htif, NULL, errp)) {
            return false;
        }
    }
    Device *uart = riscv_board_add_device(machine, "serial0", "serial-mm");
    if (!add_console(machine, uart, machine->serial[line], errp) ||
        !property_set_u64(&uart->object, "clock-frequency", VIRT_UART_CLOCK_HZ, errp) ||
        !riscv_board_place_device(machine, uart, virt_map[VIRT_UART].base, errp)) {
        return false;
    }
    connect(uart, plic, VIRT_IRQ_UART);
    return true;
}

static bool add_flash(Machine *machine, GError **errp)
{
    VirtMachine *virt = container_of(machine, VirtMachine, machine);
    const VirtPlace *place = &virt_map[VIRT_FLASH];
    for (unsigned i = 0; i < VIRT_FLASH_BANKS; i++) {
        g_autofree char *name = g_strdup_printf("flash%u", i);
        Device *flash = riscv_board_add_device(machine, name, "cfi-pflash01");
        if ((virt->flash_file[i] &&
             !property_set(&flash->object, "file", virt->flash_file[i], errp)) ||
            !property_set_bool(&flash->object, "readonly", virt->flash_readonly[i], errp) ||
            !property_set_u64(&flash->object, "size", place->bytes, errp) ||
            !riscv_board_place_device(machine, flash, place->base + i * place->bytes, errp)) {
            return false;
        }
    }
    return true;
}

static bool add_fw_cfg(Machine *machine, GError **errp)
{
    Device *cfg = riscv_board_add_device(machine, "fw-cfg", "fw-cfg-mmio");
    if (!riscv_board_place_device(machine, cfg, virt_map[VIRT_FW_CFG].base, errp)) {
        return false;
    }
    fw_cfg_add_u64(cfg, FW_CFG_RAM_BYTES, machine->ram_bytes);
    fw_cfg_add_u16(cfg, FW_CFG_CPUS, machine->topology.cpus);
    fw_cfg_add_u16(cfg, FW_CFG_MAX_CPUS, machine->topology.max_cpus);
    return true;
}

static bool add_virtio(Machine *machine, Device *plic, GError **errp)
{
    VirtMachine *virt = container_of(machine, VirtMachine, machine);
    const VirtPlace *place = &virt_map[VIRT_VIRTIO];
    for (unsigned i = 0; i < VIRT_VIRTIO_SLOTS; i++) {
        g_autofree char *name = g_strdup_printf("virtio-mmio%u", i);
        Device *slot = riscv_board_add_device(machine, name, "virtio-mmio");
        if (!property_set_u64(&slot->object, "slot", i, errp) ||
            (!virt->virtio_legacy &&
             !property_set_bool(&slot->object, "force-legacy", false, errp)) ||
            !riscv_board_place_device(machine, slot, place->base + i * place->bytes, errp)) {
            return false;
        }
        connect(slot, plic, VIRT_IRQ_VIRTIO + i);
    }
    return true;
}

static bool virt_build(Machine *machine, GError **errp)
{
    VirtMachine *virt = container_of(machine, VirtMachine, machine);
    bool is_32 = g_strcmp0(((const MachineClass *)machine->object.class)->arch, "riscv32") == 0;

    if (virt->aia != 0) {
        error_set(errp, "aia=%s: this board has a PLIC only; aia must be none",
                  aia_names[virt->aia]);
        return false;
    }
    if (!riscv_boot_check_ram(machine, (uint64_t)(is_32 ? MAX_RAM_GIB_32 : MAX_RAM_GIB_64) << 30,
                              errp) ||
        !riscv_board_add_memory(machine, &virt->mrom, virt_map[VIRT_DRAM].base, errp) ||
        !add_harts(machine, errp)) {
        return false;
    }
    Device *plic = add_plic(machine, errp);
    Device *test = riscv_board_add_device(machine, "test", "sifive-test");
    Device *rtc = riscv_board_add_device(machine, "rtc", "goldfish-rtc");
    if (!plic || !add_serial(machine, plic, errp) || !add_virtio(machine, plic, errp) ||
        !riscv_board_place_device(machine, test, virt_map[VIRT_TEST].base, errp) ||
        !riscv_board_place_device(machine, rtc, virt_map[VIRT_RTC].base, errp) ||
        !add_flash(machine, errp) || !add_fw_cfg(machine, errp)) {
        return false;
    }
    connect(rtc, plic, VIRT_IRQ_RTC);
    virt->boot = (RiscvBoot){
        .default_firmware = is_32 ? firmware_32 : firmware_64,
        .stdout_path = "/soc/serial@10000000",
        .payload = virt->flash_file[0] ? virt_map[VIRT_FLASH].base : 0,
        .write_fdt = virt_write_fdt,
    };
    return true;
}

static bool virt_load(Machine *machine, GError **errp)
{
    VirtMachine *virt = container_of(machine, VirtMachine, machine);
    hwaddr tohost, fromhost;
    riscv_boot_cleanup(&virt->boot);
    if (!riscv_boot(machine, &virt->boot, errp)) {
        return false;
    }
    if (virt->htif && riscv_boot_find_htif(machine, &virt->boot, &tohost, &fromhost)) {
        riscv_htif_place(virt->htif, tohost, fromhost);
    }
    return true;
}

static void virt_finalize(Object *obj)
{
    riscv_boot_cleanup(&container_of(obj, VirtMachine, machine.object)->boot);
}

static const Property virt_properties[] = {
    PROPERTY_BOOL(
        "aclint", VirtMachine, aclint, false,
        .help = "ACLINT devices with supervisor software interrupts instead of a SiFive CLINT"),
    PROPERTY_STRING("pflash0", VirtMachine, flash_file[0], NULL,
                    .help = "raw image of the first flash bank"),
    PROPERTY_STRING("pflash1", VirtMachine, flash_file[1], NULL,
                    .help = "raw image of the second flash bank"),
    PROPERTY_BOOL("pflash0-readonly", VirtMachine, flash_readonly[0], false,
                  .help = "refuse writes to the first bank"),
    PROPERTY_BOOL("pflash1-readonly", VirtMachine, flash_readonly[1], false,
                  .help = "refuse writes to the second bank"),
    PROPERTY_BOOL("virtio-mmio-legacy", VirtMachine, virtio_legacy, true,
                  .help = "virtio slots have registers of version 1 instead of version 2"),
    PROPERTY_ENUM("aia", VirtMachine, aia, aia_names, 0,
                  .help = "interrupt architecture; only none"),
    {},
};

static const MachineClass virt_machine_class = {
    .object = { .name = "virt-machine",
                .parent = &machine_class.object,
                .instance_size = sizeof(VirtMachine),
                .properties = virt_properties,
                .finalize = virt_finalize },
    .summary = "RISC-V board of virtual devices",
    .arch = "riscv64",
    .default_cpu = "rv64-riscv-cpu",
    .cpu_base = &riscv_cpu_class.cpu.device.object,
    .default_drive = "virtio",
    .default_ram_bytes = 128 << 20,
    .max_cpus = VIRT_MAX_CPUS,
    .is_default = true,
    .build = virt_build,
    .load = virt_load,
};
CLASS_REGISTER(virt_machine_class);

static const char *const virt_aliases[] = { "virt", NULL };

static const MachineClass virt32_machine_class = {
    .object = { .name = "virt-riscv32-machine", .parent = &virt_machine_class.object },
    .summary = "RISC-V board of virtual devices",
    .arch = "riscv32",
    .aliases = virt_aliases,
    .default_cpu = "rv32-riscv-cpu",
    .cpu_base = &riscv_cpu_class.cpu.device.object,
    .default_drive = "virtio",
    .default_ram_bytes = 128 << 20,
    .max_cpus = VIRT_MAX_CPUS,
    .is_default = true,
    .build = virt_build,
    .load = virt_load,
};
CLASS_REGISTER(virt32_machine_class);
