/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rhea-img: convert, dd, compare. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "block/info.h"
#include "tools/img.h"
#include "tools/progress.h"
#include "util/error.h"

enum { CHUNK_BYTES = 2 << 20, COROUTINES = 8, COROUTINES_MAX = 16, SPARSE_DEFAULT = 4096 };

/* Several images, one behind the other, copied into one by several coroutines. */
typedef struct {
    BlockChild **sources;
    uint64_t *starts; /* of each source in the whole, and the end */
    unsigned count;
    BlockChild *dest;
    uint64_t skip, total; /* bytes of the sources */
    uint64_t next;        /* to be taken by the next free coroutine */
    uint64_t written;     /* in order up to here */
    CoQueue turn;
    bool any_order, compress, dest_is_zero, write_zeros;
    BlockStatus known; /* of the sources from known_start on, so that the host is asked once */
    uint64_t known_start;
    BlockNode *base; /* what it holds is not copied (-B) */
    uint64_t unit;   /* zeros shorter than this are written as data */
    uint32_t cluster_bytes;
    unsigned running;
    Coroutine *waiter;
    int result;
    const char *failed_name;
    Progress progress;
} Copy;

/* A stretch that one coroutine copies. */
typedef struct {
    uint64_t start, bytes;
    bool zero, skip;
    BlockChild *source;
    uint64_t source_offset;
} Stretch;

static void copy_fail(Copy *copy, int result, const char *name)
{
    if (copy->result == 0) {
        copy->result = result;
        copy->failed_name = name;
    }
}

static BlockChild *source_at(const Copy *copy, uint64_t at, uint64_t *offset, uint64_t *left)
{
    unsigned i = 0;
    while (at >= copy->starts[i + 1]) {
        i++;
    }
    *offset = at - copy->starts[i];
    *left = copy->starts[i + 1] - at;
    return copy->sources[i];
}

/* What the @left bytes from the start of @stretch on begin with. */
static int coroutine_fn find_status(Copy *copy, const Stretch *stretch, uint64_t left,
                                    BlockStatus *status)
{
    uint64_t at = stretch->start, known_end = copy->known_start + copy->known.bytes;
    if (at >= copy->known_start && at < known_end) {
        *status = copy->known;
        status->bytes = known_end - at;
        return 0;
    }
    int result =
        block_status_above(stretch->source, copy->base, stretch->source_offset, left, status);
    if (result == 0 && at >= known_end) {
        copy->known = *status;
        copy->known_start = at;
    }
    return result;
}

/* What to do with the bytes at the front; only this decides how they are cut into stretches. */
static bool coroutine_fn take_stretch(Copy *copy, Stretch *stretch)
{
    if (copy->next >= copy->total || copy->result < 0) {
        return false;
    }
    uint64_t left, at = copy->next;
    BlockStatus status;
    stretch->start = at;
    stretch->source = source_at(copy, at, &stretch->source_offset, &left);
    copy->next = at + MIN(left, CHUNK_BYTES); /* others go on behind while this waits */
    stretch->bytes = copy->next - at;
    stretch->zero = stretch->skip = false;
    int result = find_status(copy, stretch, left, &status);
    if (result < 0) {
        copy_fail(copy, result, stretch->source->node->filename);
        return false;
    }
    bool alone = copy->next == at + stretch->bytes;
    stretch->zero = status.flags & BLOCK_STATUS_ZERO;
    stretch->skip = copy->base && !(status.flags & BLOCK_STATUS_ALLOCATED) &&
                    !(stretch->zero && stretch->source_offset >= copy->base->size);
    if (status.bytes >= stretch->bytes && alone && (stretch->zero || stretch->skip)) {
        /* holes are passed over in one step */
        stretch->bytes = MIN(status.bytes, left);
        copy->next = at + stretch->bytes;
    } else if (status.bytes < stretch->bytes && !copy->compress) {
        if (alone) {
            stretch->bytes = status.bytes;
            copy->next = at + stretch->bytes;
        } else {
            stretch->zero = stretch->skip = false;
        }
    } else if (status.bytes < stretch->bytes) {
        stretch->zero = stretch->skip = false;
    }
    return true;
}

static int coroutine_fn write_zero_stretch(Copy *copy, uint64_t at, uint64_t bytes)
{
    if (bytes == 0 || (copy->dest_is_zero && !copy->write_zeros)) {
        return 0;
    }
    return block_write_zeroes(copy->dest, at, bytes,
                              copy->write_zeros ? 0 : BLOCK_REQUEST_MAY_UNMAP);
}

