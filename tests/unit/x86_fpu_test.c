/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 instructions against the processor that runs the test: random states, exceptions masked and
 * not. RHEA_SEED repeats a run, RHEA_CASES (per instruction) lengthens it.
 */
#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "target/x86/fpu.h"

#if defined(__x86_64__)

/* What FRSTOR takes and FNSAVE gives in 64-bit code (SDM vol. 1, figure 8-9) */
typedef struct {
    uint16_t control, r1, status, r2, tags, r3;
    uint32_t ip, cs, dp, ds;
    struct {
        uint64_t significand;
        uint16_t sign_exponent;
    } __attribute__((packed)) r[8];
} __attribute__((packed)) Image;

typedef struct {
    Image in, out;
    uint8_t memory[16];
    uint64_t flags;
} Frame;

typedef enum { REGISTER, LOAD, STORE } Kind;

static uint8_t *code;

static uint64_t random64(GRand *rng)
{
    return (uint64_t)g_rand_int(rng) << 32 | g_rand_int(rng);
}

static void random_number(GRand *rng, uint64_t *significand, uint16_t *sign_exponent)
{
    static const struct {
        uint64_t significand;
        uint16_t exponent;
    } special[] = {
        { 0, 0 },
        { 1ull << 63, 0x7fff },
        { 3ull << 62, 0x7fff },
        { 0xa000000000000000, 0x7fff },
        { 0xc000000000000001, 0x7fff },
        { 1ull << 63, 0x3fff },
        { 1ull << 63, 0x3ffe },
        { 1ull << 63, 0x403e },
        { 1, 0 },
        { 1ull << 63, 0 },
        { ~0ull, 0x7ffe },
        { 1ull << 63, 1 },
        { 0x4000000000000000, 0x7fff },
        { 0x4000000000000000, 0x3fff },
        { 0xc90fdaa22168c235, 0x4000 },
        { 0xffffffffffffffff, 0x3fff },
    };
    uint64_t v = random64(rng);
    unsigned i = v % G_N_ELEMENTS(special);

    *significand = v | 1ull << 63;
    switch (g_rand_int_range(rng, 0, 8)) {
    case 0:
    case 1:
        *significand = special[i].significand;
        *sign_exponent = special[i].exponent;
        break;
    case 2: *sign_exponent = 0x3fff + g_rand_int_range(rng, -4, 5); break;
    case 3: *sign_exponent = 0x3fff + g_rand_int_range(rng, -70, 70); break;
    case 4:
        *significand &= ~0ull << g_rand_int_range(rng, 0, 64);
        *sign_exponent = 0x3fff + g_rand_int_range(rng, 0, 66);
        break;
    case 5: *sign_exponent = 0x3fff + g_rand_int_range(rng, -1080, 1080); break;
    case 6: *sign_exponent = g_rand_int_range(rng, 1, 0x7fff); break;
    default: *sign_exponent = 0x3fff + g_rand_int_range(rng, -160, 140); break;
    }
    *sign_exponent |= g_rand_boolean(rng) ? 0x8000 : 0;
}

static void random_state(GRand *rng, Frame *f, bool traps)
{
    static const uint16_t precisions[] = { 0, 0x200, 0x300, 0x300, 0x300 };

    memset(f, 0, sizeof(*f));
    f->in.control = 0x7f | precisions[g_rand_int(rng) % 5] | (g_rand_int(rng) & 3) << 10;
    if (traps) {
        f->in.control &= ~(g_rand_int(rng) & 0x3f);
    }
    f->in.status = g_rand_int(rng) & 0x7f7f & (f->in.control | ~0x3fu);
    f->in.status &= g_rand_boolean(rng) ? 0x3f00 : 0x7f7f;
    f->in.tags = g_rand_int(rng) % 4 ? 0 : g_rand_int(rng);
    if (g_rand_int(rng) % 4) { /* room at the bottom */
        f->in.tags |= 3 << 2 * (((f->in.status >> 11) - 1) & 7);
    }
    for (unsigned i = 0; i < 8; i++) {
        uint64_t significand;
        uint16_t sign_exponent;
        random_number(rng, &significand, &sign_exponent);
        f->in.r[i].significand = significand;
        f->in.r[i].sign_exponent = sign_exponent;
    }
    random_number(rng, (uint64_t *)f->memory, (uint16_t *)(f->memory + 8));
    f->flags = g_rand_int(rng) & 0x45;
}

