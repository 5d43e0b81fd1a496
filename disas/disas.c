/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disas/disas.h"

#include <capstone/capstone.h>
#include <dlfcn.h>
#include <string.h>

/* The library's functions. It is loaded by the first who disassembles, and stays. */
typedef struct {
    __typeof__(cs_open) *open;
    __typeof__(cs_malloc) *malloc;
    __typeof__(cs_disasm_iter) *disasm_iter;
    __typeof__(cs_free) *free;
    __typeof__(cs_close) *close;
} Capstone;

enum { BYTES_COLUMN = 32 }; /* room for the bytes of one instruction, as text */

static void append_line(GString *out, uint64_t address, const uint8_t *bytes, size_t count,
                        const char *name, const char *operands)
{
    gsize start;

    g_string_append_printf(out, "0x%016" PRIx64 ":  ", address);
    start = out->len;
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(out, "%02x ", bytes[i]);
    }
    while (out->len < start + BYTES_COLUMN) {
        g_string_append_c(out, ' ');
    }
    g_string_append_printf(out, "%s%s%s\n", name, *operands ? " " : "", operands);
}

static bool find(void *library, const char *name, void *function)
{
    void *at = dlsym(library, name);

    memcpy(function, &at, sizeof(at));
    return at;
}

static bool load_capstone(Capstone *cs)
{
    void *library = dlopen("libcapstone.so." G_STRINGIFY(CS_API_MAJOR), RTLD_NOW | RTLD_LOCAL);

    return library && find(library, "cs_open", &cs->open) &&
           find(library, "cs_malloc", &cs->malloc) &&
           find(library, "cs_disasm_iter", &cs->disasm_iter) &&
           find(library, "cs_free", &cs->free) && find(library, "cs_close", &cs->close);
}

static size_t unit_bytes(int arch, int mode)
{
    switch (arch) {
    case CS_ARCH_X86: return 1;
#if CS_API_MAJOR >= 5
    case CS_ARCH_RISCV: return 2;
#endif
    case DISAS_NONE: return 2;
    case CS_ARCH_ARM: return mode & CS_MODE_THUMB ? 2 : 4;
    default: return 4;
    }
}

void disas_code(int arch, int mode, const void *code, size_t bytes, uint64_t address, GString *out)
{
    const uint8_t *at = code;
    Capstone cs;
    csh handle;

    if (arch == DISAS_NONE || !load_capstone(&cs) || cs.open(arch, mode, &handle) != CS_ERR_OK) {
        for (size_t unit; bytes > 0; at += unit, address += unit, bytes -= unit) {
            unit = MIN(unit_bytes(arch, mode), bytes);
            append_line(out, address, at, unit, "(data)", "");
        }
        return;
    }
    cs_insn *insn = cs.malloc(handle);
    while (bytes > 0) {
        uint64_t here = address;

        if (cs.disasm_iter(handle, &at, &bytes, &address, insn)) {
            append_line(out, here, insn->bytes, insn->size, insn->mnemonic, insn->op_str);
            continue;
        }
        size_t unit = MIN(unit_bytes(arch, mode), bytes);
        append_line(out, here, at, unit, "(data)", "");
        at += unit;
        bytes -= unit;
        address += unit;
    }
    cs.free(insn, 1);
    cs.close(&handle);
}

void disas_code_by(const DisasBy *by, const void *code, size_t bytes, uint64_t address,
                   GString *out)
{
    const uint8_t *at = code;

    while (bytes > 0) {
        g_autoptr(GString) text = g_string_new(NULL);
        size_t length = by->one(by->opaque, at, bytes, address, text);
        size_t step = length ? length : MIN(by->unit, bytes);

        append_line(out, address, at, step, length ? text->str : "(data)", "");
        at += step;
        bytes -= step;
        address += step;
    }
}

void disas_host(const void *code, size_t bytes, uint64_t address, GString *out)
{
#if defined(__x86_64__)
    disas_code(CS_ARCH_X86, CS_MODE_64, code, bytes, address, out);
#elif defined(__aarch64__)
    disas_code(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, code, bytes, address, out);
#else
    append_line(out, address, code, MIN(bytes, 8), "(no disassembler for this host)", "");
#endif
}
