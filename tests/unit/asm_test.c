/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoder, read back by a disassembler. */
#include "tcg/host/x86_64/asm.h"

#include <capstone/capstone.h>
#include <glib.h>

typedef struct {
    uint8_t code[64];
    Asm a;
    csh capstone;
} Bench;

/* The one instruction emitted since the last call reads @want. */
static void expect(Bench *b, const char *want)
{
    cs_insn *insn;
    size_t bytes = b->a.p - b->code;
    size_t count = cs_disasm(b->capstone, b->code, bytes, 0, 0, &insn);
    g_assert_cmpuint(count, ==, 1);
    g_autofree char *got = g_strdup_printf("%s %s", insn->mnemonic, insn->op_str);
    g_assert_cmpstr(got, ==, want);
    g_assert_cmpuint(insn->size, ==, bytes);
    cs_free(insn, count);
    b->a.p = b->code;
}

static void set_up(Bench *b)
{
    g_assert_cmpint(cs_open(CS_ARCH_X86, CS_MODE_64, &b->capstone), ==, CS_ERR_OK);
    b->a = (Asm){ .p = b->code, .start = b->code };
}

static void test_registers(void)
{
    Bench b;
    Asm *a = &b.a;
    set_up(&b);
    asm_alu_rr(a, ALU_ADD, true, R9, RDI);
    expect(&b, "add r9, rdi");
    asm_alu_rr(a, ALU_CMP, false, RSI, R15);
    expect(&b, "cmp esi, r15d");
    asm_alu_ri(a, ALU_SUB, true, R12, -128);
    expect(&b, "sub r12, -0x80");
    asm_alu_ri(a, ALU_AND, false, RAX, 0x12345);
    expect(&b, "and eax, 0x12345");
    asm_mov_ri(a, R8, 0x80000000);
    expect(&b, "mov r8d, 0x80000000");
    asm_mov_ri(a, RBX, -5);
    expect(&b, "mov rbx, -5");
    asm_mov_ri(a, R14, 0x123456789abcdef0);
    expect(&b, "movabs r14, 0x123456789abcdef0");
    asm_rr(a, 0xb6 | A_0F | A_BYTE, RDX, RDI);
    expect(&b, "movzx edx, dil");
    asm_setcc(a, CC_BE, RSI);
    expect(&b, "setbe sil");
    asm_cmov(a, CC_L, true, R10, RCX);
    expect(&b, "cmovl r10, rcx");
    asm_shift_ri(a, SHIFT_SAR, true, R11, 63);
    expect(&b, "sar r11, 0x3f");
    asm_shift_cl(a, SHIFT_ROL, false, RBX);
    expect(&b, "rol ebx, cl");
    asm_unary(a, UNARY_IDIV, true, R13);
    expect(&b, "idiv r13");
    asm_test_ri(a, true, RDI, -8);
    expect(&b, "test rdi, -8");
    asm_push(a, R12);
    expect(&b, "push r12");
    asm_pop(a, RDX);
    expect(&b, "pop rdx");
    cs_close(&b.capstone);
}

static void test_memory(void)
{
    Bench b;
    Asm *a = &b.a;
    set_up(&b);
    asm_load(a, true, RAX, asm_mem(RSP, 0));
    expect(&b, "mov rax, qword ptr [rsp]");
    asm_load(a, false, R9, asm_mem(R12, 8));
    expect(&b, "mov r9d, dword ptr [r12 + 8]");
    asm_load(a, true, RDX, asm_mem(R13, 0));
    expect(&b, "mov rdx, qword ptr [r13]");
    asm_store(a, true, asm_mem(RBP, -0x200), R15);
    expect(&b, "mov qword ptr [rbp - 0x200], r15");
    asm_lea(a, true, RSI, asm_mem_index(R13, R12, 3, 0));
    expect(&b, "lea rsi, [r13 + r12*8]");
    asm_rm(a, 0x88 | A_BYTE, RDI, asm_mem_index(RAX, RBX, 0, 0x7f));
    expect(&b, "mov byte ptr [rax + rbx + 0x7f], dil");
    asm_rm(a, 0x89 | A_66, RDX, asm_mem(R8, 2));
    expect(&b, "mov word ptr [r8 + 2], dx");
    asm_alu_mi(a, ALU_CMP, false, asm_mem(RBP, -0x78), 0);
    expect(&b, "cmp dword ptr [rbp - 0x78], 0");
    asm_rm(a, 0xb1 | A_0F | A_LOCK | A_W, RDX, asm_mem(RCX, 0));
    expect(&b, "lock cmpxchg qword ptr [rcx], rdx");
    asm_store_imm(a, true, asm_mem(RBP, 8), -1);
    expect(&b, "mov qword ptr [rbp + 8], -1");
    g_assert_cmpuint(asm_cmp_m32_imm32(a, asm_mem(RAX, 0x10004), 1) + 4, ==, asm_pos(a));
    expect(&b, "cmp dword ptr [rax + 0x10004], 1");
    cs_close(&b.capstone);
}

