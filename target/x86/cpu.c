/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor as a device: properties, reset and INIT, saved state, dumps. */
#include "target/x86/cpu.h"

#include <capstone/capstone.h>
#include <inttypes.h>
#include <string.h>

#include "target/x86/cpuid.h"
#include "target/x86/debug.h"
#include "target/x86/dump_notes.h"
#include "target/x86/features.h"
#include "target/x86/flags.h"
#include "target/x86/frontend_internal.h"
#include "target/x86/gdb.h"
#include "target/x86/interrupt.h"
#include "target/x86/mmu.h"
#include "target/x86/mode.h"
#include "target/x86/page_table.h"
#include "target/x86/registers_internal.h"
#include "target/x86/smm.h"
#include "target/x86/trap.h"
#include "target/x86/tsc.h"
#include "util/atomic.h"
#include "util/error.h"

enum { MXCSR_RESET = 0x1f80, FPU_CONTROL_RESET = 0x40, FPU_CONTROL_INIT = 0x37f };

static X86Cpu *from_device(Device *dev)
{
    return container_of(dev, X86Cpu, cpu.device);
}

static X86Cpu *from_cpu(Cpu *cpu)
{
    return container_of(cpu, X86Cpu, cpu);
}

/* Signals -------------------------------------------------------------------------------------- */

void x86_cpu_signal(X86Cpu *cpu, uint32_t pending, bool level)
{
    if (level) {
        atomic_fetch_or(&cpu->pending, pending);
    } else {
        atomic_fetch_and(&cpu->pending, ~pending);
    }
    cpu_interrupt_changed(&cpu->cpu);
}

void x86_cpu_sipi(X86Cpu *cpu, uint8_t vector)
{
    atomic_set(&cpu->sipi_vector, vector);
    x86_cpu_signal(cpu, X86_PENDING_SIPI, true);
}

static void set_a20(Cpu *c, void *data)
{
    X86Cpu *cpu = from_cpu(c);
    bool off = !GPOINTER_TO_INT(data);

    if (cpu->a20_off != off) {
        cpu->a20_off = off;
        if (c->tcg) {
            tcg_tlb_flush_all(c);
        }
    }
}

static void a20_changed(void *opaque, unsigned line, int level)
{
    X86Cpu *cpu = opaque;

    if (cpu->cpu.device.realized) {
        cpu_run_on(&cpu->cpu, set_a20, GINT_TO_POINTER(level != 0));
    } else {
        cpu->a20_off = !level;
    }
}

static void smi_changed(void *opaque, unsigned line, int level)
{
    if (level) {
        x86_cpu_signal(opaque, X86_PENDING_SMI, true);
    }
}

static void nmi_changed(void *opaque, unsigned line, int level)
{
    if (level) {
        x86_cpu_signal(opaque, X86_PENDING_NMI, true);
    }
}

/* Life ----------------------------------------------------------------------------------------- */

static void set_text(char **to, const char *text)
{
    g_free(*to);
    *to = g_strdup(text);
}

static void x86_cpu_init(Object *obj)
{
    X86Cpu *cpu = (X86Cpu *)obj;
    const X86Model *model = &((const X86CpuClass *)obj->class)->model;
    X86Config *config = &cpu->config;

    set_text(&config->vendor, model->vendor);
    set_text(&config->model_id, model->model_id ? model->model_id : "");
    config->family = model->family;
    config->model = model->model;
    config->stepping = model->stepping;
    config->level = model->level;
    config->xlevel = model->xlevel;
    config->physical_bits = model->physical_bits ? model->physical_bits : 40;
    if (model->features && *model->features) { /* a model, not "base" */
        x86_features_set(config, model->features);
        x86_features_set(config, "hypervisor");
    }
    if (model->all_features) {
        x86_features_set_offered(config);
    }
    if (model->without) {
        x86_features_clear(config, model->without);
    }
    config->model_on = config->on;
    device_add_irq_inputs(&cpu->cpu.device, "a20", a20_changed, cpu, 1);
    device_add_irq_inputs(&cpu->cpu.device, "smi", smi_changed, cpu, 1);
    device_add_irq_inputs(&cpu->cpu.device, "nmi", nmi_changed, cpu, 1);
}

