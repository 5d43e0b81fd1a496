/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody who mistyped a word most likely meant. */
#include "util/nearest.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

enum { WORD_BYTES_MAX = 64 };

static bool same_character(char a, char b)
{
    a = a == '_' ? '-' : g_ascii_tolower(a);
    b = b == '_' ? '-' : g_ascii_tolower(b);
    return a == b;
}

/* Restricted edit distance (insert, delete, replace, swap neighbours); three rows are enough. */
static unsigned edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][WORD_BYTES_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_len; j++) {
        last[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned cost = !same_character(a[i - 1], b[j - 1]);
            row[j] = MIN(MIN(last[j] + 1, row[j - 1] + 1), last[j - 1] + cost);
            if (i > 1 && j > 1 && cost && same_character(a[i - 1], b[j - 2]) &&
                same_character(a[i - 2], b[j - 1])) {
                row[j] = MIN(row[j], before[j - 2] + 1);
            }
        }
        unsigned *recycled = before;
        before = last;
        last = row;
        row = recycled;
    }
    return last[b_len];
}

const char *nearest_word(const char *word, const char *const *candidates)
{
    size_t length = strlen(word);
    const char *best = NULL;
    unsigned best_distance = 1 + (length > 3) + (length > 7); /* allowed errors */

    if (length == 0 || length > WORD_BYTES_MAX) {
        return NULL;
    }
    for (; *candidates; candidates++) {
        size_t candidate_length = strlen(*candidates);
        if (candidate_length > WORD_BYTES_MAX) {
            continue;
        }
        unsigned distance = edit_distance(word, length, *candidates, candidate_length);
        if (distance < length && distance < best_distance + !best) {
            best = *candidates;
            best_distance = distance;
        }
    }
    return best;
}
