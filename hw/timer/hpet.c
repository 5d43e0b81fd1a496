/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * High precision event timers: a 64-bit counter of 10 ns and up to 32 comparators.
 * Spec: IA-PC HPET (High Precision Event Timers) Specification 1.0a.
 */
#include "hw/timer/hpet.h"

#include "hw/core/machine.h"
#include "hw/core/sysbus.h"
#include "util/error.h"
#include "util/log.h"

enum { REGION_BYTES = 0x400, TICK_NS = 10, TICK_FS = 10000000, MIN_PERIOD_NS = 20000 };
enum { MIN_TIMERS = 3, MAX_TIMERS = 32, VENDOR = 0x8086, REVISION = 1 };
enum {
    CAPABILITIES = 0x000,
    CONFIG = 0x010,
    STATUS = 0x020,
    COUNTER = 0x0f0,
    TIMERS = 0x100,
    TIMER_BYTES = 0x20,
    TIMER_CONFIG = 0x00,
    TIMER_COMPARATOR = 0x08,
    TIMER_ROUTE = 0x10,
};
enum { CONFIG_ENABLE = 1, CONFIG_LEGACY = 2, CONFIG_WRITABLE = 3 };
enum { CAP_64_BITS = 1 << 13, CAP_LEGACY = 1 << 15 };

/* Timer configuration, 2.3.8 */
enum {
    T_LEVEL = 1 << 1,
    T_INTERRUPT = 1 << 2,
    T_PERIODIC = 1 << 3,
    T_CAN_PERIODIC = 1 << 4,
    T_IS_64_BITS = 1 << 5,
    T_SET_ACCUMULATOR = 1 << 6,
    T_32_BITS = 1 << 8,
    T_ROUTE_SHIFT = 9,
    T_ROUTE = 31 << T_ROUTE_SHIFT,
    T_MESSAGE = 1 << 14,
    T_CAN_MESSAGE = 1 << 15,
    T_WRITABLE =
        T_LEVEL | T_INTERRUPT | T_PERIODIC | T_SET_ACCUMULATOR | T_32_BITS | T_ROUTE | T_MESSAGE,
};

typedef struct Hpet Hpet;

typedef struct {
    Hpet *hpet;
    Timer timer;
    uint32_t config; /* guest state; the upper half, possible routes, is a property of the device */
    uint64_t comparator;
    uint64_t period; /* of a periodic timer: the last value written to the accumulator */
    uint64_t route;  /* message: address above, data below */
} Comparator;

struct Hpet {
    SysbusDevice sysbus;
    MemoryRegion mmio;
    ClockSet *clocks;
    AddressSpace *memory;
    Irq *irqs[HPET_INPUTS], *legacy[HPET_LEGACY_COUNT];
    uint32_t timers, intcap; /* properties */
    bool msi;
    uint64_t config, status;
    uint64_t counter; /* while stopped; else what it would have been at time 0 */
    bool legacy_level[HPET_LEGACY_COUNT]; /* of the two inputs */
    Comparator comparator[MAX_TIMERS];
};

static bool is_enabled(const Hpet *hpet)
{
    return hpet->config & CONFIG_ENABLE;
}

static uint64_t now_ticks(const Hpet *hpet)
{
    return (uint64_t)clock_ns(hpet->clocks, CLOCK_KIND_VIRTUAL) / TICK_NS;
}

static uint64_t counter_now(const Hpet *hpet)
{
    return is_enabled(hpet) ? hpet->counter + now_ticks(hpet) : hpet->counter;
}

static bool is_32_bits(const Comparator *c)
{
    return c->config & T_32_BITS;
}

/* How far the counter must go to reach the comparator; wraps as the timer is wide. */
static uint64_t distance(const Comparator *c, uint64_t counter)
{
    uint64_t ticks = c->comparator - counter;
    return is_32_bits(c) ? (uint32_t)ticks : ticks;
}

/* 2.4.3: in legacy mode timers 0 and 1 take the places of interval timer and clock. */
static Irq *line_of(const Comparator *c)
{
    const Hpet *hpet = c->hpet;
    unsigned index = c - hpet->comparator;
    if ((hpet->config & CONFIG_LEGACY) && index < HPET_LEGACY_COUNT) {
        return hpet->legacy[index];
    }
    return hpet->irqs[(c->config & T_ROUTE) >> T_ROUTE_SHIFT];
}

static void set_status(Comparator *c, bool on)
{
    uint64_t bit = 1ull << (c - c->hpet->comparator);
    c->hpet->status = on ? c->hpet->status | bit : c->hpet->status & ~bit;
}

static bool has_status(const Comparator *c)
{
    return c->hpet->status >> (c - c->hpet->comparator) & 1;
}

