/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/x86/decode.h"

#include <glib.h>

#include "target/x86/opcodes_internal.h"
#include "target/x86/system.h"
#include "target/x86/translate_internal.h"
#include "target/x86/vector_internal.h"

static const X86Opcode opcodes[] = {
#define ROW(map, byte, when, modrm, feature, flags, op1, op2, op3, op4, function, arg, name) \
    { X86_MAP_##map,                                                                         \
      (byte),                                                                                \
      (when),                                                                                \
      (modrm),                                                                               \
      X86_FEATURE_##feature,                                                                 \
      (flags),                                                                               \
      { op1, op2, op3, op4 },                                                                \
      x86_translate_##function,                                                              \
      (arg),                                                                                 \
      (name) },
#include "target/x86/opcodes.def"
#undef ROW
};

/* Where an operand is, and of what size. */
typedef enum {
    AT_NOWHERE,
    AT_RM,     /* general register or memory */
    AT_RM_REG, /* general register, mod is not looked at */
    AT_REG,
    AT_VVVV,
    AT_OPCODE,
    AT_RAX,
    AT_RCX,
    AT_RDX,
    AT_ONE,
    AT_IMM,
    AT_IMM_SIGNED, /* extended to the operand size */
    AT_RELATIVE,
    AT_FAR,
    AT_OFFSET,
    AT_MEM,
    AT_SREG,
    AT_CONTROL,
    AT_DEBUG,
    AT_MMX_REG,
    AT_MMX_ONLY,
    AT_MMX_RM,
    AT_VECTOR_REG,
    AT_VECTOR_VVVV,
    AT_VECTOR_ONLY,
    AT_VECTOR_RM,
    AT_VECTOR_IMM,
    AT_FPU_RM,
    AT_FPU_TOP,
} Place;

/* Sizes that depend on the instruction; smaller numbers are bytes. */
enum {
    SIZE_V = 64, /* operand size */
    SIZE_Y,      /* 32, or 64 with W */
    SIZE_Z,      /* operand size, at most 32 */
    SIZE_MODE,   /* 32, or 64 in 64-bit code */
    SIZE_W_REG,  /* register: operand size; memory: 16 bits */
    SIZE_FAR,    /* operand size and a selector */
    SIZE_X,      /* vector */
    SIZE_HALF,
    SIZE_QUARTER,
    SIZE_EIGHTH,
};

