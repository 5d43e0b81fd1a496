/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 instructions by the host's unit, in place of a helper's call. That unit is empty and has the
 * control word that C expects, which is nearly every guest's too; with another, with a register
 * that should not be empty (or full), or with memory that the first level does not know, the helper
 * is called out of line. Spec: SDM vol. 1, ch. 8.
 */
#include "tcg/host/x86_64/memory_internal.h"
#include "tcg/host/x86_64/vector_regs_internal.h"

enum {
    CONTROL_WORD = 0x37f, /* all exceptions masked, 64 bits, to nearest */
    EXCEPTIONS = 0x3f,
    C1 = 0x200,
    CONDITIONS = 0x4700,
    OPCODE_MASK = 0x7ff,
    FNSTSW = 0xe0df,
    FNCLEX = 0xe2db,
    FCOMPP = 0xd9de,
    FUCOMPP = 0xe9da,
    FCOMIP_ST1 = 0xf1df,
    FUCOMIP_ST1 = 0xe9df,
    FDROP = 0xd8dd, /* fstp st(0) */
    LAHF = 0x9f,
};

/* What an instruction does. */
typedef enum {
    NOT_INLINE,
    ARITHMETIC_MEMORY, /* st0 = st0 op operand */
    ARITHMETIC,        /* st0 or st(i) = st0 op st(i) */
    COMPARE_MEMORY,
    COMPARE,
    COMPARE_FLAGS,
    LOAD_MEMORY,
    LOAD_X80,
    LOAD_REGISTER,
    LOAD_ONE,
    LOAD_ZERO,
    EXCHANGE,
    STORE_REGISTER,
    CHANGE_SIGN,
    ABSOLUTE,
    SQUARE_ROOT,
    STORE_MEMORY,
} Action;

typedef struct {
    Action action;
    IrHostX87 host;
    unsigned opcode, group, op, i;
    bool memory; /* its ModRM says so */
    bool quiet;
    uint8_t pops;
    uint8_t operand, address; /* registers or NO_REG */
    uint8_t top, t;           /* temporaries; top becomes the offset of st0 */
    uint8_t result;           /* register of the flags or NO_REG */
    uint32_t fail[4];         /* jumps to the call */
    unsigned fails;
} X87;

static void pair(Emit *e, unsigned bytes)
{
    asm_imm8(e->a, bytes);
    asm_imm8(e->a, bytes >> 8);
}

static AsmMem env(int32_t offset)
{
    return asm_mem(ENV_REG, offset);
}

static void decode_memory(X87 *x)
{
    static const uint8_t stores[8] = { [1] = 0x0c, [3] = 0x8e, [5] = 0x0e, [7] = 0x8e };
    if (x->host.kind == IR_X87_LOAD) {
        x->action = x->group == 3 ? LOAD_X80 : NOT_INLINE;
    } else if (x->host.kind == IR_X87_STORE) {
        x->action = stores[x->group] >> x->op & 1 ? STORE_MEMORY : NOT_INLINE;
        x->pops = x->op != 2;
    } else if (x->group & 1) {
        x->action = LOAD_MEMORY;
    } else if (x->op == 2 || x->op == 3) {
        x->action = COMPARE_MEMORY;
        x->pops = x->op == 3;
    } else {
        x->action = ARITHMETIC_MEMORY;
    }
}

static void decode_d9(X87 *x)
{
    switch (x->opcode & 0xff) {
    case 0xe0: x->action = CHANGE_SIGN; return;
    case 0xe1: x->action = ABSOLUTE; return;
    case 0xe8: x->action = LOAD_ONE; return;
    case 0xee: x->action = LOAD_ZERO; return;
    case 0xfa: x->action = SQUARE_ROOT; return;
    default: break;
    }
    x->action = x->op == 0 ? LOAD_REGISTER : x->op == 1 ? EXCHANGE : NOT_INLINE;
}

