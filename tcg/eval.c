/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/eval.h"

static uint64_t high_half(IrOpcode op, uint64_t a, uint64_t b)
{
    switch (op) {
    case IR_MULHS: return (unsigned __int128)((__int128)(int64_t)a * (int64_t)b) >> 64;
    case IR_MULHSU: return (unsigned __int128)((__int128)(int64_t)a * (__int128)b) >> 64;
    default: return ((unsigned __int128)a * b) >> 64;
    }
}

static uint64_t high_half32(IrOpcode op, uint32_t a, uint32_t b)
{
    switch (op) {
    case IR_MULHS: return (uint64_t)((int64_t)(int32_t)a * (int32_t)b) >> 32;
    case IR_MULHSU: return (uint64_t)((int64_t)(int32_t)a * (int64_t)b) >> 32;
    default: return ((uint64_t)a * b) >> 32;
    }
}

/* Operands are already extended to 64 bits according to the op's signedness; @min is the most
 * negative value. */
static uint64_t divide(IrOpcode op, IrDivRule rule, uint64_t a, uint64_t b, int64_t min)
{
    bool is_signed = op == IR_DIVS || op == IR_REMS;
    bool remainder = op == IR_REMS || op == IR_REMU;

    if (b == 0) {
        if (remainder) {
            return a;
        }
        return rule == IR_DIV_RISCV ? UINT64_MAX : 0;
    }
    if (is_signed) {
        if ((int64_t)a == min && (int64_t)b == -1) {
            return remainder ? 0 : a;
        }
        return remainder ? (int64_t)a % (int64_t)b : (int64_t)a / (int64_t)b;
    }
    return remainder ? a % b : a / b;
}

static uint64_t eval64(IrOpcode op, uint8_t aux, uint64_t a, uint64_t b)
{
    unsigned n = b & 63;

    switch (op) {
    case IR_ADD: return a + b;
    case IR_SUB: return a - b;
    case IR_MUL: return a * b;
    case IR_MULHS:
    case IR_MULHU:
    case IR_MULHSU: return high_half(op, a, b);
    case IR_DIVS:
    case IR_DIVU:
    case IR_REMS:
    case IR_REMU: return divide(op, aux, a, b, INT64_MIN);
    case IR_AND: return a & b;
    case IR_OR: return a | b;
    case IR_XOR: return a ^ b;
    case IR_ANDN: return a & ~b;
    case IR_NOT: return ~a;
    case IR_NEG: return -a;
    case IR_SHL: return a << n;
    case IR_SHR: return a >> n;
    case IR_SAR: return (int64_t)a >> n;
    case IR_ROL: return a << n | a >> (-n & 63);
    case IR_ROR: return a >> n | a << (-n & 63);
    case IR_CLZ: return a ? __builtin_clzll(a) : 64;
    case IR_CTZ: return a ? __builtin_ctzll(a) : 64;
    case IR_POPCNT: return __builtin_popcountll(a);
    case IR_BSWAP: return __builtin_bswap64(a);
    case IR_SEXT8: return (int8_t)a;
    case IR_SEXT16: return (int16_t)a;
    case IR_SEXT32: return (int32_t)a;
    case IR_ZEXT8: return (uint8_t)a;
    case IR_ZEXT16: return (uint16_t)a;
    case IR_ZEXT32:
    case IR_TRUNC: return (uint32_t)a;
    default: g_assert_not_reached();
    }
}

static uint32_t eval32(IrOpcode op, uint8_t aux, uint32_t a, uint32_t b)
{
    unsigned n = b & 31;

    switch (op) {
    case IR_MULHS:
    case IR_MULHU:
    case IR_MULHSU: return high_half32(op, a, b);
    case IR_DIVS:
    case IR_REMS: return divide(op, aux, (int32_t)a, (int32_t)b, INT32_MIN);
    case IR_SHL: return a << n;
    case IR_SHR: return a >> n;
    case IR_SAR: return (int32_t)a >> n;
    case IR_ROL: return a << n | a >> (-n & 31);
    case IR_ROR: return a >> n | a << (-n & 31);
    case IR_CLZ: return a ? __builtin_clz(a) : 32;
    case IR_CTZ: return a ? __builtin_ctz(a) : 32;
    case IR_BSWAP: return __builtin_bswap32(a);
    default: return eval64(op, aux, a, b);
    }
}

uint64_t ir_eval(IrOpcode op, IrType type, uint8_t aux, uint64_t a, uint64_t b)
{
    if (op == IR_SEXT32) {
        return (int32_t)a;
    }
    return type == IR_I32 ? eval32(op, aux, a, b) : eval64(op, aux, a, b);
}

bool ir_eval_cond(IrCond cond, IrType type, uint64_t a, uint64_t b)
{
    int64_t sa = type == IR_I32 ? (int32_t)a : (int64_t)a;
    int64_t sb = type == IR_I32 ? (int32_t)b : (int64_t)b;

    switch (cond) {
    case IR_EQ: return a == b;
    case IR_NE: return a != b;
    case IR_LT: return sa < sb;
    case IR_GE: return sa >= sb;
    case IR_LE: return sa <= sb;
    case IR_GT: return sa > sb;
    case IR_LTU: return a < b;
    case IR_GEU: return a >= b;
    case IR_LEU: return a <= b;
    case IR_GTU: return a > b;
    case IR_TSTEQ: return (a & b) == 0;
    case IR_TSTNE: return (a & b) != 0;
    default: g_assert_not_reached();
    }
}

uint64_t ir_extend(uint64_t value, unsigned size_log2, bool sign)
{
    unsigned shift = 64 - (8u << size_log2);

    return sign ? (uint64_t)((int64_t)(value << shift) >> shift) : value << shift >> shift;
}

uint64_t ir_eval_atomic(IrAtomic kind, unsigned size_log2, uint64_t old, uint64_t operand)
{
    uint64_t uold = ir_extend(old, size_log2, false);
    uint64_t unew = ir_extend(operand, size_log2, false);
    int64_t sold = ir_extend(old, size_log2, true);
    int64_t snew = ir_extend(operand, size_log2, true);

    switch (kind) {
    case IR_ATOMIC_SWAP: return operand;
    case IR_ATOMIC_ADD: return old + operand;
    case IR_ATOMIC_AND: return old & operand;
    case IR_ATOMIC_OR: return old | operand;
    case IR_ATOMIC_XOR: return old ^ operand;
    case IR_ATOMIC_MIN: return sold < snew ? old : operand;
    case IR_ATOMIC_MAX: return sold > snew ? old : operand;
    case IR_ATOMIC_MINU: return uold < unew ? old : operand;
    case IR_ATOMIC_MAXU: return uold > unew ? old : operand;
    default: g_assert_not_reached();
    }
}
