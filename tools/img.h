/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rhea-img: what its commands share. */
#pragma once

#include <json-glib/json-glib.h>

#include "block/driver.h"
#include "block/open.h"

enum {
    OPT_HELP = 256,
    OPT_OUTPUT,
    OPT_BACKING_CHAIN,
    OPT_IMAGE_OPTS,
    OPT_PROGRESS,
    OPT_SIZE,
    OPT_SHRINK,
    OPT_PREALLOCATION,
    OPT_TARGET_IS_ZERO,
    OPT_START,
    OPT_MAX_LENGTH,
    OPT_FLUSH_INTERVAL,
    OPT_PATTERN,
};

/* An option of a command; tables end with {}. */
typedef struct {
    int id;           /* its letter, or OPT_* */
    const char *name; /* --name; NULL: the letter only */
    const char *arg;  /* what follows it; NULL: nothing */
    const char *help;
} ImgOption;

typedef struct ImgArgs ImgArgs;

/* A command. It runs in a coroutine. */
typedef struct {
    const char *name;
    const char *operands;
    const char *summary;
    const ImgOption *options;
    unsigned least, most;                                        /* operands */
    int coroutine_fn (*run)(const ImgArgs *args, GError **errp); /* exit status; 1: errp is set */
} ImgCommand;

struct ImgArgs {
    const ImgCommand *command;
    GArray *given; /* of ImgGiven, as written */
    char **operands;
    unsigned count;
};

typedef struct {
    int id;
    const char *value;
} ImgGiven;

/** img_value - of the last option @id; NULL: not given */
const char *img_value(const ImgArgs *args, int id);
bool img_given(const ImgArgs *args, int id);
/** img_size - value of option @id in bytes (or @unit); true and unchanged if it was not given */
bool img_size(const ImgArgs *args, int id, uint64_t *bytes, GError **errp);
bool img_number(const ImgArgs *args, int id, uint64_t least, uint64_t most, uint64_t *value,
                GError **errp);
bool img_parse_size(const char *what, const char *text, uint64_t *bytes, GError **errp);
/** img_json - whether --output=json was given; false in *@ok for another value */
bool img_json(const ImgArgs *args, bool *ok, GError **errp);
void img_print_json(JsonNode *root);
/** img_print_snapshots - a table of the snapshots inside @node, if it has any */
void img_print_snapshots(BlockNode *node);

/* An image in use by the tool. */
typedef struct {
    const char *name;   /* file name or options */
    const char *format; /* NULL: probe */
    const char *cache;  /* value of -t or -T; NULL: writeback */
    bool image_opts;    /* name is "driver=...,file.filename=..." */
    uint32_t flags;
} ImgOpen;

BlockChild *coroutine_fn img_open(const ImgOpen *how, GError **errp);
bool img_cache_flags(const char *cache, uint32_t *flags, GError **errp);
/** img_create_options - of @driver, from all -o and @size; prints help and sets *@help for "help"
 */
Object *img_create_options(const BlockDriver *driver, const ImgArgs *args, bool *help,
                           GError **errp);

extern const ImgCommand img_check, img_create, img_commit, img_compare, img_convert, img_dd,
    img_info, img_map, img_measure, img_rebase, img_resize, img_snapshot;