static void decode_register(X87 *x)
{
    unsigned modrm = x->opcode & 0xff;
    bool arithmetic = x->group == 0 || x->group == 4 || x->group == 6;
    if (arithmetic && x->op != 2 && x->op != 3) {
        x->action = ARITHMETIC;
        x->pops = x->group == 6;
    } else if (arithmetic && (x->group != 6 || modrm == 0xd9)) {
        x->action = COMPARE;
        x->pops = (x->op == 3) + (x->group == 6);
    } else if (x->group == 1) {
        decode_d9(x);
    } else if (x->group == 5 && (x->op == 2 || x->op == 3)) {
        x->action = STORE_REGISTER;
        x->pops = x->op == 3;
    } else if (x->group == 5 && (x->op == 4 || x->op == 5)) {
        x->action = COMPARE;
        x->quiet = true;
        x->pops = x->op == 5;
    } else if (x->group == 2 && modrm == 0xe9) {
        x->action = COMPARE;
        x->quiet = true;
        x->pops = 2;
    } else if ((x->group == 3 || x->group == 7) && (x->op == 5 || x->op == 6)) {
        x->action = COMPARE_FLAGS;
        x->quiet = x->op == 5;
        x->pops = x->group == 7;
    }
}

/* out of line */

static void push(Emit *e, uint8_t reg, uint64_t constant)
{
    if (reg != NO_REG) {
        asm_push(e->a, reg);
    } else if ((int64_t)constant == (int32_t)constant) {
        asm_push_imm(e->a, constant);
    } else {
        asm_mov_ri(e->a, RAX, constant);
        asm_push(e->a, RAX);
    }
}

static uint64_t constant_argument(const Emit *e, const IrOp *op, unsigned k)
{
    return e->region->ops[op->arg[k]].imm;
}

static void cold_helper(Emit *e, const ColdJob *job)
{
    const IrHelper *helper = (const IrHelper *)(uintptr_t)job->op->imm;
    vectors_store(e, &job->vectors);
    push(e, NO_REG, (uintptr_t)helper->fn);
    push(e, job->reg[1], constant_argument(e, job->op, 3));
    push(e, NO_REG, constant_argument(e, job->op, 2));
    push(e, job->reg[0], constant_argument(e, job->op, 1));
    push(e, NO_REG, constant_argument(e, job->op, 0));
    emit_ref(e, asm_call(e->a), stub_pos(STUB_X87));
    emit_call_out(e, job->insn);
    if (job->reg[2] != NO_REG) {
        asm_load(e->a, true, job->reg[2], save_mem(SAVE_RESULT));
    }
    emit_ref(e, asm_jmp(e->a), job->back);
}

static void fail_if(Emit *e, X87 *x, AsmCond cc)
{
    x->fail[x->fails++] = asm_jcc(e->a, cc);
}

/* checks; eax: the tags */

static void check_control(Emit *e, X87 *x)
{
    asm_rm(e->a, 0x81 | A_66, ALU_CMP, env(x->host.control));
    pair(e, CONTROL_WORD);
    fail_if(e, x, CC_NE);
}

static void load_top(Emit *e, X87 *x)
{
    asm_rm(e->a, 0xb6 | A_0F, x->top, env(x->host.top));
    asm_rm(e->a, 0xb6 | A_0F, RAX, env(x->host.empty));
}

static void add_wrapping(Emit *e, uint8_t dst, uint8_t src, unsigned i)
{
    asm_lea(e->a, false, dst, asm_mem(src, i));
    asm_alu_ri(e->a, ALU_AND, false, dst, 7);
}

static void check_full(Emit *e, X87 *x, uint8_t reg)
{
    asm_rr(e->a, 0xa3 | A_0F, reg, RAX); /* bt */
    fail_if(e, x, CC_B);
}

