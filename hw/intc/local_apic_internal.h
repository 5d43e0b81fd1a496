/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the local APIC: local_apic.c has the registers, local_apic_timer.c the timer,
 * local_apic_bus.c the way of messages. */
#pragma once

#include "hw/core/sysbus.h"
#include "hw/intc/local_apic.h"
#include "util/timer.h"

typedef struct LocalApic LocalApic;
typedef struct LocalApicBus LocalApicBus;

enum {
    APIC_BASE_BSP = 1 << 8,
    APIC_BASE_X2APIC = 1 << 10,
    APIC_BASE_ENABLE = 1 << 11,
    APIC_SVR_ENABLE = 1 << 8,
    APIC_SVR_NO_BROADCAST = 1 << 12,
};
enum { LVT_TIMER, LVT_THERMAL, LVT_PERFORMANCE, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };
enum {
    LVT_STATUS = 1 << 12,
    LVT_REMOTE_IRR = 1 << 14,
    LVT_LEVEL = 1 << 15,
    LVT_MASKED = 1 << 16,
    LVT_MODE_SHIFT = 8,
    LVT_TIMER_PERIODIC = 1 << 17,
    LVT_TIMER_DEADLINE = 2 << 17,
    LVT_TIMER_MODE = 3 << 17,
};
typedef enum {
    APIC_FIXED,
    APIC_LOWEST_PRIORITY,
    APIC_SMI,
    APIC_RESERVED,
    APIC_NMI,
    APIC_INIT,
    APIC_STARTUP,
    APIC_EXTINT
} ApicDeliveryMode;
typedef enum { APIC_TO_FIELD, APIC_TO_SELF, APIC_TO_ALL, APIC_TO_OTHERS } ApicShorthand;

/* One interrupt message (SDM vol. 3, 11.6.1, 11.11). */
typedef struct {
    uint32_t destination;
    uint8_t vector;
    uint8_t mode;      /* ApicDeliveryMode */
    uint8_t shorthand; /* ApicShorthand */
    bool wide;         /* destination has 32 bits, from an x2APIC */
    bool logical, level;
} ApicMessage;

/* The count of one period ends at expire_ns. */
typedef struct {
    Timer timer;
    uint32_t initial_count;
    uint32_t divide; /* register */
    bool counting;
    int64_t expire_ns; /* guest time */
    uint64_t deadline; /* IA32_TSC_DEADLINE */
} LocalApicTimer;

/* All guest state is guarded by .lock, which is taken after the machine lock. */
struct LocalApic {
    SysbusDevice sysbus;
    LocalApicBus *bus; /* wiring */
    unsigned index;
    const LocalApicCpuOps *ops;
    void *ops_opaque;
    ClockSet *clocks;
    uint32_t id; /* properties */
    bool has_x2apic, has_deadline;
    GMutex lock;
    uint64_t base; /* IA32_APIC_BASE; this and the next three are read by senders: atomic */
    uint32_t ldr, dfr, svr;
    uint8_t tpr;
    uint32_t isr[8], tmr[8], irr[8];
    uint32_t lvt[LVT_COUNT];
    uint32_t esr, errors; /* as read; since the last write of it */
    uint64_t icr;
    bool lint[2]; /* levels of the pins */
    bool extint;  /* an ExtINT message waits */
    LocalApicTimer count;
    bool intr; /* derived: what the processor was told */
};

/* A page to which IA32_APIC_BASE moved the registers of some processors. */
typedef struct {
    LocalApicBus *bus;
    MemoryRegion region;
    hwaddr at; /* 0: nowhere; atomic */
} ApicPage;
enum { APIC_PAGES = 4 };

struct LocalApicBus {
    SysbusDevice sysbus;
    MemoryRegion mmio;
    ApicPage pages[APIC_PAGES];
    LocalApic **apics; /* by processor number; entries atomic, NULL where there is none */
    unsigned count;    /* atomic: highest number + 1 */
    uint32_t rotate;   /* atomic: who is first in the next arbitration among equals */
    struct {
        void (*fn)(void *opaque, uint8_t vector);
        void *opaque;
    } eoi[4];
    unsigned eoi_count;
    int (*extint)(void *opaque);
    void *extint_opaque;
};

static inline hwaddr local_apic_page(const LocalApic *apic)
{
    return __atomic_load_n(&apic->base, __ATOMIC_RELAXED) & ~0xfffull;
}

static inline bool local_apic_is_x2apic(const LocalApic *apic)
{
    return __atomic_load_n(&apic->base, __ATOMIC_RELAXED) & APIC_BASE_X2APIC;
}

/* local_apic.c */
uint32_t local_apic_mmio_read(LocalApic *apic, unsigned index);
void local_apic_mmio_write(LocalApic *apic, unsigned index, uint32_t value);
/** local_apic_accept - a message that is for this APIC */
void local_apic_accept(LocalApic *apic, const ApicMessage *message);
/** local_apic_priority - class and sub-class that arbitration compares */
uint8_t local_apic_priority(LocalApic *apic);
/** local_apic_lvt_locked - the local source of entry @entry asks; masked entries do nothing */
void local_apic_lvt_locked(LocalApic *apic, unsigned entry);

/* local_apic_timer.c */
void local_apic_timer_init(LocalApic *apic);
void local_apic_timer_stop_locked(LocalApic *apic);
/** local_apic_timer_run_locked - what the present LVT entry says about time up to now; call before
 * the entry or the divider changes, and local_apic_timer_arm_locked() after */
void local_apic_timer_run_locked(LocalApic *apic);
void local_apic_timer_arm_locked(LocalApic *apic);
void local_apic_timer_set_lvt_locked(LocalApic *apic, uint32_t value);
void local_apic_timer_start_locked(LocalApic *apic, uint32_t count);
void local_apic_timer_set_divide_locked(LocalApic *apic, uint32_t divide);
void local_apic_timer_deadline_locked(LocalApic *apic, uint64_t tsc);
uint32_t local_apic_timer_count_locked(LocalApic *apic);

/* local_apic_bus.c */
void local_apic_bus_deliver(LocalApicBus *bus, LocalApic *from, const ApicMessage *message);
void local_apic_bus_eoi(LocalApicBus *bus, uint8_t vector);
int local_apic_bus_extint(LocalApicBus *bus);
/** local_apic_bus_place_pages - registers appear where the processors moved them. Context: machine
 * lock held, none of an APIC's */
void local_apic_bus_place_pages(LocalApicBus *bus);
