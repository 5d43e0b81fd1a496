/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System management mode: the state save maps, entry and RSM. Processors with long mode use the map
 * of AMD64 processors, the others that of the Pentium. Spec: APM vol. 2, 10.3 (table 10-1); SDM
 * vol. 3, 32.4 (table 32-1), 32.10, 32.11.
 */
#include "target/x86/smm.h"

#include "target/x86/control.h"
#include "target/x86/debug.h"
#include "target/x86/features.h"
#include "target/x86/flags.h"
#include "target/x86/interrupt.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "target/x86/segment.h"
#include "target/x86/translate_internal.h"

/* Offsets from SMBASE + 0x8000 */
enum { STATE_AT = 0x8000, REVISION = 0x7efc, REVISION_64 = 0x20064, REVISION_32 = 0x20000 };
enum {
    SEGMENT_64 = 0x7e00, /* 16 bytes each: ES CS SS DS FS GS GDTR LDTR IDTR TR */
    HALT_64 = 0x7ec9,
    NMI_64 = 0x7eca,
    EFER_64 = 0x7ed0,
    SMBASE_64 = 0x7f00,
    CR4_64 = 0x7f48,
    CR3_64 = 0x7f50,
    CR0_64 = 0x7f58,
    DR7_64 = 0x7f60,
    DR6_64 = 0x7f68,
    RFLAGS_64 = 0x7f70,
    RIP_64 = 0x7f78,
    RAX_64 = 0x7ff8, /* the others go down from there */
};
enum {
    SMBASE_32 = 0x7ef8,
    HALT_32 = 0x7f02,
    NMI_32 = 0x7f04,
    CR4_32 = 0x7f14,
    SEGMENT_32 = 0x7f20, /* 12 bytes each: attributes, limit, base */
    GDT_32 = 0x7f84,     /* limit, base */
    IDT_32 = 0x7f8c,
    SELECTOR_32 = 0x7fa8, /* 4 bytes each */
    DR7_32 = 0x7fc8,
    DR6_32 = 0x7fcc,
    EAX_32 = 0x7fd0, /* EAX ECX EDX EBX ESP EBP ESI EDI */
    EIP_32 = 0x7ff0,
    EFLAGS_32 = 0x7ff4,
    CR3_32 = 0x7ff8,
    CR0_32 = 0x7ffc,
};

static uint64_t peek(X86Cpu *cpu, unsigned at, unsigned bytes)
{
    uint8_t raw[8] = { 0 };
    uint64_t value = 0;

    address_space_read(cpu->cpu.memory, cpu->msr.smbase + STATE_AT + at, raw, bytes,
                       (MemTxAttrs){ 0 });
    for (unsigned i = bytes; i-- > 0;) {
        value = value << 8 | raw[i];
    }
    return value;
}

static void poke(X86Cpu *cpu, unsigned at, unsigned bytes, uint64_t value)
{
    uint8_t raw[8];

    for (unsigned i = 0; i < bytes; i++) {
        raw[i] = value >> (8 * i);
    }
    address_space_write(cpu->cpu.memory, cpu->msr.smbase + STATE_AT + at, raw, bytes,
                        (MemTxAttrs){ 0 });
}

/* Memory --------------------------------------------------------------------------------------- */

static void enter_space(X86Cpu *cpu)
{
    if (cpu->smm_memory && !cpu->plain_memory) {
        cpu->plain_memory = cpu->cpu.memory;
        cpu->cpu.memory = cpu->smm_memory;
    }
}

void x86_smm_leave_space(X86Cpu *cpu)
{
    if (cpu->plain_memory) {
        cpu->cpu.memory = cpu->plain_memory;
        cpu->plain_memory = NULL;
    }
}

void x86_smm_loaded(X86Cpu *cpu)
{
    x86_smm_leave_space(cpu);
    if (cpu->smm) {
        enter_space(cpu);
    }
}

typedef struct {
    MemoryListener listener;
    X86Cpu *cpu;
} SmmListener;

static void forget_translations(Cpu *c, void *data)
{
    tcg_tlb_flush_all(c);
}

static void space_changed(MemoryListener *listener)
{
    X86Cpu *cpu = container_of(listener, SmmListener, listener)->cpu;

    if (cpu->cpu.device.realized && cpu->cpu.tcg) {
        cpu_run_on(&cpu->cpu, forget_translations, NULL);
    }
}

