/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hardware task switches. Spec: SDM vol. 3, 8.2 to 8.4 (table 8-1: checks and their exceptions). */
#include "target/x86/task.h"

#include "target/x86/control.h"
#include "target/x86/flags.h"
#include "target/x86/mmu.h"
#include "target/x86/mode.h"
#include "target/x86/registers_internal.h"
#include "target/x86/segment.h"

enum { SELECTOR_TI = 4, SELECTOR_RPL = 3, GENERAL = 8, TYPE_MASK = 31 };

/* Where things stand in a TSS of 32 and 16 bits. */
typedef struct {
    uint8_t size_log2; /* of registers */
    uint8_t limit;     /* smallest */
    uint8_t cr3, ip, flags, general, segments, segment_count, segment_stride, ldt, trap;
} Layout;
static const Layout layouts[] = {
    { .size_log2 = 1,
      .limit = 0x2b,
      .ip = 0x0e,
      .flags = 0x10,
      .general = 0x12,
      .segments = 0x22,
      .segment_count = 4,
      .segment_stride = 2,
      .ldt = 0x2a },
    { .size_log2 = 2,
      .limit = 0x67,
      .cr3 = 0x1c,
      .ip = 0x20,
      .flags = 0x24,
      .general = 0x28,
      .segments = 0x48,
      .segment_count = 6,
      .segment_stride = 4,
      .ldt = 0x60,
      .trap = 0x64 },
};

/* What a TSS holds for a task that is going to run. */
typedef struct {
    uint64_t cr3, ip, flags, general[GENERAL], segment[X86_GS + 1], ldt, trap;
} Image;

static bool raise_for(X86Cpu *cpu, X86Exception exception, uint16_t selector, unsigned ext)
{
    x86_raise_code(cpu, exception, (selector & ~SELECTOR_RPL) | ext);
    return false;
}

static unsigned type_of(const X86Descriptor *d)
{
    return d->high >> 8 & TYPE_MASK;
}

static bool is_tss(unsigned type)
{
    unsigned idle = type & ~SYSTEM_BUSY;

    return idle == SYSTEM_TSS16 || idle == SYSTEM_TSS32;
}

/* The new TSS with all checks of steps 1 to 4. */
static bool find_tss(X86Cpu *cpu, const X86TaskSwitch *task, uint16_t *selector, X86Descriptor *d)
{
    X86Exception bad = task->kind == X86_TASK_RETURN ? X86_TS : X86_GP;

    *selector = task->selector;
    if (*selector & SELECTOR_TI || x86_is_null(*selector)) {
        return raise_for(cpu, bad, *selector, task->ext);
    }
    if (!x86_descriptor_read(cpu, *selector, bad, task->ext, d)) {
        return false;
    }
    bool busy = type_of(d) & SYSTEM_BUSY;
    if (!is_tss(type_of(d)) || busy != (task->kind == X86_TASK_RETURN)) {
        return raise_for(cpu, bad, *selector, task->ext);
    }
    if (!(x86_descriptor_access(d) & SEGMENT_P)) {
        return raise_for(cpu, X86_NP, *selector, task->ext);
    }
    if (x86_descriptor_limit(d) < layouts[type_of(d) >> 3 & 1].limit) {
        return raise_for(cpu, X86_TS, *selector, task->ext);
    }
    return true;
}

static bool save_old(X86Cpu *cpu, const X86TaskSwitch *task, const Layout *layout)
{
    uint64_t base = cpu->segment[X86_TR].base;
    unsigned size = layout->size_log2, bytes = 1u << size;
    uint64_t flags =
        task->kind == X86_TASK_RETURN ? task->flags & ~(uint64_t)RFLAGS_NT : task->flags;

    if (!x86_write_system(cpu, base + layout->ip, size, task->next_ip) ||
        !x86_write_system(cpu, base + layout->flags, size, flags)) {
        return false;
    }
    for (unsigned i = 0; i < GENERAL; i++) {
        if (!x86_write_system(cpu, base + layout->general + bytes * i, size, cpu->r[i])) {
            return false;
        }
    }
    for (unsigned i = 0; i < layout->segment_count; i++) {
        if (!x86_write_system(cpu, base + layout->segments + layout->segment_stride * i, 1,
                              cpu->segment[i].selector)) {
            return false;
        }
    }
    return true;
}

