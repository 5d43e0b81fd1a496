/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rhea-img: create, resize, snapshot, commit, rebase. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "block/create.h"
#include "block/info.h"
#include "tools/img.h"
#include "tools/progress.h"
#include "util/error.h"

enum { CHUNK_BYTES = 1 << 20 };

static const ImgOption create_options[] = {
    { 'f', NULL, "FMT", "format of the image (raw)" },
    { 'o', NULL, "OPTIONS", "options of that format; \"help\" lists them" },
    { 'b', NULL, "FILE", "image that unwritten parts are read from" },
    { 'F', NULL, "FMT", "format of that image" },
    { 'u', NULL, NULL, "do not look at that image; SIZE is needed then" },
    { 'q', NULL, NULL, "print errors only" },
    {},
};

/* The size of the image that the new one stands on; it has to be there, and be of its format. */
static bool coroutine_fn look_at_backing(Object *options, const char *filename, uint64_t *size,
                                         GError **errp)
{
    g_autofree char *backing = property_get(options, "backing-file", NULL);
    g_autofree char *format = property_get(options, "backing-fmt", NULL);
    if (!backing || !*backing) {
        return true;
    }
    if (!format || !*format) {
        error_set(errp, "-b %s: its format is missing (-F)", backing);
        return false;
    }
    g_autofree char *path = block_resolve(filename, backing);
    BlockOpen how = { .format = format, .flags = BLOCK_OPEN_FORCE_SHARE };
    BlockNode *node = block_open(path, &how, errp);
    if (!node) {
        return false;
    }
    *size = node->size;
    block_node_drop(node);
    return true;
}

static bool set_backing_options(const ImgArgs *args, const BlockDriver *driver, Object *options,
                                GError **errp)
{
    const char *backing = img_value(args, 'b'), *format = img_value(args, 'F');
    if ((backing || format) && !property_find(options->class, "backing-file")) {
        error_set(errp, "-b: format %s has no backing files", driver->name);
        return false;
    }
    return (!backing || property_set(options, "backing-file", backing, errp)) &&
           (!format || (block_driver_find(format, errp) &&
                        property_set(options, "backing-fmt", format, errp)));
}

static bool coroutine_fn create(const ImgArgs *args, const BlockDriver *driver, Object *options,
                                GError **errp)
{
    const char *filename = args->operands[0];
    uint64_t size = UINT64_MAX;
    if (!set_backing_options(args, driver, options, errp)) {
        return false;
    }
    g_autofree char *option_size = property_get(options, "size", NULL);
    if (args->count > 1 && !img_parse_size("SIZE", args->operands[1], &size, errp)) {
        return false;
    }
    bool has_backing = property_find(options->class, "backing-file");
    uint64_t backing_size = UINT64_MAX;
    if (has_backing && !img_given(args, 'u') &&
        !look_at_backing(options, filename, &backing_size, errp)) {
        return false;
    }
    if (size == UINT64_MAX && strcmp(option_size, "0") != 0) {
        return block_create(driver, filename, options, errp);
    }
    size = size == UINT64_MAX ? backing_size : size;
    if (size == UINT64_MAX) {
        error_set(errp, "'%s': its SIZE is missing", filename);
        return false;
    }
    return property_set_u64(options, "size", size, errp) &&
           block_create(driver, filename, options, errp);
}

static int coroutine_fn run_create(const ImgArgs *args, GError **errp)
{
    const char *format = img_value(args, 'f');
    const BlockDriver *driver = block_driver_find(format ? format : "raw", errp);
    bool help;
    Object *options = driver ? img_create_options(driver, args, &help, errp) : NULL;
    if (!options) {
        return 1;
    }
    bool done = help || create(args, driver, options, errp);
    if (done && !help && !img_given(args, 'q')) {
        g_autofree char *size = property_get(options, "size", NULL);
        printf("Made '%s', format %s, size %s\n", args->operands[0], driver->name, size);
    }
    object_unref(options);
    return !done;
}

const ImgCommand img_create = {
    .name = "create",
    .operands = "FILE [SIZE]",
    .summary = "make a new image",
    .options = create_options,
    .least = 1,
    .most = 2,
    .run = run_create,
};

