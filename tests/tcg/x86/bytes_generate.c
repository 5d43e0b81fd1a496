/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random byte strings in the form of an instruction: prefixes, an opcode of any map, and whatever
 * follows. Registers point into the data, near borders of pages and segments, or anywhere. What
 * shows the processor's identity or acts outside the program is left out.
 */
#include <glib.h>
#include <string.h>

#include "target/x86/decode.h"
#include "tests/tcg/x86/oracle.h"

enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800, DF = 0x400 };
enum { ARITHMETIC = CF | PF | AF | ZF | SF | OF, COMPARED = ARITHMETIC | DF | 0x050100 };

static unsigned pick(GRand *rand, unsigned count)
{
    return g_rand_int_range(rand, 0, count);
}

static void put(OracleCase *c, uint8_t byte)
{
    c->code[c->code_bytes++] = byte;
}

static void put_prefixes(OracleCase *c, GRand *rand)
{
    static const uint8_t prefixes[] = { 0x66, 0x66, 0x66, 0xf2, 0xf3, 0xf3, 0xf0,
                                        0x67, 0x67, 0x2e, 0x36, 0x3e, 0x26, 0x65 };
    unsigned count = pick(rand, 4);

    c->lengthy |= count >= 3;
    if (pick(rand, 60) == 0) {
        c->lengthy = true;
        count = 10 + pick(rand, 6); /* to the 15 bytes that are allowed, and beyond */
    }
    for (unsigned i = 0; i < count; i++) {
        put(c, prefixes[pick(rand, G_N_ELEMENTS(prefixes))]);
    }
    if (!c->code32 && pick(rand, 3) == 0) {
        put(c, 0x40 + pick(rand, 16));
    }
}

static void put_opcode(OracleCase *c, GRand *rand)
{
    switch (pick(rand, 12)) {
    case 0:
    case 1:
    case 2:
    case 3: break;
    case 4:
    case 5:
    case 6: put(c, 0x0f); break;
    case 7:
        put(c, 0x0f);
        put(c, 0x38);
        break;
    case 8:
        put(c, 0x0f);
        put(c, 0x3a);
        break;
    case 9:
        put(c, 0xc5);
        put(c, g_rand_int(rand));
        break;
    case 10:
        put(c, 0xc4);
        put(c, (g_rand_int(rand) & 0xe0) | (pick(rand, 8) ? 1 + pick(rand, 3) : pick(rand, 32)));
        put(c, pick(rand, 2) ? g_rand_int(rand) : 0x78 | (g_rand_int(rand) & 0x87));
        break;
    default: /* EVEX, or BOUND */
        put(c, 0x62);
        put(c, g_rand_int(rand));
        break;
    }
    put(c, g_rand_int(rand));
}

/* ModRM and what follows; memory operands often with a register as base and nothing else. */
static void put_rest(OracleCase *c, GRand *rand)
{
    if (pick(rand, 3)) {
        put(c, pick(rand, 2) ? 0xc0 | g_rand_int(rand) : g_rand_int(rand) & 0x3f);
    }
    for (unsigned i = pick(rand, 9); i > 0; i--) {
        put(c, pick(rand, 3) ? g_rand_int(rand) : 0);
    }
}

/* Calls of the host's kernel or hypervisor, and instructions that only the host's model knows */
static bool acts_outside(const OracleCase *c)
{
    static const uint8_t pairs[][2] = { { 0x0f, 0x05 }, { 0x0f, 0x34 }, { 0xcd, 0x80 } };
    static const uint8_t group[] = { 0xc1, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd,
                                     0xde, 0xdf, 0xfa, 0xfb, 0xfc, 0xfd };

    for (unsigned at = 0; at + 1 < ORACLE_CODE_BYTES; at++) {
        const uint8_t *b = c->code + at;
        for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
            if (b[0] == pairs[i][0] && b[1] == pairs[i][1]) {
                return true;
            }
        }
        for (unsigned i = 0; b[0] == 0x0f && b[1] == 0x01 && i < G_N_ELEMENTS(group); i++) {
            if (b[2] == group[i]) {
                return true;
            }
        }
    }
    return false;
}

static bool fetch(void *opaque, uint64_t pc, unsigned bytes, uint64_t *value)
{
    const OracleCase *c = opaque;

    *value = 0;
    if (pc + bytes > ORACLE_CODE_BYTES) {
        return false;
    }
    memcpy(value, c->code + pc, bytes);
    return true;
}

typedef struct {
    const char *name;
    uint32_t undefined; /* flags */
} Known;

