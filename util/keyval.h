/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "key=value,key2=value2" as written on command lines and in configuration files. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *key;
    char *value; /* NULL: a bare word, which means "on"; as "noKEY" its reader may take it for
                    KEY=off */
} KeyvalEntry;

/* Entries in the order written; a later one wins over an earlier one of the same key. */
typedef struct {
    GArray *entries; /* of KeyvalEntry */
} Keyval;

/**
 * keyval_parse - split @text at commas; a doubled comma stands for one
 * @implied: key of the first word when that has no "="; NULL: it is an ordinary bare word
 *
 * A text that begins with "{" is one flat JSON object. Fails on an empty key or broken JSON.
 */
Keyval *keyval_parse(const char *text, const char *implied, GError **errp);
Keyval *keyval_new(void);
void keyval_free(Keyval *keyval);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keyval, keyval_free)

/** keyval_get - value of the last entry named @key ("on" for a bare one); NULL when there is none
 */
const char *keyval_get(const Keyval *keyval, const char *key);
/** keyval_take - like keyval_get(), and removes every entry named @key; caller frees */
char *keyval_take(Keyval *keyval, const char *key);
void keyval_add(Keyval *keyval, const char *key, const char *value);
/** keyval_join - the text that keyval_parse() takes apart again (bare words as "on"); caller frees
 */
char *keyval_join(const Keyval *keyval);
unsigned keyval_count(const Keyval *keyval);
const KeyvalEntry *keyval_entry(const Keyval *keyval, unsigned index);

/** keyval_parse_bool - on/off, yes/no, true/false, y/n; false when @text is none of them */
bool keyval_parse_bool(const char *text, bool *value);
/**
 * keyval_parse_size - "2G", "1.5G", "512": bytes
 * @unit: of a number without suffix, bytes
 *
 * Suffixes b k M G T P E, in either case, are powers of 1024. Fails on anything else and on
 * overflow.
 */
bool keyval_parse_size(const char *text, uint64_t unit, uint64_t *bytes);
