/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of bit-manipulation and cryptography instructions that no IR op covers.
 * Spec: unprivileged ISA, ch. 30 (Zbc, Zbkx, zip); scalar cryptography 1.0.1, ch. 4; FIPS 197; FIPS
 * 180-4.
 */
#include "target/riscv/bits_internal.h"

#include "target/riscv/frontend_internal.h"
#include "target/riscv/translate_internal.h"

static uint32_t ror32(uint32_t v, unsigned n)
{
    return v >> n | v << (32 - n);
}

static uint64_t ror64(uint64_t v, unsigned n)
{
    return v >> n | v << (64 - n);
}

static uint64_t sext32(uint32_t v)
{
    return (uint64_t)(int32_t)v;
}

/* Carry-less product of up to 64 bits each. */
static unsigned __int128 clmul(uint64_t x, uint64_t y)
{
    unsigned __int128 sum = 0;

    for (unsigned i = 0; i < 64; i++) {
        if (y >> i & 1) {
            sum ^= (unsigned __int128)x << i;
        }
    }
    return sum;
}

static uint64_t xperm(uint64_t table, uint64_t index, unsigned width, unsigned xlen)
{
    uint64_t mask = (1ull << width) - 1, result = 0;

    for (unsigned i = 0; i < xlen; i += width) {
        uint64_t at = (index >> i & mask) * width;
        result |= at < xlen ? (table >> at & mask) << i : 0;
    }
    return result;
}

/* Even bits of the result from the low half, odd ones from the high half. */
static uint32_t zip(uint32_t v)
{
    uint32_t result = 0;

    for (unsigned i = 0; i < 16; i++) {
        result |= (v >> i & 1) << 2 * i | (v >> (i + 16) & 1) << (2 * i + 1);
    }
    return result;
}

static uint32_t unzip(uint32_t v)
{
    uint32_t result = 0;

    for (unsigned i = 0; i < 16; i++) {
        result |= (v >> 2 * i & 1) << i | (v >> (2 * i + 1) & 1) << (i + 16);
    }
    return result;
}

/* Multiplication in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197, 4.2) */
static uint8_t gf_multiply(uint8_t x, uint8_t y)
{
    uint8_t result = 0;

    for (; y; y >>= 1) {
        result ^= y & 1 ? x : 0;
        x = x << 1 ^ (x & 0x80 ? 0x1b : 0);
    }
    return result;
}

/* FIPS 197, 5.1.1: the multiplicative inverse, then an affine map. x^254 is the inverse. */
static uint8_t aes_sbox(uint8_t x)
{
    uint8_t inverse = 1, power = x;
    uint8_t result = 0x63;

    for (unsigned e = 254; e; e >>= 1) {
        inverse = e & 1 ? gf_multiply(inverse, power) : inverse;
        power = gf_multiply(power, power);
    }
    for (unsigned i = 0; i < 5; i++) {
        result ^= (uint8_t)(inverse << i | inverse >> (8 - i));
    }
    return result;
}

typedef struct {
    uint8_t forward[256], inverse[256];
} AesTables;

static const AesTables *aes_tables(void)
{
    static AesTables tables;
    static gsize ready;

    if (g_once_init_enter(&ready)) {
        for (unsigned i = 0; i < 256; i++) {
            tables.forward[i] = aes_sbox(i);
            tables.inverse[tables.forward[i]] = i;
        }
        g_once_init_leave(&ready, 1);
    }
    return &tables;
}

static uint32_t aes_substitute_word(const uint8_t *box, uint32_t v)
{
    return box[v & 255] | (uint32_t)box[v >> 8 & 255] << 8 | (uint32_t)box[v >> 16 & 255] << 16 |
           (uint32_t)box[v >> 24] << 24;
}

/* One column of MixColumns with the first row of its matrix in @row. */
static uint32_t aes_mix_column(uint32_t column, const uint8_t row[4])
{
    uint32_t result = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint8_t sum = 0;
        for (unsigned k = 0; k < 4; k++) {
            sum ^= gf_multiply(column >> 8 * k & 255, row[(k - i) & 3]);
        }
        result |= (uint32_t)sum << 8 * i;
    }
    return result;
}

static const uint8_t mix_forward[4] = { 2, 3, 1, 1 };
static const uint8_t mix_inverse[4] = { 14, 11, 13, 9 };

static uint64_t aes_mix(uint64_t v, const uint8_t row[4])
{
    return aes_mix_column(v, row) | (uint64_t)aes_mix_column(v >> 32, row) << 32;
}

/* Half of the state after ShiftRows: bytes of the two halves {rs2, rs1} picked column by column. */
static uint64_t aes64_round(uint64_t rs1, uint64_t rs2, bool decrypt)
{
    const uint8_t *box = decrypt ? aes_tables()->inverse : aes_tables()->forward;
    uint64_t result = 0;

    for (unsigned i = 0; i < 8; i++) {
        unsigned row = i & 3, column = i >> 2;
        unsigned from = ((decrypt ? column - row : column + row) & 3) * 4 + row;
        uint8_t byte = from < 8 ? rs1 >> 8 * from : rs2 >> 8 * (from - 8);
        result |= (uint64_t)box[byte] << 8 * i;
    }
    return result;
}

