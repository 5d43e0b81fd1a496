/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random programs of integer instructions. Memory operands are based on RBP, which points into the
 * data, with RBX, a small number, as index; RSP points into the data too. Those three change only
 * by the instructions made for it. Flags that an instruction leaves undefined and that processors
 * do not agree on are masked, and defined again before anything reads them.
 */
#include "tests/tcg/x86/oracle.h"

#include <glib.h>
#include <string.h>

enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800, DF = 0x400 };
enum { ALL = CF | PF | AF | ZF | SF | OF };

enum {
    BYTE = 1,       /* 8-bit operands */
    WIDE = 2,       /* 16, 32, 64 bits */
    WIDE4 = 4,      /* 32, 64 */
    RM = 8,         /* ModRM with register in .reg */
    EXTENSION = 16, /* ModRM with .ext */
    IMM8 = 32,
    IMMZ = 64,       /* 16 or 32 bits */
    MEMORY = 128,    /* memory operands only */
    REGISTER = 256,  /* register operands only */
    LOCKABLE = 512,  /* with a memory operand */
    DEST_REG = 1024, /* .reg is written */
    DEST_RM = 2048,  /* r/m is written */
    VEX = 4096,      /* .prefix is pp; vvvv a random register */
    DEST_VVVV = 8192,
    ONLY64 = 1 << 14,
    ONLY32 = 1 << 15,
    OPCODE_REG = 1 << 16, /* register in the low bits of the opcode, written */
    BITS = 1 << 17,       /* register is a bit offset: small if the other is memory */
    IMMV = 1 << 18,
    SMALL_COUNT = 1 << 20, /* 16-bit double shifts: from 16 on they are undefined */
};

typedef struct {
    uint8_t prefix; /* 66, F2, F3 or 0 */
    uint8_t map;    /* 0: one byte; 1: 0F; 2: 0F38; 3: 0F3A */
    uint8_t opcode;
    uint8_t ext;
    uint32_t what;
    uint32_t undefined; /* flags */
} Template;

#define ALU(n)                                                                                \
    { 0, 0, 8 * (n), 0, BYTE | RM | DEST_RM | ((n) == 7 ? 0 : LOCKABLE), 0 },                 \
        { 0, 0, 8 * (n) + 1, 0, WIDE | RM | DEST_RM | ((n) == 7 ? 0 : LOCKABLE), 0 },         \
        { 0, 0, 8 * (n) + 2, 0, BYTE | RM | DEST_REG, 0 },                                    \
        { 0, 0, 8 * (n) + 3, 0, WIDE | RM | DEST_REG, 0 }, { 0, 0, 8 * (n) + 4, 0, IMM8, 0 }, \
        { 0, 0, 8 * (n) + 5, 0, WIDE | IMMZ, 0 },                                             \
        { 0, 0, 0x80, n, BYTE | EXTENSION | IMM8 | DEST_RM | ((n) == 7 ? 0 : LOCKABLE), 0 },  \
        { 0, 0, 0x81, n, WIDE | EXTENSION | IMMZ | DEST_RM | ((n) == 7 ? 0 : LOCKABLE), 0 },  \
    {                                                                                         \
        0, 0, 0x83, n, WIDE | EXTENSION | IMM8 | DEST_RM | ((n) == 7 ? 0 : LOCKABLE), 0       \
    }
#define SHIFT(n)                                                 \
    { 0, 0, 0xc0, n, BYTE | EXTENSION | IMM8 | DEST_RM, 0 },     \
        { 0, 0, 0xc1, n, WIDE | EXTENSION | IMM8 | DEST_RM, 0 }, \
        { 0, 0, 0xd0, n, BYTE | EXTENSION | DEST_RM, 0 },        \
        { 0, 0, 0xd1, n, WIDE | EXTENSION | DEST_RM, 0 },        \
        { 0, 0, 0xd2, n, BYTE | EXTENSION | DEST_RM, 0 },        \
    {                                                            \
        0, 0, 0xd3, n, WIDE | EXTENSION | DEST_RM, 0             \
    }
