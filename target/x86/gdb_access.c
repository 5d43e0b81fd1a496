/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A debugger reads and writes registers. A write has the effect that the guest's own at CPL 0 would
 * have; what would be an exception is refused. Context: the processor is stopped, machine lock.
 */
#include <string.h>

#include "accel/tcg/frontend.h"
#include "target/x86/control.h"
#include "target/x86/debug.h"
#include "target/x86/features.h"
#include "target/x86/flags.h"
#include "target/x86/fpu.h"
#include "target/x86/gdb_internal.h"
#include "target/x86/mmu.h"
#include "target/x86/mode.h"
#include "target/x86/msr.h"
#include "target/x86/registers_internal.h"
#include "target/x86/segment.h"

enum { CR8 = 8, TPR_SHIFT = 4, X80_BYTES = 10, VECTOR_BYTES = 16, X87_REGISTERS = 8 };

static unsigned number_of(uint32_t id)
{
    return id & ((1u << X86_GDB_KIND_SHIFT) - 1);
}

static X86GdbKind kind_of(uint32_t id)
{
    return id >> X86_GDB_KIND_SHIFT;
}

bool x86_gdb_is_wide(const X86Cpu *cpu)
{
    return x86_has(cpu, X86_FEATURE_lm);
}

unsigned x86_gdb_bytes(const X86Cpu *cpu, uint32_t id)
{
    switch (kind_of(id)) {
    case X86_GDB_GENERAL:
    case X86_GDB_PC:
    case X86_GDB_BASE:
    case X86_GDB_TABLE_BASE:
    case X86_GDB_DEBUG: return x86_gdb_is_wide(cpu) ? 8 : 4;
    case X86_GDB_CONTROL:
    case X86_GDB_XCR0:
    case X86_GDB_MSR: return 8;
    case X86_GDB_STACK: return X80_BYTES;
    case X86_GDB_XMM:
    case X86_GDB_YMM_HIGH: return VECTOR_BYTES;
    default: return 4;
    }
}

/* Little-endian, as the guest is. */
static void put_bytes(uint8_t *bytes, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bytes[i] = value >> (8 * i);
    }
}

static uint64_t get_bytes(const uint8_t *bytes, unsigned count)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < count; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

static FloatX80 *stack_register(X86Cpu *cpu, unsigned number)
{
    return &cpu->fpu.r[(cpu->fpu.top + number) % X87_REGISTERS];
}

/* Reading -------------------------------------------------------------------------------------- */

static bool is_code64(const X86Cpu *cpu)
{
    return cpu->mode & X86_MODE_CODE64;
}

/* Pointers of 64-bit code have their upper half where the selector stands otherwise. */
static uint16_t pointer_segment(const X86Cpu *cpu, uint16_t selector, uint64_t pointer)
{
    return is_code64(cpu) ? pointer >> 32 : selector;
}

static uint64_t read_fpu(const X86Cpu *cpu, X86GdbFpu number)
{
    const X86Fpu *fpu = &cpu->fpu;

    switch (number) {
    case X86_GDB_FCTRL: return fpu->control;
    case X86_GDB_FSTAT: return x86_fpu_status(fpu);
    case X86_GDB_FTAG: return x86_fpu_tags(fpu);
    case X86_GDB_FISEG: return pointer_segment(cpu, fpu->code_selector, fpu->code_pointer);
    case X86_GDB_FIOFF: return (uint32_t)fpu->code_pointer;
    case X86_GDB_FOSEG: return pointer_segment(cpu, fpu->data_selector, fpu->data_pointer);
    case X86_GDB_FOOFF: return (uint32_t)fpu->data_pointer;
    default: return fpu->opcode;
    }
}

static uint64_t read_control(const X86Cpu *cpu, unsigned number)
{
    switch (number) {
    case 0: return cpu->control.cr0;
    case 2: return cpu->control.cr2;
    case 3: return cpu->control.cr3;
    case CR8:
        return cpu->apic && cpu->apic->get_tpr ? cpu->apic->get_tpr(cpu->apic_opaque) >> TPR_SHIFT
                                               : 0;
    default: return cpu->control.cr4;
    }
}

