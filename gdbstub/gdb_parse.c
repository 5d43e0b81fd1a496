/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers, bytes and thread ids in packets. Spec: gdb manual, E.1 (thread-id). */
#include <string.h>

#include "gdbstub/gdbstub_internal.h"

enum { NIBBLES = 16 };

bool gdb_parse_hex(const char **at, uint64_t *value)
{
    const char *start = *at;

    *value = 0;
    while (*at - start < NIBBLES && g_ascii_isxdigit(**at)) {
        *value = *value << 4 | g_ascii_xdigit_value(*(*at)++);
    }
    return *at > start;
}

bool gdb_parse_char(const char **at, char c)
{
    bool found = **at == c;

    *at += found;
    return found;
}

bool gdb_parse_bytes(const char **at, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++, *at += 2) {
        if (!g_ascii_isxdigit((*at)[0]) || !g_ascii_isxdigit((*at)[1])) {
            return false;
        }
        bytes[i] = g_ascii_xdigit_value((*at)[0]) << 4 | g_ascii_xdigit_value((*at)[1]);
    }
    return true;
}

/* "-1": all; else a number. */
static bool parse_id(const char **at, uint64_t *id)
{
    if (g_str_has_prefix(*at, "-1")) {
        *at += 2;
        *id = UINT64_MAX;
        return true;
    }
    return gdb_parse_hex(at, id);
}

bool gdb_parse_thread(GdbStub *stub, const char **at, unsigned *cpu)
{
    uint64_t process = 1, thread = UINT64_MAX;

    if (gdb_parse_char(at, 'p')) { /* there is one process */
        if (!parse_id(at, &process) || (process > 1 && process != UINT64_MAX) ||
            (gdb_parse_char(at, '.') && !parse_id(at, &thread))) {
            return false;
        }
    } else if (!parse_id(at, &thread)) {
        return false;
    }
    if (thread != UINT64_MAX && thread > stub->machine->cpus->len) {
        return false;
    }
    *cpu = thread == UINT64_MAX ? UINT_MAX : thread ? thread - 1 : 0;
    return true;
}

void gdb_append_thread(GdbStub *stub, GString *out, unsigned cpu)
{
    g_string_append_printf(out, "%s%x", stub->multiprocess ? "p1." : "", cpu + 1);
}
