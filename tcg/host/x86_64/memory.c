/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory: the check of the soft TLB inline, the way round it out of line, and windows, in
 * which accesses off one base share a check. See docs/devel/tier1.rst.
 */
#include "tcg/host/x86_64/memory_internal.h"
#include "tcg/host/x86_64/vector_regs_internal.h"

#include <string.h>

enum {
    PAGE_BYTES = 1 << TCG_PAGE_BITS,
    INDEX_MASK = (TCG_TLB_ENTRIES - 1) * 8,
    INDEX_SHIFT = TCG_PAGE_BITS - 3
};

uint32_t memory_bytes(const IrOp *op)
{
    return 1u << op->mem.size_log2;
}

static bool is_store(const IrOp *op)
{
    return op->op != IR_LOAD && op->op != IR_LOADV;
}

static int32_t bank_offset(const IrOp *op, size_t array)
{
    return TCG_ANCHOR_OFFSET(tlb) + (int32_t)(op->mem.bank * sizeof(TcgTlbBank) + array);
}

uint32_t memory_check(Emit *e, const TlbCheck *c)
{
    Asm *a = e->a;
    bool write = c->write;
    int32_t tags =
        bank_offset(c->op, write ? offsetof(TcgTlbBank, wtag) : offsetof(TcgTlbBank, rtag));
    if (e->be->options.slow_memory || (c->group && e->be->options.group_fail)) {
        return asm_jmp(a);
    }
    if (backend_has(e->be, TCG_HOST_BMI)) {
        asm_vrr(a, 0xf0 | A_0F3A | A_F2 | A_W, c->index, 0, c->address);
        asm_imm8(a, INDEX_SHIFT);
    } else {
        asm_mov_rr(a, false, c->index, c->address);
        asm_shift_ri(a, SHIFT_SHR, false, c->index, INDEX_SHIFT);
    }
    asm_alu_ri(a, ALU_AND, false, c->index, INDEX_MASK);
    asm_load(a, true, c->tag, asm_mem_index(ENV_REG, c->index, 0, tags));
    asm_alu_rr(a, ALU_XOR, true, c->tag, c->address);
    asm_alu_ri(a, ALU_CMP, true, c->tag, PAGE_BYTES - (int32_t)c->bytes);
    return asm_jcc(a, CC_A);
}

void memory_addend(Emit *e, const IrOp *op, uint8_t dst, uint8_t index)
{
    asm_load(e->a, true, dst,
             asm_mem_index(ENV_REG, index, 0, bank_offset(op, offsetof(TcgTlbBank, addend))));
}

/* address register and displacement of the access; a displacement that does not fit is added in a
 * temporary */
static AsmMem address_of(Emit *e, const IrOp *op)
{
    int64_t offset = op->imm;
    uint8_t base = regs_use(e, 0);
    if (offset == (int32_t)offset) {
        return asm_mem(base, offset);
    }
    uint8_t t = regs_temp(e);
    asm_mov_ri(e->a, t, offset);
    asm_alu_rr(e->a, ALU_ADD, true, t, base);
    return asm_mem(t, 0);
}

uint8_t memory_address(Emit *e, const IrOp *op)
{
    AsmMem m = address_of(e, op);
    if (m.disp == 0) {
        return m.base;
    }
    uint8_t t = regs_temp(e);
    asm_lea(e->a, true, t, m);
    return t;
}

/* the access itself */

static void emit_reverse(Asm *a, unsigned size_log2, uint8_t reg)
{
    if (size_log2 == 1) {
        asm_rr(a, 0xc1 | A_66, SHIFT_ROL, reg);
        asm_imm8(a, 8);
    } else if (size_log2 > 1) {
        asm_imm8(a, 0x40 | (size_log2 == 3 ? 8 : 0) | reg >> 3);
        asm_imm8(a, 0x0f);
        asm_imm8(a, 0xc8 | (reg & 7));
    }
}

