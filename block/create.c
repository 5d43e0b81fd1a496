/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the create functions of formats share. */
#include "block/create.h"

#include "block/open.h"
#include "block/request.h"
#include "util/error.h"

const char *const block_preallocation_names[] = { "off", "metadata", "falloc", "full", NULL };

BlockChild *coroutine_fn block_create_file(const char *filename, GError **errp)
{
    BlockOpen how = { .format = "file", .flags = BLOCK_OPEN_WRITABLE | BLOCK_OPEN_CREATE };
    BlockNode *node = block_open(filename, &how, errp);
    if (!node) {
        return NULL;
    }
    uint32_t perm = BLOCK_PERM_CONSISTENT_READ | BLOCK_PERM_WRITE | BLOCK_PERM_RESIZE;
    BlockChild *file = block_child_attach(NULL, "create", node, perm, 0, errp);
    if (!file) {
        block_node_drop(node);
        return NULL;
    }
    if (!block_truncate(file, 0, BLOCK_PREALLOCATION_OFF, errp)) {
        block_child_detach(file);
        return NULL;
    }
    return file;
}

bool coroutine_fn block_create_finish(BlockChild *file, bool done, GError **errp)
{
    if (!file) {
        return false;
    }
    if (done) {
        int result = block_flush(file);
        if (result < 0) {
            error_set_errno(errp, -result, "'%s' cannot be written", file->node->filename);
            done = false;
        }
    }
    block_child_detach(file);
    return done;
}