static const struct {
    uint8_t place, size;
} operand_codes[X86_OPERAND_CODES] = {
    [Eb] = { AT_RM, 1 },
    [Ew] = { AT_RM, 2 },
    [Ed] = { AT_RM, 4 },
    [Eq] = { AT_RM, 8 },
    [Ev] = { AT_RM, SIZE_V },
    [Ey] = { AT_RM, SIZE_Y },
    [Edw] = { AT_RM, SIZE_W_REG },
    [Rv] = { AT_RM_REG, SIZE_V },
    [Ry] = { AT_RM_REG, SIZE_MODE },
    [Gb] = { AT_REG, 1 },
    [Gw] = { AT_REG, 2 },
    [Gd] = { AT_REG, 4 },
    [Gv] = { AT_REG, SIZE_V },
    [Gy] = { AT_REG, SIZE_Y },
    [By] = { AT_VVVV, SIZE_Y },
    [Zb] = { AT_OPCODE, 1 },
    [Zv] = { AT_OPCODE, SIZE_V },
    [AL] = { AT_RAX, 1 },
    [AX] = { AT_RAX, 2 },
    [rAX] = { AT_RAX, SIZE_V },
    [CL] = { AT_RCX, 1 },
    [DX] = { AT_RDX, 2 },
    [ONE] = { AT_ONE, 1 },
    [Ib] = { AT_IMM, 1 },
    [Iw] = { AT_IMM, 2 },
    [Iz] = { AT_IMM_SIGNED, SIZE_Z },
    [Iv] = { AT_IMM, SIZE_V },
    [sIb] = { AT_IMM_SIGNED, 1 },
    [Jb] = { AT_RELATIVE, 1 },
    [Jz] = { AT_RELATIVE, SIZE_Z },
    [Ap] = { AT_FAR, SIZE_V },
    [Ob] = { AT_OFFSET, 1 },
    [Ov] = { AT_OFFSET, SIZE_V },
    [M] = { AT_MEM, 0 },
    [Mb] = { AT_MEM, 1 },
    [Mw] = { AT_MEM, 2 },
    [Md] = { AT_MEM, 4 },
    [Mq] = { AT_MEM, 8 },
    [Mv] = { AT_MEM, SIZE_V },
    [My] = { AT_MEM, SIZE_Y },
    [Mp] = { AT_MEM, SIZE_FAR },
    [Mt] = { AT_MEM, 10 },
    [Mdq] = { AT_MEM, 16 },
    [Mqq] = { AT_MEM, 32 },
    [Mx] = { AT_MEM, SIZE_X },
    [Sw] = { AT_SREG, 2 },
    [Cy] = { AT_CONTROL, SIZE_MODE },
    [Dy] = { AT_DEBUG, SIZE_MODE },
    [Pq] = { AT_MMX_REG, 8 },
    [Nq] = { AT_MMX_ONLY, 8 },
    [Qd] = { AT_MMX_RM, 4 },
    [Qq] = { AT_MMX_RM, 8 },
    [Vx] = { AT_VECTOR_REG, SIZE_X },
    [Vdq] = { AT_VECTOR_REG, 16 },
    [Hx] = { AT_VECTOR_VVVV, SIZE_X },
    [Hdq] = { AT_VECTOR_VVVV, 16 },
    [Ux] = { AT_VECTOR_ONLY, SIZE_X },
    [Udq] = { AT_VECTOR_ONLY, 16 },
    [Wx] = { AT_VECTOR_RM, SIZE_X },
    [Wdq] = { AT_VECTOR_RM, 16 },
    [Wqq] = { AT_VECTOR_RM, 32 },
    [Wq] = { AT_VECTOR_RM, 8 },
    [Wd] = { AT_VECTOR_RM, 4 },
    [Ww] = { AT_VECTOR_RM, 2 },
    [Wb] = { AT_VECTOR_RM, 1 },
    [Wh] = { AT_VECTOR_RM, SIZE_HALF },
    [We] = { AT_VECTOR_RM, SIZE_QUARTER },
    [Wf] = { AT_VECTOR_RM, SIZE_EIGHTH },
    [Lx] = { AT_VECTOR_IMM, SIZE_X },
    [STi] = { AT_FPU_RM, 10 },
    [ST0] = { AT_FPU_TOP, 10 },
};

/* The rows by map and byte, in the order of the table. */
typedef struct {
    uint16_t first[X86_MAPS * 256 + 1];
    bool has_modrm[X86_MAPS * 256];
    const X86Opcode *row[G_N_ELEMENTS(opcodes) + 1];
} Index;

static bool place_has_modrm(Place place)
{
    switch (place) {
    case AT_RM:
    case AT_RM_REG:
    case AT_REG:
    case AT_MEM:
    case AT_SREG:
    case AT_CONTROL:
    case AT_DEBUG:
    case AT_MMX_REG:
    case AT_MMX_ONLY:
    case AT_MMX_RM:
    case AT_VECTOR_REG:
    case AT_VECTOR_ONLY:
    case AT_VECTOR_RM:
    case AT_FPU_RM: return true;
    default: return false;
    }
}

static bool row_has_modrm(const X86Opcode *row)
{
    bool has = row->modrm != ANY || row->when & (IF_MEM | IF_REG) || row->flags & X86_MODRM;

    for (unsigned k = 0; k < 4; k++) {
        has |= place_has_modrm(operand_codes[row->operand[k]].place);
    }
    return has;
}

