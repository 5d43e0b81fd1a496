/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spec: ACPI 6.5, 7.4.2 (sleep types), 8.4 (processors); PNP ids: UEFI Forum's list. */
#include "hw/x86/acpi_parts.h"

#include <string.h>

void acpi_parts_sleep(Aml *aml, const char *name, unsigned type)
{
    aml_name(aml, name);
    aml_begin_package(aml, 4);
    aml_int(aml, type);
    aml_int(aml, type);
    aml_int(aml, 0);
    aml_int(aml, 0);
    aml_end(aml);
}

void acpi_parts_cpus(Aml *aml, const Machine *machine)
{
    aml_begin_scope(aml, "\\_SB");
    for (unsigned i = 0; i < machine->cpus->len; i++) {
        g_autofree char *name = g_strdup_printf("C%03X", i);
        aml_begin_device(aml, name);
        aml_name_string(aml, "_HID", "ACPI0007");
        aml_name_int(aml, "_UID", i);
        aml_end(aml);
    }
    aml_end(aml);
}

void acpi_parts_serial(Aml *aml, unsigned number, uint16_t port, unsigned irq)
{
    g_autofree char *name = g_strdup_printf("COM%u", number);
    aml_begin_device(aml, name);
    aml_name_eisa_id(aml, "_HID", "PNP0501");
    aml_name_int(aml, "_UID", number);
    aml_name_int(aml, "_STA", 0xf);
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_io(aml, port, port, 0, 8);
    aml_irq(aml, irq);
    aml_end(aml);
    aml_end(aml);
}

void acpi_parts_rtc(Aml *aml)
{
    aml_begin_device(aml, "RTC");
    aml_name_eisa_id(aml, "_HID", "PNP0B00");
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_io(aml, 0x70, 0x70, 1, 8);
    aml_irq(aml, 8);
    aml_end(aml);
    aml_end(aml);
}

void acpi_parts_fw_cfg(Aml *aml)
{
    aml_begin_device(aml, "FWCF");
    aml_name_string(aml, "_HID", "QEMU0002");
    aml_name_int(aml, "_STA", 0xb);
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_io(aml, 0x510, 0x510, 1, 12);
    aml_end(aml);
    aml_end(aml);
}

void acpi_parts_madt(X86Machine *x86, const AcpiMadt *madt)
{
    const Machine *machine = &x86->machine;
    g_autofree uint32_t *ids = g_new(uint32_t, machine->cpus->len);
    AcpiMadt whole = *madt;
    for (unsigned i = 0; i < machine->cpus->len; i++) {
        ids[i] = x86_machine_cpu(machine, i)->config.apic_id;
    }
    whole.apic_ids = ids;
    whole.present = whole.possible = machine->cpus->len;
    acpi_add_madt(&x86->acpi_tables, &whole);
}

/* Ports and line of a device without registers that AML must touch. */
static void put_plain(Aml *aml, const char *name, const char *id, const uint16_t *ports,
                      unsigned irq)
{
    aml_begin_device(aml, name);
    aml_name_eisa_id(aml, "_HID", id);
    aml_name_int(aml, "_STA", 0xf);
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    for (; *ports; ports++) {
        aml_io(aml, *ports, *ports, 1, 1);
    }
    if (irq) {
        aml_irq(aml, irq);
    }
    aml_end(aml);
    aml_end(aml);
}

static bool has(const X86Machine *x86, const char *name)
{
    return object_child((Object *)&x86->machine.object, name) != NULL;
}

static void put_parallel(Aml *aml, unsigned number, uint16_t port, unsigned irq)
{
    g_autofree char *name = g_strdup_printf("LPT%u", number);
    aml_begin_device(aml, name);
    aml_name_eisa_id(aml, "_HID", "PNP0400");
    aml_name_int(aml, "_UID", number);
    aml_name_int(aml, "_STA", 0xf);
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_io(aml, port, port, 8, 8);
    aml_irq(aml, irq);
    aml_end(aml);
    aml_end(aml);
}

/* A device that the user added, by its class. */
static Object *find_added(const X86Machine *x86, const char *class)
{
    static const char *const folders[] = { "peripheral", "peripheral-anon" };
    for (unsigned i = 0; i < G_N_ELEMENTS(folders); i++) {
        const Object *folder = object_child((Object *)&x86->machine.object, folders[i]);
        for (guint n = 0; folder && folder->children && n < folder->children->len; n++) {
            Object *obj = g_ptr_array_index(folder->children, n);
            if (strcmp(obj->class->name, class) == 0) {
                return obj;
            }
        }
    }
    return NULL;
}