static void x86_cpu_finalize(Object *obj)
{
    X86Cpu *cpu = (X86Cpu *)obj;

    x86_smm_cleanup(cpu);
    g_free(cpu->config.unavailable);
}

static char *get_unavailable(Object *obj)
{
    X86Cpu *cpu = (X86Cpu *)obj;

    return g_strdup(cpu->config.unavailable ? cpu->config.unavailable : "");
}

static void x86_cpu_settle(Cpu *cpu, GPtrArray *unavailable)
{
    x86_features_settle(&from_cpu(cpu)->config, unavailable);
}

static bool x86_cpu_realize(Device *dev, GError **errp)
{
    X86Cpu *cpu = from_device(dev);
    X86Config *config = &cpu->config;

    if (strlen(config->vendor) != X86_VENDOR_CHARS) {
        error_set(errp, "vendor: '%s' does not have %d characters", config->vendor,
                  X86_VENDOR_CHARS);
        return false;
    }
    config->quiet = cpu->cpu.index > 0;
    if (!x86_features_realize(config, &config->model_on, errp)) {
        return false;
    }
    x86_cpuid_realize(cpu);
    x86_smm_realize(cpu);
    return cpu_realize(&cpu->cpu, errp);
}

static void x86_cpu_unrealize(Device *dev)
{
    X86Cpu *cpu = from_device(dev);

    cpu_unrealize(&cpu->cpu);
    x86_smm_cleanup(cpu);
}

static void reset_segments(X86Cpu *cpu)
{
    enum { DATA = 0x93, CODE = 0x9b, LDT = 0x82, TSS = 0x8b, LIMIT = 0xffff };

    for (unsigned i = 0; i < X86_SEGMENTS; i++) {
        cpu->segment[i] = (X86Segment){ .access = DATA, .limit = LIMIT };
    }
    cpu->segment[X86_CS] =
        (X86Segment){ .selector = 0xf000, .base = 0xffff0000, .limit = LIMIT, .access = CODE };
    cpu->segment[X86_LDTR].access = LDT;
    cpu->segment[X86_TR].access = TSS;
    cpu->gdtr = cpu->idtr = (X86TableRegister){ .limit = LIMIT };
}

/* What power-up and INIT have in common: SDM vol. 3, table 10-1. */
void x86_cpu_init_state(X86Cpu *cpu)
{
    uint64_t kept_cr0 = cpu->control.cr0 & (CR0_CD | CR0_NW);

    x86_debug_clear(cpu);
    memset(cpu->r, 0, sizeof(cpu->r));
    cpu->r[X86_RDX] = x86_cpuid_signature(&cpu->config);
    x86_flags_set(cpu, RFLAGS_ONE);
    reset_segments(cpu);
    cpu->control.cr0 = kept_cr0 | CR0_ET;
    cpu->control.cr2 = cpu->control.cr3 = cpu->control.cr4 = 0;
    memset(cpu->control.pdptr, 0, sizeof(cpu->control.pdptr));
    memset(cpu->control.debug, 0, sizeof(cpu->control.debug));
    cpu->control.debug[6] = DR6_FIXED;
    cpu->control.debug[7] = DR7_FIXED;
    cpu->msr.efer = 0;
    cpu->event = (X86Event){ 0 };
    cpu->shadow = cpu->debug_pending = 0;
    cpu->smm = cpu->nmi_blocked = cpu->shutdown = false;
    cpu->cpu.env.hot.pc = 0xfffffff0;
}

static void reset_msrs(X86Cpu *cpu)
{
    enum { MISC_ENABLE_RESET = 1, SMBASE_RESET = 0x30000 };

    memset(&cpu->msr, 0, sizeof(cpu->msr));
    cpu->msr.pat = 0x0007040600070406ull;
    cpu->msr.misc_enable = MISC_ENABLE_RESET; /* fast strings */
    cpu->msr.smbase = SMBASE_RESET;
    for (unsigned i = 0; i < X86_MC_BANKS; i++) {
        cpu->msr.mc[i][0] = ~0ull;
    }
    cpu->msr.mcg_ctl = x86_has(cpu, X86_FEATURE_mca) ? ~0ull : 0;
    x86_tsc_reset(cpu);
}

