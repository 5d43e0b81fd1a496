/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spec: Linux Documentation/devicetree/bindings/riscv/{cpus,extensions}.yaml, cpu/cpu-topology.txt,
 * timer/sifive,clint.yaml; RISC-V ACLINT 1.0-rc4 for the ACLINT nodes.
 */
#include "hw/riscv/harts.h"

#include <inttypes.h>

#include "hw/core/sysbus.h"
#include "hw/intc/riscv_aclint.h"
#include "util/error.h"

RiscvCpu *riscv_hart(const Machine *machine, unsigned index)
{
    return container_of((Cpu *)g_ptr_array_index(machine->cpus, index), RiscvCpu, cpu);
}

Device *riscv_board_add_device(Machine *machine, const char *name, const char *class_name)
{
    const ObjectClass *class = object_class_by_name(class_name);
    Device *dev = machine_add_device(machine, name, container_of(class, DeviceClass, object));
    g_ptr_array_add(machine->resettable, dev);
    return dev;
}

bool riscv_board_place_device(Machine *machine, Device *dev, hwaddr base, GError **errp)
{
    if (!device_realize(dev, NULL, errp)) {
        return false;
    }
    sysbus_map(container_of(dev, SysbusDevice, device), 0, &machine->system_memory, base);
    return true;
}

bool riscv_board_add_memory(Machine *machine, MemoryRegion *mrom, hwaddr ram_base, GError **errp)
{
    if (!memory_region_init_rom(mrom, &machine->object, "mrom", RISCV_HARTS_MROM_BYTES, errp) ||
        !machine_init_ram(machine, "ram", errp)) {
        return false;
    }
    memory_region_add(&machine->system_memory, RISCV_HARTS_MROM_BASE, mrom);
    memory_region_add(&machine->system_memory, ram_base, &machine->ram);
    return true;
}

static bool add_harts(Machine *machine, Device *mtimer, GError **errp)
{
    for (unsigned i = 0; i < machine->topology.cpus; i++) {
        Cpu *cpu = cpu_new(machine, machine->cpu_class, machine->cpu_properties, errp);
        if (!cpu) {
            return false;
        }
        RiscvCpu *hart = container_of(cpu, RiscvCpu, cpu);
        cpu->memory = &machine->memory;
        cpu->read_time = riscv_aclint_mtimer_time;
        cpu->time_opaque = mtimer;
        hart->config.hartid = i;
        hart->config.reset_vector = RISCV_HARTS_MROM_BASE;
        hart->config.timebase_hz = RISCV_HARTS_TIMEBASE_HZ;
        if (!device_realize(&cpu->device, NULL, errp)) {
            return false;
        }
    }
    return true;
}

/* Timer first, since harts read time from it; then harts, then the lines into them. */
bool riscv_harts_create(Machine *machine, hwaddr clint, GError **errp)
{
    uint64_t count = machine->topology.cpus;
    Device *mtimer = riscv_board_add_device(machine, "mtimer", "riscv-aclint-mtimer");
    Device *mswi = riscv_board_add_device(machine, "mswi", "riscv-aclint-mswi");

    if (!property_set_u64(&mtimer->object, "num-harts", count, errp) ||
        !property_set_u64(&mtimer->object, "timebase-freq", RISCV_HARTS_TIMEBASE_HZ, errp) ||
        !property_set_u64(&mswi->object, "num-harts", count, errp) ||
        !riscv_board_place_device(machine, mswi, clint, errp) ||
        !riscv_board_place_device(machine, mtimer, clint + RISCV_ACLINT_SWI_BYTES, errp) ||
        !add_harts(machine, mtimer, errp)) {
        return false;
    }
    riscv_harts_connect(machine, mswi, 0, 1, "msi");
    riscv_harts_connect(machine, mtimer, 0, 1, "mti");
    return true;
}

