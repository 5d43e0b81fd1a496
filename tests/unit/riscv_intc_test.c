/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACLINT and PLIC. */
#include "hw/intc/riscv_aclint.h"
#include "hw/intc/sifive_plic.h"
#include "tests/unit/device_fixture.h"

static void start(DeviceFixture *f, const char *class_name, const char *const *properties,
                  unsigned lines)
{
    fixture_init(f);
    fixture_add(f, class_name, properties);
    fixture_place(f);
    for (unsigned i = 0; i < lines; i++) {
        device_connect_irq(f->dev, NULL, i, fixture_irq(f, i));
    }
}

static const char *const two_harts[] = { "num-harts", "2", NULL };

static void test_mtimer_fires_at_its_time(void)
{
    DeviceFixture f;
    start(&f, "riscv-aclint-mtimer", two_harts, 2);
    g_assert_cmpuint(fixture_read(&f, 0x7ff8, 8), ==, 0);
    fixture_step(&f, 1000);
    g_assert_cmpuint(fixture_read(&f, 0x7ff8, 8), ==, 10);
    fixture_write(&f, 8, 8, 100);
    g_assert_cmpint(f.level[1], ==, 0);
    fixture_step(&f, 8999);
    g_assert_cmpint(f.level[1], ==, 0);
    fixture_check_state(&f);
    fixture_step(&f, 1);
    g_assert_cmpint(f.level[1], ==, 1);
    g_assert_cmpint(f.level[0], ==, 0);
    fixture_write(&f, 8, 8, UINT64_MAX);
    g_assert_cmpint(f.level[1], ==, 0);
    fixture_write(&f, 0, 4, 200); /* halves, as RV32 writes them */
    fixture_write(&f, 4, 4, 0);
    fixture_step(&f, 10000);
    g_assert_cmpint(f.level[0], ==, 1);
    fixture_cleanup(&f);
}

static void test_mtime_can_be_set(void)
{
    DeviceFixture f;
    start(&f, "riscv-aclint-mtimer", two_harts, 2);
    fixture_write(&f, 0, 8, 1ull << 40);
    fixture_write(&f, 0x7ff8, 8, (1ull << 40) - 5);
    g_assert_cmpint(f.level[0], ==, 0);
    fixture_step(&f, 500);
    g_assert_cmpint(f.level[0], ==, 1);
    g_assert_cmpuint(riscv_aclint_mtimer_time(f.dev), ==, 1ull << 40);
    g_assert_cmpuint(fixture_read(&f, 0x7ffc, 4), ==, 1 << 8);
    g_assert_true(machine_reset(f.machine, NULL));
    g_assert_cmpint(f.level[0], ==, 0);
    g_assert_cmpuint(fixture_read(&f, 0x7ff8, 8), ==, 0);
    fixture_cleanup(&f);
}

static void test_software_interrupts(void)
{
    DeviceFixture f;
    start(&f, "riscv-aclint-mswi", two_harts, 2);
    fixture_write(&f, 4, 4, 0xffffffff);
    g_assert_cmpint(f.level[1], ==, 1);
    g_assert_cmphex(fixture_read(&f, 4, 4), ==, 1);
    fixture_write(&f, 4, 4, 0xfffffffe);
    g_assert_cmpint(f.level[1], ==, 0);
    fixture_cleanup(&f);

    start(&f, "riscv-aclint-sswi", two_harts, 2);
    fixture_write(&f, 0, 4, 1);
    g_assert_cmpuint(f.edges, ==, 2);
    g_assert_cmphex(fixture_read(&f, 0, 4), ==, 0);
    fixture_cleanup(&f);
}

enum {
    PENDING = 0x1000,
    ENABLE = 0x2000,
    THRESHOLD = 0x200000,
    CLAIM = 0x200004,
    CONTEXT = 0x1000
};

static void start_plic(DeviceFixture *f)
{
    static const char *const properties[] = { "num-sources", "96", "num-contexts", "2", NULL };
    start(f, "sifive-plic", properties, 2);
}

static void test_plic_delivers_by_priority(void)
{
    DeviceFixture f;
    start_plic(&f);
    Irq *line3 = device_irq_input(f.dev, NULL, 3), *line40 = device_irq_input(f.dev, NULL, 40);
    fixture_write(&f, 4 * 3, 4, 1);
    fixture_write(&f, 4 * 40, 4, 0xff); /* WARL: 7 */
    g_assert_cmpuint(fixture_read(&f, 4 * 40, 4), ==, 7);
    fixture_write(&f, ENABLE, 4, 0xffffffff);
    g_assert_cmphex(fixture_read(&f, ENABLE, 4), ==, 0xfffffffe);
    fixture_write(&f, ENABLE + 4, 4, 0xffffffff);
    irq_raise(line3);
    irq_raise(line40);
    g_assert_cmpint(f.level[0], ==, 1);
    g_assert_cmpint(f.level[1], ==, 0);
    fixture_write(&f, THRESHOLD, 4, 7);
    g_assert_cmpint(f.level[0], ==, 0);
    g_assert_cmpuint(fixture_read(&f, CLAIM, 4), ==, 40);
    g_assert_cmpuint(fixture_read(&f, CLAIM, 4), ==, 3);
    g_assert_cmpuint(fixture_read(&f, CLAIM, 4), ==, 0);
    fixture_write(&f, THRESHOLD, 4, 0);
    g_assert_cmpint(f.level[0], ==, 0);
    fixture_check_state(&f);
    fixture_write(&f, CLAIM + CONTEXT, 4, 40); /* not enabled there: ignored */
    g_assert_cmpint(f.level[0], ==, 0);
    fixture_write(&f, CLAIM, 4, 40); /* still high: comes again */
    g_assert_cmpint(f.level[0], ==, 1);
    irq_lower(line40); /* a forwarded request stays */
    g_assert_cmpuint(fixture_read(&f, CLAIM, 4), ==, 40);
    fixture_write(&f, CLAIM, 4, 40);
    g_assert_cmpint(f.level[0], ==, 0);
    irq_lower(line3);
    fixture_write(&f, CLAIM, 4, 3);
    g_assert_cmphex(fixture_read(&f, PENDING, 4), ==, 0);
    fixture_cleanup(&f);
}

static void test_hostile(void)
{
    static const struct {
        const char *class_name;
        const char *const properties[3];
        hwaddr bytes;
    } rows[] = {
        { "riscv-aclint-mtimer", { "num-harts", "3" }, 0x40 },
        { "riscv-aclint-mswi", { "num-harts", "3" }, 0x20 },
        { "riscv-aclint-sswi", { "num-harts", "3" }, 0x20 },
        { "sifive-plic", { "num-contexts", "3" }, 0x2400 },
        { "sifive-test", { NULL }, 0x20 },
        { "goldfish-rtc", { NULL }, 0x24 },
        { "fw-cfg-mmio", { NULL }, 0x18 },
        { "virtio-mmio", { NULL }, 0x180 },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        DeviceFixture f;
        start(&f, rows[i].class_name, rows[i].properties, 0);
        fixture_hostile(&f, rows[i].bytes);
        fixture_cleanup(&f);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/riscv-intc/mtimer", test_mtimer_fires_at_its_time);
    g_test_add_func("/riscv-intc/mtime", test_mtime_can_be_set);
    g_test_add_func("/riscv-intc/swi", test_software_interrupts);
    g_test_add_func("/riscv-intc/plic", test_plic_delivers_by_priority);
    g_test_add_func("/riscv-intc/hostile", test_hostile);
    return g_test_run();
}
