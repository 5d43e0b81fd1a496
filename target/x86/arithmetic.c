/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of integer instructions that have no short form in the IR. Spec: SDM vol. 2, the
 * instructions. */
#include "target/x86/frontend_internal.h"
#include "target/x86/registers_internal.h"
#include "target/x86/translate_internal.h"

typedef unsigned __int128 U128;

/* Division. The dividend has twice the bytes of the divisor. */

static uint64_t divide_unsigned(X86Cpu *cpu, unsigned bytes, U128 dividend, uint64_t divisor)
{
    U128 quotient = divisor ? dividend / divisor : 0;

    if (!divisor || quotient >> bytes * 8) {
        return x86_raise(cpu, X86_DE);
    }
    return quotient;
}

static uint64_t divide_signed(X86Cpu *cpu, unsigned bytes, __int128 dividend, int64_t divisor)
{
    bool negative = (dividend < 0) != (divisor < 0);
    U128 a = dividend < 0 ? -(U128)dividend : (U128)dividend;
    uint64_t b = divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor;
    U128 quotient = b ? a / b : 0, most = ((U128)1 << (bytes * 8 - 1)) - !negative;

    if (!b || quotient > most) {
        return x86_raise(cpu, X86_DE);
    }
    return negative ? -(uint64_t)quotient : (uint64_t)quotient;
}

uint64_t x86_helper_divide(void *c, uint64_t what, uint64_t low, uint64_t high, uint64_t divisor)
{
    X86Cpu *cpu = x86_cpu(c);
    unsigned bytes = what & 255;
    bool is_signed = what >> 8 & 1;
    U128 dividend = (U128)high << 64 | low;

    if (!is_signed) {
        if (bytes == 8 && !high && divisor) {
            return low / divisor;
        }
        return divide_unsigned(cpu, bytes, dividend, divisor);
    }
    if (bytes < 8) {
        unsigned shift = 64 - bytes * 16;
        dividend = (U128)(__int128)((int64_t)(low << shift) >> shift);
    }
    return divide_signed(cpu, bytes, dividend, divisor);
}

/* RCL, RCR: value and carry are one number of a bit more. */
uint64_t x86_helper_rotate_carry(void *c, uint64_t what, uint64_t value, uint64_t carry, uint64_t d)
{
    X86Cpu *cpu = x86_cpu(c);
    unsigned bits = (what & 255) * 8, width = bits + 1, count = (what >> 16) % width;
    U128 v = (U128)carry << bits | value, mask = ((U128)1 << width) - 1;

    if (what >> 8 & 1) {
        count = (width - count) % width;
    }
    if (count) {
        v = (v << count | v >> (width - count)) & mask;
    }
    cpu->scratch[0] = v >> bits & 1;
    return v;
}

/* BCD. The undefined flags are as for the addition or subtraction at hand. */

static void set_decimal_flags(X86Cpu *cpu, uint8_t al, uint32_t carries)
{
    cpu->flags.kind = X86_FLAGS_SHIFT;
    cpu->flags.result = al;
    cpu->flags.extra = carries;
}

static void set_ax(X86Cpu *cpu, uint16_t ax)
{
    cpu->r[X86_RAX] = (cpu->r[X86_RAX] & ~0xffffull) | ax;
}

/* DAA, DAS */
static void adjust_packed(X86Cpu *cpu, bool subtract)
{
    uint32_t flags = x86_flags_arithmetic(&cpu->flags), out = 0;
    uint8_t old = cpu->r[X86_RAX], al = old;

    if ((old & 15) > 9 || flags & RFLAGS_AF) {
        al = subtract ? al - 6 : al + 6;
        out |= RFLAGS_AF | (flags & RFLAGS_CF) | (subtract && old < 6 ? RFLAGS_CF : 0);
    }
    if (old > 0x99 || flags & RFLAGS_CF) {
        al = subtract ? al - 0x60 : al + 0x60;
        out |= RFLAGS_CF;
    }
    cpu->r[X86_RAX] = (cpu->r[X86_RAX] & ~0xffull) | al;
    set_decimal_flags(cpu, al, out);
}

/* AAA, AAS */
static void adjust_unpacked(X86Cpu *cpu, bool subtract)
{
    uint16_t ax = cpu->r[X86_RAX];
    uint32_t out = 0;

    if ((ax & 15) > 9 || x86_flags_arithmetic(&cpu->flags) & RFLAGS_AF) {
        ax = subtract ? ax - 0x106 : ax + 0x106;
        out = RFLAGS_AF | RFLAGS_CF;
    }
    ax &= 0xff0f;
    set_ax(cpu, ax);
    set_decimal_flags(cpu, ax, out);
}

