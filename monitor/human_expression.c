/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions where people give numbers: 64-bit, with the operators and ranks of C. */
#include <errno.h>
#include <string.h>

#include "monitor/human_internal.h"
#include "util/error.h"

enum { MAX_DEPTH = 64 };

typedef struct {
    HumanCall *call;
    const char *at;
    unsigned depth;
} Parser;

typedef struct {
    const char *text;
    int rank; /* higher binds closer */
} Operator;

static const Operator operators[] = {
    { "|", 1 }, { "^", 2 }, { "&", 3 }, { "<<", 4 }, { ">>", 4 },
    { "+", 5 }, { "-", 5 }, { "*", 6 }, { "/", 6 },  { "%", 6 },
};

static bool parse_rank(Parser *parser, int rank, uint64_t *value, GError **errp);

static void skip_blanks(Parser *parser)
{
    parser->at += strspn(parser->at, " \t");
}

static void read_pc(Cpu *cpu, void *data)
{
    *(uint64_t *)data = CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, get_pc)(cpu);
}

/* A register by the name that a debugger has for it. */
typedef struct {
    const char *name;
    uint64_t value;
    bool known, readable;
} RegisterRead;

static void read_register(Cpu *cpu, void *data)
{
    RegisterRead *wanted = data;
    const CpuDebug *debug = CLASS_METHOD(&cpu->device.object, cpu_class, CpuClass, debug);
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(CpuRegister));
    if (debug) {
        debug->registers(cpu, list);
    }
    for (guint i = 0; i < list->len && !wanted->known; i++) {
        const CpuRegister *one = &g_array_index(list, CpuRegister, i);
        uint8_t bytes[CPU_REGISTER_MAX_BYTES] = { 0 };
        wanted->known = g_ascii_strcasecmp(one->name, wanted->name) == 0;
        wanted->readable = wanted->known && one->bits <= 64 && debug->read(cpu, one->id, bytes);
        for (unsigned n = one->bits / 8; wanted->readable && n-- > 0;) {
            wanted->value = wanted->value << 8 | bytes[n];
        }
    }
}

static bool read_named(Cpu *cpu, const char *name, uint64_t *value, GError **errp)
{
    RegisterRead wanted = { .name = name };
    cpu_run_on_sync(cpu, read_register, &wanted);
    if (!wanted.known) {
        error_set(errp, "there is no register '%s'; 'info registers' shows them", name);
    } else if (!wanted.readable) {
        error_set(errp, "register '%s' has no value of 64 bits now", name);
    }
    *value = wanted.value;
    return wanted.readable;
}

static bool parse_register(Parser *parser, uint64_t *value, GError **errp)
{
    size_t length =
        strspn(parser->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    g_autofree char *name = g_strndup(parser->at, length);
    Cpu *cpu = human_cpu(parser->call, errp);
    if (!cpu) {
        return false;
    }
    parser->at += length;
    if (strcmp(name, "pc") != 0) {
        return read_named(cpu, name, value, errp);
    }
    cpu_run_on_sync(cpu, read_pc, value);
    return true;
}

static bool parse_digits(Parser *parser, uint64_t *value, GError **errp)
{
    char *end;
    errno = 0;
    *value = g_ascii_strtoull(parser->at, &end, 0);
    if (end == parser->at || !g_ascii_isdigit(*parser->at)) {
        error_set(errp, "a number is expected %s%s%s", *parser->at ? "at '" : "at the end",
                  parser->at, *parser->at ? "'" : "");
        return false;
    }
    if (errno == ERANGE || g_ascii_isalnum(*end)) {
        error_set(errp, "'%s' is no 64-bit number", parser->at);
        return false;
    }
    parser->at = end;
    return true;
}

static bool parse_parentheses(Parser *parser, uint64_t *value, GError **errp)
{
    if (!parse_rank(parser, 1, value, errp)) {
        return false;
    }
    skip_blanks(parser);
    if (*parser->at != ')') {
        error_set(errp, "a ) is missing");
        return false;
    }
    parser->at++;
    return true;
}

static bool parse_unary(Parser *parser, uint64_t *value, GError **errp)
{
    skip_blanks(parser);
    char first = *parser->at;
    if (parser->depth >= MAX_DEPTH) {
        error_set(errp, "the expression is nested too deeply");
        return false;
    }
    if (first && strchr("-~+($", first)) {
        parser->at++;
        parser->depth++;
        bool ok = first == '('   ? parse_parentheses(parser, value, errp)
                  : first == '$' ? parse_register(parser, value, errp)
                                 : parse_unary(parser, value, errp);
        parser->depth--;
        *value = first == '-' ? -*value : first == '~' ? ~*value : *value;
        return ok;
    }
    return parse_digits(parser, value, errp);
}

static const Operator *next_operator(Parser *parser)
{
    skip_blanks(parser);
    for (size_t i = 0; i < G_N_ELEMENTS(operators); i++) {
        if (g_str_has_prefix(parser->at, operators[i].text)) {
            return &operators[i];
        }
    }
    return NULL;
}

static bool apply(const Operator *operator, uint64_t * left, uint64_t right, GError **errp)
{
    switch (operator->text[0]) {
    case '|': *left |= right; break;
    case '^': *left ^= right; break;
    case '&': *left &= right; break;
    case '<': *left = right < 64 ? *left << right : 0; break;
    case '>': *left = right < 64 ? *left >> right : 0; break;
    case '+': *left += right; break;
    case '-': *left -= right; break;
    case '*': *left *= right; break;
    default:
        if (right == 0) {
            error_set(errp, "division by zero");
            return false;
        }
        *left = operator->text[0] == '/' ? *left / right : * left % right;
    }
    return true;
}

/* Operands joined by operators of at least @rank. */
static bool parse_rank(Parser *parser, int rank, uint64_t *value, GError **errp)
{
    const Operator *operator;
    if (!parse_unary(parser, value, errp)) {
        return false;
    }
    while ((operator= next_operator(parser)) && operator->rank >= rank) {
        uint64_t right = 0;
        parser->at += strlen(operator->text);
        if (!parse_rank(parser, operator->rank + 1, &right, errp) ||
            !apply(operator, value, right, errp)) {
            return false;
        }
    }
    return true;
}

bool human_number(HumanCall *call, const char *text, uint64_t *value, GError **errp)
{
    Parser parser = { call, text, 0 };
    *value = 0;
    if (!parse_rank(&parser, 1, value, errp)) {
        return false;
    }
    skip_blanks(&parser);
    if (*parser.at) {
        error_set(errp, "'%s' is not understood", parser.at);
        return false;
    }
    return true;
}
