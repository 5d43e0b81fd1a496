/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The x87 unit: stack, exceptions, status. Spec: SDM vol. 1, 8.1, 8.4, 8.5, 8.7. */
#include "target/x86/fpu.h"

#include "target/x86/fpu_internal.h"
#include "target/x86/registers_internal.h"
#include "target/x86/trap.h"

void x86_fpu_reset(X86Fpu *fpu)
{
    fpu->control = X87_CONTROL_RESET;
    fpu->status = 0;
    fpu->top = 0;
    fpu->empty = 0xff;
    fpu->opcode = 0;
    fpu->code_selector = fpu->data_selector = 0;
    fpu->code_pointer = fpu->data_pointer = 0;
}

static unsigned unmasked(const X86Fpu *fpu)
{
    return fpu->status & ~fpu->control & X87_EXCEPTIONS;
}

uint16_t x86_fpu_status(const X86Fpu *fpu)
{
    return fpu->status | (uint16_t)(fpu->top << X87_TOP_SHIFT) |
           (unmasked(fpu) ? X87_ES | X87_B : 0);
}

void x86_fpu_set_status(X86Fpu *fpu, uint16_t status)
{
    fpu->top = status >> X87_TOP_SHIFT & 7;
    fpu->status = status & (X87_EXCEPTIONS | X87_SF | X87_CONDITIONS);
}

void x86_fpu_set_control(X86Fpu *fpu, uint16_t control)
{
    fpu->control = (control & X87_CONTROL_VALID) | X87_CONTROL_ONE;
}

static unsigned tag(FloatX80 v)
{
    unsigned exponent = v.sign_exponent & 0x7fff;
    bool integer = v.significand >> 63;

    if (exponent == 0) {
        return v.significand ? 2 : 1;
    }
    return exponent == 0x7fff || !integer ? 2 : 0;
}

uint16_t x86_fpu_tags(const X86Fpu *fpu)
{
    uint16_t tags = 0;

    for (unsigned i = 0; i < 8; i++) {
        tags |= (fpu->empty >> i & 1 ? 3 : tag(fpu->r[i])) << 2 * i;
    }
    return tags;
}

bool x86_fpu_pending(X86Cpu *cpu)
{
    if (!unmasked(&cpu->fpu)) {
        return false;
    }
    if (cpu->control.cr0 & CR0_NE) {
        x86_raise(cpu, X86_MF);
        return true;
    }
    if (cpu->ferr) {
        cpu->ferr(cpu->ferr_opaque, true);
    }
    return false;
}

void x86_fpu_errors_changed(X86Cpu *cpu)
{
    if (cpu->ferr && !unmasked(&cpu->fpu)) {
        cpu->ferr(cpu->ferr_opaque, false);
    }
}

FloatStatus fpu_float_status(const X86Fpu *fpu)
{
    static const uint8_t modes[] = { FLOAT_RNE, FLOAT_RDN, FLOAT_RUP, FLOAT_RTZ };
    static const uint8_t precisions[] = { 24, 64, 53, 64 };

    return (FloatStatus){
        .rounding = modes[fpu->control >> X87_RC_SHIFT & 3],
        .nan_rule = FLOAT_NAN_X87,
        .int_rule = FLOAT_INT_X86,
        .x80_precision = precisions[fpu->control >> X87_PC_SHIFT & 3],
        .default_nan_negative = true,
        .trap_overflow = !(fpu->control & X87_OE),
        .trap_underflow = !(fpu->control & X87_UE),
    };
}

bool fpu_settle(X86Fpu *fpu, const FloatStatus *st)
{
    uint8_t flags = st->flags;
    unsigned before = (flags & FLOAT_INVALID ? X87_IE : 0) |
                      (flags & FLOAT_INPUT_DENORMAL && !(flags & FLOAT_INVALID) ? X87_DE : 0) |
                      (flags & FLOAT_DIVBYZERO ? X87_ZE : 0);

    fpu->status = (fpu->status & ~X87_C1) | before;
    if (before & ~fpu->control) {
        return false;
    }
    fpu->status |= (flags & FLOAT_OVERFLOW ? X87_OE : 0) | (flags & FLOAT_UNDERFLOW ? X87_UE : 0) |
                   (flags & FLOAT_INEXACT ? X87_PE : 0) | (flags & FLOAT_ROUNDED_UP ? X87_C1 : 0);
    return true;
}

static bool stack_fault(X86Fpu *fpu, bool overflow)
{
    fpu->status = (fpu->status & ~X87_C1) | X87_IE | X87_SF | (overflow ? X87_C1 : 0);
    return fpu->control & X87_IE;
}

bool fpu_underflow(X86Fpu *fpu)
{
    return stack_fault(fpu, false);
}

bool fpu_push(X86Fpu *fpu, FloatX80 v)
{
    if (!fpu_is_empty(fpu, 7)) {
        if (!stack_fault(fpu, true)) {
            return false;
        }
        v = X87_INDEFINITE;
    }
    fpu->top = (fpu->top - 1) & 7;
    fpu_set(fpu, 0, v);
    return true;
}

void x86_fpu_pop(X86Fpu *fpu)
{
    fpu->empty |= 1u << fpu->top;
    fpu->top = (fpu->top + 1) & 7;
}

void x86_fpu_push_x80(X86Fpu *fpu, FloatX80 value)
{
    fpu->status &= ~X87_C1;
    fpu_push(fpu, value);
}