void riscv_harts_connect(Machine *machine, Device *dev, unsigned first, unsigned stride,
                         const char *name)
{
    for (unsigned i = 0; i < machine->cpus->len; i++) {
        Irq *input = device_irq_input(&riscv_hart(machine, i)->cpu.device, name, 0);
        device_connect_irq(dev, NULL, first + i * stride, input);
    }
}

static uint32_t hart_phandle(unsigned index)
{
    return 2 * index + 1;
}

uint32_t riscv_hart_intc(unsigned index)
{
    return 2 * index + 2;
}

static void add_block_size(DeviceTree *tree, const char *name, bool present, uint32_t bytes)
{
    if (present) {
        DEVICE_TREE_CELLS(tree, name, bytes);
    }
}

static void add_hart(DeviceTree *tree, const RiscvCpu *hart, unsigned index)
{
    size_t extensions_length;
    g_autofree char *isa = riscv_isa_string(hart);
    g_autofree char *extensions = riscv_isa_extensions(hart, &extensions_length);
    const char *mmu_type = riscv_mmu_type(hart);

    device_tree_open_node(tree, "cpu@%x", index);
    DEVICE_TREE_CELLS(tree, "phandle", hart_phandle(index));
    device_tree_string(tree, "device_type", "cpu");
    DEVICE_TREE_CELLS(tree, "reg", index);
    device_tree_string(tree, "status", "okay");
    device_tree_string(tree, "compatible", "riscv");
    device_tree_string(tree, "riscv,isa", isa);
    device_tree_string(tree, "riscv,isa-base", riscv_isa_base(hart));
    device_tree_bytes(tree, "riscv,isa-extensions", extensions, extensions_length);
    if (mmu_type) {
        device_tree_string(tree, "mmu-type", mmu_type);
    }
    add_block_size(tree, "riscv,cbom-block-size", hart->config.zicbom, hart->config.cbom_bytes);
    add_block_size(tree, "riscv,cbop-block-size", hart->config.zicbop, hart->config.cbom_bytes);
    add_block_size(tree, "riscv,cboz-block-size", hart->config.zicboz, hart->config.cboz_bytes);
    device_tree_open_node(tree, "interrupt-controller");
    DEVICE_TREE_CELLS(tree, "#interrupt-cells", 1);
    device_tree_flag(tree, "interrupt-controller");
    device_tree_string(tree, "compatible", "riscv,cpu-intc");
    DEVICE_TREE_CELLS(tree, "phandle", riscv_hart_intc(index));
    device_tree_close_node(tree);
    device_tree_close_node(tree);
}

/* cpu-map: sockets (when there are several), clusters, cores, threads (when a core has several). */
static void add_cpu_map(DeviceTree *tree, const MachineTopology *topology)
{
    unsigned threads = topology->threads, cluster_threads = topology->cores * threads;
    unsigned clusters = topology->dies * topology->clusters;
    bool with_sockets = topology->sockets > 1;

    device_tree_open_node(tree, "cpu-map");
    for (unsigned i = 0; i < topology->cpus; i++) {
        unsigned cluster = i / cluster_threads, core = i / threads % topology->cores;
        bool first_in_cluster = i % cluster_threads == 0;
        bool last_in_cluster =
            i % cluster_threads == cluster_threads - 1 || i == topology->cpus - 1;
        bool last_in_socket = i % (clusters * cluster_threads) == clusters * cluster_threads - 1 ||
                              i == topology->cpus - 1;
        if (with_sockets && i % (clusters * cluster_threads) == 0) {
            device_tree_open_node(tree, "socket%u", cluster / clusters);
        }
        if (first_in_cluster) {
            device_tree_open_node(tree, "cluster%u", cluster % clusters);
        }
        if (i % threads == 0) {
            device_tree_open_node(tree, "core%u", core);
        }
        if (threads > 1) {
            device_tree_open_node(tree, "thread%u", i % threads);
        }
        DEVICE_TREE_CELLS(tree, "cpu", hart_phandle(i));
        if (threads > 1) {
            device_tree_close_node(tree);
        }
        if (i % threads == threads - 1 || i == topology->cpus - 1) {
            device_tree_close_node(tree);
        }
        if (last_in_cluster) {
            device_tree_close_node(tree);
        }
        if (with_sockets && last_in_socket) {
            device_tree_close_node(tree);
        }
    }
    device_tree_close_node(tree);
}

