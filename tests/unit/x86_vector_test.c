/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector operations against the processor that runs the test: each with random and special
 * operands, every rounding and flush mode, exceptions masked and not. RHEA_SEED repeats a run,
 * RHEA_CASES (per operation) lengthens it.
 */
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "target/x86/vector.h"

#if defined(__x86_64__)

typedef enum {
    AB,         /* d, a, b */
    AB_IMM,     /* d, a, b, imm */
    AB_INT,     /* d, a, integer, imm */
    AB_INT_W,   /* d, a, integer of 32 or 64 bits */
    ABC,        /* d, a, b, c in the immediate */
    B,          /* d, b */
    B_IMM,      /* d, b, imm */
    FLAGS,      /* a, b to EFLAGS */
    FMA,        /* a * b + c */
    INT_B,      /* integer, b */
    INT_B_W,    /* integer of 32 or 64 bits, b */
    INT_RM,     /* the same with the integer as the r/m operand; imm */
    RM_IMM,     /* d as the r/m operand, b, imm */
    STRING,     /* a, b, imm */
    LEGACY,     /* d = a, b */
    LEGACY_IMM, /* d = a, b, imm */
    LEGACY_C,   /* d = a, b, c in XMM0 */
} X86HostShape;

typedef struct {
    X86VectorOp op;
    uint8_t prefix, map, opcode, w;
    X86HostShape shape;
    uint8_t lengths;
    const char *extension;
} HostRow;