/* Bytes from @offset on that are all data or all zero, in whole units. */
static uint64_t alike(const Copy *copy, const uint8_t *buffer, uint64_t bytes, uint64_t at,
                      bool *zero)
{
    uint64_t done = 0;
    while (done < bytes) {
        uint64_t here = MIN(copy->unit - (at + done) % copy->unit, bytes - done);
        bool is_zero = iov_buffer_is_zero(buffer + done, here);
        if (done == 0) {
            *zero = is_zero;
        } else if (is_zero != *zero) {
            break;
        }
        done += here;
    }
    return done;
}

static int coroutine_fn write_compressed(Copy *copy, const uint8_t *buffer, uint64_t at,
                                         uint64_t bytes)
{
    int result = 0;
    for (uint64_t done = 0; done < bytes && result == 0;) {
        uint64_t here = MIN(copy->cluster_bytes, bytes - done);
        g_auto(Iov) iov;
        iov_init_buffer(&iov, (void *)(buffer + done), here);
        if (iov_buffer_is_zero(buffer + done, here)) {
            result = write_zero_stretch(copy, at + done, here);
        } else {
            result = block_write_compressed(copy->dest, at + done, &iov);
        }
        done += here;
    }
    return result;
}

static int coroutine_fn write_data(Copy *copy, const uint8_t *buffer, uint64_t at, uint64_t bytes)
{
    if (copy->compress) {
        return write_compressed(copy, buffer, at, bytes);
    }
    if (copy->unit == 0) {
        return block_write_buffer(copy->dest, at, buffer, bytes);
    }
    int result = 0;
    for (uint64_t done = 0; done < bytes && result == 0;) {
        bool zero;
        uint64_t here = alike(copy, buffer + done, bytes - done, at + done, &zero);
        if (zero) {
            result = write_zero_stretch(copy, at + done, here);
        } else {
            result = block_write_buffer(copy->dest, at + done, buffer + done, here);
        }
        done += here;
    }
    return result;
}

static void coroutine_fn copy_stretch(Copy *copy, const Stretch *stretch, uint8_t *buffer)
{
    int result = 0;
    bool has_data = !stretch->zero && !stretch->skip;
    uint64_t at = stretch->start - copy->skip;
    if (has_data) {
        result = block_read_buffer(stretch->source, stretch->source_offset, buffer, stretch->bytes);
        if (result < 0) {
            copy_fail(copy, result, stretch->source->node->filename);
        }
    }
    while (!copy->any_order && copy->written != stretch->start && copy->result == 0) {
        co_queue_wait(&copy->turn, NULL);
    }
    if (copy->result == 0) {
        result = has_data                          ? write_data(copy, buffer, at, stretch->bytes)
                 : stretch->zero && !stretch->skip ? write_zero_stretch(copy, at, stretch->bytes)
                                                   : 0;
        if (result < 0) {
            copy_fail(copy, result, copy->dest->node->filename);
        }
    }
    copy->written = stretch->start + stretch->bytes;
    co_queue_wake_all(&copy->turn);
    progress_add(&copy->progress, stretch->bytes);
}

static void coroutine_fn copy_worker(void *opaque)
{
    Copy *copy = opaque;
    Stretch stretch;
    g_autofree uint8_t *buffer = g_malloc(CHUNK_BYTES);
    while (take_stretch(copy, &stretch)) {
        copy_stretch(copy, &stretch, buffer);
    }
    co_queue_wake_all(&copy->turn);
    if (--copy->running == 0 && copy->waiter) {
        coroutine_wake(copy->waiter);
    }
}

static bool coroutine_fn copy_run(Copy *copy, unsigned coroutines, GError **errp)
{
    copy->running = coroutines;
    copy->next = copy->written = copy->skip;
    copy->progress.total = copy->total - copy->skip;
    for (unsigned i = 0; i < coroutines; i++) {
        coroutine_enter(coroutine_new(copy_worker, copy));
    }
    if (copy->running > 0) {
        copy->waiter = coroutine_self();
        coroutine_yield();
    }
    progress_end(&copy->progress);
    if (copy->result == 0) {
        copy->result = block_flush(copy->dest);
        copy->failed_name = copy->dest->node->filename;
    }
    if (copy->result < 0) {
        error_set_errno(errp, -copy->result, "'%s'", copy->failed_name);
    }
    return copy->result == 0;
}

