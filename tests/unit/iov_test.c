/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/iov.h"

#include <string.h>

static void test_slices_cross_pieces(void)
{
    char a[] = "abc", b[] = "defg", c[] = "hi";
    g_auto(Iov) whole;
    iov_init(&whole);
    iov_add(&whole, a, 3);
    iov_add(&whole, b, 4);
    iov_add(&whole, c, 2);
    g_assert_cmpuint(whole.size, ==, 9);
    g_auto(Iov) slice;
    iov_init_slice(&slice, &whole, 2, 6);
    char text[7] = { 0 };
    iov_to_buffer(&slice, 0, text, 6);
    g_assert_cmpstr(text, ==, "cdefgh");
    iov_from_buffer(&slice, 1, "XY", 2);
    iov_fill(&slice, 4, '-', 2);
    iov_to_buffer(&whole, 1, text, 6);
    g_assert_cmpstr(text, ==, "bcXYf-");
}

static void test_adjacent_pieces_are_joined(void)
{
    char memory[64];
    g_auto(Iov) iov;
    iov_init(&iov);
    for (int i = 0; i < 8; i++) {
        iov_add(&iov, memory + 8 * i, 8);
    }
    g_assert_cmpuint(iov.count, ==, 1);
    for (int i = 0; i < 8; i++) {
        iov_add(&iov, memory + 8 * i, 1);
    }
    g_assert_cmpuint(iov.count, ==, 9);
    g_assert_cmpuint(iov.size, ==, 72);
}

static void test_zero_finds_one_bit_anywhere(void)
{
    static uint8_t memory[1024];
    for (unsigned start = 0; start < 20; start++) {
        for (unsigned bytes = 0; bytes < 300; bytes += 7) {
            g_assert_true(iov_buffer_is_zero(memory + start, bytes));
            for (unsigned at = 0; at < bytes; at += 5) {
                memory[start + at] = 0x80;
                g_assert_false(iov_buffer_is_zero(memory + start, bytes));
                memory[start + at] = 0;
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/iov/slices", test_slices_cross_pieces);
    g_test_add_func("/iov/joined", test_adjacent_pieces_are_joined);
    g_test_add_func("/iov/zero", test_zero_finds_one_bit_anywhere);
    return g_test_run();
}
