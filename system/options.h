/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command line options. One table (option_table.c) says what they are; parsing, -help, the manual
 * page, shell completion and -readconfig are made from it.
 */
#pragma once

#include "util/keyval.h"

typedef struct Config Config;
typedef struct OptionRow OptionRow;

typedef enum {
    OPTION_STANDARD,
    OPTION_DEVICE,
    OPTION_CHARDEV,
    OPTION_DISPLAY,
    OPTION_BOOT,
    OPTION_DEBUG,
    OPTION_CATEGORY_COUNT,
} OptionCategory;

typedef enum {
    OPTION_KEY_STRING,
    OPTION_KEY_BOOL,
    OPTION_KEY_NUMBER,
    OPTION_KEY_SIZE
} OptionKeyKind;

typedef struct {
    const char *name;
    OptionKeyKind kind;
    const char *const *values; /* STRING: NULL-terminated, all that is accepted; NULL: anything */
} OptionKey;

/* One option as the user wrote it. */
typedef struct {
    const OptionRow *row;
    char *argument;  /* NULL: none */
    Keyval *keys;    /* NULL unless the row takes key=value */
    Keyval *written; /* the same, as it was before anybody took keys out */
    char *where;     /* "file:12" for options out of a file; NULL: the command line */
} OptionUse;

/* How the argument is split. */
typedef enum {
    OPTION_ARGUMENT_TEXT,
    OPTION_ARGUMENT_KEYS, /* key=value list; its keys are those of .keys, or any when that is NULL
                           */
} OptionArgument;

struct OptionRow {
    const char *name;
    const char *alias; /* NULL: none */
    OptionCategory category;
    const char *syntax; /* of the argument; NULL: takes none */
    const char *help;   /* lines; NULL: left out of help */
    OptionArgument argument;
    const char *implied;   /* key of a first word without "=" */
    const OptionKey *keys; /* table ending with {} */
    bool (*apply)(Config *config, const OptionUse *use, GError **errp);
    void (*list)(Config *config,
                 const OptionUse *use); /* prints what "help" as the argument shows */
    const char
        *missing; /* what is not there yet, so that the option is refused: "block devices are" */
};

extern const OptionRow option_table[]; /* ends with {} */

/**
 * options_parse - apply every option of the command line, in order
 *
 * Stops early (true, config->done) when an option printed what it was asked for. Errors name option
 * and value.
 */
bool options_parse(Config *config, int argc, char **argv, GError **errp);
/**
 * options_apply - apply one option out of a file
 * @argument: NULL: none, or @keys
 * @keys: taken over; NULL: none
 */
bool options_apply(Config *config, const char *name, const char *argument, Keyval *keys,
                   const char *where, GError **errp);
/** options_set_key - one more key of an option that was applied */
bool options_set_key(OptionUse *use, const char *key, const char *value, GError **errp);
/** options_read_file - apply the options of an ini file: [option "id"] and key = "value" lines */
bool options_read_file(Config *config, const char *path, GError **errp);

/** option_use_prefix - put "-option argument: " in front of an error that shows up after parsing */
void option_use_prefix(const OptionUse *use, GError **errp);

/* Values of checked keys; the default when the key is not there. */
const char *option_string(const OptionUse *use, const char *key, const char *otherwise);
bool option_bool(const OptionUse *use, const char *key, bool otherwise);
uint64_t option_number(const OptionUse *use, const char *key, uint64_t otherwise);

const char *option_category_title(OptionCategory category);
/** options_help - the text of -help; caller frees */
char *options_help(const char *program);
