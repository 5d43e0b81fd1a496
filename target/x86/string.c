/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Repeated string instructions: element by element where something is special, else as many as lie
 * within one page of plain RAM at the host's speed. Registers are exact after each element, so that
 * a fault or an interrupt finds the instruction ready to go on. Spec: SDM vol. 2, REP.
 */
#include "target/x86/string_internal.h"

#include <string.h>

#include "target/x86/flags.h"
#include "target/x86/frontend_internal.h"
#include "target/x86/limits.h"
#include "target/x86/registers_internal.h"
#include "target/x86/translate_internal.h"

enum { PAGE_BYTES = 4096, MAX_BYTES = 64 * 1024 }; /* done in one call: interrupts wait for it */

typedef struct {
    X86Cpu *cpu;
    X86StringOp op;
    X86Repeat repeat;
    unsigned bytes, size_log2, segment, bank;
    uint64_t mask; /* of addresses and the count */
    int64_t step;
    bool flat; /* no segment limits */
} String;

static uint64_t merge(uint64_t old, uint64_t value, uint64_t mask)
{
    return mask == UINT32_MAX ? value & mask : (old & ~mask) | (value & mask);
}

static void set_register(const String *s, unsigned reg, uint64_t value)
{
    s->cpu->r[reg] = merge(s->cpu->r[reg], value, s->mask);
}

/* Linear address of the element at a register; false after raising */
static bool linear(const String *s, unsigned segment, unsigned reg, bool write, uint64_t *address)
{
    uint64_t offset = s->cpu->r[reg] & s->mask;

    return x86_linear_address(s->cpu, segment, offset, s->bytes, write, address);
}

static void take_step(const String *s, unsigned reg)
{
    set_register(s, reg, s->cpu->r[reg] + s->step);
}

static void set_flags(const String *s, uint64_t a, uint64_t b)
{
    s->cpu->flags.kind = X86_FLAGS_SUB + s->size_log2;
    s->cpu->flags.result = a - b;
    s->cpu->flags.source = b;
}

static IrMem access_of(const String *s)
{
    return (IrMem){ .size_log2 = s->size_log2,
                    .bank = s->bank,
                    .align = s->bytes > 1 && s->cpu->mode & X86_MODE_ALIGN };
}

static bool element_source(const String *s, uint64_t *value)
{
    uint64_t address;

    if (s->op == X86_STOS || s->op == X86_SCAS) {
        *value = s->cpu->r[X86_RAX];
        return true;
    }
    return linear(s, s->segment, X86_RSI, false, &address) &&
           tcg_load(&s->cpu->cpu, address, access_of(s), value);
}

/* One element; false after raising, with nothing changed. */
static bool one_element(const String *s, bool *stop)
{
    Cpu *cpu = &s->cpu->cpu;
    uint64_t a, b, address;
    uint64_t mask = s->bytes == 8 ? UINT64_MAX : (1ull << s->bytes * 8) - 1;

    if (!element_source(s, &a)) {
        return false;
    }
    if (s->op == X86_MOVS || s->op == X86_STOS) {
        if (!linear(s, X86_ES, X86_RDI, true, &address) ||
            !tcg_store(cpu, address, access_of(s), a)) {
            return false;
        }
    } else if (s->op != X86_LODS) {
        if (!linear(s, X86_ES, X86_RDI, false, &address) ||
            !tcg_load(cpu, address, access_of(s), &b)) {
            return false;
        }
        set_flags(s, a, b);
        *stop = !((a ^ b) & mask) != (s->repeat == X86_REPEAT_EQUAL);
    } else {
        s->cpu->r[X86_RAX] = merge(s->cpu->r[X86_RAX], a, mask);
    }
    if (s->op != X86_STOS && s->op != X86_SCAS) {
        take_step(s, X86_RSI);
    }
    if (s->op != X86_LODS) {
        take_step(s, X86_RDI);
    }
    return true;
}

/* Elements from @address on, in the direction of DF, that lie within its page; up to @count. */
static uint64_t in_page(const String *s, uint64_t address, uint64_t count)
{
    uint64_t offset = address % PAGE_BYTES;
    uint64_t room = s->step > 0 ? (PAGE_BYTES - offset) / s->bytes : offset / s->bytes + 1;

    if (s->step < 0 && offset + s->bytes > PAGE_BYTES) {
        return 0; /* the first one crosses */
    }
    return MIN(room, count);
}

/* Host address of the lowest of @count elements from @address on, or NULL */
static uint8_t *host_elements(const String *s, uint64_t address, uint64_t count, TcgAccess access)
{
    uint64_t length = count * s->bytes;

    if (s->step < 0) {
        address -= length - s->bytes;
    }
    return tcg_host_pointer(&s->cpu->cpu, address, length, access, s->bank);
}

static void fill(uint8_t *to, uint64_t count, unsigned bytes, uint64_t value)
{
    if (bytes == 1) {
        memset(to, value, count);
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        memcpy(to + i * bytes, &value, bytes);
    }
}