static uint64_t aes64_ks2(uint64_t rs1, uint64_t rs2)
{
    uint32_t low = rs1 >> 32 ^ (uint32_t)rs2;

    return low | (uint64_t)(low ^ (uint32_t)(rs2 >> 32)) << 32;
}

uint64_t riscv_helper_aes64ks1i(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    enum { LAST_ROUND = 10 };
    uint32_t v = a >> 32, constant = 0;

    if (b != LAST_ROUND) {
        v = ror32(v, 8);
        constant = 1;
        for (unsigned i = 0; i < b; i++) {
            constant = gf_multiply(constant, 2);
        }
    }
    v = aes_substitute_word(aes_tables()->forward, v) ^ constant;
    return v | (uint64_t)v << 32;
}

uint64_t riscv_helper_aes32(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    bool decrypt = a & 1, middle = a & 2;
    unsigned shift = (a >> 2 & 3) * 8;
    const uint8_t *box = decrypt ? aes_tables()->inverse : aes_tables()->forward;
    uint32_t v = box[c >> shift & 255];

    if (middle) {
        v = aes_mix_column(v, decrypt ? mix_inverse : mix_forward);
    }
    v = shift ? ror32(v, 32 - shift) : v;
    return sext32(v ^ (uint32_t)b);
}

uint64_t riscv_helper_bits1(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint32_t w = b;

    switch ((RiscvBits1)a) {
    case RISCV_BITS_ZIP: return sext32(zip(w));
    case RISCV_BITS_UNZIP: return sext32(unzip(w));
    case RISCV_BITS_AES64IM: return aes_mix(b, mix_inverse);
    case RISCV_BITS_SHA256SUM0: return sext32(ror32(w, 2) ^ ror32(w, 13) ^ ror32(w, 22));
    case RISCV_BITS_SHA256SUM1: return sext32(ror32(w, 6) ^ ror32(w, 11) ^ ror32(w, 25));
    case RISCV_BITS_SHA256SIG0: return sext32(ror32(w, 7) ^ ror32(w, 18) ^ w >> 3);
    case RISCV_BITS_SHA256SIG1: return sext32(ror32(w, 17) ^ ror32(w, 19) ^ w >> 10);
    case RISCV_BITS_SHA512SUM0: return ror64(b, 28) ^ ror64(b, 34) ^ ror64(b, 39);
    case RISCV_BITS_SHA512SUM1: return ror64(b, 14) ^ ror64(b, 18) ^ ror64(b, 41);
    case RISCV_BITS_SHA512SIG0: return ror64(b, 1) ^ ror64(b, 8) ^ b >> 7;
    case RISCV_BITS_SHA512SIG1: return ror64(b, 19) ^ ror64(b, 61) ^ b >> 6;
    }
    g_assert_not_reached();
}

/* Halves of 64-bit SHA-512 functions on RV32 (4.41 to 4.46); one instruction does half the work. */
static uint64_t sha512_half(RiscvBits2 op, uint32_t x, uint32_t y)
{
    switch (op) {
    case RISCV_BITS_SHA512SUM0R:
        return sext32(x << 25 ^ x << 30 ^ x >> 28 ^ y >> 7 ^ y >> 2 ^ y << 4);
    case RISCV_BITS_SHA512SUM1R:
        return sext32(x << 23 ^ x >> 14 ^ x >> 18 ^ y >> 9 ^ y << 18 ^ y << 14);
    case RISCV_BITS_SHA512SIG0L:
        return sext32(x >> 1 ^ x >> 7 ^ x >> 8 ^ y << 31 ^ y << 25 ^ y << 24);
    case RISCV_BITS_SHA512SIG1L:
        return sext32(x << 3 ^ x >> 6 ^ x >> 19 ^ y >> 29 ^ y << 26 ^ y << 13);
    case RISCV_BITS_SHA512SIG0H: return sext32(x >> 1 ^ x >> 7 ^ x >> 8 ^ y << 31 ^ y << 24);
    case RISCV_BITS_SHA512SIG1H: return sext32(x << 3 ^ x >> 6 ^ x >> 19 ^ y >> 29 ^ y << 13);
    default: g_assert_not_reached();
    }
}

uint64_t riscv_helper_bits2(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    unsigned xlen = riscv_cpu(cpu)->xlen;
    uint64_t x = xlen == 32 ? (uint32_t)b : b, y = xlen == 32 ? (uint32_t)c : c, result;

    switch ((RiscvBits2)a) {
    case RISCV_BITS_CLMUL: result = clmul(x, y); break;
    case RISCV_BITS_CLMULH: result = clmul(x, y) >> xlen; break;
    case RISCV_BITS_CLMULR: result = clmul(x, y) >> (xlen - 1); break;
    case RISCV_BITS_XPERM4: result = xperm(x, y, 4, xlen); break;
    case RISCV_BITS_XPERM8: result = xperm(x, y, 8, xlen); break;
    case RISCV_BITS_AES64DS: return aes64_round(b, c, true);
    case RISCV_BITS_AES64DSM: return aes_mix(aes64_round(b, c, true), mix_inverse);
    case RISCV_BITS_AES64ES: return aes64_round(b, c, false);
    case RISCV_BITS_AES64ESM: return aes_mix(aes64_round(b, c, false), mix_forward);
    case RISCV_BITS_AES64KS2: return aes64_ks2(b, c);
    default: return sha512_half(a, x, y);
    }
    return xlen == 32 ? sext32(result) : result;
}