static const HostRow rows[] = {
#define HOST(op, prefix, map, opcode, w, shape, lengths, extension) \
    { X86_V_##op, prefix, map, opcode, w, shape, lengths, #extension },
#include "target/x86/vector_host.def"
#undef HOST
};

/* What generated code reads and writes */
typedef struct {
    X86Vector d, a, b, c;
    uint64_t rax, rdx, integer, result, rcx, flags;
    uint32_t mxcsr, mxcsr_clean;
} Frame;

typedef struct {
    const HostRow *row;
    uint8_t bytes, imm;
    bool wide;
} Variant;

static struct {
    uint8_t *code, *at;
    uint8_t *resume; /* where a trapping instruction goes on */
    volatile uint32_t trapped_mxcsr;
    volatile bool trapped;
} host;

static void emit(unsigned n, const uint8_t *bytes)
{
    memcpy(host.at, bytes, n);
    host.at += n;
}
#define EMIT(...) emit(sizeof((uint8_t[]){ __VA_ARGS__ }), (uint8_t[]){ __VA_ARGS__ })

enum { RDI = 7 };

static void emit_frame(unsigned reg, unsigned offset)
{
    EMIT((uint8_t)(0x80 | reg << 3 | RDI), (uint8_t)offset, (uint8_t)(offset >> 8), 0, 0);
}

static void emit_vector(bool store, unsigned reg, unsigned offset)
{
    EMIT(0xc5, 0xfe, store ? 0x7f : 0x6f);
    emit_frame(reg, offset);
}

/* mov between a general register and the frame */
static void emit_integer(bool store, unsigned reg, unsigned offset)
{
    EMIT((uint8_t)(0x48 | reg >> 3 << 2), store ? 0x89 : 0x8b);
    emit_frame(reg & 7, offset);
}

static void emit_vex(const Variant *v, unsigned reg, unsigned vvvv, unsigned rm)
{
    const HostRow *row = v->row;
    bool w = row->w || v->wide;

    EMIT(0xc4, (uint8_t)((reg < 8) << 7 | 1 << 6 | (rm < 8) << 5 | row->map),
         (uint8_t)(w << 7 | (~vvvv & 15) << 3 | (v->bytes == 32) << 2 | row->prefix), row->opcode,
         (uint8_t)(0xc0 | (reg & 7) << 3 | (rm & 7)));
}

static void emit_legacy(const Variant *v, unsigned reg, unsigned rm)
{
    static const uint8_t prefixes[] = { 0, 0x66, 0xf3, 0xf2 };

    if (v->row->prefix) {
        EMIT(prefixes[v->row->prefix]);
    }
    EMIT(0x0f);
    if (v->row->map > 1) {
        EMIT(v->row->map == 2 ? 0x38 : 0x3a);
    }
    EMIT(v->row->opcode, (uint8_t)(0xc0 | reg << 3 | rm));
}

/* a, b, c are in ymm1 to 3; results go to ymm0 and r9 */
static void emit_instruction(const Variant *v)
{
    enum { A = 1, B_REG = 2, C = 3, R8 = 8, R9 = 9 };

    switch (v->row->shape) {
    case AB: emit_vex(v, 0, A, B_REG); return;
    case AB_IMM: emit_vex(v, 0, A, B_REG); break;
    case AB_INT: emit_vex(v, 0, A, R8); break;
    case AB_INT_W: emit_vex(v, 0, A, R8); return;
    case ABC:
        emit_vex(v, 0, A, B_REG);
        EMIT(C << 4);
        return;
    case B: emit_vex(v, 0, 0, B_REG); return;
    case B_IMM: emit_vex(v, 0, 0, B_REG); break;
    case FLAGS: emit_vex(v, A, 0, B_REG); return;
    case FMA: emit_vex(v, 0, A, C); return; /* the form 213 */
    case INT_B:
    case INT_B_W: emit_vex(v, R9, 0, B_REG); return;
    case INT_RM: emit_vex(v, B_REG, 0, R9); break;
    case RM_IMM: emit_vex(v, B_REG, 0, 0); break;
    case STRING: emit_vex(v, A, 0, B_REG); break;
    case LEGACY: emit_legacy(v, 0, B_REG); return;
    case LEGACY_IMM: emit_legacy(v, 0, B_REG); break;
    case LEGACY_C: emit_legacy(v, A, B_REG); return;
    }
    EMIT(v->imm);
}

static void build(const Variant *v)
{
    enum { RAX = 0, RCX = 1, RDX = 2, R8 = 8, R9 = 9, R10 = 10, LDMXCSR = 2, STMXCSR = 3 };
    bool c_implied = v->row->shape == LEGACY_C;
    unsigned first = c_implied              ? offsetof(Frame, c)
                     : v->row->shape == FMA ? offsetof(Frame, b)
                                            : offsetof(Frame, a);

    host.at = host.code;
    EMIT(0x0f, 0xae);
    emit_frame(LDMXCSR, offsetof(Frame, mxcsr));
    emit_vector(false, 0, first);
    emit_vector(false, 1, offsetof(Frame, a));
    emit_vector(false, 2, offsetof(Frame, b));
    emit_vector(false, 3, offsetof(Frame, c));
    emit_integer(false, RAX, offsetof(Frame, rax));
    emit_integer(false, RDX, offsetof(Frame, rdx));
    emit_integer(false, R8, offsetof(Frame, integer));
    EMIT(0x45, 0x31, 0xc9); /* xor r9d, r9d */
    EMIT(0x31, 0xc9);       /* xor ecx, ecx */
    emit_instruction(v);
    host.resume = host.at;
    if (v->row->shape == STRING && v->row->opcode % 2 == 0) {
        EMIT(0xc5, 0xf9, 0x6f, 0xc0); /* a mask is in xmm0 already */
    }
    emit_vector(true, c_implied ? 1 : 0, offsetof(Frame, d));
    EMIT(0x9c, 0x41, 0x5a); /* pushfq; pop r10 */
    emit_integer(true, R10, offsetof(Frame, flags));
    emit_integer(true, R9, offsetof(Frame, result));
    emit_integer(true, RCX, offsetof(Frame, rcx));
    EMIT(0x0f, 0xae);
    emit_frame(STMXCSR, offsetof(Frame, mxcsr));
    EMIT(0x0f, 0xae);
    emit_frame(LDMXCSR, offsetof(Frame, mxcsr_clean));
    EMIT(0xc5, 0xf8, 0x77, 0xc3); /* vzeroupper; ret */
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    host.trapped = true;
    host.trapped_mxcsr = uc->uc_mcontext.fpregs->mxcsr;
    uc->uc_mcontext.fpregs->mxcsr = X86_MXCSR_DEFAULT;
    uc->uc_mcontext.gregs[REG_RIP] = (greg_t)host.resume;
}

/* Numbers where things happen: zeroes, infinities, NaNs, limits, subnormals, ones and halves */
static uint32_t random_single(GRand *rng)
{
    static const uint32_t special[] = {
        0,          0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001,
        0xffbfffff, 1,          0x80000001, 0x007fffff, 0x00800000, 0x80800000, 0x7f7fffff,
        0xff7fffff, 0x3f800000, 0xbf800000, 0x3f000000, 0x4f000000, 0xcf000000, 0x5f000000,
        0xdf000000, 0x3fc00000, 0x40200000, 0x33800000, 0x00ffffff,
    };
    uint32_t v = g_rand_int(rng);

    switch (g_rand_int_range(rng, 0, 6)) {
    case 0:
    case 1: return special[v % G_N_ELEMENTS(special)];
    case 2: return (v & 0x807fffff) | (110 + v % 40) << 23;
    case 3: return (v & 0x80000000) | (special[v % G_N_ELEMENTS(special)] + (v >> 8) % 5 - 2);
    case 4: return v & 0x80ffffff;
    default: return v;
    }
}

static uint64_t random_double(GRand *rng)
{
    static const uint64_t special[] = {
        0,
        0x8000000000000000,
        0x7ff0000000000000,
        0xfff0000000000000,
        0x7ff8000000000000,
        0xfff8000000000001,
        0x7ff0000000000001,
        0xfff7ffffffffffff,
        1,
        0x8000000000000001,
        0x000fffffffffffff,
        0x0010000000000000,
        0x7fefffffffffffff,
        0xffefffffffffffff,
        0x3ff0000000000000,
        0xbff0000000000000,
        0x41dfffffffc00000,
        0xc1e0000000000000,
        0x43e0000000000000,
        0xc3e0000000000000,
        0x3fe0000000000000,
        0x47efffffe0000000,
        0x47effffff0000000,
        0x3810000000000000,
        0x36a0000000000000,
        0x380fffffe0000000,
    };
    uint64_t v = (uint64_t)g_rand_int(rng) << 32 | g_rand_int(rng);

    switch (g_rand_int_range(rng, 0, 6)) {
    case 0:
    case 1: return special[v % G_N_ELEMENTS(special)];
    case 2: return (v & 0x800fffffffffffff) | (1000 + v % 50) << 52;
    case 3: return (v & 1ull << 63) | (special[v % G_N_ELEMENTS(special)] + (v >> 8) % 5 - 2);
    case 4: return (v & 0x800fffffffffffff) | (860 + v % 300) << 52;
    default: return v;
    }
}

static void random_vector(GRand *rng, X86Vector *v)
{
    unsigned kind = g_rand_int_range(rng, 0, 5);

    for (unsigned i = 0; i < 8; i++) {
        switch (kind) {
        case 0: v->d[i] = g_rand_int(rng); break;
        case 1:
        case 2: v->d[i] = random_single(rng); break;
        case 3: v->d[i] = g_rand_int(rng) & 0x03030303; break;
        default: v->q[i / 2] = random_double(rng);
        }
    }
    if (g_rand_int_range(rng, 0, 3) == 0) {
        v->q[0] = g_rand_int_range(rng, 0, 70);
    }
}

static bool has_extension(const char *name)
{
    if (strcmp(name, "GFNI") == 0) {
        return __builtin_cpu_supports("gfni");
    }
    if (strcmp(name, "SHA") == 0 || strcmp(name, "SSE4A") == 0) {
        const char *flag = strcmp(name, "SHA") == 0 ? " sha_ni" : " sse4a";
        g_autofree char *text = NULL;

        return g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL) && strstr(text, flag);
    }
    if (strcmp(name, "AES") == 0 || strcmp(name, "PCLMUL") == 0) {
        return __builtin_cpu_supports("vpclmulqdq");
    }
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool is_approximate_only(const HostRow *row)
{
    return row->shape == STRING && row->opcode % 2;
}

static void random_case(GRand *rng, const Variant *v, Frame *f, bool traps)
{
    memset(f, 0, sizeof(*f));
    random_vector(rng, &f->a);
    random_vector(rng, &f->b);
    random_vector(rng, &f->c);
    if (g_rand_int_range(rng, 0, 4) == 0) {
        f->b = f->a;
    }
    f->rax = (uint64_t)g_rand_int_range(rng, -20, 20);
    f->rdx = (uint64_t)g_rand_int_range(rng, -20, 20) ^ (g_rand_int(rng) % 8 ? 0 : 1ull << 63);
    f->integer = random_double(rng);
    f->mxcsr_clean = X86_MXCSR_DEFAULT;
    f->mxcsr = X86_MXCSR_DEFAULT | (uint32_t)g_rand_int_range(rng, 0, 4) << X86_MXCSR_RC_SHIFT;
    f->mxcsr |= g_rand_int(rng) & (X86_MXCSR_DAZ | X86_MXCSR_FTZ) & g_rand_int(rng);
    if (traps) {
        f->mxcsr ^= g_rand_int(rng) & 0x1f80 & (g_rand_boolean(rng) ? 0x1f80 : g_rand_int(rng));
    }
}

static void fail(const Variant *v, const Frame *f, const X86Vector *d, uint32_t mxcsr, uint32_t in,
                 const X86VectorCall *call)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const X86Vector *const all[] = { &f->a, &f->b, &f->c, &f->d, d };
    static const char *const names[] = { "a", "b", "c", "host", "ours" };

    g_string_append_printf(text, "%s bytes=%u imm=%#x wide=%d mxcsr in %#x host %#x ours %#x\n",
                           x86_vector_info[v->row->op].name, v->bytes, v->imm, v->wide, in,
                           f->mxcsr, mxcsr);
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
        g_string_append_printf(text,
                               "%5s %016" PRIx64 " %016" PRIx64 " %016" PRIx64 " %016" PRIx64 "\n",
                               names[i], all[i]->q[3], all[i]->q[2], all[i]->q[1], all[i]->q[0]);
    }
    g_string_append_printf(text, "int %#" PRIx64 " rcx %" PRIu64 "/%u flags %#" PRIx64 "/%#x",
                           f->result, f->rcx, call->index, f->flags, call->flags);
    g_test_message("%s", text->str);
    g_test_fail();
}

