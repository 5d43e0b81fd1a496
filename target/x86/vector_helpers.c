/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of vector instructions. Spec: SDM vol. 2; vol. 1, 9.5 (MMX and x87), 11.6 (MXCSR). */
#include "accel/tcg/frontend.h"
#include "target/x86/fpu.h"
#include "target/x86/registers_internal.h"
#include "target/x86/translate_internal.h"
#include "target/x86/trap.h"
#include "target/x86/vector_internal.h"

static X86Cpu *x86(void *cpu)
{
    return container_of((Cpu *)cpu, X86Cpu, cpu);
}

/* An operand; that of an MMX register goes to *@copy. */
static const X86Vector *operand(const X86Cpu *cpu, unsigned place, X86Vector *copy)
{
    if (place < X86_VECTORS) {
        return &cpu->v[place];
    }
    if (place >= X86_PLACE_MMX && place < X86_PLACE_MMX + 8) {
        *copy = (X86Vector){ .q = { cpu->fpu.r[place - X86_PLACE_MMX].significand } };
        return copy;
    }
    return &cpu->operand;
}

static void keep(X86Cpu *cpu, unsigned place, const X86Vector *d, uint64_t control)
{
    const unsigned mmx_exponent = 0xffff;

    if (place == X86_PLACE_NONE) {
        return;
    }
    if (place >= X86_PLACE_MMX) {
        cpu->fpu.r[place - X86_PLACE_MMX] =
            (FloatX80){ .significand = d->q[0], .sign_exponent = mmx_exponent };
        return;
    }
    X86Vector *to = place == X86_PLACE_OPERAND ? &cpu->operand : &cpu->v[place];
    if (control & X86_CONTROL_LOW4) {
        to->d[0] = d->d[0];
    } else if (control & X86_CONTROL_LOW8) {
        to->q[0] = d->q[0];
    } else {
        to->q[0] = d->q[0];
        to->q[1] = d->q[1];
    }
    if (control & X86_CONTROL_VEX) {
        bool wide = (control >> X86_CONTROL_BYTES_SHIFT & 63) == 32;
        to->q[2] = wide ? d->q[2] : 0;
        to->q[3] = wide ? d->q[3] : 0;
    }
}

/* a: X86_CONTROL_x; b: places; c, d: RAX and RDX of PCMPESTRx, or an integer. Returns the lowest 64
 * bits of the result, or of an operation that sets flags: those, and the index above 32. */
static uint64_t run(X86Cpu *cpu, const uint64_t arg[4])
{
    X86Vector copy[3], result;
    X86VectorCall call = {
        .bytes = arg[0] >> X86_CONTROL_BYTES_SHIFT & 63,
        .imm = arg[0] >> X86_CONTROL_IMM_SHIFT,
        .wide = arg[0] & X86_CONTROL_WIDE,
        .c = operand(cpu, arg[1] >> 24 & 255, &copy[2]),
        .lengths = { arg[2], arg[3] },
        .flags = UINT32_MAX,
    };
    const X86Vector *a = operand(cpu, arg[1] >> 8 & 255, &copy[0]);
    const X86Vector integer = { .q = { arg[2] } };
    const X86Vector *b =
        arg[0] & X86_CONTROL_INTEGER ? &integer : operand(cpu, arg[1] >> 16 & 255, &copy[1]);
    uint32_t *mxcsr = &cpu->cpu.env.mxcsr_guest;

    if (!x86_vector_run(arg[0] & X86_ROW_OP, &result, a, b, &call, mxcsr)) {
        return x86_raise(cpu, cpu->control.cr4 & CR4_OSXMMEXCPT ? X86_XM : X86_UD);
    }
    keep(cpu, arg[1] & 255, &result, arg[0]);
    return call.flags == UINT32_MAX ? result.q[0] : call.flags | (uint64_t)call.index << 32;
}

uint64_t x86_helper_vector(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return run(x86(cpu), (uint64_t[]){ a, b, c, d });
}

uint64_t x86_helper_vector_fp(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return run(x86(cpu), (uint64_t[]){ a, b, c, d });
}

uint64_t x86_helper_vzero(void *cpu, uint64_t all, uint64_t count, uint64_t c, uint64_t d)
{
    for (unsigned reg = 0; reg < count; reg++) {
        for (unsigned i = all ? 0 : 2; i < 4; i++) {
            x86(cpu)->v[reg].q[i] = 0;
        }
    }
    return 0;
}