/* As the elements one after the other would: overlap repeats what was just written. */
static void copy(const String *s, uint8_t *to, const uint8_t *from, uint64_t count)
{
    uint64_t length = count * s->bytes;
    bool clear = to + length <= from || from + length <= to;

    if (clear || (s->step > 0 ? to <= from : to >= from)) {
        memmove(to, from, length);
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = (s->step > 0 ? i : count - 1 - i) * s->bytes, value = 0;
        memcpy(&value, from + at, s->bytes);
        memcpy(to + at, &value, s->bytes);
    }
}

static uint64_t element_at(const String *s, const uint8_t *at, uint64_t count, uint64_t i)
{
    uint64_t value = 0;

    memcpy(&value, at + (s->step > 0 ? i : count - 1 - i) * s->bytes, s->bytes);
    return value;
}

/* Elements until the comparison stops; *@stop if it did. */
static uint64_t search(const String *s, const uint8_t *a, const uint8_t *b, uint64_t count,
                       bool *stop)
{
    uint64_t mask = s->bytes == 8 ? UINT64_MAX : (1ull << s->bytes * 8) - 1;
    uint64_t rax = s->cpu->r[X86_RAX] & mask, x = rax, y = 0, i = 0;

    while (i < count && !*stop) {
        x = a ? element_at(s, a, count, i) : rax;
        y = element_at(s, b, count, i);
        *stop = (x == y) != (s->repeat == X86_REPEAT_EQUAL);
        i++;
    }
    set_flags(s, x, y);
    return i;
}

/* What @count elements within pages do in host memory; how many were done. */
static uint64_t run_host(const String *s, uint8_t *from, uint8_t *to, uint64_t count, bool *stop)
{
    switch (s->op) {
    case X86_MOVS: copy(s, to, from, count); return count;
    case X86_STOS: fill(to, count, s->bytes, s->cpu->r[X86_RAX]); return count;
    default: return search(s, from, to, count, stop);
    }
}

/* A whole run within pages of plain RAM; 0: do one element the long way. */
static uint64_t many_elements(const String *s, uint64_t count, bool *stop)
{
    bool write = s->op == X86_MOVS || s->op == X86_STOS;
    bool source = s->op == X86_MOVS || s->op == X86_CMPS;
    uint64_t from_address = 0, to_address, done;
    uint8_t *from = NULL, *to;

    if (!s->flat || s->op == X86_LODS || s->cpu->mode & X86_MODE_ALIGN ||
        !linear(s, X86_ES, X86_RDI, write, &to_address)) {
        return 0;
    }
    count = in_page(s, to_address, count);
    if (source) {
        linear(s, s->segment, X86_RSI, false, &from_address);
        count = in_page(s, from_address, count);
    }
    if (count < 2) {
        return 0;
    }
    to = host_elements(s, to_address, count, write ? TCG_ACCESS_STORE : TCG_ACCESS_LOAD);
    if (to && source) {
        from = host_elements(s, from_address, count, TCG_ACCESS_LOAD);
    }
    if (!to || (source && !from)) {
        return 0;
    }
    done = run_host(s, from, to, count, stop);
    if (source) {
        set_register(s, X86_RSI, s->cpu->r[X86_RSI] + done * s->step);
    }
    set_register(s, X86_RDI, s->cpu->r[X86_RDI] + done * s->step);
    return done;
}

static String describe(X86Cpu *cpu, uint32_t what)
{
    unsigned address_bytes = what >> X86_STRING_ADDRESS_SHIFT & 15;
    unsigned size_log2 = what >> X86_STRING_SIZE_SHIFT & 3;
    unsigned segment = what >> X86_STRING_SEGMENT_SHIFT & 7;
    String s = {
        .cpu = cpu,
        .op = what & X86_STRING_OP,
        .repeat = what >> X86_STRING_REPEAT_SHIFT & 3,
        .bytes = 1u << size_log2,
        .size_log2 = size_log2,
        .segment = segment,
        .bank = what >> X86_STRING_BANK_SHIFT & 7,
        .mask = address_bytes == 8 ? UINT64_MAX : (1ull << address_bytes * 8) - 1,
        .step = cpu->flags.other & RFLAGS_DF ? -(int64_t)(1 << size_log2) : 1 << size_log2,
        .flat = !(cpu->mode & (X86_MODE_LIMITS | x86_limits_bit(segment))) && address_bytes != 2,
    };

    return s;
}

uint64_t x86_helper_string(void *c, uint64_t what, uint64_t b, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = x86_cpu(c);
    String s = describe(cpu, what);
    uint64_t count, budget = what & X86_STRING_ONCE ? 1 : MAX_BYTES / s.bytes;
    bool stop = false;

    while ((count = cpu->r[X86_RCX] & s.mask) && !stop && budget) {
        uint64_t done = budget > 1 ? many_elements(&s, MIN(count, budget), &stop) : 0;
        if (cpu->cpu.env.hot.raise) {
            return 0;
        }
        if (!done) {
            if (!one_element(&s, &stop)) {
                return 0;
            }
            done = 1;
        }
        set_register(&s, X86_RCX, count - done);
        budget -= done;
        if (cpu->cpu.env.hot.irq < 0) {
            break;
        }
    }
    return stop || !(cpu->r[X86_RCX] & s.mask);
}