/* A level-triggered line follows the status bit. */
static void update_level(const Comparator *c)
{
    if ((c->config & T_LEVEL) && !(c->config & T_MESSAGE)) {
        irq_set(line_of(c), has_status(c) && (c->config & T_INTERRUPT) && is_enabled(c->hpet));
    }
}

static void interrupt(Comparator *c)
{
    if (c->config & T_LEVEL) {
        set_status(c, true); /* 2.3.5: whether the interrupt is enabled or not */
    }
    if (!(c->config & T_INTERRUPT)) {
        return;
    }
    if (c->config & T_MESSAGE) {
        address_space_store(c->hpet->memory, c->route >> 32, 4, ENDIAN_LITTLE, (uint32_t)c->route,
                            (MemTxAttrs){ 0 });
    } else if (c->config & T_LEVEL) {
        update_level(c);
    } else {
        irq_pulse(line_of(c));
    }
}

static void arm(Comparator *c)
{
    Hpet *hpet = c->hpet;
    if (!is_enabled(hpet)) {
        timer_cancel(&c->timer);
        return;
    }
    uint64_t ticks = distance(c, counter_now(hpet));
    int64_t now = clock_ns(hpet->clocks, CLOCK_KIND_VIRTUAL);
    if (ticks == 0) {
        ticks = is_32_bits(c) ? 1ull << 32 : UINT64_MAX; /* it matched already */
    }
    if (ticks > (uint64_t)(INT64_MAX - now) / TICK_NS) {
        timer_cancel(&c->timer); /* after the end of time */
        return;
    }
    int64_t at = (now / TICK_NS + (int64_t)ticks) * TICK_NS;
    timer_set_ns(&c->timer, c->config & T_PERIODIC ? MAX(at, now + MIN_PERIOD_NS) : at);
}

/* 2.3.9.2.2: a periodic comparator goes on by its period, past what was missed. */
static void advance(Comparator *c)
{
    uint64_t counter = counter_now(c->hpet);
    uint64_t late = is_32_bits(c) ? (uint32_t)(counter - c->comparator) : counter - c->comparator;
    uint64_t period = is_32_bits(c) ? (uint32_t)c->period : c->period;
    if (period) {
        c->comparator += (late / period + 1) * period;
        if (is_32_bits(c)) {
            c->comparator = (uint32_t)c->comparator;
        }
    }
}

static void expired(void *opaque)
{
    Comparator *c = opaque;
    if (c->config & T_PERIODIC) {
        advance(c);
    }
    interrupt(c);
    arm(c);
}

static void arm_all(Hpet *hpet)
{
    for (unsigned i = 0; i < hpet->timers; i++) {
        arm(&hpet->comparator[i]);
    }
}

/* What the two legacy lines show: the lines that come in, or nothing until a timer fires. */
static void update_legacy(Hpet *hpet)
{
    for (unsigned i = 0; i < HPET_LEGACY_COUNT; i++) {
        irq_set(hpet->legacy[i], hpet->legacy_level[i] && !(hpet->config & CONFIG_LEGACY));
    }
}

static void legacy_changed(void *opaque, unsigned line, int level)
{
    Hpet *hpet = opaque;
    hpet->legacy_level[line] = level != 0;
    if (!(hpet->config & CONFIG_LEGACY)) {
        irq_set(hpet->legacy[line], level);
    }
}

static void write_config(Hpet *hpet, uint64_t value)
{
    uint64_t old = hpet->config;
    uint64_t counter = counter_now(hpet);
    if (value & ~(uint64_t)CONFIG_WRITABLE) {
        log_guest_error("hpet: reserved bits set in the configuration: %#llx\n",
                        (unsigned long long)value);
    }
    for (unsigned i = 0; i < hpet->timers; i++) { /* lines move or fall silent */
        const Comparator *c = &hpet->comparator[i];
        if ((c->config & T_LEVEL) && has_status(c)) {
            irq_lower(line_of(c));
        }
    }
    hpet->config = value & CONFIG_WRITABLE;
    hpet->counter = is_enabled(hpet) ? counter - now_ticks(hpet) : counter;
    if ((old ^ hpet->config) & CONFIG_LEGACY) {
        update_legacy(hpet);
    }
    for (unsigned i = 0; i < hpet->timers; i++) {
        update_level(&hpet->comparator[i]);
    }
    arm_all(hpet);
}

static void write_status(Hpet *hpet, uint64_t value)
{
    uint64_t cleared = hpet->status & value;
    hpet->status &= ~value;
    for (unsigned i = 0; i < hpet->timers; i++) {
        if (cleared >> i & 1) {
            update_level(&hpet->comparator[i]);
        }
    }
}

static void write_counter(Hpet *hpet, uint64_t value)
{
    if (is_enabled(hpet)) {
        log_guest_error("hpet: the counter was written while it runs\n"); /* 2.3.7 */
        hpet->counter = value - now_ticks(hpet);
    } else {
        hpet->counter = value;
    }
    arm_all(hpet);
}

