/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest atomics are host atomics at the host address; unaligned ones and those outside RAM take the
 * slow way. */
#include "tcg/host/x86_64/memory_internal.h"

static uint32_t size_bits(const IrOp *op)
{
    static const uint32_t bits[4] = { A_BYTE, A_66, 0, A_W };
    return bits[op->mem.size_log2];
}

/* opcode of an instruction whose byte form is one below */
static uint32_t sized(const IrOp *op, uint32_t opcode)
{
    return (op->mem.size_log2 ? opcode : opcode - 1) | size_bits(op);
}

static uint8_t cold_detail(const IrOp *op)
{
    return ((1 << op->mem.size_log2) - 1) | (op->op == IR_ATOMIC ? op->aux << 4 : 0);
}

/* reg[0] address, reg[1] operand or expected, reg[2] desired, reg[3] where the old value is wanted
 */
static void cold_atomic(Emit *e, const ColdJob *job)
{
    const IrOp *op = job->op;
    if (op->op == IR_CAS) {
        asm_push(e->a, job->reg[2]);
    }
    asm_push(e->a, job->reg[1]);
    memory_call_slow(e, job, op->op == IR_CAS ? STUB_CAS : STUB_ATOMIC, cold_detail(op));
    asm_load(e->a, true, job->reg[3], save_mem(SAVE_RESULT));
    emit_ref(e, asm_jmp(e->a), job->back);
}

/* The host address in @index; atomics need alignment whether or not the guest is to trap on its
 * lack. */
static MemoryCheck check_atomic(Emit *e, const IrOp *op, uint8_t address, uint8_t index,
                                uint8_t tag)
{
    MemoryCheck check = {
        .op = op, .address = address, .start = emit_pos(e), .predictor = NO_PREDICTOR
    };
    uint32_t bytes = 1u << op->mem.size_log2;
    if (bytes > 1 && !e->be->options.slow_memory) {
        asm_test_ri(e->a, false, address, bytes - 1);
        check.unaligned = asm_jcc(e->a, CC_NE);
    }
    check.fail = memory_check(e, &(TlbCheck){ .op = op,
                                              .address = address,
                                              .index = index,
                                              .tag = tag,
                                              .bytes = bytes,
                                              .write = true });
    memory_addend(e, op, index, index);
    asm_alu_rr(e->a, ALU_ADD, true, index, address);
    return check;
}

static void finish(Emit *e, const IrOp *op, const MemoryCheck *check, const uint8_t reg[4])
{
    ColdJob *job = memory_job(e, cold_atomic, check);
    for (unsigned i = 1; i < 4; i++) {
        job->reg[i] = reg[i];
    }
    job->back = emit_pos(e);
    memory_extend_rr(e->a, op, reg[3], reg[3]);
    regs_def_in(e, reg[3]);
}

/* dst = the low bytes of src as a number that 32- or 64-bit comparisons understand */
static void widen(Asm *a, const IrOp *op, bool is_signed, uint8_t dst, uint8_t src)
{
    IrOp as = { .type = IR_I32, .mem = { .size_log2 = op->mem.size_log2, .sign = is_signed } };
    as.type = op->mem.size_log2 == 3 ? IR_I64 : IR_I32;
    memory_extend_rr(a, &as, dst, src);
}

/* work = what memory becomes, from rax and the operand */
static void combine(Emit *e, const IrOp *op, uint8_t work, uint8_t operand)
{
    static const uint8_t alu[3] = { ALU_AND, ALU_OR, ALU_XOR };
    static const uint8_t keep[4] = { CC_L, CC_G, CC_B, CC_A };
    bool w = op->mem.size_log2 == 3;
    if (op->aux <= IR_ATOMIC_XOR) {
        asm_mov_rr(e->a, true, work, RAX);
        asm_alu_rr(e->a, alu[op->aux - IR_ATOMIC_AND], true, work, operand);
    } else {
        bool is_signed = op->aux <= IR_ATOMIC_MAX;
        widen(e->a, op, is_signed, RAX, RAX);
        widen(e->a, op, is_signed, work, operand);
        asm_alu_rr(e->a, ALU_CMP, w, RAX, work);
        asm_cmov(e->a, keep[op->aux - IR_ATOMIC_MIN], w, work, RAX);
    }
}

static void load_old(Asm *a, const IrOp *op, AsmMem host)
{
    static const uint32_t plain[4] = { 0xb6 | A_0F, 0xb7 | A_0F, 0x8b, 0x8b | A_W };
    asm_rm(a, plain[op->mem.size_log2], RAX, host);
}

void emit_atomic(Emit *e, const IrOp *op)
{
    Asm *a = e->a;
    bool loop = op->aux > IR_ATOMIC_ADD;
    if (loop) {
        regs_take(e, RAX);
    }
    uint8_t address = memory_address(e, op);
    uint8_t operand = regs_use(e, 1);
    uint8_t index = regs_temp(e), work = regs_temp(e);
    const uint8_t reg[4] = { address, operand, NO_REG, loop ? RAX : work };
    MemoryCheck check = check_atomic(e, op, address, index, work);
    AsmMem host = asm_mem(index, 0);
    if (!loop) {
        asm_mov_rr(a, true, work, operand);
        if (op->aux == IR_ATOMIC_SWAP) {
            asm_rm(a, sized(op, 0x87), work, host);
        } else {
            asm_rm(a, sized(op, 0xc1) | A_0F | A_LOCK, work, host);
        }
    } else {
        load_old(a, op, host);
        uint32_t again = emit_pos(e);
        combine(e, op, work, operand);
        asm_rm(a, sized(op, 0xb1) | A_0F | A_LOCK, work, host);
        asm_patch32(a, asm_jcc(a, CC_NE), again);
    }
    finish(e, op, &check, reg);
}

void emit_cas(Emit *e, const IrOp *op)
{
    regs_take(e, RAX);
    uint8_t address = memory_address(e, op);
    uint8_t expected = regs_use(e, 1), desired = regs_use(e, 2);
    uint8_t index = regs_temp(e);
    const uint8_t reg[4] = { address, expected, desired, RAX };
    MemoryCheck check = check_atomic(e, op, address, index, RAX);
    asm_mov_rr(e->a, true, RAX, expected);
    asm_rm(e->a, sized(op, 0xb1) | A_0F | A_LOCK, desired, asm_mem(index, 0));
    finish(e, op, &check, reg);
}

/* Only a store that must be seen before a later load needs anything on this host. Spec: SDM volume
 * 3, 9.2.2. */
void emit_fence(Emit *e, const IrOp *op)
{
    if (op->aux & IR_FENCE_WR) {
        asm_rm(e->a, 0x83 | A_LOCK, ALU_OR, asm_mem(RSP, 0));
        asm_imm8(e->a, 0);
    }
}