static uint64_t random_operand(GRand *rng, unsigned group)
{
    static const uint64_t singles[] = { 0, 0x7f800000, 0x7fc00000, 0x7f800001,
                                        1, 0x3f800000, 0x807fffff };
    static const uint64_t doubles[] = {
        0, 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001,
        1, 0x3ff0000000000000, 0x800fffffffffffff,
    };
    uint64_t v = random64(rng);

    if (g_rand_boolean(rng)) {
        return g_rand_boolean(rng) ? v : (int64_t)v >> g_rand_int_range(rng, 0, 64);
    }
    return group == 0 || group == 1   ? singles[v % G_N_ELEMENTS(singles)]
           : group == 4 || group == 5 ? doubles[v % G_N_ELEMENTS(doubles)]
                                      : v % 5;
}

/* frstor [rdi]; flags; instruction on [rsi]; flags back; fnsave */
static void build(unsigned opcode)
{
    static const uint8_t head[] = { 0xdd, 0x27, 0x52, 0x9d };             /* push rdx; popf */
    static const uint8_t tail[] = { 0x9c, 0x58, 0xdd, 0xb7, 108, 0, 0, 0, /* pushf; pop rax */
                                    0xc3 };
    uint8_t *at = code;
    bool memory = (opcode & 0xff) < 0xc0;

    memcpy(at, head, sizeof(head));
    at += sizeof(head);
    *at++ = 0xd8 | opcode >> 8;
    *at++ = memory ? (opcode & 0x38) | 6 : opcode; /* [rsi] */
    memcpy(at, tail, sizeof(tail));
}

static void to_state(X86Fpu *fpu, const Image *image)
{
    x86_fpu_reset(fpu);
    x86_fpu_set_control(fpu, image->control);
    x86_fpu_set_status(fpu, image->status);
    fpu->empty = 0;
    for (unsigned i = 0; i < 8; i++) {
        fpu->empty |= (image->tags >> 2 * i & 3) == 3 ? 1u << i : 0;
        fpu->r[(fpu->top + i) & 7] =
            (FloatX80){ image->r[i].significand, image->r[i].sign_exponent };
    }
}

/* As FNSAVE shows it; empty registers are not looked at */
static void from_state(Image *image, const X86Fpu *fpu)
{
    memset(image, 0, sizeof(*image));
    image->control = fpu->control;
    image->status = x86_fpu_status(fpu);
    image->tags = x86_fpu_tags(fpu);
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = (fpu->top + i) & 7;
        if (!(fpu->empty >> n & 1)) {
            image->r[i].significand = fpu->r[n].significand;
            image->r[i].sign_exponent = fpu->r[n].sign_exponent;
        }
    }
}

static void clean(Image *image)
{
    unsigned top = image->status >> 11 & 7;

    image->r1 = image->r2 = image->r3 = 0;
    image->ip = image->cs = image->dp = image->ds = 0;
    for (unsigned i = 0; i < 8; i++) {
        if ((image->tags >> 2 * ((top + i) & 7) & 3) == 3) {
            memset(&image->r[i], 0, sizeof(image->r[i]));
        }
    }
}

static void show(const char *name, const Image *image)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "%5s cw %04x sw %04x tw %04x", name, image->control, image->status,
                    image->tags);
    for (unsigned i = 0; i < 4; i++) {
        g_string_append_printf(text, " %04x:%016" PRIx64, image->r[i].sign_exponent,
                               image->r[i].significand);
    }
    g_test_message("%s", text->str);
}

/* Condition codes that no manual defines, per instruction */
static uint16_t undefined_status(unsigned opcode)
{

    return opcode == 0x1d0 ? 0x4700 : 0;
}

