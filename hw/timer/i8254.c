/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 8254 programmable interval timer. Nothing counts: values and outputs follow from the time at
 * which a counter was loaded. Only counter 0, which interrupts, needs a timer.
 * Spec: Intel 8254 data sheet (231164-005).
 */
#include "hw/timer/i8254.h"

#include "hw/core/machine.h"
#include "util/error.h"
#include "util/log.h"

enum { COUNTERS = 3, CONTROL = 3, NS_PER_S = 1000000000 };
enum { RW_LATCH, RW_LOW, RW_HIGH, RW_BOTH };
enum { SELECT_READ_BACK = 3, READ_BACK_NO_COUNT = 0x20, READ_BACK_NO_STATUS = 0x10 };
enum { STATUS_OUTPUT = 0x80, STATUS_NULL_COUNT = 0x40 };
enum { MIN_INTERRUPT_TICKS = 24 }; /* 20 us: faster ones are merged */

typedef struct {
    uint8_t mode, rw;
    bool bcd, gate;
    bool loaded;  /* a count was written since the control word */
    bool running; /* else .elapsed holds */
    bool low_written, high_next;
    uint8_t low;         /* first byte of a count that is being written */
    uint32_t count;      /* 1 to 65536 */
    uint32_t next_count; /* takes over at switch_ticks; 0: none */
    int64_t start_ticks, switch_ticks;
    int64_t elapsed;
    uint8_t latched_bytes; /* of latch, still to be read */
    uint16_t latch;
    bool status_latched;
    uint8_t status;
} Counter;

typedef struct {
    IsaDevice isa;
    MemoryRegion ports;
    ClockSet *clocks;
    Irq *irq;
    Timer timer;
    Counter counter[COUNTERS];
    int64_t next_ticks; /* when counter 0 interrupts; -1: never */
} I8254;

static int64_t now_ticks(const I8254 *pit)
{
    return (__int128)clock_ns(pit->clocks, CLOCK_KIND_VIRTUAL) * I8254_HZ / NS_PER_S;
}

static int64_t ticks_to_ns(int64_t ticks)
{
    return ((__int128)ticks * NS_PER_S + I8254_HZ - 1) / I8254_HZ;
}

static bool is_periodic(const Counter *counter)
{
    return counter->mode == 2 || counter->mode == 3;
}

static bool is_triggered(const Counter *counter)
{
    return counter->mode == 1 || counter->mode == 5;
}

/* A count written to a running periodic counter waits for the end of the period. */
static void settle(Counter *counter, int64_t now)
{
    if (counter->next_count && now >= counter->switch_ticks) {
        counter->count = counter->next_count;
        counter->start_ticks = counter->switch_ticks;
        counter->next_count = 0;
    }
}

static int64_t elapsed_ticks(const Counter *counter, int64_t now)
{
    return counter->running ? now - counter->start_ticks : counter->elapsed;
}

static bool output_at(const Counter *counter, int64_t now)
{
    if (!counter->loaded) {
        return counter->mode != 0;
    }
    int64_t elapsed = elapsed_ticks(counter, now);
    switch (counter->mode) {
    case 0: return elapsed >= counter->count;
    case 1: return elapsed >= counter->count; /* elapsed is INT64_MAX before a trigger */
    case 2: return !counter->gate || elapsed % counter->count != counter->count - 1;
    case 3: return !counter->gate || elapsed % counter->count < (counter->count + 1) / 2;
    default: return elapsed != counter->count;
    }
}

static uint16_t to_bcd(unsigned value)
{
    return value / 1000 % 10 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10;
}

static unsigned from_bcd(uint16_t value)
{
    return (value >> 12) * 1000 + (value >> 8 & 15) * 100 + (value >> 4 & 15) * 10 + (value & 15);
}

static uint16_t value_at(const Counter *counter, int64_t now)
{
    unsigned modulus = counter->bcd ? 10000 : 0x10000;
    int64_t elapsed = elapsed_ticks(counter, now);
    int64_t value;
    if (counter->mode == 2) {
        value = counter->count - elapsed % counter->count;
    } else if (counter->mode == 3) { /* counts twice as fast, twice a period */
        value = (counter->count - elapsed * 2 % counter->count) & ~1u;
    } else if (elapsed == INT64_MAX) {
        value = counter->count;
    } else {
        value = counter->count - elapsed % modulus + modulus; /* goes on below zero */
    }
    value %= modulus;
    return counter->bcd ? to_bcd(value) : value;
}

