/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second level of the soft TLB: 4 ways, tagged by address space and bank. */
#pragma once

#include "accel/tcg/tcg_internal.h"

enum {
    TLB_WAYS = 4,
    TLB_SET_BITS = 12,
    TLB_SETS = 1 << TLB_SET_BITS,
    TLB_SPACES = 64,
    TLB_LARGE = 16,
    TLB_LINE_ENTRIES = 8, /* of the first level in one cache line */
};

/* Bits of TcgTlbEntry.flags. */
enum {
    TLB_RAM = 1, /* a whole page of ordinary memory at .host; else go through the address space */
    TLB_READONLY = 2, /* writes go through the address space */
    TLB_LOGGED = 4,   /* writes must set dirty bits */
    TLB_WATCHED = 8,
    TLB_GLOBAL = 16,
};

/* What is known about one guest page in one bank of one address space. */
typedef struct {
    uint64_t host;      /* of the page */
    uint64_t physical;  /* of the page */
    TcgCodePage **code; /* where its code record is published; valid with TLB_RAM */
    MemTxAttrs attrs;
    uint8_t rights; /* MEMORY_READ... */
    uint8_t flags;
} TcgTlbEntry;

/*
 * An address space is named by a stamp, unique until it is flushed: giving it a new stamp forgets
 * its entries in this and all other caches that compare stamps. Global pages bear the global stamp.
 */
typedef struct {
    uint64_t tag[TLB_WAYS]; /* page address | bank << 1 | 1; 0: empty */
    uint32_t stamp[TLB_WAYS];
    uint32_t next_way;
    TcgTlbEntry entry[TLB_WAYS];
} TcgTlbSet;

struct TcgTlb {
    TcgTlbSet *sets;
    uint32_t space;
    uint32_t stamp, global_stamp; /* of the present space; of global pages */
    uint32_t next_stamp;
    struct {
        uint32_t space;
        uint32_t stamp; /* 0: none */
    } spaces[TLB_SPACES];
    uint64_t used[TCG_MMU_BANKS]; /* bit a line of the first level that was filled */
    bool no_quick_refill;         /* stress and watchpoints */
    bool one_entry;
    unsigned large_count;
    struct {
        vaddr first, last;
    } large[TLB_LARGE];  /* addresses mapped by units larger than a page */
    TcgTlbEntry scratch; /* of a page that may not be cached */
};

static inline uint64_t tlb_tag(vaddr address, unsigned bank)
{
    return (address & -(uint64_t)TCG_PAGE_BYTES) | bank << 1 | 1;
}
static inline TcgTlbSet *tlb_set(const TcgTlb *tlb, vaddr address)
{
    uint64_t page = address >> TCG_PAGE_BITS;

    return &tlb->sets[(page ^ page >> TLB_SET_BITS) & (TLB_SETS - 1)];
}
static inline int tlb_way(const TcgTlb *tlb, const TcgTlbSet *set, uint64_t tag)
{
    for (int way = 0; way < TLB_WAYS; way++) {
        if (set->tag[way] == tag &&
            (set->stamp[way] == tlb->stamp || set->stamp[way] == tlb->global_stamp)) {
            return way;
        }
    }
    return -1;
}

TcgTlb *tcg_tlb_new(const TcgOptions *options);
void tcg_tlb_free(TcgTlb *tlb);

/** tcg_tlb_select - the present address space may have changed */
void tcg_tlb_select(Cpu *cpu);

/**
 * tcg_tlb_find - the entry that @address has in @bank, walking tables if need be; fills the first
 * level
 *
 * NULL: the guest's exception was raised. Valid until the next call. Rights include what @access
 * needs.
 */
const TcgTlbEntry *tcg_tlb_find(Cpu *cpu, vaddr address, TcgAccess access, unsigned bank);

/** tcg_tlb_lookup - likewise, only if the second level has it with that right; else NULL */
TcgTlbEntry *tcg_tlb_lookup(Cpu *cpu, vaddr address, TcgAccess access, unsigned bank);

/** tcg_tlb_fill - make the first level know the page of @address */
void tcg_tlb_fill(TcgTlb *tlb, TcgTlbBank *bank, unsigned index, vaddr address,
                  const TcgTlbEntry *entry);

/** tcg_tlb_refill - TcgRuntime.refill; touches no vector register */
bool tcg_tlb_refill(TcgEnv *env, uint64_t address, uint32_t bank, uint32_t write);

/** tcg_tlb_revoke_writes - no page that is known to hold code stays writable in the first level */
void tcg_tlb_revoke_writes(Cpu *cpu);
