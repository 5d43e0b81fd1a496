/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 instructions on registers and on operands of up to 64 bits. They are told apart by their
 * opcode: the low three bits of the first byte, then ModRM. Spec: SDM vol. 2, table.
 */
#include "target/x86/fpu_internal.h"

/* A number of the formats in memory, unchanged: signalling NaNs stay so. */
typedef struct {
    FloatX80 v;
    bool denormal;
} Operand;

static Operand widen(bool sign, unsigned exponent, uint64_t fraction, unsigned exponent_bits)
{
    unsigned all = (1u << exponent_bits) - 1, bias = all >> 1;
    Operand o = { .v.sign_exponent = sign << 15, .v.significand = fraction };

    if (exponent == 0 && fraction) {
        unsigned shift = __builtin_clzll(fraction);
        o.denormal = true;
        o.v.significand = fraction << shift;
        o.v.sign_exponent |= 16383 - bias + 1 - shift;
    } else if (exponent) {
        o.v.significand |= 1ull << 63;
        o.v.sign_exponent |= exponent == all ? 0x7fff : exponent + 16383 - bias;
    }
    return o;
}

static Operand from_single(uint32_t v)
{
    return widen(v >> 31, v >> 23 & 0xff, (uint64_t)(v & 0x7fffff) << 40, 8);
}

static Operand from_double(uint64_t v)
{
    return widen(v >> 63, v >> 52 & 0x7ff, (v & 0xfffffffffffff) << 11, 11);
}

static Operand from_integer(int64_t v)
{
    FloatStatus st = { 0 };

    return (Operand){ .v = x80_from_i64(v, &st) };
}

/* /0 add /1 mul /4 sub /5 subr /6 div /7 divr */
static FloatX80 arithmetic(unsigned op, FloatX80 a, FloatX80 b, FloatStatus *st)
{
    switch (op) {
    case 0: return x80_add(a, b, st);
    case 1: return x80_mul(a, b, st);
    case 4: return x80_sub(a, b, st);
    case 5: return x80_sub(b, a, st);
    case 6: return x80_div(a, b, st);
    default: return x80_div(b, a, st);
    }
}

/* Result of a and b to register @to; false: no pop either. */
static bool compute(X86Fpu *fpu, unsigned op, unsigned to, Operand a, Operand b, bool empty)
{
    FloatStatus st = fpu_float_status(fpu);
    FloatX80 result = X87_INDEFINITE;

    if (empty) {
        if (!fpu_underflow(fpu)) {
            return false;
        }
    } else {
        result = arithmetic(op, a.v, b.v, &st);
        if (b.denormal && !x80_is_nan(a.v) && !(st.flags & FLOAT_DIVBYZERO)) {
            st.flags |= FLOAT_INPUT_DENORMAL;
        }
        if (!fpu_settle(fpu, &st)) {
            return false;
        }
    }
    fpu_set(fpu, to, result);
    return true;
}

static uint16_t condition_codes(FloatRelation relation)
{
    static const uint16_t codes[] = { X87_C0, X87_C3, 0, X87_C0 | X87_C2 | X87_C3 };

    return codes[relation - FLOAT_LESS];
}

/* False: an exception is not masked; conditions are set all the same, but nothing is popped. */
static bool relate(X86Fpu *fpu, FloatX80 a, Operand b, bool empty, bool quiet,
                   FloatRelation *relation)
{
    FloatStatus st = fpu_float_status(fpu);

    *relation = FLOAT_UNORDERED;
    if (empty) {
        return fpu_underflow(fpu);
    }
    *relation = quiet ? x80_compare_quiet(a, b.v, &st) : x80_compare(a, b.v, &st);
    st.flags |= b.denormal && *relation != FLOAT_UNORDERED ? FLOAT_INPUT_DENORMAL : 0;
    return fpu_settle(fpu, &st);
}

static bool compare(X86Fpu *fpu, Operand b, bool empty, bool quiet)
{
    FloatRelation relation;
    bool done = relate(fpu, fpu_get(fpu, 0), b, empty || fpu_is_empty(fpu, 0), quiet, &relation);

    fpu->status = (fpu->status & ~X87_CONDITIONS) | condition_codes(relation);
    return done;
}

