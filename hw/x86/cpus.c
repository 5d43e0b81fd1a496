/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processors of a board: made, wired to their local APICs, and set up as firmware leaves them.
 * Spec: SDM vol. 3, 3.4.5 (descriptors), 10.1 (state after reset), 12.11 (MTRRs); Linux
 * Documentation/arch/x86/boot.rst, "32-bit Boot Protocol" and "64-bit Boot Protocol".
 */
#include "hw/core/sysbus.h"
#include "hw/intc/i8259.h"
#include "hw/intc/local_apic.h"
#include "hw/x86/entry.h"
#include "hw/x86/x86_machine.h"
#include "target/x86/features.h"
#include "target/x86/mode.h"
#include "target/x86/tsc.h"
#include "util/error.h"

enum {
    MTRR_WRITE_BACK = 6,
    MTRR_FIXED_ENABLE = 1 << 10,
    MTRR_ENABLE = 1 << 11,
    MTRR_VALID = 1 << 11
};
#define CR0_PE   1u
#define CR0_ET   0x10u
#define CR0_PG   0x80000000u
#define CR4_PAE  0x20u
#define EFER_LME 0x100u
#define EFER_LMA 0x400u

static const X86ApicOps apic_ops = {
    .acknowledge = local_apic_acknowledge,
    .get_tpr = local_apic_get_tpr,
    .set_tpr = local_apic_set_tpr,
    .get_base = local_apic_get_base,
    .set_base = local_apic_set_base,
    .read_msr = local_apic_read_msr,
    .write_msr = local_apic_write_msr,
    .set_deadline = local_apic_set_deadline,
    .init = local_apic_init,
};

static void set_intr(void *opaque, bool level)
{
    x86_cpu_signal(opaque, X86_PENDING_INTR, level);
}

static void signal_nmi(void *opaque)
{
    x86_cpu_signal(opaque, X86_PENDING_NMI, true);
}

static void signal_smi(void *opaque)
{
    x86_cpu_signal(opaque, X86_PENDING_SMI, true);
}

static void signal_init(void *opaque)
{
    x86_cpu_signal(opaque, X86_PENDING_SIPI, false); /* one that came before is void */
    x86_cpu_signal(opaque, X86_PENDING_INIT, true);
}

static void signal_sipi(void *opaque, uint8_t vector)
{
    x86_cpu_sipi(opaque, vector);
}

static int64_t tsc_to_ns(void *opaque, uint64_t tsc)
{
    return x86_tsc_to_ns(opaque, tsc);
}

static void deadline_over(void *opaque)
{
    X86Cpu *cpu = opaque;
    cpu->msr.tsc_deadline = 0;
}

static const LocalApicCpuOps cpu_ops = {
    .set_intr = set_intr,
    .nmi = signal_nmi,
    .smi = signal_smi,
    .init = signal_init,
    .sipi = signal_sipi,
    .tsc_to_ns = tsc_to_ns,
    .deadline_over = deadline_over,
};

static bool add_apic(X86Machine *x86, X86Cpu *cpu, GError **errp)
{
    Machine *machine = &x86->machine;
    g_autofree char *name = g_strdup_printf("apic%u", cpu->cpu.index);
    Device *apic = x86_add_device(machine, name, "apic", errp);
    if (!apic) {
        return false;
    }
    local_apic_connect(apic, x86->apic_bus, cpu->cpu.index, &cpu_ops, cpu);
    if (!property_set_u64(&apic->object, "id", cpu->config.apic_id, errp) ||
        !property_set_bool(&apic->object, "x2apic", x86_has(cpu, X86_FEATURE_x2apic), errp) ||
        !property_set_bool(&apic->object, "tsc-deadline", x86_has(cpu, X86_FEATURE_tsc_deadline),
                           errp) ||
        !device_realize(apic, NULL, errp)) {
        return false;
    }
    cpu->apic = &apic_ops;
    cpu->apic_opaque = apic;
    return true;
}

bool x86_add_cpus(X86Machine *x86, GError **errp)
{
    Machine *machine = &x86->machine;
    x86->apic_bus = x86_add_device(machine, "apic-bus", "apic-bus", errp);
    if (!x86->apic_bus || !device_realize(x86->apic_bus, NULL, errp)) {
        return false;
    }
    machine->nmi = x86_nmi;
    sysbus_map(container_of(x86->apic_bus, SysbusDevice, device), 0, &machine->system_memory,
               LOCAL_APIC_BASE);
    for (unsigned i = 0; i < machine->topology.cpus; i++) {
        Cpu *base = cpu_new(machine, machine->cpu_class, machine->cpu_properties, errp);
        if (!base) {
            return false;
        }
        X86Cpu *cpu = container_of(base, X86Cpu, cpu);
        base->memory = &machine->memory;
        cpu->io = &machine->io;
        cpu->smm_memory = x86->has_smm_memory ? &x86->smm_memory : NULL;
        if (!device_realize(&base->device, NULL, errp)) {
            return false;
        }
        if (x86_has(cpu, X86_FEATURE_apic) && !add_apic(x86, cpu, errp)) {
            return false;
        }
    }
    return true;
}

