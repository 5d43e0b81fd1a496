/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel 82371SB (PIIX3), function 0: the ISA bus, steering of PCI interrupts, the reset port. Spec:
 * 290550-002. */
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "hw/pci/pci_bus.h"

/* 2.2: configuration registers */
enum {
    REG_IORT = 0x4c,   /* ISA I/O recovery */
    REG_XBCS = 0x4e,   /* X-bus chip select */
    REG_PIRQRC = 0x60, /* four: route of PIRQA to PIRQD */
    REG_TOM = 0x69,
    REG_MSTAT = 0x6a,
    REG_MBIRQ0 = 0x70,
    REG_MBDMA = 0x76,
    REG_PCSC = 0x78,
    REG_APICBASE = 0x80,
    REG_DLC = 0x82,
    REG_SMICNTL = 0xa0,
    REG_SMIEN = 0xa2,
    REG_SEE = 0xa4,
    REG_FTMR = 0xa8,
    REG_SMIREQ = 0xaa,
    REG_CTLTMR = 0xac,
    REG_CTHTMR = 0xae,
};
enum { PIRQS = 4, PIRQ_DISABLED = 0x80, PIRQ_IRQ = 0x0f, PIRQ_RESERVED_IRQS = 0x2107 };
enum { RESET_CPU = 0x04, RESET_BITS = 0x06 };

typedef struct {
    PciDevice pci;
    IsaBus isa;
    uint8_t reset_control; /* guest state */
    uint8_t pirq_level;    /* bit a PIRQ; derived from the devices on the bus */
} Piix3;

/* 2.2.7: several PCI lines may share an interrupt. */
static void update_irq(Piix3 *piix, unsigned irq)
{
    bool level = false;
    for (unsigned i = 0; i < PIRQS; i++) {
        uint8_t route = piix->pci.config[REG_PIRQRC + i];
        bool here = !(route & PIRQ_DISABLED) && (route & PIRQ_IRQ) == irq;
        level |= here && (piix->pirq_level >> i & 1);
    }
    irq_set(piix->isa.irq_in[irq], level);
}

static unsigned map_irq(void *opaque, unsigned devfn, unsigned pin)
{
    return ((devfn >> 3) + pin + PIRQS - 1) % PIRQS;
}

static bool usable(uint8_t route)
{
    return !(route & PIRQ_DISABLED) && !(PIRQ_RESERVED_IRQS >> (route & PIRQ_IRQ) & 1);
}

static void set_irq(void *opaque, unsigned line, int level)
{
    Piix3 *piix = opaque;
    uint8_t bit = 1 << line;
    piix->pirq_level = level ? piix->pirq_level | bit : piix->pirq_level & ~bit;
    uint8_t route = piix->pci.config[REG_PIRQRC + line];
    if (usable(route)) {
        update_irq(piix, route & PIRQ_IRQ);
    }
}

static void piix3_config_write(PciDevice *dev, unsigned offset, uint32_t value, unsigned size)
{
    Piix3 *piix = container_of(dev, Piix3, pci);
    uint32_t before = pci_config_get(dev, REG_PIRQRC, 4);

    pci_default_config_write(dev, offset, value, size);
    if (before == pci_config_get(dev, REG_PIRQRC, 4)) {
        return;
    }
    for (unsigned i = 0; i < PIRQS; i++) { /* where lines went to, then where they go */
        if (usable(before >> 8 * i)) {
            update_irq(piix, before >> 8 * i & PIRQ_IRQ);
        }
    }
    for (unsigned i = 0; i < PIRQS; i++) {
        if (usable(dev->config[REG_PIRQRC + i])) {
            update_irq(piix, dev->config[REG_PIRQRC + i] & PIRQ_IRQ);
        }
    }
}

static uint8_t read_reset_port(void *opaque)
{
    return ((Piix3 *)opaque)->reset_control;
}

/* 2.5.4: RESET_CPU resets, whether hard or soft. */
static void write_reset_port(void *opaque, uint8_t value)
{
    Piix3 *piix = opaque;
    if (value & RESET_CPU) {
        machine_request_reset(device_machine(&piix->pci.device), true);
    } else {
        piix->reset_control = value & RESET_BITS;
    }
}

static const PciRootOps piix3_root_ops = {
    .map_irq = map_irq,
    .set_irq = set_irq,
    .read_reset_port = read_reset_port,
    .write_reset_port = write_reset_port,
};