static void write_timer_config(Comparator *c, uint32_t value)
{
    uint32_t writable = c->hpet->msi ? T_WRITABLE : T_WRITABLE & ~T_MESSAGE;
    if ((c->config & T_LEVEL) && !(value & T_LEVEL)) {
        set_status(c, false);
    }
    if (c->config & T_LEVEL) {
        irq_lower(line_of(c)); /* it may move */
    }
    unsigned route = (value & T_ROUTE) >> T_ROUTE_SHIFT;
    if (!(c->hpet->intcap >> route & 1)) {
        writable &= ~T_ROUTE; /* 2.3.8: an impossible route is not stored */
    }
    c->config = (c->config & ~writable) | (value & writable);
    if (is_32_bits(c)) {
        c->comparator = (uint32_t)c->comparator;
        c->period = (uint32_t)c->period;
    }
    update_level(c);
    arm(c);
}

/* 2.3.9.2.2: with VAL_SET the next write sets the accumulator, else it is the period alone. */
static void write_comparator(Comparator *c, uint64_t value, uint64_t bytes)
{
    if (!(c->config & T_PERIODIC) || (c->config & T_SET_ACCUMULATOR)) {
        c->comparator = (c->comparator & ~bytes) | (value & bytes);
    }
    if (c->config & T_PERIODIC) {
        c->period = (c->period & ~bytes) | (value & bytes);
    }
    if (is_32_bits(c)) {
        c->comparator = (uint32_t)c->comparator;
        c->period = (uint32_t)c->period;
    }
    c->config &= ~(uint32_t)T_SET_ACCUMULATOR;
    arm(c);
}

uint32_t hpet_event_timer_block_id(Device *dev)
{
    const Hpet *hpet = container_of(dev, Hpet, sysbus.device);
    return (uint32_t)VENDOR << 16 | CAP_LEGACY | CAP_64_BITS | (hpet->timers - 1) << 8 | REVISION;
}

static uint64_t read_timer(const Comparator *c, unsigned reg)
{
    switch (reg) {
    case TIMER_CONFIG:
        return (uint64_t)c->hpet->intcap << 32 | c->config | T_CAN_PERIODIC | T_IS_64_BITS |
               (c->hpet->msi ? T_CAN_MESSAGE : 0);
    case TIMER_COMPARATOR: return c->comparator;
    case TIMER_ROUTE: return c->route;
    default: return 0;
    }
}

/* The aligned 64-bit register at @offset. */
static uint64_t read_register(Hpet *hpet, hwaddr offset)
{
    switch (offset) {
    case CAPABILITIES:
        return (uint64_t)TICK_FS << 32 | hpet_event_timer_block_id(&hpet->sysbus.device);
    case CONFIG: return hpet->config;
    case STATUS: return hpet->status;
    case COUNTER: return counter_now(hpet);
    }
    unsigned index = (offset - TIMERS) / TIMER_BYTES;
    if (offset >= TIMERS && index < hpet->timers) {
        return read_timer(&hpet->comparator[index], offset % TIMER_BYTES);
    }
    log_guest_error("hpet: read of reserved offset %#x\n", (unsigned)offset);
    return 0;
}

static uint64_t hpet_read(void *opaque, hwaddr offset, unsigned size)
{
    uint64_t value = read_register(opaque, offset & ~7ull) >> 8 * (offset & 7);
    return size == 8 ? value : (uint32_t)value;
}

static void write_timer(Comparator *c, unsigned reg, uint64_t value, uint64_t bytes)
{
    switch (reg) {
    case TIMER_CONFIG:
        if (bytes & UINT32_MAX) {
            write_timer_config(c, value);
        }
        break;
    case TIMER_COMPARATOR: write_comparator(c, value, bytes); break;
    case TIMER_ROUTE: c->route = (c->route & ~bytes) | (value & bytes); break;
    }
}

/* Half of a register may be written: @bytes are those that count. */
static void write_register(Hpet *hpet, hwaddr offset, uint64_t value, uint64_t bytes)
{
    switch (offset) {
    case CONFIG:
        if (bytes & UINT32_MAX) {
            write_config(hpet, value);
        }
        return;
    case STATUS: write_status(hpet, value & bytes); return;
    case COUNTER: write_counter(hpet, (counter_now(hpet) & ~bytes) | (value & bytes)); return;
    }
    unsigned index = (offset - TIMERS) / TIMER_BYTES;
    if (offset >= TIMERS && index < hpet->timers) {
        write_timer(&hpet->comparator[index], offset % TIMER_BYTES, value, bytes);
        return;
    }
    log_guest_error("hpet: write of read-only or reserved offset %#x\n", (unsigned)offset);
}