static unsigned row_key(const X86Opcode *row)
{
    return row->map * 256u + row->byte;
}

static gpointer make_index(gpointer unused)
{
    Index *index = g_new0(Index, 1);
    uint16_t at[X86_MAPS * 256];

    for (unsigned i = 0; i < G_N_ELEMENTS(opcodes); i++) {
        index->first[row_key(&opcodes[i]) + 1]++;
    }
    for (unsigned key = 0; key < X86_MAPS * 256; key++) {
        at[key] = index->first[key];
        index->first[key + 1] += index->first[key];
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(opcodes); i++) {
        unsigned key = row_key(&opcodes[i]);
        index->row[at[key]++] = &opcodes[i];
        index->has_modrm[key] |= row_has_modrm(&opcodes[i]);
    }
    return index;
}

/* Made from the constant table at first use. */
static const Index *opcode_index(void)
{
    static GOnce once = G_ONCE_INIT;

    return g_once(&once, make_index, NULL);
}

/* One decoding. */
typedef struct {
    const X86DecodeContext *context;
    X86Insn *insn;
    X86DecodeResult result; /* not X86_DECODED: go no further */
    uint8_t immediates;     /* consumed so far */
    bool undefined;         /* by what precedes VEX */
    bool vvvv;              /* VEX.vvvv is not 1111 */
} Decode;

static bool code64(const Decode *d)
{
    return d->context->mode & X86_MODE_CODE64;
}

/* The next @bytes, little-endian; 0 and .result set when there are none. */
static uint64_t take(Decode *d, unsigned bytes)
{
    X86Insn *insn = d->insn;
    uint64_t value = 0, pc = insn->pc + insn->length;

    if (d->result != X86_DECODED) {
        return 0;
    }
    if (insn->length + bytes > X86_MAX_INSN_BYTES) {
        d->result = X86_DECODE_TOO_LONG;
        return 0;
    }
    if (!d->context->fetch(d->context->opaque, code64(d) ? pc : (uint32_t)pc, bytes, &value)) {
        d->result = X86_DECODE_STOP;
        return 0;
    }
    insn->length += bytes;
    return value;
}

static uint64_t sign_extend(uint64_t value, unsigned bytes)
{
    unsigned shift = 64 - 8 * bytes;

    return bytes ? (uint64_t)((int64_t)(value << shift) >> shift) : 0;
}

static uint64_t take_signed(Decode *d, unsigned bytes)
{
    return sign_extend(take(d, bytes), bytes);
}

/* A legacy prefix (SDM vol. 2, 2.1.1), noted; false: it is none. */
static bool take_prefix(Decode *d, uint8_t byte)
{
    X86Insn *insn = d->insn;

    switch (byte) {
    case 0xf0: insn->prefixes |= X86_PREFIX_LOCK; return true;
    case 0x66: insn->prefixes |= X86_PREFIX_66; return true;
    case 0x67: insn->prefixes |= X86_PREFIX_67; return true;
    case 0xf2:
    case 0xf3:
        insn->prefixes &= ~(X86_PREFIX_F2 | X86_PREFIX_F3);
        insn->prefixes |= byte == 0xf2 ? X86_PREFIX_F2 : X86_PREFIX_F3;
        return true;
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
        if (!code64(d)) {
            insn->segment = X86_ES + (byte >> 3 & 3);
        }
        return true;
    case 0x64: insn->segment = X86_FS; return true;
    case 0x65: insn->segment = X86_GS; return true;
    default: return false;
    }
}

/* Prefixes and REX; returns the byte behind them. */
static uint8_t take_prefixes(Decode *d)
{
    uint8_t byte = take(d, 1);

    while (d->result == X86_DECODED) {
        if (take_prefix(d, byte)) {
            d->insn->rex = 0; /* REX counts only right before the opcode (2.2.1) */
        } else if (code64(d) && (byte & 0xf0) == 0x40) {
            d->insn->rex = (byte & 15) | X86_REX;
        } else {
            break;
        }
        byte = take(d, 1);
    }
    return byte;
}

