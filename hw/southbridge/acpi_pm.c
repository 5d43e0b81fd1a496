/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/southbridge/acpi_pm.h"

#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

/* 4.8.3.1: PM1 status and enable */
enum {
    PM1_TIMER = 0x0001,
    PM1_BUS_MASTER = 0x0010,
    PM1_GLOBAL = 0x0020,
    PM1_POWER_BUTTON = 0x0100,
    PM1_SLEEP_BUTTON = 0x0200,
    PM1_RTC = 0x0400,
    PM1_WAKE = 0x8000,
    PM1_STATUS_BITS = PM1_TIMER | PM1_BUS_MASTER | PM1_GLOBAL | PM1_POWER_BUTTON |
                      PM1_SLEEP_BUTTON | PM1_RTC | PM1_WAKE,
    PM1_ENABLE_BITS = PM1_TIMER | PM1_GLOBAL | PM1_POWER_BUTTON | PM1_SLEEP_BUTTON | PM1_RTC,
};
/* 4.8.3.2 */
enum {
    CONTROL_SCI_ENABLE = 0x0001,
    CONTROL_BUS_MASTER_RELOAD = 0x0002,
    CONTROL_SLEEP_TYPE_SHIFT = 10,
    CONTROL_SLEEP_TYPE = 7 << CONTROL_SLEEP_TYPE_SHIFT,
    CONTROL_SLEEP_ENABLE = 0x2000,
    CONTROL_BITS = CONTROL_SCI_ENABLE | CONTROL_BUS_MASTER_RELOAD | CONTROL_SLEEP_TYPE,
};
enum { EVENT_BYTES = 4, CONTROL_BYTES = 2, TIMER_BYTES = 4, COMMAND_BYTES = 2 };

/* 4.8.2.1: 3.579545 MHz, 24 bits; each change of the highest one sets PM1_TIMER. */
enum { TIMER_HZ = 3579545, TIMER_MASK = 0xffffff, TIMER_HALF = 0x800000 };
static const int64_t second_ns = 1000000000;

static int64_t timer_ticks(const AcpiPm *pm)
{
    return (__int128)clock_ns(pm->machine->clocks, CLOCK_KIND_VIRTUAL) * TIMER_HZ / second_ns;
}

static uint16_t current_status(const AcpiPm *pm)
{
    return pm->status | (timer_ticks(pm) >= pm->overflow_ticks ? PM1_TIMER : 0);
}

static bool gpe_active(const AcpiPm *pm)
{
    for (unsigned i = 0; i < pm->gpe_bytes; i++) {
        if (pm->gpe_status[i] & pm->gpe_enable[i]) {
            return true;
        }
    }
    return false;
}

void acpi_pm_update(AcpiPm *pm)
{
    uint16_t status = current_status(pm);

    irq_set(pm->sci, (status & pm->enable & PM1_ENABLE_BITS) || gpe_active(pm));
    if ((pm->enable & PM1_TIMER) && !(status & PM1_TIMER)) { /* rounded up: not before it is set */
        timer_set_ns(&pm->overflow,
                     ((__int128)pm->overflow_ticks * second_ns + TIMER_HZ - 1) / TIMER_HZ);
    } else {
        timer_cancel(&pm->overflow);
    }
}

static void overflowed(void *opaque)
{
    AcpiPm *pm = opaque;
    acpi_pm_update(pm);
    machine_request_wake(pm->machine, WAKE_TIMER);
}

static void await_next_overflow(AcpiPm *pm)
{
    pm->overflow_ticks = (timer_ticks(pm) | (TIMER_HALF - 1)) + 1;
}

void acpi_pm_raise_gpe(AcpiPm *pm, unsigned bit)
{
    g_assert(bit < pm->gpe_bytes * 8);
    pm->gpe_status[bit / 8] |= 1 << bit % 8;
    acpi_pm_update(pm);
}

static void gpe_line(void *opaque, unsigned line, int level)
{
    if (level) {
        acpi_pm_raise_gpe(opaque, line);
    }
}

void acpi_pm_add_gpe_inputs(AcpiPm *pm, Device *owner)
{
    device_add_irq_inputs(owner, "gpe", gpe_line, pm, 8 * pm->gpe_bytes);
}

