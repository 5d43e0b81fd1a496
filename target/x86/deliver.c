/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery of events through the IDT in every mode. Spec: SDM vol. 3, 6.10 to 6.15 (table 6-5: what
 * makes a double fault), 21.3 and 21.4 (real and virtual-8086 mode).
 */
#include "target/x86/deliver.h"

#include <inttypes.h>

#include "target/x86/flags.h"
#include "target/x86/mmu.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "target/x86/segment.h"
#include "target/x86/task.h"
#include "util/atomic.h"
#include "util/log.h"

enum { EXT = 1, IDT = 2, VECTOR_SHIFT = 3, SELECTOR_RPL = 3 };

/* One delivery. */
typedef struct {
    X86Cpu *cpu;
    const X86Event *event;
    uint64_t return_pc; /* linear */
    uint64_t flags;     /* RFLAGS to push */
    unsigned ext;       /* EXT bit of error codes */
    uint64_t handler;   /* out: linear */
} Delivery;

/* A gate, taken apart. */
typedef struct {
    uint8_t type, dpl, ist;
    bool present;
    uint16_t selector;
    uint64_t offset;
} Gate;

static bool is_fault(const X86Event *event)
{
    return event->type == X86_EVENT_EXCEPTION;
}

/* RF is set in the image of faults, so that the instruction is not stopped again (18.3.1.1). */
static uint64_t pushed_flags(const X86Cpu *cpu, const X86Event *event)
{
    uint64_t flags = x86_flags_get(cpu);

    if (is_fault(event) && event->vector != X86_DB) {
        return flags | RFLAGS_RF;
    }
    return event->type == X86_EVENT_SOFTWARE || event->type == X86_EVENT_TRAP ? flags & ~RFLAGS_RF
                                                                              : flags;
}

static uint64_t return_ip(const Delivery *d)
{
    return d->return_pc - d->cpu->mode_base;
}

static bool bad_gate(const Delivery *d, X86Exception exception)
{
    x86_raise_code(d->cpu, exception, (uint32_t)d->event->vector << VECTOR_SHIFT | IDT | d->ext);
    return false;
}

/* Real mode ------------------------------------------------------------------------------------ */

static bool push_frame16(X86Stack *stack, const Delivery *d, uint64_t flags)
{
    return x86_stack_push(stack, 1, flags) &&
           x86_stack_push(stack, 1, d->cpu->segment[X86_CS].selector) &&
           x86_stack_push(stack, 1, return_ip(d));
}

static void enter_real(Delivery *d, uint16_t selector, uint16_t ip, bool vm86)
{
    X86Cpu *cpu = d->cpu;

    x86_segment_set_real(cpu, X86_CS, selector, vm86);
    d->handler = (uint32_t)(cpu->segment[X86_CS].base + ip);
}

static bool deliver_real(Delivery *d)
{
    X86Cpu *cpu = d->cpu;
    X86Stack stack = x86_stack_present(cpu);
    unsigned at = d->event->vector * 4;
    uint64_t vector;

    if (at + 3 > cpu->idtr.limit) {
        return bad_gate(d, X86_GP);
    }
    stack.mask = 0xffff;
    if (!x86_read_system(cpu, cpu->idtr.base + at, 2, &vector) ||
        !push_frame16(&stack, d, d->flags)) {
        return false;
    }
    x86_stack_commit(&stack);
    cpu->flags.other &= ~(uint64_t)(RFLAGS_IF | RFLAGS_TF | RFLAGS_AC | RFLAGS_RF);
    enter_real(d, vector >> 16, vector, false);
    return true;
}

/* Gates ---------------------------------------------------------------------------------------- */

