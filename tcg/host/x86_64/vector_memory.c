/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory straight to and from the registers of guest vectors. */
#include "tcg/host/x86_64/memory_internal.h"
#include "tcg/host/x86_64/vector_regs_internal.h"

enum { MAX_SCALAR = 8 };

static unsigned defined_bytes(const IrOp *op)
{
    return op->mem.sign || memory_bytes(op) == 32 ? 32 : 16;
}

static uint32_t move_word(unsigned bytes, bool store)
{
    uint32_t op = 0x10 | store | A_0F;
    return op | (bytes == 4 ? A_F3 : bytes == 8 ? A_F2 : bytes == 32 ? A_L : 0);
}

/* MOVHPS: the second quadword of a vector */
static bool is_high(const Emit *e, const IrOp *op)
{
    return !e->be->slots[op->aux].vector;
}

static void push_home(Emit *e, const IrOp *op)
{
    asm_push_imm(e->a, e->be->slots[op->aux].offset);
}

static void cold_loadv(Emit *e, const ColdJob *job)
{
    const IrOp *op = job->op;
    unsigned bytes = memory_bytes(op);
    bool predicted = job->predictor != NO_PREDICTOR;
    memory_push_predictor(e, job);
    if (bytes <= MAX_SCALAR) {
        memory_call_slow(e, job, predicted ? STUB_PREDICT_LOAD : STUB_LOAD, 0);
        asm_vrm(e->a, move_word(bytes, false), job->reg[1], XMM0, save_mem(SAVE_RESULT));
    } else {
        push_home(e, op);
        memory_call_slow(e, job, predicted ? STUB_PREDICT_LOADV : STUB_LOADV,
                         memory_align_detail(op));
        asm_vrm(e->a, move_word(defined_bytes(op), false), job->reg[1], XMM0,
                slot_mem(e->be, op->aux));
    }
    emit_ref(e, asm_jmp(e->a), job->back);
}

static void push_value(Emit *e, const IrOp *op, uint8_t reg)
{
    if (is_high(e, op)) {
        asm_lea(e->a, true, RSP, asm_mem(RSP, -8));
        asm_vrm(e->a, 0x17 | A_0F, reg, XMM0, asm_mem(RSP, 0));
    } else {
        memory_push_value(e->a, (StoreValue){ .reg = reg });
    }
}

static void cold_storev(Emit *e, const ColdJob *job)
{
    const IrOp *op = job->op;
    bool predicted = job->predictor != NO_PREDICTOR;
    memory_push_predictor(e, job);
    if (memory_bytes(op) <= MAX_SCALAR) {
        push_value(e, op, job->reg[1]);
        memory_call_slow(e, job, predicted ? STUB_PREDICT_STORE : STUB_STORE, 0);
    } else {
        push_home(e, op);
        memory_call_slow(e, job, predicted ? STUB_PREDICT_STOREV : STUB_STOREV,
                         memory_align_detail(op));
    }
    emit_ref(e, asm_jmp(e->a), job->back);
}

/* Without AVX vectors stay at home. */
static bool access_by_call(Emit *e, const IrOp *op, Stub stub)
{
    if (backend_has(e->be, TCG_HOST_AVX)) {
        return false;
    }
    ColdJob job = { .op = op, .insn = e->insn };
    for (unsigned i = 0; op->op == IR_LOADV && i < defined_bytes(op) / 8; i++) {
        regs_slot_changes(e, op->aux + i);
    }
    job.reg[0] = memory_address(e, op);
    push_home(e, op);
    memory_call_slow(e, &job, stub, memory_align_detail(op));
    return true;
}

static MemoryCheck check_access(Emit *e, const IrOp *op, AccessRegs *r)
{
    bool predicted = memory_choose_predictor(e, op) != NO_PREDICTOR;
    r->address = memory_address(e, op);
    r->index = regs_temp(e);
    r->tag = predicted ? r->index : regs_temp(e);
    uint32_t start = emit_pos(e);
    MemoryCheck check = memory_check_single(e, op, *r);
    check.start = memory_bytes(op) > MAX_SCALAR ? start : check.start;
    return check;
}

void emit_loadv(Emit *e, const IrOp *op)
{
    AccessRegs r;
    unsigned bytes = memory_bytes(op);
    if (access_by_call(e, op, STUB_LOADV)) {
        return;
    }
    uint8_t dst = vector_def(e, op->aux, defined_bytes(op));
    MemoryCheck check = check_access(e, op, &r);
    asm_vrm(e->a, move_word(bytes, false), dst, XMM0, asm_mem_index(r.address, r.index, 0, 0));
    ColdJob *job = memory_job(e, cold_loadv, &check);
    job->reg[1] = dst;
    job->back = emit_pos(e);
    e->wide |= bytes == 32;
    vector_defined(e, op->aux, defined_bytes(op));
}

void emit_storev(Emit *e, const IrOp *op)
{
    AccessRegs r;
    unsigned bytes = memory_bytes(op);
    if (access_by_call(e, op, STUB_STOREV)) {
        return;
    }
    unsigned slot = op->aux - (is_high(e, op) ? 1 : 0);
    uint8_t value = vector_use(e, slot, bytes);
    MemoryCheck check = check_access(e, op, &r);
    asm_vrm(e->a, is_high(e, op) ? 0x17 | A_0F : move_word(bytes, true), value, XMM0,
            asm_mem_index(r.address, r.index, 0, 0));
    ColdJob *job = memory_job(e, cold_storev, &check);
    job->reg[1] = value;
    job->back = emit_pos(e);
}
