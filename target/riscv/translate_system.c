/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zicsr, traps, privileged instructions, cache blocks. Spec: unprivileged ISA, ch. 7, 19;
 * privileged ISA, 3.3, 10.2. */
#include "target/riscv/csr_internal.h"
#include "target/riscv/riscv_decode.h"
#include "target/riscv/translate_internal.h"

enum { CSR_WRITE = 1, CSR_SET = 2, CSR_CLEAR = 3 };

/* CSRs that are plain storage with no rule but the privilege that their number implies. */
static const struct {
    uint16_t csr;
    uint8_t slot;
    bool writable; /* any value may be stored */
} plain_csrs[] = {
    { CSR_SSCRATCH, SLOT_SSCRATCH, true }, { CSR_SEPC, SLOT_SEPC, false },
    { CSR_SCAUSE, SLOT_SCAUSE, true },     { CSR_STVAL, SLOT_STVAL, true },
    { CSR_STVEC, SLOT_STVEC, false },      { CSR_MSCRATCH, SLOT_MSCRATCH, true },
    { CSR_MEPC, SLOT_MEPC, false },        { CSR_MCAUSE, SLOT_MCAUSE, true },
    { CSR_MTVAL, SLOT_MTVAL, true },
};

static bool csr_is_allowed(const RiscvTranslate *t, unsigned csr)
{
    bool supervisor = csr_priv(csr) == RISCV_PRIV_S;

    return t->context.priv >= csr_priv(csr) && (!supervisor || t->config->s);
}

static bool is_fp_csr(unsigned csr)
{
    return csr == CSR_FFLAGS || csr == CSR_FRM || csr == CSR_FCSR;
}

/* What a csr instruction does; operand 0 with reads means no write. */
typedef struct {
    unsigned csr, rd;
    unsigned op;
    bool writes, reads;
    IrValue operand;
} CsrAccess;

/* Without leaving translated code. False: that is not possible for this one. */
static bool access_plain(RiscvTranslate *t, const CsrAccess *access)
{
    IrBuilder *b = t->ir;

    for (unsigned i = 0; i < G_N_ELEMENTS(plain_csrs); i++) {
        unsigned slot = plain_csrs[i].slot;
        IrValue old, v = access->operand;
        if (plain_csrs[i].csr != access->csr) {
            continue;
        }
        if (!csr_is_allowed(t, access->csr) || (access->writes && !plain_csrs[i].writable)) {
            return false;
        }
        old = ir_get(b, slot);
        if (access->writes && access->op != CSR_WRITE) {
            v = ir_binary(b, access->op == CSR_SET ? IR_OR : IR_ANDN, old, v);
        }
        riscv_put_x(t, access->rd, old);
        if (access->writes) {
            ir_put(b, slot, v);
        }
        return true;
    }
    return false;
}

static IrValue read_sstatus(RiscvTranslate *t)
{
    IrBuilder *b = t->ir;
    uint64_t fixed = t->xlen == 64 ? 2ull << MSTATUS_UXL_SHIFT : 0;
    IrValue v = ir_binary(b, IR_AND, ir_get(b, SLOT_MSTATUS), ir_i64(b, SSTATUS_FIELDS));

    if (t->context.fs == 3) {
        fixed |= t->xlen == 64 ? MSTATUS_SD_64 : MSTATUS_SD_32;
    }
    return riscv_narrow(t, ir_binary(b, IR_OR, v, ir_i64(b, fixed)));
}

/* Reads of sstatus, and setting and clearing its SIE: what kernels do all the time. */
static bool access_sstatus(RiscvTranslate *t, const CsrAccess *access)
{
    IrBuilder *b = t->ir;
    uint64_t bits = 0;
    IrValue status;

    if (access->csr != CSR_SSTATUS || !csr_is_allowed(t, access->csr)) {
        return false;
    }
    if (access->writes && (access->op == CSR_WRITE || !ir_constant(b, access->operand, &bits) ||
                           bits & ~MSTATUS_SIE)) {
        return false;
    }
    riscv_put_x(t, access->rd, access->rd ? read_sstatus(t) : 0);
    if (!access->writes) {
        return true;
    }
    status = ir_get(b, SLOT_MSTATUS);
    if (access->op == CSR_CLEAR) {
        ir_put(b, SLOT_MSTATUS, ir_binary(b, IR_AND, status, ir_i64(b, ~MSTATUS_SIE)));
    } else {
        ir_put(b, SLOT_MSTATUS, ir_binary(b, IR_OR, status, ir_i64(b, MSTATUS_SIE)));
        riscv_call(t, HELPER_interrupts_on, 0, 0, 0, 0);
        riscv_end_next(t);
    }
    return true;
}

