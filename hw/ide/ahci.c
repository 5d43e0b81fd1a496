/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AHCI controller with six ports, as in the ICH9.  Spec: AHCI 1.3.1; Intel 316972-004 (ICH9), 15.
 */
#include "hw/core/machine.h"
#include "hw/ide/ahci_internal.h"
#include "hw/pci/msi.h"

/* 3.1 */
enum {
    REG_CAP = 0x00,
    REG_GHC = 0x04,
    REG_IS = 0x08,
    REG_PI = 0x0c,
    REG_VS = 0x10,
    REG_CAP2 = 0x24,
    REG_PORTS = 0x100,
    PORT_BYTES = 0x80,
    REGION_BYTES = 0x1000,
};
enum { GHC_RESET = 1 << 0, GHC_IRQ = 1 << 1 };
#define GHC_AHCI 0x80000000u
/* 64-bit addresses, NCQ, CLO, AHCI only, generation 2 */
#define CAP (0xc1240000u | (AHCI_SLOTS - 1) << 8 | (AHCI_PORTS - 1))
enum { VERSION_1_3 = 0x10300 };
enum { IDP_BAR = 4, IDP_BYTES = 32, IDP_INDEX = 0x10, IDP_DATA = 0x14, REGISTERS_BAR = 5 };
enum { MSI_AT = 0x80, SATA_AT = 0xa8, SATA_BYTES = 8, SATA_ID = 0x12, SATA_REVISION = 0x10 };
enum { SATA_IDP_PLACE = (IDP_INDEX / 4) << 4 | (IDP_BAR + 4) };

void ahci_update_irq(Ahci *ahci, bool event)
{
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        AhciPort *port = &ahci->port[i];
        uint32_t status = ahci_port_read(port, AHCI_PORT_IS);
        ahci->is |= status & port->ie ? 1u << i : 0;
    }
    bool up = ahci->ghc & GHC_IRQ && ahci->is;
    bool rises = up && (event || !ahci->irq_up);
    ahci->irq_up = up;
    if (pci_msi_enabled(&ahci->pci)) {
        if (rises) {
            pci_msi_notify(&ahci->pci, 0);
        }
        up = false;
    }
    pci_set_irq(&ahci->pci, up);
}

static void reset_controller(Ahci *ahci)
{
    ahci->ghc = GHC_AHCI;
    ahci->is = 0;
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        ahci_port_reset(&ahci->port[i]);
    }
    ahci_update_irq(ahci, false);
}

static uint64_t ahci_mmio_read(void *opaque, hwaddr offset, unsigned size)
{
    Ahci *ahci = opaque;

    if (offset >= REG_PORTS) {
        unsigned number = (offset - REG_PORTS) / PORT_BYTES;
        return number < AHCI_PORTS ? ahci_port_read(&ahci->port[number], offset % PORT_BYTES) : 0;
    }
    switch (offset) {
    case REG_CAP: return CAP;
    case REG_GHC: return ahci->ghc;
    case REG_IS: return ahci->is;
    case REG_PI: return (1 << AHCI_PORTS) - 1;
    case REG_VS: return VERSION_1_3;
    default: return 0;
    }
}

static void write_control(Ahci *ahci, uint32_t value)
{
    if (value & GHC_RESET) {
        reset_controller(ahci);
        return;
    }
    ahci->ghc = GHC_AHCI | (value & GHC_IRQ);
    ahci_update_irq(ahci, false);
}

static void ahci_mmio_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Ahci *ahci = opaque;

    if (offset >= REG_PORTS) {
        unsigned number = (offset - REG_PORTS) / PORT_BYTES;
        if (number < AHCI_PORTS) {
            ahci_port_write(&ahci->port[number], offset % PORT_BYTES, value);
        }
        return;
    }
    switch (offset) {
    case REG_GHC: write_control(ahci, value); break;
    case REG_IS:
        ahci->is &= ~(uint32_t)value;
        ahci_update_irq(ahci, ahci->is != 0);
        break;
    }
}

static const MemoryOps registers_ops = {
    .read = ahci_mmio_read, .write = ahci_mmio_write, .impl_min = 4, .impl_max = 4
};

/* The same registers by an index, for those who cannot map memory (ICH9, 15.2). */
static uint64_t index_data_read(void *opaque, hwaddr offset, unsigned size)
{
    Ahci *ahci = opaque;

    switch (offset) {
    case IDP_INDEX: return ahci->index;
    case IDP_DATA: return ahci_mmio_read(ahci, ahci->index, 4);
    default: return 0;
    }
}

