/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What firmware tries to boot, and in which order: devices with bootindex=, by the names that they
 * have in Open Firmware, in the fw_cfg file "bootorder".  Spec: IEEE 1275-1994, 3.2.1; PCI bus
 * binding to it, 2.2.1.
 */
#include <string.h>

#include "hw/ide/ide_bus.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/x86/pc.h"
#include "util/error.h"
#include "util/keyval.h"

typedef struct {
    Device *dev;
    const char *rom; /* file name of an option ROM, in place of a device */
    int64_t index;
} Candidate;

static int64_t boot_index(Object *obj)
{
    g_autofree char *text =
        property_find(obj->class, "bootindex") ? property_get(obj, "bootindex", NULL) : NULL;

    return text ? g_ascii_strtoll(text, NULL, 10) : -1;
}

/* A front has the properties of what is behind it, which counts. */
static void collect(Object *obj, GArray *found)
{
    Device *dev = object_cast(obj, &device_class.object);
    int64_t index = dev && dev->realized && !obj->class->front_for ? boot_index(obj) : -1;

    if (index >= 0) {
        Candidate candidate = { .dev = dev, .index = index };
        g_array_append_val(found, candidate);
    }
    for (guint i = 0; obj->children && i < obj->children->len; i++) {
        collect(g_ptr_array_index(obj->children, i), found);
    }
}

/* The PCI function that @dev is, belongs to, or hangs on. */
static PciDevice *function_of(Device *dev)
{
    for (Object *obj = &dev->object; obj; obj = obj->parent) {
        PciDevice *pci = object_cast(obj, &pci_device_class.device.object);
        if (pci) {
            return pci;
        }
    }
    return dev->bus && dev->bus->owner ? function_of(dev->bus->owner) : NULL;
}

static void put_function(const PciDevice *pci, GString *path)
{
    const PciDeviceClass *class = (const PciDeviceClass *)pci->device.object.class;
    uint16_t kind = pci_config_get(pci, PCI_CLASS_DEVICE, 2);

    if (pci->bus->bridge) {
        put_function(pci->bus->bridge, path);
    } else {
        g_string_append(path, "/pci@i0cf8");
    }
    switch (kind) {
    case PCI_CLASS_STORAGE_SCSI: g_string_append(path, "/scsi"); break;
    case PCI_CLASS_STORAGE_IDE: g_string_append(path, "/ide"); break;
    case PCI_CLASS_BRIDGE_PCI: g_string_append(path, "/pci-bridge"); break;
    default: g_string_append_printf(path, "/pci%04x,%04x", class->vendor, class->id); break;
    }
    g_string_append_printf(path, "@%x", pci->devfn >> 3);
    if (pci->devfn & 7) {
        g_string_append_printf(path, ",%x", pci->devfn & 7);
    }
}

/* Of a drive: which channel or port, and which place there. */
static void put_drive(Device *dev, GString *path)
{
    const char *dot = strrchr(dev->bus->object.name, '.');

    g_string_append_printf(path, "/drive@%s/disk@%x", dot ? dot + 1 : "0", ide_drive_unit(dev));
}

static void put_path(Device *dev, GString *path)
{
    PciDevice *pci = function_of(dev);

    if (!pci) {
        return;
    }
    put_function(pci, path);
    if (dev->bus && object_cast(&dev->bus->object, &ide_bus_class.bus.object)) {
        put_drive(dev, path);
    } else if (pci_config_get(pci, PCI_CLASS_DEVICE, 2) == PCI_CLASS_STORAGE_SCSI) {
        g_string_append(path, "/disk@0,0");
    }
    g_string_append_c(path, '\n');
}

static void collect_roms(const GPtrArray *options, GArray *found)
{
    for (guint i = 0; options && i < options->len; i++) {
        const char *text = keyval_get(g_ptr_array_index(options, i), "bootindex");
        Candidate candidate = { .rom = keyval_get(g_ptr_array_index(options, i), "file"),
                                .index = text ? g_ascii_strtoll(text, NULL, 0) : -1 };
        if (candidate.index >= 0) {
            g_array_append_val(found, candidate);
        }
    }
}

static void put_rom(const char *rom, GString *path)
{
    g_autofree char *base = g_path_get_basename(rom);

    g_string_append_printf(path, "/rom@genroms/%s\n", base);
}

static int compare(gconstpointer a, gconstpointer b)
{
    int64_t left = ((const Candidate *)a)->index, right = ((const Candidate *)b)->index;

    return left < right ? -1 : left > right;
}

bool pc_add_boot_order(Pc *pc, const char *first, bool strict, GError **errp)
{
    g_autoptr(GArray) found = g_array_new(false, false, sizeof(Candidate));
    g_autoptr(GString) order = g_string_new(first);

    collect(&pc->x86.machine.object, found);
    collect_roms(pc->x86.machine.options[MACHINE_OPTION_ROM], found);
    g_array_sort(found, compare);
    for (guint i = 0; i < found->len; i++) {
        const Candidate *candidate = &g_array_index(found, Candidate, i);
        if (i && candidate->index == candidate[-1].index) {
            error_set(errp, "two devices have bootindex=%d", (int)candidate->index);
            return false;
        }
        if (candidate->rom) {
            put_rom(candidate->rom, order);
        } else {
            put_path(candidate->dev, order);
        }
    }
    if (strict) {
        g_string_append(order, "HALT\n");
    }
    if (order->len) { /* lines, and a zero after the last */
        order->str[order->len - 1] = '\0';
    }
    return !order->len ||
           fw_cfg_add_file(pc->x86.fw_cfg, "bootorder", order->str, order->len, errp);
}