/* A processor without APIC takes the 8259's line itself. */
static void direct_intr(void *opaque, unsigned line, int level)
{
    x86_cpu_signal(opaque, X86_PENDING_INTR, level);
}

static int direct_acknowledge(void *opaque)
{
    machine_lock();
    int vector = i8259_acknowledge(opaque);
    machine_unlock();
    return vector;
}

static const X86ApicOps direct_ops = { .acknowledge = direct_acknowledge };

void x86_connect_i8259(X86Machine *x86, Device *pic)
{
    X86Cpu *first = x86_machine_cpu(&x86->machine, 0);
    x86->i8259 = pic;
    if (!first->apic) {
        x86->direct_intr = irq_new(direct_intr, first, 0);
        first->apic = &direct_ops;
        first->apic_opaque = pic;
        device_connect_irq(pic, NULL, 0, x86->direct_intr);
        return;
    }
    local_apic_bus_on_extint(x86->apic_bus, i8259_acknowledge, pic);
    device_connect_irq(pic, NULL, 0, device_irq_input(first->apic_opaque, NULL, 0));
}

static void set_segments(X86Cpu *cpu, X86EntryMode mode)
{
    static const X86SegmentNumber data[] = { X86_ES, X86_SS, X86_DS, X86_FS, X86_GS };
    uint16_t code = mode == X86_ENTRY_LONG ? X86_ENTRY_ACCESS_CODE64 : X86_ENTRY_ACCESS_CODE32;
    cpu->segment[X86_CS] = (X86Segment){ X86_ENTRY_CODE, code, UINT32_MAX, 0 };
    for (unsigned i = 0; i < G_N_ELEMENTS(data); i++) {
        cpu->segment[data[i]] =
            (X86Segment){ X86_ENTRY_DATA, X86_ENTRY_ACCESS_DATA, UINT32_MAX, 0 };
    }
    cpu->segment[X86_TR] =
        (X86Segment){ X86_ENTRY_TSS, X86_ENTRY_ACCESS_TSS, X86_ENTRY_TSS_LIMIT, 0 };
    cpu->segment[X86_LDTR] = (X86Segment){ 0 };
    cpu->gdtr = (X86TableRegister){ X86_ENTRY_GDT, X86_ENTRY_GDT_BYTES - 1 };
    cpu->idtr = (X86TableRegister){ 0, 0 };
}

void x86_entry_set(X86Cpu *cpu, const X86Entry *entry)
{
    void (*set_pc)(Cpu *, uint64_t) =
        CLASS_METHOD(&cpu->cpu.device.object, cpu_class, CpuClass, set_pc);
    set_segments(cpu, entry->mode);
    for (unsigned i = 0; i < X86_REGISTERS; i++) {
        cpu->r[i] = 0;
    }
    cpu->r[X86_RAX] = entry->rax;
    cpu->r[X86_RBX] = entry->rbx;
    cpu->r[X86_RSI] = entry->rsi;
    cpu->control.cr0 = CR0_PE | CR0_ET;
    cpu->control.cr4 = 0;
    cpu->msr.efer = 0;
    if (entry->mode == X86_ENTRY_LONG) {
        cpu->control.cr0 |= CR0_PG;
        cpu->control.cr3 = X86_ENTRY_PML4;
        cpu->control.cr4 = CR4_PAE;
        cpu->msr.efer = EFER_LME | EFER_LMA;
    }
    x86_mode_update(cpu);
    set_pc(&cpu->cpu, entry->pc);
}

void x86_entry_set_real(X86Cpu *cpu, uint32_t at)
{
    void (*set_pc)(Cpu *, uint64_t) =
        CLASS_METHOD(&cpu->cpu.device.object, cpu_class, CpuClass, set_pc);
    cpu->segment[X86_CS].selector = at >> 4;
    cpu->segment[X86_CS].base = at & ~15u;
    x86_mode_update(cpu);
    set_pc(&cpu->cpu, at); /* linear */
}

/* A variable range covers a power of two: the hole is cut into such pieces from its start. */
void x86_entry_set_mtrrs(X86Cpu *cpu, hwaddr hole)
{
    uint64_t address_mask = (1ull << cpu->config.physical_bits) - 1;
    unsigned used = 0;
    for (hwaddr at = hole; at < 1ull << 32 && used < X86_MTRR_RANGES; used++) {
        uint64_t bytes = at & -at;
        cpu->msr.mtrr_base[used] = at; /* type 0: uncacheable */
        cpu->msr.mtrr_mask[used] = (address_mask & ~(bytes - 1)) | MTRR_VALID;
        at += bytes;
    }
    for (unsigned i = 0; i < X86_MTRR_FIXED; i++) {
        bool video = i == 2; /* 0xa0000 to 0xbffff */
        cpu->msr.mtrr_fixed[i] = video ? 0 : 0x0101010101010101ull * MTRR_WRITE_BACK;
    }
    cpu->msr.mtrr_default = MTRR_ENABLE | MTRR_FIXED_ENABLE | MTRR_WRITE_BACK;
}
