/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of system instructions that no other file serves. Spec: SDM vol. 2, the instructions. */
#include "target/x86/system.h"

#include <sys/random.h>

#include "target/x86/cpuid.h"
#include "target/x86/deliver.h"
#include "target/x86/features.h"
#include "target/x86/flags.h"
#include "target/x86/interrupt.h"
#include "target/x86/limits.h"
#include "target/x86/mmu.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "target/x86/segment.h"
#include "target/x86/translate_internal.h"
#include "target/x86/tsc.h"
#include "util/atomic.h"

enum { SELECTOR_TI = 4, SELECTOR_RPL = 3, TYPE_MASK = 31 };

/* Segments ------------------------------------------------------------------------------------- */

uint64_t x86_helper_load_segment(void *c, uint64_t number, uint64_t selector, uint64_t b,
                                 uint64_t d)
{
    X86Cpu *cpu = c;

    if (x86_segment_load(cpu, number, selector) && number == X86_SS) {
        x86_shadow_set(cpu, X86_SHADOW_MOV_SS);
    }
    return 0;
}

uint64_t x86_helper_selector(void *c, uint64_t number, uint64_t a, uint64_t b, uint64_t d)
{
    return ((X86Cpu *)c)->segment[number].selector;
}

/* A system segment of 16 bytes in long mode, else 8. */
static bool read_system_segment(X86Cpu *cpu, uint16_t selector, X86Descriptor *d, uint64_t *high)
{
    *high = 0;
    if (selector & SELECTOR_TI) {
        x86_raise_code(cpu, X86_GP, selector & ~SELECTOR_RPL);
        return false;
    }
    return x86_descriptor_read(cpu, selector, X86_GP, 0, d) &&
           (!(cpu->msr.efer & EFER_LMA) || x86_read_system(cpu, d->address + 8, 3, high));
}

uint64_t x86_helper_lldt(void *c, uint64_t selector, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;
    X86Descriptor ldt;
    uint64_t high;

    if (x86_is_null(selector)) {
        cpu->segment[X86_LDTR] = (X86Segment){ .selector = selector };
        return 0;
    }
    if (!read_system_segment(cpu, selector, &ldt, &high)) {
        return 0;
    }
    if ((ldt.high >> 8 & TYPE_MASK) != SYSTEM_LDT) {
        return x86_raise_code(cpu, X86_GP, selector & ~SELECTOR_RPL);
    }
    if (!(x86_descriptor_access(&ldt) & SEGMENT_P)) {
        return x86_raise_code(cpu, X86_NP, selector & ~SELECTOR_RPL);
    }
    x86_segment_set(cpu, X86_LDTR, selector, &ldt);
    cpu->segment[X86_LDTR].base |= high << 32;
    return 0;
}

uint64_t x86_helper_ltr(void *c, uint64_t selector, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;
    X86Descriptor tss;
    uint64_t high;

    if (x86_is_null(selector)) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    if (!read_system_segment(cpu, selector, &tss, &high)) {
        return 0;
    }
    unsigned type = tss.high >> 8 & TYPE_MASK;
    if (type != SYSTEM_TSS32 && (type != SYSTEM_TSS16 || cpu->msr.efer & EFER_LMA)) {
        return x86_raise_code(cpu, X86_GP, selector & ~SELECTOR_RPL);
    }
    if (!(x86_descriptor_access(&tss) & SEGMENT_P)) {
        return x86_raise_code(cpu, X86_NP, selector & ~SELECTOR_RPL);
    }
    tss.high |= SYSTEM_BUSY << 8;
    if (!x86_write_system(cpu, tss.address + 5, 0, tss.high >> 8)) {
        return 0;
    }
    x86_segment_set(cpu, X86_TR, selector, &tss);
    cpu->segment[X86_TR].base |= high << 32;
    return 0;
}

