/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters and their CSRs. cycle, instret and the programmable counters with events 1 (cycles) and
 * 2 (instructions) count what the translator says has retired; other event numbers exist in no
 * hardware here and count nothing.
 *
 * A counter is stored as base plus the distance of its source from .since, so that running costs
 * nothing. Overflow (Sscofpmf) is found by an alarm that looks again in time.
 */
#include "target/riscv/counters.h"

#include "target/riscv/csr_internal.h"
#include "target/riscv/frontend_internal.h"
#include "target/riscv/timer.h"
#include "target/riscv/trap.h"
#include "util/atomic.h"

enum { EVENT_CYCLES = 1, EVENT_INSTRUCTIONS = 2 };
enum { ALARM_MIN_NS = 100000, ALARM_MAX_NS = 1000000000, COUNTS_PER_NS = 4 };

#define EVENT_MASK   0x00ffffffffffffffull
#define FILTER_BITS  (HPMEVENT_MINH | HPMEVENT_SINH | HPMEVENT_UINH)
#define FIXED_COUNTS (BIT(COUNTER_CY) | BIT(COUNTER_IR))

static uint64_t counter_value(RiscvCpu *cpu, unsigned n)
{
    const RiscvCounters *counters = &cpu->counters;

    if (!(counters->running >> n & 1)) {
        return counters->base[n];
    }
    return counters->base[n] + tcg_instructions(&cpu->cpu) - counters->since[n];
}

static void set_counter(RiscvCpu *cpu, unsigned n, uint64_t value)
{
    cpu->counters.base[n] = value;
    cpu->counters.since[n] = tcg_instructions(&cpu->cpu);
}

static bool filter_stops(const RiscvCpu *cpu, uint64_t event)
{
    uint64_t bit = cpu->priv == RISCV_PRIV_M   ? HPMEVENT_MINH
                   : cpu->priv == RISCV_PRIV_S ? HPMEVENT_SINH
                                               : HPMEVENT_UINH;
    return event & bit;
}

static uint32_t running_now(const RiscvCpu *cpu)
{
    uint32_t running = FIXED_COUNTS;

    for (unsigned n = COUNTER_HPM3; n < RISCV_HPM_COUNTERS; n++) {
        uint64_t event = cpu->counters.event[n];
        uint64_t number = event & EVENT_MASK;
        if ((number == EVENT_CYCLES || number == EVENT_INSTRUCTIONS) && !filter_stops(cpu, event)) {
            running |= BIT(n);
        }
    }
    return running & ~cpu->csr.mcountinhibit;
}

/* Looks whether a counter that may interrupt has passed its end, and when to look again. vCPU
 * thread. */
static void check_overflow(RiscvCpu *cpu)
{
    int64_t next = -1;

    for (unsigned n = COUNTER_HPM3; n < RISCV_HPM_COUNTERS && cpu->config.sscofpmf; n++) {
        uint64_t value = counter_value(cpu, n), left_ns;
        bool armed = cpu->counters.running >> n & 1 && !(cpu->counters.event[n] & HPMEVENT_OF);
        if (!armed) {
            continue;
        }
        if (value < cpu->counters.base[n]) {
            set_counter(cpu, n, value);
            cpu->counters.event[n] |= HPMEVENT_OF;
            atomic_fetch_or(&cpu->mip, BIT(RISCV_IRQ_LCOFI));
            riscv_interrupts_update(cpu);
            continue;
        }
        left_ns = CLAMP(-value / COUNTS_PER_NS, ALARM_MIN_NS, ALARM_MAX_NS);
        next = next < 0 ? (int64_t)left_ns : MIN(next, (int64_t)left_ns);
    }
    if (next >= 0) {
        timer_set_ns(&cpu->counter_timer,
                     clock_ns(cpu->cpu.machine->clocks, CLOCK_KIND_VIRTUAL) + next);
    }
}

void riscv_counters_update(RiscvCpu *cpu)
{
    RiscvCounters *counters = &cpu->counters;
    uint32_t running = running_now(cpu), changed = running ^ counters->running;

    for (unsigned n = 0; changed; n++, changed >>= 1) {
        if (changed & 1) {
            set_counter(cpu, n, counter_value(cpu, n));
        }
    }
    counters->running = running;
    counters->filtered = false;
    for (unsigned n = COUNTER_HPM3; n < RISCV_HPM_COUNTERS; n++) {
        counters->filtered |= (counters->event[n] & FILTER_BITS) != 0;
    }
    if (running & ~(uint32_t)FIXED_COUNTS) {
        check_overflow(cpu);
    }
}

void riscv_counters_stop(RiscvCpu *cpu)
{
    for (unsigned n = 0; n < RISCV_HPM_COUNTERS; n++) {
        set_counter(cpu, n, counter_value(cpu, n));
    }
}

