/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/backend.h"

#include <cpuid.h>
#include <string.h>

#include "tcg/host/x86_64/emit_internal.h"
#include "util/error.h"

/* host features. Spec: SDM volume 2, CPUID; volume 1, 14.3 for what the operating system must
 * enable. */

static bool os_keeps_ymm(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6;
}

uint32_t tcg_host_features(void)
{
    uint32_t a, b, c, d, have = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) {
        return 0;
    }
    bool avx = c & bit_OSXSAVE && c & bit_AVX && os_keeps_ymm();
    have |= c & bit_SSE4_1 ? TCG_HOST_SSE41 : 0;
    have |= c & bit_POPCNT ? TCG_HOST_POPCNT : 0;
    have |= avx ? TCG_HOST_AVX : 0;
    have |= avx && c & bit_FMA ? TCG_HOST_FMA : 0;
    have |= avx && c & bit_F16C ? TCG_HOST_F16C : 0;
    have |= avx && c & bit_AES && c & bit_PCLMUL ? TCG_HOST_AES : 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        have |= b & bit_BMI && b & bit_BMI2 && avx ? TCG_HOST_BMI : 0;
        have |= avx && b & bit_AVX2 ? TCG_HOST_AVX2 : 0;
        have |= b & bit_SHA ? TCG_HOST_SHA : 0;
        have |= avx && c & bit_GFNI ? TCG_HOST_GFNI : 0;
        have |= avx && c & bit_VAES && c & bit_VPCLMULQDQ ? TCG_HOST_VAES : 0;
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
        have |= c & bit_SSE4a ? TCG_HOST_SSE4A : 0;
        have |= c & bit_ABM ? TCG_HOST_LZCNT : 0;
    }
    return have;
}

/* pinning */

/* Callee-saved ones first: the hottest slots survive calls. */
static const uint8_t pinnable_int[MAX_PINNED_INT] = { RBX, R12, R13, R14, R15, RSI, RDI, R8, R9 };

static int slot_ranked(const TcgBackend *be, bool fp, unsigned rank)
{
    for (unsigned slot = 0; slot < be->slot_count; slot++) {
        if (be->slots[slot].pin == rank && type_is_fp(be->slots[slot].type) == fp) {
            return slot;
        }
    }
    return NO_SLOT;
}

static void pin_class(TcgBackend *be, bool fp, unsigned limit)
{
    unsigned used = 0;
    limit = MIN(limit, fp ? MAX_PINNED_FP : MAX_PINNED_INT);
    for (unsigned rank = 1; rank <= UINT8_MAX && used < limit; rank++) {
        int slot = slot_ranked(be, fp, rank);
        if (slot != NO_SLOT) {
            uint8_t reg = fp ? XMM0 + used : pinnable_int[used];
            be->pin[slot] = reg;
            be->slot_of_reg[reg] = slot;
            be->pinned |= 1u << reg;
            used++;
        }
    }
}

static void choose_pins(TcgBackend *be)
{
    memset(be->pin, NO_REG, sizeof(be->pin));
    for (unsigned reg = 0; reg < ASM_REGS; reg++) {
        be->slot_of_reg[reg] = NO_SLOT;
    }
    pin_class(be, false, be->options.pinned_int);
    pin_class(be, true, be->options.pinned_fp);
    be->scratch = (all_general | all_vector) & ~be->pinned;
}

static void find_vectors(TcgBackend *be)
{
    memset(be->vector_of, NO_VECTOR, sizeof(be->vector_of));
    for (unsigned slot = 0; slot < be->slot_count; slot++) {
        if (be->slots[slot].vector) {
            unsigned number = be->slots[slot].vector - 1;
            memset(&be->vector_of[slot], number, 4);
            be->vector_slot[number] = slot;
            be->vectors++;
        }
    }
}

void tcg_avoid_predictor(TcgBackend *be, uint64_t pc)
{
    unsigned bit = backend_avoid_bit(pc);
    __atomic_fetch_or(&be->avoid[bit / 64], 1ull << bit % 64, __ATOMIC_RELAXED);
}

char *tcg_pinned_text(const TcgBackend *be)
{
    static const char *const general[16] = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
        "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"
    };
    GString *text = g_string_new(NULL);
    for (uint32_t rest = be->pinned; rest; rest &= rest - 1) {
        unsigned reg = __builtin_ctz(rest);
        const char *slot = be->slots[be->slot_of_reg[reg]].name;
        if (reg < XMM0) {
            g_string_append_printf(text, "%s=%s ", slot, general[reg]);
        } else {
            g_string_append_printf(text, "%s=xmm%u ", slot, reg - XMM0);
        }
    }
    g_string_truncate(text, text->len ? text->len - 1 : 0);
    return g_string_free(text, FALSE);
}

/* life */