/* What LAR, LSL, VERR and VERW look at. 1: found, 0: no such descriptor, -1: raised */
static int look_up(X86Cpu *cpu, uint16_t selector, X86Descriptor *d)
{
    uint64_t both;

    if (x86_is_null(selector) || !x86_descriptor_find(cpu, selector, &d->address)) {
        return 0;
    }
    if (!x86_read_system(cpu, d->address, 3, &both)) {
        return -1;
    }
    d->low = both;
    d->high = both >> 32;
    return 1;
}

/* Privilege rule of table 3-53 and its like. */
static bool is_visible(const X86Cpu *cpu, uint16_t selector, const X86Descriptor *d)
{
    uint16_t access = x86_descriptor_access(d);
    bool conforming = access & SEGMENT_S && access & SEGMENT_CODE && access & SEGMENT_CONFORMING;
    unsigned dpl = x86_descriptor_dpl(d);

    return conforming || (dpl >= x86_cpu_cpl(cpu) && dpl >= (selector & SELECTOR_RPL));
}

static bool has_limit(const X86Cpu *cpu, unsigned type)
{
    bool long_mode = cpu->msr.efer & EFER_LMA;

    return type == SYSTEM_LDT || type == SYSTEM_TSS32 || type == SYSTEM_TSS32_BUSY ||
           (!long_mode && (type == SYSTEM_TSS16 || type == SYSTEM_TSS16_BUSY));
}

static bool has_rights(const X86Cpu *cpu, unsigned type)
{
    bool long_mode = cpu->msr.efer & EFER_LMA;

    return has_limit(cpu, type) || type == SYSTEM_CALL_GATE32 ||
           (!long_mode && (type == SYSTEM_CALL_GATE16 || type == SYSTEM_TASK_GATE));
}

uint64_t x86_helper_lar(void *c, uint64_t selector, uint64_t a, uint64_t b, uint64_t e)
{
    X86Cpu *cpu = c;
    X86Descriptor d;

    if (look_up(cpu, selector, &d) <= 0 || !is_visible(cpu, selector, &d) ||
        (!(d.high & SEGMENT_S << 8) && !has_rights(cpu, d.high >> 8 & 15))) {
        return 0;
    }
    return (d.high & 0x00ffff00) | 1ull << 32;
}

uint64_t x86_helper_lsl(void *c, uint64_t selector, uint64_t a, uint64_t b, uint64_t e)
{
    X86Cpu *cpu = c;
    X86Descriptor d;

    if (look_up(cpu, selector, &d) <= 0 || !is_visible(cpu, selector, &d) ||
        (!(d.high & SEGMENT_S << 8) && !has_limit(cpu, d.high >> 8 & 15))) {
        return 0;
    }
    return x86_descriptor_limit(&d) | 1ull << 32;
}

uint64_t x86_helper_verify(void *c, uint64_t selector, uint64_t write, uint64_t b, uint64_t e)
{
    X86Cpu *cpu = c;
    X86Descriptor d;

    if (look_up(cpu, selector, &d) <= 0 || !(d.high & SEGMENT_S << 8) ||
        !is_visible(cpu, selector, &d)) {
        return 0;
    }
    uint16_t access = x86_descriptor_access(&d);
    if (access & SEGMENT_CODE) {
        return !write && access & SEGMENT_READABLE;
    }
    return !write || access & SEGMENT_WRITABLE;
}

/* ARPL of @value at @offset: 1 if its RPL had to be raised to @rpl */
uint64_t x86_helper_arpl(void *c, uint64_t segment, uint64_t offset, uint64_t value, uint64_t rpl)
{
    X86Cpu *cpu = c;
    uint64_t linear;

    if ((value & SELECTOR_RPL) >= rpl) {
        return 0;
    }
    return x86_linear_address(cpu, segment, offset, 2, true, &linear) &&
           x86_write_data(cpu, linear, 1, (value & ~(uint64_t)SELECTOR_RPL) | rpl);
}

uint64_t x86_helper_table_base(void *c, uint64_t idt, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    return idt ? cpu->idtr.base : cpu->gdtr.base;
}

