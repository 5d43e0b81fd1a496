/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MC146818A real-time clock with 114 bytes of memory. The time of day is that of -rtc plus an
 * offset, which is all that setting the clock changes; flags are found out when somebody looks, and
 * a timer runs only while an interrupt is enabled.
 * Spec: Motorola MC146818A data sheet; PIIX4 data sheet (290562), section 10, for the PC's
 * registers.
 */
#include "hw/rtc/mc146818.h"

#include "hw/core/host_input.h"
#include "hw/core/machine.h"
#include "util/error.h"
#include "util/log.h"

enum {
    SECONDS,
    SECONDS_ALARM,
    MINUTES,
    MINUTES_ALARM,
    HOURS,
    HOURS_ALARM,
    WEEKDAY,
    DAY,
    MONTH,
    YEAR,
    REG_A,
    REG_B,
    REG_C,
    REG_D,
    CENTURY_PS2 = 0x37
};
enum { A_UIP = 0x80, A_DIVIDER = 0x70, A_DIVIDER_RESET = 0x60, A_RATE = 0x0f, A_RUNNING = 0x20 };
enum {
    B_SET = 0x80,
    B_PERIODIC = 0x40,
    B_ALARM = 0x20,
    B_UPDATE = 0x10,
    B_SQUARE_WAVE = 0x08,
    B_BINARY = 0x04,
    B_24_HOURS = 0x02,
};
enum { C_IRQ = 0x80, C_PERIODIC = 0x40, C_ALARM = 0x20, C_UPDATE = 0x10 };
enum { D_VALID = 0x80, HOUR_PM = 0x80, ALARM_ANY = 0xc0 };
enum { CRYSTAL_HZ = 32768, DAY_SECONDS = 86400, MAX_COALESCED = 1000 };

static const int64_t second_ns = 1000000000, update_ns = 244000;

/* "slew": ticks that the guest was too slow to take are delivered later, faster. */
typedef enum { TICKS_DISCARD, TICKS_SLEW } LostTicks;
static const char *const lost_ticks_names[] = { "discard", "slew", NULL };

typedef struct {
    IsaDevice isa;
    MemoryRegion ports;
    Machine *machine;
    Irq *irq;
    Timer timer; /* update and alarm interrupts */
    Timer periodic_timer;
    int lost_ticks; /* properties */
    uint16_t iobase;
    /* guest state */
    uint8_t cmos[MC146818_BYTES]; /* time only while it stands still */
    uint8_t index;
    int64_t offset_ns;    /* guest's time of day minus that of -rtc */
    int64_t seen_seconds; /* flags are up to date to here */
    int64_t seen_ticks;   /* of the crystal, for the periodic flag */
    uint32_t coalesced;   /* periodic interrupts that are owed */
} Rtc;

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* How far a moment is into its second. */
static int64_t phase_of(int64_t ns)
{
    int64_t phase_ns = ns % second_ns;
    return phase_ns < 0 ? phase_ns + second_ns : phase_ns;
}

static bool is_running(const Rtc *rtc)
{
    return !(rtc->cmos[REG_B] & B_SET) && (rtc->cmos[REG_A] & A_DIVIDER) < A_DIVIDER_RESET;
}

static int64_t now_ns(const Rtc *rtc)
{
    return (int64_t)((uint64_t)host_input_wall_ns(rtc->machine) + (uint64_t)rtc->offset_ns);
}

static int64_t now_ticks(const Rtc *rtc)
{
    return (__int128)clock_ns(rtc->machine->clocks, CLOCK_KIND_VIRTUAL) * CRYSTAL_HZ / second_ns;
}

/* Ticks of the crystal between periodic interrupts (table 5); 0: none. */
static unsigned period_ticks(const Rtc *rtc)
{
    unsigned rate = rtc->cmos[REG_A] & A_RATE;
    if (!rate || (rtc->cmos[REG_A] & A_DIVIDER) >= A_DIVIDER_RESET) {
        return 0;
    }
    return 1 << ((rate <= 2 ? rate + 7 : rate) - 1);
}

/* --- the calendar --- */

static uint8_t encode(const Rtc *rtc, unsigned value)
{
    return rtc->cmos[REG_B] & B_BINARY ? value : value / 10 << 4 | value % 10;
}

