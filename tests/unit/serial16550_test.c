/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/device_fixture.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };

static void setup(DeviceFixture *f, gconstpointer unused)
{
    fixture_init(f);
    fixture_add(f, "serial-mm", NULL);
    fixture_place(f);
}

static void teardown(DeviceFixture *f, gconstpointer unused)
{
    fixture_cleanup(f);
}

static void out(DeviceFixture *f, unsigned reg, uint8_t value)
{
    fixture_write(f, reg, 1, value);
}

static unsigned in(DeviceFixture *f, unsigned reg)
{
    return fixture_read(f, reg, 1);
}

static void test_registers_after_reset(DeviceFixture *f, gconstpointer unused)
{
    g_assert_cmphex(in(f, IER), ==, 0);
    g_assert_cmphex(in(f, IIR), ==, 0x01);
    g_assert_cmphex(in(f, LSR), ==, 0x60);
    g_assert_cmphex(in(f, MSR), ==, 0xb0);
    out(f, SCR, 0x5a);
    g_assert_cmphex(in(f, SCR), ==, 0x5a);
    out(f, LCR, 0x83);
    out(f, DATA, 0x34);
    out(f, IER, 0x12);
    g_assert_cmphex(in(f, DATA) | in(f, IER) << 8, ==, 0x1234);
    out(f, LCR, 0x03);
    g_assert_cmphex(in(f, IER), ==, 0);
}

static void test_transmit_interrupts_once_a_character(DeviceFixture *f, gconstpointer unused)
{
    out(f, IER, 0x02);
    g_assert_cmpint(f->level[0], ==, 1);
    g_assert_cmphex(in(f, IIR), ==, 0x02);
    g_assert_cmpint(f->level[0], ==, 0);
    out(f, DATA, 'x');
    g_assert_cmpint(f->level[0], ==, 1);
    g_assert_cmpstr(f->host->written->str, ==, "x");
}

static void test_no_character_is_lost_when_the_host_is_slow(DeviceFixture *f, gconstpointer unused)
{
    GString *sent = g_string_new(NULL);
    f->host->room = 3;
    out(f, FCR, 0x01);
    while (in(f, LSR) & 0x20) {
        char byte = 'a' + sent->len % 26;
        g_string_append_c(sent, byte);
        out(f, DATA, byte);
        g_assert_cmpuint(sent->len, <, 1 << 20);
    }
    for (unsigned i = 1; i < 16; i++) { /* the driver knows the FIFO has room for 16 */
        g_string_append_c(sent, '0' + i % 10);
        out(f, DATA, '0' + i % 10);
    }
    g_assert_cmphex(in(f, LSR) & 0x60, ==, 0);
    fixture_check_state(f);
    f->host->room = SIZE_MAX;
    chardev_flush(&f->host->chardev);
    g_assert_cmphex(in(f, LSR) & 0x60, ==, 0x60);
    chardev_flush(&f->host->chardev);
    g_assert_cmpstr(f->host->written->str, ==, sent->str);
    g_string_free(sent, TRUE);
}

static void test_receive_trigger_and_timeout(DeviceFixture *f, gconstpointer unused)
{
    out(f, FCR, 0x41); /* trigger at 4 */
    out(f, IER, 0x01);
    g_assert_cmpuint(fixture_type(f, "ab"), ==, 2);
    g_assert_cmphex(in(f, IIR), ==, 0xc1);
    fixture_step(f, 100 * 1000 * 1000);
    g_assert_cmphex(in(f, IIR), ==, 0xcc);
    g_assert_cmpint(f->level[0], ==, 1);
    g_assert_cmpint(in(f, DATA), ==, 'a');
    g_assert_cmphex(in(f, IIR), ==, 0xc1);
    g_assert_cmpuint(fixture_type(f, "cde"), ==, 3);
    g_assert_cmphex(in(f, IIR), ==, 0xc4);
    g_assert_cmpint(in(f, DATA), ==, 'b');
    g_assert_cmphex(in(f, IIR), ==, 0xc1);
    g_assert_cmpuint(fixture_type(f, "0123456789abcdefgh"), ==, 13);
    g_assert_cmpuint(fixture_type(f, "x"), ==, 0);
    in(f, DATA);
    g_assert_cmpuint(fixture_type(f, "x"), ==, 1);
    out(f, FCR, 0x43);
    g_assert_cmphex(in(f, LSR), ==, 0x60);
}

static void test_break_shows_with_its_character(DeviceFixture *f, gconstpointer unused)
{
    out(f, FCR, 0x01);
    out(f, IER, 0x05);
    fixture_type(f, "a");
    chardev_send_event(&f->host->chardev, CHARDEV_EVENT_BREAK);
    g_assert_cmphex(in(f, LSR), ==, 0xe1);
    g_assert_cmpint(in(f, DATA), ==, 'a');
    g_assert_cmphex(in(f, IIR), ==, 0xc6);
    g_assert_cmphex(in(f, LSR), ==, 0xf1);
    g_assert_cmphex(in(f, LSR), ==, 0x61);
    g_assert_cmpint(in(f, DATA), ==, 0);
}

static void test_loopback_and_modem_lines(DeviceFixture *f, gconstpointer unused)
{
    out(f, MCR, 0x10);
    g_assert_cmphex(in(f, MSR), ==, 0x0b);
    out(f, IER, 0x08);
    g_assert_cmphex(in(f, IIR), ==, 0x01);
    out(f, MCR, 0x14);
    g_assert_cmphex(in(f, IIR), ==, 0x01);
    out(f, MCR, 0x10);
    g_assert_cmphex(in(f, IIR), ==, 0x00);
    g_assert_cmphex(in(f, MSR), ==, 0x04);
    out(f, DATA, 'q');
    g_assert_cmpint(in(f, DATA), ==, 'q');
    g_assert_cmpstr(f->host->written->str, ==, "");
    g_assert_cmpuint(fixture_type(f, "x"), ==, 0);
    out(f, DATA, 'r');
    out(f, DATA, 's');
    g_assert_cmphex(in(f, LSR) & 0x02, ==, 0x02);
}

static void test_hostile(DeviceFixture *f, gconstpointer unused)
{
    fixture_hostile(f, 8);
}

#define ADD(name, fn) g_test_add(name, DeviceFixture, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/serial16550/reset", test_registers_after_reset);
    ADD("/serial16550/transmit", test_transmit_interrupts_once_a_character);
    ADD("/serial16550/slow-host", test_no_character_is_lost_when_the_host_is_slow);
    ADD("/serial16550/receive", test_receive_trigger_and_timeout);
    ADD("/serial16550/break", test_break_shows_with_its_character);
    ADD("/serial16550/loopback", test_loopback_and_modem_lines);
    ADD("/serial16550/hostile", test_hostile);
    return g_test_run();
}