/* Outside 64-bit code the upper halves are not there, nor are R8 to R15. */
static uint64_t read_general(const X86Cpu *cpu, unsigned number)
{
    if (is_code64(cpu)) {
        return cpu->r[number];
    }
    return number < X86_REGISTERS / 2 ? (uint32_t)cpu->r[number] : 0;
}

static uint64_t read_pc(const X86Cpu *cpu)
{
    uint64_t offset = cpu->cpu.env.hot.pc - cpu->mode_base;

    return is_code64(cpu) ? offset : (uint32_t)offset;
}

/* Registers of 64 bits and less. */
static bool read_value(X86Cpu *cpu, uint32_t id, uint64_t *value)
{
    unsigned number = number_of(id);

    switch (kind_of(id)) {
    case X86_GDB_GENERAL: *value = read_general(cpu, number); return true;
    case X86_GDB_PC: *value = read_pc(cpu); return true;
    case X86_GDB_FLAGS: *value = x86_flags_get(cpu); return true;
    case X86_GDB_SELECTOR: *value = cpu->segment[number].selector; return true;
    case X86_GDB_BASE: *value = cpu->segment[number].base; return true;
    case X86_GDB_LIMIT: *value = cpu->segment[number].limit; return true;
    case X86_GDB_TABLE_BASE: *value = number ? cpu->idtr.base : cpu->gdtr.base; return true;
    case X86_GDB_TABLE_LIMIT: *value = number ? cpu->idtr.limit : cpu->gdtr.limit; return true;
    case X86_GDB_FPU: *value = read_fpu(cpu, number); return true;
    case X86_GDB_MXCSR: *value = cpu->cpu.env.mxcsr_guest; return true;
    case X86_GDB_PKRU: *value = cpu->control.pkru; return true;
    case X86_GDB_XCR0: *value = cpu->control.xcr0; return true;
    case X86_GDB_CONTROL: *value = read_control(cpu, number); return true;
    case X86_GDB_DEBUG: *value = cpu->control.debug[number]; return true;
    case X86_GDB_MSR: return x86_msr_read(cpu, x86_gdb_msrs[number].number, value);
    default: return false;
    }
}

bool x86_gdb_read(Cpu *c, uint32_t id, uint8_t *bytes)
{
    X86Cpu *cpu = container_of(c, X86Cpu, cpu);
    unsigned number = number_of(id);
    uint64_t value;

    switch (kind_of(id)) {
    case X86_GDB_STACK:
        put_bytes(bytes, stack_register(cpu, number)->significand, 8);
        put_bytes(bytes + 8, stack_register(cpu, number)->sign_exponent, 2);
        return true;
    case X86_GDB_XMM: memcpy(bytes, cpu->v[number].b, VECTOR_BYTES); return true;
    case X86_GDB_YMM_HIGH:
        memcpy(bytes, cpu->v[number].b + VECTOR_BYTES, VECTOR_BYTES);
        return true;
    default:
        if (!read_value(cpu, id, &value)) {
            return false;
        }
        put_bytes(bytes, value, x86_gdb_bytes(cpu, id));
        return true;
    }
}

/* Writing -------------------------------------------------------------------------------------- */

static bool write_general(X86Cpu *cpu, unsigned number, uint64_t value)
{
    if (is_code64(cpu)) {
        cpu->r[number] = value;
    } else if (number < X86_REGISTERS / 2) {
        cpu->r[number] = (cpu->r[number] & ~(uint64_t)UINT32_MAX) | (uint32_t)value;
    }
    return is_code64(cpu) || number < X86_REGISTERS / 2;
}

static bool write_pc(X86Cpu *cpu, uint64_t value)
{
    if (is_code64(cpu) && !x86_is_canonical(cpu, value)) {
        return false;
    }
    cpu->cpu.env.hot.pc = is_code64(cpu) ? value : (uint32_t)(cpu->mode_base + value);
    return true;
}

