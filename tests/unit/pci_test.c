/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI: configuration space, BARs, bus mastering, interrupts, MSI, MSI-X, placement. */
#include "hw/isa/isa.h"
#include "hw/pci/msi.h"
#include "tests/unit/pci_fixture.h"

enum { DEV = PCI_DEVFN(5, 0), MSIX_AT = 0xd0000000 };

static PciDevice *add(PciFixture *f, int devfn)
{
    g_autoptr(GError) error = NULL;
    PciDevice *dev = pci_add(f->device.machine, f->root, "pci-fixture", devfn, &error);
    g_assert_no_error(error);
    return dev;
}

static void begin(PciFixture *f)
{
    pci_fixture_init(f, "i440FX-pcihost", "PIIX3", PCI_DEVFN(1, 0));
}

static void test_config_ids_when_read_in_every_size(void)
{
    PciFixture f;
    begin(&f);
    add(&f, DEV);
    g_assert_cmphex(pci_fixture_read(&f, 0, 0, 4), ==, 0x12378086);
    g_assert_cmphex(pci_fixture_read(&f, PCI_DEVFN(1, 0), 0, 4), ==, 0x70008086);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0, 4), ==, 0xbeef1234);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0, 2), ==, 0x1234);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 2, 2), ==, 0xbeef);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 3, 1), ==, 0xbe);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 8, 4), ==, 0x00ff0007);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0x2c, 4), ==, 0x11001af4);
    g_assert_cmphex(pci_fixture_read(&f, PCI_DEVFN(6, 0), 0, 4), ==, 0xffffffff);
    g_assert_cmphex(pci_fixture_read(&f, 0x100, 0, 4), ==, 0xffffffff);
    pci_fixture_write(&f, DEV, 0, 4, 0);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0, 4), ==, 0xbeef1234);
    pci_fixture_out(&f, 0xcf8, 4, 0x00002800);
    g_assert_cmphex(pci_fixture_in(&f, 0xcfc, 4), ==, 0xffffffff);
    pci_fixture_out(&f, 0xcf8, 4, 0xffffffff);
    g_assert_cmphex(pci_fixture_in(&f, 0xcf8, 4), ==, 0x80fffffc);
    pci_fixture_cleanup(&f);
}

static void test_bar_size_when_all_ones_are_written(void)
{
    PciFixture f;
    begin(&f);
    add(&f, DEV);
    pci_fixture_write(&f, DEV, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    for (unsigned i = 0; i < 6; i++) {
        pci_fixture_write(&f, DEV, PCI_BAR0 + 4 * i, 4, 0xffffffff);
    }
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0x10, 4), ==, 0xffffffe1);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0x14, 4), ==, 0xfffff000);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0x18, 4), ==, 0xffff000c);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0x1c, 4), ==, 0xffffffff);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0x20, 4), ==, 0xfffff000);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0x24, 4), ==, 0);
    g_assert_cmphex(pci_fixture_read(&f, DEV, 0x30, 4), ==, 0);
    pci_fixture_cleanup(&f);
}