static void x86_cpu_reset(Device *dev)
{
    X86Cpu *cpu = from_device(dev);

    x86_smm_leave_space(cpu);
    cpu->control = (X86Control){ .cr0 = CR0_CD | CR0_NW, .xcr0 = 1 };
    reset_msrs(cpu);
    memset(cpu->v, 0, sizeof(cpu->v));
    cpu->fpu = (X86Fpu){ .control = FPU_CONTROL_RESET, .empty = 0 };
    cpu->cpu.env.mxcsr_guest = MXCSR_RESET;
    cpu->a20_off = false;
    memset(cpu->history, 0, sizeof(cpu->history));
    cpu->history_next = 0;
    atomic_fetch_and(&cpu->pending, X86_PENDING_INTR); /* a level: its source is reset by itself */
    x86_cpu_init_state(cpu);
    cpu_reset(&cpu->cpu);
    x86_mode_update(cpu);
    cpu->sipi_wait = cpu->cpu.index > 0; /* the others wait for the first */
    if (cpu->sipi_wait) {
        atomic_set(&cpu->cpu.halted, true);
    }
}

static uint64_t x86_cpu_get_pc(Cpu *cpu)
{
    return cpu->env.hot.pc;
}

static void x86_cpu_set_pc(Cpu *c, uint64_t pc)
{
    c->env.hot.pc = pc;
}

/* Dump ----------------------------------------------------------------------------------------- */

static void dump_general(const X86Cpu *cpu, GString *out)
{
    static const char *const names[] = { "RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
                                         "R8 ", "R9 ", "R10", "R11", "R12", "R13", "R14", "R15" };
    bool wide = cpu->mode & X86_MODE_LONG;
    unsigned count = wide ? X86_REGISTERS : X86_REGISTERS / 2;

    for (unsigned i = 0; i < count; i++) {
        if (wide) {
            g_string_append_printf(out, "%s=%016" PRIx64 "%s", names[i], cpu->r[i],
                                   i % 4 == 3 ? "\n" : " ");
        } else {
            g_string_append_printf(out, "E%.2s=%08x%s", names[i] + 1, (uint32_t)cpu->r[i],
                                   i % 4 == 3 ? "\n" : " ");
        }
    }
}

static void dump_segments(const X86Cpu *cpu, GString *out)
{
    static const char *const names[] = { "ES", "CS", "SS", "DS", "FS", "GS", "LDT", "TR" };

    for (unsigned i = 0; i < X86_SEGMENTS; i++) {
        const X86Segment *s = &cpu->segment[i];
        g_string_append_printf(out, "%-3s=%04x %016" PRIx64 " %08x %04x\n", names[i], s->selector,
                               s->base, s->limit, s->access);
    }
    g_string_append_printf(out, "GDT= %016" PRIx64 " %08x\nIDT= %016" PRIx64 " %08x\n",
                           cpu->gdtr.base, cpu->gdtr.limit, cpu->idtr.base, cpu->idtr.limit);
}

static void x86_cpu_dump(Cpu *c, GString *out)
{
    const X86Cpu *cpu = from_cpu(c);
    uint64_t flags = x86_flags_get(cpu);
    static const struct {
        uint32_t bit;
        char letter;
    } letters[] = { { RFLAGS_OF, 'O' }, { RFLAGS_DF, 'D' }, { RFLAGS_IF, 'I' },
                    { RFLAGS_TF, 'T' }, { RFLAGS_SF, 'S' }, { RFLAGS_ZF, 'Z' },
                    { RFLAGS_AF, 'A' }, { RFLAGS_PF, 'P' }, { RFLAGS_CF, 'C' } };
    const X86Control *control = &cpu->control;

    dump_general(cpu, out);
    g_string_append_printf(out, "RIP=%016" PRIx64 " RFL=%08x [", c->env.hot.pc - cpu->mode_base,
                           (uint32_t)flags);
    for (unsigned i = 0; i < G_N_ELEMENTS(letters); i++) {
        g_string_append_c(out, flags & letters[i].bit ? letters[i].letter : '-');
    }
    g_string_append_printf(out, "] CPL=%u SMM=%u A20=%u HLT=%u\n", cpu->mode & X86_MODE_CPL,
                           cpu->smm, !cpu->a20_off, atomic_read(&c->halted));
    dump_segments(cpu, out);
    g_string_append_printf(
        out, "CR0=%08x CR2=%016" PRIx64 " CR3=%016" PRIx64 " CR4=%08x EFER=%016" PRIx64 "\n",
        (uint32_t)control->cr0, control->cr2, control->cr3, (uint32_t)control->cr4, cpu->msr.efer);
    g_string_append_printf(out, "DR6=%08x DR7=%08x MXCSR=%08x\n", (uint32_t)control->debug[6],
                           (uint32_t)control->debug[7], c->env.mxcsr_guest);
}