#define CONDITION(n)                                       \
    { 0, 1, 0x40 + (n), 0, WIDE | RM | DEST_REG, 0 },      \
    {                                                      \
        0, 1, 0x90 + (n), 0, BYTE | EXTENSION | DEST_RM, 0 \
    }
#define BIT(n, op)                                                                      \
    { 0, 1, op, 0, WIDE | RM | DEST_RM | BITS | ((n) == 4 ? 0 : LOCKABLE), 0 },         \
    {                                                                                   \
        0, 1, 0xba, n, WIDE | EXTENSION | IMM8 | DEST_RM | ((n) == 4 ? 0 : LOCKABLE), 0 \
    }

static const Template templates[] = {
    ALU(0),
    ALU(1),
    ALU(2),
    ALU(3),
    ALU(4),
    ALU(5),
    ALU(6),
    ALU(7),
    SHIFT(0),
    SHIFT(1),
    SHIFT(2),
    SHIFT(3),
    SHIFT(4),
    SHIFT(5),
    SHIFT(6),
    SHIFT(7),
    CONDITION(0),
    CONDITION(1),
    CONDITION(2),
    CONDITION(3),
    CONDITION(4),
    CONDITION(5),
    CONDITION(6),
    CONDITION(7),
    CONDITION(8),
    CONDITION(9),
    CONDITION(10),
    CONDITION(11),
    CONDITION(12),
    CONDITION(13),
    CONDITION(14),
    CONDITION(15),
    BIT(4, 0xa3),
    BIT(5, 0xab),
    BIT(6, 0xb3),
    BIT(7, 0xbb),
    { 0, 0, 0x84, 0, BYTE | RM, 0 },
    { 0, 0, 0x85, 0, WIDE | RM, 0 },
    { 0, 0, 0xa8, 0, IMM8, 0 },
    { 0, 0, 0xa9, 0, WIDE | IMMZ, 0 },
    { 0, 0, 0xf6, 0, BYTE | EXTENSION | IMM8, 0 },
    { 0, 0, 0xf7, 0, WIDE | EXTENSION | IMMZ, 0 },
    { 0, 0, 0xf6, 2, BYTE | EXTENSION | DEST_RM | LOCKABLE, 0 },
    { 0, 0, 0xf7, 2, WIDE | EXTENSION | DEST_RM | LOCKABLE, 0 },
    { 0, 0, 0xf6, 3, BYTE | EXTENSION | DEST_RM | LOCKABLE, 0 },
    { 0, 0, 0xf7, 3, WIDE | EXTENSION | DEST_RM | LOCKABLE, 0 },
    { 0, 0, 0xf6, 4, BYTE | EXTENSION, SF | ZF | AF | PF },
    { 0, 0, 0xf7, 4, WIDE | EXTENSION, SF | ZF | AF | PF },
    { 0, 0, 0xf6, 5, BYTE | EXTENSION, SF | ZF | AF | PF },
    { 0, 0, 0xf7, 5, WIDE | EXTENSION, SF | ZF | AF | PF },
    { 0, 0, 0xf6, 6, BYTE | EXTENSION, ALL },
    { 0, 0, 0xf7, 6, WIDE | EXTENSION, ALL },
    { 0, 0, 0xf6, 7, BYTE | EXTENSION, ALL },
    { 0, 0, 0xf7, 7, WIDE | EXTENSION, ALL },
    { 0, 0, 0xfe, 0, BYTE | EXTENSION | DEST_RM | LOCKABLE, 0 },
    { 0, 0, 0xff, 0, WIDE | EXTENSION | DEST_RM | LOCKABLE, 0 },
    { 0, 0, 0xfe, 1, BYTE | EXTENSION | DEST_RM | LOCKABLE, 0 },
    { 0, 0, 0xff, 1, WIDE | EXTENSION | DEST_RM | LOCKABLE, 0 },
    { 0, 0, 0x40, 0, WIDE | OPCODE_REG | ONLY32, 0 },
    { 0, 0, 0x48, 0, WIDE | OPCODE_REG | ONLY32, 0 },
    { 0, 0, 0x69, 0, WIDE | RM | DEST_REG | IMMZ, SF | ZF | AF | PF },
    { 0, 0, 0x6b, 0, WIDE | RM | DEST_REG | IMM8, SF | ZF | AF | PF },
    { 0, 1, 0xaf, 0, WIDE | RM | DEST_REG, SF | ZF | AF | PF },
    { 0, 0, 0x88, 0, BYTE | RM | DEST_RM, 0 },
    { 0, 0, 0x89, 0, WIDE | RM | DEST_RM, 0 },
    { 0, 0, 0x8a, 0, BYTE | RM | DEST_REG, 0 },
    { 0, 0, 0x8b, 0, WIDE | RM | DEST_REG, 0 },
    { 0, 0, 0xc6, 0, BYTE | EXTENSION | DEST_RM | IMM8, 0 },
    { 0, 0, 0xc7, 0, WIDE | EXTENSION | DEST_RM | IMMZ, 0 },
    { 0, 0, 0xb0, 0, BYTE | OPCODE_REG | IMM8, 0 },
    { 0, 0, 0xb8, 0, WIDE | OPCODE_REG | IMMV, 0 },
    { 0, 1, 0xc3, 0, WIDE4 | RM | MEMORY, 0 },
    { 0, 1, 0xb6, 0, WIDE | RM | DEST_REG, 0 },
    { 0, 1, 0xb7, 0, WIDE | RM | DEST_REG, 0 },
    { 0, 1, 0xbe, 0, WIDE | RM | DEST_REG, 0 },
    { 0, 1, 0xbf, 0, WIDE | RM | DEST_REG, 0 },
    { 0, 0, 0x63, 0, WIDE | RM | DEST_REG | ONLY64, 0 },
    { 0, 0, 0x8d, 0, WIDE | RM | DEST_REG | MEMORY, 0 },
    { 0, 0, 0x86, 0, BYTE | RM | DEST_REG | DEST_RM | LOCKABLE, 0 },
    { 0, 0, 0x87, 0, WIDE | RM | DEST_REG | DEST_RM | LOCKABLE, 0 },
    { 0, 0, 0x90, 0, WIDE | OPCODE_REG, 0 },
    { 0, 0, 0x98, 0, WIDE, 0 },
    { 0, 0, 0x99, 0, WIDE, 0 },
    { 0, 2, 0xf0, 0, WIDE | RM | DEST_REG | MEMORY, 0 },
    { 0, 2, 0xf1, 0, WIDE | RM | MEMORY, 0 },
    { 0, 1, 0xb0, 0, BYTE | RM | DEST_RM | LOCKABLE, 0 },
    { 0, 1, 0xb1, 0, WIDE | RM | DEST_RM | LOCKABLE, 0 },
    { 0, 1, 0xc0, 0, BYTE | RM | DEST_RM | DEST_REG | LOCKABLE, 0 },
    { 0, 1, 0xc1, 0, WIDE | RM | DEST_RM | DEST_REG | LOCKABLE, 0 },
    { 0, 1, 0xc7, 1, EXTENSION | MEMORY | LOCKABLE, 0 },
    { 0, 1, 0xc8, 0, WIDE4 | OPCODE_REG, 0 },
    { 0, 1, 0xa4, 0, WIDE | RM | DEST_RM | IMM8 | SMALL_COUNT, 0 },
    { 0, 1, 0xac, 0, WIDE | RM | DEST_RM | IMM8 | SMALL_COUNT, 0 },
    { 0, 1, 0xa5, 0, WIDE4 | RM | DEST_RM, 0 },
    { 0, 1, 0xad, 0, WIDE4 | RM | DEST_RM, 0 },
    { 0, 0, 0x9e, 0, 0, 0 },
    { 0, 0, 0x9f, 0, 0, 0 },
    { 0, 0, 0xf5, 0, 0, 0 },
    { 0, 0, 0xf8, 0, 0, 0 },
    { 0, 0, 0xf9, 0, 0, 0 },
    { 0, 0, 0xfc, 0, 0, 0 },
    { 0, 0, 0xfd, 0, 0, 0 },
    { 0, 1, 0x1f, 0, WIDE | EXTENSION, 0 },
    { 0xf3, 1, 0xb8, 0, WIDE | RM | DEST_REG, 0 },
    { 0xf3, 1, 0xbc, 0, WIDE | RM | DEST_REG, OF | SF | AF | PF },
    { 0xf3, 1, 0xbd, 0, WIDE | RM | DEST_REG, OF | SF | AF | PF },
    { 0, 1, 0xbc, 0, WIDE | RM | DEST_REG, CF | OF | SF | AF | PF },
    { 0, 1, 0xbd, 0, WIDE | RM | DEST_REG, CF | OF | SF | AF | PF },
    { 0, 2, 0xf2, 0, WIDE4 | RM | DEST_REG | VEX, AF | PF },
    { 0, 2, 0xf3, 1, WIDE4 | EXTENSION | VEX | DEST_VVVV, AF | PF },
    { 0, 2, 0xf3, 2, WIDE4 | EXTENSION | VEX | DEST_VVVV, AF | PF },
    { 0, 2, 0xf3, 3, WIDE4 | EXTENSION | VEX | DEST_VVVV, AF | PF },
    { 0, 2, 0xf5, 0, WIDE4 | RM | DEST_REG | VEX, AF | PF },
    { 2, 2, 0xf5, 0, WIDE4 | RM | DEST_REG | VEX, 0 },
    { 3, 2, 0xf5, 0, WIDE4 | RM | DEST_REG | VEX, 0 },
    { 3, 2, 0xf6, 0, WIDE4 | RM | DEST_REG | VEX | DEST_VVVV, 0 },
    { 0, 2, 0xf7, 0, WIDE4 | RM | DEST_REG | VEX, AF | PF | SF },
    { 1, 2, 0xf7, 0, WIDE4 | RM | DEST_REG | VEX, 0 },
    { 2, 2, 0xf7, 0, WIDE4 | RM | DEST_REG | VEX, 0 },
    { 3, 2, 0xf7, 0, WIDE4 | RM | DEST_REG | VEX, 0 },
    { 0xf2, 2, 0xf0, 0, BYTE | WIDE4 | RM | DEST_REG, 0 },
    { 0xf2, 2, 0xf1, 0, WIDE | RM | DEST_REG, 0 },
    { 0x66, 2, 0xf6, 0, WIDE4 | RM | DEST_REG, 0 },
    { 0xf3, 2, 0xf6, 0, WIDE4 | RM | DEST_REG, 0 },
    { 0, 0, 0x27, 0, ONLY32, OF },
    { 0, 0, 0x2f, 0, ONLY32, OF },
    { 0, 0, 0x37, 0, ONLY32, OF | SF | ZF | PF },
    { 0, 0, 0x3f, 0, ONLY32, OF | SF | ZF | PF },
    { 0, 0, 0xd4, 0, ONLY32 | IMM8, OF | AF | CF },
    { 0, 0, 0xd5, 0, ONLY32 | IMM8, OF | AF | CF },
    { 0, 0, 0xd6, 0, ONLY32, 0 },
};