static void coroutine_fn copy_close(Copy *copy)
{
    for (unsigned i = 0; i < copy->count; i++) {
        if (copy->sources[i]) {
            block_child_detach(copy->sources[i]);
        }
    }
    if (copy->dest) {
        block_child_detach(copy->dest);
    }
    g_free(copy->sources);
    g_free(copy->starts);
}

static bool coroutine_fn open_sources(Copy *copy, const ImgArgs *args, char **names, unsigned count,
                                      GError **errp)
{
    const char *snapshot = img_value(args, 'l');
    copy->sources = g_new0(BlockChild *, count + 1);
    copy->starts = g_new0(uint64_t, count + 2);
    copy->count = count;
    for (unsigned i = 0; i < count; i++) {
        ImgOpen how = { .name = names[i],
                        .format = img_value(args, 'f'),
                        .cache = img_value(args, 'T'),
                        .image_opts = img_given(args, OPT_IMAGE_OPTS),
                        .flags = img_given(args, 'U') ? BLOCK_OPEN_FORCE_SHARE : 0 };
        copy->sources[i] = img_open(&how, errp);
        if (!copy->sources[i]) {
            return false;
        }
        BlockNode *node = copy->sources[i]->node;
        const BlockSnapshotOps *ops = block_node_driver(node)->snapshot;
        if (snapshot && !ops) {
            error_set(errp, "'%s' has no snapshots", names[i]);
            return false;
        }
        if (snapshot && !ops->load(node, snapshot, errp)) {
            return false;
        }
        copy->starts[i + 1] = copy->starts[i] + node->size;
    }
    copy->total = copy->starts[count];
    return true;
}

/* The image that -B names stands under the new one; only what differs from it is copied. */
static bool coroutine_fn set_backing(Copy *copy, const ImgArgs *args, Object *options,
                                     GError **errp)
{
    const char *backing = img_value(args, 'B'), *format = img_value(args, 'F');
    if (!backing) {
        return true;
    }
    if (!property_find(options->class, "backing-file")) {
        error_set(errp, "-B %s: the output format has no backing files", backing);
        return false;
    }
    for (BlockChild *edge = copy->sources[0]->node->backing; edge; edge = edge->node->backing) {
        g_autofree char *path = block_resolve(args->operands[args->count - 1], backing);
        if (strcmp(edge->node->filename, path) == 0 || strcmp(edge->node->filename, backing) == 0) {
            copy->base = edge->node;
        }
    }
    if (!copy->base || copy->count > 1) {
        error_set(errp, "-B %s: the source does not stand on that image", backing);
        return false;
    }
    if (!format) {
        format = block_node_driver(copy->base)->name;
    }
    return property_set(options, "backing-file", backing, errp) &&
           property_set(options, "backing-fmt", format, errp);
}

static bool coroutine_fn create_dest(Copy *copy, const ImgArgs *args, const BlockDriver *driver,
                                     Object *options, GError **errp)
{
    const char *name = args->operands[args->count - 1];
    uint64_t size = (copy->total - copy->skip + 511) / 512 * 512;
    if (!img_given(args, 'n')) {
        if (!property_set_u64(options, "size", size, errp) ||
            !set_backing(copy, args, options, errp) || !block_create(driver, name, options, errp)) {
            return false;
        }
        copy->dest_is_zero = true;
    }
    /* As nobody waits for a half copied image, nothing is flushed before the end. */
    const char *cache = img_value(args, 't');
    ImgOpen how = { .name = name,
                    .format = driver->name,
                    .cache = cache ? cache : "unsafe",
                    .flags = BLOCK_OPEN_WRITABLE | BLOCK_OPEN_UNMAP | BLOCK_OPEN_NO_BACKING };
    copy->dest = img_open(&how, errp);
    if (!copy->dest) {
        return false;
    }
    if (copy->dest->node->size < copy->total - copy->skip) {
        error_set(errp, "'%s' is smaller than what is copied to it", name);
        return false;
    }
    BlockInfo info = { 0 };
    if (driver->info) {
        driver->info->get(copy->dest->node, &info);
    }
    copy->cluster_bytes = info.cluster_bytes;
    copy->dest_is_zero |= img_given(args, OPT_TARGET_IS_ZERO);
    copy->dest_is_zero &= !copy->base;
    if (copy->compress && !driver->write_compressed) {
        error_set(errp, "-c: format %s has no compression", driver->name);
        return false;
    }
    return true;
}

