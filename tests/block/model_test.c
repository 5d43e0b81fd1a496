/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random operations on images against plain memory that does the same. */
#include <errno.h>
#include <string.h>

#include "block/io_loop.h"
#include "tests/block/image.h"
#include "tests/block/mem_protocol.h"

enum { DISK_MAX = 3 << 20, SNAPSHOTS_MAX = 3, OPERATIONS = 400 };

typedef struct {
    char name[16];
    uint8_t *bytes;
    uint64_t size;
} SavedState;

typedef struct {
    Random random;
    const char *options;
    BlockChild *image;
    uint8_t *bytes;
    uint64_t size;
    SavedState saved[SNAPSHOTS_MAX];
    unsigned saved_count, names;
    bool has_backing, can_snapshot, can_compress, is_v2;
    uint32_t cluster;
} Model;

static void coroutine_fn open_image(Model *m)
{
    m->image = image_open("qcow2", "test-mem:top", BLOCK_OPEN_WRITABLE | BLOCK_OPEN_UNMAP);
    BlockInfo info;
    block_node_driver(m->image->node)->info->get(m->image->node, &info);
    m->cluster = info.cluster_bytes;
}

/* A range that often begins or ends at a cluster. */
static void pick_range(Model *m, uint64_t *offset, uint64_t *bytes)
{
    *offset = random_below(&m->random, m->size);
    *bytes = 1 + random_below(&m->random, random_below(&m->random, 4) ? 9000 : 300000);
    if (random_below(&m->random, 3) == 0) {
        *offset -= *offset % m->cluster;
    }
    if (random_below(&m->random, 3) == 0) {
        *bytes = (*bytes + m->cluster - 1) / m->cluster * m->cluster;
    }
    *bytes = MIN(*bytes, m->size - *offset);
}

static void coroutine_fn expect_same(Model *m, uint64_t offset, uint64_t bytes)
{
    g_autofree uint8_t *real = g_malloc(bytes + 1);
    g_assert_cmpint(block_read_buffer(m->image, offset, real, bytes), ==, 0);
    for (uint64_t i = 0; i < bytes; i++) {
        if (real[i] != m->bytes[offset + i]) {
            g_error("%s: byte %" G_GUINT64_FORMAT " is %02x instead of %02x", m->options,
                    offset + i, real[i], m->bytes[offset + i]);
        }
    }
}

static void coroutine_fn do_write(Model *m, uint64_t offset, uint64_t bytes)
{
    uint8_t value = random_next(&m->random);
    for (uint64_t i = 0; i < bytes; i++) {
        m->bytes[offset + i] = value + i / 7;
    }
    g_assert_cmpint(block_write_buffer(m->image, offset, m->bytes + offset, bytes), ==, 0);
}

static void coroutine_fn do_compressed(Model *m, uint64_t offset, uint64_t bytes)
{
    offset -= offset % m->cluster;
    bytes = MIN((bytes + m->cluster - 1) / m->cluster * m->cluster, m->size - offset);
    bool noise = random_below(&m->random, 4) == 0;
    for (uint64_t i = 0; i < bytes; i++) {
        m->bytes[offset + i] = noise ? random_next(&m->random) : i / 300;
    }
    g_auto(Iov) iov;
    iov_init_buffer(&iov, m->bytes + offset, bytes);
    g_assert_cmpint(block_write_compressed(m->image, offset, &iov), ==, 0);
}

static void coroutine_fn do_zero(Model *m, uint64_t offset, uint64_t bytes)
{
    uint32_t flags = random_below(&m->random, 2) ? BLOCK_REQUEST_MAY_UNMAP : 0;
    memset(m->bytes + offset, 0, bytes);
    g_assert_cmpint(block_write_zeroes(m->image, offset, bytes, flags), ==, 0);
}

/* Discarded bytes read as zeros or as before; then they stay what they are. */
static void coroutine_fn do_discard(Model *m, uint64_t offset, uint64_t bytes)
{
    g_assert_cmpint(block_discard(m->image, offset, bytes), ==, 0);
    g_autofree uint8_t *real = g_malloc(bytes);
    g_assert_cmpint(block_read_buffer(m->image, offset, real, bytes), ==, 0);
    for (uint64_t i = 0; i < bytes; i++) {
        g_assert_true(real[i] == 0 || real[i] == m->bytes[offset + i]);
    }
    memcpy(m->bytes + offset, real, bytes);
}

