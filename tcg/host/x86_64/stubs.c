/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code that all regions share: the way in, the ways out, and the calls into C from where C's
 * convention does not hold. */
#include <string.h>

#include "tcg/host/x86_64/backend_internal.h"

enum { STUBS_BYTES = 32 * 1024 };

/* Generated code runs with a stack aligned to 16 bytes. */
typedef struct {
    Asm a;
    TcgBackend *be;
    const uint8_t *exec; /* of the chunk */
    uint32_t tail;       /* rax: TcgLeft; state is at home, MXCSR the host's */
} Stubs;

static void begin(Stubs *s, Stub stub)
{
    asm_nop(&s->a, -asm_pos(&s->a) & 15);
    s->be->stub[stub] = s->exec + asm_pos(&s->a);
}

void slot_load(Asm *a, const TcgBackend *be, unsigned slot, uint8_t reg)
{
    uint8_t type = be->slots[slot].type;
    AsmMem home = slot_mem(be, slot);
    if (reg < XMM0) {
        asm_load(a, type == IR_I64, reg, home);
    } else {
        asm_rm(a, 0x10 | A_0F | (type == IR_F64 ? A_F2 : A_F3), reg, home);
    }
}

void slot_store(Asm *a, const TcgBackend *be, unsigned slot, uint8_t reg)
{
    uint8_t type = be->slots[slot].type;
    AsmMem home = slot_mem(be, slot);
    if (reg < XMM0) {
        asm_store(a, type == IR_I64, home, reg);
    } else {
        asm_rm(a, 0x11 | A_0F | (type == IR_F64 ? A_F2 : A_F3), reg, home);
    }
}

void slots_store(Asm *a, const TcgBackend *be, uint32_t mask)
{
    for (uint32_t rest = mask & be->pinned; rest; rest &= rest - 1) {
        slot_store(a, be, be->slot_of_reg[__builtin_ctz(rest)], __builtin_ctz(rest));
    }
}

void slots_load(Asm *a, const TcgBackend *be, uint32_t mask)
{
    for (uint32_t rest = mask & be->pinned; rest; rest &= rest - 1) {
        slot_load(a, be, be->slot_of_reg[__builtin_ctz(rest)], __builtin_ctz(rest));
    }
}

void call_c(Asm *a, const uint8_t *exec, const void *fn)
{
    int64_t distance = (intptr_t)fn - (intptr_t)(exec + asm_pos(a) + 5);
    if (distance == (int32_t)distance) {
        asm_imm8(a, 0xe8);
        asm_imm32(a, distance);
    } else {
        asm_mov_ri(a, R11, (uintptr_t)fn);
        asm_rr(a, 0xff, 2, R11);
    }
}

/* MXCSR. Spec: SDM volume 1, 10.2.3. */
enum {
    MXCSR_DE = 2,
    MXCSR_KEPT = 0x603f & ~MXCSR_DE,
    MXCSR_MASKS = 0x1f80,
    STMXCSR = 3,
    LDMXCSR = 2
};

/* The denormal flag is no guest's here: it is never shown. */
static void guest_fp_out(Asm *a)
{
    asm_rm(a, 0xae | A_0F, STMXCSR, ENV_MEM(mxcsr_guest));
    asm_alu_mi(a, ALU_AND, false, ENV_MEM(mxcsr_guest), ~MXCSR_DE);
    asm_rm(a, 0xae | A_0F, LDMXCSR, ENV_MEM(mxcsr_host));
}

/* Whatever C left there: traps stay masked, flush modes off. */
static void guest_fp_in(Asm *a)
{
    asm_alu_mi(a, ALU_AND, false, ENV_MEM(mxcsr_guest), MXCSR_KEPT);
    asm_alu_mi(a, ALU_OR, false, ENV_MEM(mxcsr_guest), MXCSR_MASKS);
    asm_rm(a, 0xae | A_0F, LDMXCSR, ENV_MEM(mxcsr_guest));
}

static void env_argument(Asm *a)
{
    asm_lea(a, true, RDI, asm_mem(ENV_REG, -(int32_t)sizeof(TcgEnv)));
}

/* in and out */

static const uint8_t callee_saved[] = { RBP, RBX, R12, R13, R14, R15 };

