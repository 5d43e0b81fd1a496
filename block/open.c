/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening images by name: protocols, probing, options, what an image may refer to. */
#include "block/open.h"

#include <ctype.h>
#include <errno.h>
#include <json-glib/json-glib.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "block/driver.h"
#include "util/error.h"

enum { PROBE_BYTES = 2048, CHAIN_LIMIT = 200 };

/* Where a node comes from. */
typedef struct {
    const BlockNode *opener;
    bool restricted;
} Origin;

static BlockNode *coroutine_fn open_node(const char *filename, const BlockOpen *how,
                                         const Origin *origin, GError **errp);

/* Length of "scheme:" in front of @name; 0 if it is a plain path. */
static size_t scheme_length(const char *name)
{
    size_t n = 0;
    while (isalnum((unsigned char)name[n]) || (n && strchr("+-._", name[n]) && name[n])) {
        n++;
    }
    return n > 0 && name[n] == ':' ? n + 1 : 0;
}

static void flatten_json(JsonNode *node, const char *prefix, Keyval *out)
{
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        g_autoptr(GList) members = json_object_get_members(json_node_get_object(node));
        for (GList *m = members; m; m = m->next) {
            g_autofree char *key =
                g_strdup_printf("%s%s%s", prefix, *prefix ? "." : "", (char *)m->data);
            flatten_json(json_object_get_member(json_node_get_object(node), m->data), key, out);
        }
        return;
    }
    if (JSON_NODE_HOLDS_NULL(node) || JSON_NODE_HOLDS_ARRAY(node)) {
        return;
    }
    GType type = json_node_get_value_type(node);
    if (type == G_TYPE_BOOLEAN) {
        keyval_add(out, prefix, json_node_get_boolean(node) ? "on" : "off");
    } else if (type == G_TYPE_INT64) {
        g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
        keyval_add(out, prefix, text);
    } else if (type == G_TYPE_STRING) {
        keyval_add(out, prefix, json_node_get_string(node));
    }
}

static Keyval *options_from_json(const char *text, GError **errp)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    if (!json_parser_load_from_data(parser, text, -1, &error) || !json_parser_get_root(parser) ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser))) {
        error_set(errp, "'json:%.60s' is not a JSON object", text);
        return NULL;
    }
    Keyval *options = keyval_new();
    flatten_json(json_parser_get_root(parser), "", options);
    return options;
}

char *block_resolve(const char *base, const char *name)
{
    if (g_path_is_absolute(name) || scheme_length(name) || !base || scheme_length(base)) {
        return g_strdup(name);
    }
    g_autofree char *folder = g_path_get_dirname(base);
    return strcmp(folder, ".") == 0 ? g_strdup(name) : g_build_filename(folder, name, NULL);
}

/* Whether @path, symbolic links followed, lies in the folder of the image @base or below. */
static bool lies_beside(const char *base, const char *path)
{
    char folder_real[PATH_MAX], real[PATH_MAX], base_real[PATH_MAX];
    if (!realpath(base, base_real) || !realpath(path, real)) {
        return false;
    }
    g_autofree char *folder = g_path_get_dirname(base_real);
    if (!realpath(folder, folder_real)) {
        return false;
    }
    size_t n = strlen(folder_real);
    return strncmp(real, folder_real, n) == 0 && (real[n] == '/' || folder_real[n - 1] == '/');
}

static bool reference_allowed(const BlockNode *node, const char *name, const char *path,
                              GError **errp)
{
    if (!node->restricted) {
        return true;
    }
    if (scheme_length(path) && !g_str_has_prefix(path, "file:")) {
        error_set(errp,
                  "'%s': its %s '%s' is not a plain file; give the image's format to allow it",
                  node->filename, name, path);
        return false;
    }
    const char *plain = g_str_has_prefix(path, "file:") ? path + 5 : path;
    struct stat status;
    if (stat(plain, &status) == 0 && !lies_beside(node->filename, plain)) {
        error_set(errp,
                  "'%s': its %s '%s' is outside of its folder; give the image's format to allow it",
                  node->filename, name, path);
        return false;
    }
    return true;
}

/* An image that stands on itself, at any distance. */
static bool chain_ends(const BlockNode *node, const Origin *origin, GError **errp)
{
    unsigned depth = 0;
    for (const BlockNode *above = origin->opener; above; above = above->opener) {
        if (node->inode && above->file && above->file->node->inode == node->inode &&
            above->file->node->device == node->device) {
            error_set(errp, "'%s' refers to itself", node->filename);
            return false;
        }
        if (++depth > CHAIN_LIMIT) {
            error_set(errp, "'%s': more than %d images stand on one another", node->filename,
                      CHAIN_LIMIT);
            return false;
        }
    }
    return true;
}