/* Virtual-8086 mode is entered by IRET alone: the segments would not fit. */
static bool write_flags(X86Cpu *cpu, uint64_t value)
{
    if ((value ^ cpu->flags.other) & RFLAGS_VM) {
        return false;
    }
    x86_flags_set(cpu, (value & RFLAGS_ALL) | RFLAGS_ONE);
    x86_mode_update(cpu);
    return true;
}

static bool find_descriptor(X86Cpu *cpu, uint16_t selector, X86Descriptor *d)
{
    uint8_t bytes[8];

    if (!x86_descriptor_find(cpu, selector, &d->address) ||
        !cpu_debug_read(&cpu->cpu, d->address, bytes, sizeof(bytes))) {
        return false;
    }
    d->low = get_bytes(bytes, 4);
    d->high = get_bytes(bytes + 4, 4);
    return true;
}

/* A code segment for CS, writable data for SS, anything that can be read for the others. */
static bool is_usable(X86SegmentNumber number, uint16_t access)
{
    bool code = access & SEGMENT_CODE;

    if (!(access & SEGMENT_S) || !(access & SEGMENT_P)) {
        return false;
    }
    return number == X86_CS   ? code
           : number == X86_SS ? !code && access & SEGMENT_WRITABLE
                              : !code || access & SEGMENT_READABLE;
}

/* The instruction pointer stays where it is within CS. */
static bool write_selector(X86Cpu *cpu, X86SegmentNumber number, uint64_t value)
{
    uint16_t selector = value;
    uint64_t pc = read_pc(cpu);
    X86Descriptor d;

    if (value > UINT16_MAX || number >= X86_LDTR) {
        return false;
    }
    if (!(cpu->mode & X86_MODE_PROTECTED) || cpu->mode & X86_MODE_VM86) {
        x86_segment_set_real(cpu, number, selector, cpu->mode & X86_MODE_VM86);
    } else if (x86_is_null(selector) && number != X86_CS && (number != X86_SS || is_code64(cpu))) {
        x86_segment_set_null(cpu, number, selector, x86_cpu_cpl(cpu));
    } else if (!x86_is_null(selector) && find_descriptor(cpu, selector, &d) &&
               is_usable(number, x86_descriptor_access(&d))) {
        x86_segment_set(cpu, number, selector, &d);
    } else {
        return false;
    }
    x86_mode_update(cpu);
    return write_pc(cpu, pc);
}

static bool write_base(X86Cpu *cpu, X86SegmentNumber number, uint64_t value)
{
    if ((number != X86_FS && number != X86_GS) || !x86_is_canonical(cpu, value)) {
        return false;
    }
    cpu->segment[number].base = value;
    return true;
}

static void write_tags(X86Fpu *fpu, uint16_t tags)
{
    enum { EMPTY = 3 };

    fpu->empty = 0;
    for (unsigned i = 0; i < X87_REGISTERS; i++) {
        fpu->empty |= (tags >> 2 * i & EMPTY) == EMPTY ? 1u << i : 0;
    }
}

static void write_fpu(X86Cpu *cpu, X86GdbFpu number, uint32_t value)
{
    enum { OPCODE = 0x7ff };
    X86Fpu *fpu = &cpu->fpu;
    bool wide = is_code64(cpu);
    uint64_t high = (uint64_t)(uint16_t)value << 32;

    switch (number) {
    case X86_GDB_FCTRL: x86_fpu_set_control(fpu, value); break;
    case X86_GDB_FSTAT: x86_fpu_set_status(fpu, value); break;
    case X86_GDB_FTAG: write_tags(fpu, value); break;
    case X86_GDB_FISEG:
        if (wide) {
            fpu->code_pointer = (uint32_t)fpu->code_pointer | high;
        } else {
            fpu->code_selector = value;
        }
        break;
    case X86_GDB_FOSEG:
        if (wide) {
            fpu->data_pointer = (uint32_t)fpu->data_pointer | high;
        } else {
            fpu->data_selector = value;
        }
        break;
    case X86_GDB_FIOFF:
        fpu->code_pointer = (fpu->code_pointer & ~(uint64_t)UINT32_MAX) | value;
        break;
    case X86_GDB_FOOFF:
        fpu->data_pointer = (fpu->data_pointer & ~(uint64_t)UINT32_MAX) | value;
        break;
    default: fpu->opcode = value & OPCODE; break;
    }
}

