/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/keyval.h"

static void test_parse_takes_the_implied_key_first(void)
{
    g_autoptr(Keyval) keyval = keyval_parse("virt,accel=tcg,nowait", "type", NULL);
    g_assert_cmpuint(keyval_count(keyval), ==, 3);
    g_assert_cmpstr(keyval_get(keyval, "type"), ==, "virt");
    g_assert_cmpstr(keyval_get(keyval, "accel"), ==, "tcg");
    g_assert_null(keyval_entry(keyval, 2)->value);
    g_assert_cmpstr(keyval_get(keyval, "nowait"), ==, "on");
    g_assert_null(keyval_get(keyval, "wait"));
}

static void test_parse_keeps_doubled_commas(void)
{
    g_autoptr(Keyval) keyval = keyval_parse("file,path=a,,b,,,x=1", "backend", NULL);
    g_assert_cmpstr(keyval_get(keyval, "path"), ==, "a,b,");
    g_assert_cmpstr(keyval_get(keyval, "x"), ==, "1");
}

static void test_parse_refuses_an_empty_key(void)
{
    GError *error = NULL;
    g_assert_null(keyval_parse("virt,=3", "type", &error));
    g_assert_cmpstr(error->message, ==, "a key is missing in 'virt,=3'");
    g_clear_error(&error);
    g_autoptr(Keyval) keyval = keyval_parse("a=1,,,b=2,,c", NULL, NULL);
    g_assert_nonnull(keyval);
}

static void test_parse_reads_json(void)
{
    g_autoptr(Keyval) keyval =
        keyval_parse("{\"driver\":\"x\",\"n\":3,\"b\":true}", "driver", NULL);
    g_assert_cmpstr(keyval_get(keyval, "driver"), ==, "x");
    g_assert_cmpstr(keyval_get(keyval, "n"), ==, "3");
    g_assert_cmpstr(keyval_get(keyval, "b"), ==, "on");
    g_assert_null(keyval_parse("{\"a\":[1]}", NULL, NULL));
    g_assert_null(keyval_parse("{", NULL, NULL));
}

static void test_join_is_parsed_back(void)
{
    g_autoptr(Keyval) keyval = keyval_parse("a=1,,2,nowait,b=", NULL, NULL);
    g_autofree char *text = keyval_join(keyval);
    g_assert_cmpstr(text, ==, "a=1,,2,nowait=on,b=");
}

static void test_take_removes_every_entry(void)
{
    g_autoptr(Keyval) keyval = keyval_parse("id=a,x=1,id=b", NULL, NULL);
    g_autofree char *id = keyval_take(keyval, "id");
    g_assert_cmpstr(id, ==, "b");
    g_assert_cmpuint(keyval_count(keyval), ==, 1);
    g_assert_null(keyval_take(keyval, "id"));
}

static void test_size_knows_suffixes_and_overflow(void)
{
    uint64_t bytes;
    g_assert_true(keyval_parse_size("512", 1 << 20, &bytes) && bytes == 512u << 20);
    g_assert_true(keyval_parse_size("2G", 1, &bytes) && bytes == UINT64_C(2) << 30);
    g_assert_true(keyval_parse_size("1.5k", 1, &bytes) && bytes == 1536);
    g_assert_true(keyval_parse_size("15E", 1, &bytes) && bytes == UINT64_C(15) << 60);
    g_assert_false(keyval_parse_size("16E", 1, &bytes));
    g_assert_false(keyval_parse_size("99999999999999999999", 1, &bytes));
    g_assert_false(keyval_parse_size("-1", 1, &bytes));
    g_assert_false(keyval_parse_size("", 1, &bytes));
    g_assert_false(keyval_parse_size("2Q", 1, &bytes));
    g_assert_false(keyval_parse_size("2GB", 1, &bytes));
    g_assert_false(keyval_parse_size("1.", 1, &bytes));
    g_assert_false(keyval_parse_size("1.5", 1, &bytes));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keyval/implied", test_parse_takes_the_implied_key_first);
    g_test_add_func("/keyval/commas", test_parse_keeps_doubled_commas);
    g_test_add_func("/keyval/empty-key", test_parse_refuses_an_empty_key);
    g_test_add_func("/keyval/json", test_parse_reads_json);
    g_test_add_func("/keyval/join", test_join_is_parsed_back);
    g_test_add_func("/keyval/take", test_take_removes_every_entry);
    g_test_add_func("/keyval/size", test_size_knows_suffixes_and_overflow);
    return g_test_run();
}