static bool read_gate(const Delivery *d, bool long_mode, Gate *gate)
{
    X86Cpu *cpu = d->cpu;
    unsigned bytes = long_mode ? 16 : 8, at = d->event->vector * bytes;
    uint64_t low, high = 0;

    if (at + bytes - 1 > cpu->idtr.limit) {
        return bad_gate(d, X86_GP);
    }
    if (!x86_read_system(cpu, cpu->idtr.base + at, 3, &low) ||
        (long_mode && !x86_read_system(cpu, cpu->idtr.base + at + 8, 3, &high))) {
        return false;
    }
    *gate = (Gate){
        .type = low >> 40 & 31,
        .dpl = low >> 45 & 3,
        .ist = long_mode ? low >> 32 & 7 : 0,
        .present = low >> 47 & 1,
        .selector = low >> 16,
        .offset = (low & 0xffff) | (low >> 48) << 16 | (high & UINT32_MAX) << 32,
    };
    return true;
}

static bool check_gate(const Delivery *d, const Gate *gate, bool long_mode)
{
    bool known =
        gate->type == SYSTEM_INTERRUPT_GATE32 || gate->type == SYSTEM_TRAP_GATE32 ||
        (!long_mode && (gate->type == SYSTEM_INTERRUPT_GATE16 || gate->type == SYSTEM_TRAP_GATE16 ||
                        gate->type == SYSTEM_TASK_GATE));

    if (!known || (d->event->type == X86_EVENT_SOFTWARE && gate->dpl < x86_cpu_cpl(d->cpu))) {
        return bad_gate(d, X86_GP);
    }
    return gate->present || bad_gate(d, X86_NP);
}

/* The handler's code segment and the privilege it runs with. */
static bool read_code(const Delivery *d, const Gate *gate, X86Descriptor *cs, unsigned *cpl)
{
    X86Cpu *cpu = d->cpu;
    uint32_t code = (gate->selector & ~SELECTOR_RPL) | d->ext;
    bool vm86 = cpu->mode & X86_MODE_VM86, long_mode = cpu->mode & X86_MODE_LONG;
    uint16_t access;

    if (x86_is_null(gate->selector)) {
        x86_raise_code(cpu, X86_GP, d->ext);
        return false;
    }
    if (!x86_descriptor_read(cpu, gate->selector, X86_GP, d->ext, cs)) {
        return false;
    }
    access = x86_descriptor_access(cs);
    *cpl = access & SEGMENT_CONFORMING ? x86_cpu_cpl(cpu) : x86_descriptor_dpl(cs);
    if (!(access & SEGMENT_S) || !(access & SEGMENT_CODE) ||
        x86_descriptor_dpl(cs) > x86_cpu_cpl(cpu) || (vm86 && *cpl != 0) ||
        (long_mode && (access & (SEGMENT_L | SEGMENT_DB)) != SEGMENT_L)) {
        x86_raise_code(cpu, X86_GP, code);
        return false;
    }
    if (!(access & SEGMENT_P)) {
        x86_raise_code(cpu, X86_NP, code);
        return false;
    }
    return true;
}

static void clear_flags(X86Cpu *cpu, const Gate *gate)
{
    uint64_t cleared = RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM;

    cleared |= gate->type == SYSTEM_INTERRUPT_GATE32 || gate->type == SYSTEM_INTERRUPT_GATE16
                   ? RFLAGS_IF
                   : 0;
    cpu->flags.other &= ~cleared;
}

static void set_code(X86Cpu *cpu, const Gate *gate, const X86Descriptor *cs, unsigned cpl)
{
    x86_segment_set(cpu, X86_CS, (gate->selector & ~SELECTOR_RPL) | cpl, cs);
}

/* Protected mode ------------------------------------------------------------------------------- */

static bool push_segments_of_vm86(X86Stack *stack, const X86Cpu *cpu, unsigned size)
{
    static const uint8_t order[] = { X86_GS, X86_FS, X86_DS, X86_ES };

    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        if (!x86_stack_push(stack, size, cpu->segment[order[i]].selector)) {
            return false;
        }
    }
    return true;
}