static bool check(GRand *rng, unsigned opcode, Kind kind, bool traps)
{
    X86Fpu fpu;
    Image ours;
    Frame f;
    uint64_t operand = random_operand(rng, opcode >> 8), flags, host_memory[2] = { 0, 0 };
    FloatX80 value = { 0, 0 };
    uint32_t result = 0;
    bool wrote = true, same;
    uint16_t ignore = undefined_status(opcode);

    random_state(rng, &f, traps);
    to_state(&fpu, &f.in);
    memcpy(f.memory, &operand, 8);
    if (kind == STORE) {
        memset(f.memory, 0, sizeof(f.memory));
    }
    flags = ((uint64_t(*)(void *, void *, uint64_t))code)(&f, f.memory, f.flags | 2);
    memcpy(host_memory, f.memory, 16);
    if (kind == STORE) {
        wrote = x86_fpu_convert(&fpu, opcode, &value);
        if (wrote && (opcode >> 3 & 7) != 2) {
            x86_fpu_pop(&fpu);
        }
        value = wrote ? value : (FloatX80){ 0, 0 };
    } else {
        result = x86_fpu_run(&fpu, opcode, kind == LOAD ? operand : f.flags);
    }
    from_state(&ours, &fpu);
    clean(&f.out);
    f.out.status &= ~ignore;
    ours.status &= ~ignore;
    same = memcmp(&ours, &f.out, sizeof(ours)) == 0;
    if (kind == STORE) {
        same &=
            host_memory[0] == value.significand && (uint16_t)host_memory[1] == value.sign_exponent;
    }
    if (kind == REGISTER && result) {
        same &= (flags & 0x45) == result;
    }
    if (!same) {
        g_test_message("opcode %x operand %#" PRIx64 " flags %#" PRIx64 " stored %04x:%016" PRIx64
                       " ours %04x:%016" PRIx64,
                       opcode, operand, flags, (unsigned)host_memory[1] & 0xffff, host_memory[0],
                       value.sign_exponent, value.significand);
        show("in", &f.in);
        show("host", &f.out);
        show("ours", &ours);
        g_test_fail();
    }
    return same;
}

static unsigned cases(void)
{
    const char *text = g_getenv("RHEA_CASES");

    return text ? (unsigned)g_ascii_strtoull(text, NULL, 0) : 100;
}

static void run(GRand *rng, unsigned opcode, Kind kind, bool traps)
{
    build(opcode);
    for (unsigned i = 0; i < cases(); i++) {
        if (!check(rng, opcode, kind, traps)) {
            return;
        }
    }
}

/* Register forms that are instructions */
static bool is_defined(unsigned opcode)
{
    unsigned group = opcode >> 8, op = opcode >> 3 & 7, i = opcode & 7;

    switch (group) {
    case 1:
        return op < 2 || op == 3 || (op == 2 && i == 0) ||
               (op == 4 && (i < 2 || i == 4 || i == 5)) || (op == 5 && i < 7) || op > 5;
    case 2: return op < 4 || (op == 5 && i == 1);
    case 3: return op < 4 || op == 5 || op == 6;
    case 5: return op != 1 && op < 6;
    case 6: return op != 2 && !(op == 3 && i != 1);
    case 7: return op == 5 || op == 6;
    default: return group != 4 || (op != 2 && op != 3);
    }
}

static void run_all(bool traps)
{
    const char *text = g_getenv("RHEA_SEED");
    uint32_t seed = text ? (uint32_t)g_ascii_strtoull(text, NULL, 0) : g_random_int();
    GRand *rng = g_rand_new_with_seed(seed);
    static const uint16_t stores[] = { 0x110, 0x118, 0x308, 0x310, 0x318, 0x508, 0x510,
                                       0x518, 0x708, 0x710, 0x718, 0x730, 0x738 };
    static const uint16_t loads[] = { 0x100, 0x300, 0x500, 0x700, 0x728 };

    g_test_message("seed %u", seed);
    for (unsigned opcode = 0xc0; opcode < 0x800; opcode++) {
        if ((opcode & 0xff) >= 0xc0 && is_defined(opcode)) {
            run(rng, opcode, REGISTER, traps);
        }
    }
    for (unsigned group = 0; group < 8; group += 2) {
        for (unsigned op = 0; op < 8; op++) {
            run(rng, group << 8 | op << 3, LOAD, traps);
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(loads); i++) {
        run(rng, loads[i], LOAD, traps);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(stores); i++) {
        run(rng, stores[i], STORE, traps);
    }
    g_rand_free(rng);
}

static void test_results_are_the_hosts(void)
{
    run_all(false);
}

static void test_results_are_the_hosts_when_exceptions_are_unmasked(void)
{
    run_all(true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_test_add_func("/x86-fpu/masked", test_results_are_the_hosts);
    g_test_add_func("/x86-fpu/unmasked", test_results_are_the_hosts_when_exceptions_are_unmasked);
    return g_test_run();
}

#else

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    return g_test_run();
}

#endif
