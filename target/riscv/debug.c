/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hart's registers for a debugger. Spec: gdb manual, "RISC-V Features". */
#include "target/riscv/debug_internal.h"

#include <string.h>

#include "target/riscv/csr_internal.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/translate_internal.h"
#include "target/riscv/trap.h"

/* Register ids: x0-x31, pc, f0-f31, the mode, then CSRs. */
enum { ID_X = 0, ID_PC = 32, ID_F = 33, ID_PRIV = 65, ID_CSR = 66 };
enum { REGISTERS = 32, CSRS = 4096 };

static const char *architecture(Cpu *c)
{
    return riscv_cpu(c)->xlen == 32 ? "riscv:rv32" : "riscv:rv64";
}

static void add(GArray *list, CpuRegister reg)
{
    g_array_append_val(list, reg);
}

static void add_csr(RiscvCpu *cpu, GArray *list, const char *feature, unsigned csr)
{
    const RiscvCsr *row = riscv_csr_find(cpu, csr);
    CpuRegister reg = { .feature = feature, .group = "csr", .bits = cpu->xlen, .id = ID_CSR + csr };

    if (!row) {
        return;
    }
    if (row->count > 1) { /* "pmpaddr", "mhpmeventh": the number belongs in front of the h */
        enum { FIRST_HPM_BITS = 31 };
        size_t stem = strlen(row->name);
        stem -= row->name[stem - 1] == 'h';
        g_snprintf(reg.name, sizeof(reg.name), "%.*s%u%s", (int)stem, row->name,
                   strstr(row->name, "hpm") ? csr & FIRST_HPM_BITS : csr - row->first,
                   row->name + stem);
    } else {
        g_strlcpy(reg.name, row->name, sizeof(reg.name));
    }
    add(list, reg);
}

static bool is_fp_csr(unsigned csr)
{
    return csr == CSR_FFLAGS || csr == CSR_FRM || csr == CSR_FCSR;
}

static void add_slot(GArray *list, const char *feature, unsigned slot, CpuRegister reg)
{
    reg.feature = feature;
    g_strlcpy(reg.name, riscv_slots[slot].name, sizeof(reg.name));
    add(list, reg);
}

static void add_floats(RiscvCpu *cpu, GArray *list)
{
    static const char feature[] = "org.gnu.gdb.riscv.fpu";
    bool d = cpu->config.d;

    for (unsigned i = 0; i < REGISTERS; i++) {
        add_slot(list, feature, SLOT_F + i,
                 (CpuRegister){ .type = d ? "ieee_double" : "ieee_single",
                                .group = "float",
                                .bits = d ? 64 : 32,
                                .id = ID_F + i });
    }
    add_csr(cpu, list, feature, CSR_FFLAGS);
    add_csr(cpu, list, feature, CSR_FRM);
    add_csr(cpu, list, feature, CSR_FCSR);
}

static void registers(Cpu *c, GArray *list)
{
    enum { RA = 1, SP = 2, GP = 3, TP = 4, FP = 8 };
    static const char feature[] = "org.gnu.gdb.riscv.cpu";
    RiscvCpu *cpu = riscv_cpu(c);

    for (unsigned i = 0; i < REGISTERS; i++) {
        bool pointer = i == SP || i == GP || i == TP || i == FP;
        add_slot(list, feature, SLOT_X + i,
                 (CpuRegister){ .type = i == RA   ? "code_ptr"
                                        : pointer ? "data_ptr"
                                                  : NULL,
                                .bits = cpu->xlen,
                                .id = ID_X + i });
    }
    add(list,
        (CpuRegister){
            .feature = feature, .name = "pc", .type = "code_ptr", .bits = cpu->xlen, .id = ID_PC });
    if (cpu->config.f) {
        add_floats(cpu, list);
    }
    add(list,
        (CpuRegister){
            .feature = "org.gnu.gdb.riscv.virtual", .name = "priv", .bits = 8, .id = ID_PRIV });
    for (unsigned csr = 0; csr < CSRS; csr++) {
        if (!is_fp_csr(csr)) {
            add_csr(cpu, list, "org.gnu.gdb.riscv.csr", csr);
        }
    }
}

static void put_bytes(uint8_t *bytes, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bytes[i] = value >> (8 * i);
    }
}

static uint64_t get_bytes(const uint8_t *bytes, unsigned count)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < count; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

static bool read_register(Cpu *c, uint32_t id, uint8_t *bytes)
{
    RiscvCpu *cpu = riscv_cpu(c);
    uint64_t value;

    if (id >= ID_CSR) {
        if (!riscv_csr_peek(cpu, id - ID_CSR, &value)) {
            return false;
        }
    } else if (id == ID_PRIV) {
        *bytes = cpu->priv;
        return true;
    } else if (id >= ID_F) {
        put_bytes(bytes, cpu->f[id - ID_F], cpu->config.d ? 8 : 4);
        return true;
    } else {
        value = id == ID_PC ? c->env.hot.pc : cpu->x[id];
    }
    put_bytes(bytes, value, cpu->xlen / 8);
    return true;
}

static uint64_t extended(const RiscvCpu *cpu, const uint8_t *bytes)
{
    uint64_t value = get_bytes(bytes, cpu->xlen / 8);

    return cpu->xlen == 32 ? (uint64_t)(int32_t)value : value;
}

static bool write_register(Cpu *c, uint32_t id, const uint8_t *bytes)
{
    RiscvCpu *cpu = riscv_cpu(c);

    if (id >= ID_CSR) {
        return riscv_csr_poke(cpu, id - ID_CSR, extended(cpu, bytes));
    }
    if (id == ID_PRIV) {
        bool exists = *bytes == RISCV_PRIV_M || (*bytes == RISCV_PRIV_S && cpu->config.s) ||
                      (*bytes == RISCV_PRIV_U && cpu->config.u);
        if (exists) {
            riscv_set_priv(cpu, *bytes);
        }
        return exists;
    }
    if (id >= ID_F) {
        cpu->f[id - ID_F] =
            cpu->config.d ? get_bytes(bytes, 8) : 0xffffffff00000000 | get_bytes(bytes, 4);
    } else if (id == ID_PC) {
        uint64_t align = cpu->config.c ? 1 : 3; /* IALIGN: the low bits read as 0 */
        c->env.hot.pc = extended(cpu, bytes) & ~align;
    } else if (id != ID_X) {
        cpu->x[id] = extended(cpu, bytes);
    }
    return true;
}

const CpuDebug riscv_debug = {
    .architecture = architecture,
    .registers = registers,
    .read = read_register,
    .write = write_register,
    .pc = ID_PC,
};