/* A program being made. */
typedef struct {
    OracleCase *c;
    GRand *rand;
    uint64_t address;
    uint32_t undefined; /* flags */
    bool code32;
} Maker;

static unsigned pick(Maker *m, unsigned below)
{
    return g_rand_int_range(m->rand, 0, below);
}

static bool chance(Maker *m, unsigned percent)
{
    return pick(m, 100) < percent;
}

static void put(Maker *m, uint8_t byte)
{
    g_assert_cmpuint(m->c->code_bytes, <, ORACLE_CODE_BYTES);
    m->c->code[m->c->code_bytes++] = byte;
}

static void put_number(Maker *m, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        put(m, value >> 8 * i);
    }
}

static uint64_t interesting(Maker *m)
{
    static const uint64_t values[] = { 0,
                                       1,
                                       2,
                                       0x7f,
                                       0x80,
                                       0xff,
                                       0x7fff,
                                       0x8000,
                                       0xffff,
                                       0x7fffffff,
                                       0x80000000,
                                       0xffffffff,
                                       0x7fffffffffffffff,
                                       0x8000000000000000,
                                       0xffffffffffffffff,
                                       0x99,
                                       0x1234567890ab };
    uint64_t v = (uint64_t)g_rand_int(m->rand) << 32 | g_rand_int(m->rand);

    switch (pick(m, 4)) {
    case 0: return values[pick(m, G_N_ELEMENTS(values))];
    case 1: return v >> pick(m, 64);
    default: return v;
    }
}

