/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel ICH9 LPC bridge (31.0): the ISA bus, steering of PCI interrupts to the 8259s and to the I/O
 * APIC, power management, chipset configuration registers, the reset port.  Spec: 316972-004, 10
 * and 13.
 */
#include <string.h>

#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "hw/pci/pci_bus.h"
#include "hw/southbridge/acpi_pm.h"
#include "hw/southbridge/ich9_tco.h"

/* 13.1: configuration registers */
enum {
    REG_PMBASE = 0x40,
    REG_ACPI_CNTL = 0x44,
    REG_GPIOBASE = 0x48,
    REG_GC = 0x4c,
    REG_PIRQA = 0x60,
    REG_SIRQ_CNTL = 0x64,
    REG_PIRQE = 0x68,
    REG_LPC_I_O_DEC = 0x80,
    REG_LPC_EN = 0x82,
    REG_GEN_DEC = 0x84,
    REG_GEN_PMCON_1 = 0xa0,
    REG_FWH_SEL1 = 0xd0,
    REG_FWH_DEC = 0xd8,
    REG_BIOS_CNTL = 0xdc,
    REG_FDCAP = 0xe0,
    REG_RCBA = 0xf0,
};
enum { ACPI_CNTL_ENABLE = 0x80, ACPI_CNTL_SCI = 0x07, RCBA_ENABLE = 0x01, BASE_IS_IO = 0x01 };
enum { PMCON1_SMI_LOCK = 0x10 };
enum { PIRQS = 8, PIRQ_DISABLED = 0x80, PIRQ_IRQ = 0x0f, PIRQ_RESERVED_IRQS = 0x2107 };
enum { GSI_FIRST_PIRQ = 16, RESET_CPU = 0x04, RESET_BITS = 0x0e };
enum { PM_BYTES = 128, GPE_BYTES = 8, PORT_COMMAND = 0xb2 };

/* 13.8.3: from PMBASE */
enum {
    AT_EVENT = 0x00,
    AT_CONTROL = 0x04,
    AT_TIMER = 0x08,
    AT_GPE = 0x20,
    AT_SMI = 0x30,
    AT_TCO = 0x60
};
enum {
    SMI_BYTES = 8,
    SMI_ENABLE_GLOBAL = 0x01,
    SMI_ENABLE_LOCKED = 0x01,
    SMI_ENABLE_COMMAND = 0x20,
    SMI_TCO = 0x2000,
};
enum { GCS_NO_REBOOT = 0x20 };

/* 10.1: chipset configuration */
enum { CHIPSET_BYTES = 0x4000, CHIPSET_D31IR = 0x3140, CHIPSET_GCS = 0x3410 };
enum { FIRST_ROUTED_SLOT = 25, DMI_SLOT = 30, ROUTE_DEFAULT = 0x3210 };

typedef struct {
    PciDevice pci;
    IsaBus isa;
    AcpiPm pm;
    Ich9Tco tco;
    bool no_reboot; /* property: the strap that keeps the watchdog from resetting */
    MemoryRegion pm_ports, smi_ports, chipset_mmio;
    Irq *gsi[PIRQS];                    /* outputs to the I/O APIC's inputs 16 to 23 */
    Irq *pm_sci;                        /* what AcpiPm drives */
    hwaddr pm_at, chipset_at;           /* as mapped; derived */
    uint8_t pirq_level;                 /* bit a PIRQ; derived from the devices on the bus */
    bool sci_level;                     /* derived from pm */
    uint8_t route[PCI_SLOTS][PCI_PINS]; /* PIRQ; derived from chipset */
    /* guest state */
    uint8_t reset_control;
    uint32_t smi_enable, smi_status;
    uint8_t chipset[CHIPSET_BYTES];
} Ich9Lpc;

/* Interrupts */

static bool usable(uint8_t route)
{
    return !(route & PIRQ_DISABLED) && !(PIRQ_RESERVED_IRQS >> (route & PIRQ_IRQ) & 1);
}

static uint8_t pirq_route(const Ich9Lpc *lpc, unsigned pirq)
{
    return lpc->pci.config[pirq < 4 ? REG_PIRQA + pirq : REG_PIRQE + pirq - 4];
}

/* 13.1.13: 9, 10, 11 of the 8259s and the I/O APIC, or 20 to 23 of the I/O APIC alone. */
static unsigned sci_gsi(const Ich9Lpc *lpc)
{
    static const uint8_t gsi[] = { 9, 10, 11, 9, 20, 21, 22, 23 };
    return gsi[lpc->pci.config[REG_ACPI_CNTL] & ACPI_CNTL_SCI];
}