static const ImgOption resize_options[] = {
    { 'f', NULL, "FMT", "format of the image; without it, it is guessed" },
    { OPT_SHRINK, "shrink", NULL, "allow what is behind the new end to be lost" },
    { OPT_PREALLOCATION, "preallocation", "MODE", "of what is added: off, metadata, falloc, full" },
    { 'q', NULL, NULL, "print errors only" },
    { OPT_IMAGE_OPTS, "image-opts", NULL, "the operand is driver=...,file.filename=..." },
    {},
};

static bool find_preallocation(const char *name, BlockPreallocation *mode, GError **errp)
{
    for (int i = 0; name && block_preallocation_names[i]; i++) {
        if (strcmp(block_preallocation_names[i], name) == 0) {
            *mode = i;
            return true;
        }
    }
    if (name) {
        error_set(errp, "--preallocation=%s: there are off, metadata, falloc and full", name);
    }
    return !name;
}

static bool new_size(const char *text, uint64_t old, uint64_t *size, GError **errp)
{
    bool plus = *text == '+', minus = *text == '-';
    uint64_t bytes;
    if (!img_parse_size("size", text + (plus || minus), &bytes, errp)) {
        return false;
    }
    if ((minus && bytes > old) || (plus && bytes > INT64_MAX - old)) {
        error_set(errp, "size '%s' is out of range", text);
        return false;
    }
    *size = plus ? old + bytes : minus ? old - bytes : bytes;
    *size = (*size + 511) / 512 * 512;
    return true;
}

static int coroutine_fn run_resize(const ImgArgs *args, GError **errp)
{
    BlockPreallocation mode = BLOCK_PREALLOCATION_OFF;
    ImgOpen how = { .name = args->operands[0],
                    .format = img_value(args, 'f'),
                    .image_opts = img_given(args, OPT_IMAGE_OPTS),
                    .flags = BLOCK_OPEN_WRITABLE | BLOCK_OPEN_UNMAP };
    if (!find_preallocation(img_value(args, OPT_PREALLOCATION), &mode, errp)) {
        return 1;
    }
    BlockChild *image = img_open(&how, errp);
    if (!image) {
        return 1;
    }
    uint64_t size = 0, old = image->node->size;
    bool done = new_size(args->operands[1], old, &size, errp);
    if (done && size < old && !img_given(args, OPT_SHRINK)) {
        error_set(errp, "'%s' would lose what is behind byte %" PRIu64 "; --shrink allows that",
                  args->operands[0], size);
        done = false;
    }
    done = done && block_truncate(image, size, mode, errp);
    if (done) {
        int result = block_flush(image);
        if (result < 0) {
            error_set_errno(errp, -result, "'%s'", args->operands[0]);
            done = false;
        }
    }
    block_child_detach(image);
    if (done && !img_given(args, 'q')) {
        printf("Image resized.\n");
    }
    return !done;
}

/* "resize FILE -1G": the size is not an option. */
const ImgCommand img_resize = {
    .name = "resize",
    .operands = "FILE [+|-]SIZE",
    .summary = "change the size of an image",
    .options = resize_options,
    .least = 2,
    .most = 2,
    .run = run_resize,
};

static const ImgOption snapshot_options[] = {
    { 'f', NULL, "FMT", "format of the image; without it, it is guessed" },
    { 'l', NULL, NULL, "list the snapshots" },
    { 'c', NULL, "NAME", "make a snapshot" },
    { 'a', NULL, "NAME", "go back to a snapshot" },
    { 'd', NULL, "NAME", "remove a snapshot" },
    { 'q', NULL, NULL, "print errors only" },
    { 'U', "force-share", NULL, "with -l: whatever others do to the image meanwhile" },
    { OPT_IMAGE_OPTS, "image-opts", NULL, "the operand is driver=...,file.filename=..." },
    {},
};