TcgBackend *tcg_backend_new(const TcgSlot *slots, unsigned slot_count, const TcgRuntime *runtime,
                            const TcgBackendOptions *options, TcgSpace *space, GError **errp)
{
    if (slot_count > IR_MAX_SLOTS) {
        error_set(errp, "too many guest state slots: %u", slot_count);
        return NULL;
    }
    TcgBackend *be = g_new0(TcgBackend, 1);
    be->slots = slots;
    be->slot_count = slot_count;
    be->runtime = *runtime;
    be->options = *options;
    be->features = tcg_host_features() & ~options->disable_features;
    if (!(be->features & TCG_HOST_AVX)) {
        be->features &= ~(TCG_HOST_FMA | TCG_HOST_F16C | TCG_HOST_AVX2 | TCG_HOST_BMI |
                          TCG_HOST_AES | TCG_HOST_VAES | TCG_HOST_GFNI);
    }
    choose_pins(be);
    find_vectors(be);
    if (!stubs_emit(be, space)) {
        error_set(errp, "no room for the translator's shared code");
        tcg_backend_free(be);
        return NULL;
    }
    return be;
}

void tcg_backend_free(TcgBackend *be)
{
    if (be) {
        g_free(be->idle);
        g_free(be);
    }
}

static Emit *emitter_get(TcgBackend *be)
{
    Emit *e = __atomic_exchange_n(&be->idle, NULL, __ATOMIC_ACQUIRE);
    return e ? e : g_new0(Emit, 1);
}

static void emitter_put(TcgBackend *be, Emit *e)
{
    g_free(__atomic_exchange_n(&be->idle, e, __ATOMIC_ACQ_REL));
}

/* final positions */

typedef struct {
    Emit *e;
    const TcgSpace *space;
    uint32_t cold; /* offset of the cold code in the chunk */
} Placing;

static int64_t final_position(const Placing *p, uint32_t pos)
{
    switch (pos & POS_KIND) {
    case POS_COLD: return p->cold + (pos - POS_COLD);
    case POS_LABEL: return final_position(p, p->e->label[pos & ~POS_KIND]);
    case POS_STUB: return p->e->be->stub[pos & ~POS_KIND] - p->space->exec;
    default: return pos;
    }
}

static void apply_fixes(const Placing *p)
{
    for (uint32_t i = 0; i < p->e->fix_count; i++) {
        int64_t at = final_position(p, p->e->fix[i].at);
        int32_t relative = final_position(p, p->e->fix[i].target) - (at + 4);
        memcpy(p->space->write + at, &relative, 4);
    }
}

static void finish_sites(const Placing *p, TcgCompiled *out, uint32_t start)
{
    for (uint32_t i = 0; i < out->sites; i++) {
        TcgSite *site = &out->site[i];
        uint32_t at = final_position(p, site->jump_at);
        memcpy(&site->stub_rel, p->space->write + at, 4);
        site->jump_at = at - start;
        site->guard_at = site->guard_at ? final_position(p, site->guard_at) - start : 0;
    }
}

/*
 * Unwind data, numbers in 7-bit groups: how many instructions and calls out of hot code there are;
 * instructions: twice the difference of pc, odd if the front end's word follows since it changed;
 * calls out: differences of position, in hot and then in cold code, and of instruction.
 */

typedef struct {
    uint8_t *p;
} Bytes;

static void put_number(Bytes *b, uint64_t n)
{
    for (; n >= 0x80; n >>= 7) {
        *b->p++ = n | 0x80;
    }
    *b->p++ = n;
}

static void put_signed(Bytes *b, int64_t n)
{
    put_number(b, (uint64_t)n << 1 ^ (uint64_t)(n >> 63));
}

static uint64_t get_number(const uint8_t **p)
{
    uint64_t n = 0;
    for (unsigned shift = 0;; shift += 7) {
        n |= (uint64_t)(**p & 0x7f) << shift;
        if (!(*(*p)++ & 0x80)) {
            return n;
        }
    }
}

