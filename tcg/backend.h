/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tier 1: IR to host code in one forward pass, guest registers pinned across blocks. The
 * accelerator owns the memory that code is written to and links blocks; the back end only emits.
 *
 * Convention between blocks: pinned slots are in their host registers, all others at home, the
 * environment register holds the anchor, MXCSR is the guest's.
 */
#pragma once

#include "tcg/runtime.h"
#include "tcg/unwind.h"

/* Options of a back end, fixed at creation. */
typedef struct {
    unsigned pinned_int; /* how many integer slots to pin at most (for comparison); ~0u: all that
                            fit (9) */
    unsigned pinned_fp;
    uint32_t disable_features; /* TCG_HOST_x bits not to use even if present */
    uint8_t fp_profile;        /* IrFpProfile */
    bool no_groups;            /* stress: every access has its own check */
    bool group_fail;           /* stress: every group check fails */
    bool no_chain;             /* exits always return to the loop */
    bool icount;               /* blocks count TcgHot.budget down */
    bool slow_memory;          /* stress: every access takes the slow path */
    bool no_predictor;         /* for comparison: no access remembers its page */
    bool predictor_miss;       /* stress: every page that is remembered is the wrong one */
} TcgBackendOptions;

enum {
    TCG_HOST_AVX2 = 1,
    TCG_HOST_FMA = 2,
    TCG_HOST_BMI = 4,
    TCG_HOST_LZCNT = 8,
    TCG_HOST_POPCNT = 16,
    TCG_HOST_F16C = 32,
    TCG_HOST_AVX = 64,
    TCG_HOST_SSE41 = 128,
    TCG_HOST_AES = 256, /* with PCLMULQDQ */
    TCG_HOST_VAES = 512,
    TCG_HOST_SHA = 1024,
    TCG_HOST_SSE4A = 2048,
    TCG_HOST_GFNI = 4096, /* with AVX */
};
/** tcg_host_features - what this CPU offers */
uint32_t tcg_host_features(void);

/*
 * A direct exit. Until linked, jump_at is a `jmp` or `jcc` rel32 to the exit's own stub. To link:
 * if guard_at, write the guard id there first; then patch the rel32 (4-byte aligned operand) to the
 * target's entry. To unlink, put the stub's back. An exit whose guard does not match goes on
 * through the jump cache and TcgRuntime.lookup, and does not return to the loop. A jump to the
 * region's own start is no site: it goes to the checked entry, so TcgHot.irq stops it.
 */
typedef struct {
    uint32_t
        jump_at; /* offset of the rel32 operand from the block's first byte; may be cold code */
    int32_t stub_rel; /* its unlinked value */
    int32_t guard_at; /* offset of the imm32 compared with TcgContextBank.guard[]; 0: same page as
                         the block, no guard */
    bool check;       /* link to the checked entry (backward); else the unchecked one */
    uint64_t pc;      /* guest target */
} TcgSite;

enum {
    TCG_MAX_SITES = 128,
    TCG_MAX_CALL_OUTS = 2048,
    TCG_MAX_BYTES = UINT16_MAX, /* of hot code, and of cold, in one region */
    TCG_MAX_UNWIND = 16 + 11 * IR_MAX_INSNS + 7 * TCG_MAX_CALL_OUTS,
};

/* One compiled region. Offsets are from `code`, which lies in the executable mapping. */
typedef struct {
    const uint8_t *code;
    uint32_t hot_bytes;
    const uint8_t *cold;
    uint32_t cold_bytes;
    uint32_t entry_checked; /* tests TcgHot.irq (or budget) first */
    uint32_t entry_unchecked;
    uint64_t pc;    /* of the region */
    uint32_t insns; /* of the region */
    uint32_t sites;
    uint32_t unwind_size;
    TcgSite site[TCG_MAX_SITES];
    uint8_t unwind[TCG_MAX_UNWIND];
} TcgCompiled;

static inline TcgUnwindTable tcg_unwind_table(const TcgCompiled *c)
{
    return (TcgUnwindTable){ c->code, c->cold, c->unwind, c->unwind_size, c->insns, c->pc };
}

/* Space to emit to: hot code grows up from hot, cold code grows down from cold_end. Same bytes
 * mapped twice. */
typedef struct {
    uint8_t *write;      /* writable mapping */
    const uint8_t *exec; /* executable mapping of the same bytes */
    uint32_t hot;        /* next free offset */
    uint32_t cold_end;   /* first used offset of the cold part */
} TcgSpace;

typedef struct TcgBackend TcgBackend;

/**
 * tcg_backend_new - for one kind of guest
 * @space: where the shared stubs (entry, exits, slow paths) are emitted; advanced past them; at
 * least 64 KiB
 *
 * NULL with error when the host CPU lacks the baseline (x86-64 with SSE2... see docs).
 */
TcgBackend *tcg_backend_new(const TcgSlot *slots, unsigned slot_count, const TcgRuntime *runtime,
                            const TcgBackendOptions *options, TcgSpace *space, GError **errp);
void tcg_backend_free(TcgBackend *backend);

typedef enum { TCG_COMPILED, TCG_NO_SPACE, TCG_TOO_LONG } TcgCompileResult;

/**
 * tcg_compile - emit @region (after its passes) into @space
 * @out: filled on TCG_COMPILED
 *
 * TCG_NO_SPACE: nothing was emitted, try another chunk. TCG_TOO_LONG: more sites or code than the
 * limits: build a shorter region. Thread-safe for different @space and @out.
 */
TcgCompileResult tcg_compile(TcgBackend *backend, IrRegion *region, TcgSpace *space,
                             TcgCompiled *out);

/**
 * tcg_run - enter generated code at @entry
 * @site: out: for TCG_LEFT_GOTO: address of the rel32 operand (executable mapping) of the exit
 * taken
 *
 * Loads pinned slots and the guest's MXCSR, and puts both back. Guest pc is in TcgHot.pc
 * afterwards, but for TCG_LEFT_RAISE: then unwind TcgHot.host_return.
 */
TcgLeft tcg_run(TcgBackend *backend, TcgEnv *env, const void *entry, const void **site);

/** tcg_avoid_predictor - accesses of the guest instruction at @pc are compiled without from now on.
 * Any thread */
void tcg_avoid_predictor(TcgBackend *backend, uint64_t pc);

/** tcg_pinned_text - the pinning in use, for dumps and docs; caller frees */
char *tcg_pinned_text(const TcgBackend *backend);
