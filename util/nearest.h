/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody who mistyped a word most likely meant. */
#pragma once

/**
 * nearest_word - the candidate with the fewest typing errors between it and @word
 * @candidates: NULL-terminated
 *
 * A transposition counts as one error. Returns NULL when none is close enough to be worth
 * suggesting. Context: any thread.
 */
const char *nearest_word(const char *word, const char *const *candidates);