static void index_data_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Ahci *ahci = opaque;

    switch (offset) {
    case IDP_INDEX: ahci->index = value & (REGION_BYTES - 4); break;
    case IDP_DATA: ahci_mmio_write(ahci, ahci->index, value, 4); break;
    }
}

static const MemoryOps index_data_ops = {
    .read = index_data_read, .write = index_data_write, .impl_min = 4, .impl_max = 4
};

static void restart(void *opaque)
{
    Ahci *ahci = opaque;

    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        ahci_port_start(&ahci->port[i]);
    }
}

static bool ahci_setup(PciDevice *dev, GError **errp)
{
    Ahci *ahci = container_of(dev, Ahci, pci);
    Object *owner = &dev->device.object;
    const PciMsiConfig msi = { .offset = MSI_AT, .vectors = 1, .address64 = true };

    timer_init(&ahci->restart, device_machine(&dev->device)->clocks, CLOCK_KIND_VIRTUAL, restart,
               ahci);
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        ahci_port_init(&ahci->port[i], ahci, i);
    }
    memory_region_init_io(&ahci->registers, owner, &registers_ops, ahci, "ahci", REGION_BYTES);
    memory_region_init_io(&ahci->index_data, owner, &index_data_ops, ahci, "ahci-index", IDP_BYTES);
    pci_add_bar(dev, IDP_BAR, PCI_BAR_IO, &ahci->index_data);
    pci_add_bar(dev, REGISTERS_BAR, PCI_BAR_MEM32, &ahci->registers);
    pci_set_interrupt_pin(dev, 1);
    if (!pci_msi_init(dev, &msi, errp) ||
        !pci_add_capability(dev, SATA_ID, SATA_AT, SATA_BYTES, errp)) {
        return false;
    }
    pci_config_set(dev, SATA_AT + 2, 2, SATA_REVISION);
    pci_config_set(dev, SATA_AT + 4, 4, SATA_IDP_PLACE);
    return true;
}

static void ahci_cleanup(PciDevice *dev)
{
    timer_cancel(&container_of(dev, Ahci, pci)->restart);
}

static void ahci_reset(PciDevice *dev)
{
    Ahci *ahci = container_of(dev, Ahci, pci);

    timer_cancel(&ahci->restart);
    ahci->index = 0;
    reset_controller(ahci);
}

static bool ahci_post_load(void *opaque, uint32_t version, GError **errp)
{
    Ahci *ahci = opaque;

    ahci->ghc = GHC_AHCI | (ahci->ghc & GHC_IRQ);
    ahci->index &= REGION_BYTES - 4;
    timer_set_ns(&ahci->restart, clock_ns(ahci->restart.clocks, CLOCK_KIND_VIRTUAL));
    return true;
}

static const VmState ahci_vmstate = {
    .version = 1,
    .post_load = ahci_post_load,
    .fields = (const VmField[]){ VM_STRUCT_ARRAY(Ahci, port, ahci_port_vmstate, AhciPort),
                                 VM_U32(Ahci, ghc),
                                 VM_U32(Ahci, is),
                                 VM_U32(Ahci, index),
                                 VM_BOOL(Ahci, irq_up),
                                 {} },
};

#define AHCI(symbol, class_name, text)                                     \
    static const PciDeviceClass symbol = {                                 \
        .device = { .object = { .name = class_name,                        \
                                .parent = &pci_device_class.device.object, \
                                .instance_size = sizeof(Ahci) },           \
                    .summary = text,                                       \
                    .category = DEVICE_CATEGORY_STORAGE,                   \
                    .user_creatable = true,                                \
                    .vmstate = &ahci_vmstate },                            \
        .vendor = PCI_VENDOR_INTEL,                                        \
        .id = 0x2922,                                                      \
        .revision = 0x02,                                                  \
        .class = PCI_CLASS_STORAGE_SATA,                                   \
        .prog_interface = 0x01,                                            \
        .setup = ahci_setup,                                               \
        .cleanup = ahci_cleanup,                                           \
        .reset = ahci_reset,                                               \
    };                                                                     \
    CLASS_REGISTER(symbol)

AHCI(ich9_ahci_class, "ich9-ahci", "Intel ICH9 AHCI, six SATA ports");
AHCI(ahci_class, "ahci", "AHCI, six SATA ports");
