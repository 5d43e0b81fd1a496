/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FXSAVE, XSAVE and their relatives. Spec: SDM vol. 1, 10.5 (FXSAVE), ch. 13 (XSAVE). */
#include "accel/tcg/frontend.h"
#include "target/x86/control.h"
#include "target/x86/cpuid.h"
#include "target/x86/fpu.h"
#include "target/x86/registers_internal.h"
#include "target/x86/state_memory.h"
#include "target/x86/translate_internal.h"
#include "target/x86/trap.h"
#include "target/x86/vector.h"

enum {
    FXSAVE_BYTES = 512,
    MXCSR_AT = 24,
    REGISTERS_AT = 32,
    XMM_AT = 160,
    HEADER_AT = 512,
    HEADER_BYTES = 64,
    FXSAVE_X87_BYTES = 24, /* before MXCSR */
    FXSAVE_WRITTEN = 416,  /* the rest is the program's */
};
#define COMPACT (1ull << 63)

/* What the helpers get in argument b */
enum {
    STATE_WIDE = 1,      /* REX.W: 64-bit pointers */
    STATE_COMPACT = 2,   /* XSAVEC, XSAVES */
    STATE_SUPERVISOR = 4 /* XSAVES, XRSTORS */
};

static X86Cpu *x86(void *cpu)
{
    return container_of((Cpu *)cpu, X86Cpu, cpu);
}

static void put(uint8_t *image, unsigned at, uint64_t value, unsigned bytes)
{
    memcpy(image + at, &value, bytes);
}

static uint64_t get(const uint8_t *image, unsigned at, unsigned bytes)
{
    uint64_t value = 0;

    memcpy(&value, image + at, bytes);
    return value;
}

static unsigned vector_count(const X86Cpu *cpu)
{
    return cpu->mode & X86_MODE_CODE64 ? X86_VECTORS : 8;
}

/* the x87 part: bytes 0-23 and the registers */

static void x87_out(const X86Cpu *cpu, uint8_t *image, bool wide)
{
    const X86Fpu *fpu = &cpu->fpu;

    put(image, 0, fpu->control, 2);
    put(image, 2, x86_fpu_status(fpu), 2);
    put(image, 4, (uint8_t)~fpu->empty, 2);
    put(image, 6, fpu->opcode, 2);
    put(image, 8, fpu->code_pointer, wide ? 8 : 4);
    put(image, 16, fpu->data_pointer, wide ? 8 : 4);
    if (!wide) {
        put(image, 12, fpu->code_selector, 4);
        put(image, 20, fpu->data_selector, 4);
    }
    for (unsigned i = 0; i < 8; i++) {
        FloatX80 v = fpu->r[(fpu->top + i) & 7];
        put(image, REGISTERS_AT + 16 * i, v.significand, 8);
        put(image, REGISTERS_AT + 16 * i + 8, v.sign_exponent, 8);
    }
}

static void x87_in(X86Cpu *cpu, const uint8_t *image, bool wide)
{
    X86Fpu *fpu = &cpu->fpu;

    x86_fpu_set_control(fpu, get(image, 0, 2));
    x86_fpu_set_status(fpu, get(image, 2, 2));
    fpu->empty = ~get(image, 4, 1);
    fpu->opcode = get(image, 6, 2) & ((1 << X87_OPCODE_BITS) - 1);
    fpu->code_pointer = get(image, 8, wide ? 8 : 4);
    fpu->data_pointer = get(image, 16, wide ? 8 : 4);
    fpu->code_selector = wide ? 0 : get(image, 12, 2);
    fpu->data_selector = wide ? 0 : get(image, 20, 2);
    for (unsigned i = 0; i < 8; i++) {
        fpu->r[(fpu->top + i) & 7] = (FloatX80){ get(image, REGISTERS_AT + 16 * i, 8),
                                                 get(image, REGISTERS_AT + 16 * i + 8, 2) };
    }
    x86_fpu_errors_changed(cpu);
}

static void x87_init(X86Cpu *cpu)
{
    x86_fpu_reset(&cpu->fpu);
    memset(cpu->fpu.r, 0, sizeof(cpu->fpu.r));
    x86_fpu_errors_changed(cpu);
}

