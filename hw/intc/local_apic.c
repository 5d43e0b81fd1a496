/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APIC of an x86 processor, in its xAPIC and x2APIC modes.
 * Spec: SDM vol. 3, chapter 11 "Advanced Programmable Interrupt Controller".
 *
 * Most accesses come from the processor itself, so that the lock of the APIC is free as a rule and
 * the machine lock is only taken to tell I/O APICs of the end of an interrupt.
 */
#include "hw/intc/local_apic.h"

#include <string.h>

#include "hw/core/machine.h"
#include "hw/intc/local_apic_internal.h"
#include "util/atomic.h"
#include "util/error.h"
#include "util/log.h"

/* Offset >> 4; x2APIC registers have the same numbers (tables 11-1, 11-6). */
enum {
    REG_ID = 0x02,
    REG_VERSION = 0x03,
    REG_TPR = 0x08,
    REG_APR = 0x09,
    REG_PPR = 0x0a,
    REG_EOI = 0x0b,
    REG_RRD = 0x0c,
    REG_LDR = 0x0d,
    REG_DFR = 0x0e,
    REG_SVR = 0x0f,
    REG_ISR = 0x10,
    REG_TMR = 0x18,
    REG_IRR = 0x20,
    REG_ESR = 0x28,
    REG_ICR = 0x30,
    REG_ICR_HIGH = 0x31,
    REG_LVT = 0x32,
    REG_LVT_LAST = REG_LVT + LVT_COUNT - 1,
    REG_INITIAL_COUNT = 0x38,
    REG_CURRENT_COUNT = 0x39,
    REG_DIVIDE = 0x3e,
    REG_SELF_IPI = 0x3f,
};
enum {
    ESR_SEND_VECTOR = 1 << 5,
    ESR_RECEIVE_VECTOR = 1 << 6,
    ESR_REGISTER = 1 << 7,
};
enum {
    VERSION = 1 << 24 | (LVT_COUNT - 1) << 16 | 0x14, /* broadcast of EOIs can be suppressed */
    SVR_MASK = 0x13ff,
    ICR_MASK = 0xcfff, /* and the shorthand */
    ICR_SHORTHAND = 3 << 18,
    ICR_ASSERT = 1 << 14,
    LINT0_EXTINT = APIC_EXTINT << LVT_MODE_SHIFT,
};

/* What a guest can write into each entry (figure 11-8); delivery status and remote IRR it cannot.
 */
static const uint32_t lvt_masks[LVT_COUNT] = {
    [LVT_TIMER] = 0x700ff, [LVT_THERMAL] = 0x107ff, [LVT_PERFORMANCE] = 0x107ff,
    [LVT_LINT0] = 0x1a7ff, [LVT_LINT1] = 0x1a7ff,   [LVT_ERROR] = 0x100ff,
};

static LocalApic *apic_of(void *opaque)
{
    return container_of((Device *)opaque, LocalApic, sysbus.device);
}

static void vector_set(uint32_t *bits, uint8_t vector, bool on)
{
    uint32_t bit = 1u << vector % 32;
    bits[vector / 32] = on ? bits[vector / 32] | bit : bits[vector / 32] & ~bit;
}

static bool vector_test(const uint32_t *bits, uint8_t vector)
{
    return bits[vector / 32] >> vector % 32 & 1;
}

static int highest_vector(const uint32_t *bits)
{
    for (int word = 7; word >= 0; word--) {
        if (bits[word]) {
            return word * 32 + 31 - __builtin_clz(bits[word]);
        }
    }
    return -1;
}

/* 11.8.3.1 */
static uint8_t processor_priority(const LocalApic *apic)
{
    int in_service = MAX(highest_vector(apic->isr), 0);
    return apic->tpr >> 4 >= in_service >> 4 ? apic->tpr : in_service & 0xf0;
}

uint8_t local_apic_priority(LocalApic *apic)
{
    g_mutex_lock(&apic->lock);
    uint8_t priority = processor_priority(apic);
    g_mutex_unlock(&apic->lock);
    return priority;
}

/* The vector that may interrupt the processor now, or -1. */
static int deliverable_vector(const LocalApic *apic)
{
    int vector = highest_vector(apic->irr);
    if (vector < 0 || !(apic->svr & APIC_SVR_ENABLE) || !(apic->base & APIC_BASE_ENABLE)) {
        return -1;
    }
    return vector >> 4 > processor_priority(apic) >> 4 ? vector : -1;
}