static void compare_pop(X86Fpu *fpu, Operand b, bool empty, bool quiet, unsigned pops)
{
    if (compare(fpu, b, empty, quiet)) {
        while (pops--) {
            x86_fpu_pop(fpu);
        }
    }
}

/* With a memory operand: D8, DA, DC, DE by /reg */
static void with_operand(X86Fpu *fpu, unsigned op, Operand b)
{
    Operand a = { .v = fpu_get(fpu, 0) };

    if (op == 2 || op == 3) {
        compare_pop(fpu, b, false, false, op == 3);
    } else {
        compute(fpu, op, 0, a, b, fpu_is_empty(fpu, 0));
    }
}

/* D8, DC, DE with registers. Of the latter two the destination is ST(i), and subtraction and
 * division are the other way round. */
static void with_register(X86Fpu *fpu, unsigned group, unsigned op, unsigned i)
{
    Operand st0 = { .v = fpu_get(fpu, 0) }, sti = { .v = fpu_get(fpu, i) };
    bool empty = fpu_is_empty(fpu, 0) || fpu_is_empty(fpu, i), pop = group == 6;

    if (op == 2 || op == 3) {
        compare_pop(fpu, sti, empty, false, op == 2 ? pop : 1 + (pop && i == 1));
    } else if (group == 0) {
        compute(fpu, op, 0, st0, sti, empty);
    } else if (compute(fpu, op, i, st0, sti, empty) && pop) {
        x86_fpu_pop(fpu);
    }
}

static bool condition_holds(unsigned which, uint32_t flags)
{
    enum { CF = 1, PF = 4, ZF = 0x40 };

    switch (which) {
    case 0: return flags & CF;
    case 1: return flags & ZF;
    case 2: return flags & (CF | ZF);
    default: return flags & PF;
    }
}

static void move_if(X86Fpu *fpu, unsigned i, bool condition)
{
    if (fpu_is_empty(fpu, 0) || fpu_is_empty(fpu, i)) {
        if (fpu_underflow(fpu)) {
            fpu_set(fpu, 0, X87_INDEFINITE);
        }
    } else if (condition) {
        fpu_set(fpu, 0, fpu_get(fpu, i));
    }
}

/* FCOMI and FUCOMI, also popping */
static uint32_t compare_flags(X86Fpu *fpu, unsigned i, bool quiet, bool pop)
{
    enum { CF = 1, PF = 4, ZF = 0x40 };
    static const uint8_t flags[] = { CF, ZF, 0, CF | PF | ZF };
    Operand b = { .v = fpu_get(fpu, i) };
    uint16_t c1 = fpu->status & X87_C1;
    FloatRelation relation;
    bool empty = fpu_is_empty(fpu, 0) || fpu_is_empty(fpu, i);

    if (relate(fpu, fpu_get(fpu, 0), b, empty, quiet, &relation) && pop) {
        x86_fpu_pop(fpu);
    }
    fpu->status |= empty ? 0 : c1; /* as processors do, whatever the manual */
    return flags[relation - FLOAT_LESS];
}

/* FLD of a number that is converted */
static void load(X86Fpu *fpu, Operand o)
{
    FloatStatus st = fpu_float_status(fpu);

    if (!fpu_is_empty(fpu, 7)) {
        fpu_push(fpu, o.v);
        return;
    }
    if (x80_is_snan(o.v)) {
        st.flags |= FLOAT_INVALID;
        o.v.significand |= 1ull << 62;
    }
    st.flags |= o.denormal ? FLOAT_INPUT_DENORMAL : 0;
    if (fpu_settle(fpu, &st) || o.denormal) { /* that is reported but loaded */
        fpu_push(fpu, o.v);
    }
}

static void exchange(X86Fpu *fpu, unsigned i)
{
    FloatX80 a = fpu_get(fpu, 0), b = fpu_get(fpu, i);

    fpu->status &= ~X87_C1;
    if (fpu_is_empty(fpu, 0) || fpu_is_empty(fpu, i)) {
        if (!fpu_underflow(fpu)) {
            return;
        }
        a = fpu_is_empty(fpu, 0) ? X87_INDEFINITE : a;
        b = fpu_is_empty(fpu, i) ? X87_INDEFINITE : b;
    }
    fpu_set(fpu, i, a);
    fpu_set(fpu, 0, b);
}