static void test_bar_answers_where_the_guest_puts_it(void)
{
    PciFixture f;
    begin(&f);
    add(&f, DEV);
    pci_fixture_write(&f, DEV, 0x10, 4, 0xc000);
    pci_fixture_write(&f, DEV, 0x14, 4, 0xe0000000);
    pci_fixture_write(&f, DEV, 0x18, 4, 0x00000000);
    pci_fixture_write(&f, DEV, 0x1c, 4, 0x8);
    g_assert_cmphex(fixture_load(&f.device, 0xe0000010, 4), ==, 0xffffffff);
    pci_fixture_write(&f, DEV, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    g_assert_cmphex(pci_fixture_in(&f, 0xc004, 4), ==, 0xa5a5a504);
    g_assert_cmphex(fixture_load(&f.device, 0xe0000010, 4), ==, 0xa5a5a510);
    g_assert_cmphex(fixture_load(&f.device, 0x800000020, 4), ==, 0xa5a5a520);
    pci_fixture_write(&f, DEV, 0x14, 4, 0xe1000000);
    g_assert_cmphex(fixture_load(&f.device, 0xe0000010, 4), ==, 0xffffffff);
    g_assert_cmphex(fixture_load(&f.device, 0xe1000010, 4), ==, 0xa5a5a510);
    pci_fixture_write(&f, DEV, 0x14, 4, 0x1000); /* RAM wins */
    fixture_store(&f.device, 0x1000, 4, 0x12345678);
    g_assert_cmphex(fixture_load(&f.device, 0x1000, 4), ==, 0x12345678);
    g_assert_true(machine_reset(f.device.machine, NULL));
    g_assert_cmphex(fixture_load(&f.device, 0x800000020, 4), ==, 0xffffffff);
    pci_fixture_cleanup(&f);
}

static void test_dma_when_bus_master_is_off_and_on(void)
{
    PciFixture f;
    uint32_t word = 0;
    begin(&f);
    PciDevice *dev = add(&f, DEV);
    fixture_store(&f.device, 0x2000, 4, 0xcafe);
    g_assert_cmpint(pci_dma_read(dev, 0x2000, &word, 4), !=, MEMTX_OK);
    pci_fixture_write(&f, DEV, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
    g_assert_cmpint(pci_dma_read(dev, 0x2000, &word, 4), ==, MEMTX_OK);
    g_assert_cmphex(word, ==, 0xcafe);
    pci_fixture_cleanup(&f);
}

static void test_intx_goes_through_the_routing_registers(void)
{
    PciFixture f;
    begin(&f);
    PciDevice *dev = add(&f, DEV), *other = add(&f, PCI_DEVFN(9, 0));
    Bus *bus = bus_find(&f.device.machine->object, NULL, &isa_bus_class.bus, NULL);
    IsaBus *isa = container_of(bus, IsaBus, bus);
    for (unsigned i = 0; i < ISA_IRQ_COUNT; i++) {
        isa_bus_connect_irq(isa, i, fixture_irq(&f.device, i));
    }
    pci_set_irq(dev, 1); /* slot 5, INTA: PIRQA */
    g_assert_cmpint(f.device.level[10], ==, 0);
    pci_fixture_write(&f, PCI_DEVFN(1, 0), 0x60, 1, 10);
    g_assert_cmpint(f.device.level[10], ==, 1);
    pci_fixture_write(&f, PCI_DEVFN(1, 0), 0x60, 1, 11);
    g_assert_cmpint(f.device.level[10], ==, 0);
    g_assert_cmpint(f.device.level[11], ==, 1);
    g_assert_cmphex(pci_fixture_read(&f, DEV, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, !=, 0);
    pci_fixture_write(&f, DEV, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
    g_assert_cmpint(f.device.level[11], ==, 0);
    pci_fixture_write(&f, DEV, PCI_COMMAND, 2, 0);
    pci_set_irq(other, 1); /* shares it */
    pci_set_irq(dev, 0);
    g_assert_cmpint(f.device.level[11], ==, 1);
    pci_set_irq(other, 0);
    g_assert_cmpint(f.device.level[11], ==, 0);
    pci_set_irq(dev, 1);
    g_assert_true(machine_reset(f.device.machine, NULL));
    g_assert_cmpint(f.device.level[11], ==, 0);
    pci_fixture_cleanup(&f);
}

static void test_msi_when_enabled_masked_and_granted(void)
{
    PciFixture f;
    begin(&f);
    PciDevice *dev = add(&f, DEV);
    unsigned at = pci_find_capability(dev, PCI_CAP_MSI);
    pci_fixture_write(&f, DEV, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
    pci_fixture_write(&f, DEV, at + 4, 4, PCI_FIXTURE_MESSAGE_BASE | 0xff3);
    pci_fixture_write(&f, DEV, at + 12, 2, 0x4147);
    pci_msi_notify(dev, 2);
    g_assert_cmpuint(f.messages, ==, 0);
    g_assert_true(pci_uses_intx(dev));
    pci_fixture_write(&f, DEV, at + 2, 2, 0x0071); /* more vectors than there are */
    pci_msi_notify(dev, 2);
    g_assert_cmpuint(f.messages, ==, 1);
    g_assert_cmphex(f.message_data, ==, 0x4146);
    g_assert_cmphex(f.message_address, ==, PCI_FIXTURE_MESSAGE_BASE | 0xff0);
    g_assert_cmphex(f.message_requester, ==, DEV);
    pci_fixture_write(&f, DEV, at + 16, 4, 0x4);
    pci_msi_notify(dev, 2);
    g_assert_cmpuint(f.messages, ==, 1);
    g_assert_cmphex(pci_fixture_read(&f, DEV, at + 20, 4), ==, 0x4);
    fixture_check_state(&f.device);
    pci_fixture_write(&f, DEV, at + 16, 4, 0);
    g_assert_cmpuint(f.messages, ==, 2);
    g_assert_cmphex(pci_fixture_read(&f, DEV, at + 20, 4), ==, 0);
    pci_fixture_cleanup(&f);
}

static void test_msix_when_masked_then_unmasked(void)
{
    PciFixture f;
    begin(&f);
    PciDevice *dev = add(&f, DEV);
    unsigned at = pci_find_capability(dev, PCI_CAP_MSIX);
    g_assert_cmphex(pci_fixture_read(&f, DEV, at + 2, 2), ==, PCI_FIXTURE_VECTORS - 1);
    g_assert_cmphex(pci_fixture_read(&f, DEV, at + 4, 4), ==, 4);
    g_assert_cmphex(pci_fixture_read(&f, DEV, at + 8, 4), ==, 0x804);
    pci_fixture_write(&f, DEV, 0x20, 4, MSIX_AT);
    pci_fixture_write(&f, DEV, PCI_COMMAND, 2, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
    g_assert_cmphex(fixture_load(&f.device, MSIX_AT + 12, 4), ==, 1);
    fixture_store(&f.device, MSIX_AT + 16, 8, PCI_FIXTURE_MESSAGE_BASE | 0x10);
    fixture_store(&f.device, MSIX_AT + 24, 4, 0x99);
    pci_fixture_write(&f, DEV, at + 2, 2, 0x8000);
    pci_msix_notify(dev, 1);
    pci_msix_notify(dev, 4711);
    g_assert_cmpuint(f.messages, ==, 0);
    g_assert_cmphex(fixture_load(&f.device, MSIX_AT + 0x800, 8), ==, 2);
    fixture_check_state(&f.device);
    fixture_store(&f.device, MSIX_AT + 28, 4, 0);
    g_assert_cmpuint(f.messages, ==, 1);
    g_assert_cmphex(f.message_data, ==, 0x99);
    g_assert_cmphex(f.message_requester, ==, DEV);
    g_assert_cmphex(fixture_load(&f.device, MSIX_AT + 0x800, 8), ==, 0);
    pci_fixture_write(&f, DEV, at + 2, 2, 0xc000); /* all masked */
    pci_msix_notify(dev, 1);
    g_assert_cmpuint(f.messages, ==, 1);
    pci_fixture_write(&f, DEV, at + 2, 2, 0x8000);
    g_assert_cmpuint(f.messages, ==, 2);
    pci_fixture_cleanup(&f);
}

static void expect_refusal(PciFixture *f, const char *address, bool multifunction, const char *why)
{
    g_autoptr(GError) error = NULL;
    PciDevice *dev = pci_new(f->device.machine, "pci-fixture", -1, NULL);
    dev->multifunction = multifunction;
    bool set = property_set(&dev->device.object, "addr", address, &error);
    g_assert_false(set && device_realize(&dev->device, &f->root->bus, &error));
    g_assert_nonnull(strstr(error->message, why));
    g_assert_null(strchr(error->message, '\n'));
    object_unparent(&dev->device.object);
}

static void test_placement_when_the_address_is_wrong_or_taken(void)
{
    PciFixture f;
    begin(&f);
    add(&f, DEV);
    expect_refusal(&f, "5", false, "05.0 of bus 'pci.0' is in use by pci-fixture");
    expect_refusal(&f, "05.0", true, "in use");
    expect_refusal(&f, "5.1", false, "multifunction=on");
    expect_refusal(&f, "20", false, "no PCI address");
    expect_refusal(&f, "5.8", false, "no PCI address");
    expect_refusal(&f, "", false, "no PCI address");
    expect_refusal(&f, "5.0x", false, "no PCI address");
    PciDevice *dev = pci_new(f.device.machine, "pci-fixture", PCI_DEVFN(7, 3), NULL);
    g_assert_true(device_realize(&dev->device, &f.root->bus, NULL));
    expect_refusal(&f, "7", false, "other functions");
    g_autofree char *where = property_get(&dev->device.object, "addr", NULL);
    g_assert_cmpstr(where, ==, "07.3");
    pci_fixture_cleanup(&f);
}

static void test_placement_when_the_bus_is_full(void)
{
    PciFixture f;
    g_autoptr(GError) error = NULL;
    begin(&f);
    for (unsigned i = 2; i < PCI_SLOTS; i++) {
        add(&f, -1);
    }
    g_assert_null(pci_add(f.device.machine, f.root, "pci-fixture", -1, &error));
    g_assert_cmpstr(error->message, ==, "pci-fixture: every slot of bus 'pci.0' is in use");
    pci_fixture_cleanup(&f);
}

static void test_shadow_when_pam_and_smram_change(void)
{
    PciFixture f;
    begin(&f);
    fixture_store(&f.device, 0xc0000, 4, 0x1111); /* goes to PCI: nothing */
    g_assert_cmphex(fixture_load(&f.device, 0xc0000, 4), ==, 0xffffffff);
    pci_fixture_write(&f, 0, 0x5a, 1, 0x03);
    fixture_store(&f.device, 0xc0000, 4, 0x2222);
    g_assert_cmphex(fixture_load(&f.device, 0xc0000, 4), ==, 0x2222);
    pci_fixture_write(&f, 0, 0x5a, 1, 0x01);
    fixture_store(&f.device, 0xc0000, 4, 0x3333);
    g_assert_cmphex(fixture_load(&f.device, 0xc0000, 4), ==, 0x2222);
    pci_fixture_write(&f, 0, 0x5a, 1, 0x02);
    fixture_store(&f.device, 0xc0000, 4, 0x4444);
    g_assert_cmphex(fixture_load(&f.device, 0xc0000, 4), ==, 0xffffffff);
    pci_fixture_write(&f, 0, 0x5a, 1, 0x33);
    g_assert_cmphex(fixture_load(&f.device, 0xc0000, 4), ==, 0x4444);
    pci_fixture_write(&f, 0, 0x72, 1, 0x48); /* SMRAM open */
    fixture_store(&f.device, 0xa0000, 4, 0x5555);
    g_assert_cmphex(fixture_load(&f.device, 0xa0000, 4), ==, 0x5555);
    pci_fixture_write(&f, 0, 0x72, 1, 0x18); /* closed and locked */
    g_assert_cmphex(fixture_load(&f.device, 0xa0000, 4), ==, 0xffffffff);
    pci_fixture_write(&f, 0, 0x72, 1, 0x48);
    g_assert_cmphex(pci_fixture_read(&f, 0, 0x72, 1), ==, 0x1a);
    fixture_check_state(&f.device);
    g_assert_true(machine_reset(f.device.machine, NULL));
    g_assert_cmphex(fixture_load(&f.device, 0xc0000, 4), ==, 0xffffffff);
    g_assert_cmphex(pci_fixture_read(&f, 0, 0x72, 1), ==, 0x02);
    pci_fixture_cleanup(&f);
}

static void test_hostile_values_in_every_register(void)
{
    PciFixture f;
    begin(&f);
    add(&f, DEV);
    pci_fixture_hostile(&f, 0, 256);
    pci_fixture_hostile(&f, PCI_DEVFN(1, 0), 256);
    pci_fixture_hostile(&f, DEV, 256);
    pci_fixture_cleanup(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci/config", test_config_ids_when_read_in_every_size);
    g_test_add_func("/pci/bar/size", test_bar_size_when_all_ones_are_written);
    g_test_add_func("/pci/bar/map", test_bar_answers_where_the_guest_puts_it);
    g_test_add_func("/pci/dma", test_dma_when_bus_master_is_off_and_on);
    g_test_add_func("/pci/intx", test_intx_goes_through_the_routing_registers);
    g_test_add_func("/pci/msi", test_msi_when_enabled_masked_and_granted);
    g_test_add_func("/pci/msix", test_msix_when_masked_then_unmasked);
    g_test_add_func("/pci/placement", test_placement_when_the_address_is_wrong_or_taken);
    g_test_add_func("/pci/full", test_placement_when_the_bus_is_full);
    g_test_add_func("/pci/shadow", test_shadow_when_pam_and_smram_change);
    g_test_add_func("/pci/hostile", test_hostile_values_in_every_register);
    return g_test_run();
}