void riscv_harts_fdt(Machine *machine, DeviceTree *tree)
{
    device_tree_open_node(tree, "cpus");
    DEVICE_TREE_CELLS(tree, "#address-cells", 1);
    DEVICE_TREE_CELLS(tree, "#size-cells", 0);
    DEVICE_TREE_CELLS(tree, "timebase-frequency", RISCV_HARTS_TIMEBASE_HZ);
    for (unsigned i = 0; i < machine->cpus->len; i++) {
        add_hart(tree, riscv_hart(machine, i), i);
    }
    add_cpu_map(tree, &machine->topology);
    device_tree_close_node(tree);
}

void riscv_harts_fdt_interrupts(Machine *machine, DeviceTree *tree, const uint32_t *lines)
{
    g_autoptr(GArray) cells = g_array_new(false, false, sizeof(uint32_t));
    for (unsigned i = 0; i < machine->cpus->len; i++) {
        for (const uint32_t *line = lines; *line; line++) {
            uint32_t controller = riscv_hart_intc(i);
            g_array_append_val(cells, controller);
            g_array_append_val(cells, *line);
        }
    }
    device_tree_cells(tree, "interrupts-extended", (const uint32_t *)cells->data, cells->len);
}

static void add_swi(Machine *machine, DeviceTree *tree, const char *name, hwaddr base,
                    uint32_t line)
{
    g_autofree char *compatible = g_strdup_printf("riscv,aclint-%s", name);
    device_tree_open_node(tree, "%s@%" PRIx64, name, base);
    device_tree_string(tree, "compatible", compatible);
    device_tree_reg(tree, base, RISCV_ACLINT_SWI_BYTES);
    device_tree_flag(tree, "interrupt-controller");
    DEVICE_TREE_CELLS(tree, "#interrupt-cells", 0);
    riscv_harts_fdt_interrupts(machine, tree, (const uint32_t[]){ line, 0 });
    device_tree_close_node(tree);
}

void riscv_harts_fdt_timer(Machine *machine, DeviceTree *tree, bool aclint, hwaddr base,
                           hwaddr sswi)
{
    hwaddr mtimer = base + RISCV_ACLINT_SWI_BYTES;
    if (!aclint) {
        device_tree_open_node(tree, "clint@%" PRIx64, base);
        device_tree_strings(tree, "compatible",
                            (const char *const[]){ "sifive,clint0", "riscv,clint0", NULL });
        device_tree_reg(tree, base, 0x10000);
        riscv_harts_fdt_interrupts(machine, tree,
                                   (const uint32_t[]){ RISCV_IRQ_MSI, RISCV_IRQ_MTI, 0 });
        device_tree_close_node(tree);
        return;
    }
    add_swi(machine, tree, "mswi", base, RISCV_IRQ_MSI);
    device_tree_open_node(tree, "mtimer@%" PRIx64, mtimer);
    device_tree_string(tree, "compatible", "riscv,aclint-mtimer");
    DEVICE_TREE_CELLS(tree, "reg", 0, mtimer + RISCV_ACLINT_MTIME_OFFSET, 0, 8, 0, mtimer, 0,
                      RISCV_ACLINT_MTIME_OFFSET);
    riscv_harts_fdt_interrupts(machine, tree, (const uint32_t[]){ RISCV_IRQ_MTI, 0 });
    device_tree_close_node(tree);
    if (sswi) {
        add_swi(machine, tree, "sswi", sswi, RISCV_IRQ_SSI);
    }
}