/* 8259 interrupts bypass priorities (11.5.1); a disabled APIC leaves LINT0 as the INTR pin. */
static bool extint_wanted(const LocalApic *apic)
{
    if (!(apic->base & APIC_BASE_ENABLE)) {
        return apic->lint[0];
    }
    return apic->extint || (apic->lint[0] && (apic->lvt[LVT_LINT0] & 0x10700) == LINT0_EXTINT);
}

static void update_intr(LocalApic *apic)
{
    bool wanted = deliverable_vector(apic) >= 0 || extint_wanted(apic);
    if (wanted != apic->intr) {
        apic->intr = wanted;
        apic->ops->set_intr(apic->ops_opaque, wanted);
    }
}

static void note_error(LocalApic *apic, uint32_t error)
{
    bool first = !(apic->errors & error);
    apic->errors |= error;
    if (first) {
        local_apic_lvt_locked(apic, LVT_ERROR);
    }
}

static void request(LocalApic *apic, uint8_t vector, bool level)
{
    if (vector < 16) {
        if (!(apic->errors & ESR_RECEIVE_VECTOR)) {
            apic->errors |= ESR_RECEIVE_VECTOR;
            uint32_t lvt = apic->lvt[LVT_ERROR];
            if (!(lvt & LVT_MASKED) && (lvt & 0xff) >= 16) {
                request(apic, lvt & 0xff, false);
            }
        }
        return;
    }
    vector_set(apic->irr, vector, true);
    vector_set(apic->tmr, vector, level);
    update_intr(apic);
}

void local_apic_lvt_locked(LocalApic *apic, unsigned entry)
{
    uint32_t lvt = apic->lvt[entry];
    if (lvt & LVT_MASKED) {
        return;
    }
    if (entry == LVT_TIMER || entry == LVT_ERROR) {
        request(apic, lvt & 0xff, false);
        return;
    }
    switch (lvt >> LVT_MODE_SHIFT & 7) {
    case APIC_FIXED: {
        bool level = entry == LVT_LINT0 && (lvt & LVT_LEVEL);
        if (level) {
            if (lvt & LVT_REMOTE_IRR) {
                return;
            }
            apic->lvt[entry] |= LVT_REMOTE_IRR;
        }
        request(apic, lvt & 0xff, level);
        break;
    }
    case APIC_SMI: apic->ops->smi(apic->ops_opaque); break;
    case APIC_NMI: apic->ops->nmi(apic->ops_opaque); break;
    case APIC_INIT: apic->ops->init(apic->ops_opaque); break;
    case APIC_EXTINT: update_intr(apic); break;
    default: break; /* reserved */
    }
}

static bool entry_is_level(uint32_t lvt)
{
    return (lvt & LVT_LEVEL) && (lvt >> LVT_MODE_SHIFT & 7) == APIC_FIXED;
}

static void lint_changed(void *opaque, unsigned pin, int level)
{
    LocalApic *apic = opaque;
    g_mutex_lock(&apic->lock);
    bool rising = level && !apic->lint[pin];
    apic->lint[pin] = level != 0;
    if (!(apic->base & APIC_BASE_ENABLE)) {
        if (pin == 1 && rising) {
            apic->ops->nmi(apic->ops_opaque); /* 11.4.3: the pins are INTR and NMI then */
        }
    } else if (rising) {
        local_apic_lvt_locked(apic, LVT_LINT0 + pin);
    }
    update_intr(apic);
    g_mutex_unlock(&apic->lock);
}

void local_apic_accept(LocalApic *apic, const ApicMessage *message)
{
    switch (message->mode) {
    case APIC_SMI: apic->ops->smi(apic->ops_opaque); return;
    case APIC_NMI: apic->ops->nmi(apic->ops_opaque); return;
    case APIC_INIT: apic->ops->init(apic->ops_opaque); return;
    case APIC_STARTUP: apic->ops->sipi(apic->ops_opaque, message->vector); return;
    }
    g_mutex_lock(&apic->lock);
    if (message->mode == APIC_EXTINT) {
        apic->extint = true;
        update_intr(apic);
    } else if (apic->svr & APIC_SVR_ENABLE) { /* 11.4.7.2 */
        request(apic, message->vector, message->level);
    }
    g_mutex_unlock(&apic->lock);
}