static void init_config(PciDevice *dev)
{
    pci_config_set(dev, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci_config_writable(dev, PCI_COMMAND, 2, PCI_COMMAND_SERR | 0x8);
    pci_config_set(dev, PCI_STATUS, 2, PCI_STATUS_DEVSEL_MEDIUM);
    pci_config_set(dev, REG_IORT, 1, 0x4d);
    pci_config_writable(dev, REG_IORT, 1, 0xff);
    pci_config_set(dev, REG_XBCS, 2, 0x03);
    pci_config_writable(dev, REG_XBCS, 2, 0xffff);
    pci_config_set(dev, REG_PIRQRC, 4, 0x80808080);
    pci_config_writable(dev, REG_PIRQRC, 4, 0x8f8f8f8f);
    pci_config_set(dev, REG_TOM, 1, 0x02);
    pci_config_writable(dev, REG_TOM, 1, 0xfe);
    pci_config_writable(dev, REG_MSTAT, 2, 0x8083);
    pci_config_set(dev, REG_MBIRQ0, 1, 0x80);
    pci_config_writable(dev, REG_MBIRQ0, 1, 0xef);
    pci_config_set(dev, REG_MBDMA, 2, 0x0c0c);
    pci_config_writable(dev, REG_MBDMA, 2, 0x8787);
    pci_config_set(dev, REG_PCSC, 2, 0x0002);
    pci_config_writable(dev, REG_PCSC, 2, 0xffff);
    pci_config_writable(dev, REG_APICBASE, 1, 0x7f);
    pci_config_writable(dev, REG_DLC, 1, 0x0f);
    pci_config_set(dev, REG_SMICNTL, 1, 0x08);
    pci_config_writable(dev, REG_SMICNTL, 1, 0x1f);
    pci_config_writable(dev, REG_SMIEN, 2, 0x00ff);
    pci_config_writable(dev, REG_SEE, 4, 0xe000fffb);
    pci_config_set(dev, REG_FTMR, 1, 0x0f);
    pci_config_writable(dev, REG_FTMR, 1, 0xff);
    pci_config_writable(dev, REG_SMIREQ, 2, 0x00ff);
    pci_config_writable(dev, REG_CTLTMR, 1, 0xff);
    pci_config_writable(dev, REG_CTHTMR, 1, 0xff);
}

static bool piix3_setup(PciDevice *dev, GError **errp)
{
    Piix3 *piix = container_of(dev, Piix3, pci);

    init_config(dev);
    isa_bus_init(&piix->isa, &dev->device, dev->bus->memory, dev->bus->io);
    pci_bus_set_root_ops(dev->bus, &piix3_root_ops, piix);
    return true;
}

static void piix3_cleanup(PciDevice *dev)
{
    pci_bus_set_root_ops(dev->bus, NULL, NULL);
    isa_bus_cleanup(&container_of(dev, Piix3, pci)->isa);
}

static void update_all(Piix3 *piix)
{
    for (unsigned irq = 0; irq < ISA_IRQ_COUNT; irq++) {
        if (usable(irq)) {
            update_irq(piix, irq);
        }
    }
}

static void piix3_reset(PciDevice *dev)
{
    Piix3 *piix = container_of(dev, Piix3, pci);
    piix->reset_control = 0;
    piix->pirq_level = 0;
    update_all(piix);
}

static bool piix3_post_load(void *opaque, uint32_t version, GError **errp)
{
    Piix3 *piix = opaque;
    piix->reset_control &= RESET_BITS;
    for (unsigned i = 0; i < PIRQS; i++) {
        uint8_t route = piix->pci.config[REG_PIRQRC + i];
        if (usable(route) && (piix->pirq_level >> i & 1)) {
            update_irq(piix, route & PIRQ_IRQ);
        }
    }
    return true;
}

static const VmState piix3_vmstate = {
    .version = 1,
    .post_load = piix3_post_load,
    .fields = (const VmField[]){ VM_U8(Piix3, reset_control), {} },
};

static void piix3_init(Object *obj)
{
    container_of(obj, PciDevice, device.object)->multifunction = true;
}

static const PciDeviceClass piix3_class = {
    .device = { .object = { .name = "PIIX3",
                            .parent = &pci_device_class.device.object,
                            .instance_size = sizeof(Piix3),
                            .init = piix3_init },
                .summary = "Intel PIIX3 ISA bridge",
                .category = DEVICE_CATEGORY_BRIDGE,
                .vmstate = &piix3_vmstate },
    .vendor = PCI_VENDOR_INTEL,
    .id = 0x7000,
    .class = PCI_CLASS_BRIDGE_ISA,
    .setup = piix3_setup,
    .cleanup = piix3_cleanup,
    .reset = piix3_reset,
    .config_write = piix3_config_write,
};
CLASS_REGISTER(piix3_class);
