/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over PCI: legacy I/O registers in BAR 0, MSI-X in BAR 1, modern structures in BAR 4. The
 * virtio device is a part of the function, and its properties are the function's too.  Spec: VIRTIO
 * 1.2, section 4.1.
 */
#pragma once

#include "hw/pci/pci_bus.h"
#include "hw/virtio/virtio.h"

typedef enum {
    VIRTIO_PCI_LEGACY_AUTO,
    VIRTIO_PCI_LEGACY_OFF,
    VIRTIO_PCI_LEGACY_ON
} VirtioPciLegacy;

/* Guarded by the machine lock. */
typedef struct {
    PciDevice pci;
    VirtioBus bus;
    VirtioDevice *vdev; /* child "virtio-backend" */
    MemoryRegion legacy_ports, modern, common, isr_register, device_config, notify;
    bool has_legacy, has_modern;
    unsigned access_cap; /* configuration access capability; 0: none */
    /* properties */
    int disable_legacy; /* an on, off, auto */
    bool disable_modern;
    uint32_t vectors; /* UINT32_MAX: one a queue and one more */
    /* guest state */
    bool legacy_driver; /* it used the legacy registers last */
    uint8_t isr;
    uint32_t device_features_sel, driver_features_sel;
    uint64_t driver_features; /* as written so far */
    uint16_t queue_sel, config_vector;
    uint16_t queue_vector[VIRTIO_MAX_QUEUES];
    uint32_t queue_pfn[VIRTIO_MAX_QUEUES]; /* legacy */
} VirtioPci;

/* Abstract; a class below it names the device (object.front_for) and its PCI class. A name that
 * ends with "-transitional" or "-non-transitional" fixes whether there are legacy registers. */
extern const PciDeviceClass virtio_pci_class;

/* Between virtio_pci.c and its halves. */
extern const MemoryOps virtio_pci_legacy_ops, virtio_pci_common_ops;
/** virtio_pci_reset_transport - what a driver's reset undoes beside the device's own */
void virtio_pci_reset_transport(VirtioPci *dev);
void virtio_pci_set_status(VirtioPci *dev, uint8_t status);
/** virtio_pci_read_isr - and clear it */
uint8_t virtio_pci_read_isr(VirtioPci *dev);
/** virtio_pci_valid_vector - @vector, or 0xffff if there is none such */
uint16_t virtio_pci_valid_vector(VirtioPci *dev, uint16_t vector);
/** virtio_pci_queue - the selected one; NULL: there is none */
VirtQueue *virtio_pci_queue(VirtioPci *dev);