/* TcgLeft enter(char *anchor, const void *entry) */
static void stub_enter(Stubs *s)
{
    Asm *a = &s->a;
    begin(s, STUB_ENTER);
    for (unsigned i = 0; i < sizeof(callee_saved); i++) {
        asm_push(a, callee_saved[i]);
    }
    asm_lea(a, true, RSP, asm_mem(RSP, -8));
    asm_mov_rr(a, true, RBP, RDI);
    asm_mov_rr(a, true, RAX, RSI);
    asm_rm(a, 0xae | A_0F, STMXCSR, ENV_MEM(mxcsr_host));
    guest_fp_in(a);
    slots_load(a, s->be, s->be->pinned);
    asm_rr(a, 0xff, 4, RAX);
    s->tail = asm_pos(a);
    asm_lea(a, true, RSP, asm_mem(RSP, 8));
    for (unsigned i = sizeof(callee_saved); i-- > 0;) {
        asm_pop(a, callee_saved[i]);
    }
    asm_imm8(a, 0xc3);
}

static void leave(Stubs *s, TcgLeft why)
{
    guest_fp_out(&s->a);
    asm_mov_ri(&s->a, RAX, why);
    asm_patch32(&s->a, asm_jmp(&s->a), s->tail);
}

static void stub_leave(Stubs *s, Stub stub, TcgLeft why)
{
    Asm *a = &s->a;
    begin(s, stub);
    if (why == TCG_LEFT_GOTO) {
        asm_store(a, true, save_mem(SAVE_SITE), RAX);
    }
    if (why != TCG_LEFT_RAISE) {
        asm_store(a, true, ENV_MEM(hot.pc), RCX);
    }
    slots_store(a, s->be, s->be->pinned);
    leave(s, why);
}

static void stub_lookup(Stubs *s)
{
    Asm *a = &s->a;
    begin(s, STUB_LOOKUP);
    asm_store(a, true, ENV_MEM(hot.pc), RAX);
    slots_store(a, s->be, s->be->pinned);
    asm_mov_rr(a, true, RSI, RAX);
    env_argument(a);
    call_c(a, s->exec, (const void *)s->be->runtime.lookup);
    slots_load(a, s->be, s->be->pinned & (caller_saved | all_vector));
    asm_test_rr(a, true, RAX, RAX);
    uint32_t none = asm_jcc8(a, CC_E);
    asm_rr(a, 0xff, 4, RAX);
    asm_here8(a, none);
    leave(s, TCG_LEFT_LOOKUP);
}

/* slow paths */

static void keep_general(Asm *a)
{
    for (uint32_t rest = caller_saved; rest; rest &= rest - 1) {
        asm_store(a, true, save_mem(SAVE_REG + __builtin_ctz(rest)), __builtin_ctz(rest));
    }
}

static void restore_general(Asm *a)
{
    for (uint32_t rest = caller_saved; rest; rest &= rest - 1) {
        asm_load(a, true, __builtin_ctz(rest), save_mem(SAVE_REG + __builtin_ctz(rest)));
    }
}

static void keep_vectors(Asm *a, uint32_t mask, bool restore)
{
    int32_t at = 0;
    for (uint32_t rest = mask & all_vector; rest; rest &= rest - 1) {
        asm_rm(a, (restore ? 0x10 : 0x11) | A_0F | A_F2, __builtin_ctz(rest), asm_mem(RSP, at));
        at += 8;
    }
}

/* Bytes below the return address that make room for @vectors and align the stack. */
static int32_t frame_bytes(uint32_t vectors, int32_t pushed)
{
    int32_t wanted = 8 * __builtin_popcount(vectors) + pushed;
    return ((wanted + 15) & ~15) - pushed;
}

static void return_popping(Asm *a, int32_t bytes)
{
    asm_imm8(a, 0xc2);
    asm_imm8(a, bytes);
    asm_imm8(a, bytes >> 8);
}

/* Try the second level, unless the access straddles a page or is misaligned. Ends behind a failed
 * try. @access: SlowAccess. */