static void x86_cpu_disas_setup(Cpu *c, int *capstone_arch, int *capstone_mode)
{
    const X86Cpu *cpu = from_cpu(c);

    *capstone_arch = CS_ARCH_X86;
    *capstone_mode = cpu->mode & X86_MODE_CODE64   ? CS_MODE_64
                     : cpu->mode & X86_MODE_CODE32 ? CS_MODE_32
                                                   : CS_MODE_16;
}

/* Saved state ---------------------------------------------------------------------------------- */

static const VmState segment_vmstate = {
    .name = "x86-segment",
    .version = 1,
    .fields = (const VmField[]){ VM_U16(X86Segment, selector),
                                 VM_U16(X86Segment, access),
                                 VM_U32(X86Segment, limit),
                                 VM_U64(X86Segment, base),
                                 {} },
};
static const VmState table_vmstate = {
    .name = "x86-table",
    .version = 1,
    .fields =
        (const VmField[]){ VM_U64(X86TableRegister, base), VM_U32(X86TableRegister, limit), {} },
};
static const VmState vector_vmstate = {
    .name = "x86-vector",
    .version = 1,
    .fields = (const VmField[]){ VM_U64_ARRAY(X86Vector, q), {} },
};
static const VmState x80_vmstate = {
    .name = "x86-x80",
    .version = 1,
    .fields =
        (const VmField[]){ VM_U64(FloatX80, significand), VM_U16(FloatX80, sign_exponent), {} },
};
static const VmState fpu_vmstate = {
    .name = "x86-fpu",
    .version = 1,
    .fields = (const VmField[]){ VM_STRUCT_ARRAY(X86Fpu, r, x80_vmstate, FloatX80),
                                 VM_U16(X86Fpu, control),
                                 VM_U16(X86Fpu, status),
                                 VM_U8(X86Fpu, top),
                                 VM_U8(X86Fpu, empty),
                                 VM_U16(X86Fpu, opcode),
                                 VM_U16(X86Fpu, code_selector),
                                 VM_U16(X86Fpu, data_selector),
                                 VM_U64(X86Fpu, code_pointer),
                                 VM_U64(X86Fpu, data_pointer),
                                 {} },
};
static const VmState control_vmstate = {
    .name = "x86-control",
    .version = 1,
    .fields = (const VmField[]){ VM_U64(X86Control, cr0),
                                 VM_U64(X86Control, cr2),
                                 VM_U64(X86Control, cr3),
                                 VM_U64(X86Control, cr4),
                                 VM_U64(X86Control, xcr0),
                                 VM_U64_ARRAY(X86Control, debug),
                                 VM_U64_ARRAY(X86Control, pdptr),
                                 VM_U32(X86Control, pkru),
                                 {} },
};
static const VmState mc_vmstate = {
    .name = "x86-mc-bank",
    .version = 1,
    .fields = (const VmField[]){ { .name = "mc",
                                   .kind = VM_FIELD_U64,
                                   .offset = 0,
                                   .elem_size = sizeof(uint64_t),
                                   .count = 4 },
                                 {} },
};
static const VmState msr_vmstate = {
    .name = "x86-msrs",
    .version = 1,
    .fields = (const VmField[]){ VM_U64(X86Msrs, efer),
                                 VM_U64(X86Msrs, star),
                                 VM_U64(X86Msrs, lstar),
                                 VM_U64(X86Msrs, cstar),
                                 VM_U64(X86Msrs, sfmask),
                                 VM_U64(X86Msrs, kernel_gs_base),
                                 VM_U64(X86Msrs, tsc_aux),
                                 VM_U64(X86Msrs, sysenter_cs),
                                 VM_U64(X86Msrs, sysenter_esp),
                                 VM_U64(X86Msrs, sysenter_eip),
                                 VM_U64(X86Msrs, pat),
                                 VM_U64(X86Msrs, misc_enable),
                                 VM_U64(X86Msrs, spec_ctrl),
                                 VM_U64(X86Msrs, feature_control),
                                 VM_U64(X86Msrs, xss),
                                 VM_U64(X86Msrs, debugctl),
                                 VM_U64(X86Msrs, smbase),
                                 VM_U64(X86Msrs, tsc_offset),
                                 VM_U64(X86Msrs, tsc_adjust),
                                 VM_U64(X86Msrs, tsc_deadline),
                                 VM_U64(X86Msrs, mtrr_default),
                                 VM_U64_ARRAY(X86Msrs, mtrr_fixed),
                                 VM_U64_ARRAY(X86Msrs, mtrr_base),
                                 VM_U64_ARRAY(X86Msrs, mtrr_mask),
                                 VM_U64(X86Msrs, mcg_status),
                                 VM_U64(X86Msrs, mcg_ctl),
                                 VM_STRUCT_ARRAY(X86Msrs, mc, mc_vmstate, uint64_t[4]),
                                 VM_U64(X86Msrs, umwait_control),
                                 VM_U64(X86Msrs, system_time),
                                 VM_U64(X86Msrs, wall_clock),
                                 {} },
};