/* The clock and the timer wake only who enabled their events. */
static bool wakes(void *opaque, WakeCause cause)
{
    const AcpiPm *pm = opaque;
    return (cause != WAKE_RTC || (pm->enable & PM1_RTC)) &&
           (cause != WAKE_TIMER || (pm->enable & PM1_TIMER));
}

/* 4.8.3.1.1: WAK_STS, and what woke it. Who wakes for no reason known pressed the button. */
static uint16_t wake_status(WakeCause cause)
{
    switch (cause) {
    case WAKE_NONE: return 0;
    case WAKE_RTC: return PM1_WAKE | PM1_RTC;
    case WAKE_TIMER: return PM1_WAKE | PM1_TIMER;
    default: return PM1_WAKE | PM1_POWER_BUTTON;
    }
}

void acpi_pm_power_button(AcpiPm *pm)
{
    if (pm->machine->run_state == RUN_STATE_SUSPENDED) {
        machine_request_wake(pm->machine, WAKE_POWER_BUTTON);
        return;
    }
    pm->status |= PM1_POWER_BUTTON;
    acpi_pm_update(pm);
}

static uint64_t event_read(void *opaque, hwaddr offset, unsigned size)
{
    const AcpiPm *pm = opaque;
    return offset == 0 ? current_status(pm) : pm->enable;
}

static void event_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AcpiPm *pm = opaque;
    if (offset == 0) {
        if (current_status(pm) & value & PM1_TIMER) {
            await_next_overflow(pm);
        }
        pm->status &= ~value;
    } else {
        pm->enable = value & PM1_ENABLE_BITS;
    }
    acpi_pm_update(pm);
}

static uint64_t control_read(void *opaque, hwaddr offset, unsigned size)
{
    const AcpiPm *pm = opaque;
    return pm->control_bits;
}

static void go_to_sleep(AcpiPm *pm, unsigned type)
{
    switch (type) {
    case ACPI_SLEEP_OFF: machine_request_shutdown(pm->machine, SHUTDOWN_GUEST_OFF, 0); return;
    case ACPI_SLEEP_DISK:
        if (!pm->disable_s4) {
            machine_request_shutdown(pm->machine, SHUTDOWN_GUEST_SLEEP, 0);
            return;
        }
        break;
    case ACPI_SLEEP_SUSPEND:
        if (!pm->disable_s3 && pm->machine->can_suspend) {
            machine_request_suspend(pm->machine);
            return;
        }
        break;
    }
    log_guest_error("acpi-pm: there is no sleep type %u\n", type);
}

static void control_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AcpiPm *pm = opaque;
    pm->control_bits = value & CONTROL_BITS;
    if (value & CONTROL_SLEEP_ENABLE) {
        go_to_sleep(pm, (value & CONTROL_SLEEP_TYPE) >> CONTROL_SLEEP_TYPE_SHIFT);
    }
}

static uint64_t timer_read(void *opaque, hwaddr offset, unsigned size)
{
    return timer_ticks(opaque) & TIMER_MASK;
}

static void timer_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    log_guest_error("acpi-pm: the timer is read-only\n");
}

static uint64_t gpe_read(void *opaque, hwaddr offset, unsigned size)
{
    const AcpiPm *pm = opaque;
    return offset < pm->gpe_bytes ? pm->gpe_status[offset] : pm->gpe_enable[offset - pm->gpe_bytes];
}

static void gpe_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AcpiPm *pm = opaque;
    if (offset < pm->gpe_bytes) {
        pm->gpe_status[offset] &= ~value;
    } else {
        pm->gpe_enable[offset - pm->gpe_bytes] = value;
    }
    acpi_pm_update(pm);
}

static uint64_t command_read(void *opaque, hwaddr offset, unsigned size)
{
    const AcpiPm *pm = opaque;
    return offset == 0 ? pm->command_byte : pm->data_byte;
}

