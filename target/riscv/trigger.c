/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug triggers: address matches that raise a breakpoint exception (action 0) before the
 * instruction or access. Accesses match an equal address, a NAPOT range, addresses from or below
 * one; execution only an equal address. Other types, actions and matches cannot be written. The
 * translator watches the places, this file says whether a trigger means them. Spec: RISC-V
 * debug 1.0, 5.7.
 */
#include "target/riscv/trigger.h"

#include "target/riscv/csr_internal.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/trap.h"

/* mcontrol (5.7.11) and mcontrol6 (5.7.12) have these fields in the same places, but for hit. */
enum {
    CONTROL_LOAD = 1 << 0,
    CONTROL_STORE = 1 << 1,
    CONTROL_EXECUTE = 1 << 2,
    CONTROL_U = 1 << 3,
    CONTROL_S = 1 << 4,
    CONTROL_M = 1 << 6,
    CONTROL_MATCH_SHIFT = 7,
    CONTROL_MATCH = 15 << CONTROL_MATCH_SHIFT,
    CONTROL_ACCESS = CONTROL_LOAD | CONTROL_STORE,
    CONTROL_WRITABLE =
        CONTROL_ACCESS | CONTROL_EXECUTE | CONTROL_U | CONTROL_S | CONTROL_M | CONTROL_MATCH,
    CONTROL2_HIT = 1 << 20,
    CONTROL6_HIT = 1 << 22,
};
enum { MATCH_EQUAL = 0, MATCH_NAPOT = 1, MATCH_GE = 2, MATCH_LT = 3 };
enum { TYPE_MCONTROL = 2, TYPE_MCONTROL6 = 6, TYPE_DISABLED = 15 };
enum { MAX_ACCESS_BYTES = 8, TYPE_BITS = 4 };

static unsigned type_shift(const RiscvCpu *cpu)
{
    return cpu->xlen - TYPE_BITS;
}

static unsigned type_of(const RiscvCpu *cpu, unsigned i)
{
    return cpu->triggers.tdata1[i] >> type_shift(cpu) & 15;
}

static bool is_on(const RiscvCpu *cpu, unsigned i)
{
    unsigned type = type_of(cpu, i);

    return type == TYPE_MCONTROL || type == TYPE_MCONTROL6;
}

static bool watches_mode(const RiscvCpu *cpu, unsigned i)
{
    uint64_t bit = cpu->priv == RISCV_PRIV_M   ? CONTROL_M
                   : cpu->priv == RISCV_PRIV_S ? CONTROL_S
                                               : CONTROL_U;
    return is_on(cpu, i) && cpu->triggers.tdata1[i] & bit;
}

/* Addresses that the trigger means: from *@first to *@last. */
static bool range_of(const RiscvCpu *cpu, unsigned i, uint64_t *first, uint64_t *last)
{
    uint64_t compare = cpu->triggers.tdata2[i];

    compare = cpu->xlen == 32 ? (uint32_t)compare : compare;
    *first = *last = compare;
    switch (cpu->triggers.tdata1[i] >> CONTROL_MATCH_SHIFT & 15) {
    case MATCH_NAPOT:
        *first = compare & ~(compare ^ (compare + 1));
        *last = compare | (compare ^ (compare + 1));
        break;
    case MATCH_GE: *last = ~0ull; break;
    case MATCH_LT:
        *first = 0;
        *last = compare - 1;
        return compare;
    default: break;
    }
    return true;
}

/* Asks the translator to watch what trigger @i means, or not to. */
static void watch(RiscvCpu *cpu, unsigned i, bool on)
{
    uint64_t control = cpu->triggers.tdata1[i], first, last;

    if (!is_on(cpu, i) || !range_of(cpu, i, &first, &last)) {
        return;
    }
    if (control & CONTROL_EXECUTE) {
        (on ? tcg_breakpoint_insert : tcg_breakpoint_remove)(&cpu->cpu, first);
    }
    if (control & CONTROL_ACCESS) {
        uint64_t length = last - first + 1 ? last - first + 1 : ~0ull;
        (on ? tcg_watchpoint_insert : tcg_watchpoint_remove)(
            &cpu->cpu, first, length, control & CONTROL_LOAD, control & CONTROL_STORE);
    }
}

void riscv_triggers_loaded(RiscvCpu *cpu)
{
    for (unsigned i = 0; i < RISCV_TRIGGERS; i++) {
        watch(cpu, i, true);
    }
}

