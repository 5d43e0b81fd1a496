/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short programs run by the host's own processor and by the translator, for comparison. Both see
 * code at ORACLE_CODE, data at ORACLE_DATA, of which the last page is read-only, and nothing else;
 * a program ends with an exception, be it the UD2 behind its last instruction.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    ORACLE_CODE = 0x10000000,
    ORACLE_DATA = 0x11000000,
    ORACLE_CODE_BYTES = 256, /* of one program */
    ORACLE_DATA_BYTES = 8192,
    ORACLE_READ_ONLY_BYTES = 4096, /* zeroes behind the data */
    ORACLE_BATCH = 256,
    ORACLE_STEPS = 48, /* that are recorded with TF */
};

/* Segment registers as the programs find them; 64-bit and flat 32-bit code have Linux's. */
enum { ORACLE_CS64 = 0x33, ORACLE_CS32 = 0x23, ORACLE_DS = 0x2b };

/* The local descriptor table, as modify_ldt() describes it: oracle_ldt. */
typedef struct {
    uint32_t base, limit;
    bool is_32bit, pages, not_present, read_exec_only;
    uint8_t contents; /* 0 data, 1 expand-down, 2 code, 3 conforming code */
} OracleSegment;
enum { ORACLE_LDT_ENTRIES = 13 };
extern const OracleSegment oracle_ldt[ORACLE_LDT_ENTRIES];
/** oracle_selector - of an entry; oracle_descriptor - as the processor reads it */
static inline uint16_t oracle_selector(unsigned entry)
{
    return entry << 3 | 7;
}
uint64_t oracle_descriptor(const OracleSegment *s);

typedef struct {
    uint64_t r[16]; /* in the encoding's order */
    uint64_t flags;
    uint64_t pc;
    uint32_t vector;  /* results: the exception that ended it */
    uint32_t code;    /* its error code */
    uint64_t address; /* of a page fault */
    uint64_t v[16][4];
    uint32_t mxcsr;
    unsigned steps; /* debug exceptions before that, with TF */
    uint64_t step_pc[ORACLE_STEPS];
    uint64_t step_registers[ORACLE_STEPS]; /* checksum */
} OracleState;

typedef struct {
    uint64_t seed;
    bool code32;                 /* flat 32-bit code, or selectors below */
    bool step;                   /* starts with TF set */
    bool lengthy;                /* so many prefixes that #UD and #GP may both be due */
    bool vector_store;           /* might have stopped in the middle */
    bool vague_stack;            /* #SS and #GP are both due */
    bool exact;                  /* error codes, addresses and vector registers are compared too */
    uint16_t cs, ss, ds, es, gs; /* cs 0: the flat ones */
    uint64_t flags_mask;         /* what is compared of RFLAGS */
    uint32_t code_bytes;
    uint8_t code[ORACLE_CODE_BYTES];
    bool endless; /* the native run was stopped: no results */
    OracleState before, native, guest;
    uint8_t data[ORACLE_DATA_BYTES];        /* before */
    uint8_t native_data[ORACLE_DATA_BYTES]; /* after */
    uint8_t guest_data[ORACLE_DATA_BYTES];
} OracleCase;

typedef struct {
    unsigned count;
    bool writable_code;
    OracleCase cases[ORACLE_BATCH];
} OracleBatch;

/* Linear address of a case's code. */
static inline uint64_t oracle_pc(unsigned index)
{
    return ORACLE_CODE + (uint64_t)index * ORACLE_CODE_BYTES;
}

/** oracle_ip - where case @index starts: an offset in its code segment */
uint64_t oracle_ip(const OracleCase *c, unsigned index);
/** oracle_register_mask - what counts of register @i: Linux's way to a 16-bit stack spoils the rest
 * of ESP */
uint64_t oracle_register_mask(const OracleCase *c, unsigned i);
/** oracle_note_step - record in @s a debug exception of @c at @pc with registers @r; false: enough
 * of them */
bool oracle_note_step(const OracleCase *c, OracleState *s, uint64_t pc, const uint64_t *r);

/** native_new - memory shared with a child that runs batches; native_run - fills .native of all
 * cases. False: the child is gone */
OracleBatch *native_new(void);
bool native_run(OracleBatch *batch);
void native_free(OracleBatch *batch);
/** native_has_segments - programs may name segments of their own and write segment bases */
bool native_has_segments(void);

/** guest_new - a machine with one processor that has the host's features; guest_run - fills .guest
 * of all cases */
typedef struct Guest Guest;
Guest *guest_new(const char *accel_options);
void guest_run(Guest *guest, OracleBatch *batch);
void guest_free(Guest *guest);

/** generate - @c from @seed, for the place of case @index in a batch */
void generate(OracleCase *c, uint64_t seed, unsigned index, bool code32);

/** generate_vectors - likewise, of MMX, SSE, AVX or x87 instructions in 64-bit code */
void generate_vectors(OracleCase *c, uint64_t seed, unsigned index);

typedef enum { ORACLE_BYTES_64, ORACLE_BYTES_32, ORACLE_BYTES_SEGMENTS } OracleBytes;
/** generate_bytes - a random byte string, executed in single steps. False: what it does cannot be
 * compared; make another */
bool generate_bytes(OracleCase *c, uint64_t seed, unsigned index, OracleBytes kind);
