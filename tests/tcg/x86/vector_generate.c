/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random programs of MMX, SSE, AVX and x87 instructions, made from the opcode table's own rows. A
 * program loads its registers from the data, works, and stores them; so comparing memory compares
 * all. Registers 0 to 7 only; RBP points into the data.
 */
#include <glib.h>
#include <string.h>

#include "target/x86/decode.h"
#include "tests/tcg/x86/oracle.h"

typedef struct {
    X86Map map;
    uint8_t byte;
    uint16_t when, modrm, flags;
    const char *feature;
    uint8_t operand[4];
    const char *function, *name;
} Row;

static const Row rows[] = {
#define ROW(map, byte, when, modrm, feature, flags, op1, op2, op3, op4, function, arg, name) \
    { X86_MAP_##map, byte, when, modrm, flags, #feature, { op1, op2, op3, op4 }, #function, name },
#include "target/x86/opcodes_avx.def"
#include "target/x86/opcodes_sse.def"
#include "target/x86/opcodes_x87.def"
#undef ROW
};

typedef struct {
    OracleCase *c;
    GRand *rand;
} Maker;

enum {
    VECTORS_AT = -1024,
    X87_AT = -1536,
    MXCSR_AT = -1600,
    OPERANDS_AT = 256,
    CODE_LIMIT = 160,
    CODE_LIMIT_MMX = 110
};

static unsigned pick(Maker *m, unsigned count)
{
    return g_rand_int_range(m->rand, 0, count);
}

static void put(Maker *m, uint64_t value, unsigned bytes)
{
    memcpy(m->c->code + m->c->code_bytes, &value, bytes);
    m->c->code_bytes += bytes;
}

/* ModRM for [rbp + disp32] */
static void put_data(Maker *m, unsigned reg, int32_t offset)
{
    put(m, 0x85 | reg << 3, 1);
    put(m, (uint32_t)offset, 4);
}

static bool host_has(const char *feature)
{
    static char *text;
    g_autofree char *word = g_strdup_printf(" %s ", feature);

    if (!text && !g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL)) {
        return false;
    }
    g_strdelimit(text, "\n", ' ');
    return strstr(text, strcmp(feature, "sse3") == 0 ? " pni " : word);
}

static bool is_usable(const Row *row)
{
    static const char *const not_here[] = { "gather", "fxsave",     "xsave",   "maskmov_bytes",
                                            "fldcw",  "x87_memory", "ldmxcsr", "fpu_clear",
                                            "fwait",  "fnstcw",     "fnop",    "emms" };

    for (unsigned i = 0; i < G_N_ELEMENTS(not_here); i++) {
        if (strcmp(row->function, not_here[i]) == 0) {
            return strcmp(row->function, "x87_memory") == 0 && row->operand[0] != M;
        }
    }
    return !(row->when & IF_N64) && host_has(row->feature);
}

static bool is_x87(const Row *row)
{
    return row->map == X86_MAP_ONE;
}

static bool is_mmx(const Row *row)
{
    for (unsigned k = 0; k < 4; k++) {
        if (row->operand[k] == Pq || row->operand[k] == Nq || row->operand[k] == Qq ||
            row->operand[k] == Qd) {
            return true;
        }
    }
    return false;
}

/* What of ModRM an operand is */
typedef enum { NOTHING, REG, RM, RM_REGISTER, RM_MEMORY, VVVV, IMM, IMM_REGISTER } Place;

static Place place_of(X86OperandCode code)
{
    switch (code) {
    case Gd:
    case Gy:
    case Pq:
    case Vx:
    case Vdq: return REG;
    case Ed:
    case Eq:
    case Ey:
    case Qd:
    case Qq:
    case Wx:
    case Wdq:
    case Wqq:
    case Wq:
    case Wd:
    case Ww:
    case Wb:
    case Wh:
    case We:
    case Wf: return RM;
    case Nq:
    case Ux:
    case Udq:
    case STi: return RM_REGISTER;
    case M:
    case Mb:
    case Mw:
    case Md:
    case Mq:
    case Mt:
    case Mdq:
    case Mqq:
    case Mx: return RM_MEMORY;
    case Hx:
    case Hdq: return VVVV;
    case Ib: return IMM;
    case Lx: return IMM_REGISTER;
    default: return NOTHING;
    }
}

static bool is_general(X86OperandCode code)
{
    return code == Gd || code == Gy || code == Ed || code == Eq || code == Ey;
}

/* A register that may be written: not RBX, RSP, RBP if general */
static unsigned some_register(Maker *m, X86OperandCode code)
{
    static const uint8_t general[] = { 0, 1, 2, 6, 7 };

    return is_general(code) ? general[pick(m, G_N_ELEMENTS(general))] : pick(m, 8);
}

