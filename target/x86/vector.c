/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running a vector operation under MXCSR. Spec: SDM vol. 1, 10.2.3 (MXCSR), 11.5 (exceptions). */
#include "target/x86/vector.h"

const X86VectorInfo x86_vector_info[X86_V_COUNT] = {
#define VECTOR(op, is_fp) [X86_V_##op] = { .name = #op, .fn = x86_vector_##op, .fp = (is_fp) },
#include "target/x86/vector_ops.def"
#undef VECTOR
};

static FloatStatus status(uint32_t mxcsr, uint32_t unmasked)
{
    static const uint8_t modes[] = { FLOAT_RNE, FLOAT_RDN, FLOAT_RUP, FLOAT_RTZ };

    return (FloatStatus){
        .rounding = modes[mxcsr >> X86_MXCSR_RC_SHIFT & 3],
        .nan_rule = FLOAT_NAN_X86,
        .int_rule = FLOAT_INT_X86,
        .default_nan_negative = true,
        .trap_overflow = unmasked & X86_MXCSR_OVERFLOW,
        .trap_underflow = unmasked & X86_MXCSR_UNDERFLOW,
        .flush_to_zero = mxcsr & X86_MXCSR_FTZ && !(unmasked & X86_MXCSR_UNDERFLOW),
        .flush_is_inexact = true,
        .flush_inputs_to_zero = mxcsr & X86_MXCSR_DAZ,
    };
}

static uint32_t flags_to_mxcsr(uint8_t flags)
{
    return (flags & FLOAT_INVALID ? X86_MXCSR_INVALID : 0) |
           (flags & FLOAT_INPUT_DENORMAL ? X86_MXCSR_DENORMAL : 0) |
           (flags & FLOAT_DIVBYZERO ? X86_MXCSR_DIVBYZERO : 0) |
           (flags & FLOAT_OVERFLOW ? X86_MXCSR_OVERFLOW : 0) |
           (flags & FLOAT_UNDERFLOW ? X86_MXCSR_UNDERFLOW : 0) |
           (flags & FLOAT_INEXACT ? X86_MXCSR_INEXACT : 0);
}

bool x86_vector_stage(X86VectorCall *call)
{
    const uint32_t before = X86_MXCSR_INVALID | X86_MXCSR_DENORMAL | X86_MXCSR_DIVBYZERO;
    uint32_t raised = flags_to_mxcsr(call->st.flags);

    call->raised |= raised & call->unmasked & before ? raised & before : raised;
    call->st.flags = 0;
    return !(call->raised & call->unmasked);
}

bool x86_vector_run(X86VectorOp op, X86Vector *d, const X86Vector *a, const X86Vector *b,
                    X86VectorCall *call, uint32_t *mxcsr)
{
    bool ok;

    *d = (X86Vector){ 0 };
    if (!x86_vector_info[op].fp) {
        x86_vector_info[op].fn(d, a, b, call);
        return true;
    }
    call->unmasked = ~(*mxcsr >> X86_MXCSR_MASK_SHIFT) & X86_MXCSR_FLAGS;
    call->raised = 0;
    call->st = status(*mxcsr, call->unmasked);
    x86_vector_info[op].fn(d, a, b, call);
    ok = x86_vector_stage(call);
    *mxcsr |= call->raised;
    return ok;
}