/* VEX (2.3.5): @byte is C4 or C5, @second the one behind it. */
static void take_vex(Decode *d, uint8_t byte, uint8_t second)
{
    static const uint8_t prefix[4] = { 0, X86_PREFIX_66, X86_PREFIX_F3, X86_PREFIX_F2 };
    X86Insn *insn = d->insn;
    uint8_t last = byte == 0xc4 ? take(d, 1) : second;
    unsigned map = byte == 0xc4 ? second & 31 : 1;

    d->undefined = insn->rex || insn->prefixes & (X86_PREFIX_LOCK | X86_PREFIX_66 | X86_PREFIX_F3 |
                                                  X86_PREFIX_F2);
    if (map < 1 || map > 3) {
        d->result = d->result == X86_DECODED ? X86_DECODE_UNDEFINED : d->result;
        return;
    }
    insn->vex = true;
    insn->map = X86_MAP_VEX_0F + map - 1;
    insn->prefixes = (insn->prefixes & X86_PREFIX_67) | prefix[last & 3];
    insn->vector_bytes = last & 4 ? 32 : 16;
    insn->vvvv = ~last >> 3 & 15;
    d->vvvv = insn->vvvv != 0; /* all bits count in 32-bit code, too */
    insn->rex = second & 0x80 ? 0 : X86_REX_R;
    if (byte == 0xc4) {
        insn->rex |= (second & 0x40 ? 0 : X86_REX_X) | (second & 0x20 ? 0 : X86_REX_B) |
                     (last & 0x80 ? X86_REX_W : 0);
    }
    if (!code64(d)) {
        insn->rex &= X86_REX_W;
        insn->vvvv &= 7;
    }
    insn->byte = take(d, 1);
}

/* Outside 64-bit code C4 and C5 are LES and LDS unless ModRM would name a register. */
static void take_vex_or_les(Decode *d, uint8_t byte)
{
    X86Insn *insn = d->insn;
    uint8_t second = take(d, 1);

    if (!code64(d) && second >> 6 != 3) {
        insn->byte = byte;
        insn->modrm = second;
        insn->has_modrm = true;
        return;
    }
    if (!(d->context->mode & X86_MODE_PROTECTED) || d->context->mode & X86_MODE_VM86) {
        d->result = d->result == X86_DECODED ? X86_DECODE_UNDEFINED : d->result;
        return;
    }
    take_vex(d, byte, second);
}

static void take_opcode(Decode *d)
{
    X86Insn *insn = d->insn;
    uint8_t byte = take_prefixes(d);

    if (byte == 0xc4 || byte == 0xc5) {
        take_vex_or_les(d, byte);
        return;
    }
    insn->byte = byte;
    if (byte == 0x0f) {
        byte = take(d, 1);
        insn->map = byte == 0x38 ? X86_MAP_0F38 : byte == 0x3a ? X86_MAP_0F3A : X86_MAP_0F;
        insn->byte = insn->map == X86_MAP_0F ? byte : take(d, 1);
    }
}

/* 2.1.5, table 2-1 */
static void take_address16(Decode *d)
{
    static const struct {
        uint8_t base, index;
    } form[8] = {
        { X86_RBX, X86_RSI },         { X86_RBX, X86_RDI },         { X86_RBP, X86_RSI },
        { X86_RBP, X86_RDI },         { X86_RSI, X86_NO_REGISTER }, { X86_RDI, X86_NO_REGISTER },
        { X86_RBP, X86_NO_REGISTER }, { X86_RBX, X86_NO_REGISTER },
    };
    X86Insn *insn = d->insn;
    X86Memory *m = &insn->memory;
    unsigned mod = x86_mod(insn), rm = x86_rm(insn);

    m->base = form[rm].base;
    m->index = form[rm].index;
    if (mod == 0 && rm == 6) {
        m->base = X86_NO_REGISTER;
        m->offset = take_signed(d, 2);
    } else if (mod != 0) {
        m->offset = take_signed(d, mod);
    }
}