/* The register that a push takes becomes the top. */
static void check_room(Emit *e, X87 *x)
{
    add_wrapping(e, x->top, x->top, 7);
    asm_rr(e->a, 0xb3 | A_0F, x->top, RAX); /* btr */
    x->fail[x->fails++] = asm_jcc(e->a, CC_AE);
}

static void pushed(Emit *e, const X87 *x)
{
    asm_rm(e->a, 0x88 | A_BYTE, RAX, env(x->host.empty));
    asm_rm(e->a, 0x88 | A_BYTE, x->top, env(x->host.top));
}

static void scale(Emit *e, uint8_t reg)
{
    asm_shift_ri(e->a, SHIFT_SHL, false, reg, 4);
}

/* x->top: offset of the top before */
static void pop(Emit *e, const X87 *x)
{
    if (!x->pops) {
        return;
    }
    asm_shift_ri(e->a, SHIFT_SHR, false, x->top, 4);
    asm_rm(e->a, 0xb6 | A_0F, x->t, env(x->host.empty));
    for (unsigned n = 0; n < x->pops; n++) {
        asm_rr(e->a, 0xab | A_0F, x->top, x->t); /* bts */
        add_wrapping(e, x->top, x->top, 1);
    }
    asm_rm(e->a, 0x88 | A_BYTE, x->t, env(x->host.empty));
    asm_rm(e->a, 0x88 | A_BYTE, x->top, env(x->host.top));
}

/* registers of the guest: @reg: offset */

static AsmMem guest_register(const X87 *x, uint8_t reg)
{
    return asm_mem_index(ENV_REG, reg, 0, x->host.registers);
}

static void fld_x80(Emit *e, AsmMem mem)
{
    asm_rm(e->a, 0xdb, 5, mem);
}

static void fstp_x80(Emit *e, AsmMem mem)
{
    asm_rm(e->a, 0xdb, 7, mem);
}

/* The host's flags since they were cleared last, and conditions @set of this instruction, replace
 * @clear. */
static void take_status(Emit *e, const X87 *x, unsigned set, unsigned clear)
{
    asm_rm(e->a, 0xb7 | A_0F, x->t, env(x->host.status));
    asm_alu_ri(e->a, ALU_AND, false, RAX, EXCEPTIONS | set);
    if (clear) {
        asm_alu_ri(e->a, ALU_AND, false, x->t, ~clear);
    }
    asm_alu_rr(e->a, ALU_OR, false, x->t, RAX);
    asm_rm(e->a, 0x89 | A_66, x->t, env(x->host.status));
}

static void clear_c1(Emit *e, const X87 *x)
{
    asm_rm(e->a, 0x81 | A_66, ALU_AND, env(x->host.status));
    pair(e, 0xffff & ~C1);
}

static void cold_clear(Emit *e, const ColdJob *job)
{
    pair(e, FNCLEX);
    emit_ref(e, asm_jmp(e->a), job->back);
}

/* The host's flags are among the guest's from here on: if one is not, it came from elsewhere.
 * Looking costs little, clearing much. */
static void begin_flags(Emit *e, const X87 *x)
{
    if (e->x87_clean && !e->in_copy) {
        return;
    }
    pair(e, FNSTSW);
    asm_rm(e->a, 0xb7 | A_0F, x->t, env(x->host.status));
    asm_unary(e->a, UNARY_NOT, false, x->t);
    asm_alu_ri(e->a, ALU_AND, false, x->t, EXCEPTIONS);
    asm_test_rr(e->a, false, RAX, x->t);
    ColdJob *job = emit_job(e, cold_clear, asm_jcc(e->a, CC_NE));
    job->back = emit_pos(e);
    e->x87_clean |= !e->in_copy;
}

/* the instructions */