/* When the output of counter 0 rises next, after @now; -1: never. */
static int64_t next_rise(const Counter *counter, int64_t now)
{
    if (!counter->loaded || !counter->running) {
        return -1;
    }
    if (is_periodic(counter)) {
        if (counter->next_count) {
            return counter->switch_ticks;
        }
        return now + counter->count - (now - counter->start_ticks) % counter->count;
    }
    int64_t rise = counter->start_ticks + counter->count + (counter->mode >= 4);
    return rise > now ? rise : -1;
}

/* The line follows the output, but for the low part of periods, which is shown at their end. */
static void arm(I8254 *pit, int64_t now)
{
    const Counter *counter = &pit->counter[0];
    pit->next_ticks = next_rise(counter, now);
    if (pit->next_ticks < 0) {
        timer_cancel(&pit->timer);
        return;
    }
    if (is_periodic(counter)) {
        pit->next_ticks = MAX(pit->next_ticks, now + MIN_INTERRUPT_TICKS);
    }
    timer_set_ns(&pit->timer, ticks_to_ns(pit->next_ticks));
}

static void expired(void *opaque)
{
    I8254 *pit = opaque;
    int64_t now = now_ticks(pit);
    settle(&pit->counter[0], now);
    irq_lower(pit->irq);
    irq_raise(pit->irq);
    arm(pit, now);
}

static void changed(I8254 *pit, unsigned index, int64_t now)
{
    if (index == 0) {
        bool up = is_periodic(&pit->counter[0]) || output_at(&pit->counter[0], now);
        irq_set(pit->irq, up);
        arm(pit, now);
    }
}

static void write_control(I8254 *pit, uint8_t value)
{
    int64_t now = now_ticks(pit);
    Counter *counter = &pit->counter[value >> 6];
    counter->mode = value >> 1 & 7;
    if (counter->mode > 5) {
        counter->mode -= 4; /* bit 2 is not decoded in modes 2 and 3 */
    }
    counter->rw = value >> 4 & 3;
    counter->bcd = value & 1;
    counter->loaded = counter->running = false;
    counter->low_written = counter->high_next = false;
    counter->latched_bytes = 0;
    counter->status_latched = false;
    counter->next_count = 0;
    counter->elapsed = 0;
    changed(pit, value >> 6, now);
}

static void latch_count(Counter *counter, int64_t now)
{
    if (counter->latched_bytes == 0) {
        settle(counter, now);
        counter->latch = value_at(counter, now);
        counter->latched_bytes = counter->rw == RW_BOTH ? 2 : 1;
        if (counter->rw == RW_HIGH) {
            counter->latch >>= 8;
        }
        counter->high_next = false;
    }
}

static void latch_status(Counter *counter, int64_t now)
{
    if (!counter->status_latched) {
        settle(counter, now);
        counter->status = (output_at(counter, now) ? STATUS_OUTPUT : 0) |
                          (!counter->loaded || counter->next_count ? STATUS_NULL_COUNT : 0) |
                          counter->rw << 4 | counter->mode << 1 | counter->bcd;
        counter->status_latched = true;
    }
}

static void write_command(I8254 *pit, uint8_t value)
{
    int64_t now = now_ticks(pit);
    if (value >> 6 != SELECT_READ_BACK) {
        if ((value >> 4 & 3) == RW_LATCH) {
            latch_count(&pit->counter[value >> 6], now);
        } else {
            write_control(pit, value);
        }
        return;
    }
    for (unsigned i = 0; i < COUNTERS; i++) {
        if (value >> (i + 1) & 1) {
            if (!(value & READ_BACK_NO_COUNT)) {
                latch_count(&pit->counter[i], now);
            }
            if (!(value & READ_BACK_NO_STATUS)) {
                latch_status(&pit->counter[i], now);
            }
        }
    }
}

