/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/device_tree.h"

#include <libfdt.h>
#include <string.h>

#include "util/error.h"

enum { FIRST_CAPACITY = 16 * 1024, EDIT_ROOM = 4 * 1024 };

/* True when @result only says that the buffer is too small; then it is twice as large and the call
 * may be repeated. */
static bool grow(DeviceTree *tree, int result)
{
    if (result != -FDT_ERR_NOSPACE) {
        g_assert(result >= 0); /* what our own boards write is well-formed */
        return false;
    }
    g_assert(tree->capacity < DEVICE_TREE_MAX_BYTES);
    int capacity = tree->capacity * 2;
    void *blob = g_malloc0(capacity);
    int moved = fdt_resize(tree->blob, blob, capacity);
    g_assert(moved == 0);
    g_free(tree->blob);
    tree->blob = blob;
    tree->capacity = capacity;
    return true;
}

void device_tree_begin(DeviceTree *tree)
{
    tree->capacity = FIRST_CAPACITY;
    tree->blob = g_malloc0(tree->capacity);
    int result = fdt_create(tree->blob, tree->capacity);
    g_assert(result == 0);
    while (grow(tree, fdt_finish_reservemap(tree->blob))) {
    }
    while (grow(tree, fdt_begin_node(tree->blob, ""))) {
    }
}

void *device_tree_finish(DeviceTree *tree, size_t *length)
{
    device_tree_close_node(tree);
    while (grow(tree, fdt_finish(tree->blob))) {
    }
    *length = fdt_totalsize(tree->blob);
    tree->capacity = 0;
    return g_steal_pointer(&tree->blob);
}

void device_tree_open_node(DeviceTree *tree, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *name = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    while (grow(tree, fdt_begin_node(tree->blob, name))) {
    }
}

void device_tree_close_node(DeviceTree *tree)
{
    while (grow(tree, fdt_end_node(tree->blob))) {
    }
}

void device_tree_bytes(DeviceTree *tree, const char *name, const void *bytes, size_t length)
{
    g_assert(length < DEVICE_TREE_MAX_BYTES);
    while (grow(tree, fdt_property(tree->blob, name, bytes, length))) {
    }
}

void device_tree_cells(DeviceTree *tree, const char *name, const uint32_t *cells, size_t count)
{
    g_autofree uint32_t *big = g_new(uint32_t, count);
    for (size_t i = 0; i < count; i++) {
        big[i] = GUINT32_TO_BE(cells[i]);
    }
    device_tree_bytes(tree, name, big, count * sizeof(uint32_t));
}

void device_tree_u64(DeviceTree *tree, const char *name, uint64_t value)
{
    DEVICE_TREE_CELLS(tree, name, value >> 32, (uint32_t)value);
}

void device_tree_string(DeviceTree *tree, const char *name, const char *value)
{
    device_tree_bytes(tree, name, value, strlen(value) + 1);
}

void device_tree_strings(DeviceTree *tree, const char *name, const char *const *values)
{
    g_autoptr(GByteArray) list = g_byte_array_new();
    for (; *values; values++) {
        g_byte_array_append(list, (const uint8_t *)*values, strlen(*values) + 1);
    }
    device_tree_bytes(tree, name, list->data, list->len);
}

void device_tree_flag(DeviceTree *tree, const char *name)
{
    device_tree_bytes(tree, name, "", 0);
}

void device_tree_reg(DeviceTree *tree, uint64_t address, uint64_t size)
{
    DEVICE_TREE_CELLS(tree, "reg", address >> 32, (uint32_t)address, size >> 32, (uint32_t)size);
}

bool device_tree_check(const void *blob, size_t length, const char *name, GError **errp)
{
    int result = fdt_check_full(blob, length);
    if (result < 0) {
        error_set(errp, "%s: not a valid device tree: %s", name, fdt_strerror(result));
        return false;
    }
    return true;
}

void device_tree_edit(DeviceTree *tree, const void *blob)
{
    tree->capacity = fdt_totalsize(blob) + EDIT_ROOM;
    tree->blob = g_malloc0(tree->capacity);
    while (grow(tree, fdt_open_into(blob, tree->blob, tree->capacity))) {
    }
}

/* Like grow(), for trees that are not ours: errors are reported. */
static bool grow_edit(DeviceTree *tree, int result)
{
    if (result != -FDT_ERR_NOSPACE || tree->capacity > DEVICE_TREE_MAX_BYTES) {
        return false;
    }
    int capacity = tree->capacity * 2;
    void *blob = g_malloc0(capacity);
    int moved = fdt_open_into(tree->blob, blob, capacity);
    g_free(tree->blob);
    tree->blob = blob;
    tree->capacity = capacity;
    return moved == 0;
}

bool device_tree_set(DeviceTree *tree, const char *path, const char *name, const void *bytes,
                     size_t length, GError **errp)
{
    const char *last = strrchr(path, '/') + 1;
    int node;
    do {
        node = fdt_path_offset(tree->blob, path);
        if (node == -FDT_ERR_NOTFOUND) {
            int parent =
                last - path == 1 ? 0 : fdt_path_offset_namelen(tree->blob, path, last - path - 1);
            node = parent < 0 ? parent : fdt_add_subnode(tree->blob, parent, last);
        }
    } while (grow_edit(tree, node));
    int result = node;
    while (node >= 0) {
        result = fdt_setprop(tree->blob, node, name, bytes, length);
        if (!grow_edit(tree, result)) {
            break;
        }
        node = fdt_path_offset(tree->blob, path);
    }
    if (result < 0) {
        error_set(errp, "device tree: cannot set %s in %s: %s", name, path, fdt_strerror(result));
        return false;
    }
    return true;
}

void *device_tree_pack(DeviceTree *tree, size_t *length)
{
    fdt_pack(tree->blob);
    *length = fdt_totalsize(tree->blob);
    tree->capacity = 0;
    return g_steal_pointer(&tree->blob);
}