static void arithmetic_memory(Emit *e, X87 *x)
{
    load_top(e, x);
    check_full(e, x, x->top);
    scale(e, x->top);
    asm_store(e->a, true, save_mem(SAVE_FP), x->operand);
    fld_x80(e, guest_register(x, x->top));
    asm_rm(e->a, 0xd8 + x->group, x->op, save_mem(SAVE_FP));
    pair(e, FNSTSW);
    if (x->action == COMPARE_MEMORY) {
        if (!(x->op & 1)) { /* the popping form has dropped it */
            pair(e, FDROP);
        }
        take_status(e, x, CONDITIONS, CONDITIONS);
        pop(e, x);
    } else {
        fstp_x80(e, guest_register(x, x->top));
        take_status(e, x, C1, C1);
    }
}

/* st0 and st(i) are to be full; their offsets are in .top and .t then */
static void two_registers(Emit *e, X87 *x)
{
    load_top(e, x);
    check_full(e, x, x->top);
    add_wrapping(e, x->t, x->top, x->i);
    check_full(e, x, x->t);
    scale(e, x->top);
    scale(e, x->t);
}

static void arithmetic(Emit *e, X87 *x)
{
    /* st1 = st1 op st0, popping */
    static const uint8_t modrm[8] = { 0xc1, 0xc9, 0, 0, 0xe9, 0xe1, 0xf9, 0xf1 };
    two_registers(e, x);
    fld_x80(e, guest_register(x, x->top));
    fld_x80(e, guest_register(x, x->t));
    pair(e, 0xde | modrm[x->op] << 8);
    pair(e, FNSTSW);
    fstp_x80(e, guest_register(x, x->group ? x->t : x->top));
    take_status(e, x, C1, C1);
    pop(e, x);
}

static void compare(Emit *e, X87 *x)
{
    two_registers(e, x);
    fld_x80(e, guest_register(x, x->t));
    fld_x80(e, guest_register(x, x->top));
    if (x->action == COMPARE) {
        pair(e, x->quiet ? FUCOMPP : FCOMPP);
        pair(e, FNSTSW);
        take_status(e, x, CONDITIONS, CONDITIONS);
    } else {
        enum { CF_PF_ZF = 0x45 };
        pair(e, x->quiet ? FUCOMIP_ST1 : FCOMIP_ST1);
        asm_imm8(e->a, LAHF);
        asm_rr(e->a, 0xb6 | A_0F, RAX, RSP); /* movzx eax, ah */
        asm_alu_ri(e->a, ALU_AND, false, RAX, CF_PF_ZF);
        asm_mov_rr(e->a, true, x->result, RAX);
        pair(e, FDROP);
        pair(e, FNSTSW);
        take_status(e, x, 0, 0);
    }
    pop(e, x);
}

static void load_memory(Emit *e, X87 *x)
{
    load_top(e, x);
    check_room(e, x);
    asm_store(e->a, true, save_mem(SAVE_FP), x->operand);
    pushed(e, x);
    scale(e, x->top);
    asm_rm(e->a, 0xd8 + x->group, x->op, save_mem(SAVE_FP));
    pair(e, FNSTSW);
    fstp_x80(e, guest_register(x, x->top));
    take_status(e, x, 0, C1);
}

static void load_constant(Emit *e, X87 *x)
{
    load_top(e, x);
    check_room(e, x);
    pushed(e, x);
    scale(e, x->top);
    pair(e, 0xd9 | (x->action == LOAD_ONE ? 0xe8 : 0xee) << 8);
    fstp_x80(e, guest_register(x, x->top));
    clear_c1(e, x);
}

static void load_register(Emit *e, X87 *x)
{
    load_top(e, x);
    add_wrapping(e, x->t, x->top, x->i);
    check_full(e, x, x->t);
    check_room(e, x);
    pushed(e, x);
    scale(e, x->t);
    scale(e, x->top);
    fld_x80(e, guest_register(x, x->t));
    fstp_x80(e, guest_register(x, x->top));
    clear_c1(e, x);
}