/* A whole count has arrived. */
static void load(I8254 *pit, unsigned index, uint16_t value)
{
    Counter *counter = &pit->counter[index];
    int64_t now = now_ticks(pit);
    uint32_t count = counter->bcd ? from_bcd(value) : value;
    if (!count) {
        count = counter->bcd ? 10000 : 0x10000;
    }
    if (is_periodic(counter) && count == 1) {
        log_guest_error("i8254: counter %u: count 1 is illegal in mode %u\n", index, counter->mode);
        count = 2;
    }
    settle(counter, now);
    if (is_triggered(counter)) {
        bool first = !counter->loaded;
        counter->elapsed = first ? INT64_MAX : counter->elapsed;
        counter->loaded = true;
        if (first || !counter->running) {
            counter->count = count;
        } else {
            counter->next_count = count; /* the next trigger takes it */
            counter->switch_ticks = INT64_MAX;
        }
    } else if (is_periodic(counter) && counter->loaded && counter->running) {
        int64_t elapsed = now - counter->start_ticks;
        counter->next_count = count;
        counter->switch_ticks = now + counter->count - elapsed % counter->count;
    } else {
        counter->count = count;
        counter->next_count = 0;
        counter->loaded = true;
        counter->start_ticks = now;
        counter->elapsed = 0;
        counter->running = counter->gate;
    }
    changed(pit, index, now);
}

static void write_count(I8254 *pit, unsigned index, uint8_t value)
{
    Counter *counter = &pit->counter[index];
    if (counter->rw == RW_LOW) {
        load(pit, index, value);
    } else if (counter->rw == RW_HIGH) {
        load(pit, index, value << 8);
    } else if (!counter->low_written) {
        counter->low_written = true;
        counter->low = value;
        if (counter->mode == 0) { /* "writing the first byte disables counting", output low */
            counter->loaded = counter->running = false;
            counter->elapsed = 0;
            changed(pit, index, now_ticks(pit));
        }
    } else {
        counter->low_written = false;
        load(pit, index, value << 8 | counter->low);
    }
}

static uint8_t read_count(I8254 *pit, unsigned index)
{
    Counter *counter = &pit->counter[index];
    if (counter->status_latched) {
        counter->status_latched = false;
        return counter->status;
    }
    if (counter->latched_bytes) {
        uint8_t byte = counter->latch;
        counter->latch >>= 8;
        counter->latched_bytes--;
        return byte;
    }
    int64_t now = now_ticks(pit);
    settle(counter, now);
    uint16_t value = value_at(counter, now);
    bool high = counter->rw == RW_HIGH || (counter->rw == RW_BOTH && counter->high_next);
    counter->high_next = counter->rw == RW_BOTH && !counter->high_next;
    return high ? value >> 8 : value;
}

static uint64_t i8254_read(void *opaque, hwaddr port, unsigned size)
{
    if (port == CONTROL) {
        log_guest_error("i8254: the control word cannot be read\n");
        return 0xff;
    }
    return read_count(opaque, port);
}

static void i8254_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    if (port == CONTROL) {
        write_command(opaque, value);
    } else {
        write_count(opaque, port, value);
    }
}

/* Table "gate pin operations summary" */
void i8254_set_gate(Device *dev, bool up)
{
    I8254 *pit = container_of(dev, I8254, isa.device);
    Counter *counter = &pit->counter[2];
    int64_t now = now_ticks(pit);
    if (up == counter->gate) {
        return;
    }
    settle(counter, now);
    counter->gate = up;
    if (!counter->loaded) {
        return;
    }
    if (is_triggered(counter) && !up) {
        return; /* what was triggered goes on */
    }
    if (up) {
        if (counter->next_count) {
            counter->count = counter->next_count;
            counter->next_count = 0;
        }
        bool resumes = counter->mode == 0 || counter->mode == 4;
        counter->start_ticks = resumes ? now - counter->elapsed : now;
        counter->running = true;
    } else {
        counter->elapsed = elapsed_ticks(counter, now);
        counter->running = false;
    }
}

bool i8254_gate(Device *dev)
{
    return container_of(dev, I8254, isa.device)->counter[2].gate;
}

