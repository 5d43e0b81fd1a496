/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small devices on the ISA bus: ports that report, reset, exit and print. */
#include "tests/unit/isa_fixture.h"

enum { A20_LINE = 40 };

static void test_port92(void)
{
    IsaFixture isa;
    isa_fixture_init(&isa);
    Device *dev = isa_fixture_add(&isa, "port92", NULL);
    device_connect_irq(dev, "a20", 0, fixture_irq(&isa.f, A20_LINE));
    isa_fixture_reset(&isa);
    isa_out(&isa, 0x92, 0xfe);
    g_assert_cmphex(isa_in(&isa, 0x92), ==, 2);
    g_assert_cmpint(isa.f.level[A20_LINE], ==, 1);
    g_assert_cmpuint(isa.f.resets, ==, 0);
    isa_out(&isa, 0x92, 1);
    g_assert_cmpuint(isa.f.resets, ==, 1);
    g_assert_cmpint(isa.f.level[A20_LINE], ==, 0);
    isa_hostile(&isa, 0x92, 1);
    isa_fixture_cleanup(&isa);
}

static void test_debug_exit(void)
{
    IsaFixture isa;
    isa_fixture_init(&isa);
    isa_fixture_add(&isa, "isa-debug-exit",
                    (const char *const[]){ "iobase", "0xf4", "iosize", "4", NULL });
    isa_out(&isa, 0xf4, 0x10);
    g_assert_cmpint(isa.f.shutdown_status, ==, 0x21);
    g_assert_cmpint(isa.f.shutdown_cause, ==, SHUTDOWN_GUEST_EXIT);
    isa_hostile(&isa, 0xf4, 4);
    isa_fixture_cleanup(&isa);
}

static void test_pvpanic(void)
{
    IsaFixture isa;
    isa_fixture_init(&isa);
    isa_fixture_add(&isa, "pvpanic", NULL);
    g_assert_cmphex(isa_in(&isa, 0x505), ==, 3);
    isa_out(&isa, 0x505, 2);
    g_assert_cmpint(isa.f.shutdown_status, ==, -1);
    isa_out(&isa, 0x505, 1);
    g_assert_cmpint(isa.f.shutdown_cause, ==, SHUTDOWN_GUEST_PANIC);
    isa_hostile(&isa, 0x505, 1);
    isa_fixture_cleanup(&isa);
}

static void test_debugcon_waits_for_the_host(void)
{
    IsaFixture isa;
    isa_fixture_init(&isa);
    isa_fixture_add(&isa, "isa-debugcon", (const char *const[]){ "iobase", "0x402", NULL });
    g_assert_cmphex(isa_in(&isa, 0x402), ==, 0xe9);
    isa_out(&isa, 0x402, 'a');
    isa.f.host->room = 0;
    for (unsigned i = 0; i < 100000; i++) {
        isa_out(&isa, 0x402, 'b');
    }
    isa.f.host->room = SIZE_MAX;
    chardev_flush(&isa.f.host->chardev);
    g_assert_cmpuint(isa.f.host->written->len, ==, 1 + CHARDEV_OUTPUT_BYTES + 4096);
    isa_fixture_cleanup(&isa);
}

static void test_serial_finds_its_place(void)
{
    IsaFixture isa;
    g_autoptr(GError) error = NULL;
    isa_fixture_init(&isa);
    isa_fixture_add(&isa, "isa-serial", NULL);
    isa_fixture_reset(&isa);
    isa_out(&isa, 0x3f8, 'x');
    g_assert_cmpstr(isa.f.host->written->str, ==, "x");
    isa_out(&isa, 0x3f9, 2); /* transmitter empty */
    g_assert_cmpint(isa.f.level[4], ==, 1);
    Device *second =
        machine_add_device(isa.f.machine, "second",
                           container_of(object_class_by_name("isa-serial"), DeviceClass, object));
    g_assert_true(device_realize(second, &isa.bus->bus, NULL));
    isa_out(&isa, 0x2ff, 0x5a);
    g_assert_cmphex(isa_in(&isa, 0x2ff), ==, 0x5a);
    Device *bad =
        machine_add_device(isa.f.machine, "bad",
                           container_of(object_class_by_name("isa-serial"), DeviceClass, object));
    property_set(&bad->object, "index", "7", NULL);
    g_assert_false(device_realize(bad, &isa.bus->bus, &error));
    g_assert_nonnull(error);
    object_unparent(&bad->object);
    isa_hostile(&isa, 0x3f8, 8);
    isa_fixture_cleanup(&isa);
}

