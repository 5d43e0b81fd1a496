/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "microvm": processors, interrupt controllers, virtio-mmio slots and little else; kernels start
 * without firmware. Addresses are those that guests of QEMU's board of this name know. See
 * docs/user/machine-x86.rst.
 */
#include <string.h>

#include "chardev/chardev.h"
#include "hw/acpi/generic_event.h"
#include "hw/core/sysbus.h"
#include "hw/intc/i8259.h"
#include "hw/southbridge/acpi_pm.h"
#include "hw/timer/i8254.h"
#include "hw/x86/acpi_parts.h"
#include "hw/x86/x86_machine.h"
#include "util/error.h"

enum {
    VIRTIO_BASE = 0xfeb00000u,
    VIRTIO_BYTES = 512,
    VIRTIO_SLOTS = 24,
    VIRTIO_GSI = 24, /* of the first: pins of the second I/O APIC */
    GED_EVENTS = 0xfea00000u,
    GED_REGISTERS = GED_EVENTS + 0x200,
    GED_LINE = 10,
    SCI_LINE = 9,
    PM_PORT = 0x600,
    SERIAL_PORT = 0x3f8,
    SERIAL_IRQ = 4,
    VIRTIO_PAGE =
        4096, /* bytes that the guest's map of a slot may not share with a device of another kind */
};
#define LOW_RAM_MAX 0xc0000000u /* where the hole begins */

typedef struct {
    X86Machine x86;
    /* properties */
    int acpi, pic, pit, rtc, pcie;
    bool option_roms;
    bool serial, auto_append, second_io_apic, virtio_legacy;
    Device *slots[VIRTIO_SLOTS];
    Device *ged;
} Microvm;

static Microvm *microvm(Machine *machine)
{
    return container_of(machine, Microvm, x86.machine);
}

static unsigned slot_count(const Microvm *vm)
{
    return vm->second_io_apic ? VIRTIO_SLOTS : 8;
}

/* One I/O APIC leaves pins 16 to 23 for the slots. */
static unsigned slot_line(const Microvm *vm, unsigned slot)
{
    return (vm->second_io_apic ? VIRTIO_GSI : 16) + slot;
}

static bool add_isa_bus(X86Machine *x86, GError **errp)
{
    Device *bridge = x86_add_device(&x86->machine, "isa", "isabus-bridge", errp);
    if (!bridge || !device_realize(bridge, NULL, errp)) {
        return false;
    }
    Bus *bus = bus_find(&x86->machine.object, NULL, &isa_bus_class.bus, errp);
    x86->isa = bus ? container_of(bus, IsaBus, bus) : NULL;
    return bus != NULL;
}

static bool add_interrupts(Microvm *vm, GError **errp)
{
    X86Machine *x86 = &vm->x86;
    if (vm->pic != X86_CHOICE_OFF) {
        Device *pic = x86_add_isa(x86, "pic", "isa-i8259", errp);
        if (!pic) {
            return false;
        }
        x86_connect_i8259(x86, pic);
    }
    if (!x86_add_io_apic(x86, "ioapic", X86_IO_APIC_BASE, 0, errp) ||
        (vm->second_io_apic &&
         !x86_add_io_apic(x86, "ioapic2", X86_IO_APIC2_BASE, VIRTIO_GSI, errp))) {
        return false;
    }
    x86_connect_isa_lines(x86);
    return true;
}

static bool add_serial(Microvm *vm, GError **errp)
{
    X86Machine *x86 = &vm->x86;
    Chardev *chardev = x86->machine.serial[0];
    Device *uart = x86_add_device(&x86->machine, "serial0", "isa-serial", errp);
    return uart &&
           (!chardev || property_set_link(&uart->object, "chardev", &chardev->object, errp)) &&
           x86_realize_isa(x86, uart, errp);
}

static bool add_isa_devices(Microvm *vm, GError **errp)
{
    X86Machine *x86 = &vm->x86;
    return (vm->pit == X86_CHOICE_OFF || x86_add_pit(x86, errp)) &&
           (vm->rtc == X86_CHOICE_OFF || x86_add_isa(x86, "rtc", "mc146818rtc", errp)) &&
           (!vm->serial || add_serial(vm, errp));
}