static void update_isa_irq(Ich9Lpc *lpc, unsigned irq)
{
    bool level = lpc->sci_level && sci_gsi(lpc) == irq;
    for (unsigned i = 0; i < PIRQS; i++) {
        uint8_t route = pirq_route(lpc, i);
        level |= usable(route) && (route & PIRQ_IRQ) == irq && (lpc->pirq_level >> i & 1);
    }
    irq_set(lpc->isa.irq_in[irq], level);
}

static void update_gsi(Ich9Lpc *lpc, unsigned pirq)
{
    bool sci = lpc->sci_level && sci_gsi(lpc) == GSI_FIRST_PIRQ + pirq;
    irq_set(lpc->gsi[pirq], sci || (lpc->pirq_level >> pirq & 1));
}

static void update_all_irqs(Ich9Lpc *lpc)
{
    for (unsigned irq = 0; irq < ISA_IRQ_COUNT; irq++) {
        if (usable(irq)) {
            update_isa_irq(lpc, irq);
        }
    }
    for (unsigned i = 0; i < PIRQS; i++) {
        update_gsi(lpc, i);
    }
}

static void sci_changed(void *opaque, unsigned line, int level)
{
    Ich9Lpc *lpc = opaque;
    unsigned gsi = sci_gsi(lpc);
    lpc->sci_level = level != 0;
    if (gsi < ISA_IRQ_COUNT) {
        update_isa_irq(lpc, gsi);
    } else {
        update_gsi(lpc, gsi - GSI_FIRST_PIRQ);
    }
}

static unsigned map_irq(void *opaque, unsigned devfn, unsigned pin)
{
    return ((Ich9Lpc *)opaque)->route[devfn >> 3][pin];
}

static void set_irq(void *opaque, unsigned line, int level)
{
    Ich9Lpc *lpc = opaque;
    uint8_t bit = 1 << line, route = pirq_route(lpc, line);
    lpc->pirq_level = level ? lpc->pirq_level | bit : lpc->pirq_level & ~bit;
    update_gsi(lpc, line);
    if (usable(route)) {
        update_isa_irq(lpc, route & PIRQ_IRQ);
    }
}

/* 10.1.28 to 10.1.33: four bits a pin for devices 31 to 25 but 30; the rest turns through PIRQE to
 * PIRQH. */
static void update_routes(Ich9Lpc *lpc)
{
    static const uint8_t at[] = { 0x50, 0x4c, 0x48, 0x46, 0x44, 0, 0x40 };

    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        for (unsigned pin = 0; pin < PCI_PINS; pin++) {
            lpc->route[slot][pin] = 4 + (slot + pin) % 4;
        }
        if (slot == DMI_SLOT || slot < FIRST_ROUTED_SLOT) {
            continue;
        }
        const uint8_t *reg = lpc->chipset + (CHIPSET_D31IR & ~0xff) + at[slot - FIRST_ROUTED_SLOT];
        for (unsigned pin = 0; pin < PCI_PINS; pin++) {
            lpc->route[slot][pin] = reg[pin / 2] >> pin % 2 * 4 & 7;
        }
    }
}

/* Chipset configuration */

static uint64_t chipset_read(void *opaque, hwaddr offset, unsigned size)
{
    const Ich9Lpc *lpc = opaque;
    return lpc->chipset[offset];
}

static void chipset_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Ich9Lpc *lpc = opaque;
    lpc->chipset[offset] = value;
    if ((offset & ~0x1full) == CHIPSET_D31IR) {
        update_routes(lpc);
        pci_bus_remap_irqs(lpc->pci.bus);
    }
}

static const MemoryOps chipset_ops = {
    .read = chipset_read,
    .write = chipset_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 1,
    .impl_max = 1,
};

static void reset_chipset(Ich9Lpc *lpc)
{
    static const uint16_t routes[] = { 0x40, 0x44, 0x46, 0x48, 0x4c, 0x50 };
    memset(lpc->chipset, 0, sizeof(lpc->chipset));
    for (unsigned i = 0; i < G_N_ELEMENTS(routes); i++) {
        uint8_t *reg = lpc->chipset + (CHIPSET_D31IR & ~0xff) + routes[i];
        reg[0] = ROUTE_DEFAULT & 0xff;
        reg[1] = ROUTE_DEFAULT >> 8;
    }
    lpc->chipset[CHIPSET_GCS] = lpc->no_reboot ? GCS_NO_REBOOT : 0;
    update_routes(lpc);
}