static bool write_mxcsr(X86Cpu *cpu, uint64_t value)
{
    enum { MXCSR_BITS = 0xffff };

    if (value > MXCSR_BITS) {
        return false;
    }
    cpu->cpu.env.mxcsr_guest = value;
    x86_mode_update(cpu);
    return true;
}

static bool write_control(X86Cpu *cpu, unsigned number, uint64_t value)
{
    switch (number) {
    case 0: return x86_write_cr0(cpu, value);
    case 2: cpu->control.cr2 = value; return true;
    case 3: return x86_write_cr3(cpu, value);
    case 4: return x86_write_cr4(cpu, value);
    default:
        if (value > 15 || !cpu->apic || !cpu->apic->set_tpr) {
            return false;
        }
        cpu->apic->set_tpr(cpu->apic_opaque, value << TPR_SHIFT);
        return true;
    }
}

static bool write_debug(X86Cpu *cpu, unsigned number, uint64_t value)
{
    if (number >= 6 && value > UINT32_MAX) {
        return false;
    }
    x86_debug_write(cpu, number, value);
    return true;
}

static bool write_value(X86Cpu *cpu, uint32_t id, uint64_t value)
{
    unsigned number = number_of(id);

    switch (kind_of(id)) {
    case X86_GDB_GENERAL: return write_general(cpu, number, value);
    case X86_GDB_PC: return write_pc(cpu, value);
    case X86_GDB_FLAGS: return write_flags(cpu, value);
    case X86_GDB_SELECTOR: return write_selector(cpu, number, value);
    case X86_GDB_BASE: return write_base(cpu, number, value);
    case X86_GDB_FPU: write_fpu(cpu, number, value); return true;
    case X86_GDB_MXCSR: return write_mxcsr(cpu, value);
    case X86_GDB_PKRU: x86_write_pkru(cpu, value); return true;
    case X86_GDB_CONTROL: return write_control(cpu, number, value);
    case X86_GDB_DEBUG: return write_debug(cpu, number, value);
    case X86_GDB_MSR: return x86_msr_write(cpu, x86_gdb_msrs[number].number, value);
    default: return false;
    }
}

/* What a write raises is not for the guest; an exception of its own may be on its way. */
static bool write_quietly(X86Cpu *cpu, uint32_t id, uint64_t value)
{
    X86Event event = cpu->event;
    uint32_t raise = cpu->cpu.env.hot.raise;
    bool ok = write_value(cpu, id, value);

    cpu->event = event;
    cpu->cpu.env.hot.raise = raise;
    return ok;
}

bool x86_gdb_write(Cpu *c, uint32_t id, const uint8_t *bytes)
{
    X86Cpu *cpu = container_of(c, X86Cpu, cpu);
    unsigned number = number_of(id);
    uint64_t value, old;

    switch (kind_of(id)) {
    case X86_GDB_STACK:
        stack_register(cpu, number)->significand = get_bytes(bytes, 8);
        stack_register(cpu, number)->sign_exponent = get_bytes(bytes + 8, 2);
        return true;
    case X86_GDB_XMM: memcpy(cpu->v[number].b, bytes, VECTOR_BYTES); return true;
    case X86_GDB_YMM_HIGH:
        memcpy(cpu->v[number].b + VECTOR_BYTES, bytes, VECTOR_BYTES);
        return true;
    default:
        value = get_bytes(bytes, x86_gdb_bytes(cpu, id));
        /* a debugger that restores all registers means no change */
        return (read_value(cpu, id, &old) && old == value) ||
               (c->tcg && write_quietly(cpu, id, value));
    }
}