static bool push_frame(X86Stack *stack, const Delivery *d, unsigned size, bool inner)
{
    const X86Cpu *cpu = d->cpu;

    if (inner && (!x86_stack_push(stack, size, cpu->segment[X86_SS].selector) ||
                  !x86_stack_push(stack, size, cpu->r[X86_RSP]))) {
        return false;
    }
    return x86_stack_push(stack, size, d->flags) &&
           x86_stack_push(stack, size, cpu->segment[X86_CS].selector) &&
           x86_stack_push(stack, size, return_ip(d)) &&
           (!d->event->has_code || x86_stack_push(stack, size, d->event->code));
}

static bool deliver_task(Delivery *d, const Gate *gate)
{
    X86Cpu *cpu = d->cpu;
    X86TaskSwitch task = {
        .selector = gate->selector,
        .kind = X86_TASK_CALL,
        .next_ip = return_ip(d),
        .flags = d->flags,
        .ext = d->ext,
    };

    if (!x86_task_switch(cpu, &task, &d->handler)) {
        return false;
    }
    if (d->event->has_code) {
        X86Stack stack = x86_stack_present(cpu);
        if (!x86_stack_push(&stack, cpu->segment[X86_TR].access & 8 ? 2 : 1, d->event->code)) {
            return false;
        }
        x86_stack_commit(&stack);
    }
    return true;
}

static bool deliver_protected(Delivery *d)
{
    X86Cpu *cpu = d->cpu;
    bool vm86 = cpu->mode & X86_MODE_VM86;
    X86Descriptor cs, ss = { 0 };
    uint16_t ss_selector = 0;
    uint32_t esp;
    unsigned cpl;
    X86Stack stack;
    Gate gate;

    if (!read_gate(d, false, &gate) || !check_gate(d, &gate, false)) {
        return false;
    }
    if (gate.type == SYSTEM_TASK_GATE) {
        return deliver_task(d, &gate);
    }
    if (!read_code(d, &gate, &cs, &cpl)) {
        return false;
    }
    unsigned size = gate.type & 8 ? 2 : 1;
    bool inner = cpl < x86_cpu_cpl(cpu);
    gate.offset &= size == 2 ? UINT32_MAX : 0xffff;
    if (inner) {
        if (!x86_tss_stack(cpu, cpl, d->ext, &ss_selector, &esp) ||
            !x86_segment_check_ss(cpu, ss_selector, cpl, X86_TS, d->ext, &ss)) {
            return false;
        }
        stack = x86_stack_of(cpu, &ss, ss_selector, esp, cpl);
        stack.code |= d->ext;
    } else {
        stack = x86_stack_present(cpu);
        stack.code = d->ext;
    }
    if ((vm86 && !push_segments_of_vm86(&stack, cpu, size)) ||
        !push_frame(&stack, d, size, inner) || !x86_check_code_offset(cpu, &cs, gate.offset) ||
        (inner && !x86_descriptor_touch(cpu, &ss)) || !x86_descriptor_touch(cpu, &cs)) {
        return false;
    }
    if (inner) {
        x86_segment_set(cpu, X86_SS, ss_selector, &ss);
    }
    if (vm86) {
        x86_segment_set_null(cpu, X86_ES, 0, 0);
        x86_segment_set_null(cpu, X86_DS, 0, 0);
        x86_segment_set_null(cpu, X86_FS, 0, 0);
        x86_segment_set_null(cpu, X86_GS, 0, 0);
    }
    x86_stack_commit(&stack);
    clear_flags(cpu, &gate);
    set_code(cpu, &gate, &cs, cpl);
    d->handler = (uint32_t)(cpu->segment[X86_CS].base + gate.offset);
    return true;
}

/* Long mode: 6.14 ------------------------------------------------------------------------------ */

