/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short programs run by the host's own processor and by the translator, for comparison. Both see
 * code at ORACLE_CODE and data at ORACLE_DATA and nothing else; a program ends with an exception,
 * be it the UD2 behind its last instruction.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    ORACLE_CODE = 0x10000000,
    ORACLE_DATA = 0x11000000,
    ORACLE_CODE_BYTES = 256, /* of one program */
    ORACLE_DATA_BYTES = 8192,
    ORACLE_BATCH = 256,
};

typedef struct {
    uint64_t r[16]; /* in the encoding's order */
    uint64_t flags;
    uint64_t pc;
    uint32_t vector; /* results: the exception that ended it; 13 and 14 are both 14 */
} OracleState;

typedef struct {
    uint64_t seed;
    bool code32;
    uint64_t flags_mask; /* what is compared of RFLAGS */
    uint32_t code_bytes;
    uint8_t code[ORACLE_CODE_BYTES];
    OracleState before, native, guest;
    uint8_t data[ORACLE_DATA_BYTES];        /* before */
    uint8_t native_data[ORACLE_DATA_BYTES]; /* after */
    uint8_t guest_data[ORACLE_DATA_BYTES];
} OracleCase;

typedef struct {
    unsigned count;
    OracleCase cases[ORACLE_BATCH];
} OracleBatch;

static inline uint64_t oracle_pc(unsigned index)
{
    return ORACLE_CODE + (uint64_t)index * ORACLE_CODE_BYTES;
}

/** native_new - memory shared with a child that runs batches; native_run - fills .native of all
 * cases. False: the child is gone */
OracleBatch *native_new(void);
bool native_run(OracleBatch *batch);
void native_free(OracleBatch *batch);

/** guest_new - a machine with one processor; guest_run - fills .guest of all cases */
typedef struct Guest Guest;
Guest *guest_new(const char *accel_options);
void guest_run(Guest *guest, OracleBatch *batch);
void guest_free(Guest *guest);

/** generate - @c from @seed, for the place of case @index in a batch */
void generate(OracleCase *c, uint64_t seed, unsigned index, bool code32);

/** generate_vectors - likewise, of MMX, SSE, AVX or x87 instructions in 64-bit code */
void generate_vectors(OracleCase *c, uint64_t seed, unsigned index);