int local_apic_acknowledge(void *opaque)
{
    LocalApic *apic = apic_of(opaque);
    g_mutex_lock(&apic->lock);
    int vector = deliverable_vector(apic);
    bool external = vector < 0 && extint_wanted(apic);
    if (vector >= 0) {
        vector_set(apic->irr, vector, false);
        vector_set(apic->isr, vector, true);
    } else if (external) {
        apic->extint = false;
    }
    update_intr(apic);
    g_mutex_unlock(&apic->lock);
    return external ? local_apic_bus_extint(apic->bus) : vector;
}

/* A level-triggered pin that is still up asks again (11.5.1, remote IRR). */
static void end_lint0(LocalApic *apic, uint8_t vector)
{
    uint32_t lvt = apic->lvt[LVT_LINT0];
    if ((lvt & LVT_REMOTE_IRR) && (lvt & 0xff) == vector) {
        apic->lvt[LVT_LINT0] &= ~(uint32_t)LVT_REMOTE_IRR;
        if (apic->lint[0] && entry_is_level(lvt)) {
            local_apic_lvt_locked(apic, LVT_LINT0);
        }
    }
}

/* 11.8.5. Unlocks in between: I/O APICs may send again. */
static void end_of_interrupt(LocalApic *apic)
{
    int vector = highest_vector(apic->isr);
    if (vector < 0) {
        return;
    }
    vector_set(apic->isr, vector, false);
    bool level = vector_test(apic->tmr, vector);
    if (level) {
        end_lint0(apic, vector);
    }
    update_intr(apic);
    if (level && !(apic->svr & APIC_SVR_NO_BROADCAST)) {
        g_mutex_unlock(&apic->lock);
        local_apic_bus_eoi(apic->bus, vector);
        g_mutex_lock(&apic->lock);
    }
}

/* 11.6.1. Called unlocked. */
static void send_ipi(LocalApic *apic, uint64_t icr, bool wide)
{
    ApicMessage message = {
        .destination = wide ? icr >> 32 : icr >> 56,
        .vector = icr & 0xff,
        .mode = icr >> 8 & 7,
        .shorthand = icr >> 18 & 3,
        .wide = wide,
        .logical = icr >> 11 & 1,
        .level = false, /* 11.6.1: IPIs are edges whatever bit 15 says */
    };
    bool fixed = message.mode == APIC_FIXED || message.mode == APIC_LOWEST_PRIORITY;
    if (message.mode == APIC_RESERVED || message.mode == APIC_EXTINT) {
        log_guest_error("apic%u: IPI with a reserved delivery mode %u\n", apic->id, message.mode);
        return;
    }
    if (fixed && message.vector < 16) {
        g_mutex_lock(&apic->lock);
        note_error(apic, ESR_SEND_VECTOR);
        g_mutex_unlock(&apic->lock);
        return;
    }
    if (message.mode == APIC_INIT && !(icr & ICR_ASSERT)) {
        return; /* INIT level de-assert: only arbitration IDs, which there are none of */
    }
    if (!fixed && (message.shorthand == APIC_TO_SELF || message.shorthand == APIC_TO_ALL)) {
        log_guest_error("apic%u: IPI to itself with delivery mode %u\n", apic->id, message.mode);
        if (message.mode != APIC_NMI && message.mode != APIC_SMI) {
            return; /* table 11-3: invalid */
        }
    }
    local_apic_bus_deliver(apic->bus, apic, &message);
}

static uint32_t read_id(const LocalApic *apic)
{
    return local_apic_is_x2apic(apic) ? apic->id : apic->id << 24;
}

static uint32_t read_register(LocalApic *apic, unsigned index)
{
    switch (index) {
    case REG_ID: return read_id(apic);
    case REG_VERSION: return VERSION;
    case REG_TPR: return apic->tpr;
    case REG_APR:
    case REG_RRD: return 0; /* not in processors since the Pentium 4 */
    case REG_PPR: return processor_priority(apic);
    case REG_LDR: return apic->ldr;
    case REG_DFR: return apic->dfr;
    case REG_SVR: return apic->svr;
    case REG_ESR: return apic->esr;
    case REG_ICR: return (uint32_t)apic->icr;
    case REG_ICR_HIGH: return apic->icr >> 32;
    case REG_INITIAL_COUNT: return apic->count.initial_count;
    case REG_CURRENT_COUNT: return local_apic_timer_count_locked(apic);
    case REG_DIVIDE: return apic->count.divide;
    }
    if (index >= REG_ISR && index < REG_TMR) {
        return apic->isr[index - REG_ISR];
    }
    if (index >= REG_TMR && index < REG_IRR) {
        return apic->tmr[index - REG_TMR];
    }
    if (index >= REG_IRR && index < REG_ESR) {
        return apic->irr[index - REG_IRR];
    }
    if (index >= REG_LVT && index <= REG_LVT_LAST) {
        return apic->lvt[index - REG_LVT];
    }
    log_guest_error("apic%u: read of register %#x, which cannot be read\n", apic->id, index);
    note_error(apic, ESR_REGISTER);
    return 0;
}

