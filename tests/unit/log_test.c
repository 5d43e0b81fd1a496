/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/log.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/nearest.h"

static char *path;

/* What was logged since the last call. */
static char *logged(void)
{
    char *text;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_true(log_set_file(path, NULL));
    return text;
}

static void assert_refused(bool ok, GError *error, const char *text)
{
    g_assert_false(ok);
    g_assert_nonnull(strstr(error->message, text));
    g_error_free(error);
}

static void test_items_have_both_spellings(void)
{
    log_mask = 0;
    g_assert_true(log_set_items("in_asm,guest-errors", NULL));
    g_assert_cmphex(log_mask, ==, LOG_IN_ASM | LOG_GUEST_ERROR);
    g_assert_true(log_set_items("none,unimp", NULL));
    g_assert_cmphex(log_mask, ==, LOG_UNIMPLEMENTED);
    log_mask = 0;
}

static void test_unknown_item_is_refused_with_a_suggestion(void)
{
    GError *error = NULL;

    log_mask = 0;
    bool ok = log_set_items("int,guest_eror", &error);
    assert_refused(ok, error, "did you mean 'guest_errors'?");
    g_assert_cmphex(log_mask, ==, 0);
    error = NULL;
    ok = log_set_items("trace:no_such_point", &error);
    assert_refused(ok, error, "no trace point");
    error = NULL;
    ok = log_set_items("", &error);
    assert_refused(ok, error, "expected items");
}

static void test_filter_takes_three_forms(void)
{
    GError *error = NULL;

    g_assert_true(log_in_filter(0));
    g_assert_true(log_set_filter("0x1000..0x1fff,0x3000+0x10,0x5000-0x100", NULL));
    g_assert_true(log_in_filter(0x1000));
    g_assert_true(log_in_filter(0x1fff));
    g_assert_false(log_in_filter(0x2000));
    g_assert_true(log_in_filter(0x300f));
    g_assert_false(log_in_filter(0x3010));
    g_assert_true(log_in_filter(0x4f01));
    g_assert_true(log_in_filter(0x5000));
    g_assert_false(log_in_filter(0x5001));
    static const char *const bad[] = { "",
                                       "1",
                                       "1.2",
                                       "5..4",
                                       "0+0",
                                       "x..y",
                                       "1..2,",
                                       "-1+2",
                                       "0xffffffffffffffff+2",
                                       "1+99999999999999999999" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        bool ok = log_set_filter(bad[i], &error);
        assert_refused(ok, error, "-dfilter");
        error = NULL;
    }
    g_assert_true(log_in_filter(0x1000)); /* a refused filter changes nothing */
}

static void test_guest_errors_are_limited(void)
{
    log_mask = LOG_GUEST_ERROR;
    for (int i = 0; i < 10000; i++) {
        log_guest_error("device: bad value %d", i);
    }
    g_autofree char *text = logged();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpint(g_strv_length(lines), >, 10);
    g_assert_cmpint(g_strv_length(lines), <, 200);
    g_assert_cmpstr(lines[0], ==, "device: bad value 0");
    log_mask = 0;
    log_guest_error("%s", "not enabled");
    g_autofree char *nothing = logged();
    g_assert_cmpstr(nothing, ==, "");
}

static void trace_two(int value)
{
    TRACE(log_test_first, "value=%d", value);
    TRACE(log_test_second, "plain");
}

static void test_trace_points_are_found_by_name(void)
{
    trace_two(1);
    g_assert_false(log_trace_enable("log_test_third*", true));
    g_assert_true(log_trace_enable("log_*_first", true));
    trace_two(2);
    g_assert_true(log_trace_enable("log_test_*", false));
    trace_two(3);
    g_autofree char *text = logged();
    g_assert_cmpstr(text, ==, "log_test_first value=2\n");
    g_autofree char *list = log_trace_list();
    g_assert_nonnull(strstr(list, "log_test_first\nlog_test_second\n"));
}

static void test_file_name_takes_the_process_id(void)
{
    GError *error = NULL;
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *pattern = g_build_filename(dir, "p%%%d", NULL);
    g_autofree char *expected = g_strdup_printf("%s/p%%%d", dir, (int)getpid());

    g_assert_true(log_set_file(pattern, NULL));
    g_assert_cmpint(g_unlink(expected), ==, 0);
    bool ok = log_set_file("/tmp/%s", &error);
    assert_refused(ok, error, "process id");
    error = NULL;
    ok = log_set_file("/no/such/directory/x", &error);
    assert_refused(ok, error, "cannot write");
    g_assert_true(log_set_file(path, NULL));
}

static void test_errors_name_class_and_errno(void)
{
    g_autoptr(GError) error = NULL;

    error_set_errno(&error, 2, "disk %d", 0);
    error_prefix(&error, "start: ");
    g_assert_cmpstr(error->message, ==, "start: disk 0: No such file or directory");
    g_clear_error(&error);
    error_set_class(&error, ERROR_DEVICE_NOT_FOUND, "gone");
    g_assert_error(error, RHEA_ERROR, ERROR_DEVICE_NOT_FOUND);
    error_set(NULL, "nobody wants it");
    error_prefix(NULL, "nor this");
}

static void test_nearest_word(void)
{
    static const char *const words[] = { "virtio-net-device", "goldfish-rtc", "on", NULL };
    g_autofree char *huge = g_strnfill(100000, 'a');

    g_assert_cmpstr(nearest_word("virtio-net-devcie", words), ==, "virtio-net-device");
    g_assert_cmpstr(nearest_word("Goldfish_rtc", words), ==, "goldfish-rtc");
    g_assert_null(nearest_word("e1000", words));
    g_assert_null(nearest_word("", words));
    g_assert_null(nearest_word("x", words));
    g_assert_null(nearest_word(huge, words));
}

int main(int argc, char **argv)
{
    g_autofree char *dir = g_dir_make_tmp("log-test-XXXXXX", NULL);

    g_test_init(&argc, &argv, NULL);
    path = g_build_filename(dir, "log", NULL);
    log_set_file(path, NULL);
    g_test_add_func("/log/items", test_items_have_both_spellings);
    g_test_add_func("/log/unknown-item", test_unknown_item_is_refused_with_a_suggestion);
    g_test_add_func("/log/filter", test_filter_takes_three_forms);
    g_test_add_func("/log/limit", test_guest_errors_are_limited);
    g_test_add_func("/log/trace", test_trace_points_are_found_by_name);
    g_test_add_func("/log/file", test_file_name_takes_the_process_id);
    g_test_add_func("/error/texts", test_errors_name_class_and_errno);
    g_test_add_func("/nearest/words", test_nearest_word);
    int status = g_test_run();
    g_unlink(path);
    g_rmdir(dir);
    g_free(path);
    return status;
}
