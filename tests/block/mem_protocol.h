/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A protocol for tests: files in memory, every change of which is logged. Names: "test-mem:NAME".
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { MEM_WRITE, MEM_ZERO, MEM_TRUNCATE, MEM_FLUSH } MemChangeKind;

typedef struct {
    MemChangeKind kind;
    uint64_t offset, bytes;
    uint8_t *data; /* MEM_WRITE; owned */
} MemChange;

typedef struct {
    GByteArray *bytes;
    GArray *log; /* of MemChange; NULL: not logged */
} MemFile;

/** mem_file_get - the file called @name, made if there is none */
MemFile *mem_file_get(const char *name);
/** mem_file_log - begin to log the changes of @file, from what it holds now */
void mem_file_log(MemFile *file);
/** mem_file_apply - do @change to @bytes */
void mem_file_apply(GByteArray *bytes, const MemChange *change);
/** mem_files_cleanup - forget all files */
void mem_files_cleanup(void);
/** mem_fail_after - the call after @calls more of them and all later ones fail with EIO; -1: none
 */
void mem_fail_after(int calls);
/** mem_interleave - requests let other coroutines run first */
void mem_interleave(bool on);