static bool add_virtio(Microvm *vm, GError **errp)
{
    Machine *machine = &vm->x86.machine;
    for (unsigned i = 0; i < slot_count(vm); i++) {
        g_autofree char *name = g_strdup_printf("virtio-mmio%u", i);
        Device *slot = x86_add_device(machine, name, "virtio-mmio", errp);
        if (!slot || !property_set_u64(&slot->object, "slot", i, errp) ||
            !property_set_bool(&slot->object, "force-legacy", vm->virtio_legacy, errp) ||
            !device_realize(slot, NULL, errp)) {
            return false;
        }
        SysbusDevice *sysbus = container_of(slot, SysbusDevice, device);
        sysbus_map(sysbus, 0, &machine->system_memory, VIRTIO_BASE + i * VIRTIO_BYTES);
        sysbus_connect_irq(sysbus, 0, vm->x86.gsi[slot_line(vm, i)]);
        vm->slots[i] = slot;
    }
    return true;
}

static bool add_ged(Microvm *vm, GError **errp)
{
    Machine *machine = &vm->x86.machine;
    vm->ged = x86_add_device(machine, "ged", "acpi-ged", errp);
    if (!vm->ged || !device_realize(vm->ged, NULL, errp)) {
        return false;
    }
    SysbusDevice *sysbus = container_of(vm->ged, SysbusDevice, device);
    sysbus_map(sysbus, 0, &machine->system_memory, GED_EVENTS);
    sysbus_map(sysbus, 1, &machine->system_memory, GED_REGISTERS);
    sysbus_map(sysbus, 2, &machine->system_io, PM_PORT);
    sysbus_connect_irq(sysbus, 0, vm->x86.gsi[GED_LINE]);
    sysbus_connect_irq(sysbus, 1, vm->x86.gsi[SCI_LINE]);
    machine->power_button = device_irq_input(vm->ged, "power-button", 0);
    return true;
}

static bool microvm_build(Machine *machine, GError **errp)
{
    static const SmbiosBoard board = { .product = "microvm", .version = "1", .with_bios = true };
    Microvm *vm = microvm(machine);
    vm->x86.acpi = vm->acpi != X86_CHOICE_OFF;
    if (vm->pcie == X86_CHOICE_ON || machine->usb) {
        error_set(errp, "%s=on: this board has no PCI Express", machine->usb ? "usb" : "pcie");
        return false;
    }
    if (!smbios_build(&vm->x86.smbios, machine, &board, errp)) {
        return false;
    }
    return x86_add_ram(&vm->x86, LOW_RAM_MAX, errp) && x86_add_cpus(&vm->x86, errp) &&
           add_isa_bus(&vm->x86, errp) && add_interrupts(vm, errp) && add_isa_devices(vm, errp) &&
           x86_add_fw_cfg(&vm->x86, errp) && add_virtio(vm, errp) &&
           (!vm->x86.acpi || add_ged(vm, errp));
}

/* Tables --------------------------------------------------------------------------------------- */

/* ACPI 6.5, 5.6.9: on an event its line's method is called with the line's number. */
static void put_ged(Aml *aml)
{
    const uint32_t line = GED_LINE;
    aml_begin_device(aml, "GED");
    aml_name_string(aml, "_HID", "ACPI0013");
    aml_name_string(aml, "_UID", "GED");
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_interrupt(aml, (AmlLineKind){ 0 }, &line, 1);
    aml_end(aml);
    aml_region(aml, "EREG", AML_SYSTEM_MEMORY, GED_EVENTS, ACPI_GED_EVENT_BYTES);
    aml_begin_field(aml, "EREG", AML_ACCESS_DWORD);
    aml_field(aml, "ESEL", 32);
    aml_end(aml);
    aml_begin_method(aml, "_EVT", 1, true);
    aml_op(aml, AML_STORE);
    aml_path(aml, "ESEL");
    aml_op(aml, AML_LOCAL0);
    aml_begin_if(aml);
    aml_op(aml, AML_AND);
    aml_op(aml, AML_LOCAL0);
    aml_int(aml, ACPI_GED_POWER_BUTTON);
    aml_int(aml, 0); /* the result goes nowhere */
    aml_op(aml, AML_NOTIFY);
    aml_path(aml, "PWRB");
    aml_int(aml, 0x80);
    aml_end(aml);
    aml_end(aml);
    aml_end(aml);
    aml_begin_device(aml, "PWRB");
    aml_name_eisa_id(aml, "_HID", "PNP0C0C");
    aml_name_int(aml, "_UID", 0);
    aml_end(aml);
}

