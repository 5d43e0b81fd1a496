/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What predictors do when they miss. Compiled with -mgeneral-regs-only: called with the guest's
 * vector registers live.
 */
#include "tcg/host/x86_64/backend_internal.h"

/* A miss costs some 100 cycles. Series of misses are timed; if that was more than a part of the
 * time, the sites that go on missing lose theirs. */
enum { SERIES = 64, SHORT_SERIES_CYCLES = SERIES * 600, BAD_SITE_MISSES = 8 };

static void count_miss(TcgEnv *env, uint32_t predictor)
{
    TcgPredictors *all = &env->predictors;
    __auto_type site = &all->of[predictor];
    uint16_t series = all->misses / SERIES;

    if (all->misses++ % SERIES == 0) {
        uint64_t now = __builtin_ia32_rdtsc();
        all->losing = now - all->since < SHORT_SERIES_CYCLES;
        all->since = now;
    }
    if ((uint16_t)(series - site->series) > 1) {
        site->misses = 0;
    }
    site->series = series;
    if (++site->misses >= BAD_SITE_MISSES && all->losing && !all->bad) {
        site->misses = 0;
        all->bad = env->hot.host_return;
        __atomic_fetch_or(&env->hot.irq, INT32_MIN, __ATOMIC_RELAXED);
    }
}

uint64_t predictor_missed(TcgEnv *env, uint64_t address, uint32_t predictor,
                          bool (*refill)(TcgEnv *, uint64_t, uint32_t, uint32_t))
{
    TcgPredictor *p = &env->predictor[predictor];
    bool write = predictor >> TCG_SITE_BITS & 1;
    unsigned bank = predictor >> (TCG_SITE_BITS + 1);
    const TcgTlbBank *first = &env->tlb[bank];
    unsigned line = address >> TCG_PAGE_BITS & (TCG_TLB_ENTRIES - 1);
    uint64_t page = address & -(1ull << TCG_PAGE_BITS);

    if ((write ? first->wtag : first->rtag)[line] != page && !refill(env, address, bank, write)) {
        return 0;
    }
    if (p->tag == TCG_PREDICTOR_EMPTY) {
        env->predictors.used[env->predictors.used_count++] = predictor;
    }
    count_miss(env, predictor);
    p->tag = page;
    p->addend = first->addend[line];
    return address + p->addend;
}
