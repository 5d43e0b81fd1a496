/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/pci_fixture.h"

#include "hw/pci/msi.h"

typedef struct {
    PciDevice pci;
    MemoryRegion io, mem, mem64;
    uint32_t written;
} FixtureDevice;

static uint64_t bar_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0xa5a5a500 | (offset & 0xff);
}

static void bar_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    ((FixtureDevice *)opaque)->written = value;
}

static const MemoryOps bar_ops = {
    .read = bar_read,
    .write = bar_write,
    .impl_min = 4,
    .impl_max = 4,
};

static bool fixture_setup(PciDevice *pci, GError **errp)
{
    FixtureDevice *dev = container_of(pci, FixtureDevice, pci);
    Object *owner = &pci->device.object;
    const PciMsiConfig msi = { .vectors = 4, .address64 = true, .maskable = true };
    const PciMsixConfig msix = { .vectors = PCI_FIXTURE_VECTORS, .bar = 4 };

    memory_region_init_io(&dev->io, owner, &bar_ops, dev, "io", PCI_FIXTURE_IO_BYTES);
    memory_region_init_io(&dev->mem, owner, &bar_ops, dev, "mem", PCI_FIXTURE_MEM_BYTES);
    memory_region_init_io(&dev->mem64, owner, &bar_ops, dev, "mem64", PCI_FIXTURE_MEM64_BYTES);
    pci_add_bar(pci, 0, PCI_BAR_IO, &dev->io);
    pci_add_bar(pci, 1, PCI_BAR_MEM32, &dev->mem);
    pci_add_bar(pci, 2, PCI_BAR_MEM64 | PCI_BAR_PREFETCH, &dev->mem64);
    pci_set_interrupt_pin(pci, 1);
    return pci_msi_init(pci, &msi, errp) && pci_msix_init(pci, &msix, errp);
}

const PciDeviceClass pci_fixture_device_class = {
    .device = { .object = { .name = "pci-fixture",
                            .parent = &pci_device_class.device.object,
                            .instance_size = sizeof(FixtureDevice) },
                .user_creatable = true },
    .vendor = 0x1234,
    .id = 0xbeef,
    .revision = 7,
    .class = PCI_CLASS_OTHER,
    .setup = fixture_setup,
};
CLASS_REGISTER(pci_fixture_device_class);

static MemTxResult catch_message(void *opaque, hwaddr offset, uint64_t value, unsigned size,
                                 MemTxAttrs attrs)
{
    PciFixture *f = opaque;
    f->messages++;
    f->message_address = offset + PCI_FIXTURE_MESSAGE_BASE;
    f->message_data = value;
    f->message_requester = attrs.requester;
    return MEMTX_OK;
}

static MemTxResult read_nothing(void *opaque, hwaddr offset, uint64_t *value, unsigned size,
                                MemTxAttrs attrs)
{
    *value = 0;
    return MEMTX_OK;
}

static const MemoryOps catcher_ops = { .read_attrs = read_nothing, .write_attrs = catch_message };

void pci_fixture_init(PciFixture *f, const char *host, const char *isa_bridge, unsigned devfn)
{
    g_autoptr(GError) error = NULL;

    *f = (PciFixture){ 0 };
    fixture_init(&f->device);
    Machine *machine = f->device.machine;
    memory_region_init_io(&f->catcher, &machine->object, &catcher_ops, f, "messages", 0x1000);
    memory_region_add(&machine->system_memory, PCI_FIXTURE_MESSAGE_BASE, &f->catcher);
    fixture_add(&f->device, host, (const char *const[]){ "below-4g-mem-size", "16M", NULL });
    g_assert_true(device_realize(f->device.dev, NULL, &error));
    f->root = pci_bus_default(machine);
    g_assert_nonnull(f->root);
    if (isa_bridge) {
        g_assert_nonnull(pci_add(machine, f->root, isa_bridge, devfn, &error));
        g_assert_no_error(error);
    }
    g_assert_true(machine_reset(machine, NULL));
}

void pci_fixture_cleanup(PciFixture *f)
{
    fixture_cleanup(&f->device);
}

uint32_t pci_fixture_in(PciFixture *f, uint16_t port, unsigned size)
{
    uint64_t value = UINT64_MAX;
    address_space_load(&f->device.machine->io, port, size, ENDIAN_LITTLE, &value,
                       (MemTxAttrs){ 0 });
    return value;
}

void pci_fixture_out(PciFixture *f, uint16_t port, unsigned size, uint32_t value)
{
    address_space_store(&f->device.machine->io, port, size, ENDIAN_LITTLE, value,
                        (MemTxAttrs){ 0 });
}

static void select_register(PciFixture *f, uint16_t bdf, unsigned offset)
{
    pci_fixture_out(f, 0xcf8, 4, 0x80000000 | bdf << 8 | (offset & 0xfc));
}

uint32_t pci_fixture_read(PciFixture *f, uint16_t bdf, unsigned offset, unsigned size)
{
    select_register(f, bdf, offset);
    return pci_fixture_in(f, 0xcfc + offset % 4, size);
}

void pci_fixture_write(PciFixture *f, uint16_t bdf, unsigned offset, unsigned size, uint32_t value)
{
    select_register(f, bdf, offset);
    pci_fixture_out(f, 0xcfc + offset % 4, size, value);
}

void pci_fixture_hostile(PciFixture *f, uint16_t bdf, unsigned bytes)
{
    static const uint32_t values[] = {
        0,          1,          2,          3,      7,      0xf,        0x10,
        0x80,       0xff,       0x100,      0x7fff, 0xffff, 0x10000,    0xfee00000,
        0x7fffffff, 0xfffff000, 0xfffffff0, 0x8000, 0xc000, 0x80000000, 0xffffffff,
    };
    Machine *machine = f->device.machine;

    for (unsigned at = 0; at < bytes; at++) {
        for (unsigned size = 1; size <= 4; size *= 2) {
            for (unsigned i = 0; at % size == 0 && i < G_N_ELEMENTS(values); i++) {
                pci_config_write(f->root, bdf, at, values[i], size);
            }
            if (at % size == 0) {
                pci_config_read(f->root, bdf, at, size);
            }
        }
    }
    for (unsigned i = 0; i < 5000; i++) {
        unsigned size = 1 << g_test_rand_int_range(0, 3);
        unsigned at = g_test_rand_int_range(0, bytes / size) * size;
        pci_config_write(f->root, bdf, at, (uint32_t)g_test_rand_int(), size);
    }
    fixture_check_state(&f->device);
    g_assert_true(machine_reset(machine, NULL));
    fixture_check_state(&f->device);
}