static void coroutine_fn do_resize(Model *m)
{
    uint64_t size = (1 + random_below(&m->random, DISK_MAX / 512)) * 512;
    GError *error = NULL;
    if (m->saved_count && (m->is_v2 || size < m->size)) {
        return;
    }
    block_truncate(m->image, size,
                   random_below(&m->random, 4) && size > m->size ? BLOCK_PREALLOCATION_OFF
                   : size > m->size && !m->has_backing           ? BLOCK_PREALLOCATION_METADATA
                                                                 : BLOCK_PREALLOCATION_OFF,
                   &error);
    g_assert_no_error(error);
    if (size > m->size) {
        memset(m->bytes + m->size, 0, size - m->size);
    }
    m->size = size;
}

static void coroutine_fn do_snapshot(Model *m)
{
    BlockNode *node = m->image->node;
    const BlockSnapshotOps *ops = block_node_driver(node)->snapshot;
    GError *error = NULL;
    unsigned what = random_below(&m->random, 3);
    if (m->saved_count == 0 || (what == 0 && m->saved_count < SNAPSHOTS_MAX)) {
        SavedState *s = &m->saved[m->saved_count++];
        g_snprintf(s->name, sizeof(s->name), "s%u", m->names++);
        s->bytes = g_memdup2(m->bytes, DISK_MAX);
        s->size = m->size;
        ops->create(node, s->name, &error);
    } else {
        SavedState *s = &m->saved[random_below(&m->random, m->saved_count)];
        if (what == 1) {
            ops->apply(node, s->name, &error);
            memcpy(m->bytes, s->bytes, DISK_MAX);
            m->size = s->size;
        } else {
            ops->remove(node, s->name, &error);
            g_free(s->bytes);
            *s = m->saved[--m->saved_count];
        }
    }
    g_assert_no_error(error);
}

static void coroutine_fn expect_sound(Model *m)
{
    BlockCheck check = image_check(m->image->node, BLOCK_REPAIR_NONE);
    g_assert_cmpuint(check.errors, ==, 0);
    g_assert_cmpuint(check.corruptions, ==, 0);
}

static void coroutine_fn do_reopen(Model *m)
{
    block_child_detach(m->image);
    open_image(m);
    expect_sound(m);
    g_assert_cmpuint(m->image->node->size, ==, m->size);
    expect_same(m, 0, m->size);
}

static void coroutine_fn do_one(Model *m)
{
    uint64_t offset, bytes;
    pick_range(m, &offset, &bytes);
    switch (random_below(&m->random, 32)) {
    case 0: do_resize(m); break;
    case 1: do_reopen(m); break;
    case 2: expect_sound(m); break;
    case 3: g_assert_cmpint(block_flush(m->image), ==, 0); break;
    case 4:
    case 5:
        if (m->can_snapshot) {
            do_snapshot(m);
        }
        break;
    case 6:
    case 7:
    case 8:
        if (m->can_compress) {
            do_compressed(m, offset, bytes);
        }
        break;
    case 9:
    case 10:
    case 11: do_zero(m, offset, bytes); break;
    case 12:
    case 13: do_discard(m, offset, bytes); break;
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
    case 19: expect_same(m, offset, bytes); break;
    default: do_write(m, offset, bytes); break;
    }
}

static int coroutine_fn run_model(void *opaque)
{
    const char *options = opaque;
    uint64_t seed = random_seed(g_str_hash(options));
    Model m = { .random = { seed | 1 }, .options = options, .size = 2 << 20 };
    m.has_backing = strstr(options, "backing_file");
    m.is_v2 = strstr(options, "compat=0.10");
    m.can_compress = m.can_snapshot = !strstr(options, "data_file");
    m.can_snapshot &= !strstr(options, "refcount_bits=1,");
    m.bytes = g_malloc0(DISK_MAX);
    g_test_message("%s: seed %" G_GUINT64_FORMAT, options, seed);
    if (m.has_backing) {
        image_create("qcow2", "test-mem:base", "size=1500k,cluster_size=4k");
        m.image = image_open("qcow2", "test-mem:base", BLOCK_OPEN_WRITABLE);
        for (unsigned i = 0; i < 1500 * 1024; i++) {
            m.bytes[i] = 0x55 ^ i / 1000;
        }
        g_assert_cmpint(block_write_buffer(m.image, 0, m.bytes, 1500 * 1024), ==, 0);
        block_child_detach(m.image);
    }
    image_create("qcow2", "test-mem:top", options);
    open_image(&m);
    expect_same(&m, 0, m.size);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        do_one(&m);
    }
    do_reopen(&m);
    block_child_detach(m.image);
    /* closed in good order: nothing leaks */
    m.image = image_open("qcow2", "test-mem:top", 0);
    BlockCheck check = image_check(m.image->node, BLOCK_REPAIR_NONE);
    g_assert_cmpuint(check.leaks, ==, 0);
    block_child_detach(m.image);
    while (m.saved_count) {
        g_free(m.saved[--m.saved_count].bytes);
    }
    g_free(m.bytes);
    mem_files_cleanup();
    return 0;
}