static bool is_child_option(const char *key)
{
    static const char *const children[] = { "file.", "backing.", "data-file.", NULL };
    for (unsigned i = 0; children[i]; i++) {
        if (g_str_has_prefix(key, children[i])) {
            return true;
        }
    }
    return false;
}

/* The properties of @node from @options; those of children are left to block_open_child(). */
static bool set_properties(BlockNode *node, const Keyval *options, GError **errp)
{
    for (unsigned i = 0; options && i < keyval_count(options); i++) {
        const KeyvalEntry *entry = keyval_entry(options, i);
        if (strcmp(entry->key, "driver") == 0 || is_child_option(entry->key)) {
            continue;
        }
        if (!property_set(&node->object, entry->key, entry->value ? entry->value : "on", errp)) {
            return false;
        }
    }
    return true;
}

static Keyval *child_options(const Keyval *options, const char *name)
{
    Keyval *own = keyval_new();
    size_t n = strlen(name);
    for (unsigned i = 0; options && i < keyval_count(options); i++) {
        const KeyvalEntry *entry = keyval_entry(options, i);
        if (strncmp(entry->key, name, n) == 0 && entry->key[n] == '.') {
            keyval_add(own, entry->key + n + 1, entry->value ? entry->value : "on");
        }
    }
    return own;
}

static Keyval *copy_child_options(const Keyval *options)
{
    Keyval *copy = keyval_new();
    for (unsigned i = 0; options && i < keyval_count(options); i++) {
        const KeyvalEntry *entry = keyval_entry(options, i);
        if (is_child_option(entry->key)) {
            keyval_add(copy, entry->key, entry->value ? entry->value : "on");
        }
    }
    return copy;
}

static void apply_flags(BlockNode *node)
{
    if (node->read_only || (node->flags & BLOCK_OPEN_FORCE_SHARE)) {
        node->flags &= ~BLOCK_OPEN_WRITABLE;
    }
    if (node->unmap) {
        node->flags |= BLOCK_OPEN_UNMAP;
    }
}

static BlockNode *coroutine_fn open_protocol(const char *filename, const BlockOpen *how,
                                             const Origin *origin, GError **errp)
{
    const char *wanted = how->format;
    const char *path = filename;
    size_t scheme = filename ? scheme_length(filename) : 0;
    g_autofree char *named = scheme ? g_strndup(filename, scheme - 1) : NULL;
    if (named) {
        path = filename + scheme;
        wanted = named;
    }
    const BlockDriver *driver = block_driver_find(wanted ? wanted : "file", NULL);
    if (!driver || !driver->is_protocol) {
        error_set(errp, "'%s': there is no protocol '%s'", filename ? filename : "", wanted);
        return NULL;
    }
    BlockNode *node = block_node_new(driver, path, how->flags);
    node->opener = origin->opener;
    if (!set_properties(node, how->options, errp) ||
        (path && !property_set(&node->object, "filename", path, errp))) {
        block_node_drop(node);
        return NULL;
    }
    apply_flags(node);
    if (!driver->open(node, errp) || !chain_ends(node, origin, errp)) {
        block_node_drop(node);
        return NULL;
    }
    return node;
}

typedef struct {
    const uint8_t *head;
    size_t bytes;
    int score;
    const BlockDriver *best;
} Probe;

static void probe_driver(const BlockDriver *driver, void *opaque)
{
    Probe *probe = opaque;
    int score = driver->probe ? driver->probe(probe->head, probe->bytes) : 0;
    if (score > probe->score) {
        probe->score = score;
        probe->best = driver;
    }
}

static const BlockDriver *coroutine_fn probe_format(BlockNode *file, GError **errp)
{
    uint8_t head[PROBE_BYTES];
    BlockChild *edge = block_child_attach(NULL, "probe", file, 0, BLOCK_PERM_ALL, errp);
    if (!edge) {
        return NULL;
    }
    size_t bytes = MIN(file->size, sizeof(head));
    int result = block_read_buffer(edge, 0, head, bytes);
    g_ptr_array_remove(file->parents, edge);
    g_free(edge->name);
    g_free(edge);
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' cannot be read", file->filename);
        return NULL;
    }
    Probe probe = { .head = head, .bytes = bytes, .score = 0 };
    if (!file->always_raw) {
        block_driver_foreach(probe_driver, &probe);
    }
    return probe.best ? probe.best : block_driver_find("raw", errp);
}