static void exchange(Emit *e, X87 *x)
{
    two_registers(e, x);
    fld_x80(e, guest_register(x, x->top));
    fld_x80(e, guest_register(x, x->t));
    fstp_x80(e, guest_register(x, x->top));
    fstp_x80(e, guest_register(x, x->t));
    clear_c1(e, x);
}

static void store_register(Emit *e, X87 *x)
{
    load_top(e, x);
    check_full(e, x, x->top);
    add_wrapping(e, x->t, x->top, x->i);
    asm_rr(e->a, 0xb3 | A_0F, x->t, RAX); /* btr */
    asm_rm(e->a, 0x88 | A_BYTE, RAX, env(x->host.empty));
    scale(e, x->top);
    scale(e, x->t);
    fld_x80(e, guest_register(x, x->top));
    fstp_x80(e, guest_register(x, x->t));
    clear_c1(e, x);
    pop(e, x);
}

static void change(Emit *e, X87 *x)
{
    load_top(e, x);
    check_full(e, x, x->top);
    scale(e, x->top);
    if (x->action == SQUARE_ROOT) {
    }
    fld_x80(e, guest_register(x, x->top));
    pair(e, 0xd9 | (x->opcode & 0xff) << 8);
    if (x->action == SQUARE_ROOT) {
        pair(e, FNSTSW);
    }
    fstp_x80(e, guest_register(x, x->top));
    if (x->action == SQUARE_ROOT) {
        take_status(e, x, C1, C1);
    } else {
        clear_c1(e, x);
    }
}

/* The host's address: .operand + .t */
static void check_memory(Emit *e, X87 *x)
{
    const IrOp access = { .mem.bank = x->host.bank };
    x->fail[x->fails++] = memory_check(e, &(TlbCheck){ .op = &access,
                                                       .address = x->operand,
                                                       .index = x->t,
                                                       .tag = RAX,
                                                       .bytes = x->host.bytes,
                                                       .write = x->host.kind == IR_X87_STORE });
    memory_addend(e, &access, x->t, x->t);
}

static void load_x80(Emit *e, X87 *x)
{
    check_memory(e, x);
    load_top(e, x);
    check_room(e, x);
    pushed(e, x);
    scale(e, x->top);
    fld_x80(e, asm_mem_index(x->operand, x->t, 0, 0));
    fstp_x80(e, guest_register(x, x->top));
    clear_c1(e, x);
}

static void store_memory(Emit *e, X87 *x)
{
    bool whole = x->host.bytes == 10;
    unsigned op = x->op == 2 ? 3 : x->op; /* popping, since it is a copy */
    check_memory(e, x);
    load_top(e, x);
    check_full(e, x, x->top);
    scale(e, x->top);
    if (!whole) {
    }
    fld_x80(e, guest_register(x, x->top));
    asm_rm(e->a, 0xd8 + x->group, op, asm_mem_index(x->operand, x->t, 0, 0));
    if (whole) {
        clear_c1(e, x);
    } else {
        pair(e, FNSTSW);
        take_status(e, x, C1, C1);
    }
    pop(e, x);
}

/* what FNSTENV shows */

static void copy_word(Emit *e, const X87 *x, int32_t to, int32_t from)
{
    asm_rm(e->a, 0xb7 | A_0F, x->t, env(from));
    asm_rm(e->a, 0x89 | A_66, x->t, env(to));
}

static void store_constant(Emit *e, const X87 *x, int32_t to, uint64_t value)
{
    if ((int64_t)value == (int32_t)value) {
        asm_store_imm(e->a, true, env(to), value);
    } else {
        asm_mov_ri(e->a, x->t, value);
        asm_store(e->a, true, env(to), x->t);
    }
}