static bool x86_cpu_pre_save(void *opaque)
{
    X86Cpu *cpu = opaque;

    cpu->saved_pc = cpu->cpu.env.hot.pc;
    cpu->saved_rflags = x86_flags_get(cpu);
    cpu->saved_mxcsr = cpu->cpu.env.mxcsr_guest;
    return true;
}

static bool x86_cpu_post_load(void *opaque, uint32_t version, GError **errp)
{
    enum { MXCSR_BITS = 0xffff };
    X86Cpu *cpu = opaque;
    bool long_mode = cpu->msr.efer & EFER_LMA;

    if (cpu->fpu.top > 7 || cpu->saved_mxcsr & ~MXCSR_BITS || cpu->shadow > X86_SHADOW_MOV_SS ||
        (long_mode && (~cpu->control.cr4 & CR4_PAE || ~cpu->control.cr0 & (CR0_PG | CR0_PE)))) {
        error_set(errp, "saved processor state is not possible: cr0 %#" PRIx64 ", cr4 %#" PRIx64,
                  cpu->control.cr0, cpu->control.cr4);
        return false;
    }
    for (unsigned i = 0; i < X86_SEGMENTS; i++) {
        cpu->segment[i].access &= SEGMENT_BITS;
    }
    cpu->cpu.env.mxcsr_guest = cpu->saved_mxcsr;
    x86_flags_set(cpu, (cpu->saved_rflags & RFLAGS_ALL) | RFLAGS_ONE);
    cpu->cpu.env.hot.pc = cpu->saved_pc;
    x86_smm_loaded(cpu);
    x86_debug_loaded(cpu);
    x86_mode_update(cpu);
    return true;
}

static const VmState x86_cpu_vmstate = {
    .version = 1,
    .pre_save = x86_cpu_pre_save,
    .post_load = x86_cpu_post_load,
    .fields = (const VmField[]){ VM_U64(X86Cpu, saved_pc),
                                 VM_U64(X86Cpu, saved_rflags),
                                 VM_U32(X86Cpu, saved_mxcsr),
                                 VM_U64_ARRAY(X86Cpu, r),
                                 VM_STRUCT_ARRAY(X86Cpu, v, vector_vmstate, X86Vector),
                                 VM_STRUCT_ARRAY(X86Cpu, segment, segment_vmstate, X86Segment),
                                 VM_STRUCT(X86Cpu, gdtr, table_vmstate),
                                 VM_STRUCT(X86Cpu, idtr, table_vmstate),
                                 VM_STRUCT(X86Cpu, control, control_vmstate),
                                 VM_STRUCT(X86Cpu, msr, msr_vmstate),
                                 VM_STRUCT(X86Cpu, fpu, fpu_vmstate),
                                 VM_U8(X86Cpu, shadow),
                                 VM_BOOL(X86Cpu, smm),
                                 VM_BOOL(X86Cpu, nmi_blocked),
                                 VM_BOOL(X86Cpu, sipi_wait),
                                 VM_BOOL(X86Cpu, a20_off),
                                 VM_BOOL(X86Cpu, shutdown),
                                 VM_U8(X86Cpu, debug_pending),
                                 VM_U8(X86Cpu, sipi_vector),
                                 VM_U32(X86Cpu, pending),
                                 VM_BOOL(X86Cpu, cpu.halted),
                                 {} },
};