void riscv_counters_loaded(RiscvCpu *cpu)
{
    cpu->counters.running = 0;
    riscv_counters_update(cpu);
}

void riscv_counters_mode_changed(RiscvCpu *cpu)
{
    if (cpu->counters.filtered) {
        riscv_counters_update(cpu);
    }
}

static void overflow_work(Cpu *cpu, void *data)
{
    check_overflow(riscv_cpu(cpu));
}

static void alarm_expired(void *opaque)
{
    RiscvCpu *cpu = opaque;

    cpu_run_on(&cpu->cpu, overflow_work, NULL);
}

void riscv_counters_init(RiscvCpu *cpu)
{
    timer_init(&cpu->counter_timer, cpu->cpu.machine->clocks, CLOCK_KIND_VIRTUAL, alarm_expired,
               cpu);
}

void riscv_counters_reset(RiscvCpu *cpu)
{
    timer_cancel(&cpu->counter_timer);
    memset(&cpu->counters, 0, sizeof(cpu->counters));
    cpu->counters.running = FIXED_COUNTS;
}

/* CSRs --------------------------------------------------------------------------------------- */

static bool is_implemented(const RiscvCpu *cpu, unsigned n)
{
    return n < COUNTER_HPM3 ? true : cpu->config.zihpm;
}

static uint64_t read_machine(RiscvCpu *cpu, unsigned n)
{
    return counter_value(cpu, n);
}

static void write_machine(RiscvCpu *cpu, unsigned n, uint64_t value, uint64_t mask)
{
    if (is_implemented(cpu, n)) {
        set_counter(cpu, n, csr_merge(counter_value(cpu, n), value, mask));
        riscv_counters_update(cpu);
    }
}

static uint64_t read_machine_high(RiscvCpu *cpu, unsigned n)
{
    return counter_value(cpu, n) >> 32;
}

static void write_machine_high(RiscvCpu *cpu, unsigned n, uint64_t value, uint64_t mask)
{
    write_machine(cpu, n, value << 32, mask << 32);
}

/* The rows of hpm counters begin at 3. */
static uint64_t read_hpm(RiscvCpu *cpu, unsigned index)
{
    return read_machine(cpu, index + COUNTER_HPM3);
}

static void write_hpm(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    write_machine(cpu, index + COUNTER_HPM3, value, mask);
}

static uint64_t read_hpm_high(RiscvCpu *cpu, unsigned index)
{
    return read_machine_high(cpu, index + COUNTER_HPM3);
}

static void write_hpm_high(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    write_machine_high(cpu, index + COUNTER_HPM3, value, mask);
}

static uint64_t read_event(RiscvCpu *cpu, unsigned index)
{
    return cpu->counters.event[index + COUNTER_HPM3];
}

static void write_event(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    uint64_t *event = &cpu->counters.event[index + COUNTER_HPM3];
    uint64_t writable = EVENT_MASK;

    if (cpu->config.sscofpmf) {
        writable |= HPMEVENT_OF | HPMEVENT_MINH | (cpu->config.s ? HPMEVENT_SINH : 0) |
                    (cpu->config.u ? HPMEVENT_UINH : 0);
    }
    *event = csr_merge(*event, value, mask & writable);
    riscv_counters_update(cpu);
}

static uint64_t read_event_high(RiscvCpu *cpu, unsigned index)
{
    return read_event(cpu, index) >> 32;
}

static void write_event_high(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    write_event(cpu, index, value << 32, mask << 32);
}

/* 3.1.12: time cannot be inhibited */
static void write_inhibit(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    uint64_t writable = UINT32_MAX & ~BIT(COUNTER_TM);

    cpu->csr.mcountinhibit = csr_merge(cpu->csr.mcountinhibit, value, mask & writable);
    riscv_counters_update(cpu);
}

/* 3.1.11: mcounteren guards S and U, scounteren guards U where there is S */
static bool may_read(RiscvCpu *cpu, unsigned n)
{
    if (cpu->priv != RISCV_PRIV_M && !(cpu->csr.mcounteren >> n & 1)) {
        return false;
    }
    return cpu->priv != RISCV_PRIV_U || !cpu->config.s || cpu->csr.scounteren >> n & 1;
}

static bool may_read_hpm(RiscvCpu *cpu, unsigned index)
{
    return may_read(cpu, index + COUNTER_HPM3);
}

/* Row of cycle, time, instret */
static uint64_t read_user(RiscvCpu *cpu, unsigned n)
{
    return n == COUNTER_TM ? riscv_time(cpu) : counter_value(cpu, n);
}

static uint64_t read_user_high(RiscvCpu *cpu, unsigned n)
{
    return read_user(cpu, n) >> 32;
}

