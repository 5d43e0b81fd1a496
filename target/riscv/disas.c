/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions as text, out of the decoder's own tables: for hosts whose capstone does not know the
 * architecture. Every extension of the hart is shown, switched on or not.
 */
#include "target/riscv/debug_internal.h"

#include <inttypes.h>
#include <string.h>

#include "disas/named.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/translate_internal.h"

static bool has_field(const DisasNamed *named, const char *name, int32_t *value)
{
    for (unsigned i = 0; i < named->count; i++) {
        if (strcmp(named->field[i].name, name) == 0) {
            *value = named->field[i].value;
            return true;
        }
    }
    return false;
}

static bool starts(const char *name, const char *const *with)
{
    while (*with && !g_str_has_prefix(name, *with)) {
        with++;
    }
    return *with != NULL;
}

/* Is the register in field @field of the f registers? */
static bool is_float(const DisasNamed *named, const char *field)
{
    static const char *const not_fp[] = { "fence", NULL };
    static const char *const integer_rd[] = { "fcvt_w", "fcvt_l", "fcvtmod", "fmv_x", "feq",
                                              "flt_",   "fle",    "fclass",  "fmvh",  NULL };
    static const char *const integer_rs1[] = { "fcvt_s_w", "fcvt_s_l", "fcvt_d_w",  "fcvt_d_l",
                                               "fcvt_h_w", "fcvt_h_l", "fmv_w",     "fmv_d",
                                               "fmv_h",    "fmv_f",    "fcvt_from", "fmvp",
                                               NULL };
    const char *name = named->name + (g_str_has_prefix(named->name, "c_") ? 2 : 0);
    int32_t offset;

    if (*name != 'f' || starts(name, not_fp)) {
        return false;
    }
    if (strcmp(field, "rd") == 0) {
        return !starts(name, integer_rd);
    }
    return strcmp(field, "rs1") != 0 ||
           (!has_field(named, "imm", &offset) && !starts(name, integer_rs1));
}

static void append_register(GString *text, const DisasNamed *named, const char *field,
                            int32_t value)
{
    unsigned slot = (is_float(named, field) ? SLOT_F : SLOT_X) + (value & 31);

    g_string_append(text, riscv_slots[slot].name);
}

static bool is_kind(const DisasNamed *named, const char *kind)
{
    return strcmp(named->kind, kind) == 0;
}

/* Does the last operand name a place in memory? */
static bool has_place(const DisasNamed *named)
{
    return is_kind(named, "Load") || is_kind(named, "Store") || is_kind(named, "Amo");
}

/* Fields that stand in the place, or that this row has no use for. */
static bool is_left_out(const DisasNamed *named, const char *field)
{
    static const char *const three_operands[] = { "fm", "fnm", NULL };
    bool third = starts(named->name, three_operands) && is_kind(named, "Rm") &&
                 (strstr(named->name, "add") || strstr(named->name, "sub"));

    return (has_place(named) && (strcmp(field, "rs1") == 0 || strcmp(field, "imm") == 0)) ||
           (strcmp(field, "rs3") == 0 && !third) ||
           (strcmp(field, "rs2") == 0 && g_str_has_prefix(named->name, "lr"));
}

/* "8(sp)"; atomics have no offset */
static void append_place(GString *text, const DisasNamed *named)
{
    int32_t offset, base = 0;

    if (has_field(named, "imm", &offset)) {
        g_string_append_printf(text, "%d", offset);
    }
    has_field(named, "rs1", &base);
    g_string_append_printf(text, "(%s)", riscv_slots[SLOT_X + (base & 31)].name);
}

static void append_immediate(GString *text, const DisasNamed *named, uint64_t address,
                             int32_t value)
{
    if (is_kind(named, "J") || is_kind(named, "B")) {
        g_string_append_printf(text, "%#" PRIx64, address + (int64_t)value);
    } else if (is_kind(named, "U")) {
        g_string_append_printf(text, "%#x", (uint32_t)value >> 12);
    } else {
        g_string_append_printf(text, "%d", value);
    }
}

static void append_operands(GString *text, const DisasNamed *named, uint64_t address)
{
    const char *comma = " ";

    for (unsigned i = 0; i < named->count; i++) {
        const char *field = named->field[i].name;
        int32_t value = named->field[i].value;
        bool is_register = field[0] == 'r' && (field[1] == 'd' || field[1] == 's');
        bool shown = is_register || strcmp(field, "imm") == 0 || strcmp(field, "csr") == 0;
        if (!shown || is_left_out(named, field)) {
            continue;
        }
        g_string_append(text, comma);
        comma = ", ";
        if (is_register) {
            append_register(text, named, field, value);
        } else if (*field == 'c') {
            g_string_append_printf(text, "%#x", value);
        } else {
            append_immediate(text, named, address, value);
        }
    }
    if (has_place(named)) {
        g_string_append(text, comma);
        append_place(text, named);
    }
}

/* The row's name with the format or width that a field holds: "fadd" and 1 are "fadd.d". */
static void append_name(GString *text, const DisasNamed *named)
{
    static const char formats[] = "sdhq";
    int32_t value;

    for (const char *c = named->name; *c; c++) {
        g_string_append_c(text, *c == '_' ? '.' : *c);
    }
    if (has_field(named, "fmt", &value)) {
        g_string_append_printf(text, ".%c", formats[value & 3]);
    } else if (is_kind(named, "Amo") && has_field(named, "size", &value) &&
               !strchr(named->name, '_')) {
        g_string_append(text, value == 2 ? ".w" : ".d");
    }
}

size_t riscv_disassemble(Cpu *cpu, const uint8_t *code, size_t bytes, uint64_t address,
                         GString *text)
{
    unsigned xlen = riscv_cpu(cpu)->xlen;
    uint32_t insn = bytes >= 2 ? code[0] | code[1] << 8 : 0;
    size_t length = (insn & 3) == 3 ? 4 : 2;
    DisasNamed named;

    if (bytes < length) {
        return 0;
    }
    if (length == 4) {
        insn |= (uint32_t)(code[2] | code[3] << 8) << 16;
    }
    if (!(length == 4 ? riscv_decode32_name(insn, xlen, &named)
                      : riscv_decode16_name(insn, xlen, &named))) {
        return 0;
    }
    append_name(text, &named);
    append_operands(text, &named, address);
    return length;
}