static bool access_by_helper(RiscvTranslate *t, const CsrAccess *access)
{
    IrBuilder *b = t->ir;
    bool fp = is_fp_csr(access->csr);
    IrValue csr = ir_i64(b, access->csr), insn = ir_i64(b, t->insn), old;
    IrValue mask = access->operand, value = access->operand;

    if (!access->writes) {
        old = riscv_call(t, fp ? HELPER_fcsr_read : HELPER_csr_read, csr, insn, 0, 0);
        riscv_put_x(t, access->rd, old);
        return true;
    }
    if (access->op == CSR_WRITE) {
        mask = ir_i64(b, ~0ull);
    } else if (access->op == CSR_CLEAR) {
        value = ir_i64(b, 0);
    }
    if (!access->reads && !fp) {
        riscv_call(t, HELPER_csr_write, csr, value, insn, 0);
    } else {
        old = riscv_call(t, fp ? HELPER_fcsr_change : HELPER_csr_change, csr, value, mask, insn);
        riscv_put_x(t, access->rd, old);
    }
    riscv_end_next(t);
    return true;
}

static bool access_csr(RiscvTranslate *t, const CsrAccess *access)
{
    return access_plain(t, access) || access_sstatus(t, access) || access_by_helper(t, access);
}

bool riscv_trans_csr(RiscvTranslate *t, const RiscvArgCsr *a)
{
    const CsrAccess access = {
        .csr = a->csr,
        .rd = a->rd,
        .op = a->op,
        .writes = a->op == CSR_WRITE || a->rs1 != 0,
        .reads = a->op != CSR_WRITE || a->rd != 0,
        .operand = riscv_get_x(t, a->rs1),
    };

    return access_csr(t, &access);
}

bool riscv_trans_csr_imm(RiscvTranslate *t, const RiscvArgCsr *a)
{
    const CsrAccess access = {
        .csr = a->csr,
        .rd = a->rd,
        .op = a->op,
        .writes = a->op == CSR_WRITE || a->rs1 != 0,
        .reads = a->op != CSR_WRITE || a->rd != 0,
        .operand = ir_i64(t->ir, a->rs1),
    };

    return access_csr(t, &access);
}

bool riscv_trans_ecall(RiscvTranslate *t, const RiscvArgNone *a)
{
    riscv_end_indirect(t, riscv_call(t, HELPER_ecall, ir_i64(t->ir, t->pc), 0, 0, 0));
    return true;
}

/* With semihosting the helper looks at the neighbours to see whether this is a call. */
bool riscv_trans_ebreak(RiscvTranslate *t, const RiscvArgNone *a)
{
    if (t->config->semihosting) {
        riscv_call(t, HELPER_ebreak, ir_i64(t->ir, t->pc), 0, 0, 0);
        riscv_end_exit(t);
    } else {
        riscv_end_raise(t, RISCV_CAUSE_BREAKPOINT, t->pc);
    }
    return true;
}

bool riscv_trans_mret(RiscvTranslate *t, const RiscvArgNone *a)
{
    if (t->context.priv != RISCV_PRIV_M) {
        return false;
    }
    riscv_end_indirect(t, riscv_call(t, HELPER_mret, 0, 0, 0, 0));
    return true;
}

bool riscv_trans_sret(RiscvTranslate *t, const RiscvArgNone *a)
{
    if (t->context.priv == RISCV_PRIV_U) {
        return false;
    }
    riscv_end_indirect(t, riscv_call(t, HELPER_sret, ir_i64(t->ir, t->insn), 0, 0, 0));
    return true;
}

bool riscv_trans_wfi(RiscvTranslate *t, const RiscvArgNone *a)
{
    riscv_call(t, HELPER_wfi, ir_i64(t->ir, t->insn), 0, 0, 0);
    riscv_end_exit(t);
    return true;
}

bool riscv_trans_fence_i(RiscvTranslate *t, const RiscvArgNone *a)
{
    riscv_call(t, HELPER_fence_i, 0, 0, 0, 0);
    riscv_end_exit(t);
    return true;
}

bool riscv_trans_sfence_vma(RiscvTranslate *t, const RiscvArgRs *a)
{
    unsigned given = (a->rs1 != 0) | (a->rs2 != 0) << 1;

    if (t->context.priv == RISCV_PRIV_U) {
        return false;
    }
    riscv_call(t, HELPER_sfence_vma, ir_i64(t->ir, given), riscv_get_x(t, a->rs1),
               riscv_get_x(t, a->rs2), ir_i64(t->ir, t->insn));
    riscv_end_next(t);
    return true;
}

bool riscv_trans_sfence_inval(RiscvTranslate *t, const RiscvArgNone *a)
{
    if (t->context.priv == RISCV_PRIV_U) {
        return false;
    }
    return true; /* invalidations are done at once, there is nothing to wait for */
}

bool riscv_trans_cbo(RiscvTranslate *t, const RiscvArgRs1 *a)
{
    int64_t offset = 0;
    IrValue address = riscv_address(t, a->rs1, &offset);

    riscv_call(t, HELPER_cbo, address, ir_i64(t->ir, a->op | t->context.bank << 8),
               ir_i64(t->ir, t->insn), 0);
    return true;
}