static void load_register(X86Fpu *fpu, unsigned i)
{
    FloatX80 v = fpu_get(fpu, i);

    fpu->status &= ~X87_C1;
    if (fpu_is_empty(fpu, i)) {
        if (fpu_underflow(fpu)) { /* whether there is room or not */
            fpu->top = (fpu->top - 1) & 7;
            fpu_set(fpu, 0, X87_INDEFINITE);
        }
        return;
    }
    fpu_push(fpu, v);
}

/* FST and FSTP to a register */
static void store_register(X86Fpu *fpu, unsigned i, bool pop)
{
    FloatX80 v = fpu_get(fpu, 0);

    fpu->status &= ~X87_C1;
    if (fpu_is_empty(fpu, 0)) {
        if (!fpu_underflow(fpu)) {
            return;
        }
        v = X87_INDEFINITE;
    }
    fpu_set(fpu, i, v);
    if (pop) {
        x86_fpu_pop(fpu);
    }
}

static void free_register(X86Fpu *fpu, unsigned i)
{
    fpu->status &= ~X87_C1;
    fpu->empty |= 1u << fpu_physical(fpu, i);
}

/* D9 D8 to DF: as FSTP, but an empty register is no error and only popped */
static void store_unchecked(X86Fpu *fpu, unsigned i)
{
    if (fpu_is_empty(fpu, 0)) {
        fpu->status &= ~X87_C1;
        x86_fpu_pop(fpu);
    } else {
        store_register(fpu, i, true);
    }
}

static void change_sign(X86Fpu *fpu, uint16_t keep, uint16_t flip)
{
    FloatX80 v = fpu_get(fpu, 0);

    fpu->status &= ~X87_C1;
    if (fpu_is_empty(fpu, 0)) {
        if (fpu_underflow(fpu)) {
            fpu_set(fpu, 0, X87_INDEFINITE);
        }
        return;
    }
    v.sign_exponent = (v.sign_exponent & keep) ^ flip;
    fpu_set(fpu, 0, v);
}

/* FXAM: class in C3 C2 C0, sign in C1 */
static void examine(X86Fpu *fpu)
{
    FloatX80 v = fpu_get(fpu, 0);
    unsigned class = x80_classify(v), codes, exponent = v.sign_exponent & 0x7fff;
    bool unsupported = exponent && !(v.significand >> 63);

    if (fpu_is_empty(fpu, 0)) {
        codes = X87_C3 | X87_C0;
    } else if (unsupported) {
        codes = 0;
    } else if (class & (FLOAT_CLASS_QNAN | FLOAT_CLASS_SNAN)) {
        codes = X87_C0;
    } else if (class & (FLOAT_CLASS_NEG_INF | FLOAT_CLASS_POS_INF)) {
        codes = X87_C2 | X87_C0;
    } else if (class & (FLOAT_CLASS_NEG_ZERO | FLOAT_CLASS_POS_ZERO)) {
        codes = X87_C3;
    } else {
        codes = exponent ? X87_C2 : X87_C3 | X87_C2;
    }
    fpu->status = (fpu->status & ~X87_CONDITIONS) | codes | (v.sign_exponent >> 15 ? X87_C1 : 0);
}

/* Constants (SDM vol. 1, 8.3.8), cut off after 64 bits; .up: the nearest is the one above */
static void load_constant(X86Fpu *fpu, unsigned which)
{
    static const struct {
        uint64_t significand;
        uint16_t exponent;
        bool inexact, up;
    } constants[] = {
        { 0x8000000000000000, 0x3fff, false, false }, /* 1 */
        { 0xd49a784bcd1b8afe, 0x4000, true, false },  /* log2 10 */
        { 0xb8aa3b295c17f0bb, 0x3fff, true, true },   /* log2 e */
        { 0xc90fdaa22168c234, 0x4000, true, true },   /* pi */
        { 0x9a209a84fbcff798, 0x3ffd, true, true },   /* log10 2 */
        { 0xb17217f7d1cf79ab, 0x3ffe, true, true },   /* ln 2 */
        { 0, 0, false, false },
    };
    FloatRounding rounding = fpu_float_status(fpu).rounding;
    FloatX80 v = { constants[which].significand, constants[which].exponent };
    bool up = rounding == FLOAT_RUP || (rounding == FLOAT_RNE && constants[which].up);

    v.significand += constants[which].inexact && up;
    x86_fpu_push_x80(fpu, v);
}

