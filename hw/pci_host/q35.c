/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel Q35 memory controller hub: the root of a PCI Express hierarchy, with enhanced configuration
 * access, and SMRAM in the video area and at the top of low memory (TSEG).  Spec: 316966-002, 5.
 */
#include "hw/core/machine.h"
#include "hw/pci_host/pci_host.h"
#include "util/error.h"

/* 5.1: registers of device 0 */
enum {
    REG_EXT_TSEG_MB = 0x50, /* of virtual machines: size of TSEG in MiB when the code is 3 */
    REG_PCIEXBAR = 0x60,
    REG_PAM = 0x90,
    REG_SMRAM = 0x9d,
    REG_ESMRAMC = 0x9e,
};
enum {
    PCIEXBAR_ENABLE = 0x1,
    PCIEXBAR_SIZE = 0x6,
    PCIEXBAR_WRITABLE_LOW = 0xf0000007, /* with the mask bits of the smaller sizes */
    PCIEXBAR_WRITABLE_HIGH = 0xf,
    PCIEXBAR_BITS = 36,
    PCIEXBAR_FIRST = 0xb0000000,
};
enum {
    SMRAM_BASE = 0x02,
    SMRAM_ENABLE = 0x08,
    SMRAM_LOCK = 0x10,
    SMRAM_CLOSED = 0x20,
    SMRAM_OPEN = 0x40,
};
enum {
    ESMRAMC_TSEG_ENABLE = 0x01,
    ESMRAMC_TSEG_SIZE = 0x06,
    ESMRAMC_CACHED = 0x38, /* always */
    ESMRAMC_ERROR = 0x40,
    ESMRAMC_HIGH = 0x80,
};
enum { EXT_TSEG_QUERY = 0xffff, EXT_TSEG_MAX_MB = 0xfff };

typedef struct {
    PciDevice pci;
    uint16_t extended_tseg_mb; /* property */
    bool asked;                /* guest state: 0xffff was written to REG_EXT_TSEG_MB */
} Mch;

typedef struct {
    PciHost host;
    MemoryRegion ecam, tseg_hole, tseg;
    uint64_t tseg_bytes; /* as mapped; 0: not */
} Q35Host;

/* 5.1.17 */
static void update_ecam(PciDevice *dev, Q35Host *q35)
{
    static const unsigned buses[] = { 256, 128, 64, 0 };
    MemoryRegion *system = &device_machine(&dev->device)->system_memory;
    uint64_t bar = pci_config_get(dev, REG_PCIEXBAR, 4) |
                   (uint64_t)pci_config_get(dev, REG_PCIEXBAR + 4, 4) << 32;
    unsigned count = bar & PCIEXBAR_ENABLE ? buses[(bar & PCIEXBAR_SIZE) >> 1] : 0;
    uint64_t size = (uint64_t)count << 20;
    hwaddr address = size ? bar & ~(size - 1) & (((uint64_t)1 << PCIEXBAR_BITS) - 1) : 0;

    if (q35->ecam.container && (!size || q35->ecam.size != size || q35->ecam.address != address)) {
        memory_region_remove(system, &q35->ecam);
        object_unparent(&q35->ecam.object);
        q35->ecam = (MemoryRegion){ 0 };
    }
    if (size && !q35->ecam.container) {
        pci_ecam_init(&q35->ecam, &q35->host.sysbus.device.object, &q35->host.bus, count);
        memory_region_add_overlap(system, address, &q35->ecam, 1);
    }
}

static uint64_t tseg_size(const Mch *mch, uint64_t below_4g)
{
    const PciDevice *dev = &mch->pci;
    uint8_t esmramc = dev->config[REG_ESMRAMC];
    static const uint8_t mb[] = { 1, 2, 8 };
    unsigned code = (esmramc & ESMRAMC_TSEG_SIZE) >> 1;
    uint64_t size = (uint64_t)(code < 3 ? mb[code] : mch->extended_tseg_mb) << 20;

    if (!(esmramc & ESMRAMC_TSEG_ENABLE) || !(dev->config[REG_SMRAM] & SMRAM_ENABLE)) {
        return 0;
    }
    return size < below_4g ? size : 0;
}

