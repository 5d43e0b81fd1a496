/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goldfish real-time clock: time of day in nanoseconds, with one alarm.
 * Spec: Goldfish virtual hardware, "Goldfish timer" and "Goldfish RTC"; "google,goldfish-rtc"
 * binding.
 */
#include "hw/core/host_input.h"
#include "hw/core/machine.h"
#include "hw/core/sysbus.h"
#include "util/log.h"

enum {
    TIME_LOW = 0x00,
    TIME_HIGH = 0x04,
    ALARM_LOW = 0x08,
    ALARM_HIGH = 0x0c,
    IRQ_ENABLED = 0x10,
    CLEAR_ALARM = 0x14,
    ALARM_STATUS = 0x18,
    CLEAR_INTERRUPT = 0x1c,
    REGION_BYTES = 0x24,
};

typedef struct {
    SysbusDevice sysbus;
    MemoryRegion mmio;
    Irq *irq;
    Timer timer;
    Machine *machine;
    /* guest state */
    uint64_t offset_ns; /* guest time minus -rtc time; a write of TIME_LOW changes it. Survives
                           reset, as a battery would */
    uint64_t alarm_ns;
    uint32_t time_high;  /* TIME_HIGH belongs to the last TIME_LOW read */
    uint32_t write_high; /* TIME_HIGH as written, taken over by the next TIME_LOW */
    uint32_t alarm_high;
    bool alarm_running, irq_pending, irq_enabled;
} GoldfishRtc;

static uint64_t now_ns(GoldfishRtc *rtc)
{
    return (uint64_t)host_input_wall_ns(rtc->machine) + rtc->offset_ns;
}

static void update_irq(GoldfishRtc *rtc)
{
    irq_set(rtc->irq, rtc->irq_pending && rtc->irq_enabled);
}

/* Fires now if the alarm lies in the past; a timer that cannot count that far tries again when it
 * expires. */
static void update_alarm(GoldfishRtc *rtc)
{
    timer_cancel(&rtc->timer);
    if (!rtc->alarm_running) {
        return;
    }
    uint64_t now = now_ns(rtc);
    if (rtc->alarm_ns <= now) {
        rtc->alarm_running = false;
        rtc->irq_pending = true;
        update_irq(rtc);
        return;
    }
    int64_t delay = MIN(rtc->alarm_ns - now, (uint64_t)INT64_MAX / 4);
    timer_set_ns(&rtc->timer, clock_ns(rtc->machine->clocks, CLOCK_KIND_VIRTUAL) + delay);
}

static void alarm_expired(void *opaque)
{
    update_alarm(opaque);
}

static uint64_t goldfish_rtc_read(void *opaque, hwaddr offset, unsigned size)
{
    GoldfishRtc *rtc = opaque;
    switch (offset) {
    case TIME_LOW: {
        uint64_t now = now_ns(rtc);
        rtc->time_high = now >> 32;
        return (uint32_t)now;
    }
    case TIME_HIGH: return rtc->time_high;
    case ALARM_LOW: return (uint32_t)rtc->alarm_ns;
    case ALARM_HIGH: return rtc->alarm_ns >> 32;
    case IRQ_ENABLED: return rtc->irq_enabled;
    case ALARM_STATUS: return rtc->alarm_running;
    }
    log_guest_error("goldfish-rtc: read of write-only or reserved offset %#x\n", (unsigned)offset);
    return 0;
}

static void goldfish_rtc_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    GoldfishRtc *rtc = opaque;
    switch (offset) {
    case TIME_LOW:
        rtc->offset_ns += ((uint64_t)rtc->write_high << 32 | (uint32_t)value) - now_ns(rtc);
        update_alarm(rtc);
        return;
    case TIME_HIGH: rtc->write_high = value; return;
    case ALARM_LOW:
        rtc->alarm_ns = (uint64_t)rtc->alarm_high << 32 | (uint32_t)value;
        rtc->alarm_running = true;
        update_alarm(rtc);
        return;
    case ALARM_HIGH: rtc->alarm_high = value; return;
    case IRQ_ENABLED:
        rtc->irq_enabled = value & 1;
        update_irq(rtc);
        return;
    case CLEAR_ALARM:
        rtc->alarm_running = false;
        update_alarm(rtc);
        return;
    case CLEAR_INTERRUPT:
        rtc->irq_pending = false;
        update_irq(rtc);
        return;
    }
    log_guest_error("goldfish-rtc: write of read-only or reserved offset %#x\n", (unsigned)offset);
}

static const MemoryOps goldfish_rtc_ops = {
    .read = goldfish_rtc_read,
    .write = goldfish_rtc_write,
    .min_access = 4,
    .max_access = 4,
};

static bool goldfish_rtc_realize(Device *dev, GError **errp)
{
    GoldfishRtc *rtc = container_of(dev, GoldfishRtc, sysbus.device);
    rtc->machine = device_machine(dev);
    timer_init(&rtc->timer, rtc->machine->clocks, CLOCK_KIND_VIRTUAL, alarm_expired, rtc);
    memory_region_init_io(&rtc->mmio, &dev->object, &goldfish_rtc_ops, rtc, "goldfish-rtc",
                          REGION_BYTES);
    sysbus_add_mmio(&rtc->sysbus, &rtc->mmio);
    sysbus_add_irq(&rtc->sysbus, &rtc->irq);
    return true;
}

static void goldfish_rtc_unrealize(Device *dev)
{
    timer_cancel(&container_of(dev, GoldfishRtc, sysbus.device)->timer);
}

static void goldfish_rtc_reset(Device *dev)
{
    GoldfishRtc *rtc = container_of(dev, GoldfishRtc, sysbus.device);
    rtc->alarm_ns = 0;
    rtc->time_high = rtc->write_high = rtc->alarm_high = 0;
    rtc->alarm_running = rtc->irq_pending = rtc->irq_enabled = false;
    timer_cancel(&rtc->timer);
    update_irq(rtc);
}

static bool goldfish_rtc_post_load(void *opaque, uint32_t version, GError **errp)
{
    update_alarm(opaque);
    update_irq(opaque);
    return true;
}

static const VmState goldfish_rtc_vmstate = {
    .version = 1,
    .post_load = goldfish_rtc_post_load,
    .fields =
        (const VmField[]){
            VM_U64(GoldfishRtc, offset_ns),
            VM_U64(GoldfishRtc, alarm_ns),
            VM_U32(GoldfishRtc, time_high),
            VM_U32(GoldfishRtc, write_high),
            VM_U32(GoldfishRtc, alarm_high),
            VM_BOOL(GoldfishRtc, alarm_running),
            VM_BOOL(GoldfishRtc, irq_pending),
            VM_BOOL(GoldfishRtc, irq_enabled),
            {},
        },
};

static const DeviceClass goldfish_rtc_class = {
    .object = { .name = "goldfish-rtc",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(GoldfishRtc) },
    .summary = "Goldfish real-time clock",
    .realize = goldfish_rtc_realize,
    .unrealize = goldfish_rtc_unrealize,
    .reset = goldfish_rtc_reset,
    .vmstate = &goldfish_rtc_vmstate,
};
CLASS_REGISTER(goldfish_rtc_class);