/* RSP, RBP and RBX are what memory operands stand on. */
static unsigned pick_register(Maker *m, bool written, bool byte, bool rex)
{
    for (;;) {
        unsigned reg = pick(m, rex ? 16 : 8);
        bool high = byte && !rex && reg >= 4;
        unsigned whole = high ? reg - 4 : reg;
        if (!written || (whole != 3 && whole != 4 && whole != 5)) {
            return reg;
        }
    }
}

/* ModRM, SIB and offset of a memory operand near RBP. @rex_free: no REX is used */
static void put_memory(Maker *m, unsigned reg, unsigned rip_behind)
{
    unsigned kind = pick(m, m->code32 ? 4 : 5);
    uint8_t field = (reg & 7) << 3;

    switch (kind) {
    case 0: put_number(m, (0x45 | field) | pick(m, 256) << 8, 2); break;
    case 1:
        put(m, 0x85 | field);
        put_number(m, (uint32_t)(pick(m, 4096) - 2048), 4);
        break;
    case 2: /* rbp + rbx * scale + 8 bits */
        put(m, 0x44 | field);
        put(m, pick(m, 4) << 6 | 3 << 3 | 5);
        put(m, pick(m, 256));
        break;
    case 3: /* absolute, or rbx alone as index */
        put(m, 0x04 | field);
        put(m, pick(m, 4) << 6 | (chance(m, 50) ? 4 : 3) << 3 | 5);
        put_number(m, ORACLE_DATA + 256 + pick(m, 7000), 4);
        break;
    default: { /* relative to RIP */
        uint64_t next = m->address + m->c->code_bytes + 5 + rip_behind;
        put(m, 0x05 | field);
        put_number(m, ORACLE_DATA + 256 + pick(m, 7000) - next, 4);
        break;
    }
    }
}

