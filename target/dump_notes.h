/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a core file says of a CPU ("dump-notes" interface). */
#pragma once

#include "target/cpu.h"

typedef struct {
    uint16_t elf_machine; /* EM_*, of 64-bit files */
    /* append the descriptor of NT_PRSTATUS as Linux has it on this architecture. Context: CPU's
     * thread */
    void (*prstatus)(Cpu *cpu, uint32_t pid, GByteArray *out);
} DumpNotesOps;

extern const Interface dump_notes_interface;

/** dump_notes_append - little-endian value of @bytes bytes */
void dump_notes_append(GByteArray *out, uint64_t value, unsigned bytes);
/** dump_notes_begin_prstatus - the part that all 64-bit architectures share, up to the registers */
void dump_notes_begin_prstatus(GByteArray *out, uint32_t pid);