static void test(X86Fpu *fpu)
{
    compare(fpu, (Operand){ .v = { 0 } }, false, false);
}

/* D9 C0 to FF */
static void group_d9(X86Fpu *fpu, unsigned modrm)
{
    unsigned i = modrm & 7;

    switch (modrm >> 3 & 7) {
    case 0: load_register(fpu, i); return;
    case 1: exchange(fpu, i); return;
    case 2: return; /* FNOP */
    case 3: store_unchecked(fpu, i); return;
    case 5: load_constant(fpu, i); return;
    case 4: break;
    default: x86_fpu_special(fpu, modrm); return;
    }
    switch (i) {
    case 0: change_sign(fpu, 0xffff, 0x8000); break;
    case 1: change_sign(fpu, 0x7fff, 0); break;
    case 4: test(fpu); break;
    default: examine(fpu); break;
    }
}

/* DD C0 to FF */
static void group_dd(X86Fpu *fpu, unsigned modrm)
{
    unsigned i = modrm & 7;
    bool empty = fpu_is_empty(fpu, i);

    switch (modrm >> 3 & 7) {
    case 0: free_register(fpu, i); break;
    case 1: exchange(fpu, i); break;
    case 2: store_register(fpu, i, false); break;
    case 3: store_register(fpu, i, true); break;
    default: compare_pop(fpu, (Operand){ .v = fpu_get(fpu, i) }, empty, true, modrm >> 3 & 1);
    }
}

/* DF C0 to FF but FNSTSW */
static uint32_t group_df(X86Fpu *fpu, unsigned modrm)
{
    unsigned i = modrm & 7;

    switch (modrm >> 3 & 7) {
    case 0:
        free_register(fpu, i);
        x86_fpu_pop(fpu);
        return 0;
    case 1: exchange(fpu, i); return 0;
    case 2:
    case 3: store_register(fpu, i, true); return 0;
    default: return compare_flags(fpu, i, (modrm >> 3 & 7) == 5, true);
    }
}

/* DA and DB C0 to FF but FNCLEX and FNINIT */
static uint32_t group_da_db(X86Fpu *fpu, unsigned group, unsigned modrm, uint32_t flags)
{
    unsigned i = modrm & 7, op = modrm >> 3 & 7;

    if (op < 4) {
        move_if(fpu, i, condition_holds(op, flags) == (group == 2));
    } else if (group == 2) { /* FUCOMPP */
        compare_pop(fpu, (Operand){ .v = fpu_get(fpu, 1) }, fpu_is_empty(fpu, 1), true, 2);
    } else if (op == 5 || op == 6) {
        return compare_flags(fpu, i, op == 5, false);
    }
    return 0;
}

static void with_memory(X86Fpu *fpu, unsigned group, unsigned op, uint64_t v)
{
    switch (group) {
    case 0: with_operand(fpu, op, from_single(v)); break;
    case 2: with_operand(fpu, op, from_integer((int32_t)v)); break;
    case 4: with_operand(fpu, op, from_double(v)); break;
    case 6: with_operand(fpu, op, from_integer((int16_t)v)); break;
    case 1: load(fpu, from_single(v)); break;
    case 5: load(fpu, from_double(v)); break;
    case 3: load(fpu, from_integer((int32_t)v)); break;
    default: load(fpu, from_integer(op == 5 ? (int64_t)v : (int16_t)v)); break;
    }
}

uint32_t x86_fpu_run(X86Fpu *fpu, unsigned opcode, uint64_t operand)
{
    unsigned group = opcode >> 8 & 7, modrm = opcode & 0xff;

    if (modrm < 0xc0) {
        with_memory(fpu, group, modrm >> 3 & 7, operand);
        return 0;
    }
    switch (group) {
    case 1: group_d9(fpu, modrm); return 0;
    case 2:
    case 3: return group_da_db(fpu, group, modrm, operand);
    case 5: group_dd(fpu, modrm); return 0;
    case 7: return group_df(fpu, modrm);
    default: with_register(fpu, group, modrm >> 3 & 7, modrm & 7); return 0;
    }
}