static void take_sib(Decode *d)
{
    X86Insn *insn = d->insn;
    X86Memory *m = &insn->memory;

    insn->sib = take(d, 1);
    m->scale = insn->sib >> 6;
    m->index = (insn->sib >> 3 & 7) | (insn->rex & X86_REX_X ? 8 : 0);
    if ((insn->sib & 7) == 5 && x86_mod(insn) == 0) {
        m->base = X86_NO_REGISTER;
        m->offset = take_signed(d, 4);
    } else {
        m->base = (insn->sib & 7) | (insn->rex & X86_REX_B ? 8 : 0);
    }
}

/* tables 2-2, 2-3; 2.2.1.2, 2.2.1.6 */
static void take_address(Decode *d)
{
    X86Insn *insn = d->insn;
    X86Memory *m = &insn->memory;
    unsigned mod = x86_mod(insn), rm = x86_rm(insn);

    if (rm == 4) {
        take_sib(d);
    } else if (rm == 5 && mod == 0) {
        m->base = code64(d) ? X86_RIP : X86_NO_REGISTER;
        m->offset = take_signed(d, 4);
    } else {
        m->base = rm | (insn->rex & X86_REX_B ? 8 : 0);
    }
    if (mod != 0) {
        m->offset = take_signed(d, mod == 1 ? 1 : 4);
    }
}

static void take_modrm(Decode *d)
{
    X86Insn *insn = d->insn;
    X86Memory *m = &insn->memory;
    bool always_register = insn->map == X86_MAP_0F && (insn->byte & 0xfc) == 0x20;

    if (!insn->has_modrm) {
        insn->modrm = take(d, 1);
        insn->has_modrm = true;
    }
    if (always_register) { /* moves from and to control and debug registers */
        insn->modrm |= 0xc0;
    }
    if (x86_mod(insn) == 3) {
        return;
    }
    if (insn->address_bytes == 2) {
        take_address16(d);
    } else {
        take_address(d);
    }
    if (insn->segment == X86_SEGMENTS) {
        m->segment = m->base == X86_RBP || m->base == X86_RSP ? X86_SS : X86_DS;
    }
}

static bool has_feature(const Decode *d, int feature)
{
    return feature == X86_FEATURE_none ||
           d->context->config->features[feature / 32] >> feature % 32 & 1;
}

static bool operands_fit(const X86Opcode *row, bool memory)
{
    for (unsigned k = 0; k < 4; k++) {
        Place place = operand_codes[row->operand[k]].place;
        if ((place == AT_MEM && !memory) ||
            ((place == AT_MMX_ONLY || place == AT_VECTOR_ONLY) && memory)) {
            return false;
        }
    }
    return true;
}

/* What holds of the instruction, as IF_x. */
static unsigned conditions(const Decode *d)
{
    const X86Insn *insn = d->insn;
    unsigned prefix = insn->prefixes & X86_PREFIX_F3   ? IF_F3
                      : insn->prefixes & X86_PREFIX_F2 ? IF_F2
                      : insn->prefixes & X86_PREFIX_66 ? IF_66
                                                       : IF_NP;

    return prefix | (insn->rex & X86_REX_W ? IF_W1 : IF_W0) |
           (insn->vector_bytes == 32 ? IF_L1 : IF_L0) | (code64(d) ? IF_64 : IF_N64) |
           (!insn->has_modrm     ? 0
            : x86_mod(insn) == 3 ? IF_REG
                                 : IF_MEM);
}

