/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI devices: virtio's transport, edu, pci-testdev. */
#include <string.h>

#include "hw/pci/msi.h"
#include "tests/unit/pci_fixture.h"

enum { DEV = PCI_DEVFN(5, 0), BAR_AT = 0xe0000000, MSIX_AT = 0xe1000000, PORTS_AT = 0xc000 };
enum { QUEUE_AT = 0x100000, BUFFER_AT = 0x200000 };

static PciDevice *add(PciFixture *f, const char *class)
{
    g_autoptr(GError) error = NULL;
    pci_fixture_init(f, "i440FX-pcihost", "PIIX3", PCI_DEVFN(1, 0));
    PciDevice *dev = pci_add(f->device.machine, f->root, class, DEV, &error);
    g_assert_no_error(error);
    g_assert_true(machine_reset(f->device.machine, NULL));
    return dev;
}

static void enable(PciFixture *f)
{
    pci_fixture_write(f, DEV, PCI_COMMAND, 2,
                      PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static uint32_t rd(PciFixture *f, hwaddr offset, unsigned size)
{
    return fixture_load(&f->device, BAR_AT + offset, size);
}

static void wr(PciFixture *f, hwaddr offset, unsigned size, uint64_t value)
{
    fixture_store(&f->device, BAR_AT + offset, size, value);
}

/* One writable buffer of 8 bytes at the head of a split ring of 8. */
static void offer_buffer(PciFixture *f, hwaddr avail)
{
    fixture_store(&f->device, QUEUE_AT, 8, BUFFER_AT);
    fixture_store(&f->device, QUEUE_AT + 8, 4, 8);
    fixture_store(&f->device, QUEUE_AT + 12, 2, 2);
    fixture_store(&f->device, avail + 4, 2, 0);
    fixture_store(&f->device, avail + 2, 2, 1);
}

static void test_virtio_modern_serves_a_queue_with_msix(void)
{
    PciFixture f;
    PciDevice *dev = add(&f, "virtio-rng-pci-non-transitional");
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0, 4), ==, 0x10441af4);
    g_assert_cmphex(pci_fixture_read(&f, DEV, PCI_BAR0, 4), ==, 0);
    pci_fixture_write(&f, DEV, PCI_BAR0 + 16, 4, BAR_AT);
    pci_fixture_write(&f, DEV, PCI_BAR0 + 20, 4, 0);
    pci_fixture_write(&f, DEV, PCI_BAR0 + 4, 4, MSIX_AT);
    enable(&f);
    fixture_store(&f.device, MSIX_AT + 16, 4, PCI_FIXTURE_MESSAGE_BASE);
    fixture_store(&f.device, MSIX_AT + 24, 4, 0x42);
    fixture_store(&f.device, MSIX_AT + 28, 4, 0);
    pci_fixture_write(&f, DEV, pci_find_capability(dev, PCI_CAP_MSIX) + 2, 2, 0x8000);
    wr(&f, 0x14, 1, 0);
    wr(&f, 0x14, 1, 3);
    wr(&f, 0x00, 4, 1);
    g_assert_cmphex(rd(&f, 0x04, 4) & 1, ==, 1);
    wr(&f, 0x08, 4, 1);
    wr(&f, 0x0c, 4, 1);
    wr(&f, 0x14, 1, 0xb);
    g_assert_cmphex(rd(&f, 0x14, 1), ==, 0xb);
    g_assert_cmphex(rd(&f, 0x12, 2), ==, 1);
    wr(&f, 0x16, 2, 0);
    wr(&f, 0x18, 2, 8);
    wr(&f, 0x1a, 2, 99);
    g_assert_cmphex(rd(&f, 0x1a, 2), ==, 0xffff);
    wr(&f, 0x1a, 2, 1);
    wr(&f, 0x20, 4, QUEUE_AT);
    wr(&f, 0x28, 4, QUEUE_AT + 0x100);
    wr(&f, 0x30, 4, QUEUE_AT + 0x200);
    wr(&f, 0x1c, 2, 1);
    g_assert_cmphex(rd(&f, 0x1c, 2), ==, 1);
    wr(&f, 0x14, 1, 0xf);
    offer_buffer(&f, QUEUE_AT + 0x100);
    wr(&f, 0x3000, 2, 0);
    g_assert_cmpuint(fixture_load(&f.device, QUEUE_AT + 0x202, 2), ==, 1);
    g_assert_cmpuint(f.messages, ==, 1);
    g_assert_cmphex(f.message_data, ==, 0x42);
    fixture_check_state(&f.device);
    wr(&f, 0x14, 1, 0);
    g_assert_cmphex(rd(&f, 0x1a, 2), ==, 0xffff);
    g_assert_cmphex(rd(&f, 0x1c, 2), ==, 0);
    pci_fixture_cleanup(&f);
}