static unsigned decode(const Rtc *rtc, uint8_t value)
{
    return rtc->cmos[REG_B] & B_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

static uint8_t encode_hour(const Rtc *rtc, unsigned hour)
{
    if (rtc->cmos[REG_B] & B_24_HOURS) {
        return encode(rtc, hour);
    }
    return encode(rtc, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? HOUR_PM : 0);
}

static unsigned decode_hour(const Rtc *rtc, uint8_t value)
{
    if (rtc->cmos[REG_B] & B_24_HOURS) {
        return decode(rtc, value);
    }
    return decode(rtc, value & ~HOUR_PM) % 12 + (value & HOUR_PM ? 12 : 0);
}

static void store_time(Rtc *rtc, int64_t seconds)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    if (!date) {
        return; /* beyond year 9999 */
    }
    rtc->cmos[SECONDS] = encode(rtc, g_date_time_get_second(date));
    rtc->cmos[MINUTES] = encode(rtc, g_date_time_get_minute(date));
    rtc->cmos[HOURS] = encode_hour(rtc, g_date_time_get_hour(date));
    rtc->cmos[WEEKDAY] = encode(rtc, g_date_time_get_day_of_week(date) % 7 + 1);
    rtc->cmos[DAY] = encode(rtc, g_date_time_get_day_of_month(date));
    rtc->cmos[MONTH] = encode(rtc, g_date_time_get_month(date));
    rtc->cmos[YEAR] = encode(rtc, g_date_time_get_year(date) % 100);
    unsigned century = g_date_time_get_year(date) / 100;
    rtc->cmos[MC146818_CENTURY] = rtc->cmos[CENTURY_PS2] = century / 10 << 4 | century % 10;
}

/* Days since 1970 of a date in the proleptic Gregorian calendar; the month may be too large. */
static int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
    static const uint16_t before[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int64_t past = year - 1;
    month = CLAMP(month, 1, 12);
    return past * 365 + past / 4 - past / 100 + past / 400 - 719162 + before[month - 1] +
           (leap && month > 2) + day - 1;
}

/* Whatever a guest stored, some time comes of it, within what nanoseconds can count. */
static int64_t stored_seconds(const Rtc *rtc)
{
    const uint8_t *c = rtc->cmos;
    unsigned century = (c[MC146818_CENTURY] >> 4) * 10 + (c[MC146818_CENTURY] & 15);
    int64_t year = century * 100 + decode(rtc, c[YEAR]);
    int64_t seconds =
        days_from_date(MAX(year, 1), decode(rtc, c[MONTH]), decode(rtc, c[DAY])) * DAY_SECONDS +
        decode_hour(rtc, c[HOURS]) * 3600 + decode(rtc, c[MINUTES]) * 60 + decode(rtc, c[SECONDS]);
    int64_t most = INT64_MAX / second_ns - 2;
    return CLAMP(seconds, -most, most);
}

/* --- flags and interrupts --- */

static bool alarm_field_matches(const Rtc *rtc, unsigned reg, unsigned value)
{
    uint8_t alarm = rtc->cmos[reg];
    if ((alarm & ALARM_ANY) == ALARM_ANY) {
        return true;
    }
    return (reg == HOURS_ALARM ? decode_hour(rtc, alarm) : decode(rtc, alarm)) == value;
}

/* First second after @after that the alarm matches; INT64_MAX: no such time. */
static int64_t next_alarm(const Rtc *rtc, int64_t after)
{
    int64_t t = after + 1;
    while (t <= after + DAY_SECONDS) {
        int64_t in_day = t - floor_div(t, DAY_SECONDS) * DAY_SECONDS;
        if (!alarm_field_matches(rtc, HOURS_ALARM, in_day / 3600)) {
            t += 3600 - in_day % 3600;
        } else if (!alarm_field_matches(rtc, MINUTES_ALARM, in_day / 60 % 60)) {
            t += 60 - in_day % 60;
        } else if (!alarm_field_matches(rtc, SECONDS_ALARM, in_day % 60)) {
            t++;
        } else {
            return t;
        }
    }
    return INT64_MAX;
}

