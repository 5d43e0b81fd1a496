/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device tree of the "virt" board.
 * Spec: bindings below Linux Documentation/devicetree/bindings: serial/8250.yaml,
 * interrupt-controller/ sifive,plic-1.0.0.yaml, power/reset/syscon-{poweroff,reboot}.yaml,
 * rtc/google,goldfish-rtc.yaml, virtio/mmio.yaml, mtd/mtd-physmap.yaml,
 * firmware/qemu,fw-cfg-mmio.yaml.
 */
#include <inttypes.h>

#include "hw/riscv/harts.h"
#include "hw/riscv/virt_internal.h"

typedef struct {
    uint32_t plic, test;
} Phandles;

static void open_place(DeviceTree *tree, const char *name, const char *compatible,
                       VirtRegion region)
{
    device_tree_open_node(tree, "%s@%" PRIx64, name, virt_map[region].base);
    device_tree_string(tree, "compatible", compatible);
    device_tree_reg(tree, virt_map[region].base, virt_map[region].bytes);
}

static void add_interrupt(DeviceTree *tree, const Phandles *phandles, uint32_t irq)
{
    DEVICE_TREE_CELLS(tree, "interrupt-parent", phandles->plic);
    DEVICE_TREE_CELLS(tree, "interrupts", irq);
}

static void add_plic(Machine *machine, DeviceTree *tree, const Phandles *phandles)
{
    device_tree_open_node(tree, "plic@%" PRIx64, virt_map[VIRT_PLIC].base);
    device_tree_strings(tree, "compatible",
                        (const char *const[]){ "sifive,plic-1.0.0", "riscv,plic0", NULL });
    device_tree_reg(tree, virt_map[VIRT_PLIC].base, virt_map[VIRT_PLIC].bytes);
    DEVICE_TREE_CELLS(tree, "phandle", phandles->plic);
    DEVICE_TREE_CELLS(tree, "riscv,ndev", VIRT_IRQ_SOURCES);
    DEVICE_TREE_CELLS(tree, "#address-cells", 0);
    DEVICE_TREE_CELLS(tree, "#interrupt-cells", 1);
    device_tree_flag(tree, "interrupt-controller");
    riscv_harts_fdt_interrupts(machine, tree,
                               (const uint32_t[]){ RISCV_IRQ_MEI, RISCV_IRQ_SEI, 0 });
    device_tree_close_node(tree);
}

static void add_syscon(DeviceTree *tree, const char *name, uint32_t value, const Phandles *phandles)
{
    g_autofree char *compatible = g_strconcat("syscon-", name, NULL);
    device_tree_open_node(tree, "%s", name);
    device_tree_string(tree, "compatible", compatible);
    DEVICE_TREE_CELLS(tree, "regmap", phandles->test);
    DEVICE_TREE_CELLS(tree, "offset", 0);
    DEVICE_TREE_CELLS(tree, "value", value);
    device_tree_close_node(tree);
}

static void add_test(DeviceTree *tree, const Phandles *phandles)
{
    device_tree_open_node(tree, "test@%" PRIx64, virt_map[VIRT_TEST].base);
    device_tree_strings(tree, "compatible",
                        (const char *const[]){ "sifive,test1", "sifive,test0", "syscon", NULL });
    device_tree_reg(tree, virt_map[VIRT_TEST].base, virt_map[VIRT_TEST].bytes);
    DEVICE_TREE_CELLS(tree, "phandle", phandles->test);
    device_tree_close_node(tree);
}

static void add_virtio(DeviceTree *tree, const Phandles *phandles)
{
    for (unsigned i = 0; i < VIRT_VIRTIO_SLOTS; i++) {
        const VirtPlace *place = &virt_map[VIRT_VIRTIO];
        device_tree_open_node(tree, "virtio_mmio@%" PRIx64, place->base + i * place->bytes);
        device_tree_string(tree, "compatible", "virtio,mmio");
        device_tree_reg(tree, place->base + i * place->bytes, place->bytes);
        add_interrupt(tree, phandles, VIRT_IRQ_VIRTIO + i);
        device_tree_close_node(tree);
    }
}

static void add_soc(Machine *machine, DeviceTree *tree, const Phandles *phandles)
{
    VirtMachine *virt = container_of(machine, VirtMachine, machine);
    device_tree_open_node(tree, "soc");
    DEVICE_TREE_CELLS(tree, "#address-cells", 2);
    DEVICE_TREE_CELLS(tree, "#size-cells", 2);
    device_tree_string(tree, "compatible", "simple-bus");
    device_tree_flag(tree, "ranges");

    add_plic(machine, tree, phandles);
    riscv_harts_fdt_timer(machine, tree, virt->aclint, virt_map[VIRT_CLINT].base,
                          virt_map[VIRT_SSWI].base);
    add_test(tree, phandles);
    open_place(tree, "rtc", "google,goldfish-rtc", VIRT_RTC);
    add_interrupt(tree, phandles, VIRT_IRQ_RTC);
    device_tree_close_node(tree);
    open_place(tree, "serial", "ns16550a", VIRT_UART);
    DEVICE_TREE_CELLS(tree, "clock-frequency", VIRT_UART_CLOCK_HZ);
    add_interrupt(tree, phandles, VIRT_IRQ_UART);
    device_tree_close_node(tree);
    add_virtio(tree, phandles);
    device_tree_close_node(tree);
}

static void add_flash(DeviceTree *tree)
{
    const VirtPlace *place = &virt_map[VIRT_FLASH];
    device_tree_open_node(tree, "flash@%" PRIx64, place->base);
    device_tree_string(tree, "compatible", "cfi-flash");
    DEVICE_TREE_CELLS(tree, "reg", 0, place->base, 0, place->bytes, 0, place->base + place->bytes,
                      0, place->bytes);
    DEVICE_TREE_CELLS(tree, "bank-width", 4);
    device_tree_close_node(tree);
}

static void add_fw_cfg(DeviceTree *tree)
{
    open_place(tree, "fw-cfg", "qemu,fw-cfg-mmio", VIRT_FW_CFG);
    device_tree_flag(tree, "dma-coherent");
    device_tree_close_node(tree);
}

void virt_write_fdt(Machine *machine, DeviceTree *tree)
{
    uint32_t first = riscv_hart_intc(machine->cpus->len - 1) + 1;
    Phandles phandles = { .plic = first, .test = first + 1 };

    DEVICE_TREE_CELLS(tree, "#address-cells", 2);
    DEVICE_TREE_CELLS(tree, "#size-cells", 2);
    device_tree_string(tree, "compatible", "riscv-virtio");
    device_tree_string(tree, "model", "riscv-virtio,qemu");

    device_tree_open_node(tree, "aliases");
    device_tree_string(tree, "serial0", "/soc/serial@10000000");
    device_tree_close_node(tree);
    device_tree_open_node(tree, "memory@%" PRIx64, virt_map[VIRT_DRAM].base);
    device_tree_string(tree, "device_type", "memory");
    device_tree_reg(tree, virt_map[VIRT_DRAM].base, machine->ram_bytes);
    device_tree_close_node(tree);
    riscv_harts_fdt(machine, tree);
    add_fw_cfg(tree);
    add_flash(tree);
    add_soc(machine, tree, &phandles);
    add_syscon(tree, "poweroff", 0x5555, &phandles);
    add_syscon(tree, "reboot", 0x7777, &phandles);
}