static bool copy_options(Copy *copy, const ImgArgs *args, uint64_t *coroutines, GError **errp)
{
    uint64_t sparse = SPARSE_DEFAULT;
    *coroutines = COROUTINES;
    copy->compress = img_given(args, 'c');
    copy->any_order = img_given(args, 'W');
    if (!img_size(args, 'S', &sparse, errp) ||
        !img_number(args, 'm', 1, COROUTINES_MAX, coroutines, errp)) {
        return false;
    }
    if (sparse % 512) {
        error_set(errp, "-S %s is not a multiple of 512", img_value(args, 'S'));
        return false;
    }
    if (img_given(args, OPT_TARGET_IS_ZERO) && !img_given(args, 'n')) {
        error_set(errp, "--target-is-zero needs -n");
        return false;
    }
    copy->unit = sparse;
    copy->write_zeros = sparse == 0;
    return progress_start(&copy->progress, img_value(args, OPT_PROGRESS), img_given(args, 'p'),
                          errp);
}

static const ImgOption convert_options[] = {
    { 'f', NULL, "FMT", "format of the sources; without it, it is guessed" },
    { 'O', NULL, "FMT", "format of the result (raw)" },
    { 'o', NULL, "OPTIONS", "options of that format; \"help\" lists them" },
    { 'c', NULL, NULL, "compress" },
    { 'W', NULL, NULL, "write in any order: faster, but the result is less tidy" },
    { 'm', NULL, "N", "requests in flight, 1 to 16 (8)" },
    { 'n', NULL, NULL, "the result exists already: do not make it" },
    { OPT_TARGET_IS_ZERO, "target-is-zero", NULL, "with -n: and holds nothing but zeros" },
    { 'S', NULL, "BYTES", "zeros shorter than this are written (4k; 0: all of them)" },
    { 'B', NULL, "FILE", "the result stands on this image, which the source stands on" },
    { 'F', NULL, "FMT", "format of the image given with -B" },
    { 'l', NULL, "SNAPSHOT", "copy this snapshot of the source" },
    { 't', NULL, "CACHE", "cache mode of the result: none, writeback, unsafe (unsafe)" },
    { 'T', NULL, "CACHE", "cache mode of the sources" },
    { 'p', NULL, NULL, "show progress" },
    { OPT_PROGRESS, "progress", "plain|json|bar|none", "how to show progress" },
    { 'q', NULL, NULL, "print errors only" },
    { 'U', "force-share", NULL, "whatever others do to the sources meanwhile" },
    { OPT_IMAGE_OPTS, "image-opts", NULL, "sources are driver=...,file.filename=..." },
    {},
};

static int coroutine_fn run_convert(const ImgArgs *args, GError **errp)
{
    Copy copy = { 0 };
    uint64_t coroutines;
    bool help;
    const char *format = img_value(args, 'O');
    const BlockDriver *driver = block_driver_find(format ? format : "raw", errp);
    Object *options = driver ? img_create_options(driver, args, &help, errp) : NULL;
    bool done = options && help;
    if (options && !help) {
        done = copy_options(&copy, args, &coroutines, errp) &&
               open_sources(&copy, args, args->operands, args->count - 1, errp) &&
               create_dest(&copy, args, driver, options, errp);
        if (done) {
            if (copy.unit) {
                copy.unit = MAX(copy.unit, copy.cluster_bytes);
            }
            done = copy_run(&copy, coroutines, errp);
        }
        copy_close(&copy);
    }
    if (options) {
        object_unref(options);
    }
    return !done;
}

const ImgCommand img_convert = {
    .name = "convert",
    .operands = "FILE... RESULT",
    .summary = "copy images, one behind the other, into a new image",
    .options = convert_options,
    .least = 1,
    .most = 1000,
    .run = run_convert,
};

/* dd: operands are key=value */
typedef struct {
    const char *in, *out;
    uint64_t block, count, skip;
    bool has_count;
} DdArgs;