uint64_t x86_helper_table_limit(void *c, uint64_t idt, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    return idt ? cpu->idtr.limit : cpu->gdtr.limit;
}

uint64_t x86_helper_set_table(void *c, uint64_t idt, uint64_t limit, uint64_t base, uint64_t d)
{
    X86Cpu *cpu = c;

    if (cpu->mode & X86_MODE_CODE64 && !x86_is_canonical(cpu, base)) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    *(idt ? &cpu->idtr : &cpu->gdtr) = (X86TableRegister){ .base = base, .limit = limit };
    return 0;
}

uint64_t x86_helper_swapgs(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = c;
    uint64_t base = cpu->segment[X86_GS].base;

    cpu->segment[X86_GS].base = cpu->msr.kernel_gs_base;
    cpu->msr.kernel_gs_base = base;
    return 0;
}

uint64_t x86_helper_set_base(void *c, uint64_t number, uint64_t base, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    if (!x86_is_canonical(cpu, base)) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    cpu->segment[number].base = base;
    return 0;
}

/* Fast system calls ---------------------------------------------------------------------------- */

enum { FLAT_CODE = 0x9b, FLAT_DATA = 0x93 };

/* Segments as these instructions set them: flat, whatever the tables say. */
static void set_flat(X86Cpu *cpu, uint16_t cs, uint16_t ss, unsigned cpl, bool code64)
{
    uint16_t privilege = cpl << SEGMENT_DPL_SHIFT;

    cpu->segment[X86_CS] = (X86Segment){
        .selector = (cs & ~SELECTOR_RPL) | cpl,
        .access = SEGMENT_G | (code64 ? SEGMENT_L : SEGMENT_DB) | FLAT_CODE | privilege,
        .limit = UINT32_MAX,
    };
    cpu->segment[X86_SS] = (X86Segment){
        .selector = (ss & ~SELECTOR_RPL) | cpl,
        .access = SEGMENT_G | SEGMENT_DB | FLAT_DATA | privilege,
        .limit = UINT32_MAX,
    };
}

static bool is_amd(const X86Cpu *cpu)
{
    return cpu->config.vendor[0] == 'A';
}

uint64_t x86_helper_syscall(void *c, uint64_t next_ip, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;
    bool long_mode = cpu->msr.efer & EFER_LMA, code64 = cpu->mode & X86_MODE_CODE64;
    uint16_t cs = cpu->msr.star >> 32;
    uint64_t flags;

    if (!(cpu->msr.efer & EFER_SCE) || !(cpu->mode & X86_MODE_PROTECTED) ||
        (!code64 && !is_amd(cpu))) {
        return x86_raise(cpu, X86_UD);
    }
    flags = x86_flags_get(cpu);
    cpu->r[X86_RCX] = next_ip;
    if (long_mode) {
        cpu->r[11] = flags & ~(uint64_t)RFLAGS_RF;
        flags &= ~(cpu->msr.sfmask | RFLAGS_RF);
    } else {
        flags &= ~(uint64_t)(RFLAGS_IF | RFLAGS_VM | RFLAGS_RF);
    }
    x86_flags_set(cpu, flags | RFLAGS_ONE);
    set_flat(cpu, cs, cs + 8, 0, long_mode);
    x86_mode_update(cpu);
    if (!long_mode) {
        return (uint32_t)cpu->msr.star;
    }
    return code64 ? cpu->msr.lstar : cpu->msr.cstar;
}