static void put_pvpanic(Aml *aml, Object *pvpanic)
{
    g_autofree char *text = property_get(pvpanic, "ioport", NULL);
    uint16_t port = text ? g_ascii_strtoull(text, NULL, 0) : 0;
    aml_begin_device(aml, "PEVT");
    aml_name_string(aml, "_HID", "QEMU0001");
    aml_name_int(aml, "_STA", 0xf);
    aml_name(aml, "_CRS");
    aml_begin_resources(aml);
    aml_io(aml, port, port, 1, 1);
    aml_end(aml);
    aml_end(aml);
}

void acpi_parts_isa(Aml *aml, const X86Machine *x86)
{
    static const uint16_t parallel_ports[] = { 0x378, 0x278 };
    static const uint8_t parallel_irqs[] = { 7, 5 };
    static const uint16_t serial_ports[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };
    static const uint8_t serial_irqs[] = { 4, 3, 4, 3 };
    if (has(x86, "i8042")) {
        put_plain(aml, "KBD", "PNP0303", (const uint16_t[]){ 0x60, 0x64, 0 }, 1);
        put_plain(aml, "MOU", "PNP0F13", (const uint16_t[]){ 0 }, 12);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(serial_ports); i++) {
        g_autofree char *name = g_strdup_printf("serial%u", i);
        if (has(x86, name)) {
            acpi_parts_serial(aml, i + 1, serial_ports[i], serial_irqs[i]);
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(parallel_ports); i++) {
        g_autofree char *name = g_strdup_printf("parallel%u", i);
        if (has(x86, name)) {
            put_parallel(aml, i + 1, parallel_ports[i], parallel_irqs[i]);
        }
    }
    Object *pvpanic = find_added(x86, "pvpanic");
    if (pvpanic) {
        put_pvpanic(aml, pvpanic);
    }
    acpi_parts_rtc(aml);
}

/* A register that says where a PCI interrupt goes, as the device that systems know for it. */
void acpi_parts_link(Aml *aml, unsigned index)
{
    static const uint32_t lines[] = { 5, 10, 11 };
    static const uint32_t none = 0;
    char name[] = "LNKA", route[] = "PRQ0";
    const AmlLineKind kind = { .shared = true };
    name[3] += index;
    route[3] += index;
    aml_begin_device(aml, name);
    aml_name_eisa_id(aml, "_HID", "PNP0C0F");
    aml_name_int(aml, "_UID", index);
    aml_name(aml, "_PRS");
    aml_begin_resources(aml);
    aml_interrupt(aml, kind, lines, G_N_ELEMENTS(lines));
    aml_end(aml);
    aml_name(aml, "BUF0");
    aml_begin_resources(aml);
    aml_interrupt(aml, kind, &none, 1);
    aml_end(aml);
    aml_begin_method(aml, "_STA", 0, false);
    aml_begin_if(aml);
    aml_op(aml, AML_AND);
    aml_path(aml, route);
    aml_int(aml, 0x80);
    aml_int(aml, 0);
    aml_op(aml, AML_RETURN);
    aml_int(aml, 9);
    aml_end(aml);
    aml_op(aml, AML_RETURN);
    aml_int(aml, 11);
    aml_end(aml);
    aml_begin_method(aml, "_DIS", 0, false);
    aml_op(aml, AML_OR);
    aml_path(aml, route);
    aml_int(aml, 0x80);
    aml_path(aml, route);
    aml_end(aml);
    aml_begin_method(aml, "_CRS", 0, true);
    aml_op(aml, AML_CREATE_DWORD_FIELD); /* the number stands behind five bytes */
    aml_path(aml, "BUF0");
    aml_int(aml, 5);
    aml_path(aml, "LINE");
    aml_op(aml, AML_AND);
    aml_path(aml, route);
    aml_int(aml, 15);
    aml_path(aml, "LINE");
    aml_op(aml, AML_RETURN);
    aml_path(aml, "BUF0");
    aml_end(aml);
    aml_begin_method(aml, "_SRS", 1, true);
    aml_op(aml, AML_CREATE_DWORD_FIELD);
    aml_op(aml, AML_ARG0);
    aml_int(aml, 5);
    aml_path(aml, "LINE");
    aml_op(aml, AML_STORE);
    aml_path(aml, "LINE");
    aml_path(aml, route);
    aml_end(aml);
    aml_end(aml);
}
