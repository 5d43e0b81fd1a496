/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segment registers. Spec: SDM vol. 3, 3.4, 5.2 to 5.8; vol. 2, MOV, LxS. */
#include "target/x86/segment.h"

#include "target/x86/mmu.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"

enum { SELECTOR_TI = 4, SELECTOR_RPL = 3, ENTRY_BYTES = 8 };

uint32_t x86_descriptor_limit(const X86Descriptor *d)
{
    uint32_t limit = (d->low & 0xffff) | (d->high & 0xf0000);

    return d->high & 1 << 23 ? limit << 12 | 0xfff : limit;
}

uint32_t x86_descriptor_base(const X86Descriptor *d)
{
    return d->low >> 16 | (d->high & 255) << 16 | (d->high & 0xff000000);
}

bool x86_descriptor_find(const X86Cpu *cpu, uint16_t selector, uint64_t *address)
{
    const X86Segment *ldt = &cpu->segment[X86_LDTR];
    unsigned at = selector & ~(SELECTOR_TI | SELECTOR_RPL);
    uint64_t base = cpu->gdtr.base;
    uint32_t limit = cpu->gdtr.limit;

    if (selector & SELECTOR_TI) {
        if (!(ldt->access & SEGMENT_P)) {
            return false;
        }
        base = ldt->base;
        limit = ldt->limit;
    }
    *address = base + at;
    return at + ENTRY_BYTES - 1 <= limit;
}

bool x86_descriptor_read(X86Cpu *cpu, uint16_t selector, X86Exception limit_exception, unsigned ext,
                         X86Descriptor *d)
{
    uint64_t both;

    if (!x86_descriptor_find(cpu, selector, &d->address)) {
        x86_raise_code(cpu, limit_exception, (selector & ~SELECTOR_RPL) | ext);
        return false;
    }
    if (!x86_read_system(cpu, d->address, 3, &both)) {
        return false;
    }
    d->low = both;
    d->high = both >> 32;
    return true;
}

bool x86_descriptor_touch(X86Cpu *cpu, X86Descriptor *d)
{
    if (d->high & SEGMENT_ACCESSED << 8) {
        return true;
    }
    d->high |= SEGMENT_ACCESSED << 8;
    return x86_write_system(cpu, d->address + 5, 0, d->high >> 8);
}

void x86_segment_set(X86Cpu *cpu, X86SegmentNumber number, uint16_t selector,
                     const X86Descriptor *d)
{
    cpu->segment[number] = (X86Segment){
        .selector = selector,
        .access = x86_descriptor_access(d),
        .limit = x86_descriptor_limit(d),
        .base = x86_descriptor_base(d),
    };
}

/* Real mode keeps limits (3.4.3 says only that the base follows the selector). */
void x86_segment_set_real(X86Cpu *cpu, X86SegmentNumber number, uint16_t selector, bool vm86)
{
    enum { DATA = SEGMENT_P | SEGMENT_S | SEGMENT_WRITABLE | SEGMENT_ACCESSED, LIMIT = 0xffff };
    X86Segment *segment = &cpu->segment[number];

    if (vm86) {
        segment->access = DATA | SEGMENT_DPL;
        segment->limit = LIMIT;
    } else {
        segment->limit = segment->access & SEGMENT_P ? segment->limit : LIMIT;
        segment->access &= SEGMENT_DB | SEGMENT_G;
        segment->access |= number == X86_CS ? DATA | SEGMENT_CODE : DATA;
    }
    segment->selector = selector;
    segment->base = (uint32_t)selector << 4;
}

void x86_segment_set_null(X86Cpu *cpu, X86SegmentNumber number, uint16_t selector, unsigned cpl)
{
    cpu->segment[number] =
        (X86Segment){ .selector = selector,
                      .access = number == X86_SS ? cpl << SEGMENT_DPL_SHIFT | SEGMENT_S |
                                                       SEGMENT_WRITABLE | SEGMENT_DB
                                                 : 0 };
}

bool x86_segment_check_ss(X86Cpu *cpu, uint16_t selector, unsigned cpl, X86Exception exception,
                          unsigned ext, X86Descriptor *d)
{
    uint32_t code = (selector & ~SELECTOR_RPL) | ext;
    uint16_t access;

    if (x86_is_null(selector)) {
        x86_raise_code(cpu, exception, ext);
        return false;
    }
    if (!x86_descriptor_read(cpu, selector, exception, ext, d)) {
        return false;
    }
    access = x86_descriptor_access(d);
    if ((selector & SELECTOR_RPL) != cpl || x86_descriptor_dpl(d) != cpl ||
        (access & (SEGMENT_S | SEGMENT_CODE | SEGMENT_WRITABLE)) !=
            (SEGMENT_S | SEGMENT_WRITABLE)) {
        x86_raise_code(cpu, exception, code);
        return false;
    }
    if (!(access & SEGMENT_P)) {
        x86_raise_code(cpu, X86_SS_FAULT, code);
        return false;
    }
    return true;
}