static bool result_is_equal(const Variant *v, const Frame *f, const X86Vector *d,
                            const X86VectorCall *call)
{
    enum { ARITHMETIC = 0x8d5 };

    switch (v->row->shape) {
    case INT_B:
    case INT_B_W:
    case INT_RM: return d->q[0] == f->result;
    case FLAGS: return (f->flags & ARITHMETIC) == call->flags;
    case STRING:
        return (f->flags & ARITHMETIC) == call->flags &&
               (is_approximate_only(v->row) ? f->rcx == call->index : memcmp(d, &f->d, 16) == 0);
    case FMA:
        if (v->row->lengths == 0) {
            return memcmp(d, &f->d, v->row->w ? 8 : 4) == 0;
        }
        return memcmp(d, &f->d, v->bytes) == 0;
    default: return memcmp(d, &f->d, v->bytes) == 0;
    }
}

/* One case; false after a difference. */
static bool check(const Variant *v, Frame *f)
{
    X86VectorCall call = { .bytes = v->bytes, .imm = v->imm, .wide = v->wide, .c = &f->c };
    uint32_t in = f->mxcsr, mxcsr = in;
    X86Vector d, integer = { .q = { f->integer } };
    bool takes_integer = v->row->shape == AB_INT || v->row->shape == AB_INT_W, ok;

    call.lengths[0] = f->rax;
    call.lengths[1] = f->rdx;
    host.trapped = false;
    ((void (*)(Frame *))host.code)(f);
    if (host.trapped) {
        f->mxcsr = host.trapped_mxcsr;
    }
    ok = x86_vector_run(v->row->op, &d, &f->a, takes_integer ? &integer : &f->b, &call, &mxcsr);
    if (ok == host.trapped || mxcsr != f->mxcsr || (ok && !result_is_equal(v, f, &d, &call))) {
        fail(v, f, &d, mxcsr, in, &call);
        return false;
    }
    return true;
}