static bool row_fits(const Decode *d, const X86Opcode *row, unsigned holds)
{
    const X86Insn *insn = d->insn;
    unsigned prefixes = row->when & IF_PREFIXES, others = row->when & ~IF_PREFIXES;

    return (!prefixes || prefixes & holds) && (others & holds) == others &&
           (insn->modrm & row->modrm >> 8) == (row->modrm & 255) && has_feature(d, row->feature) &&
           operands_fit(row, holds & IF_MEM);
}

static void find_row(Decode *d)
{
    const Index *index = opcode_index();
    X86Insn *insn = d->insn;
    unsigned key = insn->map * 256 + insn->byte, holds;

    if (d->result != X86_DECODED) {
        return;
    }
    if (index->has_modrm[key]) {
        take_modrm(d);
    }
    holds = conditions(d);
    for (unsigned i = index->first[key]; i < index->first[key + 1]; i++) {
        if (row_fits(d, index->row[i], holds)) {
            insn->opcode = index->row[i];
            return;
        }
    }
    d->result = d->result == X86_DECODED ? X86_DECODE_UNDEFINED : d->result;
}

/* 2.2.1.2; SDM vol. 1, table 3-4 */
static void set_operand_size(Decode *d)
{
    X86Insn *insn = d->insn;
    bool other = insn->prefixes & X86_PREFIX_66;
    unsigned flags = insn->opcode->flags;

    if (!code64(d)) {
        insn->operand_bytes = !(d->context->mode & X86_MODE_CODE32) == other ? 4 : 2;
    } else if (insn->rex & X86_REX_W || flags & X86_F64) {
        insn->operand_bytes = 8;
    } else {
        insn->operand_bytes = other ? 2 : flags & X86_D64 ? 8 : 4;
    }
}

static unsigned size_of(const Decode *d, unsigned size)
{
    const X86Insn *insn = d->insn;

    switch (size) {
    case SIZE_V: return insn->operand_bytes;
    case SIZE_Y: return insn->rex & X86_REX_W && code64(d) ? 8 : 4;
    case SIZE_Z: return MIN(insn->operand_bytes, 4);
    case SIZE_MODE: return code64(d) ? 8 : 4;
    case SIZE_W_REG: return x86_mod(insn) == 3 ? insn->operand_bytes : 2;
    case SIZE_FAR: return insn->operand_bytes + 2;
    case SIZE_X: return insn->vector_bytes;
    case SIZE_HALF: return insn->vector_bytes / 2;
    case SIZE_QUARTER: return insn->vector_bytes / 4;
    case SIZE_EIGHTH: return insn->vector_bytes / 8;
    default: return size;
    }
}

static void set_register(X86Operand *o, X86OperandKind kind, unsigned reg)
{
    o->kind = kind;
    o->reg = reg;
}

/* AH to BH without REX (2.2.1) */
static void set_gpr(const Decode *d, X86Operand *o, unsigned reg)
{
    bool high = o->bytes == 1 && reg >= 4 && reg < 8 && !(d->insn->rex & X86_REX) && !d->insn->vex;

    set_register(o, high ? X86_HIGH : X86_GPR, high ? reg - 4 : reg);
}

static unsigned with_rex(const X86Insn *insn, unsigned bits, uint8_t rex)
{
    return bits | (insn->rex & rex ? 8 : 0);
}

static void set_rm(Decode *d, X86Operand *o, X86OperandKind kind, bool rex)
{
    const X86Insn *insn = d->insn;
    unsigned rm = rex ? with_rex(insn, x86_rm(insn), X86_REX_B) : x86_rm(insn);

    if (x86_mod(insn) != 3) {
        o->kind = X86_MEMORY;
    } else if (kind == X86_GPR) {
        set_gpr(d, o, rm);
    } else {
        set_register(o, kind, rm);
    }
}

