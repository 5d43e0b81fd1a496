/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words shared by everything that talks about guest memory. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t hwaddr;     /* guest physical */
typedef uint64_t vaddr;      /* guest virtual, zero- or sign-extended as the guest defines */
typedef uint64_t ram_offset; /* inside one RamBlock */

typedef enum { ENDIAN_LITTLE, ENDIAN_BIG } Endian;

enum { MEMORY_READ = 1, MEMORY_WRITE = 2, MEMORY_EXEC = 4 };

/* Who asks. All zero: an ordinary data access by nobody in particular. */
typedef struct {
    uint32_t requester : 16; /* PCI bus/device/function, or CPU index */
    uint32_t secure : 1;
    uint32_t user : 1;
    uint32_t debug : 1;       /* by a debugger: must have no side effects and may write ROM */
    uint32_t fetch : 1;       /* instruction fetch */
    uint32_t memory_only : 1; /* never reach MMIO (set on DMA re-entry) */
} MemTxAttrs;

typedef enum {
    MEMTX_OK,
    MEMTX_ERROR,        /* the device said no */
    MEMTX_DECODE_ERROR, /* nothing answers, or not in this size */
} MemTxResult;

typedef enum { DIRTY_DISPLAY, DIRTY_MIGRATION, DIRTY_CODE, DIRTY_CLIENT_COUNT } DirtyClient;