static bool deliver_long(Delivery *d)
{
    X86Cpu *cpu = d->cpu;
    uint64_t rsp = cpu->r[X86_RSP];
    X86Descriptor cs;
    unsigned cpl;
    Gate gate;

    if (!read_gate(d, true, &gate) || !check_gate(d, &gate, true) ||
        !read_code(d, &gate, &cs, &cpl)) {
        return false;
    }
    bool inner = cpl < x86_cpu_cpl(cpu);
    if (!(cpu->mode & X86_MODE_CODE64)) {
        rsp = (uint32_t)rsp;
    }
    if ((inner || gate.ist) && !x86_tss_stack64(cpu, cpl, gate.ist, d->ext, &rsp)) {
        return false;
    }
    if (!x86_is_canonical(cpu, rsp)) {
        x86_raise_code(cpu, X86_SS_FAULT, d->ext);
        return false;
    }
    X86Stack stack = x86_stack_flat(cpu, rsp & ~15ull, cpl);
    stack.code = d->ext;
    if (!push_frame(&stack, d, 3, true) || !x86_check_code_offset(cpu, &cs, gate.offset) ||
        !x86_descriptor_touch(cpu, &cs)) {
        return false;
    }
    if (inner) {
        x86_segment_set_null(cpu, X86_SS, cpl, cpl);
    }
    x86_stack_commit(&stack);
    clear_flags(cpu, &gate);
    set_code(cpu, &gate, &cs, cpl);
    d->handler = gate.offset;
    return true;
}

/* Faults while delivering ---------------------------------------------------------------------- */

static bool is_contributory(unsigned vector)
{
    return vector == X86_DE || (vector >= X86_TS && vector <= X86_GP);
}

static bool makes_double_fault(const X86Event *first, const X86Event *second)
{
    if (first->type != X86_EVENT_EXCEPTION) {
        return false;
    }
    if (first->vector == X86_PF) {
        return second->vector == X86_PF || is_contributory(second->vector);
    }
    return is_contributory(first->vector) && is_contributory(second->vector);
}

static void report(X86Cpu *cpu)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < X86_HISTORY; i++) {
        const X86Delivered *past = &cpu->history[(cpu->history_next + i) % X86_HISTORY];
        if (past->event.vector || past->ip) {
            g_string_append_printf(
                text, " %s vector %#x code %#x address %#" PRIx64 " at %04x:%#" PRIx64 "\n",
                x86_exception_name(past->event.vector), past->event.vector, past->event.code,
                past->event.address, past->cs, past->ip);
        }
    }
    CLASS_METHOD(&cpu->cpu.device.object, cpu_class, CpuClass, dump)(&cpu->cpu, text);
    log_printf(LOG_RESET | LOG_INT,
               "cpu %u: triple fault; the last events, oldest first, and registers:\n%s",
               cpu->cpu.index, text->str);
}

/* Shutdown: the platform resets the machine (SDM vol. 3, 6.15, #DF). */
static uint64_t triple_fault(X86Cpu *cpu, uint64_t pc)
{
    if (log_enabled(LOG_RESET | LOG_INT)) {
        report(cpu);
    }
    cpu->shutdown = true;
    tcg_halt(&cpu->cpu);
    machine_request_reset(cpu->cpu.machine, true);
    return pc;
}

static void remember(X86Cpu *cpu, const X86Event *event, uint64_t ip)
{
    cpu->history[cpu->history_next] =
        (X86Delivered){ .event = *event, .cs = cpu->segment[X86_CS].selector, .ip = ip };
    cpu->history_next = (cpu->history_next + 1) % X86_HISTORY;
}

static void log_event(const X86Cpu *cpu, const Delivery *d)
{
    log_printf(LOG_INT,
               "cpu %u: %s vector %#x type %u code %#x address %#" PRIx64 " at %04x:%#" PRIx64
               " sp %#" PRIx64 " rax %#" PRIx64 " cpl %u\n",
               cpu->cpu.index, x86_exception_name(d->event->vector), d->event->vector,
               d->event->type, d->event->code, d->event->address, cpu->segment[X86_CS].selector,
               return_ip(d), cpu->r[X86_RSP], cpu->r[X86_RAX], x86_cpu_cpl(cpu));
}

