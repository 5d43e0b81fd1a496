/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors, loads of segment registers, and stacks of other segments. Spec: SDM vol. 3, ch.
 * 3, 5.
 */
#pragma once

#include "target/x86/cpu.h"
#include "target/x86/trap.h"

/* A descriptor as it stands in memory. */
typedef struct {
    uint64_t address;
    uint32_t low, high;
} X86Descriptor;

static inline uint16_t x86_descriptor_access(const X86Descriptor *d)
{
    return d->high >> 8 & 0xf0ff;
}
static inline unsigned x86_descriptor_dpl(const X86Descriptor *d)
{
    return d->high >> 13 & 3;
}
uint32_t x86_descriptor_limit(const X86Descriptor *d);
uint32_t x86_descriptor_base(const X86Descriptor *d);

/** x86_cpl - 0 in real mode, 3 in virtual-8086 mode */
static inline unsigned x86_cpu_cpl(const X86Cpu *cpu)
{
    return cpu->mode & 3;
}
static inline bool x86_is_null(uint16_t selector)
{
    return !(selector & ~3);
}

/** x86_descriptor_find - address of @selector's descriptor; false: beyond the table's limit, or in
 * no table */
bool x86_descriptor_find(const X86Cpu *cpu, uint16_t selector, uint64_t *address);
/** x86_descriptor_read - false after raising; @limit_exception: for a selector beyond the table,
 * its code is the selector and @ext */
bool x86_descriptor_read(X86Cpu *cpu, uint16_t selector, X86Exception limit_exception, unsigned ext,
                         X86Descriptor *d);
/** x86_descriptor_touch - set the accessed bit in memory if it is clear; false after raising */
bool x86_descriptor_touch(X86Cpu *cpu, X86Descriptor *d);

/** x86_segment_set - a segment register from its descriptor; the mode word is not touched */
void x86_segment_set(X86Cpu *cpu, X86SegmentNumber number, uint16_t selector,
                     const X86Descriptor *d);
/** x86_segment_set_real - as real mode (@vm86: virtual-8086 mode) loads it */
void x86_segment_set_real(X86Cpu *cpu, X86SegmentNumber number, uint16_t selector, bool vm86);
/** x86_segment_set_null - unusable */
void x86_segment_set_null(X86Cpu *cpu, X86SegmentNumber number, uint16_t selector, unsigned cpl);
/** x86_segment_load - MOV or POP to ES, SS, DS, FS, GS with all checks; false after raising */
bool x86_segment_load(X86Cpu *cpu, X86SegmentNumber number, uint16_t selector);
/** x86_segment_load_ss - a stack segment for @cpl; @null_exception: for bad selectors (#TS or #GP).
 * False after raising. Only *@d is made */
bool x86_segment_check_ss(X86Cpu *cpu, uint16_t selector, unsigned cpl, X86Exception exception,
                          unsigned ext, X86Descriptor *d);
/** x86_segment_drop_inner - returning to @cpl: data segments it may not use become null */
void x86_segment_drop_inner(X86Cpu *cpu, unsigned cpl);

/* A stack being pushed to or popped from; RSP is not touched before x86_stack_commit(). */
typedef struct {
    X86Cpu *cpu;
    uint64_t base, sp, mask; /* of the linear address; mask: bits of SP in use */
    uint32_t limit;
    bool checked; /* has limits */
    bool expand_down, big;
    uint8_t bank;
    uint32_t code; /* of #SS */
} X86Stack;

/** x86_stack_present - the present stack at CPL @cpl */
X86Stack x86_stack_present(X86Cpu *cpu);
/** x86_stack_of - a stack of another segment, for code at @cpl */
X86Stack x86_stack_of(X86Cpu *cpu, const X86Descriptor *ss, uint16_t selector, uint64_t sp,
                      unsigned cpl);
/** x86_stack_flat - one of 64-bit code at @cpl */
X86Stack x86_stack_flat(X86Cpu *cpu, uint64_t sp, unsigned cpl);
bool x86_stack_push(X86Stack *stack, unsigned size_log2, uint64_t value);
bool x86_stack_pop(X86Stack *stack, unsigned size_log2, uint64_t *value);
void x86_stack_commit(const X86Stack *stack);

/** x86_tss_stack - SS:ESP for @cpl out of the task's TSS; false after raising #TS */
bool x86_tss_stack(X86Cpu *cpu, unsigned cpl, unsigned ext, uint16_t *ss, uint32_t *esp);
/** x86_tss_stack64 - RSP for @cpl (0 to 2), or an interrupt stack @ist (1 to 7) if not 0 */
bool x86_tss_stack64(X86Cpu *cpu, unsigned cpl, unsigned ist, unsigned ext, uint64_t *rsp);
/** x86_check_code_offset - @offset as EIP of a code segment: false after #GP(0) */
bool x86_check_code_offset(X86Cpu *cpu, const X86Descriptor *cs, uint64_t offset);
