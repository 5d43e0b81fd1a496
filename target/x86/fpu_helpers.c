/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of x87 instructions: memory, pointers, environments. Spec: SDM vol. 1, 8.1.8 to 8.1.10;
 * vol. 2, FLDENV, FSTENV, FSAVE, FRSTOR. */
#include "accel/tcg/frontend.h"
#include "target/x86/fpu.h"
#include "target/x86/registers_internal.h"
#include "target/x86/state_memory.h"
#include "target/x86/translate_internal.h"
#include "target/x86/trap.h"

static X86Cpu *x86(void *cpu)
{
    return container_of((Cpu *)cpu, X86Cpu, cpu);
}

enum { OPCODE_MASK = (1 << X87_OPCODE_BITS) - 1 };

static bool has_memory(unsigned opcode)
{
    return (opcode & 0xff) < 0xc0;
}

/* What FNSTENV shows of the last instruction that was no control instruction */
static void note_pointers(X86Cpu *cpu, uint64_t code, uint64_t ip, uint64_t address)
{
    X86Fpu *fpu = &cpu->fpu;

    fpu->opcode = code & OPCODE_MASK;
    fpu->code_pointer = ip;
    fpu->code_selector = cpu->segment[X86_CS].selector;
    if (has_memory(code & OPCODE_MASK)) {
        fpu->data_pointer = address;
        fpu->data_selector = cpu->segment[code >> X87_SEGMENT_SHIFT & 7].selector;
    }
}

/* a: opcode and segment; b: operand; c: IP; d: offset of the memory operand */
uint64_t x86_helper_fpu(void *c_, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    X86Cpu *cpu = x86(c_);

    if (x86_fpu_pending(cpu)) {
        return 0;
    }
    note_pointers(cpu, a, c, d);
    return x86_fpu_run(&cpu->fpu, a & OPCODE_MASK, b);
}

static unsigned stored_bytes(unsigned opcode)
{
    static const uint8_t bytes[8][8] = {
        [1] = { 0, 0, 4, 4 },
        [3] = { 0, 4, 4, 4, 0, 0, 0, 10 },
        [5] = { 0, 8, 8, 8 },
        [7] = { 0, 2, 2, 2, 0, 0, 10, 8 },
    };

    return bytes[opcode >> 8 & 7][opcode >> 3 & 7];
}

static bool stores_and_pops(unsigned opcode)
{
    unsigned op = opcode >> 3 & 7;

    return op != 2;
}

/* FST m80: as it is */
static bool value_to_store(X86Fpu *fpu, unsigned opcode, FloatX80 *value)
{
    bool whole = (opcode >> 8 & 7) == 3 && (opcode >> 3 & 7) == 7;

    if (!whole) {
        return x86_fpu_convert(fpu, opcode, value);
    }
    fpu->status &= ~X87_C1;
    *value = fpu->r[fpu->top];
    if (fpu->empty >> fpu->top & 1) {
        *value = (FloatX80){ 0xc000000000000000, 0xffff };
        fpu->status |= X87_IE | X87_SF;
        return fpu->control & X87_IE;
    }
    return true;
}

/* FST, FIST, FISTTP, FBSTP: b: address; c, d: as above */
uint64_t x86_helper_fpu_store(void *c_, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    X86Cpu *cpu = x86(c_);
    X86Fpu *fpu = &cpu->fpu;
    unsigned opcode = a & OPCODE_MASK, bytes = stored_bytes(opcode);
    uint16_t status = fpu->status;
    FloatX80 value;
    uint8_t image[16];

    if (x86_fpu_pending(cpu)) {
        return 0;
    }
    if (value_to_store(fpu, opcode, &value)) {
        memcpy(image, &value.significand, 8);
        memcpy(image + 8, &value.sign_exponent, 2);
        if (!x86_state_write(cpu, b, image, bytes)) {
            fpu->status = status;
            return 0;
        }
        if (stores_and_pops(opcode)) {
            x86_fpu_pop(fpu);
        }
    }
    note_pointers(cpu, a, c, d);
    return 0;
}

/* FLD m80, FBLD */
uint64_t x86_helper_fpu_load(void *c_, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    X86Cpu *cpu = x86(c_);
    uint8_t image[10];
    FloatX80 value;

    if (x86_fpu_pending(cpu) || !x86_state_read(cpu, b, image, sizeof(image))) {
        return 0;
    }
    memcpy(&value.significand, image, 8);
    memcpy(&value.sign_exponent, image + 8, 2);
    if ((a >> 8 & 7) == 7) {
        value = x86_fpu_from_bcd(value);
    }
    note_pointers(cpu, a, c, d);
    x86_fpu_push_x80(&cpu->fpu, value);
    return 0;
}

/* environments */

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

/* SDM vol. 1, figures 8-9 to 8-12; @bytes: operand size, 2 or 4 */
static void environment_out(const X86Cpu *cpu, uint8_t *image, unsigned bytes, bool real)
{
    const X86Fpu *fpu = &cpu->fpu;
    uint64_t ip = fpu->code_pointer, dp = fpu->data_pointer;

    if (real) {
        ip = (uint32_t)(ip + (fpu->code_selector << 4));
        dp = (uint32_t)(dp + (fpu->data_selector << 4));
    }
    memset(image, bytes == 4 ? 0xff : 0, 7 * bytes);
    put(image, 0, fpu->control, 2);
    put(image, bytes, x86_fpu_status(fpu), 2);
    put(image, 2 * bytes, x86_fpu_tags(fpu), 2);
    if (real) {
        put(image, 3 * bytes, bytes == 4 ? ip & 0xffff : ip, 2);
        put(image, 4 * bytes, (ip >> 16 << 12 & 0xffff000) | fpu->opcode, bytes);
        put(image, 5 * bytes, dp, 2);
        put(image, 6 * bytes, dp >> 16 << 12 & 0xffff000, bytes);
        return;
    }
    put(image, 3 * bytes, ip, bytes);
    put(image, 4 * bytes, fpu->code_selector | (bytes == 4 ? (uint32_t)fpu->opcode << 16 : 0),
        bytes);
    put(image, 5 * bytes, dp, bytes);
    put(image, 6 * bytes, fpu->data_selector, 2);
}