/* 4.8.3: without a handler for SMI, the hardware itself goes into and out of ACPI mode. */
static void command_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AcpiPm *pm = opaque;
    if (offset != 0) {
        pm->data_byte = value;
        return;
    }
    pm->command_byte = value;
    if (value == ACPI_SCI_ENABLE_COMMAND) {
        pm->control_bits |= CONTROL_SCI_ENABLE;
    } else if (value == ACPI_SCI_DISABLE_COMMAND) {
        pm->control_bits &= ~CONTROL_SCI_ENABLE;
    }
    if (pm->smi_on_command) {
        irq_pulse(pm->smi);
    }
}

/* Wider and narrower accesses are put together from whole registers. */
static const MemoryOps event_ops = {
    .read = event_read,
    .write = event_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 2,
    .impl_max = 2,
};
static const MemoryOps control_ops = {
    .read = control_read,
    .write = control_write,
    .min_access = 1,
    .max_access = 2,
    .impl_min = 2,
    .impl_max = 2,
};
static const MemoryOps timer_ops = {
    .read = timer_read,
    .write = timer_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 4,
    .impl_max = 4,
};
static const MemoryOps gpe_ops = {
    .read = gpe_read,
    .write = gpe_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 1,
    .impl_max = 1,
};
static const MemoryOps command_ops = {
    .read = command_read,
    .write = command_write,
    .min_access = 1,
    .max_access = 2,
    .impl_min = 1,
    .impl_max = 1,
};

void acpi_pm_init(AcpiPm *pm, Device *owner, unsigned gpe_bytes)
{
    Object *parent = &owner->object;

    g_assert(gpe_bytes <= ACPI_GPE_MAX_BYTES);
    pm->machine = device_machine(owner);
    pm->gpe_bytes = gpe_bytes;
    pm->machine->wakes = wakes;
    pm->machine->wakes_opaque = pm;
    timer_init(&pm->overflow, pm->machine->clocks, CLOCK_KIND_VIRTUAL, overflowed, pm);
    memory_region_init_io(&pm->event, parent, &event_ops, pm, "acpi-event", EVENT_BYTES);
    memory_region_init_io(&pm->control, parent, &control_ops, pm, "acpi-control", CONTROL_BYTES);
    memory_region_init_io(&pm->timer, parent, &timer_ops, pm, "acpi-timer", TIMER_BYTES);
    memory_region_init_io(&pm->gpe, parent, &gpe_ops, pm, "acpi-gpe", 2 * gpe_bytes);
    memory_region_init_io(&pm->command, parent, &command_ops, pm, "apm", COMMAND_BYTES);
    await_next_overflow(pm);
}

void acpi_pm_cleanup(AcpiPm *pm)
{
    pm->machine->wakes = NULL;
    timer_cancel(&pm->overflow);
}

void acpi_pm_reset(AcpiPm *pm)
{
    pm->status = wake_status(pm->machine->waking);
    pm->enable = pm->control_bits = 0;
    memset(pm->gpe_status, 0, sizeof(pm->gpe_status));
    memset(pm->gpe_enable, 0, sizeof(pm->gpe_enable));
    pm->command_byte = pm->data_byte = 0;
    await_next_overflow(pm);
    acpi_pm_update(pm);
}

static bool acpi_pm_post_load(void *opaque, uint32_t version, GError **errp)
{
    AcpiPm *pm = opaque;
    pm->status &= PM1_STATUS_BITS;
    pm->enable &= PM1_ENABLE_BITS;
    pm->control_bits &= CONTROL_BITS;
    pm->overflow_ticks = CLAMP(pm->overflow_ticks, 0, INT64_MAX / second_ns * TIMER_HZ);
    acpi_pm_update(pm);
    return true;
}

const VmState acpi_pm_vmstate = {
    .name = "acpi-pm",
    .version = 1,
    .post_load = acpi_pm_post_load,
    .fields =
        (const VmField[]){
            VM_U16(AcpiPm, status),
            VM_U16(AcpiPm, enable),
            VM_U16(AcpiPm, control_bits),
            VM_I64(AcpiPm, overflow_ticks),
            VM_U8_ARRAY(AcpiPm, gpe_status),
            VM_U8_ARRAY(AcpiPm, gpe_enable),
            VM_U8(AcpiPm, command_byte),
            VM_U8(AcpiPm, data_byte),
            {},
        },
};