void riscv_triggers_reset(RiscvCpu *cpu)
{
    for (unsigned i = 0; i < RISCV_TRIGGERS; i++) {
        watch(cpu, i, false);
        cpu->triggers.tdata1[i] = (uint64_t)TYPE_DISABLED << type_shift(cpu);
        cpu->triggers.tdata2[i] = 0;
    }
    cpu->triggers.select = 0;
}

bool riscv_trigger_hit(Cpu *c, vaddr address, TcgAccess access)
{
    RiscvCpu *cpu = riscv_cpu(c);
    uint64_t kind = access == TCG_ACCESS_LOAD    ? CONTROL_LOAD
                    : access == TCG_ACCESS_STORE ? CONTROL_STORE
                                                 : CONTROL_EXECUTE;
    uint64_t reach = access == TCG_ACCESS_FETCH ? 0 : MAX_ACCESS_BYTES - 1, first, last;

    for (unsigned i = 0; i < RISCV_TRIGGERS; i++) {
        uint64_t *control = &cpu->triggers.tdata1[i];
        if (watches_mode(cpu, i) && *control & kind && range_of(cpu, i, &first, &last) &&
            address + reach >= first && address <= last) {
            *control |= type_of(cpu, i) == TYPE_MCONTROL ? CONTROL2_HIT : CONTROL6_HIT;
            riscv_raise(cpu, RISCV_CAUSE_BREAKPOINT, address);
            return true;
        }
    }
    return false;
}

/* CSRs: 5.7.1 to 5.7.5 */

static void write_select(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    value = csr_merge(cpu->triggers.select, value, mask);
    if (value < RISCV_TRIGGERS) {
        cpu->triggers.select = value;
    }
}

static uint64_t read_tdata1(RiscvCpu *cpu, unsigned index)
{
    return cpu->triggers.tdata1[cpu->triggers.select];
}

/* 5.7.2: what is not supported reads back as a disabled trigger, or as an equal match */
static uint64_t legal_control(const RiscvCpu *cpu, uint64_t value)
{
    const uint64_t maskmax = 63;
    unsigned type = value >> type_shift(cpu) & 15, match = value >> CONTROL_MATCH_SHIFT & 15;
    uint64_t hit = type == TYPE_MCONTROL ? CONTROL2_HIT : CONTROL6_HIT;

    if (type != TYPE_MCONTROL && type != TYPE_MCONTROL6) {
        return (uint64_t)TYPE_DISABLED << type_shift(cpu);
    }
    if (match > MATCH_LT || value & CONTROL_EXECUTE) {
        value &= ~(uint64_t)CONTROL_MATCH;
    }
    value &= CONTROL_WRITABLE | hit;
    value |= type == TYPE_MCONTROL ? maskmax << (type_shift(cpu) - 7) : 0;
    return value | (uint64_t)type << type_shift(cpu);
}

static void write_tdata1(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    unsigned i = cpu->triggers.select;

    watch(cpu, i, false);
    cpu->triggers.tdata1[i] = legal_control(cpu, csr_merge(cpu->triggers.tdata1[i], value, mask));
    watch(cpu, i, true);
}

static uint64_t read_tdata2(RiscvCpu *cpu, unsigned index)
{
    return cpu->triggers.tdata2[cpu->triggers.select];
}

static void write_tdata2(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    unsigned i = cpu->triggers.select;

    watch(cpu, i, false);
    cpu->triggers.tdata2[i] = csr_merge(cpu->triggers.tdata2[i], value, mask);
    watch(cpu, i, true);
}

/* tdata3: none of our types has it */
static uint64_t read_tdata3(RiscvCpu *cpu, unsigned index)
{
    return 0;
}

static uint64_t read_tinfo(RiscvCpu *cpu, unsigned index)
{
    enum { VERSION_1 = 1 << 24 };

    return 1u << TYPE_MCONTROL | 1u << TYPE_MCONTROL6 | 1u << TYPE_DISABLED | VERSION_1;
}

const RiscvCsr riscv_trigger_csrs[] = {
    { .first = CSR_TSELECT,
      .name = "tselect",
      .write = write_select,
      .offset = offsetof(RiscvCpu, triggers.select) },
    { .first = CSR_TDATA1, .name = "tdata1", .read = read_tdata1, .write = write_tdata1 },
    { .first = CSR_TDATA2, .name = "tdata2", .read = read_tdata2, .write = write_tdata2 },
    { .first = CSR_TDATA3, .name = "tdata3", .read = read_tdata3 },
    { .first = CSR_TINFO, .name = "tinfo", .read = read_tinfo },
    {},
};