static void set_immediate(Decode *d, X86Operand *o, uint64_t value)
{
    o->kind = X86_IMMEDIATE;
    o->imm = value;
    if (!d->immediates++) {
        d->insn->imm = value;
    } else {
        d->insn->imm |= value << 16;
    }
}

static void set_offset(Decode *d, X86Operand *o)
{
    X86Memory *m = &d->insn->memory;

    o->kind = X86_MEMORY;
    m->offset = take(d, d->insn->address_bytes);
}

static void set_far(Decode *d, X86Operand *o)
{
    set_immediate(d, o, take(d, o->bytes));
    d->insn->selector = take(d, 2);
}

static uint64_t cut(uint64_t value, unsigned bytes)
{
    return bytes == 8 ? value : value & ((1ull << bytes * 8) - 1);
}

static void set_other_operand(Decode *d, X86Operand *o, Place place)
{
    X86Insn *insn = d->insn;
    unsigned bytes = o->bytes;

    switch (place) {
    case AT_ONE: set_immediate(d, o, 1); break;
    case AT_IMM: set_immediate(d, o, take(d, bytes)); break;
    case AT_IMM_SIGNED:
        o->bytes = insn->operand_bytes;
        set_immediate(d, o, cut(take_signed(d, bytes), o->bytes));
        break;
    case AT_RELATIVE:
        o->bytes = insn->operand_bytes;
        set_immediate(d, o, take_signed(d, bytes));
        break;
    case AT_FAR: set_far(d, o); break;
    case AT_OFFSET: set_offset(d, o); break;
    case AT_MEM: o->kind = X86_MEMORY; break;
    case AT_SREG: set_register(o, X86_SEGMENT_REGISTER, x86_reg(insn)); break;
    case AT_VECTOR_IMM: set_register(o, X86_VECTOR, take(d, 1) >> 4 & (code64(d) ? 15 : 7)); break;
    case AT_FPU_RM: set_register(o, X86_FPU, x86_rm(insn)); break;
    case AT_FPU_TOP: set_register(o, X86_FPU, 0); break;
    default: break;
    }
}

static void set_operand(Decode *d, X86Operand *o, X86OperandCode code)
{
    X86Insn *insn = d->insn;
    unsigned reg = with_rex(insn, x86_reg(insn), X86_REX_R);
    Place place = operand_codes[code].place;

    o->bytes = size_of(d, operand_codes[code].size);
    switch (place) {
    case AT_RM: set_rm(d, o, X86_GPR, true); break;
    case AT_RM_REG: set_register(o, X86_GPR, with_rex(insn, x86_rm(insn), X86_REX_B)); break;
    case AT_REG: set_gpr(d, o, reg); break;
    case AT_VVVV: set_register(o, X86_GPR, insn->vvvv); break;
    case AT_OPCODE: set_gpr(d, o, with_rex(insn, insn->byte & 7, X86_REX_B)); break;
    case AT_RAX: set_register(o, X86_GPR, X86_RAX); break;
    case AT_RCX: set_register(o, X86_GPR, X86_RCX); break;
    case AT_RDX: set_register(o, X86_GPR, X86_RDX); break;
    case AT_CONTROL: set_register(o, X86_CONTROL_REGISTER, reg); break;
    case AT_DEBUG: set_register(o, X86_DEBUG_REGISTER, reg); break;
    case AT_MMX_REG: set_register(o, X86_MMX, x86_reg(insn)); break;
    case AT_MMX_ONLY:
    case AT_MMX_RM: set_rm(d, o, X86_MMX, false); break;
    case AT_VECTOR_REG: set_register(o, X86_VECTOR, reg); break;
    case AT_VECTOR_ONLY:
    case AT_VECTOR_RM: set_rm(d, o, X86_VECTOR, true); break;
    case AT_VECTOR_VVVV: set_register(o, X86_VECTOR, insn->vex ? insn->vvvv : reg); break;
    default: set_other_operand(d, o, place); break;
    }
}