static void test_vectors(void)
{
    Bench b;
    Asm *a = &b.a;
    set_up(&b);
    asm_rr(a, 0x58 | A_0F | A_F2, XMM0 + 9, XMM0 + 3);
    expect(&b, "addsd xmm9, xmm3");
    asm_rm(a, 0x10 | A_0F | A_F3, XMM12, asm_mem(RBP, 16));
    expect(&b, "movss xmm12, dword ptr [rbp + 0x10]");
    asm_rr(a, 0x6e | A_0F | A_66 | A_W, XMM15, RDI);
    expect(&b, "movq xmm15, rdi");
    asm_rr(a, 0x2d | A_0F | A_F2 | A_W, R8, XMM0 + 8);
    expect(&b, "cvtsd2si r8, xmm8");
    asm_vrr(a, 0x5c | A_0F | A_F3, XMM0 + 1, XMM0 + 2, XMM0 + 3);
    expect(&b, "vsubss xmm1, xmm2, xmm3");
    asm_vrr(a, 0x59 | A_0F | A_F2, XMM12, XMM0 + 11, XMM0 + 10);
    expect(&b, "vmulsd xmm12, xmm11, xmm10");
    asm_vrr(a, 0xa9 | A_0F38 | A_66 | A_W, XMM0 + 1, XMM12, XMM0 + 3);
    expect(&b, "vfmadd213sd xmm1, xmm12, xmm3");
    asm_vrr(a, 0xf7 | A_0F38 | A_F2 | A_W, RAX, R9, RCX);
    expect(&b, "shrx rax, rcx, r9");
    asm_vrr(a, 0xf7 | A_0F38 | A_66, R10, RDX, R11);
    expect(&b, "shlx r10d, r11d, edx");
    asm_vrr(a, 0xf2 | A_0F38 | A_W, RBX, RSI, R14);
    expect(&b, "andn rbx, rsi, r14");
    cs_close(&b.capstone);
}

static void test_jumps(void)
{
    Bench b;
    Asm *a = &b.a;
    set_up(&b);
    uint32_t at = asm_jcc(a, CC_NE);
    asm_patch32(a, at, 0x20);
    expect(&b, "jne 0x20");
    asm_here8(a, asm_jcc8(a, CC_P));
    expect(&b, "jp 2");
    at = asm_call(a);
    asm_patch32(a, at, 0);
    expect(&b, "call 0");
    for (unsigned bytes = 1; bytes <= 4; bytes++) {
        asm_nop(a, bytes);
        g_assert_cmpuint(asm_pos(a), ==, bytes);
        cs_insn *insn;
        g_assert_cmpuint(cs_disasm(b.capstone, b.code, bytes, 0, 0, &insn), ==, 1);
        g_assert_cmpuint(insn->id, ==, X86_INS_NOP);
        cs_free(insn, 1);
        a->p = b.code;
    }
    cs_close(&b.capstone);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asm/registers", test_registers);
    g_test_add_func("/asm/memory", test_memory);
    g_test_add_func("/asm/vectors", test_vectors);
    g_test_add_func("/asm/jumps", test_jumps);
    return g_test_run();
}
