/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "pci-testdev": counts writes to an offset of a BAR, so that hypervisor tests can time and check
 * them. Each BAR starts with a header; byte 0 selects a test.  Spec: the public "pci-testdev"
 * document.
 */
#include <stdio.h>
#include <string.h>

#include "hw/pci/pci_bus.h"

enum { TESTS = 3, BARS = 2, BAR_MEMORY = 0, BAR_IO = 1, BAR_RAM = 2, NO_TEST = 0xff };
enum { MEMORY_BYTES = 4096, IO_BYTES = 256 };
enum { HEADER_WIDTH = 1, HEADER_OFFSET = 4, HEADER_DATA = 8, HEADER_COUNT = 12, HEADER_NAME = 16 };
enum { HEADER_BYTES = 48, DATA_MATCH = 0xfa, DATA_ANY = 0xce, WIDTH_BYTE = 1 };

typedef struct PciTestdev PciTestdev;

/* One of the two BARs with tests. */
typedef struct {
    PciTestdev *dev;
    MemoryRegion region;
    unsigned index;
} TestBar;

struct PciTestdev {
    PciDevice pci;
    TestBar bars[BARS];
    MemoryRegion ram;
    uint64_t ram_bytes; /* property */
    /* guest state */
    uint8_t test; /* NO_TEST: none; counted over both BARs */
    uint32_t count;
};

static const char *const test_names[TESTS] = { "no-eventfd", "wildcard-eventfd",
                                               "datamatch-eventfd" };

static bool compares(const PciTestdev *dev)
{
    return dev->test % TESTS != 1;
}

/* In the upper half of the BAR, another place for each test. */
static uint32_t test_offset(const PciTestdev *dev)
{
    return (dev->test / TESTS == BAR_MEMORY ? MEMORY_BYTES : IO_BYTES) / 2 + dev->test;
}

static void put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = value >> 8 * i;
    }
}

static void make_header(const PciTestdev *dev, uint8_t header[HEADER_BYTES])
{
    memset(header, 0, HEADER_BYTES);
    header[0] = dev->test;
    header[HEADER_WIDTH] = WIDTH_BYTE;
    put32(header + HEADER_OFFSET, test_offset(dev));
    put32(header + HEADER_DATA, compares(dev) ? DATA_MATCH : DATA_ANY);
    put32(header + HEADER_COUNT, dev->count);
    snprintf((char *)header + HEADER_NAME, HEADER_BYTES - HEADER_NAME, "%s-%s",
             dev->test / TESTS == BAR_MEMORY ? "mmio" : "portio", test_names[dev->test % TESTS]);
}

static uint64_t testdev_read(void *opaque, hwaddr offset, unsigned size)
{
    const PciTestdev *dev = ((TestBar *)opaque)->dev;
    uint8_t header[HEADER_BYTES];
    if (dev->test == NO_TEST || offset >= HEADER_BYTES) {
        return 0;
    }
    make_header(dev, header);
    return header[offset];
}

static void testdev_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    TestBar *bar = opaque;
    PciTestdev *dev = bar->dev;
    if (offset == 0) {
        dev->count = 0;
        dev->test = value < TESTS ? bar->index * TESTS + value : NO_TEST;
        return;
    }
    if (dev->test == NO_TEST || dev->test / TESTS != bar->index || offset != test_offset(dev)) {
        return;
    }
    if (!compares(dev) || (size == WIDTH_BYTE && value == DATA_MATCH)) {
        dev->count++;
    }
}

static const MemoryOps testdev_ops = {
    .read = testdev_read,
    .write = testdev_write,
    .min_access = 1,
    .max_access = 4,
    .impl_min = 1,
    .impl_max = 1,
};

static bool testdev_setup(PciDevice *pci, GError **errp)
{
    PciTestdev *dev = container_of(pci, PciTestdev, pci);
    static const unsigned kinds[BARS] = { PCI_BAR_MEM32, PCI_BAR_IO };
    static const unsigned bytes[BARS] = { MEMORY_BYTES, IO_BYTES };
    static const char *const names[BARS] = { "pci-testdev-mmio", "pci-testdev-portio" };
    Object *owner = &pci->device.object;

    for (unsigned i = 0; i < BARS; i++) {
        TestBar *bar = &dev->bars[i];
        bar->dev = dev;
        bar->index = i;
        memory_region_init_io(&bar->region, owner, &testdev_ops, bar, names[i], bytes[i]);
        pci_add_bar(pci, i, kinds[i], &bar->region);
    }
    if (dev->ram_bytes) {
        uint64_t size = MEMORY_BYTES;
        while (size < dev->ram_bytes) {
            size *= 2;
        }
        if (!memory_region_init_ram(&dev->ram, owner, "pci-testdev-ram", size, errp)) {
            return false;
        }
        pci_add_bar(pci, BAR_RAM, PCI_BAR_MEM64 | PCI_BAR_PREFETCH, &dev->ram);
    }
    return true;
}

static void testdev_reset(PciDevice *pci)
{
    PciTestdev *dev = container_of(pci, PciTestdev, pci);
    dev->test = NO_TEST;
    dev->count = 0;
}

static bool testdev_post_load(void *opaque, uint32_t version, GError **errp)
{
    PciTestdev *dev = opaque;
    dev->test = dev->test < BARS * TESTS ? dev->test : NO_TEST;
    return true;
}

static const Property testdev_properties[] = {
    PROPERTY_SIZE("membar", PciTestdev, ram_bytes, 0, .max = 1ull << 40,
                  .help = "bytes of memory in BAR 2; 0: no such BAR"),
    {},
};

static const VmState testdev_vmstate = {
    .version = 1,
    .post_load = testdev_post_load,
    .fields = (const VmField[]){ VM_U8(PciTestdev, test), VM_U32(PciTestdev, count), {} },
};

static const PciDeviceClass testdev_class = {
    .device = { .object = { .name = "pci-testdev",
                            .parent = &pci_device_class.device.object,
                            .instance_size = sizeof(PciTestdev),
                            .properties = testdev_properties },
                .summary = "PCI device that counts writes",
                .category = DEVICE_CATEGORY_MISC,
                .user_creatable = true,
                .vmstate = &testdev_vmstate },
    .vendor = PCI_VENDOR_RED_HAT,
    .id = 0x0005,
    .class = PCI_CLASS_OTHER,
    .setup = testdev_setup,
    .reset = testdev_reset,
};
CLASS_REGISTER(testdev_class);