static void quick_refill(Stubs *s, AsmMem access, AsmMem address, bool write, int32_t frame,
                         int32_t popped)
{
    Asm *a = &s->a;
    AsmMem bank = access, last = access, detail = access;
    bank.disp += offsetof(SlowAccess, mem.bank);
    last.disp += offsetof(SlowAccess, last);
    detail.disp += offsetof(SlowAccess, detail);
    if (s->be->options.slow_memory || !s->be->runtime.refill) {
        return;
    }
    asm_load(a, true, RSI, address);
    asm_rm(a, 0xb6 | A_0F, RCX, last);
    asm_mov_rr(a, false, RAX, RSI);
    asm_alu_ri(a, ALU_AND, false, RAX, (1 << TCG_PAGE_BITS) - 1);
    asm_alu_rr(a, ALU_ADD, false, RAX, RCX);
    asm_alu_ri(a, ALU_CMP, false, RAX, 1 << TCG_PAGE_BITS);
    uint32_t straddles = asm_jcc(a, CC_AE);
    asm_rm(a, 0xb6 | A_0F, RCX, detail);
    asm_alu_ri(a, ALU_AND, false, RCX, 15);
    asm_test_rr(a, false, RCX, RSI);
    uint32_t unaligned = asm_jcc(a, CC_NE);
    asm_rm(a, 0xb6 | A_0F, RDX, bank);
    asm_mov_ri(a, RCX, write);
    env_argument(a);
    call_c(a, s->exec, (const void *)s->be->runtime.refill);
    asm_rr(a, 0x84 | A_BYTE, RAX, RAX);
    uint32_t failed = asm_jcc(a, CC_E);
    restore_general(a);
    asm_lea(a, true, RSP, asm_mem(RSP, frame));
    asm_alu_rr(a, ALU_CMP, true, RSP, RSP); /* equal: again */
    return_popping(a, popped);
    asm_patch32(a, straddles, asm_pos(a));
    asm_patch32(a, unaligned, asm_pos(a));
    asm_patch32(a, failed, asm_pos(a));
    restore_general(a);
}

/*
 * Called with, from the top of the stack: return address, SlowAccess, address, and what there is of
 * value, operand or (expected, desired). All registers are kept. Returns with ZF set when the
 * inline check should be tried again, else the result is in save[SAVE_RESULT]. Does not return when
 * the guest's exception was raised.
 */
static void stub_memory(Stubs *s, Stub stub, const void *fn, unsigned arguments)
{
    Asm *a = &s->a;
    uint32_t vectors = s->be->scratch & all_vector;
    int32_t popped = 8 * arguments;
    int32_t frame = frame_bytes(vectors, popped + 8);
    AsmMem access = asm_mem(RSP, frame + 8), address = asm_mem(RSP, frame + 16),
           value = asm_mem(RSP, frame + 24);
    begin(s, stub);
    keep_general(a);
    asm_load(a, true, RAX, asm_mem(RSP, 0));
    asm_store(a, true, ENV_MEM(hot.host_return), RAX);
    asm_lea(a, true, RSP, asm_mem(RSP, -frame));
    asm_load(a, true, RAX, save_mem(SAVE_REG + RAX));
    quick_refill(s, access, address, stub != STUB_LOAD, frame, popped);
    slots_store(a, s->be, s->be->pinned);
    keep_vectors(a, vectors, false);
    guest_fp_out(a);
    env_argument(a);
    asm_load(a, true, RSI, address);
    asm_rm(a, 0xb7 | A_0F, RDX, access);
    if (stub == STUB_LOAD) {
        asm_lea(a, true, RCX, save_mem(SAVE_RESULT));
    } else if (stub == STUB_STORE) {
        asm_load(a, true, RCX, value);
    } else if (stub == STUB_ATOMIC) {
        AsmMem detail = access;
        detail.disp += offsetof(SlowAccess, detail);
        asm_rm(a, 0xb6 | A_0F, RCX, detail);
        asm_shift_ri(a, SHIFT_SHR, false, RCX, 4);
        asm_load(a, true, R8, value);
        asm_lea(a, true, R9, save_mem(SAVE_RESULT));
    } else {
        asm_load(a, true, RCX, value);
        asm_load(a, true, R8, asm_mem(RSP, frame + 32));
        asm_lea(a, true, R9, save_mem(SAVE_RESULT));
    }
    call_c(a, s->exec, fn);
    asm_rr(a, 0x84 | A_BYTE, RAX, RAX);
    uint32_t raised = asm_jcc(a, CC_E);
    guest_fp_in(a);
    keep_vectors(a, vectors, true);
    slots_load(a, s->be, s->be->pinned & all_vector);
    restore_general(a);
    asm_lea(a, true, RSP, asm_mem(RSP, frame));
    asm_test_rr(a, true, RSP, RSP); /* not equal: done */
    return_popping(a, popped);
    asm_patch32(a, raised, asm_pos(a));
    asm_lea(a, true, RSP, asm_mem(RSP, frame + 8 + popped));
    asm_mov_ri(a, RAX, TCG_LEFT_RAISE);
    asm_patch32(a, asm_jmp(a), s->tail);
}