static void put_opcode(Maker *m, const Template *t)
{
    if (t->map) {
        put(m, 0x0f);
    }
    if (t->map > 1) {
        put(m, t->map == 2 ? 0x38 : 0x3a);
    }
}

/* The parts of one instruction */
typedef struct {
    unsigned bytes; /* operand size */
    bool memory, rex, lock;
    unsigned reg, rm, vvvv;
    unsigned imm_bytes;
} Choice;

static Choice choose(Maker *m, const Template *t)
{
    Choice x = { .bytes = 4 };

    if (t->what & (WIDE | WIDE4)) {
        x.bytes = chance(m, 25) && t->what & WIDE ? 2 : chance(m, 50) && !m->code32 ? 8 : 4;
    }
    x.memory = t->what & (RM | EXTENSION) &&
               (t->what & MEMORY || (!(t->what & REGISTER) && chance(m, 40)));
    x.rex = !m->code32 && (x.bytes == 8 || chance(m, 50));
    x.reg = pick_register(m, t->what & DEST_REG, t->what & BYTE, x.rex);
    x.rm = pick_register(m, t->what & DEST_RM, t->what & BYTE, x.rex);
    x.vvvv = pick_register(m, t->what & DEST_VVVV, false, !m->code32);
    x.lock = x.memory && t->what & LOCKABLE && chance(m, 30);
    if (t->what & EXTENSION) {
        x.reg = t->ext;
    } else if (t->what & BITS && x.memory) {
        x.reg = 3; /* rbx: small */
    }
    if (t->what & BYTE && t->what & WIDE4) { /* crc32 of a byte: the register is wide */
        x.reg = pick_register(m, true, false, false) & 7;
        x.reg = x.reg >= 3 && x.reg <= 5 ? 0 : x.reg;
    }
    x.imm_bytes = t->what & IMM8   ? 1
                  : t->what & IMMZ ? MIN(x.bytes, 4)
                  : t->what & IMMV ? x.bytes
                                   : 0;
    return x;
}