static void write_lvt(LocalApic *apic, unsigned entry, uint32_t value)
{
    value &= lvt_masks[entry];
    if (!(apic->svr & APIC_SVR_ENABLE)) {
        value |= LVT_MASKED; /* 11.4.7.2 */
    }
    if (entry == LVT_TIMER) {
        local_apic_timer_set_lvt_locked(apic, value);
        return;
    }
    if (entry_is_level(value)) {
        value |= apic->lvt[entry] & LVT_REMOTE_IRR;
    }
    apic->lvt[entry] = value;
    if (entry == LVT_LINT0 && apic->lint[0] && entry_is_level(value)) {
        local_apic_lvt_locked(apic, entry);
    }
    update_intr(apic);
}

static void write_svr(LocalApic *apic, uint32_t value)
{
    bool disabled = !(value & APIC_SVR_ENABLE);
    atomic_set(&apic->svr, value & SVR_MASK);
    if (disabled) {
        for (unsigned i = 0; i < LVT_COUNT; i++) {
            write_lvt(apic, i, apic->lvt[i]);
        }
    }
    update_intr(apic);
}

/* Entered and left with the lock held; two registers open it in between. */
static void write_register(LocalApic *apic, unsigned index, uint32_t value)
{
    switch (index) {
    case REG_TPR:
        apic->tpr = value & 0xff;
        update_intr(apic);
        return;
    case REG_EOI: end_of_interrupt(apic); return;
    case REG_LDR: atomic_set(&apic->ldr, value & 0xff000000); return;
    case REG_DFR: atomic_set(&apic->dfr, value | 0x0fffffff); return;
    case REG_SVR: write_svr(apic, value); return;
    case REG_ESR:
        apic->esr = apic->errors;
        apic->errors = 0;
        return;
    case REG_ICR: {
        uint64_t icr = (apic->icr & 0xffffffff00000000) | (value & (ICR_MASK | ICR_SHORTHAND));
        apic->icr = icr;
        g_mutex_unlock(&apic->lock);
        send_ipi(apic, icr, false);
        g_mutex_lock(&apic->lock);
        return;
    }
    case REG_ICR_HIGH:
        apic->icr = (uint32_t)apic->icr | (uint64_t)(value & 0xff000000) << 32;
        return;
    case REG_INITIAL_COUNT: local_apic_timer_start_locked(apic, value); return;
    case REG_DIVIDE: local_apic_timer_set_divide_locked(apic, value & 0xb); return;
    }
    if (index >= REG_LVT && index <= REG_LVT_LAST) {
        write_lvt(apic, index - REG_LVT, value);
        return;
    }
    log_guest_error("apic%u: write of %#x to read-only or reserved register %#x\n", apic->id, value,
                    index);
    note_error(apic, ESR_REGISTER);
}

/* In x2APIC mode and when disabled, nothing answers at the page of registers (11.12.2, 11.4.3). */
static bool mmio_is_on(const LocalApic *apic)
{
    return (apic->base & (APIC_BASE_ENABLE | APIC_BASE_X2APIC)) == APIC_BASE_ENABLE;
}

uint32_t local_apic_mmio_read(LocalApic *apic, unsigned index)
{
    g_mutex_lock(&apic->lock);
    uint32_t value = mmio_is_on(apic) ? read_register(apic, index) : UINT32_MAX;
    g_mutex_unlock(&apic->lock);
    return value;
}

void local_apic_mmio_write(LocalApic *apic, unsigned index, uint32_t value)
{
    g_mutex_lock(&apic->lock);
    if (mmio_is_on(apic)) {
        write_register(apic, index, value);
    }
    g_mutex_unlock(&apic->lock);
}