uint64_t x86_helper_sysret(void *c, uint64_t wide, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;
    bool long_mode = cpu->msr.efer & EFER_LMA;
    uint16_t cs = cpu->msr.star >> 48;
    uint64_t ip = wide ? cpu->r[X86_RCX] : (uint32_t)cpu->r[X86_RCX], flags;

    if (!(cpu->msr.efer & EFER_SCE)) {
        return x86_raise(cpu, X86_UD);
    }
    if (!(cpu->mode & X86_MODE_PROTECTED) || x86_cpu_cpl(cpu) != 0 ||
        (wide && !is_amd(cpu) && !x86_is_canonical(cpu, ip))) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    if (long_mode) {
        flags = cpu->r[11] & RFLAGS_ALL & ~(uint64_t)(RFLAGS_RF | RFLAGS_VM);
    } else {
        flags = x86_flags_get(cpu) | RFLAGS_IF;
    }
    x86_flags_set(cpu, flags | RFLAGS_ONE);
    set_flat(cpu, wide ? cs + 16 : cs, cs + 8, 3, wide);
    x86_mode_update(cpu);
    x86_interrupts_update(cpu);
    return ip;
}

uint64_t x86_helper_sysenter(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = c;
    bool long_mode = cpu->msr.efer & EFER_LMA;
    uint16_t cs = cpu->msr.sysenter_cs;

    if (long_mode && is_amd(cpu)) {
        return x86_raise(cpu, X86_UD);
    }
    if (!(cpu->mode & X86_MODE_PROTECTED) || x86_is_null(cs)) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    cpu->flags.other &= ~(uint64_t)(RFLAGS_VM | RFLAGS_IF | RFLAGS_RF);
    cpu->r[X86_RSP] = long_mode ? cpu->msr.sysenter_esp : (uint32_t)cpu->msr.sysenter_esp;
    set_flat(cpu, cs, cs + 8, 0, long_mode);
    x86_mode_update(cpu);
    return long_mode ? cpu->msr.sysenter_eip : (uint32_t)cpu->msr.sysenter_eip;
}

uint64_t x86_helper_sysexit(void *c, uint64_t wide, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;
    uint16_t cs = cpu->msr.sysenter_cs;
    uint64_t ip = cpu->r[X86_RDX], sp = cpu->r[X86_RCX];

    if (!(cpu->mode & X86_MODE_PROTECTED) || x86_cpu_cpl(cpu) != 0) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    if (cpu->msr.efer & EFER_LMA && is_amd(cpu)) {
        return x86_raise(cpu, X86_UD);
    }
    if (x86_is_null(cs) || (wide && (!x86_is_canonical(cpu, ip) || !x86_is_canonical(cpu, sp)))) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    cpu->r[X86_RSP] = wide ? sp : (uint32_t)sp;
    set_flat(cpu, wide ? cs + 32 : cs + 16, wide ? cs + 40 : cs + 24, 3, wide);
    x86_mode_update(cpu);
    return wide ? ip : (uint32_t)ip;
}

/* Software interrupts -------------------------------------------------------------------------- */

/* Bit of the map in front of the I/O map; false after raising: 21.3.2 */
static bool is_redirected(X86Cpu *cpu, unsigned vector, bool *redirected)
{
    enum { MAP_BASE = 102, MAP_BYTES = 32 };
    const X86Segment *tr = &cpu->segment[X86_TR];
    uint64_t base, bits;

    if (tr->limit < MAP_BASE + 1 || !x86_read_system(cpu, tr->base + MAP_BASE, 1, &base)) {
        return !cpu->cpu.env.hot.raise && x86_raise_code(cpu, X86_GP, 0);
    }
    uint32_t at = base - MAP_BYTES + vector / 8;
    if (at > tr->limit) {
        x86_raise_code(cpu, X86_GP, 0);
        return false;
    }
    if (!x86_read_system(cpu, tr->base + at, 0, &bits)) {
        return false;
    }
    *redirected = !(bits >> vector % 8 & 1);
    return true;
}

static uint64_t interrupt_vm86(X86Cpu *cpu, unsigned vector, uint64_t pc, uint64_t next)
{
    bool to_program = false;

    if (cpu->control.cr4 & CR4_VME && !is_redirected(cpu, vector, &to_program)) {
        return pc;
    }
    if (to_program) {
        return x86_deliver_vm86(cpu, vector, pc, next);
    }
    if ((cpu->flags.other & RFLAGS_IOPL) != RFLAGS_IOPL) {
        x86_raise_code(cpu, X86_GP, 0);
        return pc;
    }
    return x86_deliver(cpu, (X86Event){ .vector = vector, .type = X86_EVENT_SOFTWARE }, pc, next);
}