static bool read_image(X86Cpu *cpu, uint64_t base, const Layout *layout, Image *image)
{
    unsigned size = layout->size_log2, bytes = 1u << size;

    *image = (Image){ 0 };
    if ((layout->cr3 && !x86_read_system(cpu, base + layout->cr3, 2, &image->cr3)) ||
        (layout->trap && !x86_read_system(cpu, base + layout->trap, 1, &image->trap)) ||
        !x86_read_system(cpu, base + layout->ip, size, &image->ip) ||
        !x86_read_system(cpu, base + layout->flags, size, &image->flags) ||
        !x86_read_system(cpu, base + layout->ldt, 1, &image->ldt)) {
        return false;
    }
    for (unsigned i = 0; i < GENERAL; i++) {
        if (!x86_read_system(cpu, base + layout->general + bytes * i, size, &image->general[i])) {
            return false;
        }
    }
    for (unsigned i = 0; i < layout->segment_count; i++) {
        if (!x86_read_system(cpu, base + layout->segments + layout->segment_stride * i, 1,
                             &image->segment[i])) {
            return false;
        }
    }
    return true;
}

static bool set_busy(X86Cpu *cpu, uint16_t selector, bool busy)
{
    uint64_t address, type;

    if (!x86_descriptor_find(cpu, selector, &address)) {
        return raise_for(cpu, X86_TS, selector, 0);
    }
    if (!x86_read_system(cpu, address + 5, 0, &type)) {
        return false;
    }
    type = busy ? type | SYSTEM_BUSY : type & ~(uint64_t)SYSTEM_BUSY;
    return x86_write_system(cpu, address + 5, 0, type);
}

/* Beyond the point of no return: faults happen in the new task. */

static bool load_ldt(X86Cpu *cpu, uint16_t selector, unsigned ext)
{
    X86Descriptor d;

    cpu->segment[X86_LDTR] = (X86Segment){ .selector = selector };
    if (x86_is_null(selector)) {
        return true;
    }
    if (selector & SELECTOR_TI) {
        return raise_for(cpu, X86_TS, selector, ext);
    }
    if (!x86_descriptor_read(cpu, selector, X86_TS, ext, &d)) {
        return false;
    }
    if (type_of(&d) != SYSTEM_LDT || !(x86_descriptor_access(&d) & SEGMENT_P)) {
        return raise_for(cpu, X86_TS, selector, ext);
    }
    x86_segment_set(cpu, X86_LDTR, selector, &d);
    return true;
}

static bool load_code(X86Cpu *cpu, uint16_t selector, unsigned ext)
{
    unsigned rpl = selector & SELECTOR_RPL;
    X86Descriptor d;

    if (x86_is_null(selector)) {
        return raise_for(cpu, X86_TS, selector, ext);
    }
    if (!x86_descriptor_read(cpu, selector, X86_TS, ext, &d)) {
        return false;
    }
    uint16_t access = x86_descriptor_access(&d);
    unsigned dpl = x86_descriptor_dpl(&d);
    if (!(access & SEGMENT_S) || !(access & SEGMENT_CODE) ||
        (access & SEGMENT_CONFORMING ? dpl > rpl : dpl != rpl)) {
        return raise_for(cpu, X86_TS, selector, ext);
    }
    if (!(access & SEGMENT_P)) {
        return raise_for(cpu, X86_NP, selector, ext);
    }
    if (!x86_descriptor_touch(cpu, &d)) {
        return false;
    }
    x86_segment_set(cpu, X86_CS, selector, &d);
    return true;
}

static bool load_data(X86Cpu *cpu, X86SegmentNumber number, uint16_t selector, unsigned cpl,
                      unsigned ext)
{
    X86Descriptor d;

    if (x86_is_null(selector)) {
        return true;
    }
    if (!x86_descriptor_read(cpu, selector, X86_TS, ext, &d)) {
        return false;
    }
    uint16_t access = x86_descriptor_access(&d);
    bool code = access & SEGMENT_CODE, conforming = code && access & SEGMENT_CONFORMING;
    if (!(access & SEGMENT_S) || (code && !(access & SEGMENT_READABLE)) ||
        (!conforming && MAX(cpl, selector & SELECTOR_RPL) > x86_descriptor_dpl(&d))) {
        return raise_for(cpu, X86_TS, selector, ext);
    }
    if (!(access & SEGMENT_P)) {
        return raise_for(cpu, X86_NP, selector, ext);
    }
    if (!x86_descriptor_touch(cpu, &d)) {
        return false;
    }
    x86_segment_set(cpu, number, selector, &d);
    return true;
}

