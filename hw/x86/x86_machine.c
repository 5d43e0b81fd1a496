/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/x86/x86_machine.h"

#include <inttypes.h>
#include <string.h>

#include "hw/core/loader.h"
#include "hw/core/sysbus.h"
#include "hw/intc/ioapic.h"
#include "hw/intc/local_apic.h"
#include "hw/nvram/fw_cfg.h"
#include "target/x86/features.h"
#include "util/error.h"
#include "util/keyval.h"

#define FOUR_GIB (1ull << 32)
enum { FW_CFG_PORT = 0x510, FW_CFG_DMA_PORT = 0x514, MIN_RAM_BYTES = 1 << 20 };
enum { MAX_USER_FILE = 64 << 20 };

const char *const x86_choices[] = { "auto", "on", "off", NULL };

Device *x86_add_device(Machine *machine, const char *name, const char *class_name, GError **errp)
{
    const ObjectClass *class = object_class_by_name(class_name);
    if (!class) {
        error_set(errp, "this program has no device '%s'", class_name);
        return NULL;
    }
    Device *dev = machine_add_device(machine, name, container_of(class, DeviceClass, object));
    g_ptr_array_add(machine->resettable, dev);
    return dev;
}

bool x86_realize_isa(X86Machine *x86, Device *dev, GError **errp)
{
    return device_realize(dev, &x86->isa->bus, errp);
}

Device *x86_add_isa(X86Machine *x86, const char *name, const char *class_name, GError **errp)
{
    Device *dev = x86_add_device(&x86->machine, name, class_name, errp);
    return dev && x86_realize_isa(x86, dev, errp) ? dev : NULL;
}

Device *x86_add_pit(X86Machine *x86, GError **errp)
{
    Device *pit = x86_add_isa(x86, "pit", "isa-pit", errp);
    Device *speaker = pit ? x86_add_device(&x86->machine, "pcspk", "isa-pcspk", errp) : NULL;
    bool done = speaker && property_set_link(&speaker->object, "pit", &pit->object, errp) &&
                x86_realize_isa(x86, speaker, errp);
    return done ? pit : NULL;
}

bool x86_add_ram(X86Machine *x86, uint64_t low_max, GError **errp)
{
    Machine *machine = &x86->machine;
    uint64_t bytes = machine->ram_bytes;
    if (bytes < MIN_RAM_BYTES) {
        error_set(errp, "-m: %" PRIu64 " bytes are too little, this machine needs 1M", bytes);
        return false;
    }
    if (!machine_init_ram(machine, "pc.ram", errp)) {
        return false;
    }
    x86->low_ram_bytes = MIN(bytes, low_max);
    x86->high_ram_bytes = bytes - x86->low_ram_bytes;
    memory_region_init_alias(&x86->low_ram, &machine->object, "ram-below-4g", &machine->ram, 0,
                             x86->low_ram_bytes);
    memory_region_add(&machine->system_memory, 0, &x86->low_ram);
    if (x86->high_ram_bytes) {
        memory_region_init_alias(&x86->high_ram, &machine->object, "ram-above-4g", &machine->ram,
                                 x86->low_ram_bytes, x86->high_ram_bytes);
        memory_region_add(&machine->system_memory, FOUR_GIB, &x86->high_ram);
    }
    return true;
}

bool x86_add_io_apic(X86Machine *x86, const char *name, hwaddr base, unsigned first_gsi,
                     GError **errp)
{
    Machine *machine = &x86->machine;
    Device *dev = x86_add_device(machine, name, "ioapic", errp);
    if (!dev || !device_realize(dev, NULL, errp)) {
        return false;
    }
    sysbus_map(container_of(dev, SysbusDevice, device), 0, &machine->system_memory, base);
    ioapic_set_target(dev, local_apic_bus_send_msi, x86->apic_bus);
    local_apic_bus_on_eoi(x86->apic_bus, ioapic_eoi, dev);
    for (unsigned i = 0; i < IOAPIC_PINS && first_gsi + i < X86_GSI_COUNT; i++) {
        x86->gsi[first_gsi + i] = device_irq_input(dev, NULL, i);
    }
    return true;
}

Irq *x86_share_gsi(X86Machine *x86, unsigned gsi)
{
    Irq *inputs[2];
    if (gsi >= X86_GSI_COUNT || !x86->gsi[gsi]) {
        return NULL;
    }
    if (!x86->shared_lines) {
        x86->shared_lines = g_ptr_array_new_with_free_func((GDestroyNotify)irq_free);
    }
    irq_or(x86->gsi[gsi], inputs, G_N_ELEMENTS(inputs));
    for (unsigned i = 0; i < G_N_ELEMENTS(inputs); i++) {
        g_ptr_array_add(x86->shared_lines, inputs[i]);
    }
    x86->gsi[gsi] = inputs[1];
    return inputs[0];
}

void x86_nmi(Machine *machine)
{
    X86Machine *x86 = x86_machine(machine);
    for (guint i = 0; i < machine->cpus->len; i++) {
        X86Cpu *cpu = x86_machine_cpu(machine, i);
        if (cpu->apic_opaque && x86->direct_intr == NULL) {
            irq_pulse(device_irq_input(cpu->apic_opaque, NULL, 1));
        } else {
            x86_cpu_signal(cpu, X86_PENDING_NMI, true);
        }
    }
}