static void update_irq(Rtc *rtc)
{
    bool irq = rtc->cmos[REG_C] & rtc->cmos[REG_B] & (C_PERIODIC | C_ALARM | C_UPDATE);
    rtc->cmos[REG_C] = (rtc->cmos[REG_C] & ~C_IRQ) | (irq ? C_IRQ : 0);
    irq_set(rtc->irq, irq);
}

static void ring(Rtc *rtc)
{
    rtc->cmos[REG_C] |= C_ALARM;
    if (rtc->cmos[REG_B] & C_ALARM) {
        machine_request_wake(device_machine(&rtc->isa.device), WAKE_RTC);
    }
}

/* Sets the flags of what happened since the last look. */
static void catch_up(Rtc *rtc)
{
    if (is_running(rtc)) {
        int64_t seconds = floor_div(now_ns(rtc), second_ns);
        if (seconds > rtc->seen_seconds) {
            rtc->cmos[REG_C] |= C_UPDATE;
            if (next_alarm(rtc, rtc->seen_seconds) <= seconds) {
                ring(rtc);
            }
        }
        rtc->seen_seconds = seconds;
    }
    int64_t ticks = now_ticks(rtc);
    unsigned period = period_ticks(rtc);
    if (period) {
        int64_t passed = ticks / period - rtc->seen_ticks / period;
        bool unseen = rtc->cmos[REG_C] & C_PERIODIC;
        if (passed > 0) {
            rtc->cmos[REG_C] |= C_PERIODIC;
            if (rtc->lost_ticks == TICKS_SLEW && (rtc->cmos[REG_B] & B_PERIODIC)) {
                int64_t owed = rtc->coalesced + passed - !unseen;
                rtc->coalesced = MIN(owed, MAX_COALESCED);
            }
        }
    }
    rtc->seen_ticks = ticks;
    update_irq(rtc);
}

/* Arms for the next moment that can interrupt. Call after catch_up(). */
static void arm(Rtc *rtc)
{
    ClockSet *clocks = rtc->machine->clocks;
    uint8_t b = rtc->cmos[REG_B], flags = rtc->cmos[REG_C];
    int64_t at = INT64_MAX;
    if (is_running(rtc) && (b & B_UPDATE) && !(flags & C_UPDATE)) {
        at = rtc->seen_seconds + 1;
    } else if (is_running(rtc) && (b & B_ALARM) && !(flags & C_ALARM)) {
        at = next_alarm(rtc, rtc->seen_seconds);
    }
    timer_cancel(&rtc->timer);
    if (at != INT64_MAX) {
        /* guest time may run at another pace than the time of day: then there is another round */
        __int128 wait_ns = (__int128)at * second_ns - now_ns(rtc);
        wait_ns = CLAMP(wait_ns, 20000, DAY_SECONDS * second_ns);
        timer_set_ns(&rtc->timer, clock_ns(clocks, CLOCK_KIND_VIRTUAL) + wait_ns);
    }
    unsigned period = period_ticks(rtc);
    timer_cancel(&rtc->periodic_timer);
    if (period && (b & B_PERIODIC) && (!(flags & C_PERIODIC) || rtc->lost_ticks == TICKS_SLEW)) {
        int64_t next = (rtc->seen_ticks / period + 1) * period;
        timer_set_ns(&rtc->periodic_timer,
                     ((__int128)next * second_ns + CRYSTAL_HZ - 1) / CRYSTAL_HZ);
    }
}

static void settle(Rtc *rtc)
{
    catch_up(rtc);
    arm(rtc);
}

static void expired(void *opaque)
{
    settle(opaque);
}

/* --- registers --- */

static void set_time(Rtc *rtc, int64_t ns)
{
    rtc->offset_ns = (int64_t)((uint64_t)ns - (uint64_t)host_input_wall_ns(rtc->machine));
    rtc->seen_seconds = floor_div(ns, second_ns);
}

static void freeze(Rtc *rtc)
{
    if (is_running(rtc)) {
        store_time(rtc, floor_div(now_ns(rtc), second_ns));
    }
}