static void edge_permissions(const BlockNode *node, bool backing, uint32_t *perm, uint32_t *shared)
{
    *perm = BLOCK_PERM_CONSISTENT_READ;
    *shared = BLOCK_PERM_CONSISTENT_READ | BLOCK_PERM_WRITE_UNCHANGED;
    if (node->flags & BLOCK_OPEN_FORCE_SHARE) {
        *perm = 0;
        *shared = BLOCK_PERM_ALL;
    } else if (backing && (node->flags & BLOCK_OPEN_COMMIT)) {
        *shared = BLOCK_PERM_ALL;
    } else if (block_node_writable(node) && !backing) {
        *perm |= BLOCK_PERM_WRITE | BLOCK_PERM_RESIZE;
        *shared = 0;
    }
}

static BlockNode *coroutine_fn open_format(const char *filename, const BlockOpen *how,
                                           const Origin *origin, GError **errp)
{
    BlockOpen how_file = { .flags = how->flags };
    if (how->options && keyval_get(how->options, "read-only") &&
        strcmp(keyval_get(how->options, "read-only"), "on") == 0) {
        how_file.flags &= ~BLOCK_OPEN_WRITABLE;
    }
    g_autoptr(Keyval) file_options = child_options(how->options, "file");
    how_file.options = file_options;
    how_file.format = keyval_get(file_options, "driver");
    BlockNode *file = open_protocol(filename, &how_file, origin, errp);
    if (!file) {
        return NULL;
    }
    const BlockDriver *driver =
        how->format ? block_driver_find(how->format, errp) : probe_format(file, errp);
    if (!driver) {
        block_node_drop(file);
        return NULL;
    }
    BlockNode *node = block_node_new(driver, file->filename, how_file.flags);
    node->opener = origin->opener;
    node->probed = !how->format;
    node->restricted = origin->restricted || node->probed;
    uint32_t perm, shared;
    bool ready = set_properties(node, how->options, errp);
    apply_flags(node);
    edge_permissions(node, false, &perm, &shared);
    if (ready) {
        node->file = block_child_attach(node, "file", file, perm, shared, errp);
    }
    if (!node->file) {
        block_node_drop(file);
        object_unref(&node->object);
        return NULL;
    }
    node->child_options = copy_child_options(how->options);
    if (!driver->open(node, errp)) {
        block_node_drop(node);
        return NULL;
    }
    return node;
}

static BlockNode *coroutine_fn open_node(const char *filename, const BlockOpen *how,
                                         const Origin *origin, GError **errp)
{
    BlockOpen plain = *how;
    g_autoptr(Keyval) json = NULL;
    if (filename && g_str_has_prefix(filename, "json:")) {
        json = options_from_json(filename + 5, errp);
        if (!json) {
            return NULL;
        }
        plain.options = json;
        filename = NULL;
    }
    if (!plain.format && plain.options) {
        plain.format = keyval_get(plain.options, "driver");
    }
    if (plain.format) {
        const BlockDriver *driver = block_driver_find(plain.format, errp);
        if (!driver) {
            return NULL;
        }
        if (driver->is_protocol) {
            return open_protocol(filename, &plain, origin, errp);
        }
    }
    return open_format(filename, &plain, origin, errp);
}

BlockNode *coroutine_fn block_open(const char *filename, const BlockOpen *how, GError **errp)
{
    return open_node(filename, how, &(Origin){ 0 }, errp);
}

BlockChild *coroutine_fn block_open_child(BlockNode *node, const char *name, const char *filename,
                                          const BlockOpen *how, GError **errp)
{
    g_autoptr(Keyval) options = child_options(node->child_options, name);
    BlockOpen plain = *how;
    plain.options = options;
    if (keyval_get(options, "driver")) {
        plain.format = NULL;
    }
    g_autofree char *path = NULL;
    if (filename && !keyval_get(options, "filename") && !keyval_get(options, "file.filename")) {
        path = block_resolve(node->filename, filename);
        if (!reference_allowed(node, name, path, errp)) {
            return NULL;
        }
    }
    Origin origin = { .opener = node, .restricted = node->restricted };
    BlockNode *child = open_node(path, &plain, &origin, errp);
    if (!child) {
        return NULL;
    }
    uint32_t perm, shared;
    edge_permissions(node, strcmp(name, "backing") == 0, &perm, &shared);
    BlockChild *edge = block_child_attach(node, name, child, perm, shared, errp);
    if (!edge) {
        block_node_drop(child);
    }
    return edge;
}

bool coroutine_fn block_create(const BlockDriver *driver, const char *filename, Object *options,
                               GError **errp)
{
    if (!driver->create) {
        error_set(errp, "format %s cannot be created", driver->name);
        return false;
    }
    return driver->create(options, filename, errp);
}