static bool check_data(X86Cpu *cpu, uint16_t selector, const X86Descriptor *d)
{
    uint16_t access = x86_descriptor_access(d);
    unsigned dpl = x86_descriptor_dpl(d);
    bool code = access & SEGMENT_CODE;
    bool conforming = code && access & SEGMENT_CONFORMING;

    if (!(access & SEGMENT_S) || (code && !(access & SEGMENT_READABLE)) ||
        (!conforming && ((selector & SELECTOR_RPL) > dpl || x86_cpu_cpl(cpu) > dpl))) {
        x86_raise_code(cpu, X86_GP, selector & ~SELECTOR_RPL);
        return false;
    }
    if (!(access & SEGMENT_P)) {
        x86_raise_code(cpu, X86_NP, selector & ~SELECTOR_RPL);
        return false;
    }
    return true;
}

bool x86_segment_load(X86Cpu *cpu, X86SegmentNumber number, uint16_t selector)
{
    unsigned cpl = x86_cpu_cpl(cpu);
    X86Descriptor d;

    if (!(cpu->mode & X86_MODE_PROTECTED) || cpu->mode & X86_MODE_VM86) {
        x86_segment_set_real(cpu, number, selector, cpu->mode & X86_MODE_VM86);
    } else if (number == X86_SS && x86_is_null(selector) && cpu->mode & X86_MODE_CODE64 &&
               cpl < 3 && (selector & SELECTOR_RPL) == cpl) {
        x86_segment_set_null(cpu, number, selector, cpl);
    } else if (number == X86_SS) {
        if (!x86_segment_check_ss(cpu, selector, cpl, X86_GP, 0, &d) ||
            !x86_descriptor_touch(cpu, &d)) {
            return false;
        }
        x86_segment_set(cpu, number, selector, &d);
    } else if (x86_is_null(selector)) {
        x86_segment_set_null(cpu, number, selector, cpl);
    } else {
        if (!x86_descriptor_read(cpu, selector, X86_GP, 0, &d) || !check_data(cpu, selector, &d) ||
            !x86_descriptor_touch(cpu, &d)) {
            return false;
        }
        x86_segment_set(cpu, number, selector, &d);
    }
    x86_mode_update(cpu);
    return true;
}

void x86_segment_drop_inner(X86Cpu *cpu, unsigned cpl)
{
    static const uint8_t numbers[] = { X86_ES, X86_DS, X86_FS, X86_GS };

    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        X86Segment *s = &cpu->segment[numbers[i]];
        unsigned dpl = s->access >> SEGMENT_DPL_SHIFT & 3;
        bool conforming = (s->access & (SEGMENT_CODE | SEGMENT_CONFORMING)) ==
                          (SEGMENT_CODE | SEGMENT_CONFORMING);
        if (s->access & SEGMENT_P && dpl < cpl && !conforming) {
            s->selector = 0;
            s->access = 0; /* the base stays, as 64-bit code may see */
        }
    }
}

bool x86_check_code_offset(X86Cpu *cpu, const X86Descriptor *cs, uint64_t offset)
{
    bool wide = cpu->msr.efer & EFER_LMA && x86_descriptor_access(cs) & SEGMENT_L;

    if (wide ? !x86_is_canonical(cpu, offset) : offset > x86_descriptor_limit(cs)) {
        x86_raise_code(cpu, X86_GP, 0);
        return false;
    }
    return true;
}

/* Stacks --------------------------------------------------------------------------------------- */

static uint8_t stack_bank(const X86Cpu *cpu, unsigned cpl)
{
    if (cpu->smm) {
        return X86_BANK_SMM;
    }
    return cpl == 3 ? X86_BANK_USER : x86_system_bank(cpu);
}

X86Stack x86_stack_flat(X86Cpu *cpu, uint64_t sp, unsigned cpl)
{
    return (X86Stack){ .cpu = cpu, .sp = sp, .mask = ~0ull, .bank = stack_bank(cpu, cpl) };
}

static X86Stack stack_in(X86Cpu *cpu, const X86Segment *ss, uint64_t sp, unsigned cpl)
{
    bool big = ss->access & SEGMENT_DB;

    return (X86Stack){
        .cpu = cpu,
        .base = ss->base,
        .sp = sp,
        .mask = big ? UINT32_MAX : 0xffff,
        .limit = ss->limit,
        .checked = true,
        .expand_down = ss->access & SEGMENT_EXPAND_DOWN,
        .big = big,
        .bank = stack_bank(cpu, cpl),
    };
}

