/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtio devices as PCI functions: a name, what is behind it, and a PCI class. */
#include "hw/virtio/virtio_pci.h"

/* One name; @suffix says which registers it has. */
#define FUNCTION(symbol, base, suffix, text, kind, pci_class)              \
    static const PciDeviceClass symbol = {                                 \
        .device = { .object = { .name = base "-pci" suffix,                \
                                .parent = &virtio_pci_class.device.object, \
                                .front_for = base "-device" },             \
                    .summary = text,                                       \
                    .category = (kind),                                    \
                    .user_creatable = true,                                \
                    .hotpluggable = true },                                \
        .class = (pci_class),                                              \
    };                                                                     \
    CLASS_REGISTER(symbol)

#define FUNCTIONS(symbol, base, text, kind, pci_class)                                             \
    FUNCTION(symbol, base, "", text ", on PCI", kind, pci_class);                                  \
    FUNCTION(symbol##_transitional, base, "-transitional", text ", on PCI, with legacy registers", \
             kind, pci_class);                                                                     \
    FUNCTION(symbol##_non_transitional, base, "-non-transitional",                                 \
             text ", on PCI, without legacy registers", kind, pci_class)

FUNCTIONS(virtio_blk_pci_class, "virtio-blk", "virtio disk", DEVICE_CATEGORY_STORAGE,
          PCI_CLASS_STORAGE_SCSI);
FUNCTIONS(virtio_rng_pci_class, "virtio-rng", "virtio entropy source", DEVICE_CATEGORY_MISC,
          PCI_CLASS_OTHER);
FUNCTIONS(virtio_serial_pci_class, "virtio-serial", "virtio console and serial ports",
          DEVICE_CATEGORY_INPUT, PCI_CLASS_COMMUNICATION_OTHER);