static void a20_changed(void *opaque, unsigned line, int level)
{
    Machine *machine = opaque;
    for (guint i = 0; i < machine->cpus->len; i++) {
        irq_set(device_irq_input(&x86_machine_cpu(machine, i)->cpu.device, "a20", 0), level);
    }
}

Irq *x86_a20_input(X86Machine *x86, unsigned number)
{
    if (!x86->a20) {
        x86->a20 = irq_new(a20_changed, &x86->machine, 0);
        irq_or(x86->a20, x86->a20_inputs, X86_A20_INPUTS);
    }
    return x86->a20_inputs[number];
}

void x86_connect_isa_lines(X86Machine *x86)
{
    for (unsigned i = 0; i < ISA_IRQ_COUNT; i++) {
        Irq *ends[2];
        unsigned count = 0;
        Irq *pin = x86->gsi[i == 0 ? X86_ISA_PIN0 : i];
        if (pin && i != X86_ISA_PIN0) { /* line 2 is the cascade, its pin belongs to line 0 */
            ends[count++] = pin;
        }
        if (x86->i8259) {
            ends[count++] = device_irq_input(x86->i8259, NULL, i);
        }
        if (count) {
            x86->isa_line[i] = irq_split(ends, count);
            isa_bus_connect_irq(x86->isa, i, x86->isa_line[i]);
        }
    }
}

/* -fw_cfg name=,file= or string= */
static bool add_user_file(Device *cfg, const Keyval *keys, GError **errp)
{
    const char *name = keyval_get(keys, "name"), *path = keyval_get(keys, "file");
    const char *text = keyval_get(keys, "string");
    if (!name || !*name || !path == !text) {
        error_set(errp, "-fw_cfg: name= and one of file= and string= are needed");
        return false;
    }
    if (text) {
        return fw_cfg_add_file(cfg, name, text, strlen(text), errp);
    }
    size_t length = 0;
    g_autofree void *bytes = loader_read_file("fw_cfg file", path, MAX_USER_FILE, &length, errp);
    return bytes && fw_cfg_add_file(cfg, name, bytes, length, errp);
}

bool x86_add_fw_cfg(X86Machine *x86, GError **errp)
{
    Machine *machine = &x86->machine;
    Device *cfg = x86_add_device(machine, "fw-cfg", "fw-cfg-io", errp);
    if (!cfg || !device_realize(cfg, NULL, errp)) {
        return false;
    }
    SysbusDevice *sysbus = container_of(cfg, SysbusDevice, device);
    sysbus_map(sysbus, 0, &machine->system_io, FW_CFG_PORT);
    sysbus_map(sysbus, 1, &machine->system_io, FW_CFG_DMA_PORT);
    x86->fw_cfg = cfg;
    fw_cfg_add_u64(cfg, FW_CFG_RAM_BYTES, machine->ram_bytes);
    fw_cfg_add_u16(cfg, FW_CFG_CPUS, machine->topology.cpus);
    fw_cfg_add_u16(cfg, FW_CFG_MAX_CPUS, machine->topology.max_cpus);
    const GPtrArray *files = machine->options[MACHINE_OPTION_FW_CFG];
    for (guint i = 0; files && i < files->len; i++) {
        if (!add_user_file(cfg, g_ptr_array_index(files, i), errp)) {
            return false;
        }
    }
    return true;
}

bool x86_start_kernel(X86Machine *x86, const char *more_append, hwaddr hole, GError **errp)
{
    Machine *machine = &x86->machine;
    X86Cpu *first = x86_machine_cpu(machine, 0);
    X86Entry entry;
    X86BootBoard board = {
        .low_ram_end = x86->low_ram_bytes,
        .high_ram_bytes = x86->high_ram_bytes,
        .more_append = more_append,
        .acpi = x86->acpi_ready ? &x86->acpi_tables : NULL,
        .reserved_base = x86->reserved_base,
        .reserved_bytes = x86->reserved_bytes,
        .smbios_anchor = x86->smbios.entry_64,
        .smbios_tables = x86->smbios.tables,
        .has_64 = x86_has(first, X86_FEATURE_lm),
    };
    if (!x86_boot(machine, &board, &entry, errp)) {
        return false;
    }
    for (unsigned i = 0; i < machine->cpus->len; i++) {
        X86Cpu *cpu = x86_machine_cpu(machine, i);
        if (x86_has(cpu, X86_FEATURE_mtrr)) {
            x86_entry_set_mtrrs(cpu, hole);
        }
    }
    x86_entry_set(first, &entry);
    return true;
}

void x86_machine_finalize(Object *obj)
{
    X86Machine *x86 = container_of(obj, X86Machine, machine.object);
    if (x86->acpi_ready) {
        acpi_tables_cleanup(&x86->acpi_tables);
    }
    smbios_cleanup(&x86->smbios);
    if (x86->has_smm_memory) {
        address_space_cleanup(&x86->smm_memory);
    }
    for (unsigned i = 0; i < ISA_IRQ_COUNT; i++) {
        g_clear_pointer(&x86->isa_line[i], irq_free);
    }
    g_clear_pointer(&x86->direct_intr, irq_free);
    g_clear_pointer(&x86->shared_lines, g_ptr_array_unref);
    for (unsigned i = 0; i < X86_A20_INPUTS; i++) {
        g_clear_pointer(&x86->a20_inputs[i], irq_free);
    }
    g_clear_pointer(&x86->a20, irq_free);
}
