/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Far jumps, calls and returns, call gates, IRET. Helpers return the linear address to go on at.
 * Spec: SDM vol. 2, JMP, CALL, RET, IRET; vol. 3, 5.8, 21.2.
 */
#include "target/x86/debug.h"
#include "target/x86/flags.h"
#include "target/x86/interrupt.h"
#include "target/x86/mmu.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "target/x86/segment.h"
#include "target/x86/task.h"
#include "target/x86/translate_internal.h"

enum { SELECTOR_RPL = 3, TYPE_MASK = 31, MAX_PARAMETERS = 31 };

/* A far transfer in progress. */
typedef struct {
    X86Cpu *cpu;
    uint16_t selector;
    uint64_t offset;
    unsigned size;    /* log2 of the operand size */
    uint64_t next_ip; /* behind the instruction */
    bool call;
    uint64_t target; /* out: linear */
} Far;

static bool is_real(const X86Cpu *cpu)
{
    return !(cpu->mode & X86_MODE_PROTECTED) || cpu->mode & X86_MODE_VM86;
}

static bool fail(X86Cpu *cpu, X86Exception exception, uint16_t selector)
{
    x86_raise_code(cpu, exception, selector & ~SELECTOR_RPL);
    return false;
}

static uint64_t code_address(const X86Cpu *cpu, uint64_t offset)
{
    return cpu->mode & X86_MODE_CODE64 ? offset : (uint32_t)(cpu->mode_base + offset);
}

static bool far_real(Far *f)
{
    X86Cpu *cpu = f->cpu;

    if (f->call) {
        X86Stack stack = x86_stack_present(cpu);
        if (!x86_stack_push(&stack, f->size, cpu->segment[X86_CS].selector) ||
            !x86_stack_push(&stack, f->size, f->next_ip)) {
            return false;
        }
        if (f->offset > cpu->segment[X86_CS].limit) {
            return fail(cpu, X86_GP, 0);
        }
        x86_stack_commit(&stack);
    } else if (f->offset > cpu->segment[X86_CS].limit) {
        return fail(cpu, X86_GP, 0);
    }
    x86_segment_set_real(cpu, X86_CS, f->selector, cpu->mode & X86_MODE_VM86);
    x86_mode_update(cpu);
    f->target = code_address(cpu, f->offset);
    return true;
}

/* CS of a transfer that keeps CPL; @rpl_counts: not through a gate */
static bool check_same_level(X86Cpu *cpu, uint16_t selector, const X86Descriptor *cs,
                             bool rpl_counts)
{
    uint16_t access = x86_descriptor_access(cs);
    unsigned dpl = x86_descriptor_dpl(cs), cpl = x86_cpu_cpl(cpu);

    if (access & SEGMENT_CONFORMING
            ? dpl > cpl
            : dpl != cpl || (rpl_counts && (selector & SELECTOR_RPL) > cpl)) {
        return fail(cpu, X86_GP, selector);
    }
    if (cpu->mode & X86_MODE_LONG &&
        (access & (SEGMENT_L | SEGMENT_DB)) == (SEGMENT_L | SEGMENT_DB)) {
        return fail(cpu, X86_GP, selector);
    }
    return access & SEGMENT_P || fail(cpu, X86_NP, selector);
}

static void set_code(X86Cpu *cpu, uint16_t selector, const X86Descriptor *cs, unsigned cpl)
{
    x86_segment_set(cpu, X86_CS, (selector & ~SELECTOR_RPL) | cpl, cs);
}

static bool far_to_code(Far *f, X86Descriptor *cs)
{
    X86Cpu *cpu = f->cpu;
    X86Stack stack = x86_stack_present(cpu);

    if (!check_same_level(cpu, f->selector, cs, true) ||
        (f->call && (!x86_stack_push(&stack, f->size, cpu->segment[X86_CS].selector) ||
                     !x86_stack_push(&stack, f->size, f->next_ip))) ||
        !x86_check_code_offset(cpu, cs, f->offset) || !x86_descriptor_touch(cpu, cs)) {
        return false;
    }
    if (f->call) {
        x86_stack_commit(&stack);
    }
    set_code(cpu, f->selector, cs, x86_cpu_cpl(cpu));
    x86_mode_update(cpu);
    f->target = code_address(cpu, f->offset);
    return true;
}