uint64_t x86_helper_interrupt(void *c, uint64_t what, uint64_t pc, uint64_t next, uint64_t d)
{
    X86Cpu *cpu = c;
    unsigned vector = what & 255, kind = what >> 8;
    X86Event event = { .vector = vector, .type = X86_EVENT_SOFTWARE };

    if (kind == X86_INTERRUPT_OVERFLOW && !(x86_flags_get(cpu) & RFLAGS_OF)) {
        return next;
    }
    if (kind == X86_INTERRUPT_ICEBP) {
        event.type = X86_EVENT_ICEBP;
    }
    return kind == X86_INTERRUPT_INT && cpu->mode & X86_MODE_VM86
               ? interrupt_vm86(cpu, vector, pc, next)
               : x86_deliver(cpu, event, pc, next);
}

/* Waiting -------------------------------------------------------------------------------------- */

uint64_t x86_helper_hlt(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = c;

    cpu->hlt = true;
    tcg_halt(c);
    return 0;
}

/* The line is not watched: see mwait. */
uint64_t x86_helper_monitor(void *c, uint64_t linear, uint64_t hints, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;
    uint64_t value;

    if (hints) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    x86_read_data(cpu, linear, 0, &value);
    return 0;
}

/*
 * A store to the monitored line ends the wait. With one processor only an interrupt's handler can
 * make it, so that this may sleep as HLT does; with several it returns at once, as it may (SDM
 * vol. 3, 9.10.4).
 */
uint64_t x86_helper_mwait(void *c, uint64_t extensions, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    if (extensions >> 1) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    if (cpu->cpu.machine->cpus->len == 1) {
        cpu->wait_break = extensions & 1;
        tcg_halt(c);
    } else {
        g_thread_yield();
    }
    return 0;
}

/* UMWAIT, TPAUSE: a hint to wait for at most some time; @state: requested C0 substate */
uint64_t x86_helper_umwait(void *c, uint64_t state, uint64_t a, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;

    if (state >> 1 || (cpu->control.cr4 & CR4_TSD && x86_cpu_cpl(cpu))) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    g_thread_yield();
    return 0;
}

/* Counters, identification, random numbers ----------------------------------------------------- */

uint64_t x86_helper_rdtsc(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = c;

    if (cpu->control.cr4 & CR4_TSD && x86_cpu_cpl(cpu)) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    return x86_tsc(cpu);
}

uint64_t x86_helper_tsc_aux(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    return ((X86Cpu *)c)->msr.tsc_aux;
}

/* There are no counters (CPUID leaf 0xa). */
uint64_t x86_helper_rdpmc(void *c, uint64_t counter, uint64_t b, uint64_t d, uint64_t e)
{
    return x86_raise_code(c, X86_GP, 0);
}

uint64_t x86_helper_cpuid(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = c;
    uint32_t out[4];

    x86_cpuid(cpu, cpu->r[X86_RAX], cpu->r[X86_RCX], out);
    cpu->r[X86_RAX] = out[0];
    cpu->r[X86_RBX] = out[1];
    cpu->r[X86_RCX] = out[2];
    cpu->r[X86_RDX] = out[3];
    return 0;
}

uint64_t x86_helper_random(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    uint64_t value;

    if (getrandom(&value, sizeof(value), 0) != sizeof(value)) {
        value = g_random_int() | (uint64_t)g_random_int() << 32;
    }
    return value;
}

/* CLAC, STAC */
uint64_t x86_helper_access_control(void *c, uint64_t on, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = c;

    cpu->flags.other = on ? cpu->flags.other | RFLAGS_AC : cpu->flags.other & ~(uint64_t)RFLAGS_AC;
    x86_mode_update(cpu);
    return 0;
}
