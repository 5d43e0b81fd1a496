/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer of the local APIC: one-shot, periodic, TSC deadline. Spec: SDM vol. 3, 11.5.4. */
#include "hw/intc/local_apic_internal.h"
#include "util/log.h"

/* A guest that asks for more interrupts than a host can make gets this many. */
enum { MIN_PERIOD_NS = 20000 };

static int64_t now_ns(LocalApic *apic)
{
    return clock_ns(apic->clocks, CLOCK_KIND_VIRTUAL);
}

/* Figure 11-10: bits 0, 1 and 3; 7 means 1. */
static unsigned divide_shift(const LocalApic *apic)
{
    unsigned code = (apic->count.divide & 3) | (apic->count.divide >> 1 & 4);
    return (code + 1) & 7;
}

static uint32_t mode(const LocalApic *apic)
{
    return apic->lvt[LVT_TIMER] & LVT_TIMER_MODE;
}

static int64_t period_ns(const LocalApic *apic)
{
    int64_t ns = (int64_t)apic->count.initial_count << divide_shift(apic);
    return mode(apic) == LVT_TIMER_PERIODIC ? MAX(ns, MIN_PERIOD_NS) : ns;
}

void local_apic_timer_run_locked(LocalApic *apic)
{
    LocalApicTimer *count = &apic->count;
    int64_t late_ns = count->counting ? now_ns(apic) - count->expire_ns : -1;
    if (late_ns < 0) {
        return;
    }
    if (mode(apic) == LVT_TIMER_PERIODIC) {
        int64_t period = period_ns(apic);
        count->expire_ns += (late_ns / period + 1) * period; /* ticks nobody saw are one */
    } else {
        count->counting = false;
        if (count->deadline) {
            count->deadline = 0;
            apic->ops->deadline_over(apic->ops_opaque);
        }
    }
    local_apic_lvt_locked(apic, LVT_TIMER);
}

/* A masked timer need not wake anybody, but for the deadline, which must read as 0 then. */
void local_apic_timer_arm_locked(LocalApic *apic)
{
    LocalApicTimer *count = &apic->count;
    if (count->counting && (!(apic->lvt[LVT_TIMER] & LVT_MASKED) || count->deadline)) {
        timer_set_ns(&count->timer, count->expire_ns);
    } else {
        timer_cancel(&count->timer);
    }
}

static void expired(void *opaque)
{
    LocalApic *apic = opaque;
    g_mutex_lock(&apic->lock);
    local_apic_timer_run_locked(apic);
    local_apic_timer_arm_locked(apic);
    g_mutex_unlock(&apic->lock);
}

void local_apic_timer_init(LocalApic *apic)
{
    timer_init(&apic->count.timer, apic->clocks, CLOCK_KIND_VIRTUAL, expired, apic);
}

void local_apic_timer_stop_locked(LocalApic *apic)
{
    LocalApicTimer *count = &apic->count;
    count->counting = false;
    count->initial_count = 0;
    if (count->deadline) {
        count->deadline = 0;
        apic->ops->deadline_over(apic->ops_opaque);
    }
    timer_cancel(&count->timer);
}

/* 11.5.4.1: entering or leaving the deadline mode disarms; between the others the count goes on. */
void local_apic_timer_set_lvt_locked(LocalApic *apic, uint32_t value)
{
    local_apic_timer_run_locked(apic);
    if ((value & LVT_TIMER_MODE) == LVT_TIMER_MODE ||
        ((value & LVT_TIMER_DEADLINE) && !apic->has_deadline)) {
        log_guest_error("apic%u: timer mode %u is reserved\n", apic->id, value >> 17 & 3);
        value &= ~(uint32_t)LVT_TIMER_MODE;
    }
    if ((value ^ apic->lvt[LVT_TIMER]) & LVT_TIMER_DEADLINE) {
        local_apic_timer_stop_locked(apic);
    }
    apic->lvt[LVT_TIMER] = value;
    local_apic_timer_arm_locked(apic);
}

void local_apic_timer_start_locked(LocalApic *apic, uint32_t initial)
{
    LocalApicTimer *count = &apic->count;
    if (mode(apic) == LVT_TIMER_DEADLINE) {
        return; /* 11.5.4.1: writes are ignored */
    }
    local_apic_timer_run_locked(apic);
    count->initial_count = initial;
    count->counting = initial != 0;
    count->expire_ns = now_ns(apic) + period_ns(apic);
    local_apic_timer_arm_locked(apic);
}

/* What is left of the present count is counted at the new speed. */
void local_apic_timer_set_divide_locked(LocalApic *apic, uint32_t divide)
{
    LocalApicTimer *count = &apic->count;
    local_apic_timer_run_locked(apic);
    int64_t now = now_ns(apic);
    uint64_t left = count->counting ? (uint64_t)(count->expire_ns - now) >> divide_shift(apic) : 0;
    count->divide = divide;
    if (count->counting && !count->deadline) {
        count->expire_ns = now + (int64_t)(MIN(left, UINT32_MAX) << divide_shift(apic));
        local_apic_timer_arm_locked(apic);
    }
}

void local_apic_timer_deadline_locked(LocalApic *apic, uint64_t tsc)
{
    LocalApicTimer *count = &apic->count;
    if (mode(apic) != LVT_TIMER_DEADLINE) {
        if (tsc) {
            apic->ops->deadline_over(apic->ops_opaque); /* 11.5.4.1: reads as 0 in other modes */
        }
        return;
    }
    count->deadline = tsc;
    count->counting = tsc != 0;
    if (tsc) {
        count->expire_ns = MAX(apic->ops->tsc_to_ns(apic->ops_opaque, tsc), 0);
        local_apic_timer_run_locked(apic); /* one that has passed fires at once */
    }
    local_apic_timer_arm_locked(apic);
}

uint32_t local_apic_timer_count_locked(LocalApic *apic)
{
    const LocalApicTimer *count = &apic->count;
    if (!count->counting || mode(apic) == LVT_TIMER_DEADLINE) {
        return 0;
    }
    int64_t left = count->expire_ns - now_ns(apic);
    if (left <= 0) {
        if (mode(apic) != LVT_TIMER_PERIODIC) {
            return 0;
        }
        int64_t period = period_ns(apic);
        left = period - -left % period;
    }
    uint64_t ticks = (uint64_t)(left - 1) >> divide_shift(apic);
    return MIN(ticks + 1, count->initial_count);
}
