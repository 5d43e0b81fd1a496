/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtio devices as PCI functions: a name, what is behind it, and a PCI class. */
#include "hw/virtio/virtio_pci.h"

static const PciDeviceClass virtio_rng_pci_class = {
    .device = { .object = { .name = "virtio-rng-pci",
                            .parent = &virtio_pci_class.device.object,
                            .front_for = "virtio-rng-device" },
                .summary = "virtio entropy source, on PCI",
                .category = DEVICE_CATEGORY_MISC,
                .user_creatable = true,
                .hotpluggable = true },
    .class = PCI_CLASS_OTHER,
};
CLASS_REGISTER(virtio_rng_pci_class);

static const PciDeviceClass virtio_rng_pci_transitional_class = {
    .device = { .object = { .name = "virtio-rng-pci-transitional",
                            .parent = &virtio_pci_class.device.object,
                            .front_for = "virtio-rng-device" },
                .summary = "virtio entropy source, on PCI, with legacy registers",
                .category = DEVICE_CATEGORY_MISC,
                .user_creatable = true,
                .hotpluggable = true },
    .class = PCI_CLASS_OTHER,
};
CLASS_REGISTER(virtio_rng_pci_transitional_class);

static const PciDeviceClass virtio_rng_pci_non_transitional_class = {
    .device = { .object = { .name = "virtio-rng-pci-non-transitional",
                            .parent = &virtio_pci_class.device.object,
                            .front_for = "virtio-rng-device" },
                .summary = "virtio entropy source, on PCI, without legacy registers",
                .category = DEVICE_CATEGORY_MISC,
                .user_creatable = true,
                .hotpluggable = true },
    .class = PCI_CLASS_OTHER,
};
CLASS_REGISTER(virtio_rng_pci_non_transitional_class);

static const PciDeviceClass virtio_serial_pci_class = {
    .device = { .object = { .name = "virtio-serial-pci",
                            .parent = &virtio_pci_class.device.object,
                            .front_for = "virtio-serial-device" },
                .summary = "virtio console and serial ports, on PCI",
                .category = DEVICE_CATEGORY_INPUT,
                .user_creatable = true,
                .hotpluggable = true },
    .class = PCI_CLASS_COMMUNICATION_OTHER,
};
CLASS_REGISTER(virtio_serial_pci_class);

static const PciDeviceClass virtio_serial_pci_transitional_class = {
    .device = { .object = { .name = "virtio-serial-pci-transitional",
                            .parent = &virtio_pci_class.device.object,
                            .front_for = "virtio-serial-device" },
                .summary = "virtio console and serial ports, on PCI, with legacy registers",
                .category = DEVICE_CATEGORY_INPUT,
                .user_creatable = true,
                .hotpluggable = true },
    .class = PCI_CLASS_COMMUNICATION_OTHER,
};
CLASS_REGISTER(virtio_serial_pci_transitional_class);

static const PciDeviceClass virtio_serial_pci_non_transitional_class = {
    .device = { .object = { .name = "virtio-serial-pci-non-transitional",
                            .parent = &virtio_pci_class.device.object,
                            .front_for = "virtio-serial-device" },
                .summary = "virtio console and serial ports, on PCI, without legacy registers",
                .category = DEVICE_CATEGORY_INPUT,
                .user_creatable = true,
                .hotpluggable = true },
    .class = PCI_CLASS_COMMUNICATION_OTHER,
};
CLASS_REGISTER(virtio_serial_pci_non_transitional_class);