static uint32_t seed(void)
{
    const char *text = g_getenv("RHEA_SEED");

    return text ? (uint32_t)g_ascii_strtoull(text, NULL, 0) : g_random_int();
}

static unsigned cases(void)
{
    const char *text = g_getenv("RHEA_CASES");

    return text ? (unsigned)g_ascii_strtoull(text, NULL, 0) : 100;
}

static void run_variant(GRand *rng, Variant *v, bool traps)
{
    bool has_imm = v->row->shape == AB_IMM || v->row->shape == AB_INT || v->row->shape == B_IMM ||
                   v->row->shape == INT_RM || v->row->shape == RM_IMM || v->row->shape == STRING ||
                   v->row->shape == LEGACY_IMM;
    Frame f;

    for (unsigned i = 0; i < cases(); i++) {
        if (i == 0 || (has_imm && i % 4 == 0)) {
            v->imm = has_imm ? g_rand_int(rng) : 0;
            build(v);
        }
        random_case(rng, v, &f, traps);
        if (!check(v, &f)) {
            return;
        }
    }
}

static void run_row(GRand *rng, const HostRow *row, bool traps)
{
    bool has_wide = row->shape == AB_INT_W || row->shape == INT_B_W || row->shape == STRING;

    for (unsigned length = 1; length <= 2; length++) {
        for (unsigned wide = 0; wide <= has_wide; wide++) {
            Variant v = { .row = row, .bytes = 16 * length, .wide = wide };
            if (row->lengths == 0 ? length == 1 : row->lengths & length) {
                run_variant(rng, &v, traps);
            }
        }
    }
}

static void run_all(bool traps)
{
    uint32_t s = seed();
    GRand *rng = g_rand_new_with_seed(s);

    g_test_message("seed %u", s);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (has_extension(rows[i].extension) && (!traps || x86_vector_info[rows[i].op].fp)) {
            run_row(rng, &rows[i], traps);
        }
    }
    g_rand_free(rng);
}

static void test_results_are_the_hosts(void)
{
    run_all(false);
}

static void test_exceptions_are_the_hosts_when_unmasked(void)
{
    run_all(true);
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

    g_test_init(&argc, &argv, NULL);
    host.code =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaction(SIGFPE, &action, NULL);
    if (!__builtin_cpu_supports("avx")) {
        return g_test_run();
    }
    g_test_add_func("/x86-vector/results", test_results_are_the_hosts);
    g_test_add_func("/x86-vector/exceptions", test_exceptions_are_the_hosts_when_unmasked);
    return g_test_run();
}

#else

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    return g_test_run();
}

#endif