/* Not comparable: the processor's identity, time, chance, pointers of the x87 unit. */
static const char *const left_out[] = {
    "cpuid",      "rdtsc",    "rdtscp",    "rdrand",   "rdseed",    "rdpid",  "sgdt",
    "sidt",       "sldt",     "str",       "smsw",     "fxsave",    "fnsave", "fnstenv",
    "fldenv",     "frstor",   "fxrstor",   "xsave",    "xsaveopt",  "xsavec", "xrstor",
    "lsl",        "lar",      "rdpmc",     "fxsave64", "fxrstor64", "int1",   "cmps",
    "maskmovdqu", "maskmovq", "prefetchw", "popa",     "iret",      "retf",   "xgetbv",
    "rdfsbase",   "wrfsbase",
};

static const Known undefined_flags[] = {
    { "shift", AF | OF | CF },
    { "shld", AF | OF },
    { "shrd", AF | OF },
    { "mul", SF | ZF | AF | PF },
    { "imul", SF | ZF | AF | PF },
    { "div", ARITHMETIC },
    { "idiv", ARITHMETIC },
    { "bsf", CF | OF | SF | AF | PF },
    { "bsr", CF | OF | SF | AF | PF },
    { "tzcnt", OF | SF | AF | PF },
    { "lzcnt", OF | SF | AF | PF },
    { "andn", AF | PF },
    { "blsr", AF | PF },
    { "blsmsk", AF | PF },
    { "blsi", AF | PF },
    { "bzhi", AF | PF },
    { "bextr", AF | PF | SF },
    { "daa", OF },
    { "das", OF },
    { "aaa", OF | SF | ZF | PF },
    { "aas", OF | SF | ZF | PF },
    { "aam", OF | AF | CF },
    { "aad", OF | AF | CF },
};

/* Nothing may look at undefined flags. */
static void cut(OracleCase *c, unsigned at)
{
    for (c->code_bytes = at; at + 1 < ORACLE_CODE_BYTES; at += 2) {
        c->code[at] = 0x0f;
        c->code[at + 1] = 0x0b;
    }
}

/* ID and NT; the RPL of null selectors */
static bool lost_by_signals(const X86Insn *insn)
{
    static const char *const names[] = { "popf", "lds", "les", "lfs", "lgs", "lss" };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!strcmp(insn->opcode->name, names[i])) {
            return true;
        }
    }
    return insn->operand[0].kind == X86_SEGMENT_REGISTER ||
           (!strcmp(insn->opcode->name, "pop") && insn->operand[0].kind == X86_NONE);
}

/* Decodes on from the start; false: something is met that must not be. */
static bool look_at(OracleCase *c, const X86Config *config)
{
    uint32_t mode = X86_MODE_PROTECTED | X86_MODE_LONG | X86_MODE_OSFXSR | X86_MODE_AVX | 3;
    bool wide = !c->code32;
    X86Insn insn;

    mode |= wide                                        ? X86_MODE_CODE64
            : !c->cs || oracle_ldt[c->cs >> 3].is_32bit ? X86_MODE_CODE32
                                                        : 0;
    for (uint64_t pc = 0; pc < c->code_bytes; pc += insn.length) {
        X86DecodeContext context = { fetch, c, mode, 0, config };
        if (x86_decode(&context, pc, &insn) != X86_DECODED) {
            /* XOP has exceptions of its own; near branches with 66 have other lengths */
            return insn.byte != 0x8f && !(c->lengthy && wide && insn.prefixes & X86_PREFIX_66);
        }
        const char *name = insn.opcode->name;
        if (g_str_has_prefix(name, "sha") && x86_mod(&insn) != 3) {
            return false; /* AMD's processors do not ask for alignment */
        }
        for (unsigned k = 0; k < 4; k++) {
            const X86Operand *o = &insn.operand[k];
            c->vague_stack |= o->kind == X86_MEMORY && o->bytes >= 16;
            c->vector_store |= k == 0 && o->kind == X86_MEMORY && o->bytes >= 16;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(left_out); i++) {
            if (!strcmp(name, left_out[i])) {
                return false;
            }
        }
        if (insn.segment == X86_FS) {
            return false; /* where the host's libraries keep their own */
        }
        if (insn.rex & X86_REX_W && insn.map == X86_MAP_0F && insn.byte >= 0xb2 &&
            insn.byte <= 0xb5) {
            return false; /* LFS and its like: AMD's have no offset of 64 bits */
        }
        if (wide && insn.map == X86_MAP_0F && (insn.byte == 0xa1 || insn.byte == 0xa9)) {
            return false; /* POP FS reads 2 bytes, or 8 */
        }
        if (insn.rex & X86_REX_W && insn.map == X86_MAP_ONE && insn.byte == 0xff) {
            return false; /* nor have far transfers */
        }
        if (!wide && insn.vex && insn.rex & X86_REX_W && insn.map == X86_MAP_VEX_0F3A) {
            return false; /* VPINSRQ and its like: W is ignored or not */
        }
        if (insn.operand[0].kind == X86_IMMEDIATE && insn.opcode->flags & X86_F64 &&
            ((int64_t)insn.imm < ORACLE_CODE_BYTES || g_str_has_prefix(name, "loop"))) {
            return false; /* could go into an instruction; LOOP heeds F2 and F3 at times */
        }
        if (c->step && lost_by_signals(&insn)) {
            cut(c, pc + insn.length);
            return true;
        }
        if (wide && insn.opcode->flags & X86_F64 && insn.prefixes & X86_PREFIX_66) {
            return false; /* near branches: AMD's processors heed the prefix, Intel's do not */
        }
        if (insn.operand_bytes == 2 && (!strcmp(name, "shld") || !strcmp(name, "shrd"))) {
            return false; /* undefined with counts above 15 */
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(undefined_flags); i++) {
            if (!strcmp(name, undefined_flags[i].name)) {
                c->flags_mask &= ~(uint64_t)undefined_flags[i].undefined;
                cut(c, pc + insn.length);
                return true;
            }
        }
    }
    return true;
}