X86Stack x86_stack_present(X86Cpu *cpu)
{
    if (cpu->mode & X86_MODE_CODE64) {
        X86Stack flat = x86_stack_flat(cpu, cpu->r[X86_RSP], x86_cpu_cpl(cpu));
        flat.bank = x86_data_bank(cpu);
        return flat;
    }
    X86Stack stack = stack_in(cpu, &cpu->segment[X86_SS], cpu->r[X86_RSP], x86_cpu_cpl(cpu));
    stack.bank = x86_data_bank(cpu);
    return stack;
}

X86Stack x86_stack_of(X86Cpu *cpu, const X86Descriptor *ss, uint16_t selector, uint64_t sp,
                      unsigned cpl)
{
    X86Segment segment = {
        .access = x86_descriptor_access(ss),
        .limit = x86_descriptor_limit(ss),
        .base = x86_descriptor_base(ss),
    };
    X86Stack stack = stack_in(cpu, &segment, sp, cpl);

    stack.code = selector & ~SELECTOR_RPL;
    return stack;
}

static bool stack_address(X86Stack *stack, uint64_t sp, unsigned bytes, uint64_t *linear)
{
    uint64_t last = sp + bytes - 1, top = stack->big ? UINT32_MAX : 0xffff;

    if (stack->checked &&
        (stack->expand_down ? sp <= stack->limit || last > top : last > stack->limit)) {
        x86_raise_code(stack->cpu, X86_SS_FAULT, stack->code);
        return false;
    }
    if (!stack->checked && !x86_is_canonical(stack->cpu, sp)) {
        x86_raise_code(stack->cpu, X86_SS_FAULT, stack->code);
        return false;
    }
    *linear = stack->base + sp;
    return true;
}

bool x86_stack_push(X86Stack *stack, unsigned size_log2, uint64_t value)
{
    uint64_t sp = (stack->sp - (1u << size_log2)) & stack->mask, linear;

    if (!stack_address(stack, sp, 1u << size_log2, &linear) ||
        !x86_memory_store(stack->cpu, linear, size_log2, stack->bank, value)) {
        return false;
    }
    stack->sp = (stack->sp & ~stack->mask) | sp;
    return true;
}

bool x86_stack_pop(X86Stack *stack, unsigned size_log2, uint64_t *value)
{
    uint64_t linear;

    if (!stack_address(stack, stack->sp & stack->mask, 1u << size_log2, &linear) ||
        !x86_memory_load(stack->cpu, linear, size_log2, stack->bank, value)) {
        return false;
    }
    stack->sp = (stack->sp & ~stack->mask) | ((stack->sp + (1u << size_log2)) & stack->mask);
    return true;
}

/* 32-bit stack pointers leave the rest of ESP alone, and so do 16-bit ones with SP. */
void x86_stack_commit(const X86Stack *stack)
{
    uint64_t *rsp = &stack->cpu->r[X86_RSP];

    if (stack->mask == ~0ull) {
        *rsp = stack->sp;
    } else if (stack->mask == UINT32_MAX) {
        *rsp = (uint32_t)stack->sp;
    } else {
        *rsp = (*rsp & ~0xffffull) | (stack->sp & 0xffff);
    }
}

/* Stacks in the TSS: 8.2.1, 8.7 -----------------------------------------------------------------
 */

static bool bad_tss(X86Cpu *cpu, unsigned ext)
{
    x86_raise_code(cpu, X86_TS, (cpu->segment[X86_TR].selector & ~SELECTOR_RPL) | ext);
    return false;
}

bool x86_tss_stack(X86Cpu *cpu, unsigned cpl, unsigned ext, uint16_t *ss, uint32_t *esp)
{
    const X86Segment *tr = &cpu->segment[X86_TR];
    bool wide = tr->access & 8;
    unsigned at = wide ? 4 + 8 * cpl : 2 + 4 * cpl;
    uint64_t sp, selector;

    if (!(tr->access & SEGMENT_P) || at + (wide ? 7 : 3) > tr->limit) {
        return bad_tss(cpu, ext);
    }
    if (!x86_read_system(cpu, tr->base + at, wide ? 2 : 1, &sp) ||
        !x86_read_system(cpu, tr->base + at + (wide ? 4 : 2), 1, &selector)) {
        return false;
    }
    *esp = sp;
    *ss = selector;
    return true;
}

bool x86_tss_stack64(X86Cpu *cpu, unsigned cpl, unsigned ist, unsigned ext, uint64_t *rsp)
{
    enum { RSP0 = 4, IST1 = 36 };
    const X86Segment *tr = &cpu->segment[X86_TR];
    unsigned at = ist ? IST1 + 8 * (ist - 1) : RSP0 + 8 * cpl;

    if (!(tr->access & SEGMENT_P) || at + 7 > tr->limit) {
        return bad_tss(cpu, ext);
    }
    return x86_read_system(cpu, tr->base + at, 3, rsp);
}
