/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/version.h"

#include <glib.h>

static void test_version_is_three_numbers(void)
{
    g_assert_true(g_regex_match_simple("^[0-9]+\\.[0-9]+\\.[0-9]+$", version_string(), 0, 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/version/three-numbers", test_version_is_three_numbers);
    return g_test_run();
}
