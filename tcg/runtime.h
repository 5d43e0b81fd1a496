/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a region's consumers (interpreter, tier 1) call back for. The accelerator fills the table;
 * tests use a fake one. */
#pragma once

#include "tcg/ir.h"

/*
 * The full way to guest memory: walks tables, reaches devices, handles page crossing, alignment,
 * code pages, watchpoints. False: a guest exception was raised (TcgHot.raise is set) and nothing
 * happened.
 */
typedef struct {
    /*
     * Quick try before the ones below: bring the page at @address into the first level from the
     * second. Must not touch vector registers or MXCSR (compiled with general-regs-only). True: the
     * inline check will now succeed.
     */
    bool (*refill)(TcgEnv *env, uint64_t address, uint32_t bank, uint32_t write);
    bool (*load)(TcgEnv *env, uint64_t address, IrMem mem, uint64_t *value);
    bool (*store)(TcgEnv *env, uint64_t address, IrMem mem, uint64_t value);
    /* likewise 4 to 32 bytes in memory's order; what is loaded is filled up with zeroes to 16
     * bytes, to 32 if mem.sign. NULL: the front end builds no LOADV and STOREV */
    bool (*load_vector)(TcgEnv *env, uint64_t address, IrMem mem, uint64_t *home);
    bool (*store_vector)(TcgEnv *env, uint64_t address, IrMem mem, const uint64_t *home);
    bool (*atomic)(TcgEnv *env, uint64_t address, IrMem mem, IrAtomic kind, uint64_t operand,
                   uint64_t *old);
    bool (*cas)(TcgEnv *env, uint64_t address, IrMem mem, uint64_t expected, uint64_t desired,
                uint64_t *old);
    /* jump cache missed at pc: host entry to go on with in the current context, or NULL to return
     * to the loop. As .refill, must not touch vector registers or MXCSR */
    const void *(*lookup)(TcgEnv *env, uint64_t pc);
    /* the object helpers get as their first argument */
    void *(*helper_object)(TcgEnv *env);
} TcgRuntime;

/* Why generated code or the interpreter came back to the vCPU loop. TcgHot.pc is exact for all of
 * them. */
typedef enum {
    TCG_LEFT_GOTO,   /* a direct exit that is not linked yet: *site says which (NULL from the
                        interpreter) */
    TCG_LEFT_LOOKUP, /* an indirect exit that missed */
    TCG_LEFT_EXIT,   /* the region asked for the loop */
    TCG_LEFT_IRQ,    /* TcgHot.irq was negative at a check */
    TCG_LEFT_RAISE,  /* TcgHot.raise: pc is that of the instruction that raised */
} TcgLeft;

/**
 * tcg_interp_run - execute one region from its start
 *
 * Sets TcgHot.pc and, at each INSN, the exact pc; host_return stays 0. FP is done in software
 * (fpu/), sticky flags go to TcgEnv.mxcsr_guest in MXCSR's layout. @insns: out: guest instructions
 * begun (a faulting one counts).
 */
TcgLeft tcg_interp_run(const IrRegion *region, TcgEnv *env, const TcgRuntime *runtime,
                       uint32_t *insns);

/* Sticky flags and rounding mode of the guest, wherever they are now. For helpers that declare
 * touches_fp. MXCSR layout: bits 0-5 sticky (IE DE ZE OE UE PE), 13-14 rounding (0 RNE, 1 RDN, 2
 * RUP, 3 RTZ). */
static inline uint32_t tcg_fp_control(const TcgEnv *env)
{
    return env->mxcsr_guest;
}
