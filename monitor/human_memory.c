/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at memory: formats, dumps, disassembly. */
#include <string.h>

#include "disas/disas.h"
#include "monitor/human_internal.h"
#include "schema/commands.h"
#include "util/error.h"

enum { MAX_COUNT = 65536, LINE_BYTES = 16, MAX_INSN_BYTES = 16 };

/* "/4xw": how many, how shown, how large. */
typedef struct {
    unsigned count;
    char form; /* x d u o c i s */
    unsigned bytes;
} Format;

static bool parse_letter(Format *format, char letter, const char *text, GError **errp)
{
    switch (letter) {
    case 'x':
    case 'd':
    case 'u':
    case 'o':
    case 'c':
    case 's':
    case 'i': format->form = letter; return true;
    case 'b': format->bytes = 1; return true;
    case 'h': format->bytes = 2; return true;
    case 'w': format->bytes = 4; return true;
    case 'g': format->bytes = 8; return true;
    default:
        error_set(errp, "format '/%s' is not understood: a count, one of xduocsi, and one of bhwg",
                  text);
        return false;
    }
}

static bool parse_format(Format *format, const char *text, GError **errp)
{
    unsigned count = 0;
    const char *at = text ? text : "";
    for (; g_ascii_isdigit(*at); at++) {
        count = MIN(count * 10 + (*at - '0'), MAX_COUNT + 1);
    }
    if (count > MAX_COUNT || (at != text && text && count == 0 && g_ascii_isdigit(*text))) {
        error_set(errp, "the count must be from 1 to %d", MAX_COUNT);
        return false;
    }
    format->count = count ? count : format->count;
    for (; *at; at++) {
        if (!parse_letter(format, *at, text, errp)) {
            return false;
        }
    }
    if (format->form == 'c' && !strpbrk(text ? text : "", "hwg")) {
        format->bytes = 1;
    }
    return true;
}

static void print_char(GString *out, uint64_t value)
{
    if (value >= ' ' && value < 127) {
        g_string_append_printf(out, value == '\'' || value == '\\' ? "'\\%c'" : "'%c'", (int)value);
    } else {
        g_string_append_printf(out, "'\\x%02" G_GINT64_MODIFIER "x'", value);
    }
}

static void print_value(GString *out, const Format *format, uint64_t value)
{
    unsigned bits = format->bytes * 8;
    int64_t extended = (int64_t)(value << (64 - bits)) >> (64 - bits);
    switch (format->form) {
    case 'x':
        g_string_append_printf(out, "0x%0*" G_GINT64_MODIFIER "x", (int)format->bytes * 2, value);
        break;
    case 'o':
        g_string_append_printf(out, "0%0*" G_GINT64_MODIFIER "o", (int)(bits + 2) / 3, value);
        break;
    case 'd': g_string_append_printf(out, "%" G_GINT64_FORMAT, extended); break;
    case 'u': g_string_append_printf(out, "%" G_GUINT64_FORMAT, value); break;
    default: print_char(out, value); break;
    }
}

bool human_print(HumanCall *call, GError **errp)
{
    Format format = { .count = 1, .form = 'd', .bytes = 8 };
    uint64_t value;
    if (!parse_format(&format, call->format, errp) ||
        !human_number(call, call->rest, &value, errp)) {
        return false;
    }
    if (format.form == 'i' || format.form == 's') {
        error_set(errp, "print shows numbers; x shows code and text");
        return false;
    }
    if (format.form == 'x') {
        human_text(call, "%#" G_GINT64_MODIFIER "x\n", value);
    } else {
        print_value(call->out, &format, value);
        human_text(call, "\n");
    }
    return true;
}

/* Where x and xp look. */
typedef struct {
    HumanCall *call;
    Cpu *cpu; /* NULL: physical */
} View;

static bool view_read(const View *view, uint64_t address, void *buffer, size_t length)
{
    MemTxAttrs attrs = { .debug = 1 };
    if (view->cpu) {
        return cpu_debug_read(view->cpu, address, buffer, length);
    }
    return address_space_read(&view->call->context.machine->memory, address, buffer, length,
                              attrs) == MEMTX_OK;
}

static void cannot(const View *view, uint64_t address)
{
    human_text(view->call, "Cannot access memory at address 0x%" G_GINT64_MODIFIER "x\n", address);
}

