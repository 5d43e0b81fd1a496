/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disas/disas.h"

#include <capstone/capstone.h>

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
    csh handle;

    if (arch == DISAS_NONE || cs_open(arch, mode, &handle) != CS_ERR_OK) {
        for (size_t unit; bytes > 0; at += unit, address += unit, bytes -= unit) {
            unit = MIN(unit_bytes(arch, mode), bytes);
            append_line(out, address, at, unit, "(data)", "");
        }
        return;
    }
    cs_insn *insn = cs_malloc(handle);
    while (bytes > 0) {
        uint64_t here = address;

        if (cs_disasm_iter(handle, &at, &bytes, &address, insn)) {
            append_line(out, here, insn->bytes, insn->size, insn->mnemonic, insn->op_str);
            continue;
        }
        size_t unit = MIN(unit_bytes(arch, mode), bytes);
        append_line(out, here, at, unit, "(data)", "");
        at += unit;
        bytes -= unit;
        address += unit;
    }
    cs_free(insn, 1);
    cs_close(&handle);
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
