/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The block graph: nodes, edges, permissions. */
#include "block/node.h"

#include <string.h>

#include "block/driver.h"
#include "block/request.h"
#include "util/error.h"
#include "util/nearest.h"

static const Property block_node_properties[] = {
    PROPERTY_STRING("node-name", BlockNode, node_name, NULL, .help = "name of the node"),
    PROPERTY_BOOL("read-only", BlockNode, read_only, false, .help = "never write to the image"),
    PROPERTY_BOOL("unmap", BlockNode, unmap, false,
                  .help = "give discarded ranges back to the host"),
    {},
};

static void block_node_init(Object *obj)
{
    BlockNode *node = container_of(obj, BlockNode, object);
    node->children = g_ptr_array_new();
    node->parents = g_ptr_array_new();
    node->alignment = 1;
    node->zero_alignment = 1;
}

static void block_node_finalize(Object *obj)
{
    BlockNode *node = container_of(obj, BlockNode, object);
    g_ptr_array_free(node->children, TRUE);
    g_ptr_array_free(node->parents, TRUE);
    g_clear_pointer(&node->child_options, keyval_free);
    g_free(node->filename);
}

const ObjectClass block_node_class = {
    .name = "block-node",
    .parent = &object_class,
    .abstract = true,
    .instance_size = sizeof(BlockNode),
    .properties = block_node_properties,
    .init = block_node_init,
    .finalize = block_node_finalize,
};
CLASS_REGISTER(block_node_class);

const BlockDriver *block_node_driver(const BlockNode *node)
{
    return (const BlockDriver *)node->object.class;
}

bool block_node_writable(const BlockNode *node)
{
    return node->flags & BLOCK_OPEN_WRITABLE;
}

typedef struct {
    const char *name;
    const BlockDriver *found;
    GPtrArray *names;
} DriverSearch;

static void search_driver(const BlockDriver *driver, void *opaque)
{
    DriverSearch *search = opaque;
    if (strcmp(driver->name, search->name) == 0) {
        search->found = driver;
    }
    g_ptr_array_add(search->names, (void *)driver->name);
}

const BlockDriver *block_driver_find(const char *name, GError **errp)
{
    DriverSearch search = { .name = name, .names = g_ptr_array_new() };
    block_driver_foreach(search_driver, &search);
    if (!search.found) {
        g_autofree char *list = NULL;
        g_ptr_array_add(search.names, NULL);
        list = g_strjoinv(", ", (char **)search.names->pdata);
        error_set(errp, "unknown format '%s' (there are %s)", name, list);
    }
    g_ptr_array_free(search.names, TRUE);
    return search.found;
}

typedef struct {
    void (*fn)(const BlockDriver *driver, void *opaque);
    void *opaque;
} DriverVisit;

static void visit_driver(const ObjectClass *class, void *opaque)
{
    DriverVisit *visit = opaque;
    if (!class->abstract) {
        visit->fn((const BlockDriver *)class, visit->opaque);
    }
}

void block_driver_foreach(void (*fn)(const BlockDriver *driver, void *opaque), void *opaque)
{
    object_class_foreach(&block_node_class, visit_driver, &(DriverVisit){ fn, opaque });
}

BlockNode *block_node_new(const BlockDriver *driver, const char *filename, uint32_t flags)
{
    Object *obj = object_new(&driver->object);
    BlockNode *node = container_of(obj, BlockNode, object);
    node->filename = g_strdup(filename);
    node->flags = flags;
    return node;
}

void coroutine_fn block_node_drop(BlockNode *node)
{
    if (node->parents->len > 0) {
        return;
    }
    block_node_wait(node);
    const BlockDriver *driver = block_node_driver(node);
    if (driver->close) {
        driver->close(node);
    }
    while (node->children->len > 0) {
        block_child_detach(node->children->pdata[node->children->len - 1]);
    }
    object_unref(&node->object);
}

static void permission_sum(const BlockNode *node, uint32_t *perm, uint32_t *shared)
{
    *perm = 0;
    *shared = BLOCK_PERM_ALL;
    for (unsigned i = 0; i < node->parents->len; i++) {
        const BlockChild *edge = node->parents->pdata[i];
        *perm |= edge->perm;
        *shared &= edge->shared;
    }
}

static const char *permission_name(uint32_t perm)
{
    return perm & BLOCK_PERM_WRITE             ? "write"
           : perm & BLOCK_PERM_RESIZE          ? "resize"
           : perm & BLOCK_PERM_CONSISTENT_READ ? "consistent read"
                                               : "write unchanged";
}

static bool permissions_fit(const BlockNode *node, const BlockChild *wanted, GError **errp)
{
    for (unsigned i = 0; i < node->parents->len; i++) {
        const BlockChild *edge = node->parents->pdata[i];
        uint32_t denied = (wanted->perm & ~edge->shared) | (edge->perm & ~wanted->shared);
        if (edge != wanted && denied) {
            error_set(errp, "'%s' is in use as %s%s%s, which conflicts on '%s'", node->filename,
                      edge->name, edge->parent ? " of " : "",
                      edge->parent ? edge->parent->filename : "", permission_name(denied));
            return false;
        }
    }
    return true;
}

static bool coroutine_fn permissions_apply(BlockNode *node, GError **errp)
{
    const BlockDriver *driver = block_node_driver(node);
    if (!driver->set_perm) {
        return true;
    }
    uint32_t perm, shared;
    permission_sum(node, &perm, &shared);
    return driver->set_perm(node, perm, shared, errp);
}

BlockChild *coroutine_fn block_child_attach(BlockNode *parent, const char *name, BlockNode *node,
                                            uint32_t perm, uint32_t shared, GError **errp)
{
    if ((perm & (BLOCK_PERM_WRITE | BLOCK_PERM_RESIZE)) && !block_node_writable(node)) {
        error_set(errp, "'%s' was opened read-only", node->filename);
        return NULL;
    }
    BlockChild *edge = g_new0(BlockChild, 1);
    *edge = (BlockChild){ .node = node, .parent = parent, .perm = perm, .shared = shared };
    edge->name = g_strdup(name);
    if (!permissions_fit(node, edge, errp)) {
        g_free(edge->name);
        g_free(edge);
        return NULL;
    }
    g_ptr_array_add(node->parents, edge);
    if (!permissions_apply(node, errp)) {
        g_ptr_array_remove(node->parents, edge);
        g_free(edge->name);
        g_free(edge);
        return NULL;
    }
    if (parent) {
        g_ptr_array_add(parent->children, edge);
    }
    return edge;
}

void coroutine_fn block_child_detach(BlockChild *edge)
{
    BlockNode *node = edge->node, *parent = edge->parent;
    if (node->unflushed && block_node_writable(node)) {
        block_flush(edge);
    }
    if (parent) {
        g_ptr_array_remove(parent->children, edge);
        if (parent->file == edge) {
            parent->file = NULL;
        }
        if (parent->backing == edge) {
            parent->backing = NULL;
        }
    }
    g_ptr_array_remove(node->parents, edge);
    if (node->parents->len == 0) {
        block_node_drop(node);
    } else {
        permissions_apply(node, NULL); /* giving up rights cannot fail */
    }
    g_free(edge->name);
    g_free(edge);
}