static void test_virtio_legacy_serves_a_queue_with_intx(void)
{
    PciFixture f;
    hwaddr queue = QUEUE_AT;
    PciDevice *dev = add(&f, "virtio-rng-pci");
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0, 4), ==, 0x10051af4);
    g_assert_cmphex(pci_fixture_read(&f, DEV, PCI_SUBSYSTEM_ID, 2), ==, 4);
    pci_fixture_write(&f, DEV, PCI_BAR0, 4, PORTS_AT);
    enable(&f);
    pci_fixture_out(&f, PORTS_AT + 0x12, 1, 3);
    pci_fixture_out(&f, PORTS_AT + 0x04, 4, 0);
    pci_fixture_out(&f, PORTS_AT + 0x0e, 2, 0);
    unsigned size = pci_fixture_in(&f, PORTS_AT + 0x0c, 2);
    hwaddr avail = queue + 16 * size, used = (avail + 6 + 2 * size + 4095) & ~4095ull;
    pci_fixture_out(&f, PORTS_AT + 0x08, 4, queue >> 12);
    pci_fixture_out(&f, PORTS_AT + 0x12, 1, 7);
    offer_buffer(&f, avail);
    pci_fixture_out(&f, PORTS_AT + 0x10, 2, 0);
    g_assert_cmpuint(fixture_load(&f.device, used + 2, 2), ==, 1);
    g_assert_cmpuint(dev->intx_level, ==, 1);
    g_assert_cmphex(pci_fixture_in(&f, PORTS_AT + 0x13, 1), ==, 1);
    g_assert_cmpuint(dev->intx_level, ==, 0);
    g_assert_cmphex(pci_fixture_in(&f, PORTS_AT + 0x13, 1), ==, 0);
    fixture_check_state(&f.device);
    pci_fixture_cleanup(&f);
}

static void test_virtio_properties_reach_the_device_behind(void)
{
    PciFixture f;
    g_autoptr(GError) error = NULL;
    pci_fixture_init(&f, "i440FX-pcihost", "PIIX3", PCI_DEVFN(1, 0));
    PciDevice *dev = pci_new(f.device.machine, "virtio-rng-pci", -1, NULL);
    Object *obj = &dev->device.object;
    g_assert_true(property_set(obj, "max-bytes", "1024", NULL));
    g_autofree char *text = property_get(obj, "max-bytes", NULL);
    g_assert_cmpstr(text, ==, "1024");
    g_assert_false(property_set(obj, "max-byte", "1", &error));
    g_assert_nonnull(strstr(error->message, "did you mean 'max-bytes'?"));
    g_assert_true(device_realize(&dev->device, &f.root->bus, NULL));
    pci_fixture_cleanup(&f);
}

static void hostile_region(PciFixture *f, hwaddr from, hwaddr bytes)
{
    static const uint64_t values[] = { 0,    1,      3,      7,          0xb,       0xf,
                                       0xff, 0x7fff, 0xffff, UINT32_MAX, UINT64_MAX };
    for (hwaddr at = from; at < from + bytes; at++) {
        for (unsigned size = 1; size <= 8; size *= 2) {
            for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
                wr(f, at, size, values[i]);
            }
            rd(f, at, size > 4 ? 4 : size);
        }
    }
    fixture_step(&f->device, 1000000000);
    fixture_check_state(&f->device);
}

static void test_hostile_values_in_every_register(void)
{
    PciFixture f;
    add(&f, "virtio-rng-pci");
    pci_fixture_hostile(&f, DEV, 256);
    pci_fixture_write(&f, DEV, PCI_BAR0, 4, PORTS_AT);
    pci_fixture_write(&f, DEV, PCI_BAR0 + 16, 4, BAR_AT);
    pci_fixture_write(&f, DEV, PCI_BAR0 + 20, 4, 0);
    enable(&f);
    hostile_region(&f, 0, 0x40);
    hostile_region(&f, 0x1000, 8);
    hostile_region(&f, 0x2000, 8);
    hostile_region(&f, 0x3000, 0x20);
    for (unsigned at = 0; at < 0x20; at++) {
        for (unsigned i = 0; i < 0x100; i += 3) {
            pci_fixture_out(&f, PORTS_AT + at, 1 << i % 3, i << i % 24);
        }
    }
    fixture_check_state(&f.device);
    pci_fixture_cleanup(&f);
    add(&f, "edu");
    pci_fixture_write(&f, DEV, PCI_BAR0, 4, BAR_AT);
    enable(&f);
    hostile_region(&f, 0, 0xa0);
    pci_fixture_cleanup(&f);
    add(&f, "pci-testdev");
    pci_fixture_write(&f, DEV, PCI_BAR0, 4, BAR_AT);
    enable(&f);
    hostile_region(&f, 0, 0x40);
    pci_fixture_cleanup(&f);
}