/* Table 11-6 */
static bool x2apic_is_readable(unsigned index)
{
    switch (index) {
    case REG_APR:
    case REG_RRD:
    case REG_EOI:
    case REG_DFR:
    case REG_ICR_HIGH:
    case REG_SELF_IPI: return false;
    case REG_ID:
    case REG_VERSION:
    case REG_TPR:
    case REG_PPR:
    case REG_LDR:
    case REG_SVR:
    case REG_ESR:
    case REG_INITIAL_COUNT:
    case REG_CURRENT_COUNT:
    case REG_DIVIDE: return true;
    }
    return index >= REG_ISR && index <= REG_LVT_LAST && (index < REG_ESR || index >= REG_ICR);
}

bool local_apic_read_msr(void *opaque, unsigned index, uint64_t *value)
{
    LocalApic *apic = apic_of(opaque);
    if (!local_apic_is_x2apic(apic) || !x2apic_is_readable(index)) {
        return false;
    }
    g_mutex_lock(&apic->lock);
    *value = index == REG_ICR ? apic->icr : read_register(apic, index);
    g_mutex_unlock(&apic->lock);
    return true;
}

/* Which bits of an x2APIC register may be set: others raise #GP (11.12.1.3); 0 with *none: no such
 * register to write. */
static bool x2apic_writable_bits(unsigned index, uint64_t *bits)
{
    switch (index) {
    case REG_TPR:
    case REG_SELF_IPI: *bits = 0xff; return true;
    case REG_EOI:
    case REG_ESR: *bits = 0; return true;
    case REG_SVR: *bits = SVR_MASK; return true;
    case REG_ICR: *bits = 0xffffffff00000000 | ICR_MASK | ICR_SHORTHAND; return true;
    case REG_INITIAL_COUNT: *bits = UINT32_MAX; return true;
    case REG_DIVIDE: *bits = 0xb; return true;
    }
    if (index >= REG_LVT && index <= REG_LVT_LAST) {
        *bits = lvt_masks[index - REG_LVT] | LVT_STATUS | LVT_REMOTE_IRR;
        return true;
    }
    return false;
}

bool local_apic_write_msr(void *opaque, unsigned index, uint64_t value)
{
    LocalApic *apic = apic_of(opaque);
    uint64_t bits;
    if (!local_apic_is_x2apic(apic) || !x2apic_writable_bits(index, &bits) || (value & ~bits)) {
        return false;
    }
    if (index == REG_ICR) {
        atomic_set(&apic->icr, value);
        send_ipi(apic, value, true);
        return true;
    }
    if (index == REG_SELF_IPI) {
        send_ipi(apic, value | (uint64_t)APIC_TO_SELF << 18, true);
        return true;
    }
    g_mutex_lock(&apic->lock);
    write_register(apic, index, value);
    g_mutex_unlock(&apic->lock);
    return true;
}

uint8_t local_apic_get_tpr(void *opaque)
{
    return apic_of(opaque)->tpr;
}

void local_apic_set_tpr(void *opaque, uint8_t tpr)
{
    LocalApic *apic = apic_of(opaque);
    g_mutex_lock(&apic->lock);
    apic->tpr = tpr;
    update_intr(apic);
    g_mutex_unlock(&apic->lock);
}

void local_apic_set_deadline(void *opaque, uint64_t tsc)
{
    LocalApic *apic = apic_of(opaque);
    g_mutex_lock(&apic->lock);
    local_apic_timer_deadline_locked(apic, tsc);
    g_mutex_unlock(&apic->lock);
}

/* Table 11-1, "value after power-up, reset, INIT" (11.4.7.1); the ID and the pins stay. */
static void clear_registers(LocalApic *apic)
{
    local_apic_timer_stop_locked(apic);
    apic->count.divide = 0;
    apic->tpr = 0;
    atomic_set(&apic->svr, 0xff);
    atomic_set(&apic->dfr, UINT32_MAX);
    atomic_set(&apic->ldr, 0);
    memset(apic->isr, 0, sizeof(apic->isr));
    memset(apic->tmr, 0, sizeof(apic->tmr));
    memset(apic->irr, 0, sizeof(apic->irr));
    for (unsigned i = 0; i < LVT_COUNT; i++) {
        apic->lvt[i] = LVT_MASKED;
    }
    apic->esr = apic->errors = 0;
    apic->icr = 0;
    apic->extint = false;
}

