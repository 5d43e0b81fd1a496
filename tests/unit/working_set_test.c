/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of accel/tcg/working_set.c: when the code cache grows. */
#include <glib.h>

#include "accel/tcg/working_set.h"

static void test_block_returns_once_after_its_eviction(void)
{
    g_autofree TcgWorkingSet *set = g_new(TcgWorkingSet, 1);

    tcg_working_set_init(set, 4, 16);
    g_assert_false(tcg_working_set_returns(set, 0x1000, 7));
    tcg_working_set_evict(set, 0x1000, 7);
    g_assert_false(tcg_working_set_returns(set, 0x1000, 8));
    g_assert_true(tcg_working_set_returns(set, 0x1000, 7));
    g_assert_false(tcg_working_set_returns(set, 0x1000, 7));
}

static void test_limit_stays_while_little_returns(void)
{
    g_autofree TcgWorkingSet *set = g_new(TcgWorkingSet, 1);

    tcg_working_set_init(set, 4, 16);
    for (int i = 0; i < 100; i++) {
        tcg_working_set_filled(set, 1000, 500);
    }
    g_assert_cmpuint(set->limit, ==, 4);
}

static void test_limit_stays_when_much_returns_for_a_while(void)
{
    g_autofree TcgWorkingSet *set = g_new(TcgWorkingSet, 1);

    tcg_working_set_init(set, 4, 16);
    for (int i = 0; i < 100; i++) {
        tcg_working_set_filled(set, 1000, 900);
        tcg_working_set_filled(set, 1000, 900);
        tcg_working_set_filled(set, 1000, 50);
        tcg_working_set_filled(set, 1000, 50);
    }
    g_assert_cmpuint(set->limit, ==, 4);
}

static void test_limit_grows_to_the_most_when_much_returns(void)
{
    g_autofree TcgWorkingSet *set = g_new(TcgWorkingSet, 1);

    tcg_working_set_init(set, 3, 16);
    for (int i = 0; i < 3; i++) {
        g_assert_cmpuint(set->limit, ==, 3);
        tcg_working_set_filled(set, 1000, 900);
    }
    g_assert_cmpuint(set->limit, ==, 4);
    for (int i = 0; i < 100; i++) {
        tcg_working_set_filled(set, 1000, 800);
    }
    g_assert_cmpuint(set->limit, ==, 16);
}

static void test_old_evictions_are_forgotten_in_the_end(void)
{
    g_autofree TcgWorkingSet *set = g_new(TcgWorkingSet, 1);
    unsigned strangers = 0;

    tcg_working_set_init(set, 4, 16);
    for (uint64_t pc = 0; pc < 1000000; pc++) {
        tcg_working_set_evict(set, pc * 4, 7);
    }
    for (uint64_t pc = 0; pc < 1000; pc++) {
        strangers += tcg_working_set_returns(set, 0xffff800000000000u + pc * 4, 7);
    }
    g_assert_cmpuint(strangers, <, 300);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/working_set/block_returns_once_after_its_eviction",
                    test_block_returns_once_after_its_eviction);
    g_test_add_func("/working_set/limit_stays_while_little_returns",
                    test_limit_stays_while_little_returns);
    g_test_add_func("/working_set/limit_stays_when_much_returns_for_a_while",
                    test_limit_stays_when_much_returns_for_a_while);
    g_test_add_func("/working_set/limit_grows_to_the_most_when_much_returns",
                    test_limit_grows_to_the_most_when_much_returns);
    g_test_add_func("/working_set/old_evictions_are_forgotten_in_the_end",
                    test_old_evictions_are_forgotten_in_the_end);
    return g_test_run();
}