static void note_pointers(Emit *e, const IrOp *op, const X87 *x)
{
    asm_rm(e->a, 0xc7 | A_66, 0, env(x->host.opcode));
    pair(e, x->opcode);
    store_constant(e, x, x->host.code_pointer, constant_argument(e, op, 2));
    copy_word(e, x, x->host.code_selector, x->host.from_code_selector);
    if (!x->memory) {
        return;
    }
    if (x->address == NO_REG) {
        store_constant(e, x, x->host.data_pointer, constant_argument(e, op, 3));
    } else {
        asm_store(e->a, true, env(x->host.data_pointer), x->address);
    }
    copy_word(e, x, x->host.data_selector, x->host.from_data_selector);
}

static bool has_flags(const X87 *x)
{
    switch (x->action) {
    case LOAD_X80:
    case LOAD_REGISTER:
    case LOAD_ONE:
    case LOAD_ZERO:
    case EXCHANGE:
    case STORE_REGISTER:
    case CHANGE_SIGN:
    case ABSOLUTE: return false;
    default: return x->host.kind != IR_X87_STORE || x->host.bytes != 10;
    }
}

typedef void EmitX87(Emit *e, X87 *x);

static uint8_t argument(Emit *e, unsigned k)
{
    uint64_t c;
    return regs_const(e, k, &c) ? NO_REG : regs_use(e, k);
}

static bool prepare(Emit *e, const IrOp *op, X87 *x)
{
    const IrHelper *helper = (const IrHelper *)(uintptr_t)op->imm;
    uint64_t code, c;
    if (e->be->options.fp_profile != IR_FP_X86 || !regs_const(e, 0, &code) ||
        !regs_const(e, 2, &c) || !helper->x87(code, &x->host)) {
        return false;
    }
    x->opcode = code & OPCODE_MASK;
    x->group = x->opcode >> 8;
    x->op = x->opcode >> 3 & 7;
    x->i = x->opcode & 7;
    x->memory = (x->opcode & 0xff) < 0xc0;
    if (x->memory) {
        decode_memory(x);
    } else {
        decode_register(x);
    }
    return x->action != NOT_INLINE;
}

bool emit_x87(Emit *e, const IrOp *op)
{
    static EmitX87 *const actions[] = {
        [ARITHMETIC_MEMORY] = arithmetic_memory,
        [COMPARE_MEMORY] = arithmetic_memory,
        [ARITHMETIC] = arithmetic,
        [COMPARE] = compare,
        [COMPARE_FLAGS] = compare,
        [LOAD_MEMORY] = load_memory,
        [LOAD_X80] = load_x80,
        [LOAD_REGISTER] = load_register,
        [LOAD_ONE] = load_constant,
        [LOAD_ZERO] = load_constant,
        [EXCHANGE] = exchange,
        [STORE_REGISTER] = store_register,
        [CHANGE_SIGN] = change,
        [ABSOLUTE] = change,
        [SQUARE_ROOT] = change,
        [STORE_MEMORY] = store_memory,
    };
    X87 x = { .result = NO_REG };
    uint64_t constant;
    if (!prepare(e, op, &x)) {
        return false;
    }
    regs_take(e, RAX);
    x.operand = x.memory ? regs_use(e, 1) : argument(e, 1);
    x.address = argument(e, 3);
    x.top = regs_temp(e);
    x.t = regs_temp(e);
    x.result = x.action == COMPARE_FLAGS ? regs_temp(e) : NO_REG;
    check_control(e, &x);
    if (has_flags(&x)) {
        begin_flags(e, &x);
    }
    actions[x.action](e, &x);
    note_pointers(e, op, &x);
    ColdJob *job = emit_job(e, cold_helper, x.fail[0]);
    job->from2 = x.fail[1];
    job->from3 = x.fail[2];
    job->from4 = x.fail[3];
    job->op = op;
    job->reg[0] = regs_const(e, 1, &constant) ? NO_REG : x.operand;
    job->reg[1] = x.address;
    job->reg[2] = x.result;
    job->back = emit_pos(e);
    if (x.result != NO_REG) {
        regs_def_in(e, x.result);
    }
    return true;
}