/* 11.12.10.2: derived from the ID, not writable */
static void enter_x2apic(LocalApic *apic)
{
    atomic_set(&apic->ldr, (apic->id >> 4) << 16 | 1u << (apic->id & 0xf));
}

/* The processor may have forgotten what it was told. */
static void tell_intr(LocalApic *apic)
{
    apic->intr = false;
    apic->ops->set_intr(apic->ops_opaque, false);
    update_intr(apic);
}

void local_apic_init(void *opaque)
{
    LocalApic *apic = apic_of(opaque);
    g_mutex_lock(&apic->lock);
    clear_registers(apic);
    if (local_apic_is_x2apic(apic)) {
        enter_x2apic(apic); /* INIT keeps the mode (11.12.5.1) */
    }
    tell_intr(apic);
    g_mutex_unlock(&apic->lock);
}

uint64_t local_apic_get_base(void *opaque)
{
    return atomic_read(&apic_of(opaque)->base);
}

/* Figure 11-27: legal changes of mode. */
static bool base_is_legal(const LocalApic *apic, uint64_t value)
{
    uint64_t reserved = ~0xffffffffffd00ull | (apic->has_x2apic ? 0 : APIC_BASE_X2APIC);
    bool on = value & APIC_BASE_ENABLE, x2 = value & APIC_BASE_X2APIC;
    bool was_on = apic->base & APIC_BASE_ENABLE, was_x2 = apic->base & APIC_BASE_X2APIC;
    if ((value & reserved) || (x2 && !on)) {
        return false;
    }
    return !(was_x2 && on && !x2) && !(!was_on && x2);
}

static void place_pages(LocalApic *apic)
{
    bool locked = machine_lock_held();
    if (!locked) {
        machine_lock();
    }
    local_apic_bus_place_pages(apic->bus);
    if (!locked) {
        machine_unlock();
    }
}

bool local_apic_set_base(void *opaque, uint64_t value)
{
    LocalApic *apic = apic_of(opaque);
    g_mutex_lock(&apic->lock);
    bool legal = base_is_legal(apic, value);
    uint64_t changed = legal ? value ^ apic->base : 0;
    bool elsewhere = (changed & ~0xfffull) || (changed && local_apic_page(apic) != LOCAL_APIC_BASE);
    if (legal) {
        atomic_set(&apic->base, value);
        if ((changed & APIC_BASE_ENABLE) && !(value & APIC_BASE_ENABLE)) {
            clear_registers(apic);
        }
        if (changed & value & APIC_BASE_X2APIC) {
            enter_x2apic(apic);
            apic->icr &= UINT32_MAX;
        }
        update_intr(apic);
    }
    g_mutex_unlock(&apic->lock);
    if (elsewhere) {
        place_pages(apic);
    }
    return legal;
}

void local_apic_connect(Device *dev, Device *bus, unsigned index, const LocalApicCpuOps *ops,
                        void *ops_opaque)
{
    LocalApic *apic = apic_of(dev);
    g_assert(index < LOCAL_APIC_MAX && !dev->realized);
    apic->bus = container_of(bus, LocalApicBus, sysbus.device);
    apic->index = index;
    apic->ops = ops;
    apic->ops_opaque = ops_opaque;
}

static bool apic_realize(Device *dev, GError **errp)
{
    LocalApic *apic = apic_of(dev);
    if (!apic->bus) {
        error_set(errp, "%s: an APIC belongs to a processor and cannot stand alone",
                  dev->object.name);
        return false;
    }
    apic->clocks = device_machine(dev)->clocks;
    apic->has_deadline = apic->has_deadline && apic->ops->tsc_to_ns;
    g_mutex_init(&apic->lock);
    local_apic_timer_init(apic);
    device_add_irq_inputs(dev, NULL, lint_changed, apic, 2);
    /* both pair with the acquire loads of senders */
    atomic_store_release(&apic->bus->apics[apic->index], apic);
    if (apic->index >= apic->bus->count) {
        atomic_store_release(&apic->bus->count, apic->index + 1);
    }
    return true;
}

static void apic_unrealize(Device *dev)
{
    LocalApic *apic = apic_of(dev);
    atomic_store_release(&apic->bus->apics[apic->index], NULL);
    timer_cancel(&apic->count.timer);
    g_mutex_clear(&apic->lock);
}

/* Until something programs it, the first processor takes 8259 interrupts, as firmware leaves it for
 * systems that know no APIC. */