static uint64_t value_at(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = size; i-- > 0;) { /* guests with the other byte order come with their CPUs */
        value = value << 8 | bytes[i];
    }
    return value;
}

static void dump_values(const View *view, const Format *format, uint64_t address)
{
    unsigned per_line = LINE_BYTES / format->bytes;
    for (unsigned done = 0; done < format->count; done++) {
        uint8_t bytes[8];
        if (done % per_line == 0) {
            human_text(view->call, "%s%016" G_GINT64_MODIFIER "x:", done ? "\n" : "", address);
        }
        if (!view_read(view, address, bytes, format->bytes)) {
            human_text(view->call, " ");
            cannot(view, address);
            return;
        }
        human_text(view->call, " ");
        print_value(view->call->out, format, value_at(bytes, format->bytes));
        address += format->bytes;
    }
    human_text(view->call, "\n");
}

static void dump_strings(const View *view, const Format *format, uint64_t address)
{
    for (unsigned i = 0; i < format->count; i++) {
        uint8_t byte = 1;
        human_text(view->call, "%016" G_GINT64_MODIFIER "x: \"", address);
        for (unsigned length = 0; length < MAX_COUNT; length++) {
            if (!view_read(view, address, &byte, 1)) {
                human_text(view->call, "\"\n");
                cannot(view, address);
                return;
            }
            address++;
            if (!byte) {
                break;
            }
            human_text(view->call, byte >= ' ' && byte < 127 ? "%c" : "\\x%02x", byte);
        }
        human_text(view->call, "\"\n");
    }
}

/* The first @count lines of @text. */
static void print_first_lines(HumanCall *call, const char *text, unsigned count)
{
    const char *end = text;
    for (; count > 0 && *end; count--) {
        const char *newline = strchr(end, '\n');
        end = newline ? newline + 1 : end + strlen(end);
    }
    g_string_append_len(call->out, text, end - text);
}

static bool dump_code(const View *view, const Format *format, uint64_t address, GError **errp)
{
    Cpu *cpu = view->cpu ? view->cpu : human_cpu(view->call, errp);
    if (!cpu) {
        return false;
    }
    size_t wanted = (size_t)format->count * MAX_INSN_BYTES, have = 0;
    g_autofree uint8_t *code = g_malloc(wanted);
    while (have < wanted && view_read(view, address + have, code + have, 2)) {
        have += 2;
    }
    if (have == 0) {
        cannot(view, address);
        return true;
    }
    GString *text = g_string_new(NULL);
    cpu_disassemble(cpu, code, have, address, text);
    print_first_lines(view->call, text->str, format->count);
    g_string_free(text, TRUE);
    return true;
}

static bool dump(HumanCall *call, Cpu *cpu, GError **errp)
{
    Format format = { .count = 1, .form = 'x', .bytes = 4 };
    View view = { call, cpu };
    uint64_t address;
    if (!parse_format(&format, call->format, errp) ||
        !human_number(call, call->rest, &address, errp)) {
        return false;
    }
    if (format.form == 'i') {
        return dump_code(&view, &format, address, errp);
    }
    if (format.form == 's') {
        dump_strings(&view, &format, address);
    } else {
        dump_values(&view, &format, address);
    }
    return true;
}

bool human_dump_virtual(HumanCall *call, GError **errp)
{
    Cpu *cpu = human_cpu(call, errp);
    return cpu && dump(call, cpu, errp);
}

bool human_dump_physical(HumanCall *call, GError **errp)
{
    return dump(call, NULL, errp);
}

bool human_memsave(HumanCall *call, GError **errp)
{
    uint64_t address, size;
    if (!human_number(call, call->args[0], &address, errp) ||
        !human_number(call, call->args[1], &size, errp)) {
        return false;
    }
    QmpMemsaveArgs args = { .val = (int64_t)address,
                            .size = (int64_t)size,
                            .filename = call->args[2],
                            .has_cpu_index = true,
                            .cpu_index = call->cpu_index };
    return qmp_memsave(&call->context, &args, errp);
}

bool human_pmemsave(HumanCall *call, GError **errp)
{
    uint64_t address, size;
    if (!human_number(call, call->args[0], &address, errp) ||
        !human_number(call, call->args[1], &size, errp)) {
        return false;
    }
    QmpPmemsaveArgs args = { .val = (int64_t)address,
                             .size = (int64_t)size,
                             .filename = call->args[2] };
    return qmp_pmemsave(&call->context, &args, errp);
}
