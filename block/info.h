/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tools and monitors ask of images beside their content. */
#pragma once

#include <json-glib/json-glib.h>

#include "block/node.h"

/* What "info" says of every format. */
typedef struct {
    uint32_t cluster_bytes;     /* 0: none */
    const char *backing_name;   /* as stored; the node's */
    const char *backing_format; /* NULL: not said */
    bool dirty, corrupt;
} BlockInfo;

struct BlockInfoOps {
    void (*get)(BlockNode *node, BlockInfo *info);
    /** specific - members of "format-specific" -> "data" */
    void coroutine_fn (*specific)(BlockNode *node, JsonObject *data);
    /** set_backing - change the stored name (NULL: none) and format of the backing file */
    bool coroutine_fn (*set_backing)(BlockNode *node, const char *name, const char *format,
                                     GError **errp);
};

typedef struct {
    char *id, *name;
    uint64_t vm_state_bytes;
    uint64_t disk_bytes;
    int64_t seconds; /* since 1970 */
    uint32_t nanoseconds;
    uint64_t clock_ns;
    uint64_t instructions; /* UINT64_MAX: not counted */
} BlockSnapshot;

/* Operations on internal snapshots; they wait for requests in flight. */
struct BlockSnapshotOps {
    /** list - array of BlockSnapshot, whose strings are the node's */
    GArray *(*list)(BlockNode *node);
    /** load - a node that is not writable shows this snapshot from now on */
    bool coroutine_fn (*load)(BlockNode *node, const char *name, GError **errp);
    bool coroutine_fn (*create)(BlockNode *node, const char *name, GError **errp);
    bool coroutine_fn (*apply)(BlockNode *node, const char *name, GError **errp);
    bool coroutine_fn (*remove)(BlockNode *node, const char *name, GError **errp);
};

typedef enum {
    BLOCK_REPAIR_NONE,
    BLOCK_REPAIR_LEAKS, /* only what is safe: free what nothing uses */
    BLOCK_REPAIR_ALL,
} BlockRepair;

typedef struct {
    uint64_t errors; /* could not be checked */
    uint64_t leaks, corruptions;
    uint64_t leaks_fixed, corruptions_fixed;
    uint64_t allocated_clusters, total_clusters, compressed_clusters, fragmented_clusters;
    uint64_t image_end;
    /* one line a problem; at most a hundred of them */
    void (*report)(const char *line, void *opaque);
    void *opaque;
    unsigned reported;
} BlockCheck;

struct BlockCheckOps {
    /** check - fills @check; false: it could not be done at all */
    bool coroutine_fn (*check)(BlockNode *node, BlockRepair repair, BlockCheck *check,
                               GError **errp);
};