void memory_extend_rr(Asm *a, const IrOp *op, uint8_t dst, uint8_t src)
{
    uint32_t w = op->mem.sign && op->type == IR_I64 ? A_W : 0;
    switch (op->mem.size_log2) {
    case 0: asm_rr(a, (op->mem.sign ? 0xbe : 0xb6) | A_0F | A_BYTE | w, dst, src); break;
    case 1: asm_rr(a, (op->mem.sign ? 0xbf : 0xb7) | A_0F | w, dst, src); break;
    case 2:
        if (w) {
            asm_rr(a, 0x63 | A_W, dst, src);
        } else {
            asm_mov_rr(a, false, dst, src);
        }
        break;
    default: asm_mov_rr(a, op->type != IR_I32, dst, src); break;
    }
}

static void load_little(Asm *a, const IrOp *op, uint8_t dst, AsmMem mem)
{
    uint32_t w = op->mem.sign && op->type == IR_I64 ? A_W : 0;
    if (dst >= XMM0) {
        asm_rm(a, 0x10 | A_0F | (op->type == IR_F64 ? A_F2 : A_F3), dst, mem);
        return;
    }
    switch (op->mem.size_log2) {
    case 0: asm_rm(a, (op->mem.sign ? 0xbe : 0xb6) | A_0F | w, dst, mem); break;
    case 1: asm_rm(a, (op->mem.sign ? 0xbf : 0xb7) | A_0F | w, dst, mem); break;
    case 2: asm_rm(a, w ? 0x63 | A_W : 0x8b, dst, mem); break;
    default: asm_load(a, op->type != IR_I32, dst, mem); break;
    }
}

/* @scratch: a general register, for values that pass through one on the way to a vector register */
static void emit_load_access(Emit *e, const IrOp *op, uint8_t dst, AsmMem mem, uint8_t scratch)
{
    Asm *a = e->a;
    if (!op->mem.big_endian || op->mem.size_log2 == 0) {
        load_little(a, op, dst, mem);
        return;
    }
    uint8_t via = dst < XMM0 ? dst : scratch;
    static const uint32_t plain[4] = { 0, 0xb7 | A_0F, 0x8b, 0x8b | A_W };
    asm_rm(a, plain[op->mem.size_log2], via, mem);
    emit_reverse(a, op->mem.size_log2, via);
    if (dst < XMM0) {
        memory_extend_rr(a, op, dst, via);
    } else {
        asm_rr(a, 0x6e | A_0F | A_66 | (op->type == IR_F64 ? A_W : 0), dst, via);
    }
}

static void store_little(Asm *a, unsigned size_log2, uint8_t value, AsmMem mem)
{
    static const uint32_t opcode[4] = { 0x88 | A_BYTE, 0x89 | A_66, 0x89, 0x89 | A_W };
    if (value >= XMM0) {
        asm_rm(a, 0x11 | A_0F | (size_log2 == 3 ? A_F2 : A_F3), value, mem);
    } else {
        asm_rm(a, opcode[size_log2], value, mem);
    }
}

/* @value: register, or NO_REG for the constant @imm */
static void emit_store_access(Emit *e, const IrOp *op, StoreValue value, AsmMem mem,
                              uint8_t scratch)
{
    static const uint32_t opcode[4] = { 0xc6, 0xc7 | A_66, 0xc7, 0xc7 | A_W };
    unsigned size = op->mem.size_log2;
    Asm *a = e->a;
    if (value.reg == NO_REG) {
        asm_rm(a, opcode[size], 0, mem);
        if (size == 0) {
            asm_imm8(a, value.imm);
        } else if (size == 1) {
            asm_imm8(a, value.imm);
            asm_imm8(a, value.imm >> 8);
        } else {
            asm_imm32(a, value.imm);
        }
        return;
    }
    if (!op->mem.big_endian || size == 0) {
        store_little(a, size, value.reg, mem);
        return;
    }
    if (value.reg < XMM0) {
        asm_mov_rr(a, true, scratch, value.reg);
    } else {
        asm_rr(a, 0x7e | A_0F | A_66 | A_W, value.reg, scratch);
    }
    emit_reverse(a, size, scratch);
    store_little(a, size, scratch, mem);
}

