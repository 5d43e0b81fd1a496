/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor as the translator sees it: slots, helpers, context key. */
#include "target/x86/frontend_internal.h"

#include "target/x86/debug.h"
#include "target/x86/mmu.h"
#include "target/x86/translate_internal.h"
#include "target/x86/vector_internal.h"

/* Homes are counted from the anchor, which is the end of TcgEnv and so of Cpu. */
#define HOME(field) ((int32_t)offsetof(X86Cpu, field) - (int32_t)sizeof(Cpu))
_Static_assert(offsetof(Cpu, env) + sizeof(TcgEnv) == sizeof(Cpu), "env is the end of Cpu");

#define R(n, text, rank) \
    [SLOT_R + (n)] = { .name = text, .offset = HOME(r[n]), .type = IR_I64, .pin = (rank) }
#define WORD(slot, text, field) [slot] = { .name = text, .offset = HOME(field), .type = IR_I64 }
#define BASE(n, text)           WORD(SLOT_BASE + (n), text, segment[n].base)
#define VECTOR(slot, text, field, number) \
    [slot] = { .name = text, .offset = HOME(field.q[0]), .type = IR_I64, .vector = (number) }
#define V(n)                                                \
    VECTOR(SLOT_V + 4 * (n), "v" #n ".0", v[n], (n) + 1),   \
        WORD(SLOT_V + 4 * (n) + 1, "v" #n ".1", v[n].q[1]), \
        WORD(SLOT_V + 4 * (n) + 2, "v" #n ".2", v[n].q[2]), \
        WORD(SLOT_V + 4 * (n) + 3, "v" #n ".3", v[n].q[3])

/* Ranks follow how often compiled code touches a register. */
const TcgSlot x86_slots[SLOT_COUNT] = {
    R(0, "rax", 1),
    R(1, "rcx", 5),
    R(2, "rdx", 3),
    R(3, "rbx", 6),
    R(4, "rsp", 2),
    R(5, "rbp", 7),
    R(6, "rsi", 8),
    R(7, "rdi", 4),
    R(8, "r8", 9),
    R(9, "r9", 10),
    R(10, "r10", 13),
    R(11, "r11", 15),
    R(12, "r12", 11),
    R(13, "r13", 12),
    R(14, "r14", 14),
    R(15, "r15", 16),
    WORD(SLOT_FLAGS_KIND, "flags.kind", flags.kind),
    WORD(SLOT_FLAGS_RESULT, "flags.result", flags.result),
    WORD(SLOT_FLAGS_SOURCE, "flags.source", flags.source),
    WORD(SLOT_FLAGS_EXTRA, "flags.extra", flags.extra),
    WORD(SLOT_FLAGS_CARRY, "flags.carry", flags.carry),
    WORD(SLOT_FLAGS_OVERFLOW, "flags.overflow", flags.overflow),
    WORD(SLOT_FLAGS_ROTATED, "flags.rotated", flags.rotated),
    WORD(SLOT_FLAGS_OTHER, "flags.other", flags.other),
    BASE(X86_ES, "es.base"),
    BASE(X86_CS, "cs.base"),
    BASE(X86_SS, "ss.base"),
    BASE(X86_DS, "ds.base"),
    BASE(X86_FS, "fs.base"),
    BASE(X86_GS, "gs.base"),
    [SLOT_CS_LIMIT] = { .name = "cs.limit", .offset = HOME(segment[X86_CS].limit), .type = IR_I32 },
    WORD(SLOT_SCRATCH, "scratch0", scratch[0]),
    WORD(SLOT_SCRATCH + 1, "scratch1", scratch[1]),
    [SLOT_SCRATCH + 2 ... SLOT_OPERAND -
        1] = { .name = "-", .offset = HOME(scratch[1]), .type = IR_I64 },
    VECTOR(SLOT_OPERAND, "operand.0", operand, IR_MAX_VECTORS),
    WORD(SLOT_OPERAND + 1, "operand.1", operand.q[1]),
    WORD(SLOT_OPERAND + 2, "operand.2", operand.q[2]),
    WORD(SLOT_OPERAND + 3, "operand.3", operand.q[3]),
    V(0),
    V(1),
    V(2),
    V(3),
    V(4),
    V(5),
    V(6),
    V(7),
    V(8),
    V(9),
    V(10),
    V(11),
    V(12),
    V(13),
    V(14),
    V(15),
};

#define SET(from, count) (((1ull << (count)) - 1) << (from))
#define NONE \
    {        \
        0    \
    }
#define GPRS            \
    {                   \
        SET(SLOT_R, 16) \
    }
#define FLAGS                   \
    {                           \
        SET(SLOT_FLAGS_KIND, 8) \
    }
#define SCRATCH              \
    {                        \
        SET(SLOT_SCRATCH, 2) \
    }
#define STATE \
    {         \
        ~0ull \
    }
#define VECTORS                     \
    {                               \
        SET(SLOT_OPERAND, 4), ~0ull \
    }
#define ALL IR_ALL_SLOTS
/* Helpers that only compute a result from flags or arguments */
#define IS_PURE(helper)                                                                   \
    ((HELPER_##helper) == HELPER_flags_bits || (HELPER_##helper) == HELPER_flags_carry || \
     (HELPER_##helper) == HELPER_pdep || (HELPER_##helper) == HELPER_pext ||              \
     (HELPER_##helper) == HELPER_crc32)

#define X87_OF(helper)                                       \
    ((HELPER_##helper) == HELPER_fpu         ? x86_x87_run   \
     : (HELPER_##helper) == HELPER_fpu_load  ? x86_x87_load  \
     : (HELPER_##helper) == HELPER_fpu_store ? x86_x87_store \
                                             : NULL)
#define HOST_OF(helper)                                                                            \
    ((HELPER_##helper) == HELPER_vector || (HELPER_##helper) == HELPER_vector_fp ? x86_vector_host \
     : (HELPER_##helper) == HELPER_vzero                                         ? x86_vzero_host  \
                                                                                 : NULL)

const IrHelper x86_helpers[HELPER_COUNT] = {
#define HELPER(helper, result_type, count, may_raise, fp, in, out) \
    [HELPER_##helper] = { .name = #helper,                         \
                          .fn = x86_helper_##helper,               \
                          .result = (result_type),                 \
                          .arguments = (count),                    \
                          .raises = (may_raise),                   \
                          .pure = IS_PURE(helper),                 \
                          .touches_fp = (fp),                      \
                          .x87 = X87_OF(helper),                   \
                          .host = HOST_OF(helper),                 \
                          .reads = in,                             \
                          .writes = out },
#include "target/x86/helpers.def"
#undef HELPER
};

uint64_t x86_context_key(Cpu *c)
{
    const X86Cpu *cpu = x86_cpu(c);
    uint64_t base = cpu->mode & X86_MODE_CODE64 ? 0 : (uint32_t)cpu->segment[X86_CS].base;

    return cpu->mode | base << 32;
}

const TcgFrontend x86_frontend = {
    .slots = x86_slots,
    .slot_count = SLOT_COUNT,
    .page_bits = TCG_PAGE_BITS,
    .fp_profile = IR_FP_X86,
    .lazy_slots = SET(SLOT_FLAGS_KIND, 7),
    .banks = X86_BANK_COUNT,
    .context_key = x86_context_key,
    .address_space = x86_address_space,
    .fetch_bank = x86_fetch_bank,
    .translate = x86_translate,
    .walk = x86_walk,
    .raise_unaligned = x86_raise_unaligned,
    .raise_unaligned_vector = x86_raise_unaligned_vector,
    .deliver_exception = x86_deliver_exception,
    .deliver_interrupt = x86_deliver_interrupt,
    .debug_hit = x86_debug_hit,
};