static void tags_in(X86Fpu *fpu, uint16_t tags)
{
    fpu->empty = 0;
    for (unsigned i = 0; i < 8; i++) {
        fpu->empty |= (tags >> 2 * i & 3) == 3 ? 1u << i : 0;
    }
}

static void environment_in(X86Cpu *cpu, const uint8_t *image, unsigned bytes, bool real)
{
    X86Fpu *fpu = &cpu->fpu;

    x86_fpu_set_control(fpu, get(image, 0, 2));
    x86_fpu_set_status(fpu, get(image, bytes, 2));
    tags_in(fpu, get(image, 2 * bytes, 2));
    if (real) {
        uint64_t high = get(image, 4 * bytes, bytes);
        fpu->opcode = high & OPCODE_MASK;
        fpu->code_pointer = get(image, 3 * bytes, 2) | (high >> 12 & 0xffff) << 16;
        fpu->data_pointer = get(image, 5 * bytes, 2) | (get(image, 6 * bytes, bytes) >> 12 & 0xffff)
                                                           << 16;
        fpu->code_selector = fpu->data_selector = 0;
        return;
    }
    fpu->code_pointer = get(image, 3 * bytes, bytes);
    fpu->code_selector = get(image, 4 * bytes, 2);
    fpu->opcode = bytes == 4 ? get(image, 4 * bytes + 2, 2) & OPCODE_MASK : fpu->opcode;
    fpu->data_pointer = get(image, 5 * bytes, bytes);
    fpu->data_selector = get(image, 6 * bytes, 2);
}

static bool is_real(const X86Cpu *cpu)
{
    return !(cpu->mode & X86_MODE_PROTECTED) || cpu->mode & X86_MODE_VM86;
}

enum { ENVIRONMENT_LIMIT = 28, REGISTERS_BYTES = 80 };

static unsigned environment_bytes(uint64_t a)
{
    return 7 * (a >> X87_BYTES_SHIFT & 15);
}

/* FNSTENV, FNSAVE (DD): b: address */
uint64_t x86_helper_fpu_store_environment(void *c_, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    X86Cpu *cpu = x86(c_);
    X86Fpu *fpu = &cpu->fpu;
    uint8_t image[ENVIRONMENT_LIMIT + REGISTERS_BYTES];
    unsigned bytes = environment_bytes(a);
    bool save = (a >> 8 & 7) == 5;

    environment_out(cpu, image, bytes / 7, is_real(cpu));
    for (unsigned i = 0; save && i < 8; i++, bytes += 10) {
        FloatX80 v = fpu->r[(fpu->top + i) & 7];
        put(image, bytes, v.significand, 8);
        put(image, bytes + 8, v.sign_exponent, 2);
    }
    if (!x86_state_write(cpu, b, image, bytes)) {
        return 0;
    }
    if (save) {
        x86_fpu_reset(fpu);
    } else {
        fpu->control |= X87_EXCEPTIONS;
    }
    x86_fpu_errors_changed(cpu);
    return 0;
}

/* FLDENV, FRSTOR */
uint64_t x86_helper_fpu_load_environment(void *c_, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    X86Cpu *cpu = x86(c_);
    X86Fpu *fpu = &cpu->fpu;
    uint8_t image[ENVIRONMENT_LIMIT + REGISTERS_BYTES];
    unsigned at = environment_bytes(a);
    bool restore = (a >> 8 & 7) == 5;

    if (x86_fpu_pending(cpu) ||
        !x86_state_read(cpu, b, image, at + (restore ? REGISTERS_BYTES : 0))) {
        return 0;
    }
    environment_in(cpu, image, at / 7, is_real(cpu));
    for (unsigned i = 0; restore && i < 8; i++, at += 10) {
        fpu->r[(fpu->top + i) & 7] = (FloatX80){ get(image, at, 8), get(image, at + 8, 2) };
    }
    x86_fpu_errors_changed(cpu);
    return 0;
}

/* control */

uint64_t x86_helper_fpu_wait(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    x86_fpu_pending(x86(cpu));
    return 0;
}

uint64_t x86_helper_fpu_status(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return x86_fpu_status(&x86(cpu)->fpu);
}

uint64_t x86_helper_fpu_control(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return x86(cpu)->fpu.control;
}

uint64_t x86_helper_fpu_set_control(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    if (!x86_fpu_pending(x86(cpu))) {
        x86_fpu_set_control(&x86(cpu)->fpu, a);
        x86_fpu_errors_changed(x86(cpu));
    }
    return 0;
}

/* FNCLEX (a: 0), FNINIT */
uint64_t x86_helper_fpu_clear(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    X86Fpu *fpu = &x86(cpu)->fpu;

    if (a) {
        x86_fpu_reset(fpu);
    } else {
        fpu->status &= ~(X87_EXCEPTIONS | X87_SF);
    }
    x86_fpu_errors_changed(x86(cpu));
    return 0;
}