static void hpet_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    unsigned shift = 8 * (offset & 7);
    uint64_t bytes = size == 8 ? UINT64_MAX : (uint64_t)UINT32_MAX << shift;
    write_register(opaque, offset & ~7ull, value << shift, bytes);
}

/* 2.3.1: accesses of 32 and 64 bits */
static const MemoryOps hpet_ops = {
    .read = hpet_read, .write = hpet_write, .min_access = 4, .max_access = 8
};

static bool hpet_realize(Device *dev, GError **errp)
{
    Hpet *hpet = container_of(dev, Hpet, sysbus.device);
    Machine *machine = device_machine(dev);
    hpet->clocks = machine->clocks;
    hpet->memory = &machine->memory;
    for (unsigned i = 0; i < MAX_TIMERS; i++) {
        Comparator *c = &hpet->comparator[i];
        c->hpet = hpet;
        timer_init(&c->timer, hpet->clocks, CLOCK_KIND_VIRTUAL, expired, c);
    }
    memory_region_init_io(&hpet->mmio, &dev->object, &hpet_ops, hpet, "hpet", REGION_BYTES);
    sysbus_add_mmio(&hpet->sysbus, &hpet->mmio);
    device_add_irq_inputs(dev, NULL, legacy_changed, hpet, HPET_LEGACY_COUNT);
    device_add_irq_outputs(dev, NULL, hpet->irqs, HPET_INPUTS);
    device_add_irq_outputs(dev, "legacy", hpet->legacy, HPET_LEGACY_COUNT);
    return true;
}

static void hpet_unrealize(Device *dev)
{
    Hpet *hpet = container_of(dev, Hpet, sysbus.device);
    for (unsigned i = 0; i < MAX_TIMERS; i++) {
        timer_cancel(&hpet->comparator[i].timer);
    }
}

static void hpet_reset(Device *dev)
{
    Hpet *hpet = container_of(dev, Hpet, sysbus.device);
    for (unsigned i = 0; i < hpet->timers; i++) {
        Comparator *c = &hpet->comparator[i];
        if ((c->config & T_LEVEL) && has_status(c)) {
            irq_lower(line_of(c));
        }
        c->config = 0;
        c->comparator = UINT64_MAX;
        c->period = c->route = 0;
        timer_cancel(&c->timer);
    }
    hpet->config = hpet->status = hpet->counter = 0;
    update_legacy(hpet);
}

static bool hpet_post_load(void *opaque, uint32_t version, GError **errp)
{
    Hpet *hpet = opaque;
    bool legal = !(hpet->config & ~(uint64_t)CONFIG_WRITABLE);
    for (unsigned i = 0; i < MAX_TIMERS; i++) {
        const Comparator *c = &hpet->comparator[i];
        legal = legal && !(c->config & ~(uint32_t)T_WRITABLE) &&
                (hpet->msi || !(c->config & T_MESSAGE)) &&
                (!is_32_bits(c) || (c->comparator <= UINT32_MAX && c->period <= UINT32_MAX));
    }
    if (!legal) {
        error_set(errp, "hpet: the saved registers cannot be");
        return false;
    }
    arm_all(hpet);
    return true;
}

static const Property hpet_properties[] = {
    PROPERTY_U32("timers", Hpet, timers, MIN_TIMERS, .min = MIN_TIMERS, .max = MAX_TIMERS,
                 .help = "comparators"),
    PROPERTY_U32("hpet-intcap", Hpet, intcap, 0x00ff0104,
                 .help = "inputs of the I/O APIC that timers may use, one bit each"),
    PROPERTY_BOOL("msi", Hpet, msi, false, .help = "timers can send messages"),
    {},
};

static const VmState comparator_vmstate = {
    .name = "hpet-timer",
    .version = 1,
    .fields =
        (const VmField[]){
            VM_U32(Comparator, config),
            VM_U64(Comparator, comparator),
            VM_U64(Comparator, period),
            VM_U64(Comparator, route),
            {},
        },
};

/* Timers are armed from these. */
static const VmState hpet_vmstate = {
    .version = 1,
    .post_load = hpet_post_load,
    .fields =
        (const VmField[]){
            VM_U64(Hpet, config),
            VM_U64(Hpet, status),
            VM_U64(Hpet, counter),
            VM_BOOL_ARRAY(Hpet, legacy_level),
            VM_STRUCT_ARRAY(Hpet, comparator, comparator_vmstate, Comparator),
            {},
        },
};

const DeviceClass hpet_class = {
    .object = { .name = "hpet",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(Hpet),
                .properties = hpet_properties },
    .summary = "High precision event timers",
    .category = DEVICE_CATEGORY_MISC,
    .realize = hpet_realize,
    .unrealize = hpet_unrealize,
    .reset = hpet_reset,
    .vmstate = &hpet_vmstate,
};
CLASS_REGISTER(hpet_class);