static void put_prefixes(Maker *m, const Template *t, const Choice *x)
{
    if (x->lock) {
        put(m, 0xf0);
    }
    if (x->bytes == 2) {
        put(m, 0x66);
    }
    if (t->prefix) {
        put(m, t->prefix);
    }
    if (x->rex) {
        uint8_t rex = 0x40 | (x->bytes == 8 ? 8 : 0) | (x->reg & 8 ? 4 : 0);
        put(m, rex | (!x->memory && x->rm & 8 ? 1 : 0));
    }
    put_opcode(m, t);
}

static void put_vex(Maker *m, const Template *t, const Choice *x)
{
    put(m, 0xc4);
    put(m, (x->reg & 8 ? 0 : 0x80) | 0x40 | (!x->memory && x->rm & 8 ? 0 : 0x20) | t->map);
    put(m, (x->bytes == 8 ? 0x80 : 0) | (~x->vvvv & 15) << 3 | t->prefix);
}

static void put_instruction(Maker *m, const Template *t)
{
    Choice x = choose(m, t);
    uint64_t imm = interesting(m);

    if (t->what & VEX) {
        put_vex(m, t, &x);
    } else {
        put_prefixes(m, t, &x);
    }
    put(m, t->opcode | (t->what & OPCODE_REG ? x.rm & 7 : 0));
    if (t->what & (RM | EXTENSION)) {
        if (x.memory) {
            put_memory(m, x.reg, x.imm_bytes);
        } else {
            put(m, 0xc0 | (x.reg & 7) << 3 | (x.rm & 7));
        }
    }
    imm = t->what & SMALL_COUNT && x.bytes == 2 ? imm % 16 : imm;
    put_number(m, imm, x.imm_bytes);
    m->undefined = t->undefined;
}

static bool template_fits(const Maker *m, const Template *t)
{
    return !(t->what & (m->code32 ? ONLY64 : ONLY32));
}

/* One that OPCODE_REG writes must not be a base. */
static void put_simple(Maker *m)
{
    const Template *t;

    do {
        t = &templates[pick(m, G_N_ELEMENTS(templates))];
    } while (!template_fits(m, t));
    if (t->what & OPCODE_REG) {
        Template copy = *t;
        copy.what |= DEST_RM;
        put_instruction(m, &copy);
    } else {
        put_instruction(m, t);
    }
}

/* test eax, eax */
static void define_flags(Maker *m)
{
    if (m->undefined) {
        put_number(m, 0xc085, 2);
        m->undefined = 0;
    }
}

/* A forward jump over one instruction */
static void put_jump(Maker *m)
{
    static const uint8_t other[] = { 0xeb, 0xe0, 0xe1, 0xe2, 0xe3 };
    uint32_t at;

    put(m, chance(m, 80) ? 0x70 + pick(m, 16) : other[pick(m, G_N_ELEMENTS(other))]);
    put(m, 0);
    at = m->c->code_bytes;
    put_simple(m);
    m->c->code[at - 1] = m->c->code_bytes - at;
}

