/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which extensions a hart has: their rules and how device trees name them. */
#include "target/riscv/isa_internal.h"

#include <stdlib.h>
#include <string.h>

#include "util/error.h"

typedef struct {
    const char *name;
    const char *needs;
    size_t offset; /* of the bool in RiscvConfig */
} Extension;

/* Extensions first, in the order of an ISA string; behind them what else a model's list may name.
 */
static const Extension extensions[] = {
#define EXT(ext, major, minor, required, help) \
    { .name = #ext, .needs = required, .offset = offsetof(RiscvConfig, ext) },
#include "target/riscv/extensions.def"
#undef EXT
    { .name = "s", .needs = "u", .offset = offsetof(RiscvConfig, s) },
    { .name = "u", .needs = "", .offset = offsetof(RiscvConfig, u) },
    { .name = "sv32", .needs = "s rv32", .offset = offsetof(RiscvConfig, sv32) },
    { .name = "sv39", .needs = "s rv64", .offset = offsetof(RiscvConfig, sv39) },
    { .name = "sv48", .needs = "sv39", .offset = offsetof(RiscvConfig, sv48) },
    { .name = "sv57", .needs = "sv48", .offset = offsetof(RiscvConfig, sv57) },
};

/* How many of them an ISA string names. */
enum {
    NAMED = 0
#define EXT(ext, major, minor, required, help) +1
#include "target/riscv/extensions.def"
#undef EXT
};

static bool *flag_of(RiscvConfig *config, const Extension *extension)
{
    return (bool *)((char *)config + extension->offset);
}

static bool is_on(const RiscvConfig *config, const Extension *extension)
{
    return *flag_of((RiscvConfig *)config, extension);
}

static const Extension *find(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(extensions); i++) {
        if (!strcmp(extensions[i].name, name)) {
            return &extensions[i];
        }
    }
    return NULL;
}

void riscv_isa_set(RiscvConfig *config, const char *list)
{
    g_auto(GStrv) names = g_strsplit(list, " ", -1);

    for (char **name = names; *name; name++) {
        const Extension *extension = find(*name);
        g_assert(extension);
        *flag_of(config, extension) = true;
    }
}

static bool has(const RiscvConfig *config, unsigned xlen, const char *name)
{
    const Extension *extension = find(name);

    if (g_str_has_prefix(name, "rv")) {
        return xlen == (unsigned)atoi(name + 2);
    }
    return extension && is_on(config, extension);
}

static bool refuse(const char *name, const char *need, GError **errp)
{
    if (g_str_has_prefix(need, "rv")) {
        error_set(errp, "%s needs a %s-bit hart (add %s=off to -cpu)", name, need + 2, name);
    } else {
        error_set(errp, "%s needs %s (add %s=on or %s=off to -cpu)", name, need, need, name);
    }
    return false;
}

bool riscv_isa_check(const RiscvConfig *config, unsigned xlen, GError **errp)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(extensions); i++) {
        g_auto(GStrv) needs = g_strsplit(extensions[i].needs, " ", -1);
        for (char **need = needs; is_on(config, &extensions[i]) && *need; need++) {
            if (**need && !has(config, xlen, *need)) {
                return refuse(extensions[i].name, *need, errp);
            }
        }
    }
    if (!config->i) {
        error_set(errp, "the base instructions cannot be switched off (i=off)");
        return false;
    }
    return true;
}

uint32_t riscv_isa_hash(const RiscvConfig *config)
{
    enum { FNV_OFFSET = 2166136261u, FNV_PRIME = 16777619 };
    uint32_t hash = FNV_OFFSET;

    for (unsigned i = 0; i < G_N_ELEMENTS(extensions); i++) {
        hash = (hash ^ is_on(config, &extensions[i])) * FNV_PRIME;
    }
    return (hash ^ config->semihosting) * FNV_PRIME;
}

char *riscv_isa_string(const RiscvCpu *cpu)
{
    GString *text = g_string_new(cpu->xlen == 32 ? "rv32" : "rv64");

    for (unsigned i = 0; i < NAMED; i++) {
        const char *name = extensions[i].name;
        if (is_on(&cpu->config, &extensions[i])) {
            g_string_append_printf(text, "%s%s", name[1] ? "_" : "", name);
        }
    }
    return g_string_free(text, FALSE);
}

char *riscv_isa_extensions(const RiscvCpu *cpu, size_t *length)
{
    GString *list = g_string_new(NULL);

    for (unsigned i = 0; i < NAMED; i++) {
        if (is_on(&cpu->config, &extensions[i])) {
            g_string_append_len(list, extensions[i].name, strlen(extensions[i].name) + 1);
        }
    }
    *length = list->len;
    return g_string_free(list, FALSE);
}

const char *riscv_isa_base(const RiscvCpu *cpu)
{
    return cpu->xlen == 32 ? "rv32i" : "rv64i";
}

const char *riscv_mmu_type(const RiscvCpu *cpu)
{
    const RiscvConfig *config = &cpu->config;

    if (!config->s) {
        return NULL;
    }
    return config->sv57   ? "riscv,sv57"
           : config->sv48 ? "riscv,sv48"
           : config->sv39 ? "riscv,sv39"
           : config->sv32 ? "riscv,sv32"
                          : "riscv,none";
}
