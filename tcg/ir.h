/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The intermediate representation: SSA over typed values, one straight-line region with side exits.
 * It knows no guest and no host. See docs/devel/tcg-ir.rst, also for where condition flags, vectors
 * and 80-bit floats join.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "tcg/env.h"
#include "tcg/host_vector.h"
#include "tcg/host_x87.h"
#include "tcg/ops.h"

/* A value is the number of the op that defines it; 0 is no value (op 0 is reserved). */
typedef uint32_t IrValue;

/* How LOAD, STORE, ATOMIC, CAS, LOADV and STOREV touch memory. F32/F64 loads and stores move raw
 * bits. */
typedef struct {
    uint8_t size_log2 : 3; /* 1 << n bytes, n <= 3; of vectors from 2 to 5 */
    uint8_t sign : 1;      /* loads: sign-extend to the result type; LOADV: clear all above */
    uint8_t big_endian : 1;
    uint8_t align : 1; /* unaligned addresses raise the guest's alignment fault */
    uint8_t acquire : 1;
    uint8_t release : 1;
    uint8_t bank; /* TLB bank, < TCG_MMU_BANKS */
} IrMem;

typedef struct {
    uint8_t op;    /* IrOpcode */
    uint8_t type;  /* IrType of the value defined */
    uint8_t aux;   /* per opcode; SETCOND, SELECT, BRCOND, EXIT_IF: IrCond */
    uint8_t flags; /* passes: see ir_pass.h */
    IrMem mem;
    uint16_t last; /* filled by ir_liveness(): the last op that uses it; 0: none; see IR_OP_LATE */
    IrValue arg[4];
    uint64_t imm;
} IrOp;

/* Guest state the region may keep in host registers: a table per guest CPU type. */
typedef struct {
    const char *name;
    int32_t offset; /* bytes from the TcgEnv anchor (tcg_env_anchor()) to the home in memory */
    uint8_t type;   /* IrType */
    uint8_t pin;    /* rank for pinning within its register class, 1 = hottest; 0: never */
    uint8_t vector; /* not 0: number of the vector of which it is the first of four I64 slots, whose
                       homes follow one another */
} TcgSlot;

enum { IR_MAX_SLOTS = 256, IR_MAX_VECTORS = 17 };

typedef uint64_t IrHelperFn(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/*
 * A C function that generated code may call. Slots outside .reads/.writes keep their values and may
 * stay in host registers. A helper that may raise returns normally after tcg_raise(); the generated
 * code then leaves the region with the state as of the running instruction's start plus what was
 * put before the call.
 */
typedef struct {
    const char *name;
    IrHelperFn *fn;
    uint8_t result; /* IrType: IR_VOID, IR_I32, IR_I64 */
    uint8_t arguments;
    bool raises;
    bool pure;       /* no effect but its result: dropped when that is unused */
    bool touches_fp; /* reads or writes the sticky flags or rounding mode (tcg_fp_*): MXCSR is
                        synchronised around it */
    /* the helper with constant arguments @a and @b as a host instruction; NULL or false: there is
     * none */
    bool (*host)(uint64_t a, uint64_t b, IrHostVector *out);
    /* likewise as an x87 instruction; argument c is constant too */
    bool (*x87)(uint64_t a, IrHostX87 *out);
    uint64_t reads[IR_MAX_SLOTS / 64];
    uint64_t writes[IR_MAX_SLOTS / 64];
} IrHelper;
#define IR_ALL_SLOTS               \
    {                              \
        ~0ull, ~0ull, ~0ull, ~0ull \
    }

/* Guest-wide FP rules; the rounding mode is the guest's present one. */
typedef enum {
    IR_FP_RISCV,
    IR_FP_X86, /* SSE: NaNs, flush modes and all flags are the host's */
} IrFpProfile;

enum { IR_MAX_OPS = 2048, IR_MAX_INSNS = 64, IR_MAX_LABELS = 256 };

/* One translation unit: a superblock entered at its first op only. */
typedef struct {
    IrOp *ops;            /* arena of IR_MAX_OPS; op 0 unused */
    uint32_t count;       /* first free */
    uint32_t insns;       /* guest instructions */
    uint32_t accesses;    /* LOAD and STORE; filled by ir_liveness() */
    uint64_t pc;          /* guest pc of the first */
    uint64_t last_pc_end; /* first byte after the last instruction */
    uint8_t page_bits;    /* guest page size, for deciding what a same-page jump is */
    uint8_t fp_profile;
    uint32_t labels;
    const TcgSlot *slots;
    uint32_t slot_count;
    uint64_t lazy_slots; /* of the first 64: their puts may be late (IR_OP_LATE) */
} IrRegion;

/** ir_dump - text form, one op a line; the inverse of ir_parse() */
void ir_dump(const IrRegion *region, GString *out);

/** ir_parse - text form to @region (whose arena the caller owns); helpers are found by name in
 * @helpers */
bool ir_parse(const char *text, IrRegion *region, const IrHelper *helpers, unsigned helper_count,
              GError **errp);

/** ir_verify - types, definitions before use, labels forward and unique, exactly one END and it is
 * last */
bool ir_verify(const IrRegion *region, GError **errp);