static int coroutine_fn run_snapshot(const ImgArgs *args, GError **errp)
{
    unsigned actions =
        img_given(args, 'c') + img_given(args, 'a') + img_given(args, 'd') + img_given(args, 'l');
    if (actions > 1) {
        error_set(errp, "snapshot: one of -l, -c, -a and -d, not several");
        return 1;
    }
    bool list = actions == 0 || img_given(args, 'l');
    ImgOpen how = { .name = args->operands[0],
                    .format = img_value(args, 'f'),
                    .image_opts = img_given(args, OPT_IMAGE_OPTS),
                    .flags = BLOCK_OPEN_NO_BACKING };
    how.flags |= list ? BLOCK_OPEN_FORCE_SHARE : BLOCK_OPEN_WRITABLE | BLOCK_OPEN_UNMAP;
    BlockChild *image = img_open(&how, errp);
    if (!image) {
        return 1;
    }
    BlockNode *node = image->node;
    const BlockSnapshotOps *ops = block_node_driver(node)->snapshot;
    bool done = ops;
    if (!ops) {
        error_set(errp, "'%s': format %s has no snapshots", node->filename,
                  block_node_driver(node)->name);
    } else if (list) {
        img_print_snapshots(node);
    } else if (img_given(args, 'c')) {
        done = ops->create(node, img_value(args, 'c'), errp);
    } else if (img_given(args, 'a')) {
        done = ops->apply(node, img_value(args, 'a'), errp);
    } else {
        done = ops->remove(node, img_value(args, 'd'), errp);
    }
    block_child_detach(image);
    return !done;
}

const ImgCommand img_snapshot = {
    .name = "snapshot",
    .operands = "FILE",
    .summary = "list, make, apply or remove snapshots inside an image",
    .options = snapshot_options,
    .least = 1,
    .most = 1,
    .run = run_snapshot,
};

/* Copies what @from decides above @base into @to, which may be one of the images below it. */
static int coroutine_fn copy_changes(BlockChild *from, const BlockNode *base, BlockChild *to,
                                     Progress *progress)
{
    g_autofree uint8_t *buffer = g_malloc(CHUNK_BYTES);
    uint64_t end = from->node->size;
    progress->total = end;
    for (uint64_t at = 0; at < end;) {
        BlockStatus status;
        int result = block_status_above(from, base, at, end - at, &status);
        uint64_t bytes = status.bytes;
        if (result == 0 && (status.flags & BLOCK_STATUS_ALLOCATED) &&
            (status.flags & BLOCK_STATUS_ZERO)) {
            result = block_write_zeroes(to, at, bytes, BLOCK_REQUEST_MAY_UNMAP);
        } else if (result == 0 && (status.flags & BLOCK_STATUS_ALLOCATED)) {
            bytes = MIN(bytes, CHUNK_BYTES);
            result = block_read_buffer(from, at, buffer, bytes);
            if (result == 0) {
                result = block_write_buffer(to, at, buffer, bytes);
            }
        }
        if (result < 0) {
            return result;
        }
        at += bytes;
        progress_add(progress, bytes);
    }
    return block_flush(to);
}

static const ImgOption commit_options[] = {
    { 'f', NULL, "FMT", "format of the image; without it, it is guessed" },
    { 't', NULL, "CACHE", "cache mode: none, writeback, unsafe" },
    { 'b', NULL, "FILE", "image of the chain to write to; the next below, if not given" },
    { 'd', NULL, NULL, "do not empty the image afterwards" },
    { 'p', NULL, NULL, "show progress" },
    { OPT_PROGRESS, "progress", "plain|json|bar|none", "how to show progress" },
    { 'q', NULL, NULL, "print errors only" },
    { OPT_IMAGE_OPTS, "image-opts", NULL, "the operand is driver=...,file.filename=..." },
    {},
};

/* The image below @top that -b names, or the next one. */
static BlockNode *find_base(BlockNode *top, const char *name, GError **errp)
{
    if (!top->backing) {
        error_set(errp, "'%s' does not stand on another image", top->filename);
        return NULL;
    }
    for (BlockChild *edge = top->backing; edge; edge = edge->node->backing) {
        g_autofree char *path = name ? block_resolve(top->filename, name) : NULL;
        if (!name || strcmp(edge->node->filename, name) == 0 ||
            strcmp(edge->node->filename, path) == 0) {
            return edge->node;
        }
    }
    error_set(errp, "-b %s: '%s' does not stand on that image", name, top->filename);
    return NULL;
}

