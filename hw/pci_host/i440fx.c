/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel 82441FX (440FX) host bridge: the root of a conventional PCI bus.  Spec: 290549-001. */
#include "hw/pci_host/pci_host.h"

/* 3.2: registers of function 0 */
enum {
    REG_PMCCFG = 0x50,
    REG_DETURBO = 0x52,
    REG_DBC = 0x53,
    REG_AXC = 0x54,
    REG_DRT = 0x55,
    REG_DRAMC = 0x57,
    REG_DRAMT = 0x58,
    REG_PAM = 0x59,
    REG_DRB = 0x60,
    REG_FDHC = 0x68,
    REG_MTT = 0x70,
    REG_CLT = 0x71,
    REG_SMRAM = 0x72,
    REG_ERRCMD = 0x90,
    REG_ERRSTS = 0x91,
    REG_TRC = 0x93,
};
enum {
    SMRAM_BASE = 0x02, /* the only segment there is */
    SMRAM_ENABLE = 0x08,
    SMRAM_LOCK = 0x10,
    SMRAM_CLOSED = 0x20,
    SMRAM_OPEN = 0x40,
};

typedef struct {
    PciDevice pci;
} I440fx;

typedef struct {
    PciHost host;
} I440fxHost;

static void update_memory(PciDevice *dev)
{
    uint8_t smram = dev->config[REG_SMRAM];
    PciHost *host = pci_host_of(dev);
    pci_host_update_pam(host, &dev->config[REG_PAM]);
    pci_host_update_smram(host, (smram & SMRAM_ENABLE) && (smram & SMRAM_OPEN),
                          smram & SMRAM_ENABLE);
}

/* 3.2.22: once locked, only SMRAM_CLOSED can change until reset, and SMRAM stays closed. */
static void apply_lock(PciDevice *dev)
{
    bool locked = dev->config[REG_SMRAM] & SMRAM_LOCK;
    if (locked) {
        dev->config[REG_SMRAM] &= ~SMRAM_OPEN;
    }
    dev->write_mask[REG_SMRAM] =
        SMRAM_CLOSED | (locked ? 0 : SMRAM_ENABLE | SMRAM_LOCK | SMRAM_OPEN);
}

static void i440fx_config_write(PciDevice *dev, unsigned offset, uint32_t value, unsigned size)
{
    pci_default_config_write(dev, offset, value, size);
    apply_lock(dev);
    update_memory(dev);
}

static bool i440fx_setup(PciDevice *dev, GError **errp)
{
    pci_config_set(dev, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci_config_writable(dev, PCI_COMMAND, 2, PCI_COMMAND_PARITY | PCI_COMMAND_SERR);
    pci_config_set(dev, PCI_STATUS, 2, PCI_STATUS_FAST_BACK | PCI_STATUS_DEVSEL_MEDIUM);
    pci_config_writable(dev, REG_PMCCFG, 2, 0xffff);
    pci_config_writable(dev, REG_DETURBO, 1, 0xff);
    pci_config_writable(dev, REG_DBC, 1, 0xff);
    pci_config_writable(dev, REG_AXC, 1, 0xff);
    pci_config_writable(dev, REG_DRT, 2, 0xffff);
    pci_config_writable(dev, REG_DRAMC, 1, 0xff);
    pci_config_writable(dev, REG_DRAMT, 1, 0xff);
    dev->stays_at = REG_PAM;
    dev->stays_bytes = PAM_REGISTERS;
    for (unsigned i = 0; i < PAM_REGISTERS; i++) {
        pci_config_writable(dev, REG_PAM + i, 1, i ? 0x33 : 0x30);
    }
    pci_config_writable(dev, REG_DRB, 4, UINT32_MAX);
    pci_config_writable(dev, REG_DRB + 4, 4, UINT32_MAX);
    pci_config_writable(dev, REG_FDHC, 1, 0xc0);
    pci_config_writable(dev, REG_MTT, 2, 0xffff);
    pci_config_set(dev, REG_SMRAM, 1, SMRAM_BASE);
    dev->keep_mask[REG_SMRAM] = 0xff; /* a lock must not hide what is loaded */
    pci_config_writable(dev, REG_ERRCMD, 1, 0xff);
    pci_config_clearable(dev, REG_ERRSTS, 2, 0xffff);
    pci_config_writable(dev, REG_TRC, 1, 0x0f);
    apply_lock(dev);
    return true;
}

static void i440fx_reset(PciDevice *dev)
{
    apply_lock(dev);
    update_memory(dev);
}

static bool i440fx_post_load(void *opaque, uint32_t version, GError **errp)
{
    PciDevice *dev = opaque;
    dev->config[REG_SMRAM] = (dev->config[REG_SMRAM] & 0x78) | SMRAM_BASE;
    i440fx_reset(dev);
    return true;
}

static const VmState i440fx_vmstate = {
    .version = 1,
    .post_load = i440fx_post_load,
    .fields = (const VmField[]){ {} },
};

static const PciDeviceClass i440fx_class = {
    .device = { .object = { .name = "i440FX",
                            .parent = &pci_device_class.device.object,
                            .instance_size = sizeof(I440fx) },
                .summary = "Intel 440FX host bridge",
                .category = DEVICE_CATEGORY_BRIDGE,
                .vmstate = &i440fx_vmstate },
    .vendor = PCI_VENDOR_INTEL,
    .id = 0x1237,
    .revision = 2,
    .class = PCI_CLASS_BRIDGE_HOST,
    .setup = i440fx_setup,
    .reset = i440fx_reset,
    .config_write = i440fx_config_write,
};
CLASS_REGISTER(i440fx_class);

static bool i440fx_host_realize(Device *dev, GError **errp)
{
    PciHost *host = container_of(dev, PciHost, sysbus.device);
    return pci_host_setup(host, &pci_bus_class, "pci.0", "i440FX", errp);
}

static const SysbusDeviceClass i440fx_host_class = {
    .device = { .object = { .name = "i440FX-pcihost",
                            .parent = &pci_host_class.device.object,
                            .instance_size = sizeof(I440fxHost) },
                .summary = "Intel 440FX host bridge and its PCI bus",
                .realize = i440fx_host_realize },
};
CLASS_REGISTER(i440fx_host_class);