/* SMI enable and status (13.8.3.8, 13.8.3.9) */

static uint64_t smi_read(void *opaque, hwaddr offset, unsigned size)
{
    const Ich9Lpc *lpc = opaque;
    return offset == 0 ? lpc->smi_enable : lpc->smi_status;
}

static void update_smi_command(Ich9Lpc *lpc)
{
    lpc->pm.smi_on_command =
        (lpc->smi_enable & SMI_ENABLE_GLOBAL) && (lpc->smi_enable & SMI_ENABLE_COMMAND);
}

static void smi_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Ich9Lpc *lpc = opaque;
    if (offset != 0) {
        lpc->smi_status &= ~value;
        return;
    }
    bool locked = lpc->pci.config[REG_GEN_PMCON_1] & PMCON1_SMI_LOCK;
    uint32_t keep = locked ? SMI_ENABLE_LOCKED : 0;
    lpc->smi_enable = (value & ~keep) | (lpc->smi_enable & keep);
    update_smi_command(lpc);
}

static const MemoryOps smi_ops = {
    .read = smi_read,
    .write = smi_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 4,
    .impl_max = 4,
};

/* 13.8.3.8, 10.1.75 */
static void tco_first_timeout(void *opaque)
{
    Ich9Lpc *lpc = opaque;
    if ((lpc->smi_enable & SMI_ENABLE_GLOBAL) && (lpc->smi_enable & SMI_TCO)) {
        lpc->smi_status |= SMI_TCO;
        irq_pulse(lpc->pm.smi);
    }
}

static bool tco_may_reboot(void *opaque)
{
    const Ich9Lpc *lpc = opaque;
    return !(lpc->chipset[CHIPSET_GCS] & GCS_NO_REBOOT);
}

/* Configuration */

static void place(MemoryRegion *space, MemoryRegion *mr, hwaddr *at, hwaddr address)
{
    if (*at == address) {
        return;
    }
    if (*at != PCI_UNMAPPED) {
        memory_region_remove(space, mr);
    }
    if (address != PCI_UNMAPPED) {
        memory_region_add_overlap(space, address, mr, 1);
    }
    *at = address;
}

static void update_regions(Ich9Lpc *lpc)
{
    PciDevice *pci = &lpc->pci;
    Machine *machine = device_machine(&pci->device);
    bool pm_on = pci->config[REG_ACPI_CNTL] & ACPI_CNTL_ENABLE;
    uint32_t rcba = pci_config_get(pci, REG_RCBA, 4);

    memory_transaction_begin();
    place(pci->bus->io, &lpc->pm_ports, &lpc->pm_at,
          pm_on ? pci_config_get(pci, REG_PMBASE, 4) & 0xff80 : PCI_UNMAPPED);
    place(&machine->system_memory, &lpc->chipset_mmio, &lpc->chipset_at,
          rcba & RCBA_ENABLE ? rcba & ~(CHIPSET_BYTES - 1u) : PCI_UNMAPPED);
    memory_transaction_commit();
}

/* 13.8.1.1: the lock can only be set; it ends with a reset. */
static void apply_lock(PciDevice *pci)
{
    bool locked = pci->config[REG_GEN_PMCON_1] & PMCON1_SMI_LOCK;
    pci->write_mask[REG_GEN_PMCON_1] = 0xbf & ~(locked ? PMCON1_SMI_LOCK : 0);
}

static void ich9_lpc_config_write(PciDevice *pci, unsigned offset, uint32_t value, unsigned size)
{
    Ich9Lpc *lpc = container_of(pci, Ich9Lpc, pci);
    pci_default_config_write(pci, offset, value, size);
    apply_lock(pci);
    update_regions(lpc);
    update_all_irqs(lpc);
}

