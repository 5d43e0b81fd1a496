/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one place that talks to capstone. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

enum { DISAS_NONE = -1 }; /* capstone of this release does not know the CPU */

/**
 * disas_code - append one line an instruction: address, bytes, text
 * @arch, @mode: capstone's numbers, or DISAS_NONE; what cannot be decoded is shown as data
 */
void disas_code(int arch, int mode, const void *code, size_t bytes, uint64_t address, GString *out);

/* One instruction of at most @bytes bytes into @text; returns its length, 0: it is none. */
typedef size_t DisasOneFn(void *opaque, const uint8_t *code, size_t bytes, uint64_t address,
                          GString *text);

/* A disassembler of our own. */
typedef struct {
    DisasOneFn *one;
    void *opaque;
    size_t unit; /* bytes that are skipped where it knows no instruction */
} DisasBy;

/** disas_code_by - as disas_code() */
void disas_code_by(const DisasBy *by, const void *code, size_t bytes, uint64_t address,
                   GString *out);

/** disas_host - likewise for code of the host */
void disas_host(const void *code, size_t bytes, uint64_t address, GString *out);
