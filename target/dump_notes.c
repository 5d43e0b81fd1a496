/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/dump_notes.h"

const Interface dump_notes_interface = { "dump-notes" };

enum { PID_OFFSET = 32, REGISTERS_OFFSET = 112 }; /* of struct elf_prstatus, Linux */

void dump_notes_append(GByteArray *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * i);
        g_byte_array_append(out, &byte, 1);
    }
}

static void pad_to(GByteArray *out, guint end)
{
    while (out->len < end) {
        dump_notes_append(out, 0, 1);
    }
}

void dump_notes_begin_prstatus(GByteArray *out, uint32_t pid)
{
    guint start = out->len;
    pad_to(out, start + PID_OFFSET);
    dump_notes_append(out, pid, 4);
    pad_to(out, start + REGISTERS_OFFSET);
}