void x86_smm_realize(X86Cpu *cpu)
{
    SmmListener *watch;

    if (!cpu->smm_memory) {
        return;
    }
    watch = g_new0(SmmListener, 1);
    watch->cpu = cpu;
    watch->listener.commit = space_changed;
    cpu->smm_listener = &watch->listener;
    address_space_add_listener(cpu->smm_memory, cpu->smm_listener);
}

void x86_smm_cleanup(X86Cpu *cpu)
{
    if (cpu->smm_listener) {
        address_space_remove_listener(cpu->smm_memory, cpu->smm_listener);
        g_free(container_of(cpu->smm_listener, SmmListener, listener));
        cpu->smm_listener = NULL;
    }
}

/* The map of processors with long mode --------------------------------------------------------- */

static const uint8_t segments_64[] = { X86_ES, X86_CS, X86_SS, X86_DS, X86_FS, X86_GS };
enum { GDTR_INDEX = 6, LDTR_INDEX, IDTR_INDEX, TR_INDEX, ENTRY_BYTES = 16 };

/* Attributes of the map have no gap between type..P and AVL..G. */
static uint16_t to_map(uint16_t access)
{
    return (access & 255) | (access >> 4 & 0xf00);
}

static uint16_t from_map(uint16_t attributes)
{
    return (attributes & 255) | (attributes & 0xf00) << 4;
}

static void save_segment_64(X86Cpu *cpu, unsigned index, const X86Segment *s)
{
    unsigned at = SEGMENT_64 + ENTRY_BYTES * index;

    poke(cpu, at, 2, s->selector);
    poke(cpu, at + 2, 2, to_map(s->access));
    poke(cpu, at + 4, 4, s->limit);
    poke(cpu, at + 8, 8, s->base);
}

static void load_segment_64(X86Cpu *cpu, unsigned index, X86Segment *s)
{
    unsigned at = SEGMENT_64 + ENTRY_BYTES * index;

    s->selector = peek(cpu, at, 2);
    s->access = from_map(peek(cpu, at + 2, 2));
    s->limit = peek(cpu, at + 4, 4);
    s->base = peek(cpu, at + 8, 8);
}

static void save_table_64(X86Cpu *cpu, unsigned index, const X86TableRegister *table)
{
    poke(cpu, SEGMENT_64 + ENTRY_BYTES * index + 4, 4, table->limit);
    poke(cpu, SEGMENT_64 + ENTRY_BYTES * index + 8, 8, table->base);
}

static void load_table_64(X86Cpu *cpu, unsigned index, X86TableRegister *table)
{
    table->limit = peek(cpu, SEGMENT_64 + ENTRY_BYTES * index + 4, 2);
    table->base = peek(cpu, SEGMENT_64 + ENTRY_BYTES * index + 8, 8);
}

static void save_64(X86Cpu *cpu, uint64_t ip, bool halted)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(segments_64); i++) {
        save_segment_64(cpu, i, &cpu->segment[segments_64[i]]);
    }
    save_table_64(cpu, GDTR_INDEX, &cpu->gdtr);
    save_segment_64(cpu, LDTR_INDEX, &cpu->segment[X86_LDTR]);
    save_table_64(cpu, IDTR_INDEX, &cpu->idtr);
    save_segment_64(cpu, TR_INDEX, &cpu->segment[X86_TR]);
    poke(cpu, HALT_64, 1, halted);
    poke(cpu, NMI_64, 1, cpu->nmi_blocked);
    poke(cpu, EFER_64, 8, cpu->msr.efer);
    poke(cpu, REVISION, 4, REVISION_64);
    poke(cpu, SMBASE_64, 4, cpu->msr.smbase);
    poke(cpu, CR4_64, 8, cpu->control.cr4);
    poke(cpu, CR3_64, 8, cpu->control.cr3);
    poke(cpu, CR0_64, 8, cpu->control.cr0);
    poke(cpu, DR7_64, 8, cpu->control.debug[7]);
    poke(cpu, DR6_64, 8, cpu->control.debug[6]);
    poke(cpu, RFLAGS_64, 8, x86_flags_get(cpu));
    poke(cpu, RIP_64, 8, ip);
    for (unsigned i = 0; i < X86_REGISTERS; i++) {
        poke(cpu, RAX_64 - 8 * i, 8, cpu->r[i]);
    }
}

