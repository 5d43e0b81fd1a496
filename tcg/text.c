/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text form of the IR: what -d op prints and tests/ir reads. One op a line;
 * docs/devel/tcg-ir.rst has the grammar. */
#include <string.h>

#include "tcg/ir.h"
#include "util/error.h"

static const char *const type_names[IR_TYPE_COUNT] = { "void", "i32", "i64", "f32", "f64" };
static const char *const cond_names[IR_COND_COUNT] = {
    "eq", "ne", "lt", "ge", "le", "gt", "ltu", "geu", "leu", "gtu", "tsteq", "tstne",
};
static const char *const atomic_names[] = {
    "swap", "add", "and", "or", "xor", "min", "max", "minu", "maxu",
};
static const char *const fcmp_names[] = { "eq", "lts", "les", "ltq", "leq" };

static bool has_cond(IrOpcode op)
{
    return op == IR_SETCOND || op == IR_SELECT || op == IR_BRCOND || op == IR_EXIT_IF;
}

static bool has_mem(IrOpcode op)
{
    return op == IR_LOAD || op == IR_STORE || op == IR_ATOMIC || op == IR_CAS || op == IR_LOADV ||
           op == IR_STOREV;
}

static bool has_number_aux(IrOpcode op)
{
    return (op >= IR_DIVS && op <= IR_REMU) || op == IR_FENCE || op == IR_FMA || op == IR_FTOI ||
           op == IR_ITOF || op == IR_LOADV || op == IR_STOREV;
}

static void dump_mem(const IrOp *op, GString *out)
{
    g_string_append_printf(out, ".%s%d.b%d%s%s%s%s", op->mem.sign ? "s" : "",
                           1 << op->mem.size_log2, op->mem.bank, op->mem.big_endian ? ".be" : "",
                           op->mem.align ? ".align" : "", op->mem.acquire ? ".acq" : "",
                           op->mem.release ? ".rel" : "");
}

static void dump_suffix(const IrOp *op, GString *out)
{
    if (has_cond(op->op)) {
        g_string_append_printf(out, ".%s", cond_names[op->aux]);
    } else if (op->op == IR_ATOMIC) {
        g_string_append_printf(out, ".%s", atomic_names[op->aux]);
    } else if (op->op == IR_FCMP) {
        g_string_append_printf(out, ".%s", fcmp_names[op->aux]);
    } else if (has_number_aux(op->op) && op->aux) {
        g_string_append_printf(out, ".%u", op->aux);
    }
    if (has_mem(op->op)) {
        dump_mem(op, out);
    }
}

static void dump_immediate(const IrRegion *region, const IrOp *op, GString *out)
{
    switch (op->op) {
    case IR_GET:
    case IR_PUT: g_string_append_printf(out, " %s", region->slots[op->imm].name); break;
    case IR_CALL:
        g_string_append_printf(out, " %s", ((const IrHelper *)(uintptr_t)op->imm)->name);
        break;
    case IR_LABEL:
    case IR_BR:
    case IR_BRCOND: g_string_append_printf(out, " L%" G_GUINT64_FORMAT, op->imm); break;
    case IR_LOAD:
    case IR_STORE:
    case IR_LOADV:
    case IR_STOREV: g_string_append_printf(out, " %+" G_GINT64_FORMAT, (int64_t)op->imm); break;
    case IR_INSN:
        g_string_append_printf(out, " %#" G_GINT64_MODIFIER "x %u", op->imm, op->aux);
        break;
    case IR_CONST:
    case IR_EXIT_IF:
    case IR_GOTO: g_string_append_printf(out, " %#" G_GINT64_MODIFIER "x", op->imm); break;
    default: break;
    }
}