static bool far_to_task(Far *f, uint16_t selector)
{
    X86TaskSwitch task = { .selector = selector,
                           .kind = f->call ? X86_TASK_CALL : X86_TASK_JUMP,
                           .next_ip = f->next_ip,
                           .flags = x86_flags_get(f->cpu) };

    return x86_task_switch(f->cpu, &task, &f->target);
}

/* What a call gate says. */
typedef struct {
    uint16_t selector;
    uint64_t offset;
    unsigned size; /* log2 */
    unsigned parameters;
} CallGate;

static bool read_call_gate(X86Cpu *cpu, const X86Descriptor *d, CallGate *gate)
{
    bool long_mode = cpu->mode & X86_MODE_LONG;
    bool wide = (d->high >> 8 & 15) == SYSTEM_CALL_GATE32;
    uint64_t more = 0;

    *gate = (CallGate){ .selector = d->low >> 16,
                        .offset = d->low & 0xffff,
                        .size = long_mode ? 3
                                : wide    ? 2
                                          : 1,
                        .parameters = long_mode ? 0 : d->high & MAX_PARAMETERS };
    gate->offset |= wide ? d->high & 0xffff0000 : 0;
    if (long_mode && !x86_read_system(cpu, d->address + 8, 3, &more)) {
        return false;
    }
    gate->offset |= (more & UINT32_MAX) << 32;
    return true;
}

static bool copy_parameters(X86Stack *from, X86Stack *to, const CallGate *gate)
{
    uint64_t values[MAX_PARAMETERS];

    for (unsigned i = 0; i < gate->parameters; i++) {
        if (!x86_stack_pop(from, gate->size, &values[i])) {
            return false;
        }
    }
    for (unsigned i = gate->parameters; i-- > 0;) {
        if (!x86_stack_push(to, gate->size, values[i])) {
            return false;
        }
    }
    return true;
}

/* To an inner level: new stack, old SS:SP, parameters, return address. */
static bool gate_inner(Far *f, const CallGate *gate, X86Descriptor *cs)
{
    X86Cpu *cpu = f->cpu;
    unsigned cpl = x86_descriptor_dpl(cs);
    X86Stack old = x86_stack_present(cpu), stack;
    bool long_mode = cpu->mode & X86_MODE_LONG;
    uint16_t ss_selector = cpl;
    X86Descriptor ss;
    uint32_t esp;
    uint64_t rsp;

    if (long_mode) {
        if (!x86_tss_stack64(cpu, cpl, 0, 0, &rsp)) {
            return false;
        }
        stack = x86_stack_flat(cpu, rsp, cpl);
    } else {
        if (!x86_tss_stack(cpu, cpl, 0, &ss_selector, &esp) ||
            !x86_segment_check_ss(cpu, ss_selector, cpl, X86_TS, 0, &ss)) {
            return false;
        }
        stack = x86_stack_of(cpu, &ss, ss_selector, esp, cpl);
    }
    if (!x86_stack_push(&stack, gate->size, cpu->segment[X86_SS].selector) ||
        !x86_stack_push(&stack, gate->size, cpu->r[X86_RSP]) ||
        !copy_parameters(&old, &stack, gate) ||
        !x86_stack_push(&stack, gate->size, cpu->segment[X86_CS].selector) ||
        !x86_stack_push(&stack, gate->size, f->next_ip) ||
        !x86_check_code_offset(cpu, cs, gate->offset) ||
        (!long_mode && !x86_descriptor_touch(cpu, &ss)) || !x86_descriptor_touch(cpu, cs)) {
        return false;
    }
    if (long_mode) {
        x86_segment_set_null(cpu, X86_SS, cpl, cpl);
    } else {
        x86_segment_set(cpu, X86_SS, ss_selector, &ss);
    }
    x86_stack_commit(&stack);
    set_code(cpu, gate->selector, cs, cpl);
    return true;
}

