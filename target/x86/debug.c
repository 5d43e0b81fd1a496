/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug registers and single-stepping. Instruction breakpoints are faults: the translator stops
 * before them. Data and I/O breakpoints are traps: the access notes them in debug_pending, and as
 * the mode word has STEP then, helper single_step raises what is noted. Spec: SDM vol.
 * 3, 18.2, 18.3.
 */
#include "target/x86/debug.h"

#include "target/x86/interrupt.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "target/x86/trap.h"

enum { BREAKPOINTS = 4, RW_EXECUTE = 0, RW_WRITE = 1, RW_IO = 2, RW_ACCESS = 3 };
enum { PENDING_STEP = 1 << 7 };

static bool is_enabled(const X86Cpu *cpu, unsigned i)
{
    return cpu->control.debug[7] >> (2 * i) & 3;
}

static unsigned kind_of(const X86Cpu *cpu, unsigned i)
{
    return cpu->control.debug[7] >> (16 + 4 * i) & 3;
}

static unsigned length_of(const X86Cpu *cpu, unsigned i)
{
    static const uint8_t lengths[] = { 1, 2, 8, 4 };

    return lengths[cpu->control.debug[7] >> (18 + 4 * i) & 3];
}

static uint64_t first_of(const X86Cpu *cpu, unsigned i)
{
    return cpu->control.debug[i] & -(uint64_t)length_of(cpu, i);
}

static void watch(X86Cpu *cpu, unsigned i, bool on)
{
    unsigned kind = kind_of(cpu, i);
    Cpu *c = &cpu->cpu;

    if (!is_enabled(cpu, i) || !c->tcg || kind == RW_IO) {
        return;
    }
    if (kind == RW_EXECUTE) {
        (on ? tcg_breakpoint_insert : tcg_breakpoint_remove)(c, cpu->control.debug[i]);
    } else {
        (on ? tcg_watchpoint_insert : tcg_watchpoint_remove)(c, first_of(cpu, i), length_of(cpu, i),
                                                             kind == RW_ACCESS, true);
    }
}

void x86_debug_write(X86Cpu *cpu, unsigned number, uint64_t value)
{
    if (number >= BREAKPOINTS && number != 7) {
        cpu->control.debug[6] = (value & (DR6_B | DR6_BD | DR6_BS | DR6_BT)) | DR6_FIXED;
        return;
    }
    x86_debug_clear(cpu);
    cpu->control.debug[number] = number == 7 ? (value & 0xffff2bff) | DR7_FIXED : value;
    x86_debug_loaded(cpu);
    x86_mode_update(cpu);
}

void x86_debug_clear(X86Cpu *cpu)
{
    for (unsigned i = 0; i < BREAKPOINTS; i++) {
        watch(cpu, i, false);
    }
}

void x86_debug_loaded(X86Cpu *cpu)
{
    for (unsigned i = 0; i < BREAKPOINTS; i++) {
        watch(cpu, i, true);
    }
}

void x86_debug_resume(X86Cpu *cpu, uint64_t pc)
{
    if (cpu->control.debug[7] & DR7_ENABLED) {
        cpu->resume_pc = pc;
    } else {
        cpu->flags.other &= ~(uint64_t)RFLAGS_RF;
    }
}

static uint32_t matches(const X86Cpu *cpu, uint64_t address, TcgAccess access)
{
    uint32_t hits = 0;

    for (unsigned i = 0; i < BREAKPOINTS; i++) {
        unsigned kind = kind_of(cpu, i);
        uint64_t first = first_of(cpu, i);
        bool meant = access == TCG_ACCESS_FETCH  ? kind == RW_EXECUTE
                     : access == TCG_ACCESS_LOAD ? kind == RW_ACCESS
                                                 : kind & 1;
        if (!is_enabled(cpu, i) || !meant) {
            continue;
        }
        if (access == TCG_ACCESS_FETCH ? address == cpu->control.debug[i]
                                       : address - first < length_of(cpu, i)) {
            hits |= 1u << i;
        }
    }
    return hits;
}

bool x86_debug_hit(Cpu *c, vaddr address, TcgAccess access)
{
    X86Cpu *cpu = container_of(c, X86Cpu, cpu);
    uint32_t hits = matches(cpu, address, access);

    if (access != TCG_ACCESS_FETCH) {
        cpu->debug_pending |= hits;
        return false;
    }
    if (cpu->flags.other & RFLAGS_RF) {
        cpu->flags.other &= ~(uint64_t)RFLAGS_RF;
        if (cpu->resume_pc == address) {
            return false;
        }
    }
    if (!hits || cpu->shadow & X86_SHADOW_MOV_SS) {
        return false;
    }
    x86_raise_debug(cpu, hits);
    return true;
}

void x86_debug_io(X86Cpu *cpu, uint16_t port, unsigned bytes)
{
    for (unsigned i = 0; cpu->mode & X86_MODE_IO_BREAK && i < BREAKPOINTS; i++) {
        uint64_t first = first_of(cpu, i);
        if (is_enabled(cpu, i) && kind_of(cpu, i) == RW_IO && port + bytes > first &&
            port < first + length_of(cpu, i)) {
            cpu->debug_pending |= 1u << i;
        }
    }
}

void x86_debug_flags_changed(X86Cpu *cpu, uint64_t old)
{
    if (old & ~cpu->flags.other & RFLAGS_TF) {
        cpu->debug_pending |= PENDING_STEP;
    }
}

uint64_t x86_debug_step(X86Cpu *cpu, uint64_t next)
{
    bool held = cpu->shadow == X86_SHADOW_MOV_SS;
    bool step = cpu->flags.other & RFLAGS_TF || cpu->debug_pending & PENDING_STEP;
    uint32_t dr6 = (cpu->debug_pending & ~PENDING_STEP) | (step ? DR6_BS : 0);

    if (!dr6 || held) {
        return next;
    }
    cpu->debug_pending = 0;
    return x86_debug_trap(cpu, dr6, next);
}
