/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bridges, root ports and the Q35: numbering, windows, interrupt swizzling, ECAM, hot plug. */
#include "hw/isa/isa.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pcie.h"
#include "tests/unit/pci_fixture.h"

enum { PORT = PCI_DEVFN(4, 0), BEHIND = 0x100, ECAM = 0xb0000000 };
enum { CONTROL_POWER_OFF = 0x0700, STATUS_PRESENT = 0x40 };

static void begin(PciFixture *f, bool express)
{
    if (express) {
        pci_fixture_init(f, "q35-pcihost", "ICH9-LPC", PCI_DEVFN(31, 0));
    } else {
        pci_fixture_init(f, "i440FX-pcihost", "PIIX3", PCI_DEVFN(1, 0));
    }
}

/* A bridge at 4.0, numbered, with a device at @devfn behind it. */
static PciDevice *add_bridge(PciFixture *f, const char *class, unsigned devfn, PciDevice **behind)
{
    g_autoptr(GError) error = NULL;
    PciDevice *bridge = pci_add(f->device.machine, f->root, class, PORT, &error);
    g_assert_no_error(error);
    PciBus *bus = &pci_bridge_of(bridge)->secondary;
    *behind = pci_add(f->device.machine, bus, "pci-fixture", devfn, &error);
    g_assert_no_error(error);
    g_assert_true(machine_reset(f->device.machine, NULL));
    pci_fixture_write(f, PORT, PCI_PRIMARY_BUS, 4, 0x00030100);
    return bridge;
}

static void test_bus_number_when_the_guest_numbers_it(void)
{
    PciFixture f;
    PciDevice *behind;
    begin(&f, false);
    add_bridge(&f, "pci-bridge", PCI_DEVFN(2, 0), &behind);
    g_assert_cmphex(pci_fixture_read(&f, PORT, PCI_HEADER_TYPE, 1), ==, 1);
    g_assert_cmphex(pci_fixture_read(&f, PORT, PCI_CLASS_DEVICE, 2), ==, 0x0604);
    g_assert_cmphex(pci_fixture_read(&f, BEHIND | PCI_DEVFN(2, 0), 0, 4), ==, 0xbeef1234);
    g_assert_cmphex(pci_fixture_read(&f, BEHIND | PCI_DEVFN(3, 0), 0, 4), ==, 0xffffffff);
    g_assert_cmphex(pci_requester_id(behind), ==, BEHIND | PCI_DEVFN(2, 0));
    pci_fixture_write(&f, PORT, PCI_PRIMARY_BUS, 4, 0x00070700);
    g_assert_cmphex(pci_fixture_read(&f, BEHIND | PCI_DEVFN(2, 0), 0, 4), ==, 0xffffffff);
    g_assert_cmphex(pci_fixture_read(&f, 0x700 | PCI_DEVFN(2, 0), 0, 4), ==, 0xbeef1234);
    pci_fixture_cleanup(&f);
}