/* the slow way, out of line */

static void push_address(Asm *a, uint8_t reg, int32_t disp)
{
    asm_push(a, reg);
    if (disp) {
        asm_alu_mi(a, ALU_ADD, true, asm_mem(RSP, 0), disp);
    }
}

void memory_push_value(Asm *a, StoreValue v)
{
    if (v.reg == NO_REG) {
        asm_push_imm(a, v.imm);
    } else if (v.reg < XMM0) {
        asm_push(a, v.reg);
    } else {
        asm_lea(a, true, RSP, asm_mem(RSP, -8));
        asm_rm(a, 0x11 | A_0F | A_F2, v.reg, asm_mem(RSP, 0));
    }
}

void memory_call_slow(Emit *e, const ColdJob *job, Stub stub, uint8_t detail)
{
    const IrOp *op = job->op;
    SlowAccess access = { op->mem, memory_bytes(op) - 1, detail };
    int32_t imm;
    memcpy(&imm, &access, sizeof(imm));
    vectors_store(e, &job->vectors);
    push_address(e->a, job->reg[0], job->imm);
    asm_push_imm(e->a, imm);
    emit_ref(e, asm_call(e->a), stub_pos(stub));
    emit_call_out(e, job->insn);
    if (job->retry && !e->be->options.slow_memory) {
        emit_ref(e, asm_jcc(e->a, CC_E), job->retry);
    }
}

uint8_t memory_align_detail(const IrOp *op)
{
    return op->mem.align ? memory_bytes(op) - 1 : 0;
}

void memory_push_predictor(Emit *e, const ColdJob *job)
{
    if (job->predictor != NO_PREDICTOR) {
        asm_push_imm(e->a, job->predictor);
    }
}

static void cold_load(Emit *e, const ColdJob *job)
{
    Stub stub = job->predictor == NO_PREDICTOR ? STUB_LOAD : STUB_PREDICT_LOAD;
    emit_late(e, job);
    memory_push_predictor(e, job);
    memory_call_slow(e, job, stub, memory_align_detail(job->op));
    load_little(e->a, job->op, job->reg[1], save_mem(SAVE_RESULT));
    emit_ref(e, asm_jmp(e->a), job->back);
}

static void cold_store(Emit *e, const ColdJob *job)
{
    Stub stub = job->predictor == NO_PREDICTOR ? STUB_STORE : STUB_PREDICT_STORE;
    emit_late(e, job);
    memory_push_predictor(e, job);
    memory_push_value(e->a, (StoreValue){ job->reg[1], job->imm2 });
    memory_call_slow(e, job, stub, memory_align_detail(job->op));
    emit_ref(e, asm_jmp(e->a), job->back);
}

/* inline accesses */

static uint32_t check_alignment(Emit *e, const IrOp *op, uint8_t address)
{
    if (!op->mem.align || op->mem.size_log2 == 0 || e->be->options.slow_memory) {
        return 0;
    }
    asm_test_ri(e->a, false, address, memory_bytes(op) - 1);
    return asm_jcc(e->a, CC_NE);
}

ColdJob *memory_job(Emit *e, void (*fn)(Emit *e, const ColdJob *job), const MemoryCheck *check)
{
    ColdJob *job = emit_job(e, fn, check->fail);
    job->from2 = check->unaligned;
    job->retry = check->start;
    job->predictor = check->predictor;
    job->op = check->op;
    job->reg[0] = check->address;
    emit_job_late(e, job);
    return job;
}

static bool is_long(const IrOp *op)
{
    return op->mem.size_log2 > 3;
}

int16_t memory_choose_predictor(Emit *e, const IrOp *op)
{
    const TcgBackend *be = e->be;
    unsigned avoid = backend_avoid_bit(e->insn_pc);
    if (e->in_copy) {
        return e->predictor[e->at];
    }
    e->predictor[e->at] = NO_PREDICTOR;
    if (is_long(op) && (!op->mem.align || be->options.predictor_miss)) {
        return NO_PREDICTOR; /* a match would mean that it is aligned */
    }
    if (e->looping && be->runtime.refill && !be->options.slow_memory && !be->options.no_predictor &&
        !(__atomic_load_n(&be->avoid[avoid / 64], __ATOMIC_RELAXED) >> avoid % 64 & 1)) {
        e->predictor[e->at] = tcg_predictor(op->mem.bank, is_store(op), e->next_site++);
    }
    return e->predictor[e->at];
}