static void init_config(PciDevice *pci)
{
    pci_config_set(pci, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci_config_writable(pci, PCI_COMMAND, 2, PCI_COMMAND_PARITY | PCI_COMMAND_SERR);
    pci_config_set(pci, PCI_STATUS, 2, PCI_STATUS_DEVSEL_MEDIUM);
    pci_config_set(pci, REG_PMBASE, 4, BASE_IS_IO);
    pci_config_writable(pci, REG_PMBASE, 4, 0xff80);
    pci_config_writable(pci, REG_ACPI_CNTL, 1, ACPI_CNTL_ENABLE | ACPI_CNTL_SCI);
    pci_config_set(pci, REG_GPIOBASE, 4, BASE_IS_IO);
    pci_config_writable(pci, REG_GPIOBASE, 4, 0xff80);
    pci_config_writable(pci, REG_GC, 1, 0x11);
    pci_config_set(pci, REG_PIRQA, 4, 0x80808080);
    pci_config_writable(pci, REG_PIRQA, 4, 0x8f8f8f8f);
    pci_config_set(pci, REG_SIRQ_CNTL, 1, 0x10);
    pci_config_writable(pci, REG_SIRQ_CNTL, 1, 0xff);
    pci_config_set(pci, REG_PIRQE, 4, 0x80808080);
    pci_config_writable(pci, REG_PIRQE, 4, 0x8f8f8f8f);
    pci_config_writable(pci, REG_LPC_I_O_DEC, 2, 0x1377);
    pci_config_writable(pci, REG_LPC_EN, 2, 0x3f0f);
    for (unsigned i = 0; i < 4; i++) {
        pci_config_writable(pci, REG_GEN_DEC + 4 * i, 4, 0x00fcfffd);
    }
    pci_config_writable(pci, REG_GEN_PMCON_1 + 1, 1, 0x07);
    pci_config_writable(pci, REG_GEN_PMCON_1 + 4, 2, 0x0001);
    pci_config_set(pci, REG_FWH_SEL1, 4, 0x00112233);
    pci_config_writable(pci, REG_FWH_SEL1, 4, UINT32_MAX & ~0xf0000000u);
    pci_config_set(pci, REG_FWH_DEC, 2, 0xffcf);
    pci_config_writable(pci, REG_FWH_DEC, 2, 0x7fcf);
    pci_config_writable(pci, REG_BIOS_CNTL, 1, 0x0f);
    pci_config_writable(pci, REG_RCBA, 4, ~(CHIPSET_BYTES - 1u) | RCBA_ENABLE);
    pci->keep_mask[REG_GEN_PMCON_1] = 0xbf;
    apply_lock(pci);
}

static uint8_t read_reset_port(void *opaque)
{
    return ((Ich9Lpc *)opaque)->reset_control;
}

/* 13.7.5 */
static void write_reset_port(void *opaque, uint8_t value)
{
    Ich9Lpc *lpc = opaque;
    if (value & RESET_CPU) {
        machine_request_reset(device_machine(&lpc->pci.device), true);
    } else {
        lpc->reset_control = value & RESET_BITS;
    }
}

static const PciRootOps ich9_root_ops = {
    .map_irq = map_irq,
    .set_irq = set_irq,
    .read_reset_port = read_reset_port,
    .write_reset_port = write_reset_port,
};

static void power_button(void *opaque, unsigned line, int level)
{
    if (level) {
        acpi_pm_power_button(&((Ich9Lpc *)opaque)->pm);
    }
}

static bool ich9_lpc_setup(PciDevice *pci, GError **errp)
{
    Ich9Lpc *lpc = container_of(pci, Ich9Lpc, pci);
    Device *dev = &pci->device;

    init_config(pci);
    isa_bus_init(&lpc->isa, dev, pci->bus->memory, pci->bus->io);
    acpi_pm_init(&lpc->pm, dev, GPE_BYTES);
    lpc->pm.sci = lpc->pm_sci = irq_new(sci_changed, lpc, 0);
    memory_region_init(&lpc->pm_ports, &dev->object, "ich9-pm", PM_BYTES);
    memory_region_init_io(&lpc->smi_ports, &dev->object, &smi_ops, lpc, "ich9-smi", SMI_BYTES);
    memory_region_add(&lpc->pm_ports, AT_EVENT, &lpc->pm.event);
    memory_region_add(&lpc->pm_ports, AT_CONTROL, &lpc->pm.control);
    memory_region_add(&lpc->pm_ports, AT_TIMER, &lpc->pm.timer);
    memory_region_add(&lpc->pm_ports, AT_GPE, &lpc->pm.gpe);
    memory_region_add(&lpc->pm_ports, AT_SMI, &lpc->smi_ports);
    ich9_tco_init(&lpc->tco, dev);
    lpc->tco.may_reboot = tco_may_reboot;
    lpc->tco.first_timeout = tco_first_timeout;
    lpc->tco.opaque = lpc;
    memory_region_add(&lpc->pm_ports, AT_TCO, &lpc->tco.ports);
    memory_region_add(pci->bus->io, PORT_COMMAND, &lpc->pm.command);
    memory_region_init_io(&lpc->chipset_mmio, &dev->object, &chipset_ops, lpc, "ich9-chipset",
                          CHIPSET_BYTES);
    lpc->pm_at = lpc->chipset_at = PCI_UNMAPPED;
    reset_chipset(lpc);
    device_add_irq_outputs(dev, "gsi", lpc->gsi, PIRQS);
    device_add_irq_outputs(dev, "smi", &lpc->pm.smi, 1);
    acpi_pm_add_gpe_inputs(&lpc->pm, dev);
    device_add_irq_inputs(dev, "power-button", power_button, lpc, 1);
    pci_bus_set_root_ops(pci->bus, &ich9_root_ops, lpc);
    return true;
}

static void ich9_lpc_cleanup(PciDevice *pci)
{
    Ich9Lpc *lpc = container_of(pci, Ich9Lpc, pci);
    pci_bus_set_root_ops(pci->bus, NULL, NULL);
    acpi_pm_cleanup(&lpc->pm);
    ich9_tco_cleanup(&lpc->tco);
    g_clear_pointer(&lpc->pm_sci, irq_free);
    lpc->pm.sci = NULL;
    isa_bus_cleanup(&lpc->isa);
}

static void ich9_lpc_reset(PciDevice *pci)
{
    Ich9Lpc *lpc = container_of(pci, Ich9Lpc, pci);
    lpc->reset_control = 0;
    /* no system management mode: firmware shall take it for set up */
    lpc->smi_enable = lpc->pm.smi ? 0 : SMI_ENABLE_COMMAND;
    lpc->smi_status = 0;
    lpc->pirq_level = 0;
    reset_chipset(lpc);
    pci_bus_remap_irqs(pci->bus);
    apply_lock(pci);
    acpi_pm_reset(&lpc->pm);
    ich9_tco_reset(&lpc->tco);
    update_smi_command(lpc);
    update_regions(lpc);
    update_all_irqs(lpc);
}

static bool ich9_lpc_post_load(void *opaque, uint32_t version, GError **errp)
{
    Ich9Lpc *lpc = opaque;
    lpc->reset_control &= RESET_BITS;
    update_routes(lpc);
    pci_bus_remap_irqs(lpc->pci.bus);
    apply_lock(&lpc->pci);
    update_smi_command(lpc);
    update_regions(lpc);
    update_all_irqs(lpc);
    return true;
}

static const Property ich9_lpc_properties[] = {
    PROPERTY_U8("disable_s3", Ich9Lpc, pm.disable_s3, 0, .min = 0, .max = 1,
                .help = "1: no suspend to RAM"),
    PROPERTY_U8("disable_s4", Ich9Lpc, pm.disable_s4, 0, .min = 0, .max = 1,
                .help = "1: no suspend to disk"),
    PROPERTY_BOOL("noreboot", Ich9Lpc, no_reboot, true,
                  .help = "until software clears it: the watchdog does not reset"),
    {},
};

static const VmState ich9_lpc_vmstate = {
    .version = 1,
    .post_load = ich9_lpc_post_load,
    .fields =
        (const VmField[]){
            VM_STRUCT(Ich9Lpc, pm, acpi_pm_vmstate),
            VM_STRUCT(Ich9Lpc, tco, ich9_tco_vmstate),
            VM_U8(Ich9Lpc, reset_control),
            VM_U32(Ich9Lpc, smi_enable),
            VM_U32(Ich9Lpc, smi_status),
            VM_BUFFER(Ich9Lpc, chipset),
            {},
        },
};

static void ich9_lpc_init(Object *obj)
{
    container_of(obj, PciDevice, device.object)->multifunction = true;
}

static const PciDeviceClass ich9_lpc_class = {
    .device = { .object = { .name = "ICH9-LPC",
                            .parent = &pci_device_class.device.object,
                            .instance_size = sizeof(Ich9Lpc),
                            .properties = ich9_lpc_properties,
                            .init = ich9_lpc_init },
                .summary = "Intel ICH9 LPC bridge",
                .category = DEVICE_CATEGORY_BRIDGE,
                .vmstate = &ich9_lpc_vmstate },
    .vendor = PCI_VENDOR_INTEL,
    .id = 0x2918,
    .revision = 2,
    .class = PCI_CLASS_BRIDGE_ISA,
    .setup = ich9_lpc_setup,
    .cleanup = ich9_lpc_cleanup,
    .reset = ich9_lpc_reset,
    .config_write = ich9_lpc_config_write,
};
CLASS_REGISTER(ich9_lpc_class);
