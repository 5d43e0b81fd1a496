/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the create functions of formats share: the file that the image is written to. */
#pragma once

#include "block/node.h"

/* off, metadata, falloc, full: BlockPreallocation as an enum property */
extern const char *const block_preallocation_names[];

/**
 * block_create_file - an empty file at @filename, locked against all others
 *
 * An existing file is emptied, once nobody else uses it. End with block_create_finish().
 */
BlockChild *coroutine_fn block_create_file(const char *filename, GError **errp);
/** block_create_finish - flush and close; @done and the flush went well */
bool coroutine_fn block_create_finish(BlockChild *file, bool done, GError **errp);