uint64_t x86_helper_decimal(void *c, uint64_t which, uint64_t base, uint64_t d, uint64_t e)
{
    enum { DAA, DAS, AAA, AAS, AAM, AAD };
    X86Cpu *cpu = x86_cpu(c);
    uint8_t al = cpu->r[X86_RAX], ah = cpu->r[X86_RAX] >> 8;

    switch (which) {
    case DAA:
    case DAS: adjust_packed(cpu, which == DAS); return 0;
    case AAA:
    case AAS: adjust_unpacked(cpu, which == AAS); return 0;
    case AAM:
        if (!base) {
            return x86_raise(cpu, X86_DE);
        }
        ah = al / base;
        al = al % base;
        break;
    default:
        al = al + ah * base;
        ah = 0;
        break;
    }
    set_ax(cpu, ah << 8 | al);
    set_decimal_flags(cpu, al, 0);
    return 0;
}

/* @index outside [@low, @high], all sign-extended: #BR */
uint64_t x86_helper_bound(void *c, uint64_t index, uint64_t low, uint64_t high, uint64_t d)
{
    if ((int64_t)index < (int64_t)low || (int64_t)index > (int64_t)high) {
        return x86_raise(x86_cpu(c), X86_BR);
    }
    return 0;
}

/* Bits */

uint64_t x86_helper_pdep(void *c, uint64_t value, uint64_t mask, uint64_t d, uint64_t e)
{
    uint64_t result = 0;

    for (; mask; mask &= mask - 1, value >>= 1) {
        result |= value & 1 ? mask & -mask : 0;
    }
    return result;
}

uint64_t x86_helper_pext(void *c, uint64_t value, uint64_t mask, uint64_t d, uint64_t e)
{
    uint64_t result = 0;

    for (unsigned i = 0; mask; mask &= mask - 1, i++) {
        result |= value & mask & -mask ? 1ull << i : 0;
    }
    return result;
}

/* CRC-32C, reflected polynomial 0x11edc6f41 */
uint64_t x86_helper_crc32(void *c, uint64_t crc, uint64_t value, uint64_t bytes, uint64_t e)
{
    enum { POLYNOMIAL = 0x82f63b78 };
    uint32_t v = crc;

    for (unsigned i = 0; i < bytes; i++) {
        v ^= (uint8_t)(value >> i * 8);
        for (unsigned k = 0; k < 8; k++) {
            v = v >> 1 ^ (v & 1 ? POLYNOMIAL : 0);
        }
    }
    return v;
}

/* Flags */

uint64_t x86_helper_flags_bits(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    return x86_flags_arithmetic(&x86_cpu(c)->flags);
}

uint64_t x86_helper_flags_carry(void *c, uint64_t a, uint64_t b, uint64_t d, uint64_t e)
{
    return x86_flags_arithmetic(&x86_cpu(c)->flags) & RFLAGS_CF;
}

/* CMPXCHG16B */

/* Full barrier, 16 bytes at a 16-byte aligned address. */
__attribute__((target("cx16"))) static U128 cas128(U128 *at, U128 expected, U128 desired)
{
    return __sync_val_compare_and_swap(at, expected, desired);
}

/* In pieces, for memory that has no host address: not atomic for other processors. False: an
 * exception was raised. */
static bool cas128_in_pieces(X86Cpu *cpu, uint64_t address, unsigned bank, U128 expected,
                             U128 desired, U128 *seen)
{
    IrMem mem = { .size_log2 = 3, .bank = bank };
    uint64_t low, high;

    if (!tcg_load(&cpu->cpu, address, mem, &low) || !tcg_load(&cpu->cpu, address + 8, mem, &high)) {
        return false;
    }
    *seen = (U128)high << 64 | low;
    if (*seen != expected) {
        desired = *seen; /* it is written in any case */
    }
    return tcg_store(&cpu->cpu, address, mem, desired) &&
           tcg_store(&cpu->cpu, address + 8, mem, desired >> 64);
}

uint64_t x86_helper_cmpxchg16b(void *c, uint64_t address, uint64_t bank, uint64_t d, uint64_t e)
{
    X86Cpu *cpu = x86_cpu(c);
    U128 expected = (U128)cpu->r[X86_RDX] << 64 | cpu->r[X86_RAX], seen;
    U128 desired = (U128)cpu->r[X86_RCX] << 64 | cpu->r[X86_RBX];
    uint32_t flags = x86_flags_arithmetic(&cpu->flags) & ~RFLAGS_ZF;
    void *host;

    if (address & 15) {
        return x86_raise_code(cpu, X86_GP, 0);
    }
    host = tcg_host_pointer(&cpu->cpu, address, sizeof(seen), TCG_ACCESS_STORE, bank);
    if (host) {
        seen = cas128(host, expected, desired);
    } else if (cpu->cpu.env.hot.raise ||
               !cas128_in_pieces(cpu, address, bank, expected, desired, &seen)) {
        return 0;
    }
    cpu->r[X86_RAX] = seen;
    cpu->r[X86_RDX] = seen >> 64;
    cpu->flags.kind = X86_FLAGS_BITS;
    cpu->flags.result = flags | (seen == expected ? RFLAGS_ZF : 0);
    return 0;
}
