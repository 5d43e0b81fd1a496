/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of the RISC-V virt board, at the places and interrupt sources that its device tree
 * names. */
#include <glib.h>

#include "tests/device/qtest_client.h"

enum {
    MTIMECMP = 0x02004000,
    MTIME = 0x0200bff8,
    RTC = 0x00101000,
    PLIC = 0x0c000000,
    PLIC_PENDING = PLIC + 0x1000,
    UART = 0x10000000,
    VIRTIO = 0x10001000,
    VIRTIO_BYTES = 0x1000,
    VIRTIO_SLOTS = 8,
    FW_CFG = 0x10100000,
};
enum { UART_SOURCE = 10, RTC_SOURCE = 11 };
static const uint64_t ram = 0x80000000;

static QtestClient *start(void)
{
    return qtest_client_start("riscv64",
                              "-machine virt -m 32 -bios none -serial null -rtc clock=vm");
}

static bool is_pending(QtestClient *client, unsigned source)
{
    return qtest_client_read(client, PLIC_PENDING, 4) >> source & 1;
}

static void test_ram_ends_where_it_should(void)
{
    QtestClient *client = start();
    uint64_t value;
    qtest_client_write(client, ram + (32 << 20) - 8, 8, 0x0123456789abcdef);
    g_assert_cmphex(qtest_client_read(client, ram + (32 << 20) - 4, 4), ==, 0x01234567);
    g_assert_false(qtest_client_try_read(client, ram + (32 << 20), 4, &value));
    qtest_client_stop(client);
}

static void test_time_counts_at_ten_megahertz(void)
{
    QtestClient *client = start();
    uint64_t before = qtest_client_read(client, MTIME, 8);
    qtest_client_step(client, 1000000);
    g_assert_cmpuint(qtest_client_read(client, MTIME, 8) - before, ==, 10000);
    qtest_client_write(client, MTIMECMP, 8, UINT64_MAX);
    g_assert_cmphex(qtest_client_read(client, MTIMECMP + 4, 4), ==, UINT32_MAX);
    qtest_client_stop(client);
}

/* 16550: received data raises the line when IER bit 0 allows it, until it is read. */
static void test_uart_interrupts_when_it_receives(void)
{
    QtestClient *client = start();
    g_assert_cmphex(qtest_client_read(client, UART + 5, 1), ==, 0x60);
    qtest_client_write(client, UART + 1, 1, 1);
    qtest_client_write(client, UART + 4, 1, 0x18); /* MCR: loop back, OUT2 */
    qtest_client_write(client, UART, 1, 'x');
    qtest_client_step(client, 10000000);
    g_assert_cmphex(qtest_client_read(client, UART + 5, 1) & 1, ==, 1);
    g_assert_true(is_pending(client, UART_SOURCE));
    g_assert_cmphex(qtest_client_read(client, UART, 1), ==, 'x');
    g_assert_cmphex(qtest_client_read(client, UART + 5, 1) & 1, ==, 0);
    qtest_client_stop(client);
}

/* Goldfish RTC: nanoseconds, the low half latches the high one; an alarm interrupts. */
static void test_rtc_alarm_interrupts(void)
{
    enum {
        TIME_LOW = 0,
        TIME_HIGH = 4,
        ALARM_LOW = 8,
        ALARM_HIGH = 12,
        IRQ_ENABLED = 16,
        CLEAR = 28
    };
    QtestClient *client = start();
    uint64_t now = qtest_client_read(client, RTC + TIME_LOW, 4);
    now |= qtest_client_read(client, RTC + TIME_HIGH, 4) << 32;
    qtest_client_write(client, RTC + IRQ_ENABLED, 4, 1);
    qtest_client_write(client, RTC + ALARM_HIGH, 4, (now + 1000000) >> 32);
    qtest_client_write(client, RTC + ALARM_LOW, 4, (uint32_t)(now + 1000000));
    qtest_client_step(client, 900000);
    g_assert_false(is_pending(client, RTC_SOURCE));
    qtest_client_step(client, 200000);
    g_assert_true(is_pending(client, RTC_SOURCE));
    qtest_client_write(client, RTC + CLEAR, 4, 1);
    qtest_client_stop(client);
}

static void test_plic_keeps_priorities(void)
{
    QtestClient *client = start();
    qtest_client_write(client, PLIC + 4 * UART_SOURCE, 4, 7);
    g_assert_cmpuint(qtest_client_read(client, PLIC + 4 * UART_SOURCE, 4), ==, 7);
    g_assert_cmpuint(qtest_client_read(client, PLIC, 4), ==, 0); /* source 0 is none */
    qtest_client_stop(client);
}

static void test_empty_virtio_slots_say_so(void)
{
    QtestClient *client = start();
    for (unsigned i = 0; i < VIRTIO_SLOTS; i++) {
        uint64_t slot = VIRTIO + i * VIRTIO_BYTES;
        g_assert_cmphex(qtest_client_read(client, slot, 4), ==, 0x74726976); /* "virt" */
        g_assert_cmpuint(qtest_client_read(client, slot + 8, 4), ==, 0);
    }
    qtest_client_stop(client);
}

static void test_fw_cfg_signs(void)
{
    QtestClient *client = start();
    char text[5] = "";
    qtest_client_write(client, FW_CFG + 8, 2, 0);
    for (unsigned i = 0; i < 4; i++) {
        text[i] = (char)qtest_client_read(client, FW_CFG, 1);
    }
    g_assert_cmpstr(text, ==, "QEMU");
    qtest_client_stop(client);
}

/* Any value in any size to any register but the test finisher's; then everything still answers. */
static void test_nothing_minds_random_writes(void)
{
    static const struct {
        uint64_t base, bytes;
    } places[] = {
        { 0x02000000, 0x10000 }, { RTC, 0x24 },    { PLIC, 0x600000 },        { UART, 0x100 },
        { VIRTIO, 0x8000 },      { FW_CFG, 0x18 }, { 0x20000000, 0x4000000 },
    };
    QtestClient *client = start();
    for (unsigned i = 0; i < 3000; i++) {
        unsigned place = g_test_rand_int_range(0, G_N_ELEMENTS(places));
        unsigned size = 1u << g_test_rand_int_range(0, 4);
        uint64_t address = places[place].base + (uint32_t)g_test_rand_int() % places[place].bytes;
        uint64_t value = (uint64_t)g_test_rand_int() << 32 | (uint32_t)g_test_rand_int();
        qtest_client_try_write(client, address, size, g_test_rand_bit() ? value : value & 0xff);
        qtest_client_try_read(client, address, size, &value);
    }
    qtest_client_step(client, 1000000000);
    g_assert_cmphex(qtest_client_read(client, VIRTIO, 4), ==, 0x74726976);
    qtest_client_stop(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virt-machine/ram", test_ram_ends_where_it_should);
    g_test_add_func("/virt-machine/time", test_time_counts_at_ten_megahertz);
    g_test_add_func("/virt-machine/uart", test_uart_interrupts_when_it_receives);
    g_test_add_func("/virt-machine/rtc", test_rtc_alarm_interrupts);
    g_test_add_func("/virt-machine/plic", test_plic_keeps_priorities);
    g_test_add_func("/virt-machine/virtio", test_empty_virtio_slots_say_so);
    g_test_add_func("/virt-machine/fw-cfg", test_fw_cfg_signs);
    g_test_add_func("/virt-machine/random", test_nothing_minds_random_writes);
    return g_test_run();
}
