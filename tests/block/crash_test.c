/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power failures: a workload is logged write by write. For many moments the file is put together as
 * a disk could have left it: all that was written before the last flush, and of what came later
 * everything up to that moment, or any part of it, sector by sector. Such an image must open, hold
 * no damage, and every sector reads as it did at the last flush of the guest or as written since.
 */
#include <stdlib.h>
#include <string.h>

#include "block/io_loop.h"
#include "tests/block/image.h"
#include "tests/block/mem_protocol.h"

enum { SECTOR = 512, SECTORS = 1024, DISK_BYTES = SECTORS * SECTOR, OPERATIONS = 120, CUTS = 90 };

/* What the guest did, and how long the log of the file was when it began and ended. */
typedef struct {
    bool is_flush;
    unsigned begin, end;
    uint32_t *after; /* content of every sector when it ended */
} GuestStep;

typedef struct {
    Random random;
    BlockChild *image;
    uint32_t content[SECTORS]; /* a number for each state of a sector; 0: zeros */
    uint32_t counter;
    GArray *steps;
    GPtrArray *snapshots; /* of uint32_t[SECTORS] */
    unsigned names;
    bool compress;
} Workload;

static void fill_sector(uint8_t *bytes, uint32_t number)
{
    memset(bytes, 0, SECTOR);
    for (unsigned i = 0; number && i < SECTOR; i += 16) {
        memcpy(bytes + i, &number, sizeof(number));
    }
}

/* The number in a sector; UINT32_MAX if it holds nothing that was ever written. */
static uint32_t sector_number(const uint8_t *bytes)
{
    uint8_t expected[SECTOR];
    uint32_t number;
    memcpy(&number, bytes, sizeof(number));
    fill_sector(expected, number);
    return memcmp(expected, bytes, SECTOR) == 0 ? number : UINT32_MAX;
}

static void coroutine_fn write_some(Workload *w, bool compressed)
{
    unsigned first = random_below(&w->random, SECTORS);
    unsigned count = 1 + random_below(&w->random, random_below(&w->random, 4) ? 12 : 200);
    if (compressed) {
        first -= first % 128;
        count = 128;
    }
    count = MIN(count, SECTORS - first);
    g_autofree uint8_t *bytes = g_malloc(count * SECTOR);
    for (unsigned i = 0; i < count; i++) {
        w->content[first + i] = ++w->counter;
        fill_sector(bytes + i * SECTOR, w->counter);
    }
    g_auto(Iov) iov;
    iov_init_buffer(&iov, bytes, count * SECTOR);
    int result = compressed ? block_write_compressed(w->image, first * SECTOR, &iov)
                            : block_write(w->image, first * SECTOR, &iov, 0);
    g_assert_cmpint(result, ==, 0);
}

static void coroutine_fn zero_some(Workload *w)
{
    unsigned first = random_below(&w->random, SECTORS);
    unsigned count = 1 + random_below(&w->random, 300);
    count = MIN(count, SECTORS - first);
    memset(w->content + first, 0, count * sizeof(w->content[0]));
    g_assert_cmpint(block_write_zeroes(w->image, first * SECTOR, count * SECTOR,
                                       random_below(&w->random, 2) ? BLOCK_REQUEST_MAY_UNMAP : 0),
                    ==, 0);
}

static void coroutine_fn snapshot_some(Workload *w)
{
    BlockNode *node = w->image->node;
    const BlockSnapshotOps *ops = block_node_driver(node)->snapshot;
    GError *error = NULL;
    unsigned what = random_below(&w->random, 3);
    if (w->snapshots->len == 0 || (what == 0 && w->snapshots->len < 3)) {
        g_autofree char *name = g_strdup_printf("s%u", w->names++);
        ops->create(node, name, &error);
        g_ptr_array_add(w->snapshots, g_memdup2(w->content, sizeof(w->content)));
    } else {
        g_autoptr(GArray) list = ops->list(node);
        unsigned index = random_below(&w->random, list->len);
        g_autofree char *name = g_strdup(g_array_index(list, BlockSnapshot, index).name);
        if (what == 1) {
            ops->apply(node, name, &error);
            memcpy(w->content, w->snapshots->pdata[index], sizeof(w->content));
        } else {
            ops->remove(node, name, &error);
            g_ptr_array_remove_index(w->snapshots, index);
        }
    }
    g_assert_no_error(error);
}

static void coroutine_fn do_step(Workload *w, MemFile *file, bool snapshots)
{
    GuestStep step = { .begin = file->log->len };
    switch (random_below(&w->random, 16)) {
    case 0:
    case 1:
    case 2:
        step.is_flush = true;
        g_assert_cmpint(block_flush(w->image), ==, 0);
        break;
    case 3:
    case 4:
    case 5: zero_some(w); break;
    case 6:
        if (snapshots) {
            snapshot_some(w);
        }
        break;
    case 7: write_some(w, w->compress); break;
    default: write_some(w, false); break;
    }
    step.end = file->log->len;
    step.after = g_memdup2(w->content, sizeof(w->content));
    g_array_append_val(w->steps, step);
}

/* Any of the sectors of @change; what is no write happens or not. */
static void apply_in_part(Workload *w, MemChange change, GByteArray *out)
{
    uint64_t end = change.kind == MEM_WRITE ? change.offset + change.bytes : change.offset + 1;
    while (change.offset < end) {
        MemChange part = change;
        uint64_t next = MIN(end, (change.offset / SECTOR + 1) * SECTOR);
        if (change.kind == MEM_WRITE) {
            part.bytes = next - change.offset;
            change.data += part.bytes;
        }
        if (random_below(&w->random, 2)) {
            mem_file_apply(out, &part);
        }
        change.offset = next;
    }
}

