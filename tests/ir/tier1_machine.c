/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/ir/tier1_machine.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tcg/eval.h"

#define HOME(field) ((int32_t)(offsetof(TestCpu, field) - offsetof(TestCpu, env) - sizeof(TcgEnv)))
#define INT(n)                            \
    {                                     \
        "x" #n, HOME(i[n]), IR_I64, n + 1 \
    }
#define FP(n)                             \
    {                                     \
        "f" #n, HOME(f[n]), IR_F64, n + 1 \
    }

/* clang-format off */
const TcgSlot test_slots[ALL_SLOTS] = {
    INT(0), INT(1), INT(2), INT(3), INT(4), INT(5), INT(6), INT(7), INT(8), INT(9),
    INT(10), INT(11), INT(12), INT(13), INT(14), INT(15), INT(16), INT(17), INT(18), INT(19),
    { "w0", HOME(w[0]), IR_I32, 3 }, { "w1", HOME(w[1]), IR_I32, 30 }, { "w2", HOME(w[2]), IR_I32, 0 },
    FP(0), FP(1), FP(2), FP(3), FP(4), FP(5), FP(6), FP(7), FP(8), FP(9), FP(10), FP(11),
    FP(12), FP(13), FP(14), FP(15),
    { "s0", HOME(s[0]), IR_F32, 2 }, { "s1", HOME(s[1]), IR_F32, 0 }, { "s2", HOME(s[2]), IR_F32, 0 },
};
/* clang-format on */

static TestCpu *cpu_of(TcgEnv *env)
{
    return (TestCpu *)((char *)env - offsetof(TestCpu, env));
}

/* memory */

static unsigned page_of(uint64_t address)
{
    uint64_t offset = address - MEMORY_BASE;
    return offset < MEMORY_BYTES ? offset >> TCG_PAGE_BITS : PAGE_MISSING;
}

static bool page_allows(unsigned page, bool write)
{
    return page != PAGE_MISSING && !(write && page == PAGE_READ_ONLY);
}

static bool test_refill(TcgEnv *env, uint64_t address, uint32_t bank, uint32_t write)
{
    TestCpu *cpu = cpu_of(env);
    unsigned page = page_of(address), index = address >> TCG_PAGE_BITS & (TCG_TLB_ENTRIES - 1);
    uint64_t tag = address >> TCG_PAGE_BITS << TCG_PAGE_BITS;
    cpu->refills++;
    if (!page_allows(page, write) || page == PAGE_DEVICE) {
        return false;
    }
    env->tlb[bank].rtag[index] = tag;
    env->tlb[bank].wtag[index] = page_allows(page, true) ? tag : tcg_tlb_empty(index);
    env->tlb[bank].addend[index] = (uintptr_t)cpu->memory - MEMORY_BASE;
    return true;
}