static bool gate_same_level(Far *f, const CallGate *gate, X86Descriptor *cs)
{
    X86Cpu *cpu = f->cpu;
    X86Stack stack = x86_stack_present(cpu);

    if (!check_same_level(cpu, gate->selector, cs, false) ||
        (f->call && (!x86_stack_push(&stack, gate->size, cpu->segment[X86_CS].selector) ||
                     !x86_stack_push(&stack, gate->size, f->next_ip))) ||
        !x86_check_code_offset(cpu, cs, gate->offset) || !x86_descriptor_touch(cpu, cs)) {
        return false;
    }
    if (f->call) {
        x86_stack_commit(&stack);
    }
    set_code(cpu, gate->selector, cs, x86_cpu_cpl(cpu));
    return true;
}

static bool far_through_gate(Far *f, const X86Descriptor *d)
{
    X86Cpu *cpu = f->cpu;
    X86Descriptor cs;
    CallGate gate;

    if (!read_call_gate(cpu, d, &gate)) {
        return false;
    }
    if (x86_is_null(gate.selector)) {
        return fail(cpu, X86_GP, 0);
    }
    if (!x86_descriptor_read(cpu, gate.selector, X86_GP, 0, &cs)) {
        return false;
    }
    uint16_t access = x86_descriptor_access(&cs);
    unsigned dpl = x86_descriptor_dpl(&cs);
    if (!(access & SEGMENT_S) || !(access & SEGMENT_CODE) || dpl > x86_cpu_cpl(cpu) ||
        (cpu->mode & X86_MODE_LONG && (access & (SEGMENT_L | SEGMENT_DB)) != SEGMENT_L)) {
        return fail(cpu, X86_GP, gate.selector);
    }
    if (!(access & SEGMENT_P)) {
        return fail(cpu, X86_NP, gate.selector);
    }
    bool inner = f->call && !(access & SEGMENT_CONFORMING) && dpl < x86_cpu_cpl(cpu);
    if (!(inner ? gate_inner(f, &gate, &cs) : gate_same_level(f, &gate, &cs))) {
        return false;
    }
    x86_mode_update(cpu);
    f->target = code_address(cpu, gate.offset);
    return true;
}

static bool far_to_system(Far *f, const X86Descriptor *d)
{
    X86Cpu *cpu = f->cpu;
    unsigned type = d->high >> 8 & TYPE_MASK, dpl = x86_descriptor_dpl(d);
    bool long_mode = cpu->mode & X86_MODE_LONG, present = x86_descriptor_access(d) & SEGMENT_P;
    bool gate = type == SYSTEM_CALL_GATE32 || (!long_mode && type == SYSTEM_CALL_GATE16);
    bool task_gate = !long_mode && type == SYSTEM_TASK_GATE;
    bool tss = !long_mode && (type == SYSTEM_TSS16 || type == SYSTEM_TSS32);

    if (!(gate || task_gate || tss) || dpl < x86_cpu_cpl(cpu) ||
        dpl < (f->selector & SELECTOR_RPL)) {
        return fail(cpu, X86_GP, f->selector);
    }
    if (!present) {
        return fail(cpu, X86_NP, f->selector);
    }
    if (gate) {
        return far_through_gate(f, d);
    }
    return far_to_task(f, task_gate ? d->low >> 16 : f->selector);
}

static bool far_protected(Far *f)
{
    X86Descriptor d;

    if (x86_is_null(f->selector)) {
        return fail(f->cpu, X86_GP, 0);
    }
    if (!x86_descriptor_read(f->cpu, f->selector, X86_GP, 0, &d)) {
        return false;
    }
    if (!(x86_descriptor_access(&d) & SEGMENT_S)) {
        return far_to_system(f, &d);
    }
    if (!(x86_descriptor_access(&d) & SEGMENT_CODE)) {
        return fail(f->cpu, X86_GP, f->selector);
    }
    return far_to_code(f, &d);
}

static uint64_t far_transfer(X86Cpu *cpu, uint64_t selector, uint64_t offset, uint64_t next_ip,
                             uint64_t size, bool call)
{
    Far f = { .cpu = cpu,
              .selector = selector,
              .offset = offset,
              .size = size,
              .next_ip = next_ip,
              .call = call };

    return (is_real(cpu) ? far_real(&f) : far_protected(&f)) ? f.target : 0;
}

/* @size: log2 of the operand size */
uint64_t x86_helper_far_jump(void *cpu, uint64_t selector, uint64_t offset, uint64_t next_ip,
                             uint64_t size)
{
    return far_transfer(cpu, selector, offset, next_ip, size, false);
}