/* What RSM takes out of the map. */
typedef struct {
    uint64_t cr0, cr3, cr4, efer, ip, flags;
    bool halted;
} Loaded;

static void load_64(X86Cpu *cpu, Loaded *to)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(segments_64); i++) {
        load_segment_64(cpu, i, &cpu->segment[segments_64[i]]);
    }
    load_table_64(cpu, GDTR_INDEX, &cpu->gdtr);
    load_segment_64(cpu, LDTR_INDEX, &cpu->segment[X86_LDTR]);
    load_table_64(cpu, IDTR_INDEX, &cpu->idtr);
    load_segment_64(cpu, TR_INDEX, &cpu->segment[X86_TR]);
    for (unsigned i = 0; i < X86_REGISTERS; i++) {
        cpu->r[i] = peek(cpu, RAX_64 - 8 * i, 8);
    }
    *to = (Loaded){
        .cr0 = peek(cpu, CR0_64, 8),
        .cr3 = peek(cpu, CR3_64, 8),
        .cr4 = peek(cpu, CR4_64, 8),
        .efer = peek(cpu, EFER_64, 8),
        .ip = peek(cpu, RIP_64, 8),
        .flags = peek(cpu, RFLAGS_64, 8),
        .halted = peek(cpu, HALT_64, 1) & 1,
    };
    cpu->nmi_blocked = peek(cpu, NMI_64, 1) & 1;
    cpu->control.debug[6] = (uint32_t)peek(cpu, DR6_64, 8);
    x86_debug_write(cpu, 7, (uint32_t)peek(cpu, DR7_64, 8));
    cpu->msr.smbase = peek(cpu, SMBASE_64, 4); /* revision bit 17: relocation */
}

/* The map of 32-bit processors ------------------------------------------------------------------
 */

enum { ENTRY_32_BYTES = 12, GENERAL = 8 };

static void save_32(X86Cpu *cpu, uint64_t ip, bool halted)
{
    for (unsigned i = 0; i < X86_SEGMENTS; i++) {
        const X86Segment *s = &cpu->segment[i];
        poke(cpu, SELECTOR_32 + 4 * i, 4, s->selector);
        poke(cpu, SEGMENT_32 + ENTRY_32_BYTES * i, 4, s->access);
        poke(cpu, SEGMENT_32 + ENTRY_32_BYTES * i + 4, 4, s->limit);
        poke(cpu, SEGMENT_32 + ENTRY_32_BYTES * i + 8, 4, s->base);
    }
    poke(cpu, GDT_32, 4, cpu->gdtr.limit);
    poke(cpu, GDT_32 + 4, 4, cpu->gdtr.base);
    poke(cpu, IDT_32, 4, cpu->idtr.limit);
    poke(cpu, IDT_32 + 4, 4, cpu->idtr.base);
    poke(cpu, REVISION, 4, REVISION_32);
    poke(cpu, SMBASE_32, 4, cpu->msr.smbase);
    poke(cpu, HALT_32, 2, halted);
    poke(cpu, NMI_32, 1, cpu->nmi_blocked);
    poke(cpu, CR4_32, 4, cpu->control.cr4);
    poke(cpu, DR7_32, 4, cpu->control.debug[7]);
    poke(cpu, DR6_32, 4, cpu->control.debug[6]);
    for (unsigned i = 0; i < GENERAL; i++) {
        poke(cpu, EAX_32 + 4 * i, 4, cpu->r[i]);
    }
    poke(cpu, EIP_32, 4, ip);
    poke(cpu, EFLAGS_32, 4, x86_flags_get(cpu));
    poke(cpu, CR3_32, 4, cpu->control.cr3);
    poke(cpu, CR0_32, 4, cpu->control.cr0);
}

