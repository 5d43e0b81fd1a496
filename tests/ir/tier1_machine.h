/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest with no instructions: slots, a little memory, helpers. Regions run on it interpreted and
 * compiled. */
#pragma once

#include "tcg/backend.h"

enum {
    INT_SLOTS = 20,   /* i64; the first POINTERS hold addresses */
    WORD_SLOTS = 3,   /* i32 */
    FP_SLOTS = 16,    /* f64 */
    SINGLE_SLOTS = 3, /* f32 */
    ALL_SLOTS = INT_SLOTS + WORD_SLOTS + FP_SLOTS + SINGLE_SLOTS,
    POINTERS = 4,
    MEMORY_PAGES = 8,
    MEMORY_BYTES = MEMORY_PAGES << TCG_PAGE_BITS,
    MEMORY_BASE = 0x10000,
};

/* Env must precede the slots. */
typedef struct {
    uint8_t *memory; /* MEMORY_BYTES */
    unsigned refills, slow;
    TcgEnv env;
    uint64_t i[INT_SLOTS];
    uint32_t w[WORD_SLOTS];
    uint64_t f[FP_SLOTS];
    uint32_t s[SINGLE_SLOTS];
} TestCpu;

/* Page 0 does not exist, 1 is read-only, 2 is a device, the others are RAM. */
enum { PAGE_MISSING = 0, PAGE_READ_ONLY = 1, PAGE_DEVICE = 2 };

extern const TcgSlot test_slots[ALL_SLOTS];
extern const TcgRuntime test_runtime;
enum { TEST_HELPERS = 5 };
extern const IrHelper test_helpers[TEST_HELPERS];

TestCpu *test_cpu_new(void);
void test_cpu_free(TestCpu *cpu);
/** test_cpu_copy - guest state only */
void test_cpu_copy(TestCpu *to, const TestCpu *from);
/** test_cpu_forget - empty all that generated code looks things up in */
void test_cpu_forget(TestCpu *cpu);
/** test_cpu_same - says what differs */
bool test_cpu_same(const TestCpu *x, const TestCpu *y, GString *difference);

/* Executable memory, mapped twice. */
typedef struct {
    uint8_t *write;
    uint8_t *exec;
    uint32_t bytes, start;
    TcgSpace space;
} TestChunk;

void test_chunk_init(TestChunk *chunk, uint32_t bytes);
void test_chunk_free(TestChunk *chunk);