static bool parse_dd(const ImgArgs *args, DdArgs *dd, GError **errp)
{
    *dd = (DdArgs){ .block = 512 };
    for (unsigned i = 0; i < args->count; i++) {
        const char *word = args->operands[i], *value = strchr(word, '=');
        bool ok = value;
        if (g_str_has_prefix(word, "if=")) {
            dd->in = value + 1;
        } else if (g_str_has_prefix(word, "of=")) {
            dd->out = value + 1;
        } else if (g_str_has_prefix(word, "bs=")) {
            ok = img_parse_size("bs", value + 1, &dd->block, errp) && dd->block > 0;
        } else if (g_str_has_prefix(word, "count=")) {
            ok = img_parse_size("count", value + 1, &dd->count, errp);
            dd->has_count = true;
        } else if (g_str_has_prefix(word, "skip=")) {
            ok = img_parse_size("skip", value + 1, &dd->skip, errp);
        } else {
            ok = false;
        }
        if (!ok) {
            if (errp && !*errp) {
                error_set(errp, "dd: '%s' is not one of if=, of=, bs=, count=, skip=", word);
            }
            return false;
        }
    }
    if (!dd->in || !dd->out) {
        error_set(errp, "dd needs if= and of=");
    }
    return dd->in && dd->out;
}

static const ImgOption dd_options[] = {
    { 'f', NULL, "FMT", "format of the source; without it, it is guessed" },
    { 'O', NULL, "FMT", "format of the result (raw)" },
    { 'U', "force-share", NULL, "whatever others do to the source meanwhile" },
    { OPT_IMAGE_OPTS, "image-opts", NULL, "if= is driver=...,file.filename=..." },
    {},
};

static int coroutine_fn run_dd(const ImgArgs *args, GError **errp)
{
    DdArgs dd;
    Copy copy = { .unit = SPARSE_DEFAULT };
    bool help, done = false;
    const char *format = img_value(args, 'O');
    const BlockDriver *driver = block_driver_find(format ? format : "raw", errp);
    Object *options = driver ? img_create_options(driver, args, &help, errp) : NULL;
    if (options && parse_dd(args, &dd, errp)) {
        char *operands[] = { (char *)dd.in, (char *)dd.out };
        ImgArgs plain = *args;
        plain.operands = operands;
        plain.count = 2;
        done = open_sources(&copy, &plain, operands, 1, errp);
        if (done) {
            uint64_t size = copy.total;
            copy.skip = dd.skip > size / dd.block ? size : dd.skip * dd.block;
            uint64_t rest = (size - copy.skip) / dd.block;
            copy.total = dd.has_count && dd.count <= rest ? copy.skip + dd.count * dd.block : size;
            done = progress_start(&copy.progress, "none", false, errp) &&
                   create_dest(&copy, &plain, driver, options, errp) &&
                   copy_run(&copy, COROUTINES, errp);
        }
        copy_close(&copy);
    }
    if (options) {
        object_unref(options);
    }
    return !done;
}

const ImgCommand img_dd = {
    .name = "dd",
    .operands = "if=FILE of=RESULT [bs=BYTES] [count=N] [skip=N]",
    .summary = "copy a part of an image into a new image",
    .options = dd_options,
    .least = 1,
    .most = 5,
    .run = run_dd,
};

static const ImgOption compare_options[] = {
    { 'f', NULL, "FMT", "format of the first image" },
    { 'F', NULL, "FMT", "format of the second image" },
    { 'T', NULL, "CACHE", "cache mode: none, writeback, unsafe" },
    { 's', NULL, NULL, "strict: sizes and allocation must be equal, too" },
    { 'p', NULL, NULL, "show progress" },
    { OPT_PROGRESS, "progress", "plain|json|bar|none", "how to show progress" },
    { 'q', NULL, NULL, "print errors only" },
    { 'U', "force-share", NULL, "whatever others do to the images meanwhile" },
    { OPT_IMAGE_OPTS, "image-opts", NULL, "operands are driver=...,file.filename=..." },
    {},
};

typedef struct {
    BlockChild *images[2];
    bool strict, quiet;
    Progress progress;
} Comparison;

/* The first byte that differs in @bytes bytes; @bytes: none. */
static uint64_t first_difference(const uint8_t *a, const uint8_t *b, uint64_t bytes)
{
    uint64_t i = 0;
    while (i + 4096 <= bytes && memcmp(a + i, b + i, 4096) == 0) {
        i += 4096;
    }
    while (i < bytes && a[i] == b[i]) {
        i++;
    }
    return i;
}