uint64_t x86_helper_far_call(void *cpu, uint64_t selector, uint64_t offset, uint64_t next_ip,
                             uint64_t size)
{
    return far_transfer(cpu, selector, offset, next_ip, size, true);
}

/* Returns -------------------------------------------------------------------------------------- */

/* A return in progress. */
typedef struct {
    X86Cpu *cpu;
    X86Stack stack;
    unsigned size;   /* log2 */
    unsigned adjust; /* bytes of parameters */
    uint64_t ip, cs, flags, sp, ss;
    bool iret;
    uint64_t target; /* out */
} Return;

static bool read_return_code(Return *r, X86Descriptor *cs)
{
    X86Cpu *cpu = r->cpu;
    uint16_t selector = r->cs;
    unsigned rpl = selector & SELECTOR_RPL;

    if (x86_is_null(selector)) {
        return fail(cpu, X86_GP, 0);
    }
    if (!x86_descriptor_read(cpu, selector, X86_GP, 0, cs)) {
        return false;
    }
    uint16_t access = x86_descriptor_access(cs);
    unsigned dpl = x86_descriptor_dpl(cs);
    if (!(access & SEGMENT_S) || !(access & SEGMENT_CODE) || rpl < x86_cpu_cpl(cpu) ||
        (access & SEGMENT_CONFORMING ? dpl > rpl : dpl != rpl) ||
        (cpu->mode & X86_MODE_LONG &&
         (access & (SEGMENT_L | SEGMENT_DB)) == (SEGMENT_L | SEGMENT_DB))) {
        return fail(cpu, X86_GP, selector);
    }
    return access & SEGMENT_P || fail(cpu, X86_NP, selector);
}

/* SS of a return to an outer level, or of any IRET in 64-bit code; *@null: no descriptor */
static bool read_return_stack(Return *r, const X86Descriptor *cs, X86Descriptor *ss, bool *null)
{
    X86Cpu *cpu = r->cpu;
    unsigned rpl = r->cs & SELECTOR_RPL;
    bool to_64 = cpu->mode & X86_MODE_LONG && x86_descriptor_access(cs) & SEGMENT_L;

    *null = x86_is_null(r->ss);
    if (*null) {
        return (to_64 && rpl != 3 && (r->ss & SELECTOR_RPL) == rpl) || fail(cpu, X86_GP, 0);
    }
    return x86_segment_check_ss(cpu, r->ss, rpl, X86_GP, 0, ss) && x86_descriptor_touch(cpu, ss);
}

static void return_flags(Return *r, unsigned cpl)
{
    X86Cpu *cpu = r->cpu;
    uint64_t allowed = RFLAGS_ARITHMETIC | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT, old;

    if (r->size > 1) {
        allowed |= RFLAGS_RF | RFLAGS_AC | RFLAGS_ID;
    }
    old = x86_flags_get(cpu);
    if (cpl <= (old & RFLAGS_IOPL) >> RFLAGS_IOPL_SHIFT) {
        allowed |= RFLAGS_IF;
    }
    if (cpl == 0) {
        allowed |= RFLAGS_IOPL | (r->size > 1 ? RFLAGS_VIF | RFLAGS_VIP : 0);
    }
    x86_flags_set(cpu, (old & ~allowed) | (r->flags & allowed));
}

static void set_stack_pointer(X86Cpu *cpu, uint64_t sp)
{
    if (cpu->mode & X86_MODE_CODE64) {
        cpu->r[X86_RSP] = sp;
    } else if (cpu->segment[X86_SS].access & SEGMENT_DB) {
        cpu->r[X86_RSP] = (uint32_t)sp;
    } else {
        cpu->r[X86_RSP] = (cpu->r[X86_RSP] & ~0xffffull) | (sp & 0xffff);
    }
}

