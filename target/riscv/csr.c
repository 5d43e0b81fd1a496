/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to CSRs: finding the row, checking the right to use it, changing bits. Spec: privileged
 * ISA, 2.1. */
#include "target/riscv/csr_internal.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/trap.h"
#include "util/log.h"

bool riscv_csr_has_s(const RiscvCpu *cpu)
{
    return cpu->config.s;
}

bool riscv_csr_has_u(const RiscvCpu *cpu)
{
    return cpu->config.u;
}

bool riscv_csr_is_rv32(const RiscvCpu *cpu)
{
    return cpu->xlen == 32;
}

bool riscv_stateen_allows(const RiscvCpu *cpu, uint64_t bit)
{
    return cpu->priv == RISCV_PRIV_M || !cpu->config.smstateen || cpu->csr.mstateen[0] & bit;
}

static unsigned row_count(const RiscvCsr *row)
{
    return row->count ? row->count : 1;
}

const RiscvCsr *riscv_csr_find(const RiscvCpu *cpu, unsigned csr)
{
    const RiscvCsr *const tables[] = { riscv_supervisor_csrs, riscv_machine_csrs,
                                       riscv_counter_csrs,    riscv_user_csrs,
                                       riscv_trigger_csrs,    riscv_protection_csrs };

    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const RiscvCsr *row = tables[i]; row->name && row->first <= csr; row++) {
            if (csr < row->first + row_count(row)) {
                return !row->exists || row->exists(cpu) ? row : NULL;
            }
        }
    }
    return NULL;
}

static uint64_t *field_of(RiscvCpu *cpu, const RiscvCsr *row, unsigned index)
{
    return (uint64_t *)((char *)cpu + row->offset) + index;
}

static uint64_t read_row(RiscvCpu *cpu, const RiscvCsr *row, unsigned index)
{
    uint64_t value = row->read     ? row->read(cpu, index)
                     : row->offset ? *field_of(cpu, row, index)
                                   : 0;

    return cpu->xlen == 32 ? (uint64_t)(int32_t)value : value;
}

static void write_row(RiscvCpu *cpu, const RiscvCsr *row, unsigned index, uint64_t value,
                      uint64_t mask)
{
    if (cpu->xlen == 32) {
        mask = (uint32_t)mask;
    }
    if (row->write) {
        row->write(cpu, index, value, mask);
    } else if (row->offset) {
        uint64_t *field = field_of(cpu, row, index);
        *field = csr_merge(*field, value, mask & row->mask);
        if (cpu->xlen == 32) {
            *field = (uint64_t)(int32_t)*field;
        }
    }
}

bool riscv_csr_peek(RiscvCpu *cpu, unsigned csr, uint64_t *value)
{
    const RiscvCsr *row = riscv_csr_find(cpu, csr);

    if (!row || csr == CSR_SEED) {
        return false;
    }
    *value = read_row(cpu, row, csr - row->first);
    return true;
}

bool riscv_csr_poke(RiscvCpu *cpu, unsigned csr, uint64_t value)
{
    const RiscvCsr *row = riscv_csr_find(cpu, csr);

    if (!row || csr == CSR_SEED || csr_is_read_only(csr)) {
        return false;
    }
    write_row(cpu, row, csr - row->first, value, ~0ull);
    return true;
}

/* NULL after raising: no such CSR, or not for this mode or this way. */
static const RiscvCsr *find_allowed(RiscvCpu *cpu, unsigned csr, bool write, uint32_t insn)
{
    const RiscvCsr *row = riscv_csr_find(cpu, csr);

    if (!row || csr_priv(csr) > cpu->priv || (write && csr_is_read_only(csr)) ||
        (row->allowed && !row->allowed(cpu, csr - row->first)) || (csr == CSR_SEED && !write)) {
        TRACE(riscv_csr_refused, "csr=%#x write=%d priv=%u", csr, write, cpu->priv);
        riscv_raise(cpu, RISCV_CAUSE_ILLEGAL, insn);
        return NULL;
    }
    return row;
}

static uint64_t change(RiscvCpu *cpu, unsigned csr, uint64_t value, uint64_t mask, uint32_t insn)
{
    const RiscvCsr *row = find_allowed(cpu, csr, true, insn);
    uint64_t old;

    if (!row) {
        return 0;
    }
    old = read_row(cpu, row, csr - row->first);
    write_row(cpu, row, csr - row->first, value, mask);
    return old;
}

uint64_t riscv_helper_csr_read(void *c, uint64_t csr, uint64_t insn, uint64_t unused, uint64_t d)
{
    RiscvCpu *cpu = riscv_cpu(c);
    const RiscvCsr *row = find_allowed(cpu, csr, false, insn);

    return row ? read_row(cpu, row, csr - row->first) : 0;
}

uint64_t riscv_helper_csr_write(void *c, uint64_t csr, uint64_t value, uint64_t insn, uint64_t d)
{
    RiscvCpu *cpu = riscv_cpu(c);
    const RiscvCsr *row = find_allowed(cpu, csr, true, insn);

    if (row) {
        write_row(cpu, row, csr - row->first, value, ~0ull);
    }
    return 0;
}

uint64_t riscv_helper_csr_change(void *c, uint64_t csr, uint64_t value, uint64_t mask,
                                 uint64_t insn)
{
    return change(riscv_cpu(c), csr, value, mask, insn);
}

uint64_t riscv_helper_fcsr_read(void *c, uint64_t csr, uint64_t insn, uint64_t unused, uint64_t d)
{
    return riscv_helper_csr_read(c, csr, insn, unused, d);
}

uint64_t riscv_helper_fcsr_change(void *c, uint64_t csr, uint64_t value, uint64_t mask,
                                  uint64_t insn)
{
    return change(riscv_cpu(c), csr, value, mask, insn);
}
