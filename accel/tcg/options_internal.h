/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -accel tcg,...: what the user may choose. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum { TCG_THREAD_MULTI, TCG_THREAD_SINGLE } TcgThreadMode;

/* Properties, see the table in tcg.c. */
typedef struct {
    bool interp, lockstep, one_insn, perf_map;
    bool no_chain, no_groups, group_fail, slow_memory, random_kicks, one_entry_tlb;
    bool no_predictor, predictor_miss;
    bool icount, icount_sleep, icount_align;
    bool icount_auto; /* icount_shift follows the speed of the host; guarded by icount.rate_lock */
    int thread;       /* TcgThreadMode */
    uint32_t pinned_int, pinned_fp;
    uint32_t without;     /* TCG_HOST_x bits not to use */
    uint32_t tb_size_mib; /* 0: chosen from the size of RAM */
    uint32_t chunk_kib;   /* 0: chosen */
    uint32_t icount_shift;
    uint64_t state_hash_ns; /* guest time at which the state's hash is printed; 0: never */
    uint64_t flush_every;   /* blocks built between flushes of everything; 0: never */
} TcgOptions;
