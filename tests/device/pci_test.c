/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI on the boards that have it: configuration by ports and ECAM, BARs, devices of -device. */
#include <glib.h>

#include "tests/device/qtest_client.h"

enum { EDU = 10 << 3, BAR_AT = 0xe0000000, ECAM = 0xb0000000, ABSENT = 20 << 3 };

static uint32_t in(QtestClient *c, unsigned port, unsigned size)
{
    const char *answer = qtest_client_ask(c, "in%c %#x",
                                          size == 1   ? 'b'
                                          : size == 2 ? 'w'
                                                      : 'l',
                                          port);
    return g_ascii_strtoull(answer, NULL, 0);
}

static void out(QtestClient *c, unsigned port, unsigned size, uint32_t value)
{
    qtest_client_ask(c, "out%c %#x %#x", size == 1 ? 'b' : size == 2 ? 'w' : 'l', port, value);
}

static uint32_t config_read(QtestClient *c, unsigned devfn, unsigned offset, unsigned size)
{
    out(c, 0xcf8, 4, 0x80000000 | devfn << 8 | (offset & 0xfc));
    return in(c, 0xcfc + offset % 4, size);
}

static void config_write(QtestClient *c, unsigned devfn, unsigned offset, unsigned size,
                         uint32_t value)
{
    out(c, 0xcf8, 4, 0x80000000 | devfn << 8 | (offset & 0xfc));
    out(c, 0xcfc + offset % 4, size, value);
}

static void test_pc_has_its_bridges_and_added_devices(void)
{
    QtestClient *c = qtest_client_start("x86_64", "-M pc -m 64 -nodefaults -device edu,addr=0a.0");
    g_assert_cmphex(config_read(c, 0, 0, 4), ==, 0x12378086);
    g_assert_cmphex(config_read(c, 1 << 3, 0, 4), ==, 0x70008086);
    g_assert_cmphex(config_read(c, 1 << 3 | 3, 0, 4), ==, 0x71138086);
    g_assert_cmphex(config_read(c, EDU, 0, 4), ==, 0x11e81234);
    g_assert_cmphex(config_read(c, ABSENT, 0, 4), ==, 0xffffffff);
    config_write(c, EDU, 0x10, 4, 0xffffffff);
    g_assert_cmphex(config_read(c, EDU, 0x10, 4), ==, 0xfff00000);
    config_write(c, EDU, 0x10, 4, BAR_AT);
    config_write(c, EDU, 0x04, 2, 0x6);
    g_assert_cmphex(qtest_client_read(c, BAR_AT, 4), ==, 0x010000ed);
    qtest_client_write(c, BAR_AT + 8, 4, 5);
    qtest_client_step(c, 1000000);
    g_assert_cmpuint(qtest_client_read(c, BAR_AT + 8, 4), ==, 120);
    qtest_client_stop(c);
}

static void test_q35_answers_by_ecam(void)
{
    QtestClient *c = qtest_client_start("x86_64", "-M q35 -m 64 -nodefaults "
                                                  "-device pcie-root-port,id=rp,addr=0a.0 "
                                                  "-device virtio-rng-pci,bus=rp");
    g_assert_cmphex(config_read(c, 0, 0, 4), ==, 0x29c08086);
    g_assert_cmphex(config_read(c, 31 << 3, 0, 4), ==, 0x29188086);
    config_write(c, 0, 0x64, 4, 0);
    config_write(c, 0, 0x60, 4, ECAM | 1);
    g_assert_cmphex(qtest_client_read(c, ECAM, 4), ==, 0x29c08086);
    qtest_client_write(c, ECAM + (EDU << 12) + 0x18, 4, 0x00010100);
    g_assert_cmphex(qtest_client_read(c, ECAM + (1 << 20), 4), ==, 0x10441af4);
    qtest_client_stop(c);
}

static void test_every_register_takes_every_value(void)
{
    static const uint32_t values[] = { 0,      1,      0x7f,       0x80,      0xff,
                                       0x8000, 0xffff, 0xfffffff0, 0xffffffff };
    static const unsigned devices[] = { 0, 1 << 3, 1 << 3 | 3, EDU, 11 << 3, 12 << 3, 13 << 3 };
    QtestClient *c = qtest_client_start("x86_64", "-M pc -m 64 -nodefaults -device edu,addr=0a "
                                                  "-device virtio-rng-pci,addr=0b "
                                                  "-device pci-bridge,addr=0c -device VGA,addr=0d");
    for (unsigned i = 0; i < G_N_ELEMENTS(devices); i++) {
        for (unsigned at = 0; at < 256; at += 4) {
            for (unsigned v = 0; v < G_N_ELEMENTS(values); v++) {
                config_write(c, devices[i], at, 4, values[v]);
            }
            config_write(c, devices[i], at + 1, 1, 0xff);
            config_write(c, devices[i], at + 2, 2, 0x5a5a);
            config_read(c, devices[i], at, 4);
        }
    }
    qtest_client_ask(c, "system_reset");
    g_assert_cmphex(config_read(c, 0, 0, 4), ==, 0x12378086);
    qtest_client_stop(c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci/pc", test_pc_has_its_bridges_and_added_devices);
    g_test_add_func("/pci/q35", test_q35_answers_by_ecam);
    g_test_add_func("/pci/hostile", test_every_register_takes_every_value);
    return g_test_run();
}