static bool return_outer(Return *r, X86Descriptor *cs)
{
    X86Cpu *cpu = r->cpu;
    unsigned rpl = r->cs & SELECTOR_RPL, old_cpl = x86_cpu_cpl(cpu);
    X86Descriptor ss;
    bool null;

    r->stack.sp += r->adjust;
    if (!x86_stack_pop(&r->stack, r->size, &r->sp) || !x86_stack_pop(&r->stack, r->size, &r->ss) ||
        !read_return_stack(r, cs, &ss, &null) || !x86_check_code_offset(cpu, cs, r->ip) ||
        !x86_descriptor_touch(cpu, cs)) {
        return false;
    }
    if (r->iret) {
        return_flags(r, old_cpl);
    }
    x86_segment_set(cpu, X86_CS, r->cs, cs);
    if (null) {
        x86_segment_set_null(cpu, X86_SS, r->ss, rpl);
    } else {
        x86_segment_set(cpu, X86_SS, r->ss, &ss);
    }
    if (rpl > old_cpl) {
        x86_segment_drop_inner(cpu, rpl);
    }
    x86_mode_update(cpu);
    set_stack_pointer(cpu, r->sp + (r->iret ? 0 : r->adjust));
    r->target = code_address(cpu, r->ip);
    return true;
}

static bool return_same_level(Return *r, X86Descriptor *cs)
{
    X86Cpu *cpu = r->cpu;

    if (!x86_check_code_offset(cpu, cs, r->ip) || !x86_descriptor_touch(cpu, cs)) {
        return false;
    }
    if (r->iret) {
        return_flags(r, x86_cpu_cpl(cpu));
    }
    r->stack.sp += r->adjust;
    x86_stack_commit(&r->stack);
    x86_segment_set(cpu, X86_CS, r->cs, cs);
    x86_mode_update(cpu);
    r->target = code_address(cpu, r->ip);
    return true;
}

static bool return_protected(Return *r)
{
    X86Cpu *cpu = r->cpu;
    X86Descriptor cs;

    if (!read_return_code(r, &cs)) {
        return false;
    }
    bool always_stack = r->iret && cpu->mode & X86_MODE_CODE64;
    return always_stack || (r->cs & SELECTOR_RPL) > x86_cpu_cpl(cpu) ? return_outer(r, &cs)
                                                                     : return_same_level(r, &cs);
}

/* 0 stays in case of a fault; nothing is changed then. */
static uint64_t return_done(const Return *r, bool ok)
{
    return ok ? r->target : 0;
}

uint64_t x86_helper_far_return(void *c, uint64_t adjust, uint64_t size, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;
    Return r = { .cpu = cpu, .stack = x86_stack_present(cpu), .size = size, .adjust = adjust };

    if (!x86_stack_pop(&r.stack, size, &r.ip) || !x86_stack_pop(&r.stack, size, &r.cs)) {
        return 0;
    }
    if (!is_real(cpu)) {
        return return_done(&r, return_protected(&r));
    }
    if (r.ip > cpu->segment[X86_CS].limit) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    r.stack.sp += adjust;
    x86_stack_commit(&r.stack);
    x86_segment_set_real(cpu, X86_CS, r.cs, cpu->mode & X86_MODE_VM86);
    x86_mode_update(cpu);
    return code_address(cpu, r.ip);
}

/* IRET ----------------------------------------------------------------------------------------- */

static bool iret_real(Return *r)
{
    X86Cpu *cpu = r->cpu;
    uint64_t kept = RFLAGS_VM | RFLAGS_VIF | RFLAGS_VIP, old = x86_flags_get(cpu);
    bool vm86 = cpu->mode & X86_MODE_VM86;

    if (r->ip > cpu->segment[X86_CS].limit) {
        return fail(cpu, X86_GP, 0);
    }
    kept |= vm86 ? RFLAGS_IOPL : 0;
    kept |= r->size == 1 ? 0xffff0000 : 0;
    x86_flags_set(cpu, (old & kept) | (r->flags & RFLAGS_ALL & ~kept) | RFLAGS_ONE);
    x86_stack_commit(&r->stack);
    x86_segment_set_real(cpu, X86_CS, r->cs, vm86);
    x86_mode_update(cpu);
    r->target = code_address(cpu, r->ip);
    return true;
}