static void test_window_when_opened_and_closed(void)
{
    PciFixture f;
    PciDevice *behind;
    uint16_t dev = BEHIND | PCI_DEVFN(2, 0);
    begin(&f, false);
    add_bridge(&f, "pci-bridge", PCI_DEVFN(2, 0), &behind);
    pci_fixture_write(&f, dev, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    pci_fixture_write(&f, dev, PCI_BAR0, 4, 0xc000);
    pci_fixture_write(&f, dev, PCI_BAR0 + 4, 4, 0xe0100000);
    pci_fixture_write(&f, dev, PCI_BAR0 + 8, 4, 0x00200000);
    pci_fixture_write(&f, dev, PCI_BAR0 + 12, 4, 0x9);
    pci_fixture_write(&f, PORT, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    g_assert_cmphex(fixture_load(&f.device, 0xe0100010, 4), ==, 0xffffffff);
    pci_fixture_write(&f, PORT, PCI_MEMORY_BASE, 4, 0xe010e010);
    g_assert_cmphex(fixture_load(&f.device, 0xe0100010, 4), ==, 0xa5a5a510);
    pci_fixture_write(&f, PORT, PCI_IO_BASE, 2, 0xc0c0);
    g_assert_cmphex(pci_fixture_in(&f, 0xc004, 4), ==, 0xa5a5a504);
    pci_fixture_write(&f, PORT, PCI_PREFETCH_BASE, 4, 0x00200020);
    pci_fixture_write(&f, PORT, PCI_PREFETCH_BASE_HIGH, 4, 0x9);
    pci_fixture_write(&f, PORT, PCI_PREFETCH_LIMIT_HIGH, 4, 0x9);
    g_assert_cmphex(fixture_load(&f.device, 0x900200020, 4), ==, 0xa5a5a520);
    fixture_check_state(&f.device);
    pci_fixture_write(&f, PORT, PCI_MEMORY_BASE, 4, 0x0000fff0);
    g_assert_cmphex(fixture_load(&f.device, 0xe0100010, 4), ==, 0xffffffff);
    pci_fixture_write(&f, PORT, PCI_BRIDGE_CONTROL, 2, PCI_BRIDGE_RESET);
    g_assert_cmphex(pci_fixture_read(&f, dev, PCI_BAR0, 4), ==, 1);
    pci_fixture_cleanup(&f);
}

static void test_intx_when_a_bridge_turns_the_pins(void)
{
    PciFixture f;
    PciDevice *behind;
    begin(&f, false);
    add_bridge(&f, "pci-bridge", PCI_DEVFN(2, 0), &behind);
    Bus *bus = bus_find(&f.device.machine->object, NULL, &isa_bus_class.bus, NULL);
    for (unsigned i = 0; i < ISA_IRQ_COUNT; i++) {
        isa_bus_connect_irq(container_of(bus, IsaBus, bus), i, fixture_irq(&f.device, i));
    }
    pci_fixture_write(&f, PCI_DEVFN(1, 0), 0x60, 4, 0x0b0a0905); /* A: 5, B: 9, C: 10, D: 11 */
    pci_set_irq(behind, 1); /* INTA of 2 is INTC of 4.0: PIRQ (4 + 2 - 1) % 4 = B */
    g_assert_cmpint(f.device.level[9], ==, 1);
    g_assert_true(machine_reset(f.device.machine, NULL));
    g_assert_cmpint(f.device.level[9], ==, 0);
    pci_fixture_cleanup(&f);
}

static void test_ecam_when_enabled(void)
{
    PciFixture f;
    PciDevice *behind;
    begin(&f, true);
    add_bridge(&f, "pcie-root-port", 0, &behind);
    g_assert_cmphex(pci_fixture_read(&f, 0, 0, 4), ==, 0x29c08086);
    g_assert_cmphex(fixture_load(&f.device, ECAM, 4), ==, 0xffffffff);
    pci_fixture_write(&f, 0, 0x60, 4, ECAM | 1);
    g_assert_cmphex(fixture_load(&f.device, ECAM, 4), ==, 0x29c08086);
    g_assert_cmphex(fixture_load(&f.device, ECAM + (31 << 15), 4), ==, 0x29188086);
    g_assert_cmphex(fixture_load(&f.device, ECAM + (1 << 20), 4), ==, 0xbeef1234);
    g_assert_cmphex(fixture_load(&f.device, ECAM + (1 << 20) + 3, 1), ==, 0xbe);
    g_assert_cmphex(fixture_load(&f.device, ECAM + (1 << 20) + 0x100, 4), ==, 0xffffffff);
    g_assert_cmphex(fixture_load(&f.device, ECAM + (PORT << 12) + 0x100, 4), ==, 0x00020001);
    fixture_check_state(&f.device);
    pci_fixture_write(&f, 0, 0x60, 4, 0x20000005); /* 64 buses */
    g_assert_cmphex(fixture_load(&f.device, ECAM, 4), ==, 0xffffffff);
    g_assert_cmphex(fixture_load(&f.device, 0x20000000, 4), ==, 0x29c08086);
    pci_fixture_cleanup(&f);
}

static void test_tseg_when_enabled_and_locked(void)
{
    PciFixture f;
    begin(&f, true);
    fixture_store(&f.device, 0xf00000, 4, 0x1234);
    pci_fixture_write(&f, 0, 0x9d, 1, 0x08);
    pci_fixture_write(&f, 0, 0x9e, 1, 0x01); /* 1 MiB below 16 MiB */
    g_assert_cmphex(fixture_load(&f.device, 0xf00000, 4), ==, 0xffffffff);
    g_assert_cmphex(fixture_load(&f.device, 0xeffffc, 4), ==, 0);
    pci_fixture_write(&f, 0, 0x9d, 1, 0x18);
    pci_fixture_write(&f, 0, 0x9e, 1, 0x00);
    g_assert_cmphex(pci_fixture_read(&f, 0, 0x9e, 1), ==, 0x39);
    pci_fixture_write(&f, 0, 0x50, 2, 0xffff);
    g_assert_cmphex(pci_fixture_read(&f, 0, 0x50, 2), ==, 16);
    fixture_check_state(&f.device);
    g_assert_true(machine_reset(f.device.machine, NULL));
    g_assert_cmphex(fixture_load(&f.device, 0xf00000, 4), ==, 0x1234);
    pci_fixture_cleanup(&f);
}

static void test_unplug_when_the_guest_switches_power_off(void)
{
    PciFixture f;
    PciDevice *behind;
    begin(&f, true);
    PciDevice *port = add_bridge(&f, "pcie-root-port", 0, &behind);
    PciBus *bus = &pci_bridge_of(port)->secondary;
    unsigned cap = pcie_cap(port);
    g_assert_true(pci_fixture_read(&f, PORT, cap + PCIE_SLOT_STATUS, 2) & STATUS_PRESENT);
    pci_fixture_write(&f, PORT, cap + PCIE_SLOT_CONTROL, 2, CONTROL_POWER_OFF);
    g_assert_null(bus->devices[0]);
    g_assert_false(pci_fixture_read(&f, PORT, cap + PCIE_SLOT_STATUS, 2) & STATUS_PRESENT);
    g_assert_cmphex(pci_fixture_read(&f, BEHIND, 0, 4), ==, 0xffffffff);
    PciDevice *next = pci_new(f.device.machine, "pci-fixture", -1, NULL);
    next->device.hotplugged = true;
    g_assert_true(device_realize(&next->device, &bus->bus, NULL));
    g_assert_true(pci_fixture_read(&f, PORT, cap + PCIE_SLOT_STATUS, 2) & STATUS_PRESENT);
    g_assert_cmphex(pci_fixture_read(&f, BEHIND, 0, 4), ==, 0xbeef1234);
    g_autoptr(GError) error = NULL;
    g_assert_null(pci_add(f.device.machine, bus, "pci-fixture", -1, &error));
    g_assert_nonnull(strstr(error->message, "every slot"));
    pci_fixture_cleanup(&f);
}

static void test_ich9_routes_pirqs_and_sleeps(void)
{
    PciFixture f;
    uint16_t lpc = PCI_DEVFN(31, 0);
    begin(&f, true);
    PciDevice *dev = pci_add(f.device.machine, f.root, "pci-fixture", PCI_DEVFN(3, 0), NULL);
    PciDevice *bridge = f.root->devices[lpc];
    for (unsigned i = 0; i < 8; i++) {
        device_connect_irq(&bridge->device, "gsi", i, fixture_irq(&f.device, 16 + i));
    }
    pci_set_irq(dev, 1); /* slot 3, INTA: PIRQH */
    g_assert_cmpint(f.device.level[23], ==, 1);
    pci_set_irq(dev, 0);
    g_assert_cmpint(f.device.level[23], ==, 0);
    pci_fixture_write(&f, lpc, 0x40, 4, 0x600);
    pci_fixture_write(&f, lpc, 0x44, 1, 0x80);
    pci_fixture_out(&f, 0xcf9, 1, 0x02);
    g_assert_cmphex(pci_fixture_in(&f, 0xcf9, 1), ==, 0x02);
    pci_fixture_out(&f, 0xcf9, 1, 0x06);
    g_assert_cmpuint(f.device.resets, ==, 1);
    uint32_t before = pci_fixture_in(&f, 0x608, 4);
    fixture_step(&f.device, 1000000000);
    g_assert_cmpuint(pci_fixture_in(&f, 0x608, 4) - before, ==, 3579545);
    pci_fixture_out(&f, 0x602, 2, 0x0001);
    fixture_step(&f.device, 2000000000);
    g_assert_cmphex(pci_fixture_in(&f, 0x600, 2), ==, 0x0001);
    fixture_check_state(&f.device);
    pci_fixture_out(&f, 0x604, 2, 0x2000);
    g_assert_cmpint(f.device.shutdown_cause, ==, SHUTDOWN_GUEST_OFF);
    pci_fixture_out(&f, 0x604, 2, 0x2800);
    g_assert_cmpint(f.device.shutdown_cause, ==, SHUTDOWN_GUEST_SLEEP);
    pci_fixture_cleanup(&f);
}

static void test_hostile_values_in_every_register(void)
{
    PciFixture f;
    PciDevice *behind;
    begin(&f, true);
    add_bridge(&f, "pcie-root-port", 0, &behind);
    pci_fixture_hostile(&f, 0, 256);
    pci_fixture_hostile(&f, PCI_DEVFN(31, 0), 256);
    pci_fixture_hostile(&f, PORT, 512);
    pci_fixture_cleanup(&f);
    begin(&f, false);
    add_bridge(&f, "pci-bridge", PCI_DEVFN(2, 0), &behind);
    pci_fixture_hostile(&f, PORT, 256);
    pci_fixture_cleanup(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci-bridge/numbers", test_bus_number_when_the_guest_numbers_it);
    g_test_add_func("/pci-bridge/windows", test_window_when_opened_and_closed);
    g_test_add_func("/pci-bridge/intx", test_intx_when_a_bridge_turns_the_pins);
    g_test_add_func("/q35/ecam", test_ecam_when_enabled);
    g_test_add_func("/q35/tseg", test_tseg_when_enabled_and_locked);
    g_test_add_func("/root-port/unplug", test_unplug_when_the_guest_switches_power_off);
    g_test_add_func("/ich9/pirq", test_ich9_routes_pirqs_and_sleeps);
    g_test_add_func("/pci-bridge/hostile", test_hostile_values_in_every_register);
    return g_test_run();
}