static uint64_t some_number(GRand *rand)
{
    uint64_t v = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);

    return pick(rand, 2) ? v >> pick(rand, 64) : (int8_t)v;
}

/* An address in the data, mostly at a border; an offset where segments have a base. */
static uint64_t some_address(const OracleCase *c, GRand *rand)
{
    static const uint16_t borders[] = { 0, 4096, 8192, 12288 };
    uint64_t base = c->cs ? 0 : ORACLE_DATA;

    if (pick(rand, 2)) {
        return base + 64 + pick(rand, 8000);
    }
    return base + borders[pick(rand, 4)] + pick(rand, 40) - 32;
}

static void fill_state(OracleCase *c, GRand *rand)
{
    OracleState *s = &c->before;

    for (unsigned i = 0; i < 16; i++) {
        s->r[i] = pick(rand, 3) ? some_address(c, rand) : some_number(rand);
        if (c->code32) {
            s->r[i] = i < 8 ? (uint32_t)s->r[i] : 0;
        }
    }
    if (pick(rand, 2)) {
        s->r[1] = pick(rand, 40);
    }
    s->r[4] = pick(rand, 4) ? (c->cs ? 0 : ORACLE_DATA) + 4096 + pick(rand, 64) * 8 : s->r[4];
    s->flags = g_rand_int(rand) & (ARITHMETIC | (pick(rand, 4) ? 0 : DF));
    for (unsigned i = 0; i < ORACLE_DATA_BYTES; i += 4) {
        uint32_t word = g_rand_int(rand);
        memcpy(c->data + i, &word, 4);
    }
}

static void choose_segments(OracleCase *c, GRand *rand)
{
    static const uint8_t stacks[] = { 2, 3, 3, 4, 5, 10 }, data[] = { 2, 3, 4, 5, 6, 10, 12, 0 };
    static const uint8_t code[] = { 0, 0, 1, 1, 7, 9 };

    c->cs = oracle_selector(code[pick(rand, G_N_ELEMENTS(code))]);
    c->ss = oracle_selector(stacks[pick(rand, G_N_ELEMENTS(stacks))]);
    c->ds = pick(rand, 2) ? oracle_selector(2 + pick(rand, 2))
                          : oracle_selector(data[pick(rand, G_N_ELEMENTS(data))]);
    c->es = pick(rand, 2) ? oracle_selector(2 + pick(rand, 2))
                          : oracle_selector(data[pick(rand, G_N_ELEMENTS(data))]);
    c->gs = pick(rand, 4) ? oracle_selector(data[pick(rand, G_N_ELEMENTS(data))]) : 0;
}

bool generate_bytes(OracleCase *c, uint64_t seed, unsigned index, OracleBytes kind)
{
    g_autoptr(GRand) rand =
        g_rand_new_with_seed_array((const guint32[]){ seed, seed >> 32, kind }, 3);
    static X86Config config;

    memset(config.features, 0xff, sizeof(config.features));
    c->seed = seed;
    c->code32 = kind != ORACLE_BYTES_64;
    c->exact = true;
    c->step = pick(rand, 8);
    c->flags_mask = COMPARED;
    c->code_bytes = 0;
    c->cs = 0;
    memset(c->code, 0x90, sizeof(c->code));
    if (kind == ORACLE_BYTES_SEGMENTS) {
        choose_segments(c, rand);
    }
    fill_state(c, rand);
    for (unsigned i = 1 + pick(rand, 3); i > 0; i--) {
        put_prefixes(c, rand);
        put_opcode(c, rand);
        put_rest(c, rand);
    }
    put(c, 0x90);
    for (unsigned i = c->code_bytes + pick(rand, 16); i + 1 < ORACLE_CODE_BYTES; i += 2) {
        c->code[i] = 0x0f;
        c->code[i + 1] = 0x0b;
    }
    return !acts_outside(c) && look_at(c, &config);
}