/* 21.3.1: with VME and IOPL below 3, a 16-bit IRET moves IF to VIF */
static bool iret_vm86(Return *r)
{
    X86Cpu *cpu = r->cpu;
    uint64_t old = x86_flags_get(cpu), flags;

    if ((old & RFLAGS_IOPL) == RFLAGS_IOPL) {
        return iret_real(r);
    }
    if (!(cpu->control.cr4 & CR4_VME) || r->size != 1 || r->flags & RFLAGS_TF ||
        (r->flags & RFLAGS_IF && old & RFLAGS_VIP)) {
        return fail(cpu, X86_GP, 0);
    }
    if (r->ip > cpu->segment[X86_CS].limit) {
        return fail(cpu, X86_GP, 0);
    }
    flags = (r->flags & 0xffff & ~(uint64_t)(RFLAGS_IF | RFLAGS_IOPL)) |
            (old & (0xffff0000 | RFLAGS_IF | RFLAGS_IOPL) & ~(uint64_t)RFLAGS_VIF);
    flags |= r->flags & RFLAGS_IF ? RFLAGS_VIF : 0;
    x86_flags_set(cpu, (flags & RFLAGS_ALL) | RFLAGS_ONE);
    x86_stack_commit(&r->stack);
    x86_segment_set_real(cpu, X86_CS, r->cs, true);
    x86_mode_update(cpu);
    r->target = code_address(cpu, r->ip);
    return true;
}

static bool iret_to_vm86(Return *r)
{
    static const uint8_t order[] = { X86_ES, X86_DS, X86_FS, X86_GS };
    X86Cpu *cpu = r->cpu;
    uint64_t selector[G_N_ELEMENTS(order)];

    if (!x86_stack_pop(&r->stack, 2, &r->sp) || !x86_stack_pop(&r->stack, 2, &r->ss)) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        if (!x86_stack_pop(&r->stack, 2, &selector[i])) {
            return false;
        }
    }
    x86_flags_set(cpu, (r->flags & RFLAGS_ALL) | RFLAGS_ONE);
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        x86_segment_set_real(cpu, order[i], selector[i], true);
    }
    x86_segment_set_real(cpu, X86_CS, r->cs, true);
    x86_segment_set_real(cpu, X86_SS, r->ss, true);
    cpu->r[X86_RSP] = (uint32_t)r->sp;
    x86_mode_update(cpu);
    r->target = code_address(cpu, r->ip & 0xffff);
    return true;
}

static bool iret_from_task(Return *r, uint64_t next_ip)
{
    X86Cpu *cpu = r->cpu;
    uint64_t link;

    if (cpu->mode & X86_MODE_LONG) {
        return fail(cpu, X86_GP, 0);
    }
    if (!x86_read_system(cpu, cpu->segment[X86_TR].base, 1, &link)) {
        return false;
    }
    X86TaskSwitch task = {
        .selector = link, .kind = X86_TASK_RETURN, .next_ip = next_ip, .flags = x86_flags_get(cpu)
    };
    return x86_task_switch(cpu, &task, &r->target);
}

static bool iret(Return *r, uint64_t next_ip)
{
    X86Cpu *cpu = r->cpu;

    if (cpu->mode & X86_MODE_PROTECTED && !(cpu->mode & X86_MODE_VM86) &&
        cpu->flags.other & RFLAGS_NT) {
        return iret_from_task(r, next_ip);
    }
    if (!x86_stack_pop(&r->stack, r->size, &r->ip) || !x86_stack_pop(&r->stack, r->size, &r->cs) ||
        !x86_stack_pop(&r->stack, r->size, &r->flags)) {
        return false;
    }
    if (cpu->mode & X86_MODE_VM86) {
        return iret_vm86(r);
    }
    if (!(cpu->mode & X86_MODE_PROTECTED)) {
        return iret_real(r);
    }
    if (r->flags & RFLAGS_VM && r->size == 2 && x86_cpu_cpl(cpu) == 0 &&
        !(cpu->mode & X86_MODE_LONG)) {
        return iret_to_vm86(r);
    }
    return return_protected(r);
}

uint64_t x86_helper_iret(void *c, uint64_t size, uint64_t next_ip, uint64_t b, uint64_t d)
{
    X86Cpu *cpu = c;
    Return r = { .cpu = cpu, .stack = x86_stack_present(cpu), .size = size, .iret = true };
    uint64_t flags = cpu->flags.other;

    if (!iret(&r, next_ip)) {
        return 0;
    }
    cpu->nmi_blocked = false;
    x86_debug_flags_changed(cpu, flags);
    x86_interrupts_returned(cpu, r.target);
    return r.target;
}