/* CRs 0, 2, 3, 4 and 8, DRs up to 7: the others are #UD whatever CPL is. */
static bool control_register_exists(const X86Operand *o)
{
    const unsigned cr = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 8;

    return o->kind == X86_CONTROL_REGISTER ? cr >> o->reg & 1
                                           : o->kind != X86_DEBUG_REGISTER || o->reg < 8;
}

/* AMD: LOCK before MOV to and from CR0 names CR8, without REX (APM vol. 3, MOV CRn). */
static void take_alternative_cr8(Decode *d)
{
    X86Insn *insn = d->insn;

    for (unsigned k = 0; k < 2; k++) {
        X86Operand *o = &insn->operand[k];
        if (insn->prefixes & X86_PREFIX_LOCK && o->kind == X86_CONTROL_REGISTER && o->reg == 0 &&
            has_feature(d, X86_FEATURE_cr8legacy)) {
            o->reg = 8;
            insn->prefixes &= ~X86_PREFIX_LOCK;
        }
    }
}

/* Rules of the row; SDM vol. 2, LOCK; 2.3.5, 2.3.7 */
static bool is_allowed(const Decode *d)
{
    const X86Insn *insn = d->insn;
    unsigned flags = insn->opcode->flags, mode = d->context->mode;
    bool locks = insn->prefixes & X86_PREFIX_LOCK;

    if (d->undefined || (locks && !(flags & X86_LOCKABLE && insn->operand[0].kind == X86_MEMORY))) {
        return false;
    }
    if (!control_register_exists(&insn->operand[0]) ||
        !control_register_exists(&insn->operand[1])) {
        return false;
    }
    if (flags & X86_PROTECTED && (!(mode & X86_MODE_PROTECTED) || mode & X86_MODE_VM86)) {
        return false;
    }
    if (flags & X86_NO_VVVV && d->vvvv) {
        return false;
    }
    return !(flags & X86_NO_ADDRESS16 && insn->address_bytes == 2 && x86_mod(insn) != 3) &&
           !(flags & X86_VSIB && (x86_mod(insn) == 3 || x86_rm(insn) != 4));
}

static void finish_memory(X86Insn *insn)
{
    X86Memory *m = &insn->memory;

    if (insn->segment != X86_SEGMENTS) {
        m->segment = insn->segment;
    }
    if (m->index == X86_RSP && !(insn->opcode->flags & X86_VSIB)) {
        m->index = X86_NO_REGISTER; /* 2.1.5: no index */
    }
}

static void set_address_size(Decode *d)
{
    X86Insn *insn = d->insn;
    bool other = insn->prefixes & X86_PREFIX_67;

    if (code64(d)) {
        insn->address_bytes = other ? 4 : 8;
    } else {
        insn->address_bytes = !(d->context->mode & X86_MODE_CODE32) == other ? 4 : 2;
    }
}

X86DecodeResult x86_decode(const X86DecodeContext *context, uint64_t pc, X86Insn *insn)
{
    Decode d = { .context = context, .insn = insn };

    *insn = (X86Insn){
        .pc = pc,
        .segment = X86_SEGMENTS,
        .vector_bytes = 16,
        .memory = { .segment = X86_DS, .base = X86_NO_REGISTER, .index = X86_NO_REGISTER },
    };
    take_opcode(&d);
    set_address_size(&d);
    find_row(&d);
    if (d.result == X86_DECODED) {
        set_operand_size(&d);
        for (unsigned k = 0; k < 4; k++) {
            set_operand(&d, &insn->operand[k], insn->opcode->operand[k]);
        }
        finish_memory(insn);
        take_alternative_cr8(&d);
    }
    insn->next_pc = code64(&d) ? pc + insn->length : (uint32_t)(pc + insn->length);
    if (d.result == X86_DECODED && !is_allowed(&d)) {
        d.result = X86_DECODE_UNDEFINED;
    }
    return d.result;
}