static void apic_reset(Device *dev)
{
    LocalApic *apic = apic_of(dev);
    bool elsewhere = local_apic_page(apic) != LOCAL_APIC_BASE;
    g_mutex_lock(&apic->lock);
    atomic_set(&apic->base,
               LOCAL_APIC_BASE | APIC_BASE_ENABLE | (apic->index == 0 ? APIC_BASE_BSP : 0));
    clear_registers(apic);
    if (apic->index == 0) {
        apic->lvt[LVT_LINT0] = LINT0_EXTINT;
    }
    tell_intr(apic);
    g_mutex_unlock(&apic->lock);
    if (elsewhere) {
        place_pages(apic);
    }
}

static bool apic_post_load(void *opaque, uint32_t version, GError **errp)
{
    LocalApic *apic = opaque;
    LocalApicTimer *count = &apic->count;
    uint64_t base = apic->base;
    apic->base = LOCAL_APIC_BASE | APIC_BASE_ENABLE;
    bool legal = base_is_legal(apic, base);
    apic->base = base;
    for (unsigned i = 0; i < LVT_COUNT; i++) {
        legal = legal && !(apic->lvt[i] & ~(lvt_masks[i] | LVT_REMOTE_IRR));
    }
    uint32_t mode = apic->lvt[LVT_TIMER] & LVT_TIMER_MODE;
    legal = legal && mode != LVT_TIMER_MODE &&
            !(mode && apic->has_deadline == false && mode == LVT_TIMER_DEADLINE);
    legal = legal && !(apic->svr & ~(uint32_t)SVR_MASK) && !(count->divide & ~0xbu);
    legal = legal && (mode == LVT_TIMER_DEADLINE || !count->deadline) && count->expire_ns >= 0;
    legal = legal && !(apic->irr[0] & 0xffff) && !(apic->isr[0] & 0xffff);
    if (!legal) {
        error_set(errp, "apic%u: the saved registers contradict each other", apic->id);
        return false;
    }
    g_mutex_lock(&apic->lock);
    count->counting = count->counting && (mode == LVT_TIMER_DEADLINE || count->initial_count);
    local_apic_timer_arm_locked(apic);
    tell_intr(apic);
    g_mutex_unlock(&apic->lock);
    place_pages(apic);
    return true;
}

static const Property apic_properties[] = {
    PROPERTY_U32("id", LocalApic, id, 0, .min = 0, .max = UINT32_MAX - 1, .help = "APIC ID"),
    PROPERTY_BOOL("x2apic", LocalApic, has_x2apic, true, .help = "has the x2APIC mode"),
    PROPERTY_BOOL("tsc-deadline", LocalApic, has_deadline, true,
                  .help = "the timer has the TSC deadline mode"),
    {},
};

/* The timer itself is armed from these; intr is derived. */
static const VmState apic_vmstate = {
    .version = 1,
    .post_load = apic_post_load,
    .fields =
        (const VmField[]){
            VM_U64(LocalApic, base),
            VM_U32(LocalApic, ldr),
            VM_U32(LocalApic, dfr),
            VM_U32(LocalApic, svr),
            VM_U8(LocalApic, tpr),
            VM_U32_ARRAY(LocalApic, isr),
            VM_U32_ARRAY(LocalApic, tmr),
            VM_U32_ARRAY(LocalApic, irr),
            VM_U32_ARRAY(LocalApic, lvt),
            VM_U32(LocalApic, esr),
            VM_U32(LocalApic, errors),
            VM_U64(LocalApic, icr),
            VM_BOOL_ARRAY(LocalApic, lint),
            VM_BOOL(LocalApic, extint),
            VM_U32(LocalApic, count.initial_count),
            VM_U32(LocalApic, count.divide),
            VM_BOOL(LocalApic, count.counting),
            VM_I64(LocalApic, count.expire_ns),
            VM_U64(LocalApic, count.deadline),
            {},
        },
};

const DeviceClass local_apic_class = {
    .object = { .name = "apic",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(LocalApic),
                .properties = apic_properties },
    .summary = "Local APIC of a processor",
    .category = DEVICE_CATEGORY_MISC,
    .realize = apic_realize,
    .unrealize = apic_unrealize,
    .reset = apic_reset,
    .vmstate = &apic_vmstate,
};
CLASS_REGISTER(local_apic_class);