static void test_testdev(void)
{
    IsaFixture isa;
    isa_fixture_init(&isa);
    isa_fixture_add(&isa, "pc-testdev", NULL);
    isa_fixture_reset(&isa);
    isa_out(&isa, 0xe1, 0x12);
    g_assert_cmphex(isa_in(&isa, 0xe9), ==, 0x12);
    isa_out(&isa, 0x200a, 1);
    g_assert_cmpint(isa.f.level[10], ==, 1);
    fixture_store(&isa.f, 0xff000008, 8, 0x1122334455667788);
    g_assert_cmphex(fixture_load(&isa.f, 0xff00000c, 2), ==, 0x3344);
    isa_hostile(&isa, 0xe0, 12);
    isa_hostile(&isa, 0x2000, 24);
    isa_fixture_cleanup(&isa);
}

static void test_parallel_prints(void)
{
    IsaFixture isa;
    isa_fixture_init(&isa);
    isa_fixture_add(&isa, "isa-parallel", NULL);
    isa_fixture_reset(&isa);
    g_assert_cmphex(isa_in(&isa, 0x379), ==, 0xdf);
    isa_out(&isa, 0x378, 'A');
    isa_out(&isa, 0x37a, 0x1d); /* strobe, with interrupt */
    isa_out(&isa, 0x37a, 0x1c);
    g_assert_cmpstr(isa.f.host->written->str, ==, "A");
    g_assert_cmpint(isa.f.level[7], ==, 1);
    g_assert_cmphex(isa_in(&isa, 0x379), ==, 0x9f); /* the pulse, once */
    g_assert_cmphex(isa_in(&isa, 0x379), ==, 0xdf);
    g_assert_cmpint(isa.f.level[7], ==, 0);
    isa.f.host->room = 0;
    for (unsigned i = 0; i <= CHARDEV_OUTPUT_BYTES; i++) {
        isa_out(&isa, 0x378, 'B');
        isa_out(&isa, 0x37a, 0x0d);
        isa_out(&isa, 0x37a, 0x0c);
    }
    g_assert_cmphex(isa_in(&isa, 0x379) & 0x80, ==, 0); /* busy */
    isa.f.host->room = SIZE_MAX;
    chardev_flush(&isa.f.host->chardev);
    g_assert_cmphex(isa_in(&isa, 0x379) & 0x80, ==, 0x80);
    g_assert_cmpuint(isa.f.host->written->len, ==, 2 + CHARDEV_OUTPUT_BYTES);
    isa_hostile(&isa, 0x378, 8);
    isa_fixture_cleanup(&isa);
}

static void test_fpu_error_is_latched(void)
{
    IsaFixture isa;
    isa_fixture_init(&isa);
    Device *dev = isa_fixture_add(&isa, "fpu-error", NULL);
    isa_fixture_reset(&isa);
    irq_set(device_irq_input(dev, NULL, 0), 1);
    g_assert_cmpint(isa.f.level[13], ==, 1);
    isa_out(&isa, 0xf0, 0);
    g_assert_cmpint(isa.f.level[13], ==, 0);
    irq_set(device_irq_input(dev, NULL, 0), 1);
    isa_hostile(&isa, 0xf0, 2);
    g_assert_cmpint(isa.f.level[13], ==, 0);
    isa_fixture_cleanup(&isa);
}

static unsigned watchdog_count;

static void count_watchdog(Machine *machine)
{
    watchdog_count++;
}

static void test_ib700_barks(void)
{
    static const MachineOps ops = { .watchdog_expired = count_watchdog };
    IsaFixture isa;
    isa_fixture_init(&isa);
    const MachineOps *before = isa.f.machine->ops;
    isa.f.machine->ops = &ops;
    isa_fixture_add(&isa, "ib700", NULL);
    isa_fixture_reset(&isa);
    watchdog_count = 0;
    isa_out(&isa, 0x443, 13); /* four seconds */
    fixture_step(&isa.f, 3900000000);
    g_assert_cmpuint(watchdog_count, ==, 0);
    isa_out(&isa, 0x443, 13);
    fixture_step(&isa.f, 4100000000);
    g_assert_cmpuint(watchdog_count, ==, 1);
    isa_out(&isa, 0x443, 13);
    isa_out(&isa, 0x441, 0);
    fixture_step(&isa.f, 40000000000);
    g_assert_cmpuint(watchdog_count, ==, 1);
    isa_hostile(&isa, 0x440, 4);
    isa.f.machine->ops = before;
    isa_fixture_cleanup(&isa);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/isa/port92", test_port92);
    g_test_add_func("/isa/debug-exit", test_debug_exit);
    g_test_add_func("/isa/pvpanic", test_pvpanic);
    g_test_add_func("/isa/debugcon", test_debugcon_waits_for_the_host);
    g_test_add_func("/isa/serial", test_serial_finds_its_place);
    g_test_add_func("/isa/testdev", test_testdev);
    g_test_add_func("/isa/parallel", test_parallel_prints);
    g_test_add_func("/isa/fpu-error", test_fpu_error_is_latched);
    g_test_add_func("/isa/ib700", test_ib700_barks);
    return g_test_run();
}