/* 5.1.24: the top of low memory is there in system management mode only. */
static void update_tseg(Mch *mch, Q35Host *q35)
{
    Machine *machine = device_machine(&mch->pci.device);
    Object *owner = &q35->host.sysbus.device.object;
    uint64_t below = q35->host.below_4g, size = tseg_size(mch, below);

    if (size == q35->tseg_bytes) {
        return;
    }
    if (q35->tseg_bytes) {
        memory_region_remove(&machine->system_memory, &q35->tseg_hole);
        memory_region_remove(&q35->host.smram, &q35->tseg);
        object_unparent(&q35->tseg_hole.object);
        object_unparent(&q35->tseg.object);
        q35->tseg_hole = q35->tseg = (MemoryRegion){ 0 };
    }
    q35->tseg_bytes = size;
    if (size) {
        memory_region_init_io(&q35->tseg_hole, owner, &pci_host_nobody_ops, q35, "tseg-hole", size);
        memory_region_init_alias(&q35->tseg, owner, "tseg", &machine->ram, below - size, size);
        memory_region_add_overlap(&machine->system_memory, below - size, &q35->tseg_hole, 1);
        memory_region_add(&q35->host.smram, below - size, &q35->tseg);
    }
}

static void update_memory(PciDevice *dev)
{
    Mch *mch = container_of(dev, Mch, pci);
    PciHost *host = pci_host_of(dev);
    Q35Host *q35 = container_of(host, Q35Host, host);
    uint8_t smram = dev->config[REG_SMRAM];

    memory_transaction_begin();
    update_ecam(dev, q35);
    pci_host_update_pam(host, &dev->config[REG_PAM]);
    pci_host_update_smram(host, (smram & SMRAM_ENABLE) && (smram & SMRAM_OPEN),
                          smram & SMRAM_ENABLE);
    update_tseg(mch, q35);
    memory_transaction_commit();
}

/* 5.1.23, 5.1.24: once locked, what SMRAM is cannot change until reset. */
static void apply_lock(PciDevice *dev)
{
    bool locked = dev->config[REG_SMRAM] & SMRAM_LOCK;
    if (locked) {
        dev->config[REG_SMRAM] &= ~SMRAM_OPEN;
    }
    dev->write_mask[REG_SMRAM] =
        SMRAM_CLOSED | (locked ? 0 : SMRAM_ENABLE | SMRAM_LOCK | SMRAM_OPEN);
    dev->write_mask[REG_ESMRAMC] =
        locked ? 0 : ESMRAMC_TSEG_ENABLE | ESMRAMC_TSEG_SIZE | ESMRAMC_HIGH;
}

/* Firmware writes ones to learn the size; what else it writes has no effect. */
static void answer_query(Mch *mch)
{
    uint16_t value = pci_config_get(&mch->pci, REG_EXT_TSEG_MB, 2);
    mch->asked = value == EXT_TSEG_QUERY;
    pci_config_set(&mch->pci, REG_EXT_TSEG_MB, 2, mch->asked ? mch->extended_tseg_mb : 0);
}

static void mch_config_write(PciDevice *dev, unsigned offset, uint32_t value, unsigned size)
{
    Mch *mch = container_of(dev, Mch, pci);
    pci_default_config_write(dev, offset, value, size);
    if (offset < REG_EXT_TSEG_MB + 2 && offset + size > REG_EXT_TSEG_MB) {
        answer_query(mch);
    }
    apply_lock(dev);
    update_memory(dev);
}

