/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing and editing flattened device trees, over libfdt. Writing is sequential: a node's
 * properties, then its children. Memory grows as needed.  Spec: Devicetree Specification 0.4.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DEVICE_TREE_MAX_BYTES = 16 * 1024 * 1024 };

typedef struct {
    void *blob;
    int capacity;
} DeviceTree;

/** device_tree_begin - an empty tree with its root node open */
void device_tree_begin(DeviceTree *tree);
/** device_tree_finish - close the root; returns the blob, which the caller frees, and its length in
 * bytes */
void *device_tree_finish(DeviceTree *tree, size_t *length);

void device_tree_open_node(DeviceTree *tree, const char *format, ...) G_GNUC_PRINTF(2, 3);
void device_tree_close_node(DeviceTree *tree);

void device_tree_bytes(DeviceTree *tree, const char *name, const void *bytes, size_t length);
void device_tree_cells(DeviceTree *tree, const char *name, const uint32_t *cells, size_t count);
#define DEVICE_TREE_CELLS(tree, name, ...)                           \
    device_tree_cells(tree, name, (const uint32_t[]){ __VA_ARGS__ }, \
                      sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))
void device_tree_u64(DeviceTree *tree, const char *name, uint64_t value);
void device_tree_string(DeviceTree *tree, const char *name, const char *value);
/** device_tree_strings - a list of strings; @values ends with NULL */
void device_tree_strings(DeviceTree *tree, const char *name, const char *const *values);
void device_tree_flag(DeviceTree *tree, const char *name);
/** device_tree_reg - "reg" with one (address, size) pair of two cells each */
void device_tree_reg(DeviceTree *tree, uint64_t address, uint64_t size);

/** device_tree_check - true if @blob is a well-formed tree of at most @length bytes; else says what
 * is wrong */
bool device_tree_check(const void *blob, size_t length, const char *name, GError **errp);
/**
 * device_tree_edit - a copy of a checked @blob with room to set properties; close with
 * device_tree_pack()
 */
void device_tree_edit(DeviceTree *tree, const void *blob);
/** device_tree_set - set a property of the node at @path; the last component is made when it is
 * missing */
bool device_tree_set(DeviceTree *tree, const char *path, const char *name, const void *bytes,
                     size_t length, GError **errp);
void *device_tree_pack(DeviceTree *tree, size_t *length);
