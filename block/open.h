/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening images by name. Formats are probed unless given; an image whose format was guessed, and
 * what it refers to, may open other files in its own folder only: a header that somebody else
 * wrote cannot make Rhea read the host's files. Giving the format allows it.
 */
#pragma once

#include "block/node.h"
#include "util/keyval.h"

typedef struct {
    const char *format;    /* NULL: probe, or "driver" in the options */
    uint32_t flags;        /* BLOCK_OPEN_* */
    const Keyval *options; /* driver properties; "file.x" is x of the child "file"; may be NULL */
} BlockOpen;

/**
 * block_open - open an image and what it stands on
 * @filename: "path", "file:path" or "json:{...}"; NULL when the options name the file
 *
 * The node has no user yet: attach one, or block_node_drop() it.
 */
BlockNode *coroutine_fn block_open(const char *filename, const BlockOpen *how, GError **errp);

/**
 * block_open_child - open a file or image that @node's header or options name, and attach it
 * @name: of the edge; options of @node that begin with "NAME." are its own
 * @filename: as stored in @node's header, relative to its folder; NULL: from the options
 * @format: NULL: probe
 */
BlockChild *coroutine_fn block_open_child(BlockNode *node, const char *name, const char *filename,
                                          const BlockOpen *how, GError **errp);

/** block_resolve - @name, which an image called @base refers to, as a path; caller frees */
char *block_resolve(const char *base, const char *name);

/** block_create - a new image at @filename; @options is an object of @driver's create_options */
bool coroutine_fn block_create(const BlockDriver *driver, const char *filename, Object *options,
                               GError **errp);