static bool deliver_once(Delivery *d)
{
    X86Cpu *cpu = d->cpu;

    if (d->event->vector == X86_PF && is_fault(d->event)) {
        cpu->control.cr2 = d->event->address;
    } else if (d->event->vector == X86_DB && d->event->type != X86_EVENT_SOFTWARE &&
               d->event->type != X86_EVENT_ICEBP) {
        cpu->control.debug[6] |= d->event->address & ~0xfull;
        cpu->control.debug[6] = (cpu->control.debug[6] & ~0xfull) | (d->event->address & 15);
        cpu->control.debug[7] &= ~(uint64_t)DR7_GD;
    }
    if (!(cpu->mode & X86_MODE_PROTECTED)) {
        return deliver_real(d);
    }
    return cpu->mode & X86_MODE_LONG ? deliver_long(d) : deliver_protected(d);
}

uint64_t x86_deliver(X86Cpu *cpu, X86Event event, uint64_t pc, uint64_t next)
{
    X86Event now = event;

    for (;;) {
        Delivery d = {
            .cpu = cpu,
            .event = &now,
            .return_pc = is_fault(&now) ? pc : next,
            .flags = pushed_flags(cpu, &now),
            .ext = now.type != X86_EVENT_SOFTWARE,
        };

        remember(cpu, &now, return_ip(&d));
        if (log_enabled(LOG_INT)) {
            log_event(cpu, &d);
        }
        if (!(cpu->mode & X86_MODE_PROTECTED)) {
            now.has_code = false; /* real mode has no error codes */
        }
        if (deliver_once(&d)) {
            cpu->shadow = 0;
            x86_mode_update(cpu);
            return d.handler;
        }
        cpu->cpu.env.hot.raise = 0;
        X86Event second = cpu->event;
        if (second.in_task) {
            pc = next = cpu->mode_base + second.ip;
        }
        if (now.vector == X86_DF && now.type == X86_EVENT_EXCEPTION) {
            return triple_fault(cpu, pc);
        }
        now = makes_double_fault(&now, &second)
                  ? (X86Event){ .vector = X86_DF, .type = X86_EVENT_EXCEPTION, .has_code = true }
                  : second;
    }
}

uint64_t x86_deliver_vm86(X86Cpu *cpu, unsigned vector, uint64_t pc, uint64_t next)
{
    const X86Event event = { .vector = vector, .type = X86_EVENT_SOFTWARE };
    Delivery d = { .cpu = cpu, .event = &event, .return_pc = next };
    X86Stack stack = x86_stack_present(cpu);
    uint64_t flags = x86_flags_get(cpu), target;
    bool vme = (flags & RFLAGS_IOPL) != RFLAGS_IOPL;

    if (vme) { /* IF is VIF's image, IOPL looks like 3 */
        flags = (flags & ~(uint64_t)RFLAGS_IF) | RFLAGS_IOPL;
        flags |= flags & RFLAGS_VIF ? RFLAGS_IF : 0;
    }
    stack.mask = 0xffff;
    if (!x86_read_system(cpu, vector * 4, 2, &target) || !push_frame16(&stack, &d, flags)) {
        return pc;
    }
    x86_stack_commit(&stack);
    cpu->flags.other &= ~(uint64_t)(RFLAGS_TF | RFLAGS_RF | (vme ? RFLAGS_VIF : RFLAGS_IF));
    enter_real(&d, target >> 16, target, true);
    x86_mode_update(cpu);
    return d.handler;
}

void x86_deliver_exception(Cpu *c)
{
    X86Cpu *cpu = container_of(c, X86Cpu, cpu);

    uint64_t pc = cpu->event.in_task ? cpu->mode_base + cpu->event.ip : c->env.hot.pc;

    c->env.hot.raise = 0;
    c->env.hot.pc = x86_deliver(cpu, cpu->event, pc, pc);
}

uint64_t x86_debug_trap(X86Cpu *cpu, uint32_t dr6, uint64_t next)
{
    return x86_deliver(cpu, (X86Event){ .vector = X86_DB, .type = X86_EVENT_TRAP, .address = dr6 },
                       next, next);
}