static void write_a_or_b(Rtc *rtc, unsigned reg, uint8_t value)
{
    catch_up(rtc);
    freeze(rtc);
    bool was_running = is_running(rtc);
    bool was_reset = (rtc->cmos[REG_A] & A_DIVIDER) >= A_DIVIDER_RESET;
    if (reg == REG_A) {
        rtc->cmos[REG_A] = value & ~A_UIP;
    } else {
        if (value & B_SET) {
            value &= ~B_UPDATE; /* "SET": clears UIE */
        }
        rtc->cmos[REG_B] = value;
    }
    if (is_running(rtc)) {
        int64_t phase_ns = 0;
        if (was_running) {
            int64_t now = now_ns(rtc);
            phase_ns = phase_of(now);
        } else if (was_reset) {
            phase_ns = second_ns / 2; /* first update half a second after the divider starts */
        }
        set_time(rtc, stored_seconds(rtc) * second_ns + phase_ns);
    }
    settle(rtc);
}

static void write_time(Rtc *rtc, unsigned reg, uint8_t value)
{
    freeze(rtc);
    rtc->cmos[reg] = value;
    if (reg == CENTURY_PS2) {
        rtc->cmos[MC146818_CENTURY] = value;
    } else if (reg == MC146818_CENTURY) {
        rtc->cmos[CENTURY_PS2] = value;
    }
    if (is_running(rtc)) {
        int64_t now = now_ns(rtc);
        int64_t phase_ns = phase_of(now);
        set_time(rtc, stored_seconds(rtc) * second_ns + phase_ns);
    }
    settle(rtc);
}

static void write_register(Rtc *rtc, unsigned reg, uint8_t value)
{
    switch (reg) {
    case SECONDS_ALARM:
    case MINUTES_ALARM:
    case HOURS_ALARM:
        catch_up(rtc);
        rtc->cmos[reg] = value;
        arm(rtc);
        return;
    case SECONDS:
    case MINUTES:
    case HOURS:
    case WEEKDAY:
    case DAY:
    case MONTH:
    case YEAR:
    case MC146818_CENTURY:
    case CENTURY_PS2: write_time(rtc, reg, value); return;
    case REG_A:
    case REG_B: write_a_or_b(rtc, reg, value); return;
    case REG_C:
    case REG_D:
        log_guest_error("mc146818rtc: write of %#x to a read-only register\n", value);
        return;
    default: rtc->cmos[reg] = value;
    }
}

static uint8_t read_a(const Rtc *rtc)
{
    int64_t now = now_ns(rtc);
    int64_t phase_ns = phase_of(now);
    bool updating = is_running(rtc) && phase_ns >= second_ns - update_ns;
    return rtc->cmos[REG_A] | (updating ? A_UIP : 0);
}

/* Reading clears; a tick that is owed comes at once. */
static uint8_t read_c(Rtc *rtc)
{
    catch_up(rtc);
    uint8_t value = rtc->cmos[REG_C];
    rtc->cmos[REG_C] = 0;
    update_irq(rtc);
    if (rtc->coalesced && (rtc->cmos[REG_B] & B_PERIODIC)) {
        rtc->coalesced--;
        rtc->cmos[REG_C] |= C_PERIODIC;
        update_irq(rtc);
    }
    arm(rtc);
    return value;
}

static uint8_t read_register(Rtc *rtc, unsigned reg)
{
    switch (reg) {
    case SECONDS:
    case MINUTES:
    case HOURS:
    case WEEKDAY:
    case DAY:
    case MONTH:
    case YEAR:
    case MC146818_CENTURY:
    case CENTURY_PS2: freeze(rtc); return rtc->cmos[reg];
    case REG_A: return read_a(rtc);
    case REG_C: return read_c(rtc);
    case REG_D: return D_VALID;
    default: return rtc->cmos[reg];
    }
}

static uint64_t rtc_read(void *opaque, hwaddr port, unsigned size)
{
    Rtc *rtc = opaque;
    return port ? read_register(rtc, rtc->index) : 0xff;
}

/* Bit 7 of the index would mask NMI: nothing here makes any. */
static void rtc_write(void *opaque, hwaddr port, uint64_t value, unsigned size)
{
    Rtc *rtc = opaque;
    if (port) {
        write_register(rtc, rtc->index, value);
    } else {
        rtc->index = value & 0x7f;
    }
}

static const MemoryOps rtc_ops = {
    .read = rtc_read, .write = rtc_write, .max_access = 4, .impl_min = 1, .impl_max = 1
};