static void test_model(const void *options)
{
    g_assert_cmpint(io_loop_run(run_model, (void *)options), ==, 0);
}

/* Four writers, each to its own sectors of the same clusters, take turns at every request. */
enum { WRITERS = 4, PARALLEL_BYTES = 1 << 20 };

typedef struct {
    Random random;
    BlockChild *image;
    uint8_t *bytes;
    unsigned running;
    Coroutine *waiter;
} Parallel;

typedef struct {
    Parallel *shared;
    unsigned number;
} Writer;

static void coroutine_fn write_own_sectors(void *opaque)
{
    Writer *writer = opaque;
    Parallel *p = writer->shared;
    for (unsigned i = 0; i < 300; i++) {
        uint64_t sector = random_below(&p->random, PARALLEL_BYTES / 512 / WRITERS);
        uint64_t offset = (sector * WRITERS + writer->number) * 512;
        uint8_t data[512];
        memset(data, random_next(&p->random), sizeof(data));
        memcpy(p->bytes + offset, data, sizeof(data));
        g_assert_cmpint(block_write_buffer(p->image, offset, data, sizeof(data)), ==, 0);
        if (i % 40 == 0) {
            g_assert_cmpint(block_flush(p->image), ==, 0);
        }
    }
    if (--p->running == 0 && p->waiter) {
        coroutine_wake(p->waiter);
    }
}

static int coroutine_fn run_parallel(void *opaque)
{
    Parallel p = { .random = { random_seed(77) }, .running = WRITERS };
    Writer writers[WRITERS];
    p.bytes = g_malloc0(PARALLEL_BYTES);
    image_create("qcow2", "test-mem:top", opaque);
    p.image = image_open("qcow2", "test-mem:top", BLOCK_OPEN_WRITABLE);
    mem_interleave(true);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (Writer){ &p, i };
        coroutine_enter(coroutine_new(write_own_sectors, &writers[i]));
    }
    if (p.running) {
        p.waiter = coroutine_self();
        coroutine_yield();
    }
    mem_interleave(false);
    g_autofree uint8_t *real = g_malloc(PARALLEL_BYTES);
    g_assert_cmpint(block_read_buffer(p.image, 0, real, PARALLEL_BYTES), ==, 0);
    g_assert_cmpint(memcmp(real, p.bytes, PARALLEL_BYTES), ==, 0);
    block_child_detach(p.image);
    p.image = image_open("qcow2", "test-mem:top", 0);
    BlockCheck check = image_check(p.image->node, BLOCK_REPAIR_NONE);
    g_assert_cmpuint(check.corruptions + check.leaks + check.errors, ==, 0);
    block_child_detach(p.image);
    g_free(p.bytes);
    mem_files_cleanup();
    return 0;
}

static void test_parallel(const void *options)
{
    g_assert_cmpint(io_loop_run(run_parallel, (void *)options), ==, 0);
}

int main(int argc, char **argv)
{
    static const char *const options[] = {
        "size=2M",
        "size=2M,cluster_size=512,",
        "size=2M,cluster_size=4k,compat=0.10",
        "size=2M,cluster_size=4k,refcount_bits=1,",
        "size=2M,cluster_size=512,refcount_bits=64,",
        "size=2M,cluster_size=1k,refcount_bits=8,compression_type=zstd",
        "size=2M,cluster_size=16k,extended_l2=on",
        "size=2M,cluster_size=2M,lazy_refcounts=on",
        "size=2M,cluster_size=4k,lazy_refcounts=on,backing_file=test-mem:base,backing_fmt=qcow2",
        "size=2M,cluster_size=32k,extended_l2=on,backing_file=test-mem:base,backing_fmt=qcow2",
        "size=2M,cluster_size=4k,compat=0.10,backing_file=test-mem:base,backing_fmt=qcow2",
        "size=2M,cluster_size=4k,data_file=test-mem:data",
        "size=2M,cluster_size=64k,data_file=test-mem:data,data_file_raw=on",
    };
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *name = g_strdup_printf("/model/%s", options[i]);
        g_test_add_data_func(name, options[i], test_model);
    }
    g_test_add_data_func("/parallel/large", "size=1M,cluster_size=64k", test_parallel);
    g_test_add_data_func("/parallel/small", "size=1M,cluster_size=2k", test_parallel);
    g_test_add_data_func("/parallel/subclusters", "size=1M,cluster_size=32k,extended_l2=on",
                         test_parallel);
    return g_test_run();
}
