/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of helpers: only the slots that a helper sees or that its C code would clobber go through
 * memory. */
#include "tcg/host/x86_64/emit_internal.h"
#include "tcg/host/x86_64/vector_regs_internal.h"

static const uint8_t argument_reg[4] = { RSI, RDX, RCX, R8 };

/* Registers of pinned slots in @set. */
static uint32_t pinned_in(const Emit *e, const uint64_t *set)
{
    uint32_t mask = 0;
    for (uint32_t rest = e->be->pinned; rest; rest &= rest - 1) {
        uint8_t reg = __builtin_ctz(rest);
        int slot = e->be->slot_of_reg[reg];
        mask |= set[slot / 64] >> slot % 64 & 1 ? 1u << reg : 0;
    }
    return mask;
}

/* Where argument @k may be read once pinned slots are at home: a scratch register, or NO_REG for
 * memory or a constant. */
static uint8_t source_of(Emit *e, unsigned k)
{
    uint64_t c;
    if (regs_const(e, k, &c)) {
        return NO_REG;
    }
    return e->regs.s.loc[regs_arg(e, k)].reg;
}

static void load_argument(Emit *e, unsigned k, uint8_t source)
{
    uint8_t dst = argument_reg[k];
    if (source == NO_REG) {
        regs_move(e, dst, k);
    } else if (source >= XMM0) {
        asm_rr(e->a, 0x7e | A_0F | A_66 | (emit_arg_type(e, k) == IR_F64 ? A_W : 0), source, dst);
    } else {
        asm_mov_rr(e->a, !regs_dirty(e, k), dst, source);
    }
}

/*
 * All arguments at once: a register that is still a source is not overwritten, and a cycle is
 * broken by an exchange. A source that is the pin of a slot was stored, but its register is still
 * good until somebody overwrites it.
 */
static void load_arguments(Emit *e, unsigned count)
{
    uint8_t source[4];
    unsigned pending = (1u << count) - 1;
    for (unsigned k = 0; k < count; k++) {
        source[k] = source_of(e, k);
    }
    while (pending) {
        unsigned stuck = pending;
        for (unsigned k = 0; k < count; k++) {
            bool wanted = false;
            for (unsigned other = 0; other < count; other++) {
                wanted |= other != k && pending >> other & 1 && source[other] == argument_reg[k];
            }
            if (pending >> k & 1 && !wanted) {
                load_argument(e, k, source[k]);
                pending &= ~(1u << k);
            }
        }
        if (pending == stuck) { /* a cycle among argument registers */
            unsigned k = __builtin_ctz(pending);
            uint8_t dst = argument_reg[k], src = source[k];
            asm_rr(e->a, 0x87 | A_W, dst, src);
            for (unsigned other = 0; other < count; other++) {
                source[other] = source[other] == dst   ? src
                                : source[other] == src ? dst
                                                       : source[other];
            }
        }
    }
}

static void cold_raised(Emit *e, const ColdJob *job)
{
    emit_ref(e, asm_jmp(e->a), stub_pos(STUB_RAISE));
}

void emit_call(Emit *e, const IrOp *op)
{
    const IrHelper *helper = (const IrHelper *)(uintptr_t)op->imm;
    if ((helper->host && emit_vector(e, op)) || (helper->x87 && emit_x87(e, op))) {
        return;
    }
    e->x87_clean = false;
    const TcgBackend *be = e->be;
    Asm *a = e->a;
    uint32_t clobbered = be->pinned & caller_saved;
    uint32_t reads = pinned_in(e, helper->reads), writes = pinned_in(e, helper->writes);
    vectors_flush(e);
    vectors_forget(e);
    vectors_clean(e);
    regs_before_call(e, helper->writes);
    slots_store(a, be, (reads | writes | clobbered) & all_general);
    load_arguments(e, helper->arguments);
    asm_load(a, true, RDI, save_mem(SAVE_OBJECT));
    asm_lea(a, true, RAX, asm_mem(NO_REG, 0));
    uint32_t after = asm_rip_at(a);
    asm_store(a, true, ENV_MEM(hot.host_return), RAX);
    asm_mov_ri(a, RAX, (uintptr_t)helper->fn);
    bool keep_vectors =
        be->pinned & all_vector; /* the stub also lets the helper see and change them */
    if (helper->touches_fp || keep_vectors) {
        emit_ref(e, asm_call(a), stub_pos(helper->touches_fp ? STUB_HELPER_FP : STUB_HELPER));
    } else {
        asm_rr(a, 0xff, 2, RAX);
    }
    asm_patch32(a, after, emit_pos(e));
    emit_call_out(e, e->insn);
    regs_after_call(e);
    slots_load(a, be, (writes | clobbered) & all_general);
    if (helper->raises) {
        asm_alu_mi(a, ALU_CMP, false, ENV_MEM(hot.raise), 0);
        emit_job(e, cold_raised, asm_jcc(a, CC_NE));
    }
    if (op->type != IR_VOID) {
        regs_take(e, RAX);
        if (op->type == IR_I32) {
            asm_mov_rr(a, false, RAX, RAX);
        }
        regs_def_in(e, RAX);
    }
}