bool i8254_output(Device *dev)
{
    I8254 *pit = container_of(dev, I8254, isa.device);
    int64_t now = now_ticks(pit);
    settle(&pit->counter[2], now);
    return output_at(&pit->counter[2], now);
}

static const MemoryOps i8254_ops = {
    .read = i8254_read, .write = i8254_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

static bool i8254_setup(IsaDevice *isa, GError **errp)
{
    I8254 *pit = container_of(isa, I8254, isa);
    pit->clocks = device_machine(&isa->device)->clocks;
    timer_init(&pit->timer, pit->clocks, CLOCK_KIND_VIRTUAL, expired, pit);
    memory_region_init_io(&pit->ports, &isa->device.object, &i8254_ops, pit, "pit", 4);
    isa_add_ports(isa, &pit->ports, 0x40);
    pit->irq = isa_irq(isa, 0);
    device_add_irq_outputs(&isa->device, NULL, &pit->irq, 1);
    return true;
}

static void i8254_cleanup(IsaDevice *isa)
{
    timer_cancel(&container_of(isa, I8254, isa)->timer);
}

/* The data sheet leaves all undefined at power-up: here, counting 65536 in mode 3. */
static void i8254_reset(Device *dev)
{
    I8254 *pit = container_of(dev, I8254, isa.device);
    for (unsigned i = 0; i < COUNTERS; i++) {
        pit->counter[i] = (Counter){ .gate = i != 2, .count = 0x10000 };
        write_control(pit, i << 6 | RW_BOTH << 4 | 3 << 1);
        if (i != 0) { /* counter 0 is silent until it is programmed */
            load(pit, i, 0);
        }
    }
    irq_lower(pit->irq);
}

static bool counter_post_load(void *opaque, uint32_t version, GError **errp)
{
    Counter *counter = opaque;
    bool legal = counter->mode <= 5 && counter->rw <= RW_BOTH && counter->count >= 1 &&
                 counter->count <= 0x10000 && counter->next_count <= 0x10000 &&
                 !(is_periodic(counter) && counter->next_count == 1) &&
                 counter->latched_bytes <= 2 && counter->elapsed >= 0 &&
                 counter->start_ticks >= 0 && counter->start_ticks <= INT64_MAX / 4 &&
                 counter->switch_ticks >= 0 &&
                 (counter->elapsed <= INT64_MAX / 4 || is_triggered(counter));
    if (!legal) {
        error_set(errp, "i8254: a saved counter cannot be");
    }
    return legal;
}

static bool i8254_post_load(void *opaque, uint32_t version, GError **errp)
{
    I8254 *pit = opaque;
    arm(pit, now_ticks(pit));
    return true;
}

static const VmState counter_vmstate = {
    .name = "i8254-counter",
    .version = 1,
    .post_load = counter_post_load,
    .fields =
        (const VmField[]){
            VM_U8(Counter, mode),
            VM_U8(Counter, rw),
            VM_BOOL(Counter, bcd),
            VM_BOOL(Counter, gate),
            VM_BOOL(Counter, loaded),
            VM_BOOL(Counter, running),
            VM_BOOL(Counter, low_written),
            VM_BOOL(Counter, high_next),
            VM_U8(Counter, low),
            VM_U32(Counter, count),
            VM_U32(Counter, next_count),
            VM_I64(Counter, start_ticks),
            VM_I64(Counter, switch_ticks),
            VM_I64(Counter, elapsed),
            VM_U8(Counter, latched_bytes),
            VM_U16(Counter, latch),
            VM_BOOL(Counter, status_latched),
            VM_U8(Counter, status),
            {},
        },
};

/* The timer is armed again from the counter. */
static const VmState i8254_vmstate = {
    .version = 1,
    .post_load = i8254_post_load,
    .fields = (const VmField[]){ VM_STRUCT_ARRAY(I8254, counter, counter_vmstate, Counter), {} },
};

const IsaDeviceClass i8254_class = {
    .device = { .object = { .name = "isa-pit",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(I8254) },
                .summary = "8254 interval timer",
                .category = DEVICE_CATEGORY_MISC,
                .reset = i8254_reset,
                .vmstate = &i8254_vmstate },
    .setup = i8254_setup,
    .cleanup = i8254_cleanup,
};
CLASS_REGISTER(i8254_class);
