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

/*
 * RISC-V has no denormal flag: it is never shown. x86 keeps all but its masks, which stay in
 * mxcsr_guest: nothing in generated code may trap. .mxcsr_host is C's own.
 */
static void guest_fp_out(const TcgBackend *be, Asm *a)
{
    if (be->options.fp_profile == IR_FP_X86) {
        asm_push(a, R11);
        asm_rm(a, 0xae | A_0F, STMXCSR, ENV_MEM(mxcsr_run));
        asm_load(a, false, R11, ENV_MEM(mxcsr_run));
        asm_alu_ri(a, ALU_AND, false, R11, ~MXCSR_MASKS);
        asm_alu_mi(a, ALU_AND, false, ENV_MEM(mxcsr_guest), MXCSR_MASKS);
        asm_rm(a, 0x09, R11, ENV_MEM(mxcsr_guest)); /* or */
        asm_pop(a, R11);
    } else {
        asm_rm(a, 0xae | A_0F, STMXCSR, ENV_MEM(mxcsr_guest));
        asm_alu_mi(a, ALU_AND, false, ENV_MEM(mxcsr_guest), ~MXCSR_DE);
    }
    asm_rm(a, 0xae | A_0F, LDMXCSR, ENV_MEM(mxcsr_host));
}

/* Whatever C left there: traps stay masked; flush modes are off but for x86. */
static void guest_fp_in(const TcgBackend *be, Asm *a)
{
    if (be->options.fp_profile == IR_FP_X86) {
        asm_push(a, R11);
        asm_load(a, false, R11, ENV_MEM(mxcsr_guest));
        asm_alu_ri(a, ALU_OR, false, R11, MXCSR_MASKS);
        asm_store(a, false, ENV_MEM(mxcsr_run), R11);
        asm_pop(a, R11);
        asm_rm(a, 0xae | A_0F, LDMXCSR, ENV_MEM(mxcsr_run));
        return;
    }
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
    guest_fp_in(s->be, a);
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
    guest_fp_out(s->be, &s->a);
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

/* Byte offset of the entry for a pc is (pc << 3) cut to the array, which is tcg_jump_index() times
 * 16. */
_Static_assert(sizeof(TcgJumpEntry) == 16 && offsetof(TcgJumpEntry, host) == 8, "scaled by 16");
enum { JUMP_OFFSET_MASK = ((1 << TCG_JUMP_BITS) - 1) * 16 };

/* It ends most functions, and is always the same: made once. */
static void make_probe(TcgBackend *be)
{
    Asm code = { .p = be->probe, .start = be->probe }, *a = &code;
    AsmMem entry = asm_mem(RCX, offsetof(TcgContextBank, jump));
    asm_mov_rr(a, false, RCX, RAX);
    asm_shift_ri(a, SHIFT_SHL, false, RCX, 3);
    asm_alu_ri(a, ALU_AND, false, RCX, JUMP_OFFSET_MASK);
    asm_alu_rm(a, ALU_ADD, true, RCX, ENV_MEM(hot.bank));
    asm_alu_rm(a, ALU_CMP, true, RAX, entry);
    be->probe_miss = asm_jcc(a, CC_NE);
    entry.disp += offsetof(TcgJumpEntry, host);
    asm_rm(a, 0xff, 4, entry);
    be->probe_bytes = asm_pos(a);
}

uint32_t jump_cache_probe(const TcgBackend *be, Asm *a)
{
    uint32_t miss = asm_pos(a) + be->probe_miss;
    memcpy(a->p, be->probe, PROBE_BYTES);
    a->p += be->probe_bytes;
    return miss;
}

static void stub_lookup(Stubs *s)
{
    Asm *a = &s->a;
    begin(s, STUB_GUARD);
    uint32_t miss = jump_cache_probe(s->be, a);
    begin(s, STUB_LOOKUP);
    asm_patch32(a, miss, asm_pos(a));
    asm_store(a, true, ENV_MEM(hot.pc), RAX);
    slots_store(a, s->be, s->be->pinned & caller_saved);
    asm_mov_rr(a, true, RSI, RAX);
    env_argument(a);
    call_c(a, s->exec, (const void *)s->be->runtime.lookup);
    slots_load(a, s->be, s->be->pinned & caller_saved);
    asm_test_rr(a, true, RAX, RAX);
    uint32_t none = asm_jcc8(a, CC_E);
    asm_rr(a, 0xff, 4, RAX);
    asm_here8(a, none);
    slots_store(a, s->be, s->be->pinned & ~caller_saved);
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

/* Bytes of a scratch vector register that may hold something: a guest's vector, or a number. */
static int32_t kept_bytes(const TcgBackend *be)
{
    return be->vectors && backend_has(be, TCG_HOST_AVX) ? 32 : 8;
}

static void keep_vectors(const TcgBackend *be, Asm *a, uint32_t mask, bool restore)
{
    int32_t at = 0;
    for (uint32_t rest = mask & all_vector; rest; rest &= rest - 1) {
        uint8_t reg = __builtin_ctz(rest);
        uint32_t op = (restore ? 0x10 : 0x11) | A_0F;
        if (kept_bytes(be) == 32) {
            asm_vrm(a, op | A_L, reg, XMM0, asm_mem(RSP, at));
        } else {
            asm_rm(a, op | A_F2, reg, asm_mem(RSP, at));
        }
        at += kept_bytes(be);
    }
    if (!restore && kept_bytes(be) == 32) {
        asm_vrr(a, 0x77 | A_0F, 0, XMM0, 0);
        a->p--; /* vzeroupper has no ModRM */
    }
}

/* Bytes below the return address that make room for @vectors and align the stack. */
static int32_t frame_bytes(const TcgBackend *be, uint32_t vectors, int32_t pushed)
{
    int32_t wanted = kept_bytes(be) * __builtin_popcount(vectors) + pushed;
    return ((wanted + 15) & ~15) - pushed;
}

static void return_popping(Asm *a, int32_t bytes)
{
    asm_imm8(a, 0xc2);
    asm_imm8(a, bytes);
    asm_imm8(a, bytes >> 8);
}

/* Where a slow path finds what was pushed, and how it returns. */
typedef struct {
    Stub stub;
    bool write, probe, predict, vector;
    int32_t frame, popped;
    AsmMem access, address, value, second, predictor;
} SlowPath;

static AsmMem field(const SlowPath *path, size_t offset)
{
    AsmMem mem = path->access;
    mem.disp += offset;
    return mem;
}

/* again: ZF for the caller */
static void slow_return(Asm *a, const SlowPath *path, bool again)
{
    restore_general(a);
    asm_lea(a, true, RSP, asm_mem(RSP, path->frame));
    if (again) {
        asm_alu_rr(a, ALU_CMP, true, RSP, RSP);
    } else {
        asm_test_rr(a, true, RSP, RSP);
    }
    return_popping(a, path->popped);
}

/* The access at the host address in rsi. */
static void direct_access(Asm *a, const SlowPath *path)
{
    static const uint32_t load[4] = { 0xb6 | A_0F, 0xb7 | A_0F, 0x8b, 0x8b | A_W };
    static const uint32_t store[4] = { 0x88 | A_BYTE, 0x89 | A_66, 0x89, 0x89 | A_W };
    asm_rm(a, 0xb6 | A_0F, RCX, field(path, offsetof(SlowAccess, last)));
    if (path->write) {
        asm_load(a, true, RAX, path->value);
    }
    uint32_t done[4];
    for (unsigned size = 0; size < 4; size++) {
        asm_alu_ri(a, ALU_CMP, false, RCX, (1 << size) - 1);
        uint32_t other = asm_jcc8(a, CC_NE);
        asm_rm(a, path->write ? store[size] : load[size], RAX, asm_mem(RSI, 0));
        done[size] = asm_jmp8(a);
        asm_here8(a, other);
    }
    for (unsigned size = 0; size < 4; size++) {
        asm_here8(a, done[size]);
    }
    if (!path->write) {
        asm_store(a, true, save_mem(SAVE_RESULT), RAX);
    }
    slow_return(a, path, false);
}

/* Look at the first level; a hit ends here. rsi: address. Falls through on a miss. */
static void probe_first_level(Asm *a, const SlowPath *path)
{
    int32_t tlb = TCG_ANCHOR_OFFSET(tlb);
    int32_t tags = tlb + (path->write ? offsetof(TcgTlbBank, wtag) : offsetof(TcgTlbBank, rtag));
    asm_rm(a, 0xb6 | A_0F, R8, field(path, offsetof(SlowAccess, mem.bank)));
    asm_rr(a, 0x69, R8, R8);
    asm_imm32(a, sizeof(TcgTlbBank));
    asm_alu_rr(a, ALU_ADD, true, R8, ENV_REG);
    asm_mov_rr(a, false, R9, RSI);
    asm_shift_ri(a, SHIFT_SHR, false, R9, TCG_PAGE_BITS - 3);
    asm_alu_ri(a, ALU_AND, false, R9, (TCG_TLB_ENTRIES - 1) * 8);
    asm_mov_rr(a, true, RAX, RSI);
    asm_alu_ri(a, ALU_AND, true, RAX, -(1 << TCG_PAGE_BITS));
    asm_alu_rm(a, ALU_CMP, true, RAX, asm_mem_index(R8, R9, 0, tags));
    uint32_t miss = asm_jcc(a, CC_NE);
    asm_alu_rm(a, ALU_ADD, true, RSI, asm_mem_index(R8, R9, 0, tlb + offsetof(TcgTlbBank, addend)));
    direct_access(a, path);
    asm_patch32(a, miss, asm_pos(a));
}

/* Returns the displacement of the jump taken when the second level is of no help. */
static uint32_t refill_way(Stubs *s, const SlowPath *path)
{
    Asm *a = &s->a;
    uint32_t again = asm_pos(a);
    if (path->probe) {
        probe_first_level(a, path);
    }
    asm_rm(a, 0xb6 | A_0F, RDX, field(path, offsetof(SlowAccess, mem.bank)));
    asm_mov_ri(a, RCX, path->write);
    env_argument(a);
    call_c(a, s->exec, (const void *)s->be->runtime.refill);
    asm_rr(a, 0x84 | A_BYTE, RAX, RAX);
    uint32_t failed = asm_jcc(a, CC_E);
    if (path->probe) {
        asm_load(a, true, RSI, path->address);
        asm_patch32(a, asm_jmp(a), again);
    } else {
        slow_return(a, path, true);
    }
    return failed;
}

/*
 * What needs no walk: the first level if nobody looked there, then the second, unless the access
 * straddles a page, is misaligned or reversed. Ends behind a failed try.
 */
static void quick_way(Stubs *s, const SlowPath *path)
{
    Asm *a = &s->a;
    uint32_t reversed = 0, failed = 0;
    bool called = path->vector && !backend_has(s->be, TCG_HOST_AVX); /* nobody to try again */
    if (s->be->options.slow_memory || !s->be->runtime.refill || called) {
        return;
    }
    asm_load(a, true, RSI, path->address);
    asm_rm(a, 0xb6 | A_0F, RCX, field(path, offsetof(SlowAccess, last)));
    asm_mov_rr(a, false, RAX, RSI);
    asm_alu_ri(a, ALU_AND, false, RAX, (1 << TCG_PAGE_BITS) - 1);
    asm_alu_rr(a, ALU_ADD, false, RAX, RCX);
    asm_alu_ri(a, ALU_CMP, false, RAX, 1 << TCG_PAGE_BITS);
    uint32_t straddles = asm_jcc(a, CC_AE);
    asm_rm(a, 0xb6 | A_0F, RCX, field(path, offsetof(SlowAccess, detail)));
    asm_alu_ri(a, ALU_AND, false, RCX, path->vector ? 31 : 15);
    asm_test_rr(a, false, RCX, RSI);
    uint32_t unaligned = asm_jcc(a, CC_NE);
    if (path->predict) {
        asm_load(a, false, RDX, path->predictor);
        asm_mov_ri(a, RCX, (uintptr_t)s->be->runtime.refill);
        env_argument(a);
        call_c(a, s->exec, (const void *)predictor_missed);
        asm_test_rr(a, true, RAX, RAX);
        failed = asm_jcc(a, CC_E);
    }
    if (path->probe || (path->predict && !path->vector)) {
        const SlowAccess big = { .mem.big_endian = 1 };
        uint8_t flag;
        memcpy(&flag, &big, 1);
        asm_rm(a, 0xf6, 0, path->access);
        asm_imm8(a, flag);
        reversed = asm_jcc(a, CC_NE);
    }
    if (path->predict && path->vector) {
        slow_return(a, path, true);
    } else if (path->predict) {
        asm_mov_rr(a, true, RSI, RAX);
        direct_access(a, path);
    } else {
        failed = refill_way(s, path);
    }
    if (reversed) {
        asm_patch32(a, reversed, asm_pos(a));
    }
    asm_patch32(a, straddles, asm_pos(a));
    asm_patch32(a, unaligned, asm_pos(a));
    asm_patch32(a, failed, asm_pos(a));
    restore_general(a);
}

static void slow_arguments(Asm *a, const SlowPath *path)
{
    env_argument(a);
    asm_load(a, true, RSI, path->address);
    asm_rm(a, 0xb7 | A_0F, RDX, path->access);
    switch (path->stub) {
    case STUB_LOAD:
    case STUB_PREDICT_LOAD:
    case STUB_PROBE_LOAD: asm_lea(a, true, RCX, save_mem(SAVE_RESULT)); break;
    case STUB_STORE:
    case STUB_PREDICT_STORE:
    case STUB_PROBE_STORE: asm_load(a, true, RCX, path->value); break;
    case STUB_LOADV:
    case STUB_STOREV:
    case STUB_PREDICT_LOADV:
    case STUB_PREDICT_STOREV:
        asm_load(a, true, RCX, path->value);
        asm_alu_rr(a, ALU_ADD, true, RCX, ENV_REG);
        break;
    case STUB_ATOMIC:
        asm_rm(a, 0xb6 | A_0F, RCX, field(path, offsetof(SlowAccess, detail)));
        asm_shift_ri(a, SHIFT_SHR, false, RCX, 4);
        asm_load(a, true, R8, path->value);
        asm_lea(a, true, R9, save_mem(SAVE_RESULT));
        break;
    default:
        asm_load(a, true, RCX, path->value);
        asm_load(a, true, R8, path->second);
        asm_lea(a, true, R9, save_mem(SAVE_RESULT));
        break;
    }
}

/*
 * Called with, from the top of the stack: return address, SlowAccess, address, and what there is of
 * value, operand or (expected, desired), predictor. All registers are kept. Returns with ZF set
 * when the inline check should be tried again, else the result is in save[SAVE_RESULT]. Does not
 * return when the guest's exception was raised.
 */
static void stub_memory(Stubs *s, Stub stub, const void *fn, unsigned arguments)
{
    Asm *a = &s->a;
    uint32_t vectors = s->be->scratch & all_vector;
    int32_t popped = 8 * arguments, frame = frame_bytes(s->be, vectors, popped + 8);
    SlowPath path = {
        .stub = stub,
        .write = stub != STUB_LOAD && stub != STUB_PROBE_LOAD && stub != STUB_PREDICT_LOAD &&
                 stub != STUB_LOADV && stub != STUB_PREDICT_LOADV,
        .predict = stub == STUB_PREDICT_LOAD || stub == STUB_PREDICT_STORE ||
                   stub == STUB_PREDICT_LOADV || stub == STUB_PREDICT_STOREV,
        .vector = stub >= STUB_LOADV && stub <= STUB_PREDICT_STOREV,
        .probe = stub == STUB_PROBE_LOAD || stub == STUB_PROBE_STORE,
        .frame = frame,
        .popped = popped,
        .access = asm_mem(RSP, frame + 8),
        .address = asm_mem(RSP, frame + 16),
        .value = asm_mem(RSP, frame + 24),
        .second = asm_mem(RSP, frame + 32),
        .predictor = asm_mem(RSP, frame + popped),
    };
    begin(s, stub);
    keep_general(a);
    asm_load(a, true, RAX, asm_mem(RSP, 0));
    asm_store(a, true, ENV_MEM(hot.host_return), RAX);
    asm_lea(a, true, RSP, asm_mem(RSP, -frame));
    quick_way(s, &path);
    slots_store(a, s->be, s->be->pinned);
    keep_vectors(s->be, a, vectors, false);
    guest_fp_out(s->be, a);
    slow_arguments(a, &path);
    call_c(a, s->exec, fn);
    asm_rr(a, 0x84 | A_BYTE, RAX, RAX);
    uint32_t raised = asm_jcc(a, CC_E);
    guest_fp_in(s->be, a);
    keep_vectors(s->be, a, vectors, true);
    slots_load(a, s->be, s->be->pinned & all_vector);
    slow_return(a, &path, false);
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
        guest_fp_out(s->be, a);
    }
    asm_lea(a, true, RSP, asm_mem(RSP, -8));
    asm_rr(a, 0xff, 2, RAX);
    asm_lea(a, true, RSP, asm_mem(RSP, 8));
    if (stub == STUB_HELPER_FP) {
        guest_fp_in(s->be, a);
    }
    slots_load(a, s->be, all_vector);
    asm_imm8(a, 0xc3);
}

/*
 * Called with, from the top of the stack: return address, four arguments, the helper. All registers
 * are kept and the host's x87 flags clear; the result is in save[SAVE_RESULT]. Does not return when
 * it raised.
 */
static void stub_x87(Stubs *s)
{
    static const uint8_t argument[4] = { RSI, RDX, RCX, R8 };
    enum { POPPED = 5 * 8 };
    Asm *a = &s->a;
    uint32_t vectors = s->be->scratch & all_vector;
    int32_t frame = frame_bytes(s->be, vectors, POPPED + 8);
    begin(s, STUB_X87);
    keep_general(a);
    asm_load(a, true, RAX, asm_mem(RSP, 0));
    asm_store(a, true, ENV_MEM(hot.host_return), RAX);
    asm_lea(a, true, RSP, asm_mem(RSP, -frame));
    slots_store(a, s->be, s->be->pinned);
    keep_vectors(s->be, a, vectors, false);
    asm_load(a, true, RDI, save_mem(SAVE_OBJECT));
    for (unsigned k = 0; k < 4; k++) {
        asm_load(a, true, argument[k], asm_mem(RSP, frame + 8 + 8 * k));
    }
    asm_rm(a, 0xff, 2, asm_mem(RSP, frame + POPPED));
    asm_store(a, true, save_mem(SAVE_RESULT), RAX);
    asm_imm8(a, 0xdb); /* fnclex */
    asm_imm8(a, 0xe2);
    asm_alu_mi(a, ALU_CMP, false, ENV_MEM(hot.raise), 0);
    uint32_t raised = asm_jcc(a, CC_NE);
    keep_vectors(s->be, a, vectors, true);
    slots_load(a, s->be, s->be->pinned & all_vector);
    restore_general(a);
    asm_lea(a, true, RSP, asm_mem(RSP, frame));
    return_popping(a, POPPED);
    asm_patch32(a, raised, asm_pos(a));
    asm_lea(a, true, RSP, asm_mem(RSP, frame + 8 + POPPED));
    leave(s, TCG_LEFT_RAISE);
}

static void stub_soft_fp(Stubs *s)
{
    Asm *a = &s->a;
    int32_t frame = frame_bytes(s->be, all_vector, 8);
    begin(s, STUB_SOFT_FP);
    keep_general(a);
    asm_lea(a, true, RSP, asm_mem(RSP, -frame));
    keep_vectors(s->be, a, all_vector, false);
    guest_fp_out(s->be, a);
    env_argument(a);
    asm_mov_rr(a, false, RSI, RAX);
    call_c(a, s->exec, (const void *)soft_fp);
    guest_fp_in(s->be, a);
    keep_vectors(s->be, a, all_vector, true);
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
    make_probe(be);
    stub_enter(&s);
    stub_leave(&s, STUB_GOTO, TCG_LEFT_GOTO);
    stub_leave(&s, STUB_EXIT, TCG_LEFT_EXIT);
    stub_leave(&s, STUB_IRQ, TCG_LEFT_IRQ);
    stub_leave(&s, STUB_RAISE, TCG_LEFT_RAISE);
    stub_lookup(&s);
    stub_memory(&s, STUB_LOAD, (const void *)be->runtime.load, 2);
    stub_memory(&s, STUB_STORE, (const void *)be->runtime.store, 3);
    stub_memory(&s, STUB_PROBE_LOAD, (const void *)be->runtime.load, 2);
    stub_memory(&s, STUB_PROBE_STORE, (const void *)be->runtime.store, 3);
    stub_memory(&s, STUB_PREDICT_LOAD, (const void *)be->runtime.load, 3);
    stub_memory(&s, STUB_PREDICT_STORE, (const void *)be->runtime.store, 4);
    stub_memory(&s, STUB_LOADV, (const void *)be->runtime.load_vector, 3);
    stub_memory(&s, STUB_STOREV, (const void *)be->runtime.store_vector, 3);
    stub_memory(&s, STUB_PREDICT_LOADV, (const void *)be->runtime.load_vector, 4);
    stub_memory(&s, STUB_PREDICT_STOREV, (const void *)be->runtime.store_vector, 4);
    stub_memory(&s, STUB_ATOMIC, (const void *)be->runtime.atomic, 3);
    stub_memory(&s, STUB_CAS, (const void *)be->runtime.cas, 4);
    stub_helper(&s, STUB_HELPER);
    stub_helper(&s, STUB_HELPER_FP);
    stub_x87(&s);
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
