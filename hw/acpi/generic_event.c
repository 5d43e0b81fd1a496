/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/acpi/generic_event.h"

#include "hw/core/machine.h"
#include "hw/core/sysbus.h"
#include "hw/southbridge/acpi_pm.h"
#include "util/log.h"

enum { SLEEP_TYPE_SHIFT = 2, SLEEP_TYPE_MASK = 7, SLEEP_ENABLE = 1 << 5 };
enum { AT_EVENT = 0, AT_CONTROL = 4, AT_TIMER = 8 };

typedef struct {
    SysbusDevice sysbus;
    MemoryRegion events_region, registers, ports;
    AcpiPm pm;
    Irq *irq;
    /* guest state */
    uint32_t events; /* that happened and were not read */
} AcpiGed;

static void update_irq(AcpiGed *ged)
{
    irq_set(ged->irq, ged->events != 0);
}

static void power_button(void *opaque, unsigned line, int level)
{
    AcpiGed *ged = opaque;
    if (level) {
        ged->events |= ACPI_GED_POWER_BUTTON;
        update_irq(ged);
    }
}

/* Reading takes all events at once. */
static uint64_t events_read(void *opaque, hwaddr offset, unsigned size)
{
    AcpiGed *ged = opaque;
    uint32_t events = ged->events;
    ged->events = 0;
    update_irq(ged);
    return events;
}

static void events_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    log_guest_error("acpi-ged: the event selector is read-only\n");
}

static const MemoryOps events_ops = {
    .read = events_read,
    .write = events_write,
    .min_access = 4,
    .max_access = 4,
};

static uint64_t registers_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0;
}

static void registers_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AcpiGed *ged = opaque;
    Machine *machine = device_machine(&ged->sysbus.device);
    if (offset == ACPI_GED_SLEEP_CONTROL && value & SLEEP_ENABLE &&
        (value >> SLEEP_TYPE_SHIFT & SLEEP_TYPE_MASK) == ACPI_GED_S5) {
        machine_request_shutdown(machine, SHUTDOWN_GUEST_OFF, 0);
    } else if (offset == ACPI_GED_RESET && value == ACPI_GED_RESET_VALUE) {
        machine_request_reset(machine, true);
    } else if (offset != ACPI_GED_SLEEP_STATUS) {
        log_guest_error("acpi-ged: write of %#x to register %u means nothing\n", (unsigned)value,
                        (unsigned)offset);
    }
}

static const MemoryOps registers_ops = {
    .read = registers_read,
    .write = registers_write,
    .min_access = 1,
    .max_access = 1,
};

static bool acpi_ged_realize(Device *dev, GError **errp)
{
    AcpiGed *ged = container_of(dev, AcpiGed, sysbus.device);
    Object *owner = &dev->object;
    memory_region_init_io(&ged->events_region, owner, &events_ops, ged, "acpi-ged-events",
                          ACPI_GED_EVENT_BYTES);
    memory_region_init_io(&ged->registers, owner, &registers_ops, ged, "acpi-ged-registers",
                          ACPI_GED_REGISTER_BYTES);
    acpi_pm_init(&ged->pm, dev, ACPI_GED_GPE_BYTES);
    memory_region_init(&ged->ports, owner, "acpi-pm", ACPI_GED_PORT_BYTES);
    memory_region_add(&ged->ports, AT_EVENT, &ged->pm.event);
    memory_region_add(&ged->ports, AT_CONTROL, &ged->pm.control);
    memory_region_add(&ged->ports, AT_TIMER, &ged->pm.timer);
    sysbus_add_mmio(&ged->sysbus, &ged->events_region);
    sysbus_add_mmio(&ged->sysbus, &ged->registers);
    sysbus_add_mmio(&ged->sysbus, &ged->ports);
    sysbus_add_irq(&ged->sysbus, &ged->irq);
    sysbus_add_irq(&ged->sysbus, &ged->pm.sci);
    device_add_irq_inputs(dev, "power-button", power_button, ged, 1);
    return true;
}

static void acpi_ged_unrealize(Device *dev)
{
    acpi_pm_cleanup(&container_of(dev, AcpiGed, sysbus.device)->pm);
}

static void acpi_ged_reset(Device *dev)
{
    AcpiGed *ged = container_of(dev, AcpiGed, sysbus.device);
    acpi_pm_reset(&ged->pm);
    ged->events = 0;
    update_irq(ged);
}

static const VmState acpi_ged_vmstate = {
    .version = 1,
    .fields =
        (const VmField[]){ VM_U32(AcpiGed, events), VM_STRUCT(AcpiGed, pm, acpi_pm_vmstate), {} },
};

const DeviceClass acpi_ged_class = {
    .object = { .name = "acpi-ged",
                .parent = &sysbus_device_class.device.object,
                .instance_size = sizeof(AcpiGed) },
    .summary = "ACPI generic event device with sleep and reset registers",
    .realize = acpi_ged_realize,
    .unrealize = acpi_ged_unrealize,
    .reset = acpi_ged_reset,
    .vmstate = &acpi_ged_vmstate,
};
CLASS_REGISTER(acpi_ged_class);
