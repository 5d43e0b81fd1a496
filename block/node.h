/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block graph. A node is an object whose class is its driver: a format, a protocol or a filter.
 * An edge (BlockChild) says who uses a node, for what, and what others may do meanwhile; requests
 * are made on edges (request.h). See docs/devel/block-layer.rst.
 */
#pragma once

#include "qom/property.h"
#include "util/co_queue.h"
#include "util/keyval.h"

typedef struct BlockDriver BlockDriver;
typedef struct BlockNode BlockNode;

typedef enum {
    BLOCK_PERM_CONSISTENT_READ = 1 << 0, /* what is read does not change behind one's back */
    BLOCK_PERM_WRITE = 1 << 1,
    BLOCK_PERM_WRITE_UNCHANGED = 1 << 2, /* writes that leave the visible content as it is */
    BLOCK_PERM_RESIZE = 1 << 3,
    BLOCK_PERM_ALL = (1 << 4) - 1,
} BlockPerm;

enum {
    BLOCK_OPEN_WRITABLE = 1 << 0,
    BLOCK_OPEN_FORCE_SHARE = 1 << 1, /* read only, whatever others do meanwhile; takes no locks */
    BLOCK_OPEN_NO_BACKING = 1 << 2,  /* leave the backing file closed */
    BLOCK_OPEN_DIRECT = 1 << 3,      /* past the host's page cache */
    BLOCK_OPEN_NO_FLUSH = 1 << 4,    /* flushes do nothing: a crash may lose everything */
    BLOCK_OPEN_REPAIRING = 1 << 5,   /* for check: metadata may be marked dirty or corrupt */
    BLOCK_OPEN_UNMAP = 1 << 6,       /* discarded ranges are given back to the host */
    BLOCK_OPEN_CREATE = 1 << 8,      /* protocols: make the file if there is none */
    BLOCK_OPEN_COMMIT = 1 << 9,      /* backing files will be written to by their user */
    BLOCK_OPEN_HEADER_ONLY = 1 << 7, /* for info: no data file is needed */
};

/* An edge. */
typedef struct BlockChild {
    BlockNode *node;
    BlockNode *parent; /* NULL: a user outside of the graph */
    char *name;        /* "file", "backing"; of a user: what it is, for messages */
    uint32_t perm;     /* what the user does */
    uint32_t shared;   /* what it lets others do */
} BlockChild;

typedef struct BlockRequest BlockRequest;

struct BlockNode {
    Object object;
    char *filename;          /* as messages name the node */
    uint32_t flags;          /* BLOCK_OPEN_* */
    bool probed;             /* its format was guessed */
    bool restricted;         /* may open other files in its own folder only */
    const BlockNode *opener; /* the node that this one was opened for */
    Keyval *child_options;   /* given for its children */
    uint64_t device, inode;  /* of a protocol node's file; 0: none */
    bool always_raw;         /* protocol node: its content was once marked as raw */

    uint64_t size;           /* bytes */
    uint32_t alignment;      /* of requests, bytes: a power of two */
    uint32_t zero_alignment; /* of write_zeroes and discard */
    BlockChild *file;
    BlockChild *backing;
    GPtrArray *children; /* of BlockChild, owned */
    GPtrArray *parents;  /* of BlockChild */

    BlockRequest *requests; /* in flight */
    bool unflushed;         /* written to since the last flush */

    /* properties */
    char *node_name;
    bool read_only;
    bool unmap;
};

/* The root of all drivers' classes; abstract. */
extern const ObjectClass block_node_class;

const BlockDriver *block_node_driver(const BlockNode *node);
bool block_node_writable(const BlockNode *node);

/**
 * block_child_attach - an edge from @parent (NULL: a user from outside) to @node
 *
 * Fails if another user of the node forbids @perm or needs what @shared leaves out; for files that
 * includes other processes.
 */
BlockChild *coroutine_fn block_child_attach(BlockNode *parent, const char *name, BlockNode *node,
                                            uint32_t perm, uint32_t shared, GError **errp);
/** block_child_detach - remove the edge; a node that nobody uses any more is flushed and closed */
void coroutine_fn block_child_detach(BlockChild *child);

/** block_node_new - a node that is not open yet, with no edge */
BlockNode *block_node_new(const BlockDriver *driver, const char *filename, uint32_t flags);
/** block_node_drop - close and free @node if it has no edge */
void coroutine_fn block_node_drop(BlockNode *node);
/** block_node_wait - until no request is in flight on @node */
void coroutine_fn block_node_wait(BlockNode *node);