static bool coroutine_fn commit_to(BlockChild *image, BlockNode *base, Progress *progress,
                                   GError **errp)
{
    uint32_t perm = BLOCK_PERM_CONSISTENT_READ | BLOCK_PERM_WRITE | BLOCK_PERM_RESIZE;
    BlockChild *to = block_child_attach(NULL, "commit", base, perm, BLOCK_PERM_ALL, errp);
    if (!to) {
        return false;
    }
    bool done = true;
    if (base->size < image->node->size) {
        done = block_truncate(to, image->node->size, BLOCK_PREALLOCATION_OFF, errp);
    }
    if (done) {
        int result = copy_changes(image, base, to, progress);
        if (result < 0) {
            error_set_errno(errp, -result, "'%s' cannot be committed to '%s'",
                            image->node->filename, base->filename);
            done = false;
        }
    }
    block_child_detach(to);
    return done;
}

static bool coroutine_fn empty_image(const ImgOpen *how, GError **errp)
{
    ImgOpen alone = *how;
    alone.flags = BLOCK_OPEN_WRITABLE | BLOCK_OPEN_UNMAP | BLOCK_OPEN_NO_BACKING;
    BlockChild *image = img_open(&alone, errp);
    if (!image) {
        return false;
    }
    const BlockDriver *driver = block_node_driver(image->node);
    int result = driver->make_empty ? driver->make_empty(image->node) : 0;
    if (result == 0) {
        result = block_flush(image);
    }
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' cannot be emptied", image->node->filename);
    }
    block_child_detach(image);
    return result == 0;
}

static int coroutine_fn run_commit(const ImgArgs *args, GError **errp)
{
    Progress progress = { 0 };
    ImgOpen how = { .name = args->operands[0],
                    .format = img_value(args, 'f'),
                    .cache = img_value(args, 't'),
                    .image_opts = img_given(args, OPT_IMAGE_OPTS),
                    .flags = BLOCK_OPEN_COMMIT };
    if (!progress_start(&progress, img_value(args, OPT_PROGRESS), img_given(args, 'p'), errp)) {
        return 1;
    }
    BlockChild *image = img_open(&how, errp);
    if (!image) {
        return 1;
    }
    BlockNode *base = find_base(image->node, img_value(args, 'b'), errp);
    bool next = base && base == image->node->backing->node;
    bool done = base && commit_to(image, base, &progress, errp);
    progress_end(&progress);
    block_child_detach(image);
    if (done && next && !img_given(args, 'd')) {
        done = empty_image(&how, errp);
    }
    if (done && !img_given(args, 'q')) {
        printf("Image committed.\n");
    }
    return !done;
}

const ImgCommand img_commit = {
    .name = "commit",
    .operands = "FILE",
    .summary = "write the changes that an image holds into the one it stands on",
    .options = commit_options,
    .least = 1,
    .most = 1,
    .run = run_commit,
};

static const ImgOption rebase_options[] = {
    { 'f', NULL, "FMT", "format of the image; without it, it is guessed" },
    { 'b', NULL, "FILE", "image to stand on from now on; \"\": none" },
    { 'F', NULL, "FMT", "format of that image" },
    { 'u', NULL, NULL, "unsafe: change the name only; the content may change" },
    { 't', NULL, "CACHE", "cache mode of the image: none, writeback, unsafe" },
    { 'p', NULL, NULL, "show progress" },
    { OPT_PROGRESS, "progress", "plain|json|bar|none", "how to show progress" },
    { 'q', NULL, NULL, "print errors only" },
    { OPT_IMAGE_OPTS, "image-opts", NULL, "the operand is driver=...,file.filename=..." },
    {},
};

/* Reads what @image, below its end, holds at @at; zeros beyond. */
static int coroutine_fn read_below(BlockChild *image, uint64_t at, uint8_t *buffer, uint64_t bytes)
{
    uint64_t size = image ? image->node->size : 0, inside = at < size ? MIN(bytes, size - at) : 0;
    memset(buffer + inside, 0, bytes - inside);
    return inside ? block_read_buffer(image, at, buffer, inside) : 0;
}

