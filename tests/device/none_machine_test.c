/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test socket itself, on a machine that has memory and nothing else. */
#include <glib.h>
#include <inttypes.h>

#include "tests/device/qtest_client.h"

static QtestClient *start(void)
{
    return qtest_client_start("riscv64", "-machine none -m 16");
}

static void test_memory_keeps_what_is_written(void)
{
    QtestClient *client = start();
    uint8_t bytes[5] = { 0 };
    qtest_client_write(client, 0x100, 8, 0x1122334455667788);
    g_assert_cmphex(qtest_client_read(client, 0x100, 4), ==, 0x55667788);
    g_assert_cmphex(qtest_client_read(client, 0x107, 1), ==, 0x11);
    qtest_client_write_bytes(client, 0x101, "abc", 3);
    qtest_client_read_bytes(client, 0x100, bytes, sizeof(bytes));
    g_assert_cmpmem(bytes, sizeof(bytes),
                    "\x88"
                    "abc\x44",
                    5);
    qtest_client_stop(client);
}

static void test_nothing_answers_beyond_memory(void)
{
    QtestClient *client = start();
    uint64_t value;
    g_assert_true(qtest_client_try_read(client, 0xfffffc, 4, &value));
    g_assert_false(qtest_client_try_read(client, 0x1000000, 4, &value));
    g_assert_false(qtest_client_try_write(client, UINT64_MAX, 1, 0));
    qtest_client_stop(client);
}

static void test_time_moves_only_when_told(void)
{
    QtestClient *client = start();
    g_assert_cmpint(qtest_client_step(client, 0), ==, 0);
    g_assert_cmpint(qtest_client_step(client, 1500), ==, 1500);
    g_assert_cmpint(qtest_client_step_next(client), ==, 1500);
    g_assert_cmpstr(qtest_client_ask(client, "clock_set 2000"), ==, "2000");
    qtest_client_stop(client);
}

static void test_large_blocks_go_through(void)
{
    QtestClient *client = start();
    enum { BYTES = 3 << 20 };
    g_autofree uint8_t *out = g_malloc(BYTES);
    g_autofree uint8_t *in = g_malloc(BYTES);
    for (int i = 0; i < BYTES; i++) {
        out[i] = (uint8_t)(i * 7 + (i >> 9));
    }
    qtest_client_write_bytes(client, 0x1234, out, BYTES);
    qtest_client_read_bytes(client, 0x1234, in, BYTES);
    g_assert_cmpmem(in, BYTES, out, BYTES);
    qtest_client_stop(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/none-machine/memory", test_memory_keeps_what_is_written);
    g_test_add_func("/none-machine/beyond-memory", test_nothing_answers_beyond_memory);
    g_test_add_func("/none-machine/time", test_time_moves_only_when_told);
    g_test_add_func("/none-machine/large-blocks", test_large_blocks_go_through);
    return g_test_run();
}