static bool mch_setup(PciDevice *dev, GError **errp)
{
    pci_config_set(dev, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci_config_writable(dev, PCI_COMMAND, 2, PCI_COMMAND_PARITY | PCI_COMMAND_SERR);
    pci_config_set(dev, PCI_STATUS, 2, PCI_STATUS_FAST_BACK);
    if (container_of(dev, Mch, pci)->extended_tseg_mb) {
        pci_config_writable(dev, REG_EXT_TSEG_MB, 2, UINT16_MAX);
    }
    pci_config_set(dev, REG_PCIEXBAR, 4, PCIEXBAR_FIRST);
    pci_config_writable(dev, REG_PCIEXBAR, 4, PCIEXBAR_WRITABLE_LOW | 0x0c000000);
    pci_config_writable(dev, REG_PCIEXBAR + 4, 4, PCIEXBAR_WRITABLE_HIGH);
    dev->stays_at = REG_PAM;
    dev->stays_bytes = PAM_REGISTERS;
    for (unsigned i = 0; i < PAM_REGISTERS; i++) {
        pci_config_writable(dev, REG_PAM + i, 1, i ? 0x33 : 0x30);
    }
    pci_config_set(dev, REG_SMRAM, 1, SMRAM_BASE);
    pci_config_set(dev, REG_ESMRAMC, 1, ESMRAMC_CACHED);
    pci_config_clearable(dev, REG_ESMRAMC, 1, ESMRAMC_ERROR);
    dev->keep_mask[REG_SMRAM] = dev->keep_mask[REG_ESMRAMC] = 0xff;
    apply_lock(dev);
    return true;
}

static void mch_reset(PciDevice *dev)
{
    container_of(dev, Mch, pci)->asked = false;
    apply_lock(dev);
    update_memory(dev);
}

static bool mch_post_load(void *opaque, uint32_t version, GError **errp)
{
    Mch *mch = opaque;
    uint8_t *config = mch->pci.config;
    config[REG_SMRAM] = (config[REG_SMRAM] & 0x78) | SMRAM_BASE;
    config[REG_ESMRAMC] = (config[REG_ESMRAMC] & 0x87) | ESMRAMC_CACHED;
    pci_config_set(&mch->pci, REG_EXT_TSEG_MB, 2, mch->asked ? mch->extended_tseg_mb : 0);
    apply_lock(&mch->pci);
    update_memory(&mch->pci);
    return true;
}

static const VmState mch_vmstate = {
    .version = 1,
    .post_load = mch_post_load,
    .fields = (const VmField[]){ VM_BOOL(Mch, asked), {} },
};

static const Property mch_properties[] = {
    PROPERTY_U16("extended-tseg-mbytes", Mch, extended_tseg_mb, 16, .max = EXT_TSEG_MAX_MB,
                 .help = "size of the largest TSEG; 0: only the usual sizes"),
    {},
};

static const PciDeviceClass mch_class = {
    .device = { .object = { .name = "mch",
                            .parent = &pci_device_class.device.object,
                            .instance_size = sizeof(Mch),
                            .properties = mch_properties },
                .summary = "Intel Q35 memory controller hub",
                .category = DEVICE_CATEGORY_BRIDGE,
                .vmstate = &mch_vmstate },
    .vendor = PCI_VENDOR_INTEL,
    .id = 0x29c0,
    .class = PCI_CLASS_BRIDGE_HOST,
    .setup = mch_setup,
    .reset = mch_reset,
    .config_write = mch_config_write,
};
CLASS_REGISTER(mch_class);

static bool q35_host_realize(Device *dev, GError **errp)
{
    PciHost *host = container_of(dev, PciHost, sysbus.device);
    return pci_host_setup(host, &pcie_bus_class, "pcie.0", "mch", errp);
}

static const SysbusDeviceClass q35_host_class = {
    .device = { .object = { .name = "q35-pcihost",
                            .parent = &pci_host_class.device.object,
                            .instance_size = sizeof(Q35Host) },
                .summary = "Intel Q35 host bridge and its PCI Express bus",
                .realize = q35_host_realize },
};
CLASS_REGISTER(q35_host_class);
