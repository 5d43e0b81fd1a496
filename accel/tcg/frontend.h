/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest architecture gives the translator's run-time, and what its helpers may ask of it. */
#pragma once

#include "target/cpu.h"
#include "tcg/builder.h"
#include "tcg/runtime.h"

typedef enum { TCG_ACCESS_LOAD, TCG_ACCESS_STORE, TCG_ACCESS_FETCH } TcgAccess;

/* One region being built. */
typedef struct {
    IrBuilder ir;
    Cpu *cpu;     /* consult only what context_key() covers, and constant configuration */
    uint64_t key; /* context_key() the code is for */
    uint64_t pc; /* instruction being translated; the front end advances it behind its last fetch */
    uint64_t first_pc;
    unsigned max_insns; /* 1 when single-stepping or counting exactly */
    bool done;          /* set by the front end after the op that ends the region */
} TcgTranslate;

/**
 * tcg_fetch - @size bytes (1 to 8) of guest code at @pc, little-endian in *@value
 *
 * False: the instruction must not be part of this region (its page cannot be fetched, it runs into
 * the next page, a breakpoint stands there). If t->pc == t->first_pc the region is dropped and the
 * run-time raises what the fetch raises: end it anyhow (ir_exit). Else end the region before the
 * instruction (ir_goto(t->pc)). Bytes are fetched forwards from t->pc. Nothing but ir_insn() is
 * built before all bytes of an instruction were fetched: the run-time may have to put a check in
 * front of the first. Bytes read are what the region is checked against later.
 */
bool tcg_fetch(TcgTranslate *t, uint64_t pc, unsigned size, uint64_t *value);

/* A page walk's answer. */
typedef struct {
    hwaddr physical;   /* of the page */
    uint8_t page_bits; /* of the smallest unit over which rights are uniform; < TCG_PAGE_BITS: never
                          cached (PMP...) */
    uint8_t rights; /* MEMORY_READ... that may be cached; a page whose dirty bit is still clear has
                       no WRITE */
    bool global;
    MemTxAttrs attrs;
} TcgPage;

struct TcgFrontend {
    const TcgSlot *slots;
    unsigned slot_count;
    uint8_t page_bits;
    IrFpProfile fp_profile;
    uint64_t lazy_slots; /* IrRegion.lazy_slots */
    unsigned banks;      /* TLB banks in use */

    /* Everything besides pc and memory that selects translated code. Called by
     * tcg_context_changed() and the loop. */
    uint64_t (*context_key)(Cpu *cpu);
    /* which address space translation uses (ASID...), also in modes whose fetches are physical:
     * jump caches and the second level of the TLB are tagged with it. Whatever .walk answers may
     * depend on this, the bank and state whose change is followed by a flush; nothing else */
    uint32_t (*address_space)(Cpu *cpu);
    uint8_t (*fetch_bank)(Cpu *cpu);

    /* translate instructions from t->pc until t->done, t->max_insns or ir_full(); always ends with
     * an END op */
    void (*translate)(TcgTranslate *t);

    /**
     * walk the page tables for @address. On failure raise the guest's exception through tcg_raise()
     * unless @probe. Context: vCPU thread (or, with probe, any while the CPU is stopped).
     */
    bool (*walk)(Cpu *cpu, vaddr address, TcgAccess access, uint8_t bank, bool probe,
                 TcgPage *page);
    /* an access that align forbids, or that the bus refused (raise_bus_error NULL: the guest does
     * not hear of that, reads give ones) */
    void (*raise_unaligned)(Cpu *cpu, vaddr address, TcgAccess access, uint8_t bank);
    void (*raise_unaligned_vector)(Cpu *cpu, vaddr address, TcgAccess access, uint8_t bank);
    void (*raise_bus_error)(Cpu *cpu, vaddr address, hwaddr physical, TcgAccess access,
                            MemTxResult result);

    /* between regions: deliver the exception set by tcg_raise(), or the highest pending enabled
     * interrupt */
    void (*deliver_exception)(Cpu *cpu);
    bool (*deliver_interrupt)(Cpu *cpu); /* false: none is deliverable now */

    /* a breakpoint is at pc, or a watched range is about to be accessed, at @address first: true
     * after raising the guest's own debug exception; false: not now, go on. NULL: the CPU has no
     * debug triggers */
    bool (*debug_hit)(Cpu *cpu, vaddr address, TcgAccess access);
};

/* For helpers and front ends */

/* The state of the guest's FP unit is in MXCSR's layout in env.mxcsr_guest (helpers declare
 * touches_fp). */

/** tcg_raise - an exception is pending in the front end's own state; generated code leaves when the
 * helper returns */
static inline void tcg_raise(Cpu *cpu)
{
    cpu->env.hot.raise = 1;
}

/** tcg_guest_pc - exact pc of the instruction whose helper or slow path is running; also its unwind
 * word in *@aux if wanted */
uint64_t tcg_guest_pc(Cpu *cpu, uint8_t *aux);

/** tcg_context_changed - key or address space changed (mode switch, satp...): selects the right
 * bank. vCPU thread */
void tcg_context_changed(Cpu *cpu);

/* TLB maintenance; vCPU thread of @cpu. "banks" is a bit mask. */
void tcg_tlb_flush(Cpu *cpu, uint32_t banks); /* first level only: an ASID switch */
void tcg_tlb_flush_all(Cpu *cpu);             /* every level, every address space, and links */
void tcg_tlb_flush_space(Cpu *cpu, uint32_t space, bool keep_global);
void tcg_tlb_flush_page(Cpu *cpu, vaddr address, uint32_t space, bool any_space);

/** tcg_load, tcg_store - guest virtual access from a helper; false after raising; @bank as for IR
 * memory ops */
bool tcg_load(Cpu *cpu, vaddr address, IrMem mem, uint64_t *value);
bool tcg_store(Cpu *cpu, vaddr address, IrMem mem, uint64_t value);

/** tcg_host_pointer - host address of [@address, @address + @length) within one page of plain RAM
 * with that right, or NULL (device, fault, code page for writes): then go byte by byte through
 * tcg_load() / tcg_store() */
void *tcg_host_pointer(Cpu *cpu, vaddr address, unsigned length, TcgAccess access, uint8_t bank);

/** tcg_halt - wait for interrupt: the loop sleeps until has_work(). The instruction has completed
 * (region: ir_exit) */
void tcg_halt(Cpu *cpu);

/** tcg_flush_code - the guest asked that stores become visible to its fetches (fence.i): done
 * before the next region starts, so the present one must end behind this (ir_exit) */
void tcg_flush_code(Cpu *cpu);

/* What debug triggers ask for; vCPU thread, or any while it is stopped. Regions end before a
 * breakpoint; accesses to watched ranges take the slow path. TcgFrontend.debug_hit decides. */
void tcg_breakpoint_insert(Cpu *cpu, vaddr pc);
void tcg_breakpoint_remove(Cpu *cpu, vaddr pc);
void tcg_watchpoint_insert(Cpu *cpu, vaddr address, uint64_t length, bool on_load, bool on_store);
void tcg_watchpoint_remove(Cpu *cpu, vaddr address, uint64_t length, bool on_load, bool on_store);

/** tcg_instructions - guest instructions retired by this vCPU; exact under -icount, else derived
 * from time */
uint64_t tcg_instructions(Cpu *cpu);