/* Any MMX instruction but EMMS: exceptions of x87 that are pending come first, then all registers
 * are in use and the top is 0. */
uint64_t x86_helper_mmx_enter(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    if (x86_fpu_pending(x86(cpu))) {
        return 0;
    }
    x86(cpu)->fpu.top = 0;
    x86(cpu)->fpu.empty = 0;
    return 0;
}

uint64_t x86_helper_emms(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    if (!x86_fpu_pending(x86(cpu))) {
        x86(cpu)->fpu.empty = 0xff;
    }
    return 0;
}

uint64_t x86_helper_ldmxcsr(void *c, uint64_t a, uint64_t b, uint64_t unused, uint64_t d)
{
    X86Cpu *cpu = x86(c);

    if (a & ~(uint64_t)X86_MXCSR_VALID) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    cpu->cpu.env.mxcsr_guest = a;
    x86_mode_update(cpu);
    return 0;
}

uint64_t x86_helper_stmxcsr(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return x86(cpu)->cpu.env.mxcsr_guest;
}

static uint8_t data_bank(const X86Cpu *cpu)
{
    return cpu->mode >> X86_MODE_BANK_SHIFT & 7;
}

static IrMem element_mem(const X86Cpu *cpu, unsigned bytes)
{
    return (IrMem){ .size_log2 = __builtin_ctz(bytes), .bank = data_bank(cpu) };
}

/*
 * Elements of memory under a mask of sign bits. a: address; b: places (b: mask, d: register);
 * c: bytes of an element | bytes of the whole << 8 | store << 16. What is masked is not touched.
 */
uint64_t x86_helper_masked_move(void *c_, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    X86Cpu *cpu = x86(c_);
    unsigned size = c & 255, bytes = c >> 8 & 255;
    bool store = c >> 16 & 1;
    X86Vector copy[2], result = { 0 };
    const X86Vector *mask = operand(cpu, b >> 16 & 255, &copy[0]);
    const X86Vector *data = operand(cpu, b & 255, &copy[1]);

    for (unsigned at = 0; at < bytes; at += size) {
        uint64_t value = 0;

        if (!(mask->b[at + size - 1] >> 7)) {
            continue;
        }
        memcpy(&value, &data->b[at], size);
        if (store ? !tcg_store(&cpu->cpu, a + at, element_mem(cpu, size), value)
                  : !tcg_load(&cpu->cpu, a + at, element_mem(cpu, size), &value)) {
            return 0;
        }
        memcpy(&result.b[at], &value, size);
    }
    if (!store) {
        cpu->v[b & 255] = result;
    }
    return 0;
}

/*
 * Gathers. a: base; b: places (d, index, mask); c: element bytes | index bytes << 4 | vector bytes
 * << 8 | scale << 16 | address bytes << 24. An exception leaves what was loaded, with its part of
 * the mask cleared (SDM vol. 2, VPGATHERDD).
 */
uint64_t x86_helper_gather(void *c_, uint64_t a, uint64_t b, uint64_t c, uint64_t segment_base)
{
    X86Cpu *cpu = x86(c_);
    unsigned size = c & 15, index_size = c >> 4 & 15, bytes = c >> 8 & 255, scale = c >> 16 & 255;
    uint64_t address_mask = (c >> 24 & 255) == 8 ? ~0ull : UINT32_MAX;
    X86Vector *to = &cpu->v[b & 15], *mask = &cpu->v[b >> 16 & 15];
    const X86Vector *index = &cpu->v[b >> 8 & 15];
    unsigned count = bytes / MAX(size, index_size);

    for (unsigned i = 0; i < bytes / size; i++) {
        uint64_t all = mask->b[i * size + size - 1] >> 7 ? ~0ull : 0;
        memcpy(&mask->b[i * size], &all, size);
    }
    for (unsigned i = 0; i < count; i++) {
        uint64_t value, none = 0;
        int64_t offset = index_size == 8 ? (int64_t)index->q[i] : (int32_t)index->d[i];
        uint64_t address = segment_base + ((a + ((uint64_t)offset << scale)) & address_mask);

        if (!(mask->b[i * size + size - 1] >> 7)) {
            continue;
        }
        if (!tcg_load(&cpu->cpu, address, element_mem(cpu, size), &value)) {
            return 0;
        }
        memcpy(&to->b[i * size], &value, size);
        memcpy(&mask->b[i * size], &none, size);
    }
    *mask = (X86Vector){ 0 };
    memset(&to->b[count * size], 0, 32 - count * size);
    return 0;
}
