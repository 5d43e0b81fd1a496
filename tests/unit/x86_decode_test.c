/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/x86/decode.h"

#include <string.h>

typedef struct {
    const uint8_t *bytes;
    unsigned count;
} Code;

static bool fetch(void *opaque, uint64_t pc, unsigned bytes, uint64_t *value)
{
    const Code *code = opaque;

    if (pc + bytes > code->count) {
        return false;
    }
    *value = 0;
    memcpy(value, code->bytes + pc, bytes);
    return true;
}

enum { CODE64 = X86_MODE_PROTECTED | X86_MODE_LONG | X86_MODE_CODE64 };
enum { CODE32 = X86_MODE_PROTECTED | X86_MODE_CODE32, REAL = 0 };

static X86DecodeResult decode(uint32_t mode, const char *text, unsigned count, X86Insn *insn)
{
    X86Config config;
    Code code = { (const uint8_t *)text, count };
    X86DecodeContext context = { fetch, &code, mode, 0, &config };

    memset(&config, 0xff, sizeof(config));
    return x86_decode(&context, 0, insn);
}

typedef struct {
    uint32_t mode;
    const char *bytes;
    unsigned count;
    X86DecodeResult result;
    unsigned length; /* of those decoded */
} Case;

#define ROW(mode, bytes, result, length)                     \
    {                                                        \
        mode, bytes, sizeof(bytes) - 1, X86_##result, length \
    }
static const Case cases[] = {
    ROW(CODE64, "\x48\x89\xd8", DECODED, 3),
    ROW(CODE64, "\x48\x66\x89\xd8", DECODED, 4), /* REX before a prefix is nothing */
    ROW(CODE64, "\x48\xb8\1\2\3\4\5\6\7\x8", DECODED, 10),
    ROW(CODE64, "\x48\xb8\1\2\3\4\5\6\7", DECODE_STOP, 0),
    ROW(CODE64, "\x66\xc7\x84\x98\1\2\3\4\5\6", DECODED, 10),
    ROW(CODE64, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90", DECODED, 15),
    ROW(CODE64, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90", DECODE_TOO_LONG,
        0),
    ROW(CODE64, "\xf0\x01\x03", DECODED, 3),
    ROW(CODE64, "\xf0\x01\xc3", DECODE_UNDEFINED, 0), /* LOCK of a register */
    ROW(CODE64, "\xf0\x03\x03", DECODE_UNDEFINED, 0), /* LOCK, memory is the source */
    ROW(CODE64, "\xf0\x39\x03", DECODE_UNDEFINED, 0), /* LOCK CMP */
    ROW(CODE64, "\xf0\x90", DECODE_UNDEFINED, 0),
    ROW(CODE64, "\x06", DECODE_UNDEFINED, 0),
    ROW(CODE64, "\x27", DECODE_UNDEFINED, 0),
    ROW(CODE32, "\x27", DECODED, 1),
    ROW(CODE64, "\x8d\xc0", DECODE_UNDEFINED, 0), /* LEA of a register */
    ROW(CODE64, "\x0f\x0b", DECODED, 2),
    ROW(CODE64, "\xc4\xe2\x78\xf2\xc0", DECODED, 5),
    ROW(CODE64, "\x66\xc4\xe2\x78\xf2\xc0", DECODE_UNDEFINED, 0), /* prefix before VEX */
    ROW(CODE64, "\xc4\xe2\x7c\xf2\xc0", DECODE_UNDEFINED, 0),     /* ANDN with L */
    ROW(REAL, "\xc4\xe2\x78\xf2\xc0", DECODE_UNDEFINED, 0),       /* no VEX there */
    ROW(CODE32, "\x8b\x44\x24\x08", DECODED, 4),
    ROW(CODE32, "\x67\x8b\x46\x08", DECODED, 4),
    ROW(REAL, "\x8b\x86\x34\x12", DECODED, 4),
    ROW(REAL, "\x66\x67\x8b\x84\x24\x34\x12\0\0", DECODED, 9),
    ROW(REAL, "\xe8\x34\x12", DECODED, 3),
    ROW(CODE32, "\x66\xe8\x34\x12", DECODED, 4),
    ROW(CODE64, "\x66\xe8\x34\x12\0\0", DECODED, 6),
};

static void test_lengths_and_rules(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        X86Insn insn;
        g_test_message("case %u", i);
        g_assert_cmpint(decode(c->mode, c->bytes, c->count, &insn), ==, c->result);
        if (c->result == X86_DECODED) {
            g_assert_cmpuint(insn.length, ==, c->length);
        }
    }
}

static void test_memory_operand(void)
{
    X86Insn insn;

    /* mov -8(%rbp,%r9,4), %r10 with FS */
    g_assert_cmpint(decode(CODE64, "\x64\x4e\x8b\x54\x8d\xf8", 6, &insn), ==, X86_DECODED);
    g_assert_cmpuint(insn.memory.segment, ==, X86_FS);
    g_assert_cmpuint(insn.memory.base, ==, X86_RBP);
    g_assert_cmpuint(insn.memory.index, ==, 9);
    g_assert_cmpuint(insn.memory.scale, ==, 2);
    g_assert_cmpint(insn.memory.offset, ==, -8);
    g_assert_cmpuint(insn.operand[0].reg, ==, 10);
    g_assert_cmpuint(insn.operand[0].bytes, ==, 8);
    g_assert_cmpuint(insn.operand[1].kind, ==, X86_MEMORY);
}

static void test_high_byte_registers(void)
{
    X86Insn insn;

    g_assert_cmpint(decode(CODE64, "\x88\xe0", 2, &insn), ==, X86_DECODED); /* mov %ah, %al */
    g_assert_cmpuint(insn.operand[1].kind, ==, X86_HIGH);
    g_assert_cmpuint(insn.operand[1].reg, ==, X86_RAX);
    g_assert_cmpint(decode(CODE64, "\x40\x88\xe0", 3, &insn), ==, X86_DECODED); /* mov %spl, %al */
    g_assert_cmpuint(insn.operand[1].kind, ==, X86_GPR);
    g_assert_cmpuint(insn.operand[1].reg, ==, X86_RSP);
}

static void test_missing_feature_when_row_follows(void)
{
    X86Config config = { 0 };
    Code code = { (const uint8_t *)"\xf3\x0f\xbc\xc1", 4 };
    X86DecodeContext context = { fetch, &code, CODE64, 0, &config };
    X86Insn insn;

    g_assert_cmpint(x86_decode(&context, 0, &insn), ==, X86_DECODED);
    g_assert_cmpstr(insn.opcode->name, ==, "bsf");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/x86-decode/lengths-and-rules", test_lengths_and_rules);
    g_test_add_func("/x86-decode/memory-operand", test_memory_operand);
    g_test_add_func("/x86-decode/high-byte-registers", test_high_byte_registers);
    g_test_add_func("/x86-decode/missing-feature", test_missing_feature_when_row_follows);
    return g_test_run();
}