static bool x87_in_use(const X86Cpu *cpu)
{
    const X86Fpu *fpu = &cpu->fpu;
    bool used = fpu->control != X87_CONTROL_RESET || fpu->status || fpu->top ||
                fpu->empty != 0xff || fpu->opcode || fpu->code_pointer || fpu->data_pointer;

    for (unsigned i = 0; i < 8; i++) {
        used |= fpu->r[i].significand || fpu->r[i].sign_exponent;
    }
    return used;
}

/* vectors */

static void vectors_out(const X86Cpu *cpu, uint8_t *to, unsigned quad, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        memcpy(to + 16 * i, &cpu->v[i].q[quad], 16);
    }
}

static void vectors_in(X86Cpu *cpu, const uint8_t *from, unsigned quad, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        memcpy(&cpu->v[i].q[quad], from + 16 * i, 16);
    }
}

static bool vectors_in_use(const X86Cpu *cpu, unsigned quad)
{
    uint64_t any = 0;

    for (unsigned i = 0; i < vector_count(cpu); i++) {
        any |= cpu->v[i].q[quad] | cpu->v[i].q[quad + 1];
    }
    return any;
}

static uint32_t *mxcsr(X86Cpu *cpu)
{
    return &cpu->cpu.env.mxcsr_guest;
}

static void set_mxcsr(X86Cpu *cpu, uint32_t value)
{
    *mxcsr(cpu) = value;
    x86_mode_update(cpu);
}

/* a: address */
static bool is_aligned(X86Cpu *cpu, uint64_t address, unsigned bytes)
{
    if (address & (bytes - 1)) {
        x86_raise_code(cpu, X86_GP, 0);
        return false;
    }
    return true;
}

/* EFER.FFXSR: the kernel's own saves leave the vectors out (APM vol. 2, 3.1.7). */
static bool moves_vectors(const X86Cpu *cpu)
{
    bool fast =
        cpu->msr.efer & EFER_FFXSR && cpu->mode & X86_MODE_CODE64 && !(cpu->mode & X86_MODE_CPL);

    return cpu->control.cr4 & CR4_OSFXSR && !fast;
}

uint64_t x86_helper_fxsave(void *c_, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    X86Cpu *cpu = x86(c_);
    uint8_t image[FXSAVE_BYTES];

    if (!is_aligned(cpu, a, 16) || !x86_state_read(cpu, a, image, FXSAVE_WRITTEN)) {
        return 0;
    }
    x87_out(cpu, image, b & STATE_WIDE);
    put(image, MXCSR_AT, *mxcsr(cpu), 4);
    put(image, MXCSR_AT + 4, X86_MXCSR_VALID, 4);
    if (moves_vectors(cpu)) {
        vectors_out(cpu, image + XMM_AT, 0, vector_count(cpu));
    }
    x86_state_write(cpu, a, image, FXSAVE_WRITTEN);
    return 0;
}

uint64_t x86_helper_fxrstor(void *c_, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    X86Cpu *cpu = x86(c_);
    uint8_t image[FXSAVE_BYTES];

    if (!is_aligned(cpu, a, 16) || !x86_state_read(cpu, a, image, FXSAVE_BYTES)) {
        return 0;
    }
    if (get(image, MXCSR_AT, 4) & ~(uint64_t)X86_MXCSR_VALID) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    x87_in(cpu, image, b & STATE_WIDE);
    if (cpu->control.cr4 & CR4_OSFXSR) {
        set_mxcsr(cpu, get(image, MXCSR_AT, 4));
    }
    if (moves_vectors(cpu)) {
        vectors_in(cpu, image + XMM_AT, 0, vector_count(cpu));
    }
    return 0;
}

/* Components beyond the legacy area */
static const struct {
    uint64_t bit;
    unsigned offset, bytes; /* in the standard form */
} components[] = {
    { X86_XCR0_AVX, X86_XSAVE_AVX_OFFSET, X86_XSAVE_AVX_BYTES },
    { X86_XCR0_PKRU, X86_XSAVE_PKRU_OFFSET, X86_XSAVE_PKRU_BYTES },
};