void ir_dump(const IrRegion *region, GString *out)
{
    g_string_append_printf(out, "region %#" G_GINT64_MODIFIER "x\n", region->pc);
    for (uint32_t at = 1; at < region->count; at++) {
        const IrOp *op = &region->ops[at];
        g_string_append(out, op->op == IR_INSN ? " " : "    ");
        if (op->type != IR_VOID) {
            g_string_append_printf(out, "%%%u:%s = ", at, type_names[op->type]);
        }
        g_string_append(out, ir_op_info[op->op].text);
        dump_suffix(op, out);
        dump_immediate(region, op, out);
        for (unsigned i = 0; i < 4 && op->arg[i]; i++) {
            g_string_append_printf(out, " %%%u", op->arg[i]);
        }
        g_string_append_c(out, '\n');
    }
}

/* Reading
 * ----------------------------------------------------------------------------------------------------------
 */

typedef struct {
    IrRegion *region;
    const IrHelper *helpers;
    unsigned helper_count;
    GHashTable *values; /* number in the text -> op */
} Parser;

static int find_name(const char *const *names, unsigned count, const char *word)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(names[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

static int find_opcode(const char *word)
{
    for (int op = 0; op < IR_OP_COUNT; op++) {
        if (strcmp(ir_op_info[op].text, word) == 0) {
            return op;
        }
    }
    return -1;
}

static bool parse_mem_word(IrOp *op, const char *word)
{
    char *end;
    uint64_t bytes;

    if (strcmp(word, "be") == 0) {
        op->mem.big_endian = 1;
    } else if (strcmp(word, "align") == 0) {
        op->mem.align = 1;
    } else if (strcmp(word, "acq") == 0) {
        op->mem.acquire = 1;
    } else if (strcmp(word, "rel") == 0) {
        op->mem.release = 1;
    } else if (word[0] == 'b' && g_ascii_isdigit(word[1])) {
        op->mem.bank = g_ascii_strtoull(word + 1, NULL, 10);
    } else {
        op->mem.sign = word[0] == 's';
        bytes = g_ascii_strtoull(word + op->mem.sign, &end, 10);
        if (*end || bytes == 0 || bytes > 32 || (bytes & (bytes - 1))) {
            return false;
        }
        op->mem.size_log2 = __builtin_ctzll(bytes);
    }
    return true;
}

static bool parse_suffix_word(IrOp *op, const char *word)
{
    int found = -1;
    char *end;

    if (has_cond(op->op)) {
        found = find_name(cond_names, G_N_ELEMENTS(cond_names), word);
    } else if (op->op == IR_FCMP) {
        found = find_name(fcmp_names, G_N_ELEMENTS(fcmp_names), word);
    } else if (op->op == IR_ATOMIC) {
        found = find_name(atomic_names, G_N_ELEMENTS(atomic_names), word);
    } else if (has_number_aux(op->op)) {
        found = g_ascii_strtoull(word, &end, 10);
        found = *end ? -1 : found;
    }
    if (found >= 0) {
        op->aux = found;
        return true;
    }
    return has_mem(op->op) && parse_mem_word(op, word);
}

/* "%12:i64", "%12": the number, and the type if there is one. */
static bool parse_value(const char *word, uint64_t *number, int *type)
{
    char *end;

    if (word[0] != '%') {
        return false;
    }
    *number = g_ascii_strtoull(word + 1, &end, 10);
    if (*end == ':' && type) {
        *type = find_name(type_names, G_N_ELEMENTS(type_names), end + 1);
        return *type > 0;
    }
    return *end == '\0';
}

static bool parse_slot(const Parser *p, IrOp *op, const char *word)
{
    for (unsigned i = 0; i < p->region->slot_count; i++) {
        if (strcmp(p->region->slots[i].name, word) == 0) {
            op->imm = i;
            return true;
        }
    }
    return false;
}

static bool parse_helper(const Parser *p, IrOp *op, const char *word)
{
    for (unsigned i = 0; i < p->helper_count; i++) {
        if (strcmp(p->helpers[i].name, word) == 0) {
            op->imm = (uintptr_t)&p->helpers[i];
            return true;
        }
    }
    return false;
}

static bool parse_number(const char *word, uint64_t *value)
{
    char *end;

    *value = word[0] == '-' || word[0] == '+' ? (uint64_t)g_ascii_strtoll(word, &end, 0)
                                              : g_ascii_strtoull(word, &end, 0);
    return *word && *end == '\0';
}

static bool parse_immediate(Parser *p, IrOp *op, const char *word)
{
    uint64_t label;

    switch (op->op) {
    case IR_GET:
    case IR_PUT: return parse_slot(p, op, word);
    case IR_CALL: return parse_helper(p, op, word);
    case IR_LABEL:
    case IR_BR:
    case IR_BRCOND:
        if (word[0] != 'L' || !parse_number(word + 1, &label) || label >= IR_MAX_LABELS) {
            return false;
        }
        op->imm = label;
        p->region->labels = MAX(p->region->labels, label + 1);
        return true;
    default: return parse_number(word, &op->imm);
    }
}

static bool parse_operands(Parser *p, IrOp *op, char **words)
{
    unsigned arguments = 0;
    bool immediate = false;
    uint64_t number;

    for (; *words; words++) {
        if (parse_value(*words, &number, NULL)) {
            void *value;
            if (arguments == 4 || !g_hash_table_lookup_extended(
                                      p->values, GUINT_TO_POINTER((guint)number), NULL, &value)) {
                return false;
            }
            op->arg[arguments++] = GPOINTER_TO_UINT(value);
        } else if (op->op == IR_INSN && immediate) {
            if (!parse_number(*words, &number)) {
                return false;
            }
            op->aux = number;
        } else if (immediate || !parse_immediate(p, op, *words)) {
            return false;
        } else {
            immediate = true;
        }
    }
    return true;
}

static bool parse_words(Parser *p, char **words)
{
    IrRegion *region = p->region;
    IrOp *op = &region->ops[region->count];
    uint64_t number = 0;
    int type = IR_VOID, opcode;
    g_auto(GStrv) parts = NULL;

    if (region->count == IR_MAX_OPS) {
        return false;
    }
    *op = (IrOp){ .op = 0 };
    if (words[0] && words[0][0] == '%') {
        if (!parse_value(words[0], &number, &type) || !words[1] || strcmp(words[1], "=") != 0) {
            return false;
        }
        words += 2;
    }
    if (!words[0]) {
        return false;
    }
    parts = g_strsplit(words[0], ".", -1);
    opcode = parts[0] ? find_opcode(parts[0]) : -1;
    if (opcode < 0) {
        return false;
    }
    op->op = opcode;
    op->type = type;
    for (char **part = parts + 1; *part; part++) {
        if (!parse_suffix_word(op, *part)) {
            return false;
        }
    }
    if (!parse_operands(p, op, words + 1)) {
        return false;
    }
    region->insns += op->op == IR_INSN;
    if (type != IR_VOID) {
        g_hash_table_insert(p->values, GUINT_TO_POINTER((guint)number),
                            GUINT_TO_POINTER(region->count));
    }
    region->count++;
    return true;
}

static bool parse_line(Parser *p, const char *line)
{
    g_auto(GStrv) raw = g_strsplit_set(line, " \t", -1);
    unsigned kept = 0;

    for (char **word = raw; *word; word++) {
        if (**word == '#') {
            for (; *word; word++) {
                g_free(*word);
            }
            break;
        }
        if (**word) {
            raw[kept++] = *word;
        } else {
            g_free(*word);
        }
    }
    raw[kept] = NULL;
    if (kept == 0) {
        return true;
    }
    if (strcmp(raw[0], "region") == 0) {
        return raw[1] && parse_number(raw[1], &p->region->pc);
    }
    return parse_words(p, raw);
}

bool ir_parse(const char *text, IrRegion *region, const IrHelper *helpers, unsigned helper_count,
              GError **errp)
{
    g_autoptr(GHashTable) values = g_hash_table_new(NULL, NULL);
    Parser parser = { region, helpers, helper_count, values };
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    region->count = 1;
    region->insns = 0;
    region->labels = 0;
    region->ops[0] = (IrOp){ .op = IR_CONST };
    for (unsigned i = 0; lines[i]; i++) {
        if (!parse_line(&parser, lines[i])) {
            error_set(errp, "line %u: cannot read '%s'", i + 1, lines[i]);
            return false;
        }
    }
    return ir_verify(region, errp);
}