/* The file after a failure @cut changes into the log. */
static void put_together(Workload *w, const GByteArray *start, const MemFile *file, unsigned cut,
                         bool reorder, GByteArray *out)
{
    unsigned flush = cut;
    while (flush > 0 && g_array_index(file->log, MemChange, flush - 1).kind != MEM_FLUSH) {
        flush--;
    }
    g_byte_array_set_size(out, 0);
    g_byte_array_append(out, start->data, start->len);
    for (unsigned i = 0; i < cut; i++) {
        MemChange change = g_array_index(file->log, MemChange, i);
        if (i < flush || !reorder) {
            mem_file_apply(out, &change);
        } else {
            apply_in_part(w, change, out);
        }
    }
}

/* Whether a failure @cut changes into the log may leave @number in @sector. */
static bool may_hold(const Workload *w, unsigned cut, unsigned sector, uint32_t number)
{
    unsigned first = 0;
    for (unsigned i = 0; i < w->steps->len; i++) {
        const GuestStep *step = &g_array_index(w->steps, GuestStep, i);
        if (step->is_flush && step->end <= cut) {
            first = i;
        }
    }
    if (first == 0 && number == 0) {
        return true;
    }
    for (unsigned i = first; i < w->steps->len; i++) {
        const GuestStep *step = &g_array_index(w->steps, GuestStep, i);
        if (i > first && step->begin > cut) {
            break;
        }
        if (step->after[sector] == number) {
            return true;
        }
    }
    return false;
}

static void coroutine_fn expect_recovered(const Workload *w, unsigned cut, bool reorder,
                                          const char *options)
{
    BlockChild *image = image_open("qcow2", "test-mem:top", BLOCK_OPEN_WRITABLE);
    BlockCheck check = image_check(image->node, BLOCK_REPAIR_NONE);
    if (check.corruptions || check.errors) {
        g_error("%s: cut %u (%s): %u corruptions", options, cut, reorder ? "reordered" : "prefix",
                (unsigned)check.corruptions);
    }
    g_autofree uint8_t *bytes = g_malloc(DISK_BYTES);
    g_assert_cmpint(block_read_buffer(image, 0, bytes, DISK_BYTES), ==, 0);
    for (unsigned i = 0; i < SECTORS; i++) {
        uint32_t number = sector_number(bytes + i * SECTOR);
        if (!may_hold(w, cut, i, number)) {
            g_error("%s: cut %u (%s): sector %u holds %u", options, cut,
                    reorder ? "reordered" : "prefix", i, number);
        }
    }
    check = image_check(image->node, BLOCK_REPAIR_LEAKS);
    g_assert_cmpuint(check.leaks, ==, 0);
    block_child_detach(image);
}

static void workload_cleanup(Workload *w)
{
    for (unsigned i = 0; i < w->steps->len; i++) {
        g_free(g_array_index(w->steps, GuestStep, i).after);
    }
    g_array_unref(w->steps);
    g_ptr_array_unref(w->snapshots);
}

static int coroutine_fn run_crashes(void *opaque)
{
    const char *options = opaque;
    uint64_t seed = random_seed(g_str_hash(options));
    const char *cuts_text = g_getenv("RHEA_TEST_CUTS");
    unsigned cuts = cuts_text ? atoi(cuts_text) : CUTS;
    Workload w = { .random = { seed | 1 } };
    w.steps = g_array_new(FALSE, FALSE, sizeof(GuestStep));
    w.snapshots = g_ptr_array_new_with_free_func(g_free);
    w.compress = strstr(options, "cluster_size=64k");
    g_test_message("%s: seed %" G_GUINT64_FORMAT, options, seed);
    MemFile *file = mem_file_get("top");
    image_create("qcow2", "test-mem:top", options);
    g_autoptr(GByteArray) start = g_byte_array_new();
    g_byte_array_append(start, file->bytes->data, file->bytes->len);
    mem_file_log(file);
    w.image = image_open("qcow2", "test-mem:top", BLOCK_OPEN_WRITABLE);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        do_step(&w, file, !strstr(options, "refcount_bits=1,"));
    }
    block_child_detach(w.image);
    MemFile logged = *file;
    file->log = NULL;
    file->bytes = g_byte_array_new();
    for (unsigned i = 0; i < cuts; i++) {
        unsigned cut = random_below(&w.random, logged.log->len + 1);
        bool reorder = i % 3 != 0;
        put_together(&w, start, &logged, cut, reorder, file->bytes);
        expect_recovered(&w, cut, reorder, options);
    }
    g_array_unref(logged.log);
    g_byte_array_unref(logged.bytes);
    workload_cleanup(&w);
    mem_files_cleanup();
    return 0;
}

static void test_crashes(const void *options)
{
    g_assert_cmpint(io_loop_run(run_crashes, (void *)options), ==, 0);
}

int main(int argc, char **argv)
{
    static const char *const options[] = {
        "size=512k",
        "size=512k,cluster_size=512",
        "size=512k,cluster_size=512,refcount_bits=64",
        "size=512k,cluster_size=1k,refcount_bits=1,",
        "size=512k,cluster_size=4k",
        "size=512k,cluster_size=4k,lazy_refcounts=on",
        "size=512k,cluster_size=4k,compat=0.10",
        "size=512k,cluster_size=16k,extended_l2=on",
        "size=512k,cluster_size=64k,lazy_refcounts=on,compression_type=zstd",
        "size=512k,cluster_size=64k,extended_l2=on",
    };
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *name = g_strdup_printf("/crash/%s", options[i]);
        g_test_add_data_func(name, options[i], test_crashes);
    }
    return g_test_run();
}