typedef struct {
    unsigned reg, rm, vvvv, immediates;
    uint8_t imm[2];
    bool has_modrm, memory, w, l;
} Choice;

static Choice choose(Maker *m, const Row *row)
{
    Choice x = { .memory = row->when & IF_MEM,
                 .has_modrm = row->modrm != ANY || row->when & (IF_MEM | IF_REG) };

    for (unsigned k = 0; k < 4; k++) {
        X86OperandCode code = row->operand[k];

        switch (place_of(code)) {
        case REG: x.reg = some_register(m, code); break;
        case RM: x.memory |= !(row->when & IF_REG) && pick(m, 100) < 40; /* fall through */
        case RM_REGISTER: x.rm = some_register(m, code); break;
        case RM_MEMORY: x.memory = true; break;
        case VVVV: x.vvvv = pick(m, 8); break;
        case IMM: x.imm[x.immediates++] = g_rand_int(m->rand); break;
        case IMM_REGISTER: x.imm[x.immediates++] = pick(m, 8) << 4; break;
        default: continue;
        }
        x.has_modrm |= place_of(code) != VVVV && place_of(code) < IMM;
    }
    if (row->modrm >> 8 == 0x38) {
        x.reg = row->modrm >> 3 & 7;
    }
    x.w = row->when & IF_W1 || (!(row->when & IF_W0) && pick(m, 2));
    x.l = row->when & IF_L1 || (!(row->when & IF_L0) && pick(m, 2));
    return x;
}

static void put_operands(Maker *m, const Row *row, const Choice *x)
{
    /* processors do not agree on whether SHA instructions need alignment */
    bool aligned = pick(m, 20) != 0 || strcmp(row->feature, "sha_ni") == 0;

    if (row->modrm >> 8 == 0xff) {
        put(m, row->modrm & 0xff, 1);
    } else if (x->memory) {
        put_data(m, x->reg, OPERANDS_AT + (aligned ? 32 * pick(m, 16) : pick(m, 512)));
    } else if (x->has_modrm) {
        put(m, 0xc0 | x->reg << 3 | x->rm, 1);
    }
    for (unsigned i = 0; i < x->immediates; i++) {
        put(m, x->imm[i], 1);
    }
}

static unsigned prefix_of(const Row *row)
{
    return row->when & IF_66 ? 1 : row->when & IF_F3 ? 2 : row->when & IF_F2 ? 3 : 0;
}

static void put_row(Maker *m, const Row *row)
{
    static const uint8_t prefixes[] = { 0, 0x66, 0xf3, 0xf2 };
    Choice x = choose(m, row);

    if (row->map >= X86_MAP_VEX_0F) {
        unsigned vvvv = row->flags & X86_NO_VVVV ? 0 : x.vvvv;
        put(m, 0xc4, 1);
        put(m, 0xe0 | (row->map - X86_MAP_VEX_0F + 1), 1);
        put(m, x.w << 7 | (~vvvv & 15) << 3 | x.l << 2 | prefix_of(row), 1);
        put(m, row->byte, 1);
    } else {
        if (prefix_of(row)) {
            put(m, prefixes[prefix_of(row)], 1);
        }
        if (row->map != X86_MAP_ONE && x.w) {
            put(m, 0x48, 1);
        }
        if (row->map != X86_MAP_ONE) {
            put(m, 0x0f, 1);
        }
        if (row->map >= X86_MAP_0F38) {
            put(m, row->map == X86_MAP_0F38 ? 0x38 : 0x3a, 1);
        }
        put(m, row->byte, 1);
    }
    put_operands(m, row, &x);
}

/* movq between the MMX registers and the data */
static void move_mmx(Maker *m, bool store)
{
    for (int i = 0; i < 8; i++) {
        put(m, store ? 0x7f0f : 0x6f0f, 2);
        put_data(m, i, X87_AT + 8 * i);
    }
}

/* vmovdqu between the registers and the data */
static void move_vectors(Maker *m, bool store)
{
    for (int i = 0; i < 8; i++) {
        put(m, store ? 0x7ffec5 : 0x6ffec5, 3);
        put_data(m, i, VECTORS_AT + 32 * i);
    }
}

static void load_x87(Maker *m)
{
    unsigned count = pick(m, 7);

    put(m, 0xe3db, 2); /* fninit; fldcw */
    put(m, 0xd9, 1);
    put_data(m, 5, MXCSR_AT + 8);
    for (int i = 0; i < (int)count; i++) {
        put(m, 0xdb, 1);
        put_data(m, 5, X87_AT + 16 * i);
    }
}