/* 0: alike, 1: not, negative: -errno. What is beyond the end of an image reads as zeros. */
static int coroutine_fn compare_range(Comparison *c, uint64_t at, uint64_t bytes,
                                      uint8_t *buffers[2])
{
    for (int i = 0; i < 2; i++) {
        uint64_t size = c->images[i]->node->size;
        uint64_t inside = at < size ? MIN(bytes, size - at) : 0;
        memset(buffers[i] + inside, 0, bytes - inside);
        int result = block_read_buffer(c->images[i], at, buffers[i], inside);
        if (result < 0) {
            return result;
        }
    }
    uint64_t same = first_difference(buffers[0], buffers[1], bytes);
    if (same < bytes && !c->quiet) {
        printf("Content mismatch at offset %" PRIu64 "!\n", at + same);
    }
    return same < bytes;
}

static int coroutine_fn compare_images(Comparison *c, GError **errp)
{
    uint64_t sizes[2] = { c->images[0]->node->size, c->images[1]->node->size };
    uint64_t end = MAX(sizes[0], sizes[1]);
    g_autofree uint8_t *first = g_malloc(CHUNK_BYTES), *second = g_malloc(CHUNK_BYTES);
    uint8_t *buffers[2] = { first, second };
    if (c->strict && sizes[0] != sizes[1]) {
        printf("Strict mode: Image size mismatch!\n");
        return 1;
    }
    c->progress.total = end;
    for (uint64_t at = 0; at < end;) {
        BlockStatus s[2];
        uint64_t bytes = end - at;
        for (int i = 0; i < 2; i++) {
            int result = block_status_above(c->images[i], NULL, at, bytes, &s[i]);
            if (result < 0) {
                error_set_errno(errp, -result, "'%s'", c->images[i]->node->filename);
                return 2;
            }
            bytes = at < sizes[i] ? MIN(bytes, s[i].bytes) : bytes;
        }
        bool allocated[2] = { s[0].flags & BLOCK_STATUS_ALLOCATED,
                              s[1].flags & BLOCK_STATUS_ALLOCATED };
        if (c->strict && allocated[0] != allocated[1]) {
            printf("Strict mode: Offset %" PRIu64 " block status mismatch!\n", at);
            return 1;
        }
        bool zero = s[0].flags & s[1].flags & BLOCK_STATUS_ZERO;
        bytes = zero ? bytes : MIN(bytes, CHUNK_BYTES);
        int result = zero ? 0 : compare_range(c, at, bytes, buffers);
        if (result < 0) {
            error_set_errno(errp, -result, "at offset %" PRIu64, at);
            return 3;
        }
        if (result > 0) {
            return 1;
        }
        at += bytes;
        progress_add(&c->progress, bytes);
    }
    if (!c->quiet) {
        printf(sizes[0] != sizes[1] ? "Warning: Image size mismatch!\nImages are identical.\n"
                                    : "Images are identical.\n");
    }
    return 0;
}

static int coroutine_fn run_compare(const ImgArgs *args, GError **errp)
{
    Comparison c = { .strict = img_given(args, 's'), .quiet = img_given(args, 'q') };
    if (!progress_start(&c.progress, img_value(args, OPT_PROGRESS), img_given(args, 'p'), errp)) {
        return 2;
    }
    int status = 0;
    for (int i = 0; i < 2 && status == 0; i++) {
        ImgOpen how = { .name = args->operands[i],
                        .format = img_value(args, i ? 'F' : 'f'),
                        .cache = img_value(args, 'T'),
                        .image_opts = img_given(args, OPT_IMAGE_OPTS),
                        .flags = img_given(args, 'U') ? BLOCK_OPEN_FORCE_SHARE : 0 };
        c.images[i] = img_open(&how, errp);
        status = c.images[i] ? 0 : 2;
    }
    if (status == 0) {
        status = compare_images(&c, errp);
        progress_end(&c.progress);
    }
    for (int i = 0; i < 2; i++) {
        if (c.images[i]) {
            block_child_detach(c.images[i]);
        }
    }
    return status;
}

const ImgCommand img_compare = {
    .name = "compare",
    .operands = "FILE FILE",
    .summary = "say whether two images hold the same",
    .options = compare_options,
    .least = 2,
    .most = 2,
    .run = run_compare,
};