/* Class ---------------------------------------------------------------------------------------- */

static const Property x86_cpu_properties[] = {
#define FEATURE(word, bit, name, text, offered, needs) \
    PROPERTY_BOOL(text, X86Cpu, config.on.name, false, .help = "feature " #word " bit " #bit),
#include "target/x86/features.def"
#undef FEATURE
#define ALIAS(name, text) \
    PROPERTY_BOOL(text, X86Cpu, config.on.name, false, .help = "another name of a feature"),
#include "target/x86/feature_aliases.def"
#undef ALIAS
    PROPERTY_TEXT("unavailable-features", get_unavailable, NULL, .list = true,
                  .help = "what was asked for and cannot be had"),
    PROPERTY_BOOL("migratable", X86Cpu, config.migratable, true,
                  .help = "only features that can be migrated, as all are"),
    PROPERTY_BOOL("enforce", X86Cpu, config.enforce, false,
                  .help = "refuse to start without a feature that was asked for"),
    PROPERTY_BOOL("check", X86Cpu, config.check, true,
                  .help = "warn of features that cannot be had"),
    PROPERTY_STRING("vendor", X86Cpu, config.vendor, NULL, .help = "12 characters"),
    PROPERTY_STRING("model-id", X86Cpu, config.model_id, NULL,
                    .help = "name that the guest shows, up to 48 characters"),
    PROPERTY_STRING("hypervisor-vendor", X86Cpu, config.hypervisor_id, "TCGTCGTCGTCG",
                    .help = "12 characters of CPUID 0x40000000"),
    PROPERTY_U32("family", X86Cpu, config.family, 0, .max = 0x10e, .help = "display family"),
    PROPERTY_U32("model", X86Cpu, config.model, 0, .max = 255, .help = "display model"),
    PROPERTY_U32("stepping", X86Cpu, config.stepping, 0, .max = 15, .help = "stepping"),
    PROPERTY_U32("level", X86Cpu, config.level, 0, .help = "highest leaf of CPUID"),
    PROPERTY_U32("xlevel", X86Cpu, config.xlevel, 0, .help = "highest extended leaf of CPUID"),
    PROPERTY_U32("apic-id", X86Cpu, config.apic_id, UINT32_MAX,
                 .help = "number of the local APIC; default: by the topology"),
    PROPERTY_U8("phys-bits", X86Cpu, config.physical_bits, 0, .min = 32, .max = 52,
                .help = "bits of physical addresses"),
    PROPERTY_U64("tsc-frequency", X86Cpu, config.tsc_hz, 1000000000, .min = 1000000,
                 .max = 100000000000ull, .help = "rate of the time stamp counter in Hz"),
    {},
};

static const InterfaceEntry x86_cpu_interfaces[] = {
    { &page_table_interface, &x86_page_table_ops },
    { &dump_notes_interface, &x86_dump_notes_ops },
    {},
};

const X86CpuClass x86_cpu_class = {
    .cpu = {
        .device = {
            .object = { .name = "x86_64-cpu", .parent = &cpu_class.device.object, .abstract = true,
                        .instance_size = sizeof(X86Cpu), .properties = x86_cpu_properties,
                        .init = x86_cpu_init, .interfaces = x86_cpu_interfaces, .finalize = x86_cpu_finalize },
            .summary = "x86 processor", .category = DEVICE_CATEGORY_CPU,
            .realize = x86_cpu_realize, .unrealize = x86_cpu_unrealize,
            .reset = x86_cpu_reset, .vmstate = &x86_cpu_vmstate,
        },
        .frontend = &x86_frontend,
        .get_pc = x86_cpu_get_pc, .set_pc = x86_cpu_set_pc, .has_work = x86_has_work,
        .dump = x86_cpu_dump, .debug_translate = x86_debug_translate,
        .settle = x86_cpu_settle,
        .debug = &x86_debug_description, .disas_setup = x86_cpu_disas_setup,
    },
};
CLASS_REGISTER(x86_cpu_class);