/* Where component @k is; @format: XCOMP_BV, 0 for the standard form */
static unsigned offset_of(unsigned k, uint64_t format)
{
    unsigned at = X86_XSAVE_LEGACY_BYTES;

    if (!format) {
        return components[k].offset;
    }
    for (unsigned i = 0; i < k; i++) {
        at += format & components[i].bit ? components[i].bytes : 0;
    }
    return at;
}

static uint64_t in_use(X86Cpu *cpu, bool compact)
{
    return (x87_in_use(cpu) ? X86_XCR0_X87 : 0) |
           (vectors_in_use(cpu, 0) || (compact && *mxcsr(cpu) != X86_MXCSR_DEFAULT) ? X86_XCR0_SSE
                                                                                    : 0) |
           (vectors_in_use(cpu, 2) ? X86_XCR0_AVX : 0) | (cpu->control.pkru ? X86_XCR0_PKRU : 0);
}

/* CR4.OSXSAVE, alignment, and XSAVES by the kernel only */
static bool may_run(X86Cpu *cpu, uint64_t address, uint64_t how)
{
    if (!(cpu->control.cr4 & CR4_OSXSAVE)) {
        x86_raise(cpu, X86_UD);
        return false;
    }
    if (how & STATE_SUPERVISOR && cpu->mode & X86_MODE_CPL) {
        x86_raise_code(cpu, X86_GP, 0);
        return false;
    }
    return is_aligned(cpu, address, 64);
}

static bool save_legacy(X86Cpu *cpu, uint64_t address, uint64_t saved, uint64_t asked, uint64_t how)
{
    uint8_t image[FXSAVE_BYTES];

    if (!x86_state_read(cpu, address, image, FXSAVE_WRITTEN)) {
        return false;
    }
    if (saved & X86_XCR0_X87) {
        x87_out(cpu, image, how & STATE_WIDE);
    }
    if (how & STATE_COMPACT ? saved & X86_XCR0_SSE : asked & (X86_XCR0_SSE | X86_XCR0_AVX)) {
        put(image, MXCSR_AT, *mxcsr(cpu), 4);
        put(image, MXCSR_AT + 4, X86_MXCSR_VALID, 4);
    }
    if (saved & X86_XCR0_SSE) {
        vectors_out(cpu, image + XMM_AT, 0, vector_count(cpu));
    }
    return x86_state_write(cpu, address, image, FXSAVE_WRITTEN);
}

static bool save_component(X86Cpu *cpu, uint64_t address, unsigned k)
{
    uint8_t image[X86_XSAVE_AVX_BYTES] = { 0 };
    unsigned bytes = components[k].bytes;

    if (components[k].bit == X86_XCR0_AVX) {
        vectors_out(cpu, image, 2, vector_count(cpu));
        bytes = 16 * vector_count(cpu);
    } else {
        put(image, 0, cpu->control.pkru, 8);
    }
    return x86_state_write(cpu, address, image, bytes);
}

/* a: address; b: STATE_x; c: EDX:EAX */
uint64_t x86_helper_xsave(void *c_, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    X86Cpu *cpu = x86(c_);
    bool compact = b & STATE_COMPACT;
    uint64_t asked = c & (cpu->control.xcr0 | (b & STATE_SUPERVISOR ? cpu->msr.xss : 0));
    uint64_t used = in_use(cpu, compact), saved = asked & (compact ? used : ~0ull);
    uint64_t format = compact ? asked | COMPACT : 0;
    uint8_t header[16];

    if (!may_run(cpu, a, b) || !x86_state_read(cpu, a + HEADER_AT, header, 8) ||
        !save_legacy(cpu, a, saved, asked, b)) {
        return 0;
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(components); k++) {
        if (saved & components[k].bit && !save_component(cpu, a + offset_of(k, format), k)) {
            return 0;
        }
    }
    put(header, 0, compact ? saved : (get(header, 0, 8) & ~asked) | (asked & used), 8);
    put(header, 8, format, 8);
    x86_state_write(cpu, a + HEADER_AT, header, compact ? 16 : 8);
    return 0;
}