/* Sscofpmf: OF of the counters that M-mode lets S-mode see */
static uint64_t read_scountovf(RiscvCpu *cpu, unsigned index)
{
    uint64_t value = 0;

    for (unsigned n = COUNTER_HPM3; n < RISCV_HPM_COUNTERS; n++) {
        value |= cpu->counters.event[n] & HPMEVENT_OF ? BIT(n) : 0;
    }
    return cpu->priv == RISCV_PRIV_M ? value : value & cpu->csr.mcounteren;
}

static bool has_zicntr(const RiscvCpu *cpu)
{
    return cpu->config.zicntr;
}

static bool has_zicntr_rv32(const RiscvCpu *cpu)
{
    return cpu->config.zicntr && cpu->xlen == 32;
}

static bool has_zihpm(const RiscvCpu *cpu)
{
    return cpu->config.zihpm;
}

static bool has_zihpm_rv32(const RiscvCpu *cpu)
{
    return cpu->config.zihpm && cpu->xlen == 32;
}

static bool has_sscofpmf(const RiscvCpu *cpu)
{
    return cpu->config.sscofpmf;
}

static bool has_sscofpmf_rv32(const RiscvCpu *cpu)
{
    return cpu->config.sscofpmf && cpu->xlen == 32;
}

/* mcycle and minstret have a gap between them: there is no mtime. */
static uint64_t read_instret(RiscvCpu *cpu, unsigned index)
{
    return counter_value(cpu, COUNTER_IR);
}

static void write_instret(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    write_machine(cpu, COUNTER_IR, value, mask);
}

static uint64_t read_instret_high(RiscvCpu *cpu, unsigned index)
{
    return counter_value(cpu, COUNTER_IR) >> 32;
}

static void write_instret_high(RiscvCpu *cpu, unsigned index, uint64_t value, uint64_t mask)
{
    write_machine_high(cpu, COUNTER_IR, value, mask);
}

enum { HPM_COUNT = RISCV_HPM_COUNTERS - COUNTER_HPM3 };

const RiscvCsr riscv_counter_csrs[] = {
    { .first = CSR_MCOUNTINHIBIT,
      .name = "mcountinhibit",
      .write = write_inhibit,
      .offset = offsetof(RiscvCpu, csr.mcountinhibit) },
    { .first = CSR_MHPMEVENT3,
      .count = HPM_COUNT,
      .name = "mhpmevent",
      .exists = has_zihpm,
      .read = read_event,
      .write = write_event },
    { .first = CSR_MHPMEVENT3H,
      .count = HPM_COUNT,
      .name = "mhpmeventh",
      .exists = has_sscofpmf_rv32,
      .read = read_event_high,
      .write = write_event_high },
    { .first = CSR_MCYCLE, .name = "mcycle", .read = read_machine, .write = write_machine },
    { .first = CSR_MINSTRET, .name = "minstret", .read = read_instret, .write = write_instret },
    { .first = CSR_MHPMCOUNTER3,
      .count = HPM_COUNT,
      .name = "mhpmcounter",
      .exists = has_zihpm,
      .read = read_hpm,
      .write = write_hpm },
    { .first = CSR_MCYCLEH,
      .name = "mcycleh",
      .exists = riscv_csr_is_rv32,
      .read = read_machine_high,
      .write = write_machine_high },
    { .first = CSR_MINSTRETH,
      .name = "minstreth",
      .exists = riscv_csr_is_rv32,
      .read = read_instret_high,
      .write = write_instret_high },
    { .first = CSR_MHPMCOUNTER3H,
      .count = HPM_COUNT,
      .name = "mhpmcounterh",
      .exists = has_zihpm_rv32,
      .read = read_hpm_high,
      .write = write_hpm_high },
    { .first = CSR_CYCLE,
      .count = COUNTER_HPM3,
      .name = "cycle",
      .exists = has_zicntr,
      .allowed = may_read,
      .read = read_user },
    { .first = CSR_HPMCOUNTER3,
      .count = HPM_COUNT,
      .name = "hpmcounter",
      .exists = has_zihpm,
      .allowed = may_read_hpm,
      .read = read_hpm },
    { .first = CSR_CYCLEH,
      .count = COUNTER_HPM3,
      .name = "cycleh",
      .exists = has_zicntr_rv32,
      .allowed = may_read,
      .read = read_user_high },
    { .first = CSR_HPMCOUNTER3H,
      .count = HPM_COUNT,
      .name = "hpmcounterh",
      .exists = has_zihpm_rv32,
      .allowed = may_read_hpm,
      .read = read_hpm_high },
    { .first = CSR_SCOUNTOVF, .name = "scountovf", .exists = has_sscofpmf, .read = read_scountovf },
    {},
};
