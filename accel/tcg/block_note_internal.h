/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The description of a translated block. */
#pragma once

#include "accel/tcg/tcg_internal.h"

enum { BLOCK_NO_LINK = 1, /* only the loop may start it */ BLOCK_MIXED = 2 /* checks its bytes */ };

/*
 * Descriptions of blocks are small, since there are many: each is one piece of its chunk's notes
 * (TcgBlock with its links, then unwind data), and what few blocks need stands apart. They name
 * each other by distance from the first, in units of REF_BYTES; 0 is none.
 */
typedef uint32_t TcgRef;
enum { REF_BYTES = 8 };

enum { LINK_CHECK = 1 /* goes to the checked entry */, LINK_JUMP_COLD = 2, LINK_GUARD_COLD = 4 };

/* A direct exit and where it goes. What changes is guarded by blocks->lock. */
typedef struct {
    TcgRef to;             /* block; 0: not linked */
    TcgRef next, previous; /* among the incoming links of .to */
    uint32_t guard;        /* written to the code; fixed once set */
    uint16_t jump_at;      /* operand of the jump in hot, or cold, code */
    uint16_t stub_at;      /* in cold code: where it leads while not linked */
    uint16_t guard_at;     /* operand of the comparison; 0: none */
    uint8_t index;         /* of this link in its block */
    uint8_t flags;
} TcgLink;

/* What few blocks have. */
typedef struct {
    TcgCodePage *page; /* into which the only instruction straddles, or NULL */
    IrRegion *region;  /* interp and lockstep; else NULL */
    uint8_t *copy;     /* of the guest's bytes: mixed pages, and while provisional */
    uint64_t provisional_epoch;
    TcgRef provisional_next; /* blocks->lock */
    TcgRef page_next;        /* blocks->lock */
    uint32_t guard;          /* of .page */
} TcgBlockMore;

/* Immutable once published, but for what says otherwise. */
struct TcgBlock {
    uint64_t pc, key;
    TcgCodePage *page;
    TcgRef hash_next;   /* atomic */
    TcgRef page_next;   /* blocks->lock */
    TcgRef incoming;    /* first of the links to here; blocks->lock */
    TcgRef more;        /* TcgBlockMore; set before it is published */
    uint32_t code;      /* offset in the cache */
    uint32_t cold;      /* likewise */
    uint32_t guard;     /* of .page */
    uint16_t hot_bytes; /* 0: interpreted */
    uint16_t cold_bytes;
    uint16_t unwind_bytes; /* behind the links */
    uint16_t bytes;        /* of the guest */
    uint16_t chunk;
    uint8_t insns, links;
    uint8_t entry_checked, entry_unchecked; /* from .code */
    uint8_t unit;
    uint8_t flags;
    bool invalid;   /* atomic; set under blocks->lock */
    bool published; /* blocks->lock */
    TcgLink link[];
};
