/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flags register as instructions write it, raising, single-stepping, ENTER. Spec: SDM vol. 2,
 * POPF, STI, CLI, ENTER; vol. 3, 6.8.1, 21.3 (VME). */
#include "target/x86/debug.h"
#include "target/x86/frontend_internal.h"
#include "target/x86/limits.h"
#include "target/x86/mmu.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "target/x86/translate_internal.h"

uint64_t x86_helper_raise(void *c, uint64_t vector, uint64_t b, uint64_t d, uint64_t e)
{
    return x86_raise(x86_cpu(c), vector);
}

uint64_t x86_helper_raise_code(void *c, uint64_t vector, uint64_t code, uint64_t d, uint64_t e)
{
    return x86_raise_code(x86_cpu(c), vector, code);
}

uint64_t x86_helper_single_step(void *c, uint64_t next, uint64_t b, uint64_t d, uint64_t e)
{
    return x86_debug_step(x86_cpu(c), next);
}

uint64_t x86_helper_shadow_end(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = x86_cpu(c);

    cpu->shadow = 0;
    x86_mode_update(cpu);
    x86_interrupts_update(cpu);
    return 0;
}

static unsigned cpl_of(const X86Cpu *cpu)
{
    return cpu->mode & X86_MODE_CPL;
}

static unsigned iopl_of(const X86Cpu *cpu)
{
    return cpu->flags.other >> RFLAGS_IOPL_SHIFT & 3;
}

static bool is_vm86(const X86Cpu *cpu)
{
    return cpu->mode & X86_MODE_VM86;
}

static void changed(X86Cpu *cpu)
{
    x86_mode_update(cpu);
    x86_interrupts_update(cpu);
}

/* The bits that POPF may change at this privilege (table 4-16). */
static uint64_t writable(const X86Cpu *cpu, unsigned bytes)
{
    uint64_t mask = RFLAGS_ARITHMETIC | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC | RFLAGS_ID;

    if (is_vm86(cpu)) {
        mask |= RFLAGS_IF;
    } else {
        mask |= cpl_of(cpu) == 0 ? RFLAGS_IOPL : 0;
        mask |= cpl_of(cpu) <= iopl_of(cpu) ? RFLAGS_IF : 0;
    }
    return bytes == 2 ? mask & 0xffff : mask;
}

/* In virtual-8086 mode with IOPL below 3: VME stands VIF for IF. False after raising. */
static bool popf_vm86(X86Cpu *cpu, unsigned bytes, uint64_t value)
{
    uint64_t mask = (RFLAGS_ARITHMETIC | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT);
    uint64_t old = cpu->flags.other;

    if (!(cpu->control.cr4 & CR4_VME) || bytes != 2 || value & RFLAGS_TF ||
        (value & RFLAGS_IF && old & RFLAGS_VIP)) {
        x86_raise_code(cpu, X86_GP, 0);
        return false;
    }
    old = (old & ~(uint64_t)RFLAGS_VIF) | (value & RFLAGS_IF ? RFLAGS_VIF : 0);
    x86_flags_set(cpu, (old & ~mask) | (value & mask));
    return true;
}

uint64_t x86_helper_popf(void *c, uint64_t bytes, uint64_t value, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = x86_cpu(c);
    uint64_t mask = writable(cpu, bytes), before = cpu->flags.other;

    if (is_vm86(cpu) && iopl_of(cpu) < 3) {
        if (!popf_vm86(cpu, bytes, value)) {
            return 0;
        }
    } else {
        uint64_t old = x86_flags_get(cpu) & ~(uint64_t)RFLAGS_RF;
        x86_flags_set(cpu, (old & ~mask) | (value & mask));
    }
    x86_debug_flags_changed(cpu, before);
    changed(cpu);
    return 0;
}

