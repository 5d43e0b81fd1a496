/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The accelerator object and the run-time's part of a vCPU. See docs/devel/translator.rst. */
#pragma once

#include <stdio.h>

#include "accel/accel.h"
#include "accel/tcg/frontend.h"
#include "accel/tcg/options_internal.h"
#include "tcg/backend.h"
#include "util/atomic.h"

typedef struct TcgAccel TcgAccel;
typedef struct TcgBlock TcgBlock;
typedef struct TcgChunk TcgChunk;
typedef struct TcgCodePage TcgCodePage;
typedef struct TcgBlocks TcgBlocks;         /* block_internal.h */
typedef struct TcgTlb TcgTlb;               /* tlb_internal.h */
typedef struct TcgContexts TcgContexts;     /* context_internal.h */
typedef struct TcgTranslator TcgTranslator; /* translate.c */
typedef struct TcgLockstep TcgLockstep;     /* lockstep.c */

enum { TCG_PAGE_BYTES = 1 << TCG_PAGE_BITS };

/* What guests of one kind share: all CPUs whose front end is the same. */
typedef struct TcgUnit {
    const TcgFrontend *frontend;
    TcgBackend *backend; /* NULL when only interpreting */
    uint8_t number;
    struct TcgUnit *next;
} TcgUnit;

/* How vCPUs agree that all of them left generated code, or stand still. See safepoint.c. */
typedef struct {
    GMutex lock;
    GCond cond;     /* with lock: somebody left, or an exclusive section ended */
    uint64_t epoch; /* atomic */
    int waiters;    /* atomic */
    Cpu *exclusive; /* lock to write, atomic to read: who is alone */
} TcgSafepoint;

/* Instruction counting; touched by the one vCPU thread unless stated otherwise. */
typedef struct {
    uint64_t done;    /* atomic: instructions up to the running slice, all vCPUs */
    int64_t slice;    /* budget that the running slice began with */
    Cpu *running;     /* atomic: whose budget counts down now */
    int64_t warp_ns;  /* atomic: time skipped while all vCPUs were idle */
    GMutex rate_lock; /* icount_auto: guards options.icount_shift, and warp_ns when both change */
    int64_t check_ns, ahead_ns; /* icount_auto: host time of the next look at the rate; what the
                                   last one saw */
    Timer hash_timer; /* prints the hash of the machine's state; vCPU thread, machine lock */
} TcgIcount;

struct TcgAccel {
    Accel accel;
    TcgOptions options;
    TcgUnit *units;
    TcgBlocks *blocks;
    TcgSafepoint safepoint;
    TcgIcount icount;
    GArray *points;         /* of CpuPoint: the debugger's; vCPUs are stopped */
    unsigned vcpus;         /* realized; machine lock */
    GThread *single_thread; /* runs all vCPUs in turn */
    GMutex run_lock;
    GCond run_cond;   /* with run_lock: a vCPU stopped, or the single thread has something to do */
    bool complete;    /* run_lock: all vCPUs are there, and the single thread may look at them */
    bool single_quit; /* run_lock */
    bool kick_single; /* run_lock */
    Timer turn_timer; /* single thread: ends a vCPU's turn */
    MemoryListener memory_listener;
    bool listening;
    FILE *perf_map;
};

typedef struct {
    vaddr address;
    uint64_t length; /* breakpoints: 1 */
    bool on_load, on_store;
    bool debugger; /* not the guest's own */
} TcgWatch;

/* Things others ask of a vCPU; bits of TcgCpu.requests. */
enum {
    TCG_REQUEST_TLB_FLUSH = 1,    /* everything, links included */
    TCG_REQUEST_JUMP_FLUSH = 2,   /* blocks are about to be freed: forget where they were */
    TCG_REQUEST_WRITE_REVOKE = 4, /* pages became code: take write rights back */
    TCG_REQUEST_CODE_SYNC = 8,    /* fence.i */
    TCG_REQUEST_YIELD = 16,       /* single thread: another vCPU's turn */
    TCG_REQUEST_QUIT = 32,
};

/* For "info jit"; written by the vCPU's thread. */
typedef struct {
    uint64_t translated, interpreted, lookups, jump_misses, tlb_walks, tlb_misses, io;
    uint64_t restarts, links, compared;
    uint64_t insns;       /* of the guest, in blocks that were made */
    uint64_t unpredicted; /* accesses that lost their predictor */
} TcgStatistics;

struct TcgCpu {
    Cpu *cpu;
    TcgAccel *accel;
    TcgUnit *unit;
    const TcgFrontend *frontend;
    TcgTlb *tlb;
    TcgContexts *contexts;
    uint64_t exit_pc;   /* where generated code went when it last left */
    bool lookup_missed; /* it left since TcgRuntime.lookup did not know that pc */
    TcgTranslator *translator;
    TcgLockstep *lockstep;
    TcgChunk *chunk;   /* code goes here */
    TcgBlock *running; /* while interpreting a block */
    const IrRegion *running_region;
    const void
        *left_at;      /* exit that is not linked yet, in code; void once tcg_leave() was called */
    uint32_t requests; /* atomic */
    uint64_t active_epoch; /* atomic; 0: not in guest code */
    bool parked;         /* safepoint.lock: waits within an instruction for its turn to be alone */
    bool exclusive;      /* is alone */
    bool restart_single; /* the raised "exception" is: repeat this instruction alone */
    bool in_single;      /* doing that */
    bool debug_passed;   /* the breakpoint at debug_pc was looked at already */
    uint64_t debug_pc;
    CpuStop debug_stop;  /* to be reported before the next instruction */
    uint32_t random;     /* stress: state of the generator of kicks */
    GArray *breakpoints; /* of TcgWatch */
    GArray *watchpoints;
    uint64_t instructions; /* under -icount: of this vCPU, up to the running slice */
    TcgStatistics stats;
};

static inline TcgAccel *tcg_accel(const Cpu *cpu)
{
    return cpu->tcg->accel;
}
static inline Cpu *tcg_env_cpu(TcgEnv *env)
{
    return container_of(env, Cpu, env);
}

extern const TcgRuntime tcg_runtime; /* runtime.c */

/** tcg_unit_add_backend - (tcg.c) host code for a kind of guest */
bool tcg_unit_add_backend(TcgAccel *accel, TcgUnit *unit, GError **errp);