/* Writes into @image what it does not hold itself and would change when its base does. */
static int coroutine_fn keep_content(BlockChild *image, BlockChild *old, BlockChild *new,
                                     Progress *progress)
{
    g_autofree uint8_t *before = g_malloc(CHUNK_BYTES), *after = g_malloc(CHUNK_BYTES);
    uint64_t end = image->node->size;
    progress->total = end;
    for (uint64_t at = 0; at < end;) {
        BlockStatus status;
        int result = block_status(image, at, end - at, &status);
        uint64_t bytes = status.bytes;
        if (result == 0 && !(status.flags & BLOCK_STATUS_ALLOCATED)) {
            bytes = MIN(bytes, CHUNK_BYTES);
            result = read_below(old, at, before, bytes);
            if (result == 0) {
                result = read_below(new, at, after, bytes);
            }
            if (result == 0 && memcmp(before, after, bytes) != 0) {
                result = iov_buffer_is_zero(before, bytes)
                             ? block_write_zeroes(image, at, bytes, BLOCK_REQUEST_MAY_UNMAP)
                             : block_write_buffer(image, at, before, bytes);
            }
        }
        if (result < 0) {
            return result;
        }
        at += bytes;
        progress_add(progress, bytes);
    }
    return block_flush(image);
}

static BlockChild *coroutine_fn open_below(const char *top, const char *name, const char *format,
                                           GError **errp)
{
    g_autofree char *path = block_resolve(top, name);
    BlockOpen how = { .format = format };
    BlockNode *node = block_open(path, &how, errp);
    if (!node) {
        return NULL;
    }
    BlockChild *edge =
        block_child_attach(NULL, "rebase", node, BLOCK_PERM_CONSISTENT_READ,
                           BLOCK_PERM_CONSISTENT_READ | BLOCK_PERM_WRITE_UNCHANGED, errp);
    if (!edge) {
        block_node_drop(node);
    }
    return edge;
}

static bool coroutine_fn rebase_safely(BlockChild *image, const char *name, const char *format,
                                       Progress *progress, GError **errp)
{
    BlockNode *node = image->node;
    BlockChild *new = NULL;
    if (*name) {
        new = open_below(node->filename, name, format, errp);
        if (!new) {
            return false;
        }
    }
    /* reading through an edge of the tool: the image's own edge to its base */
    int result = keep_content(image, node->backing, new, progress);
    if (new) {
        block_child_detach(new);
    }
    if (result < 0) {
        error_set_errno(errp, -result, "'%s' cannot be rebased", node->filename);
    }
    return result == 0;
}

static int coroutine_fn run_rebase(const ImgArgs *args, GError **errp)
{
    const char *name = img_value(args, 'b'), *format = img_value(args, 'F');
    bool unsafe = img_given(args, 'u');
    Progress progress = { 0 };
    if (!name) {
        error_set(errp, "rebase: -b is missing (-b \"\" for none)");
        return 1;
    }
    if (*name && (!format || !block_driver_find(format, errp))) {
        if (!format) {
            error_set(errp, "rebase -b %s: its format is missing (-F)", name);
        }
        return 1;
    }
    if (!progress_start(&progress, img_value(args, OPT_PROGRESS), img_given(args, 'p'), errp)) {
        return 1;
    }
    ImgOpen how = { .name = args->operands[0],
                    .format = img_value(args, 'f'),
                    .cache = img_value(args, 't'),
                    .image_opts = img_given(args, OPT_IMAGE_OPTS),
                    .flags = BLOCK_OPEN_WRITABLE | (unsafe ? BLOCK_OPEN_NO_BACKING : 0) };
    BlockChild *image = img_open(&how, errp);
    if (!image) {
        return 1;
    }
    const BlockInfoOps *ops = block_node_driver(image->node)->info;
    bool done = ops && ops->set_backing;
    if (!done) {
        error_set(errp, "'%s': format %s has no backing files", image->node->filename,
                  block_node_driver(image->node)->name);
    }
    done = done && (unsafe || rebase_safely(image, name, format, &progress, errp));
    done = done && ops->set_backing(image->node, *name ? name : NULL, format, errp);
    progress_end(&progress);
    block_child_detach(image);
    return !done;
}

const ImgCommand img_rebase = {
    .name = "rebase",
    .operands = "FILE",
    .summary = "have an image stand on another one",
    .options = rebase_options,
    .least = 1,
    .most = 1,
    .run = run_rebase,
};