static void store_x87(Maker *m)
{
    put(m, 0xdd, 1); /* fnstsw */
    put_data(m, 7, MXCSR_AT + 16);
    for (int i = 0; i < 4; i++) {
        put(m, 0xdb, 1);
        put_data(m, 7, X87_AT + 256 + 16 * i);
    }
}

static void fill_data(Maker *m)
{
    static const uint64_t doubles[] = {
        0, 0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000001, 0x7ff0000000000001,
        1, 0xc1e0000000000000, 0x3fe0000000000000
    };
    static const uint32_t singles[] = { 0,          0x3f800000, 0x7f800000, 0x7fc00001,
                                        0x7f800001, 1,          0xcf000000, 0x3f000000 };
    uint8_t *base = m->c->data + 4096;
    uint16_t control = 0x37f | (pick(m, 2) ? g_rand_int(m->rand) & 0xc00 : 0);
    uint32_t mxcsr = 0x1f80 | (g_rand_int(m->rand) & 0x6000);

    for (unsigned at = 0; at < ORACLE_DATA_BYTES; at += 8) {
        uint64_t v = (uint64_t)g_rand_int(m->rand) << 32 | g_rand_int(m->rand);
        switch (pick(m, 6)) {
        case 0: v = doubles[v % 8]; break;
        case 1: v = (uint64_t)singles[v % 8] << 32 | singles[v / 8 % 8]; break;
        case 2: v = (v & 0x800fffffffffffff) | (1000 + v % 50) << 52; break;
        case 3:
            v = (v & 0x807fffff807fffff) | (uint64_t)(110 + v % 40) << 55 | (110 + v % 30) << 23;
        default: break;
        }
        memcpy(m->c->data + at, &v, 8);
    }
    for (int i = 0; i < 8; i++) {
        uint16_t exponent = 0x3fff - 40 + pick(m, 80);
        base[X87_AT + 16 * i + 7] |= 0x80;
        memcpy(base + X87_AT + 16 * i + 8, &exponent, 2);
    }
    if (pick(m, 4) == 0) {
        mxcsr |= g_rand_int(m->rand) & 0x8040;
    }
    memcpy(base + MXCSR_AT, &mxcsr, 4);
    memcpy(base + MXCSR_AT + 8, &control, 2);
}

typedef enum { USES_X87, USES_MMX, USES_SSE, USES_AVX, USES } Uses;

static const Row *some_row(Maker *m, Uses uses)
{
    const Row *row;

    do {
        row = &rows[pick(m, G_N_ELEMENTS(rows))];
    } while (
        !is_usable(row) || is_x87(row) != (uses == USES_X87) || (is_mmx(row) && uses != USES_MMX) ||
        (uses == USES_MMX && !is_mmx(row) && pick(m, 16)) ||
        (pick(m, 4) && uses >= USES_SSE && (row->map >= X86_MAP_VEX_0F) != (uses == USES_AVX)));
    return row;
}

static void load(Maker *m, Uses uses)
{
    if (uses == USES_X87) {
        load_x87(m);
    } else if (uses == USES_MMX) {
        move_mmx(m, false);
        put(m, 0x77fcc5, 3); /* vzeroall */
    } else {
        move_vectors(m, false);
    }
    put(m, 0xae0f, 2);
    put_data(m, 2, MXCSR_AT); /* ldmxcsr */
}

static void store(Maker *m, Uses uses)
{
    if (uses == USES_X87) {
        store_x87(m);
    } else {
        if (uses == USES_MMX) {
            move_mmx(m, true);
        }
        move_vectors(m, true);
    }
    put(m, 0xae0f, 2);
    put_data(m, 3, MXCSR_AT + 4); /* stmxcsr */
}

void generate_vectors(OracleCase *c, uint64_t seed, unsigned index)
{
    Maker m = { .c = c };
    Uses uses;
    unsigned limit;

    m.rand = g_rand_new_with_seed_array((const guint32[]){ seed, seed >> 32 }, 2);
    *c = (OracleCase){ .seed = seed };
    memset(c->code, 0x90, sizeof(c->code));
    fill_data(&m);
    for (unsigned i = 0; i < 16; i++) {
        c->before.r[i] = (uint64_t)g_rand_int(m.rand) << 32 | pick(&m, 70);
    }
    c->before.r[4] = c->before.r[5] = ORACLE_DATA + 4096;
    uses = pick(&m, USES);
    limit = uses == USES_MMX ? CODE_LIMIT_MMX : CODE_LIMIT;
    load(&m, uses);
    for (unsigned count = 1 + pick(&m, 8); count && c->code_bytes < limit; count--) {
        put_row(&m, some_row(&m, uses));
    }
    store(&m, uses);
    put(&m, 0x0b0f, 2);
    c->flags_mask = 0x8d5;
    g_rand_free(m.rand);
}