static bool load_segments(X86Cpu *cpu, const Image *image, unsigned ext)
{
    static const uint8_t data[] = { X86_ES, X86_DS, X86_FS, X86_GS };
    unsigned cpl = image->segment[X86_CS] & SELECTOR_RPL;
    X86Descriptor ss;

    for (unsigned i = 0; i <= X86_GS; i++) {
        x86_segment_set_null(cpu, i, image->segment[i], cpl);
    }
    if (image->flags & RFLAGS_VM) {
        for (unsigned i = 0; i <= X86_GS; i++) {
            x86_segment_set_real(cpu, i, image->segment[i], true);
        }
        return load_ldt(cpu, image->ldt, ext);
    }
    x86_mode_update(cpu);
    if (!load_ldt(cpu, image->ldt, ext) || !load_code(cpu, image->segment[X86_CS], ext)) {
        return false;
    }
    if (!x86_segment_check_ss(cpu, image->segment[X86_SS], cpl, X86_TS, ext, &ss) ||
        !x86_descriptor_touch(cpu, &ss)) {
        return false;
    }
    x86_segment_set(cpu, X86_SS, image->segment[X86_SS], &ss);
    for (unsigned i = 0; i < G_N_ELEMENTS(data); i++) {
        if (!load_data(cpu, data[i], image->segment[data[i]], cpl, ext)) {
            return false;
        }
    }
    return true;
}

static void load_registers(X86Cpu *cpu, const Layout *layout, const Image *image, bool nested)
{
    uint64_t flags = (image->flags & RFLAGS_ALL) | RFLAGS_ONE;

    for (unsigned i = 0; i < GENERAL; i++) {
        cpu->r[i] = layout->size_log2 == 2 ? image->general[i]
                                           : image->general[i] | 0xffff0000; /* undefined */
    }
    x86_flags_set(cpu, nested ? flags | RFLAGS_NT : flags);
}

/* The fault is the new task's, before its first instruction. */
static bool fail_in_task(X86Cpu *cpu, const Image *image)
{
    x86_mode_update(cpu);
    cpu->event.in_task = true;
    cpu->event.ip = image->ip;
    return false;
}

bool x86_task_switch(X86Cpu *cpu, const X86TaskSwitch *task, uint64_t *pc)
{
    enum { TRAP = 1 };
    const Layout *old_layout = &layouts[cpu->segment[X86_TR].access >> 3 & 1], *layout;
    uint16_t old = cpu->segment[X86_TR].selector, selector;
    X86Descriptor tss;
    Image image;

    if (!find_tss(cpu, task, &selector, &tss)) {
        return false;
    }
    layout = &layouts[type_of(&tss) >> 3 & 1];
    uint64_t base = x86_descriptor_base(&tss);
    if (!read_image(cpu, base, layout, &image) || !save_old(cpu, task, old_layout) ||
        (task->kind == X86_TASK_CALL && !x86_write_system(cpu, base, 1, old)) ||
        (task->kind != X86_TASK_CALL && !set_busy(cpu, old, false)) ||
        (task->kind != X86_TASK_RETURN && !set_busy(cpu, selector, true))) {
        return false;
    }
    x86_segment_set(cpu, X86_TR, selector, &tss);
    cpu->segment[X86_TR].access |= SYSTEM_BUSY;
    cpu->control.cr0 |= CR0_TS;
    if (layout->cr3 && cpu->control.cr0 & CR0_PG && !x86_write_cr3(cpu, image.cr3)) {
        return fail_in_task(cpu, &image);
    }
    load_registers(cpu, layout, &image, task->kind == X86_TASK_CALL);
    cpu->control.debug[7] &= ~0x55ull; /* local breakpoints */
    if (!load_segments(cpu, &image, task->ext)) {
        return fail_in_task(cpu, &image);
    }
    x86_mode_update(cpu);
    if (image.ip > cpu->segment[X86_CS].limit) {
        raise_for(cpu, X86_GP, 0, 0);
        return fail_in_task(cpu, &image);
    }
    *pc = (uint32_t)(cpu->segment[X86_CS].base + image.ip);
    if (image.trap & TRAP) {
        *pc = x86_debug_trap(cpu, DR6_BT, *pc);
    }
    return true;
}