static bool slot_is_used(const Device *slot)
{
    const Bus *bus = slot->buses && slot->buses->len ? g_ptr_array_index(slot->buses, 0) : NULL;
    return bus && bus->devices->len;
}

static void put_virtio(const Microvm *vm, Aml *aml)
{
    for (unsigned i = 0; i < slot_count(vm); i++) {
        g_autofree char *name = g_strdup_printf("VR%02u", i);
        uint32_t line = slot_line(vm, i);
        if (!slot_is_used(vm->slots[i])) {
            continue;
        }
        aml_begin_device(aml, name);
        aml_name_string(aml, "_HID", "LNRO0005");
        aml_name_int(aml, "_UID", i);
        aml_name_int(aml, "_CCA", 1);
        aml_name(aml, "_CRS");
        aml_begin_resources(aml);
        aml_memory32(aml, VIRTIO_BASE + i * VIRTIO_BYTES, VIRTIO_BYTES, true);
        aml_interrupt(aml, (AmlLineKind){ 0 }, &line, 1);
        aml_end(aml);
        aml_end(aml);
    }
}

static void put_dsdt(const Microvm *vm, AcpiTables *tables)
{
    Aml aml;
    aml_init(&aml);
    acpi_parts_cpus(&aml, &vm->x86.machine);
    aml_begin_scope(&aml, "\\_SB");
    if (vm->serial) {
        acpi_parts_serial(&aml, 1, SERIAL_PORT, SERIAL_IRQ);
    }
    if (vm->rtc != X86_CHOICE_OFF) {
        acpi_parts_rtc(&aml);
    }
    acpi_parts_fw_cfg(&aml);
    put_ged(&aml);
    put_virtio(vm, &aml);
    aml_end(&aml);
    acpi_parts_sleep(&aml, "\\_S5", ACPI_SLEEP_OFF);
    acpi_add_dsdt(tables, aml.bytes);
    aml_cleanup(&aml);
}

static void put_fadt(AcpiTables *tables)
{
    AcpiFadt fadt = {
        .flags = ACPI_FADT_WBINVD | ACPI_FADT_C1 | ACPI_FADT_POWER_BUTTON_NONE |
                 ACPI_FADT_SLEEP_BUTTON_NONE | ACPI_FADT_RESET,
        .boot = ACPI_BOOT_NO_VGA,
        .reset = { ACPI_IN_MEMORY, 8, GED_REGISTERS + ACPI_GED_RESET },
        .reset_value = ACPI_GED_RESET_VALUE,
        .sci = SCI_LINE,
        .pm1_event = PM_PORT,
        .pm1_control = PM_PORT + 4,
        .pm_timer = PM_PORT + 8,
    };
    acpi_add_fadt(tables, &fadt);
}

static void make_tables(Microvm *vm)
{
    static const AcpiIoApic io_apics[] = { { 0, X86_IO_APIC_BASE, 0 },
                                           { 1, X86_IO_APIC2_BASE, VIRTIO_GSI } };
    static const AcpiOverride overrides[] = { { 0, X86_ISA_PIN0, false, false },
                                              { SCI_LINE, SCI_LINE, true, false } };
    AcpiTables *tables = &vm->x86.acpi_tables;
    if (vm->x86.acpi_ready) {
        acpi_tables_cleanup(tables);
    }
    acpi_tables_init(tables);
    vm->x86.acpi_ready = true;
    acpi_add_facs(tables);
    put_dsdt(vm, tables);
    put_fadt(tables);
    acpi_parts_madt(&vm->x86, &(AcpiMadt){ .has_8259 = vm->pic != X86_CHOICE_OFF,
                                           .io_apics = io_apics,
                                           .io_apic_count = vm->second_io_apic ? 2 : 1,
                                           .overrides = overrides,
                                           .override_count = G_N_ELEMENTS(overrides) });
    acpi_add_waet(tables);
    acpi_tables_finish(tables);
}