/* What XRSTOR refuses: SDM vol. 1, 13.8.1, 13.8.2, 13.12 */
static bool header_is_good(const X86Cpu *cpu, const uint8_t *header, uint64_t how)
{
    uint64_t present = get(header, 0, 8), format = get(header, 8, 8), rest = 0;
    uint64_t allowed = cpu->control.xcr0 | (how & STATE_SUPERVISOR ? cpu->msr.xss : 0);

    for (unsigned i = 16; i < HEADER_BYTES; i++) {
        rest |= format & COMPACT || i < 24 ? header[i] : 0;
    }
    if (!(format & COMPACT)) {
        return !(how & STATE_SUPERVISOR) && !rest && !format && !(present & ~allowed);
    }
    format &= ~COMPACT;
    return !rest && !(format & ~allowed) && !(present & ~format) &&
           x86_has(cpu, X86_FEATURE_xsavec);
}

static void init_component(X86Cpu *cpu, uint64_t bit)
{
    const uint8_t zero[X86_XSAVE_AVX_BYTES] = { 0 };

    switch (bit) {
    case X86_XCR0_X87: x87_init(cpu); break;
    case X86_XCR0_SSE: vectors_in(cpu, zero, 0, vector_count(cpu)); break;
    case X86_XCR0_AVX: vectors_in(cpu, zero, 2, vector_count(cpu)); break;
    default: x86_write_pkru(cpu, 0); break;
    }
}

static void load_component(X86Cpu *cpu, const uint8_t *image, uint64_t bit, unsigned at,
                           uint64_t how)
{
    switch (bit) {
    case X86_XCR0_X87: x87_in(cpu, image, how & STATE_WIDE); break;
    case X86_XCR0_SSE: vectors_in(cpu, image + XMM_AT, 0, vector_count(cpu)); break;
    case X86_XCR0_AVX: vectors_in(cpu, image + at, 2, vector_count(cpu)); break;
    default: x86_write_pkru(cpu, get(image, at, 4)); break;
    }
}

/* Whether MXCSR is loaded, and from where: *@value is that in memory, or the default */
static bool loads_mxcsr(uint64_t asked, uint64_t present, uint64_t format, uint32_t *value)
{
    if (!format) {
        return asked & (X86_XCR0_SSE | X86_XCR0_AVX);
    }
    if (asked & X86_XCR0_SSE && !(present & X86_XCR0_SSE)) {
        *value = X86_MXCSR_DEFAULT;
    }
    return asked & X86_XCR0_SSE;
}

uint64_t x86_helper_xrstor(void *c_, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    static const uint64_t legacy[] = { X86_XCR0_X87, X86_XCR0_SSE };
    X86Cpu *cpu = x86(c_);
    uint64_t asked = c & (cpu->control.xcr0 | (b & STATE_SUPERVISOR ? cpu->msr.xss : 0));
    uint8_t image[X86_XSAVE_PKRU_OFFSET + X86_XSAVE_PKRU_BYTES];
    uint64_t present, format;
    uint32_t value;

    if (!may_run(cpu, a, b) || !x86_state_read(cpu, a, image, X86_XSAVE_LEGACY_BYTES)) {
        return 0;
    }
    present = get(image, HEADER_AT, 8);
    format = get(image, HEADER_AT + 8, 8);
    value = get(image, MXCSR_AT, 4);
    if (!header_is_good(cpu, image + HEADER_AT, b) ||
        (loads_mxcsr(asked, present, format, &value) && value & ~(uint32_t)X86_MXCSR_VALID)) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(components); k++) {
        unsigned at = offset_of(k, format);
        if (asked & present & components[k].bit &&
            !x86_state_read(cpu, a + at, image + at, components[k].bytes)) {
            return 0;
        }
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(legacy) + G_N_ELEMENTS(components); k++) {
        unsigned beyond = k < 2 ? 0 : k - 2;
        uint64_t bit = k < 2 ? legacy[k] : components[beyond].bit;

        if (asked & present & bit) {
            load_component(cpu, image, bit, offset_of(beyond, format), b);
        } else if (asked & bit) {
            init_component(cpu, bit);
        }
    }
    if (loads_mxcsr(asked, present, format, &value)) {
        set_mxcsr(cpu, value);
    }
    return 0;
}