/* Whether the access may be done; device accesses disturb every register C may use. */
static bool slow_access(TcgEnv *env, uint64_t address, IrMem mem, bool write)
{
    unsigned bytes = 1u << mem.size_log2;
    cpu_of(env)->slow++;
    if (!page_allows(page_of(address), write) ||
        !page_allows(page_of(address + bytes - 1), write) || (mem.align && address & (bytes - 1))) {
        env->hot.raise = 1;
        return false;
    }
    __asm__ volatile("pcmpeqd %%xmm0, %%xmm0; movaps %%xmm0, %%xmm5; movaps %%xmm0, %%xmm11; "
                     "movaps %%xmm0, %%xmm13;"
                     "movaps %%xmm0, %%xmm12; movaps %%xmm0, %%xmm14; movaps %%xmm0, %%xmm15" ::
                         : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm0",
                           "xmm5", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return true;
}

static uint64_t swap_bytes(uint64_t value, IrMem mem)
{
    return mem.big_endian ? __builtin_bswap64(value) >> (64 - (8 << mem.size_log2)) : value;
}

static uint64_t read_raw(TestCpu *cpu, uint64_t address, IrMem mem)
{
    uint64_t value = 0;
    memcpy(&value, cpu->memory + (address - MEMORY_BASE), 1u << mem.size_log2);
    return swap_bytes(value, mem);
}

static void write_raw(TestCpu *cpu, uint64_t address, IrMem mem, uint64_t value)
{
    value = swap_bytes(value, mem);
    memcpy(cpu->memory + (address - MEMORY_BASE), &value, 1u << mem.size_log2);
}

static bool test_load(TcgEnv *env, uint64_t address, IrMem mem, uint64_t *value)
{
    if (!slow_access(env, address, mem, false)) {
        return false;
    }
    *value = read_raw(cpu_of(env), address, mem);
    return true;
}

static bool test_store(TcgEnv *env, uint64_t address, IrMem mem, uint64_t value)
{
    if (!slow_access(env, address, mem, true)) {
        return false;
    }
    write_raw(cpu_of(env), address, mem, value);
    return true;
}

static bool test_atomic(TcgEnv *env, uint64_t address, IrMem mem, IrAtomic kind, uint64_t operand,
                        uint64_t *old)
{
    if (!slow_access(env, address, mem, true)) {
        return false;
    }
    *old = read_raw(cpu_of(env), address, mem);
    write_raw(cpu_of(env), address, mem, ir_eval_atomic(kind, mem.size_log2, *old, operand));
    return true;
}

static bool test_cas(TcgEnv *env, uint64_t address, IrMem mem, uint64_t expected, uint64_t desired,
                     uint64_t *old)
{
    uint64_t mask = mem.size_log2 == 3 ? UINT64_MAX : (1ull << (8 << mem.size_log2)) - 1;
    if (!slow_access(env, address, mem, true)) {
        return false;
    }
    *old = read_raw(cpu_of(env), address, mem);
    if (((*old ^ expected) & mask) == 0) {
        write_raw(cpu_of(env), address, mem, desired);
    }
    return true;
}

static const void *test_lookup(TcgEnv *env, uint64_t pc)
{
    return NULL;
}

static void *test_object(TcgEnv *env)
{
    return cpu_of(env);
}

const TcgRuntime test_runtime = {
    .refill = test_refill,
    .load = test_load,
    .store = test_store,
    .atomic = test_atomic,
    .cas = test_cas,
    .lookup = test_lookup,
    .helper_object = test_object,
};

/* helpers */

static uint64_t helper_mix(void *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return a * 3 + b * 5 + c * 7 + d * 11;
}

static uint64_t helper_swap(void *opaque, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    TestCpu *cpu = opaque;
    uint64_t old = cpu->i[5];
    cpu->i[5] = cpu->i[12] + a;
    cpu->i[12] = old;
    cpu->f[2] = cpu->f[14] ^ b;
    return old - a;
}

static uint64_t helper_raise(void *opaque, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    TestCpu *cpu = opaque;
    cpu->i[4] = a;
    cpu->env.hot.raise = a % 4 == 0;
    return 0;
}

static uint64_t helper_flags(void *opaque, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    TestCpu *cpu = opaque;
    uint32_t old = tcg_fp_control(&cpu->env);
    volatile double third = 1;
    third = third / 3; /* inexact: must not show */
    (void)third;
    cpu->env.mxcsr_guest = (old & ~0x6020u) | (a & 3) << 13;
    return old & 0x603d;
}

static uint64_t helper_all(void *opaque, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    TestCpu *cpu = opaque;
    uint64_t sum = 0;
    for (unsigned n = POINTERS; n < INT_SLOTS; n++) {
        sum += cpu->i[n]++;
    }
    for (unsigned n = 0; n < FP_SLOTS; n++) {
        sum ^= cpu->f[n];
    }
    cpu->w[0] += sum;
    return sum;
}

enum { FP0 = INT_SLOTS + WORD_SLOTS };

const IrHelper test_helpers[TEST_HELPERS] = {
    { "mix", helper_mix, IR_I64, 4 },
    { "swap", helper_swap, IR_I64, 2, .reads = { 1ull << 5 | 1ull << 12 | 1ull << (FP0 + 14) },
      .writes = { 1ull << 5 | 1ull << 12 | 1ull << (FP0 + 2) } },
    { "raise", helper_raise, IR_VOID, 1, .raises = true, .writes = { 1ull << 4 } },
    { "flags", helper_flags, IR_I32, 1, .touches_fp = true },
    { "all", helper_all, IR_I64, 0, .reads = IR_ALL_SLOTS, .writes = IR_ALL_SLOTS },
};

/* machines */

TestCpu *test_cpu_new(void)
{
    TestCpu *cpu = g_new0(TestCpu, 1);
    cpu->memory = g_malloc0(MEMORY_BYTES);
    cpu->env.hot.bank = g_new0(TcgContextBank, 1);
    test_cpu_forget(cpu);
    return cpu;
}

void test_cpu_free(TestCpu *cpu)
{
    g_free(cpu->env.hot.bank);
    g_free(cpu->memory);
    g_free(cpu);
}

void test_cpu_copy(TestCpu *to, const TestCpu *from)
{
    memcpy(to->memory, from->memory, MEMORY_BYTES);
    memcpy(to->i, from->i, sizeof(*to) - offsetof(TestCpu, i));
    to->env.mxcsr_guest = from->env.mxcsr_guest;
    to->env.hot.raise = 0;
    to->env.hot.irq = 0;
    to->env.hot.budget = from->env.hot.budget;
}

void test_cpu_forget(TestCpu *cpu)
{
    TcgEnv *env = &cpu->env;
    for (unsigned bank = 0; bank < TCG_MMU_BANKS; bank++) {
        for (unsigned n = 0; n < TCG_TLB_ENTRIES; n++) {
            env->tlb[bank].rtag[n] = env->tlb[bank].wtag[n] = tcg_tlb_empty(n);
        }
    }
    for (unsigned n = 0; n < 1 << TCG_JUMP_BITS; n++) {
        env->hot.bank->jump[n].pc = tcg_jump_empty(n);
    }
    tcg_env_forget_pages(env);
}

bool test_cpu_same(const TestCpu *x, const TestCpu *y, GString *difference)
{
    for (unsigned n = 0; n < ALL_SLOTS; n++) {
        const char *a = tcg_env_anchor((TcgEnv *)&x->env) + test_slots[n].offset;
        const char *b = tcg_env_anchor((TcgEnv *)&y->env) + test_slots[n].offset;
        uint64_t va = 0, vb = 0;
        bool narrow = test_slots[n].type == IR_I32 || test_slots[n].type == IR_F32;
        memcpy(&va, a, narrow ? 4 : 8);
        memcpy(&vb, b, narrow ? 4 : 8);
        if (va != vb) {
            g_string_append_printf(difference, "%s: %#lx %#lx\n", test_slots[n].name, va, vb);
        }
    }
    for (unsigned n = 0; n < MEMORY_BYTES; n++) {
        if (x->memory[n] != y->memory[n]) {
            g_string_append_printf(difference, "memory %#x: %#x %#x\n", MEMORY_BASE + n,
                                   x->memory[n], y->memory[n]);
            break;
        }
    }
    uint32_t fa = x->env.mxcsr_guest & 0x603f, fb = y->env.mxcsr_guest & 0x603f;
    if (fa != fb) {
        g_string_append_printf(difference, "flags: %#x %#x\n", fa, fb);
    }
    return difference->len == 0;
}

void test_chunk_init(TestChunk *chunk, uint32_t bytes)
{
    int fd = memfd_create("tier1", 0);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, bytes), ==, 0);
    chunk->bytes = bytes;
    chunk->write = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    chunk->exec = mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    g_assert_true(chunk->write != MAP_FAILED && chunk->exec != MAP_FAILED);
    close(fd);
    chunk->space = (TcgSpace){ .write = chunk->write, .exec = chunk->exec, .cold_end = bytes };
}

void test_chunk_free(TestChunk *chunk)
{
    munmap(chunk->write, chunk->bytes);
    munmap(chunk->exec, chunk->bytes);
}