static void load_32(X86Cpu *cpu, Loaded *to)
{
    for (unsigned i = 0; i < X86_SEGMENTS; i++) {
        X86Segment *s = &cpu->segment[i];
        s->selector = peek(cpu, SELECTOR_32 + 4 * i, 2);
        s->access = peek(cpu, SEGMENT_32 + ENTRY_32_BYTES * i, 2) & SEGMENT_BITS;
        s->limit = peek(cpu, SEGMENT_32 + ENTRY_32_BYTES * i + 4, 4);
        s->base = peek(cpu, SEGMENT_32 + ENTRY_32_BYTES * i + 8, 4);
    }
    cpu->gdtr.limit = peek(cpu, GDT_32, 2);
    cpu->gdtr.base = peek(cpu, GDT_32 + 4, 4);
    cpu->idtr.limit = peek(cpu, IDT_32, 2);
    cpu->idtr.base = peek(cpu, IDT_32 + 4, 4);
    for (unsigned i = 0; i < GENERAL; i++) {
        cpu->r[i] = peek(cpu, EAX_32 + 4 * i, 4);
    }
    *to = (Loaded){
        .cr0 = peek(cpu, CR0_32, 4),
        .cr3 = peek(cpu, CR3_32, 4),
        .cr4 = peek(cpu, CR4_32, 4),
        .ip = peek(cpu, EIP_32, 4),
        .flags = peek(cpu, EFLAGS_32, 4),
        .halted = peek(cpu, HALT_32, 2) & 1,
    };
    cpu->nmi_blocked = peek(cpu, NMI_32, 1) & 1;
    cpu->control.debug[6] = (uint32_t)peek(cpu, DR6_32, 4);
    x86_debug_write(cpu, 7, (uint32_t)peek(cpu, DR7_32, 4));
    cpu->msr.smbase = peek(cpu, SMBASE_32, 4);
}

/* Entry and exit ------------------------------------------------------------------------------- */

static bool is_64(const X86Cpu *cpu)
{
    return x86_has(cpu, X86_FEATURE_lm);
}

static void set_segments(X86Cpu *cpu)
{
    enum { DATA = 0x93, CODE = 0x9b };

    for (unsigned i = 0; i <= X86_GS; i++) {
        cpu->segment[i] = (X86Segment){ .access = SEGMENT_G | DATA, .limit = UINT32_MAX };
    }
    cpu->segment[X86_CS] = (X86Segment){ .selector = cpu->msr.smbase >> 4,
                                         .access = SEGMENT_G | CODE,
                                         .limit = UINT32_MAX,
                                         .base = cpu->msr.smbase };
}

uint64_t x86_smm_enter(X86Cpu *cpu, uint64_t pc, bool halted)
{
    const uint64_t cleared = CR0_PE | CR0_EM | CR0_TS | CR0_PG;
    uint64_t ip = pc - cpu->mode_base;

    enter_space(cpu);
    if (is_64(cpu)) {
        save_64(cpu, ip, halted);
    } else {
        save_32(cpu, ip, halted);
    }
    cpu->smm = cpu->nmi_blocked = true;
    cpu->shadow = 0;
    x86_debug_write(cpu, 7, DR7_FIXED);
    x86_set_control(cpu, cpu->control.cr0 & ~cleared, cpu->control.cr3, 0, 0);
    x86_flags_set(cpu, RFLAGS_ONE);
    set_segments(cpu);
    x86_mode_update(cpu);
    return (uint32_t)(cpu->msr.smbase + STATE_AT);
}

/* Combinations that RSM answers with shutdown: 32.11.1 */
static bool is_possible(const Loaded *l)
{
    bool paging = l->cr0 & CR0_PG;

    if ((paging && !(l->cr0 & CR0_PE)) || (l->cr0 & CR0_NW && !(l->cr0 & CR0_CD)) || l->cr0 >> 32) {
        return false;
    }
    return !(l->efer & EFER_LMA) || (paging && l->cr4 & CR4_PAE);
}

uint64_t x86_helper_rsm(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = c;
    Loaded l;

    if (!cpu->smm) {
        return x86_raise(cpu, X86_UD);
    }
    if (is_64(cpu)) {
        load_64(cpu, &l);
    } else {
        load_32(cpu, &l);
    }
    if (!is_possible(&l)) {
        cpu->shutdown = true;
        tcg_halt(c);
        machine_request_reset(cpu->cpu.machine, true);
        return cpu->cpu.env.hot.pc;
    }
    cpu->smm = false;
    x86_smm_leave_space(cpu);
    x86_set_control(cpu, l.cr0, l.cr3, l.cr4, l.efer);
    x86_flags_set(cpu, (l.flags & RFLAGS_ALL) | RFLAGS_ONE);
    x86_mode_update(cpu);
    x86_interrupts_update(cpu);
    uint64_t pc = cpu->mode & X86_MODE_CODE64 ? l.ip : (uint32_t)(cpu->mode_base + l.ip);
    return l.halted ? pc - 1 : pc; /* back to the HLT */
}