/* Start ---------------------------------------------------------------------------------------- */

/* Without ACPI a kernel hears of the slots in its command line. */
static char *slots_for_append(const Microvm *vm)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < slot_count(vm); i++) {
        if (slot_is_used(vm->slots[i])) {
            g_string_append_printf(text, "%svirtio_mmio.device=%d@%#x:%u", text->len ? " " : "",
                                   VIRTIO_BYTES, VIRTIO_BASE + i * VIRTIO_BYTES, slot_line(vm, i));
        }
    }
    return g_string_free(text, FALSE);
}

static bool microvm_load(Machine *machine, GError **errp)
{
    Microvm *vm = microvm(machine);
    if (vm->x86.acpi) {
        make_tables(vm);
    }
    if (!machine->boot.kernel) {
        return true; /* processors run into nothing; a test or a debugger may put something there */
    }
    g_autofree char *more = vm->auto_append && !vm->x86.acpi ? slots_for_append(vm) : NULL;
    return x86_start_kernel(&vm->x86, more, LOW_RAM_MAX, errp);
}

static const Property microvm_properties[] = {
    PROPERTY_ENUM("acpi", Microvm, acpi, x86_choices, X86_CHOICE_AUTO,
                  .help = "describe the machine by ACPI tables"),
    PROPERTY_ENUM("pcie", Microvm, pcie, x86_choices, X86_CHOICE_AUTO,
                  .help = "PCI Express: off, also for auto"),
    PROPERTY_BOOL("x-option-roms", Microvm, option_roms, true,
                  .help = "option ROMs for firmware, which this board has none of"),
    PROPERTY_ENUM("pic", Microvm, pic, x86_choices, X86_CHOICE_AUTO, .help = "pair of 8259"),
    PROPERTY_ENUM("pit", Microvm, pit, x86_choices, X86_CHOICE_AUTO, .help = "8254 timer"),
    PROPERTY_ENUM("rtc", Microvm, rtc, x86_choices, X86_CHOICE_AUTO, .help = "MC146818 clock"),
    PROPERTY_BOOL("isa-serial", Microvm, serial, true, .help = "16550 at port 0x3f8"),
    PROPERTY_BOOL("ioapic2", Microvm, second_io_apic, true,
                  .help = "second I/O APIC, and with it 24 instead of 8 virtio-mmio slots"),
    PROPERTY_BOOL("auto-kernel-cmdline", Microvm, auto_append, true,
                  .help = "without ACPI: tell the kernel in its command line of virtio-mmio slots"),
    PROPERTY_BOOL("virtio-mmio-legacy", Microvm, virtio_legacy, true,
                  .help = "virtio slots have registers of version 1 instead of version 2"),
    {},
};

static const MachineClass microvm_class = {
    .object = { .name = "microvm-machine",
                .parent = &machine_class.object,
                .instance_size = sizeof(Microvm),
                .properties = microvm_properties,
                .finalize = x86_machine_finalize },
    .summary = "small PC of virtio-mmio devices, without firmware",
    .arch = "x86_64",
    .default_cpu = "qemu64-x86_64-cpu",
    .cpu_base = &x86_cpu_class.cpu.device.object,
    .default_drive = "virtio",
    .default_ram_bytes = X86_RAM_DEFAULT,
    .max_cpus = X86_MAX_CPUS,
    .options = 1 << MACHINE_OPTION_SMBIOS | 1 << MACHINE_OPTION_FW_CFG,
    .build = microvm_build,
    .load = microvm_load,
};
CLASS_REGISTER(microvm_class);