/* PUSHF in virtual-8086 mode with IOPL below 3 */
uint64_t x86_helper_pushf_vm86(void *c, uint64_t bytes, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = x86_cpu(c);
    uint64_t flags = x86_flags_get(cpu);

    if (!(cpu->control.cr4 & CR4_VME) || bytes != 2) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    flags &= ~(uint64_t)RFLAGS_IF;
    return flags | (flags & RFLAGS_VIF ? RFLAGS_IF : 0) | RFLAGS_IOPL;
}

/* What CLI and STI act on: IF, VIF instead (VME, PVI), or nothing: #GP. */
static uint64_t interrupt_flag(X86Cpu *cpu)
{
    bool virtual = is_vm86(cpu) ? cpu->control.cr4 & CR4_VME
                                : cpl_of(cpu) == 3 && cpu->control.cr4 & CR4_PVI;

    if (!(cpu->mode & X86_MODE_PROTECTED) || (is_vm86(cpu) ? 3 : cpl_of(cpu)) <= iopl_of(cpu)) {
        return RFLAGS_IF;
    }
    if (virtual) {
        return RFLAGS_VIF;
    }
    x86_raise_code(cpu, X86_GP, 0);
    return 0;
}

uint64_t x86_helper_cli(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = x86_cpu(c);

    cpu->flags.other &= ~interrupt_flag(cpu);
    return 0;
}

uint64_t x86_helper_sti(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = x86_cpu(c);
    uint64_t flag = interrupt_flag(cpu);

    if (flag == RFLAGS_VIF && cpu->flags.other & RFLAGS_VIP) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    if (flag == RFLAGS_IF && !(cpu->flags.other & RFLAGS_IF)) {
        cpu->shadow = X86_SHADOW_STI;
    }
    cpu->flags.other |= flag;
    if (flag) {
        changed(cpu);
    }
    return 0;
}

uint64_t x86_helper_pause(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    g_thread_yield();
    return 0;
}

/* ENTER: pointers of outer frames are copied. A write at the final RSP would have to be possible.
 */
uint64_t x86_helper_enter(void *c, uint64_t sizes, uint64_t what, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = x86_cpu(c);
    unsigned bytes = sizes & 255, width = sizes >> 8, level = what >> 16;
    uint64_t mask = width == 8 ? UINT64_MAX : (1ull << width * 8) - 1;
    uint64_t sp = cpu->r[X86_RSP] & mask, bp = cpu->r[X86_RBP] & mask, frame, value, linear;
    uint64_t all = bytes == 2 ? 0xffff : bytes == 4 ? UINT32_MAX : UINT64_MAX;
    IrMem mem = { .size_log2 = __builtin_ctz(bytes), .bank = cpu->mode >> X86_MODE_BANK_SHIFT & 7 };
    TcgPage page;

    value = cpu->r[X86_RBP];
    frame = (sp - bytes) & mask;
    for (unsigned i = 0; i <= level; i++) {
        sp = (sp - bytes) & mask;
        if (i && i == level) {
            value = frame;
        } else if (i) {
            bp = (bp - bytes) & mask;
            if (!x86_linear_address(cpu, X86_SS, bp, bytes, false, &linear) ||
                !tcg_load(&cpu->cpu, linear, mem, &value)) {
                return 0;
            }
        }
        if (!x86_linear_address(cpu, X86_SS, sp, bytes, true, &linear) ||
            !tcg_store(&cpu->cpu, linear, mem, value)) {
            return 0;
        }
    }
    sp = (sp - (what & 0xffff)) & mask;
    if (!x86_linear_address(cpu, X86_SS, sp, 1, true, &linear)) {
        return 0;
    }
    if (!x86_walk(&cpu->cpu, linear, TCG_ACCESS_STORE, mem.bank, false, &page)) {
        return 0;
    }
    cpu->r[X86_RSP] = width == 2 ? (cpu->r[X86_RSP] & ~mask) | sp : sp;
    cpu->r[X86_RBP] = bytes == 2 ? (cpu->r[X86_RBP] & ~all) | (frame & all) : frame & all;
    return 0;
}