/* A match also means that the access is aligned, and so within the page. */
static MemoryCheck check_predicted(Emit *e, const IrOp *op, AccessRegs r)
{
    Asm *a = e->a;
    MemoryCheck check = { .op = op, .address = r.address, .predictor = e->predictor[e->at] };
    AsmMem tag = ENV_MEM(predictor[check.predictor].tag);
    AsmMem addend = ENV_MEM(predictor[check.predictor].addend);
    if (e->be->options.predictor_miss) {
        check.fail = asm_jmp(a);
        return check;
    }
    asm_mov_rr(a, true, r.tag, r.address);
    asm_alu_ri(a, ALU_AND, true, r.tag, -PAGE_BYTES | (int32_t)(memory_bytes(op) - 1));
    asm_alu_rm(a, ALU_CMP, true, r.tag, tag);
    check.fail = asm_jcc(a, CC_NE);
    asm_load(a, true, r.index, addend);
    return check;
}

MemoryCheck memory_check_single(Emit *e, const IrOp *op, AccessRegs r)
{
    MemoryCheck check = {
        .op = op, .address = r.address, .start = emit_pos(e), .predictor = NO_PREDICTOR
    };
    if (e->predictor[e->at] != NO_PREDICTOR) {
        return check_predicted(e, op, r);
    }
    check.unaligned = check_alignment(e, op, r.address);
    check.fail = memory_check(e, &(TlbCheck){ .op = op,
                                              .address = r.address,
                                              .index = r.index,
                                              .tag = r.tag,
                                              .bytes = memory_bytes(op),
                                              .write = is_store(op) });
    memory_addend(e, op, r.index, r.index);
    return check;
}

static StoreValue store_value(Emit *e, const IrOp *op)
{
    StoreValue value = { NO_REG, 0 };
    uint64_t c;
    bool fp = type_is_fp(emit_arg_type(e, 1));
    bool reverse = op->mem.big_endian && op->mem.size_log2;
    if (!fp && !reverse && regs_const(e, 1, &c) &&
        (op->mem.size_log2 < 3 || (int64_t)c == (int32_t)c)) {
        value.imm = c;
        return value;
    }
    value.reg = regs_use(e, 1);
    return value;
}

/* The value's register is also good for the tag, unless it must keep what it has for when the
 * access faults. */
static uint8_t tag_register(Emit *e, uint8_t dst)
{
    return dst < XMM0 && !regs_is_pin(e->be, dst) ? dst : regs_temp(e);
}

static void load_single(Emit *e, const IrOp *op)
{
    AccessRegs r;
    bool predicted = memory_choose_predictor(e, op) != NO_PREDICTOR;
    r.address = memory_address(e, op);
    r.index = predicted ? NO_REG : regs_temp(e);
    uint8_t dst = regs_def(e, DEF_PIN | DEF_PIN_SHARED);
    r.tag = tag_register(e, dst);
    r.index = predicted ? r.tag : r.index;
    MemoryCheck check = memory_check_single(e, op, r);
    emit_load_access(e, op, dst, asm_mem_index(r.address, r.index, 0, 0), r.tag);
    ColdJob *job = memory_job(e, cold_load, &check);
    job->reg[1] = dst;
    job->back = emit_pos(e);
}

static void store_single(Emit *e, const IrOp *op)
{
    AccessRegs r;
    bool predicted = memory_choose_predictor(e, op) != NO_PREDICTOR;
    r.address = memory_address(e, op);
    StoreValue value = store_value(e, op);
    r.index = regs_temp(e);
    r.tag = predicted && !op->mem.big_endian ? r.index : regs_temp(e);
    MemoryCheck check = memory_check_single(e, op, r);
    emit_store_access(e, op, value, asm_mem_index(r.address, r.index, 0, 0), r.tag);
    ColdJob *job = memory_job(e, cold_store, &check);
    job->reg[1] = value.reg;
    job->imm2 = value.imm;
    job->back = emit_pos(e);
}