static void test_edu_computes_and_copies(void)
{
    PciFixture f;
    PciDevice *dev = add(&f, "edu");
    pci_fixture_write(&f, DEV, PCI_BAR0, 4, BAR_AT);
    enable(&f);
    g_assert_cmphex(rd(&f, 0, 4), ==, 0x010000ed);
    wr(&f, 4, 4, 0x12345678);
    g_assert_cmphex(rd(&f, 4, 4), ==, ~0x12345678u);
    wr(&f, 0x20, 4, 0x80);
    wr(&f, 0x08, 4, 10);
    g_assert_cmphex(rd(&f, 0x20, 4), ==, 0x81);
    fixture_step(&f.device, 1000000);
    g_assert_cmphex(rd(&f, 0x20, 4), ==, 0x80);
    g_assert_cmpuint(rd(&f, 0x08, 4), ==, 3628800);
    g_assert_cmphex(rd(&f, 0x24, 4), ==, 1);
    g_assert_cmpuint(dev->intx_level, ==, 1);
    wr(&f, 0x64, 4, 1);
    g_assert_cmpuint(dev->intx_level, ==, 0);
    fixture_store(&f.device, 0x3000, 8, 0x1122334455667788);
    wr(&f, 0x80, 8, 0x3000);
    wr(&f, 0x88, 8, 0x40000);
    wr(&f, 0x90, 8, 8);
    wr(&f, 0x98, 8, 1);
    g_assert_cmphex(rd(&f, 0x98, 4) & 1, ==, 1);
    fixture_step(&f.device, 200000000);
    g_assert_cmphex(rd(&f, 0x98, 4) & 1, ==, 0);
    wr(&f, 0x80, 8, 0x40000);
    wr(&f, 0x88, 8, 0x5000);
    wr(&f, 0x98, 8, 7);
    fixture_step(&f.device, 200000000);
    g_assert_cmphex(fixture_load(&f.device, 0x5000, 8), ==, 0x1122334455667788);
    g_assert_cmphex(rd(&f, 0x24, 4), ==, 0x100);
    pci_fixture_cleanup(&f);
}

static void test_testdev_counts_matching_writes(void)
{
    PciFixture f;
    add(&f, "pci-testdev");
    pci_fixture_write(&f, DEV, PCI_BAR0, 4, BAR_AT);
    enable(&f);
    wr(&f, 0, 1, 2);
    uint32_t offset = rd(&f, 4, 4), data = rd(&f, 8, 4);
    g_assert_cmphex(rd(&f, 1, 1), ==, 1);
    wr(&f, offset, 1, data);
    wr(&f, offset, 1, data + 1);
    wr(&f, offset + 1, 1, data);
    g_assert_cmpuint(rd(&f, 12, 4), ==, 1);
    wr(&f, 0, 1, 3);
    g_assert_cmphex(rd(&f, 1, 1), ==, 0);
    pci_fixture_cleanup(&f);
}

static unsigned watchdog_count;

static void count_watchdog(Machine *machine)
{
    watchdog_count++;
}

static void unlock(PciFixture *f)
{
    wr(f, 0x0c, 2, 0x80);
    wr(f, 0x0c, 2, 0x86);
}

static void test_i6300esb_has_two_stages(void)
{
    static const MachineOps ops = { .watchdog_expired = count_watchdog };
    const int64_t stage_ns = (int64_t)1001 * 32768 * 30;
    PciFixture f;
    add(&f, "i6300esb");
    const MachineOps *before = f.device.machine->ops;
    f.device.machine->ops = &ops;
    watchdog_count = 0;
    pci_fixture_write(&f, DEV, PCI_BAR0, 4, BAR_AT);
    enable(&f);
    wr(&f, 0, 4, 5); /* locked: nothing */
    for (unsigned i = 0; i < 2; i++) {
        unlock(&f);
        wr(&f, 4 * i, 4, 1000);
    }
    pci_fixture_write(&f, DEV, 0x68, 1, 2); /* enabled */
    fixture_step(&f.device, stage_ns + 1000);
    g_assert_cmpuint(watchdog_count, ==, 0);
    unlock(&f);
    wr(&f, 0x0c, 2, 0x100); /* reload */
    fixture_step(&f.device, stage_ns + 1000);
    fixture_step(&f.device, stage_ns - 1000000);
    g_assert_cmpuint(watchdog_count, ==, 0);
    fixture_step(&f.device, 2000000);
    g_assert_cmpuint(watchdog_count, ==, 1);
    g_assert_cmphex(rd(&f, 0x0c, 4), ==, 0x200);
    g_assert_true(machine_reset(f.device.machine, NULL));
    pci_fixture_write(&f, DEV, PCI_BAR0, 4, BAR_AT);
    enable(&f);
    g_assert_cmphex(rd(&f, 0x0c, 4), ==, 0x200); /* tells the next start */
    unlock(&f);
    wr(&f, 0x0c, 2, 0x200);
    g_assert_cmphex(rd(&f, 0x0c, 4), ==, 0);
    pci_fixture_hostile(&f, DEV, 256);
    f.device.machine->ops = before;
    pci_fixture_cleanup(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-pci/modern", test_virtio_modern_serves_a_queue_with_msix);
    g_test_add_func("/virtio-pci/legacy", test_virtio_legacy_serves_a_queue_with_intx);
    g_test_add_func("/virtio-pci/properties", test_virtio_properties_reach_the_device_behind);
    g_test_add_func("/edu", test_edu_computes_and_copies);
    g_test_add_func("/pci-testdev", test_testdev_counts_matching_writes);
    g_test_add_func("/pci-devices/hostile", test_hostile_values_in_every_register);
    g_test_add_func("/pci/i6300esb", test_i6300esb_has_two_stages);
    return g_test_run();
}