/* helpers */

static void stub_helper(Stubs *s, Stub stub)
{
    Asm *a = &s->a;
    begin(s, stub);
    slots_store(a, s->be, all_vector);
    if (stub == STUB_HELPER_FP) {
        guest_fp_out(a);
    }
    asm_lea(a, true, RSP, asm_mem(RSP, -8));
    asm_rr(a, 0xff, 2, RAX);
    asm_lea(a, true, RSP, asm_mem(RSP, 8));
    if (stub == STUB_HELPER_FP) {
        guest_fp_in(a);
    }
    slots_load(a, s->be, all_vector);
    asm_imm8(a, 0xc3);
}

static void stub_soft_fp(Stubs *s)
{
    Asm *a = &s->a;
    int32_t frame = frame_bytes(all_vector, 8);
    begin(s, STUB_SOFT_FP);
    keep_general(a);
    asm_lea(a, true, RSP, asm_mem(RSP, -frame));
    keep_vectors(a, all_vector, false);
    guest_fp_out(a);
    env_argument(a);
    asm_mov_rr(a, false, RSI, RAX);
    call_c(a, s->exec, (const void *)soft_fp);
    guest_fp_in(a);
    keep_vectors(a, all_vector, true);
    asm_lea(a, true, RSP, asm_mem(RSP, frame));
    restore_general(a);
    asm_imm8(a, 0xc3);
}

static void constant(Stubs *s, Stub which, uint64_t low, uint64_t high)
{
    begin(s, which);
    asm_imm64(&s->a, low);
    asm_imm64(&s->a, high);
}

bool stubs_emit(TcgBackend *be, TcgSpace *space)
{
    Stubs s = { .be = be, .exec = space->exec };
    if (space->cold_end < space->hot || space->cold_end - space->hot < STUBS_BYTES) {
        return false;
    }
    s.a = (Asm){ .p = space->write + space->hot, .start = space->write, .origin = 0 };
    stub_enter(&s);
    stub_leave(&s, STUB_GOTO, TCG_LEFT_GOTO);
    stub_leave(&s, STUB_EXIT, TCG_LEFT_EXIT);
    stub_leave(&s, STUB_IRQ, TCG_LEFT_IRQ);
    stub_leave(&s, STUB_RAISE, TCG_LEFT_RAISE);
    stub_lookup(&s);
    stub_memory(&s, STUB_LOAD, (const void *)be->runtime.load, 2);
    stub_memory(&s, STUB_STORE, (const void *)be->runtime.store, 3);
    stub_memory(&s, STUB_ATOMIC, (const void *)be->runtime.atomic, 3);
    stub_memory(&s, STUB_CAS, (const void *)be->runtime.cas, 4);
    stub_helper(&s, STUB_HELPER);
    stub_helper(&s, STUB_HELPER_FP);
    stub_soft_fp(&s);
    constant(&s, CONST_NAN32, 0x7fc00000, 0);
    constant(&s, CONST_NAN64, 0x7ff8000000000000, 0);
    constant(&s, CONST_BOX, 0xffffffff00000000, 0);
    constant(&s, CONST_BELOW32_F32, 0x4f7fffff, 0);
    constant(&s, CONST_BELOW32_F64, 0x41efffffffe00000, 0);
    constant(&s, CONST_BELOW63_F32, 0x5effffff, 0);
    constant(&s, CONST_BELOW63_F64, 0x43dfffffffffffff, 0);
    space->hot = (asm_pos(&s.a) + 63) & ~63u;
    return true;
}