static int64_t get_signed(const uint8_t **p)
{
    uint64_t n = get_number(p);
    return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

static uint32_t insns_with_calls(const Emit *e)
{
    int32_t last = -1;
    for (uint32_t i = 0; i < e->hot_calls; i++) {
        last = MAX(last, e->call_hot[i].insn);
    }
    for (uint32_t i = 0; i < e->cold_calls; i++) {
        last = MAX(last, e->call_cold[i].insn);
    }
    return last + 1;
}

static void put_insns(Bytes *b, const Emit *e, uint32_t insns)
{
    uint64_t pc = e->region->pc;
    uint8_t aux = 0;
    for (uint32_t i = 0; i < insns; i++) {
        int64_t delta = e->insns[i].pc - pc;
        bool changed = e->insns[i].aux != aux;
        put_signed(b, (int64_t)((uint64_t)delta << 1 | changed));
        if (changed) {
            aux = *b->p++ = e->insns[i].aux;
        }
        pc = e->insns[i].pc;
    }
}

static void put_calls(Bytes *b, const CallOut *calls, uint32_t count, uint32_t start, int32_t *insn)
{
    uint32_t last = start;
    for (uint32_t i = 0; i < count; i++) {
        put_number(b, calls[i].at - last);
        put_signed(b, calls[i].insn - *insn);
        last = calls[i].at;
        *insn = calls[i].insn;
    }
}

static void make_unwind(const Emit *e, TcgCompiled *out, uint32_t start)
{
    Bytes b = { out->unwind };
    if (e->hot_calls + e->cold_calls) {
        uint32_t insns = insns_with_calls(e);
        int32_t insn = 0;
        put_number(&b, insns);
        put_number(&b, e->hot_calls);
        put_insns(&b, e, insns);
        put_calls(&b, e->call_hot, e->hot_calls, start, &insn);
        put_calls(&b, e->call_cold, e->cold_calls, POS_COLD, &insn);
    }
    out->unwind_size = b.p - out->unwind;
    out->insns = e->region->insns;
    out->pc = e->region->pc;
}

static void unwind_insns(const uint8_t *p, int64_t count, TcgUnwound *found)
{
    found->aux = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t n = get_signed(&p);
        found->pc += (uint64_t)(n >> 1);
        if (n & 1) {
            found->aux = *p++;
        }
    }
}

bool tcg_unwind(TcgUnwindTable table, const void *host_return, TcgUnwound *found)
{
    const uint8_t *p = table.bytes, *end = p + table.size, *at = table.code;
    int64_t insn = 0;
    if (!table.size) {
        return false;
    }
    uint32_t insns = get_number(&p);
    uint32_t hot_calls = get_number(&p);
    const uint8_t *insn_table = p;
    for (uint32_t i = 0; i < insns; i++) {
        p += get_signed(&p) & 1;
    }
    for (uint32_t call = 0;; call++) {
        if (p >= end) {
            return false;
        }
        at = (call == hot_calls ? table.cold : at) + get_number(&p);
        insn += get_signed(&p);
        if (at == host_return) {
            break;
        }
    }
    found->pc = table.pc;
    found->insns_after = table.insns - (insn + 1);
    unwind_insns(insn_table, insn + 1, found);
    return true;
}

TcgCompileResult tcg_compile(TcgBackend *be, IrRegion *region, TcgSpace *space, TcgCompiled *out)
{
    enum { BLOCK_ALIGN = 16 };
    uint32_t start = (space->hot + BLOCK_ALIGN - 1) & ~(uint32_t)(BLOCK_ALIGN - 1);
    Emit *e = emitter_get(be);
    e->be = be;
    e->region = region;
    e->out = out;
    e->space_end = space->cold_end;
    e->hot = (Asm){ .p = space->write + start, .start = space->write, .origin = 0 };
    e->cold = (Asm){ .p = e->cold_bytes, .start = e->cold_bytes, .origin = POS_COLD };
    if (!emit_region(e)) {
        TcgCompileResult why = e->no_space ? TCG_NO_SPACE : TCG_TOO_LONG;
        emitter_put(be, e);
        return why;
    }
    uint32_t cold_bytes = e->cold.p - e->cold.start;
    if (cold_bytes > TCG_MAX_BYTES || asm_pos(&e->hot) - start > TCG_MAX_BYTES) {
        emitter_put(be, e);
        return TCG_TOO_LONG;
    }
    Placing placing = { e, space, (space->cold_end - cold_bytes) & ~(uint32_t)(BLOCK_ALIGN - 1) };
    memcpy(space->write + placing.cold, e->cold_bytes, cold_bytes);
    apply_fixes(&placing);
    finish_sites(&placing, out, start);
    out->code = space->exec + start;
    out->hot_bytes = asm_pos(&e->hot) - start;
    out->cold = space->exec + placing.cold;
    out->cold_bytes = cold_bytes;
    out->entry_checked = e->entry_checked - start;
    out->entry_unchecked = e->entry_unchecked - start;
    make_unwind(e, out, start);
    space->hot = asm_pos(&e->hot);
    space->cold_end = placing.cold;
    emitter_put(be, e);
    return TCG_COMPILED;
}

TcgLeft tcg_run(TcgBackend *be, TcgEnv *env, const void *entry, const void **site)
{
    TcgLeft (*enter)(char *anchor, const void *entry);
    memcpy(&enter, &be->stub[STUB_ENTER], sizeof(enter));
    env->save[SAVE_OBJECT] = (uintptr_t)be->runtime.helper_object(env);
    TcgLeft left = enter(tcg_env_anchor(env), entry);
    if (left == TCG_LEFT_GOTO) {
        *site = (const void *)(uintptr_t)env->save[SAVE_SITE];
    }
    return left;
}