void mc146818_set_cmos(Device *dev, uint8_t address, uint8_t value)
{
    g_assert(address > REG_D && address < MC146818_BYTES);
    container_of(dev, Rtc, isa.device)->cmos[address] = value;
}

uint8_t mc146818_cmos(Device *dev, uint8_t address)
{
    g_assert(address < MC146818_BYTES);
    return container_of(dev, Rtc, isa.device)->cmos[address];
}

static bool rtc_setup(IsaDevice *isa, GError **errp)
{
    Rtc *rtc = container_of(isa, Rtc, isa);
    rtc->machine = device_machine(&isa->device);
    ClockSet *clocks = rtc->machine->clocks;
    timer_init(&rtc->timer, clocks, CLOCK_KIND_VIRTUAL, expired, rtc);
    timer_init(&rtc->periodic_timer, clocks, CLOCK_KIND_VIRTUAL, expired, rtc);
    rtc->cmos[REG_A] = A_RUNNING | 6; /* 1024 Hz, as firmware leaves it */
    rtc->cmos[REG_B] = B_24_HOURS;
    rtc->seen_seconds = floor_div(now_ns(rtc), second_ns);
    store_time(rtc, rtc->seen_seconds);
    memory_region_init_io(&rtc->ports, &isa->device.object, &rtc_ops, rtc, "rtc", 2);
    isa_add_ports(isa, &rtc->ports, rtc->iobase);
    rtc->irq = isa_irq(isa, 8);
    device_add_irq_outputs(&isa->device, NULL, &rtc->irq, 1);
    return true;
}

static void rtc_cleanup(IsaDevice *isa)
{
    Rtc *rtc = container_of(isa, Rtc, isa);
    timer_cancel(&rtc->timer);
    timer_cancel(&rtc->periodic_timer);
}

/* "RESET": interrupts and flags only; the rest runs on its battery. */
static void rtc_reset(Device *dev)
{
    Rtc *rtc = container_of(dev, Rtc, isa.device);
    rtc->cmos[REG_B] &= ~(B_PERIODIC | B_ALARM | B_UPDATE | B_SQUARE_WAVE);
    rtc->cmos[REG_C] = 0;
    rtc->index = 0;
    rtc->coalesced = 0;
    settle(rtc);
    rtc->cmos[REG_C] = 0;
    update_irq(rtc);
}

static bool rtc_post_load(void *opaque, uint32_t version, GError **errp)
{
    Rtc *rtc = opaque;
    if (rtc->index >= MC146818_BYTES || rtc->seen_ticks < 0 || rtc->coalesced > MAX_COALESCED ||
        (rtc->cmos[REG_A] & A_UIP) || ABS(rtc->seen_seconds / 2) > INT64_MAX / second_ns / 2) {
        error_set(errp, "mc146818rtc: the saved state cannot be");
        return false;
    }
    update_irq(rtc);
    arm(rtc);
    return true;
}

static const Property rtc_properties[] = {
    PROPERTY_ENUM("lost-tick-policy", Rtc, lost_ticks, lost_ticks_names, TICKS_DISCARD,
                  .help = "periodic interrupts that the guest missed: forget or deliver later"),
    PROPERTY_U16("iobase", Rtc, iobase, 0x70, .min = 0, .max = 0xfffe, .help = "first port"),
    {},
};

/* Timers are armed from these. */
static const VmState rtc_vmstate = {
    .version = 1,
    .post_load = rtc_post_load,
    .fields =
        (const VmField[]){
            VM_U8_ARRAY(Rtc, cmos),
            VM_U8(Rtc, index),
            VM_I64(Rtc, offset_ns),
            VM_I64(Rtc, seen_seconds),
            VM_I64(Rtc, seen_ticks),
            VM_U32(Rtc, coalesced),
            {},
        },
};

const IsaDeviceClass mc146818_class = {
    .device = { .object = { .name = "mc146818rtc",
                            .parent = &isa_device_class.device.object,
                            .instance_size = sizeof(Rtc),
                            .properties = rtc_properties },
                .summary = "Real-time clock with CMOS memory",
                .category = DEVICE_CATEGORY_MISC,
                .reset = rtc_reset,
                .vmstate = &rtc_vmstate },
    .setup = rtc_setup,
    .cleanup = rtc_cleanup,
};
CLASS_REGISTER(mc146818_class);
