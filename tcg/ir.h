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
#include "tcg/ops.h"

/* A value is the number of the op that defines it; 0 is no value (op 0 is reserved). */
typedef uint32_t IrValue;

/* How LOAD, STORE, ATOMIC and CAS touch memory. F32/F64 loads and stores move raw bits. */
typedef struct {
    uint8_t size_log2 : 3; /* 1 << n bytes, n <= 3 */
    uint8_t sign : 1;      /* loads: sign-extend to the result type */
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
    uint16_t last; /* filled by ir_liveness(): the last op that uses it; 0: none */
    IrValue arg[4];
    uint64_t imm;
} IrOp;

/* Guest state the region may keep in host registers: a table per guest CPU type. */
typedef struct {
    const char *name;
    int32_t offset; /* bytes from the TcgEnv anchor (tcg_env_anchor()) to the home in memory */
    uint8_t type;   /* IrType */
    uint8_t pin;    /* rank for pinning within its register class, 1 = hottest; 0: never */
} TcgSlot;

enum { IR_MAX_SLOTS = 256 };

/*
 * What one instruction of an x86 host would do instead of a helper: on up to three vectors that are
 * in memory, at consecutive slots of 64 bits. Hosts that have it may emit it in place of the call.
 */
typedef enum {
    IR_HOST_AB,        /* d, a, b */
    IR_HOST_AB_IMM,    /* d, a, b, imm */
    IR_HOST_AB_INT,    /* d, a, integer in b's memory, imm */
    IR_HOST_AB_INT_W,  /* d, a, integer of 32 or 64 bits */
    IR_HOST_ABC,       /* d, a, b, c in the immediate */
    IR_HOST_B,         /* d, b */
    IR_HOST_B_IMM,     /* d, b, imm */
    IR_HOST_FLAGS,     /* a, b; the helper's result is CF, PF and ZF of EFLAGS */
    IR_HOST_FMA,       /* d = a * b + c (form 213) */
    IR_HOST_INT_B,     /* the helper's result, b */
    IR_HOST_INT_B_W,   /* likewise, of 32 or 64 bits */
    IR_HOST_INT_RM,    /* likewise as the r/m operand, b, imm */
    IR_HOST_RM_IMM,    /* d as the r/m operand, b, imm */
    IR_HOST_SHIFT_IMM, /* d, a, imm; .extension of the opcode */
    IR_HOST_OTHER,     /* no such form */
} IrHostShape;

typedef struct {
    uint8_t shape;               /* IrHostShape */
    uint8_t prefix, map, opcode; /* as VEX has them: 0 none 1 66 2 F3 3 F2; 1 0F 2 0F38 3 0F3A */
    uint8_t extension;
    uint8_t imm;
    uint8_t bytes;       /* 16 or 32 */
    uint8_t element;     /* not 0: scalar, of so many bytes; the result has as many as .stored */
    uint8_t stored;      /* bytes of d that change; 32: cleared above the result */
    bool wide;           /* VEX.W */
    bool clears;         /* the upper 16 bytes of d, which .stored leaves out */
    bool fp;             /* works under MXCSR */
    uint32_t needs;      /* TCG_HOST_x */
    uint16_t d, a, b, c; /* first slots */
} IrHostVector;

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