/* windows */

/*
 * A member in the second copy of its window: shared code probes for it, which is slower than an
 * inline check but small; the copies are most of the cold code.
 */
static void emit_unshared(Emit *e, const IrOp *op, AsmMem at, uint8_t dst, StoreValue value)
{
    ColdJob job = { .op = op, .insn = e->insn, .imm = at.disp };
    vectors_note(e, &job.vectors);
    emit_job_late(e, &job);
    emit_late(e, &job);
    job.reg[0] = at.base;
    if (op->op == IR_LOAD) {
        memory_call_slow(e, &job, STUB_PROBE_LOAD, 0);
        load_little(e->a, op, dst, save_mem(SAVE_RESULT));
    } else {
        memory_push_value(e->a, value);
        memory_call_slow(e, &job, STUB_PROBE_STORE, 0);
    }
}

/* First member: check for all. Falls into the access with the addend in the group's register. */
static void open_group(Emit *e, const IrOp *op, unsigned g)
{
    const IrGroup *group = &e->groups.group[g];
    uint8_t base = regs_use(e, 0);
    uint8_t held = regs_hold(e, GROUP_VALUE + g);
    uint8_t address = base;
    uint8_t index = regs_temp(e);
    if (group->low) {
        address = regs_temp(e);
    }
    if (e->in_copy) {
        if (e->window.fail[g]) {
            emit_ref(e, e->window.fail[g], emit_pos(e));
        }
    } else {
        if (group->low) {
            asm_lea(e->a, true, address, asm_mem(base, group->low));
        }
        e->window.fail[g] = memory_check(e, &(TlbCheck){ .op = op,
                                                         .address = address,
                                                         .index = index,
                                                         .tag = held,
                                                         .bytes = group->span,
                                                         .write = group->write,
                                                         .group = true });
        memory_addend(e, op, held, index);
    }
    regs_unlock(e, index);
    regs_unlock(e, address == base ? index : address);
}

static void emit_member(Emit *e, const IrOp *op, unsigned g)
{
    if (e->groups.group[g].first == e->at) {
        open_group(e, op, g);
    }
    AsmMem at = asm_mem(regs_use(e, 0), op->imm);
    uint8_t held = regs_held(e, GROUP_VALUE + g);
    AsmMem shared = asm_mem_index(at.base, held, 0, at.disp);
    bool reverse = op->mem.big_endian && op->mem.size_log2;
    if (op->op == IR_STORE) {
        StoreValue value = store_value(e, op);
        uint8_t t = reverse ? regs_temp(e) : NO_REG;
        if (e->in_copy) {
            emit_unshared(e, op, at, NO_REG, value);
        } else {
            emit_store_access(e, op, value, shared, t);
        }
    } else {
        uint8_t t = reverse && type_is_fp(op->type) ? regs_temp(e) : NO_REG;
        uint8_t dst = regs_def(e, DEF_PIN | DEF_PIN_SHARED);
        if (e->in_copy) {
            emit_unshared(e, op, at, dst, (StoreValue){ NO_REG, 0 });
        } else {
            emit_load_access(e, op, dst, shared, t);
        }
    }
    if (e->groups.group[g].last == e->at) {
        regs_drop(e, GROUP_VALUE + g);
    }
}

void emit_load(Emit *e, const IrOp *op)
{
    int group = e->groups.count ? e->groups.of_op[e->at] : -1;
    if (group >= 0) {
        emit_member(e, op, group);
    } else {
        load_single(e, op);
    }
}

void emit_store(Emit *e, const IrOp *op)
{
    int group = e->groups.count ? e->groups.of_op[e->at] : -1;
    if (group >= 0) {
        emit_member(e, op, group);
    } else {
        store_single(e, op);
    }
}