/* A string instruction on the data, registers set before */
static void put_string(Maker *m)
{
    static const uint8_t opcode[] = { 0xa4, 0xa6, 0xaa, 0xac, 0xae };
    uint8_t op = opcode[pick(m, 5)] + pick(m, 2);
    unsigned repeat = pick(m, 4);

    put(m, 0xbe); /* mov esi, edi, ecx */
    put_number(m, ORACLE_DATA + (chance(m, 90) ? 2000 + pick(m, 4000) : pick(m, 8192)), 4);
    put(m, 0xbf);
    put_number(m, ORACLE_DATA + (chance(m, 90) ? 2000 + pick(m, 4000) : pick(m, 8192)), 4);
    put(m, 0xb9);
    put_number(m, chance(m, 80) ? pick(m, 40) : pick(m, 600), 4);
    if (repeat > 1) {
        put(m, 0xf0 + repeat);
    }
    if (chance(m, 30)) {
        put(m, m->code32 ? 0x66 : 0x48);
    }
    put(m, op);
}

static void put_stack(Maker *m)
{
    uint8_t reg = pick_register(m, true, false, false);

    switch (pick(m, 9)) {
    case 0: put(m, 0x50 + pick(m, 8)); break;
    case 1: put(m, 0x58 + reg); break;
    case 2: put_number(m, 0x6a | pick(m, 256) << 8, 2); break;
    case 3:
        put(m, 0x68);
        put_number(m, interesting(m), 4);
        break;
    case 4: put_number(m, 0x9c, 1); break;       /* pushf, pop: the flags as a value */
    case 5: put_number(m, 0x000000e8, 5); break; /* call next */
    case 6:                                      /* push, pop of memory */
        put(m, chance(m, 50) ? 0xff : 0x8f);
        put_memory(m, m->c->code[m->c->code_bytes - 1] == 0xff ? 6 : 0, 0);
        break;
    case 7:
        if (m->code32) {
            put(m, 0x60);
        } else {
            put_number(m, 0x9058 + reg, 1);
        }
        break;
    default: /* enter; mov esp, ebp + pop-like repair: leave restores both */
        put_number(m, 0xc8 | pick(m, 64) << 8 | (uint32_t)pick(m, 4) << 24, 4);
        put(m, 0xc9);
        break;
    }
}

static void fill_state(Maker *m)
{
    OracleState *s = &m->c->before;

    for (unsigned i = 0; i < 16; i++) {
        s->r[i] = interesting(m);
        if (m->code32) {
            s->r[i] = i < 8 ? (uint32_t)s->r[i] : 0;
        }
    }
    s->r[3] = pick(m, 64);
    s->r[4] = ORACLE_DATA + 4096;
    s->r[5] = ORACLE_DATA + 4096 + pick(m, 16);
    s->flags = g_rand_int(m->rand) & (ALL | (chance(m, 30) ? DF : 0));
    for (unsigned i = 0; i < ORACLE_DATA_BYTES; i += 4) {
        uint32_t word = g_rand_int(m->rand);
        memcpy(m->c->data + i, &word, 4);
    }
    if (chance(m, 30)) { /* something for REPE to run over */
        memset(m->c->data + 1000, 0x5a, 5000);
    }
}

void generate(OracleCase *c, uint64_t seed, unsigned index, bool code32)
{
    Maker m = { .c = c, .address = oracle_pc(index), .code32 = code32 };
    unsigned count;

    m.rand = g_rand_new_with_seed_array((const guint32[]){ seed, seed >> 32 }, 2);
    c->seed = seed;
    c->code32 = code32;
    c->code_bytes = 0;
    memset(c->code, 0x90, sizeof(c->code));
    fill_state(&m);
    count = 1 + pick(&m, 10);
    for (unsigned i = 0; i < count; i++) {
        define_flags(&m);
        switch (pick(&m, 20)) {
        case 0: put_string(&m); break;
        case 1: put_stack(&m); break;
        case 2:
        case 3: put_jump(&m); break;
        default: put_simple(&m); break;
        }
    }
    put_number(&m, 0x0b0f, 2);
    c->flags_mask = (ALL | DF) & ~m.undefined;
    g_rand_free(m.rand);
}
