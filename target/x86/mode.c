/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mode word from the state it stands for. */
#include "target/x86/mode.h"

#include "accel/tcg/frontend.h"
#include "target/x86/registers_internal.h"

enum { XCR0_SSE = 2, XCR0_AVX = 4, MXCSR_MASKS_SHIFT = 7, MXCSR_FLAGS = 0x3f };

/* Present, and every address of 32 bits may be read and written. */
static bool is_flat_data(const X86Segment *segment)
{
    const unsigned looked_at =
        SEGMENT_P | SEGMENT_S | SEGMENT_CODE | SEGMENT_EXPAND_DOWN | SEGMENT_WRITABLE;

    return (segment->access & looked_at) == (SEGMENT_P | SEGMENT_S | SEGMENT_WRITABLE) &&
           segment->limit == UINT32_MAX;
}

static bool is_flat_code(const X86Segment *segment)
{
    return segment->limit == UINT32_MAX &&
           (!(segment->access & SEGMENT_CODE) || segment->access & SEGMENT_READABLE);
}

static uint32_t segment_bits(const X86Cpu *cpu)
{
    const X86Segment *s = cpu->segment;
    uint32_t mode = 0;

    mode |= s[X86_ES].base | s[X86_SS].base | s[X86_DS].base ? X86_MODE_BASES : 0;
    if (!is_flat_data(&s[X86_ES]) || !is_flat_data(&s[X86_SS]) || !is_flat_data(&s[X86_DS]) ||
        !is_flat_code(&s[X86_CS])) {
        mode |= X86_MODE_LIMITS;
    }
    if (!is_flat_data(&s[X86_FS]) || !is_flat_data(&s[X86_GS])) {
        mode |= X86_MODE_LIMITS_FS_GS;
    }
    mode |= s[X86_CS].access & SEGMENT_DB ? X86_MODE_CODE32 : 0;
    mode |= s[X86_SS].access & SEGMENT_DB ? X86_MODE_STACK32 : 0;
    return mode;
}

static unsigned bank_of(const X86Cpu *cpu, unsigned cpl)
{
    if (cpu->smm) {
        return X86_BANK_SMM;
    }
    if (cpl == 3) {
        return X86_BANK_USER;
    }
    return cpu->control.cr4 & CR4_SMAP && !(cpu->flags.other & RFLAGS_AC) ? X86_BANK_SUPERVISOR_SMAP
                                                                          : X86_BANK_SUPERVISOR;
}

/* DR7: data breakpoints (R/W 1 and 3), I/O breakpoints (2) that are enabled */
static uint32_t debug_bits(const X86Cpu *cpu)
{
    enum { RW_IO = 2, BREAKPOINTS = 4 };
    uint64_t dr7 = cpu->control.debug[7];
    uint32_t mode = 0;

    for (unsigned i = 0; dr7 & DR7_ENABLED && i < BREAKPOINTS; i++) {
        unsigned kind = dr7 >> (16 + 4 * i) & 3;
        if (!(dr7 >> (2 * i) & 3)) {
            continue;
        }
        mode |= kind & 1 ? X86_MODE_STEP : 0;
        mode |= kind == RW_IO && cpu->control.cr4 & CR4_DE ? X86_MODE_IO_BREAK | X86_MODE_STEP : 0;
    }
    return mode;
}

static uint32_t control_bits(const X86Cpu *cpu)
{
    const uint64_t avx = XCR0_SSE | XCR0_AVX;
    uint64_t cr0 = cpu->control.cr0, cr4 = cpu->control.cr4;
    uint32_t mode = 0;

    mode |= cr0 & CR0_EM ? X86_MODE_EM : 0;
    mode |= cr0 & CR0_TS ? X86_MODE_TS : 0;
    mode |= cr0 & CR0_MP ? X86_MODE_MP : 0;
    mode |= cr4 & CR4_OSFXSR ? X86_MODE_OSFXSR : 0;
    mode |= cr4 & CR4_OSXSAVE && (cpu->control.xcr0 & avx) == avx ? X86_MODE_AVX : 0;
    mode |= cr4 & CR4_UMIP ? X86_MODE_UMIP : 0;
    mode |= ~cpu->cpu.env.mxcsr_guest >> MXCSR_MASKS_SHIFT & MXCSR_FLAGS ? X86_MODE_SSE_TRAPS : 0;
    return mode;
}

void x86_mode_update(X86Cpu *cpu)
{
    uint64_t flags = cpu->flags.other, base = cpu->segment[X86_CS].base;
    bool protected = cpu->control.cr0 & CR0_PE, vm86 = protected && flags & RFLAGS_VM;
    bool long_mode = cpu->msr.efer & EFER_LMA;
    /* the DPL of SS is CPL (SDM vol. 3, 5.5); real mode runs at 0 */
    unsigned cpl = !protected ? 0 : vm86 ? 3 : cpu->segment[X86_SS].access >> SEGMENT_DPL_SHIFT & 3;
    uint32_t old = cpu->mode, mode = cpl | control_bits(cpu) | debug_bits(cpu);

    mode |= protected ? X86_MODE_PROTECTED : 0;
    mode |= vm86 ? X86_MODE_VM86 : 0;
    mode |= long_mode ? X86_MODE_LONG : 0;
    if (long_mode && cpu->segment[X86_CS].access & SEGMENT_L) {
        mode |= X86_MODE_CODE64;
        base = 0;
    } else {
        mode |= segment_bits(cpu);
    }
    mode |= flags & RFLAGS_TF ? X86_MODE_STEP : 0;
    mode |= cpu->shadow ? X86_MODE_SHADOW : 0;
    mode |= cpu->smm ? X86_MODE_SMM : 0;
    mode |= bank_of(cpu, cpl) << X86_MODE_BANK_SHIFT;
    mode |= (flags & RFLAGS_IOPL) >> RFLAGS_IOPL_SHIFT << X86_MODE_IOPL_SHIFT;
    mode |= cpl == 3 && cpu->control.cr0 & CR0_AM && flags & RFLAGS_AC ? X86_MODE_ALIGN : 0;
    if (mode != old || base != cpu->mode_base) {
        cpu->mode = mode;
        cpu->mode_base = base;
        if (cpu->cpu.tcg) {
            tcg_context_changed(&cpu->cpu);
        }
    }
}
